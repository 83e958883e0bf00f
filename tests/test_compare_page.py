"""Two annotations of a text as a page: `score --html` and `diff --format html`."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from msgspec.structs import replace

from statevisit.corpus.documents import write_document
from statevisit.document.model import Document
from statevisit.document.records import Mention, Sentence
from statevisit.document.scheme import base
from statevisit.pages import compare_page
from statevisit.pages.compared import compared_versions
from statevisit.pages.comparison import section
from statevisit.pages.reader_page import render
from tests.conftest import Result
from tests.test_reader_page import HOSTILE, WCAG
from tests.test_score import disturbed

Cli = Callable[..., Result]

NAMES = ("a", "b")

SMALL = "Ann met Bob."


def _small(article: Document, name: str, *names: str) -> Document:
    """A document of a few words in which some are mentions, each of an entity of its own."""
    mentions = tuple(
        Mention(id=f"m{n}", start=at, end=at + len(word), text=word, level="NAM", entity=word)
        for n, word in enumerate(names)
        for at in [SMALL.index(word)]
    )
    layers = ("timexes", "quantities", "events", "event_chains", "relations", "event_relations")
    empty: dict[str, Any] = dict.fromkeys((*layers, "quotations", "tokens"), ())
    entities = tuple(
        replace(article.entities[0], id=word, name=word, wikidata=None, nil="NIL1")
        for word in names
    )
    sentences = (Sentence(start=0, end=len(SMALL), paragraph=0),)
    return replace(
        article,
        id=name,
        text=SMALL,
        mentions=mentions,
        entities=entities,
        sentences=sentences,
        **empty,
    )


@pytest.fixture
def versions(article: Document, tmp_path: Path) -> tuple[Path, Path]:
    """Two corpora of three documents: one is the same, one has lost a name, one both."""
    for number, lost in enumerate((0, 2, 1)):
        names = ("Ann", "Bob")
        for place, kept in (("old", names), ("new", names[lost:])):
            document = _small(article, f"doc-{number}", *kept)
            write_document(document, tmp_path / place / f"doc-{number}.json")
    return tmp_path / "old", tmp_path / "new"


def _renamed(document: Document) -> Document:
    """A document whose mentions have other ids."""
    ids = {mention.id: f"x{mention.id}" for mention in document.mentions}
    events = []
    for event in document.events:
        arguments = tuple(
            replace(argument, target=ids.get(argument.target, argument.target))
            for argument in event.arguments or ()
        )
        events.append(replace(event, arguments=arguments))
    return replace(
        document,
        mentions=tuple(replace(mention, id=ids[mention.id]) for mention in document.mentions),
        quantities=tuple(
            replace(q, measures=ids.get(q.measures or "", q.measures)) for q in document.quantities
        ),
        quotations=tuple(
            replace(q, sources=tuple(ids.get(s, s) for s in q.sources or ()))
            for q in document.quotations
        ),
        events=tuple(events),
    )


def test_ids_are_no_difference(article: Document) -> None:
    """Annotations that differ in nothing but the ids of their records agree throughout."""
    compared = compared_versions(article, _renamed(article), NAMES)
    assert [] == [pair for pair in compared.pairs if pair.status != "agreed"]
    assert "Both annotations are the same" in section(compared)


def test_each_edit_is_one_difference(article: Document) -> None:
    """A lost span, another value, argument or entity is one difference, with words."""
    first, *events = article.events
    mention = next(m for m in article.mentions if m.entity == "erdogan")
    edited = replace(
        article,
        mentions=tuple(
            replace(m, entity="aliyev") if m.id == mention.id else m
            for m in article.mentions
            if m.id != "m6"
        ),
        quantities=(replace(article.quantities[0], unit="trip"), *article.quantities[1:]),
        events=(replace(first, arguments=(first.arguments or ())[1:]), *events),
    )
    compared = compared_versions(article, edited, NAMES)
    told = {
        pair.first: (pair.status, [(d.name, d.first, d.second) for d in pair.differences])
        for pair in compared.pairs
        if pair.status != "agreed"
    }
    assert {
        "m6": ("first", []),
        mention.id: ("differing", [("entity", "Recep Tayyip Erdoğan", "Ilham Aliyev")]),
        "q1": ("differing", [("unit", "visit", "trip")]),
        "ev1": ("differing", [("arguments", "AGENT Recep Tayyip Erdoğan Entity", "–")]),
    } == told


def test_another_text_stands_beside_the_first(article: Document, tmp_path: Path, cli: Cli) -> None:
    """Of two texts, paragraphs with the same words stand in one row; spans are paired by id."""
    by = len("Yes. ")
    moved = {
        layer: tuple(
            replace(r, start=r.start + by, end=r.end + by) for r in getattr(article, layer)
        )
        for layer in ("sentences", "tokens", "mentions", "timexes", "events")
    }
    other = replace(article, text=f"Yes. {article.text}", quotations=(), quantities=(), **moved)
    one = replace(article, quotations=(), quantities=())
    compared = compared_versions(one, other, NAMES)
    spans = [pair for pair in compared.pairs if pair.layer in compared.layers]
    assert {"agreed"} == {pair.status for pair in spans}
    html = section(compared)
    assert html.count('class="row sentence"') in range(8, 40)
    assert 'id="sides"' not in html
    ids = re.findall(r' id="([^"]*)"', html)
    assert len(ids) == len(set(ids))


def test_the_documents_with_most_differences_come_first(
    versions: tuple[Path, Path], cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pages are of bounded size, lead to each other, and leave none of an earlier run."""
    old, new = versions
    target = tmp_path / "pages" / "report.html"
    monkeypatch.setattr(compare_page, "PAGE_SIZE", 10)
    assert 0 == cli("score", old, new, "--html", target, "--resamples", "0").status
    files = ["report-2.html", "report-3.html", "report.html"]
    assert files == sorted(path.name for path in target.parent.iterdir())
    first = target.read_text(encoding="utf-8")
    listed = re.findall(r'href="([^"?]*)\?document=(doc-\d)#text"', first)
    expected = [("", "doc-1"), ("report-2.html", "doc-2"), ("report-3.html", "doc-0")]
    assert expected == listed
    assert "At a glance" in first
    assert "At a glance" not in (target.parent / "report-2.html").read_text(encoding="utf-8")
    (target.parent / "report-5.html").write_text("not of statevisit")
    assert 0 == cli("diff", old, new, "--format", "html", "-o", target).status
    remaining = ["report-2.html", "report-5.html", "report.html"]
    assert remaining == sorted(path.name for path in target.parent.iterdir())


