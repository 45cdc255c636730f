"""Module 13: the transformer."""

import numpy as np
from tinytorch.core.activations import GELU
from tinytorch.core.attention import MultiHeadAttention
from tinytorch.core.embeddings import Embedding
from tinytorch.core.layers import Linear
from tinytorch.core.tensor import Tensor


class Block:
    """Something made of parts."""

    def __call__(self, *args):
        return self.forward(*args)

    def parameters(self):
        return [p for part in self.parts() for p in part.parameters()]


class LayerNorm(Block):
    def __init__(self, normalized_shape, eps=1e-5):
        self.normalized_shape, self.eps = normalized_shape, eps
        self.gamma = Tensor(np.ones(normalized_shape))
        self.beta = Tensor(np.zeros(normalized_shape))

    def forward(self, x):
        centred = x - x.mean(axis=-1, keepdims=True)
        variance = (centred * centred).mean(axis=-1, keepdims=True)
        return centred / (variance + self.eps).sqrt() * self.gamma + self.beta

    def parameters(self):
        return [self.gamma, self.beta]


class MLP(Block):
    def __init__(self, embed_dim, hidden_dim=None, dropout_prob=0.1):
        hidden_dim = hidden_dim or 4 * embed_dim
        self.linear1 = Linear(embed_dim, hidden_dim)
        self.gelu = GELU()
        self.linear2 = Linear(hidden_dim, embed_dim)

    def forward(self, x):
        return self.linear2(self.gelu(self.linear1(x)))

    def parts(self):
        return self.linear1, self.linear2


class TransformerBlock(Block):
    def __init__(self, embed_dim, num_heads, mlp_ratio=4, dropout_prob=0.1):
        self.attention = MultiHeadAttention(embed_dim, num_heads)
        self.ln1 = LayerNorm(embed_dim)
        self.ln2 = LayerNorm(embed_dim)
        self.mlp = MLP(embed_dim, int(embed_dim * mlp_ratio))

    def forward(self, x, mask=None):
        x = x + self.attention(self.ln1(x), mask)
        return x + self.mlp(self.ln2(x))

    def parts(self):
        return self.attention, self.ln1, self.ln2, self.mlp


class GPT(Block):
    def __init__(self, vocab_size, embed_dim, num_layers, num_heads, max_seq_len=1024):
        self.token_embedding = Embedding(vocab_size, embed_dim)
        self.position_embedding = Embedding(max_seq_len, embed_dim)
        self.blocks = [TransformerBlock(embed_dim, num_heads) for _ in range(num_layers)]
        self.ln_f = LayerNorm(embed_dim)
        self.lm_head = Linear(embed_dim, vocab_size, bias=False)

    def forward(self, tokens):
        length = tokens.shape[1]
        positions = Tensor(np.arange(length)[None])
        x = self.token_embedding(tokens) + self.position_embedding(positions)
        for block in self.blocks:
            x = block(x, create_causal_mask(length))
        return self.lm_head(self.ln_f(x))

    def parts(self):
        return self.token_embedding, self.position_embedding, *self.blocks, self.ln_f, self.lm_head


def create_causal_mask(seq_len):
    return Tensor(np.tril(np.ones((1, seq_len, seq_len))))
