"""softmax(q k^T / sqrt(D)) v: three inputs, a softmax in the middle, a scale and a mask."""

import numpy as np

from .entry import Operation


def forward(q, k, v, *, causal=False):
    return weights(q, k, causal) @ v


def weights(q, k, causal):
    scores = q @ swap(k) * scale(q)
    if causal:
        scores = np.where(np.tri(scores.shape[-2], dtype=bool), scores, -np.inf)
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def swap(a):
    return np.swapaxes(a, -1, -2)


def scale(q):
    return q.shape[-1] ** -0.5


def row_sum(a):
    return a.sum(axis=-1, keepdims=True)


def with_dscores(q, k, p, dscores, dout):
    """All gradients from the one of the scaled scores."""
    return dscores @ k * scale(q), swap(dscores) @ q * scale(q), swap(p) @ dout


def right_dscores(p, v, dout):
    dp = dout @ swap(v)
    return p * (dp - row_sum(p * dp))


def right(q, k, v, dout, causal):
    p = weights(q, k, causal)
    return with_dscores(q, k, p, right_dscores(p, v, dout), dout)


def draw(rng, n, D, M):
    return (rng.normal(size=(n, D)), rng.normal(size=(n + 2, D)), rng.normal(size=(n + 2, M))), {}


def as_many_keys(rng, n, D, M):
    return (rng.normal(size=(n, D)), rng.normal(size=(n, D)), rng.normal(size=(n, M))), {}


def looking_back(rng, n, D, M):
    return as_many_keys(rng, n, D, M)[0], {"causal": True}


def large_scores():
    q = np.array([[800.0, 0.0], [0.0, -900.0]])
    return (q, q[::-1].copy(), np.array([[1.0], [2.0]])), {}


attention = Operation("attention", "softmax(q k^T / sqrt(D)) v", forward, draw, look="chapter 13", extreme=large_scores)


# ---- the softmax -------------------------------------------------------------------------------------


@attention.wrong(
    "local-derivative-missing",
    "dq",
    "the softmax is passed over: dscores = p * (dp - sum(p * dp)) stands between dp and the scores.",
    symptom="Keys without any weight are moved as hard as those that count; small tasks hide it.",
)
def softmax_passed_over(q, k, v, dout, causal=False):
    return with_dscores(q, k, weights(q, k, causal), dout @ swap(v), dout)


@attention.wrong(
    "diagonal-only",
    "dq",
    "the softmax is treated entry by entry, p * (1 - p): each weight depends on all scores of its row.",
    symptom="Scores of a row are pushed up or down together, though only differences count; small tasks hide it.",
)
def entry_by_entry(q, k, v, dout, causal=False):
    p = weights(q, k, causal)
    return with_dscores(q, k, p, p * (1 - p) * (dout @ swap(v)), dout)


@attention.wrong(
    "term-missing",
    "dq",
    "of the softmax's gradient the sum is lost: p * (dp - sum(p * dp)).",
    symptom="A common push on all scores of a row is left in, though only their differences count.",
)
def sum_lost(q, k, v, dout, causal=False):
    p = weights(q, k, causal)
    return with_dscores(q, k, p, p * (dout @ swap(v)), dout)


@attention.wrong(
    "wrong-axis",
    "dq",
    "the sum of the softmax's gradient runs over the queries (axis=-2); it runs over the keys (axis=-1).",
    symptom="One query's error is charged to the others: the loss hardly falls.",
)
def sum_over_queries(q, k, v, dout, causal=False):
    p, dp = weights(q, k, causal), dout @ swap(v)
    return with_dscores(q, k, p, p * (dp - (p * dp).sum(axis=-2, keepdims=True)), dout)


@attention.wrong(
    "sign",
    "dq",
    "the sum of the softmax's gradient is added; it is taken off: dp - sum(p * dp).",
    symptom="A common push on all scores of a row is doubled instead of removed; only their differences count.",
)
def sum_added(q, k, v, dout, causal=False):
    p, dp = weights(q, k, causal), dout @ swap(v)
    return with_dscores(q, k, p, p * (dp + row_sum(p * dp)), dout)


@attention.wrong(
    "zeros",
    "dq",
    "the weights are treated as constants: dq and dk are 0, and only the values learn.",
    symptom="Attention stays as the random start has made it; the model learns a fixed mixture of the values.",
)
def weights_as_constants(q, k, v, dout, causal=False):
    return np.zeros_like(q), np.zeros_like(k), swap(weights(q, k, causal)) @ dout


# ---- the scale ---------------------------------------------------------------------------------------


@attention.wrong(
    "constant-factor",
    "dq",
    "the scale 1 / sqrt(D) is missing on the way back: the scores were multiplied by it, so their gradient is too.",
    symptom="Queries and keys take steps sqrt(D) times too long; wide models become unstable.",
)
def scale_missing(q, k, v, dout, causal=False):
    dq, dk, dv = right(q, k, v, dout, causal)
    return dq / scale(q), dk / scale(q), dv


