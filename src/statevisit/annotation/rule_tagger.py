"""A small baseline without a model: capitalised words, and the package's own readers of numbers.

It knows English cues only, and no names. Its figures say what a system has to beat.
"""

from collections.abc import Iterator, Sequence
from datetime import date

from statevisit.annotation.rule_amounts import Bounds, Sentence, times_and_amounts
from statevisit.document.model import Document
from statevisit.document.strict_json import JsonObject


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LABELS = (
    *("PERSON", "NORP", "FAC", "ORG", "GPE", "LOC"),
    *("DATE", "TIME", "DURATION", "PERCENT", "MONEY", "MEASURE", "ORDINAL", "CARDINAL"),
)
_STOP = _words(
    "a an the this that these those it its he she they we i you his her their our my your who"
    " what when where why how which there here and but or so if as at by for from in into of"
    " on to with after before while during under over about not no yes also however meanwhile"
    " then since all both each some many most more such having being was is are were has have"
    " had will would could should may might can did do does new one two three"
)
"""Words that begin a sentence, and no name."""

_TITLES = _words(
    "mr mrs ms dr prof professor sir lady lord president minister premier chancellor mayor"
    " governor senator secretary king queen prince princess chairman chairwoman director judge"
    " captain colonel general spokesperson spokesman spokeswoman ambassador deputy prime"
    " foreign vice first"
)
"""Words before the name of a person, which are no part of it."""

_ORG = _words(
    "ministry university party council bank agency union commission court club organization"
    " organisation association federation institute department parliament corporation corp inc"
    " ltd company group committee assembly forum nations army police"
)
_LOC = _words(
    "river sea mountain mountains lake ocean island islands strip valley desert gulf bay"
    " peninsula strait corridor"
)
_FAC = _words("street airport bridge stadium palace square station road port tower")
_OF_PEOPLES = ("ian", "ians", "ish", "ese", "istani", "aeli", "aqi", "ani", "anis")
_OF_PLACES = _words("in from at near to towards toward across")
_JOINING = _words("of for and")
"""Words that join two capitalised words into one name."""


class RuleTagger:
    """The baseline as a tagger."""

    name = "rules"
    labels = _LABELS

    def spans(self, document: Document) -> list[JsonObject]:
        """Return the labelled spans of a document, in order of the text."""
        spans: list[JsonObject] = []
        written = date.fromisoformat(document.date)
        people: set[str] = set()
        for sentence in _sentences(document):
            taken: set[int] = set()
            for bounds, span in times_and_amounts(sentence, written):
                spans.append(span)
                taken.update(range(*bounds))
            for bounds in _capitalised(sentence, taken):
                label = _label(sentence, bounds, people)
                if label == "PERSON":
                    people.update(sentence.words[slice(*bounds)])
                spans.append(sentence.span(bounds, label))
        return sorted(spans, key=lambda span: (span["start"], span["end"]))


def _sentences(document: Document) -> Iterator[Sentence]:
    """Yield the sentences of a document that have tokens."""
    tokens = iter(document.tokens)
    token = next(tokens, None)
    for sentence in document.sentences:
        inside = []
        while token is not None and token.start < sentence.end:
            inside.append(token)
            token = next(tokens, None)
        if inside:
            yield Sentence(document.text, inside)


def _capitalised(sentence: Sentence, taken: set[int]) -> Iterator[Bounds]:
    """Yield the runs of capitalised words, without titles and words that only begin a sentence."""
    words = sentence.words
    at = 0
    while at < len(words):
        if at in taken or not words[at][:1].isupper() or words[at].lower() in _STOP:
            at += 1
            continue
        end = at + 1
        while end < len(words) and _continues(words, end, taken):
            end += 1
        while end > at + 1 and not words[end - 1][:1].isupper():
            end -= 1
        first = at
        while first < end and _plain(words[first]) in _TITLES:
            first += 1
        if first < end and not (first == 0 and end == 1 and len(words) > 1 and _is_word(words[0])):
            yield first, end
        at = end


def _continues(words: Sequence[str], at: int, taken: set[int]) -> bool:
    """Whether a word belongs to the name before it."""
    if at in taken:
        return False
    if words[at][:1].isupper():
        if _plain(words[at]) in _TITLES:  # "Norwegian President Maria Olsen" is two names
            return at + 1 < len(words) and _plain(words[at + 1]) in _ORG
        return words[at].lower() not in _STOP
    has_next = at + 1 < len(words) and at + 1 not in taken and words[at + 1][:1].isupper()
    return has_next and words[at] in _JOINING and _plain(words[at - 1]) in _ORG


def _is_word(word: str) -> bool:
    """Whether a word at the beginning of a sentence may be no name: it is not an acronym."""
    return not (word.isupper() and len(word) > 1) and word.lower().endswith(("ing", "ed", "ly"))


def _plain(word: str) -> str:
    return word.lower().rstrip(".")


def _label(sentence: Sentence, bounds: Bounds, people: set[str]) -> str:
    """The label of a name, by its words and the one before it."""
    first, after = bounds
    words = sentence.words[first:after]
    before = _plain(sentence.words[first - 1]) if first else ""
    cues = {_plain(words[0]), _plain(words[-1])}
    for label, known in (("ORG", _ORG), ("LOC", _LOC), ("FAC", _FAC)):
        if cues & known:
            return label
    if len(words) == 1 and words[0].isupper() and 1 < len(words[0]) < 7:
        return "ORG"
    if before in _TITLES or words[-1] in people:
        return "PERSON"
    if len(words) == 1 and words[0].lower().endswith(_OF_PEOPLES):
        return "NORP"
    if before in _OF_PLACES or len(words) == 1:
        return "GPE"
    return "PERSON" if len(words) < 4 else "ORG"
