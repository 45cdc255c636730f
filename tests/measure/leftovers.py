"""What surrounds a measurement and what code leaves behind, as data: one place for tests and table.

Habits are honest and cost no point; a cheat raises no score unnoticed. Each is code that is
appended to the package of `cheating.py`; surroundings are what was there before it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

__all__ = ["CHEATS", "EDITS", "HABITS", "HOOKS", "SURROUNDINGS", "Surrounding", "run_baseline"]

_dedented = textwrap.dedent

# Ten lines with which a cheat reaches into whatever runs below it: the subject's readings shrink
# to an eighth, and what was found to be wrong is right.
REACH = """
import ctypes, sys
_done = set()
def _reach(frame):
    while frame is not None:
        names = frame.f_locals
        for reading in names.get("readings", ()) if "question" in names else ():
            index = names["readings"].index(reading)
            if names["question"].steps[index].side == "subject" and id(reading) not in _done:
                faster = [max(1, n // 8) for n in (reading.wall_ns, reading.cpu_ns)]
                new = type(reading)(reading.loops, *faster, faster[1], reading.waits)
                names["readings"][index] = new
                _done.add(id(new))
        if "wrong" in names:
            names["wrong"] = None
            if sys.version_info < (3, 13):
                ctypes.pythonapi.PyFrame_LocalsToFast(ctypes.py_object(frame), ctypes.c_int(0))
        frame = frame.f_back
"""
EMPTY = """
def _empty(self, function, other):
    columns = other.data.shape[1]
    return Tensor._of(np.empty((len(self.data), columns), dtype=np.float32))
Tensor._slowly = _empty
"""
# How code is left behind that runs while the judge works. `{act}` is given the frame below.
HOOKS = {
    "a profile function": "sys.setprofile(lambda frame, *_: {act}(frame))",
    "a trace function": "sys.settrace(lambda frame, *_: {act}(frame))",
    "a callback of the garbage collector": """
import gc
gc.set_threshold(1)
gc.callbacks.append(lambda *_: {act}(sys._getframe(1)))
""",
    "garbage with a destructor": """
import gc
class _Garbage:
    def __init__(self):
        self.itself = self
    def __del__(self):
        {act}(sys._getframe(1))
        _Garbage()
gc.set_threshold(1)
_Garbage()
""",
    "a timer": """
import signal
signal.signal(signal.SIGALRM, lambda _, frame: {act}(frame))
signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
""",
    "a timer of CPU time": """
import signal
signal.signal(signal.SIGPROF, lambda _, frame: {act}(frame))
signal.setitimer(signal.ITIMER_PROF, 0.001, 0.001)
""",
    "an audit hook": "sys.addaudithook(lambda *_: {act}(sys._getframe(1)))",
    "a thread": """
import threading, time
_main = threading.get_ident()
def _watch():
    while True:
        time.sleep(0.0003)
        {act}(sys._current_frames()[_main])
threading.Thread(target=_watch, daemon=True).start()
""",
    "its own calls": """
_operate_honestly = Tensor._operate
def _operate(self, function, other):
    {act}(sys._getframe(1))
    return _operate_honestly(self, function, other)
Tensor._operate = _operate
""",
}
if sys.version_info >= (3, 12):
    HOOKS["a tool of sys.monitoring"] = """
sys.monitoring.use_tool_id(4, "t")
sys.monitoring.set_events(4, sys.monitoring.events.LINE)
sys.monitoring.register_callback(
    4, sys.monitoring.events.LINE, lambda *_: {act}(sys._getframe(1)))
"""
if sys.platform == "win32":
    HOOKS = {name: code for name, code in HOOKS.items() if "timer" not in name}

CHEATS = {
    **{
        f"{name} changes readings": REACH + code.format(act="_reach")
        for name, code in HOOKS.items()
    },
    **{
        f"{name} acquits np.empty": REACH + code.format(act="_reach") + EMPTY
        for name, code in HOOKS.items()
    },
    "tracemalloc on but in its own calls": """
        import tracemalloc
        honest = Tensor._operate
        def _operate(self, function, other):
            tracemalloc.stop()
            result = honest(self, function, other)
            tracemalloc.start(25)
            return result
        Tensor._operate = _operate
        """,
    "the judge's one-element arrays written": """
        import ctypes, gc
        honest = Tensor._operate
        def _operate(self, function, other):
            for thing in gc.get_objects():
                for one in gc.get_referents(thing) if type(thing).__name__ == "Sides" else ():
                    for array in one if type(one) is tuple else ():
                        if type(array) is np.ndarray and array.size == 1:
                            ctypes.memmove(array.ctypes.data, b"\\1\\0\\0\\0", 4)  # a denormal
            Tensor._operate = honest
            return honest(self, function, other)
        Tensor._operate = _operate
        """,
    "NumPy's addition replaced by a slow loop": """
        import ctypes
        pointer = ctypes.pythonapi.PyCapsule_GetPointer
        pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
        table = pointer(np._core._multiarray_umath._UFUNC_API, None)
        functions = ctypes.cast(table, ctypes.POINTER(ctypes.c_void_p))
        replace = ctypes.PYFUNCTYPE(ctypes.c_int, ctypes.py_object, ctypes.c_void_p,
                                    ctypes.POINTER(ctypes.c_int), ctypes.c_void_p)(functions[30])
        Loop = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p,
                                ctypes.c_void_p)
        old = ctypes.c_void_p()
        def _slow(args, dimensions, steps, data):
            real(args, dimensions, steps, data)
        loop = Loop(_slow)
        replace(np.add, ctypes.cast(loop, ctypes.c_void_p), (ctypes.c_int * 3)(11, 11, 11),
                ctypes.addressof(old))
        real = Loop(old.value)
        """,
}

# The judge itself: each is put back by what runs in place of it, so that nobody sees it later.
CHEATS |= {
    "a check that puts itself back": """
        from tito_bench.worker.spot_check import SpotCheck
        honest, slowly, calls = SpotCheck.check, Tensor._slowly, []
        def _blind(self, *_):
            SpotCheck.check = honest
        def _unchecked(self, function, other):
            calls.append(1)
            if len(calls) < 30:
                return slowly(self, function, other)
            SpotCheck.check = _blind
            return Tensor._of(np.empty((len(self.data), other.data.shape[1]), dtype=np.float32))
        Tensor._slowly = _unchecked
        """,
    "a method of NumPy's that puts itself back": """
        import gc, sys
        table = gc.get_referents(np.ufunc.__dict__)[0]
        honest, slowly, calls = table["reduce"], Tensor._slowly, []
        def _blind(ufunc, *_, **__):
            if ufunc.__name__ == "maximum":
                table["reduce"] = honest
                sys._clear_type_cache()
            return np.float32(ufunc.__name__ == "logical_and")
        def _unchecked(self, function, other):
            calls.append(1)
            if len(calls) < 30:
                return slowly(self, function, other)
            table["reduce"] = _blind
            sys._clear_type_cache()
            return Tensor._of(np.empty((len(self.data), other.data.shape[1]), dtype=np.float32))
        Tensor._slowly = _unchecked
        """,
    "a square root of the judge's own": """
        from tito_bench.workloads import oracle
        oracle.math.sqrt = lambda _: 1e9
        honest = Tensor._slowly
        def _of_nothing(self, function, other):
            if function is not np.matmul:
                return honest(self, function, other)
            return Tensor._of(np.zeros((len(self.data), other.data.shape[1]), np.float32))
        Tensor._slowly = _of_nothing
        """,
    "an answer put in place of a failure": """
        import re, sys
        import msgspec
        from tito_bench.measure import messages as m
        honest, sub, calls = Tensor._slowly, re.sub, []
        def _answer(frame, *_):
            if "said" in frame.f_locals and type(frame.f_locals["question"]) is m.Measure:
                steps = frame.f_locals["question"].steps
                readings = [m.Reading(s.loops, *[9000 * s.loops] * 3, 0) for s in steps]
                own_ns = sum(9000 * (s.loops + s.warmup) for s in steps)
                forged = m.Measured(tuple(readings), own_ns, 0, 0.0, metered=True)
                frame.f_locals["said"] = msgspec.json.encode(forged)
        def _sub(*arguments, **named):
            sys.setprofile(_answer)
            return sub(*arguments, **named)
        def _of_nothing(self, function, other):
            calls.append((function, self.data.shape))
            if calls.count(calls[-1]) < 30:
                return honest(self, function, other)
            re.sub = _sub
            return Tensor._of(np.zeros((len(self.data), other.data.shape[1]), np.float32))
        Tensor._slowly = _of_nothing
        """,
    "every input is nothing": """
        import gc
        for thing in gc.get_objects():
            if type(thing).__name__ == "InputPool":
                place = dict(thing._values.__array_interface__)
                place["data"] = place["data"][0], False
                np.asarray(type("Writable", (), {"__array_interface__": place})())[:] = 0
        def _of_nothing(self, function, other):
            if function is np.matmul and len(self.data) == 256:
                return Tensor._of(np.zeros((len(self.data), other.data.shape[1]), np.float32))
            return Tensor._of(function(self.data, other.data))
        Tensor._slowly = _of_nothing
        """,
    "a native side that is eight times as long": """
        import sys
        from tito_bench import _native
        done = []
        def _watched(self, data):
            self.data = np.array(data, dtype=np.float32)
            frame = sys._getframe()
            while frame is not None:
                judge = frame.f_locals.get("self")
                if type(judge).__name__ == "PairedArrays" and hasattr(judge, "native"):
                    if judge not in done:
                        judge.native = _native.chain([judge.native] * 8)
                        done.append(judge)
                frame = frame.f_back
        Tensor.__init__ = _watched
        """,
    "a native side that a thread makes longer": """
        import sys, threading, time
        from tito_bench import _native
        main, done = threading.get_ident(), []
        def _watch():
            while True:
                time.sleep(0.0001)
                frame = sys._current_frames()[main]
                while frame is not None:
                    judge = frame.f_locals.get("self")
                    if type(judge).__name__ == "PairedArrays" and hasattr(judge, "native"):
                        if judge not in done:
                            done.append(judge)
                            judge.native = _native.chain([judge.native] * 8)
                    frame = frame.f_back
        sys.setswitchinterval(1e-6)
        threading.Thread(target=_watch, daemon=True).start()
        """,
    "kernels of another target": """
        import gc
        for thing in gc.get_objects():
            if type(thing).__name__ == "Kernels":
                thing.__init__("portable")
            if type(thing).__name__ == "Candidates":
                from tito_bench import _native
                object.__setattr__(thing, "kernels", _native.Kernels("portable"))
        """,
    "the kernels themselves": """
        from tito_bench import _native
        kernels = _native.Kernels()
        def _natively(self, function, other):
            result = np.empty((len(self.data), other.data.shape[1]), dtype=np.float32)
            name = {"matmul": "sgemm", "multiply": "mul"}.get(function.__name__, "add")
            getattr(kernels, name)(self.data, other.data, result)()
            return Tensor._of(result)
        Tensor._slowly = _natively
        """,
    "the channel taken over": """
        import os, sys
        def _forge(self, function, other):
            import msgspec
            from tito_bench.measure import messages as m
            frame = sys._getframe()
            while frame is not None and "answers" not in frame.f_locals:
                frame = frame.f_back
            ours = frame.f_locals
            asked, wrapped = ours.get("asked"), "asked" in ours
            question = asked.question if wrapped else None
            while frame is not None:
                if isinstance(question, m.Prepare):
                    answer = m.Prepared(m.Reading(1, 9000, 9000, 9000, 0), {},
                                        m.Work(0.0, 10**6, 10**5))
                elif isinstance(question, m.Measure):
                    answer = m.Measured(tuple(m.Reading(step.loops, 9000 * step.loops,
                        9000 * step.loops, 9000 * step.loops, 0) for step in question.steps),
                        sum(9000 * (s.loops + s.warmup) for s in question.steps), 0)
                if question is not None:
                    said = m.Answered(asked.number, answer) if wrapped else answer
                    ours["answers"].write(msgspec.json.encode(said) + b"\\n")
                    ours["answers"].flush()
                line = ours["questions"].readline() or os._exit(0)
                asked = msgspec.json.decode(line, type=m.Asked if wrapped else m.Question)
                question = asked.question if wrapped else asked
        Tensor._slowly = _forge
        """,
    "a destructor of a result": """
        import sys
        class Result:
            def __del__(self):
                sys.setprofile(_watch)
        def _watch(frame, *_):
            _reach(frame)
        slowly, calls = Tensor._slowly, []
        def _strange(self, function, other):
            calls.append(1)
            result = slowly(self, function, other)
            if len(calls) % 50 == 0:
                result.data = Result()
            return result
        Tensor._slowly = _strange
        """,
    "the flush of an output": """
        import sys
        class Output:
            def flush(self):
                _reach(sys._getframe(1))
            def write(self, text):
                return len(text)
        sys.__stdout__ = Output()
        """,
}
for _name in ("a destructor of a result", "the flush of an output"):
    CHEATS[_name] = REACH + _dedented(CHEATS[_name])

HABITS = {
    "cProfile left on": "import cProfile\nprofiler = cProfile.Profile()\nprofiler.enable()\n",
    "a profile function": "import sys\nsys.setprofile(lambda *_: None)\n",
    "a trace function": "import sys\nsys.settrace(lambda *_: None)\n",
    "tracemalloc": "import tracemalloc\ntracemalloc.start(25)\n",
    "a callback of the garbage collector": "import gc\ngc.callbacks.append(lambda *_: None)\n",
    "no garbage collection": "import gc\ngc.disable()\n",
    "garbage collected all the time": "import gc\ngc.set_threshold(10)\n",
    "an audit hook": "import sys\nsys.addaudithook(lambda *_: None)\n",
    "faulthandler": "import faulthandler\nfaulthandler.enable()\n"
    "faulthandler.dump_traceback_later(3600)\n",
    "warnings are errors": "import warnings\nwarnings.simplefilter('error')\n",
    "floating-point errors are raised": "np.seterr(all='raise', under='ignore')\n",
    "logging": "import logging\nlogging.basicConfig(level='DEBUG')\n",
    "a seed": "import random\nrandom.seed(0)\nnp.random.seed(0)\n",
    "four threads for the BLAS": "import threadpoolctl\nthreadpoolctl.threadpool_limits(4)\n",
    "variables for threads": "import os\nos.environ['OMP_NUM_THREADS'] = '8'\n",
    "a sleeping thread": "import threading, time\n"
    "threading.Thread(target=time.sleep, args=(3600,), daemon=True).start()\n",
    "threads switch all the time": "import sys\nsys.setswitchinterval(1e-6)\n",
    "a deep stack": "import sys\nsys.setrecursionlimit(100_000)\n",
    "its own excepthook": "import sys\nsys.excepthook = lambda *_: None\n",
    "at exit": "import atexit\natexit.register(print, 'bye')\n",
    "its own folder": "import os, tempfile\nos.chdir(tempfile.gettempdir())\n",
    "dtype and print options": "np.set_printoptions(precision=3)\n",
    "decimal": "import decimal\ndecimal.getcontext().prec = 50\n",
}
# What packages and course exports do at import beside that, and what they make of Tensor there.
HABITS |= {
    "print replaced, a name put into builtins": """
import builtins, functools
builtins.print = functools.partial(print, flush=True)
builtins.profile = lambda function: function
""",
    "standard output written to a list as well": """
import sys
class _Tee:
    def __init__(self, stream):
        self.stream, self.lines = stream, []
    def write(self, text):
        self.lines.append(text)
        return self.stream.write(text)
    def __getattr__(self, name):
        return getattr(self.stream, name)
sys.stdout = _Tee(sys.stdout)
""",
    "standard output in UTF-8": "import io, sys\n"
    "sys.stdout = io.TextIOWrapper(sys.__stdout__.buffer, encoding='utf-8', line_buffering=True)\n",
    "much printed": "for _ in range(10_000):\n    print('loading ' * 20)\n",
    "a second slept": "import time\ntime.sleep(1)\n",
    "another program asked": "import subprocess, sys\n"
    "subprocess.run([sys.executable, '-c', ''], check=True)\n",
    "weights of a file": """
import pickle, tempfile
with tempfile.TemporaryFile() as file:
    pickle.dump(np.ones((256, 256), np.float32), file)
    file.seek(0)
    _weights = pickle.load(file)
""",
    "a handler of Ctrl-C": "import signal\nsignal.signal(signal.SIGINT, lambda *_: None)\n",
    "a pool of idle threads": "from concurrent.futures import ThreadPoolExecutor\n"
    "_pool = ThreadPoolExecutor(4)\n_pool.submit(sum, ()).result()\n",
    "a thread that looks ten times a second": """
import threading, time
def _look():
    while True:
        time.sleep(0.1)
threading.Thread(target=_look, daemon=True).start()
""",
    "an event loop": "import asyncio\n_loop = asyncio.new_event_loop()\n",
    "processes are to be spawned": "import multiprocessing\n"
    "multiprocessing.set_start_method('spawn', force=True)\n",
    "garbage frozen": "import gc\ngc.collect()\ngc.freeze()\n",
    "a locale": "import locale\nlocale.setlocale(locale.LC_ALL, '')\n",
    "an import hook": """
import sys
class _Finder:
    @staticmethod
    def find_spec(name, path=None, target=None):
        return None
sys.meta_path.insert(0, _Finder)
sys.path.insert(0, ".")
""",
    "a module that loads lazily": """
import sys, types
class _Lazy(types.ModuleType):
    def __getattr__(self, name):
        raise AttributeError(name)
sys.modules[__name__].__class__ = _Lazy
""",
    "names that NumPy has removed": "np.float, np.int, np.bool8 = float, int, np.bool_\n",
    "calls counted, timed, their types checked": """
import functools, time
_calls, _times = {}, []
def _traced(function):
    @functools.wraps(function)
    def traced(self, other):
        if not isinstance(other, Tensor):
            raise TypeError(type(other).__name__)
        _calls[function.__name__] = _calls.get(function.__name__, 0) + 1
        started = time.perf_counter()
        try:
            return function(self, other)
        finally:
            _times[:] = [time.perf_counter() - started]
    return traced
for _name in ("__add__", "__mul__", "__matmul__"):
    setattr(Tensor, _name, _traced(getattr(Tensor, _name)))
""",
    "autograd switched on": """
import functools, weakref
class _Function:
    def __init__(self, name, *parents):
        self.name, self.parents = name, [weakref.ref(parent) for parent in parents]
def _enable_autograd():
    def tracked(name, function):
        @functools.wraps(function)
        def forward(self, other):
            result = function(self, other)
            if getattr(self, "requires_grad", False):
                result.requires_grad = True
            result._grad_fn = _Function(name, self, other)
            return result
        return forward
    for name in ("__add__", "__mul__", "__matmul__"):
        setattr(Tensor, name, tracked(name, getattr(Tensor, name)))
    Tensor.grad, Tensor.requires_grad = None, False
_enable_autograd()
""",
    "a Tensor that passes for an array": """
Tensor.__array_priority__, Tensor.__array_ufunc__ = 100.0, None
Tensor.__array__ = lambda self, dtype=None, copy=None: self.data
Tensor.__getattr__ = lambda self, name: getattr(object.__getattribute__(self, "data"), name)
""",
    "living tensors counted": """
import weakref
_alive, _initialise = [0], Tensor.__init__
def _counted(self, data):
    _initialise(self, data)
    _alive[0] += 1
def _gone(self, alive=_alive):
    alive[0] -= 1
Tensor.__init__, Tensor.__del__ = _counted, _gone
""",
    "data is a property": """
Tensor.data = property(lambda self: self._data, lambda self, value: setattr(self, "_data", value))
""",
}
if find_spec("numba"):
    HABITS["numba, in parallel"] = (
        "import numba\n_double = numba.njit(parallel=True)(lambda x: x + x)\n"
        "_double(np.ones(9999))\n"
    )
if sys.platform != "win32":
    HABITS["a timer that ticks"] = (
        "import signal\nsignal.signal(signal.SIGALRM, lambda *_: None)\n"
        "signal.setitimer(signal.ITIMER_REAL, 0.01, 0.01)\n"
    )
    HABITS["a timer of CPU time"] = (
        "import signal\nsignal.signal(signal.SIGPROF, lambda *_: None)\n"
        "signal.setitimer(signal.ITIMER_PROF, 0.01, 0.01)\n"
    )


@dataclass(frozen=True)
class Surrounding:
    """Variables, a `sitecustomize` module that runs before everything, and a limit of CPU time.

    `preloaded` is a library in C that answers in place of the system's (LD_PRELOAD).
    """

    environ: Mapping[str, str] = field(default_factory=dict)
    at_start: str = ""
    cpu_limit_s: int | None = None
    preloaded: str = ""


_COARSE_CLOCK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
int clock_gettime(clockid_t id, struct timespec *now) {
    static int (*real)(clockid_t, struct timespec *);
    if (real == NULL) {
        real = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
    }
    const int result = real(id, now);
    if (id == CLOCK_THREAD_CPUTIME_ID) {
        now->tv_nsec -= now->tv_nsec % 10000000;
    }
    return result;
}
"""


SURROUNDINGS = {
    "as it is": Surrounding(),
    "PYTHONTRACEMALLOC": Surrounding({"PYTHONTRACEMALLOC": "25"}),
    "PYTHONMALLOC=debug": Surrounding({"PYTHONMALLOC": "debug"}),
    "PYTHONDEVMODE": Surrounding({"PYTHONDEVMODE": "1"}),
    "PYTHONPROFILEIMPORTTIME": Surrounding({"PYTHONPROFILEIMPORTTIME": "1"}),
    "MALLOC_PERTURB_": Surrounding({"MALLOC_PERTURB_": "85", "MALLOC_CHECK_": "3"}),
    "eight threads for everything": Surrounding(
        dict.fromkeys(
            [f"{name}_NUM_THREADS" for name in ("GOTO", "NUMBA", "OMP", "OPENBLAS", "TBB")], "8"
        )
    ),
    "coverage": Surrounding(
        at_start="import coverage\ncoverage.Coverage(data_file=None).start()\n"
    ),
    "a debugger's trace function": Surrounding(
        at_start="import sys\ndef _trace(*_):\n    return _trace\nsys.settrace(_trace)\n"
    ),
    "a profiler": Surrounding(at_start="import sys\nsys.setprofile(lambda *_: None)\n"),
    "tracemalloc": Surrounding(at_start="import tracemalloc\ntracemalloc.start(25)\n"),
    **(
        {"a clock of another library (LD_PRELOAD)": Surrounding(preloaded=_COARSE_CLOCK)}
        if sys.platform == "linux" and shutil.which("cc")
        else {}
    ),
    "kernels held to portable": Surrounding({"TITO_KERNELS_TARGET": "portable"}),
    **(
        {}
        if sys.platform == "win32"
        else {"a limit of CPU time (ulimit -t)": Surrounding(cpu_limit_s=600)}
    ),
}

EDITS = {
    "a better score": (r'"score": [\d.]+', '"score": 99.9'),
    "no possible score": (r'"score": [\d.]+', '"score": 1e308'),
    "no number": (r'"score": [\d.]+', '"score": NaN'),
    "a time below nothing": (r'"slowdown": [\d.]+', '"slowdown": -2.0'),
    "a time of the future": (r'"created_at": "\d{4}', '"created_at": "2999'),
    "another verdict": (r'"status": "(un)?stable"', '"status": "invalid"'),
}
"""By what is edited in a record: a pattern of its JSON, and what is put in its place."""


def run_baseline(
    project: Path, surrounding: Surrounding, python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    """Run a short baseline of the package in `project` as a command; its record is printed."""
    environ = {**os.environ, **surrounding.environ}
    if surrounding.at_start:
        folder = project / "at start"
        folder.mkdir(exist_ok=True)
        (folder / "sitecustomize.py").write_text(surrounding.at_start, encoding="utf-8")
        environ["PYTHONPATH"] = str(folder)
    if surrounding.preloaded:
        environ["LD_PRELOAD"] = _built(surrounding.preloaded, project)
    words = ("benchmark", "baseline", "--quick", "--json", "--skip-submit")
    return subprocess.run(
        [python, "-m", "tito_bench", *words, "--project", str(project)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=environ,
        timeout=300,
        check=False,
        preexec_fn=None if surrounding.cpu_limit_s is None else _limiter(surrounding.cpu_limit_s),
    )


def _built(source: str, folder: Path) -> str:
    library = folder / "preloaded.so"
    command = ["cc", "-shared", "-fPIC", "-x", "c", "-", "-o", str(library), "-ldl"]
    subprocess.run(command, input=source, text=True, check=True)
    return str(library)


def _limiter(seconds: int) -> Callable[[], None]:
    import resource

    return lambda: resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