def test_one_page_shows_each_of_its_documents(
    versions: tuple[Path, Path], cli: Cli, tmp_path: Path, browser_page: Any
) -> None:
    """A document is chosen by the list or the address, and opens a record by its permalink."""
    target = tmp_path / "diff.html"
    assert 0 == cli("diff", *versions, "--format", "html", "-o", target).status
    assert cli("diff", *versions, "--format", "html").out == target.read_text(encoding="utf-8")
    page = browser_page
    page.goto(target.as_uri())
    assert ["doc-1", "doc-2"] == page.locator("#document option").all_inner_texts()
    assert 2 == page.locator("#text .mark.first").count()
    page.locator("#document").select_option("doc-2")
    page.wait_for_url("**document=doc-2**")
    assert ["Ann"] == page.locator("#text .mark.first").all_text_contents()
    page.goto(f"{target.as_uri()}?document=doc-2#m0")
    assert "Ann" == page.locator("#card h2").inner_text()
    assert page.locator("#card .status").inner_text().startswith("Only in old")


def test_the_same_bytes_every_time(versions: tuple[Path, Path], cli: Cli) -> None:
    """A page depends on the two versions only."""
    one, two = (cli("diff", *versions, "--format", "html").out for _ in range(2))
    assert one == two


def test_nothing_of_an_annotation_is_markup(
    article: Document, tmp_path: Path, cli: Cli, browser_page: Any
) -> None:
    """Markup in words, names and labels of either side is text; no script of it runs."""
    text = f"{HOSTILE} {article.text}"
    place = {"start": 0, "end": len(HOSTILE), "text": HOSTILE}
    hostile = replace(
        article,
        text=text,
        entities=tuple(replace(e, name=HOSTILE, type=HOSTILE) for e in article.entities),
        mentions=(Mention(id="m1", level="NAM", entity="erdogan", **place),),
        sentences=(Sentence(start=0, end=len(text), paragraph=0),),
    )
    other = replace(
        hostile,
        mentions=(Mention(id='m"<b>', level=HOSTILE, entity="aliyev", **place),),
        timexes=tuple(replace(t, value=HOSTILE) for t in hostile.timexes),
    )
    html = section(compared_versions(hostile, other, (HOSTILE, "b")), [], 0)
    assert 1 == len(re.findall("<script", html))
    file = tmp_path / "hostile.html"
    pages = compare_page.pages(
        [compare_page.entry(lambda: compared_versions(hostile, other, (HOSTILE, "b")), section)],
        (HOSTILE, "b"),
        file.name,
        _diff_page,
    )
    for _, page in pages:
        file.write_text(page, encoding="utf-8")
    browser_page.on("dialog", lambda dialog: pytest.fail("a script of the data ran"))
    browser_page.goto(file.as_uri() + "#m1")
    assert "alert(1)" in browser_page.locator("#card h2").inner_text()
    assert "</script>" in browser_page.locator("#card .sides").inner_text()
    browser_page.keyboard.press("s")
    assert 2 == browser_page.locator("#text .row.head b").count()
    assert 0 == browser_page.locator("#comparison b b, #comparison script:not(#data)").count()


