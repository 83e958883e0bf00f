"""Splits: how texts are divided, and what two splits may not share."""

import json
import random
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from msgspec.structs import replace

from statevisit import FormatError, load_dataset, read_document, validate, write_document
from statevisit.annotation.tokenizers import tokenizer
from statevisit.checks.splits import shared_part
from statevisit.cli.main import run
from statevisit.corpus.seeds import ListedSource, read_sources
from statevisit.corpus.source_lookup import Sources
from statevisit.corpus.splits import ALONE, Change, Ratio, divide, in_order
from statevisit.dataset.configs import features
from statevisit.dataset.parquet import read_documents
from statevisit.document.codec import encode
from statevisit.document.scheme import base
from statevisit.publishing import shards
from statevisit.publishing.build import build
from statevisit.publishing.publish import contents
from statevisit.publishing.textless_restore import write_full
from statevisit.publishing.textless_root import write_edition
from statevisit.publishing.version_rule import Reason, least, split_reasons
from tests.conftest import Result, annotated_text, oracle
from tests.repositories import begin, commit

datasets = oracle("datasets")
mlcroissant = oracle("mlcroissant")

WORDS = [
    a + b
    for a in ("bar", "lo", "mi", "ster", "von", "ka", "pel", "tu", "gre", "sho")
    for b in ("den", "ra", "lim", "os", "ta", "qu", "ne", "wick", "fu", "zel", "b", "mar")
]
"""Invented words, of which random texts consist."""

THIRDS = Ratio({"train": Fraction(8, 10), "validation": Fraction(1, 10), "test": Fraction(1, 10)})

CORPUS = {
    "bread": "Two bakers from Lindholm won the prize for rye bread on Monday.",
    "kopru": "Köprü pazartesi günü açıldı 🌉.",
    "jisr": "افتتح الجسر يوم الاثنين.",
    "qiao": "大桥于周一开通。",
}
"""Short texts in four scripts."""


def text_of(words: int, seed: int) -> str:
    """Make up a text."""
    chosen = random.Random(seed).choices(WORDS, k=words)
    return f"{' '.join(chosen)}."


def make_corpus(
    root: Path,
    texts: dict[str, str],
    drafts: dict[str, Any] | None = None,
    **metadata: dict[str, Any],
) -> dict[str, dict[str, Any]]:
    """Make a corpus root of texts by id; return the lines of its list of sources.

    Some texts have a draft of annotation in quotes, or metadata.
    """
    lines = {}
    for document_id, text in texts.items():
        seed = f" date 2024-03-01 {text}".encode()
        draft = {"text": text, **(drafts or {}).get(document_id, {"mentions": []})}
        document = annotated_text(draft, document_id)
        path = root / f"corpus/documents/{document_id}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encode(document))
        (root / "seeds").mkdir(exist_ok=True)
        (root / "seeds" / document.source.file).write_bytes(seed)
        line = {
            "file": document.source.file,
            "sha256": document.source.sha256,
            "date": document.date,
            "language": document.language,
            "publisher": "unknown",
            "license": "not stated",
        }
        lines[document_id] = line | metadata.get(document_id, {})
    (root / "corpus/annotators.json").write_text(
        json.dumps({"annotators": [tokenizer("en").annotator]})
    )
    write_list(root, lines)
    return lines


def write_list(root: Path, lines: dict[str, dict[str, Any]]) -> None:
    """Write the list of sources."""
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines.values())
    (root / "seeds/sources.jsonl").write_text(text, encoding="utf-8")


def splits_of(root: Path) -> dict[str, str | None]:
    """The split of each seed in the list of sources."""
    lines = (root / "seeds/sources.jsonl").read_text(encoding="utf-8").splitlines()
    return {line["file"]: line.get("split") for line in map(json.loads, lines)}


def _sources(number: int, **metadata: Any) -> dict[str, ListedSource]:
    sources = {}
    for n in range(number):
        sources[f"{n}.txt"] = ListedSource(
            file=f"{n}.txt",
            sha256=f"{n:064x}",
            date="2024-03-01",
            language="en",
            publisher="unknown",
            license="not stated",
            **metadata,
        )
    return sources


# The division


def _divided(
    sources: dict[str, ListedSource], ratio: Ratio, seed: int, by: str, again: bool
) -> Change:
    return divide(sources.values(), ratio, seed, by, again)


