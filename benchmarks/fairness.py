"""Is the score fair? The same code on many machines made from this one.

    python benchmarks/fairness.py                    instruction sets x contention, for NumPy
                                                     and for teaching code with Python loops
    python benchmarks/fairness.py --subject numpy    for one of the two
    python benchmarks/fairness.py --environments WHEEL [--python PATH]...
    python benchmarks/fairness.py --aarch64          an emulated Arm machine
    python benchmarks/fairness.py --held-kernels     our kernels held to each instruction set
                                                     beside a whole NumPy, as a Mac looks
    python benchmarks/fairness.py --restarts         ten fresh processes, idle
    python benchmarks/fairness.py --work             exactly 2.0, 1.2 and 1.05 times the work

Run it on an installed wheel (not an editable install) on Linux. The first takes
about seven minutes for each repeat.
"""

from __future__ import annotations

import argparse
import math
import random
import sys
import tempfile
from pathlib import Path
from statistics import median

from fairness_lab.contention import CONTENTION, idle
from fairness_lab.emulated import aarch64_python
from fairness_lab.environments import environments
from fairness_lab.machines import clean_environ, instruction_sets
from fairness_lab.packages import working_package
from fairness_lab.runs import run_baseline
from fairness_lab.tables import Cell, composite, print_summary, print_table, slowdowns

from tito_bench import _native
from tito_bench.machine.environment import describe_machine
from tito_bench.records.benchmark import BenchmarkRecord
from tito_bench.statistics import coefficient_of_variation

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from packages.build import build_package  # the student package of the tests


