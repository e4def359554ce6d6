"""multiply(x, y) with broadcasting, written in different ways."""

import numpy as np

from .add import with_each


def multiplied(unbroadcast):
    def op(x, y):
        return x * y, lambda dout: (unbroadcast(dout * y, x), unbroadcast(dout * x, y))

    return op


def by_einsum(x, y):
    out = np.einsum("nd,d->nd", x, y)
    return out, lambda dout: (np.einsum("nd,d->nd", dout, y), np.einsum("nd,nd->d", dout, x))


def by_a_diagonal_matrix(x, y):
    return x @ np.diag(y), lambda dout: (dout @ np.diag(y), np.diag(x.T @ dout).copy())


def in_own_arrays(x, y):
    out = np.array(x, order="F")
    out *= y

    def pullback(dout):
        dx, dy = dout.copy(), np.zeros_like(y)
        dx *= y
        for row, d in zip(x, dout, strict=True):
            dy += row * d
        return [dx, dy]

    return out, pullback


RIGHT = [*with_each(multiplied), by_einsum, by_a_diagonal_matrix, in_own_arrays]
