"""CoNLL-U with CorefUD's coreference: what its own readers find in it, and what we read."""

import itertools
import logging
import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import conllu
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from udapi.block.read.conllu import Conllu as UdapiReader
from udapi.block.write.conllu import Conllu as UdapiWriter
from udapi.core.document import Document as UdapiDocument

from statevisit.document.codec import read_document
from statevisit.document.model import Document
from statevisit.document.scheme import base, scheme_of
from statevisit.errors import FormatError
from statevisit.formats import corefud, corefud_writer
from statevisit.formats.corefud_terms import decoded, encoded, escaped, unescaped
from statevisit.formats.pieces import words_of
from statevisit.formats.texts import AnnotatedText, Annotation, Cluster, Relation
from statevisit.formats.vocabulary import label_names, text_of
from tests.conftest import DOC_ID, Result
from tests.strategies import documents

Run = Callable[..., Result]
Rows = list[tuple[list[str], list[list[str]]]]


def _written(*texts: AnnotatedText) -> str:
    return b"".join(content for _, content in corefud_writer.write(texts)).decode()


def _read(content: str) -> list[AnnotatedText]:
    with TemporaryDirectory() as name:
        path = Path(name) / "file.conllu"
        path.write_bytes(content.encode())
        return list(corefud.read(path, base()))


def _outcome(path: Path) -> tuple[list[AnnotatedText], str]:
    """The texts of a file, or the error."""
    try:
        return list(corefud.read(path, base())), ""
    except FormatError as error:
        return [], str(error)


def _sentences(content: str) -> Rows:
    """The comments and the columns of each sentence."""
    blocks = [block.split("\n") for block in content.removesuffix("\n\n").split("\n\n")]
    return [
        (
            [line for line in block if line.startswith("#")],
            [line.split("\t") for line in block if not line.startswith("#")],
        )
        for block in blocks
    ]


def _annotations(text: AnnotatedText) -> list[tuple[object, ...]]:
    return sorted(
        (a.id, a.start, a.end, a.label, sorted(a.attributes.items()), a.fragments)
        for a in text.annotations
    )


def _clusters(text: AnnotatedText) -> set[tuple[str, frozenset[str]]]:
    return {(cluster.id, frozenset(cluster.members)) for cluster in text.clusters}


def _udapi(path: Path) -> UdapiDocument:
    document = UdapiDocument()
    UdapiReader(files=str(path), empty_parent="ignore").apply_on_document(document)
    return document


@pytest.fixture
def exported(corpus: Path, cli: Run) -> Path:
    """The shipped document as CoNLL-U."""
    assert 0 == cli("export", "--to", "conllu", "-o", corpus / "out", "--path", corpus).status
    (file,) = (corpus / "out").glob("*.conllu")
    return file


def test_udapi_finds_the_same_mentions(exported: Path, article: Document) -> None:
    """The API reads the mentions with their words, types and entities, strictly."""
    found = {
        (
            mention.entity.eid.removeprefix("d1."),
            mention.entity.etype,
            " ".join(word.form for word in mention.words),
            mention.other["level"],
            mention.other["id"],
        )
        for mention in _udapi(exported).coref_mentions
    }
    types = {entity.id: entity.type for entity in article.entities}
    expected = {
        (
            encoded(mention.entity or ""),
            types[mention.entity or ""],
            " ".join(article.tokens_of(mention)),
            mention.level,
            mention.id,
        )
        for mention in article.mentions
    }
    assert len(article.mentions) == len(expected)
    assert expected == found


def test_udapi_finds_the_members_of_sets(exported: Path, article: Document) -> None:
    """The members of an entity that is a set are its split antecedents."""
    found = {
        entity.eid: {member.eid for member in entity.split_ante}
        for entity in _udapi(exported).coref_entities
        if entity.split_ante
    }
    mentioned = {mention.entity for mention in article.mentions}
    expected = {
        f"d1.{encoded(entity.id)}": {
            f"d1.{encoded(m)}" for m in entity.members or () if m in mentioned
        }
        for entity in article.entities
        if entity.id in mentioned
    }
    assert {eid: members for eid, members in expected.items() if len(members) > 1} == found
    assert found


