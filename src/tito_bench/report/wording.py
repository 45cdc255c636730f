"""What verdict reasons and findings mean: a plain sentence and a remedy for each code.

All wording is here and nothing else is. `{what}` and `{value}` are those of
the reason; they are put in as they are and never read as markup.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol

from tito_bench.subjects.course_modules import COURSE_MODULES

__all__ = [
    "CODES",
    "HOW_LOOPS_COUNT",
    "LESSONS",
    "LOOPS_IN_SHORT",
    "SINCE",
    "Words",
    "explain",
    "explain_all",
    "next_words",
    "praise_words",
    "words",
]


HOW_LOOPS_COUNT = (
    "They are held against the interpreter, not the kernel, so that wider vectors do not count "
    "against them."
)
LOOPS_IN_SHORT = "of Python, held against the interpreter and not against native code"


class _Remark(Protocol):
    """A `Note`, or a cause that `explain` found."""

    @property
    def code(self) -> str: ...
    @property
    def what(self) -> str: ...
    @property
    def value(self) -> str: ...


class Words(NamedTuple):
    """What is so, and what can be done about it; the remedy may be empty."""

    sentence: str
    remedy: str


_AGAIN = "Close other programs and run it again."
_AWAY = "Move it away, or restore it from a copy."
_REINSTALL = "Run: pip install --force-reinstall --no-deps tito-bench"

_VERDICT = {
    "failed_operation": Words(
        "{what} gave no result to score: {value}.", "Repair it and run the benchmark again."
    ),
    "false_result": Words(
        "{what} gave a false result: {value}.", "Repair it and run the benchmark again."
    ),
    "other_threads": Words(
        "{what} had {value} as much work done in other threads as in the one that is timed.",
        "Compute in the calling thread only.",
    ),
    "other_processes": Words(
        "Processes that {what} started, whose work is not timed: {value}.",
        "Compute in the process that is measured.",
    ),
    "wide_interval": Words("The score may be anything from {value}.", _AGAIN),
    "noisy_operation": Words("{what} varied by {value} from round to round.", _AGAIN),
    "preempted": Words("In {value} of the rounds another program took the processor away.", _AGAIN),
    "drift": Words(
        "The score moved by {value} points from the first rounds to the last: the machine got"
        " slower or faster meanwhile.",
        "Let it settle and run it again.",
    ),
    "blas_threads": Words(
        "{what} may use {value} threads where one was asked for, so matrix products can look"
        " faster than one core is.",
        "Unset the variables that set its threads; Apple's Accelerate cannot be limited.",
    ),
    "dearer_dispatch": Words(
        "Beside {what} the smallest call of NumPy took {value} times as long as before the code was"
        " imported, and so the score is too high.",
        "Leave NumPy as it is: find what slows its calls down (np.seterr, a replaced loop).",
    ),
    "edited_installation": Words(
        "A file of {what} is not as it was installed: {value}.", _REINSTALL
    ),
    "slower_than_calibrated": Words(
        "The native kernels ran {value} slower than when this machine was calibrated: it may be"
        " hot, on battery or busy.",
        "Let it cool, plug it in and run it again; if it stays so, run: tito-bench benchmark"
        " calibrate",
    ),
}

_ENVIRONMENT = {
    "on_battery": Words(
        "The machine runs on its {what}, which often lowers the clock.", "Plug it in."
    ),
    "power_save": Words("Power saving is on ({value}).", "Turn it off while you measure."),
    "slow_governor": Words(
        "The {what} {value} holds the cores at their lowest clock.",
        "Choose another power profile in the system's settings.",
    ),
    "busy_machine": Words("Other programs are busy: {what} {value}.", "Close them, or wait."),
    "cpu_quota": Words(
        "This container may use {value} of CPU time.",
        "One core is enough; with less the code is paused again and again.",
    ),
    "few_cores": Words(
        "Only {value} cores may be used, so everything else runs on the core that is measured.",
        "Allow this process a second core.",
    ),
    "virtual_machine": Words(
        "This is a virtual machine ({value}); its neighbours may slow it down.",
        "Nothing to do: kernels and code are slowed alike. Repeat a run that is not stable.",
    ),
    "wsl": Words(
        "This is {value} on Windows, which is as fast as Windows leaves it to be.",
        "Nothing to do: close programs on the Windows side as well.",
    ),
    "emulation": Words(
        "{what} is built for another processor and is translated ({value}): its speed is not that"
        " of this machine.",
        "Install a Python that is built for this processor.",
    ),
    "slow_blas": Words(
        "{what} {value} has no optimised BLAS, so that matrix products are many times slower.",
        "Install NumPy from PyPI or conda-forge.",
    ),
    "old_blas_kernels": Words(
        "{what} uses kernels for older processors: {value}.",
        "Unset OPENBLAS_CORETYPE, or install a newer NumPy.",
    ),
    "forced_instructions": Words(
        "{what} is set ({value}), which holds NumPy to other instructions than it would choose.",
        "Unset {what}.",
    ),
    "forced_kernel_target": Words(
        "The native kernels are held to {value}: scores may be too high.",
        "Unset TITO_KERNELS_TARGET.",
    ),
    "threads_not_watched": Words(
        "Other threads could not be watched: the {what} advances in steps of milliseconds.",
        "Take the limit of CPU time away (ulimit -t).",
    ),
    "coarse_cpu_clock": Words(
        "The {what} of this system advances in steps of {value}, too coarse for a short sample;"
        " wall time may stand in, which other programs lengthen.",
        "Close other programs while you measure.",
    ),
}

_DOCTOR = {
    "broken_install": Words("{what} cannot be imported: {value}.", _REINSTALL),
    "kernel_target": Words("The native kernels cannot run: {value}.", "Unset TITO_KERNELS_TARGET."),
    "no_worker": Words(
        "No measuring process can be started: {value}.",
        "Repair or reinstall NumPy, then run: tito-bench doctor",
    ),
    "upstream_tito": Words(
        "The script {what} is {value}'s own again, as after `tito setup` and `tito update`.",
        "tito-bench works all the same. To have both through one {what}, run: pip install"
        " --force-reinstall --no-deps tito-bench",
    ),
    "foreign_tito": Words(
        "The word {what} runs {value}, not tito-bench.",
        "tito-bench works all the same. To have `tito benchmark` too, run: pip install"
        " --force-reinstall --no-deps tito-bench",
    ),
    "lost_tito": Words(
        "There is a tito-bench but no {what}; uninstalling TinyTorch removes it.", _REINSTALL
    ),
    "no_tito": Words(
        "There is no {what} on PATH.",
        "Activate the environment that it is installed in, or use: python -m tito_bench",
    ),
    "hidden_tito": Words(
        "The {what} found first on PATH belongs to another Python: {value}.",
        "Activate the environment that you installed tito-bench in, or use: python -m tito_bench",
    ),
    "no_package": Words(
        "There is nothing of TinyTorch to measure: {value}.",
        "Export a module first, or name the folder with --package; NumPy can be measured without.",
    ),
    "package_fails": Words(
        "The TinyTorch package cannot be measured: {value}.",
        "Repair it and export it again.",
    ),
    "package_problems": Words(
        "Parts of the TinyTorch package cannot be imported: {value}.",
        "Repair those files, if you have reached their modules.",
    ),
    "split_history": Words(
        "{what} holds {value} of the same project, which its history leaves out.",
        "Move them into .tito/benchmarks of the project, or delete them.",
    ),
    "not_writable": Words(
        "{what} cannot be written to: {value}.",
        "Or choose another folder with --project.",
    ),
    "corrupt_file": Words(
        "{what} cannot be read: {value}.",
        "Repair it or move it away; nothing is lost until you do.",
    ),
    "newer_file": Words(
        "{what} was written by a newer tito-bench.", "Run: pip install --upgrade tito-bench"
    ),
    "set_aside": Words(
        "{what} was set aside because it could not be read.",
        "Repair it and rename it back, or delete it.",
    ),
    "parked_item": Words(
        "The website refused {what}: {value}.",
        "Run: tito-bench community sync --retry, or --discard to drop it.",
    ),
    "stale_export": Words(
        "{what} changed since {value}.", "Until then the code that was exported is measured."
    ),
    "edited_export": Words(
        "{what} was edited in the package itself: it is not what {value} exports.",
        "Put the change into the notebook: the next export overwrites it.",
    ),
    "unreadable_notebook": Words(
        "The notebook in {what} cannot be compared with its export: {value}.",
        "Save it once more, without its output.",
    ),
    "unreadable_exports": Words(
        "{what} cannot be read: {value}.", "Notebooks are compared with the package's files."
    ),
    "stale_calibration": Words(
        "The calibration is of another machine or other kernels: {value}.",
        "Run: tito-bench benchmark calibrate",
    ),
}

# Files among the records that are not shown, by `records.read.Skip`.
_RECORDS = {
    "broken_record": Words("{what} is damaged: {value}.", _AWAY),
    "half_record": Words("{what} ends too early or is empty.", _AWAY),
    "newer_record": Words(
        "{what} was written by a newer tito-bench ({value}).",
        "Run: pip install --upgrade tito-bench",
    ),
    "foreign_record": Words("{what} is no record of tito-bench: {value}.", "It may stay."),
    "unreadable_record": Words("{what} cannot be read: {value}.", "The others are."),
    "edited_record": Words(
        "{what} says what its samples do not: {value}.",
        "Restore it from a copy, or measure again.",
    ),
    "untimely_record": Words(
        "{what} cannot have been made on {value}.",
        "Move it away, or set the clock and measure again.",
    ),
}

_CAUSES = {
    "python_loop": Words(
        "A loop in Python: one call runs {value} lines of Python{what}.",
        "Let one array call do all of it, as a + b or a @ b do: the loop then runs in C.",
    ),
    "float64_arrays": Words(
        "Its {what}, which takes more bytes than float32: with float32 in their place it ran"
        " {value} times as fast.",
        "Make them with dtype=np.float32: NumPy's random numbers, and arrays made of a list or"
        " without a dtype, are float64.",
    ),
    "float64_copies": Words(
        "{value} of the arrays that one call makes {what} float64, twice the bytes of float32.",
        "Keep to np.float32 all the way: no astype(float), and no float64 array in the expression.",
    ),
    "layout": Words(
        "Its {what} have gaps between their numbers, or start where a number cannot be read at"
        " once: with plain arrays in their place it ran {value} times as fast.",
        "Put them in order once, when they are set: np.ascontiguousarray(x).",
    ),
    "temporaries": Words(
        "One call makes {value} of arrays beside the {what} that it needs; each is written and"
        " read once more.",
        "Drop copies that nobody needs, such as np.array(x) of an array that is new already"
        " (np.asarray makes none), and reuse arrays: np.add(a, b, out=a).",
    ),
    "slow_product": Words(
        "NumPy's own matrix product ({what}) takes {value} times as long here as the native one.",
        "No change of the code mends that: install NumPy from PyPI or conda-forge, and unset"
        " OPENBLAS_CORETYPE.",
    ),
    "call_overhead": Words(
        "Python's own work: the same code takes {value} even where there is next to nothing"
        " to compute.",
        "Make fewer objects and calls on the way, or give each call more to do: a larger batch.",
    ),
    "waiting": Words(
        "For {value} of its time it does not compute: it sleeps, or waits for a lock, a file or"
        " another process.",
        "Take whatever waits out of the operation: sleeping, printing, files, other threads.",
    ),
    "numpy_itself": Words(
        "{what} takes {value} times the least that Python must take for the same work.",
        "Code that is made of NumPy calls gets no nearer than that.",
    ),
}

LESSONS: dict[str, tuple[tuple[int, str], ...]] = {
    "python_loop": ((1, "operations on whole arrays"), (17, "vectorized_matmul")),
    "float64_arrays": ((1, "float32 as the dtype"), (15, "what a number costs")),
    "float64_copies": ((1, "float32 as the dtype"), (15, "what a number costs")),
    "layout": ((1, "views and copies"), (17, "memory layout")),
    "temporaries": ((1, "views and copies"), (17, "kernel fusion")),
    "slow_product": ((17, "BLAS"),),
    "waiting": ((14, "finding where time goes"),),
    "numpy_itself": ((17, "BLAS and kernel fusion"),),
    "call_overhead": ((14, "finding where time goes"), (5, "batches")),
}
"""By cause: the course modules that teach the remedy, by number, and what in them does."""

# What to do next, by what a record shows; the second form where no place is known.
_NEXT: dict[str, tuple[str, str]] = {
    "repair": ("repair {what} at {place}, then run it again", "repair {what}, then run it again"),
    "slow": ("", "give {what} more time, which it needs: add --time-budget 120"),
    "loop_costs": (
        "{what} costs {points}: a loop at {place}; tito-bench benchmark explain {name}",
        "{what} costs {points}: loops of Python; tito-bench benchmark explain {name}",
    ),
    "costs": ("", "{what} costs {points}; tito-bench benchmark explain {name}"),
    "missing": ("", "{what}"),
    "own_code": ("", "in the folder of your TinyTorch project: tito-bench benchmark baseline"),
    "baseline": ("", "tito-bench benchmark baseline"),
    "capstone": ("", "models built of your layers: tito-bench benchmark capstone"),
    "report": ("", "all of it on one page: tito-bench benchmark report --html page.html"),
    "accuracy": ("", "accuracy costs {points}: the table above says of which model"),
    "compression": ("", "compression costs {points}: modules 15 and 16 teach what saves"),
    "efficiency": ("", "efficiency costs {points}: memory and time are in the table above"),
}

_PRAISE = {
    "first_baseline": "Your first score! Slowdown is how many times longer than the least that this"
    " machine needs; every halving of it is worth 10 points.",
    "first_capstone": "Your first capstone score!",
    "first_90_baseline": "Your first 90: within twice of what this machine can do. Well done!",
    "first_90_capstone": "Your first 90 of a capstone. Well done!",
    "module": "Module {number:02d}{title} is finished. Well done!",
    "milestone": "Milestone {number:02d}{title} is passed. Well done!",
}
_MILESTONES = (*("Perceptron", "XOR", "MLP", "CNN", "Transformer", "MLPerf", "Custom Kernels"),)
_MODULES = {module.number: module.title for module in COURSE_MODULES}

SINCE = {
    "better": "{before} {arrow} {after} since {when} ({points})",
    "worse": "{before} {arrow} {after} since {when} ({points})",
    "unchanged": "{after}, as at {when}: no change beyond noise",
}
"""What became of the score, by `Since.change`."""

_WORDS = _VERDICT | _ENVIRONMENT | _DOCTOR | _RECORDS | _CAUSES

CODES = frozenset(_WORDS)
"""The codes that have words."""


def words(reason: _Remark) -> Words:
    """Sentence and remedy of a reason or finding; a code from a newer version as it is."""
    found = _WORDS.get(reason.code, Words("{code}: {what} {value}", ""))
    # A message can end with a stop of its own, and the sentence brings one.
    named = {"code": reason.code, "what": reason.what, "value": reason.value.rstrip(".")}
    return Words(found.sentence.format_map(named), found.remedy.format_map(named))


def next_words(code: str, *, place: object = None, **named: str) -> str:
    """Say what to do next; `named` are the parts that the sentence of `code` has."""
    with_place, without = _NEXT[code]
    return with_place.format(place=place, **named) if place else without.format(**named)


def praise_words(code: str, number: int = 0) -> str:
    """Say that something was reached; `number` is that of a module or milestone."""
    titles = _MODULES if code == "module" else dict(enumerate(_MILESTONES, 1))
    title = titles.get(number)
    return _PRAISE[code].format(number=number, title=f" {title}" if title else "")


def explain(reason: _Remark) -> str:
    """Sentence and remedy in one line for people."""
    return " ".join(filter(None, words(reason)))


def explain_all(reasons: Iterable[_Remark]) -> Iterator[str]:
    """One line for each reason of a verdict, all noisy operations in one.

    A failed operation has its reason in the table already.
    """
    noisy = []
    for reason in reasons:
        if reason.code == "noisy_operation":
            noisy.append(f"{reason.what.replace('_', ' ')} by {reason.value}")
        elif reason.code != "failed_operation":
            yield explain(reason)
    if noisy:
        yield f"Some times varied from round to round: {', '.join(noisy)}. {_AGAIN}"
