"""The changes between two versions as a page: their texts with both annotations, and a list."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from statevisit.corpus.diff import Change, Compared, biggest_first
from statevisit.corpus.diff_words import details, title
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme, base, scheme_of
from statevisit.pages.compare_page import Entry, Page, entry, pages
from statevisit.pages.compared import compared_versions
from statevisit.pages.comparison import SIGNS, section
from statevisit.pages.directions import as_isolated
from statevisit.pages.pairs import DIFFERING, FIRST, SECOND
from statevisit.pages.pairs import Compared as Pairs
from statevisit.pages.reader_page import render
from statevisit.printable import counted, one_line

KINDS = {"added": SECOND, "removed": FIRST, "changed": DIFFERING}
"""The status of a change, by its kind."""

MOST_CHANGES = 500
"""The changes of a document that are listed one by one; of more, the biggest."""

_OWN_NAMES = 24
"""The most characters of the name of a version that a page uses throughout."""


def page(differing: Iterable[Compared], old: str, new: str) -> str:
    """Return one page of all documents that differ, whatever its size.

    Args:
        differing: The documents, as `diff.compared_corpora` gives them.
        old: The name of the old version.
        new: The name of the new version.
    """
    (_, html), *_ = diff_pages(differing, old, new, "", size=float("inf"))
    return html


def diff_pages(
    differing: Iterable[Compared], old: str, new: str, file: str, **options: Any
) -> Iterator[tuple[str, str]]:
    """Yield (file name, HTML) of the pages of the documents that differ, the first page last.

    `file` is the name of the first page; `options` are those of `compare_page.pages`.
    """
    names = _names(old, new)
    counts = dict.fromkeys(KINDS, 0)
    entries: list[Entry] = []
    whole: list[Change] = []
    scheme: Scheme | None = None
    for document in differing:
        for change in document.changes:
            counts[change.kind] += 1
        if document.read is None:
            whole += document.changes
        else:
            scheme = scheme or scheme_of(document.read()[1])
            entries.append(_entry(document.read, names, document.changes))
    values = {
        "old": old,
        "new": new,
        "summary": counted(len(whole) + sum(e.differences for e in entries), "difference"),
        "by_id": ", ".join(f"{count} {kind}" for kind, count in counts.items()),
        "documents": counted(len(entries), "document") if len(entries) > 1 else "",
        "whole": [_row(change) for change in whole[:MOST_CHANGES]],
        "more_whole": max(0, len(whole) - MOST_CHANGES),
    }

    def shown(paging: Page) -> str:
        return render("diff.html", scheme or base(), None, base="", page=values, paging=paging)

    return pages(entries, names, file, shown, **options)


def _entry(
    read: Callable[[], tuple[Document, Document]],
    names: tuple[str, str],
    changes: Sequence[Change],
) -> Entry:
    def shown(compared: Pairs) -> str:
        ordered = biggest_first(changes)
        rows = [_row(change) for change in ordered[:MOST_CHANGES]]
        return section(compared, rows, len(ordered) - len(rows))

    return entry(lambda: compared_versions(*read(), names), shown)


def _row(change: Change) -> dict[str, Any]:
    status = KINDS[change.kind]
    return {
        "status": status,
        "sign": SIGNS[status],
        "kind": change.kind,
        "title": as_isolated(title(change)),
        "details": [as_isolated(detail) for detail in details(change)],
    }


def _names(old: str, new: str) -> tuple[str, str]:
    """The names of two versions throughout a page: the end of their paths, or "old" and "new"."""
    short = [name.replace("\\", "/").rstrip("/").rpartition("/")[2] for name in (old, new)]
    short = [one_line(name.removesuffix(".json")) for name in short]
    is_telling = short[0] != short[1] and all(0 < len(name) <= _OWN_NAMES for name in short)
    return (short[0], short[1]) if is_telling else ("old", "new")
