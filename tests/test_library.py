"""The library: loading, asking a document, and how things look in a notebook."""

import ast
import importlib.util
import os
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NoReturn

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.console import Console
from rich.text import Text

import statevisit
from statevisit import Corpus, FormatError, encode, load
from statevisit.corpus import reader
from statevisit.document.codec import to_value
from statevisit.document.model import LAYERS, Document, Token
from statevisit.pages.display import _pieces, highlights, style_of, to_text
from statevisit.pages.notebook import corpus_html
from tests.conftest import DATA, DOC_ID, PACKAGE, ROOT
from tests.strategies import documents


def _jsonl(path: Path, *articles: Document) -> Path:
    path.write_bytes(b"\n".join(orjson.dumps(to_value(d)) for d in articles) + b"\n")
    return path


def _several(directory: Path, article: Document, count: int = 12) -> Path:
    for number in range(count):
        document = replace(article, id=f"doc-{number:02}")
        (directory / f"{document.id}.json").write_bytes(encode(document))
    return directory


def test_the_shipped_corpus_loads_in_one_line() -> None:
    """`load()` without a path is the corpus that the package carries."""
    corpus = load()
    assert [DOC_ID] == [document.id for document in corpus]
    assert (1, (DOC_ID,)) == (len(corpus), corpus.ids)
    assert orjson.loads((ROOT / "corpus/release.json").read_bytes())["version"] == corpus.version


@pytest.mark.parametrize(
    "place", [".", "corpus", "corpus/documents", f"corpus/documents/{DOC_ID}.json"]
)
def test_every_path_to_a_corpus_loads_it(corpus: Path, article: Document, place: str) -> None:
    """The root, its corpus/, its documents/ and one file load the same, as path or string."""
    assert [article] == list(load(corpus / place))
    assert [article] == list(load(str(corpus / place)))


