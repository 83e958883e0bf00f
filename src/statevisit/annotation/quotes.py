"""Quote notation resolved to offsets: how people and language models write spans.

A selector is `{"quote": "visit", "occurrence": 2}`, which counts from 1 the places of the quote on
token boundaries, or `{"quote": "visit", "prefix": "first ", "suffix": " to"}` with the characters
around it: the W3C TextQuoteSelector (Web Annotation Data Model, 4.2.4). A quote with one place
needs neither.
"""

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator
from functools import cached_property

from statevisit.document import schema_errors
from statevisit.document.characters import is_invisible, trimmed, visible
from statevisit.document.codec import convert, ordered, to_value
from statevisit.document.model import LAYERS, SPAN_LAYERS, Document
from statevisit.document.records import ID_PREFIXES, free_ids
from statevisit.document.scheme import scheme_of
from statevisit.document.states import DONE, PARTIAL
from statevisit.document.strict_json import Json, JsonObject, pointer, without_nulls
from statevisit.findings import Finding

_SELECTOR = ("quote", "occurrence", "prefix", "suffix")
_BEGINNING = 32
"""Characters by which the tokens that a quote begins with are looked up."""

ALIKE = {'"': "“”„‟«»″", "'": "‘’‚‛′`", "-": "‐‑‒–—―−"}
PLAIN = {variant: plain for plain, variants in ALIKE.items() for variant in variants}

Place = tuple[int, int]
"""Start and end of a stretch of the text, in code points."""


class Unresolved(Exception):
    """A selector that names no single span; `code` is the code of the finding."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


_Outcome = tuple[list[Place], bool] | Unresolved
"""The places of a quote and whether they are exactly as quoted, or the error if it has none."""


class Anchorer:
    """Resolves selectors in one text; spans start and end on token boundaries."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.text = document.text
        self._outcomes: dict[tuple[str, str, str], _Outcome] = {}
        self._missed: dict[str, Unresolved] = {}
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
        characters = [PLAIN.get(self.text[at], self.text[at]) for at in offsets]
        return "".join(characters), offsets

    def resolve(self, selector: JsonObject) -> tuple[int, int, bool]:
        """Return (start, end, whether quote, prefix and suffix are exactly as in the text).

        Raises Unresolved.
        """
        _require_form(selector)
        words = selector["quote"], selector.get("prefix", ""), selector.get("suffix", "")
        if words not in self._outcomes:
            self._outcomes[words] = self._outcome(*words)
        outcome = self._outcomes[words]
        if isinstance(outcome, Unresolved):
            raise Unresolved(outcome.code, str(outcome))
        places, is_exact = outcome
        start, end = self._choose(places, selector)
        return start, end, is_exact

    def _outcome(self, *words: str) -> _Outcome:
        """The places of a quote with its prefix and suffix, or the error if it has none."""
        try:
            return self._places_of(*words)
        except Unresolved as error:
            return error

    def _places_of(self, quote: str, prefix: str, suffix: str) -> tuple[list[Place], bool]:
        """The places of a quote that take whole tokens, and whether they are exactly as quoted.

        Raises Unresolved for a quote that has none.
        """
        context = " between that `prefix` and `suffix`" if prefix or suffix else ""
        whole = self._whole(quote, prefix, suffix)
        if whole:
            return whole, True
        verbatim = list(self._exact(quote, prefix, suffix))
        self._require_whole(verbatim, quote, context)
        similar = list(self._loose(quote, prefix, suffix))
        same = [p for p in similar if self.text[slice(*p)] == quote]
        self._require_whole(same, quote, context)
        whole = [place for place in map(self._tokens, similar) if place]
        if whole:
            return whole, False
        words = _plain_words(quote)
        alike = [p for p in similar if _plain_words(self.text[slice(*p)]) == words]
        self._require_whole(alike, quote, context)
        if quote not in self._missed:
            self._missed[quote] = self._missing(quote)
        raise self._missed[quote]

    def _tokens(self, place: Place) -> Place | None:
        """The tokens at a place, invisible characters at the edges aside; None if it cuts one."""
        start, end = trimmed(self.text, *place)
        if start in self.starts and end in self.ends:
            return self.starts[start], self.ends[end]
        return None

    def _require_whole(self, places: list[Place], quote: str, context: str) -> None:
        """Raise Unresolved if there are places, and all of them cut a token."""
        if places and not any(map(self._tokens, places)):
            raise self._cut(quote, places[0], context)

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

    def _whole(self, quote: str, prefix: str, suffix: str) -> list[Place]:
        """The places where a quote stands exactly and takes whole tokens."""
        in_context = bool(prefix or suffix)
        places = self._exact(quote, prefix, suffix) if in_context else self._at_tokens(quote)
        return [place for place in places if self._tokens(place) == place]

    @cached_property
    def _by_beginning(self) -> tuple[list[str], list[int]]:
        """The tokens by the text that begins with them: its first characters, and their starts."""
        starts = [token.start for token in self.document.tokens]
        beginnings = sorted((self.text[start : start + _BEGINNING], start) for start in starts)
        return [beginning for beginning, _ in beginnings], [start for _, start in beginnings]

    def _at_tokens(self, quote: str) -> Iterator[Place]:
        """The places where a quote stands and a token begins, without a search of the text."""
        beginnings, starts = self._by_beginning
        known = quote[:_BEGINNING]
        first = bisect_left(beginnings, known)
        last = bisect_right(beginnings, known, key=lambda beginning: beginning[: len(known)])
        for start in sorted(set(starts[first:last])):
            if self.text.startswith(quote, start):
                yield start, start + len(quote)

    def _exact(self, quote: str, prefix: str, suffix: str) -> Iterator[Place]:
        for at in _occurrences(self.text, prefix + quote + suffix):
            start = at + len(prefix)
            yield start, start + len(quote)

    def _loose(self, quote: str, prefix: str, suffix: str) -> Iterator[Place]:
        """The places that differ from the quote in typography and invisible characters only."""
        plain, offsets = self._plain
        quote, prefix, suffix = _plain(quote), _plain(prefix), _plain(suffix)
        for at in _occurrences(plain, prefix + quote + suffix):
            first = at + len(prefix)
            yield offsets[first], offsets[first + len(quote) - 1] + 1

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

        def is_missing(length: int) -> bool:
            return " ".join(words[:length]) not in self.text

        length = bisect_left(range(1, len(words)), True, key=is_missing)
        if length == 0:
            return ""
        beginning = " ".join(words[:length])
        start = self.text.find(beginning)
        context = self.context(start, start + len(beginning))
        return f"; the text has {beginning!r} and then continues differently: {context}"

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
    return "".join(PLAIN.get(c, c) for c in composed if not is_invisible(c))


