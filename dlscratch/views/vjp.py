"""Multiply a Jacobian from both sides: J u is where a nudge leads, v'J is what a pullback returns.

The Jacobian J (m, n) is measured, column by column, by nudging the inputs. v'J comes from the operation's own
pullback, which makes no matrix: the picture of J may fade, and v'J stays. Nothing is differentiated here: the
operations to choose from are functions of tensors, and the package's `vjp` runs them.
"""

import re
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgba

from ..autograd import vjp
from .controls import choice, number, whole
from .explorer import Explorer
from .graph import close, name_of
from .lettering import Lettering
from .prediction import predict_with
from .readout import short
from .style import DATA, GRADIENT, SIGNED, TRUTH

TRIANGLE, NEIGHBORS = np.tri(4), np.eye(4, 5, 1) - np.eye(4, 5)
MATRIX = np.array([[1.0, 2.0], [-1.0, 0.5]])
OPERATIONS = {
    "running total": (lambda x: (TRIANGLE @ x.reshape(4, 1)).reshape(4), np.array([1.0, 2.0, -1.0, 3.0])),
    "tanh": (lambda x: x.tanh(), np.array([0.0, 0.5, -1.0, 3.0])),
    "differences": (lambda x: (NEIGHBORS @ x.reshape(5, 1)).reshape(4), np.array([1.0, 3.0, 2.0, 0.0, 4.0])),
    "share of the sum": (lambda x: x / x.sum(), np.array([0.1, 0.2, 0.3, 0.4])),
    "copy a row to two rows": (lambda x: x + np.zeros((2, 2)), np.array([1.0, 2.0])),
    "two rows times a matrix": (lambda x: x @ MATRIX, np.array([[1.0, 2.0], [3.0, -1.0]])),
}
START = (1.0, -2.0, 0.5, 3.0)
DIRECTIONS = {
    "first input": lambda n: np.eye(n)[0],
    "last input": lambda n: np.eye(n)[-1],
    "all inputs": np.ones,
    "up and down": lambda n: (-1.0) ** np.arange(n),
}
QUESTION = "What is the first entry of v'J, for this operation and with these entries of v?"
MOST, DOUBLINGS = 5, 16  # rows and columns that the picture has room for; how often the sizes can be doubled
H = 1e-5  # the best step of a central difference lies near here

SIZE = (5.3, 5.0)  # one unit of the picture is about an inch
CELL = (0.68, 0.42)
GAP, TOP = 0.16, 3.7  # between the matrix and the vectors around it; the matrix's upper edge
BARS, LEFT, RIGHT = (0.72, 0.38), 1.0, 4.55  # heights and ends of the bars that show memory
BYTES = 8  # of a float64
SCALE = (1.0, 12.0)  # the bars run from 10 bytes to 10^12, on a logarithmic scale
UNITS = ("B", "kB", "MB", "GB", "TB")


class Products(NamedTuple):
    """The Jacobian (m, n) of an operation, v (m,), u (n,) and J u (m,); how faded J is, and the sizes' doublings.

    Once there is a guess: v'J (n,) from the pullback, the same from v and the measured J, the numbers of the entries
    in which the two differ, the guess, and the right answer where it was given.
    """

    op: str
    jacobian: Any
    v: Any
    u: Any
    ju: Any
    fade: float
    doublings: int
    vj: Any = None
    measured: Any = None
    wrong: tuple = ()
    guess: dict | None = None
    answer: float | None = None


def compute(guess, direction, fade, doublings, *, operations, op=None, **v):
    """J by nudges and J u; v'J only for a reader who has committed to a guess."""
    op, v = op or next(iter(operations)), in_order(v)
    J = jacobian(*operations[op])
    u = DIRECTIONS[direction](J.shape[1])
    found = Products(op, J, v, u, tidy(J @ u), fade, doublings)
    if guess is None:
        return found
    vj, measured = tidy(pulled(*operations[op], v)), tidy(v @ J)
    finite = np.isfinite([vj, measured]).all()
    wrong = tuple(j for j in range(len(vj)) if finite and not close(vj[j], measured[j]))
    answer = (in_order(guess) @ jacobian(*operations[guess.get("op", op)]))[0]
    return found._replace(vj=vj, measured=measured, wrong=wrong, guess=guess, answer=float(tidy(answer)))


