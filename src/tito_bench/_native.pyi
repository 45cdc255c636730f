"""The native kernels: what this machine can do, run and timed without Python in the way.

A kernel is *bound* once to its arrays (arguments checked, workspace allocated) and the
resulting `Call` is run many times. Arrays are C-contiguous, 4-byte-aligned float32 objects of the
buffer protocol (NumPy arrays, memoryviews); importing this module needs no NumPy.

Errors that all binders share
    TypeError   an argument is no buffer, or has another dtype or byte order
    ValueError  wrong shape, not C-contiguous, not 4-byte aligned, a read-only output, an output
                that overlaps an input, or sizes whose product does not fit the machine
The message names the argument, what was given and what is needed.
"""

from collections.abc import Callable, Container, Sequence
from io import BufferedReader, BufferedWriter
from typing import Any, Final, NamedTuple, Self, TypeAlias, TypeVar, final

import numpy as np
from typing_extensions import Buffer

_R = TypeVar("_R")
Array: TypeAlias = Buffer | np.ndarray[Any, Any]
"""NumPy's, or any other object of the buffer protocol. Only here: at run time there is no name."""

KERNELS_VERSION: Final[str]
"""Version of the kernels; two scores are comparable only if their kernels compute the same."""

PANEL: Final[int]
"""Rows, or columns, side by side in a panel of `pack`."""

class TargetError(ValueError):
    """An unknown kernel target, or one this CPU cannot run; the message lists those it can."""

def supported_targets() -> tuple[str, ...]:
    """Targets this build and this CPU can run, best first; always ends with ``"portable"``."""

def build_info() -> dict[str, Any]:
    """Facts about this build of the extension.

    Keys: ``kernels_version``, ``compiler``, ``build_type`` (``"release"``; ``"sanitize"`` only
    for the build that the sanitizer command makes), ``operations`` (a tuple of their names),
    ``targets_compiled`` and ``targets_supported`` (tuples, best first) and ``target``, the one
    `Kernels` chooses.

    Raises `TargetError` when ``TITO_KERNELS_TARGET`` names a target that is not supported.
    """

class Timing(NamedTuple):
    """What one timed loop cost, start to end, with the clock read in C."""

    wall_ns: int
    """Elapsed time of the monotonic clock."""
    cpu_ns: int
    """CPU time of the calling thread."""
    process_cpu_ns: int
    """CPU time of all threads of the process."""
    waits: int
    """Voluntary context switches of the calling thread, or -1 where the OS does not tell."""

@final
class Call:
    """A kernel bound to its arrays. Keeps the arrays alive and unresizable.

    One `Call` must not run in two threads at once: it has one output and one workspace.
    Different calls may.
    """

    @property
    def name(self) -> str:
        """The operation, for example ``"sgemm"``."""
    @property
    def flops(self) -> int:
        """Arithmetic operations of one run (a multiply-add counts as two)."""
    @property
    def bytes(self) -> int:
        """Bytes one run must move at least: every input read once, every output written once."""
    def __call__(self) -> None:
        """Run once, with the GIL released."""

