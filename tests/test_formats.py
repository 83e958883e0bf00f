"""Other formats: the table of them, and what every export and import has in common."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings

from statevisit.document.codec import encode
from statevisit.document.model import Document
from statevisit.document.scheme import base, scheme_of
from statevisit.files import write_parts
from statevisit.formats.edits import with_additions, with_changes
from statevisit.formats.placing import placed
from statevisit.formats.registry import FORMATS, IN, OUT, ROUND_TRIP, Format
from statevisit.formats.texts import AnnotatedText, Annotation, Cluster, Relation
from statevisit.formats.translation import Translation
from statevisit.formats.vocabulary import (
    label_codes,
    label_names,
    layer_and_label,
    relation_codes,
    text_of,
)
from statevisit.regions.relation_labels import relation_labels
from tests.conftest import DOC_ID, Result
from tests.strategies import documents

Run = Callable[..., Result]
ROUND_TRIPS = [format_ for format_ in FORMATS.values() if format_.kind == ROUND_TRIP]


def _name(format_: Format) -> str:
    return format_.name


def _silent(code: str, message: str) -> None:
    raise AssertionError(f"{code} {message}")


def _read_back(document: Document, format_: Format) -> AnnotatedText:
    """The text that a format makes of a document, written and read."""
    with TemporaryDirectory() as name:
        write_parts(Path(name), format_.write([text_of(document)]))
        paths = [path for path in Path(name).iterdir() if format_.reads(path)]
        texts = [text for path in sorted(paths) for text in format_.read(path, scheme_of(document))]
    (text,) = texts
    assert document.id == text.id
    return text


def test_the_table_lists_every_format(cli: Run) -> None:
    """`statevisit formats` says of each format whether it is read, written, and what it lacks."""
    result = cli("formats", "--json")
    listed = json.loads(result.out)["formats"]
    assert list(FORMATS) == [item["name"] for item in listed]
    assert {IN, OUT, ROUND_TRIP} >= {item["kind"] for item in listed}
    assert all(item["holds"] and item["lacks"] for item in listed)
    table = cli("formats").out
    assert all(name in table for name in FORMATS)


@pytest.mark.parametrize("format_", ROUND_TRIPS, ids=_name)
@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(document=documents())
def test_an_unedited_export_comes_back_to_the_byte(format_: Format, document: Document) -> None:
    """Emoji, ZWJ, Arabic, CJK, line breaks in spans, nested and overlapping spans come back."""
    text = _read_back(document, format_)
    edited = with_changes(
        placed(text, document, _silent),
        placed(text, document, _silent),
        document,
        document,
        Translation(scheme_of(document)),
        _silent,
    )
    assert [] == edited.losses
    assert encode(document) == encode(edited.document)


@pytest.mark.parametrize("format_", ROUND_TRIPS, ids=_name)
def test_the_commands_bring_it_back(format_: Format, corpus: Path, cli: Run) -> None:
    """An export that nobody edited changes nothing when it is imported."""
    before = (corpus / f"corpus/documents/{DOC_ID}.json").read_bytes()
    exported = corpus / "exported"
    result = cli("export", "--to", format_.name, "-o", exported, "--path", corpus)
    assert 0 == result.status
    result = cli("import", "--from", format_.name, exported, "--path", corpus)
    assert (0, "no changes") == (result.status, result.err.strip())
    assert before == (corpus / f"corpus/documents/{DOC_ID}.json").read_bytes()


@pytest.mark.parametrize("format_", ROUND_TRIPS, ids=_name)
def test_the_corpus_may_change_meanwhile(format_: Format, corpus: Path, cli: Run) -> None:
    """What was changed in the corpus after the export stays."""
    document = corpus / f"corpus/documents/{DOC_ID}.json"
    cli("export", "--to", format_.name, "-o", corpus / "exported", "--path", corpus)
    changed = document.read_text().replace('"tense":"PAST"', '"tense":"PRESENT"', 1)
    document.write_text(changed)
    result = cli("import", "--from", format_.name, corpus / "exported", "--path", corpus)
    assert (0, "no changes") == (result.status, result.err.strip())
    assert changed == document.read_text()


def test_every_label_has_its_own_name() -> None:
    """Labels of several layers have their layer before them; a code is never that of two names."""
    scheme = base()
    names = label_names(scheme)
    assert "mentions" == names["PERSON"][0]
    assert "timexes.UNDECIDED" in names
    assert {name: layer_and_label(name, scheme) for name in names} == names
    for codes in (label_codes(scheme), relation_codes(scheme)):
        assert len(codes.names) == len(codes.name)
        assert set(codes.names) == set(codes.name.values())
    assert set(relation_labels(scheme)) == set(relation_codes(scheme).names)


def test_an_existing_directory_is_not_overwritten(corpus: Path, cli: Run) -> None:
    """An export needs a new directory: files that somebody edits are never replaced."""
    result = cli("export", "--to", "brat", "-o", corpus / "seeds", "--path", corpus)
    assert 1 == result.status
    assert "exists already and is not empty; name a new directory" in result.err


@pytest.mark.parametrize("command", ["export", "import"])
def test_an_unknown_format_is_named(command: str, corpus: Path, cli: Run) -> None:
    """A name that is no format is refused with the most similar one."""
    option = {"export": ["--to", "brta", "-o", corpus / "x"], "import": ["--from", "brta", corpus]}
    result = cli(command, *option[command], "--path", corpus)
    assert 1 == result.status
    assert "'brta' is no format" in result.err
    assert "brat" in result.err.split("no format")[1]


def test_an_unknown_document_is_named(corpus: Path, cli: Run) -> None:
    """An id that the corpus lacks is refused, and nothing is written."""
    result = cli("export", "nobody", "--to", "brat", "-o", corpus / "x", "--path", corpus)
    assert 1 == result.status
    assert "no document 'nobody'" in result.err
    assert not (corpus / "x").exists()


Change = Callable[[AnnotatedText], None]


def _edited(document: Document, change: Change) -> Document:
    """A document whose annotated text was changed."""
    before, after = text_of(document), text_of(document)
    change(after)
    translation = Translation(scheme_of(document))
    return with_changes(after, before, document, document, translation, lambda *_: None).document


def test_a_changed_span_keeps_the_rest_of_its_record(article: Document) -> None:
    """A mention that is moved keeps its entity, its level and the links to it."""
    mention = article.mentions[0]

    def widen(text: AnnotatedText) -> None:
        text.by_id()[mention.id].end = article.tokens[len(article.tokens) // 2].end

    document = _edited(article, widen)
    moved = document[mention.id]
    assert (mention.entity, mention.level) == (moved.entity, moved.level)
    assert article.tokens[len(article.tokens) // 2].end == moved.end
    assert article.events == document.events


def test_a_deleted_annotation_takes_its_links_along(article: Document) -> None:
    """A mention that is gone is no longer an argument; all other records stay."""
    event = next(event for event in article.events if event.arguments)
    target = event.arguments[0].target

    def delete(text: AnnotatedText) -> None:
        text.annotations = [a for a in text.annotations if a.id != target]

    document = _edited(article, delete)
    assert target not in document
    assert target not in [a.target for e in document.events for a in e.arguments or ()]
    assert article.timexes == document.timexes


def test_a_mention_can_move_to_another_cluster(article: Document) -> None:
    """The mention gets the entity of the cluster that it is in now."""
    by_size = sorted(text_of(article).clusters, key=lambda c: -len(c.members))
    first, second = by_size[:2]
    mention = second.members[0]

    def move(text: AnnotatedText) -> None:
        clusters = {cluster.id: cluster for cluster in text.clusters}
        clusters[second.id].members.remove(mention)
        clusters[first.id].members.append(mention)

    document = _edited(article, move)
    assert first.id == document[mention].entity
    others = [m for m in second.members if m != mention]
    assert {second.id} == {document[m].entity for m in others}


def test_a_cluster_can_be_divided(article: Document) -> None:
    """The larger part keeps the entity, the other part gets a new one."""
    largest = max(text_of(article).clusters, key=lambda c: len(c.members))
    parted = largest.members[:2]

    def divide(text: AnnotatedText) -> None:
        cluster = next(c for c in text.clusters if c.id == largest.id)
        cluster.members = [m for m in cluster.members if m not in parted]
        text.clusters.append(Cluster("new", list(parted)))

    document = _edited(article, divide)
    (new,) = {document[m].entity for m in parted}
    assert new not in article
    assert {largest.id} == {document[m].entity for m in largest.members if m not in parted}


def test_a_relation_can_be_added_and_removed(article: Document) -> None:
    """Event relations follow the file; the others stay."""
    relation = article.event_relations[0]

    def change(text: AnnotatedText) -> None:
        text.relations = [
            r for r in text.relations if (r.source, r.target) != (relation.source, relation.target)
        ]
        text.relations.append(Relation(relation.target, "BEFORE", relation.source))

    document = _edited(article, change)
    ends = [(r.source, r.type, r.target) for r in document.event_relations]
    assert (relation.target, "BEFORE", relation.source) in ends
    assert (relation.source, relation.type, relation.target) not in ends


def test_labels_of_strangers_need_a_mapping(corpus: Path, cli: Run) -> None:
    """Unknown labels are refused with their counts, and a mapping is proposed."""
    files = _foreign(corpus / "foreign")
    result = cli("import", "--from", "brat", files, "--path", corpus, "--date", "2024-01-01")
    assert 1 == result.status
    assert "labels that the scheme lacks: PER (2), Thing (1)" in result.err
    assert "--propose-map" in result.err
    proposed = cli("import", "--from", "brat", files, "--path", corpus, "--propose-map").out
    assert '"PER" = "PERSON"  # 2\n' in proposed
    assert '# "Thing" = "?"  # 1\n' in proposed


FOREIGN = """T1\tPER 0 5\tAlice
T2\tThing 14 19\tstone
T3\tPER 6 9;20 23\tmet Bob
A1\tMood T1 happy
R1\tlikes Arg1:T1 Arg2:T2\t
#1\tAnnotatorNotes T1\ta friend
N1\tReference T1 Wikidata:Q1\tAlice
"""
FOREIGN_TEXT = "Alice met the stone. Bob left.\n"


def _foreign(directory: Path) -> Path:
    directory.mkdir()
    (directory / "story.txt").write_text(FOREIGN_TEXT)
    (directory / "story.ann").write_text(FOREIGN.replace("20 23", "21 24"))
    return directory


def _importing(corpus: Path) -> list[object]:
    """The arguments that import the files of a stranger, with a mapping of their persons only."""
    mapping = corpus / "labels.toml"
    mapping.write_text('[labels]\nPER = "PERSON"\n[defaults]\n"mentions.level" = "NAM"\n')
    options = ["--path", corpus, "--map", mapping, "--date", "2024-01-01"]
    return ["import", "--from", "brat", _foreign(corpus / "foreign"), *options]


def test_what_has_no_place_is_listed_kept_and_put_back(corpus: Path, cli: Run) -> None:
    """A file of somebody else's comes back with the parts that the corpus has no place for."""
    importing = _importing(corpus)
    result = cli(*importing)
    assert 0 == result.status
    assert "story: new document" in result.err
    for kind in (
        "annotations labelled 'Thing': 1 time",
        "spans with gaps: 1 time",
        "attributes 'Mood' of mentions: 1 time",
        "relations 'likes': 1 time",
        "notes (kept): 1 time",
        "links to knowledge bases (kept): 1 time",
    ):
        assert kind in result.err
    result = cli("validate", corpus)
    assert 0 == result.status, result.out
    cli("export", "story", "--to", "brat", "-o", corpus / "back", "--path", corpus)
    lines = sorted((corpus / "back/story.ann").read_text().splitlines())
    shown = [line.split("\t", 1)[1].replace("PERSON", "PER") for line in lines]
    expected = FOREIGN.replace("20 23", "21 24").splitlines()
    for line in expected:
        body = line.split("\t", 1)[1].rstrip()
        assert any(_without_ids(body) == _without_ids(one) for one in shown), (line, shown)


