"""Every task on every layout that the course ever had."""

from pathlib import Path

import pytest

from packages.build import ERAS, build_package
from packages.capstone_run import failure, figures, working_on
from tito_bench.measure.messages import Prepared
from tito_bench.workloads.capstone import CAPSTONE


@pytest.mark.parametrize("era", ERAS)
def test_every_layout_can_be_measured_whole(era: str, tmp_path: Path) -> None:
    build_package(tmp_path, era)
    with working_on(tmp_path) as ask:
        for operation in CAPSTONE:
            assert isinstance(ask("prepare", operation.name), Prepared), operation.name
        for model in ("mlp", "mlp_wide", "cnn"):
            found = figures(ask("accuracy", model))
            assert found.images == 200
            assert found.accuracy == found.expected > 0.95
        trained = figures(ask("training"))
        assert trained.epochs == 6
        assert trained.accuracy == pytest.approx(trained.expected, abs=0.02)
        assert trained.curve[-1].loss < trained.curve[0].loss
        quantized = figures(ask("quantization"))
        assert 3.5 < quantized.ratio < 4
        assert quantized.kept
        assert quantized.claimed_ratio == pytest.approx(quantized.ratio, rel=0.05)
        pruned = figures(ask("pruning"))
        assert pruned.kept
        assert pruned.ratio > 1.5
        for model in ("mlp", "mlp_wide", "cnn", "transformer"):
            memory = figures(ask("memory", model))
            assert memory.peak_bytes >= memory.needed_bytes, model
        for tool in ("benchmark", "report"):
            assert figures(ask(tool)).latency_ms > 0
        modules = figures(ask("inventory", "")).modules
        assert [module.number for module in modules if not module.files] == []


def test_a_package_of_tensors_alone_says_which_module_brings_what(tmp_path: Path) -> None:
    build_package(tmp_path, "E5", 1)
    reasons = {
        ("accuracy", "cnn"): "module 09 convolutions: Conv2d not found",
        ("accuracy", "mlp"): "module 03 layers: Linear not found",
        ("memory", "transformer"): "module 13 transformers: TransformerBlock not found",
        ("training", "mlp"): "module 06 autograd: enable_autograd not found",
        ("quantization", "mlp"): "module 15 quantization: QuantizedLinear not found",
        ("pruning", "mlp"): "module 16 compression: magnitude_prune not found",
        ("benchmark", "mlp"): "module 19 benchmarking: Benchmark not found",
        ("report", "mlp"): "module 20 capstone: BenchmarkReport not found",
    }
    with working_on(tmp_path) as ask:
        for (task, model), reason in reasons.items():
            answer = failure(ask(task, model))
            assert (answer.kind, answer.reason) == ("missing", reason)
