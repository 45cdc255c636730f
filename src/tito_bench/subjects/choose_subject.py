"""Decides whose code is measured."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tito_bench.errors import SubjectError, TitoBenchError
from tito_bench.subjects.discovery import PackageLocation, locate_package
from tito_bench.subjects.missing import MEASURING_NUMPY, Missing
from tito_bench.subjects.redaction import display_path, one_line

if TYPE_CHECKING:
    from tito_bench.subjects.operation import Subject
    from tito_bench.subjects.package import Package
    from tito_bench.subjects.tinytorch_subject import TinyTorchSubject

__all__ = ["choose_subject", "describe_exception"]


def choose_subject(
    choice: str,
    root: Path | str,
    package: Path | str | None = None,
    code: tuple[str, str] | None = None,
) -> tuple[Subject, str | None]:
    """Return the subject "numpy", "tinytorch" or "auto" stands for, and a note.

    "auto" takes the student's package where there is one, else numpy; then the
    note says why. With a working package the note names what in it could not be
    imported, if anything. With `code`, a name and the text that defines it, that is
    the subject: a function by itself, or a class in place of the package's. Call it in
    the worker only: it imports student code.

    Raises:
        SubjectError: "tinytorch" was asked for, or `package` was given, and it
            cannot be measured; or a package is there and its Tensor fails, in
            whose place no other code is measured.
    """
    if code is not None:
        return _code_alone(*code, Path(root), None if package is None else Path(package)), None
    if choice == "numpy":
        return _numpy(), None
    try:
        subject, problems = _tinytorch(Path(root), None if package is None else Path(package))
    except Missing as error:
        if choice == "tinytorch" or package is not None:
            raise
        return _numpy(), f"{MEASURING_NUMPY}{error}"
    return subject, "; ".join(problems) or None


def describe_exception(error: BaseException, subject: Subject | None = None) -> str:
    """Return one line for what was raised while code of `subject` ran.

    With a tinytorch subject: "file:line: Type: message", the deepest frame
    inside the student's package.
    """
    describe = getattr(subject, "describe", None)
    if describe is not None:
        return str(describe(error))
    if isinstance(error, TitoBenchError):
        return str(error)
    return one_line(f"{type(error).__name__}: {error}")


def _numpy() -> Subject:
    # Imported here, so that looking for a package does not cost NumPy's start.
    from tito_bench.subjects.numpy_subject import NumpySubject

    return NumpySubject()


def _tinytorch(root: Path, explicit: Path | None) -> tuple[TinyTorchSubject, tuple[str, ...]]:
    from tito_bench.subjects.package import Package
    from tito_bench.subjects.tinytorch_subject import BASELINE_NAMES, TinyTorchSubject

    location = locate_package(root, explicit)
    if isinstance(location, Missing):
        raise location
    package = Package(location)
    try:
        package.import_autograd()
        subject = TinyTorchSubject(package)
        subject.check_tensor()
        # Looked up now, so that files, fingerprint and problems are complete
        # before anything is measured; what is missing is said when it is used.
        for name in BASELINE_NAMES:
            package.find(name)
        _switch_autograd_on(package)
    except SubjectError:
        package.close()
        raise
    except OSError as error:  # a folder of it that we may not look into
        package.close()
        shown = display_path(error.filename or location.folder, root)
        reason = f"{error.strerror}; check the permissions of the folder"
        raise SubjectError(f"cannot read {shown}: {reason}") from error
    return subject, package.problems


def _code_alone(name: str, text: str, root: Path, explicit: Path | None) -> Subject:
    from tito_bench.subjects.function_subject import FunctionSubject
    from tito_bench.subjects.package import Package
    from tito_bench.subjects.sent_code import load_sent_code
    from tito_bench.subjects.tinytorch_subject import TinyTorchSubject

    location = locate_package(root, explicit)
    if isinstance(location, Missing):  # the code may need no package at all
        location = PackageLocation(root, root, "project")
    package = Package(location)
    package.import_autograd()
    module = load_sent_code(name, text, location)
    package.put_in_place(module)
    value = getattr(module, name)
    if not isinstance(value, type):
        return FunctionSubject(value, module, package)
    return TinyTorchSubject(package)


def _switch_autograd_on(package: Package) -> None:
    """Call `enable_autograd` where no layer can be built before it was called.

    In some packages importing autograd is not enough for Tensor to take `requires_grad`.
    What fails here fails again where it is measured, and is said there.
    """
    from tito_bench.subjects.student_code import student_code

    linear, switch = package.peek("Linear"), package.peek("enable_autograd")
    if isinstance(linear, Missing) or isinstance(switch, Missing):
        return
    try:
        with student_code(package.location):
            _call(linear.value, 2, 2)
    except SubjectError as error:
        if "requires_grad" in str(error):
            with suppress(SubjectError), student_code(package.location):
                _call(switch.value)


def _call(function: Any, *arguments: object) -> None:
    function(*arguments)
