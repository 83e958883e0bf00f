"""The registry of checks: a code, a message and a generator for each.

A check takes a document that the schema accepts and yields (path, detail). The first line of its
docstring is its message; the rest is what `statevisit explain` prints (`catalogue`). Its code never
changes meaning: E for an error, W for a warning; a valid corpus may have some of those.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cache, wraps
from importlib import import_module
from pathlib import Path
from typing import TypeVar

from msgspec import Struct, field

from statevisit.corpus.signatures import Signatures
from statevisit.document.model import Document
from statevisit.document.schema_errors import ENGINES
from statevisit.document.scheme import Scheme, base

Path_ = tuple[str | int, ...]
"""The steps from a document to a value in it."""

Problems = Iterator[tuple[Path_, str]]
"""The place where a check fails, and a detail that completes its message."""


class Context(Struct, frozen=True):
    """The scheme and the lists that a document is checked against.

    A list that does not exist is None. `engine` checks the schema, one of `schema_errors.ENGINES`.
    """

    scheme: Scheme = field(default_factory=base)
    seeds: Path | None = None
    links: frozenset[str] | None = None
    annotators: frozenset[str] | None = None
    signatures: Signatures = field(default_factory=dict)
    engine: str = ENGINES[0]


Function = Callable[[Document, Context], Problems]


class Check(Struct, frozen=True):
    """A registered check.

    It runs for texts in `languages`, by default in any but `not_in`; these are the languages of
    BCP 47 tags. In other languages it finds nothing.
    """

    code: str
    message: str
    run: Function
    languages: frozenset[str] = frozenset()
    not_in: frozenset[str] = frozenset()

    def runs_in(self, language: str) -> bool:
        """Whether the check runs for texts in a language: `en`, also in a region (`en-GB`)."""
        name = language.partition("-")[0].lower()
        return name not in self.not_in and (not self.languages or name in self.languages)


REGISTRY: dict[str, Check] = {}
"""The checks by code, after `load_checks` was called."""

_FAMILIES = (
    "consistency",
    "conversions",
    "cycles",
    "date_words",
    "labels",
    "participants",
    "quantities",
    "references",
    "spans",
    "statements",
    "temporal_order",
    "text",
    "timexes",
    "units",
)
PRELOAD = tuple(f"statevisit.checks.{family}" for family in _FAMILIES)
"""Modules to import before processes are forked.

Not the parser of units: few documents have one that is not in the table of common units.
"""


def check(
    code: str, languages: Iterable[str] = (), not_in: Iterable[str] = ()
) -> Callable[[Function], Function]:
    """Register a check under a code, for texts in some languages or in all `not_in` others."""

    def register(function: Function) -> Function:
        assert code not in REGISTRY, code
        assert function.__doc__, code
        message = function.__doc__.splitlines()[0].rstrip(".")

        @wraps(function)
        def run(document: Document, context: Context) -> Problems:
            if registered.runs_in(document.language):
                yield from function(document, context)

        limited = frozenset(languages), frozenset(not_in)
        registered = Check(code, message, run if any(limited) else function, *limited)
        REGISTRY[code] = registered
        return registered.run

    return register


@cache
def load_checks() -> None:
    """Import the modules that register checks."""
    for name in PRELOAD:
        import_module(name)


T = TypeVar("T")


def once(function: Callable[[Document], T]) -> Callable[[Document], T]:
    """Keep the result of a function with the document: several checks need it."""
    name = f"{function.__module__}.{function.__name__}"

    def cached(document: Document) -> T:
        if name not in document.__dict__:
            document.__dict__[name] = function(document)
        result: T = document.__dict__[name]
        return result

    return cached
