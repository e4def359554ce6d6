"""The shape ledger of out = x W + b: what comes back to x, W and b, example by example.

Every gradient stands below what it belongs to and has the same shape. A row of dx belongs to one example; W and b are
used by all of them, so each example enters its share into dW and db, and the shares add up.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from .controls import choice, reach, steps, toggle, whole
from .explorer import Explorer
from .page import LINE, Page, at
from .prediction import predict
from .readout import short
from .style import DATA, GRADIENT, PARAMETER

X = np.array([[1.0, 2, 0], [2, -1, 1], [-1, 1, 3], [0, 2, 1], [3, 1, -2]])
W = np.array([[1.0, 0], [2, -1], [-1, 1]])
B = np.array([1.0, -2])
D_LOSS = np.array([[1.0, -1], [3, 2], [2, 1], [-1, 2], [-2, 1]])  # of each example's own loss, with respect to its out
SUM, MEAN = "sum over the batch", "mean over the batch"

QUESTION = "Every example enters the batch twice, each time with the same row of dout. What happens to dW and db?"
EFFECTS = "both stay", "both double", "both halve", "only dW doubles", "only db doubles"
OWN_QUESTION = (
    "Your backward runs on the first example, on the first two, and so on. Where does it depart from the ledger?"
)
NEVER = "never"


class Gradients(NamedTuple):
    """dL/dx (n, D), dL/dW (D, M), dL/db (M,) of a batch."""

    dx: Any
    dW: Any
    db: Any


class Ledger(NamedTuple):
    """A batch x (N, D) with its out and dout (N, M), of which `step` examples have been entered.

    Once there is a guess: the gradients of these examples, and by what dW and db are multiplied if every example stands
    in the batch twice, (2, 2): with the same rows of dout, and with the loss at hand. The last four are of the reader's
    own function: its gradients, and the number of examples from which on each of them is wrong.
    """

    x: Any
    out: Any
    dout: Any
    step: int
    loss: str
    guess: dict | None = None
    dx: Any = None
    dW: Any = None
    db: Any = None
    factors: Any = None
    your_dx: Any = None
    your_dW: Any = None
    your_db: Any = None
    wrong_from: dict | None = None


def compute(step, n, twice, loss, guess, *, backward=None):
    """The batch; what comes back only for a reader who has committed to a guess."""
    x, dout = batch(n, twice, loss)
    step = min(step, len(x))
    found = Ledger(x, x @ W + B, dout, step, loss, guess)
    yours = judged(backward, x, dout, step) if backward else {}  # asked before the guess too: its errors come early
    if guess is None:
        return found
    once, again = (gradients(*batch(n, repeat, loss)) for repeat in (False, True))
    same = gradients(*batch(n, False, SUM)), gradients(*batch(n, True, SUM))
    factors = np.array([growth(*same), growth(once, again)])
    return found._replace(**gradients(x[:step], dout[:step])._asdict(), factors=factors, **yours)


def batch(n, twice, loss):
    """x (N, D) and dout (N, M): a mean over the batch sends every row with 1/N."""
    rows = np.repeat(np.arange(n), 2 if twice else 1)
    return X[rows], D_LOSS[rows] / (len(rows) if loss == MEAN else 1)


def gradients(x, dout):
    """Entered one example at a time."""
    dW, db = np.zeros_like(W), np.zeros_like(B)
    for row, drow in zip(x, dout, strict=True):
        dW += np.outer(row, drow)
        db += drow
    return Gradients(dout @ W.T, dW, db)


def growth(once, again):
    """By which factor dW and db grow from one batch to another.  (2,)"""
    return [np.linalg.norm(b) / np.linalg.norm(a) for a, b in zip(once[1:], again[1:], strict=True)]


# ---- the reader's own function -----------------------------------------------------------------------


def judged(backward, x, dout, step):
    """Its gradients of the first `step` examples, and from how many examples on each of them is wrong."""
    yours, wrong_from = dict.fromkeys(("your_dx", "your_dW", "your_db")), {}
    for n in range(1, len(x) + 1):
        answer = ask(backward, x[:n], dout[:n])
        for name, value, right in zip(Gradients._fields, answer, gradients(x[:n], dout[:n]), strict=True):
            if differs(value, right).any():
                wrong_from.setdefault(name, n)
            if n == step:
                yours[f"your_{name}"] = value
    return yours | {"wrong_from": wrong_from}


def ask(backward, x, dout):
    """What backward(x, W, b, dout) returns, or a sentence about why that cannot be dx, dW, db."""
    name, answer = name_of(backward), backward(x.copy(), W.copy(), B.copy(), dout.copy())
    if not isinstance(answer, tuple | list) or len(answer) != 3:
        raise ValueError(f"{name} must return dx, dW, db; it returned {kind(answer)}")
    return Gradients(*(shaped(d, v, of) for d, v, of in zip(Gradients._fields, answer, (x, W, B), strict=True)))


def name_of(backward):
    return getattr(backward, "__name__", "backward")


def shaped(name, value, of):
    if value is None:
        raise ValueError(f"{name} is None: is it computed and returned?")
    if np.shape(value) != of.shape:
        raise ValueError(f"{name} has shape {np.shape(value)}; it must have the shape of {name[1:]}, {of.shape}")
    return np.asarray(value, dtype=float)


def kind(answer):
    return f"{len(answer)} values" if isinstance(answer, tuple | list) else type(answer).__name__


def differs(value, right):
    return ~(np.abs(value - right) <= 1e-6 * max(1.0, np.abs(right).max(initial=0)))


# ---- the picture -------------------------------------------------------------------------------------

LEFT = {"x": 0.03, "column": 1.55, "W": 2.05, "b": 3.25, "out": 4.5}
WIDTH = 5.5
TITLE = -1.6  # its line
BACK = 12  # the line in which the way back begins
ADDED, SO_FAR, YOURS = BACK + 3, BACK + 7, BACK + 11  # the first lines of three tables, one below the other
HEADINGS = {"x": "x (N, D)", "W": "W (D, M)", "b": "b (M,)", "out": "out (N, M)"}
BACK_HEADINGS = {"x": "dx (N, D)", "W": "dW (D, M)", "b": "db (M,)", "out": "dout (N, M)"}


def bottom(backward):
    """The last line of the page: the tables of numbers end there."""
    return YOURS + 2 if backward else BACK + 2 * len(X)


def frame(ax, found, *, backward):
    ax.set(xlim=(0, WIDTH), ylim=(at(bottom(backward) + 0.8), at(TITLE - 0.8)))
    ax.set_axis_off()
    write_headings(ax, HEADINGS, 0, "black")
    write_headings(ax, BACK_HEADINGS, BACK, GRADIENT)
    for sign, x in {"@": 1.73, "+": 3.11, "=": 4.33}.items():
        ax.text(x, at(2), sign, ha="center", va="center")
    page = Page()
    page.table(LEFT["W"], 1, W, PARAMETER)
    page.table(LEFT["b"], 1, B[None], PARAMETER)
    page.draw(ax)


def write_headings(ax, headings, line, color):
    for place, text in headings.items():
        ax.text(LEFT[place], at(line), text, va="center", fontsize=10, color=color)


def draw(ax, found, *, backward):
    page, n = Page(), len(found.x)
    page.table(LEFT["x"], 1, found.x, DATA, band=found.step)
    page.table(LEFT["out"], 1, found.out, DATA, band=found.step)
    page.table(LEFT["out"], BACK + 1, found.dout, GRADIENT, band=found.step)
    if found.guess is None:
        write_title(page, f"N = {n}, D = 3, M = 2: what comes back to W and b?")
        draw_hidden(page, n)
    else:
        write_title(page, f"N = {n}: {found.step or 'none'} of {n} examples entered")
        draw_way_back(page, found, n)
    page.draw(ax)


def write_title(page, text):
    page.write(LEFT["x"], TITLE, text, "black", ha="left", size=12)


def draw_hidden(page, n):
    """Every gradient has the shape of what it belongs to: that much may be seen."""
    page.box(LEFT["x"], BACK + 1, n, X.shape[1], "none", GRADIENT)
    page.box(LEFT["W"], SO_FAR, *W.shape, "none", GRADIENT)
    page.box(LEFT["b"], SO_FAR, 1, len(B), "none", GRADIENT)
    for line, words in enumerate(("Hidden until you", "lock your prediction"), start=BACK + 3):
        page.write(LEFT["column"], line, words, "black", ha="left", size=11)


def draw_way_back(page, found, n):
    """dx row by row; what the example at hand adds to dW, as a multiplication table; and the sums."""
    rows = np.full((n, 3), None)
    rows[: found.step] = found.dx if found.your_dx is None else found.your_dx
    page.table(LEFT["x"], BACK + 1, rows, GRADIENT, band=found.step, wrong=wrong_entries(found, "dx", n))
    if found.step:
        draw_entry(page, found)
    page.write(LEFT["column"], SO_FAR, "so far", "black", ha="left")
    page.table(LEFT["W"], SO_FAR, found.dW, GRADIENT)
    page.table(LEFT["b"], SO_FAR, found.db[None], GRADIENT)
    if found.your_dW is not None:
        page.write(LEFT["column"], YOURS, "yours", "black", ha="left")
        page.table(LEFT["W"], YOURS, found.your_dW, GRADIENT, wrong=wrong_entries(found, "dW"))
        page.table(LEFT["b"], YOURS, found.your_db[None], GRADIENT, wrong=wrong_entries(found, "db"))


def draw_entry(page, found):
    row, drow = found.x[found.step - 1], found.dout[found.step - 1]
    page.write(LEFT["column"], BACK + 1, f"example {found.step} enters", "black", ha="left")
    page.table(LEFT["column"], ADDED, row[:, None], DATA, band=range(1, 4))
    page.table(LEFT["W"], ADDED - 1, drow[None], GRADIENT, band=1)
    page.table(LEFT["W"], ADDED, np.outer(row, drow), GRADIENT)
    page.table(LEFT["b"], ADDED, drow[None], GRADIENT, band=1)


def wrong_entries(found, name, rows=None):
    """Where the reader's numbers are not the right ones; all rows of dx have a place, entered or not."""
    yours, right = getattr(found, f"your_{name}"), getattr(found, name)
    if yours is None:
        return None
    wrong = np.atleast_2d(differs(yours, right))
    return wrong if rows is None else np.pad(wrong, ((0, rows - len(wrong)), (0, 0)))


