"""What a corpus states of the records of a document: who made them, by which rules, decided how."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import orjson
from msgspec import Struct

from statevisit import layout
from statevisit.annotation.guideline_rules import guidelines_of, paragraphs_on
from statevisit.corpus.settings import read_settings
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme
from statevisit.pages.cards import LAYER_TITLES

_DISCUSSIONS = "https://huggingface.co/datasets/{}/discussions/new"
"""Where errors in a dataset of the Hugging Face Hub are reported."""


class Annotator(Struct, frozen=True):
    """Who annotated a document, as `corpus/annotators.json` has it.

    `layers` are those that it annotates; empty for those that nothing is stated of.
    """

    name: str
    kind: str
    notes: str = ""
    id: str = ""
    layers: tuple[str, ...] = ()


class Guidelines(Struct, frozen=True):
    """The paragraphs of the guidelines by number, and the number for each label of a card."""

    paragraphs: Mapping[str, str] = {}
    numbers: Mapping[str, str] = {}


class Origin(Struct, frozen=True):
    """The corpus that documents come from.

    Attributes:
        title: Its title and version; "" for none.
        root: Its root, whose decisions are read; None for documents that come from no corpus.
        guidelines: Its guidelines, or those of the base scheme.
        issues: The address at which errors are reported; "" for none.
    """

    title: str = ""
    root: Path | None = None
    guidelines: Guidelines = Guidelines()
    issues: str = ""


def origin_of(scheme: Scheme, root: Path | None, title: str = "", issues: str = "") -> Origin:
    """Return the corpus at a root. Without `issues`, errors go to the Hub if it is published there.

    Raises FormatError for guidelines or settings that cannot be read.
    """
    if root is not None and not issues:
        repo = read_settings(root).repo
        issues = _DISCUSSIONS.format(repo) if repo else ""
    return Origin(title, root, _guidelines(guidelines_of(scheme, root), scheme), issues)


@lru_cache(8)
def _guidelines(page: str, scheme: Scheme) -> Guidelines:
    return Guidelines(*paragraphs_on(page, scheme))


def provenance(
    document: Document, annotators: Sequence[Annotator], origin: Origin, labels: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what cards show of annotators, guidelines and decisions, for the script.

    `labels` are those of the page.
    """
    numbers = {
        label: origin.guidelines.numbers[label]
        for label in labels
        if label in origin.guidelines.numbers
    }
    paragraphs = {number: origin.guidelines.paragraphs[number] for number in numbers.values()}
    return {
        "annotators": {layer: _named(annotators, layer) for layer in LAYER_TITLES},
        "rules": numbers,
        "paragraphs": dict(sorted(paragraphs.items())),
        "decisions": _decisions(document, origin.root),
        "cite": citation(document, origin),
        "issues": origin.issues,
    }


def citation(document: Document, origin: Origin) -> str:
    """Return how to cite the annotation of a document: its corpus with the version, id and date."""
    corpus = f"{origin.title}, " if origin.title else ""
    return f"{corpus}document {document.id} ({document.date})"


def _named(annotators: Sequence[Annotator], layer: str) -> list[str]:
    """The annotators of a layer in words, those of one name and kind together."""
    ids: dict[str, list[str]] = {}
    for annotator in annotators:
        if not annotator.layers or layer in annotator.layers:
            ids.setdefault(f"{annotator.name} ({annotator.kind})", []).append(annotator.id)
    return [
        ": ".join((name, ", ".join(filter(None, of)))).removesuffix(": ")
        for name, of in ids.items()
    ]


def _decisions(document: Document, root: Path | None) -> dict[str, Any]:
    """The disagreements over records of a document and how they were decided, by record."""
    path = None if root is None else root / layout.DECISIONS
    if path is None or not path.is_file():
        return {}
    state = path.stat()
    places = _places(path, state.st_size, state.st_mtime_ns).get(document.id, ())
    decisions: dict[str, Any] = {}
    with path.open("rb") as file:
        for place in places:
            file.seek(place)
            line = orjson.loads(file.readline())
            decisions[line["record"]] = {
                "differences": _differences(line.get("a"), line.get("b")),
                "decision": line["decision"],
                "reason": line["reason"],
            }
    return decisions


@lru_cache(2)
def _places(path: Path, size: int, changed: int) -> dict[str, list[int]]:
    """Where the lines about each document begin; those that are no decisions are left out."""
    places: dict[str, list[int]] = {}
    place = 0
    with path.open("rb") as file:
        for line in file:
            try:
                value = orjson.loads(line)
            except orjson.JSONDecodeError:
                value = None
            if isinstance(value, dict) and value.keys() >= {
                "document",
                "record",
                "decision",
                "reason",
            }:
                places.setdefault(value["document"], []).append(place)
            place += len(line)
    return places


def _differences(one: Any, other: Any) -> list[tuple[str, str, str]]:
    """The properties in which two readings differ, and their values in each."""
    if one is None or other is None:
        return [
            ("record", "none" if one is None else "there", "none" if other is None else "there")
        ]
    names = dict.fromkeys((*one, *other))
    return [
        (name.replace("_", " "), _in_words(one.get(name)), _in_words(other.get(name)))
        for name in names
        if one.get(name) != other.get(name)
    ]


def _in_words(value: Any) -> str:
    if isinstance(value, dict):
        return " ".join(map(_in_words, value.values()))
    if isinstance(value, list):
        return ", ".join(map(_in_words, value)) or "none"
    return "none" if value is None else str(value)
