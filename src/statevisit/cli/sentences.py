"""statevisit sentences: divide and join the sentences of a document."""

import click

from statevisit.cli.main import Suggesting
from statevisit.cli.mending import document_argument, mend_and_report, occurrence, split_mark


@click.group("sentences", cls=Suggesting)
def command() -> None:
    """Divide or join sentences that the sentencizer got wrong.

    A sentence begins and ends with a token, and only quotations go beyond it. The evidence of
    relations is renumbered: a sentence that was evidence becomes two, and two become one. The
    document's files in corpus/annotators/ change as well: all of them, or none.

    \b
    Example:
      statevisit sentences merge 2024-02-19-aliyev-visit "welcoming ceremony. It is"
      statevisit sentences split 2024-02-19-aliyev-visit "welcoming ceremony. | It is"
    """


@command.command("split")
@document_argument
@click.argument("quote")
@split_mark
@occurrence
def split(document: str, quote: str, mark: str, occurrence: int | None) -> int:
    """Begin a sentence at each | in QUOTE, words of the text that occur once.

    \b
    Example:
      statevisit sentences split 2024-02-19-aliyev-visit "Shusha Declaration, | Ankara and Baku"
    """
    return mend_and_report(
        document, "sentences", quote, split=True, mark=mark, occurrence=occurrence
    )


@command.command("merge")
@document_argument
@click.argument("quote")
@occurrence
def merge(document: str, quote: str, occurrence: int | None) -> int:
    """Join the sentences that have words of QUOTE, words of the text that occur once.

    \b
    Example:
      statevisit sentences merge 2024-02-19-aliyev-visit "welcoming ceremony. It is"
    """
    return mend_and_report(document, "sentences", quote, split=False, occurrence=occurrence)
