"""Texts as they come: plain, JSONL, CSV, HTML, directories, and files that are none of these."""

import csv
import gzip
import hashlib
import io
import json
import sys
import unicodedata
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from statevisit import load, validate
from statevisit.annotation.received import normal_form
from statevisit.annotation.received.incoming import Incoming, Metadata, Reading
from statevisit.annotation.received.paths import read
from statevisit.corpus.seeds import ListedSource, read_sources
from statevisit.document.characters import visible
from statevisit.document.model import Document
from statevisit.errors import FormatError
from tests.conftest import Result, required

TEXTS = {
    "turkish": "Cumhurbaşkanı İzmir'e geldi. Işık söndü.\n\nSonra gitti.",
    "arabic": "وصل الرئيس إلى العاصمة. ثم غادر.",
    "chinese": "总统到达。他说:“你好。”",
    "emoji": 'He said "hi" 👩‍👩‍👧, and left; 🏴󠁧󠁢󠁥󠁮󠁧󠁿\n\tan indent',
}
"""Texts of several scripts, with what CSV and JSON have to quote."""

Cli = Callable[..., Result]


def _only(root: Path) -> Document:
    (document,) = load(root)
    return document


def _source(root: Path) -> ListedSource:
    (source,) = read_sources(root).values()
    return source


def _write_jsonl(path: Path, records: list[Any]) -> Path:
    path.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in records))
    return path


def _write_csv(path: Path, rows: list[list[str]], **options: Any) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, **options).writerows(rows)
    return path


def test_a_text_without_header_is_kept_byte_for_byte(tmp_path: Path, cli: Cli) -> None:
    """The options state what the file does not; the seed is the file."""
    path = tmp_path / "geliş.txt"
    path.write_text(TEXTS["turkish"], encoding="utf-8")
    root = tmp_path / "root"
    options = ["--date", "2024-03-01", "--title", " Geliş ", "--url", "https://gazete.example/1"]
    options += ["--author", "Ayşe Yılmaz", "--author", "Can Öz", "--split", "dev"]
    options += ["--extra", "desk=foreign", "--extra", "note=a=b", "--language", "tr"]
    result = cli("ingest", path, "--root", root, *options)
    assert (0, "") == (result.status, result.err)
    assert path.read_bytes() == (root / "seeds/geliş.txt").read_bytes()
    document, source = _only(root), _source(root)
    assert TEXTS["turkish"] == document.text
    assert ("2024-03-01-gelis", "2024-03-01", 0) == (
        document.id,
        document.date,
        document.source.header_length,
    )
    assert {
        **{"file": "geliş.txt", "sha256": hashlib.sha256(path.read_bytes()).hexdigest()},
        **{"date": "2024-03-01", "language": "tr"},
        **{"publisher": "unknown", "license": "not stated", "title": "Geliş"},
        **{"url": "https://gazete.example/1", "author": ["Ayşe Yılmaz", "Can Öz"]},
        **{"split": "dev", "extra": {"desk": "foreign", "note": "a=b"}},
    } == orjson.loads((root / "seeds/sources.jsonl").read_bytes())
    assert source == read_sources(root)["geliş.txt"]
    assert [] == list(validate(root))


def test_a_header_goes_before_a_date(tmp_path: Path, cli: Cli) -> None:
    """--date is for texts that state none, so that a directory may hold both kinds."""
    (tmp_path / "a.txt").write_text(" date 2024-03-01 Text.")
    (tmp_path / "b.txt").write_text("Text.")
    root = tmp_path / "root"
    done = cli(
        "ingest", tmp_path / "a.txt", tmp_path / "b.txt", "--root", root, "--date", "2024-03-02"
    )
    assert 0 == done.status
    assert ["2024-03-01", "2024-03-02"] == [document.date for document in load(root)]


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("form", ["txt", "jsonl", "csv", "tsv", "semicolons"])
def test_any_text_by_any_form(tmp_path: Path, cli: Cli, name: str, form: str) -> None:
    """A text of any script comes out of each form as it went in, and its document is valid."""
    text = TEXTS[name]
    path = tmp_path / f"texts.{form if form != 'semicolons' else 'csv'}"
    if form == "txt":
        path.write_text(text, encoding="utf-8", newline="")
    elif form == "jsonl":
        _write_jsonl(path, [{"id": "one", "text": text, "date": "2024-03-01"}])
    else:
        delimiter = {"csv": ",", "tsv": "\t", "semicolons": ";"}[form]
        rows = [["id", "text", "date"], ["one", text, "2024-03-01"]]
        _write_csv(path, rows, delimiter=delimiter)
    root = tmp_path / "root"
    result = cli("ingest", path, "--root", root, "--date", "2024-03-01", "--language", "xx")
    assert (0, "") == (result.status, result.err)
    assert text == _only(root).text
    assert [] == list(validate(root))


