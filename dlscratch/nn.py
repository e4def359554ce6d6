"""Modules for the tape: parameters in a tree and a forward pass; the way back is the tape's.

net = Sequential(Linear(2, 16, rng=rng), ReLU(), Linear(16, 3, rng=rng))
loss = cross_entropy(net(x), labels)
loss.backward()
"""

import numpy as np

from . import ops
from .autograd import Tensor, apply
from .init import he


class Module:
    """Anything with a `forward`. Tensors that require a gradient and modules among its attributes are found."""

    def __call__(self, *inputs):
        return self.forward(*inputs)

    def forward(self, *inputs):
        raise NotImplementedError(f"{type(self).__name__}.forward(*inputs): write the forward pass of this module")

    def parameters(self):
        """Every parameter once, in the order in which the attributes were set."""
        return list(dict.fromkeys(self._tensors()))

    def _tensors(self):
        for value in vars(self).values():
            for item in value if isinstance(value, list | tuple) else [value]:
                if isinstance(item, Tensor) and item.requires_grad:
                    yield item
                elif isinstance(item, Module):
                    yield from item._tensors()


class Linear(Module):
    """x W + b.  x (N, n_in) -> (N, n_out); the same start as `layers.Affine` from the same rng."""

    def __init__(self, n_in, n_out, *, rng, dtype=np.float64):
        self.W = Tensor(he((n_in, n_out), n_in=n_in, rng=rng).astype(dtype), requires_grad=True)
        self.b = Tensor(np.zeros(n_out, dtype), requires_grad=True)

    def forward(self, x):
        return apply(ops.affine, x, self.W, self.b)


class ReLU(Module):
    """max(x, 0)."""

    def forward(self, x):
        return apply(ops.relu, x)


class Sigmoid(Module):
    """1 / (1 + exp(-x))."""

    def forward(self, x):
        return apply(ops.sigmoid, x)


class Tanh(Module):
    """The hyperbolic tangent."""

    def forward(self, x):
        return apply(ops.tanh, x)


class Sequential(Module):
    """Modules one after the other."""

    def __init__(self, *modules):
        self.modules = list(modules)

    def forward(self, x):
        for module in self.modules:
            x = module(x)
        return x


def mse(prediction, target):
    """The mean squared error as a tensor."""
    return apply(ops.mse, prediction, target=target)


def cross_entropy(logits, target):
    """Softmax and cross-entropy as a tensor; logits (N, K), labels (N,) or rows (N, K)."""
    return apply(ops.softmax_cross_entropy, logits, target=target)
