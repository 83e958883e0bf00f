"""Taggers: what labels the spans of documents, by name. Models come from this machine only."""

from collections.abc import Sequence
from typing import Protocol

from statevisit.document.model import Document
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError


class Tagger(Protocol):
    """What labels the spans of documents.

    `name` says what it is, with its version, and `labels` are those that it can give.
    """

    @property
    def name(self) -> str:
        """The name that its predictions carry."""

    @property
    def labels(self) -> Sequence[str]:
        """The labels that it can give."""

    def spans(self, document: Document) -> list[JsonObject]:
        """Return the labelled spans of a document: `start`, `end` (code points) and `label`."""


def tagger(name: str) -> Tagger:
    """Return the tagger of a name: `spacy:MODEL`, `hf:MODEL` or `rules`.

    Raises FormatError for another name and for a model that is not on this machine, MissingExtra
    without spaCy.
    """
    kind, _, model = name.partition(":")
    if name == "rules":
        from statevisit.annotation.rule_tagger import RuleTagger

        return RuleTagger()
    if kind == "spacy" and model:
        from statevisit.annotation.spacy_tagger import SpacyTagger

        return SpacyTagger(model)
    if kind == "hf" and model:
        from statevisit.annotation.hf_tagger import load

        return load(model)
    raise FormatError(f"{name!r} is no tagger; give spacy:MODEL, hf:MODEL or rules")
