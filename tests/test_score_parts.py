"""Scoring over what is there: systems that give spans, labels or values only, and half the gold."""

import copy
import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import statevisit
from statevisit.corpus.documents import write_document
from statevisit.document import schema, schema_errors
from statevisit.document.codec import to_value
from statevisit.document.model import SPAN_LAYERS, Document
from statevisit.document.scheme import base
from statevisit.errors import FormatError
from statevisit.pages.score_page import page
from statevisit.scoring import attributes
from statevisit.scoring.prediction import bare
from statevisit.scoring.score import evaluate
from tests.conftest import Result, annotated_text, done

Cli = Callable[..., Result]

TEXT = (
    "Mayor Lena Marsh opened the new bridge in Ilmenau on Monday. "
    '"It cost 40 million euros," Marsh said. The old bridge 🌉 closed in May 2023.'
)


def _gold(document_id: str = "bridge", **states: str) -> Document:
    """A finished annotation of the text; `states` are those of layers that are not done."""
    document = annotated_text(
        {
            "text": TEXT,
            "mentions": [
                {"id": "m1", "quote": "Lena Marsh", "level": "NAM", "entity": "e1"},
                {"id": "m2", "quote": "Ilmenau", "level": "NAM", "entity": "e2"},
                {
                    "id": "m3",
                    "quote": "Marsh",
                    "prefix": '," ',
                    "suffix": " said",
                    "level": "NAM",
                    "entity": "e1",
                },
            ],
            "entities": [
                {
                    "id": "e1",
                    "type": "PERSON",
                    "name": "Lena Marsh",
                    "nil": "NIL",
                    "reference": "SPECIFIC",
                },
                {
                    "id": "e2",
                    "type": "GPE",
                    "name": "Ilmenau",
                    "wikidata": "Q486860",
                    "reference": "SPECIFIC",
                },
            ],
            "timexes": [
                {
                    "id": "t1",
                    "quote": "Monday",
                    "type": "DATE",
                    "value": "2024-02-26",
                    "anchor": "DCT",
                },
                {"id": "t2", "quote": "May 2023", "type": "DATE", "value": "2023-05"},
            ],
            "quantities": [
                {
                    "id": "q1",
                    "quote": "40 million euros",
                    "kind": "MONEY",
                    "value": "40000000",
                    "unit": "EUR",
                    "comparator": "EXACT",
                }
            ],
        },
        document_id,
    )
    finished = done(document)
    return replace(finished, layers=finished.layers | states)


def _bounds(words: str, which: int = 0) -> dict[str, int]:
    places = [match.span() for match in re.finditer(re.escape(words), TEXT)]
    start, end = places[which]
    return {"start": start, "end": end}


def _score(prediction: Any, gold: Any = None, **options: Any) -> statevisit.Report:
    return statevisit.score(gold or _gold(), prediction, resamples=0, **options)


def _f1(report: statevisit.Report) -> dict[str, float | None]:
    """F1 over all labels of each figure."""
    micro = [figure for figure in report.figures if figure.average == "micro"]
    return {f"{figure.layer} {figure.measure}": figure.f1 for figure in micro}


def _lacking(report: statevisit.Report) -> dict[str, tuple[int, int]]:
    return {f"{part.layer} {part.part}": (part.given, part.of) for part in report.parts}


SPANS = [_bounds("Lena Marsh"), _bounds("Ilmenau"), _bounds("Marsh", 1)]


def test_a_tagger_of_spans_has_the_figures_of_spans() -> None:
    """Spans without a label are exact and partial; labels and links are not predicted, not 0."""
    report = _score({"mentions": SPANS})
    assert {"mentions exact": 1.0, "mentions partial": 1.0} == _f1(report)
    assert {
        f"mentions {part}": (0, 3) for part in ("type", "level", "reference", "link", "coreference")
    } == _lacking(report)
    assert ([], {}) == (report.notes, report.confusion)
    with pytest.raises(KeyError, match=r"not predicted: .*mentions .*type"):
        report.find("mentions", "strict")
    assert schema_errors.verdict(schema.load("report")).is_valid(report.to_dict())


def test_spans_without_labels_have_precision_and_recall() -> None:
    """A span that is missed costs recall, one that is not in the gold precision."""
    figure = _score({"mentions": [*SPANS[:2], _bounds("bridge")]}).find("mentions", "exact")
    assert (3, 3, 2) == (figure.gold, figure.pred, figure.correct)
    assert {"micro"} == {f.average for f in _score({"mentions": SPANS}).figures}


