"""--fix and realign: what is certain is mended, and nothing else changes."""

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statevisit import decode, encode, load, read_document, validate
from statevisit.annotation.ingest import ingest
from statevisit.annotation.quotes import anchor
from statevisit.annotation.realign import Alignment, realign
from statevisit.annotation.segmentation import segment
from statevisit.checks.document import check_bytes, check_document
from statevisit.checks.fix import fixed
from statevisit.document.characters import folded, tidy, untidy
from statevisit.document.codec import encode_value, ordered, to_value
from statevisit.document.model import SPAN_LAYERS, Document
from tests.conftest import DOC_ID, ROOT, Result

Cli = Callable[..., Result]
BRIDGE = (ROOT / "tests/data/valid/bridge.json").read_bytes()


def _spoiled(**changes: Callable[[dict[str, Any]], None]) -> bytes:
    value = json.loads(BRIDGE)
    for change in changes.values():
        change(value)
    return json.dumps(value, indent=1).encode()


def _shuffled(value: dict[str, Any]) -> None:
    for layer in ("mentions", "events", "relations", "event_relations", "quantities"):
        value[layer].reverse()


def _wide(value: dict[str, Any]) -> None:
    m = value["mentions"][0]
    m["start"], m["text"] = m["start"] - 1, " " + m["text"]
    value["quotations"][0]["cue"]["end"] += 1
    value["sentences"][0]["end"] += 1


@pytest.mark.parametrize(
    "spoil",
    [_shuffled, _wide, lambda v: v["mentions"][0].update(text="Lena March"), lambda v: None],
    ids=["order", "edges", "surface", "form"],
)
def test_what_is_safe_is_mended(spoil: Callable[[dict[str, Any]], None]) -> None:
    """A document with wrong order, edges, surface forms and layout is right again after one fix."""
    data = _spoiled(a=spoil)
    assert BRIDGE == fixed(data)
    assert BRIDGE == fixed(fixed(data))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda v: v["mentions"][0].update(start=v["mentions"][0]["start"] + 1),
        lambda v: v["mentions"][0].update(entity="nobody"),
        lambda v: v["quantities"][1].update(value="7500000000"),
        lambda v: v["timexes"][0].update(value="2024-03-05"),
        lambda v: v["mentions"][0].update(end=9999),
        lambda v: v.update(text_sha256="0" * 64),
    ],
)
def test_what_has_a_meaning_is_left(spoil: Callable[[dict[str, Any]], None]) -> None:
    """An offset inside a token, a reference, a value, a hash: reported, never touched."""
    data = _spoiled(a=spoil)
    assert [] != check_bytes(data, "bridge.json")[1]
    assert ordered(decode(data)) == decode(fixed(data))


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", BRIDGE[:500], BRIDGE.replace(b'"NAM"', b'"NAME"')]
)
def test_what_is_not_a_document_is_left_byte_for_byte(data: bytes) -> None:
    """What the schema refuses is not rewritten."""
    assert data == fixed(data)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_records_that_were_right_stay_equal(data: st.DataObject) -> None:
    """A right record is the same after a fix elsewhere, and a second fix changes nothing."""
    value = json.loads(BRIDGE)
    touched = set()
    for layer in SPAN_LAYERS:
        value[layer] = data.draw(st.permutations(value[layer]))
        for record in value[layer]:
            change = data.draw(st.sampled_from(["none", "none", "text", "space", "id"]))
            if change == "text":
                record["text"] += "x"
            elif change == "space" and value["text"][record["end"] : record["end"] + 1] == " ":
                record["end"] += 1
                record["text"] += " "
            if change in ("text", "space"):
                touched.add(record["id"])
    before = decode(json.dumps(value).encode())
    once = fixed(json.dumps(value).encode())
    after = decode(once)
    assert once == fixed(once)
    assert {r for r in before.index if r not in touched} <= {
        r for r in after.index if r not in touched
    }
    assert [] == [i for i in before.index if i not in touched and before[i] != after[i]]
    assert before.text == after.text
    assert set(before.event_relations) == set(after.event_relations)


def test_fix_and_diff(corpus: Path, document_file: Path, cli: Cli) -> None:
    """--diff shows the change and writes nothing; --fix writes it; then both have nothing to do."""
    right = document_file.read_bytes()
    wrong = right.replace(
        '"text":"Recep Tayyip Erdoğan"'.encode(), b'"text":"Recep Tayyip Erdogan"', 1
    )
    document_file.write_bytes(wrong)
    shown = cli("validate", corpus, "--diff")
    assert 1 == shown.status
    assert wrong == document_file.read_bytes()
    assert (
        1
        == sum(line.startswith('-{"id":"m1"') for line in shown.out.splitlines())
        == sum(line.startswith('+{"id":"m1"') for line in shown.out.splitlines())
    )
    assert (0, "", f"fixed {document_file}\n") == cli("validate", corpus, "--fix")
    assert right == document_file.read_bytes()
    assert (0, "", "") == cli("validate", corpus, "--fix") == cli("validate", corpus, "--diff")
    assert "documents that are files of their own" in cli("validate", "-", "--fix").err


