"""Whether the values in a UIMA CAS are those that its type system declares.

cassis takes any value for a feature of JSON, and any structure for a reference.
"""

from pathlib import Path
from typing import Any

from cassis.typesystem import FeatureStructure, Type

from statevisit.errors import FormatError

_NUMBERS = {f"uima.cas.{name}" for name in ("Byte", "Short", "Integer", "Long", "Float", "Double")}


def check_values(view: Any, path: Path) -> None:
    """Raise FormatError for a value of another type than its feature has.

    Checks the structures in the index of a view, and those to which they refer. Strings must be
    text: half of a surrogate pair is none.
    """
    pending = list(view.select_all_fs())
    seen: set[int] = set()
    while pending:
        structure = pending.pop()
        if id(structure) in seen:
            continue
        seen.add(id(structure))
        for feature in structure.type.all_features:
            value = getattr(structure, feature.name)
            if value is None or feature.name == "sofa":
                continue
            if feature.name == "elements" and isinstance(value, list | tuple | bytes):
                _check_elements(structure, value, pending, path)
            elif not _fits(value, feature.rangeType):
                raise _bad(structure, feature.name, path)
            elif isinstance(value, FeatureStructure):
                pending.append(value)


def _check_elements(
    structure: Any, elements: Any, pending: list[FeatureStructure], path: Path
) -> None:
    """Check the elements of an array: structures, or values of one kind."""
    is_of_structures = structure.type.name == "uima.cas.FSArray"
    for element in elements:
        is_structure = isinstance(element, FeatureStructure)
        if is_structure:
            pending.append(element)
        elif isinstance(element, str) and not _is_text(element):
            raise _bad(structure, "elements", path)
        if element is not None and is_structure != is_of_structures:
            raise _bad(structure, "elements", path)


def _fits(value: Any, declared: Type) -> bool:
    """Whether a value is one of the declared type."""
    if declared.name == "uima.cas.String":
        return isinstance(value, str) and _is_text(value)
    if declared.name == "uima.cas.Boolean":
        return isinstance(value, bool)
    if declared.name in _NUMBERS:
        return isinstance(value, int | float) and not isinstance(value, bool)
    return isinstance(value, FeatureStructure) and _is_a(value.type, declared)


def _is_a(type_: Type | None, declared: Type) -> bool:
    """Whether a type is the declared one or below it."""
    while type_ is not None and type_.name != declared.name:
        type_ = type_.supertype
    return type_ is not None


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _bad(structure: Any, feature: str, path: Path) -> FormatError:
    return FormatError(
        f"{path}: is not a CAS of its types: feature {feature!r} of {structure.type.name} with "
        f"the id {structure.xmiID} has a value of another type"
    )
