"""x W + b: the bricks of every network, and the ways in which their gradients go wrong."""

from .entry import Operation


def forward(x, W, b):
    return x @ W + b


def draw(rng, n, D, M):
    return (rng.normal(size=(n, D)), rng.normal(size=(D, M)), rng.normal(size=M)), {}


affine = Operation("affine", "x W + b", forward, draw, look="chapter 04")


@affine.wrong(
    "over-n",
    "db",
    "db is averaged over the batch; it must be summed: the loss has already averaged.",
    symptom="The bias learns n times too slowly; a larger batch makes it worse.",
)
def bias_averaged(x, W, b, dout):
    return dout @ W.T, x.T @ dout, dout.mean(axis=0)


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
