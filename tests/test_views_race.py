"""The race of optimizers, storey by storey: landscapes, paths, picture and sentence, controls."""

import numpy as np
import pytest

from dlscratch import SGD, AdaGrad, numeric_gradient
from dlscratch.views import explore_race
from dlscratch.views.landscape import LANDSCAPES
from dlscratch.views.picture import Picture
from dlscratch.views.race import CEILING, FAR, FLOOR, LAST, SWEEP, compute, draw, frame, race, say

GUESS = {"lr": 0.05, "condition": 10.0}
DEFAULT = {"lr": 0.1, "condition": 10.0, "landscape": "bowl", "momentum": 0.9, "steps": 20}
RACERS = ["SGD", "momentum", "RMSProp", "Adam"]


def shown(guess=GUESS, own=None, **changed):
    return compute(guess, **DEFAULT | changed, own=own)


# landscapes


@pytest.mark.parametrize("name", LANDSCAPES)
def test_a_gradient_is_the_slope_of_its_loss(name):
    land = LANDSCAPES[name]
    for w in np.random.default_rng(0).normal(size=(5, 2)):
        assert land.gradient(w, 7.0) == pytest.approx(numeric_gradient(lambda w: float(land.loss(w, 7.0)), w), rel=1e-6)


def test_losses_are_known_by_hand():
    assert LANDSCAPES["bowl"].loss([3.0, 2.0], 10.0) == pytest.approx(9 / 2 + 10 * 4 / 2)
    assert LANDSCAPES["turned bowl"].loss([1.0, 1.0], 10.0) == pytest.approx(1)  # along the bowl: curvature 1
    assert LANDSCAPES["turned bowl"].loss([-1.0, 1.0], 10.0) == pytest.approx(10)  # across
    assert LANDSCAPES["curved valley"].loss([-1.0, 2.0], 10.0) == pytest.approx(4 / 2 + 10 / 2)


@pytest.mark.parametrize("name", LANDSCAPES)
def test_on_a_contour_the_loss_is_the_same_everywhere(name):
    land = LANDSCAPES[name]
    losses = land.loss(land.contours(30.0), 30.0)
    assert losses == pytest.approx(np.broadcast_to(losses[:, :1], losses.shape), rel=1e-6)
    assert land.loss(land.minimum, 30.0) == 0 < losses.min()


# paths


def test_on_the_bowl_sgd_multiplies_each_weight_by_its_own_factor():
    path = shown(lr=0.15).paths["SGD"].data
    factors = np.array([1 - 0.15, 1 - 0.15 * 10])
    assert path == pytest.approx(LANDSCAPES["bowl"].start * factors ** np.arange(21)[:, None])


def test_momentum_walks_as_polyak_says():
    start, path = np.array(LANDSCAPES["bowl"].start), shown().paths["momentum"].data
    w, before = start, start
    for t in range(21):
        assert path[t] == pytest.approx(w)
        w, before = w - 0.1 * w * (1, 10) + 0.9 * (w - before), w


def test_sgd_diverges_just_above_two_over_the_largest_curvature():
    for condition in (1.0, 10.0, 100.0):
        found = shown(condition=condition, steps=LAST)
        assert found.limit == 2 / condition
        assert shown(lr=0.99 * found.limit, condition=condition).losses["SGD"][-1] < 100
        assert shown(lr=1.05 * found.limit, condition=condition).losses["SGD"][-1] > 1e3
        assert np.all(found.sweep["SGD"][SWEEP < found.limit] < 50) and found.sweep["SGD"][-1] > CEILING


def test_momentum_diverges_above_two_times_one_plus_momentum_over_the_largest_curvature():
    limit = 2 * (1 + 0.5) / 10
    assert shown(lr=0.99 * limit, momentum=0.5).losses["momentum"][-1] < 1
    assert shown(lr=1.05 * limit, momentum=0.5).losses["momentum"][-1] > 1e3


def test_only_rules_that_treat_each_weight_alone_notice_that_the_bowl_was_turned():
    straight, turned = shown(), shown(landscape="turned bowl")
    for name in ("SGD", "momentum"):
        assert turned.losses[name] == pytest.approx(straight.losses[name])
    for name in ("RMSProp", "Adam"):
        assert turned.losses[name][20] > 2 * straight.losses[name][20]


def test_a_run_of_the_sweep_is_the_race_at_its_learning_rate():
    found = shown(steps=5)
    for i in (0, 30, 50):
        losses = shown(lr=SWEEP[i], steps=5).losses
        for name in RACERS:
            assert found.sweep[name][i] == pytest.approx(np.clip(losses[name][:6].max(), FLOOR, 10 * CEILING))


def test_without_a_guess_only_the_first_step_of_sgd_is_known():
    found = shown(None)
    assert list(found.paths) == ["SGD"] and found.paths["SGD"].shape == (2, 2)
    assert found[7:] == (None, None, None, None)


def test_the_valley_has_no_limit():
    assert shown(landscape="curved valley").limit is None


def test_moving_through_the_steps_runs_nothing_again():
    race.cache_clear()
    for steps in range(0, LAST, 10):
        shown(steps=steps)
    assert race.cache_info().misses == 1


def test_a_path_ends_where_it_is_far_away():
    for landscape in LANDSCAPES:
        for path in shown(lr=10.0, condition=100.0, landscape=landscape, steps=LAST).paths.values():
            assert np.abs(path).max() < FAR
            assert not path.mask[0].any()


# the picture and the words


def test_the_answer_is_drawn_only_after_the_guess():
    paint = picture()
    assert paint.png(shown(None)) != paint.png(shown())
    assert paint.png(shown(None)) == paint.png(shown(None, momentum=0.5, steps=3))


