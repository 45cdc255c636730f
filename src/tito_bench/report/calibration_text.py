"""A machine card as people read it in a terminal, from 40 columns upwards."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from tito_bench.records.calibration import Bandwidth, Calibration, Figure, TargetSpeed
from tito_bench.report.numbers import three_digits
from tito_bench.report.wording import explain
from tito_bench.safe_text import plain

__all__ = ["print_calibration"]

_INDENT = "   "
_GLUE = "\u00a0"  # a line is never broken here


def print_calibration(console: Console, card: Calibration, saved: str | None) -> None:
    """Print a card; `saved` says where it is kept, if it is."""
    console.print(Text("\nWhat this machine can do\n", style="bold"))
    for line in _machine(card):
        console.print(line)
    console.print(Text("\nMatrix products, one core, in GFLOP/s (share of the peak)", style="bold"))
    for speed in card.targets:
        console.print(_target(speed))
    console.print(Text("\nMemory, one core, in GB/s by working set", style="bold"))
    for bandwidth in card.bandwidth:
        console.print(_bandwidth(bandwidth))
    console.print()
    for line in _costs(card):
        console.print(line)
    for finding in card.environment:
        style = "dim" if finding.severity == "info" else "yellow"
        console.print(plain(f"{finding.severity}: {explain(finding)}", style=style, limit=400))
    if saved is not None:
        console.print(plain(f"Saved: {saved}", limit=4096))


def _machine(card: Calibration) -> Iterator[Text]:
    machine, runtime = card.machine, card.runtime
    cores = machine.cores_logical or "unknown"
    yield plain(f"CPU: {machine.cpu_model} ({machine.architecture}), cores: {cores}")
    yield plain(f"Kernels: version {runtime.kernels_version}, {runtime.kernels_compiler}")
    yield plain(f"Python {runtime.python}, NumPy {runtime.numpy}")


def _target(speed: TargetSpeed) -> Text:
    sizes = (
        f"n={product.n}{_GLUE}{three_digits(product.gflops.median)}{_GLUE}"
        f"({100 * product.peak_share.median:.0f}%)"
        for product in speed.sgemm
    )
    peak = f"peak{_GLUE}{three_digits(speed.peak_gflops.median)}"
    return Text(f"{_INDENT}{speed.target:<9}{peak}: ") + Text(", ".join(sizes))


def _bandwidth(bandwidth: Bandwidth) -> Text:
    kib = bandwidth.working_set_kib
    size = f"{kib} KiB" if kib < 1024 else f"{kib // 1024} MiB"
    triad, add = three_digits(bandwidth.triad_gb_s.median), three_digits(bandwidth.add_gb_s.median)
    return Text(f"{_INDENT}{size:>8}  triad {triad:>5}  add {add:>5}")


def _costs(card: Calibration) -> Iterator[Text]:
    clocks = card.clocks
    yield Text(f"Smallest array call: {card.dispatch_ns.median:.0f} ns")
    yield Text(
        f"Reading a clock: wall {clocks.wall_reading_ns.median:.0f} ns, thread CPU "
        f"{clocks.thread_cpu_reading_ns.median:.0f} ns"
    )
    yield Text(f"Scatter about the median, at worst: {100 * _worst(card):.1f}%")


def _worst(card: Calibration) -> float:
    speeds = [product.gflops for speed in card.targets for product in speed.sgemm]
    flows = [flow for each in card.bandwidth for flow in (each.triad_gb_s, each.add_gb_s)]
    figures: list[Figure] = [*speeds, *flows, card.dispatch_ns]
    return max(figure.mdape for figure in figures)
