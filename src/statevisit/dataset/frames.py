"""Documents as pandas tables: the records of a layer, or the rows of a flat view."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from types import ModuleType
from typing import TYPE_CHECKING, Any

from statevisit.corpus.reader import Corpus
from statevisit.corpus.splits import TRAIN
from statevisit.dataset.features import STRING, Column, Feature, class_label, feature_of
from statevisit.dataset.rows import Row
from statevisit.dataset.sources import SPLIT
from statevisit.dataset.views import views
from statevisit.document.model import Document, Record, Span
from statevisit.document.scheme import Scheme, scheme_of
from statevisit.errors import FormatError, MissingExtra
from statevisit.printable import nearest

if TYPE_CHECKING:
    import pandas as pd

_DOCUMENT = Column("document", STRING, "Id of the document.")
_EVENT = Column("event_id", STRING, "Id of the event that has the argument.")

_DTYPES = {
    "string": "string",
    "int32": "Int64",
    "int64": "Int64",
    "bool": "boolean",
    "float64": "Float64",
    "date32": "datetime64[s]",
}
"""The types of pandas for those of a feature; each of them has a missing value."""


def document_frame(document: Document, layer: str) -> "pd.DataFrame":
    """Return the records of a layer of a document: see `Document.to_pandas`."""
    pandas = _pandas()
    scheme = scheme_of(document)
    return _frame(pandas, _columns(layer, scheme), _rows(document, layer))


def corpus_frame(corpus: Corpus, layer: str | None, config: str | None) -> "pd.DataFrame":
    """Return the records of a layer, or the rows of a config, of a corpus: see `Corpus.to_pandas`.

    One of the two is None.
    """
    if (layer is None) == (config is None):
        raise TypeError("to_pandas takes a layer or config=..., and one of the two only")
    pandas = _pandas()
    scheme = corpus.scheme
    if layer is not None:
        columns = [_DOCUMENT, *_columns(layer, scheme)]
    else:
        columns = [*_columns_of_config(str(config), scheme)]
    split_of = {name: split for split, names in corpus.splits.items() for name in names}
    split = Column(SPLIT.name, class_label(corpus.splits), SPLIT.description)

    def rows() -> Iterator[Row]:
        for document in corpus:
            of_split = split_of.get(document.id, TRAIN)
            if layer is not None:
                for row in _rows(document, layer):
                    yield document.id, *row, of_split
            else:
                for row in views(scheme)[str(config)].rows_of(document):
                    yield *row, of_split

    return _frame(pandas, [*columns, split], rows())


def _pandas() -> ModuleType:
    try:
        import pandas
    except ImportError:
        raise MissingExtra("pandas", "hub") from None
    return pandas


def _columns(layer: str, scheme: Scheme) -> list[Column]:
    """The columns of a layer. Raises FormatError if the scheme does not have it."""
    _require("layer", layer, scheme.with_arguments)
    nodes = scheme.properties(layer)
    columns = [_EVENT] if layer == "arguments" else []
    for name, node in nodes.items():
        if name == "arguments":
            continue
        feature = feature_of(node, scheme)
        is_span = "_type" not in feature
        columns.append(Column(name, STRING if is_span else feature, node["description"]))
        if name == "end" and "text" not in nodes:
            columns.append(Column("text", STRING, "Text of the span."))
    return columns


def _columns_of_config(config: str, scheme: Scheme) -> tuple[Column, ...]:
    """The columns of a config, without the split. Raises FormatError if it is not a flat view."""
    of_scheme = views(scheme)
    if config == "documents":
        names = ", ".join(of_scheme)
        raise FormatError(
            "config 'documents' is not flat: load_dataset() gives it, and Document.to_dict() one "
            f"document; the flat configs are {names}"
        )
    _require("config", config, of_scheme)
    return of_scheme[config].columns


def _require(kind: str, name: str, known: Collection[str]) -> None:
    """Raise FormatError, with those that exist, if there is no layer or config of a name."""
    if name not in known:
        message = f"no {kind} {name!r}; the {kind}s are {', '.join(known)}"
        raise FormatError(f"{message}{nearest(name, known)}")


def _rows(document: Document, layer: str) -> Iterator[Row]:
    """The values of each record of a layer, in the order of its columns."""
    names = [column.name for column in _columns(layer, scheme_of(document))]
    if layer == "arguments":
        for event in document.events:
            for argument in event.arguments or ():
                yield event.id, *_values(document, argument, names[1:])
    else:
        for record in getattr(document, layer):
            yield _values(document, record, names)


def _values(document: Document, record: Record, names: Iterable[str]) -> Row:
    """The values of a record's properties; those of a span without a text have the text, too."""
    fields = dict(zip(record.__struct_encode_fields__, record.__struct_fields__, strict=True))
    values: list[Any] = []
    for name in names:
        value = getattr(record, fields[name]) if name in fields else document.text_of(record)
        values.append(value.text if isinstance(value, Span) else value)
    return tuple(values)


def _frame(pandas: ModuleType, columns: Sequence[Column], rows: Iterable[Row]) -> "pd.DataFrame":
    """The table of some columns and rows."""
    transposed = list(zip(*rows, strict=True)) or [()] * len(columns)
    by_name = {
        column.name: _series(pandas, values, column.feature)
        for column, values in zip(columns, transposed, strict=True)
    }
    frame: pd.DataFrame = pandas.DataFrame(by_name)
    return frame


def _series(pandas: ModuleType, values: Sequence[Any], feature: Feature) -> Any:
    """The values of a column with the type of pandas for its feature."""
    if feature["_type"] == "ClassLabel":
        # A document that has not been validated can have a label that the scheme lacks.
        labels = [*feature["names"], *(value for value in values if value is not None)]
        return pandas.Categorical(values, categories=list(dict.fromkeys(labels)))
    if feature["_type"] == "List":
        lists = [pandas.NA if value is None else list(value) for value in values]
        return pandas.Series(lists, dtype=object)
    return pandas.array(list(values), dtype=_DTYPES[feature["dtype"]])
