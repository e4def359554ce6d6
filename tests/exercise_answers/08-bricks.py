"""What learners might write in exercise 08: {solution cell: code}.  Cells that are not named keep the instructor's; the first of RIGHT is complete."""

RIGHT = {
    "plain loops": {
        "Sequential": """
class Sequential:
    def __init__(self, *layers):
        self.layers = list(layers)

    def forward(self, x):
        self.trail = []
        for layer in self.layers:
            use = copy(layer)
            x = use.forward(x)
            self.trail.append(use)
        return x

    def backward(self, dout):
        while self.trail:
            dout = self.trail.pop().backward(dout)
        return dout

    @property
    def params(self):
        found = []
        for layer in self.layers:
            for p in getattr(layer, "params", []):
                if not any(p is q for q in found):
                    found.append(p)
        return found
""",
        "minibatches": """
def minibatches(x, y, size, *, rng):
    order = np.arange(len(x))
    rng.shuffle(order)
    batches = []
    while len(order):
        pick, order = order[:size], order[size:]
        batches.append((x[pick], y[pick]))
    return batches
""",
        "EarlyStopping": """
class EarlyStopping:
    def __init__(self, params, *, patience):
        self.params, self.patience = params, patience
        self.best = np.inf
        self.count = 0

    def look(self, loss):
        if loss < self.best:
            self.best = loss
            self.count = 0
            self.saved = [np.array(p.data) for p in self.params]
        else:
            self.count += 1
        return self.count == self.patience

    def restore(self):
        for i in range(len(self.params)):
            self.params[i].data[...] = self.saved[i]
""",
        "fit": """
def fit(net, loss, optimizer, x, y, *, validation, epochs, size, patience, rng):
    watcher = EarlyStopping(net.params, patience=patience)
    losses = []
    x_val, y_val = validation
    stop = False
    epoch = 0
    while epoch < epochs and not stop:
        for x_batch, y_batch in minibatches(x, y, size, rng=rng):
            prediction = net.forward(x_batch)
            loss.forward(prediction, y_batch)
            dprediction = loss.backward()
            optimizer.zero_grad()
            net.backward(dprediction)
            optimizer.step()
        value = loss.forward(net.forward(x_val), y_val)
        losses.append(value)
        stop = watcher.look(value)
        epoch += 1
    watcher.restore()
    return losses
""",
    },
    "ways back, as closures": {
        "Sequential": """
class Sequential:
    def __init__(self, *layers):
        self.layers = list(layers)

    def forward(self, x):
        self.back = lambda dout: dout
        for use in map(copy, self.layers):
            x = use.forward(x)
            self.back = lambda dout, use=use, back=self.back: back(use.backward(dout))
        return x

    def backward(self, dout):
        return self.back(dout)

    params = property(lambda self: tuple({id(p): p for b in self.layers for p in vars(b).get("params", ())}.values()))
""",
        "minibatches": """
def minibatches(x, y, size, *, rng):
    order = np.argsort(rng.random(len(x)))
    return ((x[order[i : i + size]], y[order[i : i + size]]) for i in range(0, len(order), size))
""",
        "EarlyStopping": """
class EarlyStopping:
    def __init__(self, params, *, patience):
        self.params, self.patience, self.losses, self.values = params, patience, [], []

    def look(self, loss):
        self.losses.append(loss)
        self.values.append([p.data.copy() for p in self.params])
        return len(self.losses) - 1 - self.losses.index(min(self.losses)) >= self.patience

    def restore(self):
        best = int(np.argmin(self.losses))
        for p, value in zip(self.params, self.values[best]):
            p.data = value.copy()
""",
    },
    "memories, taken out and put back": {
        "Sequential": """
class Sequential:
    def __init__(self, *layers):
        self.layers = list(layers)

    def forward(self, x):
        self.memories = []
        for layer in self.layers:
            x = layer.forward(x)
            self.memories.append(dict(vars(layer)))
        return x

    def backward(self, dout):
        for layer, memory in zip(self.layers[::-1], self.memories[::-1]):
            vars(layer).update(memory)
            dout = layer.backward(dout)
        return dout

    @property
    def params(self):
        lists = [list(layer.params) if hasattr(layer, "params") else [] for layer in self.layers]
        return list(dict.fromkeys(sum(lists, [])))
""",
        "minibatches": """
def minibatches(x, y, size, *, rng):
    order = list(rng.choice(len(x), size=len(x), replace=False))
    batch = []
    for i in order:
        batch.append(i)
        if len(batch) == size:
            yield np.array([x[j] for j in batch]), np.array([y[j] for j in batch])
            batch = []
    if batch:
        yield x[batch], y[batch]
""",
        "fit": """
def fit(net, loss, optimizer, x, y, *, validation, epochs, size, patience, rng):
    def epoch():
        for x_batch, y_batch in minibatches(x, y, size, rng=rng):
            loss.forward(net.forward(x_batch), y_batch)
            net.backward(loss.backward())
            optimizer.step()
            optimizer.zero_grad()
        return loss.forward(net.forward(validation[0]), validation[1])

    stopping, losses = EarlyStopping(list(net.params), patience=patience), []
    while len(losses) < epochs:
        losses += [epoch()]
        if stopping.look(losses[-1]):
            break
    stopping.restore()
    return np.array(losses)
""",
    },
    "copies only of what stands twice": {
        "Sequential": """
class Sequential:
    def __init__(self, *layers):
        self.layers = list(layers)

    def forward(self, x):
        seen, self.row = [], []
        for layer in self.layers:
            self.row.append(copy(layer) if id(layer) in seen else layer)
            seen.append(id(layer))
        return self.through(x, self.row, "forward")

    def backward(self, dout):
        return self.through(dout, self.row[::-1], "backward")

    def through(self, value, row, way):
        for layer in row:
            value = getattr(layer, way)(value)
        return value

    @property
    def params(self):
        return self.listed(self.layers)

    def listed(self, layers):
        found = {}
        for layer in layers:
            found |= {id(p): p for p in getattr(layer, "params", ()) if id(p) not in found}
        return list(found.values())
""",
        "EarlyStopping": """
class EarlyStopping:
    def __init__(self, params, *, patience):
        self.params, self.patience = params, patience
        self.left = None

    def look(self, loss):
        better = self.left is None or self.best > loss
        self.left = self.patience if better else self.left - 1
        if better:
            self.best, self.kept = loss, {id(p): 1 * p.data for p in self.params}
        return self.left <= 0

    def restore(self):
        for p in self.params:
            p.data = self.kept[id(p)]
""",
    },
    "one brick for all but the first": {
        "Sequential": """
class Sequential:
    def __init__(self, *layers):
        self.layers = [*layers]

    def forward(self, x):
        if not self.layers:
            return x
        self.first, self.rest = copy(self.layers[0]), Sequential(*self.layers[1:])
        return self.rest.forward(self.first.forward(x))

    def backward(self, dout):
        return self.first.backward(self.rest.backward(dout)) if self.layers else dout

    @property
    def params(self):
        if not self.layers:
            return []
        mine = list(getattr(self.layers[0], "params", []))
        return mine + [p for p in Sequential(*self.layers[1:]).params if p not in mine]
""",
        "fit": """
def fit(net, loss, optimizer, x, y, *, validation, epochs, size, patience, rng):
    stopping, found = EarlyStopping(net.params, patience=patience), []
    for epoch in range(epochs):
        for batch in minibatches(x, y, size, rng=rng):
            for p in net.params:
                p.grad = np.zeros(p.grad.shape)
            loss.forward(net.forward(batch[0]), batch[1])
            net.backward(loss.backward())
            optimizer.step()
        found.append(loss.forward(net.forward(validation[0]), validation[1]))
        if stopping.look(found[epoch]):
            stopping.restore()
            return found
    stopping.restore()
    return found
""",
    },
}

