"""The command line: every command's help and example, what it prints, to whom, and how it ends."""

import errno
import io
import json
import os
import pty
import re
import shlex
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from msgspec.structs import replace

from statevisit import __version__
from statevisit.cli.overview import COMMANDS, OVERVIEW
from statevisit.cli.progress import Bar
from statevisit.document.codec import encode
from statevisit.document.model import LAYERS, Document
from statevisit.errors import MissingExtra
from statevisit.pages.reader_page import document_page
from statevisit.pages.site import annotators_of, origin_at
from statevisit.publishing.build import build
from tests.conftest import (
    DATA,
    DOC_ID,
    PACKAGE,
    PATIENCE,
    ROOT,
    Result,
    interrupted,
    opened,
    started,
)

FIXTURES = {
    "articles.csv": "id,date,body\na1,2024-03-01,The bridge is open.\n",
    "draft.json": json.dumps(
        {"id": DOC_ID, "quotations": [{"quote": "historic peak", "type": "DIRECT"}]}
    ),
    "run.toml": '[systems.same]\npredictions = "corpus/documents"\n',
    "corrected.txt": next((ROOT / "seeds").glob("000_*.txt"))
    .read_text(encoding="utf-8")
    .replace("sworn in on Feb. 14", "sworn in to office on Feb. 14"),
}
"""Files that the examples in the help of the commands name, beside those of a corpus root."""

BEFORE = {
    "restore": ("build", "--edition", "annotations-only", "-o", "annotations"),
    "import": ("export", "--to", "brat", "-o", "brat-files"),
}
"""What has to be run before the examples of a command."""


@pytest.fixture
def checkout(checkout: Path) -> Path:
    """A corpus root with everything built, the schema, and the files that the examples name."""
    shutil.copytree(ROOT / "schema", checkout / "schema", dirs_exist_ok=True)
    for name, text in FIXTURES.items():
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        (checkout / name).write_text(text, encoding="utf-8")
    return checkout


def _examples(help_text: str) -> list[list[str]]:
    """The command lines after `Example:` in a help text, without the leading `statevisit`."""
    lines = help_text.split("Example", 1)[1].split("Options:")[0].replace("\\\n", " ").splitlines()
    return [shlex.split(line)[1:] for line in lines if line.strip().startswith("statevisit ")]


