"""Every error a user can cause.

    TitoBenchError
    ├── UsageError          a wrong word on the command line            exit 2
    ├── ProjectError        no usable project root
    ├── StoreError          a file that cannot be read or written
    │   ├── CorruptFile     it cannot be parsed; moved aside, named
    │   ├── NewerSchema     written by a newer tito-bench; left untouched
    │   └── FileBusy        another process holds its lock
    ├── SubjectError        the student's package cannot be measured
    ├── WorkerError         the measuring process died, hung or lied
    └── KernelError         the native kernels cannot run here

Each ends as one line on the terminal: what is wrong, where, and what to do.
"""

__all__ = [
    "CorruptFile",
    "FileBusy",
    "KernelError",
    "NewerSchema",
    "ProjectError",
    "StoreError",
    "SubjectError",
    "TitoBenchError",
    "UsageError",
    "WorkerError",
]


class TitoBenchError(Exception):
    """Base of all errors a user can cause; `str(error)` is the line shown."""


class UsageError(TitoBenchError):
    """A wrong word on the command line."""


class ProjectError(TitoBenchError):
    """The project root does not exist or cannot be used."""


class StoreError(TitoBenchError):
    """A file of the project cannot be read or written."""


class CorruptFile(StoreError):
    """A file cannot be parsed; it was moved aside and nothing was reset."""


class NewerSchema(StoreError):
    """A file was written by a newer tito-bench; it was left untouched."""


class FileBusy(StoreError):
    """Another process holds the lock of a file for too long."""


class SubjectError(TitoBenchError):
    """The code to be measured cannot be found, imported or called."""


class WorkerError(TitoBenchError):
    """The measuring process died, hung or broke its protocol."""


class KernelError(TitoBenchError):
    """The native kernels cannot run here as asked."""
