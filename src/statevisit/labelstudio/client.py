"""A Label Studio server: push documents as tasks, and pull the tasks back.

No other module imports label-studio-sdk. A push adds a project if it is missing, and tasks for
documents that have none. Nothing on the server is deleted, and nothing is changed but the labelling
interface, on demand. After an interruption, the next push therefore continues.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from msgspec import Struct

from statevisit import layout
from statevisit.document.model import Document
from statevisit.document.scheme import Scheme
from statevisit.document.strict_json import JsonObject
from statevisit.errors import LabelStudioError, MissingExtra
from statevisit.labelstudio.compatibility import Difference, difference, listed, used
from statevisit.labelstudio.interface import config
from statevisit.labelstudio.tasks import KEY, Suggestion, digest, to_task

if TYPE_CHECKING:
    from label_studio_sdk.core.api_error import ApiError

CHUNK = 100
"""Tasks in one request, which are in memory at once; a request that fails loses no more."""

TIMEOUT = 120.0
"""Seconds that a request may take."""

_NO_SUGGESTIONS: Mapping[str, Suggestion] = {}

_LOCAL_HOSTS = ("127.0.0.1", "localhost")
_SHORTEST_SECRET = 4
"""Characters; a shorter secret would be removed from words that merely contain it."""

_LONGEST_DETAIL = 200
"""Characters of a server's answer in a message."""


class Project(Struct, frozen=True):
    """A project of a server."""

    id: int
    title: str


class Pushed(Struct):
    """The ids of a push's documents.

    `added` now have a task, `existing` had one before, and `differing` have one of another version.
    """

    added: list[str]
    existing: list[str]
    differing: list[str]


