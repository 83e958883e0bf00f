"""Three corpora of strangers, made through the command line alone, from init to the next release.

A maritime one has labels, properties and layers of its own, and splits. One in Turkish and Arabic
has names only, and half of its texts are not begun. One of 300 files in many forms has 20 bad ones.
"""

import csv
import json
import random
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import statevisit
from tests.conftest import Result, oracle
from tests.repositories import begin, commit

datasets = oracle("datasets")

pytestmark = pytest.mark.slow

Cli = Callable[..., Result]

MARITIME = """\
base = 2
layers = ["mentions", "entities", "events", "quantities"]

[labels."entities.type".VESSEL]
title = "Vessel"
description = "A named ship or boat."
color = "#0077b6"

[labels."entities.type".LANGUAGE]
remove = true

[labels."events.type"."VOYAGE.DEPART"]
title = "Departure"
description = "A vessel leaves a port."
roles = ["Vessel", "Origin"]

[labels."arguments.ace_role".Vessel]
description = "The vessel that leaves."

[attributes.mentions.certainty]
description = "How sure the annotator is."
labels = { SURE = "The text leaves no doubt.", UNSURE = "Another reading is possible." }

[attributes.events.knots]
description = "Speed of the vessel."
type = "integer"
"""

VESSELS = ("Aida", "Borealis", "Calypso", "Dorothea", "Esmeralda", "Fortuna")
PORTS = ("Riga", "Gdynia", "Turku", "Visby", "Rostock", "Tallinn")


def _done(result: Result) -> str:
    """The output of a command that must go well."""
    assert 0 == result.status, result.err + result.out
    return result.out


@pytest.fixture
def made(
    tmp_path: Path, cli: Cli, monkeypatch: pytest.MonkeyPatch, identity: None
) -> Callable[..., Path]:
    """Make a corpus with `init`, without its example, in a git repository; go there."""

    def make(*options: object) -> Path:
        root = tmp_path / "corpus-of-mine"
        _done(cli("init", root, *options))
        monkeypatch.chdir(root)
        _done(cli("remove", "example", "--yes"))
        begin(root)
        return root

    return make


def _maritime_texts(folder: Path) -> None:
    """A file of JSONL with a text for each vessel, in two splits."""
    lines = []
    for number, (vessel, port) in enumerate(zip(VESSELS, PORTS, strict=True)):
        crew = 10 + number
        text = f"The {vessel} left {port} with {crew} sailors. It reached {PORTS[number - 1]} late."
        lines.append(
            {
                "id": vessel.lower(),
                "date": f"2025-03-0{number + 1}",
                "text": text,
                "title": f"{vessel} leaves {port}",
                "url": f"https://harbour.example/{vessel.lower()}",
                "split": "test" if number < 2 else "dev",
                "berth": number,
            }
        )
    folder.joinpath("news.jsonl").write_text("\n".join(map(json.dumps, lines)))


def _maritime_draft(vessel: str, port: str, crew: int) -> dict[str, Any]:
    """The annotation of such a text, in quotes."""
    nameless = {"nil": "UNVERIFIED", "reference": "SPECIFIC"}
    return {
        "id": vessel.lower(),
        "mentions": [
            {"id": "m1", "quote": vessel, "level": "NAM", "entity": "ship", "certainty": "SURE"},
            {"id": "m2", "quote": port, "level": "NAM", "entity": "port"},
            {"id": "m3", "quote": "It", "level": "PRO", "entity": "ship", "certainty": "UNSURE"},
            {"id": "m4", "quote": "sailors", "level": "NOM", "entity": "crew"},
        ],
        "entities": [
            {"id": "ship", "type": "VESSEL", "name": vessel, **nameless},
            {"id": "port", "type": "GPE", "name": port, **nameless},
            {"id": "crew", "type": "PERSON", "name": f"crew of the {vessel}", **nameless},
        ],
        "events": [
            {
                "quote": "left",
                "level": "VRB",
                "class": "OCCURRENCE",
                "type": "VOYAGE.DEPART",
                "polarity": "POS",
                "modality": "ACTUAL",
                "doc_time_rel": "BEFORE",
                "tense": "PAST",
                "knots": crew,
                "arguments": [
                    {"role": "AGENT", "target": "m1", "ace_role": "Vessel"},
                    {"role": "PLACE", "target": "m2", "ace_role": "Origin"},
                ],
            }
        ],
        "quantities": [
            {
                "quote": str(crew),
                "kind": "CARDINAL",
                "value": str(crew),
                "unit": "sailor",
                "comparator": "EXACT",
                "measures": "m4",
            }
        ],
    }


