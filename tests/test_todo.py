"""What is missing before layers are done: `statevisit todo`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Result

Cli = Callable[..., Result]

TEXT = "Lena Marsh left Oslo last week with 12 friends."


@pytest.fixture
def begun(cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A corpus with one text, in which people marked spans and little else."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "trip.txt").write_text(TEXT)
    assert 0 == cli("ingest", "trip.txt", "--date", "2025-01-06", "--id", "trip").status
    draft = {
        "id": "trip",
        "mentions": [{"id": "m1", "quote": "Lena Marsh", "level": "NAM"}, {"quote": "Oslo"}],
        "timexes": [{"quote": "last week", "type": "DATE"}],
        "quantities": [{"quote": "12", "kind": "CARDINAL", "value": "12", "comparator": "EXACT"}],
        "events": [{"quote": "left", "arguments": [{"target": "m1"}]}],
    }
    (tmp_path / "draft.json").write_text(json.dumps(draft))
    assert 0 == cli("anchor", "draft.json", "-o", "corpus/documents/trip.json").status
    return tmp_path


def test_every_record_is_listed_with_what_it_lacks(begun: Path, cli: Cli) -> None:
    """Each has file, line, id, words and properties; the table counts documents and properties."""
    assert (0, "") == cli("validate")[:2]
    out = cli("todo").out
    file = "corpus/documents/trip.json"
    lines = (begun / file).read_text().splitlines()
    listed = [line for line in out.splitlines() if line.startswith(file)]
    assert [
        'mentions m1 "Lena Marsh": entity',
        'mentions m2 "Oslo": level, entity',
        'timexes t1 "last week": value',
        'events ev1 "left": level, event, class, type, polarity, modality, doc_time_rel, '
        "arguments.role",
    ] == [line.split(": ", 1)[1] for line in listed]
    for line, words in zip(listed, ("Lena Marsh", "Oslo", "last week", "left"), strict=True):
        number = int(line.split(":")[1])
        assert f'"{words}"' in lines[number - 1]
    (row,) = [line for line in out.splitlines() if "│ mentions" in line]
    assert ["mentions", "0", "1", "0", "entity 2, level 1"] == [
        cell.strip() for cell in row.strip("│").split("│")
    ]
    assert any("relations" in line and "│    1 │" in line for line in out.splitlines())


def test_one_layer_and_json(begun: Path, cli: Cli) -> None:
    """--layer chooses, and JSON has the states and the records."""
    report = json.loads(cli("todo", "--layer", "timexes", "--json").out)
    assert {"timexes": {"partial": 1}} == report["layers"]
    (record,) = report["missing"]
    assert ("trip", "timexes", "t1", ["value"]) == (
        record["document"],
        record["layer"],
        record["record"],
        record["properties"],
    )


def test_alternatives_are_one_thing_to_do(begun: Path, cli: Cli) -> None:
    """An entity needs a Wikidata item or the reason why there is none."""
    draft = {"id": "trip", "entities": [{"id": "lena", "type": "PERSON", "name": "Lena Marsh"}]}
    (begun / "draft.json").write_text(json.dumps(draft))
    cli("anchor", "draft.json", "-o", "corpus/documents/trip.json")
    assert "entities lena: reference, wikidata or nil\n" in cli("todo", "--layer", "entities").out


def test_nothing_to_do(cli: Cli) -> None:
    """The shipped corpus is done."""
    assert "Nothing to do: every layer of every document is done.\n" == cli("todo").out
