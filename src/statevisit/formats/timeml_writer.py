"""Annotated texts as TimeML, in the layout of TempEval-3.

The words of events and times are in tags, which cannot cross: of two spans that do, or that have
the same words and the same tag, the later one is left out. So is all that TimeML has no tag for. A
comment at the end of a file counts what is left out, by reason.
"""

import re
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import takewhile
from xml.sax.saxutils import escape, quoteattr

from msgspec import Struct

from statevisit.document.scheme import base, scheme_of
from statevisit.errors import FormatError
from statevisit.formats import timeml_terms as terms
from statevisit.formats.texts import AnnotatedText, Annotation
from statevisit.formats.timeml import DCT_LINK, DCT_NOTE, OTHERS
from statevisit.regions.offsets import Ends

_HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<TimeML xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xsi:noNamespaceSchemaLocation="http://timeml.org/timeMLdocs/TimeML_1.2.1.xsd">\n\n'
)

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""The characters that XML 1.0 cannot hold, not even escaped (section 2.2, "Char")."""

_NAME = re.compile(r"[A-Za-z_][\w.-]*", re.ASCII)
_KEPT = "kept:"
_PREFIXES = {"TIMEX3": "t", "EVENT": "e", terms.SIGNAL: "s"}
_SHOWN = 3
"""The first of what is left out for one reason, in the comment."""


def write(texts: Iterable[AnnotatedText]) -> Iterator[tuple[str, bytes]]:
    """Yield (name, content) of the `.tml` of each text.

    Raises FormatError for a text with a character that XML cannot hold.
    """
    for text in texts:
        content = "".join(_Writer(text).parts())
        match = _NO_XML.search(content)
        if match:
            raise FormatError(
                f"{text.id}: has the character U+{ord(match[0]):04X}, which XML cannot hold"
            )
        yield f"{text.id}.tml", content.encode()


class _Tag(Struct):
    """An annotation that is written: its element, and its id in the file."""

    annotation: Annotation
    element: str
    name: str
    id: str = ""

    @property
    def ends(self) -> Ends:
        """Its start and end in the text."""
        return self.annotation.start, self.annotation.end

    @property
    def order(self) -> tuple[int, int, bool]:
        """A sort key: outer tags come first, and a time is around an event."""
        return self.annotation.start, -self.annotation.end, self.element != "TIMEX3"


class _Writer:
    """Writes one text."""

    def __init__(self, text: AnnotatedText) -> None:
        self._text = text
        self._scheme = base() if text.document is None else scheme_of(text.document)
        self._left: dict[str, list[str]] = {}
        self._links = 0
        self._tags = self._nested(self._candidates())
        self._number()
        self._by_id = {tag.annotation.id: tag for tag in self._tags}

    def parts(self) -> Iterator[str]:
        """Yield the parts of the file."""
        yield _HEAD
        yield f"<DOCID>{escape(self._text.id)}</DOCID>\n\n"
        if self._text.date:
            yield f"<DCT>{self._time()}</DCT>\n\n"
        for note in self._text.notes:
            if note.kind not in (*OTHERS, DCT_NOTE) and _NAME.fullmatch(note.kind):
                yield f"<{note.kind}>{_escaped(note.value)}</{note.kind}>\n\n"
        yield "<TEXT>\n"
        yield from self._inline()
        yield "\n</TEXT>\n\n"
        yield from self._instances()
        yield from self._to_document_time()
        yield from self._identities()
        yield from self._relations()
        yield from self._comment()
        yield "\n</TimeML>\n"

    def _leave(self, reason: str, what: str) -> None:
        self._left.setdefault(reason, []).append(what)

    def _candidates(self) -> Iterator[_Tag]:
        """The annotations for which TimeML has a tag, with all that the tag needs."""
        for annotation in self._text.annotations:
            element, name = terms.element_of(annotation.label, self._scheme)
            shown = _shown(annotation, self._text.text)
            values = annotation.attributes
            if not element:
                self._leave(f"{annotation.label}, for which TimeML has no tag", shown)
            elif not name and element != terms.SIGNAL:
                self._leave(f"{element} without {_REQUIRED[element]}", shown)
            elif element == "TIMEX3" and not {"value", "TIMEX3.value"} & values.keys():
                self._leave("TIMEX3 without value", shown)
            elif len(annotation.fragments) > 1:
                self._leave("spans with gaps", shown)
            else:
                yield _Tag(annotation, element, name)

    def _nested(self, candidates: Iterable[_Tag]) -> list[_Tag]:
        """The tags that are nested properly, in the order in which they begin."""
        kept: list[_Tag] = []
        around: list[_Tag] = []
        for tag in sorted(candidates, key=lambda tag: tag.order):
            start, end = tag.annotation.start, tag.annotation.end
            while around and around[-1].annotation.end <= start:
                around.pop()
            shown = _shown(tag.annotation, self._text.text)
            same = takewhile(partial(_has_ends, tag.ends), reversed(around))
            if around and around[-1].annotation.end < end:
                other = _shown(around[-1].annotation, self._text.text)
                self._leave("tags would cross", f"{shown} and {other}")
            elif any(other.element == tag.element for other in same):
                self._leave(f"a second {tag.element} of the same words", shown)
            else:
                kept.append(tag)
                around.append(tag)
        return kept

    def _number(self) -> None:
        """Give the tags ids of TimeML: that of the record if it has the form, or the next free."""
        taken: set[str] = set()
        others: list[_Tag] = []
        for tag in self._tags:
            prefix = _PREFIXES[tag.element]
            own = tag.annotation.id.removeprefix(_KEPT)
            number = own.removeprefix("ev" if own.startswith("ev") else prefix)
            candidate = f"{prefix}{number}"
            is_free = candidate not in taken and own in (candidate, f"ev{number}")
            if is_free and re.fullmatch("0|[1-9][0-9]{0,8}", number):
                tag.id = candidate
                taken.add(candidate)
            else:
                others.append(tag)
        self._time_id = _free("t", taken, 0)
        taken.add(self._time_id)
        for tag in others:
            tag.id = _free(_PREFIXES[tag.element], taken, len(taken))
            taken.add(tag.id)

    def _time(self) -> str:
        """The document's time: its date, or the time that an imported file states for that."""
        kind, value, words = "DATE", self._text.date, self._text.date
        for note in self._text.notes:
            stated = note.value.split("\t")
            if note.kind == DCT_NOTE and len(stated) == 3 and stated[1][:10] == value:
                kind, value, words = stated
        attributes = {
            "tid": self._time_id,
            "type": kind,
            "value": value,
            "temporalFunction": "false",
            "functionInDocument": "CREATION_TIME",
        }
        return f"{_opening('TIMEX3', attributes)}{_escaped(words)}</TIMEX3>"

    def _inline(self) -> Iterator[str]:
        """The text with its tags."""
        around: list[_Tag] = []
        position = 0
        text = self._text.text

        def closed(until: int) -> Iterator[str]:
            nonlocal position
            while around and around[-1].annotation.end <= until:
                tag = around.pop()
                yield _escaped(text[position : tag.annotation.end])
                position = tag.annotation.end
                yield f"</{tag.element}>"

        for tag in self._tags:
            yield from closed(tag.annotation.start)
            yield _escaped(text[position : tag.annotation.start])
            position = tag.annotation.start
            yield _opening(tag.element, self._attributes(tag))
            around.append(tag)
        yield from closed(len(text))
        yield _escaped(text[position:])

    def _attributes(self, tag: _Tag) -> dict[str, str]:
        """The attributes of an inline tag."""
        if tag.element == terms.SIGNAL:
            return {"sid": tag.id}
        if tag.element == "EVENT":
            return {"eid": tag.id, "class": tag.name, **_extra(tag)}
        values = tag.annotation.attributes
        attributes = {"tid": tag.id, "type": tag.name}
        attributes |= {name: values[name] for name in terms.TIMEX_VALUES if name in values}
        for prop, name in terms.TIMEX_REFERENCES.items():
            target = self._by_id.get(values.get(prop, ""))
            if values.get(prop) == terms.DCT and self._text.date:
                attributes[name] = self._time_id
            elif target is not None and target.element == "TIMEX3":
                attributes[name] = target.id
            elif prop in values:
                self._leave(f"{name} of a time that is left out", tag.id)
        attributes["temporalFunction"] = "true" if "anchorTimeID" in attributes else "false"
        return attributes | _extra(tag)

    def _instances(self) -> Iterator[str]:
        """An instance of each event."""
        for tag in self._tags:
            if tag.element != "EVENT":
                continue
            values = tag.annotation.attributes
            attributes = {
                "eiid": _instance(tag),
                "eventID": tag.id,
                "pos": terms.PARTS_OF_SPEECH.get(values.get("level", ""), "OTHER"),
                "tense": values.get("tense", "NONE"),
                "aspect": values.get("aspect", "NONE"),
                "polarity": values.get("polarity", "POS"),
            }
            if values.get("modality", "ACTUAL") != "ACTUAL":
                attributes["modality"] = values["modality"]
            attributes |= _extra(tag, "MAKEINSTANCE")
            signal = self._by_id.get(f"{_KEPT}{attributes.get('signalID')}")
            if signal is not None:
                attributes["signalID"] = signal.id
            yield f"{_opening('MAKEINSTANCE', attributes, '/')}\n"
            for name in values.keys() & _LACKING:
                self._leave(f"{name} of events", tag.id)

    def _link(
        self, link: str, relation: str, source: _Tag | None, target: _Tag | None, origin: str = ""
    ) -> str:
        """A link; an end of None is the document's time."""
        self._links += 1
        attributes = {"lid": f"l{self._links}", "relType": relation}
        names = _END_NAMES[link]
        for end, (of_event, of_time) in zip((source, target), names, strict=True):
            if end is not None and end.element == "EVENT":
                attributes[of_event] = _instance(end)
            else:
                attributes[of_time] = self._time_id if end is None else end.id
        if origin:
            attributes["origin"] = origin
        return f"{_opening(link, attributes, '/')}\n"

    def _to_document_time(self) -> Iterator[str]:
        """The links to the document's time."""
        if not self._text.date:
            return
        relations: dict[str | None, str] = {}
        for relation, value in terms.DOC_TIME_RELS.items():
            relations.setdefault(value, relation)
        for tag in self._tags:
            stated = tag.annotation.attributes.get("doc_time_rel")
            if tag.element == "EVENT" and stated in relations:
                yield self._link(terms.TLINK, relations[stated], tag, None)
        for note in self._text.notes:
            about = self._by_id.get(note.about)
            if note.kind == DCT_LINK and about is not None:
                yield self._link(terms.TLINK, note.value, about, None)

    def _identities(self) -> Iterator[str]:
        """A link from the first mention of an event to each other one."""
        for cluster in self._text.clusters:
            members = [self._by_id[m] for m in cluster.members if m in self._by_id]
            events = [tag for tag in members if tag.element == "EVENT"]
            for other in events[1:]:
                yield self._link(terms.TLINK, terms.IDENTITY, events[0], other)

    def _relations(self) -> Iterator[str]:
        for relation in self._text.relations:
            shown = f"{relation.source} → {relation.target}"
            link, name, origin = terms.written_as(relation.label, self._scheme)
            source, target = self._by_id.get(relation.source), self._by_id.get(relation.target)
            if not link:
                self._leave(f"relations {relation.label}, which TimeML lacks", shown)
            elif source is None or target is None:
                self._leave("relations of what is left out", shown)
            elif not {source.element, target.element} <= _ENDS[link]:
                self._leave(f"{link}s of something else than its ends", shown)
            else:
                yield self._link(link, name, source, target, origin)

    def _comment(self) -> Iterator[str]:
        """What is left out, as a comment, which cannot have two hyphens in a row."""
        if not self._left:
            return
        yield "\n<!-- Left out, and kept in the file beside this one:\n"
        for reason, shown in sorted(self._left.items()):
            first = ", ".join(shown[:_SHOWN])
            more = ", …" if len(shown) > _SHOWN else ""
            line = re.sub("-(?=-)", "- ", f"{reason} ({len(shown)}): {first}{more}")
            yield f"{line}\n"
        yield "-->\n"


