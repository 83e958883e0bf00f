"""What a terminal and the log of a CI service are shown, whatever stands in the data."""

import io
import json
import os
import re
import subprocess
import sys
import unicodedata
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.text import Text

from statevisit import Finding
from statevisit.cli.finding_formats import WRITERS
from statevisit.cli.main import FEW, Listing, console, say
from statevisit.cli.show import to_svg
from statevisit.document.codec import encode, encode_value, to_value
from statevisit.document.model import Document
from statevisit.printable import counted, in_utf8, in_xml, one_line, visible
from tests.conftest import DOC_ID, PACKAGE, PATIENCE, ROOT, Result

BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Unicode's Bidi_Control, all of it."""

CONTROLS = [*map(chr, range(32)), "\x7f", *map(chr, range(0x80, 0xA0)), "\u2028", "\u2029"]

ATTACKS = (
    "\n::error::forged",
    "\r\n  ::set-output name=x::y",
    "::add-mask::x",
    " ::warning file=a::b",
    "##[add-matcher]x",
    "##vso[task.setvariable variable=x]y",
    "##teamcity[x]",
    "\x1b]8;;https://example.org\x1b\\link\x1b]8;;\x1b\\",
    "\x1b[2J\x1b[1;31mred",
    "\x9b31mred",
    "\x1b]0;title\x07",
    "a\u202eb",
    "[bold]x[/]",
    "[/x]",
    ":smile:",
    "\\",
)

hostile = st.lists(
    st.sampled_from(ATTACKS) | st.sampled_from([*CONTROLS, *BIDI, "\uffff", "é", "س", "🏽", "\\"]),
    min_size=1,
    max_size=6,
).map("".join)


def _commands(line: str) -> bool:
    """Whether the runners of CI services see a command in a line, by their own rules.

    GitHub: `::name::` at the start of a line (ActionCommand.TryParseV2), `##[name]` anywhere
    (TryParse); Azure and TeamCity: `##vso[`, `##teamcity[`.
    """
    begins = line.strip().startswith("::") and "::" in line.strip()[2:]
    return begins or bool(re.search(r"##\w*\[", line))


def _steers(text: str) -> set[str]:
    """The characters of a printed text that a terminal would obey, but for the line end."""
    return {c for c in text if unicodedata.category(c) in ("Cc", "Zl", "Zp", "Cs")} - {"\n"} | (
        set(text) & set(BIDI)
    )


@given(hostile | st.text(st.characters(exclude_categories=[])))
def test_a_message_is_one_harmless_line(text: str) -> None:
    """Any text is printed on one line that steers neither a terminal nor a CI service."""
    line = one_line(text)
    assert 1 >= len(line.splitlines())
    assert set() == _steers(line)
    assert not _commands(line)
    assert line == one_line(line)


@given(st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"])))
def test_a_message_keeps_what_can_be_read(text: str) -> None:
    """Letters, marks, digits, punctuation and symbols of all scripts stay."""
    if not _commands(text) and "::" not in text:
        assert text == one_line(text) == visible(text)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\nb", "a\\nb"),
        ("\t\r\x1b\x7f\x9b", "\\t\\r\\x1b\\x7f\\x9b"),
        ("\u202eabc\u2066", "\\u202eabc\\u2066"),
        ("caf\udce9", "caf\\udce9"),
        ("std::vector<a::b>", "std::vector<a::b>"),
        ("::error::x", "\\x3a:error::x"),
        ("see ##[error]", "see \\x23#[error]"),
        ("## Heading [1]", "## Heading [1]"),
        ("👩‍👩‍👧 سلام", "👩‍👩‍👧 سلام"),
    ],
)
def test_how_a_character_is_shown(text: str, line: str) -> None:
    """What is not printable is shown as Python writes it."""
    assert line == one_line(text)


@given(hostile | st.text(st.characters(exclude_categories=[])))
def test_a_text_keeps_its_offsets(text: str) -> None:
    """A shown text has its lines, its tabs and as many code points; nothing in it is obeyed."""
    shown = visible(text)
    assert len(text) == len(shown)
    assert [i for i, c in enumerate(text) if c in "\n\t"] == [
        i for i, c in enumerate(shown) if c in "\n\t"
    ]
    marks = set("\t\u061c\u200e\u200f")  # that Arabic and Hebrew texts have
    assert _steers(shown) <= marks
    assert not any(map(_commands, shown.split("\n")))


