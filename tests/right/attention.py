"""Differently written right versions of attention, for one sequence (T, D)."""

import numpy as np


def softmax(scores, causal):
    if causal:
        scores = np.where(np.tri(len(scores), dtype=bool), scores, -np.inf)
    e = np.exp(scores - scores.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def straight(q, k, v, *, causal=False):
    scale = 1 / np.sqrt(q.shape[1])
    p = softmax(q @ k.T * scale, causal)

    def pullback(dout):
        dp = dout @ v.T
        dscores = p * (dp - (p * dp).sum(axis=1, keepdims=True)) * scale
        return dscores @ k, dscores.T @ q, p.T @ dout

    return p @ v, pullback


def scaled_queries(q, k, v, *, causal=False):
    """The scale goes to the queries; the softmax's sum is taken from the output: dout . out = sum(p * dp)."""
    scaled = q / q.shape[1] ** 0.5
    p = softmax(scaled @ k.T, causal)
    out = p @ v

    def pullback(dout):
        dscores = p * (dout @ v.T - (dout * out).sum(axis=1, keepdims=True))
        return dscores @ k / q.shape[1] ** 0.5, dscores.T @ scaled, p.T @ dout

    return out, pullback


def query_by_query(q, k, v, *, causal=False):
    scale = q.shape[1] ** -0.5
    rows = []
    for t, query in enumerate(q):
        seen = slice(0, t + 1) if causal else slice(None)
        scores = k[seen] @ query * scale
        e = np.exp(scores - scores.max())
        rows.append((seen, e / e.sum()))

    def pullback(dout):
        dq, dk, dv = np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)
        for t, (seen, p) in enumerate(rows):
            jacobian = np.diag(p) - np.outer(p, p)
            dscores = jacobian @ (v[seen] @ dout[t]) * scale
            dq[t] = dscores @ k[seen]
            dk[seen] += np.outer(dscores, q[t])
            dv[seen] += np.outer(p, dout[t])
        return dq, dk, dv

    return np.array([p @ v[seen] for seen, p in rows]), pullback


def einsum(q, k, v, *, causal=False):
    p = softmax(np.einsum("td,sd->ts", q, k) / np.sqrt(q.shape[-1]), causal)

    def pullback(dout):
        dp = np.einsum("te,se->ts", dout, v)
        dscores = (p * dp - p * np.einsum("ts,ts->t", p, dp)[:, None]) / np.sqrt(q.shape[-1])
        return (
            np.einsum("ts,sd->td", dscores, k),
            np.einsum("ts,td->sd", dscores, q),
            np.einsum("ts,te->se", p, dout),
        )

    return np.einsum("ts,se->te", p, v), pullback


def columns_first(q, k, v, *, causal=False):
    """Everything transposed, in Fortran order, scores by keys first; the mask as a number far below 0."""
    scores = np.asfortranarray(k @ q.T) / np.sqrt(q.shape[1])
    if causal:
        scores += np.where(np.tri(len(k), dtype=bool).T, 0, -1e300)
    scores -= scores.max(axis=0)
    p = np.exp(scores, out=scores)
    p /= p.sum(axis=0)

    def pullback(dout):
        d = v @ dout.T
        d -= (p * d).sum(axis=0)
        d *= p
        d /= np.sqrt(q.shape[1])
        return [(k.T @ d).T, d @ q, p @ dout]

    return (v.T @ p).T, pullback


RIGHT = [straight, scaled_queries, query_by_query, einsum, columns_first]
