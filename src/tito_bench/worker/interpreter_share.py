"""How much of a call goes into loops of Python: evidence that its time alone does not give."""

from __future__ import annotations

from dataclasses import dataclass

from tito_bench import _native

__all__ = ["HiddenLines", "InterpreterShare", "Watched", "line_clock"]

# A line of a loop, with its indexing and a call, takes up to so many smallest array calls...
_CALLS_PER_LINE = 8
# ...and does only a part of the work: a line as long as half the kernel's call works on arrays.
# One of up to twice as long counts in part, the less the longer it is (`_end_line`).
_PART_OF_NATIVE = 0.5
_ALL = 0.9  # the rest is what interrupts any loop: a few percent of its lines look long for it
_LINES_WITHOUT_LOOPS = 64
"""What stands around an array call in a package that is well written."""
_MOST_REST = 0.6
"""What is no loop may look twice as long in a call that is watched and finds its caches cold. Where
it is so much of an ordinary call, there may be less room for loops than the watched call shows."""
_LEAST_WATCHED, _MOST_WATCHED = 0.6, 12.0
"""Watching makes a call longer, of the tightest loops about five times. One that is this much
shorter than an ordinary call has left something out, and one this much longer has added it."""


class HiddenLines(Exception):
    """The code under test has kept its lines from being seen."""

    def __str__(self) -> str:
        return "the code under test switched off the tracing of lines, by which loops are told"


@dataclass(frozen=True, slots=True)
class Watched:
    """One call that was looked at line by line: its time, and that of its loop lines, in ns.

    `whole_ns` is given where only its beginning was looked at, which `cpu_ns` is of then.
    """

    short_ns: int
    cpu_ns: int
    whole_ns: int | None = None

    def share(self, call_ns: float | None = None) -> float:
        """Return the share of loops in an ordinary call, 0 to 1, which takes `call_ns` where known.

        Code may find out that it is watched, and do then what suits it. So what
        an ordinary call has no time for does not count: beside the rest of the
        watched call there is only so much room for loops. And what a watched
        call has left out is taken for loops.
        """
        share = self.short_ns / max(1, self.cpu_ns)
        if call_ns is not None and call_ns > 0:
            rest = max(0, self.cpu_ns - self.short_ns) / call_ns
            if rest > _MOST_REST:
                share = min(share, max(0.0, 1 - rest / 2))
            if self.is_unlike(call_ns):
                share = 0.0
            if self.cpu_ns < _LEAST_WATCHED * call_ns:
                share = max(share, 1 - self.cpu_ns / call_ns)
        return min(1.0, share / _ALL)

    def is_unlike(self, call_ns: float) -> bool:
        """Return whether it did far more than an ordinary call, which takes `call_ns`."""
        if self.whole_ns is not None and self.whole_ns > self.cpu_ns + 2 * call_ns:
            return True
        return self.cpu_ns > _MOST_WATCHED * call_ns


def line_clock(native_ns: float, dispatch_ns: float) -> _native.LineClock:
    """Return a context manager around one call, for which the kernel takes `native_ns`.

    The smallest array call, of `dispatch_ns`, is to be timed just before: a machine that others
    use as well has minutes in which everything takes twice as long.
    """
    longest_ns = min(_CALLS_PER_LINE * dispatch_ns, _PART_OF_NATIVE * native_ns)
    return _native.LineClock(max(1, round(longest_ns)), _LINES_WITHOUT_LOOPS)


class InterpreterShare:
    """What the calls that were watched, and the ordinary ones beside them, say of loops."""

    # No attribute can be put before a method of the same name.
    __slots__ = CHANGING = ("_foreseen", "_share", "_watched")

    def __init__(self) -> None:
        """Begin with nothing watched yet."""
        self._watched: Watched | None = None
        self._foreseen, self._share = True, 0.0

    def try_out(self, watched: Watched) -> float:
        """Begin with a call that the code could foresee; return the share that it shows."""
        self._watched, self._foreseen = watched, True
        self._share = watched.share()
        return self._share

    def watch(self, watched: Watched) -> None:
        """Take a call instead that came between timed ones."""
        self._watched = watched

    def must_be_metered(self, subject_ns: float) -> bool:
        """Return whether only calls were watched that the code could foresee, and unlike others.

        An ordinary call takes `subject_ns`.
        """
        watched = self._watched
        return self._foreseen and watched is not None and watched.is_unlike(subject_ns)

    def news(self, subject_ns: float, *, metered: bool) -> float | None:
        """Return the share that a `metered` call shows, or that of trying out where it shrinks.

        Ask after the subject was timed, at `subject_ns` a call, and say whether a call was
        `metered` since the last time. None says that there is nothing new.
        """
        if self._watched is None or not (metered or self._foreseen):
            return None
        share = self._watched.share(subject_ns)
        if metered:
            self._foreseen = False
            return share
        # It must not gain by loops that later calls have no time for.
        if share >= self._share:
            return None
        self._share = share
        return share
