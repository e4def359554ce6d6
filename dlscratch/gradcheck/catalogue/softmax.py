"""softmax and its logarithm over the last axis: every output depends on every input of its row."""

import numpy as np

from .entry import Operation


def forward(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def draw(rng, n, D, M):
    return (rng.normal(size=(n, D)),), {}


def draw_square(rng, n, D, M):
    """As many rows as columns: a sum without keepdims then fits the wrong way round."""
    return draw(rng, n, n, M)


def extreme():
    """Rows far apart: the largest entry of the whole array would not do for all of them."""
    return (np.array([[1000.0, 999.0, -1000.0], [-1000.0, -1001.0, -1002.0]]),), {}


softmax = Operation("softmax", "exp(x) / sum(exp(x))", forward, draw, look="chapter 06", extreme=extreme)


@softmax.wrong(
    "diagonal-only",
    "dx",
    "p (1 - p) is only the diagonal of the Jacobian: each output of a row depends on all its inputs.",
    symptom="The logit of the right class grows and nothing holds the others: accuracy stays at chance.",
)
def diagonal_only(x, dout):
    p = forward(x)
    return (dout * p * (1 - p),)


@softmax.wrong(
    "zeros",
    "dx",
    "dx is 0: dout was replaced by ones, and rows of softmax always sum to 1, so that gradient vanishes.",
    symptom="Nothing below the softmax learns; a check with dout = 1 does not see it.",
)
def zero_for_ones(x, dout):
    p = forward(x)
    return (p * (1 - p.sum(axis=-1, keepdims=True)) * dout,)


@softmax.wrong(
    "upstream-ignored",
    "dx",
    "dout is not used: p (1 - p) is a local derivative, and not even the whole one.",
    symptom="All logits are pushed down, whatever the error: the loss rises.",
)
def without_dout(x, dout):
    p = forward(x)
    return (p * (1 - p),)


@softmax.wrong(
    "term-missing",
    "dx",
    "the term -p sum(dout p), which comes from the denominator, is missing.",
    symptom="Each class grows when it is the label and never falls: the loss rises, accuracy stays at chance.",
)
def denominator_as_constant(x, dout):
    return (forward(x) * dout,)


@softmax.wrong(
    "term-missing",
    "dx",
    "the factor p in front is missing: dx = p (dout - sum(dout p)).",
    symptom="After -log p the steps are 1/p for all classes: the loss explodes.",
)
def factor_in_front_lost(x, dout):
    return (dout - (dout * forward(x)).sum(axis=-1, keepdims=True),)


@softmax.wrong(
    "term-missing",
    "dx",
    "the factor p inside the sum is missing: dx = p (dout - sum(dout p)).",
    symptom="After -log p the steps are 1/p for all classes: the loss explodes.",
)
def factor_in_sum_lost(x, dout):
    return (forward(x) * (dout - dout.sum(axis=-1, keepdims=True)),)


@softmax.wrong(
    "sign",
    "dx",
    "the second term has the wrong sign: dx = p (dout - sum(dout p)), with a minus.",
    symptom="The logits of a row rise together instead of competing: the loss explodes.",
)
def second_term_added(x, dout):
    p = forward(x)
    return (p * (dout + (dout * p).sum(axis=-1, keepdims=True)),)


@softmax.wrong(
    "over-m",
    "dx",
    "sum(dout p) is taken as a mean over the classes; it must be the sum, as p is already a weight.",
    symptom="The second term nearly vanishes when there are many classes: accuracy stays at chance.",
)
def mean_for_sum(x, dout):
    p = forward(x)
    return (p * (dout - (dout * p).mean(axis=-1, keepdims=True)),)


@softmax.wrong(
    "wrong-axis",
    "dx",
    "sum(dout p) runs over the batch (axis 0); it must run over the classes, axis -1.",
    symptom="The gradient of one example depends on the others: the loss does not fall.",
)
def summed_over_batch(x, dout):
    p = forward(x)
    return (p * (dout - (dout * p).sum(axis=0)),)


@softmax.wrong(
    "wrong-axis",
    "dx",
    "sum(dout p) runs over the whole array; it must run over each row, axis=-1, keepdims=True.",
    symptom="Right for a batch of one; with larger ones the loss rises at once.",
)
def summed_over_all(x, dout):
    p = forward(x)
    return (p * (dout - (dout * p).sum()),)


@softmax.wrong(
    "keepdims",
    "dx",
    "keepdims=True is missing: the sums of the rows stand along the columns.",
    symptom="An error, except where n = D: there each example gets the sums of the others.",
    draw=draw_square,
)
def without_keepdims(x, dout):
    p = forward(x)
    return (p * (dout - (dout * p).sum(axis=-1)),)


@softmax.wrong(
    "local-derivative-missing",
    "dx",
    "dout is passed on as it is: that is right only where the loss has already gone back through the softmax.",
    symptom="After -log p the steps are 1/p: the loss explodes as soon as an example is badly wrong.",
)
def passed_on(x, dout):
    return (dout,)


@softmax.wrong(
    "upstream-wrong",
    "dx",
    "p - dout takes dout for the targets: p - t is the gradient of softmax and cross-entropy together.",
    symptom="The loss explodes: dout is no target, and can be of any size.",
)
def dout_for_targets(x, dout):
    return (forward(x) - dout,)


@softmax.wrong(
    "wrong-point",
    "dx",
    "the formula is used with the input x; it needs the output p: p (dout - sum(dout p)).",
    symptom="Gradients grow with the logits: the loss explodes within a few steps.",
)
def of_the_input(x, dout):
    return (x * (dout - (dout * x).sum(axis=-1, keepdims=True)),)


@softmax.wrong(
    "first-example-only",
    "dx",
    "the Jacobian of the first example is used for all of them; every row has its own.",
    symptom="Right for a batch of one; otherwise the loss falls less far, and rises again.",
)
def jacobian_of_first(x, dout):
    p = forward(x)[0]
    return (dout @ (np.diag(p) - np.outer(p, p)),)


@softmax.wrong_op(
    "not-finite",
    "dx",
    "exp overflows at 710 and infinity / infinity is NaN; subtract the largest entry of each row first.",
    symptom="All goes well until one logit is large; from then on every weight is NaN.",
)
def without_shift():
    def op(x):
        p = np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)
        return p, lambda dout: (p * (dout - (dout * p).sum(axis=-1, keepdims=True)),)

    return op


