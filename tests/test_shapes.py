"""What primitives ask of their inputs, in words; and the sum that undoes broadcasting."""

import itertools

import numpy as np
import pytest

from dlscratch import ShapeError, ops
from dlscratch.shapes import check_pair, check_shapes, sum_rows, unbroadcast

SIZES = [(), (1,), (3,), (1, 1), (1, 3), (2, 1), (2, 3), (4, 2, 3), (4, 1, 3), (1, 1, 1)]
PAIRS = [(a, b) for a, b in itertools.product(SIZES, SIZES) if np.broadcast_shapes(a, b) == b]


@pytest.mark.parametrize(("small", "large"), PAIRS)
def test_unbroadcast_is_the_adjoint_of_broadcasting(small, large):
    rng = np.random.default_rng(0)
    x, g = rng.normal(size=small), rng.normal(size=large)
    back = unbroadcast(g, x)
    assert np.shape(back) == small
    assert np.vdot(np.broadcast_to(x, large), g) == pytest.approx(np.vdot(x, back), rel=1e-12)


@pytest.mark.parametrize("x", [2.0, np.float64(2), np.array(2.0)], ids=lambda x: type(x).__name__)
@pytest.mark.parametrize("g", [3.0, np.float64(3), np.array(3.0)], ids=lambda g: type(g).__name__)
def test_scalars_of_every_kind_meet(x, g):
    assert unbroadcast(g, x) == 3


def test_sum_rows_is_the_sum_over_rows():
    g = np.arange(12.0).reshape(4, 3)
    np.testing.assert_array_equal(sum_rows(g), g.sum(axis=0))
    assert sum_rows(g.astype(np.float32)).dtype == np.float32


def test_dots_are_any_number_of_axes_the_same_everywhere():
    ones = np.ones
    assert check_shapes("f", "... D, D", x=ones((5, 2, 3)), w=ones(3)) == {"...": (5, 2), "D": 3}
    assert check_shapes("f", "... D, D", x=ones(3), w=ones(3)) == {"...": (), "D": 3}
    with pytest.raises(ShapeError, match=r"x says \.\.\. = \(5,\), but y says \.\.\. = \(4,\)"):
        check_shapes("f", "... D, ... D", x=ones((5, 3)), y=ones((4, 3)))
    with pytest.raises(ShapeError, match="x has 1 axes, but it needs at least 2"):
        check_shapes("f", "N D ...", x=ones(5))


@pytest.mark.parametrize("value", [2, (2, 2), [2, 2], np.int64(2)])
def test_a_whole_number_is_taken_twice(value):
    assert check_pair("conv2d", "stride", value, 1) == (2, 2)


@pytest.mark.parametrize("value", [0, 1.5, (1, 2, 3), (1, 0), "2", None])
def test_what_is_neither_a_number_nor_a_pair(value):
    with pytest.raises(ValueError, match=r"conv2d\(stride\): .*; give a whole number of at least 1, or a pair"):
        check_pair("conv2d", "stride", value, 1)


def test_a_notebook_shows_the_callers_line_and_nothing_of_the_package():
    with pytest.raises(ShapeError) as error:
        ops.matmul(np.ones((2, 3)), np.ones((4, 5)))  # this very line
    *message, line = error.value._render_traceback_()
    assert "".join(message).startswith("ShapeError: matmul(x, y): x says D = 3, but y says D = 4")
    assert line.endswith("ops.matmul(np.ones((2, 3)), np.ones((4, 5)))  # this very line")
