"""Bad input: one clear message, the right exit status, no traceback, and no file changed."""

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import DOC_ID, PATIENCE, Result, interrupted, started, wait_until

HEADER = b" date 2024-03-01 "

SEEDS: list[tuple[str, bytes, str]] = [
    ("not UTF-8", HEADER + b"caf\xe9", "seed.txt:1: not UTF-8: byte 0xe9 at offset 20"),
    ("UTF-16", (HEADER + b"x").decode().encode("utf-16"), "not UTF-8"),
    ("BOM", b"\xef\xbb\xbf" + HEADER + b"Text.", "seed.txt:1:1: a byte order mark is not allowed"),
    ("CRLF", HEADER + b"One.\r\nTwo.", "seed.txt:1:22: a carriage return"),
    ("surrogate", HEADER + b"One.\n\xed\xa0\x80", "seed.txt:2: not UTF-8: an encoded surrogate"),
    ("NUL", HEADER + b"One.\n\nTwo\x00.", "seed.txt:3:4: a NUL"),
    ("control", HEADER + b"One\x1b[31m.", "U+001B"),
    ("empty", b"", "seed.txt: is empty"),
    ("blank", b" \n ", "seed.txt: is empty"),
    ("only a header", HEADER, "has a header but no text"),
    ("only a header and space", HEADER + b"\n\n", "has a header but no text"),
    ("no header", b"The president met.", "seed.txt:1: no header"),
    (
        "no such date",
        b" date 2023-02-29 Text.",
        "seed.txt:1: the header's date: 2023-02-29 is not in the calendar",
    ),
    ("no date", b" date yesterday Text.", "'yesterday' is not YYYY-MM-DD"),
    ("not NFC", HEADER + "One.\ncafe\u0301".encode(), "seed.txt:2: not in Unicode normal form NFC"),
]


@pytest.mark.parametrize(("seed", "message"), [s[1:] for s in SEEDS], ids=[s[0] for s in SEEDS])
def test_bad_seed(tmp_path: Path, cli: Callable[..., Result], seed: bytes, message: str) -> None:
    """A seed that is not in the format is refused with its place, and nothing is written."""
    path = tmp_path / "seed.txt"
    path.write_bytes(seed)
    result = cli("ingest", path, "--root", tmp_path / "root")
    _refused(result, message)
    assert not (tmp_path / "root").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--id", "a/b"], "path separator"),
        (["--id", "..\\x"], "path separator"),
        (["--id", "two words"], "letters, digits"),
        (["--id", "2024-03-01-two words"], "'2024-03-01-two-words' could"),
        (["--id", "2024-03-01-" + "x" * 60], "at most 64"),
        (["--id", ""], "cannot be an id"),
        (["--id", "x" * 65], "at most 64"),
        (["--language", "xyzzy"], "spaCy has no tokenizer for the language 'xyzzy'"),
    ],
)
def test_bad_ingest_arguments(
    tmp_path: Path, cli: Callable[..., Result], arguments: list[str], message: str
) -> None:
    """An id that cannot be a file name, or a language without a tokenizer, is refused.

    Nothing is written.
    """
    path = tmp_path / "seed.txt"
    path.write_bytes(HEADER + b"Text.")
    _refused(cli("ingest", path, "--root", tmp_path / "root", *arguments), message)
    assert not (tmp_path / "root").exists()


def test_ingest_never_overwrites(
    corpus: Path, document_file: Path, cli: Callable[..., Result]
) -> None:
    """An existing document, or a seed's name that another text has, is never overwritten."""
    before = _state(corpus)
    seed = next((corpus / "seeds").glob("*.txt"))
    _refused(cli("ingest", seed, "--root", corpus, "--id", DOC_ID), "exists already")
    other = corpus / seed.name
    other.write_bytes(HEADER + b"Another text.")
    _refused(cli("ingest", other, "--root", corpus, "--id", "other"), "another file of this name")
    other.unlink()
    assert before == _state(corpus)


