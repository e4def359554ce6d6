"""logsumexp(x, axis), written in different ways."""

import numpy as np


def shifted(x, *, axis=-1):
    top = x.max(axis=axis, keepdims=True)
    e = np.exp(x - top)
    total = e.sum(axis=axis, keepdims=True)
    return (np.log(total) + top).squeeze(axis), lambda dout: (np.expand_dims(dout, axis) * e / total,)


def by_logaddexp(x, *, axis=-1):
    out = np.logaddexp.reduce(x, axis=axis)

    def pullback(dout):
        return (np.expand_dims(dout, axis) * np.exp(x - np.expand_dims(out, axis)),)

    return out, pullback


def one_by_one(x, *, axis=-1):
    """Each summand joins the sum of those before it."""
    slices = np.moveaxis(x, axis, 0)
    out = slices[0]
    for s in slices[1:]:
        out = np.logaddexp(out, s)

    def pullback(dout):
        return (np.moveaxis(np.stack([dout * np.exp(s - out) for s in slices]), 0, axis),)

    return out, pullback


def by_difference_to_the_mean(x, *, axis=-1):
    """Shifted by the maximum, then again by the mean: any shift gives the same."""
    top = x.max(axis=axis, keepdims=True)
    z = x - top
    share = np.exp(z)
    out = np.log(np.mean(share, axis=axis, keepdims=True)) + np.log(x.shape[axis]) + top
    share /= share.sum(axis=axis, keepdims=True)
    return np.squeeze(out, axis), lambda dout: (share * np.expand_dims(dout, axis),)


def in_fortran_order(x, *, axis=-1):
    x = np.asfortranarray(x)
    top = np.amax(x, axis=axis)
    out = np.log(np.exp(x - np.expand_dims(top, axis)).sum(axis=axis)) + top

    def pullback(dout):
        dx = x - np.expand_dims(out, axis)
        np.exp(dx, out=dx)
        dx *= np.expand_dims(dout, axis)
        return dx

    return out, pullback


RIGHT = [shifted, by_logaddexp, one_by_one, by_difference_to_the_mean, in_fortran_order]
