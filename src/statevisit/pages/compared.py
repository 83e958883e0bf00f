"""Two annotations of a text side by side: what both have, only one has, or has otherwise.

Spans are paired by their bounds and labels, as `score` pairs them, so that two annotators, or a
corpus and a system, are compared whatever ids they give their records. Entities and events are
paired by the mentions that they share. References are equal if they name records of one pair.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from statevisit.document.codec import to_value
from statevisit.document.model import SPAN_LAYERS, Document
from statevisit.document.references import reference_names
from statevisit.document.scheme import scheme_of
from statevisit.pages.cards import label_of, name_of
from statevisit.pages.compared_words import canonical, in_words, link_words, words_of
from statevisit.pages.pairs import AGREED, DIFFERING, FIRST, SECOND, Compared, Difference, Pair
from statevisit.scoring.measure import Comparison, align, always
from statevisit.scoring.mistakes import status
from statevisit.scoring.prediction import Prediction
from statevisit.scoring.spans import LABEL, Alignment, Item

SECOND_PREFIX = "b:"
"""Stands before the id of a record of the second annotation that is not the same in the first."""

_GROUPS = (("entities", "mentions", "entity"), ("event_chains", "events", "event"))
"""Layers whose records are groups of spans, the layer of these, and what names the group there."""

_LINKS = ("relations", "event_relations")

_NOT_COMPARED = frozenset({"id", "start", "end", "text", "disagreements"})


def compared_versions(first: Document, second: Document, names: tuple[str, str]) -> Compared:
    """Return two versions of a document, in all layers.

    Spans of two texts are paired by their ids.
    """
    layers = frozenset(layer for layer in SPAN_LAYERS if layer in scheme_of(second).layers)
    if first.text == second.text:
        prediction = Prediction(document=second, layers=layers)
        aligned = align(first, prediction, layers, always(0))
    else:
        aligned = {layer: _by_id(first, second, layer) for layer in SPAN_LAYERS if layer in layers}
    others = frozenset({"entities", "event_chains", *_LINKS})
    return _Comparer(first, second, aligned).all(names, others)


def compared_to_gold(comparison: Comparison) -> Compared:
    """Return a prediction beside the gold, in the layers that are reported.

    A property that no record of a draft has is not predicted, and no difference.
    """
    prediction = comparison.pred
    comparer = _Comparer(
        comparison.gold,
        prediction.document,
        comparison.reported_alignments,
        is_draft=prediction.is_draft,
        apart=frozenset({"entity"} if prediction.own_entities else ()),
    )
    return comparer.all(("gold", "prediction"), comparison.reported & frozenset(_LINKS))


def _by_id(first: Document, second: Document, layer: str) -> Alignment:
    """The alignment of the spans of two texts: by id."""
    prediction = Prediction(document=second, layers=frozenset({layer}))
    sides = align(first, prediction, frozenset({layer}), always(0))[layer]
    places = {item.record.id: n for n, item in enumerate(sides.pred) if item.record is not None}
    pairs = [
        (number, places[item.record.id])
        for number, item in enumerate(sides.gold)
        if item.record is not None and item.record.id in places
    ]
    return Alignment(sides.gold, sides.pred, [], [], [], [], [], pairs)


class _Comparer:
    """Pairs the records of two documents, given the alignments of their spans."""

    def __init__(
        self,
        first: Document,
        second: Document,
        aligned: Mapping[str, Alignment],
        is_draft: bool = False,
        apart: frozenset[str] = frozenset(),
    ) -> None:
        self._first, self._second = first, second
        self._aligned = aligned
        self._is_draft = is_draft
        self._apart = _NOT_COMPARED | apart
        self._one_text = first.text == second.text
        self._ids = {
            pred.record.id: gold.record.id
            for alignment in aligned.values()
            for gold, pred in _paired(alignment)
            if gold.record is not None and pred.record is not None
        }
        for groups, spans, name in _GROUPS:
            if spans in aligned:
                self._ids |= self._groups(groups, name, aligned[spans])
        self._taken = set(first.layer_by_id)
        self._keys: dict[str, str] = {}

    def all(self, names: tuple[str, str], others: frozenset[str]) -> Compared:
        """Return the pairs of the spans, and of the records of some other layers."""
        pairs: list[Pair] = []
        for layer, alignment in self._aligned.items():
            pairs.extend(self._of_spans(layer, alignment))
        for layer, _, _ in _GROUPS:
            if layer in others:
                pairs.extend(self._of_groups(layer))
        for layer in _LINKS:
            if layer in others:
                pairs.extend(self._of_links(layer))
        for record_id in self._second.layer_by_id:  # of layers that are not compared
            self._keys.setdefault(record_id, self._own_key(record_id))
        return Compared(self._first, self._second, names, tuple(self._aligned), pairs, self._keys)

    def _groups(self, layer: str, name: str, spans: Alignment) -> dict[str, str]:
        """The ids of the groups of the first document by those of the second, one to one.

        Those that share most spans are paired first, then those with one id.
        """
        shared: Counter[tuple[str, str]] = Counter()
        for one, other in _paired(spans):
            ids = getattr(one.record, name, None), getattr(other.record, name, None)
            if ids[0] and ids[1]:
                shared[ids[0], ids[1]] += 1
        order = sorted(shared, key=lambda ids: (-shared[ids], ids[0] != ids[1], ids))
        same = [record.id for record in getattr(self._first, layer)]
        result: dict[str, str] = {}
        taken: set[str] = set()
        known = {record.id for record in getattr(self._second, layer)}
        for one, other in [*order, *((i, i) for i in same if i in known)]:
            if one not in taken and other not in result:
                result[other] = one
                taken.add(one)
        return result

    def _own_key(self, record_id: str) -> str:
        """A key that no record of the first document has."""
        key = SECOND_PREFIX + record_id
        while key in self._taken:
            key = SECOND_PREFIX + key
        self._taken.add(key)
        return key

    def _of_spans(self, layer: str, alignment: Alignment) -> Iterator[Pair]:
        given = self._given(layer, (item.record for item in alignment.pred))
        pred_of = dict(alignment.pairs)
        for number, item in enumerate(alignment.gold):
            key = f"{layer}:{number}" if item.record is None else item.record.id
            partner = pred_of.get(number)
            other = None if partner is None else alignment.pred[partner]
            yield self._span_pair(layer, key, item, other, f"{layer}:{partner}", given)
        taken = set(pred_of.values())
        for number, item in enumerate(alignment.pred):
            if number not in taken:
                yield self._span_pair(layer, "", None, item, f"{layer}:{number}", given)

    def _span_pair(
        self,
        layer: str,
        key: str,
        one: Item | None,
        other: Item | None,
        name: str,
        given: frozenset[str] | None,
    ) -> Pair:
        """A pair of spans; `name` stands for the second's id if it has none."""
        differences: list[Difference] = []
        kinds: list[str] = []
        if one is not None and other is not None:
            kinds, differences = self._compare(layer, one, other, given)
            state = DIFFERING if kinds else AGREED
        else:
            state = FIRST if other is None else SECOND
        second = ""
        if other is not None:
            record_id = name if other.record is None else other.record.id
            second = key if state == AGREED else self._own_key(record_id)
            self._keys.setdefault(record_id, second)
        item, document = (one, self._first) if one is not None else (other, self._second)
        return Pair(
            layer=layer,
            status=state,
            first=key,
            second=second,
            spans=(_bounds(one), _bounds(other)),
            words=words_of(document, item),
            labels=(_label(one), _label(other)),
            kinds=tuple(kinds),
            differences=tuple(differences),
        )

    def _compare(
        self, layer: str, one: Item, other: Item, given: frozenset[str] | None
    ) -> tuple[list[str], list[Difference]]:
        """How two spans differ."""
        kinds, differences = [], []
        words = words_of(self._first, one), words_of(self._second, other)
        has_moved = (one.start, one.end) != (other.start, other.end)
        if not self._one_text:
            has_moved = words[0] != words[1]
        if has_moved:
            kinds.append("bounds")
            differences.append(Difference("words", *words))
        if status(one, other) == "label":
            kinds.append("label")
            home, prop = ("entities" if layer == "mentions" else layer), LABEL.get(layer, "label")
            scheme = scheme_of(self._first)
            titles = [label_of(scheme, home, prop, str(item.label)) for item in (one, other)]
            differences.append(Difference(prop, *(label.title or label.name for label in titles)))
        if one.record is not None and other.record is not None:
            values = self._values(layer, one.record, other.record, given)
            differences += values
            kinds += ["values"] if values else []
        return kinds, differences

    def _given(self, layer: str, records: Iterable[Any]) -> frozenset[str] | None:
        """The properties that some record of a draft has; None to compare all properties."""
        if not self._is_draft:
            return None
        return frozenset(
            name for record in records if record is not None for name in to_value(record)
        )

    def _values(
        self, layer: str, one: Any, other: Any, given: frozenset[str] | None = None
    ) -> list[Difference]:
        """The properties that differ, but for bounds and the label of a span."""
        before, after = to_value(one), to_value(other)
        apart = {*self._apart, LABEL.get(layer, "")}
        result = []
        for name in {**before, **after}:
            if name in apart or (given is not None and name not in given):
                continue
            values = before.get(name), after.get(name)
            same = self._in_first_ids(name, values[1])
            if self._canonical(values[0]) != self._canonical(same):
                result.append(self._difference(layer, name, *values, same))
        return result

    def _canonical(self, value: Any) -> bytes:
        """A value as bytes; a span in two texts is told by its words."""
        if not self._one_text and isinstance(value, dict) and "text" in value:
            return canonical(value["text"])
        return canonical(value)

    def _in_first_ids(self, name: str, value: Any) -> Any:
        """A value of the second document with the ids of the first."""
        if isinstance(value, list):
            return [self._in_first_ids(name, item) for item in value]
        if isinstance(value, dict):
            return {key: self._in_first_ids(key, item) for key, item in value.items()}
        if name in reference_names() and isinstance(value, str):
            only_here = f"{SECOND_PREFIX}{value}" if self._is_record(value) else value
            return self._ids.get(value, only_here)
        return value

    def _is_record(self, record_id: str) -> bool:
        """Whether an id is that of a record of the second document."""
        return record_id in self._second.layer_by_id

    def _difference(self, layer: str, name: str, one: Any, other: Any, same: Any) -> Difference:
        """A difference in words; of lists, the members that only one has."""
        if isinstance(one, list) and isinstance(other, list):
            before, after = {*map(canonical, one)}, {*map(canonical, same)}
            only = [item for item in one if canonical(item) not in after]
            others = [
                item
                for item, mapped in zip(other, same, strict=True)
                if canonical(mapped) not in before
            ]
            one, other = only, others
        return Difference(
            name.replace("_", " "),
            in_words(self._first, layer, name, one),
            in_words(self._second, layer, name, other),
        )

    def _of_groups(self, layer: str) -> Iterator[Pair]:
        """The pairs of entities, or of event chains."""
        firsts = {record.id: record for record in getattr(self._first, layer)}
        pending = dict(firsts)
        for record in getattr(self._second, layer):
            one = firsts.get(self._ids.get(record.id, ""))
            if one is None:
                key = self._keys[record.id] = self._own_key(record.id)
                yield self._group_pair(layer, SECOND, "", key, name_of(self._second, record.id))
                continue
            pending.pop(one.id, None)
            differences = self._values("", one, record)
            key = self._own_key(record.id) if differences else one.id
            self._keys[record.id] = key
            state = DIFFERING if differences else AGREED
            name = name_of(self._first, one.id)
            yield self._group_pair(layer, state, one.id, key, name, differences)
        for record_id in pending:
            yield self._group_pair(layer, FIRST, record_id, "", name_of(self._first, record_id))

    def _group_pair(
        self,
        layer: str,
        state: str,
        first: str,
        second: str,
        words: str,
        differences: Iterable[Difference] = (),
    ) -> Pair:
        kinds = ("values",) if state == DIFFERING else ()
        return Pair(
            layer, state, first, second, (None, None), words, ("", ""), kinds, tuple(differences)
        )

    def _of_links(self, layer: str) -> Iterator[Pair]:
        """The pairs of relations: those with one type and the same ends."""
        pending: dict[tuple[Any, ...], list[Any]] = {}
        for record in getattr(self._first, layer):
            pending.setdefault((record.type, record.source, record.target), []).append(record)
        unpaired = []
        for record in getattr(self._second, layer):
            ends = [self._in_first_ids("source", end) for end in (record.source, record.target)]
            same = pending.get((record.type, *ends), [])
            if not same:
                unpaired.append(record)
                continue
            one = same.pop(0)
            differences = self._values("", one, record)
            state = DIFFERING if differences else AGREED
            key = getattr(one, "id", "")
            second = self._link_key(record) if differences else key
            if not differences and key:
                self._keys[record.id] = key
            words = link_words(self._first, one)
            yield self._group_pair(layer, state, key, second, words, differences)
        for records in pending.values():
            for record in records:
                words = link_words(self._first, record)
                yield self._group_pair(layer, FIRST, getattr(record, "id", ""), "", words)
        for record in unpaired:
            words = link_words(self._second, record)
            yield self._group_pair(layer, SECOND, "", self._link_key(record), words)

    def _link_key(self, record: Any) -> str:
        """The key of a relation of the second document; empty for one without an id."""
        record_id = getattr(record, "id", "")
        if record_id:
            self._keys[record_id] = self._own_key(record_id)
        return self._keys.get(record_id, "")


def _paired(alignment: Alignment) -> Iterator[tuple[Item, Item]]:
    for i, j in alignment.pairs:
        yield alignment.gold[i], alignment.pred[j]


def _label(item: Item | None) -> str:
    return "" if item is None else item.label or ""


def _bounds(item: Item | None) -> tuple[int, int] | None:
    return None if item is None or item.start < 0 else (item.start, item.end)
