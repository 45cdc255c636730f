"""Every cause has a student's package that shows it and one that does not, really measured."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from packages.build import build_package
from tito_bench import _native
from tito_bench.measure.schedule import Budget
from tito_bench.records.explanation import OperationExplanation
from tito_bench.runs.explain import explain
from tito_bench.workloads.baseline import BASELINE
from tito_bench.workloads.suites import OPERATIONS

Explained = Callable[..., OperationExplanation]
SHORT = Budget(rounds=5, time_s=20.0, usual_s=1.0, sample_ns=200_000, workers=1, passes=1)

# Code that is added to the end of a module. PARAMETERS fills in how a weight is kept.
PARAMETERS = """
_before = Linear.__init__
def _init(self, rows, columns, bias=True):
    _before(self, rows, columns, bias)
    self.weight.data = {weight}
Linear.__init__ = _init
"""
KEPT = {
    "float64": "self.weight.data.astype(np.float64)",
    "with gaps": "np.zeros((2 * rows, 2 * columns), dtype=np.float32)[::2, ::2]",
    "unaligned": "np.frombuffer(bytearray(4 * rows * columns + 1), dtype=np.float32, offset=1)"
    ".reshape(rows, columns)",
    "transposed": "np.zeros((columns, rows), dtype=np.float32).T",
}
# Keeps the array it is given, as no Tensor of the course does.
NO_COPY = """
def _fill(self, data):
    self.data = np.asarray(data.data if isinstance(data, Tensor) else data, dtype=np.float32)
    self.shape, self.size, self.dtype = self.data.shape, self.data.size, self.data.dtype
Tensor._fill = _fill
"""
# Slow by work that none of the rules knows: neither lines nor arrays grow.
WORK_TWICE = """
_scratch = {}
def _add(self, other):
    if self.data.shape not in _scratch:
        _scratch[self.data.shape] = np.empty_like(self.data)
    scratch = _scratch[self.data.shape]
    np.add(self.data, other.data, out=scratch)
    np.add(self.data, other.data, out=scratch)
    np.add(self.data, other.data, out=scratch)
    return Tensor(self.data + other.data)
Tensor.__add__ = _add
"""
DOUBLE_ON_THE_WAY = """
def _add(self, other):
    return Tensor(self.data.astype(np.float64) + other.data.astype(np.float64))
Tensor.__add__ = _add
"""
SAME_WORK_EACH_CALL = """
def _mul(self, other):
    for _ in range(3000):
        pass
    return Tensor(self.data * other.data)
Tensor.__mul__ = _mul
"""
# `called` is the trace function that counts lines; a run with coverage has another.
CRASH_WHEN_TRACED = """
import os, sys
def _mul(self, other):
    if getattr(sys.gettrace(), "__name__", "") == "called":
        os.abort()
    return Tensor(self.data * other.data)
Tensor.__mul__ = _mul
"""
SLEEPS = """
import time
def _mul(self, other):
    time.sleep(0.002)
    return Tensor(self.data * other.data)
Tensor.__mul__ = _mul
"""
BY_ROW = """
def _matmul(self, other):
    result = np.empty((self.shape[0], other.shape[1]), dtype=np.float32)
    for row in range(self.shape[0]):
        result[row] = self.data[row] @ other.data
    return Tensor(result)
