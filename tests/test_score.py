"""Scoring whole documents: what a user gives, what comes back, and what is refused."""

import hashlib
import random
import re
from collections import Counter
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

import statevisit
from statevisit.annotation.ingest import ingest
from statevisit.annotation.quote_schema import draft_schema
from statevisit.corpus.documents import write_document
from statevisit.document import schema, schema_errors
from statevisit.document.codec import to_value
from statevisit.document.model import LAYERS, Document
from statevisit.document.records import Sentence, Token
from statevisit.document.scheme import base
from statevisit.document.time_algebra import Graph, Link
from statevisit.errors import FormatError
from statevisit.files import sha256_of
from statevisit.scoring import temporal
from statevisit.scoring.counts import MatchCounts
from statevisit.scoring.prediction import bare
from statevisit.scoring.read import read_gold
from tests.conftest import DOC_ID, ROOT, Result, done
from tests.strategies import documents

Cli = Callable[..., Result]


def disturbed(document: Document, seed: int = 0, rate: float = 0.2) -> Document:
    """A prediction with faults.

    Spans that are missing, too long or wrongly labelled, mentions of the wrong entity.
    """
    dice = random.Random(seed)
    ends = [t.end for t in document.tokens]

    def spoil(r: Any, prop: str, labels: list[str]) -> Any:
        throw = dice.random()
        if throw < rate / 2:
            return replace(r, **{prop: dice.choice(labels)})
        longer = next((e for e in ends if e > r.end), r.end)
        return replace(r, end=longer, text=document.text[r.start : longer]) if throw < rate else r

    layers = {
        layer: tuple(
            spoil(r, prop, base().label_names(layer, prop.rstrip("_")))
            for r in getattr(document, layer)
            if dice.random() > rate
        )
        for layer, prop in (
            ("mentions", "level"),
            ("timexes", "type"),
            ("quantities", "kind"),
            ("events", "class_"),
            ("quotations", "type"),
        )
    }
    entities = [e.id for e in document.entities]
    layers["mentions"] = tuple(
        replace(m, entity=dice.choice(entities)) if dice.random() < rate / 2 else m
        for m in layers["mentions"]
    )
    kept = tuple(r for r in document.event_relations if dice.random() > rate)
    return replace(
        document,
        **layers,
        event_relations=kept,
        relations=tuple(r for r in document.relations if dice.random() > rate),
    )


def _comparable(report: Any) -> dict[tuple[str, str, str, str | None], Any]:
    return {
        (f.layer, f.measure, f.average, f.label): (
            f.gold,
            f.pred,
            f.correct,
            f.precision,
            f.recall,
            f.f1,
        )
        for f in report.figures
    }


SLOW = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.slow
@SLOW
@given(documents())
def test_a_document_against_itself_is_perfect(document: Document) -> None:
    """Every figure of a document against a copy of it is 1, or absent without anything to count.

    No note complains about the document itself.
    """
    report = statevisit.score(document, replace(document), resamples=0)
    assert [] == [f for f in report.figures if f.f1 is not None and f.f1 != pytest.approx(1.0)]
    assert not [n for n in report.notes if n.kind in ("offset", "label", "missing", "extra")]


@pytest.mark.slow
@SLOW
@given(documents(), st.integers(0, 99))
def test_the_sides_are_symmetric_and_within_bounds(document: Document, seed: int) -> None:
    """Exchanging gold and prediction exchanges precision and recall of spans and coreference.

    All figures are within 0 and 1.
    """
    other = disturbed(document, seed)
    one, two = (
        statevisit.score(document, other, resamples=0),
        statevisit.score(other, document, resamples=0),
    )
    exchanged = {(f.layer, f.measure, f.label): f for f in two.figures if f.average != "macro"}
    for f in one.figures:
        assert all(0 <= x <= 1 + 1e-9 for x in (f.precision, f.recall, f.f1) if x is not None)
        if (
            f.average != "macro"
            and f.measure
            in ("strict", "exact", "partial", "type", "head", "MUC", "B3", "CEAFe", "LEA")
            and f.layer != "event_relations"
            and f.layer != "relations"
        ):
            g = exchanged[f.layer, f.measure, f.label]
            assert (pytest.approx(f.precision), pytest.approx(f.recall)) == (
                g.recall,
                g.precision,
            ), (f, g)


@pytest.mark.slow
@SLOW
@given(documents(), st.integers(0, 99), st.randoms())
def test_the_order_of_records_never_matters(document: Document, seed: int, dice: Any) -> None:
    """Shuffled layers give the same report."""
    other = disturbed(document, seed)
    expected = _comparable(statevisit.score(document, other, resamples=0))

    def shuffled(d: Document) -> Document:
        layers = {n: list(getattr(d, n)) for n in LAYERS if n not in ("sentences", "tokens")}
        for records in layers.values():
            dice.shuffle(records)
        return replace(d, **{n: tuple(r) for n, r in layers.items()})

    actual = _comparable(statevisit.score(shuffled(document), shuffled(other), resamples=0))
    assert set(expected) == set(actual)
    for key, figures in expected.items():
        assert pytest.approx(figures) == actual[key], key


