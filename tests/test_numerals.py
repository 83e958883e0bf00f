"""Numbers in words: read wholly and in one way, or not at all."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statevisit.document.number_words import read, read_duration

NUMBERS = [
    ("two", 2),
    ("fifth", 5),
    ("twenty-one", 21),
    ("twenty-first", 21),
    ("21st", 21),
    ("thirty five", 35),
    ("a hundred and five", 105),
    ("twelve hundred", 1200),
    ("two hundred thousand", 200_000),
    ("one million two hundred thousand", 1_200_000),
    ("three hundred sixty-five", 365),
    ("a dozen", 12),
    ("1,234,567", 1_234_567),
    ("$7.6 billion", 7_600_000_000),
    ("TL 234.6 billion", 234_600_000_000),
    ("$5m", 5_000_000),
    ("5 bn euros", 5_000_000_000),
    ("US$15-million", 15_000_000),
    ("at least $15 billion", 15_000_000_000),
    ("more than a million", 1_000_000),
    ("40,000 people", 40_000),
    ("over 92%", 92),
]

UNREAD = [
    "",
    "dozens",
    "hundreds of thousands",
    "a third",
    "two-thirds",
    "one-half",
    "half a million",
    "5 feet 3",
    "nineteen eighty",
    "one or two",
    "five and twenty",
    "two and a half",
    "1/2",
    "2 ½",
    "1,23",
    "1.2.3",
    "1 000",
    "minus 5",
    "-5",
    "between 5 and 10 million",
    "5 to 10 million",
    "one hundredth",
    "three-fold",
    "the 1990s",
    "1990s",
    "several",
    "no",
    "2 million 300 thousand",
    "two thousand five hundred million",
    "one in five",
    "2 + 2",
]


@pytest.mark.parametrize(("text", "number"), NUMBERS)
def test_numbers(text: str, number: int) -> None:
    """Figures and words, with the words around them."""
    reading = read(text)
    assert reading
    assert (Decimal(number),) == reading.numbers


@pytest.mark.parametrize("text", UNREAD)
def test_what_is_not_certain_is_not_read(text: str) -> None:
    """Fractions, mixed units, vague and ambiguous numbers give no answer, so no finding."""
    reading = read(text)
    assert reading is None


def test_ranges_and_comparators() -> None:
    """Two numbers of one scale are a range; the words before a number give its comparator."""
    assert (Decimal(5_000_000), Decimal(10_000_000)) == read("5 million to 10 million").numbers
    assert (Decimal(3), Decimal(5)) == read("between three and five").numbers
    comparators = {
        "over 5": "MORE_THAN",
        "at least 5": "EQUAL_OR_MORE",
        "no more than 5": "EQUAL_OR_LESS",
        "fewer than 5": "LESS_THAN",
        "around 5": "APPROX",
        "5": None,
    }
    assert comparators == {text: read(text).comparator for text in comparators}


@given(st.integers(0, 10**15 - 1))
def test_every_number_in_words_is_read(number: int) -> None:
    """A number spelled out in English is read as that number."""
    assert (Decimal(number),) == read(_spelled(number)).numbers
    assert (Decimal(number),) == read(f"{number:,}").numbers


def _spelled(number: int) -> str:
    ones = [
        "zero",
        "one",
        "two",
        "three",
        "four",
        "five",
        "six",
        "seven",
        "eight",
        "nine",
        "ten",
        "eleven",
        "twelve",
        "thirteen",
        "fourteen",
        "fifteen",
        "sixteen",
        "seventeen",
        "eighteen",
        "nineteen",
    ]
    tens = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
    for name, size in (
        ("trillion", 10**12),
        ("billion", 10**9),
        ("million", 10**6),
        ("thousand", 1000),
        ("hundred", 100),
    ):
        if number >= size:
            rest = number % size
            return f"{_spelled(number // size)} {name}" + (f" {_spelled(rest)}" if rest else "")
    if number < 20:
        return ones[number]
    return tens[number // 10 - 2] + (f"-{ones[number % 10]}" if number % 10 else "")


@given(st.text(max_size=30))
def test_any_text_is_taken(text: str) -> None:
    """Any span gives a reading or none, and never an exception."""
    assert read(text) is None or read(text).numbers
    read_duration(text)


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("three decades", (360, "mo")),
        ("two-day", (172_800, "s")),
        ("44 days", (3_801_600, "s")),
        ("a week", (604_800, "s")),
        ("twenty-four hours", (86_400, "s")),
        ("5 centuries", (6000, "mo")),
    ],
)
def test_durations(text: str, length: tuple[int, str]) -> None:
    """A number and a unit are a length of time."""
    assert length == read_duration(text)


@pytest.mark.parametrize(
    "text",
    [
        "several days",
        "two and a half years",
        "half an hour",
        "the first week",
        "days",
        "",
        "two",
        "5 feet",
    ],
)
def test_vague_durations(text: str) -> None:
    """Anything else is not read."""
    assert read_duration(text) is None
