"""A Doc of spaCy as a document: `statevisit.from_spacy`."""

import datetime
import hashlib
import warnings
from collections import Counter
from collections.abc import Mapping as AnyMapping
from pathlib import Path
from typing import TYPE_CHECKING

from statevisit.annotation.new_documents import valid_document
from statevisit.annotation.received.columns import day_of, formed
from statevisit.annotation.received.incoming import Incoming, Metadata
from statevisit.annotation.segmentation import Stated
from statevisit.document.codec import decode
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme, base, scheme_from, scheme_of
from statevisit.errors import FormatError
from statevisit.formats.edits import Edited, with_additions, with_changes
from statevisit.formats.placing import placed
from statevisit.formats.spacy_doc import held_by, made_doc, text_in
from statevisit.formats.texts import AnnotatedText, Loss
from statevisit.formats.translation import Translation
from statevisit.formats.vocabulary import text_of, unknown_labels
from statevisit.printable import counted
from statevisit.regions.mapping import Mapping, mapping_of, read_mapping

if TYPE_CHECKING:
    from spacy.tokens import Doc

_NAME = "Doc"
"""How messages call a Doc that has no id."""

_NEW_GROUP = "L101"
"""The code of the finding that a span creates an entity or an event chain."""


def from_spacy(
    doc: "Doc",
    document: Document | None = None,
    *,
    mapping: Path | str | AnyMapping[str, str] | None = None,
    date: str | datetime.date | None = None,
    id: str | None = None,
    language: str | None = None,
    scheme: Scheme | None = None,
) -> Document:
    """Return the document that a Doc of spaCy is; `Document.to_spacy` is the reverse.

    A Doc of `to_spacy` gives its document back, with what was changed in `doc.spans` and in
    `doc._.statevisit`: labels, spans, clusters, attributes and relations. Any other Doc gives a new
    document, with its tokens and sentences and the spans of `doc.ents` and `doc.spans`; or these
    are added to `document`.

    Args:
        doc: The Doc. With the `document` that it was made from, its changes become those of this
            document.
        document: A document with the text of the Doc.
        mapping: Labels of the Doc, each with the label of the scheme that it is, or the TOML file
            of `statevisit import --map`. Without one they must be labels of the scheme.
        date: The date of a new document, YYYY-MM-DD.
        id: The id of a new document; default: the date and a digest of the text.
        language: The language of a new document, BCP 47; default: that of the Doc's vocabulary.
        scheme: The scheme of a new document, such as `corpus.scheme`; default: the base scheme.

    What has no place in the document is a warning (`UserWarning`). Raises FormatError for labels
    that the scheme lacks, another text than that of `document`, a mapping that is none, and a new
    document without a date.
    """
    held = held_by(doc, _NAME)
    if document is None and held is not None and held.document:
        own = scheme_from(held.scheme.encode(), "scheme.toml") if held.scheme else scheme
        document = decode(held.document.encode(), "doc._.statevisit", own)
    scheme = scheme_of(document) if document is not None else scheme or base()
    text = text_in(doc, scheme, _NAME, _NAME)
    chosen = _mapping(mapping, scheme)
    messages: list[str] = []

    def report(code: str, message: str) -> None:
        if code != _NEW_GROUP:
            messages.append(message)

    if document is not None and held is not None and held.id == document.id:
        before = text_in(made_doc(text_of(document), doc.vocab), scheme, _NAME, _NAME)
        texts = placed(text, document, report), placed(before, document, report)
        edited = with_changes(*texts, document, document, Translation(scheme, chosen), report)
    else:
        if chosen is None:
            _refuse_unknown(text, scheme)
        if document is None:
            document = _new(doc, text, date, id, language, scheme)
        edited = with_additions(
            placed(text, document, report), document, Translation(scheme, chosen), report
        )
    _warn(edited, messages)
    return edited.document.begun()


def _mapping(mapping: Path | str | AnyMapping[str, str] | None, scheme: Scheme) -> Mapping | None:
    if mapping is None:
        return None
    if isinstance(mapping, Path | str):
        return read_mapping(Path(mapping), scheme)
    return mapping_of(dict(mapping), scheme)


def _refuse_unknown(text: AnnotatedText, scheme: Scheme) -> None:
    unknown = unknown_labels([text], scheme)
    if unknown:
        shown = ", ".join(f"{label!r} ({count})" for label, count in unknown.most_common(5))
        raise FormatError(
            f"{text.file}: has labels that the scheme lacks: {shown}; map them with "
            "mapping={'PER': 'PERSON', ...}, or delete them"
        )


def _new(
    doc: "Doc",
    text: AnnotatedText,
    date: str | datetime.date | None,
    document_id: str | None,
    language: str | None,
    scheme: Scheme,
) -> Document:
    """A new document with the text of a Doc. Raises FormatError if it cannot be one."""
    day = day_of(str(date or text.date), _NAME)
    if day is None:
        raise FormatError(f"{_NAME}: a new document needs date='YYYY-MM-DD'")
    language = language or text.language or doc.vocab.lang or "en"
    in_form, _ = formed(text.text, _NAME, False)
    stem = hashlib.sha256(in_form.encode()).hexdigest()[:8]
    name = document_id or (text.id if text.id != _NAME else None)
    incoming = Incoming(place=_NAME, text=in_form, metadata=Metadata(date=day), stem=stem)
    language = "en" if language in ("", "xx") else language
    cuts = frozenset(at for a in text.annotations for at in (a.start, a.end))
    try:
        segments = Stated(text.tokens, text.sentences, cuts)
        return valid_document(incoming, name, language, None, scheme, segments)[0]
    except FormatError:  # of tokens or sentences that a document cannot have
        return valid_document(incoming, name, language, None, scheme, Stated(cuts=cuts))[0]


def _warn(edited: Edited, messages: list[str]) -> None:
    """Warn about what has no place in the document, by kind."""
    lines = list(messages)
    firsts: dict[str, Loss] = {}
    for loss in edited.losses:
        firsts.setdefault(loss.kind, loss)
    for kind, count in Counter(loss.kind for loss in edited.losses).most_common():
        lines.append(f"{kind}: {counted(count, 'time')}, the first {firsts[kind].detail}")
    if lines:
        shown = "\n  ".join(lines)
        warnings.warn(f"{edited.document.id} differs from the Doc:\n  {shown}", stacklevel=3)
