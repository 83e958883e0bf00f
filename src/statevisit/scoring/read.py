"""Read gold and predictions: documents in whole or part, Parquet, quote notation, CoNLL BIO."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from statevisit.annotation import docbin
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
from statevisit.scoring.answers import is_answer, plain
from statevisit.scoring.matching import Matcher
from statevisit.scoring.prediction import ALL, Note, Prediction, refuse_other_text, whole
from statevisit.scoring.routing import LabelMapping, routing
from statevisit.scoring.systems import Tagged, docs_in, is_list_of_answers, object_of

Source = (
    str | Path | Corpus | Document | Prediction | JsonObject | Tagged | Iterable["Source | Tagged"]
)
"""A path, a corpus, a document or prediction, a JSON object, or several of these.

A JSON object is a document in whole or part, or a draft in quote notation. A list of labelled spans
is one prediction of the only document; a list of such lists has one for each document, in order.
Documents of spaCy and LangExtract, and a DocBin, are predictions, too.
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
    source: Source,
    gold: Mapping[str, Document] | None = None,
    mapping: LabelMapping = None,
    orders: Sequence[Sequence[str]] = (),
    notes: list[Note] | None = None,
) -> dict[str, Prediction]:
    """Return predictions by document id.

    `gold` has the documents by id from which partial documents, drafts and BIO take their text.
    `mapping` has labels of the scheme for those of the system. Answers that name no document, by id
    or text, are of the gold documents in order: in the first of `orders` that has as many, by
    default that of `gold`. `notes` gets a note if documents were matched by text or by order.

    Raises FormatError, with file and line, for input in no known form, for a text that is not the
    gold's (with the first difference), and for two predictions of one document.
    """
    gold = gold or {}
    matcher = Matcher(gold, routing(_scheme(gold), mapping), orders or [list(gold)])
    predictions = _by_id(chain(_predictions(source, matcher), matcher.in_order()), gold)
    if notes is not None:
        notes += matcher.notes(len(predictions))
    return predictions


def read_answers(
    entries: Iterable[Entry],
    gold: Mapping[str, Document],
    mapping: LabelMapping = None,
    scheme: Scheme | None = None,
) -> dict[str, Prediction]:
    """Return the predictions in some of `answers_in`, each of which names its document.

    `scheme` is by default that of the gold. Raises what `read_predictions` raises.
    """
    matcher = Matcher(gold, routing(scheme or _scheme(gold), mapping), [])
    return _by_id(chain.from_iterable(_from_entry(entry, matcher) for entry in entries), gold)


def answers_in(path: Path) -> Sequence[Entry]:
    """Return where the predictions in files of JSON are.

    There are none in files of other formats, in an answer of several lines, and in JSONL whose last
    line is cut off.
    """
    others = path.suffix == docbin.SUFFIX or _is_empty_jsonl(path)
    if others or not path.exists() or _parquet_files(path) or _bio_files(path):
        return []
    entries, notes = _entries(path)
    return [] if notes else entries


def _by_id(
    named: Iterable[tuple[str, Prediction]], gold: Mapping[str, Document]
) -> dict[str, Prediction]:
    """Predictions by document id, of texts that are those of the gold."""
    predictions: dict[str, Prediction] = {}
    for name, prediction in named:
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
        if path.suffix == docbin.SUFFIX:
            files = [path]
        if files or _is_empty_jsonl(path):
            return files or [path]
        return load(path).files()
    if isinstance(source, Corpus):
        return source.files()
    if isinstance(source, Document | Prediction | dict) or is_answer(source):
        return []
    if object_of(source) is not None or not isinstance(source, Iterable):
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
    elif isinstance(source, Prediction | dict) or not isinstance(source, Iterable):
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


