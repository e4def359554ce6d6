"""Eight sick trainings: read the instruments, name the cause, lock it; then a knob cures the patient.

The trainings are those of `patients`; here they are drawn and told. After the lock a healthy twin, which started from
the same weights, is drawn beside the patient.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from matplotlib.collections import LineCollection

from ..init import check_rng
from .cases import CaseKnob, CasePrediction
from .controls import choice, number, power_of_ten, toggle, whole
from .explorer import Explorer
from .patients import CLASSES, EVERY, HEALTHY, PATIENTS, STEPS, admitted, course, own_course, treated
from .readout import short
from .style import DATA, ERROR, GRADIENT, PARAMETER, TRUTH

QUESTION = "What is wrong with this patient? See how it trains on ten images, too."
OPEN = "I do not know yet"
OWN = "yours"
DATA_SETS = "its own images", "ten images"
SIZES, SHARES = (1e-3, 1e3), (-4, 104)  # ends of the axes: losses; percentages
CHANGES = (1e-6, 10)
GRAY, DARK = "#999999", "#666666"
COLORS = (ERROR, DATA), (ERROR, DATA), (PARAMETER, GRADIENT), (PARAMETER, GRADIENT)
LEGENDS = ("training", "validation"), ("training", "validation"), ("first W", "last W"), ("silent", "twins")
LEGEND_AT = -0.12, -0.22  # below the upper pictures, and below the lower ones, which name their axis
TOO_LARGE = 1e6  # beside such a loss a nudge is lost in rounding
KNOBS = {
    "lr": partial(power_of_ten, "lr", -5, 2, label="lr"),
    "bias": partial(number, "bias", -10, 2, label="bias at start", step=0.5),
    "randomness": partial(number, "randomness", 0, 1, label="randomness"),
    "images": partial(whole, "images", 20, 1000, label="images"),
    "shuffled": partial(number, "shuffled", 0, 1, label="moved"),
    "kept": partial(number, "kept", 0, 1, label="old gradient"),
    "summed": partial(toggle, "summed", label="sum dW over the batch"),
}
FACTOR = partial(power_of_ten, "factor", -3, 3, value=1.0, label="lr times")


class Visit(NamedTuple):
    """A patient's name, dose and course, the row that is told, what it trains on; once there is a guess, a twin."""

    name: str
    dose: Any
    course: Any
    row: int
    images: str
    twin: Any = None
    guess: dict | None = None


def compute(patient, guess, images, step, knob, *, ward, own=None):
    """The course of one patient; the healthy twin only for a reader who has committed to a cause."""
    ten = images == DATA_SETS[1]
    if patient == OWN:
        seen = own_course(ward, own, knob, ten)
    else:
        seen = course(ward, treated(PATIENTS[patient], dose_before(patient, guess, knob)), ten)
    row = min(round(step / EVERY), len(seen.step) - 1)
    visit = Visit(patient, knob, seen, row, images)
    if guess is None and patient != OWN:
        return visit
    return visit._replace(twin=course(ward, HEALTHY, ten), guess=guess)


def dose_before(patient, guess, knob):
    """Nobody is treated before the diagnosis."""
    return knob if guess else PATIENTS[patient].value


# ---- the picture -------------------------------------------------------------------------------------


