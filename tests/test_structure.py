"""The house: which way the code depends, how large its parts are, and what may lie about in the repository."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "src" / "statevisit"

FLOORS: list[set[str]] = [
    {"errors", "findings", "garbage", "records", "time_algebra"},
    {"model", "same_entity"},
    {"resources", "migrate", "strict_json"},
    {"files"},
    {"schema", "codec", "values", "numerals", "settings"},
    {"corpus"},
    {"diff", "align", "history", "remote"},
    {"adjudicate", "changelog", "rule", "versions"},
    {
        "ingest",
        "anchor",
        "drafts",
        "checks",
        "diff_page",
        "display",
        "views",
        "labelstudio",
        "scoring",
        "release",
        "fixes",
        "realign",
        "edition",
    },
    {"tables"},
    {"card", "hub", "publish", "predictions"},
    {"evaluation", "croissant"},
    {"agreeing"},
    {"commands"},
    {"__main__", "__init__"},
]
"""Parts of the package from the ground up: a part imports from lower floors only."""

ENTRY = {("commands", "__main__")}
"""The overview's words, which `__main__` holds so that `--help` imports nothing."""

ONLY_IN = {
    "datasets": {"hub"},
    "huggingface_hub": {"remote"},
    "label_studio_sdk": {"labelstudio"},
    "pyarrow": {"tables", "corpus"},
    "spacy": {"ingest"},
    "click": {"commands"},
    "yaml": {"card", "croissant"},
}
"""Packages that are imported in these parts only."""


class Import(NamedTuple):
    """An import of a module in a file, and whether it is for type checkers only."""

    file: Path
    module: str
    typing: bool

    @property
    def part(self) -> str:
        """The part of the package that imports."""
        return self.file.relative_to(PACKAGE).parts[0].removesuffix(".py")


