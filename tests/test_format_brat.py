"""brat standoff: its own rules hold for what is written, and damaged files are refused."""

import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from statevisit.document.model import Document
from statevisit.document.scheme import base
from statevisit.errors import FormatError
from statevisit.files import write_parts
from statevisit.formats.brat import read, values_line, values_of
from statevisit.formats.brat_writer import configuration, write
from statevisit.formats.texts import AnnotatedText
from statevisit.formats.vocabulary import text_of
from tests.conftest import DOC_ID, Result
from tests.strategies import documents

Run = Callable[..., Result]
LINE_ENDS = re.compile("[\n\v\f\r\x1c-\x1e\x85\u2028\u2029]")


def _lines(document: Document) -> list[list[str]]:
    """The lines of the `.ann` file of a document, by columns."""
    with TemporaryDirectory() as name:
        write_parts(Path(name), write([text_of(document)]))
        content = (Path(name) / f"{document.id}.ann").read_text("utf-8")
    return [line.split("\t") for line in content.split("\n") if line]


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(document=documents())
def test_every_line_follows_the_rules_of_brats_parser(document: Document) -> None:
    """Ids are unique, words equal the text of their fragments, and references lead somewhere."""
    lines = _lines(document)
    ids = [name for name, *_ in lines if name != "*"]
    assert len(ids) == len(set(ids))
    triggers = set()
    for name, head, *rest in lines:
        assert re.fullmatch(r"[TERA#N]\d+|\*", name)
        if name[0] == "T":
            fragments = [pair.split(" ") for pair in head.split(" ", 1)[1].split(";")]
            spans = [document.text[int(start) : int(end)] for start, end in fragments]
            assert " ".join(spans) == "\t".join(rest)
            assert not LINE_ENDS.search("".join(spans))
            assert re.fullmatch(r"[\w-]+ .*", head, re.ASCII)
        elif name[0] == "E":
            trigger, *arguments = [part.partition(":")[2] for part in head.split(" ")]
            assert trigger[0] == "T"
            triggers.add(trigger)
            assert {trigger, *arguments} <= set(ids)
        elif name[0] == "R":
            ends = [part.partition(":")[2] for part in head.split(" ")[1:]]
            assert set(ends) <= set(ids)
        elif name[0] in "A#":
            assert head.split(" ")[1] in ids
    assert len(document.events) == len(triggers)


def test_the_configuration_names_every_label(article: Document) -> None:
    """`annotation.conf` has the four sections, and every type that the files use."""
    sections = re.split(r"^\[(\w+)\]$", configuration(base()), flags=re.M)[1:]
    by_name = dict(zip(sections[::2], sections[1::2], strict=True))
    assert {"entities", "relations", "events", "attributes"} == set(by_name)
    words = {name: set(re.findall(r"[\w-]+", text)) for name, text in by_name.items()}
    events = {line[1].split(":")[0] for line in _lines(article) if line[0][0] == "E"}
    assert events <= words["events"]
    labels = {line[1].split(" ")[0] for line in _lines(article) if line[0][0] == "T"}
    assert labels - events <= words["entities"]
    relations = {line[1].split(" ")[0] for line in _lines(article) if line[0][0] == "R"}
    assert relations <= words["relations"]
    attributes = {line[1].split(" ")[0] for line in _lines(article) if line[0][0] == "A"}
    assert attributes <= words["attributes"]


def _exported(corpus: Path, cli: Run) -> Path:
    assert 0 == cli("export", "--to", "brat", "-o", corpus / "b", "--path", corpus).status
    return corpus / f"b/{DOC_ID}.ann"


def _imported(corpus: Path, cli: Run) -> str:
    """What an import would change."""
    result = cli("import", "--from", "brat", corpus / "b", "--path", corpus, "--dry-run")
    assert 0 == result.status, result.err
    return result.out


def test_edits_in_brat_arrive(corpus: Path, cli: Run) -> None:
    """A changed attribute, a new mention, a deleted relation: nothing else changes."""
    path = _exported(corpus, cli)
    text = path.with_suffix(".txt").read_text()
    lines = path.read_text().splitlines()
    tense = next(n for n, line in enumerate(lines) if re.match(r"A\d+\ttense E\d+ PAST$", line))
    lines[tense] = lines[tense].replace("PAST", "FUTURE")
    relation = next(n for n, line in enumerate(lines) if re.match(r"R\d+\tBEFORE ", line))
    del lines[relation]
    start = text.index("Ankara")
    lines.append(f"T900\tORG {start} {start + 6}\tAnkara")
    lines.append("A900\tlevel T900 NAM")
    path.write_text("\n".join(lines) + "\n")
    changes = _imported(corpus, cli)
    assert "FUTURE" in changes
    assert "BEFORE" in changes
    assert "Ankara" in changes
    kinds = re.findall(r"^ +([-+~])", changes, re.M)
    assert 4 == len(kinds), changes  # the mention makes an entity


