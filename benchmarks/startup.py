"""What the command costs besides measuring: start-up time, wall time, memory.

    python benchmarks/startup.py [--runs 30]

Interleaves `python -c pass` with `tito-bench --help` and `--version`, so that
all see the same machine, and prints medians and their ratio to the first
(asked: at most 3). In the same rounds runs `tito module start 01` by a script
of TinyTorch's own and by ours, which hands it over, with a stand-in for
TinyTorch that does nothing, and prints the median of the difference (asked: at
most 2 ms). Then runs the whole baseline once for its wall time (asked: at
most 5 s) and once more for the peak memory of all its processes together
(asked: below 250 MB).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import psutil
from command import baseline_record, environ, machine_line, tito_bench_command

# As pip writes them.
SCRIPT = """\
import sys
from {module} import main
if __name__ == "__main__":
    sys.exit(main())
"""


def seconds(command: list[str], site: str) -> float:
    """Return the seconds one run takes, with the stand-in for TinyTorch in `site`."""
    variables = {**environ(), "PYTHONPATH": site}
    start = time.perf_counter()
    subprocess.run(command, env=variables, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - start


def tito_commands(folder: Path) -> dict[str, list[str]]:
    """Return `tito module start 01` by TinyTorch's script and ours; TinyTorch does nothing."""
    (folder / "tito").mkdir()
    (folder / "tito" / "__init__.py").touch()
    (folder / "tito" / "main.py").write_text("def main():\n    return 0\n")
    commands = {}
    for name, module in (
        ("tito (TinyTorch's)", "tito.main"),
        ("tito (ours)", "tito_bench.cli.tito"),
    ):
        script = folder / f"{module}.py"
        script.write_text(SCRIPT.format(module=module))
        commands[name] = [sys.executable, str(script), "module", "start", "01"]
    return commands


def print_startup(runs: int) -> None:
    """Run all commands interleaved; print medians, ratios and the cost of handing over."""
    tito_bench = tito_bench_command()
    with tempfile.TemporaryDirectory() as folder:
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "tito-bench --help": [tito_bench, "--help"],
            "tito-bench --version": [tito_bench, "--version"],
            **tito_commands(Path(folder)),
        }
        times: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(runs):
            for name, command in commands.items():
                times[name].append(seconds(command, folder))
    floor = median(times["python -c pass"])
    print(f"{'command':<24} {'median':>9} {'ratio':>6}")
    for name, found in times.items():
        print(f"{name:<24} {1000 * median(found):>6.1f} ms {median(found) / floor:>6.2f}")
    theirs, ours = times["tito (TinyTorch's)"], times["tito (ours)"]
    added_s = median(b - a for a, b in zip(theirs, ours, strict=True))
    print(f"handing a command over to TinyTorch adds {1000 * added_s:.1f} ms")


def peak_mb(command: list[str], project: Path) -> float:
    """Return the largest sum of resident memory of the command and all its children, in MB."""
    peak = 0
    with psutil.Popen(
        command, cwd=project, env=environ(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        while process.poll() is None:
            peak = max(peak, sum(map(resident, [process, *children(process)])))
            time.sleep(0.02)
    return peak / 1e6


def children(process: psutil.Process) -> list[psutil.Process]:
    """Return all processes below this one; none where it has just ended."""
    try:
        return process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def resident(process: psutil.Process) -> int:
    """Return resident memory in bytes; 0 where the process has just ended."""
    try:
        return int(process.memory_info().rss)
    except psutil.NoSuchProcess:
        return 0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=30, metavar="N")
    runs = parser.parse_args().runs
    tito_bench = tito_bench_command()
    print_startup(runs)
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        words = ["benchmark", "baseline", "--subject", "numpy", "--skip-submit"]
        start = time.perf_counter()
        record = baseline_record(project, "--subject", "numpy")
        wall_s = time.perf_counter() - start
        memory_mb = peak_mb([tito_bench, *words], project)
    print(f"whole baseline: {wall_s:.2f} s, peak memory of all processes {memory_mb:.0f} MB")
    print(machine_line(record))


if __name__ == "__main__":
    main()
