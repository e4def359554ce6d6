"""Wrong implementations on purpose, set aside: the diagnosis of the gradient checker is judged on them.

Each is what a learner could honestly hand in: a misconception, a slip of formula, a NumPy trap. All were written
without looking at the checker. `MUTANTS` lists them:

    Mutant(name, subject, make, cause, argument, note)

`make()` returns the implementation, anew at each call (some remember things that they should not):
an operation `op(*arrays, **constants) -> (out, pullback)`; for `layer:` a class with `forward` and `backward`;
for `optimizer:` a class with `step` and `zero_grad`; for `tape` a class like `dlscratch.Tensor`.
`cause` is what a perfect diagnosis would name: a word, several that describe it equally well, or None.
`example_inputs(subject, size, rng)` gives arrays and constants on which every mutant of a subject shows.

Signatures where the package leaves a choice:

    conv2d(x, W, b, *, stride=1, pad=0)     x (N, C, H, W), W (F, C, h, w), b (F,)
    max_pool2d(x, *, size=2)                windows side by side
    embedding(W, *, ids)                    W (V, D), ids (T,) -> (T, D)
    rnn_step(x, h, Wx, Wh, b)               tanh(x Wx + h Wh + b)
    attention(q, k, v)                      q (B, T, D), k (B, S, D), v (B, S, E) -> (B, T, E)

Run as a program, the file proves by numeric differences that what is called wrong is wrong, and nothing else.
"""

from collections import deque
from typing import Any, NamedTuple

import numpy as np


class Mutant(NamedTuple):
    name: str
    subject: str
    make: Any
    cause: Any
    argument: Any
    note: str


MUTANTS = []


def mutant(subject, argument, cause, note):
    def enlist(make):
        MUTANTS.append(Mutant(make.__name__, subject, make, cause, argument, note))
        return make

    return enlist


# ---- affine ------------------------------------------------------------------------------------------


@mutant("affine", "dW", "transposed", "Multiplies the two matrices in the other order, and never looks at the shape.")
def affine_dout_t_x():
    def affine(x, W, b):
        def pullback(dout):
            dx = np.dot(dout, W.T)
            dW = np.dot(dout.T, x)
            db = np.sum(dout, axis=0)
            return dx, dW, db

        return np.dot(x, W) + b, pullback

    return affine


@mutant("affine", "db", "not-summed", "out = xW + b, so db must be dout: forgets that b was broadcast over the batch.")
def affine_db_is_dout():
    def affine(x, W, b):
        y = x @ W + b
        return y, lambda dout: (dout @ W.T, x.T @ dout, dout)

    return affine


@mutant("affine", "db", ["wrong-axis", "wrong-shape"], "np.sum without an axis adds up everything.")
def affine_db_sum_of_everything():
    def affine(x, W, b):
        def pullback(dout):
            return dout @ W.T, x.T @ dout, np.sum(dout)

        return x @ W + b, pullback

    return affine


@mutant("affine", "db", "wrong-axis", "Believes that axis=1 means 'down the columns'.")
def affine_db_axis_1():
    def affine(x, W, b):
        out = x @ W
        out = out + b

        def pullback(dout):
            db = dout.sum(axis=1)
            dW = x.T @ dout
            dx = dout @ W.T
            return dx, dW, db

        return out, pullback

    return affine


@mutant("affine", "db", "keepdims", "Keeps the summed axis 'so that broadcasting works', and b becomes a row matrix.")
def affine_db_keepdims():
    def affine(x, W, b):
        def pullback(g):
            return g.dot(W.T), x.T.dot(g), g.sum(axis=0, keepdims=True)

        return x.dot(W) + b, pullback

    return affine


@mutant("affine", ["dW", "db"], "over-n", "Copies dW = 1/m X^T dZ from a course where the loss did not average.")
def affine_mean_over_batch():
    def affine(x, W, b):
        z = np.matmul(x, W) + b
        m = x.shape[0]

        def pullback(dz):
            dW = 1 / m * np.matmul(x.T, dz)
            db = 1 / m * np.sum(dz, axis=0)
            dx = np.matmul(dz, W.T)
            return dx, dW, db

        return z, pullback

    return affine


@mutant("affine", ["dx", "dW", "db"], ["raises", "transposed"], "Goes back through W without transposing it.")
def affine_dx_without_transpose():
    def affine(x, W, b):
        def pullback(dout):
            dx = dout @ W
            dW = x.T @ dout
            db = dout.sum(axis=0)
            return dx, dW, db

        return x @ W + b, pullback

    return affine


@mutant("affine", ["dx", "dW"], "swapped", "Returns the gradients in the order in which they were computed.")
def affine_order_of_computation():
    def affine(x, W, b):
        def pullback(dout):
            dW = x.T @ dout
            dx = dout @ W.T
            db = dout.sum(axis=0)
            return dW, dx, db

        return x @ W + b, pullback

    return affine


@mutant("affine", ["dx", "dW", "db"], "first-example-only", "`return` stands one level too deep, inside the loop.")
def affine_returns_inside_the_loop():
    def affine(x, W, b):
        n = x.shape[0]
        out = np.zeros((n, W.shape[1]))
        for i in range(n):
            out[i] = np.dot(x[i], W) + b

        def pullback(dout):
            dx = np.zeros_like(x)
            dW = np.zeros_like(W)
            db = np.zeros_like(b)
            for i in range(n):
                dx[i] = np.dot(W, dout[i])
                dW += np.outer(x[i], dout[i])
                db += dout[i]
                return dx, dW, db

        return out, pullback

    return affine


@mutant("affine", "db", "upstream-ignored", "'The derivative of xW + b with respect to b is 1' - and stops there.")
def affine_db_ones():
    def affine(x, W, b):
        def pullback(dout):
            return np.dot(dout, W.T), np.dot(x.T, dout), np.ones_like(b)

        return np.dot(x, W) + b, pullback

    return affine


@mutant("affine", "db", "times-n", "Loops over the examples and adds the sum over all examples each time.")
def affine_db_summed_twice():
    def affine(x, W, b):
        out = x @ W + b

        def pullback(dout):
            dW = np.zeros(W.shape)
            db = np.zeros(b.shape)
            for xi, gi in zip(x, dout, strict=True):
                dW += xi[:, None] * gi[None, :]
                db += dout.sum(axis=0)
            return dout @ W.T, dW, db

        return out, pullback

    return affine


@mutant("affine", "dx", "over-m", "Averages over the outputs that an input feeds, where the chain rule adds.")
def affine_dx_mean_over_outputs():
    def affine(x, W, b):
        def pullback(dout):
            dx = np.zeros(x.shape)
            for i, row in enumerate(dout):
                dx[i] = np.mean(row * W, axis=1)
            return dx, x.T @ dout, dout.sum(axis=0)

        return x @ W + b, pullback

    return affine


@mutant("affine", "dW", "term-missing", "range(n - 1): the last example never contributes.")
def affine_dw_without_last_example():
    def affine(x, W, b):
        def pullback(dout):
            dW = np.zeros_like(W)
            for i in range(len(x) - 1):
                dW += np.outer(x[i], dout[i])
            return dout @ W.T, dW, np.sum(dout, 0)

        return x @ W + b, pullback

    return affine


@mutant("affine", "dW", "wrong-dtype", "Collects dW in an array made of integer zeros; NumPy cuts off the fractions.")
def affine_dw_integer_zeros():
    def affine(x, W, b):
        rows, cols = W.shape

        def pullback(dout):
            dW = np.array([[0] * cols for _ in range(rows)])
            for j in range(rows):
                for k in range(cols):
                    dW[j, k] = np.sum(x[:, j] * dout[:, k])
            return dout @ W.T, dW, dout.sum(axis=0)

        return x @ W + b, pullback

    return affine


@mutant("affine", "dW", "partly-wrong", "Counts the rows from 1, as in the textbook: row 0 of dW stays zero.")
def affine_dw_counts_from_one():
    def affine(x, W, b):
        def pullback(dout):
            dW = np.zeros_like(W)
            for j in range(1, W.shape[0]):
                dW[j] = x[:, j] @ dout
            return dout @ W.T, dW, dout.sum(axis=0)

        return x @ W + b, pullback

    return affine


@mutant("affine", "dW", "transposed", "Gets (M, D), wants (D, M), and 'repairs' that with reshape instead of .T.")
def affine_dw_reshaped_to_fit():
    def affine(x, W, b):
        def pullback(dout):
            dW = (dout.T @ x).reshape(W.shape)
            return dout @ W.T, dW, dout.sum(axis=0)

        return x @ W + b, pullback

    return affine


@mutant("affine", "dx", None, "Transposes W with reshape(M, D), which keeps the entries in their old order.")
def affine_dx_reshape_for_transpose():
    def affine(x, W, b):
        def pullback(dout):
            W_T = W.reshape(W.shape[1], W.shape[0])
            return dout @ W_T, x.T @ dout, dout.sum(axis=0)

        return x @ W + b, pullback

    return affine


@mutant("affine", "dW", "upstream-wrong", "Sums inputs and gradients over the batch first, and multiplies afterwards.")
def affine_dw_outer_of_sums():
    def affine(x, W, b):
        def pullback(dout):
            total = dout.sum(axis=0)
            return dout @ W.T, np.outer(x.sum(axis=0), total), total

        return x @ W + b, pullback

    return affine


@mutant("affine", ["dx", "dW", "db"], "returns-none", "Computes all three gradients and forgets to return them.")
def affine_without_return():
    def affine(x, W, b):
        out = x @ W + b

        def pullback(dout):
            dx = dout @ W.T
            dW = x.T @ dout
            db = dout.sum(axis=0)
            grads = dx, dW, db  # noqa: F841

        return out, pullback

    return affine


@mutant("affine", "db", "first-example-only", "Takes dout[0], since 'b is the same for all examples'.")
def affine_db_of_row_zero():
    def affine(x, W, b):
        def pullback(dout):
            return dout @ W.T, x.T @ dout, dout[0].copy()

        return x @ W + b, pullback

    return affine


@mutant("layer:Affine", ["dW", "db"], "accumulates", "Adds to dW and db and never sets them back to zero.")
def affine_layer_adds_up():
    class Affine:
        def __init__(self, W, b):
            self.W, self.b = W, b
            self.dW, self.db = np.zeros_like(W), np.zeros_like(b)

        def forward(self, x):
            self.x = x
            return x @ self.W + self.b

        def backward(self, dout):
            self.dW += self.x.T @ dout
            self.db += dout.sum(axis=0)
            return dout @ self.W.T

    return Affine


@mutant(
    "layer:Affine", "dW", "stale-cache", "Saves the input only when nothing is saved yet: every later batch is lost."
)
def affine_layer_keeps_first_input():
    class Affine:
        def __init__(self, W, b):
            self.W = W
            self.b = b
            self.x = None

        def forward(self, x):
            if self.x is None:
                self.x = x
            return np.dot(x, self.W) + self.b

        def backward(self, dout):
            self.db = np.sum(dout, axis=0)
            self.dW = np.dot(self.x.T, dout)
            return np.dot(dout, self.W.T)

    return Affine


@mutant("layer:Affine", "dW", "stale-cache", "Appends each input to a list and reads the first of them back.")
def affine_layer_reads_oldest_input():
    class Affine:
        def __init__(self, W, b):
            self.W, self.b, self.saved = W, b, []

        def forward(self, x):
            self.saved.append(x)
            return x @ self.W + self.b

        def backward(self, dout):
            x = self.saved[0]
            self.dW = x.T @ dout
            self.db = dout.sum(axis=0)
            return dout @ self.W.T

    return Affine


@mutant("layer:Affine", "dx", "returns-none", "Stores the gradients of the parameters, and returns nothing.")
def affine_layer_returns_nothing():
    class Affine:
        def __init__(self, W, b):
            self.params = {"W": W, "b": b}

        def forward(self, x):
            self.cache = x
            return x @ self.params["W"] + self.params["b"]

        def backward(self, dout):
            self.dW = self.cache.T @ dout
            self.db = dout.sum(axis=0)
            self.dx = dout @ self.params["W"].T

    return Affine


@mutant("layer:Affine", "dx", "mutates-input", "Trains W inside backward, before going back through it.")
def affine_layer_trains_too_early():
    class Affine:
        learning_rate = 0.1

        def __init__(self, W, b):
            self.W = W
            self.b = b

        def forward(self, x):
            self.x = x
            return x @ self.W + self.b

        def backward(self, dout):
            self.dW = self.x.T @ dout
            self.db = dout.sum(axis=0)
            self.W -= self.learning_rate * self.dW
            self.b -= self.learning_rate * self.db
            return dout @ self.W.T

    return Affine


@mutant("layer:Affine", ["dW", "db"], "sign", "Puts the minus of gradient descent into the gradient.")
def affine_layer_descends_already():
    class Affine:
        def __init__(self, W, b):
            self.W, self.b = W, b

        def forward(self, x):
            self.x = x
            return x @ self.W + self.b

        def backward(self, dout):
            self.dW = -(self.x.T @ dout)
            self.db = -dout.sum(axis=0)
            return dout @ self.W.T

    return Affine


@mutant("layer:Affine", ["dW", "db"], "zeros", "Computes dW and db as local names; `self.` is missing.")
def affine_layer_forgets_self():
    class Affine:
        def __init__(self, W, b):
            self.W, self.b = W, b
            self.dW = np.zeros(W.shape)
            self.db = np.zeros(b.shape)

        def forward(self, x):
            self.x = x
            return x @ self.W + self.b

        def backward(self, dout):
            dW = self.x.T @ dout  # noqa: F841
            db = np.sum(dout, axis=0)  # noqa: F841
            dx = dout @ self.W.T
            return dx

    return Affine


@mutant("layer:Affine", ["dx", "dW", "db"], ["mutates-dout", "over-n"], "Averages with /=, in the caller's own array.")
def affine_layer_divides_dout_in_place():
    class Affine:
        def __init__(self, W, b):
            self.W, self.b = W, b

        def forward(self, x):
            self.x = x
            return x @ self.W + self.b

        def backward(self, dout):
            dout /= len(dout)
            self.dW = self.x.T @ dout
            self.db = dout.sum(axis=0)
            return dout @ self.W.T

    return Affine


# ---- sigmoid -----------------------------------------------------------------------------------------


@mutant("sigmoid", "dx", "wrong-point", "s(1 - s) with the input where the output belongs.")
def sigmoid_x_times_one_minus_x():
    def sigmoid(x):
        return 1 / (1 + np.exp(-x)), lambda dout: (dout * x * (1 - x),)

    return sigmoid


@mutant("sigmoid", "dx", "wrong-point", "Applies sigmoid once more to what is already its output.")
def sigmoid_of_sigmoid():
    def sig(z):
        return 1.0 / (1.0 + np.exp(-z))

    def sig_prime(z):
        return sig(z) * (1 - sig(z))

    def sigmoid(x):
        a = sig(x)

        def pullback(dout):
            return (dout * sig_prime(a),)

        return a, pullback

    return sigmoid


@mutant("sigmoid", "dx", "upstream-ignored", "Returns the local derivative alone.")
def sigmoid_local_only():
    def sigmoid(x):
        out = 1 / (1 + np.exp(-x))

        def pullback(dout):
            return (out * (1 - out),)

        return out, pullback

    return sigmoid


@mutant("sigmoid", "dx", "sign", "Quotient rule with the inner derivative of exp(-x) forgotten: the minus stays.")
def sigmoid_quotient_rule_sign():
    def sigmoid(x):
        e = np.exp(-x)

        def pullback(dout):
            dx = -e / (1 + e) ** 2
            return (dout * dx,)

        return 1 / (1 + e), pullback

    return sigmoid