def test_brat_writes_crlf_on_some_systems(corpus: Path, cli: Run) -> None:
    """Line ends of Windows and a byte order mark change nothing."""
    path = _exported(corpus, cli)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert "" == _imported(corpus, cli)


def test_values_of_notes_come_back() -> None:
    """Values of any text are one line of a note; a comment is no such line."""
    for values in (
        {"value": "2024-02-19", "mod": "END"},
        {"literal": 'a | b = "c"', "unit": " x ", "note": "two\nlines"},
        {"empty": "", "quote": '"'},
    ):
        line = values_line(values)
        assert "\n" not in line
        assert values == values_of(line)
    for comment in ("a friend", "see p. 3", "x = y, I think", "", '"'):
        assert values_of(comment) is None


BAD = {
    "T1\tPER 0 5": None,
    "T1 PER 0 5 Alice": "is no line of brat's standoff format",
    "T1\tPER 0\tAlice": "T1 is not `T1<tab>LABEL START END<tab>words`",
    "T1\tPER 5 3\tx": "is not a span of the",
    "T1\tPER 0 999\tx": "is not a span of the",
    "T1\tPER 0 99999999999999999999\tx": "T1 is not",
    "T1\tPER 0 5\tAlice\nT1\tPER 0 5\tAlice": "a second annotation T1",
    "R1\tlikes Arg1:T1 Arg2:T2": "R1 refers to T1, which the file lacks",
    "T1\tPER 0 5\tAlice\nR1\tlikes Arg1:T1": "R1 is not `R1<tab>LABEL Arg1:ID Arg2:ID`",
    "E1\tMeet:T9": "E1 refers to T9, which the file lacks",
    "E1\tMeet:E1": "E1 refers to E1, which the file lacks",
    "T1\tPER 0 5\tAlice\nE1\tMeet": "E1 is not `E1<tab>LABEL:TRIGGER ROLE:ID …`",
    "A1\tMood": "A1 is not `A1<tab>ATTRIBUTE ID VALUE`",
    "A1\tMood T1": "A1 refers to T1",
    "N1\tReference T1": "N1 is not",
    "hello": "is no line of brat's standoff format",
}


@pytest.mark.parametrize(("lines", "message"), BAD.items(), ids=range(len(BAD)))
def test_a_bad_line_is_named(lines: str, message: str | None, tmp_path: Path) -> None:
    """The error has the file and the number of the line."""
    (tmp_path / "a.txt").write_text("Alice met Bob.\n")
    (tmp_path / "a.ann").write_text(lines)
    if message is None:
        (text,) = read(tmp_path / "a.ann", base())
        assert ["PER"] == [a.label for a in text.annotations]
        return
    with pytest.raises(FormatError) as error:
        list(read(tmp_path / "a.ann", base()))
    assert str(error.value).startswith(f"{tmp_path}/a.ann:{lines.count(chr(10)) + 1}: ")
    assert message in str(error.value)


def test_a_text_may_lie_in_a_directory_beside(tmp_path: Path) -> None:
    """Some corpora keep `ann/` and `txt/` apart; a text that is nowhere is named."""
    for name in ("ann", "txt"):
        (tmp_path / name).mkdir()
    (tmp_path / "ann/a.ann").write_text("T1\tPER 0 5\tAlice\n")
    with pytest.raises(FormatError, match=r"its text a\.txt is missing"):
        list(read(tmp_path / "ann/a.ann", base()))
    (tmp_path / "txt/a.txt").write_text("Alice met Bob.\n")
    (text,) = read(tmp_path / "ann/a.ann", base())
    assert "Alice met Bob.\n" == text.text


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    lines=st.lists(
        st.one_of(
            st.text(max_size=30),
            st.tuples(
                st.sampled_from(["T1", "T2", "E1", "R1", "A1", "N1", "#1", "*"]),
                st.sampled_from(["\t", " "]),
                st.sampled_from(
                    [
                        "PER 0 5",
                        "PER 0 2;3 5",
                        "X:T1 Y:E1",
                        "X Arg1:T1 Arg2:R1",
                        "M T1 v",
                        "Equiv T1",
                    ]
                ),
                st.sampled_from(["\tAlice", "", "\t"]),
            ).map("".join),
        ),
        max_size=8,
    )
)
def test_any_lines_are_read_or_refused(lines: list[str]) -> None:
    """Whatever the lines say, there is a text or one error with the file, never another one."""
    with TemporaryDirectory() as name:
        path = Path(name) / "a.ann"
        path.with_suffix(".txt").write_text("Alice met Bob.\n")
        path.write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
        (text,) = _texts_or_error(path)
        if isinstance(text, FormatError):
            assert str(text).startswith(f"{path}")
        else:
            assert all(0 <= a.start < a.end <= 15 for a in text.annotations)


def _texts_or_error(path: Path) -> list[AnnotatedText] | list[FormatError]:
    try:
        return list(read(path, base()))
    except FormatError as error:
        return [error]
