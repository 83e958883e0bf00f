"""Somebody else's files: no command writes, removes, copies or publishes them."""

import ast
import os
import re
import shutil
import stat
import subprocess
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from statevisit import FormatError, ReleaseError, encode, load, read_document
from statevisit.cli.main import run
from statevisit.document.codec import encode_value
from statevisit.files import appearing, is_stream, own_path, replacing, update, write
from statevisit.labelstudio import server
from statevisit.labelstudio.tasks import to_task
from statevisit.publishing.plan import Plan
from statevisit.publishing.transaction import finish, make
from tests.conftest import ROOT, Result
from tests.repositories import begin, commit, git
from tests.test_migrate import v0

Cli = Callable[..., Result]
Tree = dict[str, bytes | str | None]

EXAMPLE = "root/corpus/documents/example.json"
EVENTS = "corpus/parquet/events/train-00000-of-00001.parquet"


def _tree(place: Path) -> Tree:
    """Everything below a directory: files' bytes, links' targets, None for directories."""
    tree: Tree = {}
    for directory, directories, names in os.walk(place):
        for path in (Path(directory) / name for name in (*directories, *names)):
            name = path.relative_to(place).as_posix()
            if path.is_symlink():
                tree[name] = os.readlink(path)
            else:
                tree[name] = path.read_bytes() if path.is_file() else None
    return tree


def _changed(before: Tree, after: Tree) -> set[str]:
    return {
        n for n in {*before, *after} if (n in before, before.get(n)) != (n in after, after.get(n))
    }


def _correct(place: Path, old: str = '"polarity":"NEG"', new: str = '"polarity":"POS"') -> None:
    """Correct the document of the corpus, so that a build has something to write."""
    path = place / EXAMPLE
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built corpus root, an older edition of it, inputs for commands, and a victim."""
    place = tmp_path_factory.mktemp("original")
    root = place / "root"
    assert 0 == run(["init", str(root)])
    for name in ("LICENSE", "CITATION.cff", "schema/GUIDELINES.md"):
        shutil.copy(ROOT / name, root / name)
    article = load(root)[0]
    (root / "corpus/annotators/ada").mkdir(parents=True)
    document = encode(replace(article, annotators=("example",)))
    (root / "corpus/annotators/ada/example.json").write_bytes(document)
    assert 0 == run(["build", str(root), "--workers", "1"])
    edition = ["--edition", "annotations-only", "-o", str(place / "edition")]
    assert 0 == run(["build", str(root), "--workers", "1", *edition])
    _correct(place, '"polarity":"POS"', '"polarity":"NEG"')
    for page in ("LICENSE", "CITATION.cff"):
        (root / page).unlink()
    readme = root / "README.md"
    readme.write_text(readme.read_text().replace("pretty_name: root", "pretty_name: Bridges"))
    annotators = root / "corpus/annotators.json"
    listed = orjson.loads(annotators.read_bytes())
    listed["annotators"][0]["name"] = "Another"
    annotators.write_bytes(encode_value(listed))
    assert 0 == run(["build", str(root), "--workers", "1"])

    (place / "inputs").mkdir()
    (place / "inputs/new.txt").write_text(" date 2024-03-05 A new bridge was opened. It is long.")
    seed = (root / "seeds/example.txt").read_text()
    (place / "inputs/corrected.txt").write_text(
        seed.replace("the new bridge", "the brand new bridge")
    )
    (place / "inputs/draft.json").write_bytes(orjson.dumps({"id": "example", "relations": []}))
    task = to_task(article)
    task["annotations"][0]["result"] = [
        r for r in task["annotations"][0]["result"] if r["type"] != "relation"
    ]
    passes = [
        {**task["annotations"][0], "id": n, "completed_by": {"email": f"{name}@example.org"}}
        for n, name in enumerate(("carol", "dan"))
    ]
    tasks = [{**to_task(article, predictions=True), "annotations": passes}]
    (place / "inputs/passes.json").write_bytes(orjson.dumps(tasks))
    (place / "inputs/tasks.json").write_bytes(orjson.dumps([task]))

    (place / "victim/sub").mkdir(parents=True)
    for name in ("thesis.txt", "sub/notes.json", "sub/data.parquet"):
        (place / "victim" / name).write_text("somebody else's")
    return place


@pytest.fixture
def place(original: Path, tmp_path: Path) -> Path:
    """A copy of all that, to change."""
    shutil.copytree(original, tmp_path / "place", symlinks=True)
    return tmp_path / "place"


def _link(path: Path, target: str | Path) -> None:
    """Put a link in a path's place; the old file moves to the link's target if that is free."""
    target = path.parent / target
    if path.exists() and not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        path.rename(target)
    elif path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.symlink_to(target)


def _refused(place: Path, words: str, *command: object) -> None:
    """A command names what is in its way in one line, and changes nothing at all."""
    before = _tree(place)
    err = StringIO()
    with redirect_stdout(StringIO()), redirect_stderr(err):
        status = run([str(word) for word in command])
    messages = [line for line in err.getvalue().splitlines() if line.startswith("statevisit: ")]
    assert (1, 1) == (status, len(messages)), err.getvalue()
    assert words in messages[0]
    assert set() == _changed(before, _tree(place))


# what the one place that writes files does


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/../../x", "", ".", "a\0b"])
def test_a_name_does_not_lead_out_of_its_root(tmp_path: Path, name: str) -> None:
    """A manifest's names are those of files below its root; any other is refused."""
    with pytest.raises(FormatError, match="is not the name of a file below"):
        own_path(tmp_path, name)


