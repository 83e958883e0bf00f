"""Reading what a system or an annotator gives: documents whole or in part, Parquet, quote notation, CoNLL BIO.

Above the modules it joins: quotes need `anchor`, Parquet `tables`, BIO the flat view of `views`, and none of these
may know of the other or of `scoring`.
"""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec.structs import replace

from statevisit import codec, strict_json
from statevisit.anchor import anchor
from statevisit.corpus import JSONL, Corpus, load
from statevisit.errors import FormatError
from statevisit.findings import Finding
from statevisit.model import LAYERS, Document
from statevisit.scoring.prediction import Note, Prediction, bare, refuse_other_text, whole
from statevisit.scoring.spans import Item

BIO = (".bio", ".conll", ".iob", ".iob2")
Source = Any
"""A path, a Corpus, a Document, a Prediction, a dictionary (a document in whole or part, or a draft), or several of these."""


def documents(source: Source) -> dict[str, Document]:
    """Gold documents by id, in order. Raises FormatError where there are none or one id stands twice."""
    found: dict[str, Document] = {}
    for name, document in _documents(source):
        if document.id in found:
            raise FormatError(
                f"{name}: a document with the id {document.id!r} is there already: give one of them another"
            )
        found[document.id] = document
    if not found:
        raise FormatError("there is no gold: no document to score against")
    return found


def _documents(source: Source) -> Iterator[tuple[str, Document]]:
    if isinstance(source, Document):
        yield source.id, source
    elif isinstance(source, str | Path):
        path = Path(source)
        if parquet := _parquet(path):
            yield from _tables(parquet)
        else:
            yield from ((e.name, e.read()) for e in load(path).entries)
    elif isinstance(source, Corpus):
        yield from ((e.name, e.read()) for e in source.entries)
    else:
        for one in source:
            yield from _documents(one)


def _parquet(path: Path) -> list[Path]:
    """The Parquet files that `path` is or holds."""
    if path.suffix == ".parquet":
        return [path]
    return sorted(path.glob("*.parquet")) if path.is_dir() and not any(path.glob("*.json")) else []


def _tables(paths: list[Path]) -> Iterator[tuple[str, Document]]:
    from statevisit.parquet import read_table
    from statevisit.tables import from_table

    for path in paths:
        table = read_table(path)
        if "mentions" not in table.column_names or "text" not in table.column_names:
            raise FormatError(
                f"{path}: is not the `documents` config, which holds all layers; it has {', '.join(table.column_names[:6])}"
            )
        yield from ((str(path), d) for d in from_table(table))


def read(source: Source, gold: Mapping[str, Document] | None = None) -> dict[str, Prediction]:
    """Predictions by document id. `gold`: what partial documents, drafts and BIO take their text from, by id.

    Raises FormatError that names file and line for what is in no known form, for a text that is not the gold's (with
    the first difference), and for an id that stands twice.
    """
    found: dict[str, Prediction] = {}
    for name, prediction in _read(source, dict(gold or {})):
        key = prediction.document.id
        if key in found:
            raise FormatError(
                f"{name}: the document {key!r} is predicted twice; leave one of them out"
            )
        if gold and key in gold:
            refuse_other_text(gold[key], prediction.document, name)
        found[key] = prediction
    return found


def _read(source: Source, gold: dict[str, Document]) -> Iterator[tuple[str, Prediction]]:
    if isinstance(source, Prediction):
        yield source.document.id, source
    elif isinstance(source, Document | Corpus):
        yield from ((n, whole(d)) for n, d in _documents(source))
    elif isinstance(source, dict):
        yield "the prediction", _value(source, "the prediction", gold)
    elif isinstance(source, str | Path):
        yield from _files(Path(source), gold)
    else:
        for one in source:
            yield from _read(one, gold)


