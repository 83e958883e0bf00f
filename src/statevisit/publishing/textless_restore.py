"""The full corpus root of an edition without its text, restored with the texts of a user."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import orjson

from statevisit import files, layout
from statevisit.corpus.reader import Entry, load
from statevisit.corpus.sharding import write_in_form
from statevisit.document import codec, schema_errors, strict_json
from statevisit.document.migrations import is_older
from statevisit.document.scheme import Scheme, schema_files, scheme_at
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError, ReleaseError
from statevisit.publishing import textless
from statevisit.publishing.build import build
from statevisit.publishing.textless_root import COPIED, EDITION, copied_page, is_edition
from statevisit.publishing.textless_sources import SourceList


def write_full(
    root: Path, texts: tuple[Path, ...], target: Path, workers: int | None = None
) -> int:
    """Write the full corpus root of an edition, with its texts; return the number of documents.

    `texts` are files, or directories of files. Documents in shards are restored in shards. Raises
    FormatError if a text is missing or differs, if `root` is not an edition without its text, and
    if a link leads to one of its files; ReleaseError if the result is not the corpus root that the
    edition was made from.
    """
    if not is_edition(root):
        raise FormatError(
            f"{root}: is not an edition without the text: name the directory that "
            f"`statevisit build --edition {EDITION}` wrote"
        )
    edition = orjson.loads((root / layout.RELEASE).read_bytes())
    sources = _Texts(texts)
    source_list = SourceList(root)
    documents = load(root).entries
    with files.appearing(target) as staging:
        restored = _restored(root, staging, documents, sources, source_list)
        write_in_form(documents, staging, restored)
        annotations = sorted((root / layout.ANNOTATIONS).glob("*/*.json"))
        entries = [Entry(path) for path in annotations]
        passes = _restored(root, staging, entries, sources, source_list)
        for path, (_, data) in zip(annotations, passes, strict=True):
            files.write(staging / path.relative_to(root), data)
        source_list.write(staging)
        for name in (*COPIED, layout.LINKS, layout.RELEASE):
            page = copied_page(root, name)
            if page is not None and name != layout.CHANGELOG:
                files.write(staging / name, page)
        for name, schema in schema_files(scheme_at(staging)).items():
            files.write(staging / name, schema)
        result = build(staging, workers=workers)
        if result.findings:
            raise ReleaseError(f"the restored corpus is not valid: {result.findings[0]}")
        manifest = orjson.loads((staging / layout.RELEASE).read_bytes())
        if manifest["content"] != edition["edition"]["full"]:
            raise ReleaseError(
                f"{root}: a document is missing or was added, or another version of statevisit "
                "wrote it: fetch this edition again"
            )
    return len(documents)


def _restored(
    root: Path,
    staging: Path,
    entries: Iterable[Entry],
    sources: "_Texts",
    source_list: SourceList,
) -> Iterator[tuple[str, bytes]]:
    """Yield the ids and bytes of documents with their texts; write their seeds, list their titles.

    `entries` are documents of an edition in `root`.
    """
    scheme = scheme_at(root)
    for entry in entries:
        name = entry.path.absolute().relative_to(root.absolute())
        files.own_path(root, name.as_posix())
        stripped = _read(entry, scheme.annotations_only)
        text = sources.text_for(stripped, entry.name)
        data = codec.read_bytes(text)
        document = textless.restore(stripped, data, str(text), scheme)
        title = textless.title_of(stripped, document.text)
        if title is not None:
            source_list.set_title(document, title)
        seed = textless.seed_of(stripped, data) or data
        files.write(staging / layout.SEEDS / document.source.file, seed)
        yield document.id, codec.encode(document)


def _read(entry: Entry, scheme: Scheme) -> JsonObject:
    """Read a document without its text. Raises FormatError if it does not follow its schema."""
    data = entry.bytes()
    value: JsonObject = strict_json.parse(data, entry.name)
    if is_older(value):
        raise FormatError(
            f"{entry.name}: follows the older schema version {value['schema_version']}: fetch a "
            "newer version of this edition, or restore it with the statevisit that wrote it"
        )
    for where, message in schema_errors.errors(value, scheme):
        line, _ = strict_json.locate(data, where)
        raise FormatError(f"{entry.path}:{entry.line or line}: {message}")
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

    def text_for(self, stripped: JsonObject, document: str) -> Path:
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
