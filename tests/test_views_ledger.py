"""The ledger of x W + b, storey by storey: numbers, the picture and the sentence, controls; and chapter 04's milestone."""

from functools import partial
from itertools import product

import numpy as np
import pytest

from dlscratch import Affine, MSELoss, data, numeric_gradient, ops
from dlscratch.views import explore_affine
from dlscratch.views.ledger import (
    D_LOSS,
    EFFECTS,
    MEAN,
    SUM,
    WIDTH,
    B,
    W,
    X,
    batch,
    bottom,
    compute,
    draw,
    fraction,
    frame,
    gradients,
    say,
)
from dlscratch.views.page import LINE, cell
from dlscratch.views.picture import Picture

GUESS = {"effect": "both double"}
OWN_GUESS = {"departure": "never"}


def shown(step=2, n=4, twice=False, loss=SUM, guess=GUESS, **own):
    return compute(step, n, twice, loss, guess, **own)


def right_backward(x, W, b, dout):
    return ops.affine(x, W, b)[1](dout)


def averaged(x, W, b, dout):
    dx, dW, db = right_backward(x, W, b, dout)
    return dx, dW / len(x), db / len(x)


# numbers


@pytest.mark.parametrize(("n", "twice", "loss"), [*product([1, 3, 5], [False, True], [SUM, MEAN])])
def test_the_ledger_agrees_with_the_package_at_every_step(n, twice, loss):
    x, dout = batch(n, twice, loss)
    for step in range(len(x) + 1):
        found = shown(step, n, twice, loss)
        out, pullback = ops.affine(x, W, B)
        assert np.array_equal(found.out, out)
        for got, right in zip(found[6:9], ops.affine(x[:step], W, B)[1](dout[:step]), strict=True):
            assert np.allclose(got, right, rtol=1e-13, atol=1e-13)


def test_the_ledger_agrees_with_nudges():
    x, dout = batch(5, False, SUM)
    dx, dW, db = gradients(x, dout)
    for name, got in {"x": dx, "W": dW, "b": db}.items():
        inputs = {"x": x, "W": W, "b": B}

        def loss(value, name=name, inputs=inputs):
            now = inputs | {name: value}
            return float(((now["x"] @ now["W"] + now["b"]) * dout).sum())

        assert np.allclose(got, numeric_gradient(loss, inputs[name]), atol=1e-8)


def test_sums_done_by_hand():
    found = shown(2)
    assert found.dW.tolist() == [[7, 3], [-1, -4], [3, 2]]
    assert found.db.tolist() == [4, 1]
    assert found.dx.tolist() == [[1, 3, -2], [3, 4, -1]]


def test_every_example_twice_doubles_the_sums_and_leaves_a_mean_alone():
    assert np.allclose(shown(loss=SUM).factors, [[2, 2], [2, 2]])
    assert np.allclose(shown(loss=MEAN).factors, [[2, 2], [1, 1]])
    once, twice = (shown(2 * n, 2, n == 2, SUM) for n in (1, 2))
    assert np.array_equal(twice.dW, 2 * once.dW) and np.array_equal(twice.db, 2 * once.db)


def test_no_sum_on_the_way_is_zero_where_a_mistake_could_hide():
    for n in range(1, len(X) + 1):
        _, _, db = gradients(X[:n], D_LOSS[:n])
        assert np.all(db != 0)


def test_without_a_guess_nothing_of_the_answer_is_computed():
    assert shown(guess=None)[5:] == (None,) * 9
    assert shown(guess=None, backward=averaged)[5:] == (None,) * 9


def test_a_step_beyond_the_batch_is_its_end():
    assert shown(9, 2).step == 2


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (2.0, "2"),
        (-1 / 3, "-0.333"),
        (0.1, "0.1"),
        (-0.0, "0"),
        (123.4, "123.4"),
        (-99.99, "-99.99"),
        (-99.999, "-100"),
        (-1e-9, "0"),
        (10.0, "10"),
        (1e9, "1e+09"),
        (np.nan, "nan"),
    ],
)
def test_numbers_fit_into_their_cells(value, words):
    assert cell(value) == words and len(words) <= 6


@pytest.mark.parametrize(
    ("factor", "words"),
    [
        (1 / 7, "1/7 of"),
        (2.0, "2 times"),
        (-1.0, "-1 times"),
        (0.0, "0 times"),
        (0.4, "0.4 times"),
        (1e-9, "1e-09 times"),
    ],
)
def test_a_factor_is_told_as_a_fraction_where_it_is_one(factor, words):
    assert fraction(factor) == words


# the picture


def picture(backward=None):
    tied = {"backward": backward}
    return Picture(partial(draw, **tied), partial(frame, **tied), size=(WIDTH, LINE * (bottom(backward) + 3.2)))


