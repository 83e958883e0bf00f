"""Dataset repositories on the Hugging Face Hub: downloads of a version, and clear errors.

This is the only module that imports `huggingface_hub`; `release.publish` uses it through this
module.
"""

import hashlib
import os
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Annotated, Any

from msgspec import Meta, Struct, ValidationError, convert

from statevisit import layout
from statevisit.document.codec import read_bytes
from statevisit.document.strict_json import parse
from statevisit.errors import FormatError, MissingExtra, ReleaseError

if TYPE_CHECKING:
    from huggingface_hub import HfApi

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

_NOT_DOWNLOADED = ("corpus/parquet/*", "*.png", "*.svg")
"""Files that documents can be read without; they are most of the bytes."""


_NAME = re.compile(r"(?![A-Za-z]:)[^\x00-\x1f\x7f/\\]{1,255}")
"""A part of a path that is no drive; "." and ".." are excluded besides."""

_LONGEST_PATH = 1000
"""Characters of the longest path in a manifest."""


class _File(Struct, frozen=True):
    path: str
    size: Annotated[int, Meta(ge=0, lt=2**53)]
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]


class _Manifest(Struct, frozen=True):
    """The fields of `release.json` that a download is checked against."""

    version: str
    files: tuple[_File, ...]
    edition: object = None


def client() -> tuple[ModuleType, "HfApi"]:
    """Return (huggingface_hub, its API at HF_ENDPOINT). Raises MissingExtra."""
    try:
        import huggingface_hub as hf
    except ImportError:
        raise MissingExtra("huggingface_hub", "hub") from None
    return hf, hf.HfApi(endpoint=os.environ.get("HF_ENDPOINT"))


def fetched(repo: str, version: str) -> Path:
    """Download a version of a dataset repository and return its corpus root.

    The Parquet files and pictures are left out. The files stay in huggingface_hub's cache, which
    also serves them offline. Raises ReleaseError for an unknown repository or version, for a file
    whose SHA-256 differs from the manifest, for the edition without the text, and for any failure
    of the Hub or the connection; MissingExtra without huggingface_hub.
    """
    hf, api = client()
    with quiet(hf), explained(hf, f"{repo}: version {version} was not fetched", _READING):
        try:
            directory = api.snapshot_download(
                repo,
                repo_type="dataset",
                revision=f"v{version}",
                ignore_patterns=list(_NOT_DOWNLOADED),
            )
        except hf.errors.RevisionNotFoundError:
            tags = api.list_repo_refs(repo, repo_type="dataset").tags
            versions = ", ".join(tag.name.removeprefix("v") for tag in tags) or "none at all"
            raise ReleaseError(f"{repo}: has no version {version}, only {versions}") from None
    root = Path(directory)
    _check_files(root, repo, _full_manifest(root, repo, version))
    return root


def _full_manifest(root: Path, repo: str, version: str) -> _Manifest:
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


def _manifest(path: Path, repo: str, version: str) -> _Manifest | None:
    """Read a manifest that anybody may have written; None without one.

    Raises ReleaseError if it is none, or lists a path that does not lie below the root.
    """
    if not path.is_file():
        return None
    where = f"{repo}: the {layout.RELEASE} of the tag v{version}"
    try:
        manifest = convert(parse(read_bytes(path), str(path)), _Manifest)
    except (ValidationError, FormatError) as error:
        reason = getattr(error, "message", str(error))
        raise ReleaseError(f"{where} is not a manifest ({reason}); {_NOT_A_RELEASE}") from None
    for name, number in Counter(file.path for file in manifest.files).items():
        if not _is_below(name) or number > 1:
            raise ReleaseError(
                f"{where} lists {name[:100]!r}, which is not the path of one file of a release; "
                f"{_NOT_A_RELEASE}"
            )
    return manifest


_NOT_A_RELEASE = "name another repository, or tell whoever published it"


def _is_below(name: str) -> bool:
    """Whether a path, relative with `/`, leads to the same file below a root on every system."""
    parts = name.split("/")
    if len(name) > _LONGEST_PATH or ".." in parts or "." in parts:
        return False
    return all(_NAME.fullmatch(part) for part in parts)


def _check_files(root: Path, repo: str, manifest: _Manifest) -> None:
    """Raise ReleaseError unless the downloaded files are those of the manifest, to the byte."""
    digests = {
        file.path: (file.size, file.sha256)
        for file in manifest.files
        if not any(fnmatch(file.path, pattern) for pattern in _NOT_DOWNLOADED)
    }
    present = {path.relative_to(root).as_posix() for path in (root / layout.DOCUMENTS).glob("*")}
    present |= {name for name in digests if (root / name).is_file()}
    differing = sorted(present ^ digests.keys())
    if differing:
        name = differing[0]
        problem = "is missing" if name in digests else "is not part of it"
        raise ReleaseError(
            f"{repo}: the tag v{manifest.version} is not the release: {name} {problem}; "
            f"{_NOT_A_RELEASE}"
        )
    for name in sorted(digests):
        difference = _difference(read_bytes(root / name), *digests[name])
        if difference:
            raise ReleaseError(
                f"{root / name}: is not the file that version {manifest.version} was released with "
                f"(its {difference} differs): delete it, and try again; if it happens again, "
                f"{repo} was changed on the Hub"
            )


def _difference(data: bytes, size: int, sha256: str) -> str:
    """What the bytes of a file do not have as the manifest states it; "" if they have both."""
    if hashlib.sha256(data).hexdigest() != sha256:
        return "SHA-256"
    return "" if len(data) == size else "size"


@contextmanager
def quiet(hf: ModuleType) -> Iterator[None]:
    """Silence huggingface_hub: no progress bars, and no warning for each attempt.

    A request that the Hub refuses for its rate limit (HTTP 429) fails at once: huggingface_hub
    would wait for minutes.
    """
    logging = hf.utils.logging
    session = hf.get_session()
    verbosity = logging.get_verbosity()
    hooks = session.event_hooks
    has_bars = not hf.utils.are_progress_bars_disabled()

    def fail_at_rate_limit(response: Any) -> None:  # of whichever httpx huggingface_hub uses
        if response.status_code == 429:
            response.read()
            hf.utils.hf_raise_for_status(response)

    logging.set_verbosity_error()
    session.event_hooks = {**hooks, "response": [*hooks.get("response", []), fail_at_rate_limit]}
    if has_bars:
        hf.utils.disable_progress_bars()
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
        session.event_hooks = hooks
        if has_bars:
            hf.utils.enable_progress_bars()


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
    cause: BaseException | None = error
    while cause is not None:  # an upload raises RuntimeError, caused by the exception of interest
        meaning = _meaning(hf, cause, advice)
        if meaning is not None:
            return meaning
        cause = cause.__cause__
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
