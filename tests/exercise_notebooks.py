"""The exercises as the tests see them: notebooks, their cells, and answers put into them."""

import copy
import json
import runpy
from pathlib import Path

TESTS = Path(__file__).parent
EXERCISES = TESTS.parent / "exercises"
ASSIGNMENTS = sorted(path.name for path in (EXERCISES / "source").iterdir() if path.is_dir())


def source(assignment, root=EXERCISES):
    return read(root / "source" / assignment / f"{assignment}.ipynb")


def released(assignment, root=EXERCISES):
    return read(root / "release" / assignment / f"{assignment}.ipynb")


def answers(assignment):
    """The right and the wrong answers of tests/exercise_answers: (RIGHT, WRONG)."""
    found = runpy.run_path(str(TESTS / "exercise_answers" / f"{assignment}.py"))
    return found["RIGHT"], found["WRONG"]


def read(path):
    """A notebook as plain dicts; the source of a cell is one string."""
    notebook = json.loads(path.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = "".join(cell["source"])
    return notebook


def write(notebook, path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(notebook, indent=1), encoding="utf-8")


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


def run(notebook):
    """Run the cells as Run All does, in this process -> {test cell: its error, or None}."""
    space, results = {"__name__": "__main__"}, {}
    for cell in notebook["cells"]:
        if cell["cell_type"] != "code":
            continue
        results[cell["id"]] = None
        try:
            exec(compile(cell["source"], cell["id"], "exec"), space)
        except Exception as error:
            results[cell["id"]] = error
    return {cell["id"]: results[cell["id"]] for cell in graded_cells(notebook)}