Tensor.__matmul__ = Tensor.matmul = _matmul
"""
BY_BLOCK = BY_ROW.replace("range(self.shape[0])", "range(0, self.shape[0], 64)").replace(
    "[row]", "[row:row + 64]"
)


@pytest.fixture
def explained(project: Path, clean_environ: Mapping[str, str]) -> Explained:
    """Build a package with code added to a module, and explain one operation of it."""

    def run(
        name: str,
        module: str = "tensor",
        code: str = "",
        *,
        subject: str = "tinytorch",
        environ: Mapping[str, str] = {},
    ) -> OperationExplanation:
        package = build_package(project)
        with (package / "core" / f"{module}.py").open("a", encoding="utf-8") as file:
            file.write(code)
        explanation = explain(
            project,
            subject=subject,  # type: ignore[arg-type]
            package=None,
            operations=[OPERATIONS[name]],
            budget=SHORT,
            environ={**clean_environ, **environ},
            progress=lambda _progress: None,
        )
        (operation,) = explanation.operations
        assert operation.failure is None
        assert operation.unseen is None
        return operation

    return run


def codes(operation: OperationExplanation) -> set[str]:
    return {cause.code for cause in operation.causes}


def test_a_loop_over_rows_is_seen_with_its_line(explained: Explained) -> None:
    operation = explained("matmul_100", code=BY_ROW)
    cause = operation.causes[0]
    assert (cause.code, cause.what) == ("python_loop", ", some for each row of the first matrix")
    (place,) = cause.places
    assert place.line.startswith("tinytorch/core/tensor.py:")
    assert place.count in {100, 101}
    assert operation.evidence is not None
    growth = {each.size: each.lines for each in operation.evidence.lines.growth}
    assert growth == {
        "row of the first matrix": 2.0,
        "column of the second matrix": 0.0,
        "term of a sum": 0.0,
    }


def test_a_loop_of_few_heavy_passes_is_seen_too(explained: Explained) -> None:
    assert explained("matmul_256", code=BY_ROW).causes[0].code == "python_loop"


@pytest.mark.parametrize(
    ("name", "code"), [("matmul_256", BY_BLOCK), ("mul_100x100", SAME_WORK_EACH_CALL)]
)
def test_loops_over_blocks_and_over_nothing_are_no_loops_over_rows(
    name: str, code: str, explained: Explained
) -> None:
    assert "python_loop" not in codes(explained(name, code=code))


def test_float64_parameters(explained: Explained) -> None:
    code = PARAMETERS.format(weight=KEPT["float64"])
    operation = explained("mlp_batch_256", "layers", code)
    (cause,) = [cause for cause in operation.causes if cause.code == "float64_arrays"]
    assert (cause.certainty, cause.what) == ("measured", "parameters are float64")
    assert float(cause.value) > 1


@pytest.mark.parametrize("kept", ["with gaps", "unaligned"])
def test_parameters_that_are_not_plain(kept: str, explained: Explained) -> None:
    code = PARAMETERS.format(weight=KEPT[kept])
    operation = explained("mlp_batch_1", "layers", code)
    (cause,) = [cause for cause in operation.causes if cause.code == "layout"]
    assert (cause.certainty, cause.what) == ("measured", "parameters")
    assert "float64_arrays" not in codes(operation)


def test_transposed_parameters_are_plain_enough(explained: Explained) -> None:
    code = PARAMETERS.format(weight=KEPT["transposed"])
    operation = explained("mlp_batch_1", "layers", code)
    assert not codes(operation) & {"layout", "float64_arrays", "float64_copies"}
    assert operation.evidence is not None
    assert operation.evidence.times is not None
    assert operation.evidence.times.cleaned_ns is None


def test_float64_on_the_way(explained: Explained) -> None:
    operation = explained("add_512x512", code=DOUBLE_ON_THE_WAY)
    cause = operation.causes[0]
    assert (cause.code, cause.what) == ("float64_copies", "are most likely")
    assert cause.places[0].line.startswith("tinytorch/core/tensor.py:")
    assert "temporaries" not in codes(operation)
    assert operation.evidence is not None
    assert operation.evidence.allocations is not None
    assert operation.evidence.allocations.double_bytes >= 4 * 1_048_576


def test_a_copy_of_every_result(explained: Explained) -> None:
    operation = explained("add_512x512")
    cause = operation.causes[0]
    assert (cause.code, cause.what, cause.value) == ("temporaries", "1.0 MB", "1.0 MB")
    assert {place.count for place in cause.places} == {4 * 512 * 512}
    assert "float64_copies" not in codes(operation)


def test_without_copies_there_are_none_to_name(explained: Explained) -> None:
    operation = explained("add_512x512", code=NO_COPY)
    assert not codes(operation) & {"temporaries", "float64_copies"}
    assert operation.evidence is not None
    assert operation.evidence.allocations is not None
    assert operation.evidence.allocations.total_bytes < 1_060_000


def test_work_that_no_rule_knows_has_no_cause(explained: Explained) -> None:
    operation = explained("add_512x512", code=NO_COPY + WORK_TWICE)
    assert not operation.near_native
    assert operation.causes == ()
    assert operation.unexplained_share == 1.0


def test_the_same_work_at_every_call_is_overhead(explained: Explained) -> None:
    operation = explained("mul_100x100", code=SAME_WORK_EACH_CALL)
    assert operation.causes[0].code == "call_overhead"
    assert operation.causes[0].certainty == "measured"


def test_where_the_data_takes_the_time_there_is_no_overhead(explained: Explained) -> None:
    assert "call_overhead" not in codes(explained("add_512x512", code=WORK_TWICE))


@pytest.mark.skipif(
    platform.machine() != "x86_64" or sys.platform != "linux",
    reason="needs the OpenBLAS of NumPy's wheels for x86",
)
def test_a_blas_for_older_processors_is_slow(explained: Explained) -> None:
    old = {"OPENBLAS_CORETYPE": "Prescott"}
    with_avx = {"avx2", "avx512"} & set(_native.supported_targets())
    operation = explained("matmul_256", code=NO_COPY, environ=old)
    assert ("slow_product" in codes(operation)) == bool(with_avx)
    looping = codes(explained("matmul_100", code=BY_ROW, environ=old))
    assert looping & {"python_loop", "slow_product"} == {"python_loop"}


def test_a_call_that_sleeps_is_waiting(explained: Explained) -> None:
    operation = explained("mul_100x100", code=SLEEPS)
    assert operation.causes[0].code == "waiting"
    assert "waiting" not in codes(explained("mul_100x100"))


def test_a_crash_under_the_eyes_costs_one_operation_its_reasons(
    project: Path, clean_environ: Mapping[str, str]
) -> None:
    package = build_package(project)
    with (package / "core" / "tensor.py").open("a", encoding="utf-8") as file:
        file.write(CRASH_WHEN_TRACED)
    explanation = explain(
        project,
        subject="tinytorch",
        package=None,
        operations=[op for op in BASELINE if op.name in {"mul_100x100", "matmul_100"}],
        budget=SHORT,
        environ=clean_environ,
        progress=lambda _progress: None,
    )
    by_name = {operation.name: operation for operation in explanation.operations}
    crashed = by_name["mul_100x100"].unseen
    assert crashed is not None
    assert (crashed.kind, by_name["mul_100x100"].failure) == ("crashed", None)
    assert by_name["matmul_100"].evidence is not None


def test_numpy_alone_is_as_far_as_numpy_gets(explained: Explained) -> None:
    operation = explained("mlp_batch_1", subject="numpy")
    assert operation.causes[-1].code == "numpy_itself"
    assert "numpy_itself" not in codes(explained("add_512x512", code=NO_COPY + WORK_TWICE))


# A convolution as it is taught: a loop over every filter and place, each a sum of products.
TEACHING_CONV = """
def _forward(self, x):
    n, c, rows, columns = x.data.shape
    w, b = self.weight.data, self.bias.data
    k = w.shape[2]
    out = np.zeros((n, len(w), rows - k + 1, columns - k + 1), dtype=np.float32)
    for i in range(n):
        for f in range(len(w)):
            for r in range(out.shape[2]):
                for q in range(out.shape[3]):
                    out[i, f, r, q] = (x.data[i, :, r : r + k, q : q + k] * w[f]).sum() + b[f]
    return Tensor(out)
Conv2d.forward = Conv2d.__call__ = _forward
"""


def test_the_loops_of_a_taught_convolution_are_seen_with_their_line(explained: Explained) -> None:
    operation = explained("cnn_forward_1", module="spatial", code=TEACHING_CONV)
    cause = operation.causes[0]
    assert (cause.code, cause.certainty) == ("python_loop", "measured")
    assert "each filter of the first convolution" in cause.what
    assert cause.places[0].line.startswith("tinytorch/core/spatial.py:")
    assert operation.split is not None
    assert cause.cost_ns is not None
    assert cause.cost_ns > 0.5 * operation.split.subject_ns


def test_a_block_without_loops_has_no_loop_for_a_cause(explained: Explained) -> None:
    operation = explained("transformer_forward_1")
    assert operation.evidence is not None
    assert {each.size for each in operation.evidence.lines.growth} == {
        "sequence of the batch",
        "position",
        "number of the width",
    }
    assert "python_loop" not in codes(operation)
