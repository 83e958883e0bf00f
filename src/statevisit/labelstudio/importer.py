"""Imports from Label Studio: all tasks are merged and checked before the first file is written.

A document with undecided conflicts, or with errors that it does not have already, is not written.
The others are.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from statevisit import files, layout
from statevisit.checks.registry import PRELOAD
from statevisit.corpus.documents import write_files
from statevisit.corpus.parallel import ordered
from statevisit.corpus.reader import Entry
from statevisit.errors import LabelStudioError, StateVisitError
from statevisit.labelstudio.annotators import Names, people
from statevisit.labelstudio.export_files import Element
from statevisit.labelstudio.merger import Job, Merger, Task, Unusable
from statevisit.regions.updates import DEFAULTS, Options, Update

__all__ = ["NotImported", "Options", "Update", "import_tasks"]

CHUNK = 8
"""Tasks that are sent to a process at once: a compromise between its memory and the overhead."""


class NotImported(LabelStudioError):
    """Some tasks or documents were not imported, for each of the `problems`.

    `written` are the names of the files that were written nevertheless.
    """

    def __init__(self, problems: list[str], written: list[str]) -> None:
        outcome = "not imported" if written else "nothing was written"
        super().__init__(f"{outcome}: {'; '.join(problems)}")
        self.problems, self.written = problems, written


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
    called for every task, in order, with its updates. With `dry_run` no file is written in `root`.
    Raises FormatError for a file that is not an export; then nothing is written. Raises NotImported
    at the end if tasks could not be used, conflicts are undecided, or documents would have errors
    that they do not have now; the other documents are written.
    """
    names = Names(root, options.names)
    with TemporaryDirectory(
        prefix=".label-studio-", dir=None if dry_run else root, ignore_cleanup_errors=True
    ) as directory:
        merger = Merger(root, Path(directory), options)
        problems: list[str] = []
        unusable: dict[str, list[str]] = {}
        with closing(_updates(merger, _jobs(tasks, names), workers)) as updates_by_task:
            for updates in updates_by_task:
                if isinstance(updates, Unusable):
                    unusable.setdefault(updates.why, []).append(updates.where)
                    updates = []
                for update in updates:
                    problems += update.problems
                done(updates)
        for why, places in unusable.items():
            more = f" and {len(places) - 1} more" if places[1:] else ""
            problems.append(f"{places[0]}{more}: {why}")
        written = [] if dry_run else _write(merger.staged, root, names)
    if problems:
        raise NotImported(problems, written)
    return written


def _write(staged: dict[str, Entry], root: Path, names: Names) -> list[str]:
    """Write the staged documents and the names of annotators; return the names of the files."""
    if staged:
        with files.locked(root):
            write_files(root, {file: entry.bytes for file, entry in staged.items()})
    if any(file.startswith(layout.ANNOTATIONS) for file in staged) and names.write():
        return [*staged, layout.PEOPLE]
    return list(staged)


def _jobs(tasks: Iterable[Task], names: Names) -> Iterator[Job]:
    """Yield tasks with the names of their annotators, which are given in the order of the tasks."""
    for task in tasks:
        persons = task.people() if isinstance(task, Element) else people(task[1])
        several = persons if len(persons) > 1 else []
        yield Job(task, {one: names.of(one) for one in several})


def _updates(
    merger: Merger, jobs: Iterator[Job], workers: int | None
) -> Generator[list[Update] | Unusable, None, None]:
    """Merge tasks in several processes; yield the updates of each task, in order."""
    sent: deque[Job] = deque()

    def chunks() -> Iterator[list[Job]]:
        while chunk := list(islice(jobs, CHUNK)):
            sent.extend(chunk)
            yield chunk

    updated: set[str] = set()
    for results in ordered(merger, chunks(), workers, (__name__, *PRELOAD), here=True):
        for result in results:
            job = sent.popleft()
            if isinstance(result, list) and any(u.document in updated for u in result):
                # An earlier task updated the same document: continue from its result.
                (result,) = merger([job])
            if isinstance(result, StateVisitError):
                raise result
            for update in result if isinstance(result, list) else ():
                updated.add(update.document)
                if update.staged:
                    merger.staged[update.file] = update.staged
            yield result
