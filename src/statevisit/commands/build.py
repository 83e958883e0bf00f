"""statevisit build: documents -> Parquet and the manifest, the same bytes every time.

Documents are checked and turned into tables in chunks, on all cores; the parent writes what comes back in the
order of the documents, so that the bytes do not depend on how many workers there were. Everything is written to
a temporary directory first and moved into place, the manifest last.
"""

import hashlib
import os
import shutil
import signal
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import click
import orjson

from statevisit import codec, release, resources
from statevisit.checks import Context, check_corpus_files, check_entry, context_of, same_id
from statevisit.commands import report
from statevisit.commands.bar import Bar
from statevisit.corpus import Entry, load
from statevisit.errors import ReleaseError
from statevisit.findings import Finding

CHUNK = 8
"""Documents that one task checks and converts: small enough to bound memory, large enough to pay for sending."""

SHARD = 5_000
"""Documents in one Parquet file of a config."""


@click.command("build")
@click.argument("path", default=".", type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Write nothing; fail when what is there differs from what would be built.")
@click.option("--workers", type=click.IntRange(1), help="Processes; default: one for each core.")
def command(path: Path, check: bool, workers: int | None) -> int:
    """Write corpus/parquet/ and corpus/release.json, or check that they are current.

    PATH is the corpus root, which holds corpus/; without one, the current directory. Documents are validated
    first: with findings nothing is written. A README.md with the marks of a dataset card has its generated
    parts renewed as well.

    \b
    Example:
      statevisit build --check
    """
    root = resources.corpus_root(path)
    findings, made = build(root, check, workers)
    report(findings)
    if findings:
        click.echo(f"{len(findings)} finding{'' if len(findings) == 1 else 's'}: nothing was built", err=True)
        return 1
    for name, state in made:
        click.echo(f"{state} {name}")
    stale = [name for name, state in made if state != "current"]
    if check and stale:
        raise ReleaseError(f"{len(stale)} of {len(made)} files are not what would be built from the documents: run `statevisit build` and commit them{_other_tools(root)}")
    return 0


def build(root: Path, check: bool = False, workers: int | None = None) -> tuple[list[Finding], list[tuple[str, str]]]:
    """Build a corpus root, or with `check` compare it. Returns (findings, (file, state) of everything built).

    States: "current" (as it was), and "written", "removed" or, with `check`, "differs", "missing", "foreign".
    Raises OSError where it cannot write; what was there is then still there.
    """
    version = release.version_of(root)
    wanted = root / resources.PARQUET
    place = None if check else root / "corpus"
    with tempfile.TemporaryDirectory(prefix=".build-", dir=place) as name:
        staging = Path(name)
        findings, manifest = _stage(root, staging, version, workers)
        if findings:
            return findings, []
        from statevisit.card import renewed_card

        staged = {str(p.relative_to(staging)): p for p in sorted(staging.rglob("*")) if p.is_file()}
        card = renewed_card(root, manifest)
        if card is not None:
            (staging / "card").write_bytes(card)
            staged[resources.CARD] = staging / "card"
        (staging / "manifest").write_bytes(release.encode(manifest))
        staged[resources.RELEASE] = staging / "manifest"  # last: it vouches for the others
        made = [_place(staged[n], root / n, n, check) for n in staged]
        made += [_clear(p, root, check) for p in sorted(wanted.rglob("*")) if p.is_file() and str(p.relative_to(root)) not in staged]
    return [], made


def _place(staged: Path, target: Path, name: str, check: bool) -> tuple[str, str]:
    if target.is_file() and target.read_bytes() == staged.read_bytes():
        return name, "current"
    if check:
        return name, "differs" if target.is_file() else "missing"
    target.parent.mkdir(parents=True, exist_ok=True)
    os.replace(staged, target)
    return name, "written"


def _clear(path: Path, root: Path, check: bool) -> tuple[str, str]:
    if not check:
        path.unlink()
        with suppress(OSError):  # not empty
            path.parent.rmdir()  # a config that is gone
    return str(path.relative_to(root)), "foreign" if check else "removed"


def _other_tools(root: Path) -> str:
    from statevisit.tables import TOOLS

    manifest = root / resources.RELEASE
    built = orjson.loads(manifest.read_bytes()).get("tools", {}) if manifest.is_file() else {}
    others = [f"{name} {version}, this is {TOOLS[name]}" for name, version in built.items() if TOOLS.get(name, version) != version]
    return f" (they were built with {', '.join(others)}: the bytes of Parquet differ between versions)" if others else ""


def _stage(root: Path, staging: Path, version: str, workers: int | None) -> tuple[list[Finding], dict[str, Any]]:
    """Check everything and write the Parquet files below `staging`; (findings, manifest)."""
    from statevisit.tables import CONFIGS, TOOLS

    found = load(root).entries
    findings = list(check_corpus_files(root))
    context, tally, content = context_of(root), release.Tally(), hashlib.sha256()
    homes: dict[str, str] = {}
    files: list[dict[str, Any]] = []
    shards = _Shards(staging, CONFIGS, len(found))
    with Bar(len(found), "building") as bar:
        for chunk in _chunks(found, context, workers):
            findings += chunk["findings"]
            for entry, document_id in chunk["ids"]:
                findings += same_id(document_id, entry, homes)
            files += chunk["files"]
            content.update(chunk["content"])
            tally.merge(chunk["tally"])
            if not findings:
                shards.add(chunk["tables"])
            bar.advance(chunk["size"])
    rows = shards.close()
    files += [release.file_entry(p, str(p.relative_to(staging))) for p in shards.paths]
    files += [release.file_entry(root / n, n) for n in (resources.ANNOTATORS, resources.LINKS) if (root / n).is_file()]
    for f in files:
        f["path"] = f["path"].removeprefix(f"{root}/")
    return findings, release.manifest(version, tally, len(found), content.hexdigest(), rows, files, TOOLS)


class _Shards:
    """The Parquet files of every config: a new one every SHARD documents."""

    def __init__(self, staging: Path, configs: tuple[str, ...], documents: int) -> None:
        self._staging, self._count = staging, max(1, -(-documents // SHARD))
        self._writers: dict[str, Any] = {}
        self._number, self._documents = 0, 0
        self.paths: list[Path] = []
        self._rows = dict.fromkeys(configs, 0)

    def add(self, tables: dict[str, Any]) -> None:
        if not self._writers:
            self._open()
        for config, table in tables.items():
            self._writers[config].add(table)
        self._documents += tables["documents"].num_rows
        if self._documents >= SHARD:
            self._shut()

    def _open(self) -> None:
        from statevisit.tables import Writer

        for config in self._rows:
            path = self._staging / resources.PARQUET / config / f"train-{self._number:05d}-of-{self._count:05d}.parquet"
            path.parent.mkdir(parents=True, exist_ok=True)
            self.paths.append(path)
            self._writers[config] = Writer(path, config)

    def _shut(self) -> None:
        for config, writer in self._writers.items():
            writer.close()
            self._rows[config] += writer.rows
        self._writers, self._documents, self._number = {}, 0, self._number + 1

    def close(self) -> dict[str, int]:
        """Close what is open; the number of rows in every config."""
        self._shut()
        return self._rows


def _chunks(found: list[Entry], context: Context, workers: int | None) -> Iterator[dict[str, Any]]:
    """The documents' tables and findings, chunk by chunk in order; at most two chunks a worker are in flight."""
    shards = [found[i : i + SHARD] for i in range(0, len(found), SHARD)]  # a chunk lies in one shard, so that a shard has SHARD documents
    chunks = [shard[i : i + CHUNK] for shard in shards for i in range(0, len(shard), CHUNK)]
    count = min(workers or os.cpu_count() or 1, len(chunks))
    if count == 1:
        for chunk in chunks:
            yield convert_chunk(chunk, context)
        return
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_all_start_methods, get_context

    method = "forkserver" if "forkserver" in get_all_start_methods() else "spawn"
    processes = get_context(method)
    if method == "forkserver":
        processes.set_forkserver_preload(["statevisit.commands.build", "statevisit.tables"])
    pool = ProcessPoolExecutor(count, processes, signal.signal, (signal.SIGINT, signal.SIG_IGN))
    try:
        waiting = deque()
        for chunk in chunks:
            waiting.append(pool.submit(convert_chunk, chunk, context))
            if len(waiting) > 2 * count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def convert_chunk(chunk: list[Entry], context: Context) -> dict[str, Any]:
    """Check and convert some documents: their findings, ids, file entries, digests, counts and tables."""
    import gc

    from statevisit.tables import CONFIGS, document_table, view_table

    gc.disable()  # nothing here makes cycles, and there are many small objects
    documents, encoded, findings, ids, files, content = [], [], [], [], [], b""
    tally = release.Tally()
    for entry in chunk:
        document, wrong = check_entry(entry, context)
        findings += wrong
        if document is None:
            continue
        data = codec.encode(document)
        documents.append(document)
        encoded.append(data)
        ids.append((entry.name, document.id))
        files.append({"path": str(entry.path), "size": entry.path.stat().st_size, "sha256": hashlib.sha256(entry.bytes()).hexdigest()})
        content += hashlib.sha256(data).hexdigest().encode() + b"\n"
        tally.add(document)
    tables = {} if findings else {"documents": document_table(encoded), **{c: view_table(c, documents) for c in CONFIGS[1:]}}
    return {"findings": findings, "ids": ids, "files": files, "content": content, "tally": tally, "tables": tables, "size": len(chunk)}