def test_a_seed_made_of_a_record(tmp_path: Path, cli: Cli) -> None:
    """The seed of a record has a header, so that it can be ingested again by itself.

    The list states the file that was received, its hash, the line and the id.
    """
    path = _write_jsonl(
        tmp_path / "all.jsonl", [{"id": 7, "text": "One. Two.", "date": "2024-03-01T10:00:00Z"}]
    )
    path.write_bytes(b"\n" + path.read_bytes())
    root = tmp_path / "root"
    assert 0 == cli("ingest", path, "--root", root).status
    assert " date 2024-03-01 One. Two." == (root / "seeds/7.txt").read_text()
    received = _source(root).received
    assert received is not None
    assert ("all.jsonl", "jsonl", 2, "7") == (
        *(received.file, received.format, received.line),
        received.id,
    )
    assert hashlib.sha256(path.read_bytes()).hexdigest() == received.sha256
    again = tmp_path / "again"
    assert 0 == cli("ingest", root / "seeds", "--root", again).status
    assert _only(root).text == _only(again).text


def test_metadata_of_records(tmp_path: Path, cli: Cli) -> None:
    """A column of a known name is that fact, in any case; every other one is a fact of one's own.

    What a record states goes before the options, which are for the others. Empty cells state
    nothing; a number of JSON stays a number.
    """
    path = _write_jsonl(
        tmp_path / "a.jsonl",
        [
            {
                **{"Text": "One.", "Date": "2024-03-01", "authors": ["A", "B"], "licence": "CC0"},
                **{"language": "tr", "words": 12, "checked": True, "none": None, "empty": ""},
                **{"tags": ["x", "y"], "extra": {"desk": "home"}, "ratio": 0.5},
            },
            {"Text": "Two.", "authors": "C; D", "title": 1984},
        ],
    )
    root = tmp_path / "root"
    options = ["--date", "2024-05-05", "--license", "CC-BY-4.0", "--extra", "desk=foreign"]
    result = cli("ingest", path, "--root", root, *options)
    assert (0, "") == (result.status, result.err)
    first, second = read_sources(root).values()
    assert ("2024-03-01", "tr", "CC0", ("A", "B")) == (
        *(first.date, first.language, first.license),
        first.author,
    )
    assert {
        **{"words": 12, "checked": True, "tags": '["x","y"]', "desk": "home", "ratio": 0.5}
    } == first.extra
    assert ("2024-05-05", "en", "CC-BY-4.0", ("C", "D"), "1984") == (
        *(second.date, second.language, second.license),
        *(second.author, second.title),
    )
    assert {"desk": "foreign"} == second.extra
    assert ("a-1", "a-2") == load(root).ids
    assert [] == list(validate(root))


def test_columns_of_other_names(tmp_path: Path, cli: Cli) -> None:
    """--column names the column of a field, --leave-out one that is not read."""
    rows = [["", "nr", "body", "day", "secret"], ["0", "a1", "One.", "2024-03-01", "s"]]
    path = _write_csv(tmp_path / "a.csv", rows)
    root = tmp_path / "root"
    result = cli("ingest", path, "--root", root)
    assert (1, False) == (result.status, root.exists())
    assert "a.csv:1: no column 'text'; the columns are , nr, body, day, secret" in result.err
    columns = ["--column", "text=body", "--column", "id=nr", "--column", "date=day"]
    assert 0 == cli("ingest", path, "--root", root, *columns, "--leave-out", "secret").status
    assert ("a1", "One.", {}) == (_only(root).id, _only(root).text, _source(root).extra)
    result = cli("ingest", path, "--root", root, "--column", "txt=body")
    assert (1, True) == (result.status, "'txt' is not one of text, id, date" in result.err)
    result = cli("ingest", path, "--root", root, "--column", "body=text")
    assert (1, True) == (result.status, "the field comes first: --column text=body" in result.err)


