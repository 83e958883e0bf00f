"""New ids for the records and groups that an annotation adds."""

import re
import unicodedata
from functools import cached_property
from itertools import count

from statevisit.document.model import Document
from statevisit.document.records import ID_PREFIXES

_LONGEST_SLUG = 48


class Ids:
    """The ids that two versions of a document use; a new id is in neither."""

    def __init__(self, base: Document, current: Document) -> None:
        self._base, self._current = base, current
        self._slugs: dict[str, int] = {}

    @cached_property
    def taken(self) -> set[str]:
        """The ids in use. It is computed when the first id is needed, for most tasks never."""
        return {*self._base.layers, *self._current.layers}

    @cached_property
    def _last_numbers(self) -> dict[str, int]:
        """The largest number after each prefix of letters."""
        last: dict[str, int] = {}
        for record_id in self.taken:
            _count(record_id, last)
        return last

    def take(self, record_id: str) -> None:
        """Add an id to those in use."""
        self.taken.add(record_id)
        _count(record_id, self._last_numbers)

    def numbered(self, layer: str) -> str:
        """Return the next id of a layer and take it: `m106` after `m105`."""
        prefix = ID_PREFIXES[layer]
        record_id = f"{prefix}{self._last_numbers.get(prefix, 0) + 1}"
        self.take(record_id)
        return record_id

    def slug(self, text: str, fallback: str) -> str:
        """Return an id made of a text, such as `ilham-aliyev`; `fallback` if it has no letters.

        The id is not taken: the group that would get it may still be refused.
        """
        ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
        plain = re.sub(r"[^a-z0-9]+", "-", ascii_text.lower()).strip("-")
        stem = plain[:_LONGEST_SLUG] or fallback
        if stem not in self.taken:
            return stem
        # The numbers before the last one for this text are still taken.
        numbers = count(self._slugs.get(stem, 2))
        self._slugs[stem] = next(n for n in numbers if f"{stem}-{n}" not in self.taken)
        return f"{stem}-{self._slugs[stem]}"


_NUMBERED = re.compile(r"([a-z]+)(\d{1,18})")


def _count(record_id: str, last: dict[str, int]) -> None:
    """Raise the largest number of a prefix to that of an id."""
    match = _NUMBERED.fullmatch(record_id)
    if match:
        last[match[1]] = max(last.get(match[1], 0), int(match[2]))
