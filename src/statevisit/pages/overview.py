"""What the pages of a corpus show of all its documents: index, labels, agreement.

A `Batch` holds what they need of some documents. It is small, whatever the documents are.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import orjson
from msgspec import Struct

from statevisit.corpus.seeds import ListedSource
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme
from statevisit.document.states import DONE
from statevisit.pages.cards import name_of
from statevisit.pages.reader_page import colours_of
from statevisit.printable import counted

ROWS = 100
"""Documents on a page of the index."""

EXAMPLES = 5
"""Records that are shown for a label."""

_CONTESTED = 40
"""Records with disagreements that are listed."""

_AROUND = 90
"""Characters of a sentence before and after the words of an example, at most."""

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
    """What pages need of some documents; `examples` are at most EXAMPLES for each label."""

    rows: list[Row] = []
    examples: dict[LabelKey, list[Example]] = {}
    counts: dict[LabelKey, int] = {}
    contested: list[Contested] = []

    def add(self, document: Document, scheme: Scheme, source: ListedSource | None) -> None:
        """Add a document of a scheme, with what the list of sources states of its text."""
        self.rows.append(_row(document, source))
        self.contested.extend(_contested(document))
        for key, of_label in _examples(document, scheme).items():
            self.counts[key] = self.counts.get(key, 0) + len(of_label)
            self._keep_best(key, of_label)

    def merge(self, other: "Batch") -> None:
        """Add other documents."""
        self.rows.extend(other.rows)
        self.contested.extend(other.contested)
        for key, number in other.counts.items():
            self.counts[key] = self.counts.get(key, 0) + number
        for key, of_label in other.examples.items():
            self._keep_best(key, of_label)

    def _keep_best(self, key: LabelKey, examples: list[Example]) -> None:
        best = sorted([*self.examples.get(key, ()), *examples])
        self.examples[key] = [example for example in best if example.words][:EXAMPLES]


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


def _examples(document: Document, scheme: Scheme) -> dict[LabelKey, list[Example]]:
    """The records of a document by label, as examples."""
    examples: dict[LabelKey, list[Example]] = {}
    for layer, prop in scheme.inventories:
        if layer == "arguments":
            continue
        for record in getattr(document, layer):
            label = getattr(record, "class_" if prop == "class" else prop, None)
            if label is not None:
                examples.setdefault((layer, prop, label), []).append(_example(document, record))
    return examples


def _example(document: Document, record: Any) -> Example:
    """A record in its sentence: the first mention of an entity; without words if it has none."""
    span = record
    if not hasattr(record, "start"):
        mentions = document.mentions_of(record) if hasattr(record, "members") else ()
        span = mentions[0] if mentions else None
    sentence = None if span is None else document.sentence_of(span)
    before = words = after = ""
    if span is not None and sentence is not None:
        before = document.text[sentence.start : span.start]
        words = document.text_of(span)
        after = document.text[span.end : sentence.end]
    return Example(
        disagreements=record.disagreements or 0,
        length=len(before) + len(words) + len(after),
        document=document.id,
        record=getattr(record, "id", ""),
        language=document.language,
        before=before if len(before) <= _AROUND else f"… {before[-_AROUND:].partition(' ')[2]}",
        words=words,
        after=after if len(after) <= _AROUND else f"{after[:_AROUND].rpartition(' ')[0]} …",
    )


def index(rows: Sequence[Row]) -> Iterator[tuple[str, Any]]:
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


def searchable(rows: Iterable[Row]) -> bytes:
    """Return the documents as a script: a page that is a file may load no data, but scripts."""
    values = [[row.id, row.title, row.date, row.split] for row in rows]
    return b"const documents = " + orjson.dumps(values) + b";\n"


def inventories_of(scheme: Scheme, found: Batch) -> list[dict[str, Any]]:
    """Return the labels of a scheme, with their examples."""
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
                "count": found.counts.get((layer, prop, label.name), 0),
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


def agreement_of(agreement: Mapping[str, Any], contested: Iterable[Contested]) -> dict[str, Any]:
    """Return what the page of the agreement shows: that of a manifest, and contested records."""
    annotators = agreement["annotators"]
    lead = (
        f"{', '.join(annotators)} on {counted(agreement['documents'], 'document')}; "
        f"intervals from {agreement['resamples']:,} resamples "
        f"of {agreement['units']:,} units ({agreement['unit']})"
    )
    most = sorted(contested, key=lambda record: (-record.count, record.document))[:_CONTESTED]
    return {"lead": lead, "figures": agreement["figures"], "disagreements": most}