def test_every_setting_and_the_guess_are_seen():
    paint = picture()
    changes = [{}, {"lr": 0.2}, {"condition": 11.0}, {"landscape": "turned bowl"}, {"momentum": 0.8}, {"steps": 21}]
    seen = [shown(**changed) for changed in changes] + [shown({"lr": 0.5, "condition": 10.0})]
    assert len({paint.png(found) for found in seen}) == len(seen)


def picture():
    return Picture(draw, lambda axes, found: frame(axes, found, names=RACERS), panels=(2, 1), size=(5.2, 5.8))


def test_the_sentence_hides_the_race_until_the_guess():
    told = say(shown(None))
    assert told == (
        "On the bowl, with condition number 10 and lr = 0.1, one step of SGD leads from loss 5.67 to 1.312. "
        "Lock your prediction to see 20 steps of it, of momentum 0.9, RMSProp and Adam."
    )


def test_the_sentence_says_what_the_picture_shows():
    place, standings, verdict = say(shown(steps=1)).split("\n")
    assert place == "On the bowl, with condition number 10 and lr = 0.1, after 1 step from loss 5.67:"
    assert standings.startswith("SGD: 1.312; momentum 0.9: 1.312; RMSProp: ") and standings.count(";") == 3
    assert verdict == "For condition number 10 you predicted lr = 0.05; SGD diverges above 2 / 10 = 0.2."


def test_an_exploding_run_is_told_in_words():
    assert "SGD: exploded at step 9;" in say(shown(lr=0.25))
    told = say(shown(lr=10.0, condition=100.0, landscape="curved valley", steps=LAST))
    assert "nan" not in told and "inf" not in told
    assert "The valley has no such number" in told


# the controls


def test_every_control_over_its_whole_range_before_and_after_the_lock():
    widget = explore_race(AdaGrad)
    guess, lr, condition, landscape, *others = widget.controls
    for _ in range(2):
        for landscape.value in LANDSCAPES:
            every = 2 if landscape.value == "bowl" else 8  # of nine samples, both ends among them
            for control in (lr, condition, *others):
                for value in control.samples[::every]:
                    control.value = value
                    assert widget.readout.text.startswith(f"On the {landscape.value}, with condition number ")
                    assert 'role="status"' in widget.readout.widget.value
        guess.lock()


def test_every_control_changes_the_words():
    widget = explore_race()
    guess, *controls = widget.controls
    for _ in range(2):
        for control in controls:
            before, value = widget.readout.text, control.value
            control.value = next(other for other in control.samples[1:] if other != value)
            assert widget.readout.text != before, control.name
        guess.lock()


def test_an_own_optimizer_is_announced_before_the_lock():
    assert explore_race(SGD).readout.text.endswith("of momentum 0.9, RMSProp, Adam and your optimizer.")


def test_the_lock_keeps_the_prediction_and_leaves_the_sliders_free():
    widget = explore_race()
    widget.controls[0].lock()
    widget.controls[1].value = 0.3
    assert widget.controls[0].value == {"lr": 0.01, "condition": 10.0}
    assert "you predicted lr = 0.01; SGD diverges above 2 / 10 = 0.2." in widget.readout.text


def test_the_picture_without_a_kernel_does_not_give_the_answer_away():
    data, _ = explore_race()._repr_mimebundle_()
    assert "0.2" not in data["text/plain"] and "Lock your prediction" in data["text/plain"]


def test_a_run_that_comes_back_has_not_exploded():
    found = shown(lr=10.0, condition=100.0, landscape="curved valley", steps=LAST)
    assert found.losses["Adam"].max() > 1e3 * found.losses["Adam"][0]
    assert "Adam: exploded" not in say(found)


def test_a_race_may_start_on_another_landscape():
    assert explore_race(landscape="turned bowl").readout.text.startswith("On the turned bowl,")


# the reader's own optimizer


class Own:
    def __init__(self, params, lr):
        self.params, self.lr = params, lr

    def step(self):
        for p in self.params:
            p.data -= self.lr * p.grad


def variant(step):
    return type("Variant", (Own,), {"step": step})


def test_the_readers_own_optimizer_takes_part():
    found = shown(own=Own)
    assert found.paths["yours"].data == pytest.approx(found.paths["SGD"].data)
    assert "; your optimizer: 0.02395." in say(found)
    assert shown(own=AdaGrad).losses["yours"][20] != found.losses["SGD"][20]


def test_an_optimizer_of_the_package_is_not_told_from_ones_own():
    assert shown(own=SGD).paths["yours"].data == pytest.approx(shown().paths["SGD"].data)


@pytest.mark.parametrize(
    ("own", "words"),
    [
        (variant(lambda self: 1 / 0), "ZeroDivisionError"),
        (variant(lambda self: setattr(self.params[0], "data", None)), "TypeError"),
        (variant(lambda self: setattr(self.params[0], "data", np.ones(3))), "ShapeError"),
        (
            variant(lambda self: setattr(self.params[0], "data", np.full(2, np.nan))),
            "your optimizer: exploded at step 1.",
        ),
        (variant(lambda self: None), "your optimizer: 5.67. Yours has not moved: does step() change p.data?\n"),
        (variant(lambda: None), "TypeError"),
        (lambda params: Own(params, 1), "TypeError"),
        (lambda params, lr: None, "AttributeError: 'NoneType' object has no attribute 'step'"),
        (Own([], 1.0), "TypeError"),
    ],
    ids=["raises", "none", "shape", "nan", "unmoved", "no self", "no lr", "no optimizer", "an object"],
)
def test_an_optimizer_that_is_wrong_is_told_in_the_widget(own, words):
    widget = explore_race(own)
    widget.controls[0].lock()
    widget.controls[1].value = 0.02
    assert words in widget.readout.text
