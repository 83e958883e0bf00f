"""The texts of a split by the hashes of their sketches, in bounded memory.

A text has 64 hashes, in no order. In a B-tree larger than its cache, each of them reads and writes
a page: 3 ms a text. Here all but the first hashes are in a hash table in a temporary file, where
each is one slot.
"""

import struct
import weakref
from typing import IO

from statevisit.corpus.spilling import temporary_file, unwritable

FEW = 16_384
"""Hashes that are in memory: those of 256 texts."""

MOST = 100
"""Texts that are remembered for one hash: that of a notice is in all of them."""

_SLOT = struct.Struct("<QQ")
"""A hash, and the number of a text, counted from 1; an empty slot has zeros."""

_AT_ONCE = 16
"""Slots that are read together: more than most hashes need."""


class Postings:
    """Numbers of texts, from 0, by hashes of 64 bits; the file has `slots` of them at first.

    Collisions are resolved by linear probing, past the end of the table, where the file is empty.
    """

    def __init__(self, slots: int = 4 * FEW) -> None:
        self._few: dict[int, list[int]] = {}
        self._slots, self._used = slots, 0
        self._file: IO[bytes] | None = None

    def get(self, hash_: int) -> list[int]:
        """Return the first texts with a hash."""
        if hash_ in self._few or self._file is None:
            return self._few.get(hash_, [])
        texts, _ = self._probe(self._file, hash_)
        return texts

    def add(self, hash_: int, text: int) -> None:
        """Add a text with a hash, unless there are many.

        Raises FormatError if the file cannot be written.
        """
        if hash_ in self._few or len(self._few) < FEW:
            texts = self._few.setdefault(hash_, [])
            if len(texts) < MOST:
                texts.append(text)
            return
        try:
            self._add(self._file or self._new_file(), hash_, text)
        except OSError as error:
            raise unwritable(error.strerror) from None

    def _add(self, file: IO[bytes], hash_: int, text: int) -> None:
        texts, free = self._probe(file, hash_)
        if len(texts) == MOST:
            return
        file.seek(free)
        file.write(_SLOT.pack(hash_, text + 1))
        self._used += 1
        if 2 * self._used > self._slots:
            self._grow(file)

    def _probe(self, file: IO[bytes], hash_: int) -> tuple[list[int], int]:
        """The texts with a hash, and the offset of the empty slot that ends the search."""
        texts: list[int] = []
        offset = hash_ % self._slots * _SLOT.size
        while True:
            file.seek(offset)
            data = file.read(_AT_ONCE * _SLOT.size)
            for stored, number in _SLOT.iter_unpack(data):
                if not number:
                    return texts, offset
                if stored == hash_:
                    texts.append(number - 1)
                offset += _SLOT.size
            if not data:
                return texts, offset

    def _grow(self, smaller: IO[bytes]) -> None:
        """Move the texts to a table of four times the size."""
        self._slots, self._used = 4 * self._slots, 0
        file = self._new_file()
        smaller.seek(0)
        while data := smaller.read(65_536 * _SLOT.size):
            for hash_, number in _SLOT.iter_unpack(data):
                if number:
                    self._add(file, hash_, number - 1)
        smaller.close()

    def _new_file(self) -> IO[bytes]:
        self._file = file = temporary_file(buffering=0)
        weakref.finalize(self, file.close)
        return file
