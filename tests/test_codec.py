"""Canonical JSON: always the same bytes, one record a line, and values with line and column."""

import gc
import json
import random
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from statevisit import FormatError, decode, encode, read_document, write_document
from statevisit.checks.document import check_bytes
from statevisit.document import strict_json
from statevisit.document.codec import (
    encode_layer,
    encode_value,
    in_canonical_form,
    ordered,
    to_value,
)
from statevisit.document.model import LAYERS, Document, Mention
from statevisit.document.scheme import base
from statevisit.document.strict_json import Locator, Malformed, locate, parse, pointer
from tests.conftest import DOC_ID, ROOT
from tests.strategies import documents

SHIPPED = ROOT / "corpus" / "documents" / f"{DOC_ID}.json"


def test_the_shipped_file_is_canonical(tmp_path: Path) -> None:
    """Reading and writing the shipped document gives the same bytes."""
    write_document(read_document(SHIPPED), tmp_path / "again.json")
    assert SHIPPED.read_bytes() == (tmp_path / "again.json").read_bytes()


@pytest.mark.slow
@given(documents())
@settings(deadline=None)
def test_documents_survive_writing_and_reading(document: Document) -> None:
    """Any valid document is read back equal, its bytes are stable, and the checks accept them."""
    data = encode(document)
    assert document == decode(data)
    assert data == encode(decode(data))
    assert [] == [
        f
        for f in check_bytes(data, "x.json")[1]
        if f.code.startswith(("E1", "E20")) or "E300" < f.code < "E307"
    ]  # whether it makes sense is another thing


@given(documents())
@settings(deadline=None, max_examples=30)
def test_one_record_a_line(document: Document) -> None:
    """A line holds one member of the document, or one record of a layer.

    Members and properties stand in the schema's order.
    """
    lines = encode(document).decode().split("\n")
    expected = ["{"]
    for name in base().value["properties"]:
        records = to_value(document)[name]
        start = json.dumps(name) + ":"
        if name in LAYERS and records:
            expected += [start + "[", *[_compact(r) + "," for r in records]]
            expected[-1] = expected[-1][:-1]
            expected.append("],")
        else:
            expected.append(start + _compact(records) + ",")
    expected[-1] = expected[-1][:-1]
    assert [*expected, "}", ""] == lines


