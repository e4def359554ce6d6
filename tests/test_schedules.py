"""Schedules: the rates they give, and that training uses exactly those."""

import math

import numpy as np
import pytest

from dlscratch import (
    SGD,
    Affine,
    MSELoss,
    Sequential,
    Trainer,
    cosine_decay,
    exponential_decay,
    linear_decay,
    step_decay,
    train,
)

SCHEDULES = {
    "linear": linear_decay(0.4, steps=10, end=0.1),
    "exponential": exponential_decay(0.4, steps=10, end=0.1),
    "steps": step_decay(0.4, every=5, factor=0.5),
    "cosine": cosine_decay(0.4, steps=10, end=0.1),
    "warm-up": cosine_decay(0.4, steps=10, warmup=3, end=0.1),
}
every_schedule = pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES)


@every_schedule
def test_from_the_first_rate_to_the_last_and_no_further(schedule):
    rates = [schedule(step) for step in range(11)]
    assert max(rates) == 0.4
    assert schedule(10) == rates[-1] == pytest.approx(0.1)
    assert schedule(14) == pytest.approx(0.1)
    top = rates.index(0.4)
    assert rates[top:] == sorted(rates[top:], reverse=True)


@every_schedule
def test_a_rate_depends_on_the_step_alone(schedule):
    forwards = [schedule(step) for step in range(20)]
    assert [schedule(step) for step in reversed(range(20))] == forwards[::-1]


def test_halfway_is_the_mean_of_both_ends_and_the_geometric_mean_for_a_factor():
    assert linear_decay(0.4, steps=10, end=0.1)(5) == pytest.approx((0.4 + 0.1) / 2)
    assert cosine_decay(0.4, steps=10, end=0.1)(5) == pytest.approx((0.4 + 0.1) / 2)
    assert exponential_decay(0.4, steps=10, end=0.1)(5) == pytest.approx(math.sqrt(0.4 * 0.1))


def test_exponential_decay_takes_the_same_share_off_at_every_step():
    rates = [exponential_decay(0.4, steps=10, end=0.1)(step) for step in range(11)]
    np.testing.assert_allclose(np.divide(rates[1:], rates[:-1]), 0.25**0.1, rtol=1e-14)


def test_the_cosine_is_the_published_one():
    """eta_min + (eta_max - eta_min) / 2 * (1 + cos(pi T_cur / T_i)), Loshchilov & Hutter 2017, equation 5."""
    step, T = np.arange(8), 7
    published = 0.1 + 0.5 * (0.4 - 0.1) * (1 + np.cos(step / T * np.pi))
    np.testing.assert_allclose([cosine_decay(0.4, steps=T, end=0.1)(s) for s in step], published, rtol=1e-14)


def test_a_warm_up_climbs_in_equal_steps_and_then_the_cosine_has_the_rest():
    schedule, rest = cosine_decay(0.4, steps=10, warmup=3), cosine_decay(0.4, steps=7)
    np.testing.assert_allclose([schedule(s) for s in range(4)], [0.1, 0.2, 0.3, 0.4], rtol=1e-15)
    assert [schedule(s) for s in range(3, 15)] == [rest(s) for s in range(12)]


# ---- in training -------------------------------------------------------------------------------------


class Recorder(SGD):
    """SGD that notes the rate of every step."""

    def __init__(self, params, *, lr):
        super().__init__(params, lr=lr)
        self.rates = []

    def update(self, data, grad):
        self.rates.append(self.lr)
        super().update(data, grad)


def line_net(lr=0.3):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(20, 1))
    net = Sequential(Affine(1, 1, rng=rng))
    return (net, MSELoss(), Recorder(net.params, lr=lr)), (x, 3 * x)


def fit(model, xy, **options):
    return Trainer(*model).fit(*xy, batch_size=5, progress=False, rng=np.random.default_rng(1), **options)


def test_fit_gives_every_step_its_rate():
    model, xy = line_net()
    schedule = linear_decay(0.2, steps=8)
    fit(model, xy, epochs=2, schedule=schedule)
    assert model[2].rates == [schedule(step) for step in range(8)]


