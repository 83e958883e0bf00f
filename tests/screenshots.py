"""Pictures of pages for people to look at, which CI keeps: at three widths, light and dark."""

from typing import Any

from tests.conftest import ROOT

FOLDER = ROOT / "build" / "screenshots"
"""Where the pictures are; git ignores it."""

WIDTHS = (320, 768, 1280)

TALLEST = 3_000
"""Pixels of a page, from its top, that a picture shows."""


def look(chromium: Any, address: str, name: str) -> None:
    """Save pictures of a page; assert that it is nowhere wider than the window."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for scheme in ("light", "dark"):
        page = chromium.new_page(color_scheme=scheme, reduced_motion="reduce")
        page.goto(address)
        page.evaluate("document.querySelectorAll('details').forEach((e) => { e.open = true; })")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": TALLEST})
            assert width == page.evaluate("document.documentElement.scrollWidth"), (name, width)
            path = FOLDER / f"{name}-{width}-{scheme}.jpg"
            page.screenshot(path=path, quality=70)
        page.close()