@attention.wrong(
    "constant-factor",
    "dq",
    "the gradient is divided by D; the scores are divided by its root.",
    symptom="Queries and keys learn sqrt(D) times too slowly.",
)
def divided_by_d(q, k, v, dout, causal=False):
    dq, dk, dv = right(q, k, v, dout, causal)
    return dq * scale(q), dk * scale(q), dv


@attention.wrong(
    "constant-factor",
    "dk",
    "the scale 1 / sqrt(D) is applied to dq and forgotten for dk.",
    symptom="Keys take steps sqrt(D) times as long as queries.",
)
def scale_for_queries_alone(q, k, v, dout, causal=False):
    dq, dk, dv = right(q, k, v, dout, causal)
    return dq, dk / scale(q), dv


# ---- queries, keys, values ---------------------------------------------------------------------------


@attention.wrong(
    "wrong-parameter",
    "dq",
    "dq is taken with q; the scores are q k^T, so their derivative in q is k.",
    symptom="No error where queries and keys are equally many: each query is drawn to queries instead of keys.",
    draw=as_many_keys,
)
def queries_for_keys(q, k, v, dout, causal=False):
    _, dk, dv = right(q, k, v, dout, causal)
    return right_dscores(weights(q, k, causal), v, dout) @ q * scale(q), dk, dv


@attention.wrong(
    "transposed",
    "dk",
    "dscores is not transposed: dk = dscores.T @ q; with as many keys as queries the shapes agree all the same.",
    symptom="Each key learns from the wrong queries; what it offers stays a matter of chance.",
    draw=as_many_keys,
)
def scores_not_transposed(q, k, v, dout, causal=False):
    dq, _, dv = right(q, k, v, dout, causal)
    return dq, right_dscores(weights(q, k, causal), v, dout) @ q * scale(q), dv


@attention.wrong(
    "transposed",
    "dv",
    "the weights are not transposed: dv = p.T @ dout; with as many keys as queries the shapes agree all the same.",
    symptom="Values learn from steps that did not look at them.",
    draw=as_many_keys,
)
def weights_not_transposed(q, k, v, dout, causal=False):
    return *right(q, k, v, dout, causal)[:2], weights(q, k, causal) @ dout


@attention.wrong(
    "wrong-point",
    "dv",
    "dv is taken with the scores; the values are weighted by their softmax p.",
    symptom="Values learn with weights that may be negative; one that is hardly looked at can move most.",
)
def scores_for_weights(q, k, v, dout, causal=False):
    return *right(q, k, v, dout, causal)[:2], swap(q @ swap(k) * scale(q)) @ dout


@attention.wrong(
    "upstream-ignored",
    "dv",
    "dout is not used: this is how much weight each value got.",
    symptom="Values are pushed the same way at every step, whatever the loss says: it explodes.",
)
def weights_summed(q, k, v, dout, causal=False):
    return *right(q, k, v, dout, causal)[:2], swap(weights(q, k, causal)) @ np.ones_like(dout)


@attention.wrong(
    "swapped",
    "dq",
    "dq and dk have changed places: return them in the order of the arguments.",
    symptom="No error where queries and keys are equally many; but attention does not learn, only the values do.",
)
def queries_and_keys_swapped(q, k, v, dout, causal=False):
    dq, dk, dv = right(q, k, v, dout, causal)
    return dk, dq, dv


# ---- the mask ----------------------------------------------------------------------------------------


@attention.wrong(
    "mask-missing",
    "dq",
    "the way back computes the weights without the causal mask: later steps get weight and gradient.",
    symptom="The gradient is that of another function, one that sees the future.",
    draw=looking_back,
)
def mask_forgotten(q, k, v, dout, causal=False):
    return right(q, k, v, dout, False)


@attention.wrong(
    "mask-inverted",
    "dq",
    "the mask keeps the upper triangle: gradients of the steps that were seen are set to 0.",
    symptom="Of all scores only the one of a step with itself learns.",
    draw=looking_back,
)
def upper_triangle(q, k, v, dout, causal=False):
    p = weights(q, k, causal)
    return with_dscores(q, k, p, np.triu(right_dscores(p, v, dout)), dout)


# ---- numbers and arrays ------------------------------------------------------------------------------


@attention.wrong_op(
    "not-finite",
    "dq",
    "exp overflows on large scores: take off each row's maximum first.",
    symptom="Training goes well until queries and keys have grown; then everything is NaN.",
)
def no_maximum_taken_off():
    def op(q, k, v, *, causal=False):
        e = np.exp(q @ swap(k) * scale(q)) * (np.tri(q.shape[-2]) if causal else 1)
        p = e / row_sum(e)

        return p @ v, lambda dout: with_dscores(q, k, p, right_dscores(p, v, dout), dout)

    return op


@attention.wrong_op(
    "mutates-input",
    "dq",
    "q is scaled in place (q *= D ** -0.5): that array belongs to the caller.",
    symptom="Whoever uses q again (a second head, self-attention's k) gets the scaled one: attention flattens.",
)
def queries_scaled_in_place():
    def op(q, k, v, *, causal=False):
        kept = q.copy()
        q *= scale(q)
        return forward(kept, k, v, causal=causal), lambda dout: right(kept, k, v, dout, causal)

    return op
