"""WebAnno TSV 3: what WebAnno and INCEpTION export is read, by the rules of their user guide."""

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from statevisit.document.codec import read_document
from statevisit.document.model import Document
from statevisit.document.scheme import base
from statevisit.errors import FormatError
from statevisit.formats.texts import AnnotatedText
from statevisit.formats.webanno_tsv import read
from tests.conftest import DOC_ID, Result

Run = Callable[..., Result]
ENTITY = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"
POS = "de.tudarmstadt.ukp.dkpro.core.api.lexmorph.type.pos.POS"
COREF = "de.tudarmstadt.ukp.dkpro.core.api.coref.type.CoreferenceLink"
HEAD = f"#FORMAT=WebAnno TSV 3.3\n#T_SP={ENTITY}|identifier|value\n"


def _read(content: str | bytes, name: str = "story.tsv") -> AnnotatedText:
    """The text of a file."""
    data = content if isinstance(content, bytes) else content.encode()
    with TemporaryDirectory() as directory:
        path = Path(directory) / name
        path.write_bytes(data)
        (text,) = read(path, base())
    return text


def _spans(text: AnnotatedText) -> list[tuple[str, str]]:
    return [(a.label, text.text[a.start : a.end]) for a in text.annotations]


STORY = f"""{HEAD}#T_SP=my.Mood|
#T_SP={POS}|PosValue
#T_RL=my.Knows|value|BT_{ENTITY}


#Text=Zoë Müller met Ann .
1-1\t0-3\tZoë\thttp://x/Q1[1]\tPER[1]\t_\tNN\t_\t_\t
1-2\t4-10\tMüller\thttp://x/Q1[1]|*[2]\tPER[1]|NAME[2]\t*\tNN\t_\t_\t
1-3\t11-14\tmet\t_\t_\t_\tVB\t_\t_\t
1-4\t15-18\tAnn\t*\tPER\t_\tNN\tfriend\\_of|likes\t1-1[1_0]|1-2[2_0]\t
1-4.1\t15-16\tA\t*\tINITIAL\t_\t_\t_\t_\t
1-5\t19-20\t.\t_\t_\t_\t_\t_\t_\t

#Sentence.id=s2
#Text=They
#Text=left.
2-1\t24-28\tThey\t*\t*\t_\t_\t_\t_\t
2-2\t29-34\tleft.\t_\t_\t_\t_\t_\t_\t
"""


def test_stacked_and_long_annotations_are_joined() -> None:
    """Numbers join rows, `|` separates, `*` has no value, parts of tokens are spans."""
    text = _read(STORY)
    assert "Zoë Müller met Ann .\n   They\nleft." == text.text
    assert ("story", 9) == (text.id, text.annotations[0].line)
    expected = [
        ("PER", "Zoë Müller"),
        ("NAME", "Müller"),
        ("Mood", "Müller"),
        ("PER", "Ann"),
        ("INITIAL", "A"),
        ("NamedEntity", "They"),
    ]
    assert expected == _spans(text)
    assert {"identifier": "http://x/Q1"} == text.annotations[0].attributes
    assert {} == text.annotations[1].attributes
    names = {a.id: (a.label, a.words) for a in text.annotations}
    assert [
        (("PER", "Zoë Müller"), "friend_of", ("PER", "Ann")),
        (("NAME", "Müller"), "likes", ("PER", "Ann")),
    ] == [(names[r.source], r.label, names[r.target]) for r in text.relations]
    assert {"annotations of tokens (POS)"} == {loss.kind for loss in text.losses}


def test_offsets_count_utf16_code_units() -> None:
    """An emoji before a token counts as two; files that count it as one are recognised."""
    rows = "1-1\t0-{0}\t👩‍👩‍👧‍👦\t_\t_\t\n1-2\t{1}-{2}\tZoë\t*\tPER\t\n"
    head = f"{HEAD}\n\n#Text=👩‍👩‍👧‍👦 Zoë\n"
    for width in (11, 7):
        text = _read(head + rows.format(width, width + 1, width + 4))
        assert [("PER", "Zoë")] == _spans(text)
        assert 8 == text.annotations[0].start


