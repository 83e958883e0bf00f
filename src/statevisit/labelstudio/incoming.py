"""Tasks that come back: their documents, the annotations that count, and the outcome."""

from collections.abc import Callable

from msgspec import Struct
from msgspec.structs import replace

from statevisit.annotation.merge import Side, merge
from statevisit.document.model import Document
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError
from statevisit.findings import Finding
from statevisit.labelstudio.mapping import Mapping, converted, shown_strings
from statevisit.labelstudio.tasks import (
    Annotation,
    Base,
    annotations_of,
    base_of,
    pushed_as_predictions,
    reporter,
)


class Outcome(Struct):
    """The result of a task for one document.

    `document` is to be written as the corpus's document if `annotator` is "", else as that
    annotator's. `old` is the document that it replaces, or None. If there are `conflicts` that
    nobody decided, nothing should be written.
    """

    annotator: str
    old: Document | None
    document: Document
    findings: list[Finding]
    conflicts: list[Finding]


class Incoming:
    """Merges tasks into a corpus.

    `find` returns the corpus's version of a base document, and `with_text` the document with a
    text; both return None if the corpus has none. `prefer` decides conflicts.
    """

    def __init__(
        self,
        find: Callable[[Base], Document | None],
        with_text: Callable[[str], Document | None],
        mapping: Mapping | None = None,
        prefer: Side | None = None,
    ) -> None:
        self._find, self._with_text = find, with_text
        self._mapping, self._prefer = mapping, prefer

    def outcomes(self, task: JsonObject, where: str) -> list[Outcome]:
        """Return the outcomes of a task; none if it changes nothing and has no findings.

        `where` names the task in messages. Raises FormatError for a task that cannot be used.
        """
        origin = base_of(task, where)
        if origin is None:
            return self._foreign_outcomes(task, where)
        base, current = origin.document, self._find(origin)
        findings: list[Finding] = []
        report = reporter(findings, base.id, where)
        drafts = task.get("drafts")
        count = len(drafts) if isinstance(drafts, list) else 0
        for number in range(1, count + 1):
            report("L108", f"draft {number} was not submitted; it is not imported")
        annotations = list(annotations_of(task, base, current or base, where))
        if len(annotations) > 1 and not pushed_as_predictions(task):
            annotations = _without_pushed(annotations)
        latest = _latest(annotations, base, where, findings)
        return self._outcomes(base, current, latest, findings)

    def _foreign_outcomes(self, task: JsonObject, where: str) -> list[Outcome]:
        """The outcomes of another project's task for the document with the same text."""
        if self._mapping is None:
            raise FormatError(
                f"{where}: statevisit did not make this task; "
                "map its labels to those of the interface with --mapping FILE"
            )
        documents = (self._with_text(text) for text in shown_strings(task))
        document = next((d for d in documents if d), None)
        if document is None:
            raise FormatError(
                f"{where}: no document of the corpus has this text; "
                "make one with `statevisit ingest` first"
            )
        findings: list[Finding] = []
        report = reporter(findings, document.id, where)
        task = {**task, "annotations": converted(task, where, document, self._mapping, report)}
        annotations = list(annotations_of(task, document, document, where))
        latest = _latest(annotations, document, where, findings)
        return self._outcomes(document, document, latest, findings)

    def _outcomes(
        self,
        base: Document,
        current: Document | None,
        annotations: list[Annotation],
        findings: list[Finding],
    ) -> list[Outcome]:
        """The outcomes of the latest annotation of each annotator.

        One annotator's is merged into the corpus; those of several become documents of their own.
        """
        if len(annotations) == 1:
            return [self._merged(base, annotations[0], current, findings)]
        outcomes = [_of_annotator(annotation) for annotation in annotations]
        if not outcomes and findings:
            outcomes.append(Outcome("", current, current or base, [], []))
        if outcomes:
            outcomes[0].findings = [*findings, *outcomes[0].findings]
        return outcomes

    def _merged(
        self,
        base: Document,
        annotation: Annotation,
        current: Document | None,
        findings: list[Finding],
    ) -> Outcome:
        """The outcome of merging an annotation of `base` into the corpus's version of it."""
        findings = [*findings, *annotation.findings]
        if current is not None:
            document, conflicts = merge(base, annotation.document, current, self._prefer)
            return Outcome("", current, document, findings, conflicts)
        if annotation.unchanged:
            return Outcome("", base, base, findings, [])
        conflict = Finding(
            code="L201",
            document=base.id,
            message="the annotation changes the document, which is not in the corpus; "
            "--theirs adds it, --ours leaves it out",
        )
        if self._prefer == "ours":
            return Outcome("", base, base, findings, [conflict])
        return Outcome("", None, annotation.document, findings, [conflict])


def _without_pushed(annotations: list[Annotation]) -> list[Annotation]:
    """The annotations without the one that was pushed, if nobody edited it."""
    pushed = next((a for a in annotations if a.unchanged), None)
    return [a for a in annotations if a is not pushed]


def _latest(
    annotations: list[Annotation], base: Document, where: str, findings: list[Finding]
) -> list[Annotation]:
    """The latest annotation of each annotator that is not empty; the others are reported."""
    report = reporter(findings, base.id, where)
    latest: dict[str, Annotation] = {}
    for annotation in sorted(annotations, key=lambda a: (not a.empty, a.updated, a.id or 0)):
        earlier = latest.get(annotation.annotator)
        if earlier:
            reason = "empty" if earlier.empty else f"older than their annotation {annotation.id}"
            message = f"annotation {earlier.id} of {earlier.annotator} is {reason}"
            report("L108", f"{message}; it is not imported")
        latest[annotation.annotator] = annotation
    return list(latest.values())


def _of_annotator(annotation: Annotation) -> Outcome:
    document, annotator = annotation.document, annotation.annotator
    if annotator not in document.annotators:
        document = replace(document, annotators=(*document.annotators, annotator))
    return Outcome(annotator, None, document, list(annotation.findings), [])
