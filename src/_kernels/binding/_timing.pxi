# Timed loops. Included by _native.pyx.

cdef tuple _calls(object calls):
    calls = tuple(calls)
    if not calls:
        raise ValueError("calls: needs at least one Call")
    for call in calls:
        if not isinstance(call, Call):
            raise TypeError(f"calls: needs Call objects, got {type(call).__name__}")
    return calls


cdef size_t _loops(object loops) except? 0:
    if loops < 0:
        raise ValueError(f"loops: needs a number >= 0, got {loops}")
    return loops


def chain(calls):
    members = _calls(calls)
    cdef Call call = _new_call(
        "chain", members, sum([c.flops for c in members]), sum([c.bytes for c in members])
    )
    cdef tito_call *list_of_calls = <tito_call *>_memory(len(members) * sizeof(tito_call))
    call.memory = list_of_calls
    for i, member in enumerate(members):
        list_of_calls[i] = (<Call>member).call
    call.arguments.chain.count = len(members)
    call.arguments.chain.calls = list_of_calls
    call.call.run = tito_run_chain
    return call


cdef object _timing(const tito_clock *clock):
    return Timing(clock.wall_ns, clock.cpu_ns, clock.process_cpu_ns, clock.waits)


@cython.final
@cython.no_gc
cdef class Perturbation:
    """Changes one element of its arrays at a time, the same ones for the same seed."""

    cdef tito_perturbation state
    cdef list kept
    cdef object pool

    def __cinit__(self, arrays, seed, spread=1, pool=None):
        self.kept = [
            _array(f"arrays[{i}]", given, _FLOAT32 + _FLOAT64, "float32 or float64", True)
            for i, given in enumerate(arrays)
        ]
        if not 1 <= len(self.kept) <= TITO_MOST_PERTURBED:
            raise ValueError(
                f"arrays: needs 1 to {TITO_MOST_PERTURBED} arrays, got {len(self.kept)}"
            )
        if spread < 1:
            raise ValueError(f"spread: needs a number >= 1, got {spread}")
        self.state.state = seed
        self.state.spread = spread
        self.state.count = len(self.kept)
        cdef _Array array
        for i, array in enumerate(self.kept):
            size = array.view.len // array.view.itemsize
            if size >= 1 << 32:
                raise ValueError(f"{array.name}: needs fewer than 2**32 elements, got {size}")
            self.state.arrays[i].data = array.view.buf
            self.state.arrays[i].size = size
            self.state.arrays[i].is_double = array.view.itemsize == 8
        self.pool = pool
        if pool is not None:
            array = self.pool = _input("pool", pool)
            self.state.pool = array.floats()
            self.state.pool_size = array.view.len // array.view.itemsize
            for i in range(self.state.count):
                if self.state.arrays[i].size > self.state.pool_size:
                    raise ValueError(
                        f"pool: needs {self.state.arrays[i].size} elements, "
                        f"got {self.state.pool_size}"
                    )

    def advance(self, steps):
        tito_perturb_often(&self.state, _loops(steps))


@cython.final
@cython.no_gc_clear  # the pointer beside array_type must not outlive it
cdef class ResultSampler:
    """Remembers some elements of the result of one call of a timed loop."""

    cdef tito_result_sampler state
    cdef object array_type
    cdef readonly object seed, call, places, values

    def __cinit__(self, array_type, shape):
        if len(shape) > TITO_MOST_SAMPLED_DIMS:
            raise ValueError(f"shape: needs at most {TITO_MOST_SAMPLED_DIMS} dimensions")
        self.array_type = array_type
        self.state.array_type = <PyObject *>array_type
        self.state.ndim = len(shape)
        for i, length in enumerate(shape):
            self.state.shape[i] = length

    cdef uint64_t begin(self):
        self.seed = self.call = self.places = self.values = None
        self.state.call = self.state.count = 0
        drawn = _urandom(16)
        self.state.state = int.from_bytes(drawn[8:], "little")
        return int.from_bytes(drawn[:8], "little")

    cdef void end(self, uint64_t seed, size_t loops):
        self.seed = seed
        if loops > 0:
            self.call = self.state.call
            self.places = tuple([self.state.places[i] for i in range(self.state.count)])
            self.values = tuple([self.state.values[i] for i in range(self.state.count)])


