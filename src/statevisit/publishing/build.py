"""Build a corpus root: documents become Parquet and the manifest, with the same bytes every time.

Each shard of documents is a task, which checks them and writes their Parquet files. The calling
process collects digests, counts and findings in the order of the documents, so that no byte depends
on the number of workers. All files are written to a directory of their own first and then moved
into place, the manifest last. A build that is stopped leaves its finished shards to the next one.
"""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import msgspec
import orjson
from msgspec import Struct

from statevisit import files, layout, stores
from statevisit.checks.across_documents import Across
from statevisit.checks.corpus import check_corpus_files
from statevisit.checks.document import context_of
from statevisit.checks.registry import PRELOAD
from statevisit.corpus.copies import named_in, original
from statevisit.corpus.document_shards import is_shard
from statevisit.corpus.parallel import batches, ordered
from statevisit.corpus.reader import Corpus, load
from statevisit.corpus.settings import read_settings
from statevisit.corpus.source_lookup import Sources, Used, lookup
from statevisit.corpus.splits import TRAIN
from statevisit.document.strict_json import JsonObject
from statevisit.errors import ReleaseError
from statevisit.findings import ERROR, Finding
from statevisit.publishing import finished
from statevisit.publishing.build_task import (
    DocumentResult,
    Task,
    build_shard,
    read_document,
    read_result,
)
from statevisit.publishing.manifest import (
    Contents,
    Overview,
    encode_manifest,
    file_entry,
    listed,
    new_manifest,
    overview,
    published_agreement,
    schema_digests,
    tools,
    version_of,
)
from statevisit.publishing.shards import SHARD, Shard, Written, plan, splits_of_entries
from statevisit.publishing.store_renewal import StoreRenewal
from statevisit.stores import StorePath

_PRELOAD = (
    __name__,
    "statevisit.dataset.without_pandas",
    "statevisit.dataset.arrow",
    *PRELOAD,
)

_LISTS = (layout.ANNOTATORS, layout.LINKS, layout.DECISIONS, layout.SCHEME)
"""Files beside the documents that the manifest lists if the root has them."""


Mapper = Callable[..., Any]
"""What runs the tasks of a build: `ordered`, or a generator function with its arguments."""


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


class _Converted(Struct, frozen=True):
    """The sum of all chunks: the findings or, without any, the parts of the manifest."""

    findings: list[Finding]
    contents: Contents
    files: list[JsonObject]
    used: Used


def build(
    root: Path,
    check: bool = False,
    workers: int | None = None,
    done: Callable[[int], None] = lambda _: None,
    mapper: Mapper = ordered,
) -> BuildResult:
    """Build a corpus root or, with `check`, compare it with what a build would write.

    Args:
        root: The directory that holds `corpus/`.
        check: Write nothing.
        workers: The number of processes; None for as many as there are usable cores.
        done: Is called with the number of documents after each shard of them.
        mapper: Runs the tasks, with the arguments of `ordered`. Another one than that may run them
            on other machines, which see the files below `root` only.

    Raises FormatError if the path of a built file leads through a link, ReleaseError if a file in
    `corpus/parquet/` belongs neither to this build nor, unchanged, to the last one, OSError if it
    cannot write. The files of the last build are then still in place, and `finished.staging` says
    what is kept for the next one.
    """
    files.own_path(root, layout.RELEASE)
    version = version_of(root)
    below_parquet = f"{layout.PARQUET}/"
    earlier = {name: sha for name, sha in listed(root).items() if name.startswith(below_parquet)}
    place = original(root)
    resumable = not check and not isinstance(place, StorePath)
    is_here = check and mapper is ordered
    with _staging(root, is_here, resumable) as (staging, shared):
        converted = _converted(
            root, shared, resumable, done, partial(mapper, workers=workers, preload=_PRELOAD)
        )
        if converted.findings:
            return BuildResult(list(map(named_in, converted.findings)), [])
        manifest = _manifest(root, version, converted)
        about = overview(root, manifest, converted.contents.whole.tally, converted.used)
        staged = _staged(root, staging, shared, about)
        if isinstance(place, StorePath):
            renewal: files.Renewal = StoreRenewal(place, root, staged, earlier, manifest, check)
        else:
            renewal = files.Renewal(root, staged, earlier)
        return BuildResult([], renewal.states() if check else renewal.apply())


@contextmanager
def _staging(root: Path, is_here: bool, resumable: bool) -> Iterator[tuple[Path, Path]]:
    """Two directories that exist during the block: one of this process, and one of all tasks.

    They are the same but for a root in a store, unless all tasks run on this machine (`is_here`)
    and nothing is kept. If the build is `resumable`, they hold what an earlier one left.
    """
    if resumable:
        with finished.staging(root) as directory:
            yield directory, directory
        return
    place = original(root)
    in_store = isinstance(place, StorePath)
    near = None if is_here or in_store else root / "corpus"
    with tempfile.TemporaryDirectory(prefix=".build-", dir=near) as temporary:
        staging = Path(temporary)
        if isinstance(place, StorePath) and not is_here:
            with stores.temporary(place / "corpus") as shared:
                yield staging, shared
        else:
            yield staging, staging


