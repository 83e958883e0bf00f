"""The page of a document, as `statevisit show --html` writes it, also in a browser."""

import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from playwright.sync_api import expect

from statevisit.corpus.seeds import ListedSource
from statevisit.document.model import Document
from statevisit.document.records import Mention, Sentence, Timex
from statevisit.document.scheme import base
from statevisit.pages.about import about
from statevisit.pages.in_words import time_in_words
from statevisit.pages.marks import LAYERS, paragraphs
from statevisit.pages.notebook import document_html
from statevisit.pages.provenance import Annotator, Guidelines, Origin
from statevisit.pages.reader_page import document_page
from statevisit.pages.site import annotators_of, origin_at
from statevisit.printable import visible
from tests.conftest import ROOT, Result
from tests.strategies import documents

HOSTILE = '</script><script>alert(1)</script> "\'&<b onclick="x()"> \u202eevil\u202c javascript:x'
WCAG = {
    "preload": False,
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"]},
}


@pytest.fixture(scope="session")
def written(article: Document, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of the article."""
    path = tmp_path_factory.mktemp("page") / "article.html"
    annotators = annotators_of(article, ROOT)
    page = document_page(article, annotators=annotators, origin=origin_at(article, ROOT))
    path.write_text(page, encoding="utf-8")
    return path


class _Page(HTMLParser):
    """The elements of a page, its ids and the words of its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.ids: list[str] = []
        self.words = ""
        self._inside = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append((tag, values))
        if values.get("id"):
            self.ids.append(str(values["id"]))
        if tag == "article":
            self._inside = 1

    def handle_endtag(self, tag: str) -> None:
        if tag == "article":
            self._inside = 0

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.words += data


def test_the_command_writes_the_same_page_always(
    cli: Callable[..., Result], tmp_path: Path
) -> None:
    """`show --html` prints nothing and writes one file, the same bytes every time."""
    one, two = tmp_path / "one.html", tmp_path / "two.html"
    assert (0, "", "") == cli("show", "--html", one)
    assert (0, "", "") == cli("show", "--html", two)
    assert one.read_bytes() == two.read_bytes()
    assert {one, two} == set(tmp_path.iterdir())


def test_every_span_has_a_permalink(written: Path, article: Document) -> None:
    """Each id of a span and of an entity stands once, and all links within the page lead there."""
    page = _Page(written.read_text(encoding="utf-8"))
    spans = {record.id for layer in LAYERS for record in getattr(article, layer)}
    entities = {entity.id for entity in article.entities}
    assert len(page.ids) == len(set(page.ids))
    assert spans | entities <= set(page.ids)
    targets = {str(a["href"])[1:] for _, a in page.tags if str(a.get("href", "")).startswith("#")}
    assert set() == targets - set(page.ids)


def test_the_page_fetches_nothing(written: Path) -> None:
    """Only links lead elsewhere, to Wikidata; the policy forbids the network to the script, too."""
    text = written.read_text(encoding="utf-8")
    for tag, attributes in _Page(text).tags:
        assert "src" not in attributes
        if tag != "a" and "href" in attributes:
            assert "data:," == attributes["href"]
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    assert "default-src &#39;none&#39;" in policy[1]
    assert "unsafe" not in policy[1]


def _in_layers(document: Document) -> list[set[str]]:
    """The ids of the spans over each character, by the document."""
    over: list[set[str]] = [set() for _ in document.text]
    for layer in LAYERS:
        for record in getattr(document, layer):
            for place in range(record.start, record.end):
                over[place].add(record.id)
    return over


def test_every_character_shows_its_spans(article: Document) -> None:
    """Pieces cover the text, each with exactly the spans over it, at depths that do not collide."""
    over = _in_layers(article)
    depths: dict[str, int] = {}
    shown = 0
    for paragraph in paragraphs(article):
        for piece in paragraph.pieces:
            for place in range(piece.start, piece.start + len(piece.text)):
                assert over[place] == {mark.id for mark in piece.marks}
            assert len({mark.depth for mark in piece.marks}) == len(piece.marks)
            for mark in piece.marks:
                assert depths.setdefault(mark.id, mark.depth) == mark.depth
            shown += len(piece.text)
    assert len(article.text) - len(re.findall(r"\n", article.text)) == shown


@given(documents())
@settings(max_examples=10, deadline=None)
def test_all_words_of_a_text_are_shown(document: Document) -> None:
    """The page has the text in its order, whatever its sentences are."""
    half = replace(document, sentences=document.sentences[1:2])
    for shown in (document, half):
        words = _Page(document_page(shown)).words
        shown_words, expected = (re.sub(r"[\s\ufffd]", "", w) for w in (words, visible(shown.text)))
        assert expected == shown_words


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=60), st.data())
def test_any_text_and_spans(article: Document, text: str, data: st.DataObject) -> None:
    """The page of any text shows exactly its characters, however spans overlap, and no markup."""
    starts = data.draw(st.lists(st.integers(0, len(text) - 1), max_size=12))
    mentions = tuple(
        Mention(id=f"m{n}", start=start, end=end, text=text[start:end], entity="nobody")
        for n, start in enumerate(starts)
        for end in [data.draw(st.integers(start + 1, len(text)))]
    )
    empty = dict.fromkeys(("timexes", "quantities", "events", "event_chains"), ())
    empty |= dict.fromkeys(("entities", "relations", "event_relations", "quotations"), ())
    document = replace(article, text=text, sentences=(), tokens=(), mentions=mentions, **empty)
    over = _in_layers(document)
    for piece in paragraphs(document)[0].pieces:
        for place in range(piece.start, piece.start + len(piece.text)):
            assert over[place] == {mark.id for mark in piece.marks}
    assert "<article" in document_page(document)