def _truncated(data: bytes) -> bytes:
    return data[: len(data) // 2]


DOCUMENTS: list[tuple[str, Callable[[bytes], bytes], str]] = [
    ("truncated", _truncated, "E102 not JSON"),
    ("empty", lambda d: b"", "E102 not JSON"),
    ("not UTF-8", lambda d: d.replace("ğ".encode(), b"\xf0", 1), ":10:36: E101 not UTF-8"),
    ("BOM", lambda d: b"\xef\xbb\xbf" + d, "byte order mark"),
    (
        "duplicate key",
        lambda d: d.replace(b'"language":"en"', b'"language":"en",\n"language":"tr"'),
        ':5:1: E103 the key "language" occurs twice',
    ),
    ("NaN", lambda d: d.replace(b'"header_length":17', b'"header_length":NaN'), "E102 not JSON"),
    (
        "unknown key",
        lambda d: d.replace(b'"date"', b'"title":"x",\n"date"', 1),
        "E104 unknown property `title`",
    ),
    (
        "100 MB string",
        lambda d: d.replace(b'"id":"m1"', b'"id":"' + b"m" * 100_000_000 + b'"', 1),
        "(100,000,000 characters)",
    ),
    (
        "100 MB key",
        lambda d: d.replace(b'"id":"m1"', b'"' + b"m" * 100_000_000 + b'":1,"id":"m1"', 1),
        "E104 unknown property",
    ),
    (
        "nested 100,000 deep",
        lambda d: d.replace(b'"mentions":[', b'"mentions":' + b"[" * 100_000, 1),
        "E102 not JSON: depth limit",
    ),
    (
        "nested 1,020 deep",
        lambda d: d.replace(b'"mentions":[', b'"mentions":[' + b"[" * 1015 + b"]" * 1015 + b",", 1),
        "E10",
    ),
    (
        "id with path separator",
        lambda d: d.replace(b'"id":"m1"', b'"id":"../m1"', 1),
        'E104 `id` is "../m1"',
    ),
    (
        "document id with path separator",
        lambda d: d.replace(f'"id":"{DOC_ID}"'.encode(), b'"id":"../../x"', 1),
        "E104 `id`",
    ),
    (
        "seed outside seeds/",
        lambda d: d.replace(b'"file":"000', b'"file":"../000', 1),
        "E104 `file`",
    ),
    ("an array", lambda d: b"[]", "E104"),
    ("a number", lambda d: b"7", "E104"),
    ("null", lambda d: b"null", "E104"),
    (
        "layer is an object",
        lambda d: d.replace(b'"quotations":[', b'"quotations":{"a":[', 1)[:-3] + b"}\n}\n",
        "must be an array",
    ),
    (
        "newer schema",
        lambda d: d.replace(b'"schema_version":2', b'"schema_version":3'),
        "E105 written for a schema newer than version 2",
    ),
    (
        "version is a string",
        lambda d: d.replace(b'"schema_version":2', b'"schema_version":"2"'),
        "E104",
    ),
    (
        "offset beyond 2^53",
        lambda d: d.replace(b'"start":0,"end":119', b'"start":0,"end":99999999999999999999', 1),
        "E104",
    ),
]


LARGE = ("100 MB string", "100 MB key")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        pytest.param(*case, id=name, marks=[pytest.mark.slow] if name in LARGE else [])
        for name, *case in DOCUMENTS
    ],
)
@pytest.mark.parametrize("command", ["validate", "build", "show", "stats"])
def test_bad_document(
    corpus: Path,
    document_file: Path,
    cli: Callable[..., Result],
    command: str,
    spoil: Callable[[bytes], bytes],
    message: str,
) -> None:
    """Every command names the file and its fault, prints no traceback, and writes nothing."""
    document_file.write_bytes(spoil(document_file.read_bytes()))
    before = _state(corpus)
    result = cli(command, *(["--path"] if command == "show" else []), corpus)
    assert 1 == result.status
    assert document_file.name in result.out + result.err
    if command in ("validate", "build"):
        assert message in result.out
    assert "Traceback" not in result.out + result.err
    assert len(result.out + result.err) < 20_000
    assert before == _state(corpus)


