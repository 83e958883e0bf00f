"""The command line in a shell: failing streams, exit statuses, tab completion, environment."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from statevisit.cli.overview import COMMANDS
from statevisit.corpus.settings import FORMATS
from tests.conftest import PATIENCE, ROOT, Result, forget_the_machine

PASSES = ("corpus/annotators/a", "corpus/annotators/b")
WRONG = "tests/data/invalid/E103-1.json"
PRINTING = [
    [],
    ["-h"],
    ["--help"],
    ["--version"],
    ["validate", "--help"],
    ["label-studio", "-h"],
    ["show"],
    ["stats"],
    ["stats", "--json"],
    ["explain"],
    ["diff", *PASSES],
    ["diff", *PASSES, "--format", "json"],
    ["diff", *PASSES, "--format", "html"],
    ["score", *PASSES, "--resamples", "0"],
    ["score", *PASSES, "--resamples", "0", "--json"],
    ["label-studio", "config"],
    ["label-studio", "export"],
    *(["validate", WRONG, "--format", name] for name in FORMATS),
    ["validate", WRONG, "--statistics"],
]
"""Command lines that print, one for each way of printing and each output format."""

SHELLS = ("bash", "zsh", "fish")

FULL = "statevisit: standard output: the disk is full\n"


UNBUFFERED = pytest.param({"PYTHONUNBUFFERED": "1"}, id="unbuffered", marks=pytest.mark.slow)


@pytest.fixture(params=[pytest.param({}, id="buffered"), UNBUFFERED])
def buffering(request: pytest.FixtureRequest) -> dict[str, str]:
    """The environment of a child, once without and once with PYTHONUNBUFFERED."""
    return request.param


def _run(
    *arguments: str, stdout: int = subprocess.PIPE, stderr: int = subprocess.PIPE, **env: str
) -> Result:
    """Run the command line in a process whose output may go to a file descriptor."""
    done = subprocess.run(
        [sys.executable, "-m", "statevisit", *arguments],
        cwd=ROOT,
        env=os.environ | env,
        stdout=stdout,
        stderr=stderr,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    return Result(done.returncode, done.stdout or "", done.stderr or "")


@pytest.fixture
def full() -> Iterator[int]:
    """A file descriptor on a full disk."""
    descriptor = os.open("/dev/full", os.O_WRONLY)
    yield descriptor
    os.close(descriptor)


@pytest.fixture
def unread() -> Iterator[int]:
    """The writing end of a pipe that nobody reads."""
    reader, writer = os.pipe()
    os.close(reader)
    yield writer
    os.close(writer)


@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
@pytest.mark.slow
def test_an_output_that_is_full(arguments: list[str], buffering: dict[str, str], full: int) -> None:
    """A full disk under standard output gives one line and status 1, whatever is printed."""
    assert Result(1, "", FULL) == _run(*arguments, stdout=full, **buffering)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_completion_script_that_cannot_be_written(
    shell: str, buffering: dict[str, str], full: int
) -> None:
    """A completion script never ends in the middle with status 0."""
    result = _run(_STATEVISIT_COMPLETE=f"{shell}_source", stdout=full, **buffering)
    assert Result(1, "", FULL) == result


@pytest.mark.parametrize("arguments", PRINTING, ids=" ".join)
@pytest.mark.slow
def test_a_reader_that_is_gone(
    arguments: list[str], buffering: dict[str, str], unread: int
) -> None:
    """A reader that went away ends the program quietly, as SIGPIPE ends others."""
    result = _run(*arguments, stdout=unread, **buffering)
    assert Result(128 + signal.SIGPIPE, "", "") == result


def test_a_reader_that_leaves_in_the_middle(buffering: dict[str, str]) -> None:
    """`statevisit show | head -1` ends quietly."""
    process = subprocess.Popen(
        [sys.executable, "-m", "statevisit", "show"],
        cwd=ROOT,
        env=os.environ | buffering,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline()
    process.stdout.close()
    assert b"" == process.stderr.read()
    assert 128 + signal.SIGPIPE == process.wait(timeout=PATIENCE)
    process.stderr.close()


@pytest.mark.parametrize(
    "arguments", [["show"], ["diff", *PASSES, "--format", "json"]], ids=" ".join
)
def test_a_disk_that_takes_the_first_part_only(
    arguments: list[str], buffering: dict[str, str], tmp_path: Path
) -> None:
    """Where only a part of the output can be written, the status says so."""
    output = tmp_path / "output"
    command = [sys.executable, "-B", "-m", "statevisit", *arguments]  # no bytecode cut short
    done = subprocess.run(
        ["bash", "-c", 'ulimit -f 4; exec "$@" >"$0"', output, *command],
        cwd=ROOT,
        env=os.environ | buffering,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    message = "statevisit: standard output: larger than a file may be here (ulimit -f)\n"
    assert (1, message) == (done.returncode, done.stderr)
    assert 4096 == output.stat().st_size


@pytest.mark.slow
@pytest.mark.parametrize(
    ("status", "arguments"),
    [
        (0, ["stats"]),
        (0, []),
        (1, ["show", "nothing"]),
        (1, ["validate", "nowhere"]),
        (1, ["validate", WRONG]),
        (2, ["nothing"]),
        (2, ["validate", "--nothing"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else str(value),
)
def test_a_standard_error_that_cannot_be_written(
    status: int, arguments: list[str], buffering: dict[str, str], full: int, unread: int
) -> None:
    """The exit status is that of the command where its messages get lost."""
    expected = _run(*arguments, **buffering)
    assert status == expected.status
    for descriptor in (full, unread):
        result = _run(*arguments, stderr=descriptor, **buffering)
        assert (status, expected.out) == (result.status, result.out)


def test_both_streams_full(buffering: dict[str, str], full: int) -> None:
    """Where neither output nor message can be written, the status still says that it failed."""
    for arguments in ([], ["--version"], ["show"], ["stats"], ["validate", WRONG]):
        assert 1 == _run(*arguments, stdout=full, stderr=full, **buffering).status, arguments


@pytest.mark.parametrize("arguments", [[], ["--version"], ["show"], ["validate", "nowhere"]])
@pytest.mark.slow
def test_streams_that_are_closed(arguments: list[str], buffering: dict[str, str]) -> None:
    """`statevisit >&- 2>&-` prints nothing and keeps its status."""
    expected = _run(*arguments, **buffering)
    for closed, out, err in (
        (">&-", "", expected.err),
        ("2>&-", expected.out, ""),
        (">&- 2>&-", "", ""),
    ):
        done = subprocess.run(
            [
                "bash",
                "-c",
                f'exec "$@" {closed}',
                "",
                sys.executable,
                "-m",
                "statevisit",
                *arguments,
            ],
            cwd=ROOT,
            env=os.environ | buffering,
            capture_output=True,
            encoding="utf-8",
            timeout=PATIENCE,
        )
        assert (expected.status, out, err) == (done.returncode, done.stdout, done.stderr), closed


def test_what_was_written_before_the_output_failed(tmp_path: Path, full: int) -> None:
    """A command that did its work and cannot report it does not claim that nothing was changed."""
    assert Result(1, "", FULL) == _run("init", str(tmp_path / "mine"), stdout=full)
    assert (tmp_path / "mine/corpus").is_dir()


@pytest.mark.parametrize("option", ["-h", "--help"])
@pytest.mark.parametrize(
    "words",
    [
        *([name] for name in COMMANDS),
        *(
            ["label-studio", name]
            for name in ("config", "export", "import", "push", "pull", "serve")
        ),
    ],
    ids=" ".join,
)
def test_both_options_for_help(words: list[str], option: str, cli: Callable[..., Result]) -> None:
    """`-h` and `--help` explain every command and subcommand, and the help names both."""
    result = cli(*words, option)
    assert (0, "") == (result.status, result.err)
    assert result.out.startswith(f"Usage: statevisit {' '.join(words)} ")
    assert re.search(r"^  -h, --help  ", result.out, re.MULTILINE)


def _complete(shell: str, line: str) -> list[str]:
    """The completions of a line's last word, which may be empty, as a shell asks for them."""
    words = line.split(" ")
    current = words[-1] if shell == "fish" else str(len(words) - 1)
    result = _run(_STATEVISIT_COMPLETE=f"{shell}_complete", COMP_WORDS=line, COMP_CWORD=current)
    assert (0, "") == (result.status, result.err)
    return result.out.splitlines()