@final
class Kernels:
    """The kernels of one target.

    Args:
        target: one of `supported_targets()`. None takes ``TITO_KERNELS_TARGET`` (read once, when
            first asked for) or else the best target.
        cblas_sgemm: address of a ``cblas_sgemm`` that computes the products of matrices inside
            `sgemm`, `linear`, `mlp`, `attention` and `conv2d`, with 64-bit integers where ``ilp64``
            says so; nothing can check it. 0: they are the target's own, as all the rest is.

    Raises:
        TargetError: unknown or unsupported target.
    """

    def __init__(
        self, target: str | None = None, *, cblas_sgemm: int = 0, ilp64: bool = False
    ) -> None: ...
    @property
    def target(self) -> str:
        """Name of the target in use."""

    @property
    def calls_blas(self) -> bool:
        """Whether products of matrices are a foreign BLAS's."""
    def sgemm(self, a: Array, b: Array, out: Array) -> Call:
        """``out = a @ b`` with a (m, k), b (k, n), out (m, n). ``out`` is overwritten."""
    def linear(self, x: Array, w: Array, b: Array, out: Array) -> Call:
        """``out = x @ w + b`` with x (m, k), w (k, n), b (n,), out (m, n)."""
    def mlp(self, x: Array, w1: Array, b1: Array, w2: Array, b2: Array, out: Array) -> Call:
        """``out = relu(x @ w1 + b1) @ w2 + b2``; weights as (in, out). NaN passes through relu."""
    def add(self, a: Array, b: Array, out: Array) -> Call:
        """``out = a + b``, any equal shapes; ``out`` may be exactly ``a`` or ``b``."""
    def mul(self, a: Array, b: Array, out: Array) -> Call:
        """``out = a * b``, any equal shapes; ``out`` may be exactly ``a`` or ``b``."""
    def triad(self, a: Array, b: Array, scalar: float, out: Array) -> Call:
        """``out = a + scalar * b`` (STREAM triad), any equal shapes, aliasing as `add`."""
    def relu(self, x: Array, out: Array) -> Call:
        """``out = maximum(x, 0)``, any equal shapes; ``out`` may be exactly ``x``. NaN stays."""
    def gelu(self, x: Array, out: Array) -> Call:
        """``out = x Phi(x)`` in its tanh form (Hendrycks and Gimpel, arXiv:1606.08415, section 2).

        Any equal shapes; ``out`` may be exactly ``x``.
        """
    def softmax(self, x: Array, out: Array) -> Call:
        """Softmax of each row of x (m, n), shifted by the row's maximum; ``out`` may be ``x``."""
    def layernorm(
        self, x: Array, gamma: Array, beta: Array, out: Array, epsilon: float = 1e-5
    ) -> Call:
        """Layer normalisation of each row of x (m, n) (Ba et al., arXiv:1607.06450, equation 4).

        ``out = (x - mean) / sqrt(variance + epsilon) * gamma + beta``; gamma and beta (n,).
        """
    def attention(self, q: Array, k: Array, v: Array, out: Array, causal: bool = False) -> Call:
        """One head: ``out = softmax(q @ k.T / sqrt(d)) @ v`` (arXiv:1706.03762, equation 1).

        q (t, d), k (s, d), v (s, dv), out (t, dv). causal: row i attends to rows 0..i; t == s.
        """
    def embedding(self, indices: Array, table: Array, out: Array) -> Call:
        """``out = table[indices]``: int64 indices of any shape, table (rows, width).

        An index outside the table gives a row of NaN.
        """
    def cross_entropy(self, logits: Array, labels: Array, out: Array) -> Call:
        """Mean negative log-likelihood into ``out`` (1,): logits (m, n), int64 labels (m,).

        NaN where a label is outside the row or there are no rows.
        """
    def linear_int8(self, x: Array, w: Array, b: Array, scale: float, out: Array) -> Call:
        """``out = scale * (x @ w) + b``: int8 x (m, k) and w (k, n), exact 32-bit sums.

        b (n,) and out (m, n) are float32; k < 2**17.
        """
    def conv2d(
        self,
        x: Array,
        w: Array,
        b: Array | None,
        out: Array,
        stride: int = 1,
        padding: int = 0,
    ) -> Call:
        """2-d convolution (cross-correlation) with zero padding, NCHW.

        x (images, channels, height, width), w (filters, channels, kernel height, kernel width),
        b (filters,) or None, out (images, filters, out height, out width) where
        ``out height = (height + 2 padding - kernel height) // stride + 1``.
        """
    def maxpool2d(self, x: Array, out: Array, kernel: int = 2, stride: int | None = None) -> Call:
        """Maximum of each kernel x kernel window, NCHW, no padding; stride None means kernel.

        A window that holds a NaN gives NaN.
        """
    def fma_peak(self, iterations: int = 10_000) -> Call:
        """Multiply and add in registers only: the arithmetic peak of this target on one core."""

def pack(x: Array, panels: Array, *, columns: bool = False) -> Call:
    """Copy float32 x (m, n) into panels, as a BLAS does to an operand before it multiplies.

    A panel holds 8 rows (or columns), element j of each side by side for every j:
    ``panels[8 * n * p + 8 * j + i] = x[8 * p + i, j]``. Where `panels` (room,) is full the next
    panel begins at its front again, as in a library that keeps a part of an operand in the second
    cache. ``flops`` and ``bytes`` are 0: a chain counts only what its result needs.

    Raises ValueError where not even one panel fits.
    """

def chain(calls: Sequence[Call]) -> Call:
    """Run several calls in order as one: the native reference of a model.

    ``flops`` and ``bytes`` are the sums. Raises ValueError for an empty sequence.
    """

@final
class Perturbation:
    """Changes its arrays between the calls of a timed loop, so that caching cannot pay.

    Each step sets `spread` elements of one array, the arrays in turn, to +-[0.5, 1): one at a
    random place in each of as many stretches of equal length. With a `pool` of float32 each step
    gives all arrays new content instead, windows of the pool at random places, and timed loops
    stop their clocks for it. The same seed (0 <= seed < 2**64) makes the same changes to arrays
    of the same sizes.

    Args:
        arrays: 1 to 8 writable C-contiguous float32 or float64 arrays, held while this lives.
        pool: not smaller than the largest of them; held too.
    """

    def __init__(
        self, arrays: Sequence[Array], seed: int, spread: int = 1, pool: Array | None = None
    ) -> None: ...
    def advance(self, steps: int) -> None:
        """Make the next `steps` changes."""

