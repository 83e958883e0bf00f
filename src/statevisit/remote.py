"""Dataset repositories on the Hugging Face Hub: a version that is there, and what the Hub's failures mean to a person.

The only module that imports `huggingface_hub`, which `publish` uses through it; `hub` is about `datasets`.
"""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from statevisit import resources
from statevisit.codec import read_bytes
from statevisit.errors import MissingExtra, ReleaseError
from statevisit.strict_json import parse

_WRITING = {
    401: "not logged in: `hf auth login` with a token that may write, or set HF_TOKEN",
    403: "this token may not write there: take one with write access, or another --repo",
    404: "no such repository for this token: see that the owner exists and that you may write there",
    409: "somebody else changed the repository meanwhile: run the command again",
    412: "somebody else changed the repository meanwhile: run the command again",
    413: "a file is larger than the Hub takes",
    429: "the Hub asks for fewer requests: wait some minutes, and run the command again",
}

_HIDDEN = "no such dataset repository, or none that this token may see: see that the name is right, or `hf auth login`, or set HF_TOKEN"
_READING = _WRITING | {
    401: _HIDDEN,  # the Hub's answer for a repository that is not there, too
    403: "this token may not read there: ask for access on its page on the Hub, or take another token",
    404: _HIDDEN,
}

_UNREAD = ("corpus/parquet/*", "*.png", "*.svg")
"""What documents can be read without, and most of what there is to send."""


def client() -> tuple[Any, Any]:
    """(huggingface_hub, its API at HF_ENDPOINT). Raises MissingExtra."""
    try:
        import huggingface_hub as hf
    except ImportError:
        raise MissingExtra("huggingface_hub", "hub") from None
    return hf, hf.HfApi(endpoint=os.environ.get("HF_ENDPOINT"))


def fetched(repo: str, version: str) -> Path:
    """The corpus root that was published as a version of a dataset repository, without its Parquet and pictures.

    It is in huggingface_hub's cache, so a second time nothing is sent again, and offline it is there. Every file is held
    against the SHA-256 in its manifest. Raises ReleaseError for a repository or version that is not there, files that
    are not those of the manifest, the edition without the text, and whatever goes wrong on the way; MissingExtra.
    """
    hf, api = client()
    with quiet(hf), explained(hf, f"{repo}: version {version} was not fetched", _READING):
        try:
            place = Path(
                api.snapshot_download(
                    repo, repo_type="dataset", revision=f"v{version}", ignore_patterns=list(_UNREAD)
                )
            )
        except hf.errors.RevisionNotFoundError:
            there = [
                t.name.removeprefix("v") for t in api.list_repo_refs(repo, repo_type="dataset").tags
            ]
            raise ReleaseError(
                f"{repo}: has no version {version}, only {', '.join(there) or 'none at all'}"
            ) from None
    _require_published(place, repo, version)
    return place


def _require_published(place: Path, repo: str, version: str) -> None:
    """Raise ReleaseError where a directory is not the full edition of a version, to the byte."""
    path = place / resources.RELEASE
    manifest = parse(read_bytes(path), str(path)) if path.is_file() else None
    try:
        stated, listed = manifest["version"], {f["path"]: f["sha256"] for f in manifest["files"]}
    except (TypeError, KeyError):
        stated, listed = None, {}
    if stated != version:
        raise ReleaseError(
            f"{repo}: what bears the tag v{version} there has no {resources.RELEASE} of this version, so it is no release of a corpus: name another repository"
        )
    if "edition" in manifest:
        raise ReleaseError(
            f"{repo}: holds version {version} without its text: `hf download {repo} --repo-type dataset --revision v{version} --local-dir DIR`, then `statevisit restore DIR --text SEED -o FULL` with the source text, and load FULL"
        )
    wanted = {n for n in listed if not any(fnmatch(n, pattern) for pattern in _UNREAD)}
    there = {p.relative_to(place).as_posix() for p in (place / resources.DOCUMENTS).glob("*")} | {
        n for n in wanted if (place / n).is_file()
    }
    if odd := sorted(wanted ^ there):
        raise ReleaseError(
            f"{repo}: what bears the tag v{version} there is not the release: {odd[0]} is {'missing' if odd[0] in wanted else 'not of it'}; name another repository, or tell whoever published it"
        )
    for name in sorted(wanted):
        if hashlib.sha256(read_bytes(place / name)).hexdigest() != listed[name]:
            raise ReleaseError(
                f"{place / name}: is not the file that version {version} was released with (its SHA-256 differs): delete it, and try again; if it happens again, {repo} was changed on the Hub"
            )


@contextmanager
def quiet(hf: Any) -> Iterator[None]:
    """Neither bars nor a warning for every attempt, and no waiting for a limit of requests to pass, which takes minutes."""
    logging, client, visible = (
        hf.utils.logging,
        hf.get_session(),
        not hf.utils.are_progress_bars_disabled(),
    )
    before, hooks = logging.get_verbosity(), client.event_hooks

    def limited(response: Any) -> None:
        if response.status_code == 429:
            response.read()
            hf.utils.hf_raise_for_status(response)

    logging.set_verbosity_error()
    client.event_hooks = {**hooks, "response": [*hooks.get("response", []), limited]}
    if visible:
        hf.utils.disable_progress_bars()
    try:
        yield
    finally:
        logging.set_verbosity(before)
        client.event_hooks = hooks
        if visible:
            hf.utils.enable_progress_bars()


@contextmanager
def explained(hf: Any, state: str, advice: dict[int, str] = _WRITING) -> Iterator[None]:
    """Whatever huggingface_hub raises becomes a ReleaseError of one line: the state, why, and what to do, by `advice` for an HTTP status."""
    try:
        yield
    except ReleaseError:
        raise
    except KeyboardInterrupt:
        raise ReleaseError(
            f"{state}: stopped: run the command again, which does what is left to do"
        ) from None
    except Exception as error:
        causes: list[BaseException] = [error]
        while (
            below := causes[-1].__cause__
        ) is not None:  # an upload raises RuntimeError because of what happened
            causes.append(below)
        said = next((m for c in causes if (m := _meaning(hf, c, advice))), None)
        raise ReleaseError(
            f"{state}{said or f': {type(error).__name__}: {_line(error)}'}"
        ) from error


def _meaning(hf: Any, error: BaseException, advice: dict[int, str]) -> str | None:
    """What an exception of huggingface_hub's means to the user; None for one that says nothing by itself."""
    try:
        import httpx2 as httpx
    except ImportError:
        import httpx
    status = getattr(getattr(error, "response", None), "status_code", None)
    if status is not None:
        return f" (HTTP {status}): {advice.get(status) or ('the Hub is in trouble: run the command again later' if status >= 500 else _line(error))}"
    if isinstance(error, hf.errors.OfflineModeIsEnabled):
        return ": huggingface_hub is told to stay offline: unset HF_HUB_OFFLINE"
    if isinstance(error, httpx.TransportError | ConnectionError | TimeoutError):
        return f": the connection broke ({type(error).__name__}): run the command again, which does what is left to do"
    if isinstance(error, hf.errors.HFValidationError):
        return f": that is no name of a repository: {_line(error)}"
    if isinstance(error, OSError) and error.filename:
        return f": {error.filename}: {error.strerror}"
    return f": the Hub's answer: {_line(error)}" if isinstance(error, ValueError) else None


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())
