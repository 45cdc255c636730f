"""Where programs come to lie, seen in real ones."""

import subprocess
import sys
from pathlib import Path

import pytest

from tito_bench.measure.aslr import fixed_addresses

_WHERE = (
    "import ctypes; print(ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, 'Py_Version')))"
)
_STACK = "print(next(line for line in open('/proc/self/maps') if line.endswith('[stack]\\n')))"


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("code", [_WHERE, _STACK], ids=["library", "stack"])
def test_programs_lie_where_others_lay(code: str) -> None:
    if sys.platform != "linux":
        pytest.skip("only Linux can be asked to")
    with fixed_addresses() as fixed:
        if not fixed:
            pytest.skip("this container forbids it")
        places = {run(code) for _ in range(3)}
    assert len(places) == 1
    # What is started afterwards is placed at random again, or was not before either.
    if Path("/proc/sys/kernel/randomize_va_space").read_text(encoding="ascii").strip() == "2":
        assert len({run(code) for _ in range(3)}) > 1


def test_an_exception_leaves_nothing_behind() -> None:
    with pytest.raises(KeyError), fixed_addresses():
        raise KeyError("x")
    if sys.platform == "linux":
        import ctypes

        assert ctypes.CDLL(None).personality(0xFFFFFFFF) & 0x0040000 == 0


def test_a_system_that_has_no_such_thing_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with fixed_addresses() as fixed:
        assert not fixed
