"""The catalogue of codes: severity, message, reason, and an example of wrong and right for each.

A registered check states all this in its docstring: the message first, then the reason, then
`Wrong:` and `Right:`. For a code without a registered check, `incoming.py` holds a text of the
same form.
"""

import inspect
import re
from functools import cache

from msgspec import Struct

from statevisit.checks.incoming import EXPLANATIONS
from statevisit.checks.registry import REGISTRY, load_checks
from statevisit.findings import severity
from statevisit.resources import CHECKS_PAGE

FAMILIES = {
    "1": "form",
    "2": "text",
    "3": "references",
    "4": "labels",
    "5": "values",
    "6": "the document as a whole",
    "7": "the corpus",
    "A": "quotes and realignment",
    "L": "Label Studio",
}
"""The subject of a code by its letter (A, L), else by its first digit."""

_FORM = re.compile(
    r"(?P<message>.+?)\n\n(?P<why>.+?)\n\nWrong: (?P<wrong>.+?)\nRight: (?P<right>.+)", re.DOTALL
)


class Entry(Struct, frozen=True):
    """A code with its explanation."""

    code: str
    message: str
    why: str
    wrong: str
    right: str

    @property
    def severity(self) -> str:
        """Return "error" or "warning"."""
        return severity(self.code)

    @property
    def page(self) -> str:
        """The place that explains the code, as a path below a corpus root with its anchor."""
        return f"{CHECKS_PAGE}#{self.code.lower()}"

    @property
    def family(self) -> str:
        """Return the subject of the code."""
        letter, digit = self.code[0], self.code[1]
        return FAMILIES[letter] if letter in FAMILIES else FAMILIES[digit]


def entry(code: str, text: str) -> Entry:
    """Return the entry that an explanation describes. Raises ValueError if a part is missing."""
    parts = _FORM.fullmatch(inspect.cleandoc(text).strip())
    if not parts:
        raise ValueError(
            f"{code}: a check's docstring is its message, a paragraph of why, `Wrong:` and `Right:`"
        )
    message, why, wrong, right = (" ".join(part.split()) for part in parts.groups())
    return Entry(code, message.rstrip("."), why, wrong, right)


@cache
def catalogue() -> dict[str, Entry]:
    """Return the entry of every code, ordered by family, then by number."""
    load_checks()
    texts = dict(EXPLANATIONS)
    for code, registered in REGISTRY.items():
        texts[code] = registered.run.__doc__ or ""
    return {code: entry(code, texts[code]) for code in sorted(texts, key=_order)}


def _order(code: str) -> tuple[int, str, str]:
    """Errors and warnings by number, then quotes (A), then Label Studio (L)."""
    letter, number = code[0], code[1:]
    return "AL".find(letter), number, letter
