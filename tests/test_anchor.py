"""Quote notation: quotes become offsets, or an answer that says what to do."""

import json
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from statevisit import Document, decode, encode, read_document
from statevisit.annotation import quotes
from statevisit.annotation.ingest import ingest
from statevisit.annotation.quotes import Anchorer, Unresolved, anchor
from statevisit.annotation.segmentation import segment
from statevisit.checks.document import check_document
from statevisit.document.characters import visible
from statevisit.document.codec import to_value
from statevisit.document.model import ANNOTATED_LAYERS, LAYERS, SCHEMA_VERSION, SPAN_LAYERS, Token
from tests.conftest import DOC_ID, Result
from tests.strategies import documents

Answer = tuple[Document | None, list[str], list[str]]


def _anchor(base: Document, draft: Any) -> Answer:
    document, problems, reports = anchor(draft, base, "draft.json")
    return (
        document,
        [f"{f.code} {f.pointer} {f.message}" for f in problems],
        [f"{f.code} {f.pointer} {f.message}" for f in reports],
    )


def _mention(**selector: Any) -> dict[str, Any]:
    return {
        "mentions": [{**selector, "level": "NOM", "entity": "aliyev"}],
        "quantities": [],
        "events": [],
        "quotations": [],
        "event_relations": [],
    }


def _span(base: Document, **selector: Any) -> tuple[int, int]:
    """Where one mention with this selector is anchored."""
    document, problems, _ = _anchor(base, _mention(**selector))
    assert document is not None, problems
    mention = document.mentions[0]
    assert base.text[mention.start : mention.end] == mention.text
    return mention.start, mention.end


def _refusal(base: Document, **selector: Any) -> str:
    document, problems, _ = _anchor(base, _mention(**selector))
    assert document is None
    assert 1 == len(problems)
    assert len(problems[0]) < 700
    assert "\n" not in problems[0]
    return problems[0]


def _nth(text: str, quote: str, number: int) -> tuple[int, int]:
    start = -1
    for _ in range(number):
        start = text.index(quote, start + 1)
    return start, start + len(quote)


def test_a_quote_that_stands_once(article: Document) -> None:
    """A quote that stands once needs nothing else."""
    assert _nth(article.text, "Recep Tayyip Erdoğan", 1) == _span(
        article, quote="Recep Tayyip Erdoğan"
    )


@pytest.mark.parametrize("number", [1, 2, 6])
def test_occurrence_counts_from_one(article: Document, number: int) -> None:
    """`occurrence` counts the places of the quote on token boundaries: 'visit', not 'visits'."""
    assert _nth(article.text, "visit", number) == _span(article, quote="visit", occurrence=number)


def test_occurrence_passes_over_parts_of_words(article: Document) -> None:
    """'his' in 'We can achieve this only together' is no occurrence."""
    at = _span(article, quote="his", occurrence=3)
    assert "attributed to his victory" == article.text[at[0] - 14 : at[1] + 8]


def test_prefix_and_suffix(article: Document) -> None:
    """Either or both tell one place from the others; they need not be whole words."""
    assert _nth(article.text, "visit", 3) == _span(
        article, quote="visit", prefix="Aliyev's ", suffix=" is part"
    )
    assert _nth(article.text, "visit", 2) == _span(article, quote="visit", prefix="ay ")
    assert _nth(article.text, "visit", 1) == _span(article, quote="visit", suffix=" to T")
    assert _nth(article.text, "Aliyev", 7) == _span(
        article, quote="Aliyev", suffix="'s", occurrence=3
    )


def test_an_ambiguous_quote_lists_its_places(article: Document) -> None:
    """A quote that stands in several places is refused; the message numbers each place.

    The numbers are those that `occurrence` takes.
    """
    message = _refusal(article, quote="visit")
    assert message.startswith(
        "A002 /mentions/0 'visit' occurs in 6 places; "
        "add `occurrence`, or `prefix` and `suffix`: 1: …"
    )
    assert "; 2: …unday for a two-day [visit]. The two leaders" in message
    assert "occurs in 2 places" in _refusal(article, quote="visit", prefix="Aliyev's ")


