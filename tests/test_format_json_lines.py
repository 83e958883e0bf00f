"""JSON lines of doccano, Prodigy and LangExtract: read, or refused with the line."""

import json
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from statevisit.document.codec import decode
from statevisit.document.scheme import base
from statevisit.errors import FormatError
from statevisit.formats.registry import FORMATS
from statevisit.formats.texts import AnnotatedText
from tests.conftest import Result

Run = Callable[..., Result]

TEXT = "Ann 👩‍👩‍👧 met Bob."
ANN, BOB = (0, 3), (14, 17)


def _read(name: str, path: Path, *values: Any) -> list[AnnotatedText]:
    lines = [value if isinstance(value, str) else json.dumps(value) for value in values]
    path.write_text("\n".join(lines), encoding="utf-8")
    return list(FORMATS[name].read(path, base()))


def _shown(text: AnnotatedText) -> list[tuple[str, str]]:
    return [(text.text[a.start : a.end], a.label) for a in text.annotations]


def _losses(text: AnnotatedText) -> list[str]:
    return [loss.kind for loss in text.losses]


def test_the_offsets_of_the_examples() -> None:
    """Offsets count code points, also after an emoji of several."""
    assert ["Ann", "Bob"] == [TEXT[slice(*span)] for span in (ANN, BOB)]


@pytest.mark.parametrize("key", ["label", "labels"])
def test_doccano_spans(key: str, tmp_path: Path) -> None:
    """Spans are triples in `label` or `labels`; a label alone is that of the whole text."""
    value = {"id": 4, "text": TEXT, key: [[*ANN, "PER"], [*BOB, "PER"], "news"], "Comments": []}
    (text,) = _read("doccano", tmp_path / "d.jsonl", value)
    assert ("d-4", TEXT) == (text.id, text.text)
    assert [("Ann", "PER"), ("Bob", "PER")] == _shown(text)
    assert ["labels of whole texts"] == _losses(text)


def test_doccano_relations(tmp_path: Path) -> None:
    """Entities and relations refer to each other by their numbers; other columns are listed."""
    value = {
        "id": 4,
        "data": TEXT,
        "entities": [
            {"id": 7, "label": "PER", "start_offset": ANN[0], "end_offset": ANN[1]},
            {"id": 8, "label": "PER", "start_offset": BOB[0], "end_offset": BOB[1]},
            {"id": 9, "label": None, "start_offset": 4, "end_offset": 5},
        ],
        "relations": [
            {"id": 1, "from_id": 7, "to_id": 8, "type": "knows"},
            {"id": 2, "from_id": 7, "to_id": 9, "type": "sees"},
        ],
        "source": "a.txt",
    }
    (text,) = _read("doccano", tmp_path / "d.jsonl", value)
    assert [("7", "knows", "8")] == [(r.source, r.label, r.target) for r in text.relations]
    assert [
        "spans without a label",
        "relations without a type or of spans without a label",
        "properties 'source'",
    ] == _losses(text)


def _prodigy(**more: Any) -> dict[str, Any]:
    spans = [
        {"start": s, "end": e, "label": "PER", "token_start": n, "token_end": n}
        for (s, e), n in ((ANN, 0), (BOB, 3))
    ]
    return {"text": TEXT, "spans": spans, "_input_hash": 1, "answer": "accept", **more}


def test_prodigy_examples(tmp_path: Path) -> None:
    """Accepted examples are read; the others are listed with their answers."""
    texts = _read(
        "prodigy",
        tmp_path / "p.jsonl",
        _prodigy(answer="reject"),
        _prodigy(meta={"source": "x"}),
        {"text": "Nobody.", "spans": None},
        _prodigy(answer="ignore"),
    )
    assert ["p-2", "p-3"] == [text.id for text in texts]
    assert [("Ann", "PER"), ("Bob", "PER")] == _shown(texts[0])
    assert {"properties 'meta'", "examples with the answer 'reject'"} == set(_losses(texts[0]))
    assert ["examples with the answer 'ignore'"] == _losses(texts[1])


