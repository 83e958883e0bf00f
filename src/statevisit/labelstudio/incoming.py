"""Tasks that come back: their documents, and the annotations that count."""

from collections.abc import Callable

from msgspec.structs import replace

from statevisit.annotation.merge import Side, merge
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError
from statevisit.findings import Finding
from statevisit.labelstudio.conversion import converted, matching
from statevisit.labelstudio.tasks import (
    Annotation,
    Base,
    annotations_of,
    base_of,
    pushed_as_predictions,
    reporter,
)
from statevisit.regions.mapping import Mapping
from statevisit.regions.updates import Outcome


class Incoming:
    """Merges tasks into a corpus.

    `find` returns the corpus's version of a base document, and `with_text` the document with a
    text; both return None if the corpus has none. `scheme` is that of the corpus. `names` are the
    names of annotators by person, for tasks of several; `prefer` decides conflicts.
    """

    def __init__(
        self,
        find: Callable[[Base], Document | None],
        with_text: Callable[[str], Document | None],
        scheme: Scheme,
        mapping: Mapping | None = None,
        prefer: Side | None = None,
        names: dict[str, str] | None = None,
    ) -> None:
        self._find, self._with_text = find, with_text
        self._scheme = scheme
        self._mapping, self._prefer = mapping, prefer
        self._names = names or {}

    def outcomes(self, task: JsonObject, where: str) -> list[Outcome]:
        """Return the outcomes of a task; none if it changes nothing and has no findings.

        `where` names the task in messages. Raises FormatError for a task that cannot be used.
        """
        origin = base_of(task, where, self._scheme)
        if origin is None:
            return self._foreign_outcomes(task, where)
        base, current = origin.document, self._find(origin)
        findings: list[Finding] = []
        report = reporter(findings, base.id, where)
        if origin.left_out:
            lost = ", ".join(origin.left_out)
            report("L104", f"the scheme of the corpus no longer has {lost}; left out of the task")
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
        match = matching(task, self._with_text)
        if match is None:
            raise FormatError(
                f"{where}: no document of the corpus has this text; "
                "make one with `statevisit ingest` first"
            )
        document = match.document
        findings: list[Finding] = []
        report = reporter(findings, document.id, where)
        annotations, own = converted(task, where, match, self._mapping, report)
        task = {**task, "annotations": annotations}
        converted_ones = list(annotations_of(task, document, document, where, own))
        latest = _latest(converted_ones, document, where, findings)
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
        outcomes: list[Outcome] = []
        problems: list[str] = []
        for annotation in annotations:
            if annotation.problem:
                problems.append(annotation.problem)
                findings = [*findings, *annotation.findings]
            elif len(annotations) == 1:
                outcomes.append(self._merged(base, annotation, current))
            else:
                outcomes.append(self._of_annotator(annotation))
        if problems or (findings and not outcomes):
            # beside the others, which are written nevertheless
            unchanged = current or base
            outcomes.insert(0, Outcome("", unchanged, unchanged, [], [], problems, False))
        if outcomes:
            outcomes[0].findings = [*findings, *outcomes[0].findings]
        return outcomes

    def _of_annotator(self, annotation: Annotation) -> Outcome:
        document, annotator = annotation.document, self._names[annotation.person]
        if annotator not in document.annotators:
            document = replace(document, annotators=(*document.annotators, annotator))
        return Outcome(annotator, None, document.begun(), list(annotation.findings), [])

    def _merged(
        self,
        base: Document,
        annotation: Annotation,
        current: Document | None,
    ) -> Outcome:
        """The outcome of merging an annotation of `base` into the corpus's version of it."""
        findings = list(annotation.findings)
        if current is not None:
            document, conflicts = merge(base, annotation.document, current, self._prefer)
            return Outcome("", current, document.begun(), findings, conflicts)
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
        return Outcome("", None, annotation.document.begun(), findings, [conflict])


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
        earlier = latest.get(annotation.person)
        if earlier:
            reason = "empty"
            if not earlier.empty:
                reason = f"older than annotation {annotation.id} of the same person"
            report("L108", f"annotation {earlier.id} is {reason}; it is not imported")
        latest[annotation.person] = annotation
    return list(latest.values())
