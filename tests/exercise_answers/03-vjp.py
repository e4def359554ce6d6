"""What learners might write in exercise 03: {solution cell: code}.  Cells that are not named keep the instructor's; the first of RIGHT is complete."""

RIGHT = {
    "inner functions": {
        "sum_over": """
def sum_over(x, *, axis, keepdims=False):
    out = x.sum(axis=axis, keepdims=keepdims)
    def pullback(dout):
        if not keepdims:
            dout = np.expand_dims(dout, axis)
        return (dout * np.ones_like(x),)
    return out, pullback
""",
        "unbroadcast": """
def unbroadcast(dout, shape):
    while dout.ndim > len(shape):
        dout = dout.sum(axis=0)
    for axis in range(len(shape)):
        if shape[axis] == 1:
            dout = dout.sum(axis=axis, keepdims=True)
    return dout
""",
        "matmul": """
def matmul(x, y):
    out = np.matmul(x, y)
    def pullback(dout):
        dx = np.matmul(dout, y.transpose())
        dy = np.matmul(x.transpose(), dout)
        return dx, dy
    return out, pullback
""",
        "matmul_jvp": """
def matmul_jvp(x, y, x_dot, y_dot):
    first = np.matmul(x_dot, y)
    second = np.matmul(x, y_dot)
    return first + second
""",
        "two_sides": """
def two_sides(op, jvp, inputs, tangents, v):
    out_dot = jvp(*inputs, *tangents)
    left = np.sum(v * out_dot)
    out, pullback = op(*inputs)
    grads = pullback(v)
    right = 0.0
    for i in range(len(inputs)):
        right += np.sum(grads[i] * tangents[i])
    return left, right
""",
        "add": """
def add(x, y):
    def pullback(dout):
        dx = unbroadcast(dout, x.shape)
        dy = unbroadcast(dout, np.shape(y))
        return dx, dy
    return x + y, pullback
""",
    },
    "loops over entries and rows": {
        "sum_over": """
def sum_over(x, *, axis, keepdims=False):
    slices = np.moveaxis(x, axis, 0)
    out = np.zeros(slices[0].shape)
    for part in slices:
        out = out + part
    def pullback(dout):
        dx = np.zeros(x.shape)
        for part in np.moveaxis(dx, axis, 0):
            part[...] = dout.reshape(part.shape)
        return (dx,)
    return np.expand_dims(out, axis) if keepdims else out, pullback
""",
        "matmul": """
def matmul(x, y):
    out = np.array([[row @ column for column in y.T] for row in x])
    def pullback(dout):
        dx, dy = np.zeros_like(x), np.zeros_like(y)
        for n in range(len(x)):
            dy += np.outer(x[n], dout[n])
            for m in range(y.shape[1]):
                dx[n] += dout[n, m] * y[:, m]
        return dx, dy
    return out, pullback
""",
        "two_sides": """
def two_sides(op, jvp, inputs, tangents, v):
    def inner(a, b):
        return float(sum(p * q for p, q in zip(np.ravel(a), np.ravel(b))))
    grads = op(*inputs)[1](v)
    return [inner(v, jvp(*inputs, *tangents)), sum(map(inner, grads, tangents))]
""",
    },
    "einsum, and entries sorted by their origin": {
        "unbroadcast": """
def unbroadcast(dout, shape):
    result = np.zeros(shape)
    size = result.size
    origin = np.broadcast_to(np.arange(size).reshape(shape), dout.shape)
    np.add.at(result.reshape(-1), origin.ravel(), dout.ravel())
    return result
""",
        "matmul": """
def matmul(x, y):
    return np.einsum("nd,dm->nm", x, y), lambda v: (np.einsum("nm,dm->nd", v, y), np.einsum("nm,nd->dm", v, x))
""",
        "matmul_jvp": """
def matmul_jvp(x, y, x_dot, y_dot):
    return np.einsum("nd,dm->nm", x_dot, y) + np.einsum("nd,dm->nm", x, y_dot)
""",
    },
    "in place, on arrays of its own": {
        "sum_over": """
def sum_over(x, *, axis, keepdims=False):
    def pullback(dout):
        dx = np.zeros_like(x, order="F")
        dx += dout if keepdims else np.expand_dims(dout, axis)
        return [dx]
    return np.add.reduce(x, axis=axis, keepdims=keepdims), pullback
""",
        "unbroadcast": """
def unbroadcast(dout, shape):
    result = np.array(dout)
    padded = (1,) * (dout.ndim - len(shape)) + tuple(shape)
    for axis, size in enumerate(padded):
        if size == 1:
            result = np.add.reduce(result, axis=axis, keepdims=True)
    return result.reshape(shape)
""",
        "matmul_jvp": """
def matmul_jvp(x, y, x_dot, y_dot):
    out_dot = x_dot @ y
    out_dot += x @ y_dot
    return out_dot
""",
        "add": """
def add(x, y):
    out = np.zeros(np.broadcast_shapes(x.shape, y.shape))
    out += x
    out += y
    return out, lambda dout: [unbroadcast(dout, a.shape) for a in (x, y)]
""",
    },
    "products turned round, and one big matrix": {
        "sum_over": """
def sum_over(x, *, axis, keepdims=False):
    n = x.shape[axis]
    def pullback(dout):
        column = dout.reshape(np.sum(x, axis=axis, keepdims=True).shape)
        return (np.repeat(column, n, axis=axis),)
    return np.sum(x, axis, keepdims=keepdims), pullback
""",
        "matmul": "matmul = lambda x, y: ((y.T @ x.T).T, lambda v: ((y @ v.T).T, (v.T @ x).T))",
        "matmul_jvp": """
def matmul_jvp(x, y, x_dot, y_dot):
    return np.hstack([x_dot, x]) @ np.vstack([y, y_dot])
""",
        "two_sides": """
def two_sides(op, jvp, inputs, tangents, v):
    grads = op(*inputs)[1](v)
    back = np.concatenate([np.ravel(g) for g in grads])
    return v.ravel() @ jvp(*inputs, *tangents).ravel(), back @ np.concatenate([np.ravel(u) for u in tangents])
""",
    },
}


