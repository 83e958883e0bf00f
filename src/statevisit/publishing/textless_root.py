"""The edition annotations-only: write a corpus root without its text, and restore the full one."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson

from statevisit import files, layout
from statevisit.corpus.parallel import ordered
from statevisit.corpus.reader import load
from statevisit.corpus.seeds import read_sources
from statevisit.corpus.settings import read_settings
from statevisit.corpus.splits import TRAIN, split_of, splits_of
from statevisit.document import codec, schema, schema_errors, strict_json
from statevisit.document.migrations import is_older
from statevisit.document.model import Document
from statevisit.document.scheme import ANNOTATIONS_ONLY, Scheme, schema_files, scheme_at
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError, ReleaseError
from statevisit.publishing import textless
from statevisit.publishing.build import Mapper, build, require_current
from statevisit.publishing.manifest import (
    Contents,
    encode_manifest,
    file_entry,
    listed,
    overview,
    rows_digest,
    tally_of,
)
from statevisit.publishing.shards import ShardsInTurn
from statevisit.publishing.textless_sources import SourceList

EDITION = ANNOTATIONS_ONLY

_COPIED = (
    layout.LICENSE,
    layout.CITATION,
    layout.CHANGELOG,
    layout.GUIDELINES,
    layout.SCHEME,
    layout.ANNOTATORS,
)
"""Files of the full root that the edition has unchanged."""

_SCHEMAS = ("annotators", "release", "source")
"""The schemas of the edition, beside that of its documents."""

_READ = {
    layout.PARQUET: ".parquet",
    layout.DOCUMENTS: ".json",
    layout.ANNOTATIONS: ".json",
}
"""The directories of an edition, and the suffix of the files that are read from them."""

IN_PROSE = 8
"""Consecutive words of the text that count as a quotation in a page: four may agree by chance."""

Prose = dict[tuple[str, ...], str]
"""The runs of IN_PROSE words in the pages, each with the name of its page."""


def _is_edition(root: Path) -> bool:
    path = files.own_path(root, layout.RELEASE)
    if not path.is_file():
        return False
    manifest = strict_json.parse(codec.read_bytes(path), str(path))
    return isinstance(manifest, dict) and "edition" in manifest


def write_edition(
    root: Path,
    target: Path,
    workers: int | None = None,
    mapper: Mapper = ordered,
) -> int:
    """Write the edition of a corpus root without its text; return the number of its files.

    If `target` holds an edition already, the files that its manifest lists are replaced or removed,
    and others stay. Raises ReleaseError if the built files of the root are not current, if a file
    of the edition in `target` was changed, and if another file there would be read as part of the
    edition; FormatError if a page or an id quotes the text, and if a path leads through a link.
    """
    require_current(root, "first", workers, mapper)
    full = orjson.loads((root / layout.RELEASE).read_bytes())
    with _renewing(target) as staging:
        pages = _write_pages(root, staging)
        contents = _write_corpus(root, staging, pages, full)
        _write_annotations(root, staging)
        _write_manifest(staging, full, contents)
        return len(_files_below(staging))


@contextmanager
def _renewing(target: Path) -> Iterator[Path]:
    """A temporary directory that becomes `target`, or renews the edition there, on success."""
    if not _is_edition(target):
        with files.appearing(target) as staging:
            yield staging
        return
    with tempfile.TemporaryDirectory(prefix=".build-", dir=target) as name:
        staging = Path(name)
        yield staging
        staged = {path.relative_to(staging).as_posix(): path for path in _files_below(staging)}
        renewal = files.Renewal(target, staged, listed(target), _READ)
        renewal.refuse_edited()
        renewal.apply()


def _files_below(directory: Path) -> list[Path]:
    return sorted(path for path in directory.rglob("*") if path.is_file())


def _write_pages(root: Path, staging: Path) -> dict[str, bytes]:
    """Write the lists, pages and schemas; return those that people wrote, by name."""
    from statevisit.publishing.edition_card import EDITION_SCHEMA_PAGE, edition_card

    pages: dict[str, bytes] = {}
    for name in _COPIED:
        page = _page(root, name)
        if page is not None:
            pages[name] = page
    pages[layout.CARD] = edition_card(root)
    pages[layout.SCHEMA_PAGE] = EDITION_SCHEMA_PAGE
    links = _page(root, layout.LINKS)
    if links is not None:
        pages[layout.LINKS] = _nameless(links)
    for name, data in pages.items():
        files.write(staging / name, data)
    for name in _SCHEMAS:
        files.write(staging / f"schema/{name}.schema.json", schema.path(name).read_bytes())
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    document_schema = orjson.dumps(scheme_at(root).annotations_only.value, option=options)
    files.write(staging / "schema/document.schema.json", document_schema)
    return pages


def _page(root: Path, name: str) -> bytes | None:
    """Return the bytes of a file to copy; None if it is missing. Raises FormatError for a link."""
    path = files.own_path(root, name)
    return codec.read_bytes(path) if path.exists() else None


def _nameless(links: bytes) -> bytes:
    """Return the list of verified links without the names, which are words of the text."""
    lines = []
    for link in orjson.loads(links):
        link.pop("name", None)
        lines.append(orjson.dumps(link))
    return b"[\n" + b",\n".join(lines) + b"\n]\n"


def _write_corpus(root: Path, staging: Path, pages: dict[str, bytes], full: JsonObject) -> Contents:
    """Write the documents, the list of their sources and the Parquet files.

    `full` is the manifest of the full edition. Raises FormatError if a page, a source or a document
    quotes the text.
    """
    from statevisit.dataset.arrow import configs, document_table, rows_table, wordless
    from statevisit.dataset.views import views

    corpus = load(root)
    scheme = corpus.scheme
    wordless_scheme = scheme.annotations_only
    sources = read_sources(root)
    edited = SourceList(root)
    partial = read_settings(root).partial
    contents = Contents(scheme, configs(scheme), splits_of(sources))
    prose = _prose(pages)
    sizes = {name: split["documents"] for name, split in full.get("splits", {}).items()}
    shards = ShardsInTurn(
        staging / layout.PARQUET,
        sizes or {TRAIN: full["documents"]},
        configs(scheme),
        wordless_scheme,
    )
    with shards:
        for document in corpus:
            stripped = textless.strip(document, edited.title_of(document))
            if textless.title_of(stripped, document.text) is not None:
                edited.set_title(document, None)
            edited.refuse_quotes(document, IN_PROSE)
            data = _write_document(root, staging, document, stripped, prose)
            split = split_of(document, sources)
            digests = [hashlib.sha256(data).hexdigest().encode() + b"\n"]
            source = edited.of(document)
            tables = {"documents": document_table([stripped], wordless_scheme, [source])}
            blank = textless.blanked(stripped, scheme)
            for config, view in views(scheme).items():
                rows = [
                    (*row, split) for row in wordless(config, scheme, view.rows_of(blank, partial))
                ]
                digests.append(rows_digest(rows))
                tables[config] = rows_table(config, rows, wordless_scheme)
            contents.add_digests(split, digests)
            contents.add_counts(split, tally_of(document, scheme, {}).counts())
            shards.add(split, tables)
    contents.add_rows(shards.written.rows())
    for _ in shards.written.kept():
        pass
    edited.write(staging)
    return contents


def _write_document(
    root: Path, staging: Path, document: Document, stripped: JsonObject, prose: Prose
) -> bytes:
    """Write a document without its text; return its bytes. Raises FormatError for a quotation."""
    name = f"{layout.DOCUMENTS}/{document.id}.json"
    files.own_path(root, name)
    data = codec.encode_value(stripped)
    _refuse_quotes(document.text, prose, data.decode(), name)
    files.write(staging / name, data)
    return data


def _prose(pages: dict[str, bytes]) -> Prose:
    prose: Prose = {}
    for name, data in pages.items():
        for run in textless.word_runs(data.decode(errors="replace"), IN_PROSE):
            prose[run] = name
    return prose


def _refuse_quotes(text: str, prose: Prose, data: str, name: str) -> None:
    """Raise FormatError if a page, or `data` of the document `name`, has words of the text."""
    quotation = textless.first_shared_run(text, prose, IN_PROSE)
    if quotation:
        page = prose[tuple(quotation.split())]
        raise FormatError(
            f"{page}: quotes the text, which this edition is without: {quotation!r}; "
            "put it in other words"
        )
    runs = set(textless.word_runs(data, textless.IN_DATA))
    quotation = textless.first_shared_run(text, runs, textless.IN_DATA)
    if quotation:
        raise FormatError(
            f"{name}: an id or value quotes the text, which this edition is without: "
            f"{quotation!r}; give it another"
        )


def _write_annotations(root: Path, staging: Path) -> None:
    """Write the documents of the annotators without their text."""
    for path in sorted((root / layout.ANNOTATIONS).glob("*/*.json")):
        name = path.relative_to(root).as_posix()
        document = codec.read_document(files.own_path(root, name))
        files.write(staging / name, codec.encode_value(textless.strip(document)))


def _write_manifest(staging: Path, full: JsonObject, contents: Contents) -> None:
    """Write the card, the metadata and then the manifest, which lists all other files.

    `full` is the manifest of the full edition; `contents` are those of this one.
    """
    from statevisit.publishing.card import renewed_pages
    from statevisit.publishing.croissant import metadata

    manifest = {name: value for name, value in full.items() if name != "files"}
    digests = contents.whole.digests
    manifest["content_sha256"] = digests["documents"]
    manifest["content"] = digests
    if contents.splits:
        manifest["splits"] = contents.splits_as_dict()
    manifest["edition"] = {"name": EDITION, "full": full["content"]}
    manifest["schemas"] = {
        name: files.sha256_of(staging / f"schema/{name}.schema.json")
        for name in ("document", *_SCHEMAS)
    }
    manifest["schema_sha256"] = manifest["schemas"]["document"]
    manifest["files"] = _entries(staging)
    about = overview(staging, manifest, contents.whole.tally)
    for name, page in renewed_pages(staging, about).items():
        files.write(staging / name, page)
    files.write(staging / layout.CROISSANT, metadata(staging, about) or b"")
    manifest["files"] = _entries(staging)
    files.write(staging / layout.RELEASE, encode_manifest(manifest))


def _entries(staging: Path) -> list[JsonObject]:
    """Return the files of an edition, except its manifest, as the manifest lists them."""
    names = sorted(path.relative_to(staging).as_posix() for path in _files_below(staging))
    return [file_entry(staging / name, name) for name in names]


def write_full(
    root: Path, texts: tuple[Path, ...], target: Path, workers: int | None = None
) -> int:
    """Write the full corpus root of an edition, with its texts; return the number of documents.

    `texts` are files, or directories of files. Raises FormatError if a text is missing or differs,
    if `root` is not an edition without its text, and if a link leads to one of its files;
    ReleaseError if the result is not the corpus root that the edition was made from.
    """
    if not _is_edition(root):
        raise FormatError(
            f"{root}: is not an edition without the text: name the directory that "
            f"`statevisit build --edition {EDITION}` wrote"
        )
    edition = orjson.loads((root / layout.RELEASE).read_bytes())
    sources = _Texts(texts)
    source_list = SourceList(root)
    with files.appearing(target) as staging:
        documents = sorted((root / layout.DOCUMENTS).glob("*.json"))
        annotations = sorted((root / layout.ANNOTATIONS).glob("*/*.json"))
        for path in (*documents, *annotations):
            _restore_document(root, staging, path, sources, source_list)
        source_list.write(staging)
        for name in (*_COPIED, layout.LINKS, layout.RELEASE):
            page = _page(root, name)
            if page is not None and name != layout.CHANGELOG:
                files.write(staging / name, page)
        for name, data in schema_files(scheme_at(staging)).items():
            files.write(staging / name, data)
        result = build(staging, workers=workers)
        if result.findings:
            raise ReleaseError(f"the restored corpus is not valid: {result.findings[0]}")
        restored = orjson.loads((staging / layout.RELEASE).read_bytes())
        if restored["content"] != edition["edition"]["full"]:
            raise ReleaseError(
                f"{root}: a document is missing or was added, or another version of statevisit "
                "wrote it: fetch this edition again"
            )
    return len(documents)


def _restore_document(
    root: Path, staging: Path, path: Path, sources: "_Texts", source_list: SourceList
) -> None:
    """Write a document of an edition with its text, and its seed; list its title."""
    place = path.relative_to(root).as_posix()
    scheme = scheme_at(root)
    stripped = _read(files.own_path(root, place), scheme.annotations_only)
    text = sources.text_for(stripped, path)
    data = codec.read_bytes(text)
    document = textless.restore(stripped, data, str(text), scheme)
    files.write(staging / place, codec.encode(document))
    title = textless.title_of(stripped, document.text)
    if title is not None:
        source_list.set_title(document, title)
    seed = textless.seed_of(stripped, data) or data
    files.write(staging / layout.SEEDS / document.source.file, seed)


def _read(path: Path, scheme: Scheme) -> JsonObject:
    """Read a document without its text. Raises FormatError if it does not follow its schema."""
    data = codec.read_bytes(path)
    value: JsonObject = strict_json.parse(data, str(path))
    if is_older(value):
        raise FormatError(
            f"{path}: follows the older schema version {value['schema_version']}: fetch a newer "
            "version of this edition, or restore it with the statevisit that wrote it"
        )
    for where, message in schema_errors.errors(value, scheme):
        line, _ = strict_json.locate(data, where)
        raise FormatError(f"{path}:{line}: {message}")
    return value


class _Texts:
    """The files that a user named for the texts; `paths` are files, or directories of files.

    Raises FormatError for a path that cannot be read.
    """

    def __init__(self, paths: tuple[Path, ...]) -> None:
        texts: list[Path] = []
        for path in paths:
            if path.is_dir():
                texts += sorted(file for file in path.iterdir() if file.is_file())
            else:
                texts.append(path)
        self._by_name = {path.name: path for path in texts}
        self._by_digest = {
            hashlib.sha256(codec.read_bytes(path)).hexdigest(): path for path in texts
        }
        self._only = texts[0] if len(texts) == 1 else None

    def text_for(self, stripped: JsonObject, document: Path) -> Path:
        """Return the file for a document: by its digest, else by its name, else the only file.

        Raises FormatError if there is none.
        """
        source = stripped["source"]
        path = (
            self._by_digest.get(source["sha256"])
            or self._by_digest.get(stripped["text_sha256"])
            or self._by_name.get(source["file"])
            or self._only
        )
        if path is None:
            raise FormatError(
                f"{document}: no text for it: its seed is {source['file']}, "
                f"SHA-256 {source['sha256']}; name that file, or a directory that holds it, "
                "with --text"
            )
        return path
