"""The widget of bricks, storey by storey: arrays and what pullbacks keep, picture and sentence, controls."""

from functools import partial

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from dlscratch import layers, numeric_gradient, ops
from dlscratch.views import explore_bricks
from dlscratch.views.bricks import TALLEST, UPDATE, D, M, compute, draw, frame, one_batch, say, start
from dlscratch.views.picture import Picture
from dlscratch.views.style import DATA

GUESS = {"numbers": 60, "n": 4, "width": 8}


def shown(step, guess=None, n=4, width=8, clean=True, activation=ops.relu):
    return compute(guess, step, n, width, clean, activation=activation)


def kept(found):
    return [sorted(held) for held in found.kept]


# numbers


def loss_of(x, y, W1, b1, W2, b2):
    """Written anew, without any pullback."""
    return float(np.mean((np.maximum(x @ W1 + b1, 0) @ W2 + b2 - y) ** 2))


@pytest.mark.parametrize("k", range(4))
def test_gradients_of_the_parameters_agree_with_nudges(k):
    x, y, *params = start(4, 8, 0)
    arrays, _ = one_batch(ops.relu, 4, 8)
    measured = numeric_gradient(lambda p: loss_of(x, y, *params[:k], p, *params[k + 1 :]), params[k])
    np.testing.assert_allclose(arrays[("dW1", "db1", "dW2", "db2")[k]], measured, rtol=1e-6, atol=1e-8)


