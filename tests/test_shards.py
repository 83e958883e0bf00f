"""Documents in shards: the same corpus in either form, shards that are damaged, and atomicity."""

import gc
import shutil
import subprocess
import zlib
from collections.abc import Callable
from pathlib import Path

import orjson
import pyarrow as pa
import pytest

from statevisit import FormatError, ingest, load, validate
from statevisit.annotation.layer_states import entries_of, set_states
from statevisit.corpus import document_shards, sharding
from statevisit.corpus.document_shards import Packed, packed, read_index
from statevisit.corpus.sharding import recover, shard, unshard
from tests.conftest import Result

Cli = Callable[..., Result]

TEXTS = (
    "A visit \N{WOMAN}\u200d\N{GIRL} to Baku.",
    "زار الرئيس باكو.",
    "总统访问了巴库。",
    "Cafe\u0301 e\u0301 qui.",
    "He paid $5.",
)
SHARDS = ["part-00000.jsonl.zst", "part-00001.jsonl.zst", "part-00002.jsonl.zst"]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A corpus of 25 documents as files, and the same in shards of ten."""
    files, shards = (tmp_path_factory.mktemp("corpus") / name for name in ("files", "shards"))
    for number in range(25):
        text = f"{TEXTS[number % len(TEXTS)]} Number {number}."
        ingest(text, date="2024-03-01", id=f"d-{number:02}", path=files, normalise=True)
    assert 25 == len(list(set_states(files, entries_of(files, ()), ("mentions",), "done")))
    shutil.copytree(files, shards)
    assert (25, SHARDS) == shard(shards, 10)
    return files, shards


@pytest.fixture
def sharded(made: tuple[Path, Path], tmp_path: Path) -> Path:
    """A copy of the corpus in shards that a test may change."""
    return Path(shutil.copytree(made[1], tmp_path / "sharded"))


def _documents(root: Path) -> dict[str, bytes]:
    directory = root / "corpus/documents"
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}


def _part(root: Path, number: int = 1) -> Path:
    return root / "corpus/documents" / SHARDS[number]


def test_documents_come_back_byte_for_byte(made: tuple[Path, Path], sharded: Path) -> None:
    """Sharded and back, every file has its bytes; hidden files stay; nothing else is left."""
    hidden = sharded / "corpus/documents/.gitkeep"
    hidden.write_bytes(b"kept")
    assert 25 == unshard(sharded)
    assert _documents(made[0]) | {".gitkeep": b"kept"} == _documents(sharded)
    assert ["annotators.json", "documents"] == sorted(p.name for p in hidden.parents[1].iterdir())


def test_shards_depend_on_documents_only(made: tuple[Path, Path], sharded: Path) -> None:
    """Shards of shards of another size have the bytes of shards of files."""
    shard(sharded, 7)
    assert 4 == len(_documents(sharded))
    shard(sharded, 10)
    assert _documents(made[1]) == _documents(sharded)
    unshard(sharded)
    shard(sharded, 10)
    assert _documents(made[1]) == _documents(sharded)


def test_the_command_names_the_shards(sharded: Path, cli: Cli) -> None:
    """Several shards are named by the first and the last, a single one by its name."""
    assert (
        "25 documents in 3 shards, part-00000.jsonl.zst to part-00002.jsonl.zst\n"
        == cli("shard", sharded, "--documents", "10").out
    )
    assert "25 documents in 1 shard, part-00000.jsonl.zst\n" == cli("shard", sharded).out


def test_other_programs_read_a_shard(made: tuple[Path, Path]) -> None:
    """A shard is a .zst of JSONL: pyarrow and zstd read the documents, and pass over the index."""
    lines = []
    for number in range(3):
        with pa.input_stream(str(_part(made[1], number)), compression="zstd") as stream:
            lines += stream.read().splitlines()
    expected = [orjson.loads(data) for data in _documents(made[0]).values()]
    assert expected == [orjson.loads(line) for line in lines]
    if shutil.which("zstd"):
        result = subprocess.run(["zstd", "-dc", _part(made[1])], capture_output=True, check=True)
        assert lines[10:20] == result.stdout.splitlines()


def test_both_forms_are_one_corpus(made: tuple[Path, Path]) -> None:
    """Ids, order, documents, sources and splits are equal; a document is found by its id."""
    files, shards = map(load, made)
    assert files.ids == shards.ids
    assert list(files) == list(shards)
    assert files["d-17"] == load(made[1])["d-17"] == shards[17]
    assert files.sources == shards.sources
    assert files.splits == shards.splits
    assert shards.__contains__("d-24")
    assert not shards.__contains__("d-25")
    for unknown in ("a", "d-095", "z"):
        with pytest.raises(KeyError, match="no document"):
            load(made[1])[unknown]
    assert SHARDS == [path.name for path in shards.files()]
    assert files["d-12"] == load(_part(made[1]))["d-12"]


def test_one_document_is_read_without_the_others(sharded: Path) -> None:
    """A document is found while all other frames of all shards are unreadable."""
    expected = load(sharded)["d-15"]
    for entry in load(sharded).entries:
        if entry.id != "d-15":
            data = entry.path.read_bytes()
            assert entry.offset is not None
            end = entry.offset + entry.size
            entry.path.write_bytes(data[: entry.offset] + bytes(entry.size) + data[end:])
    assert expected == load(sharded)["d-15"]
    with pytest.raises(FormatError, match="cannot be read"):
        load(sharded)["d-16"]


def test_a_document_among_many_shards_is_found_by_few_indexes(
    made: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 25 shards, those are opened that halve the rest, and no index delays other work.

    The garbage collector would search the entries of the indexes now and then, for 0.1 s.
    """
    root = Path(shutil.copytree(made[0], tmp_path / "root"))
    shard(root, 1)
    opened = []

    def noted(path: Path) -> list[Packed]:
        opened.append(path)
        return read_index(path)

    monkeypatch.setattr(document_shards, "read_index", noted)
    assert "d-17" == load(root)["d-17"].id
    assert len(opened) <= 6
    assert 1 == len(noted(opened[-1]))
    assert not any(map(gc.is_tracked, noted(opened[-1])))


