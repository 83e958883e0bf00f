"""From a seed to a document: header, paragraphs, sentences, tokens, and the lists of a corpus."""

import hashlib
import os
import shutil
import subprocess
import sys
import unicodedata
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest
from hypothesis import assume, given, settings

from statevisit import FormatError, load, read_document, validate
from statevisit.annotation.ingest import decode_seed, ingest
from statevisit.annotation.segmentation import segment
from statevisit.annotation.tokenizers import ANNOTATOR
from statevisit.checks.document import check_document
from statevisit.document.model import Document
from tests.conftest import DOC_ID, PATIENCE, ROOT, Result, interrupted, opened, started
from tests.strategies import documents, seed_of

HEADER = " date 2024-03-01 "


def _split(text: str, language: str = "en") -> tuple[list[str], list[str]]:
    sentences, tokens = segment(text, language)
    return [text[s.start : s.end] for s in sentences], [text[t.start : t.end] for t in tokens]


def test_the_shipped_document_is_what_ingest_makes(article: Document) -> None:
    """The sentences and tokens of the shipped document are exactly those that ingest makes.

    Proofreading them left nothing to correct.
    """
    seed = (ROOT / "seeds" / article.source.file).read_bytes()
    ingested = ingest(seed, article.source.file, DOC_ID)
    for name in ("id", "language", "date", "source", "text", "text_sha256", "tokens", "sentences"):
        assert getattr(article, name) == getattr(ingested, name), name
    assert 17 == ingested.source.header_length
    assert hashlib.sha256(seed).hexdigest() == ingested.source.sha256
    assert (ANNOTATOR["id"],) == ingested.annotators
    counts = ingested.counts()
    assert {0} == {counts[layer] for layer in counts if layer not in ("sentences", "tokens")}


def test_paragraphs_of_the_article(article: Document) -> None:
    """The article has nine paragraphs, with the numbers of sentences that a reader counts."""
    assert [3, 2, 1, 1, 2, 4, 3, 2, 4] == [
        sum(s.paragraph == p for s in article.sentences) for p in range(9)
    ]


@pytest.mark.parametrize(
    ("seed", "text", "length"),
    [
        (" date 2024-03-01 Text.", "Text.", 17),
        ("date 2024-03-01 Text.", "Text.", 16),
        ("\ndate 2024-03-01  Text.\n", " Text.\n", 17),
        (" date 2024-03-01 date 2024-03-02 Text.", "date 2024-03-02 Text.", 17),
        (" date 2024-03-01 \n👍 date 2024-03-02", "\n👍 date 2024-03-02", 17),
    ],
)
def test_header(seed: str, text: str, length: int) -> None:
    """The first header is taken off, and no character of the text with it."""
    assert (text, "2024-03-01", length) == decode_seed(seed.encode(), "seed.txt")


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        (" date 2024-3-1 Text.", "'2024-3-1' is not YYYY-MM-DD"),
        (" date 2024-13-01 Text.", "2024-13-01 is not in the calendar"),
        (" date 0000-01-01 Text.", "0000-01-01 is not in the calendar"),
        (" date ٢٠٢٤-03-01 Text.", "is not YYYY-MM-DD"),
        ("  date 2024-03-01 Text.", "no header"),
        (" Date 2024-03-01 Text.", "no header"),
        (" date 2024-03-01", "no header"),
        (f"{HEADER}a\x85b", "seed.txt:1:19: U\\+0085 is not allowed"),
        (f"{HEADER}a\u2028b\nc\ufeff", "seed.txt:2:2: a byte order mark"),
        (f"{HEADER}a\u2028b\ne\u0301", "seed.txt:2: not in Unicode normal form NFC"),
        (f"{HEADER}{'x' * 10_000_001}", "10,000,001 characters; a document has at most 10,000,000"),
    ],
    ids=lambda v: repr(v[:30]),
)
def test_bad_headers_and_texts(seed: str, message: str) -> None:
    """A file that is not a seed is refused with file and line.

    Only LF ends a line; other characters that look like a line end do not.
    """
    with pytest.raises(FormatError, match=message):
        decode_seed(seed.encode(), "seed.txt")


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("a two-day visit", ["a", "two", "-", "day", "visit"]),
        ("the Baku-Tbilisi-Kars railway", ["the", "Baku", "-", "Tbilisi", "-", "Kars", "railway"]),
        ("Türkiye-Azerbaijan relations", ["Türkiye", "-", "Azerbaijan", "relations"]),
        ("Aliyev's visit (OTS).", ["Aliyev", "'s", "visit", "(", "OTS", ")", "."]),
        (
            "around $7.6 billion, over 92%",
            ["around", "$", "7.6", "billion", ",", "over", "92", "%"],
        ),
        ("on Feb. 14", ["on", "Feb.", "14"]),
    ],
)
def test_tokens(text: str, tokens: list[str]) -> None:
    """Hyphens between letters, currency and per cent signs, possessives and brackets are tokens."""
    assert tokens == _split(text)[1]


