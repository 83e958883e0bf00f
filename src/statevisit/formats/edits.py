"""Annotated texts applied to documents: as changes of what was written, or as additions.

Files that statevisit wrote are compared with what it would write for the same document: only what
differs is a change, so that nothing is lost which the format cannot hold.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from statevisit.document.model import Document
from statevisit.formats.id_answers import IdAnswer, refers, settled, with_ids
from statevisit.formats.texts import AnnotatedText, Annotation, Cluster, Loss, Relation
from statevisit.formats.translation import Translation, relation_key
from statevisit.formats.vocabulary import GROUPS, text_of
from statevisit.regions.ids import Ids
from statevisit.regions.offsets import Ends
from statevisit.regions.regions import Link, Read, Region, Report, links_of, parts_of, regions_of
from statevisit.regions.relations import document_of

NEW = "new:"
"""The prefix of the id of a new region, which is never that of a record."""


KEPT = "kept:"
"""The prefix of the id of an annotation that has no place in the document."""


class Edited(Struct, frozen=True):
    """A document with the annotation of a text, and the parts of the text that it does not have.

    `rest` has these parts in the terms of the file; the ids of the others are those of records.
    `annotations` are the ids of annotations by those of their records.
    """

    document: Document
    losses: list[Loss]
    rest: AnnotatedText
    annotations: dict[str, str] = {}


class _Draft(Struct):
    """Regions and links that change, and the regions of annotations by their ids in the file."""

    base: Document
    current: Document
    translation: Translation
    regions: dict[str, Region]
    links: dict[Link, None]
    rest: AnnotatedText
    existing: dict[tuple[str, str, Ends], Region]
    """The regions of the document by layer, label and span."""
    refused: Mapping[str, str] = {}
    """The annotations and relations that are left out, by id, each with the kind of its loss."""
    region_of: dict[str, str] = field(default_factory=dict)
    losses: list[Loss] = field(default_factory=list)
    id_answers: list[IdAnswer] = field(default_factory=list)

    def document(self, report: Report) -> tuple[Document, dict[str, str]]:
        """Return the document, and its record ids by region."""
        links = [link for link in self.links if {link.source, link.target} <= self.regions.keys()]
        later = settled(self.id_answers, self.regions, self.region_of, NEW)
        read = Read(self.regions, links, set(self.regions))
        document, record_ids = document_of(read, self.base, self.current, report)
        return with_ids(document, later, record_ids), record_ids

    def lose(self, kind: str, detail: str, line: int) -> None:
        """Note something that has no place in the document."""
        self.losses.append(Loss(kind, detail, line))

    def add(self, annotation: Annotation) -> None:
        """Add the region of a new annotation, or recognise it in the document."""
        span = annotation.start, annotation.end
        place = self.translation.label(annotation.label)
        if place is None or len(annotation.fragments) > 1 or annotation.id in self.refused:
            kind = self.refused.get(annotation.id, "spans with gaps")
            if place is None:
                kind = f"annotations labelled {annotation.label!r}"
            self.lose(kind, f"{annotation.id} {_words(annotation)}", annotation.line)
            self.rest.annotations.append(annotation)
            return
        layer, label = place
        region = self.existing.get((layer, label, span))
        if region is None:
            name = annotation.id
            region = Region(f"{NEW}{name}", *span, {layer: label}, name=name)
            region.answers.update(self.translation.defaults(layer))
            self.regions[region.id] = region
        self.region_of[annotation.id] = region.id
        self.answer(annotation, annotation.attributes, region, is_new=region.id.startswith(NEW))

    def answer(
        self, annotation: Annotation, attributes: dict[str, str], region: Region, is_new: bool
    ) -> None:
        """Set the answers of a region; those of the document stay unless the region is new."""
        (layer,) = region.labels
        lost: dict[str, str] = {}
        for name, value in attributes.items():
            answered = self.translation.attribute(layer, name, value)
            if answered.control is None:
                kind = f"attributes {name!r} of {layer}"
                detail = f"{annotation.id} {name}={value!r}: {answered.problem}"
                self.lose(kind, detail, annotation.line)
                lost[name] = value
            elif is_new or answered.control.name not in region.answers:
                region.answers[answered.control.name] = answered.answer
                if refers(answered.control):
                    self.id_answers.append(IdAnswer(region.id, answered.control, value))
        if lost:
            self.rest.annotations.append(Annotation(annotation.id, 0, 0, "", lost))

    def link(self, relation: Relation, direct: Sequence[str]) -> Link | None:
        """Return the link of a relation between two regions; None if it has no place."""
        translated = self.translation.relation(relation.label)
        kind = f"relations {relation.label!r}"
        if translated is not None and len(direct) == 2:
            label, is_inverse = translated
            source, target = reversed(direct) if is_inverse else direct
            key = relation_key(relation.source, label, relation.target, is_inverse)
            if key not in self.refused:
                return Link(source, label, target)
            kind = self.refused[key]
        elif translated is not None:
            kind = f"{kind} of annotations that are left out"
        self.lose(kind, f"{relation.source} → {relation.target}", relation.line)
        self.rest.relations.append(relation)
        return None

    def ends(self, relation: Relation) -> list[str]:
        """Return the regions that a relation joins, as far as there are any."""
        ends = (self.region_of.get(end) for end in (relation.source, relation.target))
        return [end for end in ends if end is not None]

    def group(self, clusters: Iterable[Cluster]) -> None:
        """Give the regions of each cluster one entity or event chain: that of most of them."""
        ids = Ids(self.base, self.current)
        given: set[str] = set()
        for cluster in sorted(clusters, key=lambda c: -len(c.members)):
            regions = [
                self.regions[self.region_of[m]] for m in cluster.members if m in self.region_of
            ]
            layers = {layer for region in regions for layer in region.labels}
            layer = next(iter(layers), "")
            if len(layers) != 1 or layer not in GROUPS:
                if regions or cluster.members:
                    self._lose_cluster(cluster)
                continue
            control = f"{layer}_{GROUPS[layer]}"
            votes = Counter(r.answers[control] for r in regions if control in r.answers)
            known = [group for group, _ in votes.most_common() if group not in given]
            group = known[0] if known else ids.slug(self._words(regions[0]), GROUPS[layer])
            given.add(group)
            ids.taken.add(group)
            for region in regions:
                region.answers[control] = group

    def _words(self, region: Region) -> str:
        return self.base.text[region.start : region.end]

    def _lose_cluster(self, cluster: Cluster) -> None:
        kind = "clusters of annotations that are neither mentions nor events"
        self.lose(kind, f"{cluster.id}: {', '.join(cluster.members[:3])}", 0)
        self.rest.clusters.append(cluster)


def _draft(
    text: AnnotatedText, base: Document, current: Document, translation: Translation
) -> _Draft:
    parts = parts_of(base)
    regions = regions_of(base, parts)
    links = dict.fromkeys(links_of(base, parts))
    rest = AnnotatedText(text.id, "", text.file, notes=list(text.notes))
    existing = {
        (*labelled, (region.start, region.end)): region
        for region in regions.values()
        for labelled in region.labels.items()
    }
    return _Draft(base, current, translation, regions, links, rest, existing)


def with_additions(
    text: AnnotatedText,
    document: Document,
    translation: Translation,
    report: Report,
    refused: Mapping[str, str] = {},
) -> Edited:
    """Return a document with the annotation that a text adds; nothing is deleted.

    The text is `placed`. `report` is called with the code and the message of each finding.
    `refused` are the ids of annotations, and the keys of relations, to leave out, each with the
    kind of its loss.
    """
    draft = _draft(text, document, document, translation)
    draft.refused = refused
    draft.losses += text.losses
    for annotation in text.annotations:
        draft.add(annotation)
    for relation in text.relations:
        link = draft.link(relation, draft.ends(relation))
        if link is not None:
            draft.links[link] = None
    draft.group(text.clusters)
    edited, record_ids = draft.document(report)
    renamed = {
        annotation: record_ids[region]
        for annotation, region in draft.region_of.items()
        if region in record_ids
    }
    annotations = {record: annotation for annotation, record in renamed.items()}
    return Edited(edited, draft.losses, _renamed(draft.rest, renamed), annotations)


def _renamed(rest: AnnotatedText, ids: dict[str, str]) -> AnnotatedText:
    """The rest of a text, with the ids of records for the annotations that have become records."""
    ids = {**{a.id: f"{KEPT}{a.id}" for a in rest.annotations if a.label}, **ids}
    rest.annotations = [replace(a, id=ids.get(a.id, a.id)) for a in rest.annotations]
    rest.relations = [
        Relation(ids.get(r.source, r.source), r.label, ids.get(r.target, r.target))
        for r in rest.relations
    ]
    rest.clusters = [
        Cluster(cluster.id, [ids.get(member, member) for member in cluster.members])
        for cluster in rest.clusters
    ]
    rest.notes = [
        type(note)(note.kind, ids.get(note.about, note.about), note.value) for note in rest.notes
    ]
    return rest


def with_changes(
    after: AnnotatedText,
    before: AnnotatedText,
    base: Document,
    current: Document,
    translation: Translation,
    report: Report,
) -> Edited:
    """Return the base with the changes from the text `before` to `after`, both of one format.

    `before` is what the format makes of `base`; both texts are `placed`. `current` is the document
    as the corpus has it now.
    """
    draft = _draft(after, base, current, translation)
    known = _aligned(before, text_of(base))
    old = before.by_id()
    pairs = _pairs(after, before)
    for gone in old.keys() - {previous.id for _, previous in pairs if previous}:
        if gone in known:
            draft.regions.pop(known[gone], None)
    for annotation, previous in pairs:
        if previous is None or previous.id not in known:
            if previous is None:
                draft.add(annotation)
            continue
        draft.region_of[annotation.id] = known[previous.id]
        _change(annotation, previous, draft)
    _change_links(after, before, known, draft)
    _change_clusters(after, before, known, draft)
    edited, _ = draft.document(report)
    lost_before = Counter(loss.kind for loss in before.losses)
    losses = draft.losses + [loss for loss in after.losses if not lost_before[loss.kind]]
    return Edited(edited, losses, draft.rest)


def _aligned(before: AnnotatedText, own: AnnotatedText) -> dict[str, str]:
    """The region of each annotation that was written, by its id in the file."""
    places: dict[tuple[int, int, str], list[str]] = {}
    ids = {annotation.id for annotation in own.annotations}
    for annotation in own.annotations:
        key = (annotation.start, annotation.end, annotation.label)
        places.setdefault(key, []).append(annotation.id)
    known: dict[str, str] = {}
    for annotation in before.annotations:
        candidates = places.get((annotation.start, annotation.end, annotation.label), [])
        if annotation.id in ids and annotation.id in candidates:
            candidates.remove(annotation.id)
            known[annotation.id] = annotation.id
        elif candidates:
            known[annotation.id] = candidates.pop(0)
    return known


def _pairs(
    after: AnnotatedText, before: AnnotatedText
) -> list[tuple[Annotation, Annotation | None]]:
    """Each annotation with the one that it was before: of its id, or else of its place."""
    left = before.by_id()
    pairs: list[tuple[Annotation, Annotation | None]] = []
    unpaired: list[int] = []
    for annotation in after.annotations:
        previous = left.get(annotation.id)
        if previous is not None and _is_like(annotation, previous):
            del left[annotation.id]
        else:
            previous = None
            unpaired.append(len(pairs))
        pairs.append((annotation, previous))
    by_place: dict[tuple[int, int, str], list[Annotation]] = {}
    for previous in left.values():
        by_place.setdefault((previous.start, previous.end, previous.label), []).append(previous)
    for number in unpaired:
        annotation = pairs[number][0]
        candidates = by_place.get((annotation.start, annotation.end, annotation.label))
        if candidates:
            pairs[number] = (annotation, candidates.pop(0))
    return pairs


def _is_like(one: Annotation, other: Annotation) -> bool:
    """Whether two annotations with one id are the same, changed: they overlap, or label alike."""
    overlaps = one.start < other.end and other.start < one.end
    return overlaps or one.label == other.label


def _change(annotation: Annotation, previous: Annotation, draft: _Draft) -> None:
    """Apply the changes of one annotation to its region."""
    region = draft.regions[draft.region_of[annotation.id]]
    if len(annotation.fragments) > 1 and annotation.fragments != previous.fragments:
        draft.lose("spans with gaps", f"{annotation.id} {_words(annotation)}", annotation.line)
        return
    if (annotation.start, annotation.end) != (previous.start, previous.end):
        region.start, region.end = annotation.start, annotation.end
    if annotation.label != previous.label:
        place = draft.translation.label(annotation.label)
        if place is None:
            kind = f"annotations labelled {annotation.label!r}"
            draft.lose(kind, f"{annotation.id} keeps its label", annotation.line)
        else:
            _relabel(region, *place)
    changed = {
        name: value
        for name, value in annotation.attributes.items()
        if previous.attributes.get(name) != value
    }
    draft.answer(annotation, changed, region, is_new=True)
    (layer,) = region.labels
    for name in previous.attributes.keys() - annotation.attributes.keys():
        answered = draft.translation.attribute(layer, name, previous.attributes[name])
        if answered.control is not None:
            region.answers.pop(answered.control.name, None)


def _relabel(region: Region, layer: str, label: str) -> None:
    """Give a region another label; in another layer, it loses its answers."""
    if layer not in region.labels:
        region.answers.clear()
    region.labels = {layer: label}


def _change_links(
    after: AnnotatedText, before: AnnotatedText, known: dict[str, str], draft: _Draft
) -> None:
    """Remove the links that are gone, and add the new ones."""
    now = {(_end(r.source, draft), r.label, _end(r.target, draft)): r for r in after.relations}
    old = {(known.get(r.source), r.label, known.get(r.target)) for r in before.relations}
    for source, label, target in old - now.keys():
        translated = draft.translation.relation(label)
        if source is not None and target is not None and translated is not None:
            ends = (target, source) if translated[1] else (source, target)
            draft.links.pop(Link(ends[0], translated[0], ends[1]), None)
    for key, relation in now.items():
        if key in old:
            continue
        link = draft.link(relation, draft.ends(relation))
        if link is not None:
            draft.links[link] = None


def _end(annotation_id: str, draft: _Draft) -> str:
    return draft.region_of.get(annotation_id, f"{NEW}{annotation_id}")


def _change_clusters(
    after: AnnotatedText, before: AnnotatedText, known: dict[str, str], draft: _Draft
) -> None:
    """Give new entities and event chains to the clusters that changed."""
    old = {frozenset(known.get(m, m) for m in c.members) for c in before.clusters}
    now = [frozenset(_end(m, draft) for m in c.members) for c in after.clusters]
    if old == set(now):
        return
    clustered = {member for members in now for member in members}
    single = [
        Cluster("", [annotation.id])
        for annotation in after.annotations
        if _end(annotation.id, draft) not in clustered
        and any(_end(annotation.id, draft) in members for members in old)
    ]
    draft.group([*after.clusters, *single])


def _words(annotation: Annotation) -> str:
    return repr((annotation.words or f"[{annotation.start}, {annotation.end})")[:40])
