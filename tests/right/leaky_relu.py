"""leaky_relu(x, slope), written in different ways."""

import numpy as np


def by_where(x, *, slope=0.01):
    return np.where(x > 0, x, slope * x), lambda dout: (np.where(x > 0, dout, slope * dout),)


def by_maximum(x, *, slope=0.01):
    return np.maximum(x, slope * x), lambda dout: (dout * np.maximum(slope, x > 0),)


def by_local_slope(x, *, slope=0.01):
    local = np.ones_like(x)
    local[x <= 0] = slope
    return local * x, lambda dout: (local * dout,)


def as_a_mixture(x, *, slope=0.01):
    """slope of the identity and 1 - slope of a plain ReLU."""
    return slope * x + (1 - slope) * np.maximum(x, 0), lambda dout: (slope * dout + (1 - slope) * dout * (x > 0),)


def in_own_arrays(x, *, slope=0.01):
    out = x.copy(order="F")
    out[x < 0] *= slope

    def pullback(dout):
        dx = dout.copy()
        dx[x < 0] *= slope
        return (dx,)

    return out, pullback


def row_by_row(x, *, slope=0.01):
    out = np.stack([np.where(row >= 0, 1, slope) * row for row in x])
    return out, lambda dout: np.stack([np.where(r >= 0, 1, slope) * d for r, d in zip(x, dout, strict=True)])


RIGHT = [by_where, by_maximum, by_local_slope, as_a_mixture, in_own_arrays, row_by_row]
