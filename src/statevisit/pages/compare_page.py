"""Comparisons of documents as pages: a page for one, and pages of bounded size for many.

The documents with most differences come first. The first page lists all documents; it and those
after it show as many as fit. A page shows one of its documents at a time.
"""

from collections.abc import Callable, Iterator, Sequence
from pathlib import PurePath

from markupsafe import Markup
from msgspec import Struct

from statevisit.pages.comparison import SIGNS, status_titles
from statevisit.pages.pairs import STATUSES, Compared

PAGE_SIZE = 2_000_000
"""Characters of comparisons after which a page is full; it has at least one."""

PAGES = 50
"""Pages that are written at most."""

MOST_LISTED = 1_000
"""Documents in the list of the first page."""


class Entry(Struct, frozen=True):
    """A document to show: its counts by status, its differences, and what makes its part."""

    id: str
    counts: tuple[int, ...]
    differences: int
    section: Callable[[], str]


class Listed(Struct, frozen=True):
    """A document in the list: its counts, and the address of the page that shows it, if any does.

    The address is empty for the page itself.
    """

    id: str
    counts: tuple[int, ...]
    differences: int
    address: str | None


class Page(Struct, frozen=True):
    """A page: its documents, those that are listed, and the addresses of the pages beside it.

    `documents` are the ids and comparisons of those that it shows. `unlisted` documents have no
    row, `unshown` ones no comparison.
    """

    number: int
    documents: list[tuple[str, Markup]]
    listed: list[Listed]
    heads: list[tuple[str, str]]
    unlisted: int
    unshown: int
    first: str
    earlier: str
    later: str


def entry(compared: Callable[[], Compared], section: Callable[[Compared], str]) -> Entry:
    """Return a document to show.

    `compared` is called again when its page is written; `section` then makes the part of the page.
    """
    now = compared()
    counts = now.counts()
    return Entry(
        id=now.first.id,
        counts=tuple(counts[name] for name in STATUSES),
        differences=now.differences(),
        section=lambda: section(compared()),
    )


def pages(
    entries: Sequence[Entry],
    names: tuple[str, str],
    file: str,
    shown: Callable[[Page], str],
    size: float | None = None,
) -> Iterator[tuple[str, str]]:
    """Yield (file name, HTML) of each page, the first page last: it lists where documents are.

    Args:
        entries: The documents.
        names: The names of the two annotations.
        file: The file name of the first page; later ones have numbers in theirs.
        shown: Returns the HTML of a page.
        size: The characters after which a page is full, by default PAGE_SIZE.
    """
    ordered = sorted(entries, key=lambda entry: (-entry.differences, entry.id))
    titles = status_titles(names)
    heads = [(SIGNS[name], titles[name]) for name in STATUSES]
    addresses: dict[int, str] = {}
    first: list[tuple[str, Markup]] = []
    groups = _groups(ordered, PAGE_SIZE if size is None else size)
    following = next(groups, None)
    number = 0
    while following is not None and number < PAGES:
        numbers, documents = following
        number += 1
        following = next(groups, None) if number < PAGES else None
        name = name_of_page(file, number)
        addresses |= dict.fromkeys(numbers, name)
        if number == 1:
            addresses |= dict.fromkeys(numbers, "")
            first = documents
            continue
        page = Page(
            number=number,
            documents=documents,
            listed=[_listed(ordered[n], "") for n in numbers],
            heads=heads,
            unlisted=0,
            unshown=0,
            first=file,
            earlier=name_of_page(file, number - 1),
            later="" if following is None else name_of_page(file, number + 1),
        )
        yield name, shown(page)
    listed = [_listed(e, addresses.get(n)) for n, e in enumerate(ordered[:MOST_LISTED])]
    page = Page(
        number=1,
        documents=first,
        listed=listed,
        heads=heads,
        unlisted=len(ordered) - len(listed),
        unshown=len(ordered) - len(addresses),
        first="",
        earlier="",
        later=name_of_page(file, 2) if number > 1 else "",
    )
    yield file, shown(page)


def name_of_page(file: str, number: int) -> str:
    """Return the file name of a page: `report.html`, then `report-2.html`."""
    path = PurePath(file)
    return file if number == 1 else f"{path.stem}-{number}{path.suffix}"


def _listed(entry: Entry, address: str | None) -> Listed:
    return Listed(entry.id, entry.counts, entry.differences, address)


def _groups(
    entries: Sequence[Entry], size: float
) -> Iterator[tuple[list[int], list[tuple[str, Markup]]]]:
    """Yield the numbers of the entries of each page, and their ids and comparisons."""
    numbers: list[int] = []
    documents: list[tuple[str, Markup]] = []
    characters = 0
    for number, one in enumerate(entries):
        html = one.section()
        if documents and characters + len(html) > size:
            yield numbers, documents
            numbers, documents, characters = [], [], 0
        numbers.append(number)
        documents.append((one.id, Markup(html)))
        characters += len(html)
    if documents:
        yield numbers, documents
