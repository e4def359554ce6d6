"""Windows times kernels: where every pixel stands in several windows, and six axes want to be kept apart."""

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .entry import Operation


def forward(x, W, b, *, stride=1, padding=0):
    return to_maps(windows(x, W.shape[2:], stride, padding), W) + b[:, None, None]


def windows(x, size, stride, padding):
    """Every window of the padded image: (N, C, H', W', KH, KW)."""
    padded = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    return sliding_window_view(padded, size, axis=(2, 3))[:, :, ::stride, ::stride]


def to_maps(patches, W):
    """Windows times kernels: (N, M, H', W')."""
    return np.tensordot(patches, W, ((1, 4, 5), (1, 2, 3))).transpose(0, 3, 1, 2)


def to_windows(dout, W):
    """The way back of `to_maps`: the gradient of every window."""
    return np.tensordot(dout, W, ((1,), (0,))).transpose(0, 3, 1, 2, 4, 5)


def spread(dpatches, shape, stride, padding):
    """The way back of `windows`: every pixel gets the sum over the windows it stands in."""
    n, c, height, width = shape
    h, w, *size = dpatches.shape[2:]
    dpadded = np.zeros((n, c, height + 2 * padding, width + 2 * padding))
    for i, j in np.ndindex(*size):
        dpadded[:, :, i : i + h * stride : stride, j : j + w * stride : stride] += dpatches[..., i, j]
    return dpadded[:, :, padding : padding + height, padding : padding + width]


def right(x, W, b, dout, stride, padding):
    dx = spread(to_windows(dout, W), x.shape, stride, padding)
    dW = np.tensordot(dout, windows(x, W.shape[2:], stride, padding), ((0, 2, 3), (0, 2, 3)))
    return dx, dW, dout.sum(axis=(0, 2, 3))


def images(rng, n, D, M, size=(2, 3), **options):
    return (rng.normal(size=(n, D, 2, M + 2)), rng.normal(size=(M, D, *size)), rng.normal(size=M)), options


def draw(rng, n, D, M):
    return images(rng, n, D, M, padding=1)


def not_padded(rng, n, D, M):
    return images(rng, n, D, M, padding=0)


def in_steps_of_two(rng, n, D, M):
    return images(rng, n, D, M, stride=2, padding=1)


def square_kernel(rng, n, D, M):
    return images(rng, n, D, M, size=(2, 2), padding=1)


conv2d = Operation("conv2d", "windows of the image times kernels, plus a bias", forward, draw, look="chapter 11")


# ---- dx ----------------------------------------------------------------------------------------------


@conv2d.wrong(
    "kernel-not-flipped",
    "dx",
    "the kernel stands the wrong way round: as a convolution of dout, dx needs W[:, :, ::-1, ::-1].",
    symptom="Accuracy hardly shows it: the layers above still learn, on top of layers that move at random.",
)
def kernel_not_flipped(x, W, b, dout, stride=1, padding=0):
    dx = spread(to_windows(dout, W[:, :, ::-1, ::-1]), x.shape, stride, padding)
    return dx, *right(x, W, b, dout, stride, padding)[1:]


@conv2d.wrong(
    "term-missing",
    "dx",
    "windows overlap, and each overwrites the gradient of the one before (=); a pixel gets the sum (+=).",
    symptom="Right where stride = kernel size; with overlaps the layer below gets a few terms instead of all.",
)
def windows_overwrite(x, W, b, dout, stride=1, padding=0):
    dpatches = to_windows(dout, W)
    (h, w, kh, kw), (height, width) = dpatches.shape[2:], x.shape[2:]
    dx = np.zeros((*x.shape[:2], height + 2 * padding, width + 2 * padding))
    for i, j in np.ndindex(h, w):
        dx[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw] = dpatches[:, :, i, j]
    return dx[:, :, padding : padding + height, padding : padding + width], *right(x, W, b, dout, stride, padding)[1:]


@conv2d.wrong(
    "first-example-only",
    "dx",
    "only the last kernel's part is kept: each overwrote the one before; dx is the sum over all M kernels.",
    symptom="The layer below learns for one output channel alone.",
)
def last_kernel_alone(x, W, b, dout, stride=1, padding=0):
    for m in range(len(W)):
        dx = spread(to_windows(dout[:, m : m + 1], W[m : m + 1]), x.shape, stride, padding)
    return dx, *right(x, W, b, dout, stride, padding)[1:]


