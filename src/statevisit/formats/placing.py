"""Annotated texts in the offsets of a document whose text differs from theirs in white space."""

from msgspec.structs import replace

from statevisit.document.model import Document
from statevisit.errors import FormatError
from statevisit.formats.texts import AnnotatedText, Annotation, Loss
from statevisit.regions.offsets import Place, Source, significant
from statevisit.regions.regions import Report


def placed(text: AnnotatedText, document: Document, report: Report) -> AnnotatedText:
    """Return a text with the offsets of a document, which has the same text but for white space.

    The texts may differ in byte order marks and the normal form, too. Annotations whose words stand
    nowhere become losses. Raises FormatError, with the first difference, if the texts differ more.
    """
    difference = _difference(text.text, document.text)
    if difference:
        raise FormatError(f"{text.file}: its text differs from that of {document.id}: {difference}")
    places = [Place(a.id, a.start, a.end, a.words) for a in text.annotations]
    spans, note = Source(text.text, document.text).spans(places)
    if note:
        report("L104", note)
    annotations: list[Annotation] = []
    losses = list(text.losses)
    for annotation, span in zip(text.annotations, spans, strict=True):
        if isinstance(span, str):
            kind = "annotations without a place in the text"
            losses.append(Loss(kind, f"{annotation.id}: {span}", annotation.line))
        else:
            annotations.append(replace(annotation, start=span[0], end=span[1]))
    return replace(text, annotations=annotations, losses=losses)


def _difference(shown: str, text: str) -> str:
    """Where two texts differ in more than white space; "" if they do not."""
    if shown == text or significant(shown) == significant(text):
        return ""
    at = 0
    place = 0
    while True:
        at, place = _next(shown, at), _next(text, place)
        if at == len(shown) or place == len(text) or shown[at] != text[place]:
            break
        at, place = at + 1, place + 1
    return f"{_around(shown, at)} instead of {_around(text, place)}"


def _next(text: str, at: int) -> int:
    """The offset of the next character that is no white space."""
    while at < len(text) and text[at].isspace():
        at += 1
    return at


def _around(text: str, at: int) -> str:
    """The words around an offset, or the end of the text after them."""
    words = text[max(0, at - 15) : at + 15]
    return repr(words) if at < len(text) else f"the end after {words!r}"
