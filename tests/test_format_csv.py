"""CSV with a row for each record: read by pandas and DuckDB, edited, and read back whole."""

import csv
import io
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pandas
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import statevisit
from statevisit import Document, FormatError, encode
from statevisit.document.scheme import base, scheme_from
from statevisit.files import write_parts
from statevisit.formats import wide_csv_reader, wide_csv_writer
from statevisit.formats.importing import read_all
from statevisit.formats.registry import FORMATS
from statevisit.formats.vocabulary import text_of
from statevisit.formats.whole_records import with_rows
from statevisit.formats.wide_csv import columns_of, guarded, layers_of, line_of, unguarded
from tests.conftest import DOC_ID, Result
from tests.strategies import documents

Run = Callable[..., Result]
Rows = list[dict[str, str]]


def _written(document: Document, directory: Path) -> Path:
    write_parts(directory, wide_csv_writer.write([text_of(document, "train")]))
    return directory / "documents.csv"


def _back(path: Path, document: Document) -> Document:
    """The document that the files make of one."""
    (text,) = wide_csv_reader.read(path, base())
    edited = with_rows(text, document, document)
    assert [] == text.losses
    return edited


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(document=documents())
def test_every_record_comes_back(document: Document) -> None:
    """Emoji, ZWJ, Arabic, CJK, line breaks in cells: all properties of all layers are the same."""
    with TemporaryDirectory() as name:
        path = _written(document, Path(name))
        assert encode(document) == encode(_back(path, document))
        bare = replace(document, **dict.fromkeys(base().annotated, ()))
        assert encode(document) == encode(_back(path, bare)), "the files alone have the records"


@settings(max_examples=300, deadline=None)
@given(value=st.text(st.characters(codec="utf-8"), max_size=20))
def test_a_cell_is_no_formula(value: str) -> None:
    """What a spreadsheet would calculate has an apostrophe before it; each value comes back."""
    cell = guarded(value)
    assert value == unguarded(cell)
    assert cell
    if not re.fullmatch(r"[+-]?[0-9]+(\.[0-9]+)?", cell):
        assert cell[0] not in "=+-@\t\r\n"
    (row,) = csv.reader(io.StringIO(line_of([cell, "x"]), newline=""), strict=True)
    assert [cell, "x"] == row


def test_numbers_stay_numbers() -> None:
    """A negative number is no formula, and has no apostrophe; a formula and a quotation have."""
    shown = {"-3": "-3", "+2.5": "+2.5", "-3+4": "'-3+4", "=A1": "'=A1", "'s": "''s", "": "'"}
    assert shown == {value: guarded(value) for value in shown}


@pytest.fixture
def exported(corpus: Path, cli: Run) -> Path:
    """The directory of an export of the shipped corpus, in the corpus."""
    directory = corpus / "out"
    assert 0 == cli("export", "--to", "csv", "-o", directory, "--path", corpus).status
    return directory


def _rows(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, strict=True))


def _save(path: Path, rows: Rows, **options: str) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), **{"lineterminator": "\n", **options})  # type: ignore[arg-type]  # of the csv module
        writer.writeheader()
        writer.writerows(rows)


def _document(corpus: Path) -> Document:
    return statevisit.read_document(corpus / f"corpus/documents/{DOC_ID}.json")


def _imports(corpus: Path, cli: Run) -> Document:
    """The document after an import that succeeds."""
    result = cli("import", "--from", "csv", corpus / "out", "--path", corpus)
    assert 0 == result.status, result.err
    return _document(corpus)


