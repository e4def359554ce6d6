"""What the tape costs: chains of small operations, where the bookkeeping is everything, and a small net."""

import numpy as np
import pytest

from dlscratch import SGD, Tensor, nn

OPERATIONS = 1000


def chain(start):
    x = Tensor(start, requires_grad=True)
    y = x
    for _ in range(OPERATIONS // 2):
        y = y * 0.999 + x
    y = y.sum() if y.shape else y
    y.backward()
    return x.grad


@pytest.mark.parametrize("start", [1.0, np.ones(16, np.float32)], ids=["scalars", "vectors of 16"])
def test_a_chain_of_1000_operations(start, timed):
    powers = 0.999 ** np.arange(OPERATIONS // 2 + 1)
    np.testing.assert_allclose(timed(lambda: chain(start)), powers.sum(), rtol=1e-3)


def test_tape_step(timed, rng):
    net = nn.Sequential(
        nn.Linear(64, 64, rng=rng, dtype=np.float32), nn.ReLU(), nn.Linear(64, 10, rng=rng, dtype=np.float32)
    )
    x, labels = rng.normal(size=(32, 64)).astype(np.float32), rng.integers(10, size=32)
    optimizer = SGD(net.parameters(), lr=1e-3)

    def step():
        optimizer.zero_grad()
        loss = nn.cross_entropy(net(x), labels)
        loss.backward()
        optimizer.step()
        return loss.data

    before = step()
    assert np.isfinite(timed(step))
    assert step() < before
