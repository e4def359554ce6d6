"""The widget of logits and blame, storey by storey, and the milestone of chapter 06: three cultivars told apart."""

from functools import partial

import numpy as np
import pytest
from matplotlib.figure import Figure

from dlscratch import Adam, Affine, CrossEntropyLoss, ReLU, Sequential, Softmax, Trainer, accuracy, data, ops, predict
from dlscratch.views import explore_cross_entropy
from dlscratch.views.cross_entropy import SIZE, arrow, compute, disagrees, draw, draw_probabilities, frame, say, verdict
from dlscratch.views.lettering import Lettering
from dlscratch.views.picture import Picture

CLASSES = tuple("ABC")
GUESS = {"slope": -0.5, "A": 2.0, "B": 1.0, "C": 0.0, "right": "C", "T": 1.0, "c": 0.0}


def shown(guess=None, formula="fused", right="C", T=1.0, c=0.0, A=2.0, B=1.0, C=0.0, own=None):
    with np.errstate(all="ignore"):  # as the widget does
        return compute(guess, right, formula, T, c, own=own, A=A, B=B, C=C)


def controls(widget):
    guess, *others = widget.controls
    return guess, {control.name: control for control in others}


def hinge(logits, *, target):
    """max_k(z_k + 1 - t_k) - z_target: the strongest rival gets all the blame."""
    t = np.eye(logits.shape[1])[target]
    rival = np.eye(logits.shape[1])[(logits + 1 - t).argmax(axis=1)]
    return np.sum(rival * (logits + 1 - t) - t * logits) / len(logits), lambda dout: ((rival - t) * dout / len(t),)


# numbers


def test_probabilities_and_loss_are_those_done_by_hand():
    e = np.exp([2, 1, 0])
    found = shown()
    assert found.p == pytest.approx(e / e.sum())
    assert found.loss == pytest.approx(np.log(e.sum()))
    assert shown(A=0.0, B=0.0).loss == pytest.approx(1.0986, abs=1e-4)  # -log(1/3): knows nothing


def test_the_gradient_is_p_minus_t_and_nudges_agree():
    for z in np.random.default_rng(0).uniform(-6, 6, size=(20, 3)):
        values = dict(zip(CLASSES, z, strict=True))
        for right, formula in (("A", "fused"), ("B", "naive")):
            found = shown(GUESS, formula, right, **values)
            assert found.gradient == pytest.approx(np.exp(z) / np.exp(z).sum() - np.eye(3)[CLASSES.index(right)])
            assert found.nudges == pytest.approx(np.tile(found.gradient, (2, 1)), abs=1e-4)
            assert not disagrees(found).any()


def test_temperature_divides_and_shift_adds():
    assert shown(T=0.5, c=100.0).logits.tolist() == [104, 102, 100]
    assert shown(T=100.0).p == pytest.approx(1 / 3, abs=0.01)
    assert shown(T=0.001).p.tolist() == [1, 0, 0]


def test_a_shift_changes_nothing_for_the_fused_formula_and_everything_for_the_naive_one():
    for c in (-1000.0, 300.0, 1000.0):
        fused, naive = shown(GUESS, c=c), shown(GUESS, "naive", c=c)
        assert fused.gradient == pytest.approx(shown(GUESS).gradient) and fused.loss == pytest.approx(shown().loss)
        assert np.isfinite(naive.loss) == (c == 300)


def test_without_a_guess_nothing_of_the_answer_is_computed():
    found = shown()
    assert found.gradient is found.nudges is found.guess is found.answer is None


def test_the_answer_belongs_to_the_place_of_the_guess():
    p = 1 / np.exp([2, 1, 0]).sum()
    for found in (shown(GUESS, A=-3.0, right="A"), shown(GUESS, "naive", c=1000.0), shown(GUESS, T=0.01)):
        assert found.answer == pytest.approx(p - 1, abs=1e-4)
    moved = GUESS | {"A": 0.0, "right": "B", "T": 2.0, "c": 50.0}
    assert shown(moved).answer == pytest.approx(np.exp(0.5) / (2 + np.exp(0.5)) - 1, abs=1e-4)