@pytest.mark.slow
@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_an_example_that_runs(
    checkout: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """`--help` of each command begins with its line in the overview and ends in an example.

    The example works as typed.
    """
    shown = cli(name, "--help")
    assert (0, "") == (shown.status, shown.err)
    assert shown.out.startswith(f"Usage: statevisit {name} ")
    assert COMMANDS[name] in " ".join(shown.out.split())
    examples = _examples(shown.out)
    assert examples, f"{name} --help has no example"
    monkeypatch.chdir(checkout)
    if name in BEFORE:
        cli(*BEFORE[name])
    for example in examples:
        result = cli(*example)
        assert 0 == result.status, result
        assert "" == result.err or name in ("anchor", "import")


def test_the_overview_lists_every_command(
    shell: Callable[..., Result], cli: Callable[..., Result]
) -> None:
    """`statevisit`, `--help`, `-h` and click's own help print one overview of every command."""
    expected = (0, OVERVIEW, "")
    assert expected == shell() == shell("--help") == shell("-h")
    assert OVERVIEW.strip() == cli("--help").out.strip()
    for name, line in COMMANDS.items():
        assert re.search(rf"^  {name} +{re.escape(line)}$", OVERVIEW, re.MULTILINE)
    assert all(len(line) <= 100 for line in OVERVIEW.splitlines())
    modules = {
        path.stem.rstrip("_").replace("_", "-")
        for path in (PACKAGE / "cli").glob("*.py")
        if "\ndef command(" in path.read_text(encoding="utf-8")
    }
    assert modules == set(COMMANDS)


def test_version(cli: Callable[..., Result]) -> None:
    """`--version` is the version of package and corpus."""
    assert (0, f"statevisit {__version__}\n", "") == cli("--version")


def test_show_prints_the_article_and_its_layers(
    article: Document, cli: Callable[..., Result]
) -> None:
    """Piped, `show` prints the text line for line, and a table of all records of each layer."""
    out = cli("show").out
    assert out.startswith(f"{DOC_ID}  {article.date}\n\n{article.text}\n")
    for layer, count in article.counts().items():
        title = f"{layer.replace('_', ' ')} ({count})"
        assert (layer not in ("sentences", "tokens")) == (title in out), title
    assert "agent Ilham Aliyev" in " ".join(out.split())
    assert "q9 around $7.6 billion" in " ".join(out.split())


@pytest.mark.parametrize("layer", LAYERS)
def test_show_one_layer(article: Document, cli: Callable[..., Result], layer: str) -> None:
    """`--layer` prints that layer's table and nothing else; every layer has one."""
    result = cli("show", "--layer", layer)
    assert (0, "") == (result.status, result.err)
    assert (
        f"{layer.replace('_', ' ')} ({len(getattr(article, layer))})"
        == result.out.splitlines()[0].strip()
    )
    assert 1 == result.out.count("┏")
    for record in getattr(article, layer):
        assert getattr(record, "id", "") in result.out


def test_show_text_only(article: Document, cli: Callable[..., Result]) -> None:
    """`--text-only` leaves the tables out; together with `--layer` it is refused."""
    out = cli("show", "--text-only").out
    assert article.text in out
    assert "┏" not in out
    assert 2 == cli("show", "--text-only", "--layer", "events").status


def test_show_leaves_the_text_as_it_is(tmp_path: Path, cli: Callable[..., Result]) -> None:
    """Tabs, markup of the terminal library, emoji codes and long lines are piped unchanged."""
    seed = tmp_path / "seed.txt"
    text = "a\tb :smile: [bold]c[/bold] \\[d] " + "long " * 100 + "👩‍👩‍👧‍👦\u00a0end."
    seed.write_text(f" date 2024-03-01 {text}", encoding="utf-8")
    assert 0 == cli("ingest", seed, "--root", tmp_path / "root", "--id", "x").status
    shown = cli("show", "--path", tmp_path / "root", "--layer", "sentences").out
    assert ":smile: [bold]c[/bold]" in shown
    assert (
        f"x  2024-03-01\n\n{text}\n"
        == cli("show", "--path", tmp_path / "root").out.rstrip("\n") + "\n"
    )
    assert (
        "event relations (0)\n"
        == cli("show", "--path", tmp_path / "root", "--layer", "event_relations").out
    )


@pytest.mark.slow
def test_show_finds_documents(
    corpus: Path, document_file: Path, article: Document, cli: Callable[..., Result]
) -> None:
    """A document is named by id or file, from the shipped corpus or another."""
    outputs = [
        cli("show", *a)
        for a in (
            [],
            [DOC_ID],
            [document_file],
            ["--path", corpus],
            [DOC_ID, "--path", corpus],
            ["--path", document_file],
        )
    ]
    assert [outputs[0]] * 6 == outputs
    assert (
        f"nobody: neither a file nor the id of a document; {Path.cwd()} holds {DOC_ID}"
        in cli("show", "nobody").err
    )


def test_show_writes_pages_and_pictures(
    article: Document, tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """`--html` writes the page to read and `--svg` a picture, self-contained and well-formed.

    Nothing is printed.
    """
    page, picture = tmp_path / "new" / "page.html", tmp_path / "picture.svg"
    assert (0, "", "") == cli("show", "--html", page, "--svg", picture)
    annotators = annotators_of(article, ROOT)
    expected = document_page(article, annotators=annotators, origin=origin_at(article, ROOT))
    assert expected == page.read_text(encoding="utf-8")
    svg = picture.read_text(encoding="utf-8")
    words = "".join(ET.parse(io.StringIO(svg)).getroot().itertext()).replace("\u00a0", " ")
    assert all(
        word in words for word in ("Recep Tayyip Erdoğan", "around $7.6 billion", "PERSON", "Baku")
    )
    assert not re.search(r"(src|href)=|url\((?!#)|@import|@font-face|<script", svg)
    assert {page, picture, page.parent} == set(tmp_path.rglob("*"))


def test_show_writes_the_same_picture_always(tmp_path: Path, shell: Callable[..., Result]) -> None:
    """The picture does not depend on the terminal, its width or its colours."""
    one, two = tmp_path / "one.svg", tmp_path / "two.svg"
    shell("show", "--svg", one, COLUMNS="40", NO_COLOR="1", TERM="dumb")
    shell("show", "--svg", two, COLUMNS="200", FORCE_COLOR="1", TERM="xterm-256color")
    assert one.read_bytes() == two.read_bytes()


def test_an_unwritable_file_is_named(tmp_path: Path, cli: Callable[..., Result]) -> None:
    """An output that cannot be written is named as the user named it."""
    (tmp_path / "directory").mkdir()
    assert (1, "", f"statevisit: {tmp_path}/directory: Is a directory\n") == cli(
        "show", "--html", tmp_path / "directory"
    )
    assert [tmp_path / "directory"] == list(tmp_path.iterdir())


def test_stats_are_those_of_the_manifest(cli: Callable[..., Result]) -> None:
    """`stats --json` counts what `release.json` records; the tables show the same figures."""
    release = orjson.loads((ROOT / "corpus/release.json").read_bytes())
    stats = orjson.loads(cli("stats", "--json").out)
    assert release["counts"] == stats["counts"]
    assert 1 == stats["documents"]
    table = cli("stats").out
    for layer, counts in release["counts"].items():
        assert re.search(rf"│ {layer} +│ +{counts['records']:,} │", table)


def test_stats_count_the_documents_of_a_path(
    corpus: Path, document_file: Path, article: Document, cli: Callable[..., Result]
) -> None:
    """Two copies of a document have twice the records."""
    other = document_file.with_name("other.json")
    other.write_bytes(encode(article).replace(f'"id":"{DOC_ID}"'.encode(), b'"id":"other"', 1))
    once, twice = (
        orjson.loads(cli("stats", "--json", path).out) for path in (document_file, corpus)
    )
    assert (1, 2) == (once["documents"], twice["documents"])
    assert {k: 2 * v["records"] for k, v in once["counts"].items()} == {
        k: v["records"] for k, v in twice["counts"].items()
    }


PRINTING = [
    ["show"],
    ["stats"],
    ["validate"],
    ["show", "--layer", "events"],
    ["build", "--check"],
    ["--help"],
    ["show", "nobody"],
    ["stats", "nowhere"],
]


@pytest.mark.slow
@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
def test_no_codes_where_nobody_looks(
    checkout: Path, shell: Callable[..., Result], arguments: list[str]
) -> None:
    """A pipe or file gets no escape sequences, no carriage returns and no progress bar."""
    result = shell(*arguments, cwd=checkout, TERM="xterm-256color")
    assert not re.search(r"[\x1b\r\x07]|━ +\d+%", result.out + result.err)
    assert (1 if arguments[-1].startswith("no") else 0) == result.status


def _in_terminal(*arguments: str, cwd: Path = ROOT, **env: str) -> str:
    """Run Python in a terminal of its own and return its output."""
    parent, child = pty.openpty()
    environment = (
        {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "FORCE_COLOR")}
        | {"TERM": "xterm-256color", "COLUMNS": "100", "LINES": "50"}
        | env
    )
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=cwd,
        env=environment,
        stdin=child,
        stdout=child,
        stderr=child,
        start_new_session=True,
    )
    os.close(child)
    output = b""
    while True:
        try:
            piece = os.read(parent, 65536)
        except OSError as error:
            if error.errno != errno.EIO:  # the end, on Linux
                raise
            break
        if not piece:
            break
        output += piece
    os.close(parent)
    process.wait(timeout=PATIENCE)
    return output.decode()


