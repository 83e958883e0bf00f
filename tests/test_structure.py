"""The house: rooms and their direction, the size of its parts, and the files of the repository."""

import ast
import re
import subprocess
from collections.abc import Iterator
from graphlib import TopologicalSorter
from keyword import iskeyword
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.conftest import ROOT

PACKAGE = ROOT / "src" / "statevisit"

ROOMS = (
    "cli",
    "publishing",
    "pages",
    "scoring",
    "labelstudio",
    "formats",
    "regions",
    "annotation",
    "checks",
    "dataset",
    "corpus",
    "document",
)
"""The rooms of the package from the top down: a room imports from the rooms below it only."""

GROUND = {"layout", "files", "findings", "errors", "printable", "stores"}
"""The modules that every room stands on; they import each other only."""

ENTRY = {"__init__", "__main__"}
"""The lazy table of public names, and the entry of the command line."""

LAZY = {
    (module, method)
    for module in ("document/model.py", "corpus/reader.py")
    for method in ("_repr_html_", "to_pandas")
} | {("document/model.py", "to_spacy")}
"""Methods that reach upward through the lazy table: to `pages/`, `dataset/` and `formats/`."""

ONLY_IN = {
    "cassis": {"formats"},
    "click": {"cli"},
    "conllu": {"formats"},
    "datasets": {"dataset"},
    "fsspec": {"ground"},
    "huggingface_hub": {"corpus"},
    "jinja2": {"pages"},
    "label_studio_sdk": {"labelstudio"},
    "markdown_it": {"pages"},
    "markupsafe": {"pages"},
    "pandas": {"dataset"},
    "pyarrow": {"corpus", "dataset"},
    "ray": {"corpus"},
    "spacy": {"annotation", "formats"},
    "yaml": {"publishing"},
}
"""Packages that cost seconds or megabytes, and the rooms that import them."""


def _sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


class Import(NamedTuple):
    """An import: the file, the module named, the function it stands in, whether for types only."""

    file: Path
    module: str
    function: str
    typing: bool

    @property
    def importer(self) -> str:
        """The dotted name of the importing module."""
        return _module_name(self.file)


def _module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_module_name(path) for path in _sources()}


def _room(module: str) -> str:
    """The room of a dotted module name, "ground" for a module on the ground, "" for the root."""
    parts = module.split(".")
    if len(parts) == 1 or parts[1] in ENTRY:
        return ""
    return "ground" if parts[1] in GROUND else parts[1]


