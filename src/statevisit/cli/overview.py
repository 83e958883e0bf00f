"""The overview of the command line, and the names that are needed before click is imported.

This module imports nothing, so that `statevisit --help` is quick.
"""

COMMANDS = {
    "ingest": "Make a document from a source text: sentences and tokens, no annotation yet.",
    "anchor": "Turn the quotes of a draft into offsets.",
    "tokens": "Divide or join tokens that the tokenizer got wrong.",
    "sentences": "Divide or join sentences that the sentencizer got wrong.",
    "validate": "Check documents: schema, offsets, references, links, values, hashes.",
    "explain": "Explain the codes of findings, each with a wrong and a right example.",
    "split": "Divide the texts of a corpus into train, validation and test.",
    "realign": "Move a document's spans to a corrected source text.",
    "rename": "Give a document another id, everywhere.",
    "remove": "Remove documents with their seeds and passes.",
    "annotators": "List the annotators of a corpus, add one, or sign for a document.",
    "state": "Show or set how far the layers of documents are annotated.",
    "todo": "List what is missing before the layers of documents are done.",
    "scheme": "Compile the labels and layers of a corpus from its scheme.toml.",
    "migrate": "Convert documents of older schema versions to the current one.",
    "shard": "Put the documents of a corpus into compressed files of many.",
    "unshard": "Give each document of a corpus a file of its own.",
    "init": "Create a repository for a corpus of your own.",
    "build": "Write corpus/parquet/ and corpus/release.json, or check that they are current.",
    "restore": "Restore the full edition from an edition without the text.",
    "release": "Make a new version: manifest, changelog, citation, commit and tag.",
    "publish": "Publish a version on the Hugging Face Hub: one commit, then its tag.",
    "diff": "Show the records that were added, removed or changed between two versions.",
    "label-studio": "Send documents to Label Studio and merge the changes back.",
    "formats": "List the formats that can be imported and exported, and what each can hold.",
    "export": "Write documents in another format: brat and others.",
    "import": "Add annotation in another format to a corpus, or the changes of an export.",
    "adjudicate": "List the disagreements of two annotations, or merge them by decisions.",
    "show": "Print a document with coloured spans and the tables of its layers.",
    "site": "Write pages to read a corpus with: they work offline and from a file.",
    "stats": "Count documents, records and labels.",
    "prompt": "Print a prompt, the guidelines in brief and a schema for a language model.",
    "predict": "Predict names, times and amounts with a tagger, to be scored or corrected.",
    "score": "Score a prediction against gold: spans, values, links, coreference, events, time.",
    "bench": "Compare several systems on one corpus: figures, differences, mistakes.",
    "agree": "Measure the agreement of two or more annotators.",
}
"""The line of each subcommand in the overview.

Its module is `statevisit.cli.<name>`, for a keyword of Python `statevisit.cli.<name>_`.
"""

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
"""The file name in errors of standard output."""

COMPLETE = "_STATEVISIT_COMPLETE"
"""The environment variable by which a shell asks for completions or for its completion script."""
