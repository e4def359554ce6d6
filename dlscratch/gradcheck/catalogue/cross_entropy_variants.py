"""Cross-entropies as they are often written by mistake: their values are others, yet the gradient stays (p - t) / n.

A value and a gradient that belong to different losses: the loss goes down and not where it is said to go.
"""

import numpy as np

from .cross_entropy import draw, errors, one_hot, softmax
from .entry import Operation
from .softmax import log_forward


def both_sides_forward(logits, *, target):
    t, p = one_hot(logits, target), softmax(logits)
    return -np.sum(t * np.log(p) + (1 - t) * np.log(1 - p)) / len(p)


both_sides = Operation(
    "cross_entropy_both_sides",
    "-t log p - (1 - t) log(1 - p), summed over the classes of a softmax",
    both_sides_forward,
    draw,
    look="chapter 06",
)


@both_sides.wrong(
    "term-missing",
    "dlogits",
    "the value adds (1 - t) log(1 - p), the gradient does not: with a softmax take -t log p alone.",
    symptom="It learns as it should; the loss it reports is too large, for two classes exactly twice.",
)
def other_classes_in_value_only(logits, dout, target):
    return (errors(logits, target) * dout / len(logits),)


# ---- a small number inside the logarithm -------------------------------------------------------------

TINY = 1e-7


def capped_forward(logits, *, target):
    return -np.sum(one_hot(logits, target) * np.log(softmax(logits) + TINY)) / len(logits)


def draw_far_apart(rng, n, D, M):
    """Logits so large that some right class has a probability below TINY."""
    logits = 10 * rng.normal(size=(n, D))
    logits[0, 0] = logits[0].max() + 20
    return (logits,), {"target": np.full(n, D - 1)}


capped = Operation("cross_entropy_capped", "the mean of -log(p + 1e-7)", capped_forward, draw_far_apart, "chapter 06")


@capped.wrong(
    "wrong-point",
    "dlogits",
    "the value is -log(p + 1e-7), the gradient is that of -log(p): drop the 1e-7 and use log-sum-exp.",
    symptom="No loss is ever above 16.1, however wrong the net is: the worst examples look alike.",
)
def tiny_in_value_only(logits, dout, target):
    return (errors(logits, target) * dout / len(logits),)


# ---- softmax in the net and in the loss ----------------------------------------------------------------


def twice_forward(logits, *, target):
    return -np.sum(one_hot(logits, target) * log_forward(softmax(logits))) / len(logits)


twice = Operation(
    "cross_entropy_of_probabilities", "cross-entropy of softmax(softmax(logits))", twice_forward, draw, "chapter 06"
)


@twice.wrong(
    "local-derivative-missing",
    "dlogits",
    "softmax is applied twice, and the way back passes only the second one; the loss takes logits: drop the first.",
    symptom="The loss cannot fall below log(1 + (K - 1) / e), 0.31 for two classes, and learning is slow.",
)
def one_softmax_passed(logits, dout, target):
    return (errors(softmax(logits), target) * dout / len(logits),)


@twice.wrong(
    "wrong-point",
    "dlogits",
    "softmax is applied twice, and the gradient is that of applying it once; the loss takes logits: drop the first.",
    symptom="It learns as it should, but the loss it reports cannot fall below log(1 + (K - 1) / e).",
)
def as_if_softmax_once(logits, dout, target):
    return (errors(logits, target) * dout / len(logits),)


# ---- every target with every example -----------------------------------------------------------------


def inner_forward(logits, *, target):
    return -np.inner(one_hot(logits, target), log_forward(logits)).mean()


inner = Operation("cross_entropy_by_inner", "the mean of -np.inner(t, log p)", inner_forward, draw, "chapter 06")


@inner.wrong(
    "diagonal-only",
    "dlogits",
    "np.inner compares every target with every example, (n, n), the gradient only those that belong together;"
    " the value must be -(t * log p).sum() / n.",
    symptom="It learns as it should, but the loss it reports rises all the while.",
)
def own_targets_in_gradient_only(logits, dout, target):
    return (errors(logits, target) * dout / len(logits),)
