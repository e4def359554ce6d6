"""Layers: a primitive, its parameters, and the memory of its latest forward pass. No derivatives here.

    out = layer.forward(x)
    dx = layer.backward(dout)      # adds dL/dW to layer.W.grad, and returns dL/dx

A layer of your own needs nothing from this file: an object with `forward` and `backward` (and `params`, if it
has any to train) works in `Sequential` and in the trainer.
"""

from functools import partial
from itertools import dropwhile

import numpy as np

from . import ops
from .init import check_rng, he
from .shapes import ShapeError


class Parameter:
    """An array that training changes, and its gradient. Both are allocated once and written in place.

    Assigning `.data` or `.grad` copies the values, in this parameter's dtype; another shape is an error.
    """

    __slots__ = ("_data", "_grad")

    def __init__(self, data):
        self._data = np.array(data)
        if self._data.dtype.kind != "f":
            self._data = self._data.astype(np.float64)
        self._grad = np.zeros_like(self._data)

    @property
    def data(self):
        return self._data

    @data.setter
    def data(self, value):
        _copy_values("data", self._data, value)

    @property
    def grad(self):
        return self._grad

    @grad.setter
    def grad(self, value):
        _copy_values("grad", self._grad, value)

    def add_grad(self, grad):
        self._grad += grad

    def astype(self, dtype):
        """Change the dtype of both arrays; the gradient starts again from 0."""
        self.move_to(self._data.astype(dtype), np.zeros_like(self._data, dtype))

    def move_to(self, data, grad):
        """Live in these two arrays from now on: an optimizer keeps all parameters side by side."""
        self._data, self._grad = data, grad

    def __repr__(self):
        return f"Parameter{self._data.shape}"


class Layer:
    """One primitive `op`, its `params`, and the pullback of its latest forward pass."""

    op = None
    params = ()
    buffers = ()  # arrays that a forward pass in training changes: running statistics
    training = True
    _saved = None

    def __repr__(self):
        return f"{type(self).__name__}()"

    def apply(self, x):
        """-> (out, pullback) of this layer's primitive."""
        return self.op(x, *[p.data for p in self.params])

    def forward(self, x):
        out, pullback = self.apply(x)
        self._saved = out.shape, pullback
        return out

    def backward(self, dout):
        """dL/dout -> dL/dx; what the parameters get is added to their `.grad`."""
        found = self._pullback(dout)(dout)
        if not isinstance(found, tuple | list) or len(found) != 1 + len(self.params):
            raise TypeError(_not_one_each(self, found))
        dx, *grads = found
        self._finish(grads)
        return dx

    def backward_params(self, dout):
        """Like `backward`, for a layer whose input is data and needs no gradient."""
        self.backward(dout)

    def _pullback(self, dout):
        if self._saved is None:
            raise RuntimeError(_nothing_saved(self))
        shape, pullback = self._saved
        if np.shape(dout) != shape:
            raise ShapeError(
                f"{type(self).__name__}.backward(dout): dout has shape {np.shape(dout)}, but forward() returned {shape}"
            )
        return pullback

    def _finish(self, grads):
        self._saved = None
        for p, grad in zip(self.params, grads, strict=True):
            p.add_grad(grad)

    def train(self):
        """Switch to training (the start): dropout drops, batch norm uses the batch. Returns the layer."""
        self.training = True
        return self

    def eval(self):
        """Switch to evaluation: dropout does nothing, batch norm uses its running statistics."""
        self.training = False
        return self

    def astype(self, dtype):
        """Change the dtype of all parameters, in place. Returns the layer."""
        for p in self.params:
            p.astype(dtype)
        return self


class Weighted(Layer):
    """A layer whose primitive can leave dx out."""

    def backward_params(self, dout):
        if type(self).backward is not Layer.backward:  # a subclass that goes back in its own way
            return self.backward(dout)
        _, *grads = self._pullback(dout)(dout, needs_dx=False)
        self._finish(grads)


