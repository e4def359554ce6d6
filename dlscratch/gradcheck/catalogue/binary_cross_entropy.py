"""Sigmoid and binary cross-entropy in one: the gradient is (p - t) / size, with p = sigmoid(logits)."""

import numpy as np

from .entry import Operation
from .sigmoid import forward as sigmoid


def forward(logits, *, target):
    return np.mean(np.maximum(logits, 0) - logits * target + np.log1p(np.exp(-np.abs(logits))))


def draw(rng, n, D, M):
    return (rng.normal(size=(n, D)),), {"target": rng.integers(2, size=(n, D)).astype(float)}


def draw_column_and_row(rng, n, D, M):
    """(n, 1) against (n,): NumPy compares every logit with every target."""
    return (rng.normal(size=(n, 1)),), {"target": rng.integers(2, size=n).astype(float)}


def extreme():
    return (np.array([[1000.0], [-1000.0], [1000.0], [-1000.0]]),), {"target": np.array([[1.0], [0.0], [0.0], [1.0]])}


binary_cross_entropy = Operation(
    "binary_cross_entropy",
    "the mean of -t log p - (1 - t) log(1 - p)",
    forward,
    draw,
    look="chapter 06",
    extreme=extreme,
)


@binary_cross_entropy.wrong(
    "times-n",
    "dlogits",
    "the 1/size is missing: the loss is a mean, so the gradient is (p - t) / size.",
    symptom="Gradients grow with the batch: a learning rate that works for small batches diverges for large ones.",
)
def not_averaged(logits, dout, target):
    return ((sigmoid(logits) - target) * dout,)


@binary_cross_entropy.wrong(
    "times-m",
    "dlogits",
    "it is divided by the number of rows; the value is the mean over all entries, so divide by all of them.",
    symptom="With one output nothing shows; with k outputs gradients are k times too large.",
)
def by_rows(logits, dout, target):
    return ((sigmoid(logits) - target) * dout / len(logits),)


@binary_cross_entropy.wrong(
    "sign",
    "dlogits",
    "t - p has the wrong sign: the gradient is (p - t) / size.",
    symptom="The loss climbs from the first step, and accuracy falls below one half.",
)
def difference_reversed(logits, dout, target):
    return ((target - sigmoid(logits)) * dout / logits.size,)


@binary_cross_entropy.wrong(
    "upstream-ignored",
    "dlogits",
    "dout is not used; as a last step dout is 1 and nothing shows, but a scaled or added loss is then wrong.",
    symptom="None, until the loss is one of several terms or is multiplied by a weight: the weight has no effect.",
)
def without_dout(logits, dout, target):
    return ((sigmoid(logits) - target) / logits.size,)


@binary_cross_entropy.wrong(
    "term-missing",
    "dlogits",
    "the term (1 - t) log(1 - p) is not differentiated: -t (1 - p) is the gradient of -t log p alone.",
    symptom="Examples of class 0 teach nothing: soon everything is predicted to be class 1.",
)
def class_zero_lost(logits, dout, target):
    return (-target * (1 - sigmoid(logits)) * dout / logits.size,)


@binary_cross_entropy.wrong(
    "sign",
    "dlogits",
    "the term of class 0 has the wrong sign: log(1 - p) falls as p rises, so it gives + (1 - t) p.",
    symptom="Everything is pushed towards class 1, examples of class 0 included.",
)
def inner_minus_lost(logits, dout, target):
    p = sigmoid(logits)
    return ((-target * (1 - p) - (1 - target) * p) * dout / logits.size,)


@binary_cross_entropy.wrong(
    "local-derivative-missing",
    "dlogits",
    "(p - t) / (p (1 - p)) is the gradient with respect to p; times p (1 - p) of the sigmoid it becomes p - t.",
    symptom="Steps are huge where the net is sure: the loss jumps about.",
)
def sigmoid_not_passed(logits, dout, target):
    p = sigmoid(logits)
    return ((p - target) / (p * (1 - p)) * dout / logits.size,)


@binary_cross_entropy.wrong(
    "extra-derivative",
    "dlogits",
    "p - t is multiplied by p (1 - p); it already contains the sigmoid's derivative.",
    symptom="Examples that are badly wrong get almost no gradient: training crawls, as with a squared error.",
)
def derivative_once_more(logits, dout, target):
    p = sigmoid(logits)
    return ((p - target) * p * (1 - p) * dout / logits.size,)


@binary_cross_entropy.wrong(
    "wrong-point",
    "dlogits",
    "the logits themselves stand where p belongs: the sigmoid is missing on the way back.",
    symptom="It fits the logits to 0 and 1 by least squares: it learns slowly and settles high.",
)
def logits_for_p(logits, dout, target):
    return ((logits - target) * dout / logits.size,)


@binary_cross_entropy.wrong(
    "wrong-point",
    "dlogits",
    "the sigmoid is applied twice: p lies between 0.5 and 0.73 on the way back.",
    symptom="Even sure and right answers get a gradient: logits grow without end, and the loss with them.",
)
def sigmoid_of_sigmoid(logits, dout, target):
    return ((sigmoid(sigmoid(logits)) - target) * dout / logits.size,)


@binary_cross_entropy.wrong(
    "not-summed",
    "dlogits",
    "(n, 1) against (n,) makes (n, n): every logit is compared with every target; give both one shape.",
    symptom="No error where only the value is used: every example is taught the average target.",
    draw=draw_column_and_row,
)
def column_against_row(logits, dout, target):
    d = sigmoid(logits) - target
    return (d * dout / d.size,)


@binary_cross_entropy.wrong_op(
    "not-finite",
    "dlogits",
    "log(p) and log(1 - p) are infinite once p is rounded to 0 or 1, and 0 times infinity is NaN; start from logits.",
    symptom="The loss is NaN as soon as the net is very sure, even where it is right.",
)
def logarithm_of_sigmoid():
    def op(logits, *, target):
        p = 1 / (1 + np.exp(-logits))
        value = -np.mean(target * np.log(p) + (1 - target) * np.log(1 - p))
        return value, lambda dout: ((p - target) * dout / logits.size,)

    return op