def _corrected(corpus: Path, *changes: tuple[str, str]) -> tuple[Path, Path]:
    old = next((corpus / "seeds").glob("*.txt"))
    text = old.read_text()
    for was, becomes in changes:
        assert was in text
        text = text.replace(was, becomes)
    new = corpus / "corrected.txt"
    new.write_text(text)
    return old, new


def test_spans_move_with_a_corrected_text(corpus: Path, document_file: Path, cli: Cli) -> None:
    """After a correction each span is on its words; hash, seed and list follow; all is valid."""
    before = read_document(document_file)
    old, new = _corrected(
        corpus,
        ("sworn in on Feb. 14", "sworn in to office on Feb. 14"),
        ("Second Karabakh War", "Second Karabagh War"),
        (" along with", ""),
    )
    result = cli("realign", old, new, document_file)
    after = read_document(document_file)
    assert 0 == result.status, result
    assert [] == list(validate(corpus))
    changed = {
        i for i in before.index if hasattr(before[i], "start") and before[i].text != after[i].text
    }
    assert {"m20", "ev26"} == changed
    assert 2 == result.err.count("A102")
    assert "Second Karabagh War" == after["ev26"].text
    assert "corrected.txt" == after.source.file
    assert before.mentions[0].entity == after.mentions[0].entity
    assert len(before.tokens) - 2 + 2 == len(after.tokens)
    listed = [
        json.loads(line)["file"]
        for line in (corpus / "seeds/sources.jsonl").read_text().splitlines()
    ]
    assert [before.source.file, "corrected.txt"] == listed


def test_what_cannot_be_placed_is_reported_and_nothing_is_written(
    corpus: Path, document_file: Path, cli: Cli
) -> None:
    """Records on deleted or rewritten words are named with their line, and no file changes."""
    data = document_file.read_bytes()
    old, new = _corrected(corpus, ("Tbilisi", "the capital of Georgia"))
    result = cli("realign", old, new, document_file)
    assert 1 == result.status
    assert data == document_file.read_bytes()
    assert "A201 'Tbilisi' at 2996" in result.err
    assert "1 of 1 documents could not be realigned" in result.err
    assert not (corpus / "seeds/corrected.txt").exists()


def test_realign_refuses_another_text(corpus: Path, document_file: Path, cli: Cli) -> None:
    """OLD has to be the seed that the document was made from."""
    _, new = _corrected(corpus, ("Tbilisi", "Tiflis"))
    assert "was not made from" in cli("realign", new, new, document_file).err


def test_realign_to_the_same_text_changes_nothing(article: Document) -> None:
    """A document moved to its own text is the same, with tokens and sentences checked by hand."""
    realigned, findings = realign(article, article.text, article.source, article.date, segment)
    assert (article, []) == (realigned, findings)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_span_is_never_moved_to_other_words(data: st.DataObject) -> None:
    """After insertions and deletions of words, a span that has a place is on its old words."""
    words = load()[DOC_ID].text.split()[:80]
    ours = [(w, n) for n, w in enumerate(words)]
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, len(ours) - 1))
        if data.draw(st.booleans()):
            ours.insert(at, ("zzz", -1))
        else:
            del ours[at]
    old, new = " ".join(words), " ".join(w for w, _ in ours)
    moved = Alignment(old, new)
    at = 0
    for word in words:
        place = moved.span(at, at + len(word))
        assert place is None or word == new[slice(*place)]
        at += len(word) + 1


CORRECTIONS = [
    ("To \u200eVilnius\u200f by car.", "To Vilnius by car.", "Vilnius"),
    ("To Vilnius by car.", "To \u200eVilnius\u200f by car.", "Vilnius"),
    ("To Vil\u00adnius by car.", "To Vilnius by car.", "Vil\u00adnius"),
    ("To Vilnius by car.", "To Vil\u00adnius by car.", "Vilnius"),
    ("To \u200eVilnius by car.", "Then to \u200eVilnius by car.", "Vilnius"),
]


@pytest.mark.parametrize(("old", "new", "quote"), CORRECTIONS, ids=ascii)
def test_invisible_characters_come_and_go(old: str, new: str, quote: str) -> None:
    """A correction of format characters moves the spans, and asks nobody to look at them."""
    base = ingest(f" date 2024-03-01 {old}".encode(), "a.txt", "a")
    entity = {"id": "v", "type": "GPE", "name": "Vilnius", "nil": "NIL", "reference": "SPECIFIC"}
    mention = {"quote": quote, "level": "NAM", "entity": "v"}
    document, _, _ = anchor({"mentions": [mention], "entities": [entity]}, base)
    assert document is not None
    moved, findings = realign(document, new, document.source, document.date, segment)
    assert moved is not None
    assert [] == findings
    assert "Vilnius" == moved.mentions[0].text.replace("\u00ad", "")
    assert [] == list(check_document(moved))


