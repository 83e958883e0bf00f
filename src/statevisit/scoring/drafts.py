"""Predictions whose records have a span and, of the rest, as much as the system gives."""

import json
from collections.abc import Iterator, Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from statevisit.annotation.quotes import Anchorer, Unresolved
from statevisit.document.model import SPAN_LAYERS, Document
from statevisit.document.records import ID_PREFIXES, Argument, Span, free_ids, truncated
from statevisit.document.schema import definition_name
from statevisit.document.schema_errors import accepts
from statevisit.document.scheme import Scheme, scheme_of
from statevisit.document.strict_json import Json, JsonObject, with_integers, without_nulls
from statevisit.errors import FormatError
from statevisit.scoring.answers import Answer
from statevisit.scoring.prediction import Note, Prediction, Remark, Remarks, Unplaced, bare
from statevisit.scoring.routing import OTHER_LABELS, flat_spans
from statevisit.scoring.spans import LABEL, UNLABELLED, Item

if TYPE_CHECKING:
    from jsonschema_rs import Draft202012Validator as Verdict

_SELECTOR = ("quote", "occurrence", "prefix", "suffix")
_OF_OTHERS = ("score", "word", "index", "token_start", "token_end")
"""The members of spans that Hugging Face, GLiNER and Prodigy add, and that say nothing here."""

_OTHER_MEMBERS = ("sentences", "tokens", "edition", "system", *Document.__struct_fields__)
"""The members of a document that a prediction may repeat, and the name of the system."""

_ENDS = ("source", "target")
_NOWHERE = (-1, -1)
"""The bounds of a span inside a record that has no place in the text: equal to none of the gold."""


def read_draft(answer: Answer, base: Document, file: str) -> Prediction:
    """Return what an answer predicts of a gold document.

    A record needs its span only, by offsets or by a quote. Records without a place in the text are
    spurious; properties that the scheme lacks are ignored; invalid values stay, and equal no valid
    one. Each is noted, by kind and not by record where it is no matter of a place.

    Raises FormatError for an answer without layers, and for a layer that is not an array.
    """
    scheme = scheme_of(base)
    layers = [name for name in scheme.annotated if name in answer.value]
    if not layers:
        raise FormatError(
            f"{file}: predicts no layer; add one or more of {', '.join(scheme.annotated)}"
        )
    reader = _Reader(base, scheme, answer)
    records = {}
    for layer in layers:
        if not isinstance(answer.value[layer], list):
            raise FormatError(f"{file}: `{layer}` is not an array of records")
        records[layer] = reader.layer(layer, with_integers(answer.value[layer]))
    for name in answer.value:
        if name not in layers and name not in _OTHER_MEMBERS:
            reader.remark(
                "property",
                f"`{truncated(name, 40)}` is no layer of the scheme; ignored",
                f"/{name}",
            )
    return reader.prediction(records)


@cache
def _verdict(scheme: Scheme, layer: str) -> "Verdict":
    """The validator of one record of a layer."""
    import jsonschema_rs

    reference = f"#/$defs/{definition_name(scheme.value, layer)}"
    schema = {"$ref": reference, "$defs": scheme.definitions}
    return jsonschema_rs.Draft202012Validator(schema, validate_formats=True)


def invalid_properties(scheme: Scheme, layer: str, stated: JsonObject) -> list[str]:
    """Return the names of the properties of a record whose values the schema refuses.

    What a record lacks is no matter here, nor are ids, spans, and the labels of spans, which have
    notes of their own.
    """
    verdict = _verdict(scheme, layer)
    known = scheme.properties(layer)
    candidate = {n: part for n, part in stated.items() if "properties" not in known[n]}
    if accepts(verdict, candidate):
        return []
    paths = [list(error.instance_path) for error in verdict.iter_errors(candidate)]
    names = dict.fromkeys(str(path[0]) for path in paths if path)
    label = "type" if layer == "entities" else LABEL.get(layer)
    return [
        name
        for name in names
        if name in candidate
        and name not in ("id", "arguments", label)
        and "x-refers-to" not in known[name].get("items", known[name])
    ]


