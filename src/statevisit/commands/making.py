"""What `build` and `release` do: documents -> Parquet and the manifest, the same bytes every time.

Documents are checked and turned into tables in chunks, on all cores; the parent writes what comes back in the
order of the documents, so that the bytes do not depend on how many workers there were. Everything is written to
a temporary directory first and moved into place, the manifest last.
"""

import hashlib
import tempfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, Self

import orjson

from statevisit import codec, files, release, resources
from statevisit.checks.across import Across, facts
from statevisit.checks.corpus import check_corpus_files
from statevisit.checks.document import check_entry, context_of
from statevisit.checks.registry import PRELOAD, Context
from statevisit.commands.bar import Bar
from statevisit.commands.pool import ordered
from statevisit.corpus import Entry, load
from statevisit.errors import ReleaseError
from statevisit.findings import ERROR, Finding
from statevisit.garbage import uncollected
from statevisit.schema import FULL

_PRELOAD = (
    __name__,
    "statevisit.tables",
    *PRELOAD,
    "pandas",
)  # pyarrow imports pandas at the first list, only to see whether that is a Series

_BUILT = f"{resources.PARQUET}/"

CHUNK = 8
"""Documents that one task checks and converts: small enough to bound memory, large enough to pay for sending."""

SHARD = 5_000
"""Documents in one Parquet file of a config."""


def build(
    root: Path, check: bool = False, workers: int | None = None
) -> tuple[list[Finding], list[tuple[str, str]]]:
    """Build a corpus root, or with `check` compare it. Returns (findings, (file, state) of everything built).

    States: "current" (as it was), and "written", "removed" or, with `check`, "differs", "missing", "foreign".
    Raises FormatError where the path of a built file leads through a link, ReleaseError where a
    file in `corpus/parquet/` is neither of this build nor as the last one wrote it, OSError where
    it cannot write; what was there is then still there.
    """
    files.own_path(root, resources.RELEASE)
    version = release.version_of(root)
    earlier = {n: h for n, h in release.listed(root).items() if n.startswith(_BUILT)}
    place = None if check else root / "corpus"
    with tempfile.TemporaryDirectory(prefix=".build-", dir=place) as temporary:
        staging = Path(temporary)
        findings, manifest = _stage(root, staging, version, workers)
        if findings:
            return findings, []
        from statevisit.card import renewed_pages
        from statevisit.croissant import metadata

        staged = {str(p.relative_to(staging)): p for p in sorted(staging.rglob("*")) if p.is_file()}
        for name, page in renewed_pages(root, manifest).items():
            staged[name] = staging / "pages" / name
            files.write(staged[name], page)
        described = metadata(root, manifest)
        if described is not None:
            staged[resources.CROISSANT] = staging / "croissant"
            staged[resources.CROISSANT].write_bytes(described)
            manifest["files"] = sorted(
                [
                    *manifest["files"],
                    release.file_entry(staging / "croissant", resources.CROISSANT),
                ],
                key=lambda f: f["path"],
            )
        staged[resources.RELEASE] = staging / "manifest"
        staged[resources.RELEASE].write_bytes(release.encode(manifest))
        renewal = files.Renewal(root, staged, earlier)
        return [], renewal.states() if check else renewal.apply()


def require_current(root: Path, then: str, workers: int | None = None) -> None:
    """Raises ReleaseError unless the documents of a corpus root have no errors and what is built of them is current; `then`: what to do after a build."""
    findings, made = build(root, check=True, workers=workers)
    if findings:
        raise ReleaseError(
            f"the corpus is not valid: {findings[0]}{f'; and {len(findings) - 1} more' if findings[1:] else ''}"
        )
    if stale := [name for name, state in made if state != "current"]:
        raise ReleaseError(
            f"{stale[0]}{f' and {len(stale) - 1} more' if stale[1:] else ''} is not what would be built: run `statevisit build` {then}{other_tools(root)}"
        )


def other_tools(root: Path) -> str:
    """Which versions of tools differ from those of the last build, as the end of a message; empty where none do."""
    from statevisit.tables import TOOLS

    manifest = root / resources.RELEASE
    built = orjson.loads(manifest.read_bytes()).get("tools", {}) if manifest.is_file() else {}
    others = [
        f"{name} {version}, this is {TOOLS[name]}"
        for name, version in built.items()
        if TOOLS.get(name, version) != version
    ]
    return (
        f" (they were built with {', '.join(others)}: the bytes of Parquet differ between versions)"
        if others
        else ""
    )


