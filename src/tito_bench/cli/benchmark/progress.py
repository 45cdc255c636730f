"""What became of the score since the record before, where it is made of other parts now."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tito_bench.cli.streams import Streams
    from tito_bench.records.project import ProjectRoot

__all__ = ["say_progress"]


def say_progress(data: bytes, saved: str | None, root: ProjectRoot, streams: Streams) -> None:
    """Say what the score of the record in `data` is made of now and was not before.

    Where the course's own solution was measured here before, its figures are set beside.
    `saved` is where it was kept. Says nothing where nothing changed, or there is no record
    of the same kind and subject before.
    """
    from tito_bench.records.project_layout import Layout
    from tito_bench.records.read import read_history, read_record
    from tito_bench.report.progress import beside_course, since
    from tito_bench.report.wrapping import wrapped

    name = "" if saved is None else saved.rpartition("/")[2]
    now, _ = read_record(data, name, streams.now())
    before = [
        entry
        for entry in read_history(Layout(root.path).benchmarks, streams.now()).of(now.kind)
        if entry.subject == now.subject and entry.score is not None and entry.file != name
    ]
    lines = [beside_course(before, now), since(before[-1], now) if before else ""]
    for line in filter(None, lines):
        streams.people.write("\n")
        for part in wrapped(line, streams.console().width):
            streams.people.write(f"{part}\n")
