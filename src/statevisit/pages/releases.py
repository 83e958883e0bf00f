"""What changed from one release of a corpus to the next, as the history of its checkout has it."""

import heapq
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

from msgspec import Struct

from statevisit.corpus.diff import Change, diff_corpora
from statevisit.corpus.diff_words import details
from statevisit.corpus.git import commit_of, corpus_at, day_of, released_versions
from statevisit.corpus.reader import Corpus, load
from statevisit.document.model import LAYERS
from statevisit.errors import FormatError, ReleaseError
from statevisit.pages.cards import LAYER_TITLES

Mapper = Callable[..., Iterator[Any]]
"""Runs tasks in order, with the arguments of `parallel.ordered`."""

SHOWN = 50
"""Changes of a release that are listed: the largest ones."""

_MOST = 20
"""Releases that are compared: the newest ones."""

_OF_TEXT = ("sentences", "tokens")
"""The layers whose changes are counted, and listed after all others: they have no words."""

_SINGULAR = {
    "document": "document",
    "sentences": "sentence",
    "tokens": "token",
    "event_relations": "relation of events",
}
"""What a record of a layer without cards is called."""

_IN_ORDER = ("document", *LAYERS)

_WHOLE = 1_000
"""The weight of a whole document, which is above that of any record."""


class Step(Struct, frozen=True):
    """A release and the one before it; without a version the data at hand."""

    before: str
    version: str = ""


class Difference(Struct, frozen=True):
    """A record that differs: such as "Added" "event mention", its words, and what was changed.

    `record` is its id where a page can show it.
    """

    kind: str
    what: str
    document: str
    record: str
    words: str
    details: list[str]


class Release(Struct, frozen=True):
    """The changes from the release `before` to `version`, which is empty for the data at hand.

    `counts` are (layer, added, removed, changed), `shown` the largest changes, `unreadable` says
    which documents could not be compared.
    """

    version: str
    before: str
    day: str
    documents: int
    total: int
    counts: list[tuple[str, int, int, int]]
    shown: list[Difference]
    unreadable: str


def releases_of(corpus: Corpus, mapper: Mapper) -> list[Release]:
    """Return the releases of a corpus that have one before them, the newest first.

    What was changed since the last release stands before it. A corpus without a checkout or with
    less than two releases, and unchanged since, has none. `mapper` runs the tasks: each compares
    two releases.
    """
    if corpus.root is None:
        return []
    versions = released_versions(corpus.root)
    steps = [Step(before, version) for before, version in pairwise(versions)]
    if versions:
        steps.append(Step(versions[-1]))
    newest = steps[: -_MOST - 1 : -1]
    releases = mapper(partial(_compared, root=corpus.root), newest)
    return [release for release in releases if release.version or release.total]


def _compared(step: Step, root: Path) -> Release:
    counts: Counter[tuple[str, str]] = Counter()
    documents: set[str] = set()
    errors: list[str] = []

    def changes() -> Iterator[Change]:
        try:
            new = _at(root, step.version) if step.version else load(root)
            for change in diff_corpora(_at(root, step.before), new):
                counts[change.layer, change.kind] += 1
                documents.add(change.document)
                yield change
        except (FormatError, ReleaseError) as error:  # what can be read is compared
            errors.append(str(error).splitlines()[0].rpartition("/")[2])

    largest = heapq.nsmallest(SHOWN, changes(), key=lambda change: -_weight(change))
    return Release(
        version=step.version,
        before=step.before,
        day=day_of(root, _commit(root, step.version)) if step.version else "",
        documents=len(documents),
        total=counts.total(),
        counts=[
            (layer, counts[layer, "added"], counts[layer, "removed"], counts[layer, "changed"])
            for layer in _IN_ORDER
            if any(of_layer == layer for of_layer, _ in counts)
        ],
        shown=[_shown(change) for change in largest],
        unreadable=errors[0] if errors else "",
    )


def _commit(root: Path, version: str) -> str:
    """The commit of a release; one whose commit is unknown is not among the released versions."""
    return commit_of(root, version) or "HEAD"


def _at(root: Path, version: str) -> Corpus:
    return corpus_at(root, _commit(root, version))


def _weight(change: Change) -> int:
    """How large a change is: a whole document, a record, or the number of its properties."""
    if change.layer in _OF_TEXT:
        return 0
    is_whole = change.layer == "document" and change.kind != "changed"
    return _WHOLE if is_whole else change.size


def _shown(change: Change) -> Difference:
    record: dict[str, Any] = change.new or change.old or {}
    has_card = change.layer in LAYER_TITLES and change.kind != "removed"
    return Difference(
        kind=change.kind.capitalize(),
        what=_SINGULAR.get(change.layer) or LAYER_TITLES[change.layer].lower(),
        document=change.document,
        record=change.record if has_card else "",
        words=_words(change, record),
        details=details(change) if change.kind == "changed" else [", ".join(details(change))],
    )


def _words(change: Change, record: dict[str, Any]) -> str:
    """What a record is called: its text or name, or the ids of the records that it links."""
    if change.layer == "document":
        return change.record
    if change.layer == "relations":
        return f"{record['source']} → {record['target']}"
    return " ".join(str(record.get("text") or record.get("name") or change.record).split())
