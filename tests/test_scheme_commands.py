"""A corpus with a scheme of its own: every command obeys it."""

import json
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import orjson
import pytest

import statevisit
from statevisit.cli.main import run
from statevisit.document.codec import decode, encode, to_value
from statevisit.document.scheme import scheme_at, within
from tests.conftest import Result, required
from tests.repositories import begin, commit

Run = Callable[..., Result]

DATA = Path(__file__).parent / "data/harbour"
"""A text with its scheme and its annotation in quote notation."""

FERRY = "2024-03-04-ferry"

COMBINATIONS = (
    ("mentions", "entities"),
    ("mentions", "entities", "relations"),
    ("mentions", "entities", "events", "event_chains"),
    ("events", "event_chains", "timexes", "event_relations"),
    ("timexes",),
    ("timexes", "event_relations"),
    ("quantities",),
    ("quotations",),
    ("mentions", "entities", "quotations", "quantities"),
    (),
)
"""Layers of corpora that lack the others, beside sentences and tokens."""


def scheme_of_layers(layers: Iterable[str]) -> str:
    """The scheme with some of its layers, and the labels and properties of these."""
    head, *blocks = re.split(r"^(?=\[)", (DATA / "scheme.toml").read_text(), flags=re.MULTILINE)
    kept = [*layers, "sentences", "tokens", *(["arguments"] if "events" in layers else [])]
    of_layers = [b for b in blocks if re.findall(r"\w+", b.partition(".")[2])[0] in kept]
    return "".join([head, f"layers = {json.dumps(list(layers))}\n\n", *of_layers])


def make(root: Path, scheme: str) -> None:
    """Make a corpus with a scheme and the text, without annotation."""
    file = root.parent / "scheme.toml"
    file.write_text(scheme)
    seed = root.parent / "ferry.txt"
    shutil.copy(DATA / "ferry.txt", seed)
    assert 0 == run(["init", str(root), "--scheme", str(file)])
    assert 0 == run(["ingest", str(seed), "--path", str(root), "--id", FERRY])
    (root / "corpus/documents/example.json").unlink()
    (root / "seeds/example.txt").unlink()
    sources = root / "seeds/sources.jsonl"
    lines = sources.read_text().splitlines(keepends=True)
    sources.write_text("".join(line for line in lines if "example.txt" not in line))