def _predictions(source: Source, matcher: Matcher) -> Iterator[tuple[str, Prediction]]:
    """Yield predictions, each with the name of its source for messages."""
    answer = object_of(source)
    docs = docs_in(source)
    if answer is not None:
        yield from matcher.read(plain(answer, _OBJECT), _OBJECT)
    elif docs is not None:
        yield from _predictions(docs, matcher)
    elif isinstance(source, Prediction):
        yield source.document.id, source
    elif isinstance(source, Document | Corpus):
        for name, document in _documents(source):
            yield name, whole(document)
    elif isinstance(source, dict) or is_answer(source) or is_list_of_answers(source):
        yield from _from_json(plain(source, _OBJECT), _OBJECT, matcher)
    elif isinstance(source, str | Path):
        yield from _from_path(Path(source), matcher)
    elif isinstance(source, Iterable):
        for part in source:
            yield from _predictions(part, matcher)
    else:
        raise FormatError(
            f"a prediction cannot be a {type(source).__name__}; give a path, documents, spaCy's"
            " documents, or lists of labelled spans"
        )


def _from_path(path: Path, matcher: Matcher) -> Iterator[tuple[str, Prediction]]:
    if not path.exists():
        raise FormatError(f"{path}: no such file or directory")
    parquet_files = _parquet_files(path)
    bio_files = _bio_files(path)
    if parquet_files:
        for name, document in _parquet_documents(parquet_files, matcher.scheme):
            yield name, whole(document)
    elif path.suffix == docbin.SUFFIX:
        yield from _from_docbin(path, matcher)
    elif bio_files:
        for file in bio_files:
            for prediction in bio.read_bio(file, matcher.gold):
                yield str(file), _with_flat_labels(prediction, matcher)
    elif not _is_empty_jsonl(path):
        yield from _from_json_files(path, matcher)


def _from_json_files(path: Path, matcher: Matcher) -> Iterator[tuple[str, Prediction]]:
    entries, notes = _entries(path)
    for _, of_entry in _each(entries, lambda entry: [*_from_entry(entry, matcher)]):
        for name, prediction in of_entry:
            yield name, replace(prediction, notes=(*notes, *prediction.notes))
            notes = ()


def _from_docbin(path: Path, matcher: Matcher) -> Iterator[tuple[str, Prediction]]:
    for number, doc in enumerate(docbin.docs_of(path), 1):
        name = f"{path}, document {number}"
        yield from matcher.read(plain(object_of(doc), name), name)


def _with_flat_labels(prediction: Prediction, matcher: Matcher) -> Prediction:
    """A prediction whose flat names have the labels of the scheme."""
    label_of = matcher.routing.flat_label
    return replace(
        prediction,
        flat=tuple(replace(item, label=label_of(item.label or "")) for item in prediction.flat),
    )


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


def _entries(path: Path) -> tuple[Sequence[Entry], tuple[Note, ...]]:
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


def _from_entry(entry: Entry, matcher: Matcher) -> Iterator[tuple[str, Prediction]]:
    for answer in recover(entry.bytes(), entry.name):
        yield from _from_json(answer.value, entry.name, matcher, answer)


def _from_json(
    value: Json, file: str, matcher: Matcher, recovered: Recovered | None = None
) -> Iterator[tuple[str, Prediction]]:
    """Yield the predictions in parsed JSON: one, or a list of labelled spans for each document.

    `recovered` has the bytes that were parsed, and notes on what was done in order to read them.
    """
    data = recovered.data if recovered else None
    kind = "cut" if recovered and recovered.is_cut else "text"
    notes = [(kind, f"{file}: {note}") for note in recovered.notes] if recovered else []
    if isinstance(value, list) and is_list_of_answers(value):
        for number, part in enumerate(value, 1):
            yield from matcher.read(part, f"{file}, document {number}", None, notes)
            notes = []
    else:
        yield from matcher.read(value, file, data, notes)


def _scheme(gold: Mapping[str, Document]) -> Scheme:
    """The scheme of the gold documents, under which predictions are read."""
    return scheme_of(next(iter(gold.values()))) if gold else base_scheme()
