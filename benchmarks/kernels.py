"""How near the kernels are to the limit of this machine, per target, beside the best of others.

    python benchmarks/kernels.py [--target NAME] [--group WORDS] [--rounds N] [--random N]
                                 [--seed N] [--json FILE] [--plot FILE]

Every target runs in a fresh process in which OpenBLAS is told (OPENBLAS_CORETYPE) to use the same
instruction set. All that is compared (kernel, rivals and FMA peak) is measured in the same rounds,
by the sampler and so the method of the score (docs/design/score.md); a figure is the median over
rounds of the round's ratio. Squares of random n and products of random sizes are measured beside
the named shapes. What misses the aim is printed last: no kernel below 1.00 of the best rival, and
0.90 of the FMA peak for a square product from n = 64.
"""

import argparse
import json
import math
import os
import platform
import random
import statistics
import subprocess
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

# what OpenBLAS itself takes on a CPU with no more; Nehalem: SSE4.2 without AVX
CORETYPES = {"avx512": "SkylakeX", "avx2": "Haswell", "sse2": "Nehalem", "portable": "Nehalem"}
# the aim: beside every rival, and of the FMA peak for squares from PEAK_FROM on
LEAST_RATIO, LEAST_PEAK_SHARE, PEAK_FROM = 1.0, 0.9, 64
FORGET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "NVPL_BLAS_DEBUG_CPU_TYPE")


