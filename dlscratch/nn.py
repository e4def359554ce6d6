"""Modules for the tape: parameters in a tree and a forward pass; the way back is the tape's.

net = Sequential(Linear(2, 16, rng=rng), ReLU(), Linear(16, 3, rng=rng))
loss = cross_entropy(net(x), labels)
loss.backward()
"""

import numpy as np

from . import ops
from .autograd import Tensor, apply
from .init import check_rng, glorot, he
from .shapes import check_pair


class Module:
    """Anything with a `forward`. Tensors that require a gradient and modules among its attributes are found."""

    training = True

    def __call__(self, *inputs):
        return self.forward(*inputs)

    def forward(self, *inputs):
        raise NotImplementedError(f"{type(self).__name__}.forward(*inputs): write the forward pass of this module")

    def parameters(self):
        """Every parameter once, in the order in which the attributes were set."""
        return list(dict.fromkeys(self._tensors()))

    def train(self):
        """Switch to training (the start): dropout drops. Returns the module."""
        return self._switch(True)

    def eval(self):
        """Switch to evaluation: dropout does nothing. Returns the module."""
        return self._switch(False)

    def _switch(self, training):
        self.training = training
        for part in self._parts():
            if isinstance(part, Module):
                part._switch(training)
        return self

    def _tensors(self):
        for part in self._parts():
            if isinstance(part, Tensor) and part.requires_grad:
                yield part
            elif isinstance(part, Module):
                yield from part._tensors()

    def _parts(self):
        for value in vars(self).values():
            yield from value if isinstance(value, list | tuple) else [value]


def parameter(values, dtype):
    """A tensor that training changes."""
    return Tensor(np.array(values, dtype), requires_grad=True)


class Linear(Module):
    """x W + b.  x (N, n_in) -> (N, n_out); the same start as `layers.Affine` from the same rng."""

    def __init__(self, n_in, n_out, *, rng, dtype=np.float64):
        self.W = parameter(he((n_in, n_out), n_in=n_in, rng=rng), dtype)
        self.b = parameter(np.zeros(n_out), dtype)

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


class Dropout(Module):
    """In training, set each entry to 0 with probability p and scale the others by 1 / (1 - p)."""

    def __init__(self, p, *, rng):
        check_rng("Dropout", rng)
        if not 0 <= p < 1:
            raise ValueError(f"Dropout(p): p is the probability of dropping, 0 <= p < 1; this is {p}")
        self.p, self.rng = p, rng

    def forward(self, x):
        if not self.training:
            return x
        return apply(ops.dropout, x, mask=(self.rng.random(x.shape) >= self.p) / (1 - self.p))


class LayerNorm(Module):
    """Each row of x (N, n), or each step of x (N, T, n), with mean `beta` and deviation `gamma`."""

    def __init__(self, n, *, eps=1e-5, dtype=np.float64):
        self.gamma, self.beta, self.eps = parameter(np.ones(n), dtype), parameter(np.zeros(n), dtype), eps

    def forward(self, x):
        return apply(ops.layer_norm, x, self.gamma, self.beta, eps=self.eps)


class Sequential(Module):
    """Modules one after the other."""

    def __init__(self, *modules):
        self.modules = list(modules)

    def forward(self, x):
        for module in self.modules:
            x = module(x)
        return x


# ---- images (N, C, H, W) -----------------------------------------------------------------------------


class Conv2D(Module):
    """c_out kernels slide over the image; the same start as `layers.Conv2D` from the same rng."""

    def __init__(self, c_in, c_out, size, *, stride=1, padding=0, rng, dtype=np.float64):
        kh, kw = check_pair("Conv2D", "size", size, 1)
        self.W = parameter(he((c_out, c_in, kh, kw), n_in=c_in * kh * kw, rng=rng), dtype)
        self.b = parameter(np.zeros(c_out), dtype)
        self.options = {"stride": stride, "padding": padding}

    def forward(self, x):
        return apply(ops.conv2d, x, self.W, self.b, **self.options)


class MaxPool2D(Module):
    """The largest value of every window; `stride` is `size` unless given."""

    def __init__(self, size, stride=None):
        self.options = {"size": size, "stride": stride}

    def forward(self, x):
        return apply(ops.max_pool2d, x, **self.options)


class Flatten(Module):
    """x (N, ...) -> (N, all the rest)."""

    def forward(self, x):
        return apply(ops.reshape, x, shape=(len(x), -1))


# ---- sequences ---------------------------------------------------------------------------------------


class Embedding(Module):
    """A row of W for every id.  ids, whole numbers of any shape (...) -> (..., d)."""

    def __init__(self, n, d, *, rng, dtype=np.float64):
        check_rng("Embedding", rng)
        self.W = parameter(rng.normal(size=(n, d)), dtype)

    def forward(self, ids):
        return apply(ops.embedding, self.W, ids=ids)


class RNN(Module):
    """One step after the other, h_t = tanh(x_t Wx + h_{t-1} Wh + b); h starts as zeros.

    xs: T inputs (N, n_in), a list or an array (T, N, n_in) -> [h_1, ..., h_T], each (N, n), and the last state, a
    tuple that the next call may start from.
    """

    op, gates, states = staticmethod(ops.rnn_step), 1, 1

    def __init__(self, n_in, n, *, rng, dtype=np.float64):
        columns = [glorot((n_in + n, n), n_in=n_in + n, n_out=n, rng=rng) for _ in range(self.gates)]
        self.Wx, self.Wh = (parameter(W, dtype) for W in np.split(np.hstack(columns), [n_in]))
        self.b = parameter(np.zeros(n * self.gates), dtype)

    def forward(self, xs, state=None):
        outputs = []
        for x in xs:
            out = apply(self.op, x, *(state or self._start(x)), self.Wx, self.Wh, self.b)
            state = tuple(out) if self.states > 1 else (out,)
            outputs.append(state[0])
        return outputs, state

    def _start(self, x):
        return [np.zeros((len(x), len(self.Wh)), self.Wh.data.dtype)] * self.states


class GRU(RNN):
    """Gates r, z and a candidate n: see `ops.gru_step`. Called like `RNN`."""

    op, gates = staticmethod(ops.gru_step), 3


class LSTM(RNN):
    """Gates i, f, o, a candidate g and a cell c: see `ops.lstm_step`. Called like `RNN`; its state is (h, c)."""

    op, gates, states = staticmethod(ops.lstm_step), 4, 2


class SelfAttention(Module):
    """Every step asks all steps (causal: the steps before it and itself).  x (N, T, d) -> (N, T, d)."""

    def __init__(self, d, *, causal=False, rng, dtype=np.float64):
        self.Wq, self.Wk, self.Wv = (parameter(glorot((d, d), n_in=d, n_out=d, rng=rng), dtype) for _ in range(3))
        self.causal = causal

    def forward(self, x):
        rows = apply(ops.reshape, x, shape=(-1, x.shape[-1]))
        q, k, v = [(rows @ W).reshape(x.shape) for W in (self.Wq, self.Wk, self.Wv)]
        return apply(ops.attention, q, k, v, causal=self.causal)


# ---- losses ------------------------------------------------------------------------------------------


def mse(prediction, target):
    """The mean squared error as a tensor."""
    return apply(ops.mse, prediction, target=target)


def cross_entropy(logits, target):
    """Softmax and cross-entropy as a tensor; logits (N, K), labels (N,) or rows (N, K)."""
    return apply(ops.softmax_cross_entropy, logits, target=target)
