"""Several annotations of the same documents, compared in pairs."""

from collections.abc import Sequence

from msgspec import Struct

from statevisit.document.model import SPAN_LAYERS, Document
from statevisit.scoring.counts import CountTable
from statevisit.scoring.figures import Resampling
from statevisit.scoring.measure import Comparison


class AnnotatorPair(Struct, frozen=True):
    """Two annotators, the first in the place of the gold.

    `comparisons` are the documents that both have, `table` the counts of the measures of a score.
    """

    comparisons: Sequence[Comparison]
    table: CountTable


class Annotators(Struct, frozen=True):
    """The annotators whose agreement is measured.

    `documents` has, document by document, the annotations of those who annotated it, two or more;
    `pairs` every two annotators who share documents. `common` are the layers that all annotated,
    `layers` those of them that are asked for.
    """

    documents: Sequence[Sequence[Document]]
    pairs: Sequence[AnnotatorPair]
    common: frozenset[str]
    layers: frozenset[str]
    resampling: Resampling

    @property
    def span_layers(self) -> list[str]:
        """The layers that are asked for and whose records are spans."""
        return [name for name in SPAN_LAYERS if name in self.layers]