def test_colour_in_a_terminal(corpus: Path, document_file: Path) -> None:
    """In a terminal, names have a coloured ground, times a colour, and events an underline.

    Findings show their code in red.
    """
    shown = _in_terminal("-m", "statevisit", "show")
    assert re.search(r"\x1b\[38;5;16;48;5;[0-9]+mRecep Tayyip Erdoğan\x1b\[0m", shown)
    assert re.search(r"\x1b\[1;[0-9;]+mMonday\x1b\[0m", shown)
    assert "\x1b[4mwelcomed\x1b[0m" in shown
    assert all(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) <= 100 for line in shown.splitlines())
    document_file.write_bytes(
        document_file.read_bytes().replace(b'"level":"NAM"', b'"level":"NAME"', 1)
    )
    assert "\x1b[1;31mE104\x1b[0m" in _in_terminal("-m", "statevisit", "validate", cwd=corpus)
    assert "\x1b[3" not in _in_terminal("-m", "statevisit", "show", "--text-only", NO_COLOR="1")


def test_words_in_tables_stay_whole_in_a_narrow_terminal() -> None:
    """In 100 columns the labels and texts of events, quantities and times can be read."""
    shown = _in_terminal(
        "-m",
        "statevisit",
        "show",
        "--layer",
        "events",
        "--layer",
        "quantities",
        "--layer",
        "timexes",
    )
    plain = re.sub(r"\x1b\[[0-9;]*m", "", shown)
    for word in (
        "OCCURRENCE",
        "BEFORE_OVERLAP",
        "MOVEMENT.TRANSPORT",
        "scheduled",
        "EQUAL_OR_MORE",
        "CARDINAL",
        "15000000000",
        "2024-02-19",
        "DURATION",
    ):
        assert re.search(rf"(?<![\w.]){re.escape(word)}(?![\w.])", plain), word


