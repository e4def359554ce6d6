"""What learners might write in exercise 02: {solution cell: code}.  Cells that are not named keep the instructor's; the first of RIGHT is complete."""

RIGHT = {
    "inner functions": {
        "multiply": """
def multiply(x, y):
    out = x * y
    def pullback(dout):
        dx = dout * y
        dy = dout * x
        return dx, dy
    return out, pullback
""",
        "add": """
def add(x, y):
    def pullback(dout):
        return dout.copy(), dout.copy()
    return x + y, pullback
""",
        "tanh": """
def tanh(x):
    out = np.tanh(x)
    def pullback(dout):
        return (dout - dout * out**2,)
    return out, pullback
""",
        "gated": """
def gated(x, y):
    product, back_1 = multiply(x, y)
    bent, back_2 = tanh(product)
    out, back_3 = multiply(x, bent)
    def pullback(dout):
        first, dbent = back_3(dout)
        dproduct = back_2(dbent)[0]
        second, dy = back_1(dproduct)
        return first + second, dy
    return out, pullback
""",
        "curve": """
def curve(a, b, c, x):
    bx, back_1 = multiply(b, x)
    line, back_2 = add(bx, c)
    bent, back_3 = tanh(line)
    out, back_4 = multiply(a, bent)
    def pullback(dout):
        da, dbent = back_4(dout)
        dbx, dc = back_2(*back_3(dbent))
        db, dx = back_1(dbx)
        return da, db, dc, dx
    return out, pullback
""",
    },
    "loops over entries": {
        "multiply": """
def multiply(x, y):
    out = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        out[i] = x[i] * y[i]
    def pullback(dout):
        dx, dy = np.zeros(x.shape), np.zeros(x.shape)
        for i in np.ndindex(x.shape):
            dx[i] += y[i] * dout[i]
            dy[i] += x[i] * dout[i]
        return dx, dy
    return out, pullback
""",
    },
    "in place, on arrays of its own": {
        "tanh": """
def tanh(x):
    out = np.array(x, dtype=float)
    np.tanh(out, out=out)
    def pullback(dout):
        slope = out * out
        slope *= -1
        slope += 1
        slope *= dout
        return [slope]
    return out, lambda dout: tuple(pullback(dout))
""",
        "gated": """
def gated(x, y):
    u, back_u = multiply(x, y)
    t, back_t = tanh(u)
    out, back_out = multiply(x, t)
    def pullback(dout):
        late, dt = back_out(dout)
        dx = late.copy()
        early, dy = back_u(*back_t(dt))
        dx += early
        return dx, dy
    return out, pullback
""",
    },
    "formulas instead of parts": {
        "gated": """
def gated(x, y):
    t = np.tanh(x * y)
    return x * t, lambda dout: (dout * (t + x * y * (1 - t**2)), dout * x**2 * (1 - t**2))
""",
        "curve": """
def curve(a, b, c, x):
    t = np.tanh(b * x + c)
    def pullback(dout):
        bend = dout * a * (1 - t) * (1 + t)
        return dout * t, bend * x, bend, bend * b
    return a * t, pullback
""",
    },
    "a bare array, and a list": {
        "multiply": "multiply = lambda x, y: (np.multiply(x, y), lambda dout: [dout * y, x * dout])",
        "tanh": "def tanh(x):\n    t = np.tanh(x)\n    return t, lambda dout: tuple([np.multiply(dout, 1 - t * t)])\n",
        "curve": """
def curve(a, b, c, x):
    back = []
    def do(op, *inputs):
        out, pullback = op(*inputs)
        back.append(pullback)
        return out
    out = do(multiply, a, do(tanh, do(add, do(multiply, b, x), c)))
    def pullback(dout):
        da, dt = back[3](dout)
        dm, dc = back[1](*back[2](dt))
        db, dx = back[0](dm)
        return da, db, dc, dx
    return out, pullback
""",
    },
}

LATER = {"test-gated-dx", "test-gated-dy", "test-curve", "test-fit"}  # what is built from the parts

