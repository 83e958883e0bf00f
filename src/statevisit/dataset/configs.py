"""The configs of a dataset and their columns, also in the edition without text. No Arrow here.

This is apart from `arrow`, so that the pages and the manifest are made without importing pyarrow.
"""

from collections.abc import Iterable
from functools import cache
from itertools import compress
from typing import Any

from msgspec.structs import replace

from statevisit.dataset import sources
from statevisit.dataset.features import STRING, Column, Feature, feature_of
from statevisit.dataset.rows import Row
from statevisit.dataset.views import views
from statevisit.document.scheme import FULL, Scheme

WORDS = frozenset(
    (
        "text",
        "name",
        "sentence_text",
        "event_name",
        "measures_text",
        "property",
        "whole",
        "source_name",
        "target_name",
        "source_text",
        "target_text",
        "evidence_text",
        "tokens",
    )
)
"""The columns of the flat views that hold words of the text; one edition lacks them."""


def configs(scheme: Scheme) -> tuple[str, ...]:
    """Return the configs of a dataset under a scheme, in the order of the card."""
    return ("documents", *views(scheme))


@cache
def columns(config: str, scheme: Scheme) -> tuple[Column, ...]:
    """Return the columns of a config, in order, under a scheme and in its edition.

    A property that is an object without properties, which Parquet cannot hold, has no column.
    """
    if config == "documents":
        of_schema = (column for column in properties(scheme) if column.feature)
        return tuple(map(sources.with_metadata_column, of_schema))
    all_columns = (*views(scheme.in_edition(FULL))[config].columns, sources.SPLIT)
    if scheme.edition == FULL:
        return all_columns
    return tuple(
        _wordless_column(column, scheme)
        for column in all_columns
        if not _has_words(column.name, column.feature, scheme)
    )


def properties(scheme: Scheme) -> list[Column]:
    """Return the properties of a document as columns."""
    return [
        Column(name, feature_of(scheme.resolve(node), scheme), node["description"])
        for name, node in scheme.value["properties"].items()
    ]


def _has_words(name: str, feature: Feature, scheme: Scheme) -> bool:
    """Whether a column of a view, or a field of its structs, may hold words of the text."""
    is_own = any(name in names for names in scheme.in_edition(FULL).free_text.values())
    return name in WORDS or (is_own and feature == STRING)


def _wordless_column(column: Column, scheme: Scheme) -> Column:
    """A column without words: a list of structs loses the fields with words."""
    inner = column.feature.get("feature", {})
    if not inner or "_type" in inner:
        return column
    fields = {
        name: feature for name, feature in inner.items() if not _has_words(name, feature, scheme)
    }
    return replace(
        column,
        feature={**column.feature, "feature": fields},
        description=column.description.replace(" its span and text,", " its span,"),
    )


def wordless(config: str, scheme: Scheme, rows: Iterable[Row]) -> list[Row]:
    """Return the rows of a view without the columns, and fields of arguments, that have words.

    The rows have no column for the split yet.
    """
    all_columns = views(scheme)[config].columns
    kept = [not _has_words(column.name, column.feature, scheme) for column in all_columns]
    fields = [
        _wordless_column(column, scheme).feature.get("feature", {})
        for column in compress(all_columns, kept)
    ]
    return [tuple(map(_wordless_value, compress(row, kept), fields)) for row in rows]


def _wordless_value(value: Any, fields: Feature) -> Any:
    """A value of a column: of structs, only the fields without words."""
    if not isinstance(value, list) or not value or not isinstance(value[0], dict):
        return value
    return [{key: item for key, item in struct.items() if key in fields} for struct in value]


def features(config: str, scheme: Scheme) -> Feature:
    """Return the features of a config in the JSON form of `datasets.Features`."""
    return {column.name: column.feature for column in columns(config, scheme)}
