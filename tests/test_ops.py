"""Every primitive: its value, its derivative, its manners, its edges."""

import inspect

import numpy as np
import pytest
from cases import CASES, normal

from dlscratch import ShapeError, check, ops

every_case = pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)


def gradients(case, dtype=np.float64):
    """(out, grads) at a random cotangent."""
    inputs = [x.astype(dtype) for x in case.inputs]
    out, pullback = case.op(*inputs, **case.options)
    dout = np.random.default_rng(1).normal(size=np.shape(out)).astype(dtype)[()]
    return out, pullback(dout)


def test_every_primitive_has_a_case():
    public = {name for name, op in vars(ops).items() if hasattr(op, "__wrapped__") and not name.startswith("_")}
    assert public == {case.op.__name__ for case in CASES}


@every_case
def test_value(case):
    out, _ = case.op(*case.inputs, **case.options)
    np.testing.assert_allclose(out, case.value(*case.inputs), rtol=1e-12, atol=1e-12)


@every_case
def test_gradients_agree_with_central_differences(case):
    check(case.op, *case.inputs, rng=np.random.default_rng(0), **case.options)


@every_case
def test_gradients_have_the_shape_of_their_inputs(case):
    _, grads = gradients(case)
    assert [np.shape(g) for g in grads] == [x.shape for x in case.inputs]


@every_case
def test_inputs_and_dout_are_only_read(case):
    inputs = [x.copy() for x in case.inputs]
    out, pullback = case.op(*inputs, **case.options)
    dout = normal(*np.shape(out), seed=7)
    for array in (*inputs, *(np.asarray(v) for v in case.options.values()), dout):
        np.asarray(array).flags.writeable = False
    once = pullback(dout)
    twice = pullback(dout)
    for a, b in zip(once, twice, strict=True):
        np.testing.assert_array_equal(a, b)
    for array, original in zip(inputs, case.inputs, strict=True):
        np.testing.assert_array_equal(array, original)


@every_case
def test_float32_stays_float32(case):
    out, grads = gradients(case, np.float32)
    assert [np.asarray(a).dtype for a in (out, *grads)] == [np.float32] * (1 + len(grads))
    for a, b in zip(grads, gradients(case)[1], strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-3, atol=2e-5)


@every_case
def test_memory_order_does_not_matter(case):
    out, grads = gradients(case)
    case_f = type(case)(case.op, tuple(np.asfortranarray(x) for x in case.inputs), None, case.options)
    out_f, grads_f = gradients(case_f)
    for a, b in zip((out, *grads), (out_f, *grads_f), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-14)


# ---- edges -------------------------------------------------------------------------------------------

ONE_INPUT = [c for c in CASES if len(c.inputs) == 1 and not c.options]


@pytest.mark.parametrize("op", [ops.sigmoid, ops.tanh, ops.relu, ops.leaky_relu, ops.softmax, ops.log_softmax])
def test_nothing_overflows_at_1000(op):
    out, pullback = op(np.array([[1000.0, -1000.0, 0.0]]))
    assert np.isfinite(out).all()
    assert np.isfinite(pullback(np.ones((1, 3)))[0]).all()


@pytest.mark.parametrize("op", [ops.exp, ops.relu, ops.sigmoid, ops.tanh, ops.sum, ops.transpose, ops.leaky_relu])
def test_an_empty_array_is_fine_where_the_result_exists(op):
    out, pullback = op(np.ones((0, 3)))
    assert pullback(np.ones(np.shape(out)))[0].shape == (0, 3)


def test_an_empty_batch_passes_through_affine():
    out, pullback = ops.affine(np.ones((0, 3)), np.ones((3, 2)), np.ones(2))
    assert out.shape == (0, 2)
    dx, dW, db = pullback(out)
    assert dx.shape == (0, 3)
    assert not dW.any()
    assert not db.any()


def test_the_mean_of_nothing_is_an_error():
    empty, none = np.ones((0, 3)), np.zeros(0, int)
    for call in (
        lambda: ops.mean(empty),
        lambda: ops.mse(empty, target=empty),
        lambda: ops.softmax_cross_entropy(empty, target=none),
        lambda: ops.binary_cross_entropy(empty, target=empty),
        lambda: ops.batch_norm(empty, np.ones(3), np.ones(3)),
    ):
        with pytest.raises(ShapeError, match="mean of nothing"):
            call()


def test_cross_entropy_far_out_is_exact():
    out, pullback = ops.softmax_cross_entropy(np.array([[1000.0, -1000.0]]), target=np.array([1]))
    assert out == 2000
    np.testing.assert_array_equal(pullback(1.0)[0], [[1, -1]])


def test_slope_of_relu_at_0_is_0():
    _, pullback = ops.relu(np.array([0.0, -0.0, -1.0, 1.0]))
    np.testing.assert_array_equal(pullback(np.ones(4))[0], [0, 0, 0, 1])


def test_relu_at_minus_infinity_is_0():
    assert ops.relu(np.array([-np.inf]))[0] == 0


def test_a_tie_in_softmax_is_shared():
    np.testing.assert_allclose(ops.softmax(np.zeros((1, 4)))[0], 0.25)


