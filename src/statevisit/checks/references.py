"""References: ids, the records that they name, and the lists beside the documents."""

from statevisit.checks.consistency import linkable, wikidata_items
from statevisit.checks.registry import Context, Path_, Problems, check, once
from statevisit.document.model import LAYERS_WITH_IDS, Document
from statevisit.document.references import all_references, references_of, targets_of
from statevisit.document.scheme import scheme_of


@check("E301")
def unique_ids(document: Document, context: Context) -> Problems:
    """The id is used twice in the document.

    A reference names a record by its id alone, across all layers. If two records have the same id,
    the reference is ambiguous.

    Wrong: a mention `"id":"t1"` beside a time expression `"id":"t1"`
    Right: the mention `"id":"m1"`
    """
    records = sum(len(getattr(document, layer)) for layer in LAYERS_WITH_IDS)
    if len(document.layer_by_id) == records:
        return
    first_places: dict[str, tuple[str, int]] = {}
    for layer in LAYERS_WITH_IDS:
        for number, record in enumerate(getattr(document, layer)):
            place = (layer, number)
            first = first_places.setdefault(record.id, place)
            if first != place:
                yield (*place, "id"), f"{record.id!r} is already the id of {first[0]} {first[1]}"


@once
def _wrong_references(document: Document) -> list[tuple[Path_, str, tuple[str, ...]]]:
    """The references to no record, or to one of another layer than may hold it."""
    layers = document.layer_by_id
    is_right = all(
        set(map(layers.get, targets_of(document, reference))).issubset(reference.targets)
        for reference in all_references()
    )
    if is_right:  # nearly always, and told in half the time
        return []
    return [wrong for wrong in references_of(document) if layers.get(wrong[1]) not in wrong[2]]


@check("E302")
def dangling(document: Document, context: Context) -> Problems:
    """The reference names a record that does not exist.

    Such a reference says nothing, and breaks every program that follows it.

    Wrong: `"entity":"nobody"` without an entity of that id
    Right: `"entity":"aliyev"`
    """
    known = document.layer_by_id
    for path, target, layers in _wrong_references(document):
        if target not in known:
            yield path, f"there is no {target!r} in {' or '.join(layers)}"


@check("E303")
def wrong_layer(document: Document, context: Context) -> Problems:
    """The reference names a record of the wrong layer.

    A mention refers to an entity, an event to a chain, an argument to a span of the text. A program
    that follows a reference expects that kind of record.

    Wrong: `"entity":"m2"`, the id of a mention
    Right: `"entity":"aliyev"`, the id of an entity
    """
    known = document.layer_by_id
    for path, target, layers in _wrong_references(document):
        layer = known.get(target)
        if layer is not None:
            yield path, f"{target!r} is in {layer}, not in {' or '.join(layers)}"


@check("E304")
def evidence(document: Document, context: Context) -> Problems:
    """The evidence names a sentence that the document does not have.

    Evidence is the list of sentences that support a relation, by number from 0. Numbers that were
    counted from 1 are the usual cause.

    Wrong: `"evidence":[22]` in a document of 22 sentences
    Right: `"evidence":[21]`
    """
    last = len(document.sentences) - 1
    for number, relation in enumerate(document.relations):
        for index, sentence in enumerate(relation.evidence or ()):
            if sentence > last:
                yield (
                    ("relations", number, "evidence", index),
                    f"{sentence}; the last one is {last}",
                )


@check("E305")
def annotators(document: Document, context: Context) -> Problems:
    """The annotator is not in corpus/annotators.json.

    The data state who annotated each layer, and whether that was a human, a model or a rule.

    Wrong: `"annotators":["anna"]` without an entry `anna` in the list
    Right: an entry `{"id":"anna","kind":"human",…}`
    """
    if context.annotators is None:
        return
    for number, annotator in enumerate(document.annotators):
        if annotator not in context.annotators:
            yield ("annotators", number), f"{annotator!r}; add it to that list, with its kind"


@check("W725")
def signatures(document: Document, context: Context) -> Problems:
    """The layer has changed since a person signed it.

    A signature in `corpus/annotators.json` is for the records that the person saw, and for their
    text. After a change it counts no longer: somebody has to look at the layer again, or the
    signature goes.

    Wrong: `mentions` signed on Monday, a mention added on Tuesday
    Right: `statevisit annotators sign ayse --document DOC --layers mentions` after the change
    """
    for signature in context.signatures.get(document.id, ()):
        if signature.layer in scheme_of(document).layers and not signature.holds(document):
            detail = (
                f"{signature.annotator!r} signed it on {signature.date}: check it, then sign again "
                "with `statevisit annotators sign`, or remove the signature from the list"
            )
            yield (signature.layer,), detail


@check("E306")
def links(document: Document, context: Context) -> Problems:
    """The Wikidata item is not among the verified ones.

    An item that was written down from memory is often the item of another thing. Only items with
    evidence in `corpus/wikidata.json` may be used.

    Wrong: `"wikidata":"Q1"` without evidence in the list
    Right: `"nil":"UNVERIFIED"`, or the item added to the list with its evidence
    """
    if context.links is None:
        return
    if context.links.issuperset(wikidata_items(document)):
        return
    for path, record in linkable(document):
        if record.wikidata and record.wikidata not in context.links:
            yield (
                (*path, "wikidata"),
                f"{record.wikidata}; add it with evidence to corpus/wikidata.json, "
                'or set "nil": "UNVERIFIED" instead',
            )
