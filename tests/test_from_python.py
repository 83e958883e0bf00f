"""From Python what the command line does: ingest, annotate, validate, build, release, pandas."""

import datetime
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

import statevisit
from statevisit import Document, FormatError, MissingExtra, ReleaseError
from statevisit.annotation.quotes import anchor
from statevisit.document.scheme import scheme_of
from statevisit.document.strict_json import parse
from tests.conftest import DOC_ID, PACKAGE, PATIENCE, ROOT, Result, oracle
from tests.repositories import begin, commit
from tests.test_scheme import MARITIME

pandas = oracle("pandas")

TEXT = "The mayor of Springfield met 40 teachers on Friday."
DRAFT: dict[str, Any] = {
    "mentions": [
        {"quote": "mayor", "level": "NOM", "entity": "mayor"},
        {"quote": "Springfield", "level": "NAM", "entity": "springfield"},
    ],
    "entities": [
        {
            "id": "mayor",
            "type": "PERSON",
            "name": "mayor of Springfield",
            "nil": "UNVERIFIED",
            "reference": "SPECIFIC",
        },
        {
            "id": "springfield",
            "type": "GPE",
            "name": "Springfield",
            "nil": "UNVERIFIED",
            "reference": "SPECIFIC",
        },
    ],
}


def _ingest(**options: Any) -> Document:
    return statevisit.ingest(**({"text": TEXT, "date": "2024-03-01", "id": "one"} | options))


def _files(root: Path) -> dict[str, bytes]:
    paths = sorted(path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in paths}