def test_a_constant_feature_survives_batch_norm():
    out, pullback = ops.batch_norm(np.full((4, 1), 3.0), np.ones(1), np.zeros(1))
    np.testing.assert_array_equal(out, 0)
    assert np.isfinite(pullback(normal(4, 1))[0]).all()


def test_affine_can_leave_dx_out():
    x, W, b = normal(5, 3), normal(3, 2), normal(2)
    out, pullback = ops.affine(x, W, b)
    full, params = pullback(out), pullback(out, needs_dx=False)
    assert params[0] is None
    for a, b in zip(full[1:], params[1:], strict=True):
        np.testing.assert_array_equal(a, b)


# ---- bad input ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ([1.0, 2.0], "a list"),
        (np.array([1, 2]), "int64"),
        (np.array([True]), "bool"),
        (np.array([1j]), "complex128"),
        (np.array(["a"], dtype=object), "object"),
        (None, "a NoneType"),
        (2, "an? int"),
    ],
)
@pytest.mark.parametrize("op", [c.op for c in ONE_INPUT], ids=lambda op: op.__name__)
def test_inputs_must_be_arrays_of_floats(op, bad, said):
    with pytest.raises(TypeError, match=rf"{op.__name__}\(\w+\): \w+ is .*{said}.*np.asarray"):
        op(bad)


def test_a_wrong_shape_shows_the_table_of_axes():
    with pytest.raises(ShapeError) as error:
        ops.affine(np.ones((32, 3)), np.ones((4, 10)), np.ones(10))
    assert str(error.value) == (
        "affine(x, W, b): x says D = 3, but W says D = 4\n"
        "    x  (N, D) = (32, 3)\n"
        "    W  (D, M) = (4, 10)\n"
        "    b  (M) = (10,)"
    )


def test_a_shape_that_was_accepted_once_does_not_excuse_another():
    ops.affine(np.ones((2, 3)), np.ones((3, 2)), np.ones(2))
    with pytest.raises(ShapeError, match="b has 2 axes"):
        ops.affine(np.ones((2, 3)), np.ones((3, 2)), np.ones((1, 2)))


def test_a_missing_input_is_a_type_error():
    with pytest.raises(TypeError, match="'b'"):
        ops.affine(np.ones((2, 3)), np.ones((3, 2)))


def test_shapes_that_do_not_broadcast():
    for op in (ops.add, ops.multiply, ops.divide):
        with pytest.raises(ShapeError, match="do not broadcast"):
            op(np.ones(3), np.ones(4))


def test_a_column_against_a_row_is_not_broadcast_by_a_loss():
    with pytest.raises(ShapeError, match="same shape"):
        ops.mse(np.ones((3, 1)), target=np.ones(3))


@pytest.mark.parametrize("label", [-1, 4, 100])
def test_a_label_out_of_range_is_named(label):
    with pytest.raises(ValueError, match=rf"label {label} in row 1.*K = 4 columns"):
        ops.softmax_cross_entropy(np.ones((2, 4)), target=np.array([0, label]))


def test_labels_are_not_mistaken_for_rows_when_batch_and_classes_agree():
    logits, labels = normal(4, 4), np.array([3, 2, 1, 0])
    by_label = ops.softmax_cross_entropy(logits, target=labels)[0]
    np.testing.assert_allclose(by_label, ops.softmax_cross_entropy(logits, target=np.eye(4)[labels])[0], rtol=1e-15)


@pytest.mark.parametrize("target", [np.array([0.0, 1.0]), np.zeros((2, 4)), np.array(["a", "b"]), np.array([[0], [1]])])
def test_targets_that_are_neither_labels_nor_rows(target):
    with pytest.raises((ShapeError, TypeError), match="integer labels"):
        ops.softmax_cross_entropy(np.ones((2, 4)), target=target)


@pytest.mark.parametrize("low_high", [(-0.5, 1.0), (0.0, 2.0)])
def test_targets_of_binary_cross_entropy_lie_in_0_to_1(low_high):
    with pytest.raises(ValueError, match=r"targets run from \S+ to \S+; they must lie in 0..1"):
        ops.binary_cross_entropy(np.zeros(2), target=np.array(low_high))


def test_targets_that_are_no_numbers():
    for op in (ops.mse, ops.binary_cross_entropy):
        with pytest.raises(TypeError, match="target is an array of <U1; give numbers"):
            op(np.zeros(2), target=np.array(["a", "b"]))


def test_an_exponent_is_one_number():
    with pytest.raises(TypeError, match="the exponent is a ndarray; give one number"):
        ops.power(np.ones(2), exponent=np.ones(2))


def test_integer_targets_are_numbers_for_mse():
    assert ops.mse(np.ones(3), target=np.array([1, 1, 4]))[0] == 3


def test_docstrings_are_complete():
    for case in CASES:
        assert inspect.getdoc(case.op), case.name


@pytest.mark.parametrize("op", [ops.softmax, ops.log_softmax])
def test_a_softmax_of_one_number_is_refused(op):
    with pytest.raises(ShapeError, match="at least 1"):
        op(1.0)
