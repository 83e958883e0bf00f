"""What comes back from Label Studio on its way into a corpus: everything is prepared first, then moved into place."""

import os
import shutil
import tempfile
from collections import deque
from collections.abc import Iterable, Iterator
from functools import cached_property
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any, Self

from msgspec import Struct
from msgspec.structs import replace

from statevisit import resources, schema_errors
from statevisit.checks.document import check_document, context_of
from statevisit.checks.registry import PRELOAD
from statevisit.codec import encode, read_document, to_value
from statevisit.commands.pool import ordered
from statevisit.corpus import Entry, load, uncollected
from statevisit.diff import Change, diff_documents
from statevisit.errors import FormatError, StateVisitError
from statevisit.findings import Finding
from statevisit.labelstudio.exported import Element
from statevisit.labelstudio.foreign import Mapping
from statevisit.labelstudio.incoming import Incoming, Outcome
from statevisit.labelstudio.tasks import Base
from statevisit.model import Document
from statevisit.strict_json import pointer

CHUNK = 8
"""Tasks that are merged together: small enough to bound memory, large enough to pay for sending."""

Task = Element | tuple[str, dict[str, Any]]
"""A task as it stands in a file, or parsed, with where it is."""


class Prepared(Struct, frozen=True):
    """What a task makes of a document: `staged` is to become the file `place` in the corpus root, unless it is None; `blocks` says why nothing may be."""

    document: str
    place: str
    staged: Entry | None
    findings: list[Finding]
    changes: list[Change]
    blocks: list[str]


class Merging:
    """Merges tasks onto a corpus, checks what that gives and writes it into `directory`; it can be sent to another process.

    `staged` are the documents that were prepared for places in the corpus: they count as what is there.
    """

    def __init__(
        self,
        root: Path,
        directory: Path,
        mapping: Mapping | None,
        prefer: Any,
        annotator: str | None,
    ) -> None:
        self.root, self._directory, self._annotator, self._prefer = (
            root,
            directory,
            annotator,
            prefer,
        )
        self._entries = {e.path.stem: e for e in load(root).entries}
        self._context = context_of(root)
        if annotator and annotator not in (self._context.annotators or ()):
            raise FormatError(
                f"{annotator}: not in {root / resources.ANNOTATORS}; add it there, with its kind"
            )
        self._mapping = mapping
        self.staged: dict[str, Entry] = {}

    def __call__(self, tasks: list[Task]) -> list[list[Prepared] | StateVisitError]:
        """What each of some tasks makes of documents, or why it cannot be used."""
        with uncollected():
            return [self._merged(task) for task in tasks]

    def _merged(self, task: Task) -> list[Prepared] | StateVisitError:
        try:
            return self.merged(task)
        except StateVisitError as error:
            return error

    def merged(self, task: Task) -> list[Prepared]:
        """What a task makes of documents. Raises FormatError for one that cannot be used."""
        where, parsed = task.parsed() if isinstance(task, Element) else task
        incoming = Incoming(self._current, self._with_text, self._mapping, self._prefer)
        return [self._prepared(outcome) for outcome in incoming.outcomes(parsed, where)]

    def _current(self, base: Base) -> Document | None:
        """The document of a base as it is now; the base's own where that is the same to the byte, as it mostly is."""
        return self._find(base.document.id, base)

    def _find(self, name: str, base: Base | None = None) -> Document | None:
        entry = self.staged.get(f"{resources.DOCUMENTS}/{name}.json") or self._entries.get(name)
        if entry is None:
            return None
        return base.document if base and entry.bytes() == base.data else entry.read()

    @cached_property
    def _texts(self) -> dict[str, str]:
        return {e.read().text_sha256: name for name, e in self._entries.items()}

    def _with_text(self, text: str) -> Document | None:
        name = self._texts.get(sha256(text.encode("utf-8", "surrogatepass")).hexdigest())
        return self._find(name) if name else None

    def _prepared(self, outcome: Outcome) -> Prepared:
        document, old, blocks = outcome.document, outcome.old, []
        place = f"{resources.DOCUMENTS}/{document.id}.json"
        if outcome.annotator:
            place = f"{resources.ANNOTATIONS}/{outcome.annotator}/{document.id}.json"
            old = (
                read_document(self.root / place)
                if (self.root / place).is_file()
                else self._find(document.id)
            )
        elif self._annotator and old != document and self._annotator not in document.annotators:
            document = replace(document, annotators=(*document.annotators, self._annotator))
        changes = (
            []
            if old == document
            else diff_documents(old, document)
            if old
            else [Change(document=document.id, kind="added", layer="document", record=document.id)]
        )
        wrong = (
            list(self._check(document, place, whole=old is None or bool(outcome.annotator)))
            if changes
            else []
        )
        if outcome.conflicts and not self._prefer:
            blocks.append(
                f"{len(outcome.conflicts)} conflict{'s' * (len(outcome.conflicts) > 1)} in {document.id}; --ours or --theirs decides"
            )
        if blocking := [
            f for f in wrong if not (outcome.annotator and f.code == "E305")
        ]:  # who annotated there is listed once the pass is used
            blocks.append(
                f"{place} would have {len(blocking)} error{'s' * (len(blocking) > 1)}; mend the annotation or the corpus"
            )
        staged = (
            self._written(document)
            if changes or (outcome.annotator and not (self.root / place).is_file())
            else None
        )
        return Prepared(
            document.id,
            place,
            staged,
            [*outcome.findings, *outcome.conflicts, *wrong],
            changes,
            blocks,
        )

    def _check(self, document: Document, place: str, whole: bool) -> Iterator[Finding]:
        """What is wrong with a document; `whole`: with records that the corpus does not have already, too, as far as the schema goes."""
        refused = (
            [("E104", path, message) for path, message in schema_errors.errors(to_value(document))]
            if whole
            else []
        )
        for code, path, message in refused or check_document(document, self._context):
            yield Finding(
                code=code, message=message, document=document.id, file=place, pointer=pointer(path)
            )

    def _written(self, document: Document) -> Entry:
        """Where a document waits: those of one process are in one file, since a file for each takes longer than its writing."""
        with (self._directory / str(os.getpid())).open("ab") as file:
            return Entry(Path(file.name), file.tell(), file.write(encode(document)))


