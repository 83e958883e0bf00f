"""How the labelling interface of a project differs from that of a scheme.

The interface of a project stays when the scheme of the corpus changes. An annotation that was made
with it can be read as long as it is an interface of statevisit; documents can be pushed if it has
all labels and fields of the scheme.
"""

from collections.abc import Iterable, Iterator
from xml.etree import ElementTree

from msgspec import Struct

from statevisit.document.scheme import Scheme
from statevisit.document.strict_json import Json
from statevisit.labelstudio.interface import RELATION, config
from statevisit.regions.relation_labels import INVERSE

_MARK = "statevisit"
"""The class of the outermost view of an interface of statevisit."""

_MOST_NAMED = 5

_FIELDS = ("Labels", "Choices", "TextArea", "Text")


class Difference(Struct, frozen=True):
    """How an interface differs from that of a scheme.

    `lacks` names the labels and fields that only the scheme has, and `has` those that only the
    interface has. `is_foreign` says that it is no interface of statevisit.
    """

    lacks: tuple[str, ...] = ()
    has: tuple[str, ...] = ()
    is_foreign: bool = False

    def __str__(self) -> str:
        parts = []
        if self.lacks:
            parts.append(f"it lacks {listed(self.lacks)}")
        if self.has:
            parts.append(f"it has {listed(self.has)}, which the scheme does not have")
        return "; ".join(parts)


def difference(interface: str, scheme: Scheme) -> Difference:
    """Return how an interface differs from that of a scheme.

    Colours, explanations and the arrangement do not matter.
    """
    own = config(scheme)
    if interface.strip() == own.strip():
        return Difference()
    try:
        view = ElementTree.fromstring(interface)
    except ElementTree.ParseError:
        return Difference(is_foreign=True)
    if view.get("className") != _MARK:
        return Difference(is_foreign=True)
    present = dict.fromkeys(_parts(view))
    needed = dict.fromkeys(_parts(ElementTree.fromstring(own)))
    return Difference(
        lacks=tuple(part for part in needed if part not in present),
        has=tuple(part for part in present if part not in needed),
    )


def _parts(view: ElementTree.Element) -> Iterator[str]:
    """Describe the fields of an interface, their labels, and the labels of relations."""
    for element in view.iter():
        name = element.get("name", "")
        if element.tag in _FIELDS:
            yield _field(name)
            for label in element:
                if label.tag in ("Label", "Choice"):
                    yield _label(label.get("value"), name)
        elif element.tag == "Relation":
            yield _relation(element.get("value", ""))


def used(results: Iterable[Json]) -> Iterator[str]:
    """Describe the fields and labels that the results of an annotation have.

    They are described as in `Difference`.
    """
    for result in results:
        if not isinstance(result, dict):
            continue
        if result.get("type") == RELATION:
            yield from map(_relation, _strings(result.get("labels")))
            continue
        name, value = str(result.get("from_name")), result.get("value")
        yield _field(name)
        if isinstance(value, dict):
            for key in ("labels", "choices"):
                yield from (_label(label, name) for label in _strings(value.get(key)))


def _strings(value: Json) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _field(name: str) -> str:
    return f"the field {name}"


def _label(label: str | None, name: str) -> str:
    return f"the label {label} of {name}"


def _relation(label: str) -> str:
    return f"the relation {label.removeprefix(INVERSE)}"


def listed(parts: Iterable[str]) -> str:
    """Return some descriptions as one phrase; of many, the number of the others."""
    parts = tuple(parts)
    more = f" and {len(parts) - _MOST_NAMED} more" if len(parts) > _MOST_NAMED else ""
    return ", ".join(parts[:_MOST_NAMED]) + more
