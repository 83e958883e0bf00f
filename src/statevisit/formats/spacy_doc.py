"""Documents as spaCy's `Doc`, and a `Doc` as an annotated text or a document.

Tokens, sentence starts and flat names (`doc.ents`) are spaCy's own; `doc.spans` has a group for
each layer, and one for each cluster of several spans. `doc._.statevisit` has the rest, by the `id_`
of the spans. What is said of a span in `doc.spans` is read back; `doc.ents` are made from it.
"""

import re
from collections.abc import Collection, Iterator
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Struct, field

from statevisit.dataset.flat_names import flat_names, layers_of_flat_names
from statevisit.document.codec import encode
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme, scheme_of
from statevisit.errors import FormatError, MissingExtra
from statevisit.formats.texts import AnnotatedText, Annotation, Cluster, Loss, Note, Relation
from statevisit.formats.vocabulary import UNDECIDED, label_name, label_names, text_of
from statevisit.regions.labels import UNTYPED, region_labels
from statevisit.regions.offsets import Ends
from statevisit.regions.regions import to_answer

if TYPE_CHECKING:
    from spacy.language import Language
    from spacy.tokens import Doc
    from spacy.vocab import Vocab

EXTENSION = "statevisit"
_KEY: Any = ("._.", EXTENSION, None, None)
"""The key in `doc.user_data` under which spaCy keeps `doc._.statevisit`."""

CLUSTERS = {"mentions": "coref_clusters", "events": "event_chains"}
"""The prefix of the groups of clusters by layer; the first is that of spaCy's own component."""

OTHER = "other"
"""The group of the spans whose labels are not of the scheme."""

LINK = "links to knowledge bases"
UNALIGNED = "spans that do not begin and end with a token"
"""The kinds of what is kept, or lost."""

_CLUSTER = re.compile(rf"(?:{'|'.join(CLUSTERS.values())})_\d+")


class Held(Struct):
    """The parts of `doc._.statevisit` that are read.

    `attributes` are those of spans by id, `relations` triples (source, label, target), `notes`
    triples (kind, id or "", value). `document` is the JSON that the Doc was made from, and `scheme`
    the `scheme.toml` that it follows; both may be "".
    """

    id: str = ""
    date: str = ""
    language: str = ""
    attributes: dict[str, dict[str, Any]] = field(default_factory=dict)
    relations: list[tuple[str, str, str]] = field(default_factory=list)
    notes: list[tuple[str, str, str]] = field(default_factory=list)
    document: str = ""
    scheme: str = ""


def to_spacy(document: Document, nlp_or_vocab: "Language | Vocab | None" = None) -> "Doc":
    """Return a document as a Doc of spaCy: see `Document.to_spacy`."""
    try:
        import spacy  # noqa: F401  asked for before anything else
    except ImportError:
        raise MissingExtra("spacy", "formats") from None
    given: Any = _vocab_for(document.language) if nlp_or_vocab is None else nlp_or_vocab
    doc = made_doc(text_of(document), getattr(given, "vocab", given))
    held = doc.user_data[_KEY]
    held["document"] = encode(document).decode()
    held["scheme"] = scheme_of(document).source.decode()
    return doc


@cache
def _vocab_for(language: str) -> "Vocab":
    """The vocabulary of a language; that of all languages if spaCy lacks it or its packages."""
    import spacy

    try:
        return spacy.blank(language.partition("-")[0]).vocab
    except ImportError:
        return spacy.blank("xx").vocab


