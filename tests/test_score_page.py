"""The page that `statevisit score --html` writes, opened in a browser."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

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
    """How many spans of each status the layer that is shown has, by the buttons."""
    return {
        b.get_attribute("data-status"): int(b.locator("span").inner_text())
        for b in page.locator("button.status").all()
    }


def _spans(page: Any, status: str, side: str) -> int:
    return page.locator(f'mark.{status}[tabindex][data-key^="{side}"]').count()


def test_the_text_side_by_side(report: Path, browser_page: Any, article: Document) -> None:
    """Gold and prediction stand side by side, every span once with its status.

    All counts add up to the layer's records.
    """
    page = browser_page
    page.goto(report.as_uri())
    for layer in ("mentions", "timexes", "quantities", "events", "quotations"):
        page.get_by_role("tab", name=layer).click()
        counts = _counts(page)
        assert len(getattr(article, layer)) == sum(
            n for status, n in counts.items() if status != "spurious"
        ), layer
        for status, side in (
            ("matched", "g"),
            ("matched", "p"),
            ("label", "g"),
            ("label", "p"),
            ("bounds", "g"),
            ("missed", "g"),
            ("spurious", "p"),
        ):
            assert counts[status] == _spans(page, status, side), (layer, status)
        assert 0 == _spans(page, "missed", "p") == _spans(page, "spurious", "g")
    assert re.sub(r"\s+", "", article.text) == re.sub(
        r"\s+", "", "".join(page.locator(".row:not(.head) > :nth-child(2)").all_text_contents())
    )


def test_filters(report: Path, browser_page: Any) -> None:
    """Spans of a status, other labels, and sentences without spans can be hidden."""
    page = browser_page
    page.goto(report.as_uri())
    before = _spans(page, "matched", "g")
    page.locator("button.status.matched").click()
    assert 0 == _spans(page, "matched", "g") < before
    page.locator("button.status.matched").click()
    page.locator("#label").select_option("PERSON")
    assert {"PERSON"} == set(
        page.locator("mark.matched[data-label]").evaluate_all(
            "marks => marks.map(m => m.dataset.label)"
        )
    )
    page.get_by_role("tab", name="quotations").click()
    page.get_by_role("button", name="only sentences with spans").click()
    assert 0 < page.locator(".row:not(.head)").count() < 22


def test_the_keyboard_is_enough(report: Path, browser_page: Any) -> None:
    """N and p go from one difference to the next and describe each; arrows change the layer.

    Tab reaches everything.
    """
    page = browser_page
    page.goto(report.as_uri())
    page.keyboard.press("Tab")
    assert "Skip to the text" == page.evaluate("document.activeElement.textContent")
    seen = set()
    for _ in range(6):
        page.keyboard.press("n")
        assert "matched" not in page.evaluate("document.activeElement.className").split()
        seen.add(page.locator("#detail").inner_text())
    assert 6 == len(seen)
    assert all(
        re.search(
            r"\[\d+, \d+\)\s+(gold|prediction) .* — (missed|spurious|wrong label|other bounds)", s
        )
        for s in seen
    )
    last = page.locator("#detail").inner_text()
    page.keyboard.press("p")
    page.keyboard.press("n")
    assert last == page.locator("#detail").inner_text()
    page.get_by_role("tab", name="mentions").focus()
    page.keyboard.press("ArrowRight")
    assert "timexes" == page.locator('[role="tab"][aria-selected="true"]').inner_text()
    assert "timexes" == page.evaluate("document.activeElement.textContent")


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
        ".card .pr",
        ".cell",
        "button.status",
        "[role=tab][aria-selected=true]",
        ".figures td",
        ".matrix th",
        "#detail",
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
    assert "Recep Tayyip Erdoğan" == browser_page.locator("mark[tabindex]").first.text_content()
    browser_page.get_by_role("tab", name="timexes").click()
    assert "<b>WHEN</b>" == browser_page.locator('mark.label[data-key^="p"]').first.get_attribute(
        "data-label"
    )
    assert 0 == browser_page.locator("img, i i, b b").count()