def test_a_missing_quote_says_how_far_it_goes(article: Document) -> None:
    """A quote that the text lacks is refused; the message shows the part that the text has."""
    assert "A001 /mentions/0 'Putin' does not occur in the text" == _refusal(article, quote="Putin")
    message = _refusal(article, quote="Second Karabakh Conflict in 2020")
    assert "the text has 'Second Karabakh' and then continues differently: …" in message
    assert "does not occur between that `prefix` and `suffix`; it occurs here: …" in _refusal(
        article, quote="Shusha", prefix="1999 "
    )
    assert "A001 /mentions/0 'Hungary' occurs in the text only once; `occurrence` is 2" == _refusal(
        article, quote="Hungary", occurrence=2
    )
    assert "only 6 times" in _refusal(article, quote="visit", occurrence=7)


def test_a_quote_inside_a_token(article: Document) -> None:
    """A quote that cuts a token is refused with the whole token."""
    assert (
        "A003 /mentions/0 'Erdo' occurs only inside a token; a span takes whole tokens: 'Erdoğan'"
        == _refusal(article, quote="Erdo")
    )
    assert _refusal(article, quote="zerbaijani Presid").endswith(": 'Azerbaijani President'")


RUN_TOGETHER = "Leave it 9 hoursand a day. Later leave it 9\u00a0hours again, or “9 hours”."


@pytest.mark.parametrize(
    "selector",
    [
        {"quote": "9 hours", "prefix": "Leave it ", "suffix": "and a"},
        {"quote": "9 hours", "prefix": "Leave it "},
        {"quote": "9 hours", "prefix": "Leave  it "},
        {"quote": "it 9 hours"},
        {"quote": "hoursand a d"},
        {"quote": "it 9 hours", "occurrence": 1},
    ],
)
def test_a_place_inside_a_token_is_not_exchanged_for_another(selector: dict[str, Any]) -> None:
    """A quote that stands in the text exactly is never taken for a similar one elsewhere.

    If a space was lost behind it, the answer names the token that it cuts.
    """
    message = _refusal(_plain(RUN_TOGETHER), **selector)
    assert message.startswith("A003")
    assert "hoursand" in message


def test_whole_places_beside_one_inside_a_token() -> None:
    """A quote with whole places is anchored as ever, though it also stands inside a token."""
    base = _plain(RUN_TOGETHER)
    assert (61, 68) == _span(base, quote="9 hours")
    assert (61, 68) == _span(base, quote="9 hours", prefix='"', suffix='"')
    assert (42, 49) == _span(base, quote="9 hours", prefix="Later leave it ")


def test_what_cuts_a_token_in_another_typography_is_called_so() -> None:
    """A quote that the text has in other marks only, and inside a token, gets A003 as well."""
    message = _refusal(_plain("A “well-madeness” of it."), quote='"well-made')
    assert message.endswith("a span takes whole tokens: '“well-madeness'")


def test_a_quote_that_cuts_a_token_in_a_context_that_the_text_lacks() -> None:
    """A context that occurs nowhere is said first where the quote has whole places."""
    base = _plain(RUN_TOGETHER)
    assert _refusal(base, quote="again", prefix="never ").startswith("A001")
    assert _refusal(base, quote="gain", prefix="never ").startswith("A003")


@pytest.mark.parametrize(
    "quote",
    ["Vilnius", "\u200eVilnius", "Vilnius\u200f", " Vilnius ", "Vilni\u00adus"],
)
def test_invisible_characters_do_not_hide_a_word(quote: str) -> None:
    """Direction marks and soft hyphens in the text or the quote do not matter."""
    for text in ("To \u200eVilnius\u200f, he said.", "To Vilnius, he said."):
        start, end = _span(_plain(text), quote=quote)
        assert "Vilnius" == text[start:end]
    text = "To Vil\u00adnius, he said."
    assert (3, 11) == _span(_plain(text), quote=quote)


def test_a_token_with_invisible_characters_at_its_edges_is_taken_whole() -> None:
    """In a document whose tokens have a direction mark at an edge, its words are found too."""
    base = _plain("To \u200eVilnius now.")
    tokens = (base.tokens[0], Token(start=3, end=11), *base.tokens[2:])
    assert (3, 11) == _span(replace(base, tokens=tokens), quote="Vilnius")


