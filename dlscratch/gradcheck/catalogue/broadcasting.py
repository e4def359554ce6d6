"""+, * and / with broadcasting: a value that was copied on the way forward gets a sum on the way back."""

import numpy as np

from .entry import Operation


def draw(rng, n, D, M):
    """y is a row, copied to each of the n rows of x."""
    return (rng.normal(size=(n, D)), rng.normal(size=D)), {}


def draw_column(rng, n, D, M):
    """y has an axis of size 1, which is easily overlooked."""
    return (rng.normal(size=(n, D)), rng.normal(size=(n, 1))), {}


def draw_alike(rng, n, D, M):
    return (rng.normal(size=(n, D)), rng.normal(size=(n, D))), {}


def draw_away_from_zero(rng, n, D, M):
    return (rng.normal(size=(n, D)), rng.uniform(0.5, 2, size=D) * rng.choice([-1.0, 1.0], size=D)), {}


def add_forward(x, y):
    return x + y


def multiply_forward(x, y):
    return x * y


def divide_forward(x, y):
    return x / y


add = Operation("add", "x + y", add_forward, draw, look="chapter 03")
multiply = Operation("multiply", "x * y", multiply_forward, draw, look="chapter 03")
divide = Operation("divide", "x / y", divide_forward, draw_away_from_zero, look="chapter 03")


@add.wrong(
    "not-summed",
    "dy",
    "dy is dout itself; y was copied to every row, so dy is the sum of dout over the rows.",
    symptom="The update raises an error, or y silently becomes a matrix with a row per example.",
)
def add_not_summed(x, y, dout):
    return dout, dout


@add.wrong(
    "not-summed",
    "dy",
    "only missing axes are summed; an axis of size 1 was copied too, and must be summed with keepdims=True.",
    symptom="The update raises an error, or y silently grows to the shape of x.",
    draw=draw_column,
)
def add_axis_of_one(x, y, dout):
    extra = tuple(range(dout.ndim - y.ndim))
    return dout, dout.sum(axis=extra) if extra else dout


@add.wrong(
    "wrong-axis",
    "dy",
    "dy is summed over axis 1; y was copied along axis 0, so that is the axis to sum over.",
    symptom="The update raises an error; where n = D it passes, and y drifts without aim.",
)
def add_wrong_axis(x, y, dout):
    return dout, dout.sum(axis=1)


@add.wrong(
    "wrong-axis",
    "dy",
    "dy is summed over both axes: one number for all entries of y; y was copied along axis 0 only.",
    symptom="All entries of y move together.",
)
def add_one_number(x, y, dout):
    return dout, np.full(y.shape, dout.sum())


@add.wrong(
    "keepdims",
    "dy",
    "dy has shape (1, D), because of keepdims; it must have y's shape (D,).",
    symptom="y turns into a (1, D) matrix at the first update, or the update raises an error.",
)
def add_keeps_axis(x, y, dout):
    return dout, dout.sum(axis=0, keepdims=True)


@add.wrong(
    "keepdims",
    "dy",
    "dy has shape (n,); y is (n, 1), so keep the axis: sum(axis=1, keepdims=True).",
    symptom="The update raises an error, or y silently becomes (n, n).",
    draw=draw_column,
)
def add_loses_axis(x, y, dout):
    return dout, dout.sum(axis=1)


@add.wrong(
    "over-n",
    "dy",
    "dy is averaged over the rows; the gradients of copies are summed.",
    symptom="y learns n times too slowly; a larger batch makes it worse.",
)
def add_averaged(x, y, dout):
    return dout, dout.mean(axis=0)


@add.wrong(
    "upstream-ignored",
    "dx",
    "dx is 1, the local derivative; it must be multiplied by dout.",
    symptom="What lies below is pushed down whatever the error; a check with dout = 1 does not see it.",
)
def add_without_dout(x, y, dout):
    return np.ones_like(x), dout.sum(axis=0)


@add.wrong(
    "sign",
    "dy",
    "dy has the sign of a difference, x - y; in a sum both gradients are plus.",
    symptom="y climbs the loss while x descends.",
)
def add_as_difference(x, y, dout):
    return dout, -dout.sum(axis=0)


@add.wrong(
    "local-derivative-missing",
    "dx",
    "dx is dout * y, as in a product; the slope of a sum is 1.",
    symptom="What lies below gets gradients scaled by y, with the wrong sign where y < 0.",
)
def add_as_product(x, y, dout):
    return dout * y, dout.sum(axis=0)


# ---- the product -------------------------------------------------------------------------------------


@multiply.wrong(
    "not-summed",
    "dy",
    "dy is dout * x, a row per copy; y was copied to every row, so dy is the sum over the rows.",
    symptom="The update raises an error, or y silently becomes a matrix with a row per example.",
)
def product_not_summed(x, y, dout):
    return dout * y, dout * x


@multiply.wrong(
    "wrong-parameter",
    "dx",
    "dx is made with x itself; the derivative with respect to x is the other factor: dout * y.",
    symptom="What lies below gets gradients of the wrong sign wherever x and y differ in sign.",
)
def product_own_factor(x, y, dout):
    return dout * x, (dout * x).sum(axis=0)


@multiply.wrong(
    "swapped",
    "dx",
    "dx is dout * x: the factors have changed places; each gets dout times the other one.",
    symptom="Gradients are far off, except where x = y: a check by a square does not see it.",
    draw=draw_alike,
)
def product_swapped(x, y, dout):
    return dout * x, dout * y


