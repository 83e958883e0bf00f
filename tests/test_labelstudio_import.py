"""Label Studio files: export, import, other projects' exports, and a server that fails."""

import json
import os
import re
import shutil
import threading
import unicodedata
from collections.abc import Callable, Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import msgspec
import orjson
import pytest
from msgspec.structs import replace

from statevisit.annotation.ingest import ingest
from statevisit.checks.document import check_document
from statevisit.corpus.diff import diff_documents
from statevisit.corpus.documents import write_document
from statevisit.document.codec import encode_value, read_document
from statevisit.document.model import Document
from statevisit.document.scheme import base
from statevisit.errors import FormatError, LabelStudioError
from statevisit.labelstudio.export_files import BLOCK, elements
from statevisit.labelstudio.importer import Options, Update, import_tasks
from statevisit.labelstudio.interface import config
from statevisit.labelstudio.tasks import to_task
from tests.conftest import DOC_ID, Result
from tests.repositories import git
from tests.test_migrate import of_version_1, v0

Run = Callable[..., Result]


def _export(path: Path, *tasks: Any) -> Path:
    path.write_bytes(orjson.dumps(tasks))
    return path


def _annotated(article: Document, *people: str, **task: Any) -> dict[str, Any]:
    """An exported task with an annotation by each person, who changed the unit of q1."""
    exported = to_task(article, "1.0.0", predictions=True)
    annotations = []
    for number, person in enumerate(people):
        result = to_task(article)["annotations"][0]["result"]
        next(r for r in result if r["id"] == "q1" and r["from_name"] == "quantities_unit")["value"][
            "text"
        ] = [f"of {person}"]
        annotations.append(
            {
                "id": number,
                "completed_by": {"email": f"{person}@example.org"},
                "updated_at": f"2024-01-0{number + 1}",
                "was_cancelled": False,
                "result": result,
            }
        )
    return {**exported, "id": 7, "annotations": annotations, **task}


def _import(cli: Run, corpus: Path, export: Path, *options: str) -> Result:
    return cli("label-studio", "import", export, "--path", corpus, *options)


def test_export_and_import_change_nothing(
    corpus: Path, document_file: Path, tmp_path: Path, cli: Run
) -> None:
    """Importing an export without an edit writes no file."""
    before = document_file.read_bytes()
    assert Result(0, "", "") == cli(
        "label-studio", "export", "--path", corpus, "-o", tmp_path / "tasks.json"
    )
    assert Result(0, "", "no changes\n") == _import(cli, corpus, tmp_path / "tasks.json")
    assert before == document_file.read_bytes()
    assert ["tasks.json"] == [
        p.name for p in tmp_path.iterdir() if p.name not in ("corpus", "seeds")
    ], "nothing is left behind"


def test_an_edit_is_shown_and_then_written(
    article: Document, corpus: Path, document_file: Path, tmp_path: Path, cli: Run
) -> None:
    """`--dry-run` prints the change and writes nothing.

    Without it the document is written in canonical form; a second import changes nothing.
    """
    export = _export(tmp_path / "export.json", _annotated(article, "ada"))
    before = document_file.read_bytes()
    dry = _import(cli, corpus, export, "--dry-run")
    assert 0 == dry.status
    assert "~ q1 [135, 140) 'first'  unit: visit → of ada" in dry.out
    assert before == document_file.read_bytes()
    assert f"corpus/documents/{DOC_ID}.json written\n" == _import(cli, corpus, export).err
    assert "of ada" == read_document(document_file)["q1"].unit
    assert "no changes\n" == _import(cli, corpus, export).err


def test_what_changed_here_meanwhile_stays_or_is_a_conflict(
    article: Document, corpus: Path, document_file: Path, tmp_path: Path, cli: Run
) -> None:
    """Changes of the corpus to other records stay.

    A change to the same property is a conflict, and nothing is written until it is decided.
    """
    export = _export(tmp_path / "export.json", _annotated(article, "ada"))
    write_document(
        replace(
            article,
            quantities=(
                replace(article["q1"], unit="journey"),
                replace(article["q2"], unit="head"),
                *article.quantities[2:],
            ),
        ),
        document_file,
    )
    before = document_file.read_bytes()
    stopped = _import(cli, corpus, export)
    assert 1 == stopped.status
    assert before == document_file.read_bytes()
    conflict = "unit was 'visit', is 'of ada' in the annotation and 'journey' in the corpus"
    assert f"L201 q1 in quantities: {conflict}" in stopped.err
    assert "nothing was written: 1 conflict" in stopped.err
    assert 0 == _import(cli, corpus, export, "--ours").status
    assert before == document_file.read_bytes()
    assert 0 == _import(cli, corpus, export, "--theirs").status
    assert ("of ada", "head") == tuple(read_document(document_file)[q].unit for q in ("q1", "q2"))