def _plain_words(quote: str) -> list[str]:
    return [_plain(word) for word in quote.split()]


def _occurrences(text: str, quote: str) -> Iterator[int]:
    at = text.find(quote)
    while at >= 0:
        yield at
        at = text.find(quote, at + 1)


def anchor(
    draft: Json,
    base: Document,
    file: str = "",
    limit: int = 100,
    done: Collection[str] = (),
) -> tuple[Document | None, list[Finding], list[Finding]]:
    """Return (document, problems, reports) for a draft in quote notation.

    `draft` is a JSON object with any of the layers. Its records follow the document schema, except
    that a selector takes the place of `start`, `end` and `text`, also in `property` and `cue`, and
    that an `id` may be left out. Its layers replace those of `base`, and become `partial`, so that
    their records may lack properties; those in `done`, and those to which the draft's own `layers`
    give that state, become `done` and must be complete.

    The document is None if there are problems: a quote that is missing (A001), ambiguous (A002) or
    inside a token (A003), a malformed selector or draft (A004), or a record that the schema refuses
    (E104; at most `limit`). `reports` (A101) name the quotes that differ from the text in quotation
    marks, dashes or white space only; these are resolved.
    """
    scheme = scheme_of(base)
    if not isinstance(draft, dict) or not any(layer in scheme.layers for layer in draft):
        message = f"a draft is a JSON object with layers: {', '.join(scheme.layers)}"
        return None, [Finding(code="A004", file=file, message=message)], []
    draft = {**draft, **without_nulls(draft)}  # structured output has null for what is absent
    if draft.get("id") not in (None, base.id):
        message = f"the draft is of {draft['id']!r}, the text of {base.id!r}"
        return None, [Finding(code="A004", file=file, pointer="/id", message=message)], []
    resolver = _Resolver(base, file)
    layers = {name: resolver.layer(name, draft[name]) for name in scheme.layers if name in draft}
    if resolver.problems:
        return None, resolver.problems, resolver.reports
    value = to_value(base) | layers | {"layers": _states(draft, base, done)}
    if "annotators" in draft:
        value["annotators"] = draft["annotators"]
    _give_ids(value)
    for name in draft:
        if name not in value and name != "text":
            value[name] = draft[name]  # the schema refuses what it does not know
    problems = [
        Finding(code="E104", file=file, document=base.id, pointer=pointer(path), message=message)
        for path, message in schema_errors.errors(value, scheme, limit)
    ]
    if problems:
        return None, problems, resolver.reports
    return ordered(convert(value, file, scheme)), [], resolver.reports


def _states(draft: JsonObject, base: Document, done: Collection[str]) -> Json:
    """The states of the layers after a draft."""
    states = dict(base.layers)
    for layer in states:
        if layer in draft:
            states[layer] = DONE if layer in done else PARTIAL
    stated = draft.get("layers", {})
    return states | stated if isinstance(stated, dict) else stated  # which the schema refuses


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
        if isinstance(value.get(layer), list)
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
