"""The training clinic, storey by storey: instruments, eight patients, picture and sentence, controls; and the milestone."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from notebooks import CHAPTERS, read

from dlscratch import SGD, Adam, Affine, Dropout, LeakyReLU, ReLU, Sequential, Tanh, numeric_gradient, ops
from dlscratch.gradcheck.catalogue import operations
from dlscratch.views import explore_clinic
from dlscratch.views.clinic import DATA_SETS, OPEN, OWN, compute, draw, frame, say
from dlscratch.views.patients import (
    CLASSES,
    EVERY,
    HEALTHY,
    PATIENTS,
    SAMPLE,
    STEPS,
    admitted,
    built,
    course,
    own_course,
    relabelled,
    shares,
    treated,
)
from dlscratch.views.picture import Picture


@cache
def ward_of(seed):
    return admitted(np.random.default_rng(seed))


WARD = ward_of(10)
CAUSES = {name: patient.cause for name, patient in PATIENTS.items()}
IGNORANT = np.log(CLASSES)


def sick(name, ward=WARD, ten=False):
    return course(ward, treated(PATIENTS[name], PATIENTS[name].value), ten)


def visit(name="patient 1", guess=None, images=DATA_SETS[0], step=float(STEPS), dose=None, own=None):
    dose = PATIENTS[name].value if dose is None else dose
    return compute(name, guess and {"cause": guess}, images, step, dose, ward=WARD, own=own)


# the instruments


def test_units_are_silent_alike_or_neither():
    h = np.random.default_rng(0).random((7, 8))
    h[:, 1], h[:, 2], h[:, 5] = 0, 3, h[:, 4]
    assert shares(h) == (2 / 8, 2 / 8)
    assert shares(np.zeros((4, 5))) == (1, 0)
    assert shares(np.tile(h[:, :1], 5)) == (0, 1)


def test_twins_are_told_apart_at_any_size():
    h = np.random.default_rng(0).random((7, 8)) * np.logspace(0, 200, 8)
    assert shares(h) == (0, 0)


def test_the_slope_by_nudging_is_that_of_the_packages_checker():
    rng = np.random.default_rng(WARD.seed)
    net = built(HEALTHY, rng)
    relabelled(WARD.y, 0.0, rng)
    W, direction = net.layers[0].W.data.copy(), rng.normal(size=(64, 32))
    direction /= np.linalg.norm(direction)
    pick = rng.permutation(len(WARD.x))[:32]

    def loss(t):
        net.layers[0].W.data = W + t[0] * direction
        logits = net.forward(WARD.x[pick])
        return float(ops.softmax_cross_entropy(logits, target=WARD.y[pick])[0])

    slope = numeric_gradient(loss, np.zeros(1))[0]
    assert course(WARD, HEALTHY, False).slope[0] == pytest.approx([slope, slope], rel=1e-5)


def test_a_step_of_sgd_is_lr_times_the_gradient():
    slow, fast = (course(WARD, replace(HEALTHY, lr=lr), False) for lr in (0.01, 0.02))
    assert fast.update[0] == pytest.approx(2 * slow.update[0])
    assert (fast.slope[0] == slow.slope[0]).all()


def test_readings_are_taken_before_every_fifth_step_and_the_first_ones_agree():
    seen = course(WARD, HEALTHY, False)
    assert seen.step.tolist() == list(range(0, STEPS + 1, EVERY)) and seen.loss.shape == (len(seen.step), 2)
    assert course(WARD, replace(HEALTHY, lr=1.0), False).loss[0].tolist() == seen.loss[0].tolist()


def test_training_and_validation_images_are_different_ones():
    assert len(WARD.x) == len(WARD.y) == 1000 and len(WARD.x_val) == len(WARD.y_val) == SAMPLE
    assert not (WARD.x[:, None] == WARD.x_val).all(axis=2).any()


def test_relabelling_moves_labels_and_invents_none():
    y = np.arange(10)
    assert relabelled(y, 0.0, np.random.default_rng(0)).tolist() == y.tolist()
    half = relabelled(y, 0.5, np.random.default_rng(0))
    assert sorted(half) == y.tolist() and half[1::2].tolist() == [1, 3, 5, 7, 9] and half.tolist() != y.tolist()
    assert relabelled(y, 1.0, np.random.default_rng(0)).tolist() == np.random.default_rng(0).permutation(y).tolist()
    assert y.tolist() == list(range(10))


# the patients


@pytest.mark.parametrize("seed", range(5))
def test_every_patient_has_the_symptoms_that_the_chapter_says(seed):
    ward = ward_of(seed)
    seen = {name: sick(name, ward) for name in PATIENTS}
    one, two, three, four, five, six, seven, eight = seen.values()
    healthy = course(ward, HEALTHY, False)
    for any_of in (*seen.values(), healthy):
        assert any_of.loss[0, 0] == pytest.approx(IGNORANT, abs=0.3)
    assert healthy.accuracy[-1, 1] > 0.9 and healthy.silent.max() < 0.1 and not healthy.alike.any()
    assert 0.002 < healthy.update[-1, 0] < 0.05
    assert one.silent.min() == 1 and not one.update.any() and abs(one.loss - IGNORANT).max() < 0.05
    assert two.update.max() < 1e-3 and abs(two.loss[-1] - two.loss[0]).max() < 0.05
    assert three.update[0].min() > 1 and three.loss[1:].min() > 1e3 and three.lost < STEPS
    assert four.accuracy[-1, 0] == 1 and four.accuracy[-1, 1] < 0.75 and four.loss[-1, 1] > 20 * four.loss[-1, 0]
    assert five.alike.min() == 1 and not five.silent.any() and five.accuracy[-1, 0] < 0.4
    assert six.accuracy[-1, 0] < 0.75 < 0.9 < healthy.accuracy[-1, 0]
    assert seven.accuracy[-1, 1] < 0.35 and seven.loss[-1, 1] > 2 and seven.loss[-1, 0] > 2
    assert eight.loss[:6, 0].min() < 1.5 and eight.loss[-1, 0] > 500 and eight.accuracy[-1, 1] > 0.6


@pytest.mark.parametrize("seed", (0, 1, 10))
def test_only_two_gradients_disagree_with_nudging(seed):
    ward = ward_of(seed)
    for name in PATIENTS:
        by_gradient, by_nudge = sick(name, ward).slope[:3].T
        agrees = np.allclose(by_gradient, by_nudge, rtol=0.01, atol=1e-8)
        assert agrees == (name not in ("patient 3", "patient 6", "patient 8")), name
    averaged, kept = sick("patient 6", ward).slope, sick("patient 8", ward).slope
    sizes = np.where(sick("patient 6", ward).step == 95, 8, 32)  # 31 batches of 32 and one of 8 make an epoch
    assert averaged[:, 1] == pytest.approx(sizes * averaged[:, 0], rel=1e-3)
    assert kept[0, 0] == pytest.approx(kept[0, 1])  # there is nothing to keep before the first step
    assert np.isclose(*kept[1:].T, rtol=0.01).mean() < 0.2


@pytest.mark.parametrize("seed", (0, 1, 10))
def test_who_learns_ten_images_by_heart(seed):
    ward = ward_of(seed)
    learned = [name for name in PATIENTS if sick(name, ward, ten=True).loss[-1, 0] < 0.2]
    assert learned == ["patient 4", "patient 6", "patient 7", "patient 8"]
    assert course(ward, HEALTHY, True).loss[-1, 0] < 0.02


@pytest.mark.parametrize("name", PATIENTS)
def test_the_knob_cures(name):
    patient = PATIENTS[name]
    assert treated(patient, getattr(HEALTHY, patient.field)) == HEALTHY
    assert patient.value != getattr(HEALTHY, patient.field)


@pytest.mark.parametrize("seed", (0, 1, 10))
def test_what_the_chapter_says_about_the_knobs(seed):
    ward = admitted(np.random.default_rng(seed))

    def right(name, dose):
        return course(ward, treated(PATIENTS[name], dose), False).accuracy[-1, 1]

    assert right("patient 1", -4.0) < 0.3 and right("patient 1", -2.0) > 0.6
    assert right("patient 3", 1.0) > 0.85 and right("patient 3", 10.0) < 0.3
    assert right("patient 5", 0.01) > 0.5
    assert right("patient 7", 0.5) > 0.75
    of_its_own = course(ward, treated(PATIENTS["patient 7"], 0.5), False).accuracy[-1, 0]
    assert 0.45 < of_its_own < 0.7  # half of its labels are right: such a training is no better on them
    assert right("patient 8", 0.5) > 0.88 > right("patient 8", 0.99)


def test_keeping_gradients_is_momentum():
    def own(rng):
        net = built(HEALTHY, rng)
        relabelled(WARD.y, 0.0, rng)  # draws what `course` draws
        return net, SGD(net.params, lr=HEALTHY.lr, momentum=0.9)

    seen = own_course(WARD, own, 1.0, False)
    assert seen.loss[:5] == pytest.approx(course(WARD, replace(HEALTHY, kept=0.9), False).loss[:5])


def test_the_catalogue_has_the_symptoms_that_are_told():
    said = {wrong.symptom for wrong in operations()["affine"].versions}
    told = {name: patient.symptom for name, patient in PATIENTS.items() if patient.entry}
    assert list(told) == ["patient 6", "patient 8"] and said.issuperset(told.values())
    assert "n times too slowly" in told["patient 6"] and "repeats all earlier" in told["patient 8"]


# the picture and the words


def picture():
    return Picture(draw, frame, panels=(2, 2), size=(5.2, 5.2))


def test_the_twin_and_the_cause_are_shown_only_after_the_guess():
    paint = picture()
    hidden, shown = visit("patient 2"), visit("patient 2", OPEN)
    assert hidden.twin is None and shown.twin is course(WARD, HEALTHY, False)
    assert paint.png(hidden) != paint.png(shown)
    assert CAUSES["patient 2"] not in say(hidden) and CAUSES["patient 2"] in say(shown)


def test_the_knob_does_nothing_before_the_diagnosis():
    assert visit("patient 2", dose=0.3).course is sick("patient 2")
    assert visit("patient 2", OPEN, dose=0.3).course is course(WARD, replace(HEALTHY, lr=0.3), False)


def test_every_patient_step_and_dose_is_seen():
    paint = picture()
    seen = [visit(name, OPEN) for name in PATIENTS]
    seen += [
        visit("patient 2", OPEN, step=45.0),
        visit("patient 2", OPEN, dose=0.3),
        visit("patient 1", OPEN, dose=-9.5),
    ]
    seen += [visit("patient 4", OPEN, DATA_SETS[1])]
    assert len({paint.png(found) for found in seen}) == len(seen)


def test_the_sentence_says_what_the_picture_shows():
    where, step, units, rest = say(visit("patient 1")).split("\n")
    assert where.startswith("Patient 1, trained on its own images: loss 2.3")
    assert "before the first step, where ignorance costs log 10 = 2.303. Step 100 of 100: loss 2.3" in where
    assert step == (
        "Step / weights is 0 for the first matrix and 0 for the last. "
        "The slope in some direction is 0 by nudging, and 0 by the gradient."
    )
    assert units == "Of the hidden units 100 % are silent: the same for every image. 0 % are twins."
    assert rest.startswith("Lock your prediction")


def test_right_wrong_and_open_guesses_are_told():
    assert "You are right: too few images. 20 images" in say(visit("patient 4", "too few images"))
    assert "You said: too few images. It is: dW divided by the batch." in say(visit("patient 6", "too few images"))
    assert "You left it open. It is: units dead from the start." in say(visit("patient 1", OPEN))
    assert "The catalogue of check says of such a training: The weights learn n times" in say(visit("patient 6", OPEN))


def test_a_gradient_that_disagrees_is_told():
    assert "by nudging, and the gradient agrees." in say(visit("patient 2"))
    assert " by nudging, but " in say(visit("patient 6"))


def test_an_explosion_is_told_in_words():
    told = say(visit("patient 3", OPEN))
    assert "The loss is too large to check a slope by nudging." in told
    assert f"From step {sick('patient 3').lost} on the loss is not a number any more (NaN)." in told
    assert "With lr = 100, it explodes." in told
    assert " nan" not in told and "inf" not in told


def test_the_last_reading_stands_for_steps_after_the_explosion():
    assert visit("patient 3").row == len(sick("patient 3").step) - 1 < STEPS / EVERY


# the controls


def widget(own=None):
    made = explore_clinic(own, rng=np.random.default_rng(10))
    return made, *made.controls


def test_every_control_over_its_whole_range_before_and_after_the_lock():
    made, patient, images, step, guess, knob = widget()
    for name in PATIENTS:
        patient.value = name
        for stride in (8, 4):  # before the lock the ends are enough: nothing is computed anew
            for control in (step, images, knob):
                for value in (*control.samples[::stride], control.samples[-1]):
                    control.value = value
                    assert made.readout.text.startswith(f"{name.capitalize()}, trained on")
                    assert 'role="status"' in made.readout.widget.value
            guess.lock()


def test_every_control_changes_the_words_after_the_lock():
    made, patient, images, step, guess, knob = widget()
    for name in PATIENTS:
        patient.value = name
        guess.lock()
        for control in (images, step, knob):
            before, value = made.readout.text, control.value
            control.value = next(other for other in control.samples if other != value)
            assert made.readout.text != before, (name, control.name)


def test_each_patient_has_a_prediction_of_its_own():
    made, patient, _, _, guess, _ = widget()
    (cause,) = guess.controls
    cause.value = "too few images"
    guess.button.click()
    assert guess.value == {"cause": "too few images"} and cause.source.disabled and guess.button.disabled
    patient.value = "patient 2"
    assert guess.value is None and not cause.source.disabled and cause.value == OPEN
    assert guess.button.description == "Lock my prediction" and "Lock your prediction" in made.readout.text
    patient.value = "patient 1"
    assert guess.value == {"cause": "too few images"} and cause.value == "too few images" and cause.source.disabled
    assert "You said: too few images." in made.readout.text and "You predicted" in guess.question.value


def test_each_patient_has_a_knob_of_its_own_after_the_lock():
    made, patient, _, _, guess, knob = widget()
    assert knob.box.children == ()
    guess.lock()
    assert knob.box.children == (knob.knobs["patient 1"].box,)
    knob.value = 0.0
    assert "With bias = 0, in the end 9" in made.readout.text
    patient.value = "patient 2"
    assert knob.box.children == () and knob.value == 1e-4
    patient.value = "patient 1"
    assert knob.value == 0.0 and "With bias = 0, in the end 9" in made.readout.text


def test_the_causes_to_choose_from_are_those_of_the_patients_in_another_order():
    _, _, _, _, guess, _ = widget()
    offered = guess.controls[0].samples
    assert offered[0] == OPEN and sorted(offered[1:]) == sorted(CAUSES.values())
    assert list(offered[1:]) != list(CAUSES.values())


def test_the_picture_without_a_kernel_does_not_give_the_answer_away():
    data, _ = explore_clinic(rng=np.random.default_rng(10))._repr_mimebundle_()
    assert not any(cause in data["text/plain"] for cause in CAUSES.values())


def test_it_wants_a_generator():
    with pytest.raises(TypeError, match="default_rng"):
        explore_clinic(rng=10)


# the reader's own training


def net_of(*layers):
    def own(rng):
        net = Sequential(Affine(64, 20, rng=rng), *layers, Affine(20, 10, rng=rng))
        return net, Adam(net.params, lr=0.01)

    return own


def test_the_readers_own_training_is_examined():
    made, patient, *_, guess, knob = widget(net_of(Tanh()))
    assert patient.value == OWN and not guess.box.children and knob.box.children
    assert "With lr times 1, in the end 9" in made.readout.text and "the gradient agrees" in made.readout.text
    knob.value = 1e-3
    assert "With lr times 0.001, in the end 9" not in made.readout.text
    patient.value = "patient 1"
    assert guess.button in guess.box.children and "Lock your prediction" in made.readout.text


def test_every_control_of_ones_own_training():
    made, patient, images, step, guess, knob = widget(net_of(LeakyReLU(0.1)))
    for control in (images, step, knob):
        for value in (*control.samples[::4], control.samples[-1]):
            control.value = value
            assert made.readout.text.startswith("Yours, trained on")
    assert own_course(WARD, net_of(ReLU()), 1.0, False).accuracy[-1, 1] > 0.85


class Passed(ReLU):
    def backward(self, dout):
        super().backward(dout)
        return dout


def test_a_wrong_gradient_in_ones_own_training_is_found_by_nudging():
    assert " by nudging, but " in widget(net_of(Passed()))[0].readout.text


class Raising(ReLU):
    def forward(self, x):
        raise KeyError("lost")


class Narrow(ReLU):
    def backward(self, dout):
        return super().backward(dout)[:, :5]


class Nan(ReLU):
    def forward(self, x):
        return super().forward(x) * np.nan


def stuck(rng):
    net = Sequential(Affine(64, 10, rng=rng))
    net.layers[0].W.data = np.zeros((64, 10))
    return net, SGD(net.params, lr=0.1)


@pytest.mark.parametrize(
    ("own", "words"),
    [
        (lambda rng: None, "must return (net, optimizer); it returned NoneType"),
        (lambda rng: (Sequential(Affine(64, 10, rng=rng)), 0.1), "float has no step"),
        (lambda rng: (ReLU(), SGD([], lr=1.0)), "ReLU has no layers"),
        (lambda: None, "TypeError"),
        (net_of(Raising()), "KeyError: 'lost'"),
        (net_of(Narrow()), "ShapeError"),
        (net_of(Nan()), "no finite number from the start"),
        (lambda rng: (Sequential(ReLU()), SGD(Affine(1, 1, rng=rng).params, lr=0.1)), "no matrix of weights"),
    ],
    ids=["none", "no optimizer", "no net", "no rng", "raises", "shape", "nan", "no weights"],
)
def test_what_is_wrong_with_ones_own_training_is_told(own, words):
    assert words in widget(own)[0].readout.text


@pytest.mark.parametrize("thing", [(1, 2), 3, Sequential(Tanh())], ids=["tuple", "int", "Sequential"])
def test_what_builds_no_training_is_refused(thing):
    with pytest.raises(TypeError, match=rf"own\(rng\) -> \(net, optimizer\); got {type(thing).__name__}"):
        widget(thing)


def test_a_net_with_dropout_is_not_accused_of_a_wrong_gradient():
    made, *_ = widget(lambda rng: net_of(Dropout(0.5, rng=rng))(rng))
    assert "the same batch does not give the same loss again" in made.readout.text
    assert "by the gradient" not in made.readout.text and 'role="status"' in made.readout.widget.value


def test_a_net_with_dropout_is_read_without_it():
    own = {p: own_course(WARD, lambda rng, p=p: net_of(Dropout(p, rng=rng))(rng), 1e-6, False) for p in (0.0, 0.5)}
    np.testing.assert_allclose(own[0.5].loss[0], own[0.0].loss[0])


def test_weights_that_start_at_zero_break_nothing():
    made, *_ = widget(stuck)
    assert made.readout.text.startswith("Yours, trained on") and 'role="status"' in made.readout.widget.value


# the milestone, and what else the chapter claims, by the chapter's own cells: tests/test_training.py reads digits, too


@pytest.fixture(scope="module")
def chapter():
    """The names that the chapter has made; trainings that are only shown are left out."""
    names = {"np": np}
    for part in read(CHAPTERS / "10-training-clinic.ipynb").cells:
        if part.cell_type == "code" and part.id not in ("answer", "answer-ops", "widget", "own", "break", "milestone"):
            exec(compile(part.source.split("\n\n\nfor bend in")[0], part.id, "exec"), names)
    return names


def test_five_networks_are_healthy_and_read_97_of_100_digits_milestone(chapter):
    first, heart, silent, seen, unseen = np.array([chapter["certificate"](seed) for seed in range(5)]).T
    assert abs(first - IGNORANT).max() < 0.05 and heart.max() < 0.01 and silent.max() < 0.15
    assert np.median(unseen) >= 0.97 and unseen.min() > 0.94 and seen.min() > 0.99


def test_the_hasty_softplus_reads_digits_as_well_as_the_right_one(chapter):
    for bend in ("Softplus", "HastySoftplus"):
        assert np.median([chapter["unseen_accuracy"](seed, chapter[bend]) for seed in range(3)]) > 0.95


def test_mistakes_without_a_symptom_are_about_as_many_as_those_that_leave_accuracy_at_chance(chapter):
    few, many = sorted(len(chapter[name]) for name in ("at_chance", "without"))
    assert 5 <= few <= many <= 2 * few and many < len(chapter["mistakes"]) / 5
    assert len({wrong.says for wrong in chapter["at_chance"]}) == len(chapter["at_chance"])


def test_the_instruments_of_the_chapter_measure_what_they_say(chapter):
    h = np.array([[1.0, 0.0, 5.0, 2.0], [1.0, 3.0, 5.0, 0.0]])
    assert chapter["silent_share"](h) == 0.5
    assert chapter["step_ratio"](np.array([3.0, 4.0]), np.array([3.0, 4.5])) == pytest.approx(0.1)


def test_adams_first_step_is_close_to_what_was_computed_in_advance(chapter):
    r = float(chapter["first_step"](Adam, 0.003).rpartition(" ")[2])
    assert 0.5 * 0.017 < r <= 0.02
