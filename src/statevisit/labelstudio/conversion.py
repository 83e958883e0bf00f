"""Tasks of other projects in terms of the interface, as a mapping says."""

from collections.abc import Callable
from functools import cached_property
from itertools import chain

from msgspec import Struct

from statevisit.document.model import Document
from statevisit.document.scheme import scheme_of
from statevisit.document.strict_json import Json, JsonObject
from statevisit.errors import FormatError
from statevisit.labelstudio.html_text import text_content
from statevisit.labelstudio.interface import RELATION
from statevisit.labelstudio.reading import whole
from statevisit.labelstudio.results import to_results
from statevisit.regions.labels import Control
from statevisit.regions.mapping import Answer, Mapping, controls_by_property, places
from statevisit.regions.offsets import Ends, Place, Source, significant
from statevisit.regions.regions import Report, to_answer


class Match(Struct, frozen=True):
    """A document, and the string of a task that says the same as its text."""

    document: Document
    shown: str


def matching(task: JsonObject, with_text: Callable[[str], Document | None]) -> Match | None:
    """Return the document whose text a task shows; None if the corpus has none.

    Any string of the task's data may be the text, and in HTML the text without the tags.
    """
    strings = [value for value in task["data"].values() if isinstance(value, str)]
    without_tags = (text_content(string) for string in strings if "<" in string)
    for shown in chain(strings, without_tags):
        document = with_text(shown)
        if document is not None:
            return Match(document, shown)
    return None


class Sources:
    """The text that the offsets of a task's regions count in, for plain text and for HTML."""

    def __init__(self, task: JsonObject, match: Match) -> None:
        self._task, self._text = task, match.document.text
        self.plain = Source(match.shown, self._text)

    @cached_property
    def html(self) -> Source | None:
        """The text of the HTML that says the same as the document; None if none does."""
        wanted = significant(self._text)
        for value in self._task["data"].values():
            content = text_content(value) if isinstance(value, str) else ""
            if significant(content) == wanted:
                return Source(content, self._text)
        return None


def converted(
    task: JsonObject, where: str, match: Match, mapping: Mapping, report: Report
) -> tuple[list[JsonObject], dict[int, set[str]]]:
    """Return a task's annotations with all results of the document and those that the task adds.

    The ids of the regions that an annotation with results has are returned as well, by its number
    from 0. What the mapping has no place for is reported as L104. Raises FormatError for a task
    without annotations that have results.
    """
    annotations = task.get("annotations")
    if not isinstance(annotations, list) or not all(map(_has_results, annotations)):
        raise FormatError(
            f"{where}: the task has no list `annotations` with a `result` each; "
            "export the project as JSON (the full one)"
        )
    converted_annotations: list[JsonObject] = []
    own: dict[int, set[str]] = {}
    sources = Sources(task, match)
    for number, annotation in enumerate(annotations):
        if annotation.get("was_cancelled"):
            converted_annotations.append({**annotation, "result": []})
            continue
        conversion = _Conversion(match.document, sources, mapping, report)
        results = conversion.convert(annotation["result"])
        if annotation["result"]:
            own[number] = conversion.own
        converted_annotations.append({**annotation, "result": results})
    return converted_annotations, own


def _has_results(annotation: Json) -> bool:
    return isinstance(annotation, dict) and isinstance(annotation.get("result"), list)


_ORDER = {RELATION: 1}
"""The order in which types of results are converted: answers (0), then relations."""

_ANSWER_KEYS = {"choices": "choices", "textarea": "text", "number": "number", "rating": "rating"}
"""The key of the answers in a result's value, by type."""

_LONGEST_VALUE = 100
"""Characters of a value in a message."""


