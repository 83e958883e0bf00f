"""Tokens and sentences divided and joined: spans keep their places, evidence is renumbered."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from statevisit import FormatError, files, read_document, validate
from statevisit.annotation.boundaries import (
    merge_sentences,
    merge_tokens,
    split_sentence,
    split_token,
)
from statevisit.annotation.mending import find, mend
from statevisit.checks.document import check_document
from statevisit.corpus.documents import write_document
from statevisit.document.codec import encode, ordered
from statevisit.document.model import Document
from tests.conftest import DOC_ID, Result, annotated_text
from tests.strategies import documents

PLACE = f"corpus/documents/{DOC_ID}.json"


@pytest.fixture
def turkish(tmp_path: Path) -> Path:
    """A Turkish document with two mentions, a relation and a quotation, outside any corpus."""
    entity = {"nil": "UNVERIFIED", "reference": "SPECIFIC"}
    draft = {
        "language": "tr",
        "text": "Dün başkan Bakü'de idi. Dr. Ali Ankaradan yazdı: “Geldi. Gitti.” Ali’nin evi.",
        "mentions": [
            {"quote": "Bakü", "level": "NAM", "entity": "baku"},
            {"quote": "Ali", "occurrence": 1, "level": "NAM", "entity": "ali"},
            {"quote": "Ankaradan", "level": "NAM", "entity": "ankara"},
        ],
        "entities": [
            {"id": "baku", "type": "GPE", "name": "Bakü", **entity},
            {"id": "ali", "type": "PERSON", "name": "Ali", **entity},
            {"id": "ankara", "type": "GPE", "name": "Ankara", **entity},
        ],
        "relations": [
            {"type": "LOCATED_IN", "source": "ali", "target": "baku", "evidence": [0, 1]}
        ],
        "quotations": [{"quote": "“Geldi. Gitti.”", "type": "DIRECT"}],
    }
    path = tmp_path / "tr.json"
    write_document(annotated_text(draft, "tr"), path)
    return path


def _tokens(path: Path) -> list[str]:
    document = read_document(path)
    return [document.text_of(token) for token in document.tokens]


def _sentences(path: Path) -> list[str]:
    document = read_document(path)
    return [document.text_of(sentence) for sentence in document.sentences]


def test_split_a_token(turkish: Path, cli: Callable[..., Result]) -> None:
    """A mark in a quote divides a token; the spans that have all of it are named and stay."""
    result = cli("tokens", "split", turkish, "Ankara|dan yazdı")
    assert (0, "") == (result.status, result.err)
    assert "with all parts of the divided token: m3 'Ankaradan'" in result.out
    assert ["Ankara", "dan"] == [t for t in _tokens(turkish) if t in ("Ankara", "dan", "Ankaradan")]
    assert "Ankaradan" == read_document(turkish)["m3"].text
    assert [] == list(check_document(read_document(turkish)))


def test_merge_tokens(turkish: Path, cli: Callable[..., Result]) -> None:
    """A quote of several tokens becomes one; one that would hold the edge of a span is refused."""
    result = cli("tokens", "merge", turkish, "Bakü'de")
    assert (1, True) == (result.status, "m1 'Bakü' would cut the token \"Bakü'de\"" in result.err)
    assert 0 == cli("tokens", "merge", turkish, "Ali'nin").status
    assert "Ali’nin" in _tokens(turkish)
    result = cli("tokens", "merge", turkish, "idi. Dr.")
    assert (1, True) == (result.status, "merge the sentences first" in result.err)


def test_merge_and_split_sentences(turkish: Path, cli: Callable[..., Result]) -> None:
    """Evidence counts the new sentences; a quotation may go beyond a sentence, a name may not."""
    before = turkish.read_bytes()
    merged = "Dün başkan Bakü'de idi. Dr. Ali Ankaradan yazdı: “Geldi."
    assert 0 == cli("sentences", "merge", turkish, "idi. Dr.").status
    assert (merged, (0,)) == (
        _sentences(turkish)[0],
        read_document(turkish).relations[0].evidence,
    )
    result = cli("sentences", "split", turkish, "idi. | Dr.")
    assert (0, True) == (result.status, "with both sentences as evidence: r1" in result.out)
    assert before == turkish.read_bytes()
    assert 0 == cli("sentences", "merge", turkish, "Geldi. Gitti.").status
    assert [] == list(check_document(read_document(turkish)))


@pytest.mark.parametrize(
    ("command", "quote", "message"),
    [
        (("tokens", "split"), "Bakü", "has no | at the place"),
        (("tokens", "split"), "Ba|kü", "m1"),
        (("tokens", "split"), "yok|tur", "'yoktur' does not occur in the text of 'tr'"),
        (("tokens", "split"), "A|li", "occurs in 2 places"),
        (("tokens", "split"), "Bakü|'de", "a token ends at the mark already"),
        (("tokens", "split"), "|", "has no words to look for"),
        (("tokens", "merge"), "aşkan Bakü", "the tokens here are 'başkan', 'Bakü'"),
        (("tokens", "merge"), "başkan", "is within one token already"),
        (("sentences", "split"), "baş|kan", "inside the token 'başkan'; split the token first"),
        (("sentences", "split"), "idi. | Dr.", "a sentence ends at the mark already"),
        (("sentences", "merge"), "Dr. Ali", "is within one sentence already"),
    ],
)
def test_what_cannot_be_done_is_said(
    turkish: Path, cli: Callable[..., Result], command: tuple[str, str], quote: str, message: str
) -> None:
    """A mistake is answered with the reason and what to do, and changes nothing."""
    before = turkish.read_bytes()
    result = cli(*command, turkish, quote)
    if message == "m1":  # a name may have parts
        assert (0, True) == (result.status, message in result.out)
        return
    assert (1, True, before) == (result.status, message in result.err, turkish.read_bytes())


def test_a_span_in_two_sentences_is_named(corpus: Path, cli: Callable[..., Result]) -> None:
    """A sentence cannot end inside a name."""
    result = cli("sentences", "split", corpus / PLACE, "in the Second |Karabakh War in 2020")
    assert (1, True) == (result.status, "'Second Karabakh War' would be in both" in result.err)


def test_an_emoji_and_a_letter_with_its_accent_stay_whole(article: Document) -> None:
    """No token ends between characters that readers see as one."""
    text = "👩‍🚀 q̃ué"
    document = annotated_text({"text": text, "entities": []}, "x")
    for at in range(1, 3):
        with pytest.raises(FormatError, match="divides one character"):
            split_token(document, at)
    with pytest.raises(FormatError, match="divides one character"):
        split_token(document, text.index("q") + 1)


def test_all_files_of_the_document_change(corpus: Path, cli: Callable[..., Result]) -> None:
    """The published document and those of the annotators change together; the corpus is valid."""
    assert 0 == cli("tokens", "merge", corpus / PLACE, "two-day").status
    assert 0 == cli("sentences", "merge", corpus / PLACE, "welcoming ceremony. It is").status
    paths = [corpus / PLACE, *corpus.glob("corpus/annotators/*/*.json")]
    assert [(551, 21)] * 3 == [
        (len(document.tokens), len(document.sentences)) for document in map(read_document, paths)
    ]
    assert [] == list(validate(corpus))


def test_all_or_none(
    corpus: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If one file cannot have the change, or cannot be written, none has it."""
    paths = [corpus / PLACE, *sorted(corpus.glob("corpus/annotators/*/*.json"))]
    document = read_document(paths[2])
    first = next(token for token in document.tokens if document.text_of(token) == "two")
    write_document(replace(document, timexes=(), events=()), paths[2])
    mention = replace(document.mentions[0], id="m999", start=first.start, end=first.end, text="two")
    write_document(ordered(replace(document, mentions=(*document.mentions, mention))), paths[2])
    before = [path.read_bytes() for path in paths]
    result = cli("tokens", "merge", corpus / PLACE, "two-day")
    if "m999" not in result.err:  # the first "two" of the text is another one
        pytest.fail(result.err or result.out)
    assert (1, before) == (result.status, [path.read_bytes() for path in paths])
    write = files.write

    def full(path: Path, data: bytes) -> None:
        if path == paths[2]:
            raise OSError(28, "No space left on device", str(path))
        write(path, data)

    monkeypatch.setattr(files, "write", full)
    result = cli("tokens", "split", corpus / PLACE, "welcom|ing ceremony")
    assert (1, True) == (result.status, "the disk is full; nothing was changed" in result.err)
    assert before == [path.read_bytes() for path in paths]


