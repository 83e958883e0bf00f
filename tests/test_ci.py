"""In other people's CI: the hooks, the reusable workflow and a new repository, each really run."""

import json
import os
import re
import shlex
import shutil
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
from tests.conftest import DOC_ID, ROOT, Result
from tests.repositories import CONFIG, begin, commit

WORKFLOW = ROOT / ".github/workflows/validate-corpus.yml"


def _run(*command: object, cwd: Path, env: dict[str, str], timeout: int = 300) -> Result:
    done = subprocess.run(
        [str(c) for c in command],
        cwd=cwd,
        env=env,
        capture_output=True,
        encoding="utf-8",
        timeout=timeout,
    )
    return Result(done.returncode, done.stdout, done.stderr)


def _checkout(target: Path) -> Path:
    """The files of this checkout as a git repository with one commit, as pre-commit and pip fetch them."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout.decode()
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)
    begin(target)
    commit(target)
    return target


@pytest.fixture(scope="session")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The environment of a machine where statevisit is not installed yet, and pip finds what it needs without a download.

    A virtual environment that sees the packages installed here, and builds with the build tools installed here.
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
    """The `run:` steps of the reusable workflow, run as written with bash, as GitHub runs them: until one fails, then those that always run."""
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
        results[step["name"]] = result = _run(
            "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"], cwd=cwd, env=env
        )
        failed = failed or result.status != 0
    return results


def test_the_workflow_as_written(
    checkout: Path, tmp_path: Path, distribution: Path, elsewhere: dict[str, str]
) -> None:
    """The steps of the reusable workflow install, validate, write SARIF and check the build of a clone; a wrong corpus fails with annotations."""
    begin(checkout)
    commit(checkout)
    inputs = {"statevisit": f"{distribution}[parquet]", "strict": True}
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
    results = _steps(inputs | {"path": str(tmp_path)}, tmp_path, elsewhere)
    assert ["Install statevisit", "Validate", "Write SARIF"] == list(results)
    assert 1 == results["Validate"].status
    assert f"::error file=corpus/documents/{DOC_ID}.json,line=" in results["Validate"].out
    assert ["E504"] == [
        r["ruleId"]
        for r in json.loads((tmp_path / "statevisit.sarif").read_bytes())["runs"][0]["results"]
    ]


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


def test_pre_commit(
    tmp_path: Path, distribution: Path, elsewhere: dict[str, str], checkout: Path
) -> None:
    """pre-commit installs the hooks from this checkout and runs them: a right corpus is committed, a wrong one is not."""
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
    right = _run(
        sys.executable, "-m", "pre_commit", "run", "--all-files", cwd=checkout, env=env, timeout=600
    )
    assert 0 == right.status and 2 == right.out.count("Passed"), right
    document = checkout / f"corpus/documents/{DOC_ID}.json"
    document.write_bytes(
        document.read_bytes().replace(b'"value":"7600000000"', b'"value":"7600000"')
    )
    subprocess.run(["git", "add", "-A"], cwd=checkout, check=True)
    wrong = _run(sys.executable, "-m", "pre_commit", "run", cwd=checkout, env=env)
    assert 1 == wrong.status
    assert 2 == wrong.out.count("Failed")
    assert "E504 The words of the quantity are another number" in wrong.out


def test_init_makes_a_repository_whose_first_commands_pass(
    tmp_path: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new repository validates without a warning and builds; its card, schemas, settings and workflow are there; nothing is overwritten."""
    root = tmp_path / "my-corpus"
    made = cli("init", root)
    assert 0 == made.status
    assert "statevisit validate" in made.out
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
    workflow = yaml.safe_load((root / ".github/workflows/corpus.yml").read_bytes())
    runs = [s["run"] for s in workflow["jobs"]["corpus"]["steps"] if "run" in s]
    assert [
        f"python -m pip install 'statevisit[parquet]=={__version__}' 'pyarrow=={installed('pyarrow')}'",
        "statevisit validate --format github",
        "statevisit build --check",
    ] == runs
    assert f"statevisit=={__version__}" in (root / ".pre-commit-config.yaml").read_text()
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
    (block,) = re.findall(r"^```sh\n(.*?)^```$", (root / "README.md").read_text(), re.M | re.S)
    lines = [shlex.split(line, comments=True) for line in block.splitlines()]
    assert ["pip", "statevisit", "statevisit", "statevisit"] == [words[0] for words in lines]
    assert f"statevisit[parquet,ingest]=={__version__}" == lines[0][-1]
    for words in lines[1:]:
        assert 0 == cli(*words[1:]).status, words


def test_the_workflow_of_a_new_repository_passes(
    tmp_path: Path, distribution: Path, elsewhere: dict[str, str], cli: Callable[..., Result]
) -> None:
    """The steps of the workflow that `init` writes pass after the first build, as written but for where statevisit comes from."""
    root = tmp_path / "my-corpus"
    assert 0 == cli("init", root).status == cli("build", root).status
    workflow = yaml.safe_load((root / ".github/workflows/corpus.yml").read_bytes())
    for step in (s["run"] for s in workflow["jobs"]["corpus"]["steps"] if "run" in s):
        step = step.replace(f"statevisit[parquet]=={__version__}", f"{distribution}[parquet]")
        result = _run(
            "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step, cwd=root, env=elsewhere
        )
        assert 0 == result.status, result