def test_a_kink_is_no_mistake_and_a_wrong_gradient_is():
    kink = shown(GUESS, "yours", right="A", own=hinge)  # A leads B by exactly 1
    assert kink.nudges == pytest.approx(np.array([[-1, 0, 0], [0, 1, 0]]), abs=1e-6)
    assert not disagrees(kink).any()
    forgetful = shown(
        GUESS, "yours", own=lambda logits, target: (hinge(logits, target=target)[0], lambda d: (0 * logits,))
    )
    assert disagrees(forgetful).tolist() == [True, False, True]


# the picture


def test_numbers_above_five_classes_are_short_enough_not_to_touch(monkeypatch):
    written = []
    monkeypatch.setattr(Lettering, "write", lambda self, x, y, text, **look: written.append(text))
    draw_probabilities(
        Figure().subplots(), compute(None, "E", "fused", 1.0, 0.0, **dict(zip("ABCDE", range(5), strict=True)))
    )
    assert "0.64" in written and max(map(len, written)) == 4


def picture(reach=1.0):
    fixed = {"classes": CLASSES, "reach": reach}
    return Picture(partial(draw, **fixed), partial(frame, **fixed), panels=(2, 1), size=SIZE)


def test_the_answer_is_drawn_only_after_the_guess():
    paint = picture()
    hidden = paint.png(shown())
    assert paint.png(shown(GUESS)) != hidden and paint.png(shown()) == hidden


def test_every_value_is_seen():
    paint = picture()
    moved = [shown(GUESS), shown(GUESS, A=2.05), shown(GUESS, right="A"), shown(GUESS, T=2.0), shown(GUESS, c=10.0)]
    moved += [shown(GUESS | {"slope": -0.6}), shown(GUESS)._replace(nudges=np.zeros((2, 3)))]
    assert len({paint.png(found) for found in moved}) == len(moved)


def test_nan_and_infinity_do_not_break_the_picture():
    paint = picture()
    for formula, T, c in (
        ("naive", 1.0, 1000.0),
        ("naive", 1.0, -1000.0),
        ("naive", 0.001, 0.0),
        ("fused", 0.001, 0.0),
    ):
        assert paint.png(shown(GUESS, formula, T=T, c=c))


def test_an_arrow_ends_at_its_tip():
    for tip in (-1.0, 0.02, 0.7):
        corners = arrow(2, tip, 1.0)
        assert corners[3].tolist() == [2, tip]
        assert np.abs(corners[:, 1]).max() == abs(tip) and (corners[:, 1] * tip >= 0).all()


# the words


def test_the_sentence_hides_the_gradient_until_the_guess():
    assert say(shown(), classes=CLASSES) == (
        "Logits A 2, B 1, C 0. Softmax gives p = A 0.6652, B 0.2447, C 0.09003.\n"
        "C is right, and the loss, -log p, is 2.408. Lock your prediction to see the gradient."
    )


def test_the_sentence_says_what_the_picture_shows():
    assert say(shown(GUESS, T=0.5, c=100.0), classes=CLASSES).split("\n") == [
        "With T = 0.5 and c = 100, the logits 2, 1, 0 become A 104, B 102, C 100. "
        "Softmax gives p = A 0.8668, B 0.1173, C 0.01588.",
        "C is right, and the loss, -log p, is 4.143.",
        "Gradient: A 0.8668, B 0.1173, C -0.9841. It adds up to 0. Nudges agree.",
        "For C at A = 2, B = 1, C = 0, T = 1, c = 0 you predicted -0.5; it is -0.91.",
    ]


