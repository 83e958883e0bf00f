"""TimeML: a text with tags for times, events and signals in it, and links after it (`.tml`).

See https://timeml.github.io/site/publications/specs.html for version 1.2.1. Read are its own
layout, with all of the text in `TimeML`, and that of TempEval-3, with the text in `TEXT` and the
document's time in `DCT`. The terms of the file become those of the scheme by `timeml_terms`; what
has no term keeps its name, after its tag: the relation `SLINK.MODAL`, the attribute
`MAKEINSTANCE.cardinality`.
"""

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from statevisit.checks.cycles import components
from statevisit.document.scheme import Scheme
from statevisit.document.timex_values import POINTS
from statevisit.document.value_forms import timex_patterns
from statevisit.errors import FormatError
from statevisit.formats import timeml_terms as terms
from statevisit.formats.texts import AnnotatedText, Annotation, Cluster, Loss, Note, Relation
from statevisit.formats.timeml_xml import Element, framed, parsed, trimmed
from statevisit.regions.relation_labels import type_label

DCT_NOTE, DCT_LINK = "DCT", "link to the document's time"
"""The kinds of notes: a document's time that is more than a date, and a link to it."""

_SPANS = {"TIMEX3": "tid", "EVENT": "eid", "SIGNAL": "sid"}
"""The tags of spans, and the attribute that holds the id of each."""

_LINKS = (terms.TLINK, terms.SLINK, terms.ALINK)
OTHERS = ("TimeML", "TEXT", "DCT", "DOCID", "MAKEINSTANCE", *_SPANS, *_LINKS)

_SOURCE = ("eventInstanceID", "timeID", "eventID")
_TARGET = (
    *("relatedToEventInstance", "relatedToTime", "relatedToEvent"),
    *("subordinatedEventInstance", "subordinatedEvent"),
)
"""The attributes of links that name the ends; those of events are of later versions of TimeML."""

_FUNCTIONS = ("CREATION_TIME", "PUBLICATION_TIME")
"""The functions of a time that can be the document's time, the better one first."""

_FUNCTION = "TIMEX3.temporalFunction"
"""The attribute that says whether a value depends on another time, as an anchor does, too."""

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


def read(path: Path, scheme: Scheme) -> Iterator[AnnotatedText]:
    """Yield the annotated text of a TimeML file.

    Raises FormatError, with file and line, for XML that is not well-formed or has a DTD, and for a
    file without `TimeML`.
    """
    yield _Reader(path, scheme).text


