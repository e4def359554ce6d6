"""Made-up points in the plane, drawn from a generator: data whose shape you can see.

All return x (n, 2) and classes y (n,), 0, 1, 0, 1, ... in turn, so that class sizes differ by one at most;
`line` returns x (n, 1) and numbers y (n,). `noise` is the standard deviation added to every coordinate.
"""

import numpy as np
from numpy.random import Generator


def line(n: int, *, w: float = 2.0, b: float = -1.0, noise: float = 0.3, rng: Generator):
    """Points near the line y = w x + b, x uniform in [-2, 2].  x (n, 1), y (n,); noise in y alone.

    >>> x, y = line(4, noise=0, rng=np.random.default_rng(0))
    >>> np.allclose(y, 2 * x[:, 0] - 1)
    True
    """
    _check("line", n, noise, rng)
    x = rng.uniform(-2, 2, (n, 1))
    return x, w * x[:, 0] + b + rng.normal(0, noise, n)


def moons(n: int, *, noise: float = 0.1, rng: Generator):
    """Two half circles of radius 1, hooked into each other: no straight line parts them.  x (n, 2), y (n,)."""
    _check("moons", n, noise, rng)
    y = np.arange(n) % 2
    angle = rng.uniform(0, np.pi, n)
    upper = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    lower = [1, 0.5] - upper
    return _blur(np.where(y[:, None] == 0, upper, lower), noise, rng), y


def rings(n: int, *, noise: float = 0.1, rng: Generator):
    """A circle of radius 1 (class 0) inside one of radius 2 (class 1).  x (n, 2), y (n,)."""
    _check("rings", n, noise, rng)
    y = np.arange(n) % 2
    return _blur(_polar(1.0 + y, rng.uniform(0, 2 * np.pi, n)), noise, rng), y


def spirals(n: int, *, classes: int = 2, noise: float = 0.1, turns: float = 1.5, rng: Generator):
    """Arms that wind `turns` times around the origin, one for each class, out to radius 2.  x (n, 2), y (n,).

    Along a ray the arms lie 2 / (turns classes) apart; noise near half of that blurs them.
    """
    _check("spirals", n, noise, rng)
    if not _is_count(classes) or classes < 2:
        raise ValueError(f"spirals(classes={classes!r}): give a whole number of at least 2")
    if not _is_number(turns):
        raise ValueError(f"spirals(turns={turns!r}): give a finite number, like 1.5")
    y = np.arange(n) % classes
    radius = 2 * np.sqrt(rng.uniform(0.01, 1, n))  # root: as dense outside as inside, like points on a disc
    angle = 2 * np.pi * (turns * radius / 2 + y / classes)
    return _blur(_polar(radius, angle), noise, rng), y


def _polar(radius, angle):
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)


def _blur(x, noise, rng):
    return x + rng.normal(0, noise, x.shape)


def _check(call, n, noise, rng):
    if not _is_count(n) or n < 1:
        raise ValueError(f"{call}(n={n!r}): n counts the points; give a whole number of at least 1")
    if not _is_number(noise) or noise < 0:
        raise ValueError(f"{call}(noise={noise!r}): a standard deviation; give 0 or a positive finite number")
    if not isinstance(rng, Generator):
        raise TypeError(f"{call}(rng): rng is a {type(rng).__name__}; give np.random.default_rng(seed)")


def _is_count(value):
    return isinstance(value, int | np.integer) and not isinstance(value, bool)


def _is_number(value):
    return isinstance(value, int | float | np.integer | np.floating) and np.isfinite(value)
