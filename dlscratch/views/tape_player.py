"""A tape to play: what the package records while a function of tensors runs, and ways to walk back over it.

    tape = record(lambda a: (a * a) * (a * a), {"a": 2.0})
    sends = walk(tape, "newest first", "add (+=)")      # every gradient that travels, in order

Right is one order and one way to receive; the others are the classical mistakes, to be looked at.
"""

from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from ..autograd import Tensor, no_grad
from ..gradcheck import numeric_gradient
from .readout import short

ORDERS = "newest first", "depth first", "breadth first"
ARRIVALS = "add (+=)", "replace (=)"
RIGHT = ORDERS[0], ARRIVALS[0]
WRONG = {"replacing": (ORDERS[0], ARRIVALS[1]), "depth first": (ORDERS[1], ARRIVALS[0])}
MOST_ROWS, MOST_SENDS = 10, 60  # what a picture has room for, and a reader has patience for
SYMBOLS = {"add": "+", "multiply": "·", "divide": "/", "matmul": "@"}


@dataclass(eq=False, frozen=True)
class Row:
    """An entry of the tape: its name, what stands in it, its value, and the rows it was made from.

    inputs: for each input its row, or None for a constant. A leaf has no pullback.
    """

    name: str
    text: str
    value: Any
    inputs: tuple = ()
    pullback: Any = None
    op: str = ""


@dataclass(eq=False, frozen=True)
class Tape:
    """Rows, oldest first: the leaves, then one for each operation. The last is the result."""

    rows: tuple
    leaves: int

    @property
    def operations(self):
        return len(self.rows) - self.leaves


class Send(NamedTuple):
    """A gradient travels: row `start` sends `amount` along its input number `slot` to row `end`."""

    start: int
    slot: int
    end: int
    amount: Any
    before: Any  # what lay at `end` when it arrived, or None
    after: Any


# ---- recording ---------------------------------------------------------------------------------------


def record(f, leaves):
    """Run f on tensors with these values {name: number} and read the tape that the package has made."""
    tensors = [Tensor(float(value), requires_grad=True) for value in leaves.values()]
    out = f(*tensors)
    check_result(out, list(leaves))
    made = [t for t in oldest_first(out) if t._pullback is not None]
    others = [t for t in oldest_first(out) if t._pullback is None and t not in tensors]
    if (length := len(tensors) + len(others) + len(made)) > MOST_ROWS:
        raise ValueError(f"the tape has {length} entries; the picture has room for {MOST_ROWS}")
    rows = [Row(name, name, t.data) for name, t in zip(leaves, tensors, strict=True)]
    rows += [Row(f"leaf {k}", f"leaf {k}", t.data) for k, t in enumerate(others, start=len(tensors) + 1)]
    number = {t: k for k, t in enumerate(tensors + others + made)}
    for k, t in enumerate(made, start=1):
        rows.append(noted(f"v{k}", t, number, rows))
    return Tape(tuple(rows), len(tensors) + len(others))


def check_result(out, names):
    if not isinstance(out, Tensor):
        raise TypeError(f"the function must return a Tensor; it returned {type(out).__name__}")
    if out.shape:
        raise ValueError(f"the function must return one number; it returned shape {out.shape}: end with .sum()")
    if out._pullback is None:
        raise ValueError(f"nothing was recorded: the result was not computed from {', '.join(names)}")


def oldest_first(out):
    """Every tensor that requires a gradient, from the first made to the result."""
    seen, waiting = {out}, [out]
    while waiting:
        new = [t for t in waiting.pop()._parents if t.requires_grad and t not in seen]
        seen.update(new)
        waiting += new
    return sorted(seen, key=lambda t: t._time)


def noted(name, t, number, rows):
    op = operation(t._pullback)
    words = [rows[number[p]].name if p in number else constant(p.data) for p in t._parents]
    inputs = tuple(number.get(p) for p in t._parents)
    return Row(name, f"{name} = {formula(op, words)}", t.data, inputs, t._pullback, op)


