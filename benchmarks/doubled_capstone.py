"""What twice the work costs in the speed track of the capstone: 10 points.

    python benchmarks/doubled_capstone.py [--runs 2]

Measures the same complete package twice: as it is, and with every operation
done two times over; both through the same wrapper. Prints the difference of
the scores (asked: 10 +- 1).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from statistics import mean

from command import baseline_record, machine_line

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from packages.build import build_package

# Appended to the module of each class. The outermost call repeats; what it
# calls itself does not, or a layer's product would be done four times.
_REPEAT = """
def _repeat(owner, name, times):
    import builtins
    plain = getattr(owner, name)
    def call(*arguments):
        if getattr(builtins, "_tito_repeating", False):
            return plain(*arguments)
        builtins._tito_repeating = True
        try:
            for _ in range(times - 1):
                plain(*arguments)
            return plain(*arguments)
        finally:
            builtins._tito_repeating = False
    setattr(owner, name, call)
"""
_OPERATIONS = {
    "tensor": (("Tensor", "__add__"), ("Tensor", "__mul__"), ("Tensor", "__matmul__")),
    "activations": (("ReLU", "__call__"),),
    "layers": (("Linear", "__call__"),),
    "spatial": (("Conv2d", "__call__"), ("MaxPool2d", "forward")),
    "transformers": (("TransformerBlock", "__call__"),),
}


def build(folder: Path, times: int) -> None:
    """Build a package in `folder` that does each operation so many times."""
    folder.mkdir()
    package = build_package(folder, "E5")
    for module, owners in _OPERATIONS.items():
        calls = "".join(f"_repeat({owner}, {name!r}, {times})\n" for owner, name in owners)
        with (package / "core" / f"{module}.py").open("a", encoding="utf-8") as file:
            file.write(f"{_REPEAT}\n{calls}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=2, metavar="N")
    runs = parser.parse_args().runs
    scores: dict[int, list[float]] = {1: [], 2: []}
    print(f"{'run':>4} {'once':>7} {'twice':>7} {'difference':>11}")
    with tempfile.TemporaryDirectory() as work:
        for times in scores:
            build(Path(work) / str(times), times)
        for run in range(1, runs + 1):
            for times, found in scores.items():
                folder = Path(work) / str(times)
                record = baseline_record(folder, "--track", "speed", verb="capstone")
                found.append(record["normalized_metrics"]["tracks"]["speed"])
            once, twice = scores[1][-1], scores[2][-1]
            print(f"{run:>4} {once:>7.2f} {twice:>7.2f} {once - twice:>11.2f}")
    print(f"Difference of the means: {mean(scores[1]) - mean(scores[2]):.2f} points")
    print(machine_line(record))


if __name__ == "__main__":
    main()
