"""Three corpora of strangers, made through the command line alone, from init to the next release.

A maritime one has labels, properties and layers of its own, and splits. One in Turkish and Arabic
has names only, and half of its texts are not begun. One of 300 files in many forms has 20 bad ones.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import statevisit
from tests.conftest import oracle
from tests.repositories import begin, commit
from tests.strangers import (
    MARITIME,
    Cli,
    annotate,
    done,
    ingest_names,
    ingest_voyages,
    mixed_files,
)

datasets = oracle("datasets")

pytestmark = pytest.mark.slow


@pytest.fixture
def made(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, identity: None
) -> Callable[..., Path]:
    """Make a corpus with `init`, without its example, in a git repository; go there."""

    def make(*options: object) -> Path:
        root = tmp_path / "corpus-of-mine"
        done(cli("init", root, *options))
        monkeypatch.chdir(root)
        done(cli("remove", "example", "--yes"))
        begin(root)
        return root

    return make


def _loaded(root: Path, cache: Path) -> dict[str, Any]:
    """Every config with every split, as `datasets` loads it."""
    names = datasets.get_dataset_config_names(str(root))
    return {name: datasets.load_dataset(str(root), name, cache_dir=str(cache)) for name in names}


def test_a_maritime_corpus(made: Callable[..., Path], cli: Cli, tmp_path: Path) -> None:
    """Own types of entities and events, two properties, four layers, dev and test; two releases."""
    (tmp_path / "maritime.toml").write_text(MARITIME)
    root = made("--scheme", tmp_path / "maritime.toml")
    ingest_voyages(cli, root, tmp_path)
    assert "" == done(cli("validate"))
    done(cli("build"))
    _the_maritime_dataset(root, tmp_path / "cache")
    report = json.loads(
        done(cli("score", ".", "corpus/annotators/ben", "--split", "test", "--json"))
    )
    assert 2 == report["documents"]
    agreement = done(cli("agree", "corpus/annotators/anna", "corpus/annotators/ben"))
    assert "certainty" in agreement
    commit(root, "Annotate the first voyages")
    done(cli("release", "--version", "1.0.0"))
    with (root / "schema/scheme.toml").open("a") as file:
        file.write('\n[labels."entities.type".BUOY]\ndescription = "A buoy."\n')
    done(cli("scheme"))
    aida = root / "corpus/documents/aida.json"
    aida.write_text(aida.read_text().replace('"knots":10', '"knots":11'))
    assert "" == done(cli("validate"))
    done(cli("build"))
    commit(root, "Add a label, correct a speed")
    done(cli("release"))
    assert "1.1.0" == statevisit.load(root).version
    changes = done(cli("diff", "v1.0.0", "v1.1.0"))
    assert "knots: 10 → 11" in changes
    assert 6 == len(statevisit.load(root, version="1.0.0"))


def _the_maritime_dataset(root: Path, cache: Path) -> None:
    """Every config and split has the labels, properties and values of the drafts."""
    tables = _loaded(root, cache)
    assert {"documents", "entities", "events", "quantities", "ner"} == set(tables)
    for splits in tables.values():
        assert {"dev", "test"} == set(splits)
    entities = tables["entities"]["test"]
    assert "VESSEL" == entities.features["type"].names[-1]
    assert "LANGUAGE" not in entities.features["type"].names
    by_name = {row["text"]: row for row in entities}
    certainty = entities.features["certainty"].names
    assert ("SURE", None) == (certainty[by_name["Aida"]["certainty"]], by_name["Riga"]["certainty"])
    assert [10, 11] == tables["events"]["test"]["knots"]
    assert "event" not in tables["events"]["test"].features
    tags = tables["ner"]["dev"].features["ner_tags"].feature.names
    assert "B-VESSEL" in {tags[tag] for row in tables["ner"]["dev"] for tag in row["ner_tags"]}
    source = tables["documents"]["test"][0]["source"]
    assert ("Aida leaves Riga", "Harbour News") == (source["title"], source["publisher"])
    assert {"berth": 0} == json.loads(source["extra"])


def test_a_corpus_ofmixed_files(made: Callable[..., Path], cli: Cli, tmp_path: Path) -> None:
    """Of 300 files the 280 good ones go in, each bad one is named, and the whole corpus works."""
    root = made("--layers", "mentions,entities,quantities")
    folder = tmp_path / "files"
    folder.mkdir()
    texts = mixed_files(folder)
    ingested = cli("ingest", folder, "--date", "2025-06-01", "--normalise")
    assert (1, texts) == (ingested.status, len(statevisit.load(root)))
    for number in range(20):
        assert 1 == ingested.err.count(f"/bad{number}.")
    assert f"20 of {texts + 20} texts were left out" in ingested.err
    assert "" == done(cli("validate"))
    for document in statevisit.load(root)[:40]:
        number = document.text.split(maxsplit=1)[0]
        quantity = {"kind": "CARDINAL", "value": number, "unit": "person", "comparator": "EXACT"}
        draft = {"id": document.id, "quantities": [{"quote": number, "occurrence": 1, **quantity}]}
        annotate(cli, root, draft)
    done(cli("split", "--ratio", "80,10,10", "--seed", "3"))
    done(cli("validate"))
    done(cli("build"))
    tables = _loaded(root, tmp_path / "cache")
    assert {"train", "validation", "test"} == set(tables["documents"])
    assert texts == sum(splits.num_rows for splits in tables["documents"].values())
    assert 40 == sum(splits.num_rows for splits in tables["quantities"].values())
    assert "entities" not in tables
    report = json.loads(done(cli("score", ".", ".", "--layer", "quantities", "--json")))
    assert report["documents"] >= 40
    commit(root, "Begin with the quantities")
    done(cli("release", "--version", "0.1.0"))
    before = {path.name: path.read_bytes() for path in (root / "corpus/documents").iterdir()}
    first = min(statevisit.load(root).ids)
    done(cli("remove", first, "--yes"))
    done(cli("build"))
    assert len(before) - 1 == len(statevisit.load(root))
    assert f"document\n    - {first}\n" in done(cli("diff", "v0.1.0", "."))


def test_names_in_turkish_and_arabic(made: Callable[..., Path], cli: Cli, tmp_path: Path) -> None:
    """Half of the texts have their names, the others are not begun: they are absent, not empty."""
    root = made("--layers", "mentions,entities")
    ingest_names(cli, root, tmp_path)
    done(cli("validate"))
    done(cli("build"))
    tables = _loaded(root, tmp_path / "cache")
    assert 8 == tables["documents"]["train"].num_rows
    begun = {"tr0", "tr2", "ar0", "ar2"}
    assert begun == set(tables["entities"]["train"]["document"])
    assert begun == set(tables["ner"]["train"]["document"])
    assert {"Emine", "Bakü", "İzmir", "أمينة", "القاهرة"} == set(
        tables["entities"]["train"]["text"]
    )
    page = tmp_path / "ar0.html"
    done(cli("show", "ar0", "--html", page))
    assert 'dir="auto"' in page.read_text(encoding="utf-8") or 'dir="rtl"' in page.read_text(
        "utf-8"
    )
    report = json.loads(done(cli("score", ".", ".", "--json")))
    notes = [note["message"] for note in report["notes"]]
    assert 4 == report["documents"]
    assert any("nothing annotated in 4 of 8 documents" in note for note in notes)
    (exact,) = [
        figure["f1"]
        for figure in report["figures"]
        if (figure["layer"], figure["measure"], figure["average"]) == ("mentions", "exact", "micro")
    ]
    assert 1.0 == exact
    commit(root, "The first names")
    done(cli("release", "--version", "0.1.0"))
