"""What a timed loop remembers of its results: any element of any call, as it was then."""

import collections

import numpy as np
import pytest

from tito_bench import _native

SHAPE = (4, 3)


def sample(function, loops, shape=SHAPE, perturbation=None):
    sampler = _native.ResultSampler(np.ndarray, shape)
    assert sampler.seed is None
    _native.time_callable(function, [()], loops, perturbation, sampler)
    return sampler


def test_it_remembers_one_call_and_what_the_inputs_were(rng):
    x = rng.random(SHAPE, np.float32)
    results = []

    def function():
        results.append(np.asfortranarray(x * 2))
        return results[-1]

    calls = set()
    for _ in range(60):
        results.clear()
        start = x.copy()
        sampler = sample(function, 4, perturbation=_native.Perturbation([x], 0))
        calls.add(sampler.call)
        assert len(sampler.places) == 32
        values = results[sampler.call].reshape(-1)[list(sampler.places)]
        assert sampler.values == tuple(values.tolist())
        _native.Perturbation([start], sampler.seed).advance(4)
        assert np.array_equal(start, x)
    assert calls == {0, 1, 2, 3}


def not_aligned(array):
    return np.frombuffer(b"x" + array.tobytes(), np.uint8)[1:].view(array.dtype)


LAYOUTS = {
    "float32": lambda a: a.astype(np.float32),
    "float64": lambda a: a,
    "long double": lambda a: a.astype(np.longdouble),
    "columns first": np.asfortranarray,
    "backwards": lambda a: a.copy()[::-1, ::-1][::-1, ::-1],
    "negative strides": lambda a: a[::-1, ::-1].copy()[::-1, ::-1],
    "every second": lambda a: np.repeat(a, 2, axis=1)[:, ::2],
    "float32, not aligned": lambda a: not_aligned(a.astype(np.float32)),
    "float64, not aligned": lambda a: not_aligned(a),
    "long double, not aligned": lambda a: not_aligned(a.astype(np.longdouble)),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_element_of_any_layout_can_be_remembered(layout):
    result = LAYOUTS[layout](np.arange(12, dtype=np.float64).reshape(SHAPE)).reshape(SHAPE)
    seen = collections.Counter()
    for _ in range(50):
        sampler = sample(lambda: result, 1)
        assert sampler.values == tuple(map(float, sampler.places))
        seen.update(sampler.places)
    # 1600 draws of 12: 133 each, with a standard deviation of 11
    assert set(seen) == set(range(12))
    assert max(seen.values()) < 133 + 8 * 11


def test_every_call_is_remembered_with_the_same_probability():
    counter = iter(range(10**9))
    turns, loops = 4000, 8
    seen = collections.Counter(
        sample(lambda: np.full(1, next(counter), np.float64), loops, (1,)).call
        for _ in range(turns)
    )
    # 500 each, with a standard deviation of 21
    assert set(seen) == set(range(loops))
    assert max(abs(count - turns / loops) for count in seen.values()) < 8 * 21


def test_the_element_is_read_before_the_next_call():
    """Nothing can be put right afterwards."""
    result = np.zeros(1)

    def function():
        result[0] += 1
        return result

    for _ in range(30):
        sampler = sample(function, 5, (1,))
        assert sampler.values == (result[0] - 4 + sampler.call,) * 32
    assert result[0] == 150


def test_each_loop_has_a_seed_of_its_own():
    seeds = {sample(lambda: np.zeros(SHAPE), 1).seed for _ in range(50)}
    assert len(seeds) == 50


def test_one_sampler_forgets_the_loop_before(rng):
    sampler = _native.ResultSampler(np.ndarray, SHAPE)
    _native.time_callable(lambda: np.ones(SHAPE), [()], 3, None, sampler)
    assert sampler.values == (1.0,) * 32
    _native.time_callable(lambda: None, [()], 3, None, sampler)
    assert sampler.values == sampler.places == ()
    with pytest.raises(ZeroDivisionError):
        _native.time_callable(lambda: 1 // 0, [()], 3, None, sampler)
    assert (sampler.seed, sampler.call, sampler.places, sampler.values) == (None,) * 4


class Imitation(np.ndarray):
    pass


@pytest.mark.parametrize(
    "result",
    [
        None, 3.0, [[0.0] * 3] * 4, np.zeros((3, 4)), np.zeros(12), np.zeros((4, 3, 1)),
        np.zeros(SHAPE, np.float16), np.zeros(SHAPE, int), np.zeros(SHAPE, complex),
        np.zeros(SHAPE, object), np.zeros(SHAPE, "M8[s]"), np.zeros(SHAPE).view(Imitation),
        np.zeros(SHAPE, ">f8" if np.little_endian else "<f8"),
    ],
    ids=lambda result: f"{type(result).__name__} {getattr(result, 'dtype', '')}",
)  # fmt: skip
def test_it_reads_nothing_else_than_arrays_of_floats(result):
    assert sample(lambda: result, 2).values == ()


def test_empty_results_have_no_elements():
    assert sample(lambda: np.zeros((4, 0)), 2, (4, 0)).values == ()


def test_it_refuses_more_dimensions_than_it_has_room_for():
    assert sample(lambda: np.ones((1, 1, 1, 1)), 1, (1, 1, 1, 1)).values == (1.0,) * 32
    with pytest.raises(ValueError, match="at most 4 dimensions"):
        _native.ResultSampler(np.ndarray, (1,) * 5)
