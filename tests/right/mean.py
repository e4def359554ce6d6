"""mean(x, axis, keepdims), written in different ways."""

import numpy as np

from .sum import put_back


def by_size(x, *, axis=None, keepdims=False):
    out = x.mean(axis=axis, keepdims=keepdims)
    n = x.size / np.size(out)
    return out, lambda dout: (np.broadcast_to(put_back(dout, x, axis, keepdims) / n, x.shape),)


def by_shape(x, *, axis=None, keepdims=False):
    n = x.size if axis is None else x.shape[axis]
    out = x.sum(axis=axis, keepdims=keepdims) / n
    return out, lambda dout: (np.ones_like(x) / n * put_back(dout, x, axis, keepdims),)


def in_own_array(x, *, axis=None, keepdims=False):
    def pullback(dout):
        dx = np.empty(x.shape, order="F")
        dx[...] = put_back(dout, x, axis, keepdims)
        dx /= x.size if axis is None else x.shape[axis]
        return (dx,)

    return np.mean(x, axis=axis, keepdims=keepdims), pullback


def by_weights(x, *, axis=None, keepdims=False):
    weights = np.full_like(x, 1 / (x.size if axis is None else x.shape[axis]))
    out = (weights * x).sum(axis=axis, keepdims=keepdims)
    return out, lambda dout: (weights * put_back(dout, x, axis, keepdims),)


def slice_by_slice(x, *, axis=None, keepdims=False):
    slices = x.reshape(-1) if axis is None else np.moveaxis(x, axis, 0)
    out = sum(s / len(slices) for s in slices)

    def pullback(dout):
        share = np.reshape(dout, np.shape(out)) / len(slices)
        dslices = np.stack([share for _ in slices])
        return (dslices.reshape(x.shape) if axis is None else np.moveaxis(dslices, 0, axis),)

    return (np.reshape(out, np.mean(x, axis=axis, keepdims=True).shape) if keepdims else out), pullback


RIGHT = [by_size, by_shape, in_own_array, by_weights, slice_by_slice]
