"""The machine card in a terminal."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from machine.facts import MACHINE, card
from tito_bench.note import Note
from tito_bench.report.calibration_text import print_calibration

_ON_BATTERY = Note("on_battery", "warning", "battery", "")


def _printed(width: int, **changes: object) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, markup=False, emoji=False, highlight=False)
    print_calibration(console, card({"add": 1.0}, **changes), ".tinytorch/calibration.json")
    return out.getvalue()


def test_the_card_shows_what_was_measured() -> None:
    shown = _printed(100, environment=[_ON_BATTERY])
    for part in (
        "Imaginary CPU 3000",
        "avx512",
        "n=64\u00a0100\u00a0(93%)",
        "2 MiB  triad   100  add   100",
        "Smallest array call: 100 ns",
        "worst: 1.0%",
        "warning: The machine runs on its battery",
        "Saved: .tinytorch/calibration.json",
    ):
        assert part in shown


@pytest.mark.parametrize("width", [40, 80, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    shown = _printed(width, environment=[_ON_BATTERY])
    assert max(map(len, shown.splitlines())) <= width


def test_names_of_machines_drive_no_terminal() -> None:
    import msgspec

    machine = msgspec.structs.replace(MACHINE, cpu_model="[red]CPU\x1b]0;gone\x07")
    shown = _printed(100, machine=machine)
    assert "\x1b" not in shown
    assert "[red]CPU" in shown
