"""Module 18 (17 in December 2025): keys and values kept between tokens."""

from contextlib import contextmanager

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

    def get_memory_usage(self):
        return {"total_mb": (self.keys.nbytes + self.values.nbytes) / 2**20}

    generating = False

    @contextmanager
    def generation(self):
        """The scope in which a single token is one of a generation (since 2026)."""
        self.generating = True
        try:
            yield self
        finally:
            self.generating = False


class CachedAttention:
    """Stands before a block's attention, and gives it one token at a time."""

    def __init__(self, attention, cache, layer):
        self.attention, self.cache, self.layer = attention, cache, layer

    def __call__(self, x, mask=None):
        return self.forward(x, mask)

    def forward(self, x, mask=None):
        if not self.cache.generating or x.shape[1] > 1:
            return self.attention.forward(x, mask)
        full = self.attention
        shape = x.shape[0], 1, full.num_heads, full.head_dim
        query, key, value = (
            projection(x).data.reshape(shape).transpose(0, 2, 1, 3)
            for projection in (full.q_proj, full.k_proj, full.v_proj)
        )
        keys, values = (past.data for past in self.cache.get(self.layer))
        self.cache.update(self.layer, Tensor(key), Tensor(value))
        keys, values = np.concatenate((keys, key), 2), np.concatenate((values, value), 2)
        scores = query @ keys.swapaxes(2, 3) / np.sqrt(full.head_dim)
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        mixed = weights / weights.sum(axis=-1, keepdims=True) @ values
        return full.out_proj(Tensor(mixed.transpose(0, 2, 1, 3).reshape(x.shape)))

    def parameters(self):
        return self.attention.parameters()


def enable_kv_cache(model):
    cache = KVCache(
        1, model.max_seq_len, model.num_layers, model.num_heads, model.embed_dim // model.num_heads
    )
    for layer, block in enumerate(model.blocks):
        block.attention = CachedAttention(block.attention, cache, layer)
    print("KV cache enabled")
    return cache