def _files(path: Path, gold: dict[str, Document]) -> Iterator[tuple[str, Prediction]]:
    if not path.exists():
        raise FormatError(f"{path}: no such file or directory")
    if parquet := _parquet(path):
        yield from ((n, whole(d)) for n, d in _tables(parquet))
    elif path.suffix in BIO:
        yield from ((str(path), p) for p in bio(path, gold))
    elif path.is_dir() and (tagged := sorted(p for p in path.iterdir() if p.suffix in BIO)):
        for one in tagged:
            yield from ((str(one), p) for p in bio(one, gold))
    elif path.is_file() and not path.stat().st_size and path.suffix in JSONL:
        return
    else:
        for entry in load(path).entries:
            data = entry.bytes()
            value = strict_json.parse(data, entry.name)
            if isinstance(value, dict) and set(LAYERS) <= set(value) and not _quotes(value):
                yield entry.name, whole(codec.convert(value, entry.name, data))
            else:
                yield entry.name, _value(value, entry.name, gold)


def _quotes(value: dict[str, Any]) -> bool:
    records = [
        r for n in LAYERS if isinstance(value.get(n), list) for r in value[n] if isinstance(r, dict)
    ]
    return any(
        "quote" in r or any(isinstance(v, dict) and "quote" in v for v in r.values())
        for r in records
    )


def _value(value: Any, file: str, gold: dict[str, Document]) -> Prediction:
    """A prediction from parsed JSON: a document, one with some layers only, or a draft in quote notation."""
    if not isinstance(value, dict):
        raise FormatError(
            f"{file}: a prediction is a JSON object with `id` and layers ({', '.join(LAYERS)}), not {type(value).__name__}"
        )
    key = value.get("id") or (next(iter(gold)) if len(gold) == 1 else None)
    if not isinstance(key, str) or key not in gold:
        if "text" in value and set(LAYERS) <= set(value):
            return whole(codec.convert(value, file))
        shown = ", ".join(list(gold)[:3])
        raise FormatError(
            f"{file}: `id` is {value.get('id')!r}, which is none of the documents to score against ({shown}{', …' if len(gold) > 3 else ''})"
        )
    base = gold[key]
    layers = frozenset(n for n in LAYERS if n in value)
    if "text" in value and value["text"] != base.text:
        refuse_other_text(base, replace(base, text=str(value["text"])), file)
    if not layers:
        raise FormatError(f"{file}: predicts no layer; it may have {', '.join(LAYERS)}")
    if _quotes(value) or "text" not in value:
        return _draft(
            {"id": key} | {k: v for k, v in value.items() if k in layers or k == "annotators"},
            base,
            layers,
            file,
        )
    return Prediction(
        document=codec.convert(codec.to_value(bare(base)) | value, file), layers=layers
    )


def _draft(draft: dict[str, Any], base: Document, layers: frozenset[str], file: str) -> Prediction:
    """A draft put into the text. What stands nowhere, or is no record, is left out, noted, and counted as spurious."""
    notes: list[Note] = []
    unplaced: list[tuple[str, str]] = []
    empty = bare(base)
    while True:
        document, problems, _ = anchor(draft, empty, file)
        if document is not None:
            return Prediction(
                document=document, layers=layers, unplaced=tuple(unplaced), notes=tuple(notes)
            )
        places = [p for p in map(_place, problems) if p]
        if len(places) < len(problems):
            raise FormatError(str(next(f for f in problems if not _place(f))))
        notes += [
            Note("unplaced", base.id, f"{f.pointer}: {f.message}; counted as spurious")
            for f in problems
        ]
        for layer, number, part in sorted(set(places), key=lambda p: (p[0], -p[1], p[2])):
            record = draft[layer][number]
            if part in ("property", "cue") and isinstance(record, dict) and part in record:
                del record[part]
            elif record is not None:
                unplaced.append((layer, _label(draft, layer, record)))
                draft[layer][number] = None
        draft = {
            k: [r for r in v if r is not None] if isinstance(v, list) else v
            for k, v in draft.items()
        }


