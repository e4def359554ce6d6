"""affine(x, W, b), written in different ways."""

import numpy as np


def plain(x, W, b):
    return x @ W + b, lambda dout: (dout @ W.T, x.T @ dout, dout.sum(axis=0))


def by_einsum(x, W, b):
    def pullback(dout):
        return np.einsum("nm,dm->nd", dout, W), np.einsum("nd,nm->dm", x, dout), np.einsum("nm->m", dout)

    return np.einsum("nd,dm->nm", x, W) + b, pullback


def by_loops(x, W, b):
    (n, d), m = x.shape, len(b)
    out = np.zeros((n, m))
    for i in range(n):
        for j in range(m):
            out[i, j] = b[j] + sum(x[i, k] * W[k, j] for k in range(d))

    def pullback(dout):
        dx, dW, db = np.zeros_like(x), np.zeros_like(W), np.zeros_like(b)
        for i in range(n):
            for j in range(m):
                db[j] += dout[i, j]
                dW[:, j] += dout[i, j] * x[i]
                dx[i] += dout[i, j] * W[:, j]
        return dx, dW, db

    return out, pullback


def example_by_example(x, W, b):
    out = np.array([row @ W + b for row in x])

    def pullback(dout):
        dW = np.zeros_like(W)
        for row, d in zip(x, dout, strict=True):
            dW += np.outer(row, d)
        return np.array([W @ d for d in dout]), dW, sum(dout)

    return out, pullback


def fortran_order(x, W, b):
    x, W = np.asfortranarray(x), np.asfortranarray(W)

    def pullback(dout):
        dout = np.asfortranarray(dout)
        return np.asfortranarray(dout @ W.T), (dout.T @ x).T, dout.T.sum(axis=1)

    return np.asfortranarray(x @ W) + b, pullback


def with_a_column_of_ones(x, W, b):
    x1, W1 = np.hstack([x, np.ones((len(x), 1))]), np.vstack([W, b])

    def pullback(dout):
        dW1 = x1.T @ dout
        return (dout @ W1.T)[:, :-1], dW1[:-1], dW1[-1]

    return x1 @ W1, pullback


def in_own_arrays(x, W, b):
    out = np.empty((len(x), len(b)))
    np.matmul(x, W, out=out)
    out += b

    def pullback(dout):
        dW, db = np.empty_like(W), np.ones(len(dout))
        np.dot(x.T, dout, out=dW)
        return [np.dot(dout, W.T), dW, db @ dout]

    return out, pullback


RIGHT = [plain, by_einsum, by_loops, example_by_example, fortran_order, with_a_column_of_ones, in_own_arrays]