def _compact(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


@pytest.mark.parametrize("layer", [name for name in LAYERS if name != "tokens"])
def test_a_change_of_one_record_changes_its_line(article: Document, layer: str) -> None:
    """A git diff shows the record that changed and nothing else."""
    changes: dict[str, dict[str, Any]] = {
        "sentences": {"paragraph": 9},
        "mentions": {"level": "PRO"},
        "entities": {"name": "Another name"},
        "timexes": {"value": "2024-02-20"},
        "quantities": {"comparator": "APPROX"},
        "events": {"polarity": "NEG"},
        "event_chains": {"name": "A name", "nil": "NIL"},
        "relations": {"type": "PART_OF"},
        "event_relations": {"type": "OVERLAP"},
        "quotations": {"type": "DIRECT"},
    }
    first, *others = getattr(article, layer)
    changed = replace(article, **{layer: (replace(first, **changes[layer]), *others)})
    before, after = encode(article).splitlines(), encode(changed).splitlines()
    assert 1 == sum(a != b for a, b in zip(before, after, strict=True))


@pytest.mark.parametrize("layer", ["quantities", "quotations"])
def test_a_record_less_is_a_line_less(article: Document, layer: str) -> None:
    """Removing a record that nothing refers to removes its line, and no other moves."""
    data = encode(article).decode()
    record = next(r for r in getattr(article, layer)[1:-1] if data.count(f'"{r.id}"') == 1)
    fewer = replace(
        article, **{layer: tuple(r for r in getattr(article, layer) if r is not record)}
    )
    assert [line for line in data.splitlines() if f'"id":"{record.id}",' not in line] == encode(
        fewer
    ).decode().splitlines()


@pytest.mark.slow
@given(documents(), st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=50)
def test_the_order_of_records_is_not_data(document: Document, chance: random.Random) -> None:
    """However the records of a document are shuffled, the same bytes are written."""
    layers: dict[str, tuple[Any, ...]] = {
        name: tuple(chance.sample(records, len(records)))
        for name in LAYERS
        for records in [getattr(document, name)]
    }
    layers["events"] = tuple(
        replace(e, arguments=tuple(chance.sample(e.arguments, len(e.arguments))))
        for e in layers["events"]
    )
    layers["relations"] = tuple(replace(r, evidence=r.evidence[::-1]) for r in layers["relations"])
    assert encode(document) == encode(replace(document, **layers))


@given(
    documents(), st.randoms(use_true_random=False), st.sampled_from(["layout", "line", "spaces"])
)
@settings(deadline=None, max_examples=60)
def test_the_canonical_form_of_any_bytes(
    document: Document, chance: random.Random, form: str
) -> None:
    """A build gets the canonical bytes of a document whatever its file is like.

    Records and states may stand in any order, with or without the canonical lines.
    """
    document = ordered(document)
    shuffled = {name: _shuffled(getattr(document, name), chance) for name in LAYERS}
    states = dict(_shuffled(document.layers.items(), chance))
    value = to_value(replace(document, layers=states, **shuffled))
    stored = encode_value(value)
    if form != "layout":
        stored = json.dumps(value, indent=1 if form == "spaces" else None).encode()
    read = decode(stored)
    in_order, data = in_canonical_form(read, stored)
    assert encode(document) == data == encode(in_order)
    assert ordered(document) == in_order
    assert (in_order is read) == (encode_value(value) == data)


def test_encoding_keeps_no_memory(article: Document) -> None:
    """A task encodes thousands of documents, and nothing of them stays."""
    encode(article)
    gc.collect()
    before = len(gc.get_objects())
    for _ in range(100):
        encode(article)
        encode_layer(article, "mentions")
    gc.collect()
    assert len(gc.get_objects()) < before + 100


def _shuffled(items: Iterable[Any], chance: random.Random) -> tuple[Any, ...]:
    """The items in another order or, half of the time, in the same one."""
    changed = list(items)
    if chance.random() < 0.5:
        chance.shuffle(changed)
    return tuple(changed)


def test_what_the_order_is(article: Document) -> None:
    """Spans stand by start, then the longer first, then id, m2 before m10.

    Entities stand by their first mention, which may be a literal use.
    """

    def mention(
        record_id: str, start: int, end: int, entity: str, literal: str | None = None
    ) -> Mention:
        return Mention(
            id=record_id,
            start=start,
            end=end,
            text=article.text[start:end],
            level="NAM",
            entity=entity,
            literal=literal,
        )

    mentions = (
        mention("m10", 10, 15, "turkiye"),
        mention("m2", 10, 15, "baku", "ankara"),
        mention("m3", 10, 30, "erdogan"),
        mention("m1", 62, 74, "aliyev"),
    )
    document = ordered(replace(article, mentions=mentions, relations=article.relations[::-1]))
    assert ["m3", "m2", "m10", "m1"] == [m.id for m in document.mentions]
    assert ["erdogan", "baku", "turkiye", "aliyev"] == [
        e.id for e in document.entities if e.id != "ankara"
    ][:4]
    assert "ankara" in [e.id for e in document.entities[:5]]
    assert sorted(article.relations, key=lambda r: (r.evidence[0], int(r.id[1:]))) == list(
        document.relations
    )
    assert list(article.event_relations) == list(document.event_relations)


REFUSED = [
    (b"", "E102", 1, 1),
    (b"  \n", "E102", 1, 1),
    (b'{"a":1,}', "E102", 1, 7),
    (b'{\n"a":1\n"b":2}', "E102", 3, 1),
    (b"[1] x", "E102", 1, 5),
    (b"[NaN]", "E102", 1, 2),
    (b"-Infinity", "E102", 1, 2),
    (b"1e999", "E102", 1, 1),
    (b"'a'", "E102", 1, 1),
    (b'"\\ud800"', "E102", 1, 2),
    (b'"a\tb"', "E102", 1, 3),
    (b"[" * 2000 + b"]" * 2000, "E102", 1, 1025),
    (b'"caf\xe9"', "E101", 1, 5),
    (b'{\n"a":"\xed\xa0\x80"}', "E101", 2, 6),
    (b"\xef\xbb\xbf{}", "E101", 1, 1),
    (b'{"a":1,\n"a":1}', "E103", 2, 1),
    (b'{"a":1,"\\u0061":2}', "E103", 1, 8),
    (b'{"x":[{"d":1},{"d":1,\n  "d":2}]}', "E103", 2, 3),
    (b'[[{"a":{"b":0,"b":0}}]]', "E103", 1, 15),
]


@pytest.mark.parametrize(
    ("data", "code", "line", "column"), REFUSED, ids=[repr(r[0][:24]) for r in REFUSED]
)
def test_what_is_not_json_is_refused_where_it_stops(
    data: bytes, code: str, line: int, column: int
) -> None:
    """Bytes that are not strict JSON, or repeat a key, are refused with code, line and column."""
    with pytest.raises(Malformed) as bad:
        parse(data, "x.json")
    assert (code, line) == (bad.value.code, bad.value.line)
    assert abs(column - bad.value.column) <= 1
    assert str(bad.value).startswith(f"x.json:{line}:")


def test_one_key_in_two_objects_is_fine() -> None:
    """Only a second key in the same object is a duplicate."""
    assert {"a": {"a": [{"a": 1}, {"a": 1}]}, "b": 1.0} == parse(
        b' {"a": {"a": [{"a":1}, {"a":1}]}, "b": 1.0} '
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            b'"schema_version":2',
            b'"schema_version":3',
            "x.json: written for a schema newer than version 2",
        ),
        (
            b'"id":"m1","start":10,',
            b'"id":"m1","start":"10",',
            "x.json:LINE: Expected `int`, got `str`",
        ),
        (b'"id":"m1",', b"", "x.json:LINE: Object missing required field `id`"),
        (b'"language":"en"', b'"language":"en","langauge":"en"', "unknown field `langauge`"),
    ],
)
def test_decode_names_file_and_line(old: bytes, new: bytes, message: str) -> None:
    """A document that lacks its structure is refused with file and line."""
    data = SHIPPED.read_bytes()
    line = data[: data.index(b'"id":"m1",')].count(b"\n") + 1
    with pytest.raises(FormatError, match=r"x\.json") as bad:
        decode(data.replace(old, new, 1), "x.json")
    assert message.replace("LINE", str(line)) in str(bad.value)


_SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5)
_KEYS = st.text('ab0~/"\\ğ👍 ²', max_size=3)


def _containers(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4)


_JSON = st.recursive(_SCALARS, _containers, max_leaves=12)


def _paths(
    value: Any, path: tuple[str | int, ...] = ()
) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    yield path, value
    items: Iterable[tuple[str | int, Any]] = ()
    if isinstance(value, dict):
        items = value.items()
    elif isinstance(value, list):
        items = enumerate(value)
    for key, inner in items:
        yield from _paths(inner, (*path, key))


@given(_JSON, st.sampled_from([None, 0, 1, "\t"]), st.booleans())
@settings(deadline=None)
def test_locate_finds_every_value(value: Any, indent: int | str | None, ascii_only: bool) -> None:
    """The value of a path begins at the line and column that `locate` gives.

    An index in the path may be a number or its digits.
    """
    text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
    lines = text.split("\n")
    for path, inner in _paths(value):
        line, column = locate(text.encode(), path)
        rest = "\n".join([lines[line - 1][column - 1 :], *lines[line:]])
        assert inner == json.JSONDecoder().raw_decode(rest)[0]
        assert (line, column) == locate(text.encode(), [str(p) for p in path])


@given(_JSON, st.sampled_from([None, 1]))
@settings(deadline=None)
def test_one_locator_finds_every_value(value: Any, indent: int | None) -> None:
    """A locator of many values gives the place that each of them has alone."""
    data = json.dumps(value, indent=indent).encode()
    locator = Locator(data)
    for path, _ in _paths(value):
        assert locate(data, path) == locator.locate(path)
        assert locate(data, (*path, "none")) == locator.locate((*path, "none"))


def test_a_locator_reads_each_container_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many findings a document has, no part of it is read again for each of them."""
    read: list[int] = []
    items = strict_json._items

    def counted(text: str, at: int) -> Iterator[tuple[str | int, int, int]]:
        read.append(at)
        return items(text, at)

    monkeypatch.setattr(strict_json, "_items", counted)
    locator = Locator(json.dumps({"a": [{"b": [1]}] * 50}).encode())
    for number in range(50):
        locator.locate(("a", number, "b", 0))
        locator.locate(("a", number))
    assert 1 + 1 + 50 + 50 == len(read)
    assert len(read) == len(set(read))


def test_locate_gives_the_nearest_place() -> None:
    """A path that leads nowhere is located at the last value that exists on its way."""
    data = b'{\n "a": [1,\n  {"b": 2}]}'
    assert (3, 3) == locate(data, ("a", 1, "missing"))
    assert (3, 9) == locate(data, ("a", 1, "b", "deeper"))
    assert (1, 1) == locate(data, ("z",))


def test_pointers_are_escaped() -> None:
    """A JSON Pointer writes `~` and `/` as RFC 6901 has it."""
    assert "/a~1b/m~0n/0" == pointer(["a/b", "m~n", 0])
    assert "" == pointer([])


def test_a_file_is_replaced_whole_or_not_at_all(
    article: Document, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When writing fails, the old file stays whole, and no temporary file is left."""
    path = tmp_path / "x.json"
    write_document(article, path)
    before = path.read_bytes()

    def fail(self: Path, data: bytes) -> int:
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_bytes", fail)
    with pytest.raises(OSError, match="No space left"):
        write_document(replace(article, language="tr"), path)
    assert before == path.read_bytes()
    assert [path] == list(tmp_path.iterdir())
