"""What a test says about a learner's answer: which numbers it accepts, and which sentence it says."""

import numpy as np
import pytest

from dlscratch.answers import Feedback, agree, attempt, equal, perform, run, use


def answer(code):
    """The function f that a notebook's cell defines."""
    space = {"__name__": "__main__", "np": np}
    exec(compile(code, "cell", "exec"), space)
    return space["f"]


def told(call, *inputs, **options):
    with pytest.raises(Feedback) as caught:
        call(*inputs, **options)
    assert caught.value._render_traceback_() == [str(caught.value)]
    return str(caught.value)


def test_attempt_returns_what_the_answer_returns():
    assert attempt(lambda x, *, y: x + y, 1, y=2) == 3


def test_an_error_is_told_with_the_learners_own_line():
    f = answer("def f(x):\n    y = x + 1\n    return np.linalg.inv(y)\n")
    assert told(attempt, f, np.ones(3)).startswith("LinAlgError: 1-dimensional array given")
    assert "\n  in f, line 3 of its cell:" in told(attempt, f, np.ones(3))


def test_a_stub_is_told_in_one_line():
    f = answer("class f:\n    def forward(self, x):\n        raise NotImplementedError\n")
    ending = " is not written yet: put your code where it says raise NotImplementedError"
    assert told(attempt, f().forward, 1.0) == "f.forward" + ending


def test_a_not_implemented_error_of_a_library_is_no_stub():
    def library(x):
        raise NotImplementedError("no such thing")

    assert told(attempt, library, 1.0) == "NotImplementedError: no such thing"


def test_a_forgotten_return_is_told_but_a_step_may_return_nothing():
    f = answer("def f(x):\n    pass\n")
    assert told(attempt, f, 1) == "f returned None: is a return missing?"
    assert perform(f, 1) is None
    assert "ZeroDivisionError" in told(perform, answer("def f(x):\n    x / 0\n"), 1)


def test_a_feedback_from_within_is_passed_on_as_it_is():
    def inner():
        raise Feedback("it says so already")

    assert told(attempt, inner) == "it says so already"


def test_run_returns_the_value_and_the_gradients_as_a_tuple():
    assert run(lambda x: (2 * x, lambda dout: 2 * dout), 3.0, dout=1.5) == (6.0, (3.0,))
    assert run(lambda x: (2 * x, lambda dout: (2 * dout,)), 3.0, dout=1.5) == (6.0, (3.0,))
    assert run(lambda x: (2 * x, lambda dout: [2 * dout]), 3.0, dout=1.5) == (6.0, (3.0,))


def test_run_says_what_an_operation_returns():
    assert "must return two things" in told(run, lambda x: 2 * x, 3.0, dout=1.0)


@pytest.mark.parametrize("yours", [1.0, np.float64(1), 1, True, np.ones(()), 1 + 1e-12])
def test_equal_numbers_agree_whatever_their_type(yours):
    agree("it", yours, 1.0)


def test_rounding_is_measured_by_the_largest_number():
    agree("it", [1e6, 1e-7], [1e6, 0.0])
    assert told(agree, "it", [1e6, 1e-4], [1e6, 0.0]) == "it at [1]: yours is 0.0001, right is 0"
    agree("it", np.zeros((0, 3)), np.zeros((0, 3)))


def test_numbers_that_nearly_agree_are_told_with_more_digits():
    assert told(agree, "it", 1 / 3, 0.25) == "it: yours is 0.333333, right is 0.25"
    assert told(agree, "it", 1 + 1e-8, 1.0) == "it: yours is 1.00000001, right is 1"
    assert told(agree, "it", 1 + 3e-11, 1.0) == "it: yours is 1.00000000003, right is 1"


@pytest.mark.parametrize(
    ("yours", "words"),
    [
        (np.ones((2, 1)), "it: yours has shape (2, 1), right is (2,)"),
        ([1.0, 3.0], "it at [1]: yours is 3, right is 2"),
        (
            np.array([1, 2], np.float32),
            "it: yours is float32, which holds fewer digits than the float64 that came in",
        ),
        ([1.0, np.nan], "it at [1]: yours is not a finite number"),
        (None, "it: yours is no array of numbers, but of type NoneType"),
        ([1.0, [2.0]], "it: yours is no array of numbers, but of type list"),
        (["1", "2"], "it: yours is no array of numbers, but of type list"),
    ],
)
def test_numbers_that_differ_are_told(yours, words):
    assert told(agree, "it", yours, [1.0, 2.0]) == words


def test_single_precision_agrees_with_single_precision():
    agree("it", np.array([1, 2], np.float32), np.array([1, 2], np.float32))


def test_a_single_number_has_no_place():
    assert told(agree, "it", 2.0, 3.0) == "it: yours is 2, right is 3"
    assert told(agree, "it", np.inf, 3.0) == "it: yours is not a finite number"


def test_words_and_whole_numbers_must_be_equal_and_of_one_kind():
    equal("it", np.int64(3), 3)
    equal("it", ("a", 1), ("a", 1))
    assert told(equal, "it", "b", "a") == "it: yours is 'b', right is 'a'"
    assert told(equal, "it", 1, True) == "it: yours is 1, right is True"


def test_a_use_is_marked_and_otherwise_as_it_was():
    def f():
        pass

    assert use(f) is f and f.uses_answers
