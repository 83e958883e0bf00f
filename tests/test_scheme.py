"""The scheme of a corpus: its scheme.toml, what it compiles to, and where it is found."""

import json
import pickle
from collections.abc import Callable
from operator import attrgetter
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import statevisit
from statevisit.document import schema_errors, scheme
from statevisit.document.codec import decode, encode, to_value
from statevisit.document.model import LAYERS, Document
from statevisit.document.scheme import base, scheme_at, scheme_for, scheme_from, scheme_of
from statevisit.document.scheme_change import within
from statevisit.errors import FormatError
from tests.conftest import DATA, Result

Cli = Callable[..., Result]

MARITIME = """\
base = 2
layers = ["mentions", "entities", "events", "event_chains"]

[labels."entities.type".VESSEL]
title = "Ship"
description = "A named ship or boat."
colour = "#0077b6"

[labels."entities.type".WORK_OF_ART]
remove = true

[labels."events.type"."VOYAGE.SAIL"]

[attributes.mentions.certainty]
description = "How sure the annotator is."
labels = { SURE = "No doubt.", UNSURE = "Another reading is possible." }

[attributes.events.knots]
type = "integer"

[attributes.arguments.is_stated]
type = "boolean"
"""


def maritime() -> scheme.Scheme:
    """The scheme of MARITIME."""
    return scheme_from(MARITIME.encode(), "scheme.toml")


def test_the_base_scheme_is_that_of_the_package() -> None:
    """Without a scheme.toml, and with one that changes nothing, a corpus has the base scheme."""
    value = json.loads((DATA / "schema/document.schema.json").read_bytes())
    assert value == base().value
    assert tuple(LAYERS) == base().layers
    assert base() is scheme_from(b"base = 2\n", "scheme.toml")
    assert base() is scheme_from(b"\xef\xbb\xbf# mine\r\nbase = 2\r\n", "scheme.toml")
    assert base() is scheme_at(DATA) is scheme_at(None)
    assert Document is base().document_type


def test_a_scheme_has_its_own_layers_labels_and_attributes() -> None:
    """What scheme.toml says is in the schema, where every other part looks."""
    own = maritime()
    jsonschema.Draft202012Validator.check_schema(own.value)
    kept = ("sentences", "tokens", "mentions", "entities", "events", "event_chains")
    assert kept == own.layers
    types = own.label_names("entities", "type")
    assert ("LANGUAGE", "VESSEL") == (types[-2], types[-1])
    assert "WORK_OF_ART" not in types
    vessel = own.labels("entities", "type")[-1]
    assert ("Ship", "A named ship or boat.", "#0077b6") == (
        vessel.title,
        vessel.description,
        vessel.color,
    )
    sail = own.labels("events", "type")[-1]
    assert ("VOYAGE.SAIL", "Voyage.sail", "Voyage.sail.") == (
        sail.name,
        sail.title,
        sail.description,
    )
    assert {
        "mentions": ("certainty",),
        "events": ("knots",),
        "arguments": ("is_stated",),
    } == own.attributes
    assert ["SURE", "UNSURE"] == own.label_names("mentions", "certainty")


def test_properties_without_a_layer_to_refer_to_are_dropped() -> None:
    """What could only name records of other layers is gone; other references are narrower."""
    own = maritime()
    assert "timexes" not in own.value["properties"]
    assert ["mentions", "events"] == own.properties("arguments")["target"]["x-refers-to"]
    names_only = scheme_from(b'base = 2\nlayers = ["mentions", "entities", "quotations"]', "s.toml")
    sources = names_only.properties("quotations")["sources"]
    assert ["mentions"] == sources["items"]["x-refers-to"]
    alone = scheme_from(b'base = 2\nlayers = ["quotations"]', "s.toml")
    assert "sources" not in alone.properties("quotations")
    assert {"timex", "event", "currency"}.isdisjoint(names_only.definitions)


@pytest.mark.parametrize("layer", [name for name in LAYERS if name not in ("sentences", "tokens")])
def test_a_corpus_may_lack_any_layer(layer: str) -> None:
    """The schema without a layer, and without those that are nothing without it, is valid."""
    needing = {"mentions": ["entities", "relations"], "events": ["event_chains"]}
    dropped = {layer, *needing.get(layer, []), *(["relations"] if layer == "entities" else [])}
    layers = [name for name in LAYERS if name not in dropped]
    own = scheme_from(f"base = 2\nlayers = {json.dumps(layers)}".encode(), "s.toml")
    jsonschema.Draft202012Validator.check_schema(own.value)
    assert tuple(layers) == own.layers
    assert layer not in own.value["required"]