def test_chains_become_clusters() -> None:
    """A link at the place of a named entity stands for it; any other is a span of its own."""
    text = _read(
        f"#FORMAT=WebAnno TSV 3.2\n#T_SP={ENTITY}|value\n#T_CH={COREF}|referenceType|"
        "referenceRelation\n\n\n#Text=Ann saw the old man : him .\n"
        "1-1\t0-3\tAnn\tPER\tnam[2]\tcoref->2-1\t\n1-2\t4-7\tsaw\t_\t_\t_\t\n"
        "1-3\t8-11\tthe\t_\tnom[1]\t*->1-1\t\n1-4\t12-15\told\t_\tnom[1]\t*->1-1\t\n"
        "1-5\t16-19\tman\t_\tnom[1]|nam[2]\t*->1-1|*->2-2\t\n1-6\t20-21\t:\t_\t_\t_\t\n"
        "1-7\t22-25\thim\t_\tpro[1]\t*->1-2\t\n1-8\t26-27\t.\t_\t_\t_\t\n"
    )
    names = {a.id: f"{a.label} {a.words}" for a in text.annotations}
    clusters = [(c.id, [names[m] for m in c.members]) for c in text.clusters]
    assert [
        ("cluster-1", ["nom the old man", "pro him"]),
        ("coref", ["PER Ann", "nam man"]),
    ] == clusters


def test_slots_become_relations() -> None:
    """The example of the user guide: a frame with a seller, goods and a buyer."""
    text = _read(
        "#FORMAT=WebAnno TSV 3.3\n#T_SP=my.Frame|FE|ROLE_my.Frame:Roles_my.FrameRolesLink|my.Lu\n"
        "#T_SP=my.Lu|value\n\n\n#Text=Bob auctioned the clock to John .\n"
        "1-1\t0-3\tBob\t_\t_\t_\tbob\t\n"
        "1-2\t4-13\tauctioned\tsale\tseller;goods;*;buyer\t1-1;1-3[4];1-6;*\t_\t\n"
        "1-3\t14-17\tthe\t_\t_\t_\tclock[4]\t\n1-4\t18-23\tclock\t_\t_\t_\tclock[4]\t\n"
        "1-5\t24-26\tto\t_\t_\t_\t_\t\n1-6\t27-31\tJohn\t_\t_\t_\tjohn\t\n"
        "1-7\t32-33\t.\t_\t_\t_\t_\t\n"
    )
    names = {a.id: a.words for a in text.annotations}
    assert [("seller", "Bob"), ("goods", "the clock"), ("Roles", "John")] == [
        (r.label, names[r.target]) for r in text.relations
    ]
    assert ["slots without a target"] == [loss.kind for loss in text.losses]


def test_escapes_are_undone() -> None:
    r"""Reserved characters come back, in values and in the text; `\\|` ends a value."""
    value = r"a\[1\]\|\_\;\->\*\\|b\tc\n"
    text = _read(
        f"#FORMAT=WebAnno TSV 3.3\n#T_SP=my.X|value\n\n\n#Text=a\\tb\\\\c\\r\n"
        f"1-1\t0-1\ta\t{value}\t\n1-2\t2-5\tb\\\\c\t_\t\n"
    )
    assert "a\tb\\c\r" == text.text
    assert ["a[1]|_;->*\\", "b\tc\n"] == [a.label for a in text.annotations]
    old = _read(
        "#FORMAT=WebAnno TSV 3.1\n#T_SP=my.X|value\n\n\n#Text=\\u00e9 \\uD83D\\uDE0A\n"
        "1-1\t0-1\té\tE\t\n1-2\t2-4\t😊\tS\t\n"
    )
    assert [("E", "é"), ("S", "😊")] == _spans(old)


