"""An independent oracle: HIPS autograd derives what this package derives by hand, to 1e-10.

Every function here is written for `autograd.numpy`, from its definition and with no trick against overflow; no
derivative is written at all. What agrees was derived twice, by people and by a program.
"""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad, make_vjp
from cases import CASES

import dlscratch as dl
from dlscratch import nn

TOLERANCE = 1e-10


def assert_close(got, want):
    """Within 1e-10 of the largest entry."""
    got, want = np.asarray(got), np.asarray(want)
    assert got.shape == want.shape
    assert np.abs(got - want).max(initial=0) <= TOLERANCE * max(1, np.abs(want).max(initial=0))


# ---- the primitives ----------------------------------------------------------------------------------


def mean_square(prediction, target):
    return anp.mean((prediction - target) ** 2)


def cross_entropy(logits, target):
    rows = np.eye(logits.shape[1])[target] if np.ndim(target) == 1 else target
    return -anp.sum(rows * anp.log(softmax(logits))) / len(logits)


def binary_cross_entropy(logits, target):
    """-t log p - (1 - t) log(1 - p) with p = 1 / (1 + exp(-x)), and so 1 - p = 1 / (1 + exp(x))."""
    return anp.mean(target * anp.log(1 + anp.exp(-logits)) + (1 - target) * anp.log(1 + anp.exp(logits)))


def sigmoid(x):
    return 1 / (1 + anp.exp(-x))


def softmax(x):
    return anp.exp(x) / anp.sum(anp.exp(x), axis=-1, keepdims=True)


def batch_norm(x, gamma, beta, eps=1e-5, statistics=None):
    others = (0, *range(2, x.ndim))
    per_feature = [1, -1] + [1] * (x.ndim - 2)
    mean, variance = statistics or (anp.mean(x, axis=others), anp.var(x, axis=others))
    mean, variance, gamma, beta = (anp.reshape(a, per_feature) for a in (mean, variance, gamma, beta))
    return gamma * (x - mean) / anp.sqrt(variance + eps) + beta


def layer_norm(x, gamma, beta, eps=1e-5):
    mean, variance = anp.mean(x, axis=-1, keepdims=True), anp.var(x, axis=-1, keepdims=True)
    return gamma * (x - mean) / anp.sqrt(variance + eps) + beta


ORACLE = {
    "affine": lambda x, W, b: anp.dot(x, W) + b,
    "matmul": anp.dot,
    "add": lambda x, y: x + y,
    "multiply": lambda x, y: x * y,
    "divide": lambda x, y: x / y,
    "power": lambda x, exponent: x**exponent,
    "exp": anp.exp,
    "log": anp.log,
    "relu": lambda x: anp.where(x > 0, x, 0),
    "leaky_relu": lambda x, slope=0.01: anp.where(x > 0, x, slope * x),
    "sigmoid": sigmoid,
    "tanh": anp.tanh,
    "dropout": lambda x, mask: x * mask,
    "sum": anp.sum,
    "mean": anp.mean,
    "reshape": anp.reshape,
    "transpose": anp.transpose,
    "getitem": lambda x, index: x[index],
    "logsumexp": lambda x, axis=-1: anp.log(anp.sum(anp.exp(x), axis=axis)),
    "softmax": softmax,
    "log_softmax": lambda x: anp.log(softmax(x)),
    "mse": mean_square,
    "softmax_cross_entropy": cross_entropy,
    "binary_cross_entropy": binary_cross_entropy,
    "batch_norm": batch_norm,
    "layer_norm": layer_norm,
}
CORE = [case for case in CASES if case.op.__module__ == "dlscratch.ops"]


def drawn(case, seed):
    """Other inputs of the same shapes; where the case has positive numbers only, so have these."""
    rng = np.random.default_rng(seed)
    fresh = [rng.normal(size=x.shape) for x in case.inputs]
    return [np.exp(f) if (x > 0).all() else f for f, x in zip(fresh, case.inputs, strict=True)]


def test_every_primitive_has_an_oracle():
    assert {case.op.__name__ for case in CORE} == set(ORACLE)