@mutant("sigmoid", "dx", None, "Takes the derivative of tanh for that of sigmoid.")
def sigmoid_with_slope_of_tanh():
    def sigmoid(x):
        s = 1 / (1 + np.exp(-x))
        return s, lambda dout: (dout * (1 - s**2),)

    return sigmoid


@mutant("sigmoid", "dx", "upstream-wrong", "The old 'delta rule': takes dout for the desired output and subtracts.")
def sigmoid_delta_rule():
    def sigmoid(x):
        y = 1 / (1 + np.exp(-x))

        def pullback(dout):
            error = dout - y
            return (error * y * (1 - y),)

        return y, pullback

    return sigmoid


@mutant("layer:Sigmoid", "dx", "stale-cache", "Computes the slope in the first forward pass and keeps it for good.")
def sigmoid_layer_keeps_slope():
    class Sigmoid:
        def __init__(self):
            self.slope = None

        def forward(self, x):
            out = 1 / (1 + np.exp(-x))
            if self.slope is None:
                self.slope = out * (1 - out)
            return out

        def backward(self, dout):
            return dout * self.slope

    return Sigmoid


@mutant("layer:Sigmoid", "dx", ["upstream-wrong", "wrong-point"], "Has saved nothing, so it takes the slope at dout.")
def sigmoid_layer_slope_at_dout():
    class Sigmoid:
        def f(self, z):
            return 1 / (1 + np.exp(-z))

        def forward(self, x):
            return self.f(x)

        def backward(self, dout):
            return dout * self.f(dout) * (1 - self.f(dout))

    return Sigmoid


@mutant("layer:Sigmoid", "dx", "accumulates", "'Gradients accumulate' - but here it is dx that does.")
def sigmoid_layer_adds_dx():
    class Sigmoid:
        def __init__(self):
            self.dx = 0.0

        def forward(self, x):
            self.out = 1 / (1 + np.exp(-x))
            return self.out

        def backward(self, dout):
            self.dx = self.dx + dout * self.out * (1 - self.out)
            return self.dx

    return Sigmoid


@mutant("layer:Sigmoid", "dx", "returns-none", "Stores dx as an attribute and does not return it.")
def sigmoid_layer_stores_dx():
    class Sigmoid:
        def forward(self, x):
            self.y = 1 / (1 + np.exp(-x))
            return self.y

        def backward(self, dout):
            self.dx = dout * self.y * (1 - self.y)

    return Sigmoid


# ---- relu --------------------------------------------------------------------------------------------


@mutant("relu", "dx", "mask-from-dout", "Goes back through relu by applying relu to the gradient.")
def relu_of_the_gradient():
    def relu(x):
        return np.maximum(0, x), lambda dout: (np.maximum(0, dout),)

    return relu


@mutant("relu", "dx", "mutates-dout", "dx = dout makes no copy: the zeros land in the caller's array.")
def relu_writes_to_dout():
    def relu(x):
        out = np.maximum(x, 0)

        def pullback(dout):
            dx = dout
            dx[x <= 0] = 0
            return (dx,)

        return out, pullback

    return relu


@mutant("relu", "dx", "mutates-input", "out = x makes no copy: the forward pass cuts off the caller's x.")
def relu_writes_to_x():
    def relu(x):
        out = x
        out[out < 0] = 0

        def pullback(dout):
            return (dout * (out > 0),)

        return out, pullback

    return relu


@mutant("relu", "dx", "zeros", "== for =: the line compares, and changes nothing.")
def relu_compares_instead_of_assigning():
    def relu(x):
        positive = x > 0

        def pullback(dout):
            dx = np.zeros_like(x)
            dx[positive] == dout[positive]  # noqa: B015
            return (dx,)

        return np.where(positive, x, 0.0), pullback

    return relu


@mutant("relu", "dx", "mask-inverted", "Zeroes the gradient where x is positive.")
def relu_zeroes_the_active():
    def relu(x):
        def pullback(dout):
            dx = dout.copy()
            dx[x > 0] = 0
            return (dx,)

        return x * (x > 0), pullback

    return relu


@mutant("relu", "dx", ["mask-missing", "local-derivative-missing"], "'The slope of relu is 1': for all x.")
def relu_slope_one_everywhere():
    def relu(x):
        def pullback(dout):
            return (dout * np.ones_like(x),)

        return np.maximum(x, 0), pullback

    return relu


@mutant("relu", "dx", "not-finite", "Takes the slope for x / out, upside down, and silences the warning.")
def relu_fraction_upside_down():
    def relu(x):
        out = np.maximum(x, 0)

        def pullback(dout):
            with np.errstate(divide="ignore", invalid="ignore"):
                return (dout * (x / out),)

        return out, pullback

    return relu


@mutant("relu", "dx", "partly-wrong", "The inner loop stops one short: the last column gets no gradient.")
def relu_last_column_left_out():
    def relu(x):
        def pullback(dout):
            dx = np.zeros_like(x)
            rows, cols = x.shape
            for i in range(rows):
                for j in range(cols - 1):
                    if x[i, j] > 0:
                        dx[i, j] = dout[i, j]
            return (dx,)

        return np.maximum(x, 0), pullback

    return relu


@mutant("relu", "dx", "upstream-ignored", "1 where x > 0, else 0: the slope, without the gradient that arrives.")
def relu_slope_only():
    def relu(x):
        def pullback(dout):
            return (np.where(x > 0, 1.0, 0.0),)

        return np.maximum(x, 0), pullback

    return relu


@mutant("layer:ReLU", "dx", "stale-cache", "Makes the mask once, at the first batch.")
def relu_layer_keeps_mask():
    class ReLU:
        mask = None

        def forward(self, x):
            if self.mask is None:
                self.mask = x > 0
            return np.maximum(x, 0)

        def backward(self, dout):
            return dout * self.mask

    return ReLU


@mutant(
    "layer:ReLU", "dx", "mask-inverted", "The mask meant 'to be cut off' in one line and 'to be kept' in the other."
)
def relu_layer_mask_means_two_things():
    class ReLU:
        def forward(self, x):
            self.mask = x <= 0
            out = x.copy()
            out[self.mask] = 0
            return out

        def backward(self, dout):
            return dout * self.mask

    return ReLU


# ---- tanh --------------------------------------------------------------------------------------------


@mutant("tanh", "dx", "wrong-point", "1 - y^2 with the input for y.")
def tanh_one_minus_x_squared():
    def tanh(x):
        return np.tanh(x), lambda dout: (dout * (1 - x**2),)

    return tanh


@mutant("tanh", "dx", "half", "Writes tanh by sigmoids and forgets the inner derivative 2 of sigmoid(2x).")
def tanh_by_sigmoid_of_2x():
    def tanh(x):
        s = 1 / (1 + np.exp(-2 * x))

        def pullback(dout):
            ds = s * (1 - s)
            return (dout * 2 * ds,)

        return 2 * s - 1, pullback

    return tanh


@mutant("tanh", "dx", "mutates-dout", "Saves a line with *=, and changes the caller's gradient.")
def tanh_multiplies_in_place():
    def tanh(x):
        out = np.tanh(x)

        def pullback(dout):
            dout *= 1 - out * out
            return (dout,)

        return out, pullback

    return tanh


@mutant("tanh", "dx", "sign", "tanh^2 - 1: the difference the wrong way round.")
def tanh_difference_reversed():
    def tanh(x):
        a = np.tanh(x)
        return a, lambda dout: (np.multiply(dout, a**2 - 1),)

    return tanh


@mutant("layer:Tanh", "dx", "wrong-point", "Takes tanh of the saved output again.")
def tanh_layer_tanh_of_tanh():
    class Tanh:
        def forward(self, x):
            self.a = np.tanh(x)
            return self.a

        def backward(self, dout):
            return dout * (1 - np.tanh(self.a) ** 2)

    return Tanh


@mutant("layer:Tanh", "dx", "local-derivative-missing", "'No parameters, so nothing to do': passes dout through.")
def tanh_layer_passes_through():
    class Tanh:
        def forward(self, x):
            return np.tanh(x)

        def backward(self, dout):
            return dout.copy()

    return Tanh


# ---- softmax -----------------------------------------------------------------------------------------


@mutant("softmax", "dx", "diagonal-only", "p(1 - p), as if it were a sigmoid: each p depends on its own x alone.")
def softmax_like_sigmoid():
    def softmax(x):
        e = np.exp(x - np.max(x, axis=1, keepdims=True))
        p = e / np.sum(e, axis=1, keepdims=True)
        return p, lambda dout: (dout * p * (1 - p),)

    return softmax


@mutant("softmax", "dx", ["upstream-ignored", "diagonal-only"], "p(1 - p) and not even times dout.")
def softmax_diagonal_without_dout():
    def softmax(x):
        z = x - x.max(axis=-1, keepdims=True)
        p = np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)

        def pullback(dout):
            return (p * (1 - p),)

        return p, pullback

    return softmax


@mutant("softmax", "dx", "term-missing", "p * dout: takes the sum in the denominator for a constant.")
def softmax_constant_denominator():
    def softmax(x):
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        total = e.sum(axis=-1, keepdims=True)

        def pullback(dout):
            return (dout * e / total,)

        return e / total, pullback

    return softmax


@mutant("softmax", "dx", "wrong-axis", "Normalises over the rows in forward and sums over the columns in backward.")
def softmax_sums_over_batch():
    def softmax(x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        y = e / e.sum(axis=1, keepdims=True)

        def pullback(dout):
            s = np.sum(dout * y, axis=0, keepdims=True)
            return (y * (dout - s),)

        return y, pullback

    return softmax


@mutant("softmax", "dx", "wrong-axis", "np.sum without an axis: mixes all the examples.")
def softmax_sums_over_everything():
    def softmax(x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        y = e / e.sum(axis=1, keepdims=True)

        def pullback(dout):
            dx = y * dout
            dx = dx - y * np.sum(dx)
            return (dx,)

        return y, pullback

    return softmax


@mutant("softmax", "dx", ["raises", "keepdims"], "keepdims=True in forward, forgotten in backward.")
def softmax_keepdims_forgotten():
    def softmax(x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        out = e / e.sum(axis=1, keepdims=True)

        def pullback(dout):
            return (out * (dout - (dout * out).sum(axis=1)),)

        return out, pullback

    return softmax


@mutant("softmax", "dx", "first-example-only", "Builds the Jacobian of the first example and uses it for all.")
def softmax_one_jacobian_for_all():
    def softmax(x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)

        def pullback(dout):
            jacobian = np.diag(p[0]) - np.outer(p[0], p[0])
            return (dout @ jacobian,)

        return p, pullback

    return softmax


@mutant("softmax", "dx", "mutates-input", "Subtracts the maximum with -=, in the caller's array.")
def softmax_shifts_in_place():
    def softmax(x):
        x -= x.max(axis=-1, keepdims=True)
        e = np.exp(x)
        out = e / e.sum(axis=-1, keepdims=True)

        def pullback(dout):
            dx = np.zeros_like(out)
            for i in range(len(out)):
                J = np.diag(out[i]) - np.outer(out[i], out[i])
                dx[i] = J @ dout[i]
            return (dx,)

        return out, pullback

    return softmax


@mutant("softmax", "dx", "sign", "Remembers the Jacobian as p_i (p_j - delta_ij).")
def softmax_jacobian_sign():
    def softmax(x):
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        p = e / e.sum(axis=-1, keepdims=True)

        def pullback(g):
            dx = []
            for p_row, g_row in zip(p, g, strict=True):
                J = p_row[:, None] * (p_row[None, :] - np.eye(len(p_row)))
                dx.append(J @ g_row)
            return (np.array(dx),)

        return p, pullback

    return softmax


@mutant("softmax", "dx", None, "p dout - sum(p dout): the factor p before the sum is lost.")
def softmax_sum_without_factor():
    def softmax(x):
        e = np.exp(x - x.max(axis=-1, keepdims=True))
        p = e / e.sum(axis=-1, keepdims=True)

        def pullback(dout):
            pd = p * dout
            return (pd - pd.sum(axis=-1, keepdims=True),)

        return p, pullback

    return softmax


# ---- mse ---------------------------------------------------------------------------------------------


@mutant("mse", "dprediction", "half", "The factor 2 is gone, as if the loss had a 1/2 in front.")
def mse_without_two():
    def mse(prediction, *, target):
        error = prediction - target
        return np.mean(error**2), lambda dout: (dout * error / error.size,)

    return mse


@mutant("mse", "dprediction", "sign", "target - prediction: squaring hides the order in forward, backward shows it.")
def mse_difference_reversed():
    def mse(prediction, *, target):
        loss = np.mean((target - prediction) ** 2)

        def pullback(dout):
            return (dout * 2 * (target - prediction) / prediction.size,)

        return loss, pullback

    return mse


@mutant("mse", "dprediction", "upstream-ignored", "'The loss is the end of the chain': leaves dout out.")
def mse_end_of_the_chain():
    def mse(prediction, *, target):
        diff = prediction - target

        def pullback(dout=1.0):
            return (2 * diff / diff.size,)

        return (diff * diff).mean(), pullback

    return mse


@mutant("mse", "dprediction", "times-m", "The mean runs over all entries, the way back divides by the batch size only.")
def mse_divides_by_batch_only():
    def mse(prediction, *, target):
        n = len(prediction)
        d = prediction - target

        def pullback(dout):
            return (dout * 2 / n * d,)

        return np.mean(d**2), pullback

    return mse


@mutant("mse", "dprediction", ["times-n", "constant-factor"], "The derivative of a sum of squares, not of their mean.")
def mse_forgets_the_mean():
    def mse(prediction, *, target):
        def pullback(dout):
            return (dout * 2 * (prediction - target),)

        return np.mean((prediction - target) ** 2), pullback

    return mse


@mutant("mse", "dprediction", "mutates-input", "d = prediction is no copy: d -= target changes the prediction.")
def mse_subtracts_in_place():
    def mse(prediction, *, target):
        d = prediction
        d -= target

        def pullback(dout):
            return (2.0 * dout / d.size * d,)

        return float(np.sum(d * d) / d.size), pullback

    return mse


@mutant("mse", "dprediction", "wrong-shape", "Averages in backward too: one number for the whole prediction.")
def mse_gradient_is_a_mean():
    def mse(prediction, *, target):
        d = prediction - target

        def pullback(dout):
            return (dout * 2 * np.mean(d),)

        return np.mean(np.square(d)), pullback

    return mse


@mutant("mse", "dprediction", "over-n", "Has divided by all entries, and divides by the batch once more.")
def mse_divides_twice():
    def mse(prediction, *, target):
        residual = prediction - target

        def pullback(dout):
            dprediction = 2 * residual / residual.size
            dprediction /= residual.shape[0]
            return (dout * dprediction,)

        return np.mean(residual**2), pullback

    return mse


@mutant("mse", "dprediction", "twice", "Product rule on d * d gives two terms, and the power rule a 2 on top.")
def mse_counts_the_two_twice():
    def mse(prediction, *, target):
        d = prediction - target

        def pullback(dout):
            first = 2 * d
            second = 2 * d
            return (dout * (first + second) / d.size,)

        return np.mean(d * d), pullback

    return mse


# ---- softmax_cross_entropy ---------------------------------------------------------------------------


@mutant("softmax_cross_entropy", "dlogits", "times-n", "p - y, without the 1/n of the mean.")
def cross_entropy_without_mean():
    def softmax_cross_entropy(logits, *, target):
        n, k = logits.shape
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        y = np.eye(k)[target]
        loss = -np.sum(y * np.log(p)) / n
        return loss, lambda dout: (dout * (p - y),)

    return softmax_cross_entropy


@mutant("softmax_cross_entropy", "dlogits", "sign", "y - p: 'truth minus guess'.")
def cross_entropy_truth_minus_guess():
    def softmax_cross_entropy(logits, *, target):
        n = logits.shape[0]
        z = logits - logits.max(axis=1, keepdims=True)
        log_p = z - np.log(np.exp(z).sum(axis=1, keepdims=True))

        def pullback(dout):
            onehot = np.zeros_like(logits)
            onehot[np.arange(n), target] = 1
            return ((onehot - np.exp(log_p)) / n * dout,)

        return -log_p[np.arange(n), target].mean(), pullback

    return softmax_cross_entropy


@mutant("softmax_cross_entropy", "dlogits", "upstream-ignored", "Takes dout = 1 for granted.")
def cross_entropy_assumes_dout_one():
    def softmax_cross_entropy(logits, *, target):
        num = logits.shape[0]
        scores = np.exp(logits - np.max(logits, axis=1, keepdims=True))
        probs = scores / np.sum(scores, axis=1, keepdims=True)
        loss = np.mean(-np.log(probs[range(num), target]))

        def pullback(dout):
            dlogits = probs.copy()
            dlogits[range(num), target] -= 1
            dlogits /= num
            return (dlogits,)

        return loss, pullback

    return softmax_cross_entropy


@mutant("softmax_cross_entropy", "dlogits", "term-missing", "p / n: the one-hot is never subtracted.")
def cross_entropy_probabilities_only():
    def softmax_cross_entropy(logits, *, target):
        n = len(logits)
        top = logits.max(axis=1)
        e = np.exp(logits - top[:, None])
        lse = top + np.log(e.sum(axis=1))
        loss = (lse - logits[np.arange(n), target]).mean()
        return loss, lambda dout: (dout * e / e.sum(axis=1)[:, None] / n,)

    return softmax_cross_entropy


@mutant("softmax_cross_entropy", "dlogits", "local-derivative-missing", "-y/p: stops at p, before the softmax.")
def cross_entropy_stops_at_p():
    def softmax_cross_entropy(logits, *, target):
        n, k = logits.shape
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)
        t = np.eye(k)[target]

        def pullback(dout):
            dp = -t / p
            return (dout * dp / n,)

        return -np.mean(np.log(np.sum(t * p, axis=1))), pullback

    return softmax_cross_entropy


@mutant(
    "softmax_cross_entropy",
    "dlogits",
    ["accumulates", "stale-cache"],
    "Subtracts the one-hot from the saved p itself: a second way back subtracts it again.",
)
def cross_entropy_spoils_saved_p():
    def softmax_cross_entropy(logits, *, target):
        n = logits.shape[0]
        shifted = logits - logits.max(axis=1, keepdims=True)
        p = np.exp(shifted)
        p /= p.sum(axis=1, keepdims=True)
        loss = -np.log(p[np.arange(n), target]).sum() / n

        def pullback(dout):
            dlogits = p
            dlogits[np.arange(n), target] -= 1
            return (dlogits * dout / n,)

        return loss, pullback

    return softmax_cross_entropy


@mutant("softmax_cross_entropy", "dlogits", "mutates-input", "The stabilising shift is done in the caller's logits.")
def cross_entropy_shifts_in_place():
    def softmax_cross_entropy(logits, *, target):
        n = len(target)
        logits -= np.max(logits, axis=1, keepdims=True)
        e = np.exp(logits)
        p = e / e.sum(axis=1, keepdims=True)

        def pullback(dout):
            d = p.copy()
            for i in range(n):
                d[i, target[i]] -= 1
            return (dout * d / n,)

        return -sum(np.log(p[i, target[i]]) for i in range(n)) / n, pullback

    return softmax_cross_entropy


@mutant("softmax_cross_entropy", "dlogits", "partly-wrong", "`if label:` takes label 0 for 'no label'.")
def cross_entropy_label_zero_is_false():
    def softmax_cross_entropy(logits, *, target):
        n = len(logits)
        z = logits - logits.max(axis=1, keepdims=True)
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)

        def pullback(dout):
            grad = p.copy()
            for i, label in enumerate(target):
                if label:
                    grad[i, label] -= 1
            return (grad * (dout / n),)

        return -np.log(p[np.arange(n), target]).mean(), pullback

    return softmax_cross_entropy


@mutant(
    "softmax_cross_entropy", "dlogits", "partly-wrong", "p[:, target] -= 1 picks whole columns, not one entry per row."
)
def cross_entropy_picks_columns():
    def softmax_cross_entropy(logits, *, target):
        m = logits.shape[0]
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)

        def pullback(dout):
            d = p.copy()
            d[:, target] -= 1
            return (dout * d / m,)

        return -np.log(p[np.arange(m), target]).mean(), pullback

    return softmax_cross_entropy


