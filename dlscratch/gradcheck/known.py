"""What the catalogue knows about the operation at hand: its own wrong versions, and inputs that overflow.

An operation is recognised by its values, whatever it is called.
"""

import numpy as np

from .evidence import same


def recognised(draws, outs, split):
    """The catalogue's operations that give these outputs on all draws.  split(draw) -> (values, constants)."""
    from .catalogue import operations

    return [
        op
        for op in operations().values()
        if all(_gives(op, draw, out, split) for draw, out in zip(draws, outs, strict=True))
    ]


def _gives(op, draw, out, split):
    inputs, options = arranged(op, *split(draw))
    if inputs is None:
        return False
    try:
        with np.errstate(all="ignore"):
            return same(op.forward(*inputs, **options), out)
    except Exception:
        return False


def arranged(op, values, constants):
    """Positional and keyword inputs for this operation, or (None, None): constants go by name, else in order."""
    positional = [p.name for p in op.signature.parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]
    keywords = [p.name for p in op.signature.parameters.values() if p.kind is p.KEYWORD_ONLY]
    if len(values) != len(positional) or len(constants) > len(keywords):
        return None, None
    named = {k: v for k, v in constants.items() if k in keywords}
    free = [k for k in keywords if k not in named]
    return values, named | dict(zip(free, [v for k, v in constants.items() if k not in named], strict=False))


BY_ARGUMENT = {"mutates-input", "accumulates", "stale-cache"}  # what one gradient does says nothing of another


def wrong_versions(op, plays, split, i, k):
    """The wrong versions whose gradient i is the one at hand, on every draw, in call k (0 or 1).

    First those that are about this gradient; then those whose slip, made further up, spreads to it.
    """
    name = "d" + list(op.signature.parameters)[i]
    changed = {name for _, *trials in plays for trial in trials for name in trial.changed}
    others = [w for w in op.versions if w.argument != name and w.cause not in BY_ARGUMENT]
    others = [w for w in others if w.cause != "mutates-dout" or "dout" in changed]
    about = [w for w in op.versions if w.argument == name]
    fits = [w for w in about if _reproduces(op, w, plays, split, i, k)]
    return fits or [w for w in others if _reproduces(op, w, plays, split, i, k)]


def _reproduces(op, wrong, plays, split, i, k):
    try:
        with np.errstate(all="ignore"):
            return all(_same_gradient(op, wrong.make(), draw, trials, split, i, k) for draw, *trials in plays)
    except Exception:
        return False


def _same_gradient(op, version, draw, trials, split, i, k):
    _, constants = split(draw)
    for trial in trials[: k + 1]:
        inputs, options = arranged(op, trial.values, constants)
        _, pullback = version(*[np.array(v) if np.ndim(v) else v for v in inputs], **options)
        grads = pullback(np.array(trial.dout)[()])
    return same(grads[i], np.asarray(trials[k].gradients[i], dtype=float))
