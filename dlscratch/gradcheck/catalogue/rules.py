"""The rules by which optimizers step: what a learner's class is held against.

A rule follows one parameter: rule(t, w, g, memory, h) -> w, with t = 1, 2, ..., the gradient g, a dict that this
parameter keeps, and the hyper-parameters h.
"""

import numpy as np

HYPER = {
    "SGD": dict(lr=0.1),
    "Momentum": dict(lr=0.1, momentum=0.8),
    "Nesterov": dict(lr=0.1, momentum=0.8, nesterov=True),
    "WeightDecay": dict(lr=0.1, weight_decay=0.3),
    "AdaGrad": dict(lr=0.1, eps=0.01),
    "RMSProp": dict(lr=0.1, decay=0.7, eps=0.01),
    "Adam": dict(lr=0.1, betas=(0.8, 0.95), eps=0.01),
    "AdamW": dict(lr=0.1, betas=(0.8, 0.95), eps=0.01, weight_decay=0.3),
}
RULES = {}


def right(name):
    return lambda rule: RULES.setdefault(name, rule)


def kept(memory, name, like):
    return memory.setdefault(name, np.zeros_like(like))


@right("SGD")
def sgd(t, w, g, memory, h):
    return w - h["lr"] * g


@right("WeightDecay")
def weight_decay(t, w, g, memory, h):
    return w - h["lr"] * (g + h["weight_decay"] * w)


@right("Momentum")
def momentum(t, w, g, memory, h):
    memory["v"] = h["momentum"] * kept(memory, "v", w) + g
    return w - h["lr"] * memory["v"]


@right("Nesterov")
def nesterov(t, w, g, memory, h):
    memory["v"] = h["momentum"] * kept(memory, "v", w) + g
    return w - h["lr"] * (g + h["momentum"] * memory["v"])


@right("AdaGrad")
def adagrad(t, w, g, memory, h):
    memory["s"] = kept(memory, "s", w) + g**2
    return w - h["lr"] * g / (np.sqrt(memory["s"]) + h["eps"])


@right("RMSProp")
def rmsprop(t, w, g, memory, h):
    memory["s"] = h["decay"] * kept(memory, "s", w) + (1 - h["decay"]) * g**2
    return w - h["lr"] * g / (np.sqrt(memory["s"]) + h["eps"])


def moments(w, g, memory, h):
    beta1, beta2 = h["betas"]
    memory["m"] = beta1 * kept(memory, "m", w) + (1 - beta1) * g
    memory["v"] = beta2 * kept(memory, "v", w) + (1 - beta2) * g**2
    return memory["m"], memory["v"]


def corrected(t, w, g, memory, h):
    m, v = moments(w, g, memory, h)
    beta1, beta2 = h["betas"]
    return m / (1 - beta1**t), v / (1 - beta2**t)


@right("Adam")
def adam(t, w, g, memory, h):
    m, v = corrected(t, w, g, memory, h)
    return w - h["lr"] * m / (np.sqrt(v) + h["eps"])


@right("AdamW")
def adamw(t, w, g, memory, h):
    return adam(t, w * (1 - h["lr"] * h["weight_decay"]), g, memory, h)
