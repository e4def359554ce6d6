"""Derivatives by central differences: slow, and right without knowing any formula."""

import numpy as np


def numeric_gradient(f, x, *, h=1e-5):
    """df/dx of a function f(x) -> number, entry by entry: (f(x + h) - f(x - h)) / 2h, an error of order h^2.

    x: an array of floats, or a float. 2 * size calls of f; f gets a copy, so x is never written to.

    >>> numeric_gradient(lambda x: float((x * x).sum()), np.array([1.0, 2.0])).round(6)
    array([2., 4.])
    """
    x = np.asarray(x)
    if x.dtype.kind != "f":
        raise TypeError(f"numeric_gradient(f, x): x is an array of {x.dtype}; give floats: x.astype(float)")
    if not h > 0:
        raise ValueError(f"numeric_gradient(f, x, h): h = {h} must be above 0")
    gradient = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        up, down = (_value(f, x, index, step) for step in (h, -h))
        gradient[index] = (up - down) / (2 * h)
    return gradient


def _value(f, x, index, step):
    moved = x.astype(np.float64)  # a copy; float32 could not tell x + h from x well enough
    moved[index] += step
    value = np.asarray(f(moved))
    if value.size != 1:
        raise ValueError(f"numeric_gradient(f, x): f must return one number; it returned shape {value.shape}")
    return float(value.reshape(()))
