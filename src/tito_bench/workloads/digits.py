"""The digits: 8x8 images of handwritten digits, 1000 to train with and 200 to test with.

Shipped as `data/digits.npz`, made by tools/export_digits.py from the UCI data
set "Optical Recognition of Handwritten Digits" (E. Alpaydin and C. Kaynak,
1998, https://doi.org/10.24432/C50P49), licence CC BY 4.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tito_bench.workloads.pickles import UnsafePickle, load_plain_pickle

__all__ = ["Digits", "course_digits", "enlarge", "shipped_digits"]

_DATA = Path(__file__).parents[1] / "data"
_GREY_LEVELS = 16.0
_COURSE_FOLDER = Path("datasets") / "tinydigits"
_LFS_MARK = b"version https://git-lfs"
_MOST_BYTES = 64 * 2**20


@dataclass(frozen=True)
class Digits:
    """Images (n, 8, 8) float32 in [0, 1], labels (n,) int64 in 0..9, and where they are from."""

    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
    source: str


def shipped_digits() -> Digits:
    """Load the digits that come with tito-bench."""
    with np.load(_DATA / "digits.npz", allow_pickle=False) as stored:
        images = (
            stored[name].astype(np.float32, order="C") / np.float32(_GREY_LEVELS)
            for name in ("train_images", "test_images")
        )
        labels = (stored[name].astype(np.int64) for name in ("train_labels", "test_labels"))
        train, test = zip(images, labels, strict=True)
    return Digits(*train, *test, "shipped")


def course_digits(root: Path) -> tuple[Digits | None, str]:
    """Return the course's own files below `root`, or None; and in one line why not.

    They are pickles. Nothing in them is executed: see `workloads.pickles`.
    """
    folder = root / _COURSE_FOLDER
    shown = _COURSE_FOLDER.as_posix()
    parts = []
    for name in ("train.pkl", "test.pkl"):
        try:
            if (folder / name).stat().st_size > _MOST_BYTES:
                return None, f"{shown}/{name} is too large to be the digits"
            data = (folder / name).read_bytes()
        except FileNotFoundError:
            return None, f"no {shown}/{name} in the project"
        except OSError as error:
            return None, f"{shown}/{name}: {error.strerror or error}"
        if data.startswith(_LFS_MARK):
            return None, f"{shown}/{name} is a Git LFS pointer, not the data; run: git lfs pull"
        try:
            parts.append(_checked(load_plain_pickle(data)))
        except (UnsafePickle, ValueError) as error:
            return None, f"{shown}/{name}: {error}"
    return Digits(*parts[0], *parts[1], shown), ""


def enlarge(images: np.ndarray) -> np.ndarray:
    """Enlarge (n, 8, 8) to (n, 28, 28): every pixel three times each way, in a frame of two."""
    tripled = images.repeat(3, axis=1).repeat(3, axis=2)
    return np.ascontiguousarray(np.pad(tripled, ((0, 0), (2, 2), (2, 2))))


def _checked(found: object) -> tuple[np.ndarray, np.ndarray]:
    """Return images and labels of one file. Raises ValueError where they are not the digits."""
    found = found if isinstance(found, dict) else {}
    images, labels = found.get("images"), found.get("labels")
    if not isinstance(images, np.ndarray) or not isinstance(labels, np.ndarray):
        raise ValueError("not a dict of images and labels")  # noqa: TRY004 - of a file
    right = images.ndim == 3 and images.shape[1:] == (8, 8) and labels.shape == images.shape[:1]
    if not right or images.dtype.kind != "f" or labels.dtype.kind not in "iu":
        raise ValueError("images and labels of other shapes or types than the digits'")
    if len(images) < 100 or images.min() < 0 or images.max() > 1:
        raise ValueError("values outside 0 to 1, or fewer than 100 images")
    if labels.min() < 0 or labels.max() > 9:
        raise ValueError("labels outside 0 to 9")
    return np.ascontiguousarray(images, dtype=np.float32), labels.astype(np.int64)
