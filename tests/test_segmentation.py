"""Sentences and tokens in many languages, in lists and in tables, and the choice of a tokenizer."""

import textwrap
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from statevisit import FormatError, load, read_document, validate
from statevisit.annotation.segmentation import segment
from statevisit.annotation.tokenizers import tokenizer
from statevisit.document.characters import is_invisible
from statevisit.document.model import Document
from tests.conftest import Result

HEADER = " date 2024-03-01 "


def _split(text: str, language: str = "en", by: str | None = None) -> tuple[list[str], list[str]]:
    sentences, tokens = segment(text, language, by)
    return [text[s.start : s.end] for s in sentences], [text[t.start : t.end] for t in tokens]


@pytest.mark.parametrize(
    ("language", "text", "tokens"),
    [
        ("tr", "Bakü'de OTS’ye 2024'te", "Bakü 'de OTS ’ye 2024 'te"),
        ("tr", "%92'si, TL'lik, 5'er 14.30'da", "% 92 'si , TL 'lik , 5 'er 14.30 'da"),
        ("tr", "O'Brien Kur'an Kur'an'ın", "O'Brien Kur'an Kur'an 'ın"),
        ("tr", "san'at mi'raç", "san'at mi'raç"),
        ("tr", '"Hürriyet"in “Zaman”ın', '" Hürriyet " in “ Zaman ” ın'),
        ("tr", "7,6 milyar", "7,6 milyar"),
        ("az-Latn-AZ", "Bakı'da Əliyev'ə Qur'an", "Bakı 'da Əliyev 'ə Qur'an"),
        ("fi", "EU:n Nato:n klo 14:30", "EU :n Nato :n klo 14:30"),
        ("sv", "FN:s kl. 14:30", "FN :s kl. 14:30"),
        ("hu", "NATO-ban 2024-ben Moszkva-barát", "NATO -ban 2024 -ben Moszkva-barát"),
        ("fr", "l'Élysée", "l' Élysée"),
        ("ar", "والرئيس، ٧٫٦ مليار ٩٢٪؟", "والرئيس ، ٧٫٦ مليار ٩٢ ٪ ؟"),
        ("zh", "达3.5亿美元，2024年", "达 3.5 亿 美 元 ， 2024 年"),
        ("zh-Hant", "普丁Putin（俄）", "普 丁 Putin （ 俄 ）"),
        ("yue", "佢哋", "佢 哋"),
        ("en", "He said 习近平：“好”", "He said 习 近 平 ： “ 好 ”"),
        ("en", "カタカナ ひらがな", "カタカナ ひ ら が な"),
        ("he", 'צה"ל', 'צה"ל'),
        ("hy", "Նա եկավ։", "Նա եկավ ։"),
        ("ko", "서울에서 (7일)", "서울에서 ( 7일 )"),
        ("vi", "ông Tô Lâm (67), nước.", "ông Tô Lâm ( 67 ) , nước ."),
        ("no", "Oslo er stor.", "Oslo er stor ."),
        ("en", "O'Brien's 2024's McDonald's", "O'Brien 's 2024 's McDonald 's"),
    ],
)
def test_tokens_of_languages(language: str, text: str, tokens: str) -> None:
    """A name, number or sign can be annotated without the suffix or word beside it."""
    assert tokens.split() == _split(text, language)[1]


@pytest.mark.parametrize(
    ("language", "text", "sentences"),
    [
        ("ar", "وصل الرئيس؟ نعم. «ثم غادر.»", ["وصل الرئيس؟", "نعم.", "«ثم غادر.»"]),
        ("ur", "وہ آیا۔ پھر گیا۔", ["وہ آیا۔", "پھر گیا۔"]),
        ("hi", "वह आया। फिर गया।", ["वह आया।", "फिर गया।"]),
        ("xx", "თბილისი. ქ. ბათუმი.", ["თბილისი.", "ქ. ბათუმი."]),
        ("gu", "ગુજરાતી. આવ્યા.", ["ગુજરાતી.", "આવ્યા."]),
        ("ar", "زاد ٩٢٪. ثم ٥. نعم.", ["زاد ٩٢٪.", "ثم ٥.", "نعم."]),
        ("hy", "Նա եկավ։ Գնաց։", ["Նա եկավ։", "Գնաց։"]),
        ("am", "ሰላም። እሺ።", ["ሰላም።", "እሺ።"]),
        ("el", "Ποιος; Αυτός.", ["Ποιος;", "Αυτός."]),
        ("zh", "达3.5亿。他走了！", ["达3.5亿。", "他走了！"]),
        ("zh", "他说：“好。”“走吧。”（完。）", ["他说：“好。”", "“走吧。”", "（完。）"]),
        ("de", "„Ja.“ Dann ging er. „Gut.“", ["„Ja.“", "Dann ging er.", "„Gut.“"]),
        ("fr", "« Oui. » Il part.", ["« Oui. »", "Il part."]),
        ("es", "Llegó. ¿Quién? ¡Sí!", ["Llegó.", "¿Quién?", "¡Sí!"]),
        ("ru", "Ушёл. — Да, — сказал он.", ["Ушёл.", "— Да, — сказал он."]),
        ("tr", "Dr. Ali geldi. 15. yüzyıl başladı.", ["Dr. Ali geldi.", "15. yüzyıl başladı."]),
        ("en", "“We must!” he said. He left.", ["“We must!” he said.", "He left."]),
        ("en", "He said “好。” and left.", ["He said “好。” and left."]),
    ],
)
def test_sentences_of_languages(language: str, text: str, sentences: list[str]) -> None:
    """Each script's own marks end a sentence, with the closing marks that follow them."""
    assert sentences == _split(text, language)[0]


