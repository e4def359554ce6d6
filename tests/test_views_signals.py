"""The widget that sends signals through many layers, storey by storey, and the milestone of its chapter."""

from itertools import product

import numpy as np
import pytest

from dlscratch import Adam, Affine, MSELoss, ReLU, Sequential, Sigmoid, numeric_gradient, ops, predict, train
from dlscratch.views import Still, draw_activations, explore_signals
from dlscratch.views.picture import Picture
from dlscratch.views.signals import (
    ACTIVATIONS,
    DECADES,
    DEEPEST,
    EXAMPLES,
    VALUES,
    WIDTH,
    Draws,
    backward,
    compute,
    disagreement,
    draw,
    draws_from,
    dying_layer,
    forward,
    frame,
    histograms,
    say,
)

DRAWS = draws_from(np.random.default_rng(5))
START = {"activation": "sigmoid", "gain": 1.0, "bias": 0.0, "layers": 20}
GUESS = {"layer": 3} | START


def at(guess=None, functions=ACTIVATIONS, **changes):
    with np.errstate(all="ignore"):  # as the widget does
        return compute(guess, functions=functions, draws=DRAWS, **START | changes)


def picture():
    return Picture(draw, frame, panels=(2, 1), size=(5.2, 5.2))


def two_layers():
    """Three examples of two units: small enough for nudges."""
    rng = np.random.default_rng(1)
    return Draws(rng.normal(size=(3, 2)), rng.normal(size=(2, 2, 2)), rng.normal(size=(3, 2)))


# ---- numbers -----------------------------------------------------------------------------------------


def test_every_layer_is_an_affine_layer_and_a_bend():
    h, slopes, _ = forward(ops.tanh, DRAWS, START | {"gain": 1.5, "bias": 0.3, "layers": 3})
    expected = DRAWS.x
    for out, slope, W in zip(h, slopes, DRAWS.weights, strict=False):
        expected = np.tanh(expected @ W * 1.5 + 0.3)
        assert np.allclose(out, expected) and np.allclose(slope, 1 - expected**2)


def test_the_gradients_are_those_of_a_nudge():
    draws, setting = two_layers(), {"gain": 1.5, "bias": 0.3, "layers": 2}
    dz = backward(forward(ops.tanh, draws, setting)[2], draws, setting)

    def top(z1):  # from z of the first layer on
        z2 = np.tanh(z1) @ draws.weights[1] * 1.5 + 0.3
        return float((np.tanh(z2) * draws.dout).sum())

    assert np.allclose(dz[0], numeric_gradient(top, draws.x @ draws.weights[0] * 1.5 + 0.3))


def test_the_weights_have_the_spread_that_the_chapter_says():
    assert DRAWS.weights.shape == (DEEPEST, WIDTH, WIDTH) and DRAWS.x.shape == DRAWS.dout.shape == (EXAMPLES, WIDTH)
    assert DRAWS.weights.std() * np.sqrt(WIDTH) == pytest.approx(1, rel=0.01)


def test_histograms_count_what_numpy_counts():
    values = np.random.default_rng(0).normal(size=(3, 4, 5))
    for row, layer in zip(histograms(values, VALUES), values, strict=True):
        assert row.tolist() == np.histogram(np.clip(layer, VALUES[0], VALUES[-1]), VALUES)[0].tolist()


def test_values_outside_the_histogram_count_at_its_ends():
    far = np.array([[[-np.inf, -1e9, 1e9, np.inf, np.nan]]])
    counts = histograms(far, DECADES)[0]
    assert counts[0] == 3 and counts[-1] == 2 and counts.sum() == 5


def test_the_dying_layer_is_the_highest_one_below_a_thousandth():
    assert dying_layer(np.array([1e-5, 1e-4, 0.1, 1.0])) == 2
    assert dying_layer(np.array([0.1, 1e-4, 0.1, 1.0])) == 2
    assert dying_layer(np.array([0.1, 1.0])) == 0
    assert dying_layer(np.array([np.nan])) == 0


def test_sigmoids_divide_the_gradient_by_four_or_more():
    found = at(GUESS)
    assert np.all(found.back[:-1] / found.back[1:] < 0.27) and found.back[-1] < 0.26
    assert found.dies == 16 and 1e-14 < found.back[0] < 1e-11


