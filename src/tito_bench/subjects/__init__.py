"""Whose code is measured: plain NumPy, or the student's own TinyTorch package."""

from tito_bench.subjects.choose_subject import choose_subject, describe_exception
from tito_bench.subjects.missing import Missing, StudentCodeError
from tito_bench.subjects.operation import Subject, SubjectOperation

__all__ = [
    "Missing",
    "StudentCodeError",
    "Subject",
    "SubjectOperation",
    "choose_subject",
    "describe_exception",
]
