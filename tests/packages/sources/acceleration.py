"""Module 17 (18 in December 2025): fewer, larger array calls."""

import numpy as np
from tinytorch.core.tensor import Tensor


def vectorized_matmul(a, b):
    return Tensor(np.matmul(a.data, b.data))


def tiled_matmul(a, b, tile_size=64):
    rows, inner = a.data.shape
    columns = b.data.shape[1]
    result = np.zeros((rows, columns), dtype=np.float32)
    for i in range(0, rows, tile_size):
        for j in range(0, columns, tile_size):
            for k in range(0, inner, tile_size):
                left = a.data[i : i + tile_size, k : k + tile_size]
                right = b.data[k : k + tile_size, j : j + tile_size]
                result[i : i + tile_size, j : j + tile_size] += left @ right
    return Tensor(result)


def im2col(x, kernel_size, stride=1, padding=0):
    padded = np.pad(x.data, ((0, 0), (0, 0), (padding,) * 2, (padding,) * 2))
    patches = np.lib.stride_tricks.sliding_window_view(padded, (kernel_size,) * 2, axis=(2, 3))
    patches = patches[:, :, ::stride, ::stride].transpose(0, 2, 3, 1, 4, 5)
    return Tensor(patches.reshape(-1, x.shape[1] * kernel_size**2))


def im2col_conv2d(x, weight, bias=None, stride=1, padding=0):
    filters, _, kernel_size, _ = weight.shape
    height, width = ((size + 2 * padding - kernel_size) // stride + 1 for size in x.shape[2:])
    rows = im2col(x, kernel_size, stride, padding)
    result = vectorized_matmul(rows, Tensor(weight.data.reshape(filters, -1).T)).data
    if bias is not None:
        result = result + bias.data
    return Tensor(result.reshape(x.shape[0], height, width, filters).transpose(0, 3, 1, 2))


def fused_gelu(x):
    return Tensor(x.data / (1 + np.exp(-1.702 * x.data)))