FORMAT_CHARACTERS = (
    *("\u00ad", "\u061c", "\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u202a", "\u202e"),
    *("\u2060", "\u2066", "\u2069", "\u206a", "\ufff9", "\U000e0001"),
)


@pytest.mark.parametrize("mark", FORMAT_CHARACTERS, ids=ascii)
@pytest.mark.parametrize("language", ["en", "ar", "de", "xx"])
def test_format_characters_at_the_edge_of_a_token_stay_outside(mark: str, language: str) -> None:
    """A word between invisible characters is a token, and so are the signs around it.

    The document is right, though the characters are in no token.
    """
    text = f"{mark}See {mark}Riga{mark}, ({mark}Oslo{mark}) and{mark} {mark} Rome{mark}.{mark}"
    document = ingest((HEADER + text).encode(), "seed.txt", "x", language)
    assert ["See", "Riga", ",", "(", "Oslo", ")", "and", "Rome", "."] == [
        document.text_of(token) for token in document.tokens
    ]
    assert [text.strip(f" {mark}")] == [document.text_of(s) for s in document.sentences]
    assert [] == list(check_document(document))


@pytest.mark.parametrize(
    ("text", "language", "tokens"),
    [
        ("co\u00adoperation was zero\u200bwidth", "en", None),
        ("او می\u200cخواهد کتاب\u200cها", "fa", None),
        ("क्\u200dष लिखा", "hi", None),
        ("Hi 👨\u200d👩\u200d👧 ❤️\u200d🔥 🏳️\u200d🌈 👩🏽\u200d🚀 ok", "en", None),
        ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f won", "en", None),
        ("\u0600١٢ و", "ar", None),
        ("👨\u200d👩!", "en", ["👨\u200d👩", "!"]),
        ("a\u200d b", "en", ["a", "b"]),
        ("👍\u200d b", "en", ["👍", "b"]),
    ],
)
def test_format_characters_inside_a_word_stay_inside(
    text: str, language: str, tokens: list[str] | None
) -> None:
    """Soft hyphens, Persian non-joiners and the joiners and tags of emoji belong to their token."""
    assert (tokens or text.split()) == _split(text, language)[1]


def test_format_characters_hide_no_sentence_end() -> None:
    """A mark after a full stop does not join two sentences; alone it is no paragraph."""
    assert ["He left.", "She stayed."] == _split("He left.\u200f \u200eShe stayed.\u200f")[0]
    sentences, _ = segment("One.\n\n\u200b\n\nTwo.")
    assert [0, 1] == [s.paragraph for s in sentences]
    with pytest.raises(FormatError, match="has a header but no text"):
        decode_seed(f"{HEADER}\u200b\n\u200e".encode(), "seed.txt")


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("One. Two! Three?", ["One.", "Two!", "Three?"]),
        ("On Feb. 14 he came. He left.", ["On Feb. 14 he came.", "He left."]),
        ('He said it. "We must." Then he left.', ["He said it.", '"We must."', "Then he left."]),
        ("He said it. “We must.” Then he left.", ["He said it.", "“We must.”", "Then he left."]),
        ("It ended. (The end.)", ["It ended.", "(The end.)"]),
        ("A heading\n\nA text. ", ["A heading", "A text."]),
        ("one line\nof a sentence.", ["one line\nof a sentence."]),
        ("Only words", ["Only words"]),
    ],
)
def test_sentences(text: str, sentences: list[str]) -> None:
    """Sentences end at marks and blank lines; an opening quotation mark begins its sentence."""
    assert sentences == _split(text)[0]


