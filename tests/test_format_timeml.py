"""TimeML: what its files hold, what an import makes of them, and what it refuses."""

import re
from collections import Counter
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from statevisit import FormatError, load
from statevisit.document.codec import encode
from statevisit.document.model import Document
from statevisit.document.scheme import base
from statevisit.document.time_algebra import BEGIN, ORDERS
from statevisit.document.timeline import timeline
from statevisit.formats import timeml_terms
from statevisit.formats.edits import with_additions, with_changes
from statevisit.formats.texts import AnnotatedText
from statevisit.formats.timeml import read
from statevisit.formats.timeml_writer import write
from statevisit.formats.translation import Translation
from statevisit.formats.vocabulary import text_of
from tests.conftest import DOC_ID, Result, required
from tests.strategies import documents, unfinished

Cli = Callable[..., Result]

HEAD = '<?xml version="1.0" ?>\n<TimeML>\n'
STRIKE = (
    HEAD + "<DOCID>strike</DOCID>\n"
    '<DCT><TIMEX3 tid="t0" type="TIME" value="2023-05-17T09:30" temporalFunction="false"'
    ' functionInDocument="CREATION_TIME">05/17/2023 09:30</TIMEX3></DCT>\n'
    "<TITLE>Ferries idle</TITLE>\n"
    "<TEXT>\n"
    'Crews <EVENT eid="e1" class="REPORTING">said</EVENT> on '
    '<TIMEX3 tid="t1" type="DATE" value="2023-05-16" temporalFunction="true" anchorTimeID="t0">'
    'Tuesday</TIMEX3> that the <EVENT eid="e2" class="OCCURRENCE" stem="strike">strike</EVENT> '
    '<EVENT eid="e3" class="ASPECTUAL">began</EVENT> <SIGNAL sid="s1">after</SIGNAL> '
    '<TIMEX3 tid="t2" type="DURATION" value="P2D" beginPoint="t1" endPoint="t3">two days'
    '</TIMEX3> &amp; <TIMEX3 tid="t3" type="DATE" value="16 May">later</TIMEX3>; it '
    '<EVENT eid="e4" class="OCCURRENCE">stopped</EVENT> ferries and '
    '<EVENT eid="e5" class="I_STATE">may</EVENT> <EVENT eid="e6" class="OCCURRENCE">end</EVENT>.'
    "\n</TEXT>\n"
    '<MAKEINSTANCE eiid="ei1" eventID="e1" pos="VERB" tense="PAST" aspect="NONE"/>\n'
    '<MAKEINSTANCE eiid="ei2" eventID="e2" pos="NOUN" tense="NONE" aspect="NONE"'
    ' polarity="POS" cardinality="1"/>\n'
    '<MAKEINSTANCE eiid="ei3" eventID="e3" pos="VERB" tense="PAST" aspect="NONE"'
    ' polarity="POS"/>\n'
    '<MAKEINSTANCE eiid="ei4" eventID="e4" pos="VERB" tense="PAST" aspect="PERFECTIVE"'
    ' polarity="NEG"/>\n'
    '<MAKEINSTANCE eiid="ei5" eventID="e5" pos="NOUN" tense="PRESENT" aspect="NONE"'
    ' polarity="POS" modality="may"/>\n'
    '<MAKEINSTANCE eiid="ei6" eventID="e6" pos="VERB" tense="INFINITIVE" aspect="NONE"'
    ' polarity="POS" signalID="s1"/>\n'
    '<TLINK lid="l1" relType="IS_INCLUDED" eventInstanceID="ei1" relatedToTime="t1"/>\n'
    '<TLINK lid="l2" relType="BEFORE" eventInstanceID="ei1" relatedToTime="t0"/>\n'
    '<TLINK lid="l3" relType="INCLUDES" timeID="t0" relatedToEventInstance="ei2"/>\n'
    '<TLINK lid="l4" relType="IAFTER" eventInstanceID="ei4" relatedToEventInstance="ei3"/>\n'
    '<TLINK lid="l5" relType="IDENTITY" eventInstanceID="ei2" relatedToEventInstance="ei6"/>\n'
    '<SLINK lid="l6" relType="EVIDENTIAL" eventInstanceID="ei1"'
    ' subordinatedEventInstance="ei3"/>\n'
    '<SLINK lid="l7" relType="MODAL" eventInstanceID="ei5" subordinatedEventInstance="ei6"/>\n'
    '<ALINK lid="l8" relType="REINITIATES" eventInstanceID="ei3"'
    ' relatedToEventInstance="ei2"/>\n'
    "</TimeML>\n"
)
"""A file in the layout of TempEval-3, with most of what TimeML has."""

