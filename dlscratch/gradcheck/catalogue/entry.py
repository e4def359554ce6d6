"""How the catalogue is written: an operation, and the ways in which its way back goes wrong.

    affine = Operation("affine", "x W + b", forward, draw, look="chapter 04")

    @affine.wrong("over-n", "db", "Averaged over the batch ...", symptom="The bias learns n times too slowly.")
    def bias_averaged(x, W, b, dout):
        return dout @ W.T, x.T @ dout, dout.mean(axis=0)

A wrong version is a function of the inputs and dout (keyword options by name) that returns the gradients. One
that keeps something between calls, or overwrites what it is given, is a whole operation instead:

    @affine.wrong_op("mutates-dout", "dout", "...", symptom="...")
    def bias_in_place():
        def op(x, W, b): ...
        return op
"""

from dataclasses import dataclass, field
from functools import wraps
from inspect import signature
from typing import Any


@dataclass(frozen=True)
class Wrong:
    """One wrong version: its cause (a slug), the wrong gradient, a sentence, what training looks like with it."""

    name: str
    cause: str
    argument: str
    says: str
    symptom: str
    make: Any = field(repr=False)  # () -> an operation (out, pullback)
    source: Any = field(repr=False, default=None)  # the function to show
    draw: Any = field(repr=False, default=None)  # inputs on which it shows, where the usual ones hide it


@dataclass
class Operation:
    """A forward pass, inputs to try it on, where to read about it, and its wrong versions."""

    name: str
    says: str
    forward: Any  # (*inputs, **options) -> out
    draw: Any  # (rng, n, D, M) -> (inputs, options)
    look: str = ""
    extreme: Any = None  # () -> (inputs, options) far out, at which a right version stays finite
    versions: list = field(default_factory=list)

    def wrong(self, cause, argument, says, *, symptom, draw=None):
        def add(backward):
            def make():
                @wraps(backward)
                def op(*inputs, **options):
                    return self.forward(*inputs, **options), lambda dout: backward(*inputs, dout, **options)

                del op.__wrapped__  # its parameters are those of the operation, not those of `backward`
                op.__signature__ = self.signature
                return op

            self.versions.append(Wrong(backward.__name__, cause, argument, says, symptom, make, backward, draw))
            return backward

        return add

    def wrong_op(self, cause, argument, says, *, symptom, draw=None):
        def add(make):
            self.versions.append(Wrong(make.__name__, cause, argument, says, symptom, make, make, draw))
            return make

        return add

    @property
    def signature(self):
        return signature(self.forward)
