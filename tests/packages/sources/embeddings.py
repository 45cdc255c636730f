"""Module 11: vectors for tokens and positions."""

import numpy as np
from tinytorch.core.tensor import Tensor


class Embedding:
    def __init__(self, vocab_size, embed_dim):
        self.vocab_size, self.embed_dim = vocab_size, embed_dim
        self.weight = Tensor(np.random.standard_normal((vocab_size, embed_dim)) * 0.02)

    def __call__(self, indices):
        return self.forward(indices)

    def forward(self, indices):
        return self.weight[indices.data.astype(int)]

    def parameters(self):
        return [self.weight]


class PositionalEncoding(Embedding):
    def __init__(self, max_seq_len, embed_dim):
        super().__init__(max_seq_len, embed_dim)

    def forward(self, x):
        return x + self.weight[: x.shape[1]]
