"""Differently written right versions of picking rows by their ids."""

import numpy as np


def scattered(W, *, ids):
    def pullback(dout):
        dW = np.zeros_like(W)
        np.add.at(dW, ids, dout)
        return dW

    return W[ids], pullback


def one_hot(W, *, ids):
    hot = np.eye(len(W))[ids]
    return hot @ W, lambda dout: (hot.T @ dout,)


def loops(W, *, ids):
    def pullback(dout):
        dW = np.zeros(W.shape)
        for i, word in enumerate(ids):
            dW[word] += dout[i]
        return (dW,)

    return np.array([W[word] for word in ids]), pullback


def word_by_word(W, *, ids):
    def pullback(dout):
        return (np.stack([dout[ids == word].sum(axis=0) for word in range(len(W))]),)

    return np.take(W, ids, axis=0), pullback


def counted(W, *, ids):
    """A histogram of the ids for every column, weighted by dout."""

    def pullback(dout):
        return (np.array([np.bincount(ids, weights=column, minlength=len(W)) for column in dout.T]).T,)

    return W[ids], pullback


def sorted_sums(W, *, ids):
    order = np.argsort(ids, kind="stable")
    words, starts = np.unique(ids[order], return_index=True)

    def pullback(dout):
        dW = np.zeros(W.shape, order="F")
        dW[words] = np.add.reduceat(dout[order], starts, axis=0)
        return (dW,)

    return W[ids], pullback


RIGHT = [scattered, one_hot, loops, word_by_word, counted, sorted_sums]
