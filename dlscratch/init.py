"""Initial weights: how wide the first guesses are spread. Every function takes its generator.

n_in is the number of inputs that one output sums over (for a convolution C_in * KH * KW), n_out the number
of outputs that one input feeds.
"""

import numpy as np


def he(shape, *, n_in, rng):
    """Normal, variance 2 / n_in: ReLU layers keep the scale of their input.  (He et al. 2015, equation 10)"""
    check_rng("he", rng)
    return rng.normal(scale=np.sqrt(2 / n_in), size=shape)


def glorot(shape, *, n_in, n_out, rng):
    """Normal, variance 2 / (n_in + n_out): sigmoid and tanh layers.  (Glorot & Bengio 2010, equation 12)"""
    check_rng("glorot", rng)
    return rng.normal(scale=np.sqrt(2 / (n_in + n_out)), size=shape)


def check_rng(call, rng):
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"{call}(..., rng): rng is a {type(rng).__name__}; give np.random.default_rng(seed)")
