"""Times against their words: what contradicts is found, and right data are left alone."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from statevisit import read_document
from statevisit.checks.registry import REGISTRY, Context, load_checks
from statevisit.document.date_words import MONTHS, SEASONS, WEEKDAYS, read_date
from statevisit.document.model import Timex
from tests.conftest import VALID
from tests.strategies import TIMEX_EDGES, timex_values

DOCUMENT = read_document(VALID)
"""A document whose times are replaced."""


def codes(text: str, value: str, kind: str = "DATE", anchor: str | None = "DCT") -> list[str]:
    """The codes that the words and the value of a time expression get."""
    load_checks()
    timex = Timex(id="t1", start=0, end=len(text), text=text, type=kind, value=value, anchor=anchor)
    document = replace(DOCUMENT, timexes=(timex,))
    checks = ("E501", "E505", "E509", "E510", "E512", "W511")
    return [code for code in checks if list(REGISTRY[code].run(document, Context()))]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("the third quarter of 2011", "2011-Q2"),
        ("third-quarter", "2011-Q4"),
        ("Q3 2011", "2011-Q4"),
        ("4Q09", "2008-Q4"),
        ("the first half of 2011", "2011-H2"),
        ("the spring of 2011", "2011-FA"),
        ("autumn 2011", "2011-WI"),
        ("the 1950s", "196"),
        ("the 1950s", "196X"),
        ("the '50s", "1943"),
        ("the mid-fifties", "194"),
        ("the 1800s", "17"),
        ("the 17th century", "17"),
        ("the early seventeenth century", "17XX"),
        ("the 21st century", "1987"),
        ("AD 79", "79"),
        ("79 A.D.", "0078"),
        ("the year 312", "312"),
        ("312", "312"),
        ("44 BC", "0044"),
        ("44 B.C.E.", "BC0043"),
        ("1988", "1998"),
        ("1988", "199"),
        ("'88", "1989"),
        ("May 1990", "1990-06"),
        ("Sept. 27, 1989", "1989-11-27"),
        ("27 September 1989", "1989-09-28"),
        ("the fourth of July", "2011-07-05"),
        ("the 14th", "2011-03-15"),
        ("Sunday", "2011-03-07"),
        ("late Sunday", "2011-W10-1"),
        ("Sunday", "XXXX-WXX-1"),
        ("5/24/2011", "2011-05-23"),
        ("24.05.2011", "2010-05-24"),
        ("2011-05-24", "2011-05-25"),
        ("24/05", "2011-04-24"),
        ("5/6/11", "2011-05-07"),
        ("20110524", "2011-05-25"),
    ],
)
def test_a_date_that_is_not_its_value_is_found(text: str, value: str) -> None:
    """A named part of a date must be that of the value."""
    assert ["E512"] == codes(text, value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3 a.m.", "2011-05-24T15:00"),
        ("3:30 p.m.", "2011-05-24T15:00"),
        ("8 p.m. Tuesday", "2011-05-24T08:00"),
        ("eight o'clock in the evening", "2011-05-24T08:00"),
        ("17:00", "2011-05-24T05:00"),
        ("noon", "2011-05-24T00:00"),
        ("12 a.m.", "2011-05-24T12:00"),
        ("12 p.m.", "2011-05-24T00:00"),
        ("midnight", "2011-05-24T12:00"),
        ("midnight Tuesday", "2011-05-26T00:00"),
        ("9 p.m.", "2011-05-24TMO"),
        ("9 a.m.", "2011-05-24TEV"),
        ("Tuesday morning", "2011-05-24TAF"),
        ("this evening", "2011-05-24T09:00"),
        ("Monday night", "2011-05-25TNI"),
    ],
)
def test_a_time_of_day_that_is_not_its_value_is_found(text: str, value: str) -> None:
    """An hour with a.m. or p.m., noon, midnight and a part of the day must be that of the value."""
    assert ["E512"] == codes(text, value, "TIME")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        # another day than the one named
        ("two days before Monday, March 4", "2024-03-02"),
        ("the day after last Sunday", "2011-03-07"),
        ("the eve of May 1, 1998", "1998-04-30"),
        ("Christmas Eve 2020", "2020-12-24"),
        ("New Year's Eve 1999", "1999-12-31"),
        ("a week from Monday", "2011-03-15"),
        ("three years after 1990", "1993"),
        ("a decade earlier than 1990", "1980"),
        ("the week of March 6", "2000-W10"),
        ("the first Monday of March", "2024-03-04"),
        # years that are not those of the calendar
        ("fiscal 1999", "1998"),
        ("FY1999", "1998"),
        ("the school year 2010", "2011"),
        ("the 2007-08 season", "2008"),
        ("the fiscal fourth quarter", "2011-Q2"),
        ("the winter of 1997", "1996-WI"),
        ("the winter of 1997", "1997-WI"),
        ("Dec. 30, 2024", "2025-W01-1"),
        # two ways to write or to count
        ("the 1900s", "19"),
        ("the 1900s", "190"),
        ("the 1970s", "197"),
        ("the 1970s", "197X"),
        ("the mid-1980s", "1985"),
        ("the 19th century", "18XX"),
        ("the 19th century", "1900"),
        ("02/03/2024", "2024-02-03"),
        ("02/03/2024", "2024-03-02"),
        ("3/4/05", "2005-04-03"),
        ("02/24", "2024-02"),
        ("March '04", "2004-03"),
        ("May 2024", "2024-W18"),
        ("Saturday", "2024-W10-WE"),
        ("AD 79", "0079"),
        ("the year 79", "0079"),
        ("44 BC", "BC0044"),
        ("1000", "BC1000"),
        # ranges and lists
        ("March 4-6", "2024-03-06"),
        ("June and July", "2024-07"),
        ("1998-99", "1999"),
        ("late 18th and early 19th century", "18"),
        # other words
        ("Summer 2024", "2024-07"),
        ("sun", "2011-05-24"),
        ("31/31", "2024-05-01"),
        ("Tuesday, March 4, 2024", "2024-03-04"),
        ("the 55th", "2024-03-04"),
        ("Saturday, 14 October 1066", "1066-10-14"),
        ("Wednesday, October 25, 1917", "1917-10-25"),
    ],
)
def test_a_date_that_may_be_its_value_is_left_alone(text: str, value: str) -> None:
    """A day or year that only relates to the date, or that has two readings, is no error."""
    assert [] == codes(text, value)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("midnight Monday", "2011-03-07T00:00"),
        ("midnight Monday", "2011-03-07T24:00"),
        ("midnight Monday", "2011-03-08T00:00"),
        ("12 a.m. Monday", "2011-03-08T00:00"),
        ("midnight on December 31, 1999", "2000-01-01T00:00"),
        ("midnight Monday", "XXXX-WXX-2T00:00"),
        ("2 a.m. Monday night", "2011-03-08T02:00"),
        ("10 p.m. EST Monday", "2011-03-08T03:00Z"),
        ("10 p.m. Monday", "2011-03-08T03:00Z"),
        ("10 p.m. GMT", "2011-03-08T00:00+02:00"),
        ("8 p.m. Tokyo time", "2011-03-08T11:00"),
        ("1400 hours", "2011-03-08T14:00"),
        ("2000", "2011-03-08T20:00"),
        ("8 o'clock", "2011-03-08T20:00"),
        ("3:30", "2011-03-08T15:30"),
        ("3-5 p.m.", "2011-03-08T17:00"),
        ("five minutes to midnight", "2011-03-08T23:55"),
        ("midnight", "9999-12-31T24:00"),
        ("midnight", "0001-01-01T00:00"),
    ],
)
def test_a_time_of_day_that_may_be_its_value_is_left_alone(text: str, value: str) -> None:
    """Midnight belongs to two days, a time zone may move the day, and 8 o'clock is twice a day."""
    assert [] == codes(text, value, "TIME")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("yesterday", "2024-02-18"),
        ("last year", "2023"),
        ("two days later", "2024-02-20"),
        ("the following morning", "2024-02-20TMO"),
        ("Monday", "2024-02-19"),
        ("Feb. 14", "2024-02-14"),
        ("11 days ago", "2024-02-08"),
        ("this decade", "202"),
        ("now", "2024-02-19"),
    ],
)
def test_relative_words_need_an_anchor(text: str, value: str) -> None:
    """A date that is resolved against another one names it."""
    kind = "TIME" if "T" in value else "DATE"
    assert ["W511"] == codes(text, value, kind, None)
    assert [] == codes(text, value, kind)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("now", "PRESENT_REF"),
        ("recently", "PAST_REF"),
        ("the past several quarters", "PAST_REF"),
        ("the coming years", "FUTURE_REF"),
        ("after 2010", "2010"),
        ("two years before 1990", "1988"),
        ("1994 or later", "1994"),
        ("the 2007-08 season", "2007"),
        ("the summer of 1999", "1999-SU"),
        ("June '98", "1998-06"),
        ("Mar-98", "1998-03"),
        ("Mar. 98", "1998-03"),
        ("Saturday, 14 October 1066", "1066-10-14"),
        ("late March, AD 79", "0079-03"),
        ("March 44 BC", "BC0044"),
        ("May of nineteen ninety-seven", "1997-05"),
        ("earlier this century", "20"),
        ("later in the 1950s", "195"),
        ("the last day of the war", "1945-05-08"),
        ("Black Monday", "1987-10-19"),
        ("Sept. 11", "2001-09-11"),
        ("every Monday", "XXXX-WXX-1"),
    ],
)
def test_words_with_a_year_of_their_own_need_no_anchor(text: str, value: str) -> None:
    """Absolute dates, PAST_REF and its like, and names of days stand for themselves."""
    assert [] == codes(text, value, anchor=None)