class _Reader:
    """Reads the elements of a file: the spans first, then the instances, then the links."""

    def __init__(self, path: Path, scheme: Scheme) -> None:
        characters, elements = parsed(path)
        self._scheme, self._characters = scheme, characters
        if elements[0].name != "TimeML":
            line = elements[0].line
            raise FormatError(
                f"{path}:{line}: the file is not TimeML, but <{elements[0].name[:40]}>"
            )
        self._frame = framed(characters, elements)
        text = characters[self._frame.start : self._frame.end]
        self.text = AnnotatedText(path.stem, text, str(path))
        self._ids: dict[str, str] = {}
        """The annotation for each id of a span or instance; DCT for the document's time."""
        self._by_id: dict[str, Annotation] = {}
        self._gone: set[str] = set()
        """The ids of spans that have no place in the text."""
        self._same: dict[str, str] = {}
        self._instanced: set[str] = set()
        self._noted = 0
        """The end of the last element that is a note: those in it are none of their own."""
        self._read(elements)

    def _read(self, elements: list[Element]) -> None:
        self._read_time(elements)
        for element in elements:
            if element.name in _SPANS:
                self._span(element)
            elif element.name not in OTHERS:
                self._other(element)
        self._settle_references()
        instances = [e for e in elements if e.name == "MAKEINSTANCE"]
        stated = {e.attributes.get("eventID") for e in instances}
        for element in instances:
            self._instance(element)
        for annotation in self.text.annotations:
            if annotation.id not in stated and self._is_event(annotation):
                self._set_event(annotation, "EVENT", {})
        for element in elements:
            if element.name in _LINKS:
                self._link(element)
        groups: dict[str, list[str]] = {}
        for event in self._same:
            groups.setdefault(self._first_same(event), []).append(event)
        self.text.clusters = [
            Cluster(f"event-{number}", members) for number, members in enumerate(groups.values(), 1)
        ]

    def _read_time(self, elements: list[Element]) -> None:
        """Read the document's time: the first TIMEX3 in `DCT`, or else one that says so."""
        frames = [e for e in elements if e.name == "DCT"][:1]
        times = [e for e in elements if e.name == "TIMEX3"]
        stated = [
            *(e for e in times if any(f.start <= e.start and e.end <= f.end for f in frames)),
            *(e for f in _FUNCTIONS for e in times if e.attributes.get("functionInDocument") == f),
        ]
        if not stated:
            return
        element = stated[0]
        self._ids[element.attributes.get("tid", "")] = terms.DCT
        value = element.attributes.get("value", "")
        self.text.date = _day(value)
        words = self._characters[element.start : element.end].strip()
        if not self._frame.has(element) and not value == words == self.text.date:
            kind = element.attributes.get("type", "DATE")
            note = Note(DCT_NOTE, "", f"{kind}\t{value}\t{words}", element.line)
            self.text.notes.append(note)

    def _lose(self, kind: str, detail: str, line: int) -> None:
        self.text.losses.append(Loss(kind, detail, line))

    def _span(self, element: Element) -> None:
        """Read the annotation of a time, an event or a signal."""
        attributes = dict(element.attributes)
        span_id = attributes.pop(_SPANS[element.name], "")
        if not span_id:
            raise self._bad(element, f"has no {_SPANS[element.name]}")
        if span_id in self._by_id:
            raise self._bad(element, f"is a second {span_id}; give it an id of its own")
        start, end = trimmed(self._characters, element.start, element.end)
        if not self._frame.has(element) or start == end:
            if self._ids.get(span_id) != terms.DCT:
                self._gone.add(span_id)
                place = "without words" if start == end else "outside TEXT"
                words = self._characters[start:end][:40]
                self._lose(
                    f"{_PLURALS[element.name]} {place}", f"{span_id} {words!r}", element.line
                )
            return
        start, end = start - self._frame.start, end - self._frame.start
        words = self.text.text[start:end]
        annotation = Annotation(span_id, start, end, terms.SIGNAL, {}, words, (), element.line)
        self._by_id[span_id] = annotation
        self._ids.setdefault(span_id, span_id)
        self.text.annotations.append(annotation)
        if element.name == "TIMEX3":
            self._set_time(annotation, attributes)
        elif element.name == "EVENT":
            label = terms.own_label("EVENT", attributes.pop("class", "?"), self._scheme)
            annotation.label = label
            annotation.attributes = {f"EVENT.{name}": value for name, value in attributes.items()}

    def _bad(self, element: Element, message: str) -> FormatError:
        return FormatError(f"{self.text.file}:{element.line}: <{element.name}> {message}")

    def _set_time(self, annotation: Annotation, attributes: dict[str, str]) -> None:
        """Set the label and attributes of a time."""
        kind = attributes.pop("type", "?")
        annotation.label = terms.own_label("TIMEX3", kind, self._scheme)
        own = annotation.attributes
        if attributes.get("functionInDocument") in ("NONE", "CREATION_TIME"):
            del attributes["functionInDocument"]
        properties = {name: name for name in terms.TIMEX_VALUES}
        properties |= {name: prop for prop, name in terms.TIMEX_REFERENCES.items()}
        for name, value in attributes.items():
            prop = properties.get(name, "")
            value = value.upper() if prop == "quant" else value
            if not value:
                continue
            if prop and terms.ONLY_OF.get(prop, kind) == kind and self._is_value(prop, kind, value):
                own[prop] = value
            elif prop in terms.TIMEX_REFERENCES or name == "valueFromFunction":
                detail = f"{annotation.id} {name} {value}"
                self._lose(f"{name} of times of type {kind}", detail, annotation.line)
            else:
                own[f"TIMEX3.{name}"] = value

    def _is_value(self, prop: str, kind: str, value: str) -> bool:
        """Whether a property of a time can have a value."""
        if prop == "value":
            pattern = timex_patterns().get(kind)
            return pattern is None or (len(value) <= 64 and re.search(pattern, value) is not None)
        if prop == "freq":
            return re.fullmatch(r"[1-9][0-9]{0,5}[A-Z]{1,2}", value) is not None
        if prop == "mod":
            others = terms.MODIFIERS_OF_LENGTHS if kind in POINTS else ()
            others = terms.MODIFIERS_OF_POINTS if kind == "DURATION" else others
            return value in self._scheme.label_names("timexes", "mod") and value not in others
        return True

    def _settle_references(self) -> None:
        """Give the references between times the ids of annotations.

        One to no time of the text is a loss, and so are those that lead back to their own time.
        """
        times = [a for a in self.text.annotations if terms.TIMEX_REFERENCES.keys() & a.attributes]
        for annotation in times:
            for prop in terms.TIMEX_REFERENCES.keys() & annotation.attributes:
                stated = annotation.attributes.pop(prop)
                target = self._ids.get(stated)
                if target is None or self._is_no_time(target):
                    detail = f"{annotation.id} {prop} {stated}"
                    self._lose("references to times that the text lacks", detail, annotation.line)
                else:
                    annotation.attributes[prop] = target
        leads = {
            a.id: [a.attributes[p] for p in terms.TIMEX_REFERENCES if p in a.attributes]
            for a in self.text.annotations
        }
        leads[terms.DCT] = []
        circle = {
            one: number for number, ids in enumerate(components(leads)) for one in sorted(ids)
        }
        for annotation in times:
            for prop in terms.TIMEX_REFERENCES.keys() & annotation.attributes:
                target = annotation.attributes[prop]
                if target == annotation.id or circle.get(target, -1) == circle.get(annotation.id):
                    del annotation.attributes[prop]
                    detail = f"{annotation.id} {prop} {target}"
                    self._lose("references of times in a circle", detail, annotation.line)
        for annotation in self.text.annotations:
            implied = "true" if "anchor" in annotation.attributes else "false"
            if annotation.attributes.get(_FUNCTION) == implied:
                del annotation.attributes[_FUNCTION]

    def _is_no_time(self, target: str) -> bool:
        annotation = self._by_id.get(target)
        if annotation is None:
            return target != terms.DCT
        return terms.element_of(annotation.label, self._scheme)[0] != "TIMEX3"

    def _is_event(self, annotation: Annotation) -> bool:
        return terms.element_of(annotation.label, self._scheme)[0] == "EVENT"

    def _instance(self, element: Element) -> None:
        """Read an instance of an event; a second one of the same event has no place."""
        attributes = dict(element.attributes)
        event, instance = attributes.pop("eventID", ""), attributes.pop("eiid", "")
        if event in self._gone:
            self._gone.add(instance)
            return
        annotation = self._by_id.get(event)
        if annotation is None or not self._is_event(annotation):
            raise self._bad(element, f"refers to the event {event[:40]!r}, which the file lacks")
        if event in self._instanced:
            self._lose("second instances of events", f"{instance} of {event}", element.line)
        else:
            self._set_event(annotation, "MAKEINSTANCE", attributes)
        self._instanced.add(event)
        self._ids[instance] = event

    def _set_event(self, annotation: Annotation, tag: str, stated: dict[str, str]) -> None:
        """Set the attributes of an event: those of its instance, or those that it has itself."""
        own = annotation.attributes
        values = {f"{tag}.{name}": value for name, value in stated.items()}
        for name in ("pos", "tense", "aspect", "polarity", "modality"):
            of_event = own.pop(f"EVENT.{name}", None)
            if of_event is not None:
                values.setdefault(f"{tag}.{name}", of_event)
        values.setdefault(f"{tag}.polarity", "POS")  # the default that TimeML states
        known = {name: self._scheme.label_names("events", name) for name in _EVENT_LABELS}
        pos = values.pop(f"{tag}.pos", "OTHER")
        if pos in terms.LEVELS:
            own["level"] = terms.LEVELS[pos]
        elif pos not in terms.SILENT:
            own[f"{tag}.pos"] = pos
        for name, value in values.items():
            prop = name.partition(".")[2]
            if prop in _EVENT_LABELS and value in terms.SILENT:
                continue
            needed = terms.ONLY_OF.get(prop)
            is_own = value in known.get(prop, ()) and own.get("level", needed) in (needed, None)
            if needed is None:
                is_own = value in known.get(prop, ())
            own[prop if is_own else name] = value

    def _other(self, element: Element) -> None:
        """Keep the words of an element outside the text; one inside it is left out."""
        words = self._characters[element.start : element.end].strip()
        holds_text = element.start <= self._frame.start and self._frame.end <= element.end
        if self._frame.has_tag and not self._frame.has(element):
            if words and not holds_text and element.start >= self._noted:
                self._noted = element.end
                self.text.notes.append(Note(element.name, "", words, element.line))
        else:
            self._lose(f"tags <{element.name}>", repr(words[:40]), element.line)

    def _end(self, element: Element, names: tuple[str, ...]) -> str | None:
        """The annotation at an end of a link, or DCT; None if the text does not have it.

        Raises FormatError for an id that the file lacks.
        """
        stated = next((element.attributes[n] for n in names if n in element.attributes), "")
        if stated in self._gone:
            return None
        if stated not in self._ids:
            raise self._bad(element, f"refers to {stated[:40]!r}, which the file lacks")
        return self._ids[stated]

    def _link(self, element: Element) -> None:
        """Read a link as a relation, a cluster or the `doc_time_rel` of an event."""
        relation = element.attributes.get("relType", "")
        source, target = self._end(element, _SOURCE), self._end(element, _TARGET)
        detail = f"{element.attributes.get('lid', '')} {relation} {source} → {target}"
        if source is None or target is None:
            self._lose(f"{element.name}s of what has no place", detail, element.line)
            return
        if source == target:
            self._lose(f"{element.name}s from a time or event to itself", detail, element.line)
            return
        for name in sorted(element.attributes.keys() - _LINK_ATTRIBUTES):
            value = element.attributes[name]
            if (name, value) not in _ORIGINS:
                kind = f"attributes {name!r} of {element.name}s"
                self._lose(kind, f"{detail} {value!r}", element.line)
        if terms.DCT in (source, target):
            self._link_to_time(element, relation, source, target)
            return
        is_between_events = all(self._is_event(self._by_id[end]) for end in (source, target))
        if element.name == terms.TLINK and relation == terms.IDENTITY and is_between_events:
            self._join(source, target)
            return
        of_class = self._class_of(source)
        label, term = terms.read_as(element.name, relation, of_class, self._scheme)
        if term is not None and term.lost:
            kind = f"{element.name}s {relation}, read as {term.type}: {term.lost}"
            self._lose(kind, detail, element.line)
        origin = element.attributes.get("origin", "")
        if term is not None and term.type == terms.DERIVED.get(origin):
            label = type_label(origin, None, self._scheme)
        if term is not None and term.is_reversed:
            source, target = target, source
        self.text.relations.append(Relation(source, label, target, element.line))

    def _class_of(self, annotation_id: str) -> str:
        """The class of an event; "" for a time."""
        element, name = terms.element_of(self._by_id[annotation_id].label, self._scheme)
        return name if element == "EVENT" else ""

    def _link_to_time(self, element: Element, relation: str, source: str, target: str) -> None:
        """Read a link to the document's time; the first of an event is its `doc_time_rel`."""
        about = target if source == terms.DCT else source
        if source == terms.DCT:
            relation = terms.INVERSES.get(relation, relation)
        annotation = self._by_id.get(about)
        value = terms.DOC_TIME_RELS.get(relation)
        is_first = annotation is not None and "doc_time_rel" not in annotation.attributes
        if annotation is not None and is_first and value and self._is_event(annotation):
            annotation.attributes["doc_time_rel"] = value
        elif annotation is not None:
            self.text.notes.append(Note(DCT_LINK, about, relation, element.line))

    def _first_same(self, event: str) -> str:
        while self._same[event] != event:
            self._same[event] = self._same[self._same[event]]
            event = self._same[event]
        return event

    def _join(self, one: str, other: str) -> None:
        """Note that two events are the same."""
        for event in (one, other):
            self._same.setdefault(event, event)
        self._same[self._first_same(other)] = self._first_same(one)


_PLURALS = {"TIMEX3": "times", "EVENT": "events", "SIGNAL": "signals"}

_EVENT_LABELS = ("tense", "aspect", "polarity", "modality")

_LINK_ATTRIBUTES = {"lid", "relType", *_SOURCE, *_TARGET}

_ORIGINS = {("origin", type_) for type_ in terms.DERIVED}


def _day(value: str) -> str:
    """The day with which the value of a time begins; "" if it is none."""
    match = _DAY.match(value)
    try:
        return date.fromisoformat(match[0]).isoformat() if match else ""
    except ValueError:
        return ""
