"""What learners might write in exercise 01: {solution cell: code}.  Cells that are not named keep the instructor's; the first of RIGHT is complete."""

RIGHT = {
    "short lines": {
        "central_difference": "central_difference = lambda f, x, h: (f(x + h) - f(x - h)) / h / 2",
        "slopes": """
def slopes(f, x, h=1e-5):
    def entry(place):
        step = np.zeros(x.shape)
        step[place] = h
        return (f(x + step) - f(x - step)) / (2 * h)
    return np.array([entry(p) for p in np.ndindex(x.shape)]).reshape(x.shape)
""",
        "best_step": "def best_step(value, third):\n    return np.cbrt(3 * 2**-52 * np.abs(value / third))\n",
        "refuted": """
def refuted(f, slope, places):
    def wrong(x):
        m = central_difference(f, x, 1e-5)
        return abs(slope(x) - m) > 1e-6 * max(1, abs(m))
    return [x for x in places if wrong(x)]
""",
        "distance": "distance = lambda a, b: abs(a - b).max() / abs(b).max()",
    },
    "the mean of two one-sided slopes": {
        "central_difference": """
def central_difference(f, x, h):
    forward = (f(x + h) - f(x)) / h
    back = (f(x) - f(x - h)) / h
    return (forward + back) / 2
""",
    },
    "one entry after the other, through the function of task 1": {
        "slopes": """
def slopes(f, x, h=1e-5):
    result = np.empty_like(x)
    for place in np.ndindex(x.shape):
        def along(value):
            moved = np.array(x)
            moved[place] = value
            return f(moved)
        result[place] = central_difference(along, x[place], h)
    return result
""",
    },
    "in place, and put back": {
        "slopes": """
def slopes(f, x, h=1e-5):
    y = x.copy()
    result = np.zeros_like(y)
    flat, out = y.reshape(-1), result.reshape(-1)
    for i in range(flat.size):
        kept = flat[i]
        flat[i] = kept + h
        up = f(y)
        flat[i] = kept - h
        out[i] = (up - f(y)) / (2 * h)
        flat[i] = kept
    return result
""",
        "distance": """
def distance(claimed, measured):
    scale, far = 0.0, 0.0
    for a, b in zip(claimed.ravel(), measured.ravel()):
        scale, far = max(scale, abs(b)), max(far, abs(a - b))
    return far / scale
""",
    },
    "arrays instead of loops": {
        "best_step": """
def best_step(value, third):
    a, e = abs(third) / 6, np.finfo(np.float64).eps * abs(value)
    return float(np.power(e / (2 * a), 1 / 3))
""",
        "refuted": """
def refuted(f, slope, places):
    measured = np.array([central_difference(f, x, 1e-5) for x in places])
    claimed = np.array([slope(x) for x in places])
    bad = np.abs(claimed - measured) > 1e-6 * np.maximum(1, np.abs(measured))
    return [x for x, wrong in zip(places, bad) if wrong]
""",
    },
}