READING = [
    "validate --format json",
    "stats --json",
    "todo --json",
    "show d-13",
    "state",
    "state . --json",
    "score PATH PATH",
    "agree PATH PATH",
    "diff PATH PATH",
    "export --to conllu -o OUT",
    "export --to brat -o OUT",
    "label-studio export -o OUT",
    "predict --with rules -o OUT",
    "build --workers 1",
]


def _written(directory: Path) -> dict[str, bytes]:
    paths = [p for p in directory.rglob("*") if p.is_file()] if directory.exists() else []
    return {p.relative_to(directory).as_posix(): p.read_bytes() for p in paths}


@pytest.mark.parametrize("command", READING)
def test_commands_that_read_take_either_form(
    command: str,
    made: tuple[Path, Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    cli: Cli,
) -> None:
    """What is printed and written is the same for both forms."""
    results = []
    for number, root in enumerate(made):
        place = shutil.copytree(root, tmp_path / str(number) / "corpus")
        monkeypatch.chdir(place)
        words = [word.replace("PATH", ".").replace("OUT", "../out") for word in command.split()]
        result = cli(*words)
        parquet = _written(Path("corpus/parquet"))
        results.append((result, _written(tmp_path / str(number) / "out"), parquet))
    assert results[0] == results[1]
    assert 0 == results[0][0].status, results[0][0].err


def test_the_manifest_lists_shards(sharded: Path, cli: Cli) -> None:
    """The manifest lists the shards and is current; content and Parquet are those of files."""
    assert 0 == cli("build", sharded, "--workers", "1").status
    manifest = orjson.loads((sharded / "corpus/release.json").read_bytes())
    documents = [f["path"] for f in manifest["files"] if "/documents/" in f["path"]]
    assert [f"corpus/documents/{name}" for name in SHARDS] == documents[:3]
    assert 0 == cli("build", sharded, "--check", "--workers", "1").status
    unshard(sharded)
    assert 0 == cli("build", sharded, "--workers", "1").status
    other = orjson.loads((sharded / "corpus/release.json").read_bytes())
    assert other["content"] == manifest["content"]
    assert 25 + len(manifest["files"]) - 3 == len(other["files"])


# damage


def _errors(root: Path) -> list[str]:
    found = [finding for finding in validate(root) if finding.severity == "error"]
    return [f"{f.code} {Path(f.file).name}:{f.line}: {f.message}" for f in found]


def _frame(root: Path, document_id: str) -> tuple[Path, int, int]:
    entry = load(root).entry(document_id)
    assert entry.offset is not None
    return entry.path, entry.offset, entry.size


def test_a_flipped_byte_is_one_finding(sharded: Path) -> None:
    """The document is named by its shard and line; the others are checked, and can be read."""
    path, offset, size = _frame(sharded, "d-13")
    whole = path.read_bytes()
    message = "cannot be read: its bytes were changed or lost; restore the file"
    for place in (offset, offset + 9, offset + size // 2, offset + size - 1):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 4]) + whole[place + 1 :])
        assert [f"E102 {SHARDS[1]}:4: {message}"] == _errors(sharded)
        with pytest.raises(FormatError, match=f"{SHARDS[1]}:4:1: cannot be read"):
            load(sharded)["d-13"]
        assert "d-14" == load(sharded)["d-14"].id
    with pytest.raises(FormatError, match=f"{SHARDS[1]}:4:1: cannot be read"):
        shard(sharded)


@pytest.mark.parametrize("kept", [0.2, 0.5, 0.8, 0.99])
def test_a_shard_that_was_cut_off_is_one_finding(kept: float, sharded: Path) -> None:
    """The finding names the place after which documents may be missing."""
    path = _part(sharded)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * kept)])
    (error,) = _errors(sharded)
    assert "has no index at its end, so that documents may be missing after line" in error
    assert error.startswith(f"E102 {SHARDS[1]}:")
    for change in (shard, unshard):
        with pytest.raises(FormatError, match="has no index at its end"):
            change(sharded)
    assert len(_documents(sharded)) == 3


