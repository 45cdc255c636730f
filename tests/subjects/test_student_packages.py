"""The fixture packages do what the course's package does: layouts, numbers, training."""

from __future__ import annotations

import numpy as np
import pytest

from packages import build
from tito_bench.subjects.course_modules import COURSE_MODULES
from tito_bench.subjects.missing import Missing

ERAS = build.ERAS

# Not in the fixtures: what the measuring never asks for.
LEFT_OUT = {
    "Function",
    "BatchNorm2d",
    "BPETokenizer",
    "EmbeddingLayer",
    "Quantizer",
    "Compressor",
    "enable_kv_cache",
    "disable_kv_cache",
    "BenchmarkSuite",
}


@pytest.fixture
def opened(tmp_path, build_package, open_package):
    """A function that builds a package and opens it."""

    def make(era="E5", **options):
        build_package(tmp_path, era, **options)
        np.random.seed(1)  # noqa: NPY002 - the students' code draws from it
        return open_package(tmp_path)

    return make


def test_every_era_has_every_name_at_its_place(opened):
    for era in ERAS:
        with opened(era) as package:
            for module, short in zip(COURSE_MODULES, build.MODULES, strict=True):
                for name in set(module.names) - LEFT_OUT:
                    found = package.find(name)
                    if isinstance(found, Missing):
                        assert (name, era) in {
                            ("Sequential", "E2"),
                            ("OlympicEvent", "E1"),
                            ("OlympicEvent", "E2"),
                        }
                    else:
                        assert found.module == build.module_name(short, era)
            assert package.problems == ()


def gradient_by_differences(function, array, step=1e-2):
    gradient = np.zeros_like(array)
    for index in np.ndindex(array.shape):
        before = array[index]
        array[index] = before + step
        above = float(function())
        array[index] = before - step
        below = float(function())
        array[index] = before
        gradient[index] = (above - below) / (2 * step)
    return gradient


LOSSES = {
    "linear": lambda p, x: p("Linear")(3, 2),
    "gelu": lambda p, x: p("GELU")(),
    "sigmoid": lambda p, x: p("Sigmoid")(),
    "tanh": lambda p, x: p("Tanh")(),
    "softmax": lambda p, x: p("Softmax")(),
    "layer norm": lambda p, x: p("LayerNorm")(3),
}


@pytest.mark.parametrize("kind", LOSSES)
def test_gradients_of_layers(opened, kind):
    package = opened()
    tensor = package.require("Tensor")
    package.require("enable_autograd")
    x = tensor(np.random.default_rng(2).standard_normal((2, 3)), requires_grad=True)
    layer = LOSSES[kind](package.require, x)
    weigh = tensor(np.random.default_rng(3).standard_normal(layer(x).shape))

    def loss():
        return (layer(x) * weigh).sum()

    loss().backward()
    expected = gradient_by_differences(lambda: loss().data, x.data)
    np.testing.assert_allclose(x.grad, expected, rtol=2e-2, atol=2e-3)


@pytest.mark.parametrize("padding", [0, 1])
@pytest.mark.parametrize("stride", [1, 2])
def test_convolution_and_its_gradients(opened, stride, padding):
    package = opened()
    tensor = package.require("Tensor")
    x = tensor(np.random.default_rng(2).standard_normal((1, 2, 5, 5)), requires_grad=True)
    conv = package.require("Conv2d")(2, 3, 3, stride=stride, padding=padding)
    pool = package.require("MaxPool2d")(2, stride=1)
    conv.weight.requires_grad = True

    def loss():
        return (pool(conv(x)) * 0.5).sum()

    loss().backward()
    for parameter in (x, conv.weight):
        expected = gradient_by_differences(lambda: loss().data, parameter.data, 1e-3)
        np.testing.assert_allclose(parameter.grad, expected, rtol=5e-2, atol=1e-2)


def test_slow_convolution_and_matmul_give_the_same(tmp_path, opened):
    x = np.random.default_rng(4).standard_normal((2, 3, 6, 6))
    results = []
    for slow in (False, True):
        with opened(slow=slow) as package:
            tensor = package.require("Tensor")
            conv = package.require("Conv2d")(3, 4, 3)
            images = conv(tensor(x))
            results.append((images.data, tensor(x[0, 0]).matmul(tensor(x[0, 1])).data))
    for fast, slow in zip(*results, strict=True):
        np.testing.assert_allclose(fast, slow, rtol=1e-5, atol=1e-5)