def test_a_file_for_each_layer(exported: Path, article: Document) -> None:
    """The files have a header with every property of the scheme, and a row for every record."""
    counts = article.counts()
    for layer in layers_of(base()):
        rows = _rows(exported / f"{layer}.csv")
        if layer == "arguments":
            assert sum(len(event.arguments or ()) for event in article.events) == len(rows)
        else:
            assert counts[layer] == len(rows)
        properties = {column.prop for column in columns_of(layer, base())}
        assert properties - {"event"} == set(base().properties(layer)) - {"event"}
        assert {DOC_ID} == {row["document"] for row in rows}
    (document,) = _rows(exported / "documents.csv")
    assert (DOC_ID, article.date, article.text) == (
        *(document["id"], document["date"], document["text"]),
    )
    mention = article.mentions[0]
    row = _rows(exported / "mentions.csv")[0]
    assert (mention.text, mention.entity) == (row["text"], row["entity"])
    assert article.entity_of(mention).type == row["entity_type"]  # type: ignore[union-attr]  # has one


def test_pandas_reads_them(exported: Path, article: Document) -> None:
    """Pandas finds the rows, the columns and the texts with their line breaks."""
    mentions = pandas.read_csv(exported / "mentions.csv")
    assert [m.text for m in article.mentions] == mentions["text"].to_list()
    assert [m.start for m in article.mentions] == mentions["start"].to_list()
    texts = pandas.read_csv(exported / "documents.csv")
    assert article.text == texts["text"][0]
    merged = mentions.merge(
        pandas.read_csv(exported / "entities.csv"), left_on="entity", right_on="id"
    )
    assert len(article.mentions) == len(merged)


def test_duckdb_reads_them(exported: Path, article: Document) -> None:
    """DuckDB finds the types of the columns by itself, and joins the files."""
    mentions, entities = (str(exported / f"{name}.csv") for name in ("mentions", "entities"))
    (counts,) = duckdb.sql(
        f"select count(*), max(m.\"end\"), count(e.name) from '{mentions}' m "
        f"join '{entities}' e on m.entity = e.id"
    ).fetchall()
    last = max(mention.end for mention in article.mentions)
    assert (len(article.mentions), last, len(article.mentions)) == counts
    texts = duckdb.sql(f"select text from '{exported / 'documents.csv'}'").fetchall()
    assert [(article.text,)] == texts


def test_edits_of_every_layer_arrive(
    corpus: Path, exported: Path, article: Document, cli: Run
) -> None:
    """Names and links of entities, relations, attributes and arguments change as in the files."""
    entities = _rows(exported / "entities.csv")
    entities[0]["name"] = "Another name"
    _save(exported / "entities.csv", entities)
    relations = _rows(exported / "relations.csv")
    gone = relations.pop()
    _save(exported / "relations.csv", relations)
    events = _rows(exported / "events.csv")
    events[0]["polarity"] = "NEG"
    _save(exported / "events.csv", events)
    arguments = _rows(exported / "arguments.csv")
    dropped = arguments.pop(0)
    _save(exported / "arguments.csv", arguments)
    document = _imports(corpus, cli)
    assert "Another name" == document[entities[0]["id"]].name
    assert gone["id"] not in document
    assert "NEG" == document[events[0]["id"]].polarity
    event = document[dropped["event"]]
    assert (dropped["target"], dropped["role"]) not in [(a.target, a.role) for a in event.arguments]
    assert len(article[event.id].arguments) - 1 == len(event.arguments)
    changed = {events[0]["id"], event.id}
    assert [e for e in article.events if e.id not in changed] == [
        e for e in document.events if e.id not in changed
    ]
    assert article.mentions == document.mentions
    assert article.entities[1:] == document.entities[1:]
    assert article.tokens == document.tokens
    assert article.layers == document.layers


def test_a_new_record_needs_no_id(
    corpus: Path, exported: Path, article: Document, cli: Run
) -> None:
    """A new row gets an id; the cell of the words may be empty."""
    mentions = _rows(exported / "mentions.csv")
    token = next(t for t in article.tokens if all(t.start != m.start for m in article.mentions))
    new = {**mentions[0], "id": "", "start": str(token.start), "end": str(token.end), "text": ""}
    _save(exported / "mentions.csv", [*mentions, new])
    document = _imports(corpus, cli)
    (mention,) = [m for m in document.mentions if m.id not in article]
    assert (article.text_of(token), mentions[0]["entity"]) == (mention.text, mention.entity)


