"""Play a tape: step forward while operations are noted, then back while gradients travel, by the right rules or wrong.

A row is an entry of the tape, the oldest on top. Arcs join an entry with what it was made from. Beside each value
stands the gradient that has arrived so far, as a sum.
"""

from dataclasses import dataclass
from functools import partial
from inspect import signature
from typing import Any, NamedTuple

import numpy as np
from matplotlib.collections import LineCollection, PolyCollection

from .controls import choice, number, reach, steps
from .explorer import Explorer
from .lettering import Lettering
from .prediction import predict_with
from .style import DATA, GRADIENT, PARAMETER, TRUTH
from .tape_player import ARRIVALS, ORDERS, RIGHT, WRONG, final, nudged, record, walk
from .tape_words import headline, number_or_shape, say, sum_in_words, told

SIZE = (5.3, 3.7)  # one unit of the picture is an inch
TOP, TALLEST = 3.0, 0.72  # the upper edge of the first row, and the height of a row at most
TEXT, END, VALUE, GRAD = 1.0, 2.35, 3.1, 3.3  # where the columns stand: an entry from TEXT to END, numbers
HEAD = np.array([(0.0, 0.0), (-0.09, 0.05), (-0.09, -0.05)])  # of an arc
FADED, PALE = "#999999", "#FBE8DC"


def square_of_square(a):
    square = a * a
    return square * square


def diamond(a):
    return (a * 3.0) * (a + 1.0)


def skip(a):
    x = a * a
    return x + x * x


def doublings(a):
    for _ in range(3):
        a = a + a
    return a


EXPRESSIONS = {
    "squares x · x, x = a · a": square_of_square,
    "diamond (a · 3) · (a + 1)": diamond,
    "skip x + x · x, x = a · a": skip,
    "three doublings of a": doublings,
}


@dataclass(eq=False, frozen=True)
class Way:
    """How gradients go back over a tape, and every one of them; None where they are hidden."""

    order: str
    arrival: str
    sends: list | None

    @property
    def right(self):
        return (self.order, self.arrival) == RIGHT


class Playing(NamedTuple):
    """A tape in the middle of being played.

    told: the expression and its leaves, in words. noted, sent: how many entries and gradients there are so far; the 1
    at the end of the tape counts as sent. values, gradients: of all entries so far, in a row. arrived {row: (all that
    has arrived, what lies there now)}. nudges (L,): the slopes that nudges measure, known at the end. guess, and the
    answers {rule: number} to it.
    """

    tape: Any
    way: Way
    told: str
    noted: int
    sent: int
    values: Any
    gradients: Any
    arrived: dict
    nudges: Any = None
    guess: dict | None = None
    answers: dict | None = None

    @property
    def last(self):
        """The number of the last step: entries, the 1 at the end, gradients."""
        return self.tape.operations + 1 + len(self.way.sends or ())

    @property
    def at_work(self):
        """The row that has just been noted, or that has just sent."""
        return self.way.sends[self.sent - 2].start if self.sent > 1 else self.tape.leaves + self.noted - 1


def compute(guess, order, arrival, step, *, functions, expression=None, **leaves):
    """The tape after `step` steps; wrong rules go no further than the way there, until there is a guess."""
    f = functions[expression]
    tape = record(f, leaves)
    seen = guess or (order, arrival) == RIGHT
    way = Way(order, arrival, walk(tape, order, arrival) if seen else None)
    noted = min(step, tape.operations)
    sent = min(step - noted, 1 + len(way.sends or ()))
    values = flat(row.value for row in tape.rows[: tape.leaves + noted])
    here = arrived(tape, way.sends or (), sent)
    gradients = flat(now for _, now in here.values())
    nudges = nudged(f, leaves) if seen and sent == 1 + len(way.sends) else None
    found = answers(functions, guess) if guess else None
    return Playing(tape, way, told(expression, leaves), noted, sent, values, gradients, here, nudges, guess, found)


def flat(values):
    """Numbers and arrays in a row."""
    return np.concatenate([np.zeros(0), *(np.ravel(np.asarray(value, dtype=float)) for value in values)])


