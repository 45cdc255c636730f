"""How near the kernels are to the limit of this machine, per target, beside the best of others.

    python benchmarks/kernels.py [--target NAME] [--group WORDS] [--rounds N] [--random N]
                                 [--seed N] [--json FILE] [--plot FILE]

Every target runs in a fresh process in which OpenBLAS is told (OPENBLAS_CORETYPE) to use the same
instruction set. All that is compared is measured in the same rounds: each round runs kernel,
rivals and FMA peak forwards and then backwards (ABBA), in thread CPU time; a figure is the median
over rounds of the round's ratio.
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
FORGET = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "NVPL_BLAS_DEBUG_CPU_TYPE")
SAMPLE_NS = 1_000_000


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
    parser.add_argument("--random", type=int, default=12, help="squares of random n; default 12")
    parser.add_argument("--seed", type=int, help="of the random n")
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
        reports.append(report)
    machine = {"cpu": cpu_name(), "date": datetime.now(UTC).date().isoformat()}
    print(f"\n{machine['cpu']}, {machine['date']}, {_native.build_info()['compiler']}")
    print(f"random n of --seed {options.seed}")
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
    from kernels_cases import cases, native

    from tito_bench import _native
    from tito_bench.machine.cblas import find_cblas

    target, groups = options.target[0], options.group
    with threadpoolctl.threadpool_limits(1), _native.AlignedArrays():
        kernels, cblas = _native.Kernels(target), find_cblas()
        peak = kernels.fma_peak(2000)
        rows = []
        for case in cases(kernels, cblas, options.seed, options.random):
            if groups and not case.group.startswith(tuple(groups)):
                continue
            timers = {"kernel": native(case.kernel), "peak": native(peak)}
            for rival in case.rivals:
                timers[rival.name] = rival.timer
                if rival.call_cost is not None:
                    timers[f"{rival.name} call"] = rival.call_cost
            times = measure(timers, options.rounds)
            rows.append(asdict(summarise(target, case, peak.flops, times)))
        return {
            "target": target,
            "blas": [pool.get("architecture") for pool in threadpoolctl.threadpool_info()],
            "peak_gflops": statistics.median(peak.flops / t for t in times["peak"]),
            "rows": rows,
        }


def measure(timers: dict, rounds: int) -> dict[str, list[float]]:
    """CPU nanoseconds per call: per timer the mean of its two samples in each round."""
    loops = {name: calibrate(timer) for name, timer in timers.items()}
    times: dict[str, list[float]] = {name: [] for name in timers}
    for _ in range(rounds):
        sums = dict.fromkeys(timers, 0.0)
        for name in (*timers, *reversed(timers)):
            timers[name](loops[name] // 10)
            sums[name] += timers[name](loops[name]) / loops[name] / 2
        for name, total in sums.items():
            times[name].append(total)
    return times


def calibrate(timer) -> int:
    loops = 1
    while (spent := timer(loops)) < SAMPLE_NS:
        loops = loops * 10 if spent < SAMPLE_NS / 20 else math.ceil(1.2 * loops * SAMPLE_NS / spent)
    return loops


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
    for group in ("sgemm, squares", "sgemm, random squares"):
        ratios = [r["rival_ratios"].get("BLAS") for r in report["rows"] if r["group"] == group]
        logs = [math.log(ratio) for ratio in ratios if ratio]
        if logs:
            mean = math.exp(statistics.mean(logs))
            print(f"  {group}: kernel / BLAS: geometric mean {mean:.3f}, least {min(ratios):.2f}")


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
