"""The largest of every window: it gets all of the gradient, the others none."""

import numpy as np

from .conv2d import spread, windows
from .entry import Operation


def cut(x, size, stride):
    """Every window, its pixels in one row: (N, C, H', W', size * size)."""
    patches = windows(x, (size, size), stride or size, 0)
    return patches.reshape(*patches.shape[:4], -1)


def put(dpatches, x, size, stride):
    """The way back of `cut`."""
    return spread(dpatches.reshape(*dpatches.shape[:4], size, size), x.shape, stride or size, 0)


def forward(x, *, size, stride=None):
    return cut(x, size, stride).max(axis=-1)


def winner(x, size, stride):
    """1 at the first maximum of every window, 0 elsewhere."""
    patches = cut(x, size, stride)
    return np.arange(size * size) == patches.argmax(axis=-1)[..., None]


def draw(rng, n, D, M):
    return (rng.normal(size=(n, 2, 3, 6)),), {"size": 3}


def overlapping(rng, n, D, M):
    return (rng.normal(size=(n, 2, 3, 4)),), {"size": 2, "stride": 1}


def flat_corner(rng, n, D, M):
    """One window all equal, as after a ReLU."""
    x = rng.normal(size=(n, 2, 3, 6))
    x[0, 0, :3, :3] = 0
    return (x,), {"size": 3}


def odd_sides(rng, n, D, M):
    return (rng.normal(size=(n, 2, 3, 5)),), {"size": 2}


max_pool2d = Operation("max_pool2d", "the largest of every window", forward, draw, look="chapter 11")


@max_pool2d.wrong(
    "ties",
    "dx",
    "every one of several equal maxima gets the whole gradient; one of them must get it.",
    symptom="Of a window of equal values, such as a white patch, all pixels move: size * size times too much.",
    draw=flat_corner,
)
def all_winners(x, dout, size, stride=None):
    patches = cut(x, size, stride)
    equal = patches == patches.max(axis=-1, keepdims=True)
    return (put(dout[..., None] * equal, x, size, stride),)


@max_pool2d.wrong(
    "mask-missing",
    "dx",
    "every pixel of the window gets dout: the mask is missing; only the largest one had a part in the output.",
    symptom="The layer below is pushed as a whole, size * size times too hard; its maps lose their detail.",
)
def all_pixels(x, dout, size, stride=None):
    return (put(dout[..., None] + 0 * cut(x, size, stride), x, size, stride),)


@max_pool2d.wrong(
    "mask-missing",
    "dx",
    "the gradient is shared out evenly, as for mean pooling; the largest pixel gets all of it.",
    symptom="Pixels that lost are changed as much as the one that won; the loss falls more slowly.",
)
def shared_out(x, dout, size, stride=None):
    return (put(dout[..., None] / size**2 + 0 * cut(x, size, stride), x, size, stride),)


@max_pool2d.wrong(
    "mask-inverted",
    "dx",
    "the mask is inverted: all pixels get the gradient but the largest.",
    symptom="The pixels that do not matter are changed and the one that does is not: the loss moves by chance.",
)
def losers(x, dout, size, stride=None):
    return (put(dout[..., None] * ~winner(x, size, stride), x, size, stride),)


@max_pool2d.wrong(
    "upstream-ignored",
    "dx",
    "the mask is returned without dout: it is the local derivative alone.",
    symptom="The largest pixels are pushed down at every step, whatever the loss says.",
)
def mask_alone(x, dout, size, stride=None):
    return (put(1.0 * winner(x, size, stride), x, size, stride),)


@max_pool2d.wrong(
    "upstream-wrong",
    "dx",
    "the maximum itself is put back in its place (unpooling); dout belongs there.",
    symptom="The layers below shrink their largest outputs at every step, whatever the loss says.",
)
def maxima_put_back(x, dout, size, stride=None):
    return (put(forward(x, size=size, stride=stride)[..., None] * winner(x, size, stride), x, size, stride),)


@max_pool2d.wrong(
    "upstream-wrong",
    "dx",
    "dout is multiplied by the maximum; the local derivative of the largest pixel is 1.",
    symptom="Windows with a large maximum learn too fast, those near 0 hardly at all.",
)
def times_the_maximum(x, dout, size, stride=None):
    dmax = dout * forward(x, size=size, stride=stride)
    return (put(dmax[..., None] * winner(x, size, stride), x, size, stride),)


