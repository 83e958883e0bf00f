"""CoNLL-2003 columns in BIO, BIOES and IOB1: names go out and come back; other files are read."""

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from statevisit.dataset.flat_names import flat_names, flat_records
from statevisit.document.codec import decode
from statevisit.document.model import Document
from statevisit.document.scheme import base, scheme_of
from statevisit.errors import FormatError
from statevisit.files import write_parts
from statevisit.formats import bio, conll, conll_writer
from statevisit.formats.exporting import ExportTask, parts_of_files
from statevisit.formats.flat import own_label
from statevisit.formats.registry import FORMATS
from statevisit.formats.spacing import spaced
from statevisit.formats.texts import AnnotatedText
from statevisit.formats.vocabulary import text_of
from tests.conftest import DOC_ID, Result, oracle
from tests.strategies import documents

Run = Callable[..., Result]
seqeval = oracle("seqeval.metrics")
seqeval_schemes = oracle("seqeval.scheme")

VARIANTS = ("conll", "bioes", "iob1")
variants = pytest.mark.parametrize("name", VARIANTS)


def _exported(document: Document, name: str, directory: Path) -> Path:
    directory.mkdir()
    task = ExportTask(FORMATS[name], base())
    write_parts(directory, parts_of_files([(document, "")], task, tell=lambda notice: None))
    return directory / "corpus.conll"


def _sentences(path: Path) -> list[list[list[str]]]:
    """The columns of a file as its usual readers take them: an empty line ends a sentence."""
    blocks = path.read_text(encoding="utf-8").split("\n\n")
    rows = [
        [line.split(" ") for line in block.split("\n") if line and not line.startswith("# id")]
        for block in blocks
    ]
    return [block for block in rows if block and block[0][0] != "-DOCSTART-"]


def _read(text: str, path: Path) -> list[AnnotatedText]:
    path.write_bytes(text.encode())
    return list(conll.read(path, base()))


def _shown(text: AnnotatedText) -> list[tuple[str, str]]:
    return [(text.text[a.start : a.end], a.label) for a in text.annotations]


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(document=documents())
@pytest.mark.parametrize("name", VARIANTS)
def test_every_name_is_found_again_as_its_record(name: str, document: Document) -> None:
    """A file beside its document gives the records with their own spans and labels."""
    with TemporaryDirectory() as place:
        path = _exported(document, name, Path(place) / "out")
        (text,) = conll.read(path, scheme_of(document))
    assert document.text == text.text
    starts = [token.start for token in document.tokens]
    shown = [r for r in flat_records(document) if any(r.start <= s < r.end for s in starts)]
    assert {(r.id, r.start, r.end) for r in shown} == {
        (a.id, a.start, a.end) for a in text.annotations
    }


@variants
def test_seqeval_reads_it(name: str, article: Document, tmp_path: Path) -> None:
    """Gold against gold is 1.0, in the scheme that the format states, and with as many names."""
    sentences = _sentences(_exported(article, name, tmp_path / "out"))
    assert {4} == {len(row) for sentence in sentences for row in sentence}
    tags = [[row[3] for row in sentence] for sentence in sentences]
    scheme = {
        "conll": seqeval_schemes.IOB2,
        "bioes": seqeval_schemes.IOBES,
        "iob1": seqeval_schemes.IOB1,
    }
    assert 1.0 == seqeval.f1_score(tags, tags, mode="strict", scheme=scheme[name])
    entities = seqeval_schemes.Entities(tags, scheme[name])
    labels = sorted(entity.tag for sentence in entities.entities for entity in sentence)
    assert sorted(label for _, _, label in flat_names(article)) == labels


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(1, 3), st.sampled_from("XY"))))
def test_the_tags_of_each_variant_form_their_names(drawn: list[tuple[int, int, str]]) -> None:
    """BIO, BIOES and IOB1 hold names that touch, and are read without being told apart."""
    names: list[bio.Name] = []
    end = 0
    for gap, length, label in drawn:
        names.append(bio.Name(end + gap, end + gap + length, label))
        end += gap + length
    for tagger in (bio.bio, bio.bioes, bio.iob1):
        tags = dict(tagger(names))
        assert names == bio.names_of(tags.get(number, "O") for number in range(end + 1))


