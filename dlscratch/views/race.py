"""A race of optimizers: the paths of four, or five with the reader's own, down one landscape, step by step.

All run on the package's optimizers. The lower picture repeats the race for many learning rates: a parameter of
shape (runs, 2) holds them side by side, and every run has its own entries of `lr`.
"""

from functools import lru_cache, partial
from typing import Any, NamedTuple

import numpy as np
from matplotlib.collections import CircleCollection, LineCollection

from ..layers import Parameter
from ..optim import SGD, Adam, RMSProp
from .controls import choice, number, power_of_ten, steps
from .explorer import Explorer
from .landscape import LANDSCAPES
from .prediction import predict_with
from .readout import short
from .style import DATA, ERROR, GRADIENT, GUESS, PARAMETER, TRUTH

QUESTION = "On the bowl: from which lr on does plain gradient descent (SGD) diverge? Set lr there, then lock it."
LAST = 100
RECENT = 10  # of so many steps the lower picture shows the highest loss: a single one may be low by luck
SWEEP = np.logspace(-3, 1, 81)
EXPLODED = 1e3  # times the loss at the start
FAR = 1e5  # a path ends where it is this far away: the picture is only 4 wide
FLOOR, CEILING = 1e-6, 1e4  # of the axis of losses
LOOKS = {  # five racers need five colors: here these do not have their usual meanings
    "SGD": {"color": GRADIENT, "linestyle": "-"},
    "momentum": {"color": DATA, "linestyle": "-"},
    "RMSProp": {"color": PARAMETER, "linestyle": "--"},
    "Adam": {"color": ERROR, "linestyle": "--"},
    "yours": {"color": "#56B4E9", "linestyle": "-"},
}


class Race(NamedTuple):
    """The settings, the contours (C, points, 2), and paths (steps + 1, 2) by name: without a guess SGD's first step.

    Once there is a guess: the losses (LAST + 1,) by name; the highest recent losses (S,) at the learning rates SWEEP
    by name; the learning rate above which SGD diverges (the valley has none); and the guess.
    """

    landscape: str
    lr: float
    condition: float
    momentum: float
    steps: int
    contours: Any
    paths: dict
    losses: dict | None = None
    sweep: dict | None = None
    limit: float | None = None
    guess: dict | None = None


def compute(guess, lr, condition, landscape, momentum, steps, *, own=None):
    """The race up to `steps`; for a reader without a guess, nothing but the first step of SGD."""
    land = LANDSCAPES[landscape]
    settings = landscape, lr, condition, momentum, steps, land.contours(condition)
    trails = race(landscape, lr, condition, momentum)
    paths = dict(zip(LOOKS, trails[:, :, 0].swapaxes(0, 1), strict=False))
    if own:
        paths["yours"] = follow(own, land, lr, condition)
    if guess is None:
        return Race(*settings, {"SGD": visible(paths["SGD"][:2])})
    with np.errstate(all="ignore"):  # of runs that explode
        losses = {name: land.loss(path, condition) for name, path in paths.items()}
        sweep = highest(land.loss(trails[recent(steps), :, 1:], condition))
    paths = {name: visible(path[: steps + 1]) for name, path in paths.items()}
    limit = 2 / condition if "bowl" in landscape else None
    return Race(*settings, paths, losses, dict(zip(LOOKS, sweep, strict=False)), limit, guess)


@lru_cache(maxsize=4)  # a move of `steps` runs nothing again
def race(landscape, lr, condition, momentum):
    """Where four optimizers are after every step, first at `lr`, then at all of SWEEP.  -> (LAST + 1, 4, 1 + S, 2)"""
    land, rates = LANDSCAPES[landscape], np.array([lr, *SWEEP])
    params = [Parameter(np.tile(land.start, (len(rates), 1))) for _ in range(4)]
    rules = SGD, partial(SGD, momentum=momentum), RMSProp, Adam
    optimizers = [rule([p], lr=0.0) for rule, p in zip(rules, params, strict=True)]
    for optimizer in optimizers:
        optimizer.lr = np.repeat(rates, 2)  # one for each entry of the parameter
    trails = np.empty((LAST + 1, 4, len(rates), 2))
    trails[0] = land.start
    with np.errstate(all="ignore"):
        for t in range(LAST):
            grads = land.gradient(trails[t], condition)
            for i, (p, optimizer) in enumerate(zip(params, optimizers, strict=True)):
                p.grad = grads[i]
                optimizer.step()
                trails[t + 1, i] = p.data
    return trails


