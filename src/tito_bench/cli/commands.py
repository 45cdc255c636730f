"""The words that are ours, and one line about each.

They stand here, apart from the code of the commands, so that neither the help
of all commands nor the `tito` script need import any of them.
"""

__all__ = ["COMMANDS"]

COMMANDS = {
    "benchmark": "Measure your code beside native kernels on this machine.",
    "community": "Learn with a cohort. Everything stays on this machine unless you say otherwise.",
    "doctor": "Say what is wrong with this machine or installation, and how to repair it.",
    "server": "Host the community of a course on a machine of your own.",
    "completions": "Print a script that lets your shell complete these commands.",
}
