"""The dataset: Parquet and card as `datasets`, DuckDB and polars read them, and the columns."""

import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest
import yaml
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import statevisit
from statevisit import FormatError, MissingExtra, load
from statevisit.dataset.arrow import view_table
from statevisit.dataset.configs import columns, configs, features
from statevisit.dataset.flat_names import ONTONOTES, flat_names, tags
from statevisit.document.codec import to_value
from statevisit.document.model import ANNOTATED_LAYERS, Document, Quantity, Timex
from statevisit.document.scheme import base
from statevisit.document.timex_values import days, duration
from tests.conftest import DATA, DOC_ID, PATIENCE, ROOT, Result, oracle
from tests.strategies import TIMEX_EDGES, documents, timex_values

datasets = oracle("datasets")
duckdb = oracle("duckdb")
huggingface_hub = oracle("huggingface_hub")
polars = oracle("polars")

CONFIGS = configs(base())
EACH = pytest.mark.parametrize("config", CONFIGS)


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A fresh cache: that of `datasets` knows a file by its time of change."""
    return str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def tables(cache: str) -> dict[str, Any]:
    """Every config as `load_dataset` gives it from the checkout."""
    return {c: datasets.load_dataset(str(ROOT), c, split="train", cache_dir=cache) for c in CONFIGS}


def _parquet(config: str) -> Path:
    return ROOT / f"corpus/parquet/{config}/train-00000-of-00001.parquet"


def _rows(config: str) -> list[dict[str, Any]]:
    """The rows with label names instead of integers."""
    spec = features(config, base())
    return [
        {k: _named(v, spec[k]) for k, v in row.items()}
        for row in pq.read_table(_parquet(config)).to_pylist()
    ]


def _named(value: Any, feature: Any) -> Any:
    if value is None:
        return None
    if feature.get("_type") == "ClassLabel":
        return feature["names"][value]
    if feature.get("_type") == "List":
        return [_named(v, feature["feature"]) for v in value]
    return {k: _named(v, feature[k]) for k, v in value.items()} if "_type" not in feature else value


# Configs, features and labels: schema, Parquet and card agree


LABEL_COLUMNS = {
    "documents": len(base().inventories) + len(ANNOTATED_LAYERS),
    "entities": 4,
    "events": 11,  # three of them in the arguments
    "quantities": 4,
    "timexes": 2,
    "relations": 5,
    "event_relations": 4,
    "ner": 1,
}
"""The number of ClassLabels in each config."""


@EACH
def test_parquet_alone_gives_the_features_of_the_schema(
    config: str, cache: str, tables: dict[str, Any]
) -> None:
    """`load_dataset` gives the schema's columns, order, types and labels, from Parquet alone."""
    assert "dataset_info" not in _front()
    expected = datasets.Features.from_dict(features(config, base()))
    in_parquet = datasets.Features.from_arrow_schema(pq.read_schema(_parquet(config)))
    read = datasets.Dataset.from_parquet(str(_parquet(config)), cache_dir=cache).features
    loaded = tables[config].features
    assert (
        list(expected.items())
        == list(loaded.items())
        == list(in_parquet.items())
        == list(read.items())
    )
    assert LABEL_COLUMNS[config] == _class_labels(loaded)
    assert list(expected) == pq.read_schema(_parquet(config)).names
    assert (
        expected.arrow_schema.remove_metadata()
        == pq.read_schema(_parquet(config)).remove_metadata()
    )


def _class_labels(feature: Any) -> int:
    """The number of ClassLabels in features, at any depth."""
    if isinstance(feature, datasets.ClassLabel):
        return 1
    if isinstance(feature, datasets.List):
        return _class_labels(feature.feature)
    return sum(map(_class_labels, feature.values())) if isinstance(feature, dict) else 0


def _front() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "README.md").read_text(encoding="utf-8").split("---\n")[1])


def test_the_card_declares_every_config_and_no_other(cache: str) -> None:
    """The card has the configs of Parquet, `documents` by default, each with a train split."""
    front = _front()
    assert list(CONFIGS) == [c["config_name"] for c in front["configs"]]
    assert ["documents"] == [c["config_name"] for c in front["configs"] if c.get("default")]
    assert list(CONFIGS) == datasets.get_dataset_config_names(str(ROOT))
    assert sorted(CONFIGS) == sorted(p.name for p in (ROOT / "corpus/parquet").iterdir())
    assert ["train"] == datasets.get_dataset_split_names(str(ROOT), "ner")


