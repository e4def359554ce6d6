"""Eight sick trainings and the instruments that are read while they run.

All train the same small network (64 pixels, 32 ReLU units, 10 digits) from the same start, and each differs from the
healthy one in one setting. What stands in a Course is measured, never known beforehand.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from .. import data
from ..gradcheck.catalogue.affine import affine
from ..layers import Affine, ReLU, Sequential
from ..losses import CrossEntropyLoss
from ..optim import SGD
from ..training import accuracy, minibatches

STEPS, EVERY = 100, 5  # a training has so many steps; the instruments are read before every fifth
UNITS, CLASSES, BATCH = 32, 10, 32
TEN = 10  # so many images any network can learn by heart
SAMPLE = 200  # of so many images loss and accuracy are measured
NUDGE = 1e-5


@dataclass(frozen=True)
class Setting:
    """What a training depends on; the defaults are healthy."""

    lr: float = 0.3
    bias: float = 0.0  # of every hidden unit, at the start
    randomness: float = 1.0  # share of it in the first weights; the rest of each weight is the same number
    images: int = 1000
    shuffled: float = 0.0  # share of the labels that have changed places
    kept: float = 0.0  # share of a gradient that is still there at the next step
    summed: bool = True  # dW is summed over the batch; if not, it is averaged


HEALTHY = Setting()


@dataclass(frozen=True)
class Patient:
    """The one setting that is wrong, what it does, and the way back; perhaps a wrong version in the catalogue."""

    field: str
    value: Any
    cause: str
    says: str
    cure: str
    entry: str = ""

    @property
    def symptom(self):
        """What the catalogue of `check` says of such a training, or nothing."""
        return next((wrong.symptom for wrong in affine.versions if wrong.name == self.entry), "")


PATIENTS = {
    "patient 1": Patient(
        *("bias", -10.0, "units dead from the start"),
        says="The biases start far below anything the images add to them, so every output is 0, and every slope.",
        cure="Start the biases at 0.",
    ),
    "patient 2": Patient(
        *("lr", 1e-4, "learning rate too small"),
        says="Everything is right, but a step is a thousandth of what it could be, or less.",
        cure="Raise lr until a step is about a hundredth of the weights.",
    ),
    "patient 3": Patient(
        *("lr", 100.0, "learning rate too large"),
        says="The first step is many times as large as the weights. Larger weights make larger gradients, and so on.",
        cure="Lower lr until a step is about a hundredth of the weights.",
    ),
    "patient 4": Patient(
        *("images", 20, "too few images"),
        says="20 images are soon learned by heart, and say little about others.",
        cure="More images; an earlier stop only makes it milder.",
    ),
    "patient 5": Patient(
        *("randomness", 0.0, "all units start alike"),
        says="Equal weights get equal gradients and stay equal: 32 units do the work of one.",
        cure="Draw the first weights at random.",
    ),
    "patient 6": Patient(
        *("summed", False, "dW divided by the batch"),
        says="dW is averaged over the images of a batch, though the loss has averaged already.",
        cure="Sum over the batch.",
        entry="weights_averaged",
    ),
    "patient 7": Patient(
        *("shuffled", 1.0, "labels of other images"),
        says="Images and labels were shuffled separately. What is learned is learned by heart.",
        cure="Shuffle both in the same order.",
    ),
    "patient 8": Patient(
        *("kept", 1.0, "gradients never cleared"),
        says="Every step repeats all earlier ones: a ball that rolls without friction, momentum 1 of chapter 07.",
        cure="Clear the gradients before each step, with zero_grad.",
        entry="weights_accumulate",
    ),
}


@dataclass(frozen=True, eq=False)
class Ward:
    """Digits to train on (1000, 64) and to validate with (300, 64), and the seed of every training."""

    x: Any
    y: Any
    x_val: Any
    y_val: Any
    seed: int


@dataclass(frozen=True, eq=False)
class Course:
    """Readings of the instruments, one row for each time (T,) they were read.

    loss, accuracy (T, 2): on training and validation images. update (T, 2): size of the step over size of the weights,
    of the first and the last matrix. slope (T, 2): of the loss along a fixed direction of the first matrix, by the
    gradient and by nudging. silent, alike (T,): shares of hidden units. lost: the step from which on the loss is no
    finite number, or None.
    """

    step: Any
    loss: Any
    accuracy: Any
    update: Any
    slope: Any
    silent: Any
    alike: Any
    lost: int | None


def admitted(rng):
    """The ward: which images are trained on, and the seed, are drawn from rng."""
    images, labels = data.digits()
    images = (images - images.mean(axis=0)) / images.std()  # one deviation: a pixel that is hardly used stays small
    x, y, x_val, y_val = data.stratified_split(images, labels, test=0.2, rng=rng)
    return Ward(x[:1000], y[:1000], x_val[:SAMPLE], y_val[:SAMPLE], int(rng.integers(2**32)))


@lru_cache(maxsize=128)
def course(ward, setting, ten):
    """Train with this setting, on its own images or on ten of them."""
    rng = np.random.default_rng(ward.seed)
    net = built(setting, rng)
    optimizer = SGD(net.params, lr=setting.lr)

    def clear():
        for p in net.params:
            p.grad = setting.kept * p.grad

    y = relabelled(ward.y[: setting.images], setting.shuffled, rng)
    return watched(net, optimizer, clear, ward, y, ten, rng)


@lru_cache(maxsize=8)
def own_course(ward, own, factor, ten):
    """Train what the reader's own function builds: own(rng) -> (net, optimizer)."""
    rng = np.random.default_rng(ward.seed)
    net, optimizer = checked(own(rng))
    optimizer.lr = factor * optimizer.lr
    return watched(net, optimizer, optimizer.zero_grad, ward, ward.y, ten, rng)


