"""Which share of an operation goes into loops of Python, by the calls that were watched."""

from __future__ import annotations

from tito_bench.worker.line_tracer import Watched

__all__ = ["InterpreterShare"]


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
