"""The notebook runs as it is, and shows what it shows now."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PACKAGE, PATIENCE, ROOT, oracle

nbclient = oracle("nbclient")
nbformat = oracle("nbformat")

NOTEBOOK = ROOT / "scripts/own-corpus.ipynb"

RENEW = (
    "to renew it: PYTHONWARNINGS=ignore jupyter execute --inplace "
    "--NotebookClient.record_timing=False scripts/own-corpus.ipynb"
)


def _shown(notebook: Any) -> dict[str, list[str]]:
    """What each cell shows, as text; progress and warnings, on standard error, aside."""
    return {
        cell.id: [
            output.text if output.output_type == "stream" else output.data["text/plain"]
            for output in cell.outputs
            if output.get("name") != "stderr"
        ]
        for cell in notebook.cells
        if cell.cell_type == "code"
    }


@pytest.mark.slow
def test_the_notebook_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its cells run in their order in any directory, write nothing there, and show the same."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(PACKAGE.parent), *_python_path()]))
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    here = tmp_path / "here"
    here.mkdir()
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    expected = _shown(notebook)
    resources = {"metadata": {"path": str(here)}}
    nbclient.NotebookClient(notebook, timeout=PATIENCE, resources=resources).execute()
    assert expected == _shown(notebook), RENEW
    assert [] == list(here.iterdir())


def _python_path() -> list[str]:
    return [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]


def test_the_notebook_is_tidy() -> None:
    """It holds no warning of the machine that it ran on, and its cells ran once, in order."""
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [*range(1, len(code) + 1)] == [cell.execution_count for cell in code]
    assert [] == [
        output for cell in code for output in cell.outputs if output.get("name") == "stderr"
    ]
