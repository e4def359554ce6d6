"""The museum of bugs: mistakes that were found in published from-scratch frameworks must not happen here.

Each test is named for what must not happen; the comment above it says what did, and how far off it was.
"""

import inspect

import numpy as np
import pytest

import dlscratch as dl
from dlscratch import nn, ops


def rng(seed=0):
    return np.random.default_rng(seed)


def normal(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def is_right(f, *inputs, **options):
    return dl.explain(f, *inputs, rng=rng(), **options).ok


# ======== losses ======================================================================================


# A softmax layer, then a loss that applies softmax again: never below log(1 + (C - 1) / e) = .3133 for two classes,
# and a gradient of 4.9e-4 where it should be 1.
def test_cross_entropy_of_a_sure_and_right_net_does_not_stop_at_0_3133():
    logits = np.array([[20.0, -20.0]])
    right, wrong = (ops.softmax_cross_entropy(logits, target=np.array([label])) for label in (0, 1))
    assert right[0] < 1e-15
    np.testing.assert_allclose(wrong[1](1.0)[0], [[1, -1]], rtol=1e-12)


# (n, 1) against (n,) broadcast to (n, n): 12.83 instead of 3.71, without a word.
@pytest.mark.parametrize("loss", [dl.MSELoss(), dl.BCELoss()], ids=repr)
def test_a_column_is_not_compared_with_a_row_in_silence(loss):
    for prediction, target in ((np.ones((5, 1)), np.ones(5)), (np.ones(5), np.ones((5, 1)))):
        with pytest.raises(dl.ShapeError, match="same shape"):
            loss.forward(prediction, target)


# exp without a shift by the maximum, and x * (x > 0): nan.
@pytest.mark.parametrize("op", [ops.sigmoid, ops.tanh, ops.softmax, ops.log_softmax, ops.logsumexp, ops.relu])
def test_large_numbers_do_not_become_nan(op):
    out, pullback = op(np.array([[1000.0, -1000.0, 0.0]]))
    assert np.isfinite(out).all()
    assert np.isfinite(pullback(np.ones_like(out))[0]).all()


def test_relu_of_minus_infinity_is_not_nan():
    assert ops.relu(np.array([-np.inf]))[0] == 0


@pytest.mark.parametrize(("loss", "target"), [(dl.CrossEntropyLoss(), np.array([1])), (dl.BCELoss(), np.eye(2)[[1]])])
def test_a_loss_of_large_logits_is_not_infinite(loss, target):
    assert loss.forward(np.array([[1000.0, -1000.0]]), target) in (2000, 1000)
    assert np.isfinite(loss.backward()).all()


# A value that is the mean over all entries, a gradient that divides by rows: off by the number of columns.
# A gradient with neither the 2 nor the 1/n: off by N M / 2.
@pytest.mark.parametrize("shape", [(7, 3), (3, 1), (5,), (2, 3, 4)])
def test_the_gradient_of_mse_does_not_forget_the_size_of_its_mean(shape):
    assert is_right(dl.MSELoss(), normal(*shape), normal(*shape, seed=1))


def test_a_thousand_rows_do_not_make_a_small_learning_rate_diverge():
    x = normal(1000, 3)
    y = x @ np.ones((3, 1))
    net = dl.Sequential(dl.Affine(3, 1, rng=rng()))
    steps = dl.train(net, dl.MSELoss(), dl.SGD(net.params, lr=0.01), x, y, epochs=500, batch_size=1000, rng=rng())
    losses = [step.loss for step in steps]
    assert losses == sorted(losses, reverse=True)


# A wrong sign, an inner product that makes N x N, the precedence of `/`: cosine with the true gradient -.856.
def test_a_step_against_the_gradient_of_cross_entropy_does_not_climb():
    logits, labels, loss = normal(6, 4), np.arange(6) % 4, dl.CrossEntropyLoss()
    before = loss.forward(logits, labels)
    dlogits = loss.backward()
    numeric = dl.numeric_gradient(lambda x: loss.forward(x, labels), logits)
    assert np.vdot(dlogits, numeric) / np.linalg.norm(dlogits) / np.linalg.norm(numeric) > 1 - 1e-9
    assert loss.forward(logits - 0.1 * dlogits, labels) < before


# Integer labels taken for rows when there are as many rows as classes: .928 off.
def test_labels_are_not_taken_for_one_hot_rows_when_batch_and_classes_agree():
    logits, labels = normal(4, 4), np.array([3, 2, 1, 0])
    np.testing.assert_array_equal(
        ops.softmax_cross_entropy(logits, target=labels)[1](1.0)[0],
        ops.softmax_cross_entropy(logits, target=np.eye(4)[labels])[1](1.0)[0],
    )


# log(p + 1e-7): no loss can exceed 16.1.
def test_cross_entropy_of_a_sure_and_wrong_net_is_not_capped():
    assert ops.softmax_cross_entropy(np.array([[50.0, 0.0]]), target=np.array([1]))[0] == pytest.approx(50)


# dout was ignored: a loss that is scaled, or one term of a sum, had the gradient of the loss alone.
@pytest.mark.parametrize(
    ("op", "target"),
    [
        (ops.mse, normal(4, 3, seed=1)),
        (ops.softmax_cross_entropy, np.array([0, 1, 2, 0])),
        (ops.binary_cross_entropy, (normal(4, 3) > 0) * 1.0),
    ],
)
def test_the_pullback_of_a_loss_does_not_ignore_dout(op, target):
    _, pullback = op(normal(4, 3), target=target)
    np.testing.assert_allclose(pullback(-3.0)[0], -3 * pullback(1.0)[0], rtol=1e-14)
    assert not pullback(0.0)[0].any()


# The value had the terms (1 - t) log(1 - p) too, the gradient did not: 3.835 against 2.592, for two classes twice.
@pytest.mark.parametrize("classes", [2, 3])
def test_cross_entropy_does_not_count_the_other_classes(classes):
    logits, labels = normal(5, classes), np.arange(5) % classes
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    value = ops.softmax_cross_entropy(logits, target=labels)[0]
    assert value == pytest.approx(-np.log(p[np.arange(5), labels]).mean(), rel=1e-14)
    assert is_right(dl.CrossEntropyLoss(), logits, labels)


# A softmax over a single column is always 1: the loss was constant, and nothing was learnt in silence.
def test_a_single_class_is_not_trained_in_silence():
    for target in (np.zeros(5, int), np.ones((5, 1))):
        with pytest.raises(dl.ShapeError, match="1 column.*binary_cross_entropy"):
            dl.CrossEntropyLoss().forward(normal(5, 1), target)
    with pytest.raises(dl.ShapeError, match="1 column"):
        nn.cross_entropy(dl.Tensor(normal(5, 1)), np.zeros(5, int))
    loss = dl.BCELoss()
    loss.forward(normal(5, 1), np.ones((5, 1)))
    assert (loss.backward() < 0).all()


# ======== layers ======================================================================================


# The cache and the gradient of a layer that was used twice were those of the second use: dW off by .957.
def test_a_layer_that_is_used_twice_does_not_forget_the_first_use():
    shared = dl.Affine(3, 3, rng=rng())
    assert is_right(dl.Sequential(shared, dl.Tanh(), shared), normal(5, 3))
    module = nn.Linear(3, 3, rng=rng())
    f = lambda x, W: ((x @ W).tanh() @ W).sum()  # noqa: E731
    assert is_right(f, normal(5, 3), module.W.data)


# Parameters were copied when the net was made: layers added later never trained; a shared layer was listed twice.
def test_parameters_are_not_a_list_made_once():
    shared = dl.Affine(2, 2, rng=rng())
    net = dl.Sequential(shared)
    net.layers += [dl.ReLU(), shared, dl.Affine(2, 2, rng=rng())]
    assert len(net.params) == 4
    module = nn.Sequential(nn.Linear(2, 2, rng=rng()))
    module.modules += [module.modules[0], nn.Linear(2, 2, rng=rng())]
    assert len(module.parameters()) == 4


# The gradient of an integer array was an array of integers.
def test_integers_do_not_get_integer_gradients():
    t = dl.Tensor([1, 2], requires_grad=True)
    (t / 2).sum().backward()
    np.testing.assert_array_equal(t.grad, [0.5, 0.5])
    assert dl.Parameter(np.array([1, 2])).grad.dtype == np.float64
    with pytest.raises(TypeError, match="floats"):
        ops.relu(np.array([1, 2]))


# relu wrote its zeros into dout, the caller's array: the gradient of relu(x) + x was off by .29.
@pytest.mark.parametrize("layer", [dl.ReLU, dl.LeakyReLU, dl.Sigmoid, dl.Tanh, dl.Softmax, dl.Flatten])
def test_a_way_back_does_not_write_into_dout(layer):
    x, dout = normal(4, 3), normal(4, 3, seed=1)
    layer, before = layer(), dout.copy()
    layer.forward(x)
    layer.backward(dout)
    np.testing.assert_array_equal(dout, before)


def test_relu_beside_its_input_does_not_spoil_the_gradient():
    assert is_right(lambda x: (x.relu() + x).sum(), normal(4, 3))


# The slope of relu at 0 was 1 in one place and 0 in another.
def test_the_slope_at_0_is_not_one_thing_here_and_another_there():
    zero, t, layer = np.zeros((1, 1)), dl.Tensor(0.0, requires_grad=True), dl.ReLU()
    t.relu().backward()
    layer.forward(zero)
    assert [ops.relu(zero)[1](zero + 1)[0].item(), layer.backward(zero + 1).item(), t.grad] == [0, 0, 0]


# The mask was `output >= 0`, which is always true: gradient 1 everywhere, MNIST 75 % instead of 93 %.
def test_relu_does_not_pass_a_gradient_where_it_cut_off():
    np.testing.assert_array_equal(ops.relu(np.array([-2.0, 3.0]))[1](np.ones(2))[0], [0, 1])


# `out(1 - out)` called an array.
@pytest.mark.parametrize("layer", [dl.ReLU, dl.LeakyReLU, dl.Sigmoid, dl.Tanh, dl.Softmax])
def test_no_activation_breaks_on_its_way_back(layer):
    assert is_right(layer(), normal(5, 3))


# The default activation was one object, shared by all layers: RMSE 4.58 instead of 3.83, no error.
def test_no_default_argument_is_an_object_that_layers_share():
    defaults = [
        (name, p.default)
        for module in (dl, ops, nn)
        for name, f in vars(module).items()
        if callable(f) and f.__module__.startswith("dlscratch") and not name.endswith("Error")
        for p in inspect.signature(f).parameters.values()
        if p.default is not p.empty and repr(p.default) != "<factory>"  # of a dataclass: one for each object
    ]
    harmless = (type(None), bool, int, float, str, tuple, type)
    assert len(defaults) > 20
    assert [name for name, value in defaults if not isinstance(value, harmless)] == []


# The same seed in every layer: layers of equal shapes had equal weights.
def test_layers_of_one_shape_do_not_start_with_the_same_weights():
    r = rng()
    for make in (
        lambda: dl.Affine(4, 4, rng=r),
        lambda: dl.Conv2D(2, 2, 3, rng=r),
        lambda: dl.Embedding(4, 4, rng=r),
        lambda: nn.Linear(4, 4, rng=r),
    ):
        assert not np.array_equal(make().W.data, make().W.data)


def test_no_layer_draws_its_weights_without_being_given_an_rng():
    for make in (dl.Affine, dl.Conv2D, dl.Embedding, dl.Dropout, nn.Linear):
        rng_parameter = inspect.signature(make).parameters["rng"]
        assert rng_parameter.kind is rng_parameter.KEYWORD_ONLY
        assert rng_parameter.default is rng_parameter.empty


# N(0, 1), U[0, 1), 0.01 N: 45-91 % of the sigmoids saturated, outputs that grow with the width, long plateaus.
@pytest.mark.parametrize("width", [10, 100, 1000])
def test_sigmoids_are_not_saturated_at_the_start_whatever_the_width(width):
    z = dl.Affine(width, 50, rng=rng()).forward(normal(200, width))
    assert 0.5 < z.std() < 2.5
    assert np.mean(np.abs(z) > 4) < 0.05


def test_a_signal_does_not_fade_or_grow_over_twenty_layers_of_relu():
    r, x = rng(), normal(100, 200)
    for _ in range(20):
        x = dl.ReLU().forward(dl.Affine(200, 200, rng=r).forward(x))
    assert 0.2 < np.sqrt(np.mean(x**2)) < 5


# The bias gradients of the hidden layer were summed twice, to one number for all units.
def test_a_bias_gradient_is_not_one_number_for_all_units():
    net = dl.Sequential(dl.Affine(3, 4, rng=rng()), dl.Sigmoid(), dl.Affine(4, 2, rng=rng(1)))
    assert is_right(net, normal(5, 3))
    net.forward(normal(5, 3))
    net.backward(normal(5, 2))
    assert len(np.unique(net.params[1].grad)) == 4


# ======== batch norm, convolution, pooling, recurrent cells ===========================================


# Statistics per sample, cross terms of the gradient lost (dX off by .144), no evaluation mode.
def test_batch_norm_does_not_normalise_a_sample_by_itself():
    x, layer = normal(6, 3), dl.BatchNorm(3)
    raised = x + np.where(np.arange(6) == 2, 100, 0)[:, None]
    assert np.abs(layer.forward(raised) - layer.forward(x)).max() > 1


@pytest.mark.parametrize("shape", [(6, 3), (4, 3, 2, 5)])
def test_batch_norm_does_not_lose_the_terms_that_go_through_mean_and_deviation(shape):
    assert is_right(dl.BatchNorm(3), normal(*shape))
    _, pullback = ops.batch_norm(normal(*shape), np.ones(3), np.zeros(3))
    dx = pullback(normal(*shape, seed=1))[0]
    np.testing.assert_allclose(dx.sum(axis=(0, *range(2, len(shape)))), 0, atol=1e-12)


def test_batch_norm_in_evaluation_does_not_look_at_the_rest_of_the_batch():
    layer, x = dl.BatchNorm(3), normal(64, 3)
    layer.forward(5 * x + 2)
    layer.eval()
    np.testing.assert_array_equal(layer.forward(x)[:1], layer.forward(x[:1]))


# Every tied maximum got the gradient: it summed to 4 instead of 1. Sides that the window does not divide crashed.
def test_tied_maxima_do_not_all_get_the_gradient():
    _, pullback = ops.max_pool2d(np.zeros((1, 1, 2, 2)), size=2)
    dx = pullback(np.ones((1, 1, 1, 1)))[0]
    assert sorted(dx.ravel()) == [0, 0, 0, 1]


@pytest.mark.parametrize("op", [ops.max_pool2d, ops.avg_pool2d])
def test_a_side_that_the_window_does_not_divide_is_no_crash(op):
    out, pullback = op(normal(2, 3, 7, 5), size=2)
    assert out.shape == (2, 3, 3, 2)
    assert pullback(out)[0].shape == (2, 3, 7, 5)


# With padding 0 the slice 0:-0 cut dX away: shape (2, 2, 0, 0).
@pytest.mark.parametrize("padding", [0, 1, 2])
def test_the_gradient_of_an_image_is_not_sliced_away(padding):
    x, W = normal(2, 2, 5, 5), normal(3, 2, 3, 3)
    out, pullback = ops.conv2d(x, W, np.zeros(3), padding=padding)
    dx = pullback(np.ones_like(out))[0]
    assert dx.shape == x.shape
    assert dx.any()


# A kernel that was not flipped on the way back, patches and gradients in different orders: right for a batch of one
# image only, .49-.95 and .667 off otherwise; the accuracy did not show it.
@pytest.mark.parametrize("n", [1, 3])
@pytest.mark.parametrize("kernel", [(3, 3), (2, 2), (2, 3)])
@pytest.mark.parametrize(("stride", "padding"), [(1, 0), (2, 1)])
def test_a_convolution_is_not_right_for_a_batch_of_one_only(n, kernel, stride, padding):
    inputs = normal(n, 2, 5, 6), normal(4, 2, *kernel), normal(4)
    assert is_right(ops.conv2d, *inputs, stride=stride, padding=padding)


# The gates of a recurrent cell used the wrong variable on the way back: gradients of exactly 0.
@pytest.mark.parametrize(
    ("step", "gates", "states"), [(ops.gru_step, 3, 1), (ops.rnn_step, 1, 1), (ops.lstm_step, 4, 2)]
)
def test_no_gate_gets_a_gradient_of_0(step, gates, states):
    n, d, h = 5, 3, 4
    inputs = [normal(n, d), *(normal(n, h, seed=i) for i in range(states))]
    inputs += [normal(d, gates * h), normal(h, gates * h), normal(gates * h)]
    assert is_right(step, *inputs)
    out, pullback = step(*inputs)
    dout = (normal(n, h), normal(n, h, seed=1)) if states == 2 else normal(n, h)
    for gradient in pullback(dout):
        assert (gradient != 0).all()


# ======== the tape ====================================================================================


# A node passed its accumulated gradient on once per path: (a a)(a a) gave 48 instead of 32, k doublings 2^(k(k-1)/2)
# times too much.
def test_a_value_that_is_used_twice_does_not_pass_its_gradient_on_twice():
    a = dl.Tensor(2.0, requires_grad=True)
    square = a * a
    (square * square).backward()
    assert a.grad == 32
    b = dl.Tensor(1.0, requires_grad=True)
    x = b
    for _ in range(10):
        x = x + x
    x.backward()
    assert b.grad == 2**10


# `t.grad = g` instead of `+=`: of two uses the last one counted.
def test_of_two_uses_not_only_the_last_one_counts():
    t = dl.Tensor([1.0, 2.0], requires_grad=True)
    (t * 3 + t.exp() * 0 + t).sum().backward()
    np.testing.assert_array_equal(t.grad, [4, 4])


# Stale gradients inside the graph: the second backward gave three times the first instead of twice.
def test_a_second_backward_does_not_find_stale_gradients():
    a = dl.Tensor(1.0, requires_grad=True)
    loss = a * 1.0 * 1.0
    loss.backward()
    loss.backward()
    assert a.grad == 2


# Elementwise products for matrix products, a bias gradient not summed over the batch, a transposed mask, a transposed
# step: a crash, or .92 off in silence where the matrix was square.
@pytest.mark.parametrize("n_out", [3, 4])
def test_modules_are_not_right_by_luck_of_square_shapes(n_out):
    net = nn.Sequential(nn.Linear(3, n_out, rng=rng()), nn.ReLU(), nn.Linear(n_out, n_out, rng=rng(1)))
    before = [p.data.copy() for p in net.parameters()]

    def loss(*weights):
        for p, w in zip(net.parameters(), weights, strict=True):
            p.data = w
        return nn.mse(net(normal(3, 3)), normal(3, n_out, seed=1))

    numeric = [
        dl.numeric_gradient(lambda w, i=i: float(loss(*before[:i], w, *before[i + 1 :]).data), before[i])
        for i in range(4)
    ]
    value, optimizer = loss(*(b.copy() for b in before)), dl.SGD(net.parameters(), lr=1.0)
    value.backward()
    optimizer.step()
    for p, old, g in zip(net.parameters(), before, numeric, strict=True):
        np.testing.assert_allclose(p.data, old - g, atol=1e-8)


# An exception inside no_grad left gradients off for good.
def test_an_exception_inside_no_grad_does_not_leave_gradients_off():
    with pytest.raises(KeyError), dl.no_grad():
        raise KeyError
    assert (dl.Tensor(1.0, requires_grad=True) * 2).requires_grad


# `**` forgot its `return`.
def test_no_operator_returns_none():
    t = dl.Tensor(np.full((2, 2), 2.0), requires_grad=True)
    results = [t + t, t - t, t * t, t / t, t**2, t @ t, -t, t[0], 1 + t, 1 - t, 2 * t, 1 / t, np.ones((2, 2)) @ t]
    assert all(isinstance(result, dl.Tensor) for result in results)


# A recursion limit at 2000 operations.
def test_a_long_chain_is_not_too_deep():
    a = dl.Tensor(1.0, requires_grad=True)
    x = a
    for _ in range(20_000):
        x = x + 0.0
    x.backward()
    assert a.grad == 1


# ======== training ====================================================================================


# The parameters of the optimizer were the layer's arrays: a new array under the same name trained nothing (.098).
def test_a_weight_that_is_replaced_does_not_drop_out_of_training():
    layer, module = dl.Affine(2, 2, rng=rng()), nn.Linear(2, 2, rng=rng())
    for W, params in ((layer.W, layer.params), (module.W, module.parameters())):
        optimizer = dl.SGD(params, lr=1.0)
        W.data = np.zeros((2, 2))
        W.grad = np.ones((2, 2))
        optimizer.step()
        np.testing.assert_array_equal(W.data, -1)


# The length counted batches, the cursor samples: of 100 samples 10 were seen.
def test_no_sample_is_left_out_of_an_epoch():
    x = np.arange(100)
    seen = np.concatenate([batch for batch, _ in dl.minibatches(x, x, 10, rng=rng())])
    assert sorted(seen) == list(x)


def overfitting():
    net = dl.Sequential(dl.Affine(5, 40, rng=rng()), dl.ReLU(), dl.Affine(40, 1, rng=rng(1)))
    trainer = dl.Trainer(net, dl.MSELoss(), dl.Adam(net.params, lr=0.01))
    return trainer, (normal(20, 5), normal(20, 1)), (normal(50, 5, seed=1), normal(50, 1, seed=1))


# Early stopping went back to the previous epoch, not to the previous evaluation, and in a net that the caller did not
# hold: the message said 40, the weights were of epoch 59.
def test_early_stopping_does_not_leave_the_weights_of_another_epoch():
    trainer, xy, validation = overfitting()
    held = trainer.net.params
    options = {"eval_every": 10, "progress": False}
    history = trainer.fit(*xy, epochs=500, validation=validation, patience=2, rng=rng(), **options)
    assert history.stopped_early
    assert history.best_epoch % 10 == 0
    again, *_ = overfitting()
    again.fit(*xy, epochs=history.best_epoch, rng=rng(), **options)
    for p, q in zip(held, again.net.params, strict=True):
        np.testing.assert_array_equal(p.data, q.data)


# A second fit kept the decayed learning rate, and a factor meant for decay made it grow by 1.155 an epoch.
def test_a_second_fit_does_not_keep_or_compound_the_decay_of_the_first():
    trainer, xy, _ = overfitting()
    seen, update = [], trainer.optimizer.update
    trainer.optimizer.update = lambda *arrays: (seen.append(trainer.optimizer.lr), update(*arrays))
    schedule = dl.exponential_decay(0.01, steps=10, end=0.001)
    for _ in range(2):
        trainer.fit(*xy, epochs=10, schedule=schedule, progress=False, rng=rng())
    assert seen[:10] == seen[10:] == sorted(seen[:10], reverse=True)
    assert trainer.optimizer.lr == 0.01


# Weight decay was not multiplied by the learning rate: .349 instead of .999.
@pytest.mark.parametrize("make", [dl.SGD, dl.AdamW])
def test_weight_decay_is_not_taken_off_without_the_learning_rate(make):
    p = dl.Parameter(np.array([1.0]))
    optimizer = make([p], lr=0.01, weight_decay=0.1)
    optimizer.step()
    np.testing.assert_allclose(p.data, 0.999, rtol=1e-15)


# AdaGrad got the weights where the gradients belong.
def test_adagrad_does_not_look_at_the_size_of_the_weights():
    moves = []
    for start in (1.0, 1000.0):
        p = dl.Parameter(np.array([start]))
        p.grad = [2.0]
        dl.AdaGrad([p], lr=0.125).step()
        moves.append(p.data.item() - start)
    assert moves == pytest.approx([-0.125, -0.125], rel=1e-7)


# ======== the checker =================================================================================


def sigmoid_that_ignores_upstream(x):
    out = 1 / (1 + np.exp(-x))
    return out, lambda dout: (out * (1 - out),)


def softmax_whose_way_back_is_zero(x):
    return ops.softmax(x)[0], lambda dout: (np.zeros_like(x),)


# Gradient checks with an all-ones gradient from above are blind to both.
@pytest.mark.parametrize("op", [sigmoid_that_ignores_upstream, softmax_whose_way_back_is_zero])
def test_the_checker_is_not_blind_to_what_all_ones_would_hide(op):
    x = normal(5, 3)
    out, pullback = op(x)
    by_ones = dl.numeric_gradient(lambda x: float(op(x)[0].sum()), x)
    np.testing.assert_allclose(pullback(np.ones_like(out))[0], by_ones, atol=1e-9)  # ones see nothing
    assert not is_right(op, x)
