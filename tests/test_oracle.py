"""The oracle for images and sequences: every window, unit and query by itself, differentiated by HIPS autograd."""

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad, make_vjp
from cases import CASES, normal
from test_oracle_core import assert_close, batch_norm, cross_entropy, drawn, layer_norm, sigmoid, softmax

import dlscratch as dl
from dlscratch import nn

# ---- the primitives ----------------------------------------------------------------------------------


def pair(value):
    return (value, value) if isinstance(value, int) else value


def over_windows(f, x, size, stride):
    """f(window) -> (N, C) at every place, put together to (N, C, H', W')."""
    (kh, kw), (down, right) = pair(size), pair(stride)
    tops, lefts = range(0, x.shape[2] - kh + 1, down), range(0, x.shape[3] - kw + 1, right)
    return anp.stack([anp.stack([f(x[:, :, i : i + kh, j : j + kw]) for j in lefts], -1) for i in tops], -2)


def conv2d(x, W, b, stride=1, padding=0):
    padded = anp.pad(x, [(0, 0), (0, 0), *[(p, p) for p in pair(padding)]], "constant")
    return over_windows(lambda window: anp.einsum("ncij,mcij->nm", window, W) + b, padded, W.shape[2:], stride)


def max_pool2d(x, size, stride=None):
    return over_windows(lambda window: anp.max(window, axis=(2, 3)), x, size, stride or size)


def avg_pool2d(x, size, stride=None):
    return over_windows(lambda window: anp.mean(window, axis=(2, 3)), x, size, stride or size)


def lstm_step(x, h, c, Wx, Wh, b):
    i, f, g, o = (anp.dot(x, wx) + anp.dot(h, wh) + bias for wx, wh, bias in gates(4, Wx, Wh, b))
    c = sigmoid(f) * c + sigmoid(i) * anp.tanh(g)
    return anp.stack([sigmoid(o) * anp.tanh(c), c])


def gru_step(x, h, Wx, Wh, b):
    r, z, n = gates(3, Wx, Wh, b)
    r, z = (sigmoid(anp.dot(x, wx) + anp.dot(h, wh) + bias) for wx, wh, bias in (r, z))
    n = anp.tanh(anp.dot(x, n[0]) + n[2] + r * anp.dot(h, n[1]))
    return (1 - z) * n + z * h


def gates(n, *arrays):
    """(Wx, Wh, b) of every gate."""
    width = arrays[0].shape[1] // n
    return [[a[..., k * width : (k + 1) * width] for a in arrays] for k in range(n)]


def attention(q, k, v, causal=False):
    """Query by query."""
    rows = []
    for t in range(q.shape[-2]):
        seen = t + 1 if causal else k.shape[-2]
        scores = anp.sum(q[..., t : t + 1, :] * k[..., :seen, :], axis=-1) / np.sqrt(q.shape[-1])
        rows.append(anp.sum(softmax(scores)[..., None] * v[..., :seen, :], axis=-2))
    return anp.stack(rows, -2)


ORACLE = {
    "conv2d": conv2d,
    "max_pool2d": max_pool2d,
    "avg_pool2d": avg_pool2d,
    "embedding": lambda W, ids: W[ids],
    "rnn_step": lambda x, h, Wx, Wh, b: anp.tanh(anp.dot(x, Wx) + anp.dot(h, Wh) + b),
    "lstm_step": lstm_step,
    "gru_step": gru_step,
    "attention": attention,
}
MINE = [case for case in CASES if case.op.__module__ in ("dlscratch.ops_image", "dlscratch.ops_sequence")]


def test_every_primitive_has_an_oracle():
    assert {case.op.__name__ for case in MINE} == set(ORACLE)


@pytest.mark.parametrize("case", MINE, ids=lambda case: case.name)
def test_values_and_gradients_of_every_primitive(case):
    for seed in range(3):
        inputs = drawn(case, seed)
        out, pullback = case.op(*inputs, **case.options)
        dout = np.random.default_rng(seed).normal(size=np.shape(out))
        for i, gradient in enumerate(pullback(dout)):
            vjp, value = make_vjp(lambda *a, case=case: ORACLE[case.op.__name__](*a, **case.options), i)(*inputs)
            assert_close(out, value)
            assert_close(gradient, vjp(dout))


# ---- whole nets --------------------------------------------------------------------------------------

