"""What learners might write in exercise 09: {solution cell: code}.  Cells that are not named keep the instructor's; the first of RIGHT is complete."""


def tensor(
    *,
    data="np.asarray(data, dtype=float)",
    grad="None",
    number="next(clock)",
    add="return Tensor(self.data + other.data, (self, other), lambda dout: (dout, dout))",
    multiply="return Tensor(self.data * other.data, (self, other), lambda dout: (dout * other.data, dout * self.data))",
):
    """The class of task 1, with these bodies."""
    return f"""
class Tensor:
    def __init__(self, data, parents=(), pullback=None):
        self.data = {data}
        self.grad = {grad}
        self.parents = parents
        self.pullback = pullback
        self.number = {number}

    def __add__(self, other):
        {add}

    def __mul__(self, other):
        {multiply}
{METHODS}"""


METHODS = """
    def backward(self):
        backward(self)

    def __matmul__(self, other):
        return matmul(self, other)

    def __sub__(self, other):
        return subtract(self, other)

    def sum(self):
        return total(self)

    def tanh(self):
        return tanh(self)

    def log(self):
        return log(self)
"""


def sweep(*, leaf, arrives, start="np.ones_like(result.data)"):
    """The function of task 3, with these lines for a leaf and for what arrives at a parent."""
    return f"""
def backward(result):
    grads = {{result: {start}}}
    for tensor in newest_first(result):
        dout = grads[tensor]
        if tensor.pullback is None:
            {leaf}
        else:
            for parent, g in zip(tensor.parents, tensor.pullback(dout)):
                g = unbroadcast(g, parent.data)
                {arrives}
"""


ADDED = "tensor.grad = dout if tensor.grad is None else tensor.grad + dout"
ARRIVED = "grads[parent] = grads[parent] + g if parent in grads else g"

