"""statevisit predict: what does a tagger say of the documents of a corpus?"""

from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import click

from statevisit.cli.main import say
from statevisit.cli.options import (
    Engine,
    corpus_argument,
    corpus_to_read,
    engine_options,
    name_of,
)
from statevisit.cli.progress import Bar
from statevisit.printable import counted


@click.command("predict")
@click.option(
    "--with",
    "system",
    required=True,
    metavar="spacy:MODEL|hf:MODEL|rules",
    help="The tagger: a model of spaCy or Hugging Face on this machine, or a baseline of rules.",
)
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="The file to write: JSONL, a prediction in each line.",
)
@engine_options(
    workers_help=" A model has one process of this machine by default, since each process loads "
    "it, and a model uses several cores."
)
@corpus_argument
@click.argument("documents", nargs=-1)
def command(
    system: str, output: Path, path: Path | None, documents: tuple[str, ...], engine: Engine
) -> None:
    """Predict names, times and amounts with a tagger, to be scored or corrected.

    PATH is a corpus; DOCUMENTS are ids, without one all documents of it. Models are those that are
    installed, in a directory, or in the local cache of Hugging Face: nothing is downloaded. The
    file is for `score`, and for --predictions-from of `label-studio export` and `push`.

    \b
    Example:
      statevisit predict --with rules -o preds.jsonl
      statevisit predict --with rules --workers 2 -o preds.jsonl
    """
    from statevisit import files
    from statevisit.corpus.parallel import batches
    from statevisit.corpus.reader import load
    from statevisit.scoring.predict import predict

    if path is not None and not path.exists() and path.name == str(path):
        path, documents = None, (str(path), *documents)  # an id, and the corpus from here
    path = corpus_to_read(path)
    corpus = load(path)
    keys = corpus.keys_of(list(dict.fromkeys(documents)), name_of(path))
    files.check_output(output)
    task = partial(predict, scheme=corpus.scheme, system=system)
    is_model = system != "rules"
    workers = 1 if is_model and engine.name == "local" else None
    entries = [corpus.entry(key) for key in keys]
    tasks = batches(entries, 1 if is_model else None)
    run = engine.mapper(path)
    results: Any = run(task, tasks, workers=engine.workers or workers, here=True)
    tagger = ""
    with (
        files.replacing(output) as temporary,
        temporary.open("wb") as file,
        closing(results),
        Bar(len(keys), "predicting") as bar,
    ):
        for tagger, lines in results:  # noqa: B007  the name of the tagger comes with each
            file.writelines(lines)
            bar.advance(len(lines))
    say(f"{output}: {counted(len(keys), 'document')} by {tagger}")
