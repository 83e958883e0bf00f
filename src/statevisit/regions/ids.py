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
        self._free: dict[str, int] = {}  # the number from which ids of a stem may be free

    @cached_property
    def taken(self) -> set[str]:
        """The ids in use. It is computed when the first id is needed, for most tasks never."""
        return {*self._base.layer_by_id, *self._current.layer_by_id}

    def numbered(self, layer: str) -> str:
        """Return the next id of a layer and take it: `m106` after `m105`."""
        prefix = ID_PREFIXES[layer]
        if prefix not in self._free:
            pattern = re.compile(rf"{prefix}(\d{{1,18}})")
            matches = [pattern.fullmatch(record_id) for record_id in self.taken]
            self._free[prefix] = 1 + max((int(match[1]) for match in matches if match), default=0)
        record_id = self._first_free(prefix)
        self.taken.add(record_id)
        return record_id

    def _first_free(self, stem: str) -> str:
        """The first id of a stem and a number that is not taken; lower numbers are not tried."""
        numbers = count(self._free[stem])
        self._free[stem] = next(n for n in numbers if f"{stem}{n}" not in self.taken)
        return f"{stem}{self._free[stem]}"

    def slug(self, text: str, fallback: str) -> str:
        """Return an id made of a text, such as `ilham-aliyev`; `fallback` if it has no letters.

        The id is not taken: the group that would get it may still be refused.
        """
        ascii_text = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
        plain = re.sub(r"[^a-z0-9]+", "-", ascii_text.lower()).strip("-")
        stem = plain[:_LONGEST_SLUG] or fallback
        if stem not in self.taken:
            return stem
        self._free.setdefault(f"{stem}-", 2)
        return self._first_free(f"{stem}-")