cdef tito_perturbation *_perturbation(Perturbation given) noexcept:
    return NULL if given is None else &given.state


def time_calls(calls, loops, Perturbation perturbation=None):
    global _kernels_called
    _kernels_called += 1
    cdef Call all_calls = chain(calls)
    cdef size_t count = _loops(loops)
    cdef tito_perturbation *perturb = _perturbation(perturbation)
    cdef tito_clock clock
    with nogil:
        tito_time_calls(&all_calls.arguments.chain, count, perturb, &clock)
    return _timing(&clock)


cdef object _run_loop(
    object function, PyObject **rows, size_t row_count, size_t count,
    tito_perturbation *perturb, ResultSampler sampler, tito_clock *clock,
):
    """Time `count` calls; the last result."""
    cdef PyObject *result = NULL
    cdef tito_result_sampler *watch = NULL
    cdef uint64_t seed = 0
    cdef size_t i, next = 0
    if sampler is not None:
        # Drawn now and told afterwards: whoever reads the frames of Python cannot foresee it.
        seed = sampler.begin()
        watch = &sampler.state
        if perturb != NULL:
            perturb.state, perturb.next = seed, 0
    tito_clock_start(clock)
    for i in range(count):
        if perturb != NULL:
            tito_perturb_timed(perturb, clock)
        Py_XDECREF(result)
        result = PyObject_Call(<PyObject *>function, rows[next], NULL)
        if result == NULL:
            break
        if watch != NULL:
            tito_sample_result(watch, result, i)
        next = 0 if next + 1 == row_count else next + 1
    tito_clock_stop(clock)
    if watch != NULL and result != NULL:
        sampler.end(seed, count)
    return _owned(result, count)


def time_callable(
    function, arguments, loops, Perturbation perturbation=None, ResultSampler sampler=None
):
    cdef tuple rows = tuple(arguments)
    if not rows:
        raise ValueError("arguments: needs at least one tuple of arguments")
    for row in rows:
        if type(row) is not tuple:
            raise TypeError(f"arguments: needs tuples, got {type(row).__name__}")
    cdef size_t count = _loops(loops), i, last = len(rows)
    cdef tito_clock clock
    cdef PyObject **row_list = <PyObject **>_memory(last * sizeof(PyObject *))
    for i in range(last):
        row_list[i] = <PyObject *>rows[i]
    try:
        result = _run_loop(
            function, row_list, last, count, _perturbation(perturbation), sampler, &clock
        )
    finally:
        tito_aligned_free(row_list)
    return _timing(&clock), result


cdef object _owned(PyObject *result, size_t count):
    """A new reference turned into an object; NULL after a call is its exception."""
    if result == NULL:
        if count > 0:
            _raise_current()
        return None
    value = <object>result
    Py_XDECREF(result)
    return value


cdef extern from *:
    """
    static PyObject *tito_raise_current(void) { return NULL; }
    """
    object _raise_current "tito_raise_current"()


# ---------------------------------------------------------------- samples of both sides

Taken = namedtuple("Taken", "timings loops result own_cpu_ns others_cpu_ns pace", module=__name__)

cdef struct _Row:
    int side
    size_t warmup, loops
    tito_clock clock

# By it the pace is known at which this CPU now runs calls from C: much like the smallest array
# call it allocates and looks types up, and no code of the student's can change what it does.
cdef object _pace_function = str.format
cdef tuple _PACE_ARGUMENTS = ("{:.3f} {}", 3.5, "ab")
cdef size_t _PACE_LOOPS = 50

cdef dict _SIDES = {"subject": 0, "native": 1, "dispatch": 2}


cdef double _faster(double so_far_ns, const tito_clock *clock, size_t loops) noexcept:
    cdef double call_ns = <double>clock.cpu_ns / max(1, loops)
    return min(so_far_ns, call_ns) if so_far_ns > 0 else call_ns


