"""A local stand-in of the Hub's HTTP API, to publish a dataset and read it with `datasets`.

It keeps commits as whole trees in memory. `Hub.failure` makes requests whose method and path match
fail with a status, or closes the connection during them. Writing takes the token TOKEN.
"""

import base64
import hashlib
import io
import json
import re
import socket
import threading
from collections import Counter
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Any, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

LFS = (".parquet", ".png")
TOKEN = "hf_test"


class Failure(NamedTuple):
    """How requests with a matching method and path fail.

    `status` is an HTTP status, 0 to cut the connection during the request, or DONE to cut it before
    the answer. Only the first `times` requests fail; all of them if it is None. `headers` are those
    of the answer, for example of a rate limit.
    """

    method: str
    path: str
    status: int
    times: int | None = None
    headers: Mapping[str, str] = MappingProxyType({})


DONE = -1
"""The request is carried out, and its answer is lost."""


class Hub:
    """The state of the stand-in: repositories with branch, tags and commits, and uploads."""

    def __init__(self) -> None:
        self.repos: dict[str, dict[str, Any]] = {}
        self.objects: dict[str, bytes] = {}
        self.failure: Failure | None = None
        self.lock = threading.Lock()
        self.failed: Counter[tuple[str, str, int]] = Counter()
        self.meanwhile: Callable[[], object] | None = None
        self.requests: list[str] = []
        self.waits: list[float] = []
        self.sent = 0
        self.server = ThreadingHTTPServer(
            ("127.0.0.1", 0), type("Handler", (Handler,), {"hub": self})
        )
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        """Stop serving."""
        self.server.shutdown()
        self.server.server_close()

    def create(self, name: str, private: bool = False) -> None:
        """A repository as the Hub makes it: with one commit, of .gitattributes."""
        self.repos[name] = {"private": private, "commits": {}, "main": None, "tags": {}}
        self.commit(name, {".gitattributes": b"*.parquet filter=lfs\n"})

    def commit(self, name: str, tree: dict[str, bytes]) -> str:
        """Put a tree on top of a repository's branch."""
        repo = self.repos[name]
        listed = sorted((k, hashlib.sha256(v).hexdigest()) for k, v in tree.items())
        oid = hashlib.sha1(repr((repo["main"], listed)).encode()).hexdigest()
        repo["commits"][oid] = dict(tree)
        repo["main"] = oid
        return oid

    def resolve(self, name: str, revision: str) -> str | None:
        """The commit of a branch, tag or commit."""
        repo = self.repos[name]
        if revision in ("main", "refs/heads/main"):
            return repo["main"]
        revision = revision.removeprefix("refs/tags/")
        return repo["tags"].get(revision) or (revision if revision in repo["commits"] else None)

    def state(self) -> dict[str, Any]:
        """What a user sees of the repositories: branch, tags and their files."""
        return {
            n: (r["main"], dict(r["tags"]), {k: dict(v) for k, v in r["commits"].items()})
            for n, r in self.repos.items()
        }