def test_a_text_becomes_a_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a corpus, `ingest` makes a document and no file."""
    monkeypatch.chdir(tmp_path)
    document = _ingest()
    assert (TEXT, "2024-03-01", "one", "en") == (
        document.text,
        document.date,
        document.id,
        document.language,
    )
    assert ("The", "mayor", "of") == document.tokens_of(document.sentences[0])[:3]
    assert [] == list(statevisit.validate(document))
    assert [] == list(tmp_path.iterdir())


def test_a_date_may_be_a_date(tmp_path: Path) -> None:
    """A date of Python, also with a time of day, is its day."""
    assert "2024-03-01" == _ingest(date=datetime.date(2024, 3, 1)).date
    assert "2024-03-01" == _ingest(date=datetime.datetime(2024, 3, 1, 10, 30)).date


def test_an_id_is_made_of_the_date_and_a_digest() -> None:
    """Without an id, two texts of one day get two, and one text gets the same again."""
    first, again, other = (_ingest(id=None, text=text).id for text in (TEXT, TEXT, "Oslo."))
    assert first == again != other
    assert "2024-03-01-" == first[:11]


@pytest.mark.parametrize(
    "text", ["Ankara'da 😀 görüştüler.", "التقى الرئيس في أنقرة.", "总统在北京会见了代表。"]
)
def test_texts_of_any_script_are_ingested(text: str) -> None:
    """Emoji, Arabic and Chinese are ordinary text."""
    language = {"A": "tr", "ا": "ar", "总": "zh"}[text[0]]
    document = _ingest(text=text, language=language)
    assert text == document.text
    assert [] == [f for f in statevisit.validate(document) if f.severity == "error"]


def test_ingest_writes_what_the_command_writes(tmp_path: Path, cli: Callable[..., Result]) -> None:
    """With a corpus, the files are byte for byte those of `statevisit ingest`."""
    root, other = tmp_path / "root", tmp_path / "other"
    document = _ingest(
        path=root,
        title="A  meeting",
        url="https://example.org/1",
        author=["A. Author", "B. Author"],
        publisher="The Paper",
        license="CC BY 4.0",
        split="test",
        extra={"section": "local"},
    )
    (tmp_path / "one.txt").write_text(TEXT)
    named = ("--date", "2024-03-01", "--id", "one", "--title", "A  meeting", "--split", "test")
    facts = ("--url", "https://example.org/1", "--author", "A. Author", "--author", "B. Author")
    more = ("--publisher", "The Paper", "--license", "CC BY 4.0", "--extra", "section=local")
    result = cli("ingest", tmp_path / "one.txt", "--path", other, *named, *facts, *more)
    assert 0 == result.status, result.err
    written, expected = _files(root), _files(other)
    seed = written.pop("seeds/one.txt")
    assert f" date 2024-03-01 {TEXT}".encode() == seed
    assert TEXT.encode() == expected.pop("seeds/one.txt")  # a file is kept byte for byte
    listed, listed_there = (
        json.loads(files.pop("seeds/sources.jsonl")) for files in (written, expected)
    )
    assert listed_there | {"sha256": listed["sha256"]} == listed
    here, there = (
        json.loads(files.pop("corpus/documents/one.json")) for files in (written, expected)
    )
    assert there | {"source": here["source"]} == here == document.to_dict()
    assert expected == written
    assert [] == list(statevisit.validate(root))


def test_a_corpus_may_be_named_by_its_directories(tmp_path: Path) -> None:
    """A corpus root can be named by its corpus/, too, and as a string."""
    _ingest(path=str(tmp_path))
    _ingest(path=tmp_path / "corpus", id="two")
    assert ("one", "two") == statevisit.load(tmp_path).ids


def test_a_document_follows_the_scheme_of_its_corpus(tmp_path: Path) -> None:
    """In a corpus with labels of its own, a draft may have them."""
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema/scheme.toml").write_text(MARITIME)
    document = _ingest(path=tmp_path, text="The Aurora sailed.")
    aurora = {**DRAFT["entities"][1], "id": "aurora", "type": "VESSEL", "name": "Aurora"}
    mention = {"quote": "Aurora", "level": "NAM", "entity": "aurora", "certainty": "SURE"}
    annotated = statevisit.annotate(document, {"mentions": [mention], "entities": [aurora]})
    assert "VESSEL" == annotated["aurora"].type
    assert [] == list(statevisit.validate(annotated))
    assert annotated == statevisit.decode(annotated.to_dict(), scheme=scheme_of(document))
    with pytest.raises(FormatError, match="VESSEL"):
        statevisit.annotate(_ingest(text="The Aurora sailed."), {"entities": [aurora]})


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"date": "1/3/2024"}, "one: the date '1/3/2024' is not YYYY-MM-DD"),
        ({"date": "2024-02-30"}, "one: the date: 2024-02-30 is not in the calendar"),
        ({"date": ""}, "one: the date is empty; it must be YYYY-MM-DD"),
        ({"text": ""}, "one: has no text"),
        ({"text": " \n\u200b"}, "one: has no text"),
        ({"text": "A\r\nB"}, "one: line 1 of its text: a carriage return.*; normalise=True mends"),
        ({"text": "A\n\ufeffB"}, "one: line 2 of its text: a byte order mark.*; normalise=True"),
        ({"text": "e\u0301"}, "one: line 1 of its text: not in Unicode normal form NFC; normalise"),
        ({"text": "A\ud800"}, r"one: U\+D800 at offset 1 is a surrogate"),
        ({"language": "qq"}, "no tokenizer for the language 'qq'; .*`tokenizer=\"xx\"`"),
        ({"language": "English"}, "'english', which is no BCP 47 tag such as `en`"),
        ({"tokenizer": "wordpiece"}, "no tokenizer for the language 'wordpiece'"),
        ({"id": "a b"}, "'a b' cannot be an id: .*; 'a-b' could$"),
        ({"id": ""}, "'' cannot be an id"),
        ({"id": "con"}, "'con' cannot be an id: Windows reserves it"),
        ({"path": "root", "url": "example.org"}, 'one: `url` is "example.org"; expected: Address'),
        ({"path": "root", "split": "all"}, 'one: `split` is "all"'),
        ({"path": "root", "extra": {"a": ["b"]}}, r"one: `a` is an array .* \(in extra\)"),
    ],
)
def test_a_mistake_is_one_clear_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], message: str
) -> None:
    """A text, date, id or fact that is wrong is named, with what to do; nothing is written."""
    monkeypatch.chdir(tmp_path)
    with pytest.raises(FormatError, match=message):
        _ingest(**options)
    assert [] == list(tmp_path.iterdir())


def test_metadata_need_a_corpus() -> None:
    """A document does not hold the title of its text, so that it is not lost without a word."""
    with pytest.raises(TypeError, match="name it with path="):
        _ingest(title="A meeting")


def test_a_text_can_be_mended(tmp_path: Path) -> None:
    """`normalise=True` mends a text; the offsets are of the mended one, and the list says how."""
    document = _ingest(text="\ufeffA\r\ne\u0301", normalise=True, path=tmp_path)
    assert "A\né" == document.text
    source = statevisit.load(tmp_path).sources["one"]
    assert ("bom", "line-ends", "nfc") == source.normalised


def test_an_id_is_given_once(tmp_path: Path) -> None:
    """A document that exists is never replaced by another text."""
    _ingest(path=tmp_path)
    before = _files(tmp_path)
    with pytest.raises(FormatError, match=r"one\.json: exists already; .* needs another id"):
        _ingest(path=tmp_path, text="Another text.")
    assert before == _files(tmp_path)


def test_a_draft_annotates_a_document() -> None:
    """Quotes become spans as with `statevisit anchor`, and the document itself stays as it was."""
    document = _ingest()
    annotated = statevisit.annotate(document, DRAFT)
    expected, problems, _ = anchor(DRAFT, document)
    assert [] == problems
    assert expected == annotated
    assert ["mayor", "Springfield"] == [m.text for m in annotated.mentions]
    assert () == document.mentions
    assert [] == list(statevisit.validate(annotated))


@pytest.mark.parametrize(
    ("draft", "code", "pointer", "message"),
    [
        ({"mentions": [{"quote": "Shelbyville"}]}, "A001", "/mentions/0", "does not occur"),
        ({"mentions": [{"quote": "e"}]}, "A003", "/mentions/0", "only inside a token"),
        ({"names": []}, "A004", "", "a draft is a JSON object with layers"),
        ({**DRAFT, "names": []}, "E104", "", "unknown property `names`"),
        (
            {"entities": [{**DRAFT["entities"][0], "type": "MAYOR"}]},
            "E104",
            "/entities/0/type",
            '`type` is "MAYOR"; it must be one of PERSON',
        ),
    ],
)
def test_a_wrong_draft_is_one_clear_error(
    draft: dict[str, Any], code: str, pointer: str, message: str
) -> None:
    """A quote, layer or label that is wrong is named with its place in the draft."""
    document = _ingest()
    with pytest.raises(FormatError, match=message) as error:
        statevisit.annotate(document, draft)
    assert f"{pointer}: {code}".removeprefix(": ") in str(error.value)
    assert [(code, pointer)] == [(f.code, f.pointer) for f in error.value.findings]
    assert (None, list(error.value.findings)) == statevisit.annotate(document, draft, findings=True)


def test_layers_are_done_as_stated() -> None:
    """A layer of a draft is partial, unless `done` names it; then its records must be complete."""
    document = _ingest()
    partial = statevisit.annotate(document, {"mentions": [{"quote": "mayor"}], "timexes": []})
    states = {**document.layers, "mentions": "partial", "timexes": "partial"}
    assert states == partial.layers
    assert states == statevisit.annotate(partial, {"mentions": []}).layers
    with pytest.raises(FormatError, match="missing `level`"):
        statevisit.annotate(document, {"mentions": [{"quote": "mayor"}]}, done="mentions")
    one = statevisit.annotate(document, DRAFT, done=["mentions"]).layers
    assert ("done", "partial") == (one["mentions"], one["entities"])
    every = statevisit.annotate(document, DRAFT, done="all").layers
    assert {**document.layers, "mentions": "done", "entities": "done"} == every
    with pytest.raises(FormatError, match="the draft of 'one' has no 'timexes': give it a list"):
        statevisit.annotate(document, DRAFT, done=["timexes"])


def test_all_problems_of_a_draft_are_in_the_error() -> None:
    """A message lists ten problems; `findings` are all."""
    quotes = [{"quote": f"quote {number}"} for number in range(12)]
    with pytest.raises(FormatError, match="has 12 problems:\n") as error:
        statevisit.annotate(_ingest(), {"mentions": quotes})
    assert 12 == len(error.value.findings)
    assert str(error.value).endswith("\n  and 2 more")


def test_a_similar_quote_is_reported() -> None:
    """With `findings=True` a quote with other typography gives a document and a warning."""
    document = _ingest(text="The mayor said “no”.")
    draft = {"quotations": [{"quote": '"no"', "type": "DIRECT"}]}
    annotated, findings = statevisit.annotate(document, draft, findings=True)
    assert annotated is not None
    assert "“no”" == annotated.quotations[0].text
    assert ["A101"] == [finding.code for finding in findings]


def test_a_changed_document_is_written_to_its_corpus(tmp_path: Path) -> None:
    """`write_document` takes a corpus root, and a changed copy replaces the document there."""
    document = statevisit.annotate(_ingest(path=tmp_path), DRAFT)
    entities = (replace(document["mayor"], name="the mayor"), document["springfield"])
    changed = replace(document, entities=entities)
    statevisit.write_document(changed, tmp_path)
    assert changed == statevisit.load(tmp_path)["one"]
    assert [] == list(statevisit.validate(tmp_path))


def test_a_corpus_takes_no_document_without_its_source(tmp_path: Path) -> None:
    """A document whose text the corpus does not have is refused, and the way to add it named."""
    _ingest(path=tmp_path)
    before = _files(tmp_path)
    with pytest.raises(FormatError, match=r"no such document; .*statevisit\.ingest"):
        statevisit.write_document(_ingest(id="two"), tmp_path)
    assert before == _files(tmp_path)


def test_a_document_in_memory_is_validated() -> None:
    """A finding has the place in the document and no line, since there is no file."""
    document = statevisit.annotate(_ingest(), DRAFT)
    broken = replace(document, entities=document.entities[:1])
    for value in (broken, broken.to_dict()):
        (finding,) = statevisit.validate(value)
        assert ("E302", "/mentions/1/entity", "one") == (
            finding.code,
            finding.pointer,
            finding.where,
        )
    assert {"E104"} == {finding.code for finding in statevisit.validate({"id": 1})}


def test_documents_in_memory_are_compared() -> None:
    """Several documents are checked against each other, and a finding names the place of one."""
    documents = [_ingest(), _ingest(id="two"), _ingest(text="Oslo.")]
    (finding,) = statevisit.validate(documents)
    assert ("E701", "documents[2]") == (finding.code, finding.file)
    assert "documents[0]" in finding.message


def test_a_corpus_is_validated_as_its_path(corpus: Path) -> None:
    """`validate(load(path))` finds what `validate(path)` finds, in the lists as well."""
    (corpus / "corpus/annotators.json").write_text("{}")
    expected = list(statevisit.validate(corpus))
    assert {"E704"} == {finding.code for finding in expected}
    assert expected == list(statevisit.validate(statevisit.load(corpus)))


def test_a_dict_is_what_the_file_holds(article: Document) -> None:
    """`to_dict` gives the values of the file, in its order, and `decode` the document again."""
    path = ROOT / f"corpus/documents/{DOC_ID}.json"
    value = article.to_dict()
    assert parse(path.read_bytes()) == value
    assert list(json.loads(path.read_bytes())) == list(value)
    assert article == statevisit.decode(value)
    with pytest.raises(FormatError, match="<dict>: Object missing required field `schema_version`"):
        statevisit.decode({})


def test_a_corpus_is_built(tmp_path: Path) -> None:
    """`build` says which files it wrote and the version; a second build writes none."""
    _ingest(path=tmp_path)
    built = statevisit.build(tmp_path)
    assert "0.1.0" == built.version
    assert {"corpus/release.json", *built.written} == set(built.written)
    assert all((tmp_path / name).is_file() for name in built.written)
    assert ((), ()) == (built.removed, built.current)
    again = statevisit.build(str(tmp_path), check=True)
    assert ((), built.written) == (again.written, again.current)


def test_an_outdated_build_is_an_error(tmp_path: Path) -> None:
    """With `check` nothing is written, and files that differ are an error."""
    _ingest(path=tmp_path)
    before = _files(tmp_path)
    with pytest.raises(ReleaseError, match="is not what would be built"):
        statevisit.build(tmp_path, check=True)
    assert before == _files(tmp_path)


def test_a_build_of_errors_has_findings(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """What is wrong with the documents is in the error; nothing is printed or written."""
    document = statevisit.annotate(_ingest(path=tmp_path), DRAFT)
    statevisit.write_document(replace(document, entities=()), tmp_path)
    with pytest.raises(ReleaseError, match=r"2 errors, nothing was built: .*; and 1 more") as error:
        statevisit.build(tmp_path)
    assert ["E302", "E302"] == [finding.code for finding in error.value.findings]
    assert not (tmp_path / "corpus/parquet").exists()
    assert ("", "") == capfd.readouterr()
    with pytest.raises(FormatError, match="no corpus/documents/ here"):
        statevisit.build(tmp_path / "elsewhere")


@pytest.mark.usefixtures("identity")
def test_a_corpus_is_released(tmp_path: Path) -> None:
    """The first release and the next are planned and made; the version follows the rule."""
    root = tmp_path / "root"
    _ingest(path=root)
    statevisit.build(root)
    begin(root)
    commit(root)
    planned = statevisit.release(root, dry_run=True)
    assert ("0.1.0", None, "v0.1.0", None) == (
        planned.version,
        planned.last,
        planned.tag,
        planned.commit,
    )
    first = statevisit.release(root)
    assert first.commit is not None
    _ingest(path=root, id="two", text="Oslo.")
    with pytest.raises(ReleaseError, match="not committed"):
        statevisit.release(root)
    statevisit.build(root)
    commit(root)
    with pytest.raises(ReleaseError, match="breaks the rule"):
        statevisit.release(root, "0.1.1")
    second = statevisit.release(root)
    assert ("0.2.0", "0.1.0") == (second.version, second.last)
    assert any(reason.startswith("two: ") for reason in second.reasons)
    assert ("one",) == statevisit.load(root, version="0.1.0").ids


@pytest.mark.usefixtures("identity")
def test_a_release_of_errors_has_findings(tmp_path: Path) -> None:
    """A document with errors is not released, and the error has the findings."""
    root = tmp_path / "root"
    document = statevisit.annotate(_ingest(path=root), DRAFT)
    statevisit.write_document(replace(document, entities=()), root)
    begin(root)
    commit(root)
    with pytest.raises(ReleaseError, match="not valid") as error:
        statevisit.release(root)
    assert ["E302", "E302"] == [finding.code for finding in error.value.findings]


def test_sources_and_splits_are_those_of_the_list(tmp_path: Path) -> None:
    """A corpus knows the metadata and the split of each document; without one it is in train."""
    _ingest(path=tmp_path, id="b", title="Second", split="test")
    _ingest(path=tmp_path, id="a", text="Oslo.")
    corpus = statevisit.load(tmp_path)
    assert {"a": None, "b": "Second"} == {k: s.title for k, s in corpus.sources.items()}
    assert {"train": ("a",), "test": ("b",)} == corpus.splits
    assert ["train", "test"] == list(corpus.splits)
    alone = statevisit.load(tmp_path / "corpus/documents/a.json")
    assert ({}, {"train": ("a",)}) == (alone.sources, alone.splits)


def test_a_layer_is_a_table(article: Document) -> None:
    """Each record of a layer is a row, and each property a column of a type that has NA."""
    for layer, count in article.counts().items():
        assert count == len(article.to_pandas(layer))
    entities = article.to_pandas("entities")
    names = [label.name for label in statevisit.labels("entities", "type")]
    assert names == list(entities["type"].cat.categories)
    assert [e.wikidata for e in article.entities] == entities["wikidata"].to_list() or (
        entities["wikidata"].isna().sum() == sum(e.wikidata is None for e in article.entities)
    )
    mentions = article.to_pandas("mentions")
    assert "Int64" == str(mentions["start"].dtype)
    assert pandas.NA is mentions["disagreements"].array[0]
    events = article.to_pandas("events")
    assert [event.class_ for event in article.events] == events["class"].to_list()
    assert [list(r.evidence) for r in article.relations] == article.to_pandas("relations")[
        "evidence"
    ].to_list()


def test_arguments_are_a_table(article: Document) -> None:
    """Each argument is a row that names its event, so that the two can be merged."""
    arguments = article.to_pandas("arguments")
    expected = [(e.id, a.role, a.target) for e in article.events for a in e.arguments]
    rows = arguments[["event_id", "role", "target"]].itertuples(index=False)
    assert expected == [tuple(row) for row in rows]


def test_spans_in_a_table_have_their_text(article: Document) -> None:
    """Tokens and sentences have their text, and a span inside a record is its text."""
    words = [article.text_of(token) for token in article.tokens]
    assert words == article.to_pandas("tokens")["text"].to_list()
    cues = article.to_pandas("quotations")["cue"]
    assert [q.cue.text if q.cue else None for q in article.quotations] == [
        None if cue is pandas.NA else cue for cue in cues
    ]


def test_attributes_of_a_scheme_are_columns(tmp_path: Path) -> None:
    """Properties of a corpus's own are columns with the types that scheme.toml states."""
    (tmp_path / "schema").mkdir()
    (tmp_path / "schema/scheme.toml").write_text(MARITIME)
    _ingest(path=tmp_path)
    corpus = statevisit.load(tmp_path)
    assert "Int64" == str(corpus.to_pandas("events")["knots"].dtype)
    assert "boolean" == str(corpus.to_pandas("arguments")["is_stated"].dtype)
    certainty = corpus.to_pandas("mentions")["certainty"]
    assert ["SURE", "UNSURE"] == list(certainty.cat.categories)
    with pytest.raises(FormatError, match="no layer 'timexes'; the layers are sentences, tokens"):
        corpus.to_pandas("timexes")


