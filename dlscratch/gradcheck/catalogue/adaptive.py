"""The same for the optimizers that scale each entry by the history of its gradients: AdaGrad to AdamW."""

import numpy as np

from .optimizers import WRONG, wrong
from .rules import adagrad, adam, corrected, kept, moments

__all__ = ["WRONG"]


@wrong(
    "AdaGrad",
    "not-squared",
    "gradients are summed without being squared.",
    symptom="Roots of negative numbers: NaN after a few steps.",
)
def adagrad_unsquared(t, w, g, memory, h):
    memory["s"] = kept(memory, "s", w) + np.abs(g)
    return w - h["lr"] * g / (np.sqrt(memory["s"]) + h["eps"])


@wrong(
    "AdaGrad",
    "no-root",
    "the root is missing: divide by sqrt(s).",
    symptom="It stops after a few steps.",
)
def adagrad_rootless(t, w, g, memory, h):
    memory["s"] = kept(memory, "s", w) + g**2
    return w - h["lr"] * g / (memory["s"] + h["eps"])


@wrong(
    "AdaGrad",
    "eps-inside-sqrt",
    "eps stands inside the root: sqrt(s) + eps.",
    symptom="Small gradients are damped: rare features learn late.",
)
def adagrad_eps_inside(t, w, g, memory, h):
    memory["s"] = kept(memory, "s", w) + g**2
    return w - h["lr"] * g / np.sqrt(memory["s"] + h["eps"])


@wrong(
    "AdaGrad",
    "wrong-parameter",
    "the step uses s of the step before: add g^2 first.",
    symptom="The first step is 1 / eps times too long: the loss explodes at once.",
)
def adagrad_late(t, w, g, memory, h):
    before = kept(memory, "s", w)
    memory["s"] = before + g**2
    return w - h["lr"] * g / (np.sqrt(before) + h["eps"])


@wrong(
    "RMSProp",
    "swapped",
    "decay and 1 - decay have changed places.",
    symptom="The average follows the latest gradient: all steps have nearly the same length.",
)
def rmsprop_swapped(t, w, g, memory, h):
    memory["s"] = (1 - h["decay"]) * kept(memory, "s", w) + h["decay"] * g**2
    return w - h["lr"] * g / (np.sqrt(memory["s"]) + h["eps"])


@wrong(
    "RMSProp", "term-missing", "1 - decay is missing before g^2.", symptom="Steps are too short by a constant factor."
)
def rmsprop_not_averaged(t, w, g, memory, h):
    memory["s"] = h["decay"] * kept(memory, "s", w) + g**2
    return w - h["lr"] * g / (np.sqrt(memory["s"]) + h["eps"])


@wrong(
    "RMSProp",
    "accumulates",
    "s is a sum, as in AdaGrad; it must be a running mean.",
    symptom="It learns ever more slowly.",
)
def rmsprop_as_adagrad(t, w, g, memory, h):
    return adagrad(t, w, g, memory, h)


@wrong("RMSProp", "not-squared", "the gradient is averaged without being squared.", symptom="NaN after a few steps.")
def rmsprop_unsquared(t, w, g, memory, h):
    memory["s"] = h["decay"] * kept(memory, "s", w) + (1 - h["decay"]) * np.abs(g)
    return w - h["lr"] * g / (np.sqrt(memory["s"]) + h["eps"])


@wrong(
    "RMSProp",
    "no-root",
    "the root is missing: divide by sqrt(s).",
    symptom="Small gradients make huge steps: the loss explodes near the minimum.",
)
def rmsprop_rootless(t, w, g, memory, h):
    memory["s"] = h["decay"] * kept(memory, "s", w) + (1 - h["decay"]) * g**2
    return w - h["lr"] * g / (memory["s"] + h["eps"])


@wrong(
    "RMSProp",
    "eps-inside-sqrt",
    "eps stands inside the root: sqrt(s) + eps.",
    symptom="Small gradients are damped: learning stalls on plateaus.",
)
def rmsprop_eps_inside(t, w, g, memory, h):
    memory["s"] = h["decay"] * kept(memory, "s", w) + (1 - h["decay"]) * g**2
    return w - h["lr"] * g / np.sqrt(memory["s"] + h["eps"])


@wrong(
    "Adam",
    "no-bias-correction",
    "the correction for the start at 0 is missing: m / (1 - beta1^t), v / (1 - beta2^t).",
    symptom="The first steps are several times too long, and the loss jumps at the start.",
)
def adam_uncorrected(t, w, g, memory, h):
    m, v = moments(w, g, memory, h)
    return w - h["lr"] * m / (np.sqrt(v) + h["eps"])