ITEMS = [
    "• Baku is large\n• Tbilisi is old",
    "Two things:\n- the port\n- the airport",
    "Two things\n- the port of the city\n- the airport, which is new",
    "— Да.\n— Нет, — сказал он.",
    "1. Baku is large.\n2. Tbilisi is old and\nlies on a river.\n3. Kars",
    "a) the port\nb) the airport",
    "They agreed:\n1) on the port, for 7.6 billion",
    "Ad\tYaş\nAli\t30\nAyşe\t28",
    "| Name | Age |\n|---|---|\n| Ali | 30 |",
    "·  港口\n·  机场",
    "١. الميناء\n٢. المطار",
]


@pytest.mark.parametrize("text", ITEMS)
def test_sentences_end_at_list_items_and_rows(text: str) -> None:
    """An item or row without a full stop is a sentence; a wrapped line of an item stays in it."""
    sentences = text.replace("and\nlies", "and lies").split("\n")
    assert sentences == [s.replace("\n", " ") for s in _split(text)[0]]


def test_the_number_of_an_item_is_no_sentence() -> None:
    """The full stop of a number ends no sentence, also where a blank line is between the items."""
    sentences = ["1. Baku is large.", "It is old.", "2. Tbilisi is old."]
    assert sentences == _split("1. Baku is large. It is old.\n\n2. Tbilisi is old.")[0]


PROSE = {
    "en": "The talks between the capital - a large city on the coast - and the port - the second -"
    " took place on February 19. The delegation, which came on March 3, left on March 4. The "
    "minister spoke of 7.6 billion * over 92% | in all: 1) the port, 2) the airport - and more.",
    "de": "Am 15. Januar kam der Minister - wie am 16. Januar der Kanzler - nach Berlin. Dort blieb"
    " er bis zum 17. Januar 2024. Am 18. Januar reiste er ab - am 19. Januar kam er an.",
    "tr": "Cumhurbaşkanı 15. yüzyılda kurulan kente geldi – 16. yüzyılda yıkılan – ve 17. yüzyılda "
    "yeniden yapılan kaleyi gezdi. Ziyaret 18. gün sürdü – 19. gün bitti.",
}


@pytest.mark.parametrize("language", PROSE)
@pytest.mark.parametrize("width", range(30, 100, 7))
def test_wrapped_prose_is_not_divided(language: str, width: int) -> None:
    """A line break inside a sentence ends none, whatever sign the next line begins with."""
    prose = PROSE[language]
    wrapped = textwrap.fill(prose, width, break_on_hyphens=False)
    assert _split(prose, language)[0] == [
        sentence.replace("\n", " ") for sentence in _split(wrapped, language)[0]
    ]


def test_the_article_wrapped(article: Document) -> None:
    """The sentences of the article are the same if a mail program has wrapped its lines."""
    paragraphs = article.text.split("\n\n")
    wrapped = "\n\n".join(textwrap.fill(p, 65, break_on_hyphens=False) for p in paragraphs)
    assert [article.text_of(s).split() for s in article.sentences] == [
        sentence.split() for sentence in _split(wrapped)[0]
    ]


