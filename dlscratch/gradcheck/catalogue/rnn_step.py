"""tanh(x Wx + h Wh + b): two inputs, two matrices, and a state that has a before and an after."""

import numpy as np

from .entry import Operation


def forward(x, h, Wx, Wh, b):
    return np.tanh(x @ Wx + h @ Wh + b)


def with_dz(x, h, Wx, Wh, dz):
    """All gradients from dz, the one before tanh."""
    return dz @ Wx.T, dz @ Wh.T, x.T @ dz, h.T @ dz, dz.sum(axis=0)


def right(x, h, Wx, Wh, b, dout):
    return with_dz(x, h, Wx, Wh, dout * (1 - forward(x, h, Wx, Wh, b) ** 2))


def draw(rng, n, D, M):
    shapes = (n, D), (n, M), (D, M), (M, M), (M,)
    return tuple(0.7 * rng.normal(size=shape) for shape in shapes), {}


rnn_step = Operation("rnn_step", "tanh(x Wx + h Wh + b)", forward, draw, look="chapter 13")


# ---- the derivative of tanh --------------------------------------------------------------------------


@rnn_step.wrong(
    "local-derivative-missing",
    "dx",
    "the derivative of tanh is missing: dz = dout * (1 - out ** 2).",
    symptom="Nothing damps the gradient backwards in time: saturated units keep moving, long sequences may explode.",
)
def tanh_passed_over(x, h, Wx, Wh, b, dout):
    return with_dz(x, h, Wx, Wh, dout)


@rnn_step.wrong(
    "wrong-point",
    "dx",
    "the derivative of tanh is taken as 1 - z ** 2 with z before tanh; it is 1 - out ** 2.",
    symptom="Units with |z| > 1 learn in the wrong direction, the larger the faster: the loss jumps.",
)
def slope_before_tanh(x, h, Wx, Wh, b, dout):
    return with_dz(x, h, Wx, Wh, dout * (1 - (x @ Wx + h @ Wh + b) ** 2))


@rnn_step.wrong(
    "wrong-point",
    "dx",
    "tanh is applied twice: out is tanh already, so the derivative is 1 - out ** 2, not 1 - tanh(out) ** 2.",
    symptom="Saturated units, whose slope is 0, still pass on almost half: training goes on, less and less well.",
)
def tanh_twice(x, h, Wx, Wh, b, dout):
    return with_dz(x, h, Wx, Wh, dout * (1 - np.tanh(forward(x, h, Wx, Wh, b)) ** 2))


@rnn_step.wrong(
    "local-derivative-missing",
    "dx",
    "out * (1 - out) is the derivative of the sigmoid; that of tanh is 1 - out ** 2.",
    symptom="Units with a negative state learn in the wrong direction; those near 0 do not learn.",
)
def slope_of_the_sigmoid(x, h, Wx, Wh, b, dout):
    out = forward(x, h, Wx, Wh, b)
    return with_dz(x, h, Wx, Wh, dout * out * (1 - out))


@rnn_step.wrong(
    "local-derivative-missing",
    "dx",
    "(1 - out) ** 2 squares too much: the derivative of tanh is 1 - out ** 2.",
    symptom="Units with a negative state pass on too much, up to 4 where 0 is right; the others too little.",
)
def squared_too_much(x, h, Wx, Wh, b, dout):
    return with_dz(x, h, Wx, Wh, dout * (1 - forward(x, h, Wx, Wh, b)) ** 2)


@rnn_step.wrong(
    "upstream-ignored",
    "dx",
    "dout is not used: dz is the local derivative alone.",
    symptom="Every step is pushed the same way whatever the loss says; nothing is learnt.",
)
def dout_forgotten(x, h, Wx, Wh, b, dout):
    return with_dz(x, h, Wx, Wh, 1 - forward(x, h, Wx, Wh, b) ** 2)


# ---- the state ---------------------------------------------------------------------------------------


@rnn_step.wrong(
    "zeros",
    "dh",
    "dh is 0: the old state is no constant, it came out of the step before.",
    symptom="Only the last step learns what to do; those before carry on as the random start made them.",
)
def state_as_a_constant(x, h, Wx, Wh, b, dout):
    dx, _, *rest = right(x, h, Wx, Wh, b, dout)
    return dx, np.zeros_like(h), *rest


@rnn_step.wrong(
    "transposed",
    "dh",
    "Wh is not transposed: dh = dz @ Wh.T; Wh is square, so the shapes agree all the same.",
    symptom="The last steps of a sequence are learnt, earlier ones get a wrong gradient.",
)
def state_matrix_not_transposed(x, h, Wx, Wh, b, dout):
    dx, _, *rest = right(x, h, Wx, Wh, b, dout)
    return dx, dout * (1 - forward(x, h, Wx, Wh, b) ** 2) @ Wh, *rest


@rnn_step.wrong(
    "local-derivative-missing",
    "dh",
    "dh is taken from dout; it must go through tanh first: dz @ Wh.T.",
    symptom="Nothing damps the gradient backwards in time: long sequences may explode, short ones look right.",
)
def state_around_tanh(x, h, Wx, Wh, b, dout):
    dx, _, *rest = right(x, h, Wx, Wh, b, dout)
    return dx, dout @ Wh.T, *rest


@rnn_step.wrong(
    "upstream-wrong",
    "dh",
    "dout is added to dh: the old state reaches the output through Wh and tanh alone, there is no direct path.",
    symptom="The error of the last step reaches every earlier one in full, as if the state were added up.",
)
def straight_path_added(x, h, Wx, Wh, b, dout):
    dx, dh, *rest = right(x, h, Wx, Wh, b, dout)
    return dx, dh + dout, *rest


