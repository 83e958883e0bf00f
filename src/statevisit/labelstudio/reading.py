"""Results of an annotation as regions and links.

Only a region that is absent was deleted. A result that cannot be read is reported, and the document
keeps what it had there: the record of the region, its answers, and the links between two regions.
"""

from collections.abc import Iterable, Iterator
from functools import cached_property

from msgspec import ValidationError, convert, to_builtins

from statevisit.document.model import Document
from statevisit.document.scheme import scheme_of
from statevisit.document.strict_json import Json
from statevisit.labelstudio.interface import RELATION
from statevisit.labelstudio.results import Result
from statevisit.regions.labels import Control, controls, region_labels
from statevisit.regions.offsets import Place, Source
from statevisit.regions.regions import (
    Link,
    Read,
    Region,
    Report,
    answer_problem,
    links_of,
    parts_of,
    regions_of,
)
from statevisit.regions.relation_labels import INVERSE, relation_labels, with_modalities

_TYPES = ("labels", "choices", "textarea", RELATION)
_DIRECTIONS = ("right", "left", "bi")


def from_results(results: Iterable[Result | Json], base: Document, report: Report) -> Read:
    """Read the results of one annotation of a document.

    A result may be parsed or a dictionary. One that cannot be used is reported as L104: it has an
    unknown control or label, a span outside of the text or other words than those that it states,
    or it lacks its region.
    """
    return _Reader(base, report).read(results)


def whole(value: Json) -> Json:
    """Return a number that JSON wrote as 9.0 as the integer 9, any other value as it is."""
    is_whole = isinstance(value, float) and value.is_integer()
    return int(value) if is_whole else value  # type: ignore[arg-type]  # a float, then


