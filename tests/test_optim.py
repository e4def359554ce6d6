"""Optimizers against their rules, written out parameter by parameter."""

from types import SimpleNamespace

import numpy as np
import pytest

from dlscratch import SGD, AdaGrad, Adam, AdamW, Affine, Parameter, RMSProp, Tensor, clip_grad_norm, nn
from dlscratch.optim import Optimizer

SHAPES = [(3, 2), (2,), (1, 4)]


def start():
    rng = np.random.default_rng(0)
    return [rng.normal(size=s) for s in SHAPES]


def gradients(steps):
    rng = np.random.default_rng(1)
    return [[rng.normal(size=s) for s in SHAPES] for _ in range(steps)]


def by_rule(rule, steps=7):
    """Follow `rule(t, w, g, memory) -> w` for every parameter alone."""
    weights, memories = start(), [{} for _ in SHAPES]
    for t, grads in enumerate(gradients(steps), start=1):
        weights = [rule(t, w, g, m) for w, g, m in zip(weights, grads, memories, strict=True)]
    return weights


def by_optimizer(make, params, steps=7):
    optimizer = make(params)
    for grads in gradients(steps):
        optimizer.zero_grad()
        for p, g in zip(params, grads, strict=True):
            p.grad = p.grad + g
        optimizer.step()
    return [p.data for p in params]


def remembered(memory, name, like):
    return memory.setdefault(name, np.zeros_like(like))


def sgd(t, w, g, memory):
    return w - 0.1 * g


def decayed_sgd(t, w, g, memory):
    return w - 0.1 * (g + 0.5 * w)


def momentum(t, w, g, memory):
    memory["v"] = 0.9 * remembered(memory, "v", w) + g
    return w - 0.1 * memory["v"]


def nesterov(t, w, g, memory):
    memory["v"] = 0.9 * remembered(memory, "v", w) + g
    return w - 0.1 * (g + 0.9 * memory["v"])


def adagrad(t, w, g, memory):
    memory["s"] = remembered(memory, "s", w) + g**2
    return w - 0.1 * g / (memory["s"] ** 0.5 + 1e-8)


def rmsprop(t, w, g, memory):
    memory["s"] = 0.9 * remembered(memory, "s", w) + 0.1 * g**2
    return w - 0.1 * g / (memory["s"] ** 0.5 + 1e-8)


def adam(t, w, g, memory):
    memory["m"] = 0.9 * remembered(memory, "m", w) + 0.1 * g
    memory["v"] = 0.999 * remembered(memory, "v", w) + 0.001 * g**2
    return w - 0.1 * memory["m"] / (1 - 0.9**t) / ((memory["v"] / (1 - 0.999**t)) ** 0.5 + 1e-8)


def adamw(t, w, g, memory):
    return adam(t, w * (1 - 0.1 * 0.5), g, memory)


RULES = {
    "SGD": (sgd, lambda params: SGD(params, lr=0.1)),
    "weight decay": (decayed_sgd, lambda params: SGD(params, lr=0.1, weight_decay=0.5)),
    "momentum": (momentum, lambda params: SGD(params, lr=0.1, momentum=0.9)),
    "Nesterov": (nesterov, lambda params: SGD(params, lr=0.1, momentum=0.9, nesterov=True)),
    "AdaGrad": (adagrad, lambda params: AdaGrad(params, lr=0.1)),
    "RMSProp": (rmsprop, lambda params: RMSProp(params, lr=0.1)),
    "Adam": (adam, lambda params: Adam(params, lr=0.1)),
    "AdamW": (adamw, lambda params: AdamW(params, lr=0.1, weight_decay=0.5)),
}

KINDS = {
    "parameters": Parameter,
    "tensors": lambda data: Tensor(data, requires_grad=True),
    "anything": lambda data: SimpleNamespace(data=data, grad=np.zeros_like(data)),
}


@pytest.mark.parametrize("name", RULES)
def test_seven_steps_follow_the_rule(name):
    rule, make = RULES[name]
    for got, want in zip(by_optimizer(make, [Parameter(w) for w in start()]), by_rule(rule), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12)


@pytest.mark.parametrize("kind", ["tensors", "anything"])
def test_whatever_has_data_and_grad_is_trained(kind):
    params = [KINDS[kind](w) for w in start()]
    if kind == "tensors":
        for p in params:
            p.grad = np.zeros_like(p.data)
    for got, want in zip(by_optimizer(RULES["Adam"][1], params), by_rule(adam), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12)


@pytest.mark.parametrize("name", RULES)
def test_float32_parameters_stay_float32_and_near(name):
    rule, make = RULES[name]
    got = by_optimizer(make, [Parameter(w.astype(np.float32)) for w in start()])
    for a, b in zip(got, by_rule(rule), strict=True):
        assert a.dtype == np.float32
        np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


def test_parameters_of_two_dtypes_are_both_trained():
    params = [Parameter(w.astype(d)) for w, d in zip(start(), (np.float32, np.float64, np.float32), strict=True)]
    for got, want in zip(by_optimizer(RULES["momentum"][1], params), by_rule(momentum), strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-5)
    assert [p.data.dtype for p in params] == [np.float32, np.float64, np.float32]


# ---- nothing is trained behind a copy ----------------------------------------------------------------


def one(value=1.0):
    p = Parameter(np.array([value]))
    p.grad = [1.0]
    return p


