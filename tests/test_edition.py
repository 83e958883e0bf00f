"""The edition without the text: no file has its words, and with the text it is complete again."""

import re
import shutil
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from msgspec.structs import replace

from statevisit import Finding, FormatError, encode, load, load_dataset, validate
from statevisit.dataset.configs import WORDS, columns, configs, features, views, wordless
from statevisit.document import schema, schema_errors
from statevisit.document.codec import encode_value
from statevisit.document.model import LAYERS, Document
from statevisit.document.references import reference_names
from statevisit.document.scheme import ANNOTATIONS_ONLY, base
from statevisit.publishing import textless
from statevisit.publishing.textless import blanked, pieces, restore, strip
from tests.conftest import DOC_ID, PACKAGE, ROOT, Result, oracle
from tests.strategies import documents, seed_of

pytestmark = pytest.mark.slow

mlcroissant = oracle("mlcroissant")

SEED = next((ROOT / "seeds").glob("000_*.txt"))
IDS = {
    "id",
    "entity",
    "literal",
    "event",
    "measures",
    "conversion_of",
    "source",
    "target",
    "anchor",
    "begin",
    "end_point",
    "members",
    "source_event",
    "target_event",
}

Made = tuple[Path, Path]


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A corpus root of two documents with texts of their own, and its edition without them."""
    from statevisit.cli.main import run

    root, other = tmp_path_factory.mktemp("full"), tmp_path_factory.mktemp("made") / "annotations"
    for name in ("corpus", "seeds", "schema"):
        shutil.copytree(ROOT / name, root / name)
    for name in ("README.md", "CITATION.cff", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / name, root)
    starter = PACKAGE / "cli/starter"
    shutil.copy(starter / "example.txt", root / "seeds")
    with (root / "seeds/sources.jsonl").open("ab") as sources:
        sources.write((starter / "sources.jsonl").read_bytes())
    example = orjson.loads((starter / "example.json").read_bytes()) | {"annotators": ["a"]}
    (root / "corpus/documents/example.json").write_bytes(encode_value(example))
    assert 0 == run(["build", str(root)])
    assert 0 == run(["build", str(root), "--edition", "annotations-only", "-o", str(other)])
    return root, other


def _grams(text: str) -> set[tuple[str, ...]]:
    """Every four words in a row, whatever is between them."""
    words = re.findall(r"\w+", text.lower())
    return set(zip(*(words[i:] for i in range(4)), strict=False))


def _strings(value: Any, key: str = "") -> Iterator[tuple[str, str]]:
    """(key, string) for every string in a JSON value, in its order."""
    if isinstance(value, dict):
        for k, v in value.items():
            yield from _strings(v, k)
    elif isinstance(value, list):
        for v in value:
            yield from _strings(v, key)
    elif isinstance(value, str):
        yield key, value


def _by_key(values: Any) -> dict[str, list[str]]:
    strings_by_key: dict[str, list[str]] = defaultdict(list)
    for key, string in _strings(values):
        strings_by_key[key].append(string)
    return strings_by_key


def _values(path: Path) -> Any:
    """What a data file holds; None for any other file."""
    if path.suffix == ".parquet":
        return pq.ParquetFile(path).read().to_pylist()
    if path.suffix == ".jsonl":
        return [orjson.loads(line) for line in path.read_bytes().splitlines()]
    return orjson.loads(path.read_bytes()) if path.suffix == ".json" else None


def _readings(path: Path) -> list[str]:
    """A file as text and, for data, the strings of each column or key in sequence.

    Words in successive cells follow each other there.
    """
    data = _values(path)
    return [
        path.read_bytes().decode(errors="replace"),
        *(" ".join(s) for s in _by_key(data).values()),
    ]


def _left(root: Path, texts: set[tuple[str, ...]]) -> dict[str, int]:
    """The files with four successive words of the texts, and the number of such runs in each."""
    runs_left = {
        p.relative_to(root).as_posix(): len(texts & set().union(*map(_grams, _readings(p))))
        for p in sorted(root.rglob("*"))
        if p.is_file()
    }
    return {name: n for name, n in runs_left.items() if n}


@pytest.mark.slow
def test_no_four_words_of_a_text_are_left_in_any_file(roots: Made) -> None:
    """The texts are in many files of the full edition, and in no file of the other one."""
    full, other = roots
    texts = set().union(*(_grams(d.text) for d in load(full)))
    runs_left = _left(full, texts)
    assert 450 < runs_left[f"seeds/{SEED.name}"] == runs_left[f"corpus/documents/{DOC_ID}.json"]
    data = {f"corpus/parquet/{c}/train-00000-of-00001.parquet" for c in configs(base())} | {
        f"corpus/annotators/{a}/{DOC_ID}.json" for a in "ab"
    }
    assert (
        data
        | {
            "README.md",
            "corpus/wikidata.json",
            "corpus/adjudication.jsonl",
            "corpus/documents/example.json",
            "seeds/example.txt",
        }
        <= runs_left.keys()
    )
    assert {} == _left(other, texts)
    assert {p.name for p in (other / "corpus").iterdir()} == {
        "annotators",
        "annotators.json",
        "croissant.json",
        "documents",
        "parquet",
        "release.json",
        "wikidata.json",
    }
    assert ["sources.jsonl"] == [p.name for p in (other / "seeds").iterdir()]


def test_no_word_of_the_text_is_left_in_the_data(roots: Made, article: Document) -> None:
    """No word of the text is in a document, pass or cell, only in the names that a corpus chooses.

    These are the id of the document and the name of its seed.
    """
    words = set(re.findall(r"[^\W\d_]{3,}", article.text.lower()))
    labels = {
        w
        for layer, prop in base().inventories
        for name in base().label_names(layer, prop)
        for w in re.findall(r"[^\W\d_]+", name.lower())
    }
    for path in [*roots[1].rglob(f"*/{DOC_ID}.json"), *roots[1].rglob("*.parquet")]:
        for key, strings in _by_key(_values(path)).items():
            kept = set(strings) - {DOC_ID, "example", ANNOTATIONS_ONLY, *article.annotators}
            assert (
                set() == words & set(re.findall(r"[^\W\d_]{3,}", " ".join(kept).lower())) - labels
            ), f"{path}: {key}"


@settings(max_examples=300)
@given(documents())
@pytest.mark.slow
def test_a_document_comes_back_to_the_byte(document: Document) -> None:
    """Any stripped document follows its schema, and with the text it is the document again.

    The text can be given as the seed or without its header.
    """
    value = orjson.loads(encode_value(strip(document)))
    assert [] == list(schema_errors.errors(value, base().annotations_only))
    assert (
        encode(document)
        == encode(restore(value, seed_of(document), "seed", base()))
        == encode(restore(value, document.text.encode(), "seed", base()))
    )
    literals: set[str] = set()
    for record in (record for layer in LAYERS for record in value[layer]):
        for key, parts in record.items():
            if key.endswith("_in_text"):
                literals |= {character for part in parts for character in part.get("literal", "")}
    assert set() == literals & set(document.text)


@pytest.mark.slow
@settings(max_examples=100)
@given(documents())
def test_the_tables_say_what_those_of_the_full_edition_say(document: Document) -> None:
    """Without words, renamed ids and units of counts, all rows are those of the full edition."""
    blank = blanked(strip(document), base())
    assert set() == IDS - {c.name for view in views(base()).values() for c in view.columns}
    for config, view in views(base()).items():
        names = [c.name for c in columns(config, base().annotations_only)][:-1]  # no split yet
        for full, row in zip(
            wordless(config, base(), list(view.rows(document))),
            wordless(config, base(), list(view.rows(blank))),
            strict=True,
        ):
            one, two = (
                {k: v for k, v in zip(names, r, strict=True) if k not in IDS} for r in (full, row)
            )
            for arguments in (one.get("arguments", ()), two.get("arguments", ())):
                for a in arguments:
                    del a["target"], a["entity"]
            if one.get("kind") in ("CARDINAL", "ORDINAL"):
                assert two.pop("unit") is None
                del one["unit"]
            assert one == two


def test_a_string_is_places_in_the_text() -> None:
    """The longest stretches first; only what the text does not have is written out."""
    assert [{"start": 0, "end": 4}] == pieces("Baku", "Baku and Ankara")
    assert [{"start": 4, "end": 9}, {"literal": "(2)"}] == pieces(" and (2)", "Baku and Ankara")
    assert [] == pieces("", "Baku")


def test_the_references_are_those_of_the_schema() -> None:
    """Every property of a record that holds another record's id is renamed with it."""
    arguments = base().resolve(base().properties("events")["arguments"]["items"])["properties"]
    nodes = [
        *(item for layer in LAYERS for item in base().properties(layer).items()),
        *((k, base().resolve(v)) for k, v in arguments.items()),
    ]
    holders = [(key, base().resolve(node.get("items", node))) for key, node in nodes]
    names = {
        key
        for key, node in holders
        if key != "id" and "[A-Za-z0-9_-]{1,64}" in node.get("pattern", "")
    }
    assert names == reference_names()