# name: (the cells, the tests it must fail; all others must pass)
WRONG = {
    "swaps the factors": (
        {"multiply": "def multiply(x, y):\n    return x * y, lambda dout: (dout * x, dout * y)\n"},
        {"test-multiply-dx", "test-multiply-dy"} | LATER,
    ),
    "ignores what arrives": (
        {"multiply": "def multiply(x, y):\n    return x * y, lambda dout: (y, x)\n"},
        {"test-multiply-dx", "test-multiply-dy"} | LATER,
    ),
    "calls the pullback": (
        {
            "multiply": "def multiply(x, y):\n    def pullback(dout):\n        return dout * y, dout * x\n"
            "    return x * y, pullback(1.0)\n"
        },
        {"test-multiply-out", "test-multiply-dx", "test-multiply-dy", "test-gated-out"} | LATER,
    ),
    "takes a sum for a product": (
        {"add": "def add(x, y):\n    return x + y, lambda dout: (dout * x, dout * y)\n"},
        {"test-add", "test-curve", "test-fit"},
    ),
    "shares what arrives": (
        {"add": "def add(x, y):\n    return x + y, lambda dout: (dout / 2, dout / 2)\n"},
        {"test-add", "test-curve", "test-fit"},
    ),
    "returns one gradient, for both": (
        {"add": "def add(x, y):\n    return x + y, lambda dout: (dout,)\n"},
        {"test-add", "test-curve", "test-fit"},
    ),
    "squares the input": (
        {"tanh": "def tanh(x):\n    return np.tanh(x), lambda dout: (dout * (1 - x * x),)\n"},
        {"test-tanh"} | LATER,
    ),
    "forgets the square": (
        {"tanh": "def tanh(x):\n    t = np.tanh(x)\n    return t, lambda dout: (dout * (1 - t),)\n"},
        {"test-tanh"} | LATER,
    ),
    "knows the values at 0 and 20 by heart": (
        {"tanh": "def tanh(x):\n    return np.tanh(x), lambda dout: (dout * (x == 0),)\n"},
        {"test-tanh"} | LATER,
    ),
    "forgets to multiply by x at the end": (
        {
            "gated": """
def gated(x, y):
    u, back_through_u = multiply(x, y)
    t, back_through_t = tanh(u)
    return t, lambda dout: back_through_u(*back_through_t(dout))
"""
        },
        {"test-gated-out", "test-gated-dy", "test-gated-dx"},
    ),
    "multiplies by y at the end": (
        {
            "gated": """
def gated(x, y):
    u, back_through_u = multiply(x, y)
    t, back_through_t = tanh(u)
    out, back_through_out = multiply(y, t)

    def pullback(dout):
        dy_late, dt = back_through_out(dout)
        dx, dy_early = back_through_u(*back_through_t(dt))
        return dx, dy_late + dy_early

    return out, pullback
"""
        },
        {"test-gated-out", "test-gated-dy", "test-gated-dx"},
    ),
    "loses the late path": (
        {
            "gated": """
def gated(x, y):
    u, back_u = multiply(x, y)
    t, back_t = tanh(u)
    out, back_out = multiply(x, t)
    def pullback(dout):
        dx, dt = back_out(dout)
        dx, dy = back_u(*back_t(dt))
        return dx, dy
    return out, pullback
"""
        },
        {"test-gated-dx"},
    ),
    "loses the early path": (
        {
            "gated": """
def gated(x, y):
    u, back_u = multiply(x, y)
    t, back_t = tanh(u)
    out, back_out = multiply(x, t)
    def pullback(dout):
        dx, dt = back_out(dout)
        _, dy = back_u(*back_t(dt))
        return dx, dy
    return out, pullback
"""
        },
        {"test-gated-dx"},
    ),
    "stops at tanh": (
        {
            "gated": """
def gated(x, y):
    u, back_u = multiply(x, y)
    t, back_t = tanh(u)
    out, back_out = multiply(x, t)
    def pullback(dout):
        late, dt = back_out(dout)
        early, dy = back_u(dt)
        return early + late, dy
    return out, pullback
"""
        },
        {"test-gated-dx", "test-gated-dy"},
    ),
    "returns them in the order in which it finds them": (
        {
            "curve": """
def curve(a, b, c, x):
    t = np.tanh(b * x + c)
    def pullback(dout):
        bend = dout * a * (1 - t * t)
        return dout * t, bend, bend * x, bend * b
    return a * t, pullback
"""
        },
        {"test-curve", "test-fit"},
    ),
}

OPERATIONS = {
    "multiply": {"multiply": "multiply = given"},
    "add": {"add": "add = given"},
    "tanh": {"tanh": "tanh = given"},
}

SHAPES = "it is about two inputs of different shapes, and here all have one shape, as the text says"
UNFIT = {
    "multiply.product_not_summed": SHAPES,
    "add.add_not_summed": SHAPES,
    "add.add_axis_of_one": SHAPES,
    "multiply.by_einsum": SHAPES,
    "multiply.by_a_diagonal_matrix": SHAPES,
    "multiply.in_own_arrays": SHAPES,
    "add.the_same_array_twice": SHAPES,
    "add.in_own_arrays": SHAPES,
}