@pytest.mark.parametrize("step", [0, 1], ids=["equal", "nested"])
def test_a_page_of_piled_spans_is_short(article: Document, step: int) -> None:
    """A page grows with the spans and not with their pairs, and each is a target."""
    count = 2_000
    names = [f"entity-{n}." for n in range(count)]
    entity, mention = article.entities[0], article.mentions[0]
    document = replace(
        article,
        text="x" * count,
        sentences=(),
        tokens=(),
        entities=tuple(replace(entity, id=name, name=name) for name in names),
        mentions=tuple(
            replace(mention, id=f"m{n}", start=n * step, end=count if step else 4, entity=name)
            for n, name in enumerate(names)
        ),
        timexes=(),
        quantities=(),
        events=(),
    )
    page = document_page(document)
    assert len(page) < 3000 * count
    assert {f"m{n}" for n in range(count)} <= set(_Page(page).ids)


def test_nothing_from_the_data_is_markup(
    article: Document, tmp_path: Path, browser_page: Any
) -> None:
    """Markup in the text, in names and in the list of sources is text; no script of it runs."""
    text = f"{HOSTILE} {article.text}"
    entities = tuple(replace(entity, name=HOSTILE) for entity in article.entities)
    mention = Mention(id="m1", start=0, end=len(HOSTILE), text=HOSTILE, entity="erdogan")
    document = replace(
        article,
        text=text,
        entities=entities,
        mentions=(mention,),
        sentences=(Sentence(start=0, end=len(text), paragraph=0),),
    )
    source = ListedSource(
        file=article.source.file,
        sha256=article.source.sha256,
        date=article.date,
        language="en",
        publisher=HOSTILE,
        license=HOSTILE,
        title=HOSTILE,
        url=f"javascript:alert(1)//{HOSTILE}",
    )
    annotators = [Annotator(HOSTILE, HOSTILE, HOSTILE, HOSTILE)]
    guidelines = Guidelines({"1.1": HOSTILE}, {"entities type PERSON": "1.1"})
    origin = Origin(HOSTILE, guidelines=guidelines, issues=f"https://example.org/?{HOSTILE}")
    page = document_page(document, source, annotators, origin=origin)
    assert 2 == sum(tag == "script" for tag, _ in _Page(page).tags)
    assert not any(str(a.get("href")).startswith("javascript") for _, a in _Page(page).tags)
    path = tmp_path / "hostile.html"
    path.write_text(page, encoding="utf-8")
    browser_page.on("dialog", lambda dialog: pytest.fail("a script of the data ran"))
    browser_page.goto(path.as_uri() + "#m1")
    assert "alert(1)" in browser_page.locator("#card h2").inner_text()
    browser_page.get_by_text("Guidelines, 1.1").click()
    assert 4 <= browser_page.locator("#card").inner_text().count("<script>alert(1)")
    assert 0 == browser_page.locator("#card script, #card b[onclick]").count()
    browser_page.locator("#search").fill("<script>([")
    assert "</script>" in browser_page.locator("#text").inner_text()


