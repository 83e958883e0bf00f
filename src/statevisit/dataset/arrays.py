"""Arrow arrays from the records of documents, and from the rows of views, by their features."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from itertools import accumulate, chain
from operator import attrgetter
from typing import Any

import msgspec

from statevisit.dataset.features import Feature
from statevisit.errors import MissingExtra

try:
    import pyarrow as pa
except ImportError:
    raise MissingExtra("pyarrow", "parquet") from None

_PRIMITIVE = {
    "string": pa.string(),
    "int32": pa.int32(),
    "int64": pa.int64(),
    "bool": pa.bool_(),
    "float64": pa.float64(),
    "date32": pa.date32(),
}


def type_of(feature: Feature) -> pa.DataType:
    """Return the Arrow type of a feature; a ClassLabel is stored as the index of its name."""
    kind = feature.get("_type")
    if kind == "Value":
        return _PRIMITIVE[feature["dtype"]]
    if kind == "ClassLabel":
        return pa.int64()
    if kind == "List":
        return pa.list_(type_of(feature["feature"]))
    return pa.struct([(name, type_of(inner)) for name, inner in feature.items()])


Converter = Callable[[Sequence[Any]], pa.Array]
"""A function that makes an Arrow array of the values of a column."""


def converter(feature: Feature) -> Converter:
    """Return the function that makes Arrow arrays of values with a feature.

    None, and a label without a number, are null. A value of a struct is a record or a dict, one of
    a list any sequence. Days may be strings.
    """
    kind = feature.get("_type")
    if kind == "ClassLabel":
        return _labels(feature["names"])
    if kind == "List":
        return _lists(converter(feature["feature"]))
    if kind is None:
        return _structs(feature)
    if feature["dtype"] == "date32":
        return _days
    return partial(pa.array, type=_PRIMITIVE[feature["dtype"]])


def _labels(names: list[str]) -> Converter:
    numbers = {name: number for number, name in enumerate(names)}

    def array_of(values: Sequence[Any]) -> pa.Array:
        return pa.array(list(map(numbers.get, values)), pa.int64())

    return array_of


def _days(values: Sequence[Any]) -> pa.Array:
    if any(isinstance(value, str) for value in values):
        return pa.array(values, pa.string()).cast(pa.date32())
    return pa.array(values, pa.date32())


def _lists(array_of_items: Converter) -> Converter:
    def array_of(values: Sequence[Any]) -> pa.Array:
        mask = None
        if any(value is None for value in values):
            mask = _is_none(values)
            values = [() if value is None else value for value in values]
        items = array_of_items(list(chain.from_iterable(values)))
        return pa.ListArray.from_arrays(_offsets(values), items, mask=mask)

    return array_of


def _offsets(lists: Sequence[Sequence[Any]]) -> pa.Array:
    return pa.array([0, *accumulate(map(len, lists))], pa.int32())


def _structs(feature: Feature) -> Converter:
    names = tuple(feature)
    fields = [pa.field(name, type_of(inner)) for name, inner in feature.items()]
    converters = [converter(inner) for inner in feature.values()]

    def array_of(values: Sequence[Any]) -> pa.Array:
        mask = None
        try:
            columns = _columns(values, names)
        except AttributeError:  # records that may be missing are few
            mask = _is_none(values)
            present = _columns([value for value in values if value is not None], names)
            columns = [_with_gaps(column, values) for column in present]
        arrays = [convert(column) for convert, column in zip(converters, columns, strict=True)]
        return pa.StructArray.from_arrays(arrays, fields=fields, mask=mask)

    return array_of


def spans(bounds: Sequence[tuple[list[int], list[int]]]) -> pa.ListArray:
    """Return lists of structs with start and end from the starts and the ends of each list."""
    starts = [starts for starts, _ in bounds]
    ends = [ends for _, ends in bounds]
    offsets = [pa.array(list(chain.from_iterable(lists)), pa.int32()) for lists in (starts, ends)]
    structs = pa.StructArray.from_arrays(offsets, names=("start", "end"))
    return pa.ListArray.from_arrays(_offsets(starts), structs)


def _is_none(values: Sequence[Any]) -> pa.Array:
    return pa.array([value is None for value in values], pa.bool_())


def _with_gaps(column: Sequence[Any], values: Sequence[Any]) -> list[Any]:
    """The values of a field of the structs that are not None, with a None for each that is."""
    of_present = iter(column)
    return [None if value is None else next(of_present) for value in values]


def _columns(structs: Sequence[Any], names: tuple[str, ...]) -> Sequence[Sequence[Any]]:
    """The values of each field of records of one type, or of dicts.

    Raises AttributeError with a None.
    """
    if not structs:
        return [()] * len(names)
    kind: Any = type(structs[0])
    if kind is dict:
        return [[struct.get(name) for struct in structs] for name in names]
    return [list(map(read, structs)) for read in _readers(kind, names)]


@cache
def _readers(
    kind: type[msgspec.Struct], names: tuple[str, ...]
) -> list[Callable[[msgspec.Struct], Any]]:
    """Functions that read properties, by their names in JSON, from a type of records."""
    fields = dict(zip(kind.__struct_encode_fields__, kind.__struct_fields__, strict=True))
    return [attrgetter(fields[name]) for name in names]
