"""The document as a whole: records that are right alone and wrong together."""

from collections.abc import Iterator
from typing import Any

from statevisit.checks.registry import Context, Problems, check
from statevisit.model import Document


def _linked(document: Document) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    for layer in ("entities", "event_chains"):
        for i, record in enumerate(getattr(document, layer)):
            yield (layer, i), record


@check("W601")
def one_name(document: Document, context: Context) -> Problems:
    """Two entities have one name.

    Mostly they are one entity, and their mentions should share it. Two people of one name can be
    right.

    Wrong: entities `baku` and `baku-2`, both `"name":"Baku"`
    Right: one entity `baku`
    """
    seen: dict[str, str] = {}
    for i, entity in enumerate(document.entities):
        first = seen.setdefault(entity.name.casefold(), entity.id)
        if first != entity.id:
            yield ("entities", i, "name"), f"{entity.id!r} and {first!r} are both {entity.name!r}"


@check("W602")
def one_surface(document: Document, context: Context) -> Problems:
    """One name means two entities.

    The same proper name in one text is mostly the same thing; where the word denotes a capital and
    means its government, `literal` says so. Two things of one name (Georgia) can be right.

    Wrong: "Baku" → `baku` and "Baku" → `azerbaijan`, without `literal`
    Right: "Baku" → `azerbaijan` with `"literal":"baku"`
    """
    seen: dict[str, tuple[str, str]] = {}
    for i, mention in enumerate(document.mentions):
        if mention.level == "NAM":
            denoted = mention.literal or mention.entity
            first = seen.setdefault(mention.text, (denoted, mention.id))
            if first[0] != denoted:
                yield (
                    ("mentions", i, "entity"),
                    f"{mention.text!r} denotes {denoted!r} here and {first[0]!r} in {first[1]!r}",
                )


@check("E603")
def one_link(document: Document, context: Context) -> Problems:
    """Two records of the document have one Wikidata id.

    An item is one thing, and one thing is one entity: its mentions share it. Either the two are to
    be joined, or one has the wrong item.

    Wrong: entities `turkey` and `turkiye`, both `"wikidata":"Q43"`
    Right: one entity `turkiye` with the mentions of both
    """
    seen: dict[str, str] = {}
    for path, record in _linked(document):
        if record.wikidata and (first := seen.setdefault(record.wikidata, record.id)) != record.id:
            yield (*path, "wikidata"), f"{record.wikidata} is the id of {first!r} already"


@check("W604")
def unmentioned(document: Document, context: Context) -> Problems:
    """Nothing in the text mentions the entity.

    Entities are what mentions share; one without any is mostly what was left when its mentions were
    moved. An entity that only a relation needs can be right.

    Wrong: an entity `turkey`, and all mentions of it mean `turkiye`
    Right: no entity `turkey`
    """
    mentioned = {m.entity for m in document.mentions} | {m.literal for m in document.mentions}
    for i, entity in enumerate(document.entities):
        if entity.id not in mentioned:
            yield ("entities", i), f"{entity.id!r}"


@check("W605")
def empty_chains(document: Document, context: Context) -> Problems:
    """No event of the text belongs to the chain.

    Chains are what mentions of one event share; one without any is mostly what was left when its
    events were moved.

    Wrong: a chain `summit`, and no event with `"event":"summit"`
    Right: no chain `summit`
    """
    used = {e.event for e in document.events}
    for i, chain in enumerate(document.event_chains):
        if chain.id not in used:
            yield ("event_chains", i), f"{chain.id!r}"


@check("W606")
def one_trigger(document: Document, context: Context) -> Problems:
    """Two events have the same trigger.

    One word mostly names one event. A word that names two (the "vote" of two houses) can be right.

    Wrong: `ev1` and `ev2` of different chains, both over "visit" `[141, 146)`
    Right: one of the two
    """
    seen: dict[tuple[int, int], Any] = {}
    for i, event in enumerate(document.events):
        first = seen.setdefault((event.start, event.end), event)
        if first.event != event.event:
            yield (
                ("events", i),
                f"{event.id!r} and {first.id!r} are both {event.text!r} [{event.start}, {event.end})",
            )


@check("E609")
def repeated(document: Document, context: Context) -> Problems:
    """The relation or argument is there twice.

    Said once it holds; said twice it is counted twice. A relation's evidence is one list.

    Wrong: two relations `"type":"CAPITAL","source":"azerbaijan","target":"baku"`
    Right: one, with the evidence of both
    """
    for layer in ("relations", "event_relations"):
        seen: set[tuple[str, str, str]] = set()
        for i, r in enumerate(getattr(document, layer)):
            if (key := (r.type, r.source, r.target)) in seen:
                yield (layer, i), f"{r.type} from {r.source!r} to {r.target!r}"
            seen.add(key)
    for i, event in enumerate(document.events):
        pairs = [(a.role, a.target) for a in event.arguments] if len(event.arguments) > 1 else ()
        for n, pair in enumerate(pairs):
            if pair in pairs[:n]:
                yield ("events", i, "arguments", n), f"{pair[0]} {pair[1]!r}"


@check("E610")
def literal(document: Document, context: Context) -> Problems:
    """`literal` names the entity that is meant anyway.

    `literal` is for metonymy: what the word denotes, where that is not `entity`. Where the two are
    the same there is no metonymy, and whoever counts it counts one too many.

    Wrong: `"entity":"baku","literal":"baku"`
    Right: `"entity":"baku"`
    """
    for i, mention in enumerate(document.mentions):
        if mention.literal == mention.entity:
            yield ("mentions", i, "literal"), f"{mention.text!r}"
