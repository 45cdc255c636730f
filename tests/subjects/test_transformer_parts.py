"""A transformer block is measured whatever its parts are called and wherever they lie."""

from __future__ import annotations

import numpy as np
import pytest

from tito_bench.subjects.missing import Missing
from tito_bench.subjects.transformer_parts import new_block, parts_of

WIDTH, HIDDEN = 8, 32


class Tensor:
    def __init__(self, values):
        self.data = np.array(values, dtype=np.float32)


class Linear:
    def __init__(self, size_in, size_out, bias=True):
        self.weight = Tensor(np.zeros((size_in, size_out)))
        self.bias = Tensor(np.zeros(size_out)) if bias else None


class Norm:
    def __init__(self, width):
        self.gamma, self.beta, self.eps = Tensor(np.ones(width)), Tensor(np.zeros(width)), 1e-5


class GELU:
    def __call__(self, x):
        return x


class ReLU(GELU):
    """Another activation."""


class Holder:
    """Something made of parts."""

    def __init__(self, **parts):
        self.__dict__.update(parts)


def block_with(names=("q_proj", "k_proj", "v_proj", "out_proj"), *, mlp=None, bias=True):
    layers = {name: Linear(WIDTH, WIDTH, bias) for name in names}
    first, second = Linear(WIDTH, HIDDEN), Linear(HIDDEN, WIDTH)
    block = Holder(
        attention=Holder(num_heads=1, **layers),
        ln1=Norm(WIDTH),
        ln2=Norm(WIDTH),
        mlp=(mlp or (lambda a, b: Holder(fc1=a, act=GELU(), fc2=b)))(first, second),
    )
    return block, layers, (first, second)


@pytest.mark.parametrize(
    "names",
    [
        ("q_proj", "k_proj", "v_proj", "out_proj"),
        ("W_q", "W_k", "W_v", "W_o"),
        ("wq", "wk", "wv", "wo"),
        ("query", "key", "value", "proj"),
        ("query_proj", "key_proj", "value_proj", "output_projection"),
        ("queryLayer", "keyLayer", "valueLayer", "outLayer"),
        ("to_q", "to_k", "to_v", "to_out"),
        ("linear_q", "linear_k", "linear_v", "linear_out"),
        ("a", "b", "c", "d"),
    ],
)
@pytest.mark.parametrize("order", [(0, 1, 2, 3), (3, 2, 0, 1)])
def test_projections_are_told_by_their_names_else_by_their_order(names, order):
    block, layers, _ = block_with([names[index] for index in order])
    parts = parts_of(block, WIDTH, HIDDEN)
    wanted = list(layers) if names[0] == "a" else list(names)
    assert [*parts.inputs, parts.out] == [layers[name] for name in wanted]


@pytest.mark.parametrize(
    "mlp",
    [
        lambda a, b: Holder(linear1=a, gelu=GELU(), linear2=b),
        lambda a, b: Holder(down=b, up=a),
        lambda a, b: Holder(layers=[a, GELU(), b]),
        lambda a, b: [a, GELU(), b],
        lambda a, b: {"first": a, "act": GELU(), "second": b},
        lambda a, b: Holder(inner=Holder(layers=(a, GELU(), b))),
    ],
)
def test_the_mlp_may_be_any_container(mlp):
    block, _, layers = block_with(mlp=mlp)
    parts = parts_of(block, WIDTH, HIDDEN)
    assert parts.mlp == layers
    assert parts.norms == (block.ln1, block.ln2)
    assert parts.activation is None or isinstance(parts.activation, GELU)


def test_parts_may_lie_in_the_block_itself():
    layers = {name: Linear(WIDTH, WIDTH) for name in ("wq", "wk", "wv", "wo")}
    block = Holder(
        norm_a=Norm(WIDTH), norm_b=Norm(WIDTH), a=Linear(WIDTH, HIDDEN), b=Linear(HIDDEN, WIDTH),
        **layers,
    )  # fmt: skip
    parts = parts_of(block, WIDTH, HIDDEN)
    assert [*parts.inputs, parts.out] == list(layers.values())
    assert parts.mlp == (block.a, block.b)


def test_one_layer_for_queries_keys_and_values():
    block, _, _ = block_with(("proj",))
    block.attention.qkv = Linear(WIDTH, 3 * WIDTH)
    parts = parts_of(block, WIDTH, HIDDEN)
    assert parts.inputs == (block.attention.qkv,)
    assert parts.out is block.attention.proj


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        (block_with(("q", "k"))[0], "2 layers of 8 x 8, attention has 4"),
        (block_with(bias=False)[0], "a Linear without a bias"),
        (
            block_with(mlp=lambda a, b: Holder(a=a, activation=ReLU(), b=b))[0],
            "its activation is ReLU, GELU is needed",
        ),
        (block_with(mlp=lambda a, b: Holder(only=a))[0], "1 layers of 8 x 32, an MLP has 2"),
    ],
)
def test_a_block_of_another_make_is_no_fault_of_the_student(block, reason):
    with pytest.raises(Missing) as caught:
        parts_of(block, WIDTH, HIDDEN)
    assert str(caught.value) == (
        f"module 13: TransformerBlock is made otherwise than is known here: {reason}"
    )


class Wanting:
    """A block that keeps what it was given."""

    def __init__(self, embed_dim, num_heads, hidden_dim, max_seq_len, dropout=0.1, causal=False):
        self.given = embed_dim, num_heads, hidden_dim, max_seq_len >= 32, dropout, causal
        self.training = True

    def eval(self):
        self.training = False


class Plain:
    def __init__(self, d_model, heads, mlp_ratio=4, dropout_prob=0.1, *rest, **more):
        self.given = d_model, heads, mlp_ratio, dropout_prob, rest, more


def test_a_block_gets_what_it_wants_and_never_drops_anything():
    block = new_block(Wanting, WIDTH, HIDDEN)
    assert block.given == (WIDTH, 1, HIDDEN, True, 0.0, False)
    assert not block.training
    assert new_block(Plain, WIDTH, HIDDEN).given == (WIDTH, 1, 4, 0.0, (), {})


def test_dropout_that_the_block_chose_itself_drops_nothing():
    class Dropout:
        def __init__(self, p):
            self.p, self.calls, self.training = p, 1, True

    class Block:
        def __init__(self, width, heads):
            self.mlp = [Dropout(0.1), Holder(inner=Dropout(0.5))]

    block = new_block(Block, WIDTH, HIDDEN)
    assert [block.mlp[0].p, block.mlp[1].inner.p, block.mlp[0].calls] == [0.0, 0.0, 1]
