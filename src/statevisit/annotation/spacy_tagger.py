"""A model of spaCy as a tagger: one that is installed, or in a directory. Nothing is downloaded."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from statevisit.annotation.windows import windows
from statevisit.document.model import Document
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError, MissingExtra

_SPAN_GROUP = "sc"


class SpacyTagger:
    """A pipeline of spaCy. `labels` are those that its components can give."""

    def __init__(self, model: str) -> None:
        self._pipeline = _loaded(model)
        meta = self._pipeline.meta
        self.name = f"spacy:{meta['lang']}_{meta['name']} {meta['version']}"
        labels = dict.fromkeys(
            label
            for component, of_component in self._pipeline.pipe_labels.items()
            if {"doc.ents", "doc.spans"} & {*self._pipeline.get_pipe_meta(component).assigns}
            for label in of_component
        )
        self.labels = tuple(labels)

    def spans(self, document: Document) -> list[JsonObject]:
        """Return the labelled spans of a document, in order of the text.

        A text beyond the limit of the pipeline is tagged in windows of sentences.
        """
        limit = self._pipeline.max_length
        spans: list[JsonObject] = []
        for start, end in windows(document, limit, len):
            doc = self._pipeline(document.text[start:end])
            spans += _spans_of(doc, start)
        return spans


def _spans_of(doc: Any, offset: int) -> Iterator[JsonObject]:
    for span in doc.ents or doc.spans.get(_SPAN_GROUP, ()):
        yield {
            "start": offset + span.start_char,
            "end": offset + span.end_char,
            "text": span.text,
            "label": span.label_,
        }


def _loaded(model: str) -> Any:
    """The pipeline of an installed model or a directory.

    Raises FormatError, with the installed ones, if there is none; MissingExtra without spaCy.
    """
    try:
        import spacy
    except ImportError:
        raise MissingExtra("spacy", "ingest") from None
    installed = ", ".join(sorted(spacy.util.get_installed_models())) or "none"
    if not spacy.util.is_package(model) and not (Path(model) / "config.cfg").is_file():
        raise FormatError(
            f"no model {model!r}: install the package of that name with pip, or give the directory"
            f" of a model (with config.cfg); nothing is downloaded (installed: {installed})"
        )
    try:
        pipeline = spacy.load(model)
    except (OSError, ValueError, KeyError, ImportError, TypeError, AttributeError) as error:
        reason = " ".join(str(error).split())[:300]
        raise FormatError(f"the model {model!r} cannot be loaded: {reason}") from None
    if not pipeline.pipe_names:
        raise FormatError(f"the model {model!r} has no components, so it labels nothing")
    return pipeline
