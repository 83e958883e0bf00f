"""The brackets of CorefUD read: mentions, entities, and relations between them."""

import re
from collections.abc import Iterator

from msgspec import Struct, field

from statevisit.errors import FormatError
from statevisit.formats.corefud_terms import (
    BRIDGE,
    CLUSTER,
    ENTITY,
    ID,
    RELATIONS,
    SPLIT,
    attributes_of,
    decoded,
)
from statevisit.formats.texts import AnnotatedText, Annotation, Cluster, Loss, Relation
from statevisit.regions.offsets import Ends

_CHUNK = re.compile(r"\([^()]+\)?|[^()]+\)")
_PART = re.compile(r"(.+)\[(\d{1,9})/(\d{1,9})\]")
_SIDE_FIELDS = ("eid", "etype", "other")
_NAMES = {"GRP": "eid", "entity": "etype"}
"""Names of fields in GUM, and their names in CorefUD."""

_UNTYPED = "entity"
"""The label of mentions whose type the file does not state."""


class Word(Struct):
    """A word: its offsets in the text, which it lacks if it is an empty node; its MISC column."""

    line: int
    misc: dict[str, str]
    start: int = -1
    end: int = -1


class _Open(Struct, eq=False):
    """A mention whose brackets are being read; `parts` are its first and last words."""

    key: str
    eid: str
    fields: dict[str, str]
    total: int
    first: int
    parts: list[list[int]] = field(default_factory=list)


