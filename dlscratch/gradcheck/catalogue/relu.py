"""max(x, 0) and its leaky sister: the way back is a mask, and a mask has two sides."""

import numpy as np

from .entry import Operation


def forward(x):
    return np.maximum(x, 0)


def draw(rng, n, D, M):
    return (rng.normal(size=(n, D)),), {}


def draw_square(rng, n, D, M):
    return draw(rng, n, n, M)


def draw_with_zeros(rng, n, D, M):
    x = rng.normal(size=(n, D))
    x[::2] = 0.0
    return (x,), {}


def draw_with_infinity(rng, n, D, M):
    """As where attention has been masked, or a logarithm taken of 0."""
    x = rng.normal(size=(n, D))
    x[0] = -np.inf
    return (x,), {}


relu = Operation("relu", "max(x, 0)", forward, draw, look="chapter 05")


@relu.wrong(
    "mask-missing",
    "dx",
    "the mask `out >= 0` is true everywhere, as out is never negative; it must be x > 0.",
    symptom="It learns, and ends worse: in one published framework at 75 % on MNIST instead of 93 %.",
)
def mask_of_output(x, dout):
    return (dout * (forward(x) >= 0),)


@relu.wrong(
    "mask-missing",
    "dx",
    "np.sign(x) is -1 where x < 0: it is the slope of |x|; below 0 the slope of ReLU is 0.",
    symptom="It learns, more slowly: units that are off are moved the wrong way.",
)
def sign_of_input(x, dout):
    return (dout * np.sign(x),)


@relu.wrong(
    "mask-from-dout",
    "dx",
    "the mask is taken from dout; it must be taken from the input: x > 0.",
    symptom="Only positive gradients pass, so everything below is pushed down until the units are dead.",
)
def mask_of_dout(x, dout):
    return (np.maximum(dout, 0),)


@relu.wrong(
    "mask-inverted",
    "dx",
    "the mask is inverted: what was blocked passes, and what passed is blocked; it must be x > 0.",
    symptom="The layers below learn only from examples to which the unit did not respond.",
)
def mask_inverted(x, dout):
    dx = dout.copy()
    dx[x > 0] = 0
    return (dx,)


@relu.wrong(
    "upstream-ignored",
    "dx",
    "dout is not used: the mask is the local derivative, and it must be multiplied by dout.",
    symptom="The layers below are pushed down whatever the error, until the units are dead.",
)
def without_dout(x, dout):
    return ((x > 0).astype(float),)


@relu.wrong(
    "local-derivative-missing",
    "dx",
    "dout is multiplied by max(x, 0), the value; it must be multiplied by the slope, which is 1 or 0.",
    symptom="The loss hardly falls: units that respond strongly are moved most, the others barely.",
)
def times_value(x, dout):
    return (dout * forward(x),)


@relu.wrong(
    "transposed",
    "dx",
    "the mask is transposed: the entries of one example are let through by those of another.",
    symptom="An error, except where n = D: there it learns, much more slowly.",
    draw=draw_square,
)
def mask_transposed(x, dout):
    return (dout * (x > 0).T,)


@relu.wrong(
    "zeros",
    "dx",
    "dx stays 0: dx[mask][...] = writes to a copy of dx; it must be dx[mask] = dout[mask].",
    symptom="Only the layers above the ReLU learn.",
)
def written_to_a_copy(x, dout):
    dx = np.zeros_like(x)
    dx[x > 0][...] = dout[x > 0]
    return (dx,)


@relu.wrong(
    "wrong-dtype",
    "dx",
    "dx is an array of integers, which cuts off the fractions; make it with np.zeros_like(x).",
    symptom="Gradients below 1 become 0: nothing under this layer learns.",
)
def as_integers(x, dout):
    dx = np.zeros(x.shape, dtype=int)
    dx[x > 0] = dout[x > 0]
    return (dx,)


@relu.wrong(
    "not-finite",
    "dx",
    "the slope max(x, 0) / x is 0 / 0 at x = 0; compare instead of dividing: x > 0.",
    symptom="NaN as soon as an input is exactly 0, for instance with a bias of 0 and a black image.",
    draw=draw_with_zeros,
)
def value_over_input(x, dout):
    with np.errstate(invalid="ignore"):
        return (dout * forward(x) / x,)


@relu.wrong_op(
    "not-finite",
    "dx",
    "x * (x > 0) is -infinity times 0, NaN, at -infinity; np.maximum(x, 0) is 0 there.",
    symptom="None, until a mask or a logarithm puts -infinity into x; from then on everything is NaN.",
    draw=draw_with_infinity,
)
def times_mask():
    def op(x):
        with np.errstate(invalid="ignore"):
            return x * (x > 0), lambda dout: (dout * (x > 0),)

    return op


@relu.wrong(
    "returns-none",
    "dx",
    "the way back returns None: `return` is missing.",
    symptom="The layer below crashes on None.",
)
def return_forgotten(x, dout):
    dout * (x > 0)  # noqa: B018


