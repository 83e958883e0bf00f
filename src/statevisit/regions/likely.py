"""The likeliest labels of a scheme for labels of other projects: known names, and close ones."""

import difflib
import re
from collections.abc import Iterable

from statevisit.document.scheme import Scheme
from statevisit.regions.labels import PARTS, UNTYPED, region_labels
from statevisit.regions.mapping import places

_KNOWN = {
    "PERSON": "per pers person people human individual name politician character",
    "ORG": "org organization organisation company corporation institution corp agency group",
    "LOC": "loc location place region geographic natural-location lct",
    "GPE": "gpe country city state location loc place geo-political-entity geopolitical",
    "FAC": "fac facility building airport monument infrastructure",
    "NORP": "norp nationality religion ethnicity demonym",
    "PRODUCT": "product prod vehicle vehi",
    "WORK_OF_ART": "work-of-art workofart creative-work book film song artwork",
    "LAW": "law treaty legislation legal",
    "LANGUAGE": "language lang",
    "timexes.DATE": "date year month day timex temporal",
    "timexes.TIME": "time clock",
    "timexes.DURATION": "duration period",
    "timexes.SET": "set frequency",
    "quantities.MONEY": "money price currency monetary amount-of-money",
    "quantities.PERCENT": "percent percentage pct",
    "quantities.MEASURE": "quantity measure measurement unit",
    "quantities.CARDINAL": "cardinal number num numeric count",
    "quantities.ORDINAL": "ordinal rank",
    "quotations.DIRECT": "quote quotation direct-quote",
}
"""Common names of each label; of several labels of a name, the first that a scheme has counts."""

_CLOSE = 0.8
"""How alike two names have to be, from 0 to 1 (difflib)."""


def likeliest(label: str, scheme: Scheme) -> str | None:
    """Return the likeliest label for one of another project, as a mapping file has it.

    It is a label such as "PERSON", or with its layer ("timexes.DATE") where a label alone is of
    several layers. None if no label of the scheme is likely.
    """
    name = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")
    known = [target for target, names in _KNOWN.items() if name in names.split()]
    same = [target for target in _all(scheme) if _plain(target) == name]
    for target in (*same, *known):
        if places(target, scheme):
            return _shortest(target, scheme)
    by_name = {_plain(target): target for target in reversed(list(_all(scheme)))}
    close = difflib.get_close_matches(name, by_name, 1, _CLOSE)
    return _shortest(by_name[close[0]], scheme) if close else None


def proposal(labels: Iterable[str], scheme: Scheme) -> dict[str, str]:
    """Return the likeliest label for each label that has one."""
    likely = {label: likeliest(label, scheme) for label in labels}
    return {label: target for label, target in likely.items() if target is not None}


def _all(scheme: Scheme) -> list[str]:
    """All labels of regions, with their layers."""
    return [
        f"{layer}.{label}"
        for layer, labels in region_labels(scheme).items()
        for label in sorted(labels)
        if layer != PARTS and label != UNTYPED
    ]


def _plain(target: str) -> str:
    return target.partition(".")[2].lower().replace("_", "-")


def _shortest(target: str, scheme: Scheme) -> str:
    """A label without its layer, if no other layer has it."""
    ((layer, label),) = places(target, scheme)[:1]
    return label if len(places(label, scheme)) == 1 else f"{layer}.{label}"
