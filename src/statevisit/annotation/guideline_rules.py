"""The rules of a page of guidelines that are about some layers, as they stand there."""

import re
from collections.abc import Collection
from pathlib import Path

from statevisit import layout
from statevisit.document.codec import read_bytes
from statevisit.document.schema import id_node
from statevisit.document.scheme import Scheme, base
from statevisit.errors import FormatError

_SECTION = re.compile(r"^## ", re.MULTILINE)
_TABLE = re.compile(r"<!-- generated: labels (\w+)\.\w+ -->.*?<!-- end -->", re.DOTALL)
"""A table of labels, which `statevisit build` keeps current; it names the layer of its section."""

_MARK = re.compile(r"<!-- generated: labels (\w+)\.(\w+) -->")
_PARAGRAPH = re.compile(
    r"^\*\*(?P<number>\d+\.\d+)\*\*(?P<words>.*?)(?=^\*\*\d+\.\d+\*\*|^<!--|^## |\Z)",
    re.MULTILINE | re.DOTALL,
)
"""A numbered paragraph, such as **2.3**, to the next one, a table or the end of its section."""

_SOURCES = re.compile(r"^Sources?: .*$", re.MULTILINE)
_BLANK = re.compile(r"\n{3,}")


def guidelines_of(scheme: Scheme, root: Path | None) -> str:
    """Return the page of guidelines of a corpus; under the base scheme else that of this package.

    Empty without one. Raises FormatError for a page that is not UTF-8.
    """
    page = None if root is None else root / layout.GUIDELINES
    if page is None or not page.is_file():
        if scheme is not base():
            return ""
        page = layout.data_root() / layout.GUIDELINES
    try:
        return read_bytes(page).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(f"{page}: not UTF-8: {error.reason}; save the page as UTF-8") from None


def rules_of(page: str, scheme: Scheme, layers: Collection[str]) -> str:
    """Return the sections of a page that are about some layers, without their tables of labels.

    A section is about the layers of its tables; the sections before the first such one are about
    all. A layer without a table, such as event chains, belongs to that of the first layer that
    refers to it. Sections after the last such one, on notation and changes, are left out. Empty for
    a page without tables.
    """
    _, *sections = _SECTION.split(page.replace("\r\n", "\n"))
    homes = [_layers_of(section) for section in sections]
    if not any(homes):
        return ""
    chosen = set(layers)
    for layer in layers:
        if not any(layer in home for home in homes):
            chosen.update(_referring(scheme, layer, homes))
    first = next(number for number, home in enumerate(homes) if home)
    kept = [
        _plain(section)
        for number, (section, home) in enumerate(zip(sections, homes, strict=True))
        if number < first or chosen & home
    ]
    return "\n\n".join(kept)


def paragraphs_on(page: str, scheme: Scheme) -> tuple[dict[str, str], dict[str, str]]:
    """Return the numbered paragraphs of a page of guidelines, and which is about each label.

    The first result is their Markdown by their numbers, the second their numbers by "layer property
    label". That of a label is the first paragraph in the section of its layer that names the label,
    those after the table of the property before others; failing that, the first after the table.
    """
    words: dict[str, str] = {}
    numbers: dict[str, str] = {}
    for section in _SECTION.split(page.replace("\r\n", "\n"))[1:]:
        paragraphs = [
            (m.start(), m["number"], m["words"].strip()) for m in _PARAGRAPH.finditer(section)
        ]
        words.update((number, text) for _, number, text in paragraphs)
        tables = {mark.groups(): mark.end() for mark in _MARK.finditer(section)}
        layers = {layer for layer, _ in tables}
        for layer, prop in scheme.inventories:
            if layer not in layers:
                continue
            place = tables.get((layer, prop), len(section))
            after = [(number, text) for start, number, text in paragraphs if start > place]
            before = [(number, text) for start, number, text in paragraphs if start < place]
            first = after[0][0] if after else ""
            for label in scheme.labels(layer, prop):
                numbers[f"{layer} {prop} {label.name}"] = (
                    _naming(label.name, after + before) or first
                )
    return words, {label: number for label, number in numbers.items() if number}


def _naming(label: str, paragraphs: list[tuple[str, str]]) -> str:
    """The number of the first paragraph that names a label, or its part after a full stop."""
    for name in dict.fromkeys((label, label.rpartition(".")[2])):
        word = re.compile(rf"(?<![\w-]){re.escape(name)}(?![\w-])")
        for number, text in paragraphs:
            if word.search(text):
                return number
    return ""


def _layers_of(section: str) -> set[str]:
    """The layers of the tables in a section; the arguments are part of the events."""
    names = _TABLE.findall(section)
    return {"events" if name == "arguments" else name for name in names}


def _referring(scheme: Scheme, layer: str, homes: list[set[str]]) -> set[str]:
    """The first layer of a scheme that refers to a layer and has a section, if there is one."""
    for other in scheme.annotated:
        nodes = map(id_node, scheme.properties(other).values())
        refers = any(layer in node.get("x-refers-to", ()) for node in nodes)
        if refers and any(other in home for home in homes):
            return {other}
    return set()


def _plain(section: str) -> str:
    """A section without its tables of labels and the line of its sources, with its heading."""
    text = _SOURCES.sub("", _TABLE.sub("", section))
    return "### " + _BLANK.sub("\n\n", text).strip()