class _Tokens:
    """The tokens of a document and of the gaps between them, and the spans that they make."""

    def __init__(self, document: Document) -> None:
        if "tokens" not in document.orderly:
            raise FormatError(f"{document.id}: its tokens overlap or leave the text; validate it")
        self.words: list[str] = []
        self.spaces: list[bool] = []
        self.first: dict[int, int] = {}
        """For each offset at which a token begins, the number of the token."""
        self.after: dict[int, int] = {}
        """For each offset at which a token ends, the number of the next token."""
        text, position = document.text, 0
        words, spaces, first, after = self.words, self.spaces, self.first, self.after
        for token in document.tokens:
            start, end = token.start, token.end
            if start > position:
                self._fill(text, position, start)
            first[start] = len(words)
            words.append(text[start:end])
            spaces.append(False)
            after[end] = len(words)
            position = end
        self._fill(text, position, len(text))

    def _fill(self, text: str, position: int, start: int) -> None:
        """Add the tokens of a gap; a first blank belongs to the token before it."""
        if self.words and text.startswith(" ", position, start):
            self.spaces[-1] = True
            position += 1
        if position == start:
            return
        for match in _PIECE.finditer(text, position, start):
            self.first[match.start()] = len(self.words)
            self.words.append(match[0])
            self.spaces.append(False)
            self.after[match.end()] = len(self.words)

    def starts(self, document: Document) -> list[bool] | None:
        """Whether a sentence begins at each token; None for a document without sentences."""
        if not document.sentences:
            return None
        starts = [False] * len(self.words)
        for sentence in document.sentences:
            if sentence.start in self.first:
                starts[self.first[sentence.start]] = True
        return starts


_PIECE = re.compile(r"\s+|\S+")


def made_doc(text: AnnotatedText, vocab: "Vocab") -> "Doc":
    """Return the text of a document as a Doc; spans that it cannot hold become losses of `text`.

    Raises FormatError if the tokens of the document overlap.
    """
    from spacy.tokens import Doc

    document = text.document
    assert document is not None  # a writer gets texts of documents
    if not Doc.has_extension(EXTENSION):
        Doc.set_extension(EXTENSION, default=None)
    tokens = _Tokens(document)
    starts: Any = tokens.starts(document)  # spaCy declares integers and takes booleans
    doc = Doc(vocab, tokens.words, tokens.spaces, sent_starts=starts)
    _set_names(doc, document, tokens)
    held = _set_spans(doc, text, tokens, scheme_of(document))
    doc.user_data[_KEY] = _rest(text, document, held)
    return doc


def _set_names(doc: "Doc", document: Document, tokens: _Tokens) -> None:
    """Set the flat names; other tokens are outside of names, or unknown while layers are open."""
    from spacy.tokens import Span

    links = _links(document)
    names = []
    for start, end, label in flat_names(document):
        if start in tokens.first and end in tokens.after:
            bounds = tokens.first[start], tokens.after[end]
            link = links.get((start, end, label), "")
            names.append(Span(doc, *bounds, label=label, kb_id=link))
    is_done = document.is_done(*layers_of_flat_names(scheme_of(document)))
    doc.set_ents(names, default="outside" if is_done else "missing")


def _links(document: Document) -> dict[tuple[int, int, str], str]:
    """The Wikidata ids of names by span and label."""
    links: dict[tuple[int, int, str], str] = {}
    for mention in document.mentions:
        entity = document.entity_of(mention)
        if entity is not None and entity.wikidata and entity.type and mention.level == "NAM":
            links[mention.start, mention.end, entity.type] = entity.wikidata
    for event in document.events:
        chain = document[event.event] if event.event else None
        if chain is not None and chain.wikidata and event.level == "NAM":
            links.setdefault((event.start, event.end, "EVENT"), chain.wikidata)
    return links