_REQUIRED = {"TIMEX3": "type", "EVENT": "class"}

_LACKING = {"type"}
"""Attributes of events for which TimeML has no place."""

_END_NAMES = {
    terms.TLINK: (
        ("eventInstanceID", "timeID"),
        ("relatedToEventInstance", "relatedToTime"),
    ),
    terms.SLINK: (("eventInstanceID", ""), ("subordinatedEventInstance", "")),
    terms.ALINK: (("eventInstanceID", ""), ("relatedToEventInstance", "")),
}
"""The attributes of each link that name its source and target: of an event and of a time."""

_ENDS = {terms.TLINK: {"EVENT", "TIMEX3"}, terms.SLINK: {"EVENT"}, terms.ALINK: {"EVENT"}}


def _has_ends(ends: Ends, tag: _Tag) -> bool:
    return tag.ends == ends


def _instance(tag: _Tag) -> str:
    return f"ei{tag.id.removeprefix('e')}"


def _extra(tag: _Tag, element: str = "") -> dict[str, str]:
    """The attributes that an imported file has and the scheme lacks, as in `EVENT.stem`."""
    prefix = f"{element or tag.element}."
    return {
        name.removeprefix(prefix): value
        for name, value in tag.annotation.attributes.items()
        if name.startswith(prefix) and _NAME.fullmatch(name.removeprefix(prefix))
    }


def _free(prefix: str, taken: set[str], number: int) -> str:
    """The first id of a prefix and a number from one on that is not taken."""
    while f"{prefix}{number}" in taken:
        number += 1
    return f"{prefix}{number}"


def _escaped(words: str) -> str:
    """Words as the characters of XML; a reader would make a carriage return a line end."""
    return escape(words, {"\r": "&#13;"})


def _opening(element: str, attributes: dict[str, str], end: str = "") -> str:
    stated = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    return f"<{element}{stated}{end}>"


def _shown(annotation: Annotation, text: str) -> str:
    words = " ".join(text[annotation.start : annotation.end].split())
    return f"{annotation.id} {words[:30]!r}"
