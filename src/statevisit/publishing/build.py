"""Build a corpus root: documents become Parquet and the manifest, with the same bytes every time.

Worker processes check documents and convert them to tables, in chunks. The calling process writes
the tables in the order of the documents, so the bytes do not depend on the number of workers. All
files are written to a temporary directory first and then moved into place, the manifest last.
"""

import hashlib
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

import orjson
from msgspec import Struct

from statevisit import files, layout
from statevisit.checks.across_documents import Across, Facts, facts
from statevisit.checks.corpus import check_corpus_files
from statevisit.checks.document import check_entry, context_of
from statevisit.checks.registry import PRELOAD, Context
from statevisit.corpus.parallel import ordered
from statevisit.corpus.reader import Entry, load
from statevisit.corpus.seeds import ListedSource, read_sources
from statevisit.corpus.settings import read_settings
from statevisit.corpus.splits import split_of, splits_of
from statevisit.dataset.rows import Row
from statevisit.dataset.sources import Sources
from statevisit.document import codec
from statevisit.document.scheme import Scheme
from statevisit.document.strict_json import JsonObject
from statevisit.errors import ReleaseError
from statevisit.findings import ERROR, Finding
from statevisit.publishing.manifest import (
    Contents,
    Overview,
    Tally,
    encode_manifest,
    file_entry,
    listed,
    new_manifest,
    overview,
    published_agreement,
    rows_digest,
    schema_digests,
    version_of,
)
from statevisit.publishing.shards import Shards, chunks

_PRELOAD = (
    __name__,
    "statevisit.dataset.arrow",
    *PRELOAD,
    "pandas",  # pyarrow imports it at the first list, only to see whether that is a Series
)

_LISTS = (layout.ANNOTATORS, layout.LINKS, layout.DECISIONS, layout.SCHEME)
"""Files beside the documents that the manifest lists if the root has them."""


class BuildResult(Struct, frozen=True):
    """The findings of a build or, if there are none, the (path, state) of every built file.

    The states are "current" (unchanged) and "written" or "removed"; of a comparison, "current" and
    "differs", "missing" or "foreign".
    """

    findings: list[Finding]
    states: list[tuple[str, str]]

    @property
    def stale(self) -> list[tuple[str, str]]:
        """The files that are not current."""
        return [(name, state) for name, state in self.states if state != "current"]


class Chunk(Struct, frozen=True):
    """Some documents, checked and converted, as a worker process sends them."""

    size: int
    findings: list[Finding]
    facts: list[tuple[Entry, Facts]]
    files: list[JsonObject]
    """The files of the documents, as the manifest lists them."""
    digests: list[tuple[str, dict[str, bytes]]]
    """For each document its split and, for each config, a line with a SHA-256."""
    tallies: dict[str, Tally]
    """By split."""
    tables: dict[str, dict[str, bytes]]
    """By split and config, a table as Arrow IPC; empty if there are findings."""


class _Converted(Struct, frozen=True):
    """The sum of all chunks: the findings or, without any, the parts of the manifest."""

    findings: list[Finding]
    contents: Contents
    files: list[JsonObject]


def build(
    root: Path,
    check: bool = False,
    workers: int | None = None,
    done: Callable[[int], None] = lambda _: None,
) -> BuildResult:
    """Build a corpus root or, with `check`, compare it with what a build would write.

    Args:
        root: The directory that holds `corpus/`.
        check: Write nothing.
        workers: The number of processes; None for the number of cores.
        done: Is called with the number of documents after each chunk of them.

    Raises FormatError if the path of a built file leads through a link, ReleaseError if a file in
    `corpus/parquet/` belongs neither to this build nor, unchanged, to the last one, OSError if it
    cannot write. The files of the last build are then still in place.
    """
    files.own_path(root, layout.RELEASE)
    version = version_of(root)
    below_parquet = f"{layout.PARQUET}/"
    earlier = {name: sha for name, sha in listed(root).items() if name.startswith(below_parquet)}
    place = None if check else root / "corpus"
    with tempfile.TemporaryDirectory(prefix=".build-", dir=place) as temporary:
        staging = Path(temporary)
        converted = _converted(root, staging, workers, done)
        if converted.findings:
            return BuildResult(converted.findings, [])
        manifest = _manifest(root, version, converted)
        staged = _staged(root, staging, overview(root, manifest, converted.contents.whole.tally))
        renewal = files.Renewal(root, staged, earlier)
        return BuildResult([], renewal.states() if check else renewal.apply())


