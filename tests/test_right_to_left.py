"""Texts from right to left: a document is annotated, checked and shown in its own direction."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from statevisit import read_document, validate
from statevisit.corpus.documents import write_document
from statevisit.pages.reader_page import document_page
from tests.conftest import Result, annotated_text

TEXT = (
    "قال الرئيس إلهام علييف في باكو إن Vladimir Putin وصل يوم ١٥ يناير ٢٠٢٤، ووقع اتفاقية.\n\n"
    "An English paragraph quotes “باكو”."
)


@pytest.fixture
def arabic(tmp_path: Path) -> Path:
    """A document in Arabic with names, a date and an English paragraph."""
    entity = {"nil": "UNVERIFIED", "reference": "SPECIFIC"}
    draft: dict[str, Any] = {
        "language": "ar",
        "text": TEXT,
        "mentions": [
            {"quote": "إلهام علييف", "level": "NAM", "entity": "aliyev"},
            {"quote": "باكو", "occurrence": 1, "level": "NAM", "entity": "baku"},
            {"quote": "Vladimir Putin", "level": "NAM", "entity": "putin"},
        ],
        "entities": [
            {"id": "aliyev", "type": "PERSON", "name": "إلهام علييف", **entity},
            {"id": "baku", "type": "GPE", "name": "باكو", **entity},
            {"id": "putin", "type": "PERSON", "name": "Vladimir Putin", **entity},
        ],
        "timexes": [{"quote": "١٥ يناير ٢٠٢٤", "type": "DATE", "value": "2024-01-15"}],
    }
    path = tmp_path / "ar.json"
    write_document(annotated_text(draft, "ar"), path)
    return path


def test_it_is_valid(arabic: Path) -> None:
    """Spans that quotes name in an Arabic text are right."""
    assert [] == list(validate(arabic))


def test_the_text_of_a_page_has_its_own_direction(arabic: Path) -> None:
    """The text has the language of the document, and each paragraph its own direction."""
    page = document_page(read_document(arabic))
    assert 1 == page.count('<article id="text" class="text" lang="ar"')
    assert 2 == page.count('<p dir="auto">')


def test_a_picture_has_the_words_from_right_to_left(
    arabic: Path, tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """In the SVG, lines of Arabic begin at the right, and lines of English at the left."""
    picture = tmp_path / "picture.svg"
    assert 0 == cli("show", arabic, "--svg", picture).status
    places = {
        words.replace("&#160;", " "): float(x)
        for x, words in re.findall(
            r'<text class="[^"]*" x="([\d.]+)"[^>]*>([^<]*)<', picture.read_text()
        )
    }
    assert places["إلهام علييف"] > places["باكو"] > places["Vladimir Putin"]
    assert places["Vladimir Putin"] > places["١٥ يناير ٢٠٢٤"]
    assert 0 == places["An English paragraph quotes “باكو”."]
    backgrounds = [
        float(x) for x in re.findall(r'<rect fill="#ffd166" x="([\d.]+)"', picture.read_text())
    ]
    assert places["إلهام علييف"] - 11 * 12.2 == pytest.approx(backgrounds[0])


def test_a_difference_is_read_from_old_to_new(
    arabic: Path, tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """Arabic words are set apart, so that the arrow between them keeps its direction."""
    document = read_document(arabic)
    old, new = tmp_path / "old", tmp_path / "new"
    entities = [replace(e, name="شوشا") if e.id == "baku" else e for e in document.entities]
    for place, version in ((old, document), (new, replace(document, entities=tuple(entities)))):
        place.mkdir()
        write_document(version, place / "ar.json")
    page = cli("diff", old, new, "--format", "html").out
    assert "name: <bdi>باكو</bdi> → <bdi>شوشا</bdi>" in page


def test_sentences_of_the_score_page(
    arabic: Path, browser_page: Any, tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """Gold and prediction have the direction of each sentence, with the labels in English."""
    page = tmp_path / "page.html"
    assert 0 == cli("score", arabic, arabic, "--html", page).status
    browser_page.goto(page.as_uri())
    cells = browser_page.locator(".cell").evaluate_all(
        "cells => cells.map(cell => [cell.lang, getComputedStyle(cell).direction])"
    )
    assert [["ar", "rtl"]] * 2 + [["ar", "ltr"]] * 2 == cells
