"""sum(x, axis, keepdims), written in different ways."""

import numpy as np


def put_back(dout, x, axis, keepdims):
    return dout if axis is None or keepdims else np.expand_dims(dout, axis)


def by_broadcast_view(x, *, axis=None, keepdims=False):
    """The gradient is a read-only view of one number per sum."""
    out = x.sum(axis=axis, keepdims=keepdims)
    return out, lambda dout: (np.broadcast_to(put_back(dout, x, axis, keepdims), x.shape),)


def times_ones(x, *, axis=None, keepdims=False):
    out = np.sum(x, axis=axis, keepdims=keepdims)
    return out, lambda dout: (np.ones_like(x) * put_back(dout, x, axis, keepdims),)


def added_to_zeros(x, *, axis=None, keepdims=False):
    def pullback(dout):
        dx = np.zeros(x.shape, order="F")
        dx += put_back(dout, x, axis, keepdims)
        return (dx,)

    return np.add.reduce(x, axis=axis, keepdims=keepdims), pullback


def by_repeat(x, *, axis=None, keepdims=False):
    def pullback(dout):
        if axis is None:
            return (np.full(x.shape, dout),)
        return (np.repeat(put_back(dout, x, axis, keepdims), x.shape[axis], axis=axis),)

    return x.sum(axis=axis, keepdims=keepdims), pullback


def slice_by_slice(x, *, axis=None, keepdims=False):
    slices = list(x.flat) if axis is None else list(np.moveaxis(x, axis, 0))
    out = sum(slices)

    def pullback(dout):
        dx = np.empty_like(x)
        first = dx if axis is None else np.moveaxis(dx, axis, 0)
        first[...] = np.reshape(dout, np.shape(out))
        return (dx,)

    return (np.reshape(out, np.sum(x, axis=axis, keepdims=True).shape) if keepdims else out), pullback


RIGHT = [by_broadcast_view, times_ones, added_to_zeros, by_repeat, slice_by_slice]
