"""Ids of documents: those that a user states, and those made of the name of a file."""

import hashlib
import re
import unicodedata

from statevisit import layout
from statevisit.errors import FormatError

_UNFIT = re.compile("[^A-Za-z0-9_-]+")
_LONGEST = 64
_LATIN = {
    **{"ı": "i", "İ": "I", "ø": "o", "Ø": "O", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ð": "d"},
    **{"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ə": "e", "Ə": "E", "þ": "th"},
}
"""Latin letters that Unicode does not divide into a letter of ASCII and a mark."""


def derived_id(name: str) -> str:
    """Return an id made of a name: letters lose their marks, other characters become hyphens.

    A name that is long or in another script ends with a digest, so that two names stay two ids.
    Raises FormatError.
    """
    letters = (_LATIN.get(character, character) for character in name)
    parts = unicodedata.normalize("NFKD", "".join(letters))
    plain = "".join(part for part in parts if unicodedata.category(part) != "Mn")
    is_whole = all(character.isascii() for character in plain if character.isalnum())
    document_id = _UNFIT.sub("-", plain)
    if not is_whole or len(document_id) > _LONGEST:
        digest = hashlib.sha256(unicodedata.normalize("NFC", name).encode()).hexdigest()[:8]
        document_id = f"{document_id[: _LONGEST - 9].rstrip('-')}-{digest}"
    if reason := layout.unportable(document_id):
        raise FormatError(f"{name!r} cannot be an id: {reason}; choose another id")
    return document_id


def stated_id(name: str) -> str:
    """Return an id that a user states. Raises FormatError if it cannot be one."""
    if "/" in name or "\\" in name:
        raise FormatError(
            f"{name!r} cannot be an id: it has a path separator in it; use letters, digits, "
            "`_` and `-` only"
        )
    document_id = _UNFIT.sub("-", name)[:_LONGEST]
    if not name or document_id != name:
        hint = f"; {document_id!r} could" if document_id else ""
        raise FormatError(
            f"{name!r} cannot be an id: letters, digits, `_` and `-` only, at most 64{hint}"
        )
    if reason := layout.unportable(document_id):
        raise FormatError(f"{name!r} cannot be an id: {reason}; choose another one")
    return document_id
