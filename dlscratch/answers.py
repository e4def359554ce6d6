"""How a test speaks to you about your answer.  The test cells of every exercise use these, and nothing else.

`attempt` calls your code, `run` an operation and its pullback; `agree` compares numbers, `equal` anything else;
`use` marks a function that puts your code to work. Whatever is wrong is told in a Feedback: a sentence, with the
facts, and without the lines of code that led to it. Only NumPy is needed here, and nothing here knows an answer.
"""

import traceback

import numpy as np

OPEN = "is not written yet: put your code where it says raise NotImplementedError"
ROUNDING = 1e-11  # of the largest number: another order of summation stays far below, a wrong formula far above


class Feedback(AssertionError):
    """A message that is shown as it is, without a traceback."""

    def _render_traceback_(self):
        return [str(self)]


def attempt(f, *inputs, **options):
    """f(*inputs, **options); if that stops, one sentence says why, and at which of your lines."""
    try:
        result = f(*inputs, **options)
    except Feedback:
        raise
    except Exception as error:
        raise Feedback(getattr(error, "sentence", "") or reason(error)) from None  # a grader brings its own sentence
    if result is None:
        raise Feedback(f"{name_of(f)} returned None: is a return missing?")
    return result


def perform(f, *inputs, **options):
    """As `attempt`, for a function that need not return anything: an optimizer's step, a backward()."""
    return attempt(lambda: (f(*inputs, **options), True))[0]


def run(op, *inputs, dout, **options):
    """out, and the tuple of gradients that the pullback of `op` returns for dout."""
    pair = attempt(op, *inputs, **options)
    if not (isinstance(pair, tuple) and len(pair) == 2 and callable(pair[1])):
        raise Feedback(f"{name_of(op)} must return two things, a value and a function: return out, pullback")
    grads = attempt(pair[1], dout)
    return pair[0], tuple(grads) if isinstance(grads, tuple | list) else (grads,)


def agree(what, yours, right, *, within=ROUNDING):
    """The same shape, and the same numbers but for rounding: |yours - right| <= within * max|right|."""
    yours, right = numbers(what, yours), np.asarray(right)
    if yours.shape != right.shape:
        raise Feedback(f"{what}: yours has shape {yours.shape}, right is {right.shape}")
    if yours.dtype.kind == "f" and yours.itemsize < 8 and yours.dtype != right.dtype:
        raise Feedback(f"{what}: yours is {yours.dtype}, which holds fewer digits than the float64 that came in")
    if not np.all(np.isfinite(yours)) and np.all(np.isfinite(right)):
        raise Feedback(f"{what}{place(~np.isfinite(yours))}: yours is not a finite number")
    distance = np.abs(np.subtract(yours, right, dtype=float))
    if not np.all(distance <= within * np.max(np.abs(right), initial=0.0)):
        at = distance == np.max(distance)
        is_now, should_be = told_apart(yours[at][0], right[at][0])
        raise Feedback(f"{what}{place(at)}: yours is {is_now}, right is {should_be}")


def equal(what, yours, right):
    """Words, whole numbers, True and False, shapes and lists of them."""
    yours = yours.item() if isinstance(yours, np.generic) else yours
    if not (type(yours) is type(right) and yours == right):
        raise Feedback(f"{what}: yours is {yours!r}, right is {right!r}")


def use(f):
    """Mark a function of a locked cell that puts your code to work in the framework.

    A grader that keeps its tests away from your code runs it where your code runs, with arrays in and arrays out.
    """
    f.uses_answers = True
    return f


def reason(error):
    """One sentence: what stopped, and in which line of the notebook."""
    frames = zip(traceback.walk_tb(error.__traceback__), traceback.extract_tb(error.__traceback__), strict=True)
    yours = [(frame, line) for (frame, _), line in list(frames)[1:] if frame.f_globals.get("__name__") == "__main__"]
    if not yours:
        return f"{type(error).__name__}: {error}"
    frame, line = yours[-1]
    name = frame.f_code.co_qualname.removesuffix(".<locals>")
    if isinstance(error, NotImplementedError):
        return f"{name} {OPEN}"
    return f"{type(error).__name__}: {error}\n  in {name}, line {line.lineno} of its cell: {line.line}"


def numbers(what, yours):
    """An array of numbers, or a Feedback that says what came instead."""
    try:
        array = np.asarray(yours)
    except (TypeError, ValueError):
        array = np.asarray(None)
    if array.dtype.kind not in "biuf":
        raise Feedback(f"{what}: yours is no array of numbers, but of type {type(yours).__name__}")
    return array


def told_apart(a, b):
    """Two numbers with six digits, or with as many as tell them apart."""
    for digits in (6, 9, 12, 17):
        told = f"{a:.{digits}g}", f"{b:.{digits}g}"
        if told[0] != told[1]:
            break
    return told


def place(mask):
    """Where the mask is first True: " at [row, column]", and nothing for a single number."""
    return f" at {[int(i) for i in np.argwhere(mask)[0]]}" if mask.ndim else ""


def name_of(f):
    return getattr(f, "__name__", "your function")