def _set_spans(doc: "Doc", text: AnnotatedText, tokens: _Tokens, scheme: Scheme) -> Collection[str]:
    """Set the groups of spans, of layers and then of clusters; return the ids of the spans."""
    from spacy.tokens import Span, SpanGroup

    places = label_names(scheme)
    undecided = {f"{layer}.{UNDECIDED}": (layer, UNDECIDED) for layer in region_labels(scheme)}
    places = {**{n: p for n, p in places.items() if p[1] != UNTYPED}, **undecided}
    groups: dict[str, list[Any]] = {}
    spans: dict[str, tuple[str, Any]] = {}
    for annotation in text.annotations:
        layer, label = places.get(annotation.label, (OTHER, annotation.label))
        first = tokens.first.get(annotation.start)
        after = tokens.after.get(annotation.end)
        if first is None or after is None or len(annotation.fragments) > 1:
            kind = "spans with gaps" if annotation.fragments else UNALIGNED
            text.losses.append(Loss(kind, f"{annotation.id} {(annotation.words or '')[:40]!r}"))
            continue
        span = Span(doc, first, after, label=label, span_id=annotation.id)
        spans[annotation.id] = layer, span
        groups.setdefault(layer, []).append(span)
    for layer in (*region_labels(scheme), OTHER):
        if layer in groups:
            doc.spans[layer] = groups[layer]
    counts = dict.fromkeys(CLUSTERS.values(), 0)
    for cluster in text.clusters:
        members = [spans[member] for member in cluster.members if member in spans]
        if len(members) < 2:  # as is usual; and a document has many of one
            continue
        prefix = CLUSTERS.get(members[0][0], CLUSTERS["mentions"])
        counts[prefix] += 1
        name = f"{prefix}_{counts[prefix]}"
        group = [span for _, span in members]
        doc.spans[name] = SpanGroup(doc, name=name, attrs={"id": cluster.id}, spans=group)
    return spans


def _rest(text: AnnotatedText, document: Document, ids: Collection[str]) -> dict[str, Any]:
    """The value of `doc._.statevisit`, for the spans with some ids."""
    held: dict[str, Any] = {
        "id": document.id,
        "date": document.date,
        "language": document.language,
        "attributes": {
            a.id: a.attributes for a in text.annotations if a.attributes and a.id in ids
        },
        "relations": [
            [r.source, r.label, r.target]
            for r in text.relations
            if r.source in ids and r.target in ids
        ],
        "clusters": {cluster.id: cluster.members for cluster in text.clusters},
        "notes": [[note.kind, note.about, note.value] for note in text.notes],
    }
    for layer in ("entities", "event_chains"):
        records = [msgspec.to_builtins(record) for record in getattr(document, layer)]
        held[layer] = {record.pop("id"): record for record in records}
    held["entity_relations"] = [msgspec.to_builtins(record) for record in document.relations]
    return held


def held_by(doc: "Doc", place: str) -> Held | None:
    """Return the value of `doc._.statevisit`; None for a Doc that others made.

    Raises FormatError, with the place, for a value that is not one.
    """
    value = doc.user_data.get(_KEY)
    if value is None:
        return None
    try:
        return msgspec.convert(value, Held)
    except msgspec.ValidationError as error:
        raise FormatError(f"{place}: doc._.statevisit: {error}") from None


def text_in(doc: "Doc", scheme: Scheme, file: str, name: str, line: int = 0) -> AnnotatedText:
    """Return a Doc as an annotated text.

    A Doc that others made has the id `name`; its names and its groups of spans are annotations with
    their own labels. Raises FormatError for a `doc._.statevisit` that is not one.
    """
    held = held_by(doc, f"{file}:{line}" if line else file)
    text = AnnotatedText(held.id if held and held.id else name, doc.text, file, line)
    reader = _Reader(doc, text, scheme)
    reader.read_groups()
    if held is None:
        reader.read_strangers()
    reader.read_clusters()
    if held is None:
        return text
    text.date, text.language = held.date, held.language
    for annotation in text.annotations:
        attributes = held.attributes.get(annotation.id, {})
        annotation.attributes = {name: to_answer(value) for name, value in attributes.items()}
    text.relations = [Relation(*relation) for relation in held.relations]
    text.notes = [Note(*note) for note in held.notes]
    return text