# ---- the words ---------------------------------------------------------------------------------------


def say(found, *, backward):
    if found.guess is None:
        reveal = f"where {name_of(backward)} departs" if backward else "what comes back"
        return f"{shapes(found)}{forward_words(found)} Lock your prediction to see {reveal}."
    lines = [shapes(found), entered(found), so_far(found)]
    if backward:
        lines += [compared(found, name) for name in Gradients._fields if found.your_dW is not None]
        lines += [f"You predicted: {found.guess['departure']}. {departures(found)}"]
    else:
        lines += [doubled(found)]
    return "\n".join(filter(None, lines))


def shapes(found):
    n = len(found.x)
    told = f"x {found.x.shape} times W {W.shape} plus b {B.shape} makes out {found.out.shape}."
    return f"{told} The mean sends every row of dout with 1/{n}." if found.loss == MEAN else told


def forward_words(found):
    if not found.step:
        return ""
    row, out, drow = (a[found.step - 1] for a in (found.x, found.out, found.dout))
    return f" Example {found.step}: x = {vector(row)} makes out = {vector(out)}, and dout = {vector(drow)} comes back."


def entered(found):
    if not found.step:
        return "No example has been entered yet."
    row, drow, dx = (a[found.step - 1] for a in (found.x, found.dout, found.dx))
    return (
        f"Example {found.step}: every entry of x = {vector(row)} times every entry of dout = {vector(drow)} goes to dW, "
        f"dout itself to db. Its row of dx is {vector(dx)}."
    )


