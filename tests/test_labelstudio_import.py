"""Label Studio files: export, import, other people's exports, and a server that fails."""

import json
import threading
from collections.abc import Callable, Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from statevisit.codec import encode_value, read_document, write_document
from statevisit.diff import diff_documents
from statevisit.labelstudio.config import config
from statevisit.labelstudio.exported import elements
from statevisit.labelstudio.tasks import to_task
from statevisit.model import Document
from tests.conftest import DOC_ID, Result
from tests.test_migrate import v0

Run = Callable[..., Result]


def _export(path: Path, *tasks: Any) -> Path:
    path.write_bytes(orjson.dumps(tasks))
    return path


def _annotated(article: Document, *people: str, **task: Any) -> dict[str, Any]:
    """A task that came back, with an annotation for each of several people; each moved the unit of q1 their way."""
    made = to_task(article, "1.0.0", predictions=True)
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
    return {**made, "id": 7, "annotations": annotations, **task}


def _import(cli: Run, corpus: Path, export: Path, *options: str) -> Result:
    return cli("label-studio", "import", export, "--path", corpus, *options)


def test_export_and_import_change_nothing(
    corpus: Path, document_file: Path, tmp_path: Path, cli: Run
) -> None:
    """Exported and imported without an edit, no file is written."""
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
    """`--dry-run` prints the change and writes nothing; without it the document is written, canonical; a second import changes nothing."""
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
    """Another record that changed in the corpus stays; the same property is a conflict that stops everything until it is decided."""
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
    assert (
        "L201 q1 in quantities: unit was 'visit', is 'of ada' in the annotation and 'journey' in the corpus"
        in stopped.err
    )
    assert "nothing was written: 1 conflict" in stopped.err
    assert 0 == _import(cli, corpus, export, "--ours").status
    assert before == document_file.read_bytes()
    assert 0 == _import(cli, corpus, export, "--theirs").status
    assert ("of ada", "head") == tuple(read_document(document_file)[q].unit for q in ("q1", "q2"))


def test_several_annotators_get_documents_of_their_own(
    article: Document, corpus: Path, document_file: Path, tmp_path: Path, cli: Run
) -> None:
    """Two people's annotations are two documents under corpus/annotators/, with their names in them; the gold is not touched."""
    before = document_file.read_bytes()
    done = _import(
        cli, corpus, _export(tmp_path / "export.json", _annotated(article, "ada", "bob"))
    )
    assert 0 == done.status, done.err
    for person in ("ada", "bob"):
        document = read_document(corpus / f"corpus/annotators/{person}-example-org/{DOC_ID}.json")
        assert (f"of {person}", (*article.annotators, f"{person}-example-org")) == (
            document["q1"].unit,
            document.annotators,
        )
    assert before == document_file.read_bytes()


def test_skipped_older_and_unfinished_annotations_are_set_aside(
    article: Document, corpus: Path, document_file: Path, tmp_path: Path, cli: Run
) -> None:
    """A skipped annotation is none, the later of one person's two counts, an empty one does not, and drafts are reported."""
    task = _annotated(article, "ada", "ada", "bob", drafts=[{"result": []}])
    task["annotations"][1]["result"] = []
    task["annotations"][2]["was_cancelled"] = True
    done = _import(cli, corpus, _export(tmp_path / "export.json", task))
    assert 0 == done.status and 2 == done.err.count("L108"), done.err
    assert "of ada" == read_document(document_file)["q1"].unit


def test_an_annotator_can_be_credited(
    article: Document, corpus: Path, document_file: Path, tmp_path: Path, cli: Run
) -> None:
    """`--annotator` adds a listed annotator to what changed; one that is not listed is refused."""
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
    """Another text, another base or a newer schema is one message; no other task of the file is written either."""
    before = document_file.read_bytes()
    good = _annotated(article, "ada")
    for change, message in (
        (lambda t: t["data"].update(text="x" + t["data"]["text"]), "is not what was exported"),
        (
            lambda t: t["meta"]["statevisit"].update(
                base=t["meta"]["statevisit"]["base"].replace("2024-02-19", "2024-02-20")
            ),
            "is not what was exported",
        ),
        (
            lambda t: t["meta"]["statevisit"].update(
                base="{", base_sha256=sha256(b"{").hexdigest()
            ),
            "`statevisit validate` says more",
        ),
        (lambda t: t["meta"]["statevisit"].update(schema_version=9), "newer than version"),
        (lambda t: t["meta"]["statevisit"].pop("base"), "is missing in `meta.statevisit`"),
        (lambda t: t.update(meta={}), "--mapping FILE"),
        (lambda t: t.update(annotations=None), "no list `annotations`"),
    ):
        bad = orjson.loads(orjson.dumps(good))
        change(bad)
        result = _import(cli, corpus, _export(tmp_path / "export.json", good, bad))
        assert (1, "") == (result.status, result.out)
        assert message in result.err
        assert "Traceback" not in result.err
        assert before == document_file.read_bytes()


def test_a_task_of_an_older_schema_is_read(
    article: Document, corpus: Path, document_file: Path, tmp_path: Path, cli: Run
) -> None:
    """What was pushed before the schema changed comes back: the document that the task was made from is migrated as files are."""
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
    """Two tasks of one document, in one export or in two: what the second one changed is added to what the first one did."""
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


