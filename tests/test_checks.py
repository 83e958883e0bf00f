"""The checks: each finds what it is for, says where, and nothing else fires."""

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from statevisit import read_document, validate
from statevisit.checks.cycles import _has_cycle
from statevisit.checks.document import check_bytes, check_document, context_of
from statevisit.checks.excerpt import finding
from statevisit.checks.registry import Context
from statevisit.checks.text import _cut_tokens
from statevisit.corpus.documents import write_document
from statevisit.document.characters import is_invisible
from statevisit.document.codec import decode, encode, encode_value, to_value
from statevisit.document.model import Document, EventRelation, Relation, Span, Token
from statevisit.document.references import references_of
from statevisit.document.scheme import Scheme, scheme_from
from tests.conftest import DOC_ID, ROOT, VALID, Result
from tests.mutations import MUTATIONS
from tests.mutations import document as random_document
from tests.strategies import documents

Change = Callable[[dict[str, Any]], None]


def _set(layer: str, number: int, **changes: Any) -> Change:
    return lambda value: value[layer][number].update(changes)


def _token_in_no_sentence(value: dict[str, Any]) -> None:
    del value["sentences"][21]
    value["relations"] = []


CHANGES: list[tuple[str, str, Change]] = [
    ("E104", "/mentions/0/level", _set("mentions", 0, level="NAME")),
    ("E104", "/mentions/0", _set("mentions", 0, note="x")),
    ("E105", "/schema_version", lambda v: v.update(schema_version=3)),
    ("E201", "/text_sha256", lambda v: v.update(text_sha256="0" * 64)),
    ("E202", "/source/file", lambda v: v["source"].update(file="gone.txt")),
    ("E202", "/source/sha256", lambda v: v["source"].update(sha256="0" * 64)),
    ("E202", "/text", lambda v: v["source"].update(header_length=16)),
    ("E204", "/mentions/0/text", _set("mentions", 0, text="Recep Tayyip Erdogan")),
    ("E204", "/quotations/1/cue/text", lambda v: v["quotations"][1]["cue"].update(text="said")),
    ("E205", "/timexes/14", _set("timexes", 14, end=99999)),
    ("E205", "/timexes/0", _set("timexes", 0, start=84)),
    ("E206", "/events/0", _set("events", 0, start=32, text="elcomed")),
    ("E207", "/sentences/1", _set("sentences", 1, start=118)),
    ("E208", "/tokens", lambda v: v["tokens"].pop(12)),
    ("E208", "/tokens/523", _token_in_no_sentence),
    ("E301", "/mentions/1/id", _set("mentions", 1, id="m1")),
    ("E301", "/events/1/id", _set("events", 1, id="t1")),
    ("E302", "/mentions/0/entity", _set("mentions", 0, entity="nobody")),
    (
        "E302",
        "/events/0/arguments/0/target",
        lambda v: v["events"][0]["arguments"][0].update(target="m999"),
    ),
    ("E302", "/timexes/0/anchor", _set("timexes", 0, anchor="t999")),
    ("E303", "/mentions/0/entity", _set("mentions", 0, entity="m2")),
    ("E303", "/event_relations/0/source", _set("event_relations", 0, source="m1")),
    ("E303", "/quotations/1/sources/0", _set("quotations", 1, sources=["aliyev"])),
    ("E304", "/relations/0/evidence/1", _set("relations", 0, evidence=[0, 22])),
    ("E305", "/annotators/0", lambda v: v.update(annotators=["nobody"])),
    ("E306", "/entities/0/wikidata", lambda v: v["entities"][0].update(wikidata="Q1")),
    (
        "E401",
        "/events/0/arguments/0/ace_role",
        lambda v: v["events"][0]["arguments"][0].update(ace_role="Victim"),
    ),
    ("E501", "/timexes/0/value", _set("timexes", 0, value="2024-02-30")),
    (
        "E502",
        "/quantities/11/lower",
        lambda v: (
            v["quantities"][11].update(comparator="RANGE", lower="3", upper="2.5")
            or v["quantities"][11].pop("value")
        ),
    ),
]


@pytest.mark.parametrize(
    ("code", "pointer", "change"), CHANGES, ids=[f"{c}{p}" for c, p, _ in CHANGES]
)
def test_a_mistake_is_found_once_and_where_it_is(
    article: Document, code: str, pointer: str, change: Change
) -> None:
    """One mistake in a right document gives one code, at its record, with line and column."""
    value = to_value(article)
    change(value)
    data = encode_value(value)
    _, findings = check_bytes(data, "x.json", context_of(ROOT))
    assert [(code, pointer)] == [(f.code, f.pointer) for f in findings]
    finding = findings[0]
    assert (DOC_ID, "x.json") == (finding.document, finding.file)
    assert 0 < finding.line <= data.count(b"\n")
    assert finding.column > 0
    assert 20 < len(finding.message) < 400