def test_the_answer_is_drawn_only_after_the_guess():
    paint = picture()
    hidden = paint.png(shown(guess=None))
    assert paint.png(shown()) != hidden
    assert paint.png(shown(guess=None)) == hidden


def test_step_number_repetition_loss_and_mistakes_are_seen():
    paint = picture(averaged)
    changes = {}, {"step": 3}, {"n": 5}, {"twice": True}, {"loss": MEAN}, {"backward": averaged}
    pictures = [paint.png(shown(guess=OWN_GUESS, **({"backward": right_backward} | change))) for change in changes]
    assert len(set(pictures)) == len(changes)


# the words


def test_the_sentence_hides_the_sums_until_the_guess():
    told = say(shown(guess=None), backward=None)
    assert told == (
        "x (4, 3) times W (3, 2) plus b (2,) makes out (4, 2). Example 2: x = (2, -1, 1) makes out = (0, 0), "
        "and dout = (3, 2) comes back. Lock your prediction to see what comes back."
    )


def test_the_sentence_says_what_the_picture_shows():
    assert say(shown(), backward=None).split("\n") == [
        "x (4, 3) times W (3, 2) plus b (2,) makes out (4, 2).",
        "Example 2: every entry of x = (2, -1, 1) times every entry of dout = (3, 2) goes to dW, dout itself to db. "
        "Its row of dx is (3, 4, -1).",
        "So far dW has the rows (7, 3), (-1, -4), (3, 2), and db = (4, 1).",
        "You predicted: both double. Every example twice, with the same rows of dout: dW times 2, db times 2.",
    ]


def test_under_a_mean_the_sentence_tells_both_factors():
    told = say(shown(loss=MEAN), backward=None)
    assert "The mean sends every row of dout with 1/4." in told
    assert told.endswith("But under a mean the rows of dout get halved: dW times 1, db times 1.")


# the controls


@pytest.mark.parametrize("backward", [None, averaged])
def test_every_control_over_its_whole_range_before_and_after_the_lock(backward):
    widget = explore_affine(backward)
    guess, step, n, twice, loss = widget.controls
    for _ in range(2):
        for count, repeat in product(n.samples, twice.samples):
            n.value, twice.value, loss.value = count, repeat, loss.samples[count % 2]
            for end in (0, step.source.max):
                step.value = end
                assert widget.readout.text.startswith(f"x ({count * (2 if repeat else 1)}, 3)")
                assert "Error" not in widget.readout.text
        guess.lock()
    assert "You predicted" in widget.readout.text


def test_the_sentence_changes_with_every_control_before_and_after_the_lock():
    widget = explore_affine()
    guess, step, n, twice, loss = widget.controls
    for _ in range(2):
        heard = {widget.readout.text}
        for control, value in [(step, 1), (n, 5), (twice, True), (loss, MEAN), (step, 10), (n, 1)]:
            control.value = value
            heard.add(widget.readout.text)
        assert len(heard) == 7
        step.value, n.value, twice.value, loss.value = 0, 4, False, SUM
        guess.lock()


def test_the_last_step_is_always_the_last_example():
    widget = explore_affine()
    _, step, n, twice, _ = widget.controls
    n.value, twice.value = 5, True
    step.value = 10
    twice.value = False
    assert step.value == step.source.max == 5
    n.value = 2
    assert step.value == 2 and "x (2, 3)" in widget.readout.text


def test_a_tick_enters_once_more_what_has_been_entered():
    widget = explore_affine()
    guess, step, n, twice, loss = widget.controls
    guess.lock()
    step.value = 4
    assert "db = (5, 4)." in widget.readout.text
    twice.value = True
    assert step.value == 8 and "db = (10, 8)." in widget.readout.text
    loss.value, twice.value = MEAN, False
    assert step.value == 4 and "db = (1.25, 1)." in widget.readout.text
    twice.value = True
    assert step.value == 8 and "db = (1.25, 1)." in widget.readout.text


@pytest.mark.parametrize("effect", EFFECTS)
def test_every_prediction_can_be_locked(effect):
    guess = explore_affine().controls[0]
    guess.controls[0].value = effect
    guess.lock()
    assert guess.value == {"effect": effect} and guess.controls[0].source.disabled


def test_the_picture_without_a_kernel_does_not_give_the_answer_away():
    for backward in (None, averaged):
        text = explore_affine(backward)._repr_mimebundle_()[0]["text/plain"]
        assert "Lock your prediction to see" in text and "dW" not in text


def test_two_widgets_share_no_state():
    one, other = explore_affine(), explore_affine()
    one.controls[0].lock()
    one.controls[1].value = 3
    assert other.controls[1].value == 0 and "Lock your prediction" in other.readout.text


