"""The gold beside independent witnesses: the page is current, and the comparison is right."""

import json
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from msgspec.structs import replace

from statevisit.document.model import Document
from tests.conftest import ROOT, annotated_text, required


def _script(name: str) -> ModuleType:
    """A module of `scripts/`."""
    place = str(ROOT / "scripts")
    if place not in sys.path:
        sys.path.append(place)
    return import_module(name)


@pytest.fixture(scope="module")
def names() -> ModuleType:
    """The module that compares names."""
    return _script("witness_names")


@pytest.fixture(scope="module")
def values() -> ModuleType:
    """The module that computes values once more."""
    for library in ("dateparser", "quantulum3"):
        required(library)
    return _script("witness_values")


@pytest.fixture(scope="module")
def witness() -> ModuleType:
    """The script itself."""
    return _script("witness")


@pytest.fixture(scope="module")
def meeting() -> Document:
    """A small document with names, times and quantities."""
    text = (
        "Mira Vell and Jon Ash met in Tarn on Friday. The two leaders talked for three days. "
        "In June they signed for $2 million, or 40 million pesos."
    )
    draft = {
        "text": text,
        "date": "2024-03-04",
        "mentions": [
            {"quote": "Mira Vell", "level": "NAM", "entity": "vell"},
            {"quote": "Jon Ash", "level": "NAM", "entity": "ash"},
            {"quote": "Tarn", "level": "NAM", "entity": "tarn"},
            {"id": "m4", "quote": "leaders", "level": "NOM", "entity": "both"},
        ],
        "entities": [
            _entity("vell", "PERSON", "Mira Vell"),
            _entity("ash", "PERSON", "Jon Ash"),
            _entity("tarn", "GPE", "Tarn"),
            _entity("both", "PERSON", "leaders") | {"members": ["vell", "ash"]},
        ],
        "timexes": [
            {"quote": "Friday", "type": "DATE", "value": "2024-03-01", "anchor": "DCT"},
            {"quote": "three days", "type": "DURATION", "value": "P3D"},
            {"quote": "June", "type": "DATE", "value": "2023-06", "anchor": "DCT"},
        ],
        "quantities": [
            _quantity("two", "CARDINAL", "2", "leader") | {"measures": "m4"},
            _quantity("$2 million", "MONEY", "2000000", "USD") | {"id": "q2"},
            _quantity("40 million pesos", "MONEY", "40000000", "MXN") | {"conversion_of": "q2"},
        ],
    }
    return annotated_text(draft, "meeting")


def _entity(entity_id: str, kind: str, name: str) -> dict[str, object]:
    return {
        "id": entity_id,
        "type": kind,
        "name": name,
        "nil": "UNVERIFIED",
        "reference": "SPECIFIC",
    }


def _quantity(quote: str, kind: str, value: str, unit: str) -> dict[str, object]:
    return {"quote": quote, "kind": kind, "value": value, "unit": unit, "comparator": "EXACT"}


@pytest.mark.slow
def test_the_page_is_current(witness: ModuleType, names: ModuleType, values: ModuleType) -> None:
    """WITNESSES.md is what the script writes, and each of its differences is explained."""
    required(names.MODEL)
    page = (ROOT / "corpus/WITNESSES.md").read_text(encoding="utf-8")
    assert page == witness.renewed(page)