THREE_STEPS = """
import time
from statevisit.cli.progress import Bar

with Bar(3, "counting") as bar:
    for _ in range(3):
        time.sleep({seconds})
        bar.advance()
print("done")
"""
"""A program with a progress bar, each of whose steps takes some seconds."""


@pytest.mark.slow
def test_a_bar_only_in_a_terminal_and_only_for_long_work(capfd: pytest.CaptureFixture[str]) -> None:
    """Only work of more than a second, and only in a terminal, shows its progress."""
    assert "counting" in _in_terminal("-c", THREE_STEPS.format(seconds=0.6))
    assert "done\r\n" == _in_terminal("-c", THREE_STEPS.format(seconds=0.01))
    with Bar(2, "counting") as bar:
        bar._began -= 10
        bar.advance()
        bar.advance()
    assert ("", "") == capfd.readouterr()
    assert 2 == bar.done


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ["validate", "@.jsonl"],
        ["stats", "@.jsonl"],
        ["show", "--path", "@.jsonl"],
        ["anchor", "@.jsonl"],
        ["ingest", "@.jsonl", "--root", "@-root"],
    ],
    ids=lambda a: a[0],
)
def test_ctrl_c(tmp_path: Path, arguments: list[str]) -> None:
    """Ctrl-C while a command works ends it with one line and status 1."""
    fifo = tmp_path / "x.jsonl"
    os.mkfifo(fifo)
    process = started(*(a.replace("@", str(tmp_path / "x")) for a in arguments))
    writer = opened(fifo, process)
    out, err = interrupted(process)
    os.close(writer)
    assert (1, "", "statevisit: stopped; nothing was changed") == (
        process.returncode,
        out,
        err.strip(),
    )
    assert [fifo] == list(tmp_path.iterdir())


def test_exit_statuses(corpus: Path, document_file: Path, cli: Callable[..., Result]) -> None:
    """0 done, 1 something is wrong with the data, 2 with the command line."""
    assert 0 == cli("validate", corpus).status
    document_file.write_bytes(
        document_file.read_bytes().replace(b'"level":"NAM"', b'"level":"NAME"', 1)
    )
    assert 1 == cli("validate", corpus).status
    assert 1 == cli("show", document_file).status
    assert 1 == cli("validate", corpus / "nowhere").status
    assert 2 == cli("validate", "--nothing").status
    assert 2 == cli("nothing").status


@pytest.mark.parametrize("below", ["", "corpus", "corpus/documents", "seeds", "seeds/a/b"])
@pytest.mark.parametrize(
    "words",
    [
        ["stats", "--json"],
        ["show", "--text-only"],
        ["validate", "--json"],
        ["label-studio", "export"],
        ["migrate", "--dry-run"],
        ["anchor", "DRAFT"],
    ],
    ids=" ".join,
)
def test_the_corpus_of_the_current_directory(
    words: list[str],
    below: str,
    corpus: Path,
    article: Document,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    cli: Callable[..., Result],
) -> None:
    """Every command means the corpus around the current directory, however deep in it one is."""
    document = corpus / f"corpus/documents/{DOC_ID}.json"
    other = document.with_name("other.json")
    other.write_bytes(encode(replace(article, id="other")))
    document.unlink()
    draft = tmp_path / "draft.json"
    draft.write_text('{"id": "other", "quotations": []}', encoding="utf-8")
    words = [str(draft) if word == "DRAFT" else word for word in words]
    monkeypatch.chdir(corpus)
    at_root = cli(*words)
    (corpus / below).mkdir(parents=True, exist_ok=True)
    monkeypatch.chdir(corpus / below)
    done = cli(*words)
    assert "that statevisit ships" not in done.err
    if words[0] != "validate":  # which names files as they lie from here
        assert at_root == done
    assert at_root.status == done.status
    assert f"{DOC_ID}.json" not in done.out + done.err