def test_every_string_of_a_document_is_accounted_for() -> None:
    """A property of free words is stripped, or listed here if it holds a code.

    A new property therefore needs a decision.
    """
    free = set()
    for layer in LAYERS:
        for key, node in base().annotations_only.properties(layer).items():
            if (
                node.get("type") == "string"
                and not {"enum", "const", "pattern", "format"} & node.keys()
            ):
                free.add((layer, key))
    assert {("timexes", "value"), ("timexes", "quant"), ("quantities", "unit")} == free
    assert all(
        {"text", "name"}.isdisjoint(base().annotations_only.properties(layer)) for layer in LAYERS
    )


@pytest.mark.parametrize("config", configs(base()))
def test_the_edition_loads(roots: Made, config: str) -> None:
    """`load_dataset` gives every config with all rows and the stated features, without words."""
    full, other = (load_dataset(config, r, split="train") for r in roots)
    assert len(full) == len(other) > 0
    assert features(config, base().annotations_only) == other.features.to_dict()
    if config != "documents":
        assert set(full.column_names) - WORDS == set(other.column_names)
    page = (roots[1] / "schema/README.md").read_text(encoding="utf-8")
    block = page.split(f"\n### {config}\n")[1].split("<!-- end -->")[0].split("\n### ")[0]
    assert [c.name for c in columns(config, base().annotations_only)] == re.findall(
        r"^\| `(\w+)` \|", block, re.MULTILINE
    )