@final
class ResultSampler:
    """Remembers up to 32 elements of the result of one call of a timed loop.

    Which call that is, and which elements, is drawn in C while the loop runs, from the system's
    randomness; the elements are read as soon as that call has returned. Everything is None until
    the loop has ended without an exception.

    Args:
        array_type: `numpy.ndarray`; a result of any other type has no elements.
        shape: at most 4 dimensions; a result of any other shape has no elements.
    """

    seed: Final[int | None]
    """That of the perturbation, drawn anew when the loop began."""
    call: Final[int | None]
    """The number of the call, from 0."""
    places: Final[tuple[int, ...] | None]
    """Indices into the flattened result; none where it was no array of floats of this shape."""
    values: Final[tuple[float, ...] | None]

    def __init__(self, array_type: type, shape: tuple[int, ...]) -> None: ...

def time_calls(
    calls: Sequence[Call], loops: int, perturbation: Perturbation | None = None
) -> Timing:
    """Time ``calls[i % len(calls)]()`` for ``i in range(loops)``.

    Before each call `perturbation`, if any, makes one step. The whole loop runs in C without the
    GIL; nothing is allocated in it. Raises ValueError for
    no calls or negative loops.
    """

def time_callable(
    function: Callable[..., _R],
    arguments: Sequence[tuple[Any, ...]],
    loops: int,
    perturbation: Perturbation | None = None,
    sampler: ResultSampler | None = None,
) -> tuple[Timing, _R | None]:
    """Time ``result = function(*arguments[i % len(arguments)])`` for ``i in range(loops)``.

    Before each call `perturbation`, if any, makes one step. A `sampler` gives it a new seed first,
    and looks at every result.
    The loop and its clock are C and cannot be replaced from Python. The previous result is
    released, inside the timed loop, before the next call is made, as in a student's own loop.
    Returns the timing and the last result (None for no loops). An exception ends the loop and
    propagates. Raises ValueError for no arguments or negative loops.
    """

def refuse_audit_hooks() -> None:
    """Have no audit hook added in this process from now on; adding one does nothing."""

class Raised(Exception):
    """Code of the student's has raised; its one argument is what was said of it (`Hooks.hold`)."""

def detach(result: object, array_type: type) -> Any:
    """Return a copy of an array of real numbers, and of anything else the name of its type.

    Nothing of the student's then runs where `result` is dropped.
    """

@final
class Hooks:
    """What is hung into this thread's interpreter now, before any code of the student's is there.

    A trace function, callbacks of `sys.monitoring`, signal handlers and timers. Whenever code of
    the student's has run, they are as they were, and profile functions, callbacks of the garbage
    collector and `tracemalloc` are gone; while anything is timed, none of it is there. Garbage is
    collected while their code runs, if they want that, and not otherwise: so no `__del__` runs
    elsewhere.

    Where the code has replaced a variable of a function that waits for it, or anything that a
    snapshot holds, the process ends, with one line of why on its error stream.
    """

    def hold(self, snapshot: Snapshot, describe: Callable[[BaseException], object]) -> None:
        """Look at `snapshot` whenever code of the student's has run, from now on.

        What that raises is given to `describe`, and `Raised` of what it returns is raised instead.
        Raises RuntimeError where one is held already.
        """
    def call(self, function: Callable[..., _R], *arguments: object) -> _R:
        """Return ``function(*arguments)``, in which code of the student's runs."""
    def alone(self) -> bool:
        """Return whether no other thread has run since code of the student's ran last."""

@final
class Snapshot:
    """What must be the same objects, and the same numbers, after code of the student's has run.

    Each `watch_...` adds something as it is now; a label says what it is.
    """

    def __init__(self) -> None: ...
    def watch_names(
        self,
        label: str,
        names: dict[Any, Any],
        closed: bool,
        asked_for: Container[str] | None = None,
    ) -> None:
        """Add all names of a dictionary, or those that are `asked_for`.

        Where it is `closed`, there may be no others.
        """
    def watch_function(self, label: str, function: Callable[..., object]) -> None:
        """Add the code and the defaults of a function."""
    def watch_attribute(self, label: str, thing: object, name: str) -> None:
        """Add what `thing.name` is, which may be nothing."""
    def watch_items(self, label: str, items: list[Any] | set[Any]) -> None:
        """Add the items of a list or set."""
    def watch_numbers(self, label: str, array: Array) -> None:
        """Add the numbers of a float32 array; a 64th of them is looked at each time."""
    def watch_answer(self, label: str, function: Callable[[], object]) -> None:
        """Add what `function()` returns."""
    def changed(self) -> str | None:
        """Return the label of the first that is no longer what it was, or None."""

def seal(key: bytes, number: int, text: bytes) -> bytes:
    """Return 16 hexadecimal digits that only who knows the `key` of 16 bytes can tell.

    `number` and `text` are what is sealed.
    """