@cython.final
cdef class Sides:
    """The subject, the kernel and the smallest array call of one operation, ready to be timed."""

    cdef object function, array_type, shape, smallest
    cdef tuple arguments, operands
    cdef Call native

    def __cinit__(self, function, tuple arguments, array_type, shape, Call native not None,
                  smallest, tuple operands):
        self.function, self.arguments = function, arguments
        self.array_type, self.shape = array_type, shape
        self.native = native
        self.smallest, self.operands = smallest, operands

    def take(self, steps, Hooks hooks not None, Perturbation changes, Perturbation native_changes):
        cdef size_t count = len(steps), i
        cdef _Row *rows = <_Row *>_memory(max(1, count) * sizeof(_Row))
        cdef _Row *row
        cdef tito_call native_call = self.native.call
        cdef tito_chain native_chain
        cdef tito_clock beside
        cdef uint64_t native_seed = native_changes.state.state, called
        cdef PyObject *arguments = <PyObject *>self.arguments
        cdef PyObject *operands = <PyObject *>self.operands
        cdef PyObject *pace_arguments = <PyObject *>_PACE_ARGUMENTS
        cdef int64_t own_ns, others_ns
        cdef double call_ns = 0, pace_ns = 0
        native_chain.count, native_chain.calls = 1, &native_call
        loops, result, told, held = (), None, None, _hold_frames()
        hooks.take_down()
        try:
            for i, step in enumerate(steps):
                rows[i].side = _SIDES[step.side]
                rows[i].warmup, rows[i].loops = _loops(step.warmup), _loops(step.loops)
            own_ns, others_ns = tito_thread_cpu_ns(), tito_other_threads_ns()
            for i in range(count):
                row = &rows[i]
                if row.side == 0:
                    called = _kernels_called
                    hooks.begin()
                    for timed in range(row.warmup == 0, 2):
                        calls = row.loops if timed else row.warmup
                        sampler = ResultSampler(self.array_type, self.shape)
                        result = _run_loop(
                            self.function, &arguments, 1, calls, &changes.state, sampler, &row.clock
                        )
                        loops = (*loops, (calls, sampler))
                    result = detach(result, self.array_type)  # at once: nothing fills it in later
                    hooks.take_down()
                    if _kernels_called != called:
                        raise RuntimeError("the code calls the kernels that it is held against")
                elif row.side == 1:  # the GIL is kept: no other thread of Python shall run meanwhile
                    for timed in range(row.warmup == 0, 2):
                        native_changes.state.state, native_changes.state.next = native_seed, 0
                        tito_time_calls(
                            &native_chain, row.loops if timed else row.warmup,
                            &native_changes.state, &row.clock,
                        )
                else:
                    _run_loop(self.smallest, &operands, 1, row.warmup, NULL, None, &row.clock)
                    _run_loop(self.smallest, &operands, 1, row.loops, NULL, None, &row.clock)
                    _run_loop(_pace_function, &pace_arguments, 1, _PACE_LOOPS, NULL, None, &beside)
                    call_ns = _faster(call_ns, &row.clock, row.loops)
                    pace_ns = _faster(pace_ns, &beside, _PACE_LOOPS)
            own_ns = tito_thread_cpu_ns() - own_ns
            others_ns = max(0, tito_other_threads_ns() - others_ns)
            timings = tuple([_timing(&rows[i].clock) for i in range(count)])
        except BaseException as error:
            if hooks.describe is None or not hooks.theirs:
                raise
            told = hooks.described(error)
        finally:
            hooks.end(held)
            tito_aligned_free(rows)
        if told is not None:
            raise Raised(told)
        pace = call_ns / pace_ns if pace_ns > 0 else 0.0
        return Taken(timings, loops, result, own_ns, others_ns, pace)


# ---------------------------------------------------------------- lines of Python

ctypedef int (*_trace_function)(PyObject *, void *, int, PyObject *) noexcept
ctypedef void (*_set_trace_function)(_trace_function, PyObject *) noexcept
# PyTrace_CALL, _LINE and _RETURN of CPython's tracing API.
cdef int _CALL = 0, _LINE = 2, _RETURN = 3

