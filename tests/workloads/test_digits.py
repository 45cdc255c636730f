"""The digits: ours, the course's own, and pickles that are not only data."""

import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tito_bench.workloads.digits import course_digits, enlarge, shipped_digits
from tito_bench.workloads.pickles import UnsafePickle, load_plain_pickle


def test_the_shipped_digits_are_balanced_and_in_range() -> None:
    digits = shipped_digits()
    assert digits.train_images.shape == (1000, 8, 8)
    assert digits.test_images.shape == (200, 8, 8)
    assert digits.train_images.dtype == np.float32
    # stored pixel by pixel, handed out as every kernel and student expects them
    assert digits.train_images.flags.c_contiguous
    assert digits.test_images.flags.c_contiguous
    assert digits.train_images.min() == 0
    assert digits.train_images.max() == 1
    assert np.bincount(digits.train_labels).tolist() == [100] * 10
    assert np.bincount(digits.test_labels).tolist() == [20] * 10


def test_an_enlarged_image_holds_every_pixel_nine_times() -> None:
    small = np.arange(64, dtype=np.float32).reshape(1, 8, 8)
    large = enlarge(small)
    assert large.shape == (1, 28, 28)
    assert large.sum() == 9 * small.sum()
    assert large[0, 2, 5] == small[0, 0, 1]
    assert not large[0, :2].any()


def write(root: Path, train: Any, test: Any) -> Path:
    folder = root / "datasets" / "tinydigits"
    folder.mkdir(parents=True)
    for name, content in (("train.pkl", train), ("test.pkl", test)):
        data = content if isinstance(content, bytes) else pickle.dumps(content)
        (folder / name).write_bytes(data)
    return root


def some(count: int = 200) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(2)
    return {
        "images": draw.random((count, 8, 8), dtype=np.float32),
        "labels": draw.integers(0, 10, count),
    }


def test_the_courses_own_files_are_used_where_they_are_real(tmp_path: Path) -> None:
    train, test = some(1000), some()
    digits, reason = course_digits(write(tmp_path, train, test))
    assert digits is not None, reason
    assert digits.source == "datasets/tinydigits"
    assert np.array_equal(digits.train_images, train["images"])
    assert np.array_equal(digits.test_labels, test["labels"])


class _Runs:
    """Unpickling this runs a command."""

    def __init__(self, file: Path) -> None:
        self._command = f"touch '{file}'"

    def __reduce__(self) -> Any:
        return os.system, (self._command,)


def test_a_pickle_is_never_executed(tmp_path: Path) -> None:
    trace = tmp_path / "executed"
    digits, reason = course_digits(write(tmp_path, {"images": _Runs(trace)}, some()))
    assert digits is None
    assert "refused: the pickle wants to call" in reason
    assert not trace.exists()


@pytest.mark.parametrize(
    ("train", "said"),
    [
        (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n", "Git LFS pointer"),
        (b"", "cannot be read as a pickle"),
        ([1, 2], "not a dict"),
        ({"images": np.zeros((200, 8, 8), np.float32)}, "not a dict"),
        ({"images": np.zeros((200, 9, 8), np.float32), "labels": np.zeros(200, int)}, "shapes"),
        ({**some(), "images": some()["images"] * 3}, "outside 0 to 1"),
        ({**some(), "labels": np.arange(200)}, "labels outside"),
        ({**some(), "images": np.array([{}, 1], dtype=object)}, "an array of object"),
    ],
)
def test_what_is_not_the_digits_is_said(train: Any, said: str, tmp_path: Path) -> None:
    digits, reason = course_digits(write(tmp_path, train, some()))
    assert digits is None
    assert said in reason


def test_no_files_no_course_digits(tmp_path: Path) -> None:
    assert course_digits(tmp_path) == (None, "no datasets/tinydigits/train.pkl in the project")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_arrays_of_every_protocol_can_be_read(protocol: int) -> None:
    content = {"a": np.arange(6, dtype=np.float64).reshape(2, 3), "b": [1, "two", None]}
    found = load_plain_pickle(pickle.dumps(content, protocol))
    assert np.array_equal(found["a"], content["a"])
    assert found["b"] == content["b"]


def test_functions_are_refused_whatever_their_name() -> None:
    for value in (os.getcwd, pickle.loads, np.load, type):
        with pytest.raises(UnsafePickle, match="refused"):
            load_plain_pickle(pickle.dumps(value))
