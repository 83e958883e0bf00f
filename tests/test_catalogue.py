"""The catalogue: every code is explained, and has a fixture that triggers it and nothing else."""

import json
import shutil
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from statevisit import Finding, read_document, validate
from statevisit.annotation.ingest import decode_seed
from statevisit.annotation.quotes import anchor
from statevisit.annotation.realign import realign
from statevisit.annotation.segmentation import segment
from statevisit.checks.catalogue import catalogue, entry
from statevisit.checks.document import check_bytes
from statevisit.checks.registry import REGISTRY
from statevisit.checks.units import conversion
from statevisit.document.model import Source
from statevisit.document.scheme import scheme_of
from statevisit.labelstudio.export_files import elements
from statevisit.labelstudio.incoming import Incoming
from tests.conftest import INVALID, RIGHT, ROOT, VALID, Result, write_fixture
from tests.repositories import begin, commit

FIXTURES = sorted(INVALID.iterdir())
SIMILAR = sorted(RIGHT.iterdir())


def _code(path: Path) -> str:
    return path.name.partition("-")[0]


def _findings(path: Path, tmp_path: Path) -> list[Finding]:
    """The findings that a fixture is for.

    A fixture is a document, a corpus, a draft in quote notation, a corrected seed, or an export of
    Label Studio.
    """
    if path.suffix == ".txt":
        text, date, header = decode_seed(path.read_bytes(), path.name)
        return realign(
            read_document(VALID),
            text,
            Source(file=path.name, sha256="0" * 64, header_length=header),
            date,
            segment,
        )[1]
    if _code(path)[0] == "A":
        _, problems, reports = anchor(
            json.loads(path.read_bytes()), read_document(VALID), path.name
        )
        return [*problems, *reports]
    if _code(path)[0] == "L":
        corpus = read_document(VALID)
        incoming = Incoming(
            lambda base: corpus if base.document.id == corpus.id else base.document,
            lambda text: None,
            scheme_of(corpus),
        )
        return [
            f
            for where, task in (e.parsed() for e in elements(path))
            for o in incoming.outcomes(task, where)
            for f in (*o.findings, *o.conflicts)
        ]
    if (path / "released").is_dir():
        path = _released(path, tmp_path)
    return list(validate(path))


def _released(path: Path, tmp_path: Path) -> Path:
    """A git checkout: the last release is the fixture's `released/`, the work tree the rest."""
    root = tmp_path / "checkout"
    shutil.copytree(path, root, ignore=shutil.ignore_patterns("released"))
    shutil.copytree(path / "released", root, dirs_exist_ok=True)
    begin(root)
    commit(root, "release")
    (root / "corpus/release.json").unlink()
    shutil.copytree(
        path,
        root,
        ignore=shutil.ignore_patterns("released"),
        dirs_exist_ok=True,
        copy_function=shutil.copyfile,
    )
    manifest = json.loads((ROOT / "corpus/release.json").read_bytes()) | {"version": "1.0.0"}
    (root / "corpus/release.json").write_text(json.dumps(manifest))
    return root


@pytest.mark.parametrize("source", FIXTURES, ids=lambda p: p.name.partition(".")[0])
def test_a_fixture_triggers_its_code_and_nothing_else(source: Path, tmp_path: Path) -> None:
    """Every fixture in tests/data/invalid has the problem in its name only, in the right place."""
    findings = _findings(write_fixture(source, tmp_path), tmp_path)
    assert {_code(source)} == {f.code for f in findings}
    for finding in findings:
        assert 10 < len(finding.message) < 400
        assert "\n" not in str(finding)
        assert finding.file or finding.document
        assert finding.excerpt[slice(*finding.mark)] or finding.mark == (0, 0)


@pytest.mark.parametrize("source", SIMILAR, ids=lambda p: p.name.partition(".")[0])
def test_right_data_that_look_like_the_error_have_no_finding(source: Path, tmp_path: Path) -> None:
    """Every fixture in tests/data/right is silent, warnings included."""
    assert [] == [str(f) for f in _findings(write_fixture(source, tmp_path), tmp_path)]


def test_every_code_has_a_fixture_and_every_fixture_a_code() -> None:
    """No code is there that nothing shows to work."""
    assert set(catalogue()) == {_code(p) for p in FIXTURES}
    assert set(REGISTRY) <= set(catalogue())


def test_every_code_has_right_data_that_look_like_its_error() -> None:
    """Each code is held against right data, so that it does not cry wolf."""
    assert set(catalogue()) == {_code(p) for p in SIMILAR}