DAYS = st.dates(date(1000, 1, 1), date(2999, 12, 1))
ORDINAL_ENDINGS = {1: "st", 2: "nd", 3: "rd", 21: "st", 22: "nd", 23: "rd", 31: "st"}


def _ordinal(number: int) -> str:
    return f"{number}{ORDINAL_ENDINGS.get(number, 'th')}"


def _spellings(day: date) -> Iterator[str]:
    """English ways to write a day, with its year."""
    month, weekday = MONTHS[day.month - 1].title(), WEEKDAYS[day.weekday()].title()
    short = "Sept." if day.month == 9 else f"{month[:3]}."
    year = f"{day.year:04}"
    yield f"{month} {day.day}, {year}"
    yield f"{day.day} {month} {year}"
    yield f"the {_ordinal(day.day)} of {month}, {year}"
    yield f"{weekday}, {month} {_ordinal(day.day)}, {year}"
    yield f"{weekday} {short} {day.day:02} {year}"
    yield f"{weekday[:3]}. {day.day}-{month[:3]}-{year}"
    yield f"{weekday.upper()} {day.day} {month.upper()} {year}"
    yield f"{day.day}/{day.month}/{year}"
    yield f"{day.month:02}/{day.day:02}/{year}"
    yield f"{day.day:02}.{day.month:02}.{year}"
    yield f"{day.month}-{day.day}-{year[2:]}"
    yield day.isoformat()
    yield day.isoformat().replace("-", "/")


