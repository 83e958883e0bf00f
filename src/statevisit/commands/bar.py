"""A progress bar that appears only where someone looks and only for work that takes over a second."""

import sys
import time
from typing import Self


class Bar:
    """`with Bar(total, "building") as bar: bar.advance()`."""

    def __init__(self, total: int | None, what: str) -> None:
        self.total, self.what, self.done = total, what, 0
        self._began = time.monotonic()
        self._bar = None
        self._wanted = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def advance(self, by: int = 1) -> None:
        """Count `by` more as done."""
        self.done += by
        if self._wanted and self._bar is None and time.monotonic() - self._began > 1:
            from rich.console import Console
            from rich.progress import Progress

            self._bar = Progress(console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task(self.what, total=self.total)
        if self._bar:
            self._bar.update(self._task, completed=self.done)

    def __exit__(self, *_: object) -> None:
        if self._bar:
            self._bar.stop()
