"""UIMA CAS: cassis reads it, edits and files of strangers arrive, and traps are refused."""

import json
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import cassis
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from statevisit.document.codec import read_document
from statevisit.document.model import Document
from statevisit.document.scheme import base
from statevisit.errors import FormatError
from statevisit.files import write_parts
from statevisit.formats import cas_names as types
from statevisit.formats.cas_files import read_json, read_xmi
from statevisit.formats.cas_names import layer_types
from statevisit.formats.cas_types import type_system
from statevisit.formats.cas_writer import write_json, write_xmi
from statevisit.formats.texts import AnnotatedText
from statevisit.formats.vocabulary import text_of
from tests.conftest import DOC_ID, Result
from tests.strategies import documents

Run = Callable[..., Result]
SPAN_TYPES = {layer.name for layer in layer_types(base()).values()}


def _load(directory: Path, name: str) -> cassis.Cas:
    """The CAS that cassis itself reads, with each type declared."""
    path = directory / name
    if path.suffix == ".json":
        return cassis.load_cas_from_json(path.read_text("utf-8"))
    system = cassis.load_typesystem(directory / "TypeSystem.xml")
    return cassis.load_cas_from_xmi(path, typesystem=system, lenient=False)


def _save(cas: cassis.Cas, path: Path) -> None:
    path.write_text(cas.to_json() if path.suffix == ".json" else cas.to_xmi(), "utf-8")


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(document=documents())
def test_cassis_finds_the_same_spans(document: Document) -> None:
    """Cassis reloads both forms against the type system: words, labels, links, chains, no error."""
    text = text_of(document)
    spans = sorted(
        (a.start, a.end, a.label, document.text[a.start : a.end]) for a in text.annotations
    )
    roles = {r.label for r in text.relations}
    for write, suffix in ((write_xmi, ".xmi"), (write_json, ".json")):
        with TemporaryDirectory() as name, warnings.catch_warnings():
            warnings.simplefilter("error")
            write_parts(Path(name), write([text_of(document)]))
            cas = _load(Path(name), document.id + suffix)
        assert document.text == cas.sofa_string
        found = [fs for fs in cas.select_all_annotations() if fs.type.name in SPAN_TYPES]
        assert spans == sorted((fs.begin, fs.end, fs.label, fs.get_covered_text()) for fs in found)
        assert [(t.start, t.end) for t in document.tokens] == [
            (fs.begin, fs.end) for fs in cas.select(types.TOKEN)
        ]
        links = [
            link
            for event in cas.select(layer_types(base())["events"].name)
            for link in (event.arguments.elements if event.arguments else [])
        ]
        relations = [*cas.select(types.EVENT_RELATION), *cas.select(types.RELATION)]
        assert len(text.relations) == len(links) + len(relations)
        assert roles >= {link.role for link in links}
        chains = [c for c in text.clusters if len(c.members) > 1]
        assert len(chains) == len(cas.select(types.CHAIN))
        if suffix == ".xmi":
            assert [] == cas.typecheck()


def test_offsets_in_the_files_count_utf16_code_units(tmp_path: Path, cli: Run) -> None:
    """UIMA counts an emoji as two: the files do, and the corpus counts code points."""
    corpus, words = _corpus_with_emoji(tmp_path, cli)
    document = read_document(corpus / "corpus/documents/emoji.json", base())
    (mention,) = document.mentions
    assert words == mention.text
    before = document.text[: mention.start]
    units = len(before.encode("utf-16-le")) // 2
    assert units > mention.start
    for name, suffix in (("xmi", ".xmi"), ("casjson", ".json")):
        out = tmp_path / name
        cli("export", "emoji", "--to", name, "-o", out, "--path", corpus)
        content = (out / f"emoji{suffix}").read_text("utf-8")
        (begin,) = {
            fs.begin for fs in _load(out, f"emoji{suffix}").select("webanno.custom.Mention")
        }
        assert mention.start == begin
        if suffix == ".json":
            structures = json.loads(content)["%FEATURE_STRUCTURES"]
            stated = [s["begin"] for s in structures if s["%TYPE"] == "webanno.custom.Mention"]
            assert [units] == stated
        else:
            assert f'begin="{units}" end="{units + len(words)}" label="PERSON"' in content