@pytest.mark.parametrize("blank", ["\n\n", "\n \n", "\n\t\u00a0\n", "\n\n\n\n", "  \n\n  "])
def test_a_blank_line_begins_a_paragraph(blank: str) -> None:
    """Consecutive blank lines, with or without white space, are one paragraph boundary.

    Blank lines at the beginning or the end of the text are no boundary.
    """
    sentences, _ = segment(f"{blank}One. Two.{blank}Three\nfour.{blank}Five.{blank}")
    assert [0, 0, 1, 2] == [s.paragraph for s in sentences]


@pytest.mark.parametrize(
    ("language", "text", "sentences", "tokens"),
    [
        ("tr", "Cumhurbaşkanı geldi. Sonra gitti.", 2, 6),
        ("az-Latn-AZ", "Prezident gəldi. Sonra getdi.", 2, 6),
        ("en-GB", "He came. He left.", 2, 6),
        ("ar", "وصل الرئيس. ثم غادر.", 2, 6),
        ("zh", "总统到达。他离开了。", 2, 10),
        ("xx", "Прибыл президент. Уехал.", 2, 5),
    ],
)
def test_other_languages(language: str, text: str, sentences: int, tokens: int) -> None:
    """A BCP 47 tag, with or without region or script, selects the rules; the document keeps it."""
    document = ingest((HEADER + text).encode(), "seed.txt", "x", language)
    assert (sentences, tokens) == (len(document.sentences), len(document.tokens))
    assert language == document.language
    assert [] == list(check_document(document))


@pytest.mark.slow
@given(documents())
@settings(deadline=None, max_examples=60)
def test_what_ingest_makes_is_right(document: Document) -> None:
    """Ingest keeps any text whole, and its document passes every check."""
    assume(document.text.strip())
    ingested = ingest(seed_of(document), document.source.file, document.id, "xx")
    assert document.text == ingested.text
    assert document.source == ingested.source
    assert document.text_sha256 == ingested.text_sha256
    assert unicodedata.is_normalized("NFC", ingested.text)
    assert [] == list(check_document(ingested))


@pytest.fixture
def seeds(tmp_path: Path) -> list[Path]:
    """Three seeds outside any root; the last has the bytes of the first."""
    paths = []
    for name, text in (
        ("one.txt", "One. Two."),
        ("two.txt", "Ärger\n\n👩‍👩‍👧‍👦 بالعربية."),
        ("three.txt", "One. Two."),
    ):
        path = tmp_path / name
        path.write_text(HEADER + text, encoding="utf-8")
        paths.append(path)
    return paths


@pytest.mark.parametrize("name", ["nul", "CON", "Com1", "ONE"])
def test_ids_that_cannot_name_a_file_everywhere(
    tmp_path: Path, seeds: list[Path], cli: Callable[..., Result], name: str
) -> None:
    """A device of Windows, and an id that differs from another one in case only, are refused."""
    assert 0 == cli("ingest", seeds[0], "--root", tmp_path / "root", "--id", "one").status
    result = cli("ingest", seeds[1], "--root", tmp_path / "root", "--id", name)
    assert (1, True) == (result.status, f"'{name}'" in result.err)
    assert ["one.json"] == [p.name for p in (tmp_path / "root/corpus/documents").iterdir()]