@mutant("softmax_cross_entropy", "dlogits", "raises", "p - target, with labels where rows of a one-hot are needed.")
def cross_entropy_subtracts_labels():
    def softmax_cross_entropy(logits, *, target):
        n = logits.shape[0]
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        p = e / e.sum(axis=1, keepdims=True)

        def pullback(dout):
            return (dout * (p - target) / n,)

        return -np.log(p[np.arange(n), target]).mean(), pullback

    return softmax_cross_entropy


@mutant("softmax_cross_entropy", "dlogits", "over-m", "Divides by the number of entries; the mean is over examples.")
def cross_entropy_divides_by_size():
    def softmax_cross_entropy(logits, *, target):
        rows = np.arange(logits.shape[0])
        e = np.exp(logits - logits.max(axis=1, keepdims=True))
        q = e / e.sum(axis=1, keepdims=True)

        def pullback(dout):
            d = q.copy()
            d[rows, target] -= 1.0
            return (dout * d / d.size,)

        return -np.mean(np.log(q[rows, target])), pullback

    return softmax_cross_entropy


# ---- logsumexp and log_softmax -----------------------------------------------------------------------


@mutant("logsumexp", "dx", "wrong-axis", "Divides by the sums over the other axis.")
def logsumexp_other_axis():
    def logsumexp(x, *, axis=-1):
        top = x.max(axis=axis, keepdims=True)
        e = np.exp(x - top)
        out = np.log(e.sum(axis=axis)) + np.squeeze(top, axis=axis)

        def pullback(dout):
            weights = e / e.sum(axis=0 if axis else 1, keepdims=True)
            return (np.expand_dims(dout, axis) * weights,)

        return out, pullback

    return logsumexp


@mutant("logsumexp", "dx", ["raises", "keepdims"], "dout (N,) is multiplied with (N, D) as it is.")
def logsumexp_dout_not_expanded():
    def logsumexp(x, *, axis=-1):
        top = x.max(axis=axis, keepdims=True)
        e = np.exp(x - top)
        s = e.sum(axis=axis, keepdims=True)
        return np.squeeze(np.log(s) + top, axis=axis), lambda dout: (dout * e / s,)

    return logsumexp


@mutant("logsumexp", "dx", "upstream-ignored", "'The gradient of logsumexp is softmax': all of it, dout forgotten.")
def logsumexp_is_softmax():
    def logsumexp(x, *, axis=-1):
        m = np.max(x, axis=axis, keepdims=True)
        e = np.exp(x - m)
        s = np.sum(e, axis=axis, keepdims=True)
        out = (m + np.log(s)).squeeze(axis)

        def pullback(dout):
            return (e / s,)

        return out, pullback

    return logsumexp


@mutant("logsumexp", "dx", "local-derivative-missing", "The 1/s that comes from the logarithm is not there.")
def logsumexp_forgets_the_log():
    def logsumexp(x, *, axis=-1):
        m = np.max(x, axis=axis, keepdims=True)
        e = np.exp(x - m)

        def pullback(dout):
            return (np.expand_dims(dout, axis) * e,)

        return np.squeeze(m, axis) + np.log(e.sum(axis)), pullback

    return logsumexp


@mutant(
    "logsumexp",
    "dx",
    ["term-missing", "partly-wrong"],
    "Differentiates the '+ max' outside, but not the '- max' inside exp.",
)
def logsumexp_max_counts_once():
    def logsumexp(x, *, axis=-1):
        top = np.max(x, axis=axis, keepdims=True)
        e = np.exp(x - top)
        total = e.sum(axis=axis, keepdims=True)

        def pullback(dout):
            g = np.expand_dims(dout, axis)
            through_sum = g * e / total
            through_max = g * (x == top)
            return (through_sum + through_max,)

        return np.squeeze(np.log(total) + top, axis=axis), pullback

    return logsumexp


@mutant("log_softmax", "dx", "diagonal-only", "dout * (1 - p): the other entries of the row are not thought of.")
def log_softmax_own_entry_only():
    def log_softmax(x):
        z = x - x.max(axis=-1, keepdims=True)
        out = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
        return out, lambda dout: (dout * (1 - np.exp(out)),)

    return log_softmax


@mutant("log_softmax", "dx", "wrong-point", "Takes the saved log p for p.")
def log_softmax_forgets_exp():
    def log_softmax(x):
        z = x - np.max(x, axis=1, keepdims=True)
        logp = z - np.log(np.sum(np.exp(z), axis=1, keepdims=True))

        def pullback(dout):
            return (dout - logp * np.sum(dout, axis=1, keepdims=True),)

        return logp, pullback

    return log_softmax


@mutant("log_softmax", "dx", "upstream-wrong", "dout - p: the second term is not multiplied by the sum of dout.")
def log_softmax_as_in_cross_entropy():
    def log_softmax(x):
        top = x.max(axis=-1, keepdims=True)
        lse = top + np.log(np.exp(x - top).sum(axis=-1, keepdims=True))

        def pullback(dout):
            p = np.exp(x - lse)
            return (dout - p,)

        return x - lse, pullback

    return log_softmax


# ---- sum and mean ------------------------------------------------------------------------------------


@mutant("sum", "dx", "upstream-ignored", "'The gradient of a sum is ones.'")
def sum_gives_ones():
    def sum(x, *, axis=None, keepdims=False):
        return np.sum(x, axis=axis, keepdims=keepdims), lambda dout: (np.ones_like(x),)

    return sum


@mutant("sum", "dx", ["raises", "keepdims"], "Broadcasts dout without putting the summed axis back.")
def sum_axis_not_put_back():
    def sum(x, *, axis=None, keepdims=False):
        def pullback(dout):
            return (dout * np.ones(x.shape),)

        return x.sum(axis=axis, keepdims=keepdims), pullback

    return sum


@mutant("sum", "dx", ["over-n", "over-m"], "Shares dout out among the summands, as a mean does.")
def sum_shares_out():
    def sum(x, *, axis=None, keepdims=False):
        out = np.sum(x, axis=axis, keepdims=keepdims)
        count = x.size // np.size(out)

        def pullback(dout):
            if axis is not None and not keepdims:
                dout = np.expand_dims(dout, axis)
            return (np.broadcast_to(dout, x.shape) / count,)

        return out, pullback

    return sum


@mutant("mean", "dx", ["times-n", "times-m"], "Spreads dout as a sum does, and does not divide.")
def mean_without_division():
    def mean(x, *, axis=None, keepdims=False):
        def pullback(dout):
            g = dout if axis is None or keepdims else np.expand_dims(dout, axis)
            return (np.zeros_like(x) + g,)

        return np.mean(x, axis=axis, keepdims=keepdims), pullback

    return mean


@mutant("mean", "dx", ["wrong-shape", "keepdims"], "Divides dout and hands it on in the shape of the output.")
def mean_not_spread():
    def mean(x, *, axis=None, keepdims=False):
        out = np.mean(x, axis=axis, keepdims=keepdims)
        n = x.size / np.size(out)
        return out, lambda dout: (dout / n,)

    return mean


@mutant("mean", "dx", "upstream-ignored", "1/n everywhere, whatever arrives.")
def mean_one_over_n():
    def mean(x, *, axis=None, keepdims=False):
        out = x.mean(axis=axis, keepdims=keepdims)

        def pullback(dout):
            n = x.size if axis is None else x.shape[axis]
            return (np.full(x.shape, 1 / n),)

        return out, pullback

    return mean


# ---- matmul ------------------------------------------------------------------------------------------


@mutant("matmul", "dy", "transposed", "dout^T x for x^T dout.")
def matmul_dy_transposed():
    def matmul(x, y):
        return x @ y, lambda dout: (dout @ y.T, dout.T @ x)

    return matmul


@mutant("matmul", "dx", "term-missing", "= for += in the innermost loop: only the last product of the sum survives.")
def matmul_overwrites_in_loop():
    def matmul(x, y):
        n, d = x.shape
        m = y.shape[1]
        out = np.zeros((n, m))
        for i in range(n):
            for j in range(m):
                for k in range(d):
                    out[i, j] += x[i, k] * y[k, j]

        def pullback(dout):
            dx, dy = np.zeros((n, d)), np.zeros((d, m))
            for i in range(n):
                for j in range(m):
                    for k in range(d):
                        dx[i, k] = dout[i, j] * y[k, j]
                        dy[k, j] += dout[i, j] * x[i, k]
            return dx, dy

        return out, pullback

    return matmul


@mutant("matmul", ["dx", "dy"], "raises", "As for numbers: d(xy)/dx = y, so dx = dout @ y.")
def matmul_as_for_numbers():
    def matmul(x, y):
        def pullback(dout):
            return dout @ y, x @ dout

        return x @ y, pullback

    return matmul


@mutant("matmul", "dx", "upstream-ignored", "Every output counts alike: ones in place of dout.")
def matmul_dx_with_ones():
    def matmul(x, y):
        def pullback(dout):
            dx = np.tile(y.sum(axis=1), (len(x), 1))
            dy = x.T @ dout
            return dx, dy

        return x @ y, pullback

    return matmul


@mutant("matmul", ["dx", "dy"], "swapped", "Each product is right and stands in the other's place.")
def matmul_swapped():
    def matmul(x, y):
        def pullback(dout):
            left = np.dot(x.T, dout)
            right = np.dot(dout, y.T)
            return left, right

        return np.dot(x, y), pullback

    return matmul


# ---- add, multiply, divide: with broadcasting --------------------------------------------------------


@mutant("add", "dy", "not-summed", "The derivative of a sum is 1, so both get dout: y's smaller shape is not noticed.")
def add_both_get_dout():
    def add(x, y):
        return x + y, lambda dout: (dout, dout)

    return add


@mutant("add", "dy", "over-n", "Takes the mean over the rows that y was copied to.")
def add_mean_over_copies():
    def fit(grad, shape):
        while grad.ndim > len(shape):
            grad = grad.mean(axis=0)
        for axis, size in enumerate(shape):
            if size == 1:
                grad = grad.mean(axis=axis, keepdims=True)
        return grad

    def add(x, y):
        return x + y, lambda dout: (fit(dout, np.shape(x)), fit(dout, np.shape(y)))

    return add


@mutant("add", "dy", "keepdims", "Sums over the batch with keepdims=True, and y's gradient has an axis too many.")
def add_dy_keeps_axis():
    def add(x, y):
        def pullback(dout):
            dx, dy = dout, dout
            if dy.shape != y.shape:
                dy = dy.sum(axis=0, keepdims=True)
            return dx.copy(), dy

        return x + y, pullback

    return add


