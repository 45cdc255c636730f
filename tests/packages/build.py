"""Builds small student packages for the tests, one layout per era of the course.

All eras share the sources in `sources/`; what differs between them is the path
a source is exported to, the `ERA` constant in it, absolute or relative imports,
and the form of the package's `__init__.py`.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

__all__ = [
    "ERAS",
    "MODULES",
    "build_0_2_0",
    "build_package",
    "build_unrelated",
    "module_name",
    "module_path",
    "source",
    "stub_of",
]

ERAS = ("E1", "E2", "E3", "E4", "E5")
"""Sep-Nov 2025, Dec 2025, Jan 2026, Apr-May 2026, Sep 2026."""

_SOURCES = Path(__file__).parent / "sources"
_SOURCES_0_2_0 = Path(__file__).parent / "sources_0_2_0"

# In course order. Where a module is not at core/<name>.py: its path by first era.
MODULES: Mapping[str, Mapping[str, str]] = {
    "tensor": {},
    "activations": {},
    "layers": {},
    "losses": {},
    "dataloader": {"E1": "data/loader.py", "E2": "core/dataloader.py"},
    "autograd": {},
    "optimizers": {},
    "training": {},
    "spatial": {},
    "tokenization": {"E1": "text/tokenization.py", "E2": "core/tokenization.py"},
    "embeddings": {"E1": "text/embeddings.py", "E2": "core/embeddings.py"},
    "attention": {},
    "transformers": {
        "E1": "models/transformer.py",
        "E2": "core/transformer.py",
        "E4": "core/transformers.py",
    },
    "profiling": {
        "E1": "profiling/profiler.py",
        "E2": "optimization/profiling.py",
        "E3": "perf/profiling.py",
    },
    "quantization": {"E1": "optimization/quantization.py", "E2": "perf/quantization.py"},
    "compression": {"E1": "optimization/compression.py", "E2": "perf/compression.py"},
    "acceleration": {"E1": "optimization/acceleration.py", "E2": "perf/acceleration.py"},
    "memoization": {
        "E1": "generation/kv_cache.py",
        "E2": "optimization/memoization.py",
        "E3": "perf/memoization.py",
    },
    "benchmarking": {
        "E1": "benchmarking/benchmark.py",
        "E2": "bench.py",
        "E3": "perf/benchmarking.py",
    },
    "capstone": {"E1": "competition/submit.py", "E2": "capstone.py", "E3": "olympics.py"},
}

# What the package's own __init__.py imports; the later modules it leaves out.
_EXPORTS: Mapping[str, str] = {
    "tensor": "Tensor",
    "activations": "Sigmoid, ReLU, Tanh, GELU, Softmax",
    "layers": "Layer, Linear, Dropout",
    "losses": "MSELoss, CrossEntropyLoss, BinaryCrossEntropyLoss",
    "dataloader": "Dataset, TensorDataset, DataLoader",
    "autograd": "enable_autograd",
    "optimizers": "SGD, Adam, AdamW",
    "training": "Trainer, CosineSchedule, clip_grad_norm",
    "spatial": "Conv2d, MaxPool2d, AvgPool2d",
    "tokenization": "Tokenizer, CharTokenizer",
    "embeddings": "Embedding, PositionalEncoding",
    "attention": "scaled_dot_product_attention, MultiHeadAttention",
    "transformers": "LayerNorm, MLP, TransformerBlock, GPT",
}


def build_package(
    folder: Path,
    era: str = "E3",
    modules: Collection[str] | int | None = None,
    *,
    slow: bool = False,
    prints: bool = False,
    replace: Mapping[str, str] | None = None,
    version: str | None = "0.1.0",
) -> Path:
    """Write the package `folder`/tinytorch and return its path.

    `modules` are names of MODULES, or how many of the course are done (default:
    all). `slow` multiplies matrices by a double Python loop. `prints` makes each
    module print on import. `replace` gives other text for some modules, or for
    "__init__".
    """
    if modules is None or isinstance(modules, int):
        modules = list(MODULES)[:modules]
    replace = dict(replace or {})
    package = folder / "tinytorch"
    for name in modules:
        path = package / module_path(name, era)
        path.parent.mkdir(parents=True, exist_ok=True)
        text = replace.pop(name, None) or source(name, era, slow=slow)
        path.write_text(f"{text}\nprint({name!r})\n" if prints else text, encoding="utf-8")
    init = replace.pop("__init__", None) or _init(era, version)
    (package / "core").mkdir(parents=True, exist_ok=True)
    for subfolder in [package, *(path for path in package.rglob("*") if path.is_dir())]:
        (subfolder / "__init__.py").write_text("", encoding="utf-8")
    (package / "__init__.py").write_text(init, encoding="utf-8")
    if replace:
        raise ValueError(f"not among the modules: {sorted(replace)}")
    return package


def build_0_2_0(folder: Path, modules: int = 3, *, name: str = "tinytorch") -> Path:
    """Write the first `modules` of a package of the design of 0.2.0; return its path.

    With them comes what the course ships ready-made: a GPT in models/, and extensions/.
    """
    package = folder / name
    (package / "core").mkdir(parents=True)
    (package / "__init__.py").write_text('__version__ = "0.2.0"\n', encoding="utf-8")
    (package / "core" / "__init__.py").write_text("", encoding="utf-8")
    for module in ("tensor", "activations", "layers")[:modules]:
        text = (_SOURCES_0_2_0 / f"{module}.py").read_text(encoding="utf-8")
        if name != "tinytorch":
            text = text.replace("from .tensor", f"from {name}.core.tensor")
        (package / "core" / f"{module}.py").write_text(text, encoding="utf-8")
    for shipped, text in (
        ("models/transformer.py", "class GPT:\n    pass\n\n\nclass TransformerBlock:\n    pass\n"),
        ("extensions/simd.py", "def vectorized_matmul(a, b):\n    return a @ b\n"),
    ):
        file = package / shipped
        file.parent.mkdir()
        (file.parent / "__init__.py").write_text("", encoding="utf-8")
        file.write_text(text, encoding="utf-8")
    return package


def build_unrelated(site: Path, distribution: str = "tinytorch", *, one_file: bool = False) -> Path:
    """Write what PyPI's unrelated projects install into `site`; return what is imported.

    Both `tinytorch` and `knoxtinytorch` bring a package `tinytorch` without `core`.
    Importing it fails, so that a test sees it.
    """
    (site / f"{distribution}-0.1.0.dist-info").mkdir(parents=True)
    installed = site / ("tinytorch.py" if one_file else "tinytorch")
    files = [installed] if one_file else [installed / "__init__.py", installed / "layers.py"]
    for file in files:
        file.parent.mkdir(exist_ok=True)
        file.write_text("raise RuntimeError('the wrong tinytorch')\n", encoding="utf-8")
    return installed


def module_path(name: str, era: str) -> Path:
    """Return where `era` exports the module `name` to, inside the package."""
    path = f"core/{name}.py"
    for first_era, moved in MODULES[name].items():
        if first_era <= era:
            path = moved
    return Path(path)


def module_name(name: str, era: str) -> str:
    """Return the dotted name of the module `name` in `era`."""
    return ".".join(("tinytorch", *module_path(name, era).with_suffix("").parts))


def source(name: str, era: str, *, slow: bool = False) -> str:
    """Return the text of the module `name` as `era` exports it."""
    text = (_SOURCES / f"{name}.py").read_text(encoding="utf-8")
    text = re.sub(r"^ERA = .*$", f"ERA = {era[1:]}", text, flags=re.MULTILINE)
    text = re.sub(r"^SLOW = .*$", f"SLOW = {slow}", text, flags=re.MULTILINE)
    text = re.sub(r"\btinytorch\.core\.(\w+)", lambda match: module_name(match[1], era), text)
    if era < "E3":
        return text
    # Later eras import relatively: `from .tensor`, and `from ..core.tensor` one folder over.
    dots = "." * len(module_path(name, era).parts)
    return text.replace("from tinytorch.", f"from {dots}")


def _init(era: str, version: str | None) -> str:
    """Write the imports of the whole course, done or not, as the course's own does."""
    lines = [] if version is None else [f"__version__ = {version!r}"]
    for name, exported in _EXPORTS.items():
        imported = f"from {module_name(name, era)} import {exported}"
        if era < "E3":
            lines.append(imported)
        else:
            nothing = exported.replace(", ", " = ") + " = None"
            lines += ["try:", f"    {imported}", "except ImportError:", f"    {nothing}"]
    return "\n".join(lines) + "\n"


def stub_of(text: str, body: str) -> str:
    """Return a module's source as the course hands it out: `body` in place of every body.

    Imports, constants, names and docstrings stay. What a class's own lines compute from its
    functions stays too, so that the module can still be imported.
    """
    tree = ast.parse(text)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            # What only hands on, as __call__ does, is given to the student.
            if node.name == "__call__" and "forward" in ast.unparse(node):
                continue
            node.body = ast.parse(body).body
    return ast.unparse(tree) + "\n"
