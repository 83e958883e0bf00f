"""The entry point of the command line: it prints the overview without importing click."""

import gc
import io
import os
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

COMMANDS = {
    "ingest": "Make a document from a source text: sentences and tokens, no annotation yet.",
    "anchor": "Turn the quotes of a draft into offsets.",
    "validate": "Check documents: schema, offsets, references, links, values, hashes.",
    "explain": "Explain the codes of findings, each with a wrong and a right example.",
    "realign": "Move a document's spans to a corrected source text.",
    "migrate": "Convert documents of older schema versions to the current one.",
    "init": "Create a repository for a corpus of your own.",
    "build": "Write corpus/parquet/ and corpus/release.json, or check that they are current.",
    "restore": "Restore the full edition from an edition without the text.",
    "release": "Make a new version: manifest, changelog, citation, commit and tag.",
    "publish": "Publish a version on the Hugging Face Hub: one commit, then its tag.",
    "diff": "Show the records that were added, removed or changed between two versions.",
    "label-studio": "Send documents to Label Studio and merge the changes back.",
    "adjudicate": "List the disagreements of two annotations, or merge them by decisions.",
    "show": "Print a document with coloured spans and the tables of its layers.",
    "stats": "Count documents, records and labels.",
    "score": "Score a prediction against gold: spans, values, links, coreference, events, time.",
    "agree": "Measure the agreement of two or more annotators.",
}
"""Every subcommand with its line in the overview; each lives in `statevisit.cli.<name>`."""

OVERVIEW = f"""Usage: statevisit [OPTIONS] COMMAND [ARGS]...

  An annotated corpus as software: validate, build, show and load it.

  Example: statevisit show

Options:
  --version   Show the version and exit.
  -h, --help  Show this message and exit.

Commands:
{chr(10).join(f"  {name:<12} {line}" for name, line in COMMANDS.items())}

`statevisit COMMAND --help` explains a command, with an example that runs.
Tab completion: eval "$(_STATEVISIT_COMPLETE=bash_source statevisit)"; also zsh_source, fish_source.
"""


STANDARD_OUTPUT = "standard output"
"""The file name in errors of standard output; the errors of other files name those."""

COMPLETE = "_STATEVISIT_COMPLETE"
"""The variable by which a shell asks for completions, or for the script that asks for them."""


class _Output(io.FileIO):
    """Standard output as a file whose errors name it."""

    def write(self, data: "ReadableBuffer", /) -> int:
        """Write bytes; the number of those written. Raises OSError with the name."""
        try:
            return super().write(data)
        except OSError as error:
            error.filename = STANDARD_OUTPUT
            raise


def main() -> None:
    """Run the command line.

    Exit status: 0 done, 1 something is wrong with the data or the output, 2 with the command,
    141 the reader of the output went away (on POSIX, as from SIGPIPE).
    """
    _prepare_streams()
    status = _run(sys.argv[1:])
    sys.exit(_finish_streams(status))


def _prepare_streams() -> None:
    """Give standard output a buffer and a name in its errors; closed streams lead nowhere.

    Without a buffer (PYTHONUNBUFFERED) Python drops the rest, and reports no error, where a disk
    takes only the first part of the output.
    """
    if sys.stderr is None:
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  stays open
    if sys.stdout is None:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  stays open
    elif os.name == "posix" or not sys.stdout.isatty():  # a console of Windows is not a file
        sys.stdout = io.TextIOWrapper(
            io.BufferedWriter(_Output(sys.stdout.fileno(), "w")),
            encoding=sys.stdout.encoding,
            errors=sys.stdout.errors,
            line_buffering=sys.stdout.isatty(),
        )


def _run(arguments: list[str]) -> int:
    """Run a command and return its exit status.

    The overview is printed before click is imported, which takes three times as long.
    """
    overview = not arguments or arguments[0] in ("--help", "-h")
    if overview and not os.environ.get(COMPLETE):
        with suppress(OSError):  # which the end of the program meets again, and reports
            sys.stdout.write(OVERVIEW)
        return 0
    # Imported modules stay: the search for garbage in them takes a twelfth of the time to the
    # first line.
    gc.set_threshold(100_000)
    try:
        from statevisit.cli.main import run
    except KeyboardInterrupt:
        sys.exit("statevisit: stopped; nothing was changed")
    return run(arguments)


def _finish_streams(status: int) -> int:
    """Flush the streams and close standard output; the exit status, which a failure makes not 0.

    Left to the interpreter, a failure would end in Python's own message and status 120.
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
