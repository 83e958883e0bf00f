"""The essential diff: records, not bytes."""

from collections.abc import Callable
from pathlib import Path

import orjson
from msgspec.structs import replace

from statevisit.corpus.diff import Change, biggest_first, diff_corpora, diff_documents
from statevisit.corpus.diff_words import details, title
from statevisit.corpus.documents import write_document
from statevisit.corpus.reader import load
from statevisit.document.codec import encode, encode_value, read_document, to_value
from statevisit.document.model import Document
from statevisit.document.records import EventRelation
from tests.conftest import DOC_ID, ROOT, Result


def _edited(article: Document) -> Document:
    """The article with changes: a mention, an argument, a unit, a date and a relation type."""
    first, *events = article.events
    relation, *relations = article.event_relations
    return replace(
        article,
        date="2024-02-20",
        mentions=article.mentions[:5] + article.mentions[6:],
        quantities=(replace(article.quantities[0], unit="trip"), *article.quantities[1:]),
        events=(replace(first, arguments=first.arguments[1:]), *events),
        event_relations=(replace(relation, type="OVERLAP"), *relations),
    )


def _brief(changes: list[Change]) -> list[tuple[str, str, str]]:
    return [(c.kind, c.layer, c.record) for c in changes]


def test_a_document_does_not_differ_from_itself(article: Document) -> None:
    """The same records in another order and layout are no change."""
    shuffled = replace(
        article,
        mentions=article.mentions[::-1],
        events=article.events[::-1],
        tokens=article.tokens[::-1],
    )
    assert [] == diff_documents(article, shuffled)


def test_each_edit_is_one_change(article: Document) -> None:
    """Every edited record is named once, with its layer, and nothing else is."""
    expected = [
        ("changed", "document", DOC_ID),
        ("removed", "mentions", "m6"),
        ("changed", "quantities", "q1"),
        ("changed", "events", "ev1"),
        ("added", "event_relations", "t1 OVERLAP ev1"),
        ("removed", "event_relations", "t1 CONTAINS ev1"),
    ]
    changes = diff_documents(article, _edited(article))
    assert expected == _brief(changes)
    assert {"unit": ("visit", "trip")} == changes[2].properties()
    assert {"date": ("2024-02-19", "2024-02-20")} == changes[0].properties()


def test_the_diff_back_is_the_mirror(article: Document) -> None:
    """From new to old, added and removed change places and old and new values too."""
    forth, back = (
        diff_documents(article, _edited(article)),
        diff_documents(_edited(article), article),
    )
    mirror = {"added": "removed", "removed": "added", "changed": "changed"}
    assert {(mirror[c.kind], c.layer, c.record, repr(c.old), repr(c.new)) for c in forth} == {
        (c.kind, c.layer, c.record, repr(c.new), repr(c.old)) for c in back
    }


def test_records_without_an_id_may_occur_twice(article: Document) -> None:
    """A second copy of an event relation is one added record; nothing is swallowed by a key."""
    doubled = replace(
        article, event_relations=article.event_relations + article.event_relations[:1]
    )
    assert [("added", "event_relations", "t1 CONTAINS ev1 (2)")] == _brief(
        diff_documents(article, doubled)
    )


def test_documents_come_and_go(
    corpus: Path, document_file: Path, article: Document, tmp_path: Path
) -> None:
    """A document that only one corpus has is one change, whatever it holds."""
    other = tmp_path / "other"
    other.mkdir()
    write_document(replace(_edited(article), date=article.date), other / document_file.name)
    write_document(replace(article, id="new"), other / "new.json")
    changes = list(diff_corpora(load(corpus), load(other)))
    assert [("removed", "mentions", "m6"), ("changed", "quantities", "q1")] == _brief(changes)[:2]
    assert ("added", "document", "new") == _brief(changes)[-1]
    assert ("removed", "document", "new") == _brief(list(diff_corpora(load(other), load(corpus))))[
        -1
    ]