SEQUENTIAL = """
class Sequential:
    def __init__(self, *layers):
        self.layers = list(layers)

    def forward(self, x):
        self.uses = [copy(layer) for layer in self.layers]
        for layer in self.uses:
            x = layer.forward(x)
        return x

    def backward(self, dout):
        for layer in self.uses[::-1]:
            dout = layer.backward(dout)
        return dout

    @property
    def params(self):
        return list(dict.fromkeys(p for layer in self.layers for p in getattr(layer, "params", ())))
"""
BATCHES = """
def minibatches(x, y, size, *, rng):
    order = rng.permutation(len(x))
    for start in range(0, len(x), size):
        yield x[order[start : start + size]], y[order[start : start + size]]
"""
STOPPING = """
class EarlyStopping:
    def __init__(self, params, *, patience):
        self.params, self.patience = list(params), patience
        self.best, self.waited = None, 0

    def look(self, loss):
        if self.best is None or loss < self.best:
            self.best, self.waited = loss, 0
            self.values = [p.data.copy() for p in self.params]
        else:
            self.waited += 1
        return self.waited >= self.patience

    def restore(self):
        for p, value in zip(self.params, self.values, strict=True):
            p.data = value
"""
FIT = """
def fit(net, loss, optimizer, x, y, *, validation, epochs, size, patience, rng):
    stopping, losses = EarlyStopping(net.params, patience=patience), []
    for _ in range(epochs):
        for x_batch, y_batch in minibatches(x, y, size, rng=rng):
            optimizer.zero_grad()
            loss.forward(net.forward(x_batch), y_batch)
            net.backward(loss.backward())
            optimizer.step()
        losses.append(loss.forward(net.forward(validation[0]), validation[1]))
        if stopping.look(losses[-1]):
            break
    stopping.restore()
    return losses
"""
WAYS_BACK = {"test-Sequential-dx", "test-Sequential-grads", "test-Sequential-twice", "test-digits"}
BATCHED = {"test-minibatches-sizes", "test-minibatches-pairs", "test-minibatches-rng"}
TRAINED = {"test-fit-epoch", "test-fit-stop", "test-digits"}


