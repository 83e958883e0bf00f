"""What a page states of its document as a whole."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

from statevisit.corpus.seeds import ListedSource
from statevisit.document.model import Document
from statevisit.pages.provenance import Annotator, Origin, citation


def day_in_full(value: str) -> str:
    """Return a date such as "19 February 2024"; one that is no date as it stands."""
    try:
        day = date.fromisoformat(value)
    except ValueError:  # a document that is worked on
        return value
    return f"{day.day} {day:%B %Y}"


def lead(document: Document, source: ListedSource | None) -> list[str]:
    """Return what stands below the title: author, publisher, license, length, and the id."""
    stated = []
    if source is not None:
        stated = ["; ".join(source.author), source.stated_publisher, source.stated_license]
    words = f"{len(document.tokens):,} tokens"
    named = [document.id] if source is not None and source.title else []
    return [*(value for value in stated if value), words, *named]


def about(
    document: Document,
    source: ListedSource | None,
    annotators: Sequence[Annotator],
    origin: Origin,
) -> list[tuple[str, str]]:
    """Return what is stated of a document, by name."""
    states = Counter(document.layers.values())
    rows = [
        ("Document", document.id),
        ("Date", document.date),
        ("Language", document.language),
        ("Layers", ", ".join(f"{number} {state}" for state, number in states.items())),
        ("SHA-256 of the text", document.text_sha256),
    ]
    if source is not None and source.url:
        rows.append(("Address", source.url))
    rows += [("Annotated by", _described(annotator)) for annotator in annotators]
    return [*rows, ("Cite this", _whole_citation(document, source, origin))]


def _whole_citation(document: Document, source: ListedSource | None, origin: Origin) -> str:
    """How to cite a document: its text, as far as the list of sources says, and its annotation."""
    stated = []
    if source is not None:
        title = f"“{source.title}”" if source.title else ""
        stated = ["; ".join(source.author), title, source.stated_publisher, source.url]
    annotation = f"Annotation: {citation(document, origin)}."
    text = ", ".join(value for value in stated if value)
    return f"{text}. {annotation}" if text else annotation


def _described(annotator: Annotator) -> str:
    words = f"{annotator.id + ': ' if annotator.id else ''}{annotator.name} ({annotator.kind})"
    return f"{words}: {annotator.notes}" if annotator.notes else words
