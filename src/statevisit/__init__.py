"""statevisit: a news article annotated for entities, events and quantities, and its tools.

`import statevisit` is quick: every name below is imported when it is first used.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from statevisit.annotation.from_python import annotate, ingest
    from statevisit.annotation.prompt import Prompt, prompt
    from statevisit.checks.corpus import validate
    from statevisit.corpus.documents import write_document
    from statevisit.corpus.reader import Corpus
    from statevisit.corpus.seeds import ListedSource
    from statevisit.corpus.versions import load
    from statevisit.dataset.huggingface import load_dataset
    from statevisit.document.codec import decode, encode, read_document
    from statevisit.document.model import Document
    from statevisit.document.scheme import Label, Scheme, labels
    from statevisit.errors import (
        FormatError,
        LabelStudioError,
        MissingExtra,
        ReleaseError,
        StateVisitError,
    )
    from statevisit.findings import Finding
    from statevisit.formats.spacy_document import from_spacy
    from statevisit.layout import data_root
    from statevisit.publishing.from_python import Built, Released, build, release
    from statevisit.scoring.agree import Agreement, agree
    from statevisit.scoring.report import Report
    from statevisit.scoring.score import score

_HOME = {
    "_corpus_frame": "dataset.frames:corpus_frame",
    "_corpus_html": "pages.notebook:corpus_html",
    "_document_doc": "formats.spacy_doc:to_spacy",
    "_document_frame": "dataset.frames:document_frame",
    "_document_html": "pages.notebook:document_html",
    "agree": "scoring.agree",
    "Agreement": "scoring.agree",
    "annotate": "annotation.from_python",
    "build": "publishing.from_python",
    "Built": "publishing.from_python",
    "Corpus": "corpus.reader",
    "data_root": "layout",
    "decode": "document.codec",
    "Document": "document.model",
    "encode": "document.codec",
    "Finding": "findings",
    "FormatError": "errors",
    "from_spacy": "formats.spacy_document",
    "ingest": "annotation.from_python",
    "Label": "document.scheme",
    "labels": "document.scheme",
    "LabelStudioError": "errors",
    "ListedSource": "corpus.seeds",
    "load": "corpus.versions",
    "load_dataset": "dataset.huggingface",
    "MissingExtra": "errors",
    "prompt": "annotation.prompt",
    "Prompt": "annotation.prompt",
    "read_document": "document.codec",
    "release": "publishing.from_python",
    "Released": "publishing.from_python",
    "ReleaseError": "errors",
    "Report": "scoring.report",
    "Scheme": "document.scheme",
    "score": "scoring.score",
    "StateVisitError": "errors",
    "validate": "checks.corpus",
    "write_document": "corpus.documents",
}
"""The module of every name, and the name in that module if it is another: MODULE:NAME.

The private names are for methods of a document and a corpus, whose modules must not import the
pages, tables and other formats that are made from them.
"""

__all__ = [
    "Agreement",
    "Built",
    "Corpus",
    "Document",
    "Finding",
    "FormatError",
    "Label",
    "LabelStudioError",
    "ListedSource",
    "MissingExtra",
    "Prompt",
    "ReleaseError",
    "Released",
    "Report",
    "Scheme",
    "StateVisitError",
    "__version__",
    "agree",
    "annotate",
    "build",
    "data_root",
    "decode",
    "encode",
    "from_spacy",
    "ingest",
    "labels",
    "load",
    "load_dataset",
    "prompt",
    "read_document",
    "release",
    "score",
    "validate",
    "write_document",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from statevisit.layout import version

        return version()
    if name not in _HOME:
        raise AttributeError(f"module 'statevisit' has no attribute {name!r}")
    from importlib import import_module

    module, _, other_name = _HOME[name].partition(":")
    value = getattr(import_module(f"statevisit.{module}"), other_name or name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, *globals()]
