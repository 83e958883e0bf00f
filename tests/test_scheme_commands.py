"""A corpus with a scheme of its own: every command obeys it."""

import json
import re
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import statevisit
from statevisit.cli.main import run
from statevisit.dataset.views import views
from statevisit.document import schema_errors
from statevisit.document.codec import decode, encode, ordered, to_value
from statevisit.document.model import LAYERS, Document
from statevisit.document.scheme import Scheme, base, scheme_at, scheme_from
from statevisit.document.scheme_change import within
from statevisit.errors import FormatError
from tests.conftest import Result, required
from tests.repositories import begin, commit
from tests.strategies import documents

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
    assert 0 == run(
        ["anchor", str(draft), "--document", str(path), "--done", "all", "-o", str(path)]
    )
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


@pytest.mark.parametrize(("layer", "name"), [("tokens", "pos"), ("sentences", "topic")])
def test_own_properties_of_every_token_are_checked(
    layer: str, name: str, annotated: Any, harbour: Path, cli: Run
) -> None:
    """A label that the scheme lacks is an error, on whichever token or sentence it is."""
    records = annotated[layer]
    for number in range(len(records)):
        others = [
            record | ({name: "NONE"} if i == number else {}) for i, record in enumerate(records)
        ]
        put(harbour, annotated | {layer: others})
        result = cli("validate", harbour)
        assert 1 == result.status
        assert f"/{layer}/{number}/{name}" in result.out
        assert "1 finding: 1 error" in result.err


def test_fix_keeps_own_properties(annotated: Any, harbour: Path, cli: Run) -> None:
    """`--fix` mends the order and keeps the properties of every record."""
    path = harbour / f"corpus/documents/{FERRY}.json"
    value = with_records(annotated)
    value["mentions"].reverse()
    value["tokens"][2]["end"] += 1
    path.write_bytes(orjson.dumps(value))
    assert 0 == cli("validate", "--fix", harbour).status
    assert annotated == json.loads(path.read_bytes())