def test_the_pages_of_the_edition_are_complete(roots: Made) -> None:
    """Its card is short, has layers, configs and limitations, and each link leads to a file."""
    card = (roots[1] / "README.md").read_text(encoding="utf-8")
    assert 150 > len(card.splitlines())
    for part in (
        "| `mentions` |",
        "| `documents` (default) |",
        "## Bias and limitations",
        "κ type",
    ):
        assert part in card
    for page in roots[1].rglob("*.md"):
        for link in re.findall(r"\]\(([^()\s#]+)", page.read_text(encoding="utf-8")):
            assert link.startswith("https://") or (page.parent / link).is_file(), (page, link)


def test_the_manifest_and_the_metadata_are_of_the_edition(roots: Made) -> None:
    """The manifest is valid and states its edition; the Croissant metadata are valid too."""
    manifest = orjson.loads((roots[1] / "corpus/release.json").read_bytes())
    assert [] == list(schema_errors.errors(manifest, schema.load("release")))
    full = orjson.loads((roots[0] / "corpus/release.json").read_bytes())
    assert {"name": "annotations-only", "full": full["content"]} == manifest["edition"]
    assert (full["version"], full["counts"], full["configs"]) == (
        manifest["version"],
        manifest["counts"],
        manifest["configs"],
    )
    described = mlcroissant.Dataset(roots[1] / "corpus/croissant.json")
    assert set() == described.metadata.ctx.issues.errors
    assert full["configs"]["events"] == len(list(described.records("events")))


def _bytes(root: Path, *below: str) -> dict[str, bytes]:
    return {
        str(p.relative_to(root)): p.read_bytes()
        for name in below
        for p in sorted((root / name).rglob("*"))
        if p.is_file()
    }


@pytest.mark.slow
@pytest.mark.parametrize(
    "texts", [("seeds",), (f"seeds/{SEED.name}", "seeds/example.txt")], ids=["a directory", "files"]
)
def test_with_the_texts_the_full_edition_is_there_again(
    roots: Made, tmp_path: Path, cli: Callable[..., Result], texts: tuple[str, ...]
) -> None:
    """`restore` gives documents, passes, seeds and Parquet of two texts to the byte."""
    full, other = roots
    result = cli(
        "restore", other, *(x for t in texts for x in ("--text", full / t)), "-o", tmp_path / "back"
    )
    assert (0, "") == (result.status, result.err)
    places = ("corpus/documents", "corpus/annotators", "corpus/parquet", "seeds")
    assert _bytes(full, *places) == _bytes(tmp_path / "back", *places)
    assert 12 <= len(_bytes(full, *places))
    manifests = [
        orjson.loads((r / "corpus/release.json").read_bytes()) for r in (full, tmp_path / "back")
    ]
    assert [
        {k: m.get(k) for k in ("version", "content", "counts", "edition", "agreement")}
        for m in manifests[:1]
    ] == [
        {k: m.get(k) for k in ("version", "content", "counts", "edition", "agreement")}
        for m in manifests[1:]
    ]


