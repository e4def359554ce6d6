"""Convolution and pooling beyond the table of cases: geometry, adjoints, ties, bad input."""

import platform
import subprocess
import sys
from itertools import product

import numpy as np
import pytest
from cases import convolved, normal, pooled

from dlscratch import ShapeError
from dlscratch.ops import avg_pool2d, conv2d, max_pool2d

every_pool = pytest.mark.parametrize("pool", [max_pool2d, avg_pool2d], ids=lambda op: op.__name__)


@pytest.mark.parametrize(
    ("size", "stride", "padding"),
    list(product([(1, 1), (2, 2), (3, 2), (1, 4)], [(1, 1), (2, 2), (3, 1)], [(0, 0), (2, 1)])),
)
def test_every_geometry_agrees_with_loops(size, stride, padding):
    x, W, b = normal(3, 2, 5, 7), normal(4, 2, *size), normal(4)
    out, _ = conv2d(x, W, b, stride=stride, padding=padding)
    np.testing.assert_allclose(out, convolved(x, W, b, stride, padding), rtol=1e-12, atol=1e-12)
    for pool, reduce in ((max_pool2d, np.max), (avg_pool2d, np.mean)):
        np.testing.assert_allclose(pool(x, size=size, stride=stride)[0], pooled(x, reduce, size, stride), rtol=1e-13)


@pytest.mark.parametrize(
    ("size", "stride", "padding"), list(product([(1, 1), (2, 2), (3, 2), (5, 7)], [1, 2, (3, 1)], [0, 1, (2, 3)]))
)
def test_the_pullback_of_a_convolution_is_its_adjoint(size, stride, padding):
    """<A x, y> = <x, A' y> for every x and y: in the image, and in the kernels."""
    x, W, b = normal(3, 2, 5, 7), normal(4, 2, *size), np.zeros(4)
    out, pullback = conv2d(x, W, b, stride=stride, padding=padding)
    y = normal(*out.shape, seed=5)
    dx, dW, db = pullback(y)
    np.testing.assert_allclose([np.vdot(x, dx), np.vdot(W, dW)], np.vdot(out, y), rtol=1e-12)
    np.testing.assert_allclose(db, y.sum(axis=(0, 2, 3)), rtol=1e-12)


@every_pool
@pytest.mark.parametrize(("size", "stride"), list(product([1, 2, (3, 2), (5, 7)], [None, 1, 2, (3, 1), 6])))
def test_the_pullback_of_a_pool_is_its_adjoint(pool, size, stride):
    """Where the same pixels win, max-pool is linear too."""
    x = normal(3, 2, 5, 7)
    out, pullback = pool(x, size=size, stride=stride)
    y = normal(*out.shape, seed=5)
    np.testing.assert_allclose(np.vdot(x, pullback(y)[0]), np.vdot(out, y), rtol=1e-12)


