"""A corpus as static pages: an index, a page for each document, the labels, the agreement.

Every document is read once. The pages of a batch of documents are a task, which writes them and
returns a row for each; what the other pages need of documents is a few examples for each label.
"""

import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from msgspec import Struct
from msgspec.structs import replace

from statevisit import files, layout
from statevisit.checks.document import sound
from statevisit.corpus.annotators import read_annotators
from statevisit.corpus.entries import Entry
from statevisit.corpus.jsonl import read_json
from statevisit.corpus.parallel import batches, ordered
from statevisit.corpus.reader import Corpus, load
from statevisit.corpus.settings import read_settings
from statevisit.corpus.source_lookup import Sources, lookup
from statevisit.document.codec import read_text
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme, scheme_of
from statevisit.pages.overview import Batch, agreement_of, index, inventories_of, searchable
from statevisit.pages.provenance import Annotator, Origin, origin_of
from statevisit.pages.reader_page import (
    Site,
    asset,
    document_page,
    render,
    style_sheet,
)
from statevisit.pages.releases import Mapper, releases_of
from statevisit.pages.words import page_of

MARKER = "assets/site.json"
"""The file by which a directory is known as a site, so that it may be replaced."""


_CARD = """---
title: {title}
sdk: static
app_file: index.html
---
These are the pages of a corpus, as `statevisit site` writes them: begin with `index.html`.

The lines above make the directory a static Space of the Hugging Face Hub:
`hf upload OWNER/NAME . --repo-type space`, run here.
"""
"""The page of the directory itself, by which the Hub knows it as a static Space."""


class Task(Struct, frozen=True):
    """What the tasks of a site share; `folder` is the directory of the documents' pages."""

    folder: Path
    scheme: Scheme
    sources: Sources
    annotators: Mapping[str, Annotator]
    site: Site
    origin: Origin


def write_site(
    corpus: Corpus,
    target: Path,
    issues: str = "",
    mapper: Mapper = ordered,
    done: Callable[[int], None] = lambda _: None,
) -> int:
    """Write the site of a corpus into a directory, which is made or replaced; count the files.

    Args:
        corpus: The corpus; its root may lack seeds, a manifest or guidelines.
        target: A directory that does not exist, is empty, or holds a site.
        issues: The address at which errors are reported, such as that of a project's new issues.
        mapper: Runs the tasks, with the arguments of `parallel.ordered`.
        done: Is called with the number of documents after each batch of them.

    Raises FormatError for a document that cannot be read, and where `target` holds other files.
    """
    with _replacing(target) as staging:
        _write(corpus, staging, issues, mapper, done)
        return sum(path.is_file() for path in staging.rglob("*"))


@contextmanager
def _replacing(target: Path) -> Iterator[Path]:
    """A temporary directory that becomes `target`, in place of a site there, on success."""
    if not (target / MARKER).is_file():
        with files.appearing(target) as staging:
            yield staging
        return
    place = target.resolve()
    with tempfile.TemporaryDirectory(prefix=f".{place.name}.", dir=place.parent) as name:
        staging = Path(name) / "new"
        staging.mkdir()
        yield staging
        place.rename(Path(name) / "old")
        staging.rename(place)


def _write(
    corpus: Corpus, folder: Path, issues: str, mapper: Mapper, done: Callable[[int], None]
) -> None:
    site = Site(_title(corpus), issues=issues)
    found = _documents(corpus, folder / "documents", site, mapper, done)
    pages = list(_pages(corpus, found, mapper))
    in_menu = tuple((page.address, page.title) for page in pages if page.title)
    shown = partial(render, scheme=corpus.scheme, site=replace(site, pages=in_menu), base="")
    for page in pages:
        files.write(folder / page.address, shown(page.template, page=page.content).encode())
    assets = {
        "assets/page.css": style_sheet(corpus.scheme).encode(),
        "assets/page.js": asset("page.js").encode(),
        "assets/documents.js": searchable(found.rows),
        layout.CARD: _CARD.format(title=orjson.dumps(site.title).decode()).encode(),
        MARKER: orjson.dumps({"documents": len(found.rows)}),
    }
    for name, data in assets.items():
        files.write(folder / name, data)


