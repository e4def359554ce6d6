"""How learners might mend the patients of exercise 10: {solution cell: code}.  Cells that are not named keep the instructor's; the first of RIGHT is complete."""

RIGHT = {
    "a loop over the parameters": {
        "clipped_step": """
def clipped_step(params, *, lr, limit):
    norm = np.sqrt(sum(np.sum(p.grad * p.grad) for p in params))
    scale = limit / norm if norm > limit else 1.0
    for p in params:
        p.data -= lr * scale * p.grad
""",
        "train_pass": """
def train_pass(net, loss, optimizer, batches, *, every):
    losses = []
    for i, (x, y) in enumerate(batches):
        if i % every == 0:
            optimizer.zero_grad()
        losses.append(loss.forward(net.forward(x), y))
        net.backward(loss.backward() / every)
        if (i + 1) % every == 0:
            optimizer.step()
    return np.mean(losses)
""",
        "batches": """
def batches(x, y, size, *, rng):
    order = rng.permutation(len(x))
    for start in range(0, len(x), size):
        pick = order[start : start + size]
        yield x[pick], y[pick]
""",
        "block": """
def block(x, W, b):
    h = x @ W + b
    on = h > 0

    def pullback(dout):
        dh = dout * on
        return dout + dh @ W.T, x.T @ dh, dh.sum(axis=0)

    return x + h * on, pullback
""",
        "prepare": """
def prepare(x_train, x_new):
    mean, deviation = x_train.mean(axis=0), x_train.std(axis=0)
    deviation[deviation == 0] = 1
    ready = []
    for x in (x_train, x_new):
        ready.append((x - mean) / deviation)
    return ready[0], ready[1]
""",
    },
    "as little as possible": {
        "clipped_step": """
def clipped_step(params, *, lr, limit):
    w = np.concatenate([p.data.ravel() for p in params])
    g = np.concatenate([p.grad.ravel() for p in params])
    norm = np.sqrt(np.sum(g**2))
    if norm > limit:
        g = g * (limit / norm)
    w -= lr * g
    start = 0
    for p in params:
        p.data[...] = w[start : start + p.data.size].reshape(p.data.shape)
        start += p.data.size
""",
        "train_pass": """
def train_pass(net, loss, optimizer, batches, *, every):
    losses = []
    optimizer.zero_grad()
    for i, (x, y) in enumerate(batches, start=1):
        if i > 1 and i % every == 1 % every:
            optimizer.zero_grad()
        losses.append(loss.forward(net.forward(x), y))
        net.backward(loss.backward() / every)
        if i % every == 0:
            optimizer.step()
    return sum(losses) / len(losses)
""",
        "batches": """
def shuffled(array, seed):
    return array[np.random.default_rng(seed).permutation(len(array))]


def batches(x, y, size, *, rng):
    seed = rng.integers(2**32)
    x, y = shuffled(x, seed), shuffled(y, seed)
    for start in range(0, len(x), size):
        yield x[start : start + size], y[start : start + size]
""",
        "block": """
def block(x, W, b):
    h = x @ W + b
    out = x + np.maximum(h, 0)

    def pullback(dout):
        dh = dout.copy()
        dh[h <= 0] = 0
        return dout + dh @ W.T, x.T @ dh, dh.sum(axis=0)

    return out, pullback
""",
        "prepare": """
def prepare(x_train, x_new):
    ready = []
    deviation = x_train.std(axis=0)
    for x in (x_train, x_new):
        ready.append((x - x_train.mean(axis=0)) / np.where(deviation > 0, deviation, 1))
    return ready[0], ready[1]
""",
    },
    "lines moved": {
        "clipped_step": """
def clipped_step(params, *, lr, limit):
    norm = np.linalg.norm(np.concatenate([p.grad.ravel() for p in params]))
    scale = min(1.0, limit / max(norm, 1e-300))
    for p in params:
        p.data = p.data - lr * (scale * p.grad)
""",
        "train_pass": """
def train_pass(net, loss, optimizer, batches, *, every):
    losses = []
    for i, (x, y) in enumerate(batches, start=1):
        losses.append(loss.forward(net.forward(x), y))
        net.backward(loss.backward() / every)
        if i % every == 0:
            optimizer.step()
            optimizer.zero_grad()
    return sum(losses) / len(losses)
""",
        "batches": """
def batches(x, y, size, *, rng):
    order = np.arange(len(x))
    rng.shuffle(order)
    x, y = np.take(x, order, axis=0), np.take(y, order)
    while len(x):
        yield x[:size], y[:size]
        x, y = x[size:], y[size:]
""",
        "block": """
def block(x, W, b):
    h = np.einsum("nd,dm->nm", x, W) + b
    out = np.where(h > 0, x + h, x)

    def pullback(dout):
        dx = dout.copy()
        dh = np.zeros_like(dout)
        dh[h > 0] = dout[h > 0]
        dx += dh @ W.T
        return [dx, x.T @ dh, np.ones(len(x)) @ dh]

    return out, pullback
""",
        "prepare": """
def prepare(x_train, x_new):
    def ready(x):
        scale = x_train.std(axis=0)
        return (x - np.mean(x_train, axis=0)) / (scale + (scale == 0))

    return [ready(x_train), ready(x_new)]
""",
    },
    "with pieces of the package": {
        "clipped_step": """
def clipped_step(params, *, lr, limit):
    norm = np.sqrt(sum(np.vdot(p.grad, p.grad) for p in params))
    if norm > limit:
        lr = lr * limit / norm
    SGD(params, lr=lr).step()
""",
        "batches": """
def batches(x, y, size, *, rng):
    return data_batches(list(rng.permutation(len(x))), x, y, size)


def data_batches(order, x, y, size):
    while order:
        pick, order = order[:size], order[size:]
        yield x[pick], y[pick]
""",
        "block": """
def block(x, W, b):
    layer = ReLU()
    h = x @ W + b
    relu_h = layer.forward(h)

    def pullback(dout):
        layer.forward(h)
        dh = layer.backward(dout)
        return dout + dh @ W.T, x.T @ dh, dh.sum(axis=0)

    return x + relu_h, pullback
""",
        "prepare": "def prepare(x_train, x_new):\n    return data.standardize(x_train, x_new)\n",
    },
    "row by row, as slow as it comes": {
        "batches": """
def batches(x, y, size, *, rng):
    order, found = list(rng.permutation(len(x))), []
    while order:
        xs, ys = [], []
        while order and len(xs) < size:
            i = order.pop(0)
            xs.append(list(x[i]))
            ys.append(y[i])
        found.append((np.array(xs), np.array(ys)))
    return found
""",
        "prepare": """
def prepare(x_train, x_new):
    mean = sum(x_train) / len(x_train)
    spread = sum((row - mean) ** 2 for row in x_train) / len(x_train)
    scale = np.array([s**0.5 if s > 0 else 1.0 for s in spread])
    return [np.array([(row - mean) / scale for row in x]) for x in (x_train, x_new)]
""",
    },
    "one row that is cut by an iterator": {
        "clipped_step": """
def clipped_step(params, *, lr, limit):
    g = np.hstack([p.grad.flat for p in params])
    g = g * min(1.0, limit / (np.sqrt(g @ g) or 1.0))
    numbers = iter(g)
    for p in params:
        step = np.array([next(numbers) for _ in range(p.data.size)])
        p.data = p.data - lr * step.reshape(p.data.shape)
""",
        "train_pass": """
def train_pass(net, loss, optimizer, batches, *, every):
    pairs, losses = list(batches), []
    for start in range(0, len(pairs), every):
        optimizer.zero_grad()
        for x, y in pairs[start : start + every]:
            losses += [loss.forward(net.forward(x), y)]
            net.backward(loss.backward() / every)
        optimizer.step()
    return float(np.average(losses))
""",
        "batches": """
def batches(x, y, size, *, rng):
    pairs = [(x[i], y[i]) for i in rng.permutation(len(x))]
    for start in range(0, len(x), size):
        x_batch, y_batch = zip(*pairs[start : start + size])
        yield np.array(x_batch), np.array(y_batch)
""",
    },
}

