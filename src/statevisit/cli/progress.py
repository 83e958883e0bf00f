"""A progress bar, shown only on a terminal and only if the work takes more than a second."""

import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Self

from statevisit.printable import one_line

if TYPE_CHECKING:
    from rich.progress import Progress

DELAY = 1.0
"""Seconds before the bar appears."""


class Bar:
    """A progress bar on standard error: `with Bar(total, "building") as bar: bar.advance()`.

    `total` is None if the number of steps is unknown, or a function, called if the bar appears.
    """

    def __init__(self, total: int | Callable[[], int] | None, what: str) -> None:
        self.total, self.what, self.done = total, what, 0
        self._began = time.monotonic()
        self._on_terminal = sys.stderr.isatty()
        self._progress: Progress | None = None

    def __enter__(self) -> Self:
        return self

    def advance(self, by: int = 1) -> None:
        """Add `by` finished steps."""
        self.done += by
        if not self._on_terminal:
            return
        if self._progress is None and time.monotonic() - self._began > DELAY:
            self._show()
        if self._progress is not None:
            self._progress.update(self._progress.task_ids[0], completed=self.done)

    def _show(self) -> None:
        from rich.console import Console
        from rich.markup import escape
        from rich.progress import Progress

        self._progress = Progress(console=Console(stderr=True), transient=True)
        self._progress.start()
        total = self.total() if callable(self.total) else self.total
        self._progress.add_task(escape(one_line(self.what)), total=total)

    def __exit__(self, *_: object) -> None:
        if self._progress is not None:
            self._progress.stop()