@multiply.wrong(
    "local-derivative-missing",
    "dx",
    "dout is passed on as in a sum; in a product it must be multiplied by the other factor, y.",
    symptom="What lies below gets gradients of the wrong sign wherever y < 0.",
)
def product_as_sum(x, y, dout):
    return dout, (dout * x).sum(axis=0)


@multiply.wrong(
    "upstream-ignored",
    "dx",
    "dx is y, the local derivative; it must be multiplied by dout.",
    symptom="What lies below drifts in one direction whatever the error; a check with dout = 1 does not see it.",
)
def product_without_dout(x, y, dout):
    return np.broadcast_to(y, x.shape).copy(), (dout * x).sum(axis=0)


@multiply.wrong(
    "upstream-wrong",
    "dy",
    "dy is the sum of dout times the sum of x; it must be the sum of their products, row by row.",
    symptom="Training is slow and jerky: the examples of a batch are mixed up.",
)
def product_of_sums(x, y, dout):
    return dout * y, dout.sum(axis=0) * x.sum(axis=0)


@multiply.wrong(
    "wrong-axis",
    "dy",
    "dy is summed over axis 1; y was copied along axis 0, so that is the axis to sum over.",
    symptom="The update raises an error; where n = D it passes, and y drifts without aim.",
)
def product_wrong_axis(x, y, dout):
    return dout * y, (dout * x).sum(axis=1)


@multiply.wrong(
    "over-n",
    "dy",
    "dy is averaged over the rows; the gradients of copies are summed.",
    symptom="y learns n times too slowly; a larger batch makes it worse.",
)
def product_averaged(x, y, dout):
    return dout * y, (dout * x).mean(axis=0)


@multiply.wrong(
    "first-example-only",
    "dy",
    "dy is that of the first row; y was copied to every row, and all of them count.",
    symptom="y follows single examples: its steps are small and noisy.",
)
def product_of_first_row(x, y, dout):
    return dout * y, dout[0] * x[0]


@multiply.wrong_op(
    "mutates-dout",
    "dout",
    "dout was overwritten by *= before dy was made from it: write dx = dout * y, which makes a new array.",
    symptom="dy carries a factor y too many: its sign is wrong wherever y < 0.",
)
def dout_in_place():
    def op(x, y):
        def pullback(dout):
            dout *= y
            return dout, (dout * x).sum(axis=0)

        return x * y, pullback

    return op


# ---- the quotient ------------------------------------------------------------------------------------


@divide.wrong(
    "sign",
    "dy",
    "the minus is lost: 1 / y falls as y rises, so dy is the sum of -dout x / y^2.",
    symptom="y climbs the loss while x descends.",
)
def quotient_minus_lost(x, y, dout):
    return dout / y, (dout * x / y**2).sum(axis=0)


@divide.wrong(
    "term-missing",
    "dy",
    "the factor x is missing: dy is the sum of -dout x / y^2.",
    symptom="y gets the same gradient whatever x is, of the wrong sign wherever x < 0.",
)
def quotient_without_x(x, y, dout):
    return dout / y, (-dout / y**2).sum(axis=0)


@divide.wrong(
    "local-derivative-missing",
    "dy",
    "the square is missing: dy is the sum of -dout x / y^2.",
    symptom="y learns too slowly where it is small, too fast where it is large, and wrongly where it is negative.",
)
def quotient_square_lost(x, y, dout):
    return dout / y, (-dout * x / y).sum(axis=0)


@divide.wrong(
    "local-derivative-missing",
    "dx",
    "dx is multiplied by y, as in a product; the slope of x / y in x is 1 / y.",
    symptom="What lies below gets too large a gradient where y is large, too small a one where y is small.",
)
def quotient_as_product(x, y, dout):
    return dout * y, (-dout * x / y**2).sum(axis=0)


@divide.wrong(
    "local-derivative-missing",
    "dx",
    "dout is passed on as it is; it must be divided by y.",
    symptom="What lies below gets gradients of the wrong sign wherever y < 0.",
)
def quotient_passed_on(x, y, dout):
    return dout, (-dout * x / y**2).sum(axis=0)


@divide.wrong(
    "wrong-parameter",
    "dy",
    "x and y have changed roles: the derivative of x / y in y is -x / y^2, not -y / x^2.",
    symptom="Gradients explode where x is close to 0.",
)
def quotient_roles_exchanged(x, y, dout):
    return dout / y, (-dout * y / x**2).sum(axis=0)


@divide.wrong(
    "upstream-ignored",
    "dx",
    "dx is 1 / y, the local derivative; it must be multiplied by dout.",
    symptom="What lies below drifts in one direction whatever the error; a check with dout = 1 does not see it.",
)
def quotient_without_dout(x, y, dout):
    return np.broadcast_to(1 / y, x.shape).copy(), (-dout * x / y**2).sum(axis=0)


@divide.wrong(
    "not-summed",
    "dy",
    "dy has a row per copy; y was copied to every row, so dy is the sum over the rows.",
    symptom="The update raises an error, or y silently becomes a matrix with a row per example.",
)
def quotient_not_summed(x, y, dout):
    return dout / y, -dout * x / y**2


@divide.wrong(
    "returns-none",
    "dy",
    "dy is missing: the denominator is an input too, and gets a gradient.",
    symptom="An error at the first update, or a denominator that never moves.",
)
def quotient_denominator_forgotten(x, y, dout):
    return dout / y, None