def test_a_wrong_gradient_and_a_kink_are_told_apart():
    found = shown(GUESS)
    assert "Nudges say something else: A 0.6652." in verdict(
        found._replace(gradient=found.gradient * (0, 1, 1)), CLASSES
    )
    kink = shown(GUESS, "yours", right="A", own=hinge)
    told = verdict(kink._replace(gradient=np.array([0.0, 2.0, 0.0])), CLASSES)
    assert told.endswith("Nudges say something else: B 0 or 1.")
    assert verdict(kink, CLASSES) == (
        "Gradient: A 0, B 0, C 0. It adds up to 0. "
        "Nudges down and up differ at a kink, A -1 or 0, B 0 or 1: it may lie between."
    )


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"c": 1000.0}, "e to the 1002 is too large for a float and becomes inf; inf / inf is nan"),
        ({"c": -1000.0}, "Even e to the -998 is too small for a float: all are 0, and 0 / 0 is nan"),
        ({"T": 0.0025}, "e to the 800 is too large"),
        ({"c": -745.0, "A": 6.0, "C": -6.0}, "p of C is too small for a float and becomes 0; -log 0 is inf"),
    ],
    ids=["overflow", "all too small", "scaled", "one too small"],
)
def test_the_naive_formula_fails_in_words(values, words):
    widget = explore_cross_entropy()
    guess, by_name = controls(widget)
    by_name["formula"].value = "naive"
    for name, value in values.items():
        by_name[name].value = value
    assert words in widget.readout.text and "Not a finite number any more: " in widget.readout.text
    guess.lock()
    assert words in widget.readout.text
    by_name["formula"].value = "fused"
    assert "Nudges agree." in widget.readout.text and "Not a finite" not in widget.readout.text


# the controls


@pytest.mark.parametrize("own", [None, hinge], ids=["cross-entropy", "own"])
def test_every_control_over_its_whole_range_before_and_after_the_lock(own):
    widget = explore_cross_entropy(own)
    guess, by_name = controls(widget)
    for _ in range(2):
        for control in (guess.controls[0], *by_name.values()):
            before, told = control.value, set()
            for value in control.samples:
                control.value = value
                told.add(widget.readout.text)
                assert widget.readout.text.startswith(("Logits A", "With T = ")), widget.readout.text
            assert len(told) == len(control.samples) or control.name in ("slope", "formula")
            control.value = before
        guess.lock()
    assert "For C at A = 2, B = 1, C = 0, T = 1, c = 0 you predicted 0; it is " in widget.readout.text


def test_the_ends_of_all_ranges_together():
    paint = picture()
    for formula in ("fused", "naive"):
        for T in (0.001, 100.0):
            for c in (-1000.0, 1000.0):
                for A, C in ((-6.0, 6.0), (6.0, -6.0), (6.0, 6.0)):
                    found = shown(GUESS, formula, T=T, c=c, A=A, C=C)
                    assert paint.png(found) and say(found, classes=CLASSES)
                    assert formula == "naive" or not disagrees(found).any()


def test_the_lock_freezes_the_prediction_and_leaves_the_sliders_free():
    guess, by_name = controls(explore_cross_entropy())
    guess.controls[0].value = -0.5
    guess.lock()
    assert guess.value == GUESS
    assert guess.controls[0].source.disabled and not by_name["A"].source.disabled


def test_the_picture_without_a_kernel_does_not_give_the_answer_away():
    data, _ = explore_cross_entropy()._repr_mimebundle_()
    assert data["text/plain"].endswith("Lock your prediction to see the gradient.")
    assert "0.91" not in data["text/plain"]


@pytest.mark.parametrize("logits", [(1.0, 0.0), (3.0, 2.0, 1.0, 0.0), (1.0, 1.0, 1.0, 1.0, 1.0)], ids=len)
def test_two_to_five_classes(logits):
    widget = explore_cross_entropy(logits=logits)
    widget.controls[0].lock()
    p = np.exp(logits[-1]) / np.exp(logits).sum()
    assert f"it is {p - 1:.4g}." in widget.readout.text and "Nudges agree." in widget.readout.text


@pytest.mark.parametrize("logits", [(1.0,), (0.0,) * 6], ids=len)
def test_other_numbers_of_classes_are_refused(logits):
    with pytest.raises(ValueError, match=f"{len(logits)} logits; the picture has room for 2 to 5"):
        explore_cross_entropy(logits=logits)


# the reader's own loss