def _sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def _imports(path: Path) -> Iterator[Import]:
    def walk(node: ast.AST, typing: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                yield from (Import(path, a.name, typing) for a in child.names)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{path}: relative import"
                yield Import(path, child.module or "", typing)
                yield from (
                    Import(path, f"{child.module}.{a.name}", typing)
                    for a in child.names
                    if (child.module or "").startswith("statevisit")
                )
            else:
                guarded = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
                yield from walk(child, typing or guarded)

    yield from walk(_tree(path), False)


ALL = [i for path in _sources() for i in _imports(path)]
PARTS = {p.relative_to(PACKAGE).parts[0].removesuffix(".py") for p in _sources()}


def _floor(part: str) -> int:
    return next(n for n, floor in enumerate(FLOORS) if part in floor)


def _inside() -> Iterator[tuple[Import, str]]:
    """Imports from one part of the package to another, with the other's name."""
    for i in ALL:
        names = i.module.split(".")
        if names[0] == "statevisit" and len(names) > 1 and names[1] in PARTS and names[1] != i.part:
            yield i, names[1]


def test_every_part_has_its_floor() -> None:
    """A new module has to be given its place before it is built; one that is gone loses it."""
    assert sorted(PARTS) == sorted(part for floor in FLOORS for part in floor)


def test_dependencies_point_down() -> None:
    """A part imports what is below it, never what is above or beside it; siblings never import each other, type checkers excepted."""
    wrong = []
    for i, other in _inside():
        arrow = (i.part, other)
        if i.part == "__init__" or i.typing or arrow in ENTRY:
            continue
        if _floor(other) >= _floor(i.part) and arrow != ("__main__", "commands"):
            wrong.append(f"{i.file.relative_to(ROOT)}: {i.part} imports {other}")
    assert [] == wrong


def test_every_exception_is_needed() -> None:
    """The exceptions to that rule are ones that the code makes use of: one that is no longer needed goes."""
    arrows = {(i.part, other) for i, other in _inside()}
    assert set() == ENTRY - arrows


def test_subcommands_do_not_know_each_other() -> None:
    """A subcommand imports no other one: what two of them need is below or in the package itself."""
    from statevisit.cli.overview import COMMANDS

    subcommands = {f"statevisit.cli.{name.replace('-', '_')}" for name in COMMANDS}
    modules = {f"statevisit.cli.{p.stem}" for p in (PACKAGE / "commands").glob("*.py")}
    assert set() == subcommands - modules, "every subcommand has a module of its name"
    inside = [i for i in ALL if i.part == "commands" and i.module.startswith("statevisit.commands")]
    assert inside
    assert [] == [f"{i.file.name} imports {i.module}" for i in inside if i.module in subcommands]


@pytest.mark.parametrize("package", ONLY_IN)
def test_a_heavy_package_is_imported_in_its_place_only(package: str) -> None:
    """What costs seconds or megabytes is imported in the parts listed, and each of them needs it."""
    used = {i.part for i in ALL if i.module.split(".")[0] == package and not i.typing}
    assert used == ONLY_IN[package]


def test_only_commands_print() -> None:
    """Findings are returned and errors raised: nothing but commands/ and the overview writes to the terminal."""
    wrong = []
    for path in _sources():
        if path.parent.name != "commands" and path.name != "__main__.py":
            for node in ast.walk(_tree(path)):
                if (isinstance(node, ast.Name) and node.id in ("print", "input", "breakpoint")) or (
                    isinstance(node, ast.Attribute) and node.attr in ("stdout", "stderr", "echo")
                ):
                    wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert [] == wrong
    printing = [
        p.name
        for p in (PACKAGE / "commands").glob("*.py")
        for n in ast.walk(_tree(p))
        if isinstance(n, ast.Name) and n.id == "print"
    ]
    assert [] == printing, "click.echo, which knows about pipes and encodings"


def _public(node: ast.AST) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """Public classes, functions and methods; what a function defines inside itself is its own affair."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef) and not child.name.startswith("_"):
            if not any("overload" in ast.dump(d) for d in child.decorator_list):
                yield child
            if isinstance(child, ast.ClassDef):
                yield from _public(child)


def test_everything_public_has_a_docstring() -> None:
    """Every module, and every public class, function and method, says what it is for."""
    missing = [str(p.relative_to(ROOT)) for p in _sources() if not ast.get_docstring(_tree(p))]
    missing += [
        f"{p.relative_to(ROOT)}:{n.lineno} {n.name}"
        for p in _sources()
        for n in _public(_tree(p))
        if not ast.get_docstring(n)
    ]
    assert [] == missing


def _length(function: ast.FunctionDef) -> int:
    """Lines of a function, its docstring apart."""
    first = function.body[0]
    text = first.end_lineno - first.lineno + 1 if ast.get_docstring(function) is not None else 0
    return function.end_lineno - function.lineno + 1 - text


def test_modules_and_functions_are_small() -> None:
    """A module has fewer than 300 lines and a function fewer than 40, docstring apart: what is larger is two things."""
    everything = [*_sources(), *(ROOT / "scripts").glob("*.py")]
    lines = {
        str(p.relative_to(ROOT)): len(p.read_text(encoding="utf-8").splitlines())
        for p in everything
    }
    assert {} == {name: n for name, n in lines.items() if n >= 300}
    long = {
        f"{p.relative_to(ROOT)}:{n.lineno} {n.name}": _length(n)
        for p in everything
        for n in ast.walk(_tree(p))
        if isinstance(n, ast.FunctionDef)
    }
    assert {} == {name: n for name, n in long.items() if n >= 40}


def test_names_say_what_is_in_them() -> None:
    """No utils, helpers, common or misc, and no Manager: a thing is named after what it holds."""
    assert [] == [
        str(p.relative_to(ROOT))
        for p in _sources()
        if re.search(r"util|helper|common|misc|manager", p.stem)
    ]
    assert [] == [
        n.name
        for p in _sources()
        for n in ast.walk(_tree(p))
        if isinstance(n, ast.ClassDef) and re.search(r"Manager|Helper|Util", n.name)
    ]


def _tracked() -> list[str]:
    return (
        subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
        )
        .stdout.rstrip("\0")
        .split("\0")
    )


TOP = {
    ".ci",
    ".git-blame-ignore-revs",
    ".gitattributes",
    ".github",
    ".gitignore",
    ".pre-commit-config.yaml",
    ".pre-commit-hooks.yaml",
    "CHANGELOG.md",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "LICENSE",
    "README.md",
    "corpus",
    "pyproject.toml",
    "schema",
    "scripts",
    "seeds",
    "src",
    "tests",
}


DATA = {
    "corpus": [
        r"documents/[\w-]+\.json",
        r"annotators/\w+/[\w-]+\.json",
        r"parquet/\w+/train-\d{5}-of-\d{5}\.parquet",
        r"\w+\.json",
        r"\w+\.jsonl",
        r"article\.svg",
        r"label-studio\.png",
        r"README\.md",
    ],
    "schema": [r"\w+\.schema\.json", r"(README|CHECKS|GUIDELINES)\.md"],
    "seeds": [r".*\.txt", r"sources\.jsonl"],
}
"""The kinds of files in the directories of data."""


def test_the_top_of_the_repository_holds_agreed_names() -> None:
    """Nothing lies about: the top holds what the Layout names and what tools look for there."""
    assert {name.split("/")[0] for name in _tracked()} == TOP


@pytest.mark.parametrize("directory", DATA)
def test_a_directory_of_data_holds_agreed_kinds_of_files(directory: str) -> None:
    """Every file in it is of a kind listed, and there is a file of every kind."""
    prefix = f"{directory}/"
    names = [n.removeprefix(prefix) for n in _tracked() if n.startswith(prefix)]
    assert [] == [n for n in names if not any(re.fullmatch(k, n) for k in DATA[directory])]
    assert [] == [k for k in DATA[directory] if not any(re.fullmatch(k, n) for n in names)]


FOREIGN = {
    "a path of somebody's machine": r"(?<![\w.@-])/(?:wor[k]|roo[t]|hom[e]|User[s]|op[t])/\w",
    "an address of a package registry": r"(?:https?|file)://[\w./-]*(?:pyp[i]|pythonhoste[d]|npmj[s]|debia[n]|conda-forg[e])",
    "an address in place of a pinned version": r"^(?:--(?:extra-)?index-ur[l]|--find-link[s]|-[if]) |@ (?:https?|file|git\+)",
    "a merge that was not finished": r"^(?:<{7}|>{7}) ",
}

EXAMPLES = {
    "a path of somebody's machine": ["see /", "home/name"],
    "an address of a package registry": ["https://files.", "pythonhosted.org"],
    "an address in place of a pinned version": ["name @ ", "https://host/name.whl"],
    "a merge that was not finished": ["<<<<", "<<< HEAD"],
}
"""A line of each kind, in pieces: this file is searched, too."""


@pytest.mark.parametrize("kind", FOREIGN)
def test_no_file_speaks_of_a_machine(kind: str) -> None:
    """No tracked text has in it where it was made or where packages were taken from."""
    assert re.search(FOREIGN[kind], "".join(EXAMPLES[kind]), re.MULTILINE)
    wrong = []
    for name in _tracked():
        if not name.endswith((".parquet", ".png")) and (ROOT / name).is_file():
            text = (ROOT / name).read_text(
                encoding="utf-8", errors="replace"
            )  # a fixture is not UTF-8
            wrong += [
                f"{name}:{text[: m.start()].count(chr(10)) + 1}: {m[0]}"
                for m in re.finditer(FOREIGN[kind], text, re.MULTILINE)
            ]
    assert [] == wrong


def test_text_files_are_tidy() -> None:
    """Our own text files are UTF-8 with LF and a newline at the end, and have no tabs or blanks at the end of lines."""
    wrong = []
    for name in _tracked():
        if name.endswith((".py", ".md", ".toml", ".sh", ".cff")) and (ROOT / name).is_file():
            data = (ROOT / name).read_bytes()
            data.decode("utf-8")
            if data and (
                b"\r" in data
                or not data.endswith(b"\n")
                or data.endswith(b"\n\n")
                or re.search(rb"[ \t]+$", data, re.MULTILINE)
            ):
                wrong.append(name)
    assert [] == wrong
