"""Keep some data unseen: cut it into a training part and a test part, and scale both by the training part alone.

What the test part is for: how does the network do on data it has not met? So nothing may be learned from it,
not even a mean.
"""

import numpy as np
from numpy.random import Generator


def split(x, y, *, test: float = 0.2, rng: Generator) -> tuple[np.ndarray, ...]:
    """Shuffle, then cut off the share `test`.  x (N, ...), y (N, ...) -> x_train, y_train, x_test, y_test.

    >>> x_train, y_train, x_test, y_test = split(np.eye(10), np.arange(10), rng=np.random.default_rng(0))
    >>> x_train.shape, x_test.shape
    ((8, 10), (2, 10))
    """
    x, y = _check("split", x, y, test, rng)
    order = rng.permutation(len(x))
    n_test = min(max(round(test * len(x)), 1), len(x) - 1)  # neither part is empty
    return _parts(x, y, order[n_test:], order[:n_test])


def stratified_split(x, y, *, test: float = 0.2, rng: Generator) -> tuple[np.ndarray, ...]:
    """Like `split`, and each class has the same share in both parts.  y (N,) holds integer classes.

    A class of 10 of 100 examples gets 2 of 20 places in the test part; what does not divide goes to the largest
    remainders. Every class has at least one example in each part.
    """
    x, y = _check("stratified_split", x, y, test, rng)
    _check_classes(y)
    classes, count = np.unique(y, return_counts=True)
    n_test = _places(count, round(test * len(y)), f"stratified_split(test={test})")
    members = [rng.permutation(np.flatnonzero(y == k)) for k in classes]
    in_test = np.concatenate([m[:n] for m, n in zip(members, n_test, strict=True)])
    in_train = np.concatenate([m[n:] for m, n in zip(members, n_test, strict=True)])
    return _parts(x, y, rng.permutation(in_train), rng.permutation(in_test))


def standardize(x_train, *others):
    """Subtract the training mean and divide by the training deviation, column by column, in all arrays.

    x_train (N, ...), others (M, ...) -> as many arrays as given; alone, x_train comes back as one array.
    The others are scaled by the same numbers, so their own mean is not exactly 0: they are as unseen as before.
    Columns that are constant in x_train have no scale: they are divided by 1.

    >>> x_train, x_test = standardize(np.array([[1.0], [3.0]]), np.array([[4.0]]))
    >>> x_train.ravel(), x_test.ravel()
    (array([-1.,  1.]), array([2.]))
    """
    arrays = [_numbers(array, x_train) for array in (x_train, *others)]
    x = arrays[0]
    constant = x.max(axis=0) == x.min(axis=0)  # not std == 0: rounding in the mean can leave 1e-17
    mean, scale = x.mean(axis=0), np.where(constant, 1.0, x.std(axis=0))
    scaled = tuple((array - mean) / scale for array in arrays)
    return scaled if others else scaled[0]


def _parts(x, y, train, test):
    return x[train], y[train], x[test], y[test]


def _places(count, total, call):
    """How many of `total` places each class gets: its exact share rounded down, the rest by largest remainder."""
    if not len(count) <= total <= count.sum() - len(count):
        raise ValueError(
            f"{call}: {total} of {count.sum()} examples in the test part; with {len(count)} classes both parts "
            f"need at least {len(count)}: change test or take more examples"
        )
    share = count * total / count.sum()
    places = np.clip(share.astype(int), 1, count - 1)
    while places.sum() < total:
        places[np.argmax(np.where(places < count - 1, share - places, -np.inf))] += 1
    while places.sum() > total:  # only when rare classes were lifted to 1
        places[np.argmin(np.where(places > 1, share - places, np.inf))] -= 1
    return places


def _check(call, x, y, test, rng):
    x, y = np.asarray(x), np.asarray(y)
    if x.ndim == 0 or y.ndim == 0 or len(x) != len(y):
        raise ValueError(f"{call}(x, y): one y for each x; x has shape {x.shape}, y has shape {y.shape}")
    if len(x) < 2:
        raise ValueError(f"{call}(x, y): {len(x)} examples cannot fill a training and a test part; give at least 2")
    if not 0 < test < 1:
        raise ValueError(f"{call}(test={test}): test is the share of the test part, between 0 and 1, like 0.2")
    if not isinstance(rng, Generator):
        raise TypeError(f"{call}(rng): rng is a {type(rng).__name__}; give np.random.default_rng(seed)")
    return x, y


def _check_classes(y):
    if y.dtype.kind not in "biu":
        raise TypeError(
            f"stratified_split(x, y): y is {y.dtype}, classes are integers; for regression use "
            "data.split(x, y, test=..., rng=rng), for names np.unique(y, return_inverse=True)[1]"
        )
    if y.ndim != 1:
        raise ValueError(f"stratified_split(x, y): y has shape {y.shape}, want (N,); one-hot rows: y.argmax(axis=1)")
    classes, count = np.unique(y, return_counts=True)
    alone = classes[count < 2]
    if len(alone):
        raise ValueError(
            f"stratified_split(x, y): class {alone[0]} has one example, which cannot be in both parts; "
            "leave the class out or use data.split"
        )


def _numbers(array, x_train):
    array = np.asarray(array)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"standardize: an array of {array.dtype}; give numbers")
    if not array.size or array.ndim == 0 or array.shape[1:] != np.shape(x_train)[1:]:
        raise ValueError(
            f"standardize: an array of shape {array.shape} beside x_train {np.shape(x_train)}; give arrays with "
            "rows, and with the columns of x_train"
        )
    if not np.isfinite(array).all():
        place = tuple(map(int, np.argwhere(~np.isfinite(array))[0]))
        raise ValueError(f"standardize: {array[place]} at {place}; mend the data first")
    return array
