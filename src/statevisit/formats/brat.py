"""brat standoff: `a.txt` with the text, and `a.ann` with a line for each annotation.

T lines are spans, E lines events with their arguments, R lines relations, `*` lines clusters, A and
M lines attributes, N lines links to a knowledge base, # lines notes; see
https://brat.nlplab.org/standoff.html. Offsets are code points. A span over a line break has a
fragment for each line, as brat's own editor writes it.
"""

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from statevisit.document.scheme import Scheme
from statevisit.errors import FormatError
from statevisit.formats.decoding import decoded
from statevisit.formats.texts import AnnotatedText, Annotation, Cluster, Loss, Note, Relation
from statevisit.formats.vocabulary import label_codes, relation_codes
from statevisit.regions.offsets import Ends

NOTE = "AnnotatorNotes"
COMMENT, LINK = "notes", "links to knowledge bases"
"""The kinds of notes that are kept: # lines and N lines."""

_SEPARATOR = " | "
"""Between the values of a note, as in `value=2024-02-19 | mod=END`."""

_SPAN = re.compile(r"(\S+) (\d{1,18} \d{1,18}(?:;\d{1,18} \d{1,18})*)")
_PAIR = re.compile(r"(\S+):(\S+)")


def read(path: Path, scheme: Scheme) -> Iterator[AnnotatedText]:
    """Yield the annotated text of an `.ann` file, whose text is in the `.txt` beside it.

    Some corpora keep the texts in a directory `txt` or `text` beside that of the `.ann` files.

    Raises FormatError, with file and line, for a line in no known form, offsets outside the text,
    and a reference to an annotation that the file lacks.
    """
    name = f"{path.stem}.txt"
    beside = [path.parent, *(path.parent.parent / directory for directory in ("txt", "text"))]
    text_path = next((place / name for place in beside if (place / name).is_file()), None)
    if text_path is None:
        raise FormatError(f"{path}: its text {name} is missing; put it beside the file")
    reader = _Reader(AnnotatedText(path.stem, decoded(text_path), str(path)), scheme)
    lines = decoded(path).split("\n")
    for number, line in enumerate(lines, 1):
        line = line.removesuffix("\r")
        if line.strip():
            reader.take(number, line)
    yield reader.result()


