"""Read gold and predictions: documents in whole or part, Parquet, quote notation, CoNLL BIO."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from statevisit.annotation.answer_parts import Recovered
from statevisit.annotation.recovery import CutOff, is_json_in_text, is_part_of_answer, recover
from statevisit.corpus.reader import JSONL, Corpus, Entry, load
from statevisit.document import codec
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme, scheme_for, scheme_of
from statevisit.document.scheme import base as base_scheme
from statevisit.document.strict_json import Json, JsonObject
from statevisit.errors import FormatError, together
from statevisit.printable import counted
from statevisit.scoring import bio
from statevisit.scoring.answers import answer_of, is_answer, plain
from statevisit.scoring.drafts import read_draft
from statevisit.scoring.prediction import ALL, Note, Prediction, refuse_other_text, whole

Source = str | Path | Corpus | Document | Prediction | JsonObject | Iterable["Source"]
"""A path, a corpus, a document or prediction, a JSON object, or several of these.

A JSON object is a document in whole or part, or a draft in quote notation. A list of labelled spans
is one prediction of the only document.
"""

T = TypeVar("T")

_OBJECT = "the prediction"
"""The name of an object that is no file, for messages."""


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
    if isinstance(source, Document | Prediction | dict) or is_answer(source):
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
    elif isinstance(source, dict) or is_answer(source):
        yield _OBJECT, _from_json(plain(source, _OBJECT), _OBJECT, gold)
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
        entries, notes = _entries(path)
        for name, predictions in _each(entries, lambda entry: _from_entry(entry, gold)):
            for prediction in predictions:
                yield name, replace(prediction, notes=(*notes, *prediction.notes))
                notes = ()


def _bio_files(path: Path) -> list[Path]:
    """The BIO file that a path is, or those in it if it is a directory."""
    if path.is_dir():
        return [file for file in sorted(path.iterdir()) if file.suffix in bio.SUFFIXES]
    is_bio = path.suffix in (*bio.SUFFIXES, ".txt", ".tsv")
    return [path] if is_bio and not _is_answer_in_text(path) else []


def _is_answer_in_text(path: Path) -> bool:
    """Whether a text file holds the answer of a language model, and not columns."""
    return path.suffix == ".txt" and path.is_file() and is_json_in_text(codec.read_bytes(path))


def _is_empty_jsonl(path: Path) -> bool:
    """Whether a path is an empty JSONL file, which is a prediction of no documents."""
    return path.suffix in JSONL and path.is_file() and path.stat().st_size == 0


def _entries(path: Path) -> tuple[list[Entry], tuple[Note, ...]]:
    """The answers in a path, with a note if the last line of JSONL is cut off and left out.

    JSONL whose lines are no answers of documents but parts of one is a single answer.
    """
    entries = load(path).entries
    if path.suffix not in JSONL:
        return entries, ()
    if is_part_of_answer(entries[0].bytes()):
        return [Entry(path, 0)], ()
    last = entries[-1]
    line = b"" if last.problem else last.bytes()
    if len(entries) == 1 or not line or line.endswith(b"\n"):
        return entries, ()
    try:
        recover(line, last.name)
    except CutOff:
        message = f"{last.name}: cut off; {counted(len(line), 'byte')} left out"
        return entries[:-1], (Note("cut", ALL, message),)
    return entries, ()


def _from_entry(entry: Entry, gold: Mapping[str, Document]) -> list[Prediction]:
    answers = recover(entry.bytes(), entry.name)
    return [_from_recovered(answer, entry.name, gold) for answer in answers]


def _from_recovered(answer: Recovered, file: str, gold: Mapping[str, Document]) -> Prediction:
    """The prediction of an answer, with notes on what was done in order to read it."""
    prediction = _from_json(answer.value, file, gold, answer.data)
    document_id = prediction.document.id
    kind = "cut" if answer.is_cut else "text"
    notes = [Note(kind, document_id, f"{file}: {note}") for note in answer.notes]
    return replace(prediction, notes=(*notes, *prediction.notes))


def _from_json(
    value: Json, file: str, gold: Mapping[str, Document], data: bytes | None = None
) -> Prediction:
    """A prediction from parsed JSON: a document in whole or part, or what a system answered.

    `data` are the bytes that were parsed; with them an error in a whole document names its line.
    """
    answer = answer_of(value, file)
    document = _gold_of(answer.value, gold)
    if document is not None:
        text = answer.value.get("text", document.text)
        if text != document.text:
            refuse_other_text(document, replace(document, text=str(text)), file)
    scheme = _scheme(gold)
    if _is_whole(answer.value, scheme):
        try:
            return whole(codec.convert(answer.value, file, scheme, data))
        except codec.Mismatch:
            if document is None:
                raise
    if document is None:
        raise FormatError(f"{file}: {_no_gold(answer.value, gold)}")
    return read_draft(answer, document, file)


def _is_whole(value: JsonObject, scheme: Scheme) -> bool:
    """Whether a JSON object has all of a document: its text and every layer."""
    return "text" in value and all(name in value for name in scheme.layers)


def _no_gold(value: JsonObject, gold: Mapping[str, Document]) -> str:
    """Why a prediction is of no gold document."""
    shown = ", ".join([*list(gold)[:3], *(["…"] if len(gold) > 3 else [])])
    if "id" not in value:
        return (
            "names no document; give each document an object with its id, such as"
            f' {{"id": "{next(iter(gold), "a")}", "mentions": [...]}} (gold documents: {shown})'
        )
    return f"`id` is {value['id']!r}, which is not a gold document ({shown})"


def _scheme(gold: Mapping[str, Document]) -> Scheme:
    """The scheme of the gold documents, under which predictions are read."""
    return scheme_of(next(iter(gold.values()))) if gold else base_scheme()


def _gold_of(value: JsonObject, gold: Mapping[str, Document]) -> Document | None:
    """The gold document that a prediction is of: that with its id, or else with its text.

    Without an `id` it is the only one.
    """
    document_id = value.get("id")
    if isinstance(document_id, str) and document_id in gold:
        return gold[document_id]
    if isinstance(value.get("text"), str):
        same_text = [document for document in gold.values() if document.text == value["text"]]
        if len(same_text) == 1 and not _is_whole(value, _scheme(gold)):
            return same_text[0]
    return next(iter(gold.values())) if not document_id and len(gold) == 1 else None