COMPLETIONS = {
    "statevisit ": [f"plain,{name}" for name in COMMANDS],
    "statevisit sco": ["plain,score"],
    "statevisit --v": ["plain,--version"],
    "statevisit label-studio pu": ["plain,pull", "plain,push"],
    "statevisit validate --st": ["plain,--strict", "plain,--statistics"],
    "statevisit validate --format s": ["plain,sarif"],
    "statevisit show --layer quo": ["plain,quotations"],
    "statevisit validate corp": ["file,corp"],
    "statevisit show corp": ["file,corp"],
    "statevisit diff v1.0.0 corp": ["file,corp"],
    "statevisit diff corp": ["file,corp"],
    "statevisit score --html pag": ["file,pag"],
    "statevisit label-studio import exp": ["file,exp"],
    "statevisit restore ": ["dir,"],
    "statevisit --version ": [f"plain,{name}" for name in COMMANDS],
}
"""A typed line, and the answer to bash: subcommands, options, choices, files or directories."""


@pytest.mark.slow
@pytest.mark.parametrize("line", COMPLETIONS)
def test_bash_completes(line: str) -> None:
    """Subcommands, options, the values of choices, and files are completed."""
    assert COMPLETIONS[line] == _complete("bash", line)


def test_zsh_and_fish_complete() -> None:
    """The other shells get the same completions, with the first sentence of a command's help."""
    help_text = COMMANDS["score"].split(":")[0]
    kind, name, description = _complete("zsh", "statevisit sco")
    assert ("plain", "score") == (kind, name)
    assert description.startswith(help_text)
    assert _complete("fish", "statevisit sco")[0].startswith(f"plain,score\t{help_text}")


