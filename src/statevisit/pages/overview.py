"""What the pages of a corpus show of all its documents: index, labels, agreement.

A `Batch` holds what they need of some documents. It is small, whatever the documents are.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec
import orjson
from msgspec import Struct

from statevisit.corpus.seeds import ListedSource
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme
from statevisit.document.states import DONE
from statevisit.pages.cards import name_of
from statevisit.pages.examples import Examples
from statevisit.pages.reader_page import colours_of
from statevisit.printable import counted

ROWS = 100
"""Documents on a page of the index."""

_CONTESTED = 40
"""Records with disagreements that are listed."""

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


class Contested(Struct, frozen=True):
    """A record on which annotators disagreed, in `count` properties."""

    count: int
    document: str
    record: str
    layer: str
    words: str


class Batch(Struct, frozen=True):
    """What pages need of some documents."""

    rows: list[Row] = []
    examples: Examples = msgspec.field(default_factory=Examples)
    contested: list[Contested] = []

    def add(self, document: Document, scheme: Scheme, source: ListedSource | None) -> None:
        """Add a document of a scheme, with what the list of sources states of its text."""
        self.rows.append(_row(document, source))
        self.contested.extend(_contested(document))
        self.examples.add(document, scheme)

    def merge(self, other: "Batch") -> None:
        """Add other documents."""
        self.rows.extend(other.rows)
        self.contested[:] = _most_contested([*self.contested, *other.contested])
        self.examples.merge(other.examples)


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
                "has_splits": bool(splits),
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
                "count": found.examples.counts.get((layer, prop, label.name), 0),
                "examples": found.examples.best.get((layer, prop, label.name), ()),
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


def agreement_of(
    agreement: Mapping[str, Any] | None, contested: Iterable[Contested]
) -> dict[str, Any]:
    """Return what the page of the agreement shows: that of a manifest, and contested records.

    Without a manifest that states it, there are no figures.
    """
    most = _most_contested(contested)
    if not agreement:
        return {"lead": "", "figures": [], "disagreements": most}
    annotators = agreement["annotators"]
    lead = (
        f"{', '.join(annotators)} on {counted(agreement['documents'], 'document')}; "
        f"intervals from {agreement['resamples']:,} resamples "
        f"of {counted(agreement['units'], agreement['unit'])}"
    )
    return {"lead": lead, "figures": agreement["figures"], "disagreements": most}


def _most_contested(contested: Iterable[Contested]) -> list[Contested]:
    """The records with most disagreements, at most _CONTESTED."""
    return sorted(contested, key=lambda record: (-record.count, record.document))[:_CONTESTED]
