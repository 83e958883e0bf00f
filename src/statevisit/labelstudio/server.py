"""A local Label Studio server, installed into an environment of its own.

It listens on 127.0.0.1 and is stopped with all processes that it started. Its packages are pinned,
with hashes, in `server.txt` beside this file; they conflict with those of statevisit.
"""

import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Self

import msgspec
import platformdirs
from msgspec import Struct

from statevisit import files
from statevisit.errors import LabelStudioError

PINS = Path(__file__).with_name("server.txt")

PATIENCE = 300.0
"""Seconds that the server may take to start; the first start on a slow disk takes over a minute."""

_NEEDED = frozenset(
    (
        *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ"),
        *("TMPDIR", "TEMP", "TMP", "LD_LIBRARY_PATH", "SYSTEMROOT", "SYSTEMDRIVE", "WINDIR"),
        *("COMSPEC", "PATHEXT", "USERPROFILE", "USERNAME", "APPDATA", "LOCALAPPDATA"),
    )
)
"""The names of environment variables that the server gets."""

_SECRET = re.compile(
    "TOKEN|SECRET|PASSWORD|PASSWD|CREDENTIAL|API_?KEY|ACCESS_KEY|^HF_", re.IGNORECASE
)

_GRACE = 10
"""Seconds that the server may take to stop before it is killed."""

Say = Callable[[str], None]
"""Called with a line about the progress."""


def environment() -> Path:
    """Return the directory of the server's environment.

    It is in STATEVISIT_CACHE if that is set, else in the user's cache directory.
    """
    version = re.search(r"^label-studio==(\S+)", PINS.read_text(encoding="utf-8"), re.MULTILINE)
    assert version  # server.txt pins it
    cache = os.environ.get("STATEVISIT_CACHE")
    parent = Path(cache) if cache else platformdirs.user_cache_path("statevisit", appauthor=False)
    return parent / f"label-studio-{version[1]}"


def install(say: Say) -> Path:
    """Return the path of the server's program; install it if it is missing or its pins changed.

    Raises LabelStudioError if the installation fails.
    """
    home = environment()
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    program, installed = scripts / "label-studio", home / "pins.sha256"
    digest = sha256(PINS.read_bytes()).hexdigest()
    if installed.is_file() and installed.read_text() == digest:
        return program
    if home.is_dir() and any(home.iterdir()) and not installed.is_file():
        raise LabelStudioError(
            f"{home}: holds files, and statevisit did not install them; move them elsewhere"
        )
    say(f"installing Label Studio into {home} (once; about 1 GB)")
    shutil.rmtree(home, ignore_errors=True)
    files.write(installed, b"not finished")
    _run_installer([sys.executable, "-m", "venv", str(home)], home)
    pip = [str(scripts / "python"), "-m", "pip", "install", "--quiet"]
    options = ["--disable-pip-version-check", "--require-hashes", "--prefer-binary"]
    _run_installer([*pip, *options, "-r", str(PINS)], home)
    files.write(installed, digest.encode())
    return program


def _run_installer(command: list[str], home: Path) -> None:
    """Run a command. Raises LabelStudioError with the errors that it printed if it fails."""
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        errors="replace",
        env={name: value for name, value in os.environ.items() if not _is_secret(name)},
    )
    lines = process.communicate()[1].splitlines()
    if process.returncode:
        errors = [line for line in lines if line.startswith("ERROR")] or lines[-3:]
        reason = " ".join(errors)[:500] or "no reason given"
        raise LabelStudioError(
            f"Label Studio could not be installed into {home}: {reason}; "
            "is there a network, and 1 GB of disk space?"
        )


def _is_secret(name: str) -> bool:
    """Whether a variable holds a secret that is none of pip's."""
    return bool(_SECRET.search(name)) and not name.upper().startswith("PIP_")


def _private(path: str, flags: int) -> int:
    """Open a file that only its owner reads, as `open` expects it of an opener."""
    return os.open(path, flags, 0o600)