def require_current(root: Path, then: str, workers: int | None = None) -> None:
    """Raise ReleaseError unless the documents are valid and the built files match them.

    `then` ends the advice "run `statevisit build`".
    """
    result = build(root, check=True, workers=workers)
    if result.findings:
        more = f"; and {len(result.findings) - 1} more" if result.findings[1:] else ""
        raise ReleaseError(f"the corpus is not valid: {result.findings[0]}{more}", result.findings)
    if result.stale:
        name, _ = result.stale[0]
        more = f" and {len(result.stale) - 1} more" if result.stale[1:] else ""
        raise ReleaseError(
            f"{name}{more} is not what would be built: "
            f"run `statevisit build` {then}{other_tools(root)}"
        )


def other_tools(root: Path) -> str:
    """Return the tools whose versions differ from those of the last build, as a message's end.

    The string is empty if none differ.
    """
    from statevisit.dataset.arrow import TOOLS

    manifest = root / layout.RELEASE
    if not manifest.is_file():
        return ""
    built_with = orjson.loads(manifest.read_bytes()).get("tools", {})
    differing = [
        f"{name} {version}, this is {TOOLS[name]}"
        for name, version in built_with.items()
        if TOOLS.get(name, version) != version
    ]
    if not differing:
        return ""
    names = ", ".join(differing)
    return f" (they were built with {names}: the bytes of Parquet differ between versions)"


def _converted(
    root: Path, staging: Path, workers: int | None, done: Callable[[int], None]
) -> _Converted:
    """Check all documents and files, and write the Parquet files below `staging`."""
    from statevisit.dataset.arrow import configs
    from statevisit.dataset.parquet import from_ipc

    corpus = load(root)
    findings = [f for f in check_corpus_files(root) if f.severity == ERROR]
    sources = {} if findings else read_sources(root)
    across = Across(root)
    contents = Contents(corpus.scheme, configs(corpus.scheme), splits_of(sources))
    documents: list[JsonObject] = []
    convert = partial(
        convert_chunk,
        context=context_of(root, skip=True),
        sources=sources,
        has_splits=across.has_splits,
        partial_layers=read_settings(root).partial,
    )
    with Shards(staging, corpus.scheme) as shards:
        for chunk in ordered(convert, chunks(corpus.entries), workers, _PRELOAD):
            findings += chunk.findings
            for entry, of_document in chunk.facts:
                contradictions = across.add(entry, of_document)
                findings += (finding for finding in contradictions if finding.severity == ERROR)
            documents += chunk.files
            contents.add(chunk.digests, chunk.tallies)
            if not findings:
                for split, tables in chunk.tables.items():
                    shards.add(split, {name: from_ipc(data) for name, data in tables.items()})
            done(chunk.size)
        contents.add_rows(shards.close())
    if layout.is_sharded(root):
        names = {f"{layout.DOCUMENTS}/{path.name}": path for path in corpus.files()}
        documents = [file_entry(path, name) for name, path in names.items()]
    parquet = [file_entry(path, str(path.relative_to(staging))) for path in shards.paths]
    return _Converted(findings, contents, [*documents, *parquet])


def _manifest(root: Path, version: str, converted: _Converted) -> JsonObject:
    from statevisit.dataset.arrow import TOOLS

    lists = [root / name for name in _LISTS if (root / name).is_file()]
    annotations = sorted((root / layout.ANNOTATIONS).rglob("*.json"))
    beside = [file_entry(path, str(path.relative_to(root))) for path in (*lists, *annotations)]
    return new_manifest(
        version=version,
        contents=converted.contents,
        files=[*converted.files, *beside],
        tools=TOOLS,
        schemas=schema_digests(root),
        agreement=published_agreement(root),
    )


