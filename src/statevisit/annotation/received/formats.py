"""The formats of files: those that are texts, and those that another tool turns into one."""

import zipfile
from pathlib import Path

from statevisit.errors import FormatError

TEXT, JSONL, CSV, TSV, HTML = "text", "jsonl", "csv", "tsv", "html"

_BY_SUFFIX = {
    ".jsonl": JSONL,
    ".ndjson": JSONL,
    ".csv": CSV,
    ".tsv": TSV,
    ".tab": TSV,
    ".html": HTML,
    ".htm": HTML,
    ".xhtml": HTML,
}

_PANDOC = "convert it: pandoc --to plain --wrap none {name} --output {stem}.txt"
_OFFICE = "convert it: soffice --headless --convert-to txt:Text:UTF8 {name}"
_SHEET = "save its sheet as CSV in UTF-8"
_UNPACK = "unpack it, and give the files in it"
_OCR = "recognise its text first: tesseract {name} {stem}"
_ROWS = "write it as JSONL first: duckdb -c \"COPY (FROM '{name}') TO '{stem}.jsonl'\""
_ANNOTATION = (
    "give the texts themselves, and bring in the annotation with `statevisit anchor` or through "
    "Label Studio"
)

_PDF = ("a PDF file", "extract its text: pdftotext -enc UTF-8 {name} {stem}.txt")
_DOCX = ("a Word file", _PANDOC)
_ODT = ("an OpenDocument text", _PANDOC)
_EPUB = ("an EPUB book", _PANDOC)
_RTF = ("an RTF file", _PANDOC)
_OLD_OFFICE = ("a file of an old Microsoft Office", _OFFICE)
_SPREADSHEET = ("a spreadsheet", _SHEET)
_SLIDES = ("a presentation", _OFFICE)
_PICTURE = ("a picture", _OCR)
_ARCHIVE = ("an archive or a compressed file", _UNPACK)
_TABLE = ("a Parquet file", _ROWS)
_XML = ("XML", "extract its text, such as with pandoc or xsltproc, or save it as HTML")
_JSON = ("JSON", "write it as JSONL, one object on each line: jq -c '.[]' {name} > {stem}.jsonl")
_ANN = ("annotation of another tool", _ANNOTATION)

_REFUSED_BY_SUFFIX = {
    **dict.fromkeys((".pdf",), _PDF),
    **dict.fromkeys((".docx", ".docm"), _DOCX),
    **dict.fromkeys((".odt", ".fodt"), _ODT),
    **dict.fromkeys((".epub",), _EPUB),
    **dict.fromkeys((".rtf",), _RTF),
    **dict.fromkeys((".doc", ".ppt"), _OLD_OFFICE),
    **dict.fromkeys((".xls", ".xlsx", ".ods"), _SPREADSHEET),
    **dict.fromkeys((".pptx", ".odp"), _SLIDES),
    **dict.fromkeys((".png", ".jpg", ".jpeg", ".gif", ".tif", ".tiff", ".webp", ".bmp"), _PICTURE),
    **dict.fromkeys((".zip", ".gz", ".zst", ".bz2", ".xz", ".7z", ".rar", ".tar"), _ARCHIVE),
    **dict.fromkeys((".parquet",), _TABLE),
    **dict.fromkeys((".xml", ".tei"), _XML),
    **dict.fromkeys((".json",), _JSON),
    **dict.fromkeys((".ann", ".a1", ".a2", ".conll", ".conllu", ".iob", ".bio", ".xmi"), _ANN),
}

_REFUSED_BY_START = (
    (b"%PDF-", _PDF),
    (b"{\\rtf", _RTF),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", _OLD_OFFICE),
    (b"\x89PNG\r\n", _PICTURE),
    (b"\xff\xd8\xff", _PICTURE),
    (b"GIF8", _PICTURE),
    (b"II*\x00", _PICTURE),
    (b"MM\x00*", _PICTURE),
    (b"RIFF", _PICTURE),
    (b"\x1f\x8b", _ARCHIVE),
    (b"\x28\xb5\x2f\xfd", _ARCHIVE),
    (b"BZh", _ARCHIVE),
    (b"\xfd7zXZ\x00", _ARCHIVE),
    (b"7z\xbc\xaf\x27\x1c", _ARCHIVE),
    (b"Rar!\x1a", _ARCHIVE),
    (b"PAR1", _TABLE),
)
_ZIP = b"PK\x03\x04"
_IN_ZIP = (
    ("word/", _DOCX),
    ("xl/", _SPREADSHEET),
    ("ppt/", _SLIDES),
    ("META-INF/container.xml", _EPUB),
    ("content.xml", _ODT),
)
"""The beginnings of names in a ZIP file that tell what it is."""

_HTML_STARTS = (b"<!doctype html", b"<html")


def of(path: Path, start: bytes) -> str:
    """Return the format of a file by its name; `start` are its first bytes.

    A file of an unknown suffix is a plain text. Raises FormatError, with the tool to use, for a
    file that is none of the formats, by its name or by its first bytes.
    """
    suffix = path.suffix.lower()
    refused = _by_start(path, start)
    if refused in (None, _ARCHIVE):  # a damaged Word file is a Word file
        refused = _REFUSED_BY_SUFFIX.get(suffix, refused)
    if refused is not None:
        what, advice = refused
        advice = advice.format(name=path.name, stem=path.stem)
        raise FormatError(f"{path}: is {what}, which ingest does not read; {advice}")
    kind = _BY_SUFFIX.get(suffix, TEXT)
    if kind == TEXT and start.lstrip().lower().startswith(_HTML_STARTS):
        raise FormatError(f"{path}: is HTML; call it {path.stem}.html, and its main text is taken")
    return kind


def holds_many(path: Path) -> bool:
    """Whether files of this name hold many texts."""
    return _BY_SUFFIX.get(path.suffix.lower()) in (JSONL, CSV, TSV)


def _by_start(path: Path, start: bytes) -> tuple[str, str] | None:
    if start.startswith(_ZIP):
        return _kind_of_zip(path)
    return next((kind for begin, kind in _REFUSED_BY_START if start.startswith(begin)), None)


def _kind_of_zip(path: Path) -> tuple[str, str]:
    """The format of a ZIP file, by the names in it."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        return _ARCHIVE
    for begin, kind in _IN_ZIP:
        if any(name.startswith(begin) for name in names):
            return kind
    return _ARCHIVE