def test_documents_have_types_of_their_scheme() -> None:
    """Own properties are attributes of records, and dropped layers are empty."""
    value = _document()
    document = decode(json.dumps(value).encode(), "x.json", maritime())
    certainty = attrgetter("certainty")
    knots, is_stated = attrgetter("knots"), attrgetter("is_stated")
    event = document.events[0]
    assert ["SURE", None] == [certainty(mention) for mention in document.mentions]
    assert (12, True) == (knots(event), is_stated(event.arguments[0]))
    assert () == document.timexes
    assert maritime() is scheme_of(document)
    assert value == to_value(document) == json.loads(encode(document))
    assert document == pickle.loads(pickle.dumps(document))
    assert maritime() is pickle.loads(pickle.dumps(maritime()))


def test_a_layer_that_the_scheme_lacks_is_never_lost() -> None:
    """Records of a dropped layer are an error when read, not left out when written."""
    value = _document() | {"quotations": [{"id": "quo1", "start": 0, "end": 4, "text": "Aida"}]}
    with pytest.raises(FormatError, match=r"x\.json.*quotations"):
        decode(json.dumps(value).encode(), "x.json", maritime())


def test_the_schema_names_the_labels_of_the_corpus() -> None:
    """A label of another corpus is refused with the labels of this one."""
    value = _document()
    value["entities"][0]["type"] = "WORK_OF_ART"
    (error,) = schema_errors.errors(value, maritime())
    assert ["entities", 0, "type"] == error[0]
    assert "LANGUAGE, VESSEL" in error[1]
    assert list(schema_errors.errors(_document(), base()))


def _document() -> dict[str, Any]:
    """A document of MARITIME in JSON, with a value for each of its properties."""
    article = to_value(statevisit.load()[0])
    text = "Aida left Baku."
    head = within(article, maritime()) | {
        "text": text,
        "sentences": [{"start": 0, "end": 15, "paragraph": 0}],
        "tokens": [
            {"start": start, "end": end} for start, end in ((0, 4), (5, 9), (10, 14), (14, 15))
        ],
    }
    event = next(event for event in article["events"] if event["level"] == "VRB") | {
        "id": "ev1",
        "start": 5,
        "end": 9,
        "text": "left",
        "event": "departure",
        "arguments": [{"role": "AGENT", "target": "m1", "is_stated": True}],
        "knots": 12,
    }
    event.pop("disagreements", None)
    vessel = {"name": "Aida", "nil": "NIL", "reference": "SPECIFIC"}
    city = {"name": "Baku", "nil": "UNVERIFIED", "reference": "SPECIFIC"}
    mention = {"level": "NAM", "start": 0, "end": 4, "text": "Aida", "entity": "aida"}
    return head | {
        "mentions": [
            {"id": "m1", **mention, "certainty": "SURE"},
            {"id": "m2", **mention, "start": 10, "end": 14, "text": "Baku", "entity": "baku"},
        ],
        "entities": [
            {"id": "aida", "type": "VESSEL", **vessel},
            {"id": "baku", "type": "GPE", **city},
        ],
        "events": [event],
        "event_chains": [{"id": "departure"}],
    }