def _diff_page(paging: compare_page.Page) -> str:
    """The page of a diff whose names are hostile."""
    values = dict.fromkeys(("old", "new", "summary", "by_id", "documents"), HOSTILE)
    values |= {"whole": (), "more_whole": 0}
    return render("diff.html", base(), None, base="", page=values, paging=paging)


def _beginning(article: Document, end: int) -> Document:
    """The first sentences of a document, with their spans and the relations of events there."""
    layers: dict[str, Any] = {
        layer: tuple(r for r in getattr(article, layer) if r.end <= end)
        for layer in ("sentences", "tokens", "mentions", "timexes", "quantities", "events")
    }
    known = {record.id for layer in ("mentions", "timexes", "events") for record in layers[layer]}
    layers["events"] = tuple(
        replace(e, arguments=tuple(a for a in e.arguments or () if a.target in known))
        for e in layers["events"]
    )
    relations = tuple(r for r in article.event_relations if {r.source, r.target} <= known)
    return replace(
        article, text=article.text[:end], quotations=(), event_relations=relations, **layers
    )


@pytest.mark.parametrize(
    ("form", "scheme", "width", "keys"),
    [("score", "dark", 320, "ns"), ("diff", "light", 1280, "n")],
)
def test_the_pages_suit_everybody(
    article: Document,
    tmp_path: Path,
    cli: Cli,
    browser_page: Any,
    form: str,
    scheme: str,
    width: int,
    keys: str,
) -> None:
    """WCAG 2.2 AA by axe-core, merged and side by side; nothing scrolls sideways at 320 pixels."""
    beginning = _beginning(article, article.sentences[3].end)
    write_document(beginning, tmp_path / "gold.json")
    write_document(disturbed(beginning), tmp_path / "other.json")
    target = tmp_path / "page.html"
    arguments: tuple[object, ...] = ("--html", target, "--resamples", "0", "--layer", "events")
    if form == "diff":
        arguments = ("--format", "html", "-o", target)
    names = tmp_path / "gold.json", tmp_path / "other.json"
    assert 0 == cli(form, *names, *arguments).status
    page = browser_page
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # nothing is under way
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(target.as_uri())
    for key in keys:
        page.keyboard.press(key)
    seen = Axe().run(page, options=WCAG).response["violations"]
    assert [] == [(rule["id"], [node["html"][:80] for node in rule["nodes"]]) for rule in seen]
    assert width == page.evaluate("document.documentElement.scrollWidth")