@rnn_step.wrong(
    "swapped",
    "dx",
    "dx and dh have changed places: return them in the order of the arguments.",
    symptom="An error about shapes, unless x and h are equally wide: then the network learns nothing over time.",
)
def input_and_state_swapped(x, h, Wx, Wh, b, dout):
    dx, dh, *rest = right(x, h, Wx, Wh, b, dout)
    return dh, dx, *rest


# ---- the parameters ----------------------------------------------------------------------------------


@rnn_step.wrong(
    "wrong-point",
    "dWh",
    "dWh is taken at the new state; the matrix was multiplied by the old one: h.T @ dz.",
    symptom="The network learns slowly to carry its state on: the recurrent weights are fitted to the wrong moment.",
)
def new_state_for_the_old(x, h, Wx, Wh, b, dout):
    dx, dh, dWx, _, db = right(x, h, Wx, Wh, b, dout)
    out = forward(x, h, Wx, Wh, b)
    return dx, dh, dWx, out.T @ (dout * (1 - out**2)), db


@rnn_step.wrong(
    "transposed",
    "dWh",
    "dWh is dz.T @ h, the transpose of h.T @ dz; it is square, so the shapes agree all the same.",
    symptom="The symmetric part of the recurrent weights learns, the rest goes uphill.",
)
def state_gradient_transposed(x, h, Wx, Wh, b, dout):
    dx, dh, dWx, dWh, db = right(x, h, Wx, Wh, b, dout)
    return dx, dh, dWx, dWh.T, db


@rnn_step.wrong(
    "first-example-only",
    "dWx",
    "only the last example counts: dWx = np.outer(...) inside the loop overwrites; write dWx += ...",
    symptom="The input weights learn from one sequence of every batch: the loss is noisy, large batches do not help.",
)
def last_example_alone(x, h, Wx, Wh, b, dout):
    dx, dh, _, dWh, db = right(x, h, Wx, Wh, b, dout)
    dz = dout * (1 - forward(x, h, Wx, Wh, b) ** 2)
    for i in range(len(x)):
        dWx = np.outer(x[i], dz[i])
    return dx, dh, dWx, dWh, db


@rnn_step.wrong(
    "over-n",
    "dWx",
    "dWx is averaged over the batch; it must be summed: the loss has already averaged.",
    symptom="The input weights learn n times too slowly, the others at their usual rate.",
)
def input_weights_averaged(x, h, Wx, Wh, b, dout):
    dx, dh, dWx, dWh, db = right(x, h, Wx, Wh, b, dout)
    return dx, dh, dWx / len(x), dWh, db


@rnn_step.wrong(
    "local-derivative-missing",
    "db",
    "db is summed from dout; it must go through tanh first: dz.sum(axis=0).",
    symptom="The biases of saturated units keep moving, though their output hardly can.",
)
def bias_around_tanh(x, h, Wx, Wh, b, dout):
    return *right(x, h, Wx, Wh, b, dout)[:4], dout.sum(axis=0)


@rnn_step.wrong(
    "not-summed",
    "db",
    "db is not summed over the batch: one bias (M,) serves all rows.",
    symptom="The first update turns the bias into a matrix, or raises.",
)
def bias_not_summed(x, h, Wx, Wh, b, dout):
    return *right(x, h, Wx, Wh, b, dout)[:4], dout * (1 - forward(x, h, Wx, Wh, b) ** 2)


@rnn_step.wrong(
    "wrong-axis",
    "db",
    "db is summed over the units (axis=1); it is summed over the batch (axis=0).",
    symptom="The update raises, unless the batch is as large as the state: then the biases learn nonsense.",
)
def bias_over_units(x, h, Wx, Wh, b, dout):
    return *right(x, h, Wx, Wh, b, dout)[:4], (dout * (1 - forward(x, h, Wx, Wh, b) ** 2)).sum(axis=1)


@rnn_step.wrong(
    "returns-none",
    "dh",
    "four gradients come back instead of five: dh is missing.",
    symptom="The trainer raises, or each gradient from dh on is taken for the one after it.",
)
def state_forgotten(x, h, Wx, Wh, b, dout):
    dx, _, *rest = right(x, h, Wx, Wh, b, dout)
    return dx, *rest


@rnn_step.wrong_op(
    "mutates-dout",
    "dout",
    "dout is multiplied by the slope in place: that array belongs to the caller.",
    symptom="Whoever else uses dout, such as another branch from the same state, finds it multiplied already.",
)
def slope_in_place():
    def op(x, h, Wx, Wh, b):
        out = forward(x, h, Wx, Wh, b)

        def pullback(dout):
            dout *= 1 - out**2
            return with_dz(x, h, Wx, Wh, dout)

        return out, pullback

    return op


@rnn_step.wrong_op(
    "stale-cache",
    "dWh",
    "the first state is remembered and never replaced: every step must keep its own h.",
    symptom="Mostly the first state is 0, and so is dWh: the recurrent weights stay as they started.",
)
def first_state_kept():
    cache = {}

    def op(x, h, Wx, Wh, b):
        out, kept = forward(x, h, Wx, Wh, b), cache.setdefault("h", h)
        return out, lambda dout: with_dz(x, kept, Wx, Wh, dout * (1 - out**2))

    return op


@rnn_step.wrong_op(
    "mutates-input",
    "dh",
    "the new state is written into the array of the old one (h[...] = ...): backward needs the old one.",
    symptom="All steps of the sequence share one array: each gradient is taken at the last state.",
)
def state_in_place():
    def op(x, h, Wx, Wh, b):
        h[...] = np.tanh(x @ Wx + h @ Wh + b)
        return h, lambda dout: with_dz(x, h, Wx, Wh, dout * (1 - h**2))

    return op
