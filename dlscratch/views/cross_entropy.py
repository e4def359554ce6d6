"""Logits, their probabilities p, and what the loss asks of each logit: move the logits and see whom it blames.

Softmax gets z / T + c: the temperature T sharpens or flattens, the shift c changes nothing, or should change nothing.
Three ways to compute loss and gradient stand side by side: fused, naive, and the reader's own.
"""

from functools import partial
from string import ascii_uppercase
from typing import Any, NamedTuple

import numpy as np
from matplotlib.collections import LineCollection, PolyCollection

from .. import ops
from .controls import choice, number, power_of_ten
from .explorer import Explorer
from .lettering import Lettering
from .prediction import predict_with
from .readout import short
from .style import DATA, GRADIENT, GUESS, PARAMETER, TRUTH

QUESTION = "How much does the loss change for each unit of the right class's logit, at these values?"
HIDDEN = "Hidden until you lock your prediction"
LOGITS = (2.0, 1.0, 0.0)
LARGEST = np.log(np.finfo(float).max)  # e to a larger power is inf
NUDGE = 1e-5
SIZE = (5.2, 4.7)
HALF = 0.17  # from the middle of a column to the middle of each of its two bars


class Blame(NamedTuple):
    """Logits z (K,) as set, what softmax gets of them (K,), p (K,), the right class and the loss.

    Once there is a guess: the gradient (K,), the slopes (2, K) that nudges down and up measure, the guess, and the
    right answer where it was given.
    """

    z: Any
    T: float
    c: float
    right: int
    formula: str
    logits: Any
    p: Any
    loss: float
    gradient: Any = None
    nudges: Any = None
    guess: dict | None = None
    answer: float | None = None


# ---- the numbers -------------------------------------------------------------------------------------


def compute(guess, right, formula, T, c, *, own=None, **z):
    """Loss and gradient by one of the formulas; the gradient only for a reader who has committed to a guess."""
    classes, formulas = tuple(z), ways(own)
    logits = np.array([*z.values()]) / T + c
    k = classes.index(right)
    p, loss, gradient = formulas[formula](logits, k)
    found = Blame(np.array([*z.values()]), T, c, k, formula, logits, p, loss)
    if guess is None:
        return found
    nudges = nudged(formulas[formula], logits, k)
    return found._replace(gradient=gradient, nudges=nudges, guess=guess, answer=answer(guess, classes, formulas))


def answer(guess, classes, formulas):
    """What a nudge of the right class's logit measures where the guess was made; the first formula counts."""
    logits = np.array([guess[name] for name in classes]) / guess["T"] + guess["c"]
    k = classes.index(guess["right"])
    return float(np.mean(nudged(next(iter(formulas.values())), logits, k)[:, k]))


def ways(own=None):
    """{name: (logits (K,), right class) -> p (K,), loss, gradient (K,)}; the reader's own comes first."""
    yours = {"yours": partial(called, own)} if own else {}
    return yours | {"fused": partial(called, ops.softmax_cross_entropy), "naive": naive}


def naive(logits, right):
    """Softmax, then the logarithm, then the chain rule through both: right on paper."""
    e = np.exp(logits)
    p = e / e.sum()
    dp = np.where(np.arange(len(p)) == right, -1 / p[right], 0.0)
    return p, -np.log(p[right]), p * (dp - (p * dp).sum())


def called(loss, logits, right):
    """A loss of a batch with one row, or what is wrong with it."""
    name, out = getattr(loss, "__name__", type(loss).__name__), loss(logits[None].copy(), target=np.array([right]))
    if not isinstance(out, tuple) or len(out) != 2:
        raise ValueError(f"{name}(logits, target=...) must return (out, pullback); it returned {type(out).__name__}")
    if not callable(out[1]):
        raise ValueError(
            f"{name}(logits, target=...) must return (out, pullback); its pullback is {type(out[1]).__name__}"
        )
    value, back = out
    if np.shape(value) != () or value is None:
        raise ValueError(f"{name} must return one number as out; it returned {value!r}")
    dlogits = back(1.0)
    if not isinstance(dlogits, tuple | list) or len(dlogits) != 1 or dlogits[0] is None:
        raise ValueError(f"the pullback of {name} must return a tuple with one entry, dlogits: return (dlogits,)")
    if np.shape(dlogits[0]) != (1, len(logits)):
        raise ValueError(
            f"dlogits of {name} has shape {np.shape(dlogits[0])}; it must be that of logits, {(1, len(logits))}"
        )
    return ops.softmax(logits[None])[0][0], float(value), np.array(dlogits[0][0], dtype=float)


def nudged(formula, logits, right):
    """The loss's slope for each logit, measured to both sides (2, K): they differ at a kink."""
    here = formula(logits, right)[1]
    steps = NUDGE * np.eye(len(logits))
    return np.array([[(formula(logits + s * h, right)[1] - here) / (s * NUDGE) for h in steps] for s in (-1, 1)])