def test_the_widget_runs_the_readers_own_loss():
    widget = explore_cross_entropy(hinge)
    guess, by_name = controls(widget)
    assert by_name["formula"].value == "yours"
    guess.lock()
    assert (
        "C is right, and your loss is 3.\nGradient: A 1, B 0, C -1. It adds up to 0. Nudges agree."
        in widget.readout.text
    )
    by_name["formula"].value = "fused"
    assert "C is right, and the loss, -log p, is 2.408." in widget.readout.text


def turned(logits, *, target):
    value, back = ops.softmax_cross_entropy(logits, target=target)
    return value, lambda dout: (-back(dout)[0],)


def answering(value, gradient):
    """A loss that answers always the same."""
    return lambda logits, target: (value, lambda dout: gradient)


THREE = np.ones((1, 3))
WRONG = {
    "raises": (lambda logits, target: 1 / 0, "ZeroDivisionError"),
    "wrong signature": (lambda logits: 0.0, "TypeError"),
    "returns nothing": (lambda logits, target: None, "must return (out, pullback); it returned NoneType"),
    "value only": (lambda logits, target: 1.0, "must return (out, pullback); it returned float"),
    "no function": (lambda logits, target: (1.0, logits), "must return (out, pullback); its pullback is ndarray"),
    "a loss for each entry": (answering(THREE, (THREE,)), "must return one number as out"),
    "none": (answering(None, (THREE,)), "must return one number as out; it returned None"),
    "bare gradient": (answering(1.0, THREE), "a tuple with one entry, dlogits"),
    "no gradient": (answering(1.0, None), "a tuple with one entry, dlogits"),
    "gradient of None": (answering(1.0, (None,)), "a tuple with one entry, dlogits"),
    "wrong shape": (answering(1.0, (THREE[0],)), "has shape (3,); it must be that of logits, (1, 3)"),
    "nan": (answering(np.nan, (THREE,)), "Not a finite number any more: loss"),
    "nan gradient": (answering(1.0, (np.nan * THREE,)), "Not a finite number any more: gradient"),
    "t - p": (turned, "Nudges say something else: A 0.6652, B 0.2447, C -0.91."),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_loss_that_is_wrong_is_told_in_the_widget(name):
    own, words = WRONG[name]
    widget = explore_cross_entropy(own)
    guess, by_name = controls(widget)
    guess.lock()
    assert words in widget.readout.text
    by_name["B"].value, by_name["B"].value = 0.0, 1.0
    assert words in widget.readout.text


def test_a_loss_that_writes_into_its_logits_does_not_move_the_sliders():
    def greedy(logits, *, target):
        logits -= 5
        return ops.softmax_cross_entropy(logits, target=target)

    widget = explore_cross_entropy(greedy)
    widget.controls[0].lock()
    assert widget.readout.text.startswith("Logits A 2, B 1, C 0.") and "Nudges agree." in widget.readout.text


# what chapter 06 claims


def trained_on_wine(seed, *tail):
    """Validation accuracy and training losses of the chapter's net on one seeded stratified split."""
    rng = np.random.default_rng(seed)
    x_train, y_train, x_val, y_val = data.stratified_split(*data.wine(), test=0.25, rng=rng)
    x_train, x_val = data.standardize(x_train, x_val)
    net = Sequential(Affine(13, 16, rng=rng), ReLU(), Affine(16, 3, rng=rng), *tail)
    trainer = Trainer(net, CrossEntropyLoss(), Adam(net.params, lr=0.01))
    history = trainer.fit(x_train, y_train, epochs=30, progress=False, rng=rng)
    return accuracy(predict(net, x_val), y_val), history.loss


def test_three_cultivars_of_wine_are_told_apart_milestone():
    assert np.median([trained_on_wine(seed)[0] for seed in range(5)]) >= 0.95


def test_a_second_softmax_keeps_the_loss_above_its_floor():
    floor = np.log(1 + 2 / np.e)
    for seed in range(3):
        _, right = trained_on_wine(seed)
        _, twice = trained_on_wine(seed, Softmax())
        assert right[-1] < 0.05 and floor < twice[-1] < floor + 0.03
