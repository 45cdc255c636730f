"""The daily hour: tables are released and what is too old is forgotten."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime

import sqlalchemy as sa

from tito_bench_server.errors import ServerError
from tito_bench_server.releases.publish import make_release
from tito_bench_server.services import Services
from tito_bench_server.store import tables
from tito_bench_server.store.retention import prune

__all__ = ["daily", "do_once_a_day"]

_LOG = logging.getLogger(__name__)
_LOOK_EVERY_S = 60.0
_CLAIM = "daily work of"


async def daily(services: Services) -> None:
    """Do the day's work at its hour, for as long as the server runs.

    Of several workers the first to claim the day does it.
    """
    while True:
        now = datetime.fromtimestamp(services.now_s(), UTC)
        if now.hour >= services.settings.releases.hour_utc:
            try:
                await asyncio.to_thread(do_once_a_day, services)
            except ServerError as error:
                _LOG.warning("the daily work waits: %s", error)
        await asyncio.sleep(_LOOK_EVERY_S)


def do_once_a_day(services: Services) -> bool:
    """Do the work of today unless it is done or being done; True if it was done now.

    Raises `StoreUnavailable`; then it can be tried again.
    """
    today = services.today()
    if not services.turn(lambda connection: _claim(connection, today.isoformat())):
        return False
    try:
        report = make_release(services.database, services.turn, services.settings.releases, today)
        pruned = prune(services.turn, today)
    except ServerError:
        services.turn(_give_back)
        raise
    services.published.forget()
    _LOG.info("released %d tables, forgot %d rows", report.released, pruned.total)
    return True


def _claim(connection: sa.Connection, today: str) -> bool:
    setting = tables.setting
    mine = setting.c.name == _CLAIM
    done = connection.execute(sa.select(setting.c.value).where(mine)).scalar()
    if done == today:
        return False
    _give_back(connection)
    connection.execute(sa.insert(setting).values(name=_CLAIM, value=today))
    return True


def _give_back(connection: sa.Connection) -> None:
    connection.execute(sa.delete(tables.setting).where(tables.setting.c.name == _CLAIM))
