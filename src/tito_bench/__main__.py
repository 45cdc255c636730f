"""The `tito-bench` script; `python -m tito_bench` does the same."""

import signal
import sys


def main() -> int:
    """Load the command and run it; return its exit code."""
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if ours:  # Ctrl-C while modules load ends the process without a stack trace
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from tito_bench.cli.main import main as run

    if ours:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    return run()


if __name__ == "__main__":
    sys.exit(main())
