"""A project's choices: `[tool.statevisit]` in the pyproject.toml of the corpus root."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path

from msgspec import Struct, convert

from statevisit.document.codec import read_text
from statevisit.errors import FormatError
from statevisit.printable import nearest

FORMATS = ("text", "json", "jsonl", "sarif", "github", "junit")

ADDRESS = re.compile(r"(?:git\+)?(?:https?|ssh|file)://[\w./:@%~+=&?#-]+")
"""An address that pip installs from.

It holds no character that TOML or a shell's double quotes would escape.
"""


class Settings(Struct, frozen=True, kw_only=True):
    """The settings of a corpus root.

    Attributes:
        select: The codes of findings that `validate` reports, or prefixes of them (E2); empty for
            all.
        ignore: The codes, or prefixes, that it does not report.
        strict: Whether warnings fail.
        format: The format of its output, one of FORMATS.
        repo: The dataset repository on the Hugging Face Hub ("OWNER/NAME") that versions are
            published in; "" for none.
        partial: Whether documents with layers that are begun and not done are in the config `ner`.
        source: The address that the corpus's CI installs statevisit from; "" until it is known.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    strict: bool = False
    format: str = "text"
    repo: str = ""
    partial: bool = False
    source: str = ""

    def address(self, page: str) -> str:
        """Return the address of a page that `publish` puts into `repo`; "" without a `repo`."""
        return f"https://huggingface.co/datasets/{self.repo}/blob/main/{page}" if self.repo else ""

    def wants(self, code: str) -> bool:
        """Whether findings of this code are reported: the longest matching prefix wins."""
        selected = _longest_prefix(self.select, code)
        ignored = _longest_prefix(self.ignore, code)
        if selected is None:
            return not self.select and ignored is None
        return ignored is None or selected > ignored


def _longest_prefix(prefixes: Iterable[str], code: str) -> int | None:
    """Return the length of the longest prefix of a code; None if no prefix matches."""
    return max((len(prefix) for prefix in prefixes if code.startswith(prefix)), default=None)


def read_settings(root: Path, codes: Callable[[], Iterable[str]] | None = None) -> Settings:
    """Read the settings of a corpus root; missing ones have their defaults.

    `codes` returns all codes; it is called if there are codes to check. Raises FormatError for
    unknown keys and codes and for wrong values.
    """
    path = root / "pyproject.toml"
    if not path.is_file():
        return Settings()
    settings = convert(_table(path), Settings)
    where = f"{path}: [tool.statevisit]"
    if settings.format not in FORMATS:
        raise FormatError(
            f"{where} `format` is {settings.format!r}; it must be one of {', '.join(FORMATS)}"
        )
    if settings.source:
        check_source(settings.source, f"{where} `source`")
    if codes is not None and (settings.select or settings.ignore):
        all_codes = list(codes())
        check_codes(settings.select, all_codes, f"{where} `select`")
        check_codes(settings.ignore, all_codes, f"{where} `ignore`")
    return settings


_TYPES: dict[str, type] = {
    "select": list,
    "ignore": list,
    "strict": bool,
    "format": str,
    "repo": str,
    "partial": bool,
    "source": str,
}
"""The type of each key's value."""

_TYPE_NAMES: dict[type, str] = {list: "a list of codes", bool: "true or false", str: "a string"}


def _table(path: Path) -> dict[str, object]:
    """Read `[tool.statevisit]` of a file. Raises FormatError for a wrong key or type."""
    import tomllib

    try:
        tool = tomllib.loads(read_text(path)).get("tool", {})
    except RecursionError:
        raise FormatError(f"{path}: not TOML: nested too deeply") from None
    except ValueError as error:
        raise FormatError(f"{path}: not TOML: {error}") from None
    table = tool.get("statevisit", {}) if isinstance(tool, dict) else None
    if not isinstance(table, dict):
        raise FormatError(f"{path}: [tool.statevisit] must be a table")
    where = f"{path}: [tool.statevisit]"
    for key, value in table.items():
        if key not in _TYPES:
            raise FormatError(
                f"{where} has no `{key}`{nearest(key, _TYPES)}; the keys are {', '.join(_TYPES)}"
            )
        expected_type = _TYPES[key]
        if not _has_type(value, expected_type):
            raise FormatError(f"{where} `{key}` must be {_TYPE_NAMES[expected_type]}")
    return table


def _has_type(value: object, expected_type: type) -> bool:
    """Whether a value is of exactly this type (true is no integer); a list must be of strings."""
    if type(value) is not expected_type:
        return False
    return not isinstance(value, list) or all(isinstance(item, str) for item in value)


def check_source(source: str, where: str) -> None:
    """Raise FormatError unless pip can install from `source`; `where` begins the message."""
    if not ADDRESS.fullmatch(source):
        raise FormatError(
            f"{where}: {source!r} is not an address that pip installs from, such as "
            "git+https://github.com/OWNER/statevisit@v1.0.0"
        )


def check_codes(prefixes: Iterable[str], codes: Iterable[str], where: str) -> None:
    """Raise FormatError for a prefix that no code has; `where` begins the message."""
    codes = list(codes)
    for prefix in prefixes:
        has_form = re.fullmatch(r"[A-Z]\d*", prefix)
        if not has_form or not any(code.startswith(prefix) for code in codes):
            raise FormatError(
                f"{where}: no code begins with {prefix!r}{like_code(prefix, codes)}; "
                "`statevisit explain` lists them"
            )


def like_code(word: str, codes: Iterable[str]) -> str:
    """Return the codes that an unknown one may mean, as the end of a message; "" for none.

    A number is no slip of another number, so for a code of the right form these are the code with
    another letter, or the codes of its family.
    """
    codes = list(codes)
    in_figures = word[:1] + word[1:].translate(str.maketrans("OIL", "011"))
    if word != in_figures and in_figures in codes:
        return f"; did you mean {in_figures}?"
    if not re.fullmatch(r"[A-Z]\d+", word):
        return nearest(word, codes)
    same_number = [code for code in codes if code[1:] == word[1:]]
    if same_number:
        return f"; did you mean {' or '.join(same_number)}?"
    family = [code for code in codes if code.startswith(word[:2])]
    return f"; {word[:2]} has {', '.join(family)}" if family else ""
