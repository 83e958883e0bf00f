"""Texts and drafts that a Python program has in memory: `statevisit.ingest` and `annotate`."""

import datetime
import hashlib
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, overload

from statevisit import layout
from statevisit.annotation.new_documents import NewDocuments, valid_document
from statevisit.annotation.quotes import anchor
from statevisit.annotation.received.columns import day_of, formed
from statevisit.annotation.received.incoming import Incoming, Metadata
from statevisit.corpus.documents import entry_at
from statevisit.corpus.seeds import Value
from statevisit.document.codec import to_value
from statevisit.document.model import Document
from statevisit.document.scheme import scheme_at, scheme_of
from statevisit.errors import FormatError
from statevisit.findings import Finding
from statevisit.printable import counted

_LISTED = 10
"""Problems that the message of an error lists."""


def ingest(
    text: str,
    *,
    date: str | datetime.date,
    id: str | None = None,
    language: str = "en",
    tokenizer: str | None = None,
    normalise: bool = False,
    path: Path | str | None = None,
    title: str | None = None,
    url: str | None = None,
    author: str | Sequence[str] = (),
    publisher: str | None = None,
    license: str | None = None,
    split: str | None = None,
    extra: Mapping[str, Value] | None = None,
) -> Document:
    """Make a document from a text: its sentences and tokens, no annotation yet.

    With `path` the document also goes into a corpus, as with `statevisit ingest`: itself into
    `corpus/documents/`, the text into `seeds/`, the metadata into `seeds/sources.jsonl`.

    Args:
        text: The text, without a header.
        date: The day of the text, YYYY-MM-DD.
        id: The id of the document; letters, digits, `_` and `-`. Default: the date and a digest of
            the text.
        language: The language of the text, BCP 47.
        tokenizer: Another tokenizer than that of the language: another language of spaCy's ("xx"
            has rules for any language), "whitespace", or "characters".
        normalise: Mend CRLF, byte order marks, characters that are not NFC, and control characters,
            instead of refusing them. Offsets then count in the mended text, `document.text`.
        path: A corpus root, which is made if it is missing. The document follows its scheme;
            without a `path`, the base scheme.
        title: The title of the text.
        url: The address of the text, with its scheme: `https://...`.
        author: The author or authors of the text.
        publisher: The publisher of the text.
        license: The licence of the text.
        split: The split that the text is in, such as "train" or "test".
        extra: Other facts about the text, by names of your own.

    Raises FormatError, and writes nothing, for a text, date, id or metadata that is not valid, an
    id that the corpus has already, or a language without a tokenizer; MissingExtra without spaCy;
    TypeError for metadata without a `path`, since a document itself does not hold them.
    """
    facts = Metadata(
        title=title,
        url=url,
        author=(author,) if isinstance(author, str) else tuple(author),
        publisher=publisher,
        license=license,
        split=split,
        extra=dict(extra or {}),
    )
    if path is None and facts != Metadata():
        raise TypeError(
            f"metadata of a text are kept in {layout.SOURCES} of a corpus: name it with path=..."
        )
    incoming = _incoming(text, str(date), id or "text", facts, normalise)
    if path is None:
        return valid_document(incoming, id, language, tokenizer)[0]
    root = layout.enclosing_root(Path(path)) or Path(path)
    batch = NewDocuments(root, language, tokenizer)
    batch.add(incoming, id)
    (new,) = batch.write()
    if isinstance(new, FormatError):
        raise new
    return entry_at(new.path).read(scheme_at(root))


def _incoming(text: str, date: str, place: str, facts: Metadata, normalise: bool) -> Incoming:
    """Return a text with what is stated about it. Raises FormatError, with the place."""
    try:
        digest = hashlib.sha256(text.encode()).hexdigest()
    except UnicodeEncodeError as error:
        character = f"U+{ord(text[error.start]):04X}"
        raise FormatError(
            f"{place}: {character} at offset {error.start:,} is a surrogate, not a character; "
            "read the text with its own encoding"
        ) from None
    day = day_of(date, place)
    if day is None:
        raise FormatError(f"{place}: the date is empty; it must be YYYY-MM-DD")
    in_form, changes = formed(text, place, normalise, "normalise=True")
    return Incoming(
        place=place,
        text=in_form,
        metadata=facts.completed(Metadata(date=day)),
        stem=digest[:8],
        normalised=changes,
    )


@overload
def annotate(
    document: Document, draft: Mapping[str, Any], *, done: str | Collection[str] = ()
) -> Document: ...
@overload
def annotate(
    document: Document,
    draft: Mapping[str, Any],
    *,
    done: str | Collection[str] = (),
    findings: Literal[True],
) -> tuple[Document | None, list[Finding]]: ...
def annotate(
    document: Document,
    draft: Mapping[str, Any],
    *,
    done: str | Collection[str] = (),
    findings: bool = False,
) -> Document | tuple[Document | None, list[Finding]]:
    """Return a document with the annotation of a draft, whose records quote the text.

    Does as `statevisit anchor`. A draft has any of the layers, as a document in JSON has them, with
    a quote in place of `start`, `end` and `text`, and with or without ids:

        {"mentions": [{"quote": "Oslo", "occurrence": 2, "level": "NAM", "entity": "oslo"}],
         "entities": [{"id": "oslo", "type": "GPE", "name": "Oslo", ...}]}

    Each layer of the draft replaces that of the document; the other layers stay. `occurrence`
    counts from 1; `prefix` and `suffix` are the characters before and after the quote.
    `statevisit.validate` checks the annotation.

    The layers of the draft become partial: a record needs its quote and nothing else. Those that
    `done` names, or all with "all", become done, and their records must be complete.

    With `findings=True` nothing is raised for the draft: the result is (document, findings), where
    the document is None if there are problems. The findings are the problems, and a warning (A101)
    for each quote that the text has with other quotation marks, dashes or white space.

    Raises FormatError for a draft with problems: a quote that is missing or ambiguous, an unknown
    layer, property or label. The message lists the first of them, each with its place in the draft;
    `error.findings` are all. A layer that `done` names and the draft lacks is an error as well.
    """
    layers = _layers_done(document, draft, done)
    annotated, problems, reports = anchor(to_value(draft), document, done=layers)
    if findings:
        return annotated, [*problems, *reports]
    if annotated is None:
        raise FormatError(_message(document, problems), problems)
    return annotated


def _layers_done(
    document: Document, draft: Mapping[str, Any], done: str | Collection[str]
) -> list[str]:
    """The layers of a draft that are done with it. Raises FormatError for one that it lacks."""
    if done == "all":
        return [layer for layer in scheme_of(document).annotated if layer in draft]
    layers = [done] if isinstance(done, str) else list(done)
    for layer in layers:
        if layer not in draft:
            raise FormatError(
                f"the draft of {document.id!r} has no {layer!r}: give it a list, even an empty "
                "one, or leave the layer out of `done`"
            )
    return layers


def _message(document: Document, problems: Sequence[Finding]) -> str:
    """The message of an error about a draft: its problems, one in each line."""
    lines = [f"{p.pointer}: {p.code} {p.message}".removeprefix(": ") for p in problems]
    listed = "\n  ".join(lines[:_LISTED])
    more = f"\n  and {len(lines) - _LISTED:,} more" if len(lines) > _LISTED else ""
    number = counted(len(problems), "problem")
    return f"the draft of {document.id!r} has {number}:\n  {listed}{more}"
