"""Differently written right versions of layer normalisation."""

import numpy as np


def compact(x, gamma, beta, *, eps=1e-5):
    std = np.sqrt(x.var(axis=-1, keepdims=True) + eps)
    x_hat = (x - x.mean(axis=-1, keepdims=True)) / std
    d = x.shape[-1]

    def pullback(dout):
        g = dout * gamma
        dx = (d * g - g.sum(-1, keepdims=True) - x_hat * (g * x_hat).sum(-1, keepdims=True)) / (d * std)
        return dx, (dout * x_hat).sum(axis=0), dout.sum(axis=0)

    return gamma * x_hat + beta, pullback


def step_by_step(x, gamma, beta, *, eps=1e-5):
    d = x.shape[1]
    centred = x - x.mean(axis=1)[:, None]
    var = (centred**2).mean(axis=1)[:, None]
    inverse = (var + eps) ** -0.5
    x_hat = centred * inverse

    def pullback(dout):
        dx_hat = dout * gamma
        dvar = (dx_hat * centred).sum(axis=1)[:, None] * -0.5 * inverse**3
        dcentred = dx_hat * inverse + dvar * 2 * centred / d
        return dcentred - dcentred.mean(axis=1)[:, None], (dout * x_hat).sum(0), dout.sum(0)

    return x_hat * gamma + beta, pullback


def row_by_row(x, gamma, beta, *, eps=1e-5):
    n, d = x.shape
    std = np.array([np.sqrt(row.var() + eps) for row in x])
    x_hat = np.array([(row - row.mean()) / s for row, s in zip(x, std, strict=True)])

    def pullback(dout):
        dx, dgamma, dbeta = np.zeros((n, d)), np.zeros(d), np.zeros(d)
        for i in range(n):
            jacobian = (np.eye(d) - 1 / d - np.outer(x_hat[i], x_hat[i]) / d) / std[i]
            dx[i] = (dout[i] * gamma) @ jacobian
            dgamma += dout[i] * x_hat[i]
            dbeta += dout[i]
        return dx, dgamma, dbeta

    return x_hat * gamma + beta, pullback


def batch_norm_of_the_transpose(x, gamma, beta, *, eps=1e-5):
    columns = x.T
    std = np.sqrt(columns.var(axis=0) + eps)
    x_hat = (columns - columns.mean(axis=0)) / std

    def pullback(dout):
        g = (dout * gamma).T
        dx = (g - g.mean(axis=0) - x_hat * (g * x_hat).mean(axis=0)) / std
        return dx.T, (dout.T * x_hat).sum(axis=1), dout.T.sum(axis=1)

    return (x_hat * gamma[:, None] + beta[:, None]).T, pullback


def einsum(x, gamma, beta, *, eps=1e-5):
    d = x.shape[-1]
    x_hat = x - np.einsum("nd->n", x)[:, None] / d
    std = np.sqrt(np.einsum("nd,nd->n", x_hat, x_hat) / d + eps)
    x_hat /= std[:, None]

    def pullback(dout):
        dx = dout * gamma
        dx -= np.einsum("nd->n", dx)[:, None] / d + x_hat * np.einsum("nd,nd->n", dx, x_hat)[:, None] / d
        dx /= std[:, None]
        return dx, np.einsum("nd,nd->d", dout, x_hat), np.einsum("nd->d", dout)

    return gamma * x_hat + beta, pullback


RIGHT = [compact, step_by_step, row_by_row, batch_norm_of_the_transpose, einsum]
