"""The document as a whole: records that are correct alone but contradict each other."""

from collections.abc import Iterator

from msgspec import Struct

from statevisit.checks.registry import Context, Path_, Problems, check, once
from statevisit.document.characters import folded
from statevisit.document.model import Document
from statevisit.document.records import Entity, Event, EventChain
from statevisit.document.scheme import scheme_of


def linkable(document: Document) -> Iterator[tuple[Path_, Entity | EventChain]]:
    """Yield (path, record) of every record that can have a link to Wikidata."""
    for number, entity in enumerate(document.entities):
        yield ("entities", number), entity
    for number, chain in enumerate(document.event_chains):
        yield ("event_chains", number), chain


@once
def wikidata_items(document: Document) -> list[str]:
    """Return the Wikidata items of all records."""
    items = [entity.wikidata for entity in document.entities]
    items += [chain.wikidata for chain in document.event_chains]
    return list(filter(None, items))


@check("W601")
def one_name(document: Document, context: Context) -> Problems:
    """Two entities have the same name.

    Usually they are one entity, and their mentions should share it. Two people with the same name
    can be right. A name is the same in another normal form, case or white space. Descriptions
    ("the soldiers") can be alike: entities without a mention of level NAM are compared with named
    ones only. Entities of different kinds (a language and its people) and those with two different
    Wikidata items are two things.

    Wrong: entities `baku` and `baku-2`, both `"name":"Baku"`
    Right: one entity `baku`
    """
    named = _named_entities(document)
    namesakes: dict[tuple[str, str], list[Entity]] = {}
    for number, entity in enumerate(document.entities):
        if entity.name is None or entity.type is None:
            continue
        key = (folded(entity.name), _KINDS.get(entity.type, entity.type))
        earlier = namesakes.setdefault(key, [])
        for other in earlier[:_COMPARED]:
            names = (entity.id in named) + (other.id in named)
            same_case = folded(entity.name, case=True) == folded(other.name or "", case=True)
            is_name = names == 2 or (names == 1 and same_case)
            if is_name and not _are_different_items(entity, other):
                detail = f"{entity.id!r} and {other.id!r} are both {entity.name!r}"
                if entity.name != other.name:
                    detail = f"{entity.id!r} is {entity.name!r}, {other.id!r} is {other.name!r}"
                yield ("entities", number, "name"), detail
                break
        earlier.append(entity)


_KINDS = {"GPE": "place", "LOC": "place", "FAC": "place"}
"""The entity types between which an annotator can hesitate for one thing."""

_COMPARED = 8
"""Earlier entities of the same name that are compared: more would be slow and say no more."""


def _named_entities(document: Document) -> set[str | None]:
    """The ids of the entities that a proper name mentions."""
    names = [mention for mention in document.mentions if mention.level == "NAM"]
    return {mention.literal or mention.entity for mention in names}


def _are_different_items(a: Entity, b: Entity) -> bool:
    """Whether two entities have two different Wikidata items."""
    return a.wikidata is not None and b.wikidata is not None and a.wikidata != b.wikidata


class _Denoted(Struct, frozen=True):
    """The entity that a name denotes, and the mention that says so."""

    entity: str
    mention: str


@check("W602")
def one_surface(document: Document, context: Context) -> Problems:
    """One name denotes two entities.

    The same proper name in one text usually denotes the same thing. If it denotes a capital and
    means the government, `literal` holds the capital. A language and its people are two things
    with one name. Other things with the same name (Georgia) can be right.

    Wrong: "Baku" → `baku` and "Baku" → `azerbaijan`, without `literal`
    Right: "Baku" → `azerbaijan` with `"literal":"baku"`
    """
    types = {entity.id: entity.type for entity in document.entities}
    first_uses: dict[tuple[str, bool], _Denoted] = {}
    for number, mention in enumerate(document.mentions):
        if mention.level != "NAM":
            continue
        denoted = mention.literal or mention.entity
        if denoted is None:
            continue
        key = (mention.text, types.get(denoted) == "LANGUAGE")
        first = first_uses.setdefault(key, _Denoted(denoted, mention.id))
        if first.entity != denoted:
            yield (
                ("mentions", number, "entity"),
                f"{mention.text!r} denotes {denoted!r} here and {first.entity!r} in "
                f"{first.mention!r}",
            )


@check("E603")
def one_link(document: Document, context: Context) -> Problems:
    """Two records of the document have the same Wikidata item.

    An item stands for one thing, and one thing is one entity, which its mentions share. Either the
    two records must be joined, or one has the wrong item.

    Wrong: entities `turkey` and `turkiye`, both `"wikidata":"Q43"`
    Right: one entity `turkiye` with the mentions of both
    """
    items = wikidata_items(document)
    if len(set(items)) == len(items):
        return
    first_ids: dict[str, str] = {}
    for path, record in linkable(document):
        if not record.wikidata:
            continue
        first = first_ids.setdefault(record.wikidata, record.id)
        if first != record.id:
            yield (*path, "wikidata"), f"{record.wikidata} is already the item of {first!r}"


@check("W604")
def unmentioned(document: Document, context: Context) -> Problems:
    """The text does not mention the entity.

    Mentions share an entity. An entity without mentions is usually a leftover whose mentions were
    moved to another one. A member of a set may have none of its own, and an entity that only a
    relation needs can be right. While the layer `mentions` is not done, its mentions may be to
    come.

    Wrong: an entity `turkey`, and all mentions of it mean `turkiye`
    Right: no entity `turkey`
    """
    if not document.is_done("mentions"):
        return
    mentioned = {mention.entity for mention in document.mentions}
    denoted = {mention.literal for mention in document.mentions}
    members = {member for entity in document.entities for member in entity.members or ()}
    used = mentioned | denoted | members
    for number, entity in enumerate(document.entities):
        if entity.id not in used:
            yield ("entities", number), f"{entity.id!r}"


