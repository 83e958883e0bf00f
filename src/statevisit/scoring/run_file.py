"""The file of a comparison, `run.toml`: the corpus, what is scored, and the systems."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from msgspec import Struct, convert

from statevisit import layout
from statevisit.document.codec import read_text
from statevisit.errors import FormatError
from statevisit.printable import nearest

RESAMPLES = 1000
"""The default number of bootstrap resamples."""

URL_VARIABLE = "OPENAI_BASE_URL"
KEY_VARIABLE = "OPENAI_API_KEY"

KINDS = ("command", "predictions", "with", "model")
"""The keys of which a system has exactly one."""

OMITTABLE = ("temperature", "seed", "response_format")
"""What `omit` can leave out of the requests to a model, since some endpoints refuse it."""

_RESERVED = ("model", "messages", "response_format", "seed", "stream", "n")
"""What `parameters` cannot set: the run decides it, or another key does."""


class System(Struct, frozen=True, rename={"with_": "with"}):
    """A system of a run: its name, exactly one of `KINDS`, and how it is run.

    Attributes:
        name: The name in the tables.
        command: Arguments of a program; `{input}` and `{output}` stand for paths.
        predictions: A file or directory that `score` reads.
        with_: A system of `statevisit predict`.
        model: The name of a model of an OpenAI-compatible endpoint.
        version: What the user states as its version; another one runs the system again.
        map: The path of a mapping of its labels, or the mapping itself, as for `score`.
        timeout: Seconds that a command, or one request to a model, may take; 0 for no limit.
        per: Whether a model is asked once per `layer` or once per `document`.
        seed: The seed of a model.
        parameters: More parameters of the requests to a model.
        omit: The parameters that are left out of the requests, of `OMITTABLE`.
        parallel: Requests at the same time.
        base_url_env: The environment variable of the endpoint's address.
        api_key_env: The environment variable of the endpoint's key.
    """

    name: str
    command: tuple[str, ...] = ()
    predictions: str = ""
    with_: str = ""
    model: str = ""
    version: str = ""
    map: str | dict[str, Any] = ""
    timeout: float | None = None
    per: str = "layer"
    seed: int = 0
    parameters: dict[str, Any] = {}
    omit: tuple[str, ...] = ()
    parallel: int = 4
    base_url_env: str = URL_VARIABLE
    api_key_env: str = KEY_VARIABLE

    @property
    def kind(self) -> str:
        """Which of `KINDS` it is."""
        stated = {"command": self.command, "predictions": self.predictions, "with": self.with_}
        return next((kind for kind, value in stated.items() if value), "model")


class Run(Struct, frozen=True):
    """A comparison of systems, with absolute paths.

    Attributes:
        file: The file that states it.
        systems: The systems, in the order of the file.
        corpus: The corpus; None for that around the file or the current directory.
        output: The directory of the results.
        split: The split that is scored; "" for all documents.
        layers: The layers that are scored; empty for all.
        resamples: The number of bootstrap resamples.
        baseline: The system from which the others are told apart; "" for the best of each measure.
        partial: Whether layers that are begun count as well.
        without_predicates: Whether mentions that are marked as predicates are left out.
    """

    file: Path
    systems: tuple[System, ...]
    corpus: Path | None
    output: Path
    split: str = ""
    layers: tuple[str, ...] = ()
    resamples: int = RESAMPLES
    baseline: str = ""
    partial: bool = False
    without_predicates: bool = False

    @property
    def directory(self) -> Path:
        """The directory of the file: paths in it are relative to this one."""
        return self.file.absolute().parent


_RUN_TYPES: dict[str, type] = {
    "corpus": str,
    "split": str,
    "layers": list,
    "resamples": int,
    "output": str,
    "baseline": str,
    "partial": bool,
    "without_predicates": bool,
    "systems": dict,
}
"""The type of each key's value at the top of the file."""

_SYSTEM_TYPES: dict[str, type] = {
    "command": list,
    "predictions": str,
    "with": str,
    "model": str,
    "version": str,
    "map": object,
    "timeout": float,
    "per": str,
    "seed": int,
    "parameters": dict,
    "omit": list,
    "parallel": int,
    "base_url_env": str,
    "api_key_env": str,
}

_KEYS_OF: dict[str, tuple[str, ...]] = {
    "command": ("timeout",),
    "predictions": (),
    "with": (),
    "model": (
        *("timeout", "per", "seed", "parameters", "omit", "parallel"),
        *("base_url_env", "api_key_env"),
    ),
}
"""The keys that only systems of one kind have, beside `version` and `map`."""

_TYPE_NAMES: dict[type, str] = {
    list: "a list of strings",
    bool: "true or false",
    str: "a string that is not empty",
    int: "a whole number, not negative",
    float: "a number of seconds",
    dict: "a table",
    object: "the path of a mapping file or a table of labels",
}