@pytest.mark.parametrize(
    "words",
    [["stats"], ["show", "--text-only"], ["label-studio", "export"], ["diff", "v1.0.0", "v0.9.9"]],
    ids=" ".join,
)
def test_the_shipped_corpus_for_want_of_another(
    words: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    cli: Callable[..., Result],
) -> None:
    """Outside a corpus, commands that only read take the shipped one, and say so in one line."""
    monkeypatch.chdir(tmp_path)
    note = f"statevisit: no corpus in {tmp_path} or above it: this is the one that statevisit ships"
    assert note == cli(*words).err.splitlines()[0]


@pytest.mark.parametrize(
    "words", [["validate"], ["build"], ["migrate"], ["release", "--dry-run"]], ids=lambda w: w[0]
)
def test_the_wrong_directory(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Callable[..., Result]
) -> None:
    """Outside a corpus, commands that judge or write one name the directory and `init`."""
    monkeypatch.chdir(tmp_path)
    status, _, err = cli(*words)
    assert 1 == status
    assert str(tmp_path) in err
    assert "`statevisit init`" in err


def test_a_directory_of_documents_and_one_of_other_json(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, cli: Callable[..., Result], tmp_path: Path
) -> None:
    """Documents without a corpus around them are meant as well; a package.json is none."""
    place = tmp_path.parent / f"{tmp_path.name}-else"
    place.mkdir()
    (place / "package.json").write_text('{"name": "x"}', encoding="utf-8")
    monkeypatch.chdir(place)
    assert "that statevisit ships" in cli("show", "--text-only").err
    (place / "package.json").unlink()
    shutil.copy(corpus / f"corpus/documents/{DOC_ID}.json", place)
    assert "" == cli("show", "--text-only").err == cli("stats").err


def test_an_unknown_id_names_no_place_of_the_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cli: Callable[..., Result]
) -> None:
    """The shipped corpus has a name, not a path inside an installed package."""
    monkeypatch.chdir(tmp_path)
    for words in (["show", "korea"], ["label-studio", "export", "korea"]):
        err = cli(*words).err
        assert str(DATA) not in err
        assert "the corpus that statevisit ships" in err


def test_ingest_adds_to_the_corpus_around(
    corpus: Path, monkeypatch: pytest.MonkeyPatch, cli: Callable[..., Result]
) -> None:
    """In the seeds of a corpus, `ingest` makes no second corpus below them."""
    monkeypatch.chdir(corpus / "seeds")
    Path("new.txt").write_text(" date 2024-03-01 One sentence.", encoding="utf-8")
    status, out, _ = cli("ingest", "new.txt", "--id", "new")
    assert 0 == status
    assert out.endswith("new.json: 1 sentence, 3 tokens\n")
    assert (corpus / "corpus/documents/new.json").is_file()
    assert not Path("corpus").exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "old"),
    [
        (["stats", "ROOT", "--json"], ["stats", "--path", "ROOT", "--format", "json"]),
        (["stats", "ROOT"], ["stats", "--root", "ROOT", "--format", "text"]),
        (["validate", "ROOT", "--format", "json"], ["validate", "--path", "ROOT", "--json"]),
        (["migrate", "ROOT"], ["migrate", "--path", "ROOT"]),
        (["show", "ROOT"], ["show", "--path", "ROOT"]),
        (["show", "--path", "ROOT"], ["show", "--root", "ROOT"]),
        (
            ["label-studio", "export", "--path", "ROOT"],
            ["label-studio", "export", "--root", "ROOT"],
        ),
        (["diff", "ROOT", "ROOT", "--format", "json"], ["diff", "ROOT", "ROOT", "--json"]),
        (
            ["score", "ROOT", "ROOT", "--resamples", "0", "--json"],
            ["score", "ROOT", "ROOT", "--resamples", "0", "--format", "json"],
        ),
        (
            ["agree", "ROOT", "ROOT", "--resamples", "0", "--json"],
            ["agree", "ROOT", "ROOT", "--resamples", "0", "--format", "json"],
        ),
    ],
    ids=lambda words: " ".join(words),
)
def test_the_other_spellings(
    words: list[str], old: list[str], corpus: Path, cli: Callable[..., Result]
) -> None:
    """Every spelling of the corpus and of JSON works at every command, without a word about it."""
    one, other = (cli(*(corpus if w == "ROOT" else w for w in call)) for call in (words, old))
    assert one == other
    assert 0 == one.status


