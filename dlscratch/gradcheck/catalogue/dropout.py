"""x * mask: switching units off, and the ways in which the way back forgets which ones."""

import numpy as np

from .entry import Operation

KEPT = 0.6


def forward(x, *, mask):
    return x * mask


def draw(rng, n, D, M):
    mask = (rng.random((n, D)) < KEPT) / KEPT
    mask.flat[0], mask.flat[-1] = 0, 1 / KEPT  # at least one dropped and one kept
    return (rng.normal(size=(n, D)),), {"mask": mask}


dropout = Operation("dropout", "x * mask", forward, draw, look="chapter 12")


@dropout.wrong(
    "mask-missing",
    "dx",
    "dout is passed on as it is: what was dropped must get 0, what was kept the scale 1 / (1 - p).",
    symptom="Units learn from outputs they had no part in: with ReLU the loss stays much higher; tanh hides it.",
)
def mask_forgotten(x, dout, mask):
    return (dout,)


@dropout.wrong(
    "mask-missing",
    "dx",
    "dout is scaled by 1 / (1 - p), but dropped units get a gradient too: multiply by the mask.",
    symptom="Units learn from outputs they had no part in: with ReLU the loss stalls or explodes; tanh hides it.",
)
def scaled_everywhere(x, dout, mask):
    return (dout * mask.max(),)


@dropout.wrong(
    "constant-factor",
    "dx",
    "the scale 1 / (1 - p) is missing on the way back: what forward multiplies by, backward multiplies by.",
    symptom="All layers below learn too slowly, by 1 - p for every dropout layer above them.",
)
def scale_forgotten(x, dout, mask):
    return (dout * (mask > 0),)


@dropout.wrong(
    "constant-factor",
    "dx",
    "the scale 1 / (1 - p) is applied twice: the mask holds it already.",
    symptom="The layers below take steps 1 / (1 - p) times too long, and more so below several dropout layers.",
)
def scaled_twice(x, dout, mask):
    return (dout * mask * mask,)


@dropout.wrong(
    "mask-inverted",
    "dx",
    "the mask is inverted: dropped units get the gradient, kept ones get 0.",
    symptom="The units that acted are never told what to change: with ReLU the loss explodes; tanh half hides it.",
)
def mask_inverted(x, dout, mask):
    return (dout * (mask == 0) * mask.max(),)


@dropout.wrong(
    "mask-from-dout",
    "dx",
    "the mask is taken from dout (positive entries); it is the one that forward used.",
    symptom="The layers below are only ever told to lower their outputs: ReLUs die, the loss stays that of guessing.",
)
def mask_of_dout(x, dout, mask):
    return (dout * (dout > 0) * mask.max(),)


@dropout.wrong(
    "wrong-point",
    "dx",
    "the mask is guessed from the output (out > 0, as for ReLU): kept units with a negative value are blocked too.",
    symptom="After a ReLU nothing shows; after tanh or a linear layer units learn only while they are positive.",
)
def mask_of_output(x, dout, mask):
    return (dout * (x * mask > 0) * mask.max(),)


@dropout.wrong(
    "upstream-ignored",
    "dx",
    "the mask is returned without dout: it is the local derivative alone.",
    symptom="The layers below are pushed down whatever the loss says: ReLUs die, the loss stays that of guessing.",
)
def mask_alone(x, dout, mask):
    return (mask,)


@dropout.wrong(
    "wrong-parameter",
    "dx",
    "this is the gradient of the mask, dout * x; the mask is a constant, and x gets dout * mask.",
    symptom="The layers below are changed the more, the larger their output: with ReLU the loss explodes.",
)
def gradient_of_the_mask(x, dout, mask):
    return (dout * x,)


@dropout.wrong_op(
    "mutates-dout",
    "dout",
    "the mask is multiplied into dout itself: that array belongs to the caller.",
    symptom="Nothing shows in a plain stack of layers; beside a skip connection the other branch is masked as well.",
)
def mask_in_place():
    def op(x, *, mask):
        def pullback(dout):
            dout *= mask
            return (dout,)

        return x * mask, pullback

    return op


@dropout.wrong_op(
    "mutates-input",
    "dx",
    "forward sets dropped entries of x itself to 0 (x *= mask); make a new array.",
    symptom="Whoever uses x afterwards, a skip connection or the next epoch, gets the masked values.",
)
def input_masked_in_place():
    def op(x, *, mask):
        x *= mask
        return x, lambda dout: (dout * mask,)

    return op


@dropout.wrong_op(
    "stale-cache",
    "dx",
    "backward draws a mask of its own; it must use the one that forward used.",
    symptom="Gradients reach units that were off: with ReLU the loss falls slowly and unsteadily; tanh hides it.",
)
def mask_drawn_again():
    rng = np.random.default_rng(1)

    def op(x, *, mask):
        return x * mask, lambda dout: (dout * (rng.random(x.shape) < KEPT) / KEPT,)

    return op
