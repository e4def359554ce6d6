"""The picture of a training: what is drawn for which history."""

from matplotlib.figure import Figure

from dlscratch.training import History
from dlscratch.views import draw_learning_curve


def labels_and_points(history):
    ax = Figure().subplots()
    draw_learning_curve(ax, history)
    return {line.get_label(): line.get_xydata().tolist() for line in ax.lines}, ax.get_title()


def test_without_validation_the_training_loss_stands_alone():
    assert labels_and_points(History([2.0, 0.5])) == (
        {"training": [[1, 2.0], [2, 0.5]]},
        "The loss falls from 2 to 0.5",
    )


def test_the_best_evaluation_is_marked_where_it_was_made():
    history = History([2.0, 1.0, 0.5, 0.1], [2, 4], [0.9, 1.1], best_epoch=2, stopped_early=True)
    drawn, _ = labels_and_points(history)
    assert drawn["validation"] == [[2, 0.9], [4, 1.1]]
    assert drawn["best after epoch 2"] == [[2, 0.9]]


def test_where_no_evaluation_was_a_number_none_is_marked():
    drawn, _ = labels_and_points(History([2.0], [1], [float("nan")]))
    assert list(drawn) == ["training", "validation"]
