"""The places of regions: the units of offsets, the words of regions, and normalised texts."""

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statevisit.labelstudio.html_text import text_content
from statevisit.regions.offsets import Place, Source, significant

EMOJI = "🎉🎉 A B A B met. Then Oslo and Rome 🎉 today."

_CHARACTERS = st.sampled_from(
    "aeo A\r\n\t\u00a0\u2028\ufeff🎉é\u0301\u0308\u0323\u0307\u212b\ufb01"
    "\ud55c\u1112\u1161\u11ab\u09c7\u09be\u0958"
)
_texts = st.text(_CHARACTERS | st.characters(codec="utf-8"), max_size=30)


def _place(region: str, text: str, words: str, width: str = "", is_certain: bool = False) -> Place:
    """The place of the first occurrence of words, counted in code points or in an encoding."""
    start = text.index(words)
    ends = [start, start + len(words)]
    if width:
        unit = {"utf-16-le": 2, "utf-8": 1}[width]
        ends = [len(text[:end].encode(width)) // unit for end in ends]
    return Place(region, *ends, words, is_certain)


def _spans(text: str, *places: Place, shown: str | None = None) -> tuple[list[object], str]:
    spans, note = Source(text if shown is None else shown, text).spans(places)
    return list(spans), note


@pytest.mark.parametrize(
    ("width", "unit"), [("utf-16-le", "UTF-16 code units"), ("utf-8", "bytes")]
)
def test_offsets_in_other_units_are_recognised(width: str, unit: str) -> None:
    """Where the words show it, all offsets of an annotation count the unit, and a note says so.

    That holds for words that stand at both places, and for regions without words.
    """
    oslo, both = _place("r1", EMOJI, "Oslo", width), _place("r2", EMOJI, "A B A B", width)
    bare = Place("r3", oslo.start, oslo.end)
    spans, note = _spans(EMOJI, oslo, both, bare)
    start = EMOJI.index("Oslo")
    assert [(start, start + 4), (3, 10), (start, start + 4)] == spans
    assert f"the offsets of 3 regions count {unit}: r1 [" in note
    assert f") is [{start}, {start + 4}) 'Oslo'" in note


def test_code_points_stay_code_points() -> None:
    """Offsets whose words stand there are not moved, even if they stand elsewhere as well."""
    places = [_place("r1", EMOJI, "Oslo"), _place("r2", EMOJI, "A"), Place("r3", 0, 2)]
    spans = [(place.start, place.end) for place in places]
    assert (spans, "") == _spans(EMOJI, *places)


def test_regions_that_disagree_are_read_one_by_one() -> None:
    """Each region is read in the unit that its words show; one that fits both has no place."""
    oslo = EMOJI.index("Oslo")
    certain = _place("m1", EMOJI, "Rome", is_certain=True)
    counted = _place("r1", EMOJI, "Oslo", "utf-16-le")
    unclear = Place("r2", 5, 6, "B")  # in UTF-16 code units it is the A before; here the B
    twice = Place("r3", 7, 8, "A")  # the first A is at 3, in UTF-16 code units at 5
    spans, note = _spans(EMOJI, certain, counted, unclear, twice)
    assert [(certain.start, certain.end), (oslo, oslo + 4), (5, 6)] == spans[:3]
    assert "count UTF-16 code units: r1 [" in note
    text = "🎉 na na na 🎉 Oslo Rome"
    both = Place("r4", 5, 7, "na")  # code points: the second; UTF-16: the first would be at 4
    spans, _ = _spans(
        text,
        _place("m1", text, "Rome", is_certain=True),
        _place("r1", text, "Oslo", "utf-16-le"),
        both,
    )
    assert (5, 7) == spans[2]
    text = "🎉 aaaa 🎉 Oslo Rome"
    spans, _ = _spans(
        text,
        _place("m1", text, "Rome", is_certain=True),
        _place("r1", text, "Oslo", "utf-16-le"),
        Place("r4", 3, 4, "a"),
    )
    assert "its words stand at [3, 4) and, counting UTF-16 code units, at [2, 3)" == spans[2]


@pytest.mark.parametrize(
    ("place", "problem"),
    [
        (Place("r", 0, 4, "Rome"), "its text is 'Rome', but 'Oslo' stands at [0, 4)"),
        (Place("r", 0, 99, "Oslo"), "[0, 99) is not within the text of 13 code points"),
        (Place("r", -1, 4), "[-1, 4) is not within the text of 13 code points"),
        (Place("r", 4, 4), "[4, 4) is not within the text of 13 code points"),
        (Place("r", 10**400, 10**401), "is not within the text"),
    ],
)
def test_a_place_that_contradicts_the_text_is_a_problem(place: Place, problem: str) -> None:
    """Words that do not stand at the offsets and offsets outside of the text give no span."""
    ((span,), note) = _spans("Oslo and Rome", place)
    assert isinstance(span, str)
    assert problem in span
    assert "" == note


@pytest.mark.parametrize(
    "words", ["one two", "one\\ntwo", "one  two", "one\u00a0two ", "onetwo", "", None]
)
def test_white_space_in_the_words_does_not_matter(words: str | None) -> None:
    """The editor collapses white space, and writes a newline as a backslash and an n."""
    assert ([(2, 9)], "") == _spans("- one\ntwo -", Place("r", 2, 9, words))
    assert ([(0, 7)], "") == _spans("C:\\new x", Place("r", 0, 7, "C:\\new "))


@given(_texts, st.data())
@settings(max_examples=300)
def test_spans_of_a_text_lead_to_its_normalised_form(shown: str, data: st.DataObject) -> None:
    """A span between whole characters holds the same words in NFC, with LF and without a BOM."""
    lines = shown.replace("\r\n", "\n").replace("\r", "\n")
    text = unicodedata.normalize("NFC", lines.removeprefix("\ufeff"))
    assert significant(shown) == significant(text)
    start = data.draw(st.integers(0, len(shown)))
    end = data.draw(st.integers(start, len(shown)))
    ((span,), note) = _spans(text, Place("r", start, end), shown=shown)
    parts = [significant(part) for part in (shown[:start], shown[start:end], shown[end:])]
    assert "" == note
    if start == end or (not parts[1] and shown != text):
        assert isinstance(span, str)
    elif "".join(parts) == significant(shown):
        assert isinstance(span, tuple)
        assert parts[1] == significant(text[slice(*span)])


@given(_texts, st.data())
def test_offsets_in_utf_16_lead_to_the_same_words(text: str, data: st.DataObject) -> None:
    """Whatever the text is, words that stand at UTF-16 offsets only are found there."""
    text = f"🎉{text}Oslo"
    counted = _place("r", text, "Oslo", "utf-16-le")
    ((span,), note) = _spans(text, counted)
    assert isinstance(span, tuple)
    assert "Oslo" == text[slice(*span)]
    assert "count UTF-16 code units" in note


def test_a_browser_counts_a_line_end_once() -> None:
    """Offsets that count CRLF as one character are recognised by the words, too."""
    shown, text = "a\r\nb\r\nOslo Rome", "a\nb\nOslo Rome"
    ((span,), note) = _spans(text, Place("r", 4, 8, "Oslo"), shown=shown)
    assert (4, 8) == span
    assert "count CRLF as one character" in note
    assert ([(4, 8)], "") == _spans(text, Place("r", 6, 10, "Oslo"), shown=shown)


@pytest.mark.parametrize(
    ("source", "content"),
    [
        ("<p>Oslo &amp; <b>Rome</b></p>", "Oslo & Rome"),
        ("<html><head><title>T</title></head><body><p>Oslo</p></body></html>", "Oslo"),
        ("a<!-- <b> -->b<script>if (a<b) x()</script>c<style>p{}</style>", "abc"),
        ("1 < 2 and 3 > 2", "1 < 2 and 3 > 2"),
        ("no end <b", "no end "),
        ("no end <!-- x", "no end "),
        ("no end <script> x", "no end "),
        ("plain", "plain"),
    ],
)
def test_the_text_of_html(source: str, content: str) -> None:
    """Tags, comments, scripts and the head are no text; entities are characters."""
    assert content == text_content(source)
