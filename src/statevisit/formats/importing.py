"""Texts of other formats imported into a corpus: all are checked before the first is written.

A text that statevisit exported is compared with its document, which lies beside it. Any other is
added to the document with the same text, which is made if the corpus has none.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import Struct, field

from statevisit import files
from statevisit.annotation.document_ids import derived_id
from statevisit.annotation.merge import merge
from statevisit.annotation.new_documents import NewDocuments, valid_document
from statevisit.annotation.received.columns import formed
from statevisit.annotation.received.incoming import Incoming, Metadata
from statevisit.annotation.segmentation import Stated
from statevisit.corpus.documents import write_files
from statevisit.corpus.shard_changes import Content
from statevisit.document.codec import encode
from statevisit.document.model import Document
from statevisit.document.records import shortened
from statevisit.document.scheme import scheme_at
from statevisit.errors import FormatError
from statevisit.findings import Finding
from statevisit.formats.edits import with_additions, with_changes
from statevisit.formats.placing import placed
from statevisit.formats.refusals import refused_by
from statevisit.formats.registry import Format
from statevisit.formats.sidecar import SUFFIX, base_beside, encoded_rest, rest_name, with_rest
from statevisit.formats.texts import AnnotatedText, Loss
from statevisit.formats.translation import Translation
from statevisit.formats.vocabulary import text_of, unknown_labels
from statevisit.formats.whole_records import annotations_beside_rows, with_added_rows, with_rows
from statevisit.printable import counted
from statevisit.regions.updates import Options, Outcome, Update, Updater


class NewTexts(Struct, frozen=True):
    """What is stated about texts that become new documents."""

    date: str | None = None
    language: str = "en"
    tokenizer: str | None = None
    normalise: bool = False


class Left(Struct):
    """A kind of thing that has no place in the documents: how many, and the first."""

    count: int
    first: str


class Imported(Struct):
    """The outcome of an import.

    `written` are the names of the files, `problems` the texts that were not imported and why,
    `left` what has no place, by kind. `new` are the ids of new documents, and `same` the texts that
    were added to a document of another name, which has the same text.
    """

    written: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    left: dict[str, Left] = field(default_factory=dict)
    new: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)


class Importer:
    """Imports texts one after the other; the documents are staged."""

    def __init__(
        self, format_: Format, root: Path, staging: Path, options: Options, about: NewTexts
    ) -> None:
        self.imported = Imported()
        self._format, self._root, self._staging = format_, root, staging
        self._options, self._about = options, about
        self._scheme = scheme_at(root)
        self._translation = Translation(self._scheme, options.mapping)
        self._rests: dict[str, bytes | None] = {}

    def add_files(self, paths: Iterable[Path], done: Callable[[Update], None]) -> None:
        """Import the texts of files; an error of a file or text is a problem."""
        for text in read_all(paths, self._format, self._root):
            try:
                if isinstance(text, FormatError):
                    raise text
                update = self.add(text)
            except FormatError as error:
                self.imported.problems.append(str(error))
            else:
                done(update)

    @cached_property
    def alone(self) -> "Importer":
        """An importer for files that know nothing of each other."""
        return Importer(self._format, self._root, self._staging, self._options, self._about)

    def exported(self, path: Path) -> tuple[list[Update], Imported] | None:
        """Return the effects of a file alone if all its texts were exported and can be read."""
        self.imported, self._updater.staged = Imported(), {}
        updates = []
        try:
            for text in self._format.read(path, self._scheme):
                if base_beside(text, self._scheme) is None:
                    return None
                updates.append(self.add(text))
        except FormatError:
            return None
        return updates, self.imported

    def adopt(self, updates: Iterable[Update], imported: Imported) -> None:
        """Add the effects of a file, which another importer returned."""
        self.imported.problems += imported.problems
        for kind, left in imported.left.items():
            self.imported.left.setdefault(kind, Left(0, left.first)).count += left.count
        for update in updates:
            if update.staged is not None:
                self._updater.staged[update.file] = update.staged

    @cached_property
    def _new(self) -> NewDocuments:
        """The new documents; it needs spaCy, so an import that makes none has none."""
        return NewDocuments(self._root, self._about.language, self._about.tokenizer)

    @cached_property
    def _updater(self) -> Updater:
        return Updater(self._root, self._staging, self._options)

    def add(self, text: AnnotatedText) -> Update:
        """Import a text. Raises FormatError, with its file, if it cannot be."""
        findings: list[Finding] = []

        def report(code: str, message: str) -> None:
            findings.append(Finding(code=code, message=message, document=text.id, file=text.file))

        known = len(self.imported.new)
        base = base_beside(text, self._scheme) if self._format.writer else None
        if base is not None:
            update = self._updater.update(self._changed(text, base, findings, report))
        else:
            update = self._added(text, findings, report)
        if update.staged is not None:
            self._updater.staged[update.file] = update.staged
        self.imported.problems += [f"{text.file}: {problem}" for problem in update.problems]
        if update.problems and base is None:
            self._forget(update.document, len(self.imported.new) > known)
        return update

    def _forget(self, document_id: str, is_new: bool) -> None:
        """Take back what the text of a refused document would write besides it."""
        self._rests.pop(rest_name(self._format.name, document_id), None)
        if is_new:
            self.imported.new.remove(document_id)
            self._new.forget(document_id)
            self._updater.forget(document_id)

    def _changed(
        self,
        text: AnnotatedText,
        base: Document,
        findings: list[Finding],
        report: Callable[[str, str], None],
    ) -> Outcome:
        """The outcome of a text that was exported, whose document lies beside it."""
        entry = self._updater.entry(base.id)
        if entry is None:
            raise FormatError(
                f"{text.file}: the corpus has no document {base.id!r}, from which it was exported; "
                f"remove {text.id}.statevisit.json to import it as the text of a stranger"
            )
        current = entry.read(self._scheme)
        if self._has_rows(text):
            return self._rewritten(text, base, current, findings)
        before = self._written(base, text)
        if text.says_the_same_as(before):
            return Outcome("", current, current, findings, [])
        edited = with_changes(
            placed(text, base, report),
            placed(before, base, report),
            base,
            current,
            self._translation,
            report,
        )
        self._note(edited.losses, text)
        document, conflicts = merge(base, edited.document, current, self._options.prefer)
        return Outcome("", current, document.begun(), findings, conflicts)

    def _has_rows(self, text: AnnotatedText) -> bool:
        """Whether the records of a text are taken whole: with a mapping they have other labels."""
        return text.rows is not None and self._options.mapping is None

    def _rewritten(
        self, text: AnnotatedText, base: Document, current: Document, findings: list[Finding]
    ) -> Outcome:
        """The outcome of a text with whole records, which was exported."""
        edited = with_rows(text, base, current)
        self._note(text.losses, text)
        document, conflicts = merge(base, edited, current, self._options.prefer)
        return Outcome("", current, document.begun(), findings, conflicts)

    def _written(self, base: Document, text: AnnotatedText) -> AnnotatedText:
        """A document as the file that statevisit would write holds it."""
        exported = with_rest(text_of(base), self._root, self._format.name)
        exported.id = text.id
        if self._format.again:
            exported.file, exported.line = text.file, text.line
            return self._format.read_again(exported, self._scheme)
        with TemporaryDirectory() as name:
            directory = Path(name)
            files.write_parts(directory, self._format.write([exported]))
            files.write(directory / f"{text.id}{SUFFIX}", encode(base))
            paths = [path for path in sorted(directory.iterdir()) if self._format.reads(path)]
            texts = [text for path in paths for text in self._format.read(path, self._scheme)]
        (before,) = texts
        return before

    def _added(
        self,
        text: AnnotatedText,
        findings: list[Finding],
        report: Callable[[str, str], None],
    ) -> Update:
        """The update from a text that was not exported.

        Annotations and relations whose records would be errors are left out, one after the other.
        """
        has_rows = self._has_rows(text) and not annotations_beside_rows(text)
        if self._options.mapping is None and not has_rows:
            self._refuse_unknown(text)
        document = self._updater.with_text(text.text)
        if document is None:
            document = self._made(text)
        elif document.id not in (text.id, derived_id(text.id)):
            self.imported.same.append(f"{text.file}: {document.id} has the same text")

        if has_rows and document.text == text.text:
            changed, conflicts = with_added_rows(text, document, self._options.prefer)
            self._note(text.losses, text)
            return self._updater.update(Outcome("", document, changed, findings, conflicts))

        def report_others(code: str, message: str) -> None:
            if code != "L101":  # nearly every mention makes an entity
                report(code, message)

        in_place = placed(text, document, report)
        noted = len(findings)
        refused: dict[str, str] = {}
        while True:
            del findings[noted:]
            edited = with_additions(in_place, document, self._translation, report_others, refused)
            outcome = Outcome("", document, edited.document.begun(), findings, [])
            update = self._updater.update(outcome)
            wrong = refused_by(update, edited, outcome.document)
            if not update.problems or wrong.keys() <= refused.keys():
                break
            refused.update(wrong)
        self._note(edited.losses, text)
        for note in edited.rest.notes:
            self._leave(
                f"{note.kind} (kept)", f"{shortened(repr(note.value), 60)} {text.place(note.line)}"
            )
        self._rests[rest_name(self._format.name, document.id)] = encoded_rest(edited.rest)
        return update

    def _refuse_unknown(self, text: AnnotatedText) -> None:
        unknown = unknown_labels([text], self._scheme)
        for label in self._format.keeps:
            del unknown[label]
        if unknown:
            shown = ", ".join(f"{label} ({count})" for label, count in unknown.most_common(5))
            raise FormatError(
                f"{text.file}: has labels that the scheme lacks: {shown}; map them with "
                "--map labels.toml, which --propose-map prints"
            )

    def _made(self, text: AnnotatedText) -> Document:
        """A new document of a text, which is written with the others."""
        place = text.place(text.line)
        date = text.date or self._about.date
        if not date:
            raise FormatError(
                f"{place}: no document of the corpus has this text; state --date YYYY-MM-DD to "
                "make one"
            )
        in_form, changes = formed(text.text, place, self._about.normalise)
        incoming = Incoming(
            place=place,
            text=in_form,
            metadata=Metadata(date=date, language=text.language or None),
            stem=text.id,
            id=derived_id(text.id),
            normalised=changes,
        )
        if self._has_rows(text):  # what is wrong with them is said before a document is made
            about = self._about
            trial = valid_document(incoming, None, about.language, about.tokenizer, self._scheme)
            with_added_rows(text, trial[0], None)
        document = self._segmented(incoming, text)
        self._updater.add(document, self._new.annotators)
        self.imported.new.append(document.id)
        return document

    def _segmented(self, incoming: Incoming, text: AnnotatedText) -> Document:
        """The document with the sentences and tokens of the file, or else with our own.

        Without those of a file, a token is divided where an annotation begins or ends inside it.
        """
        if incoming.text != text.text:
            return self._new.add(incoming)
        placed_in = [a for a in text.annotations if self._translation.label(a.label)]
        cuts = frozenset(at for a in placed_in for at in (a.start, a.end))
        if text.tokens or text.sentences:
            try:
                return self._new.add(incoming, stated=Stated(text.tokens, text.sentences, cuts))
            except FormatError as error:
                self._leave("sentences and tokens of the file", f"{text.file}: {error}")
        return self._new.add(incoming, stated=Stated(cuts=cuts))

    def _note(self, losses: Iterable[Loss], text: AnnotatedText) -> None:
        for loss in losses:
            self._leave(loss.kind, f"{loss.detail} ({text.place(loss.line)})")

    def _leave(self, kind: str, first: str) -> None:
        left = self.imported.left.setdefault(kind, Left(0, first))
        left.count += 1

    def write(self) -> None:
        """Write the new documents, the staged ones and what has no place in them."""
        if self.imported.new:
            refused = [str(new) for new in self._new.write() if isinstance(new, FormatError)]
            self.imported.problems += refused
            if refused:
                return
        staged = self._updater.staged
        contents: dict[str, Content] = {file: entry.bytes for file, entry in staged.items()}
        contents |= self._rests
        if contents:
            with files.locked(self._root):
                write_files(self._root, contents)
        self.imported.written += [name for name in contents if contents[name] is not None]


def read_all(
    paths: Iterable[Path], format_: Format, root: Path
) -> Iterator[AnnotatedText | FormatError]:
    """Yield the texts of files; a file that cannot be read yields its error and ends."""
    scheme = scheme_at(root)
    for path in paths:
        try:
            yield from format_.read(path, scheme)
        except FormatError as error:
            yield error


def left_lines(left: dict[str, Left]) -> list[str]:
    """Return a line for each kind of thing that has no place, the commonest first."""
    ranked = sorted(left.items(), key=lambda item: -item[1].count)
    return [f"{kind}: {counted(one.count, 'time')}, the first {one.first}" for kind, one in ranked]
