"""The rules of a page of guidelines that are about some layers, as they stand there."""

import re
from collections.abc import Collection

from statevisit.document.schema import id_node
from statevisit.document.scheme import Scheme

_SECTION = re.compile(r"^## ", re.MULTILINE)
_TABLE = re.compile(r"<!-- generated: labels (\w+)\.\w+ -->.*?<!-- end -->", re.DOTALL)
"""A table of labels, which `statevisit build` keeps current; it names the layer of its section."""

_SOURCES = re.compile(r"^Sources?: .*$", re.MULTILINE)
_BLANK = re.compile(r"\n{3,}")


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