@pytest.mark.parametrize(
    ("quote", "text"),
    [
        ("“The Turkic world is our family,”", '"The Turkic world is our family,"'),
        ("„historic peak‟", '"historic peak"'),
        ("two–day", "two-day"),
        ("Baku—Tbilisi—Kars railway", "Baku-Tbilisi-Kars railway"),
        ("two - day", "two-day"),
        ("Ilham\n  Aliyev", "Ilham Aliyev"),
        ("Ilham\u00a0Aliyev", "Ilham Aliyev"),
        (" Recep Tayyip Erdoğan ", "Recep Tayyip Erdoğan"),
        ("$ 15 billion", "$15 billion"),
    ],
)
def test_typographic_differences_are_resolved_and_reported(
    article: Document, quote: str, text: str
) -> None:
    """Quotation marks, dashes and white space of a quote may differ from the text's.

    The span has the text's own characters, and the difference is reported.
    """
    document, problems, reports = _anchor(article, _mention(quote=quote))
    assert document is not None, problems
    assert [text] == [m.text for m in document.mentions]
    assert 1 == len(reports)
    assert reports[0].startswith(f"A101 /mentions/0 {quote!r} was matched to …")
    assert f"[{text}]" in reports[0]


def test_a_quote_in_another_normal_form_is_resolved(article: Document) -> None:
    """A quote whose accents are characters of their own is found, and reported."""
    document, problems, reports = _anchor(article, _mention(quote="Recep Tayyip Erdog\u0306an"))
    assert document is not None, problems
    assert "Recep Tayyip Erdo\u011fan" == document.mentions[0].text
    assert ["A101"] == [report[:4] for report in reports]


def test_prefix_and_suffix_may_differ_in_typography_too(article: Document) -> None:
    """A prefix with another apostrophe than the text's is accepted, and reported."""
    document, _, reports = _anchor(
        article, _mention(quote="visit", prefix="Aliyev’s ", suffix=" is")
    )
    assert document is not None
    assert _nth(article.text, "visit", 3)[0] == document.mentions[0].start
    assert 1 == len(reports)


def test_an_exact_quote_is_preferred_to_a_similar_one() -> None:
    """Where the quote stands exactly, places that differ in typography do not make it ambiguous."""
    base = _plain('A "b" and “b” here.')
    assert (2, 5) == _span(base, quote='"b"')
    assert (10, 13) == _span(base, quote="“b”")


def _plain(text: str) -> Document:
    """A document of this text whose only annotation is one entity."""
    import hashlib

    from statevisit.document.model import Entity, Source

    sentences, tokens = segment(text, "en")
    layers: dict[str, Any] = dict.fromkeys(LAYERS, ()) | {
        "sentences": sentences,
        "tokens": tokens,
    }
    layers["entities"] = (
        Entity(id="aliyev", type="PERSON", name="A", nil="NIL", reference="SPECIFIC"),
    )
    return Document(
        schema_version=SCHEMA_VERSION,
        id="plain",
        language="en",
        date="2024-03-01",
        source=Source(file="x.txt", sha256="0" * 64, header_length=0),
        text_sha256=hashlib.sha256(text.encode()).hexdigest(),
        annotators=("a",),
        layers=dict.fromkeys(ANNOTATED_LAYERS, "done"),
        text=text,
        **layers,
    )


@pytest.mark.parametrize("quote", [" Wor", "Wor", "ord ", "d  "])
def test_a_quote_at_the_edge_of_the_text(quote: str) -> None:
    """A quote with white space before the first token or after the last gets an answer."""
    assert "A003" in _refusal(_plain(" Word  "), quote=quote)


def test_overlapping_occurrences_count() -> None:
    """Overlapping places count as separate places."""
    base = _plain("no no no")
    assert "occurs in 2 places" in _refusal(base, quote="no no")
    assert (3, 8) == _span(base, quote="no no", occurrence=2)


