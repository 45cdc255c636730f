"""Code under test may keep frames, make cycles, and come back to life: it is never a crash."""

import subprocess
import sys
from pathlib import Path

import pytest

from kernels.collected import CASES

SCRIPT = Path(__file__).with_name("collected.py")


@pytest.mark.parametrize("case", CASES)
def test_no_crash(case):
    command = [sys.executable, "-X", "faulthandler", SCRIPT, case]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
