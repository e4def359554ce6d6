"""Follow a batch through the bricks of a net, forward and back, one step at a time.

Affine, activation, Affine, loss: every brick makes an array and keeps, in its pullback, what its way back will need.
What a pullback keeps is read from the function itself, so the reader's own activation is told as it is.
"""

from functools import cache, partial
from typing import Any, NamedTuple

import matplotlib
import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgba

from .. import ops
from .controls import steps, toggle, whole
from .explorer import Explorer
from .kept import held
from .lettering import Lettering
from .prediction import predict_with
from .readers_activation import check_activation, name_of, run, run_back
from .style import DATA, GRADIENT, GUESS, PARAMETER, SIGNED, TRUTH

D, M = 3, 2
MOST_ROWS, MOST_UNITS = 8, 12
FORWARD, BACK, PARAMS = ("x", "h", "a", "p"), ("dx", "dh", "da", "dp"), ("W1", "b1", "W2", "b2")
UPDATE = 9  # the last step; 1 to 4 go forward, 5 to 8 go back
LR = 0.5

QUESTION = "After the loss: how many numbers do the pullbacks keep for the way back? Parameters do not count."


class Flow(NamedTuple):
    """One batch on its way, `step` steps from the start.  arrays {name: array}, by now or later; `present`: the names.

    grads {name: array}: what each parameter's gradient holds by now. Once there is a guess: what each of the four
    pullbacks keeps {name: array}, as long as it is needed; the numbers kept after each step (10,); the guess, and the
    right answer where it was given.
    """

    step: int
    clean: bool
    brick: str
    arrays: dict
    present: set
    grads: dict
    loss: float
    gradients: Any
    kept: list | None = None
    counts: Any = None
    guess: dict | None = None
    answer: int | None = None


def compute(guess, step, n, width, clean, *, activation):
    """All arrays of one batch; what the pullbacks keep only for a reader who has committed to a guess."""
    arrays, keep = one_batch(activation, n, width)
    before = {name: np.zeros_like(arrays[name]) for name in PARAMS}
    if not clean:
        last, _ = one_batch(activation, n, width, seed=1)
        before = {name: last["d" + name] for name in PARAMS}
    grads = {"d" + p: before[p] + (arrays["d" + p] if arrived(p, step) else 0) for p in PARAMS}
    gradients = np.concatenate([arrays["d" + p].ravel() for p in PARAMS])
    found = Flow(step, clean, name_of(activation), arrays, passed(step), grads, float(arrays["L"]), gradients)
    if guess is None:
        return found
    kept = [held if i < step < 8 - i else {} for i, held in enumerate(keep)]
    counts = np.array([count(keep, s) for s in range(UPDATE + 1)])
    answer = count(one_batch(activation, guess["n"], guess["width"])[1], 4)
    return found._replace(
        kept=kept, counts=counts, guess=guess, answer=answer, present=alive(found.present, kept, step)
    )


def one_batch(activation, n, width, seed=0):
    """{name: array} of a whole step of training, and what the four pullbacks keep."""
    x, y, *params = start(n, width, seed)
    W1, b1, W2, b2 = params
    h, back_first = ops.affine(x, W1, b1)
    a, back_activation = run(activation, h)
    p, back_second = ops.affine(a, W2, b2)
    loss, back_loss = ops.mse(p, target=y)
    known = {"x": x, "h": h, "a": a, "p": p, "y": y}
    keep = [held(back, known, params) for back in (back_first, back_activation, back_second, back_loss)]
    (dp,) = back_loss(1.0)
    da, dW2, db2 = back_second(dp)
    dh = run_back(activation, back_activation, da, h)
    dx, dW1, db1 = back_first(dh)
    grads = {"dx": dx, "dh": dh, "da": da, "dp": dp, "dW1": dW1, "db1": db1, "dW2": dW2, "db2": db2}
    return known | {"L": loss} | dict(zip(PARAMS, params, strict=True)) | grads, keep


