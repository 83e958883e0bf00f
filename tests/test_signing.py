"""Signatures of people: made, kept, outdated, counted."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from statevisit import load, validate
from statevisit.corpus.annotators import read_annotators
from statevisit.corpus.documents import write_document
from statevisit.corpus.signatures import layer_digest, signatures, signed_layers
from statevisit.document import schema, schema_errors
from statevisit.document.model import ANNOTATED_LAYERS
from statevisit.publishing.build import build
from tests.conftest import DOC_ID, Result

Cli = Callable[..., Result]


@pytest.fixture
def signer(corpus: Path, cli: Cli) -> Path:
    """A copy of the shipped corpus whose list of annotators has the person `ayse`."""
    added = cli("annotators", "add", "ayse", "--kind", "human", "--name", "Ayşe", "--path", corpus)
    assert 0 == added.status, added.err
    return corpus


def _sign(cli: Cli, root: Path, *options: object, who: str = "ayse") -> Result:
    return cli("annotators", "sign", who, "--document", DOC_ID, "--path", root, *options)


def _signed(root: Path) -> list[dict[str, Any]]:
    """What the last annotator of the list has signed."""
    signed: list[dict[str, Any]] = read_annotators(root)[-1].get("signed", [])
    return signed


def _change_a_time(root: Path) -> None:
    """Give the last time expression another modifier, or one."""
    document = load(root)[DOC_ID]
    *others, last = document.timexes
    changed = replace(last, mod="MID" if last.mod == "APPROX" else "APPROX")
    write_document(replace(document, timexes=(*others, changed)), root)


def _outdated(root: Path) -> list[str]:
    """The places at which `validate` reports an outdated signature."""
    return [f.pointer for f in validate(root) if f.code == "W725"]


def test_a_person_signs_all_layers(signer: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    """The list of annotators gets the day and the SHA-256 of each layer, and follows its schema."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    done = _sign(cli, signer)
    assert (0, True) == (done.status, f"ayse signed {DOC_ID}: mentions, entities" in done.out)
    (entry,) = _signed(signer)
    document = load(signer)[DOC_ID]
    assert (DOC_ID, "2027-01-15") == (entry["document"], entry["date"])
    assert {layer: layer_digest(document, layer) for layer in ANNOTATED_LAYERS} == entry["layers"]
    value = orjson.loads((signer / "corpus/annotators.json").read_bytes())
    assert [] == list(schema_errors.errors(value, schema.load("annotators")))
    assert set(ANNOTATED_LAYERS) == signed_layers(document, signatures(read_annotators(signer)))
    assert [] == _outdated(signer)


def test_a_signature_holds_until_its_layer_changes(signer: Path, cli: Cli) -> None:
    """After a change `validate` warns of that layer alone; a new signature replaces the old one."""
    _sign(cli, signer)
    _change_a_time(signer)
    assert ["/timexes"] == _outdated(signer)
    signed = signed_layers(load(signer)[DOC_ID], signatures(read_annotators(signer)))
    assert {"timexes"} == set(ANNOTATED_LAYERS) - signed
    assert 0 == _sign(cli, signer, "--layers", "timexes").status
    assert [] == _outdated(signer)
    layers = [layer for entry in _signed(signer) for layer in entry["layers"]]
    assert sorted(ANNOTATED_LAYERS) == sorted(layers)


def test_a_signature_covers_the_text(signer: Path, cli: Cli) -> None:
    """The same records over another text are not what was signed."""
    document = load(signer)[DOC_ID]
    digest = layer_digest(document, "relations")
    other = replace(document, text=f"{document.text} Correction.")
    assert digest != layer_digest(other, "relations")


def test_sentences_and_tokens_are_signed_on_request(signer: Path, cli: Cli) -> None:
    """Layers without a state can be signed, too, several with commas."""
    done = _sign(cli, signer, "--layers", "sentences, tokens")
    assert (0, {"sentences", "tokens"}) == (done.status, set(_signed(signer)[0]["layers"]))


REFUSED = {
    "model": ({"who": "a"}, (), "'a' is a model, and only a person can sign"),
    "rule": ({"who": "spacy-blank"}, (), "'spacy-blank' is a rule, and only a person can sign"),
    "unknown person": ({"who": "aise"}, (), "lists no annotator 'aise'; did you mean ayse?"),
    "unknown layer": ({}, ("--layers", "mention"), "unknown layer 'mention'; did you mean"),
    "no layer": ({}, ("--layers", ","), "unknown layer ''"),
}


@pytest.mark.parametrize(("who", "options", "message"), list(REFUSED.values()), ids=list(REFUSED))
def test_what_cannot_be_signed_is_refused(
    signer: Path, cli: Cli, who: dict[str, str], options: tuple[str, ...], message: str
) -> None:
    """A model, a rule, a stranger or an unknown layer: one clear error, and nothing changes."""
    before = (signer / "corpus/annotators.json").read_bytes()
    done = _sign(cli, signer, *options, **who)
    assert (1, True) == (done.status, message in done.err), done.err
    assert before == (signer / "corpus/annotators.json").read_bytes()


