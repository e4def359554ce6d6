"""`check_autograd`: does a learner's tape add, order and forget as it should, and is each operation right?"""

from inspect import signature

import numpy as np

from .check import explain
from .report import Finding, GradientError, Report


def check_autograd(TensorClass, *, only=None, rng=None):
    """Return a Report if the tape is right; raise GradientError otherwise.

    TensorClass(data) or TensorClass(data, requires_grad=True) with + and *, `.backward()`, `.data` and `.grad`.
    What else it has of - / @ ** sum mean exp log relu tanh sigmoid is checked too.
    only: "backward" or "second backward", to judge the bookkeeping of + and * on numbers, and nothing else.
    """
    report = explain_autograd(TensorClass, only=only, rng=rng)
    if not report.ok:
        raise GradientError(report)
    return report


def explain_autograd(TensorClass, *, only=None, rng=None):
    """The same judgement as `check_autograd`, as a Report, without raising."""
    if only not in (None, *SWEEPS):
        raise ValueError(f"check_autograd(..., only={only!r}): it is 'backward', 'second backward' or None")
    rng = np.random.default_rng(0) if rng is None else rng
    title, agrees = getattr(TensorClass, "__name__", "Tensor"), "sums, order and every operation of the tape are right"
    findings = bookkeeping(TensorClass, only)
    if only:
        agrees = f"the sums of a {only}() are right"
    else:
        findings = findings or shapes(TensorClass) or operations(TensorClass, rng)
    return Report(title, ("grad",), tuple(findings), agrees=agrees)


# ---- bookkeeping: scalars, + and * only --------------------------------------------------------------


def used_twice(a, b):
    return a + a


def multiplied_by_itself(a, b):
    return a * a


def square_of_square(a, b):
    square = a * a
    return square * square


def diamond(a, b):
    left, right = a * b, a + b
    return left * right


def skip(a, b):
    """The long way round is longer than the short one: breadth first gets the order wrong."""
    x = a * b
    y = x * b
    return x + y * x


def skip_first(a, b):
    x = a * b
    return (x * x) * b + x


def chain(a, b):
    return (a * b) * b + b


PROBES = (used_twice, multiplied_by_itself, square_of_square, diamond, skip, skip_first, chain)
AT = (3.0, 0.5)
SWEEPS = "backward", "second backward"


def bookkeeping(TensorClass, only=None):
    """The finding about the first sweep that is wrong: one backward(), or the second."""
    try:
        yours = answers(TensorClass)
    except Exception as error:
        name = type(error).__name__
        return [
            Finding("grad", "raises", "", f"raised {name}: {error}; data and .grad of scalars, + and * are needed.")
        ]
    right = [truth(f) for f in PROBES] + [[2 * g for g in truth(square_of_square)]]
    wrong = [k for k in range(len(right)) if not np.allclose(yours[k], right[k])]
    once = [k for k in wrong if k < len(PROBES)]
    if once and only != "second backward":
        return [finding(once[0], yours[:-1], right)]
    if wrong[len(once) :] and only != "backward":
        return [finding(len(PROBES), yours, right)]
    return []


def finding(k, yours, right):
    """What is wrong with answer k, by a mistake that gives all of `yours`."""
    told, fits = evidence(k, yours[k], right[k]), explanations(yours)
    if not fits:
        says = "the tape's sums over paths are wrong, and no known mistake gives these numbers."
        return Finding("grad", None, told, says, "chapter 09")
    also = tuple(dict.fromkeys(w.cause for w in fits if w.cause != fits[0].cause))
    return Finding("grad", fits[0].cause, told, fits[0].says, "chapter 09", also)


def answers(TensorClass, make=None):
    """The gradients of every probe, and of one probe after a second backward()."""
    make = make or (lambda data: leaf(TensorClass, data))
    found = []
    for f in PROBES:
        a, b = make(AT[0]), make(AT[1])
        f(a, b).backward()
        found.append([number(a.grad), number(b.grad)])
    a, b = make(AT[0]), make(AT[1])
    out = square_of_square(a, b)
    out.backward()
    out.backward()
    return [*found, [number(a.grad), number(b.grad)]]


def leaf(TensorClass, data):
    try:
        return TensorClass(data, requires_grad=True)
    except TypeError:
        return TensorClass(data)


def number(grad):
    return 0.0 if grad is None else float(np.asarray(grad).reshape(()))


def truth(f, h=1e-6):
    a, b = AT
    return [(f(a + h, b) - f(a - h, b)) / (2 * h), (f(a, b + h) - f(a, b - h)) / (2 * h)]