def test_every_bad_record_is_named_with_its_line(tmp_path: Path, cli: Cli) -> None:
    """The lines that are no texts are named with their numbers; the others go in."""
    lines = [
        b'{"id": "a", "text": "One.", "date": "2024-03-01"}',
        b'{"id": "b", "text": "Two.", "date": "1.3.2024"}',
        b'{"id": "c", "text": "Three."}',
        b"",
        b'{"id": "d", "text": ""}',
        b'{"id": "e", "text": 5}',
        b'{"id": "f", "text": "x", "text": "y"}',
        b'["g"]',
        b'{"id": "h',
        b'{"id": "a b", "text": "Four.", "date": "2024-03-01"}',
        b'{"id": "a", "text": "Five.", "date": "2024-03-01"}',
        b'{"id": "i", "text": "Si\\r\\nx.", "date": "2024-03-01"}',
        b'{"id": "j", "text": "Seven.", "date": "2024-03-01", "split": "a b"}',
        b'{"id": "k", "text": "Eight.", "date": "2024-03-01"}',
    ]
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"\n".join(lines))
    root = tmp_path / "root"
    result = cli("ingest", path, "--root", root)
    *errors, count = result.err.splitlines()
    assert [
        "2: the date '1.3.2024' is not YYYY-MM-DD; convert it",
        "3: no date; add a column `date`, or state the date by --date",
        "5: has no text",
        "6: 'text' is a number; it must be a text",
        '7:26: the key "text" occurs twice in one object; keep one of them',
        "8: is not an object; each line must be one, with a text",
        "9:10: not JSON: unexpected end of data",
        "10: 'a b' cannot be an id: letters, digits, `_` and `-` only, at most 64; 'a-b' could, "
        "or --leave-out its column, for ids of the file's name and the lines",
        "11: the id 'a' is that of another text that is given; give each its own",
        "12: line 1 of its text: a carriage return (CRLF line ends?) is not allowed in a text; "
        "--normalise mends this",
        '13: `split` is "a b"; expected: The split that the text is in: letters, digits and `_`, '
        "in parts divided by `.`, such as `train`, `validation` or `test`; not `all`, which means "
        "all of them.",
    ] == [line.removeprefix(f"statevisit: {path}:") for line in errors]
    assert "11 of 13 texts were left out" == count
    assert (1, ("a", "k")) == (result.status, load(root).ids)
    assert [] == list(validate(root))


def test_a_file_without_any_text_is_not_listed_line_by_line(tmp_path: Path, cli: Cli) -> None:
    """A file of which nothing can be taken is given up after its first records."""
    path = _write_jsonl(tmp_path / "a.jsonl", [{"body": "One."}] * 5_000)
    result = cli("ingest", path, "--root", tmp_path / "root")
    assert (1, 22) == (result.status, len(result.err.splitlines()))
    assert "a.jsonl: none of its first 20 records is a text" in result.err


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("text,date\nOne.,2024-03-01,x\n", "a.csv:2: has 3 cells, but there are 2 columns"),
        ('text,date\n"One.,2024-03-01\nx\n', "a.csv:2: not CSV: unexpected end of data"),
        ("text,text\nOne.,x\n", "a.csv:1: the columns 'text' and 'text' are both the text"),
        ("text,a,a\nOne.,1,2\n", "a.csv:1: two columns are called 'a'"),
        ("text,date\n", "a.csv: holds no texts"),
        ("", "a.csv:1: no column 'text'; the columns are none"),
        ("text\nOne.\n", "a.csv:2: no date; add a column `date`, or state the date by --date"),
    ],
)
def test_tables_that_are_wrong(tmp_path: Path, cli: Cli, content: str, message: str) -> None:
    """A table that cannot be divided is refused with the line."""
    path = tmp_path / "a.csv"
    path.write_text(content)
    result = cli("ingest", path, "--root", tmp_path / "root")
    assert (1, True) == (result.status, message in result.err), result.err


def test_rows_know_their_lines(tmp_path: Path, cli: Cli) -> None:
    """The line of a row is the one on which it begins, also after cells of several lines."""
    rows = [["text", "date"], ["One.\n\nTwo.", "2024-03-01"], ["", ""], ["Three.", "?"]]
    path = _write_csv(tmp_path / "a.csv", rows)
    result = cli("ingest", path, "--root", tmp_path / "root")
    assert "a.csv:6: the date '?' is not YYYY-MM-DD" in result.err
    assert "a-2" == _only(tmp_path / "root").id


