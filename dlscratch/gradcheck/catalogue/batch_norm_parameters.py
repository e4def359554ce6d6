"""Batch norm once more: what goes wrong in the gradients of gamma and beta."""

import numpy as np

from .batch_norm import batch_norm, forward, parts, right

# ---- dgamma, dbeta -----------------------------------------------------------------------------------


@batch_norm.wrong(
    "wrong-point",
    "dgamma",
    "dgamma is taken at x; gamma multiplies x_hat, so it is (dout * x_hat).sum(axis=0).",
    symptom="gamma follows the mean of the feature instead of its pattern; with large inputs it runs away.",
)
def gamma_times_input(x, gamma, beta, dout, eps=1e-5):
    dx, _, dbeta = right(x, gamma, beta, dout, eps)
    return dx, (dout * x).sum(axis=0), dbeta


@batch_norm.wrong(
    "wrong-point",
    "dgamma",
    "dgamma is taken at the output; gamma multiplies x_hat, so it is (dout * x_hat).sum(axis=0).",
    symptom="gamma = 1 and beta = 0 hide it at first; as they move, gamma is led astray.",
)
def gamma_times_output(x, gamma, beta, dout, eps=1e-5):
    dx, _, dbeta = right(x, gamma, beta, dout, eps)
    return dx, (dout * forward(x, gamma, beta, eps=eps)).sum(axis=0), dbeta


@batch_norm.wrong(
    "local-derivative-missing",
    "dgamma",
    "dgamma is the sum of dout alone: x_hat is missing.",
    symptom="gamma moves as beta does: features are made larger or smaller for no reason.",
)
def gamma_like_beta(x, gamma, beta, dout, eps=1e-5):
    dx, _, dbeta = right(x, gamma, beta, dout, eps)
    return dx, dbeta, dbeta


@batch_norm.wrong(
    "over-n",
    "dgamma",
    "dgamma is averaged over the batch; it must be summed: the loss has already averaged.",
    symptom="gamma learns n times too slowly.",
)
def gamma_averaged(x, gamma, beta, dout, eps=1e-5):
    dx, dgamma, dbeta = right(x, gamma, beta, dout, eps)
    return dx, dgamma / len(x), dbeta


@batch_norm.wrong(
    "not-summed",
    "dgamma",
    "dgamma is not summed over the batch: one gamma (D,) serves all rows.",
    symptom="The first update turns gamma into a matrix, or raises.",
)
def gamma_not_summed(x, gamma, beta, dout, eps=1e-5):
    dx, _, dbeta = right(x, gamma, beta, dout, eps)
    return dx, dout * parts(x, eps)[0], dbeta


@batch_norm.wrong(
    "keepdims",
    "dbeta",
    "dbeta has shape (1, D): drop keepdims, beta is (D,).",
    symptom="An in-place update raises; any other turns beta into a (1, D) array.",
)
def beta_keepdims(x, gamma, beta, dout, eps=1e-5):
    return *right(x, gamma, beta, dout, eps)[:2], dout.sum(axis=0, keepdims=True)


@batch_norm.wrong(
    "wrong-axis",
    "dbeta",
    "dbeta is summed over the features (axis=1); it is summed over the batch (axis=0).",
    symptom="The update raises, unless the batch is as large as the layer is wide: then beta learns nonsense.",
)
def beta_over_features(x, gamma, beta, dout, eps=1e-5):
    return *right(x, gamma, beta, dout, eps)[:2], dout.sum(axis=1)


@batch_norm.wrong(
    "swapped",
    "dgamma",
    "dgamma and dbeta have changed places: return them in the order of the arguments.",
    symptom="The shapes agree, so no error: scale and shift are each moved by the other's gradient.",
)
def gamma_and_beta_swapped(x, gamma, beta, dout, eps=1e-5):
    dx, dgamma, dbeta = right(x, gamma, beta, dout, eps)
    return dx, dbeta, dgamma


@batch_norm.wrong(
    "returns-none",
    "dbeta",
    "dbeta is missing: a gradient belongs to each of x, gamma, beta.",
    symptom="The trainer raises, or beta stays at its first value.",
)
def beta_forgotten(x, gamma, beta, dout, eps=1e-5):
    return *right(x, gamma, beta, dout, eps)[:2], None


@batch_norm.wrong_op(
    "accumulates",
    "dgamma",
    "dgamma is added to what the call before left in the array: make the array inside the pullback.",
    symptom="Whoever goes back twice through the same forward gets the first gradient twice, without an error.",
)
def gamma_accumulates():
    def op(x, gamma, beta, *, eps=1e-5):
        total = np.zeros_like(gamma)

        def pullback(dout):
            dx, dgamma, dbeta = right(x, gamma, beta, dout, eps)
            total[...] += dgamma
            return dx, total, dbeta

        return forward(x, gamma, beta, eps=eps), pullback

    return op