# name: (the cells, the tests it must fail; all others must pass)
WRONG = {
    "steps to one side": (
        {"central_difference": "def central_difference(f, x, h):\n    return (f(x + h) - f(x)) / h\n"},
        {"test-central_difference", "test-refuted"},
    ),
    "forgets the 2": (
        {"central_difference": "def central_difference(f, x, h):\n    return (f(x + h) - f(x - h)) / h\n"},
        {"test-central_difference", "test-refuted"},
    ),
    "loses the parentheses": (
        {"central_difference": "def central_difference(f, x, h):\n    return (f(x + h) - f(x - h)) / 2 * h\n"},
        {"test-central_difference", "test-refuted"},
    ),
    "steps by 1, whatever h is": (
        {"central_difference": "def central_difference(f, x, h):\n    return (f(x + 1) - f(x - 1)) / 2\n"},
        {"test-central_difference", "test-refuted"},
    ),
    "moves the whole array": (
        {"slopes": "def slopes(f, x, h=1e-5):\n    return (f(x + h) - f(x - h)) / (2 * h) * np.ones(x.shape)\n"},
        {"test-slopes", "test-slopes-shapes", "test-network"},
    ),
    "forgets to move the entries back": (
        {
            "slopes": """
def slopes(f, x, h=1e-5):
    result, up, down = np.zeros(x.shape), x.copy(), x.copy()
    for place in np.ndindex(x.shape):
        up[place] += h
        down[place] -= h
        result[place] = (f(up) - f(down)) / (2 * h)
    return result
"""
        },
        {"test-slopes", "test-slopes-shapes", "test-network"},
    ),
    "writes into the array it was given": (
        {
            "slopes": """
def slopes(f, x, h=1e-5):
    result = np.zeros(x.shape)
    for place in np.ndindex(x.shape):
        x[place] += h
        up = f(x)
        x[place] -= 2 * h
        result[place] = (up - f(x)) / (2 * h)
    return result
"""
        },
        {"test-slopes", "test-network"},
    ),
    "knows arrays in a row only": (
        {
            "slopes": """
def slopes(f, x, h=1e-5):
    result = np.zeros(x.shape)
    for i in range(len(x)):
        up, down = x.copy(), x.copy()
        up[i] += h
        down[i] -= h
        result[i] = (f(up) - f(down)) / (2 * h)
    return result
"""
        },
        {"test-slopes-shapes", "test-network"},
    ),
    "sets the two errors equal": (
        {"best_step": "def best_step(value, third):\n    return (6 * 2**-52 * abs(value / third)) ** (1 / 3)\n"},
        {"test-best_step"},
    ),
    "takes a square root": (
        {"best_step": "def best_step(value, third):\n    return (3 * 2**-52 * abs(value / third)) ** (1 / 2)\n"},
        {"test-best_step"},
    ),
    "forgets the value of f": (
        {
            "best_step": """
def best_step(value, third):
    return (3 * np.finfo(float).eps / abs(third)) ** (1 / 3)
"""
        },
        {"test-best_step"},
    ),
    "takes the size of f, and not of its third derivative": (
        {
            "best_step": """
def best_step(value, third):
    return np.sign(third) * (3 * np.finfo(float).eps * abs(value / third)) ** (1 / 3)
"""
        },
        {"test-best_step"},
    ),
    "knows the best step by heart": (
        {"best_step": "def best_step(value, third):\n    return 3.028e-6\n"},
        {"test-best_step"},
    ),
    "forgives one part in a thousand": (
        {
            "refuted": """
def refuted(f, slope, places):
    measured = [central_difference(f, x, 1e-5) for x in places]
    return [x for x, m in zip(places, measured) if abs(slope(x) - m) > 1e-3 * max(1, abs(m))]
"""
        },
        {"test-refuted"},
    ),
    "steps too far": (
        {
            "refuted": """
def refuted(f, slope, places):
    measured = [central_difference(f, x, 1e-3) for x in places]
    return [x for x, m in zip(places, measured) if abs(slope(x) - m) > 1e-6 * max(1, abs(m))]
"""
        },
        {"test-refuted"},
    ),
    "asks whether two floats are equal": (
        {
            "refuted": """
def refuted(f, slope, places):
    return [x for x in places if slope(x) != central_difference(f, x, 1e-5)]
"""
        },
        {"test-refuted"},
    ),
    "has one bound for all slopes": (
        {
            "refuted": """
def refuted(f, slope, places):
    return [x for x in places if abs(slope(x) - central_difference(f, x, 1e-5)) > 1e-6]
"""
        },
        {"test-refuted"},
    ),
    "stops at the first wrong place": (
        {
            "refuted": """
def refuted(f, slope, places):
    for x in places:
        m = central_difference(f, x, 1e-5)
        if abs(slope(x) - m) > 1e-6 * max(1, abs(m)):
            return [x]
    return []
"""
        },
        {"test-refuted"},
    ),
    "divides by the claimed slope": (
        {"distance": "def distance(a, b):\n    return np.max(np.abs(a - b)) / np.max(np.abs(a))\n"},
        {"test-distance"},
    ),
    "forgets the signs": (
        {"distance": "def distance(a, b):\n    return np.max(a - b) / np.max(b)\n"},
        {"test-distance"},
    ),
    "rounds the distance to single precision": (
        {"distance": "def distance(a, b):\n    return np.float32(np.max(np.abs(a - b)) / np.max(np.abs(b)))\n"},
        {"test-distance"},
    ),
}