def test_a_link_is_neither_replaced_nor_followed(tmp_path: Path) -> None:
    """A link in the place of an output is named; it and what it leads to stay."""
    (tmp_path / "victim").write_text("mine")
    for target in ("victim", "nowhere", "."):
        link = tmp_path / "link"
        link.symlink_to(target)
        with pytest.raises(FormatError, match=f"link: is a link to {re.escape(target)}, "):
            write(link, b"x")
        assert target == os.readlink(link)
        link.unlink()
    assert ["victim"] == [p.name for p in tmp_path.iterdir()]
    assert "mine" == (tmp_path / "victim").read_text()


def test_a_hard_link_keeps_what_it_had(tmp_path: Path) -> None:
    """Another name of a file that is written keeps the old bytes."""
    (tmp_path / "other").write_text("mine")
    os.link(tmp_path / "other", tmp_path / "file")
    write(tmp_path / "file", b"new")
    assert ("mine", "new") == ((tmp_path / "other").read_text(), (tmp_path / "file").read_text())


def test_a_file_with_the_same_bytes_is_not_touched(tmp_path: Path) -> None:
    """What holds the bytes already, a linked file included, is left alone."""
    (tmp_path / "file").write_bytes(b"x")
    (tmp_path / "link").symlink_to("file")
    before = (tmp_path / "file").stat()
    update(tmp_path / "link", b"x")
    update(tmp_path / "file", b"x")
    assert before == (tmp_path / "file").stat()


def test_an_output_that_fails_leaves_nothing(tmp_path: Path) -> None:
    """Stopped while it is written, an output is as it was before, and no temporary file is left."""

    def fail() -> None:
        with replacing(tmp_path / "file") as temporary:
            temporary.write_bytes(b"half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert [] == list(tmp_path.iterdir())


def test_a_directory_appears_where_a_link_to_an_empty_one_leads(tmp_path: Path) -> None:
    """A new directory may be reached through a link, which stays; a link to nothing is refused."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "link").symlink_to("empty")
    with appearing(tmp_path / "link") as staging:
        (staging / "x").write_text("x")
    assert ("empty", "x") == (os.readlink(tmp_path / "link"), (tmp_path / "empty/x").read_text())
    (tmp_path / "lost").symlink_to("nowhere")
    with (
        pytest.raises(FormatError, match="lost: is a link that leads nowhere"),
        appearing(tmp_path / "lost"),
    ):
        pass
    assert ["empty", "link", "lost"] == sorted(p.name for p in tmp_path.iterdir())


@pytest.mark.parametrize("output", ["/proc/self/fd/1", "/dev/fd/1"])
def test_an_open_descriptor_is_written_to(shell: Cli, output: str) -> None:
    """Output to a link of the system to an open file goes to that file."""
    done = shell("show", "--html", output)
    assert (0, "") == (done.status, done.err)
    assert done.out.startswith("<!doctype html>")


@pytest.mark.parametrize("output", ["/dev/stdout", "/dev/stderr", "/dev/null"])
def test_devices_of_the_system_are_not_replaced(output: str) -> None:
    """The devices that people name as outputs count as streams.

    The test writes to none, which might replace it.
    """
    assert is_stream(Path(output))


def test_a_terminal_is_written_to() -> None:
    """A character device gets the output, and stays one."""
    reader, terminal = os.openpty()
    try:
        device = Path(os.ttyname(terminal))
        write(device, b"to the terminal")
        assert b"to the terminal" == os.read(reader, 100)
        assert stat.S_ISCHR(device.lstat().st_mode)
    finally:
        os.close(reader)
        os.close(terminal)


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    """A named pipe gets the output, and stays one."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with subprocess.Popen(["cat", str(pipe)], stdout=subprocess.PIPE) as reader:
        write(pipe, b"through the pipe")
        assert reader.stdout is not None
        assert b"through the pipe" == reader.stdout.read()
    assert stat.S_ISFIFO(pipe.stat().st_mode)


WRITING = {"write_bytes", "write_text", "unlink", "rmdir", "rename", "rmtree", "copyfile", "copy2"}
OWN = {
    "files.py": WRITING,
    "cli/options.py": {"unlink"},  # further pages that it wrote before
    "corpus/sharding.py": {"rmtree"},  # the temporary directory of a killed process
    "corpus/copies.py": {"rmtree"},  # its copy of the files beside the documents in a store
    "corpus/git.py": {"rmtree"},  # a temporary directory
    "corpus/ray_connection.py": {"rmtree"},  # the sockets and logs of a Ray that it started
    "corpus/shard_changes.py": {"copyfile"},  # into its temporary directory
    "corpus/source_lookup.py": {"unlink"},  # its temporary file
    "pages/site.py": {"rename"},  # its site, for the new one
    "scoring/run_systems.py": {"rename", "rmtree", "write_bytes"},  # the work of one system
    "scoring/run_task.py": {"rmtree"},  # the predictions of an earlier run, through no link
    "dataset/huggingface.py": {"rename"},  # into the user's cache
    "labelstudio/server.py": {"rmtree"},  # the server that it installed
    "publishing/finished.py": {"rmdir", "rmtree", "unlink"},  # in the directory of builds
    "publishing/build.py": {"write_bytes"},  # in its temporary directory
    "publishing/transaction.py": {"unlink", "rmtree"},  # its note and worktree, what git removes
}
"""Which modules call methods that write or remove."""


def test_one_module_writes_files() -> None:
    """Whoever writes goes through `files`, which holds the rule; others remove only their own."""
    package = ROOT / "src/statevisit"
    calls: dict[str, set[str]] = {}
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Attribute) and node.attr in WRITING:
                calls.setdefault(path.relative_to(package).as_posix(), set()).add(node.attr)
    assert calls.pop("files.py") <= OWN["files.py"]
    assert calls == {name: methods for name, methods in OWN.items() if name != "files.py"}


