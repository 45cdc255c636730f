"""Every error an operator can cause, below the client's own tree.

TitoBenchError
├── UsageError              a wrong word on the command line            exit 2
└── ServerError
    ├── SettingsError       server.toml or the data folder cannot be used
    ├── DatabaseError       the database cannot be opened, read or written
    │   └── NewerDatabase   it was written by a newer server; left untouched
    └── StoreUnavailable    a passing trouble of the database: 503 to whoever asked
"""

from __future__ import annotations

from tito_bench_server.client_package import TitoBenchError

__all__ = [
    "DatabaseError",
    "NewerDatabase",
    "ServerError",
    "SettingsError",
    "StoreUnavailable",
]


class ServerError(TitoBenchError):
    """The server cannot do what it was asked."""


class SettingsError(ServerError):
    """The settings or the data folder cannot be used."""


class DatabaseError(ServerError):
    """The database cannot be opened, read or written."""


class NewerDatabase(DatabaseError):
    """A newer server wrote the database; it was left untouched."""


class StoreUnavailable(ServerError):
    """The database does not take or give data at the moment."""