def test_a_layer_without_records_has_its_columns(article: Document) -> None:
    """An empty table has the columns and types of a full one."""
    empty = replace(article, mentions=())
    full = article.to_pandas("mentions").dtypes
    assert full.to_dict() == empty.to_pandas("mentions").dtypes.to_dict()


def test_an_unknown_label_is_kept(article: Document) -> None:
    """A label that the scheme lacks is shown in a table, not lost."""
    wrong = replace(article.entities[0], type="MAYOR")
    document = replace(article, entities=(wrong, *article.entities[1:]))
    assert "MAYOR" == document.to_pandas("entities")["type"].iloc[0]


def test_the_documents_of_a_corpus_are_one_table(tmp_path: Path) -> None:
    """`Corpus.to_pandas` has the records of all documents, each with its document and split."""
    for name, split in (("a", "test"), ("b", None)):
        document = _ingest(path=tmp_path, id=name, split=split)
        statevisit.write_document(statevisit.annotate(document, DRAFT), tmp_path)
    mentions = statevisit.load(tmp_path).to_pandas("mentions")
    assert ["document", "id", *mentions.columns[2:-1], "split"] == list(mentions.columns)
    assert [
        ("a", "m1", "test"),
        ("a", "m2", "test"),
        ("b", "m1", "train"),
        ("b", "m2", "train"),
    ] == [tuple(row) for row in mentions[["document", "id", "split"]].itertuples(index=False)]