def in_order(values):
    """The entries v1, v2, ... of a dict, as an array (m,)."""
    return np.array([value for name, value in values.items() if name in NAMES], dtype=float)


NAMES = [f"v{i + 1}" for i in range(MOST)]


def jacobian(op, x):
    """J (m, n) at x: each input is nudged up and down, and all outputs are read."""
    nudges = H * np.eye(x.size).reshape(x.size, *x.shape)
    columns = [(run(op, x + nudge)[0] - run(op, x - nudge)[0]).ravel() / (2 * H) for nudge in nudges]
    return tidy(np.stack(columns, axis=1))


def tidy(measured):
    """Without the rounding errors of nudges, and without minus zero."""
    return np.round(measured, 8) + 0.0


def run(op, x):
    """Value and pullback of an operation, or what is wrong with it."""
    answer = op(x.copy())  # a reader's own operation may write to it
    if not isinstance(answer, tuple) or len(answer) != 2 or not callable(answer[1]):
        raise ValueError(f"{name_of(op)} must return (out, pullback); it returned {type(answer).__name__}")
    out, pullback = answer
    if out is None:
        raise ValueError(f"{name_of(op)} returned None as its value")
    if not 1 <= np.size(out) <= MOST:
        raise ValueError(f"{name_of(op)} has {np.size(out)} outputs here; the picture has room for 1 to {MOST}")
    return np.asarray(out, dtype=float), pullback


def pulled(op, x, v):
    """What the pullback makes of v (m,): v'J (n,)."""
    out, pullback = run(op, x)
    answer = pullback(v.reshape(out.shape))
    if not isinstance(answer, tuple | list) or len(answer) != 1:
        raise ValueError(f"the pullback of {name_of(op)} must return a tuple with one entry, the gradient of x")
    if answer[0] is None or np.shape(answer[0]) != x.shape:
        got = "None" if answer[0] is None else f"shape {np.shape(answer[0])}"
        raise ValueError(f"the gradient of x must have the shape of x, {x.shape}; the pullback gave {got}")
    return np.asarray(answer[0], dtype=float).ravel()


# ---- the picture -------------------------------------------------------------------------------------


def frame(ax, found):
    ax.set(xlim=(0, SIZE[0]), ylim=(-0.1, TOP + 0.85))
    ax.set_axis_off()
    for y, words in zip(BARS, ("Jacobian", "v and v'J"), strict=True):
        ax.text(LEFT - 0.08, y, words, ha="right", va="center", fontsize=10)
    for exponent, unit in zip((3, 6, 9, 12), UNITS[1:], strict=True):
        ax.vlines(along(10.0**exponent), BARS[1] - 0.2, BARS[0] + 0.2, color="#E6E6E6", linewidth=0.8)
        ax.text(along(10.0**exponent), 0.0, f"1 {unit}", ha="center", va="center", fontsize=9, color="#444444")


def along(size):
    """Where a number of bytes lies on the logarithmic scale of the bars."""
    share = (np.log10(size) - SCALE[0]) / (SCALE[1] - SCALE[0])
    return LEFT + (RIGHT - LEFT) * share


def draw(ax, found):
    tiles, ink = Tiles(), Lettering()
    draw_matrix(tiles, ink, found)
    draw_vectors(tiles, ink, found)
    draw_bars(tiles, ink, found)
    tiles.draw(ax)
    ink.draw(ax)
    ax.set_title("What does the pullback make of v?" if found.vj is None else both_ways(found))


class Tiles:
    """Rectangles in one artist: add(...) as often as needed, then draw(ax)."""

    def __init__(self):
        self.corners, self.faces, self.edges = [], [], []

    def add(self, center, size, face, edge):
        (x, y), (w, h) = center, size
        w, h = w / 2, h / 2
        self.corners.append([(x - w, y - h), (x + w, y - h), (x + w, y + h), (x - w, y + h)])
        self.faces.append(face)
        self.edges.append(edge)

    def draw(self, ax):
        tiles = PolyCollection(self.corners, facecolors=self.faces, edgecolors=self.edges, linewidths=1.4)
        ax.add_collection(tiles, autolim=False)