@pytest.mark.parametrize(
    ("selector", "message"),
    [
        ({"quote": 5}, "`quote` must be a string"),
        ({"quote": ""}, "`quote` must not be empty"),
        ({"quote": " \n"}, "`quote` must not be empty"),
        ({"quote": "\u200b"}, "`quote` must not be empty"),
        ({"quote": "visit", "prefix": 1}, "`prefix` must be a string"),
        ({"quote": "visit", "suffix": []}, "`suffix` must be a string"),
        ({"quote": "visit", "occurrence": 0}, "`occurrence` is 0; it counts from 1"),
        ({"quote": "visit", "occurrence": "2"}, "`occurrence` is '2'; it counts from 1"),
        ({"quote": "visit", "occurrence": True}, "it counts from 1"),
        ({"quote": "visit", "occurrence": 1.0}, "it counts from 1"),
    ],
)
def test_a_selector_that_is_none(article: Document, selector: dict[str, Any], message: str) -> None:
    """A selector of the wrong form is refused with what it must be."""
    answer = _refusal(article, **selector)
    assert answer.startswith("A004 /mentions/0 ")
    assert message in answer


@pytest.mark.parametrize("draft", [[], "x", None, 7, {}, {"id": DOC_ID}, {"mention": []}])
def test_what_is_no_draft(article: Document, draft: Any) -> None:
    """JSON that has none of the layers is refused; the message says what a draft is."""
    document, problems, _ = _anchor(article, draft)
    assert None is document
    assert problems[0].startswith(
        "A004  a draft is a JSON object with layers: sentences, tokens, mentions"
    )


def test_a_draft_of_another_document(article: Document) -> None:
    """A draft that names another document is not anchored in this one."""
    assert (
        f"A004 /id the draft is of 'other', the text of '{DOC_ID}'"
        == _anchor(article, {"id": "other", "mentions": []})[1][0]
    )


def _deep(levels: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("draft", "pointer"),
    [
        ({"mentions": None}, "/mentions"),
        ({"mentions": 5}, "/mentions"),
        ({"mentions": "visit"}, "/mentions"),
        ({"mentions": {"a": 1}}, "/mentions"),
        ({"mentions": [None]}, "/mentions/0"),
        ({"mentions": _deep(900)}, "/mentions/0"),
        (
            {
                "mentions": [
                    {"quote": "Hungary", "level": "NAM", "entity": "hungary", "note": _deep(900)}
                ]
            },
            "/mentions/0",
        ),
        (
            {"mentions": [{"quote": "Hungary", "level": "NAME", "entity": "hungary"}]},
            "/mentions/0/level",
        ),
        (
            {
                "mentions": [
                    {
                        "start": 0,
                        "end": 9,
                        "text": "President",
                        "occurrence": 1,
                        "level": "NOM",
                        "entity": "erdogan",
                    }
                ]
            },
            "/mentions/0",
        ),
        ({"mentions": [], "note": "x"}, ""),
        (
            {
                "events": [
                    {
                        "quote": "welcomed",
                        "arguments": [{"role": "AGENT", "target": {"quote": "Ilham Aliyev"}}],
                    }
                ]
            },
            "/events/0/arguments/0/target",
        ),
    ],
)
def test_the_schema_refuses_what_is_no_record(
    article: Document, draft: dict[str, Any], pointer: str
) -> None:
    """Whatever else a draft holds, the answer is a finding at its place."""
    document, problems, _ = _anchor(article, draft)
    assert None is document
    assert pointer in {p.split(" ")[1] for p in problems}
    assert all(p.startswith("E104 ") for p in problems)


def test_selectors_inside_a_record(article: Document) -> None:
    """`property` of a quantity and `cue` of a quotation are written as quotes too."""
    draft = {
        "quantities": [
            {
                "quote": "over 92%",
                "kind": "PERCENT",
                "value": "92",
                "unit": "%",
                "comparator": "MORE_THAN",
                "property": {"quote": "vote"},
            }
        ],
        "quotations": [
            {
                "quote": '"The Turkic world is our family,"',
                "cue": {"quote": "told"},
                "type": "DIRECT",
            }
        ],
        "events": [],
        "event_relations": [],
    }
    document, problems, _ = _anchor(article, draft)
    assert document is not None, problems
    quantity, quotation = document.quantities[0], document.quotations[0]
    assert quantity.property is not None
    assert quotation.cue is not None
    assert ("vote", "told") == (quantity.property.text, quotation.cue.text)
    assert ("q1", "quo1") == (quantity.id, quotation.id)
    draft["quantities"][0]["property"] = {"quote": "votes"}  # type: ignore[index]  # a JSON value
    draft["quotations"][0]["cue"] = {"quote": "the"}  # type: ignore[index]  # a JSON value
    _, problems, _ = _anchor(article, draft)
    assert ["A001 /quantities/0/property", "A002 /quotations/0/cue"] == [
        " ".join(p.split(" ")[:2]) for p in problems
    ]