def arrived(tape, sends, sent):
    """{row: (everything that has arrived, what lies there now)} after the 1 and `sent` - 1 sends."""
    if not sent:
        return {}
    found = {len(tape.rows) - 1: ([np.float64(1.0)], np.float64(1.0))}
    for send in sends[: sent - 1]:
        before, _ = found.get(send.end, ([], None))
        found[send.end] = [*before, send.amount], send.after
    return found


def answers(functions, guess):
    """What the first leaf really gets from the two tapes, where the guess was made."""
    leaves = {name: value for name, value in guess.items() if name not in (*WRONG, "expression")}
    tape = record(functions[guess.get("expression")], leaves)
    return {rule: final(walk(tape, *WRONG[rule]), 0) for rule in WRONG}


# ---- the picture -------------------------------------------------------------------------------------


def frame(ax, found):
    ax.set(xlim=(0, SIZE[0]), ylim=(0, TOP + 0.3))
    ax.set_axis_off()
    for x, text, ha in ((TEXT, "the tape", "left"), (VALUE, "value", "right"), (GRAD, "gradient", "left")):
        ax.text(x, TOP + 0.14, text, ha=ha, va="center", color="#444444")


def draw(ax, found):
    words = Lettering()
    shown = found.tape.rows[: found.tape.leaves + found.noted]
    ax.add_collection(boxes(found, len(shown)), autolim=False)
    for k, row in enumerate(shown):
        write_row(words, k, row, found)
    draw_arcs(ax, found)
    words.draw(ax)
    ax.set_title(headline(found))


def height(found):
    return min(TALLEST, TOP / len(found.tape.rows))


def middle(found, row):
    return TOP - (row + 0.5) * height(found)


def boxes(found, count):
    """A frame around every entry, green around leaves; the one that is at work is filled."""
    h = 0.41 * height(found)
    corners = np.array([(TEXT - 0.08, -h), (END, -h), (END, h), (TEXT - 0.08, h)])
    places = [corners + (0, middle(found, k)) for k in range(count)]
    edges = [PARAMETER if row.pullback is None else FADED for row in found.tape.rows[:count]]
    fills = [PALE if k == found.at_work else "white" for k in range(count)]
    return PolyCollection(places, facecolors=fills, edgecolors=edges, linewidths=1.2, zorder=2)


def write_row(words, k, row, found):
    y, size = middle(found, k), 11 if len(found.tape.rows) < 7 else 9.5
    words.write(TEXT, y, shortened(row.text, 18), color=TRUTH, size=size, ha="left")
    words.write(VALUE, y, number_or_shape(row.value), color=DATA, size=size, ha="right")
    if k in found.arrived:
        words.write(GRAD, y, sum_in_words(*found.arrived[k], found), color=GRADIENT, size=size, ha="left")


def shortened(text, most):
    return text if len(text) <= most else text[: most - 1] + "…"


def draw_arcs(ax, found):
    """Gray for what was used where, red for the gradients on their way back, with a head where they arrive."""
    ways = arcs(found)
    gone = [(send.start, send.slot) for send in (found.way.sends or ())[: max(found.sent - 1, 0)]]
    now = gone[-1] if gone else None
    looks = [(GRADIENT, 3.0) if key == now else (GRADIENT, 1.4) if key in gone else (FADED, 1.2) for key in ways]
    if ways:
        colors, widths = zip(*looks, strict=True)
        ax.add_collection(LineCollection([*ways.values()], colors=colors, linewidths=widths), autolim=False)
        tips = [way[0] if key in gone else way[-1] for key, way in ways.items()]
        ax.add_collection(PolyCollection([HEAD + tip for tip in tips], facecolors=colors, zorder=3), autolim=False)


