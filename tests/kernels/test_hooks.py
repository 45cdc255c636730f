"""What code leaves in the interpreter does not run while the judge works."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import textwrap
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from tito_bench import _native
from tito_bench.measure.messages import Step
from tito_bench.measure.timing import smallest_array_call

POSIX = os.name == "posix"


@pytest.fixture
def hooks() -> Iterator[_native.Hooks]:
    trace, profile, callbacks = sys.gettrace(), sys.getprofile(), list(gc.callbacks)
    yield _native.Hooks()
    sys.settrace(trace)
    sys.setprofile(profile)
    gc.callbacks[:] = callbacks
    gc.enable()


def sides_of(function: Callable[..., object]) -> _native.Sides:
    array = np.zeros(1, dtype=np.float32)
    kernel = _native.Kernels("portable").relu(array, array)
    return _native.Sides(function, (), np.ndarray, (1,), kernel, *smallest_array_call())


def take(hooks: _native.Hooks, function: Callable[..., object], *steps: Step) -> _native.Taken:
    changes = _native.Perturbation([np.zeros(1, dtype=np.float32)], 1)
    return sides_of(function).take(steps, hooks, changes, changes)


def leave_everything(ran: list[str]) -> None:
    """Leave behind whatever calls `ran.append`."""
    sys.setprofile(lambda *_: ran.append("profile"))
    sys.settrace(lambda *_: ran.append("trace"))
    gc.callbacks.append(lambda *_: ran.append("gc"))
    tracemalloc.start()
    if POSIX:
        signal.signal(signal.SIGUSR1, lambda *_: ran.append("signal"))
        signal.signal(signal.SIGVTALRM, lambda *_: ran.append("timer"))
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.001, 0.001)


def work() -> int:
    """Do what would run each of them."""
    kept = [[index] for index in range(2000)]
    return sum(len(each) for each in kept)


def test_what_is_left_behind_is_taken_down_and_what_was_there_is_put_back(
    hooks: _native.Hooks,
) -> None:
    handler = signal.getsignal(signal.SIGINT)
    ran: list[str] = []
    hooks.call(leave_everything, ran)
    ran.clear()
    for _ in range(50):
        work()
    assert ran == []
    assert not tracemalloc.is_tracing()
    assert not gc.isenabled()
    assert signal.getsignal(signal.SIGINT) is handler
    if POSIX:
        assert signal.getsignal(signal.SIGUSR1) is signal.SIG_DFL
        assert signal.getitimer(signal.ITIMER_VIRTUAL) == (0.0, 0.0)


def test_a_trace_function_that_was_there_is_there_again_and_not_in_timed_calls() -> None:
    seen: list[str] = []

    def trace(frame: Any, event: str, _argument: object) -> None:
        seen.append(frame.f_code.co_name)

    def student() -> None:
        work()

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        taken = take(_native.Hooks(), student, Step("subject", 0, 3))
        work()
        kept = sys.gettrace()
    finally:
        sys.settrace(before)
        gc.enable()
    assert kept is trace
    assert len(taken.timings) == 1
    assert "student" not in seen
    assert seen.count("work") == 1


def test_garbage_is_collected_in_their_calls_alone(hooks: _native.Hooks) -> None:
    states: list[bool] = []
    take(hooks, lambda: states.append(gc.isenabled()), Step("subject", 1, 2))
    assert states == [True, True, True]
    assert not gc.isenabled()
    hooks.call(gc.disable)  # what they want stays
    take(hooks, lambda: states.append(gc.isenabled()), Step("subject", 0, 1))
    assert states[-1] is False


def test_steps_are_taken_in_their_order(hooks: _native.Hooks) -> None:
    calls: list[int] = []
    steps = [Step("subject", 2, 3), Step("native", 1, 4), Step("dispatch", 0, 5)]
    taken = take(hooks, lambda: calls.append(1), *steps)
    assert len(calls) == 5
    assert [loops for loops, _ in taken.loops] == [2, 3]
    assert len(taken.timings) == 3
    assert taken.own_cpu_ns >= sum(timing.cpu_ns for timing in taken.timings)
    assert taken.pace > 0


def test_an_exception_comes_through_with_everything_taken_down(hooks: _native.Hooks) -> None:
    def raises() -> None:
        sys.setprofile(lambda *_: None)
        raise ArithmeticError("no")

    with pytest.raises(ArithmeticError, match="no"):
        take(hooks, raises, Step("subject", 0, 1))
    assert sys.getprofile() is None


@pytest.mark.parametrize("steps", [[Step("nobody", 0, 1)], [Step("subject", -1, 1)], [1]])  # type: ignore[arg-type]
def test_impossible_steps_are_refused(hooks: _native.Hooks, steps: list[Any]) -> None:
    with pytest.raises((KeyError, ValueError, AttributeError)):
        take(hooks, work, *steps)


def run(code: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=30
    )


def test_no_audit_hook_is_added() -> None:
    done = run("""
        import sys
        from tito_bench import _native
        _native.refuse_audit_hooks()
        sys.addaudithook(lambda event, _: print("seen"))
        sys.audit("something")
        print("end")
        """)
    assert (done.returncode, done.stdout) == (0, "end\n"), done.stderr


# The variables of functions that wait can be written: since Python 3.13 (PEP 667) as they are
# read, before that with one call of the interpreter's C interface.
REBINDING = """
    import ctypes, sys
    from tito_bench import _native
    def cheat():
        frame = sys._getframe(1)
        frame.f_locals["{name}"] = 0.001
        if sys.version_info < (3, 13):
            ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))
    def judge():
        limit = 5.0
        hooks = _native.Hooks()
        hooks.call(cheat)
        print("judged by", limit)
    judge()
    """


def test_a_process_whose_judge_was_given_other_variables_ends() -> None:
    done = run(REBINDING.format(name="limit"))
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "the code under test replaced a variable of judge: limit\n"


@pytest.mark.skipif(sys.version_info < (3, 12), reason="sys.monitoring is of Python 3.12")
def test_tools_of_sys_monitoring_are_taken_down(hooks: _native.Hooks) -> None:
    monitoring: Any = sys.monitoring  # type: ignore[attr-defined]
    seen: list[object] = []

    def left_behind() -> None:
        monitoring.use_tool_id(4, "theirs")
        monitoring.set_events(4, monitoring.events.PY_START)
        monitoring.register_callback(4, monitoring.events.PY_START, lambda *_: seen.append(1))

    try:
        hooks.call(left_behind)
        seen.clear()
        work()
        assert seen == []
    finally:
        monitoring.free_tool_id(4)
