"""The checks of a corpus: of every document, then across documents and files."""

import os
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from msgspec.structs import replace

from statevisit import layout, stores
from statevisit.checks.across_documents import (
    Across,
    Facts,
    check_seeds,
    check_split_names,
    facts,
)
from statevisit.checks.document import (
    NO_CONTEXT,
    check_bytes,
    check_entry,
    context_of,
    verified_links,
)
from statevisit.checks.lists import check_words
from statevisit.checks.registry import Context
from statevisit.corpus import copies
from statevisit.corpus.document_shards import is_shard
from statevisit.corpus.entries import AHEAD, fetched
from statevisit.corpus.garbage import uncollected
from statevisit.corpus.jsonl import Problem, lines_of, parsed
from statevisit.corpus.reader import JSONL, Corpus, Entry, entries
from statevisit.document.codec import read_bytes, to_value
from statevisit.document.model import Document
from statevisit.document.schema_errors import ENGINES
from statevisit.document.scheme import base, is_schema_of, scheme_at, scheme_for, scheme_of
from statevisit.document.strict_json import JsonObject, Malformed
from statevisit.errors import FormatError
from statevisit.findings import Finding
from statevisit.stores import StorePath

CHUNK = 16
"""Documents in one task: few enough to bound memory, enough to pay for sending."""

_CHUNK_BYTES = 4_000_000
"""Bytes of documents from a stream after which a task gets no more of them."""

_LISTS = {
    layout.ANNOTATORS: ("annotators", "E704"),
    layout.LINKS: ("", "E704"),
    layout.RELEASE: ("release", "E704"),
    layout.DECISIONS: ("adjudication", "E704"),
    layout.SOURCES: ("source", "E703"),
}
"""The schema of each list beside the documents, and the code of a finding about it."""


def check_corpus_files(root: Path) -> Iterator[Finding]:
    """Yield findings about the files of a corpus root beside its documents.

    These are foreign files among the documents, and lists that do not follow their schema.
    """
    directory = copies.original(root / layout.DOCUMENTS)
    for path in sorted(directory / name for name in stores.names(directory)):
        is_documents = path.suffix == ".json" or is_shard(path.name)
        if not is_documents and not path.name.startswith("."):
            message = "not a document: corpus/documents/ holds <id>.json only; move it elsewhere"
            yield Finding(code="E702", file=str(path), message=message)
    for name, (schema, code) in _LISTS.items():
        path = root / name
        if os.path.lexists(path):
            yield from (_finding(code, path, problem) for problem in _problems(path, schema))
    yield from _check_schema(root)
    if (root / layout.SOURCES).is_file():
        yield from check_seeds(root)
        yield from check_split_names(root)
    yield from check_words(root)


def _check_schema(root: Path) -> Iterator[Finding]:
    """Yield a finding if the document schema of a root is not that of its scheme."""
    scheme = scheme_at(root)
    path = root / layout.DOCUMENT_SCHEMA
    if not os.path.lexists(path) and not os.path.lexists(root / layout.SCHEME):
        return
    problem = "" if path.is_file() else "is missing"
    if not problem and not is_schema_of(path.read_bytes(), scheme):
        problem = f"differs from what {layout.SCHEME} gives"
        if not os.path.lexists(root / layout.SCHEME):
            problem = f"is not that of this statevisit, and there is no {layout.SCHEME}"
    if problem:
        message = (
            f"{problem}: state what differs from the base in {layout.SCHEME}, "
            "then run `statevisit scheme`"
        )
        yield Finding(code="E711", file=str(path), message=message)


def _broken_scheme(error: str) -> Finding:
    """Return the finding of an error about a `scheme.toml`, which begins with file and line."""
    file, _, message = error.partition(f"{layout.SCHEME}:")
    number, _, after = message.partition(": ")
    line, column = (int(number), 1) if number.isdecimal() else (0, 0)
    return Finding(
        code="E711",
        file=f"{file}{layout.SCHEME}",
        line=line,
        column=column,
        message=after if line else message.strip(),
    )


def _problems(path: Path, schema: str) -> Iterator[Problem]:
    """Yield the problems of a list under its schema; "" is the list of links, which has none."""
    try:
        if not schema:
            verified_links(path)
        elif path.suffix in JSONL:
            for line in lines_of(path, schema):
                yield from line.problems
        else:
            yield from parsed(read_bytes(path, regular=True), str(path), schema)[1]
    except Malformed as bad:
        yield Problem(bad.line, bad.column, "", bad.message)


def _finding(code: str, path: Path, problem: Problem) -> Finding:
    return Finding(
        code=code,
        file=str(path),
        pointer=problem.pointer,
        line=problem.line,
        column=problem.column,
        message=problem.message,
    )


Documents = Document | JsonObject | Iterable[Document | JsonObject]
"""A document, also as JSON value, or several."""


