"""Module 18 (17 in December 2025): keys and values kept between tokens."""

import numpy as np
from tinytorch.core.tensor import Tensor


class KVCache:
    def __init__(self, batch_size, max_seq_len, num_layers, num_heads, head_dim):
        shape = (num_layers, batch_size, num_heads, max_seq_len, head_dim)
        self.keys = np.zeros(shape, dtype=np.float32)
        self.values = np.zeros(shape, dtype=np.float32)
        self.seq_pos = 0

    def update(self, layer_idx, key, value):
        self.keys[layer_idx, :, :, self.seq_pos] = key.data[:, :, 0]
        self.values[layer_idx, :, :, self.seq_pos] = value.data[:, :, 0]

    def advance(self):
        self.seq_pos += 1

    def get(self, layer_idx):
        end = self.seq_pos
        return Tensor(self.keys[layer_idx, :, :, :end]), Tensor(self.values[layer_idx, :, :, :end])

    def reset(self):
        self.seq_pos = 0