# what links lead to


LINKS = [
    ("corpus/parquet", "../../victim"),
    ("corpus/parquet", "elsewhere"),
    ("corpus/parquet/events", "../../../victim/sub"),
    (EVENTS, "../../../../victim/thesis.txt"),
    ("corpus/release.json", "../../victim/release.json"),
    ("corpus/croissant.json", "../../victim/thesis.txt"),
    ("README.md", "../victim/README.md"),
    ("schema/GUIDELINES.md", "../../victim/guidelines.md"),
    ("schema", "../victim/schema"),
    ("corpus", "../victim/corpus"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "target"), LINKS, ids=[f"{n}-{t}" for n, t in LINKS])
def test_a_build_follows_no_link(place: Path, name: str, target: str) -> None:
    """A link in the place of a built file or directory is refused by name, also by --check."""
    _link(place / "root" / name, target)
    _correct(place)
    for options in ((), ("--check",)):
        words = f"root/{name}: is a link to "
        _refused(place, words, "build", place / "root", "--workers", "1", *options)


def test_a_build_begins_in_no_linked_directory(place: Path) -> None:
    """Where corpus/ is a link, not even temporary files are written to where it leads."""
    _correct(place, '"polarity":"NEG"', '"polarity":"MAYBE"')
    _link(place / "root/corpus", "../victim/corpus")
    _refused(place, "root/corpus: is a link to ", "build", place / "root", "--workers", "1")


def test_the_root_may_be_reached_through_a_link(place: Path, cli: Cli) -> None:
    """A corpus on another volume, reached through a link, is worked with as any other."""
    (place / "link").symlink_to("root")
    link = place / "link"
    document = link / "corpus/documents/example.json"
    _correct(place)
    edition = ("--edition", "annotations-only", "-o", place / "linked-edition")
    (place / "volume").mkdir()
    (place / "linked-edition").symlink_to("volume")
    for command in (
        ("build", link),
        ("ingest", place / "inputs/new.txt", "--root", link, "--id", "new"),
        ("validate", "--fix", link),
        ("build", link),
        ("build", link, *edition),
        ("build", link, *edition),
        ("publish", link, "--repo", "a/b", "--dry-run"),
        ("anchor", place / "inputs/draft.json", "--document", document, "-o", document),
    ):
        done = cli(*command)
        assert (0, "") == (done.status, done.err.replace(f"{document} written\n", "")), command
    assert "root" == os.readlink(link)
    assert (place / "volume/corpus/release.json").is_file()


def test_a_linked_document_is_read(place: Path, cli: Cli) -> None:
    """Reading goes through links: a corpus whose documents are links validates and builds."""
    _link(place / EXAMPLE, place / "elsewhere/example.json")
    assert 0 == cli("validate", place / "root").status
    assert 0 == cli("build", place / "root", "--check").status
    assert "example" == load(place / "root")[0].id


def test_what_is_copied_is_no_link(place: Path) -> None:
    """An edition, and what is restored from one, holds copies of nothing that a link leads to."""
    edition = ("build", place / "root", "--edition", "annotations-only", "-o", place / "new")
    restore = ("restore", place / "edition", "--text", place / "root/seeds", "-o", place / "full")
    for name in ("LICENSE", "seeds/sources.jsonl", "corpus/annotators", "corpus/documents"):
        for top, command in (("root", edition), ("edition", restore)):
            if not (place / top / name).exists():
                continue
            path = place / top / name
            moved = path.rename(place / f"moved-{top}-{path.name}")
            path.symlink_to(moved)
            _refused(place, f"{top}/{name}: is a link to ", *command)
            path.unlink()
            moved.rename(path)


