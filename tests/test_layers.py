"""Layers and losses: what they remember, what they add up, what they refuse."""

import numpy as np
import pytest

from dlscratch import (
    SGD,
    Affine,
    BCELoss,
    CrossEntropyLoss,
    Dropout,
    Flatten,
    Layer,
    LeakyReLU,
    MSELoss,
    Parameter,
    ReLU,
    Sequential,
    ShapeError,
    Sigmoid,
    Softmax,
    Tanh,
    check,
    ops,
)


def rng(seed=0):
    return np.random.default_rng(seed)


def small_net(dtype=np.float64):
    r = rng(1)
    return Sequential(Affine(3, 4, rng=r, dtype=dtype), Tanh(), Affine(4, 2, rng=r, dtype=dtype))


X = rng(2).normal(size=(5, 3))


@pytest.mark.parametrize(
    "layer",
    [Affine(3, 2, rng=rng()), ReLU(), LeakyReLU(0.1), Sigmoid(), Tanh(), Softmax(), Flatten(), small_net()],
    ids=repr,
)
def test_every_layer_agrees_with_central_differences(layer):
    check(layer, X, rng=rng())


@pytest.mark.parametrize(
    ("loss", "target"),
    [(MSELoss(), X[::-1]), (CrossEntropyLoss(), np.array([0, 1, 2, 0, 1])), (BCELoss(), (X > 0) * 1.0)],
    ids=repr,
)
def test_every_loss_agrees_with_central_differences(loss, target):
    check(loss, X, target, rng=rng())
    assert type(loss.forward(X, target)) is float


# ---- what is remembered ------------------------------------------------------------------------------


def test_gradients_accumulate_until_they_are_cleared():
    layer, dout = Affine(3, 2, rng=rng()), rng(3).normal(size=(5, 2))
    layer.forward(X)
    layer.backward(dout)
    once = layer.W.grad.copy()
    layer.forward(X)
    layer.backward(dout)
    np.testing.assert_array_equal(layer.W.grad, 2 * once)
    SGD(layer.params, lr=0.1).zero_grad()
    assert not layer.W.grad.any()


def test_micro_batches_add_up_to_the_batch():
    net, whole, dout = small_net(), small_net(), rng(3).normal(size=(5, 2))
    whole.forward(X)
    whole.backward(dout)
    for rows in (slice(0, 2), slice(2, 5)):
        net.forward(X[rows])
        net.backward(dout[rows])
    for p, q in zip(net.params, whole.params, strict=True):
        np.testing.assert_allclose(p.grad, q.grad, rtol=1e-13)


def test_a_layer_that_stands_twice_gets_both_gradients():
    shared = Affine(3, 3, rng=rng())
    net = Sequential(shared, Tanh(), shared)
    assert net.params == shared.params
    check(net, X, rng=rng())


def test_a_net_inside_a_net_that_stands_twice():
    inner = Sequential(Affine(3, 3, rng=rng()), Sigmoid())
    check(Sequential(inner, inner), X, rng=rng())


def test_a_later_forward_of_a_layer_does_not_disturb_the_net_it_stands_in():
    net, dout = small_net(), rng(3).normal(size=(5, 2))
    net.forward(X)
    right = net.backward(dout)
    net.forward(X)
    net.layers[0].forward(X * 2)
    np.testing.assert_array_equal(net.backward(dout), right)


def test_layers_can_be_walked_back_one_by_one():
    net, dout = small_net(), rng(3).normal(size=(5, 2))
    net.forward(X)
    right = net.backward(dout)
    net.forward(X)
    for layer in reversed(net.layers):
        dout = layer.backward(dout)
    np.testing.assert_array_equal(dout, right)


@pytest.mark.parametrize("layer", [ReLU(), Affine(3, 3, rng=rng()), Sequential(ReLU()), Sequential(ReLU(), ReLU())])
def test_backward_needs_a_forward_of_its_own(layer):
    with pytest.raises(RuntimeError, match=r"backward\(\) before forward"):
        layer.backward(X)
    layer.forward(X)
    layer.backward(X)
    with pytest.raises(RuntimeError, match="each forward"):
        layer.backward(X)


def test_a_loss_goes_back_once():
    loss = MSELoss()
    with pytest.raises(RuntimeError, match="before forward"):
        loss.backward()
    loss.forward(X, X)
    loss.backward()
    with pytest.raises(RuntimeError, match="before forward"):
        loss.backward()


def test_a_wrong_dout_is_refused_and_nothing_is_lost():
    net = small_net()
    net.forward(X)
    with pytest.raises(ShapeError, match=r"dout has shape \(5, 1\), but forward\(\) returned \(5, 2\)"):
        net.backward(np.ones((5, 1)))
    assert not any(p.grad.any() for p in net.params)
    assert net.backward(np.ones((5, 2))).shape == X.shape


def test_going_back_to_the_parameters_only_changes_nothing_in_them():
    net, other, dout = small_net(), small_net(), rng(3).normal(size=(5, 2))
    net.forward(X)
    net.backward(dout)
    other.forward(X)
    assert other.backward_params(dout) is None
    for p, q in zip(net.params, other.params, strict=True):
        np.testing.assert_array_equal(p.grad, q.grad)
    with pytest.raises(RuntimeError, match="before forward"):
        other.backward_params(dout)


def test_going_back_stops_at_the_first_layer_with_parameters():
    class Untouchable(ReLU):
        def backward(self, dout):
            raise AssertionError("not needed")

    net = Sequential(Untouchable(), Sequential(Flatten(), Affine(3, 2, rng=rng())), Tanh())
    net.forward(X)
    net.backward_params(np.ones((5, 2)))
    assert net.params[0].grad.any()


