"""The mean squared error: one 2 and one 1/size, and five ways in the literature to lose them."""

import numpy as np

from .entry import Operation


def forward(prediction, *, target):
    return np.mean((prediction - target) ** 2)


def draw(rng, n, D, M):
    return (rng.normal(size=(n, D)),), {"target": rng.normal(size=(n, D))}


def draw_column_and_row(rng, n, D, M):
    """(n, 1) against (n,): NumPy compares every prediction with every target."""
    return (rng.normal(size=(n, 1)),), {"target": rng.normal(size=n)}


mse = Operation("mse", "mean((prediction - target)^2)", forward, draw, look="chapter 06")


@mse.wrong(
    "times-n",
    "dprediction",
    "neither the 2 nor the 1/size is there: d alone; the gradient of the mean of d^2 is 2 d / size.",
    symptom="Gradients grow with the data: at n = 1000 a learning rate of 0.01 diverges.",
)
def difference_alone(prediction, dout, target):
    return ((prediction - target) * dout,)


@mse.wrong(
    "times-n",
    "dprediction",
    "the 1/size is missing: the gradient of a mean is 2 d / size.",
    symptom="Gradients grow with the data: a learning rate that works for small batches diverges for large ones.",
)
def as_a_sum(prediction, dout, target):
    return (2 * (prediction - target) * dout,)


@mse.wrong(
    "times-m",
    "dprediction",
    "it is divided by the number of rows; the value is the mean over all entries, so divide by all of them.",
    symptom="With one output column nothing shows; with k columns gradients are k times too large.",
)
def by_rows(prediction, dout, target):
    return (2 * (prediction - target) * dout / len(prediction),)


@mse.wrong(
    "half",
    "dprediction",
    "the 2 is missing: the gradient of d^2 is 2 d (without the 2 it belongs to d^2 / 2).",
    symptom="It learns at half the learning rate you set, and nothing else shows.",
)
def two_lost(prediction, dout, target):
    return ((prediction - target) * dout / prediction.size,)


@mse.wrong(
    "sign",
    "dprediction",
    "target - prediction has the wrong sign: the loss rises with the prediction where it is above the target.",
    symptom="The loss climbs from the first step, faster and faster.",
)
def difference_reversed(prediction, dout, target):
    return (2 * (target - prediction) * dout / prediction.size,)


@mse.wrong(
    "upstream-ignored",
    "dprediction",
    "dout is not used; as a last step dout is 1 and nothing shows, but a scaled or added loss is then wrong.",
    symptom="None, until the loss is one of several terms or is multiplied by a weight: the weight has no effect.",
)
def without_dout(prediction, dout, target):
    return (2 * (prediction - target) / prediction.size,)


@mse.wrong(
    "over-n",
    "dprediction",
    "the batch is averaged twice: the division by all entries already contains it.",
    symptom="It learns n times too slowly; a larger batch makes it worse.",
)
def averaged_twice(prediction, dout, target):
    d = prediction - target
    return (2 * d * dout / d.size / len(d),)


@mse.wrong(
    "local-derivative-missing",
    "dprediction",
    "the square is not differentiated: 2 d^2 should be 2 d.",
    symptom="The gradient has no sign: predictions only ever fall, and the loss explodes.",
)
def square_kept(prediction, dout, target):
    return (2 * (prediction - target) ** 2 * dout / prediction.size,)


@mse.wrong(
    "local-derivative-missing",
    "dprediction",
    "np.sign(d) is the gradient of the mean absolute error; that of the squared error is 2 d / size.",
    symptom="The loss falls steadily, then jitters at a level set by the learning rate.",
)
def of_absolute_error(prediction, dout, target):
    return (np.sign(prediction - target) * dout / prediction.size,)


@mse.wrong(
    "term-missing",
    "dprediction",
    "the target is missing: this is the gradient of mean(prediction^2).",
    symptom="Predictions shrink to 0, whatever the targets.",
)
def target_lost(prediction, dout, target):
    return (2 * prediction * dout / prediction.size,)


@mse.wrong(
    "wrong-shape",
    "dprediction",
    "the gradient is averaged to one number; the loss is a mean, but every prediction has its own gradient.",
    symptom="An error at the next step back; where it is broadcast, the net learns the mean target and no more.",
)
def gradient_averaged(prediction, dout, target):
    return (np.mean(2 * (prediction - target)) * dout,)


@mse.wrong(
    "not-summed",
    "dprediction",
    "(n, 1) against (n,) makes (n, n): every prediction is compared with every target; give both one shape.",
    symptom="No error where only the value is used: the loss is too large, and its best prediction is the mean.",
    draw=draw_column_and_row,
)
def column_against_row(prediction, dout, target):
    d = prediction - target
    return (2 * d * dout / d.size,)


@mse.wrong_op(
    "mutates-input",
    "dprediction",
    "prediction was overwritten by -=: it belongs to the caller; write d = prediction - target.",
    symptom="None in training; whoever reads the predictions afterwards finds the errors in their place.",
)
def subtracted_in_place():
    def op(prediction, *, target):
        prediction -= target
        d = prediction
        return np.mean(d**2), lambda dout: (2 * d * dout / d.size,)

    return op
