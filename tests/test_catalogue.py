"""The catalogue against the checker: every wrong version rejected and named, no right version accused."""

import importlib
import pathlib

import numpy as np
import pytest
from exercise_catalogue import written_as_class

from dlscratch.gradcheck import explain, explain_optimizer
from dlscratch.gradcheck.catalogue import operations
from dlscratch.gradcheck.catalogue.adaptive import WRONG as WRONG_RULES
from dlscratch.gradcheck.catalogue.rules import HYPER, RULES
from dlscratch.gradcheck.catalogue.tape import WRONG as WRONG_TAPES

VERSIONS = [(op, wrong) for op in operations().values() for wrong in op.versions]
RIGHT = sorted(path.stem for path in (pathlib.Path(__file__).parent / "right").glob("*.py") if path.stem != "__init__")


def verdict(op, wrong):
    """(rejected, argument named, cause named, another cause named first, what was said)."""
    report = explain(wrong.make(), wrong.draw or op.draw, rng=np.random.default_rng(0))
    said = [(f.argument, f.cause, f.also) for f in report.findings]
    about = [f for f in report.findings if f.argument == wrong.argument]
    everything = about or report.findings
    named = any(wrong.cause == f.cause or wrong.cause in f.also for f in everything)
    wrongly = any(f.cause is not None for f in everything) and not named
    argument = bool(about) or (named and wrong.cause in ("raises", "returns-none", "mutates-dout"))
    return not report.ok, argument, named, wrongly, said


@pytest.fixture(scope="module")
def verdicts():
    return {f"{op.name}.{wrong.name} ({wrong.cause})": verdict(op, wrong) for op, wrong in VERSIONS}


def missed(verdicts, column):
    return "\n".join(f"{name}: {v[-1]}" for name, v in verdicts.items() if column(v))


def test_the_catalogue_is_large():
    assert len(VERSIONS) + len(WRONG_RULES) + len(WRONG_TAPES) >= 150


def test_every_wrong_version_is_rejected(verdicts):
    assert all(v[0] for v in verdicts.values()), missed(verdicts, lambda v: not v[0])


def test_the_wrong_argument_is_named(verdicts):
    assert np.mean([v[1] for v in verdicts.values()]) >= 0.99, missed(verdicts, lambda v: not v[1])


def test_the_cause_is_named(verdicts):
    assert np.mean([v[2] for v in verdicts.values()]) >= 0.90, missed(verdicts, lambda v: not v[2])


def test_hardly_a_cause_is_named_wrongly(verdicts):
    assert np.mean([v[3] for v in verdicts.values()]) <= 0.02, missed(verdicts, lambda v: v[3])


@pytest.mark.parametrize("op", operations().values(), ids=lambda op: op.name)
def test_every_entry_tells_what_a_learner_needs(op):
    assert op.look.startswith("chapter")
    for wrong in op.versions:
        assert wrong.says.endswith("."), wrong.name
        assert wrong.symptom.endswith("."), wrong.name


# ---- right versions ----------------------------------------------------------------------------------


@pytest.mark.parametrize("name", RIGHT)
def test_no_right_version_is_accused(name):
    op, versions = operations()[name], importlib.import_module(f"right.{name}").RIGHT
    assert len(versions) >= 5
    for version in versions:
        for seed in range(200 // len(versions) + 1):
            report = explain(version, op.draw, rng=np.random.default_rng(seed))
            assert report.ok, f"{version.__name__}, seed {seed}:\n{report}"


def test_every_operation_has_right_versions():
    assert set(operations()) <= set(RIGHT)


# ---- optimizers --------------------------------------------------------------------------------------


@pytest.mark.parametrize("wrong", WRONG_RULES, ids=lambda w: f"{w.rule}-{w.name}-{w.cause}")
def test_every_wrong_rule_is_named(wrong):
    report = explain_optimizer(written_as_class(wrong.step, wrong.shared), wrong.rule, **HYPER[wrong.rule])
    assert not report.ok
    (finding,) = report.findings
    assert wrong.cause in (finding.cause, *finding.also) or (wrong.shared and finding.cause == "raises"), str(report)


@pytest.mark.parametrize("rule", RULES)
def test_no_right_rule_is_accused(rule):
    for seed in range(25):
        written = written_as_class(RULES[rule], shared=False)
        report = explain_optimizer(written, rule, rng=np.random.default_rng(seed), **HYPER[rule])
        assert report.ok, str(report)
