"""The primitives. Every derivative of a dense network stands in this file, once.

A primitive takes arrays and returns its value *and* its pullback:

    out, pullback = affine(x, W, b)
    dx, dW, db = pullback(dout)

`pullback` is backpropagation through this one step: given dout = dL/dout it returns dL/d(input) for every
positional input, in order. Keyword arguments (targets, masks, axes) are not differentiable. What the way
back needs, the closure remembers; there is no other cache.

A primitive never writes to its inputs or to `dout`, draws nothing at random and keeps no state.
Images are in `ops_image`, sequences in `ops_sequence`; layers, which hold parameters, in `layers`.
"""

import numpy as np

from .ops_image import avg_pool2d, conv2d, max_pool2d  # noqa: F401  (all primitives are names of `ops`)
from .ops_sequence import attention, embedding, gru_step, lstm_step, rnn_step  # noqa: F401
from .shapes import ShapeError, check_same_shape, primitive, sum_rows, unbroadcast

# ---- sums and products -------------------------------------------------------------------------------


@primitive("N D, D M, M")
def affine(x, W, b):
    """x W + b, one row per example.  x (N, D), W (D, M), b (M,) -> (N, M)."""
    out = x @ W + b

    def pullback(dout, needs_dx=True):
        dx = dout @ W.T if needs_dx else None  # in the first layer x is data: a third of the work saved
        return dx, x.T @ dout, sum_rows(dout)

    return out, pullback


@primitive()
def add(x, y):
    """x + y, broadcast as NumPy does."""
    return x + y, lambda dout: (unbroadcast(dout, x), unbroadcast(dout, y))


@primitive()
def multiply(x, y):
    """x * y entry by entry, broadcast as NumPy does."""
    return x * y, lambda dout: (unbroadcast(dout * y, x), unbroadcast(dout * x, y))


@primitive()
def divide(x, y):
    """x / y entry by entry, broadcast as NumPy does."""
    out = x / y
    return out, lambda dout: (unbroadcast(dout / y, x), unbroadcast(-dout * out / y, y))


@primitive("N D, D M")
def matmul(x, y):
    """The matrix product.  x (N, D), y (D, M) -> (N, M)."""
    return x @ y, lambda dout: (dout @ y.T, x.T @ dout)


# ---- entry by entry ----------------------------------------------------------------------------------


@primitive()
def power(x, *, exponent):
    """x to the power of a fixed number.  Any shape."""
    if not np.isscalar(exponent):
        raise TypeError(f"power(x, exponent): the exponent is a {type(exponent).__name__}; give one number")

    def pullback(dout):
        slope = exponent * x ** (exponent - 1) if exponent else 0.0  # 0 ** -1 does not exist
        return (dout * slope,)

    return x**exponent, pullback


@primitive()
def exp(x):
    """e to the power x.  Any shape."""
    out = np.exp(x)
    return out, lambda dout: (dout * out,)


@primitive()
def log(x):
    """The natural logarithm; x > 0.  Any shape."""
    return np.log(x), lambda dout: (dout / x,)


@primitive()
def relu(x):
    """max(x, 0).  The slope at x = 0 is taken to be 0.  Any shape."""
    return np.maximum(x, 0), lambda dout: (dout * (x > 0),)


@primitive()
def leaky_relu(x, *, slope=0.01):
    """x where x > 0, slope * x elsewhere.  The slope at x = 0 is `slope`.  Any shape."""
    local = np.where(x > 0, 1, slope).astype(np.result_type(x))  # Python's 1 and slope would make it float64
    return x * local, lambda dout: (dout * local,)


@primitive()
def sigmoid(x):
    """1 / (1 + exp(-x)), written so that exp never overflows.  Any shape."""
    e = np.exp(-np.abs(x))
    out = np.where(x >= 0, 1, e) / (1 + e)
    return out, lambda dout: (dout * out * (1 - out),)


@primitive()
def tanh(x):
    """The hyperbolic tangent.  Any shape."""
    out = np.tanh(x)
    return out, lambda dout: (dout * (1 - out * out),)


@primitive()
def dropout(x, *, mask):
    """x * mask.  The layer draws the mask: 0 for a dropped entry, 1 / (1 - p) for a kept one.

    (Srivastava et al. 2014; scaled in training, "inverted", so that evaluation changes nothing)
    """
    mask = np.asarray(mask, np.result_type(x))
    check_same_shape("dropout", x=x, mask=mask)
    return x * mask, lambda dout: (dout * mask,)


# ---- sums over axes ----------------------------------------------------------------------------------


@primitive()
def sum(x, *, axis=None, keepdims=False):
    """The sum over `axis` (all axes by default).  Each summand gets the whole gradient of its sum."""
    out = np.sum(x, axis=axis, keepdims=keepdims)
    return out, lambda dout: (_spread(dout, x, axis, keepdims),)