def _place(finding: Finding) -> tuple[str, int, str] | None:
    parts = finding.pointer.split("/")
    if len(parts) < 3 or parts[1] not in LAYERS or not parts[2].isdigit():
        return None
    return parts[1], int(parts[2]), parts[3] if len(parts) > 3 else ""


def _label(draft: dict[str, Any], layer: str, record: Any) -> str:
    if not isinstance(record, dict):
        return "?"
    if layer == "mentions":
        record = next(
            (
                e
                for e in draft.get("entities", ())
                if isinstance(e, dict) and e.get("id") == record.get("entity")
            ),
            {},
        )
    label = record.get({"events": "class", "quantities": "kind"}.get(layer, "type"))
    return label if isinstance(label, str) else "?"


def flat_gold(document: Document) -> list[Item]:
    """The gold of BIO: the names, events, times and quantities of the flat view, without overlap."""
    from statevisit.flat_names import flat_names

    return [Item(start, end, label, 0) for start, end, label in flat_names(document)]


def _spans(places: list[tuple[int, int]], tags: Iterable[str]) -> Iterator[Item]:
    """The spans that BIO tags make; an I- that continues nothing begins a span, as in conlleval (Tjong Kim Sang and Buchholz 2000)."""
    start = end = -1
    label = ""
    for (first, last), tag in [*zip(places, tags, strict=True), ((-1, -1), "O")]:
        kind, _, name = tag.partition("-")
        if label and (kind != "I" or name != label):
            yield Item(start, end, label, 0)
            label = ""
        if kind in ("B", "I") and not label:
            start, label = first, name
        end = last


def bio(path: Path, gold: Mapping[str, Document]) -> Iterator[Prediction]:
    """Named entities from a CoNLL file: a token and, in the last column, its tag; an empty line between sentences.

    The tokens are those of the gold's text in order, white space aside. `# id = ID` begins a document; `-DOCSTART-` the next
    one of the gold. Raises FormatError, with the line, for a token that does not come next and for a tag that is not B-, I- or O.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise FormatError(f"{path}: not UTF-8; save it as UTF-8") from None
    order = iter(gold)
    document: Document | None = None
    found: dict[str, list[list[tuple[int, int, str]]]] = {}
    at = 0
    for number, line in enumerate(lines, 1):
        parts = line.split()
        if (
            line.startswith("# id = ")
            or parts[:1] == ["-DOCSTART-"]
            or (document is None and parts)
        ):
            key = (
                line.removeprefix("# id = ").strip()
                if line.startswith("# id = ")
                else next(order, None)
            )
            if key not in gold:
                raise FormatError(
                    f"{path}:{number}: "
                    + (
                        f"{key!r} is none of the gold's documents"
                        if key
                        else "one document more than the gold has"
                    )
                )
            document, at = gold[key], 0
            found[key] = [[]]
            if line.startswith("# id = ") or parts[0] == "-DOCSTART-":
                continue
        if not parts or line.startswith("# "):
            if document is not None and found[document.id][-1]:
                found[document.id].append([])
            continue
        assert document is not None
        token, tag = parts[0], parts[-1]
        if len(parts) < 2 or not (tag == "O" or (tag[:2] in ("B-", "I-") and tag[2:])):
            raise FormatError(
                f"{path}:{number}: wanted a token and a tag such as B-PERSON, I-PERSON or O, not {line[:60]!r}"
            )
        start = at + len(document.text[at:]) - len(document.text[at:].lstrip())
        if not document.text.startswith(token, start):
            raise FormatError(
                f"{path}:{number}: the token {token!r} does not come next in {document.id!r}; the text goes on {document.text[start : start + 30]!r}"
            )
        at = start + len(token)
        found[document.id][-1].append((start, at, tag))
    if not found:
        raise FormatError(f"{path}: holds no token; a system that found nothing tags every token O")
    for key, sentences in found.items():
        spans = [
            s for rows in sentences for s in _spans([r[:2] for r in rows], [r[2] for r in rows])
        ]
        yield Prediction(document=bare(gold[key]), layers=frozenset(("ner",)), flat=tuple(spans))
