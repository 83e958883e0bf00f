"""A local Label Studio: installed into an environment of its own, started on 127.0.0.1, stopped with everything it started.

Its packages are pinned, with hashes, in `server.txt` beside this file; they do not go together with statevisit's.
"""

import json
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

from statevisit import files
from statevisit.errors import LabelStudioError

PINS = Path(__file__).with_name("server.txt")

PATIENCE = 300.0
"""Seconds that the server may take to start: the first start on a slow disk takes over a minute."""

Say = Callable[[str], None]


def _home(variable: str, default: str) -> Path:
    return Path(os.environ.get(variable) or Path.home() / default) / "statevisit"


def environment() -> Path:
    """The directory of the server's environment: below STATEVISIT_CACHE, or below the user's cache directory."""
    cache = os.environ.get("STATEVISIT_CACHE")
    version = re.search(r"^label-studio==(\S+)", PINS.read_text(encoding="utf-8"), re.MULTILINE)
    assert version
    return (
        Path(cache) if cache else _home("XDG_CACHE_HOME", ".cache")
    ) / f"label-studio-{version[1]}"


def install(say: Say) -> Path:
    """The server's program, installed where it is missing or its pins have changed. Raises LabelStudioError when it cannot be."""
    home = environment()
    scripts = home / ("Scripts" if os.name == "nt" else "bin")
    program, mark = scripts / "label-studio", home / "pins.sha256"
    digest = sha256(PINS.read_bytes()).hexdigest()
    if mark.is_file() and mark.read_text() == digest:
        return program
    if home.is_dir() and any(home.iterdir()) and not mark.is_file():
        raise LabelStudioError(
            f"{home}: holds files, and statevisit did not install them; move them elsewhere"
        )
    say(f"installing Label Studio into {home} (once; about 1 GB)")
    shutil.rmtree(home, ignore_errors=True)
    files.write(mark, b"not finished")
    for command in (
        [sys.executable, "-m", "venv", str(home)],
        [
            str(scripts / "python"),
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--require-hashes",
            "--prefer-binary",
            "-r",
            str(PINS),
        ],
    ):
        process = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
        )
        lines = process.communicate()[1].splitlines()
        if process.returncode:
            said = [line for line in lines if line.startswith("ERROR")] or lines[-3:]
            raise LabelStudioError(
                f"Label Studio could not be installed into {home}: {' '.join(said)[:500] or 'no reason given'}; is there a network, and 1 GB of disk?"
            )
    files.write(mark, digest.encode())
    return program


def free_port() -> int:
    """A port on 127.0.0.1 that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Local:
    """`with Local() as local:` is a running server at `local.url`, with an account and its token; it is stopped at the end.

    `data` is where it keeps projects, account and log (below the user's data directory where none is named), so
    that the next start goes on with them. Raises LabelStudioError when the server does not start.
    """

    def __init__(
        self, data: Path | None = None, port: int | None = None, say: Say = lambda line: None
    ) -> None:
        self.data = (data or _home("XDG_DATA_HOME", ".local/share") / "label-studio").absolute()
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
        self.data.mkdir(parents=True, exist_ok=True)
        self.user, self.password, self.token = self._account()
        if self.port is None:
            self.port = free_port()
        elif self._answers("") is not None:
            raise LabelStudioError(
                f"port {self.port} is taken: name another, or none to have a free one"
            )
        self._say(f"starting Label Studio; its data and log are in {self.data}")
        command = [
            str(program),
            "start",
            "--internal-host",
            "127.0.0.1",
            "--port",
            str(self.port),
            "--no-browser",
        ]
        files.check_output(self._log)
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command,
                env=self._environment(),
                cwd=self.data,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._await()
        except BaseException:
            self.stop()
            raise
        return self

    @property
    def _log(self) -> Path:
        return self.data / "statevisit.log"

    def _account(self) -> tuple[str, str, str]:
        """The account's address, password and token, made with the data directory and readable by its owner only."""
        path = self.data / "statevisit-account.json"
        if not path.is_file():
            account = ("annotator@example.org", secrets.token_urlsafe(12), secrets.token_hex(20))
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
                json.dump(account, file)
        user, password, token = json.loads(path.read_text())
        return user, password, token

    def _environment(self) -> dict[str, str]:
        """No telemetry, no version check, no way out to the network."""
        nowhere = "http://127.0.0.1:9"
        return {
            **{
                k: v
                for k, v in os.environ.items()
                if not k.startswith(("LABEL_STUDIO_", "PYTHON", "DJANGO_"))
            },
            "LABEL_STUDIO_BASE_DATA_DIR": str(self.data),
            "LABEL_STUDIO_USERNAME": self.user,
            "LABEL_STUDIO_PASSWORD": self.password,
            "LABEL_STUDIO_USER_TOKEN": self.token,
            "LABEL_STUDIO_ENABLE_LEGACY_API_TOKEN": "true",
            "LABEL_STUDIO_DISABLE_SIGNUP_WITHOUT_LINK": "true",
            **dict.fromkeys(("COLLECT_ANALYTICS", "LATEST_VERSION_CHECK"), "0"),
            **dict.fromkeys(("SENTRY_DSN", "FRONTEND_SENTRY_DSN"), ""),
            "FEATURE_FLAGS_OFFLINE": "1",
            **dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"), nowhere),
            **dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost"),
        }

    def _answers(self, path: str) -> int | None:
        """The status that the port answers with; None where nobody does."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(f"{self.url}/{path}", timeout=5) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    def _await(self) -> None:
        """Wait until the server answers. Raises LabelStudioError, with the end of its log, when it ends or takes too long."""
        assert self._process
        deadline = time.monotonic() + PATIENCE
        while self._answers("health") != 200:
            if self._process.poll() is not None or time.monotonic() > deadline:
                last = (
                    self._log.read_text(encoding="utf-8", errors="replace")
                    .strip()
                    .splitlines()[-1:]
                )
                raise LabelStudioError(
                    f"Label Studio did not start: {''.join(last)[:300]} ({self._log} says more)"
                )
            time.sleep(0.5)

    def wait(self) -> int:
        """Wait until someone stops this process with Ctrl-C or SIGTERM: 0. Raises LabelStudioError when the server ends by itself."""
        assert self._process
        before = signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            self._process.wait()
            raise LabelStudioError(f"Label Studio ended by itself; {self._log} says why")
        except KeyboardInterrupt:
            return 0
        finally:
            signal.signal(signal.SIGTERM, before)

    def stop(self) -> None:
        """Stop the server and what it started; they get ten seconds to end well."""
        if self._process is None:
            return
        for kind in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self._process.pid, kind)
                self._process.wait(10)
            except (ProcessLookupError, subprocess.TimeoutExpired):
                continue
        self._process.wait()

    def __exit__(self, *_: object) -> None:
        self.stop()
        self._say("stopped")
