"""Agreement of two or more annotators: layer by layer, attribute by attribute, label by label."""

from collections.abc import Callable, Iterator, Sequence
from statistics import fmean
from typing import Any

from msgspec import Struct, to_builtins

from statevisit import predictions
from statevisit.errors import FormatError
from statevisit.evaluation import RESAMPLES, Scored, chosen, name_of
from statevisit.model import SPAN_LAYERS, Document
from statevisit.predictions import Source
from statevisit.scoring import agreement, attributes, bootstrap, measure, report, spans, structure
from statevisit.scoring.prediction import SCORED, Note, Prediction, bare
from statevisit.scoring.prf import Key

_ORDER = (
    "mentions",
    "mentions coreference",
    "timexes",
    "quantities",
    "events",
    "arguments",
    "events coreference",
    "relations",
    "event_relations",
    "quotations",
    "ner",
)
"""The order of what is reported."""


class Coefficient(Struct, frozen=True, omit_defaults=True):
    """One figure of agreement: `coefficient` is F1, kappa, alpha, alpha_u or gamma; `n` the items behind it, of a label those that
    anybody gave it.

    `of` says what was compared: a measure (F1), an attribute (kappa, alpha), spans (alpha_u, gamma). `interval` is absent where
    it cannot be had; `value` where nothing was compared or chance alone would agree.
    """

    layer: str
    coefficient: str
    of: str
    n: int
    label: str | None = None
    value: float | None = None
    interval: tuple[float, float] | None = None


class Agreement(Struct, frozen=True, omit_defaults=True):
    """What `statevisit agree` found. `to_dict` follows schema/report.schema.json; `find` gives one figure."""

    annotators: list[str]
    documents: int
    unit: str
    units: int
    resamples: int
    annotated: list[str]
    not_annotated: list[str]
    coefficients: list[Coefficient]
    notes: list[Note]

    def find(self, layer: str, coefficient: str, of: str, label: str | None = None) -> Coefficient:
        """The figure of a layer. Raises KeyError where there is none."""
        for c in self.coefficients:
            if (c.layer, c.coefficient, c.of, c.label) == (layer, coefficient, of, label):
                return c
        raise KeyError(f"no figure {layer} {coefficient} {of} {label or ''}".rstrip())

    def to_dict(self) -> dict[str, Any]:
        """The report as plain values, in the form of schema/report.schema.json."""
        return {"kind": "agreement", **to_builtins(self)}

    def __repr__(self) -> str:
        return f"<Agreement of {', '.join(self.annotators)}: {len(self.coefficients)} figures>"

    def __str__(self) -> str:
        from statevisit.scoring.text import agreement_table, as_text

        return as_text(agreement_table(self))


def agree(*annotators: Source, layers: Any = None, resamples: int = RESAMPLES) -> Agreement:
    """How far two or more annotators of the same texts agree, as an Agreement.

    Each is what `statevisit.score` takes; the first has to have the texts. A layer counts where all have it. With more than two,
    F1 is the mean over the pairs (Hripcsak and Rothschild 2005) and κ as well (Light 1971); α takes all at once.
    Raises FormatError for texts that differ, with the first difference.
    """
    if len(annotators) < 2:
        raise FormatError("agreement is between two annotators or more")
    base = predictions.read_gold(annotators[0])
    read = [predictions.read(a, base) for a in annotators]
    return _Agreeing(base, read, layers, resamples).report(
        [_short(name_of(a, f"annotator {n}")) for n, a in enumerate(annotators, 1)]
    )


def _short(name: str) -> str:
    return name.rstrip("/")