@max_pool2d.wrong(
    "transposed",
    "dx",
    "row and column inside the window have changed places: argmax counts row by row, so row = k // size.",
    symptom="Two thirds of the gradients of a 3 x 3 window land on pixels that did not win; the loss falls slowly.",
)
def row_and_column_swapped(x, dout, size, stride=None):
    won = winner(x, size, stride)
    turned = won.reshape(*won.shape[:4], size, size).swapaxes(-1, -2).reshape(won.shape)
    return (put(dout[..., None] * turned, x, size, stride),)


@max_pool2d.wrong(
    "term-missing",
    "dx",
    "windows overlap, and a pixel that wins twice keeps one gradient (=); it gets the sum (+=).",
    symptom="Right where stride = size; with overlaps the strongest pixels get too small a gradient.",
    draw=overlapping,
)
def winners_overwrite(x, dout, size, stride=None):
    dx, step = np.zeros_like(x), stride or size
    for n, c, i, j in np.ndindex(*dout.shape):
        window = x[n, c, i * step : i * step + size, j * step : j * step + size]
        row, column = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, i * step + row, j * step + column] = dout[n, c, i, j]
    return (dx,)


@max_pool2d.wrong(
    "stride-ignored",
    "dx",
    "the windows are taken side by side: window (i, j) starts at (i * stride, j * stride), not at i * size.",
    symptom="Right where stride = size; with overlaps the gradient lands on pixels of another window.",
    draw=overlapping,
)
def side_by_side(x, dout, size, stride=None):
    dx = np.zeros_like(x)
    for n, c, i, j in np.ndindex(*dout.shape):
        window = x[n, c, i * size : i * size + size, j * size : j * size + size]
        if window.size:
            row, column = np.unravel_index(window.argmax(), window.shape)
            dx[n, c, i * size + row, j * size + column] += dout[n, c, i, j]
    return (dx,)


@max_pool2d.wrong(
    "wrong-dtype",
    "dx",
    "dx is an array of integers: every gradient loses what stands behind the point.",
    symptom="Gradients below 1 become 0: nothing below the pooling layer learns.",
)
def integers(x, dout, size, stride=None):
    return (put(dout[..., None] * winner(x, size, stride), x, size, stride).astype(int),)


@max_pool2d.wrong_op(
    "raises",
    "dx",
    "reshaped into windows, sides that are no multiple of the size raise; leave the last rows and columns out.",
    symptom="Nothing, until an image of another size comes: then a ValueError.",
    draw=odd_sides,
)
def only_whole_windows():
    def op(x, *, size):
        n, c, h, w = x.shape
        blocks = x.reshape(n, c, h // size, size, w // size, size)
        out = blocks.max(axis=(3, 5))
        won = blocks == out[:, :, :, None, :, None]
        return out, lambda dout: ((dout[:, :, :, None, :, None] * won).reshape(x.shape),)

    return op


@max_pool2d.wrong_op(
    "stale-cache",
    "dx",
    "the places of the maxima are remembered from the first batch; each forward must replace them.",
    symptom="After the first batch gradients go to pixels that won long ago: the layers below learn noise.",
)
def winners_of_the_first_batch():
    cache = {}

    def op(x, *, size, stride=None):
        won = cache.setdefault("won", winner(x, size, stride))
        out = forward(x, size=size, stride=stride)
        return out, lambda dout: (put(dout[..., None] * won, x, size, stride),)

    return op


@max_pool2d.wrong_op(
    "mutates-input",
    "dx",
    "the search for the maxima overwrites x: that array belongs to the caller.",
    symptom="Whoever reads the layer's input later (the ReLU below, a skip connection) gets zeros.",
)
def losers_set_to_zero():
    def op(x, *, size, stride=None):
        won = winner(x, size, stride)
        out = forward(x, size=size, stride=stride)
        x *= put(1.0 * won, x, size, stride) > 0
        return out, lambda dout: (put(dout[..., None] * won, x, size, stride),)

    return op
