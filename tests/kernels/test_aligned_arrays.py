import threading

import numpy as np
import pytest
from numpy._core.multiarray import get_handler_name

from tito_bench._native import AlignedArrays, AllocationLog

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


# -- the log of what is allocated ----------------------------------------------------


def test_a_log_has_the_size_of_every_array_made_while_it_is_active():
    with AlignedArrays():
        before = np.ones((100, 100), np.float32)
        with AllocationLog() as log:
            doubled = before.astype(np.float64)
            np.zeros(5, np.float32)
            before.reshape(-1)[::2]  # a view asks for nothing
        np.ones(7)
    assert doubled.dtype == np.float64
    assert log.sizes() == (80_000, 20)
    assert (log.count, log.bytes) == (2, 80_020)


def test_a_log_keeps_the_first_sizes_and_counts_all():
    with AlignedArrays(), AllocationLog() as log:
        for _ in range(5000):
            np.empty(1, np.uint8)
        assert (log.count, log.bytes, len(log.sizes())) == (5000, 5000, 4096)


def test_only_one_log_at_a_time_and_each_begins_with_nothing():
    with AlignedArrays():
        with AllocationLog(), pytest.raises(RuntimeError, match="one is active"), AllocationLog():
            pass
        with AllocationLog() as log:
            assert (log.count, log.bytes, log.sizes()) == (0, 0, ())


def test_a_log_ends_with_an_exception():
    with pytest.raises(KeyError), AllocationLog():
        raise KeyError
    with AllocationLog() as log:
        pass
    assert log.count == 0
