"""Updates of a corpus's documents from annotation that comes back, checked and staged."""

import os
from collections import Counter
from collections.abc import Iterator
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from statevisit import layout
from statevisit.annotation.layer_states import new_errors
from statevisit.annotation.merge import Side
from statevisit.checks.document import check_document, context_of
from statevisit.checks.registry import Path_
from statevisit.corpus.diff import Change, diff_documents
from statevisit.corpus.documents import entries_of
from statevisit.corpus.reader import Entry
from statevisit.document import schema_errors
from statevisit.document.codec import encode, ordered, read_document, to_value
from statevisit.document.model import Document
from statevisit.document.scheme import scheme_at, scheme_of
from statevisit.document.states import DONE
from statevisit.document.strict_json import pointer
from statevisit.errors import FormatError
from statevisit.findings import ERROR, Finding
from statevisit.printable import counted
from statevisit.regions.mapping import Mapping
from statevisit.regions.offsets import significant


class Options(Struct, frozen=True):
    """How an import treats the annotations.

    `mapping` is for tasks of other projects, `prefer` decides conflicts, and `annotator` is added
    to the annotators of every document of the corpus that changes. `names` are the names of
    annotators by their addresses, user names or ids; others get a number. `done` are the layers
    that become done in every annotated document in which they are complete.
    """

    mapping: Mapping | None = None
    prefer: Side | None = None
    annotator: str | None = None
    names: dict[str, str] = {}
    done: tuple[str, ...] = ()


DEFAULTS = Options()


class Outcome(Struct):
    """The result of a task for one document.

    `document` is to be written as the corpus's document if `annotator` is "", else as that
    annotator's. `old` is the document that it replaces, or None. If there are `conflicts` that
    nobody decided, the document should not be written. `problems` are annotations that have results
    of which none could be used. `is_annotated` says that the document comes from an annotation.
    """

    annotator: str
    old: Document | None
    document: Document
    findings: list[Finding]
    conflicts: list[Finding]
    problems: list[str] = []
    is_annotated: bool = True


class Update(Struct, frozen=True):
    """The effect of a task on one document.

    `document` is its id and `file` its path within the corpus root. `staged` is the new content,
    None if the file stays as it is. `problems` are the reasons why it does, or the annotations of
    which nothing could be used.
    """

    document: str
    file: str
    staged: Entry | None
    findings: list[Finding]
    changes: list[Change]
    problems: list[str]


class _Target(Struct, frozen=True):
    """The file for an outcome, its document, and the document that it replaces or None."""

    file: str
    document: Document
    old: Document | None