def test_a_disturbed_prediction_is_worse_everywhere_it_was_disturbed(article: Document) -> None:
    """Faults lower the figures of their layers; each figure follows from the counts beside it."""
    report = statevisit.score(article, disturbed(article), resamples=0)
    for layer in ("mentions", "timexes", "quantities", "events"):
        figure = report.find(layer, "strict")
        assert len(getattr(article, layer)) == figure.gold
        assert 0.2 < figure.f1 < 0.95
        assert figure.correct / figure.pred == figure.precision
    for layer, measure in (
        ("mentions coreference", "CoNLL"),
        ("events coreference", "CoNLL"),
        ("arguments", "end to end"),
        ("event_relations", "temporal awareness"),
        ("relations", "by cluster"),
    ):
        assert 0 < report.find(layer, measure).f1 < 1
    assert (
        report.find("arguments", "end to end").f1 < report.find("arguments", "matched triggers").f1
    )
    assert report.find("mentions coreference", "CoNLL").f1 == pytest.approx(
        sum(report.find("mentions coreference", m).f1 for m in ("MUC", "B3", "CEAFe")) / 3
    )


def _changed(article: Document, layer: str, record_id: str, **changes: Any) -> Document:
    return replace(
        article,
        **{
            layer: tuple(
                replace(r, **changes) if r.id == record_id else r for r in getattr(article, layer)
            )
        },
    )


def test_quantities_are_equal_as_numbers(article: Document) -> None:
    """7.6 billion USD equals 7600 million USD in any notation, and no other unit or number."""
    money = next(q for q in article.quantities if q.value == "7600000000")

    def f1(**changes: Any) -> float:
        return (
            statevisit.score(
                article, _changed(article, "quantities", money.id, **changes), resamples=0
            )
            .find("quantities", "value (end to end)")
            .f1
        )

    assert 1.0 == f1(value="7600000000.00") == f1(value="7.6E9")
    assert 1.0 > f1(unit="EUR") == f1(value="7600000001")


def _f1_of_values(article: Document, timex: str, gold: str, pred: str) -> float:
    """The F1 of the values, one of which is `gold` on one side and `pred` on the other."""
    sides = (_changed(article, "timexes", timex, value=v) for v in (gold, pred))
    return statevisit.score(*sides, resamples=0).find("timexes", "value (end to end)").f1


def test_durations_of_one_length_are_equal(article: Document) -> None:
    """P2D is PT48H; P1M is not P30D, which is longer or shorter."""
    days = next(t for t in article.timexes if t.value == "P2D")

    f1 = partial(_f1_of_values, article, days.id)
    assert 1.0 == f1("P2D", "PT48H") == f1("P1Y", "P12M")
    assert 1.0 > f1("P1M", "P30D") == f1("P2D", "P3D")


def test_another_spelling_is_the_same_value(article: Document) -> None:
    """197X is 197, 19XX is 19, P3DE is P3E; a decade is no century, nor another decade."""
    day = next(t for t in article.timexes if t.type == "DATE")

    f1 = partial(_f1_of_values, article, day.id)
    assert 1.0 == f1("197", "197X") == f1("19XX", "19")
    assert 1.0 > f1("197X", "19XX")
    assert 1.0 > f1("197", "198X")
    duration = next(t for t in article.timexes if t.type == "DURATION")
    of_duration = partial(_f1_of_values, article, duration.id)
    assert (
        1.0
        == of_duration("P3DE", "P3E")
        == of_duration("P1C", "P1CE")
        == of_duration("P1ML", "P1L")
    )
    assert 1.0 > of_duration("P3DE", "P3C")


def test_layers_that_were_not_predicted_are_not_zero(article: Document, tmp_path: Path) -> None:
    """A prediction with some layers only is scored on these; an empty layer among them scores 0."""
    path = tmp_path / f"{DOC_ID}.json"
    value = to_value(article)
    path.write_bytes(
        orjson.dumps({k: value[k] for k in ("id", "mentions", "entities")} | {"quantities": []})
    )
    report = statevisit.score(article, path, resamples=0)
    assert ["mentions", "entities", "quantities"] == report.predicted
    assert "events" in report.not_predicted
    assert 1.0 == report.find("mentions", "strict").f1
    assert 0.0 == report.find("quantities", "strict").f1
    with pytest.raises(KeyError, match=r"not predicted: .*events"):
        report.find("events", "strict")


@pytest.mark.parametrize(
    ("layer", "measure"),
    [
        ("relations", "by cluster"),
        ("event_relations", "temporal awareness"),
        ("quotations", "sources (end to end)"),
        ("quantities", "measures (end to end)"),
    ],
)
def test_a_layer_alone_has_the_figures_it_has_among_others(
    article: Document, layer: str, measure: str
) -> None:
    """Choosing layers leaves the others out of the report, and changes no figure of the chosen."""
    pred = disturbed(article)
    alone = statevisit.score(article, pred, layers=[layer], resamples=0)
    assert ([layer], []) == (alone.predicted, alone.not_predicted)
    assert {layer} == {f.layer for f in alone.figures}
    assert statevisit.score(article, pred, resamples=0).find(layer, measure) == alone.find(
        layer, measure
    )


def test_arguments_of_layers_that_were_not_predicted_are_not_asked_for(article: Document) -> None:
    """Arguments that are times or quantities do not count as missed if these are not predicted."""
    value = {
        k: v
        for k, v in to_value(article).items()
        if k in ("id", "mentions", "entities", "events", "event_chains")
    }
    ids = {m["id"] for m in (*value["mentions"], *value["events"])}
    for event in value["events"]:
        event["arguments"] = [a for a in event["arguments"] if a["target"] in ids]
    assert 1.0 == statevisit.score(article, value, resamples=0).find("arguments", "end to end").f1


