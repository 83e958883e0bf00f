r"""WebAnno TSV 3, as WebAnno and INCEpTION export it: a row for each token, columns for each layer.

`_` is no annotation, `*` one without a value, `|` separates stacked annotations, and a number in
brackets joins the rows of one annotation: `PER[1]`. Relations name the row of their source, and its
number and their own where these are needed (`1-3[2_1]`), slots the rows of their targets; chains
have the numbers of chain and link (`coref->1-2`). The rules for labels are those of UIMA CAS, in
which the same tools hold their annotation. See "WebAnno TSV 3.3 File format" in
https://inception-project.github.io/releases/latest/docs/user-guide.html.
"""

import re
from collections.abc import Iterable, Iterator
from itertools import zip_longest
from pathlib import Path

from msgspec import Struct, field

from statevisit.document.scheme import Scheme
from statevisit.errors import FormatError
from statevisit.formats import cas_names as names
from statevisit.formats.texts import AnnotatedText, Annotation, Cluster, Loss, Relation
from statevisit.formats.webanno_text import CHAIN, SPAN, Layer, Rows, Unit, read_rows
from statevisit.regions.offsets import Ends

_ROLE, _BASE = "ROLE_", "BT_"
_REFERENCE_TYPE, _REFERENCE_RELATION = "referenceType", "referenceRelation"
_NOTHING, _EMPTY = "_", "*"
_PIECE = re.compile(r"\\->|\\.|[^\\]|\\$", re.DOTALL)
_VALUE = r"(?P<value>(?:\\->|\\.|[^\\])*?)"
_NUMBERED = re.compile(rf"{_VALUE}\[(?P<number>\d{{1,18}}(?:_\d{{1,18}})?)\]", re.DOTALL)
_CHAINED = re.compile(rf"{_VALUE}->(?P<number>\d{{1,18}}-\d{{1,18}})", re.DOTALL)
_ESCAPED = re.compile(r"\\(->|.)", re.DOTALL)
_CHARACTERS = {"t": "\t", "n": "\n", "r": "\r"}
_LINKED = (names.LAYER_TYPES["mentions"], names.LAYER_TYPES["events"], names.NAMED_ENTITY)


class _Value(Struct):
    """A value in a column, and the number behind it: "" if there is none."""

    value: str
    number: str = ""

    def text(self) -> str:
        """The value without its escapes; "" for none."""
        if self.value in (_EMPTY, _NOTHING):
            return ""
        return _ESCAPED.sub(lambda m: _CHARACTERS.get(m[1], m[1]), self.value)


_Cell = dict[str, _Value]
"""The values of one annotation in a row, by column."""


class _Draft(Struct):
    """An annotation whose rows are read: its type, values, and slots (role column, its row)."""

    type: str
    annotation: Annotation
    values: dict[str, str] = field(default_factory=dict)
    slots: list[tuple[str, _Cell, Unit]] = field(default_factory=list)
    is_kept: bool = False


def read(path: Path, scheme: Scheme) -> Iterator[AnnotatedText]:
    """Yield the annotated text of a file.

    Raises FormatError, with file and line, for another format, a row in no known form, offsets
    that do not fit the text, and a reference to a row that the file lacks.
    """
    rows = read_rows(path)
    yield _Reader(AnnotatedText(path.stem, rows.text, str(path)), rows, scheme).result()


def _parts(value: str, separator: str) -> list[str]:
    """The parts of a value between separators that no backslash escapes."""
    parts = [""]
    for match in _PIECE.finditer(value):
        if match[0] == separator:
            parts.append("")
        else:
            parts[-1] += match[0]
    return parts


def _value(stated: str, pattern: re.Pattern[str]) -> _Value:
    match = pattern.fullmatch(stated)
    return _Value(match["value"], match["number"]) if match else _Value(stated)


