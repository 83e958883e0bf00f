"""Exports of other projects: what their labels mean is said in a small TOML file.

[labels]                  # a region's label: one of the interface's
PER = "PERSON"
[relations]               # a relation's label: one of the interface's, "← AGENT" to turn it round
agent_of = "← AGENT"
[choices.certainty]       # a per-region control, Choices or TextArea: the property that its answers are
property = "events.modality"
maybe = "UNCERTAIN"
[defaults]                # what regions get that have no answer
"mentions.level" = "NAM"
"""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct

from statevisit.errors import FormatError
from statevisit.labelstudio.config import (
    INVERSE,
    RELATION,
    TEXT,
    controls,
    region_labels,
    relation_labels,
)
from statevisit.labelstudio.regions import Report, to_results
from statevisit.model import Document


class Mapping(Struct, forbid_unknown_fields=True):
    """What the labels, relations and answers of another project are here; see the module's docstring."""

    labels: dict[str, str] = {}
    relations: dict[str, str] = {}
    choices: dict[str, dict[str, str]] = {}
    defaults: dict[str, str] = {}


def read_mapping(path: Path) -> Mapping:
    """A mapping file. Raises FormatError that names what is not known."""
    try:
        mapping = msgspec.convert(tomllib.loads(path.read_text(encoding="utf-8")), Mapping)
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror or error}") from None
    except ValueError as error:  # TOML, UTF-8 and msgspec errors alike
        raise FormatError(
            f"{path}: no mapping: {error}; README.md of statevisit/labelstudio has an example"
        ) from None
    properties = {f"{c.layer}.{c.prop}" for c in controls().values()}
    known = {label for labels in region_labels().values() for label in labels}
    wrong = [
        *(("label", v, known) for v in mapping.labels.values() if v not in known),
        *(
            ("relation", v, relation_labels())
            for v in mapping.relations.values()
            if v.removeprefix(INVERSE) not in relation_labels()
        ),
        *(
            ("property", v.get("property", f"({k} has none)"), properties)
            for k, v in mapping.choices.items()
            if v.get("property") not in properties
        ),
        *(("property", k, properties) for k in mapping.defaults if k not in properties),
    ]
    for what, value, there in wrong:
        raise FormatError(
            f"{path}: there is no {what} {value!r}; there are {', '.join(sorted(there))}"
        )
    return mapping


def document_text(task: dict[str, Any]) -> Iterator[str]:
    """The strings that a task shows, any of which may be the text."""
    return (v for v in task["data"].values() if isinstance(v, str))


def converted(
    task: dict[str, Any], where: str, document: Document, mapping: Mapping, report: Report
) -> list[dict[str, Any]]:
    """The annotations with everything that the document has, and what the task adds to it in our terms.

    What the mapping has no place for is reported as L104.
    """
    annotations = task.get("annotations")
    if not isinstance(annotations, list) or not all(
        isinstance(a, dict) and isinstance(a.get("result"), list) for a in annotations
    ):
        raise FormatError(
            f"{where}: the task has no list `annotations` with a `result` each; export the project as JSON (the full one)"
        )
    return [
        {**a, "result": _converted(a["result"], document, mapping, report)} for a in annotations
    ]


def _converted(
    results: list[Any], document: Document, mapping: Mapping, report: Report
) -> list[dict[str, Any]]:
    there = to_results(document)
    homes = {
        (r["from_name"], r["value"]["start"], r["value"]["end"], r["value"]["labels"][0]): r["id"]
        for r in there
        if r["type"] == "labels"
    }
    answered = {
        (r["id"], r["from_name"]) for r in there if "from_name" in r and r["type"] != "labels"
    }
    ids: dict[str, str] = {}
    found: list[dict[str, Any]] = []
    for item in sorted(
        (r for r in results if isinstance(r, dict)),
        key=lambda r: (
            ("labels", RELATION).index(r.get("type")) * 2
            if r.get("type") in ("labels", RELATION)
            else 1
        ),
    ):
        if item.get("type") == "labels":
            found += _region(item, mapping, homes, ids, report)
        elif item.get("type") == RELATION:
            found += _relation(item, mapping, ids, report)
        else:
            found += [
                a
                for a in _answer(item, mapping, ids, report)
                if (a["id"], a["from_name"]) not in answered
            ]
    given = {(r["id"], r["from_name"]) for r in found if "from_name" in r} | answered
    layer_of = {r["id"]: r["from_name"] for r in found if r.get("type") == "labels"}
    for name, value in mapping.defaults.items():
        layer, control = name.split(".")[0], controls()[name.replace(".", "_", 1)]
        found += [
            _result(i, control, value)
            for i, home in layer_of.items()
            if home == layer and (i, control.name) not in given
        ]
    return there + found


def _region(
    item: dict[str, Any],
    mapping: Mapping,
    homes: dict[Any, str],
    ids: dict[str, str],
    report: Report,
) -> Iterator[dict[str, Any]]:
    value, name = item.get("value"), str(item.get("id"))
    for label in value.get("labels") or [] if isinstance(value, dict) else []:
        wanted = mapping.labels.get(label) if isinstance(label, str) else None
        layer = next((k for k, labels in region_labels().items() if wanted in labels), None)
        if layer is None:
            report("L104", f"region {name}: the mapping has no label {label!r}")
        elif home := homes.get((layer, value.get("start"), value.get("end"), wanted)):
            ids[name] = home
        else:
            ids[name] = f"foreign:{name}"  # not the id of a record here, whatever it is
            yield {
                **item,
                "id": ids[name],
                "from_name": layer,
                "value": {**value, "labels": [wanted]},
            }


def _answer(
    item: dict[str, Any], mapping: Mapping, ids: dict[str, str], report: Report
) -> Iterator[dict[str, Any]]:
    kind, value, name = item.get("type"), item.get("value"), str(item.get("id"))
    table = mapping.choices.get(str(item.get("from_name")))
    given = (
        value.get(TEXT if kind == "textarea" else "choices") if isinstance(value, dict) else None
    )
    if (
        table is None
        or name not in ids
        or kind not in ("choices", "textarea")
        or not isinstance(given, list)
        or not given
    ):
        return report(
            "L104",
            f"the mapping has no place for {kind} {item.get('from_name')!r} of region {name}: {str(given)[:100]}",
        )
    control = controls()[table["property"].replace(".", "_", 1)]
    yield _result(ids[name], control, table.get(str(given[0]), str(given[0])))


def _result(name: str, control: Any, answer: str) -> dict[str, Any]:
    return {
        "id": name,
        "from_name": control.name,
        "type": control.kind,
        "value": {TEXT if control.kind == "textarea" else "choices": [answer]},
    }


def _relation(
    item: dict[str, Any], mapping: Mapping, ids: dict[str, str], report: Report
) -> Iterator[dict[str, Any]]:
    ends = [ids.get(str(item.get(k))) for k in ("from_id", "to_id")]
    labels = [label for label in item.get("labels") or [] if isinstance(label, str)]
    for label in labels:
        if label not in mapping.relations:
            report("L104", f"the mapping has no relation {label!r}")
    if None in ends or not labels:
        return report(
            "L104",
            f"a relation without {'a label' if not labels else 'both of its regions'}: {item.get('from_id')} → {item.get('to_id')}",
        )
    if known := [mapping.relations[label] for label in labels if label in mapping.relations]:
        yield {
            "type": RELATION,
            "from_id": ends[0],
            "to_id": ends[1],
            "direction": item.get("direction", "right"),
            "labels": known,
        }