@pytest.mark.parametrize("case", CORE, ids=lambda case: case.name)
def test_values_and_gradients_of_every_primitive(case):
    for seed in range(3):
        inputs = drawn(case, seed)
        out, pullback = case.op(*inputs, **case.options)
        dout = np.random.default_rng(seed).normal(size=np.shape(out))[()]
        for i, gradient in enumerate(pullback(dout)):
            vjp, value = make_vjp(lambda *a: ORACLE[case.op.__name__](*a, **case.options), i)(*inputs)
            assert_close(out, value)
            assert_close(gradient, vjp(dout))


# ---- layers, modules and losses ----------------------------------------------------------------------

X = np.random.default_rng(1).normal(size=(7, 5))
LABELS = np.array([2, 0, 1, 2, 2, 0, 1])
ROWS = np.random.default_rng(2).dirichlet(np.ones(3), size=7)
NUMBERS = np.random.default_rng(3).normal(size=(7, 3))
BITS = (NUMBERS > 0) * 1.0

ACTIVATIONS = {  # name: layer, module, oracle
    "sigmoid": (dl.Sigmoid, nn.Sigmoid, sigmoid),
    "relu": (dl.ReLU, nn.ReLU, lambda x: anp.where(x > 0, x, 0)),
    "tanh": (dl.Tanh, nn.Tanh, anp.tanh),
    "leaky relu": (dl.LeakyReLU, None, lambda x: anp.where(x > 0, x, 0.01 * x)),
    "softmax": (dl.Softmax, None, softmax),
    "flatten": (dl.Flatten, None, lambda x: x),
    "dropout": (lambda: dl.Dropout(0.4, rng=np.random.default_rng(9)), None, lambda x: x * dropped(x.shape)),
    "dropout in evaluation": (lambda: dl.Dropout(0.4, rng=np.random.default_rng(9)).eval(), None, lambda x: x),
}
LOSSES = {  # name: layer's loss, tape's loss, oracle, target
    "mse": (dl.MSELoss, nn.mse, mean_square, NUMBERS),
    "cross-entropy of labels": (dl.CrossEntropyLoss, nn.cross_entropy, cross_entropy, LABELS),
    "cross-entropy of rows": (dl.CrossEntropyLoss, nn.cross_entropy, cross_entropy, ROWS),
    "binary cross-entropy": (dl.BCELoss, None, binary_cross_entropy, BITS),
}


def dropped(shape):
    return (np.random.default_rng(9).random(shape) >= 0.4) / 0.6


def weights():
    rng = np.random.default_rng(4)
    return [rng.normal(size=s) for s in ((5, 4), (4,), (4, 3), (3,))]


def oracle_loss(activation, loss, target):
    def value(x, W1, b1, W2, b2):
        return loss(anp.dot(activation(anp.dot(x, W1) + b1), W2) + b2, target)

    return value


def assert_gradients(value, gradients, f):
    assert_close(value, f(X, *weights()))
    for i, gradient in enumerate(gradients):
        if gradient is not None:
            assert_close(gradient, grad(f, i)(X, *weights()))


PAIRS = [(a, n) for a in ACTIVATIONS for n in LOSSES]


@pytest.mark.parametrize(("activation", "loss"), PAIRS)
def test_a_net_of_layers_under_every_loss(activation, loss):
    (layer, _, f), (loss, _, g, target) = ACTIVATIONS[activation], LOSSES[loss]
    rng = np.random.default_rng(0)
    net, loss = dl.Sequential(dl.Affine(5, 4, rng=rng), layer(), dl.Affine(4, 3, rng=rng)), loss()
    for p, w in zip(net.params, weights(), strict=True):
        p.data = w
    value = loss.forward(net.forward(X), target)
    dx = net.backward(loss.backward())
    assert_gradients(value, [dx, *(p.grad for p in net.params)], oracle_loss(f, g, target))


ON_THE_TAPE = [(a, n) for a, n in PAIRS if ACTIVATIONS[a][1] and LOSSES[n][1]]


@pytest.mark.parametrize(("activation", "loss"), ON_THE_TAPE)
def test_a_net_of_modules_under_every_loss(activation, loss):
    (_, module, f), (_, loss, g, target) = ACTIVATIONS[activation], LOSSES[loss]
    rng = np.random.default_rng(0)
    net, x = nn.Sequential(nn.Linear(5, 4, rng=rng), module(), nn.Linear(4, 3, rng=rng)), dl.Tensor(X, True)
    for p, w in zip(net.parameters(), weights(), strict=True):
        p.data = w
    value = loss(net(x), target)
    value.backward()
    assert_gradients(value.data, [x.grad, *(p.grad for p in net.parameters())], oracle_loss(f, g, target))