def free_port() -> int:
    """Return a port on 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class _Account(Struct, array_like=True):
    """The account of a local server."""

    user: str
    password: str
    token: str


class Local:
    """A running server at `url` with an account: `with Local() as local: ...`; then it is stopped.

    `data` is the directory of its projects, account and log, which the next start uses again; by
    default it is in the user's data directory. Without a `port` it gets a free one. `say` is called
    with lines about the progress. Raises LabelStudioError if the server does not start.
    """

    def __init__(
        self, data: Path | None = None, port: int | None = None, say: Say = lambda line: None
    ) -> None:
        default = platformdirs.user_data_path("statevisit", appauthor=False) / "label-studio"
        self.data = (data or default).absolute()
        self.port, self._say = port, say
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The server's address."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """The id of the server's process while it runs."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def __enter__(self) -> Self:
        program = install(self._say)
        self._make_private_directory()
        account = self._account()
        self.user, self.password, self.token = account.user, account.password, account.token
        if self.port is None:
            self.port = free_port()
        elif self._status("") is not None:
            raise LabelStudioError(
                f"port {self.port} is in use: give another port, or none to get a free one"
            )
        self._say(f"starting Label Studio; its data and log are in {self.data}")
        files.check_output(self._log)
        listen = ["--internal-host", "127.0.0.1", "--port", str(self.port)]
        with open(self._log, "wb", opener=_private) as log:
            self._process = subprocess.Popen(
                [str(program), "start", *listen, "--no-browser"],
                env=self._environment(),
                cwd=self.data,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                umask=0o077 if os.name == "posix" else -1,
            )
        try:
            self._await_start(self._process)
        except BaseException:
            self.stop()
            raise
        return self

    @property
    def _log(self) -> Path:
        return self.data / "statevisit.log"

    def _make_private_directory(self) -> None:
        """Create the data directory, readable by its owner only; keep others' directories."""
        self.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        is_ours = self._account_file.is_file() or not any(self.data.iterdir())
        if is_ours and os.name == "posix":
            self.data.chmod(0o700)

    @property
    def _account_file(self) -> Path:
        return self.data / "statevisit-account.json"

    def _account(self) -> _Account:
        """The account in the data directory; it is created once, readable by its owner only."""
        path = self._account_file
        if not path.is_file():
            account = _Account(
                "annotator@example.org", secrets.token_urlsafe(12), secrets.token_hex(20)
            )
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(msgspec.json.encode(account))
        return msgspec.json.decode(path.read_bytes(), type=_Account)

    def _environment(self) -> dict[str, str]:
        """The server's environment: no telemetry, no version check, no access to the network.

        Of the variables of this process it gets those that a program needs to run. The others may
        hold tokens, or change the server.
        """
        kept = {
            name: value
            for name, value in os.environ.items()
            if name.upper() in _NEEDED or name.startswith("LC_")
        }
        dead_proxy, local_hosts = "http://127.0.0.1:9", "127.0.0.1,localhost"
        return {
            **kept,
            "LABEL_STUDIO_BASE_DATA_DIR": str(self.data),
            "LABEL_STUDIO_USERNAME": self.user,
            "LABEL_STUDIO_PASSWORD": self.password,
            "LABEL_STUDIO_USER_TOKEN": self.token,
            "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
            "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
            "COLLECT_ANALYTICS": "0",
            "LATEST_VERSION_CHECK": "0",
            "SENTRY_DSN": "",
            "FRONTEND_SENTRY_DSN": "",
            "FEATURE_FLAGS_OFFLINE": "1",
            "HTTP_PROXY": dead_proxy,
            "HTTPS_PROXY": dead_proxy,
            "http_proxy": dead_proxy,
            "https_proxy": dead_proxy,
            "NO_PROXY": local_hosts,
            "no_proxy": local_hosts,
        }

    def _status(self, path: str) -> int | None:
        """The HTTP status of the server's answer; None if nothing answers on the port."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self.url}/{path}", timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def _await_start(self, process: subprocess.Popen[bytes]) -> None:
        """Wait until the server answers.

        Raises LabelStudioError, with the last line of its log, if it ends or takes too long.
        """
        deadline = time.monotonic() + PATIENCE
        while self._status("health") != 200:
            if process.poll() is not None or time.monotonic() > deadline:
                log = self._log.read_text(encoding="utf-8", errors="replace").strip()
                last_line = log[log.rfind("\n") + 1 :][:300]
                raise LabelStudioError(
                    f"Label Studio did not start: {last_line} ({self._log} says more)"
                )
            time.sleep(0.5)

    def wait(self) -> int:
        """Wait until Ctrl-C or SIGTERM stops this process, then return 0.

        Raises LabelStudioError if the server ends by itself.
        """
        assert self._process  # it runs inside the `with` block
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            self._process.wait()
        except KeyboardInterrupt:
            return 0
        finally:
            signal.signal(signal.SIGTERM, before)
        raise LabelStudioError(f"Label Studio ended by itself; {self._log} says why")

    def stop(self) -> None:
        """Stop the server and its processes; they get ten seconds before they are killed."""
        if self._process is None:
            return
        for kind in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, kind)
                self._process.wait(_GRACE)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
        self._process.wait()

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._say("stopped")
