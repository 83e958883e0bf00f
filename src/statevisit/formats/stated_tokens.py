"""The tokens and sentences of a new document as its file states them."""

from bisect import bisect_left, bisect_right

from msgspec.structs import replace

from statevisit.checks.document import check_document
from statevisit.checks.registry import Context
from statevisit.document.model import Document, Sentence, Token
from statevisit.document.scheme import scheme_of
from statevisit.formats.texts import AnnotatedText


def with_tokens(document: Document, text: AnnotatedText) -> Document:
    """Return a document without annotation, with the tokens and the sentences of its file.

    It is returned as it was if the file states no tokens, or if those are none of the text. A
    sentence is in the paragraph in which it begins. Sentences that are not stated stay.
    """
    if not text.tokens or document.text != text.text:
        return document
    stated = text.sentences or [(s.start, s.end) for s in document.sentences]
    changed = replace(
        document,
        tokens=tuple(Token(start=start, end=end) for start, end in text.tokens),
        sentences=tuple(_sentences(stated, text, document)),
    )
    context = Context(scheme_of(document))
    is_sound = not any(code.startswith("E") for code, _, _ in check_document(changed, context))
    return changed if is_sound else document


def _sentences(
    stated: list[tuple[int, int]], text: AnnotatedText, document: Document
) -> list[Sentence]:
    """Sentences without the white space at their ends, with the paragraphs of the document."""
    starts = [start for start, _ in text.tokens]
    paragraphs = document.bounds["sentences"][0]
    sentences = []
    for start, end in stated:
        first, after = bisect_left(starts, start), bisect_left(starts, end)
        if first < after:
            begin = text.tokens[first][0]
            number = max(0, bisect_right(paragraphs, begin) - 1)
            paragraph = document.sentences[number].paragraph if document.sentences else 0
            finish = text.tokens[after - 1][1]
            sentences.append(Sentence(start=begin, end=finish, paragraph=paragraph))
    return sentences