def test_seqeval_finds_the_same_names_in_iob1() -> None:
    """IOB1 writes B- only where a name touches another one of its label."""
    names = [bio.Name(0, 2, "X"), bio.Name(2, 3, "X"), bio.Name(3, 4, "Y"), bio.Name(5, 6, "Y")]
    tags = dict(bio.iob1(names))
    shown = [tags.get(number, "O") for number in range(6)]
    assert ["I-X", "I-X", "B-X", "I-Y", "O", "I-Y"] == shown
    assert [("X", 0, 1), ("X", 2, 2), ("Y", 3, 3), ("Y", 5, 5)] == [
        tuple(entity) for entity in seqeval.sequence_labeling.get_entities(shown)
    ]


def _edit(cli: Run, corpus: Path, change: Callable[[str], str], name: str = "conll") -> Any:
    """The documents before and after an edit of the exported file."""
    place = corpus / f"corpus/documents/{DOC_ID}.json"
    before = decode(place.read_bytes(), scheme=base())
    exported = corpus / "exported"
    cli("export", "--to", name, "-o", exported, "--path", corpus)
    path = exported / "corpus.conll"
    edited = change(path.read_text(encoding="utf-8"))
    assert edited != path.read_text(encoding="utf-8")
    path.write_text(edited, encoding="utf-8")
    result = cli("import", "--from", name, exported, "--path", corpus)
    assert 0 == result.status, result.err
    return before, decode(place.read_bytes(), scheme=base())


def _changed_layers(before: Document, after: Document) -> set[str]:
    one, other = orjson.loads(_json(before)), orjson.loads(_json(after))
    return {key for key in one if one[key] != other[key]}


def _json(document: Document) -> bytes:
    from statevisit.document.codec import encode

    return encode(document)


FIRST = "Recep - - B-PERSON\nTayyip - - I-PERSON\nErdoğan - - I-PERSON\n"


def test_a_changed_label_arrives(article: Document, corpus: Path, cli: Run) -> None:
    """The record keeps its id, its span and everything that columns do not show."""
    sizes = Counter(mention.entity for mention in article.mentions)
    record = next(
        r
        for r in flat_records(article)
        if r.label != "LAW" and r.id.startswith("m") and sizes[article[r.id].entity] == 1
    )
    word = article.text[record.start : record.end].split()[0]
    before, after = _edit(cli, corpus, lambda text: _relabelled(text, word, record.label, "LAW"))
    assert before.mentions == after.mentions
    assert "LAW" == after.entity_of(after[record.id]).type
    assert {"entities"} == _changed_layers(before, after)


def _relabelled(text: str, word: str, old: str, new: str) -> str:
    """A file in BIO with another label for the first name that begins with a word."""
    head, line, tail = text.partition(f"{word} - - B-{old}\n")
    rest = tail.split("\n")
    for number, following in enumerate(rest):
        if not following.endswith(f" I-{old}"):
            break
        rest[number] = following.removesuffix(old) + new
    return head + line.replace(old, new) + "\n".join(rest)


def test_a_changed_boundary_arrives(corpus: Path, cli: Run) -> None:
    """A name that loses a token at its beginning is still the same mention."""
    before, after = _edit(
        cli,
        corpus,
        lambda text: text.replace(
            FIRST, "Recep - - O\nTayyip - - B-PERSON\nErdoğan - - I-PERSON\n", 1
        ),
    )
    ((old, new),) = [(o, n) for o, n in zip(before.mentions, after.mentions, strict=True) if o != n]
    assert (old.id, old.entity, old.end) == (new.id, new.entity, new.end)
    assert "Tayyip Erdoğan" == after.text_of(new)
    assert {"mentions"} == _changed_layers(before, after)


def test_a_deleted_name_is_removed(corpus: Path, cli: Run) -> None:
    """Only the record of the name goes, with what refers to it."""
    before, after = _edit(
        cli, corpus, lambda text: text.replace("Monday - - B-DATE", "Monday - - O", 1)
    )
    assert len(before.timexes) - 1 == len(after.timexes)
    assert before.mentions == after.mentions
    assert before.quantities == after.quantities


