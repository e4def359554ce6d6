"""Wrong implementations on purpose, one file per operation: what goes wrong, why, and how training looks then.

They are the mutants of the checker's tests, the operation's own hypotheses in a diagnosis, the exhibits of the
museum of bugs and the labels of a class's misconceptions. Loaded only when a gradient is wrong.
"""

from importlib import import_module

FILES = (
    "affine",
    "attention",
    "avg_pool2d",
    "batch_norm",
    "batch_norm_parameters",
    "binary_cross_entropy",
    "broadcasting",
    "conv2d",
    "cross_entropy",
    "cross_entropy_variants",
    "dropout",
    "embedding",
    "layer_norm",
    "logsumexp",
    "matmul",
    "max_pool2d",
    "mse",
    "powers",
    "relu",
    "reordering",
    "rnn_step",
    "sigmoid",
    "softmax",
    "sum",
    "tanh",
)


def operations():
    """name -> Operation, of the whole catalogue."""
    found = {}
    for name in FILES:
        module = import_module(f".{name}", __name__)
        found |= {op.name: op for op in vars(module).values() if type(op).__name__ == "Operation"}
    return found
