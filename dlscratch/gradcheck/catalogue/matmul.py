"""The matrix product: dx = dout y^T and dy = x^T dout, each of them easily turned round."""

import numpy as np

from .entry import Operation


def forward(x, y):
    return x @ y


def draw(rng, n, D, M):
    return (rng.normal(size=(n, D)), rng.normal(size=(D, M))), {}


def draw_square(rng, n, D, M):
    """n = D = M: no shape betrays a product taken the wrong way round."""
    return draw(rng, n, n, n)


matmul = Operation("matmul", "x @ y", forward, draw, look="chapter 03")


@matmul.wrong(
    "transposed",
    "dx",
    "dx is y dout^T, the transpose of dout y^T: the factors have changed places.",
    symptom="An error at the next step back, as the shapes do not fit.",
)
def dx_turned(x, y, dout):
    return y @ dout.T, x.T @ dout


@matmul.wrong(
    "transposed",
    "dy",
    "dy is dout^T x, the transpose of x^T dout: the factors have changed places.",
    symptom="The update raises an error; in square layers it passes, and the loss wanders.",
)
def dy_turned(x, y, dout):
    return dout @ y.T, dout.T @ x


@matmul.wrong(
    "transposed",
    "dx",
    "y is not transposed: dx = dout y^T.",
    symptom="An error, except where y is square: there what lies below gets a wrong signal.",
    draw=draw_square,
)
def y_not_transposed(x, y, dout):
    return dout @ y, x.T @ dout


@matmul.wrong(
    "transposed",
    "dy",
    "x is not transposed: dy = x^T dout.",
    symptom="An error, except where n = D = M: there y learns something else, without a word.",
    draw=draw_square,
)
def x_not_transposed(x, y, dout):
    return dout @ y.T, x @ dout


@matmul.wrong(
    "transposed",
    "dy",
    "the order is wrong: dy = x^T dout, not dout x^T; matrices do not commute.",
    symptom="An error, except where n = D = M: there y learns something else, without a word.",
    draw=draw_square,
)
def order_reversed(x, y, dout):
    return dout @ y.T, dout @ x.T


@matmul.wrong(
    "elementwise",
    "dx",
    "dx is the product entry by entry, dout * y; it must be the matrix product dout y^T.",
    symptom="An error, except where n = D = M: there what lies below gets a wrong signal.",
    draw=draw_square,
)
def dx_entry_by_entry(x, y, dout):
    return dout * y, x.T @ dout


@matmul.wrong(
    "elementwise",
    "dy",
    "dy is the product entry by entry, dout * x; it must be the matrix product x^T dout.",
    symptom="An error, except where n = D = M: there y learns something else, without a word.",
    draw=draw_square,
)
def dy_entry_by_entry(x, y, dout):
    return dout @ y.T, dout * x


@matmul.wrong(
    "swapped",
    "dx",
    "dx and dy have changed places: gradients are returned in the order of the inputs.",
    symptom="An error at the next step back, as the shapes do not fit.",
)
def swapped(x, y, dout):
    return x.T @ dout, dout @ y.T


@matmul.wrong(
    "wrong-parameter",
    "dx",
    "dx is made with x itself; the derivative with respect to x contains the other factor: dout y^T.",
    symptom="An error, except where n = D = M: there what lies below gets a wrong signal.",
    draw=draw_square,
)
def own_factor(x, y, dout):
    return dout @ x.T, x.T @ dout


@matmul.wrong(
    "upstream-ignored",
    "dx",
    "dx does not contain dout: every row of it is the same; it must be dout y^T.",
    symptom="What lies below drifts in one direction, unrelated to the error.",
)
def dx_without_dout(x, y, dout):
    return np.ones_like(dout) @ y.T, x.T @ dout


@matmul.wrong(
    "upstream-ignored",
    "dy",
    "dy does not contain dout: every column of it is the same; it must be x^T dout.",
    symptom="y drifts in one direction, unrelated to the error.",
)
def dy_without_dout(x, y, dout):
    return dout @ y.T, x.T @ np.ones_like(dout)


@matmul.wrong(
    "local-derivative-missing",
    "dx",
    "dx does not contain y: every column of it is the sum of dout over its row; it must be dout y^T.",
    symptom="What lies below gets one number per example for all its units.",
)
def dx_without_y(x, y, dout):
    return dout @ np.ones_like(y).T, x.T @ dout


@matmul.wrong(
    "over-n",
    "dy",
    "dy is averaged over the rows of x; their contributions are summed.",
    symptom="y learns n times too slowly; a larger batch makes it worse.",
)
def dy_averaged(x, y, dout):
    return dout @ y.T, np.mean(x[:, :, None] * dout[:, None, :], axis=0)


@matmul.wrong(
    "not-summed",
    "dy",
    "dy keeps the rows of x apart, (N, D, M); every row used the same y, so dy is their sum.",
    symptom="The update raises an error, or broadcasts y to a stack of matrices.",
)
def dy_row_by_row(x, y, dout):
    return dout @ y.T, x[:, :, None] * dout[:, None, :]


@matmul.wrong(
    "first-example-only",
    "dy",
    "dy holds the last row only: = overwrites the sum in the loop; it must be +=.",
    symptom="Training is as noisy as with batches of one, and its steps are n times too small.",
)
def dy_of_last_row(x, y, dout):
    for row, d in zip(x, dout, strict=True):
        dy = np.outer(row, d)
    return dout @ y.T, dy


@matmul.wrong(
    "partly-wrong",
    "dy",
    "the first row of dy stays 0: range(1, D) starts one too late.",
    symptom="One input feature is never learnt; the loss falls, a little less far.",
)
def dy_without_first_row(x, y, dout):
    dy = np.zeros_like(y)
    for d in range(1, len(y)):
        dy[d] = x[:, d] @ dout
    return dout @ y.T, dy


@matmul.wrong(
    "returns-none",
    "dy",
    "dy is missing: y is an input too, and gets a gradient.",
    symptom="An error at the first update, or weights that never move.",
)
def dy_forgotten(x, y, dout):
    return dout @ y.T, None
