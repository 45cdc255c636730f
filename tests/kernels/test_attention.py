import numpy as np
import pytest

UNIT_ROUNDOFF = 2.0**-24


def attention(q, k, v, causal):
    q, k, v = (x.astype(np.float64) for x in (q, k, v))
    scores = q @ k.T / np.sqrt(q.shape[1])
    if causal:
        scores[np.triu_indices(len(q), 1)] = -np.inf
    weights = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights /= weights.sum(axis=1, keepdims=True)
    return weights, weights @ v


@pytest.mark.parametrize("causal", [False, True])
@pytest.mark.parametrize("t", [1, 2, 7, 12, 63, 64, 65, 130])
@pytest.mark.parametrize(("d", "dv"), [(1, 1), (12, 7), (64, 64), (300, 33)])
def test_agrees_with_float64(kernels, normal, t, d, dv, causal):
    q, k, v = normal(t, d), normal(t, d), normal(t, dv)
    out = np.full((t, dv), np.nan, np.float32)
    kernels.attention(q, k, v, out, causal=causal)()
    weights, expected = attention(q, k, v, causal)
    # a score is off by (d + 3) u |q||k| / sqrt(d), and a weight by as much, relatively
    magnitude = (np.abs(q) @ np.abs(k).T).max() / np.sqrt(d)
    relative = UNIT_ROUNDOFF * (2 * (d + 3) * magnitude + 2 * t + 20)
    assert (np.abs(out - expected) <= relative * (weights @ np.abs(v))).all()


def test_more_keys_than_queries(kernels, normal):
    q, k, v = normal(3, 8), normal(70, 8), normal(70, 5)
    out = np.empty((3, 5), np.float32)
    kernels.attention(q, k, v, out)()
    np.testing.assert_allclose(out, attention(q, k, v, False)[1], atol=1e-5)


def test_causal_attention_does_not_see_the_future(kernels, normal):
    q, k, v = normal(100, 8), normal(100, 8), normal(100, 5)
    before, after = np.empty((2, 100, 5), np.float32)
    kernels.attention(q, k, v, before, causal=True)()
    k[60:] += 1
    v[60:] += 1
    kernels.attention(q, k, v, after, causal=True)()
    np.testing.assert_array_equal(before[:60], after[:60])
    assert (before[60:] != after[60:]).any()


def test_no_queries(kernels, normal):
    kernels.attention(normal(0, 4), normal(3, 4), normal(3, 2), normal(0, 2))()


def test_refuses(kernels, normal):
    q, k, v, out = normal(3, 4), normal(3, 4), normal(3, 2), normal(3, 2)
    with pytest.raises(ValueError, match="needs as many keys as queries"):
        kernels.attention(q, normal(4, 4), normal(4, 2), out, causal=True)
    with pytest.raises(ValueError, match="at least one key"):
        kernels.attention(q, normal(0, 4), normal(0, 2), out)
    with pytest.raises(ValueError, match=r"k: needs shape \(3, 4\)"):
        kernels.attention(q, normal(3, 5), v, out)
    square = normal(3, 3)
    with pytest.raises(ValueError, match="out: overlaps q"):
        kernels.attention(square, normal(3, 3), normal(3, 3), square)
    kernels.attention(q, k, v, out)()


def test_last_rows_that_are_one_block_have_room(kernels, normal):
    """Their k is not cut: they need more workspace than the rows before. Seen under sanitizers."""
    q, k, v, out = normal(67, 1030), normal(7, 1030), normal(7, 31), normal(67, 31)
    kernels.attention(q, k, v, out)()
    alone = np.empty((3, 31), np.float32)
    kernels.attention(q[64:], k, v, alone)()
    np.testing.assert_array_equal(out[64:], alone)