def test_sizes_meet_the_ratio_on_average() -> None:
    """Of ten thousand texts the splits have their parts within one per cent."""
    counts = Counter(_divided(_sources(10_000), THIRDS, 0, ALONE, again=False).after.values())
    assert {"train", "validation", "test"} == set(counts)
    for name, part in THIRDS.parts.items():
        assert abs(counts[name] / 10_000 - part) < 0.01


def test_an_added_text_moves_no_other() -> None:
    """The split of a text is the same alone, among a hundred and among a thousand, in any order."""
    few, many = (_divided(_sources(n), THIRDS, 7, ALONE, again=True).after for n in (100, 1_000))
    assert few == {file: many[file] for file in few}
    backwards = dict(reversed(_sources(1_000).items()))
    assert many == _divided(backwards, THIRDS, 7, ALONE, again=True).after


def test_the_split_of_a_text_is_the_same_in_every_version() -> None:
    """The division is part of a corpus: a newer statevisit places an added text as this one."""
    after = _divided(_sources(40), THIRDS, 7, ALONE, again=False).after
    held_out = {file: split for file, split in after.items() if split != "train"}
    assert {
        "31.txt": "test",
        "32.txt": "validation",
        "38.txt": "test",
        "39.txt": "test",
    } == held_out


def test_a_renamed_text_stays_in_its_split() -> None:
    """A text is placed by the bytes of its seed, not by a name."""
    sources = _sources(300)
    renamed = {f"new-{file}": replace(s, file=f"new-{file}") for file, s in sources.items()}
    before, after = (_divided(s, THIRDS, 1, ALONE, again=False).after for s in (sources, renamed))
    assert list(before.values()) == list(after.values())


def test_another_number_makes_another_division() -> None:
    """`--seed` chooses between divisions that have nothing to do with each other."""
    one, two = (_divided(_sources(1_000), THIRDS, n, ALONE, again=False).after for n in (1, 2))
    moved = sum(one[file] != two[file] for file in one)
    assert 250 < moved < 430  # 34 % in expectation


def test_a_text_keeps_the_split_that_it_has() -> None:
    """Only texts without a split get one, unless all are to be divided again."""
    held_out = _sources(50, split="held_out")
    others = (replace(source, file=f"x{file}") for file, source in _sources(50).items())
    sources = held_out | {source.file: source for source in others}
    kept = _divided(sources, THIRDS, 0, ALONE, again=False)
    assert {"held_out"} == {kept.after[file] for file in held_out}
    assert 50 == len(kept.changed)
    again = _divided(sources, THIRDS, 0, ALONE, again=True)
    assert "held_out" not in again.after.values()


@pytest.mark.parametrize("by", ["publisher", "author", "series"])
def test_texts_of_one_group_stay_together(by: str) -> None:
    """Texts of one publisher, author or series of one's own are in one split."""
    sources: dict[str, ListedSource] = {}
    for file, source in _sources(400).items():
        group = f"group {len(sources) % 40}"
        sources[file] = replace(
            source, publisher=group, author=(group, "Ana"), extra={"series": group}
        )
    after = _divided(sources, THIRDS, 3, by, again=False).after
    of_group: dict[str, set[str]] = {}
    for file, source in sources.items():
        of_group.setdefault(source.publisher, set()).add(after[file])
    assert all(len(splits) == 1 for splits in of_group.values())
    assert {"train", "validation", "test"} == set(after.values())


def test_texts_that_state_no_group_are_no_group() -> None:
    """Texts of unknown publishers are divided one by one, and their number is known."""
    sources = _sources(200) | {
        "a.txt": replace(_sources(1)["0.txt"], file="a.txt", publisher="Courier")
    }
    change = _divided(sources, THIRDS, 3, "publisher", again=False)
    assert 200 == change.ungrouped
    assert {"train", "validation", "test"} == set(change.after.values())


@pytest.mark.parametrize(
    ("by", "message"), [("serie", "did you mean series"), ("title", "'title'")]
)
def test_a_group_that_no_text_has_is_refused(by: str, message: str) -> None:
    """A misspelt property does not silently divide texts one by one."""
    with pytest.raises(FormatError, match=message):
        _divided(_sources(3, extra={"series": 1}), THIRDS, 0, by, again=False)