def test_udapi_writes_it_unchanged(
    exported: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Brackets, attributes and keys are in udapi's own order; it only adds heads."""
    document = _udapi(exported)
    assert len(document.coref_mentions) > 0
    UdapiWriter(files=str(tmp_path / "written.conllu")).apply_on_document(document)
    written = (tmp_path / "written.conllu").read_text()
    assert exported.read_text() == re.sub(r"(?m)^((?:[^\t\n]*\t){6})0\t", r"\1_\t", written)
    assert [] == [r for r in caplog.records if r.levelno >= logging.WARNING]


def test_conllu_parses_it(exported: Path, article: Document) -> None:
    """The package `conllu` finds the tokens, and the sentences as `# text`."""
    sentences = conllu.parse(exported.read_text())
    assert [article.text_of(s) for s in article.sentences] == [
        s.metadata["text"] for s in sentences
    ]
    forms = [token["form"] for sentence in sentences for token in sentence]
    assert [article.text_of(token) for token in article.tokens] == forms


def _udpipe_text(content: str) -> str:
    """The text by the rules of UDPipe, without our reader."""
    names = {r"\s": " ", r"\t": "\t", r"\r": "\r", r"\n": "\n", r"\p": "|", r"\\": "\\"}
    text = ""
    for _, rows in _sentences(content):
        for row in rows:
            misc = dict(part.split("=", 1) for part in row[9].split("|") if "=" in part)
            gap = "" if misc.get("SpaceAfter") == "No" else r"\s"
            for value in (misc.get("SpacesBefore", ""), row[1], misc.get("SpacesAfter", gap)):
                text += value if value == row[1] else re.sub(r"\\.", lambda m: names[m[0]], value)
    return text.removesuffix(" ")


def test_the_text_is_rebuilt_by_the_rules_of_udpipe(exported: Path, article: Document) -> None:
    """Line breaks and the text between sentences are in the file."""
    assert article.text == _udpipe_text(exported.read_text())
    assert "\n\n" in article.text


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(document=documents())
def test_files_keep_the_rules_of_universal_dependencies(document: Document) -> None:
    """Ids count up, columns are clean, and `# text` is that of the words and SpaceAfter."""
    content = _written(text_of(document))
    ids = set()
    for comments, rows in _sentences(content):
        stated = dict(line[2:].split(" = ", 1) for line in comments if " = " in line)
        assert [str(number) for number in range(1, len(rows) + 1)] == [row[0] for row in rows]
        text = ""
        for row in rows:
            assert 10 == len(row)
            for column in row:
                assert column
                assert column.strip() == column
                assert not re.search(r"\s\s|[\n\r\v\f\x1c-\x1f\x85\u2028\u2029]", column)
            text += row[1]
            keys = [part.split("=")[0] for part in row[9].split("|")]
            assert len(keys) == len(set(keys))
            if "SpaceAfter=No" not in row[9].split("|"):
                text += " "
        assert text.rstrip() == stated["text"]
        ids.add(stated["sent_id"])
    assert len(_sentences(content)) == len(ids)


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(document=documents())
def test_everything_annotated_comes_back(document: Document) -> None:
    """Spans, labels, attributes, clusters and relations of any document are read as written."""
    text = text_of(document)
    (read,) = _read(_written(text))
    assert (document.id, document.text, document.date) == (read.id, read.text, read.date)
    assert _annotations(text) == _annotations(read)
    assert _clusters(text) == _clusters(read)
    relations = {(r.source, r.label, r.target) for r in text.relations}
    assert relations == {
        (r.source, r.label, r.target) for r in read.relations if r.label != "SplitAnte"
    }


def test_brackets_that_would_be_mistaken_stand_elsewhere(article: Document) -> None:
    """Mentions that cross one of their entity, or a sentence, come back; udapi sees the others."""
    tokens = article.tokens
    boundary = article.sentences[0].end
    last = next(n for n, token in enumerate(tokens) if token.end == boundary)
    pairs = ((0, 2), (1, 3), (last - 1, last + 2))
    spans = [
        Annotation(f"x{n}", tokens[a].start, tokens[b].end, "PERSON")
        for n, (a, b) in enumerate(pairs)
    ]
    ids = [span.id for span in spans]
    text = AnnotatedText(
        "a", article.text, annotations=spans, clusters=[Cluster("e", ids)], document=article
    )
    content = _written(text)
    assert 1 == content.count("Entity=(")
    assert 2 == content.count("Mentions=(")
    (read,) = _read(content)
    assert _annotations(text) == _annotations(read)
    assert {("e", frozenset(ids))} == _clusters(read)


def test_entities_of_two_documents_have_different_ids(article: Document) -> None:
    """CorefUD forbids one id in two documents, also if both are about the same person."""
    one, other = text_of(article), text_of(article)
    other.id = "other"
    parts = [content.decode() for _, content in corefud_writer.write([one, other])]
    names = [set(re.findall(r"Entity=\(([^-)]+)", part)) for part in parts]
    assert names[0]
    assert not names[0] & names[1]
    assert [DOC_ID, "other"] == [text.id for text in _read("".join(parts))]


EDITS = {
    "label": ("ev4-OCCURRENCE-", "ev4-STATE-"),
    "span": (r"(Entity=\(d1\.aliyev-PERSON-1-id:m3,[^)]*?)\n(.*)Entity=d1.aliyev\)", r"_\n\2\1)"),
    "attribute": (r"id:m6,level:PRO", "id:m6,level:NOM"),
    "value": ("comparator:EXACT,unit:visit", "comparator:APPROX,unit:visit"),
    "deletion": (r"Quantities=\(q1-[^|]*\)\|", ""),
    "cluster": (r"\(d1\.aliyev-PERSON-1-id:m4,", "(d1.erdogan-PERSON-1-id:m4,"),
    "new": ("(?m)^(4\t's(?:\t_){7}\t)_$", r"\1Entity=(d1.new-ORG-1-level:NAM)"),
    "relation": (r"ev4>m6:PATIENT,", ""),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_arrives_alone(
    edit: str, exported: Path, corpus: Path, cli: Run, article: Document
) -> None:
    """What is changed in the file changes in the document, and nothing else does."""
    content = exported.read_text()
    changed, count = re.subn(*EDITS[edit], content, count=1)
    assert 1 == count
    exported.write_text(changed)
    result = cli("import", "--from", "conllu", exported.parent, "--path", corpus)
    assert 0 == result.status, result.err
    after = _now(corpus)
    before, now = text_of(article), text_of(after)
    gone = {one[0] for one in _annotations(before) if one not in _annotations(now)}
    added = {one[0] for one in _annotations(now) if one not in _annotations(before)}
    links = [{(r.source, r.label, r.target) for r in text.relations} for text in (before, now)]
    of_erdogan = {mention.id for mention in article.mentions_of("erdogan")}
    same = {"label": {"ev4"}, "span": {"m3"}, "attribute": {"m6"}, "value": {"q1"}}
    assert (same.get(edit, {"q1"} if edit == "deletion" else set())) == gone
    new = {annotation.id for annotation in now.annotations} - set(before.by_id())
    assert same.get(edit, new) == added
    assert (edit == "new") == bool(new)
    removed = {"relation": {("ev4", "PATIENT", "m6")}, "deletion": {("q1", "MEASURES", "ev3")}}
    assert removed.get(edit, set()) == links[0] - links[1]
    assert set() == links[1] - links[0]
    moved = {"m4"} if edit == "cluster" else set()
    assert of_erdogan | moved == {mention.id for mention in after.mentions_of("erdogan")}


def _now(corpus: Path) -> Document:
    """The document as the corpus has it now."""
    return read_document(corpus / f"corpus/documents/{DOC_ID}.json")


FOREIGN = """# newdoc id = story
# global.Entity = GRP-etype-infstat-minspan-identity
# meta::dateCreated = 2024-01-01
# meta::title = A story
# newpar
# sent_id = s1
# speaker = A
# text = Ann's dog met Bob and it ran.
1-2\tAnn's\t_\t_\t_\t_\t_\t_\t_\t_
1\tAnn\tAnn\tPROPN\t_\t_\t3\tnmod\t_\tEntity=(2-animal-new-3(1-person-new-1-Ann_%28name%29)
2\t's\t's\tPART\t_\t_\t1\tcase\t_\t_
3\tdog\tdog\tNOUN\t_\t_\t4\tnsubj\t_\tEntity=2)
4\tmet\tmeet\tVERB\t_\t_\t0\troot\t_\t_
5\tBob\tBob\tPROPN\t_\t_\t4\tobj\t_\tBridge=1<3:other|Entity=(3-person-new-1)
6\tand\tand\tCCONJ\t_\t_\t8\tcc\t_\t_
6.1\tAnn\t_\t_\t_\t_\t_\t_\t8:x\tEntity=(1-person)
7\tit\tit\tPRON\t_\t_\t8\tnsubj\t_\tEntity=(2-animal-giv)
8\tran\trun\tVERB\t_\t_\t4\tconj\t_\tDiscourse=x|SpaceAfter=No
9\t.\t.\tPUNCT\t_\t_\t4\tpunct\t_\t_

# newpar
# sent_id = s2
# text = They both slept there.
1\tThey\tthey\tPRON\t_\t_\t3\tnsubj\t_\tEntity=(4[1/2]-person)|SplitAnte=1<4,3<4
2\tboth\tboth\tDET\t_\t_\t1\tdet\t_\t_
3\tslept\tsleep\tVERB\t_\t_\t0\troot\t_\tEntity=(4[2/2])
4\tthere\tthere\tADV\t_\t_\t3\tadvmod\t_\tSpaceAfter=No
5\t.\t.\tPUNCT\t_\t_\t3\tpunct\t_\t_

# newdoc
# sent_id = s3
1\t你\t_\t_\t_\t_\t_\t_\t_\tEntity=(e1|SpaceAfter=No
2\t好\t_\t_\t_\t_\t_\t_\t_\tEntity=e1)|SpaceAfter=No

"""


def test_a_file_of_strangers_is_read() -> None:
    """Multiword tokens, empty nodes, gaps, GUM's fields, bridges and split antecedents."""
    story, greeting = _read(FOREIGN)
    assert "Ann's dog met Bob and it ran.\n\nThey both slept there." == story.text
    assert ("story", "2024-01-01") == (story.id, story.date)
    spans = {story.text[a.start : a.end]: a for a in story.annotations}
    assert {"Ann's dog", "Ann", "Bob", "it", "They both slept"} == spans.keys()
    assert "animal" == spans["it"].label
    assert "Ann_(name)" == spans["Ann"].attributes["identity"]
    assert 2 == len(spans["They both slept"].fragments)
    members = {c.id: [story.by_id()[m].words for m in c.members] for c in story.clusters}
    assert {"1": ["Ann"], "2": ["Ann's dog", "it"], "3": ["Bob"], "4": [None]} == members
    ann, bob, they = (spans[words].id for words in ("Ann", "Bob", "They both slept"))
    assert {
        (bob, "Bridge:other", ann),
        (they, "SplitAnte", ann),
        (they, "SplitAnte", bob),
    } == {(r.source, r.label, r.target) for r in story.relations}
    kinds = {loss.kind for loss in story.losses}
    assert {
        "multiword tokens",
        "empty nodes",
        "mentions of empty nodes",
        "MISC 'Discourse'",
        "comments 'speaker'",
        "lemmas, tags and trees of sentences",
    } == kinds
    assert ["meta::title = A story"] == [note.value for note in story.notes]
    assert "你好" == greeting.text
    assert ["你好"] == [annotation.words for annotation in greeting.annotations]


def test_a_file_of_strangers_is_written_again() -> None:
    """Reading what was written of it gives the same annotation."""
    story, _ = _read(FOREIGN)
    (again,) = _read(_written(story))
    assert story.text == again.text
    assert _annotations(story) == _annotations(again)
    assert _clusters(story) == _clusters(again)
    assert [note.value for note in story.notes] == [note.value for note in again.notes]
    assert {(r.source, r.label, r.target) for r in story.relations} == {
        (r.source, r.label, r.target) for r in again.relations
    }


def test_a_file_of_strangers_is_imported(corpus: Path, cli: Run) -> None:
    """Types become labels by a mapping; an export has what the corpus has no place for."""
    file = corpus / "foreign.conllu"
    file.write_text(FOREIGN)
    proposed = cli("import", "--from", "conllu", file, "--path", corpus, "--propose-map").out
    assert '"person" = "PERSON"' in proposed
    assert '# "animal" = "?"' in proposed
    mapping = corpus / "labels.toml"
    mapping.write_text('[labels]\nperson = "PERSON"\n[defaults]\n"mentions.level" = "NAM"\n')
    options = ("--path", corpus, "--map", mapping, "--date", "2024-01-02")
    result = cli("import", "--from", "conllu", file, *options)
    assert 0 == result.status, result.err
    assert "story: new document" in result.err
    assert "annotations labelled 'animal': 2 times" in result.err
    assert "spans with gaps: 1 time" in result.err
    assert 0 == cli("validate", corpus).status
    cli("export", "story", "--to", "conllu", "-o", corpus / "back", "--path", corpus)
    back = (corpus / "back/corpus.conllu").read_text()
    for part in ("[1/2]", "[2/2]", "-animal-", "SplitAnte=", "Bridge=", "# meta::title = A story"):
        assert part in back
    result = cli("import", "--from", "conllu", corpus / "back", "--path", corpus)
    assert (0, "no changes") == (result.status, result.err.strip())


@pytest.mark.parametrize("header", ["# global.Entity = etype-identity\n", ""])
def test_types_without_ids_are_read(header: str) -> None:
    """In Coptic and Hebrew files a bracket has a type only: there are no clusters."""
    words = [("a", "(PER(PER"), ("b", "PER)"), ("c", "PER)")]
    rows = "".join(
        f"{n}\t{form}\t_\t_\t_\t_\t_\t_\t_\tEntity={entity}\n"
        for n, (form, entity) in enumerate(words, 1)
    )
    (text,) = _read(f"{header}{rows}\n")
    assert [("a b", "PER"), ("a b c", "PER")] == sorted(
        (a.words or "", a.label) for a in text.annotations
    )
    assert [] == text.clusters


def test_white_space_is_that_of_text() -> None:
    """Where `# text` has other white space than the columns, it is right."""
    rows = "1\ta\t_\t_\t_\t_\t_\t_\t_\t_\n2\tb\t_\t_\t_\t_\t_\t_\t_\t_\n"
    (text,) = _read(f"# text = a\u00a0b\r\n{rows}\n")
    assert "a\u00a0b" == text.text


def _row(number: str = "1", misc: str = "_", form: str = "a") -> str:
    return f"{number}\t{form}\t_\t_\t_\t_\t_\t_\t_\t{misc}\n"


OWN = "# newdoc id = x\n# generator = statevisit\n"
BROKEN = {
    "no columns": ("1 a\n", "1: '1 a' has not the ten columns"),
    "empty column": ("1\ta\t\t_\t_\t_\t_\t_\t_\t_\n", "1: "),
    "first id": (_row("2"), "1: the word 2 is out of order; expected 1"),
    "gap in ids": (_row() + _row("3"), "2: the word 3 is out of order"),
    "no id": (_row("x"), "1: 'x' is not a valid ID"),
    "long id": (_row("1" * 5000), "1: the word 1111"),
    "range": (_row("2-3") + _row(), "1: the token 2-3 is not before its first word"),
    "range again": (_row("1-2") + _row("1-2"), "2: the token 1-2 is not before its first word"),
    "short range": (_row("1-2") + _row(), "1: the words of the multiword token are missing"),
    "only empty nodes": (_row("0.1"), "1: the sentence has no word"),
    "text": ("# text = ab\n" + _row(form="ac"), "1: `# text` differs from the words: 'b'"),
    "brackets": (OWN + _row(misc="Entity=e1"), "3: Entity=e1 is no list of brackets"),
    "no name": (OWN + _row(misc="Entity=()"), "3: Entity=() is no list of brackets"),
    "part": (OWN + _row(misc="Entity=(e1[3/2]-x)"), "3: Entity=(e1[3/2]: no part 2 before it"),
    "lost part": (OWN + _row(misc="Entity=(e1[2/2]-x)"), "3: Entity=(e1[2/2]: no part 1 before it"),
    "never closed": (OWN + _row(misc="Entity=(e1-x"), "3: Entity=(e1 is never closed"),
    "never opened": (OWN + _row(misc="Entity=e1)"), "3: Entity=e1) closes what is not open"),
    "relation": (OWN + _row(misc="Relations=m1"), "3: Relations=m1 is not `m1>m2:LABEL`"),
    "bridge": (OWN + _row(misc="Bridge=e1"), "3: Bridge=e1 is not `e1<e2`"),
    "nothing": ("# text = x\n", "has no sentence in CoNLL-U"),
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_line_is_named(case: str) -> None:
    """An error has the line, and what is wrong with it."""
    content, message = BROKEN[case]
    with pytest.raises(FormatError) as error:
        _read(content + "\n")
    assert f"file.conllu:{message}".replace("conllu:has", "conllu: has") in str(error.value)


def test_an_encoding_that_is_not_utf_8_is_named(tmp_path: Path) -> None:
    """A file in Latin-1 is refused with its first wrong byte."""
    file = tmp_path / "a.conllu"
    file.write_bytes(_row(form="é").encode("latin-1"))
    with pytest.raises(FormatError, match=r"a\.conllu: byte 2 is not UTF-8"):
        list(corefud.read(file, base()))


def test_broken_brackets_are_losses_in_files_of_strangers() -> None:
    """A bracket without its counterpart, as published treebanks have them, costs that mention."""
    values = (
        "(e1-x(e2-x)",
        "e3)",
        "PER",
        "(e4[2/2]-x)",
        "(-x)",
        "(e5-x)|Bridge=e5|SplitAnte=e5<e9",
    )
    rows = "".join(_row(str(n), f"Entity={value}") for n, value in enumerate(values, 1))
    (text,) = _read(rows + "\n")
    assert ["e2#1", "e5#1"] == [annotation.id for annotation in text.annotations]
    assert {
        "Bridge in another form": 6,
        "Entity in another form": 3,
        "SplitAnte of mentions that are left out": 6,
        "brackets that close nothing": 2,
        "brackets without an id": 5,
        "mentions that are never closed": 1,
        "parts of mentions without the first": 4,
    } == {loss.kind: loss.line for loss in text.losses}


def test_closing_brackets_of_old_files_have_the_type_too() -> None:
    """GUM 2.8 wrote `Entity=abstract-7)`."""
    header = "# global.Entity = entity-GRP-infstat\n"
    rows = _row("1", "Entity=(abstract-7-new(person-8)") + _row("2", "Entity=abstract-7)")
    (text,) = _read(f"{header}{rows}\n")
    assert {("a a", "abstract"), ("a", "person")} == {(a.words, a.label) for a in text.annotations}
    assert {"7", "8"} == {cluster.id for cluster in text.clusters}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(data=st.data())
def test_damaged_files_give_no_traceback(article: Document, data: st.DataObject) -> None:
    """A file cut off, changed or garbled is read, or refused with its name."""
    whole = data.draw(st.sampled_from([FOREIGN, _written(text_of(article))[:6000]])).encode()
    at = data.draw(st.integers(0, len(whole)))
    kind = data.draw(st.sampled_from(["cut", "insert", "swap"]))
    junk = data.draw(
        st.sampled_from([b"\t", b"\n", b"(", b")", b"[9/9]", b"|", b"=", b"%", b"\x00"])
    )
    other = data.draw(st.integers(at, min(len(whole), at + 40)))
    damaged = {
        "cut": whole[:at],
        "insert": whole[:at] + junk + whole[at:],
        "swap": whole[:at] + whole[other:],
    }[kind]
    with TemporaryDirectory() as name:
        path = Path(name) / "damaged.conllu"
        path.write_bytes(damaged)
        texts, message = _outcome(path)
        assert message.startswith(str(path) if not texts else "")
    for text in texts:
        ids = [annotation.id for annotation in text.annotations]
        assert len(set(ids)) == len(ids)
        for annotation in text.annotations:
            assert 0 <= annotation.start <= annotation.end <= len(text.text)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(garbage=st.binary(max_size=200))
def test_binary_garbage_is_refused(garbage: bytes) -> None:
    """What is no CoNLL-U at all is refused with the name of the file."""
    with TemporaryDirectory() as name:
        path = Path(name) / "x.conllu"
        path.write_bytes(garbage)
        with pytest.raises(FormatError) as error:
            list(corefud.read(path, base()))
    assert str(error.value).startswith(str(path))


@given(st.text())
@example("%2D-%")
@example("\\u0020 \\s|=\u2028\x00")
def test_escapes_are_undone(value: str) -> None:
    """Values in brackets and white space in MISC come back as they were."""
    assert value == decoded(encoded(value))
    assert not set(encoded(value)) & set("-=|,:()[]<> \t\n")
    assert value == unescaped(escaped(value))
    assert not set(escaped(value)) & set("=| \t\n\u2028")


@settings(max_examples=30, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(document=documents())
def test_words_cover_the_text_and_end_with_spans(document: Document) -> None:
    """Words do not overlap, leave white space only, and each span is a number of whole words."""
    text = text_of(document)
    words = words_of(text)
    ends = [0, *itertools.chain.from_iterable(words.spans), len(document.text)]
    assert sorted(ends) == ends
    gaps = zip(ends[::2], ends[1::2], strict=True)
    assert not any(document.text[start:end].strip() for start, end in gaps)
    for annotation in text.annotations:
        between = words.between(annotation.start, annotation.end)
        assert between is not None
        first, last = between
        span = words.spans[first][0], words.spans[last][1]
        assert (annotation.start, annotation.end) == span


def test_text_outside_tokens_has_words_too() -> None:
    """A text that nobody has tokenized is divided at white space and at its spans."""
    spans = [Annotation("a", 1, 3, "x"), Annotation("b", 5, 11, "x")]
    text = AnnotatedText("t", "abcd  ef\n gh ", annotations=spans)
    assert [(0, 1), (1, 3), (3, 4), (6, 8), (10, 12)] == words_of(
        AnnotatedText("t", text.text, annotations=[spans[0]])
    ).spans
    assert (10, 11) in words_of(text).spans
    text.relations.append(Relation("a", "near", "b"))
    (read,) = _read(_written(text))
    assert text.text == read.text
    assert [("a", "near", "b")] == [(r.source, r.label, r.target) for r in read.relations]


def test_every_label_of_the_scheme_comes_back(article: Document) -> None:
    """Labels with a layer before them are read as they are named."""
    token = article.tokens[3]
    names = list(label_names(scheme_of(article)))
    spans = [Annotation(f"x{n}", token.start, token.end, name) for n, name in enumerate(names)]
    text = AnnotatedText("a", article.text, annotations=spans, document=article)
    (read,) = _read(_written(text))
    assert _annotations(text) == _annotations(read)
