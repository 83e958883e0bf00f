"""References: ids, what they point to, and the lists beside the documents."""

from itertools import chain

from statevisit.checks.registry import Context, Path_, Problems, check, once
from statevisit.model import LAYERS, Document
from statevisit.references import references_of


@check("E301")
def unique_ids(document: Document, context: Context) -> Problems:
    """The id is used twice in the document.

    References name a record by its id alone, across all layers; with two records of one id nobody
    can tell which is meant.

    Wrong: a mention `"id":"t1"` beside a time expression `"id":"t1"`
    Right: the mention `"id":"m1"`
    """
    if len(document.layers) == sum(
        len(getattr(document, layer))
        for layer, kind in LAYERS.items()
        if "id" in kind.__struct_fields__
    ):
        return
    seen: dict[str, tuple[str, int]] = {}
    for layer, kind in LAYERS.items():
        if "id" in kind.__struct_fields__:
            for number, record in enumerate(getattr(document, layer)):
                if (first := seen.setdefault(record.id, here := (layer, number))) is not here:
                    yield (*here, "id"), f"{record.id!r} is already the id of {first[0]} {first[1]}"


@once
def _references(document: Document) -> list[tuple[Path_, str, tuple[str, ...]]]:
    return list(references_of(document))


@check("E302")
def dangling(document: Document, context: Context) -> Problems:
    """The reference points to nothing.

    A reference to a record that is not there says nothing, and breaks every program that follows
    it.

    Wrong: `"entity":"nobody"` without an entity of that id
    Right: `"entity":"aliyev"`
    """
    known = document.layers
    for path, target, layers in _references(document):
        if target not in known:
            yield path, f"there is no {target!r} in {' or '.join(layers)}"


@check("E303")
def wrong_layer(document: Document, context: Context) -> Problems:
    """The reference points to a record of the wrong layer.

    A mention means an entity, a chain holds events, an argument is something in the text; a program
    that follows a reference expects that kind of record.

    Wrong: `"entity":"m2"`, the id of a mention
    Right: `"entity":"aliyev"`, the id of an entity
    """
    known = document.layers
    for path, target, layers in _references(document):
        if (layer := known.get(target)) and layer not in layers:
            yield path, f"{target!r} is in {layer}, not in {' or '.join(layers)}"


@check("E304")
def evidence(document: Document, context: Context) -> Problems:
    """The evidence names a sentence that the document does not have.

    Evidence is the sentences that support a relation, by number from 0; one that is not there
    supports nothing. Numbers counted from 1 are the usual cause.

    Wrong: `"evidence":[22]` in a document of 22 sentences
    Right: `"evidence":[21]`
    """
    for i, relation in enumerate(document.relations):
        for n, number in enumerate(relation.evidence):
            if number >= len(document.sentences):
                yield (
                    ("relations", i, "evidence", n),
                    f"{number}; the last one is {len(document.sentences) - 1}",
                )


@check("E305")
def annotators(document: Document, context: Context) -> Problems:
    """The annotator is not in corpus/annotators.json.

    Who annotated what, and whether a human, a model or a rule, is part of the data.

    Wrong: `"annotators":["anna"]` without an entry `anna` in the list
    Right: an entry `{"id":"anna","kind":"human",…}`
    """
    for i, annotator in enumerate(document.annotators):
        if context.annotators is not None and annotator not in context.annotators:
            yield ("annotators", i), f"{annotator!r}; add it there, with its kind"


@check("E306")
def links(document: Document, context: Context) -> Problems:
    """The Wikidata id is not among the verified ones.

    An id recalled from memory is often another thing's. Only ids with evidence in
    `corpus/wikidata.json` may be used.

    Wrong: `"wikidata":"Q1"` without evidence in the list
    Right: `"nil":"UNVERIFIED"`, or the id added to the list with its evidence
    """
    if context.links is None:
        return
    records = chain(
        ((("entities", i), e) for i, e in enumerate(document.entities)),
        ((("event_chains", i), e) for i, e in enumerate(document.event_chains)),
    )
    for path, record in records:
        if record.wikidata and record.wikidata not in context.links:
            yield (
                (*path, "wikidata"),
                f'{record.wikidata}; add it with evidence to corpus/wikidata.json, or set "nil": "UNVERIFIED" instead',
            )
