"""What the pages and the metadata state of the sources of all texts, which may be millions."""

from collections import Counter
from collections.abc import Iterable

from msgspec import Struct, field

from statevisit.corpus.seeds import ListedSource
from statevisit.document.strict_json import JsonObject

FEW = 20
"""Texts that the metadata name one by one."""


class Texts(Struct):
    """How many texts have each language, publisher and licence (None: not stated).

    `works` are the texts for schema.org, without those of which nothing is known; of more than FEW
    there is one work, with what they share, or none.
    """

    languages: Counter[str] = field(default_factory=Counter)
    publishers: Counter[str | None] = field(default_factory=Counter)
    licences: Counter[str | None] = field(default_factory=Counter)
    works: list[JsonObject] = field(default_factory=list)


def texts_of(sources: Iterable[ListedSource]) -> Texts:
    """Return what is stated of some texts, of which one at a time is in memory."""
    texts = Texts()
    shared: JsonObject | None = None
    for source in sources:
        texts.languages[source.language] += 1
        texts.publishers[source.stated_publisher] += 1
        texts.licences[source.stated_license] += 1
        work = _work(source)
        if not work:
            continue
        if shared is None:
            shared = work
        shared = {name: value for name, value in shared.items() if work.get(name) == value}
        if len(texts.works) <= FEW:
            texts.works.append(work)
    if len(texts.works) > FEW:
        texts.works = [shared] if shared and shared.keys() != {"@type"} else []
    return texts


def _work(source: ListedSource) -> JsonObject:
    """Return what is known of a text; empty if nothing is."""
    stated: JsonObject = {
        "name": source.title,
        "url": source.url,
        "author": [{"@type": "sc:Person", "name": name} for name in source.author],
        "publisher": source.stated_publisher,
        "license": source.stated_license,
    }
    known = {name: value for name, value in stated.items() if value}
    if "publisher" in known:
        known["publisher"] = {"@type": "sc:Organization", "name": known["publisher"]}
    return {"@type": "sc:CreativeWork", **known} if known else {}