def test_the_gradient_of_the_batch_itself_agrees_with_nudges():
    x, y, *params = start(3, 5, 0)
    arrays, _ = one_batch(ops.relu, 3, 5)
    measured = numeric_gradient(lambda x: loss_of(x, y, *params), x)
    np.testing.assert_allclose(arrays["dx"], measured, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize(("n", "width"), [(1, 1), (4, 8), (8, 12), (5, 1)])
def test_relu_keeps_its_input_and_tanh_its_output_which_the_next_brick_keeps_anyway(n, width):
    guess = {"numbers": 0, "n": n, "width": width}
    assert shown(4, guess, n, width).answer == n * (D + width + width + M)
    assert shown(4, guess, n, width, activation=ops.tanh).answer == n * (D + width + M)


def test_what_is_kept_grows_on_the_way_forward_and_is_given_up_on_the_way_back():
    assert shown(0, GUESS).counts.tolist() == [0, 12, 44, 76, 84, 76, 44, 12, 0, 0]
    assert [kept(shown(step, GUESS)) for step in (0, 2, 4, 6, 8)] == [
        [[], [], [], []],
        [["x"], ["h"], [], []],
        [["x"], ["h"], ["a"], ["d"]],
        [["x"], ["h"], [], []],
        [[], [], [], []],
    ]


def test_an_array_disappears_when_nobody_needs_it_any_more():
    assert [sorted(shown(step, GUESS).present) for step in (0, 3, 4, 6, 9)] == [
        ["x"],
        ["a", "h", "p", "x"],
        ["L", "a", "h", "x"],
        ["L", "da", "h", "x"],
        ["L"],
    ]


def test_gradients_are_added_from_the_last_brick_to_the_first():
    arrived = [[name for name, grad in shown(s).grads.items() if grad.any()] for s in (5, 6, 7, 8)]
    assert arrived == [[], ["dW2", "db2"], ["dW2", "db2"], ["dW1", "db1", "dW2", "db2"]]


def test_gradients_that_are_not_set_to_0_hold_both_batches():
    both, this, last = shown(8, clean=False), shown(8), one_batch(ops.relu, 4, 8, seed=1)[0]
    for name in both.grads:
        np.testing.assert_allclose(both.grads[name], this.grads[name] + last[name])
        np.testing.assert_allclose(shown(0, clean=False).grads[name], last[name])


def test_without_a_guess_nothing_of_the_answer_is_computed():
    assert shown(4)[-4:] == (None, None, None, None)


def test_the_answer_belongs_to_the_sizes_of_the_guess():
    assert shown(4, GUESS, n=8, width=12).answer == 84
    assert shown(4, GUESS, n=8, width=12).counts.max() == 8 * (3 + 12 + 12 + 2)


# the picture


def test_every_step_size_and_guess_has_a_picture_of_its_own():
    paint = Picture(draw, frame)
    seen = [
        *(shown(step) for step in range(UPDATE + 1)),
        *(shown(step, GUESS) for step in range(UPDATE + 1)),
        *(shown(6, GUESS | {"numbers": 70}), shown(6, GUESS, clean=False), shown(6, GUESS, n=5)),
        shown(6, GUESS, width=9),
    ]
    assert len({paint.png(found) for found in seen}) == len(seen)


def present_bar(found):
    """The height of the bar of the present step: only that has this blue."""
    ax = Figure().subplots()
    draw(ax, found)
    boxes = next(c for c in ax.collections if type(c) is PolyCollection)
    dark = (boxes.get_facecolor() == to_rgba(DATA)).all(axis=1)
    return max(np.ptp(path.vertices[:, 1]) for path, bar in zip(boxes.get_paths(), dark, strict=True) if bar)


def test_a_guess_for_other_sizes_does_not_flatten_the_bars():
    here, elsewhere = (shown(4, GUESS | {"numbers": 400}, n=n, width=n * 2) for n in (4, 1))
    assert present_bar(here) == pytest.approx(TALLEST * 84 / 400)
    assert present_bar(elsewhere) == pytest.approx(TALLEST)


def test_the_same_arrays_give_the_same_picture_again():
    paint = Picture(draw, frame)
    first = paint.png(shown(6, GUESS))
    paint.png(shown(9, GUESS, n=8, width=12, clean=False))
    assert paint.png(shown(6, GUESS)) == first


# the words


def test_the_sentence_hides_what_is_kept_until_the_guess():
    told = say(shown(4))
    assert told.startswith("Step 4: The loss makes one number of p (4, 2)") and told.endswith(
        "Lock your prediction to see what the pullbacks keep."
    )
    assert "84" not in told and "Kept" not in told


def test_the_sentence_says_what_the_picture_shows():
    assert say(shown(6, GUESS)).split("\n") == [
        "Step 6: The pullback of Affine 2 turns dp (4, 2) into da (4, 8), and adds to dW2 and db2.",
        "Gradients added so far: dW2, db2.",
        "Kept by the pullbacks: x (Affine 1), h (relu); 44 numbers.",
        "For batch 4 and width 8 you predicted 60; after the loss it is 84.",
    ]


# the controls


def test_every_control_over_its_whole_range_before_and_after_the_lock():
    widget = explore_bricks()
    guess, step, n, width, clean = widget.controls
    for _ in range(2):
        for control in (guess.controls[0], n, width, clean, step):
            for value in control.samples:
                control.value = value
                assert widget.readout.text.startswith("Step "), widget.readout.text
                assert 'role="status"' in widget.readout.widget.value
        guess.lock()
    assert "For batch 8 and width 12 you predicted 400; after the loss it is 232." in widget.readout.text


@pytest.mark.parametrize("step", [0, 4, 6, 9])
@pytest.mark.parametrize("locked", [False, True])
def test_every_control_changes_the_picture_and_the_words(step, locked):
    widget = explore_bricks()
    guess, at, n, width, clean = widget.controls
    if locked:
        guess.lock()
    at.value = step
    for control, value in [(n, 5), (width, 9), (clean, False), (at, step - 1 if step else 1)]:
        before = widget.readout.text, widget.image.value
        control.value = value
        assert widget.readout.text != before[0] and widget.image.value != before[1]


def test_the_lock_freezes_the_prediction_and_leaves_the_sizes_free():
    guess, _, n, *_ = explore_bricks().controls
    guess.controls[0].value = 60
    guess.lock()
    assert guess.value == GUESS
    assert guess.controls[0].source.disabled and not n.source.disabled


def test_the_picture_without_a_kernel_does_not_give_the_answer_away():
    data, _ = explore_bricks()._repr_mimebundle_()
    assert data["text/plain"].endswith("Lock your prediction to see what the pullbacks keep.")


def test_two_widgets_share_no_state():
    one, other = explore_bricks(), explore_bricks()
    one.controls[0].lock()
    one.controls[1].value = 9
    assert other.readout.text.startswith("Step 0:") and "Lock your prediction" in other.readout.text


# the reader's own activation


def scaled(x, *, by):
    return by * x, lambda dout: (by * dout,)


class Remembering:
    """Its pullback is a method: what it keeps lies in an object."""

    def __call__(self, x):
        self.out = np.sqrt(x * x + 1)
        self.x = x
        return self.out, self.back

    def back(self, dout):
        return (dout * self.x / self.out,)


def test_the_widget_tells_what_the_readers_own_pullback_keeps():
    def masked(x):
        mask = x > 0
        return x * mask, lambda dout: (dout * mask,)

    assert kept(shown(4, GUESS, activation=masked)) == [["x"], ["mask"], ["a"], ["d"]]
    assert kept(shown(4, GUESS, activation=partial(scaled, by=2.0))) == [["x"], [], ["a"], ["d"]]
    assert kept(shown(4, GUESS, activation=Remembering())) == [["x"], ["a", "h"], ["a"], ["d"]]
    assert shown(4, GUESS, activation=Remembering()).answer == 84


def keeps_twice(x):
    both = [x, (x, x + 1)]
    return x, lambda dout: (dout * (both[0] == x),)


def test_arrays_in_lists_are_found_and_none_counts_twice():
    assert shown(4, GUESS, activation=keeps_twice).answer == 12 + 32 + 32 + 8


def overwriting(x):
    """A relu as in the museum of bugs: it writes its zeros into the array of the caller."""
    return np.maximum(x, 0), lambda dout: (np.multiply(dout, x > 0, out=dout),)


@pytest.mark.parametrize(
    ("own", "words"),
    [
        (lambda x: 1 / 0, "ZeroDivisionError"),
        (lambda x: None, "<lambda> must return (out, pullback); it returned NoneType"),
        (lambda x: np.maximum(x, 0), "<lambda> must return (out, pullback); it returned ndarray"),
        (lambda x: (x, 1.0), "<lambda> must return (out, pullback); it returned 2 values"),
        (lambda x: (None, lambda dout: (dout,)), "out of <lambda> is None: is it computed and handed on?"),
        (lambda x: (x[0], lambda dout: (dout,)), "out of <lambda> has shape (8,); it must have the shape of its input"),
        (lambda x: (x, lambda dout: dout), "must return a tuple with one entry, (dx,); it is ndarray"),
        (lambda x: (x, lambda dout: None), "must return a tuple with one entry, (dx,); it is NoneType"),
        (lambda x: (x, lambda dout: (dout, dout)), "must return a tuple with one entry, (dx,); it is 2 values"),
        (lambda x: (x, lambda dout: (None,)), "dx from the pullback of <lambda> is None"),
        (lambda x: (x, lambda dout: (dout.T,)), "dx from the pullback of <lambda> has shape (8, 4)"),
        (lambda x: (x, lambda: 0), "TypeError"),
        (lambda x: (np.maximum(x, 0, out=x), lambda dout: (dout,)), "<lambda> has changed its input in place"),
        (overwriting, "the pullback of overwriting has changed dout in place: others hold the same array"),
        (lambda x: (x * np.nan, lambda dout: (dout,)), "Not a finite number any more: loss, gradients"),
        (lambda x: (x, lambda dout: (dout * np.inf,)), "Not a finite number any more: gradients"),
    ],
    ids=lambda value: value[:24] if isinstance(value, str) else "",
)
@pytest.mark.parametrize("locked", [False, True])
def test_an_activation_that_is_wrong_is_told_in_the_widget(own, words, locked):
    widget = explore_bricks(own)
    if locked:
        widget.controls[0].lock()
    widget.controls[1].value = 8
    assert words in widget.readout.text
    assert 'role="alert"' in widget.readout.widget.value


@pytest.mark.parametrize(
    ("thing", "name"), [(layers.ReLU(), "ReLU"), (layers.ReLU, "ReLU"), (3, "int"), (None, "NoneType")]
)
def test_what_is_no_operation_is_refused_with_an_example(thing, name):
    with pytest.raises(TypeError, match=rf"such as ops.tanh; got {name}$"):
        explore_bricks(thing)


def test_whole_numbers_are_taken_as_floats():
    widget = explore_bricks(lambda x: ((x > 0).astype(int), lambda dout: (0 * dout,)))
    assert widget.readout.text.startswith("Step 0")