def test_a_cell_may_be_as_large_as_a_document(tmp_path: Path, cli: Cli) -> None:
    """The limit of 131,072 characters that Python's csv has is not a limit for texts."""
    text = "A word. " * 20_000
    path = _write_csv(tmp_path / "a.csv", [["text", "date"], [text, "2024-03-01"]])
    before = csv.field_size_limit()
    assert 0 == cli("ingest", path, "--root", tmp_path / "root", "--language", "xx").status
    assert text == _only(tmp_path / "root").text
    assert before == csv.field_size_limit()


def test_a_line_above_the_limit_is_left_out(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file may be larger than the limit; a line may not, and the next ones are read."""
    monkeypatch.setenv("STATEVISIT_MAX_MB", "1")
    records = [{"text": "x " * 600_000}] + [{"text": f"{'y ' * 300_000}{n}"} for n in range(3)]
    path = _write_jsonl(tmp_path / "a.jsonl", records)
    read_texts = list(read([path], Reading(metadata=Metadata(date="2024-03-01"))))
    assert [False, True, True, True] == [isinstance(text, Incoming) for text in read_texts]
    assert "a.jsonl:1: the line is larger than 1 MB" in str(read_texts[0])


WINDOWS = "Işık “söndü” – ğüş"


@pytest.mark.parametrize(
    ("data", "text", "changes"),
    [
        (b"One.\r\nTwo.\rThree.", "One.\nTwo.\nThree.", ("line-ends",)),
        (b"\xef\xbb\xbfOne.", "One.", ("bom",)),
        ("e\u0301te\u0301".encode(), "été", ("nfc",)),
        ("a\x0cb\x00c\x1bd\ufeff".encode(), "a\nbcd", ("bom", "control-characters")),
        ("\u201cx\u0093y\u0094".encode(), "“x“y”", ("windows-1252",)),
        ("Işık\r\n".encode("utf-16"), "Işık\n", ("encoding", "bom", "line-ends")),
        ("👩‍👩‍👧 x".encode("utf-32"), "👩‍👩‍👧 x", ("encoding",)),
    ],
    ids=ascii,
)
def test_normalise(
    tmp_path: Path, cli: Cli, data: bytes, text: str, changes: tuple[str, ...]
) -> None:
    """--normalise mends a text; the list states the changes and the hash of what was received.

    Without it the text is refused, and the message names it.
    """
    path = tmp_path / "a.txt"
    path.write_bytes(data)
    root = tmp_path / "root"
    result = cli("ingest", path, "--root", root, "--date", "2024-03-01")
    assert 1 == result.status
    assert "--normalise" in result.err
    assert f"{path}:" in result.err
    result = cli("ingest", path, "--root", root, "--date", "2024-03-01", "--normalise")
    assert (0, "") == (result.status, result.err)
    source = _source(root)
    assert text == _only(root).text
    assert set(changes) >= set(source.normalised) >= set(changes) - {"bom"}
    assert source.received is not None
    assert hashlib.sha256(data).hexdigest() == source.received.sha256
    assert text.encode() == (root / "seeds/a.txt").read_bytes()
    assert [] == list(validate(root))


def test_what_needs_no_mending_stays(tmp_path: Path, cli: Cli) -> None:
    """--normalise changes nothing about a text that is in the form, and says so."""
    path = tmp_path / "a.txt"
    path.write_text(f" date 2024-03-01 {TEXTS['arabic']}", encoding="utf-8")
    assert 0 == cli("ingest", path, "--root", tmp_path / "root", "--normalise").status
    source = _source(tmp_path / "root")
    assert (None, ()) == (source.received, source.normalised)
    assert path.read_bytes() == (tmp_path / "root/seeds/a.txt").read_bytes()


def test_encoding_is_for_files_that_are_not_utf8(tmp_path: Path, cli: Cli) -> None:
    """A file in the stated encoding is converted; one that is UTF-8 stays what it is."""
    old, new = tmp_path / "old.txt", tmp_path / "new.txt"
    old.write_bytes(WINDOWS.encode("windows-1254"))
    new.write_text(WINDOWS, encoding="utf-8")
    table = tmp_path / "table.csv"
    table.write_bytes(f"text\n{WINDOWS}\n".encode("windows-1254"))
    files = [old, new, table]
    result = cli("ingest", *files, "--root", tmp_path / "root", "--date", "2024-03-01")
    assert 1 == result.status
    assert "old.txt:1: not UTF-8: byte 0xfe at offset 1" in result.err
    assert "table.csv:2: not UTF-8: byte 0xfe at offset 6" in result.err
    assert "--encoding windows-1254" in result.err
    root = tmp_path / "other"
    options = ["--date", "2024-03-01", "--encoding", "windows-1254"]
    result = cli("ingest", *files, "--root", root, *options)
    assert (0, "") == (result.status, result.err)
    assert {WINDOWS} == {document.text for document in load(root)}
    listed = read_sources(root)
    assert ("encoding",) == listed["old.txt"].normalised
    assert () == listed["new.txt"].normalised
    result = cli("ingest", old, "--root", root, "--encoding", "klingon")
    assert (1, True) == (result.status, "--encoding klingon: is not an encoding" in result.err)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
@pytest.mark.parametrize("suffix", ["csv", "tsv", "jsonl"])
def test_files_that_state_their_encoding_by_a_mark(
    tmp_path: Path, cli: Cli, encoding: str, suffix: str
) -> None:
    """Excel writes tables with a byte order mark: it is no part of the first column's name."""
    content = {
        "csv": "text,date\r\nIşık.,2024-03-01\r\n",
        "tsv": "text\tdate\r\nIşık.\t2024-03-01\r\n",
        "jsonl": '{"text": "Işık.", "date": "2024-03-01"}\r\n',
    }[suffix]
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(content.encode(encoding))
    result = cli("ingest", path, "--root", tmp_path / "root")
    assert (0, "") == (result.status, result.err)
    assert "Işık." == _only(tmp_path / "root").text


def _zip(*names: str) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    return data.getvalue()


NOT_READ = "which ingest does not read"
WORD = _zip("[Content_Types].xml", "word/document.xml")


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("a.pdf", b"%PDF-1.7", f"a.pdf: is a PDF file, {NOT_READ}; extract its text: pdftotext"),
        ("a.txt", b"%PDF-1.7", "a.txt: is a PDF file"),
        ("a.pdf", b"text", "a.pdf: is a PDF file"),
        ("a.txt", WORD, f"is a Word file, {NOT_READ}; convert it: pandoc"),
        ("a.docx", b"", "is a Word file"),
        ("a.bin", _zip("mimetype", "META-INF/container.xml"), "is an EPUB book"),
        ("a.odt", _zip("mimetype", "content.xml"), "is an OpenDocument text"),
        ("a.xlsx", _zip("xl/workbook.xml"), f"is a spreadsheet, {NOT_READ}; save its sheet as CSV"),
        ("a.zip", _zip("a.txt"), f"is an archive or a compressed file, {NOT_READ}; unpack it"),
        ("a.jsonl.gz", gzip.compress(b"{}"), "is an archive or a compressed file"),
        ("a.rtf", b"{\\rtf1", "is an RTF file"),
        ("a.doc", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "is a file of an old Microsoft Office"),
        ("a.txt", b"\x89PNG\r\n\x1a\n", f"is a picture, {NOT_READ}; recognise its text first"),
        ("a.jpg", b"\xff\xd8\xff\xe0", "is a picture"),
        ("a.parquet", b"PAR1", "is a Parquet file"),
        ("a.json", b"[]", f"is JSON, {NOT_READ}; write it as JSONL"),
        ("a.xml", b"<a/>", "is XML"),
        ("a.ann", b"T1\tPER 0 4\tBaku", "is annotation of another tool"),
        ("a.conllu", b"", "is annotation of another tool"),
        ("a.txt", b"<!DOCTYPE html><p>x", "a.txt: is HTML; call it a.html"),
        ("a.txt", b"Ilham B-PER\nAliyev I-PER\ncame O\n\nHe O\n", "holds words with labels"),
    ],
)
def test_files_that_are_no_texts(
    tmp_path: Path, cli: Cli, name: str, data: bytes, message: str
) -> None:
    """A file that is no text is refused by name or content, with the tool to use."""
    (tmp_path / name).write_bytes(data)
    result = cli("ingest", tmp_path / name, "--root", tmp_path / "root", "--date", "2024-03-01")
    assert (1, False) == (result.status, (tmp_path / "root").exists())
    assert message in result.err
    assert 1 == len(result.err.splitlines())


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"id": 1, "text": "Baku.", "label": [[0, 4, "GPE"]]}, "'label' holds annotation"),
        ({"text": "Baku.", "entities": [{"start_offset": 0}]}, "'entities' holds annotation"),
        ({"text": "Baku.", "spans": [{"start": 0}]}, "add --leave-out spans to take the texts"),
        ({"text": "x", "annotations": [{"result": []}]}, "'annotations' holds annotation"),
        ({"schema_version": 1, "text": "x", "tokens": []}, "is a document of statevisit already"),
    ],
)
def test_jsonl_that_holds_annotations(
    tmp_path: Path, cli: Cli, record: dict[str, Any], message: str
) -> None:
    """What doccano, spaCy, Prodigy and Label Studio write is refused, with one error for a file."""
    path = _write_jsonl(tmp_path / "a.jsonl", [record, record])
    result = cli("ingest", path, "--root", tmp_path / "root", "--date", "2024-03-01")
    assert (1, False) == (result.status, (tmp_path / "root").exists())
    assert "a.jsonl:1: " in result.err
    assert message in result.err
    assert 1 == len(result.err.splitlines())


