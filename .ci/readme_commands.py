"""Prints a command line of README.md as it stands there.

    python .ci/readme_commands.py first|second

The first runs the baseline, the second the tests; each is a shell block of
its own, the first two of the file.
"""

import re
import sys
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"


def command(which: str) -> str:
    """The command line called "first" or "second"."""
    blocks = re.findall(r"^```sh\n(.*?)^```$", README.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return str(blocks[["first", "second"].index(which)]).strip()


if __name__ == "__main__":
    sys.stdout.write(command(sys.argv[1]) + "\n")