def test_several_annotators_get_documents_of_their_own(
    article: Document, corpus: Path, document_file: Path, tmp_path: Path, cli: Run
) -> None:
    """The annotations of two people become two documents under corpus/annotators/.

    Each lists its annotator, by a number; the corpus's document is not changed.
    """
    before = document_file.read_bytes()
    done = _import(
        cli, corpus, _export(tmp_path / "export.json", _annotated(article, "ada", "bob"))
    )
    assert 0 == done.status, done.err
    for person, name in (("ada", "annotator-1"), ("bob", "annotator-2")):
        document = read_document(corpus / f"corpus/annotators/{name}/{DOC_ID}.json")
        unit, annotators = f"of {person}", (*article.annotators, name)
        assert (unit, annotators) == (document["q1"].unit, document.annotators)
    assert before == document_file.read_bytes()


def test_skipped_older_and_unfinished_annotations_are_set_aside(
    article: Document, corpus: Path, document_file: Path, tmp_path: Path, cli: Run
) -> None:
    """One annotation of a person counts: the latest that is neither skipped nor empty.

    The others and the drafts are reported.
    """
    task = _annotated(article, "ada", "ada", "bob", drafts=[{"result": []}])
    task["annotations"][1]["result"] = []
    task["annotations"][2]["was_cancelled"] = True
    done = _import(cli, corpus, _export(tmp_path / "export.json", task))
    assert 0 == done.status, done.err
    assert 2 == done.err.count("L108"), done.err
    assert "of ada" == read_document(document_file)["q1"].unit


def test_an_annotator_can_be_credited(
    article: Document, corpus: Path, document_file: Path, tmp_path: Path, cli: Run
) -> None:
    """`--annotator` adds a listed annotator to changed documents; an unlisted one is refused."""
    export = _export(tmp_path / "export.json", _annotated(article, "ada"))
    people = orjson.loads((corpus / "corpus/annotators.json").read_bytes())
    people["annotators"].append({**people["annotators"][0], "id": (listed := "ada")})
    (corpus / "corpus/annotators.json").write_bytes(orjson.dumps(people))
    assert "not in" in _import(cli, corpus, export, "--annotator", "nobody").err
    assert 0 == _import(cli, corpus, export, "--annotator", listed).status
    assert (*article.annotators, listed) == read_document(document_file).annotators


def test_a_task_that_was_tampered_with_is_refused(
    article: Document, corpus: Path, document_file: Path, tmp_path: Path, cli: Run
) -> None:
    """A changed text or base and a newer schema are refused with one message.

    The other tasks of the file are imported.
    """
    before = document_file.read_bytes()
    good = _annotated(replace(article, id="other"), "ada")
    write_document(replace(article, id="other"), document_file.with_name("other.json"))
    for change, message in (
        (lambda t: t["data"].update(text="x" + t["data"]["text"]), "was changed after the export"),
        (
            lambda t: t["meta"]["statevisit"].update(
                base=t["meta"]["statevisit"]["base"].replace("2024-02-19", "2024-02-20")
            ),
            "was changed after the export",
        ),
        (
            lambda t: t["meta"]["statevisit"].update(
                base="{", base_sha256=sha256(b"{").hexdigest()
            ),
            "the base in `meta.statevisit` cannot be read",
        ),
        (lambda t: t["meta"]["statevisit"].update(schema_version=9), "newer than version"),
        (lambda t: t["meta"]["statevisit"].pop("base"), "`meta.statevisit` has no `base`"),
        (lambda t: t.update(meta={}), "--mapping FILE"),
        (lambda t: t.update(annotations=None), "no list `annotations`"),
    ):
        bad = _annotated(article, "ada")
        change(bad)
        result = _import(cli, corpus, _export(tmp_path / "export.json", bad, good))
        assert (1, "") == (result.status, result.out)
        assert message in result.err
        assert "of ada" == read_document(document_file.with_name("other.json"))["q1"].unit
        assert "Traceback" not in result.err
        assert before == document_file.read_bytes()


def test_a_task_of_an_older_schema_is_read(
    article: Document, corpus: Path, document_file: Path, tmp_path: Path, cli: Run
) -> None:
    """A task that was pushed before the schema changed is migrated."""
    article = of_version_1(article)
    write_document(article, document_file)
    task, old = _annotated(article, "ada"), encode_value(v0(article))
    base = old.decode().replace(
        f'\n"text":{orjson.dumps(article.text).decode()},\n', '\n"text":"",\n'
    )
    task["meta"]["statevisit"].update(
        schema_version=0, base=base, base_sha256=sha256(old).hexdigest()
    )
    done = _import(cli, corpus, _export(tmp_path / "export.json", task))
    assert (0, "", "of ada") == (done.status, done.out, read_document(document_file)["q1"].unit), (
        done.err
    )
    assert [("changed", "q1")] == [
        (c.kind, c.record) for c in diff_documents(article, read_document(document_file))
    ]


def test_a_document_that_comes_back_twice_is_changed_twice(
    article: Document, corpus: Path, document_file: Path, tmp_path: Path, cli: Run
) -> None:
    """Two tasks of one document are both imported: the changes of the second one are added."""
    one, two = _annotated(article, "ada"), _annotated(article, "ada")
    two["annotations"][0]["result"] = [
        r
        for r in to_task(article)["annotations"][0]["result"]
        if "m6" not in (r.get("id"), r.get("from_id"), r.get("to_id"))
    ]
    done = _import(cli, corpus, _export(tmp_path / "export.json", one, two))
    assert 0 == done.status, done.err
    document = read_document(document_file)
    assert ("of ada", False) == (document["q1"].unit, "m6" in document)


