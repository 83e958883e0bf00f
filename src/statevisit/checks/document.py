"""The checks of one document: JSON, schema, then every registered check."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from msgspec import structs, to_builtins

from statevisit import layout
from statevisit.checks.excerpt import Places, finding
from statevisit.checks.registry import REGISTRY, Context, Path_, load_checks
from statevisit.corpus import copies
from statevisit.corpus.annotators import read_annotators
from statevisit.corpus.reader import Corpus, Entry
from statevisit.corpus.signatures import Signatures, signatures
from statevisit.document import codec, schema_errors
from statevisit.document.migrations import is_older
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme, scheme_at
from statevisit.document.strict_json import Json, JsonObject, Malformed, parse, with_integers
from statevisit.errors import FormatError
from statevisit.findings import ERROR, Finding, severity

NO_CONTEXT = Context()


def context_of(root: Path | None, skip: bool = False) -> Context:
    """Return what the documents of a corpus root are checked against.

    A list that cannot be read raises FormatError, or is skipped with `skip`, for callers that
    report it as a finding.
    """
    if root is None:
        return NO_CONTEXT
    skipped = (FormatError,) if skip else ()
    links = annotators = None
    signed: Signatures = {}
    with suppress(*skipped):
        links = _links(root / layout.LINKS)
    with suppress(*skipped):
        listed = read_annotators(root)
        annotators, signed = frozenset(a["id"] for a in listed), signatures(listed)
    return Context(
        scheme=scheme_at(root),
        seeds=copies.for_tasks(root / layout.SEEDS),
        links=links,
        annotators=annotators,
        signatures=signed,
    )


def _links(path: Path) -> frozenset[str]:
    items = verified_links(path) if os.path.lexists(path) else []
    return frozenset(i["wikidata"] for i in items if i.get("wikidata") and i["evidence"])


def verified_links(path: Path) -> list[JsonObject]:
    """Return the items of a list of verified links. Raises FormatError for any other file."""
    items = parse(codec.read_bytes(path, regular=True), str(path))
    well_formed = isinstance(items, list) and all(
        isinstance(item, dict) and isinstance(item.get("evidence"), list) for item in items
    )
    if not well_formed:
        message = "must be an array of objects with `name`, `wikidata` and `evidence`"
        raise Malformed(str(path), "E704", message)
    links: list[JsonObject] = items
    return links


def check_document(
    document: Document, context: Context = NO_CONTEXT, warnings: bool = True
) -> Iterator[tuple[str, Path_, str]]:
    """Yield (code, path, message) for everything that the registered checks find in a document.

    The document must follow the schema. Without `warnings` only errors are looked for.
    """
    load_checks()
    for code, registered in REGISTRY.items():
        if not warnings and severity(code) != ERROR:
            continue
        for path, detail in registered.run(document, context):
            message = f"{registered.message}: {detail}" if detail else registered.message
            yield code, path, message


def check_bytes(
    data: bytes, file: str, context: Context = NO_CONTEXT, warnings: bool = True
) -> tuple[Document | None, list[Finding]]:
    """Return (document, findings) for JSON bytes; the document is None if it breaks the schema."""
    is_quick = context.engine == schema_errors.ENGINES[0]
    document = _canonical(data, context.scheme) if is_quick else None
    if document is not None:
        problems = list(check_document(document, context, warnings))
        if not problems:
            return document, []
    try:
        value = parse(data, file)
    except Malformed as bad:
        return None, [_unreadable(bad, file)]
    if document is None:
        document, problems = _check_value(value, data, file, context, warnings)
        if not problems:
            return document, []
        if document is not None:
            value = with_integers(value)  # as in the document
    places = Places(value, data, file)
    return document, [places.finding(code, message, path) for code, path, message in problems]


def _canonical(data: bytes, scheme: Scheme) -> Document | None:
    """The document in canonical bytes that follow the schema; None for any others.

    Half of a document is tokens. The schema checks the first and the last of them: tokens that are
    in order, and have nothing but a span, lie between these.
    """
    document = codec.canonical(data, scheme)
    if document is None or "tokens" not in document.orderly:
        return None
    checked = document
    if not scheme.attributes.get("tokens"):
        checked = structs.replace(document, tokens=document.tokens[:1] + document.tokens[-1:])
    value = to_builtins(checked)
    return document if schema_errors.accepts(schema_errors.acceptor(scheme), value) else None


def _check_value(
    value: Json, data: bytes, file: str, context: Context, warnings: bool
) -> tuple[Document | None, list[tuple[str, Path_, str]]]:
    """Return (document, problems) for the parsed JSON of any bytes."""
    problem = _other_format(value, file)
    if problem is not None:
        return None, [problem]
    errors = list(schema_errors.errors(value, context.scheme, engine=context.engine))
    if errors:
        return None, [("E104", tuple(path), message) for path, message in errors]
    try:
        document = codec.convert(value, file, context.scheme, data)
    except codec.Mismatch as error:
        return None, [("E104", error.path, error.detail)]
    return document, list(check_document(document, context, warnings))


def _unreadable(bad: Malformed, file: str) -> Finding:
    return Finding(code=bad.code, message=bad.message, file=file, line=bad.line, column=bad.column)


def _other_format(value: Json, file: str) -> tuple[str, Path_, str] | None:
    """The problem of a document of another schema version or edition; None for any other value."""
    if not isinstance(value, dict):
        return None
    if codec.is_newer(value):
        return "E105", ("schema_version",), codec.NEWER
    if "edition" in value:
        return "E104", ("edition",), codec.TEXTLESS
    if is_older(value):
        version = value["schema_version"]
        message = f"follows the older schema version {version}: run `statevisit migrate {file}`"
        return "E104", ("schema_version",), message
    return None


def check_entry(
    entry: Entry, context: Context = NO_CONTEXT, warnings: bool = True
) -> tuple[Document | None, list[Finding]]:
    """Return (document, findings) for one file, or one line of a JSONL file.

    Without `warnings` only errors are looked for.
    """
    try:
        data = entry.bytes()
    except Malformed as bad:
        return None, [unreadable(entry, bad)]
    return check_read(entry, data, context, warnings)


def unreadable(entry: Entry, bad: Malformed) -> Finding:
    """Return the finding for an entry whose bytes cannot be read."""
    return entry.placed(_unreadable(bad, str(entry.path)))


def check_read(
    entry: Entry, data: bytes, context: Context = NO_CONTEXT, warnings: bool = True
) -> tuple[Document | None, list[Finding]]:
    """Return (document, findings) as `check_entry` does, for an entry whose bytes are `data`."""
    file = str(entry.path)
    document, findings = check_bytes(data, file, context, warnings)
    findings = [entry.placed(f) for f in findings]
    if document and entry.id not in ("", document.id):
        message = (
            f"the file holds the document {document.id!r}: "
            f"rename it to {document.id}.json, or change the id"
        )
        if not entry.is_file:
            message = entry.another(document.id)
        wrong = finding("E210", message, ("id",), {"id": document.id}, data, file)
        findings.append(entry.placed(wrong))
    return document, findings


def sound(entry: Entry, scheme: Scheme) -> Document:
    """Return a document without errors in itself. Raises FormatError with the first error."""
    document, findings = check_entry(entry, Context(scheme), warnings=False)
    if findings or document is None:
        more = ""
        if len(findings) > 1:
            more = f"; {len(findings) - 1} more: statevisit validate {entry.path}"
        raise FormatError(f"{findings[0]}{more}")
    return document


def sound_documents(
    corpus: Corpus, ids: Sequence[str], left_out: Callable[[FormatError], None], name: str = ""
) -> Iterator[Document]:
    """Yield the documents of a corpus with some ids, by default all, that have no errors.

    The error of another document is given to `left_out` when its turn comes. `name` is that of the
    corpus in messages. Raises FormatError for an unknown id, before the first document.
    """
    keys = corpus.keys_of(ids, name)

    def without_errors() -> Iterator[Document]:
        for key in keys:
            try:
                document = sound(corpus.entry(key), corpus.scheme)
            except FormatError as error:
                left_out(error)
            else:
                yield document

    return without_errors()