@mutant("multiply", ["dx", "dy"], "local-derivative-missing", "Treats the product like a sum: both get dout.")
def multiply_like_add():
    def multiply(x, y):
        def pullback(dout):
            dx = dout.copy()
            dy = dout.sum(axis=0) if y.ndim < dout.ndim else dout.copy()
            return dx, dy

        return x * y, pullback

    return multiply


@mutant("multiply", ["dx", "dy"], "swapped", "Each factor gets itself as its derivative, not the other one.")
def multiply_own_factor():
    def shrink(g, like):
        return g.sum(axis=tuple(range(g.ndim - like.ndim))) if g.ndim > like.ndim else g

    def multiply(x, y):
        return x * y, lambda dout: (shrink(dout * x, x), shrink(dout * y, y))

    return multiply


@mutant("multiply", "dy", "upstream-wrong", "Sums dout over the batch first, and multiplies by the summed x.")
def multiply_sums_first():
    def multiply(x, y):
        def pullback(dout):
            dx = dout * y
            if y.shape == x.shape:
                dy = dout * x
            else:
                dy = dout.sum(axis=0) * x.sum(axis=0)
            return dx, dy

        return x * y, pullback

    return multiply


@mutant("multiply", "dy", "not-summed", "The product rule is right, the broadcasting is overlooked.")
def multiply_not_summed():
    def multiply(x, y):
        def pullback(dout):
            return dout * y, dout * x

        return x * y, pullback

    return multiply


@mutant("multiply", ["dx", "dy"], "upstream-ignored", "d(xy)/dx = y and d(xy)/dy = x: no chain rule.")
def multiply_no_chain_rule():
    def multiply(x, y):
        out = x * y

        def pullback(dout):
            dx = np.ones_like(out) * y
            dy = np.ones_like(out) * x
            while dy.ndim > y.ndim:
                dy = dy.sum(axis=0)
            return dx, dy

        return out, pullback

    return multiply


@mutant("divide", "dy", "sign", "The minus of the quotient rule is lost.")
def divide_without_minus():
    def divide(x, y):
        def pullback(dout):
            dx = dout / y
            dy = dout * x / y**2
            return dx, dy if dy.shape == y.shape else dy.sum(axis=0)

        return x / y, pullback

    return divide


# ---- exp, log, power, getitem ------------------------------------------------------------------------


@mutant("exp", "dx", None, "The power rule on e^x: x e^(x - 1).")
def exp_by_power_rule():
    def exp(x):
        return np.exp(x), lambda dout: (dout * x * np.exp(x - 1),)

    return exp


@mutant("exp", "dx", "wrong-point", "exp of the saved output: exp twice.")
def exp_of_the_output():
    def exp(x):
        out = np.exp(x)

        def pullback(dout):
            return (dout * np.exp(out),)

        return out, pullback

    return exp


@mutant("exp", "dx", "local-derivative-missing", "'exp is its own derivative', so the gradient passes unchanged.")
def exp_passes_through():
    def exp(x):
        return np.exp(x), lambda dout: (1.0 * dout,)

    return exp


@mutant("log", "dx", "wrong-point", "Divides by the logarithm instead of its argument.")
def log_divides_by_output():
    def log(x):
        y = np.log(x)

        def pullback(dout):
            return (dout / y,)

        return y, pullback

    return log


@mutant("log", "dx", "upstream-ignored", "1 / x, full stop.")
def log_reciprocal_only():
    def log(x):
        return np.log(x), lambda dout: (1 / x,)

    return log


@mutant("power", "dx", "constant-factor", "Lowers the exponent, and does not bring it down in front.")
def power_without_factor():
    def power(x, *, exponent):
        def pullback(dout):
            return (dout * x ** (exponent - 1),)

        return x**exponent, pullback

    return power


@mutant("power", "dx", None, "Brings the exponent down in front, and does not lower it.")
def power_exponent_not_lowered():
    def power(x, *, exponent):
        out = x**exponent
        return out, lambda dout: (dout * exponent * out,)

    return power


@mutant("getitem", "dx", ["term-missing", "partly-wrong"], "dx[index] += dout counts a repeated index only once.")
def getitem_plus_equals():
    def getitem(x, *, index):
        def pullback(dout):
            dx = np.zeros_like(x)
            dx[index] += dout
            return (dx,)

        return x[index], pullback

    return getitem


@mutant("getitem", "dx", "wrong-shape", "Hands dout on as it is: nothing for the entries that were not picked.")
def getitem_not_scattered():
    def getitem(x, *, index):
        return x[index], lambda dout: (dout.copy(),)

    return getitem


# ---- leaky_relu and dropout --------------------------------------------------------------------------


@mutant("leaky_relu", "dx", ["partly-wrong", "term-missing"], "The derivative of plain relu: nothing where x < 0.")
def leaky_relu_does_not_leak():
    def leaky_relu(x, *, slope=0.01):
        def pullback(dout):
            return (dout * (x > 0),)

        return np.where(x > 0, x, slope * x), pullback

    return leaky_relu


@mutant("leaky_relu", "dx", "mask-inverted", "np.where with its two cases exchanged.")
def leaky_relu_cases_exchanged():
    def leaky_relu(x, *, slope=0.01):
        out = np.maximum(x, slope * x)

        def pullback(dout):
            return (np.where(x > 0, slope * dout, dout),)

        return out, pullback

    return leaky_relu


@mutant("leaky_relu", "dx", "mask-from-dout", "Leaks where the gradient is negative, not where x is.")
def leaky_relu_of_the_gradient():
    def leaky_relu(x, *, slope=0.01):
        def f(z):
            return np.where(z > 0, z, slope * z)

        return f(x), lambda dout: (f(dout),)

    return leaky_relu


@mutant("dropout", "dx", "mask-missing", "'Dropout only matters in forward.'")
def dropout_forward_only():
    def dropout(x, *, mask):
        return x * mask, lambda dout: (dout.copy(),)

    return dropout


@mutant("dropout", "dx", "constant-factor", "Lets the kept entries through, but without their scale 1 / (1 - p).")
def dropout_scale_forgotten():
    def dropout(x, *, mask):
        kept = np.asarray(mask) > 0

        def pullback(dout):
            dx = np.zeros_like(dout)
            dx[kept] = dout[kept]
            return (dx,)

        return np.multiply(x, mask), pullback

    return dropout


@mutant("dropout", "dx", "mask-inverted", "Reads the mask as 'dropped' on the way back.")
def dropout_reads_mask_as_dropped():
    def dropout(x, *, mask):
        scale = np.max(mask)

        def pullback(dout):
            return (np.where(mask == 0, dout * scale, 0.0),)

        return x * mask, pullback

    return dropout


@mutant("dropout", "dx", None, "Draws a new mask on the way back.")
def dropout_draws_again():
    def dropout(x, *, mask):
        p_keep = np.mean(np.asarray(mask) > 0)

        def pullback(dout):
            rng = np.random.default_rng(0)
            new_mask = (rng.random(dout.shape) < p_keep) / p_keep
            return (dout * new_mask,)

        return x * mask, pullback

    return dropout


# ---- batch_norm and layer_norm -----------------------------------------------------------------------


@mutant("batch_norm", "dx", "term-missing", "Takes mean and variance for constants: gamma / std times dout.")
def batch_norm_constant_statistics():
    def batch_norm(x, gamma, beta, *, eps=1e-5):
        mu, var = x.mean(axis=0), x.var(axis=0)
        x_hat = (x - mu) / np.sqrt(var + eps)

        def pullback(dout):
            dx = dout * gamma / np.sqrt(var + eps)
            return dx, np.sum(dout * x_hat, axis=0), np.sum(dout, axis=0)

        return gamma * x_hat + beta, pullback

    return batch_norm


@mutant("batch_norm", "dx", "term-missing", "The way through the variance is forgotten; the mean is thought of.")
def batch_norm_without_variance_path():
    def batch_norm(x, gamma, beta, *, eps=1e-5):
        centred = x - np.mean(x, axis=0)
        std = np.sqrt(np.mean(centred**2, axis=0) + eps)
        normed = centred / std

        def pullback(dout):
            dnormed = dout * gamma
            dx = (dnormed - dnormed.mean(axis=0)) / std
            return dx, (dout * normed).sum(axis=0), dout.sum(axis=0)

        return gamma * normed + beta, pullback

    return batch_norm


@mutant("batch_norm", "dx", "term-missing", "The way through the mean is forgotten; the variance is thought of.")
def batch_norm_without_mean_path():
    def batch_norm(x, gamma, beta, *, eps=1e-5):
        n = len(x)
        xmu = x - x.mean(0)
        var = (xmu**2).sum(0) / n
        ivar = 1 / np.sqrt(var + eps)
        xhat = xmu * ivar

        def pullback(dout):
            dgamma = (dout * xhat).sum(0)
            dbeta = dout.sum(0)
            dxhat = dout * gamma
            dvar = (dxhat * xmu).sum(0) * -0.5 * ivar**3
            dx = dxhat * ivar + 2 / n * xmu * dvar
            return dx, dgamma, dbeta

        return gamma * xhat + beta, pullback

    return batch_norm


@mutant("batch_norm", "dgamma", ["wrong-point", "wrong-parameter"], "dgamma with the raw x, not the normalised one.")
def batch_norm_dgamma_with_raw_x():
    def batch_norm(x, gamma, beta, *, eps=1e-5):
        mean, std = x.mean(axis=0), np.sqrt(x.var(axis=0) + eps)
        z = (x - mean) / std

        def pullback(dout):
            g = dout * gamma
            dx = (g - g.mean(axis=0) - z * (g * z).mean(axis=0)) / std
            dgamma = (dout * x).sum(axis=0)
            dbeta = dout.sum(axis=0)
            return dx, dgamma, dbeta

        return gamma * z + beta, pullback

    return batch_norm


@mutant("batch_norm", "dx", "wrong-parameter", "beta where gamma belongs.")
def batch_norm_beta_for_gamma():
    def batch_norm(x, gamma, beta, *, eps=1e-5):
        sd = np.sqrt(x.var(axis=0) + eps)
        x_hat = (x - x.mean(axis=0)) / sd

        def pullback(dout):
            d = dout * beta
            dx = (d - d.mean(axis=0) - x_hat * np.mean(d * x_hat, axis=0)) / sd
            return dx, np.sum(dout * x_hat, axis=0), np.sum(dout, axis=0)

        return gamma * x_hat + beta, pullback

    return batch_norm


@mutant("batch_norm", ["dgamma", "dbeta"], "swapped", "Returns dbeta before dgamma.")
def batch_norm_parameters_swapped():
    def batch_norm(x, gamma, beta, *, eps=1e-5):
        n = x.shape[0]
        mu = x.mean(axis=0)
        inv = 1.0 / np.sqrt(x.var(axis=0) + eps)
        h = (x - mu) * inv

        def pullback(dout):
            d_beta = dout.sum(axis=0)
            d_gamma = (dout * h).sum(axis=0)
            dh = dout * gamma
            dx = inv / n * (n * dh - dh.sum(axis=0) - h * (dh * h).sum(axis=0))
            return dx, d_beta, d_gamma

        return gamma * h + beta, pullback

    return batch_norm


@mutant("batch_norm", "dx", None, "One term of three has the wrong sign: the -1/2 of the variance became +1/2.")
def batch_norm_dvar_sign():
    def batch_norm(x, gamma, beta, *, eps=1e-5):
        N = x.shape[0]
        mu = x.mean(axis=0)
        var = x.var(axis=0)
        x_hat = (x - mu) / np.sqrt(var + eps)

        def pullback(dout):
            dx_hat = dout * gamma
            dvar = np.sum(dx_hat * (x - mu), axis=0) * 0.5 * (var + eps) ** -1.5
            dmu = np.sum(-dx_hat / np.sqrt(var + eps), axis=0)
            dx = dx_hat / np.sqrt(var + eps) + dvar * 2 * (x - mu) / N + dmu / N
            return dx, np.sum(dout * x_hat, axis=0), np.sum(dout, axis=0)

        return gamma * x_hat + beta, pullback

    return batch_norm


@mutant("layer_norm", "dx", "wrong-axis", "Backward copied from batch norm: its means run over the batch.")
def layer_norm_backward_of_batch_norm():
    def layer_norm(x, gamma, beta, *, eps=1e-5):
        mean = x.mean(axis=1, keepdims=True)
        std = np.sqrt(x.var(axis=1, keepdims=True) + eps)
        h = (x - mean) / std

        def pullback(dout):
            g = dout * gamma
            dx = (g - g.mean(axis=0) - h * (g * h).mean(axis=0)) / std
            return dx, (dout * h).sum(axis=0), dout.sum(axis=0)

        return gamma * h + beta, pullback

    return layer_norm


@mutant("layer_norm", ["dgamma", "dbeta"], "wrong-axis", "'Layer norm works along axis 1': so do its parameters, then.")
def layer_norm_parameters_along_features():
    def layer_norm(x, gamma, beta, *, eps=1e-5):
        c = x - x.mean(axis=1, keepdims=True)
        s = np.sqrt((c * c).mean(axis=1, keepdims=True) + eps)
        z = c / s

        def pullback(dout):
            g = dout * gamma
            dx = (g - g.mean(axis=1, keepdims=True) - z * (g * z).mean(axis=1, keepdims=True)) / s
            return dx, (dout * z).sum(axis=1), dout.sum(axis=1)

        return gamma * z + beta, pullback

    return layer_norm


@mutant("layer_norm", "dgamma", "not-summed", "dgamma = dout * x_hat, for each example its own.")
def layer_norm_dgamma_per_example():
    def layer_norm(x, gamma, beta, *, eps=1e-5):
        n, d = x.shape
        mu = np.mean(x, axis=1, keepdims=True)
        inv = 1 / np.sqrt(np.var(x, axis=1, keepdims=True) + eps)
        x_hat = (x - mu) * inv

        def pullback(dout):
            dgamma = dout * x_hat
            dbeta = np.sum(dout, axis=0)
            g = dout * gamma
            dx = np.empty_like(x)
            for i in range(n):
                dx[i] = inv[i] * (g[i] - g[i].sum() / d - x_hat[i] * (g[i] @ x_hat[i]) / d)
            return dx, dgamma, dbeta

        return x_hat * gamma + beta, pullback

    return layer_norm


@mutant("layer_norm", "dx", "local-derivative-missing", "The step through gamma is skipped.")
def layer_norm_without_gamma():
    def layer_norm(x, gamma, beta, *, eps=1e-5):
        std = np.sqrt(x.var(axis=1, keepdims=True) + eps)
        y = (x - x.mean(axis=1, keepdims=True)) / std

        def pullback(dout):
            dx = dout - dout.mean(axis=1, keepdims=True) - y * (dout * y).mean(axis=1, keepdims=True)
            return dx / std, (dout * y).sum(axis=0), dout.sum(axis=0)

        return gamma * y + beta, pullback

    return layer_norm


@mutant("layer_norm", "dx", None, "Multiplies by gamma after going back through the normalisation, not before.")
def layer_norm_gamma_too_late():
    def layer_norm(x, gamma, beta, *, eps=1e-5):
        std = np.sqrt(x.var(axis=1, keepdims=True) + eps)
        y = (x - x.mean(axis=1, keepdims=True)) / std

        def back_through_normalisation(g):
            return (g - g.mean(axis=1, keepdims=True) - y * (g * y).mean(axis=1, keepdims=True)) / std

        def pullback(dout):
            return gamma * back_through_normalisation(dout), np.sum(dout * y, axis=0), np.sum(dout, axis=0)

        return gamma * y + beta, pullback

    return layer_norm


