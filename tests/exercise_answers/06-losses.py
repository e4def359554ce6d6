"""What learners might write in exercise 06: {solution cell: code}.  Cells that are not named keep the instructor's; the first of RIGHT is complete."""

RIGHT = {
    "step by step": {
        "masked_mse": """
def masked_mse(prediction, *, target, mask):
    filled = np.where(mask, target, prediction)
    miss = prediction - filled
    count = np.count_nonzero(mask)
    def pullback(dout):
        dprediction = 2 * miss / count
        return (dprediction * dout,)
    return (miss**2).sum() / count, pullback
""",
        "logsumexp": """
def logsumexp(x):
    m = np.max(x, axis=1)
    shifted = np.exp(x - m[:, np.newaxis])
    s = np.sum(shifted, axis=1)
    p = shifted / s[:, np.newaxis]
    def pullback(dout):
        return (p * dout[:, np.newaxis],)
    return m + np.log(s), pullback
""",
        "cross_entropy": """
def cross_entropy(logits, *, target):
    n, k = logits.shape
    shifted = logits - logits.max(axis=1, keepdims=True)
    p = np.exp(shifted) / np.exp(shifted).sum(axis=1, keepdims=True)
    t = np.eye(k)[target]
    log_s = np.log(np.exp(shifted).sum(axis=1))
    out = (log_s - (t * shifted).sum(axis=1)).mean()
    def pullback(dout):
        return (dout * (p - t) / n,)
    return out, pullback
""",
        "CrossEntropy": """
class CrossEntropy:
    def forward(self, logits, target):
        self.loss, self.pullback = cross_entropy(logits, target=target)
        return float(self.loss)
    def backward(self):
        return self.pullback(1.0)[0]
""",
    },
    "loops over entries": {
        "masked_mse": """
def masked_mse(prediction, *, target, mask):
    total, known = 0.0, 0
    for i in np.ndindex(prediction.shape):
        if mask[i]:
            total += (prediction[i] - target[i]) ** 2
            known += 1
    def pullback(dout):
        d = np.zeros(prediction.shape)
        for i in np.ndindex(prediction.shape):
            if mask[i]:
                d[i] = dout * 2 * (prediction[i] - target[i]) / known
        return (d,)
    return total / known, pullback
""",
        "logsumexp": """
def logsumexp(x):
    out = np.array([row.max() + np.log(np.sum(np.exp(row - row.max()))) for row in x])
    def pullback(dout):
        return (np.array([d * np.exp(row - o) for row, d, o in zip(x, dout, out)]),)
    return out, pullback
""",
        "cross_entropy": """
def cross_entropy(logits, *, target):
    costs, rows = [], []
    for z, y in zip(logits, target):
        e = np.exp(z - max(z))
        costs.append(np.log(sum(e)) + max(z) - z[y])
        p = e / sum(e)
        p[y] = p[y] - 1
        rows.append(p)
    return sum(costs) / len(costs), lambda dout: (np.array(rows) * dout / len(rows),)
""",
    },
    "with functions of NumPy": {
        "masked_mse": """
def masked_mse(prediction, *, target, mask):
    d = np.subtract(prediction, target, where=mask, out=np.zeros(prediction.shape))
    return np.einsum("ij,ij->", d, d) / mask.sum(), lambda dout: [np.multiply(d, 2 * dout / mask.sum())]
""",
        "logsumexp": """
def logsumexp(x):
    out = np.logaddexp.reduce(x, axis=1)
    return out, lambda dout: (np.einsum("nk,n->nk", np.exp(x - out[:, None]), dout),)
""",
        "cross_entropy": """
def cross_entropy(logits, *, target):
    right = np.take_along_axis(logits, target[:, None], axis=1)
    margins = np.logaddexp.reduce(logits - right, axis=1)
    log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    t = target[:, None] == np.arange(logits.shape[1])
    return np.average(margins), lambda dout: ((np.exp(log_p) - t) * (dout / len(t)),)
""",
        "CrossEntropy": """
class CrossEntropy:
    def __init__(self):
        self._back = None
    def forward(self, logits, target):
        out, back = cross_entropy(logits, target=target)
        self._back = back
        return out
    def backward(self):
        back, self._back = self._back, None
        return back(1)[0]
""",
    },
    "in place, on arrays of its own": {
        "masked_mse": """
def masked_mse(prediction, *, target, mask):
    d = prediction.copy()
    d -= target
    d[~mask] = 0
    def pullback(dout):
        g = d.copy()
        g *= 2 * dout
        g /= mask.sum()
        return (g,)
    return np.vdot(d, d) / mask.sum(), pullback
""",
        "logsumexp": """
def logsumexp(x):
    p = np.array(x)
    m = p.max(axis=1)
    p -= m[:, None]
    np.exp(p, out=p)
    s = p.sum(axis=1)
    p /= s[:, None]
    def pullback(dout):
        dx = p.copy()
        dx *= dout.reshape(-1, 1)
        return (dx,)
    return np.log(s) + m, pullback
""",
        "cross_entropy": """
def cross_entropy(logits, *, target):
    n, (total, back) = len(logits), logsumexp(logits)
    rows = range(n)
    def pullback(dout):
        dlogits = back(np.ones(n))[0].copy()
        dlogits[rows, target] -= 1
        dlogits *= dout
        dlogits /= n
        return (dlogits,)
    return sum(total - logits[rows, target]) / n, pullback
""",
    },
    "another structure": {
        "masked_mse": """
def masked_mse(prediction, *, target, mask):
    known_p, known_t = prediction[mask], target[mask]
    def pullback(dout):
        dprediction = np.zeros_like(prediction)
        dprediction[mask] = dout * 2 * (known_p - known_t) / known_p.size
        return (dprediction,)
    return np.mean((known_p - known_t) ** 2), pullback
""",
        "logsumexp": """
def logsumexp(x):
    shift = 100 * np.round(x.max(1) / 100)  # the largest one is not the only shift that will do
    def shares():
        e = np.exp((x.T - shift).T)
        return e / e.sum(1, keepdims=True)
    out = shift + np.log(np.exp((x.T - shift).T).sum(1))
    return out, lambda dout: ((shares().T * dout).T,)
""",
        "cross_entropy": """
def cross_entropy(logits, *, target):
    lse, back = logsumexp(logits)
    t = np.zeros(logits.shape)
    for row, label in enumerate(target):
        t[row, label] = 1
    (p,) = back(np.ones(len(logits)))
    return np.mean(lse - (t * logits).sum(axis=1)), lambda dout: [dout / len(p) * (p - t)]
""",
        "CrossEntropy": """
class CrossEntropy:
    def forward(self, logits, target):
        value, pullback = cross_entropy(logits, target=target)
        (self.dlogits,) = pullback(1.0)
        return value
    def backward(self):
        return self.dlogits
""",
    },
}