def changed(cell, code, *pairs):
    for old, new in pairs:
        assert old in code, old
        code = code.replace(old, new)
    return {cell: code}


# name: (the cells, the tests it must fail; all others must pass)
WRONG = {
    "goes back from the first to the last": (
        changed("Sequential", SEQUENTIAL, ("self.uses[::-1]", "self.uses")),
        WAYS_BACK,
    ),
    "keeps dx to itself": (
        changed("Sequential", SEQUENTIAL, ("        return dout\n", "")),
        {"test-Sequential-dx", "test-Sequential-twice"},
    ),
    "returns from inside the loop": (
        changed("Sequential", SEQUENTIAL, ("        return dout\n", "            return dout\n")),
        WAYS_BACK,
    ),
    "lists a parameter twice": (
        changed("Sequential", SEQUENTIAL, ("dict.fromkeys", "")),
        {"test-Sequential-params", "test-Sequential-later"},
    ),
    "wants params of every brick": (
        changed("Sequential", SEQUENTIAL, ('getattr(layer, "params", ())', "layer.params")),
        {"test-Sequential-params", "test-Sequential-later"},
    ),
    "lists the parameters once and for all": (
        {
            "Sequential": """
class Sequential:
    def __init__(self, *layers):
        self.layers = list(layers)
        self.params = list(dict.fromkeys(p for layer in layers for p in getattr(layer, "params", ())))

    def forward(self, x):
        self.uses = [copy(layer) for layer in self.layers]
        for layer in self.uses:
            x = layer.forward(x)
        return x

    def backward(self, dout):
        for layer in reversed(self.uses):
            dout = layer.backward(dout)
        return dout
"""
        },
        {"test-Sequential-later"},
    ),
    "lists copies": (
        changed("Sequential", SEQUENTIAL, ("(p for layer", "(copy(p) for layer")),
        {"test-Sequential-params", "test-Sequential-later"} | TRAINED,
    ),
    "lets the second use overwrite the memory of the first": (
        changed("Sequential", SEQUENTIAL, ("[copy(layer) for layer in self.layers]", "self.layers")),
        {"test-Sequential-twice"},
    ),
    "makes the copies once and for all": (
        changed(
            "Sequential",
            SEQUENTIAL,
            ("        self.uses = [copy(layer) for layer in self.layers]\n", ""),
            (
                "self.layers = list(layers)",
                "self.layers = list(layers)\n        self.uses = [copy(layer) for layer in layers]",
            ),
        ),
        {"test-Sequential-twice"},
    ),
    "clears the gradients on the way back": (
        changed(
            "Sequential",
            SEQUENTIAL,
            (
                "        for layer in self.uses[::-1]:",
                "        for p in self.params:\n            p.grad = np.zeros_like(p.data)\n        for layer in self.uses[::-1]:",
            ),
        ),
        {"test-Sequential-grads"},
    ),
    "makes deep copies": (
        changed("Sequential", SEQUENTIAL, ("[copy(layer)", "[__import__('copy').deepcopy(layer)")),
        {"test-Sequential-grads", "test-Sequential-twice"} | TRAINED,
    ),
    "drops the last batch": (
        changed("minibatches", BATCHES, ("range(0, len(x), size)", "range(0, len(x) - size + 1, size)")),
        {"test-minibatches-sizes", "test-minibatches-pairs", "test-fit-epoch", "test-fit-stop"},
    ),
    "counts batches where examples are counted": (
        changed("minibatches", BATCHES, ("range(0, len(x), size)", "range(0, -(-len(x) // size), size)")),
        {"test-minibatches-sizes", "test-minibatches-pairs", "test-fit-epoch"},
    ),
    "makes batches of equal size": (
        {
            "minibatches": """
def minibatches(x, y, size, *, rng):
    order = rng.permutation(len(x))
    for pick in np.array_split(order, -(-len(x) // size)):
        yield x[pick], y[pick]
"""
        },
        {"test-minibatches-sizes"},
    ),
    "draws with replacement": (
        changed("minibatches", BATCHES, ("rng.permutation(len(x))", "rng.integers(len(x), size=len(x))")),
        {"test-minibatches-sizes", "test-minibatches-pairs", "test-fit-epoch"},
    ),
    "yields nothing": (
        {"minibatches": "def minibatches(x, y, size, *, rng):\n    return iter(())\n"},
        BATCHED | TRAINED,
    ),
    "yields one batch, and nobody in it": (
        {"minibatches": "def minibatches(x, y, size, *, rng):\n    yield x[:0], y[:0]\n"},
        BATCHED | TRAINED,
    ),
    "shuffles x and y apart": (
        changed(
            "minibatches",
            BATCHES,
            ("    for start", "    other = rng.permutation(len(x))\n    for start"),
            ("y[order", "y[other"),
        ),
        {"test-minibatches-pairs", "test-digits"},
    ),
    "does not shuffle": (
        changed("minibatches", BATCHES, ("rng.permutation(len(x))", "np.arange(len(x))")),
        {"test-minibatches-rng", "test-fit-epoch"},
    ),
    "shuffles inside the batches": (
        changed(
            "minibatches",
            BATCHES,
            (
                "        yield x[order[start : start + size]], y[order[start : start + size]]",
                "        pick = order[(start <= order) & (order < start + size)]\n        yield x[pick], y[pick]",
            ),
        ),
        {"test-minibatches-rng"},
    ),
    "brings a generator of its own": (
        changed("minibatches", BATCHES, ("rng.permutation", "np.random.default_rng(0).permutation")),
        {"test-minibatches-rng", "test-fit-epoch"},
    ),
    "shuffles the caller's arrays": (
        {
            "minibatches": """
def minibatches(x, y, size, *, rng):
    seed = int(rng.integers(2**32))
    np.random.default_rng(seed).shuffle(x)
    np.random.default_rng(seed).shuffle(y)
    for start in range(0, len(x), size):
        yield x[start : start + size].copy(), y[start : start + size].copy()
"""
        },
        BATCHED,
    ),
    "remembers without a copy": (
        changed("EarlyStopping", STOPPING, ("p.data.copy()", "p.data")),
        {"test-EarlyStopping-restore", "test-fit-stop", "test-digits"},
    ),
    "restores the look before": (
        {
            "EarlyStopping": """
class EarlyStopping:
    def __init__(self, params, *, patience):
        self.params, self.patience = list(params), patience
        self.best, self.waited = None, 0

    def look(self, loss):
        self.waited += 1
        if self.best is None or loss < self.best:
            self.best, self.waited = loss, 0
        self.before = getattr(self, "now", [p.data.copy() for p in self.params])
        self.now = [p.data.copy() for p in self.params]
        return self.waited >= self.patience

    def restore(self):
        for p, value in zip(self.params, self.before, strict=True):
            p.data = value
"""
        },
        {"test-EarlyStopping-restore", "test-fit-stop", "test-digits"},
    ),
    "compares with the look before": (
        changed(
            "EarlyStopping",
            STOPPING,
            ("self.best, self.waited = loss, 0\n", "self.waited = 0\n"),
            ("        return self.waited >=", "        self.best = loss\n        return self.waited >="),
        ),
        {"test-EarlyStopping-look", "test-EarlyStopping-restore", "test-digits"},
    ),
    "counts all looks that were no better, not those in a row": (
        changed("EarlyStopping", STOPPING, ("self.best, self.waited = loss, 0\n", "self.best = loss\n")),
        {"test-EarlyStopping-look", "test-digits"},
    ),
    "stops one look late": (
        changed("EarlyStopping", STOPPING, (">= self.patience", "> self.patience")),
        {"test-EarlyStopping-look", "test-fit-stop", "test-digits"},
    ),
    "takes an equal loss for a better one": (
        changed("EarlyStopping", STOPPING, ("loss < self.best", "loss <= self.best")),
        {"test-EarlyStopping-look", "test-EarlyStopping-restore"},
    ),
    "begins with a number for the best loss": (
        changed("EarlyStopping", STOPPING, ("self.waited = None, 0", "self.waited = 1000.0, 0")),
        {"test-EarlyStopping-look"},
    ),
    "restores the first parameter": (
        changed(
            "EarlyStopping", STOPPING, ("            p.data = value", "            p.data = value\n            break")
        ),
        {"test-EarlyStopping-restore", "test-fit-stop", "test-digits"},
    ),
    "gives a name a new meaning": (
        changed("EarlyStopping", STOPPING, ("p.data = value", "p = value")),
        {"test-EarlyStopping-restore", "test-fit-stop", "test-digits"},
    ),
    "lets all watchers share what they have seen": (
        changed(
            "EarlyStopping",
            STOPPING,
            ("    def __init__", "    best = None\n\n    def __init__"),
            ("        self.best, self.waited = None, 0", "        self.waited = 0"),
            ("self.best, self.waited = loss, 0", "EarlyStopping.best, self.waited = loss, 0"),
        ),
        {"test-EarlyStopping-look", "test-EarlyStopping-restore", "test-digits"} | TRAINED,
    ),
    "never forgets a gradient": (
        changed("fit", FIT, ("            optimizer.zero_grad()\n", "")),
        TRAINED,
    ),
    "takes one step for all batches": (
        changed("fit", FIT, ("            optimizer.step()\n", "        optimizer.step()\n")),
        {"test-fit-epoch", "test-digits"},
    ),
    "looks at the training data": (
        changed(
            "fit",
            FIT,
            ("loss.forward(net.forward(validation[0]), validation[1])", "loss.forward(net.forward(x), y)"),
        ),
        TRAINED,
    ),
    "restores nothing": (changed("fit", FIT, ("    stopping.restore()\n", "")), {"test-fit-stop", "test-digits"}),
    "restores only where it stops early": (
        changed(
            "fit",
            FIT,
            ("    stopping.restore()\n", ""),
            ("            break", "            stopping.restore()\n            break"),
        ),
        {"test-fit-stop"},
    ),
    "draws one order for all epochs": (
        changed(
            "fit",
            FIT,
            (
                "    for _ in range(epochs):",
                "    batches = list(minibatches(x, y, size, rng=rng))\n    for _ in range(epochs):",
            ),
            ("in minibatches(x, y, size, rng=rng):", "in batches:"),
        ),
        {"test-fit-epoch"},
    ),
    "never stops early": (
        changed(
            "fit",
            FIT,
            ("        if stopping.look(losses[-1]):\n            break", "        stopping.look(losses[-1])"),
        ),
        {"test-fit-stop", "test-digits"},
    ),
    "forgets the last look": (
        changed(
            "fit",
            FIT,
            ("losses.append(loss.forward", "value = (loss.forward"),
            (
                "        if stopping.look(losses[-1]):\n            break",
                "        if stopping.look(value):\n            break\n        losses.append(value)",
            ),
        ),
        {"test-fit-stop", "test-digits"},
    ),
}
