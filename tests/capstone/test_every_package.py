"""Packages of every era: whole, without one module, and with one module still to be written.

In this process and with the least that each task can do, so that all of them take less
than a minute; a few are measured whole by the command in tests/cli/benchmark.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from packages.build import ERAS, MODULES, build_package, module_path, source, stub_of
from tito_bench import _native
from tito_bench.capstone.task_context import TaskContext
from tito_bench.capstone.tasks import perform
from tito_bench.kinds import KINDS, kind_of
from tito_bench.subjects import choose_subject
from tito_bench.subjects.course_modules import COURSE_MODULES
from tito_bench.subjects.missing import Missing, StudentCodeError
from tito_bench.subjects.tinytorch_subject import TinyTorchSubject
from tito_bench.workloads.capstone import model_operation

NUMBERS = {name: number for number, name in enumerate(MODULES, 1)}
TASKS = ("training", "quantization", "pruning", "benchmark", "report")
MODELS = ("mlp", "cnn", "transformer")
ALL = {"add", "mul", "matmul", *MODELS, *TASKS}
STUBS = {"empty": '"""TODO"""', "raises": "raise NotImplementedError('TODO')"}

# What cannot be measured without a module; without any other nothing is missed.
NEEDED_BY = {
    "activations": {*MODELS, *TASKS},
    "layers": {*MODELS, *TASKS},
    "losses": {"training"},
    "autograd": {"training"},
    "optimizers": {"training"},
    "spatial": {"cnn"},
    "embeddings": {"transformer"},
    "attention": {"transformer"},
    "transformers": {"transformer"},
    "quantization": {"quantization"},
    "compression": {"pruning"},
    "benchmarking": {"benchmark"},
    "capstone": {"report"},
}
# Written against the class of another module by name alone: as a stub that is still there.
ONLY_IMPORTED = {"embeddings"}


def what_is_missing(root: Path) -> dict[str, Missing]:
    """What of ALL the package in `root` lacks; all else must be measured."""
    subject, _ = choose_subject("tinytorch", root)
    assert isinstance(subject, TinyTorchSubject)
    found = {}
    for what in sorted(ALL):
        try:
            if what in TASKS:
                context = TaskContext(subject, _native.Kernels(), root, "mlp", 1, 0.0)
                perform(what, context)
            else:
                operation = model_operation(what, 1) if what in MODELS else None
                weights = kind_of(operation).weights(operation) if operation else ()
                kind = kind_of(operation) if operation else KINDS[what]
                subject.operation(kind, tuple(array.copy() for array in weights))
        except Missing as missing:
            found[what] = missing
    subject.package.close()
    return found


@pytest.mark.usefixtures("kept_imports")
@pytest.mark.parametrize("era", ERAS)
def test_a_whole_package_misses_nothing(era: str, tmp_path: Path) -> None:
    build_package(tmp_path, era)
    assert what_is_missing(tmp_path) == {}


@pytest.mark.usefixtures("kept_imports")
@pytest.mark.parametrize("module", list(MODULES)[1:])
@pytest.mark.parametrize("era", ERAS)
def test_without_one_module_what_needs_it_is_missing_and_nothing_else(
    era: str, module: str, tmp_path: Path
) -> None:
    (build_package(tmp_path, era) / module_path(module, era)).unlink()
    missing = what_is_missing(tmp_path)
    assert set(missing) == NEEDED_BY.get(module, set())
    for reason in map(str, missing.values()):
        leaf = module_path(module, era).stem
        number = f"module {NUMBERS[module]:02d}"
        assert leaf in reason or number in reason, reason
        assert "not found" in reason or "not exported yet" in reason, reason


@pytest.mark.usefixtures("kept_imports")
@pytest.mark.parametrize("body", STUBS.values(), ids=STUBS)
@pytest.mark.parametrize("module", list(MODULES)[1:])
@pytest.mark.parametrize("era", ERAS)
def test_with_one_module_as_a_stub_what_needs_it_is_still_to_be_written(
    era: str, module: str, body: str, tmp_path: Path
) -> None:
    build_package(tmp_path, era, replace={module: stub_of(source(module, era), body)})
    missing = what_is_missing(tmp_path)
    needed = set() if module in ONLY_IMPORTED else NEEDED_BY.get(module, set())
    assert set(missing) == needed
    number = NUMBERS[module]
    for reason in map(str, missing.values()):
        assert reason.startswith(f"module {number:02d}"), reason
        assert reason.endswith("is still to be written"), reason


@pytest.mark.usefixtures("kept_imports")
@pytest.mark.parametrize("body", STUBS.values(), ids=STUBS)
@pytest.mark.parametrize("era", ERAS)
def test_a_tensor_that_is_a_stub_is_no_package_yet(era: str, body: str, tmp_path: Path) -> None:
    build_package(
        tmp_path, era, modules=1, replace={"tensor": stub_of(source("tensor", era), body)}
    )
    subject, note = choose_subject("auto", tmp_path)
    assert subject.name == "numpy"
    assert note == "measuring numpy: module 01: Tensor is still to be written"


def test_the_modules_of_the_fixtures_are_those_of_the_course() -> None:
    assert len(MODULES) == len(COURSE_MODULES) == 20


@pytest.mark.usefixtures("kept_imports")
@pytest.mark.parametrize("era", ERAS)
def test_training_says_which_parameter_is_no_tensor(era: str, tmp_path: Path) -> None:
    layers = source("layers", era).replace(
        "Tensor(np.zeros(out_features))", "np.zeros(out_features)"
    )
    build_package(tmp_path, era, replace={"layers": layers})
    subject, _ = choose_subject("tinytorch", tmp_path)
    assert isinstance(subject, TinyTorchSubject)
    context = TaskContext(subject, _native.Kernels(), tmp_path, "mlp", 1, 0.0)
    line = r"^tinytorch/core/layers\.py: Linear\.bias is a numpy\.ndarray, a Tensor is needed$"
    with pytest.raises(StudentCodeError, match=line):
        perform("training", context)
    subject.package.close()