def test_a_new_name_is_added(corpus: Path, cli: Run) -> None:
    """A new name becomes a mention on the level of names."""
    before, after = _edit(
        cli, corpus, lambda text: text.replace("ceremony - - O", "ceremony - - B-WORK_OF_ART", 1)
    )
    (new,) = [m for m in after.mentions if m.id not in before]
    assert ("ceremony", "NAM") == (after.text_of(new), new.level)
    assert "WORK_OF_ART" == after.entity_of(new).type
    assert before.timexes == after.timexes
    assert before.events == after.events


def test_a_new_event_needs_a_layer_that_is_not_done(corpus: Path, cli: Run) -> None:
    """The flat label EVENT says no class: in a layer that is done, the event is left out."""
    exported = corpus / "exported"
    cli("export", "--to", "conll", "-o", exported, "--path", corpus)
    path = exported / "corpus.conll"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("Monday - - B-DATE", "Monday - - B-EVENT", 1), encoding="utf-8")
    result = cli("import", "--from", "conll", exported, "--path", corpus, "--dry-run")
    assert "'Monday' is left out: missing `class`" in result.err
    cli("state", DOC_ID, "events", "partial", "--path", corpus)
    path.write_text(text.replace("sworn - - O", "sworn - - B-EVENT", 1), encoding="utf-8")
    result = cli("import", "--from", "conll", exported, "--path", corpus)
    assert 0 == result.status, result.err
    document = corpus / f"corpus/documents/{DOC_ID}.json"
    assert '"text":"sworn","level":"NAM"' in document.read_text(encoding="utf-8")


def test_each_split_has_a_file(article: Document) -> None:
    """Documents of one split are in one file; without splits it is `corpus.conll`."""
    texts = [text_of(article, split) for split in ("train", "test", "train", "")]
    names = [name for name, _ in conll_writer.write(texts)]
    assert ["train.conll", "test.conll", "train.conll", "corpus.conll"] == names


def test_a_value_can_become_a_name(corpus: Path, cli: Run) -> None:
    """A label of another layer moves the record there; the layers of others stay."""
    before, after = _edit(
        cli,
        corpus,
        lambda text: text.replace("first - - S-ORDINAL", "first - - S-PRODUCT", 1),
        "bioes",
    )
    (new,) = [m for m in after.mentions if m.id not in before]
    assert ("first", "NAM") == (after.text_of(new), new.level)
    assert len(before.quantities) - 1 == len(after.quantities)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda text: text[: text.index("welcomed")],
            "corpus.conll:7: the tokens of '2024-02-19-aliyev-visit' end before its text, which "
            "continues with 'welcomed Azerbaijani",
        ),
        (
            lambda text: text.replace("Tayyip", "Tayip", 1),
            "corpus.conll:6: the token 'Tayip' does not come next in '2024-02-19-aliyev-visit'; "
            "the text continues with 'Tayyip Erdoğan",
        ),
        (
            lambda text: text.replace("B-PERSON", "PERSON", 1),
            "corpus.conll:5: expected a token and a tag such as B-PERSON",
        ),
        (lambda text: text + text, "a second document '2024-02-19-aliyev-visit'; give each an id"),
    ],
)
def test_a_damaged_export_is_refused(
    change: Callable[[str], str], message: str, corpus: Path, cli: Run
) -> None:
    """A file that ends early deletes nothing: the line is named, and nothing is written."""
    document = corpus / f"corpus/documents/{DOC_ID}.json"
    before = document.read_bytes()
    cli("export", "--to", "conll", "-o", corpus / "exported", "--path", corpus)
    path = corpus / "exported/corpus.conll"
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8")
    result = cli("import", "--from", "conll", corpus / "exported", "--path", corpus)
    assert 1 == result.status
    assert message in result.err
    assert before == document.read_bytes()