@primitive()
def mean(x, *, axis=None, keepdims=False):
    """The mean over `axis` (all axes by default)."""
    total = np.sum(x, axis=axis, keepdims=keepdims)
    n = np.size(x) // max(np.size(total), 1)
    if not n:
        raise ShapeError(f"mean(x): x has shape {np.shape(x)}, and the mean of nothing does not exist")
    return total / n, lambda dout: (_spread(dout / n, x, axis, keepdims),)


def _spread(dout, x, axis, keepdims):
    """Copy the gradient of a sum to every summand."""
    if axis is not None and not keepdims:
        dout = np.expand_dims(dout, axis)
    dx = np.empty_like(x)
    dx[...] = dout
    return dx


# ---- the same entries in another order ---------------------------------------------------------------


@primitive()
def reshape(x, *, shape):
    """The same entries in another shape."""
    return np.reshape(x, shape), lambda dout: (np.reshape(dout, np.shape(x)),)


@primitive()
def transpose(x):
    """The axes in reverse order; for a matrix its transpose."""
    return np.transpose(x), lambda dout: (np.transpose(dout),)


@primitive()
def getitem(x, *, index):
    """x[index].  An entry that is picked twice gets the sum of both gradients."""

    def pullback(dout):
        dx = np.zeros_like(x)
        np.add.at(dx, index, dout)  # not dx[index] += dout: that would count a repeated index once
        return (dx,)

    return x[index], pullback


# ---- softmax and its relatives, over the last axis ---------------------------------------------------


@primitive()
def logsumexp(x, *, axis=-1):
    """log(sum(exp(x))) over `axis`, shifted by the largest entry so that exp never overflows.

    >>> bool(logsumexp(np.array([1000.0, 1000.0]))[0] == 1000 + np.log(2))
    True
    """
    top = np.max(x, axis=axis, keepdims=True)
    e = np.exp(x - top)
    total = e.sum(axis=axis, keepdims=True)
    out = np.squeeze(np.log(total) + top, axis=axis)
    return out, lambda dout: (np.expand_dims(dout, axis) * e / total,)


@primitive("... K")
def softmax(x):
    """exp(x) / sum(exp(x)) over the last axis: each row becomes probabilities."""
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    out = e / e.sum(axis=-1, keepdims=True)
    return out, lambda dout: (out * (dout - (dout * out).sum(axis=-1, keepdims=True)),)


@primitive("... K")
def log_softmax(x):
    """log(softmax(x)) over the last axis, without ever taking the logarithm of a rounded 0."""
    shifted = x - x.max(axis=-1, keepdims=True)
    out = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return out, lambda dout: (dout - np.exp(out) * dout.sum(axis=-1, keepdims=True),)


# ---- losses ------------------------------------------------------------------------------------------


@primitive()
def mse(prediction, *, target):
    """The mean of (prediction - target)^2 over all entries.  Two arrays of one shape -> a number."""
    target = _target("mse", prediction, target)
    d = prediction - target
    return np.vdot(d, d) / d.size, lambda dout: (d * (2 * dout / d.size),)


@primitive("N K")
def softmax_cross_entropy(logits, *, target):
    """The mean of -log p[label] over the batch, p = softmax(logits), in nats.

    logits (N, K); target: labels (N,) in 0..K-1, or rows of probabilities (N, K) -> a number.

    >>> round(float(softmax_cross_entropy(np.zeros((1, 3)), target=np.array([2]))[0]), 4)    # -log(1/3)
    1.0986
    """
    n = _not_empty("softmax_cross_entropy", logits)
    hot = _one_hot(logits, target)
    shifted = logits - logits.max(axis=1, keepdims=True)
    e = np.exp(shifted)
    total = e.sum(axis=1, keepdims=True)
    out = (np.log(total).sum() - np.vdot(hot, shifted)) / n
    return out, lambda dout: ((e / total - hot) * (dout / n),)


@primitive()
def binary_cross_entropy(logits, *, target):
    """The mean of -t log p - (1 - t) log(1 - p) over all entries, p = sigmoid(logits), in nats.

    target: probabilities of the same shape, mostly 0 and 1 -> a number.
    """
    t = _target("binary_cross_entropy", logits, target)
    if t.min() < 0 or t.max() > 1:
        raise ValueError(f"binary_cross_entropy: targets run from {t.min():g} to {t.max():g}; they must lie in 0..1")
    loss = np.maximum(logits, 0) - logits * t + np.log1p(np.exp(-np.abs(logits)))
    return loss.sum() / t.size, lambda dout: ((sigmoid(logits)[0] - t) * (dout / t.size),)


# ---- normalisation -----------------------------------------------------------------------------------


