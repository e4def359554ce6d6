"""x W + b: the bricks of every network, and the ways in which their gradients go wrong."""

import numpy as np

from .entry import Operation


def forward(x, W, b):
    return x @ W + b


def draw(rng, n, D, M):
    return (rng.normal(size=(n, D)), rng.normal(size=(D, M)), rng.normal(size=M)), {}


def draw_square(rng, n, D, M):
    """n = D = M: no shape betrays a product taken the wrong way round."""
    return draw(rng, n, n, n)


affine = Operation("affine", "x W + b", forward, draw, look="chapter 04")


# ---- db ----------------------------------------------------------------------------------------------


@affine.wrong(
    "over-n",
    "db",
    "db is averaged over the batch; it must be summed: the loss has already averaged.",
    symptom="The bias learns n times too slowly; a larger batch makes it worse.",
)
def bias_averaged(x, W, b, dout):
    return dout @ W.T, x.T @ dout, dout.mean(axis=0)


@affine.wrong(
    "not-summed",
    "db",
    "db is dout itself; every example used the same b, so db is the sum of dout over the batch.",
    symptom="The update raises an error, or b silently becomes a matrix with a row per example.",
)
def bias_not_summed(x, W, b, dout):
    return dout @ W.T, x.T @ dout, dout


@affine.wrong(
    "wrong-axis",
    "db",
    "db is summed over the outputs (axis 1); sum over the examples, axis 0.",
    symptom="The update raises an error; where n = M it passes and the biases drift without aim.",
)
def bias_over_outputs(x, W, b, dout):
    return dout @ W.T, x.T @ dout, dout.sum(axis=1)


@affine.wrong(
    "wrong-axis",
    "db",
    "db is summed over examples and outputs: one number for all units; sum over axis 0 alone.",
    symptom="All biases of a layer move together; the weights make up for it, and no error shows.",
)
def bias_one_number(x, W, b, dout):
    return dout @ W.T, x.T @ dout, np.full(b.shape, dout.sum())


@affine.wrong(
    "keepdims",
    "db",
    "db has shape (1, M), because of keepdims; it must have b's shape (M,).",
    symptom="b turns into a (1, M) matrix at the first update, or the update raises an error.",
)
def bias_keeps_axis(x, W, b, dout):
    return dout @ W.T, x.T @ dout, dout.sum(axis=0, keepdims=True)


@affine.wrong(
    "first-example-only",
    "db",
    "db is dout of the first example; every example of the batch counts.",
    symptom="The bias follows single examples, in small and noisy steps.",
)
def bias_of_first_example(x, W, b, dout):
    return dout @ W.T, x.T @ dout, dout[0]


@affine.wrong(
    "upstream-ignored",
    "db",
    "db is the number of examples: the local derivative is 1, but it must be multiplied by dout.",
    symptom="The biases fall without end, whatever the error: units saturate, accuracy stays at chance.",
)
def bias_counts_examples(x, W, b, dout):
    return dout @ W.T, x.T @ dout, np.ones_like(x @ W).sum(axis=0)


@affine.wrong(
    "sign",
    "db",
    "db has the wrong sign: the minus of gradient descent belongs to the update, not to the gradient.",
    symptom="In a linear fit the offset runs away; in a larger net the weights make up for it and nothing shows.",
)
def bias_with_minus(x, W, b, dout):
    return dout @ W.T, x.T @ dout, -dout.sum(axis=0)


@affine.wrong(
    "times-n",
    "db",
    "db is summed over the whole batch once per example: either loop over the examples or sum, not both.",
    symptom="The bias learns n times too fast and oscillates.",
)
def bias_summed_in_a_loop(x, W, b, dout):
    db = np.zeros_like(b)
    for _ in x:
        db += dout.sum(axis=0)
    return dout @ W.T, x.T @ dout, db


@affine.wrong(
    "returns-none",
    "db",
    "db is missing: the bias needs a gradient too.",
    symptom="An error at the first update, or a bias that never moves.",
)
def bias_forgotten(x, W, b, dout):
    return dout @ W.T, x.T @ dout, None


# ---- dW ----------------------------------------------------------------------------------------------


