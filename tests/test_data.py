"""The data sets are what they claim to be."""

import hashlib

import numpy as np

from dlscratch import data


def sha256(array, dtype):
    """Checksum of an array's values, the same on every machine."""
    return hashlib.sha256(array.astype(dtype).tobytes()).hexdigest()


# ---------------------------------------------------------------- bundled


def test_digits_have_the_shape_range_and_class_counts_of_the_source():
    x, y = data.digits()
    assert (x.shape, x.dtype, y.shape, y.dtype) == ((1797, 64), np.float64, (1797,), np.int64)
    assert (x.min(), x.max()) == (0.0, 1.0)
    assert np.bincount(y).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]


def test_digits_are_the_published_numbers():
    x, y = data.digits()
    assert (x[0, :16] * 16).tolist() == [0, 0, 5, 13, 9, 1, 0, 0, 0, 0, 13, 15, 10, 15, 5, 0]
    assert sha256(x * 16, "u1") == "8f26b2bd9d135c256808f68f14fdabddde6d9c7f869ae419704b051f0f14b3b3"
    assert sha256(y, "u1") == "8ba4f891220f5e4c9c819638d1602d74b83618f167043c6da52a2a247841ddf0"


def test_every_call_returns_fresh_writable_arrays():
    x, y = data.digits()
    x[:], y[:] = -1, -1
    again_x, again_y = data.digits()
    assert again_x.min() == 0 and again_y.min() == 0
    assert x.flags["C_CONTIGUOUS"] and again_x.base is None
