"""Parameters of a student's layer: found by shape, filled, read back."""

from __future__ import annotations

import numpy as np
import pytest

from tito_bench.subjects.missing import StudentCodeError
from tito_bench.subjects.parameters import (
    declared_parameters,
    find_parameters,
    put_parameters,
    read_parameters,
)

WEIGHT = np.arange(6, dtype=np.float32).reshape(2, 3)
BIAS = np.array([1, 2, 3], dtype=np.float32)


class Holder:
    """A Tensor, Parameter or layer: anything with attributes."""

    def __init__(self, **attributes):
        self.__dict__.update(attributes)


def layer_with(array):
    return Holder(weight=Holder(data=array))


def frozen(array):
    array.flags.writeable = False
    return array


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_values_go_into_the_students_own_array(dtype, order):
    array = np.zeros((2, 3), dtype=dtype, order=order)
    layer = layer_with(array)
    put_parameters(layer, {"weight": WEIGHT})
    assert layer.weight.data is array
    assert np.array_equal(array, WEIGHT)


def test_a_plain_array_is_a_parameter_too():
    layer = Holder(weight=np.zeros((2, 3), dtype=np.float32))
    put_parameters(layer, {"weight": WEIGHT})
    assert np.array_equal(layer.weight, WEIGHT)
    layer = Holder(weight=frozen(np.zeros((2, 3), dtype=np.float32)))
    put_parameters(layer, {"weight": WEIGHT})
    assert np.array_equal(layer.weight, WEIGHT)


def test_weights_stored_as_out_in_are_told_by_their_shape():
    layer = layer_with(np.zeros((3, 2), dtype=np.float32))
    put_parameters(layer, {"weight": WEIGHT})
    assert np.array_equal(layer.weight.data, WEIGHT.T)


def test_square_weights_are_taken_as_in_out():
    square = np.array([[1, 2], [3, 4]], dtype=np.float32)
    layer = layer_with(np.zeros((2, 2), dtype=np.float32))
    put_parameters(layer, {"weight": square})
    assert np.array_equal(layer.weight.data, square)


def test_bias_with_an_axis_more():
    layer = layer_with(np.zeros((1, 3), dtype=np.float32))
    put_parameters(layer, {"weight": BIAS})
    assert np.array_equal(layer.weight.data, BIAS[None, :])


@pytest.mark.parametrize(
    "array", [frozen(np.zeros((2, 3), dtype=np.float32)), np.zeros((2, 3), dtype=np.int64)]
)
def test_what_cannot_be_written_is_replaced(array):
    layer = layer_with(array)
    put_parameters(layer, {"weight": WEIGHT})
    assert layer.weight.data is not array
    assert layer.weight.data.dtype == np.float32
    assert np.array_equal(layer.weight.data, WEIGHT)


def test_data_that_hands_out_copies_is_set_whole():
    class Copying:
        def __init__(self):
            self.kept = np.zeros((2, 3), dtype=np.float32)

        @property
        def data(self):
            return self.kept.copy()

        @data.setter
        def data(self, value):
            self.kept = value

    layer = Holder(weight=Copying())
    put_parameters(layer, {"weight": WEIGHT})
    assert np.array_equal(layer.weight.kept, WEIGHT)


def test_data_that_keeps_nothing_is_an_error():
    class Forgetful:
        @property
        def data(self):
            return np.zeros((2, 3), dtype=np.float32)

        @data.setter
        def data(self, value):
            pass

    with pytest.raises(StudentCodeError, match=r"^Holder\.weight does not keep the values"):
        put_parameters(Holder(weight=Forgetful()), {"weight": WEIGHT})


def test_no_bias_will_do_only_for_zeros():
    put_parameters(Holder(bias=None), {"bias": np.zeros(3, dtype=np.float32)})
    with pytest.raises(StudentCodeError, match=r"^Holder\.bias is None, an array \(3,\) is needed"):
        put_parameters(Holder(bias=None), {"bias": BIAS})


def test_wrong_shape_names_both():
    with pytest.raises(StudentCodeError, match=r"Holder\.weight has shape \(4,\), \(2, 3\) is nee"):
        put_parameters(layer_with(np.zeros(4)), {"weight": WEIGHT})


class Tensor:
    def __init__(self, values):
        self.data = np.array(values, dtype=np.float32)


class Dense:
    """A linear layer that keeps its parameters as the test wants it."""

    def __init__(self, size_in, size_out, *, name="weight", turned=False, order=1, bare=False):
        shape = (size_out, size_in) if turned else (size_in, size_out)
        self.turned, self.order, self.name = turned, order, name
        setattr(self, name, Tensor(np.ones(shape)))
        self.shift_by = np.zeros(size_out, np.float32) if bare else Tensor(np.zeros(size_out))

    def parameters(self):
        return [getattr(self, self.name), self.shift_by][:: self.order]

    def __call__(self, x):
        weight = getattr(self, self.name).data
        bias = self.shift_by if isinstance(self.shift_by, np.ndarray) else self.shift_by.data
        return Tensor(x.data @ (weight.T if self.turned else weight) + bias)


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("name", ["weight", "weights", "kernel", "theta", "_p"])
@pytest.mark.parametrize("shape", [(2, 3), (3, 3), (1, 3), (3, 1)])
def test_a_layer_computes_with_what_was_put_in_however_it_keeps_it(shape, name, turned, order):
    random = np.random.default_rng(1)
    weight, bias = random.random(shape, np.float32), random.random(shape[1], np.float32)
    layer = Dense(*shape, name=name, turned=turned, order=order)
    put_parameters(layer, {"weight": weight, "bias": bias}, Tensor)
    x = random.random((4, shape[0]), np.float32)
    np.testing.assert_allclose(layer(Tensor(x)).data, x @ weight + bias, rtol=1e-5)