class Server:
    """A server, with the account of a token: a personal access token or a legacy one.

    Every method raises LabelStudioError, which says what to do, for a server that cannot be
    reached, refuses the request or fails.
    """

    def __init__(self, url: str, token: str) -> None:
        try:
            import httpx
            from label_studio_sdk import LabelStudio
        except ImportError:
            raise MissingExtra("label-studio-sdk", "label-studio") from None
        address = url.strip().rstrip("/")
        self.url, userinfo = without_userinfo(address)
        self._secrets = [secret for secret in (token, *userinfo) if len(secret) >= _SHORTEST_SECRET]
        if not self.url.startswith(("http://", "https://")):
            raise LabelStudioError(
                f"{self.url}: the address of a Label Studio server begins with http:// or https://"
            )
        with self._explained("signing in"):
            # The proxies of the environment do not lead to this machine.
            use_proxies = httpx.URL(address).host not in _LOCAL_HOSTS
            http = httpx.Client(timeout=TIMEOUT, follow_redirects=True, trust_env=use_proxies)
            self._client: Any = LabelStudio(  # type: ignore[no-untyped-call]  # of the SDK
                base_url=address, api_key=token, timeout=TIMEOUT, max_retries=0, httpx_client=http
            )
            self._client.users.whoami()

    def _open(self, message: str) -> str:
        """A message of the server or the network without the token and the password."""
        for secret in self._secrets:
            message = message.replace(secret, "…")
        return message

    def project(
        self, name: str, scheme: Scheme, create: bool = False, update: bool = False
    ) -> Project:
        """Return the project with an id or a title, for documents of a scheme.

        With `create`, a missing project is made. Its labelling interface must have all labels and
        fields of the scheme, and no others. With `update`, it is set to that of the scheme, unless
        an annotation there has a label or field that would go.
        """
        if create and not self._matches(name):
            with self._explained("creating the project"):
                created = self._client.projects.create(
                    title=name, label_config=config(scheme), show_collab_predictions=True
                )
            return Project(created.id, name)
        project, interface = self._match(name)
        differing = difference(interface, scheme)
        if differing.is_foreign:
            raise LabelStudioError(_foreign(project))
        if update and interface.strip() != config(scheme).strip():
            self._set_interface(project, scheme, differing)
        elif differing.lacks or differing.has:
            raise LabelStudioError(
                f"project {project.id} {project.title!r} has another labelling interface than this "
                f"corpus: {differing}; --update-interface sets it to that of the corpus, if no "
                "annotation loses anything"
            )
        return project

    def _set_interface(self, project: Project, scheme: Scheme, differing: Difference) -> None:
        """Set the labelling interface of a project to that of a scheme.

        The server refuses some changes that would lose annotations, and lets others pass.
        """
        if differing.has:
            with self._explained("reading the annotations"):
                lost = set(differing.has) & self._used(project)
            if lost:
                raise LabelStudioError(
                    f"project {project.id} {project.title!r}: its annotations have "
                    f"{listed(sorted(lost))}, which the scheme does not have: put it back into "
                    f"{layout.SCHEME}, or push to another project"
                )
        with self._explained("changing the labelling interface"):
            self._client.projects.update(project.id, label_config=config(scheme))

    def _used(self, project: Project) -> set[str]:
        """The labels and fields in the annotations, drafts and predictions of a project."""
        parts: set[str] = set()
        for task in self._tasks(project, include=None, fields="all"):
            for kind in ("annotations", "drafts", "predictions"):
                for item in task.get(kind) or ():
                    parts.update(used(item.get("result") or ()))
        return parts

    def source(self, name: str, scheme: Scheme, foreign: bool) -> Project:
        """Return the project with an id or a title, to read its tasks.

        Its labelling interface may be that of an earlier scheme; one that is not of statevisit
        needs `foreign`.
        """
        project, interface = self._match(name)
        if difference(interface, scheme).is_foreign and not foreign:
            raise LabelStudioError(f"{_foreign(project)}, or map its labels with --mapping FILE")
        return project

    def _matches(self, name: str) -> list[Any]:
        """The projects with an id or a title."""
        with self._explained("looking for the project"):
            projects = self._client.projects.list(include="id,title,label_config")
            return [project for project in projects if name in (str(project.id), project.title)]

    def _match(self, name: str) -> tuple[Project, str]:
        """The only project with an id or a title, and its labelling interface."""
        matches = self._matches(name)
        if not matches:
            raise LabelStudioError(
                f"{self.url} has no project {name!r}, neither an id nor a title; `push` creates one"
            )
        if len(matches) > 1:
            ids = ", ".join(str(project.id) for project in matches)
            raise LabelStudioError(
                f"{self.url} has {len(matches)} projects {name!r}: give the id, one of {ids}"
            )
        match = matches[0]
        return Project(match.id, match.title or ""), match.label_config or ""

    def push(
        self,
        project: Project,
        documents: Iterable[Document],
        version: str | None,
        predictions: bool,
        done: Callable[[int], None] = lambda number: None,
        suggestions: Mapping[str, Suggestion] = _NO_SUGGESTIONS,
    ) -> Pushed:
        """Add a task for every document that has none.

        `version` is the version of the corpus; `predictions` is as for `to_task`, and so are
        `suggestions`, by document id. `done` is called with the number of documents in each
        finished chunk.
        """
        with self._explained("listing the tasks"):
            digests = self._digests(project)
        pushed = Pushed([], [], [])
        remaining = iter(documents)
        while chunk := list(islice(remaining, CHUNK)):
            new = []
            for document in chunk:
                if document.id not in digests:
                    new.append(document)
                elif digests[document.id] == digest(document):
                    pushed.existing.append(document.id)
                else:
                    pushed.differing.append(document.id)
            if new:
                arrived = f"{len(pushed.added)} documents had arrived"
                with self._explained(f"pushing after {arrived}; push again to continue"):
                    tasks = [
                        to_task(document, version, predictions, suggestions.get(document.id))
                        for document in new
                    ]
                    self._client.projects.import_tasks(id=project.id, request=tasks)
            for document in new:
                pushed.added.append(document.id)
                digests[document.id] = digest(document)
            done(len(chunk))
        return pushed

    def _digests(self, project: Project) -> dict[str, str]:
        """The digest of the base of each document that has a task."""
        digests = {}
        for task in self._tasks(project, include="id,meta", fields="task_only"):
            origin = (task.get("meta") or {}).get(KEY)
            if origin:
                digests[origin["document"]] = origin["base_sha256"]
        return digests

    def count(self, project: Project) -> int:
        """Return the number of tasks in a project."""
        with self._explained("counting the tasks"):
            return int(self._client.projects.get(project.id).task_number or 0)

    def pull(self, project: Project) -> Iterator[tuple[str, JsonObject]]:
        """Yield (where, task) for every task of a project, as a full export has it.

        `where` names the server and the task for messages. A chunk of tasks is in memory at a time.
        """
        with self._explained("listing the users"):
            users = {user.id: user.email or user.username for user in self._client.users.list()}
        tasks = self._tasks(project, include=None, fields="all")
        number = 0
        while chunk := self._next_chunk(tasks, number):
            number += len(chunk)
            for task in chunk:
                for annotation in task.get("annotations") or ():
                    user = annotation.get("completed_by")
                    annotation["completed_by"] = {"email": users.get(user), "id": user}
                yield f"{self.url}, task {task['id']}", task

    def _next_chunk(self, tasks: Iterator[JsonObject], number: int) -> list[JsonObject]:
        with self._explained(f"pulling, after {number} tasks"):
            return list(islice(tasks, CHUNK))

    def _tasks(self, project: Project, include: str | None, fields: str) -> Iterator[JsonObject]:
        for task in self._client.tasks.list(
            project=project.id, page_size=CHUNK, fields=fields, include=include
        ):
            yield task.dict()

    @contextmanager
    def _explained(self, action: str) -> Iterator[None]:
        """Turn the exceptions of the SDK into LabelStudioErrors that say what to do."""
        import httpx
        from label_studio_sdk.core.api_error import ApiError

        try:
            yield
        except ApiError as error:
            raise LabelStudioError(f"{self.url} {self._open(_refusal(error, action))}") from None
        except httpx.TimeoutException:
            raise LabelStudioError(
                f"{self.url} did not answer within {TIMEOUT:.0f} s ({action}); "
                "nothing was lost: try again"
            ) from None
        except httpx.TransportError as error:
            reason = self._open(str(error)) or type(error).__name__
            raise LabelStudioError(
                f"{self.url} cannot be reached ({action}): {reason}; "
                "is the address right and the server running?"
            ) from None
        except httpx.InvalidURL:  # its message has a part of the address, even of the password
            raise LabelStudioError(f"{self.url} is not an address; correct it") from None
        except ValueError as error:  # the answer is not JSON
            raise LabelStudioError(
                f"{self.url} does not answer as Label Studio does ({action}): "
                f"{self._open(str(error))[:_LONGEST_DETAIL]}; is the address right?"
            ) from None


