"""Every code in one place: severity, message, why, and an example of wrong and right.

A check says all this in its docstring: the message first, then why, then `Wrong:` and `Right:`. The
codes that no check of a document stands behind (form, corpus, quote notation; Label Studio:
`incoming.py`) say it in the same form.
"""

import inspect
import re
from functools import cache

from msgspec import Struct

from statevisit.checks.incoming import EXPLAINED
from statevisit.checks.registry import REGISTRY, load_checks
from statevisit.findings import severity
from statevisit.resources import CHECKS_PAGE

FAMILIES = {
    "1": "form",
    "2": "text",
    "3": "references",
    "4": "labels",
    "5": "values",
    "6": "the document as a whole",
    "7": "the corpus",
    "A": "quotes and realignment",
    "L": "Label Studio",
}


class Entry(Struct, frozen=True):
    """What there is to know about a code."""

    code: str
    message: str
    why: str
    wrong: str
    right: str

    @property
    def severity(self) -> str:
        """ "error" or "warning"."""
        return severity(self.code)

    @property
    def page(self) -> str:
        """The place that explains the code, as a path below a corpus root with its anchor."""
        return f"{CHECKS_PAGE}#{self.code.lower()}"

    @property
    def family(self) -> str:
        """What the code is about."""
        return FAMILIES[self.code[0] if self.code[0] in FAMILIES else self.code[1]]


_FORM = re.compile(
    r"(?P<message>.+?)\n\n(?P<why>.+?)\n\nWrong: (?P<wrong>.+?)\nRight: (?P<right>.+)", re.DOTALL
)


def entry(code: str, text: str) -> Entry:
    """The entry that a docstring makes. Raises ValueError for one that lacks a part."""
    found = _FORM.fullmatch(inspect.cleandoc(text).strip())
    if not found:
        raise ValueError(
            f"{code}: a check's docstring is its message, a paragraph of why, `Wrong:` and `Right:`"
        )
    parts = {k: " ".join(v.split()) for k, v in found.groupdict().items()}
    return Entry(code, parts["message"].rstrip("."), parts["why"], parts["wrong"], parts["right"])


@cache
def catalogue() -> dict[str, Entry]:
    """Every code with its entry: by family, then by number."""
    load_checks()
    texts = (
        _OTHERS
        | EXPLAINED
        | {code: registered.run.__doc__ or "" for code, registered in REGISTRY.items()}
    )
    return {
        code: entry(code, texts[code])
        for code in sorted(texts, key=lambda c: ("AL".find(c[0]), c[1:], c[0]))
    }


