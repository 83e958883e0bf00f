"""The section `pages` of bench.py: how fast a site is written, and how fast a long page answers.

The site is that of documents of bench_corpus.py. The page is that of one document of 18,000 words
with 1,700 spans, in the Chromium of the system. Its times are those that the browser reports:
"first contentful paint", and for an interaction the time from the event to the frame after it, in
steps of 8 ms; shorter ones count as 16 ms.
"""

import argparse
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

from environment import BIN, BROWSERS
from measuring import Row, call, make_corpus, measure, megabytes, print_table, spread

SIZES = (200, 1_000)
"""Numbers of documents of a site: memory is flat if it is the same for both."""

LEAST_SPEED = 50
"""Documents a second that a site is to be written at, on two cores."""

PAINTED, ANSWERED = 1_000, 100
"""Milliseconds to the first paint and to an answer, at most."""

SHORTEST = 16
"""The least milliseconds of an interaction that the browser reports."""

EVENTS = """
window.answers = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    if (entry.interactionId) window.answers.push(entry.duration);
  }
}).observe({ type: "event", durationThreshold: 16 });
"""
"""What a page notes of its interactions."""


def pages(options: argparse.Namespace, folder: Path) -> None:
    """Measure the site of a corpus, then the page of a long document."""
    sites(options, folder)
    interactions(options, folder)


def sites(options: argparse.Namespace, folder: Path) -> None:
    """Print how many documents a second `site` writes, its processor time and its peak memory."""
    head = (
        "documents of 150 kB",
        "`statevisit site`",
        "documents/s",
        "processor ms each",
        "peak MB",
    )
    rows: list[Row] = [head]
    for size in SIZES:
        root = folder / f"site-of-{size}"
        make_corpus(root, size, folder)
        for workers, name in (("2", "two cores"), ("1", "one core")):
            target = folder / "site"
            command = [str(BIN / "statevisit"), "site", str(root), "-o", str(target)]
            speeds, costs, peaks = [], [], []
            for _ in range(options.rounds):
                shutil.rmtree(target, ignore_errors=True)
                before = _processor_seconds()
                run = measure([*command, "--workers", workers], folder, sample_memory=True)
                costs.append((_processor_seconds() - before) * 1e3 / size)
                speeds.append(size / run.seconds)
                peaks.append(run.peak)
            # the processes of a pool are not among the ended commands
            cost = spread(costs, ".0f") if workers == "1" else ""
            shown = spread(speeds, ".0f"), cost, megabytes(max(peaks))
            rows.append((f"{size:,}", name, *shown))
        shutil.rmtree(root)
    print_table(*rows)
    print(f"target: {LEAST_SPEED} documents/s on two cores")


def _processor_seconds() -> float:
    """The processor seconds of all commands that have ended."""
    times = os.times()
    return times.children_user + times.children_system


def interactions(options: argparse.Namespace, folder: Path) -> None:
    """Print the time to the first paint of a long page, and to the answer to each interaction."""
    root, target = folder / "book", folder / "book-site"
    make_corpus(root, 1, folder, "book")
    measure([str(BIN / "statevisit"), "site", str(root), "-o", str(target)], folder)
    page = next((target / "documents").glob("*.html"))
    print(f"the page has {page.stat().st_size / 1e6:.1f} MB")
    printed = call(folder, "bench_pages", "time_page", page.as_uri(), options.rounds)
    times: dict[str, list[float]] = json.loads(printed)
    rows: list[Row] = [("18,000 words with 1,700 spans, in Chromium", "ms")]
    rows += [(name, spread(values, ".0f")) for name, values in times.items()]
    print_table(*rows)
    paint, *answers = (median(values) for values in times.values())
    verdict = "met" if paint < PAINTED and max(answers) < ANSWERED else "not met"
    print(f"target, first paint below {PAINTED} ms, every answer below {ANSWERED} ms: {verdict}")


def time_page(address: str, rounds: int) -> None:
    """Print the milliseconds of a page's first paint and of interactions with it, as JSON."""
    from playwright.sync_api import sync_playwright

    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        sys.exit("Chromium is not installed (Debian: apt install chromium)")
    times: dict[str, list[float]] = {}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for _ in range(rounds):
            page = browser.new_page(viewport={"width": 1280, "height": 900})
            page.add_init_script(EVENTS)
            page.goto(address)
            page.wait_for_timeout(500)
            paint = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
            times.setdefault("first paint", []).append(page.evaluate(paint))
            for name, act in _steps(page):
                times.setdefault(name, []).append(_answer(page, act))
            page.close()
        browser.close()
    print(json.dumps(times))


def _answer(page: Any, act: Callable[[], object]) -> float:
    """The longest time to an answer while `act` runs; SHORTEST if none is reported."""
    page.evaluate("window.answers.length = 0")
    act()
    page.wait_for_timeout(250)
    return max(page.evaluate("window.answers"), default=float(SHORTEST))


def _steps(page: Any) -> list[tuple[str, Callable[[], object]]]:
    """What a reader does with the page: the name of each interaction, and how it is done."""
    press = page.keyboard.press
    spans = page.locator("a.piece")
    return [
        ("switch a layer off", lambda: page.locator("button.layer").first.click()),
        ("switch it on by its key", lambda: press("1")),
        ("open a card, and light its chain", lambda: spans.nth(20).click()),
        ("jump to another mention from the card", page.locator("#card .chain a").nth(8).click),
        ("go to the next mark", lambda: press("n")),
        ("close the card", lambda: press("Escape")),
        ("show the labels", page.locator("#labels").click),
        ("set the text in sans serif", page.locator("#face").click),
        ("go to the search", lambda: press("/")),
        ("search, the first letter", lambda: press("b")),
        ("search, the second letter", lambda: press("a")),
        ("go to the next hit", lambda: press("Enter")),
        ("clear the search", lambda: (press("Control+a"), press("Delete"))),
        ("filter the timeline by an actor", lambda: page.locator("#actor").press("ArrowDown")),
    ]