def test_changes_are_merged(corpus: Path, exported: Path, article: Document, cli: Run) -> None:
    """What was changed in the corpus since stays; the same property changed twice is a conflict."""
    path = corpus / f"corpus/documents/{DOC_ID}.json"
    first, second = article.entities[:2]
    path.write_bytes(
        encode(replace(article, entities=(replace(first, name="Ours"), *article.entities[1:])))
    )
    entities = _rows(exported / "entities.csv")
    entities[1]["name"] = "Theirs"
    _save(exported / "entities.csv", entities)
    document = _imports(corpus, cli)
    assert ("Ours", "Theirs") == (document[first.id].name, document[second.id].name)
    entities[0]["name"] = "Theirs, too"
    _save(exported / "entities.csv", entities)
    result = cli("import", "--from", "csv", exported, "--path", corpus)
    assert 1 == result.status
    assert "name was" in result.err
    assert "--ours or --theirs decides" in result.err


def _as_a_spreadsheet_saves(path: Path, bom: str, delimiter: str, end: str) -> None:
    """Rows and columns in another order, an empty row, and a column of the user's own."""
    rows = _rows(path)
    names = [*reversed(rows[0]), "my notes"]
    reordered = [{**row, "my notes": "look"} for row in reversed(rows)]
    out = io.StringIO()
    writer = csv.DictWriter(out, names, delimiter=delimiter, lineterminator=end)
    writer.writeheader()
    writer.writerows(reordered[:1])
    out.write(delimiter * (len(names) - 1) + end + end)
    writer.writerows(reordered[1:])
    path.write_bytes((bom + out.getvalue()).encode())


@pytest.mark.parametrize(
    ("bom", "delimiter", "end"),
    [("\ufeff", ";", "\r\n"), ("", "\t", "\n"), ("\ufeff", ",", "\r\n")],
)
def test_files_that_a_spreadsheet_saved(
    bom: str, delimiter: str, end: str, corpus: Path, exported: Path, cli: Run
) -> None:
    """Order, delimiter, byte order mark and line ends do not matter; own columns are said."""
    before = (corpus / f"corpus/documents/{DOC_ID}.json").read_bytes()
    for path in exported.glob("*.csv"):
        _as_a_spreadsheet_saves(path, bom, delimiter, end)
    result = cli("import", "--from", "csv", exported, "--path", corpus)
    assert 0 == result.status, result.err
    assert "no changes" in result.err
    assert "columns of mentions.csv that are no property: 1 time, the first my notes" in result.err
    assert before == (corpus / f"corpus/documents/{DOC_ID}.json").read_bytes()


def test_a_first_line_that_states_the_delimiter(
    corpus: Path, exported: Path, article: Document, cli: Run
) -> None:
    """A line `sep=;`, which some spreadsheets need, is no header."""
    path = exported / "timexes.csv"
    _save(path, _rows(path), delimiter=";")
    path.write_text("sep=;\n" + path.read_text())
    assert article == _imports(corpus, cli)