def test_a_batch_is_its_images_one_by_one():
    x, W, b = normal(19, 2, 5, 6), normal(3, 2, 3, 3), normal(3)
    dout = normal(19, 3, 5, 6)
    out, pullback = conv2d(x, W, b, padding=1)
    dx, dW, db = pullback(dout)
    singles = [conv2d(x[i : i + 1], W, b, padding=1) for i in range(19)]
    grads = [pull(dout[i : i + 1]) for i, (_, pull) in enumerate(singles)]
    np.testing.assert_allclose(out, np.concatenate([o for o, _ in singles]), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(dx, np.concatenate([g[0] for g in grads]), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(dW, sum(g[1] for g in grads), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(db, sum(g[2] for g in grads), rtol=1e-12, atol=1e-12)


def test_an_image_that_lies_channels_last_in_memory_is_the_same_image():
    x, W, b = normal(3, 4, 6, 5), normal(2, 4, 3, 3), normal(2)
    last = np.ascontiguousarray(x.transpose(0, 2, 3, 1)).transpose(0, 3, 1, 2)
    np.testing.assert_array_equal(conv2d(x, W, b)[0], conv2d(last, W, b)[0])
    for pool in (max_pool2d, avg_pool2d):
        dout = normal(3, 4, 3, 2)
        np.testing.assert_array_equal(pool(x, size=2)[1](dout)[0], pool(last, size=2)[1](dout)[0])


def test_the_kernel_is_not_flipped():
    x = np.zeros((1, 1, 3, 3))
    x[0, 0, 1, 1] = 1
    W = np.arange(9.0).reshape(1, 1, 3, 3)
    np.testing.assert_array_equal(conv2d(x, W, np.zeros(1), padding=1)[0][0, 0], W[0, 0, ::-1, ::-1])


def test_rows_that_no_window_reaches_get_no_gradient():
    x = normal(2, 1, 5, 7)
    for pullback in (conv2d(x, normal(1, 1, 2, 3), np.zeros(1), stride=(2, 3))[1], avg_pool2d(x, size=(2, 3))[1]):
        (dx, *_) = pullback(np.ones((2, 1, 2, 2)))
        assert dx[:, :, :4, :6].all()
        assert not dx[:, :, 4:].any()
        assert not dx[..., 6:].any()


@pytest.mark.parametrize(("size", "stride"), [(2, None), (2, 1), ((3, 2), (2, 2)), (2, 3)])
def test_a_tie_passes_on_exactly_one_gradient(size, stride):
    out, pullback = max_pool2d(np.zeros((2, 3, 6, 6)), size=size, stride=stride)
    assert pullback(np.ones_like(out))[0].sum() == out.size


def test_the_first_of_equal_maxima_wins_row_by_row():
    x = np.array([[[[0.0, 1.0], [1.0, 1.0]]]])
    np.testing.assert_array_equal(max_pool2d(x, size=2)[1](np.ones((1, 1, 1, 1)))[0], [[[[0, 1], [0, 0]]]])


def test_negative_images_have_negative_maxima():
    x = -1 - np.abs(normal(1, 1, 4, 4))
    assert max_pool2d(x, size=2)[0].max() < 0


def test_an_empty_batch_passes_through():
    x = np.ones((0, 2, 6, 6))
    out, pullback = conv2d(x, np.ones((3, 2, 3, 3)), np.ones(3), padding=1)
    dx, dW, db = pullback(out)
    assert (out.shape, dx.shape, dW.shape, db.shape) == ((0, 3, 6, 6), x.shape, (3, 2, 3, 3), (3,))
    assert not dW.any()
    assert not db.any()
    for pool in (max_pool2d, avg_pool2d):
        out, pullback = pool(x, size=2)
        assert out.shape == (0, 2, 3, 3)
        assert pullback(out)[0].shape == x.shape


def test_a_convolution_can_leave_dx_out():
    out, pullback = conv2d(normal(2, 2, 4, 4), normal(3, 2, 3, 3), normal(3), stride=2, padding=1)
    full, params = pullback(out), pullback(out, needs_dx=False)
    assert params[0] is None
    for a, b in zip(full[1:], params[1:], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="speaks of one C library's malloc")
def test_the_memory_of_one_step_serves_the_next():
    """Otherwise the system hands out some 600 fresh pages, one page fault each, at every step."""
    code = (
        "import resource, numpy as np; from dlscratch.ops import conv2d\n"
        "x, W, b = np.ones((64, 16, 28, 28), np.float32), np.ones((16, 16, 3, 3), np.float32), np.ones(16, np.float32)\n"
        "def faults(steps):\n"
        "    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt\n"
        "    for _ in range(steps):\n"
        "        out, pullback = conv2d(x, W, b, padding=1); del out, pullback\n"
        "    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before\n"
        "faults(3); print(faults(10))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert int(done.stdout) < 1000


# ---- bad input ---------------------------------------------------------------------------------------


def test_channels_must_agree():
    with pytest.raises(ShapeError, match="x says C = 3, but W says C = 2"):
        conv2d(np.ones((1, 3, 4, 4)), np.ones((1, 2, 3, 3)), np.ones(1))


def test_one_image_needs_a_batch_axis():
    with pytest.raises(ShapeError, match=r"x has 3 axes, but it needs 4: \(N, C, H, W\)"):
        max_pool2d(np.ones((3, 4, 4)), size=2)


def test_a_kernel_larger_than_the_padded_image():
    with pytest.raises(ShapeError, match=r"conv2d: a window of 5 x 5 does not fit into an image of 4 x 6, padding inc"):
        conv2d(np.ones((1, 1, 2, 4)), np.ones((1, 1, 5, 5)), np.ones(1), padding=1)


@every_pool
def test_a_window_larger_than_the_image(pool):
    with pytest.raises(ShapeError, match=f"{pool.__name__}: a window of 1 x 3 does not fit into an image of 2 x 2"):
        pool(np.ones((1, 1, 2, 2)), size=(1, 3))


@every_pool
@pytest.mark.parametrize("bad", [0, -1, 1.5, (2,), (2, 2, 2), (1, 0), "2", None])
def test_sizes_are_whole_numbers_from_1(pool, bad):
    with pytest.raises(ValueError, match=rf"{pool.__name__}\(size\): .*whole number of at least 1, or a pair"):
        pool(np.ones((1, 1, 4, 4)), size=bad)


@pytest.mark.parametrize(("option", "bad"), [("stride", 0), ("stride", (1, -1)), ("padding", -1), ("padding", 0.5)])
def test_strides_and_paddings_out_of_range(option, bad):
    with pytest.raises(ValueError, match=rf"conv2d\({option}\)"):
        conv2d(np.ones((1, 1, 4, 4)), np.ones((1, 1, 2, 2)), np.ones(1), **{option: bad})
