"""The command line's entry: the overview without importing anything, the rest through click."""

import gc
import sys

COMMANDS = {
    "ingest": "Make a document from a source text: sentences and tokens, no annotation yet.",
    "anchor": "Turn a draft in quote notation into offsets.",
    "validate": "Check documents: schema, offsets, references, links, values, hashes.",
    "explain": "Say what a finding means, why it matters, and what is right instead.",
    "realign": "Move a document's spans to a corrected source text.",
    "migrate": "Bring documents of older schema versions to the present one.",
    "init": "Make a new corpus repository of your own.",
    "build": "Write corpus/parquet/ and corpus/release.json, or check that they are current.",
    "restore": "Bring the text back into an edition without it.",
    "release": "Make a new version: manifest, changelog, citation, commit and tag.",
    "publish": "Publish a version on the Hugging Face Hub: one commit, then its tag.",
    "diff": "Show the records that were added, removed or changed between two versions.",
    "label-studio": "Take documents to Label Studio and bring back what was changed there.",
    "adjudicate": "List what two annotations disagree about, or make one of both by decisions.",
    "show": "Print a document with coloured spans and the tables of its layers.",
    "stats": "Count documents, records and labels.",
    "score": "Score a prediction against gold: spans, values, links, coreference, events, time.",
    "agree": "Measure how far two or more annotators agree.",
}
"""Every subcommand with its line in the overview; each lives in `statevisit.commands.<name>`."""

OVERVIEW = f"""Usage: statevisit [OPTIONS] COMMAND [ARGS]...

  An annotated corpus as software: validate, build, show and load it.

  Example: statevisit show

Options:
  --version  Show the version and exit.
  --help     Show this message and exit.

Commands:
{chr(10).join(f"  {name:<12} {line}" for name, line in COMMANDS.items())}

`statevisit COMMAND --help` explains a command, with an example that runs.
"""


def main() -> None:
    """Run the command line. Exit status: 0 done, 1 something is wrong with the data, 2 with the command."""
    arguments = sys.argv[1:]
    if not arguments or arguments[0] in (
        "--help",
        "-h",
    ):  # before click is imported: it takes three times as long
        try:
            sys.stdout.write(OVERVIEW)
            sys.stdout.flush()
            return
        except OSError:  # nobody reads it, or the disk is full: click knows what to do
            arguments = ["--help"]
    gc.set_threshold(
        100_000
    )  # what is imported stays: to look for garbage in it takes a twelfth of the time to the first line
    try:
        from statevisit.commands import run
    except KeyboardInterrupt:
        sys.exit("statevisit: stopped; nothing was changed")
    sys.exit(run(arguments))


if __name__ == "__main__":
    main()