def _without_ids(line: str) -> list[str]:
    """The parts of a line but for the numbers of annotations."""
    parts = line.replace(":", " ").split()
    return [part for part in parts if not (part[0] in "TER" and part[1:].isdecimal())]


def test_an_import_again_changes_nothing(corpus: Path, cli: Run) -> None:
    """Spans that the document has already are recognised."""
    importing = _importing(corpus)
    cli(*importing)
    before = (corpus / "corpus/documents/story.json").read_bytes()
    cli(*importing)
    assert before == (corpus / "corpus/documents/story.json").read_bytes()


def test_a_dry_run_writes_nothing(corpus: Path, cli: Run) -> None:
    """It prints the records that would be added."""
    files = _foreign(corpus / "foreign")
    mapping = corpus / "labels.toml"
    mapping.write_text('[labels]\nPER = "PERSON"\nThing = "PRODUCT"\n')
    before = {path: path.read_bytes() for path in corpus.rglob("*") if path.is_file()}
    result = cli(
        *("import", "--from", "brat", files, "--path", corpus, "--map", mapping),
        *("--date", "2024-01-01", "--dry-run"),
    )
    assert 0 == result.status
    assert "Alice" in result.out
    assert before == {path: path.read_bytes() for path in corpus.rglob("*") if path.is_file()}


