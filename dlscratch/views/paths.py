"""Follow slopes through a graph: multiply along a path, add over the paths, and compare with a nudge.

Every arrow carries its local slope; a bar for each path carries the product along it. Bars from the same leaf stand
end to end, so that the last one ends where the bar of their sum does.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.patches import FancyBboxPatch

from .. import ops
from .controls import choice, number
from .explorer import Explorer
from .graph import Graph, close, name_of, nudged, run, spread, wrong_edges
from .lettering import Lettering
from .prediction import predict_with
from .readout import short
from .style import DATA, GRADIENT, GUESS, PARAMETER, TRUTH

GRAPH = {
    "u = w · x": (ops.multiply, "w", "x"),
    "q = u²": (partial(ops.power, exponent=2), "u"),
    "v = q · x": (ops.multiply, "q", "x"),
    "out = v + u": (ops.add, "v", "u"),
}
PLACES = {"x": (0, 2), "w": (0, 0), "u": (1.3, 0), "q": (2.2, 1), "v": (3.1, 2), "out": (4, 1)}  # column, row

SIZE = (5.3, 4.6)  # one unit of the picture is about an inch
NODE = (0.84, 0.46)  # width and height of a node
TOP, BOTTOM = 4.4, 2.75  # the centers of the highest and of the lowest node
FIRST_ROW, ROW, LEFT, RIGHT = 2.0, 0.25, 1.7, 4.6  # where the bars of the paths stand
FADED = "#999999"
MIDDLE = {"ha": "center", "va": "center"}


class Slopes(NamedTuple):
    """Values (V,) of all nodes, local slopes (E,) of all edges, the leaves {name: value}, the words of the path at hand.

    Once there is a guess: the products (P,) along all paths, their sums (L,) for each leaf, the slopes (L,) that a
    nudge measures, the edges whose local slope is wrong, the guess, and the right answer where it was given.
    """

    values: Any
    local: Any
    leaves: dict
    path: str
    products: Any = None
    sums: Any = None
    nudges: Any = None
    wrong: dict | None = None
    guess: dict | None = None
    answer: float | None = None


def compute(guess, path, *, graph, **leaves):
    """What every node and arrow says; the derivatives only for a reader who has committed to a guess."""
    values, slopes = run(graph, leaves)
    found = Slopes(np.array([*values.values()]), np.array([*slopes.values()]), leaves, path)
    if guess is None:
        return found
    products = np.array([np.prod([slopes[edge] for edge in edges]) for edges in graph.paths.values()])
    sums = np.array([products[graph.of(leaf)].sum() for leaf in graph.leaves])
    nudges = nudged(graph, leaves)
    agree = all(map(close, sums, nudges)) or not np.isfinite([*sums, *nudges]).all()
    wrong = {} if agree else wrong_edges(graph, values, slopes)
    answer = nudged(graph, {name: guess[name] for name in graph.leaves})[0]
    return Slopes(*found[:4], products, sums, nudges, wrong, guess, answer)


# ---- the picture -------------------------------------------------------------------------------------


def centers(places):
    """Columns and rows, in the units of the picture."""
    columns, rows = (np.array(side, dtype=float) for side in zip(*places.values(), strict=True))
    x = 0.03 + NODE[0] / 2 + columns / (np.ptp(columns) or 1.0) * (SIZE[0] - NODE[0] - 0.06)
    y = BOTTOM + (rows - rows.min()) / (np.ptp(rows) or 1.0) * (TOP - BOTTOM)
    return {name: np.array(center) for name, *center in zip(places, x, y, strict=True)}


def frame(ax, found, *, graph, at):
    ax.set(xlim=(0, SIZE[0]), ylim=(-0.1, TOP + 0.3))
    ax.set_axis_off()
    for name, center in at.items():
        ax.add_patch(box(center, PARAMETER if name in graph.leaves else FADED))
        ax.text(*center + (0, 0.1), graph.steps[name][0] if name in graph.steps else name, **MIDDLE, fontsize=9)
    draw_arrows(ax, graph.edges, graph, at, color=FADED, width=0.014)
    for (words, _), y in zip(rows(graph), heights(graph), strict=True):
        ax.text(0.03, y, words, va="center", fontsize=9)
    ax.vlines((LEFT + RIGHT) / 2, heights(graph)[-1] - ROW / 2, FIRST_ROW + ROW / 2, color=FADED, linewidth=1)
    ax.plot([], [], color=TRUTH, linestyle="--", label="nudge")
    ax.plot([], [], color=GUESS, linestyle=":", label="your prediction")
    ax.legend(loc="lower right", bbox_to_anchor=(1, -0.05), ncols=2, fontsize=9)


def box(center, color):
    width, height = np.array(NODE) - 0.1
    style = {"boxstyle": "round,pad=0.05", "facecolor": "white", "edgecolor": color}
    return FancyBboxPatch(center - (width / 2, height / 2), width, height, **style)


def draw_arrows(ax, edges, graph, at, **look):
    ends = np.array([border(edge, graph, at) for edge in edges])
    sizes = {"angles": "xy", "scale_units": "xy", "scale": 1, "units": "inches", "headwidth": 6, "headlength": 7}
    ax.quiver(*ends[:, 0].T, *(ends[:, 1] - ends[:, 0]).T, **sizes, headaxislength=7, **look)


def border(edge, graph, at):
    """Where an arrow leaves one node and enters the other, (2, 2); two between the same nodes run side by side."""
    start, end = at[edge.start], at[edge.end]
    way = end - start
    share = min(half / abs(d) for half, d in zip(np.array(NODE) / 2, way, strict=True) if d)
    aside = (edge.slot - 0.5) * 0.16 * beside(way) if graph.twins(edge) else 0
    return np.array([start + share * way, end - share * way]) + aside


def beside(way):
    """The direction across a way, one unit long, upwards."""
    across = np.array([-way[1], way[0]]) / np.hypot(*way)
    return across if across[1] > 0 else -across


def rows(graph):
    """(words, number of the path, or None for a sum): every leaf's paths, and below them their sum."""
    words = list(graph.paths)
    for leaf in graph.leaves:
        yield from ((words[i], i) for i in graph.of(leaf))
        yield f"all paths from {leaf}", None


