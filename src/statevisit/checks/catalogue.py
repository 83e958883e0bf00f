"""The catalogue of codes: severity, message, reason, and an example of wrong and right for each.

A registered check states all this in its docstring: the message first, then the reason, then
`Wrong:` and `Right:`. For a code without a registered check, `incoming.py` holds a text of the
same form.
"""

import inspect
import re
from functools import cache

from msgspec import Struct
from msgspec.structs import replace

from statevisit.checks.codes import EXPLANATIONS
from statevisit.checks.registry import REGISTRY, Check, load_checks
from statevisit.findings import severity
from statevisit.layout import CHECKS_PAGE

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
    """A code with its explanation.

    `languages` are those of the texts for which its check runs; "" for all.
    """

    code: str
    message: str
    why: str
    wrong: str
    right: str
    languages: str = ""

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
    entries = {code: entry(code, texts[code]) for code in sorted(texts, key=_order)}
    for code, registered in REGISTRY.items():
        entries[code] = replace(entries[code], languages=_languages(registered))
    return entries


def _languages(registered: Check) -> str:
    """The languages for whose texts a check runs, as people read it; "" for all."""
    if registered.languages:
        return f"{', '.join(sorted(registered.languages))} only"
    if registered.not_in:
        return f"all but {', '.join(sorted(registered.not_in))}"
    return ""


def not_run(language: str) -> tuple[str, ...]:
    """Return the codes of the checks that do not run for texts in a language."""
    load_checks()
    return tuple(code for code in sorted(REGISTRY) if not REGISTRY[code].runs_in(language))


def _order(code: str) -> tuple[int, str, str]:
    """Errors and warnings by number, then quotes (A), then Label Studio (L)."""
    letter, number = code[0], code[1:]
    return "AL".find(letter), number, letter
