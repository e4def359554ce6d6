"""Batches, the training loop, the trainer and its early stopping; and what a small net reaches."""

import numpy as np
import pytest

from dlscratch import (
    SGD,
    Adam,
    Affine,
    CrossEntropyLoss,
    Dropout,
    MSELoss,
    ReLU,
    Sequential,
    Step,
    Trainer,
    accuracy,
    data,
    minibatches,
    nn,
    predict,
    train,
)


def rng(seed=0):
    return np.random.default_rng(seed)


def line(n=100):
    x = rng(1).normal(size=(n, 1))
    return x, 3 * x - 2


def line_net(lr=0.1):
    net = Sequential(Affine(1, 1, rng=rng()))
    return net, MSELoss(), SGD(net.params, lr=lr)


# ---- batches -----------------------------------------------------------------------------------------


def test_every_row_comes_once_an_epoch_and_keeps_its_target():
    x = np.arange(10)
    batches = list(minibatches(x, -x, 4, rng=rng()))
    assert [len(b) for b, _ in batches] == [4, 4, 2]
    assert sorted(np.concatenate([b for b, _ in batches])) == list(range(10))
    assert all((b == -t).all() for b, t in batches)


def test_the_order_is_random_and_the_rng_decides_it():
    x = np.arange(100)
    first, again, other = ([b.tolist() for b, _ in minibatches(x, x, 10, rng=rng(s))] for s in (0, 0, 1))
    assert first == again != other
    assert first[0] != list(range(10))


@pytest.mark.parametrize(
    ("x", "y", "size", "said"),
    [
        (np.ones(3), np.ones(2), 1, "x has 3 rows, y has 2"),
        (np.ones(0), np.ones(0), 1, "no rows"),
        (np.ones(3), np.ones(3), 0, "at least 1"),
    ],
)
def test_bad_batches(x, y, size, said):
    with pytest.raises(ValueError, match=said):
        next(minibatches(x, y, size, rng=rng()))


# ---- the loop ----------------------------------------------------------------------------------------


def test_train_yields_a_step_after_every_update():
    steps = list(train(*line_net(), *line(10), epochs=2, batch_size=4, rng=rng()))
    assert [(s.epoch, s.step) for s in steps] == [(0, 0), (0, 1), (0, 2), (1, 3), (1, 4), (1, 5)]
    assert isinstance(steps[0], Step)
    assert steps[-1].loss < steps[0].loss


def test_leaving_the_loop_stops_training():
    net, loss, optimizer = line_net()
    for step in train(net, loss, optimizer, *line(), epochs=1000, rng=rng()):
        if step.loss < 1e-6:
            break
    np.testing.assert_allclose([net.params[0].data.item(), net.params[1].data.item()], [3, -2], atol=1e-2)


def test_a_net_of_ones_own_is_trained():
    class Line:
        def __init__(self):
            self.inner = Affine(1, 1, rng=rng())
            self.params = self.inner.params

        def forward(self, x):
            return self.inner.forward(x)

        def backward(self, dout):
            return self.inner.backward(dout)

    net = Line()
    Trainer(net, MSELoss(), SGD(net.params, lr=0.1)).fit(*line(), epochs=30, progress=False, rng=rng())
    np.testing.assert_allclose(net.inner.W.data, 3, atol=1e-6)


def test_layers_and_tape_take_the_same_300_steps_of_adam_to_the_last_bit():
    x, y = data.digits()
    layers = Sequential(Affine(64, 32, rng=rng(1)), ReLU(), Affine(32, 10, rng=rng(2)))
    tape = nn.Sequential(nn.Linear(64, 32, rng=rng(1)), nn.ReLU(), nn.Linear(32, 10, rng=rng(2)))
    by_layers = train(layers, CrossEntropyLoss(), Adam(layers.params), x, y, epochs=7, rng=rng(3))
    optimizer, order, by_tape = Adam(tape.parameters()), rng(3), []
    for _ in range(7):
        for x_batch, y_batch in minibatches(x, y, 32, rng=order):
            optimizer.zero_grad()
            loss = nn.cross_entropy(tape(x_batch), y_batch)
            loss.backward()
            optimizer.step()
            by_tape.append(loss.data)
    by_layers = [step.loss for step in by_layers]
    assert len(by_tape) > 300
    assert by_layers == by_tape
    assert np.mean(by_layers[-30:]) < np.mean(by_layers[:30]) / 4


# ---- fit ---------------------------------------------------------------------------------------------


def test_fit_returns_what_it_saw(capsys):
    history = Trainer(*line_net()).fit(*line(), epochs=3, validation=line(20), eval_every=2, rng=rng())
    assert len(history.loss) == 3
    assert history.evaluated == [2, 3]
    assert history.best_epoch == 3
    assert not history.stopped_early
    assert "epoch 3" in capsys.readouterr().out


def test_the_progress_bar_is_drawn_a_fixed_number_of_times(capsys):
    Trainer(*line_net()).fit(*line(10), epochs=1000, rng=rng())
    out = capsys.readouterr().out
    assert out.count("\r") == 22  # twenty marks, the empty bar, the last word
    assert out.endswith("\n")
    Trainer(*line_net()).fit(*line(10), epochs=2, progress=False, rng=rng())
    assert not capsys.readouterr().out