def test_a_new_text_needs_a_date(corpus: Path, cli: Run) -> None:
    """A text that the corpus lacks, and that has no date, is refused with the option to give."""
    files = _foreign(corpus / "foreign")
    mapping = corpus / "labels.toml"
    mapping.write_text('[labels]\nPER = "PERSON"\n')
    result = cli("import", "--from", "brat", files, "--path", corpus, "--map", mapping)
    assert 1 == result.status
    assert "story.ann: no document of the corpus has this text; state --date" in result.err
    assert not (corpus / "corpus/documents/story.json").exists()


def test_an_empty_corpus_takes_texts(tmp_path: Path, cli: Run) -> None:
    """A corpus without a document can begin with an import."""
    (tmp_path / "mine/corpus/documents").mkdir(parents=True)
    (tmp_path / "mine/seeds").mkdir()
    files = _foreign(tmp_path / "foreign")
    (tmp_path / "foreign/story.ann").write_text("T1\tPERSON 0 5\tAlice\n")
    result = cli(
        *("import", "--from", "brat", files, "--path", tmp_path / "mine"),
        *("--date", "2024-01-01"),
    )
    assert 0 == result.status, result.err
    assert '"Alice"' in (tmp_path / "mine/corpus/documents/story.json").read_text()


def test_remove_and_rename_know_what_was_kept(corpus: Path, cli: Run) -> None:
    """The kept parts of an imported file go with their document."""
    importing = _importing(corpus)
    cli(*importing)
    assert (corpus / "corpus/imported/brat/story.json").is_file()
    cli("rename", "story", "tale", "--path", corpus)
    assert (corpus / "corpus/imported/brat/tale.json").is_file()
    assert not (corpus / "corpus/imported/brat/story.json").exists()
    cli("remove", "tale", "--yes", "--path", corpus)
    assert not (corpus / "corpus/imported/brat/tale.json").exists()


