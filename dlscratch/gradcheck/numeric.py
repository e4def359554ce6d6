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


def jacobian(f, x, *, h=1e-5):
    """d f(x) / dx of a function of arrays: (out.size, x.size), a column of differences per entry of x."""
    x = np.asarray(x, dtype=np.float64)
    columns = []
    for index in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[index] += h
        down[index] -= h
        columns.append(np.ravel(np.asarray(f(up)) - np.asarray(f(down))) / (2 * h))
    return np.stack(columns, axis=-1) if columns else np.zeros((np.size(f(x)), 0))


def agrees_along(f, x, gradient, dout, direction):
    """Does <gradient, direction> equal the slope of <f(x), dout> along this direction?

    Where an output's slopes to the left and to the right differ, x sits on a kink (ReLU at 0, a tie in
    max-pooling), and any slope between the two is right.
    """
    claimed = float(np.sum(gradient * direction))
    size = float(np.linalg.norm(np.ravel(gradient * direction)))
    for h in (1e-5, 1e-6, 1e-7):
        up, down = f(x + h * direction), f(x - h * direction)
        allowed = 1e-6 * size + 1e-14 * float(np.sum(np.abs(up * dout))) / h + 1e-12
        if abs(np.sum((up - down) * dout) / (2 * h) - claimed) <= allowed:
            return True
        low, high = _bounds(f(x), up, down, h, dout)
        if low - allowed <= claimed <= high + allowed:
            return True
    return False


def _bounds(here, up, down, h, dout):
    """The least and the greatest slope of <f, dout>, if every output at a kink may choose its side."""
    left, right, middle = (here - down) / h, (up - here) / h, (up - down) / (2 * h)
    kink = np.abs(left - right) > 1e-2 * (np.abs(left) + np.abs(right)) + 1e-13 * np.abs(here) / h
    one, other = np.where(kink, left, middle) * dout, np.where(kink, right, middle) * dout
    return float(np.sum(np.minimum(one, other))), float(np.sum(np.maximum(one, other)))