def follow(own, land, lr, condition):
    """The path of the reader's own optimizer.  (LAST + 1, 2)"""
    p = Parameter(np.array(land.start))
    optimizer = own([p], lr=lr)
    trail = [p.data.copy()]
    with np.errstate(all="ignore"):
        for _ in range(LAST):
            p.grad = land.gradient(trail[-1], condition)
            optimizer.step()
            trail.append(p.data.copy())
    return np.array(trail)


def visible(path):
    """The path up to its first point that is far away or not finite; the rest is masked."""
    lost = np.logical_or.accumulate(~(np.abs(path).max(axis=-1) < FAR))
    return np.ma.array(path, mask=np.stack([lost, lost], axis=-1))


def recent(steps):
    return slice(max(steps + 1 - RECENT, 0), steps + 1)


def highest(losses):
    """Over the first axis, infinite if one is not a number; only as high and as low as the axis can show."""
    return np.clip(np.nan_to_num(losses, nan=np.inf).max(axis=0), FLOOR, 10 * CEILING)


# ---- the picture -------------------------------------------------------------------------------------


def frame(axes, found, *, names):
    axes[0].get_gridspec().set_height_ratios([3, 2])
    axes[0].set(xlim=(-2.2, 2.2), ylim=(-1.3, 1.9), xlabel="weight w1", ylabel="weight w2", aspect="equal")
    axes[0].grid(False)
    for name in names:
        axes[0].plot([], [], label=name, **LOOKS[name])
    axes[0].legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=5, fontsize=9, columnspacing=1.2)
    axes[1].set(xscale="log", yscale="log", xlim=SWEEP[[0, -1]], ylim=(FLOOR, CEILING))
    axes[1].set(xlabel="learning rate lr", ylabel=f"highest loss of\nthe last {RECENT} steps")
    axes[1].plot([], [], color=GUESS, linestyle=":", label="your prediction")
    axes[1].plot([], [], color=TRUTH, linestyle="--", label="2 / largest curvature")
    axes[1].legend(loc="upper center", bbox_to_anchor=(0.5, -0.34), ncols=2, fontsize=9)


def draw(axes, found):
    draw_paths(axes[0], found)
    if found.guess is None:
        axes[0].set_title(f"One step of SGD with lr = {short(found.lr)}")
        axes[1].set_title("Hidden until you lock your prediction")
    else:
        axes[0].set_title(f"{counted(found.steps)} with lr = {short(found.lr)}")
        draw_sweep(axes[1], found)


