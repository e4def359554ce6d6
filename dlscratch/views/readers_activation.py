"""The reader's own activation, activation(x) -> (out, pullback): run, and what is wrong with it told in words."""

import numpy as np


def check_activation(activation):
    """A layer, its class and the like are no operation."""
    if isinstance(activation, type) or not callable(activation):
        name = activation.__name__ if isinstance(activation, type) else type(activation).__name__
        raise TypeError(
            f"explore_bricks(activation): give a function activation(x) -> (out, pullback), such as ops.tanh; got {name}"
        )


def run(op, h):
    """The activation's value and pullback, or what is wrong with them."""
    answer = unchanged(op, h, f"{name_of(op)} has changed its input")
    if not isinstance(answer, tuple) or len(answer) != 2 or not callable(answer[1]):
        raise ValueError(f"{name_of(op)} must return (out, pullback); it returned {kind(answer)}")
    return shaped(f"out of {name_of(op)}", answer[0], h), answer[1]


def run_back(op, pullback, da, h):
    answer = unchanged(pullback, da, f"the pullback of {name_of(op)} has changed dout")
    if not isinstance(answer, tuple | list) or len(answer) != 1:
        raise ValueError(
            f"the pullback of {name_of(op)} must return a tuple with one entry, (dx,); it is {kind(answer)}"
        )
    return shaped(f"dx from the pullback of {name_of(op)}", answer[0], h)


def unchanged(f, array, words):
    """f(array); what others hold too must stay as it is."""
    before = array.copy()
    answer = f(array)
    if not np.array_equal(array, before, equal_nan=True):
        raise ValueError(f"{words} in place: others hold the same array; compute a new one")
    return answer


def shaped(what, value, like):
    if value is None:
        raise ValueError(f"{what} is None: is it computed and handed on?")
    if np.shape(value) != like.shape:
        raise ValueError(f"{what} has shape {np.shape(value)}; it must have the shape of its input, {like.shape}")
    return value if isinstance(value, np.ndarray) and value.dtype == float else np.asarray(value, dtype=float)


def kind(answer):
    return f"{len(answer)} values" if isinstance(answer, tuple | list) else type(answer).__name__


def name_of(op):
    return getattr(getattr(op, "func", op), "__name__", type(op).__name__)