FOREIGN = """-DOCSTART- -X- -X- O

`` `` O O
Paris NNP B-NP I-LOC
is VBZ B-VP O
n't RB I-VP O
big JJ B-ADJP O
'' '' O O
, , O O
said VBD B-VP O
Ann NNP B-NP I-PER
Lee NNP I-NP I-PER
-LRB- -LRB- O O
Acme NNP B-NP I-ORG
-RRB- -RRB- O O
. . O O

Bob NNP B-NP I-PER
Ann NNP I-NP B-PER
left VBD B-VP O
. . O O

-DOCSTART- -X- -X- O

Oslo NNP B-NP I-LOC
"""


def test_a_corpus_of_others_becomes_documents(corpus: Path, cli: Run) -> None:
    """Texts are made of the tokens; labels are mapped; names get the level that the map states."""
    (corpus / "foreign.conll").write_text(FOREIGN)
    (corpus / "labels.toml").write_text(
        '[labels]\nPER = "PERSON"\nLOC = "LOC"\nORG = "ORG"\n[defaults]\n"mentions.level" = "NAM"\n'
    )
    result = cli(
        *("import", "--from", "conll", corpus / "foreign.conll", "--path", corpus),
        *("--map", corpus / "labels.toml", "--date", "2024-01-01"),
    )
    assert 0 == result.status, result.err
    first = decode((corpus / "corpus/documents/foreign-1.json").read_bytes(), scheme=base())
    assert '"Paris isn\'t big", said Ann Lee (Acme).\nBob Ann left.' == first.text.strip()
    names = [(first.text[s:e], label) for s, e, label in flat_names(first)]
    expected = [("Paris", "LOC"), ("Ann Lee", "PERSON"), ("Acme", "ORG")]
    assert [*expected, ("Bob", "PERSON"), ("Ann", "PERSON")] == names
    words = [
        '"',
        "Paris",
        "is",
        "n't",
        "big",
        '"',
        ",",
        "said",
        "Ann",
        "Lee",
        "(",
        "Acme",
        ")",
        ".",
    ]
    assert [*words, "Bob", "Ann", "left", "."] == [first.text_of(t) for t in first.tokens]
    assert 2 == len(first.sentences)
    second = decode((corpus / "corpus/documents/foreign-2.json").read_bytes(), scheme=base())
    assert "Oslo" == second.text.strip()
    assert 0 == cli("validate", corpus).status


def test_labels_that_have_no_place_are_put_back(corpus: Path, cli: Run) -> None:
    """A label that is not mapped is kept, and written again."""
    (corpus / "foreign.conll").write_text("Bob\tB-PER\nsaw\tO\nMars\tB-planet\n")
    (corpus / "labels.toml").write_text('[labels]\nPER = "PERSON"\n')
    options = ["--path", corpus, "--map", corpus / "labels.toml", "--date", "2024-01-01"]
    result = cli("import", "--from", "conll", corpus / "foreign.conll", *options)
    assert "annotations labelled 'planet': 1 time" in result.err
    cli("export", "foreign", "--to", "conll", "-o", corpus / "back", "--path", corpus)
    assert "Mars - - B-planet" in (corpus / "back/corpus.conll").read_text()
    result = cli("import", "--from", "conll", corpus / "back", "--path", corpus)
    assert "no changes" in result.err


