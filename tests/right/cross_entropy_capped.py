"""-log(p + 1e-7), through each of the ways to write a softmax."""

import numpy as np

from .cross_entropy_both_sides import through
from .softmax import RIGHT as SOFTMAXES


def capped(p, t):
    return -(t * np.log(p + 1e-7)).sum() / len(p), -t / (p + 1e-7) / len(p)


RIGHT = [through(softmax, capped) for softmax in SOFTMAXES]