def test_on_all_cores_it_is_the_same(
    article: Document, corpus: Path, document_file: Path, tmp_path: Path, cli: Run
) -> None:
    """More tasks than go into one process: every document is changed, in order; an error is the same message as from a single task, and nothing is written."""
    copies = [replace(article, id=f"copy-{n:02}") for n in range(40)]
    for document in copies:
        write_document(document, document_file.with_name(f"{document.id}.json"))
    tasks = [_annotated(document, "ada") for document in copies]
    before = [p.read_bytes() for p in sorted(document_file.parent.iterdir())]
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
    assert before == [p.read_bytes() for p in sorted(document_file.parent.iterdir())]
    done = _import(cli, corpus, _export(tmp_path / "export.json", *tasks))
    assert [f"corpus/documents/{d.id}.json written" for d in copies] == done.err.splitlines()
    assert {"of ada"} == {
        read_document(document_file.with_name(f"{d.id}.json"))["q1"].unit for d in copies
    }


@pytest.mark.parametrize("options", [("--theirs",), ()], ids=["theirs", "undecided"])
def test_a_document_that_the_corpus_lacks_is_checked_against_the_schema(
    article: Document, corpus: Path, tmp_path: Path, cli: Run, options: tuple[str, ...]
) -> None:
    """A task whose base is no valid document, such as one whose id is a path out of the corpus, is refused, decided or not."""
    strange = replace(article, id="../../elsewhere")
    done = _import(
        cli, corpus, _export(tmp_path / "export.json", _annotated(strange, "ada")), *options
    )
    assert 1 == done.status
    assert "E104" in done.err
    assert "nothing was written" in done.err
    assert not (tmp_path / "elsewhere.json").exists()
    assert not list(tmp_path.rglob("elsewhere*"))


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
    """What is no full JSON export is recognised, and the message says what to export instead."""
    text, message = REFUSED[name]
    (tmp_path / name).write_text(text)
    result = _import(cli, corpus, tmp_path / name)
    assert (1, "") == (result.status, result.out)
    assert name in result.err
    assert message in result.err
    assert 1 == result.err.count("\n")


def test_a_large_export_is_read_task_by_task(article: Document, tmp_path: Path) -> None:
    """Tasks come one at a time, whatever the layout and the size of a block."""
    tasks = [{**to_task(article), "id": n} for n in range(3)]
    for indent in (None, 1):
        (tmp_path / "big.json").write_text(
            json.dumps(tasks, indent=indent, ensure_ascii=False), encoding="utf-8"
        )
        data = (tmp_path / "big.json").read_bytes()
        found = list(elements(tmp_path / "big.json"))
        assert tasks == [json.loads(data[e.offset : e.offset + e.size]) for e in found]
        assert [0, 1, 2] == [e.parsed()[1]["id"] for e in found]


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
    """Labels, relations and answers that the mapping names are added to the document with the text; the others are listed."""

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
        document["m106"].text,
        document["m106"].entity,
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


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("labels = 3", "no mapping"),
        ('[labels]\nPER = "HUMAN"', "there is no label 'HUMAN'"),
        ('[relations]\nx = "OF"', "there is no relation 'OF'"),
        ('[defaults]\n"mentions.x" = "1"', "there is no property 'mentions.x'"),
        ("[labels", "no mapping"),
    ],
)
def test_a_wrong_mapping_is_one_message(
    article: Document, corpus: Path, tmp_path: Path, cli: Run, text: str, message: str
) -> None:
    """A mapping that is no TOML, or names what is not there, is refused with what there is."""
    (tmp_path / "mapping.toml").write_text(text)
    result = _import(
        cli, corpus, _export(tmp_path / "x.json"), "--mapping", str(tmp_path / "mapping.toml")
    )
    assert 1 == result.status
    assert message in result.err
    assert "mapping.toml" in result.err


class _Failing(BaseHTTPRequestHandler):
    """A server that has a project and fails when tasks are imported or listed: `mode` says how."""

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
                200, {"id": 1, "title": "p", "task_number": 1, "label_config": config()}
            )
        if "/api/projects" in self.path:
            return self._send(
                200,
                {
                    "count": 1,
                    "results": []
                    if "page=2" in self.path
                    else [{"id": 1, "title": "p", "label_config": config()}],
                },
            )
        if "/api/tasks" in self.path:
            return self._send(
                200, {"total": 0, "total_annotations": 0, "total_predictions": 0, "tasks": []}
            )
        self._send(200, [] if "/api/users" in self.path else {"id": 1, "email": "x@example.org"})

    do_GET = do_POST = _answer

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def failing() -> Iterator[str]:
    """The address of a server that fails."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Failing) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("500", "failed with status 500"),
        ("gone", "cannot be reached"),
        ("html", "does not answer as Label Studio does"),
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
    """A server that answers 500, goes away midway or answers nonsense: one message, and nothing changes here."""
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


def test_ctrl_c_says_what_was_done(
    corpus: Path, failing: str, cli: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever stops a push is told that what had arrived stays, and how to go on."""

    def interrupted(*_: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("statevisit.labelstudio.client.Server.push", interrupted)
    result = cli(
        "label-studio", "push", "--path", corpus, "--url", failing, "--token", "t", "--project", "p"
    )
    assert (1, "") == (result.status, result.out)
    assert "push again and it goes on from there" in result.err
    assert "nothing was changed" not in result.err


def test_a_server_or_token_must_be_named(cli: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an address or a token the command says which variable to set."""
    monkeypatch.delenv("LABEL_STUDIO_URL", raising=False)
    monkeypatch.delenv("LABEL_STUDIO_API_KEY", raising=False)
    result = cli("label-studio", "pull")
    assert 2 == result.status
    assert "LABEL_STUDIO_URL" in result.err
