"""Module 07 (06 in December 2025): optimizers."""

import numpy as np
import tinytorch.core.autograd  # noqa: F401 - switches gradients on

ERA = 5


class Optimizer:
    def __init__(self, params, lr, weight_decay=0.0):
        self.params = list(params)
        self.lr = lr
        self.weight_decay = weight_decay
        self.step_count = 0
        for param in self.params:
            if ERA == 2 and not getattr(param, "requires_grad", False):
                raise ValueError("a parameter does not require a gradient")
            param.requires_grad = True
            param.grad = None

    def zero_grad(self):
        for param in self.params:
            param.grad = None

    def step(self):
        self.step_count += 1
        for index, param in enumerate(self.params):
            if param.grad is not None:
                gradient = param.grad + self.weight_decay * param.data
                param.data = (param.data - self.lr * self.change(index, gradient)).astype("f4")


class SGD(Optimizer):
    def __init__(self, params, lr=0.01, momentum=0.0, weight_decay=0.0):
        super().__init__(params, lr, weight_decay)
        self.momentum = momentum
        self.velocity = [0.0] * len(self.params)

    def change(self, index, gradient):
        self.velocity[index] = self.momentum * self.velocity[index] + gradient
        return self.velocity[index]


class Adam(Optimizer):
    def __init__(self, params, lr=0.001, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.0):
        super().__init__(params, lr, weight_decay)
        self.betas = betas
        self.eps = eps
        self.first = [0.0] * len(self.params)
        self.second = [0.0] * len(self.params)

    def change(self, index, gradient):
        b1, b2 = self.betas
        self.first[index] = b1 * self.first[index] + (1 - b1) * gradient
        self.second[index] = b2 * self.second[index] + (1 - b2) * gradient**2
        first = self.first[index] / (1 - b1**self.step_count)
        second = self.second[index] / (1 - b2**self.step_count)
        return first / (np.sqrt(second) + self.eps)


class AdamW(Adam):
    def step(self):
        for param in self.params:
            param.data = param.data * (1 - self.lr * self.weight_decay)
        decay, self.weight_decay = self.weight_decay, 0.0
        super().step()
        self.weight_decay = decay
