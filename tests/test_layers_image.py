"""Convolution, pooling, normalisation and embedding as layers: their starts, modes, running statistics."""

import numpy as np
import pytest
from cases import normal

from dlscratch import (
    SGD,
    Affine,
    AvgPool2D,
    BatchNorm,
    Conv2D,
    CrossEntropyLoss,
    Embedding,
    Flatten,
    LayerNorm,
    MaxPool2D,
    ReLU,
    Sequential,
    ShapeError,
    Trainer,
    check,
    ops,
    predict,
)


def rng(seed=0):
    return np.random.default_rng(seed)


IMAGES, ROWS = normal(3, 2, 6, 5), normal(8, 3)


def small_cnn():
    r = rng(1)
    layers = [Conv2D(2, 3, 3, padding=1, rng=r), BatchNorm(3), ReLU(), MaxPool2D(2), Flatten(), Affine(18, 2, rng=r)]
    return Sequential(*layers)


@pytest.mark.parametrize(
    ("layer", "x"),
    [
        (Conv2D(2, 3, 3, rng=rng()), IMAGES),
        (Conv2D(2, 3, (2, 4), stride=(2, 1), padding=(0, 2), rng=rng()), IMAGES),
        (MaxPool2D(2), IMAGES),
        (MaxPool2D((3, 2), 1), IMAGES),
        (AvgPool2D(2, (1, 3)), IMAGES),
        (BatchNorm(3), ROWS),
        (BatchNorm(2), IMAGES),
        (BatchNorm(2).eval(), IMAGES),
        (LayerNorm(3), ROWS),
        (LayerNorm(5, eps=0.1), IMAGES),
        (small_cnn(), IMAGES),
        (small_cnn().eval(), IMAGES),
    ],
    ids=repr,
)
def test_every_layer_agrees_with_central_differences(layer, x):
    check(layer, x, rng=rng())


@pytest.mark.parametrize(
    ("layer", "op", "options"),
    [
        (MaxPool2D(2, 3), ops.max_pool2d, {"size": 2, "stride": 3}),
        (AvgPool2D((1, 2)), ops.avg_pool2d, {"size": (1, 2)}),
        (Conv2D(2, 3, 2, stride=3, padding=2, rng=rng()), ops.conv2d, {"stride": 3, "padding": 2}),
        (LayerNorm(5, eps=0.1), ops.layer_norm, {"eps": 0.1}),
        (BatchNorm(2, eps=0.1), ops.batch_norm, {"eps": 0.1}),
    ],
    ids=lambda value: getattr(value, "__name__", repr(value)),
)
def test_a_layer_is_its_primitive(layer, op, options):
    out, _ = op(IMAGES, *[p.data for p in layer.params], **options)
    np.testing.assert_array_equal(layer.forward(IMAGES), out)


def test_layers_say_what_they_are():
    assert repr(small_cnn()) == (
        "Sequential(Conv2D(2, 3, (3, 3)), BatchNorm(3), ReLU(), MaxPool2D((2, 2), (2, 2)), Flatten(), Affine(18, 2))"
    )
    assert repr([LayerNorm(4), Embedding(5, 2, rng=rng())]) == "[LayerNorm(4), Embedding(5, 2)]"


def test_a_float32_net_stays_float32_in_both_modes():
    net = small_cnn().astype(np.float32)
    for mode in (net.train(), net.eval()):
        out = mode.forward(IMAGES.astype(np.float32))
        dx = mode.backward(np.ones_like(out))
        assert {a.dtype for a in (out, dx, *(p.grad for p in net.params))} == {np.dtype(np.float32)}


# ---- convolution -------------------------------------------------------------------------------------


def test_kernels_start_with_the_variance_of_he():
    layer = Conv2D(32, 64, (3, 5), rng=rng())
    assert layer.W.data.shape == (64, 32, 3, 5)
    assert abs(layer.W.data.var() * 32 * 15 / 2 - 1) < 0.02
    assert not layer.b.data.any()
    assert Conv2D(1, 2, 3, rng=rng(), dtype=np.float32).W.data.dtype == np.float32


def test_a_first_convolution_leaves_dx_out():
    net, asked = small_cnn(), []
    dout = normal(*net.forward(IMAGES).shape)
    shape, pullback = net.layers[0]._saved
    net._saved[0] = net.layers[0], (shape, lambda dout, needs_dx: asked.append(needs_dx) or pullback(dout, needs_dx))
    assert net.backward_params(dout) is None
    assert asked == [False]


@pytest.mark.parametrize(
    "make",
    [
        lambda: Conv2D(1, 2, 0, rng=rng()),
        lambda: Conv2D(1, 2, 3, stride=0, rng=rng()),
        lambda: Conv2D(1, 2, 3, padding=(1, -1), rng=rng()),
        lambda: MaxPool2D(2.0),
        lambda: AvgPool2D(2, (1, 0)),
    ],
)
def test_bad_geometry_is_refused_when_the_layer_is_made(make):
    with pytest.raises(ValueError, match=r"2D\((size|stride|padding)\): .*whole number"):
        make()


@pytest.mark.parametrize("bad", [None, 0, np.random])
def test_random_layers_want_a_generator(bad):
    for make in (lambda: Conv2D(1, 2, 3, rng=bad), lambda: Embedding(5, 2, rng=bad)):
        with pytest.raises(TypeError, match="default_rng"):
            make()