def disagrees(found):
    """Where the gradient is not between the slopes of the two sides (K,); at a kink anything between is right."""
    low, high = found.nudges.min(axis=0), found.nudges.max(axis=0)
    room = 1e-4 * np.maximum(1.0, np.abs(found.nudges).max(axis=0))
    return (found.gradient < low - room) | (found.gradient > high + room)


# ---- the picture -------------------------------------------------------------------------------------


def frame(axes, found, *, classes, reach):
    places = np.arange(len(classes))
    for ax in axes:
        ax.set(xlim=(-0.6, len(classes) - 0.4), xticks=places, xticklabels=classes)
        ax.grid(False, axis="x")
    axes[0].set(ylim=(0, 1.45), yticks=(0, 0.5, 1), ylabel="probability")
    axes[0].plot([], [], color=PARAMETER, linewidth=8, label="p, from softmax")
    axes[0].plot([], [], color=DATA, linewidth=8, label="t, the target")
    axes[0].legend(loc="upper left", ncols=2, fontsize=9)
    axes[1].set(ylim=(-1.6 * reach, 1.8 * reach), yticks=(-reach, 0, reach), ylabel="gradient")
    axes[1].axhline(0, color="#666666", linewidth=1)
    axes[1].plot([], [], color=TRUTH, linestyle="--", label="nudge")
    axes[1].plot([], [], color=GUESS, linestyle=":", label="your prediction")
    axes[1].legend(loc="upper left", ncols=2, fontsize=9)


def draw(axes, found, *, classes, reach):
    axes[0].set_title(f"{classes[found.right]} is right: loss {short(found.loss)}")
    draw_probabilities(axes[0], found)
    numbers = Lettering()
    for x, logit in enumerate(found.logits):
        numbers.write(x, -1.42 * reach, f"logit {logit:.5g}", color=TRUTH, size=9)
    if found.guess is None:
        axes[1].text(len(classes) / 2 - 0.5, 0, HIDDEN, ha="center", va="center", backgroundcolor="white")
    else:
        draw_gradient(axes[1], numbers, found, classes, reach)
    numbers.draw(axes[1])


def draw_probabilities(ax, found):
    """Two bars for each class: p, and t beside it."""
    places, numbers = np.arange(len(found.p)), Lettering()
    bars, digits = [], 4 if len(places) < 4 else 2  # of more classes, longer numbers would touch
    for heights, shift, color in ((found.p, -HALF, PARAMETER), (places == found.right, HALF, DATA)):
        for x, value in zip(places + shift, heights.astype(float), strict=True):
            top = np.nan_to_num(value)
            bars.append(((x, 0), (x, top)))
            numbers.write(x, top + 0.08, short(round(value, digits)), color=color)
    colors = np.repeat((PARAMETER, DATA), len(places))
    ax.add_collection(LineCollection(bars, colors=colors, linewidths=24, capstyle="butt"), autolim=False)
    numbers.draw(ax)


def draw_gradient(ax, numbers, found, classes, reach):
    """An arrow from 0 for each logit, marks for the nudges, and one for the guess while the sliders stand there."""
    most = 1.15 * reach
    tips = np.clip(np.nan_to_num(found.gradient), -most, most)
    arrows = [arrow(x, tip, reach) for x, tip in enumerate(tips)]
    ax.add_collection(PolyCollection(arrows, facecolors=GRADIENT), autolim=False)
    for x, (tip, value) in enumerate(zip(tips, found.gradient, strict=True)):
        beside = abs(tip) > 0.4 * reach  # else there is more room beyond the tip
        y = tip / 2 if beside else tip + (-0.18 if value < 0 else 0.18) * reach
        side = "left" if beside else "center"
        numbers.write(x + 0.13 * beside, y, short(round(value, 4)), color=GRADIENT, ha=side)
    nudges = [((x - 0.28, y), (x + 0.28, y)) for ys in found.nudges for x, y in enumerate(ys) if abs(y) <= most]
    draw_dashes(ax, nudges, TRUTH, (0, (3, 2)))
    if settings(found, classes) == {name: value for name, value in found.guess.items() if name != "slope"}:
        draw_guess(ax, numbers, found.right, found.guess["slope"], most)


def draw_guess(ax, numbers, x, slope, most):
    """A mark at the guess; if it is outside of the picture, at the border, with the number beside it."""
    y = np.clip(slope, -most, most)
    draw_dashes(ax, [((x - 0.42, y), (x + 0.42, y))], GUESS, (0, (1, 1.5)))
    if y != slope:
        left, label = x > 0, f"{short(slope)} {'↑' if slope > 0 else '↓'}"
        numbers.write(x - 0.45 if left else x + 0.45, y, label, color=GUESS, ha="right" if left else "left")


def draw_dashes(ax, lines, color, dashes):
    ax.add_collection(LineCollection(lines, colors=color, linestyles=[dashes], linewidths=2.2), autolim=False)


def arrow(x, tip, reach):
    """The corners of an arrow from 0 to its tip (7, 2); a short one is all head."""
    neck = tip - np.sign(tip) * min(abs(tip), 0.35 * reach)
    sides = (-0.03, -0.03, -0.1, 0, 0.1, 0.03, 0.03)
    return np.stack([x + np.array(sides), (0, neck, neck, tip, neck, neck, 0)], axis=1)


