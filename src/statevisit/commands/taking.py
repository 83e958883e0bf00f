"""What comes back from Label Studio on its way into a corpus: everything is prepared first, then moved into place."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from msgspec.structs import replace

from statevisit import resources
from statevisit.checks import check_document, context_of
from statevisit.codec import pointer, read_document, write_document
from statevisit.corpus import load
from statevisit.diff import Change, diff_documents
from statevisit.errors import FormatError
from statevisit.findings import Finding
from statevisit.labelstudio.foreign import Mapping
from statevisit.labelstudio.incoming import Incoming, Outcome
from statevisit.model import Document


class Staging:
    """A directory beside the corpus where merged documents wait; it vanishes, and `commit` moves them first."""

    def __init__(self, root: Path, mapping: Mapping | None, prefer: Any, annotator: str | None) -> None:
        self.root, self._annotator, self._prefer = root, annotator, prefer
        self._entries = {e.path.stem: e for e in load(root).entries}
        self._context = context_of(root)
        if annotator and annotator not in (self._context.annotators or ()):
            raise FormatError(f"{annotator}: not in {root / resources.ANNOTATORS}; add it there, with its kind")
        self._texts: dict[str, str] | None = None
        self._incoming = Incoming(self._find, self._with_text, mapping, prefer)
        self._blocks: list[str] = []
        self._staged: dict[str, Path] = {}

    def __enter__(self) -> Self:
        self._directory = Path(tempfile.mkdtemp(prefix=".label-studio-", dir=self.root))
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self._directory, ignore_errors=True)

    def _find(self, document_id: str) -> Document | None:
        if staged := self._staged.get(f"{resources.DOCUMENTS}/{document_id}.json"):
            return read_document(staged)
        return self._entries[document_id].read() if document_id in self._entries else None

    def _with_text(self, text: str) -> Document | None:
        from hashlib import sha256

        if self._texts is None:
            self._texts = {e.read().text_sha256: name for name, e in self._entries.items()}
        name = self._texts.get(sha256(text.encode("utf-8", "surrogatepass")).hexdigest())
        return self._find(name) if name else None

    def take(self, task: dict[str, Any], where: str) -> Iterator[tuple[list[Finding], list[Change]]]:
        """Merge one task and keep the result; (findings, changes) for each document that it is about."""
        for outcome in self._incoming.outcomes(task, where):
            yield self._keep(outcome)

    def _keep(self, outcome: Outcome) -> tuple[list[Finding], list[Change]]:
        document, old = outcome.document, outcome.old
        place = f"{resources.DOCUMENTS}/{document.id}.json"
        if outcome.annotator:
            place = f"{resources.ANNOTATIONS}/{outcome.annotator}/{document.id}.json"
            old = read_document(self.root / place) if (self.root / place).is_file() else self._find(document.id)
        elif self._annotator and old != document and self._annotator not in document.annotators:
            document = replace(document, annotators=(*document.annotators, self._annotator))
        changes = [] if old == document else diff_documents(old, document) if old else [Change(document=document.id, kind="added", layer="document", record=document.id)]
        wrong = list(self._check(document, place)) if changes else []
        if outcome.conflicts and not self._prefer:
            self._blocks.append(f"{len(outcome.conflicts)} conflict{'s' * (len(outcome.conflicts) > 1)} in {document.id}; --ours or --theirs decides")
        if blocking := [f for f in wrong if not (outcome.annotator and f.code == "E305")]:  # who annotated there is listed once the pass is used
            self._blocks.append(f"{place} would have {len(blocking)} error{'s' * (len(blocking) > 1)}; mend the annotation or the corpus")
        if changes or (outcome.annotator and not (self.root / place).is_file()):
            staged = self._directory / f"{len(self._staged)}.json"
            write_document(document, staged)
            self._staged[place] = staged
        return [*outcome.findings, *outcome.conflicts, *wrong], changes

    def _check(self, document: Document, place: str) -> Iterator[Finding]:
        for code, path, message in check_document(document, self._context):
            yield Finding(code=code, message=message, document=document.id, file=place, pointer=pointer(path))

    @property
    def blocked(self) -> str:
        """Why nothing may be written; "" when it may."""
        return "; ".join(self._blocks)

    def commit(self) -> list[str]:
        """Move what was prepared into place: the names of the files, in the corpus root."""
        for place, staged in self._staged.items():
            target = self.root / place
            target.parent.mkdir(parents=True, exist_ok=True)
            with resources.replacing(target) as temporary:
                shutil.copyfile(staged, temporary)
        return list(self._staged)
