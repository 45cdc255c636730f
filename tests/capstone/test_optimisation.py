"""What an optimisation gives: said of right and fast, right and slow, and wrong ones."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from threadpoolctl import threadpool_limits

from packages.build import ERAS, build_package, module_path, source
from tito_bench import _native
from tito_bench.capstone.optimisation import PAIRS
from tito_bench.capstone.task_context import TaskContext
from tito_bench.capstone.tasks import perform
from tito_bench.measure.task_figures import OptimisationFigures
from tito_bench.records.capstone import CapstoneRecord
from tito_bench.subjects import choose_subject
from tito_bench.subjects.missing import IncorrectResult, Missing
from tito_bench.subjects.tinytorch_subject import TinyTorchSubject
from tito_bench.workloads.optimisations import OPTIMISATIONS

Package = Callable[..., Path]


@pytest.fixture
def package(tmp_path: Path) -> Package:
    """Build a package of an era, with code added to the end of its modules."""

    def build(era: str = "E5", *, slow: bool = False, **added: str) -> Path:
        replace = {
            module: f"{source(module, era, slow=slow)}\n{code}\n" for module, code in added.items()
        }
        build_package(tmp_path, era, slow=slow, replace=replace)
        return tmp_path

    return build


class Assess:
    """Does the task in this process, with the fewest rounds that there are."""

    def __init__(self) -> None:
        self.subjects: dict[Path, TinyTorchSubject] = {}

    def __call__(self, root: Path, name: str) -> OptimisationFigures:
        if root not in self.subjects:
            subject, _ = choose_subject("tinytorch", root)
            assert isinstance(subject, TinyTorchSubject)
            self.subjects[root] = subject
        context = TaskContext(self.subjects[root], _native.Kernels(), root, name, 1, 0.0)
        found = perform("optimisation", context)
        assert isinstance(found, OptimisationFigures)
        return found

    def remarks(self, root: Path) -> tuple[str, ...]:
        return self.subjects[root].package.remarks


@pytest.fixture
def assess(monkeypatch: pytest.MonkeyPatch) -> Iterator[Assess]:
    monkeypatch.setattr(sys, "meta_path", sys.meta_path[:])
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.setattr(sys, "dont_write_bytecode", sys.dont_write_bytecode)
    done = Assess()
    with threadpool_limits(1):
        yield done
    for subject in done.subjects.values():
        subject.package.close()
    for name in [name for name in sys.modules if name.split(".")[0] == "tinytorch"]:
        del sys.modules[name]


def test_there_is_a_pair_for_every_optimisation() -> None:
    assert list(PAIRS) == list(OPTIMISATIONS)


@pytest.mark.parametrize("era", ERAS)
def test_right_ones_of_every_era_are_measured(era: str, package: Package, assess: Assess) -> None:
    root = package(era)
    for name in OPTIMISATIONS:
        found = assess(root, name)
        assert found.name == name
        assert (found.rounds, found.speedup_interval) == (3, None)
    assert assess.remarks(root) == ()


def test_in_a_whole_run_each_has_its_interval(complete_record: CapstoneRecord) -> None:
    assert [found.name for found in complete_record.optimisations] == list(OPTIMISATIONS)
    for found in complete_record.optimisations:
        if found.rounds >= 6:
            assert found.speedup_interval is not None
            low, high = found.speedup_interval
            assert low <= found.speedup <= high
    assert any(found.rounds >= 6 for found in complete_record.optimisations)


# The loops of these packages take a hundred times as long as what they are held to.
def test_right_and_fast(package: Package, assess: Assess) -> None:
    root = package(slow=True)
    for name in ("vectorized_matmul", "tiled_matmul", "im2col_conv2d"):
        found = assess(root, name)
        assert found.speedup > 5, name
        assert found.optimised_slowdown < found.plain_slowdown / 4


def test_right_and_slow(package: Package, assess: Assess) -> None:
    one_by_one = """
def tiled_matmul(a, b, tile_size=64):
    rows = [[float(np.dot(row, column)) for column in b.data.T] for row in a.data]
    return Tensor(np.array(rows))
"""
    found = assess(package(acceleration=one_by_one), "tiled_matmul")
    assert found.speedup < 0.5
    assert found.optimised_slowdown > 2 * found.plain_slowdown


WRONG = {
    "the rest of the rows is left out": (
        "tiled_matmul",
        "acceleration",
        """