@pytest.mark.parametrize("seed", range(5))
def test_what_the_chapter_says_about_the_controls(seed):
    functions = {"functions": ACTIVATIONS, "draws": draws_from(np.random.default_rng(seed))}

    def see(activation, gain, bias=0.0, layers=20):
        return compute(GUESS, activation=activation, gain=gain, bias=bias, layers=layers, **functions)

    assert see("sigmoid", 1.0).dies == 16
    assert see("sigmoid", 3.0).dies in (10, 11, 12)
    assert see("sigmoid", 4.0).dies > 0 and see("sigmoid", 10.0).dies == 0
    assert see("sigmoid", 10.0).closed.mean() > 0.4
    assert see("tanh", 1.0).dies == 0
    assert see("tanh", 0.5).dies in (9, 10, 11) and see("tanh", 0.5).spread[-1] < 1e-5
    assert see("tanh", 3.0).back[0] > 50 * see("tanh", 3.0).back[-1]
    assert 5 <= see("relu", 1.0, layers=30).dies <= 15
    assert 0.1 < see("relu", 1.41, layers=30).back[0] < 3 and see("relu", 2.0).back[0] > 100
    assert see("relu", 1.41, bias=-0.5).back[-1] == 0 and see("relu", 1.41, bias=-0.5).dead[-1] == 1


def test_gradients_are_hidden_without_a_guess():
    found = at()
    assert found.back is found.back_counts is found.dies is found.guess is None


def test_dead_and_closed_are_shares():
    found = at(activation="relu", bias=-2.0)
    assert found.dead[0] < found.closed[0] < 1 and found.dead[-1] == found.closed[-1] == 1
    assert at(gain=0.0).spread.tolist() == [0.0] * 20


# ---- picture and sentence ----------------------------------------------------------------------------


def test_the_answer_is_drawn_only_after_the_guess():
    one = picture()
    hidden = one.png(at())
    assert one.png(at(GUESS)) != hidden
    assert one.png(at()) == hidden


def test_the_guess_is_drawn_only_where_it_was_made():
    one = picture()
    assert one.png(at(GUESS)) != one.png(at(GUESS | {"layer": 4}))
    assert one.png(at(GUESS, gain=2.0)) == one.png(at(GUESS | {"layer": 4}, gain=2.0))


def test_the_sentence_hides_the_gradients_until_the_guess():
    hidden, told = say(at()), say(at(GUESS))
    assert hidden.startswith("sigmoid, 20 layers, gain 1, bias 0. Standard deviation of the activations: 0.2")
    assert hidden.endswith("Lock your prediction to see the gradients.") and "gradients:" not in hidden
    assert "The gradient falls below 0.001 in layer 16." in told
    assert told.endswith("You predicted layer 3; it is layer 16.")


def test_the_sentence_says_for_what_a_prediction_was_made():
    told = say(at(GUESS, activation="tanh"))
    assert "The gradient stays above 0.001." in told
    assert told.endswith("Your prediction, layer 3, was made for sigmoid, 20 layers, gain 1, bias 0.")
    assert say(at(GUESS | {"layer": 0})).endswith("You predicted none; it is layer 16.")


def test_one_layer_is_one_layer():
    told = say(at({"layer": 0, **START, "layers": 1}, layers=1))
    assert told.startswith("sigmoid, 1 layer, gain 1") and told.endswith("You predicted none; it is none.")


# ---- controls ----------------------------------------------------------------------------------------


def test_every_control_over_its_whole_range_before_and_after_the_lock():
    widget = explore_signals(rng=np.random.default_rng(5))
    guess, *settings = widget.controls
    for _ in range(2):
        for control in (guess.controls[0], *settings):
            before = control.value
            for value in control.samples:
                control.value = value
                assert "Standard deviation of the activations" in widget.readout.text, widget.readout.text
                assert "finite" not in widget.readout.text and "wrong" not in widget.readout.text
            control.value = before
        guess.lock()
    assert guess.value == {"layer": 0} | START
    assert "Standard deviation of the gradients" in widget.readout.text


def test_the_ends_of_all_ranges_together():
    one = picture()
    for activation, gain, bias, layers in product(ACTIVATIONS, [0.0, 10.0], [-3.0, 3.0], [1, DEEPEST]):
        found = at(GUESS, activation=activation, gain=gain, bias=bias, layers=layers)
        assert np.isfinite(found.back).all() and one.png(found) and "gradients" in say(found)


def test_the_picture_without_a_kernel_does_not_give_the_answer_away():
    data, _ = explore_signals(rng=np.random.default_rng(5))._repr_mimebundle_()
    assert data["text/plain"].endswith("Lock your prediction to see the gradients.")


