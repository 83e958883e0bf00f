"""The release manifest: what a version of the corpus consists of."""

import hashlib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from statevisit import layout
from statevisit.document import schema
from statevisit.document.codec import read_bytes
from statevisit.document.model import LAYERS, SCHEMA_VERSION, Document
from statevisit.document.strict_json import JsonObject, parse
from statevisit.errors import FormatError

FIRST_VERSION = "0.1.0"


class Tally:
    """Counts over documents, gathered one at a time and added up: records per layer and per label."""

    def __init__(self) -> None:
        self.records: Counter[str] = Counter()
        self.labels: Counter[tuple[str, str, str]] = Counter()

    def add(self, document: Document) -> None:
        """Count a document."""
        self.records.update(document.counts())
        for layer, prop in schema.inventories():
            field = "class_" if prop == "class" else prop
            found = (
                [a for e in document.events for a in e.arguments]
                if layer == "arguments"
                else getattr(document, layer)
            )
            self.labels.update((layer, prop, v) for v in (getattr(r, field) for r in found) if v)
        self.records["arguments"] += sum(len(e.arguments) for e in document.events)

    def merge(self, other: "Tally") -> None:
        """Add the counts of other documents."""
        self.records.update(other.records)
        self.labels.update(other.labels)

    def as_dict(self) -> dict[str, Any]:
        """Counts as `release.json` holds them: layers and labels in the schema's order, labels that occur."""
        counts: dict[str, Any] = {
            layer: {"records": self.records[layer], "labels": {}}
            for layer in (*LAYERS, "arguments")
        }
        for layer, prop in schema.inventories():
            counts[layer]["labels"][prop] = {
                n: self.labels[layer, prop, n]
                for n in schema.label_names(layer, prop)
                if self.labels[layer, prop, n]
            }
        return counts


def version_of(root: Path) -> str:
    """The version that the manifest of a corpus root states; 0.1.0 where there is no manifest yet."""
    path = root / layout.RELEASE
    if not path.is_file():
        return FIRST_VERSION
    value = parse(read_bytes(path), str(path))
    if not isinstance(value, dict) or not isinstance(value.get("version"), str):
        raise FormatError(
            f'{path}: states no "version"; restore the file, or delete it to begin at {FIRST_VERSION}'
        )
    return value["version"]


def listed(root: Path) -> dict[str, str]:
    """The SHA-256 of every file that the manifest of a root lists, by name; none without one.

    Raises FormatError where the manifest cannot be read.
    """
    path = root / layout.RELEASE
    if not path.is_file():
        return {}
    value = parse(read_bytes(path), str(path))
    try:
        return {str(entry["path"]): entry["sha256"] for entry in value.get("files", [])}
    except (AttributeError, KeyError, TypeError):
        raise FormatError(
            f"{path}: does not list its files with their SHA-256; restore the file,"
            f" or delete it to begin at {FIRST_VERSION}"
        ) from None


def file_entry(path: Path, name: str) -> dict[str, Any]:
    """Path, size in bytes and SHA-256 of a file."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        size = 0
        while block := file.read(1 << 20):
            size += len(block)
            digest.update(block)
    return {"path": name, "size": size, "sha256": digest.hexdigest()}


def rows_digest(rows: list[tuple[Any, ...]]) -> bytes:
    """The line that a document's rows of a view give to the digest of a config: the SHA-256 of the rows as JSON, a row a line."""
    return (
        hashlib.sha256(
            b"".join(orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows)
        )
        .hexdigest()
        .encode()
        + b"\n"
    )


def new_manifest(
    version: str,
    tally: Tally,
    documents: int,
    content: dict[str, str],
    configs: dict[str, int],
    files: Iterable[dict[str, Any]],
    tools: dict[str, str],
    agreement: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The manifest as `schema/release.schema.json` describes it; `content` is the digest over the content of every config."""
    return {
        "version": version,
        "schema_version": SCHEMA_VERSION,
        "schema_sha256": hashlib.sha256(schema.path("document").read_bytes()).hexdigest(),
        "schemas": {
            name: hashlib.sha256(schema.path(name).read_bytes()).hexdigest()
            for name in schema.NAMES
        },
        "content_sha256": content["documents"],
        "documents": documents,
        "counts": tally.as_dict(),
        "configs": configs,
        "content": content,
        **({"agreement": agreement} if agreement else {}),
        "files": sorted(files, key=lambda f: f["path"]),
        "tools": tools,
    }


def published_agreement(root: Path) -> JsonObject | None:
    """Return how far the annotators of `corpus/annotators/` agree, as `release.json` holds it.

    All figures except those of single labels, rounded to three decimals; γ, which not every
    environment can compute, is left out. None for fewer than two annotators. Raises FormatError
    for annotations that cannot be read or are of different texts.
    """
    from statevisit.scoring.agree import agree  # which other uses of a manifest need not wait for

    passes = sorted(path for path in (root / layout.ANNOTATIONS).glob("*") if path.is_dir())
    if len(passes) < 2:
        return None
    agreement = agree(*passes)
    figures: list[JsonObject] = []
    for figure in agreement.coefficients:
        if figure.label is not None or figure.value is None or figure.coefficient == "gamma":
            continue
        figures.append(
            {
                "layer": figure.layer,
                "coefficient": figure.coefficient,
                "of": figure.of,
                "n": figure.n,
                "value": round(figure.value, 3),
            }
        )
        if figure.interval is not None:
            figures[-1]["interval"] = [round(bound, 3) for bound in figure.interval]
    return {
        "annotators": [path.name for path in passes],
        "documents": agreement.documents,
        "unit": agreement.unit,
        "units": agreement.units,
        "resamples": agreement.resamples,
        "figures": figures,
    }


def encode_manifest(value: dict[str, Any]) -> bytes:
    """A manifest as bytes: indented JSON with a newline at the end."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
