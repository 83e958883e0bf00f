"""Numbers in words: read wholly and in one way, or not at all."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from statevisit.document.number_words import read, read_compound, read_duration

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
    ("15 lakh", 1_500_000),
    ("2 lakh crore", 2_000_000_000_000),
    ("a thousand million", 1_000_000_000),
    ("20 bln", 20_000_000_000),
    ("3 mrd", 3_000_000_000),
    ("2 mio.", 2_000_000),
    ("$5B", 5_000_000_000),
    ("$1.2T", 1_200_000_000_000),
    ("30 MSEK", 30_000_000),
    ("4 dzs", 48),
    ("half a dozen", 6),
    ("half a million", 500_000),
    ("a quarter of a million", 250_000),
    ("two and a half million", 2_500_000),
    ("a million and a half", 1_500_000),
    ("two million three hundred and five", 2_000_305),
    ("2 million 300 thousand", 2_300_000),
    ("two thousand and five", 2005),
    ("322 hundred", 32_200),
    ("one-half", "0.5"),
    ("three quarters", "0.75"),
    ("1/2", "0.5"),
    ("2 ½", "2.5"),
    ("2 1/4 miles", "2.25"),
    ("half a mile", "0.5"),
    ("a mile", 1),
    ("five point nought two", "5.02"),
    ("816 000", 816_000),
    ("1\u202f234\u202f567.8", "1234567.8"),
    ("12,34,567", 1_234_567),
    (".08", "0.08"),
    ("1.5e6", 1_500_000),
    ("minus 5", -5),
    ("-5", -5),
    ("−273.15", "-273.15"),
    ("$-99.99", "-99.99"),
    ("300+", 300),
    ("(500)", 500),
]

UNREAD = [
    "",
    "dozens",
    "hundreds of thousands",
    "5 feet 3",
    "nineteen eighty",
    "one or two",
    "five and twenty",
    "1,23",
    "1.2.3",
    "24/7",
    "50/50",
    "three-fold",
    "the 1990s",
    "1990s",
    "several",
    "no",
    "two thousand five hundred million",
    "one in five",
    "2 + 2",
]


WORDS = " ".join(
    [
        "a an and - , . ( ) minus half quarter third thirds 1/2 ½ 2 15,000 2012 .5 3rd 1e9",
        "five twenty",
        "twenty-one hundred hundredth thousand million lakh crore bn m k t dozen score point of to",
        "between over about or more plus + % $ USD dollars cents km feet inches per second °",
    ]
).split()


@pytest.mark.parametrize(("text", "number"), NUMBERS)
def test_numbers(text: str, number: int | str) -> None:
    """Figures and words, with the words around them."""
    reading = read(text)
    assert reading
    assert (Decimal(number),) == reading.numbers


@pytest.mark.parametrize("text", UNREAD)
def test_what_is_not_certain_is_not_read(text: str) -> None:
    """Mixed units, vague and incomplete numbers give no answer, so no finding."""
    reading = read(text)
    assert reading is None


@pytest.mark.parametrize(
    ("text", "choices"),
    [
        ("a third", [["3", "0.3333"]]),
        ("one hundredth", [["100", "0.01"]]),
        ("3 score", [["60", "3"]]),
        ("5 to 10 million", [["5", "5000000"], ["10000000"]]),
        ("between 5 and 10 million", [["5", "5000000"], ["10000000"]]),
        ("1.2-3 billion", [["1.2", "1200000000"], ["3000000000"]]),
        ("10-15,000", [["10", "10000"], ["15000"]]),
        ("2-300", [["2", "200"], ["300"]]),
        ("five to six hundred", [["5", "500"], ["600"]]),
        ("two to three dozen", [["2", "24"], ["36"]]),
        ("$5m to $10m", [["5000000"], ["10000000"]]),
        ("5 million to 10", [["5000000"], ["10", "10000000"]]),
        ("120-25", [["120"], ["25", "125"]]),
        ("2012–13", [["2012"], ["13", "2013"]]),
        ("5 km to 10 km", [["5"], ["10"]]),
        ("8- to 16-metre", [["8"], ["16"]]),
        ("-18 °C to -34 °C", [["-18"], ["-34"]]),
        ("fifth to tenth", [["5"], ["10"]]),
    ],
)
def test_words_with_two_readings(text: str, choices: list[list[str]]) -> None:
    """A number that may leave out a scale or digits, or be a part, has all its readings."""
    reading = read(text)
    assert reading
    assert choices == [[f"{n:.4f}".rstrip("0").rstrip(".") for n in c] for c in reading.choices]


def test_an_amount_in_two_units() -> None:
    """Feet and inches, dollars and cents are two numbers with their words."""
    five, two, fifty = Decimal(5), Decimal(2), Decimal(50)
    assert ((five, ("feet",)), (two, ("inches",))) == read_compound("5 feet and 2 inches")
    assert ((five, ("dollars",)), (fifty, ("cents",))) == read_compound("5 dollars 50 cents")
    assert read_compound("5 feet") is None
    assert read_compound("between 5 feet 2 inches") is None


def test_ranges_and_comparators() -> None:
    """Two numbers of one scale are a range; the words beside a number give its comparators."""
    assert (Decimal(5_000_000), Decimal(10_000_000)) == read("5 million to 10 million").numbers
    assert (Decimal(3), Decimal(5)) == read("between three and five").numbers
    comparators = {
        "over 5": ("MORE_THAN",),
        "well above 5": ("MORE_THAN",),
        "far more than 5": ("MORE_THAN",),
        "just over 5": ("MORE_THAN", "APPROX"),
        "just under 5": ("LESS_THAN", "APPROX"),
        "at least 5": ("EQUAL_OR_MORE",),
        "a minimum of 5": ("EQUAL_OR_MORE",),
        "5 or more": ("EQUAL_OR_MORE", "MORE_THAN"),
        "5+": ("EQUAL_OR_MORE", "MORE_THAN"),
        "5-plus people": ("EQUAL_OR_MORE", "MORE_THAN"),
        "no more than 5": ("EQUAL_OR_LESS",),
        "up to 5": ("EQUAL_OR_LESS",),
        "5 or fewer": ("EQUAL_OR_LESS",),
        "fewer than 5": ("LESS_THAN",),
        "around 5": ("APPROX",),
        "nearly 5": ("APPROX", "LESS_THAN"),
        "very close to 5": ("APPROX", "LESS_THAN"),
        "5 km or so": ("APPROX",),
        "as much as 5": None,
        "some 5": None,
        "about 5 or more": None,
        "a total of 5": None,
        "5": None,
    }
    assert comparators == {text: read(text).comparators for text in comparators}


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
    read_compound(text)


@given(st.lists(st.sampled_from(WORDS), max_size=12).map(" ".join))
def test_any_words_of_numbers_are_taken(text: str) -> None:
    """Words of numbers in any order give a reading or none, and never an exception."""
    assert read(text) is None or read(text).numbers
    read_compound(text)


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
