"""The README: every block runs, everything it names exists, nothing in it is out of date."""

import ast
import gzip
import hashlib
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

from statevisit import load, schema
from statevisit.__main__ import COMMANDS
from statevisit.checks.catalogue import catalogue
from statevisit.codec import decode
from statevisit.settings import read_settings
from tests.conftest import DOC_ID, ROOT, Result
from tests.repositories import begin, commit, copy_checkout

README = (ROOT / "README.md").read_text(encoding="utf-8")
BODY = README.split("<!-- end of the card's front matter -->\n")[1]


class Block(NamedTuple):
    """A fenced block: its language, the line it begins on, the heading it is under and its text."""

    language: str
    line: int
    heading: str
    text: str


def _blocks() -> list[Block]:
    found = []
    for m in re.finditer(r"^```(\w*)\n(.*?)^```$", README, re.DOTALL | re.MULTILINE):
        headings = re.findall(r"^#+ (.*)$", README[: m.start()], re.MULTILINE)
        found.append(Block(m[1], README[: m.start()].count("\n") + 1, headings[-1], m[2]))
    return found


BLOCKS = _blocks()


def _of(language: str) -> pytest.MarkDecorator:
    blocks = [b for b in BLOCKS if b.language == language]
    return pytest.mark.parametrize("block", blocks, ids=[f"line {b.line}" for b in blocks])


def test_every_block_is_of_a_kind_that_is_tested() -> None:
    """Every fenced block has a language, and there is a test for each language."""
    assert {"python", "sh", "json", "text", "yaml", "toml"} == {
        b.language for b in BLOCKS
    }  # yaml: test_ci; toml: below
    assert [DOC_ID, "springfield"] == [
        orjson.loads(b.text)["id"] for b in BLOCKS if b.language == "json"
    ]


@_of("python")
def test_python_blocks_run(block: Block, tmp_path: Path) -> None:
    """A Python block can be pasted into a fresh interpreter at the top of a checkout; what it says of a value is true."""
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
        timeout=60,
    )
    assert 0 == done.returncode, done.stderr
    assert ("print(" in block.text) == bool(done.stdout.strip())


def test_values_in_comments_are_true() -> None:
    """Where a Python block says in a comment what an expression gives (`: "welcomed"`), it gives that."""
    found = 0
    for block in (b for b in BLOCKS if b.language == "python"):
        for expression, value in re.findall(
            r'^(document\..*?)\s+# .*: (".*")$', block.text, re.MULTILINE
        ):
            assert ast.literal_eval(value) == eval(expression, {"document": load()[DOC_ID]})
            found += 1
        for expression in re.findall(r"^(document\..*?)\s+# ", block.text, re.MULTILINE):
            assert eval(expression, {"document": load()[DOC_ID]}), f"{expression} shows nothing"
    assert 1 <= found


ONLINE = ("serve", "push", "pull")
"""Subcommands of label-studio that need a server: test_labelstudio_live runs them."""


def _toml(beginning: str) -> str:
    return next(b.text for b in BLOCKS if b.language == "toml" and b.text.startswith(beginning))


def test_the_mapping_is_one(tmp_path: Path) -> None:
    """The mapping file shown is read, and every label, relation and property in it exists."""
    from statevisit.labelstudio.foreign import read_mapping

    (tmp_path / "mapping.toml").write_text(_toml("[labels]"), encoding="utf-8")
    mapping = read_mapping(tmp_path / "mapping.toml")
    assert mapping.labels
    assert mapping.relations
    assert mapping.choices
    assert mapping.defaults


def _lines(block: Block) -> list[list[str]]:
    return [
        words for line in block.text.splitlines() if (words := shlex.split(line, comments=True))
    ]


def _reader(root: Path) -> None:
    """What the block of commands names and a reader has of their own: a seed, a draft, documents to compare."""
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
    seed = next((root / "seeds").glob("000_*.txt")).read_text(encoding="utf-8")
    for name, text in (
        ("OLD.txt", seed),
        ("NEW.txt", seed.replace("sworn in on", "sworn in to office on")),
        ("corrected.txt", seed.replace("late Sunday", "on late Sunday")),
    ):
        (root / name).write_text(text, encoding="utf-8")


def _draft_of(document_id: str) -> str:
    return next(
        b.text for b in BLOCKS if b.language == "json" and orjson.loads(b.text)["id"] == document_id
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
        timeout=120,
    )


def test_scripts_in_the_text_take_these_arguments() -> None:
    """A script that a sentence names with arguments exists, and its help names them."""
    named = {tuple(shlex.split(c)) for c in re.findall(r"`python3 (scripts/[^`]+)`", BODY)}
    assert named
    for script, *arguments in named:
        done = subprocess.run(
            [sys.executable, script, "--help"], cwd=ROOT, capture_output=True, encoding="utf-8"
        )
        assert 0 == done.returncode, done.stderr
        assert [] == [a for a in arguments if not re.search(rf"(?<!\w){a}\b", done.stdout)]