def test_the_rest_of_a_cut_shard_is_checked(sharded: Path) -> None:
    """An error in a document before the cut is found as well."""
    path = _part(sharded, 2)
    lines = [orjson.loads(e.bytes()) | {"language": 5} for e in load(path).entries[:2]]
    pieces = list(packed((line["id"], orjson.dumps(line) + b"\n") for line in lines))
    path.write_bytes(b"".join(pieces[:-1]))
    first, second, cut = _errors(sharded)
    assert first.startswith(f"E104 {SHARDS[2]}:1:")
    assert second.startswith(f"E104 {SHARDS[2]}:2:")
    assert cut.startswith(f"E102 {SHARDS[2]}:3: has no index at its end")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "is empty"),
        (b'{"id": "d-10"}\n', "has no index at its end"),
        (b"\x00" * 5000, "has no index at its end"),
        (b"\xff\xff\xff\x7f" * 2 + b"svix", "has no valid index"),
    ],
)
def test_a_file_that_is_no_shard_is_one_finding(data: bytes, reason: str, sharded: Path) -> None:
    """An empty file, and one that is not zstd, are one finding each; the others are checked."""
    _part(sharded).write_bytes(data)
    expected = f"E102 {SHARDS[1]}:1: {reason}, so that documents may be missing; restore the file"
    assert [expected] == _errors(sharded)
    with pytest.raises(FormatError, match=reason):
        list(load(sharded))


def _index_of(documents: list[list[object]], frames: bytes) -> bytes:
    table = orjson.dumps({"shard": 1, "documents": documents})
    end = zlib.crc32(table).to_bytes(4, "little") + len(table).to_bytes(4, "little") + b"svix"
    size = len(table) + len(end)
    return frames + (0x184D2A5D).to_bytes(4, "little") + size.to_bytes(4, "little") + table + end