EMOJI = "👩‍👩‍👧‍👦 and 🏳️‍🌈 👍🏽:\r\nZoë saw 𝔘𝔫𝔦.\n"


def _foreign_types() -> cassis.TypeSystem:
    """A type system as another project has it: DKPro's types and layers of its own."""
    system = cassis.load_dkpro_core_typesystem()
    mood = system.create_type("my.Mood")
    system.create_feature(mood, "category", "uima.cas.String")
    system.create_feature(mood, "type", "uima.cas.String")
    system.create_feature(mood, "strength", "uima.cas.Integer")
    system.create_feature(mood, "tags", "uima.cas.StringArray")
    system.create_feature(mood, "about", "uima.tcas.Annotation")
    link = system.create_type("my.MoodHoldersLink", "uima.cas.TOP")
    system.create_feature(link, "role", "uima.cas.String")
    system.create_feature(link, "target", "uima.tcas.Annotation")
    system.create_feature(mood, "holders", "uima.cas.FSArray", link)
    knows = system.create_type("my.Knows")
    system.create_feature(knows, "Governor", "uima.tcas.Annotation")
    system.create_feature(knows, "Dependent", "uima.tcas.Annotation")
    return system


def _foreign_cas(text: str = EMOJI) -> cassis.Cas:
    """A CAS of another project; "Zoë" is a named entity."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        system = _foreign_types()
    cas = cassis.Cas(system, sofa_string=text, sofa_mime="text/plain")
    start = text.index("Zoë")
    cas.add(system.get_type(types.NAMED_ENTITY)(begin=start, end=start + 3, value="PER"))
    cas.add(system.get_type(types.TOKEN)(begin=start, end=start + 3))
    cas.add(system.get_type(types.SENTENCE)(begin=0, end=len(text)))
    return cas


def _write_foreign(directory: Path, cas: cassis.Cas, name: str = "emoji") -> Path:
    directory.mkdir(exist_ok=True)
    (directory / "TypeSystem.xml").write_text(cas.typesystem.to_xml(), "utf-8")
    (directory / f"{name}.xmi").write_text(cas.to_xmi(), "utf-8")
    (directory / f"{name}.json").write_text(cas.to_json(), "utf-8")
    return directory / f"{name}.xmi"


def _corpus_with_emoji(tmp_path: Path, cli: Run) -> tuple[Path, str]:
    """A corpus with an imported text that begins with emoji, and the words of its only mention."""
    corpus = tmp_path / "corpus-with-emoji"
    (corpus / "corpus/documents").mkdir(parents=True)
    (corpus / "seeds").mkdir()
    mapping = tmp_path / "labels.toml"
    mapping.write_text('[labels]\nPER = "PERSON"\n[defaults]\n"mentions.level" = "NAM"\n')
    path = _write_foreign(tmp_path / "foreign", _foreign_cas(EMOJI.replace("\r", "")))
    options = ["--path", corpus, "--map", mapping, "--date", "2024-01-01"]
    result = cli("import", "--from", "xmi", path, *options)
    assert 0 == result.status, result.err
    return corpus, "Zoë"


def test_a_file_of_a_stranger_is_read_by_the_rules(tmp_path: Path) -> None:
    """Labels, attributes, links, relations and chains of another type system, in both forms."""
    cas = _foreign_cas()
    system = cas.typesystem
    (zoe,) = cas.select(types.NAMED_ENTITY)
    array = system.get_type("uima.cas.FSArray")
    link = system.get_type("my.MoodHoldersLink")(role="holder", target=zoe)
    tags = system.get_type("uima.cas.StringArray")(elements=["a b", "c"])
    mood = system.get_type("my.Mood")(
        begin=0, end=4, category="glad", type_="t", strength=3, tags=tags, about=zoe
    )
    mood.holders = array(elements=[link])
    cas.add(mood)
    cas.add(system.get_type("my.Knows")(begin=0, end=4, Governor=zoe, Dependent=mood))
    start = EMOJI.index("saw")
    last = system.get_type(types.LINK)(begin=start, end=start + 3, referenceType="verb")
    first = system.get_type(types.LINK)(
        begin=zoe.begin, end=zoe.end, next=last, referenceRelation="same"
    )
    cas.add_all([first, last, system.get_type(types.CHAIN)(first=first)])
    lemma = types.OF_TOKENS[0]
    cas.add(system.get_type(lemma)(begin=start, end=start + 3, value="see"))
    path = _write_foreign(tmp_path / "f", cas)
    for read in (read_xmi, read_json):
        suffix = ".xmi" if read is read_xmi else ".json"
        (text,) = read(path.with_suffix(suffix), base())
        assert EMOJI == text.text
        by_label = {a.label: a for a in text.annotations}
        assert {"PER", "glad", "verb"} == set(by_label)
        assert "Zoë" == by_label["PER"].words
        assert {"type": "t", "strength": "3", "tags": "a b; c"} == by_label["glad"].attributes
        names = {a.id: a.label for a in text.annotations}
        assert {("PER", "Knows", "glad"), ("glad", "holder", "PER"), ("glad", "about", "PER")} == {
            (names[r.source], r.label, names[r.target]) for r in text.relations
        }
        ((name, members),) = [(c.id, [names[m] for m in c.members]) for c in text.clusters]
        assert ("same", ["PER", "verb"]) == (name, members)
        assert ["annotations of tokens (Lemma)"] == [loss.kind for loss in text.losses]


def test_the_types_are_layers_by_inceptions_rules() -> None:
    """Each custom type is what INCEpTION's TypeSystemAnalysis takes for a layer.

    A span layer has strings and slots only, a relation layer two references of one type, and a
    slot is an array of links with a role and a target. INCEpTION itself is not run.
    """
    system = cassis.load_typesystem(type_system(base()).to_xml())
    custom = [t for t in system.get_types() if t.name.startswith("webanno.custom.")]
    assert {"Mention", "Timex", "Quantity", "Event", "Quotation", "EventRelation"} <= {
        t.short_name for t in custom
    }
    for type_ in custom:
        ranges = {f.name: f.rangeType.name for f in type_.features}
        others = {n: r for n, r in ranges.items() if r != "uima.cas.String"}
        if type_.name == types.ARGUMENTS_LINK:
            assert "uima.cas.TOP" == type_.supertype.name
            assert {"role": "uima.cas.String", "target": types.ANNOTATION} == ranges
        elif "Governor" in ranges:
            assert {"Governor": types.ANNOTATION, "Dependent": types.ANNOTATION} == others
        else:
            assert types.ANNOTATION == type_.supertype.name
            assert others in ({}, {"arguments": "uima.cas.FSArray"})
            if others:
                feature = type_.get_feature("arguments")
                assert types.ARGUMENTS_LINK == feature.elementType.name
    assert types.BASE == system.get_type(types.CHAIN).supertype.name
    assert {"value", "identifier"} == {f.name for f in system.get_type(types.NAMED_ENTITY).features}


def test_named_entities_have_the_links_of_their_entities(article: Document, tmp_path: Path) -> None:
    """INCEpTION's named entity layer shows each mention with the item of Wikidata."""
    write_parts(tmp_path, write_xmi([text_of(article)]))
    cas = _load(tmp_path, f"{article.id}.xmi")
    linked = [e for e in cas.select(types.NAMED_ENTITY) if e.identifier]
    assert len(article.mentions) == len(cas.select(types.NAMED_ENTITY))
    entity = next(e for e in article.entities if e.wikidata)
    iri = f"http://www.wikidata.org/entity/{entity.wikidata}"
    words = {m.text for m in article.mentions if m.entity == entity.id}
    assert words == {e.get_covered_text() for e in linked if e.identifier == iri}