def test_a_text_of_many_colons_takes_no_time() -> None:
    """The filter is linear: a megabyte of beginnings of commands takes well under a minute."""
    for part in ("::a", " ::a ", "##a", ": ", "#"):
        assert len(visible(part * 300_000)) == len(part) * 300_000
    assert len(visible("::" + "a" * 1_000_000)) == 1_000_002


@given(st.text(st.characters(exclude_categories=[])))
def test_xml_holds_any_text(text: str) -> None:
    """What XML cannot hold is replaced, the rest stays."""
    root = ET.Element("x")
    root.text = in_xml(text).replace("\r", "")
    assert root.text == (ET.fromstring(ET.tostring(root, "unicode")).text or "")
    assert len(text) == len(in_xml(text))


Run = Callable[..., Result]
Case = Callable[[Path, dict[str, Any], str], list[Any]]


def _file(path: Path, value: object) -> Path:
    path.write_bytes(encode_value(value) if isinstance(value, dict) else json.dumps(value).encode())
    return path


def _unknown_key(tmp: Path, value: dict[str, Any], text: str) -> list[Any]:
    return ["validate", _file(tmp / "d.json", {**value, f"k{text}": 1})]


def _ids(tmp: Path, value: dict[str, Any], text: str) -> list[Any]:
    first, *rest = value["mentions"]
    changed = {**value, "id": f"d{text}", "mentions": [{**first, "id": f"m{text}"}, *rest]}
    return ["validate", _file(tmp / "d.json", changed)]


def _labels(tmp: Path, value: dict[str, Any], text: str) -> list[Any]:
    first, *rest = value["entities"]
    changed = {**value, "entities": [{**first, "type": f"T{text}"}, *rest]}
    return ["validate", _file(tmp / "d.json", changed)]


def _difference(tmp: Path, value: dict[str, Any], text: str) -> list[Any]:
    first, *rest = value["mentions"]
    entity, *others = value["entities"]
    changed = {
        **value,
        "mentions": [{**first, "id": f"m{text}"}, *rest],
        "entities": [{**entity, "name": f"n{text}"}, *others],
    }
    return ["diff", _file(tmp / "old.json", value), _file(tmp / "new.json", changed)]


def _prediction(tmp: Path, value: dict[str, Any], text: str) -> list[Any]:
    first, *rest = value["entities"]
    changed = {**value, "entities": [{**first, "type": f"T{text}"}, *rest]}
    gold, pred = _file(tmp / "gold.json", value), _file(tmp / "pred.json", changed)
    return ["score", gold, pred, "--resamples", 0, "--labels", "--layer", "mentions"]


def _draft(tmp: Path, value: dict[str, Any], text: str) -> list[Any]:
    draft = {"id": DOC_ID, "quotations": [{"quote": f"q{text}", "type": "DIRECT"}]}
    return ["anchor", _file(tmp / "d.json", draft), "--document", _file(tmp / "base.json", value)]


def _draft_id(tmp: Path, _: dict[str, Any], text: str) -> list[Any]:
    return ["anchor", _file(tmp / "d.json", {"id": f"x{text}"})]


def _task(tmp: Path, _: dict[str, Any], text: str) -> list[Any]:
    task = [{"id": f"t{text}", "data": {"document": f"d{text}"}, "annotations": []}]
    return ["label-studio", "import", _file(tmp / "t.json", task), "--dry-run"]