def explanations(yours):
    from .catalogue.tape import WRONG, Wrong

    fits = []
    for mistake, entry in WRONG.items():
        tape = type("Tape", (Wrong,), {"mistake": mistake})
        if np.allclose(answers(tape, make=tape)[: len(yours)], yours):
            fits.append(entry)
    return fits


def evidence(k, yours, right):
    if k == len(PROBES):
        return f"backward() twice on x*x, x = a*a, a = 3: .grad is {yours[0]:.4g}, twice the gradient is {right[0]:.4g}"
    formula = {
        "used_twice": "a + a",
        "multiplied_by_itself": "a * a",
        "square_of_square": "x * x with x = a*a",
        "diamond": "(a*b) * (a + b)",
        "skip": "x + (x*b) * x with x = a*b",
        "skip_first": "(x*x) * b + x with x = a*b",
        "chain": "(a*b) * b + b",
    }[PROBES[k].__name__]
    which = 0 if not np.isclose(yours[0], right[0]) else 1
    return f"{formula} at a = 3, b = 0.5: {'ab'[which]}.grad is {yours[which]:.4g}, right is {right[which]:.4g}"


# ---- broadcasting ------------------------------------------------------------------------------------


def shapes(TensorClass):
    """A stretched value must get a gradient of its own shape."""
    x, b = np.arange(6.0).reshape(2, 3) + 1, np.array([1.0, 2.0, 3.0])
    for word, f, right in (
        ("+", lambda t, u: t + u, np.full(3, 2.0)),
        ("*", lambda t, u: t * u, x.sum(axis=0)),
    ):
        try:
            t, u = leaf(TensorClass, x), leaf(TensorClass, b)
            out = total(f(t, u))
        except Exception:
            return []  # a tape of scalars: nothing to stretch
        got = walked_back(out, u)
        if np.shape(got) != b.shape or not np.allclose(got, right):
            told = f"(2, 3) {word} (3,): the gradient of the second has shape {np.shape(got)}"
            says = "a value that was broadcast must get the sum over its copies, in its own shape."
            return [Finding("grad", "not-unbroadcast", told, says, "chapter 09", ("wrong-shape", "not-summed"))]
    return []


def walked_back(out, leaf):
    try:
        out.backward()
    except Exception:
        return None
    return leaf.grad


def total(t):
    return t.sum() if hasattr(t, "sum") else t


# ---- every operation ---------------------------------------------------------------------------------

OPERATIONS = {
    "+": (lambda x, y: x + y, "N D, N D"),
    "-": (lambda x, y: x - y, "N D, N D"),
    "*": (lambda x, y: x * y, "N D, N D"),
    "/": (lambda x, y: x / y, "N D, N D"),
    "@": (lambda x, y: x @ y, "N D, D M"),
    "** 3": (lambda x: x**3, "N D"),
    "exp": (lambda x: x.exp(), "N D"),
    "tanh": (lambda x: x.tanh(), "N D"),
    "relu": (lambda x: x.relu(), "N D"),
    "sigmoid": (lambda x: x.sigmoid(), "N D"),
    "softmax": (lambda x: x.softmax(), "N D"),
    "log": (lambda x: (x * x + 1.0).log(), "N D"),
    "mean": (lambda x: x.mean(), "N D"),
    "sum": (lambda x: x.sum(), "N D"),
    "T": (lambda x: x.T, "N D"),
}


def operations(TensorClass, rng):
    """Each operation that the class has, judged like a primitive: (out * dout).sum() is walked back."""
    findings = []
    for word, (f, sentence) in OPERATIONS.items():
        report = explain(as_primitive(TensorClass, f), sentence, rng=rng)
        found = None if report.ok else report.findings[0]
        if found and not _has_no_such_operation(found):
            findings.append(
                Finding(
                    "grad",
                    found.cause,
                    found.evidence,
                    f"of {word} ({found.argument}): {found.message}",
                    "chapter 09",
                    found.also,
                    found.yours,
                    found.right,
                )
            )
    return findings


def _has_no_such_operation(finding):
    return finding.cause == "raises" and finding.message.startswith(("raised AttributeError", "raised TypeError"))


def as_primitive(TensorClass, f):
    def primitive(*arrays):
        def pullback(dout):
            leaves = [leaf(TensorClass, np.array(a)) for a in arrays]
            product = f(*leaves) * leaf(TensorClass, np.asarray(dout))
            (product.sum() if np.shape(dout) else product).backward()
            return tuple(np.asarray(t.grad) if t.grad is not None else None for t in leaves)

        return np.array(f(*[leaf(TensorClass, np.array(a)) for a in arrays]).data), pullback

    primitive.__name__ = getattr(TensorClass, "__name__", "Tensor")
    primitive.__signature__ = signature(f)
    return primitive