@pytest.mark.parametrize("key", ["label", "type", "entity_group"])
def test_a_tagger_of_names_has_the_figures_of_labels(key: str) -> None:
    """A mention may state its label itself; without entities there is no coreference."""
    labelled = [
        span | {key: label} for span, label in zip(SPANS, ("PERSON", "GPE", "PERSON"), strict=True)
    ]
    report = _score({"mentions": labelled})
    figures = _f1(report)
    assert {1.0} == set(figures.values())
    assert {"mentions strict", "mentions type (matched)", "mentions head"} <= figures.keys()
    assert not any("coreference" in name for name in figures)
    assert (0, 3) == _lacking(report)["mentions coreference"]
    assert 1.0 == report.find("mentions", "strict", "GPE").f1
    assert [] == report.notes


FORMS: dict[str, Any] = {
    "Hugging Face": [
        span | {"entity_group": label, "word": "x", "score": 0.9}
        for span, label in zip(SPANS, ("PERSON", "GPE", "PERSON"), strict=True)
    ],
    "spaCy": {
        "text": TEXT,
        "ents": [
            span | {"label": label}
            for span, label in zip(SPANS, ("PERSON", "GPE", "PERSON"), strict=True)
        ],
        "tokens": [],
    },
    "entities": {
        "entities": [
            span | {"label": label}
            for span, label in zip(SPANS, ("PERSON", "GPE", "PERSON"), strict=True)
        ]
    },
    "doccano": {
        "id": 1,
        "text": TEXT,
        "label": [
            [*span.values(), label]
            for span, label in zip(SPANS, ("PERSON", "GPE", "PERSON"), strict=True)
        ],
    },
    "quotes": [{"quote": "Lena Marsh", "label": "PERSON"}, {"quote": "Ilmenau", "label": "GPE"}],
}


@pytest.mark.parametrize("form", FORMS)
def test_labelled_spans_of_other_tools_are_mentions(form: str, tmp_path: Path) -> None:
    """A list of labelled spans, or one under the name that a tool gives it, is read as mentions."""
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(FORMS[form]), encoding="utf-8")
    report = _score(path)
    assert 1.0 == report.find("mentions", "strict").precision
    assert {"property"} >= {note.kind for note in report.notes}


class _Whole:
    """A number as NumPy has it."""

    def __init__(self, value: int) -> None:
        self._value = value

    def item(self) -> int:
        """Return the number itself."""
        return self._value


def test_the_answer_of_a_pipeline_is_scored_in_python() -> None:
    """The list that a pipeline returns, with numbers of NumPy, needs no file."""
    answer = [{name: _Whole(offset) for name, offset in span.items()} for span in SPANS]
    assert (
        1.0 == _score([span | {"score": _Whole(1)} for span in SPANS]).find("mentions", "exact").f1
    )
    assert 1.0 == _score({"mentions": answer}).find("mentions", "exact").f1


JUNK: list[Any] = [
    *(None, True, 5, -1, 2.5, 10**30, "", "x", "e1", "\x00", [], [1], [[]], [None], [{}], {}),
    *({"a": 1}, {"quote": ""}, {"quote": "Marsh"}, {"quote": 5}, {"start": 0, "end": 3}),
    *({"start": True, "end": 3}, [{"target": 5}], [{"target": [], "role": 3}]),
]


@given(st.data())
@settings(deadline=None)
def test_any_json_is_scored_or_refused(data: st.DataObject) -> None:
    """Whatever stands in a prediction, it has a report and a page, or one clear error."""
    value = to_value(_gold())
    layers = ["mentions", "entities", "timexes", "quantities"]
    prediction = {layer: [dict(record) for record in value[layer]] for layer in layers}
    for _ in range(data.draw(st.integers(1, 4))):
        records = prediction[data.draw(st.sampled_from(layers))]
        place = data.draw(st.integers(0, len(records) - 1))
        junk = copy.deepcopy(data.draw(st.sampled_from(JUNK)))
        if isinstance(records[place], dict) and data.draw(st.booleans()):
            records[place][data.draw(st.sampled_from([*records[place], "other"]))] = junk
        else:
            records[place] = junk
    report, scored = evaluate(_gold(), prediction, None, None, 0)
    assert page(report, scored.comparisons())
    assert schema_errors.verdict(schema.load("report")).is_valid(report.to_dict())


