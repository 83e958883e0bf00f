"""Tokenizers: spaCy's rules for a language, white space, or single characters.

spaCy's rules are those of its blank pipelines, which need no model. Beyond them, a Chinese
character and a sign of a sentence's end are tokens, and so is the suffix of a name: "Bakü | 'de".
"""

import importlib.util
import re
import sys
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import pairwise
from typing import Any

from msgspec import Struct

from statevisit.document.characters import joins
from statevisit.document.model import Document
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError, MissingExtra

WHITESPACE = "whitespace"
CHARACTERS = "characters"

ANNOTATOR_ID = "spacy-blank"
ANNOTATOR: JsonObject = {
    "id": ANNOTATOR_ID,
    "kind": "rule",
    "name": "spaCy's rule-based tokenizer and sentencizer",
    "layers": ["sentences", "tokens"],
}
"""The entry of `corpus/annotators.json` for the tokenizer of the document's own language."""

IMPORTED: JsonObject = {
    **ANNOTATOR,
    "id": "imported-segmentation",
    "name": "Sentences and tokens of an imported file, or tokens divided where its spans end",
}
"""The entry for sentences and tokens that an imported file determines."""

_NAMES = {
    WHITESPACE: "Tokens between white space; sentences by spaCy's rule-based sentencizer",
    CHARACTERS: "Every character a token; sentences by spaCy's rule-based sentencizer",
}

_ANY = "xx"
"""The name of spaCy's rules for any language."""

_RULES = {
    **dict.fromkeys(("zh", "cmn", "yue", "wuu", "lzh"), _ANY),  # spaCy's divide "3.5" and "Putin"
    **dict.fromkeys(("mul", "und"), _ANY),
    "no": "nb",
    "fil": "tl",
}
"""The rules for languages whose own spaCy lacks, or divides numbers and foreign names with."""

_EXTRAS = ("ja", "th")
"""Languages whose tokenizer spaCy takes from another package, by the extra of that name."""

_RULE_BASED = ("ko", "vi")
"""Languages for which spaCy prefers another package; its own rules work without."""

_RULE_BASED_CONFIG = {"nlp": {"tokenizer": {"@tokenizers": "spacy.Tokenizer.v1"}}}

_TAG = re.compile("[a-z]{2,3}")
"""The first part of a BCP 47 tag."""

Bounds = tuple[int, int]
"""The start and end of a token."""


class Tokenizer(Struct, frozen=True):
    """A tokenizer: `name` as `--tokenizer` has it, or "" for that of the document's language.

    `rules` names the rules of spaCy that find tokens and sentences.
    """

    name: str
    rules: str

    @property
    def annotator(self) -> JsonObject:
        """The entry of `corpus/annotators.json` that names the tokenizer."""
        if not self.name:
            return ANNOTATOR
        if self.name in _NAMES:
            return {**ANNOTATOR, "id": self.name, "name": _NAMES[self.name]}
        name = f"spaCy's rule-based tokenizer for `{self.name}`, and its sentencizer"
        return {**ANNOTATOR, "id": f"{ANNOTATOR_ID}-{self.name}", "name": name}

    def divide(self, text: str) -> tuple[list[Bounds], list[int]]:
        """Return the tokens of a text, white space being in none, and where sentences begin."""
        by_rules = _by_rules(text, self.rules)
        starts = _sentence_starts(text, by_rules, self.rules)
        if self.name == WHITESPACE:
            return [match.span() for match in re.finditer(r"\S+", text)], starts
        if self.name == CHARACTERS:
            edges = [at for at in range(len(text) + 1) if not joins(text, at)]
            return [edge for edge in pairwise(edges) if not text[edge[0]].isspace()], starts
        return by_rules, starts


def _by_rules(text: str, rules: str) -> list[Bounds]:
    """The tokens of a text by the rules of spaCy, more finely divided."""
    whole: list[Bounds] = []
    for token in pipeline(rules).make_doc(text):
        start, end = token.idx, token.idx + len(token)
        if whole and joins(text, start):
            whole[-1] = (whole[-1][0], end)
        elif not token.is_space:
            whole.append((start, end))
    bounds: list[Bounds] = []
    for start, end in whole:
        inside = {start + at for at in _cuts(text[start:end], rules)}
        edges = [start, *sorted(at for at in inside if not joins(text, at)), end]
        bounds += pairwise(edges)
    return bounds


