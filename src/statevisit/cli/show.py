"""statevisit show: the article with its spans."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from statevisit import files, layout
from statevisit.checks.document import sound
from statevisit.cli.layer_table import layer_table
from statevisit.cli.main import complete_files, console
from statevisit.cli.options import corpus_to_read, name_of
from statevisit.corpus.reader import load
from statevisit.corpus.seeds import source_named
from statevisit.document.model import LAYERS, Document
from statevisit.errors import FormatError
from statevisit.printable import in_xml, visible

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text

_HIDDEN = ("sentences", "tokens")
"""Layers that are shown only if they are asked for."""


@click.command("show")
@click.argument("document", required=False, shell_complete=complete_files)
@click.option(
    "--path",
    "--root",
    "path",
    type=click.Path(path_type=Path),
    help="Corpus that holds the document; default: that of the current directory or one above it, "
    "else the one that statevisit ships.",
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
    help="Write the article as a page to read to this HTML file instead.",
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

    DOCUMENT is an id, a file or a corpus; without one, the first document of the corpus. What
    seeds/sources.jsonl states of its text stands above it.

    \b
    Example:
      statevisit show 2024-02-19-aliyev-visit --layer quantities
    """
    if layers and text_only:
        raise click.UsageError(
            "--layer shows tables only and --text-only shows none; give one of them"
        )
    shown, root = _find(document, path)
    if svg:
        _write(svg, to_svg(shown))
    if html:
        _write(html, _page(shown, root))
    if svg or html:
        return
    out = console(highlight=False)
    if not layers:
        _print_text(out, shown, _metadata(shown, root))
    if not text_only:
        _print_tables(out, shown, layers)


def _print_tables(out: "Console", document: Document, layers: tuple[str, ...]) -> None:
    """Print the tables of some layers; by default of all that have records, without the tokens."""
    if not layers:
        layers = tuple(n for n in LAYERS if n not in _HIDDEN and getattr(document, n))
    for layer in layers:
        if getattr(document, layer):
            out.print(layer_table(document, layer))
        else:
            out.print(f"{layer.replace('_', ' ')} (0)")


def _find(name: str | None, path: Path | None) -> tuple[Document, Path | None]:
    """Return the document with an id or file name, and the corpus root that holds it, if one does.

    Without a name it is the first of the corpus.
    """
    if name and path is None and _is_source(Path(name)):
        root = layout.enclosing_root(Path(name)) or layout.holding_root(Path(name))
        corpus = load(name)
        return sound(corpus.entry(0), corpus.scheme), root
    corpus = load(corpus_to_read(path))
    if name is None:
        return sound(corpus.entry(0), corpus.scheme), corpus.root
    try:
        entry = corpus.entry(name)
    except KeyError:
        raise FormatError(
            f"{name}: neither a file nor the id of a document; "
            f"{name_of(corpus.path)} holds {', '.join(corpus.ids[:5])}"
        ) from None
    return sound(entry, corpus.scheme), corpus.root


def _metadata(document: Document, root: Path | None) -> list[tuple[str, str]]:
    """Return the metadata of a document that the list of sources states, each with its name."""
    source = source_named(root, document.source.file) if root else None
    if source is None:
        return []
    stated = [
        ("title", source.title),
        ("author", "; ".join(source.author)),
        ("publisher", source.stated_publisher),
        ("license", source.stated_license),
        ("url", source.url),
        ("split", source.split),
        *((name, str(value)) for name, value in source.extra.items()),
    ]
    return [(name, value) for name, value in stated if value]


def _is_source(path: Path) -> bool:
    """Whether a name is that of a file, a pipe or a corpus root, and not an id."""
    if path.is_dir():
        return layout.enclosing_root(path) is not None
    return path.exists()


def _write(path: Path, text: str) -> None:
    files.write(path, text.encode())


def _print_text(
    out: "Console", document: Document, metadata: Iterable[tuple[str, str]] = ()
) -> None:
    from rich.text import Text

    from statevisit.pages.display import to_text

    out.print(Text.assemble((document.id, "bold"), f"  {document.date}"))
    for name, value in metadata:
        out.print(Text.assemble((f"{visible(name)}: ", "dim"), visible(value)))
    out.print()
    if out.is_terminal:
        out.print(to_text(document))
    else:  # rich would wrap the lines and replace the tabs
        out.file.write(visible(document.text) + "\n")
    out.print()
    out.print(_legend(document))
    out.print()


def _legend(document: Document) -> "Text":
    """Return the labels that the document uses, in the style of their spans."""
    from rich.text import Text

    from statevisit.pages.display import highlights, style_of

    labels: dict[tuple[str, str], Text] = {}
    for highlight in sorted(highlights(document), key=lambda h: h.layer):
        label, color = highlight.label, highlight.color
        if highlight.layer == "events":  # all event types have one style
            label, color = "EVENT", ""
        key = (highlight.layer, label)
        if key not in labels:
            labels[key] = Text(label, style_of(highlight.layer, color))
    return Text("  ").join(labels.values())


def _page(document: Document, root: Path | None) -> str:
    """Return the article as a page to read, with what its corpus states of it."""
    from statevisit.pages.reader_page import document_page
    from statevisit.pages.site import annotators_of, origin_at

    source = source_named(root, document.source.file) if root else None
    annotators = annotators_of(document, root)
    return document_page(document, source, annotators, origin=origin_at(document, root))


_COLUMNS = 104
_COLUMN_WIDTH = 12.2
"""The width of a picture in characters, and of a character in the units of the picture."""


def to_svg(document: Document) -> str:
    """Return the article as an SVG picture of what `show` prints on a dark terminal.

    It uses no external resources, fonts included.
    """
    import io
    import re

    from rich.console import Console
    from rich.terminal_theme import SVG_EXPORT_THEME

    from statevisit.pages.directions import mirrored

    out = Console(
        record=True,
        width=_COLUMNS,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
        highlight=False,
        legacy_windows=False,
        _environ={},  # independent of this terminal
    )
    _print_text(out, document)
    picture = out.export_svg(
        title="statevisit show", theme=SVG_EXPORT_THEME, unique_id="statevisit"
    )
    picture = mirrored(in_xml(picture), _COLUMNS * _COLUMN_WIDTH)
    return re.sub(r"\s*@font-face \{.*?\}\n", "\n", picture, flags=re.DOTALL)
