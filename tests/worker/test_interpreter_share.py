"""What calls that were watched, and ordinary ones beside them, say of loops of Python."""

from __future__ import annotations

import pytest

from tito_bench.worker.interpreter_share import InterpreterShare, Watched

HALF = Watched(short_ns=450, cpu_ns=1000)  # nine tenths are all that any loop shows
NONE = Watched(short_ns=0, cpu_ns=1000)


def tried_out(watched: Watched) -> InterpreterShare:
    share = InterpreterShare()
    share.try_out(watched)
    return share


def test_nothing_is_known_of_what_was_never_watched() -> None:
    share = InterpreterShare()
    assert share.news(1000.0, metered=False) is None
    assert not share.must_be_metered(1e9)


def test_trying_out_shows_a_share_that_is_no_news_afterwards() -> None:
    share = InterpreterShare()
    assert share.try_out(HALF) == 0.5
    assert share.news(1000.0, metered=False) is None


def test_a_call_that_nobody_foresaw_is_always_news_and_counts() -> None:
    share = tried_out(NONE)
    share.watch(HALF)
    assert share.news(1000.0, metered=True) == 0.5
    assert share.news(1000.0, metered=False) is None
    share.watch(NONE)
    assert share.news(1000.0, metered=True) == 0.0
    assert tried_out(HALF).news(1000.0, metered=True) == 0.5


def test_loops_that_ordinary_calls_have_no_time_for_are_taken_back_for_good() -> None:
    """It must not gain by loops in a call that it could foresee."""
    share = tried_out(HALF)
    assert share.news(100.0, metered=False) == 0.0
    assert share.news(1000.0, metered=False) is None


def test_a_foreseen_call_unlike_any_other_asks_for_one_that_is_not() -> None:
    share = tried_out(HALF)
    assert share.must_be_metered(10.0)
    assert not share.must_be_metered(1000.0)
    share.news(10.0, metered=True)
    assert not share.must_be_metered(10.0)


def test_trying_out_again_begins_anew() -> None:
    share = tried_out(HALF)
    share.news(100.0, metered=True)
    assert share.try_out(NONE) == 0.0
    assert share.must_be_metered(10.0)
    with pytest.raises(AttributeError, match="read-only"):
        share.news = None  # type: ignore[method-assign, assignment]
