"""Every exercise as learners and instructors use it: right work earns all points, wrong work loses the right ones."""

import ast
import builtins
import csv
import json
import os
import re
import subprocess
import sys
from html import unescape
from html.parser import HTMLParser
from itertools import chain

import pytest
from exercise_notebooks import (
    ASSIGNMENTS,
    EXERCISES,
    GIVEN,
    HIDDEN,
    answers,
    filled,
    graded_cells,
    is_setup,
    is_solution,
    is_test,
    released,
    run,
    solutions,
    source,
    tells_of_an_open_task,
    to_repair,
    with_raise,
    write,
)

pytestmark = pytest.mark.parametrize("assignment", ASSIGNMENTS, scope="module")
SOLUTION = "### BEGIN SOLUTION", "### END SOLUTION"


# ---- the test cells, run in this process ----------------------------------------------------------------------


def failed(notebook):
    return {name for name, error in run(notebook).items() if error is not None}


def test_the_solution_passes_every_test(assignment):
    assert failed(source(assignment)) == set()


def test_right_code_passes_however_it_is_written(assignment):
    right, _ = answers(assignment)
    assert len(right) >= 5
    for name, code in right.items():
        assert failed(filled(source(assignment), code)) == set(), name


def test_wrong_code_fails_exactly_the_tests_it_should(assignment):
    _, wrong = answers(assignment)
    for name, (code, tests) in wrong.items():
        assert failed(filled(source(assignment), code)) == tests, name


def test_visible_tests_alone_already_find_wrong_code_that_answers_for_any_input(assignment):
    """What the grader will say is no surprise: only an answer learned by heart passes here and fails there."""
    _, wrong = answers(assignment)
    for name, (code, tests) in wrong.items():
        if "by heart" not in name:
            assert failed(filled(released(assignment), solutions(assignment) | code)) == tests, name


def test_an_untouched_notebook_fails_every_test_and_says_so(assignment):
    """In one line that the task is open; where the exercise is to repair code, what that code does wrong."""
    errors = run(released(assignment))
    for error in errors.values():
        assert isinstance(error, AssertionError) and tells_of_an_open_task(assignment, str(error))


def test_code_that_stops_fails_every_test(assignment):
    assert failed(with_raise(released(assignment))) == {cell["id"] for cell in graded_cells(released(assignment))}


# ---- the notebooks ------------------------------------------------------------------------------------------


def test_a_release_holds_no_answer_and_no_hidden_test(assignment):
    assert leaks(source(assignment), released(assignment)) == []


@pytest.mark.parametrize("marks", [SOLUTION, HIDDEN])
def test_the_leak_check_finds_lines_wherever_they_stand(assignment, marks):
    for cell in source(assignment)["cells"]:
        if lines := [line for line in regions(cell["source"], marks) if line]:
            doctored = released(assignment)
            doctored["cells"][0]["source"] += "\n\n".join(["", *lines[:3]])
            assert leaks(source(assignment), doctored), cell["id"]


def leaks(given, release):
    """Three lines in a row (or all, where there are fewer) of an answer or a hidden test, anywhere in the release."""
    text = joined(*[cell["source"] for cell in release["cells"]])
    shown = joined(*[line for cell in graded_cells(given) for line in regions(cell["source"], HIDDEN, inside=False)])
    found = [mark for mark in (*SOLUTION, *GIVEN, *HIDDEN) if mark in text]
    for cell in given["cells"]:
        found += [lines for lines in windows(regions(cell["source"], SOLUTION)) if lines in text]
        found += [lines for lines in windows(regions(cell["source"], HIDDEN)) if lines in text and lines not in shown]
    return found


def windows(lines, size=3):
    lines = joined(*lines).strip("\n").split("\n")
    return [joined(*lines[i : i + size]) for i in range(max(1, len(lines) - size + 1)) if any(lines)]


def joined(*texts):
    """One text, each line without its margins and with a line end on both sides, empty lines left out."""
    lines = [line.strip() for text in texts for line in text.split("\n")]
    return "\n" + "".join(line + "\n" for line in lines if line)


def regions(text, marks, inside=True):
    """The lines between the marks, or those outside."""
    within = False
    for line in text.split("\n"):
        if line.strip() in marks:
            within = line.strip() == marks[0]
        elif within == inside:
            yield line