def test_ingest_into_a_new_root(
    tmp_path: Path, seeds: list[Path], cli: Callable[..., Result]
) -> None:
    """Ingest makes a new root: the seeds byte for byte, their list, annotators and documents.

    The root is a valid corpus.
    """
    root = tmp_path / "new" / "root"
    result = cli("ingest", *seeds, "--root", root, "--publisher", "A & B", "--license", "CC0-1.0")
    assert (0, "") == (result.status, result.err)
    assert [
        f"{root}/corpus/documents/2024-03-01-{name}.json" for name in ("one", "two", "three")
    ] == [line.split(": ")[0] for line in result.out.splitlines()]
    assert [] == list(validate(root))
    assert [s.read_bytes() for s in seeds] == [
        (root / "seeds" / s.name).read_bytes() for s in seeds
    ]
    sources = [
        orjson.loads(line) for line in (root / "seeds/sources.jsonl").read_bytes().splitlines()
    ]
    assert ["one.txt", "two.txt", "three.txt"] == [s["file"] for s in sources]
    assert {("2024-03-01", "en", "A & B", "CC0-1.0")} == {
        (s["date"], s["language"], s["publisher"], s["license"]) for s in sources
    }
    assert {"annotators": [ANNOTATOR]} == orjson.loads(
        (root / "corpus/annotators.json").read_bytes()
    )


def test_ingest_into_a_root_that_is_there(
    corpus: Path, seeds: list[Path], cli: Callable[..., Result]
) -> None:
    """A second ingest only adds lines to the lists; no line or document changes.

    The corpus stays valid.
    """
    lists = [corpus / "seeds/sources.jsonl", corpus / "corpus/annotators.json"]
    before = [path.read_bytes() for path in lists]
    assert 0 == cli("ingest", seeds[0], "--root", corpus).status
    assert (
        0 == cli("ingest", seeds[1], "--root", corpus, "--id", "second", "--language", "de").status
    )
    assert (
        before[0] + b"".join((corpus / "seeds/sources.jsonl").read_bytes().splitlines(True)[1:])
        == lists[0].read_bytes()
    )
    assert 3 == len(lists[0].read_bytes().splitlines())
    assert before[1] == lists[1].read_bytes()
    assert [] == list(validate(corpus))
    assert ("2024-02-19-aliyev-visit", "2024-03-01-one", "second") == load(corpus).ids
    assert "de" == load(corpus)["second"].language


def test_a_list_without_a_last_newline_is_added_to(
    corpus: Path, seeds: list[Path], cli: Callable[..., Result]
) -> None:
    """A list of sources that an editor left without a newline at its end keeps its last line."""
    path = corpus / "seeds/sources.jsonl"
    path.write_bytes(path.read_bytes().rstrip(b"\n"))
    assert 0 == cli("ingest", seeds[0], "--root", corpus).status
    assert [] == list(validate(corpus))


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("seeds/sources.jsonl", '{"file": "x.txt"}\n', "sources.jsonl:1:1: missing `sha256`"),
        ("seeds/sources.jsonl", "{\n", "sources.jsonl:1:2: not JSON"),
        ("corpus/annotators.json", "[]", "annotators.json:1:1: `the document` is an array"),
    ],
)
def test_a_broken_list_is_not_added_to(
    corpus: Path, seeds: list[Path], cli: Callable[..., Result], name: str, text: str, message: str
) -> None:
    """When a list cannot be read, ingest writes nothing.

    So no seed lacks its line in the list, and no document lacks its annotator.
    """
    (corpus / name).write_text(text)
    before = _state(corpus)
    result = cli("ingest", seeds[0], "--root", corpus)
    assert 1 == result.status
    assert message in result.err
    assert before == _state(corpus)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda s: s[1].write_text("no header"), "two.txt:1: no header"),
        (lambda s: s[1].write_bytes(b"\xff"), "two.txt:1: not UTF-8"),
        (lambda s: s[1].unlink(), "two.txt: cannot be read: No such file or directory"),
        (lambda s: (s[1].unlink(), s[1].mkdir()), "two.txt: holds no files of texts"),
        (lambda s: s[1].rename(s[1].with_name("-.txt")) and s.insert(1, s[0]), "is given twice"),
    ],
)
def test_a_seed_that_fails_is_named_and_the_others_are_taken(
    tmp_path: Path,
    seeds: list[Path],
    cli: Callable[..., Result],
    spoil: Callable[[list[Path]], object],
    message: str,
) -> None:
    """When one of several seeds cannot be ingested, the others are; the corpus is valid."""
    spoil(seeds)
    root = tmp_path / "root"
    result = cli("ingest", *seeds[:2], seeds[-1], "--root", root)
    assert 1 == result.status
    error, count = result.err.splitlines()
    assert message in error
    assert "1 of 3 texts were left out" == count
    assert {"2024-03-01-one", "2024-03-01-three"} == set(load(root).ids)
    assert ["one.txt", "three.txt"] == _listed(root)
    assert [] == list(validate(root))