@relu.wrong_op(
    "mutates-dout",
    "dout",
    "dout was overwritten: it belongs to the caller, who may pass it on to another branch; write dout * (x > 0).",
    symptom="None in a plain chain of layers; in relu(x) + x the other branch loses its gradient.",
)
def dout_in_place():
    def op(x):
        def pullback(dout):
            dout[x <= 0] = 0
            return (dout,)

        return np.maximum(x, 0), pullback

    return op


@relu.wrong_op(
    "mutates-input",
    "dx",
    "x was overwritten: it is the output of the layer below, which may still need it; use np.maximum(x, 0).",
    symptom="None in a plain chain of layers; whoever else reads x gets max(x, 0).",
)
def input_in_place():
    def op(x):
        x[x < 0] = 0
        return x, lambda dout: (dout * (x > 0),)

    return op


@relu.wrong_op(
    "stale-cache",
    "dx",
    "the mask is made once for every shape and kept; each forward has its own mask.",
    symptom="The first batch is right, all later ones are masked by it: it learns slowly and ends far worse.",
)
def mask_kept():
    masks = {}

    def op(x):
        mask = masks.setdefault(x.shape, x > 0)
        return np.maximum(x, 0), lambda dout: (dout * mask,)

    return op


# ---- leaky -------------------------------------------------------------------------------------------


def leaky_forward(x, *, slope=0.01):
    return np.where(x > 0, x, slope * x)


def draw_leaky(rng, n, D, M):
    return (rng.normal(size=(n, D)),), {"slope": 0.1}


leaky_relu = Operation("leaky_relu", "x, or slope x below 0", leaky_forward, draw_leaky, look="chapter 05")


@leaky_relu.wrong(
    "term-missing",
    "dx",
    "the gradient below 0 is lost: there it is slope * dout, not 0.",
    symptom="Units die as with a plain ReLU, which the leak should prevent.",
)
def leak_lost(x, dout, slope=0.01):
    return (dout * (x > 0),)


@leaky_relu.wrong(
    "mask-missing",
    "dx",
    "dout is passed on everywhere; below 0 it must be multiplied by slope.",
    symptom="Hardly any: units that are off take steps as large as the others.",
)
def leak_everywhere(x, dout, slope=0.01):
    return (dout,)


@leaky_relu.wrong(
    "mask-inverted",
    "dx",
    "the two sides are exchanged: above 0 the slope is 1, below 0 it is `slope`.",
    symptom="The layers below learn mostly from examples to which the unit did not respond: far more slowly.",
)
def sides_exchanged(x, dout, slope=0.01):
    return (np.where(x > 0, slope * dout, dout),)


@leaky_relu.wrong(
    "upstream-ignored",
    "dx",
    "below 0 the slope stands alone; it must be multiplied by dout.",
    symptom="Units that are off are pushed down further, whatever the error: the loss explodes.",
)
def leak_without_dout(x, dout, slope=0.01):
    return (np.where(x > 0, dout, slope),)


@leaky_relu.wrong(
    "upstream-ignored",
    "dx",
    "dout is not used: 1 and slope are the local derivative, and must be multiplied by dout.",
    symptom="The layers below are pushed down, whatever the error: the loss explodes.",
)
def leaky_without_dout(x, dout, slope=0.01):
    return (np.where(x > 0, 1.0, slope),)


@leaky_relu.wrong(
    "wrong-parameter",
    "dx",
    "the way back uses 0.01, whatever slope the way forward used; use `slope` in both.",
    symptom="None at the default slope; at others the units that are off learn too slowly or too fast.",
)
def leak_fixed(x, dout, slope=0.01):
    return (np.where(x > 0, dout, 0.01 * dout),)


@leaky_relu.wrong(
    "mask-from-dout",
    "dx",
    "the side is chosen by the sign of dout; it must be chosen by the input: x > 0.",
    symptom="Negative gradients shrink, positive ones pass: everything is pushed down, the loss explodes.",
)
def side_of_dout(x, dout, slope=0.01):
    return (np.where(dout > 0, dout, slope * dout),)


@leaky_relu.wrong(
    "sign",
    "dx",
    "below 0 the sign is wrong: the slope is + slope, as x and slope * x rise together.",
    symptom="Units that are off move the wrong way: it learns, a little more slowly.",
)
def leak_with_minus(x, dout, slope=0.01):
    return (np.where(x > 0, dout, -slope * dout),)


@leaky_relu.wrong_op(
    "mutates-dout",
    "dout",
    "dout was overwritten: it belongs to the caller, who may pass it on to another branch; make a copy.",
    symptom="None in a plain chain of layers; with a skip connection the other branch is wrong.",
)
def leak_in_place():
    def op(x, *, slope=0.01):
        def pullback(dout):
            dout[x <= 0] *= slope
            return (dout,)

        return np.where(x > 0, x, slope * x), pullback

    return op
