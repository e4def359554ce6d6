"""One update of 50,000 parameters in twenty arrays, by every optimizer; and clipping their gradients."""

import numpy as np
import pytest

from dlscratch import SGD, AdaGrad, Adam, AdamW, Parameter, RMSProp, clip_grad_norm

OPTIMIZERS = {
    "SGD": lambda params: SGD(params, lr=1e-3),
    "momentum": lambda params: SGD(params, lr=1e-3, momentum=0.9),
    "AdaGrad": lambda params: AdaGrad(params, lr=1e-3),
    "RMSProp": lambda params: RMSProp(params, lr=1e-3),
    "Adam": lambda params: Adam(params),
    "AdamW": lambda params: AdamW(params),
}


def parameters(rng):
    params = [Parameter(rng.normal(size=(50, 50)).astype(np.float32)) for _ in range(20)]
    for p in params:
        p.grad = rng.normal(size=p.data.shape)
    return params


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_optimizer_step(name, timed, rng):
    params = parameters(rng)
    optimizer, before = OPTIMIZERS[name](params), params[0].data.copy()
    timed(optimizer.step)
    assert (params[0].data != before).any()


def test_clipping(timed, rng):
    params = parameters(rng)
    assert timed(lambda: clip_grad_norm(params, 1.0)) > 0
