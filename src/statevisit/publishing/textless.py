"""The edition without the text: a document without its words, and the way back with the text.

Spans are given by their offsets only. Names, ids that contain words, and the units of counts are
free strings: each is written as pieces, the places in the text where its characters occur, the
longest stretches first. Only characters that the text does not have are written out.
"""

import hashlib
import re
from collections.abc import Callable, Container, Iterator
from functools import partial
from itertools import pairwise

import msgspec

from statevisit.document import codec
from statevisit.document.characters import visible
from statevisit.document.model import BARE_LAYERS, LAYERS, Document
from statevisit.document.records import free_ids
from statevisit.document.references import reference_names
from statevisit.document.scheme import ANNOTATIONS_ONLY, Scheme, base, scheme_of
from statevisit.document.strict_json import Json, JsonObject, position
from statevisit.errors import FormatError

_COUNTED = ("CARDINAL", "ORDINAL")
"""Kinds of quantity whose unit is a word, as it may be for a corpus's own kinds.

The unit of the others is a code.
"""

_PLAIN_ID = re.compile(r"[a-z]{1,3}[0-9]+")
_WORDY_LAYERS = ("entities", "event_chains")
"""The layers whose ids are always made of words."""

_HEADER_KEYS = ("edition", "text_length", "document_sha256")
"""The properties that this edition adds to a document."""

_TITLE = "title_in_text"
"""The property of the source of a document for a title that the edition's list lacks."""

IN_DATA = 4
"""Consecutive words of the text that count as a quotation in ids, values and titles."""

_WORD = re.compile(r"\w+")


def pieces(string: str, text: str) -> list[JsonObject]:
    """Return a string as stretches of a text and literal characters.

    Each stretch is the longest possible one; a literal holds characters that the text lacks.
    """
    parts: list[JsonObject] = []
    first = 0
    while first < len(string):
        start, length = _longest_prefix(string[first:], text)
        if length:
            parts.append({"start": start, "end": start + length})
        elif parts and "literal" in parts[-1]:
            parts[-1]["literal"] += string[first]
        else:
            parts.append({"literal": string[first]})
        first += max(length, 1)
    return parts


def _longest_prefix(string: str, text: str) -> tuple[int, int]:
    """Return (start in the text, length) of the longest prefix that the text has; length 0: none.

    The start is the first place of that prefix.
    """
    start = length = 0
    while length < len(string):
        longer = text.find(string[: length + 1], start)
        if longer < 0:
            break
        start, length = longer, length + 1
    return start, length


def _joined(parts: list[JsonObject], text: str) -> str:
    """Return the string that was written as pieces of a text."""
    strings = []
    for part in parts:
        if "literal" in part:
            strings.append(part["literal"])
        else:
            strings.append(text[part["start"] : part["end"]])
    return "".join(strings)


def strip(document: Document, title: str | None = None) -> JsonObject:
    """Return a document without its words, its records in canonical order.

    A `title` whose words are in the text is in it as their places, as `title_of` reads them. The
    value follows the document's scheme in the edition ANNOTATIONS_ONLY.
    """
    document = codec.ordered(document)
    text, words = document.text, _Words(document)
    stripped: JsonObject = {}
    for key, value in codec.to_value(document).items():
        if key in LAYERS:
            stripped[key] = [words.without(record, key) for record in value]
        elif key != "text":
            stripped[key] = value
        if key == "text_sha256":
            stripped["edition"] = ANNOTATIONS_ONLY
            stripped["text_length"] = len(text)
            stripped["document_sha256"] = hashlib.sha256(codec.encode(document)).hexdigest()
    sentences = stripped["sentences"]
    for sentence, digest in zip(sentences, _prefix_digests(stripped, text), strict=True):
        sentence["prefix_sha256"] = digest
    if title is not None and _quotes(title, text):
        stripped["source"] = {**stripped["source"], _TITLE: pieces(title, text)}
    return stripped


def _quotes(title: str, text: str) -> bool:
    """Whether a title stands in a text, or shares successive words with it."""
    runs = set(word_runs(title, IN_DATA))
    return title in text or first_shared_run(text, runs, IN_DATA) is not None


def title_of(stripped: JsonObject, text: str) -> str | None:
    """Return the title whose words a stripped document has as places in the text, if it does."""
    places = stripped["source"].get(_TITLE)
    return None if places is None else _joined(places, text)


