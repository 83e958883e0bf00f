"""Signatures: who checked which layers of a document, and the digest of what they saw.

They stand in `corpus/annotators.json`, with the person. A signature holds as long as the text and
the records of its layer are those that were signed.
"""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from msgspec import Struct

from statevisit import files, layout
from statevisit.corpus.annotators import read_annotators
from statevisit.corpus.seeds import check_update
from statevisit.document.codec import encode_layer, encode_value
from statevisit.document.model import Document
from statevisit.document.scheme import scheme_of
from statevisit.document.states import DONE
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError
from statevisit.printable import nearest


class Signature(Struct, frozen=True):
    """A layer of a document that a person signed: who, on which day, and the SHA-256 of it."""

    annotator: str
    layer: str
    sha256: str
    date: str

    def holds(self, document: Document) -> bool:
        """Whether the layer of the document is still the one that was signed."""
        return self.sha256 == layer_digest(document, self.layer)


Signatures = Mapping[str, tuple[Signature, ...]]
"""The signatures by the id of the document."""


def layer_digest(document: Document, layer: str) -> str:
    """Return the SHA-256 of a layer with its text, as a signature states it."""
    digest = hashlib.sha256(document.text.encode())
    digest.update(b"\n")
    digest.update(encode_layer(document, layer))
    return digest.hexdigest()


def signatures(annotators: Iterable[JsonObject]) -> Signatures:
    """Return the signatures in a list of annotators."""
    by_document: dict[str, tuple[Signature, ...]] = {}
    for annotator in annotators:
        for entry in annotator.get("signed", ()):
            document, day = entry["document"], entry["date"]
            added = tuple(
                Signature(annotator["id"], layer, sha256, day)
                for layer, sha256 in entry["layers"].items()
            )
            by_document[document] = (*by_document.get(document, ()), *added)
    return by_document


def signed_layers(document: Document, by_document: Signatures) -> set[str]:
    """Return the layers of a document that a person has signed in their present form."""
    known = scheme_of(document).layers
    return {
        signature.layer
        for signature in by_document.get(document.id, ())
        if signature.layer in known and signature.holds(document)
    }


def sign(
    root: Path, annotator_id: str, document: Document, layers: Collection[str], day: str
) -> tuple[str, ...]:
    """Sign layers of a document for a person; return the layers.

    Without `layers`, they are those that the list of annotators states for this person. A new
    signature of a layer replaces the old one. Raises FormatError, and changes nothing, if the list
    has no such annotator, if it is a model or a rule, and for a layer that is not finished.
    """
    with files.locked(root):
        annotators = read_annotators(root)
        signer = _person(root, annotators, annotator_id)
        known = scheme_of(document).layers
        chosen = tuple(layers) or tuple(layer for layer in signer["layers"] if layer in known)
        _require_done(document, chosen)
        digests = {layer: layer_digest(document, layer) for layer in chosen}
        others = _without(signer.get("signed", ()), document.id, chosen)
        entry = {"document": document.id, "date": day, "layers": digests}
        signer["signed"] = _joined([*others, entry])
        _write(root, annotators)
    return chosen


def renamed(root: Path, old: str, new: str | None) -> bool:
    """Give the signatures of a document its new id, or drop them for None; whether it had any."""
    annotators = read_annotators(root)
    if old not in signatures(annotators):
        return False
    for annotator in annotators:
        entries = annotator.pop("signed", [])
        if new is None:
            entries = [entry for entry in entries if entry["document"] != old]
        for entry in entries:
            if entry["document"] == old:
                entry["document"] = new
        if entries:
            annotator["signed"] = entries
    _write(root, annotators)
    return True


def _person(root: Path, annotators: list[JsonObject], annotator_id: str) -> JsonObject:
    """Return the entry of a person. Raises FormatError for a model, a rule or an unknown id."""
    path = root / layout.ANNOTATORS
    advice = 'statevisit annotators add ID --kind human --name "…"'
    for annotator in annotators:
        if annotator["id"] != annotator_id:
            continue
        if annotator["kind"] != "human":
            raise FormatError(
                f"{path}: {annotator_id!r} is a {annotator['kind']}, and only a person can sign; "
                f"add yourself: {advice}"
            )
        return annotator
    ids = [annotator["id"] for annotator in annotators]
    raise FormatError(
        f"{path}: lists no annotator {annotator_id!r}{nearest(annotator_id, ids)}; "
        f"add yourself: {advice}"
    )


def _require_done(document: Document, layers: Collection[str]) -> None:
    known = scheme_of(document).layers
    if not layers:
        raise FormatError(f"{document.id}: none of its layers to sign; name some with --layers")
    for layer in layers:
        if layer not in known:
            names = ", ".join(known)
            raise FormatError(f"unknown layer {layer!r}{nearest(layer, known)}; known are {names}")
        state = document.layers.get(layer, DONE)  # sentences and tokens have none
        if state != DONE:
            raise FormatError(
                f"{document.id}: the layer {layer} is {state}, and only a finished layer can be "
                f"signed: `statevisit state {document.id} {layer} done`, or leave it out"
            )


def _without(
    entries: Iterable[JsonObject], document_id: str, layers: Collection[str]
) -> list[JsonObject]:
    """The signatures of a person without those of some layers of a document."""
    kept = []
    for entry in entries:
        left = entry["layers"]
        if entry["document"] == document_id:
            left = {layer: sha256 for layer, sha256 in left.items() if layer not in layers}
        if left:
            kept.append(entry | {"layers": left})
    return kept


def _joined(entries: Iterable[JsonObject]) -> list[JsonObject]:
    """The signatures of a person, those of one document and day in one entry."""
    joined: dict[tuple[str, str], JsonObject] = {}
    for entry in entries:
        key = entry["document"], entry["date"]
        layers = joined[key]["layers"] if key in joined else {}
        joined[key] = entry | {"layers": layers | entry["layers"]}
    return list(joined.values())


def _write(root: Path, annotators: list[JsonObject]) -> None:
    data = encode_value({"annotators": annotators})
    check_update(root, layout.ANNOTATORS, data)
    files.update(root / layout.ANNOTATORS, data)
