"""Participants of named events: the PARTICIPANT relations against the arguments of the events."""

from collections.abc import Container

from msgspec import Struct

from statevisit.checks.registry import Context, Path_, Problems, check, once
from statevisit.document.model import Document
from statevisit.document.records import Event

_SURROUNDINGS = frozenset({"PLACE", "TIME"})
"""The roles of what an event happens in; whoever has no other role takes no part in it."""

_PARTICIPANT = "PARTICIPANT"

_ACTIVE = ("AGENT", "PIVOT", "RECIPIENT")
"""The roles of those that take part in an event."""

_AFFECTED = "PATIENT"
"""The role of those that take part in what somebody does to them, but not in a storm."""

_ACTORS = ("PERSON", "ORG", "GPE")
"""The entity types of those that take part.

Things that an event damages do not, and the participant for a demonym is its country.
"""


class _Filler(Struct, frozen=True):
    """An entity in an argument of an event; `path` is that of the argument."""

    event: Event
    entity: str
    role: str
    path: Path_


@once
def _fillers(document: Document) -> list[_Filler]:
    """The entities in the arguments of all events."""
    entities = {mention.id: mention.entity for mention in document.mentions}
    fillers = []
    for number, event in enumerate(document.events):
        for index, argument in enumerate(event.arguments or ()):
            entity = entities.get(argument.target)
            if entity and argument.role:
                path = ("events", number, "arguments", index)
                fillers.append(_Filler(event, entity, argument.role, path))
    return fillers


@once
def _members(document: Document) -> dict[str, tuple[str, ...]]:
    """The members of each set."""
    return {entity.id: entity.members for entity in document.entities if entity.members}


def _with_members(document: Document, entity: str) -> list[str]:
    """An entity, its members, their members, and so on."""
    direct = _members(document)
    reached = {entity}
    order = [entity]
    for one in order:  # the list grows meanwhile
        following = [member for member in direct.get(one, ()) if member not in reached]
        reached.update(following)
        order += following
    return order


@once
def _roles(document: Document) -> dict[tuple[str | None, str], set[str]]:
    """The roles of the source of each PARTICIPANT in the events of its target.

    An entity also has the roles of a set that contains it. Who wins a tournament takes part in it:
    the roles in an event count for the events that are its arguments, unless they say where or when
    it happens.
    """
    chains = {event.id: event.event for event in document.events}
    arguments_of = {
        event.id: {chains.get(argument.target) for argument in event.arguments or ()}
        for event in document.events
    }
    roles: dict[tuple[str | None, str], set[str]] = {
        (relation.target, relation.source): set()
        for relation in document.relations
        if relation.type == _PARTICIPANT
    }
    targets = {target for target, _ in roles}
    for filler in _fillers(document):
        of_filler = {filler.event.event}
        if filler.role not in _SURROUNDINGS:
            of_filler |= arguments_of[filler.event.id]
        for chain in of_filler & targets:
            for entity in _with_members(document, filler.entity):
                if (chain, entity) in roles:
                    roles[chain, entity].add(filler.role)
    return roles


@check("W612")
def only_a_place(document: Document, context: Context) -> Problems:
    """The participant is only the place or time of the event.

    An event takes place in a city or a year, which takes no part in it. In the arguments of the
    event, the entity or a set that contains it is PLACE or TIME and nothing else. A host that
    also takes part can be right, if the words that say so are no argument.

    Wrong: PARTICIPANT from `nairobi` to `africa-cup`, whose PLACE is `nairobi`
    Right: PARTICIPANT from `kenya` to `africa-cup`, whose AGENT is `kenya`
    """
    for number, relation in enumerate(document.relations):
        if relation.type != _PARTICIPANT:
            continue
        roles = _roles(document)[relation.target, relation.source]
        if roles and roles <= _SURROUNDINGS:
            only = " and ".join(sorted(roles))
            detail = f"{relation.source!r} is the {only} of {relation.target!r}"
            yield ("relations", number, "source"), detail


@check("W613")
def not_a_participant(document: Document, context: Context) -> Problems:
    """The entity takes part in a named event, but no relation says so.

    Everyone who is AGENT, PIVOT or RECIPIENT of a named event is its PARTICIPANT, once mentions,
    entities, events and relations are done. So is the PATIENT of an event with an AGENT. A set
    counts if it is a participant, if its members are, or if it is a member of one. Things that an
    event affects, demonyms, and kinds of people need no relation.

    Wrong: "Africa Cup" with the AGENT `kenya`, and no relation between the two
    Right: PARTICIPANT from `kenya` to `africa-cup`
    """
    is_known = _PARTICIPANT in context.scheme.label_names("relations", "type")
    if not is_known or not document.is_done("mentions", "entities", "events", "relations"):
        return
    named = {event.event for event in document.events if event.level == "NAM"}
    acting = {
        entity.id
        for entity in document.entities
        if entity.type in _ACTORS and entity.reference not in ("GENERIC", "NEGATED")
    }
    participants: dict[str | None, set[str]] = {}
    for relation in document.relations:
        if relation.type == _PARTICIPANT:
            members = _with_members(document, relation.source)
            participants.setdefault(relation.target, set()).update(members)
    acted = {filler.event.event for filler in _fillers(document) if filler.role == "AGENT"}
    reported: set[tuple[str, str]] = set()
    for filler in _fillers(document):
        chain, entity = filler.event.event, filler.entity
        if chain is None or chain not in named or entity not in acting:
            continue
        is_affected = filler.role == _AFFECTED and chain in acted
        if not (filler.role in _ACTIVE or is_affected) or filler.event.polarity == "NEG":
            continue
        is_new = (chain, entity) not in reported
        if is_new and not _takes_part(document, entity, participants.get(chain, ())):
            reported.add((chain, entity))
            yield filler.path, f"{entity!r} is {filler.role} of {chain!r}"


def _takes_part(document: Document, entity: str, participants: Container[str]) -> bool:
    """Whether an entity is among the participants, or all entities that a set consists of are."""
    if entity in participants:
        return True
    sets = _members(document)
    single = [one for one in _with_members(document, entity) if one not in sets]
    return entity in sets and all(one in participants for one in single)
