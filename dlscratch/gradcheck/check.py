"""`check`: compare every gradient that a pullback returns with central differences."""

import numpy as np

from .numeric import numeric_gradient
from .report import Finding, GradientError, Report
from .subject import subject_of

TOLERANCE = 1e-6


def check(f, *inputs, rng, constants=(), **options):
    """Return a Report if every gradient of `f` is right; raise GradientError otherwise.

    f: an operation `f(*inputs, **options) -> (out, pullback)`, a layer or a loss (forward, backward), or a
    function of tensors. Every input that is a float array is differentiated, unless `constants` names it (by
    name or position); keyword options are passed on as they are.

    The gradient that arrives from above is random: all ones would hide a softmax whose backward returns zeros.
    """
    report = explain(f, *inputs, rng=rng, constants=constants, **options)
    if not report.ok:
        raise GradientError(report)
    return report


def explain(f, *inputs, rng, constants=(), **options):
    """The same judgement as `check`, as a Report, without raising."""
    subject = subject_of(f, inputs, constants, options)
    try:
        out, grads, dout = _run(subject, rng)
    except Exception as error:  # whatever a learner's code does is a finding, never a crash of the checker
        return _failed(subject, "raises", f"raised {type(error).__name__}: {error}")
    if grads is None:
        return _failed(subject, "returns-none", "the pullback returned None: a gradient for every input is missing")
    if len(grads) != len(subject.names):
        what = f"the pullback returned {len(grads)} gradients for {len(subject.names)} inputs"
        return _failed(subject, None, what)
    findings, errors = [], [0.0]
    for i, (name, grad) in enumerate(zip(subject.names, grads, strict=True)):
        finding, error = _judge(subject, i, name, grad, dout)
        findings += [finding] if finding else []
        errors.append(error)
    names = tuple("d" + name for name in subject.names)
    return Report(subject.title, names, tuple(findings), max(errors))


def _run(subject, rng):
    values = [np.array(v, dtype=np.float64) for v in subject.values]
    out, pullback = subject.run(values)
    dout = rng.normal(size=np.shape(out))[()]
    return out, pullback(dout), dout


def _judge(subject, i, name, grad, dout):
    """One gradient against central differences -> (finding or None, relative error)."""
    value = np.asarray(subject.values[i], dtype=np.float64)
    if grad is None:
        return Finding("d" + name, "returns-none", "", "is None"), np.inf
    grad = np.asarray(grad)
    if grad.shape != value.shape:
        evidence = f"yours has shape {grad.shape}, {name} has {value.shape}"
        return Finding("d" + name, "wrong-shape", evidence, "has the wrong shape:"), np.inf
    right = numeric_gradient(lambda x: _projected(subject, i, x, dout), value)
    error = np.abs(grad - right)
    scale = max(1e-8, float(np.max(np.abs(right), initial=0)), float(np.max(np.abs(grad), initial=0)))
    worst = float(np.max(error, initial=0)) / scale
    if worst <= TOLERANCE:
        return None, worst
    place = tuple(map(int, np.unravel_index(np.argmax(error), error.shape)))
    evidence = f"yours {grad[place]:.6g}, central differences {right[place]:.6g}"
    return Finding("d" + name, None, evidence, f"is wrong; worst at {list(place)}:"), worst


def _projected(subject, i, x, dout):
    values = [np.array(v, dtype=np.float64) for v in subject.values]
    values[i] = x
    return float(np.sum(subject.run(values)[0] * dout))


def _failed(subject, cause, message):
    return Report(subject.title, (), (Finding(subject.title, cause, "", message),), np.inf)
