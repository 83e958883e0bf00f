"""The one rule for whether two records stand for the same entity or event. No I/O."""

from statevisit.records import Entity, EventChain


def same_entity(a: Entity | EventChain, b: Entity | EventChain) -> bool:
    """Whether two records can stand for the same thing, in two annotations or versions of a text.

    - An entity and an event chain are two things.
    - Two linked records are the same if and only if they link to the same Wikidata item.
    - If either has no link (`nil`, or an unnamed chain), two entities are the same unless both name
      and type differ: a correction changes one of the two.
    - Chains have no type, and most have no name, so without two links nothing shows that they
      differ: they can be the same.

    Only two equal links prove that the records are the same. If there are several candidates, the
    mentions or events that they share decide (`align`).
    """
    if type(a) is not type(b):
        return False
    if a.wikidata is not None and b.wikidata is not None:
        return a.wikidata == b.wikidata
    if isinstance(a, Entity) and isinstance(b, Entity):
        return a.name == b.name or a.type == b.type
    return True


def same_item(a: Entity | EventChain, b: Entity | EventChain) -> bool:
    """Whether two records are the same thing for certain: both link to one Wikidata item."""
    return type(a) is type(b) and a.wikidata is not None and a.wikidata == b.wikidata
