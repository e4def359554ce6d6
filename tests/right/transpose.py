"""Differently written right versions of a transpose."""

import numpy as np


def views(x):
    return x.T, lambda dout: (dout.T,)


def copies(x):
    return x.T.copy(), lambda dout: np.ascontiguousarray(np.transpose(dout))


def swapped_axes(x):
    return np.swapaxes(x, 0, 1), lambda dout: (np.moveaxis(dout, 0, 1),)


def einsum(x):
    return np.einsum("ij->ji", x), lambda dout: (np.einsum("ji->ij", dout),)


def loops(x):
    def turned(a):
        return np.array([[a[i, j] for i in range(a.shape[0])] for j in range(a.shape[1])])

    return turned(x), lambda dout: (turned(dout),)


def columns(x):
    return np.stack(list(x), axis=1), lambda dout: (np.stack([dout[:, i] for i in range(dout.shape[1])]),)


RIGHT = [views, copies, swapped_axes, einsum, loops, columns]
