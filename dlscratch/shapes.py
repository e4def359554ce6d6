"""What every primitive asks of its inputs, and the sum that undoes broadcasting.

    check_shapes("affine", "N D, D M, M", x=x, W=W, b=b)

reads: x has the axes N and D, W has D and M, b has M; a letter is the same size wherever it stands. Three dots
are any number of further axes, the same wherever they stand: "... T D".
"""

from functools import cache, wraps
from inspect import Parameter, signature
from os.path import dirname

import numpy as np
from numpy import ndarray

PACKAGE = dirname(__file__)
FLOATS = {np.dtype(np.float32), np.dtype(np.float64)}


class ShapeError(ValueError):
    """Arrays disagree about the size of an axis."""

    def _render_traceback_(self):
        """What a notebook shows: the message, and the caller's line instead of the inside of this package."""
        from traceback import extract_tb

        lines = [frame for frame in extract_tb(self.__traceback__) if not _inside(frame.filename)]
        return [f"ShapeError: {self}", *(f"at line {frame.lineno}:  {frame.line}" for frame in lines[-1:])]


def primitive(spec=None):
    """Decorate an operation `(out, pullback)`: its positional inputs are floats with the axes of `spec`.

    Without a spec the inputs may have any shapes that NumPy can broadcast together. Wrong input raises
    TypeError or ShapeError before the operation runs.
    """

    def decorate(op):
        names = [p.name for p in signature(op).parameters.values() if p.kind is Parameter.POSITIONAL_OR_KEYWORD]
        return _shaped(op, names, spec) if spec else _broadcast(op, names)

    return decorate


def _shaped(op, names, spec):
    accepted = set()  # the same shapes come again at every training step: look at them once

    @wraps(op)
    def checked(*arrays, **options):
        seen = tuple([(a.shape, a.dtype) if type(a) is ndarray else type(a) for a in arrays])
        if seen not in accepted and len(arrays) == len(names):
            inputs = dict(zip(names, arrays, strict=True))
            check_floats(op.__name__, **inputs)
            check_shapes(op.__name__, spec, **inputs)
            if all(type(key) is tuple for key in seen):
                accepted.add(seen)
        return op(*arrays, **options)

    return checked


def _broadcast(op, names):
    @wraps(op)
    def checked(*arrays, **options):
        for a in arrays:
            if type(a) is not float and not (type(a) is ndarray and a.dtype in FLOATS):
                check_floats(op.__name__, **dict(zip(names, arrays, strict=False)))
        try:
            return op(*arrays, **options)
        except ValueError:
            check_broadcast(op.__name__, **dict(zip(names, arrays, strict=False)))
            raise

    return checked


def check_floats(call, **arrays):
    """Raise TypeError unless every input is a float or a NumPy array of floats."""
    for name, array in arrays.items():
        dtype = getattr(array, "dtype", None)
        if isinstance(array, float) or (isinstance(array, np.ndarray | np.generic) and dtype.kind == "f"):
            continue
        what = f"an array of {dtype}" if dtype is not None else f"a {type(array).__name__}"
        raise TypeError(
            f"{call}({', '.join(arrays)}): {name} is {what}; a derivative needs a NumPy array of floats: "
            f"np.asarray({name}, dtype=float)"
        )


def check_shapes(call, spec, **arrays):
    """Raise ShapeError unless every array has the axes that `spec` names; return the sizes.

    >>> check_shapes("affine", "N D, D M, M", x=np.ones((2, 3)), W=np.ones((3, 4)), b=np.ones(4))
    {'N': 2, 'D': 3, 'M': 4}
    """
    sizes, owner = {}, {}
    for (name, array), axes in zip(arrays.items(), _parse(spec), strict=True):
        shape = _gather(np.shape(array), axes)
        if len(shape) != len(axes):
            needs = f"at least {len(axes) - 1}" if "..." in axes else len(axes)
            problem = f"{name} has {len(shape)} axes, but it needs {needs}: ({', '.join(axes)})"
            raise ShapeError(_report(call, problem, spec, arrays))
        for axis, size in zip(axes, shape, strict=True):
            if sizes.setdefault(axis, size) != size:
                problem = f"{owner[axis]} says {axis} = {sizes[axis]}, but {name} says {axis} = {size}"
                raise ShapeError(_report(call, problem, spec, arrays))
            owner.setdefault(axis, name)
    return sizes


def check_broadcast(call, **arrays):
    """Raise ShapeError unless NumPy can broadcast the arrays to one shape."""
    try:
        np.broadcast_shapes(*map(np.shape, arrays.values()))
    except ValueError:
        problem = "these shapes do not broadcast: counted from the right, two sizes must be equal or one of them 1"
        raise ShapeError(_report(call, problem, None, arrays)) from None


def check_same_shape(call, **arrays):
    """Raise ShapeError unless the arrays have one and the same shape: (N, 1) and (N,) are two."""
    if len({np.shape(a) for a in arrays.values()}) > 1:
        raise ShapeError(_report(call, f"{' and '.join(arrays)} must have the same shape", None, arrays))


def check_pair(call, name, value, least):
    """A whole number, taken twice, or a pair (rows, columns); ValueError if one is less than `least`."""
    pair = tuple(value) if isinstance(value, tuple | list) else (value, value)
    if len(pair) != 2 or not all(isinstance(v, int | np.integer) and v >= least for v in pair):
        raise ValueError(
            f"{call}({name}): {value!r}; give a whole number of at least {least}, or a pair of them (rows, columns)"
        )
    return pair


def unbroadcast(g, x):
    """Sum the gradient `g` down to the shape of `x`: a value copied to k places gets the sum of k gradients.

    >>> unbroadcast(np.ones((4, 3)), np.zeros(3))
    array([4., 4., 4.])
    """
    if type(x) is ndarray and type(g) is ndarray:
        if g.shape == x.shape:
            return g
    elif type(x) is float and type(g) is float:
        return g
    shape = np.shape(x)
    if np.shape(g) == shape:  # two kinds of scalar
        return g
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    stretched = tuple(i for i, size in enumerate(shape) if size == 1 and g.shape[i] != 1)
    return g.sum(axis=stretched, keepdims=True) if stretched else g


def sum_rows(g):
    """`g.sum(axis=0)` of a matrix, as a product with ones: BLAS adds two to three times faster."""
    return np.ones(len(g), g.dtype) @ g


@cache
def _parse(spec):
    return tuple(tuple(axes.split()) for axes in spec.split(","))


def _gather(shape, axes):
    """One entry for every name in `axes`; the sizes behind the dots are one entry."""
    if "..." not in axes:
        return shape
    i, n = axes.index("..."), len(shape) - len(axes) + 1
    return (*shape[:i], shape[i : i + n], *shape[i + n :]) if n >= 0 else shape


def _report(call, problem, spec, arrays):
    width = max(map(len, arrays))
    axes = [f" ({', '.join(letters)}) =" for letters in _parse(spec)] if spec else [""] * len(arrays)
    rows = [f"    {name:<{width}} {a} {np.shape(x)}" for (name, x), a in zip(arrays.items(), axes, strict=True)]
    return f"{call}({', '.join(arrays)}): {problem}\n" + "\n".join(rows)


def _inside(filename):
    return filename.startswith(PACKAGE) or "site-packages" in filename
