"""-t log p - (1 - t) log(1 - p) of a softmax, through each of the ways to write a softmax."""

import numpy as np

from .add import named
from .softmax import RIGHT as SOFTMAXES


def through(softmax, loss):
    """A loss of probabilities, (p, t) -> (value, its gradient in p), as an operation on logits and labels."""

    def op(logits, *, target):
        p, back = softmax(logits)
        value, dp = loss(p, np.eye(logits.shape[1])[target])

        return value, lambda dout: back(dout * dp)

    return named(op, f"through_{softmax.__name__}")


def both_sides(p, t):
    value = -(t * np.log(p) + (1 - t) * np.log(1 - p)).sum() / len(p)
    return value, ((1 - t) / (1 - p) - t / p) / len(p)


RIGHT = [through(softmax, both_sides) for softmax in SOFTMAXES]
