"""Numbers and paths on the command line."""

from __future__ import annotations

import argparse

import pytest

from tito_bench.cli.options import round_count, seconds


@pytest.mark.parametrize(("text", "value"), [("1", 1), ("007", 7), ("10000", 10_000)])
def test_round_counts(text: str, value: int) -> None:
    assert round_count(text) == value


@pytest.mark.parametrize("text", ["", "0", "-1", "1.5", "10001", "1e3", "²", "٣", "9" * 5000])
def test_what_is_no_round_count(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="whole number from 1 to 10000"):
        round_count(text)


@pytest.mark.parametrize(("text", "value"), [("0.5", 0.5), ("86400", 86_400.0), ("1e2", 100.0)])
def test_seconds(text: str, value: float) -> None:
    assert seconds(text) == value


@pytest.mark.parametrize("text", ["", "0", "-1", "nan", "inf", "86401", "1e308", "ten"])
def test_what_are_no_seconds(text: str) -> None:
    with pytest.raises(argparse.ArgumentTypeError, match="above 0 and up to 86400"):
        seconds(text)