def _annotate(cli: Cli, root: Path, draft: dict[str, Any], who: str = "") -> None:
    """Put a draft into the corpus, as its document or as the work of an annotator."""
    (root / "draft.json").write_text(json.dumps(draft, ensure_ascii=False), encoding="utf-8")
    place = f"corpus/annotators/{who}" if who else "corpus/documents"
    (root / place).mkdir(exist_ok=True, parents=True)
    _done(cli("anchor", "draft.json", "--done", "all", "-o", f"{place}/{draft['id']}.json"))
    (root / "draft.json").unlink()


def _loaded(root: Path, cache: Path) -> dict[str, Any]:
    """Every config with every split, as `datasets` loads it."""
    names = datasets.get_dataset_config_names(str(root))
    return {name: datasets.load_dataset(str(root), name, cache_dir=str(cache)) for name in names}


def test_a_maritime_corpus(made: Callable[..., Path], cli: Cli, tmp_path: Path) -> None:
    """Own types of entities and events, two properties, four layers, dev and test; two releases."""
    (tmp_path / "maritime.toml").write_text(MARITIME)
    root = made("--scheme", tmp_path / "maritime.toml")
    _maritime_texts(tmp_path)
    licence = ("--publisher", "Harbour News", "--license", "CC0-1.0")
    _done(cli("ingest", tmp_path / "news.jsonl", *licence))
    for who in ("anna", "ben"):
        _done(cli("annotators", "add", who, "--kind", "human", "--name", who.title()))
    for number, (vessel, port) in enumerate(zip(VESSELS, PORTS, strict=True)):
        draft = _maritime_draft(vessel, port, 10 + number)
        _annotate(cli, root, draft | {"annotators": ["anna"]})
        if number < 3:
            _annotate(cli, root, draft | {"annotators": ["anna"]}, "anna")
            draft["mentions"][0]["certainty"] = "UNSURE" if number else "SURE"
            _annotate(cli, root, draft | {"annotators": ["ben"]}, "ben")
    assert "" == _done(cli("validate"))
    _done(cli("build"))
    _the_maritime_dataset(root, tmp_path / "cache")
    report = json.loads(
        _done(cli("score", ".", "corpus/annotators/ben", "--split", "test", "--json"))
    )
    assert 2 == report["documents"]
    agreement = _done(cli("agree", "corpus/annotators/anna", "corpus/annotators/ben"))
    assert "certainty" in agreement
    commit(root, "Annotate the first voyages")
    _done(cli("release", "--version", "1.0.0"))
    with (root / "schema/scheme.toml").open("a") as file:
        file.write('\n[labels."entities.type".BUOY]\ndescription = "A buoy."\n')
    _done(cli("scheme"))
    aida = root / "corpus/documents/aida.json"
    aida.write_text(aida.read_text().replace('"knots":10', '"knots":11'))
    assert "" == _done(cli("validate"))
    _done(cli("build"))
    commit(root, "Add a label, correct a speed")
    _done(cli("release"))
    assert "1.1.0" == statevisit.load(root).version
    changes = _done(cli("diff", "v1.0.0", "v1.1.0"))
    assert "knots: 10 → 11" in changes
    assert 6 == len(statevisit.load(root, version="1.0.0"))


