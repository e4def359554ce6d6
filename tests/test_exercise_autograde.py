"""What the autograding command says about a hand-in that nbgrader would stumble over."""

import json

import pytest
from exercise_notebooks import EXERCISES

GOOD = {"cells": [{"metadata": {"nbgrader": {"grade_id": "mse"}}}, {"metadata": {}}, {"metadata": {}}]}


@pytest.fixture
def reason(monkeypatch, tmp_path):
    """files -> why such a hand-in cannot be graded, or None."""
    monkeypatch.syspath_prepend(EXERCISES.parent)
    from exercises.autograde import unreadable

    def of(**files):
        folder = tmp_path / "submitted" / "ada" / "00"
        folder.mkdir(parents=True)
        for name, text in files.items():
            (folder / f"{name}.ipynb").write_text(text)
        return unreadable(tmp_path, "00", "ada")

    return of


def test_a_notebook_passes(reason):
    assert reason(**{"00": json.dumps(GOOD)}) is None


def test_a_renamed_notebook_is_named(reason):
    assert reason(mine=json.dumps(GOOD)) == "no 00.ipynb in it; there is: mine.ipynb"


def test_an_empty_folder_is_named(reason):
    assert reason() == "no 00.ipynb in it; there is: nothing"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"cells": 1}', '{"cells": [1]}', '{"cells": [{"metadata": []}]}'])
def test_what_is_not_a_notebook_is_named(reason, text):
    assert reason(**{"00": text}).startswith("00.ipynb is not a notebook (")


def test_a_copied_cell_is_named(reason):
    copied = {"cells": [*GOOD["cells"], GOOD["cells"][0]]}
    assert reason(**{"00": json.dumps(copied)}) == "more than one cell mse: delete the copy that does not count"


def test_without_hand_ins_the_folder_is_named(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(EXERCISES.parent)
    from exercises.autograde import students

    with pytest.raises(LookupError, match="submitted.STUDENT.00 is where one belongs"):
        students(tmp_path, "00")
