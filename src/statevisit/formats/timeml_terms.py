"""The terms of TimeML 1.2.1 and those of the scheme, as one table.

The source is Saurí et al. 2006, "TimeML Annotation Guidelines, Version 1.2.1", with the tags of
"TimeML 1.2.1: A Formal Specification Language for Events and Temporal Expressions"
(https://timeml.github.io/site/publications/timeMLdocs/timeml_1.2.1.html). TempEval-3 (UzZaman et
al. 2013) uses the same tags and, as here, reads DURING as SIMULTANEOUS.
"""

from functools import lru_cache

from msgspec import Struct

from statevisit.document.scheme import Scheme
from statevisit.formats.vocabulary import label_name, label_names
from statevisit.regions.relation_labels import relation_labels, type_label

TLINK, SLINK, ALINK = "TLINK", "SLINK", "ALINK"

SIGNAL = "SIGNAL"
"""The label of a signal, the word that states a link. No layer of a document holds any."""

DCT = "DCT"
"""The time at which the text was made, in a reference."""


class Term(Struct, frozen=True):
    """A relation of TimeML, and the type of event relation that it is read as.

    It leads the other way if it `is_reversed`. The type is written as the relation if it
    `is_written`. `lost` is what the type does not say.
    """

    link: str
    relation: str
    type: str
    is_reversed: bool = False
    is_written: bool = False
    lost: str = ""


_NEXT = "that nothing lies between the two"

TERMS = (
    Term(TLINK, "BEFORE", "BEFORE", is_written=True),
    Term(TLINK, "AFTER", "BEFORE", is_reversed=True),
    Term(TLINK, "IBEFORE", "BEFORE", lost=_NEXT),
    Term(TLINK, "IAFTER", "BEFORE", is_reversed=True, lost=_NEXT),
    Term(TLINK, "INCLUDES", "CONTAINS", is_written=True),
    Term(TLINK, "IS_INCLUDED", "CONTAINS", is_reversed=True),
    Term(TLINK, "SIMULTANEOUS", "SIMULTANEOUS", is_written=True),
    Term(TLINK, "IDENTITY", "SIMULTANEOUS"),  # of two events: they are one chain
    Term(TLINK, "DURING", "SIMULTANEOUS"),
    Term(TLINK, "DURING_INV", "SIMULTANEOUS", is_reversed=True),
    Term(TLINK, "BEGUN_BY", "BEGINS_ON", is_written=True),
    Term(TLINK, "BEGINS", "BEGINS_ON", is_reversed=True),
    Term(TLINK, "ENDED_BY", "ENDS_ON", is_written=True),
    Term(TLINK, "ENDS", "ENDS_ON", is_reversed=True),
    Term(SLINK, "EVIDENTIAL", "REPORTS", is_written=True),
    Term(SLINK, "NEG_EVIDENTIAL", "REPORTS", lost="that the source denies the target"),
    Term(ALINK, "INITIATES", "INITIATES", is_written=True),
    Term(ALINK, "CONTINUES", "CONTINUES", is_written=True),
    Term(ALINK, "REINITIATES", "CONTINUES", lost="that the target had stopped"),
    Term(ALINK, "TERMINATES", "TERMINATES", is_written=True),
    Term(ALINK, "CULMINATES", "TERMINATES", lost="that the target is complete"),
)
"""The relations of TimeML that the scheme has; SLINKs of other types are none of its relations."""

DERIVED = {"SUBEVENT": "CONTAINS"}
"""Types that TimeML lacks, and the type that follows from them and is written.

The link has the type as its `origin`, the attribute of links that are derived from others.
"""

IDENTITY = "IDENTITY"
"""The TLINK between two mentions of one event."""

SOURCE_CLASS = {
    "REPORTS": "REPORTING",
    "INITIATES": "ASPECTUAL",
    "CONTINUES": "ASPECTUAL",
    "TERMINATES": "ASPECTUAL",
}
"""The class that an event must have to be the source of a type of event relation (E404)."""

DOC_TIME_RELS = {
    "BEFORE": "BEFORE",
    "IBEFORE": "BEFORE",
    "AFTER": "AFTER",
    "IAFTER": "AFTER",
    "SIMULTANEOUS": "OVERLAP",
    "IDENTITY": "OVERLAP",
    "IS_INCLUDED": "OVERLAP",
    "DURING": "OVERLAP",
    "DURING_INV": "OVERLAP",
    "BEGINS": "OVERLAP",
    "ENDS": "OVERLAP",
    "BEGUN_BY": "OVERLAP",
    "INCLUDES": "BEFORE_OVERLAP",
    "ENDED_BY": "BEFORE_OVERLAP",
}
"""For the TLINK of an event to the document's time, the event's `doc_time_rel`.

The first relation of each is the one that is written. SIMULTANEOUS is, in the guidelines of TimeML,
also "temporally indistinguishable in context".
"""

