"""The list of annotators of a corpus root, `corpus/annotators.json`."""

import os
from collections.abc import Iterable
from pathlib import Path

from statevisit import files, layout
from statevisit.corpus.jsonl import read_json
from statevisit.corpus.seeds import check_update
from statevisit.document import schema, schema_errors
from statevisit.document.characters import tidy
from statevisit.document.codec import encode_value, read_bytes
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError


def read_annotators(root: Path) -> list[JsonObject]:
    """Return the annotators that a root lists; none without a list. Raises FormatError."""
    path = root / layout.ANNOTATORS
    if not os.path.lexists(path):
        return []
    annotators: list[JsonObject] = read_json(path, "annotators")["annotators"]
    return annotators


def list_with(root: Path, annotators: Iterable[JsonObject]) -> bytes:
    """Return the list of a root with those annotators whose ids it lacks; its bytes without any.

    Raises FormatError.
    """
    listed = read_annotators(root)
    ids = {annotator["id"] for annotator in listed}
    added = {annotator["id"]: annotator for annotator in annotators if annotator["id"] not in ids}
    if listed and not added:
        return read_bytes(root / layout.ANNOTATORS)
    return encode_value({"annotators": [*listed, *added.values()]})


def add_annotator(root: Path, annotator: JsonObject) -> None:
    """Add an annotator to the list of a root, which is made if it is missing.

    Raises FormatError, and changes nothing, if the schema refuses the annotator, or if its id names
    another one, on some system at least.
    """
    annotator = {**annotator, "name": tidy(annotator["name"])}
    for _, message in schema_errors.errors({"annotators": [annotator]}, schema.load("annotators")):
        raise FormatError(f"the annotator {annotator['id']!r}: {message}")
    if reason := layout.unportable(annotator["id"]):
        raise FormatError(f"{annotator['id']!r} cannot name a directory: {reason}; choose another")
    with files.locked(root):
        for listed in read_annotators(root):
            if layout.on_any_system(listed["id"]) == layout.on_any_system(annotator["id"]):
                raise FormatError(
                    f"{root / layout.ANNOTATORS}: lists {listed['id']!r} already, as "
                    f"{listed['name']!r}; choose another id, or edit the list"
                )
        data = list_with(root, [annotator])
        check_update(root, layout.ANNOTATORS, data)
        files.update(root / layout.ANNOTATORS, data)
