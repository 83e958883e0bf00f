"""Tasks of Label Studio merged into the documents of a corpus."""

from pathlib import Path

from msgspec import Struct

from statevisit.corpus.garbage import uncollected
from statevisit.corpus.reader import Entry
from statevisit.document.model import Document
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError, StateVisitError
from statevisit.labelstudio.export_files import Element, WrongExport
from statevisit.labelstudio.incoming import Incoming
from statevisit.labelstudio.tasks import Base
from statevisit.regions.updates import Options, Update, Updater

Task = Element | tuple[str, JsonObject]
"""The position of a task in an export, or (where, task) of a parsed one."""


class Job(Struct, frozen=True):
    """A task, and the names of its annotators by person, if there are several."""

    task: Task
    names: dict[str, str]


class Unusable(Struct, frozen=True):
    """A task that cannot be used, and why."""

    where: str
    why: str


class Merger:
    """Merges tasks into a corpus; the documents are checked and staged in `directory`.

    It can be sent to another process.
    """

    def __init__(self, root: Path, directory: Path, options: Options) -> None:
        self._updater, self._options = Updater(root, directory, options), options

    @property
    def staged(self) -> dict[str, Entry]:
        """The staged documents by file."""
        return self._updater.staged

    def __call__(self, jobs: list[Job]) -> list[list[Update] | Unusable | StateVisitError]:
        """Return the updates of each task, why it cannot be used, or the error that ends all."""
        with uncollected():
            return [self._result(job) for job in jobs]

    def _result(self, job: Job) -> list[Update] | Unusable | StateVisitError:
        where = ""
        try:
            where, task = job.task.parsed() if isinstance(job.task, Element) else job.task
            return self._updates(task, where, job.names)
        except WrongExport as error:
            return error
        except FormatError as error:
            return Unusable(where, str(error).removeprefix(f"{where}: "))
        except StateVisitError as error:
            return error

    def _updates(self, task: JsonObject, where: str, names: dict[str, str]) -> list[Update]:
        mapping, prefer = self._options.mapping, self._options.prefer
        updater = self._updater
        incoming = Incoming(
            self._current, updater.with_text, updater.scheme, mapping, prefer, names
        )
        return [updater.update(outcome) for outcome in incoming.outcomes(task, where)]

    def _current(self, base: Base) -> Document | None:
        """The corpus's version of a base document."""
        entry = self._updater.entry(base.document.id)
        if entry is None:
            return None
        if entry.bytes() == base.data:  # mostly; then it need not be parsed again
            return base.document
        return entry.read(self._updater.scheme)
