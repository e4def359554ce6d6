"""The line widget, storey by storey: numbers, picture and sentence, controls."""

from functools import partial
from itertools import product

import numpy as np
import pytest

from dlscratch import ShapeError
from dlscratch.views import explore_line
from dlscratch.views.line_fit import Line, compute, draw, frame, least_squares, say
from dlscratch.views.picture import Picture

X, Y = np.array([0.0, 1.0, 2.0]), np.array([1.0, 3.0, 5.0])  # on y = 2 x + 1
NO_LINE = np.array([0.0, 1.0, 1.0]), np.array([0.0, 0.0, 1.0])
on_line = partial(compute, x=X, y=Y)


def test_the_loss_is_the_mean_squared_distance():
    assert on_line(2.0, 1.0, None).line == Line(2.0, 1.0, 0.0)
    assert on_line(2.0, 0.0, None).line.loss == 1.0
    assert on_line(0.0, 0.0, None).line.loss == pytest.approx((1 + 9 + 25) / 3)


def test_the_best_line_is_hidden_without_a_guess():
    assert on_line(2.0, 1.0, None).best is None
    assert on_line(0.0, 0.0, {"w": 1.0, "b": 1.0}).best == pytest.approx((2.0, 1.0, 0.0))


def test_no_line_beats_the_least_squares_line():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(2, 30))
    w, b = least_squares(x, y)
    best = compute(w, b, None, x=x, y=y).line.loss
    for dw, db in rng.normal(size=(100, 2)):
        assert compute(w + dw, b + db, None, x=x, y=y).line.loss > best


def test_one_point_and_equal_points_have_a_best_line():
    for x, y in [([2.0], [3.0]), ([1.0, 1.0], [0.0, 2.0])]:
        x, y = np.array(x), np.array(y)
        w, b = least_squares(x, y)
        assert np.allclose(w * x + b, y.mean())


def test_the_answer_is_drawn_only_after_the_guess():
    picture = Picture(draw, frame)
    hidden = on_line(1.0, 1.0, None)
    shown = on_line(1.0, 1.0, {"w": 0.0, "b": 0.0})
    assert picture.png(hidden) != picture.png(shown)
    moved = picture.png(on_line(1.1, 1.0, {"w": 0.0, "b": 0.0}))
    assert moved != picture.png(shown)


def test_the_sentence_hides_the_loss_until_the_guess():
    assert "loss 2" not in say(on_line(2.0, 0.0, None))
    told = say(on_line(2.0, 0.0, {"w": 0.0, "b": -1.0}))
    assert "Your line y = 2 x + 0 has loss 1:" in told
    assert "Your prediction y = 0 x - 1 has loss" in told
    assert "The best line y = 2 x + 1 has loss" in told


def test_every_control_over_its_whole_range_before_and_after_the_lock():
    widget = explore_line(*NO_LINE)
    w, b, guess = widget.controls
    for _ in range(2):
        for slope, height in product(w.samples, b.samples[::4]):
            w.value, b.value = slope, height
            assert widget.readout.text.startswith(("3 points", "Your line"))
        guess.lock()
    assert widget.controls[2].value == {"w": 3.0, "b": 3.0}


def test_the_picture_without_a_kernel_does_not_give_the_answer_away():
    data, _ = explore_line(X, Y)._repr_mimebundle_()
    assert data["text/plain"] == "3 points and your line y = 0 x + 0. Lock your prediction to see its loss."


def test_the_widget_runs_the_readers_own_loss():
    widget = explore_line(X, Y, loss=lambda prediction, target: np.abs(prediction - target).max())
    widget.controls[2].lock()
    assert "Your line y = 0 x + 0 has loss 5.\n" in widget.readout.text
    assert "no line has less" not in widget.readout.text


def test_only_the_mean_squared_error_is_said_to_be_smallest():
    widget = explore_line(X, Y)
    widget.controls[2].lock()
    assert "no line has less" in widget.readout.text and "mean of the squared distances" in widget.readout.text


@pytest.mark.parametrize(
    ("loss", "words"),
    [
        (lambda prediction, target: (prediction - target) ** 2, "ValueError: the loss has shape (3,)"),
        (lambda prediction, target: None, "the loss returned None: is its `return` missing?"),
        (lambda prediction, target: (0.0, abs), "the loss returned a tuple of 2; a loss is one number"),
        (lambda prediction: 0.0, "TypeError"),
        (lambda prediction, target: np.nan, "Not a finite number any more: line"),
        (lambda prediction, target: 1 / 0, "ZeroDivisionError"),
    ],
    ids=["one loss a point", "forgets return", "an operation", "wrong signature", "nan", "raises"],
)
def test_a_loss_that_is_wrong_is_told_in_the_widget(loss, words):
    widget = explore_line(X, Y, loss=loss)
    widget.controls[0].value = 1.0
    assert words in widget.readout.text


def test_points_that_do_not_match_are_refused():
    with pytest.raises(ShapeError, match="explore_line"):
        explore_line(np.ones(3), np.ones(4))
    with pytest.raises(ShapeError, match="explore_line"):
        explore_line(np.ones((3, 1)), np.ones(3))


def test_points_may_be_lists_and_must_be_finite():
    assert explore_line([0, 1], [1, 3]).readout.text.startswith("2 points")
    for x, y in [([], []), ([0, np.nan], [1, 2]), ([0, 1], [1, np.inf])]:
        with pytest.raises(ValueError, match="give one point at least, and finite numbers only"):
            explore_line(x, y)


def test_the_legend_stands_where_no_line_can_cross_it():
    widget = explore_line(X, Y)
    ax = widget.picture.axes
    assert ax.get_legend().get_window_extent().y1 < ax.get_window_extent().y0
