"""Softmax and cross-entropy in one: the gradient is (p - t) / n, and every sign of that can go astray."""

import numpy as np

from .entry import Operation
from .softmax import extreme as far_apart
from .softmax import forward as softmax
from .softmax import log_forward


def one_hot(logits, target):
    """Labels (N,) as rows with a single 1; rows (N, K) as they are."""
    return np.eye(logits.shape[1])[target] if np.ndim(target) == 1 else target


def forward(logits, *, target):
    return -np.sum(one_hot(logits, target) * log_forward(logits)) / len(logits)


def draw(rng, n, D, M):
    """Labels; `draw_rows` gives rows of probabilities instead."""
    return (rng.normal(size=(n, D)),), {"target": rng.integers(D, size=n)}


def draw_square(rng, n, D, M):
    """As many examples as classes: labels (N,) then pass for something of shape (N, K)."""
    return draw(rng, n, n, M)


def draw_two_classes(rng, n, D, M):
    return draw(rng, n, 2, M)


def extreme():
    (logits,), _ = far_apart()
    return (logits,), {"target": np.array([2, 0])}


softmax_cross_entropy = Operation(
    "softmax_cross_entropy",
    "the mean of -log(softmax(logits)[target])",
    forward,
    draw,
    look="chapter 06",
    extreme=extreme,
)


def errors(logits, target):
    """p - t, the heart of the right gradient."""
    return softmax(logits) - one_hot(logits, target)


@softmax_cross_entropy.wrong(
    "times-n",
    "dlogits",
    "the 1/n is missing: the loss is a mean over the batch, so the gradient is (p - t) / n.",
    symptom="Gradients grow with the batch: a learning rate that works for small batches diverges for large ones.",
)
def not_averaged(logits, dout, target):
    return (errors(logits, target) * dout,)


@softmax_cross_entropy.wrong(
    "over-m",
    "dlogits",
    "it is divided by all entries, n K; the loss is a mean over the n examples only.",
    symptom="It learns K times too slowly.",
)
def averaged_over_classes(logits, dout, target):
    return (errors(logits, target) * dout / logits.size,)


@softmax_cross_entropy.wrong(
    "sign",
    "dlogits",
    "t - p has the wrong sign: the gradient is (p - t) / n, negative at the right class.",
    symptom="The loss climbs from the first step, and accuracy falls below chance.",
)
def difference_reversed(logits, dout, target):
    return (-errors(logits, target) * dout / len(logits),)


@softmax_cross_entropy.wrong(
    "upstream-ignored",
    "dlogits",
    "dout is not used; as a last step dout is 1 and nothing shows, but a scaled or added loss is then wrong.",
    symptom="None, until the loss is one of several terms or is multiplied by a weight: the weight has no effect.",
)
def without_dout(logits, dout, target):
    return (errors(logits, target) / len(logits),)


@softmax_cross_entropy.wrong(
    "partly-wrong",
    "dlogits",
    "p - t / n divides t alone, as / binds before -; it must be (p - t) / n.",
    symptom="The gradient is almost p, n times too large: the loss jumps and accuracy stays at chance.",
)
def without_parentheses(logits, dout, target):
    return (dout * (softmax(logits) - one_hot(logits, target) / len(logits)),)


@softmax_cross_entropy.wrong(
    "term-missing",
    "dlogits",
    "t is missing: p / n is only half of (p - t) / n.",
    symptom="All logits are pushed down, whatever the labels: accuracy stays at chance.",
)
def target_lost(logits, dout, target):
    return (softmax(logits) * dout / len(logits),)


@softmax_cross_entropy.wrong(
    "mask-missing",
    "dlogits",
    "1 is taken from every class, p - 1; it must be taken from the right class only: p[np.arange(n), target] -= 1.",
    symptom="All logits are pushed up, whatever the labels: accuracy stays at chance.",
)
def one_from_every_class(logits, dout, target):
    return ((softmax(logits) - 1) * dout / len(logits),)


@softmax_cross_entropy.wrong(
    "wrong-axis",
    "dlogits",
    "p[:, target] -= 1 takes 1 from these columns in every row; it must be p[np.arange(n), target] -= 1.",
    symptom="All logits of classes in the batch are pushed up together: accuracy stays at chance.",
)
def columns_of_all_rows(logits, dout, target):
    p = softmax(logits)
    p[:, target] -= 1
    return (p * dout / len(logits),)


@softmax_cross_entropy.wrong(
    "not-one-hot",
    "dlogits",
    "the label's number is subtracted from every class; a label is a position: subtract 1 there.",
    symptom="All logits of an example are pushed together, by the number of its label: accuracy stays at chance.",
)
def labels_as_numbers(logits, dout, target):
    return ((softmax(logits) - target[:, None]) * dout / len(logits),)


@softmax_cross_entropy.wrong(
    "not-one-hot",
    "dlogits",
    "labels (n,) are subtracted as if they were rows (n, K); that passes where n = K. Make them one-hot.",
    symptom="An error for most batches; where batch and classes agree, accuracy stays at chance without one.",
    draw=draw_square,
)
def labels_as_a_row(logits, dout, target):
    return ((softmax(logits) - target) * dout / len(logits),)


@softmax_cross_entropy.wrong(
    "diagonal-only",
    "dlogits",
    "-t / p goes back through p (1 - p), the diagonal of softmax's Jacobian; the other classes get p / n each.",
    symptom="The logit of the right class grows and nothing holds the others: accuracy stays at chance.",
)
def right_class_only(logits, dout, target):
    p = softmax(logits)
    return (-one_hot(logits, target) / p * p * (1 - p) * dout / len(logits),)


