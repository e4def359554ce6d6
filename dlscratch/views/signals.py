"""Send a signal up through many layers and its gradient down again, and see how wide both are in each layer.

Every layer is z = h W + b, then h = f(z). Its weights have the standard deviation gain / sqrt(D), its biases are all
alike. A column of the picture is the histogram of one layer, over all units and all examples; its width is the square
root of a count, so that a few values are seen beside many equal ones.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from matplotlib.collections import PolyCollection

from .. import ops
from ..init import check_rng, lecun
from .controls import choice, number, whole
from .explorer import Explorer
from .prediction import predict_with
from .readout import short
from .style import DATA, GRADIENT, GUESS, TRUTH

QUESTION = (
    "A gradient with standard deviation 1 enters at the last layer. In which layer does it fall below 0.001 "
    "on its way back? (0: in none.)"
)
ACTIVATIONS = {"sigmoid": ops.sigmoid, "tanh": ops.tanh, "relu": ops.relu, "leaky_relu": ops.leaky_relu}
DEEPEST, WIDTH, EXAMPLES = 30, 128, 32
GONE = 1e-3  # a gradient below this share of what came in counts as dead
CLOSED = 0.01  # so does a slope
VALUES = np.linspace(-1.5, 3, 76)  # edges of the histograms; what lies outside counts at the ends
DECADES = np.linspace(-20, 10, 76)  # the same for gradients, as powers of ten; zeros count as the smallest
PROBE = np.linspace(-4.03, 3.97, 40).reshape(8, 5)  # places to check a slope, away from round numbers
PROBE_DOUT = np.resize([1.5, -0.7, 0.4], PROBE.shape)


class Draws(NamedTuple):
    """What is random: examples x (N, D), weights (L, D, D) for gain 1, and the gradient dout (N, D) at the top."""

    x: Any
    weights: Any
    dout: Any


class Signals(NamedTuple):
    """Of each of L layers: standard deviation and histogram of its activations, shares of closed slopes and dead units.

    Once there is a guess: standard deviation and histogram of the gradients at z, and the layer in which they die.
    """

    setting: dict
    spread: Any
    counts: Any
    closed: Any
    dead: Any
    wrong: str
    back: Any = None
    back_counts: Any = None
    dies: int | None = None
    guess: dict | None = None


def draws_from(rng):
    weights = lecun((DEEPEST, WIDTH, WIDTH), n_in=WIDTH, rng=rng)
    return Draws(rng.normal(size=(EXAMPLES, WIDTH)), weights, rng.normal(size=(EXAMPLES, WIDTH)))


def compute(guess, *, functions, draws, **setting):
    """The signal of every layer; gradients only for a reader who has committed to a guess."""
    op = functions[setting["activation"]]
    h, slopes, pullbacks = forward(op, draws, setting)
    closed = np.abs(slopes) < CLOSED
    shares = closed.mean(axis=(1, 2)), closed.all(axis=1).mean(axis=1)
    found = Signals(setting, h.std(axis=(1, 2)), histograms(h, VALUES), *shares, disagreement(op))
    if guess is None:
        return found
    dz = backward(pullbacks, draws, setting)
    back = dz.std(axis=(1, 2))
    decades = histograms(log10(np.abs(dz)), DECADES)
    return found._replace(back=back, back_counts=decades, dies=dying_layer(back), guess=guess)


def log10(sizes):
    with np.errstate(divide="ignore"):  # of 0 it is -inf, which counts with the smallest
        return np.log10(sizes)


def forward(op, draws, setting):
    """Activations and slopes (L, N, D) of all layers, and their pullbacks."""
    h, outs, slopes, pullbacks = draws.x, [], [], []
    for W in draws.weights[: setting["layers"]]:
        h, pullback = answer_of(op, h @ W * setting["gain"] + setting["bias"])
        outs.append(h)
        slopes.append(gradient_of(op, pullback, np.ones_like(h)))
        pullbacks.append(partial(gradient_of, op, pullback))
    return np.array(outs), np.array(slopes), pullbacks


def backward(pullbacks, draws, setting):
    """The gradients (L, N, D) at z of every layer, the first layer's first."""
    dh, grads = draws.dout, []
    for pullback, W in zip(reversed(pullbacks), reversed(draws.weights[: len(pullbacks)]), strict=True):
        grads.append(pullback(dh))
        dh = grads[-1] @ W.T * setting["gain"]
    return np.array(grads[::-1])


