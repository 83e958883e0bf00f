"""Corpora of strangers: their files, and the commands that bring them in."""

import csv
import json
import random
import unicodedata
from collections.abc import Callable
from contextlib import chdir
from pathlib import Path
from typing import Any

from tests.conftest import Result

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


def done(result: Result) -> str:
    """The output of a command that must go well."""
    assert 0 == result.status, result.err + result.out
    return result.out


def maritime_texts(folder: Path) -> None:
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


def maritime_draft(vessel: str, port: str, crew: int) -> dict[str, Any]:
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


def annotate(cli: Cli, root: Path, draft: dict[str, Any], who: str = "") -> None:
    """Put a draft into the corpus, as its document or as the work of an annotator."""
    (root / "draft.json").write_text(json.dumps(draft, ensure_ascii=False), encoding="utf-8")
    place = f"corpus/annotators/{who}" if who else "corpus/documents"
    (root / place).mkdir(exist_ok=True, parents=True)
    done(cli("anchor", "draft.json", "--done", "all", "-o", f"{place}/{draft['id']}.json"))
    (root / "draft.json").unlink()


def ingest_voyages(cli: Cli, root: Path, tmp_path: Path) -> None:
    """Bring the maritime texts into a corpus, annotated, three of them by two people."""
    maritime_texts(tmp_path)
    licence = ("--publisher", "Harbour News", "--license", "CC0-1.0")
    done(cli("ingest", tmp_path / "news.jsonl", *licence))
    for who in ("anna", "ben"):
        done(cli("annotators", "add", who, "--kind", "human", "--name", who.title()))
    for number, (vessel, port) in enumerate(zip(VESSELS, PORTS, strict=True)):
        draft = maritime_draft(vessel, port, 10 + number)
        annotate(cli, root, draft | {"annotators": ["anna"]})
        if number < 3:
            annotate(cli, root, draft | {"annotators": ["anna"]}, "anna")
            draft["mentions"][0]["certainty"] = "UNSURE" if number else "SURE"
            annotate(cli, root, draft | {"annotators": ["ben"]}, "ben")


def mixed_files(folder: Path) -> int:
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


NAMES = {
    "tr": ("Emine Bakü'den İzmir'e geldi .", ("Emine", "Bakü", "İzmir")),
    "ar": ("زارت أمينة القاهرة يوم الأحد .", ("أمينة", "القاهرة")),
}
"""A text in each language, with the names in it."""


def ingest_names(cli: Cli, root: Path, tmp_path: Path) -> None:
    """Bring four texts in each language into a corpus, with the names of every other one."""
    for language, (text, names) in NAMES.items():
        for number in range(4):
            path = tmp_path / f"{language}{number}.txt"
            path.write_text(f"{text}\n\n{number}", encoding="utf-8")
            options = ("--id", path.stem, "--language", language, "--date", "2025-05-01")
            done(cli("ingest", path, *options))
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
            annotate(cli, root, draft)
            for who in ("anna", "ben"):
                annotate(cli, root, draft, who)


def stranger(kind: str, cli: Cli, tmp_path: Path) -> Path:
    """Make the corpus of a stranger: `maritime`, `names` or `mixed`; return its root."""
    root = tmp_path / kind
    options: tuple[object, ...] = ("--layers", "mentions,entities")
    if kind == "maritime":
        (tmp_path / "maritime.toml").write_text(MARITIME)
        options = ("--scheme", tmp_path / "maritime.toml")
    done(cli("init", root, *options))
    with chdir(root):
        done(cli("remove", "example", "--yes"))
        if kind == "maritime":
            ingest_voyages(cli, root, tmp_path)
        elif kind == "names":
            ingest_names(cli, root, tmp_path)
        else:
            folder = tmp_path / "files"
            folder.mkdir()
            mixed_files(folder)
            assert 1 == cli("ingest", folder, "--date", "2025-06-01", "--normalise").status
    return root
