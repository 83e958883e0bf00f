"""The edition annotations-only: write a corpus root without its text."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import orjson

from statevisit import files, layout
from statevisit.corpus.document_shards import SUFFIX
from statevisit.corpus.parallel import ordered
from statevisit.corpus.reader import load
from statevisit.corpus.seeds import ListedSource
from statevisit.corpus.settings import read_settings
from statevisit.corpus.sharding import write_in_form
from statevisit.corpus.source_lookup import Used, lookup
from statevisit.corpus.splits import TRAIN, split_of
from statevisit.dataset.rows import Row
from statevisit.document import codec, schema, strict_json
from statevisit.document.model import Document
from statevisit.document.scheme import ANNOTATIONS_ONLY, Scheme, scheme_at
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError
from statevisit.publishing import textless
from statevisit.publishing.build import Mapper, require_current
from statevisit.publishing.build_task import CHUNK
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

if TYPE_CHECKING:
    import pyarrow as pa

EDITION = ANNOTATIONS_ONLY

COPIED = (
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
    layout.PARQUET: (".parquet",),
    layout.DOCUMENTS: (".json", SUFFIX),
    layout.ANNOTATIONS: (".json",),
}
"""The directories of an edition, and the suffixes of the files that are read from them."""

IN_PROSE = 8
"""Consecutive words of the text that count as a quotation in a page: four may agree by chance."""

Prose = dict[tuple[str, ...], str]
"""The runs of IN_PROSE words in the pages, each with the name of its page."""


def is_edition(root: Path) -> bool:
    """Whether a root holds an edition without its text."""
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
        contents, used = _write_corpus(root, staging, pages, full)
        _write_annotations(root, staging)
        _write_manifest(staging, full, contents, used)
        return len(_files_below(staging))


@contextmanager
def _renewing(target: Path) -> Iterator[Path]:
    """A temporary directory that becomes `target`, or renews the edition there, on success."""
    if not is_edition(target):
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
    for name in COPIED:
        page = copied_page(root, name)
        if page is not None:
            pages[name] = page
    pages[layout.CARD] = edition_card(root)
    pages[layout.SCHEMA_PAGE] = EDITION_SCHEMA_PAGE
    links = copied_page(root, layout.LINKS)
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


def copied_page(root: Path, name: str) -> bytes | None:
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


def _write_corpus(
    root: Path, staging: Path, pages: dict[str, bytes], full: JsonObject
) -> tuple[Contents, Used]:
    """Write the documents, the list of their sources and the Parquet files.

    Returns what they are, and the sources that the documents have. `full` is the manifest of the
    full edition. Raises FormatError if a page, a source or a document quotes the text.
    """
    from statevisit.dataset.configs import configs

    corpus = load(root)
    scheme = corpus.scheme
    sources = lookup(root)
    edited = SourceList(root)
    contents = Contents(scheme, configs(scheme), sources.splits)
    sizes = {name: split["documents"] for name, split in full.get("splits", {}).items()}
    shards = ShardsInTurn(
        staging / layout.PARQUET,
        sizes or {TRAIN: full["documents"]},
        configs(scheme),
        scheme.annotations_only,
    )

    def documents(prose: Prose, partial: bool) -> Iterator[tuple[str, bytes]]:
        rows: dict[str, _Rows] = {}
        for entry in corpus.entries:
            files.own_path(root, f"{layout.DOCUMENTS}/{entry.path.name}")
            document = entry.read(scheme)
            stripped = textless.strip(document, edited.title_of(document))
            if textless.title_of(stripped, document.text) is not None:
                edited.set_title(document, None)
            edited.refuse_quotes(document, IN_PROSE)
            data = codec.encode_value(stripped)
            _refuse_quotes(document.text, prose, data.decode(), entry.name)
            split = split_of(document, sources)
            of_split = rows.setdefault(split, _Rows(scheme, split, partial))
            digests = of_split.add(document, stripped, edited.of(document))
            digests.insert(0, hashlib.sha256(data).hexdigest().encode() + b"\n")
            contents.add_digests(split, digests)
            contents.add_counts(split, tally_of(document, scheme, {}).counts())
            if len(of_split) == min(CHUNK, shards.left(split)):
                shards.add(split, len(of_split), of_split.tables())
                del rows[split]
            yield document.id, data

    with shards:
        entries = documents(_prose(pages), read_settings(root).partial)
        write_in_form(corpus.entries, staging, entries)
    contents.add_rows(shards.written.rows())
    for _ in shards.written.kept():
        pass
    edited.write(staging)
    return contents, edited.used


class _Rows:
    """The rows of a few documents of a split without their text, in all configs.

    `partial` is as in the settings.
    """

    def __init__(self, scheme: Scheme, split: str, partial: bool) -> None:
        from statevisit.dataset.views import views

        self._scheme, self._split, self._partial = scheme, split, partial
        self._views = views(scheme)
        self._documents: list[JsonObject] = []
        self._sources: list[ListedSource | None] = []
        self._rows: dict[str, list[Row]] = {config: [] for config in self._views}

    def __len__(self) -> int:
        return len(self._documents)

    def add(
        self, document: Document, stripped: JsonObject, source: ListedSource | None
    ) -> list[bytes]:
        """Add a document; return the digests of its rows by config."""
        from statevisit.dataset.configs import wordless

        self._documents.append(stripped)
        self._sources.append(source)
        blank = textless.blanked(stripped, self._scheme)
        digests = []
        for config, view in self._views.items():
            of_view = wordless(config, self._scheme, view.rows_of(blank, self._partial))
            rows = [(*row, self._split) for row in of_view]
            digests.append(rows_digest(rows))
            self._rows[config].extend(rows)
        return digests

    def tables(self) -> "dict[str, pa.Table]":
        """Return the tables of all configs."""
        from statevisit.dataset.arrow import document_table, rows_table

        scheme = self._scheme.annotations_only
        tables = {"documents": document_table(self._documents, scheme, self._sources)}
        for config, rows in self._rows.items():
            tables[config] = rows_table(config, rows, scheme)
        return tables


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


def _write_manifest(staging: Path, full: JsonObject, contents: Contents, used: Used) -> None:
    """Write the card, the metadata and then the manifest, which lists all other files.

    `full` is the manifest of the full edition; `contents` are those of this one, `used` the sources
    of its documents.
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
    about = overview(staging, manifest, contents.whole.tally, used)
    for name, page in renewed_pages(staging, about).items():
        files.write(staging / name, page)
    files.write(staging / layout.CROISSANT, metadata(staging, about) or b"")
    manifest["files"] = _entries(staging)
    files.write(staging / layout.RELEASE, encode_manifest(manifest))


def _entries(staging: Path) -> list[JsonObject]:
    """Return the files of an edition, except its manifest, as the manifest lists them."""
    names = sorted(path.relative_to(staging).as_posix() for path in _files_below(staging))
    return [file_entry(staging / name, name) for name in names]