def test_several_documents_need_their_ids(tmp_path: Path) -> None:
    """A list of spans names no document; the error shows how to name one."""
    path = tmp_path / "answer.json"
    path.write_text(json.dumps(SPANS), encoding="utf-8")
    gold = [_gold(), replace(_gold(), id="second")]
    with pytest.raises(FormatError, match=r'answer\.json: names no document.*"id": "bridge"'):
        _score(path, gold)


def test_tags_of_tokens_are_refused_with_the_way_to_spans(tmp_path: Path) -> None:
    """The tag of each token is no span; the error names the option that gives spans."""
    path = tmp_path / "answer.json"
    token = _bounds("Lena") | {"entity": "B-PER", "word": "Lena", "index": 2, "score": 0.9}
    path.write_text(json.dumps([token]), encoding="utf-8")
    with pytest.raises(FormatError, match='aggregation_strategy="simple"'):
        _score(path)


def test_times_without_values_count_as_spans_with_a_label() -> None:
    """The value is scored over the times that have one, and the report says how many do."""
    times = [
        _bounds("Monday") | {"type": "DATE", "value": "2024-02-26"},
        _bounds("May 2023") | {"type": "DATE"},
    ]
    report = _score({"timexes": times})
    assert 1.0 == report.find("timexes", "strict").f1
    matched = report.find("timexes", "value (matched)")
    assert (1, 1, 1) == (matched.gold, matched.pred, matched.correct)
    end_to_end = report.find("timexes", "value (end to end)")
    assert (2, 1, 1) == (end_to_end.gold, end_to_end.pred, end_to_end.correct)
    assert {"timexes value": (1, 2), "timexes anchor": (0, 2)} == _lacking(report)
    without = _score({"timexes": [times[1]]})
    assert not any("value" in name or "anchor" in name for name in _f1(without))


def test_needed_attributes_are_those_that_finished_records_have() -> None:
    """What counts only where both sides give it is what the schema asks of a layer that is done."""
    for layer, names in attributes.NEEDED.items():
        required = {*base().required(layer)} - {"id", "start", "end", "text"}
        if layer == "mentions":  # the entity is a link, and its properties are scored as its own
            required = required - {"entity"} | {"type", "reference", "link"}
        if layer == "quantities":  # one of value, lower and upper
            required |= {"value"}
        if layer == "events":  # both are links
            required -= {"event", "arguments"}
        assert required == {*names}


def test_a_right_system_is_perfect_in_all_that_it_predicts() -> None:
    """Whatever a right system leaves out, each figure that it has is 1."""
    value = to_value(_gold())
    optional = {
        "mentions": ("level", "entity"),
        "timexes": ("type", "value", "anchor"),
        "quantities": ("kind", "value", "unit", "comparator"),
        "entities": ("type", "name", "wikidata", "nil", "reference"),
    }
    for layer, names in optional.items():
        for name in names:
            records = [{k: v for k, v in r.items() if k != name} for r in value[layer]]
            report = _score({"id": "bridge"} | {n: value[n] for n in optional} | {layer: records})
            lacking = _lacking(report)
            for figure in report.figures:
                if figure.average == "micro" and figure.f1 is not None:
                    part = f"{figure.layer} {figure.measure.partition(' (')[0]}"
                    if (layer, name) != ("quantities", "unit"):  # the unit is part of the value
                        assert figure.precision in (None, 1.0), (layer, name, figure)
                        assert figure.f1 == 1.0 or lacking[part][0], (layer, name, figure)
            assert 1.0 == report.find("mentions", "exact").f1


def _thinned(value: dict[str, Any], dice: random.Random) -> tuple[dict[str, Any], dict[str, Any]]:
    """Two predictions of a document: some of its spans, and the same with properties dropped."""
    full: dict[str, Any] = {"id": value["id"], "entities": value["entities"]}
    thin = dict(full)
    for layer in SPAN_LAYERS:
        full[layer] = [dict(record) for record in value[layer] if dice.random() < 0.7]
        for record in full[layer]:
            if dice.random() < 0.2:
                record["end"] = min(record["end"] + 1, len(value["text"]))
        names = {name for record in full[layer] for name in record} - {"start", "end"}
        dropped = {name for name in sorted(names) if dice.random() < 0.5}
        rate = dice.choice((0, 0.5))
        thin[layer] = [
            {k: v for k, v in record.items() if k not in dropped or dice.random() < rate}
            for record in full[layer]
        ]
    return full, thin


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32))
def test_dropping_properties_changes_no_figure_of_spans(seed: int) -> None:
    """Exact and partial figures depend on spans only, whatever else the records have or lack."""
    article = statevisit.load()[0]
    predictions = _thinned(to_value(article), random.Random(seed))
    full, thin = (statevisit.score(article, p, resamples=0) for p in predictions)
    for layer in SPAN_LAYERS:
        for measure in ("exact", "partial"):
            assert full.find(layer, measure) == thin.find(layer, measure)


