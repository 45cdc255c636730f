"""Module 14: counting and timing."""

import time

import numpy as np
from tinytorch.core.tensor import Tensor

MIB = 1024 * 1024


class Profiler:
    def count_parameters(self, model):
        return sum(p.data.size for p in model.parameters())

    def count_flops(self, model, input_shape):
        """Two for each weight and sample: right for stacks of Linear layers."""
        return sum(2 * p.data.size * input_shape[0] for p in model.parameters() if p.data.ndim > 1)

    def measure_memory(self, model, input_shape):
        weights = sum(p.data.nbytes for p in model.parameters()) / MIB
        x = Tensor(np.zeros(input_shape))
        activations = (x.data.nbytes + model.forward(x).data.nbytes) / MIB
        return {
            "parameter_memory_mb": weights,
            "activation_memory_mb": activations,
            "peak_memory_mb": weights + activations,
            "memory_efficiency": weights / (weights + activations),
        }

    def measure_latency(self, model, input_tensor, warmup=10, iterations=100):
        for _ in range(warmup):
            model.forward(input_tensor)
        return float(np.median([self.time_ms(model, input_tensor) for _ in range(iterations)]))

    @staticmethod
    def time_ms(model, input_tensor):
        start = time.perf_counter()
        model.forward(input_tensor)
        return (time.perf_counter() - start) * 1000


def quick_profile(model, input_tensor):
    profiler = Profiler()
    return {
        "parameters": profiler.count_parameters(model),
        "latency_ms": profiler.measure_latency(model, input_tensor, 2, 5),
    }