def read_run(path: Path) -> Run:
    """Read a run file. Raises FormatError for a key or value that is not known, and names it."""
    table = _parsed(path)
    _check(table, _RUN_TYPES, f"{path}")
    _refuse_key_values(table, path)
    systems = table.pop("systems", {})
    if not systems:
        raise FormatError(
            f"{path}: names no system; add one, such as\n[systems.tagger]\n"
            'predictions = "tagger.jsonl"'.replace("\n", " ")
        )
    directory = path.absolute().parent
    corpus = directory / table.pop("corpus") if "corpus" in table else None
    output = directory / table.pop("output", f"{path.stem}-results")
    read = tuple(_system(path, name, value) for name, value in systems.items())
    _refuse_same_files(path, read)
    run = convert({"file": path, "systems": read, "corpus": corpus, "output": output, **table}, Run)
    if run.baseline and run.baseline not in systems:
        raise FormatError(
            f"{path}: `baseline` is {run.baseline!r}{nearest(run.baseline, systems)}; the systems"
            f" are {', '.join(systems)}"
        )
    return run


def _parsed(path: Path) -> dict[str, Any]:
    """The top table of a TOML file. Raises FormatError, with the line, if it is not TOML."""
    import tomllib

    try:
        return tomllib.loads(read_text(path))
    except RecursionError:
        raise FormatError(f"{path}: not TOML: nested too deeply") from None
    except ValueError as error:
        raise FormatError(f"{path}: not TOML: {error}") from None


def _check(table: Mapping[str, Any], types: Mapping[str, type], where: str) -> None:
    """Raise FormatError for a key that is not known, and for a value of another type."""
    for key, value in table.items():
        if key not in types:
            raise FormatError(
                f"{where}: no key is called `{key}`{nearest(key, types)};"
                f" the keys are {', '.join(types)}"
            )
        if not _is_of(value, types[key]):
            raise FormatError(f"{where}: `{key}` must be {_TYPE_NAMES[types[key]]}")


def _is_of(value: object, expected: type) -> bool:
    """Whether a value has a type, and is one that a key of this type can have."""
    if expected is list:
        return isinstance(value, list) and all(isinstance(item, str) for item in value)
    if expected is float:
        return type(value) in (int, float) and 0 <= float(str(value)) < float("inf")
    if expected is int:
        return type(value) is int and 0 <= value < 2**53
    if expected is object:
        return isinstance(value, dict) or _is_of(value, str)
    return type(value) is expected and (expected is not str or value != "")


def _refuse_key_values(table: Mapping[str, Any], path: Path) -> None:
    """Raise FormatError for a value that contradicts nothing in type, and cannot be meant."""
    for name in ("corpus", "output"):
        if "\0" in table.get(name, ""):
            raise FormatError(f"{path}: `{name}` is not a path")


def _system(path: Path, name: str, table: object) -> System:
    """The system of a table `[systems.NAME]`. Raises FormatError if it is not one."""
    where = f"{path}: [systems.{name}]"
    if not isinstance(table, dict):
        raise FormatError(f"{where} must be a table")
    if not name or layout.unportable(name):
        raise FormatError(
            f"{where}: the name of a system is also that of its file of predictions, and"
            f" {layout.unportable(name) or 'it is empty'}; change it"
        )
    _check(table, _SYSTEM_TYPES, where)
    kinds = [kind for kind in KINDS if kind in table]
    if len(kinds) != 1:
        stated = " and ".join(f"`{kind}`" for kind in kinds) or "none of them"
        raise FormatError(f"{where} needs exactly one of {', '.join(KINDS)}; it has {stated}")
    known = (kinds[0], "version", "map", *_KEYS_OF[kinds[0]])
    for key in table:
        if key not in known:
            raise FormatError(
                f"{where}: `{key}` is not for a system with `{kinds[0]}`;"
                f" its keys are {', '.join(known)}"
            )
    system = convert({"name": name, **table}, System)
    _check_command(where, system)
    _check_model(where, system)
    return system


def _check_command(where: str, system: System) -> None:
    if system.kind != "command":
        return
    text = "\n".join(system.command)
    for placeholder, what in (("{input}", "the file of texts"), ("{output}", "the predictions")):
        if placeholder not in text:
            raise FormatError(
                f'{where}: `command` needs "{placeholder}", the path of {what}, such as'
                ' command = ["python", "tagger.py", "{input}", "{output}"]'
            )
    if "\0" in text or not system.command[0]:
        raise FormatError(f"{where}: `command` is not the command line of a program")


def _check_model(where: str, system: System) -> None:
    if system.kind != "model":
        return
    _one_of(where, "per", [system.per], ("layer", "document"))
    _one_of(where, "omit", system.omit, OMITTABLE)
    for name in _RESERVED:
        if name in system.parameters:
            raise FormatError(f"{where}: `parameters` cannot set `{name}`; remove it")
    if not 1 <= system.parallel <= 64:
        raise FormatError(f"{where}: `parallel` must be a number from 1 to 64")


def _one_of(where: str, key: str, values: Sequence[str], known: Sequence[str]) -> None:
    for value in values:
        if value not in known:
            raise FormatError(
                f"{where}: `{key}` has {value!r}{nearest(value, known)};"
                f" it takes {' or '.join(known)}"
            )


def _refuse_same_files(path: Path, systems: Sequence[System]) -> None:
    """Raise FormatError for two names that are one file name on some systems."""
    known: dict[str, str] = {}
    for system in systems:
        name = layout.on_any_system(system.name)
        if name in known:
            raise FormatError(
                f"{path}: the systems {known[name]!r} and {system.name!r} would have one file of"
                " predictions on some systems; rename one"
            )
        known[name] = system.name
