"""Entries picked, reshaped, transposed: no arithmetic, and still each gradient has to find its way home."""

import numpy as np

from .entry import Operation


def pick(x, *, index):
    return x[index]


def draw_pick(rng, n, D, M):
    index = rng.integers(0, n, size=max(n - 1, 1))
    index[-1] = index[0]  # at least one comes twice
    return (rng.normal(size=(n, D)),), {"index": index}


def shaped(x, *, shape):
    return np.reshape(x, shape)


def draw_shaped(rng, n, D, M):
    return (rng.normal(size=(n, D * M)),), {"shape": (n * D, M)}


def turned(x):
    return np.transpose(x)


def draw_turned(rng, n, D, M):
    return (rng.normal(size=(n, D)),), {}


def draw_square(rng, n, D, M):
    return (rng.normal(size=(n, n)),), {}


getitem = Operation("getitem", "x[index]", pick, draw_pick, look="chapter 09")
reshape = Operation("reshape", "the same entries in another shape", shaped, draw_shaped, look="chapter 09")
transpose = Operation("transpose", "rows become columns", turned, draw_turned, look="chapter 09")


# ---- x[index] ----------------------------------------------------------------------------------------


@getitem.wrong(
    "term-missing",
    "dx",
    "an entry that is picked twice is counted once: dx[index] += dout keeps the last; use np.add.at(dx, index, dout).",
    symptom="Right as long as every row is picked once; rows that are used more often learn too little.",
)
def repeats_lost(x, dout, index):
    dx = np.zeros_like(x)
    dx[index] += dout
    return (dx,)


@getitem.wrong(
    "wrong-shape",
    "dx",
    "dout comes back as it is; dx has x's shape, with dout at the picked places and 0 elsewhere.",
    symptom="An error about shapes one step further down.",
)
def dout_as_it_is(x, dout, index):
    return (dout,)


@getitem.wrong(
    "upstream-ignored",
    "dx",
    "dout is not used: the picked places are counted.",
    symptom="Picked entries are pushed down, whatever the loss says.",
)
def places_counted(x, dout, index):
    dx = np.zeros_like(x)
    np.add.at(dx, index, 1)
    return (dx,)


@getitem.wrong(
    "wrong-dtype",
    "dx",
    "dx is an array of integers: every gradient loses what stands behind the point.",
    symptom="Gradients below 1 become 0: what lies below stops learning.",
)
def integers(x, dout, index):
    dx = np.zeros(x.shape, dtype=int)
    dx[index] = dout
    return (dx,)


@getitem.wrong(
    "starts-from-input",
    "dx",
    "dx starts as a copy of x; it starts from 0: an entry that was not picked has no part in the output.",
    symptom="Everything shrinks at every step, picked or not, as if by a strong weight decay.",
)
def started_from_x(x, dout, index):
    dx = x.copy()
    np.add.at(dx, index, dout)
    return (dx,)


@getitem.wrong_op(
    "mutates-input",
    "dx",
    "dx = x is no copy: dout is written into x itself.",
    symptom="Data and parameters turn into gradients, row by row.",
)
def written_into_x():
    def op(x, *, index):
        def pullback(dout):
            dx = x
            dx[...] = 0
            np.add.at(dx, index, dout)
            return (dx,)

        return x[index], pullback

    return op


# ---- reshape -----------------------------------------------------------------------------------------


@reshape.wrong(
    "wrong-shape",
    "dx",
    "dout comes back in the new shape; dx has the shape of x: dout.reshape(x.shape).",
    symptom="An error about shapes one step further down.",
)
def not_shaped_back(x, dout, shape):
    return (dout,)


@reshape.wrong(
    "axes-mixed",
    "dx",
    "the entries are put back column by column (order='F'); they were taken row by row.",
    symptom="Every entry gets another one's gradient: what lies below learns noise.",
)
def column_by_column(x, dout, shape):
    return (dout.reshape(x.shape, order="F"),)


@reshape.wrong(
    "transposed",
    "dx",
    "dout is transposed before it is reshaped: reshaping alone puts every entry back.",
    symptom="Every entry gets another one's gradient: what lies below learns noise.",
)
def transposed_first(x, dout, shape):
    return (dout.T.reshape(x.shape),)


@reshape.wrong(
    "local-derivative-missing",
    "dx",
    "x itself comes back, reshaped; dout belongs there.",
    symptom="What lies below shrinks towards 0, whatever the loss says.",
)
def input_handed_back(x, dout, shape):
    return (x.copy(),)


# ---- transpose ---------------------------------------------------------------------------------------


@transpose.wrong(
    "transposed",
    "dx",
    "dout comes back as it is; it must be transposed too.",
    symptom="An error about shapes one step further down.",
)
def not_transposed_back(x, dout):
    return (dout,)


@transpose.wrong(
    "transposed",
    "dx",
    "dout comes back as it is; of a square matrix no shape betrays it.",
    symptom="Every entry learns what its mirror image should: the symmetric part is right, the rest goes uphill.",
    draw=draw_square,
)
def square_not_transposed_back(x, dout):
    return (dout,)


@transpose.wrong(
    "transposed",
    "dx",
    "dout is reshaped to x's shape; that keeps the order of the entries, and transposing changes it.",
    symptom="No error, and every entry gets another one's gradient: what lies below learns noise.",
)
def reshaped_instead(x, dout):
    return (dout.reshape(x.shape),)
