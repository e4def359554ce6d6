"""Differently written right versions of a convolution."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


def padded(x, p):
    return np.pad(x, [(0, 0), (0, 0), (p, p), (p, p)])


def sides(x, W, stride, padding):
    return [(x.shape[a] + 2 * padding - W.shape[a]) // stride + 1 for a in (2, 3)]


def over_places(x, W, b, *, stride=1, padding=0):
    """A loop over the places of the window."""
    n, c, height, width = x.shape
    m, _, kh, kw = W.shape
    h, w = sides(x, W, stride, padding)
    xp, out = padded(x, padding), np.empty((n, m, h, w))
    places = [
        (i, j, slice(i * stride, i * stride + kh), slice(j * stride, j * stride + kw)) for i, j in np.ndindex(h, w)
    ]
    for i, j, rows, columns in places:
        out[:, :, i, j] = np.tensordot(xp[:, :, rows, columns], W, ((1, 2, 3), (1, 2, 3))) + b

    def pullback(dout):
        dxp, dW = np.zeros_like(xp), np.zeros_like(W)
        for i, j, rows, columns in places:
            dxp[:, :, rows, columns] += np.tensordot(dout[:, :, i, j], W, 1)
            dW += np.tensordot(dout[:, :, i, j], xp[:, :, rows, columns], ((0,), (0,)))
        return dxp[:, :, padding : padding + height, padding : padding + width], dW, dout.sum((0, 2, 3))

    return out, pullback


def over_kernel_entries(x, W, b, *, stride=1, padding=0):
    """A loop over the entries of the kernel: each is a shifted, weighted image."""
    h, w = sides(x, W, stride, padding)
    xp = padded(x, padding)
    shifts = list(np.ndindex(*W.shape[2:]))

    def shifted(a, i, j):
        return a[:, :, i : i + stride * (h - 1) + 1 : stride, j : j + stride * (w - 1) + 1 : stride]

    out = b[:, None, None] + sum(np.einsum("nchw,mc->nmhw", shifted(xp, i, j), W[:, :, i, j]) for i, j in shifts)

    def pullback(dout):
        dxp, dW = np.zeros_like(xp), np.empty_like(W)
        for i, j in shifts:
            shifted(dxp, i, j)[...] += np.einsum("nmhw,mc->nchw", dout, W[:, :, i, j])
            dW[:, :, i, j] = np.einsum("nmhw,nchw->mc", dout, shifted(xp, i, j))
        return (
            dxp[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]],
            dW,
            dout.sum((0, 2, 3)),
        )

    return out, pullback


def as_matrices(x, W, b, *, stride=1, padding=0):
    """im2col: an index array of the padded image, one matrix product, and np.add.at on the way back."""
    n, c, height, width = x.shape
    m, _, kh, kw = W.shape
    h, w = sides(x, W, stride, padding)
    xp = padded(x, padding)
    pixel = np.arange(xp[0].size).reshape(xp.shape[1:])
    index = sliding_window_view(pixel, (kh, kw), axis=(1, 2))[:, ::stride, ::stride]
    index = index.transpose(1, 2, 0, 3, 4).reshape(h * w, c * kh * kw)
    columns = xp.reshape(n, -1)[:, index]
    out = columns @ W.reshape(m, -1).T + b

    def pullback(dout):
        d = dout.reshape(n, m, h * w).transpose(0, 2, 1)
        dxp = np.zeros((n, xp[0].size))
        np.add.at(dxp, (slice(None), index), d @ W.reshape(m, -1))
        dW = np.einsum("npm,npk->mk", d, columns).reshape(W.shape)
        dx = dxp.reshape(xp.shape)[:, :, padding : padding + height, padding : padding + width]
        return dx, dW, d.reshape(-1, m).sum(axis=0)

    return out.transpose(0, 2, 1).reshape(n, m, h, w), pullback


def flipped_kernel(x, W, b, *, stride=1, padding=0):
    """dx as a full correlation of the spread-out dout with the kernel turned by 180 degrees."""
    kh, kw = W.shape[2:]
    h, w = sides(x, W, stride, padding)
    xp = padded(x, padding)
    windows = sliding_window_view(xp, (kh, kw), axis=(2, 3))[:, :, ::stride, ::stride]
    out = np.einsum("nchwij,mcij->nmhw", windows, W) + b.reshape(1, -1, 1, 1)

    def pullback(dout):
        wide = np.zeros((len(x), len(W), xp.shape[2] + kh - 1, xp.shape[3] + kw - 1))
        wide[:, :, kh - 1 : kh - 1 + stride * h : stride, kw - 1 : kw - 1 + stride * w : stride] = dout
        turned = np.flip(W, (2, 3))
        dxp = np.einsum("nmhwij,mcij->nchw", sliding_window_view(wide, (kh, kw), axis=(2, 3)), turned)
        dW = np.einsum("nchwij,nmhw->mcij", windows, dout)
        return (
            dxp[:, :, padding : padding + x.shape[2], padding : padding + x.shape[3]],
            dW,
            dout.sum((0, 2, 3)),
        )

    return out, pullback


def image_by_image(x, W, b, *, stride=1, padding=0):
    """Channels last and Fortran order inside, one image and one kernel after the other."""
    h, w = sides(x, W, stride, padding)
    kernels = np.asfortranarray(W.transpose(0, 2, 3, 1))
    images = np.asfortranarray(padded(x, padding).transpose(0, 2, 3, 1))
    m, kh, kw, _ = kernels.shape
    places = [
        (i, j, slice(i * stride, i * stride + kh), slice(j * stride, j * stride + kw)) for i, j in np.ndindex(h, w)
    ]
    out = np.zeros((len(x), m, h, w), order="F")
    for n, k in np.ndindex(len(x), m):
        for i, j, rows, columns in places:
            out[n, k, i, j] = np.sum(images[n, rows, columns] * kernels[k]) + b[k]

    def pullback(dout):
        dimages, dkernels = np.zeros_like(images), np.zeros_like(kernels)
        for n, k in np.ndindex(len(x), m):
            for i, j, rows, columns in places:
                dimages[n, rows, columns] += dout[n, k, i, j] * kernels[k]
                dkernels[k] += dout[n, k, i, j] * images[n, rows, columns]
        inner = dimages[:, padding : padding + x.shape[2], padding : padding + x.shape[3]]
        return inner.transpose(0, 3, 1, 2), dkernels.transpose(0, 3, 1, 2), np.einsum("nmhw->m", dout)

    return out, pullback


RIGHT = [over_places, over_kernel_entries, as_matrices, flipped_kernel, image_by_image]
