"""How the changes between two versions are shown: as text, JSON or a page."""

import html
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

import orjson

from statevisit.diff import Change

_SIGNS = {"added": ("+", "green"), "removed": ("-", "red"), "changed": ("~", "yellow")}
_HIDDEN = ("id", "start", "end", "text")


def show(changes: Iterable[Change]) -> None:
    """Print changes, coloured where that is a terminal."""
    from rich.markup import escape

    from statevisit.commands import console

    out = console(highlight=False, soft_wrap=True)
    for line, color in _lines(changes):
        out.print(f"[{color}]{escape(line)}[/{color}]" if color else escape(line))


def rendered(changes: list[Change], form: str) -> str:
    """Changes as `text`, `json` or `html`."""
    if form == "json":
        return orjson.dumps(
            changes, default=_members, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        ).decode()
    return _page(changes) if form == "html" else "".join(f"{line}\n" for line, _ in _lines(changes))


def _members(change: Change) -> dict[str, Any]:
    return {k: v for k in change.__struct_fields__ if (v := getattr(change, k)) is not None}


def _lines(changes: Iterable[Change]) -> Iterator[tuple[str, str]]:
    """(line, colour) of the text form: a document, its layers, a line for each record."""
    for document, of_document in groupby(changes, lambda c: c.document):
        yield document, "bold"
        for layer, of_layer in groupby(of_document, lambda c: c.layer):
            yield f"  {layer.replace('_', ' ')}", ""
            for change in of_layer:
                sign, color = _SIGNS[change.kind]
                yield (
                    f"    {sign} {_title(change)}{''.join(f'  {d}' for d in details(change))}",
                    color,
                )


def _title(change: Change) -> str:
    record = change.new or change.old or {}
    if change.layer == "document" or "text" not in record:
        return change.record
    return f"{change.record} [{record['start']}, {record['end']}) {record['text']!r}"


def details(change: Change) -> list[str]:
    """The properties of an added or removed record; of a changed one those that differ, as `old → new`."""
    if change.kind != "changed":
        record = (
            {}
            if change.layer in ("document", "event_relations")
            else change.new or change.old or {}
        )  # the title says it all
        return [f"{k}={_value(v)}" for k, v in record.items() if k not in _HIDDEN and v != []]
    shown = []
    for name, (old, new) in change.properties().items():
        if isinstance(old, list) and isinstance(new, list):
            shown.append(
                f"{name}: "
                + ", ".join(
                    [f"-{_value(v)}" for v in old if v not in new]
                    + [f"+{_value(v)}" for v in new if v not in old]
                    or ["order"]
                )
            )
        else:
            shown.append(f"{name}: {_value(old)} → {_value(new)}")
    return shown


def _value(value: Any) -> str:
    if isinstance(value, dict):
        return "(" + " ".join(_value(v) for v in value.values()) + ")"
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    text = (
        "(none)"
        if value is None
        else value
        if isinstance(value, str) and value.isprintable()
        else repr(value)
    )
    return text if len(text) <= 100 else f"{text[:99]}…"


_CSS = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em}table{border-collapse:collapse;width:100%}"
    "td,th{text-align:left;vertical-align:top;padding:.2em .6em;border-bottom:1px solid #ddd}.added{background:#e6ffec}.removed{background:#ffebe9}.changed{background:#fff8c5}"
)


def _page(changes: list[Change]) -> str:
    """A page of its own: no script, nothing from outside, everything escaped."""
    body = []
    for document, of_document in groupby(changes, lambda c: c.document):
        rows = []
        for change in of_document:
            cells = (
                change.kind,
                change.layer.replace("_", " "),
                _title(change),
                "\n".join(details(change)),
            )
            rows.append(
                f'<tr class="{change.kind}">'
                + "".join(f"<td>{html.escape(c).replace(chr(10), '<br>')}</td>" for c in cells)
                + "</tr>"
            )
        body.append(
            f"<h2>{html.escape(document)}</h2><table><tr><th>change</th><th>layer</th><th>record</th><th>properties</th></tr>{''.join(rows)}</table>"
        )
    counts = {kind: sum(c.kind == kind for c in changes) for kind in _SIGNS}
    summary = ", ".join(f"{n} {kind}" for kind, n in counts.items())
    return f'<!doctype html><html lang="en"><meta charset="utf-8"><title>statevisit diff</title><style>{_CSS}</style><h1>{summary}</h1>{"".join(body)}</html>\n'
