"""Label Studio and the states of layers: progress, spans first, layers that become done."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from statevisit.document.codec import convert, encode, read_document
from statevisit.document.model import ANNOTATED_LAYERS, Document
from statevisit.document.scheme import base, scheme_from
from statevisit.document.states import DONE, NONE, PARTIAL
from statevisit.labelstudio.results import to_results
from statevisit.labelstudio.tasks import to_document, to_task
from tests.conftest import VALID, Result
from tests.labelstudio_editor import saved

Run = Callable[..., Result]
Results = list[dict[str, Any]]


def _bridge(**states: str) -> Document:
    """The valid document, with the states of some layers; those that are `none` are empty."""
    value = json.loads(VALID.read_bytes())
    value["layers"] |= states
    for layer, state in states.items():
        if state == NONE:
            value[layer] = []
    return convert(value, "bridge", base())


ALL_NONE = dict.fromkeys(ANNOTATED_LAYERS, NONE)


def _corpus(root: Path, document: Document) -> Path:
    """A corpus of one document; return the path of its file."""
    annotators = [
        {"id": name, "kind": "rule", "name": name, "layers": ["mentions"]}
        for name in document.annotators
    ]
    files = {
        "corpus/annotators.json": orjson.dumps({"annotators": annotators}),
        "corpus/documents/bridge.json": encode(document),
        "seeds/bridge.txt": f" date {document.date} {document.text}".encode(),
    }
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root / "corpus/documents/bridge.json"


def _region(text: str, name: str, layer: str, words: str, label: str) -> dict[str, Any]:
    start = text.index(words)
    value = {"start": start, "end": start + len(words), "labels": [label]}
    return {"id": name, "from_name": layer, "type": "labels", "value": value}


def _submitted(document: Document, results: Results) -> dict[str, Any]:
    """The task of a document, with an annotation that somebody submitted."""
    annotation = {"id": 9, "completed_by": {"email": "ada@example.org"}, "result": results}
    return {**to_task(document), "id": 7, "annotations": [annotation]}


@pytest.mark.parametrize(
    ("states", "annotations", "predictions"),
    [
        ({}, 1, 0),
        ({"relations": PARTIAL}, 1, 0),
        ({"mentions": PARTIAL}, 0, 1),
        ({"timexes": NONE}, 0, 1),
        (ALL_NONE, 0, 0),
    ],
)
def test_the_progress_of_a_task_follows_the_states(
    states: dict[str, str], annotations: int, predictions: int
) -> None:
    """Only a document whose layers are done has an annotation, and is completed therefore.

    Of one that somebody has begun, the spans are a prediction, from which the editor starts. The
    editor does not change relations between entities, so that they do not count.
    """
    task = to_task(_bridge(**states))
    assert (annotations, predictions) == (
        len(task["annotations"]),
        len(task.get("predictions", [])),
    )
    assert task["meta"]["statevisit"]["predictions"] == (annotations == 0)


def test_all_documents_may_be_predictions() -> None:
    """`--predictions` has no annotation, even of a document that is done."""
    task = to_task(_bridge(), predictions=True)
    assert ([], 1) == (task["annotations"], len(task["predictions"]))


@pytest.mark.parametrize("states", [{}, {"mentions": PARTIAL}, ALL_NONE])
def test_an_export_that_nobody_touched_changes_nothing(
    tmp_path: Path, cli: Run, states: dict[str, str]
) -> None:
    """The file of `export` can be imported as it is."""
    path = _corpus(tmp_path / "corpus", _bridge(**states))
    before = path.read_bytes()
    tasks = tmp_path / "tasks.json"
    root = ("--path", tmp_path / "corpus")
    assert 0 == cli("label-studio", "export", *root, "-o", tasks).status
    done = cli("label-studio", "import", tasks, *root)
    assert (0, "no changes\n") == (done.status, done.err)
    assert before == path.read_bytes()


def test_an_import_begins_layers(tmp_path: Path, cli: Run) -> None:
    """A layer without records that gets some becomes partial; the states of the others stay."""
    document = _bridge(timexes=NONE, quotations=NONE, event_relations=NONE)
    document = replace(document, events=(), event_chains=(), quantities=())
    path = _corpus(tmp_path / "corpus", document)
    task = _submitted(document, to_task(_bridge())["annotations"][0]["result"])
    (tmp_path / "export.json").write_bytes(orjson.dumps([task]))
    done = cli("label-studio", "import", tmp_path / "export.json", "--path", tmp_path / "corpus")
    assert 0 == done.status, done.err
    states = read_document(path).layers
    begun = ("timexes", "quotations", "event_relations")
    assert dict.fromkeys(begun, PARTIAL) == {layer: states[layer] for layer in begun}
    assert {DONE} == {state for layer, state in states.items() if layer not in begun}


def test_layers_become_done_on_demand(tmp_path: Path, cli: Run) -> None:
    """`--done` sets the state of the layers it names, of texts with a submitted annotation.

    A submitted annotation without a region says that there is nothing to annotate.
    """
    path = _corpus(tmp_path / "corpus", _bridge(**ALL_NONE))
    root, export = ("--path", tmp_path / "corpus"), tmp_path / "export.json"
    export.write_bytes(orjson.dumps([_submitted(_bridge(**ALL_NONE), [])]))
    assert "no changes" in cli("label-studio", "import", export, *root).err
    done = cli("label-studio", "import", export, *root, "--done", "timexes, quantities")
    assert 0 == done.status, done.err
    layers = read_document(path).layers
    assert {"timexes": DONE, "quantities": DONE} == {
        layer: state for layer, state in layers.items() if state != NONE
    }
    export.write_bytes(orjson.dumps([to_task(_bridge(**ALL_NONE))]))
    assert "no changes" in cli("label-studio", "import", export, *root, "--done", "events").err


def _imported(
    base_: Document, results: Results, current: Document | None = None
) -> tuple[Document, list[str]]:
    findings: list[str] = []

    def report(code: str, message: str) -> None:
        findings.append(f"{code} {message}")

    return to_document(saved(results), base_, current or base_, report), findings


SPANS = (
    ("mentions", "visitors", "?"),
    ("timexes", "two years", "DURATION"),
    ("quantities", "7 million euros", "?"),
    ("events", "told", "REPORTING"),
    ("quotations", "It took two years", "?"),
)


def _spans(text: str) -> Results:
    return [
        _region(text, f"new{number}", layer, words, label)
        for number, (layer, words, label) in enumerate(SPANS)
    ]


def test_spans_come_first() -> None:
    """While a layer is not done, a region needs no answer and no label but `?`.

    What is known is kept, and comes back to the byte from the next task.
    """
    document = _bridge(**ALL_NONE)
    imported, findings = _imported(document, _spans(document.text))
    assert [] == findings
    (mention,), (timex,), (quantity,) = imported.mentions, imported.timexes, imported.quantities
    (event,), (quotation,) = imported.events, imported.quotations
    assert (None, None) == (mention.entity, mention.level)
    assert ("DURATION", None) == (timex.type, timex.value)
    assert (None, None) == (quantity.kind, quantity.comparator)
    assert ("REPORTING", None, ()) == (event.class_, event.event, event.arguments)
    assert None is quotation.type
    assert ((), ()) == (imported.entities, imported.event_chains)
    again, findings = _imported(imported, to_results(imported))
    assert (encode(imported), []) == (encode(again), findings)


def test_what_a_done_layer_needs_is_asked_for() -> None:
    """A region without its answers is left out of a layer that is done, as it is now."""
    document = _bridge()
    results = to_results(document)
    imported, findings = _imported(document, results + _spans(document.text))
    assert 5 == len(findings)
    assert {"L102"} == {finding[:4] for finding in findings}
    assert encode(document) == encode(imported)
    partial = _bridge(timexes=PARTIAL)
    imported, findings = _imported(document, results + _spans(document.text), partial)
    assert 4 == len(findings), "the state in the corpus counts"
    assert len(document.timexes) + 1 == len(imported.timexes)


def test_a_label_of_a_mention_makes_an_entity() -> None:
    """The label is kept in a new entity; with `?` and without an entity there is none.

    Of an entity that has no type yet, the label becomes the type.
    """
    document = _bridge(**ALL_NONE)
    results = [
        _region(document.text, "new1", "mentions", "Lena Marsh", "?"),
        _region(document.text, "new2", "mentions", "Springfield", "GPE"),
        _region(document.text, "new3", "mentions", "she", "?"),
    ]
    value = {"text": ["marsh"], "start": 131, "end": 134}
    answer = {"id": "new3", "from_name": "mentions_entity", "type": "textarea", "value": value}
    imported, findings = _imported(document, [*results, answer])
    assert ["L101", "L101"] == [finding[:4] for finding in findings]
    first, second, third = imported.mentions
    assert (None, "springfield", "marsh") == (first.entity, second.entity, third.entity)
    assert ("GPE", None) == (imported["springfield"].type, imported["marsh"].type)
    results = to_results(imported)
    for result in results:
        if result["id"] in (first.id, third.id) and "labels" in result["value"]:
            result["value"]["labels"] = ["PERSON"]
    typed, findings = _imported(imported, results)
    assert "PERSON" == typed["marsh"].type
    assert "PERSON" == typed["lena-marsh"].type
    assert typed[first.id].entity == "lena-marsh"


def test_an_answer_may_be_taken_back() -> None:
    """While the layer is not done, an event without an id is in no chain, and a label may go."""
    document = _bridge(events=PARTIAL, mentions=PARTIAL)
    results = [
        result
        for result in to_results(document)
        if (result.get("id"), result.get("from_name"))
        not in (("ev1", "events_event"), ("m8", "mentions_entity"))
    ]
    for result in results:
        if result.get("id") in ("ev1", "m8") and "labels" in result["value"]:
            result["value"]["labels"] = ["?"]
    imported, findings = _imported(document, results)
    assert {"L106"} == {finding[:4] for finding in findings}, "the groups have no mention left"
    assert (None, None) == (imported["ev1"].event, imported["ev1"].class_)
    assert (None, "NOM") == (imported["m8"].entity, imported["m8"].level)


def test_what_has_no_label_is_not_drawn_and_stays() -> None:
    """An argument without role and an event relation without type are kept."""
    value = json.loads(VALID.read_bytes())
    value["layers"] |= {"events": PARTIAL, "event_relations": PARTIAL}
    del value["events"][0]["arguments"][0]["role"]
    del value["events"][1]["arguments"]
    del value["event_relations"][0]["type"]
    document = convert(value, "bridge", base())
    imported, findings = _imported(document, to_results(document))
    assert (encode(document), []) == (encode(imported), findings)


def test_a_new_entity_must_have_what_its_layer_requires() -> None:
    """The editor cannot give an entity a required attribute, so the document has to."""
    scheme = scheme_from(
        b"base = 2\n[attributes.entities.flag]\ntype = 'string'\nrequired = true", "scheme.toml"
    )
    value = json.loads(VALID.read_bytes())
    for entity in value["entities"]:
        entity["flag"] = "x"
    value["layers"]["mentions"] = PARTIAL
    document = convert(value, "bridge", scheme)
    results = [*to_results(document), _region(document.text, "new", "mentions", "Mayor", "PERSON")]
    imported, (finding,) = _imported(document, results)
    assert encode(document) == encode(imported)
    assert "the new entity 'mayor' needs `flag`" in finding
    value["layers"]["entities"] = PARTIAL
    document = convert(value, "bridge", scheme)
    imported, _ = _imported(document, results)
    assert "mayor" in imported


def test_a_layer_that_lacks_a_value_does_not_become_done(tmp_path: Path, cli: Run) -> None:
    """The finding names what is missing; the annotation is imported all the same."""
    document = _bridge(**ALL_NONE)
    path = _corpus(tmp_path / "corpus", document)
    (tmp_path / "export.json").write_bytes(
        orjson.dumps([_submitted(document, _spans(document.text)[:2])])
    )
    export = ("label-studio", "import", tmp_path / "export.json", "--path", tmp_path / "corpus")
    done = cli(*export, "--done", "timexes,quotations")
    assert 0 == done.status, done.err
    assert "L102 timexes stays partial: " in done.err
    states = read_document(path).layers
    assert (PARTIAL, PARTIAL, DONE) == (
        states["mentions"],
        states["timexes"],
        states["quotations"],
    )


@pytest.mark.parametrize("layer", ["relations", "tokens", "times"])
def test_only_layers_of_the_editor_become_done(tmp_path: Path, cli: Run, layer: str) -> None:
    """The message names the layers that `--done` knows."""
    _corpus(tmp_path / "corpus", _bridge())
    (tmp_path / "export.json").write_text("[]")
    export = ("label-studio", "import", tmp_path / "export.json", "--path", tmp_path / "corpus")
    done = cli(*export, "--done", f"mentions,{layer}")
    assert 2 == done.status
    assert f"'{layer}' is no layer that the editor changes; these are mentions, ent" in done.err
