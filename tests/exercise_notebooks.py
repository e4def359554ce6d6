"""The exercises as the tests see them: notebooks, their cells, and answers put into them."""

import copy
import json
import re
import runpy
from itertools import count
from pathlib import Path
from unittest import mock

import numpy as np

TESTS = Path(__file__).parent
EXERCISES = TESTS.parent / "exercises"
HIDDEN = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"
GIVEN = "### BEGIN GIVEN", "### END GIVEN"  # around what a learner finds in the place of an answer, instead of a stub
ASSIGNMENTS = sorted(path.name for path in (EXERCISES / "source").iterdir() if path.is_dir())


def source(assignment, root=EXERCISES):
    return read(root / "source" / assignment / f"{assignment}.ipynb")


def released(assignment, root=EXERCISES):
    return read(root / "release" / assignment / f"{assignment}.ipynb")


def answers(assignment):
    """The right and the wrong answers of tests/exercise_answers: (RIGHT, WRONG)."""
    found = runpy.run_path(str(TESTS / "exercise_answers" / f"{assignment}.py"))
    return found["RIGHT"], found["WRONG"]


def solutions(assignment):
    """{solution cell: the instructor's code}."""
    return {cell["id"]: cell["source"] for cell in filter(is_solution, source(assignment)["cells"])}


def read(path):
    """A notebook as plain dicts; the source of a cell is one string."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


def write(notebook, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook, indent=1), encoding="utf-8")


def tells_of_an_open_task(assignment, message):
    """What a test says of a notebook that nobody has touched: what is missing; of code to repair, what it does wrong."""
    open_task = message.endswith("is not written yet: put your code where it says raise NotImplementedError")
    if not to_repair(assignment):
        return open_task
    stopped = re.match(r"\w*(Error|Exception|Warning): ", message)
    return bool(message) and not open_task and not stopped


def to_repair(assignment):
    """Does every solution cell of the release hold code that runs, and does something wrong?"""
    return all(GIVEN[0] in code for code in solutions(assignment).values())


def is_test(cell):
    return cell["metadata"].get("nbgrader", {}).get("grade", False)


def is_solution(cell):
    return cell["metadata"].get("nbgrader", {}).get("solution", False)


def is_setup(cell):
    return cell["metadata"].get("nbgrader", {}).get("locked", False) and not is_test(cell)


def graded_cells(notebook):
    return [cell for cell in notebook["cells"] if is_test(cell)]


def filled(notebook, code):
    """A copy with these solution cells: {id: code}."""
    notebook, code = copy.deepcopy(notebook), dict(code)
    for cell in filter(is_solution, notebook["cells"]):
        cell["source"] = code.pop(cell["id"], cell["source"])
    assert not code, f"no solution cells of these names: {list(code)}"
    return notebook


def with_raise(notebook):
    """A copy in which every solution cell stops at its first line."""
    raising = {
        cell["id"]: 'raise RuntimeError("stopped")\n' + cell["source"]
        for cell in filter(is_solution, notebook["cells"])
    }
    return filled(notebook, raising)


def hidden_alone(notebook):
    """A copy whose test cells hold their hidden tests and nothing else."""
    notebook = copy.deepcopy(notebook)
    for cell in graded_cells(notebook):
        _, _, text = cell["source"].partition(f"{HIDDEN[0]}\n")
        cell["source"] = text.partition(HIDDEN[1])[0]
        assert cell["source"].strip(), f"{cell['id']} has no hidden tests"
    return notebook


def run(notebook):
    """Run the cells as Run All does, in this process -> {test cell: its error, or None}."""
    space = {"__name__": "__main__"}
    results = {cell["id"]: attempted(cell, space) for cell in notebook["cells"] if cell["cell_type"] == "code"}
    return {cell["id"]: results[cell["id"]] for cell in graded_cells(notebook)}


def first_failure(notebook, **given):
    """The first test cell that fails, with its error, or None; `given` are names that the cells find."""
    space = {"__name__": "__main__"} | given
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and (error := attempted(cell, space)) and is_test(cell):
            return cell["id"], error


def attempted(cell, space):
    try:
        with repeatable():
            exec(compile(cell["source"], cell["id"], "exec"), space)
    except Exception as error:
        return error


def repeatable():
    """Generators that a cell leaves without a seed are numbered: each run of these tests sees the same numbers."""
    plain, seeds = np.random.default_rng, count()
    numbered = lambda seed=None: plain(next(seeds) if seed is None else seed)  # noqa: E731
    return mock.patch("numpy.random.default_rng", numbered)