def put(root: Path, value: Any) -> None:
    """Write a document in JSON into a corpus."""
    document = decode(orjson.dumps(value), "value", scheme_at(root))
    (root / f"corpus/documents/{FERRY}.json").write_bytes(encode(document))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The corpus with all layers, made by the command line, built and committed."""
    place = tmp_path_factory.mktemp("harbour")
    root = place / "corpus"
    make(root, (DATA / "scheme.toml").read_text())
    path = root / f"corpus/documents/{FERRY}.json"
    draft = place / "draft.json"
    draft.write_text((DATA / "ferry.draft.json").read_text())
    assert 0 == run(["anchor", str(draft), "--document", str(path), "-o", str(path)])
    value = json.loads(path.read_bytes())
    value["tokens"][0] |= {"pos": "OTHER", "lemma": "the"}
    value["tokens"][1] |= {"pos": "NOUN", "lemma": "ferry"}
    value["sentences"][0]["topic"] = "SHIP"
    put(root, value)
    assert 0 == run(["validate", str(root), "--strict"])
    assert 0 == run(["build", str(root)])
    begin(root)
    commit(root)
    return root


@pytest.fixture
def harbour(made: Path, tmp_path: Path) -> Path:
    """A copy of that corpus which a test may change."""
    return Path(shutil.copytree(made, tmp_path / "harbour"))


@pytest.fixture(scope="module")
def annotated(made: Path) -> Any:
    """Its document as JSON."""
    return json.loads((made / f"corpus/documents/{FERRY}.json").read_bytes())


@pytest.mark.parametrize("layers", COMBINATIONS, ids="+".join)
def test_every_command_runs_without_the_other_layers(
    layers: tuple[str, ...], annotated: Any, tmp_path: Path, cli: Run
) -> None:
    """A corpus of a few layers goes from init to the edition, and no command misses the others."""
    root = tmp_path / "few"
    make(root, scheme_of_layers(layers))
    value = within(json.loads(json.dumps(annotated)), scheme_at(root))
    put(root, value)
    document = statevisit.load(root)[FERRY]
    assert value == to_value(document)
    assert ("", "") == cli("validate", root)[1:]
    for command in (("build",), ("build", "--check"), ("scheme", "--check"), ("stats", "--path")):
        assert 0 == cli(*command, root).status, command
    configs = json.loads((root / "corpus/release.json").read_bytes())["configs"]
    for config, rows in configs.items():
        table = statevisit.load_dataset(config, root, cache_dir=str(tmp_path))["train"]
        assert rows == table.num_rows
    parquet = root / "corpus/parquet/documents/train-00000-of-00001.parquet"
    assert (0, "", "") == cli("validate", parquet)
    file = root / f"corpus/documents/{FERRY}.json"
    pages = tmp_path / "page.html"
    for command in (
        ("show", file),
        ("show", file, "--html", pages),
        ("show", file, "--svg", tmp_path / "page.svg"),
        ("score", root, root),
        ("score", root, parquet),
        ("score", root, root, "--html", pages),
        ("score", root, root, "--format", "json"),
        ("agree", root, root),
        ("diff", root, root),
        ("migrate", file),
        ("validate", "--fix", root),
        ("build", root, "--edition", "annotations-only", "-o", tmp_path / "edition"),
        ("restore", tmp_path / "edition", "--text", root / "seeds", "-o", tmp_path / "full"),
    ):
        result = cli(*command)
        assert 0 == result.status, (command, result.err)
    for path in ("corpus/documents", "corpus/parquet", "schema"):
        for copy in (tmp_path / "full" / path).rglob("*.*"):
            assert (root / path / copy.relative_to(tmp_path / "full" / path)).read_bytes() == (
                copy.read_bytes()
            )


def table(root: Path, config: str, cache: Path) -> tuple[list[dict[str, Any]], Any]:
    """The rows of a config with the names of labels, and its features."""
    data = statevisit.load_dataset(config, root, cache_dir=str(cache))["train"]
    features = data.features
    rows = []
    for row in data:
        for name, value in row.items():
            if value is not None and hasattr(features[name], "int2str"):
                row[name] = features[name].int2str(value)
        rows.append(row)
    return rows, features


def test_the_dataset_has_the_labels_and_properties(made: Path, tmp_path: Path) -> None:
    """Own labels are ClassLabels, own properties are columns of their type, values come back."""
    rows, features = table(made, "entities", tmp_path)
    assert ["PERSON", "NORP", "ORG", "GPE", "LOC", "FAC", "PRODUCT", "LAW", "VESSEL", "PORT"] == (
        features["type"].names
    )
    assert ("SURE", "a ferry Zarya", 9123456, "the ferry") == tuple(
        rows[0][name] for name in ("certainty", "note", "imo", "flag")
    )
    assert ["SURE", "UNSURE"] == features["certainty"].names
    types = {name: features[name].dtype for name in ("note", "imo", "flag")}
    assert {"note": "string", "imo": "int64", "flag": "string"} == types
    rows, features = table(made, "events", tmp_path)
    assert [(7.5, True, 0), (0.0, False, None), (3.0, None, None), (1e300, None, 0)] == [
        (row["severity"], row["confirmed"], row["casualties"]) for row in rows
    ]
    struct = features["arguments"].feature
    first = rows[0]["arguments"][0]
    assert ("STRIKER", False) == (struct["role"].int2str(first["role"]), first["implied"])
    assert ["the trawler"] == [a["words"] for a in rows[0]["arguments"] if a["words"]]
    rows, _ = table(made, "quantities", tmp_path)
    kinds = [(row["kind"], row["precise"], row["basis"]) for row in rows]
    assert ("DRAUGHT", False, "with a draught") in kinds
    assert ("DURATION", None, None) == kinds[-1]
    rows, features = table(made, "ner", tmp_path)
    names = features["ner_tags"].feature.names
    assert ["B-VESSEL", "I-VESSEL", "B-PORT", "I-PORT", "B-DRAUGHT", "I-DRAUGHT"] == names[-6:]
    assert "B-LANGUAGE" not in names
    assert ["B-VESSEL", "I-VESSEL"] == [names[tag] for tag in rows[0]["ner_tags"]][1:3]
    rows, _ = table(made, "relations", tmp_path)
    assert [("CREW_OF", 0.1)] == [(row["type"], row["strength"]) for row in rows]


def test_the_manifest_states_the_scheme(made: Path) -> None:
    """The manifest has the digests of the corpus's own schemas, and lists the scheme.toml."""
    sha256 = required("hashlib").sha256
    manifest = json.loads((made / "corpus/release.json").read_bytes())
    digests = {
        path.name.partition(".")[0]: sha256(path.read_bytes()).hexdigest()
        for path in (made / "schema").glob("*.json")
    }
    assert digests == manifest["schemas"]
    assert digests["document"] == manifest["schema_sha256"]
    assert "schema/scheme.toml" in [file["path"] for file in manifest["files"]]
    assert {"SURE": 1, "UNSURE": 1} == manifest["counts"]["mentions"]["labels"]["certainty"]
    schema = json.loads((made / "schema/release.schema.json").read_bytes())
    required("jsonschema").validate(manifest, schema)