class Staging:
    """A directory beside the corpus where merged documents wait; it vanishes, and `commit` moves them first."""

    def __init__(
        self, root: Path, mapping: Mapping | None, prefer: Any, annotator: str | None
    ) -> None:
        self._directory = Path(tempfile.mkdtemp(prefix=".label-studio-", dir=root))
        try:
            self._merging = Merging(root, self._directory, mapping, prefer, annotator)
        except BaseException:
            self.__exit__()
            raise
        self._blocks: list[str] = []
        self._documents: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._directory, ignore_errors=True)

    def take(self, tasks: Iterable[Task], workers: int | None = None) -> Iterator[list[Prepared]]:
        """Merge tasks, on all cores or `workers`, and keep the results: for each task in order what it made of documents.

        Raises FormatError for a task that cannot be used.
        """
        waiting: deque[Task] = deque()

        def chunks() -> Iterator[list[Task]]:
            rest = iter(tasks)
            while chunk := list(islice(rest, CHUNK)):
                waiting.extend(chunk)
                yield chunk

        for chunk in ordered(self._merging, chunks(), workers, (__name__, *PRELOAD), here=True):
            for found in chunk:
                task = waiting.popleft()
                if isinstance(found, StateVisitError):
                    raise found
                if any(
                    p.document in self._documents for p in found
                ):  # one before was about the same: this goes on from there
                    found = self._merging.merged(task)
                yield self._keep(found)

    def _keep(self, found: list[Prepared]) -> list[Prepared]:
        for prepared in found:
            self._blocks += prepared.blocks
            self._documents.add(prepared.document)
            if prepared.staged:
                self._merging.staged[prepared.place] = prepared.staged
        return found

    @property
    def blocked(self) -> str:
        """Why nothing may be written; "" when it may."""
        return "; ".join(self._blocks)

    def commit(self) -> list[str]:
        """Move what was prepared into place: the names of the files, in the corpus root."""
        for place, staged in self._merging.staged.items():
            with resources.replacing(self._merging.root / place) as temporary:
                temporary.write_bytes(staged.bytes())
        return list(self._merging.staged)
