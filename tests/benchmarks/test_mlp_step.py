"""One training step of a dense net of layers in float32: forward, loss, backward, SGD."""

import numpy as np
import pytest

from dlscratch import SGD, Affine, CrossEntropyLoss, MSELoss, ReLU, Sequential

SIZES = {
    "2-16-1, batch 32": ([2, 16, 1], 32),
    "64-64-10, batch 32": ([64, 64, 10], 32),
    "784-256-128-10, batch 128": ([784, 256, 128, 10], 128),
    "20 layers of 64, batch 32": ([64] * 21, 32),
}


def dense(sizes, rng):
    layers = []
    for n_in, n_out in zip(sizes[:-1], sizes[1:], strict=True):
        layers += [Affine(n_in, n_out, rng=rng, dtype=np.float32), ReLU()]
    return Sequential(*layers[:-1])


@pytest.mark.parametrize("name", SIZES)
def test_mlp_step(name, timed, rng):
    sizes, batch = SIZES[name]
    net, x = dense(sizes, rng), rng.normal(size=(batch, sizes[0])).astype(np.float32)
    if sizes[-1] == 1:
        loss, target = MSELoss(), rng.normal(size=(batch, 1)).astype(np.float32)
    else:
        loss, target = CrossEntropyLoss(), rng.integers(sizes[-1], size=batch)
    optimizer = SGD(net.params, lr=1e-3)

    def step():
        optimizer.zero_grad()
        value = loss.forward(net.forward(x), target)
        net.backward_params(loss.backward())
        optimizer.step()
        return value

    before = step()
    assert np.isfinite(timed(step))
    assert step() < before