def test_texts_beside_labels_can_be_taken(tmp_path: Path, cli: Cli) -> None:
    """--leave-out takes the texts of an annotated file without its labels."""
    path = _write_jsonl(tmp_path / "a.jsonl", [{"text": "Baku.", "label": [[0, 4, "GPE"]]}])
    options = ["--date", "2024-03-01", "--leave-out", "label"]
    assert 0 == cli("ingest", path, "--root", tmp_path / "root", *options).status
    assert ("Baku.", {}) == (_only(tmp_path / "root").text, _source(tmp_path / "root").extra)


def test_a_directory_of_mixed_files(tmp_path: Path, cli: Cli) -> None:
    """All files of a directory and those in it are taken, by name; hidden ones are left out.

    Two files of one name in two directories are two texts. The bad ones are named.
    """
    texts = tmp_path / "texts"
    for name, data in {
        "2023/a.txt": b"One.",
        "2024/a.txt": b"Two.",
        "b.md": b"Three.",
        "c.csv": b"id,text\nc1,Four.\nc2,Five.\n",
        "d.jsonl": b'{"text": "Six."}',
        ".hidden": b"x",
        ".git/config": b"x",
        "sources.jsonl": b"{}",
        "e.pdf": b"%PDF-1.7",
        "f.txt": b"Seven.\r\n",
    }.items():
        (texts / name).parent.mkdir(parents=True, exist_ok=True)
        (texts / name).write_bytes(data)
    root = tmp_path / "root"
    result = cli("ingest", texts, "--root", root, "--date", "2024-03-01")
    *errors, count = result.err.splitlines()
    assert ["e.pdf", "f.txt"] == [Path(line.split(":")[1].strip()).name for line in errors]
    assert (1, "2 of 8 texts were left out") == (result.status, count)
    assert {
        "2024-03-01-2023-a": "One.",
        "2024-03-01-2024-a": "Two.",
        "2024-03-01-b": "Three.",
        "c1": "Four.",
        "c2": "Five.",
        "d-1": "Six.",
    } == {document.id: document.text for document in load(root)}
    assert [] == list(validate(root))


