"""The files that follow from the scheme of a corpus: schemas, tables of labels, and documents."""

from collections import Counter
from pathlib import Path

from statevisit import files, layout
from statevisit.corpus.documents import entries_of, write_files
from statevisit.corpus.reader import Entry
from statevisit.document import codec, strict_json
from statevisit.document.model import LAYERS, SCHEMA_VERSION
from statevisit.document.scheme import Scheme, schema_files, scheme_at
from statevisit.document.scheme_change import fitted
from statevisit.errors import FormatError
from statevisit.printable import counted
from statevisit.publishing.card import renewed_tables


def compile_scheme(
    root: Path, check: bool = False, allow_loss: bool = False
) -> list[tuple[str, str]]:
    """Write the files that follow from a root's `scheme.toml`; return (path, state) of each.

    Documents, also those of annotators, get the layers of the scheme: a new layer is empty and not
    begun. The states are "current" and "written" or, with `check`, which writes nothing, "differs".

    Raises FormatError for a `scheme.toml` that is not one, for a path through a link, and, without
    `allow_loss`, if documents have records or properties for which the scheme has no place.
    """
    scheme = scheme_at(root)
    expected = schema_files(scheme) | renewed_tables(root, scheme)
    documents = _fitted_documents(root, scheme, allow_loss)
    changed = {n for n, data in expected.items() if not files.holds(files.own_path(root, n), data)}
    changed |= documents.keys()
    if changed and not check:
        contents = {n: data for n, data in (expected | documents).items() if n in changed}
        with files.locked(root):
            write_files(root, contents)
    state = "differs" if check else "written"
    return [(n, state if n in changed else "current") for n in expected | documents]


def _fitted_documents(root: Path, scheme: Scheme, allow_loss: bool) -> dict[str, bytes]:
    """The documents that a scheme changes, by path below the root."""
    changed: dict[str, bytes] = {}
    losses: Counter[str] = Counter()
    entries = {f"{layout.DOCUMENTS}/{entry.id}.json": entry for entry in entries_of(root)}
    for path in sorted((root / layout.ANNOTATIONS).glob("*/*.json")):
        entries[path.relative_to(root).as_posix()] = Entry(path)
    for name, entry in entries.items():
        try:
            value = strict_json.parse(entry.bytes(), entry.name)
        except strict_json.Malformed:
            continue  # `validate` names it
        if not isinstance(value, dict) or not _is_plain(value):
            continue
        fitting, lost = fitted(value, scheme)
        if fitting != value:
            losses += lost
            changed[name] = codec.encode(codec.convert(fitting, entry.name, scheme))
    if losses and not allow_loss:
        listed = ", ".join(f"{name} ({number:,})" for name, number in losses.items())
        raise FormatError(
            f"{root / layout.SCHEME}: the scheme has no place for what "
            f"{counted(len(changed), 'document')} would lose: {listed}; nothing was written. "
            "Add it to the scheme, or let --allow-loss remove it"
        )
    return changed


def _is_plain(value: strict_json.JsonObject) -> bool:
    """Whether a value is a document of the present version, with lists of records."""
    if value.get("schema_version") != SCHEMA_VERSION or "edition" in value:
        return False
    return all(
        isinstance(value.get(layer, []), list)
        and all(isinstance(record, dict) for record in value.get(layer, []))
        for layer in LAYERS
    )
