"""What a hypothesis about a wrong gradient may look at: one draw, one argument, all the numbers."""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from .numeric import jacobian


@dataclass
class Evidence:
    """`yours` against `right`, and what they were made of.  `n` rows, `m` columns of the output."""

    name: str  # of the argument, such as "W"
    yours: np.ndarray
    value: np.ndarray  # of the argument
    dout: np.ndarray
    out: np.ndarray
    forward: object = field(repr=False)  # value of this argument -> out
    x: np.ndarray | None = None  # the first input
    others: dict = field(default_factory=dict)  # right gradients of the other arguments
    before: object = None  # the Evidence of the call before on the same object, where there was one

    @property
    def n(self):
        return len(self.x) if np.ndim(self.x) else 1

    @property
    def m(self):
        shaped = self.out if np.ndim(self.out) > 1 else self.x
        return np.shape(shaped)[-1] if np.ndim(shaped) else 1

    @cached_property
    def J(self):
        """d out / d value, (out.size, value.size)."""
        return jacobian(self.forward, self.value)

    def back(self, dout):
        """The right gradient for another dout."""
        return (np.ravel(np.broadcast_to(dout, np.shape(self.dout))) @ self.J).reshape(np.shape(self.value))

    @cached_property
    def right(self):
        return self.back(self.dout)

    @property
    def elementwise(self):
        """Is out the same shape as the argument, entry from entry?"""
        return np.shape(self.out) == np.shape(self.value) and np.size(self.out) > 0

    @property
    def local(self):
        """The diagonal of the Jacobian: of an elementwise operation all there is of it."""
        return np.diag(self.J).reshape(np.shape(self.value))


def same(a, b, scale=None):
    """Equal to a millionth of the largest entry: differences of differences are not better than that."""
    if a is None or b is None or np.shape(a) != np.shape(b):
        return False
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    size = max(np.max(np.abs(a), initial=0), np.max(np.abs(b), initial=0)) if scale is None else scale
    return bool(np.all(np.abs(a - b) <= 2e-6 * size + 1e-9))