cdef extern from "Python.h":
    int PyFrame_GetLineNumber(void *)

cdef struct _LineClock:
    size_t lines, skipped, most
    int64_t longest_ns, line_started_ns, short_ns
    int64_t started_cpu_ns, cpu_ns
    bint running, hidden

# One a process: a trace function gets no argument that Python code could not see.
cdef _LineClock _line_clock
memset(&_line_clock, 0, sizeof(_line_clock))
cdef _set_trace_function _set_trace = <_set_trace_function>_of_python("PyEval_SetTrace")


cdef void _end_line() noexcept:
    cdef int64_t now = tito_wall_ns(), spent = now - _line_clock.line_started_ns
    # 1 up to the longest that counts, then fading: where lines take about so long, the noise of
    # the machine must not decide over all of them.
    cdef double weight = 2.0 - <double>spent / <double>_line_clock.longest_ns
    if _line_clock.lines > _line_clock.skipped and weight > 0:
        _line_clock.short_ns += spent if weight >= 1 else <int64_t>(weight * spent)
    _line_clock.line_started_ns = now


cdef void _stop_line_clock() noexcept:
    _line_clock.running = False
    _set_trace(NULL, NULL)
    _end_line()
    _line_clock.cpu_ns = tito_thread_cpu_ns() - _line_clock.started_cpu_ns


cdef int _on_trace(PyObject *nothing, void *frame, int what, PyObject *value) noexcept:
    if what == _LINE:
        _end_line()
        _line_clock.lines += 1
        if _line_clock.lines == _line_clock.most:
            _stop_line_clock()
    elif what == _CALL:
        # Its code says nothing of lines. Of an empty table Python reads whatever lies behind it.
        if not (<object><PyObject *>frame).f_code.co_linetable or PyFrame_GetLineNumber(frame) < 0:
            _line_clock.hidden = True
    elif what == _RETURN:
        if not (<object><PyObject *>frame).f_trace_lines:
            _line_clock.hidden = True
    return 0


@cython.final
cdef class LineClock:
    """Times the lines of Python that run while it is active."""

    cdef object longest_ns, skipped, most, previous
    cdef readonly object lines, short_ns, cpu_ns, hidden, stopped

    def __init__(self, longest_ns, skipped=0, most=200_000):
        if min(longest_ns, most) <= 0 or skipped < 0:
            raise ValueError("longest_ns, most: need numbers > 0; skipped: >= 0")
        self.longest_ns, self.skipped, self.most = longest_ns, skipped, most
        self.lines = self.short_ns = self.cpu_ns = 0
        self.hidden = self.stopped = False

    def __enter__(self):
        if _line_clock.running:
            raise RuntimeError("LineClock: one is running already")
        self.previous = sys.gettrace()
        _line_clock.longest_ns = self.longest_ns
        _line_clock.skipped, _line_clock.most = self.skipped, self.most
        _line_clock.lines = _line_clock.short_ns = 0
        _line_clock.running, _line_clock.hidden = True, False
        _line_clock.started_cpu_ns = tito_thread_cpu_ns()
        _line_clock.line_started_ns = tito_wall_ns()
        _set_trace(_on_trace, NULL)
        return self

    @property
    def lines_now(self):
        return _line_clock.lines

    def __exit__(self, *exception):
        if _line_clock.running:
            _stop_line_clock()
        self.lines, self.short_ns = _line_clock.lines, _line_clock.short_ns
        self.cpu_ns, self.hidden = _line_clock.cpu_ns, bool(_line_clock.hidden)
        self.stopped = _line_clock.lines == _line_clock.most
        if self.previous is not None:  # a debugger's, or that of a coverage report
            sys.settrace(self.previous)
            self.previous = None


def wall_clock_ns():
    return tito_wall_ns()


def thread_cpu_ns():
    return tito_thread_cpu_ns()


def process_cpu_ns():
    return tito_process_cpu_ns()
