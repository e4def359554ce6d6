"""The widget that measures a slope, storey by storey: numbers, picture and sentence, controls."""

import math
from functools import partial
from itertools import product

import numpy as np
import pytest

from dlscratch.views import draw_errors, explore_difference
from dlscratch.views.difference import (
    CENTER,
    STEPS,
    UNIT,
    WINDOW,
    central,
    compute,
    draw,
    forward,
    frame,
    say,
    worst_nearby,
)
from dlscratch.views.picture import Picture
from dlscratch.views.show import Still

RULES = {"forward": forward, "central": central}
of_square = partial(compute, f=lambda x: x * x, slope=lambda x: 2 * x, rules=RULES)
of_sine = partial(compute, f=np.sin, slope=np.cos, rules=RULES)
EPS = np.finfo(float).eps


def two_panels():
    return Picture(draw, frame, panels=(2, 1))


def test_the_rules_on_a_parabola_are_known_by_hand():
    assert of_square(0.5, 3.0, "forward", None).measured == 6.5  # 2 x + h
    assert of_square(0.5, 3.0, "central", None).measured == 6.0  # the h cancels
    assert of_square(0.5, 3.0, "forward", None).slope == 6.0


def test_the_microscope_shows_changes_in_units_of_h():
    near = of_square(0.5, 3.0, "forward", None).near
    assert WINDOW[[CENTER - UNIT, CENTER, CENTER + UNIT]].tolist() == [-1, 0, 1]
    assert near[[CENTER - UNIT, CENTER, CENTER + UNIT]].tolist() == [-5.5, 0, 6.5]


def test_under_the_microscope_a_curve_is_straight_and_then_a_staircase():
    bend = [np.abs(of_sine(h, 1.0, "forward", None).near - np.cos(1) * WINDOW).max() for h in (1, 1e-4, 1e-15)]
    assert bend[0] > 0.5 and bend[1] < 1e-3 and bend[2] > 0.05
    assert len(np.unique(of_sine(1e-15, 1.0, "forward", None).near)) < 20


def test_errors_are_hidden_without_a_guess():
    found = of_sine(0.1, 1.0, "forward", None)
    assert found.errors is found.best is found.guess is None


def test_the_best_steps_are_where_truncation_meets_rounding():
    found = of_sine(0.1, 1.0, "forward", {"h": 0.01})
    assert found.errors.shape == (2, len(STEPS))
    assert np.all(np.abs(np.log10(found.best / [EPS ** (1 / 2), EPS ** (1 / 3)])) < 0.7)
    assert 1e-9 < found.at_best[0] < 1e-7 and 1e-12 < found.at_best[1] < 1e-9


def test_truncation_falls_like_h_and_like_h_squared():
    errors = of_sine(0.1, 1.0, "forward", {"h": 0.01}).errors.filled()
    decade = errors[:, STEPS.searchsorted(1e-3)] / errors[:, STEPS.searchsorted(1e-2)]
    assert decade == pytest.approx([0.1, 0.01], rel=0.02)


def test_steps_that_leave_the_domain_are_not_the_best():
    with np.errstate(all="ignore"):  # as the widget does
        found = compute(0.1, 0.5, "central", {"h": 1.0}, f=np.log, slope=lambda x: 1 / x, rules=RULES)
    assert np.all(found.best < 1e-3) and np.isinf(found.at_guess[1])


def test_the_error_at_the_guess_leaves_luck_out():
    found = of_sine(0.1, 1.0, "forward", {"h": 0.01})
    assert found.at_guess == pytest.approx([10**-1.5 * np.sin(1) / 2, 10**-3.0 * np.cos(1) / 6], rel=0.05)
    assert worst_nearby(np.array([[0.0, 5.0, 0.0, 0.0, 1.0]]), width=2).tolist() == [[5, 5, 5, 1, 1]]


def test_a_wrong_slope_has_no_valley():
    found = of_sine(0.1, 1.0, "forward", {"h": 0.01})
    wrong = of_sine(0.1, 1.0, "forward", {"h": 0.01}, slope=np.sin)
    assert found.at_best[0] < 1e-7 and wrong.errors[:, 80:130].min() > 0.29


def test_the_answer_is_drawn_only_after_the_guess():
    picture = two_panels()
    hidden = picture.png(of_sine(0.1, 1.0, "forward", None))
    assert picture.png(of_sine(0.1, 1.0, "forward", {"h": 1e-4})) != hidden
    assert picture.png(of_sine(0.1, 1.0, "forward", None)) == hidden


