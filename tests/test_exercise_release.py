"""The command that makes and checks exercises/release."""

import json
import shutil
import subprocess
import sys

import pytest
from exercise_notebooks import EXERCISES


@pytest.fixture
def differences(monkeypatch):
    monkeypatch.syspath_prepend(EXERCISES.parent)
    from exercises.release import differences

    return lambda fresh, present: list(differences(fresh, present))


def test_a_changed_a_missing_and_a_left_over_file_are_named(differences):
    fresh = {"a/a.ipynb": '{"cells": [1]}', "b/b.ipynb": "{}"}
    present = {"a/a.ipynb": '{"cells": []}', "c/c.ipynb": "{}"}
    changed, missing, left_over = differences(fresh, present)
    assert "a.ipynb is stale" in changed and "source/a/a.ipynb has changed" in changed
    assert "b.ipynb is missing" in missing
    assert "c.ipynb comes from nothing" in left_over


def test_line_ends_and_indentation_do_not_make_a_release_stale(differences):
    notebook = {"cells": ["a", "b"]}
    windows = json.dumps(notebook, indent=4).replace("\n", "\r\n")
    assert differences({"a.ipynb": json.dumps(notebook)}, {"a.ipynb": windows}) == []


def test_the_command_names_a_source_edited_after_its_release(tmp_path):
    shutil.copytree(EXERCISES, tmp_path / "exercises", ignore=shutil.ignore_patterns("submitted", "autograded"))
    source = tmp_path / "exercises" / "source" / "00-start-here" / "00-start-here.ipynb"
    source.write_text(source.read_text(encoding="utf-8").replace("Task 1", "Task one"), encoding="utf-8")
    command = [sys.executable, "-m", "exercises.release", "--check"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "release/00-start-here/00-start-here.ipynb is stale" in done.stdout
    assert not (tmp_path / "exercises" / "gradebook.db").exists()