right = tiled_matmul
def tiled_matmul(a, b, tile_size=64):
    result = right(a, b, tile_size)
    if a.shape[0] > tile_size:
        result.data[a.shape[0] // tile_size * tile_size :] = 0
    return result
""",
        "tiled_matmul of 70x65 by 65x67 is wrong: the result is off by",
    ),
    "tiles of another size": (
        "tiled_matmul",
        "acceleration",
        """
right = tiled_matmul
def tiled_matmul(a, b, tile_size=64):
    result = right(a, b)
    if tile_size != 64:
        result.data[-1, -1] = 0
    return result
""",
        "tiled_matmul of 33x17 by 17x50, tile_size 16 is wrong",
    ),
    "half precision": (
        "vectorized_matmul",
        "acceleration",
        """
def vectorized_matmul(a, b):
    return Tensor(np.matmul(a.data.astype(np.float16), b.data.astype(np.float16)))
""",
        "vectorized_matmul of",
    ),
    "padding on one side": (
        "im2col_conv2d",
        "acceleration",
        """
right = im2col_conv2d
def im2col_conv2d(x, weight, bias=None, stride=1, padding=0):
    edges = ((0, 0), (0, 0), (0, 2 * padding), (0, 2 * padding))
    return right(Tensor(np.pad(x.data, edges)), weight, bias, stride)
""",
        "im2col_conv2d of 2x3x9x7, stride 1, padding 1 is wrong",
    ),
    "stride ignored": (
        "im2col_conv2d",
        "acceleration",
        """
right = im2col_conv2d
def im2col_conv2d(x, weight, bias=None, stride=1, padding=0):
    return right(x, weight, bias, 1, padding)
""",
        "im2col_conv2d of 2x3x9x7, stride 2, padding 1 is wrong: the result has shape",
    ),
    "another function": (
        "fused_gelu",
        "acceleration",
        "def fused_gelu(x):\n    return Tensor(np.maximum(x.data, 0))",
        "fused_gelu of -10 to 10 is wrong: of none of its three forms",
    ),
    "an answer from memory": (
        "fused_gelu",
        "acceleration",
        """
known = {}
right = fused_gelu
def fused_gelu(x):
    return known.setdefault(x.shape, right(x))
""",
        "fused_gelu is wrong on 32x256",
    ),
    "the cache forgets the first token": (
        "KVCache",
        "memoization",
        """
right = KVCache.update
def update(self, layer_idx, key, value):
    if self.seq_pos:
        right(self, layer_idx, key, value)
KVCache.update = update
""",
        "KVCache.get(0) after token 1 are not those put in",
    ),
    "the first token does not reach the cache": (
        "KVCache",
        "memoization",
        """
right = CachedAttention.forward
def forward(self, x, mask=None):
    if self.cache.seq_pos == 0:
        return self.attention.forward(x, mask)
    return right(self, x, mask)
CachedAttention.forward = forward
""",
        "TransformerBlock with KVCache is wrong on 16 tokens of 64: token 2 of 16",
    ),
    "the new token does not see itself": (
        "KVCache",
        "memoization",
        """
right = CachedAttention.forward
def forward(self, x, mask=None):
    result = right(self, x, mask)
    return result if self.cache.seq_pos else Tensor(0 * result.data)
CachedAttention.forward = forward
""",
        "TransformerBlock with KVCache is wrong on 16 tokens of 64: token 1 of 16",
    ),
    "reset keeps the old tokens": (
        "KVCache",
        "memoization",
        "KVCache.reset = lambda self: None",
        "after reset() are not those put in",
    ),
}


@pytest.mark.parametrize(("name", "module", "code", "said"), WRONG.values(), ids=WRONG)
def test_a_wrong_one_has_no_figure_and_is_said_to_be_wrong(
    name: str, module: str, code: str, said: str, package: Package, assess: Assess
) -> None:
    with pytest.raises(IncorrectResult) as raised:
        assess(package(**{module: code}), name)
    assert said in str(raised.value)


def test_wrong_plain_code_is_what_is_said_to_be_wrong(package: Package, assess: Assess) -> None:
    code = "Conv2d.forward = lambda self, x, right=Conv2d.forward: right(self, x) * 1.01"
    with pytest.raises(IncorrectResult, match=r"^Conv2d is wrong on 1x8x13x13"):
        assess(package(spatial=code), "im2col_conv2d")


@pytest.mark.parametrize("era", ["E1", "E5"])
def test_a_module_that_is_not_there_is_named(era: str, tmp_path: Path, assess: Assess) -> None:
    root = build_package(tmp_path, era)
    for module in ("acceleration", "memoization"):
        (root / module_path(module, era)).unlink()
    for name in OPTIMISATIONS:
        with pytest.raises(Missing) as raised:
            assess(tmp_path, name)
        module = "18 memoization" if name == "KVCache" else "17 acceleration"
        assert str(raised.value) == f"module {module} is not exported yet"


def test_one_function_that_is_not_there_is_named_alone(package: Package, assess: Assess) -> None:
    root = package(acceleration="del im2col_conv2d")
    with pytest.raises(Missing, match=r"^module 17 acceleration: im2col_conv2d not found$"):
        assess(root, "im2col_conv2d")
    assert assess(root, "tiled_matmul").rounds == 3


def test_another_form_of_gelu_and_a_wrong_figure_of_memory_are_remarked(
    package: Package, assess: Assess
) -> None:
    tanh = """
def fused_gelu(x):
    inner = np.sqrt(2 / np.pi) * (x.data + 0.044715 * x.data**3)
    return Tensor(0.5 * x.data * (1 + np.tanh(inner)))
"""
    fourfold = """
right_usage = KVCache.get_memory_usage
KVCache.get_memory_usage = lambda self: {"total_mb": 4 * right_usage(self)["total_mb"]}
"""
    root = package(acceleration=tanh, memoization=fourfold)
    assert assess(root, "fused_gelu").rounds == assess(root, "KVCache").rounds == 3
    assert assess.remarks(root) == (
        "fused_gelu is GELU in its tanh form, your GELU in its sigmoid form",
        "KVCache.get_memory_usage() says 4 times what the cache holds",
    )