RIGHT = {
    "every function inside, every line by itself": {
        "Tensor": """
class Tensor:
    def __init__(self, data, parents=(), pullback=None):
        self.data = np.array(data).astype(np.float64)
        self.parents = parents
        self.pullback = pullback
        self.grad = None
        self.number = next(clock)

    def __add__(self, other):
        out = self.data + other.data
        def pullback(dout):
            dself = dout.copy()
            dother = dout.copy()
            return dself, dother
        return Tensor(out, (self, other), pullback)

    def __mul__(self, other):
        out = self.data * other.data
        def pullback(dout):
            dself = dout * other.data
            dother = dout * self.data
            return dself, dother
        return Tensor(out, (self, other), pullback)
"""
        + METHODS,
        "newest_first": """
def newest_first(result):
    waiting = [result]
    found = set()
    while len(waiting) > 0:
        tensor = waiting.pop(0)
        if tensor in found:
            continue
        found.add(tensor)
        for parent in tensor.parents:
            waiting.append(parent)
    return sorted(found, key=lambda tensor: -tensor.number)
""",
        "backward": """
def backward(result):
    grads = {}
    grads[result] = np.ones(result.data.shape)
    for tensor in newest_first(result):
        if tensor.pullback is None:
            if tensor.grad is None:
                tensor.grad = np.zeros(tensor.data.shape)
            tensor.grad = tensor.grad + grads[tensor]
        else:
            gradients = tensor.pullback(grads[tensor])
            for parent, gradient in zip(tensor.parents, gradients):
                gradient = unbroadcast(gradient, parent.data)
                if parent in grads:
                    grads[parent] = grads[parent] + gradient
                else:
                    grads[parent] = gradient
""",
        "matmul": """
def matmul(x, y):
    def pullback(dout):
        dx = np.dot(dout, np.transpose(y.data))
        dy = np.dot(np.transpose(x.data), dout)
        return dx, dy
    return Tensor(np.dot(x.data, y.data), (x, y), pullback)
""",
        "total": """
def total(x):
    def pullback(dout):
        return (np.full(x.data.shape, dout),)
    return Tensor(np.sum(x.data), (x,), pullback)
""",
        "tanh": """
def tanh(x):
    t = np.tanh(x.data)
    def pullback(dout):
        return (dout - dout * t**2,)
    return Tensor(t, (x,), pullback)
""",
        "log": """
def log(x):
    def pullback(dout):
        return (1 / x.data * dout,)
    return Tensor(np.log(x.data), (x,), pullback)
""",
        "subtract": "def subtract(x, y):\n    minus = Tensor(-1)\n    return minus * y + x\n",
        "net_loss": """
def net_loss(x, s, W, b, V, c):
    a = x @ W
    a = a + b
    h = a.tanh()
    z = h @ V
    z = z + c
    t = z.tanh()
    st = s * t
    one = Tensor(np.ones(st.data.shape))
    p = (one + st) * Tensor(1 / 2)
    n = x.data.shape[0]
    return Tensor(-1.0) * (p.log().sum() * Tensor(1 / n))
""",
    },
    "depth first with a stack, and names of tensors as keys": {
        "newest_first": """
def newest_first(result):
    finished, seen, stack = [], {id(result)}, [(result, iter(result.parents))]
    while stack:
        tensor, rest = stack[-1]
        for parent in rest:
            if id(parent) not in seen:
                seen.add(id(parent))
                stack.append((parent, iter(parent.parents)))
                break
        else:
            finished.append(tensor)
            stack.pop()
    return finished[::-1]
""",
        "backward": """
def backward(result):
    arrived = {id(result): [np.ones_like(result.data)]}
    for tensor in newest_first(result):
        dout = sum(arrived[id(tensor)])
        if not tensor.parents:
            tensor.grad = (0 if tensor.grad is None else tensor.grad) + dout
        else:
            for parent, g in zip(tensor.parents, tensor.pullback(dout)):
                arrived.setdefault(id(parent), []).append(unbroadcast(g, parent.data))
""",
        "matmul": """
def matmul(x, y):
    def pullback(dout):
        return np.einsum("nm,dm->nd", dout, y.data), np.einsum("nd,nm->dm", x.data, dout)
    return Tensor(np.einsum("nd,dm->nm", x.data, y.data), (x, y), pullback)
""",
        "subtract": "def subtract(x, y):\n    return Tensor(x.data - y.data, (x, y), lambda dout: (dout, -dout))\n",
    },
    "counts who still waits, and sums in the operations": {
        "Tensor": tensor(
            add="return Tensor(self.data + other.data, (self, other),\n"
            "            lambda dout: (unbroadcast(dout, self.data), unbroadcast(dout, other.data)))",
            multiply="return Tensor(np.multiply(self.data, other.data), (self, other), lambda dout: (\n"
            "            unbroadcast(dout * other.data, self.data), unbroadcast(dout * self.data, other.data)))",
        ),
        "newest_first": """
def newest_first(result):
    users, waiting = {result: 0}, [result]
    while waiting:
        for parent in waiting.pop().parents:
            if parent not in users:
                users[parent] = 0
                waiting.append(parent)
            users[parent] += 1
    ready, order = [result], []
    while ready:
        order.append(ready.pop())
        for parent in order[-1].parents:
            users[parent] -= 1
            if users[parent] == 0:
                ready.append(parent)
    return order
""",
        "backward": """
def backward(result):
    from collections import defaultdict
    grads = defaultdict(float)
    grads[result] = np.ones_like(result.data)
    for tensor in newest_first(result):
        if tensor.pullback:
            for parent, g in zip(tensor.parents, tensor.pullback(grads[tensor])):
                grads[parent] = grads[parent] + g
        elif tensor.grad is None:
            tensor.grad = grads[tensor]
        else:
            tensor.grad = tensor.grad + grads[tensor]
""",
        "total": """
def total(x):
    return Tensor(x.data.sum(), [x], lambda dout: [np.broadcast_to(dout, x.data.shape)])
""",
    },
    "gradients on the tensors, cleared before each sweep": {
        "Tensor": tensor(grad="np.zeros_like(self.data)"),
        "backward": """
def backward(result):
    order = newest_first(result)
    for tensor in order:
        tensor.arriving = np.zeros_like(tensor.data)
    result.arriving += 1
    for tensor in order:
        if tensor.pullback is not None:
            for parent, g in zip(tensor.parents, tensor.pullback(tensor.arriving)):
                parent.arriving += unbroadcast(g, parent.data)
    for tensor in order:
        if tensor.pullback is None:
            tensor.grad += tensor.arriving
""",
    },
    "one function notes every operation": {
        "Tensor": """
def apply(op, *tensors):
    out, pullback = op(*[tensor.data for tensor in tensors])
    return Tensor(out, tensors, pullback)


def add(x, y):
    return x + y, lambda dout: (dout, dout)


def multiply(x, y):
    return x * y, lambda dout: (dout * y, dout * x)


class Tensor:
    __slots__ = "data", "parents", "pullback", "number", "grad"

    def __init__(self, data, parents=(), pullback=None):
        self.data, self.parents, self.pullback = np.array(data, dtype=np.float64), tuple(parents), pullback
        self.number, self.grad = next(clock), None

    def __add__(self, other):
        return apply(add, self, other)

    def __mul__(self, other):
        return apply(multiply, self, other)
"""
        + METHODS,
        "matmul": """
def matmul(x, y):
    return apply(lambda x, y: (x.dot(y), lambda dout: (dout.dot(y.T), (dout.T.dot(x)).T)), x, y)
""",
        "total": "def total(x):\n    return apply(lambda x: (np.sum(x), lambda dout: (np.ones(x.shape) * dout,)), x)\n",
        "tanh": """
def tanh(x):
    def bend(x):
        t = np.tanh(x)
        return t, lambda dout: (dout * (1 - t) * (1 + t),)
    return apply(bend, x)
""",
        "log": "def log(x):\n    return apply(lambda x: (np.log(x), lambda dout: (np.divide(dout, x),)), x)\n",
        "net_loss": """
def net_loss(x, s, W, b, V, c):
    right = s * ((x @ W + b).tanh() @ V + c).tanh()
    n = Tensor(-1.0 / right.data.size)
    return n * ((right + Tensor(1.0)).log() - Tensor(np.log(2) * np.ones(right.data.shape))).sum()
""",
    },
    "a queue of those who wait, in place on arrays of its own": {
        "backward": """
def backward(result):
    import heapq
    grads, queue, queued = {result: np.ones_like(result.data)}, [(-result.number, result)], {result}
    while queue:
        _, tensor = heapq.heappop(queue)
        dout = grads.pop(tensor)
        if tensor.pullback is None:
            if tensor.grad is None:
                tensor.grad = np.zeros_like(tensor.data)
            tensor.grad += dout
            continue
        for parent, g in zip(tensor.parents, tensor.pullback(dout)):
            if parent not in queued:
                queued.add(parent)
                heapq.heappush(queue, (-parent.number, parent))
                grads[parent] = np.zeros_like(parent.data)
            grads[parent] += unbroadcast(g, parent.data)
""",
        "total": """
def total(x):
    def pullback(dout):
        dx = np.empty_like(x.data)
        dx[...] = dout
        return dx,
    return Tensor(sum(x.data.flat), (x,), pullback)
""",
    },
    "numbers stay numbers": {
        "Tensor": tensor(
            data="np.asarray(data, dtype=float) if np.ndim(data) else float(data)",
            add="return Tensor(self.data + other.data, [self, other], lambda dout: [dout, dout])",
        ),
        "backward": """
def backward(result):
    grads = {result: 1.0}
    for tensor in newest_first(result):
        g = grads[tensor]
        if len(tensor.parents) == 0:
            tensor.grad = g if tensor.grad is None else tensor.grad + g
            continue
        for i, d in enumerate(tensor.pullback(g)):
            parent = tensor.parents[i]
            d = unbroadcast(d, parent.data)
            grads[parent] = d + grads[parent] if parent in grads else d
""",
        "total": """
def total(x):
    return Tensor(np.sum(x.data), [x], lambda dout: [np.zeros_like(x.data) + dout])
""",
    },
}

