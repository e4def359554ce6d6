"""What a learner's code may import: what its notebook imports, and nothing that a task asks for."""

import subprocess
import sys

import pytest
from exercise_notebooks import ASSIGNMENTS, EXERCISES, solutions, source


@pytest.fixture
def package_for(monkeypatch):
    monkeypatch.syspath_prepend(EXERCISES.parent)
    from exercises.grade.package import package_for

    return package_for


def defined(files):
    from exercises.grade.rebuild import defined

    return {name for path, text in files.items() if path.endswith(".py") for name in defined(text)}


def test_a_layer_comes_with_what_it_needs_and_no_other(package_for):
    names = defined(package_for(["from dlscratch import Affine, SGD"]))
    assert {"Affine", "Layer", "Parameter", "affine", "SGD"} <= names
    assert not names & {"ReLU", "Sequential", "relu", "mse", "MSELoss", "Adam", "Tensor", "numeric_gradient"}


def test_a_primitive_is_taken_by_its_use(package_for):
    names = defined(package_for(["from dlscratch import ops\nops.relu"]))
    assert "relu" in names and not names & {"affine", "sigmoid", "mse", "leaky_relu"}


def test_check_is_there_and_says_nothing(package_for):
    files = package_for(["from dlscratch import check, GradientError\nfrom dlscratch.gradcheck import explain"])
    assert "numeric_gradient" not in defined(files)
    assert ran(files, "from dlscratch import check; print(check(1, 2))") == "None"


def test_a_numeric_gradient_is_there_if_the_notebook_imports_it(package_for):
    files = package_for(["from dlscratch import numeric_gradient"])
    code = "import numpy as np; from dlscratch import numeric_gradient as n; print(n(lambda x: float(x @ x), np.ones(2)).round(3))"
    assert ran(files, code) == "[2. 2.]"


def test_data_come_with_their_files(package_for):
    files = package_for(["from dlscratch import data\ndata.wine()"])
    assert ran(files, "from dlscratch import data; print(data.wine()[0].shape)") == "(178, 13)"


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_no_answer_of_an_exercise_is_in_its_package(package_for, assignment):
    from exercises.grade.rebuild import defined as defined_in

    locked = [c["source"] for c in source(assignment)["cells"] if c["metadata"].get("nbgrader", {}).get("locked")]
    asked = {name for code in solutions(assignment).values() for name in defined_in(code)}
    files = package_for([text for text in locked if "HIDDEN" not in text])
    assert not {name.lower() for name in asked} & {name.lower() for name in defined(files)}


@pytest.mark.parametrize(
    "name", ["Affine SGD Sequential Trainer", "Adam Dropout Conv2D Tensor", "nn data MSELoss train"]
)
def test_what_is_taken_can_be_imported(package_for, name):
    files = package_for([f"from dlscratch import {', '.join(name.split())}\nnn = 1"])
    assert ran(files, f"from dlscratch import {', '.join(name.split())}; print('yes')") == "yes"


def ran(files, code):
    """What such code prints where only this package is installed."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        for name, text in files.items():
            path = Path(folder, "dlscratch", name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        command = [
            sys.executable,
            "-c",
            f"import sys; sys.path.insert(0, {folder!r}); sys.dont_write_bytecode = True\n{code}",
        ]
        done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
