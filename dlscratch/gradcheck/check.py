"""`check`: compare every gradient that a pullback returns with central differences, and name what went wrong."""

import numpy as np

from .draws import draws_of, is_maker, small_draws, with_other_rows
from .judge import Judge, kind
from .report import Finding, GradientError, Report
from .subject import UnknownConstant, subject_of
from .trial import play


def check(f, *inputs, rng, constants=(), params=None, only=None, **options):
    """Return a Report if every gradient of `f` is right; raise GradientError otherwise.

    f: an operation `f(*inputs, **options) -> (out, pullback)`, a layer (its class, a factory or an instance), a
    loss, a net, or a function of tensors.
    inputs: arrays; or one sentence of shapes such as "N D, D M, M"; or one function (rng, n, D, M) -> tuple of
    arrays. From arrays alone only the batch size can be varied, so fewer causes can be told apart.
    constants: inputs, by name or position, that need no gradient; integers and booleans never do.
    params: {"W": W, "b": b} for a factory `f(W, b)` that builds a layer.
    only: the one gradient to judge, by name ("db") or position; what else is wrong is for another check to say.
    options: keyword arguments of f, passed on as they are.
    """
    report = explain(f, *inputs, rng=rng, constants=constants, params=params, only=only, **options)
    if not report.ok:
        raise GradientError(report)
    return report


def explain(f, *inputs, rng, constants=(), params=None, only=None, **options):
    """The same judgement as `check`, as a Report, without raising."""
    constants = (constants,) if isinstance(constants, str | int) else tuple(constants)
    check_arguments(inputs, rng)
    try:
        draws = draws_of(inputs, options, rng)
        subject = subject_of(f, draws[0], constants, params)
        if not (isinstance(inputs[0], str) or is_maker(inputs[0])):
            draws = _playable(subject, draws, with_other_rows(inputs, options), rng)
    except UnknownConstant:
        raise
    except Exception as error:
        title = getattr(f, "__name__", type(f).__name__)
        return Report(title, (), (Finding(title, "raises", "", f"raised {type(error).__name__}: {error}"),))
    judge = Judge(subject, draws, rng, lambda: small_draws(inputs, options, rng), only)
    if only is not None and not judge.judged:
        raise ValueError(f"check(..., only={only!r}): the gradients are {', '.join('d' + n for n in subject.names)}")
    return judge.report()


def check_arguments(inputs, rng):
    """What is wrong in the call of `check` itself is no finding about the code."""
    if not isinstance(rng, np.random.Generator):
        raise TypeError(f"check(f, ..., rng): rng is {kind(rng)}; give np.random.default_rng(seed)")
    if not inputs:
        raise TypeError('check(f, *inputs): give the inputs of f: arrays, or a sentence of shapes such as "N D, D M"')
    if isinstance(inputs[0], str) and not inputs[0].replace(",", "").replace(" ", "").isalnum():
        raise ValueError(f'check(f, {inputs[0]!r}): a sentence of shapes is letters, blanks and commas: "N D, D M, M"')


def _playable(subject, draws, others, rng):
    """The whole arrays, and those cuts of their rows that the code can take; if none, the whole three times."""

    def plays(draw):
        return not play(subject.start(draw), subject.names, subject.values(draw), rng).error

    whole, *cuts = draws
    if not cuts or not plays(whole):
        return [whole] * 3
    return [whole, *next((cut for cut in (cuts, *others) if all(map(plays, cut))), [whole, whole])]
