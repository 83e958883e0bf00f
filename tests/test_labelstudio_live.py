"""A real Label Studio server, its editor in headless Chromium, and the documents they return."""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from statevisit import load
from statevisit.corpus.diff import diff_documents
from statevisit.corpus.documents import write_document
from statevisit.document.codec import encode_value, read_document
from statevisit.document.model import Argument, Document, Entity, Mention, Source
from statevisit.document.scheme import base
from statevisit.errors import LabelStudioError
from statevisit.labelstudio.client import Server
from statevisit.labelstudio.server import Local, install
from tests.conftest import DOC_ID, ROOT, VALID, Result, lacking, oracle, required
from tests.labelstudio_browser import Editor, page_of
from tests.strangers import stranger

httpx = oracle("httpx")

pytestmark = pytest.mark.live

EMOJI = "👩‍👩‍👧‍👦 met 🇹🇷 in Baku . أذربيجان grew 5% 🎉 on Monday ."


@pytest.fixture(scope="module")
def installed() -> None:
    """The program of the server, which is installed the first time."""
    required("label_studio_sdk")
    try:
        install(print)
    except LabelStudioError as error:
        lacking(str(error))


@pytest.fixture(scope="module")
def server(installed: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Local]:
    """A server of its own, with its data in a temporary directory."""
    with Local(tmp_path_factory.mktemp("label-studio")) as local:
        yield local


@pytest.fixture
def root(tmp_path: Path, article: Document) -> Path:
    """A corpus of the article and a document that begins with an emoji of seven code points."""
    for name in ("corpus", "seeds"):
        shutil.copytree(
            ROOT / name,
            tmp_path / name,
            ignore=shutil.ignore_patterns("parquet", "release.json", "annotators"),
        )
    seed = f" date 2024-03-01 {EMOJI}".encode()
    (tmp_path / "seeds/emoji.txt").write_bytes(seed)
    write_document(_emoji(article, seed), tmp_path / "corpus/documents/emoji.json")
    return tmp_path


def _emoji(article: Document, seed: bytes) -> Document:
    tokens, at = [], 0
    for word in EMOJI.split(" "):
        tokens.append(replace(article.tokens[0], start=at, end=at + len(word)))
        at += len(word) + 1
    start = EMOJI.index("Baku")
    empty: dict[str, Any] = dict.fromkeys(
        (
            "timexes",
            "quantities",
            "events",
            "event_chains",
            "relations",
            "event_relations",
            "quotations",
        ),
        (),
    )
    return replace(
        article,
        id="emoji",
        date="2024-03-01",
        source=Source(file="emoji.txt", sha256=hashlib.sha256(seed).hexdigest(), header_length=17),
        text=EMOJI,
        text_sha256=hashlib.sha256(EMOJI.encode()).hexdigest(),
        tokens=tuple(tokens),
        sentences=(replace(article.sentences[0], start=0, end=len(EMOJI), paragraph=0),),
        mentions=(
            Mention(id="m1", start=start, end=start + 4, text="Baku", level="NAM", entity="baku"),
        ),
        entities=(
            Entity(id="baku", type="GPE", name="Baku", nil="UNVERIFIED", reference="SPECIFIC"),
        ),
        **empty,
    )


@pytest.fixture
def online(server: Local, root: Path, shell: Callable[..., Result]) -> Callable[..., Result]:
    """Run `statevisit label-studio` in that corpus, against the server."""
    return _online(server, root, shell)


def _online(server: Local, root: Path, shell: Callable[..., Result]) -> Callable[..., Result]:
    def call(*arguments: str, **env: str) -> Result:
        return shell(
            "label-studio",
            *arguments,
            cwd=root,
            **{
                "LABEL_STUDIO_URL": server.url,
                "LABEL_STUDIO_API_KEY": server.token,
                "PYTHONPATH": str(ROOT / "src"),
                **env,
            },
        )

    return call


def _bytes(root: Path) -> dict[str, bytes]:
    return {p.name: p.read_bytes() for p in (root / "corpus/documents").iterdir()}


