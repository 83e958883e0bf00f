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
from statevisit.document.scheme import base
from statevisit.document.states import DONE, NONE, PARTIAL
from statevisit.labelstudio.tasks import to_task
from tests.conftest import VALID, Result

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


@pytest.mark.parametrize("layer", ["relations", "tokens", "times"])
def test_only_layers_of_the_editor_become_done(tmp_path: Path, cli: Run, layer: str) -> None:
    """The message names the layers that `--done` knows."""
    _corpus(tmp_path / "corpus", _bridge())
    (tmp_path / "export.json").write_text("[]")
    export = ("label-studio", "import", tmp_path / "export.json", "--path", tmp_path / "corpus")
    done = cli(*export, "--done", f"mentions,{layer}")
    assert 2 == done.status
    assert f"'{layer}' is no layer that the editor changes; these are mentions, ent" in done.err