class Affine(Weighted):
    """x W + b.  x (N, n_in) -> (N, n_out); W (n_in, n_out) starts as `init.he`, b (n_out,) as zeros."""

    op = staticmethod(ops.affine)

    def __init__(self, n_in, n_out, *, rng, dtype=np.float64):
        check_rng("Affine", rng)
        self.W = Parameter(he((n_in, n_out), n_in=n_in, rng=rng).astype(dtype))
        self.b = Parameter(np.zeros(n_out, dtype))
        self.params = (self.W, self.b)

    def __repr__(self):
        return "Affine({}, {})".format(*self.W.data.shape)


class ReLU(Layer):
    """max(x, 0)."""

    op = staticmethod(ops.relu)


class LeakyReLU(Layer):
    """x where x > 0, slope * x elsewhere.  (Maas, Hannun & Ng 2013)"""

    def __init__(self, slope=0.01):
        self.op = partial(ops.leaky_relu, slope=slope)


class Sigmoid(Layer):
    """1 / (1 + exp(-x))."""

    op = staticmethod(ops.sigmoid)


class Tanh(Layer):
    """The hyperbolic tangent."""

    op = staticmethod(ops.tanh)


class Softmax(Layer):
    """Each row becomes probabilities. Not before CrossEntropyLoss: that loss takes logits."""

    op = staticmethod(ops.softmax)


class Flatten(Layer):
    """x (N, ...) -> (N, all the rest)."""

    def apply(self, x):
        return ops.reshape(x, shape=(len(x), -1))


class Dropout(Layer):
    """In training, set each entry to 0 with probability p and scale the others by 1 / (1 - p)."""

    def __init__(self, p, *, rng):
        check_rng("Dropout", rng)
        if not 0 <= p < 1:
            raise ValueError(f"Dropout(p): p is the probability of dropping, 0 <= p < 1; this is {p}")
        self.p, self.rng = p, rng

    def apply(self, x):
        if not self.training:
            return ops.dropout(x, mask=np.ones(x.shape))
        kept = self.rng.random(x.shape) >= self.p
        return ops.dropout(x, mask=kept / (1 - self.p))


class BatchNorm(Layer):
    """Each feature of x (N, n), or each channel of x (N, n, H, W), with mean `beta` and deviation `gamma`.

    In training over the batch. In evaluation by `running_mean` and `running_variance`: with every batch they keep
    the share `momentum` of themselves and take the rest from the batch, whose variance is a sum over n values
    divided by n - 1.  (Ioffe & Szegedy 2015, algorithm 2; PyTorch's `momentum` is what is here 1 - momentum)
    """

    def __init__(self, n, *, momentum=0.9, eps=1e-5):
        if not 0 <= momentum <= 1:
            raise ValueError(f"BatchNorm(momentum): {momentum}; it is a share, from 0 to 1")
        self.momentum, self.eps = momentum, eps
        self.gamma, self.beta = Parameter(np.ones(n)), Parameter(np.zeros(n))
        self.params = (self.gamma, self.beta)
        self.running_mean, self.running_variance = np.zeros(n), np.ones(n)
        self.buffers = (self.running_mean, self.running_variance)

    def __repr__(self):
        return f"BatchNorm({len(self.gamma.data)})"

    def apply(self, x):
        norm = partial(ops.batch_norm, x, self.gamma.data, self.beta.data, eps=self.eps)
        if not self.training:
            return norm(statistics=self.buffers)
        out = norm()
        self._follow(x)
        return out

    def _follow(self, x):
        axes, n = (0, *range(2, x.ndim)), x.size // x.shape[1]
        now = x.mean(axis=axes), x.var(axis=axes) * (n / max(n - 1, 1))
        for running, value in zip(self.buffers, now, strict=True):
            running[...] = self.momentum * running + (1 - self.momentum) * value


class LayerNorm(Layer):
    """Each row of x (N, n), or each step of x (N, T, n), with mean `beta` and deviation `gamma`.  (Ba et al. 2016)"""

    def __init__(self, n, *, eps=1e-5):
        self.op = partial(ops.layer_norm, eps=eps)
        self.gamma, self.beta = Parameter(np.ones(n)), Parameter(np.zeros(n))
        self.params = (self.gamma, self.beta)

    def __repr__(self):
        return f"LayerNorm({len(self.gamma.data)})"


