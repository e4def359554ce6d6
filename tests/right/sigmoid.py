"""sigmoid(x), written in different ways."""

import math

import numpy as np


def by_absolute_value(x):
    e = np.exp(-np.abs(x))
    s = np.where(x >= 0, 1 / (1 + e), e / (1 + e))
    return s, lambda dout: (dout * s * (1 - s),)


def by_tanh(x):
    t = np.tanh(x / 2)
    return (1 + t) / 2, lambda dout: (dout * (1 - t * t) / 4,)


def by_both_sides(x):
    s, other = np.exp(-np.logaddexp(0, -x)), np.exp(-np.logaddexp(0, x))
    return s, lambda dout: (dout * s * other,)


def by_masks(x):
    s = np.empty_like(x)
    right = x >= 0
    s[right] = 1 / (1 + np.exp(-x[right]))
    e = np.exp(x[~right])
    s[~right] = e / (1 + e)

    def pullback(dout):
        dx = s - s**2
        dx *= dout
        return (dx,)

    return s, pullback


def textbook(x):
    """exp(-x) may overflow to infinity, and 1 / infinity is then the right 0."""
    s = 1 / (1 + np.exp(-x))
    return s, lambda dout: (np.multiply(dout, np.multiply(s, 1 - s)),)


def entry_by_entry(x):
    s = np.array([1 / (1 + math.exp(-v)) if v > 0 else math.exp(v) / (1 + math.exp(v)) for v in x.flat])

    def pullback(dout):
        return (np.array([d * v * (1 - v) for d, v in zip(dout.flat, s, strict=True)]).reshape(x.shape),)

    return s.reshape(x.shape), pullback


def fortran_order(x):
    s = 0.5 + 0.5 * np.tanh(0.5 * np.asfortranarray(x))
    return s, lambda dout: np.asfortranarray(dout) * (0.25 - (s - 0.5) ** 2)


RIGHT = [by_absolute_value, by_tanh, by_both_sides, by_masks, textbook, entry_by_entry, fortran_order]
