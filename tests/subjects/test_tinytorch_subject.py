"""Operations on the student's own Tensor, Linear and ReLU."""

from __future__ import annotations

import numpy as np
import pytest

from tito_bench.kinds import KINDS
from tito_bench.subjects.missing import Missing, StudentCodeError
from tito_bench.subjects.tinytorch_subject import TinyTorchSubject


@pytest.fixture
def subject_of(build_package, open_package, tmp_path):
    """A function that builds a package and returns its subject."""

    def make(era="E3", **options) -> TinyTorchSubject:
        build_package(tmp_path, era, **options)
        return TinyTorchSubject(open_package(tmp_path))

    return make


def normal(*shape, seed=3):
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def run(operation, *inputs):
    return operation.function(*operation.arguments(inputs))


MLP = (normal(7, 5), normal(5), normal(5, 3), normal(3))


def mlp_reference(x):
    w1, b1, w2, b2 = (values.astype(np.float64) for values in MLP)
    return np.maximum(x @ w1 + b1, 0) @ w2 + b2


@pytest.mark.parametrize("era", ["E1", "E2", "E3", "E4", "E5"])
@pytest.mark.parametrize("slow", [False, True])
def test_every_operation_in_every_era(subject_of, era, slow):
    subject = subject_of(era, slow=slow)
    subject.check_tensor()
    a, b = normal(4, 6), normal(4, 6, seed=4)
    x = normal(2, 7)
    results = {
        "add": (run(subject.operation(KINDS["add"]), a, b), a + b),
        "mul": (run(subject.operation(KINDS["mul"]), a, b), a * b),
        "matmul": (run(subject.operation(KINDS["matmul"]), a, b.T.copy()), a @ b.T),
        "mlp": (run(subject.operation(KINDS["mlp"], MLP), x), mlp_reference(x)),
    }
    for kind, (result, expected) in results.items():
        assert type(result) is np.ndarray, kind
        np.testing.assert_allclose(result, expected, rtol=1e-4, atol=1e-5)
    assert subject.name == "tinytorch"
    assert subject.file == "tinytorch/core/tensor.py"
    assert subject.files == {
        "Tensor": "tinytorch/core/tensor.py",
        "Linear": "tinytorch/core/layers.py",
        "ReLU": "tinytorch/core/activations.py",
    }
    assert len(subject.fingerprint) == 16


def test_inputs_can_be_refilled_in_place(subject_of):
    operation = subject_of().operation(KINDS["add"])
    arguments = operation.arguments((np.zeros((2, 2), np.float32), np.zeros((2, 2), np.float32)))
    for array in operation.inputs(arguments):
        array[...] = 3
    np.testing.assert_array_equal(operation.function(*arguments), np.full((2, 2), 6))


def test_a_partial_package_measures_what_it_has(subject_of):
    subject = subject_of("E1", modules=1)
    assert run(subject.operation(KINDS["matmul"]), normal(2, 3), normal(3, 2)).shape == (2, 2)
    with pytest.raises(Missing, match=r"^module 03 layers: Linear not found$"):
        subject.operation(KINDS["mlp"], MLP)


def test_without_tensor_there_is_nothing(subject_of):
    subject = subject_of(modules=0)
    assert subject.file is None
    assert subject.fingerprint is not None  # of the modules that were loaded
    with pytest.raises(Missing, match=r"^module 01 tensor: Tensor not found$"):
        subject.check_tensor()
    with pytest.raises(Missing):
        subject.operation(KINDS["add"])


TENSOR = """
import numpy as np

class Tensor:
    def __init__(self, data):
        self.data = np.array(data, dtype=np.float32)

    def __add__(self, other):
        return {add}

    def __mul__(self, other):
        return Tensor(self.data * other.data)

    def {matmul}(self, other):
        return Tensor(self.data @ other.data)
"""


def tensor_source(add="Tensor(self.data + other.data)", matmul="matmul"):
    return {"tensor": TENSOR.format(add=add, matmul=matmul)}


