"""What chapter 08 finds on real data, over five splits: run from its own cells."""

import contextlib
import io

import numpy as np
import pytest
from notebooks import CHAPTERS, read

import dlscratch as dl

CELLS = {cell.id: cell.source for cell in read(CHAPTERS / "08-bricks.ipynb").cells}


def run(*names, change=lambda source: source):
    space = {"dl": dl, "np": np}
    with contextlib.redirect_stdout(io.StringIO()):
        for name in names:
            exec(compile(change(CELLS[name]), name, "exec"), space)
    return space


@pytest.fixture(scope="module")
def left_unexplained():
    """{widths: (training, test)}, the medians of five splits."""
    return {widths: np.median(run, axis=0) for widths, run in run("diabetes", "depth")["runs"].items()}


def test_on_diabetes_the_affine_layer_alone_is_best_on_unseen_patients(left_unexplained):
    alone, one, two = (test for _, test in left_unexplained.values())
    assert 0.45 < alone < one - 0.02 < two - 0.05
    assert two < 0.9  # and still better than the mean


def test_on_diabetes_more_layers_fit_the_training_patients_better(left_unexplained):
    alone, one, two = (training for training, _ in left_unexplained.values())
    assert two < one - 0.03 < alone - 0.06


def test_early_stopping_makes_overfitting_milder(left_unexplained):
    def never_stop(source):
        changed = source.replace("validation=(x_val, y_val), patience=20, ", "").replace("epochs=400", "epochs=150")
        assert changed != source
        return changed

    unexplained = run("diabetes", change=never_stop)["unexplained"]
    training, test = np.median([unexplained(seed, 32, 32) for seed in range(5)], axis=0)
    assert training < 0.1 and test > left_unexplained[32, 32][1] + 0.1


def test_the_models_have_as_many_parameters_as_the_chapter_says():
    def size(*widths):
        ends = list(zip((10, *widths), (*widths, 1), strict=True))
        return sum(n * m + m for n, m in ends)

    assert (size(), size(32), size(32, 32)) == (11, 385, 1441)
    assert all(str(n) in CELLS["depth-answer"] for n in (385, 1441))


def test_digits_are_read_by_a_net_that_stops_early_in_every_one_of_five_splits():
    accuracies = []
    for seed in range(5):
        space = run("digits", change=lambda source, seed=seed: source.replace("default_rng(4)", f"default_rng({seed})"))
        history = space["history"]
        assert history.stopped_early and history.best_epoch == len(history.loss) - 10
        assert np.argmin(history.validation_loss) + 1 == history.best_epoch
        accuracies.append(dl.accuracy(dl.predict(space["net"], space["x_test"]), space["y_test"]))
    assert np.median(accuracies) >= 0.97, accuracies
    assert len(set(accuracies)) > 1  # five splits, not one five times


def test_the_net_ends_with_the_weights_of_its_best_look():
    space = run("digits")
    logits = dl.predict(space["net"], space["x_val"])
    assert dl.CrossEntropyLoss().forward(logits, space["y_val"]) == pytest.approx(min(space["history"].validation_loss))