def heights(graph):
    """Where the rows stand, with a little space below each sum."""
    sums = np.array([i is None for _, i in rows(graph)])
    above = np.cumsum(sums) - sums
    return FIRST_ROW - ROW * np.arange(len(sums)) - 0.06 * above


def draw(ax, found, *, graph, at):
    draw_arrows(ax, graph.paths[found.path], graph, at, color=GRADIENT, width=0.03)
    numbers = Lettering()
    for name, value in zip((*graph.leaves, *graph.steps), found.values, strict=True):
        numbers.write(*at[name] - (0, 0.1), short(value), color=DATA, size=11)
    for edge, slope in zip(graph.edges, found.local, strict=True):
        write_slope(numbers, edge, slope, found, graph, at)
    if found.guess is None:
        ax.set_title(f"How fast does {graph.end} change with {graph.leaves[0]}?")
        hidden = "Hidden until you lock your prediction"
        ax.text((LEFT + RIGHT) / 2, heights(graph).mean(), hidden, **MIDDLE, backgroundcolor="white")
    else:
        ax.set_title(f"{found.path}:  {times(found, graph)}")
        draw_bars(ax, numbers, found, graph)
    numbers.draw(ax)


def write_slope(numbers, edge, slope, found, graph, at):
    """The number above an arrow, or below it; a cross if a nudge of this step says something else."""
    start, end = border(edge, graph, at)
    above = -1 if graph.twins(edge) and edge.slot == 0 else 1
    share = 0.6 if np.hypot(*(end - start)) > 1.5 else 0.5  # a long arrow passes other nodes half way
    x, y = start + share * (end - start) + above * 0.17 * beside(end - start)
    leans = above * np.sign((end - start)[1])
    side = {-1: "left", 0: "center", 1: "right"}[leans]
    weight = "bold" if edge in graph.paths[found.path] else "normal"
    wrong = " ✗" if found.wrong and edge in found.wrong else ""
    numbers.write(x, y, short(slope) + wrong, color=GRADIENT, ha=side, weight=weight)


def draw_bars(ax, numbers, found, graph):
    """A bar for each path and for each sum, and marks for the nudges and the guess."""
    bars, y = np.array([*spans(found, graph)]), heights(graph)
    unit = (RIGHT - LEFT) / 2 / round_up(np.abs([*bars.ravel(), *found.nudges]).max())
    chosen = [i is None or words == found.path for words, i in rows(graph)]
    sums = y[[i is None for _, i in rows(graph)]]
    lines = Lines((LEFT + RIGHT) / 2, unit)
    for height, (start, end), value, here in zip(y, bars, lengths(found, graph), chosen, strict=True):
        lines.along(height, start, end, color=(GRADIENT, 1.0 if here else 0.4), width=11)
        numbers.write(SIZE[0] - 0.03, height, short(value), color=GRADIENT, ha="right")
    for height, nudge in zip(sums, found.nudges, strict=True):
        lines.across(height, height, nudge, color=TRUTH, dashes=(0, (3, 2)))
    if all(found.guess[name] == found.leaves[name] for name in graph.leaves):  # the sliders stand where it was made
        limit = (RIGHT - LEFT) / 2 / unit
        lines.across(sums[0], y[0], np.clip(found.guess["slope"], -limit, limit), color=GUESS, dashes=(0, (1, 1.5)))
    ax.add_collection(lines.collection(), autolim=False)


class Lines:
    """Straight lines in one artist: many artists cost much time. Positions are center + unit * value."""

    def __init__(self, center, unit):
        self.center, self.unit, self.segments, self.looks = center, unit, [], []

    def along(self, y, start, end, *, color, width):
        self.add((start, y), (end, y), (color, width, "solid"))

    def across(self, low, high, value, *, color, dashes):
        self.add((value, low - 0.6 * ROW), (value, high + 0.6 * ROW), (color, 2.8, dashes))

    def add(self, start, end, look):
        self.segments.append([(self.center + self.unit * value, y) for value, y in (start, end)])
        self.looks.append(look)

    def collection(self):
        colors, widths, dashes = zip(*self.looks, strict=True)
        return LineCollection(self.segments, colors=colors, linewidths=widths, linestyles=dashes, capstyle="butt")