def test_crlf_and_a_byte_order_mark_change_nothing() -> None:
    """Files that an editor of Windows saved are the same."""
    windows = _read(b"\xef\xbb\xbf" + STORY.encode().replace(b"\n", b"\r\n"))
    assert replace(_read(STORY), file="") == replace(windows, file="")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("WebAnno TSV 3.3", "WebAnno TSV 2", r"story\.tsv:1: .* export as WebAnno TSV 3"),
        ("1-3\t11-14\tmet", "1-3\t11-14\tmeet", r"story\.tsv:11: 'meet' does not stand at \[11"),
        ("2-2\t29-34", "2-2\t29-340", r"story\.tsv:20: 'left\.' does not stand at"),
        ("29-34", f"29-{'9' * 19}", r"story\.tsv:20: .* is no row of a token"),
        (
            "2-1\t24-28",
            f"2-1\t{'9' * 18}-{'9' * 18}",
            r"story\.tsv:17: the sentence begins at 999.* too far",
        ),
        ("2-1\t24-28", "2-1\t2-6", r"story\.tsv:17: the sentence begins at 2, but the one before"),
        ("1-1[1_0]", "1-77[1_0]", r"story\.tsv:12: refers to '1-77', which is no row"),
        ("\t*\tPER\t_\tNN", "\t*\tPER", r"story\.tsv:12: has \d columns .* instead of the 6"),
        ("1-3\t11-14", "third\t11-14", r"story\.tsv:11: .* is no row of a token"),
    ],
)
def test_damage_is_named_with_its_line(old: str, new: str, message: str) -> None:
    """A row that cannot be read is refused with file and line, and what is wrong."""
    assert old in STORY
    with pytest.raises(FormatError, match=message):
        _read(STORY.replace(old, new))


def test_it_is_imported_with_a_mapping(tmp_path: Path, cli: Run) -> None:
    """The command makes a document, and lists what has no place."""
    corpus = tmp_path / "corpus"
    (corpus / "corpus/documents").mkdir(parents=True)
    (corpus / "seeds").mkdir()
    (tmp_path / "story.tsv").write_text(STORY)
    mapping = tmp_path / "labels.toml"
    mapping.write_text('[labels]\nPER = "PERSON"\n[defaults]\n"mentions.level" = "NAM"\n')
    options = ["--path", corpus, "--map", mapping, "--date", "2024-01-01"]
    result = cli("import", "--from", "webannotsv", tmp_path / "story.tsv", *options)
    assert 0 == result.status, result.err
    assert "annotations labelled 'Mood': 1 time" in result.err
    document = read_document(corpus / "corpus/documents/story.json", base())
    assert ["Zoë Müller", "Ann"] == [m.text for m in document.mentions]


def test_an_export_beside_it_is_no_matter(corpus: Path, cli: Run, article: Document) -> None:
    """There is no TSV export to compare it with: what it has is added to the document."""
    out = corpus / "out"
    cli("export", "--to", "xmi", "-o", out, "--path", corpus)
    word = article.text.split()[0]
    lines = article.text.replace("\n", "\n#Text=")
    path = out / f"{DOC_ID}.tsv"
    path.write_text(f"{HEAD}\n\n#Text={lines}\n1-1\t0-{len(word)}\t{word}\t*\tORG\t\n")
    mapping = corpus / "labels.toml"
    mapping.write_text('[labels]\nORG = "ORG"\n[defaults]\n"mentions.level" = "NAM"\n')
    options = ["--path", corpus, "--map", mapping, "--dry-run"]
    result = cli("import", "--from", "webannotsv", path, *options)
    assert 0 == result.status, result.err
    assert f"[0, {len(word)}) '{word}'" in result.out


LAYER_OF_OURS = "webanno.custom.Event|label|tense|record|other"


def test_layers_of_ours_keep_their_names() -> None:
    """What INCEpTION exports of an import of ours has the ids and attributes of the records."""
    text = _read(
        f"#FORMAT=WebAnno TSV 3.3\n#T_SP={LAYER_OF_OURS}\n\n\n#Text=met\n"
        '1-1\t0-3\tmet\tOCCURRENCE\tPAST\te1\tnote="a\\|b"\t\n'
    )
    (event,) = text.annotations
    assert ("e1", "OCCURRENCE") == (event.id, event.label)
    assert {"tense": "PAST", "note": "a|b"} == event.attributes


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    cut=st.integers(0, len(STORY)),
    length=st.integers(0, 20),
    junk=st.text("0123456789-_|[]*;\t\n#\\>é👩", max_size=8) | st.binary(max_size=6),
)
def test_any_damage_is_an_error_or_a_text(cut: int, length: int, junk: str | bytes) -> None:
    """Characters that are lost or replaced anywhere never end in a traceback."""
    inserted = junk if isinstance(junk, bytes) else junk.encode()
    damaged = STORY[:cut].encode() + inserted + STORY[cut + length :].encode()
    try:
        text = _read(damaged)
    except FormatError as error:
        message = str(error)
    else:
        assert all(0 <= a.start < a.end <= len(text.text) for a in text.annotations)
        return
    assert "story.tsv:" in message
