"""Measure a slope with a step h: a microscope that zooms in as h shrinks, and the error that falls and rises again.

The microscope shows the curve from x - 1.5 h to x + 1.5 h, both axes in units of h. A smooth curve becomes
straight there, and a staircase once h reaches the distance between neighbouring floats.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .controls import choice, number, power_of_ten
from .explorer import Explorer
from .prediction import predict
from .readout import short
from .style import DATA, ERROR, GRADIENT, GUESS, TRUTH

QUESTION = "Which h gives the forward difference its smallest error?"
PER_DECADE = 10
STEPS = np.logspace(-16, 0, 16 * PER_DECADE + 1)
CENTER, UNIT = 96, 64
WINDOW = np.arange(-CENTER, CENTER + 1) / UNIT  # distances from x, in units of h; -1, 0 and 1 are among them
FLOOR = 1e-16  # of the error's axis; smaller errors are drawn there
LINES = {"forward": "-", "central": "--", "yours": ":"}
MICROSCOPE = {
    "f": {"color": DATA, "linewidth": 5, "alpha": 0.5},
    "measured slope": {"color": GRADIENT},
    "slope of the formula": {"color": TRUTH, "linestyle": "--"},
}
NODES = {"forward": (0, 1), "central": (-1, 1), "yours": (0,)}  # where a rule reads the curve, in units of h


class Difference(NamedTuple):
    """A slope measured at x with step h, beside the claimed one, and the curve nearby in units of h.

    Once there is a guess: the errors (R, S) of R rules for S steps, the guessed step, the best step of each rule
    (R,), and the errors to expect around these two.
    """

    x: float
    h: float
    rule: str
    rules: tuple
    measured: float
    slope: float
    near: Any
    errors: Any = None
    guess: float | None = None
    best: Any = None
    at_guess: Any = None
    at_best: Any = None


def forward(f, x, h):
    return (f(x + h) - f(x)) / h


def central(f, x, h):
    return (f(x + h) - f(x - h)) / (2 * h)


def compute(h, x, rule, guess, *, f, slope, rules):
    """What a rule measures at x; the errors of all steps only for a reader who has committed to a guess."""
    x, h = np.float64(x), np.float64(h)
    f, slope = one_number("f", f), one_number("slope", slope)
    here, claimed = f(x), slope(x)
    near = np.ma.masked_invalid([(f(x + u * h) - here) / h for u in WINDOW])  # f may end inside the window
    found = Difference(x, h, rule, tuple(rules), one_number(rule, rules[rule])(f, x, h), claimed, near)
    if guess is None:
        return found
    errors = np.abs([measure(one_number(*item), f, x) for item in rules.items()] - claimed)
    return found._replace(**verdict(errors, guess["h"]))


def one_number(name, function):
    """The function, with a clear message if it returns anything but a number."""

    def checked(*inputs):
        out = function(*inputs)
        if out is None:
            raise ValueError(f"{name} returned None: is its `return` missing?")
        if np.shape(out) != ():
            raise ValueError(f"{name} returned an array of shape {np.shape(out)}; it must return one number")
        return np.float64(out)

    return checked


def measure(rule, f, x):
    return np.array([rule(f, x, h) for h in STEPS])


def verdict(errors, guess):
    """The best step of each rule, and what to expect there and at the guess.  errors (R, S)"""
    around = worst_nearby(np.where(np.isfinite(errors), errors, np.inf))
    best = around.argmin(axis=1)
    at_guess = around[:, np.abs(np.log10(STEPS / guess)).argmin()]
    at_best = around.min(axis=1)
    errors = np.ma.masked_invalid(errors)  # large steps may leave the domain of f
    return dict(errors=errors, guess=guess, best=STEPS[best], at_guess=at_guess, at_best=at_best)


def worst_nearby(errors, *, width=PER_DECADE):
    """The largest error within half a decade of each step: what one gets without luck.  (R, S) -> (R, S)"""
    padded = np.pad(errors, ((0, 0), (width // 2, width // 2)), mode="edge")
    return sliding_window_view(padded, width + 1, axis=1).max(axis=2)


def frame(axes, found):
    frame_microscope(axes[0], found)
    frame_errors(axes[1])
    for rule in found.rules:
        axes[1].plot([], [], color=ERROR, linestyle=LINES[rule], label=rule)
    axes[1].axvline(-1, color=GUESS, linestyle=":", label="your prediction")  # a logarithmic axis has no -1
    axes[1].legend(loc="lower left", ncols=2, fontsize=9)


def frame_microscope(ax, found):
    largest = np.abs(found.near.compressed()).max(initial=0)
    reach = 1.9 * largest if 0 < largest < np.inf else 1.0
    ax.set(xlim=(-1.5, 1.5), ylim=(-reach, reach))
    ax.set(xlabel="distance from x, in units of h", ylabel="change of f, in units of h")
    for name, look in MICROSCOPE.items():
        ax.plot([], [], label=name, **look)
    ax.legend(loc="upper left", ncols=3, fontsize=9)


def frame_errors(ax):
    ax.set(xscale="log", yscale="log", xlim=(STEPS[0], STEPS[-1]), ylim=(FLOOR, 10))
    ax.set(xlabel="step h", ylabel="error")


def draw(axes, found):
    draw_microscope(axes[0], found)
    if found.errors is None:
        axes[1].set_title("Hidden until you lock your prediction")
    else:
        draw_verdict(axes[1], found)


def draw_microscope(ax, found):
    nodes, ends = np.array(NODES[found.rule]), WINDOW[[0, -1]]
    heights = found.near.filled(np.nan)[CENTER + UNIT * nodes]
    ax.set_title(f"h = {found.h:.2g}: the measured slope is {short(found.measured)}")
    ax.plot(WINDOW, found.near, **MICROSCOPE["f"])
    ax.plot(ends, heights[0] + found.measured * (ends - nodes[0]), **MICROSCOPE["measured slope"])
    ax.plot(nodes, heights, "o", color=GRADIENT)
    ax.plot(ends, found.slope * ends, **MICROSCOPE["slope of the formula"])


def draw_verdict(ax, found):
    now = found.rules.index(found.rule)
    for i, (rule, errors) in enumerate(zip(found.rules, found.errors, strict=True)):
        ax.plot(STEPS, np.maximum(errors, FLOOR), LINES[rule], color=ERROR, alpha=1 if i == now else 0.45, lw=1.6)
    ax.axvline(found.guess, color=GUESS, linestyle=":")
    ax.plot(found.h, max(abs(found.measured - found.slope), FLOOR), "o", color=GRADIENT)
    ax.set_title(f"{found.rule}: smallest error near h = {found.best[now]:.1g}")


def draw_errors(ax, steps, curves, title):
    """Errors over steps, on logarithmic axes.  curves {name: errors (S,)}: the first is measured, drawn purple."""
    if len(curves) > 3:
        raise ValueError(f"draw_errors: {len(curves)} curves; three can be told apart, draw another picture")
    frame_errors(ax)
    looks = [{"color": ERROR}, {"color": TRUTH, "linestyle": "--"}, {"color": TRUTH, "linestyle": ":"}]
    for (name, errors), look in zip(curves.items(), looks, strict=False):
        ax.plot(steps, np.maximum(errors, FLOOR), label=name, **look)
    ax.legend(loc="lower center")
    ax.set_title(title)


def say(found):
    now = found.rules.index(found.rule)
    rule = "your rule" if found.rule == "yours" else f"the {found.rule} difference"
    told = f"At x = {short(found.x)}, with {rule} and h = {found.h:.2g}, the measured slope is "
    told += f"{short(found.measured)}; the formula says {short(found.slope)}."
    if found.errors is None:
        return f"{told} Lock your prediction to see how the error depends on h."
    return (
        f"{told} They differ by {abs(found.measured - found.slope):.1g}.\n"
        f"Around your prediction, h = {found.guess:.1g}, the error reaches {found.at_guess[now]:.1g}.\n"
        f"The best place is near h = {found.best[now]:.1g}: there it {stays(found.at_best[now])}."
    )


def stays(error):
    """A sine at 0 is measured without any error, and nothing stays below 0."""
    return f"stays below {error:.1g}" if error else "is 0"


def explore_difference(f=np.sin, slope=np.cos, *, at=1.0, own=None):
    """Zoom in on f near x and see how well its slope can be measured; all functions may be your own.

    f(x) and slope(x) take a number and return one; own(f, x, h) is a third rule beside forward and central.
    """
    rules = {"forward": forward, "central": central} | ({"yours": own} if own else {})
    guess = predict(QUESTION, power_of_ten("h", -16, 0, value=0.01, label="best h"))
    controls = (
        guess,
        power_of_ten("h", -16, 0, value=1.0, label="step h"),
        choice("rule", tuple(rules), label="difference"),
        number("x", at - 2, at + 2, value=at, label="place x"),
    )
    settled = partial(compute, f=f, slope=slope, rules=rules)
    return Explorer(settled, draw, say, controls, frame=frame, panels=(2, 1), size=(5.2, 5.2))