def test_a_text_that_differs_is_refused(corpus: Path, cli: Run) -> None:
    """Offsets into another text would name other words: the first difference is shown."""
    exported = corpus / "exported"
    cli("export", "--to", "brat", "-o", exported, "--path", corpus)
    path = exported / f"{DOC_ID}.txt"
    path.write_text(path.read_text().replace("Erdoğan", "Erdogan", 1))
    result = cli("import", "--from", "brat", exported, "--path", corpus)
    assert 1 == result.status
    assert "its text differs from that of 2024-02-19-aliyev-visit" in result.err
    difference = result.err.split("differs from")[1]
    assert "Erdogan" in difference
    assert "instead of" in difference
    assert "Erdoğan" in difference


def test_an_export_of_another_corpus_is_refused(corpus: Path, tmp_path: Path, cli: Run) -> None:
    """An export whose document the corpus lacks says so."""
    exported = corpus / "exported"
    cli("export", "--to", "brat", "-o", exported, "--path", corpus)
    shutil.copytree(corpus, tmp_path / "other", ignore=shutil.ignore_patterns("documents"))
    (tmp_path / "other/corpus/documents").mkdir(exist_ok=True)
    result = cli("import", "--from", "brat", exported, "--path", tmp_path / "other")
    assert 1 == result.status
    assert "the corpus has no document" in result.err


def test_additions_are_merged_with_what_the_document_has(article: Document) -> None:
    """Annotation that the document has already is recognised; the rest is added to it."""
    text = text_of(article)
    text.annotations.append(Annotation("x", 0, 9, "ORG", {"level": "NAM"}))
    edited = with_additions(text, article, Translation(scheme_of(article)), lambda *_: None)
    added = [m for m in edited.document.mentions if m.id not in article]
    assert 1 == len(added)
    assert len(article.events) == len(edited.document.events)


def test_annotations_that_would_be_errors_are_left_out(corpus: Path, cli: Run) -> None:
    """Times do not nest here: the inner one is listed and kept, and the rest is imported."""
    directory = corpus / "foreign"
    directory.mkdir()
    (directory / "tale.txt").write_text("Alice left on 3 May 2001 for good.\n")
    (directory / "tale.ann").write_text(
        "T1\tPERSON 0 5\tAlice\nT2\tDATE 14 24\t3 May 2001\nT3\tDATE 16 24\tMay 2001\n"
        "A1\tlevel T1 NAM\n"
    )
    options = ["--path", corpus, "--date", "2001-06-01"]
    result = cli("import", "--from", "brat", directory, *options)
    assert 0 == result.status, result.err
    assert "annotations against E213" in result.err
    assert 0 == cli("validate", corpus).status
    cli("export", "tale", "--to", "brat", "-o", corpus / "back", "--path", corpus)
    assert "DATE 16 24\tMay 2001" in (corpus / "back/tale.ann").read_text()


def test_tokens_are_divided_where_spans_end(corpus: Path, cli: Run) -> None:
    """A span inside a word of a new text stays as it is, and the tokens follow it."""
    directory = corpus / "foreign"
    directory.mkdir()
    (directory / "tale.txt").write_text("The Oslobased firm grew.\n")
    (directory / "tale.ann").write_text("T1\tGPE 4 8\tOslo\nA1\tlevel T1 NAM\n")
    cli("import", "--from", "brat", directory, "--path", corpus, "--date", "2001-06-01")
    text = (corpus / "corpus/documents/tale.json").read_text()
    assert '"text":"Oslo"' in text
    assert "imported-segmentation" in text
    assert 0 == cli("validate", corpus).status