def test_early_stopping_leaves_the_best_evaluated_weights_in_the_net():
    x, y = rng(1).normal(size=(20, 5)), rng(2).normal(size=(20, 1))
    net = Sequential(Affine(5, 50, rng=rng()), ReLU(), Affine(50, 1, rng=rng()))
    validation = rng(3).normal(size=(50, 5)), rng(4).normal(size=(50, 1))
    params = net.params
    fit = Trainer(net, MSELoss(), Adam(params, lr=0.01)).fit
    history = fit(x, y, epochs=500, validation=validation, patience=5, progress=False, rng=rng())
    assert history.stopped_early
    assert len(history.loss) < 500
    assert history.evaluated[-1] == history.best_epoch + 5
    assert history.validation_loss[history.evaluated.index(history.best_epoch)] == min(history.validation_loss)
    assert MSELoss().forward(net.forward(validation[0]), validation[1]) == min(history.validation_loss)
    assert all(p is q for p, q in zip(params, net.params, strict=True))
    assert f"(best, epoch {history.best_epoch})" in str(history)


def test_evaluation_is_done_in_evaluation_mode():
    net = Sequential(Dropout(0.5, rng=rng()), Affine(1, 1, rng=rng()))
    x, y = line()
    history = Trainer(net, MSELoss(), SGD(net.params, lr=0.0)).fit(
        x, y, epochs=2, validation=(x, y), progress=False, rng=rng()
    )
    assert history.validation_loss[0] == history.validation_loss[1]
    assert net.layers[0].training


def test_predict_works_in_batches_and_puts_the_mode_back():
    net, x = Sequential(Dropout(0.5, rng=rng()), Affine(3, 2, rng=rng())), rng(1).normal(size=(10, 3))
    whole, parts = predict(net, x), predict(net, x, batch_size=3)
    np.testing.assert_allclose(whole, parts, rtol=1e-14)
    assert net.layers[0].training
    assert predict(net, x[:0]).shape == (0, 2)


@pytest.mark.parametrize("where", ["x", "y", "validation x", "validation y"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_missing_numbers_in_the_data_are_found_before_training(where, value):
    x, y = line()
    arrays = {"x": x, "y": y, "validation x": x.copy(), "validation y": y.copy()}
    arrays[where][7, 0] = value
    net, loss, optimizer = line_net()
    before = net.params[0].data.copy()
    with pytest.raises(ValueError, match=rf"{where} holds {value} at \(7, 0\), and 0 more"):
        Trainer(net, loss, optimizer).fit(
            arrays["x"],
            arrays["y"],
            epochs=1,
            validation=(arrays["validation x"], arrays["validation y"]),
            rng=rng(),
        )
    np.testing.assert_array_equal(net.params[0].data, before)


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid")
def test_a_loss_that_explodes_ends_with_advice():
    with pytest.raises(FloatingPointError, match=r"epoch \d+, step \d+: the learning rate \(1000.0\)"):
        Trainer(*line_net(lr=1000.0)).fit(*line(), epochs=500, progress=False, rng=rng())


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"epochs": 0}, "epochs"),
        ({"epochs": 1.5}, "epochs"),
        ({"eval_every": 0}, "eval_every"),
        ({"patience": 3}, "patience counts evaluations"),
        ({"validation": (1,)}, "pair"),
        ({"batch_size": 0}, "at least 1"),
    ],
)
def test_bad_settings_are_named(wrong, said):
    with pytest.raises(ValueError, match=said):
        Trainer(*line_net()).fit(*line(), **{"epochs": 1, "rng": rng()} | wrong)


def test_data_that_are_no_numbers():
    with pytest.raises(TypeError, match="x is an array of object"):
        Trainer(*line_net()).fit(np.array([[None]]), np.ones((1, 1)), epochs=1, rng=rng())


def test_accuracy_wants_logits_and_labels():
    assert accuracy(np.array([[0.1, 0.9], [0.8, 0.2]]), np.array([1, 1])) == 0.5
    with pytest.raises(ValueError, match=r"want \(N, K\) and \(N,\)"):
        accuracy(np.ones((2, 2)), np.ones((2, 1)))


# ---- what it reaches ---------------------------------------------------------------------------------


def test_digits_reach_97_percent():
    scores = []
    for seed in range(5):
        x, y, x_test, y_test = data.stratified_split(*data.digits(), test=0.2, rng=rng(seed))
        r = rng(seed)
        net = Sequential(Affine(64, 64, rng=r), ReLU(), Affine(64, 10, rng=r))
        Trainer(net, CrossEntropyLoss(), Adam(net.params, lr=2e-3)).fit(x, y, epochs=40, progress=False, rng=r)
        scores.append(accuracy(predict(net, x_test), y_test))
    assert np.median(scores) >= 0.97, scores


def test_an_optimizer_of_another_net_is_refused():
    net, loss, _ = line_net()
    _, _, optimizer = line_net()
    with pytest.raises(ValueError, match="none of this net's parameters"):
        Trainer(net, loss, optimizer).fit(*line(), epochs=1, rng=rng())


def test_lists_are_data_too():
    x, y = line(10)
    Trainer(*line_net()).fit(x.tolist(), y.tolist(), epochs=1, progress=False, rng=rng())


@pytest.mark.parametrize("bad", [0, None])
def test_training_wants_a_generator(bad):
    with pytest.raises(TypeError, match="default_rng"):
        Trainer(*line_net()).fit(*line(), epochs=1, progress=False, rng=bad)
