"""The predictions of the systems of a run: made, read, or answered before."""

import hashlib
import shutil
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path

import orjson
from msgspec import Struct, field

from statevisit import files
from statevisit.document.model import Document
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError, StateVisitError
from statevisit.printable import one_line
from statevisit.scoring.answer_cache import Cache, key_of
from statevisit.scoring.prediction import Note
from statevisit.scoring.read import read_predictions
from statevisit.scoring.run_file import Run, System

_SHOWN = 300
"""Characters of the end of a program's output in a message."""

Advance = Callable[[], None]
"""Called after each step of a system."""


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
    """The documents and layers that the systems of a run get, and what was answered before."""

    run: Run
    documents: Sequence[Document]
    layers: frozenset[str]
    cache: Cache

    def steps(self, system: System) -> int:
        """Return how often `predict` advances for a system."""
        if system.kind in ("predictions", "command"):
            return 1
        return len(self.documents)


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
    raise SystemFailed(f"`{system.kind}` is not known")


def texts_of(documents: Sequence[Document]) -> bytes:
    """Return documents as JSONL without annotation: `id`, `language`, `date` and `text`."""
    lines = [
        {"id": d.id, "language": d.language, "date": d.date, "text": d.text} for d in documents
    ]
    return b"".join(orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE) for line in lines)


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
        read_predictions(path, {d.id: d for d in task.documents})  # what cannot be read is not kept
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
    copy = place_of(system, run)
    _clear(copy)
    paths = sorted(path for path in predictions.rglob("*") if path.is_file())
    if not paths:
        raise SystemFailed("the command wrote no file to {output}")
    copies = []
    for path in paths:
        copies.append(copy / path.relative_to(predictions))
        files.write(copies[-1], path.read_bytes())
    return copies[0] if len(copies) == 1 else copy


def place_of(system: System, run: Run) -> Path:
    """Return the directory of a system's predictions below the output of a run."""
    return run.output / "predictions" / system.name


def _clear(directory: Path) -> None:
    """Remove what an earlier run left in the directory of a system's predictions."""
    if directory.is_symlink():
        raise FormatError(f"{directory}: is a link; replace it by a directory")
    if directory.exists():
        shutil.rmtree(directory)
