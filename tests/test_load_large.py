"""Parquet of many shards and row groups, read with the real `datasets`, DuckDB and polars."""

import io
import json
import random
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from statevisit.dataset.configs import configs
from statevisit.dataset.parquet import Writer
from statevisit.document.scheme import base
from statevisit.publishing import shards
from statevisit.publishing.build import build
from tests.conftest import ROOT, oracle
from tests.hub_stand_in import TOKEN, Hub
from tests.many_documents import many_documents, name_of

pytestmark = pytest.mark.slow

datasets = oracle("datasets")
distributed = oracle("datasets.distributed")
duckdb = oracle("duckdb")
huggingface_hub = oracle("huggingface_hub")
polars = oracle("polars")

SHARDS, DOCUMENTS, IN_TEST = 40, 80, 3
EVENTS = "corpus/parquet/events"


@pytest.fixture(scope="module")
def sharded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built root with 40 files of each config in the split `train`, and one in `test`."""
    root = many_documents(tmp_path_factory.mktemp("sharded"), DOCUMENTS + IN_TEST, IN_TEST)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shards, "SHARD", DOCUMENTS // SHARDS)
        assert [] == build(root, workers=1).findings
    return root


@pytest.fixture
def load(sharded: Path, tmp_path: Path) -> Callable[..., Any]:
    """The real `load_dataset` on that root, with an empty cache and without progress bars."""
    datasets.disable_progress_bars()

    def call(config: str, **options: Any) -> Any:
        return datasets.load_dataset(str(sharded), config, cache_dir=str(tmp_path), **options)

    return call


def _rows(root: Path, config: str, split: str) -> int:
    manifest = orjson.loads((root / "corpus/release.json").read_bytes())
    return int(manifest["splits"][split]["configs"][config])


def test_every_config_streams_from_forty_shards(sharded: Path, load: Callable[..., Any]) -> None:
    """Each config has 40 shards, which come in order, with as many rows as the manifest states."""
    for config in configs(base()):
        stream = load(config, split="train", streaming=True)
        key = "id" if config == "documents" else "document"
        ids = [row[key] for row in stream]
        assert (SHARDS, _rows(sharded, config, "train")) == (stream.num_shards, len(ids)), config
        assert sorted(ids) == ids
        assert {name_of(n) for n in range(DOCUMENTS)} == set(ids)


def test_forty_shards_load_as_they_stream(sharded: Path, load: Callable[..., Any]) -> None:
    """Plain, with two processes, streamed and streamed by two nodes, the rows are the same."""
    plain = load("events")
    rows = {split: data.to_list() for split, data in plain.items()}
    assert {s: _rows(sharded, "events", s) for s in ("train", "test")} == {
        split: len(of_split) for split, of_split in rows.items()
    }
    assert rows["train"] == load("events", split="train", num_proc=2).to_list()
    stream = load("events", split="train", streaming=True)
    assert rows["train"] == list(stream)
    halves = [distributed.split_dataset_by_node(stream, rank, 2) for rank in (0, 1)]
    assert sorted(r["document"] for r in rows["train"]) == sorted(
        row["document"] for half in halves for row in half
    )


def test_one_split_is_loaded_alone(sharded: Path, load: Callable[..., Any]) -> None:
    """The split `test` has its own documents, plain and streaming."""
    expected = [name_of(number) for number in range(DOCUMENTS, DOCUMENTS + IN_TEST)]
    assert expected == load("documents", split="test")["id"][:]
    assert expected == [row["id"] for row in load("documents", split="test", streaming=True)]


def test_a_filter_of_datasets_reaches_the_shards(load: Callable[..., Any]) -> None:
    """`filters` gives the rows of one document out of 40 shards."""
    wanted = [("document", "==", name_of(50))]
    rows = list(load("events", split="train", streaming=True, filters=wanted))
    assert {name_of(50)} == {row["document"] for row in rows}
    assert 5 == len(rows)


def test_duckdb_and_polars_read_a_document_from_forty_shards(sharded: Path) -> None:
    """Over the pattern of the card both give its rows; DuckDB looks into one row group of 40."""
    pattern = str(sharded / EVENTS / "train-*.parquet")
    rows = (
        polars.scan_parquet(pattern)
        .filter(polars.col("document") == name_of(50))
        .select("document", "id")
        .collect()
        .rows()
    )
    assert [(name_of(50), f"ev{n}") for n in range(1, 6)] == rows
    assert rows == duckdb.connect().execute(
        f"SELECT document, id FROM '{pattern}' WHERE document = ?", [name_of(50)]
    ).fetchall()  # fmt: skip
    scan = _duckdb_scan(pattern, "document", name_of(50))
    assert (1, SHARDS) == (scan.groups, scan.all_groups)


def test_paths_of_the_hub(
    hub: Hub, sharded: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DuckDB reads `hf://datasets/OWNER/NAME@vX.Y.Z/.../train-*.parquet` with huggingface_hub."""

    class Files(huggingface_hub.HfFileSystem):  # type: ignore[name-defined,misc] # a class at run time
        def modified(self, path: str) -> datetime:
            """A time that DuckDB asks for and huggingface_hub does not tell."""
            return datetime(2024, 2, 19, tzinfo=UTC)

    hub.create("someone/many")
    paths = sorted(sharded.glob(f"{EVENTS}/*.parquet"))
    tree = {path.relative_to(sharded).as_posix(): path.read_bytes() for path in paths}
    hub.repos["someone/many"]["tags"]["v1.0.0"] = hub.commit("someone/many", tree)
    connection = duckdb.connect()
    connection.register_filesystem(Files(endpoint=hub.url, token=TOKEN))
    rows = connection.execute(
        f"SELECT id FROM 'hf://datasets/someone/many@v1.0.0/{EVENTS}/train-*.parquet'"
        " WHERE document = ?",
        [name_of(50)],
    ).fetchall()
    assert [(f"ev{n}",) for n in range(1, 6)] == rows


