"""doccano's JSONL: a text with labelled spans, or with entities and the relations between them.

{"id": 1, "text": "Ann left.", "label": [[0, 3, "PER"]]}
{"id": 2, "text": "…", "entities": [{"id": 7, "label": "PER", "start_offset": 0, "end_offset": 3}],
 "relations": [{"id": 1, "from_id": 7, "to_id": 8, "type": "knows"}]}

See https://doccano.github.io/doccano/. A text may also be named `data`, spans `labels`.
"""

from collections.abc import Iterator
from pathlib import Path

from statevisit.document.scheme import Scheme
from statevisit.document.strict_json import Json
from statevisit.errors import FormatError
from statevisit.formats.json_lines import Line, brief, lines
from statevisit.formats.texts import AnnotatedText, Relation

_KNOWN = {"id", "text", "data", "label", "labels", "entities", "relations"}


def read(path: Path, scheme: Scheme) -> Iterator[AnnotatedText]:
    """Yield the annotated text of each line.

    Raises FormatError, with the line, for what is not doccano's, offsets outside the text, and
    relations of entities that the line lacks.
    """
    for line in lines(path):
        number = line.value.get("id")
        if isinstance(number, int | str) and str(number):
            line.text.id = f"{path.stem}-{number}"
        line.take_text("text", "data")
        for key in ("label", "labels"):
            _take_labels(line, key)
        for entity in line.objects("entities"):
            start, end = entity.get("start_offset"), entity.get("end_offset")
            line.add(start, end, entity.get("label"), _key(entity.get("id")))
        _take_relations(line)
        line.lose_others(_KNOWN)
        yield line.text


def _key(number: Json) -> str:
    if number is None:
        return ""
    return number if isinstance(number, str) else brief(number)


def _take_labels(line: Line, key: str) -> None:
    """Add spans `[start, end, label]`; a label alone is that of the whole text."""
    items = line.value.get(key) or []
    if isinstance(items, str):
        items = [items]
    if not isinstance(items, list):
        raise line.bad(f"expected a list as {key!r}")
    for item in items:
        if isinstance(item, list) and len(item) == 3:
            line.add(*item)
        elif isinstance(item, str | int):
            line.lose("labels of whole texts", brief(item))
        else:
            raise _unknown(line, key, item)


def _unknown(line: Line, key: str, item: Json) -> FormatError:
    return line.bad(f"expected [start, end, label] in {key!r}, not {brief(item)}")


def _take_relations(line: Line) -> None:
    ids = line.text.by_id()
    entities = {_key(entity.get("id")) for entity in line.objects("entities")}
    for relation in line.objects("relations"):
        ends = [_key(relation.get(key)) for key in ("from_id", "to_id")]
        unknown = [end for end in ends if end not in entities]
        label = relation.get("type")
        if unknown:
            raise line.bad(f"a relation of the entity {unknown[0]}, which the line lacks")
        if not isinstance(label, str) or not label or not set(ends) <= ids.keys():
            line.lose("relations without a type or of spans without a label", " → ".join(ends))
        else:
            line.text.relations.append(Relation(ends[0], label, ends[1], line.text.line))