def test_another_text_in_a_file_of_an_annotator(corpus: Path) -> None:
    """A file whose text is another one is named, and nothing changes."""
    path = corpus / f"corpus/annotators/b/{DOC_ID}.json"
    document = read_document(path)
    path.write_bytes(encode(replace(document, text=document.text + " ")))
    with pytest.raises(FormatError, match=r"annotators/b/.*: has another text"):
        mend(corpus / PLACE, "tokens", "two-day", split=False, occurrence=None)


def test_a_file_that_has_the_change_already(corpus: Path, tmp_path: Path) -> None:
    """An annotator's file with the token mended stays as it is; the others follow."""
    alone = tmp_path / "alone" / f"{DOC_ID}.json"
    alone.parent.mkdir()
    other = corpus / f"corpus/annotators/a/{DOC_ID}.json"
    shutil.copy(other, alone)
    mend(alone, "tokens", "two-day", split=False, occurrence=None)
    shutil.copy(alone, other)
    mended = mend(corpus / PLACE, "tokens", "two-day", split=False, occurrence=None)
    assert 2 == len(mended)
    assert alone.read_bytes() == other.read_bytes()


def test_another_mark_and_typography(article: Document) -> None:
    """Quotes are found with other quotation marks, white space and invisible characters."""
    document = annotated_text({"text": "a|b isn’t\nco\u00adop two", "entities": []}, "x")
    assert (0, 3, (1,)) == _place(document, "a/|b", "/")
    assert (4, 9, (7,)) == _place(document, "isn|'t", "|")
    assert (4, 15, (10,)) == _place(document, "isn't | coop", "|")