# the reader's own function


def ask(backward, step=3, **moves):
    widget = explore_affine(backward)
    widget.controls[0].lock()
    widget.controls[1].value = step
    return widget


def test_an_averaged_gradient_departs_from_the_second_example_on():
    told = ask(averaged).readout.text
    assert "Your dx is right." in told
    assert "Your dW is wrong: at [2, 0] yours is 3, right is 9; everywhere yours is 1/3 of right." in told
    assert "Yours departs: dW from example 2 on, db from example 2 on." in told


def test_a_batch_of_one_does_not_tell_sum_from_mean():
    widget = ask(averaged, 1)
    widget.controls[2].value = 1
    assert "Yours is right for every number of examples from 1 to 1." in widget.readout.text


def test_a_right_backward_is_right_in_other_words_too():
    def loops(x, W, b, dout):
        dW = sum(np.outer(row, drow) for row, drow in zip(x, dout, strict=True))
        return [np.einsum("nm,dm->nd", dout, W), dW, np.ones(len(x), np.float32) @ dout]

    told = ask(loops).readout.text
    assert "wrong" not in told and "Yours is right for every number of examples from 1 to 4." in told


def test_a_single_wrong_entry_is_named():
    def one_off(x, W, b, dout):
        dx, dW, db = right_backward(x, W, b, dout)
        dx[-1, 0] += 1
        return dx, dW, db

    told = ask(one_off).readout.text
    assert "Your dx is wrong: at [2, 0] yours is 3, right is 2." in told
    assert "Your dW is right." in told and "Yours departs: dx from example 1 on." in told


def test_a_backward_that_overwrites_its_inputs_does_not_spoil_the_ledger():
    def spoils(x, W, b, dout):
        answer = right_backward(x, W, b, dout)
        for array in (x, W, b, dout):
            array[...] = 0
        return answer

    assert "Your dW is right." in ask(spoils).readout.text
    assert W[1, 0] == 2 and X[0, 1] == 2


def answers(*values):
    return lambda x, W, b, dout: values


WRONG = {
    "raises": (lambda x, W, b, dout: 1 / 0, "ZeroDivisionError"),
    "forgets return": (lambda x, W, b, dout: None, "<lambda> must return dx, dW, db; it returned NoneType"),
    "one array": (lambda x, W, b, dout: x, "<lambda> must return dx, dW, db; it returned ndarray"),
    "two": (answers(1, 2), "<lambda> must return dx, dW, db; it returned 2 values"),
    "none": (lambda x, W, b, dout: (x, None, b), "dW is None: is it computed and returned?"),
    "transposed": (lambda x, W, b, dout: (x, W.T, b), "dW has shape (2, 3); it must have the shape of W, (3, 2)"),
    "not summed": (lambda x, W, b, dout: (x, W, dout), "db has shape (1, 2); it must have the shape of b, (2,)"),
    "signature": (lambda x, dout: (x, W, B), "TypeError"),
    "text": (lambda x, W, b, dout: (x, np.full(W.shape, "a"), b), "ValueError"),
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("locked", [False, True])
def test_a_function_that_is_wrong_is_told_in_the_widget(name, locked):
    backward, words = WRONG[name]
    widget = ask(backward) if locked else explore_affine(backward)
    assert words in widget.readout.text
    assert 'role="alert"' in widget.readout.widget.value


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_numbers_that_are_not_finite_are_told_and_drawn(value):
    widget = ask(lambda x, W, b, dout: (x * value, W * value, b + value))
    assert "Not a finite number any more: your_dx, your_dW, your_db" in widget.readout.text
    assert "Yours departs: dx from example 1 on" in widget.readout.text
    assert widget.image.value != widget.picture.empty()


def test_huge_numbers_are_drawn():
    widget = ask(lambda x, W, b, dout: (1e300 * np.ones_like(x), -1e300 * W, b))
    assert "yours is 1e+300" in widget.readout.text


# the milestone


def least_squares(x, y):
    inputs = np.hstack([x, np.ones((len(x), 1))])
    return np.linalg.lstsq(inputs, y, rcond=None)[0].ravel()


@pytest.mark.parametrize("seed", range(3))
def test_an_affine_layer_descends_to_the_closed_form_within_a_millionth(seed):
    x, progression = data.diabetes()
    x, y = data.standardize(x), progression[:, None]
    layer, loss = Affine(10, 1, rng=np.random.default_rng(seed)), MSELoss()
    for _ in range(6000):
        loss.forward(layer.forward(x), y)
        layer.backward(loss.backward())
        for p in layer.params:
            p.data = p.data - 0.2 * p.grad
            p.grad[...] = 0
    assert np.abs(np.append(layer.W.data, layer.b.data) - least_squares(x, y)).max() < 1e-6
