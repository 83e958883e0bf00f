"""Migrations: older schema versions are read without loss, or every loss is listed."""

import copy
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings

from statevisit import FormatError, decode, encode, read_document
from statevisit.checks.document import check_bytes
from statevisit.document import migrations
from statevisit.document.codec import to_value
from statevisit.document.migrations import MIGRATIONS
from statevisit.document.model import SCHEMA_VERSION, SPAN_LAYERS, Document
from tests.conftest import DOC_ID, ROOT, Result
from tests.strategies import documents

DRAFT = ROOT / "tests/data/migrations/v0"
"""A document in the draft format, and the same document, proofread, in version 1."""


def v0(document: Document) -> dict[str, Any]:
    """Turn a document into the draft format, which `migrate` describes: the reverse of v0_to_v1."""
    value = to_value(document)
    value["schema_version"], value["doctime"] = 0, value.pop("date")
    value["sentences"] = [[s["start"], s["end"], s["paragraph"]] for s in value["sentences"]]
    value["tokens"] = [[t["start"], t["end"]] for t in value["tokens"]]
    for layer in SPAN_LAYERS:
        for record in value[layer]:
            del record["text"]
            record["span"] = [record.pop("start"), record.pop("end")]
            for part in ("cue", "property"):
                if part in record:
                    record[part] = [record[part]["start"], record[part]["end"]]
    for event in value["events"]:
        event["doctime"] = event.pop("doc_time_rel")
        event["modality"] = {"UNCERTAIN": "UNCERTAIN/HEDGED"}.get(
            event["modality"], event["modality"]
        )
    return value


def test_every_older_version_has_its_migration() -> None:
    """Every older version has a migration to the next, and its name says from which to which."""
    assert list(range(SCHEMA_VERSION)) == sorted(MIGRATIONS)
    assert [f"v{n}_to_v{n + 1}" for n in sorted(MIGRATIONS)] == [
        MIGRATIONS[n].name for n in sorted(MIGRATIONS)
    ]


@settings(
    max_examples=1_000,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(documents())
@pytest.mark.slow
def test_a_migration_loses_nothing(document: Document) -> None:
    """Any document of version 0 is read without loss, and the schema accepts the result."""
    old = orjson.dumps(v0(document))
    assert encode(document) == encode(decode(old))
    value, names, losses = migrations.migrate(orjson.loads(old), "x.json")
    assert (["v0_to_v1"], []) == (names, losses)
    assert document == check_bytes(orjson.dumps(value), "x.json", warnings=False)[0]


def test_the_staged_document_is_read() -> None:
    """A file in the draft format gives, byte for byte, the version 1 file beside it."""
    assert (DRAFT / "springfield.v1.json").read_bytes() == encode(
        read_document(DRAFT / "springfield.json")
    )


def test_migrating_leaves_its_input_alone(article: Document) -> None:
    """The value handed in is not changed."""
    old = v0(article)
    before = copy.deepcopy(old)
    migrations.migrate(old, "x.json")
    assert before == old


def _as_v0(path: Path, article: Document, comment: str | None = None) -> bytes:
    value = v0(article)
    if comment:
        value["events"][3]["comment"] = comment
    path.write_bytes(orjson.dumps(value))
    return path.read_bytes()


def test_migrate_writes_the_present_version(
    document_file: Path, article: Document, cli: Callable[..., Result]
) -> None:
    """`statevisit migrate` rewrites a file once; a second run has nothing to do."""
    _as_v0(document_file, article)
    refused = cli("validate", document_file)
    assert 1 == refused.status
    assert (
        f"follows the older schema version 0: run `statevisit migrate {document_file}`"
        in refused.out
    )
    assert (0, f"migrated {document_file}: v0_to_v1\n") == cli("migrate", document_file)[:2]
    assert encode(article) == document_file.read_bytes()
    assert (0, "1 document, all of the present version\n") == cli("migrate", document_file)[:2]


def test_a_dry_run_writes_nothing(
    document_file: Path, article: Document, cli: Callable[..., Result]
) -> None:
    """`--dry-run` says what would be done."""
    old = _as_v0(document_file, article)
    assert (0, f"would migrate {document_file}: v0_to_v1\n") == cli(
        "migrate", "--dry-run", document_file
    )[:2]
    assert old == document_file.read_bytes()


def test_a_loss_is_listed_and_asked_about(
    document_file: Path, article: Document, cli: Callable[..., Result]
) -> None:
    """A value that version 1 has no place for is named, and reading refuses the file.

    `migrate` refuses it too, unless `--allow-loss` is given.
    """
    old = _as_v0(document_file, article, "why not a state?")
    with pytest.raises(
        FormatError,
        match=r"no place for /events/3/comment: 'why not a state\?': "
        r"`statevisit migrate --allow-loss",
    ):
        read_document(document_file)
    refused = cli("migrate", document_file)
    assert (1, old) == (refused.status, document_file.read_bytes())
    assert f"{document_file}: would be lost: /events/3/comment: 'why not a state?'" in refused.err
    done = cli("migrate", "--allow-loss", document_file)
    assert (0, encode(article)) == (done.status, document_file.read_bytes())
    assert f"{document_file}: lost: /events/3/comment: 'why not a state?'" in done.err


def test_all_documents_or_none(
    document_file: Path, article: Document, cli: Callable[..., Result]
) -> None:
    """With one document that is not what it says, no other one is rewritten."""
    old = _as_v0(document_file, article)
    broken = document_file.with_name("zz.json")
    shutil.copy(document_file, broken)
    broken.write_bytes(orjson.dumps({**v0(article), "id": "zz", "tokens": [[1, 2, 3]]}))
    done = cli("migrate", document_file.parent)
    assert (1, old) == (done.status, document_file.read_bytes())
    assert f"{broken}: states schema version 0 but does not follow it: v0_to_v1 fails" in done.err


def test_a_newer_document_stops(document_file: Path, cli: Callable[..., Result]) -> None:
    """A document of a newer schema is not touched, and the message says what to do."""
    newer = document_file.read_bytes().replace(b'"schema_version":1', b'"schema_version":2')
    document_file.write_bytes(newer)
    done = cli("migrate", document_file)
    assert (1, newer) == (done.status, document_file.read_bytes())
    assert "written for a schema newer than version 1" in done.err
    assert DOC_ID in done.err