@pytest.mark.parametrize("matmul", ["matmul", "__matmul__"])
def test_matmul_by_operator_or_by_method(subject_of, matmul):
    subject = subject_of(modules=1, replace=tensor_source(matmul=matmul))
    a, b = normal(2, 3), normal(3, 4)
    np.testing.assert_array_equal(run(subject.operation(KINDS["matmul"]), a, b), a @ b)


def test_no_matmul_at_all_names_the_operator(subject_of):
    subject = subject_of(modules=1, replace=tensor_source(matmul="dot"))
    with pytest.raises(StudentCodeError, match=r"^TypeError: unsupported operand type\(s\) for @"):
        subject.operation(KINDS["matmul"])


@pytest.mark.parametrize(
    ("add", "line"),
    [
        (
            "Tensor(self.data)",
            "Tensor([[1, 2], [3, 4]]) added to itself gives [[1., 2.], [3., 4.]]",
        ),
        ("None", "Tensor + Tensor is a NoneType without .data, a Tensor is needed"),
        ("self.data + other.data", "Tensor + Tensor is a numpy.ndarray, a Tensor is needed"),
        ("self.dat", "tinytorch/core/tensor.py:9: AttributeError: 'Tensor' object has no"),
        ("exit(1)", "the code called exit(1)"),
    ],
)
def test_a_tensor_that_does_not_work_is_said(subject_of, add, line):
    subject = subject_of(modules=1, replace=tensor_source(add=add))
    with pytest.raises(StudentCodeError) as caught:
        subject.check_tensor()
    assert line in str(caught.value)


def test_failing_layer_names_the_students_line(subject_of):
    layers = "class Linear:\n    def __init__(self, n, m):\n        self.weight = n + 'x'\n"
    subject = subject_of(replace={"layers": layers})
    with pytest.raises(StudentCodeError, match=r"^tinytorch/core/layers.py:3: TypeError: unsup"):
        subject.operation(KINDS["mlp"], MLP)


def test_failing_forward_names_the_students_line(subject_of):
    relu = "class ReLU:\n    def forward(self, x):\n        return x.datum\n"
    subject = subject_of(replace={"activations": relu})
    with pytest.raises(StudentCodeError, match=r"^tinytorch/core/activations.py:3: AttributeErr"):
        subject.operation(KINDS["mlp"], MLP)


def test_layers_with_out_in_weights_and_forward_only(subject_of):
    layers = """
import numpy as np
from tinytorch.core.tensor import Tensor

class Linear:
    def __init__(self, n, m):
        self.weight = Tensor(np.zeros((m, n)))
        self.bias = Tensor(np.zeros((1, m)))

    def forward(self, x):
        return Tensor(x.data @ self.weight.data.T + self.bias.data)
"""
    subject = subject_of(replace={"layers": layers})
    x = normal(2, 7)
    np.testing.assert_allclose(
        run(subject.operation(KINDS["mlp"], MLP), x), mlp_reference(x), rtol=1e-4, atol=1e-5
    )


def test_work_is_done_inside_the_timed_call(subject_of):
    """A lazy `.data` is forced by the function itself."""
    add = "type('Lazy', (), {'data': property(lambda lazy: self.data + other.data)})()"
    subject = subject_of(modules=1, replace=tensor_source(add=add))
    operation = subject.operation(KINDS["add"])
    assert type(run(operation, normal(2, 2), normal(2, 2))) is np.ndarray


def test_what_is_raised_later_is_described_too(subject_of):
    subject = subject_of()
    operation = subject.operation(KINDS["matmul"])
    with pytest.raises(ValueError, match="cannot multiply") as caught:
        run(operation, normal(2, 3), normal(2, 3))
    line = subject.describe(caught.value)
    assert line.startswith("tinytorch/core/tensor.py:")
    assert line.endswith("ValueError: cannot multiply (2, 3) by (2, 3)")
    assert subject.describe(StudentCodeError("as it is")) == "as it is"