def _the_maritime_dataset(root: Path, cache: Path) -> None:
    """Every config and split has the labels, properties and values of the drafts."""
    tables = _loaded(root, cache)
    assert {"documents", "entities", "events", "quantities", "ner"} == set(tables)
    for splits in tables.values():
        assert {"dev", "test"} == set(splits)
    entities = tables["entities"]["test"]
    assert "VESSEL" == entities.features["type"].names[-1]
    assert "LANGUAGE" not in entities.features["type"].names
    by_name = {row["text"]: row for row in entities}
    certainty = entities.features["certainty"].names
    assert ("SURE", None) == (certainty[by_name["Aida"]["certainty"]], by_name["Riga"]["certainty"])
    assert [10, 11] == tables["events"]["test"]["knots"]
    assert "event" not in tables["events"]["test"].features
    tags = tables["ner"]["dev"].features["ner_tags"].feature.names
    assert "B-VESSEL" in {tags[tag] for row in tables["ner"]["dev"] for tag in row["ner_tags"]}
    source = tables["documents"]["test"][0]["source"]
    assert ("Aida leaves Riga", "Harbour News") == (source["title"], source["publisher"])
    assert {"berth": 0} == json.loads(source["extra"])


def _mixed_files(folder: Path) -> int:
    """Write 300 files in many forms, 20 of them bad; return the number of texts in the others."""
    random_ = random.Random(7)
    places = ("Ankara", "Bakü", "القاهرة", "北京", "Łódź", "İzmir 🎉")
    texts = 0
    for number in range(280):
        place, date = random_.choice(places), f"2025-0{number % 9 + 1}-1{number % 10}"
        paragraphs = [f"{number} people met in {place} on Monday."] * random_.randint(1, 4)
        text = "\n\n".join(f"{words} Part {n}." for n, words in enumerate(paragraphs))
        kind = number % 7
        directory = folder / f"batch-{number % 3}"
        directory.mkdir(exist_ok=True)
        if kind == 0:
            directory.joinpath(f"t{number}.txt").write_text(f" date {date} {text}", "utf-8")
        elif kind == 1:
            directory.joinpath(f"t{number}.txt").write_text(text, "utf-8")
        elif kind == 2:
            windows = f"\ufeff{text}".replace("\n", "\r\n")
            directory.joinpath(f"t{number}.txt").write_bytes(windows.encode())
        elif kind == 3:
            decomposed = unicodedata.normalize("NFD", text)
            directory.joinpath(f"t{number}.txt").write_text(decomposed, "utf-8")
        elif kind == 4:
            lines = [{"id": f"j{number}-{n}", "date": date, "text": text} for n in range(2)]
            content = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines)
            directory.joinpath(f"t{number}.jsonl").write_text(content, "utf-8")
        elif kind == 5:
            with directory.joinpath(f"t{number}.csv").open(
                "w", encoding="utf-8", newline=""
            ) as file:
                rows = csv.writer(file)
                rows.writerow(["id", "date", "text", "author", "topic"])
                rows.writerow([f"c{number}", date, text, "A. Yazar", "news"])
        else:
            body = "".join(f"<p>{words}</p>" for words in text.split("\n\n"))
            page = f"<title>T{number}</title><body><article>{body}</article></body>"
            directory.joinpath(f"t{number}.html").write_text(f"<html>{page}</html>", "utf-8")
        texts += 2 if kind == 4 else 1
    bad = {
        "pdf": b"%PDF-1.7\n%\xe2\xe3",
        "docx": b"PK\x03\x04word/document.xml",
        "txt": b"",
        "jsonl": b'{"text": "no date here", "date": "2025-13-01"}\n',
        "csv": b"id,date\n1,2025-01-01\n",
    }
    for number in range(20):
        suffix = list(bad)[number % 5]
        folder.joinpath(f"bad{number}.{suffix}").write_bytes(bad[suffix])
    return texts