class _Reader:
    """Reads the columns of the rows: the annotations first, then what refers to them."""

    def __init__(self, text: AnnotatedText, rows: Rows, scheme: Scheme) -> None:
        self._text, self._rows = text, rows
        self._units = {unit.id: unit for unit in rows.units}
        declared = {layer.type: layer.columns for layer in rows.layers}
        self._own = {
            layer.name: layer
            for layer in names.layer_types(scheme).values()
            if names.RECORD in declared.get(layer.name, [])
        }
        self._drafts: list[_Draft] = []
        self._taken: set[str] = set()
        self._numbered: dict[tuple[str, str], _Draft] = {}
        """The annotations that have a number, by type and number."""
        self._at: dict[tuple[str, str], list[_Draft]] = {}
        """The annotations in a row, by type and row."""
        self._links: dict[tuple[str, int], dict[int, _Draft]] = {}
        """The links of chains by type and chain, by their number in it."""
        self._relations: list[tuple[Layer, _Cell, Unit]] = []
        self._linked: dict[Ends, str] = {}
        """The annotations for which the links of chains stand, by span."""

    def _segments(self) -> None:
        """Set the tokens, which are rows without a part's number, and the sentences."""
        sentences: dict[str, Ends] = {}
        tokens: list[Ends] = []
        for unit in self._rows.units:
            number, _, token = unit.id.partition("-")
            if "." in token or unit.start == unit.end:
                continue
            tokens.append((unit.start, unit.end))
            start, end = sentences.get(number, (unit.start, unit.end))
            sentences[number] = (min(start, unit.start), max(end, unit.end))
        self._text.tokens = tuple(tokens)
        self._text.sentences = tuple(sentences.values())

    def result(self) -> AnnotatedText:
        """Return the text with what all rows say."""
        self._segments()
        for unit in self._rows.units:
            for layer in self._rows.layers:
                for cell in _cells(layer, unit):
                    if layer.kind == SPAN:
                        self._span(layer, cell, unit)
                    elif layer.kind == CHAIN:
                        self._link(layer, cell, unit)
                    else:
                        self._relations.append((layer, cell, unit))
        for draft in self._drafts:
            self._keep(draft)
        self._clusters()
        for layer, cell, unit in self._relations:
            self._relation(layer, cell, unit)
        for draft in self._drafts:
            for column, cell, unit in draft.slots:
                self._slot(draft, column, cell, unit)
        return self._text

    def _bad(self, unit: Unit, message: str) -> FormatError:
        return FormatError(f"{self._text.file}:{unit.line}: {message}")

    def _lose(self, kind: str, detail: str, line: int) -> None:
        self._text.losses.append(Loss(kind, detail, line))

    def _draft(self, layer: Layer, unit: Unit) -> _Draft:
        """A new annotation that begins in a row."""
        number = len(self._drafts) + sum(map(len, self._links.values())) + 1
        annotation = Annotation(f"tsv-{number}", unit.start, unit.end, "", line=unit.line)
        return _Draft(layer.type, annotation)

    def _span(self, layer: Layer, cell: _Cell, unit: Unit) -> None:
        """Read the annotation of a span in a row, or another row of it."""
        columns = [(c, v) for c, v in cell.items() if not c.endswith(_TARGETS)]
        number = next((value.number for _, value in columns if value.number), "")
        draft = self._numbered.get((layer.type, number)) if number else None
        if draft is None:
            draft = self._draft(layer, unit)
            self._drafts.append(draft)
        if number:
            self._numbered[layer.type, number] = draft
        draft.annotation.end = max(draft.annotation.end, unit.end)
        self._at.setdefault((layer.type, unit.id), []).append(draft)
        for column, value in columns:
            if column.startswith(_ROLE):
                if draft.annotation.line == unit.line:
                    draft.slots.append((column, cell, unit))
            elif column and value.text():
                draft.values.setdefault(column, value.text())

    def _link(self, layer: Layer, cell: _Cell, unit: Unit) -> None:
        """Read the link of a chain in a row, or another row of it."""
        number = cell[_REFERENCE_RELATION].number if _REFERENCE_RELATION in cell else ""
        if "-" not in number:
            raise self._bad(unit, f"a link of {layer.type} has no numbers `->CHAIN-LINK`")
        chain, place = (int(part) for part in number.split("-"))
        links = self._links.setdefault((layer.type, chain), {})
        if place not in links:
            links[place] = self._draft(layer, unit)
        draft = links[place]
        draft.annotation.end = max(draft.annotation.end, unit.end)
        for column, value in cell.items():
            if value.text():
                draft.values.setdefault(column, value.text())

    def _keep(self, draft: _Draft) -> None:
        """Give an annotation its label and attributes, and add it to the text."""
        annotation = draft.annotation
        if draft.type in names.OF_TOKENS:
            kind = f"annotations of tokens ({names.short_name(draft.type)})"
            self._lose(kind, str(draft.values), annotation.line)
        elif annotation.start >= annotation.end:
            self._lose("annotations without characters", str(draft.values), annotation.line)
        elif draft.type == names.NAMED_ENTITY and names.LAYER_TYPES["mentions"] in self._own:
            return  # the copy of a mention
        else:
            stated = names.stated(draft.type, draft.values, self._own)
            if stated.record and stated.record not in self._taken:
                annotation.id = stated.record
            self._taken.add(annotation.id)
            annotation.label, annotation.attributes = stated.label, stated.attributes
            self._add(draft)

    def _add(self, draft: _Draft) -> None:
        annotation = draft.annotation
        annotation.words = self._text.text[annotation.start : annotation.end]
        draft.is_kept = True
        self._text.annotations.append(annotation)
        if draft.type in _LINKED:
            self._linked.setdefault((annotation.start, annotation.end), annotation.id)

    def _clusters(self) -> None:
        """Read the chains. A link at the place of a mention or event stands for it."""
        ids = {annotation.id for annotation in self._text.annotations}
        for (type_name, _), links in sorted(self._links.items()):
            members: dict[str, None] = {}
            relation = ""
            for _, draft in sorted(links.items()):
                span = draft.annotation.start, draft.annotation.end
                reference = draft.values.get(_REFERENCE_TYPE, "")
                relation = relation or draft.values.get(_REFERENCE_RELATION, "")
                member = reference if reference in ids else self._linked.get(span)
                if member is None and span[0] >= span[1]:
                    self._lose("links without characters", "", draft.annotation.line)
                    continue
                if member is None:
                    draft.annotation.label = reference or names.short_name(type_name)
                    member = draft.annotation.id
                    self._add(draft)
                members[member] = None
            if members:
                name = relation or f"cluster-{len(self._text.clusters) + 1}"
                self._text.clusters.append(Cluster(name, list(members)))

    def _end(self, type_name: str, row: str, number: str, unit: Unit) -> _Draft | None:
        """The annotation that a row and a number name; None if it is a token.

        Raises FormatError for a row that the file lacks.
        """
        if row not in self._units:
            raise self._bad(unit, f"refers to {row[:40]!r}, which is no row of the file")
        if number not in ("", "0"):
            draft = self._numbered.get((type_name, number))
            if draft is None:  # a slot may have targets of any type
                same = [d for (_, n), d in self._numbered.items() if n == number]
                draft = same[0] if same else None
        else:
            draft = next(iter(self._at.get((type_name, row), [])), None)
        return draft if draft is not None and draft.is_kept else None

    def _relation(self, layer: Layer, cell: _Cell, unit: Unit) -> None:
        """Read a relation, whose target is in its row."""
        base = next((column for column in cell if column.startswith(_BASE)), None)
        if base is None:
            raise self._bad(unit, f"a relation of {layer.type} names no source")
        type_name = base.removeprefix(_BASE)
        row = cell.pop(base)
        numbers = row.number.split("_") if "_" in row.number else ("", "")
        source = self._end(type_name, row.value, numbers[0], unit)
        target = self._end(type_name, unit.id, numbers[1], unit)
        values = {column: value.text() for column, value in cell.items() if column}
        if source is None or target is None:
            kind = "relations without an annotation at both ends"
            self._lose(kind, names.short_name(layer.type), unit.line)
            return
        label = names.label_of(layer.type, values)
        for column, value in values.items():
            if value:
                self._lose(f"attributes {column!r} of relations", value, unit.line)
        ends = source.annotation.id, target.annotation.id
        self._text.relations.append(Relation(ends[0], label, ends[1], unit.line))

    def _slot(self, draft: _Draft, column: str, cell: _Cell, unit: Unit) -> None:
        """Read the links of a slot: roles in one column, their targets in the next."""
        if not draft.is_kept or cell[column].value == _NOTHING:
            return
        feature = column.removeprefix(_ROLE).partition("_")[0].rpartition(":")[2]
        roles = _parts(cell[column].value, ";")
        stated = cell.get(f"{column}{_TARGETS}", _Value(_EMPTY)).value
        for role, target in zip_longest(roles, _parts(stated, ";"), fillvalue=_EMPTY):
            if target in (_EMPTY, _NOTHING):
                if role not in (_EMPTY, _NOTHING):
                    self._lose("slots without a target", role, unit.line)
                continue
            row = _value(target, _NUMBERED)
            end = self._end(self._target_type(column), row.value, row.number, unit)
            if end is None:
                kind = "slots without an annotation as their target"
                self._lose(kind, _Value(role).text(), unit.line)
                continue
            label = _Value(role).text() or feature
            source = draft.annotation.id
            self._text.relations.append(Relation(source, label, end.annotation.id, unit.line))

    def _target_type(self, column: str) -> str:
        """The type of the targets of a slot: the column after its roles."""
        for layer in self._rows.layers:
            if column in layer.columns[:-1]:
                return layer.columns[layer.columns.index(column) + 1]
        return ""


_TARGETS = " targets"
"""What follows the name of a column with roles, for the column with their targets."""


def _cells(layer: Layer, unit: Unit) -> Iterable[_Cell]:
    """Yield the annotations of a layer in a row, with their values by column."""
    cells = unit.cells[layer.first : layer.first + len(layer.columns)]
    stacks = [[] if cell == _NOTHING else _parts(cell, "|") for cell in cells]
    for stacked in zip_longest(*stacks):
        values: _Cell = {}
        previous = ""
        for column, stated in zip(layer.columns, stacked, strict=True):
            if stated is not None and previous.startswith(_ROLE):
                values[f"{previous}{_TARGETS}"] = _Value(stated)
            elif stated is not None:
                pattern = _CHAINED if column == _REFERENCE_RELATION else _NUMBERED
                values[column] = _value(stated, pattern)
            previous = column
        yield values
