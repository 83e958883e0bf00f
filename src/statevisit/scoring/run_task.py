"""What the systems of a run get, and what they give."""

import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson
from msgspec import Struct, field

from statevisit.document.model import Document
from statevisit.errors import FormatError, StateVisitError
from statevisit.scoring.answer_cache import Cache
from statevisit.scoring.prediction import Note
from statevisit.scoring.routing import LabelMapping
from statevisit.scoring.run_file import Run, System

Advance = Callable[[], None]
"""Called after each step of a system."""


PREDICTIONS = "predictions"
"""The directory of predictions below the output of a run."""


class Predictions(Struct):
    """What a system predicts, and how it came to be.

    Attributes:
        path: The file or directory, in a form that `score` reads.
        versions: The versions of what was run, by name.
        tokens: The tokens that a model counted, `input` and `output`.
        answers: How many answers of a model were `read`, read as far as they go (`cut`), or
            `unreadable`.
        notes: What there is to say about answers.
    """

    path: Path
    versions: dict[str, str] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=dict)
    answers: dict[str, int] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)


class SystemFailed(StateVisitError):
    """A system gives no predictions; the message is the reason."""


class Task(Struct, frozen=True):
    """The documents and layers that a system gets, from a corpus, and what was answered before."""

    run: Run
    corpus: Path
    documents: Sequence[Document]
    layers: frozenset[str]
    cache: Cache


def mapping_of(system: System, run: Run) -> LabelMapping:
    """Return the mapping of a system's labels to those of the scheme; None without one."""
    if isinstance(system.map, str):
        return run.directory / system.map if system.map else None
    return system.map


def texts_of(documents: Sequence[Document]) -> bytes:
    """Return documents as JSONL without annotation: `id`, `language`, `date` and `text`."""
    lines = [
        {"id": d.id, "language": d.language, "date": d.date, "text": d.text} for d in documents
    ]
    return b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)


def empty_place(system: System, run: Run) -> Path:
    """Return the directory of a system's predictions, without those of an earlier run.

    Raises FormatError if a link leads there: what it leads to is not the run's.
    """
    directory = run.output / PREDICTIONS / system.name
    for place in (directory.parent, directory):
        if place.is_symlink():
            raise FormatError(f"{place}: is a link to {os.readlink(place)}; replace it")
    if directory.exists():
        shutil.rmtree(directory)
    return directory