def test_a_subclass_with_its_own_backward_is_asked():
    class Doubled(Affine):
        def backward(self, dout):
            return super().backward(2 * dout)

    net, plain = Sequential(Doubled(3, 2, rng=rng())), Affine(3, 2, rng=rng())
    for layer in (net, plain):
        layer.forward(X)
        layer.backward_params(np.ones((5, 2)))
    np.testing.assert_array_equal(net.params[0].grad, 2 * plain.W.grad)


# ---- layers of the learner's own ---------------------------------------------------------------------


def test_an_operation_of_ones_own_becomes_a_layer():
    def square(x):
        return x * x, lambda dout: (2 * x * dout,)

    class Square(Layer):
        op = staticmethod(square)

    check(Sequential(Affine(3, 2, rng=rng()), Square()), X, rng=rng())


def test_an_object_with_forward_and_backward_is_a_layer():
    class Scale:
        def __init__(self):
            self.s = Parameter(np.array([2.0]))
            self.params = (self.s,)

        def forward(self, x):
            self.x = x
            return self.s.data * x

        def backward(self, dout):
            self.s.add_grad(np.array([(dout * self.x).sum()]))
            return self.s.data * dout

    check(Sequential(Scale(), Tanh(), Scale()), X, rng=rng())


def test_something_else_is_not_a_layer():
    with pytest.raises(TypeError, match="no forward and backward"):
        Sequential(np.tanh)


def test_layers_added_later_are_trained_too():
    net = Sequential(Affine(3, 2, rng=rng()))
    net.layers.append(Affine(2, 2, rng=rng()))
    assert len(net.params) == 4


# ---- parameters --------------------------------------------------------------------------------------


def test_assigning_data_copies_casts_and_checks():
    p, value = Parameter(np.zeros((2, 3), np.float32)), np.arange(6.0).reshape(2, 3)
    p.data = value
    value[0, 0] = 99
    assert p.data.dtype == np.float32
    assert p.data[0, 0] == 0
    with pytest.raises(ShapeError, match=r"shape \(2, 3\), the value \(3,\)"):
        p.data = np.zeros(3)


def test_a_parameter_shows_its_shape():
    assert repr(Affine(3, 2, rng=rng()).W) == "Parameter(3, 2)"


def test_integer_data_becomes_float():
    assert Parameter(np.array([1, 2])).data.dtype == np.float64


def test_two_layers_never_share_a_start():
    r = rng()
    assert not np.array_equal(Affine(3, 3, rng=r).W.data, Affine(3, 3, rng=r).W.data)


def test_the_same_rng_gives_the_same_start():
    np.testing.assert_array_equal(Affine(3, 3, rng=rng(5)).W.data, Affine(3, 3, rng=rng(5)).W.data)


def test_the_start_has_the_variance_of_he():
    assert abs(Affine(200, 300, rng=rng()).W.data.var() * 200 / 2 - 1) < 0.02


def test_a_float32_net_stays_float32():
    net = small_net().astype(np.float32)
    out = net.forward(X.astype(np.float32))
    dx = net.backward(np.ones_like(out))
    assert {a.dtype for a in (out, dx, *(p.grad for p in net.params))} == {np.dtype(np.float32)}


def test_float64_targets_do_not_widen_a_float32_net():
    for loss, target in ((MSELoss(), X), (BCELoss(), (X > 0) * 1.0), (CrossEntropyLoss(), np.eye(3)[[0, 1, 2, 0, 1]])):
        loss.forward(X.astype(np.float32), target)
        assert loss.backward().dtype == np.float32


@pytest.mark.parametrize("bad", [None, 0, np.random])
def test_random_layers_want_a_generator(bad):
    for make in (lambda: Affine(3, 2, rng=bad), lambda: Dropout(0.5, rng=bad)):
        with pytest.raises(TypeError, match="default_rng"):
            make()


# ---- training and evaluation -------------------------------------------------------------------------


def test_dropout_drops_in_training_only():
    net = Sequential(Dropout(0.5, rng=rng()))
    x = np.ones((1000, 20))
    out = net.forward(x)
    assert set(np.unique(out)) == {0.0, 2.0}
    assert abs(out.mean() - 1) < 0.05
    np.testing.assert_array_equal(net.backward(x), out)
    assert net.eval() is net
    np.testing.assert_array_equal(net.forward(x), x)
    assert net.train().layers[0].training


@pytest.mark.parametrize("p", [-0.1, 1, 2])
def test_the_probability_of_dropping_is_below_1(p):
    with pytest.raises(ValueError, match="probability of dropping"):
        Dropout(p, rng=rng())


def test_no_derivative_is_written_outside_the_primitives():
    net = small_net()
    net.forward(X)
    for layer in net.layers:
        assert layer._saved[1].__module__ == ops.__name__


def test_a_class_is_not_a_layer_yet():
    with pytest.raises(TypeError, match=r"ReLU is a class; make a layer of it: ReLU\(...\)"):
        Sequential(ReLU)


@pytest.mark.parametrize("returned, told", [("dout", "ndarray, no tuple"), ("(dout, dout)", "2 gradients")])
def test_a_pullback_that_returns_no_tuple_of_one_gradient_each_is_named(returned, told):
    class Double(Layer):
        op = staticmethod(lambda x: (2 * x, eval(f"lambda dout: {returned}")))

    layer = Double()
    layer.forward(np.ones((1, 2)))
    with pytest.raises(TypeError, match=rf"Double.backward\(dout\): its pullback returned {told}; .*`return \(dx,\)`"):
        layer.backward(np.ones((1, 2)))