@affine.wrong(
    "over-n",
    "dW",
    "dW is averaged over the batch; it must be summed: the loss has already averaged.",
    symptom="The weights learn n times too slowly; a larger batch makes it worse.",
)
def weights_averaged(x, W, b, dout):
    return dout @ W.T, (x[:, :, None] * dout[:, None, :]).mean(axis=0), dout.sum(axis=0)


@affine.wrong(
    "transposed",
    "dW",
    "dW is dout^T x, of shape (M, D); W is (D, M), so dW = x^T dout.",
    symptom="The update raises an error; in square layers it passes, and the loss wanders.",
)
def weights_transposed(x, W, b, dout):
    return dout @ W.T, dout.T @ x, dout.sum(axis=0)


@affine.wrong(
    "elementwise",
    "dW",
    "dW is the product entry by entry, x * dout; it must be the matrix product x^T dout.",
    symptom="An error, except where n = D = M: there the loss hardly falls, without a word.",
    draw=draw_square,
)
def weights_entry_by_entry(x, W, b, dout):
    return dout @ W.T, x * dout, dout.sum(axis=0)


@affine.wrong(
    "first-example-only",
    "dW",
    "dW holds the last example only: = overwrites the sum in the loop; it must be +=.",
    symptom="Training is as noisy as with batches of one, and its steps are n times too small.",
)
def weights_of_last_example(x, W, b, dout):
    for row, d in zip(x, dout, strict=True):
        dW = np.outer(row, d)
    return dout @ W.T, dW, dout.sum(axis=0)


@affine.wrong(
    "term-missing",
    "dW",
    "dW leaves the last example out: range(n - 1) ends one too early.",
    symptom="Hardly any with large batches; with batches of one no weight moves.",
)
def weights_without_last(x, W, b, dout):
    dW = np.zeros_like(W)
    for i in range(len(x) - 1):
        dW += np.outer(x[i], dout[i])
    return dout @ W.T, dW, dout.sum(axis=0)


@affine.wrong(
    "zeros",
    "dW",
    "dW stays 0: `dW + ...` makes a new array and drops it; it must be dW += ...",
    symptom="The weights never move; only the biases learn.",
)
def weights_sum_dropped(x, W, b, dout):
    dW = np.zeros_like(W)
    for row, d in zip(x, dout, strict=True):
        dW + np.outer(row, d)  # noqa: B018
    return dout @ W.T, dW, dout.sum(axis=0)


@affine.wrong(
    "local-derivative-missing",
    "dW",
    "dW does not contain x: every row of it is the sum of dout; it must be x^T dout.",
    symptom="All inputs get the same change: the layer learns the biases once more, and no features.",
)
def weights_without_x(x, W, b, dout):
    return dout @ W.T, np.ones_like(x).T @ dout, dout.sum(axis=0)


@affine.wrong(
    "upstream-wrong",
    "dW",
    "dW is made of the output, x^T out; it must be made of dout.",
    symptom="The weights follow the outputs, not the errors: at usual learning rates the loss explodes.",
)
def weights_from_output(x, W, b, dout):
    return dout @ W.T, x.T @ (x @ W + b), dout.sum(axis=0)


@affine.wrong(
    "upstream-wrong",
    "dW",
    "dW is the sum of x times the sum of dout; it must be the sum of their products, example by example.",
    symptom="The examples of a batch are mixed up, and steps are far too large: the loss jumps and stays high.",
)
def weights_product_of_sums(x, W, b, dout):
    return dout @ W.T, np.outer(x.sum(axis=0), dout.sum(axis=0)), dout.sum(axis=0)


@affine.wrong(
    "twice",
    "dW",
    "dW carries a factor 2: the 2 of the squared error belongs to the loss, which has sent it with dout.",
    symptom="Training goes well, at twice the learning rate you set; it diverges at half the usual one.",
)
def weights_with_two(x, W, b, dout):
    return dout @ W.T, 2 * x.T @ dout, dout.sum(axis=0)


