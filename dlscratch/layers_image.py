"""Layers for images (N, C, H, W): convolution and pooling. Like all layers they hold parameters, no derivatives."""

import numpy as np

from . import ops
from .init import check_rng, he
from .layers import Layer, Parameter, Weighted
from .shapes import check_pair


class Conv2D(Weighted):
    """c_out kernels slide over the image.  x (N, c_in, H, W) -> (N, c_out, H', W').

    W (c_out, c_in, KH, KW) starts as `init.he`, b (c_out,) as zeros. `size`, `stride`, `padding`: a whole number,
    or a pair (rows, columns); with stride 1 and padding (size - 1) / 2 the image keeps its size.
    """

    def __init__(self, c_in, c_out, size, *, stride=1, padding=0, rng, dtype=np.float64):
        check_rng("Conv2D", rng)
        kh, kw = check_pair("Conv2D", "size", size, 1)
        self.W = Parameter(he((c_out, c_in, kh, kw), n_in=c_in * kh * kw, rng=rng).astype(dtype))
        self.b = Parameter(np.zeros(c_out, dtype))
        self.params = (self.W, self.b)
        self.stride = check_pair("Conv2D", "stride", stride, 1)
        self.padding = check_pair("Conv2D", "padding", padding, 0)

    def __repr__(self):
        c_out, c_in, *size = self.W.data.shape
        return f"Conv2D({c_in}, {c_out}, {tuple(size)})"

    def apply(self, x):
        return ops.conv2d(x, self.W.data, self.b.data, stride=self.stride, padding=self.padding)


class _Pool2D(Layer):
    def __init__(self, size, stride=None):
        self.size = check_pair(type(self).__name__, "size", size, 1)
        self.stride = self.size if stride is None else check_pair(type(self).__name__, "stride", stride, 1)

    def __repr__(self):
        return f"{type(self).__name__}({self.size}, {self.stride})"

    def apply(self, x):
        return self.op(x, size=self.size, stride=self.stride)


class MaxPool2D(_Pool2D):
    """The largest value of every window; `stride` is `size` unless given.  x (N, C, H, W) -> (N, C, H', W')."""

    op = staticmethod(ops.max_pool2d)


class AvgPool2D(_Pool2D):
    """The mean of every window; `stride` is `size` unless given.  x (N, C, H, W) -> (N, C, H', W')."""

    op = staticmethod(ops.avg_pool2d)