def test_cells_are_what_nbgrader_and_a_verifier_need(assignment):
    cells = source(assignment)["cells"]
    assert all(
        cell["metadata"]["nbgrader"]["grade_id"] == cell["id"] for cell in cells if "nbgrader" in cell["metadata"]
    )
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in cells)
    for cell in graded_cells(source(assignment)):
        first, *others = cell["metadata"]["tags"]
        assert first == "raises-exception" and set(others) <= {"long", "not-finite"}, "Run All must go on"
        assert cell["metadata"]["nbgrader"]["points"] > 0


def test_test_cells_use_only_names_that_are_there_when_each_runs_alone(assignment):
    cells = source(assignment)["cells"]
    known = set(dir(builtins)) - {"isinstance"}
    known |= set(chain.from_iterable(defined(cell["source"]) for cell in cells if is_setup(cell) or is_solution(cell)))
    for cell in filter(is_test, cells):
        own = names(cell["source"], ast.Store) | arguments(cell["source"])
        assert names(cell["source"], ast.Load) <= known | own, cell["id"]


def test_test_cells_say_passed_in_their_last_line(assignment):
    """nbgrader reads a last expression as points; print returns None."""
    for cell in graded_cells(source(assignment)):
        assert ast.unparse(ast.parse(cell["source"]).body[-1]).startswith(("print('passed", 'print("passed')), cell[
            "id"
        ]


def test_a_gradient_is_compared_with_central_differences(assignment):
    assert any("check" in names(cell["source"], ast.Load) for cell in graded_cells(released(assignment)))


def defined(code):
    """The names that a cell defines at its top level."""
    for node in ast.parse(code).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from (alias.asname or alias.name for alias in node.names)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        else:
            yield from names(ast.unparse(node), ast.Store)


def arguments(code):
    """The arguments of a cell's functions, and their names."""
    nodes = list(ast.walk(ast.parse(code)))
    return {n.arg for n in nodes if isinstance(n, ast.arg)} | {n.name for n in nodes if isinstance(n, ast.FunctionDef)}


def names(code, context):
    return {
        node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name) and isinstance(node.ctx, context)
    }


# ---- nbgrader's whole cycle -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def graded(assignment, tmp_path_factory, sandbox):
    """The results of exercise_cycle.py, and the folder with what it made."""
    given, out = tmp_path_factory.mktemp("submissions"), tmp_path_factory.mktemp("graded")
    for student, notebook in hand_ins(assignment).items():
        write(notebook, given / f"{student}.ipynb")
    (given / "garbled.ipynb").write_text("{")
    write(with_copied_cell(filled(released(assignment), solutions(assignment))), given / "copied.ipynb")
    command = [sys.executable, EXERCISES.parent / "tests" / "exercise_cycle.py", assignment, given, out]
    environment = os.environ | {"PYTHONPATH": str(EXERCISES.parent), "PYTHONWARNINGS": "default"}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads((out / "results.json").read_text()), out


def hand_ins(assignment):
    right, wrong = answers(assignment)
    code, _ = next(iter(wrong.values()))
    return {
        "solution": source(assignment),
        "untouched": released(assignment),
        "honest": filled(released(assignment), next(iter(right.values()))),
        "wrong": filled(released(assignment), solutions(assignment) | code),
        "stopped": with_raise(released(assignment)),
        "deleted tests": without_tests(filled(released(assignment), solutions(assignment))),
        "hostile": with_scripts(with_raise(released(assignment))),
    }


def with_copied_cell(notebook):
    copied = next(filter(is_solution, notebook["cells"]))
    notebook["cells"].append(copied | {"id": "copy"})
    return notebook


def without_tests(notebook):
    return notebook | {"cells": [cell for cell in notebook["cells"] if not is_test(cell)]}


def with_scripts(notebook):
    """Scripts in every place that a feedback page might copy."""
    text = "<script>alert(1)</script><img src=x onerror=alert(1)> <a href='javascript:alert(1)'>here</a>"
    shown = {"text/html": text, "text/markdown": text, "image/svg+xml": f"<svg onload='alert(1)'>{text}</svg>"}
    shown |= {"application/javascript": "alert(1)", "text/latex": text, "image/png": f'AA" onerror="alert(1)">{text}'}
    size = {"image/png": {"width": '1" onerror="alert(1)'}}
    code = f"from IPython.display import display\nfor kind, data in {shown!r}.items():\n"
    code += f"    display({{kind: data}}, metadata={size!r}, raw=True)\n"
    code += f"raise ValueError({text!r})"
    cell = {"metadata": {"tags": ['x" onclick="alert(1)']}, "source": code, "outputs": [], "execution_count": None}
    notebook["cells"] += [{"cell_type": "code", "id": "shown", **cell}]
    notebook["cells"] += [{"cell_type": "markdown", "id": "said", "metadata": {}, "source": text}]
    notebook["cells"] += [{"cell_type": "raw", "id": "raw", "metadata": {}, "source": text}]
    return notebook