def test_weights_that_are_set_between_steps_count():
    p = one()
    optimizer = SGD([p], lr=0.5)
    optimizer.step()
    p.data = [10.0]
    optimizer.step()
    assert p.data[0] == 9.5


def test_a_tensor_whose_data_was_replaced_is_still_trained():
    t = Tensor([1.0], requires_grad=True)
    optimizer = SGD([t], lr=0.5)
    t.data, t.grad = np.array([10.0]), np.array([2.0])
    optimizer.step()
    assert t.data[0] == 9


def test_changing_the_dtype_after_making_the_optimizer():
    layer = Affine(3, 2, rng=np.random.default_rng(0))
    optimizer = SGD(layer.params, lr=0.5)
    before = layer.astype(np.float32).W.data.copy()
    layer.W.grad = np.ones((3, 2))
    optimizer.step()
    assert layer.W.data.dtype == np.float32
    np.testing.assert_allclose(layer.W.data, before - 0.5)


def test_two_optimizers_on_one_parameter():
    p = one()
    first, second = SGD([p], lr=0.5), SGD([p], lr=0.25)
    for optimizer in (first, second, first):
        optimizer.step()
    assert p.data[0] == 1 - 0.5 - 0.25 - 0.5


def test_a_parameter_listed_twice_is_updated_once():
    p = one()
    SGD([p, p], lr=0.5).step()
    assert p.data[0] == 0.5


def test_no_gradient_counts_as_zero():
    t = Tensor([1.0], requires_grad=True)
    Adam([t], lr=0.5).step()
    assert t.data[0] == 1


def test_lr_may_be_changed_between_steps():
    p = one()
    optimizer = SGD([p], lr=0.5)
    optimizer.lr = 0.125
    optimizer.step()
    assert p.data[0] == 0.875


def test_a_scalar_tensor_is_trained():
    t = Tensor(1.0, requires_grad=True)
    optimizer = SGD([t], lr=0.25)
    for _ in range(2):
        optimizer.zero_grad()
        (t * t).backward()
        optimizer.step()
    assert float(t.data) == 0.25


def test_a_scalar_tensor_that_was_trained_still_computes():
    t = Tensor(1.0, requires_grad=True)
    optimizer = SGD([t], lr=0.25)
    for _ in range(2):
        optimizer.zero_grad()
        ((t * 2.0 + 1) / 2.0 - t * np.ones(2)).sum().backward()
        (t * 2.0).backward()
        optimizer.step()
    assert float(t.data) == 0


def test_an_optimizer_of_ones_own_says_what_it_lacks():
    with pytest.raises(NotImplementedError, match=r"Lazy.update\(data, grad\): write the rule"):
        type("Lazy", (Optimizer,), {})([one()], lr=0.1).step()


def test_zero_grad_clears_tensors_and_parameters():
    t, p = Tensor([1.0], requires_grad=True), one()
    t.grad = np.ones(1)
    SGD([t, p], lr=0.1).zero_grad()
    assert t.grad[0] == p.grad[0] == 0


# ---- clipping ----------------------------------------------------------------------------------------


def test_clipping_scales_all_gradients_by_one_factor():
    p, q = Parameter(np.zeros(2)), Parameter(np.zeros(1))
    p.grad, q.grad = [3.0, 0.0], [4.0]
    assert clip_grad_norm([p, q], 1.0) == 5
    np.testing.assert_allclose([*p.grad, *q.grad], [0.6, 0, 0.8])
    assert clip_grad_norm([p, q], 2.0) == pytest.approx(1)
    np.testing.assert_allclose([*p.grad, *q.grad], [0.6, 0, 0.8])


def test_clipping_skips_what_has_no_gradient():
    assert clip_grad_norm([Tensor([1.0], requires_grad=True)], 1.0) == 0


# ---- bad input ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "make",
    [
        lambda p: SGD(p, lr=-1),
        lambda p: SGD(p, lr=np.nan),
        lambda p: SGD(p, lr=0.1, momentum=1.0),
        lambda p: SGD(p, lr=0.1, weight_decay=-1),
        lambda p: RMSProp(p, lr=0.1, decay=1.0),
        lambda p: AdaGrad(p, lr=0.1, eps=-1),
        lambda p: Adam(p, betas=(1.0, 0.9)),
        lambda p: Adam(p, betas=(0.9, -0.1)),
        lambda p: AdamW(p, weight_decay=-1),
    ],
)
def test_a_hyper_parameter_out_of_range_is_named(make):
    with pytest.raises(ValueError, match=r"\w+ = \S+ must lie in 0 <= \w+ <"):
        make([one()])


def test_nesterov_needs_momentum():
    with pytest.raises(ValueError, match="needs a momentum"):
        SGD([one()], lr=0.1, nesterov=True)


def test_clipping_needs_a_positive_limit():
    with pytest.raises(ValueError, match="above 0"):
        clip_grad_norm([one()], 0)


def test_params_must_be_parameters():
    layer = Affine(3, 2, rng=np.random.default_rng(0))
    with pytest.raises(TypeError, match=r"give its parameters: \.params"):
        SGD(layer, lr=0.1)
    with pytest.raises(ValueError, match="no parameters to train"):
        SGD([], lr=0.1)
    with pytest.raises(TypeError, match=r"no \.data and \.grad"):
        SGD([1.0], lr=0.1)
    with pytest.raises(TypeError, match="parameters"):
        SGD(nn.ReLU(), lr=0.1)
