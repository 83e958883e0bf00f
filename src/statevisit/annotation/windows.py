"""Windows of whole sentences for models that read a limited length at once."""

from collections.abc import Callable, Iterator
from itertools import pairwise

from statevisit.document.model import Document


def windows(
    document: Document, limit: int, size: Callable[[str], int]
) -> Iterator[tuple[int, int]]:
    """Yield the bounds of parts of a text, each of whole sentences and at most `limit` in size.

    A sentence that is larger is a part of its own. Together the parts are the whole text. `size` is
    that of a text, such as its number of tokens; the sum over sentences has to be no smaller than
    the size of all of them.
    """
    starts = [sentence.start for sentence in document.sentences]
    bounds = [0, *(start for start in starts if start > 0), len(document.text)]
    first, total = 0, 0
    for start, end in pairwise(bounds):
        length = size(document.text[start:end])
        if total and total + length > limit:
            yield first, start
            first, total = start, 0
        total += length
    yield first, len(document.text)
