"""Print the agreement of two annotations of each of three kinds of texts: corpus/README.md.

    python scripts/agreement.py                # the article, the pilot, and the unseen text
    python scripts/agreement.py --unseen DIR   # measure the unseen text again, and keep the figures

The article's annotations are in `corpus/annotators/`, those of the pilot in `tests/data/pilot/`.
The unseen text is not part of this repository: `DIR` is a corpus root with its annotations, and
their figures are kept in `tests/data/pilot/unseen.json`.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from statevisit.publishing.manifest import published_agreement
from statevisit.publishing.page_tables import table

ROOT = Path(__file__).resolve().parents[1]
PILOT = ROOT / "tests/data/pilot"
UNSEEN = PILOT / "unseen.json"

_OF = {
    "F1": ("exact", "CoNLL", "end to end", "strict"),
    "kappa": (
        *("type", "level", "reference", "value", "unit", "measures", "class", "modality"),
        *("doc_time_rel", "link"),
    ),
}
"""The figures that are shown, by coefficient; `statevisit agree` prints all of them."""

_SPANS = ("mentions", "timexes", "quantities", "events", "quotations")

Figures = dict[tuple[str, str], tuple[int, float]]
"""The number of items and the value of each figure, by layer and name."""


def figures(agreement: dict[str, Any]) -> Figures:
    """Return the figures that are shown, of an agreement as `release.json` holds it."""
    shown = {}
    for figure in agreement["figures"]:
        layer, of = figure["layer"], figure["of"]
        repeats_exact = of == "strict" and layer in _SPANS
        if of in _OF.get(figure["coefficient"], ()) and not repeats_exact:
            symbol = "κ" if figure["coefficient"] == "kappa" else "F1"
            key = (layer.replace("_", " "), f"{symbol} {of}")
            shown[key] = (figure["n"], figure["value"])
    return shown


def agreement_of(root: Path) -> dict[str, Any]:
    """Return the agreement of the annotators of a corpus root, as `release.json` holds it."""
    agreement = published_agreement(root)
    if agreement is None:
        raise SystemExit(f"{root}: has no two annotations of one text")
    return agreement


def figures_table() -> str:
    """Return the table of corpus/README.md."""
    columns = [
        figures(agreement_of(ROOT)),
        figures(agreement_of(PILOT)),
        figures(json.loads(UNSEEN.read_text(encoding="utf-8"))),
    ]
    rows = [
        (*key, *(_cell(column.get(key)) for column in columns))
        for key in dict.fromkeys(key for column in columns for key in column)
    ]
    return table(("layer", "figure", "article", "pilot", "unseen text"), rows) + "\n"


def _cell(figure: tuple[int, float] | None) -> str:
    if figure is None:
        return ""
    items, value = figure
    return f"{value:.3f} ({items})" if items else f"{value:.3f}"


def main() -> None:
    """Print the table; with --unseen, measure that text first."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--unseen", type=Path, metavar="DIR", help="corpus root of the unseen text")
    options = parser.parse_args()
    if options.unseen:
        measured = json.dumps(agreement_of(options.unseen), indent=1, ensure_ascii=False)
        UNSEEN.write_text(measured + "\n", encoding="utf-8")
    print(figures_table(), end="")


if __name__ == "__main__":
    main()
