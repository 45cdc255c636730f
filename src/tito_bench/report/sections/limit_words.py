"""Sentences of a roofline: what limits each point, and why there may be no roofline at all."""

from __future__ import annotations

from tito_bench.report.limits import Limit, Spent

__all__ = ["kernel_limit_words", "no_roofline_words", "subject_limit_words"]

_KERNEL_LIMITS = {
    "memory": "The kernel is limited by memory: it reaches {share} of what {gb_s} GB/s allow.",
    "compute": "The kernel is limited by arithmetic: it reaches {share} of this core's peak.",
    "full_memory": "The kernel is limited by memory: it reaches all that {gb_s} GB/s allow.",
    "reading": "The kernel is limited by memory, though faster than {gb_s} GB/s allow: it mostly"
    " reads, and they were measured with one write for two reads.",
    "full_compute": "The kernel is limited by arithmetic: it reaches all of this core's peak.",
    "neither": "The kernel reaches {share} of its roof: neither memory nor arithmetic alone"
    " explains its time.",
}
_SUBJECT_LIMITS = {
    "kernel": "{who} is limited as the kernel is, which is {kernel} of its time.",
    "ahead": "{who} is faster than the kernel, under the same roof.",
    "calls": "{who} is limited by the interpreter: array calls that Python cannot avoid are"
    " {calls} of its time.",
    "loops": "{who} is limited by the interpreter: {loops} of its time goes into loops of Python.",
    "extra": "{who} is limited by work that the operation does not need, which is {rest} of its"
    " time.",
}

_NO_ROOFLINE = {
    "no_card": "A roofline needs the peaks of this machine. To have them measured, run:"
    " tito-bench benchmark calibrate",
    "other_card": "The calibration of this project is of another machine or other kernels"
    " ({detail}), so that its roofline would not be this record's. On the machine of the record"
    " run: tito-bench benchmark calibrate",
    "nothing": "There is no roofline: nothing was measured that could be placed in it.",
}


def kernel_limit_words(limit: Limit, share: float, gb_s: float, mostly_reads: bool) -> str:
    """Say what limits a kernel that reaches this share of its roof."""
    code: str = limit
    if share > 1 and limit != "neither":
        code = "reading" if limit == "memory" and mostly_reads else f"full_{limit}"
    return _KERNEL_LIMITS[code].format(share=f"{share:.0%}", gb_s=f"{gb_s:.0f}")


def subject_limit_words(limit: Limit, spent: Spent, who: str) -> str:
    """Say what limits the code that is measured beside the kernel."""
    if limit == "interpreter":
        code = "calls" if spent.calls_share >= spent.rest_share else "loops"
    elif limit == "extra":
        code = "extra"
    else:
        code = "ahead" if spent.kernel_share > 1 else "kernel"
    return _SUBJECT_LIMITS[code].format(
        who=who,
        kernel=f"{spent.kernel_share:.0%}",
        calls=f"{spent.calls_share:.0%}",
        rest=f"{spent.rest_share:.0%}",
        loops=f"{spent.interpreter_share:.0%}",
    )


def no_roofline_words(code: str, detail: str = "") -> str:
    """Say why a report has no roofline, and what would draw it."""
    return _NO_ROOFLINE[code].format(detail=detail)
