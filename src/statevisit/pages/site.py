"""A corpus as static pages: an index, a page for each document, the labels, the agreement.

Every document is read once. The pages of a batch of documents are a task, which writes them and
returns a row for each; what the other pages need of documents is a few examples for each label.
"""

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import orjson
from markdown_it import MarkdownIt
from markupsafe import Markup
from msgspec import Struct

from statevisit import files, layout
from statevisit.checks.document import sound
from statevisit.corpus.entries import Entry
from statevisit.corpus.jsonl import read_json
from statevisit.corpus.parallel import ordered
from statevisit.corpus.reader import Corpus
from statevisit.corpus.seeds import ListedSource, read_sources
from statevisit.document.codec import read_text
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme
from statevisit.document.states import DONE

from statevisit.pages.cards import name_of
from statevisit.pages.reader_page import (
    Annotator,
    Site,
    asset,
    colours_of,
    document_page,
    render,
    style_sheet,
)
from statevisit.printable import counted

BATCH = 16
"""Documents whose pages are one task."""

ROWS = 100
"""Documents on a page of the index."""

EXAMPLES = 5
"""Records that are shown for a label."""

_CONTESTED = 40
"""Records with disagreements that are listed."""

_AROUND = 90
"""Characters of a sentence before and after the words of an example, at most."""

MARKER = "assets/site.json"
"""The file by which a directory is known as a site, so that it may be replaced."""

_COUNTED = {"mentions": "Mentions", "events": "Events", "quantities": "Quantities"}
"""The layers whose records the index counts, and the heads of their columns."""


class Row(Struct, frozen=True):
    """A document in the index. `counts` are those of _COUNTED, `unfinished` layers not done."""

    id: str
    title: str
    date: str
    split: str
    counts: list[int]
    unfinished: str
    disagreements: int


class Example(Struct, frozen=True, order=True):
    """A record in its sentence; the clearest come first."""

    disagreements: int
    length: int
    document: str
    record: str
    language: str
    before: str
    words: str
    after: str


class Contested(Struct, frozen=True):
    """A record on which annotators disagreed, in `count` properties."""

    count: int
    document: str
    record: str
    layer: str
    words: str


LabelKey = tuple[str, str, str]
"""A layer, a property and a label."""


class Batch(Struct, frozen=True):
    """What the task of some documents returns; `examples` are at most EXAMPLES for each label."""

    rows: list[Row]
    examples: dict[LabelKey, list[Example]]
    counts: Counter[LabelKey]
    contested: list[Contested]


class Task(Struct, frozen=True):
    """What the tasks of a site share; `folder` is the directory of the documents' pages."""

    folder: Path
    scheme: Scheme
    sources: Mapping[str, ListedSource]
    annotators: Mapping[str, Annotator]
    site: Site


Mapper = Callable[..., Iterator[Any]]


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
    root = corpus.root
    guidelines = root / layout.GUIDELINES if root else None
    manifest = _manifest(root)
    pages = [("scheme.html", "Labels")]
    if "agreement" in manifest:
        pages.append(("agreement.html", "Agreement"))
    if guidelines is not None and guidelines.is_file():
        pages.append(("guidelines.html", "Guidelines"))
    title = _title(corpus)
    site = Site(title, (("index.html", "Documents"), *pages), issues)
    found = _documents(corpus, folder / "documents", site, mapper, done)
    shown = partial(render, scheme=corpus.scheme, site=site, base="")
    for name, page in _index(found.rows, manifest):
        files.write(folder / name, shown("index.html", page=page).encode())
    labels = _inventories(corpus.scheme, found)
    files.write(folder / "scheme.html", shown("scheme.html", page={"inventories": labels}).encode())
    if "agreement" in manifest:
        page = _agreement(manifest["agreement"], found.contested)
        files.write(folder / "agreement.html", shown("agreement.html", page=page).encode())
    if guidelines is not None and guidelines.is_file():
        page = {"title": "Guidelines", "body": _markdown(read_text(guidelines))}
        files.write(folder / "guidelines.html", shown("words.html", page=page).encode())
    assets = {
        "assets/page.css": style_sheet(corpus.scheme).encode(),
        "assets/page.js": asset("page.js").encode(),
        "assets/documents.js": _searchable(found.rows),
        MARKER: orjson.dumps({"documents": len(found.rows)}),
    }
    for name, data in assets.items():
        files.write(folder / name, data)


