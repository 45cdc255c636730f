"""What in a student's package is exported and still to be written.

The course hands out modules whose functions hold a docstring and nothing else, or
raise NotImplementedError. They are no faults: whoever is in week 3 has them in
module 13. Whether a function is written is read in its source; which of them was
called is seen in a traceback, or by calling once more what failed.
"""

from __future__ import annotations

import ast
import functools
import inspect
import sys
import traceback
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tito_bench.subjects.course_modules import COURSE_MODULES, LAYOUTS
from tito_bench.subjects.missing import Missing
from tito_bench.subjects.student_errors import is_inside

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator
    from types import CodeType, FrameType

    from tito_bench.subjects.course_modules import CourseModule

__all__ = ["is_stub", "still_to_be_written", "unwritten_behind", "unwritten_class", "unwritten_in"]

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_getprofile, _setprofile = sys.getprofile, sys.setprofile
_SAID = frozenset({"__repr__", "__str__", "__len__", "__del__"})
"""Methods that a class is not about."""
_ANSWERS = ("forward", "__call__", "step", "run_latency_benchmark", "benchmark_model")
"""What a class of the course is for: without it the rest does nothing."""
_NOTHING_THERE = ("NoneType", "has no attribute", "is None")
"""In what is said of a failure that the empty result of a stub can be the cause of."""


def is_stub(value: object) -> bool:
    """Say whether the class or function is still to be written, by its source.

    A class is where no method is written; where the one that it is for is not, such as
    `forward`, `__call__` or an optimizer's `step`; and where `__init__` is not, and other
    methods read what it should have set. A class that others of the file derive from is
    none, nor is what has no source.
    """
    try:
        file = inspect.getsourcefile(value)  # type: ignore[arg-type]
        name = value.__qualname__  # type: ignore[attr-defined]
    except (TypeError, AttributeError, OSError):
        return False
    tree = _tree(file) if file else None
    if tree is None or "<locals>" in name:
        return False
    node = next((found for shown, found in _definitions(tree) if shown == name), None)
    if isinstance(node, ast.ClassDef):
        return isinstance(value, type) and _is_stub_class(node, tree, value)
    return isinstance(node, _Function) and _is_unwritten(node)


def still_to_be_written(name: str, module: CourseModule | None) -> Missing:
    """Return what is said of a stub called `name` (a function, a class, or Class.method)."""
    where = "" if module is None else f"module {module.number:02d}: "
    number = None if module is None else module.number
    return Missing(name, number, f"{where}{name} is still to be written", unwritten=True)


def unwritten_class(part: object) -> Missing | None:
    """Return the class of `part`, an object of the student's, as missing if it is a stub."""
    name = type(part).__name__
    return still_to_be_written(name, LAYOUTS.get(name)) if is_stub(type(part)) else None


def unwritten_in(error: BaseException, package: Path) -> Missing | None:
    """Return the function of `package` that raised `error`, a NotImplementedError; else None.

    One that raises it in a single branch is written, and fails there.
    """
    if not isinstance(error, NotImplementedError):
        return None
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    if not frames or not is_inside(frames[-1].f_code.co_filename, (package,)):
        return None
    if not _is_unwritten_code(frames[-1].f_code):
        return None
    return _missing(frames[-1], package)


def unwritten_behind(
    error: BaseException, again: Callable[[], object], package: Path
) -> Missing | None:
    """Return the stub of `package` whose empty result is the cause of `error`, or None.

    Calls `again`, which does once more what failed, and sees which stubs it calls: the
    last is the cause whose result was taken by a function that then failed.
    """
    if not any(sign in str(error) for sign in _NOTHING_THERE):
        return None
    with _watched(package) as called:
        try:
            again()
        except BaseException as repeated:
            failed = set(_codes_of(repeated))
        else:
            return None
    return next((missing for caller, missing in reversed(called) if caller in failed), None)


def _codes_of(error: BaseException) -> Iterator[CodeType]:
    """Yield the functions that an error came through, and those of the errors that caused it."""
    cause: BaseException | None = error
    while cause is not None:
        for frame, _ in traceback.walk_tb(cause.__traceback__):
            yield frame.f_code
        cause = cause.__cause__


