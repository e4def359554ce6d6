"""Differently written right versions of max-pooling; a tie's gradient goes to one winner, whichever."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def sides(x, size, step):
    return [(x.shape[a] - size) // step + 1 for a in (2, 3)]


def loops(x, *, size, stride=None):
    step = stride or size
    out = np.empty((*x.shape[:2], *sides(x, size, step)))
    winner = {}
    for n, c, i, j in np.ndindex(*out.shape):
        window = x[n, c, i * step : i * step + size, j * step : j * step + size]
        a, b = np.unravel_index(np.argmax(window), window.shape)
        out[n, c, i, j] = window[a, b]
        winner[n, c, i, j] = n, c, i * step + a, j * step + b

    def pullback(dout):
        dx = np.zeros_like(x)
        for place, pixel in winner.items():
            dx[pixel] += dout[place]
        return dx

    return out, pullback


def by_index(x, *, size, stride=None):
    step = stride or size
    windows = sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::step, ::step]
    flat = windows.reshape(*windows.shape[:4], -1)
    best = flat.argmax(axis=-1)
    n, c, i, j = np.indices(best.shape)
    pixel = n, c, i * step + best // size, j * step + best % size

    def pullback(dout):
        dx = np.zeros_like(x)
        np.add.at(dx, pixel, dout)
        return (dx,)

    return x[pixel], pullback


def last_winner(x, *, size, stride=None):
    """As `by_index`, but of equal maxima the last one gets the gradient."""
    step = stride or size
    windows = sliding_window_view(x, (size, size), axis=(2, 3))[:, :, ::step, ::step]
    flat = windows.reshape(*windows.shape[:4], -1)
    best = size * size - 1 - flat[..., ::-1].argmax(axis=-1)

    def pullback(dout):
        dx = np.zeros_like(x)
        for n, c, i, j in np.ndindex(*best.shape):
            a, b = divmod(int(best[n, c, i, j]), size)
            dx[n, c, i * step + a, j * step + b] += dout[n, c, i, j]
        return (dx,)

    return flat.max(axis=-1), pullback


def one_hot(x, *, size, stride=None):
    """A one-hot mask per window, handed back through strided views of dx."""
    step = stride or size
    h, w = sides(x, size, step)

    def taps(a):
        for i, j in np.ndindex(size, size):
            yield a[:, :, i : i + step * (h - 1) + 1 : step, j : j + step * (w - 1) + 1 : step]

    stack = np.stack(list(taps(x)))
    mask = np.eye(size * size)[stack.argmax(axis=0)]

    def pullback(dout):
        dx = np.zeros_like(x)
        for k, tap in enumerate(taps(dx)):
            tap += dout * mask[..., k]
        return (dx,)

    return stack.max(axis=0), pullback


def pairwise(x, *, size, stride=None):
    """A running maximum; a strictly larger pixel takes the place of the winner so far."""
    step = stride or size
    h, w = sides(x, size, step)
    out, winner = np.full((*x.shape[:2], h, w), -np.inf), np.zeros((*x.shape[:2], h, w), dtype=int)
    for k, (i, j) in enumerate(np.ndindex(size, size)):
        tap = x[:, :, i : i + step * (h - 1) + 1 : step, j : j + step * (w - 1) + 1 : step]
        winner = np.where(tap > out, k, winner)
        out = np.maximum(out, tap)

    def pullback(dout):
        dx = np.zeros(x.shape, order="F")
        for k, (i, j) in enumerate(np.ndindex(size, size)):
            dx[:, :, i : i + step * (h - 1) + 1 : step, j : j + step * (w - 1) + 1 : step] += dout * (winner == k)
        return (dx,)

    return out, pullback


RIGHT = [loops, by_index, last_winner, one_hot, pairwise]
