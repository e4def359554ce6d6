"""Primitives on sequences: embedding, one step of a recurrent network, attention. The contract is that of `ops`.

A recurrent network applies one step to every element of a sequence, with the same weights; the state h that a step
returns is an input of the next. The gates of one cell stand side by side in Wx, Wh and b, H columns each, so that
all of them take two matrix products.
"""

import numpy as np

from .shapes import ShapeError, primitive, sum_rows


@primitive("V D")
def embedding(W, *, ids):
    """A row of W for every id.  W (V, D), ids of any shape (...), whole numbers in 0..V-1 -> (..., D)."""
    ids = _ids(ids, len(W))

    def pullback(dout):
        dW = np.zeros_like(W)
        np.add.at(dW, ids, dout)  # an id that comes twice gets the sum of both gradients
        return (dW,)

    return W[ids], pullback


# ---- one step of a recurrent network -----------------------------------------------------------------


@primitive("N D, N H, D H, H H, H")
def rnn_step(x, h, Wx, Wh, b):
    """h' = tanh(x Wx + h Wh + b).  x (N, D), h (N, H), Wx (D, H), Wh (H, H), b (H,) -> (N, H).  (Elman 1990)"""
    out = np.tanh(x @ Wx + h @ Wh + b)

    def pullback(dout):
        dz = dout * (1 - out * out)
        return dz @ Wx.T, dz @ Wh.T, x.T @ dz, h.T @ dz, sum_rows(dz)

    return out, pullback


@primitive("N D, N H, N H, D G, H G, G")
def lstm_step(x, h, c, Wx, Wh, b):
    """c' = f c + i g and h' = o tanh(c'), the gates i, f, o and the candidate g from x Wx + h Wh + b.

    x (N, D), h, c (N, H), Wx (D, 4H), Wh (H, 4H), b (4H,) -> the pair h', c' (N, H), and the pullback takes the
    pair dh', dc'. Blocks of columns in the order i, f, g, o, as in PyTorch; i, f, o through a sigmoid, g through
    tanh.  (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000)
    """
    _check_blocks("lstm_step", 4, h, b)
    z = x @ Wx + h @ Wh + b
    i, f, g, o = np.split(z, 4, axis=1)
    i, f, g, o = _sigmoid(i), _sigmoid(f), np.tanh(g), _sigmoid(o)
    c_next = f * c + i * g
    t = np.tanh(c_next)

    def pullback(dout):
        dh, dc = dout
        dc = dc + dh * o * (1 - t * t)
        dz = np.hstack([dc * g * i * (1 - i), dc * c * f * (1 - f), dc * i * (1 - g * g), dh * t * o * (1 - o)])
        return dz @ Wx.T, dz @ Wh.T, dc * f, x.T @ dz, h.T @ dz, sum_rows(dz)

    return (o * t, c_next), pullback


@primitive("N D, N H, D G, H G, G")
def gru_step(x, h, Wx, Wh, b):
    """h' = (1 - z) n + z h, with the gates r, z and the candidate n = tanh(x Wx_n + r (h Wh_n) + b_n).

    x (N, D), h (N, H), Wx (D, 3H), Wh (H, 3H), b (3H,) -> (N, H). Blocks of columns in the order r, z, n; r and z
    are sigmoids of x Wx + h Wh + b. The reset gate r acts after the product with Wh_n, as in PyTorch and cuDNN, not
    on h before it.  (Cho et al. 2014, arXiv 1406.1078v1)
    """
    _check_blocks("gru_step", 3, h, b)
    from_x, from_h = x @ Wx + b, h @ Wh
    (xr, xz, xn), (hr, hz, hn) = np.split(from_x, 3, axis=1), np.split(from_h, 3, axis=1)
    r, z = _sigmoid(xr + hr), _sigmoid(xz + hz)
    n = np.tanh(xn + r * hn)

    def pullback(dout):
        dn = dout * (1 - z) * (1 - n * n)
        dr, dz = dn * hn * r * (1 - r), dout * (h - n) * z * (1 - z)
        dx, dh = np.hstack([dr, dz, dn]), np.hstack([dr, dz, dn * r])
        return dx @ Wx.T, dh @ Wh.T + dout * z, x.T @ dx, h.T @ dh, sum_rows(dx)

    return (1 - z) * n + z * h, pullback


# ---- attention ---------------------------------------------------------------------------------------


@primitive("... T D, ... S D, ... S V")
def attention(q, k, v, *, causal=False):
    """softmax(q k^T / sqrt(D)) v: every query gets a mean of the values, weighted by how well its key fits.

    q (..., T, D), k (..., S, D), v (..., S, V) -> (..., T, V), for any leading axes (batch, heads). causal: step t
    sees the steps 0..t only; T = S.  (Vaswani et al. 2017, equation 1)
    """
    scale = q.shape[-1] ** -0.5  # Python's float, which leaves float32 what it is
    scores = q @ _swap(k) * scale
    if causal:
        scores = np.where(_past(q, k), scores, -np.inf)
    e = np.exp(scores - scores.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)

    def pullback(dout):
        dp = dout @ _swap(v)
        dscores = p * (dp - (p * dp).sum(axis=-1, keepdims=True)) * scale
        return dscores @ k, _swap(dscores) @ q, _swap(p) @ dout

    return p @ v, pullback


# ---- small parts -------------------------------------------------------------------------------------


def _sigmoid(x):
    return 0.5 + 0.5 * np.tanh(0.5 * x)  # never overflows


def _swap(a):
    return a.swapaxes(-1, -2)


def _past(q, k):
    """True where step t (row) may look at step s (column): s <= t."""
    steps, keys = q.shape[-2], k.shape[-2]
    if steps != keys:
        raise ShapeError(
            f"attention(q, k, v, causal=True): q has T = {steps} steps, but k has S = {keys}; "
            "looking back needs queries and keys of the same steps"
        )
    return np.tri(steps, dtype=bool)


def _check_blocks(call, n, h, b):
    width = h.shape[1]
    if len(b) != n * width:
        raise ShapeError(
            f"{call}: h has H = {width} units, so Wx, Wh and b need {n} blocks of {width} = {n * width} columns; "
            f"b has {len(b)}"
        )


def _ids(ids, n):
    ids = np.asarray(ids)
    if ids.dtype.kind not in "iu":
        raise TypeError(f"embedding(W, ids): ids are an array of {ids.dtype}; give whole numbers, the rows of W")
    wrong = ids[(ids < 0) | (ids >= n)]
    if wrong.size:
        raise ValueError(f"embedding(W, ids): id {wrong[0]} is not a row of W: its V = {n} rows are 0 to {n - 1}")
    return ids
