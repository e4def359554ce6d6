"""Each feature normalised over the batch: the mean and the deviation depend on x too, and that is what gets lost."""

import numpy as np

from .entry import Operation


def forward(x, gamma, beta, *, eps=1e-5):
    return gamma * parts(x, eps)[0] + beta


def parts(x, eps):
    """x_hat and the deviation, as forward computes them."""
    std = np.sqrt(x.var(axis=0) + eps)
    return (x - x.mean(axis=0)) / std, std


def back(x_hat, std, g):
    """dx from g, the gradient of x_hat: the right formula."""
    return (g - g.mean(axis=0) - x_hat * (g * x_hat).mean(axis=0)) / std


def right(x, gamma, beta, dout, eps):
    x_hat, std = parts(x, eps)
    return back(x_hat, std, dout * gamma), (dout * x_hat).sum(axis=0), dout.sum(axis=0)


def draw(rng, n, D, M):
    return (rng.normal(1, 3, size=(n, D)), rng.normal(size=D), rng.normal(size=D)), {}


def large_eps(rng, n, D, M):
    inputs, _ = draw(rng, n, D, M)
    return inputs, {"eps": 0.5}


def constant_feature():
    x = np.array([[3.0, 1.0], [3.0, 2.0], [3.0, 4.0]])
    return (x, np.array([2.0, 1.0]), np.zeros(2)), {}


batch_norm = Operation(
    "batch_norm",
    "gamma * (x - mean) / std + beta, over the batch",
    forward,
    draw,
    look="chapter 12",
    extreme=constant_feature,
)


# ---- dx ----------------------------------------------------------------------------------------------


@batch_norm.wrong(
    "term-missing",
    "dx",
    "mean and variance are treated as constants: both depend on x, and two terms of the gradient are lost.",
    symptom="The layer below keeps growing: steps that the normalisation undoes are taken again and again.",
)
def statistics_constant(x, gamma, beta, dout, eps=1e-5):
    return dout * gamma / parts(x, eps)[1], *right(x, gamma, beta, dout, eps)[1:]


@batch_norm.wrong(
    "term-missing",
    "dx",
    "the term of the mean is lost: each x also moves the mean of its column, so g.mean(axis=0) is taken off.",
    symptom="The bias of the layer below drifts, though the output does not depend on it.",
)
def mean_term_lost(x, gamma, beta, dout, eps=1e-5):
    x_hat, std = parts(x, eps)
    g = dout * gamma
    return (g - x_hat * (g * x_hat).mean(axis=0)) / std, *right(x, gamma, beta, dout, eps)[1:]


@batch_norm.wrong(
    "term-missing",
    "dx",
    "the term of the variance is lost: x_hat * (g * x_hat).mean(axis=0) has to be taken off.",
    symptom="The weights of the layer below keep changing in size, which the output cannot feel.",
)
def variance_term_lost(x, gamma, beta, dout, eps=1e-5):
    _, std = parts(x, eps)
    g = dout * gamma
    return (g - g.mean(axis=0)) / std, *right(x, gamma, beta, dout, eps)[1:]


@batch_norm.wrong(
    "diagonal-only",
    "dx",
    "each x is thought to move its own x_hat alone; through mean and variance it moves the whole column.",
    symptom="The layer below drifts in offset and size, which the output cannot feel.",
)
def own_entry_alone(x, gamma, beta, dout, eps=1e-5):
    x_hat, std = parts(x, eps)
    return dout * gamma * (1 - 1 / len(x) - x_hat**2 / len(x)) / std, *right(x, gamma, beta, dout, eps)[1:]


@batch_norm.wrong(
    "sign",
    "dx",
    "the terms of the mean and the variance are added; they are taken off.",
    symptom="What the normalisation should remove is doubled: the layer below drifts twice as fast.",
)
def terms_added(x, gamma, beta, dout, eps=1e-5):
    x_hat, std = parts(x, eps)
    g = dout * gamma
    return (g + g.mean(axis=0) + x_hat * (g * x_hat).mean(axis=0)) / std, *right(x, gamma, beta, dout, eps)[1:]


