"""Notebooks that are not what they look like: tags, copies, metadata, outputs."""

import copy

from . import code_cell


def changed(change):
    """A cheat that changes cells of the release."""

    def make(exercise):
        notebook = copy.deepcopy(exercise.notebook)
        change(notebook)
        return exercise.files(notebook)

    return make


def cells(notebook, kind):
    return [c for c in notebook["cells"] if c["metadata"].get("nbgrader", {}).get(kind)]


def on_tests(**change):
    def make(notebook):
        for cell in cells(notebook, "grade"):
            cell.update(copy.deepcopy(change))

    return changed(make)


def on_marks(**change):
    def make(notebook):
        for cell in notebook["cells"]:
            if "nbgrader" in cell["metadata"]:
                cell["metadata"]["nbgrader"].update(change)

    return changed(make)


def tags(*names):
    def make(notebook):
        for cell in notebook["cells"]:
            cell["metadata"]["tags"] = list(names)

    return changed(make)


def removed(kind):
    return changed(
        lambda nb: nb.update(cells=[c for c in nb["cells"] if not c["metadata"].get("nbgrader", {}).get(kind)])
    )


def copied(kind, source):
    def make(notebook):
        for cell in cells(notebook, kind):
            notebook["cells"].append(cell | {"id": cell["id"] + "copy", "source": source})

    return changed(make)


def swapped(notebook):
    """Every solution cell says it is a test, and the other way round."""
    for cell in notebook["cells"]:
        marks = cell["metadata"].get("nbgrader")
        if marks:
            marks["grade"], marks["solution"] = marks["solution"], marks["grade"]


FORGED = [{"output_type": "execute_result", "data": {"text/plain": "nan"}, "metadata": {}, "execution_count": 1}]
PASSED = [{"output_type": "stream", "name": "stdout", "text": "passed: everything"}]

HAND_INS = {
    "tests tagged skip-execution": tags("skip-execution"),
    "tests tagged remove-cell": tags("remove-cell", "hide_input", "raises-exception"),
    "tests tagged as the grader's own": tags("long", "not-finite"),
    "tests that say nothing": on_tests(source="pass"),
    "tests that give points": on_tests(source="100"),
    "tests as text": on_tests(cell_type="markdown", source="passed"),
    "forged results": on_tests(outputs=FORGED, execution_count=1),
    "forged outputs": on_tests(outputs=PASSED, execution_count=1),
    "more points": on_marks(points=1000),
    "no points needed": on_marks(points=0),
    "negative points": on_marks(points=-5),
    "other grade ids": on_marks(grade_id="setup"),
    "grade ids that are no texts": on_marks(grade_id=["a"]),
    "everything unlocked": on_marks(locked=False),
    "an old schema": on_marks(schema_version=1),
    "a new schema": on_marks(schema_version=99),
    "tests removed": removed("grade"),
    "locked cells removed": removed("locked"),
    "answers removed": removed("solution"),
    "tests copied": copied("grade", "1"),
    "answers copied": copied("solution", "raise SystemExit"),
    "locked cells copied": copied("locked", "check = agree = attempt = run = lambda *a, **k: None"),
    "answers that are tests": changed(swapped),
    "a cell named like a test": lambda e: e.with_cells(
        *[f"print('passed')  # {c['id']}" for c in cells(e.notebook, "grade")]
    ),
    "a hundred extra cells": lambda e: e.with_cells(*["check = agree = lambda *a, **k: None"] * 100),
    "no cells": changed(lambda nb: nb.update(cells=[])),
    "only the tests": changed(lambda nb: nb.update(cells=cells(nb, "grade"))),
    "another kernel": changed(
        lambda nb: nb["metadata"].update(kernelspec={"name": "bash", "language": "bash", "display_name": "Bash"})
    ),
    "allowed by itself": changed(lambda nb: nb["metadata"].update(dlscratch={"allow": ["ops"]})),
    "autograde settings": changed(lambda nb: nb["metadata"].update(nbgrader={"points": 100}, tags=["passed"])),
    "a locked cell of its own": changed(
        lambda nb: nb["cells"].insert(
            0,
            code_cell(
                "own",
                "from dlscratch import ops\ncheck = print",
                nbgrader={"locked": True, "grade": False, "grade_id": "own", "solution": False},
            ),
        )
    ),
}
