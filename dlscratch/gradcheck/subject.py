"""The things `check` can judge, each made to look like a primitive: values -> out, and dout -> gradients.

A subject reaches what it judges only by constructing it, calling it and reading its attributes, so a proxy for
an object in another process will do.
"""

import inspect

import numpy as np

from .draws import is_float


class UnknownConstant(ValueError):
    """A mistake in the call of `check`, not in the code that it judges."""


class Subject:
    """`names` of the differentiable inputs; `values(draw)` picks them, `constants(draw)` names the rest;
    `start(draw)` gives a running instance."""

    def __init__(self, title, names, values, start, form, constants=lambda draw: draw.options):
        self.title, self.names, self.values, self.start, self.form = title, names, values, start, form
        self.constants = constants
        self.restore = lambda: None


class Running:
    """One instance at work: `forward(values) -> out`, then `backward(dout) -> gradients`, in the order of names."""

    def __init__(self, forward):
        self._forward = forward

    def forward(self, values):
        out, self.backward = self._forward(values)
        return out


def subject_of(f, draw, constants, params):
    """An operation, a layer, a loss or a function of tensors."""
    if params is not None:
        return layer_from_params(f, params)
    if isinstance(f, type):
        return layer_from_arrays(f, draw) if len(_parameters(f)) else _instance(f, f(), draw)
    if _has(f, "forward") and _has(f, "backward"):
        return _instance(f, f, draw)
    return function(f, draw, constants)


def _instance(f, layer, draw):
    make = f if isinstance(f, type) else lambda: layer
    return loss(make, layer) if len(draw.inputs) > 1 else layer_as_it_is(make, layer)


# ---- an operation, or a function of tensors ----------------------------------------------------------


def function(f, draw, constants):
    names = argument_names(f, len(draw.inputs))
    unknown = [c for c in constants if c not in names and c not in range(len(names))]
    if unknown:
        raise UnknownConstant(f"check(..., constants): {unknown[0]!r} is none of {', '.join(names)}")
    free = [i for i, a in enumerate(draw.inputs) if is_float(a) and i not in constants and names[i] not in constants]

    def start(draw):
        def forward(values):
            inputs = _placed(draw.inputs, free, values)
            result = _call(f, inputs, free, draw.options)
            out, pullback = _one_array(*result)
            return out, lambda dout: _picked(pullback(dout), free, len(inputs))

        return Running(forward)

    def fixed(draw):
        return {names[i]: a for i, a in enumerate(draw.inputs) if i not in free} | draw.options

    title = getattr(f, "__name__", None) or type(f).__name__
    chosen = [names[i] for i in free]
    return Subject(title, chosen, lambda draw: [draw.inputs[i] for i in free], start, "operation", fixed)


def _call(f, inputs, free, options):
    """f on arrays; where that is not an operation, f on tensors."""
    try:
        result = f(*inputs, **options)
        error = None
    except (AttributeError, TypeError) as raised:
        result, error = None, raised
    if isinstance(result, tuple) and len(result) == 2 and callable(result[1]):
        return result
    on_tensors = _call_on_tensors(f, inputs, free, options)
    if on_tensors is not None:
        return on_tensors
    if error:
        raise error
    raise TypeError(f"it returned {_kind(result)} instead of (out, pullback)")


def _call_on_tensors(f, inputs, free, options):
    from ..autograd import Tensor, vjp  # only when asked for

    try:
        out = f(*_placed(inputs, free, [Tensor(inputs[i]) for i in free]), **options)
    except Exception:
        return None
    if isinstance(out, Tensor):
        return vjp(lambda *ts: f(*_placed(inputs, free, ts), **options), *[inputs[i] for i in free])


def _one_array(out, pullback):
    """Several outputs, such as the two states of an LSTM, laid end to end as one."""
    if not isinstance(out, tuple):
        return out, pullback
    shapes = [np.shape(o) for o in out]
    ends = np.cumsum([np.size(o) for o in out])[:-1]

    def split(dout):
        return pullback(tuple(d.reshape(s) for d, s in zip(np.split(dout, ends), shapes, strict=True)))

    return np.concatenate([np.ravel(o) for o in out]), split


def argument_names(f, n):
    names = _parameters(f)
    return [names[i] if i < len(names) else f"input{i}" for i in range(n)]


def _parameters(f):
    """Names of the positional parameters; none if they cannot be known, as of a proxy."""
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    try:
        return [p.name for p in inspect.signature(f).parameters.values() if p.kind in kinds]
    except (TypeError, ValueError):
        return []


def _placed(inputs, free, values):
    placed = list(inputs)
    for i, value in zip(free, values, strict=True):
        placed[i] = value
    return placed


def _picked(grads, free, n):
    """The gradients of the differentiable inputs, whether constants were answered (by None) or left out."""
    if not isinstance(grads, tuple | list) or (isinstance(grads, list) and len(free) == 1 != len(grads)):
        grads = (grads,)
    return [grads[i] for i in free] if len(grads) == n else list(grads)


# ---- layers and losses -------------------------------------------------------------------------------


def layer_from_arrays(cls, draw):
    """A class such as Affine(W, b): the first input goes into forward, the others build the layer."""
    names = _parameters(cls)[: len(draw.inputs) - 1]
    title = getattr(cls, "__name__", "layer")
    return Subject(title, ["x", *names], lambda draw: list(draw.inputs), _building(cls, names), "layer")


