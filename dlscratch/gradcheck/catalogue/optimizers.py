"""The ways in which optimizers are written wrongly: rules like the right ones, off by one slip each."""

from dataclasses import dataclass
from typing import Any

from .rules import RULES, kept, momentum

WRONG = []


@dataclass(frozen=True)
class WrongRule:
    """shared: all parameters write to one memory."""

    name: str
    rule: str
    cause: str
    says: str
    symptom: str
    step: Any
    shared: bool = False


def wrong(name, cause, says, *, symptom, shared=False):
    def add(step):
        WRONG.append(WrongRule(step.__name__, name, cause, says, symptom, step, shared))
        return step

    return add


# ---- wrong for every rule ----------------------------------------------------------------------------


def uphill(rule):
    def step(t, w, g, memory, h):
        return 2 * w - RULES[rule](t, w, g, memory, h)

    return step


def unmoved(t, w, g, memory, h):
    return w


def forgetful(rule):
    def step(t, w, g, memory, h):
        return RULES[rule](t, w, g, {}, h)

    return step


def uncounted(rule):
    def step(t, w, g, memory, h):
        return RULES[rule](1, w, g, memory, h)

    return step


def from_zero(rule):
    def step(t, w, g, memory, h):
        return RULES[rule](max(t - 1, 1), w, g, memory, h)

    return step


def without_lr(rule):
    def step(t, w, g, memory, h):
        return RULES[rule](t, w, g, memory, h | {"lr": 1.0})

    return step


for _name in RULES:
    wrong(_name, "sign", "it steps uphill: w must go against the gradient.", symptom="The loss rises from the start.")(
        uphill(_name)
    )
    wrong(
        _name,
        "not-in-place",
        "the parameters do not change: a new array was bound to a name, and p.data still holds the old one.",
        symptom="The loss stays where it is, and no error is raised.",
    )(unmoved)
    wrong(
        _name,
        "constant-factor",
        "the learning rate is not used.",
        symptom="The loss explodes within a few steps, whatever lr is.",
    )(without_lr(_name))

for _name in RULES:
    wrong(
        _name,
        "zeros",
        "or the gradient is 0 when step() looks at it: it was cleared too early.",
        symptom="The loss stays where it is, and no error is raised.",
    )(unmoved)

for _name in ("Momentum", "Nesterov"):
    wrong(
        _name,
        "no-velocity",
        "the velocity is not kept from step to step: it starts from 0 each time.",
        symptom="It learns like plain gradient descent, whatever the momentum.",
    )(forgetful(_name))

for _name in ("AdaGrad", "RMSProp", "Adam", "AdamW"):
    wrong(
        _name,
        "stale-cache",
        "the running averages are not kept from step to step: they start from 0 each time.",
        symptom="Every step has about the same length; the loss never settles.",
    )(forgetful(_name))

for _name in ("Momentum", "Nesterov", "AdaGrad", "RMSProp", "Adam", "AdamW"):
    wrong(
        _name,
        "state-shared",
        "all parameters share one running average: each needs its own.",
        symptom="Layers of one shape pull at each other, others crash; training is slow and jerky.",
        shared=True,
    )(RULES[_name])

for _name in ("Adam", "AdamW"):
    wrong(
        _name,
        "step-not-counted",
        "the step t stays 1: it must grow by 1 with every step.",
        symptom="Steps are many times too long: the loss jumps about.",
    )(uncounted(_name))
    wrong(
        _name,
        "step-not-counted",
        "the step t lags behind by 1: it is 1 at the first step, and grows before it is used.",
        symptom="The second step is too long; after that hardly a difference.",
    )(from_zero(_name))


# ---- wrong for one rule ------------------------------------------------------------------------------


@wrong(
    "WeightDecay",
    "sign",
    "the weights grow by the decay; they must shrink.",
    symptom="The weights grow until the loss explodes.",
)
def decay_grows(t, w, g, memory, h):
    return w - h["lr"] * (g - h["weight_decay"] * w)


@wrong(
    "WeightDecay",
    "constant-factor",
    "the decay is not multiplied by lr.",
    symptom="The weights shrink towards 0 at any learning rate.",
)
def decay_without_lr(t, w, g, memory, h):
    return w - h["lr"] * g - h["weight_decay"] * w


@wrong("WeightDecay", "term-missing", "the decay is not applied.", symptom="The weights stay large; it overfits.")
def decay_lost(t, w, g, memory, h):
    return w - h["lr"] * g


@wrong("WeightDecay", "twice", "the decay is counted twice.", symptom="The weights are smaller than they should be.")
def decay_twice(t, w, g, memory, h):
    return w - h["lr"] * (g + 2 * h["weight_decay"] * w)


@wrong(
    "Momentum",
    "constant-factor",
    "the gradient enters the velocity with (1 - momentum): v = momentum v + g.",
    symptom="It learns 1 / (1 - momentum) times too slowly.",
)
def damped(t, w, g, memory, h):
    memory["v"] = h["momentum"] * kept(memory, "v", w) + (1 - h["momentum"]) * g
    return w - h["lr"] * memory["v"]


@wrong(
    "Momentum",
    "sign",
    "the velocity is subtracted from the gradient: v = momentum v + g.",
    symptom="It learns more slowly than without momentum.",
)
def against_itself(t, w, g, memory, h):
    memory["v"] = g - h["momentum"] * kept(memory, "v", w)
    return w - h["lr"] * memory["v"]


@wrong("Momentum", "term-missing", "the momentum is missing: v grows by g.", symptom="It swings wider and wider.")
def never_slowing(t, w, g, memory, h):
    memory["v"] = kept(memory, "v", w) + g
    return w - h["lr"] * memory["v"]


@wrong(
    "Momentum",
    "wrong-parameter",
    "the step uses the velocity of the step before: update v first.",
    symptom="The first step does nothing; then everything happens one step late.",
)
def one_late(t, w, g, memory, h):
    before = kept(memory, "v", w)
    memory["v"] = h["momentum"] * before + g
    return w - h["lr"] * before


@wrong(
    "Nesterov",
    "term-missing",
    "the step uses v alone: that is plain momentum; Nesterov's steps along g + momentum v.",
    symptom="It overshoots a little more than it should.",
)
def plain_momentum(t, w, g, memory, h):
    return momentum(t, w, g, memory, h)


@wrong(
    "Nesterov",
    "wrong-parameter",
    "it looks ahead along the velocity of the step before: update v first.",
    symptom="It overshoots more than plain momentum.",
)
def looks_back(t, w, g, memory, h):
    before = kept(memory, "v", w)
    memory["v"] = h["momentum"] * before + g
    return w - h["lr"] * (g + h["momentum"] * before)
