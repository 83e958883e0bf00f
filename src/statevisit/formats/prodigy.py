"""Prodigy's JSONL, as `prodigy db-out` writes it: a text with spans and relations, and an answer.

{"text": "Ann left.", "spans": [{"start": 0, "end": 3, "label": "PER"}], "answer": "accept"}

See https://prodi.gy/docs/api-interfaces. Examples that were rejected or ignored are left out.
"""

from collections.abc import Iterator
from pathlib import Path

from statevisit.document.scheme import Scheme
from statevisit.document.strict_json import Json, JsonObject
from statevisit.errors import FormatError
from statevisit.formats.json_lines import Line, brief, lines
from statevisit.formats.texts import AnnotatedText, Loss, Relation

_KNOWN = {"text", "spans", "relations", "answer", "tokens", "label", "accept", "options", "html"}


def read(path: Path, scheme: Scheme) -> Iterator[AnnotatedText]:
    """Yield the annotated text of each accepted example; one without an answer is accepted.

    Those that were not accepted are losses of the next text, or of the last one. Raises
    FormatError, with the line, for what is not Prodigy's, offsets outside the text, and a file
    without an accepted example.
    """
    previous: AnnotatedText | None = None
    left_out: list[Loss] = []
    for line in lines(path):
        line.take_text("text")
        answer = line.value.get("answer", "accept")
        if answer != "accept":
            kind = f"examples with the answer {brief(answer)}"
            left_out.append(Loss(kind, repr(line.text.text[:40]), line.text.line))
            continue
        if previous is not None:
            yield previous
        _take(line)
        previous = line.text
        previous.losses += left_out
        left_out.clear()
    if previous is None:
        raise FormatError(f"{path}: no accepted example")
    previous.losses += left_out
    yield previous


def _take(line: Line) -> None:
    """Read an example."""
    tokens = line.objects("tokens")
    line.text.tokens = tuple(line.span(token.get("start"), token.get("end")) for token in tokens)
    for span in line.objects("spans"):
        line.add(span.get("start"), span.get("end"), span.get("label"))
    for relation in line.objects("relations"):
        _take_relation(line, relation)
    for key in ("label", "accept"):
        if line.value.get(key):
            line.lose("labels of whole texts", brief(line.value[key]))
    hidden = {key for key in line.value if key.startswith("_")}
    line.lose_others(_KNOWN | hidden)


def _take_relation(line: Line, relation: JsonObject) -> None:
    """Add the relation of two spans; between words that are no spans, it is lost."""
    source, target = (_span_at(line, relation, end) for end in ("head", "child"))
    label = relation.get("label")
    if isinstance(label, str) and label and source and target:
        line.text.relations.append(Relation(source, label, target, line.text.line))
    else:
        line.lose("relations without a label or of words that are no spans", brief(label))


def _span_at(line: Line, relation: JsonObject, end: str) -> str:
    """The id of the span at an end of a relation: by its offsets, or the token that it has."""
    stated = relation.get(f"{end}_span")
    if isinstance(stated, dict):
        at = (stated.get("start"), stated.get("end"))
        same = [a for a in line.text.annotations if (a.start, a.end) == at]
        best = [a for a in same if a.label == stated.get("label")] or same
        return best[0].id if best else ""
    token = _token_bounds(line, relation.get(end))
    if token is None:
        return ""
    around = [a for a in line.text.annotations if a.start <= token[0] and token[1] <= a.end]
    return around[0].id if around else ""


def _token_bounds(line: Line, number: Json) -> tuple[int, int] | None:
    for token in line.objects("tokens"):
        if token.get("id") == number:
            return line.span(token.get("start"), token.get("end"))
    return None