def test_ids_of_records_are_no_parts_of_the_page(
    article: Document, tmp_path: Path, browser_page: Any
) -> None:
    """Records may have the ids of parts of the page and of properties of its script's objects."""
    ids = ["text", "card", "data", "constructor", "__proto__", "toString"]
    entities = [replace(article.entities[0], id=name, name=f"called {name}") for name in ids]
    mentions = [
        replace(article.mentions[0], id=f"of-{name}", entity=name, start=5 * n, end=5 * n + 3)
        for n, name in enumerate(ids)
    ]
    document = replace(article, entities=tuple(entities), mentions=tuple(mentions))
    page = document_page(document)
    assert len(_Page(page).ids) == len(set(_Page(page).ids))
    path = tmp_path / "ids.html"
    path.write_text(page, encoding="utf-8")
    for name in ids:
        browser_page.goto(f"{path.as_uri()}#{name}")
        assert f"called {name}" == browser_page.locator("#card h2").inner_text()
    browser_page.goto(f"{path.as_uri()}#valueOf")
    assert "called toString" == browser_page.locator("#card h2").inner_text()


def test_a_record_opens_by_its_permalink(written: Path, browser_page: Any) -> None:
    """`#ev4` opens the card of the event, marks it and draws its arguments with their roles."""
    page = browser_page
    page.goto(written.as_uri() + "#ev4")
    assert "sworn" == page.locator("#card h2").inner_text()
    assert ["sworn"] == page.locator(".piece.chosen").all_inner_texts()
    assert "time, ← contains" in page.locator("#arcs text").all_text_contents()
    assert page.locator(".piece.chosen").evaluate(
        "e => e.getBoundingClientRect().top > 0 && e.getBoundingClientRect().top < innerHeight"
    )
    page.goto(written.as_uri() + "#karabakh-war-2020")
    assert "Second Karabakh War" == page.locator("#card h2").inner_text()
    assert 0 == page.locator("#card blockquote").count()
    page.goto(written.as_uri() + "#r4")
    assert "Relation r4" == page.locator("#card .kind").inner_text()
    assert "capital, Baku." in page.locator("#card blockquote").last.inner_text()
    assert {"capital", "Baku"} <= set(page.locator(".piece.lit").all_inner_texts())


def test_a_card_tells_all_about_its_record(written: Path, browser_page: Any) -> None:
    """Label, value in words, sentence, rule, annotators, dispute and citation stand in the card."""
    page = browser_page
    page.goto(written.as_uri() + "#q9")
    card = page.locator("#card")
    assert "approximately 7\u202f600\u202f000\u202f000 USD" in card.inner_text()
    assert "An amount of money." in card.inner_text()
    assert "The two countries seek to expand trade" in card.locator("blockquote").inner_text()
    page.goto(written.as_uri() + "#ev7")
    card.get_by_text("The independent annotations differed once").click()
    assert ["arguments", "AGENT m7 Person", "AGENT m7 Person, THEME ev6"] == (
        card.locator("tbody").locator("th, td").all_inner_texts()
    )
    assert "b stands. §6.1 (a): a compound part" in card.inner_text()
    card.get_by_text("Guidelines, 5.8").click()
    assert "ELECT poll" in card.locator(".rule:visible").inner_text()
    assert "Claude, a large language model by Anthropic (model): a, b, adjudicator" in (
        card.locator(".names").inner_text()
    )
    card.get_by_role("button", name="Cite this").click()
    cited = card.locator(".citation").inner_text()
    assert re.search(r"document \S+ \(2024-02-19\), event mention ev7 \(“victory”\)\. file:", cited)
    assert cited.endswith("#ev7")
    page.goto(written.as_uri() + "#m3")
    assert "https://www.wikidata.org/wiki/Q57371" == (
        card.get_by_role("link", name="Q57371").get_attribute("href")
    )


def test_a_page_says_how_to_cite_it(article: Document) -> None:
    """The citation has what is stated of the text, and the corpus, document and date."""
    source = ListedSource(
        file=article.source.file,
        sha256=article.source.sha256,
        date=article.date,
        language="en",
        publisher="The Daily",
        license="not stated",
        title="A visit",
        author=("A. B.",),
    )
    cited = dict(about(article, source, [], Origin("corpus 2.0.0")))["Cite this"]
    annotation = "Annotation: corpus 2.0.0, document 2024-02-19-aliyev-visit (2024-02-19)."
    assert f"A. B., “A visit”, The Daily. {annotation}" == cited
    assert annotation == dict(about(article, None, [], Origin("corpus 2.0.0")))["Cite this"]