@softmax_cross_entropy.wrong(
    "local-derivative-missing",
    "dlogits",
    "-t / p is the gradient with respect to p; it must still go back through the softmax, which gives p - t.",
    symptom="The steps are 1/p: the loss explodes as soon as an example is badly wrong.",
)
def softmax_not_passed(logits, dout, target):
    return (-one_hot(logits, target) / softmax(logits) * dout / len(logits),)


@softmax_cross_entropy.wrong(
    "extra-derivative",
    "dlogits",
    "p - t is multiplied by p (1 - p); it already contains the softmax's derivative.",
    symptom="Examples that are badly wrong get almost no gradient: training crawls.",
)
def derivative_once_more(logits, dout, target):
    p = softmax(logits)
    return (errors(logits, target) * p * (1 - p) * dout / len(logits),)


@softmax_cross_entropy.wrong(
    "wrong-point",
    "dlogits",
    "the logits themselves stand where p belongs: softmax is missing on the way back.",
    symptom="It fits the logits to 0 and 1 by least squares; at usual learning rates the loss explodes.",
)
def logits_for_p(logits, dout, target):
    return ((logits - one_hot(logits, target)) * dout / len(logits),)


@softmax_cross_entropy.wrong(
    "wrong-point",
    "dlogits",
    "log p stands where p belongs: the gradient is (p - t) / n.",
    symptom="All logits grow without end: the loss explodes.",
)
def logarithm_for_p(logits, dout, target):
    return ((log_forward(logits) - one_hot(logits, target)) * dout / len(logits),)


@softmax_cross_entropy.wrong(
    "wrong-point",
    "dlogits",
    "softmax is applied twice: the second one flattens p towards 1/K.",
    symptom="Even a sure and right answer gets a gradient: the loss falls at first, then rises without end.",
)
def softmax_of_softmax(logits, dout, target):
    return ((softmax(softmax(logits)) - one_hot(logits, target)) * dout / len(logits),)


@softmax_cross_entropy.wrong(
    "wrong-axis",
    "dlogits",
    "softmax runs over the batch (axis 0) on the way back; it must run over the classes, axis 1.",
    symptom="The gradient of one example depends on the others of the batch: the loss rises.",
)
def softmax_over_batch(logits, dout, target):
    return ((softmax(logits.T).T - one_hot(logits, target)) * dout / len(logits),)


@softmax_cross_entropy.wrong(
    "wrong-parameter",
    "dlogits",
    "1 is taken from the class with the largest p, the prediction; it must be taken from the right class, the label.",
    symptom="The net grows sure of whatever it says first: the loss rises, accuracy stays at chance.",
)
def prediction_for_label(logits, dout, target):
    return ((softmax(logits) - np.eye(logits.shape[1])[logits.argmax(axis=1)]) * dout / len(logits),)


@softmax_cross_entropy.wrong(
    "first-example-only",
    "dlogits",
    "the errors of the first example are given to all of them; every row has its own p and t.",
    symptom="Batches of one learn; larger ones are taught the label of their first: accuracy stays near chance.",
)
def first_row_for_all(logits, dout, target):
    return (np.repeat(errors(logits, target)[:1], len(logits), axis=0) * dout / len(logits),)


@softmax_cross_entropy.wrong_op(
    "constant-factor",
    "dlogits",
    "the value uses log2, the gradient belongs to the natural logarithm: it is too small by log(2) = 0.69.",
    symptom="It learns at 0.69 of the learning rate you set, and the loss reads 1.44 times too high.",
)
def value_in_bits():
    def op(logits, *, target):
        value = -np.sum(one_hot(logits, target) * np.log2(softmax(logits))) / len(logits)
        return value, lambda dout: (errors(logits, target) * dout / len(logits),)

    return op


@softmax_cross_entropy.wrong_op(
    "not-finite",
    "dlogits",
    "log(softmax) takes the logarithm of a probability rounded to 0; use logits - logsumexp(logits).",
    symptom="The loss is infinite or NaN as soon as an example is badly wrong.",
)
def logarithm_of_softmax():
    def op(logits, *, target):
        value = -np.mean(np.log(softmax(logits)[np.arange(len(logits)), target]))
        return value, lambda dout: (errors(logits, target) * dout / len(logits),)

    return op


@softmax_cross_entropy.wrong_op(
    "not-finite",
    "dlogits",
    "exp overflows at 710 and infinity / infinity is NaN; subtract the largest logit of each row first.",
    symptom="All goes well until one logit is large; from then on every weight is NaN.",
)
def without_shift():
    def op(logits, *, target):
        e = np.exp(logits)
        p, t = e / e.sum(axis=1, keepdims=True), one_hot(logits, target)
        return -np.sum(t * np.log(p)) / len(p), lambda dout: ((p - t) * dout / len(p),)

    return op


@softmax_cross_entropy.wrong_op(
    "mutates-input",
    "dlogits",
    "logits were overwritten by -=: they belong to the caller; write logits = logits - logits.max(...).",
    symptom="None in training; whoever prints or plots the logits afterwards sees other ones.",
)
def shifted_in_place():
    def op(logits, *, target):
        logits -= logits.max(axis=1, keepdims=True)
        value = forward(logits, target=target)
        return value, lambda dout: (errors(logits, target) * dout / len(logits),)

    return op
