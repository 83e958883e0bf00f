"""Commands that change documents: the same documents come of it in files and in shards."""

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from statevisit import FormatError, ingest, layout, load, validate, write_document
from statevisit.annotation.layer_states import entries_of, set_states
from statevisit.checks.reused_ids import reused
from statevisit.corpus import sharding
from statevisit.corpus.documents import write_documents
from statevisit.corpus.reader import Entry
from statevisit.corpus.sharding import shard, unshard
from statevisit.document.codec import encode_value
from statevisit.document.model import ANNOTATED_LAYERS
from tests.conftest import ROOT, Result
from tests.many_documents import many_documents, name_of
from tests.repositories import begin, commit

Cli = Callable[..., Result]
Change = Callable[[Path], object]

SIZE = 4
"""Documents of a shard."""

FOURTH = f"corpus/documents/{name_of(4)}.json"


def _files(root: Path) -> dict[str, bytes]:
    paths = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus of ten documents as files; two annotators have one of them, too."""
    root = many_documents(tmp_path_factory.mktemp("changes") / "corpus", 10)
    for annotator in ("a", "b"):
        (root / f"corpus/annotators/{annotator}").mkdir(parents=True)
        shutil.copy(root / FOURTH, root / f"corpus/annotators/{annotator}/{name_of(4)}.json")
    return root


def _both(made: Path, directory: Path, change: Change = lambda root: None) -> tuple[Path, Path]:
    """Copies of a corpus, after a change, as files and in shards."""
    files = Path(shutil.copytree(made, directory / "files/corpus"))
    change(files)
    shards = Path(shutil.copytree(files, directory / "shards/corpus"))
    assert 3 == len(shard(shards, SIZE)[1])
    return files, shards


def _assert_same(files: Path, shards: Path) -> None:
    """The shards have the bytes that `shard` gives, and `unshard` gives the files of the other."""
    expected = _files(files)
    other = Path(shutil.copytree(files, files.parent / "other"))
    shard(other, SIZE)
    assert _files(other) == _files(shards)
    unshard(shards)
    assert expected == _files(shards)


# what commands read


def _draft(path: Path, cli: Cli) -> None:
    mention = {"quote": "Springfield", "level": "NAM", "entity": "springfield"}
    path.write_text(json.dumps({"id": name_of(4), "mentions": [mention]}))


def _brat(path: Path, cli: Cli) -> None:
    """An export with a change in two documents, and a text that is new."""
    assert 0 == cli("export", "--to", "brat", "-o", path).status
    for number in (1, 8):
        annotations = path / f"{name_of(number)}.ann"
        annotations.write_text(annotations.read_text().replace("level T3 NOM", "level T3 NAM"))
    (path / "doc-000035.txt").write_text("Lena Marsh came.")
    (path / "doc-000035.ann").write_text("T1\tPERSON 0 10\tLena Marsh\n")


def _tasks(path: Path, cli: Cli) -> None:
    assert 0 == cli("label-studio", "export", "-o", path).status
    path.write_text(path.read_text().replace('"NOM"', '"NAM"', 1))


def _texts(path: Path, cli: Cli) -> None:
    texts = {"doc-000015": "One text.", "doc-000075": "Another text.", "z": "A third text."}
    path.write_text("".join(json.dumps({"id": i, "text": texts[i]}) + "\n" for i in texts))


INPUTS: dict[str, Callable[[Path, Cli], object]] = {
    "DRAFT.json": _draft,
    "BRAT": _brat,
    "TASKS.json": _tasks,
    "TEXT.txt": lambda path, cli: path.write_text("A text of its own."),
    "TEXTS.jsonl": _texts,
    "NONE.jsonl": lambda path, cli: path.write_bytes(b""),
    "CORRECTED.txt": lambda path, cli: path.write_bytes(
        Path(f"seeds/{name_of(4)}.txt").read_bytes().replace(b"new bridge", b"newest bridge")
    ),
}
"""The files that stand in commands, and how they are made."""


# changes of the corpus before a command


def _nothing(root: Path) -> None:
    pass


def _spoil(root: Path) -> None:
    """Give two documents a name with a space at its end, which `validate --fix` takes out."""
    for number in (2, 6):
        path = root / f"corpus/documents/{name_of(number)}.json"
        data = path.read_bytes()
        path.write_bytes(data.replace(b'"name":"Springfield"', b'"name":"Springfield "'))
        assert data != path.read_bytes()


def _age(root: Path) -> None:
    """Give the corpus a document of an older version of the schema."""
    value = json.loads((ROOT / "tests/data/migrations/v1/springfield.json").read_bytes())
    (root / "corpus/documents/springfield.json").write_bytes(encode_value(value))


def _restrict(root: Path) -> None:
    """Leave a layer out of the scheme."""
    (root / "schema").mkdir()
    layers = [layer for layer in ANNOTATED_LAYERS if layer != "quotations"]
    (root / "schema/scheme.toml").write_text(f"base = 2\nlayers = {json.dumps(layers)}\n")


PASSES = f"corpus/annotators/a/{name_of(4)}.json corpus/annotators/b/{name_of(4)}.json"

CHANGING: dict[str, Change] = {
    f"anchor DRAFT.json --output {FOURTH}": _nothing,
    f"adjudicate {PASSES} --decisions NONE.jsonl --ids {FOURTH} -o {FOURTH}": _nothing,
    "import --from brat BRAT --date 2024-03-01": _nothing,
    "ingest TEXT.txt --id doc-000045 --date 2024-03-01": _nothing,
    "ingest TEXT.txt --id a --date 2024-03-01": _nothing,
    "ingest TEXTS.jsonl --date 2024-03-01": _nothing,
    "label-studio import TASKS.json": _nothing,
    "migrate": _age,
    "migrate corpus/documents/springfield.json": _age,
    f"realign seeds/{name_of(4)}.txt CORRECTED.txt {FOURTH}": _nothing,
    "remove doc-00001 doc-00004 doc-00009 --yes": _nothing,
    "rename doc-00001 other": _nothing,
    "rename doc-00004 a": _nothing,
    "scheme --allow-loss": _restrict,
    "sentences merge doc-00004 Monday.-The": _nothing,
    f"sentences merge {FOURTH} Monday.-The": _nothing,
    "state doc-00004 mentions partial": _nothing,
    "state doc-00001,doc-00009 entities,mentions partial": _nothing,
    "state . all partial": _nothing,
    "tokens split doc-00004 Spring|field": _nothing,
    "validate --fix --ignore W": _spoil,
    "validate --fix --ignore W corpus/documents/doc-00006.json": _spoil,
}
"""Commands, and a change of the corpus before them; a hyphen in a quote stands for a space."""


@pytest.mark.parametrize("command", CHANGING)
def test_commands_that_change_documents_take_either_form(
    command: str, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    """The same documents come of a command in files and in shards, byte for byte."""
    roots = _both(made, tmp_path, CHANGING[command])
    before = _files(roots[0])
    monkeypatch.chdir(roots[0])
    words = command.split()
    for number, word in enumerate(words):
        if word in INPUTS:
            INPUTS[word](tmp_path / word, cli)
            words[number] = str(tmp_path / word)
        words[number] = re.sub("(?<=Monday.)-", " ", words[number])
    for root in roots:
        monkeypatch.chdir(root)
        result = cli(*words)
        assert 0 == result.status, result.err
    changed = {name for name, data in _files(roots[0]).items() if before.get(name) != data}
    removed = before.keys() - _files(roots[0]).keys()
    assert any(name.startswith("corpus/documents/") for name in changed | removed)
    _assert_same(*roots)


def test_functions_that_change_documents_take_either_form(made: Path, tmp_path: Path) -> None:
    """The functions of the package do as the commands do, and refuse the same."""
    roots = _both(made, tmp_path)
    for root in roots:
        document = load(root)[name_of(3)]
        write_document(replace(document, language="en-GB"), root)
        new = ingest("A text.", date="2024-03-01", id="doc-000025", path=root)
        assert new == load(root)["doc-000025"]
        with pytest.raises(FormatError, match=r"doc-000025.json: exists already"):
            ingest("A text.", date="2024-03-01", id="doc-000025", path=root)
        with pytest.raises(FormatError, match=r"add one with statevisit.ingest"):
            write_document(replace(document, id="unknown"), root)
    _assert_same(*roots)


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("remove doc-00004 doc-0001 --yes", "has no document 'doc-0001'; there is 'doc-00001'"),
        ("rename doc-00004 doc-00001", "doc-00001.json: exists already; choose another id"),
        ("rename doc-00004 DOC-00001", "doc-00001.json: exists, and 'DOC-00001' is the same file"),
        ("ingest TEXT.txt --id doc-00004 --date 2024-03-01", "doc-00004.json: exists already"),
        ("ingest TEXT.txt --id Doc-00004 --date 2024-03-01", "are one file name on macOS"),
        ("state unknown all partial", "no document 'unknown'"),
        ("tokens split unknown Spring|field", "unknown: neither a file nor the id of a document"),
    ],
)
def test_what_is_refused_is_refused_in_either_form(
    command: str,
    message: str,
    made: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    cli: Cli,
) -> None:
    """A document that exists, or does not, is found in both forms; nothing changes."""
    (tmp_path / "TEXT.txt").write_text("A text of its own.")
    words = [str(tmp_path / word) if word == "TEXT.txt" else word for word in command.split()]
    for root in _both(made, tmp_path):
        monkeypatch.chdir(root)
        before = _files(root)
        result = cli(*words)
        assert (1, True) == (result.status, message in result.err), result.err
        assert before == _files(root)


def test_a_file_is_not_written_beside_shards(made: Path, tmp_path: Path, cli: Cli) -> None:
    """A document of another id than its path, and a file that is no document, are refused."""
    _, root = _both(made, tmp_path)
    before = _files(root)
    document = load(root)[name_of(3)]
    with pytest.raises(FormatError, match="would hold the document 'doc-00003'"):
        write_document(document, root / FOURTH)
    result = cli("label-studio", "export", "--path", root, "-o", root / FOURTH)
    assert (1, True) == (result.status, "run `statevisit unshard` first" in result.err)
    assert before == _files(root)


def test_a_document_in_a_shard_has_a_path(made: Path, tmp_path: Path, cli: Cli) -> None:
    """`corpus/documents/<id>.json` names a document in either form, for commands that read, too."""
    files, shards = _both(made, tmp_path)
    assert load(files / FOURTH)[0] == load(shards / FOURTH)[0]
    assert [f.code for f in validate(files / FOURTH)] == [f.code for f in validate(shards / FOURTH)]
    results = [cli("stats", root / FOURTH, "--json") for root in (files, shards)]
    assert results[0] == results[1]
    with pytest.raises(FormatError, match="no such file"):
        load(shards / "corpus/documents/unknown.json")


# shards after random changes


def _document(document_id: str, number: int) -> bytes:
    return encode_value({"id": document_id, "numbers": [{"n": number}] * (number % 3)})


IDS = [f"{letter}{number}" for letter in "abcd" for number in range(8)]


@settings(max_examples=25, deadline=None)
@given(
    old=st.sets(st.sampled_from(IDS), min_size=1, max_size=20),
    size=st.integers(1, 7),
    changes=st.lists(
        st.dictionaries(st.sampled_from(IDS), st.none() | st.integers(0, 9), max_size=8), max_size=3
    ),
)
@example(old=set(IDS), size=4, changes=[{"a0": None}, {"a0": 1}])
@example(old=set(IDS), size=4, changes=[{"a1": 1, "b1": 2, "d7": None, "e": 3}])
@example(old=set(IDS), size=8, changes=[dict.fromkeys(IDS[8:])])
@example(old=set(IDS), size=8, changes=[dict.fromkeys(IDS)])
def test_changed_shards_are_those_that_shard_makes(
    old: set[str], size: int, changes: list[dict[str, int | None]]
) -> None:
    """After any changes, the shards have the bytes that unsharding, the change and sharding give.

    A shard is as large as the first one was; a single one may be filled.
    """
    with TemporaryDirectory() as directory:
        files, shards = (Path(directory) / name for name in ("files", "shards"))
        (files / "corpus/documents").mkdir(parents=True)
        write_documents(files, {document_id: _document(document_id, 0) for document_id in old})
        shutil.copytree(files, shards)
        shard(shards, size)
        for change in changes:
            number = len(load(shards).files())
            size = size if number > 1 else max(len(load(shards)), sharding.DOCUMENTS)
            contents = {i: None if n is None else _document(i, n) for i, n in change.items()}
            write_documents(files, contents)
            write_documents(shards, contents)
            left = os.listdir(files / "corpus/documents")
            if not left:
                assert [] == os.listdir(shards / "corpus/documents")
                return
            expected = Path(directory) / "expected"
            shutil.copytree(files, expected)
            shard(expected, size)
            assert _files(expected) == _files(shards)
            shutil.rmtree(expected)


def test_only_the_shards_that_differ_are_written(made: Path, tmp_path: Path) -> None:
    """A change in place writes its shards, a removal those from its own on; the others are kept.

    Frames of other documents are not read: a damaged one stays, and is still found.
    """
    _, root = _both(made, tmp_path)
    parts = sorted((root / "corpus/documents").iterdir())

    def nodes() -> list[int]:
        return [path.stat().st_ino for path in parts if path.exists()]

    data = parts[2].read_bytes()
    parts[2].write_bytes(bytes([*data[:20], data[20] ^ 1, *data[21:]]))
    before = nodes()
    list(set_states(root, entries_of(root, [name_of(5)]), ("mentions",), "partial"))
    after = nodes()
    assert [True, False, True] == [a == b for a, b in zip(before, after, strict=True)]
    write_documents(root, {name_of(6): None})
    assert [True, False, False] == [a == b for a, b in zip(after, nodes(), strict=True)]
    assert name_of(9) == load(root)[name_of(9)].id
    with pytest.raises(FormatError, match="its bytes were changed or lost"):
        load(root)[name_of(8)]


@pytest.mark.parametrize("in_one_step", [True, False])
def test_a_change_that_is_stopped_changes_nothing(
    in_one_step: bool, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Stopped before any of its renames, a change of several shards leaves the old ones, whole."""
    _, root = _both(made, tmp_path)
    before = _files(root)
    if not in_one_step:
        monkeypatch.setattr(sharding, "_exchanged", lambda new, old: False)
    replacing = Path.replace

    def stopping_at(last: int) -> Callable[[Path, Path], Path]:
        calls = iter(range(1, 9))

        def stopping(self: Path, target: Path) -> Path:
            if next(calls) == last:
                raise KeyboardInterrupt
            return replacing(self, target)

        return stopping

    def content() -> bytes:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_documents(root, {name_of(1): None, name_of(9): content})
    assert before == _files(root)
    for last in () if in_one_step else (1, 2):
        with monkeypatch.context() as patch:
            patch.setattr(Path, "replace", stopping_at(last))
            with pytest.raises(KeyboardInterrupt):
                write_documents(root, {name_of(1): None})
        assert before == _files(root)
    write_documents(root, {name_of(1): None})
    assert 9 == len(load(root))


