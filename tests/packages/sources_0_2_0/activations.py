"""Module 02 in the design of 0.2.0."""

import numpy as np

from .tensor import Function


class _ReLU(Function):
    def forward(self, x):
        return np.maximum(x, 0)


class ReLU:
    def forward(self, x):
        return _ReLU.apply(x)

    def __call__(self, x):
        return self.forward(x)

    def parameters(self):
        return []
