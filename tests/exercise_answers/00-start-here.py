"""What learners might write in exercise 00: {solution cell: code}.  Cells that are not named keep the instructor's; the first of RIGHT is complete."""

RIGHT = {
    "whole arrays": {
        "diagnosis": 'def diagnosis():\n    return "b", -1\n',
        "mse_value": """
def mse_value(prediction, target):
    return float(((prediction - target) ** 2).mean())
""",
        "mse": """
def mse(prediction, *, target):
    miss = target - prediction
    scale = -2 / np.prod(prediction.shape)

    def pullback(dout):
        dprediction = scale * miss
        return (dprediction * dout,)

    return np.average(np.square(miss)), pullback
""",
        "fit_line": """
def fit_line(x, y, *, lr, steps):
    line = Affine(1, 1, rng=np.random.default_rng(0))
    line.W.data = np.zeros((1, 1))
    optimizer = SGD(line.params, lr=lr)
    losses = []
    for _ in range(steps):
        optimizer.zero_grad()
        loss, pullback = mse(line.forward(x), target=y)
        (dprediction,) = pullback(1.0)
        line.backward(dprediction)
        optimizer.step()
        losses.append(loss)
    return line.W.data, line.b.data, np.array(losses)
""",
    },
    "loops over entries": {
        "diagnosis": """
def diagnosis():
    argument = "b"
    factor = -0.738948 / 0.738948
    return argument, factor
""",
        "mse_value": """
def mse_value(prediction, target):
    total = 0
    for row in range(len(prediction)):
        for column in range(len(prediction[row])):
            total += (prediction[row, column] - target[row, column]) ** 2
    return total / (len(prediction) * len(prediction[0]))
""",
        "mse": """
def mse(prediction, *, target):
    def pullback(dout):
        gradient = np.zeros(prediction.shape)
        for i in np.ndindex(gradient.shape):
            gradient[i] = 2 * (prediction[i] - target[i]) / gradient.size * dout
        return (gradient,)

    return mse_value(prediction, target), pullback
""",
        "fit_line": """
def fit_line(x, y, *, lr, steps):
    line = Affine(1, 1, rng=np.random.default_rng(0))
    line.W.data = np.zeros((1, 1))
    losses = []
    for _ in range(steps):
        prediction = line.forward(x)
        loss, pullback = mse(prediction, target=y)
        losses = losses + [loss]
        line.W.grad, line.b.grad = np.zeros((1, 1)), np.zeros(1)
        line.backward(pullback(1.0)[0])
        line.W.data = line.W.data - lr * line.W.grad
        line.b.data = line.b.data - lr * line.b.grad
    return line.W.data, line.b.data, np.array(losses)
""",
    },
    "linear algebra, a bare array": {
        "diagnosis": 'diagnosis = lambda: ("b", np.float64(-1.0))',
        "mse_value": """
def mse_value(prediction, target):
    d = np.ravel(prediction - target)
    return d @ d / len(d)
""",
        "mse": """
def mse(prediction, *, target):
    d = prediction - target
    return np.einsum("ij,ij->", d, d) / d.size, lambda dout: np.multiply(dout, d) / (0.5 * d.size)
""",
        "fit_line": """
def fit_line(x, y, *, lr, steps):
    line = Affine(1, 1, rng=np.random.default_rng(0))
    line.W.data = np.zeros((1, 1))
    optimizer = SGD(line.params, lr=lr)
    losses = []
    for _ in range(steps):
        p = line.forward(x)
        loss, pullback = mse(p, target=y)
        line.backward(pullback(1))
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss)
    return line.W.data, line.b.data, np.array(losses)
""",
    },
    "in place, on arrays of its own": {
        "diagnosis": 'def diagnosis():\n    return ("b", -1.0)\n',
        "mse_value": """
def mse_value(prediction, target):
    d = prediction.copy()
    d -= target
    d *= d
    return d.sum() / d.size
""",
        "mse": """
def mse(prediction, *, target):
    d = np.array(prediction)
    d -= target

    def pullback(dout):
        g = d.copy()
        g *= 2 * dout
        g /= g.size
        return [g]

    return mse_value(prediction, target), lambda dout: tuple(pullback(dout))
""",
    },
    "the square multiplied out": {
        "diagnosis": 'def diagnosis():\n    return "b", -(1.0)\n',
        "mse_value": """
def mse_value(prediction, target):
    return np.mean(prediction**2 - 2 * prediction * target + target**2)
""",
        "mse": """
def mse(prediction, *, target):
    d = np.asfortranarray(prediction) - target
    return mse_value(prediction, target), lambda dout: (dout * (d + d) * (1 / d.size),)
""",
    },
}

