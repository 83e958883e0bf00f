"""A Label Studio server: push documents as tasks, pull tasks back. The only module that imports label-studio-sdk.

Nothing is deleted or changed on the server but by adding: a project where there is none, tasks for documents that
have none. So whatever stops a push, the next one goes on where it stopped.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

from msgspec import Struct

from statevisit.errors import LabelStudioError, MissingExtra
from statevisit.labelstudio.config import config
from statevisit.labelstudio.tasks import KEY, digest, to_task
from statevisit.model import Document

CHUNK = 100
"""Tasks in one request: a server that fails loses no more than these, and no more are in memory."""

TIMEOUT = 120.0
"""Seconds that a request may take."""


class Pushed(Struct):
    """What a push did: ids of documents that were added, were there already, are there in another version."""

    added: list[str]
    there: list[str]
    other: list[str]


class Server:
    """A server and a token; either kind, an access token of the account page or a legacy one.

    Every method raises LabelStudioError, which says what to do, for a server that cannot be reached, refuses or fails.
    """

    def __init__(self, url: str, token: str) -> None:
        try:
            import httpx
            from label_studio_sdk import LabelStudio
        except ImportError:
            raise MissingExtra("label-studio-sdk", "label-studio") from None
        self.url = url.rstrip("/")
        if not self.url.startswith(("http://", "https://")):
            raise LabelStudioError(
                f"{url}: the address of a Label Studio server begins with http:// or https://"
            )
        with self._explained("signing in"):
            local = httpx.URL(self.url).host in (
                "127.0.0.1",
                "localhost",
            )  # no proxy of the environment's leads there
            http = httpx.Client(timeout=TIMEOUT, follow_redirects=True, trust_env=not local)
            self._client = LabelStudio(
                base_url=self.url, api_key=token, timeout=TIMEOUT, max_retries=0, httpx_client=http
            )
            self._client.users.whoami()

    def project(self, name: str, create: bool = False) -> Any:
        """The project with this id or title, which must have the interface of this schema version."""
        with self._explained("looking for the project"):
            found = [
                p
                for p in self._client.projects.list(include="id,title,label_config")
                if name in (str(p.id), p.title)
            ]
        if not found and create:
            with self._explained("creating the project"):
                return self._client.projects.create(
                    title=name, label_config=config(), show_collab_predictions=True
                )
        if not found:
            raise LabelStudioError(
                f"{self.url} has no project {name!r}, neither an id nor a title; `push` makes one"
            )
        if len(found) > 1:
            raise LabelStudioError(
                f"{self.url} has {len(found)} projects {name!r}: give the id, one of {', '.join(str(p.id) for p in found)}"
            )
        if (found[0].label_config or "").strip() != config().strip():
            raise LabelStudioError(
                f"project {found[0].id} {found[0].title!r} has another labelling interface than this version of statevisit makes: "
                "name another project, or set its interface to what `statevisit label-studio config` prints"
            )
        return found[0]

    def push(
        self,
        project: Any,
        documents: Iterable[Document],
        version: str | None,
        predictions: bool,
        done: Callable[[int], None] = lambda n: None,
    ) -> Pushed:
        """Add a task for every document that has none. `done` is called with the number of documents dealt with."""
        pushed = Pushed([], [], [])
        with self._explained("listing the tasks"):
            there = {
                m["document"]: m["base_sha256"]
                for t in self._tasks(project.id, "id,meta", "task_only")
                if (m := (t.get("meta") or {}).get(KEY))
            }
        rest = iter(documents)
        while chunk := list(islice(rest, CHUNK)):
            new = [d for d in chunk if d.id not in there]
            for document in chunk:
                if document.id in there:
                    (
                        pushed.there if there[document.id] == digest(document) else pushed.other
                    ).append(document.id)
            if new:
                with self._explained(
                    f"pushing after {len(pushed.added)} documents had arrived; push again and it goes on from there"
                ):
                    self._client.projects.import_tasks(
                        id=project.id, request=[to_task(d, version, predictions) for d in new]
                    )  # type: ignore[misc]  tasks as dictionaries, as the API takes them
                pushed.added += [d.id for d in new]
                there.update((d.id, digest(d)) for d in new)
            done(len(chunk))
        return pushed

    def count(self, project: Any) -> int:
        """The number of tasks in a project."""
        with self._explained("counting the tasks"):
            return self._client.projects.get(project.id).task_number or 0

    def pull(self, project: Any) -> Iterator[tuple[str, dict[str, Any]]]:
        """(where, task) for every task of the project as a full export has it, a chunk in memory at a time."""
        number = 0
        with self._explained("listing the users"):
            users = {u.id: u.email or u.username for u in self._client.users.list()}
        tasks = self._tasks(project.id, None, "all")
        while chunk := self._chunk(tasks, number):
            for task in chunk:
                number += 1
                for annotation in task.get("annotations") or ():
                    annotation["completed_by"] = {
                        "email": users.get(annotation.get("completed_by")),
                        "id": annotation.get("completed_by"),
                    }
                yield f"{self.url}, task {task['id']}", task

    def _chunk(self, tasks: Iterator[dict[str, Any]], number: int) -> list[dict[str, Any]]:
        with self._explained(f"pulling, after {number} tasks"):
            return list(islice(tasks, CHUNK))

    def _tasks(self, project: int, include: str | None, fields: str) -> Iterator[dict[str, Any]]:
        for task in self._client.tasks.list(
            project=project,
            page_size=CHUNK,
            fields=fields,
            **({"include": include} if include else {}),
        ):  # type: ignore[arg-type]
            yield task.dict()

    @contextmanager
    def _explained(self, doing: str) -> Iterator[None]:
        """Turn whatever the SDK raises into one message that says what to do."""
        import httpx
        from label_studio_sdk.core.api_error import ApiError

        try:
            yield
        except ApiError as error:
            raise LabelStudioError(self._refused(error, doing)) from None
        except httpx.TimeoutException:
            raise LabelStudioError(
                f"{self.url} did not answer within {TIMEOUT:.0f} s ({doing}); nothing was lost: try again"
            ) from None
        except httpx.TransportError as error:
            raise LabelStudioError(
                f"{self.url} cannot be reached ({doing}): {error or type(error).__name__}; is the address right and the server running?"
            ) from None
        except ValueError as error:  # an answer that is no JSON
            raise LabelStudioError(
                f"{self.url} does not answer as Label Studio does ({doing}): {str(error)[:200]}; is the address right?"
            ) from None

    def _refused(self, error: Any, doing: str) -> str:
        status, body = error.status_code, error.body
        detail = body.get("detail") if isinstance(body, dict) else None
        said = " ".join(str(detail or body or "").split())[:200]
        if status == 401:
            return f"{self.url} refuses the token ({said}): set LABEL_STUDIO_API_KEY to one from Account & Settings there"
        if status == 403:
            return f"{self.url} does not allow this with this token ({doing}): {said}"
        if status == 404:
            return f"{self.url} has no such thing ({doing}): was the project deleted there, or is this no Label Studio?"
        if status and status < 300:
            return f"{self.url} does not answer as Label Studio does ({doing}): {said}; is the address right?"
        if status and status >= 500:
            return f"{self.url} failed with status {status} ({doing}); nothing was lost: see the server's log and try again"
        return f"{self.url} refused with status {status} ({doing}): {said}"
