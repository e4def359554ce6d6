"""From a hand-in to what is graded: the instructor's notebook, with the learner's code in it.

Tests, locked cells and their order are the instructor's by construction.  From a hand-in come only sources of code
cells; its outputs, texts, tags and metadata are never looked at, beyond the name of a cell.
"""

import ast
import warnings

from dlscratch.launch.handin import code, grade_id, is_locked, is_solution, parts, source

from .cells import UNREADABLE, plain_python
from .package import package_for


def job_for(given, notebook, *, assignment, student, secret, may_write=None):
    """The job of `verify` for a hand-in.  given: the notebook in source/, with answers and hidden tests."""
    locked, mine, tests = parts(given, notebook)
    kinds = {"locked": locked, "answer": mine, "test": tests}
    cells = [as_cell(cell, kind, i) for kind, cells in kinds.items() for i, cell in enumerate(cells)]
    return {
        "assignment": assignment,
        "student": student,
        "secret": secret,
        "names": names_of_answers(given),
        "may_write": may_write,
        "package": package_for([plain(cell) for cell in locked]),
        "cells": cells,
    }


def as_cell(cell, kind, i):
    name = f"{i}" if kind == "answer" else grade_id(cell) or f"free-{i}"
    marks = {"tags": list(cell["metadata"].get("tags", ())), "free": not is_locked(cell)}
    return {"id": name, "kind": kind, "source": plain(cell)} | marks


def names_of_answers(given):
    """What the instructor's answers define: the names that stand for a learner's work in the tests."""
    answers = [plain(cell) for cell in code(given) if is_solution(cell)]
    return sorted({name for answer in answers for name in defined(answer)})


def plain(cell):
    """Its source, without what only a notebook understands."""
    return plain_python(source(cell))


def defined(text):
    """The names that a cell defines at its top level."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        statements = ast.parse(text).body
    for node in statements:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign):
            yield from (n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))


# ---- the notebook that formgrader and the feedback show ------------------------------------------------------------


def graded_notebook(given, notebook, verdict):
    """The instructor's notebook with the learner's code, and what the grader found as its outputs."""
    _, mine, _ = parts(given, notebook)
    places, extra = placed(given, mine)
    cells = []
    for cell in given["cells"]:
        cells.append(written(cell, notebook) if is_essay(cell) else shown(cell, mine, places, verdict))
        cells += [added(mine[i], i, verdict) for i in extra.get(grade_id(cell) or "", ())]
    cells[:0] = [added(mine[i], i, verdict) for i in extra.get(None, ())]
    return {"cells": cells, **{key: given[key] for key in ("metadata", "nbformat", "nbformat_minor")}}


def placed(given, mine):
    """({solution cell: number of the learner's cell}, {solution cell or None: numbers of cells that follow it})"""
    wanted = {grade_id(cell): set(defined(plain(cell))) for cell in code(given) if is_solution(cell)}
    places, extra, last = {}, {}, None
    for i, cell in enumerate(mine):
        name = grade_id(cell) if grade_id(cell) in wanted else None
        name = name or next((n for n, names in wanted.items() if n not in places and names & names_in(cell)), None)
        if name is None or (name in places and grade_id(cell) != name):
            extra.setdefault(last, []).append(i)
            continue
        if name in places:
            extra.setdefault(name, []).append(places[name])
        places[name] = i
        last = name
    return places, extra


def names_in(cell):
    try:
        return set(defined(source(cell)))
    except UNREADABLE:
        return set()


def shown(cell, mine, places, verdict):
    """A cell of the instructor's; an answer with the learner's source, a test with what it said."""
    cell = dict(cell, metadata=dict(cell["metadata"]))
    if cell["cell_type"] != "code":
        return cell
    cell |= {"outputs": [], "execution_count": None}
    name = grade_id(cell)
    if is_solution(cell):
        i = places.get(name)
        missing = "# nothing in the hand-in stands for this cell"
        return cell | {"source": missing if i is None else source(mine[i]), "outputs": outputs_of(i, verdict)}
    if name in verdict["tests"]:
        test = verdict["tests"][name]
        cell["outputs"] = [*stream(test["output"]), *([] if test["passed"] else failure(test["message"]))]
    return cell


def is_essay(cell):
    return cell["cell_type"] != "code" and is_solution(cell)


def written(cell, notebook):
    """An answer in words: the learner's, for a person to judge."""
    theirs = [c for c in notebook["cells"] if is_essay(c) and grade_id(c) == grade_id(cell)]
    return cell | {"source": source(theirs[-1]) if theirs else "*nothing in the hand-in stands for this cell*"}


def added(cell, i, verdict):
    """A cell that the learner has added."""
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": f"added-{i}",
        "metadata": {},
        "outputs": outputs_of(i, verdict),
        "source": source(cell),
    }


def outputs_of(i, verdict):
    ran = verdict["cells"].get(str(i), {"output": "", "error": ""})
    return [*stream(ran["output"]), *(failure(ran["error"]) if ran["error"] else [])]


def stream(text):
    return [{"output_type": "stream", "name": "stdout", "text": text}] if text else []


def failure(text):
    return [{"output_type": "error", "ename": "Feedback", "evalue": text, "traceback": [text]}]