class _Conversion:
    """Converts the results of one annotation into those of the interface."""

    def __init__(
        self, document: Document, sources: Sources, mapping: Mapping, report: Report
    ) -> None:
        self._sources, self._mapping, self._report = sources, mapping, report
        self._scheme = scheme_of(document)
        self.own: set[str] = set()  # the regions of the annotation
        self._results = to_results(document)
        # Regions of the document by layer, span and label.
        self._existing: dict[tuple[str, tuple[int, int] | None, str], str] = {}
        # Pairs of region and control that have an answer in the document.
        self._in_document: set[tuple[str, str]] = set()
        for result in self._results:
            if result["type"] == "labels":
                span = (result["value"]["start"], result["value"]["end"])
                label = result["value"]["labels"][0]
                self._existing[result["from_name"], span, label] = result["id"]
            elif result["type"] != RELATION:
                self._in_document.add((result["id"], result["from_name"]))
        # The same pairs, with those of converted answers.
        self._answered = self._in_document.copy()
        # Regions by their ids in the other project.
        self._ids: dict[str, str] = {}
        # The layers of the regions that the document does not have.
        self._layers: dict[str, str] = {}

    def convert(self, results: list[Json]) -> list[JsonObject]:
        """Return the results of the document and the converted ones."""
        items = [item for item in results if isinstance(item, dict)]
        for _ in range(len(results) - len(items)):
            self._no_place("a result that is not an object")
        items.sort(key=_order)
        self._add_regions([item for item in items if _is_region(item)])
        for item in items:
            if item.get("type") == RELATION:
                self._add_relation(item)
            elif not _is_region(item):
                self._add_answer(item)
        self._add_defaults()
        return self._results

    def _add_regions(self, items: list[JsonObject]) -> None:
        """Add the regions whose label the mapping has and whose place in the text is known."""
        in_html = [item for item in items if _is_in_html(item)]
        in_text = [item for item in items if not _is_in_html(item)]
        self._place_regions(in_text, self._sources.plain)
        if not in_html:
            return
        source = self._sources.html
        if source is not None:
            self._place_regions(in_html, source)
            return
        for item in in_html:
            problem = "it counts in HTML, whose text is not that of the document"
            self._leave_out(item, f"{problem}; ingest the text without tags")

    def _place_regions(self, items: list[JsonObject], source: Source) -> None:
        placed: list[tuple[JsonObject, Place]] = []
        for item in items:
            place = _place(item)
            if isinstance(place, Place):
                placed.append((item, place))
            else:
                self._leave_out(item, place)
        spans, note = source.spans([place for _, place in placed])
        if note:
            self._no_place(note)
        for (item, _), span in zip(placed, spans, strict=True):
            if isinstance(span, str):
                self._leave_out(item, span)
            else:
                self._add_region(item, span)

    def _leave_out(self, item: JsonObject, problem: str) -> None:
        kind = str(item.get("type"))[:_LONGEST_VALUE]
        self._no_place(f"{kind} {_text(item.get('id'))}: {problem}; it is left out")

    def _add_region(self, item: JsonObject, span: Ends) -> None:
        """Add a region for each label that the mapping has, or recognise it in the document."""
        foreign_id = _text(item.get("id"))
        labels = _value(item).get(str(item.get("type")))
        for foreign_label in labels if isinstance(labels, list) else ():
            mapped = self._mapping.labels.get(str(foreign_label))
            if mapped is None:
                shown = str(foreign_label)[:_LONGEST_VALUE]
                self._no_place(f"region {foreign_id}: the mapping has no label {shown!r}")
                continue
            ((layer, label),) = places(mapped, self._scheme)
            existing = self._existing.get((layer, span, label))
            if existing:
                self._ids[foreign_id] = existing
                self.own.add(existing)
                continue
            region_id = f"foreign:{foreign_id}"  # which is never the id of a record
            self._ids[foreign_id] = region_id
            self.own.add(region_id)
            self._layers[region_id] = layer
            value = {"start": span[0], "end": span[1], "labels": [label]}
            result = {"id": region_id, "from_name": layer, "type": "labels", "value": value}
            self._results.append({**item, **result})

    def _add_answer(self, item: JsonObject) -> None:
        """Add an answer, unless the document has one for the same region and control."""
        kind, foreign_name, foreign_id = item.get("type"), item.get("from_name"), item.get("id")
        table = self._mapping.choices.get(str(foreign_name))
        region_id = self._ids.get(_text(foreign_id))
        answer = _answer(item)
        problem = ""
        if table is None:
            problem = "the mapping has no place for it"
        elif region_id is None:
            problem = "its region is left out"
        elif answer is None:
            problem = "it has no answer"
        if problem or table is None or region_id is None or answer is None:
            place = f"{_short(kind)} {_short(foreign_name)} of region {_text(foreign_id)}"
            self._no_place(f"{place}: {problem}: {_short(item.get('value'))}")
            return
        control = controls_by_property(self._scheme)[str(table["property"])]
        if (region_id, control.name) not in self._in_document:
            self._set(region_id, control, table.get(answer, answer))

    def _set(self, region_id: str, control: Control, answer: Answer) -> None:
        self._answered.add((region_id, control.name))
        result = {"id": region_id, "from_name": control.name, "type": control.kind}
        self._results.append({**result, "value": {control.value_key: [to_answer(answer)]}})

    def _add_defaults(self) -> None:
        """Add the defaults to new regions that have no answer."""
        for prop, answer in self._mapping.defaults.items():
            control = controls_by_property(self._scheme)[prop]
            for region_id, layer in self._layers.items():
                if layer == control.layer and (region_id, control.name) not in self._answered:
                    self._set(region_id, control, answer)

    def _add_relation(self, item: JsonObject) -> None:
        source = self._ids.get(_text(item.get("from_id")))
        target = self._ids.get(_text(item.get("to_id")))
        labels = item.get("labels")
        foreign_labels = [str(label) for label in labels] if isinstance(labels, list) else []
        relations = self._mapping.relations
        for label in foreign_labels:
            if label not in relations:
                self._no_place(f"the mapping has no relation {_short(label)}")
        shown = f"{_text(item.get('from_id'))} → {_text(item.get('to_id'))}"
        if not foreign_labels:
            self._no_place(f"a relation without a label: {shown}")
            return
        if source is None or target is None:
            self._no_place(f"a relation without both of its regions: {shown}")
            return
        known = [relations[label] for label in foreign_labels if label in relations]
        if known:
            ends = {"from_id": source, "to_id": target}
            direction = item.get("direction", "right")
            result = {"type": RELATION, **ends, "direction": direction, "labels": known}
            self._results.append(result)

    def _no_place(self, message: str) -> None:
        self._report("L104", message)