class _Reader:
    """Reads the lines of a file: the spans first, then the rest, which refers to them."""

    def __init__(self, text: AnnotatedText, scheme: Scheme) -> None:
        self._text, self._scheme = text, scheme
        self._spans: dict[str, Annotation] = {}
        self._triggers: dict[str, str] = {}
        self._rest: list[tuple[int, str, str, str]] = []
        self._relations: dict[str, Relation] = {}

    def take(self, number: int, line: str) -> None:
        """Read a line. Raises FormatError if it has no known form."""
        name, tab, body = line.partition("\t")
        kind = name[:1]
        if kind not in _READERS or not tab or not body.strip():
            raise self._bad(number, f"{line[:60]!r} is no line of brat's standoff format")
        if name in self._spans or name in self._triggers:
            raise self._bad(number, f"a second annotation {name}; give it an id of its own")
        if kind == "T":
            self._spans[name] = self._span(number, name, body)
        elif kind == "E":
            trigger = body.split(" ")[0].rpartition(":")[2]
            self._triggers[name] = trigger
            self._rest.append((number, kind, name, body))
        else:
            self._rest.append((number, kind, name, body))

    def result(self) -> AnnotatedText:
        """Return the text with what all lines say."""
        self._text.annotations = list(self._spans.values())
        for number, kind, name, body in self._rest:
            _READERS[kind](self, number, name, body)
        return self._text

    def _bad(self, number: int, message: str) -> FormatError:
        return FormatError(f"{self._text.file}:{number}: {message}")

    def _span(self, number: int, name: str, body: str) -> Annotation:
        head, _, words = body.partition("\t")
        match = _SPAN.fullmatch(head)
        if match is None:
            raise self._bad(number, f"{name} is not `{name}<tab>LABEL START END<tab>words`")
        fragments = []
        for pair in match[2].split(";"):
            start, end = map(int, pair.split(" "))
            if not 0 <= start < end <= len(self._text.text):
                length = len(self._text.text)
                raise self._bad(
                    number, f"{name}: [{start}, {end}) is not a span of the {length:,} characters"
                )
            fragments.append((start, end))
        label = label_codes(self._scheme).name.get(match[1], match[1])
        joined = _joined(fragments, self._text.text)
        start, end = fragments[0][0], fragments[-1][1]
        shown = self._text.text[start:end] if len(joined) == 1 else None
        if shown is not None and _flat(shown) == _flat(words):
            words = shown
        gaps = tuple(joined) if len(joined) > 1 else ()
        stated = None if gaps else words or None
        return Annotation(name, start, end, label, {}, stated, gaps, number)

    def _subject(self, number: int, name: str, subject: str) -> Annotation | None:
        """The span that an id names, itself or as the trigger of an event.

        It is None for a relation. Raises FormatError for an id that the file lacks.
        """
        span = self._spans.get(self._triggers.get(subject, subject))
        if span is None and subject not in self._relations:
            raise self._bad(number, f"{name} refers to {subject}, which the file lacks")
        return span

    def event(self, number: int, name: str, body: str) -> None:
        """Read the arguments of an event."""
        pairs = [_PAIR.fullmatch(part) for part in body.split()]
        if not pairs or None in pairs:
            raise self._bad(number, f"{name} is not `{name}<tab>LABEL:TRIGGER ROLE:ID …`")
        trigger = self._subject(number, name, self._triggers[name])
        if trigger is None:
            raise self._bad(number, f"{name} has the trigger {self._triggers[name]}, a relation")
        for pair in pairs[1:]:
            assert pair is not None  # checked above
            target = self._subject(number, name, pair[2])
            if target is None:
                self._lose("arguments that are relations", f"{name} {pair[0]}", number)
                continue
            label = relation_codes(self._scheme).name.get(pair[1])
            if label is None:  # brat numbers the roles that an event has several times
                numbered = re.sub(r"\d+$", "", pair[1])
                label = relation_codes(self._scheme).name.get(numbered, numbered)
            self._text.relations.append(Relation(trigger.id, label, target.id, number))

    def relation(self, number: int, name: str, body: str) -> None:
        """Read a relation between two spans or events."""
        label, *pairs = body.split()
        ends = [pair.partition(":")[2] for pair in pairs]
        if len(ends) != 2 or not all(ends):
            raise self._bad(number, f"{name} is not `{name}<tab>LABEL Arg1:ID Arg2:ID`")
        self._relations[name] = Relation("", label, "")
        source, target = (self._subject(number, name, end) for end in ends)
        if source is None or target is None:
            self._lose("relations of relations", f"{name} {body}", number)
            return
        known = relation_codes(self._scheme).name.get(label, label)
        self._relations[name] = Relation(source.id, known, target.id, number)
        self._text.relations.append(self._relations[name])

    def cluster(self, number: int, name: str, body: str) -> None:
        """Read a cluster of spans or events that mean the same."""
        label, *members = body.split()
        spans = [self._subject(number, name, member) for member in members]
        ids = [span.id for span in spans if span is not None]
        if label != "Equiv" or len(ids) < len(members):
            self._lose(f"`*` lines {label!r}", body, number)
        elif ids:
            self._text.clusters.append(Cluster(f"cluster-{len(self._text.clusters) + 1}", ids))

    def attribute(self, number: int, name: str, body: str) -> None:
        """Read an attribute; one without a value is true."""
        parts = body.split(None, 2)
        if len(parts) < 2:
            raise self._bad(number, f"{name} is not `{name}<tab>ATTRIBUTE ID VALUE`")
        span = self._subject(number, name, parts[1])
        value = parts[2] if len(parts) > 2 else "true"
        if span is None:
            self._lose("attributes of relations", body, number)
        else:
            span.attributes[parts[0]] = value

    def note(self, number: int, name: str, body: str) -> None:
        """Read a note: values of the annotation that it is about, or a comment."""
        head, _, value = body.partition("\t")
        kind, _, subject = head.partition(" ")
        span = self._spans.get(self._triggers.get(subject, subject))
        values = values_of(value) if kind == NOTE and span is not None else None
        if span is not None and values is not None:
            span.attributes.update(values)
        else:
            self._keep(COMMENT, f"{kind}\t{value}", span.id if span is not None else "", number)

    def normalization(self, number: int, name: str, body: str) -> None:
        """Keep a link to a knowledge base."""
        head, _, title = body.partition("\t")
        parts = head.split()
        if len(parts) != 3:
            raise self._bad(number, f"{name} is not `{name}<tab>Reference ID DB:ENTRY<tab>title`")
        span = self._subject(number, name, parts[1])
        self._keep(LINK, f"{parts[0]} {parts[2]}\t{title}", span.id if span else "", number)

    def _lose(self, kind: str, detail: str, number: int) -> None:
        self._text.losses.append(Loss(kind, detail, number))

    def _keep(self, kind: str, value: str, about: str, number: int) -> None:
        self._text.notes.append(Note(kind, about, value, number))


_READERS: dict[str, Callable[[_Reader, int, str, str], None]] = {
    "T": lambda *_: None,
    "E": _Reader.event,
    "R": _Reader.relation,
    "*": _Reader.cluster,
    "A": _Reader.attribute,
    "M": _Reader.attribute,
    "N": _Reader.normalization,
    "#": _Reader.note,
}
"""What reads the rest of a line, by the first letter of its id; T lines are read before."""


def _joined(fragments: list[Ends], text: str) -> list[Ends]:
    """The fragments in order; those with nothing but white space between them are one."""
    joined: list[Ends] = []
    for start, end in sorted(fragments):
        if joined and (start <= joined[-1][1] or text[joined[-1][1] : start].isspace()):
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((start, end))
    return joined


def _flat(words: str) -> str:
    """Words without the difference between kinds of white space."""
    return " ".join(words.split())


_STATED = re.compile(r'([\w.-]+)=("(?:[^"\\]|\\.)*"|[^"|][^|]*|)(?: \| |$)')
"""A value of a note: as it stands, or as a JSON string."""


def values_line(values: dict[str, str]) -> str:
    """Return values as one line: `value=2024-02-19 | mod=END`; `values_of` is the reverse."""
    parts = []
    for name, value in values.items():
        is_plain = value.isprintable() and "|" not in value and value.strip() == value
        stated = value if is_plain and not value.startswith('"') else json.dumps(value)
        parts.append(f"{name}={stated}")
    return _SEPARATOR.join(parts)


def values_of(line: str) -> dict[str, str] | None:
    """Return the values of a line; None for a line in another form, such as a comment."""
    values: dict[str, str] = {}
    position = 0
    while position < len(line):
        match = _STATED.match(line, position)
        if match is None:
            return None
        name, value = match.groups()
        try:
            values[name] = json.loads(value) if value.startswith('"') else value
        except ValueError:
            return None
        position = match.end()
    return values or None
