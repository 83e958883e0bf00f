"""Imports from Label Studio: all tasks are merged and checked before the first file is written."""

import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from functools import cached_property
from hashlib import sha256
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct
from msgspec.structs import replace

from statevisit import files, layout
from statevisit.annotation.merge import Side
from statevisit.checks.document import check_document, context_of
from statevisit.checks.registry import PRELOAD, Path_
from statevisit.corpus.diff import Change, diff_documents
from statevisit.corpus.garbage import uncollected
from statevisit.corpus.parallel import ordered
from statevisit.corpus.reader import Entry, load
from statevisit.document import schema_errors
from statevisit.document.codec import encode, read_document, to_value
from statevisit.document.model import Document
from statevisit.document.strict_json import JsonObject, pointer
from statevisit.errors import FormatError, LabelStudioError, StateVisitError
from statevisit.findings import Finding
from statevisit.labelstudio.export_files import Element
from statevisit.labelstudio.incoming import Incoming, Outcome
from statevisit.labelstudio.mapping import Mapping
from statevisit.labelstudio.tasks import Base

CHUNK = 8
"""Tasks that are sent to a process at once: a compromise between its memory and the overhead."""

Task = Element | tuple[str, JsonObject]
"""The position of a task in an export, or (where, task) of a parsed one."""


class Options(Struct, frozen=True):
    """How an import treats the annotations.

    `mapping` is for tasks of other projects, `prefer` decides conflicts, and `annotator` is added
    to the annotators of every document of the corpus that changes.
    """

    mapping: Mapping | None = None
    prefer: Side | None = None
    annotator: str | None = None


DEFAULTS = Options()


class Update(Struct, frozen=True):
    """The effect of a task on one document.

    `document` is its id and `file` its path within the corpus root. `staged` is the new content,
    None if the file stays as it is. `problems` are the reasons why nothing may be written.
    """

    document: str
    file: str
    staged: Entry | None
    findings: list[Finding]
    changes: list[Change]
    problems: list[str]


def import_tasks(
    tasks: Iterable[Task],
    root: Path,
    options: Options = DEFAULTS,
    done: Callable[[list[Update]], None] = lambda updates: None,
    dry_run: bool = False,
    workers: int | None = None,
) -> list[str]:
    """Merge tasks into the corpus in `root`; return the names of the files that were written.

    The work is done in `workers` processes, by default in as many as there are cores. `done` is
    called for every task, in order, with its updates. With `dry_run` no file is written. Raises
    FormatError for a task that cannot be used, and LabelStudioError if there are undecided
    conflicts or a document would have errors; then nothing is written either.
    """
    with TemporaryDirectory(
        prefix=".label-studio-", dir=root, ignore_cleanup_errors=True
    ) as directory:
        merger = Merger(root, Path(directory), options)
        problems: list[str] = []
        with closing(_updates(merger, tasks, workers)) as updates_by_task:
            for updates in updates_by_task:
                for update in updates:
                    problems += update.problems
                done(updates)
        if problems:
            raise LabelStudioError(f"nothing was written: {'; '.join(problems)}")
        if dry_run:
            return []
        paths = {file: files.own_path(root, file) for file in merger.staged}
        for file, staged in merger.staged.items():
            files.write(paths[file], staged.bytes())
        return list(merger.staged)


def _updates(
    merger: "Merger", tasks: Iterable[Task], workers: int | None
) -> Generator[list[Update], None, None]:
    """Merge tasks in several processes; yield the updates of each task, in order."""
    sent: deque[Task] = deque()

    def chunks() -> Iterator[list[Task]]:
        remaining = iter(tasks)
        while chunk := list(islice(remaining, CHUNK)):
            sent.extend(chunk)
            yield chunk

    updated: set[str] = set()
    for results in ordered(merger, chunks(), workers, (__name__, *PRELOAD), here=True):
        for result in results:
            task = sent.popleft()
            if isinstance(result, StateVisitError):
                raise result
            if any(update.document in updated for update in result):
                # An earlier task updated the same document: continue from its result.
                result = merger.updates(task)
            for update in result:
                updated.add(update.document)
                if update.staged:
                    merger.staged[update.file] = update.staged
            yield result


class _Target(Struct, frozen=True):
    """The file for an outcome, its document, and the document that it replaces or None."""

    file: str
    document: Document
    old: Document | None