def so_far(found):
    rows = ", ".join(vector(row) for row in found.dW)
    return f"So far dW has the rows {rows}, and db = {vector(found.db)}."


def compared(found, name):
    yours, right = getattr(found, f"your_{name}"), getattr(found, name)
    wrong = differs(yours, right)
    if not wrong.any():
        return f"Your {name} is right."
    worst = np.unravel_index(np.nan_to_num(np.abs(yours - right), nan=np.inf).argmax(), right.shape)
    place = ", ".join(map(str, worst))
    told = f"Your {name} is wrong: at [{place}] yours is {short(yours[worst])}, right is {short(right[worst])}"
    factor = yours[worst] / right[worst]
    everywhere = np.isfinite(factor) and not differs(yours, factor * right).any()
    return f"{told}; everywhere yours is {fraction(factor)} right." if everywhere else f"{told}."


def fraction(factor):
    """1/3 of, 2 times.

    >>> fraction(1 / 3), fraction(2.0), fraction(-1.0)
    ('1/3 of', '2 times', '-1 times')
    """
    part = 1 / factor if factor else 0.0
    whole = round(part) if 1.5 < part < 1000 else 0
    return f"1/{whole} of" if whole and abs(part - whole) < 1e-6 else f"{short(factor)} times"


def departures(found):
    if not found.wrong_from:
        return f"Yours is right for every number of examples from 1 to {len(found.x)}."
    first = ", ".join(f"{name} from example {n} on" for name, n in found.wrong_from.items())
    return f"Yours departs: {first}."


