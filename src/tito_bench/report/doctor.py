"""A diagnosis as people read it in a terminal, from 40 columns upwards."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import UnsetType
from rich.console import Console
from rich.text import Text

from tito_bench.doctor.diagnosis import Diagnosis
from tito_bench.note import Note, Severity
from tito_bench.report.wording import words
from tito_bench.safe_text import plain, safe_text

__all__ = ["print_diagnosis"]

_INDENT = "   "
_LIMIT = 400
_ORDER: tuple[Severity, ...] = ("breaks", "warning", "info")
_MARKS: dict[Severity | UnsetType, tuple[str, str]] = {
    "breaks": ("[breaks] ", "red"),
    "warning": ("[warning] ", "yellow"),
    "info": ("[info] ", ""),
}


def print_diagnosis(console: Console, diagnosis: Diagnosis) -> None:
    """Print facts, then findings with the worst first, then the sum of it."""
    console.print(Text("\nDoctor\n", style="bold"))
    for line in _facts(diagnosis):
        console.print(line)
    console.print()
    for severity in _ORDER:
        for finding in diagnosis.findings:
            if finding.severity == severity:
                _print_finding(console, finding)
    if diagnosis.breaks:
        console.print(Text("Measuring is broken here; see [breaks] above.", style="red"))
    else:
        console.print(Text("Nothing keeps you from measuring.", style="green"))


def _print_finding(console: Console, finding: Note) -> None:
    mark, style = _MARKS[finding.severity]
    sentence, remedy = words(finding)
    console.print(Text(mark, style=style) + plain(sentence, limit=_LIMIT))
    if remedy:
        text = plain(remedy, style="dim", limit=_LIMIT)
        for line in text.wrap(console, console.width - len(_INDENT)):
            console.print(Text(_INDENT) + line)


def _facts(diagnosis: Diagnosis) -> Iterator[Text]:
    machine, runtime, kernels = diagnosis.machine, diagnosis.runtime, diagnosis.kernels
    yield plain(f"tito-bench {diagnosis.tito_bench_version}")
    if machine is not None:
        yield plain(f"CPU: {machine.cpu_model} ({machine.architecture}), {machine.os}")
    if kernels is not None:
        supported = ", ".join(kernels.supported)
        yield plain(f"Kernels: {kernels.target} of {supported}; {kernels.compiler}")
    if runtime is not None:
        blas = " ".join(
            filter(None, (runtime.blas, runtime.blas_version, runtime.blas_architecture))
        )
        yield plain(f"Python {runtime.python}, NumPy {runtime.numpy}, {blas or 'no known BLAS'}")
    yield from _package(diagnosis)
    for script in diagnosis.scripts:
        yield plain(f"{script.name} in {script.folder}: {script.owner}")
    yield plain(f"Calibrated: {diagnosis.calibrated_at or 'no'}")
    sharing = diagnosis.sharing
    yield plain(f"Website {sharing.website}")
    if sharing.website.startswith("on"):
        agreed = [n for n in ("profile", "benchmarks") if getattr(sharing, n)] or ["nothing"]
        yield plain(f"Agreed to be sent: {', '.join(agreed)}")


def _package(diagnosis: Diagnosis) -> Iterator[Text]:
    package = diagnosis.package
    if package is None:
        yield Text("TinyTorch package: none that can be measured")
        return
    yield plain(f"TinyTorch package: {safe_text(package.version or 'no version')}")
    for file in dict.fromkeys(package.files.values()):
        names = ", ".join(name for name, path in package.files.items() if path == file)
        yield Text(_INDENT) + plain(f"{names} from {file}")
