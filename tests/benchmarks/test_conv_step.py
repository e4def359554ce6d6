"""One training step of a small convolutional net on 28 x 28 images, batch 64, in float32."""

import numpy as np

from dlscratch import SGD, Affine, Conv2D, CrossEntropyLoss, Flatten, MaxPool2D, ReLU, Sequential


def test_conv_step(timed, rng):
    net = Sequential(
        *(Conv2D(1, 16, 3, padding=1, rng=rng), ReLU(), MaxPool2D(2)),
        *(Conv2D(16, 32, 3, padding=1, rng=rng), ReLU(), MaxPool2D(2)),
        *(Flatten(), Affine(32 * 7 * 7, 10, rng=rng)),
    ).astype(np.float32)
    x, labels = rng.normal(size=(64, 1, 28, 28)).astype(np.float32), rng.integers(10, size=64)
    loss, optimizer = CrossEntropyLoss(), SGD(net.params, lr=1e-3)

    def step():
        optimizer.zero_grad()
        value = loss.forward(net.forward(x), labels)
        net.backward_params(loss.backward())
        optimizer.step()
        return value

    before = step()
    assert np.isfinite(timed(step))
    assert step() < before