def frame(axes, visit):
    (loss, right), (change, units) = axes
    loss.set(yscale="log", ylim=SIZES, ylabel="loss")
    right.set(ylim=SHARES, ylabel="right answers, %")
    change.set(yscale="log", ylim=CHANGES, ylabel="step / weights", xlabel="step")
    units.set(ylim=SHARES, ylabel="hidden units, %", xlabel="step")
    for ax, names, colors in zip(axes.flat, LEGENDS, COLORS, strict=True):
        ax.set(xlim=(0, STEPS), xticks=range(0, STEPS + 1, 50))
        ax.minorticks_off()
        for name, color, style in zip(names, colors, ("-", "--"), strict=True):
            ax.plot([], [], style, color=color, label=name)
        ax.legend(
            fontsize=8,
            loc="upper center",
            bbox_to_anchor=(0.5, LEGEND_AT[ax in axes[1]]),
            ncols=2,
            borderpad=0,
            columnspacing=1,
            handlelength=1.8,
        )
    for ax, height, name in ((loss, np.log(CLASSES), "log 10"), (right, 100 / CLASSES, "chance"), (change, 1e-3, "")):
        ax.axhline(height, color=GRAY, linewidth=1)
        ax.annotate(name, (STEPS, height), (-2, 5), textcoords="offset points", ha="right", fontsize=8, color=DARK)


def draw(axes, visit):
    axes[0, 0].set_title(f"{titled(visit)}\n{circumstances(visit)}", fontsize=11)
    twin = curves(visit.twin) if visit.twin else [()] * 4
    at = visit.course.step[visit.row] if len(visit.course.step) else 0
    for ax, lines, healthy, colors in zip(axes.flat, curves(visit.course), twin, COLORS, strict=True):
        segments = [np.stack(line, axis=1) for line in (*healthy, *lines)] + [[(at, 1e-9), (at, 1e9)]]
        colors = [TRUTH] * len(healthy) + [*colors, GRAY]
        styles = ["-", "--"][: len(healthy)] + ["-", "--", ":"]
        widths = [0.9] * len(healthy) + [2, 2, 1]
        ax.add_collection(LineCollection(segments, colors=colors, linestyles=styles, linewidths=widths), autolim=False)


def curves(course):
    """For each of the four pictures its two lines (x, y), inside the picture's limits."""
    pairs = course.loss.T, 100 * course.accuracy.T, course.update.T, 100 * np.array([course.silent, course.alike])
    limits = SIZES, SHARES, CHANGES, SHARES
    return [
        [(course.step, np.clip(line, low, high)) for line in pair]
        for pair, (low, high) in zip(pairs, limits, strict=True)
    ]


def titled(visit):
    if visit.name == OWN:
        return "Your training"
    name = visit.name.capitalize()
    return f"{name}: {PATIENTS[visit.name].cause}" if visit.guess else name


def circumstances(visit):
    return f"on {visit.images}" + (f", {dosed(visit)}" if visit.twin else "")


def dosed(visit):
    """The setting that the knob holds, in words."""
    if visit.name == OWN:
        return f"lr times {short(visit.dose)}"
    field, dose = PATIENTS[visit.name].field, visit.dose
    words = {
        "images": f"{dose} images",
        "shuffled": f"{percent(dose)} of the labels moved",
        "kept": f"{percent(dose)} of old gradients kept",
        "summed": "dW summed" if dose else "dW averaged",
    }
    return words[field] if field in words else f"{field} = {short(dose)}"


# ---- the words ---------------------------------------------------------------------------------------


def say(visit):
    if not len(visit.course.step):
        return f"{titled(visit)}: the loss is no finite number from the start."
    lines = [standing(visit), movement(visit), crowd(visit)]
    if visit.course.lost is not None:
        lines.append(f"From step {visit.course.lost} on the loss is not a number any more (NaN).")
    if visit.name == OWN:
        return "\n".join([*lines, f"With {dosed(visit)}, {outcome(visit)}"])
    if visit.guess is None:
        return "\n".join([*lines, "Lock your prediction to see the cause, a healthy twin, and a knob that cures."])
    return "\n".join([*lines, *judged(visit)])


def standing(visit):
    seen, row = visit.course, visit.row
    (loss, unseen), (right, right_unseen) = seen.loss[row], seen.accuracy[row]
    return (
        f"{visit.name.capitalize()}, trained on {visit.images}: loss {short(seen.loss[0, 0])} before the first step, "
        f"where ignorance costs log 10 = 2.303. Step {seen.step[row]} of {STEPS}: loss {short(loss)}, validation "
        f"{short(unseen)}; right answers {percent(right)}, validation {percent(right_unseen)}."
    )


