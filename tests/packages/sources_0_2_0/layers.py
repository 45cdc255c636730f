"""Module 03 in the design of 0.2.0: layers know whether they are trained."""

import numpy as np

from .tensor import Tensor


class Layer:
    training = True

    def __call__(self, x, *args, **kwargs):
        return self.forward(x, *args, **kwargs)

    def train(self, mode=True):
        self.training = mode
        return self

    def eval(self):
        return self.train(False)

    def parameters(self):
        return []


class Linear(Layer):
    def __init__(self, in_features, out_features, bias=True):
        spread = 1 / np.sqrt(in_features)
        weight = np.random.uniform(-spread, spread, (in_features, out_features))
        self.weight = Tensor(weight, requires_grad=True)
        self.bias = Tensor(np.zeros(out_features), requires_grad=True) if bias else None

    def forward(self, x):
        product = x.matmul(self.weight)
        return product + self.bias if self.bias is not None else product

    def parameters(self):
        return [one for one in (self.weight, self.bias) if one is not None]


class Dropout(Layer):
    def __init__(self, p=0.5):
        self.p = p

    def forward(self, x, training=None):
        if not (self.training if training is None else training):
            return x
        kept = np.random.random(x.shape) >= self.p
        return x * Tensor(kept / (1 - self.p))


class Sequential(Layer):
    def __init__(self, *layers):
        self.layers = list(layers)

    def train(self, mode=True):
        for layer in self.layers:
            if hasattr(layer, "train"):
                layer.train(mode)
        return super().train(mode)

    def forward(self, x):
        for layer in self.layers:
            x = layer(x)
        return x

    def parameters(self):
        return [one for layer in self.layers for one in layer.parameters()]
