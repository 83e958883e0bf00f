"""The predictions of the systems of a run: made, read, or answered before."""

import hashlib
import shutil
import subprocess
from pathlib import Path

import orjson

from statevisit import files, layout
from statevisit.annotation.taggers import Tagger
from statevisit.annotation.taggers import tagger as tagger_of
from statevisit.document.model import Document
from statevisit.document.strict_json import JsonObject
from statevisit.printable import one_line
from statevisit.scoring.answer_cache import Cache, key_of
from statevisit.scoring.predict import line_of
from statevisit.scoring.read import read_predictions
from statevisit.scoring.run_file import Run, System
from statevisit.scoring.run_models import by_model, requests_of
from statevisit.scoring.run_task import (
    Advance,
    Predictions,
    SystemFailed,
    Task,
    empty_place,
    mapping_of,
    texts_of,
)

_SHOWN = 300
"""Characters of the end of a program's output in a message."""


def predict(system: System, task: Task, advance: Advance) -> Predictions:
    """Return the predictions of a system for the documents of a task.

    Raises StateVisitError or OSError for a system that gives none.
    """
    if system.kind == "predictions":
        advance()
        return Predictions(task.run.directory / system.predictions)
    if system.kind == "command":
        predictions = _by_command(system, task)
        advance()
        return predictions
    if system.kind == "with":
        return _by_tagger(system, task, advance)
    return by_model(system, task, advance)


def steps_of(system: System, task: Task) -> int:
    """Return how often `predict` advances for a system."""
    if system.kind == "model":
        return requests_of(system, task)
    return len(task.documents) if system.kind == "with" else 1


class _Remembering:
    """A tagger that labels no document a second time, in this run or an earlier one."""

    def __init__(self, tagger: Tagger, system: System, cache: Cache) -> None:
        self.name, self.labels = tagger.name, tagger.labels
        self._tagger, self._system, self._cache = tagger, system, cache

    def spans(self, document: Document) -> list[JsonObject]:
        """Return the labelled spans of a document."""
        determining = {
            "tagger": [self._system.with_, self.name, layout.version(), self._system.version],
            "document": [document.id, document.language, document.date, document.text],
        }
        key = key_of(determining)
        known = self._cache.read(key)
        if known is not None:
            self._cache.known += 1
            spans: list[JsonObject] = known["spans"]
            return spans
        spans = self._tagger.spans(document)
        self._cache.asked += 1
        self._cache.write(key, {"spans": spans})
        return spans


def _by_tagger(system: System, task: Task, advance: Advance) -> Predictions:
    """Label the documents with a tagger of `statevisit predict`.

    What rules say is not kept: they are quicker than a look-up.
    """
    tagger = tagger_of(system.with_)
    if system.with_ != "rules":
        tagger = _Remembering(tagger, system, task.cache)
    lines = []
    for document in task.documents:
        lines.append(line_of(document, tagger))
        advance()
    path = empty_place(system, task.run) / "predictions.jsonl"
    files.write(path, b"".join(lines))
    return Predictions(path, versions={"tagger": tagger.name})


def _by_command(system: System, task: Task) -> Predictions:
    """Run the program of a system, unless it answered before, and keep what it predicts."""
    texts = texts_of(task.documents)
    key = key_of(_determining_command(system, task.run.directory, texts))
    known = task.cache.directory(key)
    if known is not None:
        task.cache.known += 1
        return Predictions(_kept(known / "predictions", system, task.run))
    task.cache.asked += 1
    with task.cache.appearing(key) as directory:
        _run(system, task.run.directory, directory, texts)
        path = _kept(directory / "predictions", system, task.run)
        documents = {document.id: document for document in task.documents}
        read_predictions(path, documents, mapping_of(system, task.run))  # else it is not kept
        return Predictions(path)


def _determining_command(system: System, directory: Path, texts: bytes) -> JsonObject:
    """What determines the predictions of a program, as far as its command line tells."""
    named = {
        argument: files.sha256_of(directory / argument)
        for argument in system.command
        if "\0" not in argument and _is_file(directory / argument)
    }
    return {
        "command": list(system.command),
        "version": system.version,
        "files": named,
        "texts": hashlib.sha256(texts).hexdigest(),
    }


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # an argument that is longer than a name may be
        return False


def _run(system: System, home: Path, directory: Path, texts: bytes) -> None:
    """Run a program that writes `directory`/predictions. Raises SystemFailed, with its reason."""
    work = directory / "work"
    work.mkdir()
    places = {"{input}": str(work / "texts.jsonl"), "{output}": str(work / "predictions")}
    (work / "texts.jsonl").write_bytes(texts)
    arguments = []
    for argument in system.command:
        for placeholder, path in places.items():
            argument = argument.replace(placeholder, path)
        arguments.append(argument)
    log = work / "log"
    with log.open("wb") as output:
        try:
            done = subprocess.run(
                arguments,
                cwd=home,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                timeout=system.timeout or None,
            )
        except OSError as error:
            raise SystemFailed(f"{arguments[0]}: cannot be run: {error.strerror}") from None
        except subprocess.TimeoutExpired:
            raise SystemFailed(f"the command took more than {system.timeout:g} seconds") from None
    if done.returncode:
        raise SystemFailed(f"the command ended with status {done.returncode}{_end_of(log)}")
    _collect(work, directory / "predictions", log)
    shutil.rmtree(work)


def _end_of(log: Path) -> str:
    """The end of what a program printed, as the end of a message."""
    with log.open("rb") as file:
        file.seek(max(0, log.stat().st_size - 4 * _SHOWN))
        printed = file.read().decode("utf-8", "replace")
    end = " / ".join(line.strip() for line in printed.splitlines() if line.strip())[-_SHOWN:]
    return f": {one_line(end)}" if end else ", and printed nothing"


def _collect(work: Path, target: Path, log: Path) -> None:
    """Move the predictions that a program wrote to `target`, a directory.

    A program may add a suffix to `{output}`. Without one, JSON and JSONL are told apart.
    """
    written = sorted(work.glob("predictions*"))
    if not written:
        raise SystemFailed(f"the command wrote nothing to {{output}}{_end_of(log)}")
    if len(written) > 1:
        names = ", ".join(path.name for path in written)
        raise SystemFailed(f"the command wrote several outputs: {names}; one is read")
    if written[0].is_dir():
        written[0].rename(target)
        return
    target.mkdir()
    suffix = written[0].name.removeprefix("predictions")
    written[0].rename(target / f"predictions{suffix or _suffix_of(written[0])}")


def _suffix_of(path: Path) -> str:
    """The suffix of a file without one: that of JSON if it is one value or in a fence, or JSONL."""
    data = path.read_bytes()
    try:
        orjson.loads(data)
    except orjson.JSONDecodeError:
        is_lines = data.lstrip()[:1] == b"{" or not data.strip()
        return ".jsonl" if is_lines else ".json"
    return ".json"


def _kept(predictions: Path, system: System, run: Run) -> Path:
    """Copy a directory of predictions below the output of a run; return the copy.

    That of a single file is the file.
    """
    copy = empty_place(system, run)
    paths = sorted(path for path in predictions.rglob("*") if path.is_file())
    if not paths:
        raise SystemFailed("the command wrote no file to {output}")
    copies = []
    for path in paths:
        copies.append(copy / path.relative_to(predictions))
        files.write(copies[-1], path.read_bytes())
    return copies[0] if len(copies) == 1 else copy
