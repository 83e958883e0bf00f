"""A project's choices: `[tool.statevisit]` in the pyproject.toml of the corpus root."""

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from msgspec import Struct, convert

from statevisit.errors import FormatError

FORMATS = ("text", "json", "jsonl", "sarif", "github", "junit")

ADDRESS = re.compile(r"(?:git\+)?(?:https?|ssh|file)://[\w./:@%~+=&?#-]+")
"""An address that pip installs from, without what TOML or a shell's double quotes would escape."""


class Settings(Struct, frozen=True, kw_only=True):
    """What a corpus root chooses: what `validate` reports and how, and where other things are.

    `select` and `ignore`: codes or their beginnings (E2). `strict`: whether warnings fail.
    `repo`: the dataset repository on the Hugging Face Hub ("OWNER/NAME") that versions are
    published in; "" for none. `source`: the address that the corpus's CI installs statevisit
    from; "" until it is filled in.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    strict: bool = False
    format: str = "text"
    repo: str = ""
    source: str = ""

    def address(self, page: str) -> str:
        """The address of a page that `publish` put into `repo`; "" without a `repo`."""
        return f"https://huggingface.co/datasets/{self.repo}/blob/main/{page}" if self.repo else ""

    def wants(self, code: str) -> bool:
        """Whether findings of this code are reported: the longest matching beginning wins."""
        chosen = max(
            (len(s) for s in self.select if code.startswith(s)), default=-1 if self.select else 0
        )
        refused = max((len(i) for i in self.ignore if code.startswith(i)), default=-1)
        return chosen > refused


def read_settings(root: Path, codes: Callable[[], Iterable[str]] | None = None) -> Settings:
    """The settings of a corpus root; the defaults where it states none.

    `codes` gives all codes, for a caller that uses `select` and `ignore`. Raises FormatError for
    unknown keys and codes and for wrong values.
    """
    path = root / "pyproject.toml"
    if not path.is_file():
        return Settings()
    table = _table(path)
    where = f"{path}: [tool.statevisit]"
    if table.get("format", "text") not in FORMATS:
        raise FormatError(
            f"{where} `format` is {table['format']!r}; it must be {', '.join(FORMATS)}"
        )
    if table.get("source"):
        check_source(table["source"], f"{where} `source`")
    for key in ("select", "ignore"):
        if codes and table.get(key):
            check_codes(table[key], codes(), f"{where} `{key}`")
    return convert(table, Settings)


KINDS: dict[str, type] = {
    "select": list,
    "ignore": list,
    "strict": bool,
    "format": str,
    "repo": str,
    "source": str,
}
"""The TOML type of each key."""

KIND_NAMES: dict[type, str] = {list: "a list of codes", bool: "true or false", str: "a string"}


def _table(path: Path) -> dict[str, Any]:
    """`[tool.statevisit]` of a file, with known keys and values of their types."""
    import tomllib

    try:
        tool = tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {})
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FormatError(f"{path}: not TOML: {error}") from None
    table = tool.get("statevisit", {}) if isinstance(tool, dict) else None
    if not isinstance(table, dict):
        raise FormatError(f"{path}: [tool.statevisit] must be a table")
    where = f"{path}: [tool.statevisit]"
    for key, value in table.items():
        if key not in KINDS:
            raise FormatError(
                f"{where} has no `{key}`{nearest(key, KINDS)}; known are {', '.join(KINDS)}"
            )
        if not _fits(value, KINDS[key]):
            raise FormatError(f"{where} `{key}` must be {KIND_NAMES[KINDS[key]]}")
    return table


def _fits(value: object, kind: type) -> bool:
    if isinstance(value, list):
        return kind is list and all(isinstance(v, str) for v in value)
    return type(value) is kind


def check_source(source: str, where: str) -> None:
    """Refuse, with FormatError, a text that is not an address that pip installs from."""
    if not ADDRESS.fullmatch(source):
        raise FormatError(
            f"{where}: {source!r} is not an address that pip installs from, such as "
            "git+https://github.com/OWNER/statevisit@v1.0.0"
        )


def check_codes(wanted: Iterable[str], codes: Iterable[str], where: str) -> None:
    """Refuse, with FormatError, a text that no code begins with."""
    codes = list(codes)
    for code in wanted:
        if not re.fullmatch(r"[A-Z]\d*", code) or not any(c.startswith(code) for c in codes):
            raise FormatError(
                f"{where}: no code begins with {code!r}{nearest(code, codes)}; "
                "`statevisit explain` lists them"
            )


def nearest(word: str, known: Iterable[str]) -> str:
    """A question that names the known word most like this one, "" where none is like it.

    Of words that are equally alike, the one that shares more of its beginning is named.
    """
    import difflib

    known = list(known)
    alike = difflib.get_close_matches(word, known, len(known), 0.5)
    if not alike:
        return ""
    best = max(alike, key=lambda other: _shared_beginning(word, other))
    return f"; do you mean {best}?"


def _shared_beginning(a: str, b: str) -> int:
    for i, (x, y) in enumerate(zip(a, b, strict=False)):
        if x != y:
            return i
    return min(len(a), len(b))
