"""1 / (1 + exp(-x)): a short formula, easily taken at the wrong place."""

import numpy as np

from .entry import Operation


def forward(x):
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e)


def draw(rng, n, D, M):
    return (rng.normal(size=(n, D)),), {}


def extreme():
    return (np.array([-1000.0, -40.0, 0.0, 40.0, 1000.0]),), {}


sigmoid = Operation("sigmoid", "1 / (1 + exp(-x))", forward, draw, look="chapter 05", extreme=extreme)


@sigmoid.wrong(
    "wrong-point",
    "dx",
    "s (1 - s) is taken with x in the place of s; s is the output, the sigmoid of x.",
    symptom="The slope grows without bound for large |x| and turns negative: the loss explodes.",
)
def of_the_input(x, dout):
    return (dout * x * (1 - x),)


@sigmoid.wrong(
    "wrong-point",
    "dx",
    "the sigmoid is applied twice: its derivative is taken at the output instead of the input.",
    symptom="Saturated units pass on a slope of 0.2 instead of 0: it learns, and settles higher.",
)
def of_the_output(x, dout):
    s = forward(forward(x))
    return (dout * s * (1 - s),)


@sigmoid.wrong(
    "wrong-point",
    "dx",
    "dout stands in the place of the output: s (1 - s) is taken at dout.",
    symptom="What the unit computed plays no role in its gradient: the layers below learn nothing of use.",
)
def of_dout(x, dout):
    return (dout * (1 - dout),)


@sigmoid.wrong(
    "upstream-ignored",
    "dx",
    "dout is not used: s (1 - s) is the local derivative, and it must be multiplied by dout.",
    symptom="The layers below are pushed down whatever the error; a check with dout = 1 does not see it.",
)
def without_dout(x, dout):
    s = forward(x)
    return (s * (1 - s),)


@sigmoid.wrong(
    "local-derivative-missing",
    "dx",
    "dout is passed on as it is; it must be multiplied by s (1 - s).",
    symptom="Gradients below are four times too large or more, and saturated units still move: it settles higher.",
)
def passed_on(x, dout):
    return (dout,)


@sigmoid.wrong(
    "term-missing",
    "dx",
    "the factor 1 - s is missing: the derivative is s (1 - s).",
    symptom="Units that are on get the largest gradient instead of none: it learns slowly and ends worse.",
)
def only_s(x, dout):
    return (dout * forward(x),)


@sigmoid.wrong(
    "term-missing",
    "dx",
    "exp(-x) / (1 + exp(-x)) is 1 - s alone: the denominator must be squared, which gives s (1 - s).",
    symptom="Units that are off get the largest gradient instead of none, until exp overflows and all is NaN.",
)
def denominator_not_squared(x, dout):
    return (dout * np.exp(-x) / (1 + np.exp(-x)),)


@sigmoid.wrong(
    "sign",
    "dx",
    "the inner derivative of exp(-x), a minus, is lost: the derivative is + exp(-x) / (1 + exp(-x))^2.",
    symptom="The layers below climb the loss while those above descend.",
)
def inner_minus_lost(x, dout):
    return (-dout * np.exp(-x) / (1 + np.exp(-x)) ** 2,)


@sigmoid.wrong(
    "upstream-wrong",
    "dx",
    "parentheses are missing: dout * s * 1 - s subtracts s from dout * s; it must be dout * s * (1 - s).",
    symptom="Every unit is pulled up, whatever the error: the outputs saturate near 1.",
)
def without_parentheses(x, dout):
    s = forward(x)
    return (dout * s * 1 - s,)


@sigmoid.wrong(
    "another-derivative",
    "dx",
    "1 - s^2 is the derivative of tanh; that of the sigmoid is s (1 - s).",
    symptom="Gradients below are too large, most of all for units that are off; training is restless.",
)
def of_tanh(x, dout):
    return (dout * (1 - forward(x) ** 2),)


@sigmoid.wrong(
    "twice",
    "dx",
    "written as (1 + tanh(x / 2)) / 2, the inner factor 1/2 is lost: the slope is (1 - t^2) / 4.",
    symptom="The layers below learn at twice the rate; with several such layers the factor multiplies.",
)
def inner_half_lost(x, dout):
    return (dout * 0.5 * (1 - np.tanh(x / 2) ** 2),)


@sigmoid.wrong(
    "raises",
    "dx",
    "s(1 - s) calls the array s as if it were a function; multiplication is written s * (1 - s).",
    symptom="TypeError: 'numpy.ndarray' object is not callable.",
)
def called(x, dout):
    s = forward(x)
    return (dout * s(1 - s),)


@sigmoid.wrong_op(
    "not-finite",
    "dx",
    "exp(-x) overflows far below 0 and infinity / infinity is NaN; take the slope from the output, s (1 - s).",
    symptom="All goes well until one input is very negative; from then on every weight is NaN.",
)
def slope_by_exp():
    def op(x):
        def pullback(dout):
            return (dout * np.exp(-x) / (1 + np.exp(-x)) ** 2,)

        return 1 / (1 + np.exp(-x)), pullback

    return op


@sigmoid.wrong_op(
    "not-finite",
    "dx",
    "exp(x) / (1 + exp(x)) is infinity / infinity for large x; use exp(-|x|), which never overflows.",
    symptom="All goes well until one input is large; from then on every weight is NaN.",
)
def exp_of_large():
    def op(x):
        s = np.exp(x) / (1 + np.exp(x))
        return s, lambda dout: (dout * s * (1 - s),)

    return op


@sigmoid.wrong_op(
    "mutates-input",
    "dx",
    "x was overwritten: it is the output of the layer below, which may still need it; make a new array.",
    symptom="Whoever reads x afterwards gets exp(-x): a second use of the same value is wrong, without an error.",
)
def exp_in_place():
    def op(x):
        np.exp(np.negative(x, out=x), out=x)
        s = 1 / (1 + x)
        return s, lambda dout: (dout * s * (1 - s),)

    return op


@sigmoid.wrong_op(
    "mutates-dout",
    "dout",
    "dout was overwritten: it belongs to the caller, who may pass it on to another branch; write dout * ...",
    symptom="None in a plain chain of layers; with a skip connection the other branch gets a gradient too small.",
)
def dout_in_place():
    def op(x):
        s = forward(x)

        def pullback(dout):
            dout *= s * (1 - s)
            return (dout,)

        return s, pullback

    return op