def _exported(name: str, corpus: Path, cli: Run) -> Path:
    assert 0 == cli("export", "--to", name, "-o", corpus / "out", "--path", corpus).status
    return corpus / "out" / (DOC_ID + {"xmi": ".xmi", "casjson": ".json"}[name])


@pytest.mark.parametrize("name", ["xmi", "casjson"])
def test_edits_in_inception_arrive(name: str, corpus: Path, cli: Run, article: Document) -> None:
    """A label, an attribute, a span, a new, a deleted annotation and a chain; nothing else."""
    path = _exported(name, corpus, cli)
    cas = _load(path.parent, path.name)
    by_record = {fs.record: fs for fs in cas.select_all_annotations() if hasattr(fs, "record")}
    event = next(e for e in article.events if e.tense == "PAST")
    by_record[event.id].tense = "FUTURE"
    quantity = next(q for q in article.quantities if q.kind == "CARDINAL")
    by_record[quantity.id].label = "ORDINAL"
    gone = article.event_relations[0]
    relation = next(
        r
        for r in cas.select(types.EVENT_RELATION)
        if (r.Governor.record, r.label, r.Dependent.record) == (gone.source, gone.type, gone.target)
    )
    cas.remove(relation)
    start = article.text.index("Ankara")
    mention = cas.typesystem.get_type("webanno.custom.Mention")
    cas.add(mention(begin=start, end=start + 6, label="ORG", level="NAM"))
    _save(cas, path)
    result = cli("import", "--from", name, path.parent, "--path", corpus)
    assert 0 == result.status, result.err
    document = read_document(corpus / f"corpus/documents/{DOC_ID}.json", base())
    assert "FUTURE" == document[event.id].tense
    assert "ORDINAL" == document[quantity.id].kind
    assert len(article.event_relations) - 1 == len(document.event_relations)
    added = [m for m in document.mentions if m.id not in article]
    assert ["Ankara"] == [m.text for m in added]
    assert article.timexes == document.timexes
    assert [m for m in document.mentions if m not in added] == list(article.mentions)
    assert [e for e in document.events if e.id != event.id] == [
        e for e in article.events if e.id != event.id
    ]


