"""statevisit split: divide the texts of a corpus into train, validation and test."""

import re
from fractions import Fraction
from pathlib import Path

import click

from statevisit import layout
from statevisit.cli.main import say
from statevisit.cli.options import corpus_argument, corpus_to_change
from statevisit.corpus.splits import ALONE, Change, Ratio, divide_corpus, in_order
from statevisit.printable import counted

_USUAL = {2: "train,test", 3: "train,validation,test"}
"""The names of splits if none are given, by their number."""

_NUMBER = re.compile(r"[0-9]{1,9}(?:\.[0-9]{1,9})?")
_NAME = re.compile(r"(?=.{1,64}\Z)[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*")


@click.command("split")
@corpus_argument
@click.option(
    "--ratio", default="80,10,10", show_default=True, help="Sizes of the splits, in any unit."
)
@click.option("--names", help="Names of the splits. Default: train,validation,test or train,test.")
@click.option("--seed", default=0, show_default=True, help="Another number makes another division.")
@click.option(
    "--by",
    default=ALONE,
    show_default=True,
    metavar="PROPERTY",
    help="Keep texts together that have the same publisher, author, date, language, license, "
    "title, or the same value of a property in `extra`.",
)
@click.option("--again", is_flag=True, help="Also divide the texts that have a split already.")
@click.option("--dry-run", is_flag=True, help="Show the splits, and write nothing.")
def command(
    path: Path | None, ratio: str, names: str | None, seed: int, by: str, again: bool, dry_run: bool
) -> None:
    """Divide the texts of a corpus into train, validation and test.

    Writes `split` into seeds/sources.jsonl. PATH is the corpus root; without one, that of the
    current directory or one above it. A text that has a split keeps it. The split of a text
    depends on its seed file and --seed only: a text that is added later moves no other, and the
    sizes meet the ratio on average.

    \b
    Example:
      statevisit split --ratio 80,10,10 --seed 7 --dry-run
    """
    parts = _ratio(ratio, names)
    root = layout.corpus_root(corpus_to_change(path))
    change = divide_corpus(root, parts, seed, by, again, write=not dry_run)
    _print(change, parts, by)
    if not change.changed:
        say("Every text has its split already; --again makes new ones.")
    elif dry_run:
        say(f"{counted(len(change.changed), 'text')} would get a new split; nothing was written.")
    else:
        say(f"{root / layout.SOURCES}: {counted(len(change.changed), 'text')} got a new split.")
        say("Next: `statevisit validate` looks for texts that two splits share.")


def _ratio(ratio: str, names: str | None) -> Ratio:
    """Return the sizes of the splits. Raises UsageError for sizes and names that are not right."""
    sizes = [size.strip() for size in ratio.split(",")]
    for size in sizes:
        if not _NUMBER.fullmatch(size) or not Fraction(size):
            raise click.UsageError(
                f"--ratio: {size!r} is not a positive number; write sizes such as 80,10,10"
            )
    if names is None and len(sizes) not in _USUAL:
        raise click.UsageError(f"--ratio has {len(sizes)} sizes; name as many splits with --names")
    listed = [name.strip() for name in (names or _USUAL[len(sizes)]).split(",")]
    for name in listed:
        if not _NAME.fullmatch(name) or name == "all":
            raise click.UsageError(
                f"--names: {name!r} cannot name a split: use letters, digits and `_`, "
                "in parts divided by `.`; `all` means all of them"
            )
    if len(set(listed)) != len(listed) or len(listed) != len(sizes):
        raise click.UsageError(f"--names needs a different name for each of {len(sizes)} sizes")
    total = sum(map(Fraction, sizes), Fraction(0))
    return Ratio({n: Fraction(size) / total for n, size in zip(listed, sizes, strict=True)})


def _print(change: Change, ratio: Ratio, by: str) -> None:
    counts, total = change.counts_of(change.after), len(change.after)
    new = change.counts_of(change.changed)
    for name in in_order((*counts, *ratio.parts)):
        share = counts[name] / total if total else 0
        say(f"{name:<12} {counts[name]:>7,} {share:>6.1%}  {new[name]:,} new")
    empty = [name for name in ratio.parts if not counts[name]]
    if empty:
        say(
            f"Warning: no text is in {' and '.join(empty)}: take another --seed or larger parts, "
            f"or write splits into {layout.SOURCES} by hand."
        )
    if change.ungrouped:
        texts = counted(change.ungrouped, "text")
        say(f"{texts} with no {by} stated: each was placed by itself.")
