"""A document or corpus in a notebook.

A document is the page of the reader in a frame of its own: its style does not reach the notebook,
its script does not see it, and a notebook may hold any number of documents.
"""

import html
from typing import TYPE_CHECKING

from statevisit.document.model import Document
from statevisit.pages.reader_page import document_page

if TYPE_CHECKING:
    from statevisit.corpus.reader import Corpus

_CORPUS_LAYERS = ("sentences", "mentions", "events", "quantities")
_CORPUS_ROWS = 10
"""The layers and the documents that the table of a corpus shows."""


def document_html(document: Document) -> str:
    """Return a document as an HTML fragment: its page in a frame that loads nothing.

    The frame may run the page's script and open links in new tabs, and nothing else.
    """
    title = f"{document.id}: the text with its annotation"
    return (
        f'<iframe title="{html.escape(title)}" '
        'sandbox="allow-scripts allow-popups allow-popups-to-escape-sandbox" '
        'allow="clipboard-write" '
        'style="width:100%;height:44rem;border:1px solid #8a8f99;border-radius:6px" '
        f'srcdoc="{html.escape(document_page(document))}"></iframe>'
    )


def corpus_html(corpus: "Corpus") -> str:
    """Return a table of the first documents of a corpus as an HTML fragment."""
    head = "".join(f"<th>{name}</th>" for name in ("document", "date", *_CORPUS_LAYERS))
    rows = []
    for document in corpus[:_CORPUS_ROWS]:
        counts = document.counts()
        cells = [html.escape(document.id), html.escape(document.date)]
        cells += [str(counts[layer]) for layer in _CORPUS_LAYERS]
        rows.append(f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>")
    table = f"<table><tr>{head}</tr>{''.join(rows)}</table>"
    more = ""
    if len(corpus) > _CORPUS_ROWS:
        more = f"<p>… and {len(corpus) - _CORPUS_ROWS} more</p>"
    return f"<b>{html.escape(repr(corpus))}</b>{table}{more}"
