"""The pages: every block runs, everything they name exists, nothing in them is out of date."""

import ast
import functools
import gzip
import hashlib
import importlib
import inspect
import os
import re
import shlex
import shutil
import subprocess
import sys
import tomllib
import venv
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import orjson
import pytest
from msgspec.structs import replace

import statevisit
from statevisit import load
from statevisit.annotation.quotes import anchor
from statevisit.annotation.segmentation import segment
from statevisit.checks.catalogue import catalogue
from statevisit.checks.registry import REGISTRY
from statevisit.cli.overview import COMMANDS
from statevisit.corpus.settings import read_settings
from statevisit.document.codec import decode
from statevisit.document.model import LAYERS, Document
from statevisit.document.scheme import base, scheme_from
from statevisit.publishing.card import PARTS
from statevisit.scoring.run_file import read_run
from tests.conftest import DOC_ID, PATIENCE, ROOT, Result
from tests.repositories import begin, commit, copy_checkout

README = "README.md"
CONTRIBUTING = "CONTRIBUTING.md"
SPEED = "scripts/README.md"
LABEL_STUDIO = "src/statevisit/labelstudio/README.md"
PAGES = {
    name: (ROOT / name).read_text(encoding="utf-8")
    for name in (
        README,
        CONTRIBUTING,
        "corpus/README.md",
        "corpus/WITNESSES.md",
        "schema/README.md",
        "schema/CHECKS.md",
        "schema/GUIDELINES.md",
        "schema/REVIEW.md",
        SPEED,
        LABEL_STUDIO,
        "src/statevisit/corpus/README.md",
        "src/statevisit/formats/README.md",
        "src/statevisit/scoring/README.md",
    )
}
"""Every page, path -> text. CHANGELOG.md is a list, and starter/ holds templates."""

BODY = "\n".join(PAGES.values()).replace(PAGES[README].split("<!-- end of the card's")[0], "")


class Block(NamedTuple):
    """A fenced block: page, language, first line, heading, text, the 100 characters before."""

    page: str
    language: str
    line: int
    heading: str
    text: str
    before: str


def _blocks(page: str) -> list[Block]:
    blocks, text = [], PAGES[page]
    for m in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        before = text[: m.start()]
        headings = re.findall(r"^#+ (.*)$", before, re.MULTILINE)
        line = before.count("\n") + 1
        blocks.append(Block(page, m[1], line, headings[-1], m[2], before[-100:]))
    return blocks


BLOCKS = [block for page in PAGES for block in _blocks(page)]


def _of(language: str) -> pytest.MarkDecorator:
    blocks = [b for b in BLOCKS if b.language == language]
    return pytest.mark.parametrize("block", blocks, ids=[f"{b.page}:{b.line}" for b in blocks])


def test_every_page_is_tested() -> None:
    """There is no page besides these: a new one has to be added here."""
    others = {"CHANGELOG.md"}
    pages = {n for n in _tracked() if n.endswith(".md") and "/starter/" not in n}
    assert set(PAGES) == {n for n in pages if not n.startswith("tests/data/")} - others


def test_the_readme_is_short() -> None:
    """The front page has at most 200 lines, front matter included, and every recipe at most six."""
    assert 200 >= len(PAGES[README].splitlines())
    recipes = PAGES[README].split("\n## Usage\n")[1].split("\n## ")[0]
    sizes = [len(m.splitlines()) for m in re.findall(r"^```\w+\n(.*?)^```$", recipes, re.M | re.S)]
    assert 5 == len(sizes)
    assert 6 >= max(sizes)


def test_the_readme_has_the_headings_that_readers_look_for() -> None:
    """Quick start, layers, installation, usage; then the dataset card under the Hub's headings."""
    headings = re.findall(r"^##+ (.*)$", PAGES[README], re.MULTILINE)
    first = ["Quick start", "Annotation layers", "Installation", "Usage"]
    card = [
        "Uses",
        "Dataset structure",
        "Dataset creation",
        "Annotations",
        "Bias and limitations",
        "Citation",
        "Links",
    ]
    assert first == headings[: len(first)]
    assert card == headings[-len(card) :]
    top = PAGES[README].split("# statevisit\n")[1].split("\n## ")[0]
    assert top.lstrip().startswith("![")
    assert "(corpus/article.svg)" in top