def places(m, n):
    """Centers of the columns (n,) and of the rows (m,) of the matrix, in the middle of the picture."""
    left = (SIZE[0] - n * CELL[0]) / 2
    return left + CELL[0] * (np.arange(n) + 0.5), TOP - CELL[1] * (np.arange(m) + 0.5)


def draw_matrix(tiles, ink, found):
    """The heat map with its numbers, as faded as the reader wants it."""
    J = found.jacobian
    shares = J / max(1.0, np.abs(J).max(initial=0))
    colors = colormaps[SIGNED](0.5 + 0.3 * shares)  # never so dark that the numbers get lost
    colors[~np.isfinite(shares)] = to_rgba("lightgray")
    there = 1 - found.fade
    columns, rows = places(*J.shape)
    for i, y in enumerate(rows):
        for j, x in enumerate(columns):
            tiles.add((x, y), CELL, (*colors[i, j, :3], there), (1, 1, 1, there))
            ink.write(x, y, cell(J[i, j]), color=(TRUTH, there))


def draw_vectors(tiles, ink, found):
    """u above and J u to the right, v to the left and v'J below."""
    columns, rows = places(*found.jacobian.shape)
    up, down = rows[0] + CELL[1] + GAP, rows[-1] - CELL[1] - GAP
    left, right = columns[0] - CELL[0] - GAP, columns[-1] + CELL[0] + GAP
    vj = ["?"] * len(columns) if found.vj is None else [*map(cell, found.vj)]
    for j in found.wrong:
        ink.write(columns[j], down - 0.31, "✗", color=GRADIENT, weight="bold")
    strip(tiles, ink, [(x, up) for x in columns], map(cell, found.u), DATA)
    strip(tiles, ink, [(right, y) for y in rows], map(cell, found.ju), DATA)
    strip(tiles, ink, [(left, y) for y in rows], map(cell, found.v), GRADIENT)
    strip(tiles, ink, [(x, down) for x in columns], vj, GRADIENT)
    side, above = columns[0] - CELL[0] / 2 - 0.1, rows[0] + CELL[1] / 2 + 0.15
    ink.write(side, up, "u", color=DATA, ha="right", size=12)
    ink.write(right, above, "J u", color=DATA, size=12)
    ink.write(left, above, "v", color=GRADIENT, size=12)
    ink.write(side, down, "v'J", color=GRADIENT, ha="right", size=12)
    ink.write(right, up, "forward", color=DATA)
    ink.write(right, down, "reverse", color=GRADIENT)


def strip(tiles, ink, centers, words, color):
    for center, text in zip(centers, words, strict=True):
        tiles.add(center, np.array(CELL) - 0.05, "white", color)
        ink.write(*center, text, color=color, weight="bold")


def cell(value):
    """Three digits, or two with a power of ten: a cell has no room for more.

    >>> cell(-0.03125), cell(-1234.5)
    ('-0.0312', '-1.2e3')
    """
    text = f"{value + 0.0:.3g}"
    return text if len(text) <= 7 else re.sub(r"e([+-])0*", lambda sign: "e" + sign[1].strip("+"), f"{value:.1e}")


def draw_bars(tiles, ink, found):
    """The memory of the Jacobian and of the two vectors, as lengths on a logarithmic scale."""
    looks = [(("#666666", 1 - found.fade), 1 - found.fade), (GRADIENT, 1.0)]
    for y, numbers, (face, there) in zip(BARS, counts(found), looks, strict=True):
        end = along(BYTES * numbers)
        tiles.add(((LEFT + end) / 2, y), (end - LEFT, 0.2), face, "none")
        ink.write(end + 0.06, y, memory(numbers), color=(TRUTH, there), ha="left")


def counts(found):
    """How many numbers the Jacobian holds, and how many v and v'J, when both sizes have been doubled."""
    m, n = (size * 2**found.doublings for size in found.jacobian.shape)
    return m * n, m + n