@pytest.mark.slow
def test_on_all_cores_it_is_the_same(
    article: Document, corpus: Path, document_file: Path, tmp_path: Path, cli: Run
) -> None:
    """Importing in several processes gives the same files, order and messages as in one."""
    copies = [replace(article, id=f"copy-{n:02}") for n in range(40)]
    for document in copies:
        write_document(document, document_file.with_name(f"{document.id}.json"))
    tasks = [_annotated(document, "ada") for document in copies]
    broken = _import(
        cli,
        corpus,
        _export(
            tmp_path / "export.json", *tasks[:30], {**tasks[30], "annotations": None}, *tasks[31:]
        ),
    )
    assert 1 == broken.status
    assert "no list `annotations`" in broken.err
    assert "Traceback" not in broken.err
    good = [document for document in copies if document.id != "copy-30"]
    written = [f"corpus/documents/{document.id}.json written" for document in good]
    assert written == broken.err.splitlines()[:-1]
    for document in copies:
        write_document(document, document_file.with_name(f"{document.id}.json"))
    done = _import(cli, corpus, _export(tmp_path / "export.json", *tasks))
    assert [f"corpus/documents/{d.id}.json written" for d in copies] == done.err.splitlines()
    assert {"of ada"} == {
        read_document(document_file.with_name(f"{d.id}.json"))["q1"].unit for d in copies
    }


@pytest.mark.parametrize("options", [("--theirs",), ()], ids=["theirs", "undecided"])
def test_a_document_that_the_corpus_lacks_is_checked_against_the_schema(
    article: Document, corpus: Path, tmp_path: Path, cli: Run, options: tuple[str, ...]
) -> None:
    """A task with an invalid base is refused, whether or not its conflict is decided.

    Its id may be a path that leads out of the corpus.
    """
    strange = replace(article, id="../../elsewhere")
    done = _import(
        cli, corpus, _export(tmp_path / "export.json", _annotated(strange, "ada")), *options
    )
    assert 1 == done.status
    assert "E104" in done.err
    assert "nothing was written" in done.err
    assert not (tmp_path / "elsewhere.json").exists()
    assert not list(tmp_path.rglob("elsewhere*"))