def test_generated_parts_stand_where_readers_are_led() -> None:
    """Each generated part of the card and of the reference pages stands on one page."""
    homes = {
        name: [page for page, text in PAGES.items() if f"<!-- generated: {name} -->" in text]
        for name in PARTS
    }
    assert {
        "version": [README],
        "layers": [README],
        "splits": ["corpus/README.md"],
        "sources": ["corpus/README.md"],
        "pin": [README],
        "configs": ["schema/README.md"],
        "columns": ["schema/README.md"],
        "labels": ["schema/README.md"],
        "findings": ["schema/CHECKS.md"],
        "agreement": ["corpus/README.md"],
        "signed": [README, "corpus/README.md"],
    } == homes


def test_every_block_is_of_a_kind_that_is_tested() -> None:
    """Every fenced block has a language, and each language has a test."""
    assert {"python", "sh", "json", "text", "yaml", "toml"} == {
        b.language for b in BLOCKS
    }  # yaml: test_ci; toml: below
    assert ["springfield", DOC_ID, None] == [
        orjson.loads(b.text).get("id") for b in BLOCKS if b.language == "json"
    ]
    assert [
        (README, "Quick start"),  # the output of the block before it
        (CONTRIBUTING, "Where things are"),
        (CONTRIBUTING, "The rooms of `src/statevisit/`"),
        ("corpus/README.md", "From Python"),  # the output of the block before it
        ("schema/CHECKS.md", "How to read a finding"),
    ] == [(b.page, b.heading) for b in BLOCKS if b.language == "text"]