@check("W605")
def empty_chains(document: Document, context: Context) -> Problems:
    """No event of the text belongs to the chain.

    The mentions of one event share a chain. A chain without events and without participants is
    usually a leftover whose events were moved to another one.

    Wrong: a chain `summit`, and no event with `"event":"summit"`
    Right: no chain `summit`
    """
    if not document.is_done("events"):
        return
    used = {event.event for event in document.events}
    used |= {relation.target for relation in document.relations}
    for number, chain in enumerate(document.event_chains):
        if chain.id not in used:
            yield ("event_chains", number), f"{chain.id!r}"


@check("W606")
def one_trigger(document: Document, context: Context) -> Problems:
    """Two events have the same trigger.

    One word usually names one event. A word that names two (the "vote" of two houses) can be
    right.

    Wrong: `ev1` and `ev2` of different chains, both over "visit" `[141, 146)`
    Right: one of the two
    """
    first_events: dict[tuple[int, int], Event] = {}
    for number, event in enumerate(document.events):
        first = first_events.setdefault((event.start, event.end), event)
        if first.event and event.event and first.event != event.event:
            place = f"{event.text!r} [{event.start}, {event.end})"
            yield ("events", number), f"{event.id!r} and {first.id!r} are both {place}"


@check("E609")
def repeated(document: Document, context: Context) -> Problems:
    """The relation or argument occurs twice.

    A repeated statement adds nothing and is counted twice. The evidence of a relation is one list.

    Wrong: two relations `"type":"CAPITAL","source":"azerbaijan","target":"baku"`
    Right: one, with the evidence of both
    """
    attributes = scheme_of(document).attributes
    for layer in ("relations", "event_relations"):
        yield from _repeated_relations(document, layer, attributes.get(layer, ()))
    own = attributes.get("arguments", ())
    for number, event in enumerate(document.events):
        arguments = event.arguments or ()
        if len({argument.target for argument in arguments}) == len(arguments):
            continue
        filled: set[tuple[object, ...]] = set()
        for index, argument in enumerate(arguments):
            if argument.role is None:
                continue
            statement = (argument.role, argument.target, *_values(argument, own))
            if statement in filled:
                yield (
                    ("events", number, "arguments", index),
                    f"{argument.role} {argument.target!r}",
                )
            filled.add(statement)


def _repeated_relations(document: Document, layer: str, own: tuple[str, ...]) -> Problems:
    """The repeated relations of a layer, which has some properties of a corpus's own."""
    relations = getattr(document, layer)
    if len({(relation.source, relation.target) for relation in relations}) == len(relations):
        return
    seen: set[tuple[object, ...]] = set()
    for number, relation in enumerate(relations):
        if relation.type is None:
            continue
        key = (relation.type, relation.source, relation.target, *_values(relation, own))
        if key in seen:
            yield (
                (layer, number),
                f"{relation.type} from {relation.source!r} to {relation.target!r}",
            )
        seen.add(key)


def _values(record: object, attributes: tuple[str, ...]) -> list[object]:
    """The values of a corpus's own properties, in which two statements can differ."""
    return [getattr(record, name) for name in attributes]


@check("E610")
def literal(document: Document, context: Context) -> Problems:
    """`literal` is the same entity as `entity`.

    `literal` is for metonymy: the entity that the word denotes, if the mention means another one.
    If both are the same there is no metonymy, and counts of metonymy are one too high.

    Wrong: `"entity":"baku","literal":"baku"`
    Right: `"entity":"baku"`
    """
    for number, mention in enumerate(document.mentions):
        if mention.literal and mention.literal == mention.entity:
            yield ("mentions", number, "literal"), f"{mention.text!r}"


@check("W611")
def lonely_members(document: Document, context: Context) -> Problems:
    """The set has one member only.

    A set of one is its member, and its mentions belong to that entity. If the text names one of
    several members only ("some states, among them Peru"), the set is UNDERSPECIFIED.

    Wrong: `couple` of reference SPECIFIC with `"members":["okoye"]`
    Right: `couple` with `"members":["lind","okoye"]`
    """
    for number, entity in enumerate(document.entities):
        members = entity.members or ()
        if len(members) == 1 and entity.reference == "SPECIFIC":
            yield ("entities", number, "members"), f"{entity.id!r} has {members[0]!r}"


@check("W616")
def named_not_linkable(document: Document, context: Context) -> Problems:
    """The text names this, but its `nil` is NOT_LINKABLE.

    NOT_LINKABLE is for things that no knowledge base holds: sets that the text makes, kinds,
    unnamed people. A thing with a name may have an item, and is UNVERIFIED or, after a search, NIL.
    Sets with `members`, and names of kinds, can be NOT_LINKABLE.

    Wrong: `lind` with `"nil":"NOT_LINKABLE"`, mentioned by the name "Eva Lind"
    Right: `lind` with `"nil":"UNVERIFIED"`
    """
    named = _named_entities(document)
    for number, entity in enumerate(document.entities):
        is_one = not entity.members and entity.reference == "SPECIFIC"
        if entity.nil == _NOT_LINKABLE and is_one and entity.id in named:
            yield ("entities", number, "nil"), f"{entity.id!r}"
    named_chains = {event.event for event in document.events if event.level == "NAM"}
    for number, chain in enumerate(document.event_chains):
        if chain.nil == _NOT_LINKABLE and chain.id in named_chains:
            yield ("event_chains", number, "nil"), f"{chain.id!r}"


_NOT_LINKABLE = "NOT_LINKABLE"