@pytest.mark.parametrize("turned", [False, True])
def test_what_was_put_in_is_read_back(turned):
    layer = Dense(2, 3, name="theta", turned=turned, order=-1)
    put_parameters(layer, {"weight": WEIGHT, "bias": BIAS})
    values = read_parameters(layer, {"weight": WEIGHT.shape, "bias": BIAS.shape})
    assert np.array_equal(values["weight"], WEIGHT)
    assert np.array_equal(values["bias"], BIAS)
    values["weight"][...] = 9
    assert not (layer.theta.data == 9).any()


def test_parameters_in_a_dictionary_of_the_layer_are_found_by_parameters():
    class Keeping:
        def __init__(self):
            self.kept = {"w": Tensor(np.zeros((2, 3))), "b": Tensor(np.zeros((1, 3)))}

        def parameters(self):
            return self.kept

    layer = Keeping()
    put_parameters(layer, {"weight": WEIGHT, "bias": BIAS})
    assert np.array_equal(layer.kept["w"].data, WEIGHT)
    assert np.array_equal(layer.kept["b"].data, [BIAS])


def test_gain_and_shift_are_told_apart_by_name_else_by_what_they_start_at():
    gain, shift = np.array([1, 2], np.float32), np.array([3, 4], np.float32)
    for names in (("gamma", "beta"), ("weight", "bias"), ("p", "q"), ("q", "p")):
        ones, zeros = Tensor(np.ones(2)), Tensor(np.zeros(2))
        layer = Holder(**dict(sorted(zip(names, (ones, zeros), strict=True))))
        put_parameters(layer, {"gain": gain, "shift": shift})
        assert np.array_equal(ones.data, gain)
        assert np.array_equal(zeros.data, shift)


def test_no_parameter_is_found_twice():
    one = Tensor(np.zeros(2))
    found = find_parameters(Holder(p=one), {"gain": (2,), "shift": (2,)})
    assert [role for role, parameter in found.items() if parameter is not None] == ["shift"] or [
        role for role, parameter in found.items() if parameter is not None
    ] == ["gain"]


def test_a_bare_array_is_said_where_the_layer_cannot_compute_with_it():
    class Strict(Dense):
        def __call__(self, x):
            return Tensor(x.data @ self.weight.data + self.shift_by.grad)

    values = {"weight": WEIGHT, "bias": BIAS}
    put_parameters(Dense(2, 3, bare=True), values, Tensor)
    with pytest.raises(
        StudentCodeError, match=r"^Strict\.shift_by is a numpy\.ndarray, a Tensor is needed$"
    ):
        put_parameters(Strict(2, 3, bare=True), values, Tensor)


def test_what_is_missing_names_what_is_there():
    with pytest.raises(
        StudentCodeError,
        match=r"^Holder has no weight of shape \(2, 3\): it has thing \(5,\)$",
    ):
        put_parameters(Holder(thing=Tensor(np.zeros(5))), {"weight": WEIGHT})


def test_a_property_that_raises_is_nobodys_parameter():
    class Odd(Dense):
        @property
        def shape(self):
            raise RuntimeError("not now")

    put_parameters(Odd(2, 3), {"weight": WEIGHT, "bias": BIAS})


@pytest.mark.parametrize(
    ("given", "found"),
    [
        ([1, 2], [1, 2]),
        ({"a": 1}, [1]),
        ((("a", 1), ("b", 2)), [1, 2]),
        (None, []),
        (iter([3]), [3]),
    ],
)
def test_whatever_parameters_gives_is_a_flat_list(given, found):
    assert declared_parameters(Holder(parameters=lambda: given)) == found
    assert declared_parameters(Holder()) == []


def test_filters_may_be_kept_as_rows():
    filters = np.arange(24, dtype=np.float32).reshape(2, 3, 2, 2)
    layer = Holder(weight=Tensor(np.zeros((2, 12))), bias=Tensor(np.zeros((2, 1))))
    put_parameters(layer, {"weight": filters, "bias": np.array([1, 2], np.float32)})
    assert np.array_equal(layer.weight.data, filters.reshape(2, 12))
    assert np.array_equal(layer.bias.data, [[1], [2]])


@pytest.mark.parametrize("axes", [(2, 3, 1, 0), (0, 2, 3, 1), (1, 0, 2, 3), (2, 3, 0, 1)])
def test_filters_lie_in_the_order_that_their_shape_says(axes):
    filters = np.arange(2 * 5 * 3 * 3, dtype=np.float32).reshape(2, 5, 3, 3)
    kept = filters.transpose(axes)
    layer = Holder(weight=Tensor(np.zeros(kept.shape)), bias=None)
    put_parameters(layer, {"weight": filters})
    assert np.array_equal(layer.weight.data, kept)
    assert np.array_equal(read_parameters(layer, {"weight": filters.shape})["weight"], filters)


def test_filters_that_could_lie_in_several_orders_are_said():
    layer = Holder(weight=Tensor(np.zeros((3, 3, 4, 4))))
    words = r"^Holder\.weight has shape \(3, 3, 4, 4\), .* needed: its axes could lie in more than"
    with pytest.raises(StudentCodeError, match=words):
        put_parameters(layer, {"weight": np.ones((4, 4, 3, 3), np.float32)})
