"""The student's own model: its replay, its comparison, and factories of every kind of wrong."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from packages.build import build_package
from packages.capstone_run import Ask, failure, figures, working_on
from tito_bench.measure.task_figures import CustomModelChoice

MODELS = """
import numpy as np
from tinytorch.core.tensor import Tensor
from tinytorch.core.layers import Linear, Sequential
from tinytorch.core.activations import ReLU
from tinytorch.core.spatial import Conv2d, MaxPool2d

class Swish:
    def forward(self, x):
        for _ in range(20):
            y = Tensor(x.data / (1 + np.exp(-x.data)))
        return y
    __call__ = forward

def mlp(width=256, activation=ReLU):
    return Sequential(Linear(64, width), activation(), Linear(width, 10))

def baseline():
    return mlp(256)

def small():
    return mlp(16)

def swish():
    return mlp(256, Swish)

class Conv:
    def __init__(self):
        self.conv, self.pool = Conv2d(1, 4, 3, padding=1), MaxPool2d(2)
    def forward(self, x):
        return self.pool(ReLU()(self.conv(x))) + Tensor(np.zeros((1, 1, 1, 1)))

def conv():
    return Conv()

def raises():
    raise RuntimeError("no such luck")

def nothing():
    return None

def number():
    return 42

def narrow():
    return Linear(32, 10)

def three():
    return Linear(64, 3)

def nan():
    model = mlp()
    model.layers[0].weight.data[:] = np.nan
    return model

class Moody:
    def forward(self, x):
        return Tensor(np.random.random((x.shape[0], 10)))

class Remembers:
    def __init__(self):
        self.model, self.answers = mlp(), {}
    def forward(self, x):
        if id(x) not in self.answers:
            self.answers[id(x)] = (x, self.model(x).data)
        return Tensor(self.answers[id(x)][1])

not_a_function = 3
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("own")
    build_package(root, "E5")
    (root / "models.py").write_text(MODELS, encoding="utf-8")
    draw = np.random.default_rng(1)
    x = draw.random((60, 64), dtype=np.float32)
    np.savez(root / "data.npz", x=x, y=np.arange(60) % 10)
    np.savez(root / "objects.npz", x=np.array([{}, 1], dtype=object), y=np.arange(2))
    np.savez(root / "other.npz", a=x)
    np.savez(root / "uneven.npz", x=x, y=np.arange(3))
    (root / "text.npz").write_text("no zip")
    return root


@pytest.fixture(scope="module")
def ask(project: Path) -> Iterator[Ask]:
    with working_on(project) as asked:

        def own(
            model: str,
            optimized: str | None = None,
            shape: list[int] | None = None,
            data: str | None = None,
        ) -> object:
            file = project / "models.py"
            choice = CustomModelChoice(
                f"{file}:{model}",
                None if optimized is None else f"{file}:{optimized}",
                shape if shape or data else [4, 64],
                None if data is None else str(project / data),
            )
            return asked("own", "", choice)

        yield own


def test_a_model_of_known_layers_is_replayed_whole(ask: Ask) -> None:
    found = figures(ask("baseline", data="data.npz"))
    assert found.input_shape == [1, 64]
    assert [call.name for call in found.baseline.calls] == ["Linear", "ReLU", "Linear"]
    assert found.baseline.calls[0].output == [1, 256]
    assert found.baseline.unknown == []
    assert found.baseline.slowdown > 0
    assert found.baseline.parameter_bytes > 60_000
    assert 0 <= found.baseline.accuracy <= 1
    assert found.optimized is None


def test_the_optimized_model_is_compared_in_the_same_rounds(ask: Ask) -> None:
    found = figures(ask("baseline", "small", data="data.npz")).comparison
    low, high = found.speedup_interval
    assert low <= found.speedup <= high
    assert found.compression_ratio > 8
    assert -1 <= found.accuracy_change <= 1


def test_an_unknown_layer_is_named_and_its_time_not_covered(ask: Ask) -> None:
    found = figures(ask("swish")).baseline
    assert found.unknown == ["Swish"]
    assert found.covered < 0.95


def test_convolutions_and_tensor_operations_are_replayed(ask: Ask) -> None:
    found = figures(ask("conv", shape=[2, 1, 8, 8])).baseline
    assert [call.name for call in found.calls] == ["Conv2d", "ReLU", "MaxPool2d", "add"]
    assert found.calls[0].output == [2, 4, 8, 8]
    assert found.native_ns > 0


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ("raises", "RuntimeError: no such luck"),
        ("nothing", "returns nothing"),
        ("number", "has no forward and is not callable"),
        ("narrow", "cannot multiply"),
        ("nan", "NaN"),
        ("Moody", "answers the same input in two ways"),
        ("Remembers", "answers from memory"),
        ("not_a_function", "there is no function of that name"),
        ("absent", "there is no function of that name"),
    ],
)
def test_a_factory_that_is_wrong_is_told_in_a_line(ask: Ask, model: str, said: str) -> None:
    reason = failure(ask(model)).reason
    assert said in reason
    assert "\n" not in reason


def test_models_of_different_outputs_cannot_be_compared(ask: Ask) -> None:
    assert "answers with shape (4, 3)" in failure(ask("baseline", "three")).reason


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("objects.npz", "which only a pickle can bring: refused"),
        ("other.npz", "has no array named x"),
        ("uneven.npz", "do not belong together"),
        ("text.npz", "is no npz file"),
    ],
)
def test_data_that_cannot_be_used_is_refused(ask: Ask, data: str, said: str) -> None:
    assert said in failure(ask("baseline", data=data)).reason