def _manifest(root: Path | None) -> dict[str, Any]:
    path = None if root is None else root / layout.RELEASE
    return read_json(path, "release") if path is not None and path.is_file() else {}


def _title(corpus: Corpus) -> str:
    name = (corpus.root or corpus.path).resolve().name
    return f"{name} {corpus.version}" if corpus.version else name


def _documents(
    corpus: Corpus, folder: Path, site: Site, mapper: Mapper, done: Callable[[int], None]
) -> Batch:
    """Write the pages of all documents; return what the other pages need of them."""
    folder.mkdir()
    task = Task(
        folder=folder,
        scheme=corpus.scheme,
        sources={} if corpus.root is None else read_sources(corpus.root),
        annotators=_annotators(corpus.root),
        site=site,
    )
    whole = Batch([], {}, Counter(), [])
    places = range(0, len(corpus), BATCH)
    batches = (corpus.entries[place : place + BATCH] for place in places)
    for batch in mapper(partial(write_documents, task=task), batches):
        whole.rows.extend(batch.rows)
        whole.counts.update(batch.counts)
        whole.contested.extend(batch.contested)
        _keep_best(whole, batch.examples)
        done(len(batch.rows))
    return whole


def _annotators(root: Path | None) -> dict[str, Annotator]:
    path = None if root is None else root / layout.ANNOTATORS
    if path is None or not path.is_file():
        return {}
    listed = read_json(path, "annotators")["annotators"]
    return {
        each["id"]: Annotator(each["name"], each["kind"], each.get("notes", "")) for each in listed
    }


def write_documents(entries: Sequence[Entry], task: Task) -> Batch:
    """Write the pages of some documents. Raises FormatError for one that cannot be read."""
    batch = Batch([], {}, Counter(), [])
    for entry in entries:
        document = sound(entry, task.scheme)
        source = task.sources.get(document.source.file)
        annotators = [
            task.annotators.get(name) or Annotator(name, "not listed")
            for name in document.annotators
        ]
        page = document_page(document, source, annotators, task.site)
        files.write(task.folder / f"{document.id}.html", page.encode())
        batch.rows.append(_row(document, source))
        batch.contested.extend(_contested(document))
        _keep_best(batch, _examples(document, task.scheme, batch.counts))
    return batch


def _row(document: Document, source: ListedSource | None) -> Row:
    unfinished = [
        f"{layer.replace('_', ' ')} ({state})"
        for layer, state in document.layers.items()
        if state != DONE
    ]
    return Row(
        id=document.id,
        title=source.title if source and source.title else document.id,
        date=document.date,
        split=(source.split or "") if source else "",
        counts=[len(getattr(document, layer)) for layer in _COUNTED],
        unfinished=", ".join(unfinished),
        disagreements=sum(record.disagreements or 0 for record in _records(document)),
    )


def _records(document: Document) -> Iterator[Any]:
    return (document[record_id] for record_id in document.layer_by_id)


def _contested(document: Document) -> list[Contested]:
    """The records of a document on which annotators disagreed most."""
    contested = [
        Contested(
            count=record.disagreements,
            document=document.id,
            record=record.id,
            layer=document.layer_of(record.id),
            words=name_of(document, record.id),
        )
        for record in _records(document)
        if record.disagreements
    ]
    return sorted(contested, key=lambda record: -record.count)[:_CONTESTED]


def _examples(
    document: Document, scheme: Scheme, counts: Counter[LabelKey]
) -> dict[LabelKey, list[Example]]:
    """The clearest records of a document for each label; `counts` counts them all."""
    examples: dict[LabelKey, list[Example]] = {}
    for layer, prop in scheme.inventories:
        if layer == "arguments":
            continue
        for record in getattr(document, layer):
            label = getattr(record, "class_" if prop == "class" else prop, None)
            if label is None:
                continue
            counts[layer, prop, label] += 1
            example = _example(document, record)
            if example is not None:
                examples.setdefault((layer, prop, label), []).append(example)
    return {key: sorted(of_label)[:EXAMPLES] for key, of_label in examples.items()}


