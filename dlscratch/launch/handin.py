"""What counts in a learner's notebook: the code, wherever it stands.  Tests and locked cells are the release's own.

A notebook here is the parsed JSON of a .ipynb file: {"cells": [{"cell_type": "code", "source": ..., ...}, ...]}.
"""

import json


def parts(release, notebook):
    """(locked, mine, tests): the cells that run for a hand-in, in this order.

    locked, tests: the release's own (all code that is no answer, and the tests), so that a changed, deleted or copied one in the notebook has no effect.
    mine: every other code cell of the notebook, in its order, as Run All would run them; a copied, moved or renamed
    cell therefore costs nothing, and of two definitions of a name the later one counts.  A copy of a test keeps the
    test's id, and may have become something else: where the test stands unchanged all others are the learner's, and
    else all but the first.
    """
    given = [cell for cell in code(release) if not is_solution(cell)]
    sources, mine = {source(cell) for cell in given}, []
    unchanged = {grade_id(cell) for cell in code(notebook) if source(cell) in sources}
    changed = {grade_id(cell) for cell in given} - unchanged - {None}
    for cell in code(notebook):
        if source(cell) not in sources and grade_id(cell) not in changed:
            mine.append(cell)
        changed.discard(grade_id(cell))
    return [c for c in given if not is_test(c)], mine, [c for c in given if is_test(c)]


def read(path):
    """The notebook in that file; ValueError says what it is instead."""
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        cells = notebook["cells"]
        for cell in cells:
            cell["metadata"].get("nbgrader", {}).get("grade_id"), cell["cell_type"], source(cell)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"{path.name} is not a notebook ({type(error).__name__}: {error})") from None
    return notebook


def code(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def source(cell):
    return "".join(cell["source"])


def grade_id(cell):
    return cell["metadata"].get("nbgrader", {}).get("grade_id")


def is_test(cell):
    return bool(cell["metadata"].get("nbgrader", {}).get("grade"))


def is_solution(cell):
    return bool(cell["metadata"].get("nbgrader", {}).get("solution"))


def is_locked(cell):
    return bool(cell["metadata"].get("nbgrader", {}).get("locked")) and not is_test(cell)