def _quoted(article: Document) -> dict[str, Any]:
    """The article's names, times and quantities as a language model would write them."""

    def selector(r: dict[str, Any]) -> dict[str, Any]:
        span = {
            "quote": r["text"],
            "prefix": article.text[max(0, r["start"] - 25) : r["start"]],
            "suffix": article.text[r["end"] : r["end"] + 25],
        }
        return {
            k: selector(v) if isinstance(v, dict) else v
            for k, v in r.items()
            if k not in ("start", "end", "text", "disagreements")
        } | span

    value = to_value(article)
    entities = [{k: v for k, v in e.items() if k != "disagreements"} for e in value["entities"]]
    return {
        "id": article.id,
        "entities": entities,
        **{
            n: [selector(r) for r in value[n]]
            for n in ("mentions", "timexes", "quantities", "events")
        },
        "event_chains": value["event_chains"],
    }


def test_quote_notation_is_scored_as_it_comes(article: Document, tmp_path: Path) -> None:
    """A draft in quote notation needs no offsets; a quote that the text lacks is spurious."""
    draft = _quoted(article)
    assert 1.0 == statevisit.score(article, draft, resamples=0).find("events", "strict").f1
    draft["timexes"].append(
        {"id": "t99", "quote": "next Tuesday", "type": "DATE", "value": "2024-02-27"}
    )
    path = tmp_path / "drafts.jsonl"
    path.write_bytes(orjson.dumps(draft) + b"\n")
    report = statevisit.score(article, path, resamples=0)
    assert ("unplaced", DOC_ID) == (report.notes[0].kind, report.notes[0].document)
    assert "next Tuesday" in report.notes[0].message
    assert (15, 16, 15) == (
        report.find("timexes", "strict").gold,
        report.find("timexes", "strict").pred,
        report.find("timexes", "strict").correct,
    )


def test_scoring_a_draft_does_not_change_it(article: Document) -> None:
    """The same draft gives the same report twice, though a quote in it is not in the text."""
    draft = {"id": DOC_ID, "timexes": [{"quote": "next Tuesday", "type": "DATE", "value": "2024"}]}
    first = statevisit.score(article, draft, resamples=0)
    assert 1 == first.find("timexes", "strict").pred
    assert first.to_dict() == statevisit.score(article, draft, resamples=0).to_dict()


def test_every_invalid_record_of_a_draft_is_spurious(article: Document) -> None:
    """A quote in two places, a string and a null each count, and each is noted."""
    draft = {"id": DOC_ID, "timexes": [{"quote": "Monday"}, "Monday", None]}
    report = statevisit.score(article, draft, resamples=0)
    assert 3 == report.find("timexes", "strict").pred
    noted = {n.message.split(":")[0] for n in report.notes if n.kind == "unplaced"}
    assert {"/timexes/0", "/timexes/1", "/timexes/2"} == noted


def test_the_schema_for_language_models_takes_drafts(article: Document) -> None:
    """`--draft-schema` prints a valid JSON Schema that explains its labels.

    It accepts a complete draft, and refuses offsets.
    """
    import jsonschema

    layers = ("mentions", "entities", "timexes", "quantities", "events", "event_chains")
    of_layers = draft_schema(base(), layers)
    jsonschema.Draft202012Validator.check_schema(of_layers)
    assert "BEFORE_OVERLAP: " in orjson.dumps(of_layers).decode()
    assert "disagreements" not in orjson.dumps(draft_schema(base())).decode()
    assert "x-labels" not in orjson.dumps(of_layers).decode()
    check = jsonschema.Draft202012Validator(of_layers)
    assert [] == list(check.iter_errors(_quoted(article)))
    assert list(check.iter_errors({"id": article.id} | {n: to_value(article)[n] for n in layers}))
    assert {"relations", "quotations"} <= set(draft_schema(base())["properties"])


def test_the_schema_for_language_models_is_one_for_structured_output() -> None:
    """It has no conditions and no look-ahead, and the answer of the guide is valid under it."""
    written = orjson.dumps(draft_schema(base())).decode()
    for keyword in ("if", "then", "else", "not", "allOf", "uniqueItems"):
        assert f'"{keyword}":' not in written
    assert "(?" not in written
    guide = (ROOT / "src/statevisit/scoring/README.md").read_text(encoding="utf-8")
    answer = re.search(r"printf '(.*)' > answer\.json", guide)
    assert answer is not None
    import jsonschema

    check = jsonschema.Draft202012Validator(draft_schema(base(), ["timexes"]))
    assert [] == list(check.iter_errors(orjson.loads(answer[1])))


def test_pointers_go_on_past_a_hundred_problems(article: Document) -> None:
    """Each record without a place in the text is noted by its own place in the file."""
    wrong = {"quote": "over 93%", "kind": "PERCENT"}
    right = {"quote": "Feb. 7", "type": "DATE", "value": "2024-02-07"}
    draft = {
        "id": DOC_ID,
        "timexes": [*[{"quote": "Feb. 70", "type": "DATE"}] * 60, right],
        "quantities": [wrong] * 130,
    }
    notes = statevisit.score(article, draft, resamples=0).notes
    unplaced = [note.message for note in notes if note.kind == "unplaced"]
    pointers = Counter(message.partition(": ")[0] for message in unplaced)
    expected = [f"/timexes/{n}" for n in range(60)] + [f"/quantities/{n}" for n in range(130)]
    assert expected == list(pointers)
    assert {1} == set(pointers.values())


def _bio(article: Document) -> str:
    from statevisit.dataset.views import views

    rows = views(base())["ner"].rows(article)
    return "\n".join(
        "".join(f"{token} _ {tag}\n" for token, tag in zip(tokens, tags, strict=True))
        for _, _, tokens, tags in rows
    )


