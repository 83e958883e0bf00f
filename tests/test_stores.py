"""A corpus root in an object store: a local S3 server gives what a directory gives."""

import logging
import shutil
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

import statevisit
from statevisit import stores
from statevisit.corpus import copies, on_ray, source_lookup
from statevisit.corpus.ray_connection import connected
from statevisit.corpus.sharding import shard
from statevisit.errors import FormatError, MissingExtra, ReleaseError
from statevisit.publishing.build import build
from tests.conftest import Result, required
from tests.hub_stand_in import Hub
from tests.many_documents import many_documents

DOCUMENTS = 24

SHARD = 10
"""Documents in a shard of the tests' corpus."""


class Server:
    """A local S3 server that notes all requests, and refuses those that `refused` chooses.

    `status` is its answer to them, and `sent` the number of bytes in all other answers.
    """

    def __init__(self) -> None:
        moto = required("moto.server")
        self._app = moto.DomainDispatcherApplication(moto.create_backend_app)
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        serving = required("werkzeug.serving")
        self._server = serving.make_server("127.0.0.1", 0, self._answer, threaded=True)
        self.address = f"http://127.0.0.1:{self._server.port}"
        self.forget()
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def forget(self) -> None:
        """Forget all requests, and refuse none."""
        self.requests: list[tuple[str, str]] = []
        self.sent = 0
        self.refused: Callable[[str, str], bool] = lambda method, path: False
        self.status = "503 Service Unavailable"

    def _answer(self, environment: dict[str, Any], start: Any) -> Iterable[bytes]:
        method, path = environment["REQUEST_METHOD"], environment["PATH_INFO"]
        if method == "GET" and "list-type" in environment["QUERY_STRING"]:
            method = "LIST"
        if "HTTP_X_AMZ_COPY_SOURCE" in environment:
            method = "COPY"
        self.requests.append((method, path))
        if self.refused(method, path):
            start(self.status, [("Content-Type", "application/xml")])
            code = {"503": "ServiceUnavailable", "403": "AccessDenied"}[self.status[:3]]
            if method == "HEAD":
                return []
            return [f"<Error><Code>{code}</Code><Message>no, says S3</Message></Error>".encode()]
        parts = list(self._app(environment, start))
        self.sent += sum(map(len, parts))
        return parts

    def close(self) -> None:
        """Stop listening."""
        self._server.shutdown()


class Bucket:
    """A bucket of the server."""

    def __init__(self, server: Server, name: str) -> None:
        self.server, self.name = server, name
        self.store = required("fsspec").filesystem("s3")
        self.store.mkdir(name)

    def upload(self, root: Path) -> str:
        """Copy a root into the bucket; return its URL there."""
        self.store.put(f"{root}/", f"{self.name}/data", recursive=True)
        self.server.forget()
        return f"s3://{self.name}/data"

    def objects(self) -> dict[str, bytes]:
        """The bytes of all objects below that root, by their names relative to it."""
        self.store.invalidate_cache()
        names = self.store.find(f"{self.name}/data")
        return {name.partition("/data/")[2]: self.store.cat_file(name) for name in names}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server whose address and keys are in the environment, for processes that start later."""
    required("s3fs")
    local = Server()
    settings = {"FSSPEC_S3_ENDPOINT_URL": local.address, "AWS_ACCESS_KEY_ID": "key"}
    settings |= {"AWS_SECRET_ACCESS_KEY": "secret", "AWS_EC2_METADATA_DISABLED": "true"}
    settings |= {"AWS_DEFAULT_REGION": "us-east-1", "AWS_MAX_ATTEMPTS": "1"}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name, value)
        config = required("fsspec.config")
        patch.setitem(config.conf, "s3", {"endpoint_url": local.address})
        yield local
    local.close()


@pytest.fixture
def bucket(server: Server, request: pytest.FixtureRequest) -> Iterator[Bucket]:
    """A bucket of its own for a test."""
    yield Bucket(server, f"bucket-{abs(hash(request.node.name))}")
    server.forget()


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root that is not built, and its documents in files."""
    return many_documents(tmp_path_factory.mktemp("files") / "root", DOCUMENTS)


