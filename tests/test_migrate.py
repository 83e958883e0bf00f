"""Migrations: older schema versions are read without loss, or every loss is listed."""

import copy
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from msgspec.structs import replace

from statevisit import FormatError, decode, encode, read_document
from statevisit.checks.document import check_bytes
from statevisit.document import migrations
from statevisit.document.codec import ordered, to_value
from statevisit.document.migrations import MIGRATIONS
from statevisit.document.model import ANNOTATED_LAYERS, SCHEMA_VERSION, SPAN_LAYERS, Document
from statevisit.document.timex_values import timeml_spelling
from tests.conftest import DOC_ID, ROOT, Result
from tests.strategies import documents

DRAFT = ROOT / "tests/data/migrations/v0"
"""A document in the draft format, and the same document, proofread, in version 2."""

OF_VERSION_1 = ROOT / "tests/data/migrations/v1/springfield.json"
"""The same document in version 1."""


def v1(document: Document) -> dict[str, Any]:
    """Turn a document whose layers are done into version 1: the reverse of v1_to_v2."""
    value = to_value(document) | {"schema_version": 1}
    assert {"done"} == {*value.pop("layers").values()}
    for quotation in value["quotations"]:
        if "sources" in quotation:
            (quotation["source"],) = quotation.pop("sources")
    for timex in value["timexes"]:
        if timex["value"].startswith("P"):
            timex["value"] = re.sub(
                "(?<=[0-9X])[ECL]", lambda unit: _TIDES[unit[0]], timex["value"]
            )
    return value


_TIDES = {"E": "DE", "C": "CE", "L": "ML"}
"""The units of decades, centuries and millennia in version 1."""


def of_version_1(document: Document) -> Document:
    """Return the document with nothing but what version 1 could hold, in the spelling of TimeML."""
    relations = [r for r in document.relations if r.type not in ("PARTICIPANT", "PARTY_TO")]
    return replace(
        document,
        mentions=tuple(replace(m, predicate=None) for m in document.mentions),
        entities=tuple(replace(e, members=None) for e in document.entities),
        timexes=tuple(replace(t, value=timeml_spelling(t.value)) for t in document.timexes),
        quantities=tuple(replace(q, whole=None) for q in document.quantities),
        relations=tuple(replace(r, modality=None, inferred=None) for r in relations),
        event_relations=tuple(replace(r, modality=None) for r in document.event_relations),
        quotations=tuple(
            replace(q, sources=q.sources and q.sources[:1]) for q in document.quotations
        ),
    )


@pytest.fixture
def old_article(article: Document) -> Document:
    """The article with nothing but what version 1 could hold."""
    return of_version_1(article)


def v0(document: Document) -> dict[str, Any]:
    """Turn a document into the draft format, which `migrate` describes: the reverse of v0_to_v1."""
    value = v1(document)
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
    """Any document of versions 0 and 1 is read without loss, and the schema accepts the result.

    Version 2 adds the states, all done. The source of a quotation becomes a list, and decades,
    centuries and millennia get the spelling of TimeML.
    """
    document = of_version_1(document)
    for old, steps in ((v0(document), ["v0_to_v1", "v1_to_v2"]), (v1(document), ["v1_to_v2"])):
        data = orjson.dumps(old)
        assert encode(document) == encode(decode(data))
        value, names, losses = migrations.migrate(orjson.loads(data), "x.json")
        assert (steps, []) == (names, losses)
        assert document == check_bytes(orjson.dumps(value), "x.json", warnings=False)[0]
    assert to_value(ordered(document)) == to_value(ordered(decode(value)))
    assert dict.fromkeys(ANNOTATED_LAYERS, "done") == value["layers"]


@pytest.mark.parametrize("old", [DRAFT / "springfield.json", OF_VERSION_1], ids=["v0", "v1"])
def test_the_staged_document_is_read(old: Path) -> None:
    """A file of an older version gives, byte for byte, the file of the present version."""
    assert (DRAFT / "springfield.v2.json").read_bytes() == encode(read_document(old))