def _sentence_starts(text: str, bounds: list[Bounds], rules: str) -> list[int]:
    """The offsets at which spaCy's sentencizer begins a sentence of some tokens."""
    from spacy.tokens import Doc

    words: list[str] = []
    spaces: list[bool] = []
    starts: list[int] = []
    last = 0
    for start, end in [*bounds, (len(text), len(text))]:
        gap = text[last:start]
        if spaces and gap.startswith(" "):  # spaCy has a single space in the token before it
            spaces[-1], gap = True, gap[1:]
        for word, at in ((gap, start - len(gap)), (text[start:end], start)):
            if word:
                words.append(word)
                spaces.append(False)
                starts.append(at)
        last = end
    spacy = pipeline(rules)
    parsed = spacy.get_pipe("sentencizer")(Doc(spacy.vocab, words=words, spaces=spaces))
    return [starts[sentence.start] for sentence in parsed.sents]


def tokenizer(language: str, name: str | None = None) -> Tokenizer:
    """Return the tokenizer for a language, or the one of another name.

    Raises FormatError if spaCy has none of that name, MissingExtra without spaCy.
    """
    own = _subtag(language)
    if name is None or _subtag(name) == own:
        pipeline(_rules(own))
        return Tokenizer("", _rules(own))
    if name in _NAMES:
        return Tokenizer(name, _rules(own) if _is_usable(own) else _ANY)
    name = _subtag(name)
    pipeline(_rules(name))
    return Tokenizer(name, _rules(name))


def tokenizer_of(document: Document) -> Tokenizer:
    """Return the tokenizer that a document's annotators name, else that of its language.

    Raises FormatError if spaCy has none, MissingExtra without spaCy.
    """
    prefix = f"{ANNOTATOR_ID}-"
    for annotator in document.annotators:
        if annotator in _NAMES:
            return tokenizer(document.language, annotator)
        if annotator.startswith(prefix) and _is_usable(annotator.removeprefix(prefix)):
            return tokenizer(document.language, annotator.removeprefix(prefix))
    return tokenizer(document.language)


def _subtag(language: str) -> str:
    """The language of a BCP 47 tag: spaCy's rules have no regions or scripts."""
    return language.partition("-")[0].lower()


def _rules(name: str) -> str:
    return _RULES.get(name, name)


def _is_usable(name: str) -> bool:
    """Whether spaCy has rules for a language, with all packages that they need."""
    try:
        pipeline(_rules(name))
    except FormatError:
        return False
    return True


@cache
def pipeline(name: str) -> Any:
    """Return spaCy's blank pipeline of a name, with its sentencizer.

    Raises FormatError if it has none, or if it needs a package that is not installed; MissingExtra
    without spaCy.
    """
    try:
        import spacy
        from spacy.pipeline import Sentencizer
    except ImportError:
        raise MissingExtra("spacy", "ingest") from None
    if not _is_language(name):
        tag = "" if _TAG.fullmatch(name) else ", which is no BCP 47 tag such as `en`"
        raise FormatError(
            f"spaCy has no tokenizer for the language {name!r}{tag}; give `--tokenizer xx`, its "
            f"tokenizer for any language, or `--tokenizer {WHITESPACE}` (from Python: "
            '`tokenizer="xx"`)'
        )
    config: dict[str, Any] = _RULE_BASED_CONFIG if name in _RULE_BASED else {}
    try:
        rules = spacy.blank(name, config=config)
    except ImportError:
        extra = f": pip install 'spacy[{name}]'" if name in _EXTRAS else ""
        raise FormatError(
            f"spaCy's tokenizer for the language {name!r} needs packages that are not "
            f"installed{extra}; or give `--tokenizer {CHARACTERS}`, which makes every character a "
            "token"
        ) from None
    # spaCy's limit is for parsers, whose memory grows with the text.
    rules.max_length = sys.maxsize
    ends = [*Sentencizer.default_punct_chars, *_FURTHER_ENDS]
    if name == "el":
        ends += ";"  # the Greek question mark
    rules.add_pipe("sentencizer", config={"punct_chars": ends})
    return rules


def _is_language(name: str) -> bool:
    if not _TAG.fullmatch(name):
        return False
    found = importlib.util.find_spec(f"spacy.lang.{name}")
    return found is not None and found.submodule_search_locations is not None


_FURTHER_ENDS = "។៕།༎"
"""Signs that end a sentence in Khmer and Tibetan; spaCy's sentencizer does not know them."""