# ---- images ------------------------------------------------------------------------------------------


@mutant("conv2d", "dx", ["term-missing", "partly-wrong"], "= for +=: where windows overlap, only the last one counts.")
def conv2d_overlap_overwritten():
    def conv2d(x, W, b, *, stride=1, pad=0):
        n, _, height, width = x.shape
        f, _, kh, kw = W.shape
        xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        oh, ow = (height + 2 * pad - kh) // stride + 1, (width + 2 * pad - kw) // stride + 1
        out = np.zeros((n, f, oh, ow))
        for i in range(oh):
            for j in range(ow):
                window = xp[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw]
                out[:, :, i, j] = np.tensordot(window, W, axes=([1, 2, 3], [1, 2, 3])) + b

        def pullback(dout):
            dxp, dW = np.zeros_like(xp), np.zeros_like(W)
            for i in range(oh):
                for j in range(ow):
                    rows, cols = slice(i * stride, i * stride + kh), slice(j * stride, j * stride + kw)
                    dxp[:, :, rows, cols] = np.tensordot(dout[:, :, i, j], W, axes=(1, 0))
                    dW += np.tensordot(dout[:, :, i, j].T, xp[:, :, rows, cols], axes=(1, 0))
            return dxp[:, :, pad : pad + height, pad : pad + width], dW, dout.sum(axis=(0, 2, 3))

        return out, pullback

    return conv2d


@mutant("conv2d", "db", ["not-summed", "wrong-shape"], "Sums over the batch as in an affine layer; the pixels remain.")
def conv2d_db_as_in_affine():
    def conv2d(x, W, b, *, stride=1, pad=0):
        N, C, H, Wd = x.shape
        F, _, HH, WW = W.shape
        s = stride
        xp = np.pad(x, [(0, 0), (0, 0), (pad, pad), (pad, pad)], mode="constant")
        Ho = 1 + (H + 2 * pad - HH) // s
        Wo = 1 + (Wd + 2 * pad - WW) // s
        out = np.zeros((N, F, Ho, Wo))
        for n in range(N):
            for f in range(F):
                for i in range(Ho):
                    for j in range(Wo):
                        out[n, f, i, j] = np.sum(xp[n, :, i * s : i * s + HH, j * s : j * s + WW] * W[f]) + b[f]

        def pullback(dout):
            dxp = np.zeros_like(xp)
            dW = np.zeros_like(W)
            for n in range(N):
                for f in range(F):
                    for i in range(Ho):
                        for j in range(Wo):
                            g = dout[n, f, i, j]
                            dW[f] += g * xp[n, :, i * s : i * s + HH, j * s : j * s + WW]
                            dxp[n, :, i * s : i * s + HH, j * s : j * s + WW] += g * W[f]
            db = dout.sum(axis=0)
            return dxp[:, :, pad : H + pad, pad : Wd + pad], dW, db

        return out, pullback

    return conv2d


@mutant("conv2d", "dW", "over-n", "Averages the gradient of the kernels over the batch.")
def conv2d_dw_mean():
    def conv2d(x, W, b, *, stride=1, pad=0):
        n, c, height, width = x.shape
        f, _, kh, kw = W.shape
        xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        windows = np.lib.stride_tricks.sliding_window_view(xp, (kh, kw), axis=(2, 3))[:, :, ::stride, ::stride]
        out = np.einsum("ncijhw,fchw->nfij", windows, W) + b[None, :, None, None]

        def pullback(dout):
            dW = np.einsum("nfij,ncijhw->fchw", dout, windows) / n
            db = np.einsum("nfij->f", dout)
            dxp = np.zeros_like(xp)
            for i in range(out.shape[2]):
                for j in range(out.shape[3]):
                    patch = np.einsum("nf,fchw->nchw", dout[:, :, i, j], W)
                    dxp[:, :, i * stride : i * stride + kh, j * stride : j * stride + kw] += patch
            return dxp[:, :, pad : pad + height, pad : pad + width], dW, db

        return out, pullback

    return conv2d


@mutant("conv2d", "dx", None, "Has heard that 'the kernel is flipped in backward', and flips it where it must not be.")
def conv2d_kernel_flipped():
    def conv2d(x, W, b, *, stride=1, pad=0):
        _, _, h, w = x.shape
        _, _, kh, kw = W.shape
        padded = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        view = np.lib.stride_tricks.sliding_window_view(padded, (kh, kw), axis=(2, 3))[:, :, ::stride, ::stride]
        out = np.tensordot(view, W, axes=([1, 4, 5], [1, 2, 3])).transpose(0, 3, 1, 2) + b.reshape(1, -1, 1, 1)

        def pullback(dout):
            flipped = W[:, :, ::-1, ::-1]
            grad = np.zeros_like(padded)
            for i in range(dout.shape[2]):
                for j in range(dout.shape[3]):
                    top, left = i * stride, j * stride
                    grad[:, :, top : top + kh, left : left + kw] += np.tensordot(dout[:, :, i, j], flipped, (1, 0))
            dW = np.tensordot(dout, view, axes=([0, 2, 3], [0, 2, 3]))
            return grad[:, :, pad : pad + h, pad : pad + w], dW, dout.sum((0, 2, 3))

        return out, pullback

    return conv2d


@mutant("conv2d", "dx", "wrong-shape", "Cuts the padding off with [pad:-pad], which is empty when pad = 0.")
def conv2d_minus_zero():
    def conv2d(x, W, b, *, stride=1, pad=0):
        kh, kw = W.shape[2:]
        xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        oh = (xp.shape[2] - kh) // stride + 1
        ow = (xp.shape[3] - kw) // stride + 1

        def at(i, j):
            return slice(None), slice(None), slice(i * stride, i * stride + kh), slice(j * stride, j * stride + kw)

        out = np.empty((len(x), len(W), oh, ow))
        for i in range(oh):
            for j in range(ow):
                out[:, :, i, j] = np.einsum("nchw,fchw->nf", xp[at(i, j)], W) + b

        def pullback(dout):
            dxp, dW = np.zeros(xp.shape), np.zeros(W.shape)
            for i in range(oh):
                for j in range(ow):
                    dxp[at(i, j)] += np.einsum("nf,fchw->nchw", dout[:, :, i, j], W)
                    dW += np.einsum("nf,nchw->fchw", dout[:, :, i, j], xp[at(i, j)])
            dx = dxp[:, :, pad:-pad, pad:-pad]
            return dx, dW, dout.sum(axis=(0, 2, 3))

        return out, pullback

    return conv2d


