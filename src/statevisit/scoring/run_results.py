"""The results of a run: the systems side by side, the differences, and what each gets wrong."""

import hashlib
import platform
import time
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol

from msgspec import Struct, field, to_builtins

from statevisit import layout
from statevisit.document.model import Document
from statevisit.document.strict_json import JsonObject
from statevisit.errors import FormatError, StateVisitError
from statevisit.files import sha256_of
from statevisit.scoring import figures, read
from statevisit.scoring.annotated import begun
from statevisit.scoring.answer_cache import Cache
from statevisit.scoring.bootstrap import SEED
from statevisit.scoring.figures import Difference, Figure, Resampling
from statevisit.scoring.mistakes import Mistake, mistakes
from statevisit.scoring.of_split import included, part_of
from statevisit.scoring.origin import Origin, origin
from statevisit.scoring.report import Report
from statevisit.scoring.run_file import Run, System
from statevisit.scoring.run_systems import predict, steps_of
from statevisit.scoring.run_task import (
    PREDICTIONS,
    Advance,
    Predictions,
    SystemFailed,
    Task,
    mapping_of,
    texts_of,
)
from statevisit.scoring.score import evaluate, scored_layers
from statevisit.scoring.scored import Scored

RESULTS = "results.json"
PAGE = "report.html"
"""The names below the output of a run."""


class Progress(Protocol):
    """Shows how far a system is; called with its number of steps and its name."""

    def __call__(self, total: int, what: str) -> AbstractContextManager[Advance]:
        """Return a context whose value is called after each step."""


class SystemResult(Struct):
    """A system of a run with its report, or with the reason why it has none.

    `asked` and `known` are how often it was run or asked, and how often the cache had the answer;
    `seconds` is how long that took.
    """

    system: System
    predictions: Predictions | None = None
    report: Report | None = None
    scored: Scored | None = None
    mistakes: list[Mistake] = field(default_factory=list)
    reason: str = ""
    asked: int = 0
    known: int = 0
    seconds: float = 0.0

    @property
    def name(self) -> str:
        """The name of the system."""
        return self.system.name


class Compared(Struct, frozen=True):
    """The difference of one system from another in one measure."""

    system: str
    reference: str
    difference: Difference


class Results(Struct, frozen=True):
    """The systems of a run in the order of its file, and their differences.

    `gold` are the documents that are scored, from `origin`; `texts_sha256` is the hash of what
    systems get.
    """

    run: Run
    gold: Sequence[Document]
    origin: Origin
    texts_sha256: str
    systems: Sequence[SystemResult]
    differences: Sequence[Compared]

    @property
    def scored(self) -> list[SystemResult]:
        """The systems that have a report."""
        return [result for result in self.systems if result.report is not None]

    @property
    def failed(self) -> list[SystemResult]:
        """The systems that have none."""
        return [result for result in self.systems if result.report is None]

    def figure(self, name: str, layer: str, measure: str) -> Figure | None:
        """Return the figure over all labels of a system; None if it has none."""
        for result in self.scored:
            if result.name == name:
                return _micro(result).get((layer, measure))
        return None

    def to_dict(self) -> JsonObject:
        """Return the results as plain values: the same each time but for `last_run`."""
        return {
            "kind": "bench",
            "versions": self.versions,
            "hashes": self.hashes,
            "documents": [document.id for document in self.gold],
            "settings": _settings(self.run),
            "systems": [_system_value(result) for result in self.systems],
            "differences": [
                {"system": c.system, "reference": c.reference, **to_builtins(c.difference)}
                for c in self.differences
            ],
            "last_run": {
                result.name: {
                    "seconds": round(result.seconds, 3),
                    "asked": result.asked,
                    "known": result.known,
                }
                for result in self.systems
            },
        }

    @property
    def versions(self) -> JsonObject:
        """The versions that decide the results; None for a corpus without one."""
        return {
            "statevisit": layout.version(),
            "python": platform.python_version(),
            "corpus": self.origin.version,
            "schema": self.gold[0].schema_version,
        }

    @property
    def hashes(self) -> JsonObject:
        """The SHA-256 of the run file, of the texts and of the gold."""
        return {
            "run": sha256_of(self.run.file),
            "texts": self.texts_sha256,
            "gold_files": self.origin.sha256,
            "gold_content": self.origin.content_sha256,
        }


def _settings(run: Run) -> JsonObject:
    """What a run scores and how, as plain values."""
    return {
        "split": run.split or None,
        "layers": list(run.layers),
        "partial": run.partial,
        "without_predicates": run.without_predicates,
        "baseline": run.baseline or None,
        "resamples": run.resamples,
        "seed": SEED,
    }


def _system_value(result: SystemResult) -> JsonObject:
    """The members of a system in `results.json`."""
    system, predictions, report = result.system, result.predictions, result.report
    stated = {"name": system.name, "kind": system.kind, "what": what_of(system)}
    if predictions is None or report is None:
        return {**stated, "status": "failed", "reason": result.reason}
    reported = to_builtins(report)
    kept = ("unit", "units", "resamples", "predicted", "not_predicted", "not_annotated", "parts")
    return {
        **stated,
        "status": "scored",
        "versions": versions_of(result),
        "predictions": to_builtins(report.pred_origin),
        "answers": predictions.answers,
        "tokens": predictions.tokens,
        **{name: reported[name] for name in kept if name in reported},
        "figures": reported["figures"],
        "mistakes": to_builtins(result.mistakes),
        "notes": [*to_builtins(predictions.notes), *reported.get("notes", [])],
    }