def _remove_all(root: Path) -> None:
    next((root / "corpus/documents").glob("*.json")).unlink()


def _foreign(root: Path) -> None:
    (root / "corpus/documents/thumbs.db").write_bytes(b"\0")


def _twice(root: Path) -> None:
    path = next((root / "corpus/documents").glob("*.json"))
    path.with_name("again.json").write_bytes(path.read_bytes())


def _broken_manifest(root: Path) -> None:
    (root / "corpus/release.json").write_text("{")


def _broken_list(root: Path) -> None:
    (root / "corpus/wikidata.json").write_text('{"Q43": "Turkey"}')


ROOTS: list[tuple[str, Callable[[Path], object], str]] = [
    ("no documents", _remove_all, "holds no documents"),
    ("foreign file", _foreign, "E702 not a document"),
    ("two documents with one id", _twice, "E701"),
    ("broken manifest", _broken_manifest, "release.json"),
    ("broken list of links", _broken_list, "wikidata.json: E704 must be an array"),
]


@pytest.mark.parametrize(("spoil", "message"), [r[1:] for r in ROOTS], ids=[r[0] for r in ROOTS])
def test_bad_corpus(
    corpus: Path, cli: Callable[..., Result], spoil: Callable[[Path], object], message: str
) -> None:
    """A corpus directory with a fault is not built, and stays unchanged."""
    spoil(corpus)
    before = _state(corpus)
    _refused(cli("build", corpus), message)
    assert before == _state(corpus)


@pytest.fixture
def strange(corpus: Path, document_file: Path) -> Path:
    """A corpus of one right document among files that cannot be documents."""
    documents = corpus / "corpus/documents"
    (documents / "directory.json").mkdir()
    (documents / "broken.json").write_bytes(b"{")
    (documents / "bytes.json").write_bytes(b"\xff")
    os.mkfifo(documents / "pipe.json")
    (documents / "device.json").symlink_to("/dev/zero")
    (documents / "gone.json").symlink_to("nowhere")
    return corpus


STRANGE = {"directory", "broken", "bytes", "pipe", "device", "gone"}


@pytest.mark.parametrize(
    "words",
    [
        ["validate", "@"],
        ["validate", "@", "--workers", "2", "--format", "json"],
        ["build", "@"],
        ["stats", "@"],
        ["migrate", "@"],
        ["score", "@", "@"],
        ["agree", "@", "@"],
        ["diff", "@", "@/other"],
        ["label-studio", "export", "--path", "@"],
    ],
    ids=lambda words: words[0],
)
def test_one_bad_document_does_not_end_a_run(
    strange: Path, document_file: Path, cli: Callable[..., Result], words: list[str]
) -> None:
    """All documents that cannot be read are named in one run, without waiting for a pipe."""
    (strange / "other").mkdir()
    shutil.copy(document_file, strange / "other")
    result = cli(*(word.replace("@", str(strange)) for word in words))
    assert 1 == result.status
    printed = result.out + result.err
    assert STRANGE == {name for name in STRANGE if f"{name}.json" in printed}
    assert "Traceback" not in printed


def test_the_right_documents_are_still_served(
    strange: Path, document_file: Path, cli: Callable[..., Result]
) -> None:
    """What can be counted, exported, compared or shown is."""
    assert 1 == json.loads(cli("stats", strange, "--json").out)["documents"]
    assert 1 == len(json.loads(cli("label-studio", "export", "--path", strange).out))
    (strange / "other").mkdir()
    shutil.copy(document_file, strange / "other")
    changed = strange / "other" / document_file.name
    changed.write_bytes(changed.read_bytes().replace(b'"language":"en"', b'"language":"tr"'))
    (change,) = json.loads(cli("diff", strange, strange / "other", "--format", "json").out)
    assert "document" == change["layer"]
    assert 0 == cli("show", DOC_ID, "--path", strange).status
    assert 0 == cli("validate", "--diff", strange).status