def test_the_front_matter_is_what_the_hub_wants() -> None:
    """The card's metadata passes the Hub's own parser.

    It names a licence whose text is in the repository, and declares the kinds of annotators that
    annotators.json lists.
    """
    data = huggingface_hub.DatasetCard.load(ROOT / "README.md").data.to_dict()
    required = {
        "pretty_name",
        "language",
        "license",
        "license_name",
        "license_link",
        "annotations_creators",
        "language_creators",
        "source_datasets",
        "multilinguality",
        "size_categories",
    }
    assert set() == {
        *required,
        "task_categories",
        "task_ids",
        "tags",
        "configs",
    } - set(data)
    assert "dataset_info" not in data
    assert ("other", True) == (data["license"], (ROOT / data["license_link"]).is_file())
    kinds = {
        a["kind"]
        for a in orjson.loads((ROOT / "corpus/annotators.json").read_bytes())["annotators"]
    }
    assert ("human" in kinds) == ("expert-generated" in data["annotations_creators"]), (
        "the card and annotators.json disagree about the annotators"
    )
    assert (kinds != {"human"}) == ("machine-generated" in data["annotations_creators"])


@EACH
def test_every_column_is_described_beside_the_schema(config: str) -> None:
    """Every column of every config has its description in schema/README.md, from schema or view."""
    text = (ROOT / "schema/README.md").read_text(encoding="utf-8")
    block = text.split(f"\n### {config}\n")[1].split("<!-- end -->")[0].split("\n### ")[0]
    described = {
        line.split("|")[1].strip(" `"): line.split("|")[3].strip()
        for line in block.splitlines()
        if line.startswith("| `")
    }
    assert [c.name for c in columns(config, base())] == list(described)
    for name, description in described.items():
        assert len(description) > 10
        assert description.endswith(".")
        assert description != name


def test_label_columns_have_the_schemas_labels(tables: dict[str, Any]) -> None:
    """A column with an inventory in the schema is a ClassLabel with those names in that order."""
    label_columns = Counter()
    layers_of = {
        ("quantities", "measures_layer"): ["mentions", "events"],
        ("relations", "target_layer"): ["entities", "event_chains"],
        ("event_relations", "source_layer"): ["events", "timexes"],
        ("event_relations", "target_layer"): ["events", "timexes"],
    }
    for config, layer in {
        "entities": "mentions",
        "events": "events",
        "quantities": "quantities",
        "timexes": "timexes",
        "relations": "relations",
        "event_relations": "event_relations",
    }.items():
        for column, feature in tables[config].features.items():
            if isinstance(feature, datasets.ClassLabel):
                label_columns[config] += 1
                home = layer if (layer, column) in base().inventories else "entities"
                prop = {"source_type": "type", "target_type": "type"}.get(column, column)
                if column.endswith("_layer"):
                    assert layers_of[config, column] == feature.names
                elif (config, column) == ("quantities", "kind"):
                    assert [*base().label_names("quantities", "kind"), "DURATION"] == feature.names
                else:
                    assert base().label_names(home, prop) == feature.names
    assert {
        "entities": 4,
        "events": 8,
        "quantities": 4,
        "timexes": 2,
        "relations": 5,
        "event_relations": 4,
    } == label_columns
    assert ("O", 37, 18) == (
        tables["ner"].features["ner_tags"].feature.names[0],
        len(tags(base())),
        len(ONTONOTES),
    )


# Ways to load


def test_a_checkout_is_the_dataset(cache: str, article: Document) -> None:
    """`load_dataset(checkout)` gives the documents with every layer, under one split."""
    loaded = datasets.load_dataset(str(ROOT), cache_dir=cache)
    assert ["train"] == list(loaded)
    assert [DOC_ID] == loaded["train"]["id"]
    assert article.text == loaded["train"][0]["text"]


@EACH
def test_every_config_loads_and_streams(config: str, tables: dict[str, Any]) -> None:
    """`load_dataset(checkout, config)` gives the rows of Parquet, and so does streaming.

    Both have the same features.
    """
    expected = pq.read_table(_parquet(config)).to_pylist()
    assert expected == tables[config].to_list()
    streamed = datasets.load_dataset(str(ROOT), config, split="train", streaming=True)
    assert expected == list(streamed)
    assert tables[config].features == streamed.features


@EACH
def test_the_package_gives_the_same_dataset(
    config: str, tables: dict[str, Any], cache: str
) -> None:
    """`statevisit.load_dataset` gives the rows that `datasets` gives from the checkout.

    Without `split` it is a DatasetDict, with `split` a Dataset, with `streaming` an iterable
    dataset; a path names another root.
    """
    loaded = statevisit.load_dataset(config, cache_dir=cache)
    assert isinstance(loaded, datasets.DatasetDict)
    expected = tables[config].to_list()
    assert expected == loaded["train"].to_list()
    assert (
        expected == statevisit.load_dataset(config, ROOT, split="train", cache_dir=cache).to_list()
    )
    assert expected == list(
        statevisit.load_dataset(config, str(ROOT), split="train", streaming=True)
    )


