"""From a wrong gradient to its cause: try every hypothesis, keep those that reproduce the numbers on every draw."""

from fractions import Fraction
from itertools import combinations, product

import numpy as np

from .causes import CAUSES
from .evidence import same


def diagnose(cases, own=()):
    """[(slug, sentence, evidence)] that fit all cases of one argument, the most telling first.

    `own`: what the catalogue says of this operation.
    """
    fits = factor(cases) + list(own)
    if not fits:
        fits = [(c.slug, c.says, "") for c in CAUSES if _reproduces(c.predict, cases)]
    fits = fits or swapped(cases)
    return _once_each(fits)


def diagnose_shape(cases, own=()):
    """The same for a gradient of the wrong shape: what its numbers say first, in the catalogue's words."""
    fits = [(slug, says, "") for slug, says, fits in SHAPES if all(fits(e) for e in cases)]
    words = {slug: says for slug, says, _ in reversed(own)}
    return _once_each([(slug, words.get(slug, says), told) for slug, says, told in fits] + list(own))


def _reproduces(predict, cases):
    try:
        with np.errstate(all="ignore"):
            guesses = [predict(e) for e in cases]
    except (ValueError, IndexError, ZeroDivisionError, TypeError, np.linalg.LinAlgError):
        return False
    return all(g is not None and same(e.yours, g) for g, e in zip(guesses, cases, strict=True))


def _once_each(fits):
    first = {}
    for fit in fits:
        first.setdefault(fit[0], fit)
    return list(first.values())


# ---- a factor ----------------------------------------------------------------------------------------

POWERS = (0, -1, 1, -2, 2)
CONSTANTS = (Fraction(1), Fraction(-1), Fraction(2), Fraction(1, 2), Fraction(-2), Fraction(-1, 2))


def factor(cases):
    """yours = c * right, with the c that n, m and small numbers explain on every draw."""
    cs = [_ratio(e) for e in cases]
    if any(c is None for c in cs) or all(abs(c) < 1e-9 for c in cs):
        return []
    if all(abs(c - 1) < 1e-5 * abs(c) for c in cs):
        return []  # wrong by so little that no factor below could tell
    powers_n, powers_m = (
        (POWERS if _varies(e.n for e in cases) else (0,)),
        (POWERS if _varies(e.m for e in cases) else (0,)),
    )
    fits = [
        (abs(pn) + abs(pm) + (k not in (1, -1)), k, pn, pm)
        for k, pn, pm in product(CONSTANTS, powers_n, powers_m)
        if all(abs(c - float(k) * e.n**pn * e.m**pm) < 1e-5 * abs(c) for c, e in zip(cs, cases, strict=True))
    ]
    if fits:
        simplest = min(cost for cost, *_ in fits)
        named = [_named_factor(k, pn, pm, cs, cases) for cost, k, pn, pm in fits if cost == simplest]
        return [*named, *_by_a_fixed_size(cs[0], cases)] if _constant(cs) else named
    if _constant(cs):
        told = f"yours is {_number(cs[0])} times right"
        return [*_by_a_fixed_size(cs[0], cases), ("constant-factor", "it is a constant times the right one.", told)]
    return []


def _by_a_fixed_size(c, cases):
    """1/3 may be 1/M where M is 3 on every draw: then both are said."""
    sizes = {"n": {e.n for e in cases}, "m": {e.m for e in cases}}
    for letter, power in product(sizes, (-1, 1)):
        (size, *others) = sizes[letter]
        if not others and abs(c - size**power) < 1e-5 * abs(c):
            says = f"it is {'divided' if power < 0 else 'multiplied'} by {size}: by {letter.upper()}, or by a constant."
            yield f"{'over' if power < 0 else 'times'}-{letter}", says, f"yours is {_number(c)} times right"


def _constant(cs):
    return max(cs) - min(cs) < 1e-5 * abs(cs[0])


def _varies(sizes):
    """A size that is the same on every draw explains nothing: 1/M is then just a number."""
    return len(set(sizes)) > 1


def _ratio(e):
    size = float(np.sum(e.right * e.right))
    if not size:
        return None
    c = float(np.sum(e.yours * e.right)) / size
    return c if same(e.yours, c * e.right, scale=abs(c) * np.max(np.abs(e.right))) else None


