"""Differently written right versions of x[index] for an array of row numbers."""

import numpy as np


def scattered(x, *, index):
    def pullback(dout):
        dx = np.zeros_like(x)
        np.add.at(dx, index, dout)
        return (dx,)

    return x[index], pullback


def loops(x, *, index):
    def pullback(dout):
        dx = np.zeros(x.shape)
        for i, row in zip(index, dout, strict=True):
            dx[i] = dx[i] + row
        return dx

    return np.stack([x[i] for i in index]), pullback


def selection_matrix(x, *, index):
    S = (index[:, None] == np.arange(len(x))).astype(float)
    return S @ x, lambda dout: (S.T @ dout,)


def row_by_row(x, *, index):
    def pullback(dout):
        return (np.array([dout[index == i].sum(axis=0) for i in range(len(x))]),)

    return x.take(index, axis=0), pullback


def histogram(x, *, index):
    def pullback(dout):
        dx = np.empty(x.shape, order="F")
        for j in range(x.shape[1]):
            dx[:, j] = np.bincount(index, weights=dout[:, j], minlength=len(x))
        return (dx,)

    return x[index, :], pullback


RIGHT = [scattered, loops, selection_matrix, row_by_row, histogram]