def draw_paths(ax, found):
    points = np.ma.concatenate([*found.paths.values()])
    colors = np.repeat([LOOKS[name]["color"] for name in found.paths], len(points) // len(found.paths))
    draw_lines(ax, [(contour, {"color": "#BBBBBB"}, 0.8) for contour in found.contours])
    draw_lines(ax, [(path, LOOKS[name], 1.4) for name, path in found.paths.items()])
    draw_dots(ax, points, colors, 8)
    ax.plot(*LANDSCAPES[found.landscape].minimum, "+", color=TRUTH, markersize=10)


def draw_sweep(ax, found):
    lines = [(np.stack([SWEEP, losses], axis=-1), LOOKS[name], 1.6) for name, losses in found.sweep.items()]
    ax.set_title("The valley's curvature changes on the way")
    if found.limit:
        ax.set_title(f"SGD diverges above lr = 2 / {short(found.condition)} = {short(found.limit)}")
        lines.append((upright(found.limit), {"color": TRUTH, "linestyle": "--"}, 2.2))
        if found.condition == found.guess["condition"]:
            lines.append((upright(found.guess["lr"]), {"color": GUESS, "linestyle": ":"}, 2.2))
    draw_lines(ax, lines)
    now = [(found.lr, highest(losses[recent(found.steps)])) for losses in found.losses.values()]
    draw_dots(ax, now, [LOOKS[name]["color"] for name in found.losses], 40)


def upright(x):
    return [(x, FLOOR), (x, CEILING)]


def draw_lines(ax, lines):
    """All in one artist: many cost much time.  lines: [(points (P, 2), look, width), ...]"""
    points, looks, widths = zip(*lines, strict=True)
    colors, styles = [look["color"] for look in looks], [look.get("linestyle", "-") for look in looks]
    ax.add_collection(LineCollection(points, colors=colors, linestyles=styles, linewidths=widths), autolim=False)


def draw_dots(ax, points, colors, size):
    dots = CircleCollection([size], offsets=points, offset_transform=ax.transData, facecolors=colors)
    dots.set(linewidth=0, zorder=3)
    ax.add_collection(dots, autolim=False)


# ---- the words ---------------------------------------------------------------------------------------


def say(found, *, own=None):
    land = LANDSCAPES[found.landscape]
    place = f"On the {found.landscape}, with condition number {short(found.condition)} and lr = {short(found.lr)}"
    start = short(land.loss(land.start, found.condition))
    if found.guess is None:
        others = "RMSProp, Adam and your optimizer" if own else "RMSProp and Adam"
        after = short(land.loss(found.paths["SGD"].data[-1], found.condition))
        return (
            f"{place}, one step of SGD leads from loss {start} to {after}. Lock your prediction to see "
            f"{counted(found.steps)} of it, of momentum {short(found.momentum)}, {others}."
        )
    return f"{place}, after {counted(found.steps)} from loss {start}:\n{standings(found)}\n{verdict(found)}"


def counted(steps):
    return "1 step" if steps == 1 else f"{steps} steps"


def standings(found):
    names = {"momentum": f"momentum {short(found.momentum)}", "yours": "your optimizer"}
    told = [f"{names.get(name, name)}: {fate(losses, found.steps)}" for name, losses in found.losses.items()]
    still = "yours" in found.paths and found.steps and not np.ptp(found.paths["yours"], axis=0).any()
    return "; ".join(told) + (". Yours has not moved: does step() change p.data?" if still else ".")


def fate(losses, steps):
    """The loss after so many steps; or since when it is too large for a number to matter."""
    exploded = ~(losses[: steps + 1] < EXPLODED * losses[0])  # nan counts too
    return f"exploded at step {exploded.argmax()}" if exploded[-1] else short(losses[steps])


def verdict(found):
    condition = short(found.guess["condition"])
    truth = f"SGD diverges above 2 / {condition} = {short(2 / found.guess['condition'])}."
    told = f"For condition number {condition} you predicted lr = {short(found.guess['lr'])}; {truth}"
    return told if found.limit else f"{told} The valley has no such number: its curvature changes on the way."


def explore_race(own=None, *, landscape="bowl"):
    """Race SGD, momentum, RMSProp and Adam, and your own optimizer: own(params, lr=...) with a method step()."""
    lr = power_of_ten("lr", -3, 1, value=0.01, label="lr")
    condition = power_of_ten("condition", 0, 2, value=10.0, label="condition")
    controls = (
        predict_with(QUESTION, lr, condition),
        lr,
        condition,
        choice("landscape", tuple(LANDSCAPES), label="landscape"),
        number("momentum", 0, 0.99, value=0.9, label="momentum", step=0.01),
        steps("steps", LAST, label="step"),
    )
    controls[3].value, controls[5].value = landscape, 20
    names = [name for name in LOOKS if own or name != "yours"]
    settled, fixed = partial(compute, own=own), partial(frame, names=names)
    return Explorer(settled, draw, partial(say, own=own), controls, frame=fixed, panels=(2, 1), size=(5.2, 5.8))