@wrong(
    "Adam",
    "no-bias-correction",
    "v is not corrected for its start at 0: v / (1 - beta2^t).",
    symptom="The first steps are up to thirty times too long.",
)
def adam_v_uncorrected(t, w, g, memory, h):
    m, v = moments(w, g, memory, h)
    return w - h["lr"] * m / (1 - h["betas"][0] ** t) / (np.sqrt(v) + h["eps"])


@wrong(
    "Adam",
    "no-bias-correction",
    "m is not corrected for its start at 0: m / (1 - beta1^t).",
    symptom="The first steps are ten times too short.",
)
def adam_m_uncorrected(t, w, g, memory, h):
    m, v = moments(w, g, memory, h)
    return w - h["lr"] * m / (np.sqrt(v / (1 - h["betas"][1] ** t)) + h["eps"])


@wrong(
    "Adam",
    "accumulates",
    "the corrected m and v are kept: keep the uncorrected ones, and correct copies.",
    symptom="The averages grow from step to step, and so do the steps.",
)
def adam_keeps_corrected(t, w, g, memory, h):
    m, v = corrected(t, w, g, memory, h)
    memory["m"], memory["v"] = m, v
    return w - h["lr"] * m / (np.sqrt(v) + h["eps"])


@wrong(
    "Adam",
    "wrong-parameter",
    "beta * t stands where beta ** t belongs.",
    symptom="The correction changes sign after a few steps: it climbs.",
)
def adam_product(t, w, g, memory, h):
    m, v = moments(w, g, memory, h)
    beta1, beta2 = h["betas"]
    return w - h["lr"] * (m / (1 - beta1 * t)) / (np.sqrt(np.abs(v / (1 - beta2 * t))) + h["eps"])


@wrong("Adam", "swapped", "beta1 and beta2 have changed places.", symptom="It is slow to turn and quick to rescale.")
def adam_swapped(t, w, g, memory, h):
    return adam(t, w, g, memory, h | {"betas": h["betas"][::-1]})


@wrong("Adam", "not-squared", "v averages g; it must average g^2.", symptom="NaN: roots of negative numbers.")
def adam_unsquared(t, w, g, memory, h):
    beta1, beta2 = h["betas"]
    memory["m"] = beta1 * kept(memory, "m", w) + (1 - beta1) * g
    memory["v"] = beta2 * kept(memory, "v", w) + (1 - beta2) * np.abs(g)
    return w - h["lr"] * (memory["m"] / (1 - beta1**t)) / (np.sqrt(memory["v"] / (1 - beta2**t)) + h["eps"])


@wrong(
    "Adam",
    "no-root",
    "the root is missing: divide by sqrt(v).",
    symptom="Tiny gradients make huge steps: the loss explodes near the minimum.",
)
def adam_rootless(t, w, g, memory, h):
    m, v = corrected(t, w, g, memory, h)
    return w - h["lr"] * m / (v + h["eps"])


@wrong("Adam", "eps-inside-sqrt", "eps stands inside the root: sqrt(v) + eps.", symptom="Small gradients are damped.")
def adam_eps_inside(t, w, g, memory, h):
    m, v = corrected(t, w, g, memory, h)
    return w - h["lr"] * m / np.sqrt(v + h["eps"])


@wrong(
    "Adam",
    "term-missing",
    "the step uses g; it must use the running mean m.",
    symptom="It jitters as RMSProp does: no momentum.",
)
def adam_no_mean(t, w, g, memory, h):
    _, v = corrected(t, w, g, memory, h)
    return w - h["lr"] * g / (np.sqrt(v) + h["eps"])


@wrong(
    "AdamW",
    "wrong-parameter",
    "the decay goes through the averages, as an L2 term; AdamW shrinks the weights directly.",
    symptom="Weights with large gradients are hardly decayed.",
)
def adamw_as_l2(t, w, g, memory, h):
    return adam(t, w, g + h["weight_decay"] * w, memory, h)


@wrong(
    "AdamW",
    "constant-factor",
    "the decay is not multiplied by lr.",
    symptom="The weights shrink to nothing at a small learning rate.",
)
def adamw_without_lr(t, w, g, memory, h):
    return adam(t, w * (1 - h["weight_decay"]), g, memory, h)
