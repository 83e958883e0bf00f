"""The files that follow from the scheme of a corpus: its schemas and its tables of labels."""

from pathlib import Path

from statevisit import files
from statevisit.document.scheme import schema_files, scheme_at
from statevisit.publishing.card import renewed_tables


def compile_scheme(root: Path, check: bool = False) -> list[tuple[str, str]]:
    """Write the files that follow from a root's `scheme.toml`; return (path, state) of each.

    The states are "current" and "written" or, with `check`, which writes nothing, "differs".
    Raises FormatError for a `scheme.toml` that is not one, and for a path through a link.
    """
    scheme = scheme_at(root)
    expected = schema_files(scheme) | renewed_tables(root, scheme)
    states = []
    for name, data in expected.items():
        path = files.own_path(root, name)
        state = "current"
        if not files.holds(path, data):
            state = "differs"
            if not check:
                files.write(path, data)
                state = "written"
        states.append((name, state))
    return states