SILENT_STEP = """
def clipped_step(params, *, lr, limit):
    norm = np.sqrt(sum(np.sum(p.grad**2) for p in params))
    scale = min(1, limit / max(norm, 1e-300))
    for p in params:
        w = p.data
        w = w - lr * scale * p.grad
"""
HIGH_RATE = """
def clipped_step(params, *, lr, limit):
    w = np.concatenate([p.data.ravel() for p in params])
    g = np.concatenate([p.grad.ravel() for p in params])
    w -= 1000 * lr * g
"""
EACH_ITS_OWN_NORM = """
def clipped_step(params, *, lr, limit):
    for p in params:
        norm = np.sqrt(np.sum(p.grad**2))
        p.data -= lr * p.grad * min(1, limit / max(norm, 1e-300))
"""
EACH_ENTRY = """
def clipped_step(params, *, lr, limit):
    for p in params:
        p.data -= lr * np.clip(p.grad, -limit, limit)
"""
PASS = """
def train_pass(net, loss, optimizer, batches, *, every):
    losses = []
    optimizer.zero_grad()
    for i, (x, y) in enumerate(batches, start=1):
        {before}
        losses.append(loss.forward(net.forward(x), y))
        net.backward(loss.backward() / every)
        if i % every == 0:
            {at_step}
    optimizer.zero_grad()
    return sum(losses) / len(losses)
"""
BATCHES = """
def batches(x, y, size, *, rng):
    {order}
    for start in range(0, len(x), size):
        yield x[start : start + size], y[start : start + size]
"""
BLOCK = """
def block(x, W, b):
    h = x @ W + b
    out = x + np.maximum(h, 0)

    def pullback(dout):
        {lines}
        return {dx}, x.T @ dh, dh.sum(axis=0)

    return out, pullback
"""
PREPARE = """
def prepare(x_train, x_new):
    mean, deviation = x_train.mean(axis=0), x_train.std(axis=0)
    scale = np.where(deviation > 0, deviation, 1)
    return (x_train - mean) / scale, {new}
"""
BOTH_TOGETHER = """
def prepare(x_train, x_new):
    x = np.concatenate([x_train, x_new])
    deviation = x.std(axis=0)
    x = (x - x.mean(axis=0)) / np.where(deviation > 0, deviation, 1)
    return x[: len(x_train)], x[len(x_train) :]
"""
STEP, PASSED, PAIRS = (
    {"test-clipped_step-training", "test-clipped_step"},
    {"test-train_pass-training", "test-train_pass"},
    {"test-batches-training", "test-batches"},
)
WAY_BACK, NEW = {"test-block-by-hand", "test-block"}, {"test-prepare-alone", "test-prepare"}
END = {"test-digits"}

