"""The notebook runs, and shows what it shows in the repository."""

import os
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PACKAGE, PATIENCE, ROOT, oracle

nbclient = oracle("nbclient")
nbformat = oracle("nbformat")

NOTEBOOK = ROOT / "scripts/own-corpus.ipynb"


def _code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def _run(notebook: Any, directory: Path) -> Any:
    """The notebook after a run, without times, and without progress and warnings (stderr)."""
    ran = deepcopy(notebook)
    resources = {"metadata": {"path": str(directory)}}
    nbclient.NotebookClient(
        ran, timeout=PATIENCE, record_timing=False, resources=resources
    ).execute()
    ran.metadata = notebook.metadata
    for cell in _code(ran):
        cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    return ran


def _shown(notebook: Any) -> dict[str, list[str]]:
    """What each cell shows, as text."""
    return {
        cell.id: [
            output.text if output.output_type == "stream" else output.data["text/plain"]
            for output in cell.outputs
        ]
        for cell in _code(notebook)
    }


@pytest.mark.slow
def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its cells run in their order in any directory, write nothing there, and show the same."""
    before = filter(None, [os.environ.get("PYTHONPATH")])
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(PACKAGE.parent), *before]))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    here = tmp_path / "here"
    here.mkdir()
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    ran = _run(notebook, here)
    new = tmp_path / NOTEBOOK.name
    nbformat.write(ran, new)
    assert _shown(notebook) == _shown(ran), f"if the new one is right: cp {new} scripts/"
    assert [] == list(here.iterdir())


def test_the_notebook_is_tidy() -> None:
    """Its cells ran once, in order; it tells no times, and no warnings of some machine."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    code = _code(notebook)
    assert [*range(1, len(code) + 1)] == [cell.execution_count for cell in code]
    assert [] == [cell.id for cell in notebook.cells if cell.metadata]
    assert [] == [o for cell in code for o in cell.outputs if o.get("name") == "stderr"]