def test_documents_are_the_default(cache: str) -> None:
    """`statevisit.load_dataset()` is the documents config."""
    assert [DOC_ID] == statevisit.load_dataset(cache_dir=cache)["train"]["id"]


OFFLINE = """
import socket, sys
def refuse(*a, **k): raise AssertionError("the network was asked for")
socket.socket.connect = socket.getaddrinfo = refuse
import datasets, statevisit
for config in sys.argv[2:]:
    rows = datasets.load_dataset(sys.argv[1], config, split="train").to_list()
    streamed = datasets.load_dataset(sys.argv[1], config, split="train", streaming=True)
    assert rows == list(streamed)
    assert rows == statevisit.load_dataset(config, split="train").to_list()
    print(config, len(rows))
"""


@pytest.mark.slow
def test_everything_loads_offline(tmp_path: Path, tables: dict[str, Any]) -> None:
    """With HF_HUB_OFFLINE=1, an empty cache and no network, every config loads and streams."""
    env = os.environ | {
        "HF_HUB_OFFLINE": "1",
        "HF_HOME": str(tmp_path),
        "PYTHONPATH": str(ROOT / "src"),
    }
    done = subprocess.run(
        [sys.executable, "-c", OFFLINE, str(ROOT), *CONFIGS],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    assert 0 == done.returncode, done.stderr
    assert [f"{c} {len(tables[c])}" for c in CONFIGS] == done.stdout.splitlines()


@pytest.mark.parametrize("config", ["nope", "", "../documents", "default"])
def test_a_config_that_is_not_there_is_named_with_those_that_are(config: str) -> None:
    """The error for a mistyped config lists the configs."""
    with pytest.raises(FormatError) as error:
        statevisit.load_dataset(config)
    assert f"{DATA}: no config {config!r}; the configs are {', '.join(sorted(CONFIGS))}" == str(
        error.value
    )


def test_a_path_without_a_dataset_says_what_to_do(tmp_path: Path, corpus: Path) -> None:
    """A missing path, an empty directory and a corpus without Parquet each give the remedy."""
    with pytest.raises(FormatError, match="gone: no such directory"):
        statevisit.load_dataset("events", tmp_path / "gone")
    (tmp_path / "empty").mkdir()
    for root in (tmp_path / "empty", corpus):
        with pytest.raises(
            FormatError, match="no Parquet files; build them with `statevisit build`"
        ):
            statevisit.load_dataset("events", root)


@pytest.mark.slow
def test_a_corpus_of_ones_own_loads_without_a_card(
    corpus: Path, tables: dict[str, Any], cache: str
) -> None:
    """`load_dataset(config, path)` needs only the output of `statevisit build`, no README.md.

    The path may contain glob characters; columns and labels come from Parquet.
    """
    from statevisit.publishing.build import build

    root = corpus / "a [b] {c} é *"
    shutil.copytree(corpus / "corpus", root / "corpus")
    shutil.copytree(corpus / "seeds", root / "seeds")
    build(root, workers=1)
    loaded = statevisit.load_dataset("events", root, cache_dir=cache)
    assert features("events", base()) == loaded["train"].features.to_dict()
    assert tables["events"].to_list() == loaded["train"].to_list()


def test_without_datasets_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where `datasets` is not installed, the message is the command that installs it."""
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(MissingExtra, match=r"this needs datasets: pip install 'statevisit\[hub\]'"):
        statevisit.load_dataset()


# Contents of the columns


def test_the_documents_config_is_the_json(tables: dict[str, Any]) -> None:
    """A row of `documents` is the document's JSON, in the schema's order, with null if absent."""
    value = orjson.loads((ROOT / f"corpus/documents/{DOC_ID}.json").read_bytes())
    row = _rows("documents")[0]
    assert list(value) == list(row) == tables["documents"].column_names
    assert date.fromisoformat(value["date"]) == row["date"]
    assert {**value, "date": None} == {**_present(row), "date": None}


def _present(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _present(v) for k, v in value.items() if v is not None}
    return [_present(v) for v in value] if isinstance(value, list) else value


def test_span_columns_are_the_records(article: Document) -> None:
    """Ids, offsets and texts of the views are those of the records, one row each, in their order.

    Each row has the sentence in which the span begins.
    """
    for config, records in {
        "entities": article.mentions,
        "events": article.events,
        "timexes": article.timexes,
    }.items():
        rows = _rows(config)
        assert [(DOC_ID, r.id, r.start, r.end, r.text) for r in records] == [
            tuple(row[k] for k in ("document", "id", "start", "end", "text")) for row in rows
        ]
        for row in rows:
            sentence = article.sentences[row["sentence"]]
            assert sentence.start <= row["start"] < sentence.end
            assert article.text[sentence.start : sentence.end] == row["sentence_text"]
            assert row["text"] in row["sentence_text"]


def test_entities_have_their_entity(article: Document) -> None:
    """A mention's row describes its entity; metonymy keeps both readings.

    Exactly one of `wikidata` and `nil` is set.
    """
    for row, mention in zip(_rows("entities"), article.mentions, strict=True):
        entity = article[row["entity"]]
        assert (entity.type, entity.name, entity.wikidata, entity.nil, entity.reference) == tuple(
            row[k] for k in ("type", "name", "wikidata", "nil", "reference")
        )
        assert (mention.level, mention.literal) == (row["level"], row["literal"])
        assert (row["wikidata"] is None) != (row["nil"] is None)
    ankara = next(r for r in _rows("entities") if r["text"] == "Ankara")
    assert ("turkiye", "ankara", "Q43") == (ankara["entity"], ankara["literal"], ankara["wikidata"])


def test_events_have_their_arguments_resolved(article: Document) -> None:
    """An event's row has its arguments resolved, so that no other table is needed.

    Each argument has the layer, the span and the text of its target, and the entity of a mention.
    """
    for row, event in zip(_rows("events"), article.events, strict=True):
        chain = article[event.event]
        assert (chain.id, chain.name, chain.wikidata) == (
            row["event"],
            row["event_name"],
            row["event_wikidata"],
        )
        assert (
            to_value(event).items()
            >= {
                k: row[k] for k in ("class", "type", "polarity", "modality", "doc_time_rel")
            }.items()
        )
        assert len(event.arguments) == len(row["arguments"])
        for resolved, argument in zip(article.arguments_of(event), row["arguments"], strict=True):
            target = resolved.target
            assert (resolved.role, resolved.ace_role, resolved.layer) == tuple(
                argument[k] for k in ("role", "ace_role", "layer")
            )
            assert (
                target.id,
                target.start,
                target.end,
                article.text[target.start : target.end],
            ) == tuple(argument[k] for k in ("target", "start", "end", "text"))
            assert getattr(target, "entity", None) == argument["entity"]
    welcomed = _rows("events")[0]
    assert ("welcomed", "AGENT", "erdogan") == (
        welcomed["text"],
        welcomed["arguments"][0]["role"],
        welcomed["arguments"][0]["entity"],
    )


def test_relations_have_names_and_evidence(article: Document) -> None:
    """A relation's row names both entities, the Wikidata property and the supporting sentences."""
    properties = {
        label.name: label.extra.get("wikidata_property")
        for label in base().labels("relations", "type")
    }
    for row, relation in zip(_rows("relations"), article.relations, strict=True):
        source, target = article[relation.source], article[relation.target]
        assert (relation.id, relation.type, properties[relation.type]) == (
            row["id"],
            row["type"],
            row["wikidata_property"],
        )
        ends = [(r.id, r.name, getattr(r, "type", None)) for r in (source, target)]
        sides = [(row[s], row[f"{s}_name"], row[f"{s}_type"]) for s in ("source", "target")]
        assert ends == sides
        assert article.layer_of(target.id) == row["target_layer"]
        assert (relation.modality or "ACTUAL", bool(relation.inferred)) == (
            row["modality"],
            bool(row["inferred"]),
        )
        assert list(relation.evidence) == row["evidence"]
        assert [article.text_of(article.sentences[n]) for n in relation.evidence] == row[
            "evidence_text"
        ]
    assert "P35" == _rows("relations")[0]["wikidata_property"]


def test_quantities_hold_exact_numbers_and_durations(article: Document) -> None:
    """Every quantity has its decimal string as annotated and the nearest float.

    Every duration is a row as well, as a number of units.
    """
    rows = {r["id"]: r for r in _rows("quantities")}
    durations = [t for t in article.timexes if t.type == "DURATION"]
    assert [q.id for q in article.quantities] + [t.id for t in durations] == list(rows)
    for q in article.quantities:
        assert (q.value, q.lower, q.upper, q.unit, q.kind, q.comparator, q.change) == tuple(
            rows[q.id][k]
            for k in ("value", "lower", "upper", "unit", "kind", "comparator", "change")
        )
        assert (q.value and float(Decimal(q.value))) == rows[q.id]["value_float"]
        assert (
            q.measures,
            q.measures and article.layer_of(q.measures),
            q.measures and article.text_of(q.measures),
        ) == tuple(rows[q.id][f"measures{k}"] for k in ("", "_layer", "_text"))
    by_text = {r["text"]: r for r in rows.values()}
    assert ("234600000000", 234_600_000_000.0, "TRY") == tuple(
        by_text["TL 234.6 billion"][k] for k in ("value", "value_float", "unit")
    )
    assert by_text["around $7.6 billion"]["id"] == by_text["TL 234.6 billion"]["conversion_of"]
    assert ("DURATION", "44", 44.0, "d", "EXACT") == tuple(
        by_text["44 days"][k] for k in ("kind", "value", "value_float", "unit", "comparator")
    )
    assert ("30", "a") == tuple(by_text["three decades"][k] for k in ("value", "unit"))


BIG = "9007199254740993"  # 2^53 + 1: a float cannot hold it


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"value": BIG}, {"value": BIG, "value_float": 2.0**53}),
        ({"value": f"0.{'0' * 19}1"}, {"value": f"0.{'0' * 19}1", "value_float": 1e-20}),
        ({"value": "-9" + "9" * 39}, {"value": "-9" + "9" * 39, "value_float": -1e40}),
        ({"value": "1.10"}, {"value": "1.10", "value_float": 1.1}),
        (
            {"value": None, "comparator": "RANGE", "lower": "-3", "upper": BIG},
            {
                "value": None,
                "value_float": None,
                "lower": "-3",
                "lower_float": -3.0,
                "upper": BIG,
                "upper_float": 2.0**53,
            },
        ),
    ],
)
def test_no_number_loses_a_digit(
    article: Document, changes: dict[str, Any], expected: dict[str, Any]
) -> None:
    """The string keeps every digit that was annotated, where the float beside it cannot."""
    changed = replace(
        article, quantities=(replace(article.quantities[0], measures=None, **changes),), timexes=()
    )
    row = view_table("quantities", [replace(changed, events=())], base()).to_pylist()[0]
    assert expected.items() <= row.items()