def test_the_command_says_it_as_text(
    article: Document, tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """Text names layer, record, surface form and what changed in it, `old → new`."""
    path = tmp_path / "edited.json"
    path.write_bytes(encode(_edited(article)))
    result = cli("diff", ROOT / f"corpus/documents/{DOC_ID}.json", path)
    assert (0, "") == (result.status, result.err)
    assert "  mentions\n    - m6 [164, 166) 'he'  level=PRO  entity=aliyev\n" in result.out
    assert "    ~ q1 [135, 140) 'first'  unit: visit → trip\n" in result.out
    assert "~ ev1 [31, 39) 'welcomed'  arguments: -(AGENT m1 'Recep Tayyip Erdoğan' Entity)\n" in (
        result.out
    )
    assert "    + t1 'Monday' OVERLAP ev1 'welcomed'\n" in result.out
    assert 1 == cli("diff", "--exit-code", path, ROOT).status
    assert Result(0, "", "") == cli("diff", "--exit-code", ROOT, ROOT)


def test_the_command_says_it_as_json_and_html(
    article: Document, tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """JSON gives both versions of a record; HTML is one page that escapes what the corpus holds."""
    value = to_value(article)
    value["entities"][0]["name"] = "<script>alert(1)</script>"
    path = tmp_path / "edited.json"
    path.write_bytes(encode_value(value))
    (change,) = orjson.loads(
        cli("diff", ROOT / f"corpus/documents/{DOC_ID}.json", path, "--format", "json").out
    )
    assert {"document", "kind", "layer", "record", "old", "new"} == change.keys()
    assert article.entities[0].name == change["old"]["name"]
    assert change["new"]["name"].startswith("<script>")
    page = tmp_path / "diff.html"
    assert Result(0, "", "") == cli(
        "diff", ROOT / f"corpus/documents/{DOC_ID}.json", path, "--format", "html", "-o", page
    )
    assert "&lt;script&gt;" in page.read_text()
    assert "<script>alert" not in page.read_text()


def test_what_is_not_there_is_said(tmp_path: Path, cli: Callable[..., Result]) -> None:
    """A path without documents is one message, and no file is made."""
    result = cli("diff", ROOT, tmp_path / "gone", "-o", tmp_path / "out.html", "--format", "html")
    assert (1, False) == (result.status, (tmp_path / "out.html").exists())
    assert "gone: not a file, directory, version or revision" in result.err


def test_reading_back_what_was_written_is_no_change(article: Document, tmp_path: Path) -> None:
    """Writing and reading a document changes nothing."""
    path = tmp_path / f"{DOC_ID}.json"
    write_document(article, path)
    assert [] == diff_documents(article, read_document(path))


def test_another_modality_is_the_same_relation_changed(article: Document) -> None:
    """A relation between events that becomes uncertain is changed, not removed and added."""
    first, *rest = article.event_relations
    hedged = replace(article, event_relations=(replace(first, modality="UNCERTAIN"), *rest))
    (change,) = diff_documents(article, hedged)
    assert ("changed", "t1 CONTAINS ev1") == (change.kind, change.record)
    assert ["modality: (none) → UNCERTAIN"] == details(change)


def test_an_added_relation_says_how_sure_it_is(article: Document) -> None:
    """The line of a new relation between events has its modality, which its name has not."""
    relation = EventRelation(type="CAUSE", source="ev1", target="ev3", modality="UNCERTAIN")
    more = replace(article, event_relations=(*article.event_relations, relation))
    (change,) = diff_documents(article, more)
    words = [article.text_of(record_id) for record_id in ("ev1", "ev3")]
    expected = f"ev1 {words[0]!r} CAUSE ev3 {words[1]!r}"
    assert (expected, ["modality=UNCERTAIN"]) == (title(change), details(change))


def test_sets_differ_by_their_members(article: Document) -> None:
    """A source or member more is named alone; the order of a list is none."""
    *rest, first = article.quotations
    (source,) = first.sources
    others = [m.id for m in article.mentions if m.id != source]
    two = replace(first, sources=(others[-1], source))
    more = replace(article, quotations=(*rest, two))
    (change,) = diff_documents(article, more)
    assert [f"sources: +{others[-1]} {article.text_of(others[-1])!r}"] == details(change)
    turned = replace(article, quotations=(*rest, replace(two, sources=two.sources[::-1])))
    assert encode(more) == encode(turned)
    entity, *entities = article.entities
    members = tuple(e.id for e in entities[:2])
    sets = [
        replace(article, entities=(replace(entity, members=order), *entities))
        for order in (members, members[::-1])
    ]
    assert encode(sets[0]) == encode(sets[1])


def test_the_biggest_changes_come_first(article: Document, tmp_path: Path) -> None:
    """Documents with most changes come first, then the layers with most, then the biggest ones."""
    first, second, *rest = article.quantities
    little = replace(article, id="a", mentions=article.mentions[1:])
    much = replace(
        article,
        id="b",
        mentions=article.mentions[2:],
        quantities=(replace(first, unit="trip"), replace(second, unit="trip", kind="MONEY"), *rest),
        timexes=(replace(article.timexes[0], value="2024"), *article.timexes[1:]),
    )
    changes = diff_documents(replace(article, id="a"), little)
    changes += diff_documents(replace(article, id="b"), much)
    ordered = [(change.document, change.record) for change in biggest_first(changes)]
    quantities = [("b", second.id), ("b", first.id)]
    mentions = [("b", mention.id) for mention in article.mentions[:2]]
    assert mentions == ordered[:2]
    assert [*quantities, ("b", article.timexes[0].id), ("a", article.mentions[0].id)] == ordered[2:]


def test_json_has_the_words_of_records_that_are_named(
    article: Document, tmp_path: Path, cli: Callable[..., Result]
) -> None:
    """A change of a relation or argument has the words of its ends, a token its own."""
    path = tmp_path / "edited.json"
    path.write_bytes(encode(_edited(article)))
    original = ROOT / f"corpus/documents/{DOC_ID}.json"
    changes = orjson.loads(cli("diff", original, path, "--format", "json").out)
    relation = next(c for c in changes if c["layer"] == "event_relations" and c["kind"] == "added")
    assert {"t1": "Monday", "ev1": "welcomed"} == relation["new_words"]
    assert "old_words" not in relation
    fewer = replace(article, tokens=article.tokens[1:])
    (change,) = diff_documents(article, fewer)
    assert "[0, 9) 'President'" == title(change)


def test_a_moved_span_is_told_by_its_words(article: Document) -> None:
    """A span with other bounds shows its words on both sides, with the offsets."""
    first, *rest = article.timexes
    words = article.text[first.start : first.end + 3]
    longer = replace(first, end=first.end + 3, text=words)
    (change,) = diff_documents(article, replace(article, timexes=(longer, *rest)))
    old, new = f"[{first.start}, {first.end})", f"[{first.start}, {first.end + 3})"
    assert [f"words: {first.text!r} {old} → {words!r} {new}"] == details(change)
