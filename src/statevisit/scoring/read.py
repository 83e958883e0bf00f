"""Read gold and predictions: documents in whole or part, Parquet, quote notation, CoNLL BIO."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple, TypeVar

from msgspec.structs import replace

from statevisit.annotation.quotes import anchor
from statevisit.corpus.reader import JSONL, Corpus, Entry, load
from statevisit.document import codec, strict_json
from statevisit.document.model import LAYERS, Document
from statevisit.document.scheme import Scheme, scheme_for, scheme_of
from statevisit.document.scheme import base as base_scheme
from statevisit.document.strict_json import Json, JsonObject
from statevisit.errors import FormatError, together
from statevisit.findings import Finding
from statevisit.scoring import bio
from statevisit.scoring.prediction import (
    Note,
    Prediction,
    Unplaced,
    bare,
    refuse_other_text,
    whole,
)
from statevisit.scoring.spans import LABEL, UNLABELLED

Source = str | Path | Corpus | Document | Prediction | JsonObject | Iterable["Source"]
"""A path, a corpus, a document or prediction, a JSON object, or several of these.

A JSON object is a document in whole or part, or a draft in quote notation.
"""

T = TypeVar("T")

_LAYER_NAMES = ", ".join(LAYERS)


def read_gold(source: Source) -> dict[str, Document]:
    """Return the gold documents by id, in order.

    Raises FormatError if there are none or two have the same id.
    """
    gold: dict[str, Document] = {}
    for name, document in _documents(source):
        if document.id in gold:
            raise FormatError(
                f"{name}: two gold documents have the id {document.id!r}; change one of the ids"
            )
        gold[document.id] = document
    if not gold:
        raise FormatError("no gold documents: nothing to score against")
    return gold


def read_predictions(
    source: Source, gold: Mapping[str, Document] | None = None
) -> dict[str, Prediction]:
    """Return predictions by document id.

    `gold` has the documents by id from which partial documents, drafts and BIO take their text.

    Raises FormatError, with file and line, for input in no known form, for a text that is not the
    gold's (with the first difference), and for two predictions of one document.
    """
    gold = gold or {}
    predictions: dict[str, Prediction] = {}
    for name, prediction in _predictions(source, gold):
        document_id = prediction.document.id
        if document_id in predictions:
            raise FormatError(
                f"{name}: a second prediction for the document {document_id!r}; remove one of them"
            )
        if document_id in gold:
            refuse_other_text(gold[document_id], prediction.document, name)
        predictions[document_id] = prediction
    return predictions


def files_of(source: Source) -> list[Path]:
    """Return the files of a source, in the order in which they are read; none for objects."""
    if isinstance(source, str | Path):
        path = Path(source)
        files = _parquet_files(path) or _bio_files(path)
        if files or _is_empty_jsonl(path):
            return files or [path]
        return load(path).files()
    if isinstance(source, Corpus):
        return source.files()
    if isinstance(source, Document | Prediction | dict):
        return []
    return [file for part in source for file in files_of(part)]


def _documents(source: Source) -> Iterator[tuple[str, Document]]:
    """Yield gold documents, each with the name of its source for messages."""
    if isinstance(source, Document):
        yield source.id, source
    elif isinstance(source, str | Path):
        path = Path(source)
        parquet_files = _parquet_files(path)
        if parquet_files:
            yield from _parquet_documents(parquet_files, scheme_for(path))
        else:
            yield from _documents(load(path))
    elif isinstance(source, Corpus):
        yield from _each(source.entries, lambda entry: entry.read(source.scheme))
    elif isinstance(source, Prediction | dict):
        raise FormatError("gold has to be whole documents: a path, a Corpus or Documents")
    else:
        for part in source:
            yield from _documents(part)


def _each(entries: Iterable[Entry], read: Callable[[Entry], T]) -> Iterator[tuple[str, T]]:
    """Yield what is read from each entry, with its name. The last error names all bad entries."""
    errors: dict[str, FormatError] = {}
    for entry in entries:
        try:
            result = read(entry)
        except FormatError as error:
            errors[entry.name] = error
        else:
            yield entry.name, result
    if errors:
        raise together(errors)


def _parquet_files(path: Path) -> list[Path]:
    """The Parquet file that a path is, or those in it if it is a directory without documents."""
    if path.suffix == ".parquet":
        return [path]
    if not path.is_dir() or any(path.glob("*.json")):
        return []
    return sorted(path.glob("*.parquet"))


def _parquet_documents(paths: Iterable[Path], scheme: Scheme) -> Iterator[tuple[str, Document]]:
    from statevisit.dataset.parquet import read_documents

    for path in paths:
        for document in read_documents(path, scheme):
            yield str(path), document


def _predictions(source: Source, gold: Mapping[str, Document]) -> Iterator[tuple[str, Prediction]]:
    """Yield predictions, each with the name of its source for messages."""
    if isinstance(source, Prediction):
        yield source.document.id, source
    elif isinstance(source, Document | Corpus):
        for name, document in _documents(source):
            yield name, whole(document)
    elif isinstance(source, dict):
        yield "the prediction", _from_json(source, "the prediction", gold)
    elif isinstance(source, str | Path):
        yield from _from_path(Path(source), gold)
    else:
        for part in source:
            yield from _predictions(part, gold)


def _from_path(path: Path, gold: Mapping[str, Document]) -> Iterator[tuple[str, Prediction]]:
    if not path.exists():
        raise FormatError(f"{path}: no such file or directory")
    parquet_files = _parquet_files(path)
    bio_files = _bio_files(path)
    if parquet_files:
        for name, document in _parquet_documents(parquet_files, _scheme(gold)):
            yield name, whole(document)
    elif bio_files:
        for file in bio_files:
            for prediction in bio.read_bio(file, gold):
                yield str(file), prediction
    elif not _is_empty_jsonl(path):
        yield from _each(load(path).entries, lambda entry: _from_entry(entry, gold))


def _bio_files(path: Path) -> list[Path]:
    """The BIO file that a path is, or those in it if it is a directory."""
    if path.is_dir():
        return [file for file in sorted(path.iterdir()) if file.suffix in bio.SUFFIXES]
    return [path] if path.suffix in (*bio.SUFFIXES, ".txt", ".tsv") else []


def _is_empty_jsonl(path: Path) -> bool:
    """Whether a path is an empty JSONL file, which is a prediction of no documents."""
    return path.suffix in JSONL and path.is_file() and path.stat().st_size == 0


def _from_entry(entry: Entry, gold: Mapping[str, Document]) -> Prediction:
    data = entry.bytes()
    value = strict_json.parse(data, entry.name)
    if _has_all_layers(value) and not _has_quotes(value):
        return whole(codec.convert(value, entry.name, _scheme(gold), data))
    return _from_json(value, entry.name, gold)


def _has_all_layers(value: Json) -> bool:
    return isinstance(value, dict) and all(name in value for name in LAYERS)


def _has_quotes(value: JsonObject) -> bool:
    """Whether any record of a document in JSON, or any span in one, is in quote notation."""
    for name in LAYERS:
        records = value.get(name)
        for record in records if isinstance(records, list) else ():
            if isinstance(record, dict):
                spans = [part for part in record.values() if isinstance(part, dict)]
                if any("quote" in span for span in (record, *spans)):
                    return True
    return False


def _from_json(value: Json, file: str, gold: Mapping[str, Document]) -> Prediction:
    """A prediction from parsed JSON: a document in whole or part, or a draft in quote notation."""
    if not isinstance(value, dict):
        raise FormatError(
            f"{file}: a prediction is a JSON object with `id` and layers ({_LAYER_NAMES}),"
            f" not {type(value).__name__}"
        )
    base = _gold_of(value, gold)
    if base is None:
        if "text" in value and _has_all_layers(value):
            return whole(codec.convert(value, file, _scheme(gold)))
        shown = ", ".join([*list(gold)[:3], *(["…"] if len(gold) > 3 else [])])
        raise FormatError(
            f"{file}: `id` is {value.get('id')!r}, which is not a gold document ({shown})"
        )
    if value.get("text", base.text) != base.text:
        refuse_other_text(base, replace(base, text=str(value["text"])), file)
    layers = frozenset(name for name in LAYERS if name in value)
    if not layers:
        raise FormatError(f"{file}: predicts no layer; add one or more of {_LAYER_NAMES}")
    if _has_quotes(value) or "text" not in value:
        draft = {name: value[name] for name in (*LAYERS, "annotators") if name in value}
        return _from_draft(draft, base, file)
    document = codec.convert(codec.to_value(bare(base)) | value, file, scheme_of(base))
    return Prediction(document=document, layers=layers)


def _scheme(gold: Mapping[str, Document]) -> Scheme:
    """The scheme of the gold documents, under which predictions are read."""
    return scheme_of(next(iter(gold.values()))) if gold else base_scheme()


def _gold_of(value: JsonObject, gold: Mapping[str, Document]) -> Document | None:
    """The gold document that a prediction is of; without an `id` the only one that there is."""
    document_id = value.get("id")
    if not document_id and len(gold) == 1:
        return next(iter(gold.values()))
    return gold.get(document_id) if isinstance(document_id, str) else None


def _from_draft(draft: JsonObject, base: Document, file: str) -> Prediction:
    """A draft put into the text.

    Records that are invalid or quote what the text does not have are left out, noted, and counted
    as spurious; of an invalid `property` or `cue` only the span is left out.
    """
    layers = frozenset(name for name in LAYERS if name in draft)
    empty = bare(base)
    rest = _RestOfDraft(draft)
    notes: list[Note] = []
    unplaced: list[Unplaced] = []
    while True:
        # All problems at once: the number of passes must not grow with that of wrong records.
        document, problems, _ = anchor(rest.draft, empty, file, limit=sys.maxsize, done=layers)
        if document is not None:
            return Prediction(document, layers, tuple(unplaced), notes=tuple(notes))
        places = set()
        for problem in problems:
            place = _place_of(problem)
            if place is None:
                raise FormatError(str(problem))
            places.add(place)
            message = f"{rest.first_pointer(problem)}: {problem.message}; counted as spurious"
            notes.append(Note("unplaced", base.id, message))
        unplaced += rest.remove(places)


class _Place(NamedTuple):
    """Where a draft has a problem: a record of a layer, or a property of it ("" for none)."""

    layer: str
    number: int
    part: str


def _place_of(problem: Finding) -> _Place | None:
    """The place of a problem in a draft; None if it is in no record."""
    _, *path = problem.pointer.split("/")
    if len(path) < 2 or path[0] not in LAYERS or not path[1].isdigit():
        return None
    return _Place(path[0], int(path[1]), path[2] if len(path) > 2 else "")


class _RestOfDraft:
    """A draft from which records are removed; `numbers` are those they had before."""

    def __init__(self, draft: JsonObject) -> None:
        self.draft = dict(draft)
        self.numbers = {
            name: list(range(len(records)))
            for name, records in draft.items()
            if isinstance(records, list)
        }

    def first_pointer(self, problem: Finding) -> str:
        """Return the pointer of a problem in a record, with the number it had before."""
        _, layer, number, *parts = problem.pointer.split("/")
        return "/".join(["", layer, str(self.numbers[layer][int(number)]), *parts])

    def remove(self, places: Iterable[_Place]) -> list[Unplaced]:
        """Remove the records, or spans in them, at some places; return the removed records."""
        parts: dict[str, dict[int, set[str]]] = {}
        for place in places:
            in_layer = parts.setdefault(place.layer, {})
            in_layer.setdefault(place.number, set()).add(place.part)
        removed = []
        for layer in sorted(parts):  # `entities`, which have the labels, before `mentions`
            removed += self._remove_from(layer, parts[layer])
        return removed

    def _remove_from(self, layer: str, parts: Mapping[int, set[str]]) -> list[Unplaced]:
        """Remove records from a layer; `parts` are the wrong parts of a record by its number."""
        removed, records, numbers = [], [], []
        for number, record in enumerate(self.draft[layer]):
            wrong = parts.get(number, set())
            if wrong:
                optional_spans = {"property", "cue"}
                if not isinstance(record, dict) or not wrong <= optional_spans & record.keys():
                    removed.append(Unplaced(layer, _label(self.draft, layer, record)))
                    continue
                record = {key: value for key, value in record.items() if key not in wrong}
            records.append(record)
            numbers.append(self.numbers[layer][number])
        self.draft[layer] = records
        self.numbers[layer] = numbers
        return removed


def _label(draft: JsonObject, layer: str, record: Json) -> str:
    """The label of a draft's record; of a mention, the type of its entity."""
    if layer == "mentions" and isinstance(record, dict):
        entities = [e for e in draft.get("entities", ()) if isinstance(e, dict)]
        record = next((e for e in entities if e.get("id") == record.get("entity")), None)
    label = record.get(LABEL.get(layer, "type")) if isinstance(record, dict) else None
    return label if isinstance(label, str) else UNLABELLED