def answer_questions(
    questions: BufferedReader, answers: BufferedWriter, answer: Callable[[bytes], bytes]
) -> None:
    """Write `answer(line)` for each line that is asked, with its seal before it.

    The key comes first on `questions`, and nothing of Python's leads to it. A fork ends here.
    """

class Taken(NamedTuple):
    """What `Sides.take` has taken."""

    timings: tuple[Timing, ...]
    """One a step, of its timed loop."""
    loops: tuple[tuple[int, ResultSampler], ...]
    """Of each loop of the subject, warm-ups included: its calls, and what was seen of a result."""
    result: Any
    """The last one of the subject, `detach`ed at once; None without one."""
    own_cpu_ns: int
    """CPU time of this thread, from before the first step to after the last."""
    others_cpu_ns: int
    """That of all other threads of the process."""
    pace: float
    """The smallest array call over a call of Python's own, each at its fastest; 0 without one."""

@final
class Sides:
    """The subject, the kernel and the smallest array call of one operation, ready to be timed.

    Args:
        function, arguments: the subject's call.
        array_type, shape: of its results; see `ResultSampler`.
        native: the kernel.
        smallest, operands: the smallest array call.
    """

    def __init__(
        self,
        function: Callable[..., object],
        arguments: tuple[Any, ...],
        array_type: type,
        shape: tuple[int, ...],
        native: Call,
        smallest: Callable[..., object],
        operands: tuple[Any, ...],
    ) -> None: ...
    def take(
        self,
        steps: Sequence[Any],
        hooks: Hooks,
        changes: Perturbation,
        native_changes: Perturbation,
    ) -> Taken:
        """Take all `steps` (`measure.messages.Step`) in one go, with all hooks taken down.

        Nothing is looked up in Python meanwhile, no Python of ours runs, and what was read stays
        where Python cannot reach it. `changes` gets a new seed for each loop of the subject, and
        each loop of the kernel begins with `native_changes` as it is given. The GIL is kept all
        along. An exception of the subject's ends it and propagates.
        """

@final
class LineClock:
    """Context manager that times the lines of Python run by this thread while it is active.

    A backward jump begins a line, so that a loop on one line is seen. The trace function is C,
    without an object: `sys.gettrace()` does not show it, and a line costs it some 50 ns. A trace
    function that was set before is set again at the end.

    Args:
        longest_ns: lines that take longer than this do not count in `short_ns`.
        skipped: the first lines, which do not count in `short_ns`.
        most: lines after which it stops by itself.

    Raises ValueError for numbers out of range, and RuntimeError on entry while another runs.
    """

    lines: Final[int]
    """Lines that ran, at most `most`; 0 before the end."""
    short_ns: Final[int]
    """Wall time of the short lines after the first ones."""
    cpu_ns: Final[int]
    """CPU time of the thread while it was active."""
    hidden: Final[bool]
    """Whether a frame kept its lines from being traced, or had code without line numbers."""
    stopped: Final[bool]
    """Whether it stopped by itself. All of these are final at the end."""

    @property
    def lines_now(self) -> int:
        """The lines so far, while it is active."""

    def __init__(self, longest_ns: int, skipped: int = 0, most: int = 200_000) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exception: object) -> None: ...

def wall_clock_ns() -> int:
    """Monotonic wall clock in nanoseconds, from an arbitrary start."""

def thread_cpu_ns() -> int:
    """CPU time of the calling thread in nanoseconds."""

def process_cpu_ns() -> int:
    """CPU time of the process, all threads, in nanoseconds."""

@final
class AlignedArrays:
    """Context manager: while it is active, new NumPy arrays start at a multiple of 64 bytes.

    Installs a NumPy data allocator (NEP 49) for the current context and restores the previous one
    on exit. Freed blocks are kept in a small bounded list by size, so that a large temporary does
    not pay for fresh pages at every call; the list is emptied when the last active manager exits.
    Arrays outlive the manager safely. Thread-safe and re-entrant: one instance may be nested.

    Raises ImportError on entry if NumPy is not installed.
    """

    def __init__(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exception: object) -> None: ...

@final
class AllocationLog:
    """Context manager: while it is active, counts the blocks that NumPy asks of `AlignedArrays`.

    Blocks of all threads, realloc included; an array whose handler is another one is not seen.
    The figures stay readable after the block, until the next log starts. Raises RuntimeError on
    entry while another log is active.
    """

    def __init__(self) -> None: ...
    def __enter__(self) -> Self: ...
    def __exit__(self, *exception: object) -> None: ...
    @property
    def bytes(self) -> int:
        """Bytes asked for so far."""
    @property
    def count(self) -> int:
        """Blocks asked for so far."""
    def sizes(self) -> tuple[int, ...]:
        """Return the bytes of each block, in order; of the first 4096 where there were more."""