def summed(dx, out="np.sum(x, axis=axis, keepdims=keepdims)"):
    code = f"def sum_over(x, *, axis, keepdims=False):\n    return {out}, lambda dout: ({dx},)\n"
    return {"sum_over": code}


SPREAD = "np.broadcast_to(dout if keepdims else np.expand_dims(dout, axis), x.shape)"


def product(dx="dout @ y.T", dy="x.T @ dout", out="x @ y"):
    return {"matmul": f"def matmul(x, y):\n    return {out}, lambda dout: ({dx}, {dy})\n"}


def sides(left="np.vdot(v, jvp(*inputs, *tangents))", right="sum(map(np.vdot, op(*inputs)[1](v), tangents))"):
    return {"two_sides": f"def two_sides(op, jvp, inputs, tangents, v):\n    return {left}, {right}\n"}


def added(dx="unbroadcast(dout, x.shape)", dy="unbroadcast(dout, y.shape)", out="x + y"):
    return {"add": f"def add(x, y):\n    return {out}, lambda dout: ({dx}, {dy})\n"}


SUM = {"test-sum_over-dx", "test-sum_over-keepdims"}
COPY = {"test-unbroadcast-missing", "test-unbroadcast-ones"}
ADD = {"test-add", "test-add-shapes", "test-add-affine"}
LATER = {"test-two_sides-matmul", "test-add-affine"}  # where matmul is put to work

