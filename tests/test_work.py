"""A learner's own copies: `python -m dlscratch start NN` and `python -m dlscratch progress`."""

import json
import shutil
from pathlib import Path

import pytest
from exercise_notebooks import EXERCISES, filled, released, solutions, write

from dlscratch.__main__ import main
from dlscratch.launch import chapters, exercises, handin, lab
from dlscratch.launch.standing import progress

NAME = "00-start-here"


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A clone with one exercise; JupyterLab is not started, and what it would open is kept."""
    release = tmp_path / "exercises" / "release" / NAME
    release.mkdir(parents=True)
    shutil.copy(EXERCISES / "release" / NAME / f"{NAME}.ipynb", release)
    monkeypatch.setattr(chapters, "course_folder", lambda: tmp_path)
    course = Course(tmp_path)
    monkeypatch.setattr(lab, "open_notebook", lambda root, notebook, **_: course.opened.append(notebook.as_posix()))
    return course


class Course:
    def __init__(self, root):
        self.copy, self.opened = root / "work" / f"{NAME}.ipynb", []

    def hand(self, notebook):
        write(notebook, self.copy)


def said(capsys, *argv):
    main(list(argv))
    return capsys.readouterr().out


# start


def test_start_copies_the_release_and_opens_the_copy(course, capsys):
    assert said(capsys, "start", "0") == f"work/{NAME}.ipynb is your copy now.  Updates of the course never touch it.\n"
    assert json.loads(course.copy.read_text(encoding="utf-8"))["cells"]
    assert course.opened == [f"work/{NAME}.ipynb"]


def test_start_never_writes_over_work(course, capsys):
    course.copy.parent.mkdir()
    course.copy.write_text("my work")
    assert "nothing was copied" in said(capsys, "start", "00")
    assert course.copy.read_text() == "my work"
    assert course.opened == [f"work/{NAME}.ipynb"]


def test_in_a_terminal_of_jupyterlab_no_second_one_is_started(course, capsys, monkeypatch):
    monkeypatch.setenv("JUPYTER_SERVER_ROOT", "anywhere")
    assert said(capsys, "start", "00").endswith("Open it in the file browser on the left.\n")
    assert course.copy.exists() and course.opened == []


def test_an_unknown_exercise_is_answered_with_the_list(course):
    with pytest.raises(SystemExit, match=f"no exercise '42'.*\n *{NAME}"):
        main(["start", "42"])
    assert not course.copy.parent.exists()


def test_git_ignores_the_folder_of_work():
    assert "work/" in (EXERCISES.parent / ".gitignore").read_text().split()


# progress


def test_what_is_not_begun_is_said_and_nothing_is_made(course, capsys):
    assert f"{NAME}            not begun" in said(capsys, "progress")
    assert "not begun" in said(capsys, "progress", "00")
    assert not course.copy.parent.exists()


def test_half_done_work_is_told_test_by_test(course, capsys):
    right = solutions(NAME)
    course.hand(filled(released(NAME), {name: right[name] for name in ("diagnosis", "mse_value")}))
    before = course.copy.read_bytes()
    assert "2 of 6 tests passed, 3 of 10 points   next: Task 3" in said(capsys, "progress")
    told = said(capsys, "progress", "0")
    assert told.startswith(f"{NAME}: 3 of 10 points\n  passed  Task 1: your diagnosis\n  passed  Task 2")
    assert "open    Task 4: one step\n            fit_line is not written yet" in told
    assert course.copy.read_bytes() == before


def test_a_notebook_that_cannot_be_read_is_named(course, capsys):
    course.hand({"cells": [{"source": "", "cell_type": "code"}]})
    assert "cannot be read: 00-start-here.ipynb is not a notebook (KeyError: 'metadata')" in said(capsys, "progress")
    course.copy.write_text("{")
    assert "is not a notebook" in said(capsys, "progress")


def test_a_slip_in_python_itself_is_named_where_its_function_is_missed(course, capsys):
    course.hand(filled(released(NAME), {"mse_value": "def mse_value(prediction, target):\n    return (prediction\n"}))
    told = said(capsys, "progress", "0")
    assert "name 'mse_value' is not defined; a cell of yours cannot be read: SyntaxError: " in told


def test_a_cell_that_has_stopped_is_named_where_its_function_is_missed(course, capsys):
    course.hand(filled(released(NAME), {"mse_value": "import torch_of_mine\n" + solutions(NAME)["mse_value"]}))
    told = said(capsys, "progress", "0")
    missing = "ModuleNotFoundError: No module named 'torch_of_mine'"
    assert f"name 'mse_value' is not defined; a cell of yours has stopped: {missing}\n" in told


def test_what_check_has_found_is_said(course, capsys):
    wrong = solutions(NAME)["mse"].replace("2 * ", "")
    assert wrong != solutions(NAME)["mse"]
    course.hand(filled(released(NAME), solutions(NAME) | {"mse": wrong}))
    assert (
        "open    Task 3: the gradient that its pullback returns\n            dprediction: a factor 2 is missing"
        in said(capsys, "progress", "0")
    )


def test_a_loop_that_never_ends_is_stopped_and_named(course, capsys, monkeypatch):
    monkeypatch.setattr("dlscratch.launch.standing.PATIENCE", 8)
    course.hand(
        filled(released(NAME), {"mse_value": "def mse_value(prediction, target):\n    while True:\n        pass\n"})
    )
    told = said(capsys, "progress", "0")
    assert "open    Task 2: the value\n            stopped after 8 seconds: is there a loop that never ends?" in told


def test_progress_can_be_a_cell(course, capsys):
    assert progress() is None
    assert "not begun" in capsys.readouterr().out


# what counts in a notebook


def cell(text, **nbgrader):
    return {"cell_type": "code", "source": text, "metadata": {"nbgrader": nbgrader} if nbgrader else {}}


RELEASE = {
    "cells": [
        cell("setup", grade_id="setup", locked=True),
        cell("shown"),
        cell("stub", grade_id="f", solution=True),
        cell("test", grade_id="t", grade=True, locked=True),
    ]
}


def counted(*cells):
    return [[handin.source(cell) for cell in part] for part in handin.parts(RELEASE, {"cells": cells})]


def test_tests_and_locked_cells_are_those_of_the_release():
    mine = cell("answer", grade_id="f", solution=True)
    changed = cell("easier", grade_id="t", grade=True), cell("other", grade_id="setup", locked=True)
    assert counted(mine, *changed) == [["setup", "shown"], ["answer"], ["test"]]
    assert counted(mine) == [["setup", "shown"], ["answer"], ["test"]]


def test_all_other_code_counts_wherever_it_stands_and_whatever_its_name():
    helper, lost, copied = cell("helper"), cell("answer"), cell("again", grade_id="f", solution=True)
    text = {"cell_type": "markdown", "source": "words", "metadata": {}}
    assert counted(helper, lost, text, copied, copied)[1] == ["helper", "answer", "again", "again"]


def test_a_cell_of_the_release_is_not_the_learners():
    assert counted(cell("shown"), cell("mine"))[1] == ["mine"]


def test_releases_are_found_in_order():
    found = [path.stem for path in exercises.releases(EXERCISES.parent)]
    assert found == sorted(found) and NAME in found and all(Path(name).suffix == "" for name in found)
