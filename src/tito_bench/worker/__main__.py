"""The worker process: reads questions, answers them, keeps its channel to itself.

Started as `python -P -B -m tito_bench.worker`. The parent's pipes
arrive as standard input and output; both are moved away before any student
code is imported, so that what it prints goes to the error stream and what it
reads is empty.
"""

from __future__ import annotations

import _tracemalloc
import os
import sys
from typing import Any, cast

from tito_bench.worker.subreaper import become_subreaper

__all__ = ["main"]


def main() -> int:
    """Answer questions until the parent closes the channel."""
    _watch_no_more()
    _limit_memory(int(sys.argv[1]))
    become_subreaper()
    # Own file numbers, not inherited by children of the student's code.
    questions = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - only its descriptor is wanted
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)

    from tito_bench import _native
    from tito_bench.measure.messages import Purpose
    from tito_bench.worker.request_handler import RequestHandler
    from tito_bench.worker.tamper_detection import keep_own_libraries

    with _native.AlignedArrays():
        keep_own_libraries()
        request_handler = RequestHandler(
            seed=int(sys.argv[2]), purpose=cast(Purpose, sys.argv[3].strip())
        )
        _native.refuse_audit_hooks()
        _native.answer_questions(questions, answers, request_handler.answer_line)
    # Not sys.exit: threads or exit hooks of the student's code must not hold us up.
    os._exit(0)


def _watch_no_more() -> None:
    """Take down what `sitecustomize` has hung in: it would make all slow that is not timed.

    Coverage stays, with which our own tests are run: where anything is timed, it is down.
    """
    if not type(sys.gettrace()).__module__.startswith("coverage."):
        sys.settrace(None)
    sys.setprofile(None)
    _tracemalloc.stop()
    tools: Any = getattr(sys, "monitoring", None)  # Python 3.12
    for tool in range(6) if tools else ():
        if tools.get_tool(tool) not in {None, "coverage.py"}:
            tools.set_events(tool, 0)


def _limit_memory(limit_bytes: int) -> None:
    """Let a memory bomb raise MemoryError here instead of freezing the computer."""
    try:
        import resource
    except ImportError:  # Windows has no such limit
        return
    _lower_limit(resource.RLIMIT_AS, limit_bytes)
    _lower_limit(resource.RLIMIT_CORE, 0)  # a crash is reported; nobody wants its core file


def _lower_limit(kind: int, limit: int) -> None:
    import resource

    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        limit = min(limit, hard)
    try:
        resource.setrlimit(kind, (limit, hard))
    except (ValueError, OSError):  # macOS refuses some for some processes
        return


if __name__ == "__main__":
    sys.exit(main())