@dataclass(frozen=True)
class Row:
    """One case on one target. Rates are medians; ratios are rival time / kernel time."""

    target: str
    group: str
    name: str
    gflops: float
    gigabytes_per_s: float
    peak_share: float
    rival_ratios: dict[str, float]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--target", action="append", help="only this target (repeatable)")
    parser.add_argument("--group", action="append", help="only groups that start so (repeatable)")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--random", type=int, default=12, help="squares, and shapes; default 12")
    parser.add_argument("--seed", type=int, help="of the random sizes")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all rows here")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="also draw sgemm (matplotlib)")
    parser.add_argument("--worker", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        json.dump(run_worker(options), sys.stdout)
        return 0
    from tito_bench import _native

    if options.seed is None:
        options.seed = random.getrandbits(32)
    reports = []
    for target in options.target or _native.supported_targets():
        report = run_target(target, options)
        print_report(report)
        print_misses(report)
        reports.append(report)
    machine = {"cpu": cpu_name(), "date": datetime.now(UTC).date().isoformat()}
    print(f"\n{machine['cpu']}, {machine['date']}, {_native.build_info()['compiler']}")
    print(f"random sizes of --seed {options.seed}")
    if options.json:
        options.json.write_text(json.dumps({**machine, "targets": reports}, indent=1) + "\n")
    if options.plot:
        draw(reports, options.plot)
    return 0


def run_target(target: str, options: argparse.Namespace) -> dict:
    environment = {name: value for name, value in os.environ.items() if name not in FORGET}
    environment["OPENBLAS_NUM_THREADS"] = "1"
    if target in CORETYPES:
        environment["OPENBLAS_CORETYPE"] = CORETYPES[target]
    command = [sys.executable, __file__, "--worker", "--target", target]
    command += ["--rounds", str(options.rounds), "--random", str(options.random)]
    command += ["--seed", str(options.seed)]
    for group in options.group or ():
        command += ["--group", group]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


# ---------------------------------------------------------------- measuring, in the worker


def run_worker(options: argparse.Namespace) -> dict:
    import threadpoolctl
    from kernels_cases import cases

    from tito_bench import _native
    from tito_bench.machine.cblas import find_cblas
    from tito_bench.measure.sampling import Sampler
    from tito_bench.measure.timing import native_timer

    target, groups = options.target[0], options.group
    with threadpoolctl.threadpool_limits(1), _native.AlignedArrays():
        kernels, cblas = _native.Kernels(target), find_cblas()
        peak = kernels.fma_peak(2000)
        # Fewer rounds than a baseline's 60, for there are some 60 cases a target; the ratio of two
        # kernels moves less than that of a student's code to one.
        order = random.Random(options.seed)  # noqa: S311 - of slices, not of secrets
        sampler = Sampler(options.rounds, order)
        rows = []
        for case in cases(kernels, cblas, options.seed, options.random):
            if groups and not case.group.startswith(tuple(groups)):
                continue
            timers = {"kernel": native_timer(case.kernel), "peak": native_timer(peak)}
            for rival in case.rivals:
                timers[rival.name] = rival.timer
                if rival.call_cost is not None:
                    timers[f"{rival.name} call"] = rival.call_cost
            sampled = sampler.take(timers)
            times = {name: sampled.call_ns(name) for name in timers}
            rows.append(asdict(summarise(target, case, peak.flops, times)))
        return {
            "target": target,
            "blas": [pool.get("architecture") for pool in threadpoolctl.threadpool_info()],
            "peak_gflops": statistics.median(peak.flops / t for t in times["peak"]),
            "rows": rows,
        }


def summarise(target: str, case, peak_flops: int, times: dict[str, list[float]]) -> Row:
    kernel, median = times["kernel"], statistics.median
    ratios = {}
    for rival in case.rivals:
        costs = times.get(f"{rival.name} call", [0.0] * len(kernel))
        ratios[rival.name] = median(
            (t - cost) / own for t, cost, own in zip(times[rival.name], costs, kernel, strict=True)
        )
    return Row(
        target=target,
        group=case.group,
        name=case.name,
        gflops=median(case.kernel.flops / t for t in kernel),
        gigabytes_per_s=median(case.kernel.bytes / t for t in kernel),
        peak_share=median(
            case.kernel.flops / t / (peak_flops / p)
            for t, p in zip(kernel, times["peak"], strict=True)
        ),
        rival_ratios=ratios,
    )


# ---------------------------------------------------------------- showing


def print_report(report: dict) -> None:
    print(
        f"\n{report['target']}: FMA peak {report['peak_gflops']:.1f} GFLOP/s, "
        f"BLAS kernels: {report['blas']}"
    )
    group = None
    for row in report["rows"]:
        if row["group"] != group:
            group = row["group"]
            print(f"  {group:28} {'GFLOP/s':>8} {'GB/s':>7} {'of peak':>8}  times as fast as")
        ratios = "  ".join(f"{name} {ratio:5.2f}" for name, ratio in row["rival_ratios"].items())
        print(
            f"    {row['name']:26} {row['gflops']:8.1f} {row['gigabytes_per_s']:7.1f}"
            f" {row['peak_share']:8.2f}  {ratios}"
        )
    for group in ("sgemm, squares", "sgemm, random squares", "sgemm, random shapes"):
        ratios = [r["rival_ratios"].get("BLAS") for r in report["rows"] if r["group"] == group]
        logs = [math.log(ratio) for ratio in ratios if ratio]
        if logs:
            mean = math.exp(statistics.mean(logs))
            print(f"  {group}: kernel / BLAS: geometric mean {mean:.3f}, least {min(ratios):.2f}")


def print_misses(report: dict) -> None:
    """Print every cell below the aim; figures are rounded as they are shown."""
    misses = []
    for row in report["rows"]:
        name = f"{row['group']}, {row['name']}"
        misses += [
            f"{name}: {ratio:.2f} of {rival}"
            for rival, ratio in row["rival_ratios"].items()
            if round(ratio, 2) < LEAST_RATIO
        ]
        square = row["name"].startswith("n = ")
        large = square and int(row["name"].removeprefix("n = ")) >= PEAK_FROM
        if large and round(row["peak_share"], 2) < LEAST_PEAK_SHARE:
            misses.append(f"{name}: {row['peak_share']:.2f} of the peak")
    print(f"  below the aim: {len(misses) or 'nothing'}")
    for miss in misses:
        print(f"    {miss}")


def cpu_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.exists():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.processor() or platform.machine()


def draw(reports: list[dict], path: Path) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(1, len(reports), figsize=(4 * len(reports), 4), squeeze=False)
    for axis, report in zip(axes[0], reports, strict=True):
        rows = [row for row in report["rows"] if row["group"] == "sgemm, squares"]
        sizes = [int(row["name"].removeprefix("n = ")) for row in rows]
        axis.plot(sizes, [row["gflops"] for row in rows], "o-", label="tito_bench")
        for rival, mark in (("BLAS", "s--"), ("np.matmul", "^:")):
            if rows and rival in rows[0]["rival_ratios"]:
                rates = [row["gflops"] / row["rival_ratios"][rival] for row in rows]
                axis.plot(sizes, rates, mark, label=rival)
        axis.set(title=report["target"], xlabel="n", ylabel="GFLOP/s")
        axis.set_ylim(0, report["peak_gflops"])  # the plot ends at the peak
        axis.set_xscale("log", base=2)
        axis.legend()
    figure.suptitle("sgemm n x n x n, one core; the y axis ends at the measured FMA peak")
    figure.tight_layout()
    figure.savefig(path)


if __name__ == "__main__":
    sys.exit(main())