WRONG = {
    "": "1: `base` is missing; the file begins with `base = 2`",
    "base = 1": "1: `base` is 1; this statevisit has base 2",
    'base = "2"': "1: `base` is '2'; this statevisit has base 2",
    "base = 2\nlayer = []": "2: unknown `layer`; did you mean layers?; known are base, layers",
    'base = 2\nlayers = "mentions"': "2: `layers` must be a list, such as",
    'base = 2\nlayers = ["mention"]': "2: unknown `mention`; did you mean mentions?",
    'base = 2\nlayers = ["relations"]': "2: the layer `relations` needs `entities`; add it",
    'base = 2\n[labels."entities.typ".X]': "2: unknown `entities.typ`; did you mean entities.type?",
    'base = 2\n[labels."entities.type".X]\ntitel = "x"': "3: unknown `titel`; did you mean title?",
    'base = 2\n[labels."entities.type".X]\ncolor = "red"': "2: the colour 'red' must",
    'base = 2\n[labels."entities.type".X]\ntitle = 3': "3: `title`: expected `str | null`",
    'base = 2\n[labels."entities.type".X]\ntitle = " "': "2: a title or description must not be",
    'base = 2\n[labels."entities.type".X]\nremove = true': "2: the base has no label X",
    'base = 2\n[labels."entities.type".ORG]\nremove = true\ntitle = "x"': "2: ORG is removed, so",
    'base = 2\n[labels."entities.nil".UNVERIFIED]\nremove = true': "2: UNVERIFIED cannot be",
    'base = 2\n[labels."entities.type"."my X"]\ntitle = "x"': "2: 'my X' cannot be a label",
    'base = 2\n[labels."entities.type".X]\nroles = ["A"]': "3: labels of entities.type have no",
    'base = 2\n[labels."quotations.type"]\nDIRECT = { remove = true }\nINDIRECT = { remove = true }'
    "\nMIXED = { remove = true }": "2: removes every label of quotations.type; keep one",
    'base = 2\nlayers = ["events"]\n[labels."timexes.type".AGE]': "3: `layers` does not have the",
    'base = 2\n[attributes.mention.sure]\ntype = "string"': "2: unknown `mention`; did you mean",
    'base = 2\n[attributes.mentions.sure]\ntype = "text"': "3: unknown `text`; known are string",
    'base = 2\n[labels."events.type".SAIL]\nroles = ["Ship"]': "3: the role Ship of SAIL",
    "base = 2\n[attributes.mentions.sure]": "2: `sure` needs either `labels` or `type`",
    "base = 2\n[attributes.mentions.sure]\nlabels = []": "3: `labels` must name at least one label",
    'base = 2\n[attributes.mentions.Sure]\ntype = "string"': "2: `Sure` cannot be an attribute",
    'base = 2\n[attributes.mentions.type]\ntype = "string"': "2: `type` has a meaning already",
    'base = 2\n[attributes.mentions]\nsure = "x"': "3: `sure`: expected `object`, got `str`",
    'base = 2\n[attributes.mentions.note]\ntype = "string"\n[attributes.entities.note]\n'
    'type = "string"': "4: `note` is an attribute of `mentions` and of `entities`",
    "base = 2\nlayers = [": "2: not TOML: ",
    "base = 2\nbase = 2": "2: not TOML: ",
}
"""Files that are wrong, each with the beginning of its error after the name."""


@pytest.mark.parametrize("text", WRONG)
def test_a_wrong_scheme_is_one_clear_error(text: str) -> None:
    """The error names file and line, and what could be meant."""
    with pytest.raises(FormatError) as error:
        scheme_from(text.encode(), "my/scheme.toml")
    assert str(error.value).startswith(f"my/scheme.toml:{WRONG[text]}")


def test_labels_may_be_written_in_any_form_of_toml() -> None:
    """Nested tables, inline tables and a description alone say the same."""
    texts = (
        '[labels."entities.type".VESSEL]\ndescription = "A ship."',
        '[labels.entities.type.VESSEL]\ndescription = "A ship."',
        '[labels."entities.type"]\nVESSEL = { description = "A ship." }',
        '[labels]\nentities.type.VESSEL = "A ship."',
    )
    schemes = [scheme_from(f"base = 2\n{text}".encode(), "s.toml") for text in texts]
    assert [schemes[0].value] * 4 == [own.value for own in schemes]
    assert "Vessel" == schemes[0].labels("entities", "type")[-1].title


def test_labels_in_other_scripts_are_labels() -> None:
    """A corpus in Turkish or Arabic may name its labels in its language."""
    text = 'base = 2\n[labels."entities.type"."GEMİ"]\n[labels."entities.type"."سفينة"]\n'
    own = scheme_from(text.encode(), "s.toml")
    assert ["GEMİ", "سفينة"] == own.label_names("entities", "type")[-2:]


