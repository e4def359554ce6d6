"""Chapter 07's milestone: the learning rate at which training explodes is known before any training."""

import numpy as np
import pytest

from dlscratch import SGD, Affine, CrossEntropyLoss, MSELoss, Sequential, Tanh, data

SEEDS = range(5)


@pytest.fixture(scope="module")
def patients():
    x, progression = data.diabetes()
    return data.standardize(x), progression[:, None]


def hessian(x):
    inputs = np.hstack([x, np.ones((len(x), 1))])
    return 2 / len(x) * inputs.T @ inputs


def ends_below_its_start(lr, x, y, rng, steps=500):
    layer, loss = Affine(10, 1, rng=rng), MSELoss()
    optimizer = SGD(layer.params, lr=lr)
    first = value = loss.forward(layer.forward(x), y)
    for _ in range(steps):
        optimizer.zero_grad()
        layer.backward(loss.backward())
        optimizer.step()
        value = loss.forward(layer.forward(x), y)
        if value > 100 * first:
            break
    return value < first


def largest_stable_rate(x, y, seed):
    good, bad = 0.01, 1.0
    for _ in range(12):
        middle = (good + bad) / 2
        stable = ends_below_its_start(middle, x, y, np.random.default_rng(seed))
        good, bad = (middle, bad) if stable else (good, middle)
    return good


def test_the_hessian_of_the_patients_is_how_fast_the_slopes_change(patients):
    x, y = patients
    rng, step = np.random.default_rng(0), np.random.default_rng(1).normal(size=11)
    w = rng.normal(size=11)
    assert slopes(w + step, x, y) - slopes(w, x, y) == pytest.approx(hessian(x) @ step)


def slopes(w, x, y):
    layer, loss = Affine(10, 1, rng=np.random.default_rng(0)), MSELoss()
    layer.W.data, layer.b.data = w[:10, None], w[10:]
    loss.forward(layer.forward(x), y)
    layer.backward(loss.backward())
    return np.append(layer.W.grad, layer.b.grad)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_largest_stable_rate_is_two_over_the_largest_curvature(patients, seed):
    x, y = patients
    limit = 2 / np.linalg.eigvalsh(hessian(x))[-1]
    assert largest_stable_rate(x, y, seed) == pytest.approx(limit, rel=0.02)


def test_standardizing_rounds_the_bowl(patients):
    raw, standardized = (np.linalg.cond(hessian(x)) for x in (data.diabetes()[0], patients[0]))
    assert standardized < 500 and raw > 1e5 * standardized


@pytest.fixture(scope="module", params=SEEDS)
def digits(request):
    """(loss and slopes at w, start, curvature there) of the chapter's network, drawn with another seed each time."""
    x, y = data.digits()
    rng = np.random.default_rng(request.param)
    net = Sequential(Affine(64, 32, rng=rng), Tanh(), Affine(32, 10, rng=rng))
    cuts = np.cumsum([p.data.size for p in net.params])[:-1]

    def at(w):
        loss = CrossEntropyLoss()
        for p, part in zip(net.params, np.split(w, cuts), strict=True):
            p.data, p.grad = part.reshape(p.data.shape), np.zeros(p.data.shape)
        value = loss.forward(net.forward(x), y)
        net.backward(loss.backward())
        return value, np.concatenate([p.grad.ravel() for p in net.params])

    start = np.concatenate([p.data.ravel() for p in net.params])
    return at, start, largest_curvature(at, start)


def largest_curvature(at, w, h=1e-4, rounds=20):
    u = np.random.default_rng(1).normal(size=w.shape)
    for _ in range(rounds):
        u /= np.linalg.norm(u)
        change = (at(w + h * u)[1] - at(w - h * u)[1]) / (2 * h)
        largest, u = u @ change, change
    return largest


def test_beyond_the_limit_the_network_learns_and_moves_to_where_its_rate_fits(digits):
    at, start, curvature = digits
    losses = {}
    for times in (1, 2):
        lr, w = times * 2 / curvature, start
        for _ in range(100):
            losses[times], g = at(w)
            w = w - lr * g
    assert losses[2] < losses[1] < at(start)[0] / 10
    assert lr > 2 / curvature and lr < 2 / largest_curvature(at, w)


def test_far_beyond_the_limit_the_network_is_lost(digits):
    at, start, curvature = digits
    w = start
    for _ in range(100):
        value, g = at(w)
        w = w - 8 * 2 / curvature * g
    assert value > at(start)[0]