def test_the_locked_prediction_does_not_move():
    widget = explore_signals(rng=np.random.default_rng(5))
    layer = widget.controls[0].controls[0]
    layer.value = 16
    widget.controls[0].lock()
    assert widget.readout.text.endswith("You predicted layer 16; it is layer 16.")
    assert all(part.disabled for part in layer.box.children)


def test_a_missing_rng_is_told():
    with pytest.raises(TypeError, match=r"explore_signals\(..., rng\): rng is a int"):
        explore_signals(rng=0)


# ---- the reader's own function -----------------------------------------------------------------------


def softsign(x):
    return x / (1 + np.abs(x)), lambda dout: (dout / (1 + np.abs(x)) ** 2,)


def test_the_widget_runs_the_readers_own_function():
    widget = explore_signals(softsign, rng=np.random.default_rng(5))
    widget.controls[0].lock()
    assert widget.readout.text.startswith("softsign, 20 layers") and "wrong" not in widget.readout.text
    assert "The gradient stays above 0.001." in widget.readout.text
    assert widget.controls[1].samples == ("softsign", *ACTIVATIONS)


def test_an_own_function_with_the_name_of_one_of_the_package_stands_beside_it():
    def sigmoid(z):
        return softsign(z)

    widget = explore_signals(sigmoid, rng=np.random.default_rng(5))
    assert widget.controls[1].samples == ("your sigmoid", *ACTIVATIONS)
    assert widget.readout.text.startswith("your sigmoid, 20 layers")
    assert "activations: 0.4266 in layer 1," in widget.readout.text


def test_the_packages_own_pullbacks_agree_with_a_nudge():
    assert [disagreement(op) for op in ACTIVATIONS.values()] == ["", "", "", ""]


WRONG_SLOPES = {
    "at the output": lambda x: (softsign(x)[0], lambda dout: softsign(softsign(x)[0])[1](dout)),
    "mask from dout": lambda x: (np.maximum(x, 0), lambda dout: (dout * (dout > 0),)),
    "dout ignored": lambda x: (np.tanh(x), lambda dout: (1 - np.tanh(x) ** 2,)),
}


@pytest.mark.parametrize("name", WRONG_SLOPES)
def test_a_wrong_slope_is_told_beside_the_picture(name):
    widget = explore_signals(WRONG_SLOPES[name], rng=np.random.default_rng(5))
    assert "The pullback of <lambda> is wrong: at -4.03, with dout = 1.5, it gives" in widget.readout.text
    widget.controls[0].lock()
    assert "Standard deviation of the gradients" in widget.readout.text


def test_a_function_that_overwrites_what_it_gets_does_not_spoil_the_widget():
    def spoils(z):
        z[...] = np.maximum(z, 0)
        return z, lambda dout: (np.multiply(dout, z > 0, out=dout),)

    widget = explore_signals(spoils, rng=np.random.default_rng(5))
    widget.controls[0].lock()
    told = widget.readout.text.removeprefix("spoils")
    widget.controls[1].value = "relu"
    assert "wrong" not in told and told.split("\n")[:3] == widget.readout.text.removeprefix("relu").split("\n")[:3]


def naive_sigmoid(z):
    e = np.exp(-z)
    return 1 / (1 + e), lambda dout: (dout * e / (1 + e) ** 2,)


