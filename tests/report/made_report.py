"""Whole reports of made-up records, with and without the card of their machine."""

from __future__ import annotations

import msgspec

from machine.facts import card
from tito_bench.machine.fingerprint import fingerprint_of
from tito_bench.records.benchmark import BenchmarkRecord
from tito_bench.records.calibration import Calibration
from tito_bench.records.capstone import CapstoneRecord
from tito_bench.records.read import History, header_of
from tito_bench.report.history_view import HistoryView, history_view
from tito_bench.report.sections.record_report import RecordReport, record_report

__all__ = ["card_of", "history_of", "report_of"]

Record = BenchmarkRecord | CapstoneRecord


def card_of(record: Record) -> Calibration:
    """A card that holds for the machine of the record; its peak and bandwidth are 100."""
    own = fingerprint_of(record.system_info.machine, record.system_info.runtime)
    made = card()
    targets = [msgspec.structs.replace(made.targets[0], target=own.kernel_target)]
    return msgspec.structs.replace(made, fingerprint=own, targets=targets)


def history_of(*records: Record) -> HistoryView:
    """The history of a project with these records."""
    entries = [header_of(record, f"{i}.json") for i, record in enumerate(records)]
    return history_view(History(tuple(entries), ()))


def report_of(record: Record, machine: Calibration | None = None, *others: Record) -> RecordReport:
    """The report of a record, the newest of a project with `others`."""
    return record_report(record, machine, history_of(*others, record))
