"""statevisit show: the article with its spans."""

from pathlib import Path
from typing import Any

import click

from statevisit import files, schema
from statevisit.checks.document import sound
from statevisit.commands import complete_files, console
from statevisit.corpus import load
from statevisit.errors import FormatError
from statevisit.model import LAYERS, Document
from statevisit.references import reference_names

_HIDDEN = ("sentences", "tokens")


@click.command("show")
@click.argument("document", required=False, shell_complete=complete_files)
@click.option(
    "--path",
    type=click.Path(path_type=Path),
    help="Corpus to take it from; default: the one that statevisit ships.",
)
@click.option(
    "--layer",
    "layers",
    multiple=True,
    type=click.Choice(list(LAYERS)),
    help="Show the table of this layer only; repeatable.",
)
@click.option("--text-only", is_flag=True, help="Show no tables.")
@click.option(
    "--svg",
    type=click.Path(path_type=Path),
    help="Write the article with its spans to this SVG file instead.",
)
@click.option(
    "--html",
    type=click.Path(path_type=Path),
    help="Write the article with its spans to this HTML file instead.",
)
def command(
    document: str | None,
    path: Path | None,
    layers: tuple[str, ...],
    text_only: bool,
    svg: Path | None,
    html: Path | None,
) -> None:
    """Print a document with coloured spans and the tables of its layers.

    DOCUMENT is an id or a file; without one, the first document of the corpus.

    \b
    Example:
      statevisit show 2024-02-19-aliyev-visit --layer quantities
    """
    if layers and text_only:
        raise click.UsageError(
            "--layer shows tables only and --text-only shows none; give one of them"
        )
    shown = _find(document, path)
    if svg:
        _write(svg, to_svg(shown))
    if html:
        title = shown.id
        _write(
            html,
            f'<!doctype html><html lang="{shown.language}"><meta charset="utf-8"><title>{title}</title>{shown._repr_html_()}</html>\n',
        )
    if svg or html:
        return
    out = console(highlight=False)
    if not layers:
        _print_text(out, shown)
    if not text_only:
        for layer in layers or [n for n in LAYERS if n not in _HIDDEN and getattr(shown, n)]:
            out.print(
                _table(shown, layer) if getattr(shown, layer) else f"{layer.replace('_', ' ')} (0)"
            )


def _find(name: str | None, path: Path | None) -> Document:
    if name and path is None and Path(name).is_file():
        return sound(load(name).entry(0))
    corpus = load(path)
    if name is None:
        return sound(corpus.entry(0))
    if name not in corpus:
        raise FormatError(
            f"{name}: neither a file nor the id of a document; {corpus.path} holds {', '.join(corpus.ids[:5])}"
        )
    return sound(corpus.entry(name))


def _write(path: Path, text: str) -> None:
    files.write(path, text.encode())


def _print_text(out: Any, document: Document) -> None:
    from statevisit.display import to_text, visible

    out.print(f"[bold]{document.id}[/bold]  {document.date}")
    out.print()
    if out.is_terminal:
        out.print(to_text(document))
    else:
        out.file.write(
            visible(document.text) + "\n"
        )  # neither wrapped nor with its tabs made spaces
    out.print()
    out.print(_legend(document))
    out.print()


def _legend(document: Document) -> Any:
    """The labels that the document uses, in the style of their spans."""
    from rich.text import Text

    from statevisit.display import highlights, style_of

    labels = []
    for key in dict.fromkeys(
        (
            h.layer,
            h.label if h.layer != "events" else "EVENT",
            h.color if h.layer != "events" else "",
        )
        for h in sorted(highlights(document), key=lambda h: h.layer)
    ):
        labels.append(Text(key[1], style_of(key[0], key[2])))
    return Text("  ").join(labels)


def to_svg(document: Document) -> str:
    """The article as an SVG picture, as `show` prints it, on a dark ground, where every label's colour can be read; no font or anything else from outside."""
    import io
    import re

    from rich.console import Console
    from rich.terminal_theme import SVG_EXPORT_THEME

    out = Console(
        record=True,
        width=104,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
        legacy_windows=False,
        _environ={},
    )  # not what this terminal can do
    _print_text(out, document)
    picture = out.export_svg(
        title="statevisit show", theme=SVG_EXPORT_THEME, unique_id="statevisit"
    )
    return re.sub(r"\s*@font-face \{.*?\}\n", "\n", picture, flags=re.DOTALL)


def _table(document: Document, layer: str) -> Any:
    from rich.table import Table
    from rich.text import Text

    records = getattr(document, layer)
    table = Table(
        title=f"{layer.replace('_', ' ')} ({len(records)})",
        title_justify="left",
        header_style="bold",
    )
    columns = _columns(layer, records)
    rows = [
        [_joined(document, record, name, fields) for name, fields in columns.items()]
        for record in records
    ]
    for name, *cells in zip(columns, *rows, strict=True):
        width = (
            max(len(word) for cell in ("labels", *cells) for word in cell.split())
            if name == "labels"
            else None
        )
        whole = (layer, name) in schema.inventories() or name in (
            "start",
            "end",
        )  # a label cut in two cannot be read or searched for
        table.add_column(
            name.rstrip("_"),
            overflow="fold",
            width=width,
            no_wrap=whole,
            justify="right" if name in ("start", "end") else "left",
        )
    for row in rows:
        table.add_row(*map(Text, row))
    return table


def _joined(document: Document, record: Any, column: str, fields: list[str]) -> str:
    cells = [(f, cell) for f in fields if (cell := _cell(document, record, f))]
    return (
        ", ".join(f"{f} {cell}" for f, cell in cells)
        if column == "properties"
        else " ".join(cell for _, cell in cells)
    )


def _columns(layer: str, records: Any) -> dict[str, list[str]]:
    """The columns of a layer's table with the properties in each: those that a record has.

    More than three labels share a column, and in a wide table so do the optional properties: there has to be room for words.
    """
    fields = [
        f
        for f in LAYERS[layer].__struct_fields__
        if any(getattr(r, f) not in (None, ()) for r in records)
    ]
    if "start" in fields and "text" not in fields:
        fields.append("text")
    labels = [f for f in fields if (layer, f.rstrip("_")) in schema.inventories()]
    merged = labels if len(labels) > 3 else []
    columns = {"labels" if f in merged else f: merged if f in merged else [f] for f in fields}
    optional = [
        f
        for f in columns
        if f in schema.properties(layer) and f not in schema.record(layer)["required"]
    ]
    if len(columns) <= 7 or len(optional) < 2:
        return columns
    return {f: columns[f] for f in columns if f not in optional} | {"properties": optional}


def _cell(document: Document, record: Any, name: str) -> str:
    """A property as a person reads it: what is referred to by id comes with its text."""
    value = getattr(record, name, None) if name != "text" else document.text_of(record)
    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(
            f"{a.role.lower()} {_line(document.text_of(a.target))}"
            if hasattr(a, "role")
            else str(a)
            for a in value
        )
    if name in reference_names() and value in document and hasattr(document[value], "text"):
        return f"{value} {_line(document.text_of(value))}"
    return _line(value.text if hasattr(value, "text") else str(value))


def _line(text: str) -> str:
    from statevisit.display import visible

    return " ".join(visible(text).split())
