"""`check_optimizer`: follow a learner's optimizer for a few steps, and name the slip when it leaves the rule."""

import inspect

import numpy as np

from .evidence import same
from .report import Finding, GradientError, Report

SHAPES = ((3, 2), (3, 2), (4,))  # two of one shape: state that is shared shows
STEPS = 6


class Box:
    """A parameter, as an optimizer sees it."""

    def __init__(self, data):
        self.data, self.grad = data, np.zeros_like(data)


def check_optimizer(cls, rule=None, *, rng=None, **hyper):
    """Return a Report if `cls(params, lr=...)` steps by its rule; raise GradientError otherwise.

    rule: "SGD", "Momentum", "Nesterov", "WeightDecay", "AdaGrad", "RMSProp", "Adam" or "AdamW"; unless given it is
    read off the name and the hyper-parameters of the class. hyper: passed on to the class.
    """
    report = explain_optimizer(cls, rule, rng=rng, **hyper)
    if not report.ok:
        raise GradientError(report)
    return report


def explain_optimizer(cls, rule=None, *, rng=None, **hyper):
    """The same judgement as `check_optimizer`, as a Report, without raising."""
    from .catalogue.rules import HYPER, RULES

    rule = rule or rule_of(cls, hyper)
    if rule not in RULES:
        raise ValueError(f"check_optimizer(cls, rule): {rule!r} is none of {', '.join(RULES)}")
    title = getattr(cls, "__name__", "optimizer")
    settings = HYPER[rule] | hyper
    seeds = np.random.default_rng(0) if rng is None else rng
    start = [seeds.normal(size=s) for s in SHAPES]
    grads = [[seeds.normal(size=s) for s in SHAPES] for _ in range(STEPS)]
    try:
        yours, changed = follow(cls, _accepted(cls, settings), start, grads)
    except Exception as error:
        return Report(title, (), (Finding(title, "raises", "", f"raised {type(error).__name__}: {error}"),))
    if changed:
        says = "step() overwrote the gradient: it belongs to the parameter; make a new array."
        return Report(title, ("data",), (Finding("grad", "mutates-input", "", says),))
    right = by_rule(RULES[rule], settings, start, grads)
    if all(same(a, b) for a, b in zip(yours, right, strict=True)):
        return Report(title, ("data",), agrees=f"every step follows the rule of {rule}")
    return Report(title, ("data",), (_finding(rule, settings, start, grads, yours, right),))


def follow(cls, settings, start, grads):
    """The parameters after every step, laid end to end; and whether a gradient was changed."""
    params = [Box(w.copy()) for w in start]
    optimizer = cls(params, **settings)
    trail, changed = [], False
    for step in grads:
        if hasattr(optimizer, "zero_grad"):
            optimizer.zero_grad()
        else:  # that is left to the caller
            for p in params:
                p.grad = np.zeros_like(p.data)
        for p, g in zip(params, step, strict=True):
            p.grad = g.copy() if p.grad is None else p.grad + g
        given = [np.array(p.grad) for p in params]
        optimizer.step()
        changed = changed or any(
            p.grad is not None and np.any(p.grad) and not np.array_equal(p.grad, g)
            for p, g in zip(params, given, strict=True)
        )
        trail.append(_end_to_end([p.data for p in params]))
    return trail, changed


def by_rule(rule, h, start, grads, shared=False):
    """The same trail by a rule of the catalogue."""
    weights = [w.copy() for w in start]
    memories = [{}] * len(start) if shared else [{} for _ in start]
    trail = []
    for t, step in enumerate(grads, start=1):
        with np.errstate(all="ignore"):
            weights = [rule(t, w, g, m, h) for w, g, m in zip(weights, step, memories, strict=True)]
        trail.append(_end_to_end(weights))
    return trail


def rule_of(cls, hyper=()):
    """Which rule a class means to be: by its name, else by the hyper-parameters it takes."""
    from .catalogue.rules import RULES

    name = getattr(cls, "__name__", "").lower()
    takes = set(_parameters(cls)) | set(hyper)
    if hyper and hyper.get("nesterov"):
        return "Nesterov"
    if "sgd" in name and hyper and hyper.get("momentum"):
        return "Momentum"
    if "sgd" in name and hyper and hyper.get("weight_decay"):
        return "WeightDecay"
    for rule in sorted(RULES, key=len, reverse=True):
        if rule.lower() in name:
            return rule
    for word, rule in (("betas", "Adam"), ("beta1", "Adam"), ("decay", "RMSProp"), ("momentum", "Momentum")):
        if word in takes:
            return rule
    return "AdaGrad" if "eps" in takes else "SGD"


def _finding(rule, h, start, grads, yours, right):
    from .catalogue.adaptive import WRONG  # all of them

    first = next(t for t, (a, b) in enumerate(zip(yours, right, strict=True), start=1) if not same(a, b))
    at = int(np.argmax(np.abs(yours[first - 1] - right[first - 1])))
    is_now, should_be = _apart(yours[first - 1][at], right[first - 1][at])
    told = f"after step {first} a parameter is {is_now}, by the rule {should_be}"
    fits = [w for w in WRONG if w.rule == rule and _reproduces(w, h, start, grads, yours)]
    if not fits:
        says = f"it leaves the rule of {rule} at step {first}, and no known mistake gives these numbers."
        return Finding("data", None, told, says, "chapter 07", (), yours[first - 1], right[first - 1])
    also = tuple(dict.fromkeys(w.cause for w in fits if w.cause != fits[0].cause))
    return Finding("data", fits[0].cause, told, fits[0].says, "chapter 07", also, yours[first - 1], right[first - 1])


def _apart(a, b):
    """Two numbers with four digits, or with as many as tell them apart."""
    for digits in (4, 6, 8, 17):
        told = f"{a:.{digits}g}", f"{b:.{digits}g}"
        if told[0] != told[1]:
            break
    return told


def _reproduces(wrong, h, start, grads, yours):
    try:
        trail = by_rule(wrong.step, h, start, grads, wrong.shared)
    except ValueError:  # shared state of two shapes
        return False
    return all(same(a, b) for a, b in zip(yours, trail, strict=True))


def _accepted(cls, settings):
    """The hyper-parameters that the class takes; betas as beta1, beta2 where it wants them so."""
    takes = _parameters(cls)
    if "beta1" in takes and "betas" in settings:
        settings = settings | dict(zip(("beta1", "beta2"), settings["betas"], strict=True))
    return {name: value for name, value in settings.items() if name in takes or not takes}


def _parameters(cls):
    """Names of what the class takes besides the parameters; none if they cannot be known, or if it takes all."""
    try:
        found = list(inspect.signature(cls).parameters.values())[1:]
    except (TypeError, ValueError):
        return []
    return [] if any(p.kind is p.VAR_KEYWORD for p in found) else [p.name for p in found]


def _end_to_end(arrays):
    return np.concatenate([np.ravel(np.asarray(a, dtype=float)) for a in arrays])
