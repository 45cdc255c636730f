"""Naming the files among the records that are none, in every verb that chooses a record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tito_bench.cli.streams import Streams
    from tito_bench.records.record_history import History

__all__ = ["naming_skipped"]


@contextmanager
def naming_skipped(history: History, streams: Streams) -> Iterator[None]:
    """Name them at the end, or before an error: a newest record that is damaged would else be
    passed over in silence."""
    from tito_bench.report.history_terminal import skipped_lines
    from tito_bench.report.history_view import history_view

    try:
        yield
    finally:
        for line in skipped_lines(history_view(history).skipped, streams.console().width):
            streams.people.write(f"{line}\n")
