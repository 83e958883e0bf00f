"""A sequence whose items are made when they are asked for: a list of millions fills the memory."""

from collections.abc import Sequence
from typing import TypeVar, overload

T = TypeVar("T")


class OnDemand(Sequence[T]):
    """The base class of such sequences, which know their length and the item with a number."""

    @overload
    def __getitem__(self, number: int) -> T: ...
    @overload
    def __getitem__(self, number: slice) -> list[T]: ...
    def __getitem__(self, number: int | slice) -> T | list[T]:
        numbers = range(len(self))[number]
        if isinstance(numbers, range):
            return [self._numbered(each) for each in numbers]
        return self._numbered(numbers)

    def _numbered(self, number: int) -> T:
        """The item with a number, from 0 to less than the length."""
        raise NotImplementedError