def test_transformer_block_is_causal_under_the_mask(opened):
    package = opened()
    tensor = package.require("Tensor")
    block = package.require("TransformerBlock")(8, 2)
    mask = package.require("create_causal_mask")(4)
    x = np.random.default_rng(5).standard_normal((2, 4, 8))
    first = block(tensor(x), mask).data
    x[:, 3] += 1
    second = block(tensor(x), mask).data
    np.testing.assert_allclose(first[:, :3], second[:, :3], atol=1e-6)
    assert not np.allclose(first[:, 3], second[:, 3])
    assert len(block.parameters()) == 8 + 2 + 2 + 4


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "AdamW"])
def test_a_small_network_really_trains(opened, era, optimizer):
    package = opened(era)
    tensor, linear = package.require("Tensor"), package.require("Linear")
    relu, loss_fn = package.require("ReLU")(), package.require("CrossEntropyLoss")()
    first, second = linear(2, 16), linear(16, 2)
    parameters = first.parameters() + second.parameters()
    if era == "E2":
        with pytest.raises(ValueError, match="does not require"):
            package.require("SGD")(parameters, lr=0.1)
        for parameter in parameters:
            parameter.requires_grad = True
    steps = package.require(optimizer)(parameters, lr=0.5 if optimizer == "SGD" else 0.05)
    points = np.random.default_rng(6).uniform(-1, 1, (64, 2))
    x, y = tensor(points), tensor(points[:, 0] * points[:, 1] > 0)
    for _ in range(200):
        steps.zero_grad()
        logits = second(relu(first(x)))
        loss = loss_fn(logits, y)
        loss.backward()
        steps.step()
    assert (logits.data.argmax(axis=1) == y.data).mean() > 0.9
    assert loss.data < 0.35


def test_trainer_and_loader(opened):
    package = opened()
    tensor = package.require("Tensor")
    rng = np.random.default_rng(7)
    points = rng.uniform(-1, 1, (40, 3))
    data = package.require("TensorDataset")(tensor(points), tensor(points[:, 0] > 0))
    loader = package.require("DataLoader")(data, batch_size=16, shuffle=True)
    model = package.require("Sequential")(package.require("Linear")(3, 2))
    sgd = package.require("SGD")(model.parameters(), lr=0.5, momentum=0.5)
    trainer = package.require("Trainer")(model, sgd, package.require("CrossEntropyLoss")())
    losses = [trainer.train_epoch(loader) for _ in range(20)]
    assert losses[-1] < losses[0] / 2
    assert trainer.evaluate(loader)[1] > 0.9
    assert len(loader) == 3


@pytest.mark.parametrize("era", ["E2", "E3", "E5"])
def test_compression_and_quantization_of_the_era(opened, era):
    package = opened(era)
    linear = package.require("Linear")

    class Model:
        layers = [linear(8, 8), linear(8, 4)]  # noqa: RUF012

        def parameters(self):
            return [p for layer in self.layers for p in layer.parameters()]

    model = Model()
    before = model.layers[0].weight.data.copy()
    pruned = package.require("magnitude_prune")(model, 0.5)
    assert pruned is model
    sparsity = package.require("measure_sparsity")(model)
    assert sparsity == pytest.approx(50 if era == "E5" else 0.5, abs=2)
    assert not np.array_equal(before, model.layers[0].weight.data)
    answer = package.require("quantize_model")(model)
    if era == "E2":
        assert set(answer) == {0, 1}
    else:
        assert answer is None
        assert isinstance(model.layers[0], package.require("QuantizedLinear"))
    values, scale, zero_point = package.require("quantize_int8")(linear(5, 5).weight)
    assert values.data.dtype == np.float32
    assert np.array_equal(values.data, np.round(values.data))
    assert np.abs(values.data).max() <= 128
    back = package.require("dequantize_int8")(values, scale, zero_point)
    assert back.shape == (5, 5)


@pytest.mark.parametrize("era", ["E2", "E3", "E4", "E5"])
def test_capstone_of_the_era(opened, era, tmp_path):
    package = opened(era)
    simple_mlp = package.require("SimpleMLP")
    if era in ("E3", "E4"):
        with pytest.raises(NameError):
            simple_mlp()
        return
    model = simple_mlp()
    assert model.fc1.weight.data.dtype == np.float64
    tensor = package.require("Tensor")
    x, y = tensor(np.ones((6, 10))), np.zeros(6)
    report = package.require("BenchmarkReport")("mine")
    metrics = report.benchmark_model(model, x, y, num_runs=5)
    assert ("latency_ms_p95" in metrics) == (era == "E5")
    submission = package.require("generate_submission")(report, report, techniques_applied=["x"])
    assert submission["improvements"] == {
        "speedup": 1.0,
        "compression_ratio": 1.0,
        "accuracy_delta": 0.0,
    }
    package.require("save_submission")(submission, str(tmp_path / "submission.json"))
    assert (tmp_path / "submission.json").stat().st_size > 100


def test_benchmark_and_profiler(opened):
    package = opened()
    model = package.require("SimpleMLP")()
    tensor = package.require("Tensor")
    x = tensor(np.ones((4, 10)))
    benchmark = package.require("Benchmark")([model], [(x, tensor(np.zeros(4)))], 1, 3)
    result = benchmark.run_latency_benchmark((1, 10))["model_0"]
    assert result.count == 3
    assert result.to_dict()["metric_name"] == "latency_ms"
    assert 0 <= benchmark.run_accuracy_benchmark()["model_0"].mean <= 1
    profiler = package.require("Profiler")()
    assert profiler.count_parameters(model) == 10 * 20 + 20 + 20 * 3 + 3
    assert profiler.count_flops(model, (1, 10)) == 2 * (200 + 60)
    assert profiler.measure_latency(model, x, 1, 3) > 0
    assert set(profiler.measure_memory(model, (1, 10))) == {
        "parameter_memory_mb",
        "activation_memory_mb",
        "peak_memory_mb",
        "memory_efficiency",
    }
