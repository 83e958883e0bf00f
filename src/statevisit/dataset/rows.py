"""The rows that a document gives to each flat view; the columns are those of `views`."""

from bisect import bisect_right
from collections.abc import Iterator
from functools import cache
from typing import Any

from statevisit.dataset.flat_names import bio_tags
from statevisit.document.model import Document
from statevisit.document.records import Entity, Event, EventChain, Mention, Quantity, Timex
from statevisit.document.scheme import Scheme, scheme_of
from statevisit.document.strict_json import JsonObject
from statevisit.document.timex_values import POINTS, duration, known_days

Row = tuple[Any, ...]
"""The values of one row, in the order of the view's columns."""


def _span(
    document: Document, span: Mention | Event | Quantity | Timex
) -> tuple[str, str, int, int, str]:
    """The columns with which the row of a span begins."""
    return document.id, span.id, span.start, span.end, span.text


def _sentence(
    document: Document, span: Mention | Event | Quantity | Timex
) -> tuple[int | None, str | None, int]:
    """The columns with which the row of a span ends: its sentence and its disagreements."""
    disagreements = span.disagreements or 0
    number = document.sentence_number(span)
    if number is None:
        return None, None, disagreements
    return number, document.sentence_texts[number], disagreements


_NO_ENTITY, _NO_CHAIN = Entity(id=""), EventChain(id="")
"""Stand for the entity of a mention and the chain of an event that are not annotated yet."""


def entity_rows(document: Document) -> Iterator[Row]:
    """Yield one row per mention."""
    for mention in document.mentions:
        entity = document.entity_of(mention) or _NO_ENTITY
        yield (
            *_span(document, mention),
            mention.level,
            mention.entity,
            entity.type,
            entity.name,
            entity.wikidata,
            entity.nil,
            entity.reference,
            mention.literal,
            bool(mention.predicate),
            None if entity.members is None else list(entity.members),
            *_sentence(document, mention),
        )


def _arguments(document: Document, event: Event) -> list[JsonObject] | None:
    """The arguments, resolved; None where they are not annotated yet."""
    if event.arguments is None:
        return None
    added = scheme_of(document).attributes.get("arguments", ())
    arguments = []
    for argument in event.arguments:
        layer, target = document.index[argument.target]
        arguments.append(
            {
                "role": argument.role,
                "ace_role": argument.ace_role,
                **{name: getattr(argument, name) for name in added},
                "layer": layer,
                "target": target.id,
                "start": target.start,
                "end": target.end,
                "text": target.text,
                "entity": target.entity if layer == "mentions" else None,
            }
        )
    return arguments


def event_rows(document: Document) -> Iterator[Row]:
    """Yield one row per event mention."""
    for event in document.events:
        chain = document[event.event] if event.event else _NO_CHAIN
        yield (
            *_span(document, event),
            event.level,
            event.class_,
            event.type,
            event.polarity,
            event.modality,
            event.doc_time_rel,
            event.tense,
            event.aspect,
            event.event,
            chain.name,
            chain.wikidata,
            _arguments(document, event),
            *_sentence(document, event),
        )


def quantity_rows(document: Document) -> Iterator[Row]:
    """Yield one row per quantity, then one row per duration."""
    for quantity in document.quantities:
        measured = document[quantity.measures] if quantity.measures else None
        yield (
            *_span(document, quantity),
            quantity.kind,
            quantity.value,
            _float(quantity.value),
            quantity.lower,
            _float(quantity.lower),
            quantity.upper,
            _float(quantity.upper),
            quantity.unit,
            quantity.comparator,
            quantity.change,
            quantity.measures,
            document.layer_of(quantity.measures) if quantity.measures else None,
            measured.text if measured else None,
            quantity.property.text if quantity.property else None,
            quantity.whole.text if quantity.whole else None,
            quantity.conversion_of,
            *_sentence(document, quantity),
        )
    yield from _duration_rows(document)


