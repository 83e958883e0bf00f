"""A text on its way into a corpus: its characters, and what is stated about it."""

from collections.abc import Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from statevisit.corpus.seeds import Received, Value


class Metadata(Struct, frozen=True, kw_only=True):
    """The facts about a text that its file, or the user, states; None and empty for the others.

    They are those of `schema/source.schema.json`; `date` is a day, YYYY-MM-DD.
    """

    date: str | None = None
    language: str | None = None
    publisher: str | None = None
    license: str | None = None
    title: str | None = None
    url: str | None = None
    author: tuple[str, ...] = ()
    split: str | None = None
    extra: dict[str, Value] = field(default_factory=dict)

    def completed(self, other: "Metadata") -> "Metadata":
        """Return the facts with those of `other` that are not stated here."""
        missing = {
            name: getattr(other, name)
            for name in self.__struct_fields__
            if name != "extra" and getattr(self, name) in (None, ())
        }
        return replace(self, extra={**other.extra, **self.extra}, **missing)


class Incoming(Struct, frozen=True, kw_only=True):
    """A text that can become a document.

    `place` names it in messages: a file, or a file and a line. `text` follows `header` in its
    seed; a header of None is written from the date. `name` is the file name of the seed, without
    one the id is; `stem` becomes part of an id where `id` is None, after the date if `dated`.
    """

    place: str
    text: str
    metadata: Metadata
    stem: str
    id: str | None = None
    dated: bool = True
    name: str | None = None
    header: str | None = None
    received: Received | None = None
    normalised: tuple[str, ...] = ()


class Reading(Struct, frozen=True, kw_only=True):
    """How files are read.

    `metadata` completes what they state. `normalise` mends texts that are not in the form of a
    seed. `encoding` is that of files that are not UTF-8. `columns` gives the column of a field
    (text, id, date, ...) that has another name; columns in `left_out` are not read.
    """

    metadata: Metadata = Metadata()
    normalise: bool = False
    encoding: str | None = None
    columns: Mapping[str, str] = {}
    left_out: frozenset[str] = frozenset()
