"""Differently written right versions of mean pooling."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def sides(x, size, step):
    return [(x.shape[a] - size) // step + 1 for a in (2, 3)]


def over_places(x, *, size, stride=None):
    step = stride or size
    out = np.empty((*x.shape[:2], *sides(x, size, step)))
    for i, j in np.ndindex(*out.shape[2:]):
        out[:, :, i, j] = x[:, :, i * step : i * step + size, j * step : j * step + size].mean(axis=(2, 3))

    def pullback(dout):
        dx = np.zeros_like(x)
        for i, j in np.ndindex(*dout.shape[2:]):
            dx[:, :, i * step : i * step + size, j * step : j * step + size] += dout[:, :, i, j, None, None] / size**2
        return dx

    return out, pullback


def over_pixels(x, *, size, stride=None):
    step = stride or size
    h, w = sides(x, size, step)

    def tap(a, i, j):
        return a[:, :, i : i + step * (h - 1) + 1 : step, j : j + step * (w - 1) + 1 : step]

    offsets = list(np.ndindex(size, size))

    def pullback(dout):
        dx = np.zeros(x.shape)
        for i, j in offsets:
            tap(dx, i, j)[...] += dout / len(offsets)
        return (dx,)

    return sum(tap(x, i, j) for i, j in offsets) / len(offsets), pullback


def as_matrices(x, *, size, stride=None):
    """Rows and columns are averaged by one matrix each: A x B^T."""
    step = stride or size
    rows, columns = [
        np.array([[1 / size if k * step <= i < k * step + size else 0 for i in range(side)] for k in range(places)])
        for side, places in zip(x.shape[2:], sides(x, size, step), strict=True)
    ]
    return rows @ x @ columns.T, lambda dout: (rows.T @ dout @ columns,)


def by_index(x, *, size, stride=None):
    step = stride or size
    pixel = np.arange(x[0, 0].size).reshape(x.shape[2:])
    index = sliding_window_view(pixel, (size, size))[::step, ::step].reshape(*sides(x, size, step), -1)

    def pullback(dout):
        dx = np.zeros((*x.shape[:2], pixel.size))
        np.add.at(dx, (slice(None), slice(None), index), np.repeat(dout[..., None] / size**2, size**2, axis=-1))
        return (dx.reshape(x.shape),)

    return x.reshape(*x.shape[:2], -1)[:, :, index].mean(axis=-1), pullback


def entry_by_entry(x, *, size, stride=None):
    step = stride or size
    out = np.zeros((*x.shape[:2], *sides(x, size, step)), order="F")
    terms = [
        ((n, c, i, j), (n, c, i * step + a, j * step + b))
        for n, c, i, j in np.ndindex(*out.shape)
        for a, b in np.ndindex(size, size)
    ]
    for place, pixel in terms:
        out[place] += x[pixel] / size**2

    def pullback(dout):
        dx = np.zeros_like(x)
        for place, pixel in terms:
            dx[pixel] += dout[place] / size**2
        return (dx,)

    return out, pullback


RIGHT = [over_places, over_pixels, as_matrices, by_index, entry_by_entry]
