"""Losses: the last step forward and the first step back.

value = loss.forward(net.forward(x), target)      # a float
dprediction = loss.backward()
"""

from . import ops


class Loss:
    """A primitive that ends in one number, and the pullback of its latest forward pass."""

    op = None
    _pullback = None

    def forward(self, prediction, target):
        value, self._pullback = self.op(prediction, target=target)
        return float(value)

    def backward(self):
        """dL/dprediction, of the prediction's shape."""
        if self._pullback is None:
            raise RuntimeError(f"{type(self).__name__}.backward() before forward(): nothing to go back through")
        (dprediction,) = self._pullback(1.0)
        self._pullback = None
        return dprediction

    def __repr__(self):
        return f"{type(self).__name__}()"


class MSELoss(Loss):
    """The mean of (prediction - target)^2 over all entries; its gradient is 2 (prediction - target) / size."""

    op = staticmethod(ops.mse)


class CrossEntropyLoss(Loss):
    """Softmax and cross-entropy in one: logits (N, K), labels (N,) or rows (N, K); the mean over the batch."""

    op = staticmethod(ops.softmax_cross_entropy)


class BCELoss(Loss):
    """Sigmoid and binary cross-entropy in one: logits and targets in 0..1 of one shape; the mean of all."""

    op = staticmethod(ops.binary_cross_entropy)
