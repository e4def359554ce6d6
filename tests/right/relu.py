"""relu(x), written in different ways."""

import numpy as np


def by_maximum(x):
    return np.maximum(x, 0), lambda dout: (dout * (x > 0),)


def by_where(x):
    return np.where(x > 0, x, 0.0), lambda dout: (np.where(x > 0, dout, 0.0),)


def times_a_mask(x):
    mask = (x > 0).astype(x.dtype)
    return x * mask, lambda dout: (dout * mask,)


def with_slope_one_at_zero(x):
    """At the kink any slope between 0 and 1 is right for a checker."""
    return np.maximum(0, x), lambda dout: (dout * (x >= 0),)


def in_own_arrays(x):
    out = x.copy()
    out[out < 0] = 0

    def pullback(dout):
        dx = np.array(dout)
        dx[out == 0] = 0
        return (dx,)

    return out, pullback


def by_absolute_value(x):
    return (x + np.abs(x)) / 2, lambda dout: (dout * (1 + np.sign(x)) / 2,)


def by_clip(x):
    return x.clip(min=0), lambda dout: (dout * np.heaviside(x, 0),)


def entry_by_entry(x):
    out = np.array([max(v, 0.0) for v in x.flat]).reshape(x.shape)

    def pullback(dout):
        dx = np.zeros_like(x)
        for i in np.ndindex(x.shape):
            if x[i] > 0:
                dx[i] = dout[i]
        return (dx,)

    return out, pullback


def fortran_order(x):
    x = np.asfortranarray(x)
    return np.maximum(x, 0), lambda dout: np.where(x.T > 0, dout.T, 0).T


RIGHT = [
    by_maximum,
    by_where,
    times_a_mask,
    with_slope_one_at_zero,
    in_own_arrays,
    by_absolute_value,
    by_clip,
    entry_by_entry,
    fortran_order,
]
