"""The exercises in a real JupyterLab: what a learner sees after Run All, the hints, and the Validate button."""

import shutil

import pytest
from exercise_notebooks import (
    EXERCISES,
    filled,
    graded_cells,
    released,
    run,
    solutions,
    to_repair,
    write,
)
from lab import console_errors, lab_server, open_notebook, output_errors, run_all

CHOSEN = "00-start-here", "04-affine", "10-training-clinic"  # what Validate says of all is in test_exercises.py
pytestmark = [pytest.mark.slow, pytest.mark.parametrize("assignment", CHOSEN)]


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """JupyterLab on copies of the exercises."""
    folder = tmp_path_factory.mktemp("desk")
    shutil.copytree(EXERCISES / "release", folder / "release")
    shutil.copytree(EXERCISES / "source", folder / "source")
    with lab_server(folder) as server:
        yield server


def test_run_all_on_an_untouched_notebook_tells_each_open_task(assignment, desk, page):
    """In one line; of code that is to be repaired, what it does wrong, and never a traceback."""
    errors = console_errors(page)
    open_notebook(page, desk, f"release/{assignment}/{assignment}.ipynb")
    run_all(page)
    assert output_errors(page) == [] and errors == []
    told = page.evaluate(MESSAGES)
    assert set(told) == {cell["id"] for cell in graded_cells(released(assignment))}
    if to_repair(assignment):
        assert {name: m for name, m in told.items() if not m or "Traceback" in m or "not written" in m} == {}
    else:
        assert {name: m for name, m in told.items() if "is not written yet" not in m or "\n" in m} == {}


def test_hints_are_closed_until_a_learner_opens_them(assignment, desk, page):
    open_notebook(page, desk, f"release/{assignment}/{assignment}.ipynb")
    hint = page.locator("details").filter(has_text="Hint 3").first
    hint.scroll_into_view_if_needed()
    assert hint.get_attribute("open") is None
    hint.locator("summary").click()
    assert hint.get_attribute("open") is not None
    assert hint.locator("code, pre").first.is_visible()


def test_validate_passes_the_solution(assignment, desk, page):
    open_notebook(page, desk, f"source/{assignment}/{assignment}.ipynb")
    assert "Success! Your notebook passes all the tests." in validated(page)


def test_validate_names_the_open_tasks_of_a_notebook_that_is_half_done(assignment, desk, page):
    name, code = next(iter(solutions(assignment).items()))
    half = filled(released(assignment), {name: code})
    write(half, desk.root / "half.ipynb")
    open_notebook(page, desk, "half.ipynb")
    text = validated(page)
    assert text.count("The following cell failed") == sum(error is not None for error in run(half).values())
    assert "Traceback" not in text
    assert to_repair(assignment) or "is not written yet" in text


def validated(page):
    """Press Validate -> what the dialog says at the end."""
    page.get_by_text("Validate", exact=True).click()
    result = page.locator(".jp-Dialog", has_text="Validation Results")
    result.wait_for()
    return result.inner_text()


MESSAGES = """() => Object.fromEntries([...window.jupyterapp.shell.currentWidget.context.model.cells]
    .filter(cell => cell.type === 'code' && cell.getMetadata('nbgrader')?.grade)
    .map(cell => [cell.id, cell.outputs.toJSON().map(output => (output.traceback ?? ['no error']).join('\\n')).join('\\n')]))"""
