"""Where each name of TinyTorch lives: which course module brings it, in which file.

The package moved several times (five layouts between September 2025 and
September 2026), so every dotted path that ever held a name is kept, the newest
first. Module numbers are those of the current course; in December 2025 modules
05-08 and 17-18 were numbered otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["COURSE_MODULES", "FORMER_NAMES", "LAYOUTS", "CourseModule", "layout_of"]


@dataclass(frozen=True, slots=True)
class CourseModule:
    """One module of the course: what it brings and where it was ever exported to."""

    number: int
    title: str
    paths: tuple[str, ...]
    names: tuple[str, ...]

    def __str__(self) -> str:
        """Return e.g. "module 03 layers"."""
        return f"module {self.number:02d} {self.title}"


COURSE_MODULES: tuple[CourseModule, ...] = (
    CourseModule(1, "tensor", ("tinytorch.core.tensor",), ("Tensor",)),
    CourseModule(
        2,
        "activations",
        ("tinytorch.core.activations",),
        ("ReLU", "Sigmoid", "Tanh", "GELU", "Softmax"),
    ),
    CourseModule(
        3,
        "layers",
        ("tinytorch.core.layers",),
        ("Layer", "Linear", "Sequential", "Dropout"),
    ),
    CourseModule(
        4,
        "losses",
        ("tinytorch.core.losses",),
        ("MSELoss", "CrossEntropyLoss", "BinaryCrossEntropyLoss"),
    ),
    CourseModule(
        5,
        "dataloader",
        ("tinytorch.core.dataloader", "tinytorch.data.loader"),
        ("Dataset", "TensorDataset", "DataLoader"),
    ),
    CourseModule(6, "autograd", ("tinytorch.core.autograd",), ("Function", "enable_autograd")),
    CourseModule(7, "optimizers", ("tinytorch.core.optimizers",), ("SGD", "Adam", "AdamW")),
    CourseModule(
        8,
        "training",
        ("tinytorch.core.training",),
        ("Trainer", "CosineSchedule", "clip_grad_norm"),
    ),
    CourseModule(
        9,
        "convolutions",
        ("tinytorch.core.spatial", "tinytorch.core.convolutions", "tinytorch.core.cnn"),
        ("Conv2d", "MaxPool2d", "AvgPool2d", "BatchNorm2d"),
    ),
    CourseModule(
        10,
        "tokenization",
        ("tinytorch.core.tokenization", "tinytorch.text.tokenization"),
        ("Tokenizer", "CharTokenizer", "BPETokenizer"),
    ),
    CourseModule(
        11,
        "embeddings",
        ("tinytorch.core.embeddings", "tinytorch.text.embeddings"),
        ("Embedding", "PositionalEncoding", "EmbeddingLayer"),
    ),
    CourseModule(
        12,
        "attention",
        ("tinytorch.core.attention",),
        ("scaled_dot_product_attention", "MultiHeadAttention"),
    ),
    CourseModule(
        13,
        "transformers",
        (
            "tinytorch.core.transformers",
            "tinytorch.core.transformer",
            "tinytorch.models.transformer",
        ),
        ("LayerNorm", "MLP", "TransformerBlock", "GPT", "create_causal_mask"),
    ),
    CourseModule(
        14,
        "profiling",
        (
            "tinytorch.perf.profiling",
            "tinytorch.optimization.profiling",
            "tinytorch.profiling.profiler",
        ),
        ("Profiler", "quick_profile"),
    ),
    CourseModule(
        15,
        "quantization",
        (
            "tinytorch.perf.quantization",
            "tinytorch.optimization.quantization",
            "tinytorch.core.quantization",
        ),
        ("Quantizer", "QuantizedLinear", "quantize_int8", "dequantize_int8", "quantize_model"),
    ),
    CourseModule(
        16,
        "compression",
        (
            "tinytorch.perf.compression",
            "tinytorch.optimization.compression",
            "tinytorch.core.compression",
        ),
        ("Compressor", "magnitude_prune", "structured_prune", "measure_sparsity"),
    ),
    CourseModule(
        17,
        "acceleration",
        ("tinytorch.perf.acceleration", "tinytorch.optimization.acceleration"),
        ("vectorized_matmul", "tiled_matmul", "im2col_conv2d", "fused_gelu"),
    ),
    CourseModule(
        18,
        "memoization",
        (
            "tinytorch.perf.memoization",
            "tinytorch.optimization.memoization",
            "tinytorch.generation.kv_cache",
        ),
        ("KVCache", "enable_kv_cache", "disable_kv_cache"),
    ),
    CourseModule(
        19,
        "benchmarking",
        (
            "tinytorch.perf.benchmarking",
            "tinytorch.bench",
            "tinytorch.benchmarking.benchmark",
        ),
        ("Benchmark", "BenchmarkResult", "BenchmarkSuite"),
    ),
    CourseModule(
        20,
        "capstone",
        (
            "tinytorch.olympics",
            "tinytorch.capstone",
            "tinytorch.competition.submit",
            "tinytorch.applications.tinygpt",
        ),
        ("SimpleMLP", "BenchmarkReport", "OlympicEvent", "generate_submission", "save_submission"),
    ),
)

FORMER_NAMES: Mapping[str, tuple[str, ...]] = MappingProxyType({"Linear": ("Dense",)})
"""What a name was in September 2025, where the same arguments make the same thing."""

LAYOUTS: Mapping[str, CourseModule] = MappingProxyType(
    {name: module for module in COURSE_MODULES for name in module.names}
)


def layout_of(name: str) -> CourseModule:
    """Return the course module that brings `name`; KeyError for an unknown name."""
    return LAYOUTS[name]
