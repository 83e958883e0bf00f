"""Annotated texts as CoNLL-U with the coreference of CorefUD, one file for each split.

Mentions stand in `Entity`, spans of other layers in keys named after the layer, in brackets of the
same form. White space is kept as UDPipe keeps it, so that the files have the whole text.
"""

import re
from collections.abc import Iterable, Iterator

from statevisit.document.scheme import scheme_of
from statevisit.formats.corefud_terms import (
    BRIDGE,
    CLUSTER,
    COMMENT,
    ENTITY,
    FIELDS,
    GENERATOR,
    ID,
    RELATIONS,
    SPACES_AFTER,
    SPACES_BEFORE,
    SPACES_INSIDE,
    SPANS,
    SPLIT,
    attribute_list,
    encoded,
    escaped,
    key_of,
)
from statevisit.formats.pieces import Words, parts, words_of
from statevisit.formats.texts import AnnotatedText, Annotation
from statevisit.formats.vocabulary import label_names
from statevisit.regions.offsets import Ends

_NOT_IN_FORM = re.compile(r"\s{2,}|[\t\n\v\f\r\x1c-\x1f\x85\u2028\u2029]")
"""White space that a word in CoNLL-U must not have."""


def write(texts: Iterable[AnnotatedText]) -> Iterator[tuple[str, bytes]]:
    """Yield the name of the file of each text's split, and the lines of the text.

    A text is a `# newdoc`. Its entities have ids that are unique in all files written together.
    """
    for number, text in enumerate(texts, 1):
        lines = _Lines(text, f"d{number}.").all()
        yield f"{text.split or 'corpus'}.conllu", "".join(f"{line}\n" for line in lines).encode()