@pytest.mark.parametrize("bad", ["a\rb", "a\x00b", "e\u0301"])
def test_text_that_makes_offsets_ambiguous_is_found(article: Document, bad: str) -> None:
    """A document whose text has CR, NUL or is not NFC is refused, whatever its hashes say."""
    value = to_value(article)
    value["text"] = value["text"].replace("President", bad, 1)
    codes = {f.code for f in check_bytes(encode_value(value), "x.json")[1]}
    assert "E203" in codes


def test_the_shipped_corpus_is_clean() -> None:
    """What statevisit ships passes all of its own checks."""
    assert [] == list(validate(ROOT))
    assert [] == list(validate())


def test_a_document_alone_is_checked_without_its_corpus(article: Document, tmp_path: Path) -> None:
    """A file outside a corpus root is checked alone, without seeds and lists."""
    path = tmp_path / f"{DOC_ID}.json"
    path.write_bytes(encode_value(to_value(article)))
    assert [] == list(validate(path))
    assert None is Context().links


def test_two_documents_with_one_id(
    corpus: Path, document_file: Path, cli: Callable[..., Result]
) -> None:
    """The second document with an id is named, and so is the first."""
    other = document_file.with_name("other.json")
    other.write_bytes(document_file.read_bytes())
    codes = [(f.code, Path(f.file).name) for f in validate(corpus)]
    assert [("E210", "other.json"), ("E701", "other.json")] == codes
    result = cli("validate", corpus)
    assert 1 == result.status
    assert f"rename it to {DOC_ID}.json" in result.out
    assert "2 findings" in result.err


def test_foreign_files_and_lists_are_checked(corpus: Path) -> None:
    """A stray document file and a wrong list, source list or manifest are findings."""
    (corpus / "corpus/documents/notes.txt").write_text("x")
    (corpus / "corpus/release.json").write_text('{"version": "1.0.0"}')
    with (corpus / "seeds/sources.jsonl").open("a") as sources:
        sources.write('{"file": "x"}\n{\n')
    findings = [(f.code, Path(f.file).name, f.line) for f in validate(corpus)]
    assert [
        ("E702", "notes.txt", 0),
        ("E704", "release.json", 1),
        ("E703", "sources.jsonl", 2),
        ("E703", "sources.jsonl", 3),
    ] == findings


@pytest.mark.parametrize(
    ("line", "codes"),
    [
        (lambda s: orjson.dumps({**s, "urls": "https://example.org"}), ["E703"]),
        (lambda s: orjson.dumps({**s, "sha256": 5}), ["E703"]),
        (lambda s: orjson.dumps({k: v for k, v in s.items() if k != "file"}), ["E703"]),
        (lambda s: b"{", ["E703"]),
        (lambda s: orjson.dumps({"file": "other.txt"}), ["E703", "E708"]),
        (lambda s: b"", ["E708"]),
    ],
    ids=["unknown key", "wrong type", "no file", "not JSON", "another file", "empty"],
)
def test_a_source_that_cannot_be_read_is_not_called_missing(
    corpus: Path, line: Callable[[dict[str, Any]], bytes], codes: list[str]
) -> None:
    """A line with a mistake is one finding, not two, if it can be the line of the document."""
    sources = corpus / "seeds/sources.jsonl"
    sources.write_bytes(line(orjson.loads(sources.read_bytes())))
    assert codes == [f.code for f in validate(corpus)]


@pytest.mark.slow
def test_names_that_no_file_can_have_do_not_stop_a_build(
    corpus: Path, cli: Callable[..., Result]
) -> None:
    """W710 is a warning about a list, so `build` works."""
    annotators = corpus / "corpus/annotators.json"
    text = annotators.read_text(encoding="utf-8").replace('"id":"first-pass"', '"id":"PRN"')
    annotators.write_text(text, encoding="utf-8")
    assert ["W710"] == [f.code for f in validate(corpus)]
    assert 0 == cli("build", corpus, "--workers", "1").status


def test_jsonl_findings_name_the_line(article: Document, tmp_path: Path) -> None:
    """In JSONL the line of a finding is the line of its document."""
    value = to_value(article)
    good = orjson.dumps(value)
    value["id"], value["mentions"][0]["level"] = "other", "X"
    path = tmp_path / "corpus.jsonl"
    path.write_bytes(good + b"\n\n" + orjson.dumps(value) + b"\n" + good + b"\n")
    assert [("E104", 3), ("E701", 4)] == [(f.code, f.line) for f in validate(path)]