def test_the_committed_release_is_what_source_gives_now(assignment, graded):
    results, _ = graded
    assert results["stale"] == [], "run `python -m exercises.release`, and commit the result"


def test_every_hand_in_is_graded_or_named_with_a_reason(assignment, graded):
    results, _ = graded
    errors = {name: student["error"] for name, student in results["students"].items()}
    garbled = errors.pop("garbled")
    assert errors == dict.fromkeys([*hand_ins(assignment), "copied"], "")
    assert garbled.startswith(f"{assignment}.ipynb is not a notebook")


@pytest.mark.parametrize("student", ["solution", "honest", "deleted tests", "copied"])
def test_right_work_earns_everything(assignment, graded, student):
    results, _ = graded
    assert results["students"][student]["points"] == results["maximum"]
    assert results["maximum"] == {
        cell["id"]: cell["metadata"]["nbgrader"]["points"] for cell in graded_cells(source(assignment))
    }


@pytest.mark.parametrize("student", ["untouched", "stopped", "hostile"])
def test_no_work_earns_nothing(assignment, graded, student):
    results, _ = graded
    assert results["students"][student]["points"] == dict.fromkeys(results["maximum"], 0)


def test_a_mistake_costs_the_tasks_it_touches_and_no_other(assignment, graded):
    results, _ = graded
    _, lost = next(iter(answers(assignment)[1].values()))
    expected = {name: 0 if name in lost else points for name, points in results["maximum"].items()}
    assert results["students"]["wrong"]["points"] == expected


def test_feedback_shows_the_diagnosis_of_each_lost_test(assignment, graded):
    _, out = graded
    page = plain((out / "wrong.html").read_text(encoding="utf-8"))
    for error in filter(None, run(hand_ins(assignment)["wrong"]).values()):
        found = [text for finding in getattr(error, "findings", ()) for text in (finding.message, finding.evidence)]
        assert all(line.strip() in page for line in found or str(error).split("\n"))


def test_feedback_shows_no_hidden_test(assignment, graded):
    _, out = graded
    hidden = [line for cell in source(assignment)["cells"] for line in regions(cell["source"], HIDDEN)]
    shown = joined(*[cell["source"] for cell in released(assignment)["cells"]])
    for student in hand_ins(assignment):
        page = plain((out / f"{student}.html").read_text(encoding="utf-8"))
        assert [line for line in hidden if joined(line) not in shown and line.strip() in page] == []


def test_feedback_runs_nothing_that_a_hand_in_brings(assignment, graded):
    _, out = graded
    page = Page()
    page.feed((out / "hostile.html").read_text(encoding="utf-8"))
    assert page.found == []


class Page(HTMLParser):
    """What a hand-in could have run in a browser: its scripts, handlers and javascript: links."""

    def __init__(self):
        super().__init__()
        self.found, self.in_script = [], False

    def handle_starttag(self, tag, attributes):
        self.in_script = tag == "script"
        for name, value in attributes:
            if name.startswith("on") or (value or "").strip().lower().startswith("javascript:"):
                self.found.append((tag, name, value))

    def handle_data(self, data):
        if self.in_script and "alert(1)" in data:
            self.found.append(("script", data))

    def handle_endtag(self, tag):
        self.in_script = False


def plain(page):
    """The text of a page, without its tags."""
    return unescape(re.sub("<[^>]*>", "", page))


def test_the_table_of_grades_names_every_student(assignment, graded):
    results, out = graded
    rows = list(csv.DictReader((out / "grades.csv").read_text(encoding="utf-8").splitlines()))
    scores = {row["student_id"]: float(row["score"]) for row in rows if row["assignment"] == assignment}
    graded = {name: student for name, student in results["students"].items() if not student["error"]}
    assert scores == {name: sum(student["points"].values()) for name, student in graded.items()}


def test_the_validate_button_passes_the_solution_and_names_each_open_task(assignment, graded):
    results, _ = graded
    assert results["validate"]["source"] == {}
    open_tasks = results["validate"]["release"]
    assert set(open_tasks) == {cell["source"].strip() for cell in graded_cells(released(assignment))}
    assert not any("Traceback" in message for message in open_tasks.values())
    assert to_repair(assignment) or all("is not written yet" in message for message in open_tasks.values())