def main() -> int:
    """Parse the command line and print one table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--subject", choices=("numpy", "teaching"), help="only this one")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each scenario")
    parser.add_argument(
        "--environments",
        type=Path,
        metavar="WHEEL",
        help="Pythons, NumPy versions and memory settings, with this wheel of tito-bench",
    )
    parser.add_argument(
        "--python", action="append", default=[], metavar="PATH", help="one more Python for them"
    )
    parser.add_argument("--aarch64", action="store_true", help="an emulated Arm machine (Debian)")
    parser.add_argument("--held-kernels", action="store_true", help="our kernels alone held back")
    parser.add_argument("--restarts", action="store_true", help="ten fresh processes, idle")
    parser.add_argument("--work", action="store_true", help="error of known ratios of work")
    options = parser.parse_args()
    machine = describe_machine()
    print(f"{machine.cpu_model}, {machine.os}, Python {sys.version.split()[0]}\n")
    with tempfile.TemporaryDirectory() as folder:
        if options.environments is not None:
            _environments(Path(folder), options.environments, options.python, options.repeats)
        elif options.aarch64:
            _aarch64(Path(folder))
        elif options.work:
            _work_ratios(Path(folder), options.repeats)
        elif options.held_kernels:
            _held_kernels(Path(folder), options.repeats)
        elif options.restarts:
            _restarts(Path(folder))
        else:
            subjects = _SUBJECTS if options.subject is None else [options.subject]
            _scenarios(Path(folder), subjects, options.repeats)
    return 0


_SUBJECTS = ["numpy", "teaching"]
_WORDS = {
    "numpy": ["--subject", "numpy"],
    "teaching": ["--subject", "tinytorch"],
}


def _scenarios(folder: Path, subjects: list[str], repeats: int) -> None:
    build_package(folder, modules=["tensor", "activations", "layers"], slow=True)
    sets = instruction_sets()
    cells = [(who, one, name) for who in subjects for one in sets for name in CONTENTION]
    records: dict[str, dict[Cell, list[BenchmarkRecord]]] = {who: {} for who in subjects}
    for _ in range(repeats):
        # In a new order each time, so that slow drifts of the machine meet every cell alike.
        random.shuffle(cells)
        for who, instructions, name in cells:
            environ = {**clean_environ(), **instructions.environ()}
            record = run_baseline(folder, _WORDS[who], environ, CONTENTION[name])
            records[who].setdefault((instructions.target, name), []).append(record)
            print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    for who, found in records.items():
        print(f"Subject: {who}\n")
        print_table(found)
        print()
    print_summary(records)


def _held_kernels(folder: Path, repeats: int) -> None:
    """Hold the kernels alone: the BLAS that is left is the faster one, and stays the reference."""
    build_package(folder / "loops", modules=["tensor", "activations", "layers"], slow=True)
    for amount in (2, 10):
        working_package(folder / str(amount), amount)
    who = {
        "NumPy": (folder, _WORDS["numpy"]),
        "twice": (folder / "2", _WORDS["teaching"]),
        "ten times": (folder / "10", _WORDS["teaching"]),
        "loops": (folder / "loops", _WORDS["teaching"]),
    }
    targets = _native.supported_targets()
    cells = [(target, name) for target in targets for name in who]
    scores: dict[tuple[str, str], list[float]] = {cell: [] for cell in cells}
    for _ in range(repeats):
        random.shuffle(cells)
        for target, name in cells:
            environ = {**clean_environ(), "TITO_KERNELS_TARGET": target}
            record = run_baseline(*who[name], environ, idle)
            scores[target, name].append(record.normalized_metrics.score or 0.0)
            print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(f"{'score with':<16}" + "".join(f"{name:>12}" for name in who))
    for target in targets:
        print(f"{target:<16}" + "".join(f"{median(scores[target, name]):>12.2f}" for name in who))
    ends = ([median(scores[target, name]) for target in targets] for name in who)
    ranges = "".join(f"{max(end) - min(end):>12.2f}" for end in ends)
    print(f"{'range (<= 1.0)':<16}{ranges}")


def _environments(folder: Path, wheel: Path, pythons: list[str], repeats: int) -> None:
    found = list(environments(folder, wheel, [sys.executable, *pythons]))
    runs: dict[str, list[float]] = {one.name: [] for one in found}
    for _ in range(repeats):
        for one in random.sample(found, len(found)):
            environ = {**clean_environ(), **one.settings}
            record = run_baseline(folder, ["--subject", "numpy"], environ, idle, one.python)
            runs[one.name].append(composite(record))
            print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(f"{'environment':<44}{'composite':>10}{'CV':>8}")
    for name, values in runs.items():
        spread = 100 * coefficient_of_variation(values)
        print(f"{name:<44}{median(values):>10.3f}{spread:>7.2f}%")
    medians = [median(values) for values in runs.values()]
    print(f"CV over environments {100 * coefficient_of_variation(medians):.2f}%")


def _aarch64(folder: Path) -> None:
    python = aarch64_python(folder)
    words = ["--subject", "numpy", "--time-budget", "60"]
    record = run_baseline(folder, words, clean_environ(), idle, python)
    runtime = record.system_info.runtime
    print(f"emulated aarch64, kernels {runtime.kernel_target}, {runtime.blas_architecture}")
    for name, (wall_ns, slowdown) in slowdowns(record).items():
        print(f"{name:<16}{wall_ns / 1e6:>12.3f} ms{slowdown:>10.3f}")
    score = record.normalized_metrics.score or 0.0
    print(f"{'composite':<16}{'':>15}{composite(record):>10.3f}   score {score:.2f}")


def _restarts(folder: Path) -> None:
    runs = [run_baseline(folder, ["--subject", "numpy"], clean_environ(), idle) for _ in range(10)]
    values = [composite(run) for run in runs]
    print("composite slowdown of ten fresh processes:", " ".join(f"{v:.4f}" for v in values))
    print(f"CV {100 * coefficient_of_variation(values):.2f}%")


def _work_ratios(folder: Path, repeats: int) -> None:
    """Run each operation 20, then 21, 24 and 40 times a call: known ratios, one call cost."""
    amounts = (20, 21, 24, 40)
    for amount in amounts:
        working_package(folder / str(amount), amount)
    errors: dict[int, list[float]] = {amount: [] for amount in amounts[1:]}
    by_operation: dict[int, list[float]] = {amount: [] for amount in amounts[1:]}
    words = ["--subject", "tinytorch", "--time-budget", "60"]
    for _ in range(repeats):
        order = random.sample(amounts, len(amounts))
        runs = {a: run_baseline(folder / str(a), words, clean_environ(), idle) for a in order}
        for amount in amounts[1:]:
            true = amount / amounts[0]
            errors[amount].append(composite(runs[amount]) / composite(runs[20]) / true - 1)
            plain, more = slowdowns(runs[20]), slowdowns(runs[amount])
            by_operation[amount].extend(more[n][1] / plain[n][1] / true - 1 for n in plain)
        print(".", end="", file=sys.stderr, flush=True)
    print(file=sys.stderr)
    print(f"{'work':>6}{'composite, rms error':>22}{'single operations, rms error':>30}")
    for amount in amounts[1:]:
        print(
            f"{amount / 20:>6.2f}{100 * _rms(errors[amount]):>21.2f}%"
            f"{100 * _rms(by_operation[amount]):>29.2f}%"
        )
    every = [error for group in errors.values() for error in group]
    print(f"all: rms error of the composite {100 * _rms(every):.2f}%, median {median(every):+.2%}")


def _rms(values: list[float]) -> float:
    return math.sqrt(sum(value * value for value in values) / len(values))


if __name__ == "__main__":
    sys.exit(main())