class Brackets:
    """Reads the brackets of a text's words into its annotations, clusters and relations.

    `fields` are those of `Entity`; without an id among them, brackets are told apart by the first.
    `is_own` says that statevisit wrote the file.
    """

    def __init__(
        self, text: AnnotatedText, words: list[Word], fields: list[str], is_own: bool
    ) -> None:
        self._text, self._words, self._is_own = text, words, is_own
        self._fields = [_NAMES.get(name, name) for name in fields]
        self._has_ids = "eid" in self._fields
        self._mentions: list[_Open] = []
        self._open: dict[tuple[str, str], list[_Open]] = {}
        self._partial: dict[tuple[str, str], list[_Open]] = {}
        self._mentions_of: dict[str, list[Annotation]] = {}
        self._taken: set[str] = set()

    def read(self, keys: set[str]) -> None:
        """Read the brackets of keys in MISC.

        Raises FormatError, with the line, for a broken one in a file of our own. Published
        treebanks have some: in the files of others they are losses.
        """
        for number, word in enumerate(self._words):
            for key in keys & word.misc.keys():
                for chunk in self._chunks(key, word):
                    self._take(key, chunk, number)
        for mentions in [*self._open.values(), *self._partial.values()]:
            for mention in mentions:
                self._left_open(mention)
        stated = [mention for mention in self._mentions if self._stated_id(mention)]
        unnamed = [mention for mention in self._mentions if not self._stated_id(mention)]
        made = {id(mention): self._annotation(mention) for mention in [*stated, *unnamed]}
        for mention in self._mentions:
            annotation = made[id(mention)]
            if annotation is not None:
                self._text.annotations.append(annotation)
                self._join(mention, annotation)
        self._text.clusters = [
            Cluster(eid, [annotation.id for annotation in annotations])
            for eid, annotations in self._mentions_of.items()
        ]
        self._relations()

    def _broken(self, line: int, kind: str, detail: str) -> None:
        """Note what cannot be read. Raises FormatError in a file of our own."""
        if self._is_own:
            raise FormatError(f"{self._text.file}:{line}: {detail}")
        self._lose(kind, detail, line)

    def _left_open(self, mention: _Open) -> None:
        """Leave out a mention that is not closed."""
        if mention in self._mentions:
            detail = f"{mention.key}=({mention.eid} is never closed"
            line = self._words[mention.first].line
            self._broken(line, "mentions that are never closed", detail)
            self._mentions.remove(mention)

    def _chunks(self, key: str, word: Word) -> list[str]:
        value = word.misc[key]
        chunks = _CHUNK.findall(value)
        if "".join(chunks) == value:
            return chunks
        detail = f"{key}={value[:60]} is no list of brackets"
        self._broken(word.line, f"{key} in another form", detail)
        return []

    def _take(self, key: str, chunk: str, number: int) -> None:
        line = self._words[number].line
        values = chunk.strip("()").split("-", -1 if key == ENTITY else 2)
        names = self._fields if key == ENTITY else _SIDE_FIELDS
        fields = dict(zip(names, values, strict=False))
        is_opening = chunk.startswith("(")
        name = values[0]
        if self._has_ids:
            name = fields.get("eid", "" if is_opening else name)
        mentions = self._open.get((key, name))
        if not name:
            self._broken(line, "brackets without an id", f"{key}={chunk[:60]} has no id")
        elif is_opening:
            self._begin(key, name, fields, number, is_closed=chunk.endswith(")"))
        elif mentions:
            self._end((key, name), mentions.pop(), number)
        else:
            detail = f"{key}={name}) closes what is not open"
            self._broken(line, "brackets that close nothing", detail)

    def _begin(
        self, key: str, eid: str, fields: dict[str, str], number: int, is_closed: bool
    ) -> None:
        """Open a mention, or the next part of one with gaps: `(e1[2/3]`."""
        part = _PART.fullmatch(eid)
        name, at, total = (part[1], int(part[2]), int(part[3])) if part else (eid, 1, 1)
        if at == 1 <= total:
            mention = _Open(key, name, fields, total, number)
            self._mentions.append(mention)
            if total > 1:
                self._partial.setdefault((key, name), []).append(mention)
        else:
            waiting = self._partial.get((key, name), [])
            known = [m for m in waiting if len(m.parts) == at - 1 and m.total == total]
            if not known or not 1 < at <= total:
                detail = f"{key}=({eid}: no part {at - 1} before it"
                self._broken(
                    self._words[number].line, "parts of mentions without the first", detail
                )
                return
            mention = known[-1]
        mention.parts.append([number, number])
        if is_closed:
            self._end((key, eid), mention, number)
        else:
            self._open.setdefault((key, eid), []).append(mention)

    def _end(self, name: tuple[str, str], mention: _Open, number: int) -> None:
        mention.parts[-1][1] = number
        if len(mention.parts) == mention.total > 1:
            self._partial[name[0], mention.eid].remove(mention)

    def _stated_id(self, mention: _Open) -> str:
        if not self._is_own:
            return ""
        if mention.key != ENTITY:
            return decoded(mention.eid)
        return attributes_of(mention.fields.get("other", "")).get(ID, "")

    def _annotation(self, mention: _Open) -> Annotation | None:
        """The annotation of a mention; None, and a loss, for one of empty nodes only."""
        line = self._words[mention.first].line
        spans = list(self._spans(mention))
        if not spans:
            self._lose("mentions of empty nodes", f"{mention.key}=({mention.eid}", line)
            return None
        attributes = {
            decoded(name): decoded(value)
            for name, value in mention.fields.items()
            if name not in ("eid", "etype", "other", "head") and value
        }
        if mention.fields.get("head") and not self._is_own:
            attributes["head"] = mention.fields["head"]
        attributes |= attributes_of(mention.fields.get("other", ""))
        stated = self._stated_id(mention)
        if self._is_own:
            attributes.pop(ID, None)
        annotation_id = stated if stated and stated not in self._taken else self._new_id(mention)
        self._taken.add(annotation_id)
        start, end = spans[0][0], spans[-1][1]
        label = decoded(mention.fields.get("etype", "")) or _UNTYPED
        gaps = tuple(spans) if len(spans) > 1 else ()
        words = None if gaps else self._text.text[start:end]
        return Annotation(annotation_id, start, end, label, attributes, words, gaps, line)

    def _new_id(self, mention: _Open) -> str:
        number = 1
        while f"{mention.eid}#{number}" in self._taken:
            number += 1
        return f"{mention.eid}#{number}"

    def _spans(self, mention: _Open) -> Iterator[Ends]:
        """The parts of a mention in the text; parts with white space only between them are one."""
        joined: list[Ends] = []
        for first, last in mention.parts:
            words = [w for w in self._words[first : last + 1] if w.start >= 0]
            if not words:
                continue
            start, end = min(w.start for w in words), max(w.end for w in words)
            if joined and not self._text.text[joined[-1][1] : start].strip():
                joined[-1] = joined[-1][0], max(end, joined[-1][1])
            else:
                joined.append((start, end))
        yield from joined

    def _join(self, mention: _Open, annotation: Annotation) -> None:
        """Put an annotation into the cluster of its entity."""
        if mention.key != ENTITY:
            eid = annotation.attributes.pop(CLUSTER, None)
        elif self._is_own:
            eid = self._entity(mention.eid)
            if eid == annotation.id:  # written without an entity
                eid = None
        else:
            eid = decoded(mention.eid) if self._has_ids else None
        if eid is not None:
            self._mentions_of.setdefault(eid, []).append(annotation)

    def _entity(self, eid: str) -> str:
        """The id of an entity without what makes it unique in the file."""
        return decoded(re.sub(r"^d\d+\.", "", eid) if self._is_own else eid)

    def _relations(self) -> None:
        for word in self._words:
            for key in (BRIDGE, SPLIT):
                for value in _listed(word.misc.get(key)):
                    self._bridge(key, value, word)
            if self._is_own:
                for value in _listed(word.misc.get(RELATIONS)):
                    self._relation(value, word)

    def _bridge(self, key: str, value: str, word: Word) -> None:
        """Read `e1<e2:kind`: from the mention of e2 that begins here to the last of e1."""
        match = re.fullmatch(r"([^<>:]+)<([^<>:]+)(?::(.*))?", value)
        if match is None:
            detail = f"{key}={value[:60]} is not `e1<e2`"
            self._broken(word.line, f"{key} in another form", detail)
            return
        target, source = (self._of(self._entity(eid)) for eid in match.group(1, 2))
        sources = [a for a in source if a.line == word.line]
        if not sources or not target:
            self._lose(f"{key} of mentions that are left out", value, word.line)
            return
        before = [a for a in target if a.start <= sources[0].start and a is not sources[0]]
        kind = f":{decoded(match[3])}" if match[3] else ""
        chosen = before[-1] if before else target[0]
        self._text.relations.append(Relation(sources[0].id, f"{key}{kind}", chosen.id, word.line))

    def _of(self, eid: str) -> list[Annotation]:
        """The mentions of an entity, or the one that has no entity and this id."""
        known = self._mentions_of.get(eid)
        return known or [a for a in self._text.annotations if a.id == eid]

    def _relation(self, value: str, word: Word) -> None:
        match = re.fullmatch(r"([^<>:]+)>([^<>:]+):(.+)", value)
        if match is None:
            detail = f"{RELATIONS}={value[:60]} is not `m1>m2:LABEL`"
            self._broken(word.line, f"{RELATIONS} in another form", detail)
            return
        source, target, label = map(decoded, match.groups())
        if {source, target} <= self._taken:
            self._text.relations.append(Relation(source, label, target, word.line))
        else:
            self._lose("relations of annotations that are gone", value, word.line)

    def _lose(self, kind: str, detail: str, line: int) -> None:
        self._text.losses.append(Loss(kind, detail, line))


def _listed(value: str | None) -> list[str]:
    return value.split(",") if value else []
