"""Differently written right versions of x to a fixed power."""

import numpy as np


def rule(x, *, exponent):
    return x**exponent, lambda dout: (dout * exponent * x ** (exponent - 1),)


def function(x, *, exponent):
    return np.power(x, exponent), lambda dout: exponent * np.power(x, exponent - 1) * dout


def through_log(x, *, exponent):
    out = np.exp(exponent * np.log(x))
    return out, lambda dout: (dout * exponent * out / x,)


def repeated_product(x, *, exponent):
    out, slope = np.ones_like(x), np.zeros_like(x)
    for _ in range(exponent):
        slope = slope * x + out  # (p x)' = p' x + p
        out = out * x
    return out, lambda dout: (dout * slope,)


def in_place_on_own_arrays(x, *, exponent):
    slope = np.array(x, order="F")
    slope **= exponent - 1
    out = slope * x
    slope *= exponent
    return out, lambda dout: (np.multiply(dout, slope),)


RIGHT = [rule, function, through_log, repeated_product, in_place_on_own_arrays]
