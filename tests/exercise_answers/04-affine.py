"""What learners might write in exercise 04: {solution cell: code}.  Cells that are not named keep the instructor's; the first of RIGHT is complete."""


def layer(forward, backward):
    """The class with these two bodies; `__init__` is given in the exercise."""
    return f"""
class Affine:
    def __init__(self, W, b):
        self.W, self.b = Parameter(W), Parameter(b)
        self.params = [self.W, self.b]

    def forward(self, x):
{forward}

    def backward(self, dout):
{backward}
"""


def loop(body):
    """The regression with this body of its loop over the steps."""
    return f"""
def regression(x, y, *, lr, steps, size):
    layer = Affine(np.zeros((x.shape[1], y.shape[1])), np.zeros(y.shape[1]))
    net = Sequential(layer)
    optimizer = SGD(net.params, lr=lr)
    for _ in range(steps):
{body}
    return layer.W.data, layer.b.data
"""


KEEPS_THE_PULLBACK = """
        out, self.pullback = affine(x, self.W.data, self.b.data)
        return out
"""

RIGHT = {
    "products of matrices": {
        "affine": """
def affine(x, W, b):
    out = np.matmul(x, W) + b[None, :]
    def pullback(dout):
        dx = np.dot(dout, np.transpose(W))
        dW = (dout.T @ x).T
        db = np.sum(dout, axis=0)
        return dx, dW, db
    return out, pullback
""",
        "Affine": layer(
            """
        self.x = x
        return x @ self.W.data + self.b.data
""",
            """
        self.W.grad = self.W.grad + self.x.T @ dout
        self.b.grad = self.b.grad + dout.sum(axis=0)
        return dout @ self.W.data.T
""",
        ),
        "regression": loop("""
        optimizer.zero_grad()
        parts = [(x[i : i + size], y[i : i + size]) for i in range(0, len(x), size)]
        for x_part, y_part in parts:
            error = net.forward(x_part) - y_part
            net.backward(error * 2 / (y.shape[0] * y.shape[1]))
        optimizer.step()
"""),
    },
    "loops over examples": {
        "affine": """
def affine(x, W, b):
    out = np.zeros((len(x), len(b)))
    for n in range(len(x)):
        out[n] = x[n] @ W + b
    def pullback(dout):
        dx, dW, db = np.zeros(x.shape), np.zeros_like(W), np.zeros_like(b)
        for n in range(len(x)):
            dx[n] = W @ dout[n]
            dW += np.outer(x[n], dout[n])
            db += dout[n]
        return dx, dW, db
    return out, pullback
""",
        "regression": loop("""
        start = 0
        while start < len(x):
            p = net.forward(x[start : start + size])
            net.backward(2 / y.size * (p - y[start : start + size]))
            start += size
        optimizer.step()
        for p in net.params:
            p.grad[...] = 0
"""),
    },
    "einsum": {
        "affine": """
def affine(x, W, b):
    return np.einsum("nd,dm->nm", x, W) + b, lambda dout: (
        np.einsum("nm,dm->nd", dout, W), np.einsum("nd,nm->dm", x, dout), np.einsum("nm->m", dout))
""",
        "Affine": layer(
            """
        self.kept = affine(x, self.W.data, self.b.data)
        return self.kept[0]
""",
            """
        dx, *grads = self.kept[1](dout)
        for p, grad in zip(self.params, grads):
            p.add_grad(grad)
        return dx
""",
        ),
    },
    "in place, on arrays of its own": {
        "affine": """
def affine(x, W, b):
    out = np.empty((len(x), len(b)))
    np.matmul(x, W, out=out)
    out += b
    def pullback(dout):
        db = np.zeros(len(b))
        for row in dout:
            db += row
        return [np.asfortranarray(dout) @ W.T, np.dot(x.T, dout), db]
    return out, pullback
""",
        "Affine": layer(
            """
        self.x = np.array(x)
        out = self.x @ self.W.data
        out += self.b.data
        return out
""",
            """
        np.add(self.W.grad, self.x.T @ dout, out=self.W.grad)
        for d in dout:
            self.b.grad += d
        return (self.W.data @ dout.T).T
""",
        ),
    },
    "a column of ones": {
        "affine": """
def affine(x, W, b):
    x1, W1 = np.column_stack([x, np.ones(len(x))]), np.vstack([W, b])
    def pullback(dout):
        dW1 = x1.T @ dout
        return (dout @ W1.T)[:, :-1], dW1[:-1], dW1[-1]
    return x1 @ W1, pullback
""",
    },
    "the steps by hand": {
        "affine": "affine = lambda x, W, b: (x @ W + b, lambda g: (g @ W.T, x.T @ g, np.ones(len(g)) @ g))",
        "regression": loop("""
        for p in layer.params:
            p.grad = np.zeros_like(p.data)
        cuts = range(size, len(x), size)
        for rows in np.split(np.arange(len(x)), cuts):
            layer.backward((layer.forward(x[rows]) - y[rows]) / (y.size / 2))
        for p in layer.params:
            p.data = p.data - lr * p.grad
"""),
    },
}

