"""Coreference in the form of CoNLL-2012, written for scorers: twelve columns, the last the chains.

See https://conll.cemantix.org/2012/data.html. Columns for which a document has nothing are `-`.
"""

import re
from collections.abc import Iterable, Iterator

from statevisit.document.scheme import scheme_of
from statevisit.formats.pieces import Words, words_of
from statevisit.formats.texts import AnnotatedText, Cluster
from statevisit.formats.vocabulary import label_names

_EMPTY = ("-",) * 7
"""The columns between the word and its chains: tags, trees, predicates, senses, speakers, names."""


def write(texts: Iterable[AnnotatedText]) -> Iterator[tuple[str, bytes]]:
    """Yield the lines of each text for the file of its split.

    Entities are in `corpus.conll`; event chains, if there are any, in `corpus.events.conll`.
    """
    for text in texts:
        name = text.split or "corpus"
        words = words_of(text)
        chains = _event_chains(text)
        entities = [cluster for cluster in text.clusters if cluster not in chains]
        yield f"{name}.conll", "".join(_lines(text, words, entities)).encode()
        if chains:
            yield f"{name}.events.conll", "".join(_lines(text, words, chains)).encode()


def _event_chains(text: AnnotatedText) -> list[Cluster]:
    """The clusters of events."""
    if text.document is None:
        return []
    names = label_names(scheme_of(text.document))
    events = {a.id for a in text.annotations if names.get(a.label, ("", ""))[0] == "events"}
    return [cluster for cluster in text.clusters if events & set(cluster.members)]


def _lines(text: AnnotatedText, words: Words, clusters: list[Cluster]) -> Iterator[str]:
    """The lines of a document; an empty one ends each sentence."""
    chains = _chains(text, words, clusters)
    yield f"#begin document ({text.id}); part 000\n"
    for first, last in words.sentences:
        for number in range(first, last + 1):
            start, end = words.spans[number]
            form = re.sub(r"\s+", "_", text.text[start:end])
            columns = (text.id, "0", str(number - first), form, *_EMPTY, chains.get(number, "-"))
            yield "\t".join(columns) + "\n"
        yield "\n"
    yield "#end document\n"


def _chains(text: AnnotatedText, words: Words, clusters: list[Cluster]) -> dict[int, str]:
    """The last column of each word at which a mention begins or ends.

    A mention stands once in a chain. Longer mentions open first, so that brackets nest.
    """
    known = text.by_id()
    spans = []
    for number, cluster in enumerate(clusters):
        members = [known[member] for member in cluster.members if member in known]
        ends = {words.between(member.start, member.end) for member in members}
        spans += [(*one, number) for one in ends if one is not None]
    parts: dict[int, list[str]] = {}
    for first, last, number in sorted(spans, key=lambda one: (one[0], -one[1], one[2])):
        if first == last:
            parts.setdefault(first, []).append(f"({number})")
        else:
            parts.setdefault(first, []).append(f"({number}")
    for _, last, number in sorted((s for s in spans if s[0] < s[1]), key=lambda s: -s[0]):
        parts.setdefault(last, []).append(f"{number})")
    return {word: "|".join(chunks) for word, chunks in parts.items()}
