"""A computation graph of operations: its values, its local slopes, and the paths through it.

A graph is made from a dict, in the order of computation. A key is what stands in the node; a value is an operation
and the names of its inputs:

    {"u = w · x": (ops.multiply, "w", "x"), "out = u²": (square, "u")}

An operation is any `op(*inputs) -> (out, pullback)`, the reader's own included. What no step computes is a leaf.
"""

from typing import NamedTuple

import numpy as np

from ..gradcheck import numeric_gradient

MOST = 8  # paths and sums: what a picture has room for
RESERVED = {"guess", "path", "slope"}
EXAMPLE = '{"u = w · x": (ops.multiply, "w", "x")}'


class Edge(NamedTuple):
    """An arrow: `start` is the input number `slot` of `end`."""

    start: str
    end: str
    slot: int


class Graph:
    """steps {name: (text, op, inputs)}, leaves, edges, and the paths {words: edges} from every leaf to the end."""

    def __init__(self, steps, leaves):
        check_steps(steps)
        self.leaves = tuple(leaves)
        self.steps = {text.split(" = ")[0]: (text, op, inputs) for text, (op, *inputs) in steps.items()}
        self.check_names()
        self.end = tuple(self.steps)[-1]
        self.edges = [Edge(start, end, k) for end, step in self.steps.items() for k, start in enumerate(step[2])]
        self.ways = self.count()
        self.check_ways()  # before any path is walked: there may be billions
        self.paths = {self.words(path): path for leaf in self.leaves for path in self.walk(leaf)}

    def count(self):
        """{node: how many paths lead from it to the end}: add first, then go on once."""
        ways = dict.fromkeys((*self.leaves, *self.steps), 0) | {self.end: 1}
        for edge in reversed(self.edges):
            ways[edge.start] += ways[edge.end]
        return ways

    def walk(self, node):
        """Every path from `node` to the end, as tuples of edges."""
        if node == self.end:
            yield ()
        for edge in self.edges:
            if edge.start == node and self.ways[edge.end]:
                yield from ((edge, *rest) for rest in self.walk(edge.end))

    def words(self, path):
        """x → u → out; where several arrows join the same nodes, they are numbered."""
        ends = [f" →{e.slot + 1 if self.twins(e) else ''} {e.end}" for e in path]
        return path[0].start + "".join(ends)

    def twins(self, edge):
        """Does another arrow join the same two nodes?"""
        return sum(e[:2] == edge[:2] for e in self.edges) > 1

    def of(self, leaf):
        """The numbers of the paths that start at a leaf."""
        return [i for i, path in enumerate(self.paths.values()) if path[0].start == leaf]

    def check_names(self):
        known = set(self.leaves)
        for name, (text, _, inputs) in self.steps.items():
            unknown = [i for i in inputs if i not in known]
            if unknown:
                raise ValueError(f"graph: {text!r} uses {unknown[0]!r}, which is neither a leaf nor an earlier step")
            if name in known:
                raise ValueError(f"graph: the name {name!r} is given twice")
            known.add(name)
        if not self.steps or not self.leaves or RESERVED & known:
            raise ValueError(f"graph: give steps and leaves, none of them called {', '.join(sorted(RESERVED))}")

    def check_ways(self):
        for leaf in self.leaves:
            if not self.ways[leaf]:
                raise ValueError(f"graph: no path leads from {leaf} to {self.end}: leave {leaf} out")
        paths = sum(self.ways[leaf] for leaf in self.leaves)
        if paths + len(self.leaves) > MOST:
            raise ValueError(f"graph: {paths} paths and {len(self.leaves)} sums; the picture has room for {MOST}")


def check_steps(steps):
    if not isinstance(steps, dict):
        raise TypeError(f"graph: a {type(steps).__name__}; it must be a dict such as {EXAMPLE}")
    for text, step in steps.items():
        if not isinstance(step, tuple | list) or not step or not callable(step[0]):
            raise TypeError(f"graph: {text!r} needs an operation and the names of its inputs, as in {EXAMPLE}")


def run(graph, leaves):
    """{node: value} and {edge: local slope}: each step's pullback for dout = 1."""
    values, slopes = {name: np.float64(value) for name, value in leaves.items()}, {}
    for name, (_, op, inputs) in graph.steps.items():
        values[name], local = step(op, [values[i] for i in inputs])
        slopes |= {Edge(start, name, k): slope for k, (start, slope) in enumerate(zip(inputs, local, strict=True))}
    return values, slopes


def step(op, inputs):
    """Value and local slopes of one operation, or what is wrong with it."""
    name, answer = name_of(op), op(*inputs)
    if not isinstance(answer, tuple) or len(answer) != 2 or not callable(answer[1]):
        raise ValueError(f"{name} must return (out, pullback); it returned {type(answer).__name__}")
    out, pullback = answer
    local = pullback(np.float64(1.0))
    if not isinstance(local, tuple | list) or len(local) != len(inputs):
        raise ValueError(f"the pullback of {name} must return a tuple: one entry for each input, {len(inputs)} in all")
    for value in (out, *local):
        if value is None or np.shape(value) != ():
            raise ValueError(f"{name} must give one number for each number; it gave {value!r}")
    return np.float64(out), [np.float64(slope) for slope in local]


def name_of(op):
    return getattr(getattr(op, "func", op), "__name__", type(op).__name__)


def nudged(graph, leaves):
    """The slope of the end for every leaf (L,), by central differences: no pullback is asked."""

    def end(numbers):
        return run(graph, dict(zip(graph.leaves, numbers, strict=True)))[0][graph.end]

    return numeric_gradient(end, np.array([leaves[name] for name in graph.leaves], dtype=float))


def wrong_edges(graph, values, slopes):
    """{edge: right slope} where a nudge of this single step measures another slope."""
    right = {}
    for edge in slopes:
        _, op, inputs = graph.steps[edge.end]
        here = np.array([values[i] for i in inputs])
        right[edge] = numeric_gradient(lambda x, op=op: op(*x)[0], here)[edge.slot]
    return {edge: slope for edge, slope in right.items() if not close(slopes[edge], slope)}


def close(a, b):
    return abs(a - b) <= 1e-5 * max(1.0, abs(b))


# ---- places ------------------------------------------------------------------------------------------


def spread(graph):
    """A place for each node where none is given: the column is the longest way from a leaf."""
    column = dict.fromkeys(graph.leaves, 0)
    for name, (_, _, inputs) in graph.steps.items():
        column[name] = 1 + max(column[i] for i in inputs)
    places = {}
    for name, c in column.items():
        fellows = [other for other in column if column[other] == c]
        places[name] = c, (len(fellows) - 1) / 2 - fellows.index(name) + 0.35 * (c % 2)  # odd columns stand higher
    return places
