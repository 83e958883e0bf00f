"""Make the pictures of the front page: the article as `statevisit show --html` writes it.

A picture is made by the Chromium of the system, whose fonts differ from one machine to the next.
Hence each says which page it shows, by a SHA-256 in the file, and is made again only when the page
has changed. Only the standard library: build.py imports this module.
"""

import hashlib
import os
import shutil
import struct
import subprocess
import tempfile
import zlib
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from environment import BROWSERS, ROOT, run

KEY = b"page-sha256"
"""The keyword of the SHA-256 in a picture, in a chunk of the type tEXt."""

HEAD = 33
"""The bytes of the signature of a PNG file and its first chunk."""

PATIENCE = 120
"""Seconds for a picture."""

FRAME = (
    "<!doctype html><style>html, body {{ margin: 0 }} "
    "iframe {{ display: block; border: 0; width: 100vw; height: 100vh }}</style>"
    '<iframe src="{address}"></iframe>'
)
"""A page that shows a place in another one: Chromium takes no picture of one that is scrolled."""


class Picture(NamedTuple):
    """A picture: its file, the record or part of the page that it shows, and whether it is dark."""

    file: Path
    place: str
    dark: bool


PICTURES = (
    Picture(ROOT / "corpus" / "reader.png", "ev4", dark=False),
    Picture(ROOT / "corpus" / "timeline.png", "when", dark=True),
)


def renew() -> int:
    """Make the pictures that are not of the present page; return the exit status.

    Without Chromium they stay as they are, and a line says so.
    """
    with tempfile.TemporaryDirectory(prefix="statevisit-", ignore_cleanup_errors=True) as name:
        page = Path(name) / "article.html"
        status = run("-m", "statevisit", "show", "--html", str(page))
        if status:
            return status
        digest = digest_of(page.read_bytes())
        for picture in PICTURES:
            if digest_in(picture.file) != digest:
                print(_made(picture, page, digest), flush=True)
    return 0


def digest_of(page: bytes) -> str:
    """Return the SHA-256 by which a picture names its page."""
    return hashlib.sha256(page).hexdigest()


def digest_in(file: Path) -> str:
    """Return the SHA-256 of the page that a picture shows; empty for none."""
    data = file.read_bytes() if file.is_file() else b""
    _, _, rest = data[HEAD:].partition(b"tEXt" + KEY + b"\0")
    return rest[:64].decode("ascii", "replace")


def _made(picture: Picture, page: Path, digest: str) -> str:
    """Make a picture; return a line that says what was done."""
    name = picture.file.relative_to(ROOT)
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        return f"{name} is of an earlier page: install Chromium, and build again"
    frame, shot = page.with_name("frame.html"), page.with_name("shot.png")
    frame.write_text(FRAME.format(address=f"{page.name}#{picture.place}"), encoding="utf-8")
    shot.unlink(missing_ok=True)
    with suppress(OSError, subprocess.TimeoutExpired):
        command = _command(browser, picture, frame, shot)
        subprocess.run(command, capture_output=True, timeout=PATIENCE)
    if not shot.is_file():
        return f"{name} is of an earlier page: {browser} made no picture"
    data = shot.read_bytes()
    picture.file.write_bytes(data[:HEAD] + _chunk(digest) + data[HEAD:])
    return f"made {name}"


def _command(browser: str, picture: Picture, frame: Path, shot: Path) -> list[str]:
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [
        browser,
        "--headless",
        *(["--no-sandbox"] if as_root else []),
        "--disable-gpu",
        "--hide-scrollbars",
        "--force-prefers-reduced-motion",
        f"--blink-settings=preferredColorScheme={0 if picture.dark else 1}",
        "--virtual-time-budget=3000",
        "--window-size=1120,640",
        f"--user-data-dir={shot.parent / 'browser'}",
        f"--screenshot={shot}",
        frame.as_uri(),
    ]


def _chunk(digest: str) -> bytes:
    """Return the chunk of a PNG file that holds the SHA-256."""
    content = b"tEXt" + KEY + b"\0" + digest.encode()
    length, check = len(content) - 4, zlib.crc32(content)
    return struct.pack(">I", length) + content + struct.pack(">I", check)
