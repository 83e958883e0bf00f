"""statevisit: a news article annotated for entities, events and quantities, and its tools.

`import statevisit` is quick: every name below is imported when it is first used.
"""
# ruff: noqa: F401  the imports are for type checkers

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from statevisit.agreeing import Agreement, agree
    from statevisit.checks.corpus import validate
    from statevisit.codec import decode, encode, read_document, write_document
    from statevisit.corpus import Corpus
    from statevisit.errors import (
        FormatError,
        LabelStudioError,
        MissingExtra,
        ReleaseError,
        StateVisitError,
    )
    from statevisit.evaluation import score
    from statevisit.findings import Finding
    from statevisit.hub import load_dataset
    from statevisit.model import Document
    from statevisit.resources import data_root
    from statevisit.schema import labels
    from statevisit.scoring.report import Report
    from statevisit.versions import load

_HOME = {
    "_corpus_html": "display:corpus_html",
    "_document_html": "display:to_html",
    "agree": "agreeing",
    "Agreement": "agreeing",
    "Corpus": "corpus",
    "data_root": "resources",
    "decode": "codec",
    "Document": "model",
    "encode": "codec",
    "Finding": "findings",
    "FormatError": "errors",
    "labels": "schema",
    "LabelStudioError": "errors",
    "load": "versions",
    "load_dataset": "hub",
    "MissingExtra": "errors",
    "read_document": "codec",
    "ReleaseError": "errors",
    "Report": "scoring.report",
    "score": "evaluation",
    "StateVisitError": "errors",
    "validate": "checks.corpus",
    "write_document": "codec",
}
"""The module of every name, and the name in that module if it is another: MODULE:NAME.

The private names are for `_repr_html_` of a document and a corpus, whose modules must not import
the pages that are made from them.
"""

__all__ = sorted([*(name for name in _HOME if not name.startswith("_")), "__version__"])


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from statevisit.resources import version

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