def test_a_chain_can_get_another_link(corpus: Path, cli: Run, article: Document) -> None:
    """A mention whose place a new link of a chain has gets the entity of the chain."""
    path = _exported("xmi", corpus, cli)
    cas = _load(path.parent, path.name)
    sizes = {e.id: sum(m.entity == e.id for m in article.mentions) for e in article.entities}
    single = next(m for m in article.mentions if sizes[m.entity] == 1)
    chain = next(
        c
        for c in cas.select(types.CHAIN)
        if c.first.referenceRelation in article and c.first.referenceRelation in sizes
    )
    entity = chain.first.referenceRelation
    link = cas.typesystem.get_type(types.LINK)
    first = link(begin=single.start, end=single.end, next=chain.first)
    cas.add(first)
    chain.first = first
    _save(cas, path)
    result = cli("import", "--from", "xmi", path, "--path", corpus)
    assert 0 == result.status, result.err
    document = read_document(corpus / f"corpus/documents/{DOC_ID}.json", base())
    assert entity == document[single.id].entity


def test_an_export_of_inception_finds_its_document(corpus: Path, cli: Run) -> None:
    """INCEpTION names files by annotator, in a ZIP; the title is that of the imported file."""
    path = _exported("xmi", corpus, cli)
    cas = _load(path.parent, path.name)
    (metadata,) = cas.select(types.METADATA)
    metadata.documentId, metadata.documentTitle = "anna", f"{DOC_ID}.xmi"
    event = next(fs for fs in cas.select("webanno.custom.Event") if fs.tense == "PAST")
    event.tense = "FUTURE"
    with zipfile.ZipFile(path.parent / "anna.zip", "w") as archive:
        archive.write(path.parent / "TypeSystem.xml", "doc/TypeSystem.xml")
        archive.writestr("doc/anna.xmi", cas.to_xmi())
    path.unlink()
    result = cli("import", "--from", "xmi", path.parent, "--path", corpus)
    assert 0 == result.status, result.err
    document = read_document(corpus / f"corpus/documents/{DOC_ID}.json", base())
    assert "FUTURE" == document[event.record].tense


