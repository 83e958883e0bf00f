"""The page that `statevisit score --html` writes, opened in a browser."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace
from playwright.sync_api import expect

from statevisit.corpus.documents import write_document
from statevisit.document.model import Document
from tests.conftest import DOC_ID, ROOT, Result
from tests.test_score import disturbed

Cli = Callable[..., Result]


@pytest.fixture
def report(cli: Cli, article: Document, tmp_path: Path) -> Path:
    """A page about a prediction with faults."""
    write_document(disturbed(article), tmp_path / f"{DOC_ID}.json")
    page = tmp_path / "report.html"
    done = cli(
        "score",
        ROOT / "corpus/documents",
        tmp_path / f"{DOC_ID}.json",
        "--html",
        page,
        "--compare",
        ROOT / "corpus/documents",
    )
    assert (0, f"wrote {page}") == (done.status, done.out.splitlines()[-1])
    return page


def _counts(page: Any) -> dict[str, int]:
    """How many spans of each status the layers that are shown have, by the buttons."""
    return {
        b.get_attribute("data-status"): int(b.locator(".count").inner_text())
        for b in page.locator("button.status").all()
    }


def _marks(page: Any, status: str) -> int:
    """The spans of a status that are shown in the text."""
    return page.locator(f"#text .mark.begins.{status}:not(.off)").count()


def test_gold_and_prediction_in_one_text(
    report: Path, browser_page: Any, article: Document
) -> None:
    """Each span stands once with its status; the counts of each layer add up to its gold records.

    The text is whole.
    """
    page = browser_page
    page.goto(report.as_uri())
    for status, count in _counts(page).items():
        assert count <= _marks(page, status), status
    for layer in ("mentions", "timexes", "quantities", "events", "quotations"):
        for button in page.locator("button.layer").all():
            is_on = button.get_attribute("aria-pressed") == "true"
            if is_on != (button.get_attribute("data-layer") == layer):
                button.click()
        counts = _counts(page)
        gold = sum(count for status, count in counts.items() if status != "second")
        assert len(getattr(article, layer)) == gold, layer
    shown = "".join(page.locator("#text p").all_text_contents())
    assert re.sub(r"\s+", "", article.text) == re.sub(r"\s+", "", shown)


def test_filters(report: Path, browser_page: Any) -> None:
    """Spans of a status, other labels and kinds, and sentences without marks can be hidden."""
    page = browser_page
    page.goto(report.as_uri())
    before = _marks(page, "agreed")
    page.locator("button.status.agreed").click()
    assert 0 == _marks(page, "agreed") < before
    assert _counts(page)["first"] == _marks(page, "first") > 0
    page.locator("button.status.agreed").click()
    assert before == _marks(page, "agreed")
    page.locator("#kind").select_option("bounds")
    assert 0 == _marks(page, "agreed") == _marks(page, "first")
    assert 0 < _marks(page, "differing")
    page.locator("#kind").select_option("")
    page.locator("#only-label").select_option("PERSON")
    assert 0 < _marks(page, "agreed") < before
    sentences = page.locator("#text .sentence")
    assert sentences.count() == page.locator("#text .sentence:visible").count()
    page.get_by_role("button", name="Only sentences with marks").click()
    assert 0 < page.locator("#text .sentence:visible").count() < sentences.count()


def test_side_by_side(report: Path, browser_page: Any) -> None:
    """Both sides have the whole text and agreed spans, and each alone what only it has."""
    page = browser_page
    page.goto(report.as_uri())
    merged = page.locator("#text p").all_text_contents()
    counts = {status: _marks(page, status) for status in _counts(page)}
    page.keyboard.press("s")
    rows = page.locator("#text .row.sentence")
    for number, (own, other) in enumerate((("first", "second"), ("second", "first"))):
        texts = [row.locator(".cell").nth(number).text_content() for row in rows.all()]
        assert "".join(merged) == "".join(texts)
        column = page.locator(f"#text .cell:nth-of-type({number + 1})")
        assert counts["agreed"] == column.locator(".mark.begins.agreed").count()
        assert counts[own] == column.locator(f".mark.begins.{own}").count()
        assert 0 == column.locator(f".mark.{other}").count()
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map(e => e.id)")
    assert len(ids) == len(set(ids))
    page.get_by_role("button", name="Side by side").click()
    assert merged == page.locator("#text p").all_text_contents()


def test_each_side_has_its_own_labels(report: Path, browser_page: Any) -> None:
    """A span whose label differs has the label of the gold on one side, the other beside it."""
    page = browser_page
    page.goto(report.as_uri())
    page.locator("#kind").select_option("label")
    page.get_by_role("button", name="Labels").click()
    page.keyboard.press("s")
    labels = "pieces => pieces.map(piece => piece.dataset.label)"
    gold, predicted = (
        page.locator(f"#text .cell:nth-of-type({number})")
        .locator(".piece[data-label]", has=page.locator(".mark.differing:not(.off)"))
        .evaluate_all(labels)
        for number in (1, 2)
    )
    assert len(gold) == len(predicted) > 0
    assert [] == [one for one, other in zip(gold, predicted, strict=True) if one == other]


def test_a_card_has_both_annotations(report: Path, browser_page: Any) -> None:
    """The card of a span that differs has the values of both, and leads to the other record.

    A permalink opens it again, and a row of the list does.
    """
    page = browser_page
    page.goto(report.as_uri())
    row = page.locator(".differences li.differing", has=page.locator(".difference")).first
    name, _, values = row.locator(".difference").first.inner_text().partition(": ")
    row.locator("a.jump").click()
    sides = page.locator("#card .sides thead tr *:not(bdi)")
    expect(sides).to_have_text(["", "gold", "prediction"])
    shown = page.locator("#card .sides tbody tr").first.locator("th, td").all_inner_texts()
    assert [name, *values.split(" → ")] == shown
    card, address = page.locator("#card h2").inner_text(), page.url
    page.goto("about:blank")
    page.goto(address)
    assert card == page.locator("#card h2").inner_text()
    assert page.locator("#card .status").inner_text().startswith("Differs")
    assert 0 < page.locator("#text .piece.chosen").count()
    other = page.locator("#card .others a", has_text="prediction")
    record = (other.get_attribute("href") or "").removeprefix("#")
    other.click()
    expect(page.locator("#card .kind")).to_have_text(re.compile(f" {re.escape(record)}$"))
    expect(page).to_have_url(re.compile(f"#{re.escape(record)}$"))
    assert 0 < page.locator("#text .piece.chosen").count()


def test_the_keyboard_is_enough(report: Path, browser_page: Any) -> None:
    """N and p go from one difference to the next and show its card; digits switch layers."""
    page = browser_page
    page.goto(report.as_uri())
    page.keyboard.press("Tab")
    assert "Skip to the text" == page.evaluate("document.activeElement.textContent")
    seen = set()
    for _ in range(6):
        page.keyboard.press("n")
        assert re.match(
            r"Differs|Only in (gold|prediction)", page.locator("#card .status").inner_text()
        )
        seen.add(page.locator("#card").inner_text())
    assert 6 == len(seen)
    last = page.locator("#card").inner_text()
    page.keyboard.press("p")
    page.keyboard.press("n")
    assert last == page.locator("#card").inner_text()
    before = _counts(page)
    page.keyboard.press("1")
    assert before["agreed"] > _counts(page)["agreed"]
    page.keyboard.press("Escape")
    assert 0 == page.locator("#card .status").count()


def test_figures_matrices_and_comparison(
    report: Path, browser_page: Any, article: Document
) -> None:
    """The figures of labels open on demand; the rows of a confusion matrix add up to the gold.

    The comparison names the other system.
    """
    page = browser_page
    page.goto(report.as_uri())
    assert not page.locator("tr.label").first.is_visible()
    page.get_by_role("button", name="each label").click()
    assert page.locator("tr.label").first.is_visible()
    matrix = page.locator(
        "section", has=page.get_by_role("heading", name="events", exact=True)
    ).locator("tbody tr")
    rows = {
        r.locator("th").inner_text(): sum(int(c) for c in r.locator("td").all_inner_texts() if c)
        for r in matrix.all()
    }
    assert sum(e.class_ == "STATE" for e in article.events) == rows["STATE"]
    assert len(article.events) == sum(n for label, n in rows.items() if label != "spurious")
    assert page.get_by_role("heading", name="Difference from").is_visible()


def _contrast(page: Any, selector: str) -> float:
    """The WCAG contrast of an element's text with the first opaque background behind it."""
    return page.locator(selector).first.evaluate("""e => {
      const parse = c => c.match(/[\\d.]+/g).map(Number);
      const linear = v => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
      const weights = [.2126, .7152, .0722];
      const luminance = c => parse(c).slice(0, 3)
        .reduce((sum, v, i) => sum + linear(v / 255) * weights[i], 0);
      const background = e => getComputedStyle(e).backgroundColor;
      let behind = e;
      while (behind && (parse(background(behind))[3] ?? 1) === 0) behind = behind.parentElement;
      const [light, dark] = [luminance(getComputedStyle(e).color), luminance(background(behind))]
        .sort((x, y) => y - x);
      return (light + .05) / (dark + .05);
    }""")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_readable_in_light_and_dark(report: Path, browser_page: Any, scheme: str) -> None:
    """Text has a contrast of 4.5 or more (WCAG AA) in both schemes, and they differ."""
    page = browser_page
    page.emulate_media(color_scheme=scheme)
    page.goto(report.as_uri())
    for selector in (
        "h1",
        "p.lead",
        ".headline .soft",
        "#text p",
        "button.status",
        ".differences .state",
        ".figures td",
        ".matrix th",
        "#card .hint",
    ):
        assert 4.5 <= _contrast(page, selector), selector
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 22, 27)"
    assert (scheme == "dark") == dark


