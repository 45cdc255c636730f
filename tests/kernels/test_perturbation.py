"""What a perturbation changes, how far, and that what it takes is not part of a timing."""

import numpy as np
import pytest

from tito_bench import _native

DTYPES = (np.float32, np.float64)
ARRAYS = 3
SIZES = (40, 7, 100)


def unlike(before, after):
    """How many elements of each array are others than before."""
    return [np.count_nonzero(a != b) for a, b in zip(before, after, strict=True)]


@pytest.fixture(params=DTYPES, ids=["float32", "float64"])
def arrays(request):
    """Three arrays of other values than any that a perturbation writes."""
    return [np.full(size, 3, request.param) for size in SIZES]


@pytest.fixture
def seed(rng):
    return int(rng.integers(2**63))


def test_each_step_changes_one_element_of_the_next_array(arrays, seed):
    perturbation = _native.Perturbation(arrays, seed)
    for step in range(12):
        before = [array.copy() for array in arrays]
        perturbation.advance(1)
        assert unlike(before, arrays) == [int(i == step % ARRAYS) for i in range(ARRAYS)]


def test_every_element_is_changed_sometime(arrays, seed):
    _native.Perturbation(arrays, seed).advance(ARRAYS * 3000)
    assert all((array != 3).all() for array in arrays)


def test_new_values_are_far_from_zero_and_of_both_signs(arrays, seed):
    _native.Perturbation(arrays, seed).advance(ARRAYS * 3000)
    values = np.concatenate(arrays)
    sizes = np.abs(values)
    assert ((sizes >= 0.5) & (sizes < 1)).all()
    assert 20 < np.count_nonzero(values > 0) < len(values) - 20
    assert sizes.min() < 0.6 < 0.9 < sizes.max()
    assert len(np.unique(values)) > 140


def test_the_same_seed_makes_the_same_changes_and_another_does_not(seed):
    def changed(seed, *steps):
        array = np.zeros(1000, np.float32)
        perturbation = _native.Perturbation([array], seed)
        for step in steps:
            perturbation.advance(step)
        return array

    assert np.array_equal(changed(seed, 100), changed(seed, 60, 40))
    assert not np.array_equal(changed(seed, 100), changed(seed + 1, 100))


def test_it_spreads_over_its_array(seed):
    array = np.zeros((10, 7), np.float32)
    _native.Perturbation([array], seed, spread=10).advance(1)
    assert (np.count_nonzero(array, axis=1) == 1).all()


def test_what_no_stretch_divides_belongs_to_the_last(seed):
    array = np.zeros(23, np.float32)
    perturbation = _native.Perturbation([array], seed, spread=5)
    ever = np.zeros(23, bool)
    for _ in range(400):
        array[:] = 0
        perturbation.advance(1)
        assert np.count_nonzero(array) == 5
        assert (np.count_nonzero(array[:16].reshape(4, 4), axis=1) == 1).all()
        ever |= array != 0
    assert ever.all()


def test_more_spread_than_elements_changes_all(seed):
    array = np.zeros(6, np.float32)
    _native.Perturbation([array], seed, spread=1000).advance(1)
    assert (array != 0).all()


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_pool_renews_all_of_every_array(dtype, seed):
    pool = np.arange(1000, dtype=np.float32)
    arrays = [np.full(100, -1, dtype), np.full(50, -1, dtype)]
    _native.Perturbation(arrays, seed, pool=pool).advance(5)
    for array in arrays:
        assert (np.diff(array) == 1).all()
        assert array[0] % 16 == 0
    again = [np.zeros(100, dtype), np.zeros(50, dtype)]
    stepwise = _native.Perturbation(again, seed, pool=pool)
    for _ in range(5):
        stepwise.advance(1)
    assert np.array_equal(arrays[0], again[0])
    assert np.array_equal(arrays[1], again[1])


def test_windows_of_a_pool_are_all_in_use(seed):
    pool = np.arange(200, dtype=np.float32)
    arrays = [np.zeros(100, np.float32), np.zeros(100, np.float32)]
    perturbation = _native.Perturbation(arrays, seed, pool=pool)
    pairs = set()
    for _ in range(2000):
        perturbation.advance(1)
        pairs.add((int(arrays[0][0]), int(arrays[1][0])))
    starts = [16 * i for i in range(7)]  # of 0, 16 .. 96
    assert pairs == {(a, b) for a in starts for b in starts}


@pytest.mark.parametrize("loop", ["calls of C", "calls of Python"])
def test_the_clock_stands_while_a_pool_renews(loop):
    """A renewal takes milliseconds, the call next to nothing: far apart on any machine."""
    arrays = [np.zeros(500_000, np.float32) for _ in range(8)]
    pool = np.ones(600_000, np.float32)
    perturbation = _native.Perturbation(arrays, 1, pool=pool)
    if loop == "calls of C":
        timed, whole = _native.time_calls, ([_native.Kernels().fma_peak(0)], 20, perturbation)
    else:
        timed, whole = _native.time_callable, (int, [()], 20, perturbation)
    timed(*whole)
    outside = _native.Timing(
        _native.wall_clock_ns(), _native.thread_cpu_ns(), _native.process_cpu_ns(), 0
    )
    inside = timed(*whole)
    inside = inside if loop == "calls of C" else inside[0]
    assert inside.cpu_ns < (_native.thread_cpu_ns() - outside.cpu_ns) / 10
    assert inside.process_cpu_ns < (_native.process_cpu_ns() - outside.process_cpu_ns) / 2
    assert inside.wall_ns < (_native.wall_clock_ns() - outside.wall_ns) / 2
    assert all((array == 1).all() for array in arrays)


@pytest.mark.parametrize("loop", ["calls of C", "calls of Python"])
def test_a_timed_loop_makes_one_step_a_call(loop, arrays, seed):
    twins = [array.copy() for array in arrays]
    perturbation = _native.Perturbation(arrays, seed)
    if loop == "calls of C":
        _native.time_calls([_native.Kernels().fma_peak(0)], 17, perturbation)
    else:
        _native.time_callable(int, [()], 17, perturbation)
    _native.Perturbation(twins, seed).advance(17)
    assert unlike(arrays, twins) == [0, 0, 0]


def test_a_step_comes_before_its_call(seed):
    """What the call sees is new: else the first call of a loop could be foreseen."""
    array, seen = np.zeros(1, np.float32), []
    perturbation = _native.Perturbation([array], seed)
    _native.time_callable(lambda: seen.append(float(array[0])), [()], 3, perturbation)
    assert 0 not in seen
    assert len(set(seen)) == 3


def test_it_refuses():
    with pytest.raises(ValueError, match="pool: needs 100 elements, got 99"):
        _native.Perturbation([np.zeros(100)], 1, pool=np.zeros(99, dtype=np.float32))
    with pytest.raises(ValueError, match="spread"):
        _native.Perturbation([np.zeros(100)], 1, spread=0)
    with pytest.raises(ValueError, match="needs 1 to 8 arrays, got 0"):
        _native.Perturbation([], 1)
    with pytest.raises(ValueError, match="needs 1 to 8 arrays, got 9"):
        _native.Perturbation([np.zeros(1)] * 9, 1)
    read_only = np.zeros(3)
    read_only.flags.writeable = False
    with pytest.raises(ValueError, match=r"arrays\[1\]: is read-only"):
        _native.Perturbation([np.zeros(1), read_only], 1)
