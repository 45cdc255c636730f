"""Call the kernels' Python interface at random until the time is over or something breaks.

    python tools/fuzz_kernels.py [--seconds N] [--seed N] [--sanitize]

tests/kernels/fuzzing.py makes the calls, in a fresh process with another seed every 20 s. A crash,
an error that `_native.pyi` does not name, or a write outside an array ends it with the seed that
shows it again. --sanitize builds the extension with AddressSanitizer and UndefinedBehaviorSanitizer
first (gcc or clang with its runtime), so that reads outside arrays and uses of freed memory are
seen as well.
"""

# ruff: noqa: S603  a command that runs what it has built

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from kernel_build import ROOT, sanitized_extension

FUZZER = ROOT / "tests" / "kernels" / "fuzzing.py"
TURN_S = 20.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="for how long; default 60")
    parser.add_argument("--seed", type=int, help="only this one, for as long")
    parser.add_argument("--sanitize", action="store_true", help="under ASan and UBSan")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        python, environment = Path(sys.executable), dict(os.environ)
        if options.sanitize:
            compiler = os.environ.get("CC", "gcc")
            python, environment = sanitized_extension(compiler, Path(folder))
        end = time.monotonic() + options.seconds
        while (left := end - time.monotonic()) > 0:
            seed = random.getrandbits(32) if options.seed is None else options.seed
            turn = left if options.seed is not None else min(TURN_S, left)
            command = [str(python), "-X", "faulthandler", str(FUZZER), str(seed), str(turn)]
            code = subprocess.run(command, cwd=folder, env=environment, check=False).returncode
            if code != 0:
                print(f"seed {seed} ends with exit code {code}: see above")
                return 1
    print("nothing found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