def test_markup_in_the_data_is_text(
    cli: Cli, article: Document, tmp_path: Path, browser_page: Any
) -> None:
    """Markup in a text, label or file name is shown, never run.

    Offsets count code points, so that emoji do not shift spans.
    """
    nasty = "👩‍👩‍👧‍👦 </script><img src=x onerror=alert(1)> " + article.text
    by = len(nasty) - len(article.text)
    moved = replace(
        article,
        text=nasty,
        sentences=tuple(
            replace(s, start=s.start + by if n else 0, end=s.end + by)
            for n, s in enumerate(article.sentences)
        ),
        **{
            n: tuple(replace(r, start=r.start + by, end=r.end + by) for r in getattr(article, n))
            for n in ("tokens", "mentions", "timexes", "quantities", "events", "quotations")
        },
    )
    odd = replace(
        moved, timexes=(replace(moved.timexes[0], type="<b>WHEN</b>"), *moved.timexes[1:])
    )
    for name, document in (("gold", moved), ("<i>pred", odd)):
        write_document(document, tmp_path / name / f"{DOC_ID}.json")
    assert (
        0
        == cli(
            "score", tmp_path / "gold", tmp_path / "<i>pred", "--html", tmp_path / "r.html"
        ).status
    )
    browser_page.goto((tmp_path / "r.html").as_uri())
    assert str(tmp_path / "<i>pred") == browser_page.locator("h1").inner_text()
    first = browser_page.locator("#text .piece .mark.begins").first
    assert "Recep Tayyip Erdoğan" == first.text_content()
    assert "<b>WHEN</b>" in browser_page.locator(".differences .difference").all_inner_texts()[0]
    options = browser_page.locator("#only-label option").all_text_contents()
    assert "<b>WHEN</b>" in options
    assert 0 == browser_page.locator("img, i, h1 *, option *").count()