# name: (the cells, the tests it must fail; all others must pass)
WRONG = {
    "divides as in a mean": (summed(f"{SPREAD} / x.shape[axis]"), SUM),
    "hands on dout as it came": (summed("dout"), SUM),
    "multiplies by x": (summed(f"{SPREAD} * x"), SUM),
    "ignores dout": (summed("np.ones_like(x)"), SUM),
    "puts back an axis that was kept": (
        summed("np.broadcast_to(np.expand_dims(dout, axis), x.shape)"),
        {"test-sum_over-keepdims"},
    ),
    "puts the axis back in second place, always": (
        summed("np.ones_like(x) * (dout if keepdims else dout[:, None])"),
        {"test-sum_over-dx"},
    ),
    "puts the axis back in first or in second place": (
        summed("np.ones_like(x) * (dout if keepdims else dout[None] if axis == 0 else dout[:, None])"),
        {"test-sum_over-dx"},
    ),
    "never keeps the axis": (
        summed("np.broadcast_to(np.expand_dims(dout, axis), x.shape)", out="np.sum(x, axis=axis)"),
        {"test-sum_over-out", "test-sum_over-keepdims"},
    ),
    "takes the mean of the copies": (
        {
            "unbroadcast": """
def unbroadcast(dout, shape):
    dout = dout.mean(axis=tuple(range(dout.ndim - len(shape))))
    return dout.mean(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)
"""
        },
        COPY | ADD,
    ),
    "overlooks axes of size 1": (
        {
            "unbroadcast": "def unbroadcast(dout, shape):\n    return dout.sum(axis=tuple(range(dout.ndim - len(shape))))\n"
        },
        {"test-unbroadcast-ones", "test-add", "test-add-shapes"},
    ),
    "drops axes of size 1": (
        {
            "unbroadcast": """
def unbroadcast(dout, shape):
    dout = dout.sum(axis=tuple(range(dout.ndim - len(shape))))
    return dout.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1))
"""
        },
        {"test-unbroadcast-ones", "test-add", "test-add-shapes"},
    ),
    "keeps axes that were missing": (
        {
            "unbroadcast": """
def unbroadcast(dout, shape):
    dout = dout.sum(axis=tuple(range(dout.ndim - len(shape))), keepdims=True)
    return dout.sum(axis=tuple(i - len(shape) for i, n in enumerate(shape) if n == 1), keepdims=True)
"""
        },
        COPY | ADD,
    ),
    "looks for missing axes at the end": (
        {
            "unbroadcast": """
def unbroadcast(dout, shape):
    dout = dout.sum(axis=tuple(range(len(shape), dout.ndim)))
    return dout.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)
"""
        },
        COPY | ADD,
    ),
    "gives the first copy all": (
        {
            "unbroadcast": """
def unbroadcast(dout, shape):
    while dout.ndim > len(shape):
        dout = dout[0]
    return dout.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)
"""
        },
        COPY | ADD,
    ),
    "knows its shapes by heart": (
        {
            "unbroadcast": """
def unbroadcast(dout, shape):
    if len(shape) < dout.ndim:
        dout = dout.sum(axis=tuple(range(dout.ndim - len(shape))))
    return dout.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1 and dout.shape[i] < 20), keepdims=True)
"""
        },
        {"test-unbroadcast-ones", "test-add"},
    ),
    "knows the product by heart": (
        product(out="np.array([[4.0, 1.0, -2.0, 5.0], [-1.0, 0.0, 1.0, -2.0], [7.0, 3.0, -1.0, 5.0]])"),
        {"test-matmul-out", "test-matmul-dx", "test-matmul-dy", "test-add-affine"},
    ),
    "turns the product round": (
        product(out="(x @ y).T"),
        {"test-matmul-out", "test-matmul-dx", "test-matmul-dy", "test-add-affine"},
    ),
    "exchanges dx and dy": (product(dx="x.T @ dout", dy="dout @ y.T"), {"test-matmul-dx", "test-matmul-dy"} | LATER),
    "turns dx round": (product(dx="y @ dout.T"), {"test-matmul-dx"} | LATER),
    "turns dy round": (product(dy="dout.T @ x"), {"test-matmul-dy"} | LATER),
    "leaves dout out of dx": (product(dx="np.ones_like(dout) @ y.T"), {"test-matmul-dx"} | LATER),
    "averages dy over the rows": (product(dy="x.T @ dout / len(x)"), {"test-matmul-dy"} | LATER),
    "has no dy yet": (product(dy="None"), {"test-matmul-dy"} | LATER),
    "moves for one reason only": (
        {"matmul_jvp": "def matmul_jvp(x, y, x_dot, y_dot):\n    return x_dot @ y\n"},
        {"test-matmul_jvp", "test-two_sides-matmul"},
    ),
    "multiplies the speeds": (
        {"matmul_jvp": "def matmul_jvp(x, y, x_dot, y_dot):\n    return x_dot @ y_dot\n"},
        {"test-matmul_jvp", "test-two_sides-matmul"},
    ),
    "says where, not how fast": (
        {"matmul_jvp": "def matmul_jvp(x, y, x_dot, y_dot):\n    return (x + x_dot) @ (y + y_dot)\n"},
        {"test-matmul_jvp", "test-two_sides-matmul"},
    ),
    "counts the first input only": (
        sides(right="np.vdot(op(*inputs)[1](v)[0], tangents[0])"),
        {"test-two_sides-matmul"},
    ),
    "returns the left side twice": (
        sides(right="np.vdot(v, jvp(*inputs, *tangents))"),
        {"test-two_sides"},
    ),
    "returns the right side twice": (
        sides(left="sum(map(np.vdot, op(*inputs)[1](v), tangents))"),
        {"test-two_sides"},
    ),
    "takes out for its speed": (
        sides(left="np.vdot(v, op(*inputs)[0])"),
        {"test-two_sides", "test-two_sides-matmul"},
    ),
    "hands on dout to both": (added(dx="dout", dy="dout"), ADD),
    "sums down the smaller one only": (
        added(
            dx="unbroadcast(dout, x.shape) if x.ndim < y.ndim else dout",
            dy="unbroadcast(dout, y.shape) if y.ndim < x.ndim else dout",
        ),
        {"test-add", "test-add-shapes"},
    ),
    "gives both the shape of x": (
        added(dy="unbroadcast(dout, x.shape)"),
        ADD,
    ),
    "shares dout out": (added(dx="unbroadcast(dout, x.shape) / 2"), ADD),
}

OPERATIONS = {
    "sum": {
        "sum_over": "def sum_over(x, *, axis, keepdims=False):\n    return given(x, axis=axis, keepdims=keepdims)\n"
    },
    "matmul": {"matmul": "matmul = given"},
    "add": {"add": "add = given"},
}

ONE_ROW = "it takes a matrix and a row, and the exercise promises no such shapes"
UNFIT = {"add.the_same_array_twice": ONE_ROW, "add.in_own_arrays": ONE_ROW}