@pytest.mark.parametrize("token", ["Riga", "\u200eRiga"])
def test_bio_of_a_text_with_format_characters(tmp_path: Path, token: str) -> None:
    """A tagger may keep a direction mark in front of a word, or drop it."""
    text = b" date 2024-03-01 In \xe2\x80\x8eRiga\xe2\x80\x8f, he left."
    gold = done(ingest(text, "riga.txt", "riga"))
    path = tmp_path / "system.bio"
    path.write_text(f"In O\n{token} B-GPE\n, O\nhe O\nleft O\n. O\n", encoding="utf-8")
    notes = statevisit.score(gold, path, resamples=0).notes
    assert ["labels that the gold does not have: GPE (1)"] == [note.message for note in notes]


def test_bio_is_scored_as_named_entities(article: Document, tmp_path: Path) -> None:
    """A CoNLL file with the text's tokens is scored on the flat names, and on no other layer."""
    path = tmp_path / "system.bio"
    path.write_text(f"# id = {DOC_ID}\n" + _bio(article), encoding="utf-8")
    report = statevisit.score(article, path, resamples=0)
    assert ["ner"] == report.predicted
    assert 1.0 == report.find("ner", "strict").f1
    path.write_text(
        _bio(article).replace("B-PERSON", "B-ORG").replace("I-PERSON", "I-ORG"), encoding="utf-8"
    )
    assert (
        report.find("ner", "strict").f1
        > statevisit.score(article, path, resamples=0).find("ner", "strict").f1
        > 0
    )


BAD_BIO = [
    (
        "President O\nErdogan B-PERSON\n",
        r"bio:2: the token 'Erdogan' does not come next in .* 'Recep",
    ),
    ("President X\n", "bio:1: expected a token and a tag"),
    ("# id = other\nPresident O\n", "bio:1: 'other' is not a gold document"),
    ("\n", "bio: no tokens"),
    (f"# id = {DOC_ID}\nPresident O\n\n# id = {DOC_ID}\nPresident O\n", "bio:4: a second document"),
]


@pytest.mark.parametrize(("text", "message"), BAD_BIO)
def test_bio_that_is_wrong(article: Document, tmp_path: Path, text: str, message: str) -> None:
    """A wrong token, tag or document is refused with its line, and so is a file without tokens."""
    path = tmp_path / "bad.bio"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(FormatError, match=message):
        statevisit.score(article, path, resamples=0)


SPAN_TAGS = {
    "bio": {1: "B", "first": "B", "middle": "I", "last": "I"},
    "iob1": {1: "I", "first": "I", "middle": "I", "last": "I"},
    "ioe2": {1: "E", "first": "I", "middle": "I", "last": "E"},
    "bioes": {1: "S", "first": "B", "middle": "I", "last": "E"},
    "bilou": {1: "U", "first": "B", "middle": "I", "last": "L"},
    "bmewo": {1: "W", "first": "B", "middle": "M", "last": "E"},
}


def _sentences(article: Document, scheme: str) -> list[list[tuple[str, str]]]:
    """The tokens of each sentence with the tags of a scheme."""
    from statevisit.dataset.views import views

    prefixes = SPAN_TAGS[scheme]
    sentences = []
    for _, _, tokens, tags in views(base())["ner"].rows(article):
        labels: list[str] = []
        for n, tag in enumerate(tags):
            prefix, _, label = tag.partition("-")
            is_last = not (n + 1 < len(tags) and tags[n + 1].startswith("I-"))
            if prefix == "B":
                prefix = prefixes[1] if is_last else prefixes["first"]
                if scheme == "iob1" and n and tags[n - 1].endswith(f"-{label}"):
                    prefix = "B"
            elif prefix == "I":
                prefix = prefixes["last"] if is_last else prefixes["middle"]
            labels.append(f"{prefix}-{label}" if label else "O")
        sentences.append(list(zip(tokens, labels, strict=True)))
    return sentences


def _strict(article: Document, path: Path, data: bytes) -> tuple[float, list[tuple[str, str]]]:
    """The strict F1 of a BIO file, and the kinds and messages of the notes."""
    path.write_bytes(data)
    report = statevisit.score(article, path, resamples=0)
    return report.find("ner", "strict").f1, [(note.kind, note.message) for note in report.notes]


@pytest.mark.parametrize("scheme", SPAN_TAGS)
@pytest.mark.parametrize(
    ("separator", "line_end", "beginning"),
    [
        (" ", "\n", ""),
        ("\t", "\r\n", "\ufeff"),
        (" _ ", "\r\n", "-DOCSTART- -X- O O\n\n"),
        (" NNP B-NP ", "\n", f"\ufeff# newdoc id = {DOC_ID}\n# text = comment\n"),
    ],
)
def test_every_scheme_and_form_of_bio_is_read(
    article: Document, tmp_path: Path, scheme: str, separator: str, line_end: str, beginning: str
) -> None:
    """Tags of each scheme give the names, with 2 to 4 columns, tabs, CRLF, BOM and -DOCSTART-."""
    text = beginning + "\n".join(
        "".join(f"{token}{separator}{tag}\n" for token, tag in sentence)
        for sentence in _sentences(article, scheme)
    )
    data = text.replace("\n", line_end).encode()
    assert (1.0, []) == _strict(article, tmp_path / f"system.{scheme}.conll", data)