@pytest.mark.parametrize("stated", [True, False], ids=["with spans", "with tokens only"])
def test_prodigy_relations(stated: bool, tmp_path: Path) -> None:
    """A relation joins spans by their offsets, or else by the tokens that it names."""
    relation: dict[str, Any] = {"head": 0, "child": 3, "label": "knows"}
    if stated:
        relation["head_span"] = {"start": ANN[0], "end": ANN[1], "label": "PER"}
        relation["child_span"] = {"start": BOB[0], "end": BOB[1], "label": "PER"}
    places = {0: ANN, 2: (10, 13), 3: BOB}
    tokens = [{"id": n, "start": start, "end": end} for n, (start, end) in places.items()]
    lost = {"head": 0, "child": 2, "label": "verb"}
    value = _prodigy(relations=[relation, lost], tokens=tokens)
    (text,) = _read("prodigy", tmp_path / "p.jsonl", value)
    ids = [annotation.id for annotation in text.annotations]
    assert [(ids[0], "knows", ids[1])] == [(r.source, r.label, r.target) for r in text.relations]
    assert ["relations without a label or of words that are no spans"] == _losses(text)
    assert ((0, 3), (10, 13), (14, 17)) == text.tokens


def _extraction(words: str, **more: Any) -> dict[str, Any]:
    return {"extraction_class": "person", "extraction_text": words, **more}


def test_langextract_extractions(tmp_path: Path) -> None:
    """One without an interval stands where its words occur once, and is listed otherwise."""
    value = {
        "document_id": "doc_1",
        "text": f"{TEXT} Bobby met Ann.",
        "extractions": [
            _extraction(
                "Ann",
                char_interval={"start_pos": 0, "end_pos": 3},
                alignment_status="match_exact",
                attributes={"mood": "calm", "roles": ["a", "b"], "age": None, "old": True},
            ),
            _extraction("Bob", char_interval=None, attributes=None),
            _extraction("Ann"),
            _extraction("Carol", char_interval={"start_pos": None, "end_pos": None}),
            _extraction("bob", char_interval={"start_pos": 14, "end_pos": 17}),
        ],
    }
    (text,) = _read("langextract", tmp_path / "l.jsonl", value)
    assert "doc_1" == text.id
    assert [("Ann", "person"), ("Bob", "person"), ("Bob", "person")] == _shown(text)
    assert {"mood": "calm", "roles": "a, b", "old": "true"} == text.annotations[0].attributes
    assert [
        *["extractions whose words do not occur, or more than once"] * 2,
        "words of extractions that are not those of the text at their place",
    ] == _losses(text)


SPAN = {"start": 0, "end": 3, "label": "PER"}


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("doccano", "{", "a.jsonl:1: not JSON"),
        ("doccano", "[1]", "a.jsonl:1: expected a JSON object on each line"),
        ("doccano", "", "a.jsonl: no texts; write a JSON object on each line"),
        ("doccano", {"id": 1}, "a.jsonl:1: expected a text as 'text' or 'data'"),
        ("doccano", {"text": "ab", "label": [[0, 3, "X"]]}, "[0, 3) is not a span of the 2 char"),
        ("doccano", {"text": "ab", "label": [[1, 0, "X"]]}, "[1, 0) is not a span of the 2 char"),
        ("doccano", {"text": "ab", "label": [[True, 2, "X"]]}, "[True, 2) is not a span"),
        ("doccano", {"text": "ab", "label": [[0, 1, 2]]}, "the label 2 is not a string"),
        ("doccano", {"text": "ab", "label": [[0, 1]]}, "expected [start, end, label] in 'label'"),
        ("doccano", {"text": "ab", "label": 3}, "expected a list as 'label'"),
        (
            "doccano",
            {"text": "ab", "relations": [{"from_id": 1, "to_id": 2, "type": "x"}]},
            "a relation of the entity 1, which the line lacks",
        ),
        (
            "doccano",
            {
                "text": "ab",
                "entities": [{"id": 1, "start_offset": 0, "end_offset": 1, "label": "X"}] * 2,
            },
            "a second span with the id 1",
        ),
        ("prodigy", {"text": 3}, "a.jsonl:1: expected a text as 'text'"),
        ("prodigy", {"text": "ab", "spans": [SPAN]}, "[0, 3) is not a span of the 2 characters"),
        ("prodigy", {"text": "ab", "spans": {}, "answer": "reject"}, "no accepted example"),
        ("prodigy", {"text": "ab", "spans": [3]}, "expected a list of objects as 'spans'"),
        ("langextract", {"text": "ab", "extractions": "x"}, "a list of objects as 'extractions'"),
        (
            "langextract",
            {"text": "ab", "extractions": [_extraction("a", char_interval=3)]},
            "expected an object as 'char_interval'",
        ),
        (
            "langextract",
            {"text": "a b", "extractions": [_extraction("a", attributes=[1])]},
            "expected an object as 'attributes'",
        ),
        (
            "langextract",
            {"text": "ab", "extractions": [{"extraction_text": 4}]},
            "expected a string as 'extraction_text'",
        ),
    ],
)
def test_files_in_another_form_are_refused(
    name: str, value: Any, message: str, tmp_path: Path
) -> None:
    """The file and the line are named, and what they should have."""
    with pytest.raises(FormatError) as error:
        _read(name, tmp_path / "a.jsonl", value)
    assert "a.jsonl" in str(error.value)
    assert message in str(error.value)