class _Reader:
    """Reads the spans of a Doc."""

    def __init__(self, doc: "Doc", text: AnnotatedText, scheme: Scheme) -> None:
        self._doc, self._text = doc, text
        self._layers = region_labels(scheme)
        self._names = {
            (layer, label): label_name(layer, label, scheme)
            for layer, labels in self._layers.items()
            for label in labels
        }
        self._ids: set[str] = set()
        self._at: dict[tuple[int, int], list[str]] = {}
        """The ids of the annotations of each span."""
        self._known: dict[tuple[int, int, str], Annotation] = {}
        self._whole: str = doc.text

    def read_groups(self) -> None:
        """Read the groups of spans but for those of clusters."""
        for key, group in self._doc.spans.items():
            if _CLUSTER.fullmatch(key):
                continue
            if key.startswith("coref_head_clusters"):
                self._lose("groups of the heads of spans", key)
            else:
                for span in group:
                    self._add(span, self._label(key, span.label_), key)

    def read_clusters(self) -> None:
        """Read the groups of clusters, whose spans may be in no other group."""
        for key, group in self._doc.spans.items():
            if not _CLUSTER.fullmatch(key):
                continue
            members = dict.fromkeys(self._member(span, key) for span in group)
            cluster_id = str(group.attrs.get("id") or key)
            self._text.clusters.append(Cluster(cluster_id, [m for m in members if m]))

    def _label(self, key: str, label: str) -> str:
        """The label of a span in a group: that of a layer where the group is one."""
        if key in self._layers and label == UNDECIDED:
            return f"{key}.{UNDECIDED}"
        return self._names.get((key, label), label)

    def _add(self, span: Any, label: str, key: str) -> Annotation | None:
        """Add a span; None for one without characters."""
        start, end = span.start_char, span.end_char
        if start >= end:
            self._lose("spans without characters", key)
            return None
        annotation_id = span.id_
        if not annotation_id or annotation_id in self._ids:
            annotation_id = f"{key}:{len(self._ids) + 1}"
        annotation = Annotation(annotation_id, start, end, label, {}, self._whole[start:end])
        self._ids.add(annotation_id)
        self._at.setdefault((start, end), []).append(annotation_id)
        self._known[start, end, label] = annotation
        self._text.annotations.append(annotation)
        return annotation

    def _member(self, span: Any, key: str) -> str:
        """The id of the annotation that a span in a cluster is; without one, it becomes one."""
        if span.id_ in self._ids:
            return str(span.id_)
        ids = self._at.get((span.start_char, span.end_char))
        if ids:
            return ids[0]
        layer = "events" if key.startswith(CLUSTERS["events"]) else "mentions"
        annotation = self._add(span, f"{layer}.{UNDECIDED}", key)
        return annotation.id if annotation is not None else ""

    def read_strangers(self) -> None:
        """Read the names, the tokens and sentences of a Doc that others made.

        Names are read only if no group has spans of a layer with their ids, of which they are made.
        """
        doc, text = self._doc, self._text
        is_own = any(doc.spans[key][0].id_ for key in self._layers if doc.spans.get(key))
        for span in () if is_own else doc.ents:
            annotation = self._known.get((span.start_char, span.end_char, span.label_))
            if annotation is None:
                annotation = self._add(span, span.label_, "ents")
            if annotation is not None and span.kb_id_:
                text.notes.append(Note(LINK, annotation.id, span.kb_id_))
        text.tokens = tuple(_bounds(doc))
        if doc.has_annotation("SENT_START"):
            sentences = (list(_bounds(sentence)) for sentence in doc.sents)
            text.sentences = tuple((s[0][0], s[-1][1]) for s in sentences if s)
        for attribute, kind in _OTHER_ANNOTATION.items():
            if doc.has_annotation(attribute):
                self._lose(kind, f"of {text.id}")
        for label in doc.cats:
            self._lose("categories of texts", str(label))

    def _lose(self, kind: str, detail: str) -> None:
        self._text.losses.append(Loss(kind, detail, self._text.line))


def _bounds(tokens: Any) -> Iterator[Ends]:
    """The bounds of tokens, without those of white space."""
    for token in tokens:
        if not token.text.isspace():  # a vocabulary without a language knows no flags
            yield token.idx, token.idx + len(token)


_OTHER_ANNOTATION = {"TAG": "part-of-speech tags", "DEP": "dependency trees", "LEMMA": "lemmas"}
"""Annotation of tokens that a document does not hold, with its name in the plural."""
