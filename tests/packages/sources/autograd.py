"""Module 06 (05 in December 2025): gradients, patched into Tensor on import."""

import numpy as np
from tinytorch.core.tensor import Tensor

ERA = 5


class Function:
    """One recorded step: the Tensors that went in, and the rule backwards."""

    def __init__(self, parents, rule):
        self.parents = parents
        self.rule = rule


def enable_autograd(quiet=True):
    if getattr(Tensor, "_autograd_enabled", False):
        return
    plain_init = Tensor.__init__

    def init(self, data, requires_grad=False):
        plain_init(self, data)
        self.requires_grad = requires_grad
        self.grad = None

    if ERA != 2:  # there it takes the flag already
        Tensor.__init__ = init
    Tensor._track = staticmethod(track)
    Tensor.backward = backward
    Tensor.zero_grad = zero_grad
    Tensor._autograd_enabled = True


def track(result, parents, rule):
    if any(getattr(parent, "requires_grad", False) for parent in parents):
        result.requires_grad = True
        result._function = Function(parents, rule)
    return result


def zero_grad(self):
    self.grad = None


def backward(self, gradient=None):
    flowing = {id(self): np.ones(self.shape) if gradient is None else np.asarray(gradient)}
    for tensor in reversed(in_order(self)):
        g = flowing.pop(id(tensor))
        tensor.grad = g if tensor.grad is None else tensor.grad + g
        function = getattr(tensor, "_function", None)
        if function is None:
            continue
        for parent, share in zip(function.parents, function.rule(g), strict=True):
            if getattr(parent, "requires_grad", False):
                share = summed_to(share, parent.shape)
                flowing[id(parent)] = flowing.get(id(parent), 0) + share


def in_order(last):
    """Every Tensor that `last` came from, each after those it came from itself."""
    order, seen, stack = [], set(), [(last, False)]
    while stack:
        tensor, done = stack.pop()
        if done:
            order.append(tensor)
        elif id(tensor) not in seen:
            seen.add(id(tensor))
            stack.append((tensor, True))
            function = getattr(tensor, "_function", None)
            parents = function.parents if function else ()
            stack += [(p, False) for p in parents if getattr(p, "requires_grad", False)]
    return order


def summed_to(gradient, shape):
    """Undo broadcasting: sum over the axes that a shape was stretched along."""
    while gradient.ndim > len(shape):
        gradient = gradient.sum(axis=0)
    for axis, length in enumerate(shape):
        if length == 1 and gradient.shape[axis] != 1:
            gradient = gradient.sum(axis=axis, keepdims=True)
    return gradient


enable_autograd()