@pytest.mark.parametrize(
    ("mod", "comparator"),
    [
        (None, "EXACT"),
        ("APPROX", "APPROX"),
        ("MORE_THAN", "MORE_THAN"),
        ("EQUAL_OR_LESS", "EQUAL_OR_LESS"),
    ],
)
def test_a_durations_modifier_is_its_comparator(
    article: Document, mod: str | None, comparator: str
) -> None:
    """A duration's `mod` becomes the comparator; without one the duration is exact."""
    timex = Timex(
        id="t1", start=0, end=9, text="President", type="DURATION", value="PT90M", mod=mod
    )
    row = _only_row(article, "quantities", timexes=(timex,), quantities=(), events=())
    assert (comparator, "90", "min") == tuple(row[k] for k in ("comparator", "value", "unit"))


def _only_row(article: Document, config: str, **layers: Any) -> dict[str, Any]:
    spec = features(config, base())
    (row,) = view_table(config, [replace(article, **layers)], base()).to_pylist()
    return {k: _named(v, spec[k]) for k, v in row.items()}


# Times


@given(st.dates())
def test_a_day_is_one_day(day: date) -> None:
    """A DATE of a day, with or without a time, and its ISO week date begin and end on that day."""
    year, week, weekday = day.isocalendar()
    assert (
        (day, day)
        == days(day.isoformat())
        == days(f"{day.isoformat()}T10:30")
        == days(f"{day.isoformat()}TEV")
    )
    assert (day, day) == days(f"{year:04}-W{week:02}-{weekday}")


