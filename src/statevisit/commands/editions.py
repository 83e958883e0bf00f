"""What `build --edition annotations-only` and `restore` do: a corpus root without its text, and the root again with it."""

import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

from statevisit import codec, edition, files, release, resources, schema, schema_errors, strict_json
from statevisit.commands.making import Shards, build, require_current
from statevisit.corpus import load
from statevisit.errors import FormatError, ReleaseError

EDITION = schema.ANNOTATIONS_ONLY
_COPIED = (
    resources.LICENSE,
    resources.CITATION,
    resources.CHANGELOG,
    resources.GUIDELINES,
    resources.ANNOTATORS,
    resources.SOURCES,
)
_SCHEMAS = ("annotators", "release", "source")
"""Beside that of documents."""
_READ = {
    resources.PARQUET: ".parquet",
    resources.DOCUMENTS: ".json",
    resources.ANNOTATIONS: ".json",
}
"""The directories of an edition, and the suffix of the files that are read from them."""

IN_DATA, IN_PROSE = 4, 8
"""So many words of the text in a row are a quotation: in a document's ids and values, and in a page, where four may be anybody's."""


def _is_edition(root: Path) -> bool:
    path = files.own_path(root, resources.RELEASE)
    value = strict_json.parse(codec.read_bytes(path), str(path)) if path.is_file() else None
    return isinstance(value, dict) and "edition" in value


def write_edition(root: Path, target: Path, workers: int | None = None) -> int:
    """Write the edition without the text of a corpus root; returns the number of its files.

    In an edition that is there already, the files that its manifest lists are replaced or removed,
    and others stay. Raises ReleaseError where what is built in the root is not current, where a
    file of that edition was changed since, and where another file would be read as part of it;
    FormatError where a page or an id quotes the text, and where a path leads through a link.
    """
    require_current(root, "first", workers)
    full = orjson.loads((root / resources.RELEASE).read_bytes())
    with _becoming(target) as staging:
        pages = _pages(root, staging)
        content = _documents(root, staging, pages)
        manifest = {k: v for k, v in full.items() if k != "files"} | {
            "content_sha256": content["documents"],
            "content": content,
        }
        manifest |= {
            "edition": {"name": EDITION, "full": full["content"]},
            "schema_sha256": _digest(staging / "schema/document.schema.json"),
        }
        manifest["schemas"] = {
            name: _digest(staging / f"schema/{name}.schema.json")
            for name in ("document", *_SCHEMAS)
        }
        _describe(staging, manifest)
        return len(_files_below(staging))


@contextmanager
def _becoming(target: Path) -> Iterator[Path]:
    """A temporary directory that becomes `target`, or renews the edition there, on success."""
    if not _is_edition(target):
        with files.appearing(target) as staging:
            yield staging
        return
    with tempfile.TemporaryDirectory(prefix=".build-", dir=target) as name:
        staging = Path(name)
        yield staging
        staged = {p.relative_to(staging).as_posix(): p for p in _files_below(staging)}
        renewal = files.Renewal(target, staged, release.listed(target), _READ)
        renewal.refuse_edited()
        renewal.apply()


def _files_below(directory: Path) -> list[Path]:
    return sorted(p for p in directory.rglob("*") if p.is_file())


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _pages(root: Path, staging: Path) -> dict[str, bytes]:
    """Everything but documents and what is built from them; returns what people wrote of it, by file."""
    from statevisit.card import EDITION_SCHEMA_PAGE, edition_card

    copied = {name: _page(root, name) for name in _COPIED}
    pages = {name: data for name, data in copied.items() if data is not None}
    pages[resources.CARD] = edition_card(root)
    pages[resources.SCHEMA_PAGE] = EDITION_SCHEMA_PAGE
    links = _page(root, resources.LINKS)
    if links is not None:
        listed = orjson.loads(links)
        pages[resources.LINKS] = (
            b"[\n"
            + b",\n".join(orjson.dumps({k: v for k, v in r.items() if k != "name"}) for r in listed)
            + b"\n]\n"
        )
    for name, data in pages.items():
        files.write(staging / name, data)
    for name in _SCHEMAS:
        files.write(staging / f"schema/{name}.schema.json", schema.path(name).read_bytes())
    files.write(
        staging / "schema/document.schema.json",
        orjson.dumps(schema.load(EDITION), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE),
    )
    return pages


def _page(root: Path, name: str) -> bytes | None:
    """The bytes of a file to copy; None where it is missing. Raises FormatError for a link."""
    path = files.own_path(root, name)
    return codec.read_bytes(path) if path.exists() else None


def _documents(root: Path, staging: Path, pages: dict[str, bytes]) -> dict[str, str]:
    """The documents, the annotators' passes and the Parquet files; returns the digest of every config's content."""
    from statevisit.tables import CONFIGS, document_table, rows_table, wordless
    from statevisit.views import VIEWS

    corpus = load(root)
    content = {config: hashlib.sha256() for config in CONFIGS}
    prose = {
        run: name
        for name, data in pages.items()
        for run in edition.word_runs(data.decode(errors="replace"), IN_PROSE)
    }
    with Shards(staging, CONFIGS, len(corpus), EDITION) as shards:
        for document in corpus:
            name = f"{resources.DOCUMENTS}/{document.id}.json"
            files.own_path(root, name)
            value = edition.strip(document)
            data = codec.encode_value(value)
            _refuse_quotes(document.text, prose, data.decode(), name)
            files.write(staging / name, data)
            blank = edition.blanked(value)
            rows = {
                config: wordless(config, list(view.rows(blank))) for config, view in VIEWS.items()
            }
            content["documents"].update(hashlib.sha256(data).hexdigest().encode() + b"\n")
            for config, of_document in rows.items():
                content[config].update(release.rows_digest(of_document))
            shards.add(
                {
                    "documents": document_table([data], EDITION),
                    **{c: rows_table(c, r, EDITION) for c, r in rows.items()},
                }
            )
        shards.close()
    for path in sorted((root / resources.ANNOTATIONS).glob("*/*.json")):
        name = path.relative_to(root).as_posix()
        document = codec.read_document(files.own_path(root, name))
        files.write(staging / name, codec.encode_value(edition.strip(document)))
    return {config: digest.hexdigest() for config, digest in content.items()}