def test_format_characters_outside_all_tokens_are_taken_out_of_spans() -> None:
    """A mention that was drawn with the direction mark before it is narrowed to its tokens."""
    text = "To \u200eVilnius by car."
    value = to_value(ingest(f" date 2024-03-01 {text}".encode(), "a.txt", "a"))
    mention = {"id": "m1", "start": 3, "end": 11, "text": text[3:11], "level": "NAM", "entity": "v"}
    value["layers"] |= {"mentions": "done", "entities": "done"}
    value["mentions"] = [mention]
    value["entities"] = [
        {"id": "v", "type": "GPE", "name": "Vilnius", "nil": "NIL", "reference": "SPECIFIC"}
    ]
    assert ["E206"] == [f.code for f in check_bytes(encode_value(value), "a.json")[1]]
    document, findings = check_bytes(fixed(encode_value(value)), "a.json")
    assert [] == findings
    assert document is not None
    assert ["Vilnius"] == [m.text for m in document.mentions]


def test_names_are_tidied() -> None:
    """Names and units come out composed and without white space at their edges."""
    data = _spoiled(
        a=lambda v: v["entities"][0].update(name="\u200eLe\u0301na Marsh\u00a0"),
        b=lambda v: v["event_chains"][0].update(name=" opening", nil="NIL"),
    )
    assert ["E203", "E203"] == [f.code for f in check_bytes(data, "a.json")[1]]
    document, findings = check_bytes(fixed(data), "a.json")
    assert document is not None
    names = (document["marsh"].name, document["opening"].name)
    assert (("L\u00e9na Marsh", "opening"), []) == (names, findings)


@pytest.mark.parametrize(
    ("kind", "text", "value", "expected"),
    [
        ("DURATION", "three decades", "P3DE", "P3E"),
        ("DURATION", "a century and two decades", "P1CE2DE", "P1C2E"),
        ("DATE", "the 1970s", "197X", "197"),
        ("DATE", "the 20th century", "19XX", "19"),
        ("SET", "every millennium", "P1ML", "P1L"),
        ("SET", "each May", "XXXX-05", "XXXX-05"),
        ("DURATION", "a weekend", "PXWE", "PXWE"),
    ],
)
def test_time_values_get_the_spelling_of_timeml(
    kind: str, text: str, value: str, expected: str
) -> None:
    """A value in another spelling is mended, and one that only looks like that stays."""
    timex = {"id": "t1", "start": 0, "end": len(text), "text": text, "type": kind, "value": value}
    document = to_value(ingest(f" date 2024-03-01 {text}".encode(), "a.txt", "a"))
    document["layers"]["timexes"] = "done"
    data = encode_value(document | {"timexes": [timex]})
    wrong = [] if value == expected else [f'{value}; write "{expected}"']
    messages = [f.message.partition("TimeML: ")[2] for f in check_bytes(data, "a.json")[1]]
    assert wrong == [message for message in messages if message]
    assert expected == decode(fixed(data)).timexes[0].value
    assert fixed(data) == fixed(fixed(data))


def test_passes_get_the_spelling_of_timeml(corpus: Path, cli: Cli) -> None:
    """`--fix` mends the documents of an annotator, too."""
    path = next((corpus / "corpus/annotators/a").glob("*.json"))
    right = path.read_bytes()
    path.write_bytes(right.replace(b'"value":"P3E"', b'"value":"P3DE"'))
    assert right != path.read_bytes()
    assert 0 == cli("validate", path.parent, "--fix", "--select", "W516").status
    assert right == path.read_bytes()


@given(st.text())
def test_a_tidy_name_is_never_reported(name: str) -> None:
    """Whatever people type, its tidied form has nothing to report, and is the same name."""
    tidied = tidy(name)
    assert tidied == name or "" == untidy(tidied)
    assert tidied == tidy(tidied)
    assert folded(name) == folded(tidied)


def test_words_that_two_rewritten_passages_share_are_no_anchor() -> None:
    """A pronoun that two rewritten passages share is no anchor; a word between names is."""
    old = "The envoy said that he would go to Ankara on Monday, and the talks went on for ten days."
    new = "Officials in the capital think he never planned it, and the talks went on for ten days."
    he, talks = old.index("he would"), old.index("talks")
    assert None is Alignment(old, new).span(he, he + 2)
    assert new.index("talks") == Alignment(old, new).span(talks, talks + 5)[0]
    old, new = "Erdogan met Aliev.", "Erdoğan met Aliyev."
    assert [(0, 7), (8, 11), (12, 18)] == [
        Alignment(old, new).span(*s) for s in ((0, 7), (8, 11), (12, 17))
    ]


def test_long_texts_are_compared_quickly(article: Document) -> None:
    """A text of 150,000 characters with 200 corrections is followed in seconds of one core."""
    old = "\n\n".join([article.text] * 50)
    new = (
        old.replace("Tbilisi", "Tiflis")
        .replace("Shusha", "Shushi")
        .replace("sworn in on", "sworn in to office on")
    )
    began = time.process_time()
    assert (len(new) - 8, len(new)) == Alignment(old, new).span(len(old) - 8, len(old))
    assert time.process_time() - began < 10


def test_encoding_is_what_fix_writes(article: Document) -> None:
    """A document in canonical form is left byte for byte."""
    assert encode(article) == fixed(encode(article)) == encode_value(to_value(article))