class _Agreeing:
    """The annotators' documents aligned in pairs."""

    def __init__(
        self,
        base: dict[str, Document],
        read: list[dict[str, Prediction]],
        layers: Any,
        resamples: int,
    ) -> None:
        said = [frozenset().union(*(p.layers for p in r.values())) for r in read]
        self.common = frozenset.intersection(*said)
        self.layers = self.common & (chosen(layers) or frozenset(SCORED))
        self.base, self.read = base, read
        self.pairs = agreement.pairs(len(read))
        self.scored = [
            Scored({i: p.document for i, p in read[a].items()}, read[b], self.layers)
            for a, b in self.pairs
        ]
        self.one = len(base) == 1
        first = self.scored[0]
        self.units = (
            list(range(-1, len(next(iter(base.values())).sentences))) if self.one else first.units
        )
        self.drawn = (
            bootstrap.draws(len(self.units), resamples) if len(self.units) > 1 and resamples else []
        )
        self.alignments = [[s.aligned(i) for i in s.ids] for s in self.scored]
        self.docs = [[r[i].document if i in r else bare(d) for r in read] for i, d in base.items()]

    def report(self, names: list[str]) -> Agreement:
        notes = list(dict.fromkeys(n for s in self.scored for n in s.notes))
        found = [*self._f1(), *self._attributes(), *self._unitized()]
        found.sort(key=lambda c: _ORDER.index(c.layer))
        return Agreement(
            names, len(self.base), "sentence" if self.one else "document", len(self.units) - self.one, len(self.drawn),
            [n for n in SCORED if n in self.layers], [n for n in SCORED if n not in self.common and n != "ner"], found, notes,
        )  # fmt: skip

    def _f1(self) -> Iterator[Coefficient]:
        """Mean pairwise F1 of every measure but those of attributes, which κ and α tell better."""
        figures = [
            {
                (f.layer, f.measure, f.label): f
                for f in report.figures(s.tally)
                if f.average != "macro" and "(" not in f.measure
            }
            for s in self.scored
        ]
        for key in dict.fromkeys(k for f in figures for k in f):
            there = [f[key] for f in figures if key in f]
            known = [f.f1 for f in there if f.f1 is not None]
            n = round(sum(f.gold + f.pred for f in there) / (2 * len(there))) if there else 0
            yield Coefficient(
                key[0],
                "F1",
                key[1],
                n,
                key[2],
                fmean(known) if known else None,
                self._f1_interval(Key(key[0], key[1], key[2] or "")) if known else None,
            )

    def _f1_interval(self, key: Key) -> tuple[float, float] | None:
        if not self.drawn or (self.one and key.layer in report.UNDIVIDED):
            return None
        resampled = report.Resampled([s.tally for s in self.scored], self.units, 0, self.one)
        resampled.drawn = self.drawn
        columns = [resampled.f1s(n, key) for n in range(len(self.scored))]
        return bootstrap.interval(
            [
                fmean(known) if (known := [v for v in row if v is not None]) else None
                for row in zip(*columns, strict=True)
            ]
        )

    def _attributes(self) -> Iterator[Coefficient]:
        for layer in (n for n in SPAN_LAYERS if n in self.layers):
            for name in attributes.ATTRIBUTES[layer]:
                if attributes.REFERS.get((layer, name), layer) in self.common and name != "literal":
                    yield from self._attribute(layer, name)

    def _attribute(self, layer: str, name: str) -> Iterator[Coefficient]:
        """κ over aligned spans, the mean of the pairs of annotators, and nominal α over spans with the same bounds; "absent" is a value.

        Of the attribute that is the layer's label, both for each label as well.
        """
        value, by_label = attributes.ATTRIBUTES[layer][name], spans.LABEL[layer] == name
        met = [
            self._met(layer, value, s, alignments)
            for s, alignments in zip(self.scored, self.alignments, strict=True)
        ]
        yield self._kappa(layer, name, None, met)
        for label in _labels(*met) if by_label else ():
            yield self._kappa(
                layer, name, label, [agreement.one_label(rows, label) for rows in met]
            )
        if (layer, name) in attributes.REFERS:
            return  # it names other records, by ids that are each annotator's own
        there = self._places(layer, value)
        yield self._alpha(layer, name, None, there)
        for label in _labels(there) if by_label else ():
            yield self._alpha(layer, name, label, agreement.one_label(there, label))

    def _met(
        self,
        layer: str,
        value: attributes.Values,
        scored: Scored,
        alignments: list[dict[str, spans.Alignment]],
    ) -> dict[int, list[list[Any]]]:
        """By unit, what two annotators say of the spans that are aligned."""
        rows: dict[int, list[list[Any]]] = {u: [] for u in self.units}
        for number, (key, aligned) in enumerate(zip(scored.ids, alignments, strict=True)):
            gold, pred = scored.both(key)
            _, loose = structure.names(a for k, a in aligned.items() if k != "ner")
            sides = attributes.Sides(gold), attributes.Sides(pred.document, loose)
            met = [
                (aligned[layer].gold[i], aligned[layer].pred[j]) for i, j in aligned[layer].pairs
            ]
            values = (
                map(_said, value(side, [pair[n].record for pair in met]))
                for n, side in enumerate(sides)
            )
            for (g, _), *row in zip(met, *values, strict=True):
                rows[g.unit if self.one else number].append(row)
        return rows

    def _kappa(
        self, layer: str, name: str, label: str | None, met: list[dict[int, list[list[Any]]]]
    ) -> Coefficient:
        n = sum(
            label is None or any(row) for rows in met for found in rows.values() for row in found
        )
        return self._coefficient(
            layer,
            "kappa",
            name,
            label,
            n // len(met),
            [(agreement.kappa_table(rows)[1], agreement.kappa) for rows in met],
        )

    def _alpha(
        self, layer: str, name: str, label: str | None, rows: dict[int, list[list[Any]]]
    ) -> Coefficient:
        n = sum(
            sum(v is not None for v in row) > 1 and (label is None or any(row))
            for found in rows.values()
            for row in found
        )
        return self._coefficient(
            layer, "alpha", name, label, n, [(agreement.alpha_table(rows)[1], agreement.alpha)]
        )

    def _places(self, layer: str, value: attributes.Values) -> dict[int, list[list[Any]]]:
        """By unit, what all annotators say of the spans at one place."""
        rows: dict[int, list[list[Any]]] = {u: [] for u in self.units}
        for number, docs in enumerate(self.docs):
            unit_of = measure.by_sentence(docs[0]) if self.one else lambda _, number=number: number
            said = [map(_said, value(attributes.Sides(d), getattr(d, layer))) for d in docs]
            records = [
                [
                    (unit_of(r.start), r.start, r.end, v)
                    for r, v in zip(getattr(d, layer), values, strict=True)
                ]
                for d, values in zip(docs, said, strict=True)
            ]
            for unit, found in agreement.by_place(records).items():
                rows[unit] += found
        return rows

    def _coefficient(
        self,
        layer: str,
        name: str,
        of: str,
        label: str | None,
        n: int,
        parts: Sequence[tuple[list[list[float]], Callable[[list[float]], float | None]]],
    ) -> Coefficient:
        def average(values: Sequence[float | None]) -> float | None:
            known = [v for v in values if v is not None]
            return fmean(known) if known else None

        value = average([statistic([sum(c) for c in table]) for table, statistic in parts])
        drawn = (
            [
                average([statistic([sum(take(c)) for c in table]) for table, statistic in parts])
                for take in self.drawn
            ]
            if value is not None
            else []
        )
        return Coefficient(
            layer, name, of, n, label, value, bootstrap.interval(drawn) if drawn else None
        )

    def _unitized(self) -> Iterator[Coefficient]:
        """α_u per layer and label, and γ per layer where pygamma-agreement is installed."""
        for layer in (n for n in SPAN_LAYERS if n in self.layers):
            marked = [[_marked(d, layer) for d in docs] for docs in self.docs]
            labels = sorted({label for docs in marked for found in docs for *_, label in found})
            parts = {label: self._parts(marked, label) for label in labels}
            n = sum(len(found) for docs in marked for found in docs)
            yield self._alpha_u(
                layer,
                None,
                n,
                [[p for label in labels for p in parts[label][d]] for d in range(len(marked))],
            )
            for label in labels:
                mine = sum(x[2] == label for docs in marked for found in docs for x in found)
                yield self._alpha_u(layer, label, mine, parts[label])
            gammas = [
                agreement.gamma({str(a): found for a, found in enumerate(docs)}) for docs in marked
            ]
            known = [g for g in gammas if g is not None]
            if known:
                yield Coefficient(layer, "gamma", "spans", n, None, fmean(known))

    def _parts(
        self, marked: list[list[list[tuple[int, int, str]]]], label: str
    ) -> list[list[tuple[float, float, int]]]:
        found = []
        for docs, there in zip(marked, self.docs, strict=True):
            length = max(len(there[0].text), 1)
            found.append(
                [
                    (
                        *agreement.unitized(
                            [
                                agreement.outer((s, e) for s, e, x in spans_ if x == label)
                                for spans_ in docs
                            ],
                            length,
                        ),
                        length,
                    )
                ]
            )
        return found

    def _alpha_u(
        self,
        layer: str,
        label: str | None,
        n: int,
        by_document: list[list[tuple[float, float, int]]],
    ) -> Coefficient:
        value = agreement.alpha_u(p for parts in by_document for p in parts)
        interval = None
        if value is not None and self.drawn and not self.one:
            interval = bootstrap.interval(
                [
                    agreement.alpha_u(p for parts in take(by_document) for p in parts)
                    for take in self.drawn
                ]
            )  # type: ignore[arg-type,attr-defined]
        return Coefficient(layer, "alpha_u", "spans", n, label, value, interval)


def _marked(document: Document, layer: str) -> list[tuple[int, int, str]]:
    """Start, end and label of the spans that are in the text."""
    labelled = zip(getattr(document, layer), spans.labels(document, layer), strict=True)
    return [
        (r.start, r.end, label or "?")
        for r, label in labelled
        if 0 <= r.start < r.end <= len(document.text)
    ]


def _said(value: Any) -> Any:
    return "absent" if value is None else value


def _labels(*tables: dict[int, list[list[Any]]]) -> list[str]:
    """The labels that anybody gave."""
    return sorted(
        {v for rows in tables for found in rows.values() for row in found for v in row}
        - {None, "absent"}
    )
