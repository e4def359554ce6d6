"""The hyperbolic tangent: its slope is 1 - tanh(x)^2, and each sign of that can slip."""

import numpy as np

from .entry import Operation


def forward(x):
    return np.tanh(x)


def draw(rng, n, D, M):
    return (rng.normal(size=(n, D)),), {}


def extreme():
    return (np.array([-1000.0, -40.0, 0.0, 40.0, 1000.0]),), {}


tanh = Operation("tanh", "tanh(x)", forward, draw, look="chapter 05", extreme=extreme)


@tanh.wrong(
    "upstream-ignored",
    "dx",
    "dout is not used: 1 - t^2 is the local derivative, and it must be multiplied by dout.",
    symptom="The layers below are pushed down whatever the error; a check with dout = 1 does not see it.",
)
def without_dout(x, dout):
    return (1 - np.tanh(x) ** 2,)


@tanh.wrong(
    "local-derivative-missing",
    "dx",
    "dout is passed on as it is; it must be multiplied by 1 - t^2.",
    symptom="It learns, and settles a little higher: saturated units, whose gradient should be 0, keep moving.",
)
def passed_on(x, dout):
    return (dout,)


@tanh.wrong(
    "wrong-point",
    "dx",
    "1 - x^2 is taken at the input; the slope is 1 - t^2 with t = tanh(x), the output.",
    symptom="Beyond |x| = 1 the gradient has the wrong sign and grows: the loss explodes.",
)
def of_the_input(x, dout):
    return (dout * (1 - x**2),)


@tanh.wrong(
    "wrong-point",
    "dx",
    "tanh is applied twice: its derivative is taken at the output instead of the input.",
    symptom="Hardly any in a shallow net: saturated units pass on 0.4 of dout instead of nothing.",
)
def of_the_output(x, dout):
    return (dout * (1 - np.tanh(np.tanh(x)) ** 2),)


@tanh.wrong(
    "term-missing",
    "dx",
    "1 - t lacks the factor 1 + t: the slope is 1 - t^2, with the square.",
    symptom="Units at -1 get twice dout instead of nothing: it settles far too high.",
)
def square_lost(x, dout):
    return (dout * (1 - np.tanh(x)),)


@tanh.wrong(
    "wrong-point",
    "dx",
    "(1 - t)^2 squares too much: the slope is 1 - t^2.",
    symptom="Units at -1 get four times dout instead of nothing: it settles far too high.",
)
def square_of_all(x, dout):
    return (dout * (1 - np.tanh(x)) ** 2,)


@tanh.wrong(
    "another-derivative",
    "dx",
    "t (1 - t) is the derivative of the sigmoid; that of tanh is 1 - t^2.",
    symptom="Units below 0 get a gradient of the wrong sign: it learns slowly and ends worse.",
)
def of_sigmoid(x, dout):
    t = np.tanh(x)
    return (dout * t * (1 - t),)


@tanh.wrong(
    "sign",
    "dx",
    "the sign is wrong: the slope is 1 - t^2, not t^2 - 1; tanh rises everywhere.",
    symptom="The layers below climb the loss while those above descend.",
)
def difference_reversed(x, dout):
    return (dout * (np.tanh(x) ** 2 - 1),)


@tanh.wrong(
    "upstream-wrong",
    "dx",
    "parentheses are missing: dout * 1 - t^2 subtracts t^2 from dout; it must be dout * (1 - t^2).",
    symptom="Every unit is pushed up, whatever the error: the outputs saturate near 1.",
)
def without_parentheses(x, dout):
    return (dout * 1 - np.tanh(x) ** 2,)


@tanh.wrong(
    "half",
    "dx",
    "written as 2 s(2x) - 1, the inner factor 2 is lost: the slope is 4 s (1 - s).",
    symptom="The layers below learn at half the rate; with several such layers the factor multiplies.",
)
def inner_two_lost(x, dout):
    s = 1 / (1 + np.exp(-2 * x))
    return (dout * 2 * s * (1 - s),)


@tanh.wrong_op(
    "not-finite",
    "dx",
    "exp(x) overflows and infinity / infinity is NaN; use np.tanh, or exp(-2 |x|), which never overflows.",
    symptom="All goes well until one input is large; from then on every weight is NaN.",
)
def quotient_of_exps():
    def op(x):
        t = (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))
        return t, lambda dout: (dout * (1 - t**2),)

    return op


@tanh.wrong_op(
    "mutates-input",
    "dx",
    "x was overwritten: it is the output of the layer below, which may still need it; make a new array.",
    symptom="None in a plain chain of layers; whoever else reads x gets tanh(x).",
)
def tanh_in_place():
    def op(x):
        t = np.tanh(x, out=x)
        return t, lambda dout: (dout * (1 - t**2),)

    return op


@tanh.wrong_op(
    "mutates-dout",
    "dout",
    "dout was overwritten: it belongs to the caller, who may pass it on to another branch; write dout * ...",
    symptom="None in a plain chain of layers; with a skip connection the other branch gets a gradient too small.",
)
def dout_in_place():
    def op(x):
        t = np.tanh(x)

        def pullback(dout):
            dout *= 1 - t**2
            return (dout,)

        return t, pullback

    return op
