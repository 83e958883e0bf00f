"""Labels that must fit: levels to words, roles to layers, relations to their two ends."""

from functools import cache

from msgspec import Struct

from statevisit.checks.registry import Context, Problems, check
from statevisit.document.model import Document
from statevisit.document.records import Event, Mention
from statevisit.document.scheme import Scheme, base

_PRONOUNS = frozenset(
    """
    i me my myself we us our ours ourselves you your yours yourself yourselves
    he him his himself she her hers herself it its itself they them their theirs themselves
    who whom whose
    """.split()  # noqa: SIM905  a list would take a line for each word
)

_PRONOUNS_FOR_EVENTS = frozenset({"it", "this", "that", "these", "those"})

_FILLERS = ("mentions", "timexes", "quantities", "events")
"""The layers whose records can be arguments; E303 reports any other."""

_ROLE_LAYERS = {
    "TIME": ("timexes", "events"),
    "AMOUNT": ("quantities", "timexes"),
    "PLACE": ("mentions", "events"),
    "AGENT": ("mentions", "quantities", "events"),
    "PATIENT": ("mentions", "quantities", "events"),
    "PIVOT": ("mentions", "quantities", "events"),
    "RECIPIENT": ("mentions", "quantities", "events"),
    "INSTRUMENT": ("mentions", "quantities", "events"),
}
"""The layers that can fill a role, the usual one first; any other role from all of them."""


@check("E311")
def role_layers(document: Document, context: Context) -> Problems:
    """The role cannot be filled from that layer.

    TIME says when or for how long, so it is a time expression, or an event that dates another.
    AMOUNT is a quantity, or a duration (jailed for six years). Participants and places (AGENT,
    PATIENT, PIVOT, RECIPIENT, INSTRUMENT, PLACE) are never times, and a place is never a quantity
    (the roles of ISO 24617-4).

    Wrong: `{"role":"TIME","target":"m3"}`, where `m3` is a mention
    Right: `{"role":"TIME","target":"t3"}`, where `t3` is a time expression
    """
    layers = document.layer_by_id
    allowed = _role_layers(context.scheme)
    filled = {(argument.role, layers.get(argument.target)) for argument in document.arguments}
    if not any(_is_wrong_layer(role, layer, allowed) for role, layer in filled):
        return
    for number, event in enumerate(document.events):
        for index, argument in enumerate(event.arguments or ()):
            layer = layers.get(argument.target)
            if _is_wrong_layer(argument.role, layer, allowed):
                yield (
                    ("events", number, "arguments", index),
                    f"{argument.role} is {argument.target!r} in {layer}",
                )


def _is_wrong_layer(
    role: str | None, layer: str | None, allowed: dict[str, tuple[str, ...]]
) -> bool:
    """Whether a role cannot be filled from a layer that has records for other roles."""
    return layer in _FILLERS and layer not in allowed.get(role or "", _FILLERS)


@cache
def _role_layers(scheme: Scheme) -> dict[str, tuple[str, ...]]:
    """The layers that can fill a role; a corpus without the usual one annotates it in others."""
    return {role: layers for role, layers in _ROLE_LAYERS.items() if layers[0] in scheme.layers}


@check("E402")
def named_events(document: Document, context: Context) -> Problems:
    """A named event belongs to a chain without a name.

    A trigger of level NAM is the proper name of an event. Its chain therefore has a `name`, and a
    link or the reason why it has none, once the layer `event_chains` is done.

    Wrong: "Second Karabakh War" of level NAM in the chain `{"id":"war"}`
    Right: the chain `{"id":"war","name":"Second Karabakh War","nil":"UNVERIFIED"}`
    """
    if not document.is_done("event_chains"):
        return
    unnamed = {chain.id for chain in document.event_chains if not chain.name}
    for number, event in enumerate(document.events):
        if event.level == "NAM" and event.event in unnamed:
            yield ("events", number, "level"), f"{event.text!r} in {event.event!r}"


@check("W403", languages=("en",))
def levels(document: Document, context: Context) -> Problems:
    """The level does not fit the word.

    A personal pronoun is PRO, also if it means an event. A proper name has a capital letter or a
    digit. A capital inside a sentence can make a name of a pronoun (Stephen King's It), and a mine
    can be dug. A name that is deliberately written in lower case can be right.

    Wrong: "his" of level NOM, "leaders" of level NAM
    Right: "his" of level PRO, "leaders" of level NOM
    """
    for number, mention in enumerate(document.mentions):
        path = ("mentions", number, "level")
        if _is_pronoun_of_other_level(document, mention, _PRONOUNS):
            yield path, f"{mention.text!r} is a pronoun, not {mention.level}"
        elif mention.level == "NAM" and mention.text.islower():
            yield path, f"{mention.text!r} has no capital letter"
    for number, event in enumerate(document.events):
        if _is_pronoun_of_other_level(document, event, _PRONOUNS_FOR_EVENTS):
            path = ("events", number, "level")
            yield path, f"{event.text!r} is a pronoun, not {event.level}"