def test_completion_scripts() -> None:
    """Each shell's script asks this program for completions and is bound to its name."""
    for shell, binding in (
        ("bash", "complete -o nosort -F _statevisit_completion statevisit"),
        ("zsh", "compdef _statevisit_completion statevisit"),
        ("fish", "complete --no-files --command statevisit"),
    ):
        result = _run(_STATEVISIT_COMPLETE=f"{shell}_source")
        assert (0, "") == (result.status, result.err)
        assert binding in result.out
        assert f"_STATEVISIT_COMPLETE={shell}_complete" in result.out


@pytest.fixture(scope="session")
def interactive(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment whose `statevisit` completes, and prints its arguments instead of running."""
    script = tmp_path_factory.mktemp("bin") / "statevisit"
    settings = script.with_name("inputrc")
    settings.touch()
    script.write_text(
        "#!/bin/sh\n"
        f'[ -n "$_STATEVISIT_COMPLETE" ] && exec "{sys.executable}" -m statevisit "$@"\n'
        """printf 'RUN<%s>\\n' "$*"\n"""
    )
    script.chmod(0o755)
    quiet = {"TERM": "dumb", "INPUTRC": str(settings), "HISTFILE": "", "PS1": "$ "}
    return os.environ | quiet | {"PATH": f"{script.parent}{os.pathsep}{os.environ['PATH']}"}


@pytest.fixture(scope="session")
def switching_on() -> str:
    """The command that the overview names, which switches completion on in bash."""
    command = re.search(r"eval .*?\)\"", _run("--help").out)
    assert command is not None
    return command[0]


def _bash(script: str, env: dict[str, str]) -> str:
    """What a script prints in bash."""
    done = subprocess.run(
        ["bash", "--norc", "--noprofile", "-c", script],
        env=env,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    assert (0, "") == (done.returncode, done.stderr)
    return done.stdout


def test_bash_calls_the_function(interactive: dict[str, str], switching_on: str) -> None:
    """The command in the overview binds a function, which completes what bash asks for."""
    binding = "complete -o nosort -F _statevisit_completion statevisit\n"
    assert binding == _bash(f"{switching_on}; complete -p statevisit", interactive)
    for line, expected in (
        ("sco", "score\n"),
        ("label-studio pu", "pull\npush\n"),
        ("validate --st", "--strict\n--statistics\n"),
        ("validate --format s", "sarif\n"),
    ):
        words = f"COMP_WORDS=(statevisit {line}) COMP_CWORD={len(line.split())}"
        call = f"{words}; _statevisit_completion statevisit; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        assert expected == _bash(f"{switching_on}; {call}", interactive), line


@pytest.mark.parametrize(
    ("typed", "line"),
    [
        ("val\tfir\t", "validate first.json"),
        ("show --lay\tquo\t", "show --layer quotations"),
        ("diff v1.0.0 sec\t", "diff v1.0.0 second.json"),
    ],
)
def test_the_tab_key_in_bash(
    typed: str, line: str, interactive: dict[str, str], switching_on: str, tmp_path: Path
) -> None:
    """What the tab key adds in a terminal, file names among it."""
    for name in ("first.json", "second.json"):
        (tmp_path / name).touch()
    parent, child = pty.openpty()
    process = subprocess.Popen(
        ["bash", "--norc", "--noprofile", "-i"],
        cwd=tmp_path,
        env=interactive,
        stdin=child,
        stdout=child,
        stderr=child,
        start_new_session=True,
    )
    os.close(child)
    try:
        os.write(parent, f"{switching_on}\nstatevisit {typed}\n".encode())
        assert f"RUN<{line}>" in _read_until(parent, re.compile(r"RUN<.*>"))
    finally:
        process.kill()
        process.wait(timeout=PATIENCE)
        os.close(parent)


def _read_until(terminal: int, pattern: re.Pattern[str]) -> str:
    """What a terminal shows up to a pattern."""
    shown, deadline = "", time.monotonic() + PATIENCE
    while not pattern.search(shown) and time.monotonic() < deadline:
        if select.select([terminal], [], [], 1)[0]:
            shown += os.read(terminal, 65536).decode()
    return shown


KEPT = {
    "PATH",
    "HOME",
    "TMPDIR",
    "PIP_INDEX_URL",
    "PIP_FIND_LINKS",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "http_proxy",
    "HTTP_PROXY",
    "https_proxy",
    "HTTPS_PROXY",
    "no_proxy",
    "NO_PROXY",
}
"""Variables that `.ci/run` hands on: where things are, and what pip needs to reach its index."""

DROPPED = (
    "PYTHONUNBUFFERED",
    "PYTHONPATH",
    "FORCE_COLOR",
    "NO_COLOR",
    "COLUMNS",
    "LC_ALL",
    "HF_TOKEN",
    "GIT_DIR",
    "XDG_CACHE_HOME",
    "STATEVISIT_CACHE",
    "PIPELINE",
    "BASH_FUNC_python3%%",
)


def test_ci_begins_in_an_environment_of_its_own(tmp_path: Path) -> None:
    """`.ci/run` starts the tests without the machine's variables, whatever the values are."""
    stub = tmp_path / "python3"
    stub.write_text("#!/bin/sh\nprintf '%s\\0' \"$*\"\nexec env -0\n")
    stub.chmod(0o755)
    awkward = {name: f'{name} \'of\n"this machine" $HOME *' for name in KEPT}
    awkward["PATH"] = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    dropped = dict.fromkeys(DROPPED, "C") | {"LANG": "tr_TR.ISO-8859-9", "CI": "no"}
    done = subprocess.run(
        ["bash", ROOT / ".ci/run"],
        cwd=tmp_path,
        env=awkward | dropped,
        capture_output=True,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    assert (0, "") == (done.returncode, done.stderr)
    arguments, *variables = done.stdout.removesuffix("\0").split("\0")
    assert "scripts/test.py" == arguments
    passed_on = dict(variable.split("=", 1) for variable in variables)
    for name in ("_", "PWD", "OLDPWD", "SHLVL"):  # bash sets them itself
        passed_on.pop(name, None)
    assert awkward | {"LANG": "C.UTF-8", "CI": "true"} == passed_on


def test_the_tests_do_not_depend_on_the_machine() -> None:
    """The tests run without the variables that differ between machines, except those of places."""
    places = {"PATH": "/bin", "HOME": "/", "PYTHONPATH": "src", "STATEVISIT_CACHE": "/cache"}
    environment = places | dict.fromkeys(
        (
            "PYTHONUNBUFFERED",
            "PYTHONWARNINGS",
            "FORCE_COLOR",
            "TTY_COMPATIBLE",
            "COLUMNS",
            "LC_ALL",
            "HF_TOKEN",
            "GIT_DIR",
            "XDG_CONFIG_HOME",
            "_STATEVISIT_COMPLETE",
        ),
        "1",
    )
    forget_the_machine(environment)
    assert places == environment
    assert "PYTHONUNBUFFERED" not in os.environ