def test_documents_of_a_killed_change_are_brought_back(
    made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Cli
) -> None:
    """Killed between two renames, a change leaves no documents; the next command has them all."""
    _, root = _both(made, tmp_path)
    before = _files(root)
    left = root / "corpus/.documents.x"
    left.mkdir()
    (root / "corpus/documents").rename(left / "old")
    (left / "new").mkdir()
    with pytest.raises(FormatError, match="holds no documents"):
        load(root)
    monkeypatch.chdir(root)
    assert 0 == cli("state", name_of(5), "mentions", "done").status
    assert before.keys() == _files(root).keys()
    assert 0 == cli("remove", name_of(5), "--yes").status
    assert not left.exists()


def test_shards_that_cannot_be_changed_are_refused(made: Path, tmp_path: Path) -> None:
    """A shard that is cut off, missing or not in the order of ids: one message, and no change."""
    _, root = _both(made, tmp_path)
    parts = sorted((root / "corpus/documents").iterdir())
    data = [path.read_bytes() for path in parts]

    def refused(message: str) -> None:
        before = _files(root)
        with pytest.raises(FormatError, match=message):
            write_documents(root, {name_of(1): None})
        assert before == _files(root)

    parts[1].write_bytes(data[1][:-9])
    refused(r"part-00001.*has no index at its end; restore the file")
    parts[1].unlink()
    refused(r"part-00001.*this shard is missing")
    parts[1].write_bytes(data[2])
    parts[2].write_bytes(data[1])
    refused(r"part-00002.jsonl.zst:1: 'doc-00004' does not follow 'doc-00009'.*statevisit shard")
    shard(root, SIZE)
    assert data == [path.read_bytes() for path in parts]