def test_the_scheme_of_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in a corpus has its scheme, one elsewhere that of the current corpus."""
    root = tmp_path / "maritime"
    (root / "corpus/documents").mkdir(parents=True)
    (root / "schema").mkdir()
    (root / "schema/scheme.toml").write_text(MARITIME)
    monkeypatch.chdir(tmp_path)
    for path in (root, root / "corpus/documents", root / "corpus/annotators/a/x.json"):
        assert maritime() is scheme_for(path)
    assert base() is scheme_for(tmp_path / "x.json")
    monkeypatch.chdir(root / "corpus")
    assert maritime() is scheme_for(tmp_path / "x.json")
    assert "VESSEL" == statevisit.labels("entities", "type", root)[-1].name
    assert "LANGUAGE" == statevisit.labels("entities", "type")[-1].name


def test_scheme_compiles_and_checks(cli: Cli, tmp_path: Path) -> None:
    """`scheme` writes the schema and the tables; `--check` and `validate` name what differs."""
    root = tmp_path / "maritime"
    assert 0 == cli("init", root).status
    for scheme_file in (root / "schema/scheme.toml", DATA / "schema/scheme.toml"):
        assert scheme_file.read_text().startswith("base = 2\n")
    assert 0 == cli("scheme", "--check", root).status
    (root / "schema/scheme.toml").write_text('base = 2\n[labels."entities.type".VESSEL]\n')
    checked = cli("scheme", "--check", root)
    differing = "differs schema/document.schema.json\ndiffers schema/README.md\n"
    assert (1, differing) == (checked.status, checked.out)
    assert "run `statevisit scheme`" in checked.err
    assert "E711" in cli("validate", root).out
    assert "written schema/document.schema.json" in cli("scheme", root).out
    assert (0, "") == cli("validate", root)[:2]
    assert 0 == cli("build", root).status
    assert "| `VESSEL` | Vessel | Vessel. |" in (root / "schema/README.md").read_text()
    assert 0 == cli("build", "--check", root).status


def test_a_schema_that_was_edited_is_a_finding(cli: Cli, tmp_path: Path) -> None:
    """A label that somebody wrote into the schema is named, by validate and by build."""
    root = tmp_path / "mine"
    cli("init", root)
    path = root / "schema/document.schema.json"
    path.write_text(path.read_text().replace('"PERSON", "NORP"', '"PERSON", "VESSEL", "NORP"'))
    for command in ("validate", "build"):
        done = cli(command, root)
        assert 1 == done.status
        assert f"{path}: E711" in done.out + done.err
    path.unlink()
    assert "E711 is missing" in cli("validate", root).out


@pytest.mark.parametrize("layers", ["mentions,entities", "timexes", "quantities, mentions"])
def test_init_takes_layers(cli: Cli, tmp_path: Path, layers: str) -> None:
    """A corpus of some layers is valid from the start, and has their configs only."""
    root = tmp_path / "mine"
    assert 0 == cli("init", root, "--layers", layers).status
    assert (0, "") == cli("validate", root)[:2]
    assert 0 == cli("build", root).status
    names = {name.strip() for name in layers.split(",")}
    assert {*names, "sentences", "tokens"} == set(statevisit.load(root).scheme.layers)


def test_init_takes_a_scheme(cli: Cli, tmp_path: Path) -> None:
    """The scheme is that of the file, and a wrong file leaves nothing behind."""
    (tmp_path / "maritime.toml").write_text(MARITIME)
    root = tmp_path / "mine"
    assert 0 == cli("init", root, "--scheme", tmp_path / "maritime.toml").status
    assert MARITIME == (root / "schema/scheme.toml").read_text()
    assert (0, "") == cli("validate", root)[:2]
    (tmp_path / "maritime.toml").write_text("base = 3")
    done = cli("init", tmp_path / "other", "--scheme", tmp_path / "maritime.toml")
    assert (1, False) == (done.status, (tmp_path / "other").exists())
    done = cli("init", tmp_path / "other", "--layers", "names")
    assert (1, False) == (done.status, (tmp_path / "other").exists())
    assert "unknown `names`" in done.err


def test_documents_follow_a_changed_scheme(cli: Cli, tmp_path: Path) -> None:
    """A new layer is empty in every document; one with records is dropped on request only."""
    root = tmp_path / "mine"
    cli("init", root, "--layers", "mentions,entities")
    example = root / "corpus/documents/example.json"
    scheme_file = root / "schema/scheme.toml"
    text = scheme_file.read_text()
    scheme_file.write_text(text.replace('"entities"]', '"entities","quotations"]'))
    assert 1 == cli("scheme", "--check", root).status
    assert f"written {example.relative_to(root)}" in cli("scheme", root).out
    document = statevisit.load(root)[0]
    assert ((), "none") == (document.quotations, document.layers["quotations"])
    assert (0, "") == cli("validate", root)[:2]
    before = example.read_bytes()
    scheme_file.write_text(text.replace('["mentions","entities"]', '["quotations"]'))
    done = cli("scheme", root)
    assert (1, before) == (done.status, example.read_bytes())
    assert "1 document would lose: mentions (8), entities (4); nothing was written" in done.err
    assert 0 == cli("scheme", root, "--allow-loss").status
    assert (0, "") == cli("validate", root)[:2]
    assert b'"mentions"' not in example.read_bytes()