def test_quotations_show_who_speaks(written: Path, browser_page: Any) -> None:
    """A quotation ends in the name of its speaker while its layer is shown."""
    page = browser_page
    page.goto(written.as_uri())
    speaker = page.locator('.piece[data-speaker="Ilham Aliyev"]').first
    words = "e => getComputedStyle(e, '::after').content"
    assert "Ilham Aliyev" in speaker.evaluate(words)
    page.keyboard.press("5")
    assert "none" == speaker.evaluate(words)


def test_a_search_lists_records_and_marks_words(written: Path, browser_page: Any) -> None:
    """The records that a search finds are links; its words are marked across marks of the text."""
    page = browser_page
    page.goto(written.as_uri())
    page.locator("#search").fill("Karabakh War in")
    assert 1 == page.evaluate("CSS.highlights.get('found').size")
    page.locator("#search").fill("KARABAKH")
    assert page.evaluate("CSS.highlights.get('found').size") > 1
    page.locator("#matches a", has_text="Second Karabakh War").first.click()
    assert "Event karabakh-war-2020" == page.locator("#card .kind").inner_text()
    page.locator("#search").press("Escape")
    assert 0 == page.locator("#matches a").count()


def test_a_chain_is_lit_through_the_text(
    written: Path, browser_page: Any, article: Document
) -> None:
    """A click on a mention lights all mentions of its entity, a second chooses the outer span."""
    page = browser_page
    page.goto(written.as_uri())
    page.locator('a.piece[data-ids="m3"]').click()
    lit = page.locator(".piece.lit").evaluate_all("all => all.map(e => e.dataset.ids).join(' ')")
    chain = {mention.id for mention in article.mentions_of("aliyev")}
    assert chain <= set(lit.split())
    assert "#m3" == page.evaluate("location.hash")
    page.keyboard.press("Escape")
    assert 0 == page.locator(".lit, .chosen").count()
    nested = page.locator('a.piece[data-ids="m14 m13"]')
    nested.click()
    assert "Mention m14" == page.locator("#card .kind").inner_text()
    nested.click()
    assert "Mention m13" == page.locator("#card .kind").inner_text()


def test_the_card_covers_no_chosen_word(written: Path, browser_page: Any) -> None:
    """On a phone, the card is at the bottom, and the word that opened it above."""
    page = browser_page
    page.emulate_media(reduced_motion="reduce")
    page.set_viewport_size({"width": 320, "height": 700})
    for place in ("#q9", ""):
        page.goto(f"{written.as_uri()}{place}")
        if not place:
            page.locator('a.piece[data-ids="m9"]').click()
        chosen = page.locator(".piece.chosen").first.bounding_box()
        assert 0 < chosen["y"] < page.locator("#card").bounding_box()["y"] - chosen["height"]


def test_layers_are_switched_by_button_and_key(written: Path, browser_page: Any) -> None:
    """A switch hides the lines of its layer and is remembered; the keys 1 to 5 do the same."""
    page = browser_page
    page.goto(written.as_uri())
    line = "e => getComputedStyle(e).borderBottomColor"
    event = page.locator(".mark.events").first
    shown = event.evaluate(line)
    page.get_by_role("button", name="Events").click()
    assert "rgba(0, 0, 0, 0)" == event.evaluate(line) != shown
    page.reload()
    assert "false" == page.get_by_role("button", name="Events").get_attribute("aria-pressed")
    page.keyboard.press("4")
    assert shown == event.evaluate(line)
    styles = {
        page.locator(f".mark.{layer}").first.evaluate("e => getComputedStyle(e).borderBottomStyle")
        for layer in ("mentions", "timexes", "quantities", "events")
    }
    assert 4 == len(styles), "no layer is told by its colour alone"