def test_an_unknown_document_and_an_unfinished_layer_are_refused(signer: Path, cli: Cli) -> None:
    """The message names the document, or the command that finishes the layer."""
    done = cli("annotators", "sign", "ayse", "--document", DOC_ID[:-1], "--path", signer)
    assert (1, True) == (done.status, f"did you mean {DOC_ID}?" in done.err)
    assert 0 == cli("state", DOC_ID, "events", "partial", "--path", signer).status
    done = _sign(cli, signer)
    assert 1 == done.status
    assert "the layer events is partial, and only a finished layer can be signed" in done.err
    assert f"statevisit state {DOC_ID} events done" in done.err
    assert [] == _signed(signer)


def test_a_signature_of_a_model_is_an_error(signer: Path, cli: Cli) -> None:
    """The schema refuses what was written into the list by hand for a model."""
    _sign(cli, signer)
    path = signer / "corpus/annotators.json"
    path.write_bytes(path.read_bytes().replace(b'"kind":"human"', b'"kind":"model"'))
    messages = [f.message for f in validate(signer) if f.code == "E704"]
    assert ["`signed` does not belong here where `kind` is model or rule"] == messages


def test_the_signatures_follow_the_document(signer: Path, cli: Cli) -> None:
    """`rename` renames them, `remove` lists and removes them."""
    _sign(cli, signer)
    assert "corpus/annotators.json" in cli("rename", DOC_ID, "visit", "--path", signer).out
    assert ["visit"] == [entry["document"] for entry in _signed(signer)]
    document = load(signer)["visit"]
    assert set(ANNOTATED_LAYERS) == signed_layers(document, signatures(read_annotators(signer)))
    count = len(ANNOTATED_LAYERS)
    planned = cli("remove", "visit", "--path", signer).out
    assert f"would remove {count} signed layers in corpus/annotators.json" in planned
    cli("remove", "visit", "--yes", "--path", signer)
    assert [] == _signed(signer)


def test_stats_counts_what_is_signed(signer: Path, cli: Cli) -> None:
    """`stats` states the number of documents that a person has signed, by layer."""
    _sign(cli, signer, "--layers", "mentions,timexes")
    _change_a_time(signer)
    counts = orjson.loads(cli("stats", signer, "--json").out)["counts"]
    assert (1, 0, 0) == tuple(
        counts[layer]["signed"] for layer in ("mentions", "timexes", "events")
    )
    assert "1 done, 1 signed" in cli("stats", signer).out


SIGNED = "Checked and signed by a person: "


@pytest.mark.slow
def test_release_and_pages_count_what_is_signed(checkout: Path, cli: Cli) -> None:
    """`release.json` counts the signatures that hold, and a page says how many there are.

    The edition without the text keeps them, and they hold in the corpus that is restored from it.
    """
    shutil.rmtree(checkout / "corpus/annotators")  # agreement takes time
    page = checkout / "corpus/README.md"
    text = page.read_text(encoding="utf-8") + "\n<!-- generated: signed -->\n<!-- end -->\n"
    page.write_text(text, encoding="utf-8")
    cli("annotators", "add", "ayse", "--kind", "human", "--name", "Ayşe", "--path", checkout)
    assert [] == build(checkout, workers=1).findings
    assert f"{SIGNED}0 of 1 document." in page.read_text(encoding="utf-8")
    _sign(cli, checkout)
    build(checkout, workers=1)
    assert f"{SIGNED}1 of 1 document." in page.read_text(encoding="utf-8")
    manifest = orjson.loads((checkout / "corpus/release.json").read_bytes())
    assert [] == list(schema_errors.errors(manifest, schema.load("release")))
    edition, full = checkout.parent / "edition", checkout.parent / "full"
    arguments = ("--edition", "annotations-only", "-o", edition)
    assert 0 == cli("build", checkout, *arguments).status
    stated = orjson.loads((edition / "corpus/release.json").read_bytes())["counts"]
    assert manifest["counts"] == stated
    restored = cli("restore", edition, "--text", checkout / "seeds", "-o", full)
    assert 0 == restored.status, restored.err
    counts = orjson.loads((full / "corpus/release.json").read_bytes())["counts"]
    assert {1} == {counts[layer]["signed"] for layer in ANNOTATED_LAYERS}
    _change_a_time(checkout)
    build(checkout, workers=1)
    counts = orjson.loads((checkout / "corpus/release.json").read_bytes())["counts"]
    assert (0, 1) == (counts["timexes"]["signed"], counts["mentions"]["signed"])
    words = page.read_text(encoding="utf-8").rpartition(SIGNED)[2]
    assert words.startswith("`mentions` in 1, `entities` in 1, `quantities` in 1")
    assert "of 1 document; the other layers in none." in words
    shutil.rmtree(edition)
