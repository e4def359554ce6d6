"""matmul(x, y), written in different ways."""

import numpy as np


def plain(x, y):
    return x @ y, lambda dout: (dout @ y.T, x.T @ dout)


def by_einsum(x, y):
    def pullback(dout):
        return np.einsum("nm,dm->nd", dout, y), np.einsum("nd,nm->dm", x, dout)

    return np.einsum("nd,dm->nm", x, y), pullback


def by_loops(x, y):
    out = np.array([[sum(a * b for a, b in zip(row, column, strict=True)) for column in y.T] for row in x])

    def pullback(dout):
        dx, dy = np.zeros_like(x), np.zeros_like(y)
        for i, j in np.ndindex(dout.shape):
            for k in range(len(y)):
                dx[i, k] += dout[i, j] * y[k, j]
                dy[k, j] += dout[i, j] * x[i, k]
        return dx, dy

    return out, pullback


def as_a_sum_of_outer_products(x, y):
    out = sum(np.outer(column, row) for column, row in zip(x.T, y, strict=True))

    def pullback(dout):
        return np.stack([y @ d for d in dout]), sum(np.outer(row, d) for row, d in zip(x, dout, strict=True))

    return out, pullback


def turned_twice(x, y):
    return (y.T @ x.T).T, lambda dout: ((y @ dout.T).T, (dout.T @ x).T)


def by_broadcasting(x, y):
    out = (x[:, :, None] * y).sum(axis=1)

    def pullback(dout):
        return (dout[:, None, :] * y).sum(axis=2), (x[:, :, None] * dout[:, None, :]).sum(axis=0)

    return out, pullback


def fortran_order(x, y):
    out = np.empty((x.shape[0], y.shape[1]), order="F")
    np.matmul(x, y, out=out)

    def pullback(dout):
        dx, dy = np.zeros(x.shape, order="F"), np.zeros(y.shape, order="F")
        np.matmul(dout, y.T, out=dx)
        np.matmul(x.T, dout, out=dy)
        return [dx, dy]

    return out, pullback


RIGHT = [plain, by_einsum, by_loops, as_a_sum_of_outer_products, turned_twice, by_broadcasting, fortran_order]