def test_the_valid_document_is_valid() -> None:
    """What the fixtures were made from has no findings, warnings included."""
    assert [] == check_bytes(VALID.read_bytes(), "bridge.json")[1]


def test_every_code_is_explained() -> None:
    """Every code has message, why, wrong and right, and no two messages are alike."""
    entries = catalogue().values()
    for e in entries:
        assert (
            "warning" if e.code[0] == "W" or e.code.startswith(("A1", "L1")) else "error"
        ) == e.severity
        assert 10 < len(e.message) < 120
        assert len(e.why) > 60
        assert e.wrong != e.right
    assert len(entries) == len({e.message for e in entries})


def test_a_check_without_an_explanation_is_refused() -> None:
    """Who writes a check and leaves out why is told."""
    with pytest.raises(
        ValueError, match="E999: a check's docstring is its message, a paragraph of why"
    ):
        entry("E999", "The thing is wrong.")


def test_the_page_of_checks_explains_every_code() -> None:
    """schema/CHECKS.md has a heading for each code, and below it all of its entry."""
    sections = (ROOT / "schema/CHECKS.md").read_text(encoding="utf-8").split("\n### ")[1:]
    explained = {section.split("\n")[0]: section for section in sections}
    assert list(catalogue()) == list(explained)
    for code, e in catalogue().items():
        assert f"schema/CHECKS.md#{code.lower()}" == e.page
        parts = (e.message, e.severity, e.why, f"- Wrong: {e.wrong}\n", f"- Right: {e.right}\n")
        assert [] == [part for part in parts if part not in explained[code] + "\n"]


def test_explain(cli: Callable[..., Result]) -> None:
    """`explain CODE` prints the entry; alone it lists all codes; a slip gets a suggestion."""
    result = cli("explain", "e504")
    assert 0 == result.status
    assert "E504 (error; values)" in result.out
    assert all(
        part in " ".join(result.out.split())
        for part in (catalogue()["E504"].why, catalogue()["E504"].wrong, catalogue()["E504"].right)
    )
    assert "schema/CHECKS.md#e504" == result.out.splitlines()[-1]
    listed = cli("explain")
    assert [] == [code for code in catalogue() if code not in listed.out]
    wrong = cli("explain", "E50A")
    assert 1 == wrong.status
    assert "did you mean E50" in wrong.err


def test_explain_leads_to_the_page_of_checks(
    checkout: Path,
    tmp_path_factory: pytest.TempPathFactory,
    cli: Callable[..., Result],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The last line is a file that exists, or the page on the Hub if the corpus has a `repo`."""
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    assert f"{ROOT}/schema/CHECKS.md#e204" == cli("explain", "E204").out.splitlines()[-1]
    monkeypatch.chdir(checkout)
    assert "schema/CHECKS.md#e204" == cli("explain", "E204").out.splitlines()[-1]
    (checkout / "schema/CHECKS.md").unlink()
    assert f"{ROOT}/schema/CHECKS.md#e204" == cli("explain", "E204").out.splitlines()[-1]
    (checkout / "pyproject.toml").write_text('[tool.statevisit]\nrepo = "someone/visits"\n')
    address = "https://huggingface.co/datasets/someone/visits/blob/main/schema/CHECKS.md#e204"
    assert address == cli("explain", "E204").out.splitlines()[-1]


@pytest.mark.parametrize(
    ("source", "target", "one"),
    [
        ("[mi_i]", "km", "1.609344"),
        ("har", "m2", "10000"),
        ("MW.h", "J", "3600000000"),
        ("kg", "m", None),
        ("Cel", "[degF]", "33.8"),
        ("K", "Cel", "-272.15"),
        ("[cft_i]", "[ft_i]3", "1"),
        ("''", "'", "0.0166666666667"),
        ("[Cal]", "kJ", "4.184"),
        ("{person}", "km", "0"),
        ("[pH]", "dB", "0"),
        ("10*3", "{x}", "0"),
    ],
)
def test_units_are_converted_where_that_can_be_said(
    source: str, target: str, one: str | None
) -> None:
    """One unit is so many of another; None for another dimension, 0 if nobody can say."""
    result = conversion(source, target)
    assert (one is None) == (result is None)
    if result is not None:
        assert abs(result.convert(Decimal(1)) - Decimal(one)) <= abs(Decimal(one)) / 10**9