# ---- batch norm --------------------------------------------------------------------------------------


def test_in_training_every_channel_has_mean_0_and_deviation_1():
    out = BatchNorm(2, eps=0).forward(5 + 3 * IMAGES)
    np.testing.assert_allclose(out.mean(axis=(0, 2, 3)), 0, atol=1e-13)
    np.testing.assert_allclose(out.std(axis=(0, 2, 3)), 1, rtol=1e-13)


def test_one_example_moves_the_others_in_training_and_not_in_evaluation():
    layer, moved = BatchNorm(3), ROWS.copy()
    moved[0] += 100
    assert not np.allclose(layer.forward(ROWS)[1:], layer.forward(moved)[1:])
    layer.eval()
    np.testing.assert_array_equal(layer.forward(ROWS)[1:], layer.forward(moved)[1:])


@pytest.mark.parametrize("x", [ROWS, normal(4, 3, 2, 5)], ids=["rows", "images"])
def test_running_statistics_follow_the_batches(x):
    layer = BatchNorm(3, momentum=0.75)
    layer.forward(x)
    features = np.moveaxis(x, 1, -1).reshape(-1, 3)
    np.testing.assert_allclose(layer.running_mean, 0.25 * features.mean(axis=0), rtol=1e-13)
    np.testing.assert_allclose(layer.running_variance, 0.75 + 0.25 * features.var(axis=0, ddof=1), rtol=1e-13)


def test_evaluation_uses_the_running_statistics_and_leaves_them_alone():
    layer = BatchNorm(3, momentum=0, eps=0)
    layer.forward(ROWS)
    before = [b.copy() for b in layer.buffers]
    out = layer.eval().forward(2 * ROWS)
    np.testing.assert_allclose(out, (2 * ROWS - ROWS.mean(axis=0)) / ROWS.std(axis=0, ddof=1), rtol=1e-12)
    np.testing.assert_array_equal(layer.buffers, before)


def test_a_batch_of_one_row_has_no_spread():
    layer = BatchNorm(3)
    np.testing.assert_array_equal(layer.forward(ROWS[:1]), 0)
    np.testing.assert_allclose(layer.running_variance, 0.9)


def test_an_empty_batch_can_be_evaluated_but_not_trained_on():
    layer = BatchNorm(3)
    with pytest.raises(ShapeError, match="mean of nothing"):
        layer.forward(ROWS[:0])
    assert layer.eval().forward(ROWS[:0]).shape == (0, 3)


def test_a_net_lists_the_statistics_of_its_layers_once():
    shared = BatchNorm(3)
    net = Sequential(shared, ReLU(), Sequential(shared, BatchNorm(3)))
    assert [any(b is own for own in shared.buffers) for b in net.buffers] == [True, True, False, False]
    assert Sequential(ReLU()).buffers == ()


def test_the_best_evaluation_comes_back_with_its_statistics():
    r = rng()
    net = Sequential(BatchNorm(3), Affine(3, 2, rng=r))
    y = (ROWS[:, 0] > 0).astype(int)
    trainer = Trainer(net, CrossEntropyLoss(), SGD(net.params, lr=3.0))
    history = trainer.fit(ROWS, y, epochs=20, batch_size=2, validation=(ROWS, y), progress=False, rng=r)
    assert min(history.validation_loss) < history.validation_loss[-1]
    assert CrossEntropyLoss().forward(predict(net, ROWS), y) == min(history.validation_loss)


def test_statistics_of_another_shape_are_refused():
    with pytest.raises(ShapeError, match="gamma and mean and variance must have the same shape"):
        ops.batch_norm(ROWS, np.ones(3), np.ones(3), statistics=(np.zeros(1), np.ones(3)))


@pytest.mark.parametrize("momentum", [-0.1, 1.1])
def test_momentum_is_a_share(momentum):
    with pytest.raises(ValueError, match="from 0 to 1"):
        BatchNorm(3, momentum=momentum)


# ---- layer norm, embedding ---------------------------------------------------------------------------


def test_layer_norm_takes_each_example_by_itself():
    layer = LayerNorm(3)
    np.testing.assert_allclose(layer.forward(ROWS)[2:3], layer.forward(ROWS[2:3]), rtol=1e-13)
    np.testing.assert_allclose(layer.forward(ROWS).mean(axis=1), 0, atol=1e-13)


def test_an_embedding_learns_the_rows_that_were_asked_for():
    layer = Embedding(5, 2, rng=rng(), dtype=np.float32)
    ids = np.array([[1, 1, 3]])
    out = layer.forward(ids)
    np.testing.assert_array_equal(out, layer.W.data[ids])
    assert layer.backward(np.ones_like(out)) is None
    np.testing.assert_array_equal(layer.W.grad[:, 0], [0, 2, 0, 1, 0])
    with pytest.raises(RuntimeError, match="before forward"):
        layer.backward(out)


def test_an_embedding_begins_a_net():
    r = rng()
    net = Sequential(Embedding(5, 2, rng=r), Flatten(), Affine(6, 2, rng=r))
    for back in (net.backward, net.backward_params):
        net.forward(np.array([[0, 1, 1]]))
        assert back(np.ones((1, 2))) is None
    assert net.layers[0].W.grad[:2].all()