def test_an_output_is_no_link(place: Path) -> None:
    """A link as an output is refused, and so is one on the way to a document of a corpus."""
    document = place / EXAMPLE
    (place / "out").symlink_to("victim/thesis.txt")
    out = place / "out"
    two = place / "root/corpus/annotators/ada/example.json"
    commands: list[tuple[object, ...]] = [
        ("show", document, "--html", out),
        ("show", document, "--svg", out),
        ("diff", document, two, "-o", out),
        ("score", document, document, "--html", out, "--resamples", "0"),
        ("adjudicate", document, two, "-o", out),
        ("label-studio", "config", "-o", out),
        ("label-studio", "export", "--path", place / "root", "-o", out),
        ("anchor", place / "inputs/draft.json", "--document", document, "-o", out),
    ]
    for command in commands:
        _refused(place, "out: is a link to victim/thesis.txt", *command)
    _link(document.parent, "../../victim/documents")
    draft = ("anchor", place / "inputs/draft.json", "--document", document, "-o", document)
    _refused(place, "root/corpus/documents: is a link to ", *draft)


def test_a_linked_document_is_not_mended(place: Path, cli: Cli) -> None:
    """--fix, migrate and realign write none where one is behind a link and needs a change."""
    root, document = place / "root", place / EXAMPLE
    _link(document, place / "elsewhere/example.json")
    assert 0 == cli("validate", "--fix", root).status
    assert 0 == cli("migrate", root).status
    other = replace(read_document(document), id="another")
    linked = place / "elsewhere/example.json"
    loose = orjson.loads(linked.read_bytes())
    (root / "corpus/documents/another.json").write_bytes(orjson.dumps(orjson.loads(encode(other))))
    linked.write_bytes(orjson.dumps(loose, option=orjson.OPT_INDENT_2))
    words = "example.json: is a link to "
    _refused(place, words, "validate", "--fix", root)
    (root / "corpus/documents/another.json").write_bytes(encode_value(v0(other)))
    seeds = (root / "seeds/example.txt", place / "inputs/corrected.txt")
    linked.write_bytes(encode(replace(other, id="example")))
    _refused(place, words, "realign", *seeds, document)
    linked.write_bytes(encode_value(v0(replace(other, id="example"))))
    _refused(place, words, "migrate", "--allow-loss", root)


def test_label_studio_writes_through_no_link(place: Path) -> None:
    """An import writes nothing where a document or a directory of passes is a link."""
    root = place / "root"
    command = ("label-studio", "import", "--path", root)
    _link(root / "corpus/annotators/dan-example-org", place / "victim/sub")
    words = "corpus/annotators/dan-example-org: is a link to "
    _refused(place, words, *command, place / "inputs/passes.json")
    _link(place / EXAMPLE, place / "elsewhere/example.json")
    _refused(place, "example.json: is a link to ", *command, place / "inputs/tasks.json")


INGESTED = [
    *("corpus", "corpus/annotators.json", "corpus/documents", "corpus/documents/new.json"),
    *("seeds", "seeds/sources.jsonl", "seeds/new.txt"),
]


@pytest.mark.parametrize("name", INGESTED)
def test_ingest_writes_through_no_link(place: Path, name: str) -> None:
    """Where a link is in the way of any of its files, nothing is ingested."""
    (place / "root/corpus/annotators.json").write_text('{"annotators": []}')
    _link(place / "root" / name, place / "elsewhere" / name)
    (place / "elsewhere/seeds/new.txt").unlink(missing_ok=True)
    command = ("ingest", place / "inputs/new.txt", "--root", place / "root", "--id", "new")
    _refused(place, f"root/{name}: is a link to ", *command)


def test_the_list_of_seeds_is_not_a_seed(place: Path) -> None:
    """A seed called sources.jsonl would replace the list of seeds: ingest and realign refuse it."""
    seed = place / "inputs/sources.jsonl"
    shutil.copy(place / "inputs/corrected.txt", seed)
    words = "sources.jsonl: is the name of the list of seeds; rename this seed"
    _refused(place, words, "ingest", seed, "--root", place / "elsewhere")
    old = place / "root/seeds/example.txt"
    _refused(place, words, "realign", old, seed, place / EXAMPLE)


def test_the_servers_log_is_no_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log of a local Label Studio is written through no link in its data directory."""
    monkeypatch.setattr(server, "install", lambda say: tmp_path / "program")
    (tmp_path / "victim").write_text("mine")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/statevisit.log").symlink_to("../victim")
    with (
        pytest.raises(FormatError, match=r"statevisit\.log: is a link"),
        server.Local(tmp_path / "data"),
    ):
        pass
    assert "mine" == (tmp_path / "victim").read_text()


def test_the_server_is_installed_over_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A directory that holds files without the mark of an installation is left alone."""
    monkeypatch.setenv("STATEVISIT_CACHE", str(tmp_path))
    server.environment().mkdir()
    (server.environment() / "thesis.txt").write_text("mine")
    with pytest.raises(server.LabelStudioError, match="statevisit did not install them"):
        server.install(lambda line: None)
    assert "mine" == (server.environment() / "thesis.txt").read_text()


# what a build removes