def test_changed_named_entities_are_reported(corpus: Path, cli: Run) -> None:
    """The named entities are copies: a change belongs in the layer Mention, and is not lost."""
    path = _exported("xmi", corpus, cli)
    cas = _load(path.parent, path.name)
    cas.select(types.NAMED_ENTITY)[0].value = "LAW"
    _save(cas, path)
    result = cli("import", "--from", "xmi", path, "--path", corpus)
    assert "named entities that differ from the layer Mention: 1 time" in result.err


def test_kept_annotations_are_written_and_put_back(tmp_path: Path, cli: Run) -> None:
    """What the scheme has no place for goes to a layer of its own, with its attributes."""
    corpus = tmp_path / "c"
    (corpus / "corpus/documents").mkdir(parents=True)
    (corpus / "seeds").mkdir()
    cas = _foreign_cas(EMOJI.replace("\r", ""))
    mood = cas.typesystem.get_type("my.Mood")
    cas.add(mood(begin=0, end=4, category="glad | sad", strength=3))
    path = _write_foreign(tmp_path / "f", cas)
    mapping = tmp_path / "labels.toml"
    mapping.write_text('[labels]\nPER = "PERSON"\n')
    options = ["--path", corpus, "--map", mapping, "--date", "2024-01-01"]
    result = cli("import", "--from", "xmi", path, *options)
    assert "annotations labelled 'glad | sad': 1 time" in result.err
    assert 0 == cli("export", "--to", "xmi", "-o", tmp_path / "out", "--path", corpus).status
    (text,) = read_xmi(tmp_path / "out/emoji.xmi", base())
    (kept,) = [a for a in text.annotations if a.label == "glad | sad"]
    assert {"strength": "3"} == kept.attributes
    result = cli("import", "--from", "xmi", tmp_path / "out", "--path", corpus)
    assert (0, "no changes") == (result.status, result.err.strip())


def test_a_character_that_xml_cannot_hold_is_named(article: Document) -> None:
    """XML 1.0 has no form for control characters: the export says so before it writes."""
    text = text_of(article)
    text.annotations[0].attributes["note"] = "a\x01b"
    with pytest.raises(FormatError, match=r"character U\+0001 .* export to casjson"):
        list(write_xmi([text]))
    assert list(write_json([text]))


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
DTDS = {
    "laughs": f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>',
    "external": '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>',
    "remote": '<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">',
}


@pytest.mark.parametrize("dtd", DTDS)
@pytest.mark.parametrize("file", ["emoji.xmi", "TypeSystem.xml"])
def test_dtds_are_refused(dtd: str, file: str, tmp_path: Path) -> None:
    """Entities are never expanded: neither in the text nor in the type system."""
    path = _write_foreign(tmp_path / "f", _foreign_cas())
    damaged = path.parent / file
    content = damaged.read_text("utf-8")
    start = content.index("?>") + 2 if content.startswith("<?xml") else 0
    damaged.write_text(f"{content[:start]}{DTDS[dtd]}{content[start:]}", "utf-8")
    with pytest.raises(FormatError, match=rf"{file}: has a DTD, which is not read"):
        list(read_xmi(path, base()))


