"""Saying which files among the records are none, in every verb that chooses a record."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tito_bench.errors import StoreError

if TYPE_CHECKING:
    from tito_bench.cli.streams import Streams
    from tito_bench.records.read import History

__all__ = ["naming_skipped"]


@contextmanager
def naming_skipped(history: History, streams: Streams) -> Iterator[None]:
    """Name them at the end, or before an error: a newest record that is damaged would else be
    passed over in silence.

    The file that was meant, and is no record, becomes a `StoreError`: one sentence that says why.
    """
    from tito_bench.records.read import NotARecord
    from tito_bench.records.store import show_path
    from tito_bench.report.history_terminal import skipped_lines
    from tito_bench.report.history_view import history_view
    from tito_bench.report.record_wording import explain_skipped

    try:
        yield
    except NotARecord as reason:
        named = "" if reason.path is None else f"{show_path(reason.path)}: "
        raise StoreError(f"{named}{explain_skipped(reason.skip, str(reason))}") from reason
    finally:
        for line in skipped_lines(history_view(history).skipped, streams.console().width):
            streams.people.write(f"{line}\n")