def operation(pullback):
    """The name of the operation: that of the function in which its pullback was made."""
    return getattr(pullback, "__qualname__", "f").split(".<locals>")[0].rpartition(".")[2].strip("<>")


def formula(op, words):
    if op in SYMBOLS and len(words) == 2:
        return f"{words[0]} {SYMBOLS[op]} {words[1]}"
    return f"{op}({', '.join(words)})"


def constant(data):
    return short(data) if np.shape(data) == () else f"{np.shape(data)}"


# ---- walking back ------------------------------------------------------------------------------------


def walk(tape, order, arrival):
    """Every Send, in the order in which it travels, or an error if there are too many to look at."""
    rule = {"newest first": newest_first, "depth first": depth_first, "breadth first": breadth_first}[order]
    grads = {len(tape.rows) - 1: np.float64(1.0)}
    sends = list(islice(rule(tape, grads, arrival == ARRIVALS[0]), MOST_SENDS + 1))
    if len(sends) > MOST_SENDS:
        raise ValueError(f"{order}, more than {MOST_SENDS} gradients travel on this tape: take a shorter one")
    return sends


def newest_first(tape, grads, adds):
    """Once for each row, and every row after all rows that were made from it."""
    for row in reversed(range(len(tape.rows))):
        if row in grads:
            yield from pass_on(tape, row, grads, adds)


def depth_first(tape, grads, adds, row=None):
    """Whoever receives something passes on at once what it has: once for each path."""
    for send in pass_on(tape, len(tape.rows) - 1 if row is None else row, grads, adds):
        yield send
        yield from depth_first(tape, grads, adds, send.end)


def breadth_first(tape, grads, adds):
    """Once for each row: the result, then its inputs, then theirs, whoever is found first."""
    queue = [len(tape.rows) - 1]
    for row in queue:  # it grows while it is read
        for send in pass_on(tape, row, grads, adds):
            yield send
            if send.end not in queue:
                queue.append(send.end)


def pass_on(tape, row, grads, adds):
    """What this row sends to its inputs, one after the other."""
    for slot, amount in amounts(tape.rows[row], grads[row]):
        end = tape.rows[row].inputs[slot]
        before = grads.get(end)
        grads[end] = before + amount if adds and before is not None else amount
        yield Send(row, slot, end, amount, before, grads[end])


def amounts(row, grad):
    """(slot, amount) for every input that is no constant; or what is wrong with the operation's pullback."""
    if row.pullback is None:
        return []
    answer = row.pullback(grad)
    if not isinstance(answer, tuple | list) or len(answer) != len(row.inputs):
        raise ValueError(f"the pullback of {row.op} must return a tuple: one entry for each input, {len(row.inputs)}")
    found = [(slot, answer[slot]) for slot, end in enumerate(row.inputs) if end is not None]
    for slot, amount in found:
        if amount is None:
            raise ValueError(f"the pullback of {row.op} returned None for input {slot}")
    return found


# ---- what is right, and what went wrong --------------------------------------------------------------


def nudged(f, leaves):
    """The slope of f for every leaf (L,), by central differences: no tape is asked."""

    def value(numbers):
        with no_grad():
            return float(f(*[Tensor(float(number)) for number in numbers]).data)

    return numeric_gradient(value, np.array([*leaves.values()], dtype=float))


def overwritten(sends):
    """Sends that destroyed what had arrived before."""
    return [send for send in sends if send.before is not None and send.after is send.amount]


def passed_on_again(sends):
    """Rows that passed on more than once, though they have one gradient only: {row: times}."""
    times = {}
    for send in sends:
        times[send.start, send.slot] = times.get((send.start, send.slot), 0) + 1
    return {row: count for (row, _), count in times.items() if count > 1}


def too_late(tape, sends):
    """Sends that reached a row after it had passed on for the last time: they go no further."""
    last = {send.start: k for k, send in enumerate(sends)}
    return [send for k, send in enumerate(sends) if tape.rows[send.end].pullback and k > last.get(send.end, k)]


def final(sends, row):
    """The gradient in which a row ends; 0 if nothing came."""
    return next((send.after for send in reversed(sends) if send.end == row), 0.0)
