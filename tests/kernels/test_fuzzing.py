"""Random calls for a few seconds; `tools/fuzz_kernels.py` goes on for longer."""

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).with_name("fuzzing.py")


def test_random_calls_break_nothing(rng):
    seed = str(rng.integers(2**32))
    command = [sys.executable, "-X", "faulthandler", SCRIPT, seed, "3"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"seed {seed}: {done.stderr}"
    assert done.stderr == ""
