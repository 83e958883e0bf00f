"""statevisit label-studio: exchange documents with Label Studio."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from statevisit.checks.document import sound_documents
from statevisit.cli.label_studio_import import import_into_corpus, merge_options
from statevisit.cli.main import Suggesting, say, tell_notes, write
from statevisit.cli.options import corpus_to_change, corpus_to_read, name_of
from statevisit.cli.progress import Bar
from statevisit.document.scheme import scheme_for
from statevisit.errors import FormatError, StateVisitError

if TYPE_CHECKING:
    from statevisit.document.model import Document
    from statevisit.document.strict_json import JsonObject
    from statevisit.labelstudio.tasks import Suggestion

    Command = Callable[..., Any]

_MOST_LISTED = 5
"""Documents without a task that `pull` lists."""


@click.group("label-studio", cls=Suggesting)
def command() -> None:
    """Send documents to Label Studio and merge the changes back.

    The editor shows the text, labels, values and relations of a document. An import keeps all other
    data unchanged.

    \b
    Example:
      statevisit label-studio export -o tasks.json
    """


def _write(output: Path | None, pieces: Iterable[str]) -> None:
    """Write to a file that appears whole or not at all, or to standard output."""
    if output is None:
        for piece in pieces:
            write(piece)
        return
    from statevisit import files

    with (
        files.replacing(output) as temporary,
        temporary.open("w", encoding="utf-8", newline="\n") as file,
    ):
        file.writelines(pieces)


_output = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Write to this file instead of standard output.",
)
_path = click.option(
    "--path",
    "--root",
    "path",
    type=click.Path(path_type=Path),
    help="The corpus; default: that of the current directory or one above it.",
)
_predictions = click.option(
    "--predictions",
    is_flag=True,
    help="Send predictions, where every annotator starts, instead of one annotation to correct.",
)
_predictions_from = click.option(
    "--predictions-from",
    "source",
    type=click.Path(path_type=Path),
    help="Send what a system predicts (a file of `predict`, or any that `score` reads) for layers "
    "that are not done, for annotators to correct.",
)
_map = click.option(
    "--map",
    "mapping",
    type=click.Path(path_type=Path),
    help="A TOML file of labels, for --predictions-from with other labels.",
)
_update_interface = click.option(
    "--update-interface",
    is_flag=True,
    help="Set the labelling interface of the project to the scheme of the corpus, if that loses "
    "nothing of the annotations there.",
)
_SERVER_OPTIONS = (
    click.option(
        "--url",
        envvar="LABEL_STUDIO_URL",
        show_envvar=True,
        required=True,
        help="The server's address.",
    ),
    click.option(
        "--token",
        envvar="LABEL_STUDIO_API_KEY",
        show_envvar=True,
        required=True,
        help="A token of your account: a personal access token or a legacy one.",
    ),
    click.option(
        "--project", default="statevisit", show_default=True, help="Id or title of the project."
    ),
)


def _server_options(function: "Command") -> "Command":
    for option in reversed(_SERVER_OPTIONS):
        function = option(function)
    return function


@command.command("config")
@_output
def config_(output: Path | None) -> None:
    """Print the labelling interface, for a project's Settings > Labeling Interface > Code.

    \b
    Example:
      statevisit label-studio config -o interface.xml
    """
    from statevisit.labelstudio.interface import config

    _write(output, [config(scheme_for(Path()))])


@command.command("export")
@click.argument("documents", nargs=-1)
@_path
@_predictions
@_predictions_from
@_map
@_output
def export(
    documents: tuple[str, ...],
    path: Path | None,
    predictions: bool,
    source: Path | None,
    mapping: Path | None,
    output: Path | None,
) -> int:
    """Write documents as tasks, JSON to import into a project with the interface of `config`.

    DOCUMENTS are ids; without one, all documents of the corpus.

    \b
    Example:
      statevisit label-studio export 2024-02-19-aliyev-visit -o tasks.json
    """
    import orjson

    from statevisit.labelstudio.tasks import to_task

    errors: list[FormatError] = []
    path = corpus_to_read(path)
    suggestions = _suggestions(path, source, mapping)
    version, selected = _selected(path, documents, errors)

    def pieces() -> Iterator[str]:
        yield "["
        separator = "\n"
        for document in selected:
            task = to_task(document, version, predictions, suggestions.get(document.id))
            yield separator + orjson.dumps(task).decode()
            separator = ",\n"
        yield "\n]\n"

    _write(output, pieces())
    return 1 if errors else 0


def _suggestions(path: Path, source: Path | None, mapping: Path | None) -> "dict[str, Suggestion]":
    """What the predictions of a file suggest for the documents of a corpus; notes are printed."""
    if source is None:
        return {}
    from statevisit.scoring.suggestions import suggestions_of

    _, documents = _selected(path, (), [])
    by_id = {document.id: document for document in documents}
    suggestions, notes = suggestions_of(source, by_id, mapping)
    tell_notes(notes, (), "")
    return suggestions


def _selected(
    path: Path, ids: tuple[str, ...], errors: list[FormatError]
) -> tuple[str | None, "Iterator[Document]"]:
    """The corpus's version, and those of its documents with the ids, by default all.

    A document with errors is named on standard error, left out, and its error is added to `errors`
    when its turn comes. Raises FormatError for an unknown id.
    """
    from statevisit.corpus.reader import load

    corpus = load(path)

    def left_out(error: FormatError) -> None:
        errors.append(error)
        say(f"statevisit: left out: {error}", err=True)

    return corpus.version, sound_documents(corpus, ids, left_out, name_of(path))


@command.command("import")
@click.argument("exports", nargs=-1, required=True, type=click.Path(path_type=Path))
@_path
@merge_options
def import_(exports: tuple[Path, ...], path: Path | None, **options: Any) -> int:
    """Merge full JSON exports of Label Studio into the corpus.

    The changes of the annotators are applied to the documents of the corpus, and changes that were
    made there since the export stay. A document is not written if both changed the same property,
    until you choose --ours or --theirs, or if it would have new errors. The others are, and the
    exit status is 1. The annotations of several annotators go to corpus/annotators/NAME/ instead.

    \b
    Example:
      statevisit label-studio import export.json --dry-run
    """
    from statevisit.labelstudio.export_files import elements

    tasks = (element for export in exports for element in elements(export))
    return import_into_corpus(tasks, corpus_to_change(path), Bar(0, ""), **options)


@command.command("push")
@click.argument("documents", nargs=-1)
@_path
@_predictions
@_predictions_from
@_map
@_update_interface
@_server_options
def push(
    documents: tuple[str, ...],
    path: Path | None,
    predictions: bool,
    source: Path | None,
    mapping: Path | None,
    update_interface: bool,
    url: str,
    token: str,
    project: str,
) -> int:
    """Add a task to a project for every document that has none; create the project if needed.

    No task on the server is changed or deleted. After an interruption, push again to continue. If
    the corpus has new labels or attributes, --update-interface adds them to the project.

    \b
    Example:
      statevisit label-studio push --project statevisit
    """
    from statevisit.corpus.reader import load
    from statevisit.labelstudio.client import Server

    errors: list[FormatError] = []
    path = corpus_to_read(path)
    suggestions = _suggestions(path, source, mapping)
    version, selected = _selected(path, documents, errors)
    server = Server(url, token)
    target = server.project(project, scheme_for(path), create=True, update=update_interface)
    with Bar(len(documents) or len(load(path)), "pushing") as bar:
        try:
            pushed = server.push(target, selected, version, predictions, bar.advance, suggestions)
        except KeyboardInterrupt:
            raise StateVisitError(
                "stopped; the tasks that reached the server stay there: push again to continue"
            ) from None
    counts = f"{len(pushed.added)} added, {len(pushed.existing)} already there"
    say(f"{counts}: {server.url}/projects/{target.id}/data", err=True)
    if not pushed.differing:
        return 1 if errors else 0
    say(
        "not pushed, because the project has another version of them: "
        f"{', '.join(pushed.differing)}; pull, delete their tasks there, push again",
        err=True,
    )
    return 1


@command.command("pull")
@_path
@_server_options
@merge_options
def pull(path: Path | None, url: str, token: str, project: str, **options: Any) -> int:
    """Merge a project's annotations into the corpus, as `import` does; the server is only read.

    \b
    Example:
      statevisit label-studio pull --project statevisit --dry-run
    """
    from statevisit.corpus.reader import load
    from statevisit.labelstudio.client import Server

    path = corpus_to_change(path)
    server = Server(url, token)
    source = server.source(project, scheme_for(path), foreign=options["mapping"] is not None)
    pulled: set[str] = set()

    def tasks() -> "Iterator[tuple[str, JsonObject]]":
        for where, task in server.pull(source):
            pulled.add(task.get("data", {}).get("document"))
            yield where, task

    bar = Bar(server.count(source), "pulling")
    # The server takes most of the time: more processes would wait for it.
    status = import_into_corpus(tasks(), path, bar, workers=1, **options)
    missing = [document_id for document_id in load(path).ids if document_id not in pulled]
    if missing:
        shown = ", ".join(missing[:_MOST_LISTED]) + (" …" if len(missing) > _MOST_LISTED else "")
        message = f"{len(missing)} without a task on the server (never pushed, or deleted there)"
        say(f"{message}: {shown}; unchanged here", err=True)
    return status


@command.command("serve")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port on 127.0.0.1; default: a free one."
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="The server's data; default: statevisit/label-studio in the user's data directory.",
)
@click.option("--open/--no-open", "browser", default=True, help="Open the project in a browser.")
@_path
@_predictions
@_update_interface
def serve(
    port: int | None,
    data: Path | None,
    browser: bool,
    path: Path | None,
    predictions: bool,
    update_interface: bool,
) -> int:
    """Start a local Label Studio with the corpus in a project; Ctrl-C stops it.

    The first time, the server is installed into an environment of its own (about 1 GB). It listens
    on 127.0.0.1 only. The address, the account and the settings for `pull` are printed.

    \b
    Example:
      statevisit label-studio serve
    """
    from statevisit.labelstudio.client import Server
    from statevisit.labelstudio.server import Local

    path = corpus_to_read(path)
    version, selected = _selected(path, (), [])
    with Local(data, port, say=lambda line: say(line, err=True)) as local:
        server = Server(local.url, local.token)
        scheme = scheme_for(path)
        project = server.project("statevisit", scheme, create=True, update=update_interface)
        pushed = server.push(project, selected, version, predictions)
        address = f"{local.url}/projects/{project.id}/data"
        say(address)
        say(f"  account  {local.user}, password {local.password}")
        say(f"  export LABEL_STUDIO_URL={local.url} LABEL_STUDIO_API_KEY={local.token}")
        if pushed.differing:
            say(f"changed here since they were pushed: {', '.join(pushed.differing)}", err=True)
        if browser:
            click.launch(address)
        say("Ctrl-C stops it", err=True)
        return local.wait()