def memory(numbers):
    """The memory for so many floats, in words.

    >>> memory(16), memory(125), memory(4096**2)
    ('128 B', '1 kB', '134 MB')
    """
    size, unit = BYTES * numbers, 0
    while size >= 999.5 and unit < len(UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{size:.3g} {UNITS[unit]}"


# ---- the words ---------------------------------------------------------------------------------------


def row(vector):
    return ", ".join(map(short, vector))


def say(found):
    m, n = found.jacobian.shape
    told = f"{found.op}: {n} inputs, {m} outputs. Rows of J: {'; '.join(map(row, found.jacobian))}.\n"
    told += f"Forward: u = {row(found.u)} leads to J u = {row(found.ju)}."
    if found.vj is None:
        return f"{told}\n{cost(found)}\nv = {row(found.v)}. Lock your prediction to see v'J."
    lines = [
        told,
        f"Reverse: v = {row(found.v)} comes back as v'J = {row(found.vj)}.",
        *blame(found),
        f"{both_ways(found)}.",
        cost(found),
        verdict(found),
    ]
    return "\n".join(lines)


def both_ways(found):
    return f"v · (J u) = {short(tidy(found.v @ found.ju))},  (v'J) · u = {short(tidy(found.vj @ found.u))}"


def blame(found):
    if found.wrong:
        entries = ", ".join(str(j + 1) for j in found.wrong)
        yield f"Wrong: v and the measured J make {row(found.measured)}. Look at the entries {entries}."


def cost(found):
    many, few = counts(found)
    m, n = (size * 2**found.doublings for size in found.jacobian.shape)
    faded = f", here faded by {found.fade:.0%}" if found.fade else ""
    return (
        f"With n = {n} and m = {m} the Jacobian holds {short(many)} numbers, {memory(many)}{faded}; "
        f"v and v'J hold {short(few)}, {memory(few)}."
    )


def verdict(found):
    op = found.guess.get("op", found.op)
    v = row(in_order(found.guess))
    return f"For {op} and v = {v} you predicted {short(found.guess['entry'])}; it is {short(found.answer)}."


# ---- the controls ------------------------------------------------------------------------------------


def explore_vjp(op=None, x=None):
    """Multiply the Jacobian of an operation by v from the left and by u from the right.

    op(x) -> (out, pullback) may be your own, of one array x with at most 5 entries and at most 5 outputs; without it
    there are six operations to choose from.
    """
    operations = {name: (partial(vjp, f), at) for name, (f, at) in OPERATIONS.items()}
    if op is not None:
        operations = {name_of(op): (op, checked(op, x))}
    m = outputs(*next(iter(operations.values())))
    entry = number("entry", -20, 20, value=0.0, label="prediction", step=0.5)
    sliders = [number(NAMES[i], -3, 3, value=START[i % 4], label=NAMES[i], step=0.5) for i in range(m)]
    which = [choice("op", tuple(operations), label="operation")] if len(operations) > 1 else []
    guess = predict_with(QUESTION, entry, *which, *sliders)
    guess.observe(entry.disable)
    controls = (
        *which,
        guess,
        *sliders,
        choice("direction", tuple(DIRECTIONS), label="u nudges"),
        number("fade", 0, 1, value=0.0, label="fade J"),
        whole("doublings", 0, DOUBLINGS, value=0, label="doublings"),
    )
    return Explorer(partial(compute, operations=operations), draw, say, controls, frame=frame, size=SIZE)


def checked(op, x):
    if x is None or not callable(op):
        raise TypeError("explore_vjp(op, x): give an operation and an array")
    x = np.asarray(x, dtype=float)
    if not 1 <= x.size <= MOST:
        raise ValueError(f"explore_vjp(op, x): x has {x.size} entries; the picture has room for 1 to {MOST}")
    return x


def outputs(op, x):
    """How many numbers come out; as many as go in, if the reader's own operation fails: the read-out tells why."""
    try:
        return run(op, x)[0].size
    except Exception:
        return x.size