CASES: list[Case] = [
    _unknown_key,
    _ids,
    _labels,
    _difference,
    _prediction,
    _draft,
    _draft_id,
    _task,
    lambda tmp, value, text: ["show", f"x{text}"],
    lambda tmp, value, text: ["show", "--layer", f"x{text}"],
    lambda tmp, value, text: [f"x{text}"],
    lambda tmp, value, text: ["stats", f"--x{text}"],
    lambda tmp, value, text: ["validate", "--select", f"x{text}"],
    lambda tmp, value, text: ["explain", f"x{text}"],
    lambda tmp, value, text: ["diff", f"x{text}", f"y{text}"],
    lambda tmp, value, text: ["stats", f"x{text}"],
    lambda tmp, value, text: ["build", f"x{text}"],
]


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=hostile)
def test_every_command_prints_as_many_lines_whatever_the_data_hold(
    case: Case, text: str, article: Document, tmp_path: Path, cli: Run
) -> None:
    """Ids, keys, labels, names, quotes and arguments add no line, and nothing in them is obeyed."""
    value = to_value(article)
    text = text.replace("\0", "") or "!"  # no argument has a NUL
    plain = cli(*case(tmp_path, value, "!"))
    done = cli(*case(tmp_path, value, text))
    assert plain.status == done.status
    for expected, stream in ((plain.out, done.out), (plain.err, done.err)):
        if case is not _prediction:  # the widths of a table follow its labels, and its title wraps
            assert len(expected.split("\n")) == len(stream.split("\n"))
        assert set() == _steers(stream)
        assert not any(map(_commands, stream.split("\n")))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such file names")
@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=hostile)
@pytest.mark.parametrize("form", ["text", "github", "junit", "json", "jsonl", "sarif"])
def test_a_file_name_is_shown(form: str, text: str, tmp_path: Path, cli: Run) -> None:
    """The name of a file adds no line to a log, and every format stays what it is."""
    name = re.sub("[\0/]", "", text)[:50]
    (tmp_path / f"x{name}.json").write_text("{", encoding="utf-8")
    done = cli("validate", tmp_path / f"x{name}.json", "--format", form)
    (tmp_path / f"x{name}.json").unlink()
    assert 1 == done.status
    if form in ("text", "github"):
        assert 1 == len(done.out.splitlines())
        assert set() == _steers(done.out)
        assert ("github" == form) == done.out.startswith("::error file=")
    elif form == "junit":
        ET.fromstring(done.out)
    else:
        json.loads(done.out)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such file names")
@pytest.mark.parametrize("form", WRITERS)
def test_a_file_name_that_is_no_utf_8(form: str, tmp_path: Path, cli: Run) -> None:
    """A name of other bytes than UTF-8 gives a finding like another, in every format."""
    path = os.fsencode(tmp_path) + b"/caf\xe9.json"
    with open(path, "w", encoding="utf-8") as file:
        file.write("{")
    done = cli("validate", os.fsdecode(path), "--format", form)
    assert 1 == done.status
    assert "caf" in done.out


def test_a_console_obeys_nothing_either() -> None:
    """What is printed through the console of tables is filtered, even in colour."""
    buffer = io.StringIO()
    out = console(file=buffer, force_terminal=True, color_system="standard", width=60)
    out.print(Text("a\x1b[31mb\u202ec", style="bold"))
    assert "\x1b[1ma\ufffd[31mb\ufffdc\x1b[0m\n" == buffer.getvalue()


