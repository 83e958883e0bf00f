"""Two independent annotations and the decisions between them -> one document, every decision on record.

A disagreement is a record that the two do not share, after the second was aligned with the first (`align`). A
decision takes one of the two readings or gives a third, and says why; the list of them, `corpus/adjudication.jsonl`, follows
`schema/adjudication.schema.json`.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import Struct

from statevisit import codec, schema_errors, strict_json
from statevisit.align import aligned
from statevisit.diff import diff_documents, keyed
from statevisit.errors import FormatError
from statevisit.model import LAYERS, Document


class Decision(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A disagreement over one record, and how it was decided.

    `a` and `b` are the two readings as JSON has them, in the ids of the first; absent where that annotator has no such
    record. `decision` is "a", "b" or "other"; `result` is the record that an "other" gives, absent for none at all.
    An "other" without `a` and `b` is about a record that both lack. `reason` names the paragraph of the guidelines.
    """

    document: str
    layer: str
    record: str
    a: dict[str, Any] | None = None
    b: dict[str, Any] | None = None
    decision: str | None = None
    result: dict[str, Any] | None = None
    reason: str | None = None

    @property
    def chosen(self) -> dict[str, Any] | None:
        """The record that stands after the decision; None for none."""
        return {"a": self.a, "b": self.b}.get(self.decision or "", self.result)

    @property
    def count(self) -> int:
        """In how many properties the two readings differ; 1 where only one of them has the record, 0 where neither."""
        if self.a is None or self.b is None:
            return int(self.a is not self.b)
        return sum(self.a.get(k) != self.b.get(k) for k in {**self.a, **self.b})


def disagreements(a: Document, b: Document) -> list[Decision]:
    """What two annotations of one text do not share, layer by layer in the order of the text, undecided.

    Raises FormatError where the texts, sentences or tokens differ.
    """
    if (a.sentences, a.tokens) != (b.sentences, b.tokens):
        raise FormatError(
            f"{a.id}: the sentences or tokens differ; two annotations are compared on the same ones"
        )
    changes = diff_documents(a, aligned(b, a))
    return [
        Decision(document=a.id, layer=c.layer, record=c.record, a=c.old, b=c.new)
        for c in changes
        if c.layer != "document"
    ]


def adjudicated(
    a: Document, b: Document, decisions: Iterable[Decision], annotator: str, file: str = ""
) -> Document:
    """The document that the decisions make of two annotations, by `annotator` beside those of `a` and `b`.

    Every record that was disagreed about says so in `disagreements`. Raises FormatError where a disagreement is not
    decided, or a decision is about readings that the two do not have, or gives a record that the schema refuses.
    """
    open_ = {(d.layer, d.record): d for d in disagreements(a, b)}
    records = {key: codec.to_value(record) for key, record in keyed(a).items()}
    for number, decision in enumerate(decisions, 1):
        if decision.document != a.id:
            continue
        key, where = (
            (decision.layer, decision.record),
            f"{file}:{number}: {decision.layer} {decision.record}",
        )
        known = open_.pop(key, None)
        if (
            decision.layer not in LAYERS or (known.a, known.b) != (decision.a, decision.b)
            if known
            else decision.a or decision.b
        ):
            raise FormatError(
                f"{where}: `a` and `b` are not what the two annotations say now; list the disagreements again"
            )
        if decision.decision not in ("a", "b", "other") or not decision.reason:
            raise FormatError(
                f'{where}: is not decided; it needs a "decision" ("a", "b" or "other") and a "reason"'
            )
        records.pop(key, None)
        if decision.chosen is not None:
            records[key] = decision.chosen | (
                {"disagreements": decision.count} if decision.count else {}
            )
    if open_:
        layer, record = next(iter(open_))
        raise FormatError(
            f"{file}: {len(open_)} disagreements are not decided; the first is {layer} {record}"
        )
    layers: dict[str, Any] = {
        layer: [r for (home, _), r in records.items() if home == layer] for layer in LAYERS
    }
    value = (
        codec.to_value(a)
        | layers
        | {"annotators": list(dict.fromkeys((*a.annotators, *b.annotators, annotator)))}
    )
    for path, message in schema_errors.errors(value):
        raise FormatError(
            f"{file}: the result is not valid at {strict_json.pointer(path)}: {message}"
        )
    return codec.ordered(codec.convert(value, file))


def read_decisions(data: bytes, file: str) -> Iterator[Decision]:
    """The decisions of a JSONL file. Raises FormatError that names the line of one that does not follow the schema."""
    for number, line in enumerate(data.splitlines(), 1):
        try:
            value = strict_json.parse(line, file)
        except strict_json.Malformed as bad:
            raise FormatError(f"{file}:{number}:{bad.column}: {bad.message}") from None
        for path, message in schema_errors.errors(value, "adjudication"):
            raise FormatError(f"{file}:{number}:{strict_json.locate(line, path)[1]}: {message}")
        yield msgspec.convert(value, Decision)
