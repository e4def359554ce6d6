"""Causes of a wrong gradient that can occur in any operation.

A cause is a hypothesis: `predict(evidence)` computes the gradient that someone who made this mistake would get.
It is named only if it reproduces the numbers at hand on every draw. Causes that belong to one operation stand in
the catalogue.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Cause:
    """`says` is the sentence for the learner."""

    slug: str
    says: str
    predict: Any


CAUSES = []


def cause(slug, says):
    def add(predict):
        CAUSES.append(Cause(slug, says, predict))
        return predict

    return add


# ---- another dout ------------------------------------------------------------------------------------


@cause("upstream-ignored", "dout is not used: this is the gradient for a dout of ones.")
def upstream_ones(e):
    return e.back(np.ones_like(e.dout))


@cause("upstream-ignored", "dout is not used: this is the local derivative alone.")
def upstream_missing(e):
    return e.local if e.elementwise else None


@cause("upstream-wrong", "dout is squared.")
def upstream_squared(e):
    return e.back(e.dout**2)


@cause("upstream-wrong", "dout is summed before it is used.")
def upstream_summed(e):
    return e.back(np.sum(e.dout))


@cause("upstream-wrong", "dout is averaged before it is used.")
def upstream_averaged(e):
    return e.back(np.mean(e.dout))


@cause("upstream-wrong", "dout is averaged over the batch before it is used.")
def upstream_batch_mean(e):
    return e.back(np.mean(e.dout, axis=0, keepdims=True)) if np.ndim(e.dout) else None


@cause("upstream-wrong", "dout is summed over the batch before it is used.")
def upstream_batch_sum(e):
    return e.back(np.sum(e.dout, axis=0, keepdims=True)) if np.ndim(e.dout) else None


@cause("upstream-wrong", "dout is summed over each row before it is used.")
def upstream_row_sum(e):
    return e.back(np.sum(e.dout, axis=-1, keepdims=True)) if np.ndim(e.dout) else None


@cause("upstream-wrong", "only the sign of dout is used.")
def upstream_sign(e):
    return e.back(np.sign(e.dout))


@cause("upstream-wrong", "the absolute value of dout is used.")
def upstream_abs(e):
    return e.back(np.abs(e.dout))


@cause("upstream-wrong", "the operation's output stands where dout belongs.")
def upstream_is_out(e):
    return e.back(e.out)


@cause("upstream-wrong", "dout is multiplied by the output.")
def upstream_times_out(e):
    return e.back(e.dout * e.out)


@cause("upstream-wrong", "dout is added where it should multiply.")
def upstream_added(e):
    return e.local + e.dout if e.elementwise and np.any(e.local) else None


@cause("upstream-wrong", "the rows of dout are used in reverse order.")
def upstream_reversed(e):
    return e.back(e.dout[::-1]) if np.ndim(e.dout) else None


@cause("first-example-only", "only the first example of the batch is used.")
def first_example(e):
    return e.back(_only_row(e.dout, 0)) if np.ndim(e.dout) and len(e.dout) > 1 else None


@cause("first-example-only", "only the last example of the batch is used: each overwrote the one before.")
def last_example(e):
    return e.back(_only_row(e.dout, -1)) if np.ndim(e.dout) and len(e.dout) > 1 else None


@cause("first-example-only", "the first example's gradient is given to every row.")
def first_row_everywhere(e):
    return np.broadcast_to(e.right[:1], e.right.shape) if np.ndim(e.right) and len(e.right) > 1 else None


@cause("term-missing", "the first example of the batch is left out of the sum.")
def without_first(e):
    return e.right - first_example(e) if first_example(e) is not None else None


@cause("term-missing", "the last example of the batch is left out of the sum.")
def without_last(e):
    return e.right - last_example(e) if last_example(e) is not None else None


def _only_row(dout, row):
    only = np.zeros_like(dout)
    only[row] = dout[row]
    return only


# ---- another local derivative ------------------------------------------------------------------------


@cause("local-derivative-missing", "dout is passed on as it is: the operation's own derivative is missing.")
def passed_on(e):
    return e.dout if e.elementwise and not same_mask(e) else None


@cause("mask-missing", "dout is passed on everywhere: the mask is missing.")
def mask_missing(e):
    return e.dout if same_mask(e) else None


@cause("mask-missing", "dout is scaled everywhere: the mask is missing.")
def mask_missing_scaled(e):
    return e.dout * np.max(e.local) if same_mask(e) else None


@cause("mask-missing", "only the mask is applied; the scale of what is kept is missing.")
def scale_missing(e):
    return e.dout * (e.local != 0) if same_mask(e) and abs(np.max(e.local) - 1) > 1e-6 else None


@cause("mask-from-dout", "the mask is taken from dout; it must be taken from the input.")
def mask_of_dout(e):
    return e.dout * (e.dout > 0) if e.elementwise else None


@cause("mask-inverted", "the mask is inverted: what should pass is blocked, and what should be blocked passes.")
def mask_inverted(e):
    return e.dout * (np.max(e.local) - e.local) if same_mask(e) else None


@cause("wrong-point", "the derivative is taken at the output; it must be taken at the input.")
def at_the_output(e):
    if not e.elementwise:
        return None
    from .numeric import jacobian

    with np.errstate(all="ignore"):
        return np.diag(jacobian(e.forward, e.out)).reshape(np.shape(e.value)) * e.dout


@cause("diagonal-only", "only the diagonal of the Jacobian is used: every output depends on the other inputs too.")
def diagonal(e):
    return e.local * e.dout if e.elementwise else None


@cause("local-derivative-missing", "the local derivative is squared.")
def local_squared(e):
    return e.local**2 * e.dout if e.elementwise else None


@cause("local-derivative-missing", "dout is divided by the local derivative; it must be multiplied.")
def divided(e):
    with np.errstate(all="ignore"):
        return e.dout / e.local if e.elementwise and np.all(e.local) else None


def same_mask(e):
    """Is the operation a mask: every local derivative 0 or one and the same number?"""
    if not e.elementwise or np.count_nonzero(np.abs(e.J - np.diag(np.diag(e.J))) > 1e-7):
        return False
    kept = e.local[np.abs(e.local) > 1e-7]
    return 0 < kept.size < e.local.size and np.ptp(kept) < 1e-6


# ---- another axis, another argument ------------------------------------------------------------------


@cause("transposed", "it is the transpose of the right one.")
def transposed(e):
    return e.right.T if np.ndim(e.right) == 2 else None


@cause("transposed", "the shape is right and the entries are those of the transpose, read row by row.")
def transposed_then_reshaped(e):
    return e.right.T.reshape(e.right.shape) if np.ndim(e.right) == 2 else None


@cause("zeros", "it is 0 everywhere.")
def zeros(e):
    return np.zeros_like(e.right)


# ---- another call ------------------------------------------------------------------------------------


@cause("accumulates", "it still contains the gradient of the call before: start from 0 each time.")
def accumulated(e):
    return e.before.right + e.right if e.before is not None else None


@cause("stale-cache", "it is the gradient of the call before: what forward remembers must be replaced by each forward.")
def the_call_before(e):
    return e.before.right if e.before is not None else None


@cause("stale-cache", "it uses what the first forward remembered, not the latest one.")
def stale_cache(e):
    return e.before.back(e.dout) if e.before is not None and np.shape(e.before.dout) == np.shape(e.dout) else None