class Large(NamedTuple):
    """A file of many row groups: its path, the column of document ids, one id, and its rows."""

    path: Path
    column: str
    document: str
    rows: int


@pytest.fixture(scope="module", params=["events", "entities", "documents"])
def large(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Large:
    """A Parquet file by today's writer: variants of the shipped document, in ten row groups."""
    config = request.param
    count = 640 if config == "documents" else 900
    shipped = pq.read_table(ROOT / f"corpus/parquet/{config}/train-00000-of-00001.parquet")
    column = "id" if config == "documents" else "document"
    path = tmp_path_factory.mktemp("large") / f"{config}.parquet"
    random_bytes = random.Random(config)
    writer = Writer(path, config, base())
    for number in range(count):
        table = _with_values(shipped, column, [name_of(number)] * len(shipped))
        length = 8_000 if config == "documents" else 20
        texts = [random_bytes.randbytes(length).hex() for _ in range(len(shipped))]
        writer.add(_with_values(table, "text", texts))
    writer.close()
    return Large(path, column, name_of(count // 2), len(shipped))


def _with_values(table: pa.Table, column: str, values: list[str]) -> pa.Table:
    place = table.schema.get_field_index(column)
    field = table.schema.field(column)
    return table.set_column(place, field, pa.array(values, field.type))


class Counting(io.FileIO):
    """A file that counts the bytes that are read."""

    count = 0

    def read(self, size: int | None = -1) -> bytes:
        """Read, and count."""
        data = super().read(-1 if size is None else size) or b""
        self.count += len(data)
        return data


class Scan(NamedTuple):
    """What DuckDB's EXPLAIN ANALYZE tells of reading Parquet."""

    groups: int
    all_groups: int
    rows: int
    bytes: int


def _duckdb_scan(path: Path | str, column: str, document: str) -> Scan:
    query = f"SELECT * FROM '{path}' WHERE {column} = '{document}'"
    ((_, text),) = duckdb.connect().execute(f"EXPLAIN (ANALYZE, FORMAT json) {query}").fetchall()
    plan = json.loads(text)
    waiting = list(plan["operator"])
    while waiting:
        node = waiting.pop()
        if node["type"] == "TABLE_SCAN":
            groups = (node["row_groups_scanned"], node["total_row_groups_to_scan"])
            return Scan(*groups, node["rows_scanned"], plan["io"]["total_bytes_read"])
        waiting += node["children"]
    raise AssertionError(f"reads no table: {text}")


def _bytes_read(path: Path, **options: Any) -> tuple[int, int]:
    """The bytes and the rows that pyarrow reads of a file."""
    file = Counting(path)
    table = pq.read_table(pa.PythonFile(file, mode="r"), **options)
    return file.count, table.num_rows


def test_row_groups_are_sorted_by_document(large: Large) -> None:
    """Each row group states its first and last document, and none begins before the last ends.

    It has a page index as well.
    """
    metadata = pq.read_metadata(large.path)
    assert metadata.num_row_groups >= 9
    last = ""
    for number in range(metadata.num_row_groups):
        group = metadata.row_group(number)
        columns = [group.column(index) for index in range(group.num_columns)]
        (chunk,) = [c for c in columns if c.path_in_schema == large.column]
        assert last <= chunk.statistics.min <= chunk.statistics.max
        assert (True, True) == (chunk.has_column_index, chunk.has_offset_index)
        last = chunk.statistics.max


def test_pyarrow_reads_one_row_group_for_a_document(large: Large) -> None:
    """The rows of one document cost less than a quarter of the file's bytes."""
    whole, _ = _bytes_read(large.path)
    part, rows = _bytes_read(large.path, filters=[(large.column, "==", large.document)])
    assert large.rows == rows
    assert part < whole / 4


def test_duckdb_reads_one_row_group_for_a_document(large: Large) -> None:
    """EXPLAIN ANALYZE tells of one row group, and of no row of another document."""
    scan = _duckdb_scan(large.path, large.column, large.document)
    assert (1, pq.read_metadata(large.path).num_row_groups) == (scan.groups, scan.all_groups)
    assert large.rows == scan.rows
    if large.column == "document":
        assert scan.bytes < large.path.stat().st_size / 4


def test_polars_fetches_one_row_group_for_a_document(large: Large, hub: Hub) -> None:
    """Over HTTP, polars asks for less than a third of the bytes."""
    hub.create("someone/many")
    hub.commit("someone/many", {"large.parquet": large.path.read_bytes()})
    frame = polars.scan_parquet(f"{hub.url}/datasets/someone/many/resolve/main/large.parquet")
    found = frame.filter(polars.col(large.column) == large.document).collect()
    assert large.rows == found.height
    assert hub.sent < large.path.stat().st_size / 3