def test_a_relative_path_loads(
    corpus: Path, article: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`load(".")` works in a corpus root and in its documents' directory."""
    monkeypatch.chdir(corpus)
    assert article == load(".")[0]
    monkeypatch.chdir(corpus / "corpus/documents")
    assert article == load("")[0]


@pytest.mark.parametrize("suffix", ["jsonl", "ndjson"])
def test_jsonl_loads_in_the_order_of_its_lines(
    tmp_path: Path, article: Document, suffix: str
) -> None:
    """JSONL has one document per line, in this order; blank lines are skipped.

    The last line may lack its newline.
    """
    first, second = replace(article, id="z"), replace(article, id="a")
    path = tmp_path / f"corpus.{suffix}"
    path.write_bytes(
        b"\n" + orjson.dumps(to_value(first)) + b"\n\n" + orjson.dumps(to_value(second))
    )
    corpus = load(path)
    assert ("z", "a") == corpus.ids
    assert [first, second] == list(corpus)
    assert second == corpus["a"] == corpus[1]
    assert None is corpus.version
    assert [path] == corpus.files()


def test_a_corpus_is_a_sequence(tmp_path: Path, article: Document) -> None:
    """Numbers, negative ones and slices index it as they do a list; an id does as well."""
    corpus = load(_several(tmp_path, article))
    assert 12 == len(corpus)
    assert "doc-03" == corpus[3].id == corpus["doc-03"].id
    assert "doc-11" == corpus[-1].id
    assert ["doc-02", "doc-04"] == [d.id for d in corpus[2:6:2]]
    assert ["doc-11", "doc-10"] == [d.id for d in corpus[:-3:-1]]
    assert corpus.ids == tuple(d.id for d in corpus) == tuple(d.id for d in reversed(corpus))[::-1]
    assert "doc-07" in corpus
    assert "doc-99" not in corpus
    assert corpus[0] in corpus
    assert None not in corpus
    assert 5 == corpus.index(corpus[5])


def test_a_missing_document_is_named_with_those_there_are(
    tmp_path: Path, article: Document
) -> None:
    """Who mistypes an id sees which ids there are."""
    corpus = load(_several(tmp_path, article))
    with pytest.raises(KeyError) as error:
        corpus["doc-99"]
    assert (
        f"no document 'doc-99' in {tmp_path}; there are 12, such as doc-00, doc-01, doc-02"
        == error.value.args[0]
    )
    with pytest.raises(IndexError):
        corpus[12]


def test_a_document_is_found_by_its_id_without_a_list(
    tmp_path: Path, article: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One document of very many is read at once: the directory is not listed for it."""
    corpus = load(_several(tmp_path, article))

    def refuse(directory: Path) -> NoReturn:
        raise AssertionError(f"{directory} is listed")

    monkeypatch.setattr(reader, "of_directory", refuse)
    assert "doc-11" == corpus["doc-11"].id
    assert "doc-11" in corpus


@pytest.mark.parametrize("key", ["", ".", "..", "/", "sub/doc-00", "../doc-00", "doc\0", "x" * 999])
def test_only_a_file_of_the_directory_is_found_by_its_id(
    tmp_path: Path, article: Document, key: str
) -> None:
    """A name that leads elsewhere, or that no file can have, is an unknown id like any other."""
    inner = tmp_path / "corpus"
    for directory in (inner, inner / "sub"):
        directory.mkdir()
        _several(directory, article, 1)
    _several(tmp_path, article, 1)
    corpus = load(inner)
    assert key not in corpus
    with pytest.raises(KeyError, match="there are 1, such as doc-00"):
        corpus[key]


def test_documents_are_read_when_they_are_asked_for(tmp_path: Path, article: Document) -> None:
    """Opening a corpus reads no document: a broken one is an error only when it is read."""
    _several(tmp_path, article, 3)
    (tmp_path / "doc-01.json").write_text("{")
    corpus = load(tmp_path)
    assert ("doc-00", "doc-01", "doc-02") == corpus.ids
    assert "doc-02" == corpus["doc-02"].id
    with pytest.raises(FormatError, match=r"doc-01\.json:1:\d+: not JSON"):
        list(corpus)


def test_a_file_of_another_name_is_refused(tmp_path: Path, article: Document) -> None:
    """In a directory a file has the name of its document; a single file may have any name."""
    path = tmp_path / "renamed.json"
    path.write_bytes(encode(article))
    with pytest.raises(FormatError, match=f"rename the file to {DOC_ID}.json"):
        load(tmp_path)[0]
    assert article == load(path)[DOC_ID]


def test_two_documents_with_one_id_in_jsonl(tmp_path: Path, article: Document) -> None:
    """An id that stands for two documents is an error that names both lines."""
    with pytest.raises(
        FormatError,
        match=r"twice\.jsonl:2: the document in .*twice\.jsonl:1 has the same id, "
        rf"'{DOC_ID}': change",
    ):
        list(load(_jsonl(tmp_path / "twice.jsonl", article, article)).ids)


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("gone", None, "no such file or directory"),
        ("empty.jsonl", b"", "is empty"),
        ("empty", "directory", "holds no documents"),
        ("blank.jsonl", b"\n\n", "is empty"),
    ],
)
def test_what_holds_no_documents_is_refused(
    tmp_path: Path, name: str, data: Any, message: str
) -> None:
    """A path without documents is an error that says what is there instead."""
    path = tmp_path / name
    if data == "directory":
        path.mkdir()
    elif data is not None:
        path.write_bytes(data)
    with pytest.raises(FormatError, match=message):
        load(path)


def _event(article: Document, word: str, after: str = "") -> Any:
    start = article.text.index(word, article.text.index(after))
    return next(e for e in article.events if e.start == start)


def test_mentions_of_an_entity(article: Document) -> None:
    """Every way in which the article speaks of Aliyev alone, in its order."""
    expected = [
        "Ilham Aliyev",
        "Aliyev",
        "he",
        "his",
        "president",
        "Aliyev",
        "Aliyev",
        "who",
        "president",
        "Aliyev",
        "his",
        "Aliyev",
        "He",
        "Aliyev",
        "his",
        "Aliyev",
    ]
    assert expected == [m.text for m in article.mentions_of("aliyev")]
    assert article.mentions_of("aliyev") == article.mentions_of(article["aliyev"])


def test_metonymy_is_the_entity_that_is_meant(article: Document) -> None:
    """'Ankara and Baku have hailed': the two states are meant, by the names of their capitals."""
    ankara, baku = (
        next(m for m in article.mentions if m.start == article.text.index(name))
        for name in ("Ankara", "Baku")
    )
    assert ("turkiye", "ankara") == (article.entity_of(ankara).id, ankara.literal)
    assert "Azerbaijan" == article.entity_of(baku.id).name


def test_events_with_their_arguments(article: Document) -> None:
    """Arguments come resolved: role, layer and the record itself."""
    arguments = article.arguments_of(_event(article, "traveled"))
    expected = {
        ("AGENT", "mentions", "Erdoğan"),
        ("PLACE", "mentions", "Azerbaijan"),
        ("PLACE", "mentions", "Turkish Republic of Northern Cyprus"),
        ("TIME", "timexes", "June"),
    }
    assert expected == {(a.role, a.layer, a.target.text) for a in arguments}
    amounts = [
        a.target.value
        for a in article.arguments_of(_event(article, "expand"))
        if a.layer == "quantities"
    ]
    assert ["7600000000", "15000000000"] == amounts
    assert {"ev"} == {
        a.target.id[:2]
        for a in article.arguments_of(_event(article, "reelected"))
        if a.layer == "events"
    }


def test_one_event_told_several_times(article: Document) -> None:
    """The visit is one event, called "it" and a visit in several sentences."""
    visits = article.events_of(_event(article, "visit").event)
    assert ["It", *["visit"] * 5] == [e.text for e in visits]
    assert [1, 1, 2, 7] == [article.sentence_number(e) for e in visits][:4]


def test_sentences_and_tokens(article: Document) -> None:
    """The sentence of a span, what lies in a sentence, and the tokens of a span."""
    money = next(q for q in article.quantities if q.unit == "TRY")
    sentence = article.sentence_of(money)
    assert (
        "The two countries seek to expand trade volume from around $7.6 billion "
        "(TL 234.6 billion) last year to at least $15 billion." == article.text_of(sentence)
    )
    assert ["two", "around $7.6 billion", "TL 234.6 billion", "at least $15 billion"] == [
        q.text for q in article.within(sentence, "quantities")
    ]
    assert ("TL", "234.6", "billion") == article.tokens_of(money)
    assert ("two", "-", "day") == article.tokens_of(
        next(t for t in article.timexes if t.text == "two-day").id
    )
    railway = next(m for m in article.mentions if m.text.endswith("railway"))
    assert ["Baku-Tbilisi-Kars railway", "Baku", "Tbilisi", "Kars"] == [
        m.text for m in article.within(railway, "mentions")
    ]
    between = Token(start=sentence.end, end=sentence.end + 1)
    assert None is article.sentence_of(between) is article.sentence_number(between)
    assert 9 == article.sentences[-1].paragraph + 1


def test_relations_of_an_entity(article: Document) -> None:
    """Relations on either side; the observers of the organization are told from its members."""
    relations = article.relations_of("ots")
    assert {"hungary", "turkmenistan", "trnc"} == {
        r.source for r in relations if r.type == "OBSERVER_OF"
    }
    assert {"turkiye", "azerbaijan", "kazakhstan", "kyrgyzstan", "uzbekistan"} == {
        r.source for r in relations if r.type == "MEMBER_OF"
    }
    assert ("CAPITAL", "azerbaijan", "baku") in {
        (r.type, r.source, r.target) for r in article.relations_of(article["baku"])
    }


def test_ids_lead_to_records_of_every_layer(article: Document) -> None:
    """A document is indexed by record id, knows the record's layer and refuses unknown ids."""
    for layer in LAYERS:
        for record in getattr(article, layer):
            if hasattr(record, "id"):
                assert record is article[record.id]
                assert layer == article.layer_of(record.id)
    assert "m1" in article
    assert "m0" not in article
    for ask in (
        article.mentions_of,
        article.events_of,
        article.arguments_of,
        article.relations_of,
        article.sentence_of,
        article.layer_of,
    ):
        with pytest.raises(KeyError):
            ask("nobody")
    assert {name: len(getattr(article, name)) for name in LAYERS} == article.counts()


@given(documents())
@settings(deadline=None, max_examples=50)
def test_reprs_are_short(document: Document) -> None:
    """Whatever a record holds, a notebook shows it in one line of fewer than 120 characters."""
    shown = [
        document,
        *(r for layer in LAYERS for r in getattr(document, layer)),
        *(a for e in document.events for a in document.arguments_of(e)),
    ]
    for value in shown:
        assert len(repr(value)) < 120
        assert 1 == len(repr(value).splitlines())
        assert repr(value).startswith("<")
        assert repr(value).endswith(">")


def test_reprs_are_useful(article: Document, tmp_path: Path) -> None:
    """The repr names what it stands for."""
    assert (
        f"<Document {DOC_ID}: {len(article.sentences)} sentences, "
        f"{len(article.mentions)} mentions, {len(article.events)} events, "
        f"{len(article.quantities)} quantities>" == repr(article)
    )
    assert f"<Corpus {load().version}: 1 document: {DOC_ID}>" == repr(load())
    assert "<Mention m3 Ilham Aliyev NAM aliyev>" == repr(article["m3"])
    many = load(
        _jsonl(tmp_path / "many.jsonl", *(replace(article, id=f"{n}{'x' * 63}") for n in range(4)))
    )
    assert "<Corpus: 4 documents: 0" + "x" * 24 == repr(many)[:47]
    assert len(repr(many)) < 120


class _Text(HTMLParser):
    """The text of an HTML fragment and whether its tags nest; each element in `tags`."""

    def __init__(self, fragment: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.text = ""
        self.feed(fragment)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.tags.add(tag)
        assert [] == attrs

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.open.pop()

    def handle_data(self, data: str) -> None:
        self.text += data


def _piled(article: Document, places: list[tuple[int, int, str]]) -> Document:
    """The article with these spans (start, length, layer) in place of its own."""
    models = {layer: getattr(article, layer)[0] for layer in ("mentions", "timexes", "events")}
    records: dict[str, list[Any]] = {layer: [] for layer in models}
    for number, (start, length, layer) in enumerate(places):
        span = replace(models[layer], id=f"x{number}", start=start, end=start + length)
        records[layer].append(span)
    return replace(article, quantities=(), **{name: tuple(rs) for name, rs in records.items()})


_LAYERS = st.sampled_from(["mentions", "timexes", "events"])
_PILES = st.lists(st.tuples(st.integers(0, 9), st.integers(1, 12), _LAYERS), max_size=30)


@given(_PILES)
@settings(deadline=None)
def test_deep_spans_are_shown_by_the_innermost_of_each_layer(
    article: Document, places: list[tuple[int, int, str]]
) -> None:
    """Words inside up to eight spans show all; words inside more show one of each layer."""
    document = _piled(article, places)
    spans = highlights(document)
    for piece in _pieces(document):
        over = [span for span in spans if span.start <= piece.start < span.end]
        innermost = {span.layer: span for span in over}.values()
        assert (over if len(over) <= 8 else sorted(innermost, key=over.index)) == piece.over


@given(_PILES)
@settings(deadline=None, max_examples=50)
def test_inner_spans_cover_outer_ones_in_a_terminal(
    article: Document, places: list[tuple[int, int, str]]
) -> None:
    """Each character has the styles of its spans, of which an inner one wins."""
    document = _piled(article, places)
    console, expected = Console(), Text(document.text)
    for span in highlights(document):
        expected.stylize(style_of(span.layer, span.color), span.start, span.end)
    shown = to_text(document)
    for offset in range(25):
        style = expected.get_style_at_offset(console, offset)
        assert style == shown.get_style_at_offset(console, offset)


def test_a_document_in_work_can_be_looked_at(article: Document) -> None:
    """A label that the schema does not know, or a missing entity, is shown rather than an error."""
    mentions = (replace(article.mentions[0], entity="nobody"), *article.mentions[1:])
    events = (replace(article.events[0], class_="STRANGE"), *article.events[1:])
    document = replace(article, mentions=mentions, events=events)
    assert {"?", "STRANGE"} <= {span.label for span in highlights(document)}
    assert article.text == to_text(document).plain


def test_control_characters_do_not_reach_the_terminal(article: Document) -> None:
    """A text cannot steer the terminal that shows it, and the spans stay where they are."""
    document = replace(article, text=article.text.replace("President", "Presid\x1b\x9bt", 1))
    shown = to_text(document).plain
    assert "Presid\ufffd\ufffdt Recep" == shown[:15]
    assert len(article.text) == len(shown)


def test_a_corpus_in_a_notebook(tmp_path: Path, article: Document) -> None:
    """A corpus shows as a table of its first documents."""
    page = _Text(corpus_html(load(_several(tmp_path, article))))
    assert {"table", "tr", "th", "td", "b", "p"} == page.tags
    assert "doc-09" in page.text
    assert "doc-10" not in page.text
    assert page.text.endswith("… and 2 more")
    assert DOC_ID in load()._repr_html_()


HEAVY = (
    "pyarrow",
    "datasets",
    "spacy",
    "pandas",
    "numpy",
    "click",
    "rich",
    "jsonschema",
    "jsonschema_rs",
    "duckdb",
    "polars",
    "huggingface_hub",
)


def test_import_is_light() -> None:
    """`import statevisit` imports nothing heavy, and loading and asking a document neither."""
    assert [] == [m for m in HEAVY if importlib.util.find_spec(m) is None]
    code = (
        "import sys, statevisit; d = statevisit.load()[0]; d.mentions_of('aliyev'); repr(d); "
        f"print([m for m in {HEAVY} if m in sys.modules])"
    )
    bare = (
        "import sys, statevisit; own = ('statevisit', 'msgspec', 'orjson'); "
        "print([m for m in sys.modules if m.startswith(own)])"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    results = [
        subprocess.run(
            [sys.executable, "-S", "-c", c],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for c in (code, bare)
    ]
    assert ["[]", "['statevisit']"] == results


def test_public_names() -> None:
    """Every public name is there, documented, and shown by `dir()`."""
    for name in statevisit.__all__:
        value = getattr(statevisit, name)
        assert name in dir(statevisit)
        if name != "__version__":
            assert value.__doc__, f"{name} has no docstring"
            assert len(value.__doc__) > 10, f"{name} has no docstring"
            assert value.__module__.startswith("statevisit.")
    assert sorted(statevisit.__all__) == statevisit.__all__
    with pytest.raises(AttributeError, match="no attribute 'laod'"):
        statevisit.laod  # noqa: B018 - the access alone has to raise


def test_names_for_type_checkers_are_the_same() -> None:
    """What a type checker sees in the package is what is there."""
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    block = next(node for node in tree.body if isinstance(node, ast.If))
    assert "TYPE_CHECKING" == ast.unparse(block.test)
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    seen = {alias.name for node in imports for alias in node.names}
    assert {n for n in statevisit.__all__ if n != "__version__"} == seen


def test_the_version_is_the_corpus_version() -> None:
    """Code and data have one version: that of the manifest."""
    assert (
        orjson.loads((ROOT / "corpus/release.json").read_bytes())["version"]
        == statevisit.__version__
    )
    assert DATA == statevisit.data_root()


def test_a_copy_of_the_package_without_data_says_so(tmp_path: Path) -> None:
    """Installed without its data, the package says so instead of failing on a path."""
    shutil.copytree(
        PACKAGE,
        tmp_path / "statevisit",
        ignore=shutil.ignore_patterns("__pycache__", "_data"),
    )
    code = (
        "import statevisit\n"
        "try: statevisit.load()\n"
        "except statevisit.StateVisitError as e: print(e)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"no data beside {tmp_path / 'statevisit'}" in done.stdout


def test_corpus_is_what_load_gives() -> None:
    """`Corpus` is the type to annotate with."""
    assert isinstance(load(), Corpus)