def checked(answer):
    if not isinstance(answer, tuple) or len(answer) != 2:
        raise TypeError(f"your function must return (net, optimizer); it returned {type(answer).__name__}")
    for part, names in zip(
        answer, (("forward", "backward", "params", "layers"), ("step", "zero_grad", "lr")), strict=True
    ):
        if missing := [name for name in names if not hasattr(part, name)]:
            raise TypeError(f"your function must return (net, optimizer); {type(part).__name__} has no {missing[0]}")
    if not [p for p in answer[0].params if np.ndim(p.data) == 2]:
        raise ValueError("your net has no matrix of weights to look at")
    return answer


def built(setting, rng):
    first, last = Affine(64, UNITS, rng=rng), Affine(UNITS, CLASSES, rng=rng)
    last.W.data = 0.3 * last.W.data  # a modest start: the first loss is close to log 10
    for layer in (first, last):
        layer.W.data = setting.randomness * layer.W.data + (1 - setting.randomness) * 0.05
        if not setting.summed:
            layer.op = averaging()
    first.b.data = np.full(UNITS, setting.bias)
    return Sequential(first, ReLU(), last)


def averaging():
    """The catalogue's affine operation whose dW is averaged."""
    return next(wrong.make() for wrong in affine.versions if wrong.name == "weights_averaged")


def relabelled(y, share, rng):
    """So many of the labels, evenly spread over the images, change places among themselves."""
    y, moved = y.copy(), round(share * len(y))
    places = np.arange(moved) * len(y) // max(moved, 1)
    y[places] = rng.permutation(y[places])
    return y


def watched(net, optimizer, clear, ward, y, ten, rng):
    """Train net on the first images of the ward, with labels y, and read the instruments on the way."""
    y = y[:TEN] if ten else y
    x, loss, readings, lost = ward.x[: len(y)], CrossEntropyLoss(), [], None
    matrices = [p for p in net.params if np.ndim(p.data) == 2]
    ends = matrices[0], matrices[-1]
    direction = rng.normal(size=ends[0].data.shape)
    direction /= np.linalg.norm(direction)
    with np.errstate(all="ignore"):  # of trainings that explode
        for step, batch in zip(range(STEPS + 1), batches(x, y, rng), strict=False):
            due = step % EVERY == 0
            reading = tested(net, loss, (x[:SAMPLE], y[:SAMPLE]), (ward.x_val, ward.y_val)) if due else ()
            clear()
            value = loss.forward(net.forward(batch[0]), batch[1])
            if not np.isfinite([value, *reading]).all():
                lost = step
                break
            net.backward(loss.backward())
            if due:
                slopes = np.vdot(ends[0].grad, direction), nudged(net, loss, batch, value, ends[0], direction)
                before = [p.data.copy() for p in ends]
            optimizer.step()
            if due:
                readings.append((step, *reading, *map(relative_change, before, ends), *slopes))
    return arranged(readings, lost)


def batches(x, y, rng):
    """Epoch after epoch, without end."""
    while True:
        yield from minibatches(x, y, min(BATCH, len(x)), rng=rng)


def tested(net, loss, *parts):
    """Loss and accuracy on each part, and on the first one the shares of silent and alike units."""
    scores, values = [], []
    getattr(net, "eval", lambda: None)()
    for x, y in parts:
        h = hidden(net, x)
        logits = net.layers[-1].forward(h)
        values.append(loss.forward(logits, y))
        scores.append(accuracy(logits, y))
        if x is parts[0][0]:
            units = shares(h)
    getattr(net, "train", lambda: None)()
    return *values, *scores, *units


def hidden(net, x):
    """What enters the last layer.  (N, M)"""
    for layer in net.layers[:-1]:
        x = layer.forward(x)
    return x


def shares(h):
    """Of the units, the columns of h (N, M): who says the same to every image, and who of the others has a twin."""
    silent = np.ptp(h, axis=0) == 0
    mark = np.sort(np.cos(np.arange(len(h))) @ h[:, ~silent])  # equal columns have equal marks
    same = np.diff(mark) <= 1e-9 * np.abs(mark[1:])
    twins = np.append(same, False) | np.append(False, same) if len(mark) else same
    return silent.mean(), twins.sum() / h.shape[1]


def nudged(net, loss, batch, value, p, direction):
    """The slope of the loss along a direction of one parameter, by central differences.

    nan where the loss has not the same value again: between the answers of a net with dropout a slope means nothing.
    """
    if loss.forward(net.forward(batch[0]), batch[1]) != value:
        return np.nan
    here, values = p.data.copy(), []
    for h in (NUDGE, -NUDGE):
        p.data = here + h * direction
        values.append(loss.forward(net.forward(batch[0]), batch[1]))
    p.data = here
    return (values[0] - values[1]) / (2 * NUDGE)


def relative_change(before, p):
    """The size of a step over the size of the weights; 0 if nothing has moved."""
    step = np.linalg.norm(p.data - before)
    return step / np.linalg.norm(before) if step else 0.0


def arranged(readings, lost):
    columns = np.array(readings, dtype=float).reshape(-1, 11).T
    step, pairs = columns[0].astype(int), columns[[1, 2, 3, 4, 7, 8, 9, 10]].reshape(4, 2, -1).swapaxes(1, 2)
    return Course(step, pairs[0], pairs[1], pairs[2], pairs[3], columns[5], columns[6], lost)


def treated(patient, dose):
    """The setting of a patient whose one wrong value has been changed."""
    return replace(HEALTHY, **{patient.field: dose})
