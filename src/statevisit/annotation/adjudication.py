"""Adjudication: two independent annotations and the decisions between them become one document.

A disagreement is a record that differs between the two annotations after the second was aligned
with the first (`align`). A decision takes one of the two readings or gives a third, with a reason.
The list of decisions, `corpus/adjudication.jsonl`, follows `schema/adjudication.schema.json`.
"""

from collections.abc import Iterable, Iterator

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from statevisit.annotation.shared_ids import aligned
from statevisit.corpus.diff import Key, diff_documents, keyed
from statevisit.corpus.jsonl import valid_lines
from statevisit.document import codec, schema, schema_errors, strict_json
from statevisit.document.model import ANNOTATED_LAYERS, Document, Record
from statevisit.document.scheme import Scheme, scheme_of
from statevisit.document.states import NONE, PARTIAL, least
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError


class Decision(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A disagreement over one record, and the decision about it.

    `a` and `b` are the two readings as JSON, in the ids of the first annotation or of the published
    document (`in_ids_of`); a reading is absent if that annotator has no such record. `decision` is
    "a", "b" or "other"; `result` is the record for "other", absent if the record is removed. If `a`
    and `b` are equal, the two agree, and an "other" replaces or removes the record; if neither is
    there, it adds one. `reason` names the paragraph of the guidelines.
    """

    document: str
    layer: str
    record: str
    a: JsonObject | None = None
    b: JsonObject | None = None
    decision: str | None = None
    result: JsonObject | None = None
    reason: str | None = None

    @property
    def chosen(self) -> JsonObject | None:
        """Return the record after the decision; None if it is removed."""
        if self.decision == "a":
            return self.a
        if self.decision == "b":
            return self.b
        return self.result

    @property
    def count(self) -> int:
        """Return the number of properties in which the two readings differ.

        1 if only one of them has the record, 0 if neither has.
        """
        if self.a is None or self.b is None:
            return int(self.a is not self.b)
        return sum(self.a.get(k) != self.b.get(k) for k in {**self.a, **self.b})


def disagreements(a: Document, b: Document) -> list[Decision]:
    """Return the disagreements of two annotations of one text, layer by layer in text order.

    There are none in a layer that one of the two has not begun. Raises FormatError if the texts,
    sentences or tokens differ.
    """
    if (a.sentences, a.tokens) != (b.sentences, b.tokens):
        raise FormatError(
            f"{a.id}: the sentences or tokens differ; "
            "two annotations can be compared only if these are the same"
        )
    changes = diff_documents(a, aligned(b, a))
    return [
        Decision(document=a.id, layer=c.layer, record=c.record, a=c.old, b=c.new)
        for c in changes
        if c.layer != "document" and _is_shared(c.layer, a, b)
    ]


def agreed(a: Document, b: Document, names: Iterable[str]) -> list[Decision]:
    """Return some records on which two annotations agree, by name, in the form of a disagreement.

    Those on which they disagree are left out. Raises FormatError for a name that neither has.
    """
    contested = {decision.record for decision in disagreements(a, b)}
    shared = {name: (layer, record) for (layer, name), record in keyed(a, ANNOTATED_LAYERS).items()}
    records = []
    for name in names:
        if name in contested:
            continue
        if name not in shared:
            raise FormatError(f"{a.id}: {name!r} is no record of the first annotation")
        layer, record = shared[name]
        value = codec.to_value(record)
        records.append(Decision(document=a.id, layer=layer, record=name, a=value, b=value))
    return records


def in_ids_of(
    published: Document, a: Document, b: Document, decisions: Iterable[Decision] = ()
) -> tuple[Document, Document]:
    """Return two annotations in the ids of a document, such as the published one.

    A record that it lacks, since it was decided against, has the id that it has in `decisions`, if
    it is there, else a fresh one.
    """
    decided = list(decisions)
    first = aligned(a, published, decided=_readings(published, decided, "a"))
    return first, aligned(b, first, published, decided=_readings(published, decided, "b"))


def _readings(like: Document, decisions: Iterable[Decision], side: str) -> Document:
    """A document with the readings of one side as its only records."""
    types = scheme_of(like).record_types
    layers: dict[str, list[Record]] = {layer: [] for layer in ANNOTATED_LAYERS}
    for decision in decisions:
        reading = getattr(decision, side)
        if reading is not None and decision.document == like.id and decision.layer in types:
            try:
                layers[decision.layer].append(msgspec.convert(reading, types[decision.layer]))
            except msgspec.ValidationError:
                continue  # no annotation has such a record: `adjudicated` says so
    return replace(like, **{layer: tuple(records) for layer, records in layers.items()})


def _is_shared(layer: str, a: Document, b: Document) -> bool:
    """Whether both annotators have begun a layer."""
    return NONE not in (a.state_of(layer), b.state_of(layer))


def adjudicated(
    a: Document, b: Document, decisions: Iterable[Decision], annotator: str, file: str = ""
) -> Document:
    """Apply the decisions to two annotations: one document, by their annotators and `annotator`.

    A record on which the two disagreed carries the number of differences in `disagreements`. A
    layer has the least of the two states; one that only one of them has begun is his, and partial.
    Raises FormatError, with `file` and the number of the decision, for a decision about an unknown
    layer, about readings that the two annotations do not have, or about nothing. Raises it, too,
    for a disagreement without a decision, for one about a record of both that lacks its readings,
    and for a result that the schema refuses.
    """
    scheme = scheme_of(a)
    undecided = {(d.layer, d.record): d for d in disagreements(a, b)}
    records = {key: codec.to_value(record) for key, record in keyed(a).items()}
    records |= {key: codec.to_value(record) for key, record in _of_b_only(a, b).items()}
    for number, decision in enumerate(decisions, 1):
        if decision.document != a.id:
            continue
        key = (decision.layer, decision.record)
        disagreement = undecided.pop(key, None)
        problem = _problem(decision, disagreement, records.get(key), scheme)
        if problem:
            place = f"{file}:{number}: {decision.layer} {decision.record}"
            raise FormatError(f"{place}: {problem}")
        records.pop(key, None)
        if decision.chosen is not None:
            records[key] = decision.chosen
            if disagreement is not None:
                records[key] = decision.chosen | {"disagreements": decision.count}
    if undecided:
        layer, record = next(iter(undecided))
        raise FormatError(
            f"{file}: {len(undecided)} disagreements are not decided; the first is {layer} {record}"
        )
    value: JsonObject = codec.to_value(a)
    value["annotators"] = list(dict.fromkeys((*a.annotators, *b.annotators, annotator)))
    for layer in scheme.layers:
        value[layer] = [record for (home, _), record in records.items() if home == layer]
    value["layers"] = {
        layer: _joint_state(a.state_of(layer), b.state_of(layer), bool(value[layer]))
        for layer in a.layers
    }
    for path, message in schema_errors.errors(value, scheme):
        place = strict_json.pointer(path)
        raise FormatError(f"{file}: the result is not valid at {place}: {message}")
    return codec.ordered(codec.convert(value, file, scheme))


def _of_b_only(a: Document, b: Document) -> dict[Key, Record]:
    """The records of the layers that only the second annotator has begun, in the ids of `a`."""
    layers = [layer for layer in a.layers if a.state_of(layer) == NONE != b.state_of(layer)]
    return keyed(aligned(b, a), layers) if layers else {}


def _joint_state(a: str, b: str, has_records: bool) -> str:
    state = least((a, b))
    return PARTIAL if state == NONE and has_records else state


def _problem(
    decision: Decision,
    disagreement: Decision | None,
    record: JsonObject | None,
    scheme: Scheme,
) -> str | None:
    """Return why a decision cannot be applied; None if it can.

    `disagreement` is the undecided one about the same record, None if the two annotations agree on
    it; `record` is then what both have, None if neither has it.
    """
    known = schema.load("adjudication").value["properties"]["layer"]["enum"]
    layers = [layer for layer in known if layer in scheme.layers]
    if decision.layer not in layers:
        return f"unknown layer; decisions are about {', '.join(layers)}"
    if decision.decision not in ("a", "b", "other") or not decision.reason:
        return 'is not decided; it needs a "decision" ("a", "b" or "other") and a "reason"'
    if disagreement is not None:
        if (disagreement.a, disagreement.b) != (decision.a, decision.b):
            return "`a` and `b` are outdated; list the disagreements again"
        return None
    if decision.decision != "other":
        return 'the two annotations do not disagree about it; decide "other", or list them again'
    if (decision.a, decision.b) != (record, record):
        if record is None:
            return "neither annotation has it; leave `a` and `b` out, or list them again"
        return "both annotations have it; give it as `a` and as `b`, as --also lists it"
    if record is None and decision.result is None:
        return "neither annotation has it, and there is no `result`; correct `record`"
    return None


def read_decisions(data: bytes, file: str) -> Iterator[Decision]:
    """Yield the decisions of a JSONL file.

    Raises FormatError that names file, line and column of a line that does not follow the schema.
    """
    for line in valid_lines(data, file, "adjudication"):
        yield msgspec.convert(line.value, Decision)
