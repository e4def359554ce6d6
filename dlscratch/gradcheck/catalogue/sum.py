"""Sum and mean: the way back copies the gradient to every summand, and the axis says to which."""

import numpy as np

from .entry import Operation


def forward(x, *, axis=None, keepdims=False):
    return x.sum(axis=axis, keepdims=keepdims)


def draw(rng, n, D, M):
    """Each row to a number, (n, D) -> (n,)."""
    return (rng.normal(size=(n, D)),), {"axis": 1}


def draw_columns(rng, n, D, M):
    return (rng.normal(size=(n, D)),), {"axis": 0}


def draw_all(rng, n, D, M):
    return (rng.normal(size=(n, D)),), {}


def draw_square(rng, n, D, M):
    """As many rows as columns: a vector then fits along either axis."""
    return (rng.normal(size=(n, n)),), {"axis": 1}


def spread(dout, x, axis, keepdims=False):
    """The gradient of each sum, given to all its summands."""
    return np.broadcast_to(dout if axis is None or keepdims else np.expand_dims(dout, axis), x.shape)


sum_ = Operation("sum", "the sum over an axis", forward, draw, look="chapter 03")


@sum_.wrong(
    "wrong-shape",
    "dx",
    "dout is returned as it is; every summand needs its copy: np.expand_dims(dout, axis), broadcast to x's shape.",
    symptom="An error further down, or a silent broadcast along the wrong axis.",
)
def not_spread(x, dout, axis=None, keepdims=False):
    return (dout,)


@sum_.wrong(
    "wrong-shape",
    "dx",
    "one number is returned for the whole of x; every entry needs its copy: np.full(x.shape, dout).",
    symptom="An error further down, or none: a number broadcasts to any shape, until something reads dx.shape.",
    draw=draw_all,
)
def one_number(x, dout, axis=None, keepdims=False):
    return (dout,)


@sum_.wrong(
    "upstream-ignored",
    "dx",
    "dout is not used: the slope of a sum is 1, but it must be multiplied by dout.",
    symptom="What lies below is pushed down whatever the error; a check with dout = 1 does not see it.",
)
def without_dout(x, dout, axis=None, keepdims=False):
    return (np.ones_like(x),)


@sum_.wrong(
    "upstream-wrong",
    "dx",
    "dout is summed as well; each summand gets dout of its own sum, no more.",
    symptom="All examples get the same gradient: what tells them apart is lost.",
)
def dout_summed(x, dout, axis=None, keepdims=False):
    return (np.full(x.shape, dout.sum()),)


@sum_.wrong(
    "local-derivative-missing",
    "dx",
    "dout is multiplied by x; the slope of a sum is 1, whatever x is.",
    symptom="What lies below is moved by the sign of x, not by that of the error alone.",
)
def times_x(x, dout, axis=None, keepdims=False):
    return (x * spread(dout, x, axis, keepdims),)


@sum_.wrong(
    "over-m",
    "dx",
    "dout is divided by the number of summands: that is the way back through a mean.",
    symptom="Gradients are too small by the length of the axis: learning is slow.",
)
def as_a_mean(x, dout, axis=None, keepdims=False):
    return (dout[:, None] * np.ones_like(x) / x.shape[1],)


@sum_.wrong(
    "over-n",
    "dx",
    "dout is divided by the number of examples; a sum over the batch gives each of them the whole dout.",
    symptom="Gradients are n times too small; a larger batch makes it worse.",
    draw=draw_columns,
)
def as_a_batch_mean(x, dout, axis=None, keepdims=False):
    return (np.tile(dout / len(x), (len(x), 1)),)


@sum_.wrong(
    "times-m",
    "dx",
    "dout is multiplied by the number of summands; each summand gets dout once.",
    symptom="Gradients are too large by the length of the axis: training oscillates.",
)
def counted_twice_over(x, dout, axis=None, keepdims=False):
    return (spread(dout, x, axis, keepdims) * x.shape[axis],)


