"""Rows of W picked by their ids: an id that comes twice is where it goes wrong."""

import numpy as np

from .entry import Operation


def forward(W, *, ids):
    return W[ids]


def scatter(W, ids, rows):
    """Add every row to the row of dW that its id names: the right way back."""
    dW = np.zeros_like(W)
    np.add.at(dW, ids, rows)
    return dW


def draw(rng, n, D, M):
    V = 2 * M + 2
    ids = rng.integers(0, V, size=n)
    ids[-1] = ids[0]  # at least one comes twice
    return (rng.normal(size=(V, D)),), {"ids": ids}


embedding = Operation("embedding", "a row of W for every id", forward, draw, look="chapter 13")


@embedding.wrong(
    "term-missing",
    "dW",
    "an id that comes twice is counted once: dW[ids] += dout keeps its last row; write np.add.at(dW, ids, dout).",
    symptom="Frequent words learn as slowly as rare ones: the more often an id is in the batch, the more is lost.",
)
def repeats_lost(W, dout, ids):
    dW = np.zeros_like(W)
    dW[ids] += dout
    return (dW,)


@embedding.wrong(
    "over-count",
    "dW",
    "each row is divided by how often its id comes; it must be the sum.",
    symptom="Frequent words learn as slowly as rare ones.",
)
def averaged_over_repeats(W, dout, ids):
    count = np.bincount(np.ravel(ids), minlength=len(W))
    return (scatter(W, ids, dout) / np.maximum(count, 1)[:, None],)


@embedding.wrong(
    "over-n",
    "dW",
    "dW is divided by the number of ids; it must be summed: the loss has already averaged.",
    symptom="The embedding hardly moves, while the layers above learn at their usual rate.",
)
def averaged_over_ids(W, dout, ids):
    return (scatter(W, ids, dout) / np.size(ids),)


@embedding.wrong(
    "upstream-ignored",
    "dW",
    "dout is not used: this counts how often each id comes.",
    symptom="All entries of a word's row fall together, the faster the more frequent it is.",
)
def ids_counted(W, dout, ids):
    return (scatter(W, ids, np.ones_like(dout)),)


@embedding.wrong(
    "upstream-wrong",
    "dW",
    "dout is multiplied by the row that was picked; picking has the derivative 1.",
    symptom="Entries near 0 never leave it, and large ones take large steps.",
)
def times_the_row(W, dout, ids):
    return (scatter(W, ids, dout * W[ids]),)


@embedding.wrong(
    "wrong-shape",
    "dW",
    "dW has a row for every id; it must have W's shape: the row of each id gets the sum, all others 0.",
    symptom="The update raises, or (as many ids as rows in W) changes the wrong words.",
)
def rows_as_they_came(W, dout, ids):
    return (dout,)


@embedding.wrong(
    "first-example-only",
    "dW",
    "only the first id's row is filled: a return inside the loop ends it too early.",
    symptom="One word per batch learns; the loss falls very slowly.",
)
def return_inside_the_loop(W, dout, ids):
    dW = np.zeros_like(W)
    for i, word in enumerate(ids):
        dW[word] += dout[i]
        return (dW,)


@embedding.wrong(
    "term-missing",
    "dW",
    "the last id is left out: range(len(ids) - 1) stops one too early.",
    symptom="Hardly visible: in each batch one word learns nothing; the last step of every sequence is never felt.",
)
def last_id_left_out(W, dout, ids):
    return (scatter(W, ids[:-1], dout[:-1]),)


@embedding.wrong(
    "off-by-one",
    "dW",
    "the gradient goes to the row above (ids - 1): rows are counted from 0, on the way back as on the way there.",
    symptom="Every word learns what its neighbour in the list should.",
)
def counted_from_1(W, dout, ids):
    return (scatter(W, ids - 1, dout),)


@embedding.wrong(
    "returns-none",
    "dW",
    "no gradient is returned: ids are constants, W is not.",
    symptom="The embedding keeps its random start, or the optimizer raises.",
)
def no_gradient(W, dout, ids):
    return (None,)


@embedding.wrong(
    "zeros",
    "dW",
    "dW is 0: the rows are added to a copy, dW[ids], not to dW.",
    symptom="The embedding keeps its random start; the loss falls as far as the layers above can bring it.",
)
def added_to_a_copy(W, dout, ids):
    dW = np.zeros_like(W)
    rows = dW[ids]
    rows += dout
    return (dW,)


@embedding.wrong_op(
    "accumulates",
    "dW",
    "dW is made in forward and added to in each call: make it inside the pullback.",
    symptom="Whoever goes back twice through the same forward gets the first gradient twice, without an error.",
)
def table_made_once():
    def op(W, *, ids):
        dW = np.zeros_like(W)

        def pullback(dout):
            np.add.at(dW, ids, dout)
            return (dW,)

        return W[ids], pullback

    return op


@embedding.wrong_op(
    "mutates-input",
    "dW",
    "dW = W is no copy: filling it with 0 and adding the rows overwrites W itself.",
    symptom="After the first backward the embedding holds a gradient: 0 but for the rows of the batch.",
)
def no_copy():
    def op(W, *, ids):
        def pullback(dout):
            dW = W
            dW[...] = 0
            np.add.at(dW, ids, dout)
            return (dW,)

        return W[ids], pullback

    return op


@embedding.wrong_op(
    "stale-cache",
    "dW",
    "the first dout is kept and used again: the pullback must use the one it is given.",
    symptom="The first step is right; from then on every step repeats it.",
)
def first_dout_kept():
    kept = {}

    def op(W, *, ids):
        return W[ids], lambda dout: (scatter(W, ids, kept.setdefault("dout", np.array(dout))),)

    return op
