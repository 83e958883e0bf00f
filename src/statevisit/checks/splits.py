"""The splits of a corpus: their names, documents in none, and texts that two splits share.

A text is compared with others by its runs of eight words. Each text keeps a sketch, the least
hashes of its runs (A. Broder, "On the resemblance and containment of documents", 1997), which finds
the candidates in near linear time; the candidates are then read again and compared exactly.
"""

import heapq
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from hashlib import blake2b

import orjson
from msgspec import Struct

from statevisit.checks.postings import Postings
from statevisit.corpus.reader import Entry
from statevisit.corpus.spilling import SpillingDict, Store
from statevisit.corpus.splits import CONVENTIONAL
from statevisit.errors import FormatError

RUN = 8
"""Words in a run: fewer are often the same by chance, in names and set phrases."""

SKETCH = 64
"""Hashes that are kept of a text."""

_LIKELY = 0.3
"""The least share of common hashes of a candidate: three standard errors below a half."""

_CANDIDATES = 3
"""Texts of another split that are compared exactly with one text."""

# A character of a script that writes no spaces counts as a word: Thai, Lao, Burmese, Khmer, kana
# and Chinese characters.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = rf"[{_UNSPACED}\U00020000-\U0003ffff]|[^\W{_UNSPACED}\U00020000-\U0003ffff]+"


class Sketch(Struct, frozen=True):
    """What is kept of a text: a digest of its words, and the least hashes of its runs, sorted."""

    words: bytes
    hashes: tuple[int, ...]


class _Known(Struct, frozen=True):
    """An earlier text: where its document is, and its sketch."""

    entry: Entry
    sketch: Sketch


def sketch_of(text: str, warnings: bool) -> Sketch:
    """Return the sketch of a text. Case and everything between the words are ignored.

    Without `warnings` it has no hashes: they are for W722 only.
    """
    words = _words(text)
    runs = _runs(words) if warnings else set()
    hashes = {int.from_bytes(_digest(run)) for run in runs}
    return Sketch(_digest(" ".join(words)), tuple(heapq.nsmallest(SKETCH, hashes)))


def _words(text: str) -> list[str]:
    return re.findall(_WORD, text.casefold())


def _runs(words: list[str]) -> set[str]:
    return {" ".join(words[first : first + RUN]) for first in range(len(words) - RUN + 1)}


def _digest(words: str) -> bytes:
    return blake2b(words.encode(), digest_size=8).digest()


def _text_of(entry: Entry) -> str:
    text: str = orjson.loads(entry.bytes())["text"]
    return text


def shared_part(text: str, other: str) -> float:
    """Return the part of the runs of the shorter text that the longer one has, too.

    0 if it is so small that a notice or a quotation explains it: below a half, or below four fifths
    for fewer than 40 runs, which is less than two sentences.
    """
    runs, others = _runs(_words(text)), _runs(_words(other))
    shared = len(runs & others)
    if shared < RUN:
        return 0
    part = shared / min(len(runs), len(others))
    least = 0.5 if shared >= 40 else 0.8
    return part if part >= least else 0


class Leaks:
    """Takes one text after the other and finds earlier ones like it in another split.

    `store` keeps what is to be known of the texts.
    """

    def __init__(self, store: Store) -> None:
        self._same: SpillingDict[dict[str, str]] = store.dictionary()  # documents, by split
        self._known: SpillingDict[_Known] = store.dictionary()  # by the number of the text
        self._texts = 0
        self._postings: dict[str, Postings] = {}  # of the texts of a split

    def add(self, entry: Entry, sketch: Sketch, split: str) -> Iterator[tuple[str, str]]:
        """Yield (code, message) for the texts of other splits that a text is like."""
        of_text = self._same.get(sketch.words) or {}
        others = [(name, file) for name, file in of_text.items() if name != split]
        for other, file in others[:1]:
            yield "E721", f"the text of {file}, which is in {other!r}, is in {split!r} here"
        for other in self._postings:
            if other != split and other not in of_text:
                yield from self._near(entry, sketch, split, other)
        if split not in of_text:
            self._same[sketch.words] = {**of_text, split: entry.name}
        if split not in self._postings:
            self._postings[split] = Postings()
        for hash_ in sketch.hashes:
            self._postings[split].add(hash_, self._texts)
        self._known[str(self._texts)] = _Known(entry.without_data(), sketch)
        self._texts += 1

    def _near(
        self, entry: Entry, sketch: Sketch, split: str, other: str
    ) -> Iterator[tuple[str, str]]:
        """Yield the finding about the text of another split that shares most with a text."""
        best, nearest = 0.0, ""
        for number in self._candidates(sketch, other):
            known = self._text(number).entry
            try:
                part = shared_part(_text_of(entry), _text_of(known))
            except FormatError:  # the document came from a stream
                continue
            if part > best:
                best, nearest = part, known.name
        if nearest:
            yield (
                "W722",
                f"{best:.0%} of the runs of {RUN} words of this text in {split!r}, or of "
                f"{nearest} in {other!r}, are in both",
            )

    def _candidates(self, sketch: Sketch, split: str) -> list[int]:
        """The numbers of the texts of a split that may share half of their runs with a text."""
        postings = self._postings[split]
        shared: Counter[int] = Counter()
        for hash_ in sketch.hashes:
            shared.update(postings.get(hash_))
        likely = []
        for number, count in shared.items():
            if count < 3:
                continue
            part = count / _comparable(sketch.hashes, self._text(number).sketch.hashes)
            if part >= _LIKELY:
                likely.append((-part, number))
        return [number for _, number in sorted(likely)[:_CANDIDATES]]

    def _text(self, number: int) -> _Known:
        known = self._known.get(str(number))
        assert known is not None
        return known


def _comparable(hashes: tuple[int, ...], others: tuple[int, ...]) -> int:
    """The number of hashes of the text with fewer of them, up to where both sketches reach."""
    reaches = [sketch[-1] for sketch in (hashes, others) if len(sketch) == SKETCH]
    if not reaches:
        return min(len(hashes), len(others))
    reach = min(reaches)
    return min(bisect_right(hashes, reach), bisect_right(others, reach))


def misspelt(names: Iterable[str]) -> dict[str, str]:
    """Return the names of splits that look like slips, each with the name that it is like.

    That is a conventional name, or for another case of letters the one that comes first.
    """
    slips: dict[str, str] = {}
    by_letters: dict[str, str] = {name: name for name in CONVENTIONAL}
    for name in names:
        letters = name.casefold()
        meant = by_letters.setdefault(letters, name)
        if meant == name:
            near = [usual for usual in CONVENTIONAL if _is_slip(letters, usual)]
            if near:
                slips[name] = near[0]
        else:
            slips[name] = meant
    return slips


def _is_slip(name: str, meant: str) -> bool:
    """Whether a name has a letter too many, one missing, or two next to each other swapped.

    A name with a figure more is none: `test1`, `test2`. Short words differ by chance: `de`, `dev`.
    """
    if sorted(name) == sorted(meant):
        places = [number for number in range(len(name)) if name[number] != meant[number]]
        return len(places) == 2 and places[1] == places[0] + 1
    longer, shorter = (name, meant) if len(name) > len(meant) else (meant, name)
    if len(longer) != len(shorter) + 1 or len(shorter) < 4:
        return False
    return any(
        letter.isalpha() and longer[:number] + longer[number + 1 :] == shorter
        for number, letter in enumerate(longer)
    )