@batch_norm.wrong(
    "wrong-parameter",
    "dx",
    "gamma is missing: the gradient of x_hat is dout * gamma.",
    symptom="Nothing shows as long as gamma is 1; then features with a small or negative gamma learn the wrong thing.",
)
def gamma_missing(x, gamma, beta, dout, eps=1e-5):
    return back(*parts(x, eps), dout), *right(x, gamma, beta, dout, eps)[1:]


@batch_norm.wrong(
    "local-derivative-missing",
    "dx",
    "the division by the deviation is missing: x_hat = (x - mean) / std, so the gradient is divided by std too.",
    symptom="The step of the layer below depends on the scale of its output: too long where that is large.",
)
def deviation_missing(x, gamma, beta, dout, eps=1e-5):
    x_hat, std = parts(x, eps)
    return back(x_hat, 1, dout * gamma), *right(x, gamma, beta, dout, eps)[1:]


@batch_norm.wrong(
    "variance-for-deviation",
    "dx",
    "it is divided by the variance; it must be divided by its root, the deviation.",
    symptom="Layers with a small output take huge steps, layers with a large one hardly move.",
)
def divided_by_variance(x, gamma, beta, dout, eps=1e-5):
    x_hat, std = parts(x, eps)
    return back(x_hat, std**2, dout * gamma), *right(x, gamma, beta, dout, eps)[1:]


@batch_norm.wrong(
    "times-n",
    "dx",
    "1 / n of the compact formula is missing: n * g - g.sum(0) - x_hat * (g * x_hat).sum(0), divided by n and std.",
    symptom="The layers below take steps n times too long: their weights grow large, and the normalisation hides it.",
)
def one_over_n_missing(x, gamma, beta, dout, eps=1e-5):
    x_hat, std = parts(x, eps)
    g = dout * gamma
    dx = (len(x) * g - g.sum(axis=0) - x_hat * (g * x_hat).sum(axis=0)) / std
    return dx, *right(x, gamma, beta, dout, eps)[1:]


@batch_norm.wrong(
    "sum-for-mean",
    "dx",
    "the two terms that are taken off are sums over the batch; they must be means.",
    symptom="The useful part drowns: the layer below is thrown about in offset and size, n times as hard.",
)
def sums_for_means(x, gamma, beta, dout, eps=1e-5):
    x_hat, std = parts(x, eps)
    g = dout * gamma
    return (g - g.sum(axis=0) - x_hat * (g * x_hat).sum(axis=0)) / std, *right(x, gamma, beta, dout, eps)[1:]


@batch_norm.wrong(
    "wrong-axis",
    "dx",
    "the means are taken over the features of each example (axis=1); batch norm takes them over the batch (axis=0).",
    symptom="The loss falls more slowly, and the layer below drifts in directions that the output cannot feel.",
)
def means_over_features(x, gamma, beta, dout, eps=1e-5):
    x_hat, std = parts(x, eps)
    g = dout * gamma
    along = (g * x_hat).mean(axis=1, keepdims=True)
    return (g - g.mean(axis=1, keepdims=True) - x_hat * along) / std, *right(x, gamma, beta, dout, eps)[1:]


@batch_norm.wrong(
    "degrees-of-freedom",
    "dx",
    "the variance's term is divided by n - 1; forward's var divides by n, so backward does too.",
    symptom="Hardly anything shows with a large batch; with a batch of four the gradient is off by a third of a term.",
)
def divided_by_n_minus_1(x, gamma, beta, dout, eps=1e-5):
    x_hat, std = parts(x, eps)
    g = dout * gamma
    along = (g * x_hat).sum(axis=0) / max(len(x) - 1, 1)
    return (g - g.mean(axis=0) - x_hat * along) / std, *right(x, gamma, beta, dout, eps)[1:]


