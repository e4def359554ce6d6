"""Optimizers: how a step follows from a gradient. They see only `.data` and `.grad` of each parameter.

    optimizer = Adam(net.params, lr=1e-3)
    optimizer.zero_grad()       # gradients accumulate: forget those of the last step
    ...                         # forward and backward
    optimizer.step()

`lr`, the learning rate, may be changed at any time.
"""

import numpy as np


class Optimizer:
    """Keeps all parameters side by side in one array, so that one formula, written once, updates them all.

    Each parameter lives in its part of that array. Who replaces its `.data` is heard at the next step.
    """

    def __init__(self, params, *, lr):
        self.lr = lr
        self.check(at_least_0=("lr",))
        self.params = _listed(type(self).__name__, params)
        self._data = np.concatenate([np.ravel(p.data) for p in self.params])
        self._grad = np.zeros_like(self._data)
        ends = np.cumsum([np.size(p.data) for p in self.params])[:-1]
        shapes = [np.shape(p.data) for p in self.params]
        flat = zip(np.split(self._data, ends), np.split(self._grad, ends), strict=True)
        self._parts = [(p, d.reshape(s), g.reshape(s)) for p, s, (d, g) in zip(self.params, shapes, flat, strict=True)]
        for p, data, grad in self._parts:
            _settle(p, data, grad)

    def step(self):
        """Change every parameter once, by its present gradient (no gradient counts as 0)."""
        for p, data, grad in self._parts:
            if p.data is not data:
                data[...] = p.data
            if p.grad is not grad:
                grad[...] = 0 if p.grad is None else p.grad
        self.update(self._data, self._grad)
        for p, data, _ in self._parts:
            if p.data is not data:
                p.data = data

    def zero_grad(self):
        """Set every gradient to 0."""
        self._grad.fill(0)
        for p, _, grad in self._parts:
            if p.grad is not grad:
                p.grad = grad

    def update(self, data, grad):
        """Change `data` in place: all parameters in a row, and their gradients."""
        raise NotImplementedError(f"{type(self).__name__}.update(data, grad): write the rule of this optimizer")

    def check(self, at_least_0=(), below_1=()):
        """Raise ValueError for a hyper-parameter out of range."""
        for name in (*at_least_0, *below_1):
            value = getattr(self, name)
            top = 1 if name in below_1 else np.inf
            if not 0 <= value < top:
                raise ValueError(f"{type(self).__name__}: {name} = {value} must lie in 0 <= {name} < {top}")


class SGD(Optimizer):
    """w -= lr g; with momentum w -= lr v, v = momentum v + g.

    nesterov looks one step ahead: w -= lr (g + momentum v).  (Polyak 1964; Sutskever et al. 2013)
    weight_decay adds weight_decay * w to g: the gradient of weight_decay / 2 times the sum of squares.
    """

    def __init__(self, params, *, lr, momentum=0.0, nesterov=False, weight_decay=0.0):
        super().__init__(params, lr=lr)
        self.momentum, self.nesterov, self.weight_decay = momentum, nesterov, weight_decay
        self.check(at_least_0=("weight_decay",), below_1=("momentum",))
        if nesterov and not momentum:
            raise ValueError("SGD: nesterov=True needs a momentum above 0")
        self.velocity = np.zeros_like(self._data)

    def update(self, data, grad):
        if self.weight_decay:
            grad = grad + self.weight_decay * data
        if self.momentum:
            self.velocity *= self.momentum
            self.velocity += grad
            grad = grad + self.momentum * self.velocity if self.nesterov else self.velocity
        data -= self.lr * grad


class AdaGrad(Optimizer):
    """w -= lr g / (sqrt(s) + eps), s the sum of all squared gradients so far.  (Duchi et al. 2011)"""

    def __init__(self, params, *, lr, eps=1e-8):
        super().__init__(params, lr=lr)
        self.eps = eps
        self.check(at_least_0=("eps",))
        self.s = np.zeros_like(self._data)

    def update(self, data, grad):
        self.s += grad * grad
        data -= self.lr * grad / (np.sqrt(self.s) + self.eps)


class RMSProp(Optimizer):
    """w -= lr g / (sqrt(s) + eps), s a running mean of squared gradients.  (Hinton 2012, lecture 6e)"""

    def __init__(self, params, *, lr, decay=0.9, eps=1e-8):
        super().__init__(params, lr=lr)
        self.decay, self.eps = decay, eps
        self.check(at_least_0=("eps",), below_1=("decay",))
        self.s = np.zeros_like(self._data)

    def update(self, data, grad):
        self.s += (1 - self.decay) * (grad * grad - self.s)
        data -= self.lr * grad / (np.sqrt(self.s) + self.eps)


class Adam(Optimizer):
    """w -= lr m / (sqrt(v) + eps): running means of g and of g^2, corrected for their start at 0.

    (Kingma & Ba 2015, algorithm 1)
    """

    def __init__(self, params, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, lr=lr)
        self.beta1, self.beta2 = betas
        self.eps = eps
        self.check(at_least_0=("eps",), below_1=("beta1", "beta2"))
        self.m, self.v = np.zeros_like(self._data), np.zeros_like(self._data)
        self.t = 0

    def update(self, data, grad):
        self.t += 1
        self.m += (1 - self.beta1) * (grad - self.m)
        self.v += (1 - self.beta2) * (grad * grad - self.v)
        m_hat = self.m / (1 - self.beta1**self.t)
        v_hat = self.v / (1 - self.beta2**self.t)
        data -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)


class AdamW(Adam):
    """Adam, with weights that shrink by lr * weight_decay a step, past the adaptive scaling.

    (Loshchilov & Hutter 2019, algorithm 2)
    """

    def __init__(self, params, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.01):
        super().__init__(params, lr=lr, betas=betas, eps=eps)
        self.weight_decay = weight_decay
        self.check(at_least_0=("weight_decay",))

    def update(self, data, grad):
        data *= 1 - self.lr * self.weight_decay
        super().update(data, grad)


def clip_grad_norm(params, limit):
    """Scale all gradients by one factor so that their joint norm is at most `limit`; return the norm before.

    (Pascanu, Mikolov & Bengio 2013, algorithm 1)
    """
    if not limit > 0:
        raise ValueError(f"clip_grad_norm(params, limit): limit = {limit} must be above 0")
    params = [p for p in params if p.grad is not None]
    norm = float(np.sqrt(sum(np.vdot(p.grad, p.grad) for p in params)))
    if norm > limit:
        for p in params:
            p.grad = p.grad * (limit / norm)
    return norm


def _listed(call, params):
    if not hasattr(params, "__iter__"):
        where = ".params" if hasattr(params, "params") else "net.params, or net.parameters() of a module"
        raise TypeError(f"{call}(params): this is a {type(params).__name__}; give its parameters: {where}")
    params = list({id(p): p for p in params}.values())  # one that is listed twice is updated once
    if not params:
        raise ValueError(f"{call}(params): there are no parameters to train")
    for p in params:
        if not (hasattr(p, "data") and hasattr(p, "grad")):
            raise TypeError(f"{call}(params): a {type(p).__name__} has no .data and .grad; give net.params")
    return params


def _settle(p, data, grad):
    """Move a parameter into its part of the row, values and gradient with it."""
    data[...] = p.data
    grad[...] = 0 if p.grad is None else p.grad
    if np.result_type(p.data) != data.dtype:  # parameters of several dtypes stay where they are
        return
    if hasattr(p, "move_to"):
        p.move_to(data, grad)
    else:
        p.data, p.grad = data, grad