def _foreign(project: Project) -> str:
    return (
        f"project {project.id} {project.title!r} has another labelling interface than those of "
        "statevisit: name another project, or set its interface to the output of "
        "`statevisit label-studio config`"
    )


def without_userinfo(address: str) -> tuple[str, list[str]]:
    """Return an address without the user and password before its host, and what is secret there."""
    scheme, mark, rest = address.partition("://")
    if not mark:
        scheme, rest = "", address
    userinfo, _, host = rest.rpartition("@")
    user, _, password = userinfo.partition(":")
    secret = password or user
    return f"{scheme}{mark}{host}", [secret, unquote(secret)]


def _refusal(error: "ApiError", action: str) -> str:
    """What a server's refusal means and what to do, after the server's address."""
    status, body = error.status_code or 0, error.body
    detail = body.get("detail") if isinstance(body, dict) else None
    answer = " ".join(str(detail or body or "").split())[:_LONGEST_DETAIL]
    if status == 401:
        return (
            f"refuses the token ({answer}): "
            "set LABEL_STUDIO_API_KEY to one from Account & Settings there"
        )
    if status == 403:
        return f"does not allow this with this token ({action}): {answer}"
    if status == 404:
        return (
            f"answers 'not found' ({action}): "
            "was the project deleted there, or is this not Label Studio?"
        )
    if 0 < status < 300:
        return (
            f"does not answer like a Label Studio server ({action}): {answer}; "
            "is the address right?"
        )
    if status >= 500:
        return (
            f"failed with status {status} ({action}); "
            "nothing was lost: see the server's log and try again"
        )
    return f"refused with status {error.status_code} ({action}): {answer}"