@sum_.wrong(
    "wrong-axis",
    "dx",
    "the axis that was summed away is not put back, so dout lies along the wrong one: np.expand_dims(dout, axis).",
    symptom="An error, except where x is square: there the examples exchange their gradients.",
    draw=draw_square,
)
def axis_not_put_back(x, dout, axis=None, keepdims=False):
    return (dout * np.ones_like(x),)


@sum_.wrong(
    "first-example-only",
    "dx",
    "only the first example gets dout; every summand does.",
    symptom="One example of each batch is learnt from, the others do not count.",
    draw=draw_columns,
)
def first_summand(x, dout, axis=None, keepdims=False):
    dx = np.zeros_like(x)
    dx[0] = dout
    return (dx,)


# ---- the mean ----------------------------------------------------------------------------------------


def mean_forward(x, *, axis=None, keepdims=False):
    return x.mean(axis=axis, keepdims=keepdims)


mean = Operation("mean", "the mean over an axis", mean_forward, draw, look="chapter 03")


@mean.wrong(
    "times-m",
    "dx",
    "the division by the number of entries is missing: each entry gets dout / n.",
    symptom="Gradients are too large by the length of the axis: training oscillates or diverges.",
)
def as_a_sum(x, dout, axis=None, keepdims=False):
    return (dout[:, None] * np.ones_like(x),)


@mean.wrong(
    "times-n",
    "dx",
    "the division by the number of examples is missing: each of them gets dout / n.",
    symptom="Gradients grow with the batch: a learning rate that works for small batches diverges for large ones.",
    draw=draw_columns,
)
def as_a_batch_sum(x, dout, axis=None, keepdims=False):
    return (np.tile(dout, (len(x), 1)),)


@mean.wrong(
    "over-n",
    "dx",
    "it is divided by x.size, the number of all entries; a mean over one axis divides by its length.",
    symptom="Gradients are too small by the length of the other axis: learning is slow.",
)
def by_all_entries(x, dout, axis=None, keepdims=False):
    return (spread(dout, x, axis, keepdims) / x.size,)


@mean.wrong(
    "times-m",
    "dx",
    "it is divided by len(x), the number of rows; a mean of all entries divides by x.size.",
    symptom="Gradients are too large by the number of columns: training oscillates.",
    draw=draw_all,
)
def by_rows(x, dout, axis=None, keepdims=False):
    return (np.full(x.shape, dout / len(x)),)


@mean.wrong(
    "wrong-axis",
    "dx",
    "it is divided by the length of the other axis; divide by the length of the axis that was averaged.",
    symptom="Gradients are off by D / n: nothing shows while both are alike, then learning is too fast or too slow.",
)
def by_other_axis(x, dout, axis=None, keepdims=False):
    return (spread(dout, x, axis, keepdims) / x.shape[1 - axis],)


@mean.wrong(
    "upstream-ignored",
    "dx",
    "dout is not used: 1/n is the local derivative, and it must be multiplied by dout.",
    symptom="What lies below is pushed down whatever the error; a check with dout = 1 does not see it.",
)
def mean_without_dout(x, dout, axis=None, keepdims=False):
    return (np.full(x.shape, 1 / x.shape[axis]),)


@mean.wrong(
    "wrong-shape",
    "dx",
    "dout / n is returned as it is; every entry needs its copy: np.expand_dims(dout, axis), broadcast to x's shape.",
    symptom="An error further down, or a silent broadcast along the wrong axis.",
)
def mean_not_spread(x, dout, axis=None, keepdims=False):
    return (dout / x.shape[axis],)


@mean.wrong(
    "local-derivative-missing",
    "dx",
    "dout is multiplied by x / n; the slope of a mean is 1/n, whatever x is.",
    symptom="What lies below is moved by the sign of x, not by that of the error alone.",
)
def mean_times_x(x, dout, axis=None, keepdims=False):
    return (x * spread(dout, x, axis, keepdims) / x.shape[axis],)
