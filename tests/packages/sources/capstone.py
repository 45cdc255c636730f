"""Module 20: a report and a submission. SimpleMLP lacks its imports in eras 3 and 4."""

import json
import platform
import time
from pathlib import Path

import numpy as np

ERA = 5

if ERA not in (3, 4):
    from tinytorch.core.activations import ReLU
    from tinytorch.core.layers import Linear


class SimpleMLP:
    def __init__(self, input_size=10, hidden_size=20, output_size=3):
        self.fc1 = Linear(input_size, hidden_size)
        self.relu = ReLU()
        self.fc2 = Linear(hidden_size, output_size)
        for layer in (self.fc1, self.fc2):  # float64 from here on, as in the course
            layer.weight.data = np.random.standard_normal(layer.weight.shape) * 0.01
            layer.bias.data = np.zeros(layer.bias.shape)

    def forward(self, x):
        return self.fc2.forward(self.relu.forward(self.fc1.forward(x)))

    def parameters(self):
        return self.fc1.parameters() + self.fc2.parameters()

    def count_parameters(self):
        return sum(p.data.size for p in self.parameters())


class BenchmarkReport:
    def __init__(self, model_name="model"):
        self.model_name = model_name
        self.metrics = {}
        self.timestamp = time.strftime("%Y-%m-%d %H:%M:%S")
        self.system_info = {
            "platform": platform.platform(),
            "python_version": platform.python_version(),
            "numpy_version": np.__version__,
        }

    def benchmark_model(self, model, X_test, y_test, num_runs=100):  # noqa: N803
        labels = np.argmax(model.forward(X_test).data, axis=1)
        times = []
        for _ in range(num_runs):
            start = time.perf_counter()
            model.forward(X_test[:1])
            times.append((time.perf_counter() - start) * 1000)
        count = model.count_parameters()
        self.metrics = {
            "parameter_count": int(count),
            "model_size_mb": count * 4 / 2**20,
            "accuracy": float(np.mean(labels == y_test)),
            "latency_ms_mean": float(np.mean(times)),
            "latency_ms_std": float(np.std(times)),
            "throughput_samples_per_sec": 1000 / float(np.mean(times)),
        }
        if ERA >= 5:
            for name, share in (("median", 50), ("p95", 95), ("p99", 99)):
                self.metrics[f"latency_ms_{name}"] = float(np.percentile(times, share))
        return self.metrics


def generate_submission(
    baseline_report, optimized_report=None, student_name=None, techniques_applied=None
):
    baseline = baseline_report.metrics
    submission = {
        "tinytorch_version": "0.1.0",
        "submission_type": "capstone_benchmark",
        "timestamp": baseline_report.timestamp,
        "system_info": baseline_report.system_info,
        "baseline": {"model_name": baseline_report.model_name, "metrics": baseline},
    }
    if student_name:
        submission["student_name"] = student_name
    if optimized_report:
        optimized = optimized_report.metrics
        submission["optimized"] = {
            "model_name": optimized_report.model_name,
            "metrics": optimized,
            "techniques_applied": techniques_applied or [],
        }
        submission["improvements"] = {
            "speedup": baseline["latency_ms_mean"] / optimized["latency_ms_mean"],
            "compression_ratio": baseline["model_size_mb"] / optimized["model_size_mb"],
            "accuracy_delta": optimized["accuracy"] - baseline["accuracy"],
        }
    return submission


def save_submission(submission, filepath="submission.json"):
    Path(filepath).write_text(json.dumps(submission, indent=2), encoding="utf-8")
    return filepath


if ERA >= 3:
    from enum import Enum

    class OlympicEvent(Enum):
        LATENCY_SPRINT = "latency_sprint"
        MEMORY_CHALLENGE = "memory_challenge"
        ACCURACY_CONTEST = "accuracy_contest"
        ALL_AROUND = "all_around"
        EXTREME_PUSH = "extreme_push"
