"""Differently written right versions of x * mask."""

import numpy as np


def product(x, *, mask):
    return x * mask, lambda dout: (dout * mask,)


def chosen(x, *, mask):
    scale = mask.max()
    return np.where(mask > 0, x * scale, 0.0), lambda dout: np.where(mask > 0, dout * scale, 0.0)


def zeroed_in_a_copy(x, *, mask):
    dropped, scale = mask == 0, mask.max()
    out = x.copy()
    out[dropped] = 0
    out *= scale

    def pullback(dout):
        dx = np.array(dout)
        dx[dropped] = 0
        dx *= scale
        return (dx,)

    return out, pullback


def loops(x, *, mask):
    def times(a):
        return np.array([[a[i, j] * mask[i, j] for j in range(a.shape[1])] for i in range(a.shape[0])])

    return times(x), lambda dout: (times(dout),)


def fortran(x, *, mask):
    out = np.multiply(x, mask, order="F")
    return out, lambda dout: (np.asfortranarray(dout * mask),)


RIGHT = [product, chosen, zeroed_in_a_copy, loops, fortran]
