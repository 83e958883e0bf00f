"""statevisit show: the article with its spans."""

from pathlib import Path
from typing import Any

import click

from statevisit.commands import console, sound
from statevisit.corpus import load
from statevisit.errors import FormatError
from statevisit.model import LAYERS, Document

_HIDDEN = ("sentences", "tokens")


@click.command("show")
@click.argument("document", required=False)
@click.option("--path", type=click.Path(path_type=Path), help="Corpus to take it from; default: the one that statevisit ships.")
@click.option("--layer", "layers", multiple=True, type=click.Choice(list(LAYERS)), help="Show the table of this layer only; repeatable.")
@click.option("--text-only", is_flag=True, help="Show no tables.")
@click.option("--svg", type=click.Path(path_type=Path), help="Write the article with its spans to this SVG file instead.")
@click.option("--html", type=click.Path(path_type=Path), help="Write the article with its spans to this HTML file instead.")
def command(document: str | None, path: Path | None, layers: tuple[str, ...], text_only: bool, svg: Path | None, html: Path | None) -> None:
    """Print a document with coloured spans and the tables of its layers.

    DOCUMENT is an id or a file; without one, the first document of the corpus.

    \b
    Example:
      statevisit show 2024-02-19-aliyev-visit --layer quantities
    """
    shown = _find(document, path)
    if svg:
        _write(svg, to_svg(shown))
    if html:
        title = shown.id
        _write(html, f'<!doctype html><html lang="{shown.language}"><meta charset="utf-8"><title>{title}</title>{shown._repr_html_()}</html>\n')
    if svg or html:
        return
    out = console(highlight=False)
    if not layers:
        _print_text(out, shown)
    if not text_only:
        for layer in layers or [n for n in LAYERS if n not in _HIDDEN]:
            out.print(_table(shown, layer))


def _find(name: str | None, path: Path | None) -> Document:
    if name and path is None and Path(name).is_file():
        return sound(load(name).entry(0))
    corpus = load(path)
    if name is None:
        return sound(corpus.entry(0))
    if name not in corpus:
        raise FormatError(f"{name}: neither a file nor the id of a document; {corpus.path} holds {', '.join(corpus.ids[:5])}")
    return sound(corpus.entry(name))


def _write(path: Path, text: str) -> None:
    from statevisit.resources import replacing

    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")


def _print_text(out: Any, document: Document) -> None:
    from statevisit.display import to_text

    out.print(f"[bold]{document.id}[/bold]  {document.date}")
    out.print()
    out.print(to_text(document))
    out.print()
    out.print(_legend(document))
    out.print()


def _legend(document: Document) -> Any:
    """The labels that the document uses, in the style of their spans."""
    from rich.text import Text

    from statevisit.display import highlights, style_of

    line = Text()
    for key in dict.fromkeys((h.layer, h.label if h.layer != "events" else "EVENT", h.color if h.layer != "events" else "") for h in sorted(highlights(document), key=lambda h: h.layer)):
        line.append(f" {key[1]} ", style_of(key[0], key[2]))
        line.append("  ")
    return line


def to_svg(document: Document) -> str:
    """The article as an SVG picture, as `show` prints it, on a light ground; no font or anything else from outside."""
    import io
    import re

    from rich.console import Console
    from rich.terminal_theme import DIMMED_MONOKAI, TerminalTheme

    light = TerminalTheme((255, 255, 255), (31, 35, 40), DIMMED_MONOKAI.ansi_colors._colors[:8], DIMMED_MONOKAI.ansi_colors._colors[8:])
    out = Console(record=True, width=104, file=io.StringIO(), force_terminal=True, color_system="truecolor", highlight=False, legacy_windows=False)
    _print_text(out, document)
    picture = out.export_svg(title="statevisit show", theme=light, unique_id="statevisit")
    return re.sub(r"\s*@font-face \{.*?\}\n", "\n", picture, flags=re.DOTALL)


def _table(document: Document, layer: str) -> Any:
    from rich.table import Table

    records = getattr(document, layer)
    table = Table(title=f"{layer.replace('_', ' ')} ({len(records)})", title_justify="left", header_style="bold")
    fields = [f for f in LAYERS[layer].__struct_fields__ if any(getattr(r, f) not in (None, ()) for r in records)]
    for name in fields:
        table.add_column(name.rstrip("_"), overflow="fold", justify="right" if name in ("start", "end") else "left")
    for record in records:
        table.add_row(*(_cell(document, getattr(record, f)) for f in fields))
    return table


def _cell(document: Document, value: Any) -> str:
    from rich.markup import escape

    if value is None:
        return ""
    if isinstance(value, tuple):
        return ", ".join(f"{a.role.lower()} {escape(document.text_of(a.target))}" if hasattr(a, "role") else str(a) for a in value)
    return escape(value.text if hasattr(value, "text") else str(value))