@conv2d.wrong(
    "wrong-shape",
    "dx",
    "dx keeps the border of the padded image: cut it off, [:, :, p : p + H, p : p + W].",
    symptom="The layer below raises: the gradient is larger than its output.",
)
def border_kept(x, W, b, dout, stride=1, padding=0):
    n, c, height, width = x.shape
    shape = n, c, height + 2 * padding, width + 2 * padding
    return spread(to_windows(dout, W), shape, stride, 0), *right(x, W, b, dout, stride, padding)[1:]


@conv2d.wrong(
    "wrong-shape",
    "dx",
    "cut by dx[:, :, p:-p, p:-p], nothing is left where p = 0: 0:-0 is 0:0. Write p : p + H.",
    symptom="With padding it works; without, the gradient is empty and the layer below raises, or learns nothing.",
    draw=not_padded,
)
def cut_to_nothing(x, W, b, dout, stride=1, padding=0):
    n, c, height, width = x.shape
    p = padding
    dx = spread(to_windows(dout, W), (n, c, height + 2 * p, width + 2 * p), stride, 0)
    return dx[:, :, p:-p, p:-p], *right(x, W, b, dout, stride, padding)[1:]


@conv2d.wrong(
    "padding-offset",
    "dx",
    "the border is cut off at the end alone, [:, :, :H, :W]: every gradient belongs to a pixel further down right.",
    symptom="The layers below learn what their neighbour pixel should; the loss falls slowly.",
)
def cut_at_the_end(x, W, b, dout, stride=1, padding=0):
    n, c, height, width = x.shape
    dx = spread(to_windows(dout, W), (n, c, height + 2 * padding, width + 2 * padding), stride, 0)
    return dx[:, :, :height, :width], *right(x, W, b, dout, stride, padding)[1:]


@conv2d.wrong(
    "stride-ignored",
    "dx",
    "dx is put together as for stride 1: window (i, j) starts at pixel (i * stride, j * stride).",
    symptom="Right for stride 1; else one corner of the image gets all of the gradient and the rest none.",
    draw=in_steps_of_two,
)
def stride_ignored_for_x(x, W, b, dout, stride=1, padding=0):
    return spread(to_windows(dout, W), x.shape, 1, padding), *right(x, W, b, dout, stride, padding)[1:]


@conv2d.wrong(
    "zeros",
    "dx",
    "dx is 0: it is made by zeros_like and never filled.",
    symptom="Right for the first layer of a net, which needs no dx; every layer below a convolution stands still.",
)
def dx_never_filled(x, W, b, dout, stride=1, padding=0):
    return np.zeros_like(x), *right(x, W, b, dout, stride, padding)[1:]


# ---- dW ----------------------------------------------------------------------------------------------


@conv2d.wrong(
    "axes-mixed",
    "dW",
    "dout is reshaped to (M, N H' W') without moving M to the front: its rows no longer fit the windows'.",
    symptom="Right for a batch of one; else the kernels learn from windows of other images, and accuracy hides it.",
)
def gradient_in_another_order(x, W, b, dout, stride=1, padding=0):
    dx, _, db = right(x, W, b, dout, stride, padding)
    rows = windows(x, W.shape[2:], stride, padding).transpose(0, 2, 3, 1, 4, 5).reshape(-1, W[0].size)
    return dx, (dout.reshape(len(W), -1) @ rows).reshape(W.shape), db


@conv2d.wrong(
    "axes-mixed",
    "dW",
    "the windows' pixels lie in another order (KH, KW, C) than the kernel's (C, KH, KW): transpose before reshape.",
    symptom="Right for one channel, as in the first layer of grey images; deeper kernels learn a scrambled pattern.",
)
def pixels_in_another_order(x, W, b, dout, stride=1, padding=0):
    dx, dW, db = right(x, W, b, dout, stride, padding)
    return dx, dW.transpose(0, 2, 3, 1).reshape(W.shape), db


@conv2d.wrong(
    "transposed",
    "dW",
    "rows and columns of the kernel have changed places; with a square kernel no shape betrays it.",
    symptom="The symmetric part of each kernel learns, the rest goes uphill: the loss falls part of the way.",
    draw=square_kernel,
)
def kernel_transposed(x, W, b, dout, stride=1, padding=0):
    dx, dW, db = right(x, W, b, dout, stride, padding)
    return dx, dW.transpose(0, 1, 3, 2), db