@pytest.mark.parametrize("config", ["entities", "events", "quantities", "timexes", "relations"])
def test_a_config_is_what_load_dataset_gives(config: str) -> None:
    """A flat config has the rows of the dataset, with names of labels in place of numbers."""
    arrow = oracle("pyarrow.parquet")
    frame = statevisit.load().to_pandas(config=config)
    (path,) = (ROOT / f"corpus/parquet/{config}").glob("*.parquet")
    table = arrow.read_table(path)
    columns = [name for name in table.column_names if name in frame.columns]
    assert set(table.column_names) <= set(frame.columns)
    for name in columns:
        values = frame[name]
        if str(values.dtype) == "category":
            values = values.cat.codes.astype("Int64").replace(-1, pandas.NA)
            if name == "split":
                continue
        elif "datetime" in str(values.dtype):
            values = values.dt.date
        expected = table.column(name).to_pylist()
        if name != "arguments":
            assert expected == [None if _is_missing(v) else v for v in values.to_list()], name


def _is_missing(value: object) -> bool:
    return value is pandas.NA or value is pandas.NaT


def test_a_table_names_what_does_not_exist() -> None:
    """An unknown layer or config is named with those that exist; one of the two is needed."""
    corpus = statevisit.load()
    with pytest.raises(FormatError, match=r"no layer 'mention'; .*; did you mean mentions\?"):
        corpus.to_pandas("mention")
    with pytest.raises(FormatError, match="no config 'mentions'; the configs are entities, "):
        corpus.to_pandas(config="mentions")
    with pytest.raises(FormatError, match="is not flat: load_dataset"):
        corpus.to_pandas(config="documents")
    for arguments in ({}, {"layer": "events", "config": "events"}):
        with pytest.raises(TypeError, match="one of the two"):
            corpus.to_pandas(**arguments)


