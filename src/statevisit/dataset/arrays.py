"""Arrow arrays from the records of documents, and from the rows of views, by their features."""

from collections.abc import Callable, Sequence
from functools import cache
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


def array_of(values: Sequence[Any], feature: Feature) -> pa.Array:
    """Return values as an Arrow array; None, and a label without a number, are null.

    A value of a struct is a record or a dict, one of a list any sequence. Days may be strings.
    """
    kind = feature.get("_type")
    if kind == "ClassLabel":
        number_of = {name: number for number, name in enumerate(feature["names"])}.get
        return pa.array(list(map(number_of, values)), pa.int64())
    if kind == "List":
        return _lists(values, feature)
    if kind is None:
        return _structs(values, feature)
    if feature["dtype"] == "date32" and any(isinstance(value, str) for value in values):
        return pa.array(values, pa.string()).cast(pa.date32())
    return pa.array(values, _PRIMITIVE[feature["dtype"]])


def _lists(values: Sequence[Any], feature: Feature) -> pa.ListArray:
    mask = None
    if any(value is None for value in values):
        mask = _is_none(values)
        values = [() if value is None else value for value in values]
    offsets = pa.array([0, *accumulate(map(len, values))], pa.int32())
    items = array_of(list(chain.from_iterable(values)), feature["feature"])
    return pa.ListArray.from_arrays(offsets, items, mask=mask)


def _structs(values: Sequence[Any], feature: Feature) -> pa.StructArray:
    fields = [pa.field(name, type_of(inner)) for name, inner in feature.items()]
    mask = None
    try:
        columns = _columns(values, tuple(feature))
    except AttributeError:  # records that may be missing are few
        mask = _is_none(values)
        present = _columns([value for value in values if value is not None], tuple(feature))
        columns = [_with_gaps(column, values) for column in present]
    arrays = list(map(array_of, columns, feature.values()))
    return pa.StructArray.from_arrays(arrays, fields=fields, mask=mask)


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