def _new_ids(document: Document) -> dict[str, str]:
    """A new id, a letter and a number, for every record whose id may contain words."""
    wordy: list[tuple[str, str]] = []
    plain: set[str] = set()
    for layer, kind in LAYERS.items():
        if "id" not in kind.__struct_fields__:
            continue
        for record in getattr(document, layer):
            if layer in _WORDY_LAYERS or not _PLAIN_ID.fullmatch(record.id):
                wordy.append((layer, record.id))
            else:
                plain.add(record.id)
    for _, old in wordy:
        plain.discard(old)
    available: dict[str, Iterator[str]] = {}
    new_ids = {}
    for layer, old in wordy:
        letter = "c" if layer == "event_chains" else layer[0]
        if letter not in available:
            available[letter] = free_ids(letter, plain)
        new_ids[old] = next(available[letter])
    return new_ids


class _Words:
    """Takes the words of a document out of its records."""

    def __init__(self, document: Document) -> None:
        self._text = document.text
        self._new_ids = _new_ids(document)
        self._free_text = scheme_of(document).free_text
        self._coded = frozenset(base().label_names("quantities", "kind")).difference(_COUNTED)

    def without(self, record: JsonObject, layer: str) -> JsonObject:
        """Return a record of a layer, of "arguments" or of a span in another, without its words."""
        free_text = self._free_text.get(layer, ())
        stripped: JsonObject = {}
        for key, value in record.items():
            is_word = key == "unit" and record.get("kind") not in self._coded
            if key == "id" and value in self._new_ids:
                stripped["id"] = self._new_ids[value]
                stripped["id_in_text"] = pieces(value, self._text)
            elif key == "name" or is_word or key in free_text:
                stripped[f"{key}_in_text"] = pieces(value, self._text)
            elif key in reference_names():
                stripped[key] = _with_ids(value, self._new_ids)
            elif key != "text":
                stripped[key] = _changed_records(value, partial(self.without, layer=key))
        return stripped


def _with_ids(value: Json, ids: dict[str, str]) -> Json:
    """Return an id, or a list of ids, with those in `ids` replaced."""
    if isinstance(value, list):
        return [_with_ids(item, ids) for item in value]
    return ids.get(value, value) if isinstance(value, str) else value


def _changed_records(value: Json, change: Callable[[JsonObject], JsonObject]) -> Json:
    """Return a property's value with `change` applied to the records in it."""
    if isinstance(value, list):
        return [_changed_records(item, change) for item in value]
    if isinstance(value, dict):
        return change(value)
    return value


def _prefix_digests(stripped: JsonObject, text: str) -> list[str]:
    """For each sentence the shortened SHA-256 of the text up to the end of the sentence."""
    digest = hashlib.sha256()
    start = 0
    digests = []
    for sentence in stripped["sentences"]:
        digest.update(text[start : sentence["end"]].encode())
        start = sentence["end"]
        digests.append(digest.hexdigest()[:16])
    return digests


def blanked(stripped: JsonObject, scheme: Scheme) -> Document:
    """Return a stripped document of a scheme as one whose text is blanks, with its new ids.

    Whatever does not depend on words (counts, offsets, labels, references) is right in it.
    """
    value = dict(stripped)
    if "quantities" in value:
        quantities = []
        for quantity in value["quantities"]:
            kept = {key: value for key, value in quantity.items() if key != "unit_in_text"}
            quantities.append(kept)
        value["quantities"] = quantities
    return _document(value, " " * stripped["text_length"], {}, scheme)


def _document(stripped: JsonObject, text: str, old_ids: dict[str, str], scheme: Scheme) -> Document:
    """The document with a text and with the old ids by the new ones."""
    full: JsonObject = {"text": text}
    for key, value in stripped.items():
        if key in LAYERS:
            has_words = key not in BARE_LAYERS
            full[key] = [_restored(record, text, old_ids, has_words) for record in value]
        elif key == "source":
            full[key] = {name: inner for name, inner in value.items() if name != _TITLE}
        elif key not in _HEADER_KEYS:
            full[key] = value
    return msgspec.convert(full, scheme.document_type)


def _restored(
    record: JsonObject, text: str, old_ids: dict[str, str], has_words: bool
) -> JsonObject:
    """A record with its words; `has_words` says whether its spans have a surface form."""
    restored: JsonObject = {}
    for key, value in record.items():
        if key == "id" or key in reference_names():
            restored[key] = _with_ids(value, old_ids)
        elif key in ("id_in_text", "prefix_sha256"):
            continue
        elif key.endswith("_in_text"):
            restored[key.removesuffix("_in_text")] = _joined(value, text)
        else:
            restored[key] = _changed_records(
                value, lambda r: _restored(r, text, old_ids, has_words)
            )
    if has_words and "start" in record:
        restored["text"] = text[record["start"] : record["end"]]
    return restored


