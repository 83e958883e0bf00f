"""The section `formats` of bench.py: files of other formats out and in, beside their libraries.

Every contestant is a whole process. An export reads documents from disk, checks each, and writes
files. The first import reads these files and finds that nothing changed. The second one has the
files only, as those of a stranger, and documents without annotation: all of it is added, checked in
full and written. The peers hold less and check nothing: spaCy reads its DocBin, builds every Doc
and writes the DocBin again; cassis reads every XMI file and writes it again.
"""

import argparse
import shutil
from pathlib import Path

from environment import PYTHON
from measuring import (
    Row,
    call,
    call_command,
    measure,
    megabytes,
    print_table,
    ratios,
    spread,
)

DOCUMENTS = 1_000
FORMATS = ("brat", "spacy", "xmi")

PEERS = {
    "spacy": ("spaCy, DocBin read and written", "spacy_alone"),
    "xmi": ("cassis, XMI read and written", "cassis_alone"),
}
"""For each format the name of its peer, and the function that does the work."""


def formats(options: argparse.Namespace, folder: Path) -> None:
    """Export and import documents of 150 regions and 50 relations, beside libraries."""
    root = folder / "formats"
    print(call(folder, "bench_formats", "make", str(root)), flush=True)
    rows: list[Row] = [
        (
            f"{DOCUMENTS:,} documents, whole processes",
            "documents/s",
            "peak MB",
            "seconds, times the peer's",
        )
    ]
    for name in FORMATS:
        rows += _rows(name, root, folder, options.rounds)
    print_table(*rows)
    for place in (root, f"{root}-bare"):
        shutil.rmtree(place)


def _rows(name: str, root: Path, folder: Path, rounds: int) -> list[Row]:
    """The rows of a format: export, two imports and, if it has one, the peer."""
    files, alone, bare = folder / name, folder / f"{name}-alone", folder / "bare"
    statevisit = [str(PYTHON), "-m", "statevisit"]
    source, target = ["--path", str(root)], ["--path", str(bare)]
    commands = {
        f"export --to {name}": [*statevisit, "export", "--to", name, "-o", str(files), *source],
        f"import --from {name}, unchanged": [
            *(*statevisit, "import", "--from", name, str(files), *source),
        ],
        f"import --from {name}, all is new": [
            *(*statevisit, "import", "--from", name, str(alone), *target),
        ],
    }
    if name in PEERS:
        title, function = PEERS[name]
        commands[title] = call_command("bench_formats", function, str(files))
    seconds: dict[str, list[float]] = {title: [] for title in commands}
    peaks = dict.fromkeys(commands, 0)
    for _ in range(rounds):
        for directory in (files, alone, bare):
            shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(f"{root}-bare", bare)
        for title, command in commands.items():
            if str(alone) in command:
                shutil.copytree(files, alone, ignore=shutil.ignore_patterns("*.statevisit.json"))
            done = measure(command, folder, sample_memory=True)
            seconds[title].append(done.seconds)
            peaks[title] = max(peaks[title], done.peak)
    peer = seconds[PEERS[name][0]] if name in PEERS else None
    return [
        (
            title,
            spread((DOCUMENTS / value for value in values), ",.0f"),
            megabytes(peaks[title]),
            ratios(values, peer) if peer and values is not peer else "",
        )
        for title, values in seconds.items()
    ]


def make(root: str) -> None:
    """Make a corpus root, and one of the same documents without annotation; print their means."""
    import bench_corpus
    from msgspec.structs import replace

    from statevisit import load, write_document
    from statevisit.document.model import ANNOTATED_LAYERS

    for place in (root, f"{root}-bare"):
        bench_corpus.make_metadata(Path(place), bench_corpus.LABELLED)
    sizes = bench_corpus.write_documents(Path(root), bench_corpus.LABELLED, range(DOCUMENTS))
    empty = dict.fromkeys(ANNOTATED_LAYERS, ())
    for document in load(root):
        bare = replace(document, **empty, layers=dict.fromkeys(ANNOTATED_LAYERS, "none"))
        write_document(bare, Path(f"{root}-bare/corpus/documents/{document.id}.json"))
    tokens = sum(size.tokens for size in sizes)
    print(f"{DOCUMENTS:,} documents: {tokens / DOCUMENTS:,.0f} tokens a document (mean)")


def spacy_alone(files: str) -> None:
    """Read every DocBin of a directory, build its Docs, and write them again."""
    from spacy.tokens import DocBin
    from spacy.vocab import Vocab

    for path in sorted(Path(files).glob("*.spacy")):
        docs = list(DocBin().from_disk(path).get_docs(Vocab()))
        DocBin(docs=docs, store_user_data=True).to_disk(path.with_suffix(".again"))
        path.with_suffix(".again").unlink()


def cassis_alone(files: str) -> None:
    """Read every XMI file of a directory with its type system, and write it again."""
    import cassis

    with (Path(files) / "TypeSystem.xml").open("rb") as stream:
        types = cassis.load_typesystem(stream)
    for path in sorted(Path(files).glob("*.xmi")):
        with path.open("rb") as stream:
            cas = cassis.load_cas_from_xmi(stream, typesystem=types)
        cas.to_xmi(path.with_suffix(".again"))
        path.with_suffix(".again").unlink()