def _tasks(server: Local, name: str) -> tuple[int, dict[str, int]]:
    """The project's id, and its tasks by document."""
    remote = Server(server.url, server.token)
    project = remote.source(name, base(), foreign=False)
    return project.id, {task["data"]["document"]: task["id"] for _, task in remote.pull(project)}


def test_pushed_and_pulled_it_is_the_same(
    server: Local, root: Path, online: Callable[..., Result]
) -> None:
    """Repeated pushes add every document once; a pull without an edit writes no file."""
    before = _bytes(root)
    first, second = online("push", "--project", "same"), online("push", "--project", "same")
    assert (0, 0) == (first.status, second.status), first.err + second.err
    assert "2 added, 0 already there" in first.err
    assert "0 added, 2 already there" in second.err
    pulled = online("pull", "--project", "same")
    assert (0, "no changes\n") == (pulled.status, pulled.err)
    assert before == _bytes(root)


def test_shards_go_there_and_back(
    server: Local, root: Path, online: Callable[..., Result], cli: Callable[..., Result]
) -> None:
    """The documents of shards come back with an edit, in the shards that `shard` would write."""
    assert 0 == cli("shard", root).status
    before = _bytes(root)
    pushed, pulled = online("push", "--project", "shards"), online("pull", "--project", "shards")
    assert 0 == pushed.status, pushed.err
    assert "2 added, 0 already there" in pushed.err
    assert (0, "no changes\n") == (pulled.status, pulled.err)
    assert before == _bytes(root)

    _, tasks = _tasks(server, "shards")
    remote = Server(server.url, server.token)._client
    (annotation,) = remote.tasks.get(id=str(tasks["emoji"])).annotations
    (level,) = [one for one in annotation["result"] if one["from_name"] == "mentions_level"]
    level["value"]["choices"] = ["NOM"]
    remote.annotations.update(id=annotation["id"], result=annotation["result"])
    edited = online("pull", "--project", "shards")
    assert 0 == edited.status, edited.err
    assert "NOM" == load(root)["emoji"].mentions[0].level

    after = _bytes(root)
    assert before.keys() == after.keys()
    assert before != after
    for command in ("unshard", "shard"):
        assert 0 == cli(command, root).status
    assert after == _bytes(root)


def test_a_task_deleted_there_is_said_and_pushed_again(
    server: Local, root: Path, online: Callable[..., Result]
) -> None:
    """`pull` names a document whose task was deleted and leaves it; the next push adds the task."""
    before = _bytes(root)
    online("push", "--project", "gone")
    _, tasks = _tasks(server, "gone")
    Server(server.url, server.token)._client.tasks.delete(tasks["emoji"])
    pulled = online("pull", "--project", "gone")
    assert 0 == pulled.status
    assert "1 without a task on the server" in pulled.err
    assert "emoji" in pulled.err
    assert before == _bytes(root)
    assert "1 added, 1 already there" in online("push", "--project", "gone").err