def spans(found, graph):
    """(start, end) of every bar: a path's begins where the one above ends, a sum's at 0."""
    end = 0.0
    for (_, i), length in zip(rows(graph), lengths(found, graph), strict=True):
        start = 0.0 if i is None else end
        yield start, start + length
        end = 0.0 if i is None else start + length


def lengths(found, graph):
    """The number of every row: a path's product or a leaf's sum."""
    sums = iter(found.sums)
    return [next(sums) if i is None else found.products[i] for _, i in rows(graph)]


def round_up(value):
    """The next of 1, 2, 5, 10, 20, ...: the bars keep their scale while a slider moves a little."""
    if not 0 < value < np.inf:
        return 1.0
    power = 10.0 ** np.floor(np.log10(value))
    return next(power * step for step in (1, 2, 5, 10) if value <= power * step * (1 + 1e-9))


# ---- the words ---------------------------------------------------------------------------------------


def times(found, graph):
    """1 · 4 · 2 · 1 = 8, along the path at hand."""
    slopes = [found.local[graph.edges.index(edge)] for edge in graph.paths[found.path]]
    factors = [short(s) if s >= 0 else f"({short(s)})" for s in slopes]
    return f"{' · '.join(factors)} = {short(np.prod(slopes))}"


def say(found, *, graph):
    leaves = ", ".join(f"{name} = {short(value)}" for name, value in found.leaves.items())
    told = f"At {leaves}: {graph.end} = {short(found.values[-1])}."
    if found.guess is None:
        slopes = zip(graph.edges, found.local, strict=True)
        local = ", ".join(f"{edge.start} → {edge.end} {short(slope)}" for edge, slope in slopes)
        return f"{told} Slopes on the arrows: {local}. Lock your prediction to see what they make together."
    lines = [
        f"{told} Along {found.path}: {times(found, graph)}.",
        *(adds_up(k, leaf, found, graph) for k, leaf in enumerate(graph.leaves)),
        *(blame(edge, right, found, graph) for edge, right in found.wrong.items()),
        verdict(found, graph),
    ]
    return "\n".join(lines)


def adds_up(k, leaf, found, graph):
    terms = " + ".join(map(short, found.products[graph.of(leaf)])).replace("+ -", "- ")
    total = short(found.sums[k]) if terms == short(found.sums[k]) else f"{terms} = {short(found.sums[k])}"
    return f"Paths from {leaf}: {total}. A nudge of {leaf} says {short(found.nudges[k])}."


def blame(edge, right, found, graph):
    slope, op = found.local[graph.edges.index(edge)], graph.steps[edge.end][1]
    return f"Wrong: {name_of(op)} says {short(slope)} for {edge.start} → {edge.end}, a nudge {short(right)}."


def verdict(found, graph):
    where = ", ".join(f"{name} = {short(found.guess[name])}" for name in graph.leaves)
    guess = short(found.guess["slope"])
    return f"For {graph.leaves[0]} at {where} you predicted {guess}; it is {short(found.answer)}."


def explore_paths(graph=GRAPH, *, places=None, **leaves):
    """Follow slopes through a graph of your own operations; leaves: a start value for each, such as x=2.0, w=1.0.

    places: {node: (column, row)}; without it, nodes are spread by themselves. The prediction is asked for the first
    leaf.
    """
    if graph is GRAPH:
        places, leaves = places or PLACES, {"x": 2.0, "w": 1.0} | leaves
    graph, leaves = Graph(graph, leaves), {name: start(name, value) for name, value in leaves.items()}
    places = places or spread(graph)
    if len({*places.values()}) < len(places):
        raise ValueError("explore_paths: two nodes have the same place")
    if missing := {*graph.leaves, *graph.steps} ^ set(places):
        raise ValueError(f"explore_paths: places and graph differ in {', '.join(sorted(missing))}")
    at = centers(places)
    slope = number("slope", -50, 50, value=0.0, label="prediction", step=0.1)
    sliders = [number(name, *limits(value), value=value, label=name) for name, value in leaves.items()]
    question = f"How much does {graph.end} change for each unit of {graph.leaves[0]}, at these values?"
    guess = predict_with(question, slope, *sliders)
    guess.observe(slope.disable)
    controls = guess, *sliders, choice("path", tuple(graph.paths), label="path")
    tied = {"graph": graph}
    return Explorer(
        partial(compute, **tied),
        partial(draw, at=at, **tied),
        partial(say, **tied),
        controls,
        frame=partial(frame, at=at, **tied),
        size=SIZE,
    )


def start(name, value):
    try:
        return float(value)
    except (TypeError, ValueError):
        raise TypeError(f"explore_paths: the leaf {name} must be one number, not {value!r}") from None


def limits(value):
    """From -3 to 3, or further if the start value lies outside."""
    reach = max(3.0, abs(value))
    return -reach, reach