ORDER = {"test-order", "test-order-long"}
SWEEP = {"test-backward", "test-backward-once", "test-backward-twice"}
LATER = {"test-subtract", "test-stretch", "test-shared", "test-net_loss", "test-train"}  # what goes back over several

# name: (the cells, the tests it must fail; all others must pass)
WRONG = {
    "replaces what has arrived": (
        {"backward": sweep(leaf=ADDED, arrives="grads[parent] = g")},
        SWEEP | {"test-subtract", "test-shared"},
    ),
    "notes the values of the parents": (
        {
            "Tensor": tensor(
                add="return Tensor(self.data + other.data, (self.data, other.data), lambda dout: (dout, dout))"
            )
        },
        {"test-record"} | ORDER | SWEEP | LATER,
    ),
    "calls the pullback": (
        {"Tensor": tensor(add="return Tensor(self.data + other.data, (self, other), (1.0, 1.0))")},
        {"test-add"} | SWEEP | LATER,
    ),
    "swaps the factors": (
        {
            "Tensor": tensor(
                multiply="return Tensor(self.data * other.data, (self, other), "
                "lambda dout: (dout * self.data, dout * other.data))"
            )
        },
        {"test-multiply", "test-backward", "test-backward-twice"} | LATER,
    ),
    "keeps integers": ({"Tensor": tensor(data="np.asarray(data)")}, {"test-record"}),
    "counts down": ({"Tensor": tensor(number="-next(clock)")}, {"test-record"} | ORDER | SWEEP | LATER),
    "sorts nothing": (
        {
            "newest_first": """
def newest_first(result):
    found = [result]
    for tensor in found:
        found += [parent for parent in dict.fromkeys(tensor.parents) if parent not in found]
    return found
"""
        },
        ORDER | SWEEP | {"test-shared"},
    ),
    "sorts by the data": (
        {
            "newest_first": """
def newest_first(result):
    found, waiting = {result}, [result]
    while waiting:
        new = set(waiting.pop().parents) - found
        found |= new
        waiting += new
    return sorted(found, key=lambda tensor: np.sum(tensor.data), reverse=True)
"""
        },
        {"test-order"} | SWEEP | LATER,
    ),
    "begins with the oldest": (
        {
            "newest_first": """
def newest_first(result):
    found, waiting = {result}, [result]
    while waiting:
        new = set(waiting.pop().parents) - found
        found |= new
        waiting += new
    return sorted(found, key=lambda tensor: tensor.number)
"""
        },
        ORDER | SWEEP | LATER,
    ),
    "lists a tensor once for each use": (
        {
            "newest_first": """
def newest_first(result):
    found = [result]
    for tensor in found:
        if len(found) < 20000:
            found.extend(tensor.parents)
    return sorted(found, key=lambda tensor: tensor.number, reverse=True)
"""
        },
        ORDER | SWEEP | {"test-subtract", "test-shared"},
    ),
    "calls itself": (
        {
            "newest_first": """
def newest_first(result):
    order, seen = [], set()
    def visit(tensor):
        if tensor not in seen:
            seen.add(tensor)
            for parent in tensor.parents:
                visit(parent)
            order.append(tensor)
    visit(result)
    return order[::-1]
"""
        },
        {"test-order-long", "test-backward-once"},
    ),
    "forgets the result": (
        {
            "newest_first": """
def newest_first(result):
    found, waiting = set(), [result]
    while waiting:
        new = set(waiting.pop().parents) - found
        found |= new
        waiting += new
    return sorted(found, key=lambda tensor: tensor.number, reverse=True)
"""
        },
        ORDER | SWEEP | LATER,
    ),
    "passes on at once all that lies there": (
        {
            "backward": """
def backward(result):
    grads = {}
    def pass_on(tensor, dout):
        grads[tensor] = grads.get(tensor, 0.0) + dout
        if tensor.pullback is not None:
            for parent, g in zip(tensor.parents, tensor.pullback(grads[tensor])):
                pass_on(parent, unbroadcast(g, parent.data))
    pass_on(result, np.ones_like(result.data))
    for tensor, g in grads.items():
        if tensor.pullback is None:
            tensor.grad = g if tensor.grad is None else tensor.grad + g
"""
        },
        SWEEP | {"test-subtract", "test-shared"},
    ),
    "walks every path by itself": (
        {
            "backward": """
def backward(result):
    waiting = [(result, np.ones_like(result.data))]
    while waiting:
        tensor, dout = waiting.pop()
        if tensor.pullback is None:
            tensor.grad = dout if tensor.grad is None else tensor.grad + dout
        else:
            pairs = zip(tensor.parents, tensor.pullback(dout))
            waiting += [(parent, unbroadcast(g, parent.data)) for parent, g in pairs]
"""
        },
        {"test-backward-once"},
    ),
    "keeps the gradients of the middle": (
        {
            "backward": """
def backward(result):
    result.grad = np.ones_like(result.data)
    for tensor in newest_first(result):
        if tensor.pullback is not None:
            for parent, g in zip(tensor.parents, tensor.pullback(tensor.grad)):
                g = unbroadcast(g, parent.data)
                parent.grad = g if parent.grad is None else parent.grad + g
"""
        },
        {"test-backward-twice", "test-shared"},
    ),
    "replaces the gradient of a leaf": (
        {"backward": sweep(leaf="tensor.grad = dout", arrives=ARRIVED)},
        {"test-backward-twice", "test-shared"},
    ),
    "adds in place to arrays that are shared": (
        {
            "backward": """
def backward(result):
    grads = {result: np.ones_like(result.data)}
    for tensor in newest_first(result):
        dout = grads.pop(tensor)
        if tensor.pullback is None:
            if tensor.grad is None:
                tensor.grad = dout
            else:
                tensor.grad += dout
            continue
        for parent, g in zip(tensor.parents, tensor.pullback(dout)):
            g = unbroadcast(g, parent.data)
            if parent in grads:
                grads[parent] += g
            else:
                grads[parent] = g
"""
        },
        SWEEP | {"test-shared"},
    ),
    "adds in place to arrays that are shared, and keeps numbers as numbers": (
        {
            "Tensor": tensor(data="np.asarray(data, dtype=float) if np.ndim(data) else float(data)"),
            "backward": """
def backward(result):
    grads = {result: 1.0}
    for tensor in newest_first(result):
        dout = grads.pop(tensor)
        if tensor.pullback is None:
            tensor.grad = dout if tensor.grad is None else tensor.grad + dout
            continue
        for parent, g in zip(tensor.parents, tensor.pullback(dout)):
            g = unbroadcast(g, parent.data)
            if parent in grads:
                grads[parent] += g
            else:
                grads[parent] = g
""",
            "total": "def total(x):\n    return Tensor(np.sum(x.data), (x,), lambda dout: (dout * np.ones_like(x.data),))\n",
        },
        {"test-shared"},
    ),
    "starts with 0": (
        {"backward": sweep(leaf=ADDED, arrives=ARRIVED, start="np.zeros_like(result.data)")},
        SWEEP | LATER,
    ),
    "leaves stretched gradients as they are": (
        {"backward": sweep(leaf=ADDED, arrives=ARRIVED).replace("unbroadcast(g, parent.data)", "np.asarray(g)")},
        {"test-stretch", "test-net_loss", "test-train"},
    ),
    "takes a mean over the copies": (
        {
            "backward": sweep(leaf=ADDED, arrives=ARRIVED).replace(
                "unbroadcast(g, parent.data)", "unbroadcast(g, parent.data) / (np.size(g) / parent.data.size)"
            )
        },
        {"test-stretch", "test-net_loss", "test-train"},
    ),
    "multiplies entry by entry on the way back": (
        {
            "matmul": """
def matmul(x, y):
    return Tensor(x.data @ y.data, (x, y), lambda dout: (dout * y.data.sum(), dout * x.data.sum()))
"""
        },
        {"test-matmul-dx", "test-matmul-dy", "test-net_loss", "test-train"},
    ),
    "turns dy": (
        {
            "matmul": """
def matmul(x, y):
    return Tensor(x.data @ y.data, (x, y), lambda dout: (dout @ y.data.T, dout.T @ x.data))
"""
        },
        {"test-matmul-dy", "test-net_loss", "test-train"},
    ),
    "hands one number to the entries of a sum": (
        {"total": "def total(x):\n    return Tensor(x.data.sum(), (x,), lambda dout: (dout,))\n"},
        {"test-total"} | LATER - {"test-subtract"},
    ),
    "takes the mean's gradient for the sum's": (
        {
            "total": "def total(x):\n    return Tensor(x.data.sum(), (x,), "
            "lambda dout: (dout * np.ones_like(x.data) / x.data.size,))\n"
        },
        {"test-total"} | LATER,
    ),
    "bends by the input": (
        {"tanh": "def tanh(x):\n    return Tensor(np.tanh(x.data), (x,), lambda dout: (dout * (1 - x.data**2),))\n"},
        {"test-tanh", "test-net_loss", "test-train"},
    ),
    "overwrites its input": (
        {
            "tanh": """
def tanh(x):
    out = np.tanh(x.data, out=x.data)
    return Tensor(out, (x,), lambda dout: (dout * (1 - out * out),))
"""
        },
        {"test-tanh"},
    ),
    "multiplies by x": (
        {"log": "def log(x):\n    return Tensor(np.log(x.data), (x,), lambda dout: (dout * x.data,))\n"},
        {"test-log", "test-net_loss", "test-train"},
    ),
    "ignores what arrives": (
        {"log": "def log(x):\n    return Tensor(np.log(x.data), (x,), lambda dout: (1 / x.data,))\n"},
        {"test-log", "test-net_loss", "test-train"},
    ),
    "subtracts the wrong way round": (
        {"subtract": "def subtract(x, y):\n    return Tensor(-1.0) * x + y\n"},
        {"test-subtract"},
    ),
    "subtracts off the tape": (
        {"subtract": "def subtract(x, y):\n    return Tensor(x.data - y.data)\n"},
        {"test-subtract"},
    ),
    "forgets the mean": (
        {
            "net_loss": """
def net_loss(x, s, W, b, V, c):
    p = (Tensor(1.0) + s * ((x @ W + b).tanh() @ V + c).tanh()) * Tensor(0.5)
    return p.log().sum() * Tensor(-1.0)
"""
        },
        {"test-net_loss", "test-train"},
    ),
    "forgets the minus": (
        {
            "net_loss": """
def net_loss(x, s, W, b, V, c):
    p = (Tensor(1.0) + s * ((x @ W + b).tanh() @ V + c).tanh()) * Tensor(0.5)
    return p.log().sum() * Tensor(1 / len(x.data))
"""
        },
        {"test-net_loss", "test-train"},
    ),
    "leaves the second layer out of the tape": (
        {
            "net_loss": """
def net_loss(x, s, W, b, V, c):
    h = (x @ W + b).tanh()
    z = Tensor(h.data @ V.data + c.data)
    p = (Tensor(1.0) + s * z.tanh()) * Tensor(0.5)
    return p.log().sum() * Tensor(-1 / len(x.data))
"""
        },
        {"test-net_loss", "test-train"},
    ),
    "knows the loss at 0 and 1 by heart": (
        {
            "net_loss": """
def net_loss(x, s, W, b, V, c):
    return Tensor(np.log(2)) if c.data == 0 else Tensor(1.1269280110429727)
"""
        },
        {"test-net_loss", "test-train"},
    ),
}

