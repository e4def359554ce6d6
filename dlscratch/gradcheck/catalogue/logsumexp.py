"""log(sum(exp(x))): its gradient is a softmax, and its overflow is the classic one."""

import numpy as np

from .entry import Operation
from .softmax import draw, draw_square, extreme


def forward(x, *, axis=-1):
    top = x.max(axis=axis, keepdims=True)
    return np.squeeze(np.log(np.exp(x - top).sum(axis=axis, keepdims=True)) + top, axis=axis)


def softmax(x, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


logsumexp = Operation("logsumexp", "log(sum(exp(x)))", forward, draw, look="chapter 06", extreme=extreme)


@logsumexp.wrong(
    "upstream-ignored",
    "dx",
    "dout is not used: softmax(x) is the local derivative, and it must be multiplied by dout.",
    symptom="After a mean over the batch it is n times too large: the loss jumps and stays high.",
)
def without_dout(x, dout, axis=-1):
    return (softmax(x, axis),)


@logsumexp.wrong(
    "local-derivative-missing",
    "dx",
    "the derivative of the logarithm, 1 / sum(exp(x)), is missing: exp(x) must be divided by the sum.",
    symptom="It learns, more slowly: in a cross-entropy exp(x) itself is fitted to the targets.",
)
def logarithm_not_passed(x, dout, axis=-1):
    return (np.expand_dims(dout, axis) * np.exp(x),)


@logsumexp.wrong(
    "local-derivative-missing",
    "dx",
    "the derivative of exp, exp(x) itself, is missing: 1 / sum(exp(x)) must be multiplied by it.",
    symptom="All classes are pushed down alike: none is held back more than another, and the loss rises.",
)
def exp_not_passed(x, dout, axis=-1):
    return (np.expand_dims(dout, axis) / np.exp(x).sum(axis=axis, keepdims=True) * np.ones_like(x),)


@logsumexp.wrong(
    "local-derivative-missing",
    "dx",
    "dout is copied to every entry, as in a plain sum; each entry's share is softmax(x).",
    symptom="All classes are pushed down alike: none is held back more than another, and the loss rises.",
)
def as_a_sum(x, dout, axis=-1):
    return (np.expand_dims(dout, axis) * np.ones_like(x),)


@logsumexp.wrong(
    "wrong-point",
    "dx",
    "exp(x) is divided by the output, log(sum(exp(x))); it must be divided by sum(exp(x)).",
    symptom="Gradients are far too large, and turn round where the output is negative.",
)
def divided_by_logarithm(x, dout, axis=-1):
    return (np.expand_dims(dout / forward(x, axis=axis), axis) * np.exp(x),)


@logsumexp.wrong(
    "wrong-point",
    "dx",
    "exp(x - max) is divided by exp(out), which is not shifted; shift both or neither: exp(x - out).",
    symptom="Gradients shrink by exp(max) of their row: nothing holds the classes back, and the loss rises.",
)
def shifted_on_one_side(x, dout, axis=-1):
    e = np.exp(x - x.max(axis=axis, keepdims=True))
    return (np.expand_dims(dout / np.exp(forward(x, axis=axis)), axis) * e,)


@logsumexp.wrong(
    "term-missing",
    "dx",
    "only the largest entry gets the gradient, as of a maximum; every entry gets its share, softmax(x).",
    symptom="Only the strongest rival is pushed down: accuracy is good, yet the loss stays high.",
)
def as_a_maximum(x, dout, axis=-1):
    return (np.expand_dims(dout, axis) * (x == x.max(axis=axis, keepdims=True)),)


@logsumexp.wrong(
    "wrong-axis",
    "dx",
    "softmax runs over the batch (axis 0) on the way back; it must run over the axis that was summed.",
    symptom="The gradient of one example depends on the others of the batch: the loss rises.",
)
def softmax_over_batch(x, dout, axis=-1):
    return (np.expand_dims(dout, axis) * softmax(x, axis=0),)


@logsumexp.wrong(
    "keepdims",
    "dx",
    "the axis that was summed away is not put back, so dout lies along the wrong one: np.expand_dims(dout, axis).",
    symptom="An error, except where x is square: there the examples exchange their gradients.",
    draw=draw_square,
)
def axis_not_put_back(x, dout, axis=-1):
    return (dout * softmax(x, axis),)


@logsumexp.wrong(
    "wrong-shape",
    "dx",
    "dout is returned as it is, as the shares of a row sum to 1; every entry of x gets its own share.",
    symptom="An error further down, or a silent broadcast along the wrong axis.",
)
def not_spread(x, dout, axis=-1):
    return (dout,)


@logsumexp.wrong_op(
    "not-finite",
    "dx",
    "exp overflows at 710: log(infinity); subtract the maximum first and add it again at the end.",
    symptom="The loss is infinite as soon as one logit is large; from then on every weight is NaN.",
)
def without_shift():
    def op(x, *, axis=-1):
        e = np.exp(x)
        total = e.sum(axis=axis, keepdims=True)
        return np.log(total).squeeze(axis), lambda dout: (np.expand_dims(dout, axis) * e / total,)

    return op


@logsumexp.wrong_op(
    "not-finite",
    "dx",
    "the shift is the largest entry of the whole array: a row far below it becomes log(0); shift each row by its own.",
    symptom="Infinite only when two examples of a batch lie far apart, which makes it hard to find.",
)
def shifted_by_one_number():
    def op(x, *, axis=-1):
        e = np.exp(x - x.max())
        total = e.sum(axis=axis, keepdims=True)
        return (np.log(total) + x.max()).squeeze(axis), lambda dout: (np.expand_dims(dout, axis) * e / total,)

    return op


@logsumexp.wrong_op(
    "mutates-input",
    "dx",
    "x was overwritten by -=: it belongs to the caller; write x - top, which makes a new array.",
    symptom="It learns, but a loss that still needs x, as lse(x) - x[label] does, reports wrong values.",
)
def shifted_in_place():
    def op(x, *, axis=-1):
        top = x.max(axis=axis, keepdims=True)
        x -= top
        total = np.exp(x).sum(axis=axis, keepdims=True)
        out = (np.log(total) + top).squeeze(axis)
        return out, lambda dout: (np.expand_dims(dout, axis) * np.exp(x) / total,)

    return op