@contextmanager
def _watched(package: Path) -> Iterator[list[tuple[CodeType, Missing]]]:
    """Collect the stubs of `package` that return nothing where a result was to be used.

    Each comes with the function that called it. A constructor returns nothing anyway.
    """
    called: list[tuple[CodeType, Missing]] = []
    stubs: dict[CodeType, bool] = {}  # the functions of the package

    def see(frame: FrameType, event: str, result: Any) -> None:
        code = frame.f_code
        if event != "return" or result is not None or code.co_name == "__init__":
            return
        if code not in stubs:
            inside = is_inside(code.co_filename, (package,))
            stubs[code] = inside and _is_unwritten_code(code)
        hands_on = bool(called) and called[-1][0] is code
        caller = frame.f_back
        if caller is None or not (stubs[code] or hands_on):
            return
        if caller.f_lineno in _lines_of(caller.f_code.co_filename).for_effect:
            return
        if stubs[code]:
            called.append((caller.f_code, _missing(frame, package)))
        elif frame.f_lineno in _lines_of(code.co_filename).answers:
            # It hands on what the stub gave it.
            called.append((caller.f_code, called[-1][1]))

    before = _getprofile()
    _setprofile(see)
    try:
        yield called
    finally:
        _setprofile(before)


@dataclass(frozen=True, slots=True)
class _Lines:
    """The lines of a file that are calls for their effect alone, and those that return a value."""

    for_effect: frozenset[int]
    answers: frozenset[int]


@functools.lru_cache(maxsize=128)
def _lines_of(file: str) -> _Lines:
    tree = _tree(file)
    effects: set[int] = set()
    answers: set[int] = set()
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            effects.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
        elif isinstance(node, ast.Return) and node.value is not None:
            answers.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return _Lines(frozenset(effects), frozenset(answers))


def _missing(frame: FrameType, package: Path) -> Missing:
    """Name the function of `frame` by the class of its object, and its course module."""
    code = frame.f_code
    owner, _, method = code.co_qualname.rpartition(".")
    if owner and code.co_varnames[:1] == ("self",):
        owner = type(frame.f_locals.get("self")).__name__
    if owner.endswith("<locals>"):
        owner = ""
    name = f"{owner}.{method}" if owner else method
    return still_to_be_written(name, _module_of(Path(code.co_filename), owner or method, package))


def _module_of(file: Path, name: str, package: Path) -> CourseModule | None:
    resolved, folder = file.resolve(), package.resolve()
    if resolved.is_relative_to(folder):
        dotted = ".".join(("tinytorch", *resolved.relative_to(folder).with_suffix("").parts))
        for module in COURSE_MODULES:
            if dotted in module.paths:
                return module
    return LAYOUTS.get(name)


def _is_unwritten_code(code: CodeType) -> bool:
    tree = _tree(code.co_filename)
    if tree is None:
        return False
    return any(
        _first_line(node) == code.co_firstlineno and _is_unwritten(node)
        for node in ast.walk(tree)
        if isinstance(node, _Function)
    )


def _first_line(node: _Function) -> int:
    return min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])


@functools.lru_cache(maxsize=128)
def _tree(file: str) -> ast.Module | None:
    try:
        return ast.parse(Path(file).read_bytes())
    except (OSError, ValueError, SyntaxError, RecursionError, MemoryError):
        return None