def test_the_edition_has_no_word_of_own_properties(
    made: Path, annotated: Any, tmp_path: Path, cli: Run
) -> None:
    """Own strings are places in the text, the rest stays; restore gives the same bytes."""
    edition = tmp_path / "edition"
    assert 0 == cli("build", made, "--edition", "annotations-only", "-o", edition).status
    stripped = json.loads((edition / f"corpus/documents/{FERRY}.json").read_bytes())
    text = annotated["text"]
    in_text = stripped["mentions"][0]["note_in_text"]
    assert "a ferry Zarya" == "".join(text[piece["start"] : piece["end"]] for piece in in_text)
    assert "note" not in stripped["mentions"][0]
    assert "SURE" == stripped["mentions"][0]["certainty"]
    assert 9123456 == stripped["entities"][0]["imo"]
    data = b"".join(path.read_bytes() for path in edition.rglob("*.json"))
    for word in ("Zarya", "trawler", "draught of", "sank"):
        assert word.encode() not in data
    pq = required("pyarrow.parquet")
    for path in edition.glob("corpus/parquet/*/*.parquet"):
        assert {"note", "flag", "basis", "text"}.isdisjoint(pq.read_schema(path).names)
    schema = json.loads((edition / "schema/document.schema.json").read_bytes())
    required("jsonschema").validate(stripped, schema)
    full = tmp_path / "full"
    seeds = made / "seeds"
    assert 0 == cli("restore", edition, "--text", seeds, "-o", full).status
    for name in (f"corpus/documents/{FERRY}.json", "schema/document.schema.json"):
        assert (made / name).read_bytes() == (full / name).read_bytes()


def test_croissant_describes_the_columns(made: Path) -> None:
    """Mlcroissant reads the metadata, and own columns have their types."""
    dataset = required("mlcroissant").Dataset(jsonld=str(made / "corpus/croissant.json"))
    fields = {
        f"{record_set.id}/{field.name.rpartition('/')[2]}": [str(t) for t in field.data_types]
        for record_set in dataset.metadata.record_sets
        for field in record_set.fields
    }
    assert ["https://schema.org/Boolean"] == fields["events/confirmed"]
    assert ["http://mlcommons.org/croissant/Int64"] == fields["entities/imo"]
    record = next(iter(dataset.records("events")))
    assert record["events/severity"] == 7.5


def test_pages_name_the_labels_and_properties(made: Path, tmp_path: Path, cli: Run) -> None:
    """Tables of columns and labels, the article with its colours, and scores show own labels."""
    page = (made / "schema/README.md").read_text()
    for part in (
        "`VESSEL`",
        "A named ship or boat.",
        "`certainty`",
        "`imo`",
        "roles: Place, Agent",
    ):
        assert part in page
    assert "WORK_OF_ART" not in page
    html = tmp_path / "page.html"
    assert 0 == cli("show", made / f"corpus/documents/{FERRY}.json", "--html", html).status
    assert "#0077b6" in html.read_text()
    assert 0 == cli("score", made, made, "--html", html).status
    assert "VESSEL" in html.read_text()
    assert "certainty (matched)" in html.read_text()


