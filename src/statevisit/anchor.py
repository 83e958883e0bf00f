"""Quote notation -> offsets: how people and language models write spans.

A selector is `{"quote": "visit", "occurrence": 2}`, counting from 1 the places where the quote stands on
token boundaries, or `{"quote": "visit", "prefix": "first ", "suffix": " to"}` with the characters around it:
the W3C TextQuoteSelector (Web Annotation Data Model, 4.2.4). A quote that stands once needs neither.
"""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

from statevisit import schema_errors
from statevisit.codec import convert, ordered, to_value
from statevisit.findings import Finding
from statevisit.model import LAYERS, SPAN_LAYERS, Document
from statevisit.strict_json import pointer

_SELECTOR = ("quote", "occurrence", "prefix", "suffix")
_PREFIX = {
    "mentions": "m",
    "timexes": "t",
    "quantities": "q",
    "events": "ev",
    "relations": "r",
    "quotations": "quo",
}
_SAME = {
    c: to for to, group in {'"': "“”„‟«»″", "'": "‘’‚‛′`", "-": "‐‑‒–—―−"}.items() for c in group
}


class Unresolved(Exception):
    """A selector that names no single span; `code` is the finding's."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Anchorer:
    """Resolves selectors in one text; a span has to start and end on the document's token boundaries."""

    def __init__(self, document: Document) -> None:
        self.document, self.text = document, document.text
        self.starts = {t.start for t in document.tokens}
        self.ends = {t.end for t in document.tokens}

    @cached_property
    def _plain(self) -> tuple[str, list[int]]:
        """The text without white space, quotation marks and dashes made alike, with where each character stood."""
        kept = [(i, _SAME.get(c, c)) for i, c in enumerate(self.text) if not c.isspace()]
        return "".join(c for _, c in kept), [i for i, _ in kept]

    def resolve(self, selector: dict[str, Any]) -> tuple[int, int, bool]:
        """(start, end, whether quote, prefix and suffix are exactly as in the text). Raises Unresolved."""
        quote, occurrence = selector["quote"], selector.get("occurrence")
        wrong = [
            k for k in ("quote", "prefix", "suffix") if not isinstance(selector.get(k, "-"), str)
        ]
        if wrong or not quote.strip():
            raise Unresolved(
                "A004", f"`{(wrong or ['quote'])[0]}` must be a string with something in it"
            )
        if occurrence is not None and (type(occurrence) is not int or occurrence < 1):
            raise Unresolved("A004", f"`occurrence` is {occurrence!r}; it counts from 1")
        for find, exact in ((self._exact, True), (self._loose, False)):
            if found := list(find(quote, selector.get("prefix", ""), selector.get("suffix", ""))):
                return *self._choose(found, selector), exact
        raise self._missing(selector)

    def _exact(self, quote: str, prefix: str, suffix: str) -> Iterator[tuple[int, int]]:
        for start in _places(self.text, quote):
            end = start + len(quote)
            if (
                start in self.starts
                and end in self.ends
                and self.text.endswith(prefix, 0, start)
                and self.text.startswith(suffix, end)
            ):
                yield start, end

    def _loose(self, quote: str, prefix: str, suffix: str) -> Iterator[tuple[int, int]]:
        plain, where = self._plain
        quote, prefix, suffix = (
            "".join(_SAME.get(c, c) for c in s if not c.isspace()) for s in (quote, prefix, suffix)
        )
        for at in _places(plain, quote):
            start, end = where[at], where[at + len(quote) - 1] + 1
            if (
                start in self.starts
                and end in self.ends
                and plain.endswith(prefix, 0, at)
                and plain.startswith(suffix, at + len(quote))
            ):
                yield start, end

    def _choose(self, found: list[tuple[int, int]], selector: dict[str, Any]) -> tuple[int, int]:
        occurrence = selector.get("occurrence")
        if occurrence is None and len(found) > 1:
            shown = "; ".join(f"{n}: {self.context(*span)}" for n, span in enumerate(found[:8], 1))
            raise Unresolved(
                "A002",
                f"{selector['quote']!r} stands in {len(found)} places; add `occurrence`, or `prefix` and `suffix`: {shown}",
            )
        if occurrence is not None and occurrence > len(found):
            times = "once" if len(found) == 1 else f"{len(found)} times"
            raise Unresolved(
                "A001",
                f"{selector['quote']!r} stands there only {times}; `occurrence` is {occurrence}",
            )
        return found[(occurrence or 1) - 1]

    def _missing(self, selector: dict[str, Any]) -> Unresolved:
        quote = selector["quote"]
        places = list(_places(self.text, quote))
        aligned = list(self._exact(quote, "", "")) or list(self._loose(quote, "", ""))
        if aligned:
            shown = "; ".join(self.context(*span) for span in aligned[:8])
            return Unresolved(
                "A001",
                f"{quote!r} does not stand between that `prefix` and `suffix`; it stands here: {shown}",
            )
        if places:
            start = max((t for t in self.starts if t <= places[0]), default=places[0])
            end = min(
                (t for t in self.ends if t >= places[0] + len(quote)),
                default=places[0] + len(quote),
            )
            return Unresolved(
                "A003",
                f"{quote!r} stands only inside a token; a span takes whole tokens: {self.text[start:end]!r}",
            )
        words = quote.split()
        known = next(
            (
                " ".join(words[:n])
                for n in range(len(words) - 1, 0, -1)
                if " ".join(words[:n]) in self.text
            ),
            "",
        )
        hint = (
            f"; the text has {known!r} and then goes on otherwise: {self.context(self.text.index(known), self.text.index(known) + len(known))}"
            if known
            else ""
        )
        return Unresolved("A001", f"{quote!r} does not stand in the text{hint}")

    def context(self, start: int, end: int, width: int = 20) -> str:
        """The span in brackets with `width` characters on each side, on one line."""
        return re.sub(
            r"\s+",
            " ",
            f"…{self.text[max(0, start - width) : start]}[{self.text[start:end]}]{self.text[end : end + width]}…",
        )


