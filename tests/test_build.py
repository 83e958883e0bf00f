"""`statevisit build`: the same bytes every time, a complete check, tables that round-trip."""

import hashlib
import random
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import orjson
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from statevisit import FormatError, encode, load, load_dataset, read_document
from statevisit.dataset.arrow import document_table, from_table, to_tables
from statevisit.dataset.configs import configs
from statevisit.dataset.parquet import ROW_GROUP
from statevisit.document import schema, schema_errors
from statevisit.document.model import Document
from statevisit.document.scheme import base
from statevisit.publishing import shards as parquet_shards
from statevisit.publishing.build import BuildResult, build
from tests.conftest import DOC_ID, ROOT, Result
from tests.strategies import documents

BUILT = ("corpus/parquet", "corpus/release.json", "README.md")
MANY = 40
"""A number of documents that makes three chunks, so that two workers share them."""


def _bytes(root: Path) -> dict[str, bytes]:
    """Return the files below a root: path -> bytes."""
    return {
        str(p.relative_to(root)): p.read_bytes() for p in sorted(root.rglob("*")) if p.is_file()
    }


def _built(root: Path) -> dict[str, bytes]:
    return {name: data for name, data in _bytes(root).items() if name.startswith(BUILT)}


def _many(root: Path, article: Document, count: int = MANY, seed: int = 0) -> Path:
    """Make a root of `count` variants of the article, written in an order drawn from `seed`."""
    shutil.copytree(ROOT / "seeds", root / "seeds")
    (root / "corpus/documents").mkdir(parents=True)
    for name in ("annotators.json", "wikidata.json"):
        shutil.copy(ROOT / "corpus" / name, root / "corpus")
    numbers = list(range(count))
    random.Random(seed).shuffle(numbers)
    for n in numbers:
        document = replace(
            article,
            id=f"doc-{n:03}",
            events=article.events[n:],
            event_relations=_between_present(article, n),
            event_chains=_chains(article, n),
        )
        (root / "corpus/documents" / f"{document.id}.json").write_bytes(
            encode(replace(document, quantities=_measuring(document, article)))
        )
    return root


def _between_present(article: Document, first: int):
    gone = {e.id for e in article.events[:first]}
    return tuple(r for r in article.event_relations if not {r.source, r.target} & gone)


def _chains(article: Document, first: int):
    used = {e.event for e in article.events[first:]}
    return tuple(c for c in article.event_chains if c.id in used)


def _measuring(document: Document, article: Document):
    return tuple(
        replace(q, measures=None) if q.measures and q.measures not in document else q
        for q in article.quantities
    )


@pytest.mark.slow
def test_what_is_committed_is_what_is_built(cli: Callable[..., Result]) -> None:
    """`build --check` passes on the checkout: no built file was edited or is out of date."""
    result = cli("build", ROOT, "--check")
    assert 0 == result.status, result.out + result.err
    assert 2 == len(result.out.splitlines())
    assert result.out.startswith("current: ")


@pytest.mark.slow
def test_the_same_bytes_whatever_the_workers_and_the_order(
    tmp_path: Path, article: Document
) -> None:
    """The bytes depend on the documents alone.

    The number of processes, the order in which the files were made and earlier builds do not change
    them.
    """
    first, second = (
        _many(tmp_path / name, _without_references(article), seed=n)
        for n, name in enumerate(("one", "two"))
    )
    assert ([], {"written"}) == _states(build(first, workers=1))
    assert ([], {"written"}) == _states(build(second, workers=2))
    assert _built(first) == _built(second)
    assert 1 + len(configs(base())) == len(_built(first))
    assert ([], {"current"}) == _states(build(first, workers=2))
    shutil.rmtree(first / "corpus/parquet")
    build(first, workers=1)
    assert _built(first) == _built(second)


def _without_references(article: Document) -> Document:
    """The article without references to events, so that events can be left out."""
    return replace(
        article,
        relations=tuple(r for r in article.relations if article.layer_of(r.target) == "entities"),
        events=tuple(
            replace(
                e, arguments=tuple(a for a in e.arguments if article.layer_of(a.target) != "events")
            )
            for e in article.events
        ),
    )


