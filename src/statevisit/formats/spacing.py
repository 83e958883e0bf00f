"""A text for tokens whose text is lost: words and punctuation with the spaces of print."""

import re
from collections.abc import Sequence

from statevisit.regions.offsets import Ends

_ESCAPES = {
    "-LRB-": "(",
    "-RRB-": ")",
    "-LSB-": "[",
    "-RSB-": "]",
    "-LCB-": "{",
    "-RCB-": "}",
    "``": '"',
    "''": '"',
    r"\/": "/",
    r"\*": "*",
}
"""The escapes of the Penn Treebank, and what they stand for."""

_OPENS = re.compile(r"[(\[{¿¡«“‘„$£€]|-L[RSC]B-|``")
_CLOSES = re.compile(
    r"[,;:%)\]}»”’…]|[.!?]+|-R[RSC]B-|''"  # punctuation
    r"|['’](?:s|re|ve|ll|d|m|t|S|RE|VE|LL|D|M|T)|n['’]t|N['’]T"  # the ends of don't and we'll
)
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3000-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\uff00-\uff0f\uff1a-\uff20\U00020000-\U0003ffff]"
)
"""Letters and punctuation of Thai, Lao, Burmese, Khmer, Chinese and Japanese."""


def spaced(tokens: Sequence[str], escaped: bool = True) -> tuple[str, list[Ends]]:
    """Return the text of a sentence and the span of each token in it.

    There is no space before closing punctuation and after opening, and none between letters of a
    script without spaces; straight quotes open and close by turns. `escaped` tokens may be
    escapes of the Penn Treebank, which are undone.
    """
    text = ""
    spans: list[Ends] = []
    is_glued, is_quoted = True, False
    for token in tokens:
        opens = _OPENS.fullmatch(token) is not None
        closes = _CLOSES.fullmatch(token) is not None
        if token == '"':
            opens, closes = not is_quoted, is_quoted
            is_quoted = not is_quoted
        shown = _ESCAPES.get(token, token) if escaped else token
        is_dense = _UNSPACED.match(text[-1:]) and _UNSPACED.match(shown)
        if not (is_glued or closes or is_dense):
            text += " "
        spans.append((len(text), len(text) + len(shown)))
        text += shown
        is_glued = opens
    return text, spans