def _listed(root: Path) -> list[str]:
    lines = (root / "seeds/sources.jsonl").read_bytes().splitlines()
    return sorted(orjson.loads(line)["file"] for line in lines)


def test_all_seeds_that_fail_are_named_in_one_run(
    tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """Of many seeds, everyone that fails is named once, with its own reason."""
    seeds = []
    for number in range(60):
        seeds.append(tmp_path / f"s{number:02}.txt")
        bad = number % 7 == 3
        seeds[-1].write_text("no header" if bad else f"{HEADER}Text number {number}.")
    root = tmp_path / "root"
    result = cli("ingest", *seeds, "--root", root)
    failed = [f"s{number:02}.txt" for number in range(3, 60, 7)]
    *errors, count = result.err.splitlines()
    assert failed == [Path(line.split(":")[1].strip()).name for line in errors]
    assert "9 of 60 texts were left out" == count
    assert (1, 51) == (result.status, len(result.out.splitlines()))
    assert 51 == len(load(root)) == len(_listed(root))
    assert [] == list(validate(root))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--publisher", ""], "one.txt: `publisher` is"),
        (["--language", "en-"], "`language` is"),
        (["--language", "xyzzy"], "spaCy has no tokenizer for the language 'xyzzy'"),
    ],
)
def test_what_is_wrong_for_all_seeds_writes_nothing(
    tmp_path: Path,
    seeds: list[Path],
    cli: Callable[..., Result],
    arguments: list[str],
    message: str,
) -> None:
    """Where no seed can be ingested, no root is made."""
    result = cli("ingest", *seeds, "--root", tmp_path / "root", *arguments)
    assert (1, "") == (result.status, result.out)
    assert message in result.err
    assert not (tmp_path / "root").exists()


def test_two_seeds_of_one_name_or_id(
    tmp_path: Path, seeds: list[Path], cli: Callable[..., Result]
) -> None:
    """Of two files of one name, of one id, or one file given twice, the first is taken."""
    (tmp_path / "other").mkdir()
    shutil.copy(seeds[1], tmp_path / "other" / "one.txt")
    (tmp_path / "one.text").write_bytes(seeds[1].read_bytes())
    for second, message in (
        (tmp_path / "other" / "one.txt", "another file of this name"),
        (tmp_path / "one.text", "has the name and date of another text"),
        (seeds[0], "given twice"),
    ):
        root = tmp_path / f"root of {message}"
        result = cli("ingest", seeds[0], second, "--root", root)
        assert 1 == result.status
        assert message in result.err
        assert seeds[0].read_bytes() == (root / "seeds/one.txt").read_bytes()
        assert ["one.txt"] == _listed(root)
        assert [] == list(validate(root))


def _in_parallel(commands: list[list[object]]) -> list[tuple[int, str]]:
    """Run commands at the same time; return the exit status and errors of each."""
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "statevisit", *map(str, words)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        for words in commands
    ]
    results = []
    for process in processes:
        _, errors = process.communicate(timeout=PATIENCE)
        results.append((process.returncode, errors))
    return results


