"""The worker process: reads questions, answers them, keeps its channel to itself.

Started as `python -P -B -m tito_bench.worker`. The parent's pipes
arrive as standard input and output; both are moved away before any student
code is imported, so that what it prints goes to the error stream and what it
reads is empty.
"""

from __future__ import annotations

import os
import sys
from typing import cast

from tito_bench.worker.subreaper import become_subreaper

__all__ = ["main"]


def main() -> int:
    """Answer questions until the parent closes the channel."""
    _limit_memory(int(sys.argv[1]))
    become_subreaper()
    # Own file numbers, not inherited by children of the student's code.
    questions = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - only its descriptor is wanted
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)

    import msgspec

    from tito_bench import _native
    from tito_bench.measure.messages import Answered, Asked, Failed, Purpose
    from tito_bench.worker.request_handler import RequestHandler
    from tito_bench.worker.tamper_detection import keep_own_libraries

    decoder = msgspec.json.Decoder(Asked)
    encode = msgspec.json.Encoder().encode
    with _native.AlignedArrays():
        process = os.getpid()
        keep_own_libraries()
        request_handler = RequestHandler(
            seed=int(sys.argv[2]), purpose=cast(Purpose, sys.argv[3].strip())
        )
        snapshot = request_handler.snapshot
        _native.refuse_audit_hooks()
        for line in questions:
            asked = decoder.decode(line)
            answer = request_handler.answer(asked.question)
            if request_handler.snapshot is not snapshot:
                answer = Failed("tampered", "the code under test replaced the workbench's snapshot")
            if os.getpid() != process:
                os._exit(1)  # a fork of the student's code: not the one that was asked
            _flush_prints()
            answers.write(encode(Answered(asked.number, answer)) + b"\n")
            answers.flush()
    # Not sys.exit: threads or exit hooks of the student's code must not hold us up.
    os._exit(0)


def _flush_prints() -> None:
    """Send on what student code printed: it may explain the answer, and os._exit would lose it."""
    try:
        if sys.__stdout__ is not None:
            sys.__stdout__.flush()
    except (OSError, ValueError):  # student code closed it
        return


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
