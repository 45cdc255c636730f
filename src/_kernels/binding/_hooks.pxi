# What others have hung into the interpreter, and how the judge works without it.
# Included by _native.pyx. Compiled code has no frames that Python code could reach.

import _signal
import _tracemalloc
import gc

# Bound as they were before any code of the student's was there.
cdef object _getframe = sys._getframe, _traceback = BaseException.__traceback__
cdef object _gettrace = sys.gettrace, _settrace = sys.settrace
cdef object _setprofile = sys.setprofile
cdef object _collects = gc.isenabled, _collect_no_more = gc.disable, _collect_again = gc.enable
cdef list _gc_callbacks = gc.callbacks
cdef object _getsignal = _signal.getsignal, _setsignal = _signal.signal
cdef object _getitimer = getattr(_signal, "getitimer", None)
cdef object _setitimer = getattr(_signal, "setitimer", None)
cdef object _is_tracing_memory = _tracemalloc.is_tracing, _trace_no_memory = _tracemalloc.stop
cdef object _monitoring = getattr(sys, "monitoring", None)  # Python 3.12
cdef object _get_tool = getattr(_monitoring, "get_tool", None)
cdef object _register_callback = getattr(_monitoring, "register_callback", None)
cdef tuple _EVENTS = () if _monitoring is None else tuple(
    {bit for bit in vars(_monitoring.events).values() if bit > 0 and bit & (bit - 1) == 0}
)
cdef int _TOOLS = 0 if _monitoring is None else 6


def _refuse_audit_hooks(event, arguments):
    if event == "sys.addaudithook":
        raise RuntimeError("no audit hook is added while code is measured")


def refuse_audit_hooks():
    sys.addaudithook(_refuse_audit_hooks)


class Raised(Exception):
    """Their code has raised; the one argument is what was said of that while it still ran."""


def detach(result, array_type):
    """What `result` is, without anything of theirs that could run when it is dropped."""
    if type(result) is array_type and result.dtype.kind in "fiu":
        return result.copy()
    return str(type(result).__name__)


cdef dict _take_tool_callbacks():
    """Take the callbacks of all tools of sys.monitoring away; by tool and event."""
    taken = {}
    for tool in range(_TOOLS):
        if _get_tool(tool) is not None:
            for event in _EVENTS:
                callback = _register_callback(tool, event, None)
                if callback is not None:
                    taken[tool, event] = callback
    return taken


cdef list _hold_frames():
    """The variables of all functions that wait for what is called now."""
    held = []
    frame = _getframe()
    while frame is not None:
        variables = frame.f_locals
        if variables is not frame.f_globals:
            held.append((frame, dict(variables)))
        frame = frame.f_back
    return held


cdef object _check_frames(list held):
    """End the process where a variable is another: nothing that goes on there could be believed."""
    for frame, before in held:
        now = frame.f_locals
        for name, value in before.items():
            if now.get(name, _NOTHING) is not value:
                _end(f"a variable of {frame.f_code.co_name}: {name}")


# What the clocks may say that another thread has run where there is none: they have steps.
cdef int64_t _CLOCK_STEP_NS = 6000


@cython.final
cdef class Hooks:
    """What was hung into this thread's interpreter before any code of the student's was there."""

    cdef object trace
    cdef tuple handlers, timers
    cdef dict tool_callbacks
    cdef bint collects, theirs
    cdef int64_t others_ns
    cdef Snapshot snapshot
    cdef object describe

    def __cinit__(self):
        self.trace = _gettrace()
        self.handlers = tuple([(number, _getsignal(number)) for number in _signal.valid_signals()])
        self.timers = ()
        if _setitimer is not None:
            every = (_signal.ITIMER_REAL, _signal.ITIMER_VIRTUAL, _signal.ITIMER_PROF)
            self.timers = tuple([which for which in every if _getitimer(which)[0] == 0.0])
        self.tool_callbacks = _take_tool_callbacks()
        self.collects, self.theirs = _collects(), False
        self.take_down()
        self.restore()

    def hold(self, Snapshot snapshot not None, describe not None):
        if self.snapshot is not None:
            raise RuntimeError("Hooks: a snapshot is held already")
        self.snapshot, self.describe = snapshot, describe

    cdef object take_down(self):
        """Take everything down, and put signals back as they were."""
        if self.theirs:
            self.collects, self.theirs = _collects(), False
        _collect_no_more()
        _gc_callbacks.clear()
        _settrace(None)
        _setprofile(None)
        _take_tool_callbacks()
        for which in self.timers:
            _setitimer(which, 0.0)
        for number, handler in self.handlers:
            if _getsignal(number) is not handler:
                _setsignal(number, _signal.SIG_DFL if handler is None else handler)
        if _is_tracing_memory():
            _trace_no_memory()

    cdef object restore(self):
        """Hang in again what was there from the beginning: our own tests ask for coverage."""
        for (tool, event), callback in self.tool_callbacks.items():
            _register_callback(tool, event, callback)
        if self.trace is not None:
            _settrace(self.trace)

    cdef object begin(self):
        """From here on code of the student's runs, and garbage is collected as it wants it."""
        self.theirs = True
        if self.collects:
            _collect_again()

    cdef object end(self, list held):
        """From here on it does not, and who judges is as it was."""
        self.take_down()
        _check_frames(held)
        self.others_ns = tito_other_threads_ns()
        if self.snapshot is not None:
            self.snapshot.check()
        self.restore()

    def alone(self):
        return tito_other_threads_ns() - self.others_ns <= _CLOCK_STEP_NS

    cdef object described(self, error):
        """What is said of what their code raised; now, for it may have methods of theirs."""
        _traceback.__set__(error, _traceback.__get__(error).tb_next)  # without the line of ours
        return self.describe(error)

    def call(self, function, *arguments):
        result = told = None
        held = _hold_frames()
        self.begin()
        try:
            result = function(*arguments)
        except BaseException as error:
            if self.describe is None:
                raise
            told = self.described(error)
        finally:
            self.end(held)
        if told is not None:
            raise Raised(told)
        return result