@conv2d.wrong(
    "kernel-flipped",
    "dW",
    "the kernel's gradient is turned by 180 degrees: the forward pass does not flip, so dW is not flipped either.",
    symptom="The kernels follow the mirror image of what they need; the layers above still learn and hide it.",
)
def kernel_gradient_flipped(x, W, b, dout, stride=1, padding=0):
    dx, dW, db = right(x, W, b, dout, stride, padding)
    return dx, dW[:, :, ::-1, ::-1], db


@conv2d.wrong(
    "raises",
    "dW",
    "the windows of the way back are cut from x, not from the padded image: there are fewer of them than outputs.",
    symptom="Right for padding 0; else a ValueError that speaks of shapes.",
)
def padding_forgotten(x, W, b, dout, stride=1, padding=0):
    dx, _, db = right(x, W, b, dout, stride, padding)
    return dx, np.tensordot(dout, windows(x, W.shape[2:], stride, 0), ((0, 2, 3), (0, 2, 3))), db


@conv2d.wrong(
    "stride-ignored",
    "dW",
    "the windows are taken at stride 1: output (i, j) saw the window that starts at (i * stride, j * stride).",
    symptom="Right for stride 1; else the kernels learn from windows in the image's corner.",
    draw=in_steps_of_two,
)
def stride_ignored_for_the_kernel(x, W, b, dout, stride=1, padding=0):
    dx, _, db = right(x, W, b, dout, stride, padding)
    h, w = dout.shape[2:]
    close = windows(x, W.shape[2:], 1, padding)[:, :, :h, :w]
    return dx, np.tensordot(dout, close, ((0, 2, 3), (0, 2, 3))), db


@conv2d.wrong(
    "first-example-only",
    "dW",
    "only the last image counts: dW = ... inside the loop over the batch overwrites; write dW += ...",
    symptom="The kernels learn from one image of every batch: the loss is noisy, and large batches do not help.",
)
def last_image_alone(x, W, b, dout, stride=1, padding=0):
    dx, _, db = right(x, W, b, dout, stride, padding)
    for n in range(len(x)):
        dW = right(x[n : n + 1], W, b, dout[n : n + 1], stride, padding)[1]
    return dx, dW, db


@conv2d.wrong(
    "over-n",
    "dW",
    "dW is averaged over the batch; it must be summed: the loss has already averaged.",
    symptom="The kernels learn n times too slowly, while the layers above learn at their usual rate.",
)
def kernel_averaged(x, W, b, dout, stride=1, padding=0):
    dx, dW, db = right(x, W, b, dout, stride, padding)
    return dx, dW / len(x), db


@conv2d.wrong(
    "over-places",
    "dW",
    "dW is averaged over the places of the window; a kernel is used at every place, so it gets the sum.",
    symptom="The larger the image, the more slowly the kernels learn.",
)
def kernel_averaged_over_places(x, W, b, dout, stride=1, padding=0):
    dx, dW, db = right(x, W, b, dout, stride, padding)
    return dx, dW / (dout.shape[2] * dout.shape[3]), db


@conv2d.wrong(
    "upstream-ignored",
    "dW",
    "dout is not used: this is the sum of all windows, the gradient for a dout of ones.",
    symptom="All kernels of the layer get the same gradient and drift the same way, whatever the loss says.",
)
def windows_summed(x, W, b, dout, stride=1, padding=0):
    return right(x, W, b, dout, stride, padding)[0], *right(x, W, b, np.ones_like(dout), stride, padding)[1:]


# ---- db ----------------------------------------------------------------------------------------------


@conv2d.wrong(
    "not-summed",
    "db",
    "db is summed over the batch alone; one bias serves all places too: axis=(0, 2, 3).",
    symptom="The update raises, or turns the bias into an image.",
)
def bias_over_the_batch_alone(x, W, b, dout, stride=1, padding=0):
    return *right(x, W, b, dout, stride, padding)[:2], dout.sum(axis=0)


@conv2d.wrong(
    "over-n",
    "db",
    "db is averaged over batch and places; it must be summed.",
    symptom="The biases stay near 0: their gradient is N H' W' times too small.",
)
def bias_averaged(x, W, b, dout, stride=1, padding=0):
    return *right(x, W, b, dout, stride, padding)[:2], dout.mean(axis=(0, 2, 3))


@conv2d.wrong(
    "keepdims",
    "db",
    "db has shape (1, M, 1, 1): drop keepdims, b is (M,).",
    symptom="An in-place update raises; any other gives b four axes, and the next forward adds it along the wrong one.",
)
def bias_keepdims(x, W, b, dout, stride=1, padding=0):
    return *right(x, W, b, dout, stride, padding)[:2], dout.sum(axis=(0, 2, 3), keepdims=True)
