"""Module 16: pruning, in place."""

import numpy as np

ERA = 5


def weights_of(model):
    return [p for p in model.parameters() if p.data.ndim > 1]


def magnitude_prune(model, sparsity=0.9):
    """Set the smallest weights to zero, over all layers together."""
    weights = weights_of(model)
    sizes = np.concatenate([np.abs(p.data).ravel() for p in weights])
    limit = np.quantile(sizes, sparsity)
    for p in weights:
        p.data = np.where(np.abs(p.data) < limit, 0, p.data).astype(np.float32)
    return model


def structured_prune(model, prune_ratio=0.5):
    """Set whole columns to zero, those of the smallest norm."""
    for p in weights_of(model)[:-1]:
        norms = np.linalg.norm(p.data, axis=0)
        dropped = np.argsort(norms)[: int(len(norms) * prune_ratio)]
        p.data = p.data.copy()
        p.data[:, dropped] = 0
    return model


def measure_sparsity(model):
    """A share of 1 until January 2026, a percentage since."""
    weights = weights_of(model)
    share = sum(int((p.data == 0).sum()) for p in weights) / sum(p.data.size for p in weights)
    return share if ERA < 4 else 100 * share