@pytest.mark.parametrize(
    ("documents", "reason"),
    [
        ([], "holds no documents"),
        ([["a", 5, 5, 0]], "has an index of other documents"),
        ([["a", 0, 0, 0]], "has an index with a document of no bytes"),
        ([["a", "5", 5, 0]], "has an index of another form"),
    ],
)
def test_an_index_of_something_else_is_one_finding(
    documents: list[list[object]], reason: str, sharded: Path
) -> None:
    """An index is believed only if it fits the file."""
    _part(sharded, 2).write_bytes(_index_of(documents, b""))
    (error,) = _errors(sharded)
    assert error.startswith(f"E102 {SHARDS[2]}:1: {reason}")


def test_a_document_larger_than_the_limit_is_not_read(
    sharded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An index that states a huge size costs no memory."""
    monkeypatch.setenv("STATEVISIT_MAX_MB", "1")
    _part(sharded, 2).write_bytes(_index_of([["d-20", 5, 10**15, 0]], b"frame"))
    (error,) = _errors(sharded)
    assert "the document is larger than 1 MB" in error


def test_one_id_in_two_shards(sharded: Path) -> None:
    """Both places are named; the commands that need ids refuse."""
    shutil.copy(_part(sharded, 0), sharded / "corpus/documents/part-00003.jsonl.zst")
    errors = _errors(sharded)
    assert 10 <= len(errors)
    assert all("part-00003.jsonl.zst:" in error for error in errors)
    with pytest.raises(FormatError, match=r"part-00003.*part-00000.*the same id, 'd-00'"):
        _ = load(sharded).ids
    with pytest.raises(FormatError, match="the same id"):
        unshard(sharded)


def test_an_index_that_states_another_id(sharded: Path) -> None:
    """The document counts, and the difference is a finding at its line."""
    path = _part(sharded, 2)
    lines = [entry.bytes() for entry in load(path).entries]
    ids = ["d-20", "d-21", "other", "d-23", "d-24"]
    path.write_bytes(b"".join(packed(zip(ids, lines, strict=True))))
    (error,) = _errors(sharded)
    assert error.startswith(f"E210 {SHARDS[2]}:3: holds the document 'd-22', and the index")
    with pytest.raises(FormatError, match="holds the document 'd-22'"):
        load(sharded)["other"]


def test_a_shard_of_another_scheme(sharded: Path, cli: Cli) -> None:
    """Each of its documents is a finding with its line; those of other shards have none."""
    path = _part(sharded)
    values = [orjson.loads(entry.bytes()) | {"sentiments": []} for entry in load(path).entries]
    path.write_bytes(b"".join(packed((v["id"], orjson.dumps(v) + b"\n") for v in values)))
    errors = _errors(sharded)
    expected = [f"E104 {SHARDS[1]}:{line}:" for line in range(1, 11)]
    assert expected == [error.split(" ", 2)[0] + " " + error.split(" ")[1] for error in errors]
    assert f"{SHARDS[1]}:3:" in cli("validate", sharded, "-v", "--workers", "1").out


def test_a_finding_names_shard_line_column_and_id(sharded: Path) -> None:
    """As in JSONL, the line is that of the document and the column that in the line."""
    path = _part(sharded)
    values = [orjson.loads(entry.bytes()) for entry in load(path).entries]
    values[4]["date"] = "2024-13-01"
    lines = [orjson.dumps(value) + b"\n" for value in values]
    path.write_bytes(b"".join(packed((v["id"], d) for v, d in zip(values, lines, strict=True))))
    (found,) = [f for f in validate(sharded) if f.severity == "error"]
    assert ("d-14", 5, str(path)) == (found.document, found.line, found.file)
    assert lines[4].index(b'"2024-13-01"') + 1 == found.column


def test_a_large_document(sharded: Path) -> None:
    """A document of 5 MB comes back as it was."""
    unshard(sharded)
    text = "Word here. " * 45_000
    ingest(text, date="2024-03-01", id="large", path=sharded, tokenizer="whitespace")
    before = _documents(sharded)
    assert 5_000_000 < len(before["large.json"])
    shard(sharded, 10)
    assert "large" == load(sharded)["large"].id
    unshard(sharded)
    assert before == _documents(sharded)


# what is refused


def test_a_mixture_is_refused(sharded: Path, made: tuple[Path, Path], cli: Cli) -> None:
    """A document beside shards, or a missing shard, is one clear error, and nothing changes."""
    other = sharded / "corpus/documents/d-03.json"
    shutil.copy(made[0] / "corpus/documents/d-03.json", other)
    for arguments in (["validate"], ["shard"], ["unshard"], ["stats"]):
        result = cli(*arguments, sharded)
        assert 1 == result.status
        assert "d-03.json: lies beside shards" in result.err
    other.unlink()
    _part(sharded).unlink()
    result = cli("validate", sharded)
    assert f"{SHARDS[1]}: this shard is missing" in result.err
    assert 1 == result.status


@pytest.mark.parametrize("data", [b'{"id":"d-03"}', b"not JSON", b'{\n"id":"other"\n}\n'])
def test_a_document_that_would_not_come_back_is_refused(
    data: bytes, made: tuple[Path, Path], tmp_path: Path
) -> None:
    """Another layout, no JSON, another id: `shard` names the file, and changes nothing."""
    root = Path(shutil.copytree(made[0], tmp_path / "files"))
    (root / "corpus/documents/d-03.json").write_bytes(data)
    before = _written(root)
    with pytest.raises(FormatError, match=r"d-03\.json"):
        shard(root)
    assert before == _written(root)


def test_foreign_files_and_links_are_refused(sharded: Path, tmp_path: Path) -> None:
    """What is no document has no place to go; a link is not followed."""
    foreign = sharded / "corpus/documents/notes.txt"
    foreign.write_text("mine")
    with pytest.raises(FormatError, match=r"notes.txt: is no document"):
        unshard(sharded)
    foreign.unlink()
    directory = sharded / "corpus/documents"
    directory.rename(tmp_path / "elsewhere")
    directory.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FormatError, match="is a link"):
        unshard(sharded)


# atomicity


@pytest.mark.parametrize("in_one_step", [True, False])
@pytest.mark.parametrize("last", [1, 2, 10, 24, 25, 26, 27])
def test_a_stopped_command_leaves_one_form(
    last: int, in_one_step: bool, sharded: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever write or rename is the last one, the old form is there or the new one, whole."""
    old = _documents(sharded)
    calls = 0
    replace = Path.replace

    def stopping(self: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls == last:
            raise KeyboardInterrupt
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", stopping)
    if not in_one_step:
        monkeypatch.setattr(sharding, "_exchanged", lambda new, old: False)
    try:
        unshard(sharded)
        is_done = True
    except KeyboardInterrupt:
        is_done = False
    monkeypatch.undo()
    assert (25 if is_done else 3) == len(_documents(sharded))
    assert is_done or old == _documents(sharded)
    assert [] == list((sharded / "corpus").glob(".documents*"))
    unshard(sharded)
    shard(sharded, 10)
    assert old == _documents(sharded)


def test_a_killed_command_is_recovered(sharded: Path) -> None:
    """Killed between two renames, where there is no exchange, the next run brings all back."""
    old = _documents(sharded)
    left = sharded / "corpus/.documents.x"
    (left / "new").mkdir(parents=True)
    (sharded / "corpus/documents").rename(left / "old")
    recover(sharded)
    assert old == _documents(sharded)
    assert 25 == unshard(sharded)
    assert not left.exists()


def test_versions_in_git_have_either_form(
    sharded: Path,
    made: tuple[Path, Path],
    cli: Cli,
    identity: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A revision with shards is compared with files, and a change in a document is found."""
    monkeypatch.chdir(sharded)
    for arguments in (["init", "-q"], ["add", "-A"], ["commit", "-qm", "Shards"]):
        subprocess.run(["git", *arguments], check=True)
    unshard(sharded)
    result = cli("diff", "HEAD", ".")
    assert (0, "") == (result.status, result.err)
    assert list(load(made[0])) == list(load(sharded))
    assert 0 == cli("state", "d-11", "entities", "partial").status
    assert "d-11" in cli("diff", "HEAD", ".").out