def test_splits_are_listed_in_the_usual_order() -> None:
    """Training data come first, and test data after those for validation."""
    assert ["train", "validation", "test", "Easy", "hard"] == in_order(
        ["test", "hard", "train", "Easy", "validation", "test"]
    )


# The command


def test_the_command_writes_the_list_and_counts(tmp_path: Path, cli: Callable[..., Result]) -> None:
    """Everything but the split of a source stays, and a second run changes nothing."""
    texts = {f"t{n}": text_of(30, n) for n in range(40)}
    lines = make_corpus(tmp_path, texts, t3={"title": "Brücke 🌉", "extra": {"b": 1, "a": "ü"}})
    shown = cli("split", tmp_path, "--seed", 3, "--dry-run")
    assert {None} == set(splits_of(tmp_path).values())
    assert "nothing was written" in shown.out
    written = cli("split", tmp_path, "--seed", 3)
    assert (0, "") == (written.status, written.err)
    counts = Counter(splits_of(tmp_path).values())
    for name in ("train", "validation", "test"):
        assert f"{name:<12} {counts[name]:>7}" in written.out
    for line, before in zip(
        (tmp_path / "seeds/sources.jsonl").read_text(encoding="utf-8").splitlines(),
        lines.values(),
        strict=True,
    ):
        after = json.loads(line)
        del after["split"]
        assert before == after
    data = (tmp_path / "seeds/sources.jsonl").read_bytes()
    assert "Every text has its split" in cli("split", tmp_path, "--seed", 9).out
    assert data == (tmp_path / "seeds/sources.jsonl").read_bytes()
    assert [] == list(validate(tmp_path))


def test_an_empty_split_is_named(tmp_path: Path, cli: Callable[..., Result]) -> None:
    """Four texts do not make three splits, and the user learns it from the command."""
    make_corpus(tmp_path, CORPUS)
    shown = cli("split", tmp_path, "--ratio", "98,1,1")
    assert 0 == shown.status
    assert "Warning: no text is in validation and test" in shown.out


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--ratio", "80,20,0"), "'0' is not a positive number"),
        (("--ratio", "80;20"), "'80;20' is not a positive number"),
        (("--ratio", "1,1,1,1"), "--names"),
        (("--names", "train,test"), "a different name for each of 3"),
        (("--ratio", "1,1", "--names", "a,a"), "a different name for each of 2"),
        (("--ratio", "1,1", "--names", "train,my test"), "'my test' cannot name a split"),
        (("--ratio", "1,1", "--names", "train,all"), "'all' cannot name a split"),
    ],
)
def test_sizes_and_names_that_are_not_right_are_refused(
    tmp_path: Path, cli: Callable[..., Result], options: tuple[str, ...], message: str
) -> None:
    """A slip in the options ends in one line, and nothing is written."""
    make_corpus(tmp_path, CORPUS)
    shown = cli("split", tmp_path, *options)
    assert 2 == shown.status
    assert message in shown.err
    assert {None} == set(splits_of(tmp_path).values())


