"""The catalogue's wrong versions and the tests' right versions, put into an exercise in the place of an answer.

tests/exercise_answers/NN-slug.py says how, where the exercise asks for an operation or an optimizer that the
catalogue knows. `given` is the version; the code is that of the solution cells:

    OPERATIONS = {"mse": {"mse": "def mse(prediction, *, target):\n    return given(prediction, target=target)"}}
    RULES = {"momentum": {"Momentum": "Momentum = given"}}
    UNFIT = {"affine.bias_averaged": "why the exercise cannot tell this one from a right answer",
             "affine.by_einsum": "what this right version asks of its inputs, and the exercise does not promise"}
"""

import importlib
import runpy
from typing import Any, NamedTuple

import numpy as np
from exercise_notebooks import ASSIGNMENTS, TESTS

from dlscratch.gradcheck.catalogue import operations
from dlscratch.gradcheck.catalogue.adaptive import WRONG as WRONG_RULES
from dlscratch.gradcheck.catalogue.rules import RULES


class Version(NamedTuple):
    """`given` put into these solution cells: {id: code}."""

    assignment: str
    name: str
    given: Any
    code: dict


def fits(assignment):
    return runpy.run_path(str(TESTS / "exercise_answers" / f"{assignment}.py"))


def wrong_versions():
    for assignment in ASSIGNMENTS:
        found = fits(assignment)
        unfit = found.get("UNFIT", {})
        for version in (*wrong_operations(assignment, found), *wrong_rules(assignment, found)):
            if version.name not in unfit:
                yield version


def wrong_operations(assignment, found):
    for name, code in found.get("OPERATIONS", {}).items():
        for wrong in operations()[name].versions:
            yield Version(assignment, f"{name}.{wrong.name}", wrong.make(), code)


def wrong_rules(assignment, found):
    for rule, code in found.get("RULES", {}).items():
        for wrong in WRONG_RULES:
            if wrong.rule == rule:
                yield Version(assignment, f"{rule}.{wrong.name}", written_as_class(wrong.step, wrong.shared), code)


def right_versions():
    for assignment in ASSIGNMENTS:
        found = fits(assignment)
        for name, code in found.get("OPERATIONS", {}).items():
            for right in importlib.import_module(f"right.{name}").RIGHT:
                if f"{name}.{right.__name__}" not in found.get("UNFIT", {}):
                    yield Version(assignment, f"{name}.{right.__name__}", right, code)
        for rule, code in found.get("RULES", {}).items():
            yield Version(assignment, f"{rule}.right", written_as_class(RULES[rule], shared=False), code)


def written_as_class(step, shared):
    """A rule of the catalogue as a learner's class."""

    class Optimizer:
        def __init__(self, params, **hyper):
            self.params, self.hyper, self.t = params, hyper, 0
            self.memories = [{}] * len(params) if shared else [{} for _ in params]

        def step(self):
            self.t += 1
            for p, memory in zip(self.params, self.memories, strict=True):
                with np.errstate(all="ignore"):
                    p.data = step(self.t, p.data, p.grad, memory, self.hyper)
                p.grad = np.zeros_like(p.grad)

    return Optimizer
