"""A project's choices: `[tool.statevisit]` in the pyproject.toml of the corpus root."""

import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from msgspec import Struct

from statevisit.errors import FormatError

FORMATS = ("text", "json", "jsonl", "sarif", "github", "junit")


class Settings(Struct, frozen=True, kw_only=True):
    """What `validate` reports and how: codes or their beginnings (E2) to select and to ignore, whether warnings fail, the format.

    `repo`: the dataset repository on the Hugging Face Hub ("OWNER/NAME") that versions are published in; "" for none.
    """

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    strict: bool = False
    format: str = "text"
    repo: str = ""

    def address(self, page: str) -> str:
        """The address of a page that `publish` put into `repo`; "" without a `repo`."""
        return f"https://huggingface.co/datasets/{self.repo}/blob/main/{page}" if self.repo else ""

    def wants(self, code: str) -> bool:
        """Whether findings of this code are reported: of what selects and what ignores it, the longer one decides."""
        chosen = max(
            (len(s) for s in self.select if code.startswith(s)), default=-1 if self.select else 0
        )
        refused = max((len(i) for i in self.ignore if code.startswith(i)), default=-1)
        return chosen > refused


def read_settings(root: Path, codes: Callable[[], Iterable[str]] | None = None) -> Settings:
    """The settings of a corpus root; defaults where it states none. `codes` gives the codes that there are, for a caller that uses some. Raises FormatError for keys, values and codes that there are not."""
    path = root / "pyproject.toml"
    if not path.is_file():
        return Settings()
    import tomllib

    try:
        table = (
            tomllib.loads(path.read_text(encoding="utf-8")).get("tool", {}).get("statevisit", {})
        )
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise FormatError(f"{path}: not TOML: {error}") from None
    if not isinstance(table, dict):
        raise FormatError(f"{path}: [tool.statevisit] must be a table")
    kinds: dict[str, Any] = {
        "select": list,
        "ignore": list,
        "strict": bool,
        "format": str,
        "repo": str,
    }
    for key, value in table.items():
        if key not in kinds:
            raise FormatError(
                f"{path}: [tool.statevisit] has no `{key}`{nearest(key, kinds)}; known are {', '.join(kinds)}"
            )
        if type(value) is not kinds[key] or (
            kinds[key] is list and not all(isinstance(v, str) for v in value)
        ):
            raise FormatError(
                f"{path}: [tool.statevisit] `{key}` must be {'a list of codes' if kinds[key] is list else 'true or false' if kinds[key] is bool else 'a string'}"
            )
    if table.get("format", "text") not in FORMATS:
        raise FormatError(
            f"{path}: [tool.statevisit] `format` is {table['format']!r}; it must be {', '.join(FORMATS)}"
        )
    for key in ("select", "ignore"):
        if codes and table.get(key):
            check_codes(table[key], codes(), f"{path}: [tool.statevisit] `{key}`")
    return Settings(**{k: tuple(v) if isinstance(v, list) else v for k, v in table.items()})


def check_codes(wanted: Iterable[str], codes: Iterable[str], where: str) -> None:
    """Raises FormatError for what is neither a code nor the beginning of one."""
    codes = list(codes)
    for code in wanted:
        if not re.fullmatch(r"[A-Z]\d*", code) or not any(c.startswith(code) for c in codes):
            raise FormatError(
                f"{where}: no code begins with {code!r}{nearest(code, codes)}; `statevisit explain` lists them"
            )


def nearest(word: str, known: Iterable[str]) -> str:
    """ "; do you mean …?" where something known looks like it: the same beginning counts most."""
    import difflib

    found = difflib.get_close_matches(word, known := list(known), len(known), 0.5)
    best = max(found, key=lambda k: len(os.path.commonprefix((word, k))), default=None)
    return f"; do you mean {best}?" if best else ""