def test_keys_lead_through_the_text(written: Path, browser_page: Any) -> None:
    """`n` and `p` go from mark to mark, `/` finds, Tab reaches marks, Enter opens one."""
    page = browser_page
    page.goto(written.as_uri())
    page.keyboard.press("n")
    assert "Recep Tayyip Erdoğan" == page.locator("#card h2").inner_text()
    page.keyboard.press("n")
    assert "welcomed" == page.locator("#card h2").inner_text()
    page.keyboard.press("p")
    assert "Recep Tayyip Erdoğan" == page.locator("#card h2").inner_text()
    page.keyboard.press("Tab")
    assert "welcomed" == page.locator("#card h2").inner_text()
    page.keyboard.press("Enter")
    assert "welcomed" == page.locator("#card h2").inner_text()
    page.locator("#card a.jump").first.focus()
    page.keyboard.press("Enter")
    expect(page.locator("#card")).to_be_focused()  # the browser tells of a new address later
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.classList.contains('piece')")
    page.keyboard.press("/")
    page.keyboard.type("Shusha")
    assert re.fullmatch(r"\d+ found", page.locator("#found").inner_text())
    page.keyboard.press("Enter")
    assert page.locator("#found").inner_text().startswith("1 of ")


def test_the_timeline_shows_one_actor(written: Path, browser_page: Any) -> None:
    """The events of one actor stay; each row jumps into the text."""
    page = browser_page
    page.goto(written.as_uri())
    rows = page.locator("#events li:visible")
    everything = rows.count()
    page.locator("#actor").select_option("karabakh")
    assert 0 < rows.count() < everything
    rows.first.locator("a").first.click()
    expect(page.locator("#card h2")).to_be_visible()
    assert "tradition after election generic at the time of the document" in (
        page.locator(".ordered").text_content()
    ).replace("\n", " ")


def test_quantities_have_the_rate_of_a_conversion(written: Path, browser_page: Any) -> None:
    """The row of a converted amount has its value, what it is from and the rate of both."""
    page = browser_page
    page.goto(written.as_uri())
    row = page.locator("#how-much tr", has_text="TL 234.6 billion")
    assert "from around $7.6 billion: 1 USD = 30.9 TRY" in row.last.inner_text()


def test_a_page_on_paper_is_the_text_and_the_lists(written: Path, browser_page: Any) -> None:
    """In print, what only a screen needs is left out."""
    page = browser_page
    page.goto(written.as_uri())
    page.emulate_media(media="print")
    for part in (".top", ".controls", "#card", ".legend"):
        assert not page.locator(part).first.is_visible()
    for part in ("#text", "#who table", "#said"):
        assert page.locator(part).is_visible()


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("2024-02-19", "19 Feb 2024"),
        ("2024-02", "Feb 2024"),
        ("2024-Q1", "Jan 2024 to Mar 2024"),
        ("2024-W08", "19 Feb 2024 to 25 Feb 2024"),
        ("199", "1990 to 1999"),
        ("2024-02-19T09:30", "19 Feb 2024, 09:30"),
        ("P3E", "30 years"),
        ("P1D", "1 day"),
        ("PXY", ""),
        ("PAST_REF", "in the past"),
    ],
)
def test_times_in_words(value: str, words: str) -> None:
    """A card says what a value of TIMEX3 stands for, if it stands for something."""
    timex = Timex(id="t1", start=0, end=1, text="x", type="DATE", value=value)
    assert words == time_in_words(timex, base())


@pytest.mark.parametrize("width", [320, 768, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_suits_everybody(
    written: Path, browser_page: Any, tmp_path: Path, width: int, scheme: str
) -> None:
    """axe-core finds nothing against WCAG 2.2 AA, and nothing is wider than the window."""
    page = browser_page
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 800})
    page.goto(written.as_uri() + "#ev4")
    page.evaluate("scrollTo(0, 0)")  # where the bar at the top covers nothing
    violations = Axe().run(page, options=WCAG).response["violations"]
    seen = [(v["id"], [node["html"][:120] for node in v["nodes"]][:3]) for v in violations]
    assert [] == seen
    assert width == page.evaluate("document.documentElement.scrollWidth")
    page.screenshot(path=tmp_path / f"{scheme}-{width}.png", full_page=True)


def test_right_to_left(article: Document, tmp_path: Path, browser_page: Any) -> None:
    """Arabic stands at the right, with its language; its spans are its own words."""
    text = "زار إلهام علييف أنقرة يوم الاثنين."
    mention = Mention(id="m1", start=4, end=15, text=text[4:15], level="NAM", entity="aliyev")
    empty = dict.fromkeys(("timexes", "quantities", "events", "event_chains"), ())
    empty |= dict.fromkeys(("relations", "event_relations", "quotations", "tokens"), ())
    document = replace(
        article,
        text=text,
        language="ar",
        mentions=(mention,),
        sentences=(Sentence(start=0, end=len(text), paragraph=0),),
        **empty,
    )
    path = tmp_path / "arabic.html"
    path.write_text(document_page(document), encoding="utf-8")
    page = browser_page
    page.goto(path.as_uri() + "#m1")
    assert "إلهام علييف" == page.locator("#card h2").inner_text()
    paragraph = page.locator("#text p")
    assert "rtl" == paragraph.evaluate("e => getComputedStyle(e).direction")
    for part in ("#text", "h1", "#card h2", "#who tbody a.jump >> nth=0"):
        assert "ar" == page.locator(part).get_attribute("lang")
    assert "en" == page.locator("html").get_attribute("lang")


