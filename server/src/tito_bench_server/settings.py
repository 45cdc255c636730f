"""The data folder: `server.toml`, `secret.key`, `invites.json` and the database.

The secret and the invitations are readable by their owner only and never in
the database: a copy of the database alone lets nobody join or forge anything.
"""

from __future__ import annotations

import hashlib
import os
import secrets
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import msgspec

from tito_bench_server.client_package import safe_text
from tito_bench_server.errors import SettingsError

__all__ = [
    "DatabaseSettings",
    "Folder",
    "LimitSettings",
    "OperatorSettings",
    "ReleaseSettings",
    "ServerSettings",
    "Settings",
    "keyed_digest",
    "new_code",
    "read_settings",
]

_CODE_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # without I, L, O, 0, 1
_Positive = Annotated[int, msgspec.Meta(ge=1)]
_Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]


class ServerSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where it listens. `proxy_hops` proxies stand before it, counted from the right of
    X-Forwarded-For; 0 takes the address of the socket. `public_url` is what students use."""

    host: str = "127.0.0.1"
    port: _Port = 8400
    public_url: str = ""
    proxy_hops: Annotated[int, msgspec.Meta(ge=0, le=8)] = 0
    workers: _Positive = 1
    certificate: str = ""
    certificate_key: str = ""


class DatabaseSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`url` is empty for community.db in the data folder, or postgresql://..."""

    url: str = ""


class OperatorSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Who is responsible: shown on the privacy page and to everyone who connects."""

    name: str = ""
    contact: str = ""
    privacy_note: str = ""
    minimum_age: Annotated[int, msgspec.Meta(ge=0, le=99)] = 16


class LimitSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much one sender may send; a class in one room shares one address."""

    writes_per_minute: _Positive = 30
    writes_per_day: _Positive = 1000
    writes_per_minute_and_address: _Positive = 600
    joins_per_hour_with_code: _Positive = 120
    joins_per_hour_without_code: _Positive = 10
    reads_per_minute: _Positive = 600
    waiting_messages: _Positive = 4096
    streams: _Positive = 2000
    streams_a_member: _Positive = 3


class ReleaseSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When tables are made anew. The floors of the privacy rules cannot be lowered."""

    hour_utc: Annotated[int, msgspec.Meta(ge=0, le=23)] = 3
    settling_days: Annotated[int, msgspec.Meta(ge=3)] = 3
    least_changes: Annotated[int, msgspec.Meta(ge=20)] = 20


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of server.toml; every part may be left out."""

    server: ServerSettings = ServerSettings()
    database: DatabaseSettings = DatabaseSettings()
    operator: OperatorSettings = OperatorSettings()
    limits: LimitSettings = LimitSettings()
    releases: ReleaseSettings = ReleaseSettings()


_TEMPLATE = """\
# Settings of the community server; what is left out has the value shown.

[server]
# host = "127.0.0.1"
# port = 8400
# public_url = "https://community.example"   # what students use, without /c/...
# proxy_hops = 0                             # proxies before it; 1 for one nginx or Caddy
# workers = 1                                # more only with PostgreSQL

[database]
# url = "postgresql://user@host/name"        # community.db in this folder if left out

[operator]
# name = ""                                  # who is responsible, shown on the privacy page
# contact = ""                               # where people can ask
# privacy_note = ""
# minimum_age = 16

[limits]
# writes_per_minute = 30
# writes_per_day = 1000
# writes_per_minute_and_address = 600
# joins_per_hour_with_code = 120             # an address; a class in one room shares one
# joins_per_hour_without_code = 10
# streams = 2000                             # open at a time, a process; each takes 30 kB

[releases]
# hour_utc = 3                               # when tables are made anew, at most once a day
"""