def _list_in_manifest(root: Path, *names: str) -> None:
    """Let the manifest list files, as if the build before had written them."""
    import hashlib

    path = root / "corpus/release.json"
    manifest = orjson.loads(path.read_bytes())
    for name in names:
        data = (root / name).read_bytes()
        entry = {"path": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        manifest["files"].append(entry)
    path.write_bytes(orjson.dumps(manifest))


def test_a_build_removes_what_the_last_one_wrote(place: Path, cli: Cli) -> None:
    """Outdated Parquet that the manifest lists goes, with its directory; edited since, it stays."""
    root = place / "root"
    old = root / "corpus/parquet/gone/train-00000-of-00001.parquet"
    old.parent.mkdir()
    old.write_bytes(b"of an older build")
    _list_in_manifest(root, "corpus/parquet/gone/train-00000-of-00001.parquet")
    shutil.copytree(root, place / "copy")
    done = cli("build", root, "--workers", "1")
    assert (0, True) == (done.status, "removed corpus/parquet/gone/train-00000" in done.out)
    assert not old.parent.exists()

    (place / "copy" / old.relative_to(root)).write_bytes(b"edited")
    words = f"{old.name}: is not as corpus/release.json lists it, and would be removed"
    _refused(place, words, "build", place / "copy", "--workers", "1")


def test_what_a_build_does_not_know_stays(place: Path, cli: Cli) -> None:
    """Foreign Parquet, which load_dataset would read, is refused; other files are left alone."""
    root = place / "root"
    kept = ("corpus/parquet/notes.txt", "corpus/parquet/ner/.DS_Store", "corpus/mine.json")
    for name in kept:
        (root / name).write_text("mine")
    assert 0 == cli("build", root, "--check").status
    _correct(place)
    assert 0 == cli("build", root).status
    assert {"mine"} == {(root / name).read_text() for name in kept}
    for name in ("corpus/parquet/old.parquet", "corpus/parquet/ner/train-00001-of-00002.parquet"):
        (root / name).write_text("mine")
        reason = "is not a file of this build, but would be read as part of it"
        words = f"{name}: {reason}; nothing was changed"
        _refused(place, words, "build", root, "--workers", "1")
        assert f"foreign {name}" in cli("build", root, "--check").out
        (root / name).unlink()


def _write_edition(place: Path) -> tuple[object, ...]:
    options = ("--edition", "annotations-only", "-o", place / "edition", "--workers", "1")
    return ("build", place / "root", *options)


def test_an_edition_is_renewed_around_what_is_not_its_own(place: Path, cli: Cli) -> None:
    """The files of the edition are replaced and removed; a repository, notes and the like stay."""
    edition = place / "edition"
    begin(edition)
    commit(edition)
    for name in ("notes.txt", "corpus/notes.md", "seeds/mine.txt", "corpus/parquet/events/notes"):
        (edition / name).write_text("mine")
    before = _tree(edition)
    done = cli(*_write_edition(place))
    assert (0, "") == (done.status, done.err)
    changed = _changed(before, _tree(edition))
    assert {"CITATION.cff", "README.md", EVENTS, "corpus/release.json"} <= changed
    listed = {f["path"] for f in orjson.loads(before["corpus/release.json"] or b"")["files"]}
    assert set() == changed - listed - {"corpus/release.json"}
    assert not (edition / "CITATION.cff").exists()
    fresh = cli("build", place / "root", "--edition", "annotations-only", "-o", place / "fresh")
    assert 0 == fresh.status
    new = _tree(place / "fresh")
    assert new == {name: data for name, data in _tree(edition).items() if name in new}


EDITED = ["README.md", "LICENSE", "CITATION.cff", EVENTS, "corpus/annotators.json"]
READ = [
    "corpus/parquet/mine/train-00000-of-00001.parquet",
    "corpus/documents/mine.json",
    "corpus/annotators/mine/example.json",
]


@pytest.mark.slow
@pytest.mark.parametrize("name", [*EDITED, *READ])
def test_an_edition_with_somebody_elses_data_is_not_renewed(place: Path, name: str) -> None:
    """An edited file of the edition, and data that would be read as part of it, are refused."""
    path = place / "edition" / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    _refused(place, f"edition/{name}: is not ", *_write_edition(place))


@pytest.mark.parametrize(
    "name", ["corpus", "corpus/parquet", "corpus/release.json", "README.md", "schema", "seeds"]
)
def test_an_edition_is_not_renewed_through_a_link(place: Path, name: str) -> None:
    """A link in the place of a file or directory of the edition is refused by name."""
    _link(place / "edition" / name, place / "elsewhere" / name)
    _refused(place, f"edition/{name}: is a link to ", *_write_edition(place))


def test_an_edition_that_was_stopped_is_finished(place: Path, cli: Cli) -> None:
    """Stopped while files take their places, it is made whole by a second run."""
    new = ("--edition", "annotations-only", "-o", place / "new")
    assert 0 == cli("build", place / "root", *new).status
    for name in (EVENTS, "README.md", "corpus/documents/example.json"):
        shutil.copy(place / "new" / name, place / "edition" / name)
    assert 0 == cli(*_write_edition(place)).status
    assert _tree(place / "new") == _tree(place / "edition")


def test_a_manifest_that_lists_other_peoples_files_removes_none(place: Path) -> None:
    """An edition whose manifest names files outside of it is refused, whatever their hashes."""
    _list_in_manifest(place / "edition", "../victim/thesis.txt")
    _refused(
        place, "'../victim/thesis.txt': is not the name of a file below", *_write_edition(place)
    )


# what is published


def _published(cli: Cli, root: Path) -> tuple[set[str], Result]:
    done = cli("publish", root, "--repo", "a/b", "--dry-run")
    return {line.split()[2] for line in done.out.splitlines()[:-1]}, done


PUBLISHED = [
    *("seeds/notes.txt", "corpus/figure.svg", "schema/x.json", "LICENSE", EVENTS),
    *("seeds", "schema", "corpus/documents/example.json", "corpus/annotators"),
]


@pytest.mark.parametrize("name", PUBLISHED)
def test_no_link_is_published(place: Path, name: str) -> None:
    """A link among the files of a version is refused by name."""
    target = place / "elsewhere" / name
    if not (place / "root" / name).exists():
        target = place / "victim/thesis.txt"
    _link(place / "root" / name, target)
    command = ("publish", place / "root", "--repo", "a/b", "--dry-run")
    _refused(place, f"root/{name}: is a link to ", *command)


def test_a_checkout_publishes_what_git_tracks(place: Path, cli: Cli) -> None:
    """Untracked files are left out and named; without git, everything is published."""
    root = place / "root"
    private = ("seeds/private.txt", "schema/private.json", "corpus/private.svg")
    for name in private:
        (root / name).write_text("mine")
    everything, done = _published(cli, root)
    assert ("", True) == (done.err, set(private) <= everything)
    for name in private:
        (root / name).unlink()
    begin(root)
    commit(root)
    tracked, done = _published(cli, root)
    assert ("", everything - set(private)) == (done.err, tracked)
    for name in private:
        (root / name).write_text("mine")
    left, done = _published(cli, root)
    assert tracked == left
    words = "left out, since git does not track them"
    assert f"{words}: {', '.join(sorted(private))}\n" == done.err


def test_a_linked_directory_is_no_untracked_one(place: Path) -> None:
    """Seeds or schemas behind a link are refused in a checkout, too, instead of left out."""
    for name in ("seeds", "schema"):
        shutil.copytree(place / "root", place / name, symlinks=True)
        _link(place / name / name, place / "elsewhere" / name)
        begin(place / name)
        commit(place / name)
        command = ("publish", place / name, "--repo", "a/b", "--dry-run")
        _refused(place, f"{name}/{name}: is a link to ", *command)


def test_a_directory_that_git_ignores_is_published(place: Path, cli: Cli) -> None:
    """What lies in a checkout that ignores it is published as if there were no checkout."""
    alone = [_published(cli, place / name)[0] for name in ("root", "edition")]
    (place / ".gitignore").write_text("root/\nedition/\n")
    begin(place)
    commit(place)
    assert alone == [_published(cli, place / name)[0] for name in ("root", "edition")]


def test_built_files_that_git_ignores_are_published(place: Path, cli: Cli) -> None:
    """Parquet that is not committed is part of the version: the manifest lists it with its hash."""
    root = place / "root"
    everything, _ = _published(cli, root)
    with (root / ".gitignore").open("a") as ignored:
        ignored.write("/corpus/parquet/\n")
    begin(root)
    commit(root)
    assert everything == _published(cli, root)[0]


def test_an_edition_publishes_its_own_files_alone(place: Path, cli: Cli) -> None:
    """A source text beside an edition is not published with it; an edited page is refused."""
    shutil.copy(place / "root/seeds/example.txt", place / "edition/seeds")
    listed, done = _published(cli, place / "edition")
    assert ("", False) == (done.err, "seeds/example.txt" in listed)
    assert {"README.md", "LICENSE", "seeds/sources.jsonl", "schema/document.schema.json"} < listed
    (place / "edition/README.md").write_text("mine")
    words = "README.md is not what corpus/release.json says: write this edition again with"
    _refused(place, words, "publish", place / "edition", "--repo", "a/b", "--dry-run")


def test_a_manifest_publishes_nothing_outside(place: Path) -> None:
    """A manifest that lists a file outside of its root is refused, also with the right hash."""
    _list_in_manifest(place / "root", "../victim/thesis.txt")
    command = ("publish", place / "root", "--repo", "a/b", "--dry-run")
    _refused(place, "'../victim/thesis.txt': is not the name of a file below", *command)


# releases


@pytest.mark.usefixtures("identity")
@pytest.mark.parametrize("name", ["CHANGELOG.md", "corpus/release.json", "corpus/parquet"])
def test_a_release_follows_no_link_that_git_tracks(place: Path, name: str) -> None:
    """A committed link in the place of a file that a release writes is refused."""
    root = place / "root"
    (root / "CHANGELOG.md").write_text("# Changelog\n\n## [Unreleased]\n")
    begin(root)
    commit(root)
    git(root, "tag", "v0.1.0")
    _link(root / name, place / "elsewhere" / name)
    commit(root)
    refs, before = git(root, "for-each-ref"), _tree(place / "elsewhere")
    err = StringIO()
    with redirect_stdout(StringIO()), redirect_stderr(err):
        assert 1 == run(["release", str(root), "--version", "0.2.0"])
    assert f"{name}: is a link to " in err.getvalue()
    assert (refs, before) == (git(root, "for-each-ref"), _tree(place / "elsewhere"))


@pytest.mark.usefixtures("identity")
def test_a_release_replaces_no_link(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link that appears in the place of a file while the release is made is named, and stays."""
    root = place / "root"
    begin(root)
    commit(root)
    git(root, "tag", "v0.1.0")
    manifest = root / "corpus/release.json"

    def meanwhile(where: Path) -> None:
        _link(manifest, place / "elsewhere/release.json")
        finish(where)

    monkeypatch.setattr("statevisit.publishing.transaction.finish", meanwhile)
    refs = git(root, "for-each-ref")
    with pytest.raises(ReleaseError, match=r"release.json was edited while the release was made"):
        make(root, Plan("0.1.0", "0.2.0", "0.2.0", [], []))
    assert (True, refs) == (manifest.is_symlink(), git(root, "for-each-ref"))


# any tree


class Command(NamedTuple):
    """A command line with `@` for the directory of everything, and the files that it may change."""

    words: str
    outputs: str
    """Their names, or regular expressions for them."""
    near: str = ""
    """Paths at which, and above which, something may be in the way; without any, the outputs."""
    listed: str = ""
    """The root whose manifest has to list, unchanged, what is replaced or removed."""

    def places(self) -> list[str]:
        """The paths that something may be in the way at."""
        paths = [Path(name) for name in (self.near or self.outputs).split()]
        ways = {p for path in paths for p in (path, *path.parents) if len(p.parts) > 1}
        return sorted({path.as_posix() for path in {*paths, *ways}})

    def may_change(self, name: str) -> bool:
        """Whether a file is one of the outputs."""
        return any(re.fullmatch(pattern, name) for pattern in self.outputs.split())


def _below(root: str, *names: str) -> str:
    return " ".join(f"{root}/{name}" for name in names)


PAGES = ("corpus/croissant.json", "corpus/release.json", "README.md", "schema/GUIDELINES.md")
BUILT = (EVENTS, "corpus/parquet/x.parquet", "corpus/parquet/x", *PAGES)
EDITION = (
    *(*BUILT, "LICENSE", "CITATION.cff", "seeds/sources.jsonl", "notes.txt"),
    *("corpus/documents/example.json", "corpus/annotators/ada/example.json"),
)
DOCUMENTS, ADA = "root/corpus/documents", "root/corpus/annotators/ada"
BUILDING = [
    Command(
        "build @/root --workers 1",
        _below("root", r"corpus/parquet/\w+/train-\d{5}-of-\d{5}.parquet", *PAGES),
        _below("root", *BUILT),
    ),
    Command("build @/root --check --workers 1", "nothing", _below("root", *BUILT)),
    Command(
        "build @/root --edition annotations-only -o @/edition --workers 1",
        "edition/.*",
        _below("edition", *EDITION),
        "edition",
    ),
    Command(
        "restore @/edition --text @/root/seeds -o @/full",
        "full(/.*)?",
        f"full {_below('edition', *EDITION)}",
    ),
]
COMMANDS = [
    Command(
        "publish @/root --repo a/b --dry-run",
        "nothing",
        f"root/seeds/x root/LICENSE {EXAMPLE}",
    ),
    Command(
        "ingest @/inputs/new.txt --root @/root --id new",
        "root/seeds/new.txt root/seeds/sources.jsonl root/corpus/annotators.json"
        f" {DOCUMENTS}/new.json",
    ),
    Command(
        "remove example --path @/root --yes",
        f"root/seeds/example.txt root/seeds/sources.jsonl {EXAMPLE} {ADA}/example.json",
    ),
    Command(
        "rename example new --path @/root",
        f"{EXAMPLE} {ADA}/example.json {DOCUMENTS}/new.json {ADA}/new.json",
    ),
    Command(
        "annotators add new --kind human --name New --path @/root", "root/corpus/annotators.json"
    ),
    Command("validate --fix @/root", EXAMPLE),
    Command("migrate --allow-loss @/root", EXAMPLE),
    Command(
        "label-studio import @/inputs/passes.json --path @/root",
        "root/corpus/annotators/annotator-[12]/example.json"
        r" root/\.statevisit/(annotators\.json|\.gitignore)",
    ),
    Command("label-studio import @/inputs/tasks.json --path @/root", EXAMPLE),
    Command("label-studio export --path @/root -o @/root/out", "root/out"),
    Command(
        f"anchor @/inputs/draft.json --document @/{ADA}/example.json -o @/{EXAMPLE}",
        EXAMPLE,
    ),
    Command(
        f"realign @/root/seeds/example.txt @/inputs/corrected.txt @/{EXAMPLE}",
        f"root/seeds/corrected.txt root/seeds/sources.jsonl {EXAMPLE}",
    ),
    Command(f"adjudicate @/{ADA}/example.json @/{EXAMPLE} -o @/root/out", "root/out"),
    Command(f"show @/{EXAMPLE} --html @/root/out", "root/out"),
    Command(f"diff @/{DOCUMENTS} @/{ADA} -o @/root/out", "root/out"),
    Command(f"score @/{DOCUMENTS} @/{ADA} --resamples 0 --html @/root/out", "root/out"),
    Command("init @/full", "full(/.*)?", "full"),
]
PLACES = sorted({place for command in (*BUILDING, *COMMANDS) for place in command.places()})
KINDS = [
    "file link",
    "directory link",
    "moved",
    "dangling",
    "parent",
    "file",
    "directory",
    "repository",
]


def _spoil(place: Path, name: str, kind: str) -> None:
    """Put something of somebody else's at a path."""
    path = place / name
    if not path.parent.is_dir() or not path.parent.resolve().is_relative_to(place):
        return
    targets = {"file link": "victim/thesis.txt", "directory link": "victim/sub", "dangling": "lost"}
    if kind in targets:
        _spoil_with_link(path, place / targets[kind])
    elif kind == "parent":
        _spoil_with_link(path, Path(".."))
    elif kind == "moved":
        _link(path, place / "victim" / name.replace("/", "-"))
    elif kind == "repository":
        directory = path if path.is_dir() else path.parent
        shutil.copytree(place / "victim/sub", directory / ".git", dirs_exist_ok=True)
    else:
        _clear(path)
        if kind == "file":
            path.write_text("mine")
        else:
            path.mkdir()
            (path / "mine.txt").write_text("mine")


def _spoil_with_link(path: Path, target: Path) -> None:
    _clear(path)
    path.symlink_to(target)


def _clear(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _is_listed(place: Path, root: str, name: str, before: Tree) -> bool:
    """Whether a manifest listed a file as it was, or it is the manifest."""
    import hashlib

    short = name.removeprefix(f"{root}/")
    entries = orjson.loads(before[f"{root}/corpus/release.json"] or b"{}").get("files", [])
    listed = {f["path"]: f["sha256"] for f in entries}
    data = before[name]
    return short == "corpus/release.json" or (
        isinstance(data, bytes) and listed.get(short) == hashlib.sha256(data).hexdigest()
    )


def _prepare(place: Path, command: Command) -> None:
    """Give a command something to do."""
    document = place / EXAMPLE
    if command.words.startswith("build @/root --w"):
        _correct(place)
    elif command.words.startswith("validate --fix"):
        document.write_bytes(orjson.dumps(orjson.loads(document.read_bytes())))
    elif command.words.startswith("migrate"):
        document.write_bytes(encode_value(v0(read_document(document))))


def _leaves_alone(original: Path, command: Command, spoiled: list[tuple[str, str]]) -> set[str]:
    """What a command changes in a spoiled copy: only outputs, no link, nothing where it fails."""
    import tempfile

    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory).resolve() / "place"
        shutil.copytree(original, place, symlinks=True)
        _prepare(place, command)
        for name, kind in spoiled:
            _spoil(place, name, kind)
        before, out, err = _tree(place), StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            status = run(command.words.replace("@", str(place)).split())
        after = _tree(place)
        changed = _changed(before, after)
        assert status in (0, 1)
        links = {name for name, data in before.items() if isinstance(data, str)}
        assert set() == changed & links
        assert set() == {n for n in changed if n.startswith("victim/")}
        files = {n for n in changed if before.get(n) is not None or after.get(n) is not None}
        assert set() == {n for n in files if not command.may_change(n)}
        directories = changed - files
        assert set() == {d for d in directories if not any(f.startswith(f"{d}/") for f in files)}
        if command.listed:
            gone = {n for n in files if before.get(n) is not None}
            assert set() == {n for n in gone if not _is_listed(place, command.listed, n, before)}
        if status and "--fix" not in command.words:
            assert set() == changed, err.getvalue()
        return changed


@st.composite
def spoiled_commands(
    draw: st.DrawFn, commands: list[Command]
) -> tuple[Command, list[tuple[str, str]]]:
    """A command, and what is put in its way: (path, kind)."""
    command = draw(st.sampled_from(commands))
    place = st.sampled_from(command.places()) | st.sampled_from(PLACES)
    return command, draw(st.lists(st.tuples(place, st.sampled_from(KINDS)), min_size=1, max_size=3))


@pytest.mark.slow
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(spoiled_commands(BUILDING))
def test_builds_change_nothing_but_their_outputs(
    original: Path, spoiled: tuple[Command, list[tuple[str, str]]]
) -> None:
    """Among links, foreign files and repositories a build changes its outputs or nothing."""
    _leaves_alone(original, *spoiled)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(spoiled_commands(COMMANDS))
@pytest.mark.slow
def test_commands_change_nothing_but_their_outputs(
    original: Path, spoiled: tuple[Command, list[tuple[str, str]]]
) -> None:
    """The same holds of every other command that writes files."""
    _leaves_alone(original, *spoiled)


@pytest.mark.parametrize("command", [*BUILDING, *COMMANDS], ids=lambda c: c.words.split(" @")[0])
def test_every_command_of_that_test_works(original: Path, command: Command) -> None:
    """With nothing in its way, each of these commands writes."""
    changed = _leaves_alone(original, command, [])
    assert (command.outputs != "nothing") == bool(changed)
