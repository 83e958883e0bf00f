"""`corpus/croissant.json` is valid for mlcroissant and agrees with dataset and release."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from statevisit import load_dataset
from statevisit.dataset.configs import configs
from statevisit.document.scheme import base
from statevisit.publishing import shards
from tests.conftest import ROOT, Result, oracle

mlcroissant = oracle("mlcroissant")

FILE = ROOT / "corpus/croissant.json"


@pytest.fixture(scope="module")
def described() -> Any:
    """The shipped metadata as mlcroissant reads them."""
    return mlcroissant.Dataset(FILE)


def _plain(value: Any) -> Any:
    """Convert a value of mlcroissant's to the form that `datasets` gives."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, dict):
        return {k.rsplit("/", 1)[-1]: _plain(v) for k, v in value.items()}
    if isinstance(value, list) or type(value).__name__ == "ndarray":
        return [_plain(v) for v in value]
    if type(value).__name__ == "Timestamp":
        return value.date()
    return (
        None
        if value is None or value != value
        else value.item()
        if hasattr(value, "item")
        else value
    )


def test_mlcroissant_finds_nothing_wrong(described: Any) -> None:
    """The metadata are valid and have everything that mlcroissant recommends."""
    issues = described.metadata.ctx.issues
    assert (set(), set()) == (issues.errors, issues.warnings)


@pytest.mark.parametrize("config", [c for c in configs(base()) if c != "documents"])
def test_the_records_are_those_of_the_dataset(described: Any, config: str) -> None:
    """Iterating a record set gives the rows of the config; mlcroissant checks the files' hashes."""
    rows = load_dataset(config, ROOT, split="train").to_list()
    records = [_plain(r) for r in described.records(config)]
    assert len(rows) == len(records)
    flat = [
        k for k, v in rows[0].items() if not (isinstance(v, list) and v and isinstance(v[0], dict))
    ]
    assert [{k: r[k] for k in flat} for r in rows] == [{k: r[k] for k in flat} for r in records]


def test_the_documents_are_iterated_too(described: Any) -> None:
    """The nested config has one record a document, with its text and layers.

    Deeper nested values are in the flat configs only.
    """
    (record,) = [_plain(r) for r in described.records("documents")]
    (row,) = load_dataset("documents", ROOT, split="train").to_list()
    assert (row["id"], row["text"]) == (record["id"], record["text"])
    assert set(row) == set(record)
    for layer in ("mentions", "events", "tokens", "event_relations"):
        assert len(row[layer]) == len(record[layer])
        for key in record[layer][0]:
            assert [r[key] for r in row[layer]] == [r[key] for r in record[layer]]


def test_the_responsible_part_says_what_the_release_knows() -> None:
    """Protocol, annotators' kinds, agreement and known biases are those of the corpus's files."""
    value = orjson.loads(FILE.read_bytes())
    manifest = orjson.loads((ROOT / "corpus/release.json").read_bytes())
    (path,) = (ROOT / "corpus/documents").glob("*.json")
    named = orjson.loads(path.read_bytes())["annotators"]
    listed = orjson.loads((ROOT / "corpus/annotators.json").read_bytes())["annotators"]
    annotators = [a for a in listed if a["id"] in named]
    assert "by the guidelines" in value["rai:dataAnnotationProtocol"]
    assert [True] * len(annotators) == [
        f"{a['name']} ({a['kind']})" in line
        for a, line in zip(annotators, value["rai:annotatorDemographics"], strict=True)
    ]
    assert len(manifest["agreement"]["figures"]) == len(value["rai:dataAnnotationAnalysis"])
    assert any("one side's view of a contested matter" in bias for bias in value["rai:dataBiases"])


def test_a_changed_file_is_noticed(tmp_path: Path) -> None:
    """Iterating the records of Parquet with another hash than in the metadata fails."""
    shutil.copytree(ROOT / "corpus", tmp_path / "corpus")
    path = tmp_path / "corpus/parquet/ner/train-00000-of-00001.parquet"
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(mlcroissant.GenerationError) as error:
        list(mlcroissant.Dataset(tmp_path / "corpus/croissant.json").records("ner"))
    assert "Hash of downloaded file" in repr(error.value.__cause__)


@pytest.mark.slow
def test_several_files_are_several_record_sets(
    tmp_path: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A config in two files is two record sets, so that no row is left out."""
    for name in ("corpus", "seeds"):
        shutil.copytree(ROOT / name, tmp_path / name)
    shutil.copy(ROOT / "README.md", tmp_path)
    (one,) = (tmp_path / "corpus/documents").glob("*.json")
    one.with_name("copy.json").write_bytes(one.read_bytes().replace(one.stem.encode(), b"copy"))
    monkeypatch.setattr(shards, "SHARD", 1)
    assert 0 == cli("build", tmp_path, "--workers", "1").status
    described = mlcroissant.Dataset(tmp_path / "corpus/croissant.json")
    names = [r.id for r in described.metadata.record_sets if r.id.startswith("ner-")]
    assert ["ner-train-00000-of-00002", "ner-train-00001-of-00002"] == names
    assert [22, 22] == [len(list(described.records(n))) for n in names]
