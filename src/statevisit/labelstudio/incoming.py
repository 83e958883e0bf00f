"""Tasks that come back: which document each belongs to, which annotations count, and what follows for the corpus."""

from collections.abc import Callable
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from statevisit.findings import Finding
from statevisit.labelstudio.foreign import Mapping, converted, document_text
from statevisit.labelstudio.merge import Side, merge
from statevisit.labelstudio.tasks import (
    Annotation,
    Base,
    annotations_of,
    base_of,
    pushed_as_predictions,
)
from statevisit.model import Document


class Outcome(Struct):
    """What a task says about a document.

    `document` is to be written: as the corpus's document (`annotator` is "") or as an annotator's. `old` is what is
    there now, None where nothing is. While there are `conflicts` that nobody decided, nothing should be written.
    """

    annotator: str
    old: Document | None
    document: Document
    findings: list[Finding]
    conflicts: list[Finding]


class Incoming:
    """Merges tasks onto a corpus: `find` gives what the document of a base is now, `with_text` the one with a text, or None.

    Where the corpus has the base itself, `find` gives that very document: nothing is to be merged then.
    """

    def __init__(
        self,
        find: Callable[[Base], Document | None],
        with_text: Callable[[str], Document | None],
        mapping: Mapping | None = None,
        prefer: Side | None = None,
    ) -> None:
        self._find, self._with_text, self._mapping, self._prefer = find, with_text, mapping, prefer

    def outcomes(self, task: dict[str, Any], where: str) -> list[Outcome]:
        """What follows from a task; empty where it says nothing new. Raises FormatError for a task that cannot be used."""
        findings: list[Finding] = []
        origin = base_of(task, where)
        if origin is None:
            return self._foreign(task, where)
        base, current = origin.document, self._find(origin)
        annotations = list(annotations_of(task, base, current or base, where))
        for number in range(len(task.get("drafts") or ())):
            findings.append(
                _set_aside(base, where, f"draft {number + 1} was not submitted; it is not taken")
            )
        chosen = _chosen(annotations, base, where, pushed_as_predictions(task), findings)
        if len(chosen) == 1:
            return [self._merged(base, chosen[0], current, findings)]
        return [_of_annotator(a, findings if not i else []) for i, a in enumerate(chosen)] or (
            [Outcome("", current, current or base, findings, [])] if findings else []
        )

    def _merged(
        self,
        base: Document,
        annotation: Annotation,
        current: Document | None,
        findings: list[Finding],
    ) -> Outcome:
        findings = [*findings, *annotation.findings]
        if current is not None:
            document, conflicts = merge(base, annotation.document, current, self._prefer)
            return Outcome("", current, document, findings, conflicts)
        if annotation.unchanged:
            return Outcome("", base, base, findings, [])
        conflict = Finding(
            code="L201",
            document=base.id,
            message="the document was changed in the annotation, and is not in the corpus; --theirs puts it there, --ours leaves it out",
        )
        return Outcome(
            "",
            base if self._prefer == "ours" else None,
            base if self._prefer == "ours" else annotation.document,
            findings,
            [conflict],
        )

    def _foreign(self, task: dict[str, Any], where: str) -> list[Outcome]:
        """A task of another project: what it adds to the document with the same text."""
        if self._mapping is None:
            return _refused(
                where,
                "statevisit did not make this task: say what its labels mean with --mapping FILE",
            )
        document = next((d for text in document_text(task) if (d := self._with_text(text))), None)
        if document is None:
            return _refused(
                where,
                "no document of the corpus has this text: make one with `statevisit ingest` first",
            )
        findings: list[Finding] = []

        def report(code: str, message: str) -> None:
            findings.append(Finding(code=code, message=message, document=document.id, file=where))

        task = {**task, "annotations": converted(task, where, document, self._mapping, report)}
        chosen = _chosen(
            list(annotations_of(task, document, document, where)), document, where, True, findings
        )
        if len(chosen) > 1:
            return [_of_annotator(a, findings if not i else []) for i, a in enumerate(chosen)]
        return [self._merged(document, a, document, findings) for a in chosen] or [
            Outcome("", document, document, findings, [])
        ]


def _refused(where: str, why: str) -> list[Outcome]:
    from statevisit.errors import FormatError

    raise FormatError(f"{where}: {why}")


def _set_aside(base: Document, where: str, what: str) -> Finding:
    return Finding(code="L108", document=base.id, file=where, message=what)


def _chosen(
    annotations: list[Annotation],
    base: Document,
    where: str,
    predictions: bool,
    findings: list[Finding],
) -> list[Annotation]:
    """One annotation for each annotator: the last that is not empty. What was pushed and left as it was is none where there are others."""
    if not predictions and len(annotations) > 1:
        untouched = next((a for a in annotations if a.unchanged), None)
        annotations = [a for a in annotations if a is not untouched]
    chosen: dict[str, Annotation] = {}
    for annotation in sorted(annotations, key=lambda a: (not a.empty, a.updated, a.id or 0)):
        if earlier := chosen.get(annotation.annotator):
            findings.append(
                _set_aside(
                    base,
                    where,
                    f"annotation {earlier.id} of {earlier.annotator} is {'empty' if earlier.empty else 'older than their annotation ' + str(annotation.id)}; it is not taken",
                )
            )
        chosen[annotation.annotator] = annotation
    return list(chosen.values())


def _of_annotator(annotation: Annotation, findings: list[Finding]) -> Outcome:
    document = annotation.document
    if annotation.annotator not in document.annotators:
        document = replace(document, annotators=(*document.annotators, annotation.annotator))
    return Outcome(annotation.annotator, None, document, [*findings, *annotation.findings], [])
