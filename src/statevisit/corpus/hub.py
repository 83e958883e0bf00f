"""Dataset repositories on the Hugging Face Hub: downloads of a version, and clear errors.

This is the only module that imports `huggingface_hub`; `publishing.publish` uses it through this
module.
"""

import os
import re
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeVar

from statevisit import layout
from statevisit.corpus.manifest import Manifest, ManifestFile, parsed
from statevisit.document.codec import read_bytes
from statevisit.errors import FormatError, MissingExtra, ReleaseError
from statevisit.files import sha256_of

if TYPE_CHECKING:
    from huggingface_hub import HfApi

Returned = TypeVar("Returned")

ATTEMPTS = 5
"""How often a step is tried that fails for a reason which passes."""

LONGEST_WAIT = 300
"""Seconds to wait at most before the next attempt: the Hub counts requests for five minutes."""

PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""HTTP statuses of failures that pass."""

_WRITING = {
    401: "not logged in: `hf auth login` with a token that may write, or set HF_TOKEN",
    403: "this token has no write access: use another token, or another --repo",
    404: (
        "this token sees no such repository: check that the owner exists and that you may write "
        "there"
    ),
    409: "somebody else changed the repository meanwhile: run the command again",
    412: "somebody else changed the repository meanwhile: run the command again",
    413: "a file is larger than the Hub accepts",
    429: "the Hub limits the number of requests: wait a few minutes, then run the command again",
}
"""What to do about an HTTP status when writing to a repository."""

_HIDDEN = (
    "no such dataset repository, or this token may not see it: check the name, run `hf auth "
    "login`, or set HF_TOKEN"
)
_READING = _WRITING | {
    401: _HIDDEN,  # the Hub gives this answer for an unknown repository too
    403: (
        "this token has no read access: ask for access on the page of the repository, or use "
        "another token"
    ),
    404: _HIDDEN,
}
"""What to do about an HTTP status when reading from a repository."""

_PICTURES = ("*.png", "*.svg")
DOCUMENTS_ONLY = (f"{layout.PARQUET}/*", *_PICTURES)
"""The files that documents can be read without; they are most of the bytes."""

PARQUET_ONLY = (f"{layout.DOCUMENTS}/*", f"{layout.ANNOTATIONS}/*", *_PICTURES)
"""The files that the tables can be read without."""


def client() -> tuple[ModuleType, "HfApi"]:
    """Return (huggingface_hub, its API at HF_ENDPOINT). Raises MissingExtra."""
    try:
        import huggingface_hub as hf
    except ImportError:
        raise MissingExtra("huggingface_hub", "hub") from None
    return hf, hf.HfApi(endpoint=os.environ.get("HF_ENDPOINT"))


def fetched(repo: str, version: str, left_out: Sequence[str] = DOCUMENTS_ONLY) -> Path:
    """Download a version of a dataset repository and return its corpus root.

    Files that match a pattern of `left_out` are not downloaded: by default the Parquet files and
    pictures. The files stay in huggingface_hub's cache, which also serves them offline. Raises
    ReleaseError for an unknown repository or version, for a file whose SHA-256 differs from the
    manifest, for the edition without the text, and for any failure of the Hub or the connection;
    MissingExtra without huggingface_hub.
    """
    hf, api = client()
    with quiet(hf), explained(hf, f"{repo}: version {version} was not fetched", _READING):
        try:
            directory = api.snapshot_download(
                repo,
                repo_type="dataset",
                revision=f"v{version}",
                ignore_patterns=list(left_out),
            )
        except hf.errors.RevisionNotFoundError:
            tags = api.list_repo_refs(repo, repo_type="dataset").tags
            versions = ", ".join(tag.name.removeprefix("v") for tag in tags) or "none at all"
            raise ReleaseError(f"{repo}: has no version {version}, only {versions}") from None
    root = Path(directory)
    _check_files(root, repo, _full_manifest(root, repo, version), left_out)
    return root


def _full_manifest(root: Path, repo: str, version: str) -> Manifest:
    """Return the manifest. Raises ReleaseError if it is not that of a version with its text."""
    manifest = _manifest(root / layout.RELEASE, repo, version)
    if manifest is None or manifest.version != version:
        raise ReleaseError(
            f"{repo}: the tag v{version} has no {layout.RELEASE} of this version, so it is not "
            "a release of a corpus: name another repository"
        )
    if manifest.edition is not None:
        raise ReleaseError(
            f"{repo}: holds version {version} without its text: `hf download {repo} --repo-type "
            f"dataset --revision v{version} --local-dir DIR`, then `statevisit restore DIR --text "
            "SEED -o FULL` with the source text, and load FULL"
        )
    return manifest


def _manifest(path: Path, repo: str, version: str) -> Manifest | None:
    """Read a manifest that anybody may have written; None without one.

    Raises ReleaseError if it is none, or lists a path that does not lie below the root.
    """
    if not path.is_file():
        return None
    try:
        return parsed(read_bytes(path), str(path))
    except FormatError as error:
        reason = getattr(error, "message", str(error))
        raise ReleaseError(
            f"{repo}: the {layout.RELEASE} of the tag v{version} is not a manifest ({reason}); "
            f"{_NOT_A_RELEASE}"
        ) from None


_NOT_A_RELEASE = "name another repository, or tell whoever published it"


def _check_files(root: Path, repo: str, manifest: Manifest, left_out: Sequence[str]) -> None:
    """Raise ReleaseError unless the downloaded files are those of the manifest, to the byte."""

    def is_downloaded(name: str) -> bool:
        return not any(fnmatch(name, pattern) for pattern in left_out)

    listed = {file.path: file for file in manifest.files if is_downloaded(file.path)}
    data = [*(root / layout.DOCUMENTS).glob("*"), *(root / layout.PARQUET).glob("*/*")]
    # The cache may hold what an earlier call downloaded.
    present = set(filter(is_downloaded, (path.relative_to(root).as_posix() for path in data)))
    present |= {name for name in listed if (root / name).is_file()}
    differing = sorted(present ^ listed.keys())
    if differing:
        name = differing[0]
        problem = "is missing" if name in listed else "is not part of it"
        raise ReleaseError(
            f"{repo}: the tag v{manifest.version} is not the release: {name} {problem}; "
            f"{_NOT_A_RELEASE}"
        )
    for name in sorted(listed):
        difference = _difference(root / name, listed[name])
        if difference:
            raise ReleaseError(
                f"{root / name}: is not the file that version {manifest.version} was released with "
                f"(its {difference} differs): delete it, and try again; if it happens again, "
                f"{repo} was changed on the Hub"
            )


def _difference(path: Path, file: ManifestFile) -> str:
    """What a file does not have as the manifest states it; "" if it has both."""
    if sha256_of(path) != file.sha256:
        return "SHA-256"
    return "" if path.stat().st_size == file.size else "size"


@contextmanager
def quiet(hf: ModuleType, at_once: Collection[int] = (429,)) -> Iterator[None]:
    """Silence huggingface_hub: no progress bars, and no warning for each attempt.

    A request that the Hub answers with a status of `at_once` fails at once. By default this is the
    status of the rate limit, for which huggingface_hub would wait for minutes.
    """
    logging = hf.utils.logging
    session = hf.get_session()
    verbosity = logging.get_verbosity()
    hooks = session.event_hooks
    has_bars = not hf.utils.are_progress_bars_disabled()

    def fail_at_once(response: Any) -> None:  # of whichever httpx huggingface_hub uses
        if response.status_code in at_once:
            response.read()
            hf.utils.hf_raise_for_status(response)

    logging.set_verbosity_error()
    session.event_hooks = {**hooks, "response": [*hooks.get("response", []), fail_at_once]}
    if has_bars:
        hf.utils.disable_progress_bars()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        session.event_hooks = hooks
        if has_bars:
            hf.utils.enable_progress_bars()


def patiently(hf: ModuleType, step: Callable[[], Returned]) -> Returned:
    """Return what `step` returns, which is tried up to ATTEMPTS times while its failure may pass.

    These failures are rate limits, problems of the Hub and broken connections. The wait before the
    next attempt is the one that the Hub asks for, else 1, 2, 4 and 8 seconds. Raises the last
    failure; at once if the Hub asks for more than LONGEST_WAIT. A step that changes something has
    to find out by itself if only the answer to the attempt before was lost.
    """
    for attempt in range(ATTEMPTS - 1):
        try:
            with quiet(hf, PASSING):
                return step()
        except Exception as error:
            seconds = _wait(error, attempt)
            if seconds is None:
                raise
        time.sleep(seconds)
    with quiet(hf, PASSING):
        return step()


@contextmanager
def without_xet(hf: ModuleType) -> Iterator[Callable[[], None]]:
    """A function that makes huggingface_hub upload over HTTP, not Xet, until the block ends."""
    before = hf.constants.HF_HUB_DISABLE_XET

    def disable() -> None:
        hf.constants.HF_HUB_DISABLE_XET = True

    try:
        yield disable
    finally:
        hf.constants.HF_HUB_DISABLE_XET = before


def refused_by_xet(hf: ModuleType, error: BaseException) -> bool:
    """Whether Xet may have failed where an upload over HTTP may not.

    Xet tries again by itself. Its exceptions hold no answer of the Hub and are of Python itself.
    """
    is_own = all(type(cause).__module__ == "builtins" for cause in _causes(error))
    is_file = isinstance(error, OSError) and error.filename is not None
    return is_own and not is_file and not hf.constants.HF_HUB_DISABLE_XET


def _wait(error: BaseException, attempt: int) -> int | None:
    """Return the seconds to wait after a failed attempt, counted from 0; None if it is final."""
    for cause in _causes(error):
        response = getattr(cause, "response", None)
        if response is None:
            if isinstance(cause, _transport_error() | ConnectionError | TimeoutError):
                return int(2**attempt)
            continue
        if response.status_code not in PASSING:
            return None
        seconds = _asked_wait(response.headers)
        if seconds is None:
            return int(2**attempt)
        return seconds if seconds <= LONGEST_WAIT else None
    return None


def _asked_wait(headers: Any) -> int | None:
    """Return the seconds that the headers of an answer ask to wait; None if they do not.

    The Hub states its rate limit as `ratelimit: "api";r=0;t=55`: no request is left for 55 seconds.
    """
    asked = headers.get("retry-after", "").strip()
    if asked.isdecimal():
        return int(asked)
    limit = re.search(r";\s*r=0\s*;\s*t=([0-9]+)", headers.get("ratelimit", ""))
    return int(limit[1]) if limit else None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and its causes: an upload raises RuntimeError, caused by the real one."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__


@contextmanager
def explained(hf: ModuleType, state: str, advice: dict[int, str] = _WRITING) -> Iterator[None]:
    """Turn any exception of huggingface_hub into a ReleaseError of one line.

    The line gives the `state` of the work, the reason, and what to do, which `advice` gives for an
    HTTP status.
    """
    try:
        yield
    except ReleaseError:
        raise
    except KeyboardInterrupt:
        raise ReleaseError(f"{state}: stopped: run the command again to do the rest") from None
    except Exception as error:
        raise ReleaseError(f"{state}{_reason(hf, error, advice)}") from error


def _reason(hf: ModuleType, error: Exception, advice: dict[int, str]) -> str:
    """Return the meaning of the first exception in the chain of causes that has one."""
    for cause in _causes(error):
        meaning = _meaning(hf, cause, advice)
        if meaning is not None:
            return meaning
    return f": {type(error).__name__}: {_line(error)}"


def _meaning(hf: ModuleType, error: BaseException, advice: dict[int, str]) -> str | None:
    """Return what an exception means to the user; None if it means nothing by itself."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return f" (HTTP {status}): {_advice(status, error, advice)}"
    if isinstance(error, hf.errors.OfflineModeIsEnabled):
        return ": huggingface_hub is told to stay offline: unset HF_HUB_OFFLINE"
    if isinstance(error, _transport_error() | ConnectionError | TimeoutError):
        return (
            f": the connection broke ({type(error).__name__}): run the command again to do the rest"
        )
    if isinstance(error, hf.errors.HFValidationError):
        return f": not a valid repository name: {_line(error)}"
    if isinstance(error, OSError) and error.filename:
        return f": {error.filename}: {error.strerror}"
    if isinstance(error, ValueError):
        return f": the Hub's answer: {_line(error)}"
    return None


def _advice(status: int, error: BaseException, advice: dict[int, str]) -> str:
    if status in advice:
        return advice[status]
    if status >= 500:
        return "the Hub has a problem: run the command again later"
    return _line(error)


def _transport_error() -> type[Exception]:
    """Return the exception of a broken connection, from whichever httpx huggingface_hub uses."""
    try:
        import httpx2
    except ImportError:
        import httpx

        return httpx.TransportError
    return httpx2.TransportError


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())