def layer_from_params(factory, params):
    """A factory that builds the layer from named arrays, wherever the layer then lives."""
    names = list(params)

    def values(draw):
        return [draw.inputs[0], *params.values()]

    return Subject(getattr(factory, "__name__", "layer"), ["x", *names], values, _building(factory, names), "layer")


def _building(factory, names):
    """Build the layer once for each set of parameter values: a second forward meets what the first left behind."""

    def start(draw):
        built = []

        def forward(values):
            if not built or not all(map(np.array_equal, built[0], values[1:])):
                built[:] = [values[1:], factory(*[np.array(v) for v in values[1:]])]
            return _through(built[1], values[0], names)

        return Running(forward)

    return start


def layer_as_it_is(make, layer):
    """An instance: its parameters are changed in place and put back."""
    boxes = _boxes(layer)

    def start(draw):
        here = make()
        named = _boxes(here)

        def forward(values):
            for box, value in zip(named.values(), values[1:], strict=True):
                box.set(value)
            out = here.forward(values[0])

            def backward(dout):
                before = [box.gradient_before() for box in named.values()]
                dx = here.backward(dout)
                return [dx, *(box.gradient(b) for box, b in zip(named.values(), before, strict=True))]

            return out, backward

        return Running(forward)

    def values(draw):
        return [draw.inputs[0], *(np.array(box.array) for box in boxes.values())]

    subject = Subject(type(layer).__name__, ["x", *boxes], values, start, "layer")
    before = [np.array(box.array) for box in boxes.values()]
    subject.restore = lambda: [box.set(value) for box, value in zip(boxes.values(), before, strict=True)]
    return subject


def loss(make, layer):
    """forward(prediction, target) -> number, backward() -> dprediction."""

    def start(draw):
        here = make()

        def forward(values):
            out = here.forward(values[0], *draw.inputs[1:], **draw.options)
            return out, lambda dout: [_scaled(here.backward(), dout)]

        return Running(forward)

    names = argument_names(layer.forward, 1)
    return Subject(type(layer).__name__, names, lambda draw: [draw.inputs[0]], start, "loss", _targets)


def _targets(draw):
    return {f"target{i or ''}": a for i, a in enumerate(draw.inputs[1:])} | draw.options


def _scaled(gradient, dout):
    """A loss is the end of the chain: its backward() stands for dout = 1."""
    return gradient if gradient is None or isinstance(gradient, list | str) else dout * gradient


def _through(layer, x, names):
    out = layer.forward(x)

    def backward(dout):
        for name in names:
            _forget(layer, name)
        dx = layer.backward(dout)
        return [dx, *(_read(layer, "d" + name, name) for name in names)]

    return out, backward


def _read(layer, gradient, name):
    """`layer.dW` or, of a parameter, `layer.W.grad`."""
    if _has(layer, gradient):
        return getattr(layer, gradient)
    parameter = getattr(layer, name, None)
    return getattr(parameter, "grad", None)


def _forget(layer, name):
    """The gradient of a parameter adds up until its user sets it to 0; `layer.dW` is the layer's own affair."""
    grad = getattr(getattr(layer, name, None), "grad", None)
    if isinstance(grad, np.ndarray):
        grad[...] = 0


class ArrayBox:
    """`layer.W` beside `layer.dW`: backward replaces the gradient."""

    def __init__(self, layer, name):
        self.layer, self.name, self.array = layer, name, getattr(layer, name)

    def set(self, value):
        self.array[...] = value

    def gradient_before(self):
        return None

    def gradient(self, before):
        return _read(self.layer, "d" + self.name, self.name)


class ParameterBox:
    """An object with .data and .grad: backward adds to the gradient."""

    def __init__(self, parameter):
        self.parameter = parameter

    @property
    def array(self):
        return self.parameter.data

    def set(self, value):
        self.array[...] = value
        if isinstance(self.parameter.grad, np.ndarray):
            self.parameter.grad[...] = 0

    def gradient_before(self):
        return np.array(self.parameter.grad)

    def gradient(self, before):
        grad = self.parameter.grad
        return grad if grad is None else grad - before


def _boxes(layer):
    """Name -> box of every parameter of a layer; those of a net carry the place of their layer: W0, b0, W2."""
    if _has(layer, "params"):
        return {name: ParameterBox(p) for name, p in _named_parameters(layer).items()}
    names = [name for name in _parameters(_class_of(layer)) if isinstance(getattr(layer, name, None), np.ndarray)]
    return {name: ArrayBox(layer, name) for name in names}


def _class_of(layer):
    """Its class, or what stands for that, if the object lives in another process."""
    return getattr(type(layer), "class_elsewhere", type)(layer)


def _named_parameters(layer, suffix=""):
    named, taken = {}, set()
    for name, value in vars(layer).items():
        if hasattr(value, "grad") and hasattr(value, "data"):
            named[name + suffix] = value
    for i, inner in enumerate(getattr(layer, "layers", ())):
        named |= _named_parameters(inner, f"{suffix}_{i}" if suffix else str(i))
    named = {name: p for name, p in named.items() if id(p) not in taken and not taken.add(id(p))}
    known = {id(p) for p in named.values()}
    return named | {f"params{i}": p for i, p in enumerate(layer.params) if id(p) not in known} if not suffix else named


def _has(f, name):
    try:
        getattr(f, name)
    except Exception:
        return False
    return True


def _kind(x):
    return "None" if x is None else f"a {type(x).__name__}"
