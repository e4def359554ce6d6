"""The five things `check` can judge, each made to look like a primitive: arrays -> (out, pullback)."""

import inspect

import numpy as np


class Subject:
    """`names` of the differentiable inputs, their `values`, and `run(values) -> (out, pullback)`."""

    def __init__(self, title, names, values, run):
        self.title, self.names, self.values, self.run = title, names, values, run


def subject_of(f, inputs, constants, options):
    """An operation, a loss, a layer or a function of tensors, and the inputs to differentiate."""
    if hasattr(f, "forward") and hasattr(f, "backward"):
        return _loss(f, inputs) if _takes_no_gradient(f.backward) else _layer(f, inputs)
    return _function(f, inputs, constants, options)


def _function(f, inputs, constants, options):
    names = _argument_names(f, len(inputs))
    free = [i for i, a in enumerate(inputs) if is_float(a) and i not in constants and names[i] not in constants]

    def run(values):
        try:
            result = f(*_placed(inputs, free, values), **options)
        except (AttributeError, TypeError):
            if not (tape := _on_tensors(f, inputs, free, options, values)):
                raise
            return tape
        if isinstance(result, tuple) and len(result) == 2 and callable(result[1]):
            out, pullback = result
            return out, lambda dout: _only(pullback(dout), free, len(inputs))
        if tape := _on_tensors(f, inputs, free, options, values):
            return tape
        raise TypeError(f"{f.__name__} returned a {type(result).__name__}; it must return (out, pullback)")

    title = getattr(f, "__name__", type(f).__name__)
    return Subject(title, [names[i] for i in free], [inputs[i] for i in free], run)


def _on_tensors(f, inputs, free, options, values):
    """(out, pullback) of a function of tensors; None if f is not one."""
    from ..autograd import Tensor, vjp  # only when asked for

    try:
        result = f(*_placed(inputs, free, map(Tensor, values)), **options)
    except Exception:
        return None
    if isinstance(result, Tensor):
        return vjp(lambda *tensors: f(*_placed(inputs, free, tensors), **options), *values)


def _layer(layer, inputs):
    (x,) = inputs
    params = _named_parameters(layer)

    def run(values):
        for p, value in zip(params.values(), values[1:], strict=True):
            p.data = value
        out = layer.forward(values[0])

        def pullback(dout):
            before = [np.array(p.grad) for p in params.values()]
            dx = layer.backward(dout)
            return (dx, *[p.grad - g for p, g in zip(params.values(), before, strict=True)])

        return out, pullback

    return Subject(type(layer).__name__, ["x", *params], [x, *[np.array(p.data) for p in params.values()]], run)


def _loss(loss, inputs):
    prediction, target = inputs

    def run(values):
        return loss.forward(values[0], target), lambda dout: (dout * loss.backward(),)

    return Subject(type(loss).__name__, ["prediction"], [prediction], run)


def is_float(a):
    return isinstance(a, float) or getattr(getattr(a, "dtype", None), "kind", "") == "f"


def _takes_no_gradient(backward):
    return not inspect.signature(backward).parameters


def _argument_names(f, n):
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [p.name for p in inspect.signature(f).parameters.values() if p.kind in kinds]
    return [names[i] if i < len(names) else f"input {i}" for i in range(n)]


def _named_parameters(layer):
    """W and b of one layer by their own names; those of a net with their place in front."""
    own = {id(p): name for name, p in vars(layer).items() if hasattr(p, "grad")}
    named = {}
    for i, p in enumerate(getattr(layer, "params", ())):
        named[own.get(id(p), f"params[{i}]")] = p
    return named


def _only(grads, free, n):
    grads = grads if isinstance(grads, tuple | list) else (grads,)
    return tuple(grads[i] for i in free) if len(grads) == n else tuple(grads)


def _placed(inputs, free, tensors):
    arrays = list(inputs)
    for i, tensor in zip(free, tensors, strict=True):
        arrays[i] = tensor
    return arrays
