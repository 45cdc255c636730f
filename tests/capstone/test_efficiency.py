"""How much memory a pass needs, also of a model of which 32 at once take too long."""

from __future__ import annotations

from pathlib import Path

import pytest

from packages.build import build_package
from tito_bench import _native
from tito_bench.capstone.efficiency import assess_memory, needed_bytes
from tito_bench.capstone.task_context import TaskContext
from tito_bench.subjects import choose_subject
from tito_bench.subjects.tinytorch_subject import TinyTorchSubject


@pytest.mark.usefixtures("kept_imports")
@pytest.mark.parametrize(("time_s", "batch"), [(0.0, 1), (600.0, 32)])
def test_memory_is_that_of_one_image_where_32_would_take_too_long(
    time_s: float, batch: int, tmp_path: Path
) -> None:
    build_package(tmp_path, "E5")
    subject, _ = choose_subject("tinytorch", tmp_path)
    assert isinstance(subject, TinyTorchSubject)
    found = assess_memory(TaskContext(subject, _native.Kernels(), tmp_path, "cnn", 1, time_s))
    subject.package.close()
    assert found.batch == batch
    assert found.needed_bytes == needed_bytes("cnn", batch)
    assert found.needed_bytes <= found.peak_bytes < 20 * found.needed_bytes
