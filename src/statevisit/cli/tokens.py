"""statevisit tokens: divide and join the tokens of a document."""

import click

from statevisit.cli.main import Suggesting
from statevisit.cli.mending import document_argument, mend_and_report, occurrence, split_mark


@click.group("tokens", cls=Suggesting)
def command() -> None:
    """Divide or join tokens that the tokenizer got wrong.

    Every span begins and ends with a token. Spans keep their places; a token that would hold the
    edge of a span is refused, and the spans are named. The document's files in corpus/annotators/
    change as well: all of them, or none.

    \b
    Example:
      statevisit tokens merge 2024-02-19-aliyev-visit "two-day"
      statevisit tokens split 2024-02-19-aliyev-visit "two|-day visit"
    """


@command.command("split")
@document_argument
@click.argument("quote")
@split_mark
@occurrence
def split(document: str, quote: str, mark: str, occurrence: int | None) -> int:
    """Divide a token at each | in QUOTE, words of the text that occur once.

    Words before and after the token may be quoted with it, to say which place is meant.

    \b
    Example:
      statevisit tokens split 2024-02-19-aliyev-visit "Aliyev'|s visit is part"
    """
    return mend_and_report(document, "tokens", quote, split=True, mark=mark, occurrence=occurrence)


@command.command("merge")
@document_argument
@click.argument("quote")
@occurrence
def merge(document: str, quote: str, occurrence: int | None) -> int:
    """Join the tokens of QUOTE, words of the text that occur once, to one token.

    \b
    Example:
      statevisit tokens merge 2024-02-19-aliyev-visit "two-day"
    """
    return mend_and_report(document, "tokens", quote, split=False, occurrence=occurrence)