IMAGES, LABELS = normal(5, 2, 7, 6), np.array([0, 2, 1, 1, 0])


def assert_net(net, f, x):
    """The loss, dx and the gradient of every parameter of a net of layers against f(x, *params)."""
    loss, params = dl.CrossEntropyLoss(), [p.data for p in net.params]
    target = lambda x, *params: cross_entropy(f(x, *params), LABELS)  # noqa: E731
    assert_close(loss.forward(net.forward(x), LABELS), target(x, *params))
    assert_close(net.backward(loss.backward()), grad(target)(x, *params))
    for i, p in enumerate(net.params):
        assert_close(p.grad, grad(target, i + 1)(x, *params))


def cnn(r):
    return dl.Sequential(
        *(dl.Conv2D(2, 4, (3, 2), padding=1, rng=r), dl.BatchNorm(4), dl.ReLU(), dl.MaxPool2D(2)),
        *(dl.Conv2D(4, 3, 2, stride=(1, 2), rng=r), dl.Tanh(), dl.AvgPool2D((2, 1), 1)),
        *(dl.Flatten(), dl.LayerNorm(3), dl.Affine(3, 3, rng=r)),
    )


def cnn_oracle(statistics=None):
    def f(x, W1, b1, gamma1, beta1, W2, b2, gamma2, beta2, W3, b3):
        x = batch_norm(conv2d(x, W1, b1, padding=1), gamma1, beta1, statistics=statistics)
        x = max_pool2d(anp.where(x > 0, x, 0), 2)
        x = avg_pool2d(anp.tanh(conv2d(x, W2, b2, stride=(1, 2))), (2, 1), 1)
        return anp.dot(layer_norm(anp.reshape(x, (len(x), -1)), gamma2, beta2), W3) + b3

    return f


def test_a_convolutional_net_in_training_and_in_evaluation():
    r = np.random.default_rng(0)
    net = cnn(r)
    for p in net.params:
        p.data = r.normal(size=p.data.shape)
    assert_net(net, cnn_oracle(), IMAGES)
    for p in net.params:
        p.grad = 0 * p.grad
    assert_net(net.eval(), cnn_oracle(statistics=net.buffers), IMAGES)


STEPS = normal(4, 5, 3)  # T N D


@pytest.mark.parametrize(
    ("module", "step", "states"),
    [(nn.RNN, ORACLE["rnn_step"], 1), (nn.GRU, gru_step, 1), (nn.LSTM, lstm_step, 2)],
    ids=["RNN", "GRU", "LSTM"],
)
def test_recurrent_nets_through_time(module, step, states):
    net = module(3, 2, rng=np.random.default_rng(0))

    def f(xs, Wx, Wh, b):
        state = [np.zeros((5, 2))] * states
        for x in xs:
            out = step(x, *state, Wx, Wh, b)
            state = [out[0], out[1]] if states > 1 else [out]
        return anp.sum(state[0] ** 3)

    xs = dl.Tensor(STEPS, requires_grad=True)
    loss = (net(xs)[0][-1] ** 3).sum()
    loss.backward()
    leaves = [xs, net.Wx, net.Wh, net.b]
    values = [leaf.data for leaf in leaves]
    assert_close(loss.data, f(*values))
    for i, leaf in enumerate(leaves):
        assert_close(leaf.grad, grad(f, i)(*values))


def test_embedding_attention_and_layer_norm_on_the_tape():
    r, ids = np.random.default_rng(0), np.array([[0, 3, 1], [1, 1, 2]])
    embed, attend, norm = nn.Embedding(4, 3, rng=r), nn.SelfAttention(3, causal=True, rng=r), nn.LayerNorm(3)
    leaves = [p for module in (embed, attend, norm) for p in module.parameters()]

    def f(W, Wq, Wk, Wv, gamma, beta):
        x = W[ids]
        return anp.sum(layer_norm(attention(*(anp.matmul(x, P) for P in (Wq, Wk, Wv)), causal=True), gamma, beta) ** 3)

    loss = (norm(attend(embed(ids))) ** 3).sum()
    loss.backward()
    values = [leaf.data for leaf in leaves]
    assert_close(loss.data, f(*values))
    for i, leaf in enumerate(leaves):
        assert_close(leaf.grad, grad(f, i)(*values))
