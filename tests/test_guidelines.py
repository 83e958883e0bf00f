"""The guidelines: current, independent of the article, and the pilot behind them recomputed."""

import re
from pathlib import Path

import orjson
import pytest

from statevisit import load
from statevisit.document.model import Document
from statevisit.document.scheme import base
from statevisit.errors import FormatError
from statevisit.publishing.card import renewed_pages
from statevisit.publishing.manifest import Overview
from statevisit.scoring.score import score
from tests.conftest import ROOT

GUIDELINES = (ROOT / "schema/GUIDELINES.md").read_text(encoding="utf-8")
PILOT = ROOT / "tests/data/pilot"


_ELSEWHERE = {
    ("event_chains", "nil"),  # the same labels as entities.nil
    ("relations", "modality"),  # the same labels as event_relations.modality
    ("timexes", "mod"),
    ("quantities", "change"),
    ("events", "type"),
    ("events", "tense"),
    ("events", "aspect"),
    ("arguments", "ace_role"),
}
"""The inventories whose tables are in schema/README.md only."""


def _own_words() -> str:
    """The guidelines without the tables that are generated from the schema."""
    return re.sub(r"<!-- generated: .*?<!-- end -->", "", GUIDELINES, flags=re.DOTALL)


def test_the_label_tables_are_the_schemas(tmp_path: Path) -> None:
    """The inventories that an annotator chooses from have tables, generated from the schema.

    The long or plain ones are in schema/README.md only; the guidelines give examples of them.
    """
    manifest = orjson.loads((ROOT / "corpus/release.json").read_bytes())
    about = Overview(manifest, base(), ("en",), (), ())
    assert GUIDELINES.encode() == renewed_pages(ROOT, about)["schema/GUIDELINES.md"]
    tables = set(re.findall(r"<!-- generated: labels (\w+)\.(\w+) -->", GUIDELINES))
    assert set(base().inventories) - _ELSEWHERE == tables
    page = (ROOT / "schema/README.md").read_text(encoding="utf-8")
    for layer, prop in _ELSEWHERE:
        assert f"### {layer.replace('_', ' ')}: {prop}\n" in page
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema/GUIDELINES.md").write_text(
        "<!-- generated: labels events.colour -->\n<!-- end -->"
    )
    with pytest.raises(
        FormatError, match=r"GUIDELINES\.md:\d+: the scheme has no labels of events\.colour: "
    ):
        renewed_pages(tmp_path, about)
    (tmp_path / "schema/GUIDELINES.md").write_bytes(b"caf\xe9")
    with pytest.raises(FormatError, match=r"GUIDELINES\.md: is not UTF-8"):
        renewed_pages(tmp_path, about)
    assert {} == renewed_pages(tmp_path / "elsewhere", about)


def _grams(text: str, size: int) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return set(zip(*(words[i:] for i in range(size)), strict=False))


@pytest.mark.parametrize(
    "text",
    [_own_words(), *((PILOT / f"texts/pilot-{n}.txt").read_text(encoding="utf-8") for n in (1, 2))],
    ids=["guidelines", "pilot-1", "pilot-2"],
)
def test_no_example_is_from_the_article(article: Document, text: str) -> None:
    """No four words in a row are the article's, so these pages do not give its annotation away."""
    assert set() == _grams(text, 4) & _grams(article.text, 4)


def test_every_layer_has_its_section_and_its_paragraphs_are_numbered() -> None:
    """An adjudicator can cite a paragraph by number: each number is used once."""
    numbers = re.findall(r"^\*\*(\d+\.\d+[a-z]?)\*\*", GUIDELINES, re.MULTILINE)
    assert len(numbers) == len(set(numbers))
    assert len(numbers) > 80
    assert {str(n) for n in range(1, 11)} == {n.partition(".")[0] for n in numbers}


def test_the_pilots_figures_are_these() -> None:
    """The guidelines' figures on the pilot are the mean F1 over the pairs of its annotations."""
    stated = dict(
        re.findall(
            r"(mentions|times and quantities|event triggers|arguments|event relations) (\d\.\d\d)",
            GUIDELINES[GUIDELINES.index("mean F1:") :][:200],
        )
    )
    layers = {
        "mentions": "mentions",
        "times and quantities": "timexes",
        "event triggers": "events",
        "event relations": "event_relations",
    }
    passes = [load(PILOT / name) for name in "abc"]
    reports = [score(one, other) for i, one in enumerate(passes) for other in passes[i + 1 :]]

    def mean(layer: str, measure: str) -> str:
        return f"{sum(r.find(layer, measure).f1 for r in reports) / len(reports):.2f}"

    exact = {
        name: mean(layer, "strict" if layer == "event_relations" else "exact")
        for name, layer in layers.items()
    }
    assert stated == exact | {"arguments": mean("arguments", "end to end")}
    assert "1.00" == mean("quantities", "exact")