@affine.wrong(
    "wrong-dtype",
    "dW",
    "dW is written into an array of integers, which cuts off the fractions; make it with np.zeros_like(W).",
    symptom="Gradients below 1 become 0: the weights hardly move, or not at all.",
)
def weights_as_integers(x, W, b, dout):
    dW = np.zeros(W.shape, dtype=int)
    dW[...] = x.T @ dout
    return dout @ W.T, dW, dout.sum(axis=0)


@affine.wrong_op(
    "accumulates",
    "dW",
    "dW is added to the one of the call before: the array is made once and never set back to 0.",
    symptom="The loss falls, then oscillates ever more wildly: every step repeats all earlier ones.",
)
def weights_accumulate():
    total = {}

    def op(x, W, b):
        def pullback(dout):
            total["dW"] = total.get("dW", 0) + x.T @ dout
            return dout @ W.T, total["dW"], dout.sum(axis=0)

        return x @ W + b, pullback

    return op


@affine.wrong_op(
    "stale-cache",
    "dW",
    "dW uses the x of another call: all calls share one cache, and the latest forward has overwritten it.",
    symptom="No symptom until the layer is used twice in one net; then its gradients are those of the last use.",
)
def cache_shared():
    cache = {}

    def op(x, W, b):
        cache["x"] = x

        def pullback(dout):
            return dout @ W.T, cache["x"].T @ dout, dout.sum(axis=0)

        return x @ W + b, pullback

    return op


@affine.wrong_op(
    "mutates-input",
    "dW",
    "W was overwritten: backward takes the training step; it must only return dW, and the optimizer steps.",
    symptom="Two steps are taken for one, and the one in backward heeds neither the optimizer nor its learning rate.",
)
def weights_updated_in_backward():
    def op(x, W, b):
        def pullback(dout):
            dx, dW = dout @ W.T, x.T @ dout
            W[...] -= 0.01 * dW
            return dx, dW, dout.sum(axis=0)

        return x @ W + b, pullback

    return op


# ---- dx ----------------------------------------------------------------------------------------------


@affine.wrong(
    "transposed",
    "dx",
    "dx is dout W; W must be transposed on the way back: dout W^T.",
    symptom="An error, except in square layers: there it learns, less well, and no error shows.",
    draw=draw_square,
)
def input_without_transpose(x, W, b, dout):
    return dout @ W, x.T @ dout, dout.sum(axis=0)


@affine.wrong(
    "over-m",
    "dx",
    "dx is averaged over the outputs; every output sends its share back, and the shares are summed.",
    symptom="The layers below learn M times too slowly: the deeper, the slower.",
)
def input_averaged(x, W, b, dout):
    return (dout[:, None, :] * W).mean(axis=2), x.T @ dout, dout.sum(axis=0)


@affine.wrong(
    "upstream-ignored",
    "dx",
    "dx does not contain dout: it is the same for every example; it must be dout W^T.",
    symptom="All layers but the last drift in one direction, whatever the error: accuracy stays at chance.",
)
def input_without_dout(x, W, b, dout):
    return np.ones_like(dout) @ W.T, x.T @ dout, dout.sum(axis=0)


@affine.wrong(
    "local-derivative-missing",
    "dx",
    "dx is dout as it came; it must pass through the weights: dout W^T.",
    symptom="An error, except in square layers: there it learns, far less well, and no error shows.",
    draw=draw_square,
)
def input_without_weights(x, W, b, dout):
    return dout, x.T @ dout, dout.sum(axis=0)


@affine.wrong(
    "swapped",
    "dx",
    "dx and dW have changed places: gradients are returned in the order of the inputs x, W, b.",
    symptom="An error at the first step, as the shapes do not fit.",
)
def gradients_swapped(x, W, b, dout):
    return x.T @ dout, dout @ W.T, dout.sum(axis=0)


@affine.wrong_op(
    "mutates-dout",
    "dout",
    "dout was overwritten: it belongs to the caller, who may pass it on to another branch; write dout = dout / n.",
    symptom="All gradients are n times too small; where a value is used twice, the other branch is wrong too.",
)
def dout_averaged_in_place():
    def op(x, W, b):
        def pullback(dout):
            dout /= len(x)
            return dout @ W.T, x.T @ dout, dout.sum(axis=0)

        return x @ W + b, pullback

    return op