def test_bio_that_was_cut_off_is_scored_and_noted(article: Document, tmp_path: Path) -> None:
    """Tokens without a tag count as O; a note says where they are missing, and how many.

    Cut off are the end of the document, the ends of sentences, and whole sentences.
    """
    sentences = _sentences(article, "bio")
    path = tmp_path / "cut.bio"

    def written(parts: list[list[tuple[str, str]]]) -> bytes:
        blocks = ("".join(f"{token} {tag}\n" for token, tag in part) for part in parts)
        return "\n".join(blocks).encode()

    missing = sum(map(len, sentences[3:]))
    f1, notes = _strict(article, path, written(sentences[:3]))
    assert 0 < f1 < 1
    last = "".join(token for token, _ in sentences[2][-2:])
    assert [
        ("cut", f"the prediction ends at {last!r}; {missing} tokens have no tag, which counts as O")
    ] == notes
    f1, notes = _strict(article, path, written([sentence[:5] for sentence in sentences]))
    assert 0 < f1 < 1
    counts = [len(sentence) - 5 for sentence in sentences if len(sentence) > 5]
    assert [("cut", True)] * len(counts) == [
        (kind, f"; {count} token" in message)
        for (kind, message), count in zip(notes, counts, strict=True)
    ]
    f1, notes = _strict(article, path, written([*sentences[:4], *sentences[6:]]))
    assert 0 < f1 < 1
    assert 1 == len(notes)
    assert f"; {len(sentences[4]) + len(sentences[5])} tokens have no tag" in notes[0][1]
    f1, notes = _strict(article, path, written(sentences[1:]))
    assert "lacks the beginning" in notes[0][1]


def test_labels_that_the_gold_does_not_have_are_named(article: Document, tmp_path: Path) -> None:
    """Labels of another scheme are listed with their numbers and the likeliest of the gold."""
    data = _bio(article).replace("-PERSON", "-PER").encode()
    people = data.count(b" B-PER\n")
    f1, notes = _strict(article, tmp_path / "system.bio", data)
    assert 0 < f1 < 1
    (note,) = notes
    assert "label" == note[0]
    assert f"labels of the prediction that the gold's scheme lacks: PER ({people});" in note[1]
    assert "never uses: PERSON" in note[1]
    assert 'PER = "PERSON"' in note[1]