def dying_layer(back):
    """The highest layer, counted from 1, whose gradient is below GONE; 0 if there is none.  back (L,)"""
    return int(np.flatnonzero(back < GONE).max(initial=-1)) + 1


def histograms(values, edges):
    """How many values of each layer fall between two edges; those outside count at the ends.  (L, N, D) -> (L, B)"""
    layers, bins = len(values), len(edges) - 1
    inside = np.fmin(np.fmax(values.reshape(layers, -1), edges[0]), edges[-1])  # a nan counts as the lowest
    place = np.minimum((inside - edges[0]) * (bins / (edges[-1] - edges[0])), bins - 1).astype(int)
    place += bins * np.arange(layers)[:, None]
    return np.bincount(place.ravel(), minlength=layers * bins).reshape(layers, bins)


# ---- the reader's own function -----------------------------------------------------------------------


def answer_of(op, z):
    """Value and pullback of an operation, or what is wrong with it.  It gets a copy: it may write into what it gets."""
    answer = op(z.copy())
    if not isinstance(answer, tuple) or len(answer) != 2:
        raise ValueError(f"{name_of(op)} must return (out, pullback); it returned {type(answer).__name__}")
    if not callable(answer[1]):
        raise ValueError(f"{name_of(op)} must return (out, pullback); its pullback is {type(answer[1]).__name__}")
    return same_shape(op, "value", answer[0], z), answer[1]


def gradient_of(op, pullback, dout):
    grads = pullback(dout.copy())
    if not isinstance(grads, tuple | list) or len(grads) != 1:
        raise ValueError(f"the pullback of {name_of(op)} must return a tuple with one entry: (dx,)")
    return same_shape(op, "gradient", grads[0], dout)


def same_shape(op, what, array, z):
    if array is None or np.shape(array) != np.shape(z):
        got = "None" if array is None else f"shape {np.shape(array)}"
        raise ValueError(f"{name_of(op)}: the {what} must have the shape of its input, {np.shape(z)}; it is {got}")
    return np.asarray(array)


def name_of(op):
    return getattr(op, "__name__", type(op).__name__)


def disagreement(op, h=1e-5):
    """Where the pullback says something else than a nudge, in words; "" if they agree."""
    _, pullback = answer_of(op, PROBE)
    claimed = gradient_of(op, pullback, PROBE_DOUT)
    nudged = PROBE_DOUT * (answer_of(op, PROBE + h)[0] - answer_of(op, PROBE - h)[0]) / (2 * h)
    wrong = np.argwhere(~(np.abs(claimed - nudged) <= 1e-4))  # a nan is wrong, too
    if not len(wrong):
        return ""
    at = tuple(wrong[0])
    told = f"at {short(PROBE[at])}, with dout = {short(PROBE_DOUT[at])}, it gives {short(claimed[at])}"
    return f"The pullback of {name_of(op)} is wrong: {told}, a nudge {short(nudged[at])}."


# ---- the picture -------------------------------------------------------------------------------------


def frame(axes, found):
    values, grads = axes
    for ax, way in ((values, "forward →"), (grads, "← backward")):
        ax.set(xlim=(-0.7, DEEPEST + 0.7), xticks=range(0, DEEPEST + 1, 5), xlabel=f"layer   ({way})")
    values.set(ylim=VALUES[[0, -1]], ylabel="activation")
    grads.set(yscale="log", ylim=10.0 ** DECADES[[0, -1]], ylabel="size of the gradient")
    grads.set_yticks([1e-20, 1e-15, 1e-10, 1e-5, 1, 1e5, 1e10], ["0", "1e-15", "1e-10", "1e-5", "1", "1e5", "1e10"])
    grads.minorticks_off()
    grads.axhline(GONE, color="#999999", linewidth=1)
    grads.plot([], [], color=TRUTH, linewidth=1.6, label="standard deviation")
    grads.plot([], [], color=TRUTH, linestyle="--", label="here it is below 0.001")
    grads.plot([], [], color=GUESS, linestyle=":", label="your prediction")
    grads.legend(loc="upper center", bbox_to_anchor=(0.45, -0.28), ncols=3, fontsize=9, columnspacing=1.2)


def draw(axes, found):
    values, grads = axes
    draw_columns(values, found.counts, VALUES, DATA)
    if found.guess is None:
        grads.set_title("Hidden until you lock your prediction")
    else:
        draw_gradients(grads, found)


