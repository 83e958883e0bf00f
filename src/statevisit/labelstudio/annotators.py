"""The names of annotators, and the file that says whose they are.

An address never becomes a name: documents are published. An annotator with an address gets a
number, unless a name is given. The file is not published, and Git ignores its directory.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import count
from pathlib import Path

from statevisit import files, layout
from statevisit.corpus.jsonl import read_json
from statevisit.document.codec import read_bytes
from statevisit.document.strict_json import Json, JsonObject, parse
from statevisit.errors import FormatError

_LONGEST = 60
_NAME = re.compile(r"(?!DCT$)[A-Za-z0-9_-]{1,64}")


def person(user: Json) -> str:
    """Return who a `completed_by` is: the address or name of the user, or else the id.

    Case does not distinguish addresses. "" is a user of whom nothing is known.
    """
    if isinstance(user, dict):
        user = user.get("email") or user.get("username") or user.get("id")
    if isinstance(user, float) and user.is_integer():
        user = int(user)
    if user is None:
        return ""
    name = str(user).strip()
    return name.lower() if "@" in name else name


def people(task: Json) -> list[str]:
    """Return who annotated a task, in order."""
    annotations = task.get("annotations") if isinstance(task, dict) else None
    if not isinstance(annotations, list):
        return []
    items = [item for item in annotations if isinstance(item, dict)]
    annotated = [item for item in items if not item.get("was_cancelled")]
    return list(dict.fromkeys(person(item.get("completed_by")) for item in annotated))


class Names:
    """The names of the annotators of a corpus; a new one is kept when `write` is called.

    `given` are names by person. Raises FormatError for a name that cannot be used.
    """

    def __init__(self, root: Path, given: Mapping[str, str]) -> None:
        self._root = root
        self._names = _kept(root / layout.PEOPLE)
        self._before = dict(self._names)
        annotations = root / layout.ANNOTATIONS
        self._directories = {path.name for path in annotations.glob("*") if path.is_dir()}
        self._known = {name.lower(): name for name in (*_listed(root), *self._directories)}
        for given_person, name in given.items():
            self._give(person(given_person), name)
        self._taken = {name.lower() for name in self._names.values()}

    def _give(self, who: str, name: str) -> None:
        if not _NAME.fullmatch(name):
            raise FormatError(
                f"--annotator: {name!r} cannot be a name: use letters, digits, `_` and `-`"
            )
        if any(name == other for key, other in self._names.items() if key != who):
            raise FormatError(f"--annotator: {name} is another annotator in {layout.PEOPLE}")
        earlier = self._names.get(who, name)
        if earlier != name and earlier in self._directories:
            raise FormatError(
                f"--annotator: {name} is {earlier} already: rename {layout.ANNOTATIONS}/{earlier}, "
                f"the annotator in its documents and the entry in {layout.PEOPLE} first"
            )
        self._names[who] = name

    def of(self, who: str) -> str:
        """Return the name of a person; a new person gets a new one."""
        if who not in self._names:
            free = (name for name in self._candidates(who) if name.lower() not in self._taken)
            self._names[who] = name = next(free)
            self._taken.add(name.lower())
        return self._names[who]

    def _candidates(self, who: str) -> Iterator[str]:
        """Names for a person, the best one first."""
        plain = _plain(who or "None")
        # Version 1.0 made names of addresses; they stay those of the same people.
        yield from (name for key, name in self._known.items() if key == plain.lower())
        if "@" in who or not who:
            names = (f"annotator-{number}" for number in count(1))
        else:
            names = (f"{plain}-{number}" if number > 1 else plain for number in count(1))
        yield from (name for name in names if name.lower() not in self._known)

    def write(self) -> bool:
        """Write the file if it changed, into a directory of its owner that Git ignores."""
        if self._names == self._before:
            return False
        path = files.own_path(self._root, layout.PEOPLE)
        path.parent.mkdir(mode=0o700, exist_ok=True)
        files.update(path.with_name(".gitignore"), b"*\n")
        files.write(path, _encoded(self._names))
        return True


def _plain(who: str) -> str:
    """A person in the characters of a name."""
    characters = [c if c.isascii() and (c.isalnum() or c in "_-") else "-" for c in who]
    name = "".join(characters)[:_LONGEST].strip("-")
    return f"user-{name}" if not name or name.isdigit() or name == "DCT" else name


def _kept(path: Path) -> dict[str, str]:
    """The names by person in the file; none if there is no file."""
    if not path.is_file():
        return {}
    value = parse(read_bytes(path), str(path))
    well_formed = isinstance(value, dict) and all(
        isinstance(name, str) and _NAME.fullmatch(name) for name in value.values()
    )
    if not well_formed or len(set(value.values())) < len(value):
        raise FormatError(f"{path}: must be an object of different names by address; correct it")
    names: dict[str, str] = value
    return {person(who): name for who, name in names.items()}


def _listed(root: Path) -> set[str]:
    """The ids of the annotators that the corpus lists."""
    path = root / layout.ANNOTATORS
    if not path.is_file():
        return set()
    listed: JsonObject = read_json(path, "annotators")
    return {annotator["id"] for annotator in listed["annotators"]}


def _encoded(names: Mapping[str, str]) -> bytes:
    import orjson

    return orjson.dumps(dict(names), option=orjson.OPT_INDENT_2) + b"\n"