def test_names_in_other_scripts_give_different_ids(tmp_path: Path, cli: Cli) -> None:
    """Two texts whose names have no letter of ASCII are two documents."""
    for name in ("مقال", "خبر", "şık-ı", "a" * 90, "a" * 91):
        (tmp_path / f"{name}.txt").write_text(" date 2024-03-01 Text.")
    result = cli("ingest", *sorted(tmp_path.glob("*.txt")), "--root", tmp_path / "root")
    assert (0, "") == (result.status, result.err)
    ids = load(tmp_path / "root").ids
    assert (5, True) == (len(ids), "2024-03-01-sik-i" in ids)
    assert [] == list(validate(tmp_path / "root"))


def test_an_id_is_for_one_text(tmp_path: Path, cli: Cli) -> None:
    """--id with a directory, a table or several files is refused."""
    path = _write_jsonl(tmp_path / "a.jsonl", [{"text": "One."}])
    for given_paths in ([path], [tmp_path], ["a.txt", "b.txt"]):
        result = cli("ingest", *given_paths, "--id", "x")
        assert (2, True) == (result.status, "--id names one document" in result.err)


CHARACTERS = st.characters(exclude_categories=["Cs", "Cc"], include_characters="\t\n")
VALID_TEXTS = (
    st.text(CHARACTERS, min_size=1, max_size=60)
    .map(lambda text: unicodedata.normalize("NFC", text))
    .filter(lambda text: visible(text) and normal_form.problem(text) is None)
)


