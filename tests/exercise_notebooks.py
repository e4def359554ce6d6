"""The exercises as the tests see them: notebooks, their cells, and answers put into them."""

import copy
import json
import runpy
from pathlib import Path

import numpy as np

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


def run_apart(notebook, exported):
    """Run the tests as a grader does that keeps them away from the learner's code -> {test cell: its error, or None}.

    The learner's cells run in one namespace and each test in another, where the names that the instructor's
    solution defines (`exported`) stand for objects elsewhere, and nothing else of the learner's is seen.
    """
    theirs, ours, results = {"__name__": "__main__"}, {"__name__": "__main__"}, {}
    for cell in notebook["cells"]:
        if cell["cell_type"] == "code" and not is_test(cell):
            for space in [theirs, ours] if is_setup(cell) else [theirs]:
                attempted(cell, space)
    for cell in graded_cells(notebook):
        space = ours | {name: Far(theirs[name]) for name in exported if name in theirs}
        results[cell["id"]] = attempted(cell, space)
    return results


def attempted(cell, space):
    try:
        exec(compile(cell["source"], cell["id"], "exec"), space)
    except Exception as error:
        return error


class Far:
    """Something in another process: it can be called and its attributes read; only plain data comes back as itself."""

    def __init__(self, thing):
        self.__thing = thing

    def __call__(self, *inputs, **options):
        return self.__here(self.__thing(*map(copied, inputs), **{k: copied(v) for k, v in options.items()}))

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return self.__here(getattr(self.__thing, name))

    def __here(self, result):
        if isinstance(result, tuple | list):
            return type(result)(map(self.__here, result))
        if result is None or isinstance(result, bool | int | float | str | np.generic | np.ndarray):
            return copied(result)
        return Far(result)

    def __refuse(self, *_):
        raise TypeError("an object of the learner's is no evidence: call it, or read an attribute")

    __array__ = __bool__ = __eq__ = __len__ = __iter__ = __contains__ = __getitem__ = __refuse
    __hash__ = None


def copied(data):
    return data.copy() if isinstance(data, np.ndarray) else data
