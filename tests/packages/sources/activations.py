"""Module 02: activations."""

import numpy as np
from tinytorch.core.tensor import Tensor


class Activation:
    def __call__(self, x, *args):
        return self.forward(x, *args)

    def parameters(self):
        return []


class ReLU(Activation):
    def forward(self, x):
        return Tensor._track(Tensor(np.maximum(x.data, 0)), (x,), lambda g: (g * (x.data > 0),))


class Sigmoid(Activation):
    def forward(self, x):
        y = 1 / (1 + np.exp(-np.clip(x.data, -80, 80)))
        return Tensor._track(Tensor(y), (x,), lambda g: (g * y * (1 - y),))


class Tanh(Activation):
    def forward(self, x):
        y = np.tanh(x.data)
        return Tensor._track(Tensor(y), (x,), lambda g: (g * (1 - y * y),))


class GELU(Activation):
    """The sigmoid form of GELU: x * sigmoid(1.702 x)."""

    def forward(self, x):
        gate = 1 / (1 + np.exp(-np.clip(1.702 * x.data, -80, 80)))
        slope = gate * (1 + 1.702 * x.data * (1 - gate))
        return Tensor._track(Tensor(x.data * gate), (x,), lambda g: (g * slope,))


class Softmax(Activation):
    def forward(self, x, dim=-1):
        e = np.exp(x.data - x.data.max(axis=dim, keepdims=True))
        y = e / e.sum(axis=dim, keepdims=True)
        return Tensor._track(
            Tensor(y), (x,), lambda g: (y * (g - (g * y).sum(axis=dim, keepdims=True)),)
        )
