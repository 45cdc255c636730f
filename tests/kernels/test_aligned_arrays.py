import threading

import numpy as np
import pytest
from numpy._core.multiarray import get_handler_name

from tito_bench._native import AlignedArrays

SIZES = (1, 3, 100, 1000, 10_001, 1_000_000)


def all_aligned():
    arrays = [np.empty(size, np.float32) for size in SIZES for _ in range(3)]
    return all(array.ctypes.data % 64 == 0 for array in arrays)


def test_new_arrays_are_aligned_and_the_handler_comes_back():
    before = get_handler_name()
    with AlignedArrays():
        assert get_handler_name() == "tito_bench_aligned_64"
        assert all_aligned()
    assert get_handler_name() == before


def test_values_survive_every_way_of_allocating():
    with AlignedArrays():
        zeros = np.zeros(5000, np.float32)
        assert (zeros == 0).all()
        zeros[...] = 7
        del zeros
        assert (np.zeros(5000, np.float32) == 0).all()
        grown = np.arange(10.0)
        grown.resize(100_000, refcheck=False)
        np.testing.assert_array_equal(grown[:10], np.arange(10.0))
        assert (grown[10:] == 0).all()
        grown.resize(5, refcheck=False)
        np.testing.assert_array_equal(grown, np.arange(5.0))
        assert np.empty(0).size == 0


def test_arrays_outlive_the_manager_and_the_other_way_round():
    outside = np.arange(1000.0)
    with AlignedArrays():
        inside = np.arange(1000.0)
        del outside
    np.testing.assert_array_equal(inside, np.arange(1000.0))
    inside.resize(2000, refcheck=False)
    assert inside.ctypes.data % 64 == 0
    del inside


def test_nested_and_re_entered():
    before = get_handler_name()
    aligned = AlignedArrays()
    with aligned, aligned, AlignedArrays():
        assert all_aligned()
    assert get_handler_name() == before
    with aligned:
        assert all_aligned()
    assert get_handler_name() == before


def test_restored_after_an_exception():
    before = get_handler_name()
    with pytest.raises(KeyError), AlignedArrays():
        raise KeyError
    assert get_handler_name() == before


def test_exit_without_enter():
    with pytest.raises(RuntimeError, match="exit without enter"):
        AlignedArrays().__exit__(None, None, None)


def test_a_freed_block_is_used_again():
    with AlignedArrays():
        block = np.empty(1_000_003, np.float32)
        address = block.ctypes.data
        del block
        again = np.empty(1_000_003, np.float32)
        assert again.ctypes.data == address


def test_many_threads():
    failures = []

    def work():
        try:
            with AlignedArrays():
                for _ in range(200):
                    assert all_aligned()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []


def test_sizes_no_longer_asked_for_make_room():
    with AlignedArrays():
        for size in range(1, 300):
            np.empty(64 * size, np.uint8)
        big = 1 << 27
        del_me = [np.empty(big, np.uint8) for _ in range(3)]
        del del_me
        block = np.empty(5000, np.float32)
        address = block.ctypes.data
        del block
        assert np.empty(5000, np.float32).ctypes.data == address