WRONG = {
    "returns nothing": (lambda z: None, "<lambda> must return (out, pullback); it returned NoneType"),
    "value alone": (np.tanh, "tanh must return (out, pullback); it returned ndarray"),
    "no way back": (lambda z: (z, None), "<lambda> must return (out, pullback); its pullback is NoneType"),
    "no tuple": (lambda z: (z, lambda dout: dout), "must return a tuple with one entry: (dx,)"),
    "no value": (lambda z: (None, lambda dout: (dout,)), "the value must have the shape of its input"),
    "wrong shape": (lambda z: (z.sum(), lambda dout: (dout,)), "it is shape ()"),
    "wrong shape back": (lambda z: (z, lambda dout: (dout.sum(axis=0),)), "the gradient must have the shape"),
    "none back": (lambda z: (z, lambda dout: (None,)), "it is None"),
    "raises": (lambda z: 1 / 0, "ZeroDivisionError"),
    "raises back": (lambda z: (z, lambda dout: 1 / 0), "ZeroDivisionError"),
    "wrong signature": (lambda: 0.0, "TypeError"),
    "text": (lambda z: (np.full(z.shape, "a"), lambda dout: (dout,)), "Error"),
    "nan": (lambda z: (z * np.nan, lambda dout: (dout,)), "Not a finite number any more: spread"),
    "nan back": (lambda z: (z, lambda dout: (dout * np.nan,)), "The pullback of <lambda> is wrong"),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_function_that_is_wrong_is_told_in_the_widget(name):
    function, words = WRONG[name]
    widget = explore_signals(function, rng=np.random.default_rng(5))
    assert words in widget.readout.text
    widget.controls[0].lock()
    widget.controls[2].value = 1.5
    assert words in widget.readout.text
    widget.controls[1].value = "tanh"
    assert widget.readout.text.startswith("tanh, 20 layers")


def test_an_overflow_is_told_and_the_picture_stays():
    widget = explore_signals(lambda z: (z * 1e20, lambda dout: (dout * 1e20,)), rng=np.random.default_rng(5))
    widget.controls[0].lock()
    assert "Not a finite number any more: spread, back" in widget.readout.text


def test_the_naive_sigmoid_works_where_nothing_overflows():
    assert disagreement(naive_sigmoid) == ""


# ---- activation functions as a still picture ---------------------------------------------------------


def test_activation_functions_as_a_still_picture():
    three = {"sigmoid": ops.sigmoid, "tanh": ops.tanh, "ReLU": ops.relu}
    one, two = (Still(draw_activations, dict(f), alt="lines", panels=(1, 2)) for f in (three, [*three.items()][:2]))
    assert one.png != two.png


def test_a_fourth_function_is_refused():
    with pytest.raises(ValueError, match="draw_activations: 4 functions; three can be told apart"):
        Still(draw_activations, dict.fromkeys("abcd", ops.tanh), alt="lines", panels=(1, 2))


# ---- the milestone of chapter 05 ---------------------------------------------------------------------


def product_mse(make, seed, *, epochs=40, lr=0.01):
    """MSE on 1000 fresh examples of y = x1 x2, as the chapter trains it."""
    rng = np.random.default_rng(seed)
    net, loss = Sequential(*make(rng)), MSELoss()
    x = rng.normal(size=(2000, 2))
    y = x[:, :1] * x[:, 1:]
    for _ in train(net, loss, Adam(net.params, lr=lr), x[:1000], y[:1000], epochs=epochs, rng=rng):
        pass
    return loss.forward(predict(net, x[1000:]), y[1000:]), y[1000:].var()


@pytest.mark.parametrize("seed", range(5))
def test_two_layers_learn_a_product_and_one_does_not(seed):
    assert product_mse(lambda rng: [Affine(2, 1, rng=rng)], seed)[0] > 0.8
    assert product_mse(lambda rng: [Affine(2, 32, rng=rng), Affine(32, 1, rng=rng)], seed)[0] > 0.8
    assert product_mse(lambda rng: [Affine(2, 32, rng=rng), ReLU(), Affine(32, 1, rng=rng)], seed)[0] < 0.05


def thirty(Activation, rng):
    widths = [2] + 30 * [32]
    hidden = [(Affine(n, m, rng=rng), Activation()) for n, m in zip(widths, widths[1:], strict=False)]
    return [layer for pair in hidden for layer in pair] + [Affine(32, 1, rng=rng)]


def test_thirty_sigmoid_layers_stand_still_and_thirty_relu_layers_learn():
    dead, variance = product_mse(lambda rng: thirty(Sigmoid, rng), 7, epochs=20, lr=0.001)
    assert dead > 0.95 * variance
    assert product_mse(lambda rng: thirty(ReLU, rng), 7, epochs=20, lr=0.001)[0] < 0.2


@pytest.mark.parametrize("seed", range(3))
def test_the_first_of_thirty_sigmoid_layers_gets_no_gradient(seed):
    rng = np.random.default_rng(seed)
    sizes = {}
    for Activation in (Sigmoid, ReLU):
        net, x = Sequential(*thirty(Activation, rng)), rng.normal(size=(200, 2))
        net.backward(ops.mse(net.forward(x), target=x[:, :1] * x[:, 1:])[1](1.0)[0])
        sizes[Activation] = net.layers[0].W.grad.std() / net.layers[58].W.grad.std()
    assert sizes[Sigmoid] < 1e-12 and 0.01 < sizes[ReLU] < 100