CHANGES: dict[str, tuple[Callable[[str], str], str]] = {
    "a word of the same length": (
        lambda t: t.replace("Shusha", "Shushi"),
        "5:1: not the text of {id}: the first difference is in the sentence of 'Having upgraded",
    ),
    "a longer word": (
        lambda t: t.replace("sworn in on", "sworn into on"),
        "1:198: not the text of {id}: the first difference is in the sentence of \"It is Aliyev's",
    ),
    "another line end": (
        lambda t: t.replace("\n", "\r\n"),
        "2:1: not the text of {id}: the first difference is in the sentence of 'The two leaders",
    ),
    "more at the end": (
        lambda t: t + "\n",
        "17:484: not the text of {id}: it differs after the last sentence; "
        "it has 3,089 characters instead of 3,088",
    ),
    "less": (
        lambda t: t[:100],
        "1:96: not the text of {id}: the first difference is in the sentence of 'President Recep",
    ),
    "nothing": (lambda t: "", "1:1: not the text of {id}: the first difference"),
    "another date": (
        lambda t: t.replace("02-19", "02-18", 1),
        "1:18: not the text of {id}: the text is right, "
        "but the header before it is not ' date 2024-02-19 '",
    ),
}


@pytest.mark.parametrize("change", CHANGES)
def test_another_text_is_refused_with_the_place(
    roots: Made, tmp_path: Path, cli: Callable[..., Result], change: str
) -> None:
    """Another text is refused with line and column of the difference, or of its sentence.

    Nothing is written.
    """
    make, message = CHANGES[change]
    (tmp_path / SEED.name).write_bytes(make(SEED.read_text(encoding="utf-8")).encode())
    result = cli(
        "restore",
        roots[1],
        "--text",
        tmp_path / SEED.name,
        "--text",
        roots[0] / "seeds/example.txt",
        "-o",
        tmp_path / "back",
    )
    assert (1, "") == (result.status, result.out)
    assert result.err.startswith(f"statevisit: {tmp_path / SEED.name}:{message.format(id=DOC_ID)}")
    assert [SEED.name] == [p.name for p in tmp_path.iterdir()]


