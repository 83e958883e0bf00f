"""Arrow arrays of records, as pyarrow itself makes them of JSON."""

import io
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.json as pj
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statevisit.dataset.arrays import converter, type_of
from statevisit.dataset.arrow import document_table
from statevisit.dataset.configs import columns
from statevisit.dataset.features import DAY, INT, STRING, class_label, list_of
from statevisit.document.codec import encode, ordered
from statevisit.document.model import Document
from statevisit.document.scheme import base
from tests.strategies import documents

FEATURE = {"n": INT, "day": DAY, "label": class_label(["A", "B"]), "list": list_of(STRING)}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, None),
        ({}, {"n": None, "day": None, "label": None, "list": None}),
        ({"n": 3, "label": "B", "list": []}, {"n": 3, "day": None, "label": 1, "list": []}),
        ({"label": "C", "list": ["x"]}, {"n": None, "day": None, "label": None, "list": ["x"]}),
    ],
)
def test_what_is_missing_is_null(value: Any, expected: Any) -> None:
    """None, absent properties and unknown labels are null; an empty list is no null."""
    array = converter(FEATURE)([value, {"n": 1}, value])
    array.validate(full=True)
    assert type_of(FEATURE) == array.type
    assert [expected, expected] == [array[0].as_py(), array[2].as_py()]


def test_values_of_an_empty_list() -> None:
    """No value at all is an empty array of the right type."""
    assert pa.array([], type_of(FEATURE)) == converter(FEATURE)([])


@settings(max_examples=40, deadline=None)
@given(st.lists(documents(), min_size=1, max_size=3))
def test_records_and_their_json_give_one_table(drawn: list[Document]) -> None:
    """A document gives the row that its JSON gives, and pyarrow reads the same from that JSON."""
    in_order = list(map(ordered, drawn))
    values = [orjson.loads(encode(document)) for document in drawn]
    table = document_table(in_order, base())
    table.validate(full=True)
    assert table == document_table(values, base())
    names = [c.name for c in columns("documents", base()) if c.name in ("tokens", "sentences")]
    lines = b"\n".join(map(orjson.dumps, values))
    schema = pa.schema([table.schema.field(name) for name in names])
    read = pj.read_json(
        io.BytesIO(lines),
        read_options=pj.ReadOptions(block_size=len(lines) + 1),
        parse_options=pj.ParseOptions(explicit_schema=schema, unexpected_field_behavior="ignore"),
    )
    assert read == table.select(names).replace_schema_metadata()
