"""statevisit label-studio: there and back."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import click

from statevisit.checks.document import sound
from statevisit.commands.bar import Bar
from statevisit.errors import StateVisitError


@click.group("label-studio")
def command() -> None:
    """Take documents to Label Studio and bring back what was changed there.

    The text, labels, values and relations of a document are edited there; whatever the editor cannot show is kept.

    \b
    Example:
      statevisit label-studio export -o tasks.json
    """


def _write(output: Path | None, pieces: Iterable[str]) -> None:
    """Write to a file that appears whole or not at all, or to standard output."""
    if output is None:
        for piece in pieces:
            click.echo(piece, nl=False)
        return
    from statevisit.resources import replacing

    with (
        replacing(output) as temporary,
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
    type=click.Path(path_type=Path),
    default=".",
    help="The corpus; default: that of the current directory.",
)
_predictions = click.option(
    "--predictions",
    is_flag=True,
    help="As predictions, which every annotator starts from, instead of as one annotation to correct.",
)


def _server_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option(
            "--project", default="statevisit", show_default=True, help="Id or title of the project."
        ),
        click.option(
            "--token",
            envvar="LABEL_STUDIO_API_KEY",
            show_envvar=True,
            required=True,
            help="A token of your account there, of either kind.",
        ),
        click.option(
            "--url",
            envvar="LABEL_STUDIO_URL",
            show_envvar=True,
            required=True,
            help="The server's address.",
        ),
    ):
        function = option(function)
    return function


def _merge_options(function: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option(
            "--annotator",
            help="Add this id of corpus/annotators.json to the annotators of the documents that change.",
        ),
        click.option(
            "--theirs",
            "prefer",
            flag_value="theirs",
            help="Where both changed the same thing, take the annotation's version.",
        ),
        click.option(
            "--ours",
            "prefer",
            flag_value="ours",
            help="Where both changed the same thing, keep the corpus's version.",
        ),
        click.option(
            "--mapping",
            type=click.Path(path_type=Path),
            help="TOML file that says what the labels of another project are here.",
        ),
        click.option(
            "--dry-run",
            is_flag=True,
            help="Print what would change, record by record, and write nothing.",
        ),
    ):
        function = option(function)
    return function


@command.command("config")
@_output
def config_(output: Path | None) -> None:
    """Print the labelling interface, made from the schema, for a project's Settings > Labeling Interface > Code.

    \b
    Example:
      statevisit label-studio config -o interface.xml
    """
    from statevisit.labelstudio.config import config

    _write(output, [config()])


@command.command("export")
@click.argument("documents", nargs=-1)
@_path
@_predictions
@_output
def export(documents: tuple[str, ...], path: Path, predictions: bool, output: Path | None) -> None:
    """Write documents as tasks, JSON to import into a project with the interface of `config`.

    DOCUMENTS are ids; without one, all documents of the corpus.

    \b
    Example:
      statevisit label-studio export 2024-02-19-aliyev-visit -o tasks.json
    """
    import orjson

    from statevisit.labelstudio.tasks import to_task

    version, found = _selected(path, documents)

    def pieces() -> Iterator[str]:
        for number, document in enumerate(found):
            yield ("[\n" if not number else ",\n") + orjson.dumps(
                to_task(document, version, predictions)
            ).decode()
        yield "\n]\n"

    _write(output, pieces())


def _selected(path: Path, ids: tuple[str, ...]) -> tuple[str | None, Iterator[Any]]:
    """The corpus's version and its documents, those with the ids, each checked before it leaves."""
    from statevisit.corpus import load
    from statevisit.errors import FormatError

    corpus = load(path)
    unknown = [i for i in ids if i not in corpus]
    if unknown:
        raise FormatError(
            f"{path}: no document {', '.join(map(repr, unknown))}; there are {len(corpus)}, such as {', '.join(corpus.ids[:3])}"
        )
    return corpus.version, (sound(corpus.entry(i)) for i in ids or range(len(corpus)))


@command.command("import")
@click.argument("exports", nargs=-1, required=True, type=click.Path(path_type=Path))
@_path
@_merge_options
def import_(exports: tuple[Path, ...], path: Path, **options: Any) -> int:
    """Merge full JSON exports of Label Studio into the corpus.

    What the annotators changed is applied to the documents as they are now; what was changed here since the export
    stays; what both changed is a conflict and stops everything, until --ours or --theirs decides. The annotations
    of several annotators go to corpus/annotators/NAME/ instead.

    \b
    Example:
      statevisit label-studio import export.json --dry-run
    """
    from statevisit.labelstudio.exported import elements

    return _take_in(
        (element for export in exports for element in elements(export)), path, Bar(0, ""), **options
    )


