"""Predictions of a tagger for the documents of a corpus, as JSONL that `score` reads."""

from collections.abc import Iterable
from functools import lru_cache

import orjson

from statevisit.annotation.taggers import Tagger, tagger
from statevisit.corpus.parallel import check_stopped
from statevisit.corpus.reader import Entry
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme, scheme_of
from statevisit.document.strict_json import JsonObject
from statevisit.scoring.routing import Routing


def prediction_of(document: Document, tagger: Tagger) -> JsonObject:
    """Return what a tagger says of a document: its id, the system, and labelled spans.

    Layers that the labels of the tagger lead to are there, and empty: that it finds no time in a
    text is a prediction, too.
    """
    routing = Routing(scheme_of(document))
    homes = dict.fromkeys(routing.place("mentions", label, True)[0] for label in tagger.labels)
    empty: JsonObject = {layer: [] for layer in homes if layer not in ("", "mentions")}
    spans = tagger.spans(document)
    return {"id": document.id, "system": tagger.name, "spans": spans, **empty}


def line_of(document: Document, tagger: Tagger) -> bytes:
    """Return the prediction of a document as a line of JSONL."""
    return orjson.dumps(prediction_of(document, tagger), option=orjson.OPT_APPEND_NEWLINE)


def predict(entries: Iterable[Entry], scheme: Scheme, system: str) -> tuple[str, list[bytes]]:
    """Return the name of a tagger and the predictions of some documents, each a line of JSONL.

    It is the task of `statevisit predict`; a process loads the model with its first task. Raises
    what `taggers.tagger` raises, and FormatError for a document that is not valid.
    """
    loaded = _loaded(system)
    lines = []
    for entry in entries:
        check_stopped()
        lines.append(line_of(entry.read(scheme), loaded))
    return loaded.name, lines


_loaded = lru_cache(maxsize=1)(tagger)