@softmax.wrong_op(
    "not-finite",
    "dx",
    "the shift is the largest entry of the whole array: a row far below it becomes 0 / 0; shift each row by its own.",
    symptom="NaN only when two examples of a batch lie far apart, which makes it hard to find.",
)
def shifted_by_one_number():
    def op(x):
        e = np.exp(x - x.max())
        p = e / e.sum(axis=-1, keepdims=True)
        return p, lambda dout: (p * (dout - (dout * p).sum(axis=-1, keepdims=True)),)

    return op


@softmax.wrong_op(
    "mutates-input",
    "dx",
    "x was overwritten by -=: the logits belong to the caller; write x = x - x.max(...), which makes a new array.",
    symptom="None in training; whoever prints or plots the logits afterwards sees other ones.",
)
def shifted_in_place():
    def op(x):
        x -= x.max(axis=-1, keepdims=True)
        p = np.exp(x) / np.exp(x).sum(axis=-1, keepdims=True)
        return p, lambda dout: (p * (dout - (dout * p).sum(axis=-1, keepdims=True)),)

    return op


# ---- its logarithm -----------------------------------------------------------------------------------


def log_forward(x):
    shifted = x - x.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


log_softmax = Operation("log_softmax", "log(softmax(x))", log_forward, draw, look="chapter 06", extreme=extreme)


@log_softmax.wrong(
    "term-missing",
    "dx",
    "the term -p sum(dout), which comes from the denominator, is missing.",
    symptom="Each class grows when it is the label and never falls: the loss rises, accuracy stays at chance.",
)
def log_denominator_lost(x, dout):
    return (dout,)


@log_softmax.wrong(
    "upstream-wrong",
    "dx",
    "p must be multiplied by the sum of dout over the row: dx = dout - p sum(dout).",
    symptom="After -log p each row of dout sums to -1, or -1/n, and not to 1: the loss rises at once.",
)
def sum_of_dout_lost(x, dout):
    return (dout - forward(x),)


@log_softmax.wrong(
    "local-derivative-missing",
    "dx",
    "this is the way back through softmax: the derivative of the logarithm, 1 / p, is missing.",
    symptom="Examples that are badly wrong get almost no gradient: training crawls.",
)
def without_logarithm(x, dout):
    p = forward(x)
    return (p * (dout - (dout * p).sum(axis=-1, keepdims=True)),)


@log_softmax.wrong(
    "sign",
    "dx",
    "the second term has the wrong sign: dx = dout - p sum(dout), with a minus.",
    symptom="All logits of a row rise together: the loss rises without end.",
)
def log_second_term_added(x, dout):
    return (dout + forward(x) * dout.sum(axis=-1, keepdims=True),)


@log_softmax.wrong(
    "wrong-point",
    "dx",
    "log p stands where p belongs: dx = dout - p sum(dout), and p is exp(out).",
    symptom="Gradients grow without bound for unlikely classes: the loss explodes.",
)
def logarithm_for_p(x, dout):
    return (dout - log_forward(x) * dout.sum(axis=-1, keepdims=True),)


@log_softmax.wrong(
    "wrong-axis",
    "dx",
    "dout is summed over the batch (axis 0); it must be summed over the classes, axis -1.",
    symptom="The gradient of one example depends on the others: the loss does not fall.",
)
def log_summed_over_batch(x, dout):
    return (dout - forward(x) * dout.sum(axis=0),)


@log_softmax.wrong(
    "diagonal-only",
    "dx",
    "1 - p is only the diagonal of the Jacobian: each output of a row depends on all its inputs.",
    symptom="The logit of the right class grows and nothing holds the others: accuracy stays at chance.",
)
def log_diagonal_only(x, dout):
    return (dout * (1 - forward(x)),)


@log_softmax.wrong_op(
    "not-finite",
    "dx",
    "log(softmax(x)) takes the logarithm of a probability rounded to 0; use x - max - log(sum(exp(x - max))).",
    symptom="The loss is infinite as soon as an example is badly wrong.",
)
def logarithm_of_softmax():
    def op(x):
        p = forward(x)
        return np.log(p), lambda dout: (dout - p * dout.sum(axis=-1, keepdims=True),)

    return op
