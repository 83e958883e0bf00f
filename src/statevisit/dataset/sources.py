"""What the list of sources adds to the tables: the metadata of a text, and its split."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import orjson

from statevisit.corpus.seeds import ListedSource
from statevisit.dataset.features import STRING, Column, Feature, list_of

if TYPE_CHECKING:
    import pyarrow as pa

Sources = Mapping[str, ListedSource]
"""The sources of a corpus by the names of their seeds."""

NONE: Sources = {}
"""The sources of documents that no list names."""

METADATA: dict[str, Feature] = {
    "title": STRING,
    "url": STRING,
    "author": list_of(STRING),
    "publisher": STRING,
    "license": STRING,
    "split": STRING,
    "extra": STRING,
}
"""The fields that the column `source` of `documents` has beside those of a document."""

SPLIT = Column("split", STRING, "The split that the document is in.")
"""The last column of every flat view."""


def with_metadata_column(column: Column) -> Column:
    """Return the column `source` of documents with the fields for metadata; another unchanged."""
    if column.name != "source":
        return column
    return Column(
        column.name,
        column.feature | METADATA,
        f"{column.description} The fields from `title` on are what `seeds/sources.jsonl` states, "
        "`extra` as JSON; null where it states nothing.",
    )


def without_metadata(feature: Feature) -> Feature:
    """Return the feature of the column `source` without the fields for metadata."""
    return {name: inner for name, inner in feature.items() if name not in METADATA}


def with_metadata(
    source: "pa.StructArray", sources: Sequence[ListedSource | None]
) -> "pa.StructArray":
    """Return the column `source` of some documents with the metadata that their sources state."""
    import pyarrow as pa

    stated = [_metadata(listed) for listed in sources]
    names = [field.name for field in source.type]
    arrays = [source.field(name) for name in names]
    for name, feature in METADATA.items():
        type_ = pa.list_(pa.string()) if feature["_type"] == "List" else pa.string()
        names.append(name)
        arrays.append(pa.array([values.get(name) for values in stated], type_))
    return pa.StructArray.from_arrays(arrays, names)


def _metadata(source: ListedSource | None) -> dict[str, Any]:
    if source is None:
        return {}
    extra = orjson.dumps(source.extra, option=orjson.OPT_SORT_KEYS).decode()
    return {
        "title": source.title,
        "url": source.url,
        "author": list(source.author) or None,
        "publisher": source.stated_publisher,
        "license": source.stated_license,
        "split": source.split,
        "extra": extra if source.extra else None,
    }