def test_ids_are_given_where_there_are_none(article: Document) -> None:
    """Records without an id get the next free one of their layer.

    Existing ids stay; an id of another layer is not free either.
    """
    entities = (*article.entities, replace(article.entities[0], id="m2"))
    draft = {
        "mentions": [
            {"quote": "Hungary", "level": "NAM", "entity": "hungary"},
            {"id": "m1", "quote": "Georgia", "level": "NAM", "entity": "georgia"},
            {"quote": "Uzbekistan", "level": "NAM", "entity": "uzbekistan"},
        ],
        "relations": [
            {"type": "OBSERVER_OF", "source": "hungary", "target": "ots", "evidence": [13]}
        ],
    }
    document, problems, _ = _anchor(replace(article, entities=entities), draft)
    assert document is not None, problems
    assert {"Hungary": "m3", "Georgia": "m1", "Uzbekistan": "m4"} == {
        m.text: m.id for m in document.mentions
    }
    assert ["r1"] == [r.id for r in document.relations]


def test_sentences_can_be_quoted(article: Document) -> None:
    """The layers without a surface form take quotes as well."""
    draft = {
        "sentences": [
            {"quote": "A joint news conference is scheduled for later Monday.", "paragraph": 1}
        ],
        "tokens": [{"quote": "Hungary"}],
    }
    document, problems, _ = _anchor(article, draft)
    assert document is not None, problems
    assert ["A joint news conference is scheduled for later Monday.", "Hungary"] == [
        article.text_of(s) for s in (*document.sentences, *document.tokens)
    ]


def test_layers_that_a_draft_leaves_out_stay(article: Document) -> None:
    """A draft replaces the layers that it has, which are partial then; it names its annotators."""
    document, problems, _ = _anchor(article, {"quotations": [], "annotators": ["b"]})
    states = article.layers | {"quotations": "partial"}
    expected = replace(article, quotations=(), annotators=("b",), layers=states)
    assert expected == document, problems


def test_a_layer_that_is_not_done_needs_quotes_only() -> None:
    """A record needs its quote while its layer is partial; one of a done layer is complete."""
    base = ingest(b" date 2024-03-01 Baku met Ankara on Monday.", "x.txt", "x")
    draft = {
        "mentions": [{"quote": "Baku"}, {"quote": "Ankara", "level": "NAM"}],
        "timexes": [{"quote": "Monday"}],
        "quantities": [{"quote": "Monday"}],
        "events": [{"quote": "met", "arguments": [{"target": "m1"}]}],
        "quotations": [{"quote": "met Ankara"}],
    }
    document, problems, _ = _anchor(base, draft)
    assert document is not None, problems
    assert [("m1", "Baku", None), ("m2", "Ankara", "NAM")] == [
        (m.id, m.text, m.level) for m in document.mentions
    ]
    assert base.layers | dict.fromkeys(draft, "partial") == document.layers
    assert [] == list(check_document(document))
    assert document == decode(encode(document))
    refused, problems, _ = anchor(draft, base, "x.json", done=["timexes"])
    assert refused is None
    assert [("E104", "/timexes/0")] == [(p.code, p.pointer) for p in problems]
    assert problems[0].message.startswith("missing `type`, `value`; the layer `timexes` is done")
    stated, problems, _ = _anchor(base, draft | {"layers": {"timexes": "done"}})
    assert (None, 1) == (stated, len(problems))


def _places(document: Document, quote: str) -> list[int]:
    starts, ends = {t.start for t in document.tokens}, {t.end for t in document.tokens}
    return [
        at
        for at in range(len(document.text))
        if document.text.startswith(quote, at) and at in starts and at + len(quote) in ends
    ]


def _quoted(document: Document, select: Callable[[int, int], dict[str, Any]]) -> dict[str, Any]:
    """The layers of a document with selectors in place of all offsets."""

    def rewrite(value: Any) -> Any:
        if isinstance(value, list):
            return [rewrite(v) for v in value]
        if not isinstance(value, dict):
            return value
        rest = {k: rewrite(v) for k, v in value.items() if k not in ("start", "end", "text")}
        return (select(value["start"], value["end"]) | rest) if "start" in value else rest

    value = to_value(document)
    return {layer: rewrite(value[layer]) for layer in (*SPAN_LAYERS, "sentences")}


