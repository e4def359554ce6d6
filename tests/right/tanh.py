"""tanh(x), written in different ways."""

import math

import numpy as np


def by_numpy(x):
    t = np.tanh(x)
    return t, lambda dout: (dout * (1 - t**2),)


def by_factors(x):
    t = np.tanh(x)
    return t, lambda dout: ((1 - t) * (1 + t) * dout,)


def by_cosh(x):
    """cosh may overflow to infinity, and 1 / infinity is then the right 0."""
    return np.tanh(x), lambda dout: (dout / np.cosh(x) ** 2,)


def by_exp(x):
    e = np.exp(-2 * np.abs(x))
    t = np.sign(x) * (1 - e) / (1 + e)

    def pullback(dout):
        slope = 4 * e
        slope /= (1 + e) ** 2
        slope *= dout
        return (slope,)

    return t, pullback


def by_sigmoid(x):
    s = np.exp(-np.logaddexp(0, -2 * x))
    return 2 * s - 1, lambda dout: (4 * s * (1 - s) * dout,)


def entry_by_entry(x):
    t = np.array([math.tanh(v) for v in x.flat]).reshape(x.shape)
    return t, lambda dout: (np.vectorize(lambda d, v: d * (1 - v * v))(dout, t),)


def fortran_order(x):
    t = np.tanh(np.asfortranarray(x))
    return t, lambda dout: (np.asfortranarray(dout) - dout * t * t,)


RIGHT = [by_numpy, by_factors, by_cosh, by_exp, by_sigmoid, entry_by_entry, fortran_order]
