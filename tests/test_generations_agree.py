"""Five framework designs and both APIs of this package train one network: the same losses, step by step.

The designs stand, written out in full, in the cells of a notebook; a cell's tag says which design it belongs to.
"""

import itertools
import pathlib

import nbformat
import numpy as np
import pytest

NOTEBOOK = pathlib.Path(__file__).parent / "drafts" / "08-bricks.ipynb"
DESIGNS = ["functions", "closures", "bricks", "tower", "tape"]
OURS = ["dlscratch, layers", "dlscratch, tape"]
TASKS = ["curves", "classes"]
SAME_ARITHMETIC = {
    "curves": [["closures", "bricks", "tower"], OURS],
    "classes": [["functions", "closures", "bricks", "tower"], OURS],
}


def cells(*tags):
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    return [cell.source for cell in notebook.cells if set(cell.metadata.get("tags", ())) & set(tags)]


def losses_of(sources):
    """{(task, design): the losses of all steps}"""
    space = {}
    for source in sources:
        exec(compile(source, NOTEBOOK.name, "exec"), space)
    return space["losses"]


@pytest.fixture(scope="module")
def losses():
    return losses_of(cells("task", *DESIGNS, "dlscratch"))


def test_every_design_takes_more_than_300_steps_and_learns(losses):
    assert set(losses) == set(itertools.product(TASKS, DESIGNS + OURS))
    for values in losses.values():
        assert len(values) == 320
        assert values[-1] < values[0] / 50


@pytest.mark.parametrize("task", TASKS)
def test_all_designs_agree_at_every_step(losses, task):
    for a, b in itertools.combinations(DESIGNS + OURS, 2):
        np.testing.assert_allclose(losses[task, a], losses[task, b], rtol=1e-12, atol=0, err_msg=f"{a}, {b}")


@pytest.mark.parametrize("task", TASKS)
def test_where_the_arithmetic_is_the_same_the_losses_are_bit_for_bit(losses, task):
    for first, *others in SAME_ARITHMETIC[task]:
        for other in others:
            np.testing.assert_array_equal(losses[task, first], losses[task, other], err_msg=f"{first}, {other}")


def test_no_design_leans_on_the_package():
    assert all("import" not in source and "dl." not in source for source in cells(*DESIGNS))


@pytest.mark.parametrize(
    ("design", "right", "wrong"),
    [
        ("functions", "2 * d / d.size", "d / d.size"),
        ("functions", "(e / total - hot) / len(labels)", "(e / total - hot)"),
        ("closures", "dout * s * (1 - s)", "dout * s"),
        ("closures", "b.gradient += dout.sum(axis=0)", "b.gradient += dout.mean(axis=0)"),
        ("bricks", "dx[self.off] = 0", "pass"),
        ("bricks", "affine.b -= lr * affine.db", "affine.b = affine.b"),
        ("tower", "dout.sum(axis=0, keepdims=True)", "dout.mean(axis=0, keepdims=True)"),
        ("tower", "dout * (self.x > 0)", "dout * (self.x == self.x)"),
        ("tape", "grads[parent] + g if parent in grads else g", "g"),
        ("tape", "p.grad = None", "pass"),
    ],
)
def test_a_mistake_in_one_design_is_seen(design, right, wrong):
    sources = cells(design)
    assert sum(right in source for source in sources) == 1
    with np.errstate(all="ignore"):
        losses = losses_of(cells("task") + [source.replace(right, wrong) for source in sources])
        reference = losses_of(cells("task", "bricks" if design != "bricks" else "tower"))
    far = [np.abs(losses[task, design] / values - 1).max() for (task, _), values in reference.items()]
    assert not max(far) < 1e-6