def with_records(annotated: Any, **layers: list[Any]) -> Any:
    """The document with more records."""
    value = json.loads(json.dumps(annotated))
    for layer, records in layers.items():
        value[layer] += records
    return value


RIGHT = {
    "a base relation to a type of one's own": {
        "relations": [
            {"id": "r2", "type": "LOCATED_IN", "source": "aurora", "target": "port_said"},
            {"id": "r3", "type": "CITIZEN_OF", "source": "aurora", "target": "port_said"},
        ]
    },
    "two relations that differ in a property of one's own": {
        "relations": [
            {"id": "r2", "type": "CREW_OF", "source": "zak", "target": "zarya", "strength": 0.7}
        ]
    },
    "a relation of one's own between a record and itself": {
        "relations": [{"id": "r2", "type": "OWNER_OF", "source": "zarya", "target": "zarya"}]
    },
    "a temporal relation of one's own with a time": {
        "event_relations": [{"type": "RIGHT_BEFORE", "source": "ev4", "target": "t2"}]
    },
}


@pytest.mark.parametrize("layers", RIGHT.values(), ids=RIGHT)
def test_own_labels_are_right(
    layers: dict[str, Any], annotated: Any, harbour: Path, cli: Run
) -> None:
    """What the checks know of the base scheme's labels is no error about labels of one's own."""
    for record in layers.get("relations", ()):
        record["evidence"] = [0]
    put(harbour, with_records(annotated, **layers))
    assert (0, "", "") == cli("validate", harbour)


def test_checks_know_own_labels(annotated: Any, harbour: Path, cli: Run) -> None:
    """Roles and families that the scheme states are checked, and messages name own labels."""
    value = with_records(
        annotated,
        event_relations=[{"type": "AGGRAVATES", "source": "t1", "target": "ev4"}],
        relations=[
            {
                "id": "r2",
                "type": "HEAD_OF_STATE",
                "source": "zak",
                "target": "ahmad",
                "evidence": [0],
            }
        ],
    )
    value["events"][0]["arguments"][0]["ace_role"] = "Victim"
    value["events"][1]["arguments"] = [{"role": "PLACE", "target": "m3", "ace_role": "Victim"}]
    put(harbour, value)
    out = cli("validate", harbour).out
    assert "SEA.COLLISION has Place, Agent" in out
    assert 1 == out.count("E401"), "a type without `roles` has any"
    assert "AGGRAVATES with 't1'" in out
    assert "E406" in out
    value["entities"][0]["type"] = "WORK_OF_ART"
    (harbour / f"corpus/documents/{FERRY}.json").write_bytes(orjson.dumps(value))
    out = cli("validate", harbour).out
    assert "FAC, PRODUCT, LAW, VESSEL, PORT" in out


def test_a_role_without_its_layer_is_filled_from_others(tmp_path: Path, annotated: Any) -> None:
    """Without time expressions, TIME is annotated as a mention."""
    from statevisit.checks.corpus import validate

    root = tmp_path / "few"
    make(root, scheme_of_layers(("mentions", "entities", "events", "event_chains")))
    value = within(json.loads(json.dumps(annotated)), scheme_at(root))
    value["events"][0]["arguments"][0] |= {"role": "TIME"}
    put(root, value)
    assert [] == [str(finding) for finding in validate(root)]


def test_the_words_of_an_own_kind_are_not_read(annotated: Any, harbour: Path, cli: Run) -> None:
    """The words "3.5 m" of a kind of one's own may be in any unit: `m` may be a million."""
    value = with_records(annotated)
    value["quantities"][1] |= {"value": "350", "unit": "cm"}
    put(harbour, value)
    assert (0, "", "") == cli("validate", harbour)


def test_fix_keeps_own_properties(annotated: Any, harbour: Path, cli: Run) -> None:
    """`--fix` mends the order and keeps the properties of every record."""
    path = harbour / f"corpus/documents/{FERRY}.json"
    value = with_records(annotated)
    value["mentions"].reverse()
    value["tokens"][2]["end"] += 1
    path.write_bytes(orjson.dumps(value))
    assert 0 == cli("validate", "--fix", harbour).status
    assert annotated == json.loads(path.read_bytes())