def _is_pronoun_of_other_level(
    document: Document, record: Mention | Event, pronouns: frozenset[str]
) -> bool:
    """Whether the word of a mention or event is a pronoun, but its level is another one."""
    word = record.text
    if record.level in (None, "PRO") or word.lower() not in pronouns:
        return False
    is_name = record.level == "NAM" and word != "I" and _is_capital_of_its_own(document, record)
    return not is_name


def _is_capital_of_its_own(document: Document, mention: Mention | Event) -> bool:
    """Whether a word has a capital that is not due to the beginning of a sentence or speech."""
    if mention.text.isupper():  # US, WHO
        return True
    before = document.text[max(0, mention.start - 8) : mention.start].rstrip()[-1:]
    return mention.text.istitle() and (before.isalnum() or before == ",")


_SOURCE_CLASS = {
    "REPORTS": "REPORTING",
    "INITIATES": "ASPECTUAL",
    "CONTINUES": "ASPECTUAL",
    "TERMINATES": "ASPECTUAL",
}
"""The class of the event at which a relation of these types starts."""


@check("E404")
def relation_classes(document: Document, context: Context) -> Problems:
    """The relation starts at an event of the wrong class.

    Only a REPORTING event reports, and only an ASPECTUAL event initiates, continues or terminates
    another (TimeML's SLINK and ALINK). Either the class or the relation is wrong.

    Wrong: `{"type":"REPORTS","source":"ev1",…}`, where `ev1` is of class OCCURRENCE
    Right: `ev1` of class REPORTING, or the relation CAUSE
    """
    classes = {event.id: event.class_ for event in document.events}
    known = context.scheme.label_names("events", "class")
    for number, relation in enumerate(document.event_relations):
        required = _SOURCE_CLASS.get(relation.type or "")
        source_class = classes.get(relation.source)
        if required in known and source_class and source_class != required:
            yield (
                ("event_relations", number, "source"),
                f"{relation.type} from {relation.source!r}, "
                f"of class {source_class}, not {required}",
            )


_BETWEEN_EVENTS = ("causal", "structural", "reporting", "aspectual")
"""The families of relations that hold between events only."""


@check("E405")
def events_only(document: Document, context: Context) -> Problems:
    """The relation holds between events only, but one end is a time.

    A time can be before an event or contain it. It cannot cause an event, report it or be a part
    of it.

    Wrong: `{"type":"CAUSE","source":"t1","target":"ev2"}`
    Right: `{"type":"CONTAINS","source":"t1","target":"ev2"}`
    """
    times = {timex.id for timex in document.timexes}
    families = context.scheme.label_extras("event_relations", "type", "family")
    for number, relation in enumerate(document.event_relations):
        if families.get(relation.type or "") not in _BETWEEN_EVENTS:
            continue
        for end in ("source", "target"):
            target = getattr(relation, end)
            if target in times:
                yield ("event_relations", number, end), f"{relation.type} with {target!r}"


class _Ends(Struct, frozen=True):
    """The entity types at both ends of a relation type; an empty tuple allows any type."""

    source: tuple[str, ...] = ()
    target: tuple[str, ...] = ()


_PLACES = ("GPE", "LOC")
_ACTORS = ("PERSON", "NORP", "ORG", "GPE", "LOC", "FAC", "PRODUCT")
_OF_COUNTRIES = ("ORG", "GPE", "LOC", "FAC", "PRODUCT", "WORK_OF_ART", "LAW", "NORP", "LANGUAGE")
_RELATION_ENDS = {
    "HEAD_OF_STATE": _Ends(_PLACES, ("PERSON",)),
    "HEAD_OF_GOVERNMENT": _Ends(_PLACES, ("PERSON",)),
    "CITIZEN_OF": _Ends(("PERSON",), ("GPE",)),
    "CAPITAL": _Ends(_PLACES, ("GPE",)),
    "COUNTRY": _Ends(_OF_COUNTRIES, ("GPE",)),
    "LOCATED_IN": _Ends(target=_PLACES),
    "CHAIRPERSON": _Ends(("ORG",), ("PERSON",)),
    "EMPLOYER": _Ends(source=("PERSON",)),
    "PARTICIPANT": _Ends(source=_ACTORS),
    "PARTY_TO": _Ends(_ACTORS, ("LAW",)),
}
"""The entity types that a relation type joins, as its description in the schema says.

A corpus's own entity types may be joined by all of them.
"""


