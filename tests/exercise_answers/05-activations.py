"""What learners might write in exercise 05: {solution cell: code}.  Cells that are not named keep the instructor's; the first of RIGHT is complete."""

RIGHT = {
    "step by step": {
        "sigmoid": """
def sigmoid(x):
    e = np.exp(-np.abs(x))
    positive = 1 / (1 + e)
    negative = e / (1 + e)
    s = np.where(x >= 0, positive, negative)
    def pullback(dout):
        slope = s * (1 - s)
        return (dout * slope,)
    return s, pullback
""",
        "relu": """
def relu(x):
    mask = x > 0
    out = np.where(mask, x, 0.0)
    def pullback(dout):
        return (np.where(mask, dout, 0.0),)
    return out, pullback
""",
        "he": """
def he(D, M, *, rng):
    s = np.sqrt(2 / D)
    return rng.normal(loc=0, scale=s, size=(D, M))
""",
        "dead_share": """
def dead_share(z):
    passes = z > 0
    alive = passes.any(axis=0)
    return 1 - alive.sum() / len(alive)
""",
        "two_layers": """
def two_layers(activation, start, width, *, rng):
    W1 = start(2, width, rng=rng)
    W2 = start(width, 1, rng=rng)
    first, bend, second = Dense(W1), Layer(), Dense(W2)
    bend.op = activation
    net = Sequential(first, bend, second)
    return net
""",
    },
    "loops over entries": {
        "sigmoid": """
import math

def sigmoid(x):
    s = np.zeros(x.shape)
    for i in np.ndindex(x.shape):
        if x[i] >= 0:
            s[i] = 1 / (1 + math.exp(-x[i]))
        else:
            s[i] = math.exp(x[i]) / (math.exp(x[i]) + 1)
    def pullback(dout):
        dx = np.zeros(x.shape)
        for i in np.ndindex(x.shape):
            dx[i] = dout[i] * s[i] * (1 - s[i])
        return (dx,)
    return s, pullback
""",
        "relu": """
def relu(x):
    out = np.array([max(v, 0.0) for v in x.ravel()]).reshape(x.shape)
    def pullback(dout):
        dx = np.zeros(x.shape)
        for i in np.ndindex(x.shape):
            if x[i] > 0:
                dx[i] = dout[i]
        return (dx,)
    return out, pullback
""",
        "he": """
def he(D, M, *, rng):
    W = np.empty((D, M))
    for j in range(M):
        W[:, j] = rng.standard_normal(D) / (D / 2) ** 0.5
    return W
""",
        "dead_share": """
def dead_share(z):
    dead = 0
    for column in z.T:
        if max(column) <= 0:
            dead += 1
    return dead / len(z.T)
""",
    },
    "with other functions": {
        "sigmoid": """
def sigmoid(x):
    t = np.tanh(x / 2)
    return (1 + t) / 2, lambda dout: [dout * (1 - t**2) / 4]
""",
        "relu": "relu = lambda x: (x.clip(min=0), lambda dout: (dout * np.heaviside(x, 0),))",
        "he": """
def he(D, M, *, rng):
    return rng.normal(0, (2 / D) ** 0.5, D * M).reshape(D, M)
""",
        "dead_share": "def dead_share(z):\n    return float((np.amax(z, axis=0) <= 0).mean())\n",
        "two_layers": """
class Bend(Layer):
    def __init__(self, op):
        self.op = op

def two_layers(activation, start, width, *, rng):
    return Sequential(Dense(start(2, width, rng=rng)), Bend(activation), Dense(start(width, 1, rng=rng)))
""",
    },
    "in place, on arrays of its own": {
        "sigmoid": """
def sigmoid(x):
    s = np.empty(x.shape)
    right = x >= 0
    s[right] = 1 / (1 + np.exp(-x[right]))
    e = np.exp(x[~right])
    s[~right] = e / (1 + e)
    def pullback(dout):
        dx = 1 - s
        dx *= s
        dx *= dout
        return (dx,)
    return s, pullback
""",
        "relu": """
def relu(x):
    out = x.copy()
    out[out < 0] = 0
    def pullback(dout):
        dx = dout.copy()
        dx[out == 0] = 0
        return (dx,)
    return out, pullback
""",
        "he": """
def he(D, M, *, rng):
    W = rng.normal(size=(M, D)).T.copy()
    W *= np.sqrt(2)
    W /= np.sqrt(D)
    return W
""",
        "dead_share": """
def dead_share(z):
    out, _ = relu(z)
    return np.mean(out.sum(axis=0) == 0)
""",
    },
    "a layer of its own": {
        "two_layers": """
class Net(Layer):
    def __init__(self, activation, W1, W2):
        self.activation, self.below, self.above = activation, Dense(W1), Dense(W2)
        self.params = self.below.params + self.above.params

    def forward(self, x):
        h, self.back = self.activation(self.below.forward(x))
        return self.above.forward(h)

    def backward(self, dout):
        return self.below.backward(*self.back(self.above.backward(dout)))

def two_layers(activation, start, width, *, rng):
    return Net(activation, start(2, width, rng=rng), start(width, 1, rng=rng))
""",
        "sigmoid": """
def sigmoid(x):
    s, other = np.exp(-np.logaddexp(0, -x)), np.exp(-np.logaddexp(0, x))
    return s, lambda dout: (dout * s * other,)
""",
        "relu": """
def relu(x):
    out = np.fmax(x, np.zeros_like(x))
    return out, lambda dout: tuple([np.multiply(dout, np.sign(out))])
""",
    },
}