def test_spans_are_compared_by_place_and_label(names: ModuleType, meeting: Document) -> None:
    """A difference is another label, an overlap, or a span that only one side has."""
    text = meeting.text

    def span(words: str, label: str) -> tuple[int, int, str]:
        return text.index(words), text.index(words) + len(words), label

    there = [
        span("Mira Vell and Jon Ash", "ORG"),
        span("Tarn", "LOC"),
        span("Friday", "DATE"),
        span("two", "CARDINAL"),
        span("they", "PERSON"),
    ]
    counts, differences = names.compare(meeting, there)
    assert [
        ("names", 1, "Mira Vell PERSON, Jon Ash PERSON", "Mira Vell and Jon Ash ORG"),
        ("names", 1, "Tarn GPE", "Tarn LOC"),
        ("names", 2, "three days DATE", "—"),
        ("names", 3, "June DATE", "—"),
        ("names", 3, "—", "they PERSON"),
        ("names", 3, "$2 million MONEY", "—"),
        ("names", 3, "40 million pesos MONEY", "—"),
    ] == differences
    assert (2, 1, 1) == tuple(
        counts[kind, label]
        for kind, label in (
            ("overlapping", "PERSON"),
            ("other label", "GPE"),
            ("only there", "PERSON"),
        )
    )
    assert ("all", "9", "5", "2", "1", "2", "4", "1") == names.count_rows(counts)[-1]
    assert pytest.approx(4 / 14) == names.exact_f1(counts)


def test_right_values_agree(values: ModuleType, meeting: Document) -> None:
    """Right values have no difference; a rate of exchange is computed."""
    times, quantities = values.timex_rows(meeting), values.quantity_rows(meeting)
    assert [] == [d for row in (*times, *quantities) for d in row.differences()]
    assert ("Friday", "3 days before") == times[0].facts
    assert ["agrees", "agrees"] == [v.kind for v in times[0].verdicts.values()]
    assert "agrees: 2 members" == str(quantities[0].verdicts["members"])
    assert "20 MXN for 1 USD" == values.conversion_rows(meeting)[0][2]


WRONG = {
    "day": ("timexes", 0, {"value": "2024-03-02"}, ["words", "dateparser"]),
    "length": ("timexes", 1, {"value": "P3W"}, ["words", "quantulum3"]),
    "month": ("timexes", 2, {"value": "2023-07"}, ["words", "dateparser"]),
    "count": ("quantities", 0, {"value": "3"}, ["words", "quantulum3", "members"]),
    "amount": ("quantities", 1, {"value": "2000"}, ["words", "quantulum3"]),
    "currency": ("quantities", 1, {"unit": "EUR"}, ["quantulum3"]),
}


@pytest.mark.parametrize(("layer", "number", "change", "readers"), WRONG.values(), ids=list(WRONG))
def test_a_wrong_value_differs(
    values: ModuleType,
    meeting: Document,
    layer: str,
    number: int,
    change: dict[str, str],
    readers: list[str],
) -> None:
    """Each reader that can compute the value reports a wrong one."""
    records = list(getattr(meeting, layer))
    records[number] = replace(records[number], **change)
    wrong = replace(meeting, **{layer: tuple(records)})
    compute = values.timex_rows if layer == "timexes" else values.quantity_rows
    row = compute(wrong)[number]
    assert readers == [reader for reader, v in row.verdicts.items() if v.kind == "differs"]


def test_every_difference_needs_an_explanation(
    witness: ModuleType, names: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing explanation is printed as a line to fill in; one without a difference is named."""
    path = tmp_path / "witnesses.jsonl"
    monkeypatch.setattr(witness, "EXPLANATIONS", path)
    one = names.Difference("names", 1, "Tarn GPE", "Tarn LOC")
    two = names.Difference("names", 2, "—", "they PERSON")
    path.write_text("")
    with pytest.raises(witness.Unexplained, match="Complete these lines") as raised:
        witness.explained([one, two])
    lines = [json.loads(line) for line in str(raised.value).splitlines()[1:]]
    assert [one._asdict() | {"cause": "", "explanation": ""}, lines[1]] == lines
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    with pytest.raises(witness.Unexplained):
        witness.explained([one, two])  # blank lines explain nothing
    filled = [line | {"cause": "witness", "explanation": "It errs."} for line in lines]
    path.write_text("".join(json.dumps(line) + "\n" for line in filled))
    assert {one: ("witness", "It errs."), two: ("witness", "It errs.")} == witness.explained(
        [one, two]
    )
    with pytest.raises(witness.Unexplained, match="explain nothing any more"):
        witness.explained([one])