@_of("sh")
def test_shell_blocks_run(
    block: Block,
    checkout: Path,
    shell: Callable[..., Result],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """The commands of a shell block work as typed, in their order: in a checkout or, where the text says so, beside `draft.json` alone."""
    place = checkout
    if (
        "saved as `draft.json` in a directory that is otherwise empty:"
        in README.split(block.text)[0][-100:]
    ):
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
        else:
            assert (2, "python3") == (len(words), words[0]), f"nothing tests {shlex.join(words)}"
            done = _run_script(words[1], tmp_path_factory.mktemp("clone"))
            assert 0 == done.returncode, f"{words[1]}\n{done.stdout[-2000:]}{done.stderr}"


def _installs(requirement: str) -> None:
    name, _, extra = requirement.rstrip("]").partition("[")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "." == name, "a checkout is what a reader has"
    assert not extra or extra in project["optional-dependencies"], f"there is no extra {extra}"


def test_every_extra_is_in_the_table_with_what_it_brings() -> None:
    """The table of extras has every extra but `all`, and names what pyproject.toml says each brings."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    rows = {
        cells[0].strip("` ()"): cells[1]
        for line in BODY.split("| extra |")[1].split("\n\n")[0].splitlines()[2:]
        if (cells := line.strip("| ").split(" | "))
    }
    assert [*rows] == ["none", *(e for e in project["optional-dependencies"] if e != "all")]
    for extra, brought in rows.items():
        wanted = (
            project["dependencies"] if extra == "none" else project["optional-dependencies"][extra]
        )
        packages = [re.split(r"[\[<>=]", w)[0] for w in wanted]
        assert [] == [
            p for p in packages if p != "statevisit" and p.lower() not in brought.lower()
        ], extra


def test_the_draft_does_what_is_said(
    checkout: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The draft for the article is anchored: each quote where `occurrence`, `prefix` and `suffix` say, its layer in place of the document's, the others as they were."""
    monkeypatch.chdir(checkout)
    (checkout / "draft.json").write_text(_draft_of(DOC_ID), encoding="utf-8")
    result = cli("anchor", "draft.json")
    assert (0, "") == (result.status, result.err)
    document, article = decode(result.out.encode(), "anchored"), load()[DOC_ID]
    assert sorted(q["quote"] for q in orjson.loads(_draft_of(DOC_ID))["quantities"]) == sorted(
        q.text for q in document.quantities
    )
    assert article == replace(document, quantities=article.quantities, events=article.events)
    assert [e.id for e in article.events] == [e.id for e in document.events]
    start = {q.text: q.start for q in document.quantities}
    assert document.text.index("two", document.text.index("two") + 1) == start["two"]
    assert document.text.index("Aliyev's first visit") + len("Aliyev's ") == start["first"]


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
    """The example of a finding is word for word what `validate` says of a value of another size, the underlined text included; only file and place differ."""
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
    """The settings shown are ones that `validate` takes, and there is no third kind of TOML."""
    (tmp_path / "pyproject.toml").write_text(_toml("[tool.statevisit]"))
    assert read_settings(tmp_path, catalogue).select
    assert 2 == sum(b.language == "toml" for b in BLOCKS)


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
    """There is a table for every inventory of the schema, with every label, its title and what it means."""
    for layer, prop in schema.inventories():
        block = BODY.split(f"<details><summary><b>{layer.replace('_', ' ')}: {prop}</b>")[1].split(
            "</details>"
        )[0]
        rows = [
            [c.strip() for c in line.strip("|").split(" | ")]
            for line in block.splitlines()
            if line.startswith("| `")
        ]
        assert [(f"`{x.name}`", x.title) for x in schema.labels(layer, prop)] == [
            (r[0], r[1]) for r in rows
        ]
        assert [] == [
            x.name
            for x, r in zip(schema.labels(layer, prop), rows, strict=True)
            if not r[2].startswith(x.description)
        ]


def test_links_and_files_resolve() -> None:
    """Links to files, and files named in the Layout and in running text, are there; no link leaves the checkout for a place that may move."""
    targets = re.findall(r"\]\(([^)#\s]+)\)", BODY)
    assert targets
    assert [] == [t for t in targets if not t.startswith("https://") and not (ROOT / t).exists()]
    prose = re.sub(
        r"<!-- generated: findings -->.*?<!-- end -->", "", BODY, flags=re.DOTALL
    )  # whose examples name files of nobody's
    named = {
        p for p in re.findall(r"`((?:corpus|schema|seeds|scripts|src|tests)/[^`*<>\s]*)`", prose)
    }
    made = "".join(
        p.read_text(encoding="utf-8") for p in (ROOT / "src/statevisit/commands").glob("*.py")
    )  # directories that a command says it makes
    assert named
    assert [] == sorted(
        p for p in named if not (ROOT / p).exists() and not (p.endswith("/") and p in made)
    )
    layout = next(b for b in BLOCKS if b.heading == "Layout").text
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


def test_the_layout_names_every_module_and_directory() -> None:
    """The picture of the code in the README has every module, and every directory at the top."""
    layout = next(b for b in BLOCKS if b.heading == "Layout").text
    modules = {
        p.stem
        for p in (ROOT / "src/statevisit").iterdir()
        if p.suffix in (".py", "") and not p.name.startswith("_")
    }
    assert set() == {m for m in modules if not re.search(rf"\b{m}\b", layout)}
    tracked = {p.split("/")[0] for p in _tracked() if "/" in p and not p.startswith(".")}
    assert set() == {d for d in tracked if f"\n{d}/" not in f"\n{layout}"}


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
    """corpus/article.svg is the project's own output of today: `statevisit show --svg corpus/article.svg` renews it."""
    assert 0 == cli("show", "--svg", tmp_path / "article.svg").status
    assert (ROOT / "corpus/article.svg").read_bytes() == (tmp_path / "article.svg").read_bytes(), (
        "run: statevisit show --svg corpus/article.svg"
    )


def test_the_versions_agree() -> None:
    """Manifest, card and citation state one version, and the changelog has a section for it."""
    version = load().version
    assert f"This is version **{version}**." in BODY
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f"\n## [{version}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