def settings(found, classes):
    return dict(zip(classes, found.z, strict=True)) | {"right": classes[found.right], "T": found.T, "c": found.c}


# ---- the words ---------------------------------------------------------------------------------------


def told(classes, values):
    """A 0.6652, B 0.2447, C 0.09003"""
    return ", ".join(f"{name} {short(value)}" for name, value in zip(classes, values, strict=True))


def say(found, *, classes):
    right = classes[found.right]
    whose = {"yours": "your loss", "naive": "the loss by the naive formula"}.get(found.formula, "the loss, -log p,")
    lines = [
        f"{given(found, classes)} Softmax gives p = {told(classes, found.p)}.",
        trouble(found, classes) or f"{right} is right, and {whose} is {short(found.loss)}.",
    ]
    if found.guess is None:
        lines[1] += " Lock your prediction to see the gradient."
    else:
        lines += [verdict(found, classes), comparison(found, classes)]
    return "\n".join(lines)


def given(found, classes):
    logits = ", ".join(f"{name} {logit:.5g}" for name, logit in zip(classes, found.logits, strict=True))
    if found.T == 1 and found.c == 0:
        return f"Logits {logits}."
    before = ", ".join(map(short, found.z))
    return f"With T = {short(found.T)} and c = {short(found.c)}, the logits {before} become {logits}."


def trouble(found, classes):
    """Why the naive formula fails, in words; nothing if it does not."""
    if found.formula != "naive" or np.isfinite([*found.p, found.loss]).all():
        return ""
    largest = found.logits.max()
    if largest > LARGEST:
        return f"e to the {largest:.4g} is too large for a float and becomes inf; inf / inf is nan, not a number."
    if np.isnan(found.p).any():
        return f"Even e to the {largest:.4g} is too small for a float: all are 0, and 0 / 0 is nan, not a number."
    return f"p of {classes[found.right]} is too small for a float and becomes 0; -log 0 is inf, and inf * 0 is nan."


def verdict(found, classes):
    """Gradient and nudges in words."""
    gradient = f"Gradient: {told(classes, found.gradient)}."
    if not np.isfinite([*found.gradient, *found.nudges.ravel()]).all():
        return gradient
    wrong, kinks = disagrees(found), np.abs(np.diff(found.nudges, axis=0)[0]) > 1e-3
    sides = [side(*row) for row in zip(classes, *np.round(found.nudges, 4), kinks, strict=True)]
    if wrong.any():
        return f"{gradient} Nudges say something else: {', '.join(np.array(sides)[wrong])}."
    total = f"It adds up to {short(round(found.gradient.sum(), 9))}."
    if kinks.any():
        differ = ", ".join(np.array(sides)[kinks])
        return f"{gradient} {total} Nudges down and up differ at a kink, {differ}: it may lie between."
    return f"{gradient} {total} Nudges agree."


def side(name, down, up, kink):
    """A 1, or at a kink A 0 or 1."""
    return f"{name} {short(down)} or {short(up)}" if kink else f"{name} {short(up)}"


def comparison(found, classes):
    guess = found.guess
    where = ", ".join(f"{name} = {short(guess[name])}" for name in (*classes, "T", "c"))
    return f"For {guess['right']} at {where} you predicted {short(guess['slope'])}; it is {short(found.answer)}."


# ---- the widget --------------------------------------------------------------------------------------


def explore_cross_entropy(own=None, *, logits=LOGITS):
    """Move logits and see p, the loss and its gradient; `own` is a loss of yours, to stand beside the two others.

    own: called with logits (1, K) and target=labels (1,), it returns (out, pullback).
    logits: a start value for each class, two to five.
    """
    if not 2 <= len(logits) <= 5:
        raise ValueError(f"explore_cross_entropy: {len(logits)} logits; the picture has room for 2 to 5")
    classes = tuple(ascii_uppercase[: len(logits)])
    slope = number("slope", -12, 12, value=0.0, label="prediction", step=0.01)
    asked = (
        slope,
        *(number(name, -6, 6, value=z, label=f"logit {name}") for name, z in zip(classes, logits, strict=True)),
        choice("right", classes, label="right class"),
        power_of_ten("T", -3, 2, value=1.0, label="temperature"),
        number("c", -1000, 1000, value=0.0, label="shift c", step=10),
    )
    asked[-3].value = classes[-1]
    guess = predict_with(QUESTION, *asked)
    guess.observe(slope.disable)
    reach = 1.0 if own is None else float(len(classes) - 1)
    fixed = {"classes": classes, "reach": reach}
    return Explorer(
        partial(compute, own=own),
        partial(draw, **fixed),
        partial(say, classes=classes),
        (guess, *asked[1:], choice("formula", tuple(ways(own)), label="formula")),
        frame=partial(frame, **fixed),
        panels=(2, 1),
        size=SIZE,
    )