def test_the_library_imports_tasks(
    article: Document,
    corpus: Path,
    document_file: Path,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """`import_tasks` returns the files that it wrote and prints nothing.

    `done` gets the changes of every task; a dry run and a conflict write nothing.
    """
    tasks = [("task 7", _annotated(article, "ada"))]
    updates: list[list[Update]] = []
    assert [] == import_tasks(tasks, corpus, done=updates.append, dry_run=True)
    ((update,),) = updates
    file = f"corpus/documents/{DOC_ID}.json"
    assert (DOC_ID, file, [], []) == (
        update.document,
        update.file,
        update.findings,
        update.problems,
    )
    assert [("changed", "quantities", "q1")] == [
        (c.kind, c.layer, c.record) for c in update.changes
    ]
    edited = replace(article["q1"], unit="journey")
    write_document(replace(article, quantities=(edited, *article.quantities[1:])), document_file)
    with pytest.raises(LabelStudioError, match="nothing was written: 1 conflict in"):
        import_tasks(tasks, corpus)
    assert "journey" == read_document(document_file)["q1"].unit
    assert [file] == import_tasks(tasks, corpus, Options(prefer="theirs"))
    assert "of ada" == read_document(document_file)["q1"].unit
    assert ("", "") == tuple(capfd.readouterr())


REFUSED = {
    "min.json": (
        '[{"text": "x", "id": 1, "annotator": 1, "annotation_id": 1, "label": []}]',
        "a JSON_MIN export",
    ),
    "x.csv": (
        "annotation_id,annotator,created_at,id,label,text\n1,1,x,1,x,x\n",
        "a CSV or TSV export",
    ),
    "x.tsv": ("annotation_id\tannotator\tid\n1\t1\t1\n", "a CSV or TSV export"),
    "x.conll": ("-DOCSTART- -X- O\nBaku -X- _ B-LOC\n", "a CoNLL export"),
    "one.json": ('{"id": 1, "data": {}}', "one JSON object"),
    "broken.json": ('[{"data": {"text": "x"}, "annotations": [', "not a JSON array of tasks"),
    "empty.json": ("", "not a JSON array of tasks"),
    "list.json": ("[1]", "not a task"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_other_exports_are_refused_with_what_to_do(
    corpus: Path, tmp_path: Path, cli: Run, name: str
) -> None:
    """Other formats are recognised, and the message says how to export."""
    text, message = REFUSED[name]
    (tmp_path / name).write_text(text)
    result = _import(cli, corpus, tmp_path / name)
    assert (1, "") == (result.status, result.out)
    assert name in result.err
    assert message in result.err
    assert 1 == result.err.count("\n")


@pytest.mark.slow
@pytest.mark.parametrize("block", [7, 100_000, BLOCK])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("indent", [None, 1])
def test_a_large_export_is_read_task_by_task(
    article: Document,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    block: int,
    encoding: str,
    indent: int | None,
) -> None:
    """Tasks are read one by one, whatever the layout and the size of a block."""
    monkeypatch.setattr("statevisit.labelstudio.export_files.BLOCK", block)
    tasks = [{**to_task(article), "id": n, "note": '"]}, [{"'} for n in range(3)]
    path = tmp_path / "big.json"
    path.write_text(json.dumps(tasks, indent=indent, ensure_ascii=False), encoding=encoding)
    data = path.read_bytes()
    positions = list(elements(path))
    assert tasks == [json.loads(data[e.offset : e.offset + e.size]) for e in positions]
    assert [0, 1, 2] == [e.parsed()[1]["id"] for e in positions]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1", "the array is not closed"),
        ("[1,", "truncated"),
        ("[1,]", "malformed"),
        ("[1 2]", "expected a comma or ], not 2"),
        ("[1] 2", "text follows the end of the array"),
        ("1", "expected [, not 1"),
        ("é", "expected [, not"),
        ("", "expected [, not the end"),
    ],
)
def test_a_malformed_array_is_refused(tmp_path: Path, text: str, message: str) -> None:
    """The message names the file and says where the array is wrong."""
    path = tmp_path / "export.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=f"{path}: not a JSON array of .*{re.escape(message)}"):
        list(elements(path))


@pytest.mark.parametrize("text", ["[]", " [ ] \n"])
def test_an_empty_array_has_no_tasks(tmp_path: Path, text: str) -> None:
    """The export of an empty project is read."""
    (tmp_path / "export.json").write_text(text)
    assert [] == list(elements(tmp_path / "export.json"))


@pytest.mark.parametrize(
    "value", ["1", '"a"', '"\\u00e9\\"]"', "[1, [2]]", '{"a": {"b": "é]🎉"}}', "null", "-1.5e3"]
)
@pytest.mark.parametrize("rest", [",", "]", " ,", "\n]", "}", "x", '"'])
def test_msgspec_says_where_a_value_ends(value: str, rest: str) -> None:
    """The position in msgspec's error message is the one after the first byte behind the value.

    Reading an export depends on this message. If a newer msgspec changes it, keep the upper bound
    in pyproject.toml.
    """
    data = value.encode()
    behind = len(data) + len(rest) - len(rest.lstrip())
    with pytest.raises(msgspec.DecodeError, match=rf"trailing characters \(byte {behind + 1}\)$"):
        msgspec.json.decode(data + rest.encode(), type=msgspec.Raw)


FOREIGN = """
[labels]
PER = "PERSON"
When = "DATE"
Ev = "OCCURRENCE"
[relations]
starts = "← TIME"
[choices.certainty]
property = "mentions.level"
name = "NAM"
[choices.norm]
property = "timexes.value"
"""


def test_another_project_is_read_with_a_mapping(
    article: Document, corpus: Path, document_file: Path, tmp_path: Path, cli: Run
) -> None:
    """Labels, relations and answers that the mapping names are added to the document.

    The others are reported.
    """

    def region(name: str, words: str, label: str) -> dict[str, Any]:
        start = article.text.index(words)
        return {
            "id": name,
            "from_name": "label",
            "to_name": "t",
            "type": "labels",
            "value": {"start": start, "end": start + len(words), "text": words, "labels": [label]},
        }

    result = [
        region("a", "Ilham", "PER"),
        {
            "id": "a",
            "from_name": "certainty",
            "to_name": "t",
            "type": "choices",
            "value": {"choices": ["name"]},
        },
        region("b", "official", "When"),
        {
            "id": "b",
            "from_name": "norm",
            "to_name": "t",
            "type": "textarea",
            "value": {"text": ["2024"]},
        },
        region("c", "welcomed", "Ev"),
        region("d", "Monday", "Money"),
        {
            "from_id": "b",
            "to_id": "c",
            "type": "relation",
            "direction": "right",
            "labels": ["starts"],
        },
        {"from_id": "b", "to_id": "a", "type": "relation", "direction": "right"},
    ]
    (tmp_path / "mapping.toml").write_text(FOREIGN, encoding="utf-8")
    export = _export(
        tmp_path / "foreign.json",
        {
            "id": 3,
            "data": {"t": article.text, "url": "x"},
            "annotations": [{"id": 1, "completed_by": 1, "result": result}],
        },
    )
    done = _import(cli, corpus, export, "--mapping", str(tmp_path / "mapping.toml"))
    assert 0 == done.status, done.err
    document = read_document(document_file)
    assert ("Ilham", "ilham", "2024", "official") == (
        document["m109"].text,
        document["m109"].entity,
        document["t16"].value,
        document["t16"].text,
    )
    assert ("TIME", "t16") in {(a.role, a.target) for a in document["ev1"].arguments}
    assert len(article.events) == len(document.events)
    assert "the mapping has no label 'Money'" in done.err
    assert "a relation without a label" in done.err
    assert "L101" in done.err
    assert (
        "no changes\n"
        in _import(cli, corpus, export, "--mapping", str(tmp_path / "mapping.toml")).err
    )
    unknown = _export(
        tmp_path / "foreign.json", {"id": 3, "data": {"t": "another text"}, "annotations": []}
    )
    assert (
        "no document of the corpus has this text"
        in _import(cli, corpus, unknown, "--mapping", str(tmp_path / "mapping.toml")).err
    )


@pytest.mark.parametrize("kind", ["labels", "choices", "textarea", "relation", "rating", ["x"]])
@pytest.mark.parametrize("part", [None, 5, "x", [], [["x"]], {"start": []}])
def test_damaged_results_of_another_project_are_reported(
    article: Document, corpus: Path, tmp_path: Path, cli: Run, kind: Any, part: Any
) -> None:
    """Results of any form are reported, without a traceback; nothing used is exit status 1."""
    (tmp_path / "mapping.toml").write_text(FOREIGN, encoding="utf-8")
    value = part if part != {"start": []} else {"start": [], "end": {}, "labels": ["PER"]}
    result = [
        {"id": part, "type": kind, "from_name": part, "value": value, "labels": part},
        {"id": "a", "type": kind, "from_name": "norm", "value": {"labels": part, "text": part}},
        {"from_id": part, "to_id": "a", "type": kind, "labels": part, "direction": part},
        part,
    ]
    task = {"id": 3, "data": {"t": article.text}, "annotations": [{"id": 1, "result": result}]}
    export = _export(tmp_path / "foreign.json", task)
    done = _import(cli, corpus, export, "--mapping", str(tmp_path / "mapping.toml"))
    assert 1 == done.status
    assert "nothing was written: " in done.err
    assert "annotation 1: none of its results could be used" in done.err
    assert "L104" in done.err
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("labels = 3", "not a mapping"),
        ('[labels]\nPER = "HUMAN"', "unknown label 'HUMAN'"),
        ('[relations]\nx = "OF"', "unknown relation 'OF'"),
        ('[defaults]\n"mentions.x" = "1"', "unknown property 'mentions.x'"),
        ("[labels", "not a mapping"),
    ],
)
def test_a_wrong_mapping_is_one_message(
    article: Document, corpus: Path, tmp_path: Path, cli: Run, text: str, message: str
) -> None:
    """A mapping that is not TOML or uses unknown names is refused, with the known names."""
    (tmp_path / "mapping.toml").write_text(text)
    result = _import(
        cli, corpus, _export(tmp_path / "x.json"), "--mapping", str(tmp_path / "mapping.toml")
    )
    assert 1 == result.status
    assert message in result.err
    assert "mapping.toml" in result.err