def test_an_interrupted_push_goes_on(
    server: Local, root: Path, online: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After an interrupted push, the next one adds the rest, and nothing twice.

    The interruption is Ctrl-C between two chunks, or a connection lost before the answer.
    """
    monkeypatch.setattr("statevisit.labelstudio.client.CHUNK", 1)
    write_document(
        replace(read_document(root / "corpus/documents/emoji.json"), id="third"),
        root / "corpus/documents/third.json",
    )
    remote = Server(server.url, server.token)
    project = remote.project("interrupted", base(), create=True)

    def interrupt(number: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        remote.push(project, load(root), "1.0.0", False, interrupt)
    assert [DOC_ID] == [*_tasks(server, "interrupted")[1]]
    arrives = remote._client.projects.import_tasks

    def lost(**request: Any) -> None:
        arrives(**request)
        raise httpx.ReadError("the connection is gone")

    monkeypatch.setattr(remote._client.projects, "import_tasks", lost)
    with pytest.raises(
        LabelStudioError,
        match="pushing after 0 documents had arrived; push again to continue",
    ):
        remote.push(project, load(root), "1.0.0", False)
    pushed = online("push", "--project", "interrupted")
    assert 0 == pushed.status
    assert "1 added, 2 already there" in pushed.err
    assert [DOC_ID, "emoji", "third"] == sorted(
        task["data"]["document"] for _, task in remote.pull(project)
    )


def test_what_the_corpus_has_in_another_version_is_left_alone(
    root: Path, online: Callable[..., Result]
) -> None:
    """A document that changed since its push does not replace its task; the message says why."""
    online("push", "--project", "version")
    path = root / f"corpus/documents/{DOC_ID}.json"
    document = read_document(path)
    write_document(
        replace(
            document,
            quantities=(replace(document.quantities[0], unit="trip"), *document.quantities[1:]),
        ),
        path,
    )
    pushed = online("push", "--project", "version")
    assert 1 == pushed.status
    assert f"another version of them: {DOC_ID}" in pushed.err
    kept = path.read_bytes()
    assert 0 == online("pull", "--project", "version").status
    assert kept == path.read_bytes()


def test_what_cannot_work_is_one_message(
    server: Local, root: Path, online: Callable[..., Result]
) -> None:
    """A wrong address, token, project or interface gives one line of advice and changes nothing."""
    before = _bytes(root)
    wrong = {
        "cannot be reached": online("pull", LABEL_STUDIO_URL="http://127.0.0.1:9"),
        "refuses the token": online("pull", LABEL_STUDIO_API_KEY="0" * 40),
        "has no project 'nowhere'": online("pull", "--project", "nowhere"),
        "begins with http:// or https://": online("pull", LABEL_STUDIO_URL="label-studio"),
    }
    client = Server(server.url, server.token)._client
    client.projects.create(
        title="foreign",
        label_config='<View><Labels name="label" toName="text"><Label value="PER"/></Labels>'
        '<Text name="text" value="$text"/></View>',
    )
    wrong["another labelling interface"] = online("push", "--project", "foreign")
    for message, result in wrong.items():
        assert (1, "") == (result.status, result.out)
        assert message in result.err
        assert 1 == result.err.count("\n")
        assert "Traceback" not in result.err
    assert before == _bytes(root)


def test_both_kinds_of_token_work(server: Local, online: Callable[..., Result]) -> None:
    """A personal access token of the account page signs in as the legacy token does."""
    client = Server(server.url, server.token)._client
    client.jwt_settings.update(
        api_token_ttl_days=30, api_tokens_enabled=True, legacy_api_tokens_enabled=True
    )
    personal = client.tokens.create()
    assert 3 == len(personal.token.split("."))
    pushed = online("push", "--project", "tokens", LABEL_STUDIO_API_KEY=personal.token)
    assert 0 == pushed.status, pushed.err
    assert "2 added" in pushed.err


def test_edits_in_the_browser_come_back_and_nothing_else(
    server: Local, chromium: Any, root: Path, online: Callable[..., Result]
) -> None:
    """Spans are drawn in their places; the diff holds every edit made in the editor, and no other.

    Saving without an edit changes nothing.
    """
    before = {name: load(root)[name] for name in (DOC_ID, "emoji")}
    untouched = _bytes(root)
    assert 0 == online("push", "--project", "browser").status
    project, tasks = _tasks(server, "browser")
    with page_of(chromium) as page:
        editor = Editor(page, server.url, server.user, server.password)
        editor.open(project, tasks[DOC_ID])
        wanted = {
            r.id: (r.start, r.end)
            for layer in ("mentions", "timexes", "quantities", "events", "quotations")
            for r in getattr(before[DOC_ID], layer)
        }
        assert wanted == {name: span for name, span in editor.regions().items() if "." not in name}
        drawn = editor.spans()
        assert {
            s
            for r in before[DOC_ID].mentions
            if r.id in ("m1", "m2", "m3")
            for s in [(r.start, r.end)]
        } <= drawn
        _save_as_it_is(editor, page)
    assert (0, "no changes\n") == (lambda r: (r.status, r.err))(
        online("pull", "--project", "browser")
    )
    assert untouched == _bytes(root)
    with page_of(chromium) as page:
        editor = Editor(page, server.url, server.user, server.password)
        editor.open(project, tasks[DOC_ID])
        _edit_the_article(editor, page)
        editor.open(project, tasks["emoji"])
        editor.mark("PERSON", "🇹🇷")
        editor.choose("level", "NAM")
        editor.update()
    dry = online("pull", "--project", "browser", "--dry-run")
    assert untouched == _bytes(root), "a dry run writes nothing"
    assert 0 == dry.status, dry.err
    assert "~ q1" in dry.out
    _check_the_edits(root, before, online("pull", "--project", "browser"))


def _save_as_it_is(editor: Editor, page: Any) -> None:
    """Change a label and change it back: the editor offers Update after an edit only."""
    editor.select("ev1")
    editor.label("STATE")
    editor.label("OCCURRENCE")
    editor.update()


def _edit_the_article(editor: Editor, page: Any) -> None:
    editor.select("ev1")
    editor.label("STATE")
    editor.select("q1")
    editor.answer("unit", "trip")
    if picture := os.environ.get("STATEVISIT_SCREENSHOT"):
        page.screenshot(path=picture)
    editor.stretch("m2", " President ")
    editor.relate("ev1", "t2", "TIME")
    editor.unrelate(0)
    editor.delete("t4")
    editor.update()


def _check_the_edits(root: Path, before: dict[str, Document], pulled: Result) -> None:
    assert 0 == pulled.status, pulled.err
    after = {name: load(root)[name] for name in before}
    article, old = after[DOC_ID], before[DOC_ID]
    changes = [(c.kind, c.layer, c.record) for c in diff_documents(old, article)]
    of_t4 = [
        ("changed", "events", e.id)
        for e in old.events
        if any(a.target == "t4" for a in e.arguments)
    ] + [
        ("removed", "event_relations", f"{r.source} {r.type} {r.target}")
        for r in old.event_relations
        if "t4" in (r.source, r.target)
    ]
    wanted = [
        ("changed", "mentions", "m2"),
        ("changed", "quantities", "q1"),
        ("removed", "timexes", "t4"),
        ("changed", "events", "ev1"),
        *of_t4,
    ]
    assert sorted(set(wanted)) == sorted(changes)
    assert ("STATE", "trip", "Azerbaijani President") == (
        article["ev1"].class_,
        article["q1"].unit,
        article["m2"].text,
    )
    assert Argument(role="TIME", target="t2") in article["ev1"].arguments
    assert old["ev1"].arguments[0] not in article["ev1"].arguments
    added = [(c.kind, c.layer) for c in diff_documents(before["emoji"], after["emoji"])]
    assert [("added", "mentions"), ("added", "entities")] == added, pulled.err
    flag, new = EMOJI.index("🇹🇷"), next(m for m in after["emoji"].mentions if m.id != "m1")
    assert (flag, flag + 2, "🇹🇷", "NAM", "PERSON") == (
        new.start,
        new.end,
        new.text,
        new.level,
        after["emoji"].entity_of(new).type,
    )
    assert new.entity in pulled.err, "a new entity is asked for its name"


OWN = """
base = 2
[labels."entities.type".VESSEL]
title = "Vessel <\\"&'>"
colour = "#1d3557"
[labels."events.class".VESSEL]
[attributes.mentions.depth]
type = "integer"
[attributes.mentions.draught]
type = "number"
[attributes.mentions.named]
type = "boolean"
[attributes.mentions.filter]
type = "string"
[attributes.mentions.certainty]
labels = ["SURE", "UNSURE"]
[attributes.entities.flag]
type = "string"
[attributes.arguments.weight]
type = "number"
"""


def _own_corpus(root: Path, scheme: str) -> Path:
    """A corpus of one's own with the small valid document."""
    value = json.loads(VALID.read_bytes())
    value["mentions"][0] |= {"depth": -7, "draught": 1e-7, "named": False, "filter": "a b\n c"}
    value["entities"][0]["flag"] = "🇹🇷"
    value["events"][0]["arguments"][0]["weight"] = 2.5
    annotators = [
        {"id": name, "kind": "rule", "name": name, "layers": ["mentions"]}
        for name in value["annotators"]
    ]
    files = {
        "schema/scheme.toml": scheme.encode(),
        "corpus/annotators.json": orjson.dumps({"annotators": annotators}),
        "corpus/documents/bridge.json": encode_value(value),
        "seeds/bridge.txt": f" date {value['date']} {value['text']}".encode(),
    }
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return root


def test_own_labels_and_attributes_are_edited_in_the_browser(
    server: Local, chromium: Any, tmp_path: Path, shell: Callable[..., Result]
) -> None:
    """Values of every type come back as they were typed, and nothing else changes.

    A value that is no integer is reported, and the old one stays.
    """
    root = _own_corpus(tmp_path, OWN)
    online = _online(server, root, shell)
    path = root / "corpus/documents/bridge.json"
    assert 0 == online("push", "--project", "own").status
    before, untouched = read_document(path), path.read_bytes()
    project, tasks = _tasks(server, "own")
    with page_of(chromium) as page:
        editor = Editor(page, server.url, server.user, server.password)
        editor.open(project, tasks["bridge"])
        _save_as_it_is(editor, page)
        assert "no changes\n" == online("pull", "--project", "own").err
        assert untouched == path.read_bytes()
        editor.open(project, tasks["bridge"])
        editor.mark("VESSEL", "euros")
        editor.answer("entity", "tanker")
        for prop, value in (("depth", "12"), ("draught", "0.5"), ("filter", 'a <b> "c" ü')):
            editor.answer(prop, value)
        for prop, value in (("level", "NOM"), ("named", "true"), ("certainty", "UNSURE")):
            editor.choose(prop, value)
        editor.select("m1")
        editor.answer("depth", "deep")
        editor.choose("certainty", "SURE")
        editor.update()
    pulled = online("pull", "--project", "own")
    assert 0 == pulled.status, pulled.err
    assert "depth 'deep' is not an integer" in pulled.err
    after = read_document(path)
    changes = [(c.kind, c.layer, c.record) for c in diff_documents(before, after)]
    assert [
        ("changed", "mentions", "m1"),
        ("added", "mentions", "m9"),
        ("added", "entities", "tanker"),
    ] == changes
    assert replace(before["m1"], certainty="SURE") == after["m1"]
    values = ("depth", "draught", "filter", "named", "certainty", "level", "entity")
    assert (12, 0.5, 'a <b> "c" ü', True, "UNSURE", "NOM", "tanker") == tuple(
        getattr(after["m9"], name) for name in values
    )
    assert "VESSEL" == after["tanker"].type


def test_modality_and_predicates_are_edited_in_the_browser(
    server: Local, chromium: Any, tmp_path: Path, shell: Callable[..., Result]
) -> None:
    """The editor keeps the labels with a modality, and a ticked predicate can be unticked."""
    root = _own_corpus(tmp_path, OWN)
    online = _online(server, root, shell)
    path = root / "corpus/documents/bridge.json"
    bridge = read_document(path)
    sure, unsure = bridge.event_relations[0], bridge.event_relations[1]
    added = replace(sure, type="CAUSE", modality="UNCERTAIN")
    unsure = replace(unsure, modality="UNCERTAIN")
    mentions = (bridge.mentions[0], replace(bridge.mentions[1], predicate=True))
    bridge = replace(
        bridge,
        mentions=(*mentions, *bridge.mentions[2:]),
        event_relations=(sure, added, unsure, *bridge.event_relations[2:]),
    )
    write_document(bridge, path)
    assert 0 == online("push", "--project", "modality").status
    before, untouched = read_document(path), path.read_bytes()
    first, second = (mention.id for mention in mentions)
    project, tasks = _tasks(server, "modality")
    with page_of(chromium) as page:
        editor = Editor(page, server.url, server.user, server.password)
        editor.open(project, tasks["bridge"])
        _save_as_it_is(editor, page)
        assert "no changes\n" == online("pull", "--project", "modality").err
        assert untouched == path.read_bytes()
        editor.open(project, tasks["bridge"])
        editor.select(first)
        editor.choose("predicate", "true")
        editor.select(second)
        editor.unchoose("predicate", "true")
        editor.relate("ev3", "ev1", "BEFORE: UNCERTAIN")
        editor.update()
    pulled = online("pull", "--project", "modality")
    assert 0 == pulled.status, pulled.err
    after = read_document(path)
    assert (True, None) == (after[first].predicate, after[second].predicate)
    (new,) = set(after.event_relations) - set(before.event_relations)
    assert ("ev3", "BEFORE", "ev1", "UNCERTAIN") == (
        new.source,
        new.type,
        new.target,
        new.modality,
    )
    assert set(before.event_relations) < set(after.event_relations)


def test_a_project_follows_the_scheme(
    server: Local, tmp_path: Path, shell: Callable[..., Result]
) -> None:
    """A label that the scheme gains is added to the project on demand, and no annotation changes.

    One that the scheme loses goes only if no annotation has it. A pull works all the same.
    """
    root = _own_corpus(tmp_path, OWN)
    online = _online(server, root, shell)
    push, pull = ("push", "--project", "scheme"), ("pull", "--project", "scheme")
    assert 0 == online(*push).status
    remote = Server(server.url, server.token)
    _, before = next(remote.pull(remote.source("scheme", base(), foreign=False)))
    grown = f'{OWN}[labels."entities.type".TUG]\n[attributes.timexes.sure]\ntype = "boolean"\n'
    (root / "schema/scheme.toml").write_text(grown, encoding="utf-8")
    refused = online(*push)
    assert 1 == refused.status
    assert "it lacks the label TUG of mentions, the field timexes_sure" in refused.err
    assert "no changes\n" == online(*pull).err
    assert 0 == online(*push, "--update-interface").status
    assert 0 == online(*push).status
    (root / "schema/scheme.toml").write_text(OWN, encoding="utf-8")
    assert "it has the label TUG of mentions" in online(*push).err
    assert "no changes\n" == online(*pull).err
    assert 0 == online(*push, "--update-interface").status, "nobody has used TUG"
    lost = f'{OWN}[labels."arguments.role".AGENT]\nremove = true\n'
    (root / "schema/scheme.toml").write_text(lost, encoding="utf-8")
    refused = online(*push, "--update-interface")
    assert 1 == refused.status
    assert "its annotations have the relation AGENT" in refused.err
    (root / "schema/scheme.toml").write_text(OWN, encoding="utf-8")
    assert "no changes\n" == online(*pull).err
    _, after = next(remote.pull(remote.source("scheme", base(), foreign=False)))
    assert before["annotations"] == after["annotations"]


def test_a_text_is_begun_in_the_browser(
    server: Local, chromium: Any, tmp_path: Path, shell: Callable[..., Result]
) -> None:
    """Spans without answers come back into partial layers, and the progress follows the states.

    Nobody has touched the text, so its task is empty and not completed; then it is submitted.
    """
    root = _own_corpus(tmp_path, OWN)
    (tmp_path / "new.txt").write_text(" date 2024-03-01 Ada sailed to İzmir on Monday 🎉.", "utf-8")
    begun = shell("ingest", tmp_path / "new.txt", "--id", "new", cwd=root)
    assert 0 == begun.status, begun.err
    online = _online(server, root, shell)
    assert 0 == online("push", "--project", "begun").status
    project, tasks = _tasks(server, "begun")
    assert (2, 1) == _progress(server, project)
    with page_of(chromium) as page:
        editor = Editor(page, server.url, server.user, server.password)
        editor.open(project, tasks["new"], empty=True)
        editor.mark("?", "İzmir")
        editor.mark("DATE", "Monday")
        editor.submit()
    assert (2, 2) == _progress(server, project)
    pulled = online("pull", "--project", "begun")
    assert 0 == pulled.status, pulled.err
    document = read_document(root / "corpus/documents/new.json")
    states = {layer: state for layer, state in document.layers.items() if state != "none"}
    assert {"mentions": "partial", "timexes": "partial"} == states
    (mention,), (timex,) = document.mentions, document.timexes
    assert ("İzmir", None, None) == (mention.text, mention.entity, mention.level)
    assert ("Monday", "DATE", None) == (timex.text, timex.type, timex.value)
    again = online("push", "--project", "of-partial")
    assert 0 == again.status, again.err
    project, tasks = _tasks(server, "of-partial")
    assert (2, 1) == _progress(server, project)
    with page_of(chromium) as page:
        editor = Editor(page, server.url, server.user, server.password)
        editor.open(project, tasks["new"])
        assert {mention.id, timex.id} == set(editor.regions())
        editor.select(timex.id)
        editor.answer("value", "2024-03-04")
        editor.submit()
    assert (2, 2) == _progress(server, project)
    pulled = online("pull", "--project", "of-partial", "--done", "timexes,mentions")
    after = read_document(root / "corpus/documents/new.json")
    assert ("done", "partial") == (after.layers["timexes"], after.layers["mentions"]), pulled.err
    assert "mentions stays partial" in pulled.err
    assert replace(timex, value="2024-03-04") == after[timex.id]


def _progress(server: Local, project: int) -> tuple[int, int]:
    """The number of tasks, and of those that count as completed."""
    state = Server(server.url, server.token)._client.projects.get(project)
    return state.task_number, state.finished_task_number


@pytest.mark.live
@pytest.mark.parametrize(
    ("kind", "document"),
    [("maritime", "calypso"), ("names", "ar1"), ("mixed", "j4-0")],
)
def test_corpora_of_strangers_go_there_and_back(
    server: Local,
    kind: str,
    document: str,
    tmp_path: Path,
    cli: Callable[..., Result],
    shell: Callable[..., Result],
) -> None:
    """Own labels, texts in other scripts, texts in many forms: an edit comes back, nothing else."""
    root = stranger(kind, cli, tmp_path)
    online = _online(server, root, shell)
    before = _bytes(root)
    assert 0 == online("push", "--project", kind).status
    assert "no changes\n" == online("pull", "--project", kind).err
    assert before == _bytes(root)
    _, tasks = _tasks(server, kind)
    assert len(before) == len(tasks)
    remote = Server(server.url, server.token)._client
    task = remote.tasks.get(id=str(tasks[document]))
    if kind == "maritime":
        (annotation,) = task.annotations
        result = annotation["result"]
        (answer,) = [
            one["value"]
            for one in result
            if (one.get("id"), one.get("from_name")) == ("m1", "mentions_certainty")
        ]
        answer["choices"] = ["UNSURE"]
        remote.annotations.update(id=annotation["id"], result=result)
    else:
        text = task.data["text"]
        end = len(text.split()[0])
        value = {"start": 0, "end": end, "text": text[:end], "labels": ["PERSON"]}
        region = {"id": "new1", "from_name": "mentions", "to_name": "text", "type": "labels"}
        remote.annotations.create(id=tasks[document], result=[{**region, "value": value}])
    pulled = online("pull", "--project", kind)
    assert 0 == pulled.status, pulled.err
    after = _bytes(root)
    assert [f"{document}.json"] == [name for name in after if after[name] != before[name]]
    changed = read_document(root / f"corpus/documents/{document}.json")
    if kind == "maritime":
        assert b'"certainty":"UNSURE"' in after[f"{document}.json"].split(b'"id":"m1"')[1][:200]
    else:
        assert ("partial", 1) == (changed.layers["mentions"], len(changed.mentions))
        assert changed.text.split()[0] == changed.mentions[0].text
    assert (0, "") == cli("validate", root)[:2]


def test_the_server_stops_with_everything_it_started(installed: None, tmp_path: Path) -> None:
    """After the block nothing listens on the port; what was started is gone, by its process id."""
    with Local(tmp_path / "data") as local:
        pid = local.pid
        assert pid
        assert local.url.startswith("http://127.0.0.1:")
        assert 0o600 == (tmp_path / "data/statevisit-account.json").stat().st_mode & 0o777
    assert None is local.pid
    with pytest.raises(ProcessLookupError):
        os.killpg(pid, 0)