def _order(item: JsonObject) -> int:
    return _ORDER.get(str(item.get("type")), 0)


def _value(item: JsonObject) -> JsonObject:
    value = item.get("value")
    return value if isinstance(value, dict) else {}


def _text(value: Json) -> str:
    """An id as a string; 12, 12.0 and "12" are one."""
    return str(whole(value))[:_LONGEST_VALUE]


def _is_region(item: JsonObject) -> bool:
    """Whether a result marks a place; it has a type such as `labels` or `hypertextlabels`."""
    return str(item.get("type")).endswith("labels")


def _is_in_html(item: JsonObject) -> bool:
    """Whether a region has paths in HTML instead of offsets in a text."""
    return "globalOffsets" in _value(item) or item.get("type") == "hypertextlabels"


def _place(item: JsonObject) -> Place | str:
    """The place of a region, or the reason why it has none.

    A region of HTML has `globalOffsets`, the offsets in its text. They depend on what a browser
    makes of the HTML, so that only those with their words are read.
    """
    value = _value(item)
    words = value.get("text")
    words = words if isinstance(words, str) else None
    offsets: Json = value.get("globalOffsets") if _is_in_html(item) else value
    if _is_in_html(item) and not (isinstance(offsets, dict) and words):
        return "a region of HTML without `globalOffsets` or `text` has no certain place"
    if not isinstance(offsets, dict):
        offsets = {}
    start, end = whole(offsets.get("start")), whole(offsets.get("end"))
    if type(start) is not int or type(end) is not int:
        return f"{_short(offsets.get('start'))} and {_short(offsets.get('end'))} are no offsets"
    return Place(_text(item.get("id")), start, end, words)


def _short(value: Json) -> str:
    return repr(value)[:_LONGEST_VALUE]


def _answer(item: JsonObject) -> str | None:
    """The first answer to a control; None if there is none."""
    key = _ANSWER_KEYS.get(str(item.get("type")), "")
    answers = _value(item).get(key)
    if isinstance(answers, int | float):
        return str(whole(answers))
    return str(answers[0]) if isinstance(answers, list) and answers else None