def test_a_range_that_is_restated_wrongly_is_found(article: Document) -> None:
    """A range has no value of its own: its lower bound is compared with what restates it."""
    first, second, *others = article.quantities
    span = {"kind": "MEASURE", "property": None, "measures": None}
    miles = replace(
        first, **span, value=None, lower="5", upper="6", unit="[mi_i]", comparator="RANGE"
    )
    kilometres = replace(second, **span, value="80", unit="km", conversion_of=first.id)
    details = [
        detail
        for code, _, detail in check_document(
            replace(article, quantities=(miles, kilometres, *others))
        )
        if code == "E507"
    ]
    assert 1 == len(details)
    assert details[0].endswith("5 [mi_i] are 8.047 km, not 80")


def test_an_amount_of_many_digits_is_a_finding(article: Document) -> None:
    """A restated amount with more digits than decimals usually carry is compared, not a crash."""
    first, second, *others = article.quantities
    span = {"kind": "MEASURE", "property": None, "measures": None}
    miles = replace(first, **span, value="1" * 40, unit="[mi_i]")
    kilometres = replace(second, **span, value="80", unit="km", conversion_of=first.id)
    document = replace(article, quantities=(miles, kilometres, *others))
    details = [detail for code, _, detail in check_document(document) if code == "E507"]
    assert 1 == len(details)
    assert details[0].endswith("km, not 80")


@given(documents())
@settings(deadline=None, max_examples=40)
def test_a_finding_has_the_same_place_alone_and_among_others(document: Document) -> None:
    """Line, column, record and excerpt of a finding do not depend on the other findings."""
    data = encode(document)
    expected = [
        finding(code, message, path, orjson.loads(data), data, "x.json")
        for code, path, message in check_document(document)
    ]
    assert expected == check_bytes(data, "x.json")[1]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(-1, 12)), max_size=6), st.data())
@settings(deadline=None)
def test_the_tokens_that_a_span_cuts_are_named(
    article: Document, places: list[tuple[int, int]], data: st.DataObject
) -> None:
    """The message names the first and last token of the layer that a span overlaps.

    That holds for tokens in any order, and also if they overlap or are empty.
    """
    tokens = tuple(Token(start=start, end=start + length) for start, length in places)
    document = replace(article, tokens=tokens)
    start = data.draw(st.integers(0, 40))
    span = Span(start=start, end=start + data.draw(st.integers(0, 12)), text="")
    overlapped = [t for t in tokens if t.start < span.end and span.start < t.end]
    first_and_last = overlapped[:1] + overlapped[1:][-1:]
    words = [repr(document.text_of(token)) for token in first_and_last]
    assert " ".join(words) == _cut_tokens(document, span)


def test_each_wrong_reference_is_found_in_a_document_with_many_mistakes() -> None:
    """The quick test for wrong references passes no document that has one."""
    count = 0
    for number in range(300):
        rng = random.Random(number)
        value = random_document(rng)
        for kind in rng.sample(_OF_REFERENCES, 2):
            MUTATIONS[kind](rng, value)
        document = decode(orjson.dumps(value))
        layers = document.layer_by_id
        expected = [
            path for path, target, of in references_of(document) if layers.get(target) not in of
        ]
        problems = check_document(document)
        assert sorted(expected) == sorted(
            path for code, path, _ in problems if code in ("E302", "E303")
        )
        count += len(expected)
    assert count > 200


_OF_REFERENCES = (
    "a reference to nothing",
    "a reference to another layer",
    "a record twice",
    "an offset moved",
)


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6))))
def test_a_graph_is_searched_for_cycles_only_if_it_has_one(edges: list[tuple[int, int]]) -> None:
    """The quick test for a cycle agrees with a walk from each node back to itself."""
    graph: dict[int, list[int]] = {node: [] for edge in edges for node in edge}
    for source, target in edges:
        graph[source].append(target)
    reached = set(edges)
    for _ in graph:
        reached |= {(a, d) for a, b in reached for c, d in edges if b == c}
    assert _has_cycle(graph) == any(a == b for a, b in reached)


def test_ascii_has_no_invisible_characters_but_white_space() -> None:
    """Names in ASCII are compared and tidied by the methods of `str`."""
    characters = list(map(chr, range(128)))
    assert list(map(str.isspace, characters)) == list(map(is_invisible, characters))


def test_every_cycle_is_reported(article: Document) -> None:
    """Each of many cycles has its finding, at its first relation."""
    names = [event.id for event in article.events]
    pairs = list(zip(names[::2], names[1::2], strict=False))[:20]
    relations = [
        EventRelation(type=kind, source=source, target=target)
        for pair in pairs
        for source, target in (pair, pair[::-1])
        for kind in ("SUBEVENT", "BEFORE")
    ]
    document = replace(article, event_relations=tuple(relations))
    problems = [problem for problem in check_document(document) if problem[0] != "E608"]
    reported = sorted((path, message) for code, path, message in problems if code == "E309")
    assert [("event_relations", 4 * n, "source") for n in range(20)] == [p for p, _ in reported]
    for (source, target), (_, message) in zip(pairs, reported, strict=True):
        assert message.endswith(f"{source} → {target} → {source} leads back to itself")
    contradicted = sorted(path for code, path, _ in problems if code == "E607")
    assert [("event_relations", 4 * n) for n in range(20)] == contradicted


