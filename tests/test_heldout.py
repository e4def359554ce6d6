"""The diagnosis judged on wrong versions that its rules were not written for.

The set was written independently and committed before the first rule; its hash says that it is still the same.
"""

import hashlib
import pathlib

import numpy as np
import pytest
from heldout import mutants

from dlscratch.gradcheck import explain, explain_autograd, explain_optimizer

FILE = pathlib.Path(mutants.__file__)
SHA256 = "b65956ed9603677bf692c06785ed0d8364363a7dbdbf4f23520f917b560315a8"


def judged(mutant):
    """The findings of the checker on one mutant."""
    kind, _, name = mutant.subject.partition(":")
    made = mutant.make()
    rng = np.random.default_rng(0)
    if kind == "optimizer":
        return explain_optimizer(made, RULE.get(name, name), rng=rng, **HYPER.get(name, {})).findings
    if kind == "tape":
        return explain_autograd(made, rng=rng).findings
    for k in range(len(mutants.example_inputs(mutant.subject, 0, rng))):

        def maker(rng, n, D, M, k=k):
            return mutants.example_inputs(mutant.subject, int(n == 7), rng)[k]

        findings = explain(mutant.make(), maker, rng=rng).findings
        if findings:
            return findings
    return ()


RULE = {"SGD": "SGD"}
HYPER = {"Momentum": {"momentum": 0.8}}


def as_list(x):
    return list(x) if isinstance(x, list | tuple | set) else [x]


SLUGS = set(  # the causes that every operation shares; an operation may add its own
    """raises returns-none wrong-shape transposed keepdims not-summed wrong-axis mutates-input mutates-dout not-finite
    wrong-dtype zeros sign times-n over-n times-m over-m twice half constant-factor upstream-ignored upstream-wrong
    local-derivative-missing wrong-point mask-from-dout mask-inverted mask-missing first-example-only accumulates
    stale-cache diagonal-only term-missing partly-wrong swapped wrong-parameter""".split()
)


def verdict(mutant):
    """(rejected, right argument, named right, named wrong, what was said).

    The set says None where no shared cause describes the mistake; there a cause of the operation's own is not
    a wrong one, nor is it counted as right.
    """
    findings = judged(mutant)
    said = {f.argument: (f.cause, f.also) for f in findings}
    wanted, accepted = set(as_list(mutant.argument)), as_list(mutant.cause)
    argument = bool(wanted & set(said)) or any(f.cause in accepted for f in findings)
    relevant = [f for f in findings if f.argument in wanted] or list(findings)
    named = any(f.cause in accepted for f in relevant)
    own = accepted == [None] and not {f.cause for f in relevant} & SLUGS
    wrongly = not (named or own) and any(f.cause and not set(f.also) & set(accepted) for f in relevant)
    return bool(findings), argument, named, wrongly, said


@pytest.fixture(scope="module")
def verdicts():
    return {m.name: (m, *verdict(m)) for m in mutants.MUTANTS}


def test_the_set_is_the_one_that_was_set_aside():
    assert hashlib.sha256(FILE.read_bytes()).hexdigest() == SHA256
    assert len(mutants.MUTANTS) >= 60


def missed(verdicts, column, name=lambda m: m.subject):
    return [f"{m.name} ({name(m)}): {m.cause} -> {v[-1]}" for m, *v in verdicts.values() if column(v)]


def test_all_are_rejected(verdicts):
    accepted = missed(verdicts, lambda v: not v[0])
    assert not accepted, "\n".join(accepted)


def test_the_wrong_argument_is_named(verdicts):
    wrong = missed(verdicts, lambda v: not v[1])
    assert len(wrong) <= 0.01 * len(verdicts), "\n".join(wrong)


def test_the_cause_is_named_and_right(verdicts):
    named = [m for m, *v in verdicts.values() if v[2]]
    assert len(named) >= 0.85 * len(verdicts), "\n".join(missed(verdicts, lambda v: not v[2]))


def test_hardly_a_cause_is_named_wrongly(verdicts):
    wrong = missed(verdicts, lambda v: v[3])
    assert len(wrong) <= 0.02 * len(verdicts), "\n".join(wrong)