@dataclass(frozen=True)
class Folder:
    """The data folder of one server."""

    path: Path

    @property
    def settings_file(self) -> Path:
        return self.path / "server.toml"

    @property
    def secret_file(self) -> Path:
        return self.path / "secret.key"

    @property
    def invites_file(self) -> Path:
        return self.path / "invites.json"

    @property
    def database_file(self) -> Path:
        return self.path / "community.db"

    def create(self) -> None:
        """Make the folder with settings and a new secret.

        Raises `SettingsError` where there is a server already, or no right to write.
        """
        if self.settings_file.exists() or self.secret_file.exists():
            raise SettingsError(
                f"{_shown(self.path)} holds a server already; start it with 'run', "
                "or name another folder with --data"
            )
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            _write_private(self.secret_file, secrets.token_hex(32) + "\n")
            _write_private(self.invites_file, "{}\n")
            self.settings_file.write_text(_TEMPLATE, encoding="utf-8")
        except OSError as error:
            raise SettingsError(f"{_shown(self.path)}: {error.strerror or error}") from error

    def secret(self) -> bytes:
        """Return the 32 bytes behind all keyed digests.

        Raises `SettingsError` where there is none, or others can read it.
        """
        try:
            mode = self.secret_file.stat().st_mode
            found = bytes.fromhex(self.secret_file.read_text(encoding="ascii").strip())
        except FileNotFoundError as error:
            raise SettingsError(
                f"{_shown(self.path)} holds no server; make one with 'init', "
                "or name its folder with --data"
            ) from error
        except (OSError, ValueError) as error:
            raise SettingsError(f"{_shown(self.secret_file)} cannot be read: {error}") from error
        if os.name == "posix" and mode & 0o077:
            raise SettingsError(f"{_shown(self.secret_file)} can be read by others; chmod 600 it")
        if len(found) != 32:
            raise SettingsError(f"{_shown(self.secret_file)} does not hold 32 bytes; restore it")
        return found

    def invites(self) -> dict[str, str]:
        """Return the code of each course by its short name.

        Raises `SettingsError` for a file that cannot be read.
        """
        try:
            return msgspec.json.decode(self.invites_file.read_bytes(), type=dict[str, str])
        except FileNotFoundError:
            return {}
        except (OSError, msgspec.DecodeError) as error:
            raise SettingsError(f"{_shown(self.invites_file)} cannot be read: {error}") from error

    def keep_invite(self, slug: str, code: str | None) -> None:
        """Keep the code of a course, or with None forget it."""
        invites = self.invites()
        if code is None:
            invites.pop(slug, None)
        else:
            invites[slug] = code
        text = msgspec.json.format(msgspec.json.encode(invites), indent=2).decode() + "\n"
        try:
            _write_private(self.invites_file, text)
        except OSError as error:
            raise SettingsError(
                f"{_shown(self.invites_file)}: {error.strerror or error}"
            ) from error

    def database_url(self, settings: Settings) -> str:
        """Return the address of the database for SQLAlchemy."""
        url = settings.database.url
        if not url:
            return f"sqlite:///{self.database_file}"
        for scheme in ("postgresql://", "postgres://"):
            if url.startswith(scheme):
                return "postgresql+psycopg://" + url.removeprefix(scheme)
        return url


def read_settings(folder: Folder) -> Settings:
    """Read server.toml.

    Raises `SettingsError`, which names the line or the setting.
    """
    where = _shown(folder.settings_file)
    try:
        found = tomllib.loads(folder.settings_file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise SettingsError(
            f"{_shown(folder.path)} holds no server; make one with 'init', "
            "or name its folder with --data"
        ) from error
    except (OSError, ValueError) as error:
        raise SettingsError(f"{where}: {safe_text(str(error))}") from error
    try:
        settings = msgspec.convert(found, Settings)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{where}: {safe_text(str(error))}") from error
    if settings.server.workers > 1 and not settings.database.url:
        raise SettingsError(f"{where}: more than one worker needs PostgreSQL; set database.url")
    return settings


def new_code() -> str:
    """Return a new course code such as `AB12-CD34`: 39 random bits."""
    letters = "".join(secrets.choice(_CODE_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"


def keyed_digest(secret: bytes, purpose: str, data: bytes) -> bytes:
    """Return 32 bytes of keyed BLAKE2b (RFC 7693) of `data`.

    `purpose`, of at most 16 letters, keeps lists apart: no two can be joined. An
    HMAC by OpenSSL does the same in ten times the time.
    """
    return hashlib.blake2b(data, digest_size=32, key=secret, person=purpose.encode()).digest()


def _write_private(path: Path, text: str) -> None:
    """Write all or nothing, readable by the owner only (mkstemp makes files 0600)."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise


def _shown(path: Path) -> str:
    return safe_text(str(path))
