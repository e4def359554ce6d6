"""Each example normalised over its features: batch norm turned by 90 degrees, and not all of it may be copied."""

import numpy as np

from .entry import Operation


def forward(x, gamma, beta, *, eps=1e-5):
    return gamma * parts(x, eps)[0] + beta


def parts(x, eps):
    """x_hat and the deviation (..., 1), as forward computes them."""
    std = np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    return (x - mean(x)) / std, std


def mean(a):
    return a.mean(axis=-1, keepdims=True)


def back(x_hat, std, g):
    """dx from g, the gradient of x_hat: the right formula."""
    return (g - mean(g) - x_hat * mean(g * x_hat)) / std


def right(x, gamma, beta, dout, eps):
    x_hat, std = parts(x, eps)
    return back(x_hat, std, dout * gamma), rows(dout * x_hat), rows(dout)


def rows(a):
    """The sum over all axes but the last."""
    return a.reshape(-1, a.shape[-1]).sum(axis=0)


def draw(rng, n, D, M):
    D = D + 1  # with two features every x_hat is 1 or -1, and dx is 0
    return (rng.normal(1, 3, size=(n, D)), rng.normal(size=D), rng.normal(size=D)), {}


def sequences(rng, n, D, M):
    return (rng.normal(1, 3, size=(n, M, D + 1)), rng.normal(size=D + 1), rng.normal(size=D + 1)), {}


def large_eps(rng, n, D, M):
    return draw(rng, n, D, M)[0], {"eps": 0.5}


def constant_row():
    return (np.array([[3.0, 3.0, 3.0], [1.0, 2.0, 4.0]]), np.array([2.0, 1.0, 3.0]), np.zeros(3)), {}


layer_norm = Operation(
    "layer_norm",
    "gamma * (x - mean) / std + beta, over the features",
    forward,
    draw,
    look="chapter 12",
    extreme=constant_row,
)


@layer_norm.wrong(
    "wrong-axis",
    "dx",
    "the means are taken over the batch (axis=0), as in batch norm; layer norm takes them over the features (axis=-1).",
    symptom="Examples leak into each other's gradient: training depends on who else is in the batch.",
)
def means_over_the_batch(x, gamma, beta, dout, eps=1e-5):
    x_hat, std = parts(x, eps)
    g = dout * gamma
    return (g - g.mean(axis=0) - x_hat * (g * x_hat).mean(axis=0)) / std, *right(x, gamma, beta, dout, eps)[1:]


@layer_norm.wrong(
    "gamma-outside-mean",
    "dx",
    "gamma is multiplied in after the means; it differs between features, so it belongs inside: g = dout * gamma.",
    symptom="Nothing shows while all gammas are equal, as at the start; then the layers below are misled.",
)
def gamma_outside_the_means(x, gamma, beta, dout, eps=1e-5):
    return gamma * back(*parts(x, eps), dout), *right(x, gamma, beta, dout, eps)[1:]


@layer_norm.wrong(
    "wrong-parameter",
    "dx",
    "gamma is missing: the gradient of x_hat is dout * gamma.",
    symptom="Nothing shows as long as gamma is 1; then features with a small or negative gamma learn the wrong thing.",
)
def gamma_missing(x, gamma, beta, dout, eps=1e-5):
    return back(*parts(x, eps), dout), *right(x, gamma, beta, dout, eps)[1:]


@layer_norm.wrong(
    "term-missing",
    "dx",
    "mean and variance are treated as constants: both depend on x, and two terms of the gradient are lost.",
    symptom="The layer below keeps growing: steps that the normalisation undoes are taken again and again.",
)
def statistics_constant(x, gamma, beta, dout, eps=1e-5):
    return dout * gamma / parts(x, eps)[1], *right(x, gamma, beta, dout, eps)[1:]


@layer_norm.wrong(
    "term-missing",
    "dx",
    "the term of the mean is lost: each x also moves the mean of its row, so mean(g) is taken off.",
    symptom="A common shift of all features of the layer below grows without end, though the output cannot feel it.",
)
def mean_term_lost(x, gamma, beta, dout, eps=1e-5):
    x_hat, std = parts(x, eps)
    g = dout * gamma
    return (g - x_hat * mean(g * x_hat)) / std, *right(x, gamma, beta, dout, eps)[1:]


@layer_norm.wrong(
    "term-missing",
    "dx",
    "the term of the variance is lost: x_hat * mean(g * x_hat) has to be taken off.",
    symptom="The size of the layer below keeps changing, which the output cannot feel.",
)
def variance_term_lost(x, gamma, beta, dout, eps=1e-5):
    _, std = parts(x, eps)
    g = dout * gamma
    return (g - mean(g)) / std, *right(x, gamma, beta, dout, eps)[1:]


@layer_norm.wrong(
    "local-derivative-missing",
    "dx",
    "the division by the deviation is missing: x_hat = (x - mean) / std, so the gradient is divided by std too.",
    symptom="Examples with a large output of the layer below count for more than they should.",
)
def deviation_missing(x, gamma, beta, dout, eps=1e-5):
    x_hat, _ = parts(x, eps)
    return back(x_hat, 1, dout * gamma), *right(x, gamma, beta, dout, eps)[1:]


@layer_norm.wrong(
    "times-m",
    "dx",
    "1 / D of the compact formula is missing: D * g - sum(g) - x_hat * sum(g * x_hat), divided by D and std.",
    symptom="The layers below take steps D times too long: their weights grow large, and the loss falls more slowly.",
)
def one_over_d_missing(x, gamma, beta, dout, eps=1e-5):
    x_hat, std = parts(x, eps)
    return x.shape[-1] * back(x_hat, std, dout * gamma), *right(x, gamma, beta, dout, eps)[1:]