class _Reader:
    """Reads the layers of one answer, and collects what there is to say about them."""

    def __init__(self, base: Document, scheme: Scheme, answer: Answer) -> None:
        self._remarks = Remarks()
        self._base, self._scheme, self._answer = base, scheme, answer
        self._notes: list[Note] = []
        self._unplaced: list[Unplaced] = []
        self._own_entities: list[Any] = []
        self._ids: dict[str, Iterator[str]] = {}

    @cached_property
    def _anchorer(self) -> Anchorer:
        return Anchorer(self._base)

    @cached_property
    def _taken(self) -> set[str]:
        """The ids that the answer gives."""
        return {
            _text(record["id"])
            for layer in self._scheme.annotated
            for record in _objects(self._answer.value.get(layer))
            if "id" in record
        }

    def prediction(self, records: Mapping[str, list[Any]]) -> Prediction:
        """Return the prediction of the layers that were read."""
        layers = {layer: tuple(of_layer) for layer, of_layer in records.items()}
        own = tuple(self._own_entities)
        if own:
            layers["entities"] = (*layers.get("entities", ()), *own)
        document = replace(bare(self._base), **layers)
        predicted = [*records]
        flat: tuple[Item, ...] = ()
        if self._answer.is_flat:
            predicted.append("ner")
            spans = sorted([*flat_spans(document), *self._other_names()])
            flat = tuple(Item(start, end, label, unit=0) for start, end, label in spans)
        return Prediction(
            document,
            layers=frozenset(predicted),
            unplaced=tuple(self._unplaced),
            flat=flat,
            notes=tuple(self._notes),
            remarks=self._remarks.all(),
            own_entities=frozenset(entity.id for entity in own),
            is_draft=True,
            system=_text(self._answer.value.get("system") or ""),
        )

    def _other_names(self) -> Iterator[tuple[int, int, str]]:
        """The flat names that have no layer, with their places; those without one are noted."""
        for record in self._answer.names:
            try:
                yield *self._place(record), str(self._label("mentions", record))
            except Unresolved as error:
                self._note("/spans", f"{error}; ignored")

    def layer(self, layer: str, values: list[Json]) -> list[Any]:
        """Return the records of a layer; those without a place are noted, and left out."""
        records = []
        for number, value in enumerate(values):
            pointer = self._answer.pointer(layer, number)
            given: JsonObject = {}
            problem = "is not an object"
            if isinstance(value, dict):  # a property that is null is absent
                given = without_nulls(value)
                problem = self._problem(layer, given)
            if problem:
                self._leave_out(layer, given, pointer, problem)
            else:
                records.append(self._record(layer, given, pointer))
        return records

    def _problem(self, layer: str, given: JsonObject) -> str:
        """The reason why a record has no place, in the text or among the others; empty for none."""
        if layer in SPAN_LAYERS:
            try:
                self._place(given)
            except Unresolved as error:
                return str(error)
        elif layer in ("entities", "event_chains") and "id" not in given:
            return "has no `id`, so that no record can refer to it"
        return ""

    def _leave_out(self, layer: str, given: JsonObject, pointer: str, problem: str) -> None:
        is_span = layer in SPAN_LAYERS
        effect = "counted as spurious" if is_span else "ignored"
        self._note(pointer, f"{problem}; {effect}")
        if is_span:
            self._unplaced.append(Unplaced(layer, self._label(layer, given) or UNLABELLED))

    def remark(self, kind: str, message: str, pointer: str) -> None:
        """Note something about a record that may hold for many."""
        self._remarks.add(Remark(kind, message, self._base.id, pointer, 1))

    def _note(self, pointer: str, message: str) -> None:
        self._notes.append(Note("unplaced", self._base.id, f"{pointer}: {message}"))

    def _place(self, span: JsonObject) -> tuple[int, int]:
        """Start and end of a span by offsets or by a quote. Raises Unresolved."""
        if "quote" in span:
            return self._anchorer.resolve(span)[:2]
        if "start" not in span and "end" not in span:
            raise Unresolved("A004", "needs its span: `start` and `end`, or `quote`")
        bounds = span.get("start"), span.get("end")
        start, end = bounds
        if type(start) is not int or type(end) is not int:
            shown = truncated(_json(bounds), 40)
            raise Unresolved("A004", f"`start` and `end` are {shown}; both must be whole numbers")
        length = len(self._base.text)
        if not 0 <= start < end <= length:
            raise Unresolved(
                "A004", f"[{start}, {end}) is not a span of the text of {length:,} characters"
            )
        return start, end

    def _label(self, layer: str, given: JsonObject) -> str | None:
        """The label that a span states itself or, of a mention, that of its entity."""
        if layer == "mentions" and "entity" in given:
            entities = _objects(self._answer.value.get("entities"))
            named = [e for e in entities if "id" in e and _text(e["id"]) == _text(given["entity"])]
            label = named[-1].get("type") if named else None
        else:
            label = next((given[n] for n in (LABEL[layer], *OTHER_LABELS) if n in given), None)
        return None if label is None else _text(label)

    def _record(self, layer: str, given: JsonObject, pointer: str) -> Any:
        """A record with what a value states."""
        known = self._scheme.properties(layer)
        stated = {
            name: part
            for name, part in given.items()
            if name in known and not (part is False and known[name].get("const") is True)
        }
        used = {*_SELECTOR, *_OF_OTHERS} if layer in SPAN_LAYERS else set[str]()
        if layer in SPAN_LAYERS:
            start, end = self._place(given)
            text = self._base.text[start:end]
            if "quote" not in given and given.get("text", text) != text:
                message = (
                    f"`text` of {layer} is not the text at the offsets, which count code points"
                )
                self.remark("text", message, pointer)
            stated |= {"start": start, "end": end, "text": text}
            used |= self._take_label(layer, given, stated, pointer)
        for name in given:
            if name not in known and name not in used:
                self._ignore(layer, name, pointer)
        return self._made(layer, stated, pointer)

    def _take_label(
        self, layer: str, given: JsonObject, stated: JsonObject, pointer: str
    ) -> set[str]:
        """Add to a span the label that it states under another name; return the names it is under.

        A mention that states a label and no entity gets an entity of its own.
        """
        names = [n for n in (LABEL[layer], *OTHER_LABELS) if n in given]
        if layer != "mentions":
            if not names or names[0] in stated:
                return set()
            stated[LABEL[layer]] = given[names[0]]
            return {names[0]}
        names = [name for name in names if name not in stated]
        if "entity" in given or not names or "entities" not in self._scheme.layers:
            return set()
        of_entity = self._scheme.properties("entities").keys() - stated.keys()
        own = {name: part for name, part in given.items() if name in of_entity}
        used = {names[0], *own}
        own["type"] = given[names[0]]
        stated["entity"] = f"\N{NULL}{len(self._own_entities)}"  # no answer has such an id
        own |= {"id": stated["entity"], "name": stated["text"]}
        self._own_entities.append(self._made("entities", own, pointer))
        return used

    def _ignore(self, layer: str, name: str, pointer: str) -> None:
        message = f"unknown property `{truncated(name, 40)}` of {layer}; ignored"
        self.remark("property", message, f"{pointer}/{name}")

    def _made(self, layer: str, stated: JsonObject, pointer: str) -> Any:
        """A record of known properties; those that are invalid are noted."""
        known = self._scheme.properties(layer)
        if "id" in known and "id" not in stated:
            stated["id"] = self._free_id(layer)
        values = {
            name: self._value(name, known[name], part, f"{pointer}/{name}")
            for name, part in stated.items()
        }
        for name in invalid_properties(self._scheme, layer, stated):
            shown = truncated(_json(stated[name]), 40)
            message = f"invalid `{name}` of {layer}; its value counts as it is written"
            self.remark("value", message, f"{pointer}/{name}: {shown}")
        kind = self._scheme.record_types[layer]
        fields = dict(zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True))
        absent: JsonObject = dict.fromkeys(kind.__struct_fields__)
        if layer in ("relations", "event_relations"):
            absent |= dict.fromkeys(_ENDS, "")
        return kind(**absent | {fields[name]: part for name, part in values.items()})

    def _value(self, name: str, node: JsonObject, part: Json, pointer: str) -> Any:
        """The value of a property in a record, whatever its type in the answer."""
        if name == "arguments":
            return self._arguments(part, pointer)
        if "properties" in node:
            return self._inner_span(part, pointer)
        if "x-refers-to" in node.get("items", {}):
            return tuple(map(_text, part if isinstance(part, list) else [part]))
        if name == "evidence":
            numbers = part if isinstance(part, list) else []
            return tuple(number for number in numbers if isinstance(number, int))
        if isinstance(part, int | float) and node.get("type") != "string":
            return part
        return _text(part)

    def _inner_span(self, value: Json, pointer: str) -> Span:
        """A span inside a record; one without a place in the text is noted, and is wrong."""
        try:
            if not isinstance(value, dict):
                raise Unresolved("A004", "is not an object")
            start, end = self._place(value)
        except Unresolved as error:
            self._note(pointer, f"{error}; counted as wrong")
            start, end = _NOWHERE
        return Span(start=start, end=end, text=self._base.text[max(start, 0) : max(end, 0)])

    def _arguments(self, value: Json, pointer: str) -> tuple[Argument, ...]:
        """The arguments of an event; those that name no target are noted, and left out."""
        arguments = []
        known = self._scheme.properties("arguments")
        for number, given in enumerate(value if isinstance(value, list) else [value]):
            if not isinstance(given, dict) or given.get("target") is None:
                self._note(f"{pointer}/{number}", "names no `target`; ignored")
                continue
            for name in given.keys() - known.keys():
                self._ignore("arguments", name, f"{pointer}/{number}")
            stated = {name: _text(part) for name, part in given.items() if name in known}
            absent: JsonObject = dict.fromkeys(self._scheme.argument_type.__struct_fields__)
            arguments.append(self._scheme.argument_type(**absent | stated))
        return tuple(arguments)

    def _free_id(self, layer: str) -> str:
        if layer not in self._ids:
            self._ids[layer] = free_ids(ID_PREFIXES.get(layer, "x"), self._taken)
        return next(self._ids[layer])


def _objects(records: Json) -> list[JsonObject]:
    """The objects of an array, if it is one."""
    return [r for r in records if isinstance(r, dict)] if isinstance(records, list) else []


def _text(value: Json) -> str:
    """A string as it is, any other JSON value as it is written."""
    return value if isinstance(value, str) else _json(value)


def _json(value: object) -> str:
    """A value as it is written in JSON, whatever the type of its parts."""
    return json.dumps(value, ensure_ascii=False, default=str)
