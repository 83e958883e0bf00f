"""The states of a document's layers: how far the annotation of each has come. No I/O.

While a layer is not done, a record needs its span only, and the layer may lack records.
"""

from collections.abc import Iterable

NONE = "none"
PARTIAL = "partial"
DONE = "done"

STATES = (NONE, PARTIAL, DONE)
"""The states of a layer, in the order in which an annotation passes through them."""


def least(states: Iterable[str]) -> str:
    """Return the state of some annotations together: that of the least advanced one."""
    return min(states, key=STATES.index)