@given(documents())
@settings(deadline=None, max_examples=60)
def test_every_span_can_be_written_as_a_quote(document: Document) -> None:
    """Any document written with `occurrence`, or with `prefix` and `suffix`, comes back exactly.

    Nothing is reported. A token of invisible characters alone, which no tokenizer makes, has no
    quote.
    """
    assume(all(visible(document.text_of(token)) for token in document.tokens))
    text = document.text

    def by_occurrence(start: int, end: int) -> dict[str, Any]:
        places = _places(document, text[start:end])
        return {"quote": text[start:end]} | (
            {"occurrence": places.index(start) + 1} if len(places) > 1 else {}
        )

    def by_context(start: int, end: int) -> dict[str, Any]:
        return {"quote": text[start:end], "prefix": text[:start], "suffix": text[end:]}

    for select in (by_occurrence, by_context):
        draft = json.loads(json.dumps(_quoted(document, select)))
        assert (document, [], []) == anchor(draft, document, done=ANNOTATED_LAYERS)


@given(documents(max_records=0))
@settings(deadline=None, max_examples=60)
def test_any_piece_of_a_text_has_an_answer(document: Document) -> None:
    """A quote of any piece of the text is anchored or refused; it never fails."""
    for start in range(0, len(document.text), 3):
        for end in range(start + 1, min(start + 9, len(document.text)), 3):
            anchored, problems, _ = _anchor(
                document, {"sentences": [{"quote": document.text[start:end], "paragraph": 0}]}
            )
            assert (anchored is None) == bool(problems)
            assert all(p[:4] in ("A001", "A002", "A003", "A004") for p in problems)
    assert all(isinstance(t, Token) for t in document.tokens)


@pytest.fixture
def draft(corpus: Path) -> Path:
    """A draft with two mistakes in a copy of the corpus."""
    path = corpus / "draft.json"
    path.write_text(f"""{{
  "id": "{DOC_ID}",
  "mentions": [
    {{"quote": "Recep Tayyip Erdoğan", "level": "NAM", "entity": "erdogan"}},
    {{"quote": "visit", "level": "NOM", "entity": "aliyev"}},
    {{"quote": "Turkic  world", "level": "NAM", "entity": "turkic-world"}},
    {{"level": "NAM", "entity": "ots", "quote": "OTSS"}}
  ],
  "quantities": [], "events": [], "event_relations": [], "quotations": []
}}
""")
    return path


