"""Annotated texts: what files of other formats hold, in the terms of those files.

A reader makes them from files, a writer makes files from them. Offsets are code points of the text.
"""

from msgspec import Struct, field

from statevisit.document.model import Document
from statevisit.document.strict_json import JsonObject
from statevisit.regions.offsets import Ends


class Annotation(Struct):
    """A span of a text with a label and attributes.

    `id` is unique in its text. `words` are those that the file states, if it does. `fragments` are
    the parts of a span with gaps. `line` is its place in the file, from 1; 0 if it has none.
    """

    id: str
    start: int
    end: int
    label: str
    attributes: dict[str, str] = field(default_factory=dict)
    words: str | None = None
    fragments: tuple[Ends, ...] = ()
    line: int = 0


class Relation(Struct, frozen=True):
    """A labelled link from one annotation to another, by their ids."""

    source: str
    label: str
    target: str
    line: int = 0


class Cluster(Struct):
    """Annotations that mean the same, by their ids; the cluster has an id of its own."""

    id: str
    members: list[str]


class Note(Struct, frozen=True):
    """A part of a file that is kept as it stands, such as a comment.

    `kind` names it, as in "comment" or "normalization". `about` is the id of an annotation, or ""
    for the whole text.
    """

    kind: str
    about: str
    value: str
    line: int = 0


class Loss(Struct, frozen=True):
    """Something in a file that an annotated text cannot hold; `kind` names it in the plural."""

    kind: str
    detail: str
    line: int = 0


class Row(Struct, frozen=True):
    """A record as a file states it: properties in JSON, None for one that it lacks.

    `place` is the file and the line.
    """

    value: JsonObject
    place: str


class AnnotatedText(Struct):
    """A text with its annotation.

    `id` is its name in the file, or the name of the file. `file` is the file, for messages.
    `date` (YYYY-MM-DD) and `language` (BCP 47) are "" if the file does not state them. A text that
    is made from a document has the `document`, and the `split` that it is in, or "". `sentences`
    and `tokens` are those of the file, in order, empty if it has none. A file of whole records has
    `rows` by layer, which count in place of their annotations if the labels are those of the
    scheme.
    """

    id: str
    text: str
    file: str = ""
    line: int = 0
    annotations: list[Annotation] = field(default_factory=list)
    relations: list[Relation] = field(default_factory=list)
    clusters: list[Cluster] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    losses: list[Loss] = field(default_factory=list)
    rows: dict[str, list[Row]] | None = None
    date: str = ""
    language: str = ""
    split: str = ""
    document: Document | None = None
    sentences: tuple[Ends, ...] = ()
    tokens: tuple[Ends, ...] = ()

    def place(self, line: int) -> str:
        """Return a place in the file for a message: `a.ann:3`."""
        return f"{self.file}:{line}" if line else self.file

    def says_the_same_as(self, other: "AnnotatedText") -> bool:
        """Whether two texts have the same characters and annotation."""
        names = ("text", "annotations", "relations", "clusters", "notes", "losses")
        return all(getattr(self, name) == getattr(other, name) for name in names)

    def by_id(self) -> dict[str, Annotation]:
        """Return the annotations by id."""
        return {annotation.id: annotation for annotation in self.annotations}