class Merger:
    """Merges tasks into a corpus, checks the documents and stages them in `directory`.

    It can be sent to another process. `staged` are the staged documents by file; later tasks are
    merged into them.
    """

    def __init__(self, root: Path, directory: Path, options: Options) -> None:
        self.staged: dict[str, Entry] = {}
        self._root, self._directory, self._options = root, directory, options
        self._entries = {entry.path.stem: entry for entry in load(root).entries}
        self._context = context_of(root)
        annotator = options.annotator
        if annotator and annotator not in (self._context.annotators or ()):
            raise FormatError(
                f"{annotator}: not in {root / layout.ANNOTATORS}; add it there, with its kind"
            )

    def __call__(self, tasks: list[Task]) -> list[list[Update] | StateVisitError]:
        """Return the updates of each task, or the error of one that cannot be used."""
        with uncollected():
            return [self._updates_or_error(task) for task in tasks]

    def _updates_or_error(self, task: Task) -> list[Update] | StateVisitError:
        try:
            return self.updates(task)
        except StateVisitError as error:
            return error

    def updates(self, task: Task) -> list[Update]:
        """Return the updates of a task. Raises FormatError if it cannot be used."""
        where, parsed = task.parsed() if isinstance(task, Element) else task
        options = self._options
        incoming = Incoming(self._current, self._with_text, options.mapping, options.prefer)
        return [self._update(outcome) for outcome in incoming.outcomes(parsed, where)]

    def _current(self, base: Base) -> Document | None:
        """The corpus's version of a base document."""
        entry = self._entry(base.document.id)
        if entry is None:
            return None
        if entry.bytes() == base.data:  # mostly; then it need not be parsed again
            return base.document
        return entry.read()

    def _with_text(self, text: str) -> Document | None:
        name = self._texts.get(sha256(text.encode("utf-8", "surrogatepass")).hexdigest())
        entry = self._entry(name) if name else None
        return entry.read() if entry else None

    @cached_property
    def _texts(self) -> dict[str, str]:
        """The ids of the corpus's documents by the digests of their texts."""
        return {entry.read().text_sha256: name for name, entry in self._entries.items()}

    def _entry(self, document_id: str) -> Entry | None:
        """The staged document with an id, or else the one in the corpus."""
        return self.staged.get(_file(document_id)) or self._entries.get(document_id)

    def _update(self, outcome: Outcome) -> Update:
        target = self._target(outcome)
        document, old = target.document, target.old
        changes = _changes(document, old)
        errors: list[Finding] = []
        if changes:
            is_whole = old is None or bool(outcome.annotator)
            errors = list(self._check(document, target.file, is_whole))
        is_new_file = bool(outcome.annotator) and not (self._root / target.file).is_file()
        return Update(
            document=document.id,
            file=target.file,
            staged=self._stage(document) if changes or is_new_file else None,
            findings=[*outcome.findings, *outcome.conflicts, *errors],
            changes=changes,
            problems=self._problems(outcome, target, errors),
        )

    def _target(self, outcome: Outcome) -> _Target:
        """The file for an outcome: the corpus's document, or one of an annotator."""
        document, old, credited = outcome.document, outcome.old, self._options.annotator
        if outcome.annotator:
            file = f"{layout.ANNOTATIONS}/{outcome.annotator}/{document.id}.json"
            if (self._root / file).is_file():
                return _Target(file, document, read_document(self._root / file))
            entry = self._entry(document.id)
            return _Target(file, document, entry.read() if entry else None)
        if credited and old != document and credited not in document.annotators:
            document = replace(document, annotators=(*document.annotators, credited))
        return _Target(_file(document.id), document, old)

    def _problems(self, outcome: Outcome, target: _Target, errors: list[Finding]) -> list[str]:
        """The reasons why nothing may be written: undecided conflicts, and errors."""
        problems = []
        if outcome.conflicts and self._options.prefer is None:
            conflicts = _count(len(outcome.conflicts), "conflict")
            problems.append(f"{conflicts} in {target.document.id}; --ours or --theirs decides")
        if outcome.annotator:
            # An annotator is added to the list of annotators when the documents are used.
            errors = [error for error in errors if error.code != "E305"]
        if errors:
            problems.append(
                f"{target.file} would have {_count(len(errors), 'error')}; "
                "correct the annotation or the corpus"
            )
        return problems

    def _check(self, document: Document, file: str, is_whole: bool) -> Iterator[Finding]:
        """Yield the errors of a document.

        With `is_whole` it is checked against the schema first. Otherwise its records are those of
        the corpus, or were checked against the schema when they were added.
        """
        problems = _schema_errors(document) if is_whole else []
        for code, path, message in problems or check_document(document, self._context):
            yield Finding(
                code=code, message=message, document=document.id, file=file, pointer=pointer(path)
            )

    def _stage(self, document: Document) -> Entry:
        """Write a document to the directory and return its position there.

        The documents of one process share a file; a file for each takes longer.
        """
        with (self._directory / str(os.getpid())).open("ab") as file:
            return Entry(Path(file.name), file.tell(), file.write(encode(document)))


def _file(document_id: str) -> str:
    return f"{layout.DOCUMENTS}/{document_id}.json"


def _changes(document: Document, old: Document | None) -> list[Change]:
    if old == document:
        return []
    if old is None:
        added = Change(document=document.id, kind="added", layer="document", record=document.id)
        return [added]
    return diff_documents(old, document)


def _schema_errors(document: Document) -> list[tuple[str, Path_, str]]:
    errors = schema_errors.errors(to_value(document))
    return [("E104", tuple(path), message) for path, message in errors]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