def doubled(found):
    (dW, db), (loss_dW, loss_db) = found.factors
    told = f"You predicted: {found.guess['effect']}. Every example twice, with the same rows of dout: "
    told += f"dW times {short(dW)}, db times {short(db)}."
    if found.loss == MEAN:
        told += f" But under a mean the rows of dout get halved: dW times {short(loss_dW)}, db times {short(loss_db)}."
    return told


def vector(values):
    return f"({', '.join(map(short, np.round(values, 12)))})"  # sums of tenths end in 1e-16


def explore_affine(backward=None):
    """Enter a batch into the ledger of x W + b; `backward(x, W, b, dout) -> dx, dW, db` may be your own function."""
    step = steps("step", 4, label="entered")
    n = whole("n", 1, len(X), value=4, label="examples")
    twice, loss = toggle("twice", label="every example twice"), choice("loss", (SUM, MEAN), label="loss")
    n.observe(lambda: reach(step, n.value * (2 if twice.value else 1)))
    twice.observe(lambda: enter_twice(step, n, twice))
    tied = {"backward": backward}
    return Explorer(
        partial(compute, **tied),
        partial(draw, **tied),
        partial(say, **tied),
        (question(backward), step, n, twice, loss),
        frame=partial(frame, **tied),
        size=(WIDTH, LINE * (bottom(backward) + 1.6 - TITLE)),
    )


def enter_twice(step, n, twice):
    """What has been entered has been entered twice, or once again: only then do its sums double before the eyes."""
    entered = step.value
    reach(step, n.value * (2 if twice.value else 1))
    step.value = 2 * entered if twice.value else entered // 2


def question(backward):
    if backward is None:
        return predict(QUESTION, choice("effect", EFFECTS, label="dW and db"))
    places = [f"from example {n} on" for n in range(1, len(X) + 1)]
    return predict(OWN_QUESTION, choice("departure", (NEVER, *places), label="it departs"))
