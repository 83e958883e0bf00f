"""The changes between two versions as an HTML page."""

import html
from itertools import groupby

from statevisit.corpus.diff import Change, details, title
from statevisit.pages.directions import isolated

KINDS = ("added", "removed", "changed")

_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70em;margin:2em auto;padding:0 1em}"
    "table{border-collapse:collapse;width:100%}"
    "td,th{text-align:left;vertical-align:top;padding:.2em .6em;border-bottom:1px solid #ddd}"
    ".added{background:#e6ffec}.removed{background:#ffebe9}.changed{background:#fff8c5}"
)

_HEAD = "<tr><th>change</th><th>layer</th><th>record</th><th>properties</th></tr>"


def page(changes: list[Change]) -> str:
    """Return a self-contained page: without scripts and external resources, with all text escaped.

    It has a table for each document and a row for each change.
    """
    counts = dict.fromkeys(KINDS, 0)
    for change in changes:
        counts[change.kind] += 1
    summary = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    parts = [
        '<!doctype html><html lang="en"><meta charset="utf-8"><title>statevisit diff</title>',
        f"<style>{_STYLE}</style><h1>{summary}</h1>",
    ]
    for document, of_document in groupby(changes, lambda change: change.document):
        rows = "".join(_row(change) for change in of_document)
        parts.append(f"<h2>{html.escape(document)}</h2><table>{_HEAD}{rows}</table>")
    return "".join([*parts, "</html>\n"])


def _row(change: Change) -> str:
    layer = change.layer.replace("_", " ")
    cells = [change.kind, layer, title(change), "\n".join(details(change))]
    escaped = [isolated(html.escape(cell)).replace("\n", "<br>") for cell in cells]
    columns = "".join(f"<td>{cell}</td>" for cell in escaped)
    return f'<tr class="{change.kind}">{columns}</tr>'