def test_one_bad_line_does_not_hide_the_others(
    tmp_path: Path, document_file: Path, cli: Callable[..., Result]
) -> None:
    """A document of JSONL is shown and compared although another line cannot be read."""
    line = document_file.read_bytes().replace(b"\n", b"")
    path = tmp_path / "corpus.jsonl"
    path.write_bytes(b"{}\n" + line + b"\n{\n")
    assert 0 == cli("show", DOC_ID, "--path", path).status
    result = cli("diff", path, document_file)
    assert (1, "") == result[:2]
    assert "corpus.jsonl:1" in result.err
    assert "corpus.jsonl:3" in result.err
    assert 1 == json.loads(cli("stats", path, "--json").out)["documents"]


def test_a_missing_path_does_not_end_a_run(cli: Callable[..., Result], corpus: Path) -> None:
    """The other paths are checked, and the output is whole."""
    result = cli("validate", "--format", "json", corpus / "gone", corpus)
    assert 1 == result.status
    assert 1 == json.loads(result.out)["documents"]
    assert "gone: no such file or directory" in result.err


@pytest.mark.parametrize("name", ["annotators.json", "wikidata.json", "adjudication.jsonl"])
@pytest.mark.parametrize("kind", ["directory", "device", "broken", "deep"])
def test_a_list_that_cannot_be_read_is_a_finding(
    corpus: Path, cli: Callable[..., Result], name: str, kind: str
) -> None:
    """It is named once, and the documents are still checked."""
    path = corpus / "corpus" / name
    path.unlink(missing_ok=True)
    if kind == "directory":
        path.mkdir()
    elif kind == "device":
        path.symlink_to("/dev/zero")
    else:
        path.write_bytes(b"\xff" if kind == "broken" else b"[" * 100_000)
    result = cli("validate", corpus, "--format", "json")
    report = json.loads(result.out)
    assert (1, 1) == (result.status, report["documents"])
    assert [("E704", str(path))] == [(f["code"], f["file"]) for f in report["findings"]]


@pytest.mark.parametrize("words", [["validate", "@"], ["show", "@"], ["stats", "@"]])
def test_a_named_pipe_is_read(document_file: Path, words: list[str]) -> None:
    """A file that the user names may be a pipe, as in `statevisit validate <(command)`."""
    words = [word.replace("@", f"<(cat {document_file})") for word in words]
    script = f"{sys.executable} -m statevisit {' '.join(words)}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, timeout=PATIENCE)
    assert 0 == done.returncode, done


