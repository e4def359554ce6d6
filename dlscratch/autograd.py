"""A tape: every operation on tensors notes its pullback; `backward` plays the notes in reverse.

    x = Tensor([1.0, 2.0], requires_grad=True)
    (x * x).sum().backward()
    x.grad                                  # array([2., 4.])

No derivatives here: the tape only moves pullbacks around. It gives first derivatives; a derivative of a
derivative would need pullbacks made of tensors.
"""

from contextlib import contextmanager
from itertools import count
from operator import attrgetter

import numpy as np
from numpy import ndarray

from . import ops

_clock = count()
_recording = True


class Tensor:
    """An array that knows which operation it came from. A scalar is kept as a Python float.

    With requires_grad=True, `backward()` adds to its `.grad`; otherwise it is a constant.
    """

    __slots__ = ("data", "grad", "requires_grad", "_parents", "_pullback", "_time", "__weakref__")
    __array_ufunc__ = None  # array * tensor asks the tensor, instead of making an array of tensors

    def __init__(self, data, requires_grad=False):
        usual = type(data) is float or (type(data) is ndarray and data.ndim and data.dtype.kind == "f")
        self.data = data if usual else _as_data(data)
        self.grad = None
        self.requires_grad = requires_grad
        self._parents, self._pullback = (), None
        self._time = next(_clock)

    def backward(self):
        """Add d(self)/d(leaf) to `.grad` of every leaf that requires it."""
        if np.shape(self.data):
            raise ValueError(
                f"backward() starts from a scalar; this tensor has shape {self.data.shape}: "
                "call .sum() or .mean() first"
            )
        if not self.requires_grad:
            raise RuntimeError("backward(): nothing that this tensor was computed from has requires_grad=True")
        for leaf, grad in _gradients(self, 1.0):
            leaf.grad = _own(grad, leaf) if leaf.grad is None else leaf.grad + grad

    def __add__(self, other):
        return apply(ops.add, self, other)

    def __mul__(self, other):
        return apply(ops.multiply, self, other)

    def __truediv__(self, other):
        return apply(ops.divide, self, other)

    def __rtruediv__(self, other):
        return apply(ops.divide, other, self)

    def __matmul__(self, other):
        return apply(ops.matmul, self, other)

    def __rmatmul__(self, other):
        return apply(ops.matmul, other, self)

    def __pow__(self, exponent):
        return apply(ops.power, self, exponent=exponent)

    def __getitem__(self, index):
        return apply(ops.getitem, self, index=index)

    def __neg__(self):
        return self * -1.0

    def __sub__(self, other):
        return self + -as_tensor(other)

    def __rsub__(self, other):
        return -self + other

    __radd__, __rmul__ = __add__, __mul__

    def sum(self, axis=None, keepdims=False):
        return apply(ops.sum, self, axis=axis, keepdims=keepdims)

    def mean(self, axis=None, keepdims=False):
        return apply(ops.mean, self, axis=axis, keepdims=keepdims)

    def reshape(self, *shape):
        return apply(ops.reshape, self, shape=shape[0] if isinstance(shape[0], tuple | list) else shape)

    @property
    def T(self):
        return apply(ops.transpose, self)

    def exp(self):
        return apply(ops.exp, self)

    def log(self):
        return apply(ops.log, self)

    def relu(self):
        return apply(ops.relu, self)

    def sigmoid(self):
        return apply(ops.sigmoid, self)

    def tanh(self):
        return apply(ops.tanh, self)

    def softmax(self):
        return apply(ops.softmax, self)

    @property
    def shape(self):
        return np.shape(self.data)

    def __len__(self):
        return len(self.data)

    def __bool__(self):
        return bool(self.data)

    def __repr__(self):
        return f"Tensor({self.data!r})"


def apply(op, *inputs, **options):
    """Run a primitive on tensors and note its pullback. An operation of your own goes in the same way."""
    arrays, wanted = [], False
    for t in inputs:
        if not isinstance(t, Tensor):
            return apply(op, *map(as_tensor, inputs), **options)
        arrays.append(t.data)
        wanted = wanted or t.requires_grad
    out, pullback = op(*arrays, **options)
    result = Tensor(out)
    if wanted and _recording:
        result.requires_grad, result._parents, result._pullback = True, inputs, pullback
    return result


def as_tensor(x):
    """A tensor stays what it is; anything else becomes a constant."""
    return x if isinstance(x, Tensor) else Tensor(x)


@contextmanager
def no_grad():
    """Inside `with no_grad():` operations are computed but not noted; an exception ends it like any exit."""
    global _recording
    before, _recording = _recording, False
    try:
        yield
    finally:
        _recording = before


def vjp(f, *xs):
    """Run a function of tensors like a primitive: -> (out, pullback), arrays in and arrays out."""
    inputs = [Tensor(x, requires_grad=True) for x in xs]
    out = as_tensor(f(*inputs))

    def pullback(dout):
        if np.shape(dout) != out.shape:
            raise ValueError(f"pullback(dout): dout has shape {np.shape(dout)}, the output {out.shape}")
        grads = dict(_gradients(out, dout)) if out.requires_grad else {}
        return tuple([_own(grads.get(x, 0.0), x) for x in inputs])

    return out.data, pullback


def grad(f, argnum=0):
    """The derivative of a scalar function of tensors with respect to argument `argnum`, as a function of arrays."""

    def gradient(*xs):
        out, pullback = vjp(f, *xs)
        if np.shape(out):
            raise ValueError(f"grad(f): f must return a scalar; it returned shape {out.shape}")
        return pullback(1.0)[argnum]

    return gradient


def _gradients(root, dout):
    """(leaf, gradient) for every leaf below `root`. The gradients of one sweep live in a dict of its own:
    a value that is used twice gets both before it passes on their sum, and nothing stale is left behind."""
    grads = {root: dout}
    for node in _newest_first(root):
        dnode = grads.pop(node)
        if node._pullback is None:
            yield node, dnode
            continue
        for parent, g in zip(node._parents, node._pullback(dnode), strict=True):
            if parent in grads:
                grads[parent] = grads[parent] + g
            elif parent.requires_grad:
                grads[parent] = g


def _newest_first(root):
    """Every tensor below `root` that requires a gradient. Who was made later cannot be an input of who was
    made earlier, so the order of creation serves, and there is no recursion to run out of."""
    seen, stack = {root}, [root]
    while stack:
        for parent in stack.pop()._parents:
            if parent.requires_grad and parent not in seen:
                seen.add(parent)
                stack.append(parent)
    return sorted(seen, key=attrgetter("_time"), reverse=True)


def _as_data(data):
    if isinstance(data, Tensor):
        raise TypeError(
            "Tensor(data): data is a Tensor already; give its .data. (grad of grad? Pullbacks compute with arrays, "
            "and what they compute is on no tape: second derivatives are not offered)"
        )
    data = np.asarray(data)
    if data.dtype.kind in "biu":
        data = data.astype(np.float64)  # an integer has no derivative
    if data.dtype.kind != "f":
        raise TypeError(f"Tensor(data): data is an array of {data.dtype}; a tensor holds real numbers")
    return data if data.ndim else float(data)


def _own(grad, x):
    """A gradient as the caller may keep it: of x's shape and dtype, and nobody else's memory."""
    return np.array(np.broadcast_to(grad, x.shape), x.data.dtype) if x.shape else float(grad)
