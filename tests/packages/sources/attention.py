"""Module 12: attention. A mask holds 1 where a position may look, 0 where not."""

import math

from tinytorch.core.activations import Softmax
from tinytorch.core.layers import Linear
from tinytorch.core.tensor import Tensor


def scaled_dot_product_attention(Q, K, V, mask=None):  # noqa: N803 - the names of the course
    scores = Q.matmul(K.transpose(-2, -1)) * (1 / math.sqrt(Q.shape[-1]))
    if mask is not None:
        scores = scores + Tensor((1 - mask.data) * -1e9)
    weights = Softmax()(scores, -1)
    return weights.matmul(V), weights


class MultiHeadAttention:
    def __init__(self, embed_dim, num_heads):
        if embed_dim % num_heads:
            raise ValueError(f"{num_heads} heads do not divide {embed_dim}")
        self.embed_dim, self.num_heads = embed_dim, num_heads
        self.head_dim = embed_dim // num_heads
        self.q_proj = Linear(embed_dim, embed_dim)
        self.k_proj = Linear(embed_dim, embed_dim)
        self.v_proj = Linear(embed_dim, embed_dim)
        self.out_proj = Linear(embed_dim, embed_dim)

    def __call__(self, x, mask=None):
        return self.forward(x, mask)

    def forward(self, x, mask=None):
        n, length, _ = x.shape
        q, k, v = (
            projection(x).reshape(n, length, self.num_heads, self.head_dim).transpose(1, 2)
            for projection in (self.q_proj, self.k_proj, self.v_proj)
        )
        if mask is not None and len(mask.shape) == 3:
            mask = Tensor(mask.data[:, None])
        mixed, _ = scaled_dot_product_attention(q, k, v, mask)
        return self.out_proj(mixed.transpose(1, 2).reshape(n, length, self.embed_dim))

    def parameters(self):
        projections = (self.q_proj, self.k_proj, self.v_proj, self.out_proj)
        return [p for projection in projections for p in projection.parameters()]