def test_version_1_has_no_states(article: Document) -> None:
    """A document that states version 1 and has states of layers follows neither version."""
    old = to_value(article) | {"schema_version": 1}
    with pytest.raises(FormatError, match="v1_to_v2 fails with ValueError `layers`"):
        decode(orjson.dumps(old), "x.json")


def test_the_way_back_is_refused(
    document_file: Path, article: Document, cli: Callable[..., Result]
) -> None:
    """`migrate --to` takes the present version only; an older one has no place for states."""
    refused = cli("migrate", "--to", "1", document_file)
    assert (1, "") == refused[:2]
    assert (
        "version 2 is not converted to version 1, which has no place for the states of layers"
        in refused.err
    )
    assert "written for version 3" in cli("migrate", "--to", "3", document_file).err
    assert 0 == cli("migrate", "--to", "2", document_file).status
    assert encode(article) == document_file.read_bytes()


def test_migrating_leaves_its_input_alone(old_article: Document) -> None:
    """The value handed in is not changed."""
    old = v0(old_article)
    before = copy.deepcopy(old)
    migrations.migrate(old, "x.json")
    assert before == old


def _as_v0(path: Path, document: Document, comment: str | None = None) -> bytes:
    value = v0(document)
    if comment:
        value["events"][3]["comment"] = comment
    path.write_bytes(orjson.dumps(value))
    return path.read_bytes()


def test_migrate_writes_the_present_version(
    document_file: Path, old_article: Document, cli: Callable[..., Result]
) -> None:
    """`statevisit migrate` rewrites a file once; a second run has nothing to do."""
    _as_v0(document_file, old_article)
    refused = cli("validate", document_file)
    assert 1 == refused.status
    assert (
        f"follows the older schema version 0: run `statevisit migrate {document_file}`"
        in refused.out
    )
    assert (0, f"migrated {document_file}: v0_to_v1, v1_to_v2\n") == cli("migrate", document_file)[
        :2
    ]
    assert encode(old_article) == document_file.read_bytes()
    assert (0, "1 document, all of the present version\n") == cli("migrate", document_file)[:2]


def test_a_dry_run_writes_nothing(
    document_file: Path, old_article: Document, cli: Callable[..., Result]
) -> None:
    """`--dry-run` says what would be done."""
    old = _as_v0(document_file, old_article)
    assert (0, f"would migrate {document_file}: v0_to_v1, v1_to_v2\n") == cli(
        "migrate", "--dry-run", document_file
    )[:2]
    assert old == document_file.read_bytes()


def test_a_loss_is_listed_and_asked_about(
    document_file: Path, old_article: Document, cli: Callable[..., Result]
) -> None:
    """A value that version 1 has no place for is named, and reading refuses the file.

    `migrate` refuses it too, unless `--allow-loss` is given.
    """
    old = _as_v0(document_file, old_article, "why not a state?")
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
    assert (0, encode(old_article)) == (done.status, document_file.read_bytes())
    assert f"{document_file}: lost: /events/3/comment: 'why not a state?'" in done.err


def test_all_documents_or_none(
    document_file: Path, old_article: Document, cli: Callable[..., Result]
) -> None:
    """With one document that is not what it says, no other one is rewritten."""
    old = _as_v0(document_file, old_article)
    broken = document_file.with_name("zz.json")
    shutil.copy(document_file, broken)
    broken.write_bytes(orjson.dumps({**v0(old_article), "id": "zz", "tokens": [[1, 2, 3]]}))
    done = cli("migrate", document_file.parent)
    assert (1, old) == (done.status, document_file.read_bytes())
    assert f"{broken}: states schema version 0 but does not follow it: v0_to_v1 fails" in done.err


def test_a_newer_document_stops(document_file: Path, cli: Callable[..., Result]) -> None:
    """A document of a newer schema is not touched, and the message says what to do."""
    newer = document_file.read_bytes().replace(b'"schema_version":2', b'"schema_version":3')
    document_file.write_bytes(newer)
    done = cli("migrate", document_file)
    assert (1, newer) == (done.status, document_file.read_bytes())
    assert "written for a schema newer than version 2" in done.err
    assert DOC_ID in done.err
