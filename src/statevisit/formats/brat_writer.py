"""Annotated texts as brat's standoff files, and the configuration that brat needs to show them."""

import re
from collections.abc import Iterable, Iterator

from statevisit.document.scheme import Scheme, scheme_of
from statevisit.files import Head
from statevisit.formats.brat import COMMENT, NOTE, values_line
from statevisit.formats.texts import AnnotatedText, Annotation
from statevisit.formats.vocabulary import label_codes, label_names, relation_codes
from statevisit.regions.labels import Control, controls
from statevisit.regions.offsets import Ends
from statevisit.regions.relation_labels import relation_labels, role_label

CONFIGURATION = "annotation.conf"


def write(texts: Iterable[AnnotatedText]) -> Iterator[tuple[str, bytes]]:
    """Yield (name, content) of the `.txt` and `.ann` of each text, and of brat's configuration."""
    scheme = None
    for text in texts:
        assert text.document is not None
        scheme = scheme_of(text.document)
        yield f"{text.id}.txt", text.text.encode()
        lines = "".join(f"{line}\n" for line in _Lines(text, scheme).all())
        yield f"{text.id}.ann", lines.encode()
    if scheme is not None:
        yield CONFIGURATION, Head(configuration(scheme).encode())


class _Lines:
    """The lines of an `.ann` file."""

    def __init__(self, text: AnnotatedText, scheme: Scheme) -> None:
        self._text, self._scheme = text, scheme
        self._names = label_names(scheme)
        self._roles = _roles(scheme)
        self._texts = {c.prop for c in controls(scheme).values() if not c.choices}
        self._ids: dict[str, str] = {}
        """For each annotation the id to refer to: that of its event, or of its span."""
        self._counts: dict[str, int] = {}

    def all(self) -> Iterator[str]:
        """Yield the lines: spans, events, relations, clusters, attributes, notes."""
        events: list[tuple[Annotation, str]] = []
        shown = self._text.annotations
        for annotation in shown:
            name = self._new("T")
            self._ids[annotation.id] = name
            yield f"{name}\t{self._label(annotation)} {self._span(annotation)}"
            if self._is_event(annotation):
                events.append((annotation, name))
        for annotation, _ in events:
            self._ids[annotation.id] = self._new("E")
        for annotation, trigger in events:
            yield from self._event(annotation, trigger)
        yield from self._relations()
        for cluster in self._text.clusters:
            members = [self._ids[member] for member in cluster.members if member in self._ids]
            if len(members) > 1:
                yield f"*\tEquiv {' '.join(members)}"
        for annotation in shown:
            yield from self._attributes(annotation)
        for note in self._text.notes:
            yield from self._note(note.kind, self._ids.get(note.about, ""), note.value)

    def _new(self, kind: str) -> str:
        self._counts[kind] = self._counts.get(kind, 0) + 1
        return f"{kind}{self._counts[kind]}"

    def _label(self, annotation: Annotation) -> str:
        codes = label_codes(self._scheme).code
        return codes.get(annotation.label) or re.sub(r"\s+", "_", annotation.label) or "x"

    def _span(self, annotation: Annotation) -> str:
        """The offsets of a span, with a fragment for each of its lines, and its words."""
        spans = annotation.fragments or ((annotation.start, annotation.end),)
        fragments = [part for span in spans for part in _lines_of(*span, self._text.text)]
        offsets = ";".join(f"{start} {end}" for start, end in fragments)
        words = " ".join(self._text.text[start:end] for start, end in fragments)
        return f"{offsets}\t{words}"

    def _is_event(self, annotation: Annotation) -> bool:
        return self._names.get(annotation.label, ("", ""))[0] == "events"

    def _event(self, annotation: Annotation, trigger: str) -> Iterator[str]:
        """The line of an event; a role that it has several times is numbered."""
        parts = [f"{self._label(annotation)}:{trigger}"]
        counts: dict[str, int] = {}
        for relation in self._text.relations:
            if relation.source == annotation.id and relation.label in self._roles:
                role = relation_codes(self._scheme).code[relation.label]
                counts[role] = counts.get(role, 0) + 1
                number = counts[role] if counts[role] > 1 else ""
                parts.append(f"{role}{number}:{self._ids[relation.target]}")
        yield f"{self._ids[annotation.id]}\t{' '.join(parts)}"

    def _relations(self) -> Iterator[str]:
        for relation in self._text.relations:
            ends = self._ids.get(relation.source), self._ids.get(relation.target)
            if None in ends or (relation.label in self._roles and str(ends[0]).startswith("E")):
                continue
            codes = relation_codes(self._scheme).code
            label = codes.get(relation.label) or re.sub(r"\s+", "_", relation.label)
            yield f"{self._new('R')}\t{label} Arg1:{ends[0]} Arg2:{ends[1]}"

    def _attributes(self, annotation: Annotation) -> Iterator[str]:
        """The attributes of an annotation: choices as A lines, other values in a note."""
        subject = self._ids[annotation.id]
        is_own = annotation.label in self._names
        values: dict[str, str] = {}
        for name, value in annotation.attributes.items():
            if is_own and name in self._texts:
                values[name] = value
            elif value == "true":
                yield f"{self._new('A')}\t{name} {subject}"
            else:
                yield f"{self._new('A')}\t{name} {subject} {_one_line(value)}"
        if values:
            yield f"{self._new('#')}\t{NOTE} {subject}\t{values_line(values)}"

    def _note(self, kind: str, subject: str, value: str) -> Iterator[str]:
        head, _, rest = value.partition("\t")
        if kind == COMMENT:
            yield f"{self._new('#')}\t{head} {subject}".rstrip() + f"\t{rest}"
        elif subject:
            reference, _, entry = head.partition(" ")
            yield f"{self._new('N')}\t{reference} {subject} {entry}\t{rest}"


