"""Checks: what is wrong with a document, as findings.

The schema first; then, on a document that the schema accepts, every registered check. A check is a generator
that yields (path, detail); the first line of its docstring is its message, the rest is what `statevisit explain`
prints (`catalogue.py`), and its code never changes meaning: E for an error, W for a warning, which a right corpus
can have.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

from msgspec import Struct, structs

from statevisit import codec, resources, schema_errors, strict_json
from statevisit.checks.excerpt import surroundings
from statevisit.corpus import Entry, entries, uncollected
from statevisit.errors import FormatError
from statevisit.findings import ERROR, Finding, severity
from statevisit.migrate import is_older
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

_REGISTERING = tuple(
    f"{__name__}.{name}"
    for name in ("consistency", "graphs", "references", "roles", "spans", "text", "times", "values")
)

PRELOAD = (*_REGISTERING, "ucumvert")
"""What processes that check import before they fork; the last is what takes longest, once there is a unit."""


def check(
    code: str,
) -> Callable[[Callable[[Document, Context], Problems]], Callable[[Document, Context], Problems]]:
    """Register a check under a code."""

    def register(
        function: Callable[[Document, Context], Problems],
    ) -> Callable[[Document, Context], Problems]:
        assert code not in REGISTRY and function.__doc__
        REGISTRY[code] = Check(code, function.__doc__.splitlines()[0].rstrip("."), function)
        return function

    return register


T = TypeVar("T")


def once(function: Callable[[Document], T]) -> Callable[[Document], T]:
    """What several checks ask of a document is found out once and kept with it."""
    name = f"{function.__module__}.{function.__name__}"

    def kept(document: Document) -> T:
        found = document.__dict__
        if name not in found:
            found[name] = function(document)
        return found[name]  # type: ignore[no-any-return]

    return kept


def context_of(root: Path | None) -> Context:
    """What the documents of a corpus root are checked against. Raises FormatError for lists that cannot be read."""
    if root is None:
        return Context()
    annotators = root / resources.ANNOTATORS
    links = root / resources.LINKS
    return Context(
        root / resources.SEEDS,
        frozenset(r["wikidata"] for r in _listed(links) if r.get("wikidata") and r.get("evidence"))
        if links.is_file()
        else frozenset(),
        frozenset(a["id"] for a in read_checked(annotators, "annotators")["annotators"])
        if annotators.is_file()
        else frozenset(),
    )


def _listed(path: Path) -> list[dict[str, Any]]:
    value = strict_json.parse(codec.read_bytes(path), str(path))
    if not isinstance(value, list) or not all(
        isinstance(r, dict) and isinstance(r.get("evidence"), list) for r in value
    ):
        raise FormatError(
            f"{path}: must be an array of objects with `name`, `wikidata` and `evidence`"
        )
    return value


def read_checked(path: Path, name: str) -> Any:
    """A JSON file that must follow the schema `name`. Raises FormatError with file and line for one that does not."""
    data = codec.read_bytes(path)
    value = strict_json.parse(data, str(path))
    for wrong in _against(value, data, str(path), name, "E704"):
        raise FormatError(str(wrong))
    return value


def _against(value: Any, data: bytes, file: str, name: str, code: str) -> Iterator[Finding]:
    """What the schema `name` says against a parsed file."""
    for where, message in schema_errors.errors(value, name):
        line, column = strict_json.locate(data, where)
        yield Finding(
            code=code,
            file=file,
            pointer=strict_json.pointer(where),
            line=line,
            column=column,
            message=message,
        )


def check_document(
    document: Document, context: Context = Context(), warnings: bool = True
) -> Iterator[tuple[str, Path_, str]]:
    """(code, path, message) for everything that the registered checks find in a schema-valid document."""
    load_checks()
    for code, registered in REGISTRY.items():
        if warnings or severity(code) == ERROR:
            for path, detail in registered.run(document, context):
                yield (
                    code,
                    path,
                    f"{registered.message}: {detail}" if detail else registered.message,
                )


def check_bytes(
    data: bytes, file: str, context: Context = Context(), warnings: bool = True
) -> tuple[Document | None, list[Finding]]:
    """(document, findings) for JSON bytes; the document is None when the schema refuses them."""
    try:
        value = strict_json.parse(data, file)
    except strict_json.Malformed as bad:
        return None, [
            Finding(code=bad.code, message=bad.message, file=file, line=bad.line, column=bad.column)
        ]
    if isinstance(value, dict) and codec.is_newer(value):
        problems: Iterable[tuple[str, Path_, str]] = [("E105", ("schema_version",), codec.NEWER)]
        document = None
    elif isinstance(value, dict) and "edition" in value:
        document, problems = None, [("E104", ("edition",), codec.TEXTLESS)]
    elif is_older(value):
        problems = [
            (
                "E104",
                ("schema_version",),
                f"of schema version {value['schema_version']}, an older one: statevisit migrate {file}",
            )
        ]
        document = None
    elif schema_errors.verdict().is_valid(value):
        document = codec.convert(value, file, data)
        problems = list(check_document(document, context, warnings))
    else:
        document = None
        problems = [("E104", tuple(path), message) for path, message in schema_errors.errors(value)]
    return document, [
        finding(code, message, path, value, data, file) for code, path, message in problems
    ]


def finding(code: str, message: str, path: Path_, value: Any, data: bytes, file: str) -> Finding:
    """A finding about what is at `path` of a document (`value`, parsed from `data`), with everything that says where that is."""
    name = value.get("id") if isinstance(value, dict) else None
    line, column = strict_json.locate(data, path)
    where = {
        "document": name if isinstance(name, str) and len(name) < 100 else "",
        "pointer": strict_json.pointer(path),
        "line": line,
        "column": column,
    }
    return Finding(code=code, message=message, file=file, **where, **surroundings(value, path))


def load_checks() -> None:
    """Import the modules that register checks."""
    for name in _REGISTERING:
        import_module(name)


def check_corpus_files(root: Path) -> Iterator[Finding]:
    """Findings about the files of a corpus root beside its documents: foreign files, lists that do not follow their schema."""
    from statevisit.checks.across import check_seeds

    for path in sorted((root / resources.DOCUMENTS).iterdir()):
        if path.suffix != ".json" and not path.name.startswith("."):
            yield Finding(
                code="E702",
                file=str(path),
                message="not a document: corpus/documents/ holds <id>.json only; move it elsewhere",
            )
    for name, schema_name in ((resources.ANNOTATORS, "annotators"), (resources.RELEASE, "release")):
        if (root / name).is_file():
            yield from _check_json(
                codec.read_bytes(root / name), str(root / name), schema_name, "E704"
            )
    for name, schema_name, code in (
        (resources.DECISIONS, "adjudication", "E704"),
        (resources.SOURCES, "source", "E703"),
    ):
        if (root / name).is_file():
            for number, line in enumerate(codec.read_bytes(root / name).splitlines(), 1):
                for wrong in _check_json(line, str(root / name), schema_name, code):
                    yield structs.replace(wrong, line=number)
    if (root / resources.SOURCES).is_file():
        yield from check_seeds(root)


def _check_json(data: bytes, file: str, name: str, code: str) -> Iterator[Finding]:
    try:
        value = strict_json.parse(data, file)
    except strict_json.Malformed as bad:
        yield Finding(code=code, file=file, line=bad.line, column=bad.column, message=bad.message)
    else:
        yield from _against(value, data, file, name, code)


CHUNK = 16
"""Documents that are checked as one task: small enough to bound memory, large enough to pay for sending."""


def validate(
    path: Path | str | None = None,
    done: Callable[[], None] = lambda: None,
    mapper: Callable[..., Iterator[Any]] = map,
    found: Iterable[Entry] | None = None,
) -> Iterator[Finding]:
    """Everything wrong with the documents in `path`, in their order; nothing when all is well.

    `path` is as for `statevisit.load`, or compressed JSONL (.gz, .zst), or "-" for JSONL on standard input; these are
    read as a stream. `found` are the entries to check where they are not those of `path`. Within a corpus root the documents are also checked
    against its seeds, sources, annotators, verified links and last release, and its other files against their schemas.
    `done` is called after every document; `mapper` is what runs the checks over chunks of documents, in order.
    Raises FormatError where there are no documents at all.
    """
    from statevisit.checks.across import Across
    from statevisit.checks.history import reused

    path = resources.data_root() if path is None else Path(path)
    root = resources.enclosing_root(path) or (
        resources.enclosing_root(path.parent) if path.is_file() else None
    )
    whole = root if root and not path.is_file() else None
    if whole:
        yield from check_corpus_files(whole)
    across = Across(root)
    for chunk in mapper(
        partial(check_chunk, context=context_of(root)),
        chunks(entries(path) if found is None else found),
    ):
        for entry, findings, found in chunk:
            yield from findings
            if found:
                yield from across.add(entry, found)
            done()
    if whole:
        yield from reused(whole)


def chunks(found: Iterable[Entry]) -> Iterator[list[Entry]]:
    """Entries, CHUNK at a time."""
    found = iter(found)
    while chunk := list(islice(found, CHUNK)):
        yield chunk


def check_chunk(
    chunk: list[Entry], context: Context = Context()
) -> list[tuple[Entry, list[Finding], Any]]:
    """(entry, findings, facts or None) of some documents."""
    from statevisit.checks.across import facts

    def checked(entry: Entry) -> tuple[Entry, list[Finding], Any]:
        document, findings = check_entry(entry, context)
        return entry.without_data(), findings, facts(document) if document else None

    with uncollected():
        return [checked(entry) for entry in chunk]


def check_entry(
    entry: Entry, context: Context = Context(), warnings: bool = True
) -> tuple[Document | None, list[Finding]]:
    """(document, findings) for one file, or one line of a JSONL file; without `warnings` errors only.

    Raises FormatError when it cannot be read.
    """
    document, findings = check_bytes(entry.bytes(), str(entry.path), context, warnings)
    findings = [entry.placed(f) for f in findings]
    if document and entry.is_file and document.id != entry.path.stem:
        message = f"the file holds the document {document.id!r}: rename it to {document.id}.json, or change the id"
        findings.append(
            finding("E210", message, ("id",), {"id": document.id}, entry.bytes(), str(entry.path))
        )
    return document, findings