def _refuse_quotes(text: str, prose: dict[tuple[str, ...], str], data: str, name: str) -> None:
    """Raise FormatError where words of a text are left in what people wrote or in its own document."""
    if found := edition.first_shared_run(text, prose, IN_PROSE):
        raise FormatError(
            f"{prose[tuple(found.split())]}: quotes the text, which this edition is without: {found!r}; put it in other words"
        )
    if found := edition.first_shared_run(text, set(edition.word_runs(data, IN_DATA)), IN_DATA):
        raise FormatError(
            f"{name}: an id or value quotes the text, which this edition is without: {found!r}; give it another"
        )


def _describe(staging: Path, manifest: dict[str, Any]) -> None:
    """Write pages, metadata and, because it lists the other files, last the manifest."""
    from statevisit.card import renewed_pages
    from statevisit.croissant import metadata

    manifest["files"] = _entries(staging)
    for name, page in renewed_pages(staging, manifest).items():
        files.write(staging / name, page)
    files.write(staging / resources.CROISSANT, metadata(staging, manifest) or b"")
    manifest["files"] = _entries(staging)
    files.write(staging / resources.RELEASE, release.encode(manifest))


def _entries(staging: Path) -> list[dict[str, Any]]:
    """The files of an edition but its manifest, as that lists them."""
    names = sorted(p.relative_to(staging).as_posix() for p in _files_below(staging))
    return [release.file_entry(staging / name, name) for name in names]


def write_full(
    root: Path, texts: tuple[Path, ...], target: Path, workers: int | None = None
) -> int:
    """Write the corpus root that an edition was made from, with the texts at hand; returns the number of documents.

    Raises FormatError where a text is missing or differs, where `root` is no such edition, and
    where a link leads to a file of it.
    """
    if not _is_edition(root):
        raise FormatError(
            f"{root}: is not an edition without the text: name the directory that `statevisit build --edition {EDITION}` wrote"
        )
    manifest = orjson.loads((root / resources.RELEASE).read_bytes())
    offered = _Texts(texts)
    with files.appearing(target) as staging:
        paths = sorted((root / resources.DOCUMENTS).glob("*.json"))
        for path in [*paths, *sorted((root / resources.ANNOTATIONS).glob("*/*.json"))]:
            place = path.relative_to(root).as_posix()
            value = _read(files.own_path(root, place))
            name, data = offered.of(value, path)
            document = edition.restore(value, data, name)
            files.write(staging / place, codec.encode(document))
            files.write(
                staging / resources.SEEDS / document.source.file,
                edition.seed_of(value, data) or data,
            )
        for name in (
            *(n for n in _COPIED if n != resources.CHANGELOG),
            resources.LINKS,
            resources.RELEASE,
        ):
            page = _page(root, name)
            if page is not None:
                files.write(staging / name, page)
        findings, _ = build(staging, workers=workers)
        if findings:
            raise ReleaseError(f"what was restored is not valid: {findings[0]}")
        if (
            orjson.loads((staging / resources.RELEASE).read_bytes())["content"]
            != manifest["edition"]["full"]
        ):
            raise ReleaseError(
                f"{root}: a document is missing or was added, or another statevisit wrote it: fetch this edition again"
            )
    return len(paths)


def _read(path: Path) -> dict[str, Any]:
    value = strict_json.parse(codec.read_bytes(path), str(path))
    for where, message in schema_errors.errors(value, EDITION):
        raise FormatError(f"{path}:{strict_json.locate(path.read_bytes(), where)[0]}: {message}")
    return value


class _Texts:
    """The files in which the texts may be."""

    def __init__(self, given: tuple[Path, ...]) -> None:
        """Raises FormatError for a path that cannot be read."""
        paths = [
            p
            for path in given
            for p in (sorted(q for q in path.iterdir() if q.is_file()) if path.is_dir() else [path])
        ]
        self._by_name = {p.name: p for p in paths}
        self._by_digest = {hashlib.sha256(codec.read_bytes(p)).hexdigest(): p for p in paths}
        self._only = paths[0] if len(paths) == 1 else None

    def of(self, value: dict[str, Any], document: Path) -> tuple[str, bytes]:
        """The file for a document and its bytes: the one of its seed's digest, or name, or the only one. Raises FormatError."""
        source = value["source"]
        path = (
            self._by_digest.get(source["sha256"])
            or self._by_digest.get(value["text_sha256"])
            or self._by_name.get(source["file"])
            or self._only
        )
        if path is None:
            raise FormatError(
                f"{document}: no text for it: its seed is {source['file']}, SHA-256 {source['sha256']}; name that file, or a directory that holds it, with --text"
            )
        return str(path), codec.read_bytes(path)