def test_tokenizers_by_name() -> None:
    """White space, characters, and the rules of another language can be chosen by name."""
    text = "Dr. Ali geldi, สวัสดี 👩‍🚀. Bakü'de"
    assert text.split() == _split(text, "tr", "whitespace")[1]
    assert ["Dr. Ali geldi, สวัสดี 👩‍🚀.", "Bakü'de"] == _split(text, "tr", "whitespace")[0]
    assert ["ส", "วั", "ส", "ดี", "👩‍🚀"] == _split("สวัสดี 👩‍🚀", "th", "characters")[1]
    assert ["Bakü'de"] == _split("Bakü'de", "tr", "xx")[1]
    assert _split(text, "tr") == _split(text, "tr", "tr")


@pytest.mark.parametrize(
    ("language", "by", "advice"),
    [
        ("kk", None, "--tokenizer xx"),
        ("lex_attrs", None, "--tokenizer xx"),
        ("../en", None, "--tokenizer xx"),
        ("en", "spaces", "--tokenizer whitespace"),
        ("ja", None, r"pip install 'spacy\[ja\]'|^$"),
        ("th", None, r"--tokenizer characters|^$"),
    ],
)
def test_a_tokenizer_that_is_missing(language: str, by: str | None, advice: str) -> None:
    """A language without a tokenizer is refused, and the message names one that works."""
    with pytest.raises(FormatError, match=advice):
        tokenizer(language, by)


@pytest.mark.parametrize(
    ("language", "by", "annotator"),
    [
        ("kk", "xx", "spacy-blank-xx"),
        ("th", "characters", "characters"),
        ("tr", "whitespace", "whitespace"),
        ("tr", None, "spacy-blank"),
    ],
)
def test_the_tokenizer_is_recorded(
    tmp_path: Path, cli: Callable[..., Result], language: str, by: str | None, annotator: str
) -> None:
    """The document and the list of annotators name the tokenizer, and the corpus is valid."""
    seed = tmp_path / "seed.txt"
    seed.write_text(f"{HEADER}Астана қаласы. สวัสดี.", encoding="utf-8")
    root = tmp_path / "root"
    choice = ["--tokenizer", by] if by else []
    result = cli("ingest", seed, "--path", root, "--id", "x", "--language", language, *choice)
    assert (0, "") == (result.status, result.err)
    assert (annotator,) == load(root)["x"].annotators
    listed = orjson.loads((root / "corpus/annotators.json").read_bytes())
    assert [annotator] == [entry["id"] for entry in listed["annotators"]]
    assert [] == list(validate(root))


def test_realign_uses_the_tokenizer_of_the_document(
    tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """A corrected text in a language that spaCy lacks has tokens by the chosen tokenizer."""
    old, new = tmp_path / "old.txt", tmp_path / "new.txt"
    old.write_text(f"{HEADER}Астана қаласы.", encoding="utf-8")
    new.write_text(f"{HEADER}Астана, үлкен қала.", encoding="utf-8")
    root = tmp_path / "root"
    cli("ingest", old, "--path", root, "--id", "x", "--language", "kk", "--tokenizer", "whitespace")
    document = root / "corpus/documents/x.json"
    result = cli("realign", old, new, document)
    assert (0, "") == (result.status, result.err)
    realigned = read_document(document)
    assert ["Астана", ",", "үлкен", "қала."] == [realigned.text_of(t) for t in realigned.tokens]


@given(
    st.text(max_size=80),
    st.sampled_from(["en", "tr", "az", "zh", "fi", "hu", "ar", "ko", "he", "hy", "el", "xx"]),
    st.sampled_from([None, "whitespace", "characters", "xx"]),
)
@settings(deadline=None)
def test_tokens_tile_any_text_and_sentences_cover_them(
    text: str, language: str, by: str | None
) -> None:
    """In any text all visible characters are in one token each, and all tokens in one sentence."""
    sentences, tokens = segment(text, language, by)
    for spans in (sentences, tokens):
        assert all(s.start < s.end for s in spans)
        assert all(a.end <= b.start for a, b in pairwise(spans))
    starts, ends = {t.start for t in tokens}, {t.end for t in tokens}
    assert all(s.start in starts and s.end in ends for s in sentences)
    covered = [t for s in sentences for t in tokens if s.start <= t.start and t.end <= s.end]
    assert [*tokens] == covered
    in_tokens = {at for t in tokens for at in range(t.start, t.end)}
    outside = [character for at, character in enumerate(text) if at not in in_tokens]
    assert all(is_invisible(character) for character in outside)


@given(st.text(max_size=12), st.text(max_size=12))
@settings(deadline=None)
def test_any_name_of_a_language(language: str, by: str) -> None:
    """Any language and any tokenizer either exists or is refused with a sentence."""
    for name in (None, by):
        with suppress(FormatError):
            assert tokenizer(language, name).annotator["layers"] == ["sentences", "tokens"]