# the last release


def _reuse(root: Path, number: int) -> None:
    """Give the ids of two mentions of a document to each other."""
    document = load(root)[name_of(number)]
    first, second = document.mentions[0], document.mentions[1]
    swapped = (replace(first, id=second.id), replace(second, id=first.id), *document.mentions[2:])
    write_document(replace(document, mentions=swapped), root)


FORMS: dict[str, tuple[Change, Change]] = {
    "files": (lambda root: None, lambda root: None),
    "shards": (lambda root: shard(root, SIZE), lambda root: None),
    "then shards": (lambda root: None, lambda root: shard(root, SIZE)),
    "then files": (lambda root: shard(root, SIZE), unshard),
    "then larger shards": (lambda root: shard(root, 3), lambda root: shard(root, SIZE)),
}
"""The form in which a corpus was released, and a change of its form afterwards."""


@pytest.mark.parametrize("form", FORMS)
def test_reused_ids_are_found_in_either_form(
    form: str, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, identity: None
) -> None:
    """An id that means something else than in the release is found at its line, in any form.

    Documents that were added or removed since do not hide it.
    """
    root = Path(shutil.copytree(made, tmp_path / "corpus"))
    as_released, as_today = FORMS[form]
    as_released(root)
    (root / "corpus/release.json").write_text('{"version": "1.0.0"}\n')
    begin(root)
    commit(root)
    as_today(root)
    assert [] == list(reused(root))
    write_documents(root, {name_of(2): None})
    ingest("A new text.", date="2024-03-01", id="a", path=root)
    for number in (1, 7):
        _reuse(root, number)
    read: list[str] = []
    monkeypatch.setattr(Entry, "bytes", _noting(read, Entry.bytes))
    findings = list(reused(root))
    names = [name_of(1), name_of(1), name_of(7), name_of(7)]
    assert names == [finding.document for finding in findings]
    assert {"W707"} == {finding.code for finding in findings}
    places = {load(root).entry(name).name for name in names}
    if layout.is_sharded(root):
        assert places == {f"{finding.file}:{finding.line}" for finding in findings}
    else:
        assert places == {finding.file for finding in findings}
    if form in ("files", "shards", "then larger shards"):
        assert [name_of(1), name_of(7)] == read, "other documents are not read"


def _noting(ids: list[str], function: Callable[[Entry], bytes]) -> Callable[[Entry], bytes]:
    def noting(entry: Entry) -> bytes:
        ids.append(entry.id)
        return function(entry)

    return noting


def test_a_release_counts_reused_ids_in_shards(
    made: Path, tmp_path: Path, cli: Cli, identity: None
) -> None:
    """`release` asks for a major version, and `diff` compares revisions of shards."""
    root = Path(shutil.copytree(made, tmp_path / "corpus"))
    shutil.rmtree(root / "corpus/annotators")
    shard(root, SIZE)
    assert 0 == cli("build", root, "--workers", "1").status
    begin(root)
    commit(root)
    assert 0 == cli("release", root, "--version", "1.0.0").status
    _reuse(root, 5)
    write_documents(root, {name_of(0): None})
    assert 0 == cli("build", root, "--workers", "1").status
    commit(root)
    result = cli("release", root, "--dry-run")
    assert "would release 2.0.0" in result.out, result.err
    changes = cli("diff", "v1.0.0", root)
    assert (0, True) == (changes.status, f"{name_of(5)}" in changes.out), changes.err
    assert 10 == len(load(root, version="1.0.0"))
    assert 9 == len(load(root))