def _texts(path: Path) -> list[AnnotatedText]:
    return list((read_json if path.suffix == ".json" else read_xmi)(path, base()))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("</xmi:XMI>", "", r"emoji\.xmi:\d+: is not XML"),
        ("<cas:NULL", "<cas:NULL &", r"emoji\.xmi:\d+: is not XML"),
        ('value="PER"', 'value="PER" class="x"', "emoji.xmi: is not a CAS of its types.*class"),
        ("NamedEntity", "NamedEntities", "NamedEntities] not found"),
        ('begin="0"', 'begin="1"', "the offset 1 is outside the text, or inside a character"),
        ('begin="0"', f'begin="{"9" * 30}"', "offset .* is outside the text"),
        ('begin="0"', 'begin="x"', "is not a CAS of its types"),
        ('sofaString="', 'sofaText="', "is not a CAS of its types"),
        ('members="', 'members="977 ', "refers to 977, which it lacks"),
    ],
)
def test_damaged_xmi_is_refused(old: str, new: str, message: str, tmp_path: Path) -> None:
    """Damage is named with the file, and with the line where the XML is broken."""
    path = _write_foreign(tmp_path / "f", _foreign_cas())
    content = path.read_text("utf-8")
    assert old in content
    path.write_text(content.replace(old, new), "utf-8")
    with pytest.raises(FormatError, match=message):
        _texts(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c.pop("%TYPES"), "is not a UIMA CAS in JSON"),
        (lambda c: c.pop("%VIEWS"), "is not a CAS of its types"),
        (lambda c: c["%TYPES"].update({"a.b c": {}}), "is no name of a type or feature"),
        (lambda c: c["%TYPES"]["my.Mood"].update({"x=print(1), y": {}}), "is no name of a type"),
        (lambda c: c["%FEATURE_STRUCTURES"][-1].update(begin=10**30), "offset .* is outside"),
        (lambda c: c["%FEATURE_STRUCTURES"][-1].update(begin=[]), "is not a CAS of its types"),
        (lambda c: c.update({"%FEATURE_STRUCTURES": [3]}), "is not a CAS of its types"),
        (lambda c: c.update({"%FEATURE_STRUCTURES": []}), "refers to"),
    ],
)
def test_damaged_json_is_refused(
    change: Callable[[dict[str, object]], object], message: str, tmp_path: Path
) -> None:
    """Damage is named with the file; no name of a file becomes code."""
    path = _write_foreign(tmp_path / "f", _foreign_cas()).with_suffix(".json")
    content = json.loads(path.read_text("utf-8"))
    change(content)
    path.write_text(json.dumps(content), "utf-8")
    with pytest.raises(FormatError, match=message):
        _texts(path)
    path.write_text("{\n\n", "utf-8")
    with pytest.raises(FormatError, match=r"emoji\.json:3: is not JSON"):
        _texts(path)


def test_json_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    """JSON in UTF-8 or UTF-16 is read; bytes in no encoding are refused."""
    path = _write_foreign(tmp_path / "f", _foreign_cas()).with_suffix(".json")
    content = path.read_text("utf-8")
    for encoding in ("utf-8-sig", "utf-16"):
        path.write_bytes(content.encode(encoding))
        assert ["PER"] == [a.label for a in _texts(path)[0].annotations]
    path.write_bytes(content.encode("utf-8").replace(b"PER", b"\xff"))
    with pytest.raises(FormatError, match="is not JSON in UTF-8"):
        _texts(path)


def test_names_of_types_never_become_code(tmp_path: Path) -> None:
    """A feature whose name is Python is refused before cassis makes a class of it."""
    path = _write_foreign(tmp_path / "f", _foreign_cas())
    system = path.parent / "TypeSystem.xml"
    content = system.read_text("utf-8")
    system.write_text(content.replace("<name>category<", "<name>x=exit(1), y<"), "utf-8")
    with pytest.raises(FormatError, match=r"TypeSystem\.xml: .*is no name of a type or feature"):
        _texts(path)


def test_features_that_the_types_lack_are_strings(tmp_path: Path) -> None:
    """UIMA passes them over when it is lenient, and many corpora have some."""
    path = _write_foreign(tmp_path / "f", _foreign_cas())
    content = path.read_text("utf-8")
    path.write_text(content.replace('value="PER"', 'value="PER" colour="red"'), "utf-8")
    (text,) = _texts(path)
    assert [{"colour": "red"}] == [a.attributes for a in text.annotations]
    path.write_text(content.replace('value="PER"', 'value="PER" colour="red" &'), "utf-8")
    with pytest.raises(FormatError, match=r"emoji\.xmi:\d+: is not XML"):
        _texts(path)