def test_pandas_is_an_extra(article: Document, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without pandas a table is refused with the extra that brings it."""
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtra, match=r"pip install 'statevisit\[hub\]'"):
        article.to_pandas("mentions")


PROGRAM = """\
import datetime
from collections.abc import Iterator

import statevisit


def build(root: str, text: str, draft: dict[str, object]) -> statevisit.Built:
    document = statevisit.ingest(text, date=datetime.date(2024, 3, 1), path=root, split="test")
    annotated, findings = statevisit.annotate(document, draft, findings=True)
    codes: list[str] = [finding.code for finding in findings]
    if annotated is None:
        raise SystemExit(", ".join(codes))
    again: statevisit.Document = statevisit.annotate(document, draft)
    statevisit.write_document(again, root)
    problems: Iterator[statevisit.Finding] = statevisit.validate([annotated, again.to_dict()])
    try:
        return statevisit.build(root)
    except statevisit.ReleaseError as error:
        print(*error.findings, *problems)
        raise


corpus: statevisit.Corpus = statevisit.load()
scheme: statevisit.Scheme = corpus.scheme
label: statevisit.Label = scheme.labels("entities", "type")[0]
source: statevisit.ListedSource = corpus.sources[corpus.ids[0]]
title: str | None = source.title
test: tuple[str, ...] = corpus.splits["test"]
document: statevisit.Document = statevisit.decode(corpus[0].to_dict(), scheme=scheme)
planned: statevisit.Released = statevisit.release("root", dry_run=True)
rows: int = len(corpus.to_pandas("mentions")) + len(document.to_pandas("arguments"))
wrong: int = statevisit.ingest("text", date="2024-03-01")
"""


@pytest.mark.slow
def test_types_are_those_that_a_program_sees(tmp_path: Path) -> None:
    """`mypy --strict` accepts a program that uses the functions, and finds its one mistake."""
    (tmp_path / "program.py").write_text(PROGRAM)
    line = PROGRAM[: PROGRAM.index("wrong:")].count("\n") + 1
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "program.py"],
        cwd=tmp_path,
        env=os.environ | {"MYPYPATH": str(PACKAGE.parent)},
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    expected = (
        f"program.py:{line}: error: Incompatible types in assignment "
        '(expression has type "Document", variable has type "int")  [assignment]'
    )
    assert ([expected], "") == (done.stdout.splitlines(), done.stderr)
