"""Module 03: layers."""

import numpy as np
from tinytorch.core.tensor import Tensor

ERA = 5


class Layer:
    def __call__(self, x, *args, **kwargs):
        return self.forward(x, *args, **kwargs)

    def parameters(self):
        return []


class Linear(Layer):
    def __init__(self, in_features, out_features, bias=True):
        self.in_features = in_features
        self.out_features = out_features
        scale = np.sqrt(1.0 / in_features)
        self.weight = Tensor(np.random.standard_normal((in_features, out_features)) * scale)
        self.bias = Tensor(np.zeros(out_features)) if bias else None

    def forward(self, x):
        if not isinstance(x, Tensor):
            raise TypeError(f"Linear expects a Tensor, got {type(x).__name__}")
        y = x.matmul(self.weight)
        return y if self.bias is None else y + self.bias

    def parameters(self):
        return [self.weight] if self.bias is None else [self.weight, self.bias]


class Dropout(Layer):
    def __init__(self, p=0.5):
        self.p = p

    def forward(self, x, training=True):
        if not training or self.p == 0:
            return x
        keep = (np.random.random(x.shape) >= self.p) / (1 - self.p)
        return x * Tensor(keep)


if ERA != 2:

    class Sequential:
        def __init__(self, *layers):
            self.layers = list(layers)

        def __call__(self, x):
            for layer in self.layers:
                x = layer(x)
            return x

        if ERA >= 4:
            forward = __call__

        def parameters(self):
            return [p for layer in self.layers for p in layer.parameters()]