def _named_factor(k, pn, pm, cs, cases):
    told = ", ".join(_told(c, e, pn, pm) for c, e in zip(cs, cases, strict=True))
    if pn and pm:
        says = (
            "it is divided by the number of entries, n M, once too often."
            if pn < 0
            else ("it is too large by the number of entries, n M: a mean over all entries divides by n M.")
        )
        return ("over-n" if pn < 0 else "times-n", says, f"yours is {told}")
    if pn:
        shared = np.shape(cases[0].value)[:1] != (cases[0].n,)  # a weight: every example contributes to it
        says = "it is n times too large: divide by the number of examples, once."
        if pn < 0:
            says = "it is divided by the number of examples, and must not be."
        if pn < 0 and shared:
            says = "averaged over the batch; it must be summed: the loss has already averaged."
        return ("over-n" if pn < 0 else "times-n", says, f"yours is {told}")
    if pm:
        says = "it is divided by the number of columns." if pm < 0 else "it is multiplied by the number of columns."
        return ("over-m" if pm < 0 else "times-m", says, f"yours is {told}")
    slug, says = {
        -1: ("sign", "the sign is wrong."),
        2: ("twice", "it is counted twice, or a factor 2 is too much."),
        0.5: ("half", "a factor 2 is missing."),
        -2: ("sign", "the sign is wrong, and a factor 2 is too much."),
        -0.5: ("sign", "the sign is wrong, and a factor 2 is missing."),
    }[float(k)]
    return slug, says, f"yours is {_number(float(k))} times right"


def _told(c, e, pn, pm):
    where = " and ".join(f"{letter} = {size}" for letter, size, p in (("n", e.n, pn), ("M", e.m, pm)) if p)
    return f"{_number(c)} of right at {where}"


def _number(c):
    """1/5 rather than 0.2, 7 rather than 7.0."""
    fraction = Fraction(c).limit_denominator(2000)
    exact = abs(float(fraction) - c) < 1e-6 * abs(c) and (fraction != 1 or c == 1)
    return str(fraction) if exact else f"{c:.4g}" if abs(c - 1) > 1e-3 else f"{c:.8g}"


def swapped(cases):
    """Another argument's gradient."""
    names = cases[0].others
    return [
        ("swapped", f"it is d{name}: two gradients have changed places.", "")
        for name in names
        if all(same(e.yours, e.others[name]) for e in cases)
    ]


# ---- shapes ------------------------------------------------------------------------------------------


def unsummed(e):
    """What each entry of the output contributes, before the sum: of the output's shape."""
    return (np.ravel(e.dout)[:, None] * e.J).sum(axis=1).reshape(np.shape(e.dout))


def _is_transposed(e):
    return np.ndim(e.yours) == 2 and same(e.yours.T, e.right)


def _is_keepdims(e):
    return same(np.squeeze(e.yours), np.squeeze(e.right))


def _is_not_summed(e):
    return np.size(e.yours) > np.size(e.right) and (
        same(e.yours, unsummed(e)) or any(same(total, e.right) for total in _sums(e.yours))
    )


def _sums(a):
    """`a` summed over every choice of axes."""
    axes = range(np.ndim(a))
    return [a.sum(axis=chosen) for k in axes for chosen in combinations(axes, k + 1)]


def _is_wrong_axis(e):
    if _is_keepdims(e) or _is_not_summed(e):
        return False
    yours = np.squeeze(e.yours)
    return any(same(yours, np.squeeze(total)) for total in _sums(unsummed(e)))


def _is_swapped(e):
    return any(same(e.yours, other) for other in e.others.values())


def _is_averaged_over_wrong_axis(e):
    u, yours = unsummed(e), np.squeeze(e.yours)
    return any(same(yours, np.squeeze(u.mean(axis=axis))) for axis in range(np.ndim(u)))


SHAPES = [
    ("transposed", "it is the transpose of the right one.", _is_transposed),
    ("keepdims", "the numbers are right, but an axis of size 1 is too many or too few (keepdims).", _is_keepdims),
    (
        "not-summed",
        "it is not summed: a value that was broadcast gets the sum of its copies' gradients.",
        _is_not_summed,
    ),
    ("swapped", "it is another argument's gradient: two have changed places.", _is_swapped),
    ("wrong-axis", "it is summed over the wrong axis.", _is_wrong_axis),
    ("wrong-axis", "it is averaged over the wrong axis.", _is_averaged_over_wrong_axis),
]


# ---- right in places ---------------------------------------------------------------------------------


def partly(cases):
    """Some rows or columns are right to the last digit and the others are not: say which."""
    if any(np.ndim(e.right) == 0 for e in cases):
        return []
    for axis, word in ((0, "row"), (np.ndim(cases[0].right) - 1, "column")):
        wrong = [_wrong_slices(e, axis) for e in cases]
        if all(0 < sum(w) < len(w) for w in wrong):
            which = _place(wrong)
            if which:
                return [("partly-wrong", f"only the {which} {word} is wrong; the others are right.", "")]
    return []


def _wrong_slices(e, axis):
    scale = np.max(np.abs(e.right), initial=0)
    close = np.abs(e.yours - e.right) <= 2e-6 * scale + 1e-9
    others = tuple(a for a in range(np.ndim(close)) if a != axis)
    return [bool(b) for b in ~close.all(axis=others)]


def _place(wrong):
    if all(w == [True] + [False] * (len(w) - 1) for w in wrong):
        return "first"
    if all(w == [False] * (len(w) - 1) + [True] for w in wrong):
        return "last"
    return None