def test_bio_of_several_documents(article: Document, tmp_path: Path) -> None:
    """Documents follow -DOCSTART-, an id or the name of the file; one without tokens is missing."""
    pair = [article, replace(article, id="second")]
    block = _bio(article)
    files = {
        "system.bio": f"-DOCSTART- O\n\n{block}\n-DOCSTART- O\n\n{block}\n-DOCSTART- O\n",
        "system.iob2": f"# id = second\n{block}\n# id = {DOC_ID}\n{block}",
        "system.conll": f"-DOCSTART-\n\n# id = second\n{block}\n-DOCSTART-\n\n{block}",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        report = statevisit.score(pair, tmp_path / name, resamples=0)
        assert (1.0, []) == (report.find("ner", "strict").f1, report.notes), name
    folder = tmp_path / "folder"
    folder.mkdir()
    for document in pair:
        (folder / f"{document.id}.bio").write_text(block, encoding="utf-8")
    assert 1.0 == statevisit.score(pair, folder, resamples=0).find("ner", "strict").f1
    (tmp_path / "second.tsv").write_text(block.replace(" _ ", "\t"), encoding="utf-8")
    report = statevisit.score(pair, tmp_path / "second.tsv", resamples=0)
    assert [("missing", DOC_ID)] == [(note.kind, note.document) for note in report.notes]


def test_tokens_that_look_like_something_else(article: Document, tmp_path: Path) -> None:
    """A token "#" is no comment, and a no-break space in a token separates no columns."""
    text = "Room # 5 costs 10\u00a0km ."
    bounds = [match.span() for match in re.finditer("[^ ]+", text)]
    document = replace(
        bare(article),
        text=text,
        tokens=tuple(Token(start=start, end=end) for start, end in bounds),
        sentences=(Sentence(start=0, end=len(text), paragraph=0),),
    )
    lines = [f"{text[start:end]} O\n" for start, end in bounds]
    path = tmp_path / "tokens.bio"
    path.write_text("# a comment\n" + "".join(lines), encoding="utf-8")
    assert [] == statevisit.score(document, path, resamples=0).notes


@pytest.mark.parametrize("function", ["score", "compare"])
def test_predictions_of_other_documents_only_are_refused(
    article: Document, cli: Cli, tmp_path: Path, function: str
) -> None:
    """If no prediction has the id of a gold document, both sides are named instead of zeros."""
    path = tmp_path / "other-id.json"
    write_document(replace(article, id="other-id"), path)
    gold = ROOT / "corpus/documents"
    sides = {"score": (path,), "compare": (gold, "--compare", path)}
    done = cli("score", gold, *sides[function])
    assert (1, 1, "") == (done.status, done.err.count("\n"), done.out)
    assert "predicts 'other-id', and the gold has" in done.err
    assert DOC_ID in done.err


def test_parquet_jsonl_directory_and_document_are_one(article: Document, tmp_path: Path) -> None:
    """The same prediction gives the same report in every form."""
    other = disturbed(article)
    from statevisit.dataset.arrow import document_table
    from statevisit.dataset.parquet import Writer

    (tmp_path / "dir").mkdir()
    write_document(other, tmp_path / "dir" / f"{DOC_ID}.json")
    (tmp_path / "p.jsonl").write_bytes(orjson.dumps(to_value(other)) + b"\n")
    writer = Writer(tmp_path / "p.parquet", "documents", base())
    writer.add(document_table([to_value(other)], base()))
    writer.close()
    expected = _comparable(statevisit.score(article, other, resamples=0))
    for form in ("dir", f"dir/{DOC_ID}.json", "p.jsonl", "p.parquet"):
        assert expected == _comparable(
            statevisit.score(ROOT / "corpus/documents", tmp_path / form, resamples=0)
        ), form


def test_another_text_is_refused_with_the_first_difference(
    article: Document, tmp_path: Path
) -> None:
    """A prediction for another text is refused; the message shows the first difference."""
    other = replace(article, text=article.text.replace("on Monday in", "on Sunday in", 1))
    with pytest.raises(
        FormatError, match=r"at character 78: '.*on Sunday in.*' instead of '.*on Monday in"
    ):
        statevisit.score(article, other)
    with pytest.raises(FormatError, match="the end of the text after"):
        statevisit.score(article, replace(article, text=article.text[:-5]))


def _pair(article: Document) -> list[Document]:
    return [article, replace(article, id="second")]


def test_documents_that_one_side_lacks_are_counted_and_listed(article: Document) -> None:
    """A document that was not predicted is missed, one not in gold spurious; both are listed."""
    gold, second = _pair(article)
    report = statevisit.score([gold, second], [gold], resamples=0)
    n = len(article.mentions)
    assert (2 * n, n, 0.5) == (
        report.find("mentions", "strict").gold,
        report.find("mentions", "strict").pred,
        report.find("mentions", "strict").recall,
    )
    assert [("missing", "second")] == [(n.kind, n.document) for n in report.notes]
    report = statevisit.score([gold], [gold, second], resamples=0)
    assert 0.5 == report.find("mentions", "strict").precision
    assert [("extra", "second")] == [(n.kind, n.document) for n in report.notes]


def test_figures_are_in_one_order(article: Document) -> None:
    """Layers and measures come in the same order, whatever the first document has.

    Here it was not predicted, and has no quotations.
    """
    gold, second = _pair(article)
    whole = statevisit.score([gold], [gold], resamples=0)
    report = statevisit.score(
        [replace(gold, quotations=(), events=()), second], [second], resamples=0
    )
    order = [(f.layer, f.measure) for f in whole.figures if f.average == "micro"]
    assert order == [
        key
        for f in report.figures
        if f.average == "micro" and (key := (f.layer, f.measure)) in order
    ]


@pytest.mark.parametrize("score", [statevisit.score, statevisit.agree])
def test_unknown_layers(article: Document, score: Any) -> None:
    """An unknown layer is named with those that can be scored; a single name needs no list."""
    with pytest.raises(
        FormatError, match=r"^unknown layer: mention, tokens; choose from mentions, "
    ):
        score(article, article, layers=["tokens", "mention"])
    assert (
        score(article, article, layers="timexes", resamples=0).to_dict()
        == score(article, article, layers=["timexes"], resamples=0).to_dict()
    )


def test_duplicates_unknown_labels_and_offsets_beyond_the_text(article: Document) -> None:
    """Each is spurious or wrong, each is listed, and the report has numbers only."""
    mentions, timexes = article.mentions, article.timexes
    pred = replace(
        article,
        mentions=(*mentions, replace(mentions[0], id="m900")),
        timexes=(replace(timexes[0], type="WHENEVER"), *timexes[1:]),
        events=(
            *article.events,
            replace(article.events[0], id="ev900", start=99_990, end=99_999),
            replace(article.events[0], id="ev901", start=5, end=5),
        ),
    )
    report = statevisit.score(article, pred, resamples=10)
    assert ["duplicate", "offset", "offset", "label", "label"] == [n.kind for n in report.notes]
    assert (len(mentions) + 1, len(mentions)) == (
        report.find("mentions", "strict").pred,
        report.find("mentions", "strict").correct,
    )
    assert (len(timexes), len(timexes) - 1) == (
        report.find("timexes", "strict").pred,
        report.find("timexes", "strict").correct,
    )
    assert (len(article.events) + 2, len(article.events)) == (
        report.find("events", "strict").pred,
        report.find("events", "strict").correct,
    )
    assert b"null" not in orjson.dumps(report.to_dict())  # NaN and infinity are written as null


@pytest.mark.parametrize(
    ("gold", "pred"), [("empty", "full"), ("full", "empty"), ("empty", "empty")]
)
def test_an_empty_side_has_figures_or_none(article: Document, gold: str, pred: str) -> None:
    """Without predictions all figures are 0, and without gold; without both there are none."""
    sides = {"empty": bare(article), "full": article}
    report = statevisit.score(sides[gold], sides[pred])
    strict = report.find("mentions", "strict") if gold != pred else None
    assert (
        (0.0, 0.0, 0.0) == (strict.precision, strict.recall, strict.f1)
        if strict
        else all(f.f1 is None for f in report.figures)
    )
    assert schema_errors.verdict(schema.load("report")).is_valid(report.to_dict())


def test_bootstrap_draws_sentences_of_one_document_and_documents_of_several(
    article: Document,
) -> None:
    """The report states the unit; intervals hold the figure and are the same every time.

    There is none if sentences cannot be counted apart.
    """
    pred = disturbed(article)
    report = statevisit.score(article, pred)
    assert ("sentence", 22, 1000) == (report.unit, report.units, report.resamples)
    strict = report.find("mentions", "strict")
    assert strict.interval[0] < strict.f1 < strict.interval[1]
    assert strict.interval == statevisit.score(article, pred).find("mentions", "strict").interval
    assert report.find("mentions coreference", "B3").interval is None
    many = statevisit.score(
        [replace(article, id=f"d{n}") for n in range(6)],
        [replace(disturbed(article, n), id=f"d{n}") for n in range(6)],
        resamples=200,
    )
    assert ("document", 6, 200) == (many.unit, many.units, many.resamples)
    low, high = many.find("mentions coreference", "CoNLL").interval
    assert low < many.find("mentions coreference", "CoNLL").f1 < high


@pytest.mark.slow
def test_comparing_two_systems(article: Document) -> None:
    """A much worse system differs with a small p, and a system does not differ from itself.

    Exchanging the two systems turns the sign.
    """
    good, bad = disturbed(article, 1, 0.05), disturbed(article, 2, 0.5)
    report = statevisit.score(article, good, compare=bad)
    strict = next(d for d in report.comparison if (d.layer, d.measure) == ("events", "strict"))
    assert strict.difference == pytest.approx(
        report.find("events", "strict").f1
        - statevisit.score(article, bad, resamples=0).find("events", "strict").f1
    )
    assert strict.p < 0.01
    assert 0 < strict.interval[0] < strict.difference < strict.interval[1]
    same = statevisit.score(article, good, compare=good)
    assert {(0.0, 1.0)} == {(d.difference, d.p) for d in same.comparison}
    turned = statevisit.score(article, bad, compare=good)
    assert -strict.difference == pytest.approx(
        next(
            d for d in turned.comparison if (d.layer, d.measure) == ("events", "strict")
        ).difference
    )


def test_two_systems_are_compared_on_the_same_documents(article: Document) -> None:
    """A document that only one of two systems has, and gold has not, is named and refused."""
    with pytest.raises(FormatError, match="only one of the two systems has second"):
        statevisit.score([article], [article], compare=_pair(article))


def test_two_systems_may_list_other_documents_in_any_order(article: Document) -> None:
    """Documents that the gold lacks are paired by their ids; a system equals itself."""
    extra = [replace(article, id=name) for name in ("second", "third")]
    report = statevisit.score(
        [article], [article, *extra], compare=[article, *extra[::-1]], resamples=20
    )
    assert {0.0} == {d.difference for d in report.comparison}


def test_temporal_awareness_is_over_the_closure() -> None:
    """A relation that follows from the gold is correct, and one that the prediction implies found.

    As in TempEval-3.
    """
    a_b, b_c, a_c = (
        Link("BEFORE", *ends)
        for ends in (((0, "a"), (1, "b")), ((1, "b"), (2, "c")), ((0, "a"), (2, "c")))
    )
    assert [a_b, b_c] == temporal.reduced([a_b, a_c, b_c])[0]
    assert MatchCounts(1, 1, 0, 2) == temporal.awareness([a_b, b_c], [a_c])
    assert MatchCounts(2, 2, 2, 2) == temporal.awareness([a_b, b_c, a_c], [a_b, b_c])
    contains = Link("CONTAINS", (2, "c"), (3, "d"))
    assert Graph([b_c, contains]).entails(Link("BEFORE", (1, "b"), (3, "d")))
    assert not Graph([b_c]).entails(Link("BEFORE", (2, "c"), (1, "b")))


def test_the_command(cli: Cli, article: Document, tmp_path: Path) -> None:
    """A table with the counts, JSON that follows the schema, the layers left out; status 0."""
    write_document(disturbed(article), tmp_path / f"{DOC_ID}.json")
    done = cli("score", ROOT / "corpus/documents", tmp_path, "--labels")
    assert 0 == done.status
    assert "temporal awareness" in done.out
    assert "CONFLICT" not in done.out.split("arguments")[0]
    assert "over 22 sentences, 1,000 resamples" in done.out
    done = cli(
        "score",
        ROOT / "corpus/documents",
        tmp_path,
        "--json",
        "--layer",
        "timexes",
        "--compare",
        ROOT / "corpus/documents",
    )
    assert ["timexes"] == orjson.loads(done.out)["predicted"]
    assert [] == list(schema_errors.errors(orjson.loads(done.out), schema.load("report")))
    assert 2 == cli("score", tmp_path).status


def test_a_report_says_of_which_data_it_is(cli: Cli, article: Document, tmp_path: Path) -> None:
    """JSON has the tool's version, and for each side files, hash and the corpus's version.

    The gold's content hash is that of `release.json`. A changed document has no version.
    """
    gold = ROOT / "corpus/documents"
    manifest = orjson.loads((ROOT / "corpus/release.json").read_bytes())
    draft = tmp_path / "answer.json"
    draft.write_text(f'{{"id": "{DOC_ID}", "timexes": []}}')
    changed = tmp_path / f"{DOC_ID}.json"
    write_document(disturbed(article), changed)
    arguments = ("score", gold, draft, "--compare", changed, "--resamples", "0")
    report = orjson.loads(cli(*arguments, "--json").out)
    assert [] == list(schema_errors.errors(report, schema.load("report")))
    assert statevisit.__version__ == report["tool_version"]
    data = (gold / f"{DOC_ID}.json").read_bytes()
    assert {
        "files": [f"corpus/documents/{DOC_ID}.json"],
        "sha256": hashlib.sha256(data).hexdigest(),
        "content_sha256": manifest["content_sha256"],
        "version": manifest["version"],
    } == report["gold_origin"]
    digest = hashlib.sha256(draft.read_bytes()).hexdigest()
    assert {"files": ["answer.json"], "sha256": digest} == report["pred_origin"]
    assert {"files", "sha256", "content_sha256"} == report["other_origin"].keys()
    assert manifest["content_sha256"] != report["other_origin"]["content_sha256"]
    line = (
        f"statevisit {statevisit.__version__}; gold: version {manifest['version']}, content"
        f" {manifest['content_sha256'][:12]}; prediction: sha256 {digest[:12]}; other prediction:"
    )
    assert [] != [text for text in cli(*arguments).out.splitlines() if text.startswith(line)]
    assert "prediction: not from files" in str(statevisit.score(gold, article, resamples=0))


def test_the_form_of_the_files_does_not_change_the_content(
    article: Document, tmp_path: Path
) -> None:
    """Documents in a directory and in JSONL have the same content hash, and other file hashes."""
    folder = tmp_path / "documents"
    folder.mkdir()
    pair = [replace(article, id="a"), replace(article, id="b")]
    for document in pair:
        write_document(document, folder / f"{document.id}.json")
    expected = statevisit.score(folder, folder, layers="timexes", resamples=0).gold_origin
    assert ["a.json", "b.json"] == list(expected.files)
    lines = [orjson.dumps(to_value(document)) for document in pair]
    (tmp_path / "two.jsonl").write_bytes(b"\n".join(lines))
    other = statevisit.score(tmp_path / "two.jsonl", folder, layers="timexes", resamples=0)
    assert expected.content_sha256 == other.gold_origin.content_sha256
    assert expected.sha256 != other.gold_origin.sha256
    assert None is other.gold_origin.version


def test_a_part_of_a_version_is_not_the_version(article: Document, tmp_path: Path) -> None:
    """A directory that lacks a document of the release, or has one more, states no version."""
    folder = tmp_path / "corpus/documents"
    folder.mkdir(parents=True)
    for name in "abc":
        write_document(replace(article, id=name), folder / f"{name}.json")
    files = [
        {"path": f"corpus/documents/{path.name}", "size": path.stat().st_size}
        | {"sha256": sha256_of(path)}
        for path in sorted(folder.iterdir())
    ]

    def stated(listed: list[Any]) -> str | None:
        manifest = {"version": "0.3.0", "files": listed}
        (tmp_path / "corpus/release.json").write_bytes(orjson.dumps(manifest))
        return statevisit.score(folder, folder, layers="timexes", resamples=0).gold_origin.version

    assert "0.3.0" == stated(files)
    assert None is stated(files[1:])
    assert None is stated([*files, files[0] | {"path": "corpus/documents/d.json"}])
    one = statevisit.score(folder / "a.json", folder / "a.json", layers="timexes", resamples=0)
    assert "0.3.0" == one.gold_origin.version


def test_the_command_says_why_it_compares_nothing(cli: Cli, tmp_path: Path) -> None:
    """Two systems without a common layer, or no resamples: a sentence, and no empty table."""
    paths = [tmp_path / "times.json", tmp_path / "quantities.json"]
    for path in paths:
        path.write_text(
            f'{{"id": "{DOC_ID}", "{path.stem.replace("times", "timexes")}": []}}', encoding="utf-8"
        )
    done = cli("score", ROOT / "corpus/documents", *paths[:1], "--compare", paths[1])
    assert (0, True) == (
        done.status,
        f"no comparison with {paths[1]}: it takes figures that both systems have, and resamples"
        in done.out,
    )
    done = cli(
        "score", ROOT / "corpus/documents", *paths[:1], "--compare", paths[0], "--resamples", "0"
    )
    assert "no comparison with" in done.out


def test_the_command_refuses_in_one_line(cli: Cli, tmp_path: Path) -> None:
    """Bad input gives one line that says what is wrong, status 1, and no file.

    A missing file, no prediction, an unknown document, one document twice.
    """
    gold = ROOT / "corpus/documents"
    cases: dict[str, bytes] = {
        "list.json": b"[1]",
        "other.json": b'{"id": "other", "mentions": []}',
        "none.json": b'{"id": "%s"}' % DOC_ID.encode(),
        "bad.jsonl": b"{\n",
    }
    cases["twice.jsonl"] = b'{"id": "%s", "mentions": []}\n' % DOC_ID.encode() * 2
    for name, data in cases.items():
        (tmp_path / name).write_bytes(data)
        done = cli("score", gold, tmp_path / name, "--html", tmp_path / "out.html")
        assert (1, 1) == (done.status, done.err.count("\n")), name
        assert name in done.err
    assert 1 == cli("score", gold, tmp_path / "absent").status
    assert not (tmp_path / "out.html").exists()


def test_an_empty_prediction_file_is_all_missed(cli: Cli, tmp_path: Path) -> None:
    """An empty JSONL predicts nothing: every gold document is missed and listed."""
    (tmp_path / "empty.jsonl").write_bytes(b"")
    done = cli("score", ROOT / "corpus/documents", tmp_path / "empty.jsonl", "--json")
    assert 0 == done.status
    assert "missing" == orjson.loads(done.out)["notes"][0]["kind"]
    assert {0.0} == {f["f1"] for f in orjson.loads(done.out)["figures"] if f.get("f1") is not None}


def test_gold_is_required(tmp_path: Path) -> None:
    """No gold is an error, not a perfect score; so are two gold documents with one id."""
    with pytest.raises(FormatError, match="no gold"):
        statevisit.score([], [])
    with pytest.raises(FormatError, match="two gold documents have the id"):
        read_gold([ROOT / "corpus/documents", ROOT / "corpus/documents"])