class _Page(NamedTuple):
    """A page of the site: its name in the menu, or "", its template and what that shows."""

    address: str
    title: str
    template: str
    content: object


def _pages(corpus: Corpus, found: Batch, mapper: Mapper) -> Iterator[_Page]:
    """Yield the pages about all documents, in the order of the menu."""
    for name, content in index(found.rows):
        yield _Page(name, "Documents" if name == "index.html" else "", "index.html", content)
    labels = inventories_of(corpus.scheme, found)
    yield _Page("scheme.html", "Labels", "scheme.html", {"inventories": labels})
    agreement = _manifest(corpus.root).get("agreement")
    if agreement or found.contested:
        content = agreement_of(agreement, found.contested)
        yield _Page("agreement.html", "Agreement", "agreement.html", content)
    releases = releases_of(corpus, mapper)
    if releases:
        content = {"releases": releases, "documents": {row.id for row in found.rows}}
        yield _Page("releases.html", "Releases", "releases.html", content)
    root = corpus.root
    if root is not None and (root / layout.GUIDELINES).is_file():
        text, address = read_text(root / layout.GUIDELINES), read_settings(root).address
        content = {"title": "Guidelines", "body": page_of(text, layout.GUIDELINES, address)}
        yield _Page("guidelines.html", "Guidelines", "words.html", content)


def _manifest(root: Path | None) -> dict[str, Any]:
    path = None if root is None else root / layout.RELEASE
    return read_json(path, "release") if path is not None and path.is_file() else {}


def _title(corpus: Corpus) -> str:
    """The heading of the corpus's README.md, else the name of its directory, and the version."""
    card = (corpus.root or corpus.path) / layout.CARD
    heading = re.search(r"^# +(.+)", read_text(card), re.MULTILINE) if card.is_file() else None
    name = heading[1].strip() if heading else (corpus.root or corpus.path).resolve().name
    return f"{name} {corpus.version}" if corpus.version else name


def _documents(
    corpus: Corpus, folder: Path, site: Site, mapper: Mapper, done: Callable[[int], None]
) -> Batch:
    """Write the pages of all documents; return what the other pages need of them."""
    folder.mkdir()
    beside = folder.parent.parent  # which all tasks see, and which goes with its files
    task = Task(
        folder=folder,
        scheme=corpus.scheme,
        sources=Sources() if corpus.root is None else lookup(corpus.root, beside),
        annotators=_annotators(corpus.root),
        site=site,
        origin=origin_of(corpus.scheme, corpus.root, site.title, site.issues),
    )
    whole = Batch()
    for batch in mapper(partial(write_documents, task=task), batches(corpus.entries)):
        whole.merge(batch)
        done(len(batch.rows))
    return whole


def _annotators(root: Path | None) -> dict[str, Annotator]:
    listed = [] if root is None else read_annotators(root)
    return {
        each["id"]: Annotator(
            each["name"],
            each["kind"],
            each.get("notes", ""),
            each["id"],
            tuple(each.get("layers", ())),
        )
        for each in listed
    }


def _named(document: Document, listed: Mapping[str, Annotator]) -> list[Annotator]:
    return [
        listed.get(name) or Annotator(name, "not listed", id=name) for name in document.annotators
    ]


def annotators_of(document: Document, root: Path | None) -> list[Annotator]:
    """Return who annotated a document, as the list of annotators of its corpus names them."""
    return _named(document, _annotators(root))


def origin_at(document: Document, root: Path | None) -> Origin:
    """Return the corpus at a root, which a document is from; without a root its scheme only."""
    title = "" if root is None else _title(load(root))
    return origin_of(scheme_of(document), root, title)


def write_documents(entries: Sequence[Entry], task: Task) -> Batch:
    """Write the pages of some documents. Raises FormatError for one that cannot be read."""
    batch = Batch()
    for entry in entries:
        document = sound(entry, task.scheme)
        source = task.sources.get(document.source.file)
        page = document_page(
            document, source, _named(document, task.annotators), task.site, task.origin
        )
        files.write(task.folder / f"{document.id}.html", page.encode())
        batch.add(document, task.scheme, source)
    return batch
