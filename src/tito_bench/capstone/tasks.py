"""The worker's side of the capstone: what can be asked beside timing an operation."""

from __future__ import annotations

from collections.abc import Callable

from tito_bench.capstone.accuracy import assess_accuracy
from tito_bench.capstone.compression import assess_pruning, assess_quantization
from tito_bench.capstone.course_metrics import assess_course_metrics
from tito_bench.capstone.custom_model import assess_custom_model
from tito_bench.capstone.efficiency import assess_memory
from tito_bench.capstone.optimisation import assess_optimisation
from tito_bench.capstone.student_benchmark import assess_benchmark, assess_report
from tito_bench.capstone.task_context import TaskContext
from tito_bench.capstone.training import assess_training
from tito_bench.measure.task_figures import Figures, InventoryFigures, ModuleFigures
from tito_bench.subjects.inventory import take_inventory
from tito_bench.subjects.missing import StudentCodeError
from tito_bench.subjects.stubs import unwritten_behind

__all__ = ["TASKS", "TaskContext", "perform"]


def _take_inventory(context: TaskContext) -> InventoryFigures:
    modules = [
        ModuleFigures(
            module.number,
            module.title,
            module.files,
            module.missing,
            module.file,
            list(module.unwritten),
        )
        for module in take_inventory(context.subject.package)
    ]
    return InventoryFigures(modules, list(context.subject.package.problems))


TASKS: dict[str, Callable[[TaskContext], Figures]] = {
    "inventory": _take_inventory,
    "accuracy": assess_accuracy,
    "training": assess_training,
    "quantization": assess_quantization,
    "pruning": assess_pruning,
    "memory": assess_memory,
    "benchmark": assess_benchmark,
    "report": assess_report,
    "optimisation": assess_optimisation,
    "own": assess_custom_model,
    "metrics": assess_course_metrics,
}


def perform(task: str, context: TaskContext) -> Figures:
    """Do one task.

    Raises KeyError on an unknown one, `Missing` where a stub is the cause of what went
    wrong, else whatever the student's code raises.
    """
    do = TASKS[task]
    try:
        return do(context)
    except StudentCodeError as error:
        missing = unwritten_behind(
            error, lambda: do(context), context.subject.package.location.folder
        )
        if missing is None:
            raise
        raise missing from error
