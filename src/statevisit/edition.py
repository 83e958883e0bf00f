"""The edition without the text: a document without its words, and the document again from these and the text.

What stands in the text is given by offsets. A name, an id that is a slug, and the unit of a count are anybody's
strings: they are written as the places in the text where their characters stand, the longest stretches first, so
that what is left to write out are characters that the text does not have.
"""

import hashlib
import re
from typing import Any

import msgspec

from statevisit import codec, schema
from statevisit.errors import FormatError
from statevisit.model import LAYERS, Document
from statevisit.references import reference_names
from statevisit.strict_json import position

_COUNTED = ("CARDINAL", "ORDINAL")
"""Kinds of quantity whose unit is a word; that of the others is a code."""
_PLAIN_ID = re.compile(r"[a-z]{1,3}[0-9]+")
_SLUGS = ("entities", "event_chains")
_BARE = ("sentences", "tokens")
_WORD = re.compile(r"\w+")

Value = dict[str, Any]


def in_text(string: str, text: str) -> list[Value]:
    """A string as stretches of a text, each the longest there is, and literally the characters that the text does not have."""
    pieces: list[Value] = []
    first = 0
    while first < len(string):
        at, last = 0, first
        while last < len(string) and (found := text.find(string[first : last + 1], at)) >= 0:
            at, last = found, last + 1
        if last > first:
            pieces.append({"start": at, "end": at + last - first})
        elif pieces and "literal" in pieces[-1]:
            pieces[-1]["literal"] += string[first]
        else:
            pieces.append({"literal": string[first]})
        first = max(last, first + 1)
    return pieces


def strip(document: Document) -> Value:
    """A document without its words, as `schema.load(schema.ANNOTATIONS_ONLY)` describes it, its records in canonical order."""
    document = codec.ordered(document)
    text, value, renamed = document.text, codec.to_value(document), _renamed(document)
    added = {
        "edition": schema.ANNOTATIONS_ONLY,
        "text_length": len(text),
        "document_sha256": hashlib.sha256(codec.encode(document)).hexdigest(),
    }
    made: Value = {}
    for key, found in value.items():
        if key in LAYERS:
            made[key] = [_stripped(r, text, renamed) for r in found]
        elif key != "text":
            made |= {key: found, **(added if key == "text_sha256" else {})}
    for sentence, digest in zip(made["sentences"], _prefixes(made, text), strict=True):
        sentence["prefix_sha256"] = digest
    return made


def _renamed(document: Document) -> dict[str, str]:
    """New ids for the records whose id may have words in it: a letter and a number."""
    found = [
        (layer, r.id)
        for layer, kind in LAYERS.items()
        if "id" in kind.__struct_fields__
        for r in getattr(document, layer)
    ]
    wordy = [
        (layer, name) for layer, name in found if layer in _SLUGS or not _PLAIN_ID.fullmatch(name)
    ]
    taken = {name for _, name in found} - {name for _, name in wordy}
    numbers: dict[str, int] = {}
    renamed = {}
    for layer, name in wordy:
        prefix = "c" if layer == "event_chains" else layer[0]
        numbers[prefix] = numbers.get(prefix, 0) + 1
        while f"{prefix}{numbers[prefix]}" in taken:
            numbers[prefix] += 1
        renamed[name] = f"{prefix}{numbers[prefix]}"
    return renamed


def _stripped(record: Value, text: str, renamed: dict[str, str]) -> Value:
    made: Value = {}
    for key, value in record.items():
        if key == "id" and value in renamed:
            made |= {"id": renamed[value], "id_in_text": in_text(value, text)}
        elif key == "name" or (key == "unit" and record["kind"] in _COUNTED):
            made[f"{key}_in_text"] = in_text(value, text)
        elif key in reference_names():
            made[key] = renamed.get(value, value)
        elif key != "text":
            made[key] = _inside(value, lambda v: _stripped(v, text, renamed))
    return made


def _inside(value: Any, change: Any) -> Any:
    """A property's value with `change` made to the records that it is or holds."""
    if isinstance(value, list):
        return [_inside(v, change) for v in value]
    return change(value) if isinstance(value, dict) else value


def _prefixes(value: Value, text: str) -> list[str]:
    """For each sentence of a stripped document the digest of a text up to its end."""
    digest, at, found = hashlib.sha256(), 0, []
    for sentence in value["sentences"]:
        digest.update(text[at : sentence["end"]].encode())
        at = sentence["end"]
        found.append(digest.hexdigest()[:16])
    return found


def masked(value: Value) -> Document:
    """The document of a stripped one with its ids and with blanks for words: what is asked of it that is not its words is answered rightly."""
    quantities = [{k: v for k, v in q.items() if k != "unit_in_text"} for q in value["quantities"]]
    return _document({**value, "quantities": quantities}, " " * value["text_length"], {})


def _document(value: Value, text: str, originals: dict[str, str]) -> Document:
    made = {
        k: [_restored(r, text, originals, k not in _BARE) for r in v] if k in LAYERS else v
        for k, v in value.items()
    }
    for added in ("edition", "text_length", "document_sha256"):
        del made[added]
    return msgspec.convert({**made, "text": text}, Document)