@given(st.dates(max_value=date(9998, 12, 31)))
def test_a_month_quarter_half_and_year_end_on_their_last_day(day: date) -> None:
    """Each begins on the first of its first month and ends the day before the next one begins.

    The day itself is inside.
    """
    for form, length in (("-{:02}", 1), ("-Q{}", 3), ("-H{}", 6), ("", 12)):
        number = (day.month - 1) // length
        following = (number + 1) * length
        first, last = _days(f"{day.year:04}{form.format(number + 1)}")
        assert date(day.year, number * length + 1, 1) == first <= day <= last
        assert date(day.year + following // 12, following % 12 + 1, 1) == last + timedelta(1)


def _days(value: str) -> tuple[date, date]:
    first_and_last = days(value)
    assert first_and_last is not None, value
    return first_and_last


@given(st.dates(min_value=date(1, 1, 8), max_value=date(9999, 12, 20)))
def test_a_week_is_an_iso_week(day: date) -> None:
    """A week runs from Monday to Sunday, as in `isocalendar`; a weekend is its last two days."""
    year, week, _ = day.isocalendar()
    first, last = _days(f"{year:04}-W{week:02}")
    assert (1, 7, 6) == (first.isoweekday(), last.isoweekday(), (last - first).days)
    assert first <= day <= last
    assert (last - timedelta(1), last) == days(f"{year:04}-W{week:02}-WE")


@given(st.integers(1, 998))
def test_a_decade_and_a_century(decade: int) -> None:
    """Three digits are a decade of ten years, two a century of a hundred, with or without an X."""
    expected = date(decade * 10, 1, 1), date(decade * 10 + 9, 12, 31)
    assert expected == days(f"{decade:03}") == days(f"{decade:03}X")
    century = decade // 10
    assume(century)
    expected = date(century * 100, 1, 1), date(century * 100 + 99, 12, 31)
    assert expected == days(f"{century:02}") == days(f"{century:02}XX")


@pytest.mark.parametrize(
    "value",
    [
        "2024-SU",
        "2024-WI",
        "BC0346",
        "PAST_REF",
        "PRESENT_REF",
        "FUTURE_REF",
        "XXXX-02-29",
        "2024-XX",
        "2024-WXX",
        "2024-QX",
        "2XXX",
        "2024-W08-X",
        "P2D",
    ],
)
def test_what_is_no_particular_day_has_none(value: str) -> None:
    """Seasons, unknown parts, references and durations have no particular days: null, no guess."""
    assert None is days(value)


@pytest.mark.parametrize("value", ["2023-02-29", "2024-04-31", "2023-W53", "0000", "0000-01"])
def test_a_day_that_the_calendar_lacks_is_an_error(value: str) -> None:
    """29 February of a common year, week 53 of a short year, the year 0."""
    with pytest.raises(ValueError, match=f"{value} is not in the calendar"):
        days(value)


UNITS = {"Y": ("a", 12), "M": ("mo", 1)}
CLOCK = {
    "W": ("wk", 604_800),
    "D": ("d", 86_400),
    "TH": ("h", 3600),
    "TM": ("min", 60),
    "TS": ("s", 1),
}


@given(st.integers(0, 999_999_999), st.sampled_from([*UNITS.items(), *CLOCK.items()]))
def test_a_duration_of_one_component_is_its_number_and_unit(
    number: int, unit: tuple[str, tuple[str, int]]
) -> None:
    """The number of a duration such as `P3D` stays as written, and the unit is in UCUM."""
    prefix = "PT" if len(unit[0]) == 2 else "P"
    assert (str(number), unit[1][0]) == duration(f"{prefix}{number}{unit[0][-1]}")


@given(st.dictionaries(st.sampled_from(list(CLOCK)), st.integers(1, 9999), min_size=1))
def test_a_duration_of_several_components_adds_up(parts: dict[str, int]) -> None:
    """Several components come in the smallest unit, and the sum is exact."""
    ordered = [u for u in CLOCK if u in parts]
    date_part = "".join(f"{parts[u]}{u}" for u in ordered if len(u) == 1)
    time_part = "".join(f"{parts[u]}{u[1]}" for u in ordered if len(u) == 2)
    number, unit = duration(f"P{date_part}" + (f"T{time_part}" if time_part else "")) or ("", "")
    assert CLOCK[ordered[-1]][0] == unit
    assert sum(n * CLOCK[u][1] for u, n in parts.items()) == Decimal(number) * CLOCK[ordered[-1]][1]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("P3DE", ("30", "a")),
        ("P2CE", ("200", "a")),
        ("P1ML", ("1000", "a")),
        ("P2Q", ("6", "mo")),
        ("P1Y6M", ("18", "mo")),
        ("P0.5Y", ("0.5", "a")),
        ("P1DT12H", ("36", "h")),
        ("P30.0D", ("30", "d")),
        ("PT0.000000001S", ("0.000000001", "s")),
        ("P999999999ML", ("999999999000", "a")),
        ("PXM", None),
        ("P1WE", None),
        ("P1M1D", None),
        ("P1YT1H", None),
        ("PTXH", None),
    ],
)
def test_durations(value: str, expected: tuple[str, str] | None) -> None:
    """Decades and centuries are years, quarters are months.

    Months beside days, weekends and X have no exact number.
    """
    assert expected == duration(value)


