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
from statevisit.document.model import Document
from statevisit.document.scheme import scheme_at, within
from tests.conftest import Result, required
from tests.repositories import begin, commit, git

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
    names = [re.match(r'\[\w+\."?(\w+)', block) for block in blocks]
    of_layers = [block for block, name in zip(blocks, names, strict=True) if name and name[1] in kept]
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
    assert (0, "", "") == cli("validate", root)
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
