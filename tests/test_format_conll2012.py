"""CoNLL-2012 coreference: a public scorer reads it, and finds what is there."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from scorch import conll, scores

from statevisit.document.model import Document
from statevisit.formats import conll2012
from statevisit.formats.texts import AnnotatedText, Annotation, Cluster
from statevisit.formats.vocabulary import text_of
from tests.conftest import DOC_ID, Result
from tests.strategies import documents

Run = Callable[..., Result]
METRICS = ("muc", "b_cubed", "ceaf_m", "ceaf_e", "blanc")


def _entities(content: str) -> list[set[tuple[int, str, str]]]:
    """The entities of a document as the scorer reads them."""
    ((_, entities),) = conll.parse_file(content.splitlines(keepends=True))
    return [set(mentions) for mentions in entities.values()]


@pytest.fixture
def exported(corpus: Path, cli: Run) -> Path:
    """The shipped document in the form of CoNLL-2012."""
    result = cli("export", "--to", "conll2012", "-o", corpus / "out", "--path", corpus)
    assert 0 == result.status
    return corpus / "out"


@pytest.mark.parametrize("metric", METRICS)
def test_a_scorer_gives_gold_against_gold_everything(metric: str, exported: Path) -> None:
    """MUC, B3, CEAF and BLANC of a file against itself are 1, and less for a damaged one."""
    content = next(f for f in exported.glob("*.conll") if "events" not in f.name).read_text()
    gold = _entities(content)
    score = getattr(scores, metric)
    assert (1.0, 1.0, 1.0) == score(gold, gold)
    damaged = _entities(re.sub(r"(?m)\((\d)\)$", r"(9\1)", content))
    assert 1.0 > score(gold, damaged)[2]


def test_the_scorer_finds_the_mentions(exported: Path, article: Document) -> None:
    """The chains have as many mentions as the entities of the document, by sentence and word."""
    (main,) = (f for f in exported.glob("*.conll") if "events" not in f.name)
    sizes = sorted(len(article.mentions_of(entity)) for entity in article.entities)
    assert [n for n in sizes if n] == sorted(map(len, _entities(main.read_text())))
    (events,) = exported.glob("*.events.conll")
    chains = sorted(len(article.events_of(chain)) for chain in article.event_chains)
    assert [n for n in chains if n] == sorted(map(len, _entities(events.read_text())))


def test_the_lines_have_twelve_columns(exported: Path, article: Document) -> None:
    """Words are numbered in their sentences, and nothing but the chains is made up."""
    (main,) = (f for f in exported.glob("*.conll") if "events" not in f.name)
    lines = main.read_text().splitlines()
    assert f"#begin document ({DOC_ID}); part 000" == lines[0]
    assert "#end document" == lines[-1]
    rows = [line.split("\t") for line in lines[1:-1] if line]
    assert {12} == {len(row) for row in rows}
    assert [article.text_of(token) for token in article.tokens] == [row[3] for row in rows]
    assert {"-"} == {column for row in rows for column in row[4:11]}
    assert len(article.sentences) == sum(row[2] == "0" for row in rows)


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(document=documents())
def test_any_document_can_be_scored(document: Document) -> None:
    """White space in words and brackets in texts do not confuse a scorer."""
    parts: dict[str, str] = {}
    for name, content in conll2012.write([text_of(document)]):
        parts[name] = parts.get(name, "") + content.decode()
    rows = [line for line in re.split("\n", parts["corpus.conll"]) if line and line[0] != "#"]
    assert {12} >= {len(row.split()) for row in rows}
    mentions = {(m.entity, m.start, m.end) for m in document.mentions if m.entity}
    opened = sum(len(re.findall(r"\(\d+", row.split()[-1])) for row in rows)
    assert len(mentions) == opened


def test_brackets_are_in_the_order_that_scorers_expect() -> None:
    """The longest opens first; the last that was opened is closed first; a span stands once."""
    spans = [(0, 5), (0, 3), (4, 5), (0, 5)]
    annotations = [Annotation(f"a{n}", *span, "x") for n, span in enumerate(spans)]
    clusters = [Cluster("one", ["a0", "a3"]), Cluster("two", ["a1"]), Cluster("three", ["a2"])]
    text = AnnotatedText("t", "abc d", annotations=annotations, clusters=clusters)
    ((name, content),) = conll2012.write([text])
    assert "corpus.conll" == name
    chains = [line.split("\t")[-1] for line in content.decode().splitlines()[1:3]]
    assert ["(0|(1)", "(2)|0)"] == chains