@pytest.mark.slow
@given(st.sampled_from(sorted(TIMEX_EDGES)), st.data())
def test_every_value_of_the_schema_is_a_row(
    article: Document, kind: str, data: st.DataObject
) -> None:
    """A value at the edge of the calendar or beyond it is converted; its days may be null."""
    value = data.draw(timex_values(kind))
    timex = Timex(id="t1", start=0, end=9, text="President", type=kind, value=value)
    layers: dict[str, Any] = {"timexes": (timex,), "quantities": (), "events": ()}
    assert value == _only_row(article, "timexes", **layers)["value"]
    assert 1 >= view_table("quantities", [replace(article, **layers)], base()).num_rows


def test_times_of_the_article_have_their_days(article: Document) -> None:
    """Dates and times have the first and last day of their value; other and vague values null."""
    rows = _rows("timexes")
    for row, timex in zip(rows, article.timexes, strict=True):
        expected = days(timex.value) if timex.type in ("DATE", "TIME") else None
        assert (expected or (None, None)) == (row["first_day"], row["last_day"])
        assert (timex.type, timex.value, timex.mod, timex.anchor) == tuple(
            row[k] for k in ("type", "value", "mod", "anchor")
        )
    by_text = {r["text"]: (r["first_day"], r["last_day"]) for r in rows}
    assert (date(2023, 1, 1), date(2023, 12, 31)) == by_text["last year"]
    assert (date(2023, 6, 1), date(2023, 6, 30)) == by_text["June"]
    assert (date(2024, 2, 18), date(2024, 2, 18)) == by_text["late Sunday"]
    assert (None, None) == by_text["two-day"]


