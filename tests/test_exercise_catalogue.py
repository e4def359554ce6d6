"""The hidden tests of the exercises alone, and the visible ones alone, against the whole catalogue."""

import pytest
from exercise_catalogue import right_versions, wrong_versions
from exercise_notebooks import ASSIGNMENTS, answers, filled, first_failure, hidden_alone, released, solutions, source

AT_ONCE = "04-affine"  # the versions of this exercise; those of the others with the slow tests


def versions(found):
    marks = {True: (), False: pytest.mark.slow}
    return [pytest.param(v, id=f"{v.assignment}-{v.name}", marks=marks[v.assignment == AT_ONCE]) for v in found]


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_every_test_cell_has_hidden_tests_that_stand_alone(assignment):
    assert first_failure(hidden_alone(source(assignment))) is None


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_right_code_passes_the_hidden_tests_alone_however_it_is_written(assignment):
    for name, code in answers(assignment)[0].items():
        assert first_failure(hidden_alone(filled(source(assignment), code))) is None, name


@pytest.mark.parametrize("version", versions(wrong_versions()))
def test_a_wrong_version_is_rejected_by_the_hidden_tests_alone(version):
    assert first_failure(hidden_alone(filled(source(version.assignment), version.code)), given=version.given)


@pytest.mark.parametrize("version", versions(right_versions()))
def test_a_right_version_passes_the_visible_and_the_hidden_tests(version):
    """No surprise: what the visible tests accept, the hidden ones accept."""
    visible = filled(released(version.assignment), solutions(version.assignment) | version.code)
    assert first_failure(visible, given=version.given) is None
    hidden = hidden_alone(filled(source(version.assignment), version.code))
    assert first_failure(hidden, given=version.given) is None
