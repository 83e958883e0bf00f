"""Repairs of a document that change no meaning.

White space at the edge of a span is taken out of the span, and so are format characters that are
outside all tokens. A surface form that differs from the text is replaced by the text, if the
offsets are on token boundaries. Names and units come in NFC, without invisible characters at their
edges. Decades, centuries and millennia in time values are spelt as in TimeML. Records and keys come
in canonical order and form. Ids, labels, what values mean, and references stay, and a document that
breaks the schema is left unchanged.
"""

from collections.abc import Iterator

from statevisit.checks.text import TYPED
from statevisit.document import codec, schema_errors, strict_json
from statevisit.document.characters import tidy, trimmed
from statevisit.document.model import INNER_SPANS, SPAN_LAYERS
from statevisit.document.scheme import Scheme, base
from statevisit.document.strict_json import JsonObject
from statevisit.document.timex_values import timeml_spelling


def fixed(data: bytes, file: str = "<bytes>", scheme: Scheme | None = None) -> bytes:
    """Return the bytes of the repaired document.

    `scheme` is that of its corpus; None for the base scheme.

    The same bytes come back if there is nothing to repair, or if they are not JSON that follows
    the schema.
    """
    scheme = scheme or base()
    try:
        value = strict_json.parse(data, file)
    except strict_json.Malformed:
        return data
    if not schema_errors.accepts(schema_errors.verdict(scheme), value):
        return data
    value = strict_json.with_integers(value)
    text = value["text"]
    _tidy_names(value)
    _spell_times(value)
    for token in value["tokens"]:
        _trim(token, text)
    starts = {token["start"] for token in value["tokens"]}
    ends = {token["end"] for token in value["tokens"]}
    for span in _spans(value, ("sentences", *SPAN_LAYERS)):
        _trim(span, text)
        if span["start"] not in starts or span["end"] not in ends:
            _trim_format(span, text, starts, ends)
    for span in _spans(value, SPAN_LAYERS):
        start, end = span["start"], span["end"]
        if start in starts and end in ends and start < end <= len(text):
            span["text"] = text[start:end]
    return codec.encode(codec.convert(value, file, scheme))


def _tidy_names(document: JsonObject) -> None:
    for layer, prop in TYPED:
        for record in document.get(layer, ()):
            if prop in record:
                record[prop] = tidy(record[prop])


def _spell_times(document: JsonObject) -> None:
    for timex in document.get("timexes", ()):
        if "value" in timex:
            timex["value"] = timeml_spelling(timex["value"])


def _spans(document: JsonObject, layers: tuple[str, ...]) -> Iterator[JsonObject]:
    """The records of some span layers, and the spans inside them."""
    for layer in layers:
        for record in document.get(layer, ()):
            yield record
            for name in INNER_SPANS:
                if name in record:
                    yield record[name]


def _trim(span: JsonObject, text: str) -> None:
    """Take white space at the edges out of a span; a span of white space only stays for E207."""
    words = text[span["start"] : span["end"]]
    trimmed = words.strip()
    if not trimmed or trimmed == words or span["end"] > len(text):
        return
    if span.get("text") == words:
        span["text"] = trimmed
    span["start"] += len(words) - len(words.lstrip())
    span["end"] = span["start"] + len(trimmed)


def _trim_format(span: JsonObject, text: str, starts: set[int], ends: set[int]) -> None:
    """Take format characters at the edges out of a span, if it is then on token boundaries."""
    if span["end"] > len(text):
        return
    start, end = trimmed(text, span["start"], span["end"])
    if start in starts and end in ends and start < end:
        span["start"], span["end"] = start, end
