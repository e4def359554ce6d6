"""The inputs on which a gradient is judged: several draws whose sizes have no common factor.

With n = 5, D = 3, M = 2 and then 7, 2, 3 and 11, 5, 4 a factor 1/n cannot pass for 1/M, nor for a constant.
"""

from dataclasses import dataclass, field

import numpy as np

SIZES = ((5, 3, 2), (7, 2, 3), (11, 5, 4))  # n, D, M
OTHER = ((4, 7, 6, 9), (5, 4, 8, 9), (3, 7, 6, 10))  # sizes of any further letters, in order


@dataclass
class Draw:
    """Positional inputs and keyword options; `n` is the batch size, counted along the first axis."""

    inputs: tuple
    options: dict = field(default_factory=dict)

    @property
    def n(self):
        rows = [len(a) for a in self.inputs if np.ndim(a)]
        return rows[0] if rows else 1

    def __str__(self):
        return f"n = {self.n}"


def draws_of(inputs, options, rng):
    """Draws from one sentence ("N D, D M, M"), from one function (rng, n, D, M) -> tuple, or from arrays."""
    if len(inputs) == 1 and isinstance(inputs[0], str):
        return [Draw(_from_sentence(inputs[0], s, o, rng), options) for s, o in zip(SIZES, OTHER, strict=True)]
    if len(inputs) == 1 and is_maker(inputs[0]):
        return [_made(inputs[0], rng, sizes, options) for sizes in SIZES]
    return _from_arrays(inputs, options)


def small_draws(inputs, options, rng):
    """The smallest examples first: one row, one column; or the first row alone."""
    sizes = ((1, 1, 1), (2, 1, 1), (2, 2, 1), (2, 2, 2))
    if len(inputs) == 1 and isinstance(inputs[0], str):
        return [Draw(_from_sentence(inputs[0], s, (2, 2, 2, 2), rng), options) for s in sizes]
    if len(inputs) == 1 and is_maker(inputs[0]):
        return [_made(inputs[0], rng, s, options) for s in sizes]
    n = _rows(inputs)
    return [_first_rows(inputs, options, n, rows) for rows in (1, 2) if rows <= n]


def is_maker(x):
    return callable(x) and not hasattr(x, "shape")


def _made(maker, rng, sizes, options):
    """maker(rng, n, D, M) -> the inputs, or a pair of them and the keyword options of this draw."""
    made = maker(rng, *sizes)
    if isinstance(made, tuple) and len(made) == 2 and isinstance(made[1], dict):
        return Draw(tuple(made[0]), options | made[1])
    return Draw(made if isinstance(made, tuple) else (made,), options)


def _from_sentence(sentence, sizes, others, rng):
    sizes, others = dict(zip("NDM", sizes, strict=True)), iter(others)
    shapes = []
    for axes in sentence.split(","):
        for letter in axes.split():
            if letter not in sizes:
                sizes[letter] = int(letter) if letter.isdecimal() else next(others)
        shapes.append([sizes[letter] for letter in axes.split()])
    return tuple(rng.normal(size=shape) if shape else float(rng.normal()) for shape in shapes)


def _from_arrays(inputs, options):
    """The arrays themselves, then fewer rows of them: only the batch size can be varied."""
    n = _rows(inputs)
    return [Draw(tuple(inputs), options), *(_first_rows(inputs, options, n, k) for k in (n - 2, n - 3) if k >= 1)]


def with_other_rows(inputs, options):
    """Should cutting every input of the first one's shape fail: cut the first alone, or all with as many rows."""
    n = _rows(inputs)
    cuts = [k for k in (n - 2, n - 3) if k >= 1]
    return [[_first_rows(inputs, options, n, k, which) for k in cuts] for which in ("first", "all")]


def _rows(inputs):
    return len(inputs[0]) if inputs and np.ndim(inputs[0]) else 1


def _first_rows(inputs, options, n, rows, which="alike"):
    """Cut the first input, and with it every input of its shape and every constant with as many rows."""
    shape = np.shape(inputs[0])

    def cut(a):
        alike = {"first": a is inputs[0], "alike": np.shape(a) == shape, "all": True}[which]
        return a[:rows] if np.ndim(a) and len(a) == n and (alike or not is_float(a)) else a

    def cut_constant(a):
        return a[:rows] if np.ndim(a) and len(a) == n else a

    return Draw(tuple(map(cut, inputs)), {name: cut_constant(a) for name, a in options.items()})


def is_float(a):
    """Integer and boolean arrays are constants by nature; a gradient belongs to floats."""
    return isinstance(a, float | np.floating) or getattr(getattr(a, "dtype", None), "kind", "") == "f"
