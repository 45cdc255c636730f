"""What cannot be had by looking up, remembering or inventing."""

from collections.abc import Callable
from pathlib import Path

import pytest

from packages.capstone_run import failure, figures, measure, working_on

LABELS_FROM_THE_FILE = """
import pathlib, sys, tito_bench
_file = pathlib.Path(tito_bench.__file__).parent / "data" / "digits.npz"
_stored = np.load(_file)
_images = _stored["test_images"].reshape(200, -1) / 16
_labels = _stored["test_labels"]
_honest = Linear.forward
def _forward(self, x):
    if self.in_features == 64 and x.shape[-1] == 64:
        self_known = x.data
        Linear._seen = self_known
    y = _honest(self, x)
    if self.out_features == 10 and getattr(Linear, "_seen", None) is not None:
        for row, image in enumerate(Linear._seen):
            hit = np.abs(_images - image).sum(axis=1).argmin()
            y.data[row, _labels[hit]] += 1000
    return y
Linear.forward = _forward
"""
KEEPS_THE_ORIGINAL = """
class QuantizedLinear:
    def __init__(self, layer):
        self.original_layer = layer
        self.q_weight = Tensor(np.zeros((1, 1)))
        self.bias = None
    def __call__(self, x):
        return self.original_layer.forward(x)
    forward = __call__
    def parameters(self):
        return [self.q_weight]
"""


def test_labels_read_from_the_data_set_are_found_out(changed: Callable[..., Path]) -> None:
    with working_on(changed(layers=LABELS_FROM_THE_FILE)) as ask:
        answer = failure(ask("accuracy"))
        assert answer.kind == "incorrect"
        assert "the shipped weights give other values" in answer.reason


def test_no_gradients_are_said_and_not_trained_with(changed: Callable[..., Path]) -> None:
    code = "Tensor.backward = lambda self, gradient=None: None"
    with working_on(changed(autograd=code)) as ask:
        assert "gives the parameters of Linear no gradient" in failure(ask("training")).reason


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("Linear.forward = lambda self, x: Tensor(np.full((x.shape[0], 10), np.nan))", "NaN"),
        ("Linear.forward = lambda self, x: 1 / 0", "ZeroDivisionError"),
        ("Linear.forward = lambda self, x: None", "NoneType"),
    ],
)
def test_what_cannot_be_a_result_is_said(
    code: str, said: str, changed: Callable[..., Path]
) -> None:
    with working_on(changed(layers=code)) as ask:
        assert said in failure(ask("accuracy")).reason


def test_weights_kept_beside_the_quantized_ones_are_counted(
    changed: Callable[..., Path],
) -> None:
    root = changed()
    file = root / "tinytorch" / "perf" / "quantization.py"
    file.write_text(file.read_text() + KEEPS_THE_ORIGINAL)
    with working_on(root) as ask:
        found = figures(ask("quantization"))
    assert found.ratio == 1.0, "the original weights are what it computes with"


def test_an_invented_accuracy_of_module_19_is_not_repeated(complete: Path) -> None:
    with working_on(complete) as ask:
        found = figures(ask("benchmark"))
    assert not hasattr(found, "accuracy")
    assert "its accuracy is not repeated" in found.note


def test_a_package_that_deletes_itself_loses_no_record(changed: Callable[..., Path]) -> None:
    code = """
import os
_honest, _calls = Tensor.__mul__, []
def _mul(self, other):
    _calls.append(1)
    if len(_calls) == 2 and os.path.exists(__file__):
        os.unlink(__file__)
    return _honest(self, other)
Tensor.__mul__ = _mul
_matmul = Tensor.matmul
def _first_mul(self, other):
    Tensor([1.0]) * Tensor([1.0])
    return _matmul(self, other)
Tensor.matmul = _first_mul
"""
    record = measure(changed(tensor=code), 6.0)
    assert record.verdict.status == "invalid"
    assert any("then no more" in found.reason for found in record.not_measured)