def draw_gradients(ax, found):
    layers = 1 + np.arange(len(found.back))
    draw_columns(ax, found.back_counts, 10.0**DECADES, GRADIENT)
    ax.plot(layers, np.fmax(found.back, 10.0 ** DECADES[0]), color=TRUTH, linewidth=1.6)
    ax.set_title(verdict(found.dies))
    if found.dies:
        ax.axvline(found.dies, color=TRUTH, linestyle="--")
    if is_where_guessed(found):
        ax.axvline(found.guess["layer"], color=GUESS, linestyle=":")


def draw_columns(ax, counts, edges, color):
    """A histogram for each layer, mirrored at its middle; the fullest bin is as wide as the column."""
    half = 0.45 * np.sqrt(counts / counts.max(axis=1, keepdims=True))
    half = np.repeat(half, 2, axis=1)  # (L, 2 B): a bin has two corners on each side
    x = 1 + np.arange(len(counts))[:, None] + np.concatenate([half, -half[:, ::-1]], axis=1)
    heights = np.repeat(edges, 2)[1:-1]
    y = np.broadcast_to(np.concatenate([heights, heights[::-1]]), x.shape)
    ax.add_collection(PolyCollection(np.stack([x, y], axis=2), facecolor=color, linewidth=0), autolim=False)


# ---- the words ---------------------------------------------------------------------------------------


def verdict(layer):
    return f"The gradient falls below {GONE} in layer {layer}" if layer else f"The gradient stays above {GONE}"


def say(found):
    lines = [
        f"{described(found.setting)}. Standard deviation of the activations: {listed(found.spread, short)}.",
        f"Slopes below {CLOSED}: {listed(found.closed, percent)}. "
        f"Dead units, with such a slope for every example: {listed(found.dead, percent)}.",
    ]
    if found.wrong:
        lines.append(found.wrong)
    if found.guess is None:
        return "\n".join([*lines, "Lock your prediction to see the gradients."])
    went = listed(found.back[::-1], short, len(found.back))
    lines.append(f"Standard deviation of the gradients: {went}. {verdict(found.dies)}.")
    return "\n".join([*lines, judged(found)])


def described(setting):
    depth = "1 layer" if setting["layers"] == 1 else f"{setting['layers']} layers"
    return f"{setting['activation']}, {depth}, gain {short(setting['gain'])}, bias {short(setting['bias'])}"


def listed(values, show, last=None):
    """The values of the first, the middle and the last layer; with `last`, they run from the last to the first."""
    count = len(values)
    picks = sorted({0, (count - 1) // 2, count - 1})
    return ", ".join(f"{show(values[i])} in layer {last - i if last else i + 1}" for i in picks)


def percent(share):
    return f"{100 * share:.0f} %"


def is_where_guessed(found):
    """Do the controls stand where the prediction was made?"""
    return all(found.guess[name] == value for name, value in found.setting.items())


def judged(found):
    guess = f"layer {found.guess['layer']}" if found.guess["layer"] else "none"
    if is_where_guessed(found):
        return f"You predicted {guess}; it is {f'layer {found.dies}' if found.dies else 'none'}."
    return f"Your prediction, {guess}, was made for {described({name: found.guess[name] for name in found.setting})}."


def offered(name):
    """A reader's own sigmoid stands beside the package's."""
    return f"your {name}" if name in ACTIVATIONS else name


def explore_signals(*functions, rng):
    """How wide are signals and gradients, layer by layer?

    functions: activation functions of your own, f(z) -> (out, pullback), entry by entry.
    """
    check_rng("explore_signals", rng)
    choices = {offered(name_of(f)): f for f in functions} | ACTIVATIONS
    layer = whole("layer", 0, DEEPEST, value=0, label="prediction")
    settings = (
        choice("activation", tuple(choices), label="activation"),
        number("gain", 0, 10, value=1.0, label="gain", step=0.01),
        number("bias", -3, 3, value=0.0, label="bias"),
        whole("layers", 1, DEEPEST, value=20, label="layers"),
    )
    guess = predict_with(QUESTION, layer, *settings)
    guess.observe(layer.disable)
    settled = partial(compute, functions=choices, draws=draws_from(rng))
    return Explorer(settled, draw, say, (guess, *settings), frame=frame, panels=(2, 1), size=(5.2, 5.4))
