"""Several annotations of the same documents, compared in pairs."""

from collections.abc import Sequence

from msgspec import Struct

from statevisit.document.model import SPAN_LAYERS, Document
from statevisit.scoring.annotated import annotated
from statevisit.scoring.counts import CountTable
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
    `layers` those of them that are asked for. `units` are the numbers of the documents, or those of
    the sentences of a single one (`by_sentence`). With `partial`, layers count that are only begun.
    """

    documents: Sequence[Sequence[Document]]
    pairs: Sequence[AnnotatorPair]
    common: frozenset[str]
    layers: frozenset[str]
    units: Sequence[int]
    by_sentence: bool = False
    partial: bool = False

    def with_layer(self, layer: str) -> list[list[Document]]:
        """Return for each document the annotations that have a layer; none if it has only one."""
        by_document = []
        for documents in self.documents:
            having = [d for d in documents if layer in annotated(d, self.partial)]
            by_document.append(having if len(having) > 1 else [])
        return by_document

    @property
    def span_layers(self) -> list[str]:
        """The layers that are asked for and whose records are spans."""
        return [name for name in SPAN_LAYERS if name in self.layers]