def test_colours_do_not_let_anything_through(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A finding in colour is one line as well; only the colours are escape sequences."""
    monkeypatch.setenv("FORCE_COLOR", "1")
    finding = Finding(code="E104", message="\x1b[2J\n::error::x", file="a\n##[x]", excerpt="")
    Listing().add(finding)
    out = capsys.readouterr().out
    assert "\x1b[1;31mE104\x1b[0m" in out
    plain = re.sub(r"\x1b\[[\d;]*m", "", out)
    assert "a\\n\\x23#[x]: E104 \\x1b[2J\\n::error::x\n" == plain


def test_the_mark_stays_below_its_words(capsys: pytest.CaptureFixture[str]) -> None:
    """An excerpt with escaped characters is underlined where they are printed."""
    Listing(excerpts=True).add(
        Finding(code="W403", message="m", file="f", excerpt="a\x9bb \u202ecd", mark=(4, 6))
    )
    first, excerpt, underline = capsys.readouterr().out.splitlines()
    assert "f: W403 m" == first
    assert "    | a\\x9bb \\u202ecd" == excerpt
    assert "    |        ^^^^^^^" == underline


def test_a_finding_as_text_is_one_line() -> None:
    """`print(finding)` in Python shows the same as the command line."""
    assert "f\\n: E104 a\\x1b" == str(Finding(code="E104", message="a\x1b", file="f\n"))


def test_a_picture_is_xml_whatever_the_text(article: Document) -> None:
    """U+FFFF and controls, which XML has not, are U+FFFD in a picture."""
    text = article.text.replace("Ankara", "An\uffff\x1bra")
    picture = ET.fromstring(to_svg(replace(article, text=text)))
    assert "An\ufffd\ufffdra" in "".join(picture.itertext())


def test_the_text_of_a_document_keeps_its_letters(tmp_path: Path, cli: Run) -> None:
    """Arabic with its marks of direction and emoji with joiners stay; overrides do not."""
    seed = tmp_path / "seed.txt"
    text = "سلام\u200f (x) 👩‍👩‍👧 end.\n\n::error::forged \u202eabc"
    seed.write_text(f" date 2024-03-01 {text}", encoding="utf-8")
    assert 0 == cli("ingest", seed, "--path", tmp_path / "root", "--id", "x").status
    shown = cli("show", "--path", tmp_path / "root", "--text-only").out
    assert "سلام\u200f (x) 👩‍👩‍👧 end.\n\n\ufffd:error::forged \ufffdabc" in shown


DATA_FOR_PROGRAMS = (
    ["stats", "--json"],
    ["agree", "corpus/annotators/a", "corpus/annotators/b", "--resamples", "0", "--json"],
    ["score", "--draft-schema"],
    ["diff", "corpus/annotators/a", "corpus/annotators/b", "--json"],
    ["diff", "corpus/annotators/a", "corpus/annotators/b", "--format", "html"],
    ["label-studio", "config"],
    ["label-studio", "export"],
    ["adjudicate", *(f"corpus/annotators/{name}/{DOC_ID}.json" for name in "ab")],
    *(["validate", "tests/data/invalid/W601-1.json", "--format", form] for form in WRITERS),
)

FOR_PEOPLE = (
    ["show"],
    ["show", "--text-only"],
    ["explain"],
    ["explain", "E204"],
    ["stats"],
    ["agree", "corpus/annotators/a", "corpus/annotators/b", "--resamples", "0"],
    ["agree", "--help"],
    ["diff", "corpus/annotators/a", "corpus/annotators/b"],
    ["score", "corpus/annotators/a", "corpus/annotators/b", "--resamples", "0"],
    ["show", "Erdoğan"],
    ["validate", "tests/data/invalid/W601-1.json"],
)


def _output(arguments: list[str], **env: str) -> tuple[int, bytes, bytes]:
    done = subprocess.run(
        [sys.executable, "-m", "statevisit", *arguments],
        cwd=ROOT,
        env=os.environ | env,
        capture_output=True,
        timeout=PATIENCE,
    )
    return done.returncode, done.stdout, done.stderr


ENCODINGS = (
    {"PYTHONIOENCODING": "cp1252"},
    {"PYTHONIOENCODING": "ascii"},
    {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"},
)


@pytest.mark.slow
@pytest.mark.parametrize("env", ENCODINGS, ids=["cp1252", "ascii", "C"])
@pytest.mark.parametrize("arguments", DATA_FOR_PROGRAMS, ids=" ".join)
def test_data_for_programs_are_utf_8(arguments: list[str], env: dict[str, str]) -> None:
    """JSON, XML and pages are the same bytes whatever the encoding of the terminal is."""
    if arguments[-1] != "text":
        assert _output(arguments, PYTHONIOENCODING="utf-8") == _output(arguments, **env)


@pytest.mark.slow
@pytest.mark.parametrize("env", ENCODINGS, ids=["cp1252", "ascii", "C"])
@pytest.mark.parametrize("arguments", FOR_PEOPLE, ids=" ".join)
def test_an_encoding_without_a_character(arguments: list[str], env: dict[str, str]) -> None:
    """A character that the terminal's encoding lacks is escaped; the status stays."""
    status, out, err = _output(arguments, **env)
    assert (_output(arguments)[0], b"") == (status, err if b"Traceback" in err else b"")
    if arguments[-1] != "--help":  # click writes UTF-8 there if the locale states ASCII
        encoding = env.get("PYTHONIOENCODING", "ascii")
        out.decode(encoding)
        err.decode(encoding)


def test_the_name_is_escaped_in_cp1252() -> None:
    """A text keeps the letters that an encoding has, and shows the others by number."""
    _, out, _ = _output(["show", "--text-only"], PYTHONIOENCODING="cp1252")
    assert "President Recep Tayyip Erdo\\u011fan" in out.decode("cp1252")
    assert "Türkiye" in out.decode("cp1252")


def _finding(number: int, code: str = "W601", file: str = "a.json") -> Finding:
    return Finding(code=code, message=f"m{number}", file=file)


def test_many_problems_of_one_kind_are_counted(capsys: pytest.CaptureFixture[str]) -> None:
    """Past a few with one code in one file, only the number of the others is printed."""
    listing = Listing(by_file=True)
    for file in ("a.json", "b.json"):
        for number in range(FEW + 3):
            listing.add(_finding(number, file=file))
        listing.add(_finding(99, "E104", file))
    listing.end()
    lines = capsys.readouterr().out.splitlines()
    of_a = [f"a.json: W601 m{n}" for n in range(FEW)]
    rest = ["a.json: E104 m99", "a.json: W601 3 more like these; -v lists them"]
    assert [*of_a, *rest] == lines[: FEW + 2]
    assert 2 * (FEW + 2) == len(lines)


def test_a_few_problems_are_all_listed(capsys: pytest.CaptureFixture[str]) -> None:
    """Up to the limit, and with `-v` beyond it, every problem has its line."""
    for verbose, number in ((False, FEW), (True, 3 * FEW)):
        listing = Listing(verbose=verbose)
        for n in range(number):
            listing.add(_finding(n))
        listing.end()
        assert number == len(capsys.readouterr().out.splitlines())


@pytest.mark.parametrize("form", WRITERS)
def test_only_the_text_is_shortened(form: str, article: Document, tmp_path: Path, cli: Run) -> None:
    """Machine formats list every finding; the status and the summary count all of them."""
    value = to_value(article)
    value["mentions"] = [{**m, "text": "other"} for m in value["mentions"]]
    path = _file(tmp_path / "d.json", value)
    whole = cli("validate", path, "-v")
    count = len(re.findall("E204", whole.out))
    assert count > 3 * FEW
    done = cli("validate", path, "--format", form)
    assert whole.status == done.status
    if form == "text":
        assert whole.err == done.err
        assert f"E204 {count - FEW} more like these; -v lists them" in done.out
        assert FEW + 1 == len(re.findall("E204", done.out))
    else:
        assert count <= len(re.findall("E204", done.out))


def test_notes_of_one_kind_are_one_line(tmp_path: Path, article: Document, cli: Run) -> None:
    """Sixty repeated records are told in one line for each problem; `-v` lists all."""
    records = [{"quote": "historic peak", "type": "DATE"}] * 61
    pred = _file(tmp_path / "pred.json", {"id": DOC_ID, "timexes": records})
    gold = tmp_path / "gold.json"
    gold.write_bytes(encode(article))
    short = cli("score", gold, pred, "--resamples", 0).err
    whole = cli("score", gold, pred, "--resamples", 0, "--verbose").err
    assert 60 <= len(whole.splitlines())
    assert 5 >= len(short.splitlines())
    assert "60 notes; -v lists them" in short


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0 tokens"), (1, "1 token"), (2, "2 tokens"), (1234, "1,234 tokens")]
)
def test_a_number_agrees_with_its_noun(number: int, text: str) -> None:
    """One sentence, two sentences."""
    assert text == counted(number, "token")


def test_all_output_goes_through_the_filter() -> None:
    """No command prints past the functions of `cli.main` that filter or encode."""
    direct = re.compile(r"\b(?:click\.(?:echo|secho)|print)\(|sys\.std(?:out|err)\.write")
    past = [
        f"{path.name}: {line.strip()}"
        for path in sorted((PACKAGE / "cli").glob("*.py"))
        if path.name != "main.py"
        for line in path.read_text(encoding="utf-8").splitlines()
        if direct.search(re.sub(r"\b(?:out|console\([^)]*\))\.print\(", "", line))
    ]
    assert [] == past


def test_a_surrogate_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Half of a surrogate pair, as in names that are not UTF-8, is shown by number."""
    say("caf\udce9")
    assert "caf\\udce9\n" == capsys.readouterr().out == f"{in_utf8('caf' + chr(0xDCE9))}\n"