def test_a_document_that_is_worked_on_has_a_page(article: Document) -> None:
    """Records without labels, links to nothing and layers that are not begun do not matter."""
    mentions = tuple(replace(m, level=None, entity="nobody") for m in article.mentions)
    quantities = tuple(replace(q, value=None, measures="nothing") for q in article.quantities)
    layers = dict.fromkeys(article.layers, "partial")
    document = replace(
        article, date="soon", mentions=mentions, entities=(), quantities=quantities, layers=layers
    )
    assert "<article" in document_page(document)
    page = document_page(replace(document, timexes=(), event_relations=()))
    assert re.search(r"\d+ +events that nothing in the text dates", page)


def test_a_notebook_holds_several_readers(
    article: Document, tmp_path: Path, browser_page: Any
) -> None:
    """Two documents in one notebook are two readers, which leave each other and it alone."""
    other = replace(article, id="other")
    words = "<style>#text { color: rgb(1, 2, 3) }</style><p id='text' class='lit'>of a notebook</p>"
    path = tmp_path / "notebook.html"
    path.write_text(
        f"<!doctype html><meta charset=utf-8>{words}{article._repr_html_()}{document_html(other)}",
        encoding="utf-8",
    )
    page = browser_page
    page.goto(path.as_uri())
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    one, two = (page.frame_locator("iframe").nth(number) for number in (0, 1))
    one.locator('a.piece[data-ids="m3"]').click()
    assert "Ilham Aliyev" == one.locator("#card h2").inner_text()
    one.get_by_role("button", name="Close").click()
    assert one.locator("#card .hint").is_visible()
    one.locator("#who tbody tr").first.locator("a").first.click()
    expect(one.locator("#card h2")).to_be_visible()
    assert two.locator("#card .hint").count()
    two.locator("#events a").first.click()
    expect(two.locator("#card h2")).to_be_visible()
    assert ("rgb(1, 2, 3)", ground) == (
        page.evaluate("getComputedStyle(document.getElementById('text')).color"),
        page.evaluate("getComputedStyle(document.body).backgroundColor"),
    )
    assert path.as_uri() == page.url


def test_a_permalink_leads_into_a_long_text(
    article: Document, tmp_path: Path, browser_page: Any
) -> None:
    """A record far down comes into view, though a long text is laid out where it is seen."""
    copies = 40
    length = len(article.text) + 2
    sentences, mentions = [], []
    for number in range(copies):
        moved = (number * length, number * 100)
        sentences += [
            replace(
                each,
                start=each.start + moved[0],
                end=each.end + moved[0],
                paragraph=each.paragraph + moved[1],
            )
            for each in article.sentences
        ]
        mentions += [
            replace(
                each, id=f"{each.id}-{number}", start=each.start + moved[0], end=each.end + moved[0]
            )
            for each in article.mentions
        ]
    empty = dict.fromkeys(("tokens", "timexes", "quantities", "events", "quotations"), ())
    empty |= dict.fromkeys(("event_chains", "relations", "event_relations"), ())
    document = replace(
        article,
        text="\n\n".join([article.text] * copies),
        sentences=tuple(sentences),
        mentions=tuple(mentions),
        **empty,
    )
    path = tmp_path / "long.html"
    path.write_text(document_page(document), encoding="utf-8")
    page = browser_page
    page.goto(path.as_uri() + "#m40-35")
    in_view = (
        "() => { const box = document.querySelector('.chosen').getBoundingClientRect();"
        " return box.top > 0 && box.bottom < innerHeight; }"
    )
    page.wait_for_function(in_view)
    page.evaluate("location.hash = 'm3-2'")
    page.wait_for_function(in_view)
    page.locator("#search").fill("Aliyev")
    assert int(page.locator("#found").inner_text().split()[0]) > copies
