"""The formats: what each can hold, and the functions that read and write it."""

from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

from msgspec import Struct

from statevisit.document.scheme import Scheme
from statevisit.errors import FormatError, MissingExtra
from statevisit.formats.sidecar import SUFFIX
from statevisit.formats.texts import AnnotatedText
from statevisit.printable import nearest

ROUND_TRIP, IN, OUT = "round trip", "in", "out"
"""The kinds of formats: written and read back to the byte, only read, only written."""

_COLUMNS = (".conll", ".bio", ".bioes", ".bilou", ".iob", ".iob1", ".iob2", ".iobes")
_NAMES = "tokens, sentences, the named mentions and events, timexes and quantities as flat names"
_NOT_FLAT = (
    "overlapping names (the longest stays), mentions that are no names, attributes, coreference, "
    "quotations, relations, names across sentences (they are divided), names within tokens"
)
_LINES = (".jsonl", ".ndjson")
_SPANS = "mentions, timexes, quantities, events, quotations"


class Format(Struct, frozen=True):
    """A format.

    `suffixes` are those of the files that are read, or their whole names. `reader` and `writer` are
    MODULE:FUNCTION in this room, or "". `holds` are the parts of a document in its files, and
    `lacks` those that its files cannot hold; a round trip keeps them in a file beside them.
    `package` is what it needs, which the `extra` of this package installs. `keeps` are
    labels of its files that have no place in any document, and that are kept without being mapped.
    `again` is MODULE:FUNCTION as well, for a format whose files take long: it returns what is read
    of a text that was written, without a file. With `counted`, what is written of a text depends
    on those before it.
    """

    name: str
    title: str
    kind: str
    suffixes: tuple[str, ...]
    holds: str
    lacks: str
    reader: str = ""
    writer: str = ""
    package: str = ""
    extra: str = ""
    keeps: tuple[str, ...] = ()
    again: str = ""
    counted: bool = False

    def reads(self, path: Path) -> bool:
        """Whether a file in a directory is one that is read, by its name."""
        is_kept = path.name.endswith(SUFFIX)
        return path.name.lower().endswith(self.suffixes) and not is_kept

    def read(self, path: Path, scheme: Scheme) -> Iterator[AnnotatedText]:
        """Yield the annotated texts of a file; raises FormatError, with file and line."""
        texts: Iterator[AnnotatedText] = self._function(self.reader)(path, scheme)
        return texts

    def write(self, texts: Iterable[AnnotatedText]) -> Iterator[tuple[str, bytes]]:
        """Yield the name of a file and the next part of its content, for one file after another.

        What belongs into a file once, whatever the texts, is a `files.Head`.
        """
        parts: Iterator[tuple[str, bytes]] = self._function(self.writer)(texts)
        return parts

    @property
    def modules(self) -> tuple[str, ...]:
        """The modules that write the format."""
        return (f"statevisit.formats.{self.writer.partition(':')[0]}",)

    def read_again(self, text: AnnotatedText, scheme: Scheme) -> AnnotatedText:
        """Return a text as it is read after it was written; only for a format with `again`."""
        read: AnnotatedText = self._function(self.again)(text, scheme)
        return read

    def _function(self, name: str) -> Callable[..., Any]:
        module, _, function = name.partition(":")
        try:
            found: Callable[..., Any] = getattr(
                import_module(f"statevisit.formats.{module}"), function
            )
        except ModuleNotFoundError as error:
            if error.name is None or error.name.startswith("statevisit"):
                raise
            raise MissingExtra(self.package, self.extra) from None
        return found