def restore(stripped: JsonObject, seed: bytes, file: str, scheme: Scheme) -> Document:
    """Return the full document of a scheme from a stripped one and the seed of its text.

    The seed may lack its header. Raises FormatError for another text, with the place in `file`
    where it first differs, and for a stripped document that was changed later.
    """
    text = _text_of(stripped, seed, file)
    old_ids = {}
    for layer in scheme.layers:
        for record in stripped[layer]:
            if "id_in_text" in record:
                old_ids[record["id"]] = _joined(record["id_in_text"], text)
    document = _document(stripped, text, old_ids, scheme)
    if hashlib.sha256(codec.encode(document)).hexdigest() != stripped["document_sha256"]:
        raise FormatError(
            f"{stripped['id']}: was changed after it was made from the full edition: "
            "fetch this edition again"
        )
    return document


def seed_of(stripped: JsonObject, data: bytes) -> bytes | None:
    """Return the seed of a document's text from the bytes of a file.

    The file is the seed, or the seed without its header; None for any other file.
    """
    for seed in (data, _header(stripped).encode() + data):
        if hashlib.sha256(seed).hexdigest() == stripped["source"]["sha256"]:
            return seed
    return None


def _header(stripped: JsonObject) -> str:
    return f" date {stripped['date']} "


def _text_of(stripped: JsonObject, data: bytes, file: str) -> str:
    """The text of a document from its seed. Raises FormatError for any other text."""
    seed = seed_of(stripped, data)
    if seed is not None:
        return seed.decode()[stripped["source"]["header_length"] :]
    try:
        content = data.decode()
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise FormatError(
            f"{file}:{line}: not UTF-8: byte 0x{data[error.start]:02x}; "
            "give the file as it was published"
        ) from None
    begin = stripped["source"]["header_length"] if content.startswith(" date ") else 0
    offset, difference = _difference(stripped, content[begin:])
    line, column = position(content, begin + offset)
    raise FormatError(f"{file}:{line}:{column}: not the text of {stripped['id']}: {difference}")


def _difference(stripped: JsonObject, text: str) -> tuple[int, str]:
    """Return (offset, message): where a text first differs from that of a stripped document."""
    sentences = stripped["sentences"]
    number = _first_other_sentence(stripped, text)
    after = sentences[number - 1]["end"] if number else 0
    if number < len(sentences):
        return _difference_in_sentence(stripped, text, after, sentences[number]["end"])
    if hashlib.sha256(text.encode()).hexdigest() == stripped["text_sha256"]:
        header = _header(stripped)
        return 0, f"the text is right, but the header before it is not {header!r}"
    return min(after, len(text)), (
        f"it differs after the last sentence; it has {len(text):,} characters "
        f"instead of {stripped['text_length']:,}"
    )


def _first_other_sentence(stripped: JsonObject, text: str) -> int:
    """The number of the first sentence up to whose end the text differs, else their number."""
    sentences = stripped["sentences"]
    for number, digest in enumerate(_prefix_digests(stripped, text)):
        if digest != sentences[number]["prefix_sha256"]:
            return number
    return len(sentences)


def _difference_in_sentence(
    stripped: JsonObject, text: str, start: int, end: int
) -> tuple[int, str]:
    """Where a text differs in the sentence between two offsets.

    Words are not known, only tokens: the first token that does not fit is at the difference or
    after it.
    """
    word = _WORD.search(text, start)
    first = word.start() if word else min(start, len(text))
    shown = " ".join(text[first : first + 60].split())
    message = f"the first difference is in the sentence of {shown!r}"
    tokens = [{"start": 0, "end": 0}, *stripped["tokens"]]
    for previous, token in pairwise(tokens):
        if start <= token["start"] < end and not _fits(text, previous["end"], token):
            return min(token["start"], len(text)), f"{message}, here or before"
    return first, message


def _fits(text: str, previous_end: int, token: JsonObject) -> bool:
    """Whether a text has a word at a token, and only white space since the previous token."""
    word = text[token["start"] : token["end"]]
    is_complete = len(word) == token["end"] - token["start"]
    has_space = re.search(r"\s", word) is not None
    gap = text[previous_end : token["start"]]
    return is_complete and not has_space and not visible(gap)


def first_shared_run(text: str, runs: Container[tuple[str, ...]], length: int) -> str | None:
    """Return the first `length` successive words of a text that are among `runs`; None without."""
    for run in word_runs(text, length):
        if run in runs:
            return " ".join(run)
    return None


def word_runs(text: str, length: int) -> list[tuple[str, ...]]:
    """Return every `length` successive words of a text, in lower case."""
    words = [word.lower() for word in _WORD.findall(text)]
    return list(zip(*(words[first:] for first in range(length)), strict=False))