@pytest.mark.slow
def test_what_cannot_be_restored_is_said(
    roots: Made, tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """Every wrong input of `restore` gives one line.

    These are a missing text, bytes that are not a text, a root of the full edition, an output that
    exists, a document that was changed, and one that is missing.
    """

    def refusal(*arguments: object) -> str:
        result = cli("restore", *arguments)
        assert 1 == result.status
        assert 1 == result.err.count("\n")
        return result.err

    full, other = roots
    (tmp_path / "bytes.txt").write_bytes(b"\xff")
    assert "its seed is example.txt, SHA-256" in refusal(
        other, "--text", SEED, "--text", tmp_path / "bytes.txt", "-o", tmp_path / "back"
    )
    assert "bytes.txt:1: not UTF-8: byte 0xff" in refusal(
        other, "--text", tmp_path / "bytes.txt", "-o", tmp_path / "back"
    )
    assert "is not an edition without the text" in refusal(
        full, "--text", SEED, "-o", tmp_path / "back"
    )
    assert "exists already and is not empty" in refusal(
        other, "--text", full / "seeds", "-o", other
    )
    shutil.copytree(other, tmp_path / "copy")
    document = tmp_path / f"copy/corpus/documents/{DOC_ID}.json"
    for old, new, message in (
        (b'"level":"NAM"', b'"level":"NOM"', "was changed after it was made"),
        (b'"level":"NAM"', b'"level":"X"', "`level` is"),
        (b'"text_length"', b'"length"', "unknown property `length`"),
    ):
        document.write_bytes(
            (other / f"corpus/documents/{DOC_ID}.json").read_bytes().replace(old, new, 1)
        )
        assert message in refusal(
            tmp_path / "copy", "--text", full / "seeds", "-o", tmp_path / "back"
        )
    document.unlink()
    assert "a document is missing or was added" in refusal(
        tmp_path / "copy", "--text", full / "seeds", "-o", tmp_path / "back"
    )
    assert not (tmp_path / "back").exists()


def test_an_edition_is_not_taken_for_the_corpus(roots: Made) -> None:
    """Reading and validating one says that the text is missing and what brings it back."""
    with pytest.raises(
        FormatError, match="annotations-only edition, which has no text: `statevisit restore"
    ):
        load(roots[1])[0]
    findings: list[Finding] = [f for f in validate(roots[1]) if f.document == DOC_ID]
    assert [("E104", "/edition")] == [(f.code, f.pointer) for f in findings]


@pytest.mark.slow
def test_a_quotation_stops_the_build(
    roots: Made, tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """If a page or an id quotes a text, nothing is written; the message names file and words."""
    root = tmp_path / "root"
    shutil.copytree(roots[0], root)
    options = ("--edition", "annotations-only", "-o", tmp_path / "annotations")
    with (root / "CHANGELOG.md").open("a", encoding="utf-8") as file:
        file.write("\n- The Turkic world is our family, Aliyev told his inauguration ceremony.\n")
    result = cli("build", root, *options)
    assert (1, True) == (
        result.status,
        "CHANGELOG.md: quotes the text, which this edition is without: "
        "'the turkic world is our family aliyev told'" in result.err,
    )
    shutil.copy(roots[0] / "CHANGELOG.md", root)
    document = replace(load(root)[DOC_ID], id="president-recep-tayyip-erdogan")
    (root / f"corpus/documents/{DOC_ID}.json").unlink()
    (root / f"corpus/documents/{document.id}.json").write_bytes(encode(document))
    shutil.rmtree(root / "corpus/annotators")
    assert "run `statevisit build` first" in cli("build", root, *options).err
    cli("build", root)
    assert 0 == cli("build", root, *options).status  # erdogan is not erdoğan
    (root / f"corpus/documents/{document.id}.json").unlink()
    (root / "corpus/documents/visit-to-turkiye.json").write_bytes(
        encode(replace(document, id="is-a-group-of-prominent"))
    )
    (root / "corpus/documents/visit-to-turkiye.json").rename(
        root / "corpus/documents/is-a-group-of-prominent.json"
    )
    cli("build", root)
    assert (
        "documents/is-a-group-of-prominent.json: an id or value quotes the text"
        in cli("build", root, *options).err
    )
    assert 0 == cli("publish", root, "--repo", "owner/name", "--dry-run").status
    assert (
        "quotes the text"
        in cli(
            "publish", root, "--repo", "owner/name", "--dry-run", "--edition", "annotations-only"
        ).err
    )


@pytest.mark.slow
def test_an_edition_is_published_by_itself(roots: Made, cli: Callable[..., Result]) -> None:
    """`publish --edition` lists the files of the edition with their hashes, and no seeds."""
    out = cli(
        "publish", roots[0], "--repo", "owner/name", "--dry-run", "--edition", "annotations-only"
    ).out
    listed = {line.split()[2]: line.split()[0] for line in out.splitlines()[:-1]}
    assert _digests(roots[1]) == listed
    assert out == cli("publish", roots[1], "--repo", "owner/name", "--dry-run").out


def _digests(root: Path) -> dict[str, str]:
    import hashlib

    return {name: hashlib.sha256(data).hexdigest() for name, data in _bytes(root, ".").items()}


@pytest.mark.slow
def test_build_asks_for_a_directory(cli: Callable[..., Result], tmp_path: Path) -> None:
    """`--edition annotations-only` and `-o` need each other, and existing files stay."""
    for options in (
        ("--edition", "annotations-only"),
        ("-o", tmp_path),
        ("--edition", "annotations-only", "-o", tmp_path, "--check"),
    ):
        assert 2 == cli("build", ROOT, *options).status
    (tmp_path / "mine.txt").write_text("mine")
    assert (
        "exists already and is not empty"
        in cli("build", ROOT, "--edition", "annotations-only", "-o", tmp_path).err
    )
    assert ["mine.txt"] == [p.name for p in tmp_path.iterdir()]


def test_the_words_in_a_row_are_found() -> None:
    """A build refuses a number of successive words, whatever the case and the signs between."""
    pages = set(textless.word_runs("He said: two-day VISIT to Baku.", 4))
    assert "two day visit to" == textless.first_shared_run("a two-day visit to Ankara", pages, 4)
    assert textless.first_shared_run("a visit to Baku for two days", pages, 4) is None
