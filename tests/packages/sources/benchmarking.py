"""Module 19: benchmarks of several models. The accuracy is invented before era 5."""

import time

import numpy as np
from tinytorch.core.tensor import Tensor

ERA = 5


class BenchmarkResult:
    def __init__(self, metric_name, values, metadata=None):
        self.metric_name, self.values = metric_name, list(values)
        self.metadata = metadata or {}
        self.mean, self.std = float(np.mean(values)), float(np.std(values))
        self.median = float(np.median(values))
        self.min_val, self.max_val, self.count = min(values), max(values), len(values)
        half = 1.96 * self.std / np.sqrt(self.count)
        self.ci_lower, self.ci_upper = self.mean - half, self.mean + half

    def to_dict(self):
        return dict(vars(self))


class Benchmark:
    def __init__(self, models, datasets, warmup_runs=5, measurement_runs=10):
        self.models, self.datasets = models, datasets
        self.warmup_runs, self.measurement_runs = warmup_runs, measurement_runs

    def run_latency_benchmark(self, input_shape=(1, 28, 28)):
        x = Tensor(np.random.standard_normal(input_shape))
        return self.each("latency_ms", lambda model: self.latencies(model, x))

    def run_accuracy_benchmark(self):
        return self.each("accuracy", lambda model: [self.accuracy(model, d) for d in self.datasets])

    def run_memory_benchmark(self, input_shape=(1, 28, 28)):
        return self.each(
            "memory_mb", lambda model: [sum(p.data.nbytes for p in model.parameters()) / 2**20]
        )

    def each(self, metric, measure):
        return {
            getattr(model, "name", f"model_{index}"): BenchmarkResult(metric, measure(model))
            for index, model in enumerate(self.models)
        }

    def latencies(self, model, x):
        times = []
        for _ in range(self.warmup_runs + self.measurement_runs):
            start = time.perf_counter()
            model.forward(x)
            times.append((time.perf_counter() - start) * 1000)
        return times[self.warmup_runs :]

    def accuracy(self, model, dataset):
        if hasattr(model, "evaluate"):
            return model.evaluate(dataset)
        if ERA < 5:
            return 0.8 + 0.1 * np.random.random()
        x, y = dataset
        return float((model.forward(x).data.argmax(axis=1) == y.data).mean())