# ---- the tape ----------------------------------------------------------------------------------------


class Anp:
    """The methods of a tensor, for the oracle's arrays."""

    def __init__(self, x):
        self.x = x

    def __getattr__(self, name):
        functions = {"sigmoid": sigmoid, "softmax": softmax, "relu": lambda x: anp.where(x > 0, x, 0)}
        f = functions.get(name) or getattr(anp, name)
        return lambda *args, **options: Anp(f(self.x, *args, **options))

    def __getitem__(self, index):
        return Anp(self.x[index])

    @property
    def T(self):
        return Anp(self.x.T)


def operator(name):
    def method(self, other):
        return Anp(getattr(anp, name)(self.x, getattr(other, "x", other)))

    def reflected(self, other):
        return Anp(getattr(anp, name)(other, self.x))

    return method, reflected


for symbol, function in {
    "add": "add",
    "sub": "subtract",
    "mul": "multiply",
    "truediv": "divide",
    "matmul": "dot",
    "pow": "power",
}.items():
    there, back = operator(function)
    setattr(Anp, f"__{symbol}__", there)
    setattr(Anp, f"__r{symbol}__", back)
Anp.__neg__ = lambda self: Anp(-self.x)

EXPRESSIONS = {
    "arithmetic": lambda x, y: ((x + 2) * y - 3 * x / y**2 + (1 - y) / 2 + 1 / y - -x).sum(),
    "broadcasting": lambda x, y: (x * y[0] + y.sum(axis=1, keepdims=True) / x - y[:, :1]).mean(),
    "matrices": lambda x, y: ((x @ y.T).exp() * 0.01).sum(axis=0).mean(),
    "shapes": lambda x, y: (x.reshape((4, 3)) @ y)[1:3].T.sum(),
    "functions": lambda x, y: (x.log() * y.tanh() + (x - 1).sigmoid() * (y - 1).relu() + x.exp().softmax()).mean(),
    "a value used often": lambda x, y: ((x * x + y) * (x * x) / (x * x + y * y)).sum(),
    "a row twice": lambda x, y: (x[[0, 0, 2]] * y).sum(),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expressions_on_the_tape(name):
    f = EXPRESSIONS[name]
    x, y = np.exp(np.random.default_rng(5).normal(size=(2, 3, 4)))
    a, b = dl.Tensor(x, requires_grad=True), dl.Tensor(y, requires_grad=True)
    value = f(a, b)
    value.backward()
    assert_close(value.data, f(Anp(x), Anp(y)).x)
    for i, t in enumerate((a, b)):
        assert_close(t.grad, grad(lambda x, y: f(Anp(x), Anp(y)).x, i)(x, y))
        assert_close(dl.grad(f, i)(x, y), t.grad)


# ---- optimizers --------------------------------------------------------------------------------------
# The recurrences as the PyTorch documentation of torch.optim gives them, one weight matrix at a time, with
# gradients by the oracle; ours train a net of layers with their own.


def sgd(lr=0.05, momentum=0.0, nesterov=False, weight_decay=0.0):
    def step(t, w, g, state):
        g = g + weight_decay * w
        if momentum:
            state["b"] = momentum * state["b"] + g if t > 1 else g
            g = g + momentum * state["b"] if nesterov else state["b"]
        return w - lr * g

    return step


def adagrad(lr=0.05, eps=1e-8):
    def step(t, w, g, state):
        state["sum"] = state.get("sum", 0) + g**2
        return w - lr * g / (state["sum"] ** 0.5 + eps)

    return step


def rmsprop(lr=0.05, alpha=0.9, eps=1e-8):
    def step(t, w, g, state):
        state["v"] = alpha * state.get("v", 0) + (1 - alpha) * g**2
        return w - lr * g / (state["v"] ** 0.5 + eps)

    return step


def adam(lr=0.05, betas=(0.9, 0.999), eps=1e-8, decoupled_decay=0.0):
    def step(t, w, g, state):
        w = w - lr * decoupled_decay * w
        state["m"] = betas[0] * state.get("m", 0) + (1 - betas[0]) * g
        state["v"] = betas[1] * state.get("v", 0) + (1 - betas[1]) * g**2
        m, v = state["m"] / (1 - betas[0] ** t), state["v"] / (1 - betas[1] ** t)
        return w - lr * m / (v**0.5 + eps)

    return step


OPTIMIZERS = {
    "SGD": (lambda p: dl.SGD(p, lr=0.05), sgd()),
    "SGD with weight decay": (lambda p: dl.SGD(p, lr=0.05, weight_decay=0.1), sgd(weight_decay=0.1)),
    "momentum": (lambda p: dl.SGD(p, lr=0.05, momentum=0.9), sgd(momentum=0.9)),
    "momentum with weight decay": (
        lambda p: dl.SGD(p, lr=0.05, momentum=0.5, weight_decay=0.1),
        sgd(momentum=0.5, weight_decay=0.1),
    ),
    "Nesterov": (lambda p: dl.SGD(p, lr=0.05, momentum=0.9, nesterov=True), sgd(momentum=0.9, nesterov=True)),
    "AdaGrad": (lambda p: dl.AdaGrad(p, lr=0.05), adagrad()),
    "RMSProp": (lambda p: dl.RMSProp(p, lr=0.05), rmsprop()),
    "RMSProp, short memory": (lambda p: dl.RMSProp(p, lr=0.05, decay=0.5, eps=1e-3), rmsprop(alpha=0.5, eps=1e-3)),
    "Adam": (lambda p: dl.Adam(p, lr=0.05), adam()),
    "Adam, other betas": (lambda p: dl.Adam(p, lr=0.05, betas=(0.5, 0.9), eps=1e-4), adam(betas=(0.5, 0.9), eps=1e-4)),
    "AdamW": (lambda p: dl.AdamW(p, lr=0.05, weight_decay=0.1), adam(decoupled_decay=0.1)),
}


def by_recurrence(rule, steps, clip=None):
    """Weights and losses after each step."""
    f = oracle_loss(anp.tanh, cross_entropy, LABELS)
    gradients = [grad(f, i) for i in range(1, 5)]
    w, states, values = weights(), [{} for _ in range(4)], []
    for t in range(1, steps + 1):
        values.append(f(X, *w))
        gs = [g(X, *w) for g in gradients]
        if clip:
            norm = np.sqrt(sum((g**2).sum() for g in gs))
            gs = [g * min(1, clip / norm) for g in gs]
        w = [rule(t, *each) for each in zip(w, gs, states, strict=True)]
    return w, values


def by_layers(make, steps, clip=None):
    rng = np.random.default_rng(0)
    net, loss = dl.Sequential(dl.Affine(5, 4, rng=rng), dl.Tanh(), dl.Affine(4, 3, rng=rng)), dl.CrossEntropyLoss()
    for p, w in zip(net.params, weights(), strict=True):
        p.data = w
    optimizer, values = make(net.params), []
    for _ in range(steps):
        optimizer.zero_grad()
        values.append(loss.forward(net.forward(X), LABELS))
        net.backward(loss.backward())
        if clip:
            dl.clip_grad_norm(net.params, clip)
        optimizer.step()
    return [p.data for p in net.params], values


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_fifty_steps_of_every_optimizer(name):
    make, rule = OPTIMIZERS[name]
    (ours, our_losses), (theirs, their_losses) = by_layers(make, 50), by_recurrence(rule, 50)
    assert their_losses[-1] < their_losses[0]
    assert_close(our_losses, their_losses)
    for a, b in zip(ours, theirs, strict=True):
        assert_close(a, b)


def test_fifty_clipped_steps():
    (ours, _), (theirs, _) = by_layers(OPTIMIZERS["momentum"][0], 50, 0.1), by_recurrence(sgd(momentum=0.9), 50, 0.1)
    for a, b in zip(ours, theirs, strict=True):
        assert_close(a, b)


def test_the_oracle_is_no_rubber_stamp():
    """A thousandth of a gradient, or of a hyper-parameter, is far outside the tolerance."""
    case = CORE[0]
    wrong = case.op(*case.inputs)[1](np.ones((5, 2)))[1] * 1.001
    right = make_vjp(ORACLE["affine"], 1)(*case.inputs)[0](np.ones((5, 2)))
    with pytest.raises(AssertionError):
        assert_close(wrong, right)
    with pytest.raises(AssertionError):
        assert_close(by_layers(lambda p: dl.Adam(p, lr=0.05005), 50)[0][0], by_recurrence(adam(), 50)[0][0])