@layer_norm.wrong(
    "over-n",
    "dx",
    "the sums over the features are divided by the number of examples; they are means over the D features.",
    symptom="The gradient depends on the size of the batch: right by chance where that is D.",
)
def divided_by_examples(x, gamma, beta, dout, eps=1e-5):
    x_hat, std = parts(x, eps)
    g, share = dout * gamma, x.shape[-1] / len(x)
    return (g - mean(g) * share - x_hat * mean(g * x_hat) * share) / std, *right(x, gamma, beta, dout, eps)[1:]


@layer_norm.wrong(
    "degrees-of-freedom",
    "dx",
    "the variance's term is divided by D - 1; forward's var divides by D, so backward does too.",
    symptom="Hardly anything shows in a wide layer; in one of four units the gradient is off by a third of a term.",
)
def divided_by_d_minus_1(x, gamma, beta, dout, eps=1e-5):
    x_hat, std = parts(x, eps)
    g = dout * gamma
    along = (g * x_hat).sum(axis=-1, keepdims=True) / max(x.shape[-1] - 1, 1)
    return (g - mean(g) - x_hat * along) / std, *right(x, gamma, beta, dout, eps)[1:]


@layer_norm.wrong(
    "eps-outside-root",
    "dx",
    "backward divides by sqrt(var) + eps; forward divides by sqrt(var + eps).",
    symptom="Nothing shows until all features of an example are nearly equal; then its gradient is far too large.",
    draw=large_eps,
)
def eps_outside_the_root(x, gamma, beta, dout, eps=1e-5):
    x_hat, _ = parts(x, eps)
    std = x.std(axis=-1, keepdims=True) + eps
    return back(x_hat, std, dout * gamma), *right(x, gamma, beta, dout, eps)[1:]


@layer_norm.wrong(
    "not-finite",
    "dx",
    "backward divides by the deviation without eps: an example whose features are all equal gives NaN.",
    symptom="Training runs until one example is constant (padding, an empty image); then everything is NaN.",
)
def eps_missing(x, gamma, beta, dout, eps=1e-5):
    x_hat, _ = parts(x, eps)
    return back(x_hat, x.std(axis=-1, keepdims=True), dout * gamma), *right(x, gamma, beta, dout, eps)[1:]


@layer_norm.wrong(
    "wrong-axis",
    "dgamma",
    "dgamma is summed over the features; gamma has one entry per feature, so it is summed over the examples.",
    symptom="The update raises, unless there are as many examples as features: then gamma learns nonsense.",
)
def gamma_over_features(x, gamma, beta, dout, eps=1e-5):
    dx, _, dbeta = right(x, gamma, beta, dout, eps)
    return dx, (dout * parts(x, eps)[0]).sum(axis=-1), dbeta


@layer_norm.wrong(
    "wrong-point",
    "dgamma",
    "dgamma is taken at x; gamma multiplies x_hat, so it is the sum of dout * x_hat.",
    symptom="gamma follows the mean of the input instead of its pattern; with large inputs it runs away.",
)
def gamma_times_input(x, gamma, beta, dout, eps=1e-5):
    dx, _, dbeta = right(x, gamma, beta, dout, eps)
    return dx, rows(dout * x), dbeta


@layer_norm.wrong(
    "over-n",
    "dbeta",
    "dbeta is averaged over the examples; it must be summed: the loss has already averaged.",
    symptom="beta learns n times too slowly.",
)
def beta_averaged(x, gamma, beta, dout, eps=1e-5):
    dx, dgamma, dbeta = right(x, gamma, beta, dout, eps)
    return dx, dgamma, dbeta / (dout.size / dout.shape[-1])


@layer_norm.wrong(
    "keepdims",
    "dgamma",
    "dgamma has shape (1, D): drop keepdims, gamma is (D,).",
    symptom="An in-place update raises; any other turns gamma into a (1, D) array.",
)
def gamma_keepdims(x, gamma, beta, dout, eps=1e-5):
    dx, dgamma, dbeta = right(x, gamma, beta, dout, eps)
    return dx, dgamma[None], dbeta


@layer_norm.wrong(
    "not-summed",
    "dbeta",
    "dbeta is summed over the batch alone: in (N, T, D) every step of every sequence uses the same beta.",
    symptom="Right on (N, D); on sequences the first update raises or gives beta a row for every step.",
    draw=sequences,
)
def beta_over_the_batch_alone(x, gamma, beta, dout, eps=1e-5):
    return *right(x, gamma, beta, dout, eps)[:2], dout.sum(axis=0)


@layer_norm.wrong(
    "swapped",
    "dgamma",
    "dgamma and dbeta have changed places: return them in the order of the arguments.",
    symptom="The shapes agree, so no error: scale and shift are each moved by the other's gradient.",
)
def gamma_and_beta_swapped(x, gamma, beta, dout, eps=1e-5):
    dx, dgamma, dbeta = right(x, gamma, beta, dout, eps)
    return dx, dbeta, dgamma


@layer_norm.wrong_op(
    "mutates-input",
    "dx",
    "forward centres x in place (x -= mean): that array belongs to the caller.",
    symptom="The skip connection around the layer adds the centred x: a transformer block loses its mean.",
)
def centred_in_place():
    def op(x, gamma, beta, *, eps=1e-5):
        x -= mean(x)
        kept = x.copy()
        return forward(x, gamma, beta, eps=eps), lambda dout: right(kept, gamma, beta, dout, eps)

    return op