class _Reader:
    """Collects the regions and links of one annotation of `base`."""

    def __init__(self, base: Document, report: Report) -> None:
        self._base, self._report = base, report
        self._scheme = scheme_of(base)
        self._regions: dict[str, Region] = {}
        self._links: list[Link] = []
        self._unread_regions: set[str] = set()
        self._unread_answers: set[str] = set()
        self._unread_pairs: set[frozenset[str]] = set()
        self._is_any_region_unread = False
        self._is_any_relation_unread = False

    def read(self, results: Iterable[Result | Json]) -> Read:
        """Return what the results say."""
        labels: list[Result] = []
        answers: list[Result] = []
        relations: list[Result] = []
        kinds = {"labels": labels, RELATION: relations}
        for item in results:
            result = item if isinstance(item, Result) else self._parsed(item)
            if result and result.type == RELATION and result.id and result.value:
                self._unread(result.id, f"a relation that marks a place: {_shown(result)}", "")
            elif result:
                kinds.get(result.type, answers).append(result)
        self._add_regions(labels)
        own = set(self._regions)
        kept = self._keep_regions({result.id for result in answers})
        known = controls(self._scheme)
        for result in answers:
            self._add_answer(result, known, kept)
        self._keep_answers()
        for result in relations:
            self._links += self._links_of(result)
        self._keep_links()
        return Read(self._regions, list(dict.fromkeys(self._links)), own)

    @cached_property
    def _in_base(self) -> dict[str, Region]:
        """The regions of the document that was exported."""
        return regions_of(self._base, parts_of(self._base))

    @cached_property
    def _controls(self) -> frozenset[str]:
        """The names of the interface's controls; "" is none."""
        return frozenset(("", *controls(self._scheme), *region_labels(self._scheme)))

    def _parsed(self, item: Json) -> Result | None:
        """A result that another tool wrote, with 9.0 for 9; None, and a report, if unreadable."""
        if not isinstance(item, dict):
            self._unread("", f"a result that is not an object: {_short(item)}", "")
            return None
        item = {key: _text_of(value) if key in _IDS else value for key, value in item.items()}
        value = item.get("value")
        if isinstance(value, dict):
            ends = {key: whole(value[key]) for key in ("start", "end") if key in value}
            item["value"] = {**value, **ends}
        try:
            return convert(item, Result)
        except ValidationError as error:
            problem = f"a result cannot be read ({error}): {_short(item)}"
        kind = item.get("type")
        if isinstance(kind, str) and kind not in _TYPES:
            problem = f"the interface has no results of the type {_short(kind)}: {_short(item)}"
        if kind == RELATION:
            self._unread_relation(item.get("from_id"), item.get("to_id"), problem)
        else:
            self._unread(item.get("id"), problem, item.get("from_name"))
        return None

    def _unread(self, region_id: Json, problem: str, control: Json) -> None:
        """Report a result that cannot be read, and keep what its region had.

        A control that somebody added to the interface says nothing of the answers to the others.
        """
        if not isinstance(region_id, str) or not region_id:
            self._is_any_region_unread = True
            outcome = "it may be any region, so that none that the annotation lacks is deleted"
        else:
            self._unread_regions.add(region_id)
            if not isinstance(control, str) or control in (
                "",
                *controls(self._scheme),
                *region_labels(self._scheme),
            ):
                self._unread_answers.add(region_id)
            outcome = "it is left out"
            if region_id in self._in_base:
                outcome = f"{region_id} keeps what it had there"
        self._report("L104", f"{problem}; {outcome}")

    def _unread_relation(self, source: Json, target: Json, problem: str) -> None:
        """Report a relation that cannot be read, and keep the links between its regions."""
        if isinstance(source, str) and source and isinstance(target, str) and target:
            self._unread_pairs.add(frozenset((source, target)))
            outcome = f"the links of {source} and {target} stay as they were"
        else:
            self._is_any_relation_unread = True
            outcome = "it may be any relation, so that none that the annotation lacks is deleted"
        self._report("L104", f"{problem}; {outcome}")

    def _add_regions(self, results: list[Result]) -> None:
        """Add the regions of results, where their offsets lead and their words stand."""
        usable = [result for result in results if self._is_usable(result)]
        places = [self._place(result) for result in usable]
        spans, note = Source(self._base.text, self._base.text).spans(places)
        if note:
            self._report("L104", note)
        for result, span in zip(usable, spans, strict=True):
            if isinstance(span, str):
                problem = f"region {result.id} ({_first_label(result)}): {span}"
                self._unread(result.id, problem, result.from_name)
            else:
                self._add_label(result, *span)

    def _is_usable(self, result: Result) -> bool:
        """Whether a result has an id and a label of the interface; if not, it is reported."""
        layer, value = result.from_name, result.value
        if not (value and result.id and layer):
            problem = f"a result has no id, control or value: {_shown(result)}"
            self._unread(result.id, problem, layer)
            return False
        labels = value.labels
        if not labels or labels[0] not in region_labels(self._scheme).get(layer, ()):
            problem = f"{_short(labels)} is not a label of {layer!r} in the interface"
            self._unread(result.id, f"region {result.id}: {problem}", layer)
            return False
        if len(labels) > 1:
            problem = f"it has {len(labels)} labels, {_short(labels)}; the first is used"
            self._report("L104", f"region {result.id}: {problem}")
        return True

    def _place(self, result: Result) -> Place:
        value = result.value
        assert value  # it is usable
        words = value.text if isinstance(value.text, str) else None
        is_certain = False
        if result.id in self._base and words in (None, self._base.text[value.start : value.end]):
            record = self._base[result.id]
            ends = getattr(record, "start", None), getattr(record, "end", None)
            is_certain = ends == (value.start, value.end)
        return Place(result.id, value.start, value.end, words, is_certain)

    def _add_label(self, result: Result, start: int, end: int) -> None:
        """Add the region of a result, or a second label to the region that has its id."""
        layer, label = result.from_name, _first_label(result)
        region = self._regions.get(result.id)
        if region is None:
            self._regions[result.id] = Region(result.id, start, end, {layer: label})
        elif (region.start, region.end) != (start, end) or layer in region.labels:
            shown = f"region {result.id} ({label}, [{start}, {end}))"
            self._report("L104", f"{shown}: another region has this id")
        else:
            region.labels[layer] = label

    def _keep_regions(self, answered: set[str]) -> dict[str, str]:
        """Add the regions of the document that could not be read; return their layers by id.

        A region is not absent while there are answers to it.
        """
        without_region = answered - self._regions.keys() - self._unread_regions
        for region_id in sorted(without_region):
            if region_id in self._in_base:
                problem = f"an answer without its region; {region_id} stays as it was"
                self._report("L104", problem)
        unread = self._unread_regions | without_region
        if self._is_any_region_unread:
            unread |= self._in_base.keys() - self._regions.keys()
        kept: dict[str, str] = {}
        for region_id in [name for name in self._in_base if name in unread] if unread else ():
            region = self._in_base[region_id]
            ((layer, label),) = region.labels.items()
            read = self._regions.get(region_id)
            if read and layer in read.labels:
                continue
            kept[region_id] = layer
            if read and (read.start, read.end) == (region.start, region.end):
                read.labels[layer] = label
                read.answers.update(region.answers)
                continue
            if read:
                self._report("L104", f"{read}: a region with this id stays as it was")
            self._regions[region_id] = region
        return kept

    def _add_answer(self, result: Result, known: dict[str, Control], kept: dict[str, str]) -> None:
        """Add the answer of a result to its region; `known` are the controls by name."""
        control, value = known.get(result.from_name), result.value
        region = self._regions.get(result.id)
        problem = ""
        if control is None:
            problem = f"an answer to a control that is not in the interface: {_shown(result)}"
        elif region is None or value is None:
            problem = f"an answer without a region or a value: {_shown(result)}"
        if problem:
            self._unread(result.id, problem, result.from_name)
        if problem or control is None or region is None or value is None:
            return
        if kept.get(result.id) == control.layer:
            return
        given = value.choices if control.choices else value.text
        if isinstance(given, list) and len(given) == 1:
            answer = given[0]
        else:
            answer = self._first_answer(given, control, region)
        problem = answer_problem(answer, control)
        if problem:
            self._unread(result.id, f"{region}: {problem}", result.from_name)
        elif answer:
            region.answers[result.from_name] = answer

    def _first_answer(self, given: list[str] | str | None, control: Control, region: Region) -> str:
        """The first answer that is not empty, "" if there is none; others are reported."""
        if isinstance(given, str):
            return given
        answers = list(dict.fromkeys(answer for answer in given or () if answer))
        if len(answers) > 1:
            problem = f"{control.prop} has {len(answers)} answers, {_short(answers)}"
            self._report("L104", f"{region}: {problem}; the first is used")
        return answers[0] if answers else ""

    def _keep_answers(self) -> None:
        """Give regions with a result that could not be read the answers that they lack."""
        unread: Iterable[str] = self._unread_answers
        if self._is_any_region_unread:
            unread = self._in_base
        for region_id in unread:
            before, region = self._in_base.get(region_id), self._regions.get(region_id)
            if before and region and before.labels.keys() <= region.labels.keys():
                region.answers = {**before.answers, **region.answers}

    def _links_of(self, result: Result) -> Iterator[Link]:
        """The links of a relation, one for each of its labels and directions."""
        source, target = self._regions.get(result.from_id), self._regions.get(result.to_id)
        if not (result.from_id and result.to_id):
            self._unread_relation("", "", f"a relation lacks an end: {_shown(result)}")
            return
        if source is None or target is None:
            problem = f"a relation of regions that are not in the annotation: {_shown(result)}"
            self._report("L104", problem)
            return
        ends = source.id, target.id
        if result.direction not in _DIRECTIONS:
            problem = f"has the unknown direction {_short(result.direction)}"
            self._unread_relation(*ends, f"the relation of {source} and {target} {problem}")
            return
        if not result.labels:
            problem = f"the relation of {source} and {target} has no label"
            self._report("L104", f"{problem}; give it one or delete it")
            return
        labels, problem = with_modalities(result.labels, self._scheme)
        if problem:
            self._report("L104", f"the relation of {source} and {target} {problem}")
        for label in labels:
            name = label.removeprefix(INVERSE)
            if name not in relation_labels(self._scheme):
                problem = f"{_short(label)} is not a relation label of the interface"
                self._unread_relation(*ends, f"{problem} ({source} → {target})")
                continue
            is_inverse = label != name
            if result.direction in ("right", "bi"):
                yield _directed(source, name, target, is_inverse)
            if result.direction in ("left", "bi"):
                yield _directed(target, name, source, is_inverse)

    def _keep_links(self) -> None:
        """Add the links of the document that could not be read."""
        if not (self._unread_pairs or self._is_any_relation_unread):
            return
        for link in links_of(self._base, parts_of(self._base)):
            is_unread = frozenset((link.source, link.target)) in self._unread_pairs
            ends = {link.source, link.target}
            if (is_unread or self._is_any_relation_unread) and ends <= self._regions.keys():
                self._links.append(link)


_IDS = ("id", "from_id", "to_id")


def _text_of(value: Json) -> Json:
    """An id that software wrote as a number, as a string."""
    value = whole(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _first_label(result: Result) -> str:
    labels = result.value.labels if result.value else None
    return labels[0] if labels else ""


def _directed(source: Region, label: str, target: Region, is_inverse: bool) -> Link:
    if is_inverse:
        return Link(target.id, label, source.id)
    return Link(source.id, label, target.id)


def _shown(result: Result) -> str:
    return _short(to_builtins(result, builtin_types=()))


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:119]}…"