ANSWER = """Here are the annotations:

```json
{"timexes": [
  {"quote": "Monday", "type": "DATE", "value": "last Monday", "confidence": 0.9},
  {"quote": "May 2023", "type": "DATE", "value": "2023-05", "confidence": 0.4, "why": "said"},
  {"quote": "June 2023", "type": "DATE", "value": "2023-06"}
 ],
 "mentions": [{"quote": "Lena Marsh", "level": "NAMED", "label": "POLITICIAN", "entity": null}],
 "summary": "A bridge."}
```

I hope that helps.
"""


def test_an_answer_of_a_language_model_is_scored_as_it_is(tmp_path: Path) -> None:
    """A fence and unknown keys do not matter; what is wrong is noted once a kind.

    An invalid value is wrong, its span is not; only a quote that the text lacks is spurious.
    """
    path = tmp_path / "answer.json"
    path.write_text(ANSWER, encoding="utf-8")
    report = _score(path)
    exact = report.find("timexes", "exact")
    assert (2, 3, 2) == (exact.gold, exact.pred, exact.correct)
    values = report.find("timexes", "value (matched)")
    assert (2, 2, 1) == (values.gold, values.pred, values.correct)
    level = report.find("mentions", "level (matched)")
    assert (1, 1, 0) == (level.gold, level.pred, level.correct)
    assert 1 == report.find("mentions", "exact").correct
    messages = [f"{note.kind} {note.message}" for note in report.notes]
    assert [
        "unplaced /timexes/2: 'June 2023' does not occur in the text; counted as spurious",
        "label labels of the prediction that the gold's scheme lacks: POLITICIAN (1); map them "
        "with --map; labels of the gold that the prediction never uses: GPE, PERSON; likely under "
        '[labels]: POLITICIAN = "PERSON"',
        "value invalid `level` of mentions; its value counts as it is written: "
        '1 record, the first /mentions/0/level: "NAMED"',
        "property unknown property `confidence` of timexes; ignored: "
        "2 records, the first /timexes/0/confidence",
        "value invalid `value` of timexes; its value counts as it is written: "
        '1 record, the first /timexes/0/value: "last Monday"',
        "property unknown property `why` of timexes; ignored: 1 record, the first /timexes/1/why",
        "property `summary` is no layer of the scheme; ignored: 1 record, the first /summary",
        "label unknown label 'POLITICIAN' of mentions: 1 record, the first m1",
    ] == messages


def test_notes_on_many_documents_are_one(tmp_path: Path) -> None:
    """A kind of note is one line for all documents, with the number of records."""
    gold = [replace(_gold(), id=name) for name in "abc"]
    lines = [
        json.dumps({"id": name, "mentions": [span | {"rank": 1} for span in SPANS]})
        for name in "abc"
    ]
    path = tmp_path / "answers.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    notes = _score(path, gold).notes
    assert [
        (
            "property",
            "all documents",
            "unknown property `rank` of mentions; ignored: 9 records, the first /mentions/0/rank",
        )
    ] == [(note.kind, note.document, note.message) for note in notes]


def test_a_fence_keeps_the_lines_of_errors(tmp_path: Path) -> None:
    """An error in JSON within a fence names the line of the file; two fences are no answer."""
    path = tmp_path / "answer.json"
    path.write_text('So:\n```json\n{"timexes": [\n}\n```\n', encoding="utf-8")
    with pytest.raises(FormatError, match=r"answer\.json:4:"):
        _score(path)
    path.write_text("```\n{}\n```\n```\n{}\n```\n", encoding="utf-8")
    with pytest.raises(FormatError, match="not JSON"):
        _score(path)


WRONG_PLACES: dict[str, tuple[Any, str]] = {
    "beyond the text": ({"start": 5, "end": 9_999}, "is not a span of the text of"),
    "empty": ({"start": 5, "end": 5}, "is not a span of the text of"),
    "a string": ({"start": "5", "end": 9}, "both must be whole numbers"),
    "no end": ({"start": 5}, "both must be whole numbers"),
    "nothing": ({"type": "DATE"}, "needs its span: `start` and `end`, or `quote`"),
    "a word": ("Monday", "is not an object"),
    "inside a token": ({"quote": "Mon"}, "only inside a token"),
}