def movement(visit):
    first, last = visit.course.update[visit.row]
    told = f"Step / weights is {short(first)} for the first matrix and {short(last)} for the last."
    by_gradient, by_nudge = visit.course.slope[visit.row]
    if visit.course.loss[visit.row, 0] > TOO_LARGE or not np.isfinite(by_gradient):
        return f"{told} The loss is too large to check a slope by nudging."
    if not np.isfinite(by_nudge):
        return f"{told} No slope can be checked by nudging: the same batch does not give the same loss again."
    return f"{told} The slope in some direction is {compared(by_gradient, by_nudge)}."


def compared(by_gradient, by_nudge):
    if max(abs(by_gradient), abs(by_nudge)) < 1e-8:
        return "0 by nudging, and 0 by the gradient"
    if abs(by_gradient - by_nudge) <= 0.01 * abs(by_nudge) + 1e-8:
        return f"{short(by_nudge)} by nudging, and the gradient agrees"
    return f"{short(by_nudge)} by nudging, but {short(by_gradient)} by the gradient"


def crowd(visit):
    silent, alike = visit.course.silent[visit.row], visit.course.alike[visit.row]
    return f"Of the hidden units {percent(silent)} are silent: the same for every image. {percent(alike)} are twins."


def percent(share):
    return f"{100 * share:.0f} %"


def judged(visit):
    patient, guess = PATIENTS[visit.name], visit.guess["cause"]
    if guess == patient.cause:
        yield f"You are right: {patient.cause}. {patient.says}"
    else:
        yield f"{'You left it open' if guess == OPEN else f'You said: {guess}'}. It is: {patient.cause}. {patient.says}"
    if patient.symptom:
        yield f"The catalogue of check says of such a training: {patient.symptom}"
    yield f"Cure: {patient.cure} With {dosed(visit)}, {outcome(visit)}"


def outcome(visit):
    if visit.course.lost is not None:
        return "it explodes."
    mine, twin = visit.course.accuracy[-1, 1], visit.twin.accuracy[-1, 1]
    return f"in the end {percent(mine)} of the validation images are right, {percent(twin)} for the healthy twin (thin black lines)."


# ---- the controls ------------------------------------------------------------------------------------


def explore_clinic(own=None, *, rng):
    """Eight sick trainings on digits, and your own if you give one: own(rng) -> (net, optimizer)."""
    check_rng("explore_clinic", rng)
    if own is not None and not callable(own):
        raise TypeError(f"explore_clinic(own): give a function own(rng) -> (net, optimizer); got {type(own).__name__}")
    names = (OWN, *PATIENTS) if own else tuple(PATIENTS)
    patient = choice("patient", names, label="patient")
    cause = choice("cause", (OPEN, *sorted(p.cause for p in PATIENTS.values())), label="cause")
    guess = CasePrediction(QUESTION, cause, patient)
    knobs = {name: KNOBS[p.field](value=p.value) for name, p in PATIENTS.items()} | {OWN: FACTOR()}
    knob = CaseKnob("knob", knobs, patient, lambda: patient.value == OWN or guess.value)
    guess.observe(knob.turn)
    asked_of_patients_only(guess, patient)
    step = number("step", 0, STEPS, value=float(STEPS), label="step", step=EVERY)
    controls = patient, choice("images", DATA_SETS, label="trained on"), step, guess, knob
    settled = partial(compute, ward=admitted(rng), own=own)
    return Explorer(settled, draw, say, controls, frame=frame, panels=(2, 2), size=(5.2, 5.2))


def asked_of_patients_only(guess, patient):
    """Nothing is hidden in the reader's own training, so nothing is asked."""
    parts = guess.box.children

    def turn():
        guess.box.children = () if patient.value == OWN else parts

    patient.observe(turn)
    turn()