SIGMOID = {"test-sigmoid-out", "test-sigmoid-far", "test-sigmoid-dx"}
DRAWS = {"test-he-statistics", "test-he-climb"}

# name: (the cells, the tests it must fail; all others must pass)
WRONG = {
    "types the formula as it stands, and silences the warning": (
        {
            "sigmoid": """
import warnings

def sigmoid(x):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        s = 1 / (1 + np.exp(-x))
    return s, lambda dout: (dout * s * (1 - s),)
"""
        },
        {"test-sigmoid-far"},
    ),
    "computes both forms everywhere": (
        {
            "sigmoid": """
import warnings

def sigmoid(x):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        s = np.where(x >= 0, 1 / (1 + np.exp(-x)), np.exp(x) / (1 + np.exp(x)))
    return s, lambda dout: (dout * s * (1 - s),)
"""
        },
        {"test-sigmoid-far"},
    ),
    "has changed the sides": (
        {
            "sigmoid": """
def sigmoid(x):
    e = np.exp(-np.abs(x))
    s = np.where(x >= 0, e, 1) / (1 + e)
    return s, lambda dout: (dout * s * (1 - s),)
"""
        },
        SIGMOID | {"test-learn-sigmoid"},
    ),
    "cuts its input off, in place": (
        {
            "sigmoid": """
def sigmoid(x):
    x[x < -500] = -500
    out = 1 / (1 + np.exp(-x))
    return out, lambda dout: (dout * out * (1 - out),)
"""
        },
        {"test-sigmoid-far"},
    ),
    "takes the slope at the input": (
        {
            "sigmoid": """
def sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x >= 0, 1, e) / (1 + e), lambda dout: (dout * x * (1 - x),)
"""
        },
        {"test-sigmoid-far", "test-sigmoid-dx", "test-learn-sigmoid"},
    ),
    "forgets the parentheses": (
        {
            "sigmoid": """
def sigmoid(x):
    e = np.exp(-np.abs(x))
    s = np.where(x >= 0, 1, e) / (1 + e)
    return s, lambda dout: (dout * s * 1 - s,)
"""
        },
        {"test-sigmoid-far", "test-sigmoid-dx", "test-learn-sigmoid"},
    ),
    "multiplies by the mask": (
        {
            "relu": """
def relu(x):
    with np.errstate(invalid="ignore"):
        return x * (x > 0), lambda dout: (dout * (x > 0),)
"""
        },
        {"test-relu-out"},
    ),
    "has slope 1 at 0": (
        {"relu": "def relu(x):\n    return np.maximum(x, 0), lambda dout: (dout * (x >= 0),)\n"},
        {"test-relu-dx"},
    ),
    "rounds the share to single precision": (
        {"dead_share": "def dead_share(z):\n    return np.float32(np.mean((z <= 0).all(axis=0)))\n"},
        {"test-dead_share"},
    ),
    "asks the output": (
        {
            "relu": """
def relu(x):
    out = np.maximum(x, 0)
    return out, lambda dout: (dout * (out >= 0),)
"""
        },
        {"test-relu-dx", "test-learn-relu"},
    ),
    "asks what arrives": (
        {"relu": "def relu(x):\n    return np.maximum(x, 0), lambda dout: (np.maximum(dout, 0),)\n"},
        {"test-relu-dx", "test-learn-relu"},
    ),
    "overwrites what arrives": (
        {
            "relu": """
def relu(x):
    def pullback(dout):
        dout[x <= 0] = 0
        return (dout,)
    return np.maximum(x, 0), pullback
"""
        },
        {"test-relu-dx"},
    ),
    "takes the variance for the deviation": (
        {"he": "def he(D, M, *, rng):\n    return rng.normal(scale=2 / D, size=(D, M))\n"},
        DRAWS,
    ),
    "counts all the weights": (
        {"he": "def he(D, M, *, rng):\n    return rng.normal(scale=np.sqrt(2 / (D * M)), size=(D, M))\n"},
        DRAWS,
    ),
    "forgets the 2": (
        {"he": "def he(D, M, *, rng):\n    return rng.normal(scale=np.sqrt(1 / D), size=(D, M))\n"},
        DRAWS,
    ),
    "takes Glorot's compromise": (
        {"he": "def he(D, M, *, rng):\n    return rng.normal(scale=np.sqrt(2 / (D + M)), size=(D, M))\n"},
        DRAWS,
    ),
    "draws evenly": (
        {"he": "def he(D, M, *, rng):\n    return rng.uniform(-1, 1, size=(D, M)) * np.sqrt(6 / D)\n"},
        {"test-he-statistics"},
    ),
    "gives each two units the same weights": (
        {
            "he": """
def he(D, M, *, rng):
    W = rng.normal(scale=np.sqrt(2 / D), size=(D, (M + 1) // 2))
    return np.repeat(W, 2, axis=1)[:, :M]
"""
        },
        {"test-he-statistics"},
    ),
    "makes a generator of its own": (
        {
            "he": "def he(D, M, *, rng):\n    return np.random.default_rng(0).normal(scale=np.sqrt(2 / D), size=(D, M))\n"
        },
        {"test-he-rng"},
    ),
    "ignores the generator": (
        {"he": "def he(D, M, *, rng):\n    return np.random.default_rng().normal(scale=np.sqrt(2 / D), size=(D, M))\n"},
        {"test-he-rng"},
    ),
    "makes no weights": (
        {"he": "def he(D, M, *, rng):\n    return np.zeros(0)\n"},
        {"test-he-rng", "test-learn-relu", "test-learn-sigmoid"} | DRAWS,
    ),
    "counts entries": (
        {"dead_share": "def dead_share(z):\n    return np.mean(z <= 0)\n"},
        {"test-dead_share"},
    ),
    "asks the examples": (
        {"dead_share": "def dead_share(z):\n    return np.mean((z <= 0).all(axis=1))\n"},
        {"test-dead_share"},
    ),
    "leaves out zeros": (
        {"dead_share": "def dead_share(z):\n    return np.mean((z < 0).all(axis=0))\n"},
        {"test-dead_share"},
    ),
    "counts the units, and not their share": (
        {"dead_share": "def dead_share(z):\n    return np.sum((z <= 0).all(axis=0))\n"},
        {"test-dead_share"},
    ),
    "has no bend": (
        {
            "two_layers": """
def two_layers(activation, start, width, *, rng):
    return Sequential(Dense(start(2, width, rng=rng)), Dense(start(width, 1, rng=rng)))
"""
        },
        {"test-two_layers", "test-learn-relu", "test-learn-sigmoid"},
    ),
    "has relu built in": (
        {
            "two_layers": """
def two_layers(activation, start, width, *, rng):
    bend = Layer()
    bend.op = relu
    return Sequential(Dense(start(2, width, rng=rng)), bend, Dense(start(width, 1, rng=rng)))
"""
        },
        {"test-two_layers"},
    ),
    "has he built in": (
        {
            "two_layers": """
def two_layers(activation, start, width, *, rng):
    bend = Layer()
    bend.op = activation
    return Sequential(Dense(he(2, width, rng=rng)), bend, Dense(he(width, 1, rng=rng)))
"""
        },
        {"test-two_layers"},
    ),
    "bends at the end, too": (
        {
            "two_layers": """
def two_layers(activation, start, width, *, rng):
    bend, end = Layer(), Layer()
    bend.op = end.op = activation
    return Sequential(Dense(start(2, width, rng=rng)), bend, Dense(start(width, 1, rng=rng)), end)
"""
        },
        {"test-two_layers", "test-learn-relu", "test-learn-sigmoid"},
    ),
    "calls the activation": (
        {
            "two_layers": """
def two_layers(activation, start, width, *, rng):
    bend = Layer()
    bend.op, _ = activation(np.zeros((1, width)))
    return Sequential(Dense(start(2, width, rng=rng)), bend, Dense(start(width, 1, rng=rng)))
"""
        },
        {"test-two_layers", "test-learn-relu", "test-learn-sigmoid"},
    ),
}


def in_a_tuple(name):
    """The version under this name; a gradient that it returns as a bare array, a layer could not use."""
    return {
        name: f"""
def {name}(x):
    out, pullback = given(x)

    def as_tuple(dout):
        grads = pullback(dout)
        return grads if isinstance(grads, tuple) else (grads,)

    return out, as_tuple
"""
    }


OPERATIONS = {"sigmoid": in_a_tuple("sigmoid"), "relu": in_a_tuple("relu")}

UNFIT = {
    "sigmoid.textbook": "it overflows at -1000, and the task is to write one that does not",
    "relu.with_slope_one_at_zero": "the task asks for the slope 0 at 0",
    "relu.by_absolute_value": "at minus infinity it adds infinity to minus infinity; the task asks for 0 there",
    "relu.times_a_mask": "at minus infinity it multiplies infinity by 0; the task asks for 0 there",
}