def test_checks_of_words_run_for_the_languages_that_they_know(
    corpus: Path, cli: Callable[..., Result]
) -> None:
    """A text in another language has no findings by English rules, and `validate -v` says so."""
    path = corpus / f"corpus/documents/{DOC_ID}.json"
    document = read_document(path)
    wrong = [replace(q, value="7") if q.value else q for q in document.quantities]
    write_document(replace(document, quantities=tuple(wrong)), path)
    result = cli("validate", path, "--select", "E504")
    assert (1, False) == (result.status, "not run" in result.err)
    write_document(replace(read_document(path), language="tr-Latn"), path)
    result = cli("validate", path, "--select", "E504")
    assert (0, "", "") == (result.status, result.out, result.err)
    result = cli("validate", path, "--select", "E504", "-v")
    assert (0, True) == (result.status, "not run for 1 document in tr: E504, E505" in result.err)


def test_the_catalogue_states_the_languages_of_a_check(cli: Callable[..., Result]) -> None:
    """`explain` names the languages of a check that does not run for all."""
    assert "languages  en only" in cli("explain", "E504").out
    assert "languages  all but bo, cmn" in cli("explain", "W215").out
    assert "languages" not in cli("explain", "E201").out


def _codes(document: Document, scheme: Scheme | None = None) -> set[str]:
    context = Context() if scheme is None else Context(scheme)
    return {code for code, _, _ in check_document(document, context)}


@pytest.mark.parametrize("layer", ["mentions", "entities", "events", "relations"])
def test_a_participant_may_be_to_come_while_a_layer_is_open(layer: str) -> None:
    """A named event lacks a participant only if everything that could say so is done."""
    document = read_document(VALID)
    named = replace(document.events[0], level="NAM", tense=None)
    chain = replace(document.event_chains[0], name="Opened", nil="NIL")
    document = replace(
        document,
        events=(named, *document.events[1:]),
        event_chains=(chain, *document.event_chains[1:]),
    )
    assert {"W613"} == _codes(document)
    assert set() == _codes(replace(document, layers={**document.layers, layer: "partial"}))


@pytest.mark.parametrize(
    ("source", "codes"),
    [("marsh", set()), ("pair", set()), ("team", set()), ("visitors", {"W613"}), (None, {"W613"})],
)
def test_sets_take_part_through_their_members(source: str | None, codes: set[str]) -> None:
    """A participant counts for its members, and for their members."""
    document = read_document(VALID)
    named = replace(document.events[0], level="NAM", tense=None)
    chain = replace(document.event_chains[0], name="Opened", nil="NIL")
    pair = replace(document["visitors"], id="pair", name="the pair", members=("marsh", "visitors"))
    bridge = "bridge-of-springfield"
    team = replace(pair, id="team", name="the team", type="ORG", members=("pair", bridge))
    relation = Relation(id="r9", type="PARTICIPANT", source=source or "", target="opening")
    document = replace(
        document,
        entities=(*document.entities, pair, team),
        events=(named, *document.events[1:]),
        event_chains=(chain, *document.event_chains[1:]),
        relations=(*document.relations, relation) if source else document.relations,
    )
    assert codes == _codes(document) & {"W612", "W613"}


def test_types_of_a_corpus_of_its_own_may_join_anything() -> None:
    """Relations of a corpus's own types lead to events or entities, and are inferred from any."""
    declared = """base = 2
    [labels."relations.type"]
    SIGNED_AT = "The treaty `source` was signed at `target`."
    """
    scheme = scheme_from(declared.encode(), "scheme.toml")
    document = read_document(VALID)
    relations = [
        Relation(id=f"r-{target}", type="SIGNED_AT", source="marsh", target=target, inferred=True)
        for target in ("opening", "springfield")
    ]
    joined = replace(document, relations=(*document.relations, *relations))
    assert set() == _codes(joined, scheme)


@pytest.mark.parametrize(
    ("modality", "codes"), [(None, {"E607"}), ("ACTUAL", {"E607"}), ("UNCERTAIN", set())]
)
def test_an_uncertain_relation_contradicts_nothing(modality: str | None, codes: set[str]) -> None:
    """What the text is not sure of may be against what it is sure of."""
    document = read_document(VALID)
    relation = EventRelation(type="SUBEVENT", source="ev5", target="ev1", modality=modality)
    relations = (*document.event_relations, relation)
    assert codes == _codes(replace(document, event_relations=relations))
