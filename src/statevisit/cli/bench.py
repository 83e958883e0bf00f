"""statevisit bench: which of several systems is best?"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from statevisit.cli.main import console, echo_json, say
from statevisit.cli.options import corpus_to_read, json_flag
from statevisit.cli.progress import Bar

if TYPE_CHECKING:
    from statevisit.scoring.run_results import Results


@click.command("bench")
@click.argument("run_file", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Directory of the results, instead of `output` in the file.",
)
@click.option("--no-cache", is_flag=True, help="Ask every system anew, and keep no answers.")
@json_flag("Print results.json instead of tables.")
def command(run_file: Path, output: Path | None, no_cache: bool, as_json: bool) -> int:
    """Compare several systems on one corpus: figures, differences, mistakes.

    RUN is a TOML file. It may state `corpus`, `split`, `layers`, `resamples`, `output` and
    `baseline`, and it has a table [systems.NAME] for each system, with one of these:

    \b
      command = ["python", "tagger.py", "{input}", "{output}"]
      predictions = "tagger.jsonl"
      with = "rules"
      model = "gpt-4o-mini"

    A command gets the texts as JSONL and writes predictions in any form that `score` reads. A
    model is one of an OpenAI-compatible endpoint: its address is in OPENAI_BASE_URL, its key in
    OPENAI_API_KEY. Answers are kept, so that a second run asks only what has changed.

    The directory of the results gets results.json, report.html and the predictions. If a system
    fails, the others go on, and the exit status is 1.

    \b
    Example:
      statevisit bench run.toml
    """
    from msgspec.structs import replace

    from statevisit.scoring.run_file import read_run
    from statevisit.scoring.run_results import compare_systems

    run = read_run(run_file)
    if output is not None:
        run = replace(run, output=output.absolute())
    corpus = run.corpus or corpus_to_read(_around(run_file))
    results = compare_systems(run, corpus, not no_cache, _progress)
    _write(results)
    if as_json:
        echo_json(results.to_dict())
    else:
        _print(results)
    for result in results.failed:
        say(f"{result.name}: {result.reason}", err=True)
    return 1 if results.failed else 0


def _around(run_file: Path) -> Path | None:
    """The corpus root that holds a file, at its top or further down; None for none."""
    from statevisit import layout

    for directory in run_file.absolute().parents:
        if layout.enclosing_root(directory) == directory:
            return directory
    return None


@contextmanager
def _progress(total: int, what: str) -> Iterator[Callable[[], None]]:
    with Bar(total, what) as bar:
        yield bar.advance


def _write(results: "Results") -> None:
    """Write the page, and then the results."""
    import orjson

    from statevisit import files
    from statevisit.pages.run_page import page
    from statevisit.scoring.run_results import PAGE, RESULTS

    output = results.run.output
    files.write(output / PAGE, page(results).encode("utf-8", "backslashreplace"))
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    files.write(output / RESULTS, orjson.dumps(results.to_dict(), option=options))


def _print(results: "Results") -> None:
    from statevisit.scoring.run_results import PAGE, RESULTS
    from statevisit.scoring.run_tables import cache_line, explanations, tables

    out = console(highlight=False)
    for table in tables(results):
        out.print(table)
    for line in (*explanations(results), cache_line(results)):
        if line:
            say(line)
    say(f"wrote {results.run.output}: {RESULTS}, {PAGE}")
