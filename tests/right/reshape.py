"""Differently written right versions of a reshape."""

import numpy as np


def method(x, *, shape):
    return x.reshape(shape), lambda dout: (dout.reshape(x.shape),)


def ravelled(x, *, shape):
    out = np.empty(shape)
    out.ravel()[:] = x.ravel()

    def pullback(dout):
        dx = np.empty_like(x)
        dx.flat = dout
        return dx

    return out, pullback


def column_order(x, *, shape):
    """Through the transposes, which are read column by column."""
    out = x.T.reshape(shape[::-1], order="F").T
    return out, lambda dout: (dout.T.reshape(x.shape[::-1], order="F").T,)


def entry_by_entry(x, *, shape):
    def moved(a, shape):
        b = np.zeros(shape)
        for here, there in zip(np.ndindex(*a.shape), np.ndindex(*shape), strict=True):
            b[there] = a[here]
        return b

    return moved(x, shape), lambda dout: (moved(dout, x.shape),)


def pieces(x, *, shape):
    out = np.concatenate(list(x)).reshape(shape)
    return out, lambda dout: (np.array(np.split(dout.ravel(), len(x))),)


RIGHT = [method, ravelled, column_order, entry_by_entry, pieces]