def arcs(found):
    """{(row, slot): (K, 2)}, from the input to the entry that uses it, for every entry noted so far."""
    turn, h, ways = np.linspace(0, np.pi, 25), height(found), {}
    for k, row in enumerate(found.tape.rows[: found.tape.leaves + found.noted]):
        twins = len(set(row.inputs)) < len(row.inputs)
        for slot, end in enumerate(row.inputs):
            if end is None:
                continue
            aside = 0.1 * h if twins and slot else 0.0
            top, bottom = middle(found, end) - 0.2 * h + aside, middle(found, k) + 0.2 * h - aside
            reach = min(0.28 + 0.17 * (k - end - 1) + (0.16 if twins and slot else 0), 0.84)
            x = TEXT - 0.09 - reach * np.sin(turn)
            ways[k, slot] = np.stack([x, (top + bottom) / 2 + (top - bottom) / 2 * np.cos(turn)], axis=1)
    return ways


# ---- the controls ------------------------------------------------------------------------------------


def explore_tape(f=None, **leaves):
    """Play the tape of f, a function of tensors that returns one number; leaves: a start value for each argument.

    explore_tape(lambda w, b: (w * 2 + b).tanh(), w=1.0, b=0.5)
    """
    functions = EXPRESSIONS if f is None else {None: f}
    leaves = {"a": 2.0} if f is None and not leaves else leaves
    check_leaves(functions, leaves)
    sliders = [number(name, *limits(value), value=value, label=name) for name, value in leaves.items()]
    chosen = [choice("expression", tuple(functions), label="expression")] if f is None else []
    guess = ask([*leaves][0], *chosen, *sliders)
    rules = choice("order", ORDERS, label="order back"), choice("arrival", ARRIVALS, label="on arrival")
    step = played_with(guess, *chosen, *sliders, *rules, functions=functions)
    controls = guess, *chosen, *sliders, *rules, step
    return Explorer(partial(compute, functions=functions), draw, say, controls, frame=frame, size=SIZE)


def check_leaves(functions, leaves):
    """Each function takes the leaves, and no leaf has the name of a control."""
    taken = {"guess", "order", "arrival", "step", "expression", *WRONG} & set(leaves)
    if taken or not leaves:
        raise ValueError(
            "explore_tape: give a start value for each argument, as in explore_tape(f, a=2.0), none of them called "
            "arrival, expression, guess, order or step"
        )
    for name, value in leaves.items():
        if not isinstance(value, int | float | np.number) or not np.isfinite(value):
            raise TypeError(f"explore_tape: the start value of {name} is {value!r}; give a finite number")
    for f in functions.values():
        try:
            signature(f).bind(*leaves)
        except TypeError as error:
            raise TypeError(f"explore_tape: the function and the start values {', '.join(leaves)}: {error}") from None


def ask(leaf, *controls):
    """The prediction: what two wrong tapes give, at the values that `controls` show."""
    guesses = [number(rule, -100, 100, value=0.0, label=rule, step=0.5) for rule in WRONG]
    question = (
        f"Which gradient does {leaf} get, at these values, from a tape that replaces (=) instead of adding? "
        "And from one that goes back depth first, and adds?"
    )
    guess = predict_with(question, *guesses, *controls)
    for control in guesses:
        guess.observe(control.disable)
    return guess


def played_with(*others, functions):
    """The step control; it goes as far as the tape does, whatever the other controls do to the tape."""
    step = steps("step", 1, label="step")

    def refit():
        ends = length(functions, **{control.name: control.value for control in others})
        if ends:
            at_end = step.value == step.source.max
            reach(step, ends.last)
            step.samples = range(ends.last + 1)
            step.value = ends.last if at_end else step.value
        return ends

    ends = refit()
    step.value = ends.tape.operations if ends else 0
    for control in others:
        control.observe(refit)
    return step


def length(functions, guess, order, arrival, expression=None, **leaves):
    """The tape at its start, to ask how far it goes; None if the function fails, which the read-out tells."""
    try:
        return compute(guess, order, arrival, 0, functions=functions, expression=expression, **leaves)
    except Exception:
        return None


def limits(value):
    """From -3 to 3, or further if the start value lies outside."""
    most = max(3.0, abs(value))
    return -most, most
