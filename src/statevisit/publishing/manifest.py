"""The release manifest: the files, counts and digests of a version of the corpus."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import partial
from importlib import metadata
from itertools import combinations
from operator import attrgetter
from pathlib import Path

import orjson
from msgspec import Struct, field

from statevisit import layout, stores
from statevisit.corpus.git import FIRST_VERSION
from statevisit.corpus.jsonl import read_json
from statevisit.corpus.parallel import ordered
from statevisit.corpus.signatures import Signatures, signed_layers
from statevisit.corpus.source_lookup import Used, chosen_sources
from statevisit.dataset.rows import Row
from statevisit.document import schema
from statevisit.document.codec import read_bytes
from statevisit.document.model import SCHEMA_VERSION, Document
from statevisit.document.scheme import FULL, Scheme, schema_files, scheme_at
from statevisit.document.states import STATES
from statevisit.document.strict_json import JsonObject, parse
from statevisit.errors import FormatError, MissingExtra
from statevisit.files import sha256_of
from statevisit.publishing.texts import Texts, texts_of
from statevisit.stores import StorePath


class Counts(Struct, frozen=True):
    """What a tally has counted, as a task returns it."""

    languages: list[str]
    annotators: list[str]
    records: dict[str, int]
    labels: dict[tuple[str, str], dict[str, int]]
    states: dict[tuple[str, str], int]
    signed: dict[str, int]


class Tally:
    """Counts of records per layer and per label, summed over documents.

    Also the languages and the annotators that the documents name.
    """

    def __init__(self, scheme: Scheme) -> None:
        self._scheme = scheme
        self.languages: set[str] = set()
        self.annotators: set[str] = set()
        self.records: Counter[str] = Counter()
        self.labels: dict[tuple[str, str], Counter[str | None]] = {
            inventory: Counter() for inventory in scheme.inventories
        }
        """The labels of each (layer, property); None stands for a record without one."""
        self.states: Counter[tuple[str, str]] = Counter()
        self.signed: Counter[str] = Counter()

    def add(self, document: Document, signatures: Signatures) -> None:
        """Count a document, and the layers of it that a person has signed as they are."""
        self.languages.add(document.language)
        self.annotators.update(document.annotators)
        arguments = [argument for event in document.events for argument in event.arguments or ()]
        self.records.update(document.counts())
        self.records["arguments"] += len(arguments)
        self.states.update(document.layers.items())
        self.signed.update(signed_layers(document, signatures))
        for (layer, prop), labels in self.labels.items():
            records = arguments if layer == "arguments" else getattr(document, layer)
            labels.update(map(attrgetter("class_" if prop == "class" else prop), records))

    def counts(self) -> Counts:
        """Return what was counted."""
        return Counts(
            languages=sorted(self.languages),
            annotators=sorted(self.annotators),
            records=self.records,
            labels={
                inventory: {label: number for label, number in labels.items() if label is not None}
                for inventory, labels in self.labels.items()
            },
            states=self.states,
            signed=self.signed,
        )

    def merge(self, other: Counts) -> None:
        """Add the counts of other documents."""
        self.languages.update(other.languages)
        self.annotators.update(other.annotators)
        self.records.update(other.records)
        for inventory, labels in other.labels.items():
            self.labels[inventory].update(labels)
        self.states.update(other.states)
        self.signed.update(other.signed)

    def as_dict(self) -> JsonObject:
        """Return the counts as `release.json` holds them.

        Layers and labels are in the order of the schema; labels that do not occur are left out.
        """
        counts: JsonObject = {
            layer: {"records": self.records[layer], "labels": {}}
            for layer in self._scheme.with_arguments
        }
        for layer, prop in self._scheme.inventories:
            counts[layer]["labels"][prop] = {
                name: self.labels[layer, prop][name]
                for name in self._scheme.label_names(layer, prop)
                if self.labels[layer, prop][name]
            }
        for layer in self._scheme.annotated:
            counts[layer]["states"] = {state: self.states[layer, state] for state in STATES}
        for layer in self._scheme.layers:
            counts[layer]["signed"] = self.signed[layer]
        return counts


def tally_of(document: Document, scheme: Scheme, signatures: Signatures) -> Tally:
    """Return the counts of one document of a scheme."""
    tally = Tally(scheme)
    tally.add(document, signatures)
    return tally


class Part:
    """What the manifest states of some documents: their number, counts, rows and digests."""

    def __init__(self, scheme: Scheme, configs: Iterable[str]) -> None:
        self.documents = 0
        self.tally = Tally(scheme)
        self.rows = dict.fromkeys(configs, 0)
        self._digests = {config: hashlib.sha256() for config in self.rows}

    def add_digests(self, lines: Iterable[bytes]) -> None:
        """Add the lines of a document to the inputs of the digests, in the order of configs."""
        self.documents += 1
        for digest, line in zip(self._digests.values(), lines, strict=True):
            digest.update(line)

    @property
    def digests(self) -> dict[str, str]:
        """The SHA-256 of the content of each config."""
        return {config: digest.hexdigest() for config, digest in self._digests.items()}


class Contents:
    """The documents of a corpus, all of them and by split; `splits` is empty without splits."""

    def __init__(self, scheme: Scheme, configs: Iterable[str], splits: Iterable[str]) -> None:
        configs = tuple(configs)
        self._layers = tuple(scheme.layers)
        self.whole = Part(scheme, configs)
        self.splits = {split: Part(scheme, configs) for split in splits}

    def add_digests(self, split: str, lines: Iterable[bytes]) -> None:
        """Add a document of a split: the line of its digest in each config."""
        for part in self._parts(split):
            part.add_digests(lines)

    def add_counts(self, split: str, counts: Counts) -> None:
        """Add what was counted in documents of a split."""
        for part in self._parts(split):
            part.tally.merge(counts)

    def add_rows(self, rows: Mapping[str, Mapping[str, int]]) -> None:
        """Add numbers of rows by split and config."""
        for split, of_split in rows.items():
            for part in self._parts(split):
                for config, number in of_split.items():
                    part.rows[config] += number

    def _parts(self, split: str) -> list[Part]:
        return [self.whole, self.splits[split]] if split in self.splits else [self.whole]

    def splits_as_dict(self) -> JsonObject:
        """Return the splits as `release.json` holds them."""
        return {
            name: {
                "documents": part.documents,
                "records": {layer: part.tally.records[layer] for layer in self._layers},
                "configs": part.rows,
                "content": part.digests,
            }
            for name, part in self.splits.items()
        }


class Overview(Struct, frozen=True):
    """A manifest, and the facts about its documents that only the pages state."""

    manifest: JsonObject
    scheme: Scheme
    """The scheme of the corpus in the edition of the manifest."""
    languages: tuple[str, ...]
    """The languages of the documents as BCP 47 tags."""
    annotators: tuple[JsonObject, ...]
    """The entries of `corpus/annotators.json` for the annotators whose work the root holds."""
    texts: Texts = field(default_factory=Texts)
    """The sources of the documents, as far as the root lists them."""


def overview(root: Path, manifest: JsonObject, tally: Tally, used: Used) -> Overview:
    """Return the overview of a corpus root with valid documents, which `tally` has counted.

    `used` are the sources of the documents.
    """
    path = root / layout.ANNOTATORS
    listed = read_json(path, "annotators") if path.is_file() else {"annotators": []}
    named = tally.annotators | {path.name for path in (root / layout.ANNOTATIONS).glob("*")}
    annotators = tuple(annotator for annotator in listed["annotators"] if annotator["id"] in named)
    texts = texts_of(chosen_sources(root, used))
    scheme = scheme_at(root).in_edition(edition_of(manifest))
    return Overview(manifest, scheme, tuple(sorted(tally.languages)), annotators, texts)


def edition_of(manifest: JsonObject) -> str:
    """Return the edition of a manifest: scheme.FULL or scheme.ANNOTATIONS_ONLY."""
    return str(manifest["edition"]["name"]) if "edition" in manifest else FULL


def version_of(root: Path) -> str:
    """Return the version in the manifest of a corpus root; 0.1.0 if it has no manifest yet.

    Raises FormatError if the manifest cannot be read or states no version.
    """
    path = root / layout.RELEASE
    if not path.is_file():
        return FIRST_VERSION
    value = parse(read_bytes(path), str(path))
    version = value.get("version") if isinstance(value, dict) else None
    if not isinstance(version, str):
        raise FormatError(
            f'{path}: states no "version"; restore the file, '
            f"or delete it to begin at {FIRST_VERSION}"
        )
    return version


def listed(root: Path) -> dict[str, str]:
    """Return the SHA-256 of each file that the manifest of a root lists, by the file's name.

    Without a manifest, the dict is empty. Raises FormatError if the manifest cannot be read.
    """
    path = root / layout.RELEASE
    if not path.is_file():
        return {}
    value = parse(read_bytes(path), str(path))
    try:
        return {str(entry["path"]): entry["sha256"] for entry in value.get("files", [])}
    except (AttributeError, KeyError, TypeError):
        raise FormatError(
            f"{path}: does not list its files with their SHA-256; restore the file,"
            f" or delete it to begin at {FIRST_VERSION}"
        ) from None


def file_entry(path: Path, name: str) -> JsonObject:
    """Return a file as the manifest lists it: path, size in bytes and SHA-256."""
    if isinstance(path, StorePath):
        size, sha256 = stores.digest(path)
        return {"path": name, "size": size, "sha256": sha256}
    return {"path": name, "size": path.stat().st_size, "sha256": sha256_of(path)}


def rows_digest(rows: list[Row]) -> bytes:
    """Return the line of one document in the input of a config's digest.

    It is the SHA-256 of the document's rows as JSON, one row per line.
    """
    lines = b"".join([orjson.dumps(row, option=orjson.OPT_APPEND_NEWLINE) for row in rows])
    return hashlib.sha256(lines).hexdigest().encode() + b"\n"


def tools() -> dict[str, str]:
    """Return the versions of the tools that influence the bytes of Parquet.

    They are read without importing the tools, which a process that writes no Parquet does not need.
    Raises MissingExtra without pyarrow.
    """
    try:
        return {"pyarrow": metadata.version("pyarrow")}
    except metadata.PackageNotFoundError:
        raise MissingExtra("pyarrow", "parquet") from None


def schema_digests(root: Path) -> dict[str, str]:
    """Return the SHA-256 of each schema by its name: of the root's file, else of its scheme's."""
    digests = {}
    expected = schema_files(scheme_at(root))
    for name in schema.NAMES:
        path = f"schema/{name}.schema.json"
        data = expected[path]
        if (root / path).is_file():
            data = read_bytes(root / path, regular=True)
        digests[name] = hashlib.sha256(data).hexdigest()
    return digests


def new_manifest(
    *,
    version: str,
    contents: Contents,
    files: Iterable[JsonObject],
    tools: dict[str, str],
    schemas: dict[str, str],
    agreement: JsonObject | None = None,
) -> JsonObject:
    """Return a manifest as `schema/release.schema.json` describes it.

    `schemas` has the digest of each schema by its name.
    """
    whole = contents.whole
    manifest: JsonObject = {
        "version": version,
        "schema_version": SCHEMA_VERSION,
        "schema_sha256": schemas["document"],
        "schemas": schemas,
        "content_sha256": whole.digests["documents"],
        "documents": whole.documents,
        "counts": whole.tally.as_dict(),
        "configs": whole.rows,
        "content": whole.digests,
    }
    if contents.splits:
        manifest["splits"] = contents.splits_as_dict()
    if agreement:
        manifest["agreement"] = agreement
    manifest["files"] = sorted(files, key=lambda file: file["path"])
    manifest["tools"] = tools
    return manifest


def published_agreement(root: Path) -> JsonObject | None:
    """Return how far the annotators of `corpus/annotators/` agree, as `release.json` holds it.

    All figures except those of single labels, rounded to three decimals; γ, which not every
    environment can compute, is left out. None for fewer than two annotators, and if no two of them
    share a document. Raises FormatError for annotations that cannot be read or are of different
    texts.
    """
    passes = sorted(path for path in (root / layout.ANNOTATIONS).glob("*") if path.is_dir())
    if len(passes) < 2:
        return None
    # Other uses of a manifest need not wait for these.
    from statevisit.scoring.agree import NothingShared, agree
    from statevisit.scoring.agree_batches import agree_files

    try:
        agreement = agree_files(passes, mapper=partial(ordered, workers=1)) or agree(*passes)
    except NothingShared:
        return None
    names = [path.name for path in passes]
    figures: list[JsonObject] = []
    for figure in agreement.coefficients:
        if figure.label is not None or figure.value is None or figure.coefficient == "gamma":
            continue
        figures.append(
            {
                "layer": figure.layer,
                "coefficient": figure.coefficient,
                "of": figure.of,
                "n": figure.n,
                "value": round(figure.value, 3),
            }
        )
        if figure.interval is not None:
            figures[-1]["interval"] = [round(bound, 3) for bound in figure.interval]
    return {
        "annotators": names,
        "documents": agreement.documents,
        "pairs": [
            {"annotators": list(pair), "documents": shared.documents}
            for pair, shared in zip(combinations(names, 2), agreement.pairs, strict=True)
        ],
        "unit": agreement.unit,
        "units": agreement.units,
        "resamples": agreement.resamples,
        "figures": figures,
    }


def encode_manifest(value: JsonObject) -> bytes:
    """Return a manifest as bytes: indented JSON with a newline at the end."""
    return orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