INVERSES = {
    one: other
    for pair in (
        ("BEFORE", "AFTER"),
        ("IBEFORE", "IAFTER"),
        ("INCLUDES", "IS_INCLUDED"),
        ("DURING", "DURING_INV"),
        ("BEGINS", "BEGUN_BY"),
        ("ENDS", "ENDED_BY"),
        ("SIMULTANEOUS", "SIMULTANEOUS"),
        ("IDENTITY", "IDENTITY"),
    )
    for one, other in (pair, pair[::-1])
}
"""The relation from the target to the source of a TLINK."""

LEVELS = {"VERB": "VRB", "NOUN": "NOM", "ADJECTIVE": "NOM"}
"""The level of an event by the part of speech (`pos`) of its instance."""

PARTS_OF_SPEECH = {"VRB": "VERB", "NOM": "NOUN", "NAM": "NOUN", "PRO": "OTHER"}
"""The part of speech by the level of an event; OTHER if it has none."""

TIMEX_REFERENCES = {"anchor": "anchorTimeID", "begin": "beginPoint", "end_point": "endPoint"}
"""The properties of times that refer to times, and the attributes of TIMEX3."""

TIMEX_VALUES = ("value", "mod", "quant", "freq")
"""The other properties of times, which TIMEX3 has under the same name."""

ONLY_OF = {
    "begin": "DURATION",
    "end_point": "DURATION",
    "quant": "SET",
    "freq": "SET",
    "tense": "VRB",
    "aspect": "VRB",
}
"""Properties that only times of one type, or events of one level, can have in the scheme."""

MODIFIERS_OF_POINTS = ("BEFORE", "AFTER", "ON_OR_BEFORE", "ON_OR_AFTER")
MODIFIERS_OF_LENGTHS = ("LESS_THAN", "MORE_THAN", "EQUAL_OR_LESS", "EQUAL_OR_MORE")
"""Modifiers that a DURATION, and a DATE or TIME, cannot have (E510); TimeML does not say so."""

SILENT = {"", "NONE", "UNKNOWN", "OTHER", "none"}
"""Values that say that there is none."""


@lru_cache(1024)
def own_label(element: str, name: str, scheme: Scheme) -> str:
    """Return the label for the type of a TIMEX3 or the class of an EVENT.

    One that the scheme lacks has its element before it, as in `EVENT.MODAL`.
    """
    layer = "timexes" if element == "TIMEX3" else "events"
    if layer in scheme.layers:
        label = label_name(layer, name, scheme)
        if label_names(scheme).get(label) == (layer, name):
            return label
    return f"{element}.{name}"


@lru_cache(1024)
def element_of(label: str, scheme: Scheme) -> tuple[str, str]:
    """Return the element for a label, and its type or class; ("", "") for one without a place."""
    layer, name = label_names(scheme).get(label, ("", ""))
    if layer in ("timexes", "events"):
        return ("TIMEX3" if layer == "timexes" else "EVENT"), "" if name == "?" else name
    element, _, name = label.partition(".")
    return (element, name) if element in ("TIMEX3", "EVENT", SIGNAL) else ("", "")


@lru_cache(1024)
def read_as(link: str, relation: str, source_class: str, scheme: Scheme) -> tuple[str, Term | None]:
    """Return the relation label for a link of TimeML, and its term.

    A link that is no event relation, or not one from a source of that class, is labelled as in
    `SLINK.MODAL`.
    """
    for term in TERMS:
        if (term.link, term.relation) != (link, relation):
            continue
        label = type_label(term.type, None, scheme)
        needed = SOURCE_CLASS.get(term.type, source_class)
        if label in relation_labels(scheme) and source_class == needed:
            return label, term
    return f"{link}.{relation}", None


@lru_cache(1024)
def written_as(label: str, scheme: Scheme) -> tuple[str, str, str]:
    """Return the link, relation and origin for a relation label; empty if it has no place."""
    for term in TERMS:
        if term.is_written and label == type_label(term.type, None, scheme):
            return term.link, term.relation, ""
        for type_, derived in DERIVED.items():
            if (
                term.is_written
                and derived == term.type
                and label == type_label(type_, None, scheme)
            ):
                return term.link, term.relation, type_
    link, _, relation = label.partition(".")
    return (link, relation, "") if link in (TLINK, SLINK, ALINK) and relation else ("", "", "")
