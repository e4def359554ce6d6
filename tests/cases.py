"""One row per primitive: inputs to try it on, and its value by another route."""

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from dlscratch import ops


@dataclass
class Case:
    op: Any
    inputs: tuple
    value: Any  # inputs -> the output, computed another way
    options: dict = field(default_factory=dict)
    label: str = ""

    @property
    def name(self):
        return self.op.__name__ + (f"-{self.label}" if self.label else "")


def normal(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def positive(*shape):
    return np.exp(normal(*shape, seed=1))


def probabilities(*shape):
    e = positive(*shape)
    return e / e.sum(axis=-1, keepdims=True)


def naive_cross_entropy(logits, target):
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    rows = np.eye(logits.shape[1])[target] if np.ndim(target) == 1 else target
    return -(rows * np.log(p)).sum() / len(logits)


def normalized(x, axis, eps):
    return (x - x.mean(axis=axis, keepdims=True)) / np.sqrt(x.var(axis=axis, keepdims=True) + eps)


def windows(x, size, stride):
    """(place, window) for every place of a window in the last two axes."""
    for i in range(0, x.shape[2] - size[0] + 1, stride[0]):
        for j in range(0, x.shape[3] - size[1] + 1, stride[1]):
            yield (i // stride[0], j // stride[1]), x[:, :, i : i + size[0], j : j + size[1]]


def pooled(x, reduce, size, stride):
    places = dict(windows(x, size, stride))
    out = np.zeros((*x.shape[:2], *(1 + k for k in max(places))))
    for (i, j), window in places.items():
        out[:, :, i, j] = reduce(window, axis=(2, 3))
    return out


def convolved(x, W, b, stride=(1, 1), padding=(0, 0)):
    x = np.pad(x, ((0, 0), (0, 0), (padding[0],) * 2, (padding[1],) * 2))
    kernels = [pooled(x, lambda window, axis, K=K: (window * K).sum(axis=axis), K.shape[1:], stride) for K in W]
    return np.stack([out.sum(axis=1) for out in kernels], axis=1) + b[:, None, None]


def squash(x):
    return 1 / (1 + np.exp(-x))


def lstm(x, h, c, Wx, Wh, b):
    """x and h side by side, one product, then gate by gate."""
    n = h.shape[1]
    z = np.concatenate([x, h], axis=1) @ np.concatenate([Wx, Wh]) + b
    i, f, g, o = (z[:, k * n : (k + 1) * n] for k in range(4))
    c = squash(f) * c + squash(i) * np.tanh(g)
    return squash(o) * np.tanh(c), c


def gru(x, h, Wx, Wh, b):
    n = h.shape[1]
    r = squash(x @ Wx[:, :n] + h @ Wh[:, :n] + b[:n])
    z = squash(x @ Wx[:, n : 2 * n] + h @ Wh[:, n : 2 * n] + b[n : 2 * n])
    candidate = np.tanh(x @ Wx[:, 2 * n :] + r * (h @ Wh[:, 2 * n :]) + b[2 * n :])
    return candidate + z * (h - candidate)


def attended(q, k, v, causal=False):
    """Query by query."""
    out = np.zeros((len(q), v.shape[1]))
    for t, query in enumerate(q):
        seen = t + 1 if causal else len(k)
        weights = np.exp(k[:seen] @ query / np.sqrt(len(query)))
        out[t] = weights @ v[:seen] / weights.sum()
    return out


LABELS = np.array([2, 0, 1, 2, 3])
HALF = (normal(5, 4, seed=3) > 0) / 0.5

CASES = [
    Case(ops.affine, (normal(5, 3), normal(3, 2), normal(2)), lambda x, W, b: np.einsum("nd,dm->nm", x, W) + b),
    Case(ops.affine, (normal(1, 3), normal(3, 1), normal(1)), lambda x, W, b: x @ W + b, label="N = 1, M = 1"),
    Case(ops.add, (normal(5, 4), normal(4)), lambda x, y: np.add(x, y)),
    Case(ops.add, (normal(3, 1), normal(1, 4)), lambda x, y: np.add(x, y), label="both stretched"),
    Case(ops.multiply, (normal(3, 1), normal(3, 4)), lambda x, y: np.multiply(x, y)),
    Case(ops.multiply, (normal(3), normal(3)), lambda x, y: np.multiply(x, y), label="same shape"),
    Case(ops.divide, (normal(5, 4), positive(4)), lambda x, y: np.multiply(x, 1 / y)),
    Case(ops.divide, (normal(4), positive(5, 1)), lambda x, y: np.multiply(x, 1 / y), label="both stretched"),
    Case(ops.matmul, (normal(5, 3), normal(3, 2)), lambda x, y: np.einsum("nd,dm->nm", x, y)),
    Case(ops.power, (normal(5, 4),), lambda x: x * x * x, {"exponent": 3}),
    Case(ops.power, (positive(5, 4),), np.sqrt, {"exponent": 0.5}, "a root"),
    Case(ops.power, (normal(5, 4),), np.ones_like, {"exponent": 0}, "a constant"),
    Case(ops.exp, (normal(5, 4),), lambda x: np.e**x),
    Case(ops.log, (positive(5, 4),), lambda x: np.log2(x) * np.log(2)),
    Case(ops.relu, (normal(5, 4),), lambda x: np.where(x > 0, x, 0)),
    Case(ops.leaky_relu, (normal(5, 4),), lambda x: np.maximum(x, 0.1 * x), {"slope": 0.1}),
    Case(ops.sigmoid, (normal(5, 4),), lambda x: 0.5 + 0.5 * np.tanh(0.5 * x)),
    Case(ops.tanh, (normal(5, 4),), lambda x: (np.exp(2 * x) - 1) / (np.exp(2 * x) + 1)),
    Case(ops.dropout, (normal(5, 4),), lambda x: x * HALF, {"mask": HALF}),
    Case(ops.sum, (normal(5, 4),), lambda x: np.ones(5) @ x @ np.ones(4)),
    Case(ops.sum, (normal(5, 4),), lambda x: np.ones(5) @ x, {"axis": 0}, "over rows"),
    Case(ops.sum, (normal(5, 4),), lambda x: x @ np.ones((4, 1)), {"axis": 1, "keepdims": True}, "keepdims"),
    Case(ops.mean, (normal(5, 4),), lambda x: np.ones(5) @ x @ np.ones(4) / 20),
    Case(ops.mean, (normal(5, 4),), lambda x: x @ np.ones(4) / 4, {"axis": 1}, "over columns"),
    Case(ops.mean, (normal(5, 4),), lambda x: np.ones((1, 5)) @ x / 5, {"axis": 0, "keepdims": True}, "keepdims"),
    Case(ops.reshape, (normal(5, 4),), lambda x: np.array(list(x.flat)).reshape(2, 10), {"shape": (2, -1)}),
    Case(ops.transpose, (normal(5, 4, 3),), lambda x: np.einsum("abc->cba", x)),
    Case(ops.getitem, (normal(5, 4),), lambda x: x[[1, 1, 4]], {"index": [1, 1, 4]}, "a row twice"),
    Case(ops.getitem, (normal(5, 4),), lambda x: x[:, 1:3], {"index": (slice(None), slice(1, 3))}, "a slice"),
    Case(ops.logsumexp, (normal(5, 4),), lambda x: np.log(np.exp(x).sum(axis=1))),
    Case(ops.logsumexp, (normal(5, 4),), lambda x: np.log(np.exp(x).sum(axis=0)), {"axis": 0}, "over rows"),
    Case(ops.softmax, (normal(5, 4),), lambda x: np.exp(x) / np.exp(x).sum(axis=1)[:, None]),
    Case(ops.log_softmax, (normal(5, 4),), lambda x: np.log(np.exp(x) / np.exp(x).sum(axis=1)[:, None])),
    Case(
        ops.mse, (normal(5, 4),), lambda x: np.mean((x - normal(5, 4, seed=2)) ** 2), {"target": normal(5, 4, seed=2)}
    ),
    Case(ops.softmax_cross_entropy, (normal(5, 4),), lambda x: naive_cross_entropy(x, LABELS), {"target": LABELS}),
    Case(
        ops.softmax_cross_entropy,
        (normal(5, 4),),
        lambda x: naive_cross_entropy(x, probabilities(5, 4)),
        {"target": probabilities(5, 4)},
        "rows",
    ),
    Case(
        ops.binary_cross_entropy,
        (normal(5, 4),),
        lambda x: -np.mean(HALF / 2 * np.log(1 / (1 + np.exp(-x))) + (1 - HALF / 2) * np.log(1 / (1 + np.exp(x)))),
        {"target": HALF / 2},
    ),
    Case(
        ops.batch_norm,
        (normal(5, 4), normal(4), normal(4, seed=1)),
        lambda x, gamma, beta: gamma * normalized(x, 0, 1e-5) + beta,
    ),
    Case(
        ops.batch_norm,
        (normal(3, 2, 2, 3), normal(2), normal(2, seed=1)),
        lambda x, gamma, beta: gamma[:, None, None] * normalized(x, (0, 2, 3), 1e-5) + beta[:, None, None],
        label="images",
    ),
    Case(
        ops.batch_norm,
        (normal(2, 3, 2, 2), normal(3), normal(3, seed=1)),
        lambda x, gamma, beta: np.einsum("nchw,c->nchw", x - 2, gamma / 3) + beta[:, None, None],
        {"eps": 0, "statistics": (np.full(3, 2.0), np.full(3, 9.0))},
        "in evaluation",
    ),
    Case(
        ops.layer_norm,
        (normal(2, 3, 4), normal(4), normal(4, seed=1)),
        lambda x, gamma, beta: gamma * normalized(x, 2, 1e-5) + beta,
        label="sequences",
    ),
    Case(
        ops.layer_norm,
        (normal(5, 4), normal(4), normal(4, seed=1)),
        lambda x, gamma, beta: gamma * normalized(x, 1, 0.1) + beta,
        {"eps": 0.1},
    ),
    Case(ops.conv2d, (normal(2, 3, 5, 4), normal(4, 3, 3, 2), normal(4)), convolved),
    Case(
        ops.conv2d,
        (normal(2, 2, 6, 5), normal(3, 2, 2, 2), normal(3)),
        lambda x, W, b: convolved(x, W, b, (2, 2), (1, 1)),
        {"stride": 2, "padding": 1},
        "even kernel, a column left over",
    ),
    Case(
        ops.conv2d,
        (normal(2, 1, 4, 6), normal(2, 1, 3, 3), normal(2)),
        lambda x, W, b: convolved(x, W, b, (1, 3), (2, 0)),
        {"stride": (1, 3), "padding": (2, 0)},
        "one channel, pairs",
    ),
    Case(
        ops.conv2d,
        (normal(1, 3, 2, 3), normal(2, 3, 1, 1), normal(2)),
        lambda x, W, b: np.einsum("nchw,mc->nmhw", x, W[:, :, 0, 0]) + b[:, None, None],
        label="1 x 1",
    ),
    Case(ops.max_pool2d, (normal(2, 3, 4, 6),), lambda x: pooled(x, np.max, (2, 2), (2, 2)), {"size": 2}),
    Case(
        ops.max_pool2d,
        (normal(2, 2, 5, 6),),
        lambda x: pooled(x, np.max, (3, 2), (1, 1)),
        {"size": (3, 2), "stride": 1},
        "overlapping",
    ),
    Case(
        ops.max_pool2d,
        (normal(1, 2, 7, 6),),
        lambda x: pooled(x, np.max, (2, 2), (3, 4)),
        {"size": 2, "stride": (3, 4)},
        "gaps, and rows left over",
    ),
    Case(ops.avg_pool2d, (normal(2, 3, 4, 6),), lambda x: pooled(x, np.mean, (2, 2), (2, 2)), {"size": 2}),
    Case(
        ops.avg_pool2d,
        (normal(2, 2, 5, 6),),
        lambda x: pooled(x, np.mean, (3, 2), (1, 3)),
        {"size": (3, 2), "stride": (1, 3)},
        "overlapping, a column left over",
    ),
    Case(ops.embedding, (normal(5, 3),), lambda W: W[[4, 0, 4]], {"ids": np.array([4, 0, 4])}, "a row twice"),
    Case(
        ops.embedding,
        (normal(5, 3),),
        lambda W: np.eye(5)[[[0, 1], [2, 2]]] @ W,
        {"ids": np.array([[0, 1], [2, 2]])},
        "a matrix of ids",
    ),
    Case(
        ops.rnn_step,
        (normal(4, 3), normal(4, 2), normal(3, 2), normal(2, 2), normal(2)),
        lambda x, h, Wx, Wh, b: np.tanh(np.concatenate([x, h], axis=1) @ np.concatenate([Wx, Wh]) + b),
    ),
    Case(
        ops.lstm_step, (normal(4, 3), normal(4, 2), normal(4, 2, seed=1), normal(3, 8), normal(2, 8), normal(8)), lstm
    ),
    Case(ops.gru_step, (normal(4, 3), normal(4, 2), normal(3, 6), normal(2, 6), normal(6)), gru),
    Case(ops.attention, (normal(4, 3), normal(5, 3), normal(5, 2)), attended, label="no batch"),
    Case(
        ops.attention,
        (normal(2, 2, 4, 3), normal(2, 2, 4, 3, seed=1), normal(2, 2, 4, 2)),
        lambda q, k, v: np.array(
            [[attended(*a, causal=True) for a in zip(*b, strict=True)] for b in zip(q, k, v, strict=True)]
        ),
        {"causal": True},
        "causal, batch and heads",
    ),
]
