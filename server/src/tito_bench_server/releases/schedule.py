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

__all__ = ["daily"]

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
                await asyncio.to_thread(_once_a_day, services)
            except ServerError as error:
                _LOG.warning("the daily work waits: %s", error)
        await asyncio.sleep(_LOOK_EVERY_S)


def _once_a_day(services: Services) -> None:
    today = services.today()

    def claim(connection: sa.Connection) -> bool:
        setting = tables.setting
        mine = setting.c.name == _CLAIM
        done = connection.execute(sa.select(setting.c.value).where(mine)).scalar()
        if done == today.isoformat():
            return False
        if done is None:
            connection.execute(sa.insert(setting).values(name=_CLAIM, value=today.isoformat()))
        else:
            connection.execute(sa.update(setting).where(mine).values(value=today.isoformat()))
        return True

    if services.turn(claim):
        report = make_release(services.database, services.turn, services.settings.releases, today)
        services.published.forget()
        pruned = services.turn(lambda connection: prune(connection, today))
        _LOG.info("released %d tables, forgot %d rows", report.released, pruned.total)
