"""The data for the student's own model: an npz of inputs and labels, never a pickle."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from tito_bench.measure.task_figures import CustomModelChoice
from tito_bench.subjects.missing import StudentCodeError

__all__ = ["CustomData", "load_custom_data"]

_MOST_BYTES = 1 << 30
_IMAGES = ("x", "X", "images", "inputs", "x_test", "X_test")
_LABELS = ("y", "labels", "targets", "y_test")


@dataclass(frozen=True)
class CustomData:
    """Inputs (n, ...) float32 and labels (n,) int64."""

    images: np.ndarray
    labels: np.ndarray


def load_custom_data(choice: CustomModelChoice) -> CustomData | None:
    """Load the data that was named, if any. Raises `StudentCodeError` where it cannot be used."""
    if choice.data is None:
        return None
    path = Path(choice.data)
    try:
        with zipfile.ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > _MOST_BYTES:
                raise StudentCodeError(f"{path.name} unpacks to more than 1 GiB")
        with np.load(path, allow_pickle=False) as stored:
            images, labels = (_pick(stored, path.name, names) for names in (_IMAGES, _LABELS))
    except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
        if "allow_pickle" in str(error):
            raise StudentCodeError(
                f"{path.name} holds Python objects, which only a pickle can bring: refused; "
                "save arrays of numbers"
            ) from error
        raise StudentCodeError(f"{path.name} is no npz file of arrays: {error}") from error
    if images.dtype.kind not in "fiu" or labels.dtype.kind not in "iu":
        raise StudentCodeError(f"{path.name}: inputs must be numbers and labels whole numbers")
    if images.ndim < 2 or labels.shape != images.shape[:1] or not len(labels):
        raise StudentCodeError(
            f"{path.name}: inputs {images.shape} and labels {labels.shape} do not belong together"
        )
    if not np.isfinite(images).all():
        raise StudentCodeError(f"{path.name}: the inputs hold NaN or infinity")
    return CustomData(np.ascontiguousarray(images, dtype=np.float32), labels.astype(np.int64))


def _pick(stored: np.lib.npyio.NpzFile, file: str, names: tuple[str, ...]) -> np.ndarray:
    for name in names:
        if name in stored.files:
            return np.asarray(stored[name])
    raise StudentCodeError(f"{file} has no array named {' or '.join(names[:4])}")
