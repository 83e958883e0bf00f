"""The entry point of the command line: prints the overview itself, and leaves the rest to click."""

import gc
import io
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from statevisit.cli.overview import COMPLETE, OVERVIEW, STANDARD_OUTPUT

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer


class _Output(io.FileIO):
    """Standard output as a file whose errors name it."""

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write bytes and return their number. Raises OSError with the name of standard output."""
        try:
            return super().write(data)
        except OSError as error:
            error.filename = STANDARD_OUTPUT
            raise


def main() -> None:
    """Run the command line, and exit with its status.

    The status is 0 for success, 1 for a problem with the data or the output, 2 for a problem with
    the command, and 141 if the reader of the output went away (on POSIX, as from SIGPIPE).
    """
    _prepare_streams()
    status = _run(sys.argv[1:])
    sys.exit(_finish_streams(status))


def _prepare_streams() -> None:
    """Give standard output a buffer and a name in its errors; discard the output of closed streams.

    Without a buffer (PYTHONUNBUFFERED), if a disk takes only the first part of the output, Python
    drops the rest and reports no error. A character that the encoding of the output lacks is
    escaped; data for programs are written as bytes, in UTF-8.
    """
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  stays open
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  stays open
    elif os.name == "posix" or not sys.stdout.isatty():  # a console of Windows is not a file
        sys.stdout = io.TextIOWrapper(
            io.BufferedWriter(_Output(sys.stdout.fileno(), "w")),
            encoding=sys.stdout.encoding,
            errors="backslashreplace",
            line_buffering=sys.stdout.isatty(),
        )
    elif isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")


def _run(arguments: list[str]) -> int:
    """Run a command and return its exit status.

    The overview is printed before click is imported, which takes three times as long.
    """
    overview = not arguments or arguments[0] in ("--help", "-h")
    if overview and not os.environ.get(COMPLETE):
        with suppress(OSError):  # it occurs again at the end of the program, and is reported there
            sys.stdout.write(OVERVIEW)
        return 0
    # The garbage collector would search the imported modules, which stay: a twelfth of the time to
    # the first line of output.
    gc.set_threshold(100_000)
    try:
        from statevisit.cli.main import run
    except KeyboardInterrupt:
        sys.exit("statevisit: stopped; nothing was changed")
    return run(arguments)


def _finish_streams(status: int) -> int:
    """Flush the streams and close standard output; return the exit status, not 0 after a failure.

    If the interpreter closed them, a failure would end in Python's own message and status 120.
    """
    try:
        sys.stdout.close()
    except OSError as error:
        if status == 0:
            from statevisit.cli.main import failed

            status = failed(error)
    try:
        sys.stderr.flush()
    except OSError:
        sys.stderr = None  # nobody can be told, and the interpreter does not try again
    return status


if __name__ == "__main__":
    main()
