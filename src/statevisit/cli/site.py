"""statevisit site: a corpus as static pages."""

from pathlib import Path

import click

from statevisit.cli.main import say
from statevisit.cli.options import Engine, corpus_argument, corpus_to_read, engine_options
from statevisit.cli.progress import Bar
from statevisit.corpus.reader import load
from statevisit.printable import counted


@click.command("site")
@corpus_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    help="The directory of the pages; it is made, or replaced if it holds such pages.",
)
@click.option(
    "--issues",
    default="",
    help="The address at which readers report errors; default: the discussions of the repository "
    "on the Hub that the settings name, if they do.",
)
@engine_options()
def command(path: Path | None, output: Path, issues: str, engine: Engine) -> None:
    """Write pages to read a corpus with: they work offline and from a file.

    PATH is a corpus root or what else holds documents; without one, the corpus of the current
    directory or one above it. Open index.html in a browser, or publish the directory as it is.

    \b
    Example:
      statevisit site -o pages
    """
    from statevisit.pages.site import write_site

    corpus = load(corpus_to_read(path))
    with Bar(len(corpus), "writing pages") as bar:
        number = write_site(
            corpus,
            output,
            issues,
            engine.runner(corpus.path, output.absolute().parent),
            bar.advance,
        )
    say(f"{output}: {counted(number, 'file')}; open {output / 'index.html'}")