def _values(day: date) -> Iterator[str]:
    """TIMEX3 values that contain a day."""
    year, week, weekday = day.isocalendar()
    yield day.isoformat()
    yield f"{day.year:04}-{day.month:02}"
    yield f"{day.year:04}-Q{(day.month + 2) // 3}"
    yield f"{day.year:04}"
    yield f"{day.year // 10:03}"
    yield f"{day.year // 100:02}XX"
    yield f"XXXX-{day.month:02}-{day.day:02}"
    if week < 52:  # the last week of the year 9999 ends after it
        yield f"{year:04}-W{week:02}"
        yield f"{year:04}-W{week:02}-{weekday}"


@given(DAYS)
def test_a_right_day_has_no_finding_in_any_spelling(day: date) -> None:
    """A day is never at odds with a value that contains it."""
    for text in _spellings(day):
        assert read_date(text) is not None, text
        for value in _values(day):
            assert [] == codes(text, value), (text, value)


@given(DAYS, st.integers(1, 200_000))
def test_another_day_is_found_in_every_spelling(day: date, distance: int) -> None:
    """A value that is another day is at odds with all words for the day, figures included."""
    number = day.toordinal() + distance
    if number > date.max.toordinal():
        return
    other = date.fromordinal(number)
    for text in _spellings(day):
        is_two_digit_year = text.endswith(f"-{day.year % 100:02}") and len(text) <= len("12-31-99")
        is_swapped = (other.month, other.day) == (day.day, day.month)
        if not is_swapped and not is_two_digit_year:
            assert ["E512"] == codes(text, other.isoformat()), (text, other)


