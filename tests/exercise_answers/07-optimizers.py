"""What learners might write in exercise 07: {solution cell: code}.  Cells that are not named keep the instructor's; the first of RIGHT is complete."""

RIGHT = {
    "lists and indices": {
        "SGD": """
class SGD(Optimizer):
    def step(self):
        for i in range(len(self.params)):
            self.params[i].data = self.params[i].data - self.lr * self.params[i].grad
""",
        "Momentum": """
class Momentum(Optimizer):
    def __init__(self, params, *, lr, momentum=0.9):
        super().__init__(params, lr=lr)
        self.momentum = momentum
        self.v = [0.0] * len(self.params)

    def step(self):
        for i, p in enumerate(self.params):
            self.v[i] = self.momentum * self.v[i] + p.grad
            p.data = p.data - self.lr * self.v[i]
""",
        "RMSProp": """
class RMSProp(Optimizer):
    def __init__(self, params, *, lr, decay=0.9, eps=1e-8):
        super().__init__(params, lr=lr)
        self.decay, self.eps = decay, eps
        self.s = [np.zeros(p.data.shape) for p in self.params]

    def step(self):
        for i, p in enumerate(self.params):
            self.s[i] = self.decay * self.s[i] + (1 - self.decay) * p.grad * p.grad
            p.data -= self.lr * p.grad / (self.s[i] ** 0.5 + self.eps)
""",
        "Adam": """
class Adam(Optimizer):
    def __init__(self, params, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, lr=lr)
        self.beta1, self.beta2 = betas
        self.eps = eps
        self.m = [np.zeros_like(p.data) for p in self.params]
        self.v = [np.zeros_like(p.data) for p in self.params]
        self.t = 0

    def step(self):
        self.t = self.t + 1
        for i in range(len(self.params)):
            g = self.params[i].grad
            self.m[i] = self.beta1 * self.m[i] + (1 - self.beta1) * g
            self.v[i] = self.beta2 * self.v[i] + (1 - self.beta2) * g**2
            m_hat = self.m[i] / (1 - self.beta1**self.t)
            v_hat = self.v[i] / (1 - self.beta2**self.t)
            self.params[i].data = self.params[i].data - self.lr * m_hat / (v_hat**0.5 + self.eps)
""",
        "ridge": """
def ridge(w, *, x, y, decay):
    prediction = x @ w
    miss = prediction - y
    out = (miss @ miss) / len(miss) + 0.5 * decay * (w @ w)

    def pullback(dout):
        dw = 2 * (miss @ x) / len(miss) + decay * w
        return (dw * dout,)

    return out, pullback
""",
        "largest_lr": """
def largest_lr(x, *, decay, momentum):
    steepest = 2 / len(x) * np.linalg.norm(x, 2) ** 2
    return 2 * (1 + momentum) / (steepest + decay)
""",
        "my_optimizer": """
def my_optimizer(params):
    optimizer = Momentum(params, lr=0.1, momentum=0.9)
    return optimizer
""",
    },
    "no common class": {
        "SGD": """
class SGD:
    def __init__(self, params, *, lr):
        self.params = [p for p in params]
        self.lr = lr

    def zero_grad(self):
        for p in self.params:
            p.grad[...] = 0

    def step(self):
        for p in self.params:
            p.data[...] -= self.lr * p.grad
""",
        "Momentum": """
class Momentum:
    def __init__(self, params, *, lr, momentum=0.9):
        self.lr, self.beta = lr, momentum
        self.pairs = [(p, np.zeros_like(p.data)) for p in params]

    def zero_grad(self):
        for p, _ in self.pairs:
            p.grad *= 0

    def step(self):
        for p, velocity in self.pairs:
            np.multiply(velocity, self.beta, out=velocity)
            np.add(velocity, p.grad, out=velocity)
            np.subtract(p.data, self.lr * velocity, out=p.data)
""",
        "Adam": """
class Adam(SGD):
    def __init__(self, params, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, lr=lr)
        self.betas, self.eps, self.powers = betas, eps, [1.0, 1.0]
        self.means = [[np.zeros_like(p.data), np.zeros_like(p.data)] for p in self.params]

    def step(self):
        self.powers = [power * beta for power, beta in zip(self.powers, self.betas)]
        for p, means in zip(self.params, self.means):
            for k, new in enumerate((p.grad, p.grad * p.grad)):
                means[k] = self.betas[k] * means[k] + (1 - self.betas[k]) * new
            m, v = [mean / (1 - power) for mean, power in zip(means, self.powers)]
            p.data = p.data - self.lr * m / (np.sqrt(v) + self.eps)
""",
        "my_optimizer": "my_optimizer = lambda params: SGD(params, lr=0.3)",
    },
    "a memory that begins with the first step": {
        "Momentum": """
class Momentum(Optimizer):
    def __init__(self, params, *, lr, momentum=0.9):
        super().__init__(params, lr=lr)
        self.momentum, self.v = momentum, {}

    def step(self):
        for i, p in enumerate(self.params):
            self.v[i] = self.momentum * self.v[i] + p.grad if i in self.v else p.grad.copy()
            p.data -= self.lr * self.v[i]
""",
        "RMSProp": """
class RMSProp(Optimizer):
    def __init__(self, params, *, lr, decay=0.9, eps=1e-8):
        super().__init__(params, lr=lr)
        self.decay, self.eps, self.s = decay, eps, {}

    def step(self):
        for i, p in enumerate(self.params):
            self.s[i] = self.decay * self.s.get(i, 0) + (1 - self.decay) * np.square(p.grad)
            p.data -= np.divide(self.lr * p.grad, np.sqrt(self.s[i]) + self.eps)
""",
        "my_optimizer": """
def my_optimizer(params):
    return RMSProp(params, lr=0.01)
""",
    },
    "entry by entry": {
        "SGD": """
class SGD(Optimizer):
    def step(self):
        for p in self.params:
            for i in np.ndindex(p.data.shape):
                p.data[i] -= self.lr * p.grad[i]
""",
        "ridge": """
def ridge(w, *, x, y, decay):
    N, D = x.shape
    miss = [sum(x[n, j] * w[j] for j in range(D)) - y[n] for n in range(N)]
    out = sum(m * m for m in miss) / N + decay * sum(v * v for v in w) / 2

    def pullback(dout):
        dw = np.zeros(D)
        for j in range(D):
            dw[j] = dout * (2 * sum(miss[n] * x[n, j] for n in range(N)) / N + decay * w[j])
        return (dw,)

    return out, pullback
""",
        "largest_lr": """
def largest_lr(x, *, decay, momentum):
    D = x.shape[1]
    H = np.einsum("ni,nj->ij", x, x) * 2 / x.shape[0] + decay * np.eye(D)
    u = np.ones(D)
    for _ in range(500):
        u = H @ u
        u = u / np.sqrt(u @ u)
    return (2 + 2 * momentum) / (u @ H @ u)
""",
    },
    "an object for each parameter": {
        "Momentum": """
class Rolling:
    def __init__(self, p):
        self.p, self.v = p, np.zeros_like(p.data)

    def roll(self, lr, momentum):
        self.v = momentum * self.v + self.p.grad
        self.p.data = self.p.data - lr * self.v


class Momentum(Optimizer):
    def __init__(self, params, *, lr, momentum=0.9):
        super().__init__(params, lr=lr)
        self.momentum, self.rolling = momentum, [Rolling(p) for p in self.params]

    def step(self):
        for ball in self.rolling:
            ball.roll(self.lr, self.momentum)
""",
        "Adam": """
class Adam(Optimizer):
    def __init__(self, params, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, lr=lr)
        self.betas, self.eps = betas, eps
        self.state = {id(p): [0, 0.0, 0.0] for p in self.params}

    def step(self):
        b1, b2 = self.betas
        for p in self.params:
            t, m, v = self.state[id(p)]
            t, m, v = t + 1, m + (1 - b1) * (p.grad - m), v + (1 - b2) * (p.grad**2 - v)
            self.state[id(p)] = [t, m, v]
            rate = self.lr * np.sqrt(1 - b2**t) / (1 - b1**t)
            p.data -= rate * m / (np.sqrt(v) + self.eps * np.sqrt(1 - b2**t))
""",
        "largest_lr": """
def largest_lr(x, *, decay, momentum):
    singular = np.linalg.svd(x, compute_uv=False)
    return 2 * (1 + momentum) / (2 * singular[0] ** 2 / len(x) + decay)
""",
    },
    "all parameters in one row": {
        "RMSProp": """
class RMSProp(Optimizer):
    def __init__(self, params, *, lr, decay=0.9, eps=1e-8):
        super().__init__(params, lr=lr)
        self.decay, self.eps = decay, eps
        self.s = np.zeros(sum(p.data.size for p in self.params))

    def step(self):
        g = np.concatenate([p.grad.ravel() for p in self.params])
        self.s *= self.decay
        self.s += (1 - self.decay) * g * g
        change = self.lr * g / (np.sqrt(self.s) + self.eps)
        for p in self.params:
            part, change = change[: p.data.size], change[p.data.size :]
            p.data = p.data - part.reshape(p.data.shape)
""",
        "ridge": """
def ridge(w, *, x, y, decay):
    N = len(y)
    H = 2 / N * x.T @ x + decay * np.eye(len(w))
    shift = 2 / N * x.T @ y
    return w @ H @ w / 2 - shift @ w + y @ y / N, lambda dout: [dout * (H @ w - shift)]
""",
    },
}

