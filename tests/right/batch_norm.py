"""Differently written right versions of batch normalisation."""

import numpy as np


def compact(x, gamma, beta, *, eps=1e-5):
    std = np.sqrt(x.var(axis=0) + eps)
    x_hat = (x - x.mean(axis=0)) / std
    n = len(x)

    def pullback(dout):
        dbeta, dgamma = dout.sum(axis=0), (dout * x_hat).sum(axis=0)
        return gamma / (n * std) * (n * dout - dbeta - x_hat * dgamma), dgamma, dbeta

    return gamma * x_hat + beta, pullback


def step_by_step(x, gamma, beta, *, eps=1e-5):
    """The twelve nodes of the graph, one after the other."""
    n = x.shape[0]
    mean = np.sum(x, axis=0) / n
    centred = x - mean
    var = np.sum(centred**2, axis=0) / n
    std = np.sqrt(var + eps)
    inverse = 1.0 / std
    x_hat = centred * inverse
    out = x_hat * gamma + beta

    def pullback(dout):
        dx_hat = dout * gamma
        dinverse = np.sum(dx_hat * centred, axis=0)
        dvar = 0.5 / std * (-dinverse / std**2)
        dcentred = dx_hat * inverse + 2 * centred * np.ones_like(x) * dvar / n
        dmean = -np.sum(dcentred, axis=0)
        return dcentred + np.ones_like(x) * dmean / n, np.sum(dout * x_hat, axis=0), np.sum(dout, axis=0)

    return out, pullback


def as_in_the_paper(x, gamma, beta, *, eps=1e-5):
    """Ioffe & Szegedy 2015, section 3: the chain rule with dmean and dvar written out."""
    m = len(x)
    mean, var = x.mean(0), x.var(0)
    x_hat = (x - mean) * (var + eps) ** -0.5

    def pullback(dout):
        dx_hat = dout * gamma
        dvar = (dx_hat * (x - mean) * -0.5 * (var + eps) ** -1.5).sum(0)
        dmean = (dx_hat * -((var + eps) ** -0.5)).sum(0) + dvar * (-2 * (x - mean)).sum(0) / m
        dx = dx_hat * (var + eps) ** -0.5 + dvar * 2 * (x - mean) / m + dmean / m
        return dx, (dout * x_hat).sum(0), dout.sum(0)

    return gamma * x_hat + beta, pullback


def column_by_column(x, gamma, beta, *, eps=1e-5):
    n, d = x.shape
    x_hat, std = np.empty((n, d)), np.empty(d)
    for j in range(d):
        std[j] = (x[:, j].var() + eps) ** 0.5
        x_hat[:, j] = (x[:, j] - x[:, j].mean()) / std[j]

    def pullback(dout):
        dx = np.empty_like(x)
        for j in range(d):
            jacobian = (np.eye(n) - 1 / n - np.outer(x_hat[:, j], x_hat[:, j]) / n) / std[j]
            dx[:, j] = jacobian @ dout[:, j] * gamma[j]
        return dx, np.array([dout[:, j] @ x_hat[:, j] for j in range(d)]), np.array([sum(c) for c in dout.T])

    return x_hat * gamma + beta, pullback


def in_place_on_own_arrays(x, gamma, beta, *, eps=1e-5):
    x_hat = np.array(x, order="F")
    x_hat -= x_hat.mean(axis=0)
    std = np.einsum("nd,nd->d", x_hat, x_hat)
    std /= len(x)
    std += eps
    np.sqrt(std, out=std)
    x_hat /= std

    def pullback(dout):
        dgamma, dbeta = np.einsum("nd,nd->d", dout, x_hat), np.ones(len(x)) @ dout
        dx = dout - dbeta / len(x)
        dx -= x_hat * (dgamma / len(x))
        dx *= gamma / std
        return dx, dgamma, dbeta

    return x_hat * gamma + beta, pullback


RIGHT = [compact, step_by_step, as_in_the_paper, column_by_column, in_place_on_own_arrays]
