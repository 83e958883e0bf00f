"""spaCy: documents as Doc and DocBin, and back; trained on and read by spaCy itself."""

import math
import zlib
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy
import pytest
import spacy
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span
from spacy.training import Corpus, Example, offsets_to_biluo_tags
from spacy.vocab import Vocab

import statevisit
from statevisit import Document, FormatError, encode, from_spacy
from statevisit.annotation.docbin import docs_of
from statevisit.dataset.flat_names import flat_names
from statevisit.document.scheme import base, scheme_from
from statevisit.files import write_parts
from statevisit.formats import spacy_files
from statevisit.formats.exporting import ExportTask, Notice, parts_of_files
from statevisit.formats.importing import read_all
from statevisit.formats.registry import FORMATS
from statevisit.formats.sidecar import base_beside
from statevisit.formats.spacy_doc import UNALIGNED
from statevisit.formats.texts import AnnotatedText
from statevisit.formats.vocabulary import text_of
from tests.conftest import DOC_ID, Result
from tests.strategies import documents

Run = Callable[..., Result]
HELD: Any = ("._.", "statevisit", None, None)
TEXT = "Ada Lovelace met Mr. Babbage in London.\n\nThey spoke for two hours."


@settings(max_examples=20, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(document=documents())
def test_a_doc_gives_its_document_back(document: Document) -> None:
    """The text is the same, to the character, and the document comes back to the byte."""
    doc = document.to_spacy()
    assert document.text == doc.text
    assert encode(document) == encode(from_spacy(doc))
    reread = Doc(doc.vocab).from_bytes(doc.to_bytes())
    assert encode(document) == encode(from_spacy(reread))


def test_a_doc_has_what_spacy_users_look_for(article: Document) -> None:
    """Tokens, sentences, names with links, groups of spans with ids and labels, clusters."""
    nlp = spacy.blank("en")
    doc = article.to_spacy(nlp)
    assert nlp.vocab is doc.vocab
    assert doc.vocab is article.to_spacy(nlp.vocab).vocab
    words = [article.text_of(token) for token in article.tokens]
    assert words == [token.text for token in doc if not token.is_space]
    assert all(token.text in doc.text for token in doc)
    starts = {sentence.start for sentence in article.sentences}
    assert starts == {sent.start_char for sent in doc.sents}
    names = [(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents]
    assert flat_names(article) == names
    linked = next(m for m in article.mentions if m.level == "NAM" and article.entity_of(m).wikidata)
    ent = next(e for e in doc.ents if (e.start_char, e.end_char) == (linked.start, linked.end))
    assert article.entity_of(linked).wikidata == ent.kb_id_
    for layer in ("mentions", "timexes", "quantities", "events", "quotations"):
        assert [(r.id, r.text) for r in getattr(article, layer)] == [
            (span.id_, span.text) for span in doc.spans[layer]
        ]
    assert {r.id: r.type for r in article.timexes} == {
        s.id_: s.label_ for s in doc.spans["timexes"]
    }
    assert {r.id: r.class_ for r in article.events} == {
        s.id_: s.label_ for s in doc.spans["events"]
    }
    clusters = {
        group.attrs["id"]: [span.id_ for span in group]
        for key, group in doc.spans.items()
        if key.startswith("coref_clusters_")
    }
    mentions = {e.id: [m.id for m in article.mentions_of(e)] for e in article.entities}
    assert {entity: ids for entity, ids in mentions.items() if len(ids) > 1} == clusters
    singletons = {entity: ids for entity, ids in mentions.items() if len(ids) == 1}
    assert singletons.items() <= doc._.statevisit["clusters"].items()
    assert "event_chains_1" in doc.spans
    held = doc._.statevisit
    assert article.date == held["date"]
    assert {e.id for e in article.entities} == set(held["entities"])
    assert held["attributes"][article.events[0].id]["polarity"] == article.events[0].polarity


def test_open_layers_are_missing_values(article: Document) -> None:
    """Outside of names is not annotated as no name while the layers of names are not done."""
    assert {"O", "B", "I"} == {token.ent_iob_ for token in article.to_spacy()}
    states = {**article.layers, "timexes": "partial"}
    doc = replace(article, layers=states).to_spacy()
    assert {"", "B", "I"} == {token.ent_iob_ for token in doc}


def test_changes_of_a_doc_arrive_and_nothing_else(article: Document) -> None:
    """Labels, spans, attributes and relations may change, spans may go; the rest stays."""
    doc = article.to_spacy()
    first, last = article.events[0], article.timexes[-1]
    events = list(doc.spans["events"])
    span = events[0]
    events[0] = Span(doc, span.start, span.end + 1, label="STATE", span_id=first.id)
    doc.spans["events"] = events
    doc.spans["timexes"] = [span for span in doc.spans["timexes"] if span.id_ != last.id]
    doc._.statevisit["attributes"][first.id]["polarity"] = "NEG"
    relation = next(r for r in article.event_relations if last.id not in (r.source, r.target))
    ends = (relation.source, relation.target)
    relations = doc._.statevisit["relations"]
    doc._.statevisit["relations"] = [r for r in relations if (r[0], r[2]) != ends]
    changed = from_spacy(doc)
    event = changed[first.id]
    assert (first.start, "STATE", "NEG") == (event.start, event.class_, event.polarity)
    assert doc[span.start : span.end + 1].text == event.text
    assert last.id not in changed
    assert {ends} == {
        (r.source, r.target)
        for r in article.event_relations
        if r not in changed.event_relations and last.id not in (r.source, r.target)
    }
    assert article.mentions == changed.mentions
    assert article.entities == changed.entities
    assert article.relations == changed.relations
    kept = {r.id: r for r in article.events[1:]}
    assert kept.keys() == {r.id for r in changed.events} - {first.id}


@cache
def _english() -> Language:
    return spacy.blank("en")


def _foreign(vocab: Vocab | None = None) -> Doc:
    """A Doc as other people's pipelines make them, with tokens that ours would not make."""
    words = ["Ada", "Lovelace", "met", "Mr", ".", "Babbage", "in", "London", ".", "\n\n"]
    words += ["They", "spoke", "for", "two", "hours", "."]
    spaces = [True, True, True, False, True, True, True, False, False, False]
    spaces += [True, True, True, True, False, False]
    starts = [n in (0, 10) for n in range(len(words))]
    doc = Doc(vocab or _english().vocab, words, spaces, sent_starts=starts)  # type: ignore[arg-type]  # bool is int
    assert TEXT == doc.text
    doc.ents = [Span(doc, 0, 2, label="PER", kb_id="Q7259"), Span(doc, 7, 8, label="GPE")]
    doc.spans["sc"] = [Span(doc, 3, 6, label="PER"), Span(doc, 7, 8, label="GPE")]
    doc.spans["coref_clusters_1"] = [Span(doc, 0, 2), Span(doc, 10, 11)]
    return doc


def test_a_foreign_doc_needs_known_labels_and_a_date() -> None:
    """Labels that the scheme lacks are refused, or mapped; a new document needs its date."""
    doc = _foreign()
    with pytest.raises(FormatError, match=r"labels that the scheme lacks: 'PER' \(2\); map them"):
        from_spacy(doc, date="2024-02-19")
    mapping = {"PER": "PERSON", "GPE": "GPE"}
    with pytest.raises(FormatError, match="a new document needs date="):
        from_spacy(doc, mapping=mapping)
    with pytest.raises(FormatError, match="the mapping: unknown label 'PERSN'; known are"):
        from_spacy(doc, mapping={"PER": "PERSN"}, date="2024-02-19")


@pytest.mark.filterwarnings("ignore:.*differs from the Doc")
def test_a_foreign_doc_is_a_document_with_its_tokens() -> None:
    """Names and groups become mentions without doubles, clusters entities; tokens stay."""
    mapping = {"PER": "PERSON", "GPE": "GPE"}
    document = from_spacy(_foreign(), mapping=mapping, date="2024-02-19", id="ada")
    assert ("ada", "en", TEXT) == (document.id, document.language, document.text)
    assert ["Ada Lovelace", "Mr. Babbage", "London", "They"] == [m.text for m in document.mentions]
    ada, babbage, london, they = document.mentions
    assert ada.entity == they.entity
    assert 3 == len({ada.entity, babbage.entity, london.entity} - {None})
    assert ["Mr", "."] == [document.text_of(token) for token in document.tokens][3:5]
    assert ["Ada Lovelace met Mr. Babbage in London.", "They spoke for two hours."] == [
        document.text_of(sentence) for sentence in document.sentences
    ]
    assert [0, 1] == [sentence.paragraph for sentence in document.sentences]
    assert [] == [f for f in statevisit.validate(document) if f.severity == "error"]


def test_what_has_no_place_is_a_warning() -> None:
    """Labels that a mapping leaves out, lemmas and categories are named."""
    doc = _foreign()
    doc.cats["politics"] = 1.0
    doc[0].lemma_ = "Ada"
    with pytest.warns(UserWarning, match="annotations labelled 'GPE': 1 time, the first") as caught:
        from_spacy(doc, mapping={"PER": "PERSON"}, date="2024-02-19", id="ada")
    (warning,) = caught
    assert "categories of texts: 1 time, the first politics" in str(warning.message)
    assert "lemmas: 1 time" in str(warning.message)
    assert __file__ == warning.filename


def test_annotation_is_added_to_a_document() -> None:
    """With a document of the same text, its records stay and those of the Doc come to them."""
    document = statevisit.ingest(TEXT, date="2024-02-19", id="ada")
    doc = spacy.blank("en")(TEXT)
    doc.ents = [Span(doc, 0, 2, label="PERSON")]
    added = from_spacy(doc, document)
    assert document.tokens == added.tokens
    assert ["Ada Lovelace"] == [m.text for m in added.mentions]
    assert ["Ada Lovelace"] == [m.text for m in from_spacy(doc, added).mentions]
    with pytest.raises(FormatError, match="its text differs"):
        from_spacy(spacy.blank("en")("Another text."), document)


def test_a_scheme_of_ones_own_travels_along() -> None:
    """The Doc of a document with labels of its own gives this document back."""
    own = b'base = 2\n[labels."entities.type".SHIP]\ntitle = "Ship"\ndescription = "A ship."\n'
    scheme = scheme_from(own, "scheme.toml")
    plain = statevisit.ingest(TEXT, date="2024-02-19")
    document = statevisit.decode(plain.to_dict(), scheme=scheme)
    doc = spacy.blank("en")(TEXT)
    doc.ents = [Span(doc, 0, 2, label="SHIP")]
    document = from_spacy(doc, document)
    ship = document.to_spacy()
    assert ["SHIP"] == [span.label_ for span in ship.spans["mentions"]]
    assert document == from_spacy(ship)


def _with_unaligned(document: Document) -> Document:
    """A document whose first mention does not begin with a token."""
    first = document.mentions[0]
    moved = replace(first, start=first.start + 1, text=first.text[1:])
    return replace(document, mentions=(moved, *document.mentions[1:]))


def test_spans_between_tokens_are_counted(article: Document) -> None:
    """A span that does not begin with a token is a loss of the file, and not of the document."""
    document = _with_unaligned(article)
    text = text_of(document)
    list(spacy_files.write([text]))
    assert [UNALIGNED] == [loss.kind for loss in text.losses]
    doc = document.to_spacy()
    assert len(document.mentions) - 1 == len(doc.spans["mentions"])
    assert encode(document) == encode(from_spacy(doc))


def test_an_export_says_what_it_cannot_hold(article: Document, tmp_path: Path) -> None:
    """Spans that a file lacks are counted, and an import keeps them."""
    document = _with_unaligned(article)
    notices: list[Notice] = []
    format_ = FORMATS["spacy"]
    task = ExportTask(format_, base())
    write_parts(tmp_path, parts_of_files([(document, "")], task, notices.append))
    assert [UNALIGNED] == [loss.kind for notice in notices for loss in notice.losses]
    (text,) = format_.read(tmp_path / "corpus-0001.spacy", base())
    beside = base_beside(text, base())
    assert document == beside
    assert len(text.annotations) + 1 == len(text_of(document).annotations)


def _docs(path: Path) -> list[Doc]:
    return list(docs_of(path))


def test_an_edited_docbin_changes_the_corpus(corpus: Path, cli: Run) -> None:
    """`export --to spacy` and `import --from spacy` bring the edits, and nothing else."""
    before = statevisit.read_document(corpus / f"corpus/documents/{DOC_ID}.json")
    cli("export", "--to", "spacy", "-o", corpus / "out", "--path", corpus)
    path = corpus / "out/corpus-0001.spacy"
    (doc,) = _docs(path)
    first, *others = doc.spans["events"]
    doc.spans["events"] = [
        Span(doc, first.start, first.end, label="STATE", span_id=first.id_),
        *others,
        Span(doc, 0, 1, label="PERCEPTION", span_id="mine"),
    ]
    attributes = doc.user_data[HELD]["attributes"]
    attributes["mine"] = attributes[first.id_]
    DocBin(docs=[doc], store_user_data=True).to_disk(path)
    result = cli("import", "--from", "spacy", corpus / "out", "--path", corpus)
    assert 0 == result.status, result.err
    after = statevisit.read_document(corpus / f"corpus/documents/{DOC_ID}.json")
    assert "STATE" == after[first.id_].class_
    (new,) = [event for event in after.events if event.id not in before]
    assert ("PERCEPTION", 0, before[first.id_].type) == (new.class_, new.start, new.type)
    kept = [replace(e, class_=before[e.id].class_) for e in after.events if e.id in before]
    assert list(before.events) == kept
    assert before.mentions == after.mentions
    assert before.event_relations == after.event_relations


def test_a_foreign_docbin_is_mapped(corpus: Path, cli: Run) -> None:
    """A DocBin of other people's becomes documents, with a mapping and with its tokens."""
    path = corpus / "train.spacy"
    DocBin(docs=[_foreign()], store_user_data=True).to_disk(path)
    result = cli("import", "--from", "spacy", path, "--path", corpus, "--propose-map")
    assert '"PER" = "PERSON"  # 2' in result.out
    mapping = corpus / "labels.toml"
    mapping.write_text('[labels]\nPER = "PERSON"\nGPE = "GPE"\n')
    options = ["--path", corpus, "--map", mapping, "--date", "2024-02-19"]
    result = cli("import", "--from", "spacy", path, *options)
    assert 0 == result.status, result.err
    assert "links to knowledge bases (kept): 1 time, the first 'Q7259'" in result.err
    document = statevisit.read_document(corpus / "corpus/documents/train-1.json")
    assert ["Mr", "."] == [document.text_of(token) for token in document.tokens][3:5]
    assert 4 == len(document.mentions)
    assert 0 == cli("validate", corpus).status
    cli("export", "train-1", "--to", "spacy", "-o", corpus / "back", "--path", corpus)
    (doc,) = _docs(corpus / "back/corpus-0001.spacy")
    assert [["links to knowledge bases", document.mentions[0].id, "Q7259"]] == [
        list(note) for note in doc.user_data[HELD]["notes"]
    ]


def _many(article: Document, count: int) -> list[AnnotatedText]:
    return [text_of(replace(article, id=f"d{n}"), "ab"[n % 2]) for n in range(count)]


def test_a_file_holds_so_many_documents(
    article: Document, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The documents of a split are in numbered files, so that memory is bounded."""
    monkeypatch.setattr(spacy_files, "DOCUMENTS", 2)
    files = dict(spacy_files.write(_many(article, 7)))
    names = ["a-0001.spacy", "a-0002.spacy", "b-0001.spacy", "b-0002.spacy"]
    assert names == sorted(files)
    ids = []
    for name in names:
        (tmp_path / name).write_bytes(files[name])
        ids += [text.id for text in spacy_files.read(tmp_path / name, base())]
    assert ["d0", "d2", "d4", "d6", "d1", "d3", "d5"] == ids
    assert files == dict(spacy_files.write(_many(article, 7))), "the bytes are always the same"


def test_spacy_trains_on_the_export(corpus: Path, cli: Run) -> None:
    """SpaCy's own reader finds aligned names; an epoch of training has a loss and predicts."""
    cli("export", "--to", "spacy", "-o", corpus / "out", "--path", corpus)
    path = corpus / "out/corpus-0001.spacy"
    nlp = spacy.blank("en")
    nlp.add_pipe("ner")
    examples = list(Corpus(path, max_length=100)(nlp))  # sentences are shorter
    assert len(examples) > 10
    for example in examples:
        names = [(e.start_char, e.end_char, e.label_) for e in example.reference.ents]
        assert "-" not in offsets_to_biluo_tags(example.reference, names)
        assert None not in example.get_aligned_ner()
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(20):
        losses = nlp.update(examples, sgd=optimizer, losses={})
        assert math.isfinite(losses["ner"])
        docs = list(nlp.pipe(example.reference.text for example in examples))
        if any(doc.ents for doc in docs):
            break
    predicted = {ent.label_ for doc in docs for ent in doc.ents}
    assert predicted, "a trained pipe finds names"
    assert predicted <= {ent.label_ for example in examples for ent in example.reference.ents}


def test_spacy_trains_on_a_group_of_spans(corpus: Path, cli: Run) -> None:
    """The groups are those that spaCy's categorizer of spans learns, overlapping or not."""
    cli("export", "--to", "spacy", "-o", corpus / "out", "--path", corpus)
    nlp = spacy.blank("en")
    spancat: Any = nlp.add_pipe("spancat", config={"spans_key": "timexes"})
    examples = list(Corpus(corpus / "out/corpus-0001.spacy")(nlp))
    optimizer = nlp.initialize(lambda: examples)
    losses = nlp.update(examples, sgd=optimizer, losses={})
    assert math.isfinite(losses["spancat"])
    assert losses["spancat"] > 0
    assert {"DATE", "DURATION"} <= set(spancat.labels)
    assert "timexes" in nlp(TEXT).spans


@cache
def _bytes() -> bytes:
    return DocBin(docs=[_foreign()], store_user_data=True).to_bytes()


@settings(max_examples=40, deadline=None, derandomize=True)
@given(data=st.binary(max_size=200), cut=st.integers(0, 400), place=st.integers(0, 10_000))
def test_broken_files_are_refused(
    tmp_path_factory: pytest.TempPathFactory, data: bytes, cut: int, place: int
) -> None:
    """Garbage, a file cut off, and other bytes in its content: an error with the file, or texts."""
    whole = _bytes()
    content = bytearray(zlib.decompress(whole))
    content[place % len(content)] ^= 0xFF
    path = tmp_path_factory.mktemp("broken") / "x.spacy"
    for broken in (data, zlib.compress(data), whole[: cut % len(whole)], _valid(bytes(content))):
        path.write_bytes(broken)
        texts = list(read_all([path], FORMATS["spacy"], path.parent))
        assert all(str(path) in str(text) for text in texts if isinstance(text, FormatError))


def _valid(content: bytes) -> bytes:
    return zlib.compress(content)


@pytest.mark.parametrize(
    "value",
    ["text", 7, {"id": 5}, {"attributes": [1]}, {"relations": [["a", "b"]]}, {"document": b"x"}],
)
def test_a_value_of_others_is_refused(value: object, tmp_path: Path) -> None:
    """An extension of another kind with our name is refused, with its place."""
    doc = _foreign()
    doc.user_data[HELD] = value
    with pytest.raises(FormatError, match=r"doc\._\.statevisit: "):
        from_spacy(doc)
    DocBin(docs=[doc], store_user_data=True).to_disk(tmp_path / "x.spacy")
    with pytest.raises(FormatError, match=r"x\.spacy:1: doc\._\.statevisit: "):
        list(spacy_files.read(tmp_path / "x.spacy", base()))


def test_spans_outside_of_the_text_are_refused(tmp_path: Path) -> None:
    """Numbers of tokens beyond the last are an error of the file."""
    docbin = DocBin(docs=[_foreign()])
    docbin.tokens[0] = numpy.vstack([docbin.tokens[0][:3]])
    docbin.spaces[0] = docbin.spaces[0][:3]
    docbin.to_disk(tmp_path / "x.spacy")
    with pytest.raises(FormatError, match=r"x\.spacy"):
        list(spacy_files.read(tmp_path / "x.spacy", base()))


def test_tokens_that_overlap_are_refused(article: Document) -> None:
    """A document whose tokens overlap, which validation refuses, is no Doc."""
    first, *others = article.tokens
    wrong = replace(article, tokens=(replace(first, end=others[0].end), *others))
    with pytest.raises(FormatError, match="its tokens overlap or leave the text; validate it"):
        wrong.to_spacy()


def test_an_example_of_the_export_is_its_own_prediction(article: Document) -> None:
    """SpaCy's scorer gives the names of a document against themselves 1."""
    nlp = spacy.blank("en")
    doc = article.to_spacy(nlp)
    scores = nlp.evaluate([Example(doc.copy(), doc)])
    assert 1.0 == scores["token_acc"]