class _Failing(BaseHTTPRequestHandler):
    """A server with a project that fails in a `mode` when tasks are imported or listed."""

    mode = "500"

    def _send(self, status: int, value: Any) -> None:
        body = orjson.dumps(value)
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _answer(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "/import" in self.path or (
            "/api/tasks" in self.path and self.command == "GET" and "fields=all" in self.path
        ):
            if self.mode == "500":
                return self._send(500, {"detail": "Something broke"})
            if self.mode == "html":
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(b"<html>")
            return self.connection.close()
        if "/api/projects/1" in self.path:
            return self._send(
                200, {"id": 1, "title": "p", "task_number": 1, "label_config": config(base())}
            )
        if "/api/projects" in self.path:
            return self._send(
                200,
                {
                    "count": 1,
                    "results": []
                    if "page=2" in self.path
                    else [{"id": 1, "title": "p", "label_config": config(base())}],
                },
            )
        if "/api/tasks" in self.path:
            return self._send(
                200, {"total": 0, "total_annotations": 0, "total_predictions": 0, "tasks": []}
            )
        self._send(200, [] if "/api/users" in self.path else {"id": 1, "email": "x@example.org"})

    do_GET = do_POST = _answer

    def log_message(self, *_: Any) -> None:
        """Print nothing."""


@pytest.fixture
def failing() -> Iterator[str]:
    """The address of a server that fails."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Failing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("500", "failed with status 500"),
        ("gone", "cannot be reached"),
        ("html", "does not answer like a Label Studio server"),
    ],
)
def test_a_server_that_fails_is_one_message(
    corpus: Path,
    document_file: Path,
    failing: str,
    cli: Run,
    monkeypatch: pytest.MonkeyPatch,
    mode: str,
    message: str,
) -> None:
    """A server that fails, disconnects or sends nonsense gives one message.

    Nothing in the corpus changes.
    """
    monkeypatch.setattr(_Failing, "mode", mode)
    before = document_file.read_bytes()
    for command in ("push", "pull"):
        result = cli(
            "label-studio",
            command,
            "--path",
            corpus,
            "--url",
            failing,
            "--token",
            "t",
            "--project",
            "p",
        )
        assert (1, "") == (result.status, result.out), result
        assert message in result.err, result.err
        assert 1 == result.err.count("\n")
        assert failing in result.err
        assert "Traceback" not in result.err
    assert before == document_file.read_bytes()


@pytest.mark.slow
def test_ctrl_c_says_what_was_done(
    corpus: Path, failing: str, cli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ctrl-C in a push says that the pushed tasks stay, and how to continue."""

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("statevisit.labelstudio.client.Server.push", interrupted)
    result = cli(
        "label-studio", "push", "--path", corpus, "--url", failing, "--token", "t", "--project", "p"
    )
    assert (1, "") == (result.status, result.out)
    assert "push again to continue" in result.err
    assert "nothing was changed" not in result.err


def test_a_server_or_token_must_be_named(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an address or a token the message names the variable to set."""
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    monkeypatch.delenv("LABEL_STUDIO_API_KEY", raising=False)
    result = cli("label-studio", "pull")
    assert 2 == result.status
    assert "LABEL_STUDIO_URL" in result.err


MAPPING = """
[labels]
Town = "GPE"
When = "DATE"
[defaults]
"mentions.level" = "NAM"
"""

TEXT = "Ida Möller met Jo.\n\nThey left Zürich & went to Oslo by train."


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A corpus of the document `trip`, and the file `mapping.toml`."""
    root = tmp_path / "small"
    (root / "corpus/documents").mkdir(parents=True)
    seed = f" date 2024-05-06 {TEXT}".encode()
    write_document(ingest(seed, "trip.txt", "trip"), root / "corpus/documents/trip.json")
    (root / "mapping.toml").write_text(MAPPING, encoding="utf-8")
    return root


def _town(name: str, text: str, words: str, **changes: Any) -> dict[str, Any]:
    """A region of another project."""
    start = text.index(words)
    value = {"start": start, "end": start + len(words), "text": words, "labels": ["Town"]}
    return {
        "id": name,
        "from_name": "label",
        "to_name": "text",
        "type": "labels",
        "value": {**value, **changes},
    }


def _foreign(root: Path, text: str, *results: Any, **data: str) -> Path:
    task = {"id": 5, "data": {"text": text, **data}}
    annotation = {"id": 1, "completed_by": 2, "result": results}
    return _export(root / "foreign.json", {**task, "annotations": [annotation]})


def _import_small(cli: Run, root: Path, export: Path, *options: str) -> Result:
    return _import(cli, root, export, "--mapping", str(root / "mapping.toml"), *options)


def _mentions(root: Path) -> list[str]:
    document = read_document(root / "corpus/documents/trip.json")
    return [mention.text for mention in document.mentions]


@pytest.mark.parametrize(
    "form",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: unicodedata.normalize("NFD", text),
        lambda text: unicodedata.normalize("NFD", "\ufeff" + text.replace("\n", "\r\n") + "\r\n"),
    ],
    ids=["CRLF", "BOM", "NFD", "all"],
)
def test_a_text_is_found_through_its_normalisation(
    small: Path, cli: Run, form: Callable[[str], str]
) -> None:
    """An export of the text with CRLF, a BOM or in NFD finds its document and the right words."""
    shown = form(TEXT)
    words = [
        unicodedata.normalize("NFD", w) if "u\u0308" in shown else w for w in ("Zürich", "Oslo")
    ]
    results = [_town(f"r{n}", shown, word) for n, word in enumerate(words)]
    done = _import_small(cli, small, _foreign(small, shown, *results))
    assert 0 == done.status, done.err
    assert ["Zürich", "Oslo"] == _mentions(small)
    assert "L104" not in done.err


def test_a_layer_that_gets_records_is_begun(small: Path, cli: Run) -> None:
    """A text that nobody had annotated gets a partial layer; its record needs its span only."""
    done = _import_small(
        cli, small, _foreign(small, TEXT, _town("a", TEXT, "Oslo", labels=["When"]))
    )
    assert 0 == done.status, done.err
    document = read_document(small / "corpus/documents/trip.json")
    assert [("Oslo", None)] == [(timex.text, timex.value) for timex in document.timexes]
    begun = [layer for layer, state in document.layers.items() if state != "none"]
    assert (["timexes"], "partial") == (begun, document.layers["timexes"])


HTML = (
    "<body><p>Ida Möller met <b>Jo</b>.</p>\n<p>They left Zürich &amp; went to Oslo by train.</p>"
)


def _html_region(name: str, words: str, **changes: Any) -> dict[str, Any]:
    content = "Ida Möller met Jo.\nThey left Zürich & went to Oslo by train."
    start = content.index(words)
    value = {
        "start": "/p[1]/text()[1]",
        "end": "/p[1]/text()[1]",
        "startOffset": 3,
        "endOffset": 9,
        "globalOffsets": {"start": float(start), "end": start + len(words)},
        "text": words,
        "hypertextlabels": ["Town"],
        **changes,
    }
    return {"id": name, "from_name": "label", "type": "hypertextlabels", "value": value}


def test_regions_of_html_are_read_through_global_offsets(small: Path, cli: Run) -> None:
    """Regions in HTML lead to the document with its text; words that differ are left out."""
    regions = [_html_region("a", "Zürich"), _html_region("b", "Oslo", text="Rome")]
    done = _import_small(cli, small, _foreign(small, HTML, *regions))
    assert 0 == done.status, done.err
    assert ["Zürich"] == _mentions(small)
    assert "L104 hypertextlabels b: its text is 'Rome', but 'Oslo' stands at" in done.err


@pytest.mark.parametrize(
    ("region", "reason"),
    [
        (
            _html_region("a", "Oslo", globalOffsets=None),
            "hypertextlabels a: a region of HTML without",
        ),
        (_html_region("a", "Oslo", text=None), "hypertextlabels a: a region of HTML without"),
        (_town("a", TEXT, "Oslo", start=0.5), "labels a: 0.5 and"),
        (_town("a", TEXT, "Oslo", end=999), "999) is not within the text of"),
        (_town("a", TEXT, "Oslo", labels=["City"]), "the mapping has no label 'City'"),
        ({"id": "a", "type": "rating", "value": {"rating": 3}}, "the mapping has no place for it"),
        ({"id": "a", "type": "rectanglelabels", "value": {"x": 3}}, "rectanglelabels a: "),
    ],
)
def test_nothing_used_of_an_annotation_is_an_error(
    small: Path, cli: Run, region: dict[str, Any], reason: str
) -> None:
    """If nothing of an annotation can be used, the exit status is 1, and the reason is named."""
    done = _import_small(cli, small, _foreign(small, TEXT, region, html=HTML))
    assert 1 == done.status
    assert reason in done.err
    assert "annotation 1: none of its results could be used" in done.err
    assert [] == _mentions(small)


def test_an_annotation_that_has_come_already_is_used(small: Path, cli: Run) -> None:
    """Importing the same annotation again changes nothing and is no error."""
    export = _foreign(small, TEXT, _town("a", TEXT, "Oslo"))
    assert 0 == _import_small(cli, small, export).status
    again = _import_small(cli, small, export)
    assert (0, "no changes\n") == (again.status, again.err)


def _friday(document: Document) -> Document:
    """The document with a warning (W511) that it has had for long."""
    times = [replace(t, anchor=None) if t.id == "t2" else t for t in document.timexes]
    return replace(document, timexes=tuple(times))


def test_warnings_do_not_stop_an_import(
    article: Document, corpus: Path, document_file: Path, tmp_path: Path, cli: Run
) -> None:
    """A warning is shown, and the change is imported."""
    document = _friday(article)
    assert {"W511"} == {code for code, _, _ in check_document(document)}
    write_document(document, document_file)
    done = _import(cli, corpus, _export(tmp_path / "export.json", _annotated(document, "ada")))
    assert 0 == done.status, done.err
    assert "W511" in done.err
    assert "of ada" == read_document(document_file)["q1"].unit


def test_only_errors_that_an_import_adds_stop_a_document(
    article: Document, corpus: Path, document_file: Path, tmp_path: Path, cli: Run
) -> None:
    """Errors that the document had stay, and stop nothing; a new one stops its document only."""
    wrong = replace(article["q2"], value="7")
    quantities = (article["q1"], wrong, *article.quantities[2:])
    broken = replace(article, id="broken", quantities=quantities)
    write_document(broken, document_file.with_name("broken.json"))
    good, bad = _annotated(broken, "ada"), _annotated(article, "ada")
    for result in bad["annotations"][0]["result"]:
        if (result.get("id"), result.get("from_name")) == ("q2", "quantities_value"):
            result["value"]["text"] = ["7"]
    before = document_file.read_bytes()
    done = _import(cli, corpus, _export(tmp_path / "export.json", bad, good))
    assert 1 == done.status
    assert 2 == done.err.count("E504"), done.err
    file = f"corpus/documents/{DOC_ID}.json"
    assert "corpus/documents/broken.json written" in done.err
    assert f"statevisit: not imported: {file} would have 1 error" in done.err
    assert before == document_file.read_bytes()
    assert "of ada" == read_document(document_file.with_name("broken.json"))["q1"].unit


def test_tasks_that_cannot_be_used_are_named_once(small: Path, cli: Run) -> None:
    """Tasks with one problem are one line, and the others are imported."""
    good = orjson.loads(_foreign(small, TEXT, _town("a", TEXT, "Oslo")).read_bytes())[0]
    others = [{**good, "id": number, "data": {"text": "another"}} for number in range(6, 9)]
    done = _import_small(cli, small, _export(small / "foreign.json", *others, good))
    assert 1 == done.status
    assert ["Oslo"] == _mentions(small)
    assert "task 6 and 2 more: no document of the corpus has this text" in done.err
    assert 1 == done.err.count("no document of the corpus")


def test_a_dry_run_writes_nothing_anywhere(
    article: Document, corpus: Path, tmp_path: Path, cli: Run
) -> None:
    """A dry run touches no directory of the corpus, even with new annotators."""
    export = _export(tmp_path / "export.json", _annotated(article, "ada", "bob"))
    before = {path: path.stat().st_mtime_ns for path in (corpus, *corpus.rglob("*"))}
    assert 0 == _import(cli, corpus, export, "--dry-run").status
    assert before == {path: path.stat().st_mtime_ns for path in (corpus, *corpus.rglob("*"))}


def _people(corpus: Path) -> Any:
    return json.loads((corpus / ".statevisit/annotators.json").read_bytes())


def _units(corpus: Path) -> dict[str, str]:
    """The unit of q1 in the document of each annotator."""
    paths = (corpus / "corpus/annotators").glob(f"*/{DOC_ID}.json")
    return {path.parent.name: read_document(path)["q1"].unit for path in paths}


def _of_people(article: Document, *users: Any) -> dict[str, Any]:
    task = _annotated(article, *(f"n{number}" for number in range(len(users))))
    for annotation, user in zip(task["annotations"], users, strict=True):
        annotation["completed_by"] = user
    return task


def test_addresses_become_numbers_and_stay_private(
    article: Document, corpus: Path, tmp_path: Path, cli: Run
) -> None:
    """People whose addresses look alike are two annotators, and no address is published.

    The next import gives them the same numbers, whatever the order, and a new person the next one.
    The file that says who they are is readable by its owner only, and Git ignores it.
    """
    shutil.rmtree(corpus / "corpus/annotators", ignore_errors=True)
    first, second = {"email": "a.b@x.org", "id": 3}, {"email": "a-b@x.org", "id": 4}
    done = _import(cli, corpus, _export(tmp_path / "e.json", _of_people(article, first, second)))
    assert 0 == done.status, done.err
    assert {"annotator-1": "of n0", "annotator-2": "of n1"} == _units(corpus)
    third = {"email": "c@x.org"}
    again = _of_people(article, third, second, {"email": "A.B@x.org"})
    assert 0 == _import(cli, corpus, _export(tmp_path / "e.json", again)).status
    assert {"annotator-1": "of n2", "annotator-2": "of n1", "annotator-3": "of n0"} == _units(
        corpus
    )
    people = {"a.b@x.org": 1, "a-b@x.org": 2, "c@x.org": 3}
    assert {who: f"annotator-{number}" for who, number in people.items()} == _people(corpus)
    assert 0o700 == (corpus / ".statevisit").stat().st_mode & 0o777
    assert "*\n" == (corpus / ".statevisit/.gitignore").read_text()
    git(corpus, "init", "-q")
    git(corpus, "add", "--all")
    assert ".statevisit" not in git(corpus, "ls-files")
    published = [path for path in (corpus / "corpus").rglob("*.json") if path.is_file()]
    assert [] == [path for path in published if "x.org" in path.read_text(encoding="utf-8")]
    assert "x.org" not in done.err


def test_a_name_can_be_given(article: Document, corpus: Path, tmp_path: Path, cli: Run) -> None:
    """`--annotator ADDRESS=NAME` names people; one who has documents keeps the earlier name."""
    shutil.rmtree(corpus / "corpus/annotators", ignore_errors=True)
    task = _of_people(article, {"email": "ada@x.org"}, {"email": "bob@x.org"})
    export = _export(tmp_path / "e.json", task)
    assert 0 == _import(cli, corpus, export, "--annotator", "Ada@x.org=ada").status
    assert {"ada": "of n0", "annotator-1": "of n1"} == _units(corpus)
    for given, problem in (
        ("bob@x.org=ada", "ada is another annotator"),
        ("bob@x.org=bob", "bob is annotator-1 already"),
        ("bob@x.org=../bob", "cannot be a name"),
    ):
        refused = _import(cli, corpus, export, "--annotator", given)
        assert (1, 1) == (refused.status, refused.err.count("\n"))
        assert problem in refused.err
    assert 2 == _import(cli, corpus, export, "--annotator", "x", "--annotator", "y").status


def test_annotators_of_earlier_versions_stay_who_they_are(
    article: Document, corpus: Path, tmp_path: Path, cli: Run
) -> None:
    """A directory named after an address is recognised; other people get other names."""
    shutil.rmtree(corpus / "corpus/annotators", ignore_errors=True)
    earlier = corpus / f"corpus/annotators/a-b-x-org/{DOC_ID}.json"
    earlier.parent.mkdir(parents=True)
    write_document(article, earlier)
    users = [{"email": "a.b@x.org"}, {"email": "a-b@x.org"}, {"username": "eve"}, 7, 8.0]
    done = _import(cli, corpus, _export(tmp_path / "e.json", _of_people(article, *users)))
    assert 0 == done.status, done.err
    names = ["a-b-x-org", "annotator-1", "eve", "user-7", "user-8"]
    assert {name: f"of n{number}" for number, name in enumerate(names)} == _units(corpus)


@pytest.mark.slow
def test_several_processes_name_people_alike(
    article: Document, corpus: Path, document_file: Path, tmp_path: Path, cli: Run
) -> None:
    """Numbers follow the order of the tasks, however many processes do the work."""
    documents = [replace(article, id=f"copy-{number:02}") for number in range(20)]
    tasks = []
    for number, document in enumerate(documents):
        write_document(document, document_file.with_name(f"{document.id}.json"))
        users = [{"email": f"{n}@x.org"} for n in (number, number + 1)]
        tasks.append(_of_people(document, *users))
    done = _import(cli, corpus, _export(tmp_path / "e.json", *tasks))
    assert 0 == done.status, done.err
    assert {f"{n}@x.org": f"annotator-{n + 1}" for n in range(21)} == _people(corpus)


def test_a_task_may_be_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A task above the limit is refused before it is in memory, wherever it is in the file."""
    path = _export(tmp_path / "e.json", {"id": 1}, {"text": "x" * 5_000_000})
    assert 2 == len(list(elements(path)))
    monkeypatch.setenv("STATEVISIT_MAX_MB", "2")
    with pytest.raises(FormatError, match=r"the task at byte 10 is larger than 2 MB.*or set"):
        list(elements(path))


def test_an_export_must_be_a_regular_file(small: Path, cli: Run) -> None:
    """A pipe without a writer does not make the import wait."""
    os.mkfifo(small / "pipe")
    result = _import_small(cli, small, small / "pipe")
    assert (1, 1) == (result.status, result.err.count("\n"))
    assert "not a regular file" in result.err