def require_current(
    root: Path, then: str, workers: int | None = None, mapper: Mapper = ordered
) -> None:
    """Raise ReleaseError unless the documents are valid and the built files match them.

    `then` ends the advice "run `statevisit build`"; the others are as for `build`.
    """
    result = build(root, check=True, workers=workers, mapper=mapper)
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
    manifest = root / layout.RELEASE
    if not manifest.is_file():
        return ""
    built_with = orjson.loads(manifest.read_bytes()).get("tools", {})
    installed = tools()
    differing = [
        f"{name} {version}, this is {installed[name]}"
        for name, version in built_with.items()
        if installed.get(name, version) != version
    ]
    if not differing:
        return ""
    names = ", ".join(differing)
    return f" (they were built with {names}: the bytes of Parquet differ between versions)"


def _converted(
    root: Path, staging: Path, resumable: bool, done: Callable[[int], None], mapper: Mapper
) -> _Converted:
    """Check all documents and files, and write the Parquet files below `staging`."""
    from statevisit.dataset.configs import configs

    corpus = load(root)
    findings = [f for f in check_corpus_files(root) if f.severity == ERROR]
    sources = Sources() if findings else lookup(root, staging)
    across = Across(root)
    contents = Contents(corpus.scheme, configs(corpus.scheme), sources.splits)
    documents: list[JsonObject] = []
    folder = staging / layout.PARQUET
    written = Written(folder)
    task = Task(
        folder=folder,
        context=context_of(root, skip=True),
        sources=sources,
        has_splits=across.has_splits,
        partial_layers=read_settings(root).partial,
    )
    splits = _splits(corpus, sources, mapper)
    run = _function(task, staging, resumable and len(corpus.entries) > SHARD)
    with closing(mapper(run, plan(corpus.entries, splits))) as results:  # no task outlives `folder`
        for position, split, document in _in_order(results, contents, written, done):
            entry = corpus.entries[position]
            findings += document.findings
            if document.facts is not None:
                contradictions = across.add(entry, document.facts)
                findings += (finding for finding in contradictions if finding.severity == ERROR)
            if document.digests:
                if document.file:
                    documents.append(document.file)
                contents.add_digests(split, document.digests)
    if findings:
        return _Converted(findings, contents, [], across.used)
    contents.add_rows(written.rows())
    paths = corpus.files()
    if is_shard(paths[0].name):
        # The bytes in a store have a long way: the tasks read them at the same time.
        digests = (
            mapper(_shard_entry, paths)
            if isinstance(paths[0], StorePath)
            else map(_shard_entry, paths)
        )
        documents = list(digests)
    parquet = [
        {"path": str(path.relative_to(staging)), "size": file.size, "sha256": file.sha256}
        for path, file in written.kept()
    ]
    return _Converted(findings, contents, [*documents, *parquet], across.used)


def _function(task: Task, staging: Path, resumable: bool) -> Callable[[Shard], bytes]:
    """Return the function for each shard, which may take over what an earlier build left.

    That is for more than one shard: a single one takes seconds.
    """
    if not resumable:
        return partial(build_shard, task=task)
    finished.prepare(staging, task)
    return partial(finished.build_missing, task=task, directory=staging)


def _shard_entry(path: Path) -> JsonObject:
    return file_entry(path, f"{layout.DOCUMENTS}/{path.name}")


def _splits(corpus: Corpus, sources: Sources, mapper: Mapper) -> Iterator[str]:
    """Yield the split of each document of a corpus."""
    if not sources.splits:
        yield from repeat(TRAIN, len(corpus.entries))
        return
    read = partial(splits_of_entries, sources=sources)
    yield from chain.from_iterable(mapper(read, batches(corpus.entries, SHARD)))


def _in_order(
    results: Iterable[bytes], contents: Contents, written: Written, done: Callable[[int], None]
) -> Iterator[tuple[int, str, DocumentResult]]:
    """Yield all documents in the order of the corpus, each with its position and its split.

    A document waits until the shards that begin before it are there.
    """
    waiting: dict[int, tuple[str, msgspec.Raw]] = {}
    position = 0
    for data in results:
        shard = read_result(data)
        contents.add_counts(shard.split, shard.counts)
        written.add(shard.split, shard.name, shard.files)
        for number, document in shard.documents.items():
            waiting[number] = (shard.split, document)
        while position in waiting:
            split, document = waiting.pop(position)
            yield position, split, read_document(document)
            position += 1
        done(len(shard.documents))


def _manifest(root: Path, version: str, converted: _Converted) -> JsonObject:
    lists = [root / name for name in _LISTS if (root / name).is_file()]
    annotations = sorted((root / layout.ANNOTATIONS).rglob("*.json"))
    beside = [file_entry(path, str(path.relative_to(root))) for path in (*lists, *annotations)]
    return new_manifest(
        version=version,
        contents=converted.contents,
        files=[*converted.files, *beside],
        tools=tools(),
        schemas=schema_digests(root),
        agreement=published_agreement(root),
    )


def _staged(root: Path, staging: Path, shared: Path, about: Overview) -> dict[str, Path]:
    """Write pages, Croissant and manifest below `staging`; return all built files by their names.

    The Parquet files are below `shared`. The manifest gets an entry for the Croissant file.
    """
    from statevisit.publishing.card import renewed_pages
    from statevisit.publishing.croissant import metadata

    # Not what lies in the directory: a task that was killed may have left temporary files there.
    names = (entry["path"] for entry in about.manifest["files"])
    built = (name for name in names if name.startswith(f"{layout.PARQUET}/"))
    staged = {name: shared / name for name in built}
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