MOMENTUM = """
class Momentum(Optimizer):
    def __init__(self, params, *, lr, momentum=0.9):
        super().__init__(params, lr=lr)
        self.momentum = momentum
        self.v = [np.zeros_like(p.data) for p in self.params]

    def step(self):
        for i, p in enumerate(self.params):
            self.v[i] = self.momentum * self.v[i] + p.grad
            p.data -= self.lr * self.v[i]
"""
RMSPROP = """
class RMSProp(Optimizer):
    def __init__(self, params, *, lr, decay=0.9, eps=1e-8):
        super().__init__(params, lr=lr)
        self.decay, self.eps = decay, eps
        self.s = [np.zeros_like(p.data) for p in self.params]

    def step(self):
        for p, s in zip(self.params, self.s, strict=True):
            s *= self.decay
            s += (1 - self.decay) * p.grad**2
            p.data -= self.lr * p.grad / (np.sqrt(s) + self.eps)
"""
ADAM = """
class Adam(Optimizer):
    def __init__(self, params, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
        super().__init__(params, lr=lr)
        self.betas, self.eps, self.t = betas, eps, 0
        self.m = [np.zeros_like(p.data) for p in self.params]
        self.v = [np.zeros_like(p.data) for p in self.params]

    def step(self):
        b1, b2 = self.betas
        self.t += 1
        for p, m, v in zip(self.params, self.m, self.v, strict=True):
            m *= b1
            m += (1 - b1) * p.grad
            v *= b2
            v += (1 - b2) * p.grad**2
            m_hat = m / (1 - b1**self.t)
            v_hat = v / (1 - b2**self.t)
            p.data -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)
"""
RIDGE = """
def ridge(w, *, x, y, decay):
    miss = x @ w - y
    out = np.mean(miss**2) + decay / 2 * np.sum(w**2)
    return out, lambda dout: (dout * (2 / len(y) * x.T @ miss + decay * w),)
"""
LIMIT = """
def largest_lr(x, *, decay, momentum):
    found = np.linalg.eigvalsh(2 / len(x) * x.T @ x)
    return 2 * (1 + momentum) / (found[-1] + decay)
"""
WALKED = {"test-Momentum", "test-Momentum-lr", "test-cliff"}
ADAM_TESTS = {"test-Adam", "test-Adam-first", "test-train"}