BARE = (
    HEAD + "\n\n <DATELINE>OSLO</DATELINE>, "
    '<TIMEX3 tid="t7" type="DATE" value="2023-05-17" functionInDocument="CREATION_TIME">'
    'May 17</TIMEX3> <s>Prices <EVENT eid="e1" class="OCCURRENCE">\nfell\n</EVENT>'
    ' <TIMEX3 tid="t8" type="DATE" value="2023-05-17" anchorTimeID="t7">today</TIMEX3>.</s>\n'
    '<MAKEINSTANCE eiid="ei1" eventID="e1" pos="VERB" tense="PAST" aspect="NONE"/>\n'
    '<TLINK relType="IS_INCLUDED" eventInstanceID="ei1" relatedToTime="t7"/>\n\n</TimeML>\n'
)
"""A file in the layout of TimeBank 1.2, with the text in the root."""


def _text(content: str | bytes, directory: Path, name: str = "a.tml") -> AnnotatedText:
    path = directory / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    (text,) = read(path, base())
    return text


def _written(text: AnnotatedText) -> bytes:
    return b"".join(content for _, content in write([text]))


def _unreported(code: str, message: str) -> None:
    pytest.fail(f"{code} {message}")


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory for files of examples."""
    return tmp_path_factory.mktemp("timeml")


_REASONS = "tags would cross|a second|TIMEX3 without|EVENT without"
"""The reasons for which times and events are left out of a file."""


@given(document=documents(), rng=st.randoms(use_true_random=False), is_done=st.booleans())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_an_unedited_export_changes_nothing(
    document: Document, rng: Any, is_done: bool, directory: Path
) -> None:
    """What a file holds is read back, and a comparison finds no difference, in any document."""
    if not is_done:
        document = unfinished(document, rng)
    written = _written(text_of(document))
    text = _text(written, directory, f"{document.id[:40]}.tml")
    assert document.text == text.text
    assert document.date == text.date
    spans = Counter((a.start, a.end, a.label) for a in text_of(document).annotations)
    kept = Counter((a.start, a.end, a.label) for a in text.annotations)
    assert kept <= spans
    named = re.findall(rf"^(?:{_REASONS}).*? \(([0-9]+)\): ", written.decode(), re.MULTILINE)
    timed = len(document.timexes) + len(document.events)
    assert timed == kept.total() + sum(map(int, named))
    again = _text(written, directory, f"{document.id[:40]}.tml")
    edited = with_changes(again, text, document, document, Translation(base()), _unreported)
    assert encode(document) == encode(edited.document)
    assert [] == edited.losses


def test_the_shipped_document_comes_back_unchanged(cli: Cli, corpus: Path, tmp_path: Path) -> None:
    """An import of an unedited export writes nothing."""
    out = tmp_path / "out"
    cli("export", "--to", "timeml", "-o", out, "--path", corpus)
    result = cli("import", "--from", "timeml", out, "--path", corpus)
    assert (0, "no changes") == (result.status, result.err.strip())


def _article_file(cli: Cli, corpus: Path, tmp_path: Path) -> Path:
    out = tmp_path / "out"
    assert 0 == cli("export", "--to", "timeml", "-o", out, "--path", corpus).status
    return out / f"{DOC_ID}.tml"


def _edited(file: Path, *changes: tuple[str, str]) -> None:
    content = file.read_text(encoding="utf-8")
    for pattern, replacement in changes:
        content, count = re.subn(pattern, replacement, content, count=1)
        assert 1 == count, pattern
    file.write_text(content, encoding="utf-8")


def test_edits_of_a_file_arrive_and_nothing_else_changes(
    cli: Cli, corpus: Path, tmp_path: Path
) -> None:
    """A class, a value, an anchor, a tense, a link, a new tag and a deleted one are changes."""
    cli("state", DOC_ID, "events", "partial", "--path", corpus)
    before = load(corpus)[DOC_ID]
    file = _article_file(cli, corpus, tmp_path)
    _edited(
        file,
        ('eid="e1" class="OCCURRENCE"', 'eid="e1" class="I_ACTION"'),
        ('mod="END" anchorTimeID="t0"', 'mod="MID" anchorTimeID="t1"'),
        (r'<EVENT eid="e93" class="OCCURRENCE">welcoming</EVENT>', "welcoming"),
        (r'<MAKEINSTANCE eiid="ei93"[^>]*>\n', ""),
        (r'<TLINK [^>]*"ei93"[^>]*>\n', ""),
        (r"official ", '<EVENT eid="e900" class="STATE">official</EVENT> '),
        (r"for another ", 'for <TIMEX3 tid="t900" type="DATE" value="2024" anchorTimeID="t1">'
         "another</TIMEX3> "),
        (r"\n\n<!--",
         '\n<MAKEINSTANCE eiid="ei900" eventID="e900" pos="NOUN" tense="NONE" aspect="NONE" '
         'polarity="NEG"/>\n<TLINK relType="AFTER" eventInstanceID="ei900" '
         'relatedToEventInstance="ei4"/>\n\n<!--'),
    )  # fmt: skip
    content = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r'<TLINK [^>]*"ei93"[^>]*>\n', "", content), encoding="utf-8")
    result = cli("import", "--from", "timeml", file, "--path", corpus)
    assert 0 == result.status, result.err
    after = load(corpus)[DOC_ID]
    assert "I_ACTION" == after["ev1"].class_
    assert ("MID", "t1") == (after["t3"].mod, after["t3"].anchor)
    assert "ev93" not in after
    (new,) = (event for event in after.events if event.id not in before)
    assert ("official", "STATE", "NOM", "NEG") == (new.text, new.class_, new.level, new.polarity)
    (time,) = (timex for timex in after.timexes if timex.id not in before)
    assert ("another", "2024", "t1") == (time.text, time.value, time.anchor)
    (link,) = (r for r in after.event_relations if r not in before.event_relations)
    assert ("BEFORE", "ev4", new.id) == (link.type, link.source, link.target)
    untouched = [e for e in before.events if e.id not in ("ev1", "ev93")]
    assert untouched == [e for e in after.events if e.id in before and e.id != "ev1"]
    for layer in ("mentions", "entities", "quantities", "quotations", "relations", "tokens"):
        assert getattr(before, layer) == getattr(after, layer)


def test_a_foreign_file_needs_no_mapping(cli: Cli, tmp_path: Path) -> None:
    """The terms of TimeML are read as those of the scheme; what has no place is listed and kept."""
    root = tmp_path / "corpus"
    cli("init", root)
    (tmp_path / "strike.tml").write_text(STRIKE, encoding="utf-8")
    result = cli("import", "--from", "timeml", tmp_path / "strike.tml", "--path", root)
    assert 0 == result.status, result.err
    document = load(root)["strike"]
    words = {event.text: event for event in document.events}
    times = {timex.text: timex for timex in document.timexes}
    assert "2023-05-17" == document.date
    assert "Crews said on Tuesday that" == document.text[:26]
    assert "two days & later" in document.text
    said, strike, stopped = words["said"], words["strike"], words["stopped"]
    assert ("REPORTING", "VRB", "PAST", "POS", "BEFORE") == (
        *(said.class_, said.level, said.tense, said.polarity, said.doc_time_rel),
    )
    assert ("NOM", "OVERLAP") == (strike.level, strike.doc_time_rel)
    assert ("NEG", "PERFECTIVE") == (stopped.polarity, stopped.aspect)
    assert None is not strike.event == words["end"].event
    assert "DCT" == times["Tuesday"].anchor
    lasting, later = times["two days"], times["later"]
    assert (times["Tuesday"].id, later.id) == (lasting.begin, lasting.end_point)
    assert None is later.value
    relations = {
        (r.type, document[r.source].text, document[r.target].text) for r in document.event_relations
    }
    assert {
        ("CONTAINS", "Tuesday", "said"),
        ("BEFORE", "began", "stopped"),
        ("REPORTS", "said", "began"),
        ("CONTINUES", "began", "strike"),
    } == relations
    for kind in (
        "annotations labelled 'SIGNAL'",
        "relations 'SLINK.MODAL'",
        "attributes 'TIMEX3.value' of timexes",
        "attributes 'MAKEINSTANCE.tense' of events",
        "attributes 'MAKEINSTANCE.modality' of events",
        "attributes 'EVENT.stem' of events",
        "TLINKs IAFTER, read as BEFORE",
        "TITLE (kept)",
    ):
        assert kind in result.err
    cli("export", "--to", "timeml", "-o", tmp_path / "out", "--path", root, "strike")
    (back,) = read(tmp_path / "out" / "strike.tml", base())
    content = (tmp_path / "out" / "strike.tml").read_text(encoding="utf-8")
    for kept in (
        '<SIGNAL sid="s1">after</SIGNAL>',
        '<SLINK lid="l8" relType="MODAL"',
        'value="16 May"',
        'modality="may"',
        'stem="strike"',
        'cardinality="1"',
        'signalID="s1"',
        "<TITLE>Ferries idle</TITLE>",
        'type="TIME" value="2023-05-17T09:30"',
    ):
        assert kept in content
    assert "2023-05-17" == back.date


def test_a_class_of_others_needs_a_mapping(cli: Cli, tmp_path: Path) -> None:
    """A class that the scheme lacks is refused by its name, and read as the mapping says."""
    root = tmp_path / "corpus"
    cli("init", root)
    file = tmp_path / "a.tml"
    file.write_text(BARE.replace('class="OCCURRENCE"', 'class="MODAL"'), encoding="utf-8")
    refused = cli("import", "--from", "timeml", file, "--path", root)
    assert 1 == refused.status
    assert "EVENT.MODAL (1)" in refused.err
    mapping = tmp_path / "labels.toml"
    mapping.write_text('[labels]\n"EVENT.MODAL" = "I_STATE"\nDATE = "DATE"\n', encoding="utf-8")
    result = cli("import", "--from", "timeml", file, "--path", root, "--map", mapping)
    assert 0 == result.status, result.err
    assert ["I_STATE"] == [event.class_ for event in load(root)["a"].events]


def test_the_older_layout_has_the_text_in_the_root(tmp_path: Path) -> None:
    """All words of the root are the text; tags of others are counted, and white space trimmed."""
    text = _text(BARE, tmp_path)
    assert text.text.startswith("OSLO, May 17 Prices \nfell\n today.")
    assert "2023-05-17" == text.date
    by_words = {a.words: a for a in text.annotations}
    assert {"May 17", "fell", "today"} == {*by_words}
    assert "DCT" == by_words["today"].attributes["anchor"]
    assert "OVERLAP" == by_words["fell"].attributes["doc_time_rel"]
    assert {"tags <DATELINE>", "tags <s>"} == {loss.kind for loss in text.losses}


@pytest.mark.parametrize("content", [STRIKE, BARE])
def test_what_is_read_is_written_as_it_was(content: str, tmp_path: Path) -> None:
    """A file that is read, written and read again is the same to the byte from then on."""
    once = _written(_text(content, tmp_path))
    again = _text(once, tmp_path)
    assert once == _written(again)
    first = _text(content, tmp_path)
    assert [(a.id, a.label, a.words, a.attributes) for a in first.annotations] == [
        (a.id, a.label, a.words, a.attributes) for a in again.annotations
    ]


def test_times_and_events_without_words_are_losses(tmp_path: Path) -> None:
    """An implicit time has no place in a text: it is named, and references to it are, too."""
    text = _text(
        HEAD + '<TEXT>\n<TIMEX3 tid="t1" type="DATE" value="2024"/><EVENT eid="e1" '
        'class="STATE"> </EVENT>in <TIMEX3 tid="t2" type="DATE" value="2025" anchorTimeID="t1">'
        'a year</TIMEX3>\n</TEXT><MAKEINSTANCE eiid="ei1" eventID="e1"/><TLINK timeID="t2" '
        'relatedToTime="t1" relType="AFTER"/></TimeML>',
        tmp_path,
    )
    assert ["a year"] == [a.words for a in text.annotations]
    assert [
        "times without words",
        "events without words",
        "references to times that the text lacks",
        "TLINKs of what has no place",
    ] == [loss.kind for loss in text.losses]


def test_tags_that_would_cross_are_left_out_and_named(article: Document, tmp_path: Path) -> None:
    """Nested spans have nested tags; of two that cross, or are alike, the later is left out."""
    ev1, ev2, ev3 = article.events[:3]
    start, end = ev1.start, ev1.end
    words = article.text

    def moved(event: Any, span: tuple[int, int]) -> Any:
        return replace(event, start=span[0], end=span[1], text=words[span[0] : span[1]])

    crossing = replace(
        article,
        events=(ev1, moved(ev2, (start, end)), moved(ev3, (start + 2, end + 9))),
        timexes=(moved(article.timexes[0], (start, end)),),
        event_relations=(),
    )
    content = _written(text_of(crossing)).decode()
    assert f"a second EVENT of the same words (1): {ev2.id} 'welcomed'" in content
    assert "tags would cross (" in content
    assert ["e1"] == re.findall(r'<EVENT eid="(\w+)"', content)
    assert '<TIMEX3 tid="t1"' in content.partition("<EVENT")[0]


def test_a_character_that_xml_cannot_hold_is_named(article: Document) -> None:
    """Such a text is not written; the error says which document and which character."""
    text = text_of(article)
    text.text = "\x01" + text.text[1:]
    with pytest.raises(FormatError, match=rf"{DOC_ID}: has the character U\+0001"):
        _written(text)


DTD = """
<!ELEMENT TimeML (#PCDATA | DOCID | DCT | TITLE | TEXT | MAKEINSTANCE | TLINK | SLINK | ALINK)*>
<!ATTLIST TimeML xmlns:xsi CDATA #IMPLIED xsi:noNamespaceSchemaLocation CDATA #IMPLIED>
<!ELEMENT DOCID (#PCDATA)> <!ELEMENT TITLE (#PCDATA)> <!ELEMENT DCT (TIMEX3)>
<!ELEMENT TEXT (#PCDATA | EVENT | TIMEX3 | SIGNAL)*>
<!ELEMENT EVENT (#PCDATA | EVENT | TIMEX3 | SIGNAL)*>
<!ATTLIST EVENT eid ID #REQUIRED comment CDATA #IMPLIED stem CDATA #IMPLIED
  class (OCCURRENCE|PERCEPTION|REPORTING|ASPECTUAL|STATE|I_STATE|I_ACTION) #REQUIRED>
<!ELEMENT TIMEX3 (#PCDATA | EVENT | TIMEX3 | SIGNAL)*>
<!ATTLIST TIMEX3 tid ID #REQUIRED type (DATE|TIME|DURATION|SET) #REQUIRED value CDATA #REQUIRED
  functionInDocument (CREATION_TIME|EXPIRATION_TIME|MODIFICATION_TIME|PUBLICATION_TIME
    |RELEASE_TIME|RECEPTION_TIME|NONE) #IMPLIED
  beginPoint IDREF #IMPLIED endPoint IDREF #IMPLIED quant CDATA #IMPLIED freq CDATA #IMPLIED
  temporalFunction (true|false) #IMPLIED valueFromFunction IDREF #IMPLIED
  mod (BEFORE|AFTER|ON_OR_BEFORE|ON_OR_AFTER|LESS_THAN|MORE_THAN|EQUAL_OR_LESS|EQUAL_OR_MORE
    |START|MID|END|APPROX) #IMPLIED
  anchorTimeID IDREF #IMPLIED comment CDATA #IMPLIED>
<!ELEMENT SIGNAL (#PCDATA)> <!ATTLIST SIGNAL sid ID #REQUIRED comment CDATA #IMPLIED>
<!ELEMENT MAKEINSTANCE EMPTY>
<!ATTLIST MAKEINSTANCE eiid ID #REQUIRED eventID IDREF #REQUIRED signalID IDREF #IMPLIED
  pos (ADJECTIVE|NOUN|VERB|PREPOSITION|OTHER) #REQUIRED
  tense (FUTURE|INFINITIVE|PAST|PASTPART|PRESENT|PRESPART|NONE) #REQUIRED
  aspect (PROGRESSIVE|PERFECTIVE|PERFECTIVE_PROGRESSIVE|NONE) #REQUIRED
  cardinality CDATA #IMPLIED polarity (NEG|POS) #REQUIRED modality CDATA #IMPLIED>
<!ELEMENT TLINK EMPTY>
<!ATTLIST TLINK lid ID #IMPLIED origin CDATA #IMPLIED eventInstanceID IDREF #IMPLIED
  timeID IDREF #IMPLIED signalID IDREF #IMPLIED relatedToEventInstance IDREF #IMPLIED
  relatedToTime IDREF #IMPLIED
  relType (BEFORE|AFTER|INCLUDES|IS_INCLUDED|DURING|SIMULTANEOUS|IAFTER|IBEFORE|IDENTITY
    |BEGINS|ENDS|BEGUN_BY|ENDED_BY|DURING_INV) #REQUIRED>
<!ELEMENT SLINK EMPTY>
<!ATTLIST SLINK lid ID #IMPLIED origin CDATA #IMPLIED eventInstanceID IDREF #REQUIRED
  subordinatedEventInstance IDREF #REQUIRED signalID IDREF #IMPLIED
  relType (MODAL|EVIDENTIAL|NEG_EVIDENTIAL|FACTIVE|COUNTER_FACTIVE|CONDITIONAL) #REQUIRED>
<!ELEMENT ALINK EMPTY>
<!ATTLIST ALINK lid ID #IMPLIED origin CDATA #IMPLIED eventInstanceID IDREF #REQUIRED
  signalID IDREF #IMPLIED relatedToEventInstance IDREF #REQUIRED
  relType (INITIATES|CULMINATES|TERMINATES|CONTINUES|REINITIATES) #REQUIRED>
"""
"""The tags and attributes of TimeML 1.2.1 as its specification states them, in TempEval-3's layout.

Ids are ID and IDREF: a validator checks that they are unique, and that references lead somewhere.
"""

_FORMS = {
    "TIMEX3": ("tid", r"t\d+"),
    "EVENT": ("eid", r"e\d+"),
    "MAKEINSTANCE": ("eiid", r"ei\d+"),
    "SIGNAL": ("sid", r"s\d+"),
}
"""The forms of ids in the specification."""


def _check(content: bytes) -> Any:
    """Check a file against the DTD with libxml2, and return its root."""
    etree = required("lxml.etree")
    dtd = etree.DTD(StringIO(DTD))
    root = etree.fromstring(content)
    assert dtd.validate(root), dtd.error_log.filter_from_errors()
    for tag, (name, form) in _FORMS.items():
        for element in root.iter(tag):
            assert re.fullmatch(form, element.get(name))
    for link in root.iter("TLINK"):
        assert 1 == len({"eventInstanceID", "timeID"} & {*link.keys()})
        assert 1 == len({"relatedToEventInstance", "relatedToTime"} & {*link.keys()})
    return root


def test_other_readers_find_what_the_specification_asks_for(article: Document) -> None:
    """libxml2 validates the shipped document's file, and finds its text and spans."""
    root = _check(_written(text_of(article)))
    (tagged,) = root.iter("TEXT")
    assert f"\n{article.text}\n" == "".join(tagged.itertext())
    words = {e.get("eid"): "".join(e.itertext()) for e in root.iter("EVENT")}
    assert {f"e{e.id.removeprefix('ev')}": e.text for e in article.events} == words


@given(document=documents())
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_files_of_any_document_are_valid(document: Document) -> None:
    """The file of any document follows the specification, and its text is that of the document."""
    root = _check(_written(text_of(document)))
    (tagged,) = root.iter("TEXT")
    assert f"\n{document.text}\n" == "".join(tagged.itertext())


def test_the_timeline_survives_in_the_file_alone(article: Document, tmp_path: Path) -> None:
    """A file that is read into the bare text orders the same past events as the document does."""
    text = _text(_written(text_of(article)), tmp_path, "a.tml")
    bare = replace(
        article,
        **dict.fromkeys(("mentions", "entities", "timexes", "quantities", "events"), ()),
        **dict.fromkeys(("event_chains", "relations", "event_relations", "quotations"), ()),
        layers=dict.fromkeys(article.layers, "partial"),
    )
    read_back = with_additions(text, bare, Translation(base()), lambda *_: None).document
    stated = tuple(
        event if event.modality else replace(event, modality="ACTUAL") for event in read_back.events
    )
    read_back = replace(read_back, events=stated)

    def order(document: Document) -> tuple[set[Any], set[Any]]:
        line = timeline(document)
        first: dict[str, int] = {}
        for event in sorted(document.events, key=lambda event: event.start):
            first.setdefault(event.event or event.id, event.start)
            first.setdefault(event.id, event.start)
        unordered = {frozenset((first[one], first[other])) for one, other in line.unordered}
        return {first[event] for event in line.events}, unordered

    assert timeline(article).ordered > 100
    assert order(article) == order(read_back)


_ALLEN = {
    "BEFORE": ((0, 1), (2, 3)),
    "IBEFORE": ((0, 1), (1, 2)),
    "INCLUDES": ((0, 3), (1, 2)),
    "DURING": ((0, 1), (0, 1)),
    "BEGINS": ((0, 1), (0, 2)),
    "ENDS": ((1, 2), (0, 2)),
    "SIMULTANEOUS": ((0, 1), (0, 1)),
    "IDENTITY": ((0, 1), (0, 1)),
}
"""Two intervals for each TLINK, as its definition in the specification has them."""


@pytest.mark.parametrize("term", [t for t in timeml_terms.TERMS if t.link == "TLINK"], ids=str)
def test_a_tlink_is_read_as_what_follows_from_it(term: timeml_terms.Term) -> None:
    """The type that a TLINK is read as holds of its intervals, or the table says what it loses."""
    relation = term.relation
    source, target = _ALLEN.get(relation, (0, 0)), None
    if relation in _ALLEN:
        source, target = _ALLEN[relation]
    else:
        target, source = _ALLEN[timeml_terms.INVERSES[relation]]
    if term.is_reversed:
        source, target = target, source
    points = {"source": source, "target": target}

    def at(point: Any) -> int:
        name, end = point
        return points[name][0 if end == BEGIN else 1]

    holds = all(
        at(one) < at(other) or (not strict and at(one) == at(other))
        for one, other, strict in ORDERS[term.type]
    )
    assert holds is not bool(term.lost)


def test_the_table_covers_the_scheme() -> None:
    """Each type of event relation is written, derived, or listed as what TimeML lacks."""
    written = [term.type for term in timeml_terms.TERMS if term.is_written]
    assert len(written) == len({*written})
    lacking = {"OVERLAP", "CAUSE", "PRECONDITION", "MEMBER"}
    types = base().label_names("event_relations", "type")
    assert {*types} == {*written, *timeml_terms.DERIVED} | lacking
    times = base().label_names("events", "doc_time_rel")
    assert {*times} == {*timeml_terms.DOC_TIME_RELS.values()}


BOMB = (
    '<?xml version="1.0"?><!DOCTYPE TimeML [<!ENTITY a "aaaaaaaaaa">'
    '<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><TimeML><TEXT>&b;</TEXT></TimeML>'
)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (BOMB, r"a\.tml:1: has a DTD"),
        ('<!DOCTYPE TimeML SYSTEM "file:///etc/passwd"><TimeML/>', r"a\.tml:1: has a DTD"),
        ("<TimeML>\n<TEXT>a</TimeML>", r"a\.tml:2: not well-formed XML: mismatched tag"),
        ("<TimeML>\n&x;</TimeML>", r"a\.tml:2: not well-formed XML: undefined entity"),
        ("", r"a\.tml:1: not well-formed XML: no element found"),
        ("<html>\n</html>", r"a\.tml:1: the file is not TimeML, but <html>"),
        ('<TimeML>\n<EVENT class="STATE">a</EVENT></TimeML>', r"a\.tml:2: <EVENT> has no eid"),
        ('<TimeML><EVENT eid="e1">a</EVENT>\n<EVENT eid="e1">b</EVENT></TimeML>', "a second e1"),
        ('<TimeML>\n<MAKEINSTANCE eventID="e9"/></TimeML>', r":2: <MAKEINSTANCE> .*'e9'"),
        ('<TimeML>\n<TLINK relType="BEFORE" timeID="t9"/></TimeML>', r":2: <TLINK> .*'t9'"),
        (STRIKE.encode("utf-16")[:-3], "not"),
        ('<?xml version="1.0" encoding="utf-7"?><TimeML/>', r"a\.tml"),
        ('<?xml version="1.0" encoding="cp9999"?><TimeML/>', r"a\.tml"),
        (b"<TimeML>\xff\xfe</TimeML>", r"a\.tml:1: not well-formed"),
        ("<TimeML>\x01</TimeML>", r"a\.tml:1: not well-formed"),
    ],
)
def test_a_file_that_is_no_timeml_is_refused_with_its_line(
    content: str | bytes, message: str, tmp_path: Path
) -> None:
    """A broken or dangerous file is one error with file and line."""
    with pytest.raises(FormatError, match=message):
        _text(content, tmp_path)


_ID = re.compile(r'(?<=")[et]i?[0-9](?=")')
_IDS = _ID.findall(STRIKE)


def _with_ids(ids: list[str]) -> bytes:
    """The file with other ids in their places: references lead anywhere, also in circles."""
    left = iter(ids)
    return _ID.sub(lambda _: next(left), STRIKE).encode()


@given(
    content=st.one_of(
        st.binary(max_size=200),
        st.integers(0, len(STRIKE)).map(lambda n: STRIKE.encode()[:n]),
        st.tuples(st.integers(0, len(STRIKE) - 1), st.binary(min_size=1, max_size=4)).map(
            lambda cut: STRIKE.encode()[: cut[0]] + cut[1] + STRIKE.encode()[cut[0] + 1 :]
        ),
        st.permutations(_IDS).map(_with_ids),
    )
)
@settings(max_examples=120, deadline=None)
def test_damaged_files_are_read_or_refused(content: bytes, directory: Path) -> None:
    """Whatever a file holds, it is a text with annotations inside it, or one error."""
    try:
        text = _text(content, directory)
    except FormatError:
        return
    assert all(0 <= a.start < a.end <= len(text.text) for a in text.annotations)
    ids = text.by_id()
    assert all({r.source, r.target} <= ids.keys() for r in text.relations)
    assert text.text == _text(_written(text), directory, "b.tml").text


def test_a_broken_file_among_others_writes_nothing_of_its_own(cli: Cli, tmp_path: Path) -> None:
    """The others are imported, and the broken one is named."""
    root = tmp_path / "corpus"
    cli("init", root)
    files = tmp_path / "files"
    files.mkdir()
    (files / "strike.tml").write_text(STRIKE, encoding="utf-8")
    (files / "torn.tml").write_text(STRIKE[:900], encoding="utf-8")
    result = cli("import", "--from", "timeml", files, "--path", root)
    assert 1 == result.status
    assert "torn.tml:9: not well-formed XML" in result.err
    assert "strike" in load(root).ids
    assert "torn" not in load(root).ids


def test_contradictory_relations_are_left_out_and_kept(cli: Cli, tmp_path: Path) -> None:
    """A relation that contradicts the others is listed, and an export writes it again."""
    root = tmp_path / "corpus"
    cli("init", root)
    file = tmp_path / "strike.tml"
    circle = (
        '<TLINK relType="BEFORE" eventInstanceID="ei4" relatedToEventInstance="ei3"/>\n</TimeML>'
    )
    file.write_text(STRIKE.replace("</TimeML>", circle), encoding="utf-8")
    result = cli("import", "--from", "timeml", file, "--path", root)
    assert 0 == result.status, result.err
    assert "relations against E607 (The relations between events contradict" in result.err
    document = load(root)["strike"]
    stated = [
        (document[r.source].text, document[r.target].text)
        for r in document.event_relations
        if r.type == "BEFORE"
    ]
    assert 1 == len(stated)
    cli("export", "--to", "timeml", "-o", tmp_path / "out", "--path", root, "strike")
    (back,) = read(tmp_path / "out" / "strike.tml", base())
    assert 2 == sum(relation.label == "BEFORE" for relation in back.relations)


def test_a_refused_file_leaves_nothing_behind(
    cli: Cli, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file whose document has errors makes no document, seed or kept parts."""
    monkeypatch.setattr("statevisit.formats.importing.refused_by", lambda *_: {})
    root = tmp_path / "corpus"
    cli("init", root)
    before = sorted(path for path in root.rglob("*") if path.is_file())
    file = tmp_path / "strike.tml"
    circle = (
        '<TLINK relType="BEFORE" eventInstanceID="ei4" relatedToEventInstance="ei3"/>\n</TimeML>'
    )
    file.write_text(STRIKE.replace("</TimeML>", circle), encoding="utf-8")
    result = cli("import", "--from", "timeml", file, "--path", root)
    assert 1 == result.status
    assert "E607" in result.err
    assert "strike.tml: " in result.err
    assert before == sorted(path for path in root.rglob("*") if path.is_file())
    file.write_text(STRIKE, encoding="utf-8")
    assert 0 == cli("import", "--from", "timeml", file, "--path", root).status
    assert "strike" in load(root).ids