@pytest.mark.slow
def test_parallel_runs_equal_serial_ones(tmp_path: Path, cli: Callable[..., Result]) -> None:
    """Eight processes that add texts to one corpus lose nothing, in a new root and an old one."""
    seeds = [tmp_path / f"s{number}.txt" for number in range(16)]
    for number, seed in enumerate(seeds):
        seed.write_text(f"{HEADER}The text of number {number}.")
    parallel, serial = tmp_path / "parallel", tmp_path / "serial"
    for batch in (seeds[:8], seeds[8:]):
        results = _in_parallel([["ingest", seed, "--root", parallel] for seed in batch])
        assert [(0, "")] * 8 == results
    for seed in seeds:
        assert 0 == cli("ingest", seed, "--root", serial).status
    assert [] == list(validate(parallel))
    before, after = _state(serial), _state(parallel)
    lists = "seeds/sources.jsonl"
    assert sorted(before.pop(lists).splitlines()) == sorted(after.pop(lists).splitlines())
    assert before == after


@pytest.mark.slow
def test_one_text_from_several_processes_is_taken_once(tmp_path: Path) -> None:
    """Of processes with one id, one succeeds; the others say that the document exists."""
    seeds = []
    for number in range(4):
        seeds.append(tmp_path / f"s{number}.txt")
        seeds[-1].write_text(f"{HEADER}The text of number {number}.")
    root = tmp_path / "root"
    results = _in_parallel([["ingest", seed, "--root", root, "--id", "same"] for seed in seeds])
    assert [0, 1, 1, 1] == sorted(status for status, _ in results)
    assert all("exists already" in errors for status, errors in results if status)
    assert [] == list(validate(root))
    assert [load(root)["same"].source.file] == _listed(root)


def test_a_process_that_dies_leaves_no_lock(tmp_path: Path, cli: Callable[..., Result]) -> None:
    """The file of a lock that nobody holds does not stop the next one."""
    (tmp_path / "root/seeds").mkdir(parents=True)
    (tmp_path / "root/seeds/.lock").touch()
    seed = tmp_path / "one.txt"
    seed.write_text(f"{HEADER}Text.")
    assert 0 == cli("ingest", seed, "--root", tmp_path / "root").status
    assert ["one.txt", "sources.jsonl"] == sorted(os.listdir(tmp_path / "root/seeds"))


@pytest.mark.parametrize("failing", [1, 2, 3, 4])
def test_an_ingest_that_was_interrupted_can_be_run_again(
    tmp_path: Path,
    seeds: list[Path],
    cli: Callable[..., Result],
    monkeypatch: pytest.MonkeyPatch,
    failing: int,
) -> None:
    """Stopped after any of its writes, ingest leaves no half-written file.

    The same command, run again, finishes the work.
    """
    from statevisit import files

    replacing, writes = files.replacing, iter(range(1, 100))

    def stop(path: Path):
        if next(writes) == failing:
            raise KeyboardInterrupt
        return replacing(path)

    root = tmp_path / "root"
    with monkeypatch.context() as patch:
        patch.setattr(files, "replacing", stop)
        assert 1 == cli("ingest", seeds[1], "--root", root).status
    assert not (root / "corpus/documents/2024-03-01-two.json").exists()
    assert not [p for p in root.rglob("*") if p.name.startswith(".")]
    assert 0 == cli("ingest", seeds[1], "--root", root).status
    assert [] == list(validate(root))
    assert 1 == len((root / "seeds/sources.jsonl").read_bytes().splitlines())
    assert "👩‍👩‍👧‍👦" in read_document(root / "corpus/documents/2024-03-01-two.json").text


@pytest.mark.slow
def test_ctrl_c_while_seeds_are_read(tmp_path: Path) -> None:
    """Ctrl-C ends an ingest with one line; nothing was written."""
    text = HEADER + "A sentence of several words. " * 20_000
    seeds = [tmp_path / f"seed-{number}.txt" for number in range(40)]
    for seed in seeds:
        seed.write_text(text)
    seeds[1].unlink()
    os.mkfifo(seeds[1])
    process = started("ingest", *seeds, "--root", tmp_path / "root")
    with open(opened(seeds[1], process), "w") as pipe:  # the first seed is segmented
        pipe.write(text)
    out, err = interrupted(process)
    assert (1, "", "statevisit: stopped; nothing was changed") == (
        process.returncode,
        out,
        err.strip(),
    )
    assert not (tmp_path / "root").exists()


def _state(root: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()
    }