LAYER = {"test-Affine", "test-Affine-adds", "test-Affine-network"}
FIT = {"test-regression-step", "test-regression"}


def operation(dx="dout @ W.T", dW="x.T @ dout", db="dout.sum(axis=0)", out="x @ W + b"):
    return {"affine": f"def affine(x, W, b):\n    return {out}, lambda dout: ({dx}, {dW}, {db})\n"}


# name: (the cells, the tests it must fail; all others must pass)
WRONG = {
    "averages db over the batch": (operation(db="dout.mean(axis=0)"), {"test-affine-db"} | LAYER | FIT),
    "forgets the bias": (
        operation(out="x @ W"),
        {"test-affine-out", "test-affine-db", "test-Affine", "test-Affine-network", "test-regression"},
    ),
    "adds the bias only to the first row": (
        operation(out="np.vstack([x[:1] @ W + b, x[1:] @ W])"),
        {"test-affine-out", "test-affine-db", "test-Affine", "test-Affine-network", "test-regression"},
    ),
    "knows the value by heart": (
        operation(out="np.array([[15.0, 21.0], [12.0, 18.0]])"),
        {"test-affine-out", "test-affine-db", "test-affine-dW", "test-affine-dx", "test-Affine", "test-Affine-network"}
        | FIT,
    ),
    "sums db over the outputs": (operation(db="dout.sum(axis=1)"), {"test-affine-db"} | LAYER | FIT),
    "keeps an axis of db": (operation(db="dout.sum(axis=0, keepdims=True)"), {"test-affine-db"} | LAYER | FIT),
    "averages dW over the batch": (operation(dW="x.T @ dout / len(x)"), {"test-affine-dW"} | LAYER | FIT),
    "keeps the share of the last example only": (
        {
            "affine": """
def affine(x, W, b):
    def pullback(dout):
        for n in range(len(x)):
            dW = np.outer(x[n], dout[n])
        return dout @ W.T, dW, dout.sum(axis=0)
    return x @ W + b, pullback
"""
        },
        {"test-affine-dW"} | LAYER | FIT,
    ),
    "turns dW round": (operation(dW="dout.T @ x"), {"test-affine-dW"} | LAYER | FIT),
    "makes dW of the output": (operation(dW="x.T @ (x @ W + b)"), {"test-affine-dW"} | LAYER | FIT),
    "does not turn W round, and stops": (
        operation(dx="dout @ W"),
        {"test-affine-out", "test-affine-db", "test-affine-dW", "test-affine-dx"} | LAYER | FIT,
    ),
    "averages dx over the outputs": (operation(dx="dout @ W.T / len(b)"), {"test-affine-dx"} | LAYER),
    "leaves dout out of dx": (operation(dx="np.ones_like(dout) @ W.T"), {"test-affine-dx"} | LAYER),
    "has no dx yet": (operation(dx="None"), {"test-affine-dx"} | LAYER),
    "returns dW first": (
        {"affine": "def affine(x, W, b):\n    return x @ W + b, lambda d: (x.T @ d, d @ W.T, d.sum(axis=0))\n"},
        {"test-affine-dx", "test-affine-dW"} | LAYER | FIT,
    ),
    "overwrites the gradients": (
        {
            "Affine": layer(
                KEEPS_THE_PULLBACK,
                "        dx, self.W.grad, self.b.grad = self.pullback(dout)\n        return dx\n",
            )
        },
        {"test-Affine-adds"} | FIT,
    ),
    "averages in the layer": (
        {
            "Affine": layer(
                KEEPS_THE_PULLBACK,
                """
        dx, dW, db = self.pullback(dout)
        self.W.grad += dW / len(dout)
        self.b.grad += db / len(dout)
        return dx
""",
            )
        },
        LAYER | FIT,
    ),
    "remembers the first batch only": (
        {
            "Affine": layer(
                """
        if not hasattr(self, "x"):
            self.x = x
        return x @ self.W.data + self.b.data
""",
                """
        self.W.grad += self.x.T @ dout
        self.b.grad += dout.sum(axis=0)
        return dout @ self.W.data.T
""",
            )
        },
        {"test-Affine", "test-Affine-adds"} | FIT,
    ),
    "returns nothing": (
        {
            "Affine": layer(
                KEEPS_THE_PULLBACK,
                """
        dx, dW, db = self.pullback(dout)
        self.W.grad += dW
        self.b.grad += db
""",
            )
        },
        LAYER,
    ),
    "steps in backward": (
        {
            "Affine": layer(
                KEEPS_THE_PULLBACK,
                """
        dx, dW, db = self.pullback(dout)
        self.W.grad += dW
        self.b.grad += db
        self.W.data -= 0.01 * dW
        return dx
""",
            )
        },
        {"test-Affine", "test-Affine-adds"} | FIT,
    ),
    "divides by the rows of the part": (
        {
            "regression": loop("""
        optimizer.zero_grad()
        for i in range(0, len(x), size):
            error = net.forward(x[i : i + size]) - y[i : i + size]
            net.backward(2 * error / error.size)
        optimizer.step()
""")
        },
        FIT,
    ),
    "sets the gradients to zero for every part": (
        {
            "regression": loop("""
        for i in range(0, len(x), size):
            optimizer.zero_grad()
            net.backward(2 * (net.forward(x[i : i + size]) - y[i : i + size]) / y.size)
        optimizer.step()
""")
        },
        FIT,
    ),
    "steps after every part": (
        {
            "regression": loop("""
        for i in range(0, len(x), size):
            optimizer.zero_grad()
            net.backward(2 * (net.forward(x[i : i + size]) - y[i : i + size]) / y.size)
            optimizer.step()
""")
        },
        FIT,
    ),
    "never forgets a gradient": (
        {
            "regression": loop("""
        for i in range(0, len(x), size):
            net.backward(2 * (net.forward(x[i : i + size]) - y[i : i + size]) / y.size)
        optimizer.step()
""")
        },
        {"test-regression"},
    ),
    "loses the last, shorter part": (
        {
            "regression": loop("""
        optimizer.zero_grad()
        for i in range(0, len(x) - size + 1, size):
            net.backward(2 * (net.forward(x[i : i + size]) - y[i : i + size]) / y.size)
        optimizer.step()
""")
        },
        FIT,
    ),
    "solves the equations without training": (
        {"regression": "def regression(x, y, *, lr, steps, size):\n    return least_squares(x, y)\n"},
        {"test-regression-step"},
    ),
}

OPERATIONS = {"affine": {"affine": "def affine(x, W, b):\n    return given(x, W, b)\n"}}
