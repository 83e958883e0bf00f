"""Exports of other projects: a TOML file maps their labels to those of the interface.

[labels]                  # label of a region -> label of the interface, or "mentions.PERSON"
PER = "PERSON"
[relations]               # label of a relation -> relation label; "← AGENT" reverses the direction
agent_of = "← AGENT"
[choices.certainty]       # a per-region control (Choices or TextArea), and the property it sets
property = "events.modality"
maybe = "UNCERTAIN"       # answer -> value
[defaults]                # the values for regions without an answer
"mentions.level" = "NAM"
"""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from statevisit.document.codec import read_bytes
from statevisit.document.scheme import Scheme
from statevisit.errors import FormatError
from statevisit.regions.labels import Control, controls, region_labels
from statevisit.regions.relation_labels import INVERSE, relation_labels

Answer = str | bool | int | float
"""An answer to a control in a mapping, or the value that it becomes."""


class Mapping(Struct, forbid_unknown_fields=True):
    """The labels, relations and answers of another project in terms of the interface.

    The docstring of the module has an example.
    """

    labels: dict[str, str] = {}
    relations: dict[str, str] = {}
    choices: dict[str, dict[str, Answer]] = {}
    defaults: dict[str, Answer] = {}


def read_mapping(path: Path, scheme: Scheme) -> Mapping:
    """Read a mapping file for a corpus with a scheme.

    Raises FormatError that names what the interface does not have.
    """
    try:
        data = tomllib.loads(read_bytes(path).decode("utf-8-sig"))
    except RecursionError:
        raise FormatError(f"{path}: not a mapping: nested too deeply") from None
    except ValueError as error:  # from tomllib and UTF-8 alike
        raise _no_mapping(path, error) from None
    return _checked(data, path, scheme)


def mapping_of(value: dict[str, Any], scheme: Scheme) -> Mapping:
    """Return a mapping from Python: the tables of a mapping file, or its table `labels` alone.

    {"PER": "PERSON"} is {"labels": {"PER": "PERSON"}}. Raises FormatError as `read_mapping` does.
    """
    is_labels = all(isinstance(part, str) for part in value.values())
    return _checked({"labels": value} if is_labels else value, "the mapping", scheme)


def _checked(data: dict[str, Any], path: Path | str, scheme: Scheme) -> Mapping:
    """The mapping that tables form. Raises FormatError for what the interface does not have."""
    try:
        mapping = msgspec.convert(data, Mapping)
    except ValueError as error:
        raise _no_mapping(path, error) from None
    relations = [label.removeprefix(INVERSE) for label in mapping.relations.values()]
    set_by_choices = [
        str(table.get("property", f"({control} has none)"))
        for control, table in mapping.choices.items()
    ]
    properties = controls_by_property(scheme).keys()
    for label in mapping.labels.values():
        candidates = places(label, scheme)
        if len(candidates) > 1:
            choices = " or ".join(f'"{layer}.{label}"' for layer, _ in candidates)
            raise FormatError(f"{path}: {label!r} is a label of several layers; write {choices}")
        if not candidates:
            _refuse_unknown("label", [label], _all_labels(scheme), path)
    _refuse_unknown("relation", relations, relation_labels(scheme), path)
    _refuse_unknown("property", set_by_choices, properties, path)
    _refuse_unknown("property", mapping.defaults, properties, path)
    return mapping


def _no_mapping(path: Path | str, error: ValueError) -> FormatError:
    return FormatError(
        f"{path}: not a mapping: {error}; README.md of statevisit/labelstudio has an example"
    )


def _all_labels(scheme: Scheme) -> set[str]:
    return {label for names in region_labels(scheme).values() for label in names}


def places(name: str, scheme: Scheme) -> list[tuple[str, str]]:
    """Return the layers that have a label, each with the label.

    `name` is the label, or the layer and the label: PERSON, or mentions.PERSON.
    """
    labels = region_labels(scheme)
    candidates = [(layer, name) for layer, names in labels.items() if name in names]
    layer, _, label = name.partition(".")
    if not candidates and label in labels.get(layer, ()):
        candidates.append((layer, label))
    return candidates


def controls_by_property(scheme: Scheme) -> dict[str, Control]:
    """Return the controls by the property that they set, such as `mentions.level`."""
    return {f"{control.layer}.{control.prop}": control for control in controls(scheme).values()}


def _refuse_unknown(
    noun: str, names: Iterable[str], known: Iterable[str], path: Path | str
) -> None:
    known = sorted(known)
    for name in names:
        if name not in known:
            raise FormatError(f"{path}: unknown {noun} {name!r}; known are {', '.join(known)}")
