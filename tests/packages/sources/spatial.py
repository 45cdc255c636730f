"""Module 09: convolution and pooling, images as (n, channels, height, width)."""

import numpy as np
from tinytorch.core.tensor import Tensor

SLOW = False


class Conv2d:
    def __init__(self, in_channels, out_channels, kernel_size, stride=1, padding=0, bias=True):
        self.in_channels, self.out_channels = in_channels, out_channels
        self.kernel_size = pair(kernel_size)
        self.stride, self.padding = stride, padding
        shape = (out_channels, in_channels, *self.kernel_size)
        scale = np.sqrt(2.0 / np.prod(shape[1:]))
        self.weight = Tensor(np.random.standard_normal(shape) * scale)
        self.bias = Tensor(np.zeros(out_channels)) if bias else None

    def __call__(self, x):
        return self.forward(x)

    def forward(self, x):
        padded = np.pad(x.data, ((0, 0), (0, 0), (self.padding,) * 2, (self.padding,) * 2))
        patches = windows(padded, self.kernel_size, self.stride)
        weight = self.weight.data

        def backward(g):
            d_weight = np.einsum("noyx,ncyxij->ocij", g, patches)
            d_patches = np.einsum("noyx,ocij->ncyxij", g, weight)
            d_padded = spread(d_patches, padded.shape, self.stride)
            inner = slice(self.padding, -self.padding or None)
            return d_padded[:, :, inner, inner], d_weight

        apply = one_by_one if SLOW else all_at_once
        y = Tensor._track(Tensor(apply(patches, weight)), (x, self.weight), backward)
        return y if self.bias is None else y + self.bias.reshape(1, -1, 1, 1)

    def parameters(self):
        return [self.weight] if self.bias is None else [self.weight, self.bias]


class Pool2d:
    def __init__(self, kernel_size, stride=None, padding=0):
        self.kernel_size = pair(kernel_size)
        self.stride = self.kernel_size[0] if stride is None else stride
        self.padding = padding

    def __call__(self, x):
        return self.forward(x)

    def parameters(self):
        return []

    def patches(self, x, fill):
        edge = (self.padding,) * 2
        padded = np.pad(x.data, ((0, 0), (0, 0), edge, edge), constant_values=fill)
        return padded.shape, windows(padded, self.kernel_size, self.stride)

    def unpad(self, gradient):
        inner = slice(self.padding, -self.padding or None)
        return gradient[:, :, inner, inner]


class MaxPool2d(Pool2d):
    def forward(self, x):
        padded_shape, patches = self.patches(x, -np.inf)
        y = patches.max(axis=(-2, -1))

        def backward(g):
            largest = patches == y[..., None, None]
            share = largest / largest.sum(axis=(-2, -1), keepdims=True)
            return (self.unpad(spread(g[..., None, None] * share, padded_shape, self.stride)),)

        return Tensor._track(Tensor(y), (x,), backward)


class AvgPool2d(Pool2d):
    def forward(self, x):
        padded_shape, patches = self.patches(x, 0.0)

        def backward(g):
            share = np.broadcast_to(g[..., None, None] / patches[0, 0, 0, 0].size, patches.shape)
            return (self.unpad(spread(share, padded_shape, self.stride)),)

        return Tensor._track(Tensor(patches.mean(axis=(-2, -1))), (x,), backward)


def pair(size):
    return size if isinstance(size, tuple) else (size, size)


def windows(images, kernel_size, stride):
    """Return the patches (n, channels, rows, columns, kernel height, kernel width)."""
    patches = np.lib.stride_tricks.sliding_window_view(images, kernel_size, axis=(2, 3))
    return patches[:, :, ::stride, ::stride]


def spread(patches, shape, stride):
    """Add patches back to where `windows` took them from."""
    images = np.zeros(shape, dtype=np.float32)
    rows, columns, height, width = patches.shape[2:]
    for i in range(height):
        for j in range(width):
            down = slice(i, i + stride * rows, stride)
            across = slice(j, j + stride * columns, stride)
            images[:, :, down, across] += patches[..., i, j]
    return images


def all_at_once(patches, weight):
    return np.einsum("ncyxij,ocij->noyx", patches, weight, optimize=True)


def one_by_one(patches, weight):
    n, _, rows, columns = patches.shape[:4]
    result = np.empty((n, len(weight), rows, columns), dtype=np.float32)
    for image, channel, y, x in np.ndindex(result.shape):
        result[image, channel, y, x] = (patches[image, :, y, x] * weight[channel]).sum()
    return result
