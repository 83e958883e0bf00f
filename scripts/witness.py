"""Write corpus/WITNESSES.md: the gold beside witnesses that are independent of its annotators.

Usage: python3 scripts/witness.py [--check]. It makes .venv and installs the locked packages if
needed. Every difference is explained in scripts/witnesses.jsonl; the script prints the lines that
are missing, to be filled in, and those that explain nothing any more, and then fails.
`--check` writes nothing, and fails if the page is not what would be written.
"""

import argparse
import json
import os
import re
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from environment import PYTHON, ROOT, VENV, ensure

if TYPE_CHECKING:
    from witness_names import Difference
    from witness_values import Row

PAGE = ROOT / "corpus" / "WITNESSES.md"
EXPLANATIONS = ROOT / "scripts" / "witnesses.jsonl"

CAUSES = {
    "scheme": "the two schemes differ on purpose",
    "witness": "the witness is wrong",
    "gold": "the gold is wrong, and waits for a correction",
}
"""Why a difference exists."""

_MARK = re.compile(r"(<!-- witness: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


class Unexplained(Exception):
    """Differences without an explanation, or explanations without a difference."""


def main() -> int:
    """Return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail if it is stale")
    options = parser.parse_args()
    ensure("requirements-test.txt")
    if Path(sys.prefix) != VENV:
        os.execv(PYTHON, [str(PYTHON), *sys.argv])
    try:
        page = renewed(PAGE.read_text(encoding="utf-8"))
    except Unexplained as error:
        print(error)
        return 1
    if options.check:
        is_current = page == PAGE.read_text(encoding="utf-8")
        print(f"{PAGE.name}: {'current' if is_current else 'not what would be written'}")
        return 0 if is_current else 1
    PAGE.write_text(page, encoding="utf-8")
    return 0


def renewed(page: str) -> str:
    """Return the page with its generated parts renewed. Raises Unexplained."""
    parts = _parts()
    return _MARK.sub(lambda mark: f"{mark[1]}{parts[mark[2]]}\n{mark[3]}", page)


def _parts() -> dict[str, str]:
    from witness_names import KINDS, compare, count_rows, exact_f1, tagged
    from witness_values import (
        LIBRARIES,
        conversion_rows,
        quantity_rows,
        relation_rows,
        timex_rows,
    )

    from statevisit import load
    from statevisit.publishing.page_tables import table

    (document,) = load(ROOT)
    spans, model = tagged(document.text)
    names = compare(document, spans)
    times, numbers = timex_rows(document), quantity_rows(document)
    relations = relation_rows(document)
    of_values = [d for row in (*times, *numbers, *relations) for d in row.differences()]
    reasons = explained([*names.differences, *of_values])
    libraries = " and ".join(f"{name} {version(name)}" for name in LIBRARIES)
    by_cause = Counter(cause for cause, _ in reasons.values())
    causes = ", ".join(f"{by_cause[c]} because {CAUSES[c]}" for c in CAUSES if by_cause[c])
    rows = _value_rows
    return {
        "model": f"{model} Here F1 is {exact_f1(names.counts):.2f}, place and label.",
        "libraries": f"The libraries are {libraries}.",
        "causes": f"This page lists {len(reasons)} differences: {causes}.",
        "counts": table(("label", *KINDS), count_rows(names.counts)),
        "names": _difference_table([d for d in reasons if d.part == "names"], reasons),
        "verdicts": table(_COUNTED, _verdict_counts(times, numbers, relations)),
        "times": table(
            ("sentence", "words", "value", "calendar", "from the article", "own reader", "library"),
            rows(times),
        ),
        "numbers": table(
            ("sentence", "words", "value", "kind", "own reader", "library", "members"),
            rows(numbers),
        ),
        "relations": table(
            ("sentence", "event in time", "doc_time_rel", "time from the article", "calendar"),
            rows(relations),
        ),
        "conversions": table(("sentence", "words", "rate"), conversion_rows(document)),
        "values": _difference_table([d for d in reasons if d.part == "values"], reasons),
    }


Reasons = dict["Difference", tuple[str, str]]
"""The cause and the explanation of each difference, in the order of the page."""


def explained(differences: Sequence["Difference"]) -> Reasons:
    """Return the differences with their explanations from EXPLANATIONS.

    Raises Unexplained if one has none, or if an explanation has no difference.
    """
    from witness_names import Difference

    stated: Reasons = {}
    for line in EXPLANATIONS.read_text(encoding="utf-8").splitlines():
        entry = json.loads(line)
        cause, explanation = entry.pop("cause"), entry.pop("explanation").strip()
        if cause in CAUSES and explanation:
            stated[Difference(**entry)] = (cause, explanation)
    missing = [d for d in dict.fromkeys(differences) if d not in stated]
    idle = [d for d in stated if d not in differences]
    if missing or idle:
        raise Unexplained(_advice(missing, idle))
    return {difference: stated[difference] for difference in dict.fromkeys(differences)}


def _advice(missing: Iterable["Difference"], idle: Iterable["Difference"]) -> str:
    """The lines of EXPLANATIONS to fill in, and those to remove."""
    causes = " or ".join(CAUSES)
    blank = [{**d._asdict(), "cause": "", "explanation": ""} for d in missing]
    lines = []
    if blank:
        lines.append(f"Complete these lines (cause: {causes}) in {EXPLANATIONS.name}:")
        lines += [json.dumps(line, ensure_ascii=False) for line in blank]
    gone = [json.dumps(d._asdict(), ensure_ascii=False) for d in idle]
    if gone:
        lines += [f"Remove the lines of {EXPLANATIONS.name} that explain nothing any more:", *gone]
    return "\n".join(lines)


def _difference_table(differences: Iterable["Difference"], reasons: Reasons) -> str:
    from statevisit.publishing.page_tables import table

    rows = [(str(d.sentence), d.here, d.there, *reasons[d]) for d in differences]
    return table(("sentence", "here", "there", "cause", "explanation"), rows)


def _value_rows(rows: Iterable["Row"]) -> list[tuple[str, ...]]:
    return [
        (str(r.sentence), r.words, r.value, *r.facts, *map(str, r.verdicts.values())) for r in rows
    ]


_COUNTED = ("values", "computed from", "agrees", "differs", "not computed")


def _verdict_counts(
    times: Sequence["Row"], numbers: Sequence["Row"], relations: Sequence["Row"]
) -> list[tuple[str, ...]]:
    """A row for each kind of value and each reader: how often it agrees, differs, is silent."""
    sweeps = (
        ("times", "the words, by the project's own reader", times, 0),
        ("times", "the words, by dateparser or quantulum3", times, 1),
        ("quantities", "the words, by the project's own reader", numbers, 0),
        ("quantities", "the words, by quantulum3", numbers, 1),
        ("quantities", "the members of the entity that is counted", numbers, 2),
        ("events in times", "the calendar and the date of the article", relations, 0),
    )
    counted = []
    for kind, source, rows, reader in sweeps:
        verdicts = Counter([*row.verdicts.values()][reader].kind for row in rows)
        counted.append((kind, source, *(str(verdicts[column]) for column in _COUNTED[2:])))
    return counted


if __name__ == "__main__":
    sys.exit(main())
