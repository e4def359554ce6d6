"""The tests of the primitives, tested: a gradient off by a thousandth, or a term lost, must be noticed."""

import ast
import copy
import inspect
import types

import numpy as np
import pytest
from cases import CASES

from dlscratch import explain, ops, ops_image, ops_sequence

MODULES = (ops, ops_image, ops_sequence)
CONSTANT = "power-a constant"  # its gradient is 0, and a thousandth of 0 is 0


@pytest.mark.parametrize("case", [c for c in CASES if c.name != CONSTANT], ids=lambda case: case.name)
def test_a_gradient_off_by_a_thousandth_is_noticed(case):
    for wrong in range(len(case.inputs)):

        def mutant(*inputs, wrong=wrong, **options):
            out, pullback = case.op(*inputs, **options)
            return out, lambda dout: tuple(g * (1.001 if i == wrong else 1) for i, g in enumerate(pullback(dout)))

        assert noticed(mutant, case), f"gradient {wrong}"


def noticed(op, case):
    """Does the checker reject this operation on this case, or does it not even run?"""
    with np.errstate(all="ignore"):
        return not explain(op, *case.inputs, rng=np.random.default_rng(0), **case.options).ok


# ---- each term of each pullback, lost ----------------------------------------------------------------


def pullbacks_in(function):
    """The nested functions and lambdas of a top-level function: what runs on the way back."""
    for node in ast.walk(function):
        if node is not function and isinstance(node, ast.FunctionDef | ast.Lambda):
            yield node


def terms_of(function):
    """Paths to every operator in the pullbacks of a function, each with the operands that could stand alone."""
    for pullback in pullbacks_in(function):
        for node in ast.walk(pullback):
            if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.BitOr):
                yield node, node.left
                yield node, node.right
            elif (
                isinstance(node, ast.UnaryOp)
                and isinstance(node.op, ast.USub)
                and not isinstance(node.operand, ast.Constant)
            ):
                yield node, node.operand


class Replace(ast.NodeTransformer):
    def __init__(self, old, new):
        self.old, self.new = old, new

    def visit(self, node):
        return self.new if node is self.old else self.generic_visit(node)


def mutants_of(module):
    """(description, name of the changed function, module) for every operator that lost one operand."""
    tree = ast.parse(inspect.getsource(module))
    for i, function in enumerate(tree.body):
        if not isinstance(function, ast.FunctionDef):
            continue
        for k, (old, new) in enumerate(terms_of(function)):
            changed = copy.deepcopy(tree)
            old_copy, new_copy = list(terms_of(changed.body[i]))[k]
            Replace(old_copy, new_copy).visit(changed)
            mutant = types.ModuleType("mutant")
            mutant.__package__ = module.__package__
            exec(compile(ast.fix_missing_locations(changed), "<mutant>", "exec"), vars(mutant))
            yield f"{function.name}: {ast.unparse(old)}  ->  {ast.unparse(new)}", function.name, mutant


def users_of(name, module):
    """The primitives that a function of this module belongs to: itself, or those that call the helper."""
    for case in CASES:
        code = case.op.__wrapped__.__code__
        inner = [names for c in code.co_consts for names in getattr(c, "co_names", ())]
        if case.op.__module__ == module.__name__ and name in (case.op.__name__, *code.co_names, *inner):
            yield case


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_every_lost_term_is_noticed(module):
    mutants, survivors = 0, []
    for description, name, mutant in mutants_of(module):
        mutants += 1
        if not any(noticed(getattr(mutant, case.op.__name__), case) for case in users_of(name, module)):
            survivors.append(description)
    assert mutants
    assert not survivors, "\n".join(survivors)
