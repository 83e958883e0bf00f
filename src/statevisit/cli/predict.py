"""statevisit predict: what does a tagger say of the documents of a corpus?"""

from pathlib import Path

import click

from statevisit.cli.main import say
from statevisit.cli.options import corpus_argument, corpus_to_read, name_of
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
@corpus_argument
@click.argument("documents", nargs=-1)
def command(system: str, output: Path, path: Path | None, documents: tuple[str, ...]) -> None:
    """Predict names, times and amounts with a tagger, to be scored or corrected.

    PATH is a corpus; DOCUMENTS are ids, without one all documents of it. Models are those that are
    installed, in a directory, or in the local cache of Hugging Face: nothing is downloaded. The
    file is for `score`, and for --predictions-from of `label-studio export` and `push`.

    \b
    Example:
      statevisit predict --with rules -o preds.jsonl
    """
    from statevisit import files
    from statevisit.annotation.taggers import tagger as tagger_of
    from statevisit.corpus.reader import load
    from statevisit.scoring.predict import line_of

    if path is not None and not path.exists() and path.name == str(path):
        path, documents = None, (str(path), *documents)  # an id, and the corpus from here
    path = corpus_to_read(path)
    corpus = load(path)
    keys = corpus.keys_of(list(dict.fromkeys(documents)), name_of(path))
    files.check_output(output)
    tagger = tagger_of(system)
    with (
        files.replacing(output) as temporary,
        temporary.open("wb") as file,
        Bar(len(keys), "predicting") as bar,
    ):
        for key in keys:
            document = corpus.entry(key).read(corpus.scheme)
            file.write(line_of(document, tagger))
            bar.advance()
    say(f"{output}: {counted(len(keys), 'document')} by {tagger.name}")
