"""Files of other formats imported into a corpus, by several processes if they were exported."""

from collections.abc import Callable, Iterable
from contextlib import closing
from functools import partial
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from statevisit.checks.registry import PRELOAD
from statevisit.corpus import parallel
from statevisit.corpus.parallel import batches
from statevisit.formats.importing import Imported, Importer, NewTexts
from statevisit.formats.registry import Format
from statevisit.regions.updates import Options, Update

Effects = tuple[list[Update], Imported] | None
"""The effects of a file alone, None for one that has to be read after those before it."""


def import_files(
    paths: Iterable[Path],
    format_: Format,
    root: Path,
    options: Options,
    about: NewTexts,
    done: Callable[[Update], None] = lambda update: None,
    dry_run: bool = False,
    workers: int | None = None,
    mapper: Callable[..., Any] = parallel.ordered,
) -> Imported:
    """Import files into the corpus in `root`; a file or text that cannot be is a problem.

    `done` is called for each text with its update. With `dry_run` nothing is written. Several
    processes read files that were exported; strangers' files depend on each other. `mapper` runs
    these tasks, with the arguments of `ordered`. Raises FormatError, and writes nothing, if a list
    of the corpus is broken.
    """
    every = list(paths)
    place = None if dry_run and mapper is parallel.ordered else root
    with TemporaryDirectory(prefix=".import-", dir=place, ignore_cleanup_errors=True) as staging:
        importer = Importer(format_, root, Path(staging), options, about)
        if workers == 1 or len(every) <= parallel.BATCH or not format_.writer:
            importer.add_files(every, done)
        else:
            task = partial(exported_in, importer=importer)
            run = partial(mapper, workers=workers, preload=(__name__, *PRELOAD), here=True)
            with closing(run(task, batches(every))) as results:
                _adopt(importer, chain.from_iterable(results), done)
        if not dry_run:
            importer.write()
    return importer.imported


def exported_in(paths: Iterable[Path], importer: Importer) -> list[tuple[Path, Effects]]:
    """Return some files with their effects: the task of an import."""
    return [(path, importer.alone.exported(path)) for path in paths]


def _adopt(
    importer: Importer,
    results: Iterable[tuple[Path, Effects]],
    done: Callable[[Update], None],
) -> None:
    """Import files, in order, with the results of `exported_in`."""
    updated: set[str] = set()

    def note(update: Update) -> None:
        updated.add(update.document)
        done(update)

    for path, effects in results:
        if effects is None or any(update.document in updated for update in effects[0]):
            importer.add_files([path], note)
        else:
            importer.adopt(*effects)
            for update in effects[0]:
                note(update)