@batch_norm.wrong(
    "twice",
    "dx",
    "the variance's term is counted twice: the derivative of var ** -0.5 has a factor -1/2.",
    symptom="The weights of the layer below shrink or grow, which the output cannot feel.",
)
def half_of_the_root_lost(x, gamma, beta, dout, eps=1e-5):
    x_hat, std = parts(x, eps)
    g = dout * gamma
    dvar = -(g * x_hat).sum(axis=0) / std**2
    dx = g / std + dvar * 2 * (x - x.mean(axis=0)) / len(x)
    return dx - dx.mean(axis=0), *right(x, gamma, beta, dout, eps)[1:]


@batch_norm.wrong(
    "half",
    "dx",
    "half of the variance's term is lost: the derivative of (x - mean) ** 2 has a factor 2.",
    symptom="The weights of the layer below keep changing in size, which the output cannot feel.",
)
def two_of_the_square_lost(x, gamma, beta, dout, eps=1e-5):
    x_hat, std = parts(x, eps)
    g = dout * gamma
    dvar = -0.5 * (g * x_hat).sum(axis=0) / std**2
    dx = g / std + dvar * (x - x.mean(axis=0)) / len(x)
    return dx - dx.mean(axis=0), *right(x, gamma, beta, dout, eps)[1:]


@batch_norm.wrong(
    "eps-outside-root",
    "dx",
    "backward divides by sqrt(var) + eps; forward divides by sqrt(var + eps).",
    symptom="Nothing shows until a feature is nearly constant over the batch; then its gradient is far too large.",
    draw=large_eps,
)
def eps_outside_the_root(x, gamma, beta, dout, eps=1e-5):
    x_hat, _ = parts(x, eps)
    return back(x_hat, x.std(axis=0) + eps, dout * gamma), *right(x, gamma, beta, dout, eps)[1:]


@batch_norm.wrong(
    "not-finite",
    "dx",
    "backward divides by the deviation without eps: a feature that is constant over the batch gives NaN.",
    symptom="Training runs until a unit is 0 on a whole batch (a dead ReLU, an empty pixel); then everything is NaN.",
)
def eps_missing(x, gamma, beta, dout, eps=1e-5):
    x_hat, _ = parts(x, eps)
    return back(x_hat, x.std(axis=0), dout * gamma), *right(x, gamma, beta, dout, eps)[1:]


@batch_norm.wrong_op(
    "stale-cache",
    "dx",
    "the deviation is remembered from the first batch; each forward must replace it.",
    symptom="The first steps are right; the more the layer below changes, the more its gradient is off in size.",
)
def deviation_of_the_first_batch():
    cache = {}

    def op(x, gamma, beta, *, eps=1e-5):
        x_hat, std = parts(x, eps)
        kept = cache.setdefault("std", std)
        return gamma * x_hat + beta, lambda dout: (
            back(x_hat, kept, dout * gamma),
            (dout * x_hat).sum(axis=0),
            dout.sum(axis=0),
        )

    return op


@batch_norm.wrong_op(
    "mutates-input",
    "dx",
    "forward centres x in place (x -= x.mean(axis=0)): that array belongs to the caller.",
    symptom="A skip connection around the layer adds the centred x; data that are used again are changed for good.",
)
def centred_in_place():
    def op(x, gamma, beta, *, eps=1e-5):
        x -= x.mean(axis=0)
        x_hat, std = parts(x, eps)
        return gamma * x_hat + beta, lambda dout: (
            back(x_hat, std, dout * gamma),
            (dout * x_hat).sum(axis=0),
            dout.sum(axis=0),
        )

    return op


@batch_norm.wrong_op(
    "mutates-dout",
    "dout",
    "dout is multiplied by gamma in place: that array belongs to the caller, and dgamma and dbeta come too late.",
    symptom="gamma and beta learn with a factor gamma too much; another branch that shares dout is wrong as well.",
)
def gamma_times_dout_in_place():
    def op(x, gamma, beta, *, eps=1e-5):
        def pullback(dout):
            dout *= gamma
            return right(x, 1, beta, dout, eps)

        return forward(x, gamma, beta, eps=eps), pullback

    return op