def test_the_sentence_hides_the_errors_until_the_guess():
    assert say(of_square(0.5, 3.0, "forward", None)) == (
        "At x = 3, with the forward difference and h = 0.5, the measured slope is 6.5; the formula says 6. "
        "Lock your prediction to see how the error depends on h."
    )
    told = say(of_square(0.5, 3.0, "forward", {"h": 0.01}))
    assert "They differ by 0.5." in told
    assert "Around your prediction, h = 0.01, the error reaches 0.03." in told
    assert "The best place is near h = " in told


def test_no_error_is_said_to_stay_below_zero():
    told = say(of_sine(0.1, 0.0, "forward", {"h": 0.01}))
    assert told.endswith("there it is 0.") and "below" not in told


def test_every_control_over_its_whole_range_before_and_after_the_lock():
    widget = explore_difference()
    guess, h, rule, x = widget.controls
    for _ in range(2):
        for control in (guess.controls[0], h, rule, x):
            before = control.value
            for value in control.samples:
                control.value = value
                assert widget.readout.text.startswith("At x = "), widget.readout.text
                assert "not a finite" not in widget.readout.text.lower()
            control.value = before
        guess.lock()
    assert guess.value == {"h": pytest.approx(0.01)}
    assert "Around your prediction" in widget.readout.text


def test_the_ends_of_all_ranges_together():
    picture = two_panels()
    for guess, h, rule, x in product([1e-16, 1.0], [1e-16, 1.0], RULES, [-1.0, 0.0, 3.0]):
        found = of_sine(h, x, rule, {"h": guess})
        assert np.isfinite([*found.at_guess, *found.at_best]).all() and picture.png(found)


def test_a_step_too_small_to_arrive_measures_nothing():
    assert of_square(1e-16, 2.0, "forward", None).measured == 0


def test_the_picture_without_a_kernel_does_not_give_the_answer_away():
    data, _ = explore_difference()._repr_mimebundle_()
    assert data["text/plain"].endswith("Lock your prediction to see how the error depends on h.")


def test_the_widget_runs_the_readers_own_functions():
    widget = explore_difference(math.exp, math.exp, at=0.0, own=lambda f, x, h: (f(x) - f(x - h)) / h)
    widget.controls[0].lock()
    widget.controls[2].value = "yours"
    assert widget.readout.text.startswith("At x = 0, with your rule and h = 1, the measured slope is 0.6321;")
    assert widget.picture.axes[1].get_legend().get_texts()[2].get_text() == "yours"


def test_a_domain_that_ends_inside_the_window_is_no_mistake():
    widget = explore_difference(np.log, lambda x: 1 / x)
    widget.controls[0].lock()
    assert "Not a finite number" not in widget.readout.text
    widget.controls[3].value = -1.0
    assert "Not a finite number any more: measured" in widget.readout.text
    widget.controls[3].value = 1.0
    assert widget.readout.text.startswith("At x = 1")


WRONG = {
    "returns nothing": (lambda x: None, "ValueError: f returned None: is its `return` missing?"),
    "wrong shape": (lambda x: np.ones(3) * x, "f returned an array of shape (3,); it must return one number"),
    "raises": (lambda x: 1 / 0, "ZeroDivisionError"),
    "wrong signature": (lambda: 0.0, "TypeError"),
    "text": (lambda x: "one", "ValueError"),
    "nan": (lambda x: np.nan, "Not a finite number any more: measured"),
    "infinite": (lambda x: np.inf, "Not a finite number any more: measured"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_function_that_is_wrong_is_told_in_the_widget(name):
    f, words = WRONG[name]
    widget = explore_difference(f)
    assert words in widget.readout.text
    widget.controls[0].lock()
    widget.controls[1].value = 1e-3
    assert words in widget.readout.text


def test_a_slope_and_a_rule_that_are_wrong_are_told_in_the_widget():
    assert "slope returned None" in explore_difference(slope=lambda x: None).readout.text
    widget = explore_difference(own=lambda f, x, h: None)
    widget.controls[2].value = "yours"
    assert "yours returned None: is its `return` missing?" in widget.readout.text
    widget.controls[2].value = "forward"
    assert widget.readout.text.startswith("At x = 1")


def test_a_constant_function_has_a_picture():
    widget = explore_difference(lambda x: 0.0, lambda x: 0.0)
    widget.controls[0].lock()
    assert "the measured slope is 0; the formula says 0. They differ by 0." in widget.readout.text


def test_error_curves_as_a_still_picture():
    curves = {"measured": STEPS, "formula": 2 * STEPS, "exactly right": 0 * STEPS}
    one, two = (Still(draw_errors, STEPS, dict(c), "A title", alt="lines") for c in (curves, [*curves.items()][:2]))
    assert one.png != two.png


def test_a_fourth_curve_is_refused():
    curves = dict.fromkeys("abcd", STEPS)
    with pytest.raises(ValueError, match="draw_errors: 4 curves; three can be told apart"):
        Still(draw_errors, STEPS, curves, "A title", alt="lines")