def test_line_ends_that_all_became_crlf(corpus: Path, exported: Path, cli: Run) -> None:
    """A program that changes line ends changes those within cells as well; the text is the same."""
    for path in exported.glob("*.csv"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert "no changes" in cli("import", "--from", "csv", exported, "--path", corpus).err


def test_a_column_that_is_gone_changes_nothing(
    corpus: Path, exported: Path, article: Document, cli: Run
) -> None:
    """Columns, files and texts that were removed leave what the document has."""
    mentions = [{**row} for row in _rows(exported / "mentions.csv")]
    for row in mentions:
        del row["level"], row["predicate"], row["text"]
    _save(exported / "mentions.csv", mentions)
    for name in ("arguments.csv", "quotations.csv", "spans.csv"):
        (exported / name).unlink(missing_ok=True)
    documents_ = _rows(exported / "documents.csv")
    _save(exported / "documents.csv", [{"id": row["id"]} for row in documents_])
    result = cli("import", "--from", "csv", exported / "mentions.csv", "--path", corpus)
    assert (0, "no changes") == (result.status, result.err.strip())
    assert article == _document(corpus)


def test_a_type_beside_a_mention_is_to_read(corpus: Path, exported: Path, cli: Run) -> None:
    """`entity_type` is that of entities.csv: a change of it alone is said and does nothing."""
    mentions = _rows(exported / "mentions.csv")
    mentions[0]["entity_type"] = "ORG" if mentions[0]["entity_type"] != "ORG" else "GPE"
    _save(exported / "mentions.csv", mentions)
    result = cli("import", "--from", "csv", exported, "--path", corpus)
    assert "entity_type of mentions, which entities.csv states otherwise: 1 time" in result.err
    assert "no changes" in result.err


WRONG = {
    "another document": ("events", {"document": "x"}, r"events\.csv:2: .* has no document 'x'"),
    "an offset": ("events", {"start": "0"}, r"events\.csv:2: its span: \[0, \d+\) is .* there"),
    "beyond": ("events", {"end": "99999999"}, r"events\.csv:2: its span: \[\d+, 99999999\) is not"),
    "no number": ("events", {"end": "x"}, r"events\.csv:2: end: 'x' is no integer"),
    "huge": ("events", {"end": "9" * 30}, r"events\.csv:2: end: '9+' is no integer"),
    "nothing": ("events", {"end": ""}, r"events\.csv:2: its span: start or end is empty"),
    "a label": ("events", {"class": "Occurence"}, r"events\.csv:2: class: .*OCCURRENCE"),
    "a type": ("entities", {"type": "PERSN"}, r"entities\.csv:2: type: .*PERSON"),
    "a role": ("arguments", {"role": "AGNT"}, r"arguments\.csv:2: role: .*AGENT"),
    "a reference": ("mentions", {"entity": "no"}, r"mentions\.csv:2: entity: 'no' is not among"),
    "a target": ("arguments", {"target": "no"}, r"arguments\.csv:2: target: 'no' is not among"),
    "an event": ("arguments", {"event": "no"}, r"arguments\.csv:2: no event 'no'"),
    "twice": ("mentions", {"id": "ev1"}, r"'ev1'; the first is at .*(mentions|events)\.csv:2"),
    "no id": ("entities", {"id": ""}, r"entities\.csv:2: has no id"),
    "a boolean": (
        "mentions",
        {"predicate": "maybe"},
        r"mentions\.csv:2: predicate: 'maybe' is nei",
    ),
    "a value": ("timexes", {"value": "Monday"}, r"timexes\.csv:2: value: "),
    "evidence": (
        "relations",
        {"evidence": "1|x"},
        r"relations\.csv:2: evidence: 'x' is no integer",
    ),
}


@pytest.mark.parametrize("kind", WRONG)
def test_what_is_wrong_is_named_with_its_row(
    kind: str, corpus: Path, exported: Path, cli: Run
) -> None:
    """A value that cannot be is an error with file and line, and nothing is written."""
    layer, cells, message = WRONG[kind]
    rows = _rows(exported / f"{layer}.csv")
    rows[0].update(cells)
    _save(exported / f"{layer}.csv", rows)
    before = {path: path.read_bytes() for path in corpus.rglob("*") if path.is_file()}
    result = cli("import", "--from", "csv", exported, "--path", corpus)
    assert 1 == result.status
    assert re.search(message, result.err), result.err
    assert before == {path: path.read_bytes() for path in corpus.rglob("*") if path.is_file()}


BROKEN = {
    "a cell too many": (b"document,id,start,end\nd,m1,0,1,x\n", r"mentions\.csv:2: has 5 cells"),
    "no column": (b"document,id,start\nd,m1,0\n", r"mentions\.csv:1: has no column 'end'"),
    "a column twice": (b"document,id,start,end,id\n", r":1: two columns are called 'id'"),
    "an open quote": (b'document,id,start,end\nd,"m1,0,1\n', r"mentions\.csv:2: not CSV"),
    "another encoding": ("document,id,start,end\nd,ä,0,1\n".encode("latin-1"), r"byte 24 is not"),
    "UTF-16": ("document,id".encode("utf-16"), r"byte 0 is not UTF-8; save the file as UTF-8"),
    "nothing": (b"", r"mentions\.csv:1: has no column 'document'"),
}


@pytest.mark.parametrize("kind", BROKEN)
def test_a_file_that_is_no_such_table_is_refused(kind: str, tmp_path: Path) -> None:
    """What is no CSV, or lacks what it needs, is an error with its line."""
    (tmp_path / "documents.csv").write_text("id,text\nd,Hello\n")
    data, message = BROKEN[kind]
    (tmp_path / "mentions.csv").write_bytes(data)
    with pytest.raises(FormatError, match=message):
        list(wide_csv_reader.read(tmp_path / "documents.csv", base()))


@settings(max_examples=60, deadline=None)
@given(data=st.binary(max_size=120) | st.text('documentidsrl,;"\n\r0123x', max_size=60))
def test_garbage_is_refused(data: bytes | str) -> None:
    """Any bytes are texts, or an error that names the file."""
    raw = data if isinstance(data, bytes) else b"document,id,start,end,level\n" + data.encode()
    with TemporaryDirectory() as name:
        path = Path(name) / "documents.csv"
        path.write_text("id,text\nd,Hello there\n")
        (path.parent / "mentions.csv").write_bytes(raw)
        for text in read_all([path], FORMATS["csv"], path.parent):
            assert not isinstance(text, FormatError) or name in str(text)


def test_a_table_without_texts_is_refused(tmp_path: Path) -> None:
    """A file needs the texts beside it, and a name that says its layer."""
    for name, message in (
        ("mentions.csv", "documents.csv, which has the texts"),
        ("a.csv", "none"),
    ):
        (tmp_path / name).write_text("document,id,start,end\n")
        with pytest.raises(FormatError, match=message):
            list(wide_csv_reader.read(tmp_path / name, base()))


def test_records_go_to_another_corpus(
    corpus: Path, exported: Path, tmp_path: Path, article: Document, cli: Run
) -> None:
    """Without the exported documents, the texts and records make new documents."""
    for path in exported.glob("*.statevisit.json"):
        path.unlink()
    other = tmp_path / "other"
    shutil.copytree(
        corpus / "corpus", other / "corpus", ignore=shutil.ignore_patterns(DOC_ID + "*")
    )
    (other / "seeds").mkdir()
    result = cli("import", "--from", "csv", exported, "--path", other)
    assert 0 == result.status, result.err
    document = statevisit.read_document(other / f"corpus/documents/{DOC_ID}.json")
    for layer in base().annotated:
        assert getattr(article, layer) == getattr(document, layer)
    again = cli("import", "--from", "csv", exported, "--path", other)
    assert (0, "no changes") == (again.status, again.err.strip())
    before = (other / f"corpus/documents/{DOC_ID}.json").read_bytes()
    entities = _rows(exported / "entities.csv")
    entities[0]["type"] = "NOTYPE"
    _save(exported / "entities.csv", entities)
    result = cli("import", "--from", "csv", exported, "--path", other)
    assert re.search(r"entities\.csv:2: type: ", result.err)
    assert before == (other / f"corpus/documents/{DOC_ID}.json").read_bytes()


def test_a_wrong_row_makes_no_document(corpus: Path, tmp_path: Path, cli: Run) -> None:
    """A new text whose records cannot be is not added either."""
    (tmp_path / "documents.csv").write_text("id,date,text\nnew,2024-02-19,Ada met Bob.\n")
    (tmp_path / "mentions.csv").write_text("document,start,end,level\nnew,0,3,NAME\n")
    result = cli("import", "--from", "csv", tmp_path / "documents.csv", "--path", corpus)
    assert 1 == result.status
    assert "mentions.csv:2: level: " in result.err
    assert not (corpus / "corpus/documents/new.json").exists()


FOREIGN = "document;start;end;label;mood\r\nstory;0;3;PER;happy\r\nstory;8;11;PER;\r\n"


def test_spans_of_others_are_mapped_and_kept(corpus: Path, tmp_path: Path, cli: Run) -> None:
    """`spans.csv` takes spans with any labels; what has no place is put back into it."""
    source = tmp_path / "foreign"
    source.mkdir()
    (source / "documents.csv").write_text("id,date,text\nstory,2024-02-19,Ada met Bob. Nobody.\n")
    (source / "spans.csv").write_bytes(FOREIGN.encode() + b"story;13;19;Thing;\r\n")
    options = ["--path", corpus]
    result = cli("import", "--from", "csv", source, *options)
    assert "has labels that the scheme lacks: PER (2), Thing (1)" in result.err
    assert (
        '"PER" = "PERSON"' in cli("import", "--from", "csv", source, "--propose-map", *options).out
    )
    (tmp_path / "map.toml").write_text('[labels]\nPER = "PERSON"\n')
    result = cli("import", "--from", "csv", source, "--map", tmp_path / "map.toml", *options)
    assert 0 == result.status, result.err
    assert "annotations labelled 'Thing': 1 time" in result.err
    document = statevisit.read_document(corpus / "corpus/documents/story.json")
    assert ["Ada", "Bob"] == [mention.text for mention in document.mentions]
    cli("export", "story", "--to", "csv", "-o", corpus / "back", *options)
    (row,) = _rows(corpus / "back/spans.csv")
    assert ("Thing", "Nobody") == (row["label"], row["text"])
    result = cli("import", "--from", "csv", corpus / "back", *options)
    assert (0, "no changes") == (result.status, result.err.strip())


def test_attributes_of_ones_own_are_columns(tmp_path: Path) -> None:
    """Properties that a corpus adds are columns, of their type; a name of a part is no obstacle."""
    own = b"""base = 2
[attributes.quotations.cue_start]
type = "string"
description = "A property that is called like the beginning of a cue."
[attributes.mentions.weight]
type = "number"
description = "A number."
"""
    scheme = scheme_from(own, "scheme.toml")
    plain = statevisit.ingest("Ada met Bob.", date="2024-02-19")
    document = statevisit.decode(plain.to_dict(), scheme=scheme)
    draft = {
        "mentions": [{"quote": "Ada", "weight": -0.5}, {"quote": "Bob"}],
        "quotations": [{"quote": "met", "cue": {"quote": "Bob"}, "cue_start": "=x"}],
    }
    document = statevisit.annotate(document, draft)
    path = _written(document, tmp_path)
    assert "-0.5" in (tmp_path / "mentions.csv").read_text()
    assert "'=x" in (tmp_path / "quotations.csv").read_text()
    (text,) = wide_csv_reader.read(path, scheme)
    assert encode(document) == encode(with_rows(text, document, document))


def test_several_documents_share_the_files(article: Document, tmp_path: Path) -> None:
    """The files have the records of all documents, and one header."""
    copies = [replace(article, id=f"d{n}") for n in range(3)]
    write_parts(tmp_path, wide_csv_writer.write(text_of(copy) for copy in copies))
    assert 3 * len(article.events) == len(_rows(tmp_path / "events.csv"))
    texts = list(wide_csv_reader.read(tmp_path / "documents.csv", base()))
    assert ["d0", "d1", "d2"] == [text.id for text in texts]
    assert copies == [with_rows(t, c, c) for t, c in zip(texts, copies, strict=True)]
