"""Differently written right versions of the natural logarithm."""

import math

import numpy as np


def divided(x):
    return np.log(x), lambda dout: (dout / x,)


def reciprocal(x):
    return np.log(x), lambda dout: dout * x**-1.0


def from_the_output(x):
    out = np.log(x)
    return out, lambda dout: (dout * np.exp(-out),)


def other_base(x):
    return np.log2(x) * math.log(2), lambda dout: (dout / (x * math.log(2)) * math.log(2),)


def entry_by_entry(x):
    out = np.array([[math.log(v) for v in row] for row in x], order="F")

    def pullback(dout):
        dx = np.zeros(x.shape)
        for i, j in np.ndindex(*x.shape):
            dx[i, j] = dout[i, j] / x[i, j]
        return dx

    return out, pullback


RIGHT = [divided, reciprocal, from_the_output, other_base, entry_by_entry]
