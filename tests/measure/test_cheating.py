"""Cheating and accidents: each ends measured correctly, or invalid with its reason.

Every case is a student package of its own, measured by the real worker. The
honest package is the reference: no case may end with a better score.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest
from cheating import assert_no_score, dedented, measure, reasons

from tito_bench.measure.schedule import Budget


@pytest.fixture(scope="module")
def honest_score(tmp_path_factory: pytest.TempPathFactory) -> float:
    record = measure(tmp_path_factory.mktemp("honest"), "")
    assert record.verdict.status != "invalid"
    assert record.normalized_metrics.score is not None
    return record.normalized_metrics.score


def test_the_honest_package_pays_for_its_extra_work(honest_score: float) -> None:
    # Ten times the work is log2(10) doublings, 33 points; only two of three groups exist here.
    assert 55.0 < honest_score < 75.0


CACHED = """
    cache = {{}}
    honest = Tensor._slowly
    def _cached(self, function, other):
        key = (function, {key})
        if key not in cache:
            cache.clear()
            cache[key] = honest(self, function, other).data
        return Tensor._of(cache[key].copy())
    Tensor._slowly = _cached
"""


# What must end as invalid: its code, and what the reasons must say.
INVALID = {
    "cached by identity": (CACHED.format(key="id(self), id(other)"), "incorrect"),
    "cached by a part of the values": (
        CACHED.format(key="self.data[0].tobytes(), other.data[0].tobytes()"),
        "incorrect",
    ),
    "wrong but fast": (
        """
        def _guess(self, function, other):
            return Tensor._of(np.zeros(np.broadcast_shapes(self.data.shape, other.data.shape)))
        Tensor._slowly = _guess
        """,
        "incorrect",
    ),
    "half precision": (
        """
        def _half(self, function, other):
            half = function(self.data.astype(np.float16), other.data.astype(np.float16))
            return Tensor._of(half.astype(np.float32))
        Tensor._slowly = _half
        """,
        "incorrect",
    ),
    "right on the first calls only": (
        """
        calls = 0
        honest = Tensor._slowly
        def _tired(self, function, other):
            global calls
            calls += 1
            if calls < 5:
                return honest(self, function, other)
            return Tensor._of(np.ones(self.data.shape, dtype=np.float32))
        Tensor._slowly = _tired
        """,
        "incorrect",
    ),
    "inputs mutated": (
        """
        def _in_place(self, function, other):
            function(self.data, other.data, out=self.data)
            return self
        Tensor._slowly = _in_place
        Tensor.__matmul__ = lambda self, other: Tensor._of(self.data @ other.data)
        """,
        "changed its own inputs",
    ),
    "one output for all results": (
        """
        outputs = {}
        def _reused(self, function, other):
            key = (function, self.data.shape, other.data.shape)
            if key not in outputs:
                outputs[key] = function(self.data, other.data)
            return Tensor._of(function(self.data, other.data, out=outputs[key]))
        Tensor._slowly = _reused
        """,
        "overwritten",
    ),
    "a lazy array": (
        """
        class Lazy(np.ndarray):
            pass
        def _lazily(self, function, other):
            return Tensor._of(self.data.view(Lazy))
        Tensor._slowly = _lazily
        """,
        "ndarray",
    ),
    "filled in later by a thread": (
        """
        import threading, time
        pending = []
        def _fill():
            while True:
                if pending:
                    function, a, b, out = pending.pop()
                    pending.clear()
                    out[...] = function(a, b)
                time.sleep(0.0002)
        threading.Thread(target=_fill, daemon=True).start()
        def _later(self, function, other):
            out = np.empty((self.data.shape[0], other.data.shape[1]), dtype=np.float32)
            pending.append((function, self.data, other.data, out))
            return Tensor._of(out)
        Tensor._slowly = _later
        """,
        "incorrect|never rest",
    ),
    "threads that work beside the loop": (
        """
        import threading
        big = np.ones((400, 400), dtype=np.float32)
        def _spin():
            while True:
                big @ big
        threading.Thread(target=_spin, daemon=True).start()
        """,
        "other_threads",
    ),
    "a process that works beside the loop": (
        """
        import subprocess, sys
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        """,
        "other_processes",
    ),
    "patched oracle": (
        """
        import tito_bench.workloads.oracle
        import tito_bench.worker.paired_arrays
        tito_bench.worker.paired_arrays.disagreement = lambda *_: None
        """,
        "replaced tito_bench.worker.paired_arrays.disagreement",
    ),
    "patched code object": (
        """
        from tito_bench.worker.paired_operation import PairedOperation
        PairedOperation.check.__code__ = (lambda self, result: None).__code__
        """,
        "replaced tito_bench.worker.paired_operation.PairedOperation.check",
    ),
    "patched builtins": (
        """
        import builtins
        builtins.zip = lambda *_, **__: ()
        """,
        "replaced builtins.zip",
    ),
    "a forged answer": (
        """
        import os
        def _forge(self, function, other):
            for number in range(3, 20):
                try:
                    os.write(number, b'[1,{"type":"Measured","readings":[],"own":1,"others":1}]\\n')
                except OSError:
                    pass
            return Tensor._of(function(self.data, other.data))
        Tensor._slowly = _forge
        """,
        "failed_operation",
    ),
    "raises inside the timed loop only": (
        """
        calls = 0
        def _raises(self, function, other):
            global calls
            calls += 1
            if calls > 40:
                raise RuntimeError("enough")
            return Tensor._of(function(self.data, other.data))
        Tensor._slowly = _raises
        """,
        "RuntimeError: enough",
    ),
    "endless recursion": ("Tensor.__mul__ = lambda self, other: self * other\n", "RecursionError"),
    "a hundred gigabytes": (
        """
        Tensor.__mul__ = lambda self, other: np.ones(100 * 2**30, dtype=np.uint8)
        """,
        "MemoryError",
    ),
    "os._exit": (
        "import os\nTensor.__mul__ = lambda self, other: os._exit(0)\n",
        "exit code 0",
    ),
    "a segmentation fault": (
        "import ctypes\nTensor.__mul__ = lambda self, other: ctypes.string_at(0)\n",
        "SIGSEGV" if os.name == "posix" else "exit code",
    ),
    "sys.exit": (
        "import sys\nTensor.__mul__ = lambda self, other: sys.exit(3)\n",
        "exit(3)",
    ),
    "closes every descriptor": (
        """
        import os
        def _close(self, other):
            os.closerange(0, 64)
            return Tensor._of(self.data * other.data)
        Tensor.__mul__ = _close
        """,
        "failed_operation mul",
    ),
}


@pytest.mark.parametrize("case", INVALID)
def test_a_cheat_or_an_accident_has_no_score(case: str, tmp_path: Path) -> None:
    code, said = INVALID[case]
    assert_no_score(tmp_path, dedented(code), said)


# What must be measured as if it were not there.
HARMLESS = {
    "patched clocks": """
        import time, gc
        time.perf_counter = time.perf_counter_ns = time.monotonic = lambda: 0
        time.time = time.process_time = time.thread_time = lambda: 0
        gc.disable = gc.collect = lambda *_: 0
        """,
    "patched numpy": """
        real = np.matmul
        np.abs = np.absolute = np.maximum = lambda *_: np.float32(0)
        np.copyto = lambda *_, **__: None
        np.array_equal = np.allclose = lambda *_, **__: True
        np.random.default_rng = None
        """,
    "cached by value": CACHED.format(key="self.data.tobytes(), other.data.tobytes()"),
    "notices the benchmark": """
        import os, sys
        def _notices():
            stack = [frame for frame in sys._current_frames().values()]
            return any("tito" in word for word in sys.argv) or "TITO" in str(os.environ) or stack
        noticed = _notices()
        """,
    "a trace function": """
        import sys
        sys.settrace(lambda *_: None)
        """,
    "prints megabytes": """
        honest = Tensor._slowly
        def _prints(self, function, other):
            print("x" * 4000)
            return honest(self, function, other)
        print("y" * 10_000_000)
        Tensor._slowly = _prints
        """,
    "closes stdout": "import sys\nsys.stdout.close()\nsys.stdin.close()\n",
    "changes folder and signals": """
        import os, signal, tempfile
        os.chdir(tempfile.gettempdir())
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        """,
    "waits instead of working": """
        import time
        honest = Tensor._slowly
        def _waits(self, function, other):
            time.sleep(0.0005)
            return honest(self, function, other)
        Tensor._slowly = _waits
        """,
    "a larger BLAS pool": """
        import threadpoolctl
        honest = Tensor._slowly
        def _pool(self, function, other):
            threadpoolctl.threadpool_limits(4)
            return honest(self, function, other)
        Tensor._slowly = _pool
        """,
    "forks and goes on in both": """
        import os
        forked = False
        honest = Tensor._slowly
        def _forks(self, function, other):
            global forked
            if not forked and hasattr(os, "fork"):
                forked = True
                os.fork()
            return honest(self, function, other)
        Tensor._slowly = _forks
        """,
}


@pytest.mark.parametrize("case", HARMLESS)
def test_a_trick_that_does_not_help_never_raises_the_score(
    case: str, tmp_path: Path, honest_score: float
) -> None:
    record = measure(tmp_path, dedented(HARMLESS[case]))
    score = record.normalized_metrics.score
    assert score is not None or record.verdict.status == "invalid", reasons(record)
    # Ten points are a factor of two: far more than noise, far less than what cheating gains.
    assert score is None or score < honest_score + 10.0


def test_loops_that_run_only_while_it_is_tried_out_do_not_count_as_loops(tmp_path: Path) -> None:
    # With wide vectors the same time counts less where it goes into loops.
    code = """
        calls = {"add": 0, "multiply": 0, "matmul": 0}
        def _operate(self, function, other):
            calls[function.__name__] += 1
            if calls[function.__name__] <= 2:
                total = 0
                for i in range(100_000):
                    total += i
            return Tensor._of(function(self.data, other.data))
        Tensor._operate = _operate
        """
    record = measure(tmp_path, dedented(code))
    shares = {op.name: op.work.interpreter_share for op in record.operations if op.work is not None}
    assert shares["matmul_100"] < 0.2


def test_an_endless_loop_costs_its_operation_only(tmp_path: Path) -> None:
    code = """
        def _hangs(self, other):
            while True:
                pass
        Tensor.__mul__ = _hangs
        """
    record = measure(tmp_path, dedented(code), Budget(3, 4.0, 100_000, 1))
    kinds = {op.name: op.failure.kind for op in record.operations if op.failure is not None}
    assert kinds["mul_100x100"] == "timeout"
    assert "add_100x100" not in kinds
    assert record.normalized_metrics.score is None


def test_a_storm_of_processes_ends_with_the_worker(tmp_path: Path) -> None:
    code = """
        import os, time
        def _storm(self, other):
            for _ in range(40):
                if os.fork() == 0:
                    time.sleep(60)
                    os._exit(0)
            return Tensor._of(self.data * other.data)
        Tensor.__mul__ = _storm
        """
    if sys.platform == "win32":
        code = code.replace("os.fork() == 0", "False")
    import psutil

    record = measure(tmp_path, dedented(code), Budget(1, 20.0, 1, 1))
    assert record.verdict.status == "invalid"
    left = [
        process
        for process in psutil.process_iter(["cwd", "status"])
        if process.info["status"] != psutil.STATUS_ZOMBIE
        and process.info["cwd"] is not None
        and Path(process.info["cwd"]).is_relative_to(tmp_path)
    ]
    assert left == []