def start(n, width, seed):
    """x (n, D), y (n, M) and W1, b1, W2, b2: a part of the same numbers, whatever n and width are."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(MOST_ROWS, D)), rng.normal(size=(MOST_ROWS, M))
    rng = np.random.default_rng(5)  # the parameters are the same for every batch
    W1, W2 = rng.normal(size=(D, MOST_UNITS)), rng.normal(size=(MOST_UNITS, M))
    return x[:n].copy(), y[:n].copy(), W1[:, :width].copy(), np.zeros(width), W2[:width].copy(), np.zeros(M)


# ---- what is there after a step ----------------------------------------------------------------------


def count(keep, step):
    """How many numbers the pullbacks keep after a step; an array that two of them keep counts once."""
    arrays = [a for i, held in enumerate(keep) if i < step < 8 - i for a in held.values()]
    return sum(size for size in {id(a): a.size for a in arrays}.values())


def passed(step):
    """The names of the forward arrays that have been made, and of the gradient at hand."""
    back = {8 - i: name for i, name in enumerate(BACK)}
    return {*FORWARD[: step + 1], *(["L"] if step >= 4 else []), *([back[step]] if step in back else [])}


def alive(present, kept, step):
    """Of these, what anyone still needs: the pullbacks, or the brick that comes next."""
    needed = {name for held in kept for name in held} | {"L"} | set(BACK)
    return {name for name in present if name in needed or FORWARD.index(name) == step}


def arrived(param, step):
    return step >= (6 if param in ("W2", "b2") else 8)


# ---- the picture -------------------------------------------------------------------------------------

WIDTH = 6.0
SIZE = (5.3, 4.3)  # inches; all other lengths are in units of the picture, WIDTH from side to side
CELL = 0.05
WIRES = {"x": 0.3, "h": 1.73, "a": 3.09, "p": 4.52, "L": 5.77}  # the centers of the arrays between the bricks
BRICKS = {0: (0.68, 1.30), 1: (2.16, 2.66), 2: (3.52, 4.14), 3: (4.90, 5.40)}  # left and right side
TOP, BOTTOM, FORTH, RETURN = 4.1, 2.02, 3.5, 2.55  # heights
ADDED, ADDED_NAME = 1.66, 1.11
FLOOR, TALLEST, BAR, FIRST_BAR = 0.26, 0.5, 0.29, 1.6
PALE, FAINT, ACTIVE = "#F2F2F2", "#BBBBBB", "#FFF3D6"
OPEN = (0, 0, 0, 0)
SHADES = matplotlib.colormaps[SIGNED](np.arange(257) / 256)


class Boxes:
    """Rectangles in one artist: many artists cost much time."""

    def __init__(self):
        self.corners, self.faces, self.edges, self.widths = [], [], [], []

    def add(self, left, bottom, right, top, face=OPEN, edge=OPEN, width=0.0):
        self.corners.append([(left, bottom), (right, bottom), (right, top), (left, top)])
        self.faces.append(rgba(face))
        self.edges.append(rgba(edge))
        self.widths.append(width)

    def array(self, array, x, y, *, filled, edge=FAINT):
        """An array around (x, y): its outline, and its numbers in colour."""
        rows, columns = np.atleast_2d(array).shape
        left, top = x - columns * CELL / 2, y + rows * CELL / 2
        if filled:
            for (i, j), color in zip(np.ndindex(rows, columns), colors(array), strict=True):
                self.add(left + j * CELL, top - (i + 1) * CELL, left + (j + 1) * CELL, top - i * CELL, tuple(color))
        self.add(left, top - rows * CELL, left + columns * CELL, top, edge=edge, width=0.9)

    def draw(self, ax):
        looks = {"facecolors": np.array(self.faces), "edgecolors": np.array(self.edges), "linewidths": self.widths}
        ax.add_collection(PolyCollection(np.array(self.corners), **looks, zorder=2), autolim=False)


def colors(array):
    """A colour for each entry: blue below 0, white at 0, red above.  (size, 4)"""
    values = np.nan_to_num(np.ravel(array), posinf=1.0, neginf=-1.0)
    reach = np.abs(values).max() or 1.0
    return SHADES[np.rint(128 + 108 * values / reach).astype(int)]


@cache
def rgba(color):
    return to_rgba(color)


def frame(ax, found):
    ax.set(xlim=(0, WIDTH), ylim=(0, TOP + 0.12))
    ax.set_axis_off()
    ax.text(0.05, 1.86, "gradients", fontsize=9, va="center", color=GRADIENT)
    ax.text(0.05, 1.70, "so far", fontsize=9, va="center", color=GRADIENT)
    ax.text(0.05, FLOOR + 0.42, "numbers kept", fontsize=9, va="center")
    ax.text(0.05, FLOOR + 0.26, "by the pullbacks", fontsize=9, va="center")
    ax.text(0.05, FLOOR - 0.16, "after step", fontsize=9, va="center")
    for s in range(UPDATE + 1):
        ax.text(bar(s), FLOOR - 0.16, str(s), ha="center", va="center", fontsize=9)
    ax.plot([], [], color=GUESS, linestyle=":", label="your prediction")
    ax.legend(loc="lower right", bbox_to_anchor=(1.02, 0.17), fontsize=9)


def bar(step):
    return FIRST_BAR + BAR * (step + 0.5)


def draw(ax, found):
    boxes, text = Boxes(), Lettering()
    for i, (left, right) in BRICKS.items():
        working = i in (found.step - 1, 8 - found.step) or (found.step == UPDATE and i in (0, 2))
        boxes.add(left, BOTTOM, right, TOP, ACTIVE if working else PALE, FAINT, 0.9)
        name = ("Affine 1", found.brick[:14], "Affine 2", "loss")[i]
        size = min(9, 105 * (right - left) / len(name))  # a long name is written smaller
        text.write((left + right) / 2, TOP - 0.14, name, color=TRUTH, size=size)
    draw_wires(boxes, text, found)
    draw_params(boxes, text, found)
    draw_arrows(ax, found)
    ax.set_title(title(found))
    if found.guess is None:
        hidden = "Hidden until you lock your prediction"
        ax.text(FIRST_BAR + 1.4, FLOOR + 0.3, hidden, ha="center", va="center", fontsize=10)
    else:
        draw_kept(boxes, text, found)
        draw_counts(ax, boxes, text, found)
    boxes.draw(ax)
    text.draw(ax)


def draw_wires(boxes, text, found):
    for name in FORWARD:
        array, x = found.arrays[name], WIRES[name]
        boxes.array(array, x, FORTH, filled=name in found.present)
        label(text, name, array, x, FORTH + 0.46, DATA)
        boxes.array(found.arrays["d" + name], x, RETURN, filled="d" + name in found.present)
        label(text, "d" + name, array, x, RETURN - 0.3, GRADIENT)
    text.write(WIRES["L"], FORTH + 0.46, "L", color=DATA, size=10)
    text.write(WIRES["L"], FORTH, f"{found.loss:.3g}" if "L" in found.present else "?", color=DATA, size=9)
    text.write(WIRES["L"], RETURN, "1", color=GRADIENT, size=10)


def label(text, name, array, x, y, color):
    text.write(x, y, name, color=color, size=10)
    text.write(x, y - 0.15, "({}, {})".format(*array.shape), color=color, size=8.5)


def draw_params(boxes, text, found):
    for W, b, (left, right) in (("W1", "b1", BRICKS[0]), ("W2", "b2", BRICKS[2])):
        x, rows = (left + right) / 2, len(found.arrays[W]) * CELL / 2
        values = [found.arrays[p] - (LR * found.grads["d" + p] if found.step == UPDATE else 0) for p in (W, b)]
        for array, y in zip(values, (FORTH, FORTH - rows - 0.08), strict=True):
            boxes.array(array, x, y, filled=True, edge=PARAMETER)
        for p, y in ((W, ADDED), (b, ADDED - rows - 0.08)):
            grad = found.grads["d" + p]
            boxes.array(grad, x, y, filled=bool(grad.any()), edge=GRADIENT if grad.any() else FAINT)
        text.write(x, ADDED_NAME, f"d{W}, d{b}", color=GRADIENT, size=10)


def draw_arrows(ax, found):
    """Between the arrays and the bricks: forward above, back below; those of the step at hand are dark."""
    starts, ends, dark = [], [], []
    gaps = np.array([0.52, 0.68, 1.30, 1.42, 2.04, 2.16, 2.66, 2.78, 3.40, 3.52, 4.14, 4.26, 4.78, 4.90, 5.40, 5.53])
    for k, (left, right) in enumerate(gaps.reshape(-1, 2)):
        i = k // 2  # the brick beside it
        starts += [(left, FORTH), (right, RETURN)]
        ends += [(right, FORTH), (left, RETURN)]
        dark += [found.step == i + 1, found.step == 8 - i]
    for i in (0, 2):
        middle = sum(BRICKS[i]) / 2
        starts.append((middle, BOTTOM))
        ends.append((middle, BOTTOM - 0.1))
        dark.append(found.step == 8 - i)
    starts, ends = np.array(starts), np.array(ends)
    shades = [TRUTH if d else FAINT for d in dark]
    units = {"angles": "xy", "scale_units": "xy", "scale": 1, "units": "inches", "width": 0.016}
    ax.quiver(*starts.T, *(ends - starts).T, color=shades, headwidth=5, headlength=4, headaxislength=4, **units)


def draw_kept(boxes, text, found):
    """In the lower half of each brick: what its pullback keeps, as long as it is needed."""
    for i, kept in enumerate(found.kept):
        x = sum(BRICKS[i]) / 2
        if kept:
            text.write(x, RETURN + 0.13, "keeps", color=TRUTH, size=9)
            names = ", ".join(kept)[:14]
            text.write(x, RETURN - 0.07, names, color=DATA, size=min(11, 48 / len(names)), weight="bold")


def draw_counts(ax, boxes, text, found):
    guessed_here = found.arrays["h"].shape == (found.guess["n"], found.guess["width"])
    limit = max(found.counts.max(), found.guess["numbers"] if guessed_here else 1, 1)
    for s, n in enumerate(found.counts):
        height = TALLEST * n / limit
        here = s == found.step
        boxes.add(bar(s) - 0.11, FLOOR, bar(s) + 0.11, FLOOR + height, DATA if here else "#A9CDE6")
        text.write(bar(s), FLOOR + height + 0.09, str(n), color=TRUTH, size=8.5, weight="bold" if here else "normal")
    if guessed_here:
        level = FLOOR + TALLEST * found.guess["numbers"] / limit
        ax.hlines(level, bar(0) - 0.14, bar(UPDATE) + 0.14, color=GUESS, linestyle=":")


def title(found):
    if found.step == 0:
        return "A batch has arrived"
    if found.step == UPDATE:
        return "Step 9, update: all parameters at once"
    way, i = ("forward", found.step - 1) if found.step <= 4 else ("back", 8 - found.step)
    return f"Step {found.step}, {way}: {bricks(found)[i]}"


def bricks(found):
    return "Affine 1", found.brick, "Affine 2", "the loss"


# ---- the words ---------------------------------------------------------------------------------------


def say(found):
    lines = [happens(found), gradients(found)]
    if found.guess is None:
        return "\n".join([*lines, "Lock your prediction to see what the pullbacks keep."])
    return "\n".join([*lines, keeps(found), verdict(found)])


def happens(found):
    """The step at hand, with shapes."""
    s, shape = found.step, {name: f"{name} {np.shape(array)}" for name, array in found.arrays.items()}
    told = (
        f"A batch {shape['x']} has arrived; the hidden arrays will have the shape {found.arrays['h'].shape}.",
        f"Affine 1 makes {shape['h']} of {shape['x']}.",
        f"{found.brick} makes {shape['a']} of {shape['h']}.",
        f"Affine 2 makes {shape['p']} of {shape['a']}.",
        f"The loss makes one number of {shape['p']}: L = {found.loss:.4g}.",
        f"The pullback of the loss turns 1 into {shape['dp']}.",
        f"The pullback of Affine 2 turns {shape['dp']} into {shape['da']}, and adds to dW2 and db2.",
        f"The pullback of {found.brick} turns {shape['da']} into {shape['dh']}.",
        f"The pullback of Affine 1 turns {shape['dh']} into {shape['dx']}, and adds to dW1 and db1.",
        f"The update: W1, b1, W2, b2 change by -lr times their gradients, after a batch {shape['x']} "
        f"with hidden arrays {found.arrays['h'].shape}.",
    )
    return f"Step {s}: {told[s]}"


def gradients(found):
    done = [f"d{p}" for p in ("W2", "b2", "W1", "b1") if arrived(p, found.step)]
    told = f"Gradients added so far: {', '.join(done) or 'none'}."
    if found.clean:
        return told
    return f"{told} They were not set to 0 before: those of the last batch are still in them."


def keeps(found):
    kept = [f"{name} ({brick})" for brick, held in zip(bricks(found), found.kept, strict=True) for name in held]
    return f"Kept by the pullbacks: {', '.join(kept) or 'nothing'}; {found.counts[found.step]} numbers."


def verdict(found):
    where = f"batch {found.guess['n']} and width {found.guess['width']}"
    return f"For {where} you predicted {found.guess['numbers']}; after the loss it is {found.answer}."


def explore_bricks(activation=ops.relu):
    """Follow a batch through Affine, activation, Affine and loss; activation(x) -> (out, pullback) may be your own."""
    check_activation(activation)
    numbers = whole("numbers", 0, 400, value=0, label="prediction")
    n = whole("n", 1, MOST_ROWS, value=4, label="batch N")
    width = whole("width", 1, MOST_UNITS, value=8, label="width H")
    guess = predict_with(QUESTION, numbers, n, width)
    guess.observe(numbers.disable)
    clean = toggle("clean", label="gradients start at 0", value=True)
    controls = guess, steps("step", UPDATE, label="step"), n, width, clean
    return Explorer(partial(compute, activation=activation), draw, say, controls, frame=frame, size=SIZE)