@pytest.mark.parametrize("case", WRONG_PLACES)
def test_what_has_no_place_is_spurious(case: str) -> None:
    """A record without a place counts as predicted, and its note has the pointer into the file."""
    record, message = WRONG_PLACES[case]
    report = _score({"timexes": [_bounds("Monday") | {"type": "DATE"}, record]})
    assert (2, 1) == (report.find("timexes", "exact").pred, report.find("timexes", "exact").correct)
    (note,) = report.notes
    assert note.message.startswith("/timexes/1: ")
    assert message in note.message


def test_offsets_of_another_unit_are_noticed() -> None:
    """Bytes or UTF-16 units behind an emoji give other words than `text`, and a note says so."""
    span = {name: offset + 3 for name, offset in _bounds("May 2023").items()}
    span["end"] -= 3
    report = _score({"timexes": [span | {"text": "May 2023", "type": "DATE"}]})
    assert ["text"] == [note.kind for note in report.notes]
    assert "code points" in report.notes[0].message


def test_values_of_any_json_type_are_read() -> None:
    """A number where a decimal string belongs is noted, and equal as a number."""
    quantity = {"quote": "40 million euros", "kind": "MONEY", "value": 40_000_000, "unit": "EUR"}
    report = _score({"quantities": [quantity]})
    assert 1.0 == report.find("quantities", "value (matched)").f1
    assert ["value"] == [note.kind for note in report.notes]


def test_links_of_mentions_are_scored_without_entities() -> None:
    """An entity linker may give each mention its Wikidata id."""
    linked = [_bounds("Ilmenau") | {"label": "GPE", "wikidata": "Q486860"}]
    report = _score({"mentions": linked})
    assert 1.0 == report.find("mentions", "link (matched)").f1
    assert [] == report.notes


def test_events_without_arguments_have_no_figure_of_arguments(article: Document) -> None:
    """Triggers alone give spans; classes, chains and arguments are not predicted."""
    triggers = [{"start": event.start, "end": event.end} for event in article.events]
    report = statevisit.score(article, {"events": triggers}, resamples=0)
    assert {"events exact": 1.0, "events partial": 1.0} == _f1(report)
    assert {"events arguments", "events coreference", "events class"} <= _lacking(report).keys()


def test_a_layer_that_is_not_annotated_counts_nowhere() -> None:
    """Neither as gold nor as spurious: in the texts where it is done, figures are as they are."""
    gold = [_gold("a"), replace(_gold("b", timexes="none"), timexes=())]
    report = _score([_gold("a"), _gold("b")], gold)
    assert {1.0} == set(filter(None, _f1(report).values()))
    assert 2 == report.find("timexes", "strict").pred
    assert [("state", "b")] == [(note.kind, note.document) for note in report.notes]
    absent = _score([_gold("b")], gold[1:])
    assert ["timexes"] == absent.not_annotated
    assert not any(name.startswith("timexes") for name in _f1(absent))
    with pytest.raises(KeyError, match="not annotated: timexes"):
        absent.find("timexes", "strict")
    assert schema_errors.verdict(schema.load("report")).is_valid(absent.to_dict())


def test_documents_without_annotation_are_left_out(cli: Cli, tmp_path: Path) -> None:
    """A text that nobody has begun is no unit of the score; if all are such, the error says so."""
    unbegun = replace(bare(_gold("b")), layers=dict.fromkeys(_gold().layers, "none"))
    report = _score([_gold("a"), _gold("b")], [_gold("a"), unbegun])
    assert (1, {1.0}) == (report.documents, set(filter(None, _f1(report).values())))
    message = "nothing annotated in 1 of 2 documents, which count nowhere"
    assert [("state", "b", message)] == [(n.kind, n.document, n.message) for n in report.notes]
    for name, document in (("gold", unbegun), ("pred", _gold("b"))):
        write_document(document, tmp_path / f"{name}.json")
    refused = cli("score", tmp_path / "gold.json", tmp_path / "pred.json")
    assert (1, 1) == (refused.status, refused.err.count("\n"))
    assert "no gold document is annotated" in refused.err


def test_a_layer_in_part_counts_if_asked_for() -> None:
    """Without `partial` it is left out; with it, what is not annotated yet is spurious."""
    gold = replace(_gold(timexes="partial"), timexes=_gold().timexes[:1])
    assert ["timexes"] == _score(_gold(), gold).not_annotated
    figure = _score(_gold(), gold, partial=True).find("timexes", "strict")
    assert (1, 2, 1) == (figure.gold, figure.pred, figure.correct)