def sgd(body):
    return {"SGD": f"class SGD(Optimizer):\n    def step(self):\n        for p in self.params:\n            {body}\n"}


def changed(cell, code, old, new):
    assert old in code, old
    return {cell: code.replace(old, new)}


# name: (the cells, the tests it must fail; all others must pass)
WRONG = {
    "gives a new array an old name": (sgd("w = p.data; w = w - self.lr * p.grad"), {"test-SGD"}),
    "climbs": (sgd("p.data += self.lr * p.grad"), {"test-SGD"}),
    "overwrites the gradient": (sgd("p.grad *= self.lr; p.data -= p.grad"), {"test-SGD"}),
    "keeps the learning rate of the start": (
        {
            "SGD": """
class SGD(Optimizer):
    def __init__(self, params, *, lr):
        super().__init__(params, lr=lr)
        self.rate = lr

    def step(self):
        for p in self.params:
            p.data -= self.rate * p.grad
"""
        },
        {"test-SGD"},
    ),
    "moves the first parameter only": (
        {
            "SGD": "class SGD(Optimizer):\n    def step(self):\n        p = self.params[0]\n        p.data -= self.lr * p.grad\n"
        },
        {"test-SGD"},
    ),
    "forgets the velocity": (
        {
            "Momentum": """
class Momentum(Optimizer):
    def __init__(self, params, *, lr, momentum=0.9):
        super().__init__(params, lr=lr)
        self.momentum = momentum
        self.v = [np.zeros_like(p.data) for p in self.params]

    def step(self):
        for p, v in zip(self.params, self.v):
            v = self.momentum * v + p.grad
            p.data -= self.lr * v
"""
        },
        WALKED,
    ),
    "gives all parameters one velocity": (
        changed(
            "Momentum", MOMENTUM, "[np.zeros_like(p.data) for p in self.params]", "[np.zeros(1)] * len(self.params)"
        )
        | changed("Momentum", MOMENTUM, "self.v[i]", "self.v[0]"),
        {"test-Momentum"},
    ),
    "keeps the velocities in the class": (
        {
            "Momentum": """
class Momentum(Optimizer):
    v = {}

    def __init__(self, params, *, lr, momentum=0.9):
        super().__init__(params, lr=lr)
        self.momentum = momentum

    def step(self):
        for i, p in enumerate(self.params):
            key = i, p.data.shape
            self.v[key] = self.momentum * self.v.get(key, 0) + p.grad
            p.data -= self.lr * self.v[key]
"""
        },
        WALKED,
    ),
    "puts the learning rate into the velocity": (
        changed("Momentum", MOMENTUM, "+ p.grad", "+ self.lr * p.grad")
        | {"Momentum": MOMENTUM.replace("+ p.grad", "+ self.lr * p.grad").replace("-= self.lr * self.v", "-= self.v")},
        {"test-Momentum-lr"},
    ),
    "takes a running mean for the velocity": (
        changed("Momentum", MOMENTUM, "+ p.grad", "+ (1 - self.momentum) * p.grad"),
        WALKED,
    ),
    "has eps inside the root": (
        changed("RMSProp", RMSPROP, "(np.sqrt(s) + self.eps)", "np.sqrt(s + self.eps)"),
        {"test-RMSProp"},
    ),
    "moves before it has averaged": (
        {
            "RMSProp": """
class RMSProp(Optimizer):
    def __init__(self, params, *, lr, decay=0.9, eps=1e-8):
        super().__init__(params, lr=lr)
        self.decay, self.eps = decay, eps
        self.s = [np.zeros_like(p.data) for p in self.params]

    def step(self):
        for p, s in zip(self.params, self.s, strict=True):
            p.data -= self.lr * p.grad / (np.sqrt(s) + self.eps)
            s *= self.decay
            s += (1 - self.decay) * p.grad**2
"""
        },
        {"test-RMSProp"},
    ),
    "sums where a mean belongs": (changed("RMSProp", RMSPROP, "(1 - self.decay) * p.grad", "p.grad"), {"test-RMSProp"}),
    "has decay the wrong way round": (
        {
            "RMSProp": RMSPROP.replace("s *= self.decay", "s *= 1 - self.decay").replace(
                "s += (1 - self.decay)", "s += self.decay"
            )
        },
        {"test-RMSProp"},
    ),
    "keeps the first learning rate": (
        {
            "RMSProp": RMSPROP.replace("decay, self.eps =", "decay, self.eps, self.rate =")
            .replace("= decay, eps", "= decay, eps, lr")
            .replace("-= self.lr", "-= self.rate")
        },
        {"test-RMSProp"},
    ),
    "corrects nothing": (
        {"Adam": ADAM.replace("m / (1 - b1**self.t)", "m").replace("v / (1 - b2**self.t)", "v")},
        ADAM_TESTS,
    ),
    "counts parameters in place of steps": (
        {
            "Adam": ADAM.replace("        self.t += 1\n", "").replace(
                "            m *= b1", "            self.t += 1\n            m *= b1"
            )
        },
        ADAM_TESTS,
    ),
    "counts the steps of all optimizers together": (
        {
            "Adam": ADAM.replace("(Optimizer):", "(Optimizer):\n    t = 0")
            .replace("eps, 0", "eps, Adam.t")
            .replace("self.t += 1", "Adam.t = self.t = Adam.t + 1")
        },
        ADAM_TESTS,
    ),
    "has the eps of the paper's shorter form": (
        {
            "Adam": ADAM.replace("m / (1 - b1**self.t)", "m * np.sqrt(1 - b2**self.t) / (1 - b1**self.t)").replace(
                "v / (1 - b2**self.t)", "v"
            )
        },
        {"test-Adam"},
    ),
    "never counts": (
        {"Adam": ADAM.replace("self.t += 1", "self.t = 1")},
        {"test-Adam", "test-train"},
    ),
    "keeps the corrected means": (
        {
            "Adam": ADAM.replace("m_hat = m / (1 - b1**self.t)", "m /= 1 - b1**self.t")
            .replace("v_hat = v / (1 - b2**self.t)", "v /= 1 - b2**self.t")
            .replace("m_hat / (np.sqrt(v_hat)", "m / (np.sqrt(v)")
        },
        {"test-Adam", "test-train", "test-my_optimizer"},
    ),
    "has Adam's eps inside the root": (
        changed("Adam", ADAM, "(np.sqrt(v_hat) + self.eps)", "np.sqrt(v_hat + self.eps)"),
        {"test-Adam", "test-train"},
    ),
    "steps along the gradient, not along its mean": (
        changed("Adam", ADAM, "m_hat / (", "p.grad / ("),
        {"test-Adam", "test-train"},
    ),
    "has other defaults": (changed("Adam", ADAM, "lr=1e-3", "lr=1e-2"), {"test-Adam-first"}),
    "cannot forget gradients": (
        {
            "Adam": ADAM.replace("(Optimizer)", "").replace(
                "super().__init__(params, lr=lr)", "self.params, self.lr = list(params), lr"
            )
        },
        {"test-train", "test-my_optimizer"},
    ),
    "forgets the half": (
        changed("ridge", RIDGE, "decay / 2", "decay"),
        {"test-ridge-out", "test-ridge-dw", "test-cliff"},
    ),
    "has a penalty without a slope": (changed("ridge", RIDGE, "+ decay * w)", ")"), {"test-ridge-dw", "test-cliff"}),
    "ignores what arrives from above": (changed("ridge", RIDGE, "dout * (2", "(2"), {"test-ridge-dw"}),
    "adds the squares": (
        {"ridge": RIDGE.replace("np.mean(", "np.sum(").replace("2 / len(y)", "2")},
        {"test-ridge-out", "test-ridge-dw", "test-cliff"},
    ),
    "takes the mean of the squared weights": (
        {"ridge": RIDGE.replace("np.sum(w**2)", "np.mean(w**2)").replace("decay * w)", "decay * w / len(w))")},
        {"test-ridge-out", "test-ridge-dw", "test-cliff"},
    ),
    "reads the curvatures from the diagonal": (
        changed(
            "largest_lr",
            LIMIT,
            "np.linalg.eigvalsh(2 / len(x) * x.T @ x)",
            "np.sort(2 / len(x) * np.sum(x**2, axis=0))",
        ),
        {"test-largest_lr"},
    ),
    "measures the examples, not the features": (
        changed("largest_lr", LIMIT, "2 / len(x) * x.T @ x", "2 / x.shape[1] * x @ x.T"),
        {"test-largest_lr", "test-cliff"},
    ),
    "takes the flattest direction": (
        changed("largest_lr", LIMIT, "found[-1]", "found[0]"),
        {"test-largest_lr", "test-cliff"},
    ),
    "leaves the decay out": (changed("largest_lr", LIMIT, " + decay", ""), {"test-largest_lr", "test-cliff"}),
    "leaves the momentum out": (changed("largest_lr", LIMIT, "(1 + momentum)", "1"), {"test-largest_lr", "test-cliff"}),
    "takes Adam as it comes": (
        {"my_optimizer": "def my_optimizer(params):\n    return Adam(params)\n"},
        {"test-my_optimizer"},
    ),
    "runs away": (
        {"my_optimizer": "def my_optimizer(params):\n    return SGD(params, lr=10)\n"},
        {"test-my_optimizer"},
    ),
}

MADE = """
class {name}(given, Optimizer):
    lr = property(lambda self: self.hyper["lr"], lambda self, value: self.hyper.update(lr=value))

    def __init__(self, params, *, {takes}):
        given.__init__(self, params, {passes})
"""
RULES = {
    "SGD": {"SGD": MADE.format(name="SGD", takes="lr", passes="lr=lr")},
    "Momentum": {"Momentum": MADE.format(name="Momentum", takes="lr, momentum=0.9", passes="lr=lr, momentum=momentum")},
    "RMSProp": {
        "RMSProp": MADE.format(name="RMSProp", takes="lr, decay=0.9, eps=1e-8", passes="lr=lr, decay=decay, eps=eps")
    },
    "Adam": {
        "Adam": MADE.format(
            name="Adam", takes="lr=1e-3, betas=(0.9, 0.999), eps=1e-8", passes="lr=lr, betas=betas, eps=eps"
        )
    },
}
