"""Checks: what is wrong with a document, as findings.

The schema first; then, on a document that the schema accepts, every registered check. A check is a generator
that yields (path, detail); the first line of its docstring is its message and its code never changes meaning.
"""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from msgspec import Struct, structs

from statevisit import codec, resources, schema
from statevisit.corpus import Entry, load
from statevisit.errors import FormatError
from statevisit.findings import Finding
from statevisit.model import Document

Path_ = tuple[str | int, ...]
Problems = Iterator[tuple[Path_, str]]


class Context(Struct, frozen=True):
    """What a document is checked against beside itself; None where there is nothing to check against."""

    seeds: Path | None = None
    links: frozenset[str] | None = None
    annotators: frozenset[str] | None = None


class Check(Struct, frozen=True):
    """A registered check."""

    code: str
    message: str
    run: Callable[[Document, Context], Problems]


REGISTRY: dict[str, Check] = {}


def check(code: str) -> Callable[[Callable[[Document, Context], Problems]], Callable[[Document, Context], Problems]]:
    """Register a check under a code."""

    def register(function: Callable[[Document, Context], Problems]) -> Callable[[Document, Context], Problems]:
        assert code not in REGISTRY and function.__doc__
        REGISTRY[code] = Check(code, function.__doc__.splitlines()[0].rstrip("."), function)
        return function

    return register


def context_of(root: Path | None) -> Context:
    """What the documents of a corpus root are checked against. Raises FormatError for lists that cannot be read."""
    if root is None:
        return Context()
    annotators = root / resources.ANNOTATORS
    links = root / resources.LINKS
    return Context(
        root / resources.SEEDS,
        frozenset(r["wikidata"] for r in _listed(links) if r.get("wikidata") and r.get("evidence")) if links.is_file() else frozenset(),
        frozenset(a["id"] for a in read_checked(annotators, "annotators")["annotators"]) if annotators.is_file() else frozenset(),
    )


def _listed(path: Path) -> list[dict[str, Any]]:
    value = codec.parse(codec.read_bytes(path), str(path))
    if not isinstance(value, list) or not all(isinstance(r, dict) and isinstance(r.get("evidence"), list) for r in value):
        raise FormatError(f"{path}: must be an array of objects with `name`, `wikidata` and `evidence`")
    return value


def read_checked(path: Path, name: str) -> Any:
    """A JSON file that must follow the schema `name`. Raises FormatError with file and line for one that does not."""
    data = codec.read_bytes(path)
    value = codec.parse(data, str(path))
    for finding in _against(value, data, str(path), name, "E704"):
        raise FormatError(str(finding))
    return value


def _against(value: Any, data: bytes, file: str, name: str, code: str) -> Iterator[Finding]:
    """What the schema `name` says against a parsed file."""
    for where, message in schema.errors(value, name):
        line, column = codec.locate(data, where)
        yield Finding(code=code, file=file, pointer=codec.pointer(where), line=line, column=column, message=message)


def check_document(document: Document, context: Context = Context()) -> Iterator[tuple[str, Path_, str]]:
    """(code, path, message) for everything that the registered checks find in a schema-valid document."""
    _load()
    for code, registered in REGISTRY.items():
        for path, detail in registered.run(document, context):
            yield code, path, f"{registered.message}: {detail}" if detail else registered.message


def check_bytes(data: bytes, file: str, context: Context = Context()) -> tuple[Document | None, list[Finding]]:
    """(document, findings) for JSON bytes; the document is None when the schema refuses them."""
    try:
        value = codec.parse(data, file)
    except codec.Malformed as bad:
        return None, [Finding(code=bad.code, message=bad.message, file=file, line=bad.line, column=bad.column)]
    if isinstance(value, dict) and codec.is_newer(value):
        problems: Iterable[tuple[str, Path_, str]] = [("E105", ("schema_version",), codec.NEWER)]
        document = None
    elif schema.verdict().is_valid(value):
        document = codec.convert(value, file, data)
        problems = list(check_document(document, context))
    else:
        document = None
        problems = [("E104", tuple(path), message) for path, message in schema.errors(value)]
    name = value.get("id") if isinstance(value, dict) else None
    findings = []
    for code, path, message in problems:
        line, column = codec.locate(data, path)
        findings.append(Finding(code=code, message=message, file=file, document=name if isinstance(name, str) and len(name) < 100 else "", pointer=codec.pointer(path), line=line, column=column))
    return document, findings


def _load() -> None:
    from statevisit.checks import references, text, values  # noqa: F401  they register their checks


def check_corpus_files(root: Path) -> Iterator[Finding]:
    """Findings about the files of a corpus root beside its documents: foreign files, lists that do not follow their schema."""
    for path in sorted((root / resources.DOCUMENTS).iterdir()):
        if path.suffix != ".json" and not path.name.startswith("."):
            yield Finding(code="E702", file=str(path), message="not a document: corpus/documents/ holds <id>.json only; move it elsewhere")
    for name, schema_name in ((resources.ANNOTATORS, "annotators"), (resources.RELEASE, "release")):
        if (root / name).is_file():
            yield from _check_json(codec.read_bytes(root / name), str(root / name), schema_name, "E704")
    if (root / resources.SOURCES).is_file():
        for number, line in enumerate(codec.read_bytes(root / resources.SOURCES).splitlines(), 1):
            for finding in _check_json(line, str(root / resources.SOURCES), "source", "E703"):
                yield structs.replace(finding, line=number)


def _check_json(data: bytes, file: str, name: str, code: str) -> Iterator[Finding]:
    try:
        value = codec.parse(data, file)
    except codec.Malformed as bad:
        yield Finding(code=code, file=file, line=bad.line, column=bad.column, message=bad.message)
    else:
        yield from _against(value, data, file, name, code)


def validate(path: Path | str | None = None, done: Callable[[], None] = lambda: None) -> Iterator[Finding]:
    """Everything wrong with the documents in `path` (as for `statevisit.load`), in their order; nothing when all is well.

    Within a corpus root the documents are also checked against its seeds, annotators and verified links, and its
    other files against their schemas. `done` is called after every document. Raises FormatError where there are
    no documents at all.
    """
    path = resources.data_root() if path is None else Path(path)
    root = resources.enclosing_root(path) or (resources.enclosing_root(path.parent) if path.is_file() else None)
    context = context_of(root)
    if root and not path.is_file():
        yield from check_corpus_files(root)
    homes: dict[str, str] = {}
    for entry in load(path).entries:
        document, findings = check_entry(entry, context)
        yield from findings
        if document:
            yield from same_id(document.id, entry.name, homes)
        done()


def check_entry(entry: Entry, context: Context = Context()) -> tuple[Document | None, list[Finding]]:
    """(document, findings) for one file, or one line of a JSONL file. Raises FormatError when it cannot be read."""
    document, findings = check_bytes(entry.bytes(), str(entry.path), context)
    if entry.line:
        findings = [structs.replace(f, line=entry.line) for f in findings]
    if document and entry.offset is None and document.id != entry.path.stem:
        findings.append(Finding(code="E210", file=entry.name, document=document.id, pointer="/id", message=f"the file holds the document {document.id!r}: rename it to {document.id}.json, or change the id"))
    return document, findings


def same_id(document_id: str, name: str, homes: dict[str, str]) -> Iterator[Finding]:
    """A finding where an earlier document, remembered in `homes`, has this id."""
    if (home := homes.setdefault(document_id, name)) != name:
        yield Finding(code="E701", file=name, document=document_id, pointer="/id", message=f"the id {document_id!r} is that of {home} already: give one of them another")