def _states(result: BuildResult) -> tuple[list, set[str]]:
    return result.findings, {state for _, state in result.states}


@pytest.mark.slow
def test_a_build_renews_nothing_that_is_current(checkout: Path, cli: Callable[..., Result]) -> None:
    """A second build leaves the files alone, to the time of their last change."""
    before = _times(checkout)
    result = cli("build", checkout)
    assert 0 == result.status
    assert before == _times(checkout)


def _times(root: Path) -> dict[Path, int]:
    return {p: p.stat().st_mtime_ns for p in root.rglob("*") if p.is_file()}


EVENTS = "corpus/parquet/events/train-00000-of-00001.parquet"
DOCUMENT = f"corpus/documents/{DOC_ID}.json"


def _append(name: str) -> Callable[[Path], None]:
    return lambda root: (root / name).write_bytes((root / name).read_bytes() + b"\n")


def _in_place(name: str, old: str, new: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        text = (root / name).read_text(encoding="utf-8")
        assert old in text
        (root / name).write_text(text.replace(old, new, 1), encoding="utf-8")

    return change


def _add(name: str) -> Callable[[Path], None]:
    def change(root: Path) -> None:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(b"x")

    return change


def _other_pyarrow(root: Path) -> None:
    manifest = orjson.loads((root / "corpus/release.json").read_bytes())
    manifest["tools"]["pyarrow"] = "1.0.0"
    (root / "corpus/release.json").write_bytes(orjson.dumps(manifest))


ALL_OF = "corpus/parquet/documents/train-00000-of-00001.parquet"
DIFFERENCES: list[tuple[str, Callable[[Path], None], list[str]]] = [
    (
        "document",
        _in_place(DOCUMENT, '"polarity":"POS"', '"polarity":"NEG"'),
        [
            f"differs {EVENTS}",
            f"differs {ALL_OF}",
            "differs corpus/croissant.json",
            "differs corpus/release.json",
        ],
    ),
    ("document in other bytes only", _append(DOCUMENT), ["differs corpus/release.json"]),
    ("Parquet", _append(EVENTS), [f"differs {EVENTS}"]),
    ("Parquet gone", lambda root: (root / EVENTS).unlink(), [f"missing {EVENTS}"]),
    ("manifest", _append("corpus/release.json"), ["differs corpus/release.json"]),
    (
        "manifest's figure",
        _in_place("corpus/release.json", '"documents": 1', '"documents": 2'),
        ["differs corpus/release.json"],
    ),
    (
        "manifest of another pyarrow",
        _other_pyarrow,
        ["differs corpus/release.json", "they were built with pyarrow 1.0.0"],
    ),
    ("list of links", _append("corpus/wikidata.json"), ["differs corpus/release.json"]),
    (
        "card's table",
        _in_place("README.md", "| `mentions` | Mentions", "| `mentions` | Many mentions"),
        ["differs README.md"],
    ),
    (
        "card's configs",
        _in_place("README.md", "config_name: ner,", "config_name: nerd,"),
        ["differs README.md"],
    ),
    (
        "columns",
        _in_place("schema/README.md", "| `text_sha256` | string |", "| `text_sha256` | int32 |"),
        ["differs schema/README.md"],
    ),
    (
        "catalogue",
        _in_place("schema/CHECKS.md", "### E504\n", "### E505\n"),
        ["differs schema/CHECKS.md"],
    ),
    (
        "agreement",
        _in_place("corpus/README.md", "| 1.000 |", "| 0.999 |"),
        ["differs corpus/README.md"],
    ),
    (
        "guidelines' labels",
        _in_place("schema/GUIDELINES.md", "| NAM | Name |", "| NAM | Names |"),
        ["differs schema/GUIDELINES.md"],
    ),
]


@pytest.mark.parametrize(
    ("change", "named"), [d[1:] for d in DIFFERENCES], ids=[d[0] for d in DIFFERENCES]
)
@pytest.mark.slow
def test_check_sees_and_names_every_difference(
    checkout: Path, cli: Callable[..., Result], change: Callable[[Path], None], named: list[str]
) -> None:
    """`build --check` fails with the files that differ and writes nothing; `build` renews them."""
    change(checkout)
    before = _bytes(checkout)
    result = cli("build", checkout, "--check")
    assert 1 == result.status
    assert [] == [name for name in named if name not in result.out + result.err], result.out
    assert len([n for n in named if n.split()[0] in ("differs", "missing", "foreign")]) == len(
        [line for line in result.out.splitlines() if not line.startswith("current")]
    )
    assert "run `statevisit build` and commit" in result.err
    assert before == _bytes(checkout)
    assert 0 == cli("build", checkout).status
    assert 0 == cli("build", checkout, "--check").status


@pytest.mark.parametrize(
    "name",
    ["corpus/parquet/events/old.parquet", "corpus/parquet/gone/train-00000-of-00001.parquet"],
)
@pytest.mark.slow
def test_a_foreign_file_is_named_and_stays(
    checkout: Path, cli: Callable[..., Result], name: str
) -> None:
    """Parquet that no build wrote is named by a check; a build refuses it and changes nothing."""
    _add(name)(checkout)
    _in_place(DOCUMENT, '"polarity":"POS"', '"polarity":"NEG"')(checkout)
    before = _bytes(checkout)
    assert f"foreign {name}\n" in cli("build", checkout, "--check").out
    refused = cli("build", checkout)
    assert (1, "") == (refused.status, refused.out)
    assert f"{name}: is not a file of this build, but would be read as part of it" in refused.err
    assert before == _bytes(checkout)
    (checkout / name).unlink()
    assert 0 == cli("build", checkout).status
    assert 0 == cli("build", checkout, "--check").status


@pytest.mark.parametrize("value", ["9999-W52", "0000", "2021-W53", "2023-02-29"])
def test_a_day_that_the_calendar_lacks_is_a_finding_of_the_build(
    checkout: Path, cli: Callable[..., Result], value: str
) -> None:
    """A value beyond the edges of the calendar gets one line, and nothing is built."""
    _in_place(DOCUMENT, '"type":"DATE","value":"2020"', f'"type":"DATE","value":"{value}"')(
        checkout
    )
    result = cli("build", checkout)
    assert 1 == result.status
    assert 1 == result.out.count(" E501 ")
    assert 1 == len(result.out.strip().splitlines())
    assert "nothing was built" in result.err


def test_a_broken_reference_is_a_finding_of_the_build(
    corpus: Path, document_file: Path, cli: Callable[..., Result]
) -> None:
    """A record that refers to one that does not exist is reported, and nothing is built."""
    value = orjson.loads(document_file.read_bytes())
    value["entities"] = [entity for entity in value["entities"] if entity["id"] != "aliyev"]
    document_file.write_bytes(orjson.dumps(value))
    result = cli("build", corpus)
    assert 1 == result.status
    assert "E302" in result.out + result.err
    assert not (corpus / "corpus/parquet").exists()


def test_check_of_an_invalid_document_gives_the_finding(
    checkout: Path, cli: Callable[..., Result]
) -> None:
    """A document with findings is refused with and without --check, and what was built stays."""
    _in_place(DOCUMENT, '"polarity":"POS"', '"polarity":"MAYBE"')(checkout)
    before = _bytes(checkout)
    for options in ([], ["--check"]):
        result = cli("build", checkout, *options)
        assert 1 == result.status
        assert "E104 `polarity` is " in result.out
        assert "nothing was built" in result.err
    assert before == _bytes(checkout)


def test_the_manifest_vouches_for_the_files(checkout: Path) -> None:
    """release.json follows its schema and has size and hash of every file of a release."""
    manifest = orjson.loads((checkout / "corpus/release.json").read_bytes())
    assert [] == list(schema_errors.errors(manifest, schema.load("release")))
    files = {f["path"]: f for f in manifest["files"]}
    assert sorted(files) == [f["path"] for f in manifest["files"]]
    expected = {
        n
        for n in _bytes(checkout)
        if n.startswith("corpus/") and not n.endswith((".svg", ".png", ".md", "release.json"))
    }
    assert expected | {"schema/scheme.toml"} == set(files)
    for name, entry in files.items():
        data = (checkout / name).read_bytes()
        assert {
            "path": name,
            "size": len(data),
            "sha256": hashlib.sha256(data).hexdigest(),
        } == entry
    assert (
        hashlib.sha256((ROOT / "schema/document.schema.json").read_bytes()).hexdigest()
        == manifest["schema_sha256"]
    )


def test_the_manifest_counts_what_is_there(checkout: Path, article: Document) -> None:
    """Its counts are those of the documents and of the rows in Parquet."""
    manifest = orjson.loads((checkout / "corpus/release.json").read_bytes())
    assert article.counts() == {
        k: v["records"] for k, v in manifest["counts"].items() if k != "arguments"
    }
    assert (
        sum(len(e.arguments) for e in article.events) == manifest["counts"]["arguments"]["records"]
    )
    assert (
        Counter(e.class_ for e in article.events) == manifest["counts"]["events"]["labels"]["class"]
    )
    assert (
        Counter(a.role for e in article.events for a in e.arguments)
        == manifest["counts"]["arguments"]["labels"]["role"]
    )
    assert {
        c: pq.read_metadata(checkout / f"corpus/parquet/{c}/train-00000-of-00001.parquet").num_rows
        for c in configs(base())
    } == manifest["configs"]
    assert {
        "documents": 1,
        "entities": len(article.mentions),
        "ner": len(article.sentences),
    }.items() <= manifest["configs"].items()


def test_the_content_hash_is_of_the_documents_alone(
    tmp_path: Path, article: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    """content_sha256 is over the canonical documents in their order, as the schema says.

    No Parquet option and no formatting of a file changes it.
    """
    root = _many(tmp_path, _without_references(article), count=3)
    build(root, workers=1)
    manifest, parquet = (
        orjson.loads((root / "corpus/release.json").read_bytes()),
        (root / EVENTS).read_bytes(),
    )
    lines = b"".join(hashlib.sha256(encode(d)).hexdigest().encode() + b"\n" for d in load(root))
    assert hashlib.sha256(lines).hexdigest() == manifest["content_sha256"]
    monkeypatch.setitem(ROW_GROUP, "events", 10)
    file = root / "corpus/documents/doc-000.json"
    file.write_bytes(orjson.dumps(orjson.loads(file.read_bytes()), option=orjson.OPT_INDENT_2))
    build(root, workers=1)
    assert parquet != (root / EVENTS).read_bytes()
    assert (
        manifest["content_sha256"]
        == orjson.loads((root / "corpus/release.json").read_bytes())["content_sha256"]
    )


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.slow
def test_shards_are_named_and_read_back_in_order(
    tmp_path: Path, article: Document, monkeypatch: pytest.MonkeyPatch, workers: int
) -> None:
    """A corpus above the shard size has several files per config, read back in order.

    Their names state how many they are, and each holds as many documents as the shard size allows.
    """
    monkeypatch.setattr(parquet_shards, "SHARD", 15)
    root = _many(tmp_path, _without_references(article))
    build(root, workers=workers)
    for config in configs(base()):
        names = [f"train-0000{n}-of-00003.parquet" for n in range(3)]
        assert names == sorted(p.name for p in (root / "corpus/parquet" / config).iterdir())
        column = "id" if config == "documents" else "document"
        shards = [
            pq.read_table(root / "corpus/parquet" / config / n, columns=[column])[
                column
            ].to_pylist()
            for n in names
        ]
        assert [15, 15, 10] == [len(set(ids)) for ids in shards]
        all_ids = [id_ for ids in shards for id_ in ids]
        assert sorted(all_ids) == all_ids
    whole = [
        d
        for n in range(3)
        for d in from_table(
            pq.read_table(root / f"corpus/parquet/documents/train-0000{n}-of-00003.parquet"),
            base(),
        )
    ]
    assert list(load(root)) == whole
    monkeypatch.setattr(parquet_shards, "SHARD", 100)
    assert {"written", "removed"} == {state for name, state in build(root, workers=1).states}
    assert ["train-00000-of-00001.parquet"] == [
        p.name for p in (root / "corpus/parquet/ner").iterdir()
    ]


def test_row_groups_have_a_fixed_size(
    tmp_path: Path, article: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However the rows come in, a row group holds the number of rows set for its config."""
    monkeypatch.setitem(ROW_GROUP, "ner", 100)
    root = _many(tmp_path, _without_references(article), count=20)
    build(root, workers=1)
    meta = pq.read_metadata(root / "corpus/parquet/ner/train-00000-of-00001.parquet")
    assert [100, 100, 100, 100, 40] == [
        meta.row_group(n).num_rows for n in range(meta.num_row_groups)
    ]


def test_a_corpus_of_ones_own_needs_no_card(
    tmp_path: Path, article: Document, cli: Callable[..., Result]
) -> None:
    """Without README.md none is made; the version begins at 0.1.0, and a stated one is kept."""
    root = _many(tmp_path, _without_references(article), count=2)
    assert 0 == cli("build", root).status
    assert not (root / "README.md").exists()
    manifest = orjson.loads((root / "corpus/release.json").read_bytes())
    assert ("0.1.0", 2) == (manifest["version"], manifest["documents"])
    (root / "corpus/release.json").write_bytes(orjson.dumps({**manifest, "version": "2.3.4"}))
    assert 0 == cli("build", root).status
    assert "2.3.4" == load(root).version


@pytest.mark.parametrize(
    "text",
    [
        "# My corpus\n\nNo front matter, no marks.\n",
        "",
        "---\nnot closed\n",
        "\ufeff# A BOM\n",
        "# \r\nWindows\r\n",
    ],
)
@pytest.mark.slow
def test_a_readme_that_is_no_card_is_left_alone(
    checkout: Path, cli: Callable[..., Result], text: str
) -> None:
    """A README without front matter is somebody's own text: not one byte of it changes."""
    (checkout / "README.md").write_text(text, encoding="utf-8", newline="")
    assert 0 == cli("build", checkout).status
    assert text.encode() == (checkout / "README.md").read_bytes()


@pytest.mark.slow
def test_a_card_of_ones_own_keeps_what_is_not_generated(
    checkout: Path, cli: Callable[..., Result]
) -> None:
    """The card's own front matter and the text outside generated blocks stay.

    Configs are added, and generated blocks are renewed.
    """
    (checkout / "README.md").write_text(
        "---\npretty_name: Mein Korpus äöü\nlicense: cc0-1.0\n---\n"
        "# Mine \\1 \\g<2>\n\n<!-- generated: version -->\n<!-- end -->\n\ntail",
        encoding="utf-8",
    )
    assert 0 == cli("build", checkout).status
    text = (checkout / "README.md").read_text(encoding="utf-8")
    assert text.startswith(
        "---\npretty_name: Mein Korpus äöü\nlicense: cc0-1.0\nconfigs:\n"
        "- {config_name: documents, data_files: corpus/parquet/documents/train-*.parquet, "
        "default: true}\n"
    )
    version = load(checkout).version
    assert text.endswith(
        "---\n# Mine \\1 \\g<2>\n\n<!-- generated: version -->\n"
        f"This is version **{version}**.\n<!-- end -->\n\ntail"
    )
    assert 0 == cli("build", checkout, "--check").status


def test_the_card_of_another_corpus_says_what_is_so(
    tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """Languages, and who made sentences and tokens, are those of the documents.

    Nobody is said to have checked anything, and an annotator of deleted documents is not named.
    """
    root = tmp_path / "own"
    assert 0 == cli("init", root).status
    for name, language in (("bir", "tr"), ("uc", "tr"), ("iki", "az-Latn-AZ"), ("thalatha", "ar")):
        seed = tmp_path / f"{name}.txt"
        seed.write_text(f" date 2024-03-01 {name}.", encoding="utf-8")
        assert 0 == cli("ingest", seed, "--root", root, "--language", language).status
    for name in ("corpus/documents/example.json", "seeds/example.txt"):
        (root / name).unlink()
    sources = root / "seeds/sources.jsonl"
    lines = sources.read_bytes().splitlines(keepends=True)
    sources.write_bytes(b"".join(line for line in lines if b"example.txt" not in line))
    assert 0 == cli("build", root).status
    card = (root / "README.md").read_text(encoding="utf-8")
    assert "language: [ar, az, tr]" in card
    maker = "spaCy's rule-based tokenizer and sentencizer (rule)"
    for layer in ("sentences", "tokens"):
        (row,) = (line for line in card.splitlines() if line.startswith(f"| `{layer}` |"))
        assert f"| {maker} |" in row
    assert "checked by" not in card.replace("checked by statevisit", "")
    assert "annotated once" not in card
    croissant = orjson.loads((root / "corpus/croissant.json").read_bytes())
    assert ["ar", "az-Latn-AZ", "tr"] == croissant["inLanguage"]
    assert [f"{maker}: sentences, tokens"] == croissant["rai:annotatorDemographics"]
    people = '{"id":"ada","kind":"human","name":"Ada","layers":["tokens"]}'
    annotators = root / "corpus/annotators.json"
    annotators.write_text(f'{{"annotators":[{people}]}}', encoding="utf-8")
    for path in (root / "corpus/documents").glob("*.json"):
        path.write_bytes(path.read_bytes().replace(b'"spacy-blank"', b'"ada"'))
    assert 0 == cli("build", root).status
    card = (root / "README.md").read_text(encoding="utf-8")
    assert "Tokens, in order, without white space. | Ada (human) |" in card
    assert "white space between them. | not stated |" in card


@pytest.mark.slow
def test_features_of_an_older_card_are_dropped(checkout: Path, cli: Callable[..., Result]) -> None:
    """A build drops `dataset_info` of 1.0.0: `datasets` would prefer it to Parquet."""
    card = checkout / "README.md"
    text = card.read_text(encoding="utf-8")
    stale = (
        "dataset_info:\n- config_name: ner\n  features:\n  - {name: gone, dtype: string}\nconfigs:"
    )
    card.write_text(text.replace("configs:", stale, 1), encoding="utf-8")
    assert 0 == cli("build", checkout).status
    assert text == card.read_text(encoding="utf-8")


@pytest.mark.slow
def test_a_page_of_ones_own_is_left_alone(checkout: Path, cli: Callable[..., Result]) -> None:
    """A page without marks stays as it is, byte for byte; a page that is missing is not made."""
    (checkout / "schema/README.md").write_bytes(b"# Mine\r\n\xff")
    (checkout / "schema/CHECKS.md").unlink()
    (checkout / "corpus/README.md").write_bytes(b"# Mine\r\n")
    before = _bytes(checkout)
    result = cli("build", checkout)
    assert (1, before) == (result.status, _bytes(checkout))
    assert "schema/README.md: is not UTF-8" in result.err
    (checkout / "schema/README.md").write_bytes(b"# Mine\r\n")
    assert 0 == cli("build", checkout).status
    assert b"# Mine\r\n" == (checkout / "schema/README.md").read_bytes()
    assert b"# Mine\r\n" == (checkout / "corpus/README.md").read_bytes()
    assert not (checkout / "schema/CHECKS.md").exists()


@pytest.mark.slow
def test_build_prints_one_screen(
    checkout: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At most twenty changed files are listed, the rest is counted; the last line is next."""
    for path in (checkout / "corpus/parquet").rglob("*.parquet"):
        path.unlink()
    first = cli("build", checkout).out.splitlines()
    assert len(configs(base())) == sum(line.startswith("written corpus/parquet/") for line in first)
    assert "current: 7 files" == first[-2]
    assert first[-1].startswith("Next: commit these files.")
    again = cli("build", checkout).out.splitlines()
    assert "current: 15 files" == again[0]
    assert again[1].startswith("Nothing changed. Next: ")
    assert 2 == len(again)
    checked = cli("build", checkout, "--check").out.splitlines()
    assert ["current: 15 files", "Nothing to do: what is built matches the documents."] == checked
    for number in range(30):
        (checkout / f"corpus/parquet/ner/old-{number}.parquet").write_bytes(b"x")
    many = cli("build", checkout, "--check").out.splitlines()
    assert (22, "and 10 more files") == (len(many), many[20])


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "<!-- generated: layers -->",
            "<!-- generated: lables -->",
            "unknown generated part 'lables'; "
            "known are version, pin, layers, splits, sources, configs, columns, labels",
        ),
        (
            "pretty_name: statevisit",
            "pretty_name: [statevisit",
            "README.md:3: the front matter is not YAML",
        ),
        ("pretty_name: statevisit", "pretty_name: \x07", "the front matter is not YAML"),
        ("pretty_name: statevisit", "\u00e9\udcff: 1", "is not UTF-8"),
    ],
)
@pytest.mark.slow
def test_a_card_that_cannot_be_renewed_is_an_error(
    checkout: Path, cli: Callable[..., Result], old: str, new: str, message: str
) -> None:
    """An unknown mark, or front matter that cannot be read, names the file and builds nothing."""
    file = checkout / "README.md"
    file.write_bytes(
        file.read_bytes().replace(old.encode(), new.encode("utf-8", "surrogateescape"), 1)
    )
    before = _bytes(checkout)
    result = cli("build", checkout)
    assert 1 == result.status
    assert f"statevisit: {checkout}/README.md:" in result.err
    assert message in result.err
    assert before == _bytes(checkout)


def test_the_article_comes_back_from_its_table(article: Document) -> None:
    """Documents -> Parquet -> documents is the identity: the `documents` config loses nothing."""
    assert [article] == from_table(document_table([article], base()), base())
    assert [article] == from_table(pq.read_table(ROOT / ALL_OF), base())


@settings(max_examples=60, deadline=None)
@given(st.lists(documents(), min_size=1, max_size=3))
@pytest.mark.slow
def test_every_document_comes_back_from_its_table(drawn: list[Document]) -> None:
    """Documents -> table -> documents is the identity on every valid document.

    Among them are emoji, empty layers, absent properties and every label.
    """
    assert drawn == from_table(document_table(drawn, base()), base())


@pytest.mark.slow
@settings(max_examples=30, deadline=None)
@given(st.lists(documents(), min_size=1, max_size=3))
def test_every_view_has_a_row_for_every_record(drawn: list[Document]) -> None:
    """A flat view neither drops nor doubles a record, and every table validates."""
    tables = to_tables(drawn, base())
    for config, layer in (
        ("entities", "mentions"),
        ("events", "events"),
        ("timexes", "timexes"),
        ("relations", "relations"),
    ):
        assert [(d.id, r.id) for d in drawn for r in getattr(d, layer)] == list(
            zip(*(tables[config][c].to_pylist() for c in ("document", "id")), strict=True)
        )
    for table in tables.values():
        table.validate(full=True)


def test_a_corpus_with_a_layer_that_is_empty_builds(tmp_path: Path, article: Document) -> None:
    """A config without a row has no file, which `datasets` could not load, and the count 0."""
    bare = replace(
        article,
        id="bare",
        **{layer: () for layer in article.counts() if layer not in ("sentences", "tokens")},
    )
    root = _many(tmp_path, article, count=0)
    (root / "corpus/documents/bare.json").write_bytes(encode(bare))
    assert ([], {"written"}) == _states(build(root, workers=1))
    rows = {path.parent.name: pq.read_table(path) for path in root.rglob("*.parquet")}
    assert {"documents": 1, "ner": 22} == {c: t.num_rows for c, t in rows.items()}
    assert [bare] == from_table(rows["documents"], base())
    stated = orjson.loads((root / "corpus/release.json").read_bytes())["configs"]
    assert dict.fromkeys(configs(base()), 0) | {"documents": 1, "ner": 22} == stated


def test_a_layer_that_becomes_empty_and_full_again(tmp_path: Path, article: Document) -> None:
    """The file of a config goes with its last row, and comes back with the first."""
    root = _many(tmp_path, article, count=1)
    (path,) = (root / "corpus/documents").glob("*.json")
    full = path.read_bytes()
    build(root, workers=1)
    path.write_bytes(encode(replace(read_document(path), relations=())))
    states = dict(build(root, workers=1).states)
    file = "corpus/parquet/relations/train-00000-of-00001.parquet"
    assert "removed" == states[file]
    assert not (root / "corpus/parquet/relations").exists()
    assert [] == build(root, check=True, workers=1).stale
    path.write_bytes(full)
    assert "written" == dict(build(root, workers=1).states)[file]


def test_a_shard_without_rows_has_an_empty_file(
    tmp_path: Path, article: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every config has as many files as the others; one without a row hinders no loading."""
    monkeypatch.setattr(parquet_shards, "SHARD", 2)
    root = _many(tmp_path, article, count=4)
    for path in sorted((root / "corpus/documents").glob("*.json"))[:2]:
        path.write_bytes(encode(replace(read_document(path), relations=())))
    build(root, workers=1)
    files = sorted((root / "corpus/parquet/relations").iterdir())
    assert [0, 2 * len(article.relations)] == [pq.read_metadata(f).num_rows for f in files]
    for streaming in (False, True):
        loaded = load_dataset("relations", root, split="train", streaming=streaming)
        assert 2 * len(article.relations) == len(list(loaded))


def test_a_manifest_without_a_version_is_refused(
    checkout: Path, cli: Callable[..., Result]
) -> None:
    """A broken release.json is an error that says what to do, not a silent return to 0.1.0."""
    (checkout / "corpus/release.json").write_text("{}")
    result = cli("build", checkout)
    assert 1 == result.status
    assert 'release.json: states no "version"; restore the file' in result.err
    with pytest.raises(FormatError, match=r"release\.json"):
        build(checkout)


@pytest.mark.slow
def test_annotators_who_share_only_some_documents(tmp_path: Path, article: Document) -> None:
    """Manifest, page and Croissant state on how many documents each two annotators are compared."""
    root = _many(tmp_path / "root", _without_references(article), count=4)
    mark = "<!-- generated: agreement -->\n<!-- end -->\n"
    (root / "README.md").write_text(f"---\nlanguage: [en]\n---\n{mark}")
    for annotator, numbers in (("anna", (0, 1)), ("ben", (0, 2)), ("carl", (1, 3))):
        for n in numbers:
            name = f"doc-{n:03}.json"
            (root / "corpus/annotators" / annotator).mkdir(parents=True, exist_ok=True)
            shutil.copy(root / "corpus/documents" / name, root / "corpus/annotators" / annotator)
    assert ([], {"written"}) == _states(build(root, workers=1))
    manifest = orjson.loads((root / "corpus/release.json").read_bytes())
    assert [] == list(schema_errors.errors(manifest, schema.load("release")))
    pairs = [(pair["annotators"], pair["documents"]) for pair in manifest["agreement"]["pairs"]]
    assert [(["anna", "ben"], 1), (["anna", "carl"], 1), (["ben", "carl"], 0)] == pairs
    assert 2 == manifest["agreement"]["documents"]
    assert {1.0} == {figure["value"] for figure in manifest["agreement"]["figures"]}
    page = (root / "README.md").read_text(encoding="utf-8")
    assert "`anna` and `ben` 1 document; `anna` and `carl` 1 document; `ben` and `carl` no" in page
    assert ", 2 documents)" in (root / "corpus/croissant.json").read_text(encoding="utf-8")


def test_annotators_who_share_nothing_publish_no_agreement(
    tmp_path: Path, article: Document
) -> None:
    """The corpus is built; the manifest has no figures of annotators who cannot be compared."""
    root = _many(tmp_path / "root", _without_references(article), count=2)
    for n in range(2):
        (root / "corpus/annotators" / f"a{n}").mkdir(parents=True)
        name = f"doc-{n:03}.json"
        shutil.copy(root / "corpus/documents" / name, root / "corpus/annotators" / f"a{n}")
    assert ([], {"written"}) == _states(build(root, workers=1))
    assert "agreement" not in orjson.loads((root / "corpus/release.json").read_bytes())


def test_a_worker_writes_parquet_without_pandas() -> None:
    """Importing pandas would take a quarter of a second of a build; it can be imported later."""
    code = """
import sys
import statevisit.dataset.without_pandas
from statevisit import load
from statevisit.dataset.arrow import to_tables
corpus = load()
table = to_tables(list(corpus), corpus.scheme)["entities"]
print("pandas" in sys.modules)
print(len(table.to_pandas()) == table.num_rows > 0, "pandas" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "False\nTrue True\n" == done.stdout