FORMATS = {
    format_.name: format_
    for format_ in (
        Format(
            name="brat",
            title="brat standoff",
            kind=ROUND_TRIP,
            suffixes=(".ann",),
            holds=f"{_SPANS}, their attributes, event relations, coreference",
            lacks="names and links of entities, relations of entities, states of layers",
            reader="brat:read",
            writer="brat_writer:write",
        ),
        Format(
            name="conll",
            title="CoNLL-2003 in BIO (IOB2)",
            kind=ROUND_TRIP,
            suffixes=_COLUMNS,
            holds=_NAMES,
            lacks=_NOT_FLAT,
            reader="conll:read",
            writer="conll_writer:write",
        ),
        Format(
            name="bioes",
            title="CoNLL-2003 in BIOES",
            kind=ROUND_TRIP,
            suffixes=_COLUMNS,
            holds=_NAMES,
            lacks=_NOT_FLAT,
            reader="conll:read",
            writer="conll_writer:write_bioes",
        ),
        Format(
            name="iob1",
            title="CoNLL-2003 in IOB1",
            kind=ROUND_TRIP,
            suffixes=_COLUMNS,
            holds=_NAMES,
            lacks=_NOT_FLAT,
            reader="conll:read",
            writer="conll_writer:write_iob1",
        ),
        Format(
            name="doccano",
            title="doccano JSONL",
            kind=IN,
            suffixes=_LINES,
            holds="labelled spans, relations",
            lacks="labels of whole texts and metadata (listed)",
            reader="doccano:read",
        ),
        Format(
            name="prodigy",
            title="Prodigy JSONL",
            kind=IN,
            suffixes=_LINES,
            holds="labelled spans, relations",
            lacks="rejected and ignored examples, labels of whole texts, metadata (listed)",
            reader="prodigy:read",
        ),
        Format(
            name="langextract",
            title="LangExtract JSONL",
            kind=IN,
            suffixes=_LINES,
            holds="extractions with their attributes",
            lacks="extractions without an interval whose words do not occur once (listed)",
            reader="langextract:read",
        ),
        Format(
            name="w3c",
            title="W3C Web Annotation (JSON-LD)",
            kind=OUT,
            suffixes=(".jsonld",),
            holds=f"{_SPANS}, their attributes, event relations, coreference, links of entities",
            lacks="names of entities, relations of entities, states of layers, tokens, sentences",
            writer="w3c:write",
        ),
        Format(
            name="xmi",
            title="UIMA CAS XMI",
            kind=ROUND_TRIP,
            suffixes=(".xmi", ".zip"),
            holds=f"{_SPANS}, their attributes, event relations, coreference; links of entities, "
            "sentences and tokens, in which an import reads no changes",
            lacks="names of entities, relations of entities, states of layers, the date",
            reader="cas_files:read_xmi",
            writer="cas_writer:write_xmi",
            package="dkpro-cassis and defusedxml",
            extra="formats",
        ),
        Format(
            name="casjson",
            title="UIMA CAS JSON",
            kind=ROUND_TRIP,
            suffixes=(".json",),
            holds=f"{_SPANS}, their attributes, event relations, coreference; links of entities, "
            "sentences and tokens, in which an import reads no changes",
            lacks="names of entities, relations of entities, states of layers, the date",
            reader="cas_files:read_json",
            writer="cas_writer:write_json",
            package="dkpro-cassis and defusedxml",
            extra="formats",
        ),
        Format(
            name="webannotsv",
            title="WebAnno TSV 3",
            kind=IN,
            suffixes=(".tsv",),
            holds="spans, their attributes, relations, slots, chains, as INCEpTION exports them",
            lacks="the date and the language, annotations that begin or end between tokens",
            reader="webanno_tsv:read",
        ),
        Format(
            name="conllu",
            title="CoNLL-U with CorefUD's coreference",
            kind=ROUND_TRIP,
            suffixes=(".conllu",),
            holds=f"{_SPANS}, their attributes, event relations, coreference; members of sets, "
            "sentences and tokens, in which an import reads no changes",
            lacks="names and links of entities, relations of entities, states of layers",
            reader="corefud:read",
            writer="corefud_writer:write",
            package="conllu",
            extra="formats",
            counted=True,
        ),
        Format(
            name="conll2012",
            title="CoNLL-2012 coreference",
            kind=OUT,
            suffixes=(".conll",),
            holds="entities and event chains (in a file of their own), sentences, tokens",
            lacks="labels and attributes, spans without an entity or event chain, relations, "
            "which of two crossing mentions of one entity ends first",
            writer="conll2012:write",
        ),
        Format(
            name="spacy",
            title="spaCy DocBin",
            kind=ROUND_TRIP,
            suffixes=(".spacy",),
            holds=f"tokens, sentence starts, {_SPANS}, their attributes, event relations, "
            "coreference; flat names and entities to read",
            lacks="spans that do not begin and end with a token, changes of entities and their "
            "relations, states of layers",
            reader="spacy_files:read",
            writer="spacy_files:write",
            again="spacy_files:again",
            package="spacy",
            extra="formats",
            counted=True,
        ),
        Format(
            name="csv",
            title="CSV with a row for each record",
            kind=ROUND_TRIP,
            suffixes=("documents.csv",),
            holds="all records of all layers with all their properties",
            lacks="tokens, sentences, states of layers, sources and annotators",
            reader="wide_csv_reader:read",
            writer="wide_csv_writer:write",
        ),
        Format(
            name="timeml",
            title="TimeML",
            kind=ROUND_TRIP,
            suffixes=(".tml",),
            holds="timexes, events with their attributes, their order, coreference of events",
            lacks=(
                "mentions, quantities, quotations, arguments, types and levels of events, "
                "relations OVERLAP, CAUSE, PRECONDITION, MEMBER and uncertain ones, "
                "spans that cross, entities, states of layers"
            ),
            reader="timeml:read",
            writer="timeml_writer:write",
            package="defusedxml",
            extra="formats",
            keeps=("SIGNAL",),
        ),
    )
}
"""The formats by name, in the order in which they are listed."""


def format_of(name: str, kind: str) -> Format:
    """Return the format with a name that can be read (`IN`) or written (`OUT`).

    Raises FormatError for any other.
    """
    known = {f.name: f for f in FORMATS.values() if f.kind in (kind, ROUND_TRIP)}
    if name not in known:
        verb = "read" if kind == IN else "written"
        raise FormatError(
            f"{name!r} is no format that can be {verb}{nearest(name, list(known))}; "
            f"there are {', '.join(known)}"
        )
    return known[name]


def files_in(paths: Iterable[Path], format_: Format) -> Iterator[Path]:
    """Yield the files of a format: those that are named, and those in directories.

    Raises FormatError for a path that does not exist, and a directory that holds none.
    """
    for path in paths:
        if path.is_dir():
            files = sorted(p for p in path.rglob("*") if format_.reads(p))
            if not files:
                raise FormatError(f"{path}: has no file {' or '.join(format_.suffixes)}")
            yield from files
        elif path.is_file():
            yield path
        else:
            raise FormatError(f"{path}: no such file or directory")