def test_a_loop_over_train_takes_the_same_steps_as_fit():
    schedule = cosine_decay(0.2, steps=8, warmup=2)
    (net, loss, optimizer), xy = line_net(lr=schedule(0))
    for step in train(net, loss, optimizer, *xy, epochs=2, batch_size=5, rng=np.random.default_rng(1)):
        optimizer.lr = schedule(step.step + 1)
    fitted, _ = line_net()
    fit(fitted, xy, epochs=2, schedule=schedule)
    assert fitted[2].rates == optimizer.rates
    np.testing.assert_array_equal(fitted[0].params[0].data, net.params[0].data)


def test_a_second_fit_starts_its_schedule_anew():
    model, xy = line_net()
    schedule = step_decay(0.2, every=4, factor=0.5)
    fit(model, xy, epochs=2, schedule=schedule)
    fit(model, xy, epochs=2, schedule=schedule)
    assert model[2].rates == [0.2] * 4 + [0.1] * 4 + [0.2] * 4 + [0.1] * 4


def test_after_a_fit_the_optimizer_has_its_own_rate_again():
    model, xy = line_net(lr=0.3)
    fit(model, xy, epochs=1, schedule=linear_decay(0.2, steps=4))
    assert model[2].lr == 0.3
    fit(model, xy, epochs=1)
    assert model[2].rates[4:] == [0.3] * 4


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid")
def test_a_fit_that_breaks_off_leaves_the_rate_alone_too():
    model, xy = line_net(lr=0.3)
    with pytest.raises(FloatingPointError, match=r"learning rate \(1000.0\)"):
        fit(model, xy, epochs=500, schedule=lambda step: 1000.0)
    assert model[2].lr == 0.3


@pytest.mark.parametrize("rate", [-0.1, math.nan, math.inf])
def test_a_rate_out_of_range_stops_the_fit_before_the_step(rate):
    model, xy = line_net()
    with pytest.raises(ValueError, match=rf"schedule\(2\) is {rate}; a learning rate is finite, 0 or more"):
        fit(model, xy, epochs=1, schedule=lambda step: rate if step == 2 else 0.1)
    assert model[2].rates == [0.1, 0.1]
    assert model[2].lr == 0.3


# ---- bad input ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: linear_decay(0, steps=1), "linear_decay: lr = 0 must be above 0"),
        (lambda: linear_decay(-1.0, steps=1), "lr = -1.0 must be above 0"),
        (lambda: linear_decay(math.nan, steps=1), "lr = nan must be above 0"),
        (lambda: linear_decay(math.inf, steps=1), "lr = inf must be above 0 and finite"),
        (lambda: linear_decay(0.1, steps=1, end=0.2), "end = 0.2 must lie in 0 <= end <= lr = 0.1"),
        (lambda: linear_decay(0.1, steps=1, end=-0.2), "end = -0.2"),
        (lambda: linear_decay(0.1, steps=0), "steps = 0 must be a whole number of at least 1"),
        (lambda: linear_decay(0.1, steps=1.5), "steps = 1.5 must be a whole number"),
        (lambda: linear_decay(0.1, steps=math.inf), "steps = inf must be a whole number"),
        (lambda: exponential_decay(0.1, steps=5, end=0), "end = 0 is never reached"),
        (lambda: exponential_decay(0.1, steps=5, end=0.2), "exponential_decay: end = 0.2"),
        (lambda: step_decay(0.1, every=0), "step_decay: every = 0"),
        (lambda: step_decay(0.1, every=2, factor=0), "factor = 0 must lie in 0 < factor <= 1"),
        (lambda: step_decay(0.1, every=2, factor=1.155), "factor = 1.155 must lie in 0 < factor <= 1"),
        (lambda: cosine_decay(0.1, steps=5, warmup=-1), "warmup = -1 must be a whole number of at least 0"),
        (lambda: cosine_decay(0.1, steps=5, warmup=5), "steps = 5 must be a whole number of at least 6"),
    ],
)
def test_a_setting_out_of_range_is_named(make, said):
    with pytest.raises(ValueError) as error:
        make()
    assert said in str(error.value)


@every_schedule
def test_steps_count_from_0(schedule):
    for step in (-1, math.nan):
        with pytest.raises(ValueError, match=rf"step = {step}; steps count from 0"):
            schedule(step)
