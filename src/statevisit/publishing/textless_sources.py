"""The list of sources of the edition without the text: titles that quote the text are not in it.

The address of a text stays, as does the name of its seed: they say which text is meant.
"""

from pathlib import Path

import orjson
from msgspec.structs import replace

from statevisit import files, layout
from statevisit.corpus.seeds import ListedSource, change_sources, read_sources
from statevisit.corpus.source_lookup import Used
from statevisit.document import codec
from statevisit.document.model import Document
from statevisit.errors import FormatError
from statevisit.publishing import textless


class SourceList:
    """The list of sources of a corpus root, changed document by document."""

    def __init__(self, root: Path) -> None:
        """Read the list. Raises FormatError if it is not valid, or a link."""
        self._path = files.own_path(root, layout.SOURCES)
        self._root = root
        self._exists = self._path.exists()
        self._sources = read_sources(root)
        self._numbers = {seed: number for number, seed in enumerate(self._sources)}
        self.used = Used()
        """The sources of the documents of which one was asked for."""

    def of(self, document: Document) -> ListedSource | None:
        """Return the source of a document; None if it is not listed."""
        source = self._sources.get(document.source.file)
        if source is not None:
            self.used.add(self._numbers[source.file])
        return source

    def title_of(self, document: Document) -> str | None:
        """Return the title of a document."""
        source = self.of(document)
        return None if source is None else source.title

    def set_title(self, document: Document, title: str | None) -> None:
        """Give the source of a document another title, or none."""
        source = self.of(document)
        if source is not None:
            self._sources[source.file] = replace(source, title=title)

    def refuse_quotes(self, document: Document, length: int) -> None:
        """Raise FormatError if what is listed has `length` successive words of the text."""
        source = self.of(document)
        if source is None:
            return
        words = orjson.dumps(codec.to_value(replace(source, url=None, received=None))).decode()
        runs = set(textless.word_runs(words, length))
        quotation = textless.first_shared_run(document.text, runs, length)
        if quotation:
            raise FormatError(
                f"{self._path}: the line of {source.file} quotes the text, which this edition is "
                f"without: {quotation!r}; put it in other words"
            )

    def write(self, target: Path) -> None:
        """Write the list to another root, if there is one; unchanged lines keep their bytes."""
        if self._exists:
            change_sources(self._root, lambda source: self._sources[source.file], target)