def _staged(root: Path, staging: Path, about: Overview) -> dict[str, Path]:
    """Write pages, Croissant and manifest below `staging`; return all built files by their names.

    The manifest gets an entry for the Croissant file.
    """
    from statevisit.publishing.card import renewed_pages
    from statevisit.publishing.croissant import metadata

    parquet = sorted(path for path in staging.rglob("*") if path.is_file())
    staged = {str(path.relative_to(staging)): path for path in parquet}
    for name, page in renewed_pages(root, about).items():
        staged[name] = staging / "pages" / name
        files.write(staged[name], page)
    described, manifest = metadata(root, about), about.manifest
    if described is not None:
        croissant = staging / "croissant"
        croissant.write_bytes(described)
        staged[layout.CROISSANT] = croissant
        entries = [*manifest["files"], file_entry(croissant, layout.CROISSANT)]
        manifest["files"] = sorted(entries, key=lambda entry: entry["path"])
    staged[layout.RELEASE] = staging / "manifest"
    staged[layout.RELEASE].write_bytes(encode_manifest(manifest))
    return staged


class _Part(Struct, frozen=True):
    """The documents of a chunk that are in one split, as their tables are made from them."""

    encoded: list[bytes]
    sources: list[ListedSource | None]
    rows: dict[str, list[Row]]
    """By config."""


def convert_chunk(
    chunk: list[Entry],
    context: Context,
    sources: Sources,
    has_splits: bool,
    partial_layers: bool = False,
) -> Chunk:
    """Check some documents and convert them to tables. Only errors are findings, not warnings.

    `sources` are those of the corpus, by seed. With `partial_layers`, layers that are begun are
    enough for the config `ner`.
    """
    from statevisit.dataset.views import views

    scheme = context.scheme
    views_of_scheme = views(scheme)
    converted = Chunk(
        size=len(chunk), findings=[], facts=[], files=[], digests=[], tallies={}, tables={}
    )
    parts: dict[str, _Part] = {}
    for entry in chunk:
        document, errors = check_entry(entry, context, warnings=False)
        converted.findings.extend(errors)
        if document is None:
            continue
        converted.facts.append((entry, facts(document, has_splits, warnings=False)))
        if errors:  # such as a reference to a record that a row would need
            continue
        data = codec.encode(document)
        digest = hashlib.sha256(data).hexdigest()
        split = split_of(document, sources)
        part = parts.setdefault(split, _Part([], [], {config: [] for config in views_of_scheme}))
        part.encoded.append(data)
        part.sources.append(sources.get(document.source.file))
        if entry.is_file:
            converted.files.append(_document_file(entry, data, digest))
        converted.tallies.setdefault(split, Tally(scheme)).add(document, context.signatures)
        digests = {"documents": digest.encode() + b"\n"}
        for config, view in views_of_scheme.items():
            rows_of_document = [(*row, split) for row in view.rows_of(document, partial_layers)]
            digests[config] = rows_digest(rows_of_document)
            part.rows[config].extend(rows_of_document)
        converted.digests.append((split, digests))
    if not converted.findings:
        converted.tables.update((split, _tables(part, scheme)) for split, part in parts.items())
    return converted


def _document_file(entry: Entry, canonical: bytes, digest: str) -> JsonObject:
    """Return a document's file as the manifest lists it.

    `digest` is the SHA-256 of the canonical bytes, which most files hold.
    """
    stored = entry.bytes()
    if stored != canonical:
        digest = hashlib.sha256(stored).hexdigest()
    name = f"{layout.DOCUMENTS}/{entry.path.name}"
    return {"path": name, "size": len(stored), "sha256": digest}


def _tables(part: _Part, scheme: Scheme) -> dict[str, bytes]:
    from statevisit.dataset.arrow import document_table, rows_table
    from statevisit.dataset.parquet import to_ipc

    tables = {"documents": to_ipc(document_table(part.encoded, scheme, part.sources))}
    for config, rows in part.rows.items():
        tables[config] = to_ipc(rows_table(config, rows, scheme))
    return tables
