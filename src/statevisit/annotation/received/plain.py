"""Plain texts: with the header of a seed, ` date YYYY-MM-DD `, or without it."""

import hashlib
import re
from pathlib import Path

from msgspec.structs import replace

from statevisit.annotation.received import normal_form
from statevisit.annotation.received.incoming import Incoming, Reading
from statevisit.corpus.seeds import Received
from statevisit.document.characters import visible
from statevisit.document.codec import read_bytes
from statevisit.document.scheme import base
from statevisit.document.timex_values import days
from statevisit.errors import FormatError

_HEADER = re.compile(r"\s?date (\S+) ")
_DAY = re.compile("[0-9]{4}-[0-9]{2}-[0-9]{2}")
_LABELLED = re.compile(r"\S+[ \t](?:.*[ \t])?(?:O|[BIESLU]-[\w-]+)")
"""A line of a word and its label, as CoNLL has them."""
_FEWEST_LABELLED = 3


def read(path: Path, name: str, reading: Reading) -> Incoming:
    """Return the text of a file, whose seed is to be called `name`.

    The seed is the file byte for byte, unless something has to be mended. Raises FormatError for a
    text that is not in the form and is not to be mended, and for one that states another date.
    """
    file = str(path)
    data = read_bytes(path)
    changes: tuple[str, ...] = ()
    if reading.normalise:
        seed, changes = _mended(data, file, reading.encoding)
    else:
        seed = _unmended(data, file, reading.encoding)
        if seed.encode() != data:
            changes = ("encoding",)
    text, date, length = _divided(seed, file)
    metadata = reading.metadata
    if date is None:
        _refuse_labels(text, file)
        date = metadata.date
    if date is None:
        raise _no_header(file, ", or state the date by --date")
    stem, _, _ = name.rpartition(".")
    return Incoming(
        place=file,
        text=text,
        header=seed[:length],
        metadata=replace(metadata, date=date),
        stem=stem or name,
        name=name,
        received=_received(data, path) if changes else None,
        normalised=changes,
    )


def _received(data: bytes, path: Path) -> Received:
    digest = hashlib.sha256(data).hexdigest()
    return Received(file=path.name, sha256=digest, format="text")


def _mended(data: bytes, file: str, encoding: str | None) -> tuple[str, tuple[str, ...]]:
    """The characters of a file in the form of a text, and the changes that this needed."""
    stated = normal_form.stated_encoding(data)
    seed, converted = normal_form.decoded(
        data,
        file,
        encoding if stated in (None, "utf-8-sig") else stated,
        normal_form.ENCODING_ADVICE,
    )
    seed, changes = normal_form.mended(seed)
    return seed, ("encoding", *changes) if converted else changes


def _unmended(data: bytes, file: str, encoding: str | None) -> str:
    """The characters of a file, which must be in the form of a text."""
    stated = normal_form.stated_encoding(data)
    if stated not in (None, "utf-8-sig"):
        raise FormatError(f"{file}: is {stated.upper()}, not UTF-8; --normalise converts it")
    seed, _ = normal_form.decoded(data, file, encoding, normal_form.ENCODING_ADVICE)
    check_form(seed, file, "--normalise mends this")
    return seed


def check_form(seed: str, file: str, advice: str) -> None:
    """Raise FormatError, with the advice, if the characters of a file are not in the form."""
    problem = normal_form.problem(seed)
    if problem:
        column = f":{problem.column}" if problem.column else ""
        raise FormatError(f"{file}:{problem.line}{column}: {problem.message}; {advice}")


def split_seed(data: bytes, file: str) -> tuple[str, str | None, int]:
    """Return (text, date, length of the header in code points) of a seed's bytes.

    The date is None, and the length 0, without a header. Raises FormatError, with file and line,
    for a seed that is not in the form, for a header with another date than a day, and without text.
    """
    seed, _ = normal_form.decoded(data, file, None)
    check_form(seed, file, "remove or normalise it, so that offsets mean the same everywhere")
    return _divided(seed, file)


def decode_seed(data: bytes, file: str) -> tuple[str, str, int]:
    """Return (text, date, length of the header in code points) of a seed's bytes.

    A seed is UTF-8, NFC, with LF line ends and without a BOM or control characters other than tab
    and newline; it begins with ` date YYYY-MM-DD `. Raises FormatError that names the file and line
    for any other.
    """
    text, date, length = split_seed(data, file)
    if date is None:
        raise _no_header(file, "")
    return text, date, length


def header_for(date: str) -> str:
    """Return the header of a seed that is written for a text."""
    return f" date {date} "


def is_day(date: str) -> bool:
    """Whether a date is a day of the calendar, YYYY-MM-DD. Raises ValueError with the reason."""
    return _DAY.fullmatch(date) is not None and days(date) is not None


def _no_header(file: str, alternative: str) -> FormatError:
    return FormatError(
        f"{file}:1: no header: a seed begins with ' date YYYY-MM-DD ', the date of the text"
        f"{alternative}"
    )


def _divided(seed: str, file: str) -> tuple[str, str | None, int]:
    """The text, the date in the header, and the length of the header, of a seed's characters."""
    if not seed.strip():
        raise FormatError(f"{file}: is empty")
    header = _HEADER.match(seed)
    if header is None:
        date, length = None, 0
    else:
        date, length = header[1], header.end()
        _require_day(date, file)
    text = seed[length:]
    if not visible(text):
        raise FormatError(f"{file}: has {'a header but ' if header else ''}no text")
    check_length(text, file)
    return text, date, length


def check_length(text: str, place: str) -> None:
    """Raise FormatError if a text has more characters than a document may have."""
    limit = base().value["properties"]["text"]["maxLength"]
    if len(text) > limit:
        raise FormatError(
            f"{place}: {len(text):,} characters; a document has at most {limit:,}: split the text"
        )


def _require_day(date: str, file: str) -> None:
    try:
        valid = is_day(date)
    except ValueError as error:
        raise FormatError(f"{file}:1: the header's date: {error}") from None
    if not valid:
        raise FormatError(f"{file}:1: the header's date: {date!r} is not YYYY-MM-DD")


def _refuse_labels(text: str, file: str) -> None:
    """Raise FormatError for a file of words with labels, one on each line."""
    lines = [line for line in text[:10_000].split("\n")[:50] if line.strip()]
    if len(lines) >= _FEWEST_LABELLED and all(_LABELLED.fullmatch(line) for line in lines):
        raise FormatError(
            f"{file}:1: holds words with labels, as CoNLL has them, not a text: give the text "
            "itself, and bring in the annotation with `statevisit anchor` or Label Studio"
        )
