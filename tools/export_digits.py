"""Writes src/tito_bench/data/digits.npz: the digits that the accuracy track is measured on.

Run: python tools/export_digits.py    (needs scikit-learn, which tito-bench itself does not)

Source: "Optical Recognition of Handwritten Digits", E. Alpaydin and C. Kaynak, UCI Machine
Learning Repository (1998), https://doi.org/10.24432/C50P49, licence CC BY 4.0; here the test
part of it, as scikit-learn's `load_digits` brings it. Changed by us: a balanced choice of 1000
images to train with and 200 to test with, shuffled.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

TARGET = Path(__file__).parents[1] / "src" / "tito_bench" / "data" / "digits.npz"
SEED = 8
TRAIN_PER_CLASS, TEST_PER_CLASS = 100, 20


def main() -> None:
    digits = load_digits()
    images = digits.images.astype(np.uint8)  # grey values 0 to 16
    labels = digits.target.astype(np.uint8)
    draw = np.random.default_rng(SEED)
    train, test = [], []
    for digit in range(10):
        members = draw.permutation(np.flatnonzero(labels == digit))
        train.append(members[:TRAIN_PER_CLASS])
        test.append(members[TRAIN_PER_CLASS : TRAIN_PER_CLASS + TEST_PER_CLASS])
    train_order = draw.permutation(np.concatenate(train))
    test_order = draw.permutation(np.concatenate(test))
    # Pixel by pixel, not image by image, deflate finds more to share. The wheel compresses the
    # file, and better than NumPy does.
    np.savez(
        TARGET,
        train_images=np.asfortranarray(images[train_order]),
        train_labels=labels[train_order],
        test_images=np.asfortranarray(images[test_order]),
        test_labels=labels[test_order],
    )
    print(
        f"{TARGET.name}: {len(train_order)} + {len(test_order)} images, {TARGET.stat().st_size} B"
    )


if __name__ == "__main__":
    main()
