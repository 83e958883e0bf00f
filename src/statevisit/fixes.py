"""What can be mended in a document without a change of meaning.

White space at the edge of a span is left out of it; a surface form that differs from the text is taken from the text
where the offsets are on token boundaries; records and keys come in canonical order and form. Nothing else: no id, label,
value or reference is touched, and a document that the schema refuses is left as it is.
"""

from collections.abc import Iterator
from typing import Any

from statevisit import codec, schema_errors, strict_json
from statevisit.model import SPAN_LAYERS


def fixed(data: bytes, file: str = "<bytes>") -> bytes:
    """The document's bytes after mending; the same bytes where there is nothing to mend or the document is not valid JSON of the schema."""
    try:
        value = strict_json.parse(data, file)
    except strict_json.Malformed:
        return data
    if not schema_errors.verdict().is_valid(value):
        return data
    text = value["text"]
    for span in _spans(value, ("sentences", "tokens")):
        _trim(span, text)
    starts, ends = {t["start"] for t in value["tokens"]}, {t["end"] for t in value["tokens"]}
    for span in _spans(value, SPAN_LAYERS):
        _trim(span, text)
        if (
            span["start"] in starts
            and span["end"] in ends
            and span["start"] < span["end"] <= len(text)
        ):
            span["text"] = text[span["start"] : span["end"]]
    return codec.encode(codec.convert(value, file))


def _spans(value: dict[str, Any], layers: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for layer in layers:
        for record in value[layer]:
            yield record
            yield from (record[k] for k in ("property", "cue") if k in record)


def _trim(span: dict[str, Any], text: str) -> None:
    """Leave white space at its edges out of a span; one of nothing but white space stays for the checks to find."""
    inside = text[span["start"] : span["end"]]
    bare = inside.strip()
    if bare and bare != inside and span["end"] <= len(text):
        before = len(inside) - len(inside.lstrip())
        if span.get("text") == inside:
            span["text"] = bare
        span["start"] += before
        span["end"] = span["start"] + len(bare)
