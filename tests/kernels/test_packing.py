"""Packing: what a BLAS does to the operands of a product before it multiplies."""

import numpy as np
import pytest

from tito_bench import _native

P = _native.PANEL


def packed(x: np.ndarray, columns: bool) -> np.ndarray:
    """All panels one behind the other, NaN where a last one has no lane."""
    lanes = x.T if columns else x
    rest = -len(lanes) % P
    filled = np.pad(lanes, ((0, rest), (0, 0)), constant_values=np.nan)
    return filled.reshape(-1, P, lanes.shape[1]).transpose(0, 2, 1).ravel()


@pytest.mark.parametrize("columns", [False, True], ids=["rows", "columns"])
@pytest.mark.parametrize("shape", [(1, 1), (8, 3), (7, 12), (16, 100), (67, 33), (12, 511)])
def test_panels_hold_the_operand(normal, shape, columns):
    x = normal(*shape)
    expected = packed(x, columns)
    panels = np.full(len(expected), np.nan, np.float32)
    call = _native.pack(x, panels, columns=columns)
    call()
    np.testing.assert_array_equal(panels, expected)
    assert (call.flops, call.bytes) == (0, 0)


@pytest.mark.parametrize("columns", [False, True], ids=["rows", "columns"])
def test_panels_take_turns_where_there_is_no_room_for_all(normal, columns):
    x = normal(5 * P, 5 * P)
    panel = P * 5 * P
    panels = np.full(2 * panel + 7, -1.0, np.float32)
    _native.pack(x, panels, columns=columns)()
    whole = packed(x, columns).reshape(5, panel)
    # 0, 1, then 2 in the place of 0, 3 of 1, 4 of 2; what is left of the room is not touched.
    np.testing.assert_array_equal(panels[:panel], whole[4])
    np.testing.assert_array_equal(panels[panel : 2 * panel], whole[3])
    assert (panels[2 * panel :] == -1.0).all()


def test_a_strided_or_short_argument_is_refused(normal):
    x, room = normal(16, 4), np.empty(4 * P, np.float32)
    with pytest.raises(ValueError, match=r"panels: needs room for one panel of 8 x 4, got 31"):
        _native.pack(x, room[:-1])
    with pytest.raises(ValueError, match=r"panels: needs room for one panel of 8 x 16, got 32"):
        _native.pack(x, room, columns=True)
    with pytest.raises(ValueError, match="x"):
        _native.pack(normal(16), room)
    with pytest.raises(ValueError, match="contiguous"):
        _native.pack(x.T, room)
    with pytest.raises(ValueError, match="overlap"):
        _native.pack(x, x.reshape(-1))


def test_nothing_to_pack(normal):
    room = np.zeros(4 * P, np.float32)
    _native.pack(normal(0, 4), room)()
    assert (room == 0).all()