def test_quote_notation_takes_own_properties(
    made: Path, tmp_path: Path, cli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The schema of a draft is valid and accepts own labels and properties; so does `anchor`."""
    jsonschema = required("jsonschema")
    draft = json.loads((DATA / "ferry.draft.json").read_bytes())
    monkeypatch.chdir(made)
    schema = json.loads(cli("score", "--draft-schema").out)
    jsonschema.Draft202012Validator.check_schema(schema)
    draft.pop("annotators")
    jsonschema.validate(draft, schema)
    draft["mentions"][0]["certainty"] = "MAYBE"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(draft, schema)
    path = tmp_path / "draft.json"
    path.write_text(json.dumps(draft))
    file = made / f"corpus/documents/{FERRY}.json"
    refused = cli("anchor", path, "--document", file, "-o", tmp_path / "out.json")
    assert '`certainty` is "MAYBE"; it must be one of SURE, UNSURE' in refused.err


def test_a_draft_is_scored_on_own_labels(made: Path, tmp_path: Path, cli: Run) -> None:
    """Own types and properties of a prediction count; a wrong value costs its figure."""
    draft = json.loads((DATA / "ferry.draft.json").read_bytes())
    draft["mentions"][0]["certainty"] = "UNSURE"
    draft["entities"][2]["type"] = "VESSEL"
    draft["events"][0]["severity"] = 7
    path = tmp_path / "draft.json"
    path.write_text(json.dumps(draft))
    scored = json.loads(cli("score", made, path, "--format", "json").out)
    f1 = {
        (f["layer"], f["measure"], f.get("label")): f.get("f1")
        for f in scored["figures"]
        if f["average"] != "macro"
    }
    assert f1["mentions", "certainty (matched)", None] == 0.5
    assert f1["mentions", "imo (matched)", None] == 1
    assert f1["events", "severity (matched)", None] == 0.75
    assert f1["mentions", "strict", "PORT"] == 0
    assert 0 < f1["mentions", "strict", "VESSEL"] < 1


def test_own_properties_are_compared_and_kept(
    annotated: Any, made: Path, tmp_path: Path, cli: Run
) -> None:
    """A difference in an own property is a disagreement; the decision about it is kept."""
    from statevisit.annotation.adjudication import adjudicated, disagreements

    def read(value: Any) -> Document:
        return decode(orjson.dumps(value), "value", scheme_at(made))

    other = with_records(annotated)
    other["mentions"][0] |= {"certainty": "UNSURE", "id": "m90"}
    other["entities"][0]["imo"] = 1
    other["events"][0]["arguments"][0]["implied"] = True
    other["events"][0]["arguments"][0]["target"] = "m90"
    a, b = read(annotated), read(other)
    found = disagreements(a, b)
    assert [("mentions", "m1"), ("entities", "zarya"), ("events", "ev1")] == [
        (d.layer, d.record) for d in found
    ]
    decided = [replace(d, decision="b", reason="4.2") for d in found]
    result = adjudicated(a, b, decided, "example")
    assert ("UNSURE", 1, True) == (
        result["m1"].certainty,
        result["zarya"].imo,
        result["ev1"].arguments[0].implied,
    )
    agreement = statevisit.agree(a, b)
    kappa = {(c.layer, c.of): c.value for c in agreement.coefficients if c.coefficient == "kappa"}
    assert kappa["events", "severity"] == 1
    assert kappa["mentions", "certainty"] < 1


def test_merge_and_realign_keep_own_properties(annotated: Any, made: Path) -> None:
    """Both sides of a merge, and a document moved to a corrected text, keep own properties."""
    from statevisit.annotation.ingest import segment
    from statevisit.annotation.merge import merge
    from statevisit.annotation.realign import realign

    def read(value: Any) -> Document:
        return decode(orjson.dumps(value), "value", scheme_at(made))

    base = read(annotated)
    theirs, ours = with_records(annotated), with_records(annotated)
    theirs["mentions"][1]["certainty"] = "SURE"
    theirs["events"][0]["arguments"][0]["implied"] = True
    ours["mentions"][1]["note"] = "ours"
    merged, conflicts = merge(base, read(theirs), read(ours))
    assert [] == conflicts
    assert ("SURE", "ours") == (merged["m2"].certainty, merged["m2"].note)
    assert merged["ev1"].arguments[0].implied
    ours["mentions"][1]["certainty"] = None
    del ours["mentions"][1]["certainty"]
    _, conflicts = merge(base, read(theirs), read(ours))
    assert ["certainty was 'UNSURE', is 'SURE'"] == [
        re.search("certainty was .* is 'SURE'", c.message)[0] for c in conflicts
    ]
    text = base.text.replace("ferry", "Ferry").replace("Monday", "Munday")
    moved, _ = realign(base, text, base.source, base.date, segment)
    assert moved is not None
    assert ("NOUN", "ferry") == (moved.tokens[1].pos, moved.tokens[1].lemma)
    assert None is moved.tokens[5].pos
    assert "SHIP" == moved.sentences[0].topic
    assert ("SURE", 3) == (moved["m1"].certainty, moved["t1"].source_line)


def test_a_changed_scheme_is_a_change_of_the_schema(
    harbour: Path, cli: Run, identity: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A label or property more needs a minor version, one less a major one; old versions load."""
    assert 0 == cli("release", "--version", "1.0.0", harbour).status
    scheme = harbour / "schema/scheme.toml"
    old = scheme.read_text()

    def planned(text: str) -> str:
        scheme.write_text(text)
        assert 0 == cli("scheme", harbour).status
        assert 0 == cli("build", harbour).status
        commit(harbour)
        return cli("release", "--dry-run", harbour).out

    assert "would release 1.1.0" in planned(old + '[attributes.entities.built]\ntype = "integer"\n')
    assert "would release 1.1.0" in planned(old + '[labels."entities.type".BUOY]\n')
    removed = old + '[labels."entities.type".LAW]\nremove = true\n'
    assert "would release 2.0.0" in planned(removed)
    path = harbour / f"corpus/documents/{FERRY}.json"
    value = json.loads(path.read_bytes())
    value["entities"][0]["built"] = 1978
    scheme.write_text(old + '[attributes.entities.built]\ntype = "integer"\n')
    path.write_bytes(orjson.dumps(value))
    assert 0 == cli("scheme", harbour).status
    put(harbour, value)
    assert 0 == cli("build", harbour).status
    monkeypatch.chdir(harbour)
    differences = cli("diff", "1.0.0", harbour).out
    assert "zarya" in differences
    assert 1 == differences.count("built"), differences
    before = statevisit.load(harbour, version="1.0.0")
    assert before.scheme is not statevisit.load(harbour).scheme
    assert not hasattr(before[FERRY]["zarya"], "built")
    assert 9123456 == before[FERRY]["zarya"].imo


def test_the_scheme_is_published(harbour: Path, hub: Any, cli: Run, identity: None) -> None:
    """A version on the Hub has its scheme.toml, and is read back under it."""
    assert 0 == cli("release", "--version", "1.0.0", harbour).status
    published = cli("publish", "--repo", "owner/ferries", harbour)
    assert 0 == published.status, published.err
    corpus = statevisit.load(harbour, version="1.0.0", repo="owner/ferries")
    assert 9123456 == corpus[FERRY]["zarya"].imo
    shutil.rmtree(harbour / ".git")
    (harbour / "corpus/release.json").write_text('{"version": "2.0.0", "files": []}')
    corpus = statevisit.load(harbour, version="1.0.0", repo="owner/ferries")
    assert "VESSEL" in corpus.scheme.label_names("entities", "type")
    assert "SURE" == corpus[FERRY]["m1"].certainty


FIXED = {
    *(("entities", "nil"), ("entities", "reference")),
    *(("timexes", "type"), ("quantities", "comparator"), ("events", "level")),
}
"""Inventories whose labels stay: tools write some, and others decide what a record has."""

BASE_LABELS = {
    inventory: base().label_names(*inventory)
    for inventory in base().inventories
    if inventory not in FIXED
}
DROPPED = (
    ("mentions", "entities", "relations"),
    ("events", "event_chains", "event_relations"),
    ("timexes",),
    ("quantities",),
    ("relations",),
    ("event_relations",),
    ("quotations",),
)
"""Layers that can be left out together."""

KINDS: dict[str, st.SearchStrategy[Any]] = {
    "string": st.text(st.characters(codec="utf-8"), min_size=1, max_size=8),
    "integer": st.integers(-(2**53) + 1, 2**53 - 1),
    "number": st.floats(-1e300, 1e300),
    "boolean": st.booleans(),
    "labels": st.sampled_from(("YES", "NO-1", "Belki_ı")),
}
"""The values of properties of each type, and of one with labels."""


def some_of(values: list[Any], at_most: int) -> st.SearchStrategy[list[Any]]:
    """A few of some values, of which there may be none."""
    if not values:
        return st.just([])
    return st.lists(st.sampled_from(values), unique=True, max_size=at_most)


@st.composite
def schemes(draw: st.DrawFn) -> tuple[str, dict[str, dict[str, str]]]:
    """A scheme.toml, and the types of its properties by layer."""
    dropped = {layer for group in draw(st.sets(st.sampled_from(DROPPED))) for layer in group}
    layers = [layer for layer in LAYERS if layer not in dropped]
    lines = ["base = 2", f"layers = {json.dumps(layers)}"]
    known = [*layers, *(["arguments"] if "events" in layers else [])]
    inventories = [key for key in BASE_LABELS if key[0] in known]
    for layer, prop in draw(some_of(inventories, 3)):
        removed = draw(st.sets(st.sampled_from(BASE_LABELS[layer, prop])))
        lines.append(f'[labels."{layer}.{prop}"]\nOWN_{layer.upper()} = "A label of our own."')
        lines += [f"{label!r} = {{ remove = true }}" for label in sorted(removed)]
    attributes: dict[str, dict[str, str]] = {}
    for layer in draw(some_of(known, 4)):
        kinds = draw(st.lists(st.sampled_from(sorted(KINDS)), min_size=1, max_size=3))
        attributes[layer] = {f"{layer[:-1]}_{n}": kind for n, kind in enumerate(kinds)}
        for name, kind in attributes[layer].items():
            stated = '["YES", "NO-1", "Belki_ı"]' if kind == "labels" else json.dumps(kind)
            key = "labels" if kind == "labels" else "type"
            lines.append(f"[attributes.{layer}.{name}]\n{key} = {stated}")
    return "\n".join(lines) + "\n", attributes


@st.composite
def documents_of_schemes(draw: st.DrawFn) -> tuple[Scheme, Any]:
    """A scheme, and a document of the base scheme reduced to it, with values of its properties."""
    text, attributes = draw(schemes())
    scheme = scheme_from(text.encode(), "scheme.toml")
    value = within(to_value(draw(documents(max_tokens=8, max_records=3))), scheme)
    events = value.get("events", ())
    arguments = [argument for event in events for argument in event.get("arguments", ())]
    for layer in scheme.with_arguments:
        for record in arguments if layer == "arguments" else value[layer]:
            for prop in scheme.properties(layer):
                names = scheme.label_names(layer, prop)
                if names and record.get(prop) not in (None, *names):
                    record[prop] = names[-1]
            for name, kind in attributes.get(layer, {}).items():
                if draw(st.booleans()):
                    record[name] = draw(KINDS[kind])
    return scheme, value


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(documents_of_schemes(), st.data())
def test_documents_of_any_scheme(drawn: tuple[Scheme, Any], data: st.DataObject) -> None:
    """The schema of any scheme is valid, the engines agree, and every form comes back whole."""
    from statevisit.dataset import arrow
    from statevisit.dataset.configs import configs
    from statevisit.publishing.textless import restore, strip

    jsonschema = required("jsonschema")
    scheme, value = drawn
    jsonschema.Draft202012Validator.check_schema(scheme.value)
    jsonschema.Draft202012Validator.check_schema(scheme.annotations_only.value)
    assert [] == list(schema_errors.errors(value, scheme))
    assert schema_errors.oracle(scheme).is_valid(value)
    document = decode(orjson.dumps(value), "value", scheme)
    encoded = encode(document)
    assert ordered(document) == decode(encoded, "encoded", scheme)
    assert encoded == encode(decode(encoded, "encoded", scheme))
    tables = arrow.to_tables([document], scheme)
    assert [encoded] == [encode(d) for d in arrow.from_table(tables["documents"], scheme)]
    assert configs(scheme) == tuple(tables)
    stripped = strip(document)
    assert [] == list(schema_errors.errors(stripped, scheme.annotations_only))
    assert encoded == encode(restore(stripped, document.text.encode(), "seed", scheme))
    layer = data.draw(st.sampled_from(scheme.with_arguments[2:] or scheme.layers))
    if layer != "arguments" and value[layer]:
        value[layer][0]["nonsense"] = data.draw(st.sampled_from((None, 1, "x")))
        assert not schema_errors.verdict(scheme).is_valid(value)
        assert not schema_errors.oracle(scheme).is_valid(value)


def test_a_table_of_labels_that_the_scheme_lacks_is_named(tmp_path: Path, cli: Run) -> None:
    """Guidelines with a table of a layer that was left out: the message names its line."""
    root = tmp_path / "few"
    make(root, scheme_of_layers(("mentions", "entities")))
    page = root / "schema/GUIDELINES.md"
    page.write_text("# How to\n\n<!-- generated: labels events.class -->\n<!-- end -->\n")
    for command in (("scheme",), ("build",)):
        done = cli(*command, root)
        assert 1 == done.status
        assert f"{page}:3: the scheme has no labels of events.class: remove the table" in done.err
    page.write_text("# How to\n\n<!-- generated: labels entities.type -->\n<!-- end -->\n")
    assert 0 == cli("scheme", root).status
    assert "| VESSEL | Vessel | A named ship or boat. |" in page.read_text()


def test_names_of_columns_are_no_properties() -> None:
    """A property cannot have the name of a column of a view, or of a place in the text."""
    taken = {
        name
        for view in views(base()).values()
        for column in view.columns
        for name in (column.name, *column.feature.get("feature", {}))
    }
    for name in sorted(
        {*taken, "split", "quote", "note_in_text", "prefix_sha256"} - {"_type", "dtype", "names"}
    ):
        with pytest.raises(FormatError, match=r"has a meaning already|cannot be an attribute"):
            scheme_from(f"base = 2\n[attributes.mentions.{name}]\ntype = 'string'\n".encode(), "x")
