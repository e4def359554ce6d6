"""Primitives on images (N, C, H, W): convolution and pooling. The contract is that of `ops`.

A window of size (KH, KW) slides over the image in steps of `stride`; it never stands partly outside, so rows and
columns that are left over at the bottom and at the right are not seen. An image of side H gives
(H + 2 padding - KH) // stride + 1 rows. Sizes, strides and paddings are whole numbers, or pairs (rows, columns).

What is computed here lies in memory as (N, H, W, C), whatever its shape says: the channels of one pixel side by
side. The next operation then copies long runs instead of single numbers.
"""

from functools import reduce
from operator import add

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .shapes import ShapeError, check_pair, primitive, sum_rows


@primitive("N C H W, M C KH KW, M")
def conv2d(x, W, b, *, stride=1, padding=0):
    """Every output is a window of the image times a kernel, plus a bias; `padding` puts zeros around the image.

    x (N, C, H, W), W (M, C, KH, KW), b (M,) -> (N, M, H', W'). The kernel is not flipped: mathematics calls this
    a cross-correlation. It is a matrix product with a row for every window and a column for every kernel.

    >>> x, W = np.array([[[[1.0, 2.0, 3.0]]]]), np.array([[[[10.0, 1.0]]]])
    >>> conv2d(x, W, np.zeros(1))[0]    # 10 * 1 + 1 * 2, 10 * 2 + 1 * 3
    array([[[[12., 23.]]]])
    """
    stride, (top, left) = check_pair("conv2d", "stride", stride, 1), check_pair("conv2d", "padding", padding, 0)
    m, c, *size = W.shape
    padded = _pad(x, top, left)
    n, (h, w) = len(x), _places("conv2d", padded, size, stride)
    windows = sliding_window_view(padded, size, axis=(2, 3))[:, :, :: stride[0], :: stride[1]]
    K = W.transpose(2, 3, 1, 0).reshape(-1, m)
    out = np.empty((n, h * w, m), np.result_type(x, W, b))
    for part in _parts(n):
        np.matmul(_rows(windows[part]), K, out=out[part].reshape(-1, m))
    out = out.reshape(n, h, w * m)
    out += np.tile(b, w)  # one long run of numbers is added faster than w runs of m

    def pullback(dout, needs_dx=True):
        d = dout.transpose(0, 2, 3, 1).reshape(n, h * w, m)
        dK = sum(_rows(windows[part]).T @ d[part].reshape(-1, m) for part in _parts(n))
        dW = dK.reshape(*size, c, m).transpose(3, 2, 0, 1)
        return spread(d) if needs_dx else None, dW, sum_rows(d.reshape(-1, m))

    def spread(d):
        """Give every pixel, from each window it was in, the weight that stood on it times the window's gradient."""
        dpadded = np.zeros_like(padded)
        for part in _parts(n):
            for (i, j), dpixels in zip(np.ndindex(*size), _taps(dpadded[part], size, stride, (h, w)), strict=True):
                dpixels += (d[part] @ W[:, :, i, j]).reshape(-1, h, w, c).transpose(0, 3, 1, 2)
        return dpadded[:, :, top : top + x.shape[2], left : left + x.shape[3]]

    return out.reshape(n, h, w, m).transpose(0, 3, 1, 2), pullback


@primitive("N C H W")
def max_pool2d(x, *, size, stride=None):
    """The largest value of every window; `stride` is `size` unless given.  x (N, C, H, W) -> (N, C, H', W').

    Of equal maxima the first, row by row, gets the whole gradient.
    """
    size, stride, places = _windows("max_pool2d", x, size, stride)
    tall = reduce(np.maximum, _taps(x, (size[0], 1), (stride[0], 1), (places[0], x.shape[3])))  # rows are long runs
    out = reduce(np.maximum, _taps(tall, (1, size[1]), (1, stride[1]), places))

    def pullback(dout):
        dx, rest = np.zeros_like(x), np.empty_like(out)
        rest[...] = dout
        *others, last = zip(_taps(x, size, stride, places), _taps(dx, size, stride, places), strict=True)
        for pixels, dpixels in others:
            won = rest * (pixels == out)
            dpixels += won
            rest -= won  # a second winner finds nothing left
        last[1][...] += rest
        return (dx,)

    return out, pullback


@primitive("N C H W")
def avg_pool2d(x, *, size, stride=None):
    """The mean of every window; `stride` is `size` unless given.  x (N, C, H, W) -> (N, C, H', W')."""
    size, stride, places = _windows("avg_pool2d", x, size, stride)
    k = size[0] * size[1]
    total = reduce(add, _taps(x, size, stride, places))

    def pullback(dout):
        dx, share = np.zeros_like(x), dout / k
        for dpixels in _taps(dx, size, stride, places):
            dpixels += share
        return (dx,)

    return total / k, pullback


# ---- windows -----------------------------------------------------------------------------------------


def _parts(n):
    """Eight images at a time: their windows, nine times the image for a kernel of 3 x 3, stay in the cache."""
    return [slice(start, start + 8) for start in range(0, max(n, 1), 8)]


def _taps(a, size, stride, places):
    """For every entry (i, j) of the window, row by row: a view (N, C, H', W') of the pixels it meets."""
    (h, w), (down, right) = places, stride
    for i, j in np.ndindex(*size):
        yield a[:, :, i : i + h * down : down, j : j + w * right : right]


def _rows(windows):
    """Windows (N, C, H', W', KH, KW) as rows of numbers: (N H' W', KH KW C)."""
    c, kh, kw = windows.shape[1], *windows.shape[4:]
    if c == 1:  # the runs along the image are longer than those along the window
        return windows.transpose(1, 4, 5, 0, 2, 3).reshape(kh * kw, -1).T
    return windows.transpose(0, 2, 3, 4, 5, 1).reshape(-1, kh * kw * c)


def _pad(x, top, left):
    n, c, h, w = x.shape
    padded = np.zeros((n, h + 2 * top, w + 2 * left, c), x.dtype).transpose(0, 3, 1, 2)
    padded[:, :, top : top + h, left : left + w] = x
    return padded


def _windows(call, x, size, stride):
    """The size, the stride and the number of windows of a pooling operation, as pairs."""
    size = check_pair(call, "size", size, 1)
    stride = size if stride is None else check_pair(call, "stride", stride, 1)
    return size, stride, _places(call, x, size, stride)


def _places(call, x, size, stride):
    """How often the window fits: (H', W')."""
    sides = x.shape[2:]
    if size[0] > sides[0] or size[1] > sides[1]:
        raise ShapeError(
            f"{call}: a window of {size[0]} x {size[1]} does not fit into an image of {sides[0]} x {sides[1]}"
            f"{', padding included' * (call == 'conv2d')}"
        )
    return tuple((side - k) // step + 1 for side, k, step in zip(sides, size, stride, strict=True))


# The C library of Linux gives a large block back to the system as soon as it is freed, and fetching fresh pages at
# every training step takes longer than a convolution. From the largest block freed so far it learns what to keep:
# show it one of 31 MB, once. (mallopt(3), M_MMAP_THRESHOLD; measured on a small CNN: 17 ms per step, then 11)
np.empty(31 << 20, np.uint8)
