"""In a real kernel: the functions, code of the notebook itself, and the command."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

nbformat = pytest.importorskip("nbformat", reason="needs the extra notebook")
nbclient = pytest.importorskip("nbclient", reason="needs the extra notebook")
pytest.importorskip("ipykernel", reason="needs the extra notebook")


@pytest.fixture
def run_cells(project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Any:
    """Run cells in a kernel of this Python, in the project; return the outputs of each."""
    # A kernel of this very Python, wherever others are installed.
    kernel = tmp_path / "jupyter" / "kernels" / "this"
    kernel.mkdir(parents=True)
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    spec = {"argv": argv, "display_name": "this", "language": "python"}
    (kernel / "kernel.json").write_text(json.dumps(spec), "utf-8")
    monkeypatch.setenv("JUPYTER_PATH", str(tmp_path / "jupyter"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))

    def run(*cells: str) -> list[list[Any]]:
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in cells])
        client = nbclient.NotebookClient(
            notebook, timeout=100, kernel_name="this", resources={"metadata": {"path": project}}
        )
        client.execute()
        return [cell.outputs for cell in notebook.cells]

    return run


# What a kernel and its client do with sockets and event loops is not ours.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::ResourceWarning")


def test_results_show_themselves_and_code_of_cells_is_measured(run_cells) -> None:
    outputs = run_cells(
        "import numpy as np\nimport tito_bench",
        "%config InlineBackend.x = 1\ndef rows(a, b, out):\n"
        "    for i in range(len(a)):\n        out[i] = np.dot(a[i], b)\n    return out",
        "def matmul(a, b):\n    return rows(a, b, np.zeros((len(a), b.shape[1]), np.float32))",
        "tito_bench.bench(matmul, kind='matmul')",
        "def bad(a, b):\n    x = [1]\n    return x[2]",
        "print(tito_bench.bench(bad, kind='matmul'))",
        "tito_bench.baseline(subject='numpy', quick=True)",
    )
    measured, failed, baseline = outputs[3], outputs[5], outputs[6]
    assert re.search(r"<strong>matmul</strong>.*\d+/100", measured[0].data["text/html"], re.DOTALL)
    assert "not measured (cell [5], line 3: IndexError" in failed[0].text
    assert "Matrix Multiply" in baseline[0].data["text/html"]


def test_the_command_in_a_cell_ends_and_asks_nothing(run_cells) -> None:
    (outputs,) = run_cells(
        f"!{sys.executable} -m tito_bench benchmark baseline --subject numpy --quick"
    )
    text = "".join(output.text for output in outputs)
    assert "Score:" in text
    assert "[y/N]" not in text