def test_a_corpus_without_a_list_of_sources_has_no_splits(
    tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """The missing file is named, and the command that writes it."""
    make_corpus(tmp_path, CORPUS)
    (tmp_path / "seeds/sources.jsonl").unlink()
    shown = cli("split", tmp_path)
    assert 1 == shown.status
    assert "sources.jsonl: no such file" in shown.err
    assert "statevisit ingest" in shown.err


# Leaks


def test_versions_of_a_text_in_two_splits_are_reported() -> None:
    """A changed headline, a paragraph more or less, and single changed words make no new text."""
    for seed in range(20):
        text = text_of(300, seed)
        words = text.split()
        assert shared_part(text, f"{text_of(12, 900 + seed)} {text}")
        assert shared_part(text, " ".join(words[:180]))
        assert shared_part(text, " ".join(w if n % 40 else "x" for n, w in enumerate(words)))
        assert shared_part(text.upper(), text.replace(" ", "\n"))


def test_texts_that_share_a_notice_are_not_reported() -> None:
    """A sentence below every article does not make the articles one, however short they are."""
    notice = text_of(32, 1)
    for length in (20, 40, 80, 300):
        assert 0 == shared_part(f"{text_of(length, 2)} {notice}", f"{text_of(length, 3)} {notice}")


def test_a_chinese_text_is_compared_by_its_characters() -> None:
    """A script without spaces has runs, too."""
    text = "".join(chr(0x4E00 + n * 37 % 3000) for n in range(200))
    other = "".join(chr(0x4E00 + n * 41 % 3000) for n in range(200))
    assert shared_part(text, f"{other[:30]}{text}")
    assert 0 == shared_part(text, other)


def test_leaks_are_found_among_many_documents(tmp_path: Path) -> None:
    """Every copy and near-copy in another split is found, and nothing else among 120 articles."""
    texts = {f"t{n:03}": text_of(60 + n, n) for n in range(120)}
    splits = ("train", "train", "validation", "test")
    metadata = {name: {"split": splits[n % 4]} for n, name in enumerate(texts)}
    texts |= {"x-copy": texts["t000"].upper(), "x-near": f"{text_of(9, 500)} {texts['t001']}"}
    texts["x-same-split"] = texts["t003"]
    metadata |= {name: {"split": "test"} for name in texts if name not in metadata}
    make_corpus(tmp_path, texts, **metadata)
    findings = list(validate(tmp_path))
    assert {"x-copy": "E721", "x-near": "W722"} == {f.document: f.code for f in findings}
    assert "t000.json, which is in 'train'" in findings[0].message
    assert "t001.json in 'train'" in findings[1].message


def test_a_corpus_without_splits_is_not_compared(tmp_path: Path) -> None:
    """One text twice is nobody's leak where all texts are for training."""
    make_corpus(tmp_path, {"a": CORPUS["bread"], "b": CORPUS["bread"]})
    assert [] == list(validate(tmp_path))


def test_a_document_added_after_the_splits_is_named(tmp_path: Path) -> None:
    """It would be training data, and the finding says how it gets a split."""
    make_corpus(tmp_path, CORPUS, bread={"split": "train"}, kopru={"split": "test"})
    findings = list(validate(tmp_path))
    assert ["jisr", "qiao"] == [f.document for f in findings]
    assert {"W724"} == {f.code for f in findings}
    assert "statevisit split" in findings[0].message


# What other commands do with splits and metadata


def test_show_prints_what_is_known_of_a_text(tmp_path: Path, cli: Callable[..., Result]) -> None:
    """Title, authors, split and facts of one's own stand above the text, unknown ones do not."""
    about = {
        "title": "Rye \x1b[31mbread",
        "author": ["Ana Ruiz", "Å. Öz"],
        "split": "test",
        "url": "https://news.example/1",
        "extra": {"desk": "food", "page": 3},
    }
    make_corpus(tmp_path, CORPUS, bread=about)
    shown = cli("show", "bread", "--path", tmp_path, "--text-only").out
    for line in ("author: Ana Ruiz; Å. Öz", "split: test", "desk: food", "page: 3"):
        assert f"\n{line}\n" in shown
    assert "\x1b" not in shown
    assert "publisher" not in shown
    by_file = cli("show", tmp_path / "corpus/documents/bread.json", "--text-only").out
    assert shown == by_file
    assert "split" not in cli("show", "kopru", "--path", tmp_path, "--text-only").out


SPLITS = {
    "bread": {"split": "test"},
    "jisr": {"split": "train"},
    "kopru": {"split": "train"},
    "qiao": {"split": "validation"},
}


def test_score_counts_one_split(tmp_path: Path, cli: Callable[..., Result]) -> None:
    """Predictions of other splits are no spurious ones, and missing ones no misses."""
    make_corpus(tmp_path, CORPUS, **SPLITS)
    gold = tmp_path / "corpus/documents"
    for predicted in (gold, gold / "bread.json"):
        shown = cli("score", gold, predicted, "--split", "test", "--json", "--resamples", 0)
        report = json.loads(shown.out)
        assert (1, [], f"{gold}, split test") == (
            report["documents"],
            report.get("notes", []),
            report["gold"],
        )
    conll = tmp_path / "test.bio"
    tokens = CORPUS["bread"].replace(".", " .").split()
    conll.write_text("".join(f"{token}\tO\n" for token in tokens))
    assert 0 == cli("score", gold, conll, "--split", "test", "--resamples", 0).status


def test_agree_counts_one_split(tmp_path: Path, cli: Callable[..., Result]) -> None:
    """Two annotators are compared on the documents of the split."""
    make_corpus(tmp_path, CORPUS, **SPLITS)
    for name in "ab":
        shutil.copytree(tmp_path / "corpus/documents", tmp_path / "corpus/annotators" / name)
    passes = [tmp_path / "corpus/annotators" / name for name in "ab"]
    shown = cli("agree", *passes, "--split", "train", "--json", "--resamples", 0)
    assert 2 == json.loads(shown.out)["documents"]


@pytest.mark.parametrize("command", ["score", "agree"])
def test_an_unknown_split_is_refused(
    tmp_path: Path, cli: Callable[..., Result], command: str
) -> None:
    """The message names the splits of the corpus; documents outside one have none."""
    make_corpus(tmp_path, CORPUS, **SPLITS)
    gold = tmp_path / "corpus/documents"
    shown = cli(command, gold, gold, "--split", "dev")
    assert 1 == shown.status
    assert "no split 'dev'; the corpus has train, validation, test" in shown.err
    shutil.copy(gold / "bread.json", tmp_path / "bread.json")
    alone = cli(command, tmp_path / "bread.json", tmp_path / "bread.json", "--split", "dev")
    assert "is not in a corpus" in alone.err


# The built corpus

LINDHOLM = {
    "mentions": [{"quote": "Lindholm", "level": "NAM", "entity": "lindholm"}],
    "entities": [
        {
            "id": "lindholm",
            "type": "GPE",
            "name": "Lindholm",
            "nil": "UNVERIFIED",
            "reference": "SPECIFIC",
        }
    ],
}
"""The annotation of a name."""

METADATA: dict[str, dict[str, Any]] = {
    "bread": {
        "split": "train",
        "title": "Bakers from Lindholm won",
        "url": "https://news.example/two-bakers-from-lindholm-won-the-prize-for-rye-bread",
        "author": ["Ana Ruiz", "Å. Öz"],
        "publisher": "Courier",
        "license": "CC-BY-4.0",
        "extra": {"page": 3, "desk": "Küche 🍞"},
    },
    "jisr": {"split": "test", "language": "ar", "title": "افتتاح"},
    "kopru": {"split": "validation", "language": "tr", "publisher": "Courier"},
    "qiao": {"split": "train", "language": "zh"},
}
"""What is listed for CORPUS: a Turkish text for validation, an Arabic one for the test."""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository as `init` makes it, with the texts of CORPUS in three splits, built."""
    root = tmp_path_factory.mktemp("splits") / "c"
    assert 0 == run(["init", str(root)])
    (root / "corpus/documents/example.json").unlink()
    (root / "seeds/example.txt").unlink()
    make_corpus(root, CORPUS, {"bread": LINDHOLM}, **METADATA)
    for document_id, about in METADATA.items():
        path = root / f"corpus/documents/{document_id}.json"
        document = read_document(path)
        write_document(replace(document, language=about.get("language", "en")), path)
    assert [] == list(validate(root))
    assert [] == build(root).findings
    return root


@pytest.fixture
def cache(tmp_path: Path) -> str:
    """A fresh cache of `datasets`."""
    return str(tmp_path / "cache")


def test_a_split_is_loaded_by_its_name(built: Path, cache: str) -> None:
    """`datasets` reads the splits from the card, offline; each has the documents of its list."""
    loaded = datasets.load_dataset(str(built), "documents", cache_dir=cache)
    assert ["train", "validation", "test"] == list(loaded)
    assert {"train": ["bread", "qiao"], "validation": ["kopru"], "test": ["jisr"]} == {
        name: list(split["id"]) for name, split in loaded.items()
    }
    names = datasets.load_dataset(str(built), "ner", cache_dir=cache)
    for name, split in names.items():
        assert {name} == set(split["split"])
    assert ["kopru"] == sorted(set(names["validation"]["document"]))


def test_the_metadata_are_in_the_documents(built: Path, cache: str) -> None:
    """`source` has what the list states, and null for what it does not state."""
    loaded = datasets.load_dataset(str(built), "documents", cache_dir=cache)
    sources = {row["id"]: row["source"] for split in loaded.values() for row in split}
    bread = METADATA["bread"]
    for name in ("title", "url", "author", "publisher", "license", "split"):
        assert bread[name] == sources["bread"][name]
    assert '{"desk":"Küche 🍞","page":3}' == sources["bread"]["extra"]
    for name in ("title", "url", "author", "publisher", "license", "extra"):
        assert sources["qiao"][name] is None
    assert ("Courier", None) == (sources["kopru"]["publisher"], sources["kopru"]["license"])


@pytest.mark.parametrize("config", ["documents", "entities", "quantities", "ner"])
@pytest.mark.parametrize("streaming", [False, True])
def test_every_config_has_every_split(
    built: Path, cache: str, config: str, streaming: bool
) -> None:
    """A split in which a config has no rows is empty, and has its columns."""
    loaded = load_dataset(config, built, cache_dir=cache, streaming=streaming)
    assert ["train", "validation", "test"] == list(loaded)
    expected = list(features(config, base()))
    for name, split in loaded.items():
        assert expected == list(split.features)
        alone = load_dataset(config, built, split=name, cache_dir=cache, streaming=streaming)
        assert list(split) == list(alone)
    rows = sum(len(list(split)) for split in loaded.values())
    assert json.loads((built / "corpus/release.json").read_bytes())["configs"][config] == rows


def test_splits_are_joined_and_cut(built: Path, cache: str) -> None:
    """Joined splits leave out the empty ones; an unknown split is an error that names others."""
    joined = load_dataset("entities", built, split="train+test", cache_dir=cache)
    assert ["Lindholm"] == joined["text"]
    assert 1 == len(load_dataset("documents", built, split="train[:1]", cache_dir=cache))
    assert [] == list(load_dataset("entities", built, split="test+validation", cache_dir=cache))
    assert 4 == len(load_dataset("documents", built, split="all", cache_dir=cache))
    for config in ("documents", "quantities"):
        with pytest.raises(ValueError, match="Unknown split"):
            load_dataset(config, built, split="dev", cache_dir=cache)


def test_the_manifest_states_every_split(built: Path) -> None:
    """Documents, records, rows and digests of the splits; their sums are those of the whole."""
    manifest = json.loads((built / "corpus/release.json").read_bytes())
    assert ["train", "validation", "test"] == list(manifest["splits"])
    for config, rows in manifest["configs"].items():
        assert rows == sum(part["configs"][config] for part in manifest["splits"].values())
    assert {"train": 2, "validation": 1, "test": 1} == {
        name: part["documents"] for name, part in manifest["splits"].items()
    }
    digests = {part["content"]["documents"] for part in manifest["splits"].values()}
    assert 4 == len(digests | {manifest["content_sha256"]})


def test_the_card_states_splits_languages_and_licences(built: Path) -> None:
    """Nobody has to open a file to learn how much of what is in a split, and whose it is."""
    card = (built / "README.md").read_text(encoding="utf-8")
    assert "language: [ar, en, tr, zh]" in card
    assert "|  | `train` | `validation` | `test` |" in card
    assert "| documents | 2 | 1 | 1 |" in card
    assert "| `mentions` | 1 | 0 | 0 |" in card
    assert "| publisher | Courier (2); not stated (2) |" in card
    assert "| licence | not stated (3); CC-BY-4.0 (1) |" in card
    front = yaml.safe_load(card.split("---")[1])
    files = {config["config_name"]: config["data_files"] for config in front["configs"]}
    assert ["train"] == [part["split"] for part in files["entities"]]
    assert "quantities" not in files


def test_a_build_is_the_same_with_any_number_of_workers(tmp_path: Path) -> None:
    """The bytes of 60 documents in three splits do not depend on who made them."""
    texts = {f"t{n:02}": text_of(25 + n, n) for n in range(60)}
    splits = ("train", "validation", "test")
    make_corpus(tmp_path, texts, **{n: {"split": splits[i % 3]} for i, n in enumerate(texts)})
    made = []
    for workers in (1, 2, 3):
        shutil.rmtree(tmp_path / "corpus/parquet", ignore_errors=True)
        assert [] == build(tmp_path, workers=workers).findings
        made.append({p.name: p.read_bytes() for p in (tmp_path / "corpus").rglob("*.parquet")})
        made[-1]["release"] = (tmp_path / "corpus/release.json").read_bytes()
    assert made[0] == made[1] == made[2]


def test_shards_do_not_mix_splits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every file holds documents of the split in its name, and states how many files there are."""
    monkeypatch.setattr(shards, "SHARD", 8)
    texts = {f"t{n:02}": text_of(25 + n, n) for n in range(60)}
    metadata = {n: {"split": "test" if i % 4 == 0 else "train"} for i, n in enumerate(texts)}
    make_corpus(tmp_path, texts, **metadata)
    assert [] == build(tmp_path, workers=1).findings
    ids: dict[str, list[str]] = {"train": [], "test": []}
    paths = sorted((tmp_path / "corpus/parquet/documents").iterdir())
    for path in paths:
        name = path.name.partition("-")[0]
        ids[name] += pq.read_table(path).column("id").to_pylist()
        number = sum(other.name.startswith(name) for other in paths)
        assert path.name.endswith(f"-of-{number:05}.parquet")
    assert {name: [i for i in texts if metadata[i]["split"] == name] for name in ids} == ids
    assert [] == build(tmp_path, check=True, workers=1).stale


def test_a_corpus_without_splits_is_built_as_before(tmp_path: Path) -> None:
    """Files, card and manifest know of no splits where no source states one."""
    make_corpus(tmp_path, CORPUS, bread={"title": "Bread"})
    (tmp_path / "README.md").write_text("---\nlicense: other\n---\n")
    assert [] == build(tmp_path).findings
    names = {path.name for path in (tmp_path / "corpus/parquet").rglob("*.parquet")}
    assert {"train-00000-of-00001.parquet"} == names
    assert "splits" not in json.loads((tmp_path / "corpus/release.json").read_bytes())
    assert "data_files: corpus/parquet/ner/train-*.parquet" in (tmp_path / "README.md").read_text()


def test_moving_a_document_moves_its_rows(tmp_path: Path) -> None:
    """A build after a change of splits leaves no file of a split that is gone."""
    lines = make_corpus(tmp_path, CORPUS, **METADATA)
    for line in lines.values():
        line["language"] = "en"
    write_list(tmp_path, lines)
    assert [] == build(tmp_path).findings
    for line in lines.values():
        line["split"] = "train"
    write_list(tmp_path, lines)
    states = dict(build(tmp_path).states)
    assert "removed" == states["corpus/parquet/documents/test-00000-of-00001.parquet"]
    assert ["train"] == list(load_dataset("documents", tmp_path))


def test_documents_are_read_back_from_parquet_without_metadata(built: Path) -> None:
    """A Parquet file gives the documents as they are in corpus/documents/."""
    for split, ids in (("train", ["bread", "qiao"]), ("test", ["jisr"])):
        path = built / f"corpus/parquet/documents/{split}-00000-of-00001.parquet"
        expected = [read_document(built / f"corpus/documents/{name}.json") for name in ids]
        assert expected == list(read_documents(path, base()))


def test_the_edition_without_the_text_has_the_splits_and_is_restored(
    built: Path, tmp_path: Path, cache: str
) -> None:
    """A title that quotes the text is left out and comes back; the address and the splits stay."""
    edition, full = tmp_path / "edition", tmp_path / "full"
    write_edition(built, edition)
    listed = (edition / "seeds/sources.jsonl").read_text(encoding="utf-8")
    assert METADATA["bread"]["title"] not in listed
    assert METADATA["bread"]["url"] in listed
    assert METADATA["jisr"]["title"] in listed
    loaded = datasets.load_dataset(str(edition), "documents", cache_dir=cache)
    assert ["train", "validation", "test"] == list(loaded)
    assert loaded["train"][0]["source"]["title"] is None
    assert "| documents | 2 | 1 | 1 |" in (edition / "README.md").read_text(encoding="utf-8")
    write_full(edition, (built / "seeds",), full)
    for path in sorted((built / "corpus").rglob("*.parquet")):
        assert path.read_bytes() == (full / path.relative_to(built)).read_bytes()
    assert read_sources(built) == read_sources(full)


def test_a_fact_that_quotes_the_text_is_not_in_the_edition(built: Path, tmp_path: Path) -> None:
    """The message names the list and the words."""
    root = tmp_path / "c"
    shutil.copytree(built, root)
    list_ = root / "seeds/sources.jsonl"
    list_.write_text(
        list_.read_text(encoding="utf-8").replace("Küche 🍞", CORPUS["bread"]), encoding="utf-8"
    )
    assert [] == build(root).findings
    with pytest.raises(FormatError, match=r"the line of bread\.txt quotes the text"):
        write_edition(root, tmp_path / "edition")


def test_stats_counts_each_split(built: Path, cli: Callable[..., Result]) -> None:
    """The table and its JSON have the documents and records of every split."""
    shown = cli("stats", built, "--json")
    assert {"train": 2, "validation": 1, "test": 1} == {
        name: part["documents"] for name, part in json.loads(shown.out)["splits"].items()
    }
    table = cli("stats", built).out
    assert "4 documents: 2 train, 1 validation, 1 test" in table
    (mentions,) = [line for line in table.splitlines() if line.startswith("│ mentions")]
    assert ["1", "1", "0", "0"] == [cell.strip() for cell in mentions.split("│")[2:6]]


def test_croissant_has_the_splits_and_the_texts(built: Path) -> None:
    """Mlcroissant validates the metadata, and reads the rows of a split by it."""
    described = mlcroissant.Dataset(built / "corpus/croissant.json")
    assert set() == described.metadata.ctx.issues.errors
    splits = {r["splits/name"]: r["splits/url"] for r in described.records("splits")}
    assert {
        "train": "cr:TrainingSplit",
        "validation": "cr:ValidationSplit",
        "test": "cr:TestSplit",
    } == splits
    name = "ner-validation-00000-of-00001"
    assert [b"validation"] == [record[f"{name}/split"] for record in described.records(name)]
    value = json.loads((built / "corpus/croissant.json").read_bytes())
    assert METADATA["bread"]["title"] == value["isBasedOn"][0]["name"]
    assert ["CC-BY-4.0", "not stated"] == value["license"]


def test_a_split_may_not_be_called_all(tmp_path: Path) -> None:
    """`all` stands for all splits wherever datasets are loaded, so no split can have the name."""
    make_corpus(tmp_path, CORPUS, bread={"split": "all"})
    assert "E703" in {finding.code for finding in validate(tmp_path)}


def _reasons(old: dict[str, ListedSource], new: dict[str, ListedSource]) -> Iterator[Reason]:
    before, after = Sources(), Sources()
    before.keep(old)
    after.keep(new)
    return split_reasons(before, after, new)


def test_a_moved_text_is_a_major_version() -> None:
    """Figures on a test set are of one version of it; the first splits are an addition."""
    none, split = _sources(3), _sources(3, split="train")
    moved = split | {"1.txt": replace(split["1.txt"], split="test")}
    assert "1.3.0" == least("1.2.3", _reasons(none, moved))
    assert "2.0.0" == least("1.2.3", _reasons(split, moved))
    assert "1.2.4" == least("1.2.3", _reasons(none, none))
    added = moved | {"9.txt": replace(split["1.txt"], file="9.txt")}
    assert "1.2.4" == least("1.2.3", _reasons(moved, added))  # the document itself counts
    assert ["1.txt moved from the split 'train' to 'test'"] == [
        reason.message for reason in _reasons(split, moved)
    ]


def test_an_earlier_version_is_loaded_with_its_splits(
    tmp_path: Path, cache: str, identity: None
) -> None:
    """The splits of a release are those of its files and its manifest, not those of today."""
    lines = make_corpus(tmp_path, CORPUS, {"bread": LINDHOLM}, bread={"split": "test"})
    for line in lines.values():
        line.setdefault("split", "train")
    write_list(tmp_path, lines)
    assert [] == build(tmp_path).findings
    begin(tmp_path)
    commit(tmp_path, "two splits")
    for line in lines.values():
        line["split"] = "train"
    write_list(tmp_path, lines)
    assert [] == build(tmp_path).findings
    commit(tmp_path, "one split")
    now = load_dataset("entities", tmp_path, cache_dir=cache)
    before = load_dataset("entities", tmp_path, revision="HEAD~1", cache_dir=cache)
    assert {"train": 1} == {name: len(split) for name, split in now.items()}
    assert {"train": 0, "test": 1} == {name: len(split) for name, split in before.items()}


def test_every_split_is_published(built: Path) -> None:
    """What goes to the Hub has the files of all splits, which its card names."""
    published = {item.path for item in contents(built).items}
    for path in (built / "corpus").rglob("*.parquet"):
        assert path.relative_to(built).as_posix() in published
    assert {"README.md", "corpus/release.json", "seeds/sources.jsonl"} <= published
