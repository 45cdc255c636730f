"""Quantization and pruning as students write them."""

from __future__ import annotations

from pathlib import Path

import pytest

from packages.build import ERAS, build_package, source
from packages.capstone_run import failure, figures, working_on

EACH_LAYER = """
import numpy as np

def magnitude_prune(model, sparsity=0.5):
    for layer in model.layers:
        for p in layer.parameters():
            p.data[np.abs(p.data) < np.percentile(np.abs(p.data), 100 * sparsity)] = 0
    return {returned}
"""
REPORT = """
def quantize_model(model, calibration_data=None):
    size = sum(p.data.nbytes for layer in model.layers for p in layer.parameters())
    {change}
    return {{"original_size_mb": size / 2**20, "quantized_size_mb": size / 2**22}}
"""
SILENT_RELU = """
from tinytorch.core.tensor import Tensor
import numpy as np

class ReLU:
    def __call__(self, x):
        return Tensor(np.maximum(x.data, 0))
    {parameters}
"""


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("returned", ["model", "None", "{'sparsity': sparsity}"])
@pytest.mark.parametrize("parameters", ["", "def parameters(self):\n        pass"])
def test_pruning_may_ask_every_layer(
    era: str, returned: str, parameters: str, tmp_path: Path
) -> None:
    replace = {
        "compression": EACH_LAYER.format(returned=returned),
        "activations": SILENT_RELU.format(parameters=parameters),
    }
    build_package(tmp_path, era, replace=replace)
    with working_on(tmp_path) as ask:
        pruned = figures(ask("pruning"))
    # Layer by layer the small output layer loses too much: that is measured, not mended.
    assert pruned.accuracy_before > 0.95 > pruned.accuracy_after > 0.8
    assert pruned.ratio > 1.5


def test_a_report_in_place_of_a_smaller_model_is_said(tmp_path: Path) -> None:
    build_package(tmp_path, replace={"quantization": REPORT.format(change="")})
    with working_on(tmp_path) as ask:
        answer = failure(ask("quantization"))
    assert answer.kind == "missing"
    assert "quantize_model returns a report and changes nothing in the model" in answer.reason


def test_a_report_beside_a_smaller_model_is_none_of_our_business(tmp_path: Path) -> None:
    change = """for layer in model.layers:
        for p in layer.parameters():
            p.data = (p.data / abs(p.data).max() * 127).round()"""
    build_package(tmp_path, replace={"quantization": REPORT.format(change=change)})
    with working_on(tmp_path) as ask:
        assert figures(ask("quantization")).ratio > 3


def test_a_report_beside_layers_that_can_be_put_in_measures_those(tmp_path: Path) -> None:
    written = source("quantization", "E5")
    cut = written[: written.index("def quantize_model")] + REPORT.format(change="")
    build_package(tmp_path, replace={"quantization": cut})
    with working_on(tmp_path) as ask:
        quantized = figures(ask("quantization"))
    assert 3.5 < quantized.ratio < 4