def _places(text: str, quote: str) -> Iterator[int]:
    at = text.find(quote)
    while at >= 0:
        yield at
        at = text.find(quote, at + 1)


def anchor(
    draft: Any, base: Document, file: str = ""
) -> tuple[Document | None, list[Finding], list[Finding]]:
    """(document, problems, reports) for a draft in quote notation.

    `draft` is a JSON object with any of the layers; its records are as in the document schema, except that a
    selector stands for `start`, `end` and `text`, also in `property` and `cue`, and that an `id` may be left
    out. Its layers replace those of `base`. The document is None where there are problems: a quote that is
    missing (A001), ambiguous (A002) or inside a token (A003), a selector that is none (A004), or a record that
    the schema refuses (E104). `reports` (A101) name the quotes that differ from the text in quotation marks, dashes or
    white space only, and were resolved.
    """
    problems: list[Finding] = []
    reports: list[Finding] = []
    if not isinstance(draft, dict) or not any(k in LAYERS for k in draft):
        return (
            None,
            [
                Finding(
                    code="A004",
                    file=file,
                    message=f"a draft is a JSON object with layers: {', '.join(LAYERS)}",
                )
            ],
            [],
        )
    if draft.get("id", base.id) != base.id:
        return (
            None,
            [
                Finding(
                    code="A004",
                    file=file,
                    pointer="/id",
                    message=f"the draft is of {draft['id']!r}, the text of {base.id!r}",
                )
            ],
            [],
        )
    anchorer = Anchorer(base)

    def fill(value: Any, path: list[str | int]) -> Any:
        if isinstance(value, list) and len(path) == 1:
            return [fill(v, [*path, i]) for i, v in enumerate(value)]
        if not isinstance(value, dict) or len(path) > 3:  # a record, or a span in one
            return value
        filled = {
            k: fill(v, [*path, k])
            for k, v in value.items()
            if k not in _SELECTOR or "quote" not in value
        }
        if "quote" in value:
            where = {"file": file, "document": base.id, "pointer": pointer(path)}
            try:
                start, end, exact = anchorer.resolve(value)
            except Unresolved as error:
                problems.append(Finding(code=error.code, message=str(error), **where))
                return filled
            filled |= {"start": start, "end": end} | (
                {"text": base.text[start:end]}
                if "text" in LAYERS[str(path[0])].__struct_fields__
                else {}
            )
            if not exact:
                reports.append(
                    Finding(
                        code="A101",
                        message=f"{value['quote']!r} was taken for {anchorer.context(start, end)}",
                        **where,
                    )
                )
        return filled

    layers = {name: fill(draft[name], [name]) for name in LAYERS if name in draft}
    if problems:
        return None, problems, reports
    value = to_value(base) | layers | {k: draft[k] for k in ("annotators",) if k in draft}
    _name(value)
    value |= {
        k: v for k, v in draft.items() if k not in value and k != "text"
    }  # what is unknown is for the schema to refuse
    problems = [
        Finding(code="E104", file=file, document=base.id, pointer=pointer(p), message=m)
        for p, m in schema_errors.errors(value)
    ]
    return (None if problems else ordered(convert(value, file))), problems, reports


def _name(value: dict[str, Any]) -> None:
    """Give the records of span layers and relations that have no id the next free one: m1, m2, …"""
    records = {
        layer: [r for r in value[layer] if isinstance(r, dict)]
        for layer in LAYERS
        if isinstance(value[layer], list)
    }
    taken = {r["id"] for layer in records.values() for r in layer if isinstance(r.get("id"), str)}
    for layer in (*SPAN_LAYERS, "relations"):
        number = 0
        for record in records.get(layer, ()):
            if "id" not in record:
                while f"{_PREFIX[layer]}{(number := number + 1)}" in taken:
                    pass
                record["id"] = f"{_PREFIX[layer]}{number}"
