"""What the timed loops do. How long anything takes is never compared here."""

import pickle
import sys
import threading
import weakref

import numpy as np
import pytest

from tito_bench import _native


def ones(*shape):
    return np.ones(shape, np.float32)


@pytest.fixture
def increment():
    """A call that adds 1 to a number, so that runs can be counted."""
    number, one = np.zeros(1, np.float32), ones(1)
    return number, _native.Kernels().add(number, one, number)


def test_time_calls_runs_each_in_turn(increment):
    first, add_first = increment
    second = np.zeros(1, np.float32)
    add_second = _native.Kernels().add(second, ones(1), second)
    timing = _native.time_calls([add_first, add_second], 7)
    assert (first[0], second[0]) == (4, 3)
    assert timing.wall_ns >= 0
    assert timing.cpu_ns >= 0
    assert timing.process_cpu_ns >= 0
    assert timing.waits >= -1


def test_time_calls_refuses(increment):
    _, call = increment
    with pytest.raises(ValueError, match="at least one"):
        _native.time_calls([], 1)
    with pytest.raises(ValueError, match="loops: needs a number >= 0, got -1"):
        _native.time_calls([call], -1)
    with pytest.raises(TypeError, match="needs Call objects, got int"):
        _native.time_calls([1], 1)
    with pytest.raises(OverflowError):
        _native.time_calls([call], 2**70)


def test_chain_runs_all_in_order():
    kernels = _native.Kernels()
    a, b, c = ones(1), np.zeros(1, np.float32), np.zeros(1, np.float32)
    double, square = kernels.add(a, a, b), kernels.mul(b, b, c)
    both = _native.chain([double, square])
    both()
    assert c[0] == 4.0
    assert both.flops == double.flops + square.flops
    assert both.bytes == double.bytes + square.bytes
    nested = _native.chain([both, both])
    del double, square, both
    a[0] = 2.0
    nested()
    assert c[0] == 16.0
    with pytest.raises(ValueError, match="at least one"):
        _native.chain([])


def test_time_callable_calls_with_each_row_in_turn():
    seen = []

    def function(*arguments):
        seen.append(arguments)
        return len(seen)

    timing, result = _native.time_callable(function, [(1,), (2, 3)], 5)
    assert seen == [(1,), (2, 3), (1,), (2, 3), (1,)]
    assert result == 5
    assert isinstance(timing, _native.Timing)
    assert _native.time_callable(function, [()], 0)[1] is None


def test_time_callable_releases_the_previous_result_first():
    class Result:
        pass

    alive = []

    def function():
        alive.append(sum(r() is not None for r in references))
        result = Result()
        references.append(weakref.ref(result))
        return result

    references = []
    _, last = _native.time_callable(function, [()], 4)
    assert alive == [0, 0, 0, 0]
    assert references[-1]() is last
    del last
    assert references[-1]() is None


def test_time_callable_propagates_an_exception_and_stops():
    calls = []

    def function(x):
        calls.append(x)
        if x == 2:
            raise KeyError("two")
        return x

    with pytest.raises(KeyError, match="two"):
        _native.time_callable(function, [(1,), (2,)], 10)
    assert calls == [1, 2]


def test_time_callable_refuses():
    with pytest.raises(ValueError, match="at least one tuple"):
        _native.time_callable(len, [], 1)
    with pytest.raises(TypeError, match="needs tuples, got list"):
        _native.time_callable(len, [[1]], 1)
    with pytest.raises(ValueError, match="loops"):
        _native.time_callable(len, [((),)], -1)


def test_clocks_never_run_backwards():
    for clock in (_native.wall_clock_ns, _native.thread_cpu_ns, _native.process_cpu_ns):
        readings = [clock() for _ in range(100)]
        assert readings == sorted(readings)
        assert isinstance(readings[0], int)


def test_the_clock_of_a_thread_is_not_that_of_its_process():
    """What another thread does costs this one nothing, and the process all of it."""
    work = _native.chain([_native.Kernels().fma_peak(1_000_000)] * 10)
    other = threading.Thread(target=work)
    thread, process = _native.thread_cpu_ns(), _native.process_cpu_ns()
    other.start()
    other.join()
    spent = _native.process_cpu_ns() - process
    assert spent > 0
    assert _native.thread_cpu_ns() - thread < spent / 2


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells the waits of one thread")
def test_waits_are_counted():
    taken = threading.Lock()
    with taken:
        timing, _ = _native.time_callable(taken.acquire, [(True, 0.001)], 10)
    assert timing.waits >= 10


def test_timing_pickles():
    timing = _native.Timing(1, 2, 3, -1)
    assert pickle.loads(pickle.dumps(timing)) == timing  # noqa: S301
    assert timing._fields == ("wall_ns", "cpu_ns", "process_cpu_ns", "waits")


def test_calls_are_made_only_by_binders():
    with pytest.raises(TypeError, match="made by the methods of Kernels"):
        _native.Call()


def test_fma_peak_counts_its_work(kernels):
    call = kernels.fma_peak(1000)
    assert call.flops % 1000 == 0
    assert call.flops > 0
    assert call.bytes == 0
    call()