def _example(document: Document, record: Any) -> Example | None:
    """A record in its sentence: the first mention of an entity; None for one without words."""
    span = record
    if not hasattr(record, "start"):
        mentions = document.mentions_of(record) if hasattr(record, "members") else ()
        span = mentions[0] if mentions else None
    sentence = None if span is None else document.sentence_of(span)
    if span is None or sentence is None:
        return None
    before = document.text[sentence.start : span.start]
    after = document.text[span.end : sentence.end]
    return Example(
        disagreements=record.disagreements or 0,
        length=sentence.end - sentence.start,
        document=document.id,
        record=record.id,
        language=document.language,
        before=before if len(before) <= _AROUND else f"… {before[-_AROUND:].partition(' ')[2]}",
        words=document.text_of(span),
        after=after if len(after) <= _AROUND else f"{after[:_AROUND].rpartition(' ')[0]} …",
    )


def _keep_best(batch: Batch, examples: Mapping[LabelKey, list[Example]]) -> None:
    for key, of_label in examples.items():
        batch.examples[key] = sorted([*batch.examples.get(key, ()), *of_label])[:EXAMPLES]


def _index(rows: Sequence[Row], manifest: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield the name and the content of each page of the index."""
    pages = range(1, max(1, -(-len(rows) // ROWS)) + 1)
    names = {number: "index.html" if number == 1 else f"index-{number}.html" for number in pages}
    totals = [sum(row.counts[place] for row in rows) for place in range(len(_COUNTED))]
    records = ", ".join(
        f"{total:,} {title.lower()}" for total, title in zip(totals, _COUNTED.values(), strict=True)
    )
    splits = Counter(row.split for row in rows if row.split)
    lead = f"{counted(len(rows), 'document')}, {records}"
    if splits:
        lead += "; " + ", ".join(f"{split}: {number:,}" for split, number in splits.items())
    for number, name in names.items():
        yield (
            name,
            {
                "lead": lead,
                "columns": list(_COUNTED.values()),
                "rows": rows[(number - 1) * ROWS : number * ROWS],
                "numbers": list(names.items()),
                "number": number,
            },
        )


def _searchable(rows: Iterable[Row]) -> bytes:
    """The documents as a script: a page that is a file may load no data, but scripts."""
    values = [[row.id, row.title, row.date, row.split] for row in rows]
    return b"const documents = " + orjson.dumps(values) + b";\n"


def _inventories(scheme: Scheme, found: Batch) -> list[dict[str, Any]]:
    """The labels of a scheme, with their examples."""
    colours = colours_of(scheme)
    inventories = []
    for layer, prop in scheme.inventories:
        labels = [
            {
                "id": f"{layer}-{prop}-{label.name}",
                "name": label.name,
                "title": label.title,
                "description": label.description,
                "colour": colours.get(label.name, ""),
                "count": found.counts[layer, prop, label.name],
                "examples": found.examples.get((layer, prop, label.name), ()),
            }
            for label in scheme.labels(layer, prop)
        ]
        inventories.append(
            {
                "id": f"{layer}-{prop}",
                "title": f"{layer.replace('_', ' ')}: {prop.replace('_', ' ')}",
                "description": scheme.properties(layer)[prop].get("description", ""),
                "labels": labels,
            }
        )
    return inventories


def _agreement(agreement: Mapping[str, Any], contested: Iterable[Contested]) -> dict[str, Any]:
    annotators = agreement["annotators"]
    lead = (
        f"{', '.join(annotators)} on {counted(agreement['documents'], 'document')}; intervals from "
        f"{agreement['resamples']:,} resamples of {agreement['units']:,} units ({agreement['unit']})"
    )
    most = sorted(contested, key=lambda record: (-record.count, record.document))[:_CONTESTED]
    return {"lead": lead, "figures": agreement["figures"], "disagreements": most}


def _markdown(text: str) -> Markup:
    """Return Markdown as HTML, in which HTML of its own is text."""
    return Markup(MarkdownIt("commonmark", {"html": False}).enable("table").render(text))