class Updater:
    """Checks the documents that outcomes have, and stages them in `directory`.

    It can be sent to another process. `staged` are the staged documents by file; later outcomes
    start from them.
    """

    def __init__(self, root: Path, directory: Path, options: Options) -> None:
        self.staged: dict[str, Entry] = {}
        self.scheme = scheme_at(root)
        self._root, self._directory, self._options = root, directory, options
        self._name = os.urandom(6).hex()
        self._entries = {entry.id: entry for entry in entries_of(root)}
        self._context = context_of(root)
        self._new: set[str] = set()  # documents whose seeds are not written yet
        annotator = options.annotator
        if annotator and annotator not in (self._context.annotators or ()):
            raise FormatError(
                f"{annotator}: not in {root / layout.ANNOTATORS}; add it there, with its kind"
            )

    def add(self, document: Document, annotators: frozenset[str]) -> None:
        """Stage a document that the corpus does not have yet, with annotators of its own."""
        self.staged[_file(document.id)] = self._stage(document)
        self._new.add(document.id)
        self._texts[document.text_sha256] = document.id
        self._normal_texts[_digest(significant(document.text))] = document.id
        listed = (self._context.annotators or frozenset()) | annotators
        self._context = replace(self._context, annotators=listed)

    def forget(self, document_id: str) -> None:
        """Take back a document that was added."""
        document = self.staged.pop(_file(document_id)).read(self.scheme)
        self._new.discard(document_id)
        self._texts.pop(document.text_sha256, None)
        self._normal_texts.pop(_digest(significant(document.text)), None)

    def with_text(self, text: str) -> Document | None:
        """Return the document with a text, or with one that only normalisation makes differ."""
        name = self._texts.get(_digest(text)) or self._normal_texts.get(_digest(significant(text)))
        entry = self.entry(name) if name else None
        return entry.read(self.scheme) if entry else None

    @cached_property
    def _texts(self) -> dict[str, str]:
        """The ids of the corpus's documents by the digests of their texts."""
        return {entry.read(self.scheme).text_sha256: name for name, entry in self._entries.items()}

    @cached_property
    def _normal_texts(self) -> dict[str, str]:
        """The ids of the corpus's documents by the digests of what is significant in their texts.

        Documents that differ in nothing else are not in it.
        """
        names: dict[str, list[str]] = {}
        for name, entry in self._entries.items():
            names.setdefault(_digest(significant(entry.read(self.scheme).text)), []).append(name)
        return {digest: same[0] for digest, same in names.items() if len(same) == 1}

    def entry(self, document_id: str) -> Entry | None:
        """Return the staged document with an id, or else the one in the corpus."""
        return self.staged.get(_file(document_id)) or self._entries.get(document_id)

    def update(self, outcome: Outcome) -> Update:
        """Check the document of an outcome; stage it if it may be written."""
        target = self._target(outcome)
        incomplete: list[Finding] = []
        if outcome.is_annotated:
            for layer in self._options.done:
                target = self._finished(target, layer, incomplete)
        document, old = target.document, target.old
        changes = _changes(document, old)
        findings: list[Finding] = []
        added: list[Finding] = []
        if changes:
            is_whole = old is None or bool(outcome.annotator)
            findings = list(self._check(document, target.file, is_whole))
            added = self._added_errors(findings, target, is_whole)
        problems = [*outcome.problems, *self._problems(outcome, target, added)]
        is_new_file = bool(outcome.annotator) and not (self._root / target.file).is_file()
        is_written = (bool(changes) or is_new_file) and not problems
        return Update(
            document=document.id,
            file=target.file,
            staged=self._stage(document) if is_written else None,
            findings=[*outcome.findings, *outcome.conflicts, *incomplete, *findings],
            changes=changes,
            problems=problems,
        )

    def _finished(self, target: _Target, layer: str, findings: list[Finding]) -> _Target:
        """The target with a layer that is done, unless that would be an error; report it then."""
        document = target.document
        if document.state_of(layer) == DONE:
            return target
        states = {**document.layers, layer: DONE}
        finished = replace(target, document=ordered(replace(document, layers=states)))
        errors = new_errors(document, finished.document, target.file, self._context)
        if errors:
            message = f"{layer} stays {document.state_of(layer)}: {errors[0].message}"
            findings.append(
                Finding(
                    code="L102",
                    message=message,
                    document=document.id,
                    file=target.file,
                    pointer=errors[0].pointer,
                )
            )
            return target
        return finished

    def _added_errors(
        self, findings: list[Finding], target: _Target, is_whole: bool
    ) -> list[Finding]:
        """The errors among findings that the document did not have before the import."""
        errors = [finding for finding in findings if finding.severity == ERROR]
        if not errors or target.old is None:
            return errors
        before = Counter(
            _subject(finding, target.old)
            for finding in self._check(target.old, target.file, is_whole)
        )
        added: list[Finding] = []
        for error in errors:
            subject = _subject(error, target.document)
            if before[subject]:
                before[subject] -= 1
            else:
                added.append(error)
        return added

    def _target(self, outcome: Outcome) -> _Target:
        """The file for an outcome: the corpus's document, or one of an annotator."""
        document, old, credited = outcome.document, outcome.old, self._options.annotator
        if outcome.annotator:
            file = f"{layout.ANNOTATIONS}/{outcome.annotator}/{document.id}.json"
            if (self._root / file).is_file():
                return _Target(file, document, read_document(self._root / file, self.scheme))
            entry = self.entry(document.id)
            return _Target(file, document, entry.read(self.scheme) if entry else None)
        if credited and old != document and credited not in document.annotators:
            document = replace(document, annotators=(*document.annotators, credited))
        return _Target(_file(document.id), document, old)

    def _problems(self, outcome: Outcome, target: _Target, errors: list[Finding]) -> list[str]:
        """The reasons why a document is not written: undecided conflicts, and added errors."""
        problems = []
        if outcome.conflicts and self._options.prefer is None:
            conflicts = counted(len(outcome.conflicts), "conflict")
            problems.append(f"{conflicts} in {target.document.id}; --ours or --theirs decides")
        if outcome.annotator:
            # An annotator is added to the list of annotators when the documents are used.
            errors = [error for error in errors if error.code != "E305"]
        if errors:
            problems.append(
                f"{target.file} would have {counted(len(errors), 'error')} "
                "that it does not have now; correct the annotation or the corpus"
            )
        return problems

    def _check(self, document: Document, file: str, is_whole: bool) -> Iterator[Finding]:
        """Yield the findings on a document.

        With `is_whole` it is checked against the schema first. Otherwise its records are those of
        the corpus, or were checked against the schema when they were added.
        """
        context = self._context
        if document.id in self._new:
            context = replace(context, seeds=None)
        problems = _schema_errors(document) if is_whole else []
        for code, path, message in problems or check_document(document, context):
            yield Finding(
                code=code, message=message, document=document.id, file=file, pointer=pointer(path)
            )

    def _stage(self, document: Document) -> Entry:
        """Write a document to the directory and return its position there.

        The documents of one process share a file; a file for each takes longer. Two processes on
        two machines may have one number.
        """
        with (self._directory / f"{self._name}-{os.getpid()}").open("ab") as file:
            return Entry(Path(file.name), file.tell(), file.write(encode(document)))


def _file(document_id: str) -> str:
    return f"{layout.DOCUMENTS}/{document_id}.json"


def _digest(text: str) -> str:
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _subject(finding: Finding, document: Document) -> tuple[str, ...]:
    """What a finding is about, however records moved: its code and the record, or its message."""
    layer, _, rest = finding.pointer.removeprefix("/").partition("/")
    records, number = getattr(document, layer, None), rest.partition("/")[0]
    if isinstance(records, tuple) and number.isdecimal() and int(number) < len(records):
        record_id = getattr(records[int(number)], "id", None)
        if record_id:
            return finding.code, layer, record_id
    return finding.code, finding.message


def _changes(document: Document, old: Document | None) -> list[Change]:
    if old == document:
        return []
    if old is None:
        added = Change(document=document.id, kind="added", layer="document", record=document.id)
        return [added]
    return diff_documents(old, document)


def _schema_errors(document: Document) -> list[tuple[str, Path_, str]]:
    errors = schema_errors.errors(to_value(document), scheme_of(document))
    return [("E104", tuple(path), message) for path, message in errors]