@given(st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30)))
def test_a_right_time_has_no_finding_in_any_spelling(time: datetime) -> None:
    """The time of a day is never at odds with its value, with or without a.m. and p.m."""
    weekday = WEEKDAYS[time.weekday()].title()
    half = "a.m." if time.hour < 12 else "p.m."
    hour = time.hour % 12 or 12
    parts = {"a.m.": ("morning",), "p.m.": ("afternoon",)}[half]
    if time.hour in range(18, 23):
        parts = ("evening", "night")
    exact = time.strftime("%Y-%m-%dT%H:%M").rjust(16, "0")
    for text in (
        f"{weekday} at {hour}:{time.minute:02} {half}",
        f"{hour}:{time.minute:02}{half.replace('.', '')}, {weekday}",
        f"{hour}.{time.minute:02} {half.upper()} on {weekday}",
        f"{time.hour:02}:{time.minute:02}",
        *(f"{weekday} {part}" for part in parts),
    ):
        assert read_date(text) is not None, text
        assert [] == codes(text, exact, "TIME"), (text, exact)
        assert [] == codes(text, exact[:13], "TIME"), (text, exact)


@given(DAYS, st.sampled_from(sorted(SEASONS)))
def test_a_right_period_has_no_finding_in_any_spelling(day: date, season: str) -> None:
    """Quarters, halves, seasons, decades and centuries are never at odds with their values."""
    year = f"{day.year:04}"
    quarter, half = (day.month + 2) // 3, (day.month + 5) // 6
    words = ("first", "second", "third", "fourth")
    century = day.year // 100 + 1
    tens = year[:3]
    for text, value in (
        (f"the {words[quarter - 1]} quarter of {year}", f"{year}-Q{quarter}"),
        (f"Q{quarter} {year}", f"{year}-Q{quarter}"),
        (f"the {words[half - 1]} half of {year}", f"{year}-H{half}"),
        (f"the {season} of {year}", f"{year}-{SEASONS[season]}"),
        (f"the {tens}0s", tens),
        (f"the {tens}0's", f"{tens}X"),
        (f"the late {tens}0s", year),
        (f"{century}th century", year[:2]),
        (f"the {century}th-century", f"{year[:2]}XX"),
        (f"the {century}th century", day.isoformat()),
    ):
        assert [] == codes(text, value, anchor=None), (text, value)


@pytest.mark.slow
@given(st.sampled_from(sorted(TIMEX_EDGES)), st.data())
def test_every_value_of_the_schema_is_checked(kind: str, data: st.DataObject) -> None:
    """A value gets one finding of a kind or none, whatever it is; the words never stop a check."""
    value = data.draw(timex_values(kind))
    assert {"E501", "E509"} >= set(codes("that", value, kind))
    words = ("midnight Monday", "12 a.m.", "Dec. 31, 9999", "AD 1", "the 9990s", "999999999 years")
    for text in words:
        assert {"E501", "E512"} - set(codes(text, value, kind, None))


@given(st.text(max_size=300), st.sampled_from(["2024-02-19", "202X", "BC0044", "2024-W08-WE"]))
def test_any_text_is_read_without_an_exception(text: str, value: str) -> None:
    """Whatever stands in a text, the checks of its words end."""
    for kind in ("DATE", "TIME", "DURATION"):
        codes(text or "x", value, kind, None)


@pytest.mark.parametrize(
    "text", ["1" * 100_000, "monday " * 20_000, "last " * 20_000, "a" * 100_000, "1/" * 50_000]
)
def test_long_texts_are_read_in_linear_time(text: str) -> None:
    """A time expression as long as a book does not stop the checks."""
    begin = datetime.now()
    codes(text, "2024-02-19", anchor=None)
    assert timedelta(seconds=5) > datetime.now() - begin


@pytest.mark.parametrize(
    ("expected", "text", "values", "kind"),
    [
        ([], "three decades", ("P3E", "P3DE", "P30Y"), "DURATION"),
        (["E505"], "three decades", ("P3C", "P3CE", "P300Y"), "DURATION"),
        ([], "a century and two decades", ("P1C2E", "P1CE2DE"), "DURATION"),
        (["E509"], "long", ("P2E1C", "P2DE1CE"), "DURATION"),
        (["E509"], "long", ("P1L1L", "P1ML1ML"), "DURATION"),
        ([], "every millennium", ("P1L", "P1ML"), "SET"),
        ([], "the 1970s", ("197", "197X"), "DATE"),
        (["E512"], "the 1970s", ("198", "198X"), "DATE"),
        (["E512"], "the 19th century", ("19", "19XX"), "DATE"),
        (["W511"], "the last decade", ("201", "201X"), "DATE"),
    ],
)
def test_two_spellings_of_a_value_are_one_value(
    expected: list[str], text: str, values: tuple[str, ...], kind: str
) -> None:
    """The spelling of TimeML and those of other tools have the same findings, but for W516."""
    for value in values:
        assert expected == codes(text, value, kind, anchor=None)
