"""The answers of language models: whatever stands around them, they are read as far as they go."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import statevisit
from statevisit.annotation.recovery import recover
from statevisit.document.model import Document
from statevisit.document.strict_json import locate, parse
from statevisit.errors import FormatError
from tests.conftest import DOC_ID, Result

A, B, C = ({"quote": quote} for quote in ("Baku", "the city", "إلهام 👩‍👩‍👧‍👦"))
MENTIONS = {"mentions": [A, B, C]}
TIMEXES = {"timexes": [{"quote": "Monday", "type": "DATE"}]}


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _fence(value: Any) -> str:
    return f"```json\n{json.dumps(value, ensure_ascii=False, indent=1)}\n```\n"


def _lines(*values: Any) -> str:
    return "\n".join(map(_json, values))


BOTH = MENTIONS | TIMEXES

WHOLE: dict[str, tuple[str, Any, str]] = {
    "JSON": (_json(MENTIONS), MENTIONS, ""),
    "a fence": (f"So:\n\n{_fence(MENTIONS)}\nI hope {{this}} helps.", MENTIONS, ""),
    "a fence with CRLF": (_fence(MENTIONS).replace("\n", "\r\n"), MENTIONS, ""),
    "two layers in two fences": (
        f"First:\n{_fence(MENTIONS)}Then:\n{_fence(TIMEXES)}",
        BOTH,
        "joined from 2 answers, at lines 3, 19",
    ),
    "the same twice": (
        f"{_fence(MENTIONS)}Again:\n{_fence(MENTIONS)}",
        MENTIONS,
        "joined from 2 answers, at lines 2, 18",
    ),
    "another fence": (f"```sh\nstatevisit score\n```\n{_fence(MENTIONS)}", MENTIONS, ""),
    "a fence with the schema": (
        _fence({"type": "object", "properties": {}, "required": ["mentions"]}) + _fence(MENTIONS),
        MENTIONS,
        "",
    ),
    "prose": (
        f"As in [1], {{here}}: {_json(MENTIONS)} Done.",
        MENTIONS,
        "23 bytes of text around the answer left out",
    ),
    "a form in prose": (
        f'In the form {{"mentions": [...]}}:\n{_json(MENTIONS)}',
        MENTIONS,
        "line 1, column 27: not JSON; left out",
    ),
    "thoughts": (
        f"<think>\nMaybe {_json(TIMEXES)}?\n</think>\n\n{_json(MENTIONS)}",
        MENTIONS,
        "the thoughts before the answer were left out",
    ),
    "the end of thoughts": (
        f"Maybe {_json(TIMEXES)}?\n</think>\n{_fence(MENTIONS)}",
        MENTIONS,
        "the thoughts before the answer were left out",
    ),
    "a byte order mark": ("\ufeff" + _json(MENTIONS), MENTIONS, "a byte order mark was left out"),
    "trailing commas": (
        '{"mentions": [{"quote": "Baku",}, {"quote": "a, ]"},],}',
        {"mentions": [A, {"quote": "a, ]"}]},
        "3 trailing commas left out",
    ),
    "NaN": (
        '{"mentions": [{"quote": "Baku", "score": NaN}, {"quote": "NaN", "score": -Infinity}]}',
        {"mentions": [A | {"score": None}, {"quote": "NaN", "score": None}]},
        "NaN or infinity read as null: 2 values",
    ),
    "a string of JSON": (
        _json(_json(MENTIONS)),
        MENTIONS,
        "the answer was a string of JSON; what it holds was read",
    ),
    "a string of a fence": (
        _json(_fence(MENTIONS)),
        MENTIONS,
        "the answer was a string of JSON; what it holds was read",
    ),
    "records": (
        _lines(*({"layer": "mentions"} | record for record in (A, B, C))),
        MENTIONS,
        "",
    ),
    "records of layers": (
        _lines({"layer": "mentions"} | A, {"layer": "timexes", "quote": "May"}),
        {"mentions": [A], "timexes": [{"quote": "May"}]},
        "",
    ),
    "a list of records": (_json([{"layer": "mentions"} | A]), {"mentions": [A]}, ""),
    "spans": (_json([A, B]), [A, B], ""),
    "spans one a line": (_lines(A, B), [A, B], ""),
    "no spans": ("[]", [], ""),
    "spans beside an answer": (
        f"Like [{_json(A)}]:\n{_json(MENTIONS)}",
        MENTIONS,
        "line 1: spans without a layer left out",
    ),
    "a record beside an answer": (
        _lines({"mentions": None, "note": "x"}, {"layer": "mentions"} | A, {"note": "y"} | TIMEXES),
        {"mentions": [A], "note": "x"} | TIMEXES,
        "joined from 2 answers, at lines 1, 3",
    ),
    "an id beside another": (
        _lines({"id": "a"} | MENTIONS, TIMEXES),
        {"id": "a"} | BOTH,
        "joined from 2 answers, at lines 1, 2",
    ),
}


@pytest.mark.parametrize("case", WHOLE)
def test_an_answer_is_found_in_what_stands_around_it(case: str) -> None:
    """The value is that of the answer, and whatever was done to it is noted."""
    text, value, note = WHOLE[case]
    (answer,) = recover(text.encode(), "answer.txt")
    assert value == answer.value
    assert not answer.is_cut
    assert note == "" or note in answer.notes
    assert (note == "") == (answer.notes == ())


CUT: dict[str, tuple[str, Any, str]] = {
    "within a record": (
        '{"mentions": [{"quote": "Baku"}, {"quote": "the ci',
        {"mentions": [A]},
        "line 1, column 32: cut off after /mentions/0; 19 bytes left out",
    ),
    "within a list in a record": (
        '{"mentions": [],\n "events": [{"quote": "met", "arguments": []}, {"quote": "left", '
        '"arguments": [{"role": "AGENT", "target": "m1"}, {"ro',
        {"mentions": [], "events": [{"quote": "met", "arguments": []}]},
        "line 2, column 46: cut off after /events/0; 73 bytes left out",
    ),
    "within the first record of a layer": (
        '{"mentions": [{"quote": "Baku"}], "timexes": [{"quo',
        {"mentions": [A]},
        "line 1, column 33: cut off after /mentions; 19 bytes left out",
    ),
    "within a fence": (
        '```json\n{"mentions": [{"quote": "Baku"},\n',
        {"mentions": [A]},
        "line 2, column 32: cut off after /mentions/0; 2 bytes left out",
    ),
    "before a fence that is closed": (
        '```json\n{"mentions": [{"quote": "Baku"},\n```\n',
        {"mentions": [A]},
        "line 2, column 32: cut off after /mentions/0; 2 bytes left out",
    ),
    "not JSON in the middle": (
        '{"mentions": [{"quote": "Baku"}, {"quote": "x" "y"}, {"quote": "the city"}]}',
        {"mentions": [A]},
        "line 1, column 47: not JSON, read up to /mentions/0; 45 bytes left out",
    ),
    "in a list of spans": (
        '[{"quote": "Baku"}, {"quote": "the city"',
        [A],
        "line 1, column 19: cut off after /0; 22 bytes left out",
    ),
    "in a list of triples": (
        '[[0, 4, "GPE"], [5, 9',
        [[0, 4, "GPE"]],
        "line 1, column 15: cut off after /0; 7 bytes left out",
    ),
    "records": (
        _lines({"layer": "mentions"} | A) + '\n{"layer": "mentions", "quote": "the city"',
        {"mentions": [A]},
        "line 2, column 1: cut off; 41 bytes left out",
    ),
    "a string of JSON": (
        _json('{"mentions": [{"quote": "Baku"}, {"quote": "Ба"}]}')[:-8],
        {"mentions": [A]},
        "line 1, column 32: cut off after /mentions/0; 13 bytes left out",
    ),
}


@pytest.mark.parametrize("case", CUT)
def test_an_answer_is_read_as_far_as_it_goes(case: str) -> None:
    """Complete records are kept; the note has the place, the last record and the bytes lost."""
    text, value, note = CUT[case]
    (answer,) = recover(text.encode(), "answer.txt")
    assert value == answer.value
    assert answer.is_cut
    assert note in answer.notes


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "not JSON"),
        ("I cannot do that.", "not JSON"),
        ("<think>Maybe {", "ends within <think>, before the answer; allow more tokens"),
        ('{"mentions": [{"quote": "Ba', "cut off before its first record is complete"),
        ('{"quote": "Baku", "label": "GPE"', "cut off before its first record is complete"),
        (f"{_fence(MENTIONS)}{_fence({'mentions': [A]})}", "two answers have `mentions`, at lines"),
        ('{"mentions": [], "mentions": []}', 'the key "mentions" occurs twice'),
        ('So:\n{"mentions": [{"id": 1, "id": 2}]}', 'answer.txt:2:25: the key "id" occurs twice'),
        ("[" * 100_000, "cut off|not JSON"),
        ('{"mentions": [' * 5_000 + "]}" * 5_000, "not JSON"),
        ('"' + "\\" * 5, "not JSON"),
    ],
)
def test_what_holds_no_answer_is_refused(data: str, message: str) -> None:
    """An answer that cannot be told is refused in one clear line, with the file."""
    with pytest.raises(FormatError, match=message) as error:
        recover(data.encode(), "answer.txt")
    assert "answer.txt" in str(error.value)


def test_the_lines_of_an_answer_are_those_of_the_file() -> None:
    """The bytes of an answer give each value the line and column that it has in the file."""
    text = f"So:\n\n  {_fence(MENTIONS)}".replace("  ```", "```")
    (answer,) = recover(text.encode(), "answer.txt")
    assert answer.data is not None
    line, column = locate(answer.data, ["mentions", 1, "quote"])
    assert text.splitlines()[line - 1][column - 1 :].startswith('"the city"')


TEXT = st.text(st.characters(codec="utf-8"), max_size=8) | st.sampled_from(
    ('"', "\\", "```\n", "{", '[{"', "</think>", "NaN", ",]", "👩‍👩‍👧‍👦", "ä", "سفينة\r\n")
)
RECORD = st.fixed_dictionaries(
    {"quote": TEXT},
    optional={
        "value": st.none() | st.booleans() | st.integers() | st.floats(-9, 9) | TEXT,
        "arguments": st.lists(st.fixed_dictionaries({"target": TEXT}), max_size=2),
        "cue": st.fixed_dictionaries({"quote": TEXT}),
    },
)
ANSWER = st.dictionaries(
    st.sampled_from(("mentions", "timexes", "events")), st.lists(RECORD, max_size=4), min_size=1
)


@st.composite
def written(draw: st.DrawFn) -> tuple[str, list[dict[str, Any]]]:
    """A text with answers, and the answers, one for each document."""
    answer = draw(ANSWER)
    indent = draw(st.sampled_from((None, 0, 2)))
    shape = draw(st.sampled_from(("", "fence", "think", "string", "records", "documents", "twice")))
    is_ascii = draw(st.booleans())

    def dumped(value: Any, indent: int | None = indent) -> str:
        return json.dumps(value, indent=indent, ensure_ascii=is_ascii)

    if shape == "fence":
        return f"Here:\n```json\n{dumped(answer)}\n```\nDone.", [answer]
    if shape == "think":
        return f"<think>{{x}}</think>\n{dumped(answer)}", [answer]
    if shape == "string":
        return dumped(dumped(answer)), [answer]
    if shape == "records":
        lines = [{"layer": n} | record for n, records in answer.items() for record in records]
        return "\n".join(dumped(line, None) for line in lines), [answer]
    if shape == "documents":
        answers = [{"id": "a"} | answer, {"id": "b"} | draw(ANSWER)]
        return "\n".join(dumped(each, None) for each in answers), answers
    if shape == "twice":
        parts = [f"```\n{dumped({name: records})}\n```" for name, records in answer.items()]
        return "\n".join(parts), [answer]
    return dumped(answer), [answer]


@given(written(), st.data())
@settings(max_examples=300)
def test_any_beginning_of_an_answer_gives_its_first_records(
    case: tuple[str, list[dict[str, Any]]], data: st.DataObject
) -> None:
    """Cut anywhere, also within a character, it gives whole records of it, in their order."""
    text, answers = case
    whole = text.encode()
    cut = data.draw(st.integers(0, len(whole)))
    try:
        read = recover(whole[:cut], "answer.txt")
    except FormatError:
        return
    assert len(read) <= len(answers)
    for recovered, answer in zip(read, answers, strict=False):
        assert isinstance(recovered.value, dict)
        for name, value in recovered.value.items():
            expected = answer[name]
            assert expected[: len(value)] == value
        if len(read) == len(answers) == 1 and text.startswith("{") and recovered.value != answer:
            assert recovered.is_cut or '"layer"' in text


@given(written())
@settings(max_examples=100)
def test_a_whole_answer_is_read_whole(case: tuple[str, list[dict[str, Any]]]) -> None:
    """Nothing of an answer is lost, whatever its strings hold and whatever stands around it."""
    text, answers = case
    if not text:
        return
    read = recover(text.encode(), "answer.txt")
    expected = [{name: part for name, part in answer.items() if part} for answer in answers]
    given_ = [{name: part for name, part in r.value.items() if part} for r in read]  # type: ignore[union-attr]  # an object, as written
    assert expected == given_
    assert not any(recovered.is_cut for recovered in read)


@given(st.binary(max_size=60) | st.text('{}[]",:`\\\n nu1.e-mentios<think>/', max_size=60))
@settings(max_examples=300)
def test_anything_is_read_or_refused(data: bytes | str) -> None:
    """Any bytes give answers or a FormatError."""
    with suppress(FormatError):
        for answer in recover(data if isinstance(data, bytes) else data.encode(), "answer.txt"):
            assert answer.data is None or parse(answer.data) == answer.value


def _notes(report: statevisit.Report) -> list[str]:
    return [note.message for note in report.notes if note.kind == "cut"]


@pytest.mark.parametrize("name", ["answer.json", "answer.txt", "answer.md"])
def test_a_cut_answer_is_scored(tmp_path: Path, article: Document, name: str) -> None:
    """`score` counts the records before the cut, and its note names the file and the record."""
    path = tmp_path / name
    path.write_text('Yes:\n{"mentions": [{"quote": "Ilham Aliyev"}, {"quo', encoding="utf-8")
    report = statevisit.score(article, path, resamples=0)
    assert 1 == report.find("mentions", "exact").correct
    assert [
        f"{path}: 4 bytes of text around the answer left out",
        f"{path}: line 2, column 40: cut off after /mentions/0; 7 bytes left out",
    ] == _notes(report)


def test_jsonl_is_scored_as_records_and_as_documents(tmp_path: Path, article: Document) -> None:
    """A record a line with its layer is one answer; of documents a line, a cut one is left out."""
    path = tmp_path / "answer.jsonl"
    records = [
        {"layer": "mentions", "quote": "Ilham Aliyev"},
        {"layer": "quantities"} | {"quote": "54%"},
    ]
    path.write_text(_lines(*records), encoding="utf-8")
    report = statevisit.score(article, path, resamples=0)
    assert 1 == report.find("mentions", "exact").correct
    line = _json({"id": DOC_ID, "mentions": [{"quote": "Ilham Aliyev"}]})
    path.write_text(line + '\n{"id": "next", "men', encoding="utf-8")
    report = statevisit.score(article, path, resamples=0)
    assert 1 == report.find("mentions", "exact").correct
    assert [f"{path}:2: cut off; 19 bytes left out"] == _notes(report)
    path.write_text('{"id": "next", "men\n' + line, encoding="utf-8")
    with pytest.raises(FormatError, match=r"answer\.jsonl:1:1:20: not JSON"):
        statevisit.score(article, path, resamples=0)


def test_columns_are_no_answer(tmp_path: Path, article: Document) -> None:
    """A text file with tokens and tags is CoNLL, even if braces are among its tokens."""
    path = tmp_path / "tags.txt"
    words = [token.start for token in article.tokens]
    ends = [token.end for token in article.tokens]
    rows = [f"{article.text[a:b]}\tO" for a, b in zip(words, ends, strict=True)]
    path.write_text("\n".join(rows), encoding="utf-8")
    assert "ner" in {
        figure.layer for figure in statevisit.score(article, path, resamples=0).figures
    }


def test_anchor_reads_the_answer_of_a_model(
    corpus: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`anchor` takes an answer in a fence; one that is cut off is never done."""
    monkeypatch.chdir(corpus)
    quotation = {"quote": "historic peak", "type": "DIRECT", "cue": None}
    draft = corpus / "draft.json"
    draft.write_text(f"So:\n{_fence({'id': DOC_ID, 'quotations': [quotation]})}")
    result = cli("anchor", "draft.json", "-o", "out.json")
    assert (0, "out.json written\n") == (result.status, result.err)
    written_ = json.loads((corpus / "out.json").read_text(encoding="utf-8"))
    assert ["historic peak"] == [record["text"] for record in written_["quotations"]]
    draft.write_text(f'{{"id": "{DOC_ID}", "quotations": [{_json(quotation)}, {{"quo')
    result = cli("anchor", "draft.json", "-o", "out.json")
    assert 0 == result.status
    assert "cut off after /quotations/0; 7 bytes left out" in result.err
    refused = cli("anchor", "draft.json", "-o", "out.json", "--done", "quotations")
    assert 1 == refused.status
    assert "ends too early, so that no layer can be done" in refused.err
    draft.write_text(_lines({"id": "a"} | MENTIONS, {"id": "b"} | MENTIONS))
    assert "answers of several documents" in cli("anchor", "draft.json").err
    draft.write_text(f'So:\n{{"id": "{DOC_ID}", "mentions": [\n{{"quote": "Atlantis"}}]}}')
    assert "draft.json:3:1: A001" in cli("anchor", "draft.json").err