def blob(data: bytes) -> str:
    """The id that git gives to a file."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Handler(BaseHTTPRequestHandler):
    """One request."""

    hub: Hub
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: Any) -> None:
        """Nothing on standard error."""

    def _answer(self) -> None:
        path = unquote(urlsplit(self.path).path)
        self.hub.requests.append(f"{self.command} {path}")
        failure = self.hub.failure
        failed = failure.status if failure and self._fails(failure, path) else None
        length = int(self.headers.get("Content-Length") or 0)
        if failed == 0:
            self.rfile.read(min(100, length))
            return self._cut()
        is_refused = failed is not None and failed != DONE
        data = self._drained(length) if is_refused else self.rfile.read(length)
        if failed == DONE:
            self.wfile = io.BytesIO()  # what the handler answers goes nowhere
        elif failed:
            return self._json(
                {"error": "as the test wants it", "url": f"{self.hub.url}/datasets/its/name"},
                failed,
                dict(failure.headers) if failure else None,
            )
        elif self.command == "POST" and self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._json({"error": "Invalid username or password."}, 401)
        self._route(path, data)
        return self._cut() if failed == DONE else None

    def _drained(self, length: int) -> bytes:
        """Read a body that nobody needs, without holding it in memory."""
        while length > 0 and (piece := self.rfile.read(min(length, 65_536))):
            length -= len(piece)
        return b""

    def _fails(self, failure: Failure, path: str) -> bool:
        if not re.fullmatch(failure.method, self.command) or not re.search(failure.path, path):
            return False
        kind = (failure.method, failure.path, failure.status)
        with self.hub.lock:
            self.hub.failed[kind] += 1
            return failure.times is None or self.hub.failed[kind] <= failure.times

    do_GET = do_POST = do_PUT = do_HEAD = _answer

    def _route(self, path: str, data: bytes) -> None:
        for pattern, method in ROUTES:
            if match := re.fullmatch(pattern, path):
                return method(self, *match.groups(), data)
        return self._json({"error": f"not made: {self.command} {path}"}, 404)

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _json(self, value: Any, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self._bytes(
            json.dumps(value).encode(),
            status,
            {"Content-Type": "application/json", **(headers or {})},
        )

    def _bytes(self, data: bytes, status: int = 200, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for key, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def create_repo(self, data: bytes) -> None:
        """Make a repository; one that exists is a conflict."""
        request = json.loads(data)
        name = request["name"]
        if request.get("organization"):
            name = f"{request['organization']}/{name}"
        if name in self.hub.repos:
            return self._json(
                {"error": "there already", "url": f"{self.hub.url}/datasets/{name}"}, 409
            )
        self.hub.create(name, request.get("visibility") == "private")
        return self._json({"url": f"{self.hub.url}/datasets/{name}", "name": name})

    def validate(self, data: bytes) -> None:
        """Accept every card."""
        self._json({"errors": [], "warnings": []})

    def refs(self, name: str, data: bytes) -> None:
        """List branch and tags of a repository."""
        if name not in self.hub.repos:
            return self._json(
                {"error": "Repository not found"}, 404, {"X-Error-Code": "RepoNotFound"}
            )
        repo = self.hub.repos[name]
        tags = [
            {"name": t, "ref": f"refs/tags/{t}", "targetCommit": c} for t, c in repo["tags"].items()
        ]
        return self._json(
            {
                "branches": [
                    {"name": "main", "ref": "refs/heads/main", "targetCommit": repo["main"]}
                ],
                "converts": [],
                "tags": tags,
            }
        )

    def tree(self, name: str, revision: str, below: str | None, data: bytes) -> None:
        """List files and folders of a revision, with `recursive` at any depth."""
        files = self._files(name, revision)
        if files is None:
            return None
        prefix = f"{below.strip('/')}/" if below and below.strip("/") else ""
        inside = {n.removeprefix(prefix): n for n in sorted(files) if n.startswith(prefix)}
        if prefix and not inside:
            return self._json(
                {"error": f"{below} does not exist"}, 404, {"X-Error-Code": "EntryNotFound"}
            )
        entries = {
            parent: _folder(prefix + parent)
            for n in inside
            for parent in map(str, PurePosixPath(n).parents)
            if parent != "."
        }
        entries |= {n: _entry(full, files[full]) for n, full in inside.items()}
        everything = parse_qs(urlsplit(self.path).query).get("recursive", [""])[0].lower() in (
            "true",
            "1",
        )
        return self._json(
            [entry for n, entry in sorted(entries.items()) if everything or "/" not in n]
        )

    def _files(self, name: str, revision: str) -> dict[str, bytes] | None:
        commit = self.hub.resolve(name, revision) if name in self.hub.repos else None
        if commit is None:
            code = "RevisionNotFound" if name in self.hub.repos else "RepoNotFound"
            self._json({"error": "not found"}, 404, {"X-Error-Code": code})
            return None
        return self.hub.repos[name]["commits"][commit]

    def paths_info(self, name: str, revision: str, data: bytes) -> None:
        """Describe the requested paths that exist in a revision."""
        files = self._files(name, revision)
        if files is not None:
            if data.startswith(b"{"):
                paths = json.loads(data)["paths"]
            else:
                paths = parse_qs(data.decode())["paths"]
            self._json(
                [
                    _entry(n, files[n]) if n in files else _folder(n)
                    for n in paths
                    if any(f == n or f.startswith(f"{n}/") for f in files)
                ]
            )

    def info(self, name: str, revision: str | None, data: bytes) -> None:
        """Describe a repository at a revision."""
        files = self._files(name, revision or "main")
        if files is not None:
            sha = self.hub.resolve(name, revision or "main")
            self._json(
                {
                    "id": name,
                    "sha": sha,
                    "private": self.hub.repos[name]["private"],
                    "tags": [],
                    "siblings": [{"rfilename": n} for n in sorted(files)],
                    "downloads": 0,
                    "likes": 0,
                }
            )

    def preupload(self, name: str, data: bytes) -> None:
        """Say which files are uploaded as LFS objects; `Hub.meanwhile` runs first."""
        if self.hub.meanwhile:
            self.hub.meanwhile()
        files = json.loads(data)["files"]
        self._json(
            {
                "files": [
                    {
                        "path": f["path"],
                        "uploadMode": "lfs" if f["path"].endswith(LFS) else "regular",
                        "shouldIgnore": False,
                    }
                    for f in files
                ]
            }
        )

    def xet(self, name: str, data: bytes) -> None:
        """Refuse to upload with Xet, as a proxy does or a server that has none."""
        self._json({"error": "Xet is not enabled for this repository"}, 403)

    def batch(self, name: str, data: bytes) -> None:
        """Give an upload address for every LFS object that is new."""
        objects = []
        for o in json.loads(data)["objects"]:
            actions = (
                {}
                if o["oid"] in self.hub.objects
                else {
                    "actions": {"upload": {"href": f"{self.hub.url}/lfs/{o['oid']}", "header": {}}}
                }
            )
            objects.append({"oid": o["oid"], "size": o["size"], **actions})
        self._json({"transfer": "basic", "objects": objects})

    def upload(self, oid: str, data: bytes) -> None:
        """Keep an LFS object; content with another hash is refused."""
        if hashlib.sha256(data).hexdigest() != oid:
            return self._json({"error": "another content"}, 400)
        self.hub.objects[oid] = data
        return self._bytes(b"")

    def commits(self, name: str, data: bytes) -> None:
        """Commit added and deleted files onto the parent that the request names."""
        lines = [json.loads(line) for line in data.splitlines()]
        repo = self.hub.repos[name]
        if lines[0]["value"].get("parentCommit") not in (None, repo["main"]):
            return self._json({"error": "the branch moved"}, 412)
        tree = dict(repo["commits"][repo["main"]])
        for line in lines[1:]:
            value = line["value"]
            if line["key"] == "file":
                tree[value["path"]] = base64.b64decode(value["content"])
            elif line["key"] == "lfsFile":
                tree[value["path"]] = self.hub.objects[value["oid"]]
            elif line["key"] == "deletedFile":
                del tree[value["path"]]
        oid = self.hub.commit(name, tree)
        return self._json(
            {
                "success": True,
                "commitOid": oid,
                "commitUrl": f"{self.hub.url}/datasets/{name}/commit/{oid}",
            }
        )

    def tag(self, name: str, revision: str, data: bytes) -> None:
        """Tag a revision; a tag that exists is a conflict."""
        tag, repo = json.loads(data)["tag"], self.hub.repos[name]
        if tag in repo["tags"]:
            return self._json({"error": "there already"}, 409)
        repo["tags"][tag] = self.hub.resolve(name, revision)
        return self._bytes(b"")

    def file(self, name: str, revision: str, path: str, data: bytes) -> None:
        """Send a file of a revision, or the range of bytes that is asked for."""
        files = self._files(name, revision)
        if files is None:
            return None
        if path not in files:
            return self._json({"error": "no such file"}, 404, {"X-Error-Code": "EntryNotFound"})
        content = files[path]
        etag = hashlib.sha256(content).hexdigest() if path.endswith(LFS) else blob(content)
        headers = {
            "ETag": f'"{etag}"',
            "X-Repo-Commit": self.hub.resolve(name, revision) or "",
            "Accept-Ranges": "bytes",
        }
        if asked := re.fullmatch(r"bytes=(\d*)-(\d*)", self.headers.get("Range", "")):
            last = int(asked[2] or len(content) - 1) if asked[1] else len(content) - 1
            first = int(asked[1]) if asked[1] else max(0, len(content) - int(asked[2]))
            self._count(content[first : last + 1])
            return self._bytes(
                content[first : last + 1],
                206,
                {
                    **headers,
                    "Content-Range": f"bytes {first}-{min(last, len(content) - 1)}/{len(content)}",
                },
            )
        self._count(content)
        return self._bytes(content, 200, headers)

    def _count(self, content: bytes) -> None:
        if self.command == "GET":
            with self.hub.lock:
                self.hub.sent += len(content)


def _entry(name: str, data: bytes) -> dict[str, Any]:
    lfs = (
        {"lfs": {"oid": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 130}}
        if name.endswith(LFS)
        else {}
    )
    return {"type": "file", "path": name, "size": len(data), "oid": blob(data), **lfs}


def _folder(name: str) -> dict[str, Any]:
    return {"type": "directory", "path": name, "size": 0, "oid": blob(name.encode())}


_NAME = r"/api/datasets/([\w.-]+/[\w.-]+)"
ROUTES = [
    (r"/api/repos/create", Handler.create_repo),
    (r"/api/validate-yaml", Handler.validate),
    (_NAME + r"/refs", Handler.refs),
    (_NAME + r"/tree/([^/]+|refs/\w+/[^/]+)(/.*)?", Handler.tree),
    (_NAME + r"/paths-info/(.+)", Handler.paths_info),
    (_NAME + r"/preupload/main", Handler.preupload),
    (_NAME + r"/xet-write-token/main", Handler.xet),
    (_NAME + r"/commit/main", Handler.commits),
    (_NAME + r"/tag/(.+)", Handler.tag),
    (_NAME + r"(?:/revision/(.+))?", Handler.info),
    (r"/datasets/([\w.-]+/[\w.-]+)\.git/info/lfs/objects/batch", Handler.batch),
    (r"/lfs/(\w+)", Handler.upload),
    (r"/datasets/([\w.-]+/[\w.-]+)/resolve/([^/]+)/(.+)", Handler.file),
]

REQUESTS = {
    "refs": ("GET", "/refs$"),
    "tree": ("GET", "/tree/"),
    "card": ("POST", "/validate-yaml"),
    "preupload": ("POST", "/preupload/"),
    "batch": ("POST", "/objects/batch"),
    "put": ("PUT", "/lfs/"),
    "commit": ("POST", "/commit/"),
    "tag": ("POST", "/tag/"),
}
"""The requests of a publication by step, each with its method and a pattern of its path."""