PER = [("Ann Lee", "PER"), ("Bob", "PER")]


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ("Ann B-PER\nLee I-PER\nBob B-PER\n", PER),
        ("Ann I-PER\nLee I-PER\nBob B-PER\n", PER),
        ("Ann B-PER\nLee E-PER\nBob S-PER\n", PER),
        ("Ann B-PER\nLee L-PER\nBob U-PER\n", PER),
        ("\ufeffAnn\tx\tB-PER\r\nLee\tx\tI-PER\r\nBob\tx\tB-PER\r\n", PER),
        ("1\tAnn\tB-PER\tO\n2\tLee\tI-PER\tB-LOC\n\n1\tBob\tB-PER\tO\n", [*PER, ("Lee", "LOC")]),
        ("1 2 O\n2 3 O\n", []),
        ("7 CD B-NP B-X\n", [("7", "X")]),
        ("a B-NP B-NP B-X\n", [("a", "X")]),
        ("Ann PER\nLee PER\nmet O\nBob PER\n", PER),
        ("# text = Ann Lee\nAnn B-PER\nLee I-PER\n# O\nBob B-PER\n", PER),
        ("Ann B-PER\nLee I-PER\n \tO\nBob B-PER\n\ufeff\n", PER),
    ],
)
def test_variants_and_columns(data: str, names: list[tuple[str, str]], tmp_path: Path) -> None:
    """2 to 5 columns, tabs or spaces, counted tokens, nested names and bare labels are read."""
    (text,) = _read(data, tmp_path / "a.conll")
    assert sorted(names) == sorted(_shown(text))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ("", "a.conll: no tokens; write a token and its tag on each line"),
        ("Ann B-PER\nLee\n", "a.conll:2: expected a token and a tag"),
        ("Ann NNP\nran VBD\n", "a.conll:1: expected a token and a tag"),
        ("Ann B\nLee I\nran O\n", "a.conll:1: expected a token and a tag"),
        ("Ann B-PER\nLee PER\n", "a.conll:2: expected a token and a tag"),
        ("# id = a\nb O\n\n# id = a\nb O\n", "a.conll:4: a second document 'a'"),
    ],
)
def test_files_in_another_form_are_refused(data: str, message: str, tmp_path: Path) -> None:
    """The line is named, and what it should be."""
    with pytest.raises(FormatError) as error:
        _read(data, tmp_path / "a.conll")
    assert message in str(error.value)


def test_ids_of_documents(tmp_path: Path) -> None:
    """`# id`, `# newdoc id` and -DOCSTART- begin documents; the others are numbered."""
    data = "a O\n\n# id = x\nb O\n\n# newdoc id = y\nc O\n\n-DOCSTART- O\n\nd O\n"
    texts = _read(data, tmp_path / "f.conll")
    assert [("f-1", "a\n"), ("x", "b\n"), ("y", "c\n"), ("f-4", "d\n")] == [
        (text.id, text.text) for text in texts
    ]


def test_the_spaces_of_a_text_that_is_made() -> None:
    """Punctuation, brackets, quotes, clitics and scripts without spaces are set as in print."""
    cases = {
        "We 'll go , wo n't we ?": "We'll go, won't we?",
        'He said " yes " ( 5 % ) for $ 3 .': 'He said "yes" (5%) for $3.',
        "-LSB- sic -RSB- and \\/ or": "[sic] and / or",
        "阿塞拜疆 总统 访问 。": "阿塞拜疆总统访问。",
        "a - b": "a - b",
    }
    for tokens, text in cases.items():
        words = tokens.split(" ")
        made, spans = spaced(words)
        assert text == made
        assert len(words) == len(spans)
    assert "-LRB- x" == spaced(["-LRB-", "x"], escaped=False)[0].replace("-LRB-x", "-LRB- x")


def test_flat_labels_have_a_name_here() -> None:
    """The labels that the flat view merges are the likeliest of the scheme."""
    names = {label: own_label(label, base()) for label in ("PERSON", "DATE", "QUANTITY", "EVENT")}
    assert {
        "PERSON": "PERSON",
        "DATE": "DATE",
        "QUANTITY": "MEASURE",
        "EVENT": "events.UNDECIDED",
    } == names
    assert "planet" == own_label("planet", base())


_piece = st.sampled_from(
    (
        "-DOCSTART-",
        "# id = a",
        "# ",
        "B-X",
        "I-X",
        "O",
        "E-",
        "\t",
        " ",
        "\n",
        "\n\n",
        "1",
        "a",
        "\r",
    )
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(_piece | st.text(max_size=3)).map("".join).map(str.encode) | st.binary(max_size=60))
@example(b"\xff\xfeB")
@example(b"# id = ../../x\na O\n")
@example(b"1 1\n1 O\n")
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    """Damaged files give texts with spans inside them, or an error of the format."""
    with TemporaryDirectory() as place:
        path = Path(place) / "a.conll"
        path.write_bytes(data)
        texts: list[AnnotatedText] = []
        with suppress(FormatError):
            texts += conll.read(path, base())
    for text in texts:
        for annotation in text.annotations:
            assert text.text[annotation.start : annotation.end] == annotation.words