def test_chains_that_run_in_a_circle_end(tmp_path: Path) -> None:
    """A link whose next is an earlier one ends its chain, and is reported."""
    cas = _foreign_cas()
    make = cas.typesystem.get_type(types.LINK)
    one, two = make(begin=0, end=4), make(begin=5, end=8)
    one.next, two.next = two, one
    cas.add_all([one, two, cas.typesystem.get_type(types.CHAIN)(first=one)])
    path = _write_foreign(tmp_path / "f", cas)
    for file in (path, path.with_suffix(".json")):
        (text,) = _texts(file)
        assert [2] == [len(c.members) for c in text.clusters]
        assert ["chains that run in a circle or into another"] == [x.kind for x in text.losses]


def test_the_type_system_must_be_there(tmp_path: Path) -> None:
    """An XMI file without its types says what to put beside it."""
    path = _write_foreign(tmp_path / "f", _foreign_cas())
    (path.parent / "TypeSystem.xml").unlink()
    with pytest.raises(FormatError, match=r"put TypeSystem\.xml beside it"):
        _texts(path)


def test_archives_are_read_with_care(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Members with paths are not unpacked, and what unpacks to too much is refused."""
    path = _write_foreign(tmp_path / "f", _foreign_cas())
    archive = tmp_path / "a.zip"
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.write(path.parent / "TypeSystem.xml", "../../TypeSystem.xml")
        file.write(path, "../../emoji.xmi")
    (text,) = _texts(archive)
    assert ("emoji", str(archive)) == (text.id, text.file)
    assert {"a.zip", "f"} == {p.name for p in tmp_path.iterdir()}
    with zipfile.ZipFile(archive, "a", zipfile.ZIP_DEFLATED) as file:
        file.writestr("bomb.xmi", b" " * 3_000_000)
    monkeypatch.setenv("STATEVISIT_MAX_MB", "2")
    assert archive.stat().st_size < 1_000_000
    with pytest.raises(FormatError, match="its unpacked content is larger than 2 MB"):
        _texts(archive)
    monkeypatch.delenv("STATEVISIT_MAX_MB")
    with zipfile.ZipFile(archive, "w") as file:
        file.write(path, "emoji.xmi")
    with pytest.raises(FormatError, match=r"its type system .* is missing in the archive"):
        _texts(archive)
    archive.write_bytes(archive.read_bytes()[:-30])
    with pytest.raises(FormatError, match="is not a ZIP archive that can be read"):
        _texts(archive)
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("a.txt", "x")
    with pytest.raises(FormatError, match="has no XMI file"):
        _texts(archive)


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a file in each form."""
    return _write_foreign(tmp_path_factory.mktemp("fuzz") / "f", _foreign_cas()).parent


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(
    name=st.sampled_from(["emoji.xmi", "emoji.json"]),
    cut=st.floats(0, 1),
    length=st.integers(0, 60),
    junk=st.binary(max_size=12) | st.sampled_from([b'"', b"0", b"<", b"99", b"\xff", b"null"]),
)
def test_any_damage_is_an_error_or_a_text(
    exports: Path, name: str, cut: float, length: int, junk: bytes
) -> None:
    """Bytes that are lost or replaced anywhere never end in a traceback."""
    data = (exports / name).read_bytes()
    at = int(cut * len(data))
    path = exports.parent / name
    (exports.parent / "TypeSystem.xml").write_bytes((exports / "TypeSystem.xml").read_bytes())
    for damaged in (data[:at], data[:at] + junk + data[at + length :]):
        path.write_bytes(damaged)
        try:
            texts = _texts(path)
        except FormatError as error:
            message = str(error)
        else:
            assert all(a.end <= len(t.text) for t in texts for a in t.annotations)
            continue
        assert message.startswith(str(path))


def test_own_attributes_may_have_any_name() -> None:
    """A property that is a word of Python, or of UIMA, has a feature of another name."""
    names = types._feature_names(["from", "begin", "no-name", "no_name", "7th", "été", "label"])
    assert len(names) == len(set(names.values()))
    assert all(types.NAME.fullmatch(name) for name in names.values())
    assert not {"from", "begin", "label"} & set(names.values())
