"""Quote notation resolved to offsets: how people and language models write spans.

A selector is `{"quote": "visit", "occurrence": 2}`, which counts from 1 the places of the quote on
token boundaries, or `{"quote": "visit", "prefix": "first ", "suffix": " to"}` with the characters
around it: the W3C TextQuoteSelector (Web Annotation Data Model, 4.2.4). A quote with one place
needs neither.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cached_property

from statevisit.document import schema_errors
from statevisit.document.characters import is_invisible, trimmed, visible
from statevisit.document.codec import convert, ordered, to_value
from statevisit.document.model import LAYERS, SPAN_LAYERS, Document
from statevisit.document.records import ID_PREFIXES, free_ids
from statevisit.document.strict_json import Json, JsonObject, pointer
from statevisit.findings import Finding

_SELECTOR = ("quote", "occurrence", "prefix", "suffix")
_ALIKE = {'"': "“”„‟«»″", "'": "‘’‚‛′`", "-": "‐‑‒–—―−"}
_PLAIN = {variant: plain for plain, variants in _ALIKE.items() for variant in variants}

Place = tuple[int, int]
"""Start and end of a stretch of the text, in code points."""


class Unresolved(Exception):
    """A selector that names no single span; `code` is the code of the finding."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Anchorer:
    """Resolves selectors in one text; spans start and end on token boundaries."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.text = document.text
        self.starts: dict[int, int] = {}
        self.ends: dict[int, int] = {}
        for token in document.tokens:
            start, end = trimmed(self.text, token.start, token.end)
            self.starts[start] = self.starts[token.start] = token.start
            self.ends[end] = self.ends[token.end] = token.end

    @cached_property
    def _plain(self) -> tuple[str, list[int]]:
        """The visible text with uniform quotation marks and dashes, and its offsets."""
        offsets = [at for at, character in enumerate(self.text) if not is_invisible(character)]
        characters = [_PLAIN.get(self.text[at], self.text[at]) for at in offsets]
        return "".join(characters), offsets

    def resolve(self, selector: JsonObject) -> tuple[int, int, bool]:
        """Return (start, end, whether quote, prefix and suffix are exactly as in the text).

        Raises Unresolved.
        """
        _require_form(selector)
        quote, context = selector["quote"], (selector.get("prefix", ""), selector.get("suffix", ""))
        verbatim = list(self._exact(quote, *context))
        whole = [place for place in verbatim if self._tokens(place) == place]
        if whole:
            start, end = self._choose(whole, selector)
            return start, end, True
        self._require_whole(verbatim, selector)
        similar = list(self._loose(quote, *context))
        self._require_whole([p for p in similar if self.text[slice(*p)] == quote], selector)
        whole = [place for place in map(self._tokens, similar) if place]
        if whole:
            start, end = self._choose(whole, selector)
            return start, end, False
        words = _plain_words(quote)
        alike = [p for p in similar if _plain_words(self.text[slice(*p)]) == words]
        self._require_whole(alike, selector)
        raise self._missing(quote)

    def _tokens(self, place: Place) -> Place | None:
        """The tokens at a place, invisible characters at the edges aside; None if it cuts one."""
        start, end = trimmed(self.text, *place)
        if start in self.starts and end in self.ends:
            return self.starts[start], self.ends[end]
        return None

    def _require_whole(self, places: list[Place], selector: JsonObject) -> None:
        """Raise Unresolved if there are places, and all of them cut a token."""
        if places and not any(map(self._tokens, places)):
            in_context = selector.get("prefix") or selector.get("suffix")
            context = " between that `prefix` and `suffix`" if in_context else ""
            raise self._cut(selector["quote"], places[0], context)

    def _cut(self, quote: str, place: Place, context: str = "") -> Unresolved:
        """The error for a quote at a place that cuts a token."""
        starts, ends = self.document.bounds["tokens"]
        start, end = place
        first, last = bisect_right(starts, start) - 1, bisect_left(ends, end)
        if first >= 0:
            start = starts[first]
        if last < len(ends):
            end = ends[last]
        return Unresolved(
            "A003",
            f"{quote!r} occurs{context} only inside a token; "
            f"a span takes whole tokens: {self.text[start:end]!r}",
        )

    def _exact(self, quote: str, prefix: str, suffix: str) -> Iterator[Place]:
        for start in _occurrences(self.text, quote):
            end = start + len(quote)
            if self.text.endswith(prefix, 0, start) and self.text.startswith(suffix, end):
                yield start, end

    def _loose(self, quote: str, prefix: str, suffix: str) -> Iterator[Place]:
        """The places that differ from the quote in typography and invisible characters only."""
        plain, offsets = self._plain
        quote, prefix, suffix = _plain(quote), _plain(prefix), _plain(suffix)
        for at in _occurrences(plain, quote):
            start, end = offsets[at], offsets[at + len(quote) - 1] + 1
            if plain.endswith(prefix, 0, at) and plain.startswith(suffix, at + len(quote)):
                yield start, end

    def _choose(self, places: list[Place], selector: JsonObject) -> Place:
        quote, occurrence = selector["quote"], selector.get("occurrence")
        if occurrence is None:
            if len(places) == 1:
                return places[0]
            contexts = [f"{n}: {self.context(*place)}" for n, place in enumerate(places[:8], 1)]
            raise Unresolved(
                "A002",
                f"{quote!r} occurs in {len(places)} places; add `occurrence`, or `prefix` and "
                f"`suffix`: {'; '.join(contexts)}",
            )
        if occurrence > len(places):
            times = "once" if len(places) == 1 else f"{len(places)} times"
            raise Unresolved(
                "A001",
                f"{quote!r} occurs in the text only {times}; `occurrence` is {occurrence}",
            )
        chosen: int = occurrence
        return places[chosen - 1]

    def _missing(self, quote: str) -> Unresolved:
        """The error for a quote without a place: the reason, and the nearest place."""
        verbatim = list(self._exact(quote, "", ""))
        elsewhere = [place for place in verbatim if self._tokens(place) == place]
        if not elsewhere:
            elsewhere = list(filter(None, map(self._tokens, self._loose(quote, "", ""))))
        if elsewhere:
            contexts = "; ".join(self.context(*place) for place in elsewhere[:8])
            return Unresolved(
                "A001",
                f"{quote!r} does not occur between that `prefix` and `suffix`; "
                f"it occurs here: {contexts}",
            )
        if verbatim:
            return self._cut(quote, verbatim[0])
        return Unresolved("A001", f"{quote!r} does not occur in the text{self._beginning(quote)}")

    def _beginning(self, quote: str) -> str:
        """The end of a message: the longest beginning of the quote that occurs in the text."""
        words = quote.split()
        for length in range(len(words) - 1, 0, -1):
            beginning = " ".join(words[:length])
            start = self.text.find(beginning)
            if start >= 0:
                context = self.context(start, start + len(beginning))
                return f"; the text has {beginning!r} and then continues differently: {context}"
        return ""

    def context(self, start: int, end: int, width: int = 20) -> str:
        """Return the span in brackets with `width` characters on each side, on one line."""
        before = self.text[max(0, start - width) : start]
        after = self.text[end : end + width]
        return re.sub(r"\s+", " ", f"…{before}[{self.text[start:end]}]{after}…")


def _require_form(selector: JsonObject) -> None:
    """Raise Unresolved for a selector whose parts have a wrong type or value."""
    for name in ("quote", "prefix", "suffix"):
        if not isinstance(selector.get(name, ""), str):
            raise Unresolved("A004", f"`{name}` must be a string")
    if not visible(selector["quote"]):
        raise Unresolved("A004", "`quote` must not be empty")
    occurrence = selector.get("occurrence")
    if occurrence is not None and (type(occurrence) is not int or occurrence < 1):
        raise Unresolved("A004", f"`occurrence` is {occurrence!r}; it counts from 1")


def _plain(quote: str) -> str:
    """A quote as in the plain text, which is in NFC."""
    composed = unicodedata.normalize("NFC", quote)
    return "".join(_PLAIN.get(c, c) for c in composed if not is_invisible(c))


def _plain_words(quote: str) -> list[str]:
    return [_plain(word) for word in quote.split()]


def _occurrences(text: str, quote: str) -> Iterator[int]:
    at = text.find(quote)
    while at >= 0:
        yield at
        at = text.find(quote, at + 1)


def anchor(
    draft: Json, base: Document, file: str = "", limit: int = 100
) -> tuple[Document | None, list[Finding], list[Finding]]:
    """Return (document, problems, reports) for a draft in quote notation.

    `draft` is a JSON object with any of the layers. Its records follow the document schema, except
    that a selector takes the place of `start`, `end` and `text`, also in `property` and `cue`, and
    that an `id` may be left out. Its layers replace those of `base`.

    The document is None if there are problems: a quote that is missing (A001), ambiguous (A002) or
    inside a token (A003), a malformed selector or draft (A004), or a record that the schema refuses
    (E104; at most `limit`). `reports` (A101) name the quotes that differ from the text in quotation
    marks, dashes or white space only; these are resolved.
    """
    if not isinstance(draft, dict) or not any(layer in LAYERS for layer in draft):
        message = f"a draft is a JSON object with layers: {', '.join(LAYERS)}"
        return None, [Finding(code="A004", file=file, message=message)], []
    if draft.get("id", base.id) != base.id:
        message = f"the draft is of {draft['id']!r}, the text of {base.id!r}"
        return None, [Finding(code="A004", file=file, pointer="/id", message=message)], []
    resolver = _Resolver(base, file)
    layers = {name: resolver.layer(name, draft[name]) for name in LAYERS if name in draft}
    if resolver.problems:
        return None, resolver.problems, resolver.reports
    value = to_value(base) | layers
    if "annotators" in draft:
        value["annotators"] = draft["annotators"]
    _give_ids(value)
    for name in draft:
        if name not in value and name != "text":
            value[name] = draft[name]  # the schema refuses what it does not know
    problems = [
        Finding(code="E104", file=file, document=base.id, pointer=pointer(path), message=message)
        for path, message in schema_errors.errors(value, limit=limit)
    ]
    if problems:
        return None, problems, resolver.reports
    return ordered(convert(value, file)), [], resolver.reports


class _Resolver:
    """Replaces the selectors of a draft by spans, and collects the problems."""

    def __init__(self, base: Document, file: str) -> None:
        self.base = base
        self.file = file
        self.anchorer = Anchorer(base)
        self.problems: list[Finding] = []
        self.reports: list[Finding] = []

    def layer(self, layer: str, records: Json) -> Json:
        """Return the records of a layer with spans in place of selectors."""
        if not isinstance(records, list):
            return self._resolved(records, [layer])
        return [self._resolved(record, [layer, n]) for n, record in enumerate(records)]

    def _resolved(self, value: Json, path: list[str | int]) -> Json:
        """A record, or a span inside one, with its span in place of its selector."""
        if not isinstance(value, dict) or len(path) > 3:
            return value
        is_selector = "quote" in value
        resolved = {
            name: self._resolved(part, [*path, name])
            for name, part in value.items()
            if not (is_selector and name in _SELECTOR)
        }
        if is_selector:
            resolved |= self._span(value, path)
        return resolved

    def _span(self, selector: JsonObject, path: list[str | int]) -> JsonObject:
        """The start, end and, where the layer has it, text of a selector; empty if unresolved."""
        try:
            start, end, exact = self.anchorer.resolve(selector)
        except Unresolved as error:
            self.problems.append(self._finding(error.code, str(error), path))
            return {}
        if not exact:
            context = self.anchorer.context(start, end)
            message = f"{selector['quote']!r} was matched to {context}"
            self.reports.append(self._finding("A101", message, path))
        span: JsonObject = {"start": start, "end": end}
        if "text" in LAYERS[str(path[0])].__struct_fields__:
            span["text"] = self.base.text[start:end]
        return span

    def _finding(self, code: str, message: str, path: list[str | int]) -> Finding:
        return Finding(
            code=code,
            message=message,
            file=self.file,
            document=self.base.id,
            pointer=pointer(path),
        )


def _give_ids(value: JsonObject) -> None:
    """Give records of span layers and relations without an id the next free one, as m1, m2."""
    records = {
        layer: [record for record in value[layer] if isinstance(record, dict)]
        for layer in LAYERS
        if isinstance(value[layer], list)
    }
    ids = [record.get("id") for layer in records.values() for record in layer]
    taken = {record_id for record_id in ids if isinstance(record_id, str)}
    for layer in (*SPAN_LAYERS, "relations"):
        if layer not in records:
            continue
        candidates = free_ids(ID_PREFIXES[layer], taken)
        for record in records[layer]:
            if "id" not in record:
                record["id"] = next(candidates)