@mutant("max_pool2d", "dx", "mask-missing", "Shares the gradient equally in the window, as average pooling does.")
def max_pool2d_like_average():
    def max_pool2d(x, *, size=2):
        n, c, h, w = x.shape
        out = x.reshape(n, c, h // size, size, w // size, size).max(axis=(3, 5))

        def pullback(dout):
            dx = dout.repeat(size, axis=2).repeat(size, axis=3) / size**2
            return (dx,)

        return out, pullback

    return max_pool2d


@mutant("max_pool2d", "dx", ["mask-from-dout", "zeros"], "Compares x with the gradient where it meant the output.")
def max_pool2d_compares_with_dout():
    def max_pool2d(x, *, size=2):
        n, c, h, w = x.shape
        blocks = x.reshape(n, c, h // size, size, w // size, size)

        def pullback(dout):
            spread = np.repeat(np.repeat(dout, size, axis=2), size, axis=3)
            mask = x == spread
            return (spread * mask,)

        return blocks.max(axis=5).max(axis=3), pullback

    return max_pool2d


@mutant("max_pool2d", "dx", ["partly-wrong", "transposed"], "Row and column of the argmax are exchanged.")
def max_pool2d_row_for_column():
    def max_pool2d(x, *, size=2):
        n, c, h, w = x.shape
        out = np.zeros((n, c, h // size, w // size))
        where = np.zeros(out.shape, dtype=int)
        for i in range(h // size):
            for j in range(w // size):
                window = x[:, :, i * size : (i + 1) * size, j * size : (j + 1) * size].reshape(n, c, -1)
                out[:, :, i, j] = window.max(axis=2)
                where[:, :, i, j] = window.argmax(axis=2)

        def pullback(dout):
            dx = np.zeros_like(x)
            for a, ch, i, j in np.ndindex(*dout.shape):
                col, row = divmod(where[a, ch, i, j], size)
                dx[a, ch, i * size + row, j * size + col] += dout[a, ch, i, j]
            return (dx,)

        return out, pullback

    return max_pool2d


@mutant("max_pool2d", "dx", "mask-inverted", "Gives the gradient to all but the largest entry.")
def max_pool2d_losers_win():
    def max_pool2d(x, *, size=2):
        n, c, h, w = x.shape
        out = np.zeros((n, c, h // size, w // size))
        dropped = np.zeros(x.shape, dtype=bool)
        for i in range(0, h, size):
            for j in range(0, w, size):
                window = x[:, :, i : i + size, j : j + size]
                top = window.max(axis=(2, 3), keepdims=True)
                out[:, :, i // size, j // size] = top[:, :, 0, 0]
                dropped[:, :, i : i + size, j : j + size] = window < top

        def pullback(dout):
            return (np.kron(dout, np.ones((1, 1, size, size))) * dropped,)

        return out, pullback

    return max_pool2d


# ---- sequences ---------------------------------------------------------------------------------------


@mutant("embedding", "dW", ["term-missing", "partly-wrong"], "dW[ids] += dout: a word that occurs twice counts once.")
def embedding_plus_equals():
    def embedding(W, *, ids):
        def pullback(dout):
            dW = np.zeros_like(W)
            dW[ids] += dout
            return (dW,)

        return W[ids], pullback

    return embedding


@mutant(
    "embedding", "dW", ["wrong-shape", "not-summed"], "Returns a gradient per word of the text, not per word known."
)
def embedding_returns_dout():
    def embedding(W, *, ids):
        return np.take(W, ids, axis=0), lambda dout: (np.array(dout),)

    return embedding


@mutant("embedding", "dW", "partly-wrong", "`if word:` passes over the word with number 0.")
def embedding_skips_word_zero():
    def embedding(W, *, ids):
        ids = np.asarray(ids)

        def pullback(dout):
            dW = np.zeros(W.shape)
            for word, g in zip(ids.ravel(), dout.reshape(-1, W.shape[1]), strict=True):
                if word:
                    dW[word] += g
            return (dW,)

        return W[ids], pullback

    return embedding


@mutant(
    "rnn_step",
    ["dx", "dh", "dWx", "dWh", "db"],
    "local-derivative-missing",
    "Goes back through the affine part only; tanh is skipped.",
)
def rnn_step_skips_tanh():
    def rnn_step(x, h, Wx, Wh, b):
        h_next = np.tanh(x @ Wx + h @ Wh + b)

        def pullback(dout):
            return dout @ Wx.T, dout @ Wh.T, x.T @ dout, h.T @ dout, dout.sum(axis=0)

        return h_next, pullback

    return rnn_step


@mutant(
    "rnn_step", "dWh", ["wrong-point", "wrong-parameter"], "dWh with the new state, where the old one was the input."
)
def rnn_step_new_state_for_old():
    def rnn_step(x, h, Wx, Wh, b):
        h_next = np.tanh(x @ Wx + h @ Wh + b)

        def pullback(dout):
            da = dout * (1 - h_next**2)
            dWh = h_next.T @ da
            dWx = x.T @ da
            return da @ Wx.T, da @ Wh.T, dWx, dWh, da.sum(axis=0)

        return h_next, pullback

    return rnn_step


@mutant("rnn_step", "dh", "transposed", "Wh is square, so nobody complains when its transpose is left out.")
def rnn_step_square_matrix():
    def rnn_step(x, h, Wx, Wh, b):
        a = np.dot(x, Wx) + np.dot(h, Wh) + b
        out = np.tanh(a)

        def pullback(dout):
            da = dout * (1 - out * out)
            dx = np.dot(da, Wx.T)
            dh = np.dot(da, Wh)
            return dx, dh, np.dot(x.T, da), np.dot(h.T, da), np.sum(da, axis=0)

        return out, pullback

    return rnn_step


@mutant("rnn_step", "db", "not-summed", "db is the gradient of the pre-activation, row by row.")
def rnn_step_db_per_row():
    def rnn_step(x, h, Wx, Wh, b):
        out = np.tanh(x @ Wx + h @ Wh + b)

        def pullback(dout):
            dz = (1 - out**2) * dout
            return dz @ Wx.T, dz @ Wh.T, x.T @ dz, h.T @ dz, dz

        return out, pullback

    return rnn_step


@mutant("rnn_step", ["dx", "dh", "dWx", "dWh", "db"], "wrong-point", "1 - a^2 with the pre-activation a.")
def rnn_step_slope_at_preactivation():
    def rnn_step(x, h, Wx, Wh, b):
        a = x @ Wx + h @ Wh + b

        def pullback(dout):
            da = dout * (1 - a**2)
            return da @ Wx.T, da @ Wh.T, x.T @ da, h.T @ da, da.sum(0)

        return np.tanh(a), pullback

    return rnn_step


@mutant("attention", ["dq", "dk"], "constant-factor", "The 1 / sqrt(d) of the forward pass does not come back.")
def attention_scale_forgotten():
    def attention(q, k, v):
        scores = q @ np.swapaxes(k, -1, -2) / np.sqrt(q.shape[-1])
        e = np.exp(scores - scores.max(axis=-1, keepdims=True))
        p = e / e.sum(axis=-1, keepdims=True)

        def pullback(dout):
            dv = np.swapaxes(p, -1, -2) @ dout
            dp = dout @ np.swapaxes(v, -1, -2)
            ds = p * (dp - (dp * p).sum(axis=-1, keepdims=True))
            return ds @ k, np.swapaxes(ds, -1, -2) @ q, dv

        return p @ v, pullback

    return attention


@mutant("attention", ["dq", "dk"], "diagonal-only", "Goes back through softmax with p(1 - p).")
def attention_softmax_diagonal():
    def softmax(z):
        e = np.exp(z - z.max(axis=-1, keepdims=True))
        return e / e.sum(axis=-1, keepdims=True)

    def T(a):
        return a.swapaxes(-1, -2)

    def attention(q, k, v):
        scale = 1 / q.shape[-1] ** 0.5
        a = softmax(q @ T(k) * scale)

        def pullback(dout):
            da = dout @ T(v)
            ds = da * a * (1 - a) * scale
            return ds @ k, T(ds) @ q, T(a) @ dout

        return a @ v, pullback

    return attention


@mutant("attention", ["dq", "dk"], "swapped", "The gradients of queries and keys are returned in each other's place.")
def attention_keys_for_queries():
    def attention(q, k, v):
        d = q.shape[-1]
        s = np.einsum("...td,...sd->...ts", q, k) / np.sqrt(d)
        w = np.exp(s - s.max(-1, keepdims=True))
        w = w / w.sum(-1, keepdims=True)
        out = np.einsum("...ts,...se->...te", w, v)

        def pullback(dout):
            dv = np.einsum("...ts,...te->...se", w, dout)
            dw = np.einsum("...te,...se->...ts", dout, v)
            ds = w * (dw - np.sum(dw * w, -1, keepdims=True)) / np.sqrt(d)
            dk = np.einsum("...ts,...sd->...td", ds, k)
            dq = np.einsum("...ts,...td->...sd", ds, q)
            return dq, dk, dv

        return out, pullback

    return attention


@mutant("attention", "dv", "wrong-point", "dv with the scores before softmax instead of the weights after it.")
def attention_dv_with_scores():
    def attention(q, k, v):
        scores = np.matmul(q, k.swapaxes(-1, -2)) / np.sqrt(k.shape[-1])
        e = np.exp(scores - np.max(scores, axis=-1, keepdims=True))
        weights = e / np.sum(e, axis=-1, keepdims=True)

        def pullback(dout):
            dv = np.matmul(scores.swapaxes(-1, -2), dout)
            dweights = np.matmul(dout, v.swapaxes(-1, -2))
            dscores = weights * (dweights - np.sum(dweights * weights, axis=-1, keepdims=True))
            dscores = dscores / np.sqrt(k.shape[-1])
            return np.matmul(dscores, k), np.matmul(dscores.swapaxes(-1, -2), q), dv

        return np.matmul(weights, v), pullback

    return attention


# ---- optimizers --------------------------------------------------------------------------------------


@mutant("optimizer:SGD", "data", "sign", "Walks along the gradient: uphill.")
def sgd_walks_uphill():
    class SGD:
        def __init__(self, params, *, lr, momentum=0.0, nesterov=False, weight_decay=0.0):
            self.params = list(params)
            self.lr, self.momentum, self.nesterov, self.weight_decay = lr, momentum, nesterov, weight_decay
            self.v = [np.zeros_like(p.data) for p in self.params]

        def zero_grad(self):
            for p in self.params:
                p.grad = np.zeros_like(p.data)

        def step(self):
            for p, v in zip(self.params, self.v, strict=True):
                g = p.grad + self.weight_decay * p.data
                v *= self.momentum
                v += g
                p.data += self.lr * (g + self.momentum * v if self.nesterov else v)

    return SGD


@mutant("optimizer:SGD", "data", "not-in-place", "w = w - ... gives the name w another array; the parameter stays.")
def sgd_rebinds_a_name():
    class SGD:
        def __init__(self, params, *, lr, momentum=0.0, nesterov=False, weight_decay=0.0):
            self.params, self.lr, self.weight_decay = list(params), lr, weight_decay

        def zero_grad(self):
            for p in self.params:
                p.grad = np.zeros_like(p.data)

        def step(self):
            for p in self.params:
                w, g = p.data, p.grad
                w = w - self.lr * (g + self.weight_decay * w)

    return SGD


@mutant("optimizer:SGD", "data", "zeros", "Zeroes the gradients at the start of the step that needs them.")
def sgd_zeroes_too_early():
    class SGD:
        def __init__(self, params, *, lr, momentum=0.0, nesterov=False, weight_decay=0.0):
            self.params = list(params)
            self.lr, self.weight_decay = lr, weight_decay

        def zero_grad(self):
            for p in self.params:
                p.grad = np.zeros_like(p.data)

        def step(self):
            self.zero_grad()
            for p in self.params:
                p.data -= self.lr * (p.grad + self.weight_decay * p.data)

    return SGD


@mutant("optimizer:SGD", "data", "accumulates", "g = 0 in zero_grad gives a name another value; the gradients stay.")
def sgd_zero_grad_does_nothing():
    class SGD:
        def __init__(self, params, *, lr, momentum=0.0, nesterov=False, weight_decay=0.0):
            self.params = list(params)
            self.lr, self.weight_decay = lr, weight_decay

        def zero_grad(self):
            for p in self.params:
                g = p.grad
                g = 0  # noqa: F841

        def step(self):
            for p in self.params:
                p.data -= self.lr * (p.grad + self.weight_decay * p.data)

    return SGD


@mutant("optimizer:SGD", "data", "partly-wrong", "`return` inside the loop: only the first parameter is trained.")
def sgd_trains_first_parameter():
    class SGD:
        def __init__(self, params, *, lr, momentum=0.0, nesterov=False, weight_decay=0.0):
            self.params = list(params)
            self.lr, self.weight_decay = lr, weight_decay

        def zero_grad(self):
            for p in self.params:
                p.grad = np.zeros_like(p.data)

        def step(self):
            for p in self.params:
                g = p.grad + self.weight_decay * p.data
                p.data -= self.lr * g
                return

    return SGD


@mutant("optimizer:Momentum", "data", ["no-velocity", "not-in-place"], "v = ... in the loop is never stored.")
def momentum_velocity_not_stored():
    class Momentum:
        def __init__(self, params, *, lr, momentum=0.9, nesterov=False, weight_decay=0.0):
            self.params = list(params)
            self.lr, self.momentum, self.weight_decay = lr, momentum, weight_decay
            self.velocity = [np.zeros_like(p.data) for p in self.params]

        def zero_grad(self):
            for p in self.params:
                p.grad = np.zeros_like(p.data)

        def step(self):
            for p, v in zip(self.params, self.velocity, strict=True):
                g = p.grad + self.weight_decay * p.data
                v = self.momentum * v + g
                p.data -= self.lr * v

    return Momentum


@mutant("optimizer:Momentum", "data", "constant-factor", "A running mean of gradients: 1 - momentum too small.")
def momentum_as_running_mean():
    class Momentum:
        def __init__(self, params, *, lr, momentum=0.9, nesterov=False, weight_decay=0.0):
            self.params = list(params)
            self.lr, self.beta, self.decay = lr, momentum, weight_decay
            self.v = {}

        def zero_grad(self):
            for p in self.params:
                p.grad = np.zeros_like(p.data)

        def step(self):
            for i, p in enumerate(self.params):
                g = p.grad + self.decay * p.data
                self.v[i] = self.beta * self.v.get(i, 0.0) + (1 - self.beta) * g
                p.data -= self.lr * self.v[i]

    return Momentum


@mutant("optimizer:Momentum", "data", "sign", "v already contains the minus, and the update subtracts it once more.")
def momentum_subtracts_twice():
    class Momentum:
        def __init__(self, params, *, lr, momentum=0.9, nesterov=False, weight_decay=0.0):
            self.params = list(params)
            self.lr, self.momentum, self.weight_decay = lr, momentum, weight_decay
            self.v = [np.zeros(p.data.shape) for p in self.params]

        def zero_grad(self):
            for p in self.params:
                p.grad = np.zeros_like(p.data)

        def step(self):
            for i, p in enumerate(self.params):
                g = p.grad + self.weight_decay * p.data
                self.v[i] = self.momentum * self.v[i] - self.lr * g
                p.data -= self.v[i]

    return Momentum


@mutant("optimizer:Momentum", "data", ["wrong-parameter", "swapped"], "lr and momentum stand in each other's place.")
def momentum_swaps_lr():
    class Momentum:
        def __init__(self, params, *, lr, momentum=0.9, nesterov=False, weight_decay=0.0):
            self.params = list(params)
            self.lr, self.momentum, self.weight_decay = lr, momentum, weight_decay
            self.v = [0.0] * len(self.params)

        def zero_grad(self):
            for p in self.params:
                p.grad = np.zeros_like(p.data)

        def step(self):
            for i, p in enumerate(self.params):
                self.v[i] = self.lr * self.v[i] + p.grad + self.weight_decay * p.data
                p.data -= self.momentum * self.v[i]

    return Momentum


@mutant("optimizer:Momentum", "data", ["state-shared", "raises"], "One velocity for all parameters.")
def momentum_single_velocity():
    class Momentum:
        def __init__(self, params, *, lr, momentum=0.9, nesterov=False, weight_decay=0.0):
            self.params = list(params)
            self.lr, self.momentum, self.weight_decay = lr, momentum, weight_decay
            self.v = 0.0

        def zero_grad(self):
            for p in self.params:
                p.grad = np.zeros_like(p.data)

        def step(self):
            for p in self.params:
                self.v = self.momentum * self.v + p.grad + self.weight_decay * p.data
                p.data -= self.lr * self.v

    return Momentum


@mutant("optimizer:AdaGrad", "data", "not-squared", "Sums the absolute gradients, and takes the root of that.")
def adagrad_absolute():
    class AdaGrad:
        def __init__(self, params, *, lr, eps=1e-8):
            self.params, self.lr, self.eps = list(params), lr, eps
            self.s = [np.zeros_like(p.data) for p in self.params]

        def zero_grad(self):
            for p in self.params:
                p.grad = np.zeros_like(p.data)

        def step(self):
            for p, s in zip(self.params, self.s, strict=True):
                s += np.abs(p.grad)
                p.data -= self.lr * p.grad / (np.sqrt(s) + self.eps)

    return AdaGrad


@mutant("optimizer:AdaGrad", "data", None, "Divides by the sum of squares, without its root.")
def adagrad_without_root():
    class AdaGrad:
        def __init__(self, params, *, lr, eps=1e-8):
            self.params = list(params)
            self.lr = lr
            self.eps = eps
            self.cache = None

        def zero_grad(self):
            for p in self.params:
                p.grad = np.zeros_like(p.data)

        def step(self):
            if self.cache is None:
                self.cache = [np.zeros(p.data.shape) for p in self.params]
            for i, p in enumerate(self.params):
                self.cache[i] += p.grad**2
                p.data -= self.lr * p.grad / (self.cache[i] + self.eps)

    return AdaGrad


@mutant("optimizer:AdaGrad", "data", "eps-inside-sqrt", "sqrt(s + eps): the root makes 1e-8 into 1e-4.")
def adagrad_eps_under_root():
    class AdaGrad:
        def __init__(self, params, *, lr, eps=1e-8):
            self.params, self.lr, self.eps = list(params), lr, eps
            self.sum_of_squares = [0.0 for _ in self.params]

        def zero_grad(self):
            for p in self.params:
                p.grad = np.zeros_like(p.data)

        def step(self):
            for k, p in enumerate(self.params):
                self.sum_of_squares[k] = self.sum_of_squares[k] + p.grad * p.grad
                p.data -= self.lr / np.sqrt(self.sum_of_squares[k] + self.eps) * p.grad

    return AdaGrad


@mutant("optimizer:RMSProp", "data", ["wrong-parameter", "swapped"], "decay and 1 - decay change places.")
def rmsprop_decay_reversed():
    class RMSProp:
        def __init__(self, params, *, lr, decay=0.9, eps=1e-8):
            self.params = list(params)
            self.lr, self.decay, self.eps = lr, decay, eps
            self.s = [np.zeros_like(p.data) for p in self.params]

        def zero_grad(self):
            for p in self.params:
                p.grad = np.zeros_like(p.data)

        def step(self):
            for i, p in enumerate(self.params):
                self.s[i] = (1 - self.decay) * self.s[i] + self.decay * p.grad**2
                p.data -= self.lr * p.grad / (np.sqrt(self.s[i]) + self.eps)

    return RMSProp


@mutant("optimizer:RMSProp", "data", "eps-inside-sqrt", "Adds eps before taking the root.")
def rmsprop_eps_under_root():
    class RMSProp:
        def __init__(self, params, *, lr, decay=0.9, eps=1e-8):
            self.params = list(params)
            self.lr, self.rho, self.eps = lr, decay, eps
            self.mean_square = [np.zeros(np.shape(p.data)) for p in self.params]

        def zero_grad(self):
            for p in self.params:
                p.grad = np.zeros_like(p.data)

        def step(self):
            for p, ms in zip(self.params, self.mean_square, strict=True):
                ms *= self.rho
                ms += (1 - self.rho) * p.grad**2
                p.data -= self.lr * p.grad / np.sqrt(ms + self.eps)

    return RMSProp


@mutant("optimizer:RMSProp", "data", "not-squared", "The square is lost: a running mean of absolute gradients.")
def rmsprop_absolute():
    class RMSProp:
        def __init__(self, params, *, lr, decay=0.9, eps=1e-8):
            self.params, self.lr, self.decay, self.eps = list(params), lr, decay, eps
            self.h = [np.zeros_like(p.data) for p in self.params]

        def zero_grad(self):
            for p in self.params:
                p.grad = np.zeros_like(p.data)

        def step(self):
            for p, h in zip(self.params, self.h, strict=True):
                h += (1 - self.decay) * (np.abs(p.grad) - h)
                p.data -= self.lr * p.grad / (np.sqrt(h) + self.eps)

    return RMSProp


@mutant("optimizer:Adam", "data", "no-bias-correction", "m and v start at zero, and nothing makes up for it.")
def adam_uncorrected():
    class Adam:
        def __init__(self, params, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
            self.params, self.lr, self.betas, self.eps = list(params), lr, betas, eps
            self.m = [np.zeros_like(p.data) for p in self.params]
            self.v = [np.zeros_like(p.data) for p in self.params]

        def zero_grad(self):
            for p in self.params:
                p.grad = np.zeros_like(p.data)

        def step(self):
            b1, b2 = self.betas
            for p, m, v in zip(self.params, self.m, self.v, strict=True):
                m[...] = b1 * m + (1 - b1) * p.grad
                v[...] = b2 * v + (1 - b2) * p.grad**2
                p.data -= self.lr * m / (np.sqrt(v) + self.eps)

    return Adam


@mutant("optimizer:Adam", "data", "no-bias-correction", "Corrects m and forgets v.")
def adam_corrects_only_m():
    class Adam:
        def __init__(self, params, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
            self.params = list(params)
            self.lr, self.eps = lr, eps
            self.b1, self.b2 = betas
            self.t = 0
            self.state = {i: (0.0, 0.0) for i in range(len(self.params))}

        def zero_grad(self):
            for p in self.params:
                p.grad = np.zeros_like(p.data)

        def step(self):
            self.t += 1
            for i, p in enumerate(self.params):
                m, v = self.state[i]
                m = self.b1 * m + (1 - self.b1) * p.grad
                v = self.b2 * v + (1 - self.b2) * p.grad * p.grad
                self.state[i] = m, v
                m_hat = m / (1 - self.b1**self.t)
                p.data -= self.lr * m_hat / (np.sqrt(v) + self.eps)

    return Adam


@mutant("optimizer:Adam", "data", "step-not-counted", "t = 1 is set inside step, at every step.")
def adam_always_step_one():
    class Adam:
        def __init__(self, params, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
            self.params, self.lr, self.eps = list(params), lr, eps
            self.beta1, self.beta2 = betas
            self.m = [np.zeros_like(p.data) for p in self.params]
            self.v = [np.zeros_like(p.data) for p in self.params]

        def zero_grad(self):
            for p in self.params:
                p.grad = np.zeros_like(p.data)

        def step(self):
            t = 0
            t += 1
            for i, p in enumerate(self.params):
                self.m[i] = self.beta1 * self.m[i] + (1 - self.beta1) * p.grad
                self.v[i] = self.beta2 * self.v[i] + (1 - self.beta2) * p.grad**2
                m_hat = self.m[i] / (1 - self.beta1**t)
                v_hat = self.v[i] / (1 - self.beta2**t)
                p.data -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)

    return Adam


@mutant("optimizer:Adam", "data", "step-not-counted", "t += 1 inside the loop counts parameters, not steps.")
def adam_counts_parameters():
    class Adam:
        def __init__(self, params, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
            self.params, self.lr, self.eps, self.t = list(params), lr, eps, 0
            self.beta1, self.beta2 = betas
            self.m = [np.zeros_like(p.data) for p in self.params]
            self.v = [np.zeros_like(p.data) for p in self.params]

        def zero_grad(self):
            for p in self.params:
                p.grad = np.zeros_like(p.data)

        def step(self):
            for p, m, v in zip(self.params, self.m, self.v, strict=True):
                self.t += 1
                m += (1 - self.beta1) * (p.grad - m)
                v += (1 - self.beta2) * (p.grad**2 - v)
                step = m / (1 - self.beta1**self.t)
                scale = np.sqrt(v / (1 - self.beta2**self.t)) + self.eps
                p.data -= self.lr * step / scale

    return Adam


@mutant("optimizer:Adam", "data", ["wrong-parameter", "swapped"], "Unpacks the betas the wrong way round.")
def adam_betas_swapped():
    class Adam:
        def __init__(self, params, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
            self.params, self.lr, self.eps, self.t = list(params), lr, eps, 0
            self.beta2, self.beta1 = betas
            self.m = [np.zeros_like(p.data) for p in self.params]
            self.v = [np.zeros_like(p.data) for p in self.params]

        def zero_grad(self):
            for p in self.params:
                p.grad = np.zeros_like(p.data)

        def step(self):
            self.t += 1
            for p, m, v in zip(self.params, self.m, self.v, strict=True):
                m += (1 - self.beta1) * (p.grad - m)
                v += (1 - self.beta2) * (p.grad**2 - v)
                m_hat = m / (1 - self.beta1**self.t)
                v_hat = v / (1 - self.beta2**self.t)
                p.data -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)

    return Adam


@mutant("optimizer:Adam", "data", "eps-inside-sqrt", "sqrt(v_hat + eps).")
def adam_eps_under_root():
    class Adam:
        def __init__(self, params, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
            self.params = list(params)
            self.lr, (self.b1, self.b2), self.eps = lr, betas, eps
            self.first = [0.0] * len(self.params)
            self.second = [0.0] * len(self.params)
            self.count = 0

        def zero_grad(self):
            for p in self.params:
                p.grad = np.zeros_like(p.data)

        def step(self):
            self.count += 1
            for i, p in enumerate(self.params):
                self.first[i] = self.b1 * self.first[i] + (1 - self.b1) * p.grad
                self.second[i] = self.b2 * self.second[i] + (1 - self.b2) * p.grad**2
                m_hat = self.first[i] / (1 - self.b1**self.count)
                v_hat = self.second[i] / (1 - self.b2**self.count)
                p.data -= self.lr * m_hat / np.sqrt(v_hat + self.eps)

    return Adam


@mutant("optimizer:Adam", "data", "state-shared", "m = v = [...]: two names for the same arrays.")
def adam_m_is_v():
    class Adam:
        def __init__(self, params, *, lr=1e-3, betas=(0.9, 0.999), eps=1e-8):
            self.params, self.lr, self.betas, self.eps = list(params), lr, betas, eps
            self.m = self.v = [np.zeros_like(p.data) for p in self.params]
            self.t = 0

        def zero_grad(self):
            for p in self.params:
                p.grad = np.zeros_like(p.data)

        def step(self):
            self.t += 1
            b1, b2 = self.betas
            for i, p in enumerate(self.params):
                self.m[i] = b1 * self.m[i] + (1 - b1) * p.grad
                self.v[i] = b2 * self.v[i] + (1 - b2) * p.grad**2
                m_hat = self.m[i] / (1 - b1**self.t)
                v_hat = np.abs(self.v[i]) / (1 - b2**self.t)
                p.data -= self.lr * m_hat / (np.sqrt(v_hat) + self.eps)

    return Adam


# ---- tapes: all are built on this one, which is right ------------------------------------------------


class RightTape:
    """A tape that does what it should. Its `_back` gives a gradient for every parent."""

    __array_ufunc__ = None

    def __init__(self, data, requires_grad=False):
        self.data = np.asarray(data, dtype=float)
        self.grad = None
        self.requires_grad = requires_grad
        self._parents, self._back = (), None

    def _wrap(self, other):
        return other if isinstance(other, RightTape) else type(self)(other)

    def _new(self, data, parents, back):
        out = type(self)(data, requires_grad=any(p.requires_grad for p in parents))
        out._parents, out._back = parents, back
        return out

    @staticmethod
    def _fit(grad, shape):
        """Sum over what broadcasting copied."""
        grad = grad.sum(axis=tuple(range(grad.ndim - len(shape))))
        return grad.sum(axis=tuple(i for i, size in enumerate(shape) if size == 1), keepdims=True)

    def _order(self):
        """Every tensor below this one, inputs before outputs."""
        order, seen = [], set()

        def visit(t):
            if id(t) not in seen:
                seen.add(id(t))
                for p in t._parents:
                    visit(p)
                order.append(t)

        visit(self)
        return order

    def backward(self):
        grads = {id(self): np.ones_like(self.data)}
        for t in reversed(self._order()):
            g = grads.pop(id(t))
            if t._back is None:
                t._receive(g)
                continue
            for p, gp in zip(t._parents, t._back(g), strict=True):
                grads[id(p)] = grads[id(p)] + gp if id(p) in grads else gp

    def _receive(self, g):
        if self.requires_grad:
            self.grad = np.array(g) if self.grad is None else self.grad + g

    def __add__(self, other):
        a, b = self, self._wrap(other)
        return self._new(a.data + b.data, (a, b), lambda g: (self._fit(g, a.data.shape), self._fit(g, b.data.shape)))

    def __sub__(self, other):
        a, b = self, self._wrap(other)
        return self._new(a.data - b.data, (a, b), lambda g: (self._fit(g, a.data.shape), self._fit(-g, b.data.shape)))

    def __mul__(self, other):
        a, b = self, self._wrap(other)
        return self._new(
            a.data * b.data,
            (a, b),
            lambda g: (self._fit(g * b.data, a.data.shape), self._fit(g * a.data, b.data.shape)),
        )

    def __truediv__(self, other):
        a, b = self, self._wrap(other)
        return self._new(
            a.data / b.data,
            (a, b),
            lambda g: (self._fit(g / b.data, a.data.shape), self._fit(-g * a.data / b.data**2, b.data.shape)),
        )

    def __matmul__(self, other):
        a, b = self, self._wrap(other)
        return self._new(a.data @ b.data, (a, b), lambda g: (g @ b.data.T, a.data.T @ g))

    def __pow__(self, exponent):
        return self._new(self.data**exponent, (self,), lambda g: (g * exponent * self.data ** (exponent - 1),))

    def __neg__(self):
        return self * -1.0

    def __rsub__(self, other):
        return self._wrap(other) - self

    def __rtruediv__(self, other):
        return self._wrap(other) / self

    def __rmatmul__(self, other):
        return self._wrap(other) @ self

    __radd__, __rmul__ = __add__, __mul__

    def _spread(self, g, axis, keepdims):
        g = g if axis is None or keepdims else np.expand_dims(g, axis)
        return np.broadcast_to(g, self.data.shape)

    def sum(self, axis=None, keepdims=False):
        out = self.data.sum(axis=axis, keepdims=keepdims)
        return self._new(out, (self,), lambda g: (self._spread(g, axis, keepdims),))

    def mean(self, axis=None, keepdims=False):
        out = self.data.mean(axis=axis, keepdims=keepdims)
        n = self.data.size / out.size
        return self._new(out, (self,), lambda g: (self._spread(g / n, axis, keepdims),))

    def exp(self):
        out = np.exp(self.data)
        return self._new(out, (self,), lambda g: (g * out,))

    def log(self):
        return self._new(np.log(self.data), (self,), lambda g: (g / self.data,))

    def relu(self):
        return self._new(np.maximum(self.data, 0), (self,), lambda g: (g * (self.data > 0),))

    def tanh(self):
        out = np.tanh(self.data)
        return self._new(out, (self,), lambda g: (g * (1 - out**2),))

    def sigmoid(self):
        out = 1 / (1 + np.exp(-self.data))
        return self._new(out, (self,), lambda g: (g * out * (1 - out),))

    @property
    def shape(self):
        return self.data.shape

    def __len__(self):
        return len(self.data)


@mutant("tape", "grad", "overwrites", "A tensor that is used twice keeps only the gradient that comes last.")
def tape_overwrites():
    class Tensor(RightTape):
        def backward(self):
            order = self._order()
            for t in order:
                t.grad = np.zeros_like(t.data)
            self.grad = np.ones_like(self.data)
            for t in reversed(order):
                if t._back is not None:
                    for parent, g in zip(t._parents, t._back(t.grad), strict=True):
                        parent.grad = g

    return Tensor


@mutant("tape", "grad", ["overwrites", "term-missing"], "Gradients in a dict by parent: in x * x the second wins.")
def tape_dict_by_parent():
    class Tensor(RightTape):
        def backward(self):
            grads = {self: np.ones_like(self.data)}
            for t in reversed(self._order()):
                if t._back is None:
                    t._receive(grads[t])
                    continue
                local = dict(zip(t._parents, t._back(grads[t]), strict=True))
                for parent, g in local.items():
                    grads[parent] = grads.get(parent, 0) + g

    return Tensor


@mutant("tape", "grad", "wrong-order", "Level by level from the end: passes on before all gradients are there.")
def tape_breadth_first():
    class Tensor(RightTape):
        def backward(self):
            grads, queue, seen = {self: np.ones_like(self.data)}, deque([self]), {self}
            leaves = []
            while queue:
                t = queue.popleft()
                if t._back is None:
                    leaves.append(t)
                    continue
                for parent, g in zip(t._parents, t._back(grads[t]), strict=True):
                    grads[parent] = grads.get(parent, 0) + g
                    if parent not in seen:
                        seen.add(parent)
                        queue.append(parent)
            for leaf in leaves:
                leaf._receive(grads[leaf])

    return Tensor


@mutant("tape", "grad", ["wrong-order", "zeros"], "Runs through the tape from its beginning: `reversed` is missing.")
def tape_from_the_beginning():
    class Tensor(RightTape):
        def backward(self):
            order = self._order()
            for t in order:
                if t.grad is None or t._parents:
                    t.grad = np.zeros_like(t.data)
            self.grad = np.ones_like(self.data)
            for t in order:
                if t._parents:
                    for parent, g in zip(t._parents, t._back(t.grad), strict=True):
                        parent.grad = parent.grad + g

    return Tensor


@mutant("tape", "grad", "passed-on-per-path", "Recursion passes on all that has arrived, each time something arrives.")
def tape_recursion():
    class Tensor(RightTape):
        def backward(self, gradient=None):
            if gradient is None:
                gradient = np.ones_like(self.data)
            if self.grad is None:
                self.grad = np.zeros_like(self.data)
            self.grad = self.grad + gradient
            if self._parents:
                for parent, g in zip(self._parents, self._back(self.grad), strict=True):
                    if parent.requires_grad:
                        parent.backward(g)

    return Tensor


@mutant("tape", "grad", "not-unbroadcast", "The gradient of a broadcast tensor keeps the shape of the result.")
def tape_ignores_broadcasting():
    class Tensor(RightTape):
        @staticmethod
        def _fit(grad, shape):
            return grad

    return Tensor


@mutant("tape", "grad", "keeps-stale-gradients", "Values on the way keep their .grad; the next backward adds to it.")
def tape_keeps_gradients_inside():
    class Tensor(RightTape):
        def backward(self):
            order = self._order()
            for t in order:
                if t.grad is None:
                    t.grad = np.zeros_like(t.data)
            self.grad = np.ones_like(self.data)
            for t in reversed(order):
                if t._back is None:
                    continue
                for parent, g in zip(t._parents, t._back(t.grad), strict=True):
                    parent.grad = parent.grad + g

    return Tensor


@mutant("tape", "grad", "sign", "__sub__ copied from __add__: the second operand's minus is missing.")
def tape_sub_like_add():
    class Tensor(RightTape):
        def __sub__(self, other):
            other = self._wrap(other)

            def back(g):
                return self._fit(g, self.data.shape), self._fit(g, other.data.shape)

            return self._new(self.data - other.data, (self, other), back)

    return Tensor


@mutant("tape", "grad", "wrong-point", "tanh with 1 - x^2.")
def tape_tanh_of_input():
    class Tensor(RightTape):
        def tanh(self):
            def back(g):
                return (g * (1 - self.data**2),)

            return self._new(np.tanh(self.data), (self,), back)

    return Tensor


@mutant("tape", "grad", "mask-from-dout", "relu lets the positive gradients through.")
def tape_relu_of_gradient():
    class Tensor(RightTape):
        def relu(self):
            return self._new(np.maximum(self.data, 0), (self,), lambda g: (np.where(g > 0, g, 0.0),))

    return Tensor


@mutant("tape", "grad", ["times-n", "times-m", "constant-factor"], "mean goes back like sum.")
def tape_mean_like_sum():
    class Tensor(RightTape):
        def mean(self, axis=None, keepdims=False):
            def back(g):
                return (self._spread(g, axis, keepdims),)

            return self._new(np.mean(self.data, axis=axis, keepdims=keepdims), (self,), back)

    return Tensor


@mutant("tape", "grad", "transposed", "Matrix product: the gradient of the right factor comes out transposed.")
def tape_matmul_transposed():
    class Tensor(RightTape):
        def __matmul__(self, other):
            other = self._wrap(other)
            out = np.matmul(self.data, other.data)
            return self._new(out, (self, other), lambda g: (g @ other.data.T, g.T @ self.data))

    return Tensor


@mutant("tape", "grad", "upstream-ignored", "exp returns its own value, whatever arrives.")
def tape_exp_drops_gradient():
    class Tensor(RightTape):
        def exp(self):
            y = np.exp(self.data)
            return self._new(y, (self,), lambda g: (y,))

    return Tensor


MUTANTS = tuple(MUTANTS)


# ---- inputs, and the proof ---------------------------------------------------------------------------


def example_inputs(subject, size, rng):
    """Inputs for an operation or a layer: a list of (arrays, constants). size is 0 or 1: shapes without a common
    divisor. A mutant of this subject shows in at least one item of the list, for either size."""
    n, d, m = ((5, 3, 7), (4, 7, 3))[size]
    name = subject.removeprefix("layer:").lower()

    def away_from_0(*shape):
        x = rng.uniform(0.1, 2.0, shape)
        return x * rng.choice([-1.0, 1.0], shape)

    if name == "affine":
        return [([rng.normal(size=(n, d)), rng.normal(size=(d, m)), rng.normal(size=m)], {})]
    if name == "matmul":
        return [([rng.normal(size=(n, d)), rng.normal(size=(d, m))], {})]
    if name in ("add", "multiply", "divide"):
        return [([rng.normal(size=(n, d)), away_from_0(d)], {})]
    if name == "log":
        return [([rng.uniform(0.2, 0.8, (n, d))], {})]
    if name == "power":
        return [([rng.uniform(0.5, 2.0, (n, d))], {"exponent": 3})]
    if name in ("sum", "mean"):
        return [([rng.normal(size=(n, d))], {"axis": axis}) for axis in (1, 0)]
    if name == "mse":
        return [([rng.normal(size=(n, m))], {"target": rng.normal(size=(n, m))})]
    if name == "softmax_cross_entropy":
        target = rng.integers(1, m, n)
        target[n // 2] = 0
        return [([rng.normal(size=(n, m))], {"target": target})]
    if name == "dropout":
        kept = rng.permutation(n * d).reshape(n, d) % 4 > 0
        return [([away_from_0(n, d)], {"mask": kept / 0.75})]
    if name == "leaky_relu":
        return [([away_from_0(n, d)], {"slope": 0.1})]
    if name == "getitem":
        return [([rng.normal(size=(n, d))], {"index": np.array([2, 0, 2, 1, 2, 0])})]
    if name in ("batch_norm", "layer_norm"):
        return [([rng.normal(1.0, 2.0, (n, d)), away_from_0(d), away_from_0(d)], {})]
    if name == "conv2d":
        shapes = (((2, 3, 5, 4), (5, 3, 3, 2), 5), ((3, 2, 6, 7), (5, 2, 2, 3), 5))[size]
        return [
            ([rng.normal(size=s) for s in shapes], {"stride": stride, "pad": pad}) for stride, pad in ((1, 0), (2, 1))
        ]
    if name == "max_pool2d":
        shape, window = (((2, 3, 4, 10), 2), ((3, 2, 9, 6), 3))[size]
        return [([rng.permutation(np.prod(shape)).reshape(shape) / 100.0], {"size": window})]
    if name == "embedding":
        return [([rng.normal(size=(n, d))], {"ids": np.array([2, 0, 2, 1, 3, 0])})]
    if name == "rnn_step":
        shapes = (n, d), (n, m), (d, m), (m, m), m
        return [([rng.normal(size=s) for s in shapes], {})]
    if name == "attention":
        b, t, d, s, e = ((2, 5, 3, 7, 4), (3, 4, 5, 7, 2))[size]
        return [([rng.normal(size=shape) for shape in ((b, t, d), (b, s, d), (b, s, e))], {})]
    return [([away_from_0(n, d)], {})]  # activations, softmax and its relatives, exp


def _numeric(f, arrays, h=1e-6):
    """Central differences of the number f(arrays), with respect to every entry of every array."""
    grads = []
    for k, a in enumerate(arrays):
        grad = np.zeros(a.shape)
        for index in np.ndindex(*a.shape):
            ends = []
            for sign in (1, -1):
                moved = [x.copy() for x in arrays]
                moved[k][index] += sign * h
                ends.append(f(*moved))
            grad[index] = (ends[0] - ends[1]) / (2 * h)
        grads.append(grad)
    return grads


def _close(a, b):
    return np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-5, atol=1e-7)


def _fault(got, want):
    """What is the matter with one gradient, or None."""
    if got is None:
        return "returns-none"
    if np.shape(got) != want.shape:
        return "wrong-shape"
    if np.asarray(got).dtype != want.dtype:
        return "wrong-dtype"
    if not np.isfinite(got).all():
        return "not-finite"
    return None if _close(got, want) else "value"


def _run_op(op, arrays, constants, dout):
    out, pullback = op(*arrays, **constants)
    grads = pullback(dout)
    if grads is None:
        grads = [None] * len(arrays)
    if not isinstance(grads, tuple | list) or len(grads) != len(arrays):
        raise TypeError("pullback must return one gradient for every input")
    return grads, pullback


def _run_layer(layer, names, x, dout):
    layer.forward(x)
    dx = layer.backward(dout)
    return [dx] + [getattr(layer, name, None) for name in names[1:]]


def _examine(mutant, arrays, constants, right, rng):
    """-> {argument: set of faults}, misbehaviour beyond single gradients, and data to test the cause with."""
    layer = mutant.subject.startswith("layer:")
    names = _argument_names(mutant)

    def copies():
        return [a.copy() for a in arrays]

    def forward(*args):
        if layer:
            return mutant.make()(*args[1:]).forward(args[0])
        return mutant.make()(*args, **constants)[0]

    out = np.array(forward(*copies()))
    assert _close(out, right(*copies(), **constants)), "the forward value is wrong"
    dout = rng.normal(size=out.shape) if out.shape else float(rng.normal())
    dout_2 = rng.normal(size=out.shape) if out.shape else float(rng.normal())

    def want_for(cotangent, at):
        return _numeric(lambda *args: np.sum(forward(*args) * cotangent), at)

    want = want_for(dout, arrays)
    faults = {name: set() for name in names}
    misbehaviour = set()
    used, given = copies(), np.array(dout) if out.shape else dout
    got = got_2 = None
    try:
        if layer:
            subject = mutant.make()(*used[1:])
            got = _run_layer(subject, names, used[0], given)
        else:
            subject = mutant.make()
            got, pullback = _run_op(subject, used, constants, given)
    except Exception as error:
        assert not isinstance(error, AssertionError | NameError), error
        misbehaviour.add("raises")
        return {name: {"raises"} for name in names}, misbehaviour, None
    got = [g if g is None else np.array(g) for g in got]
    for name, g, w in zip(names, got, want, strict=True):
        faults[name].add(_fault(g, w))
    if not _close(given, dout):
        misbehaviour.add("mutates-dout")
    if not all(_close(a, b) for a, b in zip(used, arrays, strict=True)):
        misbehaviour.add("mutates-input")

    # a second way back, and a second batch
    if layer:
        batch = [rng.permuted(arrays[0]), *arrays[1:]]
        again = _run_layer(subject, names, batch[0].copy(), np.array(dout_2))
        want_2 = want_for(dout_2, batch)
    else:
        fresh, back = mutant.make()(*copies(), **constants)
        back(np.array(dout) if out.shape else dout)
        again = back(np.array(dout) if out.shape else dout)
        again = [None] * len(names) if again is None else again
        want_2 = want
    for name, g, w in zip(names, again, want_2, strict=True):
        second = _fault(g, w)
        if None in faults[name] and second:
            misbehaviour.add("second-time")
        faults[name].add(second)
    if not layer:
        got_2 = _run_op(mutant.make(), copies(), constants, np.array(dout_2) if out.shape else dout_2)[0]
    for name in names:
        faults[name].discard(None)
    first = None
    if out.ndim:
        masked = dout.copy()
        masked[1:] = 0
        first = want_for(masked, arrays)
    return faults, misbehaviour, (got, want, got_2, first)


def _argument_names(mutant):
    if mutant.subject.startswith("layer:"):
        return ["dx", "dW", "db"] if mutant.subject == "layer:Affine" else ["dx"]
    code = mutant.make().__code__
    return ["d" + name for name in code.co_varnames[: code.co_argcount]]


def _factors(arrays, out_shape):
    sizes = {size for a in arrays for size in a.shape} | set(out_shape)
    return {size for size in sizes if size > 1}


def _bears_out(cause, k, faults, misbehaviour, data, arrays, out_shape):
    """Does the gradient number k show this cause? True, False, or None where that cannot be told from numbers."""
    if cause in ("raises", "mutates-dout", "mutates-input"):
        return cause in misbehaviour
    if cause in ("accumulates", "stale-cache"):
        return "second-time" in misbehaviour
    if data is None:
        return None
    got, want, got_2, first = data
    g, w = got[k], want[k]
    if cause in ("returns-none", "wrong-dtype", "not-finite"):
        return cause in faults
    if cause == "wrong-shape":
        return "wrong-shape" in faults
    if cause == "keepdims":
        return np.shape(g) != w.shape and (np.size(g) == w.size or np.ndim(g) < w.ndim)
    if cause == "not-summed":
        return np.ndim(g) > w.ndim or (np.ndim(g) == w.ndim and np.shape(g) != w.shape)
    fits = g is not None and np.shape(g) == w.shape
    factor = np.vdot(g, w) / np.vdot(w, w) if fits else np.nan
    proportional = fits and _close(g, factor * w)
    n = arrays[0].shape[0]
    others = _factors(arrays, out_shape)
    tests = {
        "zeros": lambda: not np.any(g),
        "sign": lambda: proportional and np.isclose(factor, -1),
        "twice": lambda: proportional and np.isclose(factor, 2),
        "half": lambda: proportional and np.isclose(factor, 0.5),
        "constant-factor": lambda: proportional,
        "times-n": lambda: proportional and np.isclose(factor, n),
        "over-n": lambda: proportional and np.isclose(factor, 1 / n),
        "times-m": lambda: proportional and any(np.isclose(factor, s) for s in others),
        "over-m": lambda: proportional and any(np.isclose(factor, 1 / s) for s in others),
        "upstream-ignored": lambda: got_2 is not None and _close(g, got_2[k]),
        "first-example-only": lambda: first is not None and (_close(g, first[k]) or _close(g[0], w[0])),
        "partly-wrong": lambda: 0 < np.isclose(g, w, rtol=1e-5, atol=1e-7).sum() < np.size(w),
    }
    return fits and bool(tests[cause]()) if cause in tests else None


def _prove_gradients(mutant, right):
    named = [mutant.argument] if isinstance(mutant.argument, str) else mutant.argument
    causes = mutant.cause if isinstance(mutant.cause, list) else [mutant.cause]
    for size in (0, 1):
        rng = np.random.default_rng(17 + size)
        shown = False
        for arrays, constants in example_inputs(mutant.subject, size, rng):
            faults, misbehaviour, data = _examine(mutant, arrays, constants, right, rng)
            names = list(faults)
            assert set(named) <= set(names), f"no such argument: {named}"
            right_ones = [name for name in names if name not in named]
            assert "raises" in misbehaviour or not any(faults[name] for name in right_ones), f"also wrong: {faults}"
            if not all(faults[name] or misbehaviour for name in named):
                continue
            shown = True
            out_shape = np.shape(right(*[a.copy() for a in arrays], **constants))
            for name in named:
                k = names.index(name)
                told = [
                    _bears_out(c, k, faults[name], misbehaviour, data, arrays, out_shape)
                    for c in causes
                    if c is not None
                ]
                assert not told or any(t is not False for t in told), f"size {size}: {name} is not {causes}: {faults}"
            expected = {"raises", "mutates-dout", "mutates-input"} & misbehaviour
            assert expected <= set(causes), f"unannounced: {expected}"
        assert shown, f"size {size}: {named} is right"


class _Parameter:
    def __init__(self, data):
        self.data, self.grad = data, np.zeros_like(data)


def _prove_optimizer(mutant, optim):
    kind = mutant.subject.removeprefix("optimizer:")
    settings = {"momentum": 0.9} if kind == "Momentum" else {}
    reference = getattr(optim, "SGD" if kind == "Momentum" else kind)
    for shapes in ([(5, 3), (3,), (3, 7)], [(4, 7), (4, 7)]):
        ends = []
        for cls in (mutant.make(), reference):
            rng = np.random.default_rng(5)
            params = [_Parameter(rng.normal(size=s)) for s in shapes]
            optimizer = cls(params, lr=0.1, **settings)
            try:
                for _ in range(5):
                    optimizer.zero_grad()
                    for p in params:
                        p.grad = p.grad + rng.normal(size=p.data.shape) * 10 ** rng.uniform(-5, 0, p.data.shape)
                    optimizer.step()
            except ValueError:
                assert "raises" in mutant.cause
            ends.append(np.concatenate([p.data.ravel() for p in params]))
        assert np.isfinite(ends[0]).all()
        assert np.abs(ends[0] - ends[1]).max() > 1e-3, "trains like the right one"


def _tape_trials():
    """(name, f): f of three tensors x (5, 3), y (3,), z (3, 7), and how often backward runs."""
    return [
        ("sum", lambda x, y, z: x.sum(), 1),
        ("twice", lambda x, y, z: (x * x + x).sum(), 1),
        ("square", lambda x, y, z: (x * x).mean(), 1),
        ("broadcast", lambda x, y, z: ((x + y) * y - y / (x * x + 1.0)).sum(), 1),
        ("product", lambda x, y, z: (x @ z).tanh().sum(), 1),
        ("matrices", lambda x, y, z: (x @ (z @ np.ones((7, 3)))).mean(), 1),
        ("subtract", lambda x, y, z: (x - z.sum()).exp().sum() * 0.01 + (2.0 - x).sum(), 1),
        ("relu", lambda x, y, z: ((x @ z).relu() * np.linspace(-1, 1, 7)).sum(), 1),
        ("slopes", lambda x, y, z: (x.sigmoid() * 3.0 + (x**2 + 1.0).log() - x.tanh() * 2.0).mean(), 1),
        ("exp", lambda x, y, z: (x.exp() * 0.5).sum(), 1),
        ("diamond", _diamond, 1),
        ("two depths", _two_depths, 1),
        ("again", lambda x, y, z: ((x * 2.0).tanh() * x).sum(), 2),
    ]


def _diamond(x, y, z):
    a = x.tanh()
    b = a * 2.0
    c = a.exp() + b
    return (c * b).sum()


def _two_depths(x, y, z):
    a = x * 1.5
    b = ((a.tanh()).exp()) * 0.5
    return (b * a + a).sum()


def _tape_is_wrong(cls):
    """The trials in which this tape gives a wrong gradient."""
    wrong = []
    rng = np.random.default_rng(11)
    arrays = [rng.normal(size=s) for s in ((5, 3), 3, (3, 7))]
    for name, f, times in _tape_trials():
        want = _numeric(lambda *a, f=f: float(f(*[RightTape(v) for v in a]).data), arrays)
        tensors = [cls(a.copy(), requires_grad=True) for a in arrays]
        out = f(*tensors)
        assert np.isclose(out.data, f(*[RightTape(v) for v in arrays]).data), "the forward value is wrong"
        try:
            for _ in range(times):
                out.backward()
            got = [np.zeros_like(a) if t.grad is None else t.grad for t, a in zip(tensors, arrays, strict=True)]
            good = all(_close(g, times * w) for g, w in zip(got, want, strict=True))
        except ValueError:
            good = False
        if not good:
            wrong.append(name)
    return wrong


def _right_operations(ops):
    """Forward values to compare with, where the package has none yet."""

    def conv2d(x, W, b, *, stride=1, pad=0):
        xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)))
        windows = np.lib.stride_tricks.sliding_window_view(xp, W.shape[2:], axis=(2, 3))[:, :, ::stride, ::stride]
        return np.einsum("ncijhw,fchw->nfij", windows, W) + b[:, None, None]

    def max_pool2d(x, *, size=2):
        n, c, h, w = x.shape
        return x.reshape(n, c, h // size, size, w // size, size).max(axis=(3, 5))

    def attention(q, k, v):
        return ops.softmax(q @ k.swapaxes(1, 2) / np.sqrt(q.shape[2]))[0] @ v

    own = {
        "conv2d": conv2d,
        "max_pool2d": max_pool2d,
        "attention": attention,
        "embedding": lambda W, *, ids: W[ids],
        "rnn_step": lambda x, h, Wx, Wh, b: np.tanh(x @ Wx + h @ Wh + b),
    }

    def right(subject):
        name = subject.removeprefix("layer:").lower()
        return own[name] if name in own else lambda *a, **constants: getattr(ops, name)(*a, **constants)[0]

    return right


def _main():
    import warnings
    from collections import Counter

    from dlscratch import ops, optim

    warnings.simplefilter("error")
    right = _right_operations(ops)
    assert not _tape_is_wrong(RightTape), _tape_is_wrong(RightTape)
    assert len({m.name for m in MUTANTS}) == len(MUTANTS)
    failed = 0
    for m in MUTANTS:
        try:
            if m.subject == "tape":
                trials = _tape_is_wrong(m.make())
                assert trials, "gives right gradients"
            elif m.subject.startswith("optimizer:"):
                _prove_optimizer(m, optim)
            else:
                _prove_gradients(m, right(m.subject))
        except AssertionError as error:
            failed += 1
            print(f"{m.name}: {error}")
    for what, count in (
        ("subject", Counter(m.subject for m in MUTANTS)),
        ("cause", Counter(c for m in MUTANTS for c in (m.cause if isinstance(m.cause, list) else [m.cause]))),
    ):
        print(f"{what}:", ", ".join(f"{name} {number}" for name, number in count.most_common()))
    print(f"{len(MUTANTS)} mutants, {failed} not as described")
    return failed


if __name__ == "__main__":
    raise SystemExit(_main())