@_of("python")
@pytest.mark.slow
def test_python_blocks_run(block: Block, tmp_path: Path) -> None:
    """A Python block can be pasted into a fresh interpreter at the top of a checkout.

    Its output is the output shown below it.
    """
    env = {
        "HF_HOME": str(tmp_path),
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": str(ROOT / "src"),
        "PATH": "",
        "HOME": str(tmp_path),
        "POLARS_FMT_MAX_ROWS": "5",
    }
    done = subprocess.run(
        [sys.executable, "-W", "error::SyntaxWarning", "-c", block.text],
        cwd=ROOT,
        env=env,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    assert 0 == done.returncode, done.stderr
    assert ("print(" in block.text) == bool(done.stdout.strip())
    following = BLOCKS[(BLOCKS.index(block) + 1) % len(BLOCKS)]
    if following.language == "text" and following.before.endswith("```\n\n"):
        assert following.text == done.stdout


def test_values_in_comments_are_true() -> None:
    """A value in a comment of a Python block (`: "welcomed"`) is that of the line's expression."""
    compared = 0
    for block in (b for b in BLOCKS if b.language == "python"):
        for expression, value in re.findall(
            r'^(document\..*?)\s+# .*: (".*")$', block.text, re.MULTILINE
        ):
            assert ast.literal_eval(value) == eval(expression, {"document": load()[DOC_ID]})
            compared += 1
        for expression in re.findall(r"^(document\..*?)\s+# ", block.text, re.MULTILINE):
            assert eval(expression, {"document": load()[DOC_ID]}), f"{expression} shows nothing"
    assert 1 <= compared


def test_every_function_is_in_the_table() -> None:
    """The table of functions has each public function, with names of parameters that it has."""
    section = PAGES["corpus/README.md"].split("\n### From Python\n")[1].split("\n### ")[0]
    cells = [line.split(" | ")[0] for line in section.splitlines() if line.startswith("| `")]
    named = {m[1]: m[2] for cell in cells for m in re.finditer(r"`(\w+)\(([^)]*)\)`", cell)}
    public = {name: getattr(statevisit, name) for name in statevisit.__all__}
    assert {name for name, value in public.items() if inspect.isfunction(value)} == set(named)
    for name, shown in named.items():
        parameters = inspect.signature(public[name]).parameters
        assert set(re.findall(r"\w+", shown)) <= set(parameters), name


ONLINE = ("serve", "push", "pull")
"""Subcommands of label-studio that need a server: test_labelstudio_live runs them."""


def test_the_scheme_is_one() -> None:
    """The scheme of the page compiles, and has what the page says."""
    own = scheme_from(_toml("base = 2").encode(), "scheme.toml")
    assert "VESSEL" in own.label_names("entities", "type")
    assert {"mentions": ("certainty",), "events": ("knots",)} == own.attributes


def _toml(beginning: str) -> str:
    return next(b.text for b in BLOCKS if b.language == "toml" and b.text.startswith(beginning))


def test_the_mapping_is_one(tmp_path: Path) -> None:
    """The mapping file shown is read, and every label, relation and property in it exists."""
    from statevisit.regions.mapping import read_mapping

    (tmp_path / "mapping.toml").write_text(_toml("[labels]"), encoding="utf-8")
    mapping = read_mapping(tmp_path / "mapping.toml", base())
    assert mapping.labels
    assert mapping.relations
    assert mapping.choices
    assert mapping.defaults


def _lines(block: Block) -> list[list[str]]:
    return [
        words for line in block.text.splitlines() if (words := shlex.split(line, comments=True))
    ]


def _reader(root: Path) -> None:
    """Write the files that the commands name and readers bring: a seed, a draft, documents."""
    (root / "seeds/TEXT.txt").write_text(
        " date 2024-03-01 The mayor of Springfield met 40 teachers on Friday.", encoding="utf-8"
    )
    (root / "DRAFT.json").write_text(
        _draft_of("springfield").replace('"springfield",', '"my-article",', 1), encoding="utf-8"
    )
    document = root / f"corpus/documents/{DOC_ID}.json"
    for name in ("OLD", "NEW", "GOLD", "PRED", "A", "B", "DOCUMENT.json"):
        shutil.copy(document, root / name)
    (root / "corpus.jsonl.gz").write_bytes(
        gzip.compress(orjson.dumps(orjson.loads(document.read_bytes())))
    )
    (root / "run.toml").write_text('[systems.rules]\nwith = "rules"\n')
    (root / "labels.toml").write_text('[labels]\nPER = "PERSON"\n')
    (root / "theirs").mkdir()
    (root / "theirs/tale.txt").write_text("Alice left.\n")
    (root / "theirs/tale.ann").write_text("T1\tPER 0 5\tAlice\n")
    seed = next((root / "seeds").glob("000_*.txt")).read_text(encoding="utf-8")
    for name, text in (
        ("OLD.txt", seed),
        ("NEW.txt", seed.replace("sworn in on", "sworn in to office on")),
        ("corrected.txt", seed.replace("late Sunday", "on late Sunday")),
    ):
        (root / name).write_text(text, encoding="utf-8")


def _draft_of(document_id: str) -> str:
    return next(
        b.text
        for b in BLOCKS
        if b.language == "json" and orjson.loads(b.text).get("id") == document_id
    )


def _run_script(script: str, root: Path) -> subprocess.CompletedProcess[str]:
    """Run a script in a clone of this checkout whose environment is installed already.

    The clone's `.venv` sees the packages that are installed here; `scripts/test.py` is given one
    quick file of tests, because without it it would run this test.
    """
    copy_checkout(root)
    venv.create(root / ".venv", symlinks=True)
    site = next(root.glob(".venv/lib/python3*/site-packages"))
    packages = [p for p in sys.path if p.endswith("site-packages")]
    (site / "clone.pth").write_text("\n".join([str(root / "src"), *packages]))
    project = (root / "pyproject.toml").read_bytes()
    for lock in root.glob("scripts/requirements-*.txt"):
        digest = hashlib.sha256(lock.read_bytes() + project).hexdigest()
        (root / ".venv" / f".{lock.name}.sha256").write_text(digest)
    browser = root / ".venv/bin/chromium"  # so that none is installed
    browser.touch(0o755)
    arguments = ["tests/test_numerals.py"] if script == "scripts/test.py" else []
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    return subprocess.run(
        [sys.executable, script, *arguments],
        cwd=root,
        env=env | {"PATH": f"{browser.parent}{os.pathsep}{os.environ['PATH']}"},
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )


def _run_help(script: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, script, "--help"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8")
    assert 0 == done.returncode, done.stderr
    return done


def test_scripts_in_the_text_take_these_arguments() -> None:
    """A script that a sentence names with arguments exists, and its help names them."""
    named = {tuple(shlex.split(c)) for c in re.findall(r"`python3 (scripts/[^`]+)`", BODY)}
    assert named
    for script, *arguments in named:
        done = _run_help(script)
        assert [] == [a for a in arguments if not _takes(done.stdout, a)]


def _takes(help_text: str, argument: str) -> bool:
    """Whether a script takes an argument: one in its help, a number or a file of tests."""
    if argument.isdigit() or re.search(rf"(?<!\w){re.escape(argument)}\b", help_text):
        return True
    return argument.startswith("tests/") and (ROOT / argument).is_file()


@_of("sh")
@pytest.mark.slow
def test_shell_blocks_run(
    block: Block,
    checkout: Path,
    shell: Callable[..., Result],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The commands of a shell block work as typed, in their order.

    They run in a checkout or, where the text says so, in a directory with `draft.json` alone.
    """
    place = checkout
    if "saved as `draft.json` in a directory that is otherwise empty:" in block.before:
        place = tmp_path_factory.mktemp("empty")
        (place / "draft.json").write_text(_draft_of("springfield"), encoding="utf-8")
    else:
        _reader(checkout)
    if "statevisit release" in block.text:
        begin(place)
        commit(place)
    for words in _lines(block):
        if words[:2] == ["statevisit", "label-studio"] and words[2] in ONLINE:
            assert all(w in shell(*words[1:3], "--help").out for w in words[3:])
        elif words[0] == "statevisit":
            result = shell(*words[1:], cwd=place)
            assert 0 == result.status, f"{shlex.join(words)}\n{result.out[-2000:]}{result.err}"
        elif words[0] == "printf":
            assert [">"] == words[2:3]
            assert "%" not in words[1]
            assert "\\" not in words[1]
            (place / words[3]).write_text(words[1], encoding="utf-8")
        elif words[:2] == ["pip", "install"]:
            _installs(words[2])
        elif words[0] == "python3" and len(words) > 2:
            # Measuring takes minutes, and all tests would run this one: the arguments are tested.
            done = _run_help(words[1])
            assert [] == [a for a in words[2:] if not _takes(done.stdout, a)], shlex.join(words)
        else:
            assert (2, "python3") == (len(words), words[0]), f"nothing tests {shlex.join(words)}"
            done = _run_script(words[1], tmp_path_factory.mktemp("clone"))
            assert 0 == done.returncode, f"{words[1]}\n{done.stdout[-2000:]}{done.stderr}"


def _installs(requirement: str) -> None:
    name, _, extra = requirement.rstrip("]").partition("[")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "." == name, "a checkout is what a reader has"
    assert not extra or extra in project["optional-dependencies"], f"no extra is named {extra}"


def test_every_extra_is_in_the_table_with_what_it_brings() -> None:
    """The table of extras has every extra but `all`, with the packages that each one installs.

    pyproject.toml decides which packages those are.
    """
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    rows = {
        cells[0].strip("` ()"): cells[1]
        for line in PAGES[SPEED].split("| extra |")[1].split("\n\n")[0].splitlines()[2:]
        if (cells := line.strip("| ").split(" | "))
    }
    assert [*rows] == ["none", *(e for e in project["optional-dependencies"] if e != "all")]
    for extra, brought in rows.items():
        requirements = (
            project["dependencies"] if extra == "none" else project["optional-dependencies"][extra]
        )
        packages = [re.split(r"[\[<>=]", requirement)[0] for requirement in requirements]
        assert [] == [
            p for p in packages if p != "statevisit" and p.lower() not in brought.lower()
        ], extra


def test_the_draft_does_what_is_said(
    checkout: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The draft for the article is anchored where `occurrence`, `prefix` and `suffix` say.

    Its layer replaces the document's; the other layers stay unchanged.
    """
    monkeypatch.chdir(checkout)
    (checkout / "draft.json").write_text(_draft_of(DOC_ID), encoding="utf-8")
    result = cli("anchor", "draft.json")
    assert (0, "") == (result.status, result.err)
    document, article = decode(result.out.encode(), "anchored"), load()[DOC_ID]
    assert sorted(q["quote"] for q in orjson.loads(_draft_of(DOC_ID))["quantities"]) == sorted(
        q.text for q in document.quantities
    )
    assert "partial" == document.layers["quantities"]
    unchanged = {"quantities": article.quantities, "layers": article.layers}
    assert article == replace(document, **unchanged)
    assert [e.id for e in article.events] == [e.id for e in document.events]
    start = {q.text: q.start for q in document.quantities}
    assert document.text.index("two", document.text.index("two") + 1) == start["two"]
    assert document.text.index("Aliyev's first visit") + len("Aliyev's ") == start["first"]


def test_the_fragment_in_the_guidelines_fits_its_sentence(article: Document) -> None:
    """The draft in the guidelines is in quote notation, with quotes of the sentence above it."""
    page = PAGES["schema/GUIDELINES.md"]
    sentence = re.search(r"Example, \*(.*?)\* \(fragment\)", page)[1]
    draft = next(orjson.loads(b.text) for b in BLOCKS if b.page == "schema/GUIDELINES.md")
    sentences, tokens = segment(sentence)
    layers = dict.fromkeys(LAYERS, ()) | {"sentences": sentences, "tokens": tokens}
    base = replace(article, text=sentence, **layers)
    document, problems, reports = anchor(draft, base, "GUIDELINES.md")
    assert ([], []) == (problems, reports)
    assert ["Oslo", "envoys"] == [m.text for m in document.mentions]


def _codes() -> set[str]:
    """Every code that the sources give a finding."""
    return set(REGISTRY) | {
        code
        for p in (ROOT / "src/statevisit").rglob("*.py")
        for code in re.findall(r'"(E\d{3})"', p.read_text(encoding="utf-8"))
    }


def test_finding_codes_exist() -> None:
    """A finding code in the text is one that can be printed, with the message of its check."""
    pattern = f"[{''.join({code[0] for code in catalogue()})}]\\d{{3}}"
    named = set(re.findall(rf"\b{pattern}\b", BODY))
    assert {"E", "W"} <= {name[0] for name in named}
    assert set() == named - set(catalogue())
    printed = re.findall(rf"^\S+:\d+:\d+: ({pattern}) (.*?): ", BODY, re.MULTILINE)
    assert printed
    assert printed == [(code, catalogue()[code].message) for code, _ in printed]


def test_the_finding_shown_is_what_validate_prints(
    checkout: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The finding shown is, word for word, the one that `validate` prints for a wrong value.

    The underlined text is compared too; only file and place may differ.
    """
    shown = next(
        b.text for b in BLOCKS if b.language == "text" and re.match(r"\S+:\d+:\d+: E", b.text)
    ).rstrip()
    monkeypatch.chdir(checkout)
    file = Path(f"corpus/documents/{DOC_ID}.json")
    value = orjson.loads(file.read_bytes())
    value["quantities"][8]["value"] = "7600000"
    file.write_bytes(orjson.dumps(value))
    printed = cli("validate").out.rstrip()
    assert re.sub(r"^\S+:\d+:\d+", "", shown) == re.sub(r"^\S+:\d+:\d+", "", printed)


def test_the_settings_are_some(tmp_path: Path) -> None:
    """`validate` takes the settings shown, and the pages show no kind of TOML without a test."""
    (tmp_path / "pyproject.toml").write_text(_toml("[tool.statevisit]"))
    assert read_settings(tmp_path, catalogue).select
    assert 4 == sum(b.language == "toml" for b in BLOCKS)


def test_the_run_file_is_one(tmp_path: Path) -> None:
    """`bench` takes the run file shown, with a system of each kind."""
    (tmp_path / "run.toml").write_text(_toml("corpus ="))
    systems = read_run(tmp_path / "run.toml").systems
    assert ["with", "command", "predictions", "model"] == [system.kind for system in systems]


def test_every_command_is_named() -> None:
    """Every subcommand has its line under Commands."""
    named = {
        words[1]
        for b in BLOCKS
        if b.heading == "Commands" and b.language == "sh"
        for words in _lines(b)
    }
    assert set(COMMANDS) == named


def test_label_tables_are_the_schemas() -> None:
    """Every inventory of the schema has a table of its labels, their titles and meanings."""
    for layer, prop in base().inventories:
        title = f"\n### {layer.replace('_', ' ')}: {prop}\n"
        block = PAGES["schema/README.md"].split(title)[1].split("\n### ")[0]
        rows = [
            [c.strip() for c in line.strip("|").split(" | ")]
            for line in block.splitlines()
            if line.startswith("| `")
        ]
        assert [(f"`{x.name}`", x.title) for x in base().labels(layer, prop)] == [
            (r[0], r[1]) for r in rows
        ]
        assert [] == [
            x.name
            for x, r in zip(base().labels(layer, prop), rows, strict=True)
            if not r[2].startswith(x.description)
        ]


LINK = re.compile(r"\]\(([^()\s]+)\)")


def _anchors(text: str) -> set[str]:
    """The anchors of a page's headings, as GitHub makes them."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.DOTALL | re.MULTILINE)
    headings = re.findall(r"^#+ (.*)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}


@pytest.mark.parametrize("page", PAGES)
def test_links_resolve(page: str) -> None:
    """Every relative link leads to a file of the repository, and its anchor to a heading."""
    wrong = []
    for link in LINK.findall(PAGES[page]):
        target, _, anchor = link.partition("#")
        if target.startswith("https://"):
            continue
        path = os.path.normpath(Path(page).parent / target) if target else page
        if path not in _tracked() or (anchor and anchor not in _anchors(PAGES[path])):
            wrong.append(link)
    assert [] == wrong


def test_every_page_is_reached_from_the_readme() -> None:
    """Links lead from the README to every page."""
    reached, waiting = {README}, [README]
    while waiting:
        page = waiting.pop()
        for link in LINK.findall(PAGES[page]):
            path = os.path.normpath(Path(page).parent / link.partition("#")[0])
            if path in PAGES and path not in reached:
                reached.add(path)
                waiting.append(path)
    assert set(PAGES) == reached


def test_named_files_exist() -> None:
    """Files named in running text and in the layout exist."""
    # The examples in the generated findings name files that do not exist.
    prose = re.sub(r"<!-- generated: findings -->.*?<!-- end -->", "", BODY, flags=re.DOTALL)
    named = set(re.findall(r"`((?:corpus|schema|seeds|scripts|src|tests)/[^`*<>\s]*)`", prose))
    # A directory may be one that a command makes; then the sources of the commands name it.
    commands = "".join(
        p.read_text(encoding="utf-8") for p in (ROOT / "src/statevisit/cli").glob("*.py")
    )
    assert named
    assert [] == sorted(
        p for p in named if not (ROOT / p).exists() and not (p.endswith("/") and p in commands)
    )
    layout = next(b for b in BLOCKS if b.heading == "Where things are").text
    assert [] == [
        name
        for line in layout.splitlines()
        if (name := line.split(" ")[0]) and not (ROOT / name).exists()
    ]
    assert [] == [
        f
        for f in re.findall(r"\b\w+\.(?:json|jsonl|svg)\b", layout)
        if not list(ROOT.glob(f"*/{f}"))
    ]
    scripts = re.findall(r"\b(\w+\.(?:py|sh))\b", layout)
    assert scripts
    assert set(scripts) <= {p.name for p in (ROOT / "scripts").iterdir()}


def test_the_layout_names_every_directory() -> None:
    """The layout in CONTRIBUTING.md has every directory at the top."""
    layout = next(b for b in BLOCKS if b.heading == "Where things are").text
    tracked = {p.split("/")[0] for p in _tracked() if "/" in p and not p.startswith(".")}
    assert [] == [d for d in tracked if f"\n{d}/" not in f"\n{layout}"]


def test_the_rooms_are_those_of_the_package() -> None:
    """The list of rooms in CONTRIBUTING.md has every folder of the package, and no other."""
    block = next(b for b in BLOCKS if b.heading == "The rooms of `src/statevisit/`").text
    rooms = {line.split()[0] for line in block.splitlines()}
    code = [n.split("/") for n in _tracked() if n.startswith("src/statevisit/")]
    folders = {parts[2] for parts in code if len(parts) > 3}
    assert folders | {"ground"} == rooms


def test_bench_lines_name_sections_and_options_that_exist() -> None:
    """Each figure about speed stands below a command that measures it; no section is missing."""
    options = subprocess.run(
        [sys.executable, "scripts/bench.py", "--help"],
        cwd=ROOT,
        env=os.environ | {"COLUMNS": "200"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout
    named = set()
    for part in PAGES[SPEED].split("\n## ")[1:]:
        words = part.split("```sh\npython3 scripts/bench.py ")[1].split("\n")[0].split()
        named.add(words[0])
        assert [] == [w for w in words if w.startswith("--") and f"{w} " not in options]
        assert part.index("```sh") < part.index("| --- |")
    sections = re.search(r"((?:[\w-]+,\s+)+[\w-]+);\s+all\s+when", options)[1]
    assert set(re.split(r",\s+", sections)) == named


@functools.cache
def _tracked() -> list[str]:
    return subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, encoding="utf-8", check=True
    ).stdout.splitlines()


def test_no_placeholder_is_left() -> None:
    """Every figure was measured: no word stands where one has yet to be filled in."""
    assert [] == re.findall(
        r"\b(?:(?:SIZE|TIME)_\w+|BENCH|TODO|FIXME|XXX|TBD)\b", BODY.replace("`XXX`", "")
    )


def test_the_picture_is_what_show_prints(tmp_path: Path, cli: Callable[..., Result]) -> None:
    """corpus/article.svg is the picture that `show` makes now.

    `statevisit show --svg corpus/article.svg` renews it.
    """
    assert 0 == cli("show", "--svg", tmp_path / "article.svg").status
    assert (ROOT / "corpus/article.svg").read_bytes() == (tmp_path / "article.svg").read_bytes(), (
        "run: statevisit show --svg corpus/article.svg"
    )


def test_the_pictures_are_of_the_present_page(
    tmp_path: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The pictures of the reader name the page that `show --html` writes now, each by its digest.

    `python3 scripts/build.py` renews them, with Chromium.
    """
    monkeypatch.syspath_prepend(ROOT / "scripts")
    pictures = importlib.import_module("pictures")
    assert 0 == cli("show", "--html", tmp_path / "article.html").status
    digest = pictures.digest_of((tmp_path / "article.html").read_bytes())
    for picture in pictures.PICTURES:
        assert f"](corpus/{picture.file.name})" in PAGES[README]
        assert digest == pictures.digest_in(picture.file), "run: python3 scripts/build.py"


def test_the_versions_agree() -> None:
    """Manifest, card and citation state one version, and the changelog has a section for it."""
    version = load().version
    assert f"This is version **{version}**." in PAGES[README]
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\n## [{version}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_the_figures_of_the_taggers_are_those_of_the_run_file(
    tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """The table of the front page has what `statevisit bench scripts/systems.toml` prints."""
    result = cli("bench", ROOT / "scripts/systems.toml", "-o", tmp_path / "out", "--json")
    assert 0 == result.status, result.err
    rows = re.findall(r"^\| (?:spaCy's|`rules`).*$", PAGES[README], re.M)
    shown = [re.findall(r"\d+\.\d \(\d+\.\d–\d+\.\d\)", row) for row in rows]
    figures = {
        (system["name"], figure["layer"]): figure
        for system in orjson.loads(result.out)["systems"]
        for figure in system["figures"]
        if (figure["measure"], figure["average"]) == ("strict", "micro")
    }
    measured = [
        [
            "{:.1f} ({:.1f}–{:.1f})".format(
                *(100 * value for value in (figure["f1"], *figure["interval"]))
            )
            for layer in ("ner", "timexes", "quantities")
            for figure in [figures[name, layer]]
        ]
        for name in ("spacy", "rules")
    ]
    assert measured == shown