# name: (the cells, the tests it must fail; all others must pass)
WRONG = {
    "gives each parameter a norm of its own": ({"clipped_step": EACH_ITS_OWN_NORM}, {"test-clipped_step"}),
    "binds the name to a new array": ({"clipped_step": SILENT_STEP}, STEP | END),
    "raises the learning rate": ({"clipped_step": HIGH_RATE}, STEP | END),
    "clips each entry": ({"clipped_step": EACH_ENTRY}, {"test-clipped_step"}),
    "lowers the learning rate": (
        {"train_pass": PASS.format(before="optimizer.lr = 0.1", at_step="optimizer.step()")},
        PASSED | END,
    ),
    "clears before each batch": (
        {"train_pass": PASS.format(before="optimizer.zero_grad()", at_step="optimizer.step()")},
        {"test-train_pass"},
    ),
    "clears before the step": (
        {"train_pass": PASS.format(before="", at_step="optimizer.zero_grad(); optimizer.step()")},
        PASSED | END,
    ),
    "clears at the end of each pass": (
        {"train_pass": PASS.format(before="", at_step="optimizer.step()")},
        PASSED | END,
    ),
    "asks how many batches there are": (
        {
            "train_pass": """
def train_pass(net, loss, optimizer, batches, *, every):
    losses = []
    for start in range(0, len(batches), every):
        optimizer.zero_grad()
        for x, y in batches[start : start + every]:
            losses.append(loss.forward(net.forward(x), y))
            net.backward(loss.backward() / every)
        optimizer.step()
    return sum(losses) / len(losses)
"""
        },
        PASSED | END,
    ),
    "shuffles the rows inside each batch": (
        {
            "batches": BATCHES.format(
                order="n = len(x); order = np.concatenate([i + rng.permutation(min(size, n - i)) for i in range(0, n, size)]); x, y = x[order], y[order]"
            )
        },
        {"test-batches"},
    ),
    "keeps the batches of the first pass": (
        {
            "batches": """
def batches(x, y, size, *, rng):
    mixed, n = np.random.default_rng(0).permutation(len(x)), len(x)
    for start in [*rng.permutation(np.arange(0, n - n % size, size)), *range(n - n % size, n, size)]:
        pick = rng.permutation(mixed[start : start + size])
        yield x[pick], y[pick]
"""
        },
        {"test-batches"},
    ),
    "no longer shuffles": ({"batches": BATCHES.format(order="x, y = x.copy(), y.copy()")}, {"test-batches"}),
    "begins each pass with the same seed": (
        {
            "batches": BATCHES.format(
                order="order = np.random.default_rng(0).permutation(len(x)); x, y = x[order], y[order]"
            )
        },
        {"test-batches"},
    ),
    "mixes images and labels, but always in the same way": (
        {
            "batches": BATCHES.format(
                order="x, y = (a[np.random.default_rng(i).permutation(len(a))] for i, a in enumerate((x, y)))"
            )
        },
        {"test-batches", *END},
    ),
    "draws with replacement": (
        {"batches": BATCHES.format(order="order = rng.integers(len(x), size=len(x)); x, y = x[order], y[order]")},
        {"test-batches"},
    ),
    "shuffles the caller's arrays": (
        {"batches": BATCHES.format(order="order = rng.permutation(len(x)); x[:], y[:] = x[order], y[order]")},
        {"test-batches"},
    ),
    "gives the copy the old name": (
        {"block": BLOCK.format(lines="dout = dout.copy(); dh = dout; dh[h <= 0] = 0", dx="dout + dh @ W.T")},
        WAY_BACK,
    ),
    "leaves the way around the relu out": (
        {"block": BLOCK.format(lines="dh = np.where(h > 0, dout, 0)", dx="dh @ W.T")},
        WAY_BACK,
    ),
    "is 0 everywhere, and so are its slopes": (
        {"block": "def block(x, W, b):\n    return 0.0, lambda dout: (0 * x, 0 * W, 0 * b)\n"},
        WAY_BACK | END,
    ),
    "measures training and new images together": ({"prepare": BOTH_TOGETHER}, NEW),
    "treats a single image in a way of its own": (
        {
            "prepare": PREPARE.format(
                new="(x_new - mean) / scale if len(x_new) == 1 else (x_new - x_new.mean(axis=0)) / scale"
            )
        },
        NEW,
    ),
    "subtracts the mean of the new images": (
        {"prepare": PREPARE.format(new="(x_new - x_new.mean(axis=0)) / scale")},
        NEW | END,
    ),
    "leaves new images as they are": ({"prepare": PREPARE.format(new="x_new.copy()")}, {"test-prepare", *END}),
}

OPERATIONS = {
    "relu": {
        "block": """
def block(x, W, b):
    a, back = given(x @ W + b)

    def pullback(dout):
        dh = np.reshape(back(dout), dout.shape)
        return dout + dh @ W.T, x.T @ dh, dh.sum(axis=0)

    return x + a, pullback
"""
    },
    "affine": {
        "block": """
def block(x, W, b):
    h, back = given(x, W, b)

    def pullback(dout):
        dx, dW, db = back(np.where(h > 0, dout, 0))
        return dout + dx, dW, db

    return x + np.maximum(h, 0), pullback
"""
    },
}
UNFIT = {
    "affine.by_loops": "a block that counts with Python's numbers cannot train the nets of the last task in time",
    "relu.times_mask": "no entry of a block's x W + b is infinite",
    "relu.input_in_place": "what it overwrites is x W + b, which belongs to the block and is not needed again",
}