def test_problems_carry_line_and_column_and_nothing_is_written(
    corpus: Path,
    document_file: Path,
    draft: Path,
    cli: Callable[..., Result],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each problem is one line with the record's place in the draft; the document is as it was."""
    monkeypatch.chdir(corpus)
    before = document_file.read_bytes()
    result = cli("anchor", draft, "--output", document_file)
    assert (1, "") == (result.status, result.out)
    lines = result.err.splitlines()
    assert lines[0].startswith(f"{draft}:5:5: A002 'visit' occurs in 6 places")
    assert lines[1].startswith(f"{draft}:7:5: A001 'OTSS' does not occur in the text")
    assert lines[2].startswith(f"{draft}:6:5: A101 'Turkic  world' was matched to")
    assert ["2 problems: nothing was written"] == lines[3:]
    assert before == document_file.read_bytes()
    assert not (corpus / "new.json").exists()
    assert 1 == cli("anchor", draft, "--output", corpus / "new.json").status
    assert not (corpus / "new.json").exists()


def test_a_draft_becomes_a_document(
    corpus: Path,
    document_file: Path,
    draft: Path,
    cli: Callable[..., Result],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A draft without problems is written in canonical form: to a file, or to standard output."""
    monkeypatch.chdir(corpus)
    draft.write_text(
        draft.read_text()
        .replace('"visit"', '"visit", "occurrence": 2')
        .replace("OTSS", "(OTS)")
        .replace('"(OTS)"', '"OTS", "prefix": "("')
    )
    result = cli("anchor", draft)
    assert 0 == result.status
    assert 1 == len(result.err.splitlines())
    written = cli("anchor", draft, "--output", document_file, "--document", document_file)
    assert (0, "") == (written.status, written.out)
    assert result.out.encode() == document_file.read_bytes() == encode(read_document(document_file))
    assert ["Recep Tayyip Erdoğan", "visit", "Turkic world", "OTS"] == [
        m.text for m in read_document(document_file).mentions
    ]


def test_keys_of_digits_have_a_place(
    corpus: Path, draft: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A key such as ² or 0 in a draft is a key, not a number."""
    monkeypatch.chdir(corpus)
    draft.write_text(
        f'{{"id": "{DOC_ID}", "mentions": [\n'
        '{"²": {"quote": "Putin"}},\n'
        '{"0": {"quote": "Putin"}}]}'
    )
    result = cli("anchor", draft)
    assert [f"{draft}:2:7: A001", f"{draft}:3:7: A001"] == [
        " ".join(line.split(" ")[:2]) for line in result.err.splitlines()[:2]
    ]


@pytest.mark.parametrize(
    ("draft_text", "message"),
    [
        ("{", "draft.json: cut off before its first record is complete"),
        ("no", "draft.json:1:1: not JSON"),
        ("[]", "has no `id` that says which document it is of"),
        ('{"id": 5}', "has no `id` that says which document it is of"),
        ('{"id": "gone", "mentions": []}', "gone.json: no such document; name it with --document"),
        ('{"id": "../x", "mentions": []}', "no such document"),
        ('{"id": "a", "id": "b"}', "draft.json:1:13: the key"),
    ],
)
def test_a_draft_that_cannot_be_used(
    corpus: Path,
    draft: Path,
    cli: Callable[..., Result],
    monkeypatch: pytest.MonkeyPatch,
    draft_text: str,
    message: str,
) -> None:
    """A draft that is not JSON, or of a document that does not exist, is refused in one line."""
    monkeypatch.chdir(corpus)
    draft.write_text(draft_text)
    result = cli("anchor", "draft.json")
    assert (1, "") == (result.status, result.out)
    assert message in result.err
    assert 1 == len(result.err.splitlines())


@given(st.text("ab -", min_size=1, max_size=20), st.sets(st.integers(0, 20)), st.data())
@settings(deadline=None)
def test_a_quote_is_found_at_every_token(
    article: Document, text: str, cuts: set[int], data: st.DataObject
) -> None:
    """The places of a quote are all those where it begins and ends with a token, in their order.

    They are the same with an empty prefix and without one.
    """
    edges = sorted(cut for cut in cuts if cut <= len(text))
    tokens = tuple(Token(start=start, end=end) for start, end in pairwise(edges))
    anchorer = Anchorer(replace(article, text=text, tokens=tokens))
    start = data.draw(st.integers(0, len(text) - 1))
    quote = text[start : data.draw(st.integers(start + 1, len(text)))]
    scanned = [(at, at + len(quote)) for at in range(len(text)) if text.startswith(quote, at)]
    expected = [place for place in scanned if anchorer._tokens(place) == place]
    assert expected == anchorer._whole(quote, "", "")
    assert scanned == list(anchorer._exact(quote, "", ""))


def test_a_quote_is_searched_for_once(article: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many records quote the same words, the text is searched for them once."""
    searched: list[str] = []
    occurrences = quotes._occurrences

    def counted(text: str, quote: str) -> Iterator[int]:
        searched.append(quote)
        return occurrences(text, quote)

    monkeypatch.setattr(quotes, "_occurrences", counted)
    text = " ".join(["ho"] * 300)
    tokens = tuple(Token(start=at, end=at + 2) for at in range(0, len(text), 3))
    anchorer = Anchorer(replace(article, text=text, tokens=tokens))
    for number in range(1, 301):
        start = 3 * (number - 1)
        assert (start, start + 2, True) == anchorer.resolve({"quote": "ho", "occurrence": number})
        with pytest.raises(Unresolved, match="does not occur in the text"):
            anchorer.resolve({"quote": "hi", "occurrence": number})
        with pytest.raises(Unresolved, match="only 299 times"):
            anchorer.resolve({"quote": "ho", "suffix": " ho", "occurrence": 300})
    assert len(searched) < 10
