"""A corpus in shards on its way out and back: the edition without the text, releases, the Hub."""

import shutil
from collections.abc import Callable
from pathlib import Path

import orjson
import pytest

from statevisit import ReleaseError, load
from statevisit.corpus.hub import fetched
from statevisit.corpus.sharding import shard, unshard
from statevisit.document.codec import encode
from statevisit.publishing.build import build
from statevisit.publishing.textless_root import write_edition
from tests.conftest import Result
from tests.hub_stand_in import Hub
from tests.many_documents import many_documents

Cli = Callable[..., Result]

NAMES = [f"part-{number:05d}.jsonl.zst" for number in range(3)]


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built corpus of nine documents in shards of four; tests do not change it."""
    root = many_documents(tmp_path_factory.mktemp("full") / "root", 9)
    assert (9, NAMES) == shard(root, 4)
    assert [] == build(root, workers=1).findings
    return root


@pytest.fixture(scope="module")
def edition(full: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The edition of that corpus without its text; tests do not change it."""
    return _edition(full, tmp_path_factory.mktemp("edition") / "root")


def _edition(root: Path, target: Path) -> Path:
    write_edition(root, target, workers=1)
    return target


def _bytes(root: Path, *places: str) -> dict[str, bytes]:
    paths = [path for place in places for path in sorted((root / place).rglob("*"))]
    return {p.relative_to(root).as_posix(): p.read_bytes() for p in paths if p.is_file()}


def test_an_edition_has_the_shards_of_its_corpus(full: Path, edition: Path, tmp_path: Path) -> None:
    """The shards hold the documents of those of the full corpus, as the edition in files does."""
    assert NAMES == sorted(path.name for path in (edition / "corpus/documents").iterdir())
    in_shards, in_full = load(edition).entries, load(full).entries
    assert [(e.id, e.path.name) for e in in_full] == [(e.id, e.path.name) for e in in_shards]
    assert {None} == {orjson.loads(entry.bytes()).get("text") for entry in in_shards}
    files = shutil.copytree(full, tmp_path / "files")
    unshard(files)
    assert [] == build(files, workers=1).findings
    other = _edition(files, tmp_path / "edition")
    manifests = [orjson.loads((e / "corpus/release.json").read_bytes()) for e in (edition, other)]
    assert manifests[0]["content"] == manifests[1]["content"]
    assert _bytes(edition, "corpus/parquet") == _bytes(other, "corpus/parquet")


def test_an_edition_follows_its_corpus_into_shards(full: Path, tmp_path: Path) -> None:
    """An edition is renewed in the form that the corpus has now; files of the old form go."""
    root = shutil.copytree(full, tmp_path / "root")
    unshard(root)
    assert [] == build(root, workers=1).findings
    target = _edition(root, tmp_path / "edition")
    assert 9 == len(list((target / "corpus/documents").iterdir()))
    _edition(full, target)
    assert NAMES == sorted(path.name for path in (target / "corpus/documents").iterdir())


def test_shards_are_restored_to_the_byte(
    full: Path, edition: Path, tmp_path: Path, cli: Cli
) -> None:
    """`restore` gives the shards, the seeds and the Parquet files of the full corpus."""
    done = cli("restore", edition, "--text", full / "seeds", "-o", tmp_path / "back")
    assert (0, "") == (done.status, done.err)
    places = ("corpus/documents", "corpus/parquet", "seeds")
    assert _bytes(full, *places) == _bytes(tmp_path / "back", *places)


def test_a_damaged_shard_of_an_edition_is_named(
    full: Path, edition: Path, tmp_path: Path, cli: Cli
) -> None:
    """A byte that changed, and a shard that was cut off, are one line each; nothing is left."""
    broken = shutil.copytree(edition, tmp_path / "broken")
    path = broken / "corpus/documents" / NAMES[1]
    whole = path.read_bytes()
    for data, message in (
        (whole[:9] + bytes([whole[9] ^ 4]) + whole[10:], f"{NAMES[1]}:1:1: cannot be read: its"),
        (whole[: len(whole) // 2], "has no index at its end"),
    ):
        path.write_bytes(data)
        done = cli("restore", broken, "--text", full / "seeds", "-o", tmp_path / "back")
        assert (1, 1) == (done.status, len(done.err.splitlines())), done.err
        assert message in done.err
        assert ["broken"] == [path.name for path in tmp_path.iterdir()]


def test_shards_go_to_the_hub_and_come_back(hub: Hub, full: Path, tmp_path: Path, cli: Cli) -> None:
    """A version in shards is published, fetched and read; a shard that differs is named.

    Published again, nothing is sent.
    """
    repo = "someone/shards"
    done = cli("publish", full, "--repo", repo)
    assert (0, "") == (done.status, done.err)
    hub.requests.clear()
    assert 0 == cli("publish", full, "--repo", repo).status
    assert [] == [request for request in hub.requests if not request.startswith("GET")]

    version = load(full).version or ""
    root = fetched(repo, version)
    assert _bytes(full, "corpus/documents") == _bytes(root, "corpus/documents")
    assert list(map(encode, load(full))) == list(map(encode, load(root)))
    path = root / "corpus/documents" / NAMES[1]
    data = path.read_bytes()
    path.unlink()
    path.write_bytes(data[:-1])
    with pytest.raises(ReleaseError, match=rf"{NAMES[1]}: is not the file that version"):
        fetched(repo, version)


def test_a_damaged_shard_is_not_published(full: Path, hub: Hub, tmp_path: Path, cli: Cli) -> None:
    """A shard that is not as the manifest lists it stops a publication before it is sent."""
    root = shutil.copytree(full, tmp_path / "root")
    path = root / "corpus/documents" / NAMES[1]
    path.write_bytes(path.read_bytes()[:-1])
    done = cli("publish", root, "--repo", "someone/shards")
    assert (1, 1, []) == (done.status, len(done.err.splitlines()), hub.requests), done.err
    assert f"{NAMES[1]} is not what corpus/release.json says" in done.err