def _restored(record: Value, text: str, originals: dict[str, str], worded: bool) -> Value:
    made: Value = {}
    for key, value in record.items():
        if key == "id" or key in reference_names():
            made[key] = originals.get(value, value)
        elif key in ("name_in_text", "unit_in_text"):
            made[key.removesuffix("_in_text")] = _joined(value, text)
        elif key not in ("id_in_text", "prefix_sha256"):
            made[key] = _inside(value, lambda v: _restored(v, text, originals, worded))
    if worded and "start" in record:
        made["text"] = text[record["start"] : record["end"]]
    return made


def _joined(pieces: list[Value], text: str) -> str:
    return "".join(p["literal"] if "literal" in p else text[p["start"] : p["end"]] for p in pieces)


def restore(value: Value, seed: bytes, file: str) -> Document:
    """The document of the full edition from a stripped one and the seed of its text, with or without its header.

    Raises FormatError where the text is another one, with the place in `file` where it begins to differ, and where what
    comes out is not what the edition was made from.
    """
    text = _text_of(value, seed, file)
    named = [r for layer in LAYERS for r in value[layer] if "id_in_text" in r]
    document = _document(value, text, {r["id"]: _joined(r["id_in_text"], text) for r in named})
    if hashlib.sha256(codec.encode(document)).hexdigest() != value["document_sha256"]:
        raise FormatError(
            f"{value['id']}: was changed after it was made from the full edition: fetch this edition again"
        )
    return document


def seed_of(value: Value, data: bytes) -> bytes | None:
    """The seed of a stripped document's text from a file that is it, or is it without its header; None for any other file."""
    return next(
        (
            s
            for s in (data, _header(value).encode() + data)
            if hashlib.sha256(s).hexdigest() == value["source"]["sha256"]
        ),
        None,
    )


def _header(value: Value) -> str:
    return f" date {value['date']} "


def _text_of(value: Value, data: bytes, file: str) -> str:
    seed = seed_of(value, data)
    if seed is not None:
        return seed.decode()[value["source"]["header_length"] :]
    try:
        given = data.decode()
    except UnicodeDecodeError as error:
        raise FormatError(
            f"{file}:{data[: error.start].count(10) + 1}: not UTF-8: byte 0x{data[error.start]:02x}; give the file as it was published"
        ) from None
    begin = value["source"]["header_length"] if given.startswith(" date ") else 0
    offset, what = _difference(value, given[begin:])
    line, column = position(given, begin + offset)
    raise FormatError(f"{file}:{line}:{column}: not the text of {value['id']}: {what}")


def _difference(value: Value, text: str) -> tuple[int, str]:
    """(offset, message): from where on a text is another than that of a stripped document."""
    sentences = value["sentences"]
    number = next(
        (
            n
            for n, (s, found) in enumerate(zip(sentences, _prefixes(value, text), strict=True))
            if s["prefix_sha256"] != found
        ),
        len(sentences),
    )
    after = sentences[number - 1]["end"] if number else 0
    if number == len(sentences):
        if hashlib.sha256(text.encode()).hexdigest() == value["text_sha256"]:
            return 0, f"the text is right, but the header before it is not {_header(value)!r}"
        return (
            min(after, len(text)),
            f"it differs after the last sentence; it has {len(text):,} characters instead of {value['text_length']:,}",
        )
    end = sentences[number]["end"]
    broken = next(
        (
            t["start"]
            for before, t in _pairs(value)
            if after <= t["start"] < end and not _fits(text, before, t)
        ),
        None,
    )
    start = next((m.start() for m in [_WORD.search(text, after)] if m), min(after, len(text)))
    shown = " ".join(text[start : start + 60].split())
    return start if broken is None else min(
        broken, len(text)
    ), f"the first difference is in the sentence of {shown!r}" + (
        "" if broken is None else ", here or before"
    )


def _pairs(value: Value) -> list[tuple[int, Value]]:
    """Each token with the end of the one before it."""
    return list(zip([0, *(t["end"] for t in value["tokens"])], value["tokens"], strict=False))


def _fits(text: str, before: int, token: Value) -> bool:
    """Whether a text has a token there, and nothing but white space since the one before."""
    word = text[token["start"] : token["end"]]
    return (
        len(word) == token["end"] - token["start"]
        and not re.search(r"\s", word)
        and not text[before : token["start"]].strip()
    )


def quoted(text: str, pages: set[tuple[str, ...]], length: int) -> str | None:
    """The first `length` words in a row of a text that are among `pages`; None where there are none."""
    return next((" ".join(run) for run in runs(text, length) if run in pages), None)


def runs(text: str, length: int) -> list[tuple[str, ...]]:
    """Every `length` words in a row, lower case."""
    words = [w.lower() for w in _WORD.findall(text)]
    return list(zip(*(words[i:] for i in range(length)), strict=False))