def _stage(
    root: Path, staging: Path, version: str, workers: int | None
) -> tuple[list[Finding], dict[str, Any]]:
    """Check everything and write the Parquet files below `staging`; (findings, manifest)."""
    from statevisit.parquet import from_ipc
    from statevisit.tables import CONFIGS, TOOLS

    found = load(root).entries
    findings = list(check_corpus_files(root))
    context, tally, content = (
        context_of(root),
        release.Tally(),
        {config: hashlib.sha256() for config in CONFIGS},
    )
    across = Across(root)
    files: list[dict[str, Any]] = []
    with Bar(len(found), "building") as bar, Shards(staging, CONFIGS, len(found)) as shards:
        for chunk in ordered(
            partial(convert_chunk, context=context), _tasks(found), workers, _PRELOAD
        ):
            findings += chunk["findings"]
            for entry, of_document in chunk["facts"]:
                findings += (f for f in across.add(entry, of_document) if f.severity == ERROR)
            files += chunk["files"]
            for config, digests in chunk["content"].items():
                content[config].update(digests)
            tally.merge(chunk["tally"])
            if not findings:
                shards.add({config: from_ipc(data) for config, data in chunk["tables"].items()})
            bar.advance(chunk["size"])
        rows = shards.close()
    files += [release.file_entry(p, str(p.relative_to(staging))) for p in shards.paths]
    lists = [
        root / n
        for n in (resources.ANNOTATORS, resources.LINKS, resources.DECISIONS)
        if (root / n).is_file()
    ]
    files += [
        release.file_entry(p, str(p.relative_to(root)))
        for p in (*lists, *sorted((root / resources.ANNOTATIONS).rglob("*.json")))
    ]
    for f in files:
        f["path"] = f["path"].removeprefix(f"{root}/")
    return findings, release.manifest(
        version,
        tally,
        len(found),
        {config: digest.hexdigest() for config, digest in content.items()},
        rows,
        files,
        TOOLS,
        None if findings else release.published_agreement(root),
    )


class Shards:
    """The Parquet files of every config: a new one every SHARD documents."""

    def __init__(
        self, staging: Path, configs: tuple[str, ...], documents: int, edition: str = FULL
    ) -> None:
        self._edition, self._staging, self._count = edition, staging, max(1, -(-documents // SHARD))
        self._writers: dict[str, Any] = {}
        self._number, self._documents = 0, 0
        self.paths: list[Path] = []
        self._rows = dict.fromkeys(configs, 0)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind:
            for writer in self._writers.values():
                writer.abandon()

    def add(self, tables: dict[str, Any]) -> None:
        """Append the rows of some documents."""
        if not self._writers:
            self._open()
        for config, table in tables.items():
            self._writers[config].add(table)
        self._documents += tables["documents"].num_rows
        if self._documents >= SHARD:
            self._shut()

    def _open(self) -> None:
        from statevisit.parquet import Writer

        for config in self._rows:
            path = (
                self._staging
                / resources.PARQUET
                / config
                / f"train-{self._number:05d}-of-{self._count:05d}.parquet"
            )
            path.parent.mkdir(parents=True, exist_ok=True)
            self.paths.append(path)
            self._writers[config] = Writer(path, config, self._edition)

    def _shut(self) -> None:
        for config, writer in self._writers.items():
            writer.close()
            self._rows[config] += writer.rows
        self._writers, self._documents, self._number = {}, 0, self._number + 1

    def close(self) -> dict[str, int]:
        """Close what is open; the number of rows in every config."""
        self._shut()
        return self._rows


def _tasks(found: list[Entry]) -> Iterator[list[Entry]]:
    """The documents, CHUNK at a time; a chunk lies in one shard, so that a shard has SHARD documents."""
    for shard in (found[i : i + SHARD] for i in range(0, len(found), SHARD)):
        yield from (shard[i : i + CHUNK] for i in range(0, len(shard), CHUNK))


@uncollected()
def convert_chunk(chunk: list[Entry], context: Context) -> dict[str, Any]:
    """Check and convert some documents: their errors, facts, file entries, digests, counts and tables (as Arrow IPC)."""
    from statevisit.parquet import to_ipc
    from statevisit.tables import CONFIGS, document_table, rows_table
    from statevisit.views import VIEWS

    encoded, findings, found, files = [], [], [], []
    content, rows = dict.fromkeys(CONFIGS, b""), {config: [] for config in VIEWS}
    tally = release.Tally()
    for entry in chunk:
        document, wrong = check_entry(entry, context, warnings=False)
        findings += wrong
        if document is None:
            continue
        data = codec.encode(document)
        encoded.append(data)
        found.append((entry, facts(document)))
        stored, digest = entry.bytes(), hashlib.sha256(data).hexdigest()
        files.append(
            {
                "path": str(entry.path),
                "size": len(stored),
                "sha256": digest if stored == data else hashlib.sha256(stored).hexdigest(),
            }
        )
        content["documents"] += digest.encode() + b"\n"
        for config, view in VIEWS.items():
            of_document = list(view.rows(document))
            content[config] += release.rows_digest(of_document)
            rows[config] += of_document
        tally.add(document)
    tables = (
        {}
        if findings
        else {
            "documents": document_table(encoded),
            **{c: rows_table(c, r) for c, r in rows.items()},
        }
    )
    sent = {config: to_ipc(table) for config, table in tables.items()}
    return {
        "findings": findings,
        "facts": found,
        "files": files,
        "content": content,
        "tally": tally,
        "tables": sent,
        "size": len(chunk),
    }