def _imports(path: Path) -> Iterator[Import]:
    def walk(node: ast.AST, function: str, typing: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(path, alias.name, function, typing)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{path}: relative import"
                assert child.module is not None
                for alias in child.names:
                    inner = f"{child.module}.{alias.name}"
                    module = inner if inner in MODULES else child.module
                    yield Import(path, module, function, typing)
            else:
                name = child.name if isinstance(child, ast.FunctionDef) else function
                guarded = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.dump(child.test)
                yield from walk(child, name, typing or guarded)

    yield from walk(_tree(path), "", False)


ALL = [found for path in _sources() for found in _imports(path)]
INSIDE = [i for i in ALL if i.module in MODULES and _room(i.importer)]


def test_the_rooms_are_those_that_exist() -> None:
    """Every folder of the package is a room of the list, and every room of the list is a folder."""
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders == set(ROOMS)
    assert {path.stem for path in PACKAGE.glob("*.py")} == GROUND | ENTRY


def test_every_room_says_what_it_is_for() -> None:
    """The docstring of a room names the rooms it may import, and a room holds nothing but that."""
    for room in ROOMS:
        tree = _tree(PACKAGE / room / "__init__.py")
        assert "mports" in (ast.get_docstring(tree) or ""), room
        assert 1 == len(tree.body), f"{room}/__init__.py holds more than a docstring"


def test_imports_point_down() -> None:
    """A room imports from rooms below it, the ground from nothing else."""
    order = [*ROOMS, "ground"]
    upward = [
        f"{i.importer} imports {i.module}"
        for i in INSIDE
        if (i.file.relative_to(PACKAGE).as_posix(), i.function) not in LAZY
        and (not _room(i.module) or order.index(_room(i.module)) < order.index(_room(i.importer)))
    ]
    assert [] == upward


def test_every_way_around_that_rule_is_used() -> None:
    """A function that may reach upward does so; one that no longer does loses the permission."""
    used = {
        (i.file.relative_to(PACKAGE).as_posix(), i.function)
        for i in INSIDE
        if i.module == "statevisit"
    }
    assert LAZY == used


def test_no_module_imports_itself_through_others() -> None:
    """The imports of modules have no circles, imports inside functions and for types included."""
    graph: dict[str, set[str]] = {module: set() for module in MODULES}
    for i in INSIDE:
        if i.module != "statevisit":
            graph[i.importer].add(i.module)
    sorter = TopologicalSorter(graph)
    sorter.prepare()  # raises CycleError, which names the circle


@pytest.mark.parametrize("package", ONLY_IN)
def test_a_heavy_package_is_imported_in_its_rooms_only(package: str) -> None:
    """A package that costs seconds or megabytes is imported by exactly the rooms of the list."""
    rooms = {_room(i.importer) for i in ALL if i.module.split(".")[0] == package and not i.typing}
    assert ONLY_IN[package] == rooms


def test_commands_do_not_know_each_other() -> None:
    """A command imports no other one: code that two of them need is below, or beside them."""
    from statevisit.cli.overview import COMMANDS

    modules = (name.replace("-", "_") for name in COMMANDS)
    commands = {f"statevisit.cli.{name}{'_' * iskeyword(name)}" for name in modules}
    assert set() == commands - MODULES, "every command has a module of its name"
    inside = [i for i in INSIDE if _room(i.importer) == "cli"]
    assert inside
    assert [] == [f"{i.importer} imports {i.module}" for i in inside if i.module in commands]


def test_only_the_command_line_prints() -> None:
    """Findings are returned and errors raised: nothing but cli/ writes to the terminal."""
    wrong = []
    for path in _sources():
        if path.parent.name == "cli" or path.name == "__main__.py":
            continue
        for node in ast.walk(_tree(path)):
            prints = isinstance(node, ast.Name) and node.id in ("print", "input", "breakpoint")
            writes = isinstance(node, ast.Attribute) and node.attr in ("stdout", "stderr", "echo")
            if prints or writes:
                wrong.append(f"{path.relative_to(ROOT)}:{node.lineno}")
    assert [] == wrong


def test_the_command_line_does_not_call_print() -> None:
    """Commands use click.echo, which knows about pipes and encodings."""
    files = list((PACKAGE / "cli").glob("*.py"))
    assert files
    names = [n for path in files for n in ast.walk(_tree(path)) if isinstance(n, ast.Name)]
    assert [] == [name.lineno for name in names if name.id == "print"]


def _public(node: ast.AST) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """Public classes, functions and methods, but not what a function defines inside itself."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef | ast.FunctionDef) and not child.name.startswith("_"):
            if not any("overload" in ast.dump(d) for d in child.decorator_list):
                yield child
            if isinstance(child, ast.ClassDef):
                yield from _public(child)


def test_everything_public_has_a_docstring() -> None:
    """Every module, and every public class, function and method, says what it is for."""
    missing = [str(p.relative_to(ROOT)) for p in _sources() if not ast.get_docstring(_tree(p))]
    for path in _sources():
        for node in _public(_tree(path)):
            if not ast.get_docstring(node):
                missing.append(f"{path.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert [] == missing


CODE = [*_sources(), *sorted((ROOT / "scripts").glob("*.py"))]


def test_modules_are_small() -> None:
    """A module has at most 400 lines: a larger one holds two things."""
    lines = {p.relative_to(ROOT): len(p.read_text("utf-8").splitlines()) for p in CODE}
    assert {} == {path: count for path, count in lines.items() if count > 400}


def _length(function: ast.FunctionDef) -> int:
    """Lines of a function without its docstring."""
    assert function.end_lineno is not None
    length = function.end_lineno - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        assert first.end_lineno is not None
        length -= first.end_lineno - first.lineno + 1
    return length


def test_functions_are_small() -> None:
    """A function has at most 50 lines, its docstring apart."""
    long = {}
    for path in CODE:
        for node in ast.walk(_tree(path)):
            if isinstance(node, ast.FunctionDef) and _length(node) > 50:
                long[f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"] = _length(node)
    assert {} == long


EXCEPTION = re.compile(r"#\s*(?:ruff: )?(?:noqa|type:\s*ignore)")
EXPLAINED = re.compile(
    r"#\s*(?:(?:ruff: )?noqa: [A-Z]+\d+(?:, ?[A-Z]+\d+)*|type: ignore\[[\w, -]+\])\s+\W*\w"
)
"""An exception to ruff or mypy that names its code and goes on with a reason."""


def test_exceptions_to_the_tools_have_a_reason() -> None:
    """Every `noqa` and `type: ignore` names its code, and gives its reason on the same line."""
    assert EXPLAINED.search("x = y  # no" + "qa: F401  the reason")
    assert not EXPLAINED.search("x = y  # no" + "qa: F401")
    wrong = []
    for path in [*CODE, *sorted((ROOT / "tests").glob("*.py"))]:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if EXCEPTION.search(line) and not EXPLAINED.search(line):
                wrong.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    assert [] == wrong


def test_names_say_what_is_in_them() -> None:
    """No utils, helpers, common or misc, and no Manager: names say what a thing holds."""
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
        r"(label-studio|reader|timeline)\.png",
        r"(README|WITNESSES)\.md",
    ],
    "schema": [r"scheme\.toml", r"\w+\.schema\.json", r"(README|CHECKS|GUIDELINES|REVIEW)\.md"],
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
    "an address of a package registry": r"(?:https?|file)://[\w./-]*"
    r"(?:pyp[i]|pythonhoste[d]|npmj[s]|debia[n]|conda-forg[e])",
    "an address in place of a pinned version": r"^(?:--(?:extra-)?index-ur[l]|"
    r"--find-link[s]|-[if]) |@ (?:https?|file|git\+)",
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
    """No tracked text names the machine it was made on, or the place its packages came from."""
    assert re.search(FOREIGN[kind], "".join(EXAMPLES[kind]), re.MULTILINE)
    wrong = []
    for name in _tracked():
        if not name.endswith((".parquet", ".png")) and (ROOT / name).is_file():
            # A fixture is not UTF-8.
            text = (ROOT / name).read_text(encoding="utf-8", errors="replace")
            wrong += [
                f"{name}:{text[: m.start()].count(chr(10)) + 1}: {m[0]}"
                for m in re.finditer(FOREIGN[kind], text, re.MULTILINE)
            ]
    assert [] == wrong


def test_text_files_are_tidy() -> None:
    """Our text files are UTF-8 with LF, end with one newline, and have no blanks at line ends."""
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
