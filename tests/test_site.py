"""`statevisit site`: a corpus as static pages."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from msgspec.structs import replace

from statevisit import load
from statevisit.document.codec import encode
from statevisit.document.model import Document
from statevisit.document.scheme import base
from statevisit.pages.overview import ROWS
from statevisit.pages.provenance import origin_of
from statevisit.pages.site import MARKER
from statevisit.pages.words import page_of
from tests.conftest import DOC_ID, ROOT, Result
from tests.repositories import begin, commit, git
from tests.screenshots import look
from tests.test_reader_page import WCAG

Cli = Callable[..., Result]


@pytest.fixture(scope="session")
def many(article: Document, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of documents for more than one page of the index."""
    folder = tmp_path_factory.mktemp("many")
    short = replace(article, event_relations=(), relations=(), quotations=())
    for number in range(ROWS + 5):
        document = replace(short, id=f"doc-{number:03}")
        (folder / f"{document.id}.json").write_bytes(encode(document))
    return folder


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site of the shipped corpus."""
    from statevisit.pages.site import write_site

    target = tmp_path_factory.mktemp("site") / "pages"
    write_site(load(ROOT), target, issues="https://example.org/issues/new")
    return target


def _bytes(directory: Path) -> dict[str, bytes]:
    return {
        path.relative_to(directory).as_posix(): path.read_bytes()
        for path in directory.rglob("*")
        if path.is_file()
    }


def test_all_links_lead_somewhere(site: Path) -> None:
    """Every relative link of every page is a file of the site; nothing else is loaded."""
    pages = sorted(site.rglob("*.html"))
    assert {"index.html", "scheme.html", "agreement.html", "guidelines.html"} <= {
        page.name for page in pages
    }
    for page in pages:
        for kind, address in re.findall(r'(href|src)="([^"#]+)', page.read_text("utf-8")):
            if re.match(r"https:|data:|mailto:", address):
                assert "href" == kind
                continue
            assert (page.parent / address).resolve().is_file(), f"{page.name}: {address}"


def test_the_bytes_do_not_depend_on_processes(many: Path, tmp_path: Path, cli: Cli) -> None:
    """One process and two write the same files; a second run replaces the first."""
    one, two = tmp_path / "one", tmp_path / "two"
    assert 0 == cli("site", many, "-o", one, "--workers", "1").status
    assert 0 == cli("site", many, "-o", two, "--workers", "2").status
    assert _bytes(one) == _bytes(two)
    (two / "documents/doc-000.html").unlink()
    (two / "left.html").write_text("from an earlier version", encoding="utf-8")
    assert 0 == cli("site", many, "-o", two, "--workers", "2").status
    assert _bytes(one) == _bytes(two)
    assert {one, two} == set(tmp_path.iterdir())


def test_other_files_are_not_replaced(tmp_path: Path, cli: Cli) -> None:
    """A directory that holds no site is refused, and stays as it is."""
    (tmp_path / "thesis.txt").write_text("mine", encoding="utf-8")
    result = cli("site", ROOT, "-o", tmp_path)
    assert 1 == result.status
    assert f"{tmp_path}: exists already and is not empty" in result.err
    assert ["thesis.txt"] == [path.name for path in tmp_path.iterdir()]


def test_a_bad_document_leaves_no_site(many: Path, tmp_path: Path, cli: Cli) -> None:
    """The first document with an error is named, and the site before stays."""
    documents = shutil.copytree(many, tmp_path / "documents")
    target = tmp_path / "site"
    assert 0 == cli("site", documents, "-o", target).status
    before = _bytes(target)
    (documents / "doc-050.json").write_text("{", encoding="utf-8")
    result = cli("site", documents, "-o", target)
    assert 1 == result.status
    assert f"{documents}/doc-050.json:1:" in result.err
    assert before == _bytes(target)
    assert {documents, target} == set(tmp_path.iterdir())


def test_the_index_is_paged_and_searched(
    many: Path, tmp_path: Path, cli: Cli, browser_page: Any
) -> None:
    """A hundred documents stand on a page; the search finds those of all pages, from a file."""
    assert 0 == cli("site", many, "-o", tmp_path / "site").status
    page = browser_page
    page.goto((tmp_path / "site/index.html").as_uri())
    assert ROWS == page.locator(".documents tbody tr").count()
    page.get_by_label("Page 2").click()
    assert 5 == page.locator(".documents tbody tr").count()
    page.get_by_label("Find a document").fill("DOC-003")
    assert "1 found" == page.locator("#found-documents").inner_text()
    page.locator("#results a").click()
    assert "doc-003" == page.locator("h1").inner_text()


def test_labels_have_clear_examples(site: Path, browser_page: Any) -> None:
    """Each label has its meaning and records, which jump into the text."""
    page = browser_page
    page.goto((site / "scheme.html").as_uri())
    entry = page.locator("#entities-type-PERSON")
    assert "People, real or fictional." in entry.inner_text()
    assert 1 <= entry.locator("li").count() <= 5
    entry.locator("a").first.click()
    assert f"{DOC_ID}.html#" in page.url
    assert "Entity" in page.locator("#card .kind").inner_text()


def test_every_label_in_use_has_examples(site: Path) -> None:
    """The labels of relations and of arguments have examples, too: the records that they link."""
    page = (site / "scheme.html").read_text("utf-8")
    entries = re.findall(
        r'id="([\w.-]+)">\n<h3>[^\n]*<span class="count">(\d+)<(.*?)</div>', page, re.S
    )
    assert {"arguments-role-AGENT", "relations-type-MEMBER_OF", "event_relations-type-BEFORE"} <= {
        name for name, count, _ in entries if count != "0"
    }
    for name, count, rest in entries:
        assert min(int(count), 5) == rest.count("<li "), name


def test_an_error_is_reported_with_its_record(site: Path, browser_page: Any) -> None:
    """The card of a record leads to a new issue with the record filled in."""
    page = browser_page
    page.goto((site / f"documents/{DOC_ID}.html").as_uri() + "#ev4")
    address = page.get_by_role("link", name="Report an error").get_attribute("href")
    assert address.startswith("https://example.org/issues/new?title=")
    assert "PERSONNEL.START-POSITION" in address


def test_a_card_leads_to_its_rule(site: Path, browser_page: Any) -> None:
    """The paragraph of the guidelines that a card shows is a place on their page."""
    page = browser_page
    page.goto((site / f"documents/{DOC_ID}.html").as_uri() + "#t1")
    page.get_by_text("Guidelines, 3.1").click()
    page.get_by_role("link", name="Read it in the guidelines").click()
    assert page.url.endswith("guidelines.html#s3.1")
    assert "DATE, days and longer" in page.locator(":target").inner_text()


def test_links_of_a_page_lead_on_within_the_site() -> None:
    """A link to what the site has goes there, another to its public address, else it is words."""
    text = (
        "[labels](README.md#labels) [here](#x) [list](../LICENSE) [out](../../x) <b>\n\n**1.2** A."
    )

    def address(file: str) -> str:
        return f"https://example.org/{file}"

    page = page_of(text, "schema/GUIDELINES.md", address)
    assert [
        "scheme.html",
        "#x",
        "https://example.org/LICENSE",
    ] == re.findall(r'href="([^"]*)"', page)
    assert " out &lt;b&gt;" in page
    assert '<p id="s1.2">' in page
    assert "list" in page_of(text, "schema/GUIDELINES.md", lambda file: "")
    assert "LICENSE" not in page_of(text, "schema/GUIDELINES.md", lambda file: "")


def test_errors_go_where_a_corpus_is_published(tmp_path: Path) -> None:
    """Without `--issues`, the repository on the Hub that the corpus states takes reports."""
    assert "" == origin_of(base(), tmp_path).issues
    settings = '[tool.statevisit]\nrepo = "owner/name"\n'
    (tmp_path / "pyproject.toml").write_text(settings, encoding="utf-8")
    expected = "https://huggingface.co/datasets/owner/name/discussions/new"
    assert expected == origin_of(base(), tmp_path).issues
    assert "x" == origin_of(base(), tmp_path, issues="x").issues


def test_agreement_is_that_of_the_manifest(site: Path) -> None:
    """The page has every figure of `release.json`, and the records that were contested."""
    manifest = load(ROOT).root / "corpus/release.json"  # type: ignore[operator]  # it has a root
    figures = re.findall(r'"value": ([\d.]+)', manifest.read_text("utf-8"))
    page = (site / "agreement.html").read_text("utf-8")
    assert figures
    assert all(f">{float(figure):.3f}<" in page for figure in figures)


def _released(root: Path, version: str, text: str) -> None:
    """Commit a version of the one document."""
    manifest = json.loads((ROOT / "corpus/release.json").read_text("utf-8"))
    (root / f"corpus/documents/{DOC_ID}.json").write_text(text, encoding="utf-8")
    (root / "corpus/release.json").write_text(json.dumps(manifest | {"version": version}))
    commit(root, f"Release {version}")
    git(root, "tag", f"v{version}")


def test_releases_are_compared(tmp_path: Path, cli: Cli, browser_page: Any) -> None:
    """Each release has what changed since the one before it, and the data at hand have theirs."""
    root = tmp_path / "repository"
    for name in ("corpus/documents", "seeds"):
        shutil.copytree(ROOT / name, root / name)
    begin(root)
    text = (ROOT / f"corpus/documents/{DOC_ID}.json").read_text("utf-8")
    _released(root, "0.1.0", text)
    assert 0 == cli("site", root, "-o", tmp_path / "one").status
    assert not (tmp_path / "one/releases.html").exists()
    changed = text.replace('"polarity":"POS"', '"polarity":"NEG"', 2)
    _released(root, "0.2.0", changed)
    left = text.replace('"polarity":"POS"', '"polarity":"NEG"', 3)
    (root / f"corpus/documents/{DOC_ID}.json").write_text(left, encoding="utf-8")
    assert 0 == cli("site", root, "-o", tmp_path / "site", "--workers", "2").status
    page = browser_page
    page.goto((tmp_path / "site/index.html").as_uri())
    page.get_by_role("link", name="Releases").click()
    assert ["Since 0.2.0, not released yet", "0.2.0"] == [
        heading.split(" 20")[0] for heading in page.locator("h2").all_inner_texts()
    ]
    changes = page.locator("section").nth(1)
    assert "2 changes since 0.1.0, in 1 document." in changes.inner_text()
    changes.locator("summary").click()
    item = changes.locator(".changes > li").first
    assert "Changed event mention" in item.inner_text()
    assert "polarity: POS → NEG" in item.inner_text()
    item.locator("a").click()
    assert "Event mention" in page.locator("#card .kind").inner_text()


def test_a_site_is_a_static_space(tmp_path: Path, cli: Cli) -> None:
    """README.md has what the Hub asks of a static Space, with any title."""
    root = shutil.copytree(ROOT / "corpus", tmp_path / "root/corpus").parent
    (root / "seeds").mkdir()
    (root / "README.md").write_text('# A "corpus": {of} #things\n', encoding="utf-8")
    assert 0 == cli("site", root, "-o", tmp_path / "site").status
    _, head, _ = (tmp_path / "site/README.md").read_text("utf-8").split("---\n")
    card = yaml.safe_load(head)
    assert ("static", "index.html") == (card["sdk"], card["app_file"])
    assert card["title"].startswith('A "corpus": {of} #things')
    assert (tmp_path / "site" / card["app_file"]).is_file()


@pytest.mark.parametrize("name", ["index", "scheme", "agreement", "releases", "guidelines"])
def test_the_pages_suit_everybody(site: Path, browser_page: Any, name: str) -> None:
    """axe-core finds nothing against WCAG 2.2 AA at 320 pixels, and nothing is wider than that."""
    page = browser_page
    page.set_viewport_size({"width": 320, "height": 800})
    page.goto((site / f"{name}.html").as_uri())
    violations = Axe().run(page, options=WCAG).response["violations"]
    seen = [(v["id"], [node["html"][:120] for node in v["nodes"]][:3]) for v in violations]
    assert [] == seen
    assert 320 == page.evaluate("document.documentElement.scrollWidth")


def test_a_corpus_without_documents_is_refused(tmp_path: Path, cli: Cli) -> None:
    """The message says what to do, and nothing is written."""
    result = cli("site", tmp_path, "-o", tmp_path / "site")
    assert 1 == result.status
    assert "holds no documents" in result.err
    assert not (tmp_path / "site" / MARKER).exists()


@pytest.mark.parametrize("name", ["index", "scheme", "agreement", "releases", "guidelines"])
def test_the_pages_are_looked_at(site: Path, chromium: Any, name: str) -> None:
    """Pictures of the pages at three widths, light and dark, are kept for people to look at."""
    look(chromium, (site / f"{name}.html").as_uri(), name)


def test_a_document_is_looked_at(site: Path, chromium: Any) -> None:
    """The same for the page of a document, with a card."""
    look(chromium, (site / f"documents/{DOC_ID}.html").as_uri() + "#ev4", "document")