@command.command("push")
@click.argument("documents", nargs=-1)
@_path
@_predictions
@_server_options
def push(
    documents: tuple[str, ...], path: Path, predictions: bool, url: str, token: str, project: str
) -> int:
    """Add a task to a project for every document that has none there; make the project where it is missing.

    Nothing on the server is changed or deleted. What was interrupted is continued by pushing again.

    \b
    Example:
      statevisit label-studio push --project statevisit
    """
    from statevisit.corpus import load
    from statevisit.labelstudio.client import Server

    version, found = _selected(path, documents)
    server = Server(url, token)
    home = server.project(project, create=True)
    with Bar(len(documents) or len(load(path)), "pushing") as bar:
        try:
            pushed = server.push(home, found, version, predictions, bar.advance)
        except KeyboardInterrupt:
            raise StateVisitError(
                "stopped; what had arrived at the server stays there: push again and it goes on from there"
            ) from None
    click.echo(
        f"{len(pushed.added)} added, {len(pushed.there)} there already: {server.url}/projects/{home.id}/data",
        err=True,
    )
    if pushed.other:
        click.echo(
            f"left alone, since the project has them in another version: {', '.join(pushed.other)}; pull, delete their tasks there, push again",
            err=True,
        )
    return 1 if pushed.other else 0


@command.command("pull")
@_path
@_server_options
@_merge_options
def pull(path: Path, url: str, token: str, project: str, **options: Any) -> int:
    """Merge a project's annotations into the corpus, as `import` does; the server is only read.

    \b
    Example:
      statevisit label-studio pull --project statevisit --dry-run
    """
    from statevisit.corpus import load
    from statevisit.labelstudio.client import Server

    server = Server(url, token)
    home = server.project(project)
    seen: set[str] = set()

    def tasks() -> Iterator[tuple[str, dict[str, Any]]]:
        for where, task in server.pull(home):
            seen.add(task.get("data", {}).get("document"))
            yield where, task

    status = _take_in(
        tasks(), path, Bar(server.count(home), "pulling"), workers=1, **options
    )  # the server is what takes the time
    missing = [i for i in load(path).ids if i not in seen]
    if missing:
        shown = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
        click.echo(
            f"{len(missing)} without a task there, never pushed or deleted, and left as they are: {shown}",
            err=True,
        )
    return status


def _take_in(
    tasks: Iterable[Any],
    path: Path,
    bar: Bar,
    dry_run: bool,
    mapping: Path | None,
    prefer: Any,
    annotator: str | None,
    workers: int | None = None,
) -> int:
    """Merge tasks into the corpus, all or nothing. The exit status."""
    from statevisit.commands import report
    from statevisit.commands.changes import show
    from statevisit.commands.taking import Staging
    from statevisit.labelstudio.foreign import read_mapping
    from statevisit.resources import corpus_root

    known = read_mapping(mapping) if mapping else None
    with Staging(corpus_root(path), known, prefer, annotator) as staging, bar:
        for found in staging.take(tasks, workers):
            for prepared in found:
                report(prepared.findings, err=True)
                if dry_run:
                    show(prepared.changes)
            bar.advance()
        if staging.blocked:
            raise StateVisitError(f"nothing was written: {staging.blocked}")
        written = [] if dry_run else staging.commit()
    for name in written:
        click.echo(f"{name} written", err=True)
    if not dry_run and not written:
        click.echo("no changes", err=True)
    return 0


@command.command("serve")
@click.option(
    "--port", type=click.IntRange(1, 65535), help="Port on 127.0.0.1; default: a free one."
)
@click.option(
    "--data",
    type=click.Path(path_type=Path),
    help="Where the server keeps its data; default: statevisit/label-studio in the user's data directory.",
)
@click.option("--open/--no-open", "browser", default=True, help="Open the project in a browser.")
@_path
@_predictions
def serve(port: int | None, data: Path | None, browser: bool, path: Path, predictions: bool) -> int:
    """Start a local Label Studio with the corpus in a project, and stop it with Ctrl-C.

    The server is installed into an environment of its own the first time (about 1 GB). It listens on 127.0.0.1 only.
    The address, the account and what to set for `pull` are printed.

    \b
    Example:
      statevisit label-studio serve
    """
    from statevisit.labelstudio.client import Server
    from statevisit.labelstudio.serve import Local

    version, found = _selected(path, ())
    with Local(data, port, say=lambda line: click.echo(line, err=True)) as local:
        server = Server(local.url, local.token)
        home = server.project("statevisit", create=True)
        pushed = server.push(home, found, version, predictions)
        address = f"{local.url}/projects/{home.id}/data"
        click.echo(
            f"{address}\n  account  {local.user}, password {local.password}\n  export LABEL_STUDIO_URL={local.url} LABEL_STUDIO_API_KEY={local.token}"
        )
        if pushed.other:
            click.echo(f"changed here since they were pushed: {', '.join(pushed.other)}", err=True)
        if browser:
            click.launch(address)
        click.echo("Ctrl-C stops it", err=True)
        return local.wait()