def test_a_corpus_of_mixed_files(made: Callable[..., Path], cli: Cli, tmp_path: Path) -> None:
    """Of 300 files the 280 good ones go in, each bad one is named, and the whole corpus works."""
    root = made("--layers", "mentions,entities,quantities")
    folder = tmp_path / "files"
    folder.mkdir()
    texts = _mixed_files(folder)
    done = cli("ingest", folder, "--date", "2025-06-01", "--normalise")
    assert (1, texts) == (done.status, len(statevisit.load(root)))
    for number in range(20):
        assert 1 == done.err.count(f"/bad{number}.")
    assert f"20 of {texts + 20} texts were left out" in done.err
    assert "" == _done(cli("validate"))
    for document in statevisit.load(root)[:40]:
        number = document.text.split(maxsplit=1)[0]
        quantity = {"kind": "CARDINAL", "value": number, "unit": "person", "comparator": "EXACT"}
        draft = {"id": document.id, "quantities": [{"quote": number, "occurrence": 1, **quantity}]}
        _annotate(cli, root, draft)
    _done(cli("split", "--ratio", "80,10,10", "--seed", "3"))
    _done(cli("validate"))
    _done(cli("build"))
    tables = _loaded(root, tmp_path / "cache")
    assert {"train", "validation", "test"} == set(tables["documents"])
    assert texts == sum(splits.num_rows for splits in tables["documents"].values())
    assert 40 == sum(splits.num_rows for splits in tables["quantities"].values())
    assert "entities" not in tables
    report = json.loads(_done(cli("score", ".", ".", "--layer", "quantities", "--json")))
    assert report["documents"] >= 40
    commit(root, "Begin with the quantities")
    _done(cli("release", "--version", "0.1.0"))
    before = {path.name: path.read_bytes() for path in (root / "corpus/documents").iterdir()}
    first = min(statevisit.load(root).ids)
    _done(cli("remove", first, "--yes"))
    _done(cli("build"))
    assert len(before) - 1 == len(statevisit.load(root))
    assert f"document\n    - {first}\n" in _done(cli("diff", "v0.1.0", "."))


NAMES = {
    "tr": ("Emine Bakü'den İzmir'e geldi .", ("Emine", "Bakü", "İzmir")),
    "ar": ("زارت أمينة القاهرة يوم الأحد .", ("أمينة", "القاهرة")),
}
"""A text in each language, with the names in it."""


def test_names_in_turkish_and_arabic(made: Callable[..., Path], cli: Cli, tmp_path: Path) -> None:
    """Half of the texts have their names, the others are not begun: they are absent, not empty."""
    root = made("--layers", "mentions,entities")
    for language, (text, names) in NAMES.items():
        for number in range(4):
            path = tmp_path / f"{language}{number}.txt"
            path.write_text(f"{text}\n\n{number}", encoding="utf-8")
            options = ("--id", path.stem, "--language", language, "--date", "2025-05-01")
            _done(cli("ingest", path, *options))
            if number % 2:
                continue
            entity = {"type": "PERSON", "nil": "UNVERIFIED", "reference": "SPECIFIC"}
            draft = {
                "id": path.stem,
                "mentions": [
                    {"quote": name, "level": "NAM", "entity": f"e{n}"}
                    for n, name in enumerate(names)
                ],
                "entities": [
                    {"id": f"e{n}", "name": name, **entity} for n, name in enumerate(names)
                ],
            }
            _annotate(cli, root, draft)
    _done(cli("validate"))
    _done(cli("build"))
    tables = _loaded(root, tmp_path / "cache")
    assert 8 == tables["documents"]["train"].num_rows
    begun = {"tr0", "tr2", "ar0", "ar2"}
    assert begun == set(tables["entities"]["train"]["document"])
    assert begun == set(tables["ner"]["train"]["document"])
    assert {"Emine", "Bakü", "İzmir", "أمينة", "القاهرة"} == set(
        tables["entities"]["train"]["text"]
    )
    page = tmp_path / "ar0.html"
    _done(cli("show", "ar0", "--html", page))
    assert 'dir="auto"' in page.read_text(encoding="utf-8") or 'dir="rtl"' in page.read_text(
        "utf-8"
    )
    report = json.loads(_done(cli("score", ".", ".", "--json")))
    notes = [note["message"] for note in report["notes"]]
    assert any("mentions: not annotated in 4 of 8 documents" in note for note in notes)
    (exact,) = [
        figure["f1"]
        for figure in report["figures"]
        if (figure["layer"], figure["measure"], figure["average"]) == ("mentions", "exact", "micro")
    ]
    assert 1.0 == exact
    commit(root, "The first names")
    _done(cli("release", "--version", "0.1.0"))
