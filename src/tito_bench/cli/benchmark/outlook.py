"""What to say of a record that was just made: since when it is so, what was reached, what next."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tito_bench.cli.streams import Streams
    from tito_bench.records.project import ProjectRoot
    from tito_bench.records.read import Record
    from tito_bench.report.outlook import Outlook

__all__ = ["outlook_of"]


def outlook_of(record: Record, saved: str | None, root: ProjectRoot, streams: Streams) -> Outlook:
    """Look at the project's other records, the course's own files and the student's.

    `saved` is where the record was kept. Raises `StoreError` where records cannot be read.
    """
    from tito_bench.community.progress import finished_since
    from tito_bench.records.project_layout import Layout
    from tito_bench.records.read import header_of, read_history
    from tito_bench.report.outlook import outlook
    from tito_bench.runs.operation_place import operation_place

    layout = Layout(root.path)
    header = header_of(record, "" if saved is None else saved.rpartition("/")[2])
    entries = read_history(layout.benchmarks, streams.now()).entries
    before = [entry.created_at for entry in entries if entry.file != header.file]
    return outlook(
        record,
        header,
        entries,
        finished_since(layout, before[-1]) if before else (),
        lambda op: operation_place(root.path, record.subject, op),
    )
