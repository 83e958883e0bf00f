"""The parts of CorefUD that its reader and its writer share: names, brackets, escapes.

In `MISC`, `Entity=(e1-person-1-level:NAM` opens a mention and `Entity=e1)` closes it; the line
`# global.Entity` names the fields between the hyphens. See https://ufal.mff.cuni.cz/corefud.
"""

import re
from urllib.parse import quote, unquote

GENERATOR = "statevisit"
"""The value of `# generator` in the first sentence of each document that statevisit writes."""

ENTITY = "Entity"
FIELDS = ("eid", "etype", "head", "other")
"""The fields of `Entity` as statevisit writes them; CorefUD requires the first three."""

SPANS = "Spans"
"""The key for spans of labels that the scheme lacks. Other layers have a key of their own."""

RELATIONS = "Relations"
BRIDGE, SPLIT = "Bridge", "SplitAnte"
ID, CLUSTER = "id", "eid"
"""The attributes with the id of an annotation, and of its entity where the bracket is another."""

SPACES_BEFORE, SPACES_AFTER, SPACES_INSIDE = "SpacesBefore", "SpacesAfter", "SpacesInToken"
"""The keys of UDPipe that keep white space, from https://ufal.mff.cuni.cz/udpipe/1."""

COMMENT = "comments"
"""The kind of notes that are kept: the comments of a document that begin with `meta::`."""

_NOT_IN_BRACKETS = re.compile(r"[%\-=|,:()\[\]<>\s\x00-\x1f\x7f]")
_SPACE_NAMES = {" ": r"\s", "\t": r"\t", "\r": r"\r", "\n": r"\n", "|": r"\p", "\\": r"\\"}
_SPACES = {code: character for character, code in _SPACE_NAMES.items()}


def key_of(layer: str) -> str:
    """Return the key in MISC for the spans of a layer."""
    return layer.capitalize()


def encoded(value: str) -> str:
    """Return a value with `%XX` for each character that has a meaning in brackets or in MISC."""
    return _NOT_IN_BRACKETS.sub(lambda match: quote(match[0], safe="").replace("-", "%2D"), value)


def decoded(value: str) -> str:
    """Return a value without `%XX`; the reverse of `encoded`."""
    return unquote(value)


def attribute_list(attributes: dict[str, str]) -> str:
    """Return attributes as `name:value,name:value`, in the order of udapi, by name."""
    pairs = sorted(attributes.items(), key=lambda pair: (encoded(pair[0]).lower(), pair[0]))
    return ",".join(f"{encoded(name)}:{encoded(value)}" for name, value in pairs)


def attributes_of(listed: str) -> dict[str, str]:
    """Return the attributes of a list; one without a value is true."""
    attributes: dict[str, str] = {}
    for pair in listed.split(",") if listed else ():
        name, colon, value = pair.partition(":")
        attributes[decoded(name)] = decoded(value) if colon else "true"
    return attributes


def escaped(spaces: str) -> str:
    r"""Return white space, or a word that has some, as UDPipe writes it: `\s` for a space.

    White space for which UDPipe has no escape is `\uXXXX`.
    """
    return re.sub(r"[\s|\\=\x00-\x1f]", _escape, spaces)


def _escape(match: re.Match[str]) -> str:
    return _SPACE_NAMES.get(match[0], f"\\u{ord(match[0]):04x}")


def unescaped(value: str) -> str:
    """Return the characters of an escaped value; an unknown escape stays."""
    return re.sub(r"\\(?:u[0-9a-f]{4}|.)", _unescape, value)


def _unescape(match: re.Match[str]) -> str:
    code = match[0]
    if len(code) == 6:
        return chr(int(code[2:], 16))
    return _SPACES.get(code, code)
