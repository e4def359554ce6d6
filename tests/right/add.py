"""add(x, y) with broadcasting, written in different ways."""

import numpy as np


def by_missing_axes(dout, x):
    """Sum over the axes that x lacks, then over those where it has size 1."""
    dout = dout.sum(axis=tuple(range(np.ndim(dout) - np.ndim(x))))
    stretched = tuple(i for i, size in enumerate(np.shape(x)) if size == 1)
    return dout.sum(axis=stretched, keepdims=True)


def by_loop_over_axes(dout, x):
    while np.ndim(dout) > np.ndim(x):
        dout = dout.sum(axis=0)
    for axis, size in enumerate(np.shape(x)):
        if size == 1:
            dout = dout.sum(axis=axis, keepdims=True)
    return dout


def by_adding_at(dout, x):
    """Every entry of dout is added to the entry of x that it came from."""
    dx = np.zeros(np.size(x))
    origin = np.broadcast_to(np.arange(np.size(x)).reshape(np.shape(x)), np.shape(dout))
    np.add.at(dx, origin.ravel(), np.ravel(dout))
    return dx.reshape(np.shape(x))


def by_bincount(dout, x):
    origin = np.broadcast_to(np.arange(np.size(x)).reshape(np.shape(x)), np.shape(dout))
    return np.bincount(origin.ravel(), weights=np.ravel(dout), minlength=np.size(x)).reshape(np.shape(x))


def by_reduceat(dout, x):
    shape = (1,) * (np.ndim(dout) - np.ndim(x)) + np.shape(x)
    for axis, size in enumerate(shape):
        if size == 1:
            dout = np.add.reduce(dout, axis=axis, keepdims=True)
    return dout.reshape(np.shape(x))


UNBROADCAST = (by_missing_axes, by_loop_over_axes, by_adding_at, by_bincount, by_reduceat)


def with_each(make):
    """An operation for every way to undo a broadcast."""
    return [named(make(unbroadcast), unbroadcast.__name__) for unbroadcast in UNBROADCAST]


def named(op, name):
    op.__name__ = name
    return op


def added(unbroadcast):
    def op(x, y):
        return x + y, lambda dout: (unbroadcast(dout, x), unbroadcast(dout, y))

    return op


def the_same_array_twice(x, y):
    """dx is dout itself: returned, not written to."""
    return np.add(x, y), lambda dout: (dout, np.ones(len(dout)) @ dout)


def in_own_arrays(x, y):
    out = np.array(x, order="F")
    out += y

    def pullback(dout):
        dy = np.zeros_like(y)
        for row in dout:
            dy += row
        return [np.asfortranarray(dout), dy]

    return out, pullback


RIGHT = [*with_each(added), the_same_array_twice, in_own_arrays]
