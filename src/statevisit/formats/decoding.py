"""The characters of files."""

from pathlib import Path

from statevisit.document.codec import read_bytes
from statevisit.errors import FormatError


def decoded(path: Path) -> str:
    """Return the characters of a UTF-8 file, without a byte order mark.

    Raises FormatError for another encoding.
    """
    try:
        return read_bytes(path).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise FormatError(
            f"{path}: byte {error.start:,} is not UTF-8; save the file as UTF-8"
        ) from None
