"""Schedules: the learning rate as a function of the step. They know neither net nor optimizer.

    schedule = cosine_decay(0.1, steps=1000, warmup=50)
    optimizer = SGD(net.params, lr=schedule(0))
    for step in train(net, loss, optimizer, x, y, epochs=10, rng=rng):
        optimizer.lr = schedule(step.step + 1)      # for the update to come

`Trainer.fit(..., schedule=schedule)` does the same, and counts from 0 in each fit. A step is one update, and the
first one is step 0. Every rate is computed from the step alone, never from the rate before it: used twice, a
schedule gives the same rates twice.
"""

from collections.abc import Callable
from math import cos, isfinite, pi

Schedule = Callable[[int], float]


def linear_decay(lr, *, steps, end=0.0) -> Schedule:
    """From `lr` in a straight line to `end` at step `steps`, and `end` from there on.

    >>> [linear_decay(1.0, steps=4)(step) for step in range(6)]
    [1.0, 0.75, 0.5, 0.25, 0.0, 0.0]
    """
    _check_range("linear_decay", lr, end)
    _check_count("linear_decay", "steps", steps, least=1)

    def schedule(step):
        done = _share(step, steps)
        return (1 - done) * lr + done * end

    return schedule


def exponential_decay(lr, *, steps, end) -> Schedule:
    """From `lr` by one factor a step to `end` at step `steps`, and `end` from there on.  0 < end <= lr.

    >>> [round(exponential_decay(1.0, steps=2, end=0.01)(step), 4) for step in range(4)]
    [1.0, 0.1, 0.01, 0.01]
    """
    _check_range("exponential_decay", lr, end)
    if not end:
        raise ValueError("exponential_decay: end = 0 is never reached by a factor; give end above 0, or linear_decay")
    _check_count("exponential_decay", "steps", steps, least=1)
    return lambda step: lr * (end / lr) ** _share(step, steps)


def step_decay(lr, *, every, factor=0.1) -> Schedule:
    """`lr`, multiplied by `factor` after every `every` steps.  0 < factor <= 1.

    >>> [step_decay(1.0, every=2, factor=0.5)(step) for step in range(6)]
    [1.0, 1.0, 0.5, 0.5, 0.25, 0.25]
    """
    _check_range("step_decay", lr)
    _check_count("step_decay", "every", every, least=1)
    if not 0 < factor <= 1:
        raise ValueError(f"step_decay: factor = {factor} must lie in 0 < factor <= 1")
    return lambda step: lr * factor ** (_not_negative(step) // every)


def cosine_decay(lr, *, steps, warmup=0, end=0.0) -> Schedule:
    """From `lr` along half a cosine to `end` at step `steps`, and `end` from there on: slow, fast, slow.

    warmup: so many steps climb to `lr` in a straight line first; the cosine has the rest.
    (Loshchilov & Hutter 2017, equation 5, one period; warm-up: Goyal et al. 2017, section 2.2)

    >>> [round(cosine_decay(1.0, steps=6, warmup=2)(step), 4) for step in range(8)]
    [0.3333, 0.6667, 1.0, 0.8536, 0.5, 0.1464, 0.0, 0.0]
    """
    _check_range("cosine_decay", lr, end)
    _check_count("cosine_decay", "warmup", warmup, least=0)
    _check_count("cosine_decay", "steps", steps, least=warmup + 1)

    def schedule(step):
        if _not_negative(step) < warmup:
            return lr * (step + 1) / (warmup + 1)
        done = _share(step - warmup, steps - warmup)
        return end + (lr - end) * (1 + cos(pi * done)) / 2

    return schedule


def _share(step, steps):
    """How much of the way is done, 0 to 1."""
    return min(_not_negative(step) / steps, 1.0)


def _not_negative(step):
    if not step >= 0:
        raise ValueError(f"schedule(step): step = {step}; steps count from 0")
    return step


def _check_range(call, lr, end=0.0):
    if not (lr > 0 and isfinite(lr)):
        raise ValueError(f"{call}: lr = {lr} must be above 0 and finite")
    if not 0 <= end <= lr:
        raise ValueError(f"{call}: end = {end} must lie in 0 <= end <= lr = {lr}")


def _check_count(call, name, value, *, least):
    if not (isfinite(value) and value == int(value) and value >= least):
        raise ValueError(f"{call}: {name} = {value} must be a whole number of at least {least}")
