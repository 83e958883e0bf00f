"""In other people's CI: the hooks, the reusable workflow and a new repository, each really run."""

import json
import os
import re
import shlex
import subprocess
import sys
import venv
from collections.abc import Callable
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

import pytest
import yaml

from statevisit import __version__, load, validate
from statevisit.corpus.settings import read_settings
from tests.conftest import DOC_ID, PATIENCE, ROOT, Result
from tests.repositories import CONFIG, begin, commit, copy_checkout, git

pytestmark = pytest.mark.slow

WORKFLOW = ROOT / ".github/workflows/validate-corpus.yml"

CORPUS_WORKFLOW = ".github/workflows/corpus.yml"
"""What `init` writes."""

UNFILLED = (
    "::error file=pyproject.toml::Fill in `source` in [tool.statevisit]: "
    "the address that pip installs statevisit from\n"
)
"""What both workflows print where nothing says what to install."""


def _run(*command: object, cwd: Path, env: dict[str, str]) -> Result:
    done = subprocess.run(
        [str(c) for c in command],
        cwd=cwd,
        env=env,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def _bash(script: str, cwd: Path, env: dict[str, str]) -> Result:
    """Run a step's script as GitHub runs it."""
    return _run("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script, cwd=cwd, env=env)


def _checkout(target: Path) -> Path:
    """The files of this checkout as a repository of one commit, for pre-commit and pip to fetch."""
    copy_checkout(target, without="tests/")
    begin(target)
    commit(target)
    return target


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """A machine without statevisit where pip finds what statevisit needs without a download.

    A virtual environment that sees the packages installed here, and builds with the build tools
    installed here.
    """
    root = tmp_path_factory.mktemp("elsewhere")
    venv.create(root, with_pip=True, symlinks=True)
    site = next(root.glob("lib/python3*/site-packages"))
    here = [p for p in sys.path if p.endswith("site-packages")]
    (site / "tests.pth").write_text("\n".join(here) + "\n")
    env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
    quiet = {
        "PIP_NO_BUILD_ISOLATION": "0",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "HATCH_BUILD_CLEAN": "0",
    }
    return (
        env
        | CONFIG
        | quiet
        | {
            "PATH": f"{root / 'bin'}{os.pathsep}{env['PATH']}",
            "HOME": str(root),
            "PRE_COMMIT_HOME": str(root / "pre-commit"),
        }
    )


@pytest.fixture(scope="session")
def distribution(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkout that pip can install."""
    return _checkout(tmp_path_factory.mktemp("statevisit"))


def _resolved(value: str, inputs: dict[str, Any]) -> str:
    """What GitHub puts for `${{ inputs.x }}` and `${{ inputs.x && 'a' || 'b' }}`."""

    def put(m: re.Match[str]) -> str:
        name, both = m[1], m[2]
        if not both:
            return str(inputs[name])
        yes, no = re.fullmatch(r"\s*&&\s*'(.*?)'\s*\|\|\s*'(.*?)'", both).groups()
        return yes if inputs[name] else no

    return re.sub(r"\$\{\{\s*inputs\.([\w-]+)(.*?)\s*\}\}", put, value)


def _steps(inputs: dict[str, Any], cwd: Path, env: dict[str, str]) -> dict[str, Result]:
    """The reusable workflow's `run:` steps, run as GitHub does.

    After a failure, only those that always run.
    """
    workflow = yaml.safe_load(WORKFLOW.read_bytes())
    declared = workflow[True]["workflow_call"]["inputs"]  # YAML 1.1 reads `on` as true
    values = {name: i["default"] for name, i in declared.items()} | inputs
    assert set(inputs) <= set(declared)
    job = workflow["jobs"]["validate"]
    env = env | {k: _resolved(v, values) for k, v in job["env"].items()}
    results: dict[str, Result] = {}
    failed = False
    for step in (s for s in job["steps"] if "run" in s):
        wanted = step.get("if", "")
        if (failed and wanted != "always()") or (
            wanted.startswith("inputs.") and not values[wanted.removeprefix("inputs.")]
        ):
            continue
        assert "${{" not in step["run"], "an input in a script is a way to run other people's code"
        results[step["name"]] = result = _bash(step["run"], cwd, env)
        failed = failed or result.status != 0
    return results


@pytest.mark.slow
def test_the_workflow_as_written(
    checkout: Path, tmp_path: Path, distribution: Path, elsewhere: dict[str, str]
) -> None:
    """The reusable workflow installs, validates, writes SARIF and checks the build of a clone.

    A wrong corpus fails with annotations.
    """
    settings = checkout / "pyproject.toml"
    settings.write_text(f'[tool.statevisit]\nsource = "{distribution.as_uri()}"\n')
    begin(checkout)
    commit(checkout)
    inputs: dict[str, Any] = {"strict": True}
    results = _steps(inputs, tmp_path, elsewhere)
    assert [
        "Install statevisit",
        "Validate",
        "Write SARIF",
        "Check that what is built is current",
    ] == list(results)
    assert [] == [(name, r) for name, r in results.items() if r.status]
    assert [] == json.loads((tmp_path / "statevisit.sarif").read_bytes())["runs"][0]["results"]
    document = tmp_path / f"corpus/documents/{DOC_ID}.json"
    document.write_bytes(
        document.read_bytes().replace(b'"value":"7600000000"', b'"value":"7600000"')
    )
    settings.unlink()
    inputs |= {"path": str(tmp_path), "statevisit": f"{distribution}[parquet]"}
    results = _steps(inputs, tmp_path, elsewhere)
    assert ["Install statevisit", "Validate", "Write SARIF"] == list(results)
    assert 1 == results["Validate"].status
    assert f"::error file=corpus/documents/{DOC_ID}.json,line=" in results["Validate"].out
    assert ["E504"] == [
        r["ruleId"]
        for r in json.loads((tmp_path / "statevisit.sarif").read_bytes())["runs"][0]["results"]
    ]


@pytest.mark.parametrize(
    "settings", [None, "", "[tool.statevisit]\n", '[tool.other]\nsource = "x"\n']
)
@pytest.mark.slow
def test_the_workflow_says_that_the_source_is_not_filled_in(
    tmp_path: Path, elsewhere: dict[str, str], settings: str | None
) -> None:
    """Where neither input nor settings say what to install, the first step says what to fill in."""
    if settings is not None:
        (tmp_path / "pyproject.toml").write_text(settings)
    results = _steps({"build-check": False}, tmp_path, elsewhere | {"PIP_NO_INDEX": "1"})
    assert (1, UNFILLED, "") == results["Install statevisit"]


def test_workflows_pin_actions_and_may_only_read(
    tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """Every workflow, a new corpus's too, pins each action's major version and may only read.

    The job that publishes the pages may publish, and runs nothing but the action that does.
    """
    assert 0 == cli("init", tmp_path / "my-corpus").status
    own = (tmp_path / "my-corpus" / CORPUS_WORKFLOW).parent
    paths = [*WORKFLOW.parent.glob("*.yml"), *own.glob("*.yml")]
    assert {"ci.yml", "validate-corpus.yml", "corpus.yml", "site.yml"} == {p.name for p in paths}
    for path in paths:
        workflow = yaml.safe_load(path.read_bytes())
        assert {"contents": "read"} == workflow["permissions"]
        jobs = workflow["jobs"].values()
        actions = [step["uses"] for job in jobs for step in job["steps"] if "uses" in step]
        assert [] == [a for a in actions if not re.fullmatch(r"actions/[a-z-]+@v\d+", a)]
        for job in jobs:
            if "permissions" in job:
                assert {"pages": "write", "id-token": "write"} == job["permissions"]
                assert ["actions/deploy-pages@v4"] == [step.get("uses") for step in job["steps"]]


@pytest.mark.parametrize("of_new_corpus", [False, True])
def test_the_site_is_written_where_it_is_published_from(
    tmp_path: Path, cli: Callable[..., Result], of_new_corpus: bool
) -> None:
    """The workflow's step writes the pages into the directory that is uploaded, with the issues."""
    root = tmp_path / "my-corpus"
    assert 0 == cli("init", root).status
    workflow = yaml.safe_load(
        ((root if of_new_corpus else ROOT) / ".github/workflows/site.yml").read_bytes()
    )
    *_, write, upload = workflow["jobs"]["write"]["steps"]
    command = root / ".venv/bin/statevisit"
    command.parent.mkdir(parents=True)
    command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m statevisit "$@"\n')
    command.chmod(0o755)
    env = os.environ | {
        "PATH": f"{command.parent}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_SERVER_URL": "https://example.org",
        "GITHUB_REPOSITORY": "me/mine",
    }
    assert 0 == _bash(write["run"], root, env).status
    pages = root / upload["with"]["path"]
    assert (pages / "index.html").is_file()
    page = (pages / "documents/example.html").read_text(encoding="utf-8")
    assert 'data-issues="https://example.org/me/mine/issues/new"' in page


def test_the_wheel_is_tested_without_the_sources() -> None:
    """The job for the wheel removes `src` before it runs tests; those that it leaves out exist."""
    workflow = yaml.safe_load((WORKFLOW.parent / "ci.yml").read_bytes())
    scripts = [step["run"] for step in workflow["jobs"]["wheel"]["steps"] if "run" in step]
    assert "rm -r src" in "\n".join(scripts[:-1])
    ignored = re.findall(r"--ignore=(\S+)", scripts[-1])
    assert ignored
    assert [] == [name for name in ignored if not (ROOT / name).is_file()]


def test_the_pages_show_the_workflow_with_inputs_that_it_has() -> None:
    """The example for GitHub names the workflow's file and declared inputs; the hooks exist."""
    blocks = [
        yaml.safe_load(b)
        for page in ("README.md", "schema/CHECKS.md")
        for b in re.findall(r"```yaml\n(.*?)```", (ROOT / page).read_text(), re.DOTALL)
    ]
    assert 3 == len(blocks)
    job = next(b["jobs"]["corpus"] for b in blocks if "jobs" in b)
    assert f".github/workflows/{WORKFLOW.name}@" in job["uses"]
    declared = yaml.safe_load(WORKFLOW.read_bytes())[True]["workflow_call"]["inputs"]
    kinds = {"string": str, "boolean": bool}
    assert all(
        isinstance(value, kinds[declared[name]["type"]]) for name, value in job["with"].items()
    )
    hooks = {h["id"] for h in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_bytes())}
    shown = [{h["id"] for h in b["repos"][0]["hooks"]} for b in blocks if "repos" in b]
    assert [hooks, hooks] == shown


@pytest.mark.slow
def test_pre_commit(
    tmp_path: Path, distribution: Path, elsewhere: dict[str, str], checkout: Path
) -> None:
    """pre-commit installs the hooks from a repository: a right corpus passes, a wrong one fails."""
    hooks = ["statevisit-validate", "statevisit-build-check"]
    config = {
        "repos": [{"repo": str(distribution), "rev": "HEAD", "hooks": [{"id": h} for h in hooks]}]
    }
    revision = subprocess.run(
        ["git", "rev-parse", "HEAD"],
        cwd=distribution,
        capture_output=True,
        check=True,
        encoding="utf-8",
    ).stdout.strip()
    config["repos"][0]["rev"] = revision
    (checkout / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config))
    begin(checkout)
    commit(checkout)
    env = {k: v for k, v in elsewhere.items() if k != "PIP_NO_BUILD_ISOLATION"}
    right = _run(sys.executable, "-m", "pre_commit", "run", "--all-files", cwd=checkout, env=env)
    assert 0 == right.status, right
    assert 2 == right.out.count("Passed")
    document = checkout / f"corpus/documents/{DOC_ID}.json"
    document.write_bytes(
        document.read_bytes().replace(b'"value":"7600000000"', b'"value":"7600000"')
    )
    subprocess.run(["git", "add", "-A"], cwd=checkout, check=True)
    wrong = _run(sys.executable, "-m", "pre_commit", "run", cwd=checkout, env=env)
    assert 1 == wrong.status
    assert 2 == wrong.out.count("Failed")
    assert "E504 The words of the quantity give another number" in wrong.out


def test_init_makes_a_repository_whose_first_commands_pass(
    tmp_path: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new repository validates without a warning, builds, and has a card; none is overwritten."""
    root = tmp_path / "my-corpus"
    result = cli("init", root)
    assert 0 == result.status
    assert "statevisit validate" in result.out
    monkeypatch.chdir(root)
    assert (0, "", "") == cli("validate", "--strict")
    assert 0 == cli("build").status
    assert 0 == cli("build", "--check").status
    assert [] == list(validate(root))
    assert ["example"] == list(load(root).ids)
    readme = (root / "README.md").read_text()
    assert "This is version **0.1.0**." in readme
    assert "| `mentions` |" in readme
    assert "my-corpus" in readme
    assert 100 > len(readme.splitlines())
    for page, part in (("README.md", "schema"), ("schema/README.md", "| `NAM` | Name |")):
        assert part in (root / page).read_text()
    assert "### E504\n" in (root / "schema/CHECKS.md").read_text()
    for link in re.findall(r"\]\(([^)]+)\)", readme):
        assert (root / link).is_file()
    assert __version__ == (root / "schema/VERSION").read_text().strip()
    assert (ROOT / "schema/document.schema.json").read_bytes() == (
        root / "schema/document.schema.json"
    ).read_bytes()
    before = {p: p.read_bytes() for p in root.rglob("*") if p.is_file()}
    again = cli("init", root)
    assert 1 == again.status
    assert "exists already and is not empty" in again.err
    assert before == {p: p.read_bytes() for p in root.rglob("*") if p.is_file()}


def test_the_readme_of_a_new_repository_runs(
    tmp_path: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commands in the README of a new repository work as typed, with a text of one's own."""
    root = tmp_path / "my-corpus"
    assert 0 == cli("init", root).status
    monkeypatch.chdir(root)
    (root / "my-text.txt").write_text(" date 2024-03-05 The bridge is open.", encoding="utf-8")
    blocks = re.findall(r"^```sh\n(.*?)^```$", (root / "README.md").read_text(), re.M | re.S)
    install, use = blocks  # test_a_new_repository_is_green installs
    assert 'pip install "statevisit[parquet,ingest] @ $source"' in install
    lines = [shlex.split(line, comments=True) for line in use.splitlines()]
    assert ["ingest", "validate", "build"] == [words[1] for words in lines]
    for words in lines:
        assert 0 == cli(*words[1:]).status, words


def _runs(root: Path) -> list[str]:
    """The scripts of the workflow that `init` wrote, in order."""
    workflow = yaml.safe_load((root / CORPUS_WORKFLOW).read_bytes())
    return [step["run"] for step in workflow["jobs"]["corpus"]["steps"] if "run" in step]


def test_init_says_that_the_source_is_not_filled_in(
    tmp_path: Path, elsewhere: dict[str, str], cli: Callable[..., Result]
) -> None:
    """Without `--source`, `init` and the workflow's first step both say what to fill in."""
    root = tmp_path / "my-corpus"
    assert "fails until `source` in pyproject.toml says" in cli("init", root).out
    assert 'source = ""\n' in (root / "pyproject.toml").read_text()
    install = _bash(_runs(root)[0], root, elsewhere | {"PIP_NO_INDEX": "1"})
    assert (1, UNFILLED, "") == install


def test_init_fills_in_the_source(tmp_path: Path, cli: Callable[..., Result]) -> None:
    """`--source` has one place, the settings, and no file asks an index for statevisit.

    The workflow pins the pyarrow that builds here.
    """
    root, address = tmp_path / "my-corpus", "git+https://example.org/statevisit@v1.0.0"
    result = cli("init", root, "--source", address)
    assert 0 == result.status
    assert "fails until" not in result.out
    assert address == read_settings(root).source
    texts = {p.relative_to(root): p.read_bytes() for p in root.rglob("*") if p.is_file()}
    assert [Path("pyproject.toml")] == [p for p, text in texts.items() if address.encode() in text]
    assert f"'pyarrow=={installed('pyarrow')}'" in _runs(root)[0]
    assert [] == [p for p, text in texts.items() if re.search(rb"statevisit(\[.*\])?[=<>~]=", text)]


@pytest.mark.parametrize(
    "source", ["statevisit", "./statevisit", "git@example.org:o/s", 'https://x/"$(id)"']
)
def test_init_refuses_what_is_not_an_address(
    tmp_path: Path, cli: Callable[..., Result], source: str
) -> None:
    """A `--source` that is no address is refused, an example is given, and nothing is written."""
    result = cli("init", tmp_path / "my-corpus", "--source", source)
    assert 1 == result.status
    assert f"--source: {source!r} is not an address" in result.err
    assert "such as git+https://github.com/OWNER/statevisit@v1.0.0" in result.err
    assert [] == list(tmp_path.iterdir())


@pytest.mark.slow
@pytest.mark.slow
def test_a_new_repository_is_green(
    tmp_path: Path, distribution: Path, cli: Callable[..., Result]
) -> None:
    """A bare machine installs statevisit by the workflow that `init` writes, which then passes.

    The hook passes as well, and fails for a wrong document.
    """
    root, machine = tmp_path / "my-corpus", tmp_path / "machine"
    address = f"git+{distribution.as_uri()}@{git(distribution, 'rev-parse', 'HEAD')}"
    assert 0 == cli("init", root, "--source", address).status == cli("build", root).status
    begin(root)
    commit(root)
    # with a current pip, as the action brings one: pip before 24.1 takes no git+file address
    venv.create(machine, with_pip=True, symlinks=True, upgrade_deps=True)
    foreign = ("PYTHONPATH", "VIRTUAL_ENV", "PYTHONHOME")
    env = {k: v for k, v in os.environ.items() if k not in foreign} | CONFIG
    env["PATH"] = f"{machine / 'bin'}{os.pathsep}{env['PATH']}"
    for script in _runs(root):
        result = _bash(script, root, env)
        assert 0 == result.status, result
    where = _run("python", "-c", "import statevisit; print(statevisit.__file__)", cwd=root, env=env)
    assert Path(where.out).is_relative_to(machine)
    hooks = [sys.executable, "-m", "pre_commit", "run", "--all-files"]
    env["PRE_COMMIT_HOME"] = str(tmp_path / "pre-commit")
    right = _run(*hooks, cwd=root, env=env)
    assert 0 == right.status, right
    assert 1 == right.out.count("Passed")
    document = root / "corpus/documents/example.json"
    document.write_bytes(document.read_bytes().replace(b'"value":"7500000"', b'"value":"75"'))
    wrong = _run(*hooks, cwd=root, env=env)
    assert 1 == wrong.status
    assert "E504" in wrong.out
