"""Losses of two weights, to walk down: a bowl, the same bowl turned, and a curved valley.

Each is half the squared length of a vector r(w), and `from_circle` is the way back from r to w. So a contour of the
loss is a circle, sent back: it needs no search. The condition number k is the curvature across the bowl; along it
the curvature is 1.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

RADII = 0.25 * 2.0 ** np.arange(9)  # of the contours: each holds four times the loss of the one before
EVEN = np.linspace(-1, 1, 101)
DENSE = 0.1 * EVEN + 0.45 * EVEN**3 + 0.45 * EVEN**5  # around 0: of a large circle only that part is in view
QUARTER = np.pi / 2 * DENSE
ANGLES = np.concatenate([np.pi / 2 + QUARTER, 3 * np.pi / 2 + QUARTER])
TURN = np.array([[1.0, 1.0], [-1.0, 1.0]]) / np.sqrt(2)  # w @ TURN is w, turned by 45 degrees


@dataclass(frozen=True)
class Landscape:
    """to_circle(w, k) and from_circle(r, k), inverse to each other; gradient(w, k).  w, r (..., 2), k > 0"""

    start: tuple
    minimum: tuple
    to_circle: Callable
    from_circle: Callable
    gradient: Callable

    def loss(self, w, k):
        """(..., 2) -> (...,)"""
        return np.square(self.to_circle(np.asarray(w), k)).sum(axis=-1) / 2

    def contours(self, k):
        """One contour for each radius.  (9, points, 2)"""
        circle = pair(np.cos(ANGLES), np.sin(ANGLES))
        return self.from_circle(RADII[:, None, None] * circle, k)


def pair(first, second):
    return np.stack([first, second], axis=-1)


def stretch(w, k):
    """w1^2 / 2 + k w2^2 / 2 is half the squared length of this."""
    return pair(w[..., 0], np.sqrt(k) * w[..., 1])


def shrink(r, k):
    return stretch(r, 1 / k)


def straighten(w, k):
    """The valley's floor, w2 = w1^2, becomes a straight line; its lowest point, (1, 1), becomes the center."""
    return pair(w[..., 0] - 1, np.sqrt(k) * (w[..., 1] - w[..., 0] ** 2))


def bend(r, k):
    w1 = 1 + r[..., 0]
    return pair(w1, w1**2 + r[..., 1] / np.sqrt(k))


def bowl_gradient(w, k):
    return pair(w[..., 0], k * w[..., 1])


def valley_gradient(w, k):
    above = k * (w[..., 1] - w[..., 0] ** 2)
    return pair(w[..., 0] - 1 - 2 * w[..., 0] * above, above)


BOWL = Landscape((-1.8, 0.9), (0.0, 0.0), stretch, shrink, bowl_gradient)
TURNED = Landscape(
    tuple(np.array(BOWL.start) @ TURN),
    BOWL.minimum,
    lambda w, k: stretch(w @ TURN.T, k),
    lambda r, k: shrink(r, k) @ TURN,
    lambda w, k: bowl_gradient(w @ TURN.T, k) @ TURN,
)
VALLEY = Landscape((-1.2, 1.0), (1.0, 1.0), straighten, bend, valley_gradient)  # after Rosenbrock 1960
LANDSCAPES = {"bowl": BOWL, "turned bowl": TURNED, "curved valley": VALLEY}
