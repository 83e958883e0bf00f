"""The flat names of documents as names of tokens, sentence by sentence, and back."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from typing import NamedTuple

from statevisit.dataset.flat_names import FlatRecord, flat_labels, flat_records
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme, scheme_of
from statevisit.formats.bio import form
from statevisit.formats.texts import AnnotatedText, Annotation
from statevisit.formats.vocabulary import label_name, label_names, layer_and_label, text_of
from statevisit.regions.labels import UNTYPED, controls_of, region_labels
from statevisit.regions.offsets import Ends

NAMED = "NAM"
"""The level of mentions and events that are flat names."""


class Part(NamedTuple):
    """The part of a flat name in one sentence: its tokens, its label, and the record's id."""

    first: int
    last: int
    label: str
    record: str


def parts_of_names(document: Document, others: Iterable[Annotation] = ()) -> list[Part]:
    """Return the flat names of a document in tokens; one over several sentences has a part in each.

    `others` are annotations with labels of their own, which are names where no record is one.
    Labels are as in files: `form` of them.
    """
    records = flat_records(document)
    covered = bytearray(len(document.text))
    for record in records:
        covered[record.start : record.end] = b"\1" * (record.end - record.start)
    for other in others:
        if covered.find(1, other.start, other.end) < 0:
            covered[other.start : other.end] = b"\1" * (other.end - other.start)
            records.append(FlatRecord(other.start, other.end, other.label, other.id))
    starts = [token.start for token in document.tokens]
    ends = [last for _, last in sentences_of(document)]
    parts: list[Part] = []
    for start, end, label, record_id in sorted(records):
        first, last = bisect_left(starts, start), bisect_left(starts, end)
        while first < last:
            of_sentence = min(last, ends[bisect_right(ends, first)])
            parts.append(Part(first, of_sentence, form(label), record_id))
            first = of_sentence
    return parts


def sentences_of(document: Document) -> list[Ends]:
    """Return the tokens of each sentence, from the first to before the last; none is empty."""
    starts = [token.start for token in document.tokens]
    begins = {bisect_left(starts, sentence.start) for sentence in document.sentences}
    cuts = sorted({0, len(starts)} | begins)
    return list(pairwise(cuts))


def kept(text: AnnotatedText, scheme: Scheme) -> list[Annotation]:
    """Return the annotations of a text with labels that a scheme lacks, the longest first."""
    known = label_names(scheme)
    others = [a for a in text.annotations if a.label not in known and not a.fragments]
    return sorted(others, key=lambda a: (a.start - a.end, a.start))


def own_annotations(document: Document, names: list[tuple[Ends, str]]) -> list[Annotation]:
    """Return the annotations that names in a file are, compared with those of its document.

    `names` have spans and labels of the file. A name that the document has is its record. Another
    one is the record that it overlaps, changed, if the file does not have this record unchanged.
    """
    scheme, own = scheme_of(document), text_of(document).by_id()
    labels: dict[str, str] = {}
    records: dict[tuple[Ends, str], str] = {}
    for part in parts_of_names(document):
        span = document.tokens[part.first].start, document.tokens[part.last - 1].end
        records[span, part.label] = part.record
        labels[part.record] = part.label
    in_file = set(names)
    missing = dict.fromkeys(record for key, record in records.items() if key not in in_file)
    annotations: dict[str, Annotation] = {}
    changed: list[tuple[Ends, str]] = []
    for key in names:
        record_id = records.get(key)
        if record_id is None or record_id in missing:
            changed.append(key)
        else:
            record = own[record_id]
            annotations[record_id] = _name(
                record_id, record.start, record.end, record.label, scheme
            )
    for (start, end), label in changed:
        near = [own[r] for r in missing if r not in annotations and _shared(own[r], start, end)]
        key_id, name = f"{start}-{end}", own_label(label, scheme)
        if near:
            record = max(near, key=lambda r: (labels[r.id] == label, _shared(r, start, end)))
            key_id = record.id
            name = record.label if labels[record.id] == label else name
        annotations[key_id] = _name(key_id, start, end, name, scheme)
    for annotation in annotations.values():
        annotation.words = document.text[annotation.start : annotation.end]
    return list(annotations.values())


def _shared(annotation: Annotation, start: int, end: int) -> int:
    """The number of characters that an annotation has in common with a span."""
    return max(0, min(annotation.end, end) - max(annotation.start, start))


def _name(key: str, start: int, end: int, label: str, scheme: Scheme) -> Annotation:
    """A name; a mention or an event that is one has the level of names."""
    layer, _ = layer_and_label(label, scheme) or ("", "")
    levels = [c for c in controls_of(layer, scheme) if c.prop == "level"] if layer else []
    is_levelled = any(NAMED in control.choice_names for control in levels)
    return Annotation(key, start, end, label, {"level": NAMED} if is_levelled else {})


@cache
def own_label(label: str, scheme: Scheme) -> str:
    """Return the name of a scheme for a flat label in a file; the label itself if it is unknown."""
    plain = {form(name): name for name in (*label_names(scheme), *flat_labels(scheme))}
    label = plain.get(label, label)
    if label in label_names(scheme):
        return label
    places = [("mentions", label), ("timexes", label), ("quantities", label)]
    if label == "QUANTITY":
        places.append(("quantities", "MEASURE"))
    if label == "EVENT":
        places.append(("events", UNTYPED))
    for layer, name in places:
        if name in region_labels(scheme).get(layer, ()) or name == UNTYPED:
            return label_name(layer, name, scheme)
    return label
