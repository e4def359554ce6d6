"""A class of cheats and vandals, with honest people among them: nobody gets what is not deserved, nobody loses any."""

import hashlib
import shutil

import hostile
import pytest
from exercise_notebooks import EXERCISES, answers, filled, graded_cells, released, solutions, source
from hostile import code_cell, damage

pytestmark = pytest.mark.slow

ASSIGNMENTS = "00-start-here", "01-derivative", "02-chain-rule"
AT_ONCE = 6  # hand-ins: many of them do nothing but wait


@pytest.fixture(scope="module")
def grade(sandbox):
    from exercises.grade.__main__ import grade

    return grade


def course_of(folder, assignment, hand_ins):
    """A course with these hand-ins: {student: files, or a function that makes them}."""
    shutil.copytree(EXERCISES / "source" / assignment, folder / "source" / assignment)
    for student, files in hand_ins.items():
        home = folder / "submitted" / student / assignment
        home.mkdir(parents=True)
        if callable(files):
            files(home)
            continue
        for name, data in files.items():
            (home / name).write_bytes(data)
    return folder


def named(hand_ins):
    return {name.replace(":", "").replace("/", " ").replace("'", "")[:64]: make for name, make in hand_ins.items()}


def honest(assignment, exercise):
    """Work that deserves what it deserves, whatever else is in the notebook."""
    right, wrong = answers(assignment)
    notebook = filled(released(assignment), solutions(assignment))
    code, _ = [*wrong.values()][0]
    loud = {
        name: f"import warnings\nwarnings.warn('careful')\nprint('here')\n{text}"
        for name, text in solutions(assignment).items()
    }
    return {
        "honest": exercise.files(notebook),
        "honest odd": exercise.files(filled(released(assignment), solutions(assignment) | [*right.values()][1])),
        "honest wrong": exercise.files(filled(released(assignment), solutions(assignment) | code)),
        "honest loud": exercise.files(filled(released(assignment), loud)),
        "honest extra": exercise.files(
            {**notebook, "cells": [code_cell("extra", "%matplotlib inline\n1 / 0"), *notebook["cells"]]}
        ),
    }


def deserved(assignment):
    points = {c["id"]: c["metadata"]["nbgrader"]["points"] for c in graded_cells(source(assignment))}
    _, lost = [*answers(assignment)[1].values()][0]
    everything = dict.fromkeys(("honest", "honest odd", "honest loud", "honest extra"), sum(points.values()))
    return everything | {"honest wrong": sum(value for name, value in points.items() if name not in lost)}


def fingerprint(folder):
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module", params=ASSIGNMENTS)
def graded(request, grade, tmp_path_factory):
    assignment, folder = request.param, tmp_path_factory.mktemp("course")
    exercise = hostile.Exercise(assignment, released(assignment))
    hand_ins = {name: make(exercise) for name, make in named(hostile.everything()).items()}
    course = course_of(folder, assignment, hand_ins | honest(assignment, exercise))
    before = fingerprint(folder / "source")
    report = grade(course, assignment, jobs=AT_ONCE)
    assert fingerprint(folder / "source") == before
    return assignment, report["students"], folder


def test_nobody_gets_points_for_nothing(graded):
    assignment, results, _ = graded
    exercise = hostile.Exercise(assignment, released(assignment))
    cheats = {name: results[name] for name in named(hostile.everything())}
    assert len(cheats) >= 100 and exercise.names
    assert {name: result["tasks"] for name, result in cheats.items() if result["score"]} == {}


def test_what_is_no_notebook_is_refused_by_name(graded):
    _, results, _ = graded
    for name, result in results.items():
        if name.startswith("files"):
            assert (result["status"], result["score"], result["tasks"]) == ("refused", None, {}), name
            assert result["reason"]
        else:
            assert result["status"] == "graded", (name, result["reason"])


def test_honest_people_get_what_they_deserve(graded):
    assignment, results, _ = graded
    assert {name: results[name]["score"] for name in deserved(assignment)} == deserved(assignment)


def test_the_gradebook_says_the_same(graded, monkeypatch):
    assignment, results, folder = graded
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{folder}/gradebook.db", "default_course") as gradebook:
        found = {s.student_id: s.score for s in gradebook.find_assignment(assignment).submissions}
    assert found == {name: result["score"] for name, result in results.items() if result["status"] == "graded"}


def test_a_refused_hand_in_has_a_page_and_no_old_grade(grade, tmp_path):
    assignment = "00-start-here"
    exercise = hostile.Exercise(assignment, released(assignment))
    course = course_of(
        tmp_path, assignment, {"ada": exercise.files(filled(released(assignment), solutions(assignment)))}
    )
    assert grade(course, assignment, jobs=1)["students"]["ada"]["score"] == 10
    (course / "submitted" / "ada" / assignment / f"{assignment}.ipynb").write_text("{<script>")
    result = grade(course, assignment, jobs=1)["students"]["ada"]
    assert (result["status"], result["score"]) == ("refused", None)
    assert not (course / "autograded" / "ada" / assignment).exists()
    page = (course / "feedback" / "ada" / assignment / f"{assignment}.html").read_text()
    assert "could not be graded" in page and "<script" not in page
    assert "ada refused" in (course / "grading.log").read_text()
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course}/gradebook.db", "default_course") as gradebook:
        assert gradebook.find_assignment(assignment).submissions == []


def test_damage_ends_and_costs_nobody_else_anything(grade, tmp_path):
    assignment = "00-start-here"
    exercise = hostile.Exercise(assignment, released(assignment))
    vandals = {name: make(exercise) for name, make in named(damage.HAND_INS).items()}
    course = course_of(tmp_path, assignment, vandals | honest(assignment, exercise))
    results = grade(course, assignment, jobs=AT_ONCE)["students"]
    assert {name: results[name]["score"] for name in deserved(assignment)} == deserved(assignment)
    assert {name: (results[name]["status"], results[name]["score"]) for name in vandals} == dict.fromkeys(
        vandals, ("graded", 0)
    )


def test_a_hand_in_is_graded_whatever_became_of_its_cells(grade, tmp_path):
    assignment = "00-start-here"
    exercise = hostile.Exercise(assignment, released(assignment))
    done = filled(released(assignment), solutions(assignment))
    plain = [c | {"metadata": {}} for c in done["cells"]]
    moved = {
        "renamed": exercise.files({**done, "cells": plain}),
        "reversed": exercise.files({**done, "cells": done["cells"][::-1]}),
        "copied": exercise.files({**done, "cells": done["cells"] * 2}),
        "tests deleted": exercise.files(
            {**done, "cells": [c for c in done["cells"] if not c["id"].startswith("test")]}
        ),
        "in one cell": exercise.files(
            {**done, "cells": [code_cell("all", "\n\n".join(solutions(assignment).values()))]}
        ),
    }
    results = grade(course_of(tmp_path, assignment, moved), assignment, jobs=2)["students"]
    assert {name: results[name]["score"] for name in moved} == dict.fromkeys(moved, 10)