def _texts_of(path: Path, **options: Any) -> list[str]:
    reading = Reading(metadata=Metadata(date="2024-03-01"), **options)
    texts = []
    for text in read([path], reading):
        assert isinstance(text, Incoming), text
        texts.append(text.text)
    return texts


@given(st.lists(VALID_TEXTS, min_size=1, max_size=4), st.booleans())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(["date 2024-01-01 x", '"', "a,b\n\nc", "\u2028\u2029x", "👩‍👩‍👧"], False)
def test_texts_stay_as_they_are(tmp_path: Path, texts: list[str], normalise: bool) -> None:
    """Any valid text comes out of JSONL, CSV, TSV and a seed exactly, mended or not."""
    records = [{"text": text} for text in texts]
    path = _write_jsonl(tmp_path / "a.jsonl", records)
    assert texts == _texts_of(path, normalise=normalise)
    for suffix, delimiter in (("csv", ","), ("csv", ";"), ("tsv", "\t")):
        rows = [["text", "n"], *([text, ""] for text in texts)]
        path = _write_csv(tmp_path / f"a.{suffix}", rows, delimiter=delimiter)
        assert texts == _texts_of(path, normalise=normalise)
    path = tmp_path / "a.txt"
    for text in texts:
        path.write_bytes(f" date 2024-03-01 {text}".encode())
        assert [text] == _texts_of(path, normalise=normalise)


@given(st.text(max_size=60))
def test_mending_gives_the_form_once_and_for_all(text: str) -> None:
    """What is mended is in the form, and mending it again changes nothing."""
    changed, changes = normal_form.mended(text)
    assert normal_form.problem(changed) is None
    assert (changed, ()) == normal_form.mended(changed)
    assert (changed == text) is not changes or changes == ()


PAGE = """<!doctype html><html lang="tr"><head><meta charset="{charset}"><title>Geliş</title>
<meta property="og:site_name" content="Gazete">
<meta property="article:published_time" content="2024-03-04T10:00:00+03:00">
<meta name="author" content="Ayşe Yılmaz"><link rel="canonical" href="https://gazete.example/a">
</head><body><nav><a href="/">Ana sayfa</a></nav><article><h1>Geliş</h1>
<p>Cumhurbaşkanı dün Ankara'da
bir konuşma yaptı. Sonra <b>hızla</b> gitti ve bir daha gelmedi.</p>
<p>Zamanla mi\u200croyu uzun bir sözcükle devam ediyor; o da çok uzun değil.<br>Yeni satır.</p>
<ul><li>bir madde</li><li>ikinci madde</li></ul>
<table><tr><td>a</td><td>b</td></tr><tr><td>c</td><td>d</td></tr></table>
<p>Son cümle burada bitiyor, teşekkürler.</p></article><footer>Telif hakkı</footer></body></html>"""

MAIN_TEXT = """Geliş

Cumhurbaşkanı dün Ankara'da bir konuşma yaptı. Sonra hızla gitti ve bir daha gelmedi.

Zamanla mi\u200croyu uzun bir sözcükle devam ediyor; o da çok uzun değil.
Yeni satır.

- bir madde
- ikinci madde

a\tb
c\td

Son cümle burada bitiyor, teşekkürler."""


@pytest.mark.parametrize("charset", ["utf-8", "iso-8859-9"])
def test_the_main_text_of_a_page(tmp_path: Path, cli: Cli, charset: str) -> None:
    """The text of a page is its paragraphs, lists and tables, whole; the metadata are its own."""
    required("trafilatura")
    path = tmp_path / "page.html"
    path.write_bytes(PAGE.format(charset=charset).encode(charset, "xmlcharrefreplace"))
    root = tmp_path / "root"
    result = cli("ingest", path, "--root", root)
    assert (0, "") == (result.status, result.err)
    document, source = _only(root), _source(root)
    assert MAIN_TEXT == document.text
    assert ("2024-03-04-page", "2024-03-04-page.txt") == (document.id, source.file)
    assert (
        "2024-03-04",
        "tr",
        "Gazete",
        "Geliş",
        "https://gazete.example/a",
        ("Ayşe Yılmaz",),
    ) == (
        *(source.date, source.language, source.publisher, source.title),
        *(source.url, source.author),
    )
    assert source.received is not None
    assert hashlib.sha256(path.read_bytes()).hexdigest() == source.received.sha256
    assert [] == list(validate(root))


