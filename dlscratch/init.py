"""Initial weights: how wide the first guesses are spread. Every function that draws takes its generator.

n_in is the number of inputs that one output sums over (for a convolution C_in * KH * KW), n_out the number
of outputs that one input feeds. Layers start as `he`; for another start, assign one:

    layer.W.data = glorot((64, 10), n_in=64, n_out=10, rng=rng)
"""

import numpy as np


def zeros(shape):
    """For biases. Weights that all start as zeros stay equal: every unit gets the same gradient."""
    return np.zeros(shape)


def lecun(shape, *, n_in, rng):
    """Normal, variance 1 / n_in: a sum of n_in inputs has their scale.  (LeCun et al. 1998, section 4.6)"""
    _check("lecun", rng, n_in=n_in)
    return rng.normal(scale=np.sqrt(1 / n_in), size=shape)


def he(shape, *, n_in, rng):
    """Normal, variance 2 / n_in: ReLU layers keep the scale of their input.  (He et al. 2015, equation 10)"""
    _check("he", rng, n_in=n_in)
    return rng.normal(scale=np.sqrt(2 / n_in), size=shape)


def glorot(shape, *, n_in, n_out, rng):
    """Normal, variance 2 / (n_in + n_out): sigmoid and tanh layers.  (Glorot & Bengio 2010, equation 12)"""
    _check("glorot", rng, n_in=n_in, n_out=n_out)
    return rng.normal(scale=np.sqrt(2 / (n_in + n_out)), size=shape)


def check_rng(call, rng):
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"{call}(..., rng): rng is a {type(rng).__name__}; give np.random.default_rng(seed)")


def _check(call, rng, **counts):
    check_rng(call, rng)
    for name, count in counts.items():
        if not count >= 1:
            raise ValueError(f"{call}(shape, {name}): {name} = {count}; it counts connections, at least 1")