# Names


def _spans(tokens: list[str], tags: list[str]) -> list[tuple[int, int, str]]:
    """(first token, last token, label) of well-formed BIO; an I- that continues nothing fails."""
    spans: list[tuple[int, int, str]] = []
    for number, tag in enumerate(tags):
        if tag.startswith("B-"):
            spans.append((number, number, tag[2:]))
        elif tag.startswith("I-"):
            assert spans, f"{tag} continues nothing"
            assert (number - 1, tag[2:]) == spans[-1][1:], f"{tag} continues nothing"
            spans[-1] = (spans[-1][0], number, tag[2:])
    return spans


def test_names_of_the_article(article: Document) -> None:
    """`ner` has the tokens sentence by sentence; its tags are the names, times and quantities."""
    rows = _rows("ner")
    assert len(article.sentences) == len(rows)
    assert [article.text_of(t) for t in article.tokens] == [t for r in rows for t in r["tokens"]]
    tagged = []
    for number, row in enumerate(rows):
        assert (DOC_ID, number, len(row["tokens"])) == (
            row["document"],
            row["sentence"],
            len(row["ner_tags"]),
        )
        inside = article.within(article.sentences[number], "tokens")
        tagged += [
            (inside[first].start, inside[last].end, label)
            for first, last, label in _spans(row["tokens"], row["ner_tags"])
        ]
    assert flat_names(article) == tagged
    texts = {(article.text[s:e], label) for s, e, label in tagged}
    assert {
        ("Recep Tayyip Erdoğan", "PERSON"),
        ("Second Karabakh War", "EVENT"),
        ("44 days", "DATE"),
        ("over 92%", "PERCENT"),
        ("around $7.6 billion", "MONEY"),
        ("first", "ORDINAL"),
    } <= texts
    assert {label for _, _, label in tagged} <= set(ONTONOTES)


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(documents())
def test_names_of_any_document_are_well_formed(document: Document) -> None:
    """Whatever nests, overlaps or crosses sentences, the tags are valid BIO, one for each token.

    A span is left out only where it overlaps a kept one that is at least as long.
    """
    spec = features("ner", base())
    rows = [
        {k: _named(v, spec[k]) for k, v in r.items()}
        for r in view_table("ner", [document], base()).to_pylist()
    ]
    assert [document.text_of(t) for t in document.tokens] == [t for r in rows for t in r["tokens"]]
    for row in rows:
        assert len(row["tokens"]) == len(row["ner_tags"])
        _spans(row["tokens"], row["ner_tags"])
    kept = flat_names(document)
    assert all(a[1] <= b[0] for a, b in pairwise(kept)), "names overlap"
    for start, end in _candidates(document):
        assert (start, end) in {k[:2] for k in kept} or any(
            s < end and start < e and e - s >= end - start for s, e, _ in kept
        ), "a span was left out, and no longer one overlaps it"


def _candidates(document: Document) -> list[tuple[int, int]]:
    named = [m for m in document.mentions if m.level == "NAM"] + [
        e for e in document.events if e.level == "NAM"
    ]
    return [(r.start, r.end) for r in (*named, *document.timexes, *document.quantities)]


def test_of_overlapping_names_the_longest_is_tagged(article: Document) -> None:
    """The railway is one FAC, although it names three cities; of equals, layer and order decide."""
    labels = {article.text[s:e]: label for s, e, label in flat_names(article)}
    railway = next(m for m in article.mentions if m.text == "Baku-Tbilisi-Kars railway")
    assert "FAC" == labels[railway.text]
    assert not [
        1
        for s, e, _ in flat_names(article)
        if railway.start <= s and e <= railway.end and (s, e) != (railway.start, railway.end)
    ]
    quantity = Quantity(
        id="q1",
        start=0,
        end=9,
        text="President",
        kind="MEASURE",
        value="1",
        unit="km",
        comparator="EXACT",
    )
    timex = Timex(id="t1", start=0, end=9, text="President", type="DURATION", value="PT90M")
    assert [(0, 9, "TIME")] == flat_names(
        replace(article, mentions=(), events=(), timexes=(timex,), quantities=(quantity,))
    ), "equally long: by layer"
    later = replace(quantity, start=5, end=14)
    assert [(0, 9, "QUANTITY")] == flat_names(
        replace(article, mentions=(), events=(), timexes=(), quantities=(later, quantity))
    ), "equally long: the first"


# Without `datasets`