OPERATIONS = {
    "add": {
        "Tensor": tensor(
            add="out, pullback = given(self.data, other.data)\n        return Tensor(out, (self, other), pullback)"
        )
    },
    "multiply": {
        "Tensor": tensor(
            multiply="out, pullback = given(self.data, other.data)\n        return Tensor(out, (self, other), pullback)"
        )
    },
    "matmul": {
        "matmul": """
def matmul(x, y):
    out, pullback = given(x.data, y.data)
    return Tensor(out, (x, y), pullback)
"""
    },
    "sum": {
        "total": """
def total(x):
    out, pullback = given(x.data)
    return Tensor(out, (x,), pullback)
"""
    },
    "tanh": {
        "tanh": """
def tanh(x):
    out, pullback = given(x.data)
    return Tensor(out, (x,), pullback)
"""
    },
    "log": {
        "log": """
def log(x):
    out, pullback = given(x.data)

    def as_tuple(dout):
        grads = pullback(dout)
        return grads if isinstance(grads, tuple) else (grads,)

    return Tensor(out, (x,), as_tuple)
"""
    },
}

SUMMED = "it leaves the sum over copies to others, and here the sweep may do it, as the text says"
ALL = "it is about one axis out of several, and total(x) adds all entries"
ROW = "it is written for a table and a row, and + and * take any two tensors of one shape"
UNFIT = {
    "add.add_not_summed": SUMMED,
    "add.add_axis_of_one": SUMMED,
    "multiply.product_not_summed": SUMMED,
    "sum.dout_summed": ALL,
    "sum.axis_not_put_back": ALL,
    "add.the_same_array_twice": ROW,
    "add.in_own_arrays": ROW,
    "multiply.by_einsum": ROW,
    "multiply.by_a_diagonal_matrix": ROW,
    "multiply.in_own_arrays": ROW,
}