def _duration_rows(document: Document) -> Iterator[Row]:
    comparators = _comparators(scheme_of(document))
    exact = "EXACT" if "EXACT" in comparators else None
    first_event: dict[str, Event] = {}
    for event in document.events:
        for argument in event.arguments or ():
            if argument.role == "TIME":
                first_event.setdefault(argument.target, event)
    for timex in document.timexes:
        if timex.type != "DURATION":
            continue
        number, unit = None, None
        if timex.value is not None:
            number, unit = duration(timex.value) or (None, None)
        lasting = first_event.get(timex.id)
        yield (
            *_span(document, timex),
            "DURATION",
            number,
            _float(number),
            *(None, None, None, None),  # the bounds of a range
            unit,
            timex.mod if timex.mod in comparators else exact,
            None,
            lasting.id if lasting else None,
            "events" if lasting else None,
            lasting.text if lasting else None,
            *(None, None, None),  # property, whole and conversion
            *_sentence(document, timex),
        )


def _float(number: str | None) -> float | None:
    return None if number is None else float(number)


@cache
def _comparators(scheme: Scheme) -> frozenset[str]:
    return frozenset(scheme.label_names("quantities", "comparator"))


def timex_rows(document: Document) -> Iterator[Row]:
    """Yield one row per time expression."""
    for timex in document.timexes:
        first_day, last_day = None, None
        if timex.type in POINTS and timex.value:
            first_day, last_day = known_days(timex.value) or (None, None)
        yield (
            *_span(document, timex),
            timex.type,
            timex.value,
            timex.mod,
            first_day,
            last_day,
            timex.anchor,
            timex.begin,
            timex.end_point,
            timex.quant,
            timex.freq,
            *_sentence(document, timex),
        )


def relation_rows(document: Document) -> Iterator[Row]:
    """Yield one row per relation of an entity with an entity or an event chain."""
    wikidata_properties = scheme_of(document).label_extras("relations", "type", "wikidata_property")
    for relation in document.relations:
        source, target = document[relation.source], document[relation.target]
        target_layer = document.layer_of(relation.target)
        evidence = relation.evidence
        yield (
            document.id,
            relation.id,
            relation.type,
            wikidata_properties.get(relation.type or ""),
            source.id,
            source.name,
            source.type,
            target.id,
            target_layer,
            target.name,
            target.type if target_layer == "entities" else None,
            relation.stated_modality,
            bool(relation.inferred),
            None if evidence is None else list(evidence),
            _texts(document, evidence),
            relation.disagreements or 0,
        )


def event_relation_rows(document: Document) -> Iterator[Row]:
    """Yield one row per relation between two events or times."""
    families = scheme_of(document).label_extras("event_relations", "type", "family")
    for relation in document.event_relations:
        yield (
            document.id,
            relation.type,
            families.get(relation.type or ""),
            *_end(document, relation.source),
            *_end(document, relation.target),
            relation.stated_modality,
            relation.disagreements or 0,
        )


def _end(document: Document, record_id: str) -> tuple[Any, ...]:
    """The columns of an end of an event relation."""
    layer, record = document.index[record_id]
    chain = record.event if layer == "events" else None
    return record_id, layer, record.start, record.end, record.text, chain


def _texts(document: Document, evidence: tuple[int, ...] | None) -> list[str] | None:
    """The texts of sentences by their numbers; None where the evidence is not annotated yet."""
    if evidence is None:
        return None
    return [document.sentence_texts[number] for number in evidence]


def ner_rows(document: Document) -> Iterator[Row]:
    """Yield one row per sentence: its tokens and their BIO tags."""
    starts, ends = document.bounds["tokens"]
    text = document.text
    words = [text[start:end] for start, end in zip(starts, ends, strict=True)]
    tags = bio_tags(document)
    first = 0
    for number, sentence in enumerate(document.sentences):
        last = bisect_right(ends, sentence.end)
        of_sentence = tags[first:last]
        if of_sentence and of_sentence[0].startswith("I-"):
            # A name that began in the sentence before: BIO begins it again.
            of_sentence[0] = f"B{of_sentence[0][1:]}"
        yield document.id, number, words[first:last], of_sentence
        first = last
