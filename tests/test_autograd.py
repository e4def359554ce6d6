"""The tape: order, sums over paths, and what it leaves behind."""

import gc
import weakref

import numpy as np
import pytest

from dlscratch import Tensor, apply, check, grad, no_grad, ops, vjp


def leaf(data):
    return Tensor(data, requires_grad=True)


def normal(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).normal(size=shape)


EXPRESSIONS = {
    "arithmetic": (lambda x, y: ((x + 2) * y - 3 * x / y**2 + (1 - y) / 2 + 1 / y).sum(), (3, 2), (3, 2)),
    "matmul": (lambda x, y: (x @ y).sum(), (3, 4), (4, 2)),
    "axis": (lambda x, y: (x.mean(axis=0) * y.sum(axis=1)).sum(), (3, 4), (4, 2)),
    "shapes": (lambda x, y: (x.reshape(4, 3) @ y.T.reshape((3, 2)))[1:3].sum(), (3, 4), (3, 2)),
    "functions": (lambda x, y: (x.exp() + x.tanh() * y.sigmoid() + (x * x + 1).log() + y.relu()).mean(), (3,), (3,)),
    "softmax": (lambda x, y: (x.softmax() * y).sum(), (3, 4), (4,)),
    "a row twice": (lambda x, y: (x[[0, 0, 2]] * y).sum(), (3, 4), (3, 4)),
    "a constant part": (lambda x, y: (np.ones(4) * x + (np.ones((2, 3)) @ x).sum() - y).sum(), (3, 4), (4,)),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_expressions_agree_with_central_differences(name):
    f, *shapes = EXPRESSIONS[name]
    check(f, *(np.abs(normal(*s, seed=i)) + 0.5 for i, s in enumerate(shapes)), rng=np.random.default_rng(0))


def test_a_value_that_is_used_twice_passes_its_gradient_on_once():
    a = leaf(2.0)
    square = a * a
    (square * square).backward()
    assert a.grad == 32  # 48 if the square passes on once per path


def test_doublings_give_a_power_of_two():
    a = leaf(1.0)
    x = a
    for _ in range(30):
        x = x + x
    x.backward()
    assert a.grad == 2**30


def test_a_diamond():
    a = leaf(3.0)
    left, right = a * 2, a * 5
    (left * right).backward()
    assert a.grad == 60


def test_backward_twice_accumulates_exactly_twice():
    a = leaf(normal(4))
    loss = (a * a * a).sum()
    loss.backward()
    once = a.grad
    loss.backward()
    np.testing.assert_array_equal(a.grad, 2 * once)


def test_only_leaves_that_ask_get_a_gradient():
    a, constant = leaf([1.0, 2.0]), Tensor([3.0, 4.0])
    middle = a * constant
    middle.sum().backward()
    np.testing.assert_array_equal(a.grad, [3, 4])
    assert constant.grad is None
    assert middle.grad is None


def test_fifty_thousand_operations_do_not_recurse():
    a = leaf(1.0)
    x = a
    for _ in range(50_000):
        x = x * 1.0
    x.backward()
    assert a.grad == 1


def test_the_graph_dies_with_the_loss():
    gc.collect()
    gc.disable()
    try:
        a = leaf(normal(4))
        middle = a * a
        loss = middle.sum()
        loss.backward()
        seen = weakref.ref(middle)
        del middle, loss
        assert seen() is None
    finally:
        gc.enable()


def test_a_gradient_belongs_to_its_leaf():
    a, b = leaf(normal(3)), leaf(normal(3))
    (a + b).sum().backward()
    a.grad[0] = 99
    assert b.grad[0] == 1


def test_arrays_may_stand_on_the_left():
    t = leaf([3.0, 4.0])
    for result in (np.ones(2) + t, np.ones(2) - t, np.ones(2) * t, np.ones(2) / t, np.float64(2) * t, 2 * t):
        assert isinstance(result, Tensor)
    assert isinstance(np.ones((1, 2)) @ t.reshape(2, 1), Tensor)


def test_float32_stays_float32():
    t = leaf(np.ones((2, 3), np.float32))
    y = (2.0 * t / 3 + 1 - 0.5).relu() ** 2
    y.mean().backward()
    assert y.data.dtype == t.grad.dtype == np.float32


def test_scalars_are_python_floats():
    t = leaf(3)
    (t * t).backward()
    assert type(t.data) is float
    assert type(t.grad) is float


def test_integers_become_floats():
    t = leaf([1, 2])
    (t * t).sum().backward()
    np.testing.assert_array_equal(t.grad, [2.0, 4.0])


@pytest.mark.parametrize("data", [[1j], ["a"], [None], 1j])
def test_a_tensor_holds_real_numbers(data):
    with pytest.raises(TypeError, match="real numbers"):
        Tensor(data)


def test_backward_starts_from_a_scalar():
    with pytest.raises(ValueError, match=r"shape \(3, 2\): call .sum\(\) or .mean\(\)"):
        leaf(normal(3, 2)).backward()


def test_backward_needs_something_to_reach():
    with pytest.raises(RuntimeError, match="requires_grad=True"):
        (Tensor([1.0]) * 2).sum().backward()


def test_no_grad_notes_nothing_and_ends_with_an_exception():
    a = leaf([1.0])
    with pytest.raises(ZeroDivisionError), no_grad():
        assert not (a * 2).requires_grad
        1 / 0  # noqa: B018
    assert (a * 2).requires_grad


def test_no_grad_inside_no_grad():
    a = leaf([1.0])
    with no_grad():
        with no_grad():
            pass
        assert not (a * 2).requires_grad


def test_an_operation_of_ones_own_goes_on_the_tape():
    def cube(x):
        return x**3, lambda dout: (3 * x**2 * dout,)

    a = leaf([2.0])
    apply(cube, a).sum().backward()
    assert a.grad == 12


def test_vjp_is_a_primitive():
    x, W = normal(3, 4), normal(4, 2)
    out, pullback = vjp(lambda x, W: (x @ W).tanh(), x, W)
    dout = normal(3, 2, seed=1)
    ours, by_hand = pullback(dout), ops.tanh(x @ W)[1](dout)[0]
    np.testing.assert_allclose(ours[0], by_hand @ W.T, rtol=1e-14)
    np.testing.assert_array_equal(ours[1], pullback(dout)[1])
    np.testing.assert_allclose(out, np.tanh(x @ W), rtol=1e-14)


def test_vjp_of_an_unused_input_is_zero():
    _, pullback = vjp(lambda x, y: x * 2, normal(3), normal(2))
    np.testing.assert_array_equal(pullback(np.ones(3))[1], [0, 0])


def test_vjp_refuses_a_dout_of_another_shape():
    _, pullback = vjp(lambda x: x * 2, normal(3))
    with pytest.raises(ValueError, match=r"dout has shape \(1,\), the output \(3,\)"):
        pullback(np.ones(1))


def test_grad_of_an_argument():
    f = lambda x, y: x * x * y  # noqa: E731
    assert grad(f)(3.0, 5.0) == 30
    assert grad(f, argnum=1)(3.0, 5.0) == 9
    with pytest.raises(ValueError, match="must return a scalar"):
        grad(lambda x: x * 2)(np.ones(3))


def test_a_second_derivative_is_refused_in_words():
    with pytest.raises(TypeError, match="second derivatives are not offered"):
        grad(grad(lambda x: x * x * x))(3.0)


def test_a_tensor_shows_its_data():
    assert repr(leaf([1.0, 2.0])) == "Tensor(array([1., 2.]))"