class Embedding(Layer):
    """A row of W for every id.  ids, whole numbers of any shape (...) -> (..., d); W (n, d) starts standard normal.

    Ids are names, not amounts: backward returns None, for there is no gradient with respect to them.
    """

    def __init__(self, n, d, *, rng, dtype=np.float64):
        check_rng("Embedding", rng)
        self.W = Parameter(rng.normal(size=(n, d)).astype(dtype))
        self.params = (self.W,)

    def __repr__(self):
        return "Embedding({}, {})".format(*self.W.data.shape)

    def apply(self, ids):
        return ops.embedding(self.W.data, ids=ids)

    def backward(self, dout):
        self._finish(self._pullback(dout)(dout))


class Sequential(Layer):
    """Layers one after the other. A layer may stand in it twice: each use keeps its own pullback."""

    def __init__(self, *layers):
        for layer in layers:
            if isinstance(layer, type):
                raise TypeError(
                    f"Sequential(*layers): {layer.__name__} is a class; make a layer of it: {layer.__name__}(...)"
                )
            if not (hasattr(layer, "forward") and hasattr(layer, "backward")):
                raise TypeError(f"Sequential(*layers): {layer!r} has no forward and backward")
        self.layers = list(layers)

    def __repr__(self):
        return f"Sequential({', '.join(map(repr, self.layers))})"

    @property
    def params(self):
        """Every parameter once, in order; looked up anew, so that layers may be added later."""
        return tuple(dict.fromkeys(p for layer in self.layers for p in getattr(layer, "params", ())))

    @property
    def buffers(self):
        """Every running statistic once, in order."""
        return tuple({id(b): b for layer in self.layers for b in getattr(layer, "buffers", ())}.values())

    def forward(self, x):
        trail = []
        for layer in self.layers:
            x = layer.forward(x)
            trail.append((layer, getattr(layer, "_saved", None)))
        self._saved = trail
        return x

    def backward(self, dout):
        for layer in _last_to_first(self._trail()):
            dout = layer.backward(dout)
        self._saved = None
        return dout

    def backward_params(self, dout):
        trail = list(dropwhile(lambda use: not getattr(use[0], "params", ()), self._trail()))
        for layer in _last_to_first(trail[1:]):
            dout = layer.backward(dout)
        for layer in _last_to_first(trail[:1]):
            backward_params(layer, dout)
        self._saved = None

    def _trail(self):
        if self._saved is None:
            raise RuntimeError(_nothing_saved(self))
        return self._saved

    def train(self):
        return self._switch("train")

    def eval(self):
        return self._switch("eval")

    def _switch(self, mode):
        getattr(super(), mode)()
        for layer in self.layers:
            getattr(layer, mode, lambda: None)()
        return self


def backward_params(net, dout):
    """Go back through any net to its parameters; not to its input, where the net knows how to leave that out."""
    getattr(net, "backward_params", net.backward)(dout)


def _last_to_first(trail):
    """The layers of a forward pass in reverse, each with what it remembered of this use."""
    for layer, saved in reversed(trail):
        if saved is not None:
            layer._saved = saved
        yield layer


def _copy_values(name, array, value):
    value = np.asarray(value)
    if value.shape != array.shape:
        raise ShapeError(f"Parameter.{name} = value: the parameter has shape {array.shape}, the value {value.shape}")
    array[...] = value


def _nothing_saved(layer):
    return (
        f"{type(layer).__name__}.backward() before forward(): nothing to go back through "
        "(each forward() allows one backward())"
    )


def _not_one_each(layer, found):
    got = f"{len(found)} gradients" if isinstance(found, tuple | list) else f"{type(found).__name__}, no tuple"
    return (
        f"{type(layer).__name__}.backward(dout): its pullback returned {got}; it must return a tuple: "
        f"dx, then a gradient for each of its {len(layer.params)} parameters"
        + (", so `return (dx,)`" if not layer.params else "")
    )
