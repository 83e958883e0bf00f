"""Tables of the pages: of any rows, of the splits, and of the sources of the texts."""

from collections import Counter
from collections.abc import Mapping, Sequence

from statevisit.corpus.splits import TRAIN
from statevisit.publishing.manifest import Overview


def table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """Return a table in Markdown."""
    lines = []
    for row in (head, ("---",) * len(head), *rows):
        cells = [cell.replace("|", "\\|").replace("\n", " ") for cell in row]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def split_table(about: Overview) -> str:
    """Return the number of documents and records of each split."""
    splits = about.manifest.get("splits")
    if not splits:
        return f"All documents are in the split `{TRAIN}`."
    rows = [("documents", *(f"{part['documents']:,}" for part in splits.values()))]
    for layer in about.scheme.layers:
        numbers = [part["records"][layer] for part in splits.values()]
        if any(numbers):
            rows.append((f"`{layer}`", *(f"{number:,}" for number in numbers)))
    return table(("", *(f"`{name}`" for name in splits)), rows)


def source_table(about: Overview) -> str:
    """Return the languages, publishers and licences of the texts, the most frequent first."""
    texts = about.texts
    kinds: dict[str, Counter[str | None]] = {
        "language": Counter(texts.languages or about.languages),
        "publisher": texts.publishers,
        "licence": texts.licences,
    }
    return table(("of the texts", ""), [(kind, _counted(values)) for kind, values in kinds.items()])


_MOST = 10
"""Publishers and licences that a page names."""


def _counted(values: Mapping[str | None, int]) -> str:
    """Return values, each with its number if there are several; None is "not stated"."""
    named_values = Counter[str]()
    for value, number in values.items():
        named_values[value or "not stated"] += number
    numbers = named_values.most_common()
    if len(numbers) < 2:
        return "".join(value for value, _ in numbers) or "not stated"
    named = [f"{value} ({number:,})" for value, number in numbers[:_MOST]]
    if len(numbers) > _MOST:
        named.append(f"{len(numbers) - _MOST:,} more")
    return "; ".join(named)


def signed_sentence(about: Overview) -> str:
    """Return in how many documents a person has signed the layers, in one sentence."""
    counts, total = about.manifest["counts"], about.manifest["documents"]
    numbers = {layer: counts[layer].get("signed", 0) for layer in about.scheme.annotated}
    of_documents = f"of {total:,} {'document' if total == 1 else 'documents'}"
    if set(numbers.values()) <= {0} or set(numbers.values()) == {total}:
        all_or_none = max(numbers.values(), default=0)
        return f"Checked and signed by a person: {all_or_none:,} {of_documents}."
    some = [f"`{layer}` in {number:,}" for layer, number in numbers.items() if number]
    others = "" if all(numbers.values()) else "; the other layers in none"
    return f"Checked and signed by a person: {', '.join(some)} {of_documents}{others}."
