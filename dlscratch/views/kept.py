"""What does a pullback keep?  Read from the function itself: the arrays in its closure, or in the object it belongs to."""

from functools import partial
from inspect import getclosurevars
from types import FunctionType, MethodType

import numpy as np


def held(pullback, known, params):
    """{name: array} of what a pullback keeps alive, parameters left out: those live anyway."""
    found = {}
    for name, array in arrays_in(pullback):
        same = [k for k, value in known.items() if value is array]
        if not any(array is p for p in params) and not any(array is value for value in found.values()):
            found[same[0] if same else name] = array
    return found


def arrays_in(thing, name="array", depth=3):
    """(name, array) for all arrays in a function's closure, or in the object whose method it is."""
    if isinstance(thing, np.ndarray):
        yield name, thing
    elif depth:
        for inner, value in contents(thing, name):
            yield from arrays_in(value, inner, depth - 1)


def contents(thing, name):
    if isinstance(thing, FunctionType):
        return getclosurevars(thing).nonlocals.items()
    if isinstance(thing, MethodType):
        return vars(thing.__self__).items()
    if isinstance(thing, partial):
        return [(name, value) for value in (thing.func, *thing.args, *thing.keywords.values())]
    return [(name, value) for value in thing] if isinstance(thing, tuple | list) else []
