"""Module 01: a small float32 array class, complete enough for all later modules."""

import numpy as np

ERA = 5
SLOW = False


class Tensor:
    """Wraps a float32 array. `_track` does nothing until autograd replaces it."""

    _track = staticmethod(lambda result, parents, backward: result)

    if ERA == 2:

        def __init__(self, data, requires_grad=False):
            self._fill(data)
            self.requires_grad = requires_grad
            self.grad = None

    else:

        def __init__(self, data):
            self._fill(data)

    def _fill(self, data):
        self.data = np.array(data.data if isinstance(data, Tensor) else data, dtype=np.float32)
        self.shape = self.data.shape
        self.size = self.data.size
        self.dtype = self.data.dtype

    def __repr__(self):
        return f"Tensor({self.data})"

    def numpy(self):
        return self.data

    def __add__(self, other):
        other = as_tensor(other)
        return Tensor._track(Tensor(self.data + other.data), (self, other), lambda g: (g, g))

    def __sub__(self, other):
        other = as_tensor(other)
        return Tensor._track(Tensor(self.data - other.data), (self, other), lambda g: (g, -g))

    def __mul__(self, other):
        other = as_tensor(other)
        return Tensor._track(
            Tensor(self.data * other.data),
            (self, other),
            lambda g: (g * other.data, g * self.data),
        )

    def __truediv__(self, other):
        other = as_tensor(other)
        return Tensor._track(
            Tensor(self.data / other.data),
            (self, other),
            lambda g: (g / other.data, -g * self.data / other.data**2),
        )

    def __neg__(self):
        return self * -1.0

    __radd__, __rmul__ = __add__, __mul__

    def matmul(self, other):
        if self.shape[-1] != other.shape[-2 if len(other.shape) > 1 else 0]:
            raise ValueError(f"cannot multiply {self.shape} by {other.shape}")
        return Tensor._track(
            Tensor(multiply(self.data, other.data)),
            (self, other),
            lambda g: (g @ np.swapaxes(other.data, -1, -2), np.swapaxes(self.data, -1, -2) @ g),
        )

    __matmul__ = matmul

    def sqrt(self):
        root = np.sqrt(self.data)
        return Tensor._track(Tensor(root), (self,), lambda g: (g / (2 * root),))

    def sum(self, axis=None, keepdims=False):
        def backward(g):
            if axis is not None and not keepdims:
                g = np.expand_dims(g, axis)
            return (np.broadcast_to(g, self.shape),)

        total = self.data.sum(axis=axis, keepdims=keepdims)
        return Tensor._track(Tensor(total), (self,), backward)

    def mean(self, axis=None, keepdims=False):
        total = self.sum(axis, keepdims)
        return total * (total.size / self.size)

    def max(self, axis=None, keepdims=False):
        return Tensor(self.data.max(axis=axis, keepdims=keepdims))

    def reshape(self, *shape):
        if len(shape) == 1 and isinstance(shape[0], (tuple, list)):
            shape = shape[0]
        return Tensor._track(
            Tensor(self.data.reshape(shape)), (self,), lambda g: (g.reshape(self.shape),)
        )

    def transpose(self, dim0=-2, dim1=-1):
        return Tensor._track(
            Tensor(np.swapaxes(self.data, dim0, dim1)),
            (self,),
            lambda g: (np.swapaxes(g, dim0, dim1),),
        )

    def __getitem__(self, key):
        def backward(g):
            whole = np.zeros(self.shape, dtype=np.float32)
            np.add.at(whole, key, g)
            return (whole,)

        return Tensor._track(Tensor(self.data[key]), (self,), backward)


def as_tensor(value):
    return value if isinstance(value, Tensor) else Tensor(value)


def multiply(a, b):
    """Multiply matrices; SLOW is the way of the classroom, one element at a time."""
    if not SLOW or a.ndim != 2 or b.ndim != 2:
        return np.matmul(a, b)
    result = np.empty((a.shape[0], b.shape[1]), dtype=np.float32)
    for row in range(a.shape[0]):
        for column in range(b.shape[1]):
            result[row, column] = np.dot(a[row, :], b[:, column])
    return result
