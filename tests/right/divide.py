"""divide(x, y) with broadcasting, written in different ways."""

import numpy as np

from .add import with_each


def divided(unbroadcast):
    def op(x, y):
        return x / y, lambda dout: (unbroadcast(dout / y, x), unbroadcast(-dout * x / y**2, y))

    return op


def by_the_output(x, y):
    out = x / y
    return out, lambda dout: (dout / y, -(dout * out).sum(axis=0) / y)


def by_the_inverse(x, y):
    inverse = 1 / y
    return x * inverse, lambda dout: (dout * inverse, -np.einsum("nd,nd->d", dout, x) * inverse * inverse)


def in_own_arrays(x, y):
    out = np.array(x, order="F")
    out /= y

    def pullback(dout):
        dx = dout.copy()
        dx /= y
        dy = np.zeros_like(y)
        for row, d in zip(out, dx, strict=True):
            dy -= row * d
        return [dx, dy]

    return out, pullback


RIGHT = [*with_each(divided), by_the_output, by_the_inverse, in_own_arrays]