def test_options_go_before_what_a_page_states(tmp_path: Path, cli: Cli) -> None:
    """A page is full of statements about a site; what the user states is right."""
    required("trafilatura")
    path = tmp_path / "page.html"
    path.write_text(PAGE.format(charset="utf-8"), encoding="utf-8")
    root = tmp_path / "root"
    options = ["--language", "xx", "--date", "2024-01-01", "--title", "T"]
    assert 0 == cli("ingest", path, "--root", root, *options).status
    source = _source(root)
    assert ("xx", "2024-01-01", "T", "Gazete") == (
        *(source.language, source.date, source.title),
        source.publisher,
    )


def test_pages_that_are_wrong(tmp_path: Path, cli: Cli) -> None:
    """A page without a date or a main text is refused."""
    required("trafilatura")
    path = tmp_path / "page.html"
    for content, message in (
        ("<html><body><p>A short text of one line.</p></body></html>", "states no date"),
        ("<html><body></body></html>", "no main text was found in this page"),
        ("", "no main text was found in this page"),
        ('<meta charset="klingon"><p>Text</p>', "declares the unknown encoding 'klingon'"),
    ):
        path.write_text(content)
        result = cli("ingest", path, "--root", tmp_path / "root")
        assert (1, 1) == (result.status, len(result.err.splitlines())), result.err
        assert f"{path}: " in result.err
        assert message in result.err


def test_without_trafilatura_the_other_files_go_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing package is named for the page that needs it; the other texts are read."""
    monkeypatch.setitem(sys.modules, "trafilatura", None)
    (tmp_path / "a.html").write_text("<html><body><p>Text</p></body></html>")
    (tmp_path / "b.txt").write_text("Text.")
    page, text = read([tmp_path], Reading(metadata=Metadata(date="2024-03-01")))
    assert f"{tmp_path}/a.html: this needs trafilatura: pip install 'statevisit[ingest]'" == str(
        page
    )
    assert isinstance(text, Incoming)


def test_many_records_are_not_held_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """New documents beyond the limit in memory wait in a temporary file, and are written whole."""
    from statevisit.annotation import new_documents

    monkeypatch.setattr(new_documents, "_IN_MEMORY", 1_000)
    path = tmp_path / "a.jsonl"
    path.write_text("".join(json.dumps({"text": f"Text {n}. 👍"}) + "\n" for n in range(50)))
    batch = new_documents.NewDocuments(tmp_path / "root", "xx")
    for text in read([path], Reading(metadata=Metadata(date="2024-03-01"))):
        batch.take(text)
    assert not [new for new in batch.write() if isinstance(new, FormatError)]
    assert {f"Text {n}. 👍" for n in range(50)} == {d.text for d in load(tmp_path / "root")}
    assert [] == list(validate(tmp_path / "root"))


def test_a_list_of_sources_keeps_its_lines(tmp_path: Path, cli: Cli) -> None:
    """A line that someone wrote by hand keeps its bytes when others are added."""
    (tmp_path / "a.txt").write_text(" date 2024-03-01 Text.")
    (tmp_path / "b.txt").write_text(" date 2024-03-01 Text.")
    root = tmp_path / "root"
    assert 0 == cli("ingest", tmp_path / "a.txt", "--root", root).status
    path = root / "seeds/sources.jsonl"
    line = path.read_bytes().replace(b'","', b'", "')
    path.write_bytes(line)
    assert 0 == cli("ingest", tmp_path / "b.txt", "--root", root).status
    assert line == path.read_bytes().splitlines(True)[0]
    assert 2 == len(read_sources(root))


def test_a_text_without_header_can_be_corrected(tmp_path: Path, cli: Cli) -> None:
    """Realign takes seeds without a header: the date and the metadata of the document stay."""
    old, new = tmp_path / "a.txt", tmp_path / "b.txt"
    old.write_text("One day. Two dais.")
    new.write_text("One day. Two days.")
    root = tmp_path / "root"
    options = ["--date", "2024-03-01", "--title", "T", "--id", "a"]
    assert 0 == cli("ingest", old, "--root", root, *options).status
    result = cli("realign", old, new, root / "corpus/documents/a.json")
    assert 0 == result.status, result.err
    assert ("2024-03-01", "One day. Two days.") == (_only(root).date, _only(root).text)
    assert ["T", "T"] == [source.title for source in read_sources(root).values()]
    assert [] == list(validate(root))