def versions_of(result: SystemResult) -> dict[str, str]:
    """Return the versions of what a system ran, and the one that the run file states."""
    versions = dict(result.predictions.versions) if result.predictions else {}
    if result.system.version:
        versions["stated"] = result.system.version
    return versions


def what_of(system: System) -> str:
    """Return what a system is: its command, file, or the name of its model."""
    values = {"predictions": system.predictions, "with": system.with_, "model": system.model}
    return values.get(system.kind) or " ".join(system.command)


def compare_systems(run: Run, corpus: Path, cache: bool, progress: Progress) -> Results:
    """Return the results of the systems of a run on the documents of a corpus.

    Without `cache` every system is run anew, and its answers are not kept. A system that fails has
    the reason in its result. Raises FormatError if nothing can be scored or compared.
    """
    _refuse_foreign_output(run.output)
    gold = read.read_gold(corpus)
    of_split = part_of(gold, included(corpus, run.split or None))
    layers = scored_layers(run.layers, of_split.values())
    documents = list(begun(of_split, layers, run.partial).values())
    systems = []
    for system in run.systems:
        task = Task(run, corpus, documents, layers, Cache.at_its_place() if cache else Cache(None))
        systems.append(_result(system, task, progress))
    texts_sha256 = hashlib.sha256(texts_of(documents)).hexdigest()
    scored = [result for result in systems if result.report is not None]
    differences = _differences(scored, run)
    origin_of_gold = origin(read.files_of(corpus), documents)
    return Results(run, documents, origin_of_gold, texts_sha256, systems, differences)


def _refuse_foreign_output(output: Path) -> None:
    """Raise FormatError for a directory that holds files, and no results of a run."""
    if not output.is_dir() or (output / RESULTS).is_file():
        return
    foreign = sorted({path.name for path in output.iterdir()} - {PREDICTIONS, PAGE})
    if foreign:
        raise FormatError(
            f"{output}: holds {foreign[0]} and no {RESULTS}; name a new directory for the results"
        )


def _result(system: System, task: Task, progress: Progress) -> SystemResult:
    """The result of a system: its report, or the reason why it has none."""
    result = SystemResult(system)
    began = time.monotonic()
    try:
        with progress(steps_of(system, task), system.name) as advance:
            predictions = predict(system, task, advance)
        result.seconds = time.monotonic() - began
        result.report, result.scored = _scored(predictions, system, task)
        result.predictions = predictions
        result.mistakes = mistakes(result.scored.comparisons())
    except StateVisitError as error:
        result.reason = str(error)
    except OSError as error:
        result.reason = f"{error.filename or system.name}: {error.strerror or error}"
    result.seconds = result.seconds or time.monotonic() - began
    result.asked, result.known = task.cache.asked, task.cache.known
    if result.reason and result.known and not result.asked:
        result.reason += " (answered in an earlier run; --no-cache asks again)"
    return result


def _scored(predictions: Predictions, system: System, task: Task) -> tuple[Report, Scored]:
    """The report of predictions. Raises FormatError if they are of other documents."""
    run = task.run
    report, scored = evaluate(
        task.corpus,
        predictions.path,
        None,
        run.layers,
        run.resamples,
        run.split or None,
        run.partial,
        run.without_predicates,
        mapping_of(system, run),
    )
    foreign = [name for name in scored.ids if name not in scored.gold]
    if foreign:
        raise SystemFailed(
            f"predicts {', '.join(foreign[:5])}, which the gold does not have; remove it, since"
            " systems are compared on the same documents"
        )
    return report, scored


def _differences(scored: Sequence[SystemResult], run: Run) -> list[Compared]:
    """Test the difference of each system from the baseline, or from the best of each measure."""
    if not scored or scored[0].scored is None:
        return []
    resampling = scored[0].scored.resampling(run.resamples)  # all have the same documents
    micro = {result.name: _micro(result) for result in scored}
    keys = dict.fromkeys(key for of_system in micro.values() for key in of_system)
    compared = []
    for key in keys:
        reference = _reference(scored, micro, key, run.baseline)
        if reference is None:
            continue
        for result in scored:
            difference = _difference(result, reference, micro, key, resampling)
            if difference is not None:
                compared.append(Compared(result.name, reference.name, difference))
    return compared


def _micro(result: SystemResult) -> dict[tuple[str, str], Figure]:
    """The figures of a system over all labels, by layer and measure."""
    of_report = result.report.figures if result.report else []
    return {(f.layer, f.measure): f for f in of_report if f.average == "micro"}


def _reference(
    scored: Sequence[SystemResult],
    micro: Mapping[str, Mapping[tuple[str, str], Figure]],
    key: tuple[str, str],
    baseline: str,
) -> SystemResult | None:
    """The baseline or, without one, the first of the systems with the highest F1."""
    best, highest = None, -1.0
    for result in scored:
        figure = micro[result.name].get(key)
        if figure is None or figure.f1 is None or (baseline and result.name != baseline):
            continue
        if figure.f1 > highest:
            best, highest = result, figure.f1
    return best


def _difference(
    result: SystemResult,
    reference: SystemResult,
    micro: Mapping[str, Mapping[tuple[str, str], Figure]],
    key: tuple[str, str],
    resampling: Resampling,
) -> Difference | None:
    """The difference of a system from the reference in a measure that both have."""
    figure, other = micro[result.name].get(key), micro[reference.name].get(key)
    if result is reference or figure is None or other is None:
        return None
    if result.scored is None or reference.scored is None:
        return None
    tables = result.scored.table, reference.scored.table
    return figures.tested_difference(figure, other, *tables, resampling)
