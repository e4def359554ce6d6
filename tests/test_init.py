"""Initial weights: their variance, what it does to a signal, and what is refused."""

import numpy as np
import pytest

from dlscratch import Affine, ReLU, Tanh, init


def rng(seed=0):
    return np.random.default_rng(seed)


@pytest.mark.parametrize(
    ("draw", "variance"),
    [
        (lambda shape: init.lecun(shape, n_in=shape[0], rng=rng()), 1 / 300),
        (lambda shape: init.he(shape, n_in=shape[0], rng=rng()), 2 / 300),
        (lambda shape: init.glorot(shape, n_in=300, n_out=200, rng=rng()), 2 / 500),
    ],
    ids=["lecun", "he", "glorot"],
)
def test_the_variance_is_the_published_one(draw, variance):
    W = draw((300, 200))
    assert W.shape == (300, 200)
    assert abs(W.var() / variance - 1) < 0.03
    assert abs(W.mean()) < 0.03 * np.sqrt(variance)


@pytest.mark.parametrize(
    ("draw", "activation"),
    [(lambda: init.he((100, 100), n_in=100, rng=rng()), ReLU), (lambda: init.lecun((100, 100), n_in=100, rng=rng()), None)],
    ids=["he, relu", "lecun, linear"],
)  # fmt: skip
def test_one_layer_keeps_the_scale_of_its_input(draw, activation):
    x = rng(1).normal(size=(2000, 100))
    out = x @ draw()
    if activation:
        out = activation().forward(out)
    assert np.mean(out**2) == pytest.approx(np.mean(x**2), rel=0.05)


def test_another_start_is_assigned():
    layer = Affine(4, 3, rng=rng())
    layer.W.data = init.glorot((4, 3), n_in=4, n_out=3, rng=rng(5))
    np.testing.assert_array_equal(layer.W.data, init.glorot((4, 3), n_in=4, n_out=3, rng=rng(5)))


def test_weights_of_zeros_stay_equal_as_the_docstring_says():
    first, second = Affine(3, 4, rng=rng()), Affine(4, 2, rng=rng())
    first.W.data, second.W.data = init.zeros((3, 4)), init.zeros((4, 2)) + 0.5
    x = rng(1).normal(size=(5, 3))
    second.forward(Tanh().forward(first.forward(x)))
    first.backward(second.backward(rng(2).normal(size=(5, 2))))
    assert np.ptp(first.W.grad, axis=1).max() < 1e-15


@pytest.mark.parametrize("n", [0, -1, np.nan])
def test_a_number_of_connections_is_at_least_1(n):
    for draw in (
        lambda: init.lecun((2, 2), n_in=n, rng=rng()),
        lambda: init.he((2, 2), n_in=n, rng=rng()),
        lambda: init.glorot((2, 2), n_in=2, n_out=n, rng=rng()),
    ):
        with pytest.raises(ValueError, match=r"\w+\(shape, n_\w+\): n_\w+ = \S+; it counts connections"):
            draw()
    with pytest.raises(ValueError, match="n_in = 0"):
        Affine(0, 3, rng=rng())


@pytest.mark.parametrize("bad", [None, 0, np.random])
def test_nothing_is_drawn_without_a_generator(bad):
    for draw in (init.lecun, init.he):
        with pytest.raises(TypeError, match="default_rng"):
            draw((2, 2), n_in=2, rng=bad)
    with pytest.raises(TypeError, match="default_rng"):
        init.glorot((2, 2), n_in=2, n_out=2, rng=bad)
