"""Drag a line over points: what w and b do, and what the loss says about them."""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from .. import ops
from ..shapes import check_shapes
from .controls import number
from .explorer import Explorer
from .prediction import predict_with
from .readout import short
from .style import DATA, ERROR, GUESS, PARAMETER, TRUTH

QUESTION = "Which line fits the points best? Move it there by eye, then lock it."
LINES = {
    "your line": {"color": PARAMETER},
    "your prediction": {"color": GUESS, "linestyle": ":"},
    "best line": {"color": TRUTH, "linestyle": "--"},
}


class Line(NamedTuple):
    """y = w x + b and its loss over the points."""

    w: float
    b: float
    loss: float


class LineFit(NamedTuple):
    """Points x, y (N,), the line at hand, and, once there is a guess, the guessed line and that of least squares.

    squared: the loss is the mean squared error, so that no line has less than the line of least squares.
    """

    x: Any
    y: Any
    line: Line
    guess: Line | None
    best: Line | None
    squared: bool


def squared_error(prediction, target):
    return ops.mse(prediction, target=target)[0]


def compute(w, b, guess, *, x, y, loss=squared_error):
    """The line's loss; the best line only for a reader who has committed to a guess."""

    def line(w, b):
        return Line(w, b, one_number(loss(w * x + b, y)))

    squared = loss is squared_error
    if guess is None:
        return LineFit(x, y, line(w, b), None, None, squared)
    return LineFit(x, y, line(w, b), line(**guess), line(*least_squares(x, y)), squared)


def least_squares(x, y):
    """The w and b whose mean squared error over the points is smallest."""
    columns = np.stack([x, np.ones_like(x)], axis=1)
    return np.linalg.lstsq(columns, y, rcond=None)[0]


def one_number(loss):
    if loss is None:
        raise ValueError("the loss returned None: is its `return` missing?")
    if isinstance(loss, tuple):
        raise ValueError(f"the loss returned a tuple of {len(loss)}; a loss is one number: give its value alone")
    if np.shape(loss) != ():
        raise ValueError(f"the loss has shape {np.shape(loss)}; a loss is one number: take the mean")
    return float(loss)


def frame(ax, fit):
    ax.set_xlim(*with_margin(fit.x, 0.1))
    ax.set_ylim(*with_margin(fit.y, 0.3))
    ax.set_xlabel("x")
    ax.set_ylabel("y")
    ax.plot(fit.x, fit.y, "o", color=DATA)
    for name, look in LINES.items():
        ax.plot([], [], label=name, **look)
    ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17), ncols=3)  # below: a line may go anywhere


def with_margin(values, share):
    low, high = values.min(), values.max()
    margin = share * (high - low) or 1.0
    return low - margin, high + margin


def draw(ax, fit):
    """The line alone until there is a guess; then the distances, the guess and the best line too."""
    ax.set_title("Where is the best line?")
    if fit.guess:
        smallest = f", smallest possible {short(fit.best.loss)}" if fit.squared else ""
        ax.set_title(f"loss {short(fit.line.loss)}{smallest}")
        ax.vlines(fit.x, fit.y, fit.line.w * fit.x + fit.line.b, color=ERROR)
        draw_line(ax, fit.guess, "your prediction")
        draw_line(ax, fit.best, "best line")
    draw_line(ax, fit.line, "your line")


def draw_line(ax, line, name):
    ends = np.array(ax.get_xlim())
    ax.plot(ends, line.w * ends + line.b, **LINES[name])


def say(fit):
    """The picture in words; without a guess the loss stays hidden."""
    if not fit.guess:
        return f"{len(fit.x)} points and your line {equation(fit.line)}. Lock your prediction to see its loss."
    meaning = ": the mean of the squared distances (purple)" if fit.squared else ""
    least = ": no line has less" if fit.squared else "; it is the best for squared distances"
    return (
        f"Your line {equation(fit.line)} has loss {short(fit.line.loss)}{meaning}.\n"
        f"Your prediction {equation(fit.guess)} has loss {short(fit.guess.loss)}.\n"
        f"The best line {equation(fit.best)} has loss {short(fit.best.loss)}{least}."
    )


def equation(line):
    sign = "-" if line.b < 0 else "+"
    return f"y = {short(line.w)} x {sign} {short(abs(line.b))}"


def explore_line(x, y, loss=squared_error):
    """Move a line over the points x, y (N,); `loss(prediction, target)` may be your own function."""
    x, y = points(x, y)
    w = number("w", -3, 3, value=0.0, label="slope w")
    b = number("b", -3, 3, value=0.0, label="height b")
    controls = w, b, predict_with(QUESTION, w, b)
    return Explorer(partial(compute, x=x, y=y, loss=loss), draw, say, controls, frame=frame)


def points(x, y):
    """Two arrays of finite floats, (N,) each."""
    x, y = (np.asarray(values, dtype=float) for values in (x, y))
    check_shapes("explore_line", "N, N", x=x, y=y)
    if not x.size or not np.isfinite([x, y]).all():
        raise ValueError("explore_line(x, y): give one point at least, and finite numbers only")
    return x, y