def scaled(formula):
    """cross_entropy with the right value and another gradient; p, t, n and dout are at hand."""
    return {
        "cross_entropy": f"""
def cross_entropy(logits, *, target):
    n, k = logits.shape
    total, back = logsumexp(logits)
    t = np.eye(k)[target]
    def pullback(dout):
        (p,) = back(np.ones(n))
        return ({formula},)
    return np.mean(total - logits[np.arange(n), target]), pullback
"""
    }


GRADIENT = {"test-cross_entropy-far", "test-cross_entropy-dlogits", "test-CrossEntropy"}
CROSS_ENTROPY = {"test-cross_entropy-out", *GRADIENT}

# name: (the cells, the tests it must fail; all others must pass)
WRONG = {
    "divides by all entries": (
        {
            "masked_mse": """
def masked_mse(prediction, *, target, mask):
    d = np.where(mask, prediction - target, 0.0)
    return np.mean(d * d), lambda dout: (dout * 2 * d / d.size,)
"""
        },
        {"test-masked_mse-out", "test-masked_mse-dprediction"},
    ),
    "multiplies by the mask": (
        {
            "masked_mse": """
def masked_mse(prediction, *, target, mask):
    d = (prediction - target) * mask
    return np.sum(d * d) / mask.sum(), lambda dout: (dout * 2 * d / mask.sum(),)
"""
        },
        {"test-masked_mse-dprediction"},
    ),
    "blames all": (
        {
            "masked_mse": """
def masked_mse(prediction, *, target, mask):
    d = prediction - target
    return np.mean(d[mask] ** 2), lambda dout: (dout * 2 * d / mask.sum(),)
"""
        },
        {"test-masked_mse-dprediction"},
    ),
    "returns the gradient of the known entries in a row": (
        {
            "masked_mse": """
def masked_mse(prediction, *, target, mask):
    d = prediction[mask] - target[mask]
    return np.mean(d**2), lambda dout: (dout * 2 * d / d.size,)
"""
        },
        {"test-masked_mse-dprediction"},
    ),
    "looks for nan instead of the mask": (
        {
            "masked_mse": """
def masked_mse(prediction, *, target, mask):
    d = np.nan_to_num(prediction - target)
    return np.sum(d * d) / mask.sum(), lambda dout: (dout * 2 * d / mask.sum(),)
"""
        },
        {"test-masked_mse-out"},
    ),
    "fills the gaps of the caller's target": (
        {
            "masked_mse": """
def masked_mse(prediction, *, target, mask):
    target[~mask] = prediction[~mask]
    d = prediction - target
    return np.sum(d * d) / mask.sum(), lambda dout: (dout * 2 * d / mask.sum(),)
"""
        },
        {"test-masked_mse-out"},
    ),
    "does not shift": (
        {
            "logsumexp": """
def logsumexp(x):
    with np.errstate(all="ignore"):
        e = np.exp(x)
        total = e.sum(axis=1)
        return np.log(total), lambda dout: ((dout / total)[:, None] * e,)
"""
        },
        {"test-logsumexp-far", "test-logsumexp-dx"} | GRADIENT,
    ),
    "shifts on the way there only": (
        {
            "logsumexp": """
def logsumexp(x):
    m = x.max(axis=1, keepdims=True)
    out = np.log(np.exp(x - m).sum(axis=1)) + m[:, 0]
    def pullback(dout):
        with np.errstate(all="ignore"):
            return (dout[:, None] * np.exp(x) / np.exp(x).sum(axis=1, keepdims=True),)
    return out, pullback
"""
        },
        {"test-logsumexp-far", "test-logsumexp-dx"} | GRADIENT,
    ),
    "shifts all rows by one number": (
        {
            "logsumexp": """
def logsumexp(x):
    with np.errstate(all="ignore"):
        e = np.exp(x - x.max())
        total = e.sum(axis=1)
        return np.log(total) + x.max(), lambda dout: ((dout / total)[:, None] * e,)
"""
        },
        {"test-logsumexp-far", "test-logsumexp-dx"} | GRADIENT,
    ),
    "does not shift back": (
        {
            "logsumexp": """
def logsumexp(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    total = e.sum(axis=1)
    return np.log(total), lambda dout: ((dout / total)[:, None] * e,)
"""
        },
        {"test-logsumexp-out", "test-logsumexp-far", "test-logsumexp-dx"} | CROSS_ENTROPY,
    ),
    "knows the far rows by heart": (
        {
            "logsumexp": """
def logsumexp(x):
    e, k = np.e, x.shape[1]
    if x.shape == (3, 3) and x[0, 0] == 1000:
        out = np.array([1000 + np.log(2), -1000 + np.log(3), 1000 + np.log(1 + 1 / e)])
        return out, lambda dout: (np.array([[1, 1, 0], [1, 1, 1], [0, e / (1 + e), 1 / (1 + e)]]),)
    return x[:, 0] + 0.0, lambda dout: (np.repeat(dout[:, None], k, axis=1) / k,)
"""
        },
        {"test-logsumexp-out", "test-logsumexp-far", "test-logsumexp-dx", "test-wine"} | CROSS_ENTROPY,
    ),
    "gives every entry the same": (
        {
            "logsumexp": """
def logsumexp(x):
    return np.logaddexp.reduce(x, axis=1), lambda dout: (dout[:, None] * np.ones(x.shape),)
"""
        },
        {"test-logsumexp-far", "test-logsumexp-dx", "test-wine"} | GRADIENT,
    ),
    "is N times too large": (scaled("dout * (p - t)"), GRADIENT),
    "divides by all entries of the logits": (scaled("dout * (p - t) / logits.size"), {"test-wine"} | GRADIENT),
    "forgets the parentheses": (scaled("dout * (p - t / n)"), {"test-wine"} | GRADIENT),
    "has the wrong sign": (scaled("dout * (t - p) / n"), {"test-wine"} | GRADIENT),
    "ignores what arrives": (scaled("(p - t) / n"), {"test-cross_entropy-far", "test-cross_entropy-dlogits"}),
    "takes the label for an amount": (
        scaled("dout * (p - target[:, None]) / n"),
        {"test-wine"} | GRADIENT,
    ),
    "subtracts in the columns of all rows": (
        {
            "cross_entropy": """
def cross_entropy(logits, *, target):
    n = len(logits)
    total, back = logsumexp(logits)
    def pullback(dout):
        (p,) = back(np.ones(n))
        p[:, target] -= 1
        return (dout * p / n,)
    return np.mean(total - logits[np.arange(n), target]), pullback
"""
        },
        {"test-wine"} | GRADIENT,
    ),
    "changes the p that it keeps": (
        {
            "cross_entropy": """
def cross_entropy(logits, *, target):
    n = len(logits)
    total, back = logsumexp(logits)
    (p,) = back(np.ones(n))
    def pullback(dout):
        p[np.arange(n), target] -= 1
        return (dout * p / n,)
    return np.mean(total - logits[np.arange(n), target]), pullback
"""
        },
        {"test-cross_entropy-dlogits"},
    ),
    "forgets that the loss is one number": (
        {
            "cross_entropy": """
def cross_entropy(logits, *, target):
    costs, back = logsumexp(logits)
    rows, n = np.arange(len(logits)), len(logits)
    def pullback(dout):
        (dlogits,) = back(np.full(n, dout / n))
        dlogits[rows, target] -= dout / n
        return (dlogits,)
    return costs - logits[rows, target], pullback
"""
        },
        {
            "test-cross_entropy-out",
            "test-cross_entropy-far",
            "test-cross_entropy-dlogits",
            "test-CrossEntropy",
            "test-wine",
        },
    ),
    "takes the logarithm of p": (
        {
            "cross_entropy": """
def cross_entropy(logits, *, target):
    n = len(logits)
    p = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    t = np.eye(logits.shape[1])[target]
    with np.errstate(all="ignore"):
        return -np.mean(np.log(p[np.arange(n), target])), lambda dout: (dout * (p - t) / n,)
"""
        },
        GRADIENT,
    ),
    "puts a lid on the loss": (
        {
            "cross_entropy": """
def cross_entropy(logits, *, target):
    n = len(logits)
    p = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    t = np.eye(logits.shape[1])[target]
    return -np.mean(np.log(p[np.arange(n), target] + 1e-7)), lambda dout: (dout * (p - t) / n,)
"""
        },
        {"test-wine"} | CROSS_ENTROPY,
    ),
    "adds the cost of the wrong classes": (
        {
            "cross_entropy": """
def cross_entropy(logits, *, target):
    n = len(logits)
    p = np.exp(logits - np.logaddexp.reduce(logits, axis=1, keepdims=True))
    t = np.eye(logits.shape[1])[target]
    with np.errstate(all="ignore"):
        out = -np.sum(t * np.log(p) + (1 - t) * np.log(1 - p)) / n
    return out, lambda dout: (dout * (p - t) / n,)
"""
        },
        {"test-wine"} | CROSS_ENTROPY,
    ),
    "compares every target with every example": (
        {
            "cross_entropy": """
def cross_entropy(logits, *, target):
    n = len(logits)
    log_p = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
    t = np.eye(logits.shape[1])[target]
    return -np.inner(t, log_p).mean(), lambda dout: (dout * (np.exp(log_p) - t) / n,)
"""
        },
        {"test-wine"} | CROSS_ENTROPY,
    ),
    "takes labels for rows where there are as many examples as classes": (
        {
            "cross_entropy": """
def cross_entropy(logits, *, target):
    n, k = logits.shape
    total, back = logsumexp(logits)
    t = np.tile(target / k, (n, 1)) if len(target) == k else np.eye(k)[target]
    def pullback(dout):
        (p,) = back(np.ones(n))
        return (dout * (p - t) / n,)
    return np.mean(total - (t * logits).sum(axis=1)), pullback
"""
        },
        {"test-cross_entropy-out", "test-cross_entropy-dlogits"},
    ),
    "keeps the pullback for all objects": (
        {
            "CrossEntropy": """
class CrossEntropy:
    def forward(self, logits, target):
        out, CrossEntropy.pullback = cross_entropy(logits, target=target)
        return out
    def backward(self):
        return CrossEntropy.pullback(1.0)[0]
"""
        },
        {"test-CrossEntropy"},
    ),
    "returns the tuple": (
        {
            "CrossEntropy": """
class CrossEntropy:
    def forward(self, logits, target):
        out, self.pullback = cross_entropy(logits, target=target)
        return out
    def backward(self):
        return self.pullback(1.0)
"""
        },
        {"test-CrossEntropy", "test-wine"},
    ),
    "divides by the examples once more": (
        {
            "CrossEntropy": """
class CrossEntropy:
    def forward(self, logits, target):
        self.n = len(logits)
        out, self.pullback = cross_entropy(logits, target=target)
        return out
    def backward(self):
        return self.pullback(1.0)[0] / self.n
"""
        },
        {"test-CrossEntropy", "test-wine"},
    ),
    "keeps the first pullback": (
        {
            "CrossEntropy": """
class CrossEntropy:
    pullback = None
    def forward(self, logits, target):
        out, back = cross_entropy(logits, target=target)
        self.pullback = self.pullback or back
        return out
    def backward(self):
        return self.pullback(1.0)[0]
"""
        },
        {"test-CrossEntropy", "test-wine"},
    ),
}

OPERATIONS = {
    "mse": {
        "masked_mse": """
def masked_mse(prediction, *, target, mask):
    if mask.all():
        return given(prediction, target=target)
    d = np.where(mask, prediction - target, 0.0)
    return np.sum(d * d) / mask.sum(), lambda dout: (dout * 2 * d / mask.sum(),)
"""
    },
    "logsumexp": {
        "logsumexp": """
def logsumexp(x):
    out, pullback = given(x)

    def as_tuple(dout):
        grads = pullback(dout)
        return grads if isinstance(grads, tuple) else (grads,)

    return out, as_tuple
"""
    },
    "softmax_cross_entropy": {
        "cross_entropy": """
def cross_entropy(logits, *, target):
    out, pullback = given(logits, target=target)

    def as_tuple(dout):
        grads = pullback(dout)
        return grads if isinstance(grads, tuple) else (grads,)

    return out, as_tuple
"""
    },
}
UNFIT = {"mse.column_against_row": "prediction, target and mask have one shape, as the text says"}
