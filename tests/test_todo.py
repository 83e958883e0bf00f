"""How far layers are annotated, and what is missing: `statevisit state` and `statevisit todo`."""

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


def test_a_layer_is_done_when_its_records_are_complete(begun: Path, cli: Cli) -> None:
    """`state` names what is missing, and changes nothing; complete layers become done."""
    file = begun / "corpus/documents/trip.json"
    before = file.read_bytes()
    done = cli("state", "trip", "timexes", "done")
    assert (1, before) == (done.status, file.read_bytes())
    assert "corpus/documents/trip.json" in done.out
    assert "missing `value`" in done.out
    assert 0 == cli("state", "trip", "quantities", "done").status
    states = json.loads(cli("state", "--json").out)["trip"]
    assert ("done", "partial", "none") == (
        states["quantities"],
        states["timexes"],
        states["relations"],
    )
    assert (0, "") == cli("validate")[:2]


def test_documents_are_named_by_id_or_file(begun: Path, cli: Cli) -> None:
    """Several documents and several layers are separated by commas; a file means its document."""
    (begun / "other.txt").write_text("Nothing is here.")
    assert 0 == cli("ingest", "other.txt", "--date", "2025-01-06", "--id", "other").status
    (begun / "third.txt").write_text("Nor is it here.")
    assert 0 == cli("ingest", "third.txt", "--date", "2025-01-06", "--id", "third").status
    file = "corpus/documents/other.json"
    done = cli("state", f"{file}, trip", "relations,quotations", "done")
    assert (0, 2) == (done.status, len(done.out.splitlines())), done.err
    states = json.loads(cli("state", "--json").out)
    assert {"other": "done", "third": "none", "trip": "done"} == {
        name: of_document["relations"] for name, of_document in states.items()
    }
    assert 0 == cli("state", file, "relations", "none").status
    assert "none" == json.loads(cli("state", "other", "--json").out)["other"]["relations"]


def test_a_layer_with_records_is_begun(begun: Path, cli: Cli) -> None:
    """A layer goes back to none only without records; layers without any can be done."""
    assert "has 1 record" in cli("state", "trip", "timexes", "none").out
    assert 0 == cli("state", ".", "relations,quotations", "done").status
    assert 0 == cli("state", ".", "relations", "none").status


def test_the_work_of_an_annotator_has_states(begun: Path, cli: Cli) -> None:
    """--annotator means that person's documents."""
    place = begun / "corpus/annotators/anna"
    place.mkdir(parents=True)
    (place / "trip.json").write_bytes((begun / "corpus/documents/trip.json").read_bytes())
    assert 0 == cli("state", "trip", "quantities", "done", "--annotator", "anna").status
    assert (
        "done"
        == json.loads(cli("state", "--annotator", "anna", "--json").out)["trip"]["quantities"]
    )
    assert "partial" == json.loads(cli("state", "--json").out)["trip"]["quantities"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("trip", "timex", "done"), "unknown layer 'timex'; did you mean timexes?"),
        (
            ("trip", "timexes", "finished"),
            "'finished' is no state; it is one of none, partial",
        ),
        (("trip", "timexes"), "no state for timexes; it is one of none, partial, done"),
        (("trips", "timexes", "done"), "no document 'trips'; there are 1, such as trip"),
        (("trip", "timexes", "done", "--annotator", "ben"), "ben: no documents"),
    ],
)
def test_mistakes_are_named(
    begun: Path, cli: Cli, arguments: tuple[str, ...], message: str
) -> None:
    """One clear error for each, and nothing is written."""
    before = (begun / "corpus/documents/trip.json").read_bytes()
    done = cli("state", *arguments)
    assert 1 == done.status
    assert message in done.err
    assert before == (begun / "corpus/documents/trip.json").read_bytes()


def test_only_finished_layers_say_that_a_token_is_no_name(begun: Path, cli: Cli) -> None:
    """`ner` has a document when its layers are done, or begun where the settings ask for it."""
    rows = {}
    for setting in ("", "[tool.statevisit]\npartial = true\n"):
        (begun / "pyproject.toml").write_text(setting)
        assert 0 == cli("build").status
        configs = json.loads((begun / "corpus/release.json").read_bytes())["configs"]
        rows[setting != ""] = configs["ner"]
    assert {False: 0, True: 0} == rows  # the entities of the names are not begun
    cli("state", ".", "entities", "partial")
    assert 0 == cli("build").status
    assert 1 == json.loads((begun / "corpus/release.json").read_bytes())["configs"]["ner"]
    assert "1 partial" in cli("stats").out