@primitive("N D ..., D, D")
def batch_norm(x, gamma, beta, *, eps=1e-5, statistics=None):
    """Normalise each feature over the batch, then scale and shift.  x (N, D), gamma, beta (D,) -> (N, D).

    Of images (N, C, H, W) each channel is a feature, normalised over the batch and all places. `statistics`: a
    mean (D,) and a variance (D,) to use instead of the batch's own, for evaluation; they count as constants.
    eps is added to the variance, not to the deviation.  (Ioffe & Szegedy 2015, algorithms 1 and 2)
    """
    rows = np.moveaxis(x, 1, -1)  # features last, as gamma and beta have them
    axes = tuple(range(x.ndim - 1))
    if statistics is None:
        _not_empty("batch_norm", x)
        x_hat, d_x_hat = _normalize(rows, axes, eps)
    else:
        x_hat, d_x_hat = _standardize(rows, gamma, statistics, eps)

    def pullback(dout):
        d = np.moveaxis(dout, 1, -1)
        return np.moveaxis(d_x_hat(d * gamma), -1, 1), (d * x_hat).sum(axis=axes), d.sum(axis=axes)

    return np.moveaxis(gamma * x_hat + beta, -1, 1), pullback


@primitive("... D, D, D")
def layer_norm(x, gamma, beta, *, eps=1e-5):
    """Normalise each example over its features, then scale and shift.  x (N, D), gamma, beta (D,) -> (N, D).

    Or x (N, T, D): every step of a sequence by itself.  (Ba, Kiros & Hinton 2016, equation 4)
    """
    x_hat, d_x_hat = _normalize(x, -1, eps)
    axes = tuple(range(x.ndim - 1))

    def pullback(dout):
        return d_x_hat(dout * gamma), (dout * x_hat).sum(axis=axes), dout.sum(axis=axes)

    return gamma * x_hat + beta, pullback


def _normalize(x, axis, eps):
    """(x - mean) / std and its pullback: x moves the mean and the deviation too, so two means are taken off."""
    centred = x - x.mean(axis=axis, keepdims=True)
    std = np.sqrt((centred * centred).mean(axis=axis, keepdims=True) + eps)
    x_hat = centred / std

    def pullback(g):
        along = (g * x_hat).mean(axis=axis, keepdims=True)
        return (g - g.mean(axis=axis, keepdims=True) - x_hat * along) / std

    return x_hat, pullback


def _standardize(x, gamma, statistics, eps):
    """(x - mean) / std and its pullback for a mean and a variance that x does not move."""
    mean, variance = (np.asarray(s, x.dtype) for s in statistics)
    check_same_shape("batch_norm", gamma=gamma, mean=mean, variance=variance)
    std = np.sqrt(variance + eps)
    return (x - mean) / std, lambda g: g / std


# ---- what the losses ask of their targets ------------------------------------------------------------


def _not_empty(call, x):
    if not np.size(x):
        raise ShapeError(f"{call}: the batch is empty: shape {np.shape(x)}, and the mean of nothing does not exist")
    return len(x)


def _target(call, prediction, target):
    """The target in the prediction's dtype and, exactly, its shape: (N, 1) against (N,) would become (N, N)."""
    target = np.asarray(target)
    if target.dtype.kind not in "biuf":
        raise TypeError(f"{call}: target is an array of {target.dtype}; give numbers")
    if np.shape(prediction) != target.shape:
        check_same_shape(call, prediction=prediction, target=target)
    if not target.size:
        _not_empty(call, target)
    return target.astype(np.result_type(prediction), copy=False)


def _one_hot(logits, target):
    """Labels (N,) as rows with a single 1; rows of probabilities (N, K) as they are."""
    n, k = logits.shape
    if k < 2:
        raise ShapeError(
            f"softmax_cross_entropy: logits have {k} column, and a softmax over a single column is always 1: "
            "give a column for every class, or use binary_cross_entropy"
        )
    target = np.asarray(target)
    if target.shape == (n,) and target.dtype.kind in "iu":
        hot = np.zeros(logits.shape, logits.dtype)
        hot[np.arange(n), _in_range(target, k)] = 1
        return hot
    if target.shape == (n, k) and target.dtype.kind in "biuf" and np.allclose(target.sum(axis=1), 1):
        return target.astype(logits.dtype, copy=False)
    raise (ShapeError if target.dtype.kind in "iuf" else TypeError)(
        f"softmax_cross_entropy(logits, target): logits are {logits.shape}, target is {target.shape} of "
        f"{target.dtype}; give integer labels ({n},) or rows of probabilities ({n}, {k}) that sum to 1"
    )


def _in_range(labels, k):
    if labels.min() < 0 or labels.max() >= k:
        wrong = np.flatnonzero((labels < 0) | (labels >= k))
        raise ValueError(
            f"softmax_cross_entropy: label {labels[wrong[0]]} in row {wrong[0]}, but logits have K = {k} columns, "
            f"so labels run from 0 to {k - 1}"
        )
    return labels
