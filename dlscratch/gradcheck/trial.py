"""One draw, played once: what came out, which gradients came back, and what was changed on the way."""

import traceback
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Trial:
    """`gradients` as they came; `changed` names what the code wrote to; `error` ends a trial that raised."""

    values: list
    dout: np.ndarray | None = None
    out: np.ndarray | None = None
    dtype: np.dtype | None = None  # of the output, as it came
    gradients: list = field(default_factory=list)
    changed: list = field(default_factory=list)
    error: str = ""
    answered: bool = True  # False: the whole backward returned None
    backward: object = field(default=None, repr=False)  # the pullback of this call, to be called once more
    repeated: list = field(default_factory=list)  # the gradients it then returned
    agrees: dict = field(default_factory=dict)  # does gradient i agree with differences?  As far as asked


def play(running, names, values, rng):
    """Forward, a random dout, backward. The code gets copies: what it overwrites is noticed, and harms nobody."""
    trial = Trial(values)
    copies = [_copy(v) for v in values]
    try:
        with np.errstate(all="ignore"):
            _there_and_back(trial, running, names, values, copies, rng)
    except NotImplementedError as error:
        trial.error = f"NotImplementedError: not written yet{_where(error)}"
    except Exception as error:  # whatever the code does is a finding, never a crash of the checker
        trial.error = f"{type(error).__name__}: {error}{_where(error)}"
    return trial


def _there_and_back(trial, running, names, values, copies, rng):
    out = running.forward(copies)
    trial.backward = running.backward
    trial.changed += _changed(names, values, copies)
    trial.out, trial.dtype = np.array(out, dtype=float), np.asarray(out).dtype
    # random, not ones: softmax rows sum to 1, so ones would hide a backward that returns zeros
    trial.dout = rng.normal(size=trial.out.shape)
    given = _copy(trial.dout)
    grads = running.backward(given[()] if given.ndim == 0 else given)
    trial.changed += [name for name in _changed(names, values, copies) if name not in trial.changed]
    if not np.array_equal(given, trial.dout):
        trial.changed.append("dout")
    trial.answered = grads is not None and not (len(grads) == 1 and grads[0] is None and len(names) > 1)
    trial.gradients = [_copy(g) if type(g) is np.ndarray else g for g in grads] if grads is not None else []


def play_back_again(trial):
    """The way back of an earlier call once more, with the same dout: what came in between must not matter."""
    try:
        with np.errstate(all="ignore"):
            trial.repeated = list(trial.backward(_copy(trial.dout)[()]) or [])
    except Exception as error:
        trial.error = f"{type(error).__name__}: {error}{_where(error)}"


def _copy(v):
    return np.array(v, order="K") if np.ndim(v) else v


def _changed(names, before, after):
    def same(a, b):
        return np.shape(a) == np.shape(b) and np.array_equal(a, b, equal_nan=True)

    return [name for name, a, b in zip(names, before, after, strict=True) if not same(a, b)]


def _where(error):
    """The last line outside this folder: the learner's own."""
    if hasattr(error, "where"):  # of an object in another process: it knows better
        return error.where
    here = __file__.rsplit("trial.py", 1)[0]
    frames = [f for f in traceback.extract_tb(error.__traceback__) if not f.filename.startswith(here)]
    return (
        f"  (in {frames[-1].name}, line {frames[-1].lineno}: {frames[-1].line})" if frames and frames[-1].line else ""
    )