_OTHERS = {
    "E101": """
        The file is not UTF-8.

        Offsets count code points of the decoded text, so every reader has to decode a file in the same way; UTF-8
        without a byte order mark is the only encoding of JSON that is exchanged (RFC 8259).

        Wrong: a file saved as Latin-1, UTF-16, or UTF-8 with BOM
        Right: the same file saved as UTF-8 without BOM
        """,
    "E102": """
        The file is not JSON.

        Nothing else can be said about a file that cannot be read; the message holds the parser's words and the place.
        NaN and Infinity are not JSON, and nesting beyond 1,024 levels is not what anyone wrote.

        Wrong: `{"id":"x",}`
        Right: `{"id":"x"}`
        """,
    "E103": """
        A key stands twice in one object.

        Parsers disagree about which of the two counts, so the same file would mean different things to different
        programs.

        Wrong: `{"id":"m1","level":"NAM","level":"NOM"}`
        Right: `{"id":"m1","level":"NAM"}`
        """,
    "E104": """
        The schema does not allow this.

        `schema/document.schema.json` says which properties a record has, which it must have, and what their values
        look like; a misspelt property or label would otherwise be lost without a word. The other checks run once
        the schema accepts the document.

        Wrong: `{"id":"m1","start":0,"end":4,"text":"Baku","level":"NAME","entity":"baku"}`
        Right: `{"id":"m1","start":0,"end":4,"text":"Baku","level":"NAM","entity":"baku"}`
        """,
    "E105": """
        The document follows a newer schema than this statevisit knows.

        What an older program does not know it would misread or drop; a newer one reads it.

        Wrong: `"schema_version":2` read by a statevisit that knows version 1
        Right: `pip install -U statevisit`, or `"schema_version":1`
        """,
    "E210": """
        The file's name is not the document's id.

        Documents are found by their file's name, without opening each; a copied file with its old id inside would
        hide one of the two.

        Wrong: `corpus/documents/b.json` that holds `"id":"a"`
        Right: `corpus/documents/a.json` that holds `"id":"a"`
        """,
    "E701": """
        Two documents have one id.

        An id names one document in every table, export and citation; with two, neither can be named.

        Wrong: two lines of a JSONL file with `"id":"a"`
        Right: `"id":"a"` and `"id":"b"`
        """,
    "E702": """
        A foreign file lies among the documents.

        `corpus/documents/` holds `<id>.json` only, so that what is published is what was checked; anything else
        there would be neither.

        Wrong: `corpus/documents/notes.txt`
        Right: `notes.txt` outside `corpus/`
        """,
    "E703": """
        A line of the source list is not in the format.

        `seeds/sources.jsonl` says where every text comes from and under which licence; a line that cannot be read
        says it about none.

        Wrong: `{"file":"a.txt"}`
        Right: `{"file":"a.txt","sha256":"…","date":"2024-02-19","language":"en","publisher":"unknown","license":"not stated"}`
        """,
    "E704": """
        A list beside the documents is not in the format.

        The lists of annotators, the decisions between annotators and the manifest are data as the documents are: each
        has its schema, and what does not follow it cannot be relied on.

        Wrong: `{"annotators":[{"id":"a","kind":"robot","name":"A","layers":[]}]}`
        Right: `{"annotators":[{"id":"a","kind":"rule","name":"A","layers":["tokens"]}]}`
        """,
    "E705": """
        One Wikidata id has two types in the corpus.

        An item is one thing. Where two documents give it two entity types, one of them has the wrong item or the
        wrong type, and whoever counts entities by link counts it under both.

        Wrong: `"wikidata":"Q43"` with `"type":"GPE"` in one document and `"type":"ORG"` in another
        Right: `"type":"GPE"` in both
        """,
    "W706": """
        One Wikidata id has two names in the corpus.

        `name` is the fullest name; two of them for one item are mostly a slip or the wrong item. A text that knows
        the thing under another name only (Myanmar, Burma) can be right.

        Wrong: `"name":"Türkiye","wikidata":"Q43"` in one document and `"name":"Turkey","wikidata":"Q43"` in another
        Right: `"name":"Türkiye"` in both
        """,
    "W707": """
        An id means something else than in the last release.

        Ids are never reused: who stored `m12` or `baku` from a release finds the same thing under it later. A record
        that was replaced gets a new id; one that was corrected keeps its own, and this warning can then be ignored.
        Compared with the commit that gave `corpus/release.json` its version; outside a git checkout nothing is.

        Wrong: `{"id":"baku","name":"Baku","wikidata":"Q9248",…}`, later `{"id":"baku","name":"Tbilisi","wikidata":"Q994",…}`
        Right: a new entity `tbilisi`
        """,
    "E708": """
        The document and the source list disagree.

        `seeds/sources.jsonl` states publisher and licence of every text; a document whose seed is not listed there,
        or listed with another hash, date or language, has no stated origin.

        Wrong: a document made from `b.txt`, and a list without `b.txt`
        Right: a line for `b.txt` with its SHA-256, as `statevisit ingest` writes it
        """,
    "E709": """
        A listed source is not in seeds/, or is another file.

        The seeds are kept byte for byte, so that anyone can derive the texts again; a listed one that is missing or
        changed cannot be checked against its documents.

        Wrong: a line for `a.txt` and no `seeds/a.txt`
        Right: `seeds/a.txt` with the SHA-256 that the line states
        """,
    "A001": """
        The quote does not stand in the text.

        A quote is looked for exactly, then with quotation marks, dashes and white space made alike; one that is found
        in neither way, or not between its `prefix` and `suffix`, was misquoted, and nothing is guessed.

        Wrong: `{"quote":"presidents"}` where the text says "president"
        Right: `{"quote":"president"}`
        """,
    "A002": """
        The quote stands in several places.

        Which of them is meant has to be said: `occurrence` counts from 1, `prefix` and `suffix` are the characters
        around it.

        Wrong: `{"quote":"visit"}` in a text with five visits
        Right: `{"quote":"visit","occurrence":2}`
        """,
    "A003": """
        The quote stands only inside a token.

        Spans take whole tokens; half a word is a slip, or the tokens are wrong and are to be mended first.

        Wrong: `{"quote":"resident"}` inside "president"
        Right: `{"quote":"president"}`
        """,
    "A004": """
        The draft or selector is not in quote notation.

        A draft is a JSON object with layers; a selector has a `quote`, and `occurrence` counts from 1.

        Wrong: `{"quote":"visit","occurrence":0}`
        Right: `{"quote":"visit","occurrence":1}`
        """,
    "A101": """
        The quote differs from the text in marks or white space, and was resolved.

        Straight and curly quotation marks, hyphens and dashes, and white space are often not what the text has; the
        place is certain all the same. Reported so that someone can look.

        Wrong: `{"quote":"two - day"}` where the text says "two-day"
        Right: `{"quote":"two-day"}`
        """,
    "A102": """
        The span was moved, and its words changed.

        `statevisit realign` placed the span with certainty, but a correction was made inside it: what was annotated
        about the old words (a value, a link) may no longer hold.

        Wrong: "Feb. 14" became "Feb. 15" and the value is still `2024-02-14`
        Right: the value `2024-02-15`
        """,
    "A201": """
        The span has no certain place in the corrected text.

        Its first or last word was removed or rewritten; a program could only guess where it belongs. The document is
        not written: delete the record or annotate it anew, then realign again.

        Wrong: a mention of "the envoy" after that sentence was cut
        Right: the document without that mention
        """,
}