def test_one_corpus_at_a_time(corpus: Path, cli: Callable[..., Result]) -> None:
    """A corpus that is named in two ways is refused, not chosen."""
    status, _, err = cli("stats", corpus, "--path", corpus)
    assert 2 == status
    assert "the corpus is given twice" in err


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (["valdate"], "No such command 'valdate'; did you mean validate?"),
        (["label-studio", "exprot"], "No such command 'exprot'; did you mean export?"),
        (["xyzzy"], "No such command 'xyzzy'\n"),
        (["validate", "--strct"], "--strict"),
        (["label-studio", "pull", "--dryrun"], "--dry-run"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else "",
)
def test_a_slip_in_a_command(words: list[str], hint: str, cli: Callable[..., Result]) -> None:
    """An unknown command or option names the one that is like it; nothing is guessed wildly."""
    status, out, err = cli(*words)
    assert (2, "") == (status, out)
    assert hint in err


@pytest.mark.parametrize(
    ("code", "expected", "absent"),
    [
        ("E999", "there is no code 'E999'; `statevisit explain` lists them", "did you mean"),
        ("W504", "did you mean E504?", "W511"),
        ("E299", "E2 has E201, E202", "did you mean"),
        ("E2O4", "did you mean E204?", "W"),
    ],
)
def test_an_unknown_code(code: str, expected: str, absent: str, cli: Callable[..., Result]) -> None:
    """A number is no slip of another number: only the same number or its family is proposed."""
    status, out, err = cli("explain", code)
    assert (1, "") == (status, out)
    assert expected in err
    assert absent not in err
    selected = cli("validate", "--select", code).err
    assert expected.partition("; ")[2] in selected or expected in selected


def test_one_side_of_a_conflict(tmp_path: Path, cli: Callable[..., Result]) -> None:
    """--ours and --theirs contradict each other, in either order."""
    export = tmp_path / "export.json"
    export.write_text("[]", encoding="utf-8")
    for sides in (["--ours", "--theirs"], ["--theirs", "--ours"]):
        status, _, err = cli("label-studio", "import", export, *sides)
        assert 2 == status
        assert "--ours and --theirs exclude each other" in err


def test_anchor_says_what_it_wrote(
    document_file: Path, tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """With -o, standard error names the file; standard output stays empty."""
    draft, out = tmp_path / "draft.json", tmp_path / "out.json"
    draft.write_text(f'{{"id": "{DOC_ID}", "quotations": []}}', encoding="utf-8")
    done = cli("anchor", draft, "--document", document_file, "-o", out)
    assert Result(0, "", f"{out} written\n") == done


def test_packages_that_lack_others(
    corpus: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where pyarrow is there without PyYAML, or another package without what it needs, one line.

    A module of statevisit that is not there is a defect, and not hidden.
    """
    shutil.copy(ROOT / "README.md", corpus)
    with monkeypatch.context() as patch:
        patch.setitem(sys.modules, "yaml", None)
        with pytest.raises(MissingExtra, match=r"this needs PyYAML: .*'statevisit\[parquet\]'"):
            build(corpus)
    missing = ""

    def invoke(arguments: list[str]) -> int:
        raise ModuleNotFoundError(name=missing)

    monkeypatch.setattr("statevisit.cli.main._invoke", invoke)
    missing = "multidict"
    message = "statevisit: this needs the module multidict: pip install 'statevisit[all]'\n"
    assert (1, "", message) == cli("build")
    missing = "statevisit.cli.nothing"
    with pytest.raises(ModuleNotFoundError):
        cli("build")
