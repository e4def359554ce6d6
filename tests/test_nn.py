"""Modules: their gradients, their modes, and what they share with the layers of the same name."""

import numpy as np
import pytest
from cases import normal

import dlscratch as dl
from dlscratch import Adam, Tensor, nn, numeric_gradient


def rng(seed=0):
    return np.random.default_rng(seed)


IMAGES, STEPS = normal(2, 3, 5, 4), normal(4, 3, 2)  # (N, C, H, W) and (T, N, D)


def all_outputs(result):
    """The outputs of a recurrent module, each with a weight of its own."""
    outputs, _ = result
    return sum(h * (t + 1.0) for t, h in enumerate(outputs))


@pytest.mark.parametrize(
    ("module", "x"),
    [
        (nn.Conv2D(3, 2, 3, stride=2, padding=1, rng=rng()), IMAGES),
        (nn.MaxPool2D(2), IMAGES),
        (nn.LayerNorm(4), IMAGES),
        (nn.Sequential(nn.Flatten(), nn.Linear(60, 2, rng=rng()), nn.Sigmoid(), nn.Tanh()), IMAGES),
        (nn.RNN(2, 3, rng=rng()), STEPS),
        (nn.GRU(2, 3, rng=rng()), STEPS),
        (nn.LSTM(2, 3, rng=rng()), STEPS),
        (nn.SelfAttention(2, causal=True, rng=rng()), STEPS),
    ],
    ids=lambda value: type(value).__name__,
)
def test_every_module_agrees_with_central_differences(module, x):
    x = Tensor(x, requires_grad=True)

    def loss():
        out = all_outputs(module(x)) if isinstance(module, nn.RNN) else module(x)
        return (out * normal(*out.shape, seed=9)).sum()

    def loss_at(value):
        leaf.data = value
        return float(loss().data)

    loss().backward()
    for leaf in (x, *module.parameters()):
        here = leaf.data
        np.testing.assert_allclose(leaf.grad, numeric_gradient(loss_at, here), rtol=1e-6, atol=1e-8)
        leaf.data = here


def test_modules_and_layers_of_the_same_rng_are_the_same_net():
    r, s = rng(3), rng(3)
    module = nn.Sequential(
        nn.Conv2D(3, 2, 3, padding=1, rng=r), nn.ReLU(), nn.MaxPool2D(2), nn.Flatten(), nn.Linear(8, 2, rng=r)
    )
    net = dl.Sequential(
        dl.Conv2D(3, 2, 3, padding=1, rng=s), dl.ReLU(), dl.MaxPool2D(2), dl.Flatten(), dl.Affine(8, 2, rng=s)
    )
    loss, labels = dl.CrossEntropyLoss(), np.array([0, 1])
    value = nn.cross_entropy(module(IMAGES), labels)
    assert value.data == loss.forward(net.forward(IMAGES), labels)
    value.backward()
    net.backward(loss.backward())
    for p, q in zip(module.parameters(), net.params, strict=True):
        np.testing.assert_array_equal(p.grad, q.grad)


def test_layer_norm_has_the_eps_that_was_asked_for():
    out = nn.LayerNorm(4, eps=0.1)(IMAGES)
    np.testing.assert_array_equal(out.data, dl.LayerNorm(4, eps=0.1).forward(IMAGES))


def test_an_embedding_on_the_tape():
    embed = nn.Embedding(5, 2, rng=rng())
    (embed(np.array([1, 1, 3])) * 2.0).sum().backward()
    np.testing.assert_array_equal(embed.W.grad[:, 0], [0, 4, 0, 2, 0])


@pytest.mark.parametrize("cell", [nn.RNN, nn.GRU, nn.LSTM])
def test_a_sequence_may_be_cut_and_taken_up_again(cell):
    module = cell(2, 3, rng=rng())
    whole, end = module(STEPS)
    first, state = module(STEPS[:2])
    second, last = module(STEPS[2:], state)
    assert len(whole) == 4
    assert whole[0].shape == (3, 3)
    for a, b in zip((*whole, *end), (*first, *second, *last), strict=True):
        np.testing.assert_array_equal(a.data, b.data)


@pytest.mark.parametrize("cell", [nn.RNN, nn.GRU, nn.LSTM])
def test_recurrent_modules_can_be_stacked_and_keep_float32(cell):
    lower, upper = cell(2, 3, rng=rng(), dtype=np.float32), cell(3, 4, rng=rng(1), dtype=np.float32)
    outputs, _ = upper(lower(STEPS.astype(np.float32))[0])
    outputs[-1].sum().backward()
    assert outputs[-1].data.dtype == np.float32
    for p in lower.parameters() + upper.parameters():
        assert p.grad.dtype == np.float32
        assert p.grad.any()


def test_an_lstm_learns_to_remember_the_first_sign():
    r = rng(1)
    lstm, read = nn.LSTM(1, 4, rng=r), nn.Linear(4, 2, rng=r)
    optimizer = Adam(lstm.parameters() + read.parameters(), lr=0.05)
    xs = r.normal(size=(6, 64, 1))
    labels = (xs[0, :, 0] > 0).astype(int)
    for _ in range(60):
        optimizer.zero_grad()
        loss = nn.cross_entropy(read(lstm(xs)[0][-1]), labels)
        loss.backward()
        optimizer.step()
    assert loss.data < 0.1


def test_causal_self_attention_does_not_look_ahead():
    module, changed = nn.SelfAttention(2, causal=True, rng=rng()), STEPS.copy()
    changed[:, 2] += 1
    np.testing.assert_array_equal(module(STEPS).data[:, :2], module(changed).data[:, :2])
    assert not np.allclose(module(STEPS).data[:, 2], module(changed).data[:, 2])


def test_dropout_drops_in_training_only():
    net = nn.Sequential(nn.Dropout(0.5, rng=rng()))
    x = Tensor(np.ones((1000, 20)), requires_grad=True)
    out = net(x)
    assert set(np.unique(out.data)) == {0.0, 2.0}
    assert abs(out.data.mean() - 1) < 0.05
    out.sum().backward()
    np.testing.assert_array_equal(x.grad, out.data)
    assert net.eval() is net
    assert net(x) is x
    assert net.train().modules[0].training


@pytest.mark.parametrize("p", [-0.1, 1, 2])
def test_the_probability_of_dropping_is_below_1(p):
    with pytest.raises(ValueError, match="probability of dropping"):
        nn.Dropout(p, rng=rng())


@pytest.mark.parametrize("bad", [None, 0, np.random])
def test_random_modules_want_a_generator(bad):
    for make in (nn.Linear, nn.RNN, nn.Embedding):
        with pytest.raises(TypeError, match="default_rng"):
            make(3, 2, rng=bad)
    for make in (nn.SelfAttention, nn.Dropout):
        with pytest.raises(TypeError, match="default_rng"):
            make(0, rng=bad)


def test_a_module_without_a_forward_says_what_it_lacks():
    with pytest.raises(NotImplementedError, match=r"Empty.forward\(\*inputs\): write the forward pass"):
        type("Empty", (nn.Module,), {})()(1.0)