# name: (the cells, the tests it must fail; all others must pass)
WRONG = {
    "loses the factor 2": (
        {
            "mse": """
def mse(prediction, *, target):
    d = prediction - target
    return np.mean(d * d), lambda dout: (dout * d / d.size,)
"""
        },
        {"test-mse-dprediction", "test-fit_line-step"},
    ),
    "names the other argument": (
        {"diagnosis": 'def diagnosis():\n    return "w", -1\n'},
        {"test-diagnosis"},
    ),
    "says the factor the wrong way": (
        {"diagnosis": 'def diagnosis():\n    return "b", 2\n'},
        {"test-diagnosis"},
    ),
    "gives the factor as a word": (
        {"diagnosis": 'def diagnosis():\n    return "b", "-1"\n'},
        {"test-diagnosis"},
    ),
    "overwrites the prediction": (
        {
            "mse_value": """
def mse_value(prediction, target):
    prediction -= target
    return np.mean(prediction**2)
"""
        },
        {"test-mse_value"},
    ),
    "divides the value by the rows": (
        {
            "mse_value": "def mse_value(prediction, target):\n    return np.sum((prediction - target) ** 2) / len(target)\n"
        },
        {"test-mse_value"},
    ),
    "knows the answer by heart": (
        {"mse_value": "def mse_value(prediction, target):\n    return 3.25 * np.any(prediction != target)\n"},
        {"test-mse_value"},
    ),
    "returns a gradient for the target, too": (
        {
            "mse": """
def mse(prediction, *, target):
    d = prediction - target
    return np.mean(d * d), lambda dout: (dout * 2 * d / d.size, -dout * 2 * d / d.size)
"""
        },
        {"test-mse-dprediction", "test-fit_line-step", "test-fit_line"},
    ),
    "is consistent, but a mean over the rows": (
        {
            "mse": """
def mse(prediction, *, target):
    d = prediction - target
    return np.sum(d * d) / len(d), lambda dout: (dout * 2 * d / len(d),)
"""
        },
        {"test-mse-out", "test-mse-dprediction"},
    ),
    "ignores what arrives from above": (
        {
            "mse": """
def mse(prediction, *, target):
    d = prediction - target
    return np.mean(d * d), lambda dout: (2 * d / d.size,)
"""
        },
        {"test-mse-dprediction"},
    ),
    "has the wrong sign": (
        {
            "mse": """
def mse(prediction, *, target):
    d = target - prediction
    return np.mean(d * d), lambda dout: (dout * 2 * d / d.size,)
"""
        },
        {"test-mse-dprediction", "test-fit_line-step", "test-fit_line"},
    ),
    "returns the value alone": (
        {"mse": "def mse(prediction, *, target):\n    return np.mean((prediction - target) ** 2)\n"},
        {"test-mse-out", "test-mse-dprediction", "test-fit_line-step", "test-fit_line"},
    ),
    "never forgets a gradient": (
        {
            "fit_line": """
def fit_line(x, y, *, lr, steps):
    line = Affine(1, 1, rng=np.random.default_rng(0))
    line.W.data = np.zeros((1, 1))
    optimizer = SGD(line.params, lr=lr)
    losses = []
    for _ in range(steps):
        loss, pullback = mse(line.forward(x), target=y)
        line.backward(*pullback(1.0))
        optimizer.step()
        losses.append(loss)
    return line.W.data, line.b.data, np.array(losses)
"""
        },
        {"test-fit_line"},
    ),
    "goes back with the misses alone, as if there were two points": (
        {
            "fit_line": """
def fit_line(x, y, *, lr, steps):
    line = Affine(1, 1, rng=np.random.default_rng(0))
    line.W.data = np.zeros((1, 1))
    optimizer = SGD(line.params, lr=lr)
    losses = []
    for _ in range(steps):
        prediction = line.forward(x)
        losses.append(mse_value(prediction, y))
        optimizer.zero_grad()
        line.backward(prediction - y)
        optimizer.step()
    return line.W.data, line.b.data, np.array(losses)
"""
        },
        {"test-fit_line-step", "test-fit_line"},
    ),
    "leaves a finished loop after one step": (
        {
            "fit_line": """
def fit_line(x, y, *, lr, steps):
    line = Affine(1, 1, rng=np.random.default_rng(0))
    line.W.data = np.zeros((1, 1))
    optimizer = SGD(line.params, lr=lr)
    loss, pullback = mse(line.forward(x), target=y)
    line.backward(*pullback(1.0))
    optimizer.step()
    return line.W.data, line.b.data, np.array([loss])
"""
        },
        {"test-fit_line"},
    ),
    "solves the equations without training": (
        {
            "fit_line": """
def fit_line(x, y, *, lr, steps):
    W, b = best_line(x, y)
    return W, b, np.zeros(steps)
"""
        },
        {"test-fit_line-step"},
    ),
}

OPERATIONS = {"mse": {"mse": "def mse(prediction, *, target):\n    return given(prediction, target=target)\n"}}
UNFIT = {"mse.column_against_row": "the exercise gives prediction and target one shape, as its text says"}