@pytest.mark.parametrize(
    "words",
    [["validate", "/dev/zero"], ["show", "@"], ["ingest", "/dev/zero", "--root", "@root"]],
    ids=lambda words: words[0],
)
def test_a_device_without_end(
    tmp_path: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """A device that never ends is refused in one line, at the limit of a file."""
    monkeypatch.setenv("STATEVISIT_MAX_MB", "2")
    (tmp_path / "x.json").symlink_to("/dev/zero")
    (tmp_path / "x.jsonl").symlink_to("/dev/zero")
    names = {"@": str(tmp_path / "x.json"), "@root": str(tmp_path / "root")}
    _refused(cli(*(names.get(word, word) for word in words)), "larger than 2 MB")
    _refused(cli("validate", tmp_path / "x.jsonl"), "the line is larger than 2 MB")


ODD: dict[str, Callable[[str], bytes]] = {
    "deep list": lambda text: text.replace("{}", "[" * 5_000 + "]" * 5_000).encode(),
    "deep table": lambda text: text.replace("{}", "{a=" * 3_000 + "1" + "}" * 3_000).encode(),
    "UTF-16": lambda text: text.replace("{}", "1").encode("utf-16"),
    "Latin-1": lambda text: text.replace("{}", '"caf\xe9"').encode("latin-1"),
    "no such date": lambda text: text.replace("{}", "2024-13-45").encode(),
    "many digits": lambda text: text.replace("{}", "1" * 5_000).encode(),
    "NUL": lambda text: text.replace("{}", "\0").encode(),
}
PLACES = [
    ("README.md", "---\npretty_name: {}\n---\n# Corpus\n"),
    ("CITATION.cff", "title: {}\n"),
    ("pyproject.toml", "[tool.statevisit]\nselect = {}\n"),
    ("mapping.toml", "[labels]\nPER = {}\n"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("name", "text"), PLACES, ids=[name for name, _ in PLACES])
@pytest.mark.parametrize("kind", ODD)
def test_odd_toml_and_yaml(
    checkout: Path, cli: Callable[..., Result], name: str, text: str, kind: str
) -> None:
    """A file of TOML or YAML in another encoding, or nested too deeply, is one line naming it."""
    path = checkout / name
    path.write_bytes(ODD[kind](text))
    words: list[object] = ["build", checkout]
    if name == "pyproject.toml":
        words = ["validate", checkout]
    if name == "mapping.toml":
        (checkout / "export.json").write_text("[]")
        words = ["label-studio", "import", checkout / "export.json", "--mapping", path]
        words += ["--path", checkout]
    result = cli(*words)
    if result.status == 0:  # YAML has no numbers of its own limit, and no tables of TOML
        assert (name, kind) in {("CITATION.cff", "deep table"), ("README.md", "deep table")}
    else:
        _refused(result, str(path))
        assert 1 == len(result.err.splitlines())


@pytest.mark.slow
@pytest.mark.parametrize("name", ["README.md", "CITATION.cff", "pyproject.toml"])
def test_a_byte_order_mark_does_not_matter_in_settings(
    checkout: Path, cli: Callable[..., Result], name: str
) -> None:
    """Editors of Windows write one; the pages and settings are read without it."""
    path = checkout / name
    if name == "pyproject.toml":
        path.write_text('[tool.statevisit]\nselect = ["E"]\n')
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert 0 == cli("build", checkout).status
    assert 0 == cli("validate", checkout).status
    manifest = json.loads((checkout / "corpus/release.json").read_bytes())
    assert "corpus/croissant.json" in [file["path"] for file in manifest["files"]]


@pytest.mark.parametrize("command", ["validate", "build", "stats"])
def test_missing_directory(tmp_path: Path, cli: Callable[..., Result], command: str) -> None:
    """A directory that does not exist, or holds no corpus, is named, with advice."""
    _refused(cli(command, tmp_path / "gone"), "gone")
    (tmp_path / "empty").mkdir()
    _refused(cli(command, tmp_path / "empty"), "statevisit ingest")


@pytest.mark.parametrize(
    "arguments",
    [
        ["nonsense"],
        ["build", "--workers", "0"],
        ["validate", "--nonsense"],
        ["show", "--layer", "verbs"],
        ["ingest"],
        ["anchor"],
    ],
)
def test_wrong_usage(cli: Callable[..., Result], arguments: list[str]) -> None:
    """A command line that cannot be understood ends with status 2 and the usage."""
    result = cli(*arguments)
    assert 2 == result.status
    assert "Usage: statevisit" in result.err
    assert "Traceback" not in result.err


@pytest.mark.slow
def test_directory_that_cannot_be_written(corpus: Path, shell: Callable[..., Result]) -> None:
    """A build that cannot write its output says so, and leaves nothing half-written."""
    (corpus / "corpus" / "parquet").write_text("a file where a directory has to be")
    before = _state(corpus)
    _refused(shell("build", corpus), "parquet")
    assert before == _state(corpus)


@pytest.mark.slow
@pytest.mark.parametrize(
    "command",
    [["build"], ["show", "--html", "@/page.html"], ["ingest", "@/seeds/new.txt", "--root", "@"]],
)
def test_read_only_file_system(corpus: Path, command: list[str]) -> None:
    """On a read-only file system a command says so; nothing was changed."""
    (corpus / "seeds/new.txt").write_bytes(HEADER + b"Text.")
    arguments = [argument.replace("@", str(corpus)) for argument in command]
    inside = shlex.join([sys.executable, "-m", "statevisit", *arguments])
    script = f"""
        mount --bind {corpus} {corpus} && mount -o remount,bind,ro {corpus} || exit 9
        cd {corpus} && exec {inside}
    """
    _refused(_in_namespace(script), "read-only file system; nothing was changed")


@pytest.mark.slow
def test_full_disk(corpus: Path, document_file: Path) -> None:
    """On a full disk a build says so, and the previous build stays whole."""
    script = f"""
        mount -t tmpfs -o size=1400k tmpfs /mnt && cd /mnt || exit 6
        cp -r {corpus}/corpus {corpus}/seeds . || exit 6
        {sys.executable} -m statevisit build >/dev/null || exit 9
        sed -i 's/"tense":"PAST"/"tense":"PRESENT"/' corpus/documents/*.json
        find corpus/parquet corpus/release.json -type f | xargs sha256sum >/tmp/$$.before
        dd if=/dev/zero of=filler bs=1k 2>/dev/null
        {sys.executable} -m statevisit build; status=$?
        sha256sum --quiet -c /tmp/$$.before || exit 8
        rm /tmp/$$.before; ls -a corpus | grep -q '^.build-' && exit 7
        exit $status
    """
    _refused(_in_namespace(script), "the disk is full; nothing was changed")


def _in_namespace(script: str) -> Result:
    """Run a shell script in its own mount namespace, where it may mount."""
    command = [
        "unshare",
        "--mount",
        *([] if os.geteuid() == 0 else ["--map-root-user"]),
        "sh",
        "-c",
        script,
    ]
    done = subprocess.run(command, capture_output=True, encoding="utf-8", timeout=PATIENCE)
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize("workers", ["1", "2"])
@pytest.mark.slow
def test_ctrl_c_in_the_middle_of_a_build(corpus: Path, document_file: Path, workers: str) -> None:
    """Ctrl-C ends a build within seconds with one line, and leaves no process.

    The previous build stays unchanged.
    """
    value = document_file.read_text()
    for number in range(120):
        document_file.with_name(f"copy-{number}.json").write_text(
            value.replace(f'"id":"{DOC_ID}"', f'"id":"copy-{number}"')
        )
    (corpus / "corpus/parquet").mkdir()
    (corpus / "corpus/parquet/old.parquet").write_bytes(b"what was there before")
    before = _state(corpus)
    process = started("build", corpus, "--workers", workers)
    built = (corpus / "corpus").glob
    wait_until(
        lambda: [*built(".build-*/corpus/parquet/*/.*.parquet.*")] or process.poll() is not None,
        "a Parquet file is written",
    )
    _, err = interrupted(process)
    assert 1 == process.returncode
    assert "statevisit: stopped; nothing was changed" == err.strip()
    assert before == _state(corpus)
    wait_until(lambda: _ended(process.pid), "the last process ends")


def _ended(group: int) -> bool:
    """Whether the last process of a group has ended."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


def _state(root: Path) -> dict[str, str]:
    return {
        str(p.relative_to(root)): hashlib.sha256(p.read_bytes()).hexdigest()
        for p in sorted(root.rglob("*"))
        if p.is_file()
    }


def _refused(result: Result, message: str) -> None:
    assert 1 == result.status, result
    assert message in result.out + result.err
    assert "Traceback" not in result.out + result.err