def _place(document: Document, quote: str, mark: str) -> tuple[int, int, tuple[int, ...]]:
    place = find(document, quote, mark)
    return place.start, place.end, place.marks


def _without_w215(document: Document) -> list[object]:
    """The problems of a document but for heads of two tokens, which a divided token makes."""
    return [problem for problem in check_document(document) if problem[0] != "W215"]


@pytest.mark.slow
@given(documents(), st.data())
@settings(deadline=None)
def test_split_and_merge_tokens_is_the_identity(document: Document, data: st.DataObject) -> None:
    """A token that is divided anywhere and joined again leaves the document as it was."""
    for token in document.tokens:
        at = data.draw(st.integers(token.start, token.end))
        try:
            divided = split_token(document, at)
        except FormatError:
            continue
        assert _without_w215(document) == _without_w215(divided)
        assert document == merge_tokens(divided, token.start, token.end)


@pytest.mark.slow
@given(documents(), st.data())
@settings(deadline=None)
def test_split_and_merge_sentences_is_the_identity(document: Document, data: st.DataObject) -> None:
    """A sentence that is divided and joined again leaves the document as it was, evidence too."""
    document = ordered(document)
    for sentence in document.sentences:
        at = data.draw(st.integers(sentence.start, sentence.end))
        try:
            divided = split_sentence(document, at)
        except FormatError:
            continue
        assert list(check_document(document)) == list(check_document(divided))
        assert document == merge_sentences(divided, sentence.start, sentence.end)