class _Lines:
    """The lines of a text. `prefix` goes before the ids of its entities."""

    def __init__(self, text: AnnotatedText, prefix: str) -> None:
        self._text, self._prefix = text, prefix
        self._words: Words = words_of(text)
        scheme = scheme_of(text.document) if text.document is not None else None
        self._layers = (
            {} if scheme is None else {n: layer for n, (layer, _) in label_names(scheme).items()}
        )
        self._cluster_of = {m: cluster.id for cluster in text.clusters for m in cluster.members}
        self._misc: list[dict[str, str]] = [{} for _ in self._words.spans]
        self._placed: dict[str, tuple[Annotation, list[Ends]]] = {}
        for annotation in text.annotations:
            ends = [self._words.between(*part) for part in parts(annotation)]
            words = [word for word in ends if word is not None]
            if words:
                self._placed[annotation.id] = annotation, words

    def all(self) -> Iterator[str]:
        """Yield the comments and the words of each sentence, and the empty line after it."""
        self._spaces()
        in_entity = set(self._mentions())
        self._brackets(in_entity)
        self._relations(in_entity)
        if not self._words.spans:
            yield from self._header()
            yield from (f"# sent_id = {self._text.id}-s1", "# text = _")
            yield f"1\t_\t_\t_\t_\t_\t_\t_\t_\t{SPACES_INSIDE}={escaped(self._text.text)}"
            yield ""
        paragraph: int | None = None
        for number, (first, last) in enumerate(self._words.sentences):
            if number == 0:
                yield from self._header()
            begins = self._words.paragraphs[number] not in (None, paragraph)
            if number == 0 or (begins and self._gap(first - 1)):
                yield "# newpar"
                paragraph = self._words.paragraphs[number]
            yield f"# sent_id = {self._text.id}-s{number + 1}"
            rows = [self._form(word) for word in range(first, last + 1)]
            gaps = [self._gap(word) and " " for word in range(first, last)]
            shown = "".join(form + gap for form, gap in zip(rows, [*gaps, ""], strict=True))
            yield f"# text = {shown}"
            for at, form in enumerate(rows, 1):
                yield f"{at}\t{form}\t_\t_\t_\t_\t_\t_\t_\t{self._column(first + at - 1)}"
            yield ""

    def _header(self) -> Iterator[str]:
        yield f"# newdoc id = {self._text.id}"
        yield f"# global.Entity = {'-'.join(FIELDS)}"
        yield f"# generator = {GENERATOR}"
        if self._text.date:
            yield f"# meta::dateCreated = {self._text.date}"
        if self._text.language:
            yield f"# meta::language = {self._text.language}"
        for note in self._text.notes:
            if note.kind == COMMENT:
                yield f"# {' '.join(note.value.split())}"

    def _form(self, word: int) -> str:
        start, end = self._words.spans[word]
        return _NOT_IN_FORM.sub(" ", self._text.text[start:end])

    def _gap(self, word: int) -> str:
        """The white space after a word."""
        spans = self._words.spans
        end = spans[word + 1][0] if word + 1 < len(spans) else len(self._text.text)
        return self._text.text[spans[word][1] : end]

    def _spaces(self) -> None:
        """Put the white space at which a reader cannot guess into MISC."""
        spans, text = self._words.spans, self._text.text
        if spans and spans[0][0] > 0:
            self._misc[0][SPACES_BEFORE] = escaped(text[: spans[0][0]])
        for word, (start, end) in enumerate(spans):
            gap = self._gap(word)
            is_last = word + 1 == len(spans)
            if self._form(word) != text[start:end]:
                self._misc[word][SPACES_INSIDE] = escaped(text[start:end])
            if not gap and not is_last:
                self._misc[word]["SpaceAfter"] = "No"
            elif gap and (gap != " " or is_last):
                self._misc[word][SPACES_AFTER] = escaped(gap)

    def _column(self, word: int) -> str:
        misc = sorted(self._misc[word].items(), key=lambda pair: pair[0].lower())
        return "|".join(f"{key}={value}" for key, value in misc) or "_"

    def _eid(self, annotation: Annotation) -> str:
        """The id of the entity of an annotation; one without an entity is one of its own."""
        return self._prefix + encoded(self._cluster_of.get(annotation.id, annotation.id))

    def _mentions(self) -> Iterator[str]:
        """The annotations that `Entity` can hold: in one sentence, crossing none of their entity.

        Brackets that cross are told apart by the id of the entity only.
        """
        spans: dict[str, list[tuple[Ends, bool]]] = {}
        for annotation, words in self._placed.values():
            layer = self._layers.get(annotation.label)
            is_mention = layer == "mentions" or (
                layer is None and annotation.id in self._cluster_of
            )
            first, last = words[0][0], words[-1][1]
            if not is_mention or self._words.sentence(first) != self._words.sentence(last):
                continue
            others = spans.setdefault(self._eid(annotation), [])
            new = (first, last), len(words) > 1
            if not any(_collide(new, other) for other in others):
                others.append(new)
                yield annotation.id

    def _key(self, annotation: Annotation) -> str:
        layer = self._layers.get(annotation.label)
        return SPANS if layer is None else key_of(layer)

    def _brackets(self, in_entity: set[str]) -> None:
        """Put the brackets of all annotations into MISC, in the order of udapi."""
        chunks: dict[tuple[str, int], tuple[list[str], list[str], list[str]]] = {}
        fragments = [
            (ends, number, annotation, words)
            for annotation, words in self._placed.values()
            for number, ends in enumerate(words, 1)
        ]
        fragments.sort(key=lambda one: (one[0][0], -one[0][1]))
        for (first, last), number, annotation, words in fragments:
            is_entity = annotation.id in in_entity
            key = ENTITY if is_entity else self._key(annotation)
            name = self._eid(annotation) if is_entity else encoded(annotation.id)
            if len(words) > 1:
                name = f"{name}[{number}/{len(words)}]"
            opening = f"({name}-{self._fields(annotation, words, is_entity)}"
            at_first = chunks.setdefault((key, first), ([], [], []))
            if first == last:
                at_first[2].append(f"{opening})")
            else:
                at_first[1].append(opening)
                chunks.setdefault((key, last), ([], [], []))[0].insert(0, f"{name})")
        for (key, word), (closed, opened, single) in chunks.items():
            in_order = (*closed, *opened, *single) if opened else (*single[::-1], *closed)
            self._misc[word][key] = "".join(in_order)

    def _fields(self, annotation: Annotation, words: list[Ends], is_entity: bool) -> str:
        """The fields of a bracket after its id: label, head (`Entity` only) and attributes."""
        attributes = dict(annotation.attributes)
        label = encoded(annotation.label)
        if not is_entity:
            if annotation.id in self._cluster_of:
                attributes[CLUSTER] = self._cluster_of[annotation.id]
            # The last field may have hyphens, as in dates; udapi divides those of Entity.
            return f"{label}-{attribute_list(attributes).replace('%2D', '-')}"
        attributes[ID] = annotation.id
        head = annotation.attributes.get("head", "")
        length = sum(last - first + 1 for first, last in words)
        is_word = head.isascii() and head.isdigit() and len(head) < 9 and 1 <= int(head) <= length
        return f"{label}-{int(head) if is_word else 1}-{attribute_list(attributes)}"

    def _relations(self, in_entity: set[str]) -> None:
        """Put relations at the first word of their sources, those of CorefUD in its own keys."""
        values: dict[tuple[int, str], dict[str, None]] = {}
        for relation in self._text.relations:
            if not {relation.source, relation.target} <= self._placed.keys():
                continue
            source, words = self._placed[relation.source]
            target = self._placed[relation.target][0]
            key, _, kind = relation.label.partition(":")
            if key in (BRIDGE, SPLIT) and {source.id, target.id} <= in_entity:
                value = f"{self._eid(target)}<{self._eid(source)}"
                value += f":{encoded(kind)}" if kind else ""
            else:
                key = RELATIONS
                ends = f"{encoded(source.id)}>{encoded(target.id)}"
                value = f"{ends}:{encoded(relation.label)}"
            values.setdefault((words[0][0], key), {})[value] = None
        for word, value in self._sets(in_entity):
            values.setdefault((word, SPLIT), {})[value] = None
        for (word, key), listed in values.items():
            self._misc[word][key] = ",".join(listed)

    def _sets(self, in_entity: set[str]) -> Iterator[tuple[int, str]]:
        """The members of entities that are sets, at the first mention of each set."""
        if self._text.document is None:
            return
        first: dict[str, int] = {}
        for annotation, words in self._placed.values():
            if annotation.id in in_entity and annotation.id in self._cluster_of:
                cluster = self._cluster_of[annotation.id]
                first[cluster] = min(words[0][0], first.get(cluster, words[0][0]))
        for entity in self._text.document.entities:
            members = [member for member in entity.members or () if member in first]
            if entity.id in first and len(members) > 1:
                for member in members:
                    ends = f"{self._prefix}{encoded(member)}<{self._prefix}{encoded(entity.id)}"
                    yield first[entity.id], ends


def _collide(one: tuple[Ends, bool], other: tuple[Ends, bool]) -> bool:
    """Whether the brackets of two mentions of one entity would be mistaken for each other."""
    (first, last), has_gaps = one
    (other_first, other_last), other_has_gaps = other
    if has_gaps and other_has_gaps:
        return first <= other_last and other_first <= last
    return first < other_first < last < other_last or other_first < first < other_last < last