@EACH
def test_sql_and_polars_read_the_same_rows(config: str) -> None:
    """DuckDB and polars need no special reader: they see the rows that pyarrow sees."""
    expected = pq.read_table(_parquet(config))
    with duckdb.connect() as connection:
        assert (
            expected.to_pylist()
            == connection.sql(f"SELECT * FROM '{ROOT}/corpus/parquet/{config}/*.parquet'")
            .to_arrow_table()
            .to_pylist()
        )
    assert (
        expected.to_pylist()
        == polars.read_parquet(f"{ROOT}/corpus/parquet/{config}/*.parquet").to_dicts()
    )


def test_the_library_and_the_dataset_hold_the_same(tables: dict[str, Any]) -> None:
    """`statevisit.load()` and the views agree on the number of records."""
    (document,) = load()
    assert {
        "entities": len(document.mentions),
        "events": len(document.events),
        "timexes": len(document.timexes),
        "relations": len(document.relations),
    }.items() <= {c: len(t) for c, t in tables.items()}.items()


@pytest.fixture
def springfield(tmp_path: Path, cli: Callable[..., Result]) -> Path:
    """A new corpus of one sentence with an entity, and nothing else."""
    root = tmp_path / "springfield"
    assert 0 == cli("init", root).status
    for path in [*(root / "corpus/documents").iterdir(), *(root / "seeds").iterdir()]:
        path.unlink()
    seed = tmp_path / "article.txt"
    seed.write_bytes(b" date 2024-03-01 The mayor of Springfield smiled.")
    assert 0 == cli("ingest", seed, "--root", root, "--id", "smile").status
    draft = tmp_path / "draft.json"
    entity = {"id": "s", "type": "GPE", "name": "Springfield", "nil": "NIL"}
    mention = {"quote": "Springfield", "level": "NAM", "entity": "s"}
    value = {"id": "smile", "entities": [entity | {"reference": "SPECIFIC"}], "mentions": [mention]}
    draft.write_bytes(orjson.dumps(value))
    document = root / "corpus/documents/smile.json"
    assert 0 == cli("anchor", draft, "--document", document, "-o", document).status
    result = cli("build", root)
    assert 0 == result.status, result
    return root


def test_every_config_in_the_card_of_a_small_corpus_loads(
    springfield: Path, tmp_path: Path
) -> None:
    """A layer without a record is not in the card; the others load, plain and streaming."""
    names = datasets.get_dataset_config_names(str(springfield))
    assert ["documents", "entities"] == names
    for name in names:
        for streaming in (False, True):
            loaded = datasets.load_dataset(
                str(springfield),
                name,
                split="train",
                streaming=streaming,
                cache_dir=str(tmp_path / "cache"),
            )
            assert 1 == len(list(loaded)), name


@pytest.mark.slow
@pytest.mark.parametrize("config", ["relations", "events", "quantities", "timexes", "ner"])
@pytest.mark.parametrize("streaming", [False, True])
def test_a_layer_without_records_is_an_empty_dataset(
    springfield: Path, config: str, streaming: bool
) -> None:
    """`statevisit.load_dataset` gives it with its columns, in the kind that was asked for."""
    whole = statevisit.load_dataset(config, springfield, streaming=streaming)
    train = statevisit.load_dataset(config, springfield, split="train", streaming=streaming)
    expected = statevisit.load_dataset(config, split="train", streaming=streaming)
    assert [] == list(whole["train"]) == list(train)
    assert expected.features == whole["train"].features == train.features
    assert type(expected) is type(train)
    assert type(statevisit.load_dataset(config, streaming=streaming)) is type(whole)
    with pytest.raises(ValueError, match="Unknown split"):
        statevisit.load_dataset(config, springfield, split="test", streaming=streaming)


def test_files_that_are_missing_are_no_empty_layer(springfield: Path) -> None:
    """Where the manifest counts rows, a config without files is an error."""
    shutil.rmtree(springfield / "corpus/parquet/entities")
    with pytest.raises(FormatError, match="no config 'entities'"):
        statevisit.load_dataset("entities", springfield)


def test_other_commands_take_a_small_corpus(
    springfield: Path, tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """Checks, comparisons, and the edition without text work with empty layers."""
    assert 0 == cli("build", "--check", springfield).status
    assert (0, "") == cli("validate", springfield)[:2]
    edition, full = tmp_path / "edition", tmp_path / "full"
    words = ("--edition", "annotations-only", "-o", edition)
    assert 0 == cli("build", springfield, *words).status
    seed = tmp_path / "article.txt"
    assert 0 == cli("restore", edition, "--text", seed, "-o", full).status
    assert (0, "") == cli("diff", "--exit-code", springfield, full)[:2]
    assert [] == list(statevisit.load_dataset("events", edition, split="train"))
    names = statevisit.load_dataset("events", edition, split="train").column_names
    assert "text" not in names
    described = orjson.loads((springfield / "corpus/croissant.json").read_bytes())
    assert ["documents", "entities"] == [r["name"] for r in described["recordSet"]]