def test_the_command_imports_them(corpus: Path, cli: Run) -> None:
    """A text becomes a document with the labels that the mapping gives; losses are listed."""
    (corpus / "p.jsonl").write_text(
        "\n".join(json.dumps(value) for value in (_prodigy(), _prodigy(answer="reject")))
    )
    proposed = cli(
        "import", "--from", "prodigy", corpus / "p.jsonl", "--path", corpus, "--propose-map"
    )
    assert '"PER" = "PERSON"  # 2' in proposed.out
    (corpus / "map.toml").write_text(proposed.out + '[defaults]\n"mentions.level" = "NAM"\n')
    result = cli(
        *("import", "--from", "prodigy", corpus / "p.jsonl", "--path", corpus),
        *("--map", corpus / "map.toml", "--date", "2024-01-01"),
    )
    assert 0 == result.status, result.err
    assert "examples with the answer 'reject': 1 time" in result.err
    document = decode((corpus / "corpus/documents/p-1.json").read_bytes(), scheme=base())
    assert ["Ann", "Bob"] == [document.text_of(mention) for mention in document.mentions]
    assert 0 == cli("validate", corpus).status


def test_a_bad_line_writes_nothing(corpus: Path, cli: Run) -> None:
    """A line with an offset outside its text is refused with its number."""
    (corpus / "d.jsonl").write_text('{"text": "ab", "label": [[0, 9, "PERSON"]]}\n')
    before = {path: path.read_bytes() for path in corpus.rglob("*") if path.is_file()}
    result = cli(
        *("import", "--from", "doccano", corpus / "d.jsonl", "--path", corpus),
        *("--date", "2024-01-01"),
    )
    assert 1 == result.status
    assert "d.jsonl:1: [0, 9) is not a span of the 2 characters" in result.err
    assert before == {path: path.read_bytes() for path in corpus.rglob("*") if path.is_file()}


KEYS = (
    *("id", "text", "data", "label", "labels", "entities", "relations", "start_offset"),
    *("end_offset", "from_id", "to_id", "type", "spans", "start", "end", "answer", "head"),
    *("child", "head_span", "child_span", "tokens", "document_id", "extractions"),
    *("extraction_class", "extraction_text", "char_interval", "start_pos", "attributes"),
)
_json = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 10**20) | st.floats() | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner),
    max_leaves=12,
)
_object = st.fixed_dictionaries({"text": st.text(max_size=4)}).flatmap(
    lambda value: st.dictionaries(st.sampled_from(KEYS[3:]), _json).map(lambda more: value | more)
)
DEEP = (
    '{"text": "a", "label": ' + "[" * 900 + "]" * 900 + ', "meta": ' + "[" * 900 + "]" * 900 + "}"
)


@pytest.mark.parametrize("name", ["doccano", "prodigy", "langextract"])
@settings(max_examples=100, deadline=None, derandomize=True)
@given(_object.map(json.dumps).map(str.encode) | st.binary(max_size=40))
@example(DEEP.encode())
@example(DEEP.replace("label", "spans").encode())
@example(b'{"text": "a", "extractions": [{"extraction_text": "a", "attributes": {"x": [[]]}}]}')
@example(b'{"text": "a", "entities": [{"id": [1], "label": "X", "start_offset": 0}]}')
def test_any_bytes_are_read_or_refused(name: str, data: bytes) -> None:
    """Damaged files give texts with spans inside them, or an error of the format."""
    with TemporaryDirectory() as place:
        path = Path(place) / "a.jsonl"
        path.write_bytes(data)
        texts: list[AnnotatedText] = []
        with suppress(FormatError):
            texts += FORMATS[name].read(path, base())
    for text in texts:
        for annotation in text.annotations:
            assert 0 <= annotation.start < annotation.end <= len(text.text)