def test_arguments_in_a_layer_that_is_not_annotated_are_not_spurious(article: Document) -> None:
    """Where times are not annotated, arguments that are times count on neither side."""
    times = {timex.id for timex in article.timexes}
    events = tuple(
        replace(event, arguments=tuple(a for a in event.arguments if a.target not in times))
        for event in article.events
    )
    relations = tuple(
        r for r in article.event_relations if r.source not in times and r.target not in times
    )
    gold = replace(
        article,
        timexes=(),
        events=events,
        event_relations=relations,
        layers=article.layers | {"timexes": "none"},
    )
    figures = _f1(statevisit.score(gold, article, resamples=0))
    assert 1.0 == figures["arguments end to end"] == figures["event_relations strict"]


def test_names_in_bio_need_the_layers_that_they_come_from(tmp_path: Path) -> None:
    """A text without finished names is not annotated, rather than full of O."""
    path = tmp_path / "system.bio"
    path.write_text("Mayor O\nLena B-PERSON\nMarsh I-PERSON\n", encoding="utf-8")
    assert 1.0 == _score(path).find("ner", "strict").precision
    unfinished = _score(path, _gold(timexes="partial"))
    assert (["ner"], []) == (unfinished.not_annotated, unfinished.figures)


def test_a_prediction_with_a_layer_that_is_not_begun() -> None:
    """A document as prediction does not predict the layers whose state is none."""
    unbegun = replace(_gold(timexes="none"), timexes=())
    assert "timexes" in _score(unbegun).not_predicted
    report = _score([unbegun, replace(_gold(), id="b")], [_gold(), replace(_gold(), id="b")])
    assert (2, 2) == (report.find("timexes", "strict").gold, report.find("timexes", "strict").pred)


def test_annotators_agree_where_both_have_finished() -> None:
    """A layer counts in the documents in which it is done by both; else it is not annotated."""
    a = [_gold("a"), _gold("b")]
    b = [_gold("a"), replace(_gold("b", timexes="partial"), timexes=())]
    agreement = statevisit.agree(a, b, resamples=10)
    for coefficient in ("F1", "alpha_u"):
        of = "strict" if coefficient == "F1" else "spans"
        assert 1.0 == agreement.find("timexes", coefficient, of).value
    assert (2, 2) == (
        agreement.find("timexes", "kappa", "type").n,
        agreement.find("timexes", "alpha", "type").n,
    )
    assert [("state", "b")] == [(note.kind, note.document) for note in agreement.notes]
    begun = statevisit.agree(a, b, resamples=10, partial=True)
    assert begun.find("timexes", "F1", "strict").value == pytest.approx(2 / 3)
    only_b = statevisit.agree(a[1:], b[1:], resamples=0)
    assert "timexes" in only_b.not_annotated
    assert "timexes" not in {figure.layer for figure in only_b.coefficients}


def test_annotators_who_finished_different_documents() -> None:
    """A layer that no document has from both has no figure, and no error."""
    first = [_gold("a"), _gold("b", timexes="none")]
    second = [_gold("a", timexes="none"), _gold("b")]
    agreement = statevisit.agree(first, second, resamples=10)
    values = {figure.value for figure in agreement.coefficients if figure.layer == "timexes"}
    assert values <= {None}
    assert 1.0 == agreement.find("mentions", "F1", "strict").value


def test_the_command_says_what_is_not_there(cli: Cli, tmp_path: Path) -> None:
    """The table is followed by what was not predicted, given in part, or not annotated.

    The page says the same.
    """
    gold, answer = tmp_path / "bridge.json", tmp_path / "answer.json"
    write_document(_gold(quantities="none"), gold)
    times = [_bounds("Monday") | {"type": "DATE", "value": "2024-02-26"}, _bounds("May 2023")]
    answer.write_text(json.dumps({"timexes": times, "quantities": []}), encoding="utf-8")
    html = tmp_path / "page.html"
    shown = cli("score", gold, answer, "--resamples", "0", "--html", html)
    for line in (
        "predicted in part: timexes type (in 1 of 2), timexes value (in 1 of 2)",
        "not annotated: quantities",
    ):
        assert line in shown.out.splitlines()
        assert line in html.read_text(encoding="utf-8")
    assert "timexes (anchor)" in shown.out
    report = json.loads(cli("score", gold, answer, "--partial", "--json").out)
    assert {"timexes"} == {figure["layer"] for figure in report["figures"]}