def validate(
    path: Path | str | Documents | None = None,
    done: Callable[[], None] = lambda: None,
    mapper: Callable[..., Iterator[Any]] = map,
    selected: Iterable[Entry] | None = None,
    seen: Callable[[Facts], None] = lambda facts: None,
    engine: str = ENGINES[0],
) -> Iterator[Finding]:
    """Yield the findings about the documents in `path`, in their order; none if all are valid.

    `path` is as for `statevisit.load`, or compressed JSONL (.gz, .zst), or "-" for JSONL on
    standard input; these are read as a stream. `selected` are the entries to check; None for all
    entries of `path`. Within a corpus root the documents are also checked against its seeds,
    sources, annotators, verified links and last release, and its other files against their
    schemas.

    In place of a path it may be a corpus, or a document or several in memory, also as JSON values
    (`Document.to_dict`). Documents in memory are checked in themselves and against each other, each
    under its own scheme, a JSON value under the base scheme. Their findings have a `pointer` and no
    line, and `file` is the place in the list: "documents[0]".

    If the scheme of the corpus is wrong, that is the only finding: no document can be checked.

    `done` is called after every document, `seen` with the facts about each that follows the schema;
    `mapper` runs the checks over chunks of documents, in order; `engine` checks the documents of a
    path against the schema: "jsonschema-rs", or "jsonschema", the slow reference. Raises
    FormatError if `path` has no documents.
    """
    if isinstance(path, Corpus):
        path = path.at_hand
    if path is not None and not isinstance(path, Path | str):
        yield from _check_in_memory(path)
        return
    with copies.borrowed(layout.data_root() if path is None else path) as here:
        checked = _check_path(here, done, mapper, selected, seen, engine)
        yield from map(copies.named_in, checked)


def _check_path(
    path: Path,
    done: Callable[[], None],
    mapper: Callable[..., Iterator[Any]],
    selected: Iterable[Entry] | None,
    seen: Callable[[Facts], None],
    engine: str,
) -> Iterator[Finding]:
    """Yield the findings about the documents in a path that is at hand, as `validate`."""
    root = layout.enclosing_root(path)
    is_whole_corpus = root is not None and not path.is_file()
    if root is None and str(path) != "-" and not path.is_dir():
        root = layout.enclosing_root(path.parent)
    try:
        scheme = scheme_for(path)
    except FormatError as error:
        yield _broken_scheme(str(error))
        return
    if root is not None and is_whole_corpus:
        yield from check_corpus_files(root)
    across = Across(root)
    context = Context(scheme) if root is None else context_of(root, skip=is_whole_corpus)
    context = replace(context, engine=engine)
    task = partial(check_chunk, context=context, has_splits=across.has_splits)
    for chunk in mapper(task, chunks(entries(path) if selected is None else selected)):
        for entry, findings, of_document in chunk:
            yield from findings
            if of_document:
                yield from across.add(entry, of_document)
                seen(of_document)
            done()
    if root is not None and is_whole_corpus:
        from statevisit.checks.reused_ids import reused  # imported after the findings are reported

        yield from reused(root)


def _check_in_memory(documents: Documents) -> Iterator[Finding]:
    """Yield the findings about a document or several that no file holds."""
    across = Across(None)
    for place, document in _placed(documents):
        scheme = scheme_of(document) if isinstance(document, Document) else base()
        data = orjson.dumps(to_value(document))
        checked, findings = check_bytes(data, place, Context(scheme))
        if checked is not None:
            entry = Entry(Path(place), 0, data=data)
            findings += across.add(entry, facts(checked, has_splits=False))
        for finding in findings:
            yield replace(finding, line=0, column=0)


def _placed(documents: Documents) -> Iterator[tuple[str, Document | JsonObject]]:
    """Yield (place, document); the place is the file of a finding, "" for a single document."""
    if isinstance(documents, Document | dict):
        yield "", documents
        return
    for number, document in enumerate(documents):
        yield f"documents[{number}]", document


def chunks(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Yield entries, CHUNK at a time, or fewer where a stream holds large documents.

    Of those in a store, as many come together as are asked for at once.
    """
    chunk: list[Entry] = []
    for entry in entries:
        chunk.append(entry)
        size = AHEAD if isinstance(entry.path, StorePath) else CHUNK
        if len(chunk) == size or is_large(chunk):
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def is_large(chunk: list[Entry]) -> bool:
    """Whether the documents of a chunk are in memory and so large that few such chunks may be."""
    return sum(len(entry.data) for entry in chunk if entry.data) > _CHUNK_BYTES


def check_chunk(
    chunk: list[Entry], context: Context = NO_CONTEXT, has_splits: bool = False
) -> list[tuple[Entry, list[Finding], Facts | None]]:
    """Return (entry, findings, facts) of some documents; the facts are None for an invalid one."""
    checked = []
    with uncollected():
        for entry, with_data in zip(chunk, fetched(chunk), strict=True):
            document, findings = check_entry(with_data, context)
            of_document = facts(document, has_splits) if document else None
            checked.append((entry.without_data(), findings, of_document))
    return checked
