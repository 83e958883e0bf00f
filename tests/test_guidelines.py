"""The guidelines: current, independent of the article, and the pilot behind them recomputed."""

import re
import subprocess
import sys
from pathlib import Path

import orjson
import pytest

from statevisit import load
from statevisit.document.model import Document
from statevisit.document.scheme import base
from statevisit.errors import FormatError
from statevisit.publishing.card import renewed_pages
from statevisit.publishing.manifest import Overview
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
    about = Overview(manifest, base(), ("en",), ())
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


def test_every_label_has_an_example() -> None:
    """The text names every label that an annotator chooses, beside the tables."""
    words = set(re.findall(r"[\w-]+", _own_words()))
    for layer, prop in base().inventories:
        names = {name.rpartition(".")[2] for name in base().label_names(layer, prop)}
        assert set() == names - words, (layer, prop)


def test_the_guidelines_are_half_as_long_as_those_of_1() -> None:
    """Guidelines 1.0 had 10,625 words, tables included."""
    assert 10_625 / 2 >= len(GUIDELINES.split())


def _grams(text: str, size: int) -> set[tuple[str, ...]]:
    words = re.findall(r"\w+", text.lower())
    return set(zip(*(words[i:] for i in range(size)), strict=False))


@pytest.mark.parametrize(
    "text",
    [_own_words(), *(path.read_text(encoding="utf-8") for path in PILOT.glob("seeds/*.txt"))],
)
def test_no_example_is_from_the_article(article: Document, text: str) -> None:
    """No four words in a row are the article's, so these pages do not give its annotation away."""
    assert set() == _grams(text, 4) & _grams(article.text, 4)


def test_every_layer_has_its_section_and_its_paragraphs_are_numbered() -> None:
    """An adjudicator can cite a paragraph by number: each number is used once."""
    numbers = re.findall(r"^\*\*(\d+\.\d+[a-z]?)\*\*", GUIDELINES, re.MULTILINE)
    assert len(numbers) == len(set(numbers))
    assert len(numbers) > 60
    assert {str(n) for n in range(1, 11)} == {n.partition(".")[0] for n in numbers}


def test_the_published_figures_are_these() -> None:
    """The page of the corpus has the agreement of article, pilot and unseen text, as measured."""
    printed = subprocess.run(
        [sys.executable, "scripts/agreement.py"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=ROOT,
        check=True,
    ).stdout
    assert printed in (ROOT / "corpus/README.md").read_text(encoding="utf-8")
    assert 20 < printed.count("\n")


def test_the_pilot_is_valid() -> None:
    """The annotations of the pilot are documents of the present schema with these texts."""
    for name in "ab":
        pilot = load(PILOT / "corpus/annotators" / name)
        assert [f"pilot-{n}" for n in (1, 2, 3, 4)] == sorted(pilot.ids)
        for document in pilot:
            seed = (PILOT / "seeds" / document.source.file).read_text(encoding="utf-8")
            assert document.text == seed[document.source.header_length :]
