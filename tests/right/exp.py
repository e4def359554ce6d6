"""Differently written right versions of exp."""

import math

import numpy as np


def from_the_output(x):
    out = np.exp(x)
    return out, lambda dout: (dout * out,)


def from_the_input(x):
    return np.exp(x), lambda dout: dout * np.exp(x)


def power_of_e(x):
    return np.e**x, lambda dout: (np.e**x * dout,)


def entry_by_entry(x):
    out = np.array([[math.exp(v) for v in row] for row in x])
    return out, lambda dout: (np.einsum("ij,ij->ij", out, dout),)


def expm1(x):
    less = np.expm1(np.asfortranarray(x))
    return less + 1, lambda dout: (dout + dout * less,)


RIGHT = [from_the_output, from_the_input, power_of_e, entry_by_entry, expm1]
