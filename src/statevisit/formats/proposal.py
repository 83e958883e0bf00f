"""A mapping of the labels of files to those of a scheme, proposed: the likeliest, with counts."""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from difflib import get_close_matches

from statevisit.document.scheme import Scheme
from statevisit.errors import FormatError
from statevisit.formats.texts import AnnotatedText
from statevisit.formats.vocabulary import UNDECIDED, label_names
from statevisit.printable import one_line
from statevisit.regions.labels import controls
from statevisit.regions.likely import likeliest
from statevisit.regions.relation_labels import relation_labels

_MOST_VALUES = 30
"""Values of an attribute that are listed; one with more is text."""


def proposal(texts: Iterable[AnnotatedText | FormatError], scheme: Scheme) -> str:
    """Return a mapping file for the labels, relations and attributes of texts, with counts.

    A label without a likely counterpart is a comment. Raises FormatError for a text that cannot be
    read.
    """
    labels: Counter[str] = Counter()
    relations: Counter[str] = Counter()
    attributes: dict[str, Counter[str]] = {}
    number = 0
    for text in texts:
        if isinstance(text, FormatError):
            raise text
        number += 1
        names = (annotation.label for annotation in text.annotations)
        labels.update(name for name in names if not name.endswith(f".{UNDECIDED}"))
        relations.update(relation.label for relation in text.relations)
        for annotation in text.annotations:
            for name, value in annotation.attributes.items():
                attributes.setdefault(name, Counter())[value] += 1
    lines = [f"# labels of {number} texts, and the likeliest here; correct what is wrong", ""]
    lines += ["[labels]", *_pairs(labels, lambda name: _label(name, scheme))]
    if relations:
        known = list(relation_labels(scheme))
        lines += ["", "[relations]", *_pairs(relations, lambda name: _alike(name, known))]
    for name, values in attributes.items():
        lines += ["", *_choices(name, values, scheme)]
    return "\n".join(lines) + "\n"


def _pairs(counts: Counter[str], find: Callable[[str], str | None]) -> Iterator[str]:
    """A line for each name, the most frequent first."""
    for name, count in counts.most_common():
        counterpart = find(name)
        line = f"{_quoted(name)} = {_quoted(counterpart or '?')}  # {count:,}"
        yield line if counterpart else f"# {line}"


def _choices(name: str, values: Counter[str], scheme: Scheme) -> Iterator[str]:
    """The table of an attribute."""
    properties = {f"{c.layer}.{c.prop}": c for c in controls(scheme).values()}
    same = [prop for prop in properties if prop.rpartition(".")[2] == name.lower()]
    prefix = "" if len(same) == 1 else "# "
    yield f"{prefix}[choices.{_quoted(name)}]"
    yield f"{prefix}property = {_quoted(same[0] if same else '?')}  # {values.total():,}"
    known = properties[same[0]].choice_names if len(same) == 1 else frozenset[str]()
    if len(values) > _MOST_VALUES or (same and not known):
        return
    for value, count in values.most_common():
        counterpart = _alike(value, sorted(known))
        line = f"{_quoted(value)} = {_quoted(counterpart or '?')}  # {count:,}"
        yield line if counterpart else f"# {line}"


def _label(name: str, scheme: Scheme) -> str | None:
    return name if name in label_names(scheme) else likeliest(name, scheme)


def _alike(name: str, known: Sequence[str]) -> str | None:
    """The name that is the same but for case and punctuation, or else close in spelling."""
    by_letters = {_letters(one): one for one in reversed(known)}
    close = get_close_matches(_letters(name), by_letters, n=1, cutoff=0.8)
    return by_letters[close[0]] if close else None


def _letters(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower())


def _quoted(name: str) -> str:
    """A name as a TOML string."""
    return json.dumps(one_line(name), ensure_ascii=False)
