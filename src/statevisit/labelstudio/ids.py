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

    @cached_property
    def taken(self) -> set[str]:
        """The ids in use. It is computed when the first id is needed, for most tasks never."""
        return {*self._base.layers, *self._current.layers}

    def numbered(self, layer: str) -> str:
        """Return the next id of a layer and take it: `m106` after `m105`."""
        pattern = re.compile(rf"{ID_PREFIXES[layer]}(\d{{1,18}})")
        matches = [pattern.fullmatch(record_id) for record_id in self.taken]
        last = max((int(match[1]) for match in matches if match), default=0)
        record_id = f"{ID_PREFIXES[layer]}{last + 1}"
        self.taken.add(record_id)
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
        numbered = (f"{stem}-{number}" for number in count(2))
        return next(slug for slug in numbered if slug not in self.taken)