@pytest.fixture(scope="module")
def shards(files: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same documents in shards."""
    root = tmp_path_factory.mktemp("shards") / "root"
    shutil.copytree(files, root)
    shard(root, SHARD)
    return root


def _copy(root: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(root, tmp_path / "copy"))


def _bytes(root: Path) -> dict[str, bytes]:
    files = (path for path in root.rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in files}


def _findings(place: Path | str) -> list[str]:
    return [str(finding).replace(str(place), "ROOT") for finding in statevisit.validate(place)]


@pytest.mark.parametrize("form", ["files", "shards"])
def test_findings_are_those_of_a_directory(
    form: str, bucket: Bucket, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Findings about documents, lists and seeds are the same, and name the file by its URL."""
    root = _copy(request.getfixturevalue("files"), tmp_path)
    broken = root / "corpus/documents/doc-00012.json"
    broken.write_bytes(broken.read_bytes().replace(b'"language":"en"', b'"language":"?"'))
    if form == "shards":
        shard(root, SHARD)
    (root / "seeds/doc-00003.txt").unlink()
    (root / "corpus/annotators.json").write_bytes(b'{"annotators":[]}\n\nx')
    (root / "corpus/documents/notes.txt").write_bytes(b"foreign")
    url = bucket.upload(root)
    expected = _findings(root)
    assert expected == _findings(url)
    line = {"files": "doc-00012.json:4", "shards": "part-00001.jsonl.zst:3"}[form]
    assert any(finding.startswith(f"ROOT/corpus/documents/{line}:") for finding in expected)
    assert {"E104", "E702", "E704", "E709"} <= {finding.split(": ")[1][:4] for finding in expected}


def test_one_document_is_read_without_the_others(bucket: Bucket, shards: Path) -> None:
    """`load(url)[id]` reads the indexes of a few shards and the bytes of the document."""
    url = bucket.upload(shards)
    corpus = statevisit.load(url)
    assert [("LIST", f"/{bucket.name}")] == [r for r in bucket.server.requests if r[0] == "LIST"]
    bucket.server.forget()
    assert "doc-00013" == corpus["doc-00013"].id
    frame = next(e.size for e in statevisit.load(shards).entries if e.id == "doc-00013")
    assert bucket.server.sent < frame + 6 * stores._BUFFER
    assert {f"/{bucket.name}/data/corpus/documents"} == {
        path.rpartition("/")[0] for _, path in bucket.server.requests
    }
    assert [d.id for d in statevisit.load(shards)] == [document.id for document in corpus]
    assert url == str(corpus.path)
    assert statevisit.load(f"file://{shards}")["doc-00013"] == corpus["doc-00013"]


@pytest.mark.parametrize("few", [source_lookup.FEW, 0])
def test_a_build_gives_the_bytes_of_a_directory(
    bucket: Bucket, shards: Path, tmp_path: Path, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Parquet, pages and manifest are the same; the manifest is written last.

    A long list of sources is looked up in the store, and leaves nothing there.
    """
    monkeypatch.setattr(source_lookup, "FEW", few)
    root = _copy(shards, tmp_path)
    url = bucket.upload(root)
    expected = statevisit.build(root, workers=1)
    assert expected == statevisit.build(url, workers=1)
    writes = [path for method, path in bucket.server.requests if method in ("PUT", "COPY")]
    assert f"/{bucket.name}/data/corpus/release.json" == writes[-1]
    assert _bytes(root) == bucket.objects()
    assert () == statevisit.build(url, check=True, workers=1).written
    bucket.store.rm(f"{bucket.name}/data/corpus/parquet/ner/train-00000-of-00001.parquet")
    with pytest.raises(ReleaseError, match=r"ner/train-00000-of-00001\.parquet is not what"):
        statevisit.build(url, check=True, workers=1)


def test_a_new_build_removes_what_is_gone(bucket: Bucket, tmp_path: Path) -> None:
    """A split that is no more leaves no files; a file that nobody built is not removed."""
    root = many_documents(tmp_path / "root", 4, in_test=2)
    statevisit.build(root, workers=1)
    sources = root / "seeds/sources.jsonl"
    sources.write_bytes(sources.read_bytes().replace(b'"split": "test"', b'"split": "train"'))
    url = bucket.upload(root)
    foreign = f"{bucket.name}/data/corpus/parquet/ner/mine.parquet"
    bucket.store.pipe_file(foreign, b"PAR1")
    before = bucket.objects()
    with pytest.raises(ReleaseError, match=f"^{url}/corpus/parquet/ner/mine.parquet: is not"):
        statevisit.build(url, workers=1)
    assert before == bucket.objects()
    bucket.store.rm(foreign)
    built = statevisit.build(url, workers=1)
    assert "corpus/parquet/ner/test-00000-of-00001.parquet" in built.removed
    assert statevisit.build(root, workers=1).removed == built.removed
    assert _bytes(root) == bucket.objects()


def test_a_build_that_fails_changes_nothing(
    bucket: Bucket, shards: Path, tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """An invalid document, or a store that refuses to write, leaves the last build in place."""
    root = _copy(shards, tmp_path)
    statevisit.build(root, workers=1)
    (root / "seeds/doc-00003.txt").unlink()
    url = bucket.upload(root)
    before = bucket.objects()
    failed = cli("build", url, "--workers", 1)
    assert (1, before) == (failed.status, bucket.objects())
    assert f"{url}/corpus/documents/part-00000.jsonl.zst:4" in failed.out
    bucket.store.pipe_file(f"{bucket.name}/data/seeds/doc-00003.txt", _seed(shards))
    before = bucket.objects()
    for method, part in (("PUT", "/ner/"), ("COPY", "/data/corpus/parquet/documents/")):
        bucket.server.status = "403 Forbidden"
        bucket.server.refused = lambda m, path, method=method, part=part: (
            m == method and part in path
        )
        failed = cli("build", url, "--workers", 1)
        assert 1 == failed.status
        assert 1 == failed.err.count("\n")
        assert "the store refuses this: no, says S3; check your credentials" in failed.err
        bucket.server.forget()
    after = bucket.objects()
    assert before == {name: after[name] for name in before}
    assert before.keys() == after.keys()


def _seed(root: Path) -> bytes:
    return (root / "seeds/doc-00003.txt").read_bytes()


def test_a_busy_store_is_waited_for(
    bucket: Bucket, files: Path, monkeypatch: pytest.MonkeyPatch, cli: Callable[..., Result]
) -> None:
    """Four answers of 503 to one request are survived; then there is one message."""
    url = bucket.upload(files)
    waits: list[float] = []
    monkeypatch.setattr(stores.time, "sleep", waits.append)
    attempts = iter(range(4))
    bucket.server.refused = lambda method, path: next(attempts, None) is not None
    assert DOCUMENTS == len(statevisit.load(url))
    assert sum(waits) >= 10
    bucket.server.refused = lambda method, path: "doc-00005.json" in path
    result = cli("validate", url, "--workers", 1)
    assert (1, "") == (result.status, result.out)
    assert 1 == result.err.count("\n")
    assert f"statevisit: {url}/corpus/documents/" in result.err
    assert "the store stays busy: no, says S3; run the command again later" in result.err


def test_errors_are_one_line(
    bucket: Bucket, files: Path, cli: Callable[..., Result], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A URL that cannot be used, and a command that works on files, say so."""
    url = bucket.upload(files)

    def message(*arguments: object) -> str:
        result = cli(*arguments)
        assert (1, "") == (result.status, result.out)
        assert result.err.startswith("statevisit: ")
        assert 1 == result.err.count("\n")
        return result.err.removeprefix("statevisit: ").rstrip("\n")

    assert "; name the corpus root, which holds corpus/" in message("validate", f"{url}/none")
    assert "s3://no-bucket/x: no such bucket" in message("validate", "s3://no-bucket/x")
    assert "no corpus/documents/ here" in message("build", f"{url}/seeds")
    assert "knows no store of the kind what://" in message("validate", "what://is/this")
    for command in (["show", url], ["shard", url], ["score", url, "x"], ["validate", "--fix", url]):
        assert "works on files of this machine: copy the corpus root here" in message(*command)
    assert "annotations-only` works on" in message(
        "build", url, "--edition", "annotations-only", "-o", "out"
    )
    bucket.server.status, bucket.server.refused = "403 Forbidden", lambda method, path: True
    assert "the store refuses this: no, says S3; check your" in message("validate", url)
    config = required("fsspec.config")
    monkeypatch.setitem(config.conf, "s3", {"endpoint_url": "http://127.0.0.1:9"})
    assert "the store cannot be used: Could not connect" in message("validate", url)
    with pytest.raises(FormatError, match="`load` with a version works on files of this machine"):
        statevisit.load(url, version="1.0.0")
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(MissingExtra, match=r"^this needs gcsfs: pip install gcsfs$"):
        statevisit.load("gs://bucket/root")


def test_names_that_lead_elsewhere_are_refused(bucket: Bucket, files: Path) -> None:
    """An object whose name leads out of the root is no file of it."""
    url = bucket.upload(files)
    bucket.store.pipe_file(f"{bucket.name}/data/seeds/../../../above.txt", b"x")
    with pytest.raises(FormatError, match="no file can have the name of the object"):
        statevisit.load(url)


def test_a_shard_that_was_cut_off_is_a_finding(
    bucket: Bucket, shards: Path, tmp_path: Path
) -> None:
    """The documents that remain are checked; the finding is that of a directory."""
    root = _copy(shards, tmp_path)
    path = root / "corpus/documents/part-00001.jsonl.zst"
    path.write_bytes(path.read_bytes()[:3000])
    url = bucket.upload(root)
    expected = _findings(root)
    assert "has no index at its end" in "".join(expected)
    assert expected == _findings(url)


@pytest.mark.ray
def test_processes_of_a_cluster_read_and_write_a_store(bucket: Bucket, tmp_path: Path) -> None:
    """Processes that read nothing but the store give the bytes of one with a directory."""
    root = many_documents(tmp_path / "root", 6, in_test=2)
    shard(root, 3)
    url = bucket.upload(root)
    statevisit.build(root, workers=1)
    required("ray")
    with connected("local", 2):  # one cluster for all steps of a build
        copy = copies.at_hand(stores.path_of(url), everywhere=True)
        assert [] == build(copy, mapper=on_ray.ordered).findings
    assert _bytes(root) == bucket.objects()
    seeds = [path for _, path in bucket.server.requests if "/seeds/doc-00001.txt" in path]
    assert len(seeds) > 1  # by the task, too


@pytest.mark.slow
def test_a_root_on_the_hub(
    hub: Hub, shards: Path, tmp_path: Path, shell: Callable[..., Result]
) -> None:
    """`hf://` reads a branch or a tag of a repository, and what is built there is committed."""
    root = _copy(shards, tmp_path)
    (root / "seeds/doc-00003.txt").unlink()
    hub.create("me/corpus")
    repo = hub.repos["me/corpus"]
    repo["tags"]["v1"] = hub.commit("me/corpus", _bytes(root))
    hub.commit("me/corpus", _bytes(shards))
    environment = {"HF_ENDPOINT": hub.url, "HF_HUB_DISABLE_XET": "1"}
    url = "hf://datasets/me/corpus"
    expected = shell("validate", root)
    assert 1 == expected.status
    tagged = shell("validate", f"{url}@v1", **environment)
    assert expected.out == tagged.out.replace(f"{url}@v1", str(root))
    assert Result(0, "", "") == shell("validate", url, **environment)
    assert 0 == shell("build", url, **environment).status
    whole = _copy(shards, tmp_path / "whole")
    assert [] == build(whole).findings
    built = repo["commits"][repo["main"]]
    assert _bytes(whole) == {name: data for name, data in built.items() if name != ".gitattributes"}