_HAN = "\u2e80-\u2fdf\u3005\u3007\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HIRAGANA = "\u3041-\u309f"
_SIGNS = (
    "\u3001-\u3003\u3008-\u3011\u3014-\u301f\uff01\uff08\uff09\uff0c\uff1a\uff1b\uff1f\uff3b\uff3d"
    "\uff5b\uff5d\uff5f-\uff64"
)
_ENDS = f"\u0589\u061f\u06d4\u0964\u0965\u104a\u104b\u1362\u1367\u1368{_FURTHER_ENDS}"
_ALONE = re.compile(f"[{_HAN}{_HIRAGANA}{_SIGNS}{_ENDS}“”„«»]")
"""Characters that are a token each.

Han and Hiragana are those that Unicode's word boundaries (UAX 29) divide everywhere, since only a
dictionary knows the words. The others are quotation marks, and the marks of Chinese, Japanese,
Armenian, Arabic, Devanagari, Burmese, Ethiopic, Khmer and Tibetan; spaCy knows those of a language
in few others.
"""

_STRAIGHT_MARK = re.compile(r'(?<=\w)"(?=\w)')
_WITH_GERSHAYIM = ("he", "yi")
"""Languages with a quotation mark inside abbreviations."""


def _cuts(word: str, rules: str) -> Iterable[int]:
    """The offsets at which a token of spaCy is divided."""
    if word.isascii() and word.isalpha():
        return ()
    if rules == "ja":  # which has a dictionary
        return ()
    cuts = set()
    for pattern in (_ALONE, _STRAIGHT_MARK):
        if pattern is _STRAIGHT_MARK and rules in _WITH_GERSHAYIM:
            continue
        for sign in pattern.finditer(word):
            cuts |= {sign.start(), sign.end()}
    if word.endswith(".") and _is_before_stop(word[:-1]):
        cuts.add(len(word) - 1)
    suffix = _SUFFIXES.get(rules)
    match = suffix.search(word) if suffix else None
    if match and _takes_suffix(word[: match.start()], rules) and match[0].islower():
        cuts.add(match.start())
    return cuts - {0, len(word)}


_TURKIC = re.compile(r"['’ʼ](?:[aeə]r?|(?=[^aeəıioöuü]*[aeəıioöuü])[ıiuüdtnyslcçkmş][^\W\d_]*)$")
"""A suffix after an apostrophe.

Turkish orthography (TDK, "Kesme işareti") sets an apostrophe before the inflection of proper names,
abbreviations and numbers: Bakü'de, OTS'ye, 2024'te, %92'si. A suffix has a vowel, and one that
begins with a or e is the dative or the distributive, so the apostrophes of Kur'an, McDonald's and
O'Brien stay inside their tokens.
"""

_SUFFIXES = {
    "tr": _TURKIC,
    "az": _TURKIC,
    "fi": re.compile(r":[^\W\d_]+$"),  # EU:n
    "sv": re.compile(r":[^\W\d_]+$"),  # FN:s
    "hu": re.compile(r"[-‑][^\W\d_]+$"),  # NATO-ban
}
"""The suffixes that are tokens, by the rules of spaCy; a suffix is in lower case."""


def _is_before_stop(word: str) -> bool:
    """Whether a full stop after a word ends a sentence by the word's script.

    spaCy knows this of scripts with capitals and of some others, not of Georgian, Thai, Gujarati,
    or after a sign such as ٪. A single letter before a full stop is an initial.
    """
    last = word[-1:]
    if last.isascii():
        return False
    kind = unicodedata.category(last)
    is_letter = kind in ("Lo", "Mn", "Mc") or "\u10d0" <= last <= "\u10ff"
    return kind in ("Nd", "Po", "So") or (is_letter and len(word) > 1)


def _takes_suffix(stem: str, rules: str) -> bool:
    """Whether the word before a suffix is a name, an abbreviation or a number.

    In Hungarian a hyphen also joins compounds (Moszkva-barát), so names do not count there.
    """
    if rules == "hu":
        return stem[-1:].isdigit() or (len(stem) > 1 and stem.isupper())
    return any(character.isdigit() or character.isupper() for character in stem)


def is_of_word(character: str) -> bool:
    """Whether a character is a letter, mark or number."""
    return character != "" and unicodedata.category(character)[0] in "LMN"
