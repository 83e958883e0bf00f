"""Labels that must agree: levels with words and chains, roles with layers, relations with what they join."""

from statevisit import time_algebra
from statevisit.checks.registry import Context, Problems, check
from statevisit.model import Document

PRONOUNS = frozenset(
    [
        "i",
        "me",
        "my",
        "mine",
        "myself",
        "we",
        "us",
        "our",
        "ours",
        "ourselves",
        "you",
        "your",
        "yours",
        "yourself",
        "yourselves",
        "he",
        "him",
        "his",
        "himself",
        "she",
        "her",
        "hers",
        "herself",
        "it",
        "its",
        "itself",
        "they",
        "them",
        "their",
        "theirs",
        "themselves",
        "who",
        "whom",
        "whose",
    ]
)


@check("E311")
def role_layers(document: Document, context: Context) -> Problems:
    """The role cannot be filled from that layer.

    TIME says when or for how long, so it is a time expression, or an event that dates another;
    AMOUNT is a quantity. Participants and places (AGENT, PATIENT, RECIPIENT, INSTRUMENT, PLACE) are
    no times, and a place is no quantity (the roles of ISO 24617-4).

    Wrong: `{"role":"TIME","target":"m3"}`, where `m3` is a mention
    Right: `{"role":"TIME","target":"t3"}`, where `t3` is a time expression
    """
    only = {"TIME": ("timexes", "events"), "AMOUNT": ("quantities",)}
    never = {"PLACE": ("timexes", "quantities")} | dict.fromkeys(
        ("AGENT", "PATIENT", "RECIPIENT", "INSTRUMENT"), ("timexes",)
    )
    for i, event in enumerate(document.events):
        for n, a in enumerate(event.arguments):
            layer = document.layer_of(a.target) if a.target in document else None
            if layer in ("mentions", "timexes", "quantities", "events") and (
                layer not in only.get(a.role, (layer,)) or layer in never.get(a.role, ())
            ):
                yield ("events", i, "arguments", n), f"{a.role} is {a.target!r} in {layer}"


@check("E402")
def named_events(document: Document, context: Context) -> Problems:
    """A named event belongs to a chain without a name.

    A trigger of level NAM is the proper name of an event, so its chain has `name`, and a link or
    the reason why not.

    Wrong: "Second Karabakh War" of level NAM in the chain `{"id":"war"}`
    Right: the chain `{"id":"war","name":"Second Karabakh War","nil":"UNVERIFIED"}`
    """
    chains = {c.id: c for c in document.event_chains}
    for i, event in enumerate(document.events):
        if event.level == "NAM" and event.event in chains and not chains[event.event].name:
            yield ("events", i, "level"), f"{event.text!r} in {event.event!r}"


@check("W403")
def levels(document: Document, context: Context) -> Problems:
    """The level does not fit the word.

    In English a personal pronoun is PRO, and a proper name has a capital letter or a figure. Names
    written small on purpose can be right.

    Wrong: "his" of level NOM, "leaders" of level NAM
    Right: "his" of level PRO, "leaders" of level NOM
    """
    if document.language.partition("-")[0].lower() != "en":
        return
    for i, mention in enumerate(document.mentions):
        word = mention.text
        if (
            mention.level != "PRO"
            and word.lower() in PRONOUNS
            and not (mention.level == "NAM" and word.isupper())
        ):  # US is a name
            yield ("mentions", i, "level"), f"{word!r} is a pronoun, not {mention.level}"
        elif mention.level == "NAM" and word.islower():
            yield ("mentions", i, "level"), f"{word!r} has no capital letter"


_SOURCE_CLASS = {
    "REPORTS": "REPORTING",
    "INITIATES": "ASPECTUAL",
    "CONTINUES": "ASPECTUAL",
    "TERMINATES": "ASPECTUAL",
}


@check("E404")
def relation_classes(document: Document, context: Context) -> Problems:
    """The relation begins at an event of the wrong class.

    Only a REPORTING event reports, and only an ASPECTUAL one begins, continues or ends another
    (TimeML's SLINK and ALINK); either the class or the relation is wrong.

    Wrong: `{"type":"REPORTS","source":"ev1",…}`, where `ev1` is of class OCCURRENCE
    Right: `ev1` of class REPORTING, or the relation CAUSE
    """
    classes = {e.id: e.class_ for e in document.events}
    for i, r in enumerate(document.event_relations):
        wanted = _SOURCE_CLASS.get(r.type)
        if wanted and classes.get(r.source, wanted) != wanted:
            yield (
                ("event_relations", i, "source"),
                f"{r.type} from {r.source!r}, of class {classes[r.source]}, not {wanted}",
            )


@check("E405")
def events_only(document: Document, context: Context) -> Problems:
    """The relation holds between events, and one end is a time.

    A time can lie before an event or contain it; it cannot cause, report, or be a part of one.

    Wrong: `{"type":"CAUSE","source":"t1","target":"ev2"}`
    Right: `{"type":"CONTAINS","source":"t1","target":"ev2"}`
    """
    times = {t.id for t in document.timexes}
    for i, r in enumerate(document.event_relations):
        if r.type not in time_algebra.ORDERS:
            for end in ("source", "target"):
                if getattr(r, end) in times:
                    yield ("event_relations", i, end), f"{r.type} with {getattr(r, end)!r}"


_PLACES = ("GPE", "LOC")
_ENDS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "HEAD_OF_STATE": (_PLACES, ("PERSON",)),
    "HEAD_OF_GOVERNMENT": (_PLACES, ("PERSON",)),
    "POSITION_HELD": (("PERSON",), ()),
    "CITIZEN_OF": (("PERSON",), ("GPE",)),
    "CAPITAL": (_PLACES, ("GPE",)),
    "COUNTRY": (
        ("ORG", "GPE", "LOC", "FAC", "PRODUCT", "WORK_OF_ART", "LAW", "NORP", "LANGUAGE"),
        ("GPE",),
    ),
    "LOCATED_IN": ((), _PLACES),
    "CHAIRPERSON": (("ORG",), ("PERSON",)),
    "EMPLOYER": (("PERSON",), ()),
}
"""The entity types at the source and at the target of a relation type, as its description says; () is any."""


@check("E406")
def relation_ends(document: Document, context: Context) -> Problems:
    """The relation cannot hold between entities of these types.

    A head of state is a person, a capital a city: the definition of each relation type says what it
    joins. Mostly the two ends are the wrong way round.

    Wrong: `{"type":"HEAD_OF_STATE","source":"aliyev","target":"azerbaijan"}`
    Right: `{"type":"HEAD_OF_STATE","source":"azerbaijan","target":"aliyev"}`
    """
    types = {e.id: e.type for e in document.entities}
    for i, r in enumerate(document.relations):
        for end, allowed in zip(("source", "target"), _ENDS.get(r.type, ((), ())), strict=True):
            found = types.get(getattr(r, end))
            if found and allowed and found not in allowed:
                yield (
                    ("relations", i, end),
                    f"{r.type} has {getattr(r, end)!r} as {end}, of type {found}; it must be {' or '.join(allowed)}",
                )