_LINE_ENDS = r"\n\v\f\r\x1c-\x1e\x85\u2028\u2029"
"""The characters at which brat ends a line of an `.ann` file."""


def _lines_of(start: int, end: int, text: str) -> Iterator[Ends]:
    """The parts of a span that are on one line each; empty lines have none."""
    for match in re.finditer(f"[^{_LINE_ENDS}]+", text[start:end]):
        yield start + match.start(), start + match.end()


def _one_line(words: str) -> str:
    """Words without the characters that end a line or a column."""
    return re.sub(f"[\t{_LINE_ENDS}]", " ", words)


def _roles(scheme: Scheme) -> dict[str, None]:
    if "events" not in scheme.layers:
        return {}
    names = scheme.label_names("arguments", "role")
    return {role_label(name, scheme): None for name in sorted(names)}


def _chosen(scheme: Scheme) -> list[Control]:
    """The attributes whose values are choices."""
    return [control for control in controls(scheme).values() if control.choices]


def configuration(scheme: Scheme) -> str:
    """Return brat's `annotation.conf` for a scheme.

    See https://brat.nlplab.org/configuration.html. Labels stand below their layer.
    """
    codes = label_codes(scheme).code
    by_layer: dict[str, list[str]] = {}
    for name, (layer, _) in label_names(scheme).items():
        by_layer.setdefault(layer, []).append(codes[name])
    relations = relation_codes(scheme).code
    roles = [relations[role] for role in _roles(scheme)]
    lines = ["[entities]"]
    for layer, labels in by_layer.items():
        if layer != "events":
            lines += [f"!{layer}", *(f"\t{label}" for label in labels)]
    lines += ["", "[relations]", "<OVERLAP>\tArg1:<ANY>, Arg2:<ANY>, <OVL-TYPE>:<ANY>"]
    lines.append("Equiv\tArg1:<ANY>, Arg2:<ANY>, <REL-TYPE>:symmetric-transitive")
    lines += [
        f"{relations[name]}\tArg1:<ANY>, Arg2:<ANY>"
        for name in relation_labels(scheme)
        if relations[name] not in roles
    ]
    lines += ["", "[events]"]
    arguments = ", ".join(f"{role}*:<ANY>" for role in roles)
    lines += [f"{label}\t{arguments}" for label in by_layer.get("events", [])]
    lines += ["", "[attributes]"]
    values: dict[str, dict[str, None]] = {}
    for control in _chosen(scheme):
        values.setdefault(control.prop, {}).update(dict.fromkeys(c.name for c in control.choices))
    for name, choices in values.items():
        stated = "" if list(choices) == ["true"] else f", Value:{'|'.join(choices)}"
        lines.append(f"{name}\tArg:<ANY>{stated}")
    return "\n".join(lines) + "\n"