@check("E406")
def relation_ends(document: Document, context: Context) -> Problems:
    """The relation cannot hold between entities of these types.

    A head of state is a person, a capital is a city: the definition of each relation type says
    what it joins. Usually source and target are exchanged.

    Wrong: `{"type":"HEAD_OF_STATE","source":"aliyev","target":"azerbaijan"}`
    Right: `{"type":"HEAD_OF_STATE","source":"azerbaijan","target":"aliyev"}`
    """
    known = base().label_names("entities", "type")
    types = {entity.id: entity.type for entity in document.entities if entity.type in known}
    for number, relation in enumerate(document.relations):
        ends = _RELATION_ENDS.get(relation.type or "", _Ends())
        for end in ("source", "target"):
            entity = getattr(relation, end)
            allowed = getattr(ends, end)
            type_ = types.get(entity)
            if type_ and allowed and type_ not in allowed:
                yield (
                    ("relations", number, end),
                    f"{relation.type} has {entity!r} as {end}, of type {type_}; "
                    f"it must be {' or '.join(allowed)}",
                )


_OF_EVENTS = "PARTICIPANT"
"""The relation type whose target is an event chain; every other one has an entity there."""


@check("E407")
def relation_layers(document: Document, context: Context) -> Problems:
    """The relation has an event for an entity, or an entity for an event.

    The target of PARTICIPANT is an event chain, and the target of every other type of the base
    scheme is an entity. A corpus's own types may have either.

    Wrong: `{"type":"PARTICIPANT","source":"kenya","target":"nairobi"}`
    Right: `{"type":"PARTICIPANT","source":"kenya","target":"africa-cup"}`, an event chain
    """
    known = base().label_names("relations", "type")
    layers = document.layer_by_id
    for number, relation in enumerate(document.relations):
        if relation.type not in known:
            continue
        needed = "event_chains" if relation.type == _OF_EVENTS else "entities"
        layer = layers.get(relation.target)
        if layer in ("entities", "event_chains") and layer != needed:
            yield (
                ("relations", number, "target"),
                f"{relation.type} has {relation.target!r} in {layer} as target; "
                f"it must be in {needed}",
            )


@check("E408")
def habits(document: Document, context: Context) -> Problems:
    """The MEMBER relation does not lead from a habit to an instance of it.

    A habit is an event of modality GENERIC ("she often visits Oslo"), and its instances are single
    events ("she visited Oslo in May"). The parts of one event are joined to it by SUBEVENT.

    Wrong: MEMBER from `ev1` to `ev2`, both of modality ACTUAL
    Right: MEMBER from `ev1`, of modality GENERIC, to `ev2`, of modality ACTUAL
    """
    events = {event.id: event for event in document.events}
    known = base().label_names("events", "modality")
    is_labelled = _HABIT in context.scheme.label_names("events", "modality")
    for number, relation in enumerate(document.event_relations):
        if relation.type != "MEMBER":
            continue
        source, target = events.get(relation.source), events.get(relation.target)
        if is_labelled and source and source.modality in {*known} - {_HABIT}:
            yield (
                ("event_relations", number, "source"),
                f"{source.id!r} is of modality {source.modality}, not {_HABIT}",
            )
        elif target and target.modality == _HABIT:
            yield (
                ("event_relations", number, "target"),
                f"the instance {target.id!r} is itself {_HABIT}",
            )


_HABIT = "GENERIC"
"""The modality of a habit."""


@check("W409")
def predicates(document: Document, context: Context) -> Problems:
    """The mention is called a predicate, but it is no noun.

    A predicate is a common noun that says what its entity is ("Ngata is the *captain*"). Names and
    pronouns refer by themselves, also after a copula ("the captain is *Ngata*"). A name that is
    used as a noun ("he is the new *Pelé*") can be right.

    Wrong: "Ngata" of level NAM with `"predicate":true`
    Right: "captain" of level NOM with `"predicate":true`
    """
    for number, mention in enumerate(document.mentions):
        if mention.predicate and mention.level in ("NAM", "PRO"):
            yield ("mentions", number, "predicate"), f"{mention.text!r} is of level {mention.level}"
