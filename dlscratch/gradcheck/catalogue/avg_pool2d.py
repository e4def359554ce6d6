"""The mean of every window: every pixel gets its share."""

import numpy as np

from .entry import Operation
from .max_pool2d import cut, draw, overlapping, put, winner


def forward(x, *, size, stride=None):
    return cut(x, size, stride).mean(axis=-1)


avg_pool2d = Operation("avg_pool2d", "the mean of every window", forward, draw, look="chapter 11")


@avg_pool2d.wrong(
    "constant-factor",
    "dx",
    "every pixel gets dout undivided; each has a share of 1 / (size * size) in the mean.",
    symptom="The layers below take steps size * size times too long; two such layers make it the square of that.",
)
def share_missing(x, dout, size, stride=None):
    return (put(dout[..., None] + 0 * cut(x, size, stride), x, size, stride),)


@avg_pool2d.wrong(
    "constant-factor",
    "dx",
    "it is divided by the side of the window; the window has size * size pixels.",
    symptom="The layers below take steps `size` times too long.",
)
def divided_by_the_side(x, dout, size, stride=None):
    return (put(dout[..., None] / size + 0 * cut(x, size, stride), x, size, stride),)


@avg_pool2d.wrong(
    "constant-factor",
    "dx",
    "it is divided by the number of windows; it must be by the number of pixels in one.",
    symptom="The larger the image, the more slowly the layers below learn.",
)
def divided_by_windows(x, dout, size, stride=None):
    share = dout[..., None] / (dout.shape[2] * dout.shape[3])
    return (put(share + 0 * cut(x, size, stride), x, size, stride),)


@avg_pool2d.wrong(
    "over-n",
    "dx",
    "it is divided by the batch as well: the mean runs over the window alone.",
    symptom="The layers below learn n times too slowly.",
)
def divided_by_the_batch(x, dout, size, stride=None):
    return (put(dout[..., None] / size**2 / len(x) + 0 * cut(x, size, stride), x, size, stride),)


@avg_pool2d.wrong(
    "partly-wrong",
    "dx",
    "only the first pixel of each window gets a gradient; all of them have a share.",
    symptom="One pixel in size * size has a say in what the layer below learns.",
)
def first_pixel_alone(x, dout, size, stride=None):
    first = np.arange(size * size) == 0
    return (put(dout[..., None] / size**2 * first, x, size, stride),)


@avg_pool2d.wrong(
    "wrong-parameter",
    "dx",
    "the largest pixel gets all of it, as for max pooling; here every pixel has the same share.",
    symptom="The loss falls, but unevenly: pixels that have a share in the output do not learn.",
)
def winner_takes_all(x, dout, size, stride=None):
    return (put(dout[..., None] * winner(x, size, stride), x, size, stride),)


@avg_pool2d.wrong(
    "term-missing",
    "dx",
    "windows overlap, and each overwrites the gradient of the one before (=); a pixel gets the sum (+=).",
    symptom="Right where stride = size; with overlaps inner pixels get a part of their gradient.",
    draw=overlapping,
)
def means_overwrite(x, dout, size, stride=None):
    dx, step = np.zeros_like(x), stride or size
    for i, j in np.ndindex(*dout.shape[2:]):
        window = dx[:, :, i * step : i * step + size, j * step : j * step + size]
        window[...] = dout[:, :, i, j, None, None] / size**2
    return (dx,)


@avg_pool2d.wrong(
    "upstream-ignored",
    "dx",
    "dout is not used: every pixel gets 1 / (size * size).",
    symptom="All of the layer below is pushed down at every step, whatever the loss says.",
)
def shares_alone(x, dout, size, stride=None):
    return (put(np.ones_like(dout)[..., None] / size**2 + 0 * cut(x, size, stride), x, size, stride),)