def _definitions(
    tree: ast.Module | ast.ClassDef, prefix: str = ""
) -> Iterator[tuple[str, ast.ClassDef | _Function]]:
    """Yield classes, functions and methods with their qualified names, the last of a name first."""
    for node in reversed(list(_statements(tree.body))):
        if isinstance(node, _Function):
            yield prefix + node.name, node
        elif isinstance(node, ast.ClassDef):
            yield prefix + node.name, node
            yield from _definitions(node, f"{prefix}{node.name}.")


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements, also those below `if` and `try`."""
    for node in body:
        yield node
        for field in ("body", "orelse", "finalbody") if isinstance(node, ast.If | ast.Try) else ():
            yield from _statements(getattr(node, field, []))


def _is_stub_class(node: ast.ClassDef, tree: ast.Module, kind: type) -> bool:
    if any(
        isinstance(base, ast.Name) and base.id == node.name
        for _, other in _definitions(tree)
        if isinstance(other, ast.ClassDef)
        for base in other.bases
    ):
        return False  # a base for others, whose methods are theirs to write
    found = [one for one in _statements(node.body) if isinstance(one, _Function)]
    lines = {
        name: inspect.unwrap(function).__code__.co_firstlineno
        for name, function in vars(kind).items()
        if inspect.isfunction(function)
    }
    # What was put into the class from elsewhere, as autograd does it, is written there.
    added = set(lines) - {name for name, line in lines.items() if line in map(_first_line, found)}
    # Of a name that two branches define it is the one that ran.
    found.sort(key=lambda one: lines.get(one.name) == _first_line(one))
    methods = {one.name: one for one in found if not _is_abstract(one)}
    about = [name for name in {*methods, *added} if name not in _SAID]
    unwritten = {name for name in about if name not in added and _is_unwritten(methods[name])}
    if not about:
        return not node.bases and all(_does_nothing(one) for one in node.body)
    if len(unwritten) == len(about):
        return True
    answers = next((name for name in _ANSWERS if name in about), None)
    return answers in unwritten or ("__init__" in unwritten and _reads_unset(node, methods))


def _reads_unset(node: ast.ClassDef, methods: dict[str, _Function]) -> bool:
    """Say whether methods read attributes of the object that the class never sets."""
    known = set(methods) | {
        target.id
        for statement in _statements(node.body)
        if isinstance(statement, ast.Assign | ast.AnnAssign)
        for target in ast.walk(statement)
        if isinstance(target, ast.Name)
    }
    read: set[str] = set()
    written = set(known)
    for found in ast.walk(node):
        if (
            isinstance(found, ast.Attribute)
            and isinstance(found.value, ast.Name)
            and found.value.id == "self"
        ):
            (read if isinstance(found.ctx, ast.Load) else written).add(found.attr)
    return bool(read - written)


def _is_abstract(node: _Function) -> bool:
    names = [
        decorator.attr if isinstance(decorator, ast.Attribute) else getattr(decorator, "id", "")
        for decorator in node.decorator_list
    ]
    return "abstractmethod" in names


def _is_unwritten(node: _Function) -> bool:
    if _always_raises(node.body):
        return True
    if len(node.body) == 1 and isinstance(node.body[0], ast.Return):
        return False  # somebody means it
    empty = {
        target.id
        for statement in node.body
        if isinstance(statement, ast.Assign) and _is_none(statement.value)
        for target in statement.targets
        if isinstance(target, ast.Name)
    }
    return all(_does_nothing(statement, empty) for statement in node.body)


def _always_raises(body: list[ast.stmt]) -> bool:
    """Say whether these statements end in NotImplementedError, whatever is given to them."""
    for statement in body:
        if _raises_not_implemented(statement):
            return True
        if isinstance(statement, ast.With) and _always_raises(statement.body):
            return True
        branches = [statement.body, statement.orelse] if isinstance(statement, ast.If) else []
        if branches and all(map(_always_raises, branches)):
            return True
        if any(isinstance(node, ast.Return) for node in _walk_own(statement)):
            return False
    return False


def _walk_own(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a statement, but not those of functions and classes within it."""
    if not isinstance(node, _Function | ast.Lambda | ast.ClassDef):
        yield node
        for child in ast.iter_child_nodes(node):
            yield from _walk_own(child)


def _does_nothing(statement: ast.stmt, empty: Collection[str] = ()) -> bool:
    """Say whether a statement is there for Python's sake: pass, a text, `x = None`, `return x`.

    The names in `empty` hold None.
    """
    if isinstance(statement, ast.Pass) or _raises_not_implemented(statement):
        return True
    if isinstance(statement, ast.Expr):
        return isinstance(statement.value, ast.Constant)
    if isinstance(statement, ast.Return) and isinstance(statement.value, ast.Name):
        return statement.value.id in empty
    if isinstance(statement, ast.Assign):  # of an attribute: something is kept
        names = all(isinstance(target, ast.Name) for target in statement.targets)
        return names and _is_none(statement.value)
    return isinstance(statement, ast.Return) and _is_none(statement.value)


def _is_none(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)


def _raises_not_implemented(statement: ast.stmt) -> bool:
    if not isinstance(statement, ast.Raise) or statement.exc is None:
        return False
    raised = statement.exc.func if isinstance(statement.exc, ast.Call) else statement.exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
